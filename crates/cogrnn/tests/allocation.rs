//! Nothing is allocated inside the time loop once a desk has seen its trials: no step waits for memory.

use cogrnn::experiment::{Experiment, Kind, Plan, Visitor};
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{History, Network, Noise, Room};
use cogrnn_core::rule::{Desk, Rule, Still};
use cogrnn_core::run::{Conditions, Run, work};
use cogrnn_core::task::Set;
use cogrnn_core::trials::unit_noise;
use cogrnn_networks::rate::Rate;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting what this thread asks of it.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
    /// Whether to say who asks.
    static TELL: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    // Gone while a thread ends; nobody counts then.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
    if TELL.try_with(|tell| tell.replace(false)).unwrap_or(false) {
        println!("asked for memory here:\n{}", std::backtrace::Backtrace::force_capture());
        TELL.with(|tell| tell.set(true));
    }
}

// Safety: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread asked for memory meanwhile.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ASKED.with(Cell::get);
    work();
    ASKED.with(Cell::get) - before
}

const TRIALS: usize = 13;

fn experiment(changes: &[String]) -> Experiment {
    let file = "[task]\nname = \"perceptual-decision\"\n[network]\nunits = 21\n[training]\ntrials = 13\n";
    Experiment::parse(file, "small", "small.toml", changes).unwrap()
}

/// Everything that a time step may do.
fn kinds() -> Vec<Vec<String>> {
    let row = |i: usize| (0..21).map(|j| if i == j { "0.02" } else { "0.005" }).collect::<Vec<_>>().join(", ");
    let covariance = (0..21).map(|i| format!("[{}]", row(i))).collect::<Vec<_>>().join(", ");
    let mut kinds = vec![
        vec![],
        vec!["rule.omega=0".into(), "noise.units=0".into()],
        vec!["penalties.l2_rates=0.1".into()],
        vec!["rule.truncate=7".into()],
        vec![format!("noise.covariance=[{covariance}]")],
        vec!["network.tau=[\"100 ms\", ".to_string() + &"\"50 ms\", ".repeat(20) + "]"],
    ];
    for f in ["linear", "rectify", "rectify_power", "sigmoid", "tanh", "rtanh", "softplus"] {
        kinds.push(vec![format!("network.nonlinearity={f}")]);
    }
    for rule in Kind::NAMES {
        kinds.push(vec![format!("rule.name={rule}")]);
    }
    for g in ["rectify", "rectify_power", "sigmoid", "softmax", "tanh", "rtanh"] {
        kinds.push(vec![format!("network.output={g}")]);
    }
    kinds
}

/// Allocations of a whole pass over trials of different length, the second time that a desk sees them.
fn in_the_loop<R: Rule<Rate<f32>>>(experiment: &Experiment, plan: &Plan<f32>, rule: &R, isa: Isa) -> u64 {
    let crew = Crew::new(1).unwrap();
    let generator = experiment.generator(Set::Training, experiment.dt, isa);
    let whole = experiment.rule.rates_cost();
    let steps = generator.draw(0, TRIALS)[0].steps;
    let room = Room { trials: TRIALS, steps, history: History::Whole };
    let mut desk = Desk::new(&plan.network, rule, &room).unwrap();
    generator.share(0, TRIALS, whole, [&mut desk.batch], &crew).unwrap();
    assert!(whole || desk.batch.timetable.length(0) > desk.batch.timetable.length(TRIALS - 1), "lengths differ");
    let noise = Noise::Drawn { seed: 1, purpose: unit_noise(Set::Training) };
    let conditions = Conditions::new(noise, experiment.network.loss, 1.0 / desk.batch.mask_sum());
    let memory = rule.memory(&plan.network, &plan.plastic);
    work(&plan.network, rule, &plan.plastic, &memory, &conditions, &mut desk, &mut ());
    let found = allocations(|| work(&plan.network, rule, &plan.plastic, &memory, &conditions, &mut desk, &mut ()));
    TELL.with(|tell| tell.set(found > 0));
    work(&plan.network, rule, &plan.plastic, &memory, &conditions, &mut desk, &mut ());
    TELL.with(|tell| tell.set(false));
    found
}

/// Counts for a rule of any type.
struct Pass<'a> {
    experiment: &'a Experiment,
    plan: &'a Plan<f32>,
    isa: Isa,
}

impl Visitor<Rate<f32>> for Pass<'_> {
    type Found = u64;

    fn visit<R: Rule<Rate<f32>>>(self, rule: &R) -> u64 {
        in_the_loop(self.experiment, self.plan, rule, self.isa)
    }
}

#[test]
fn nothing_is_allocated_in_the_time_loop_of_training() {
    for kind in kinds() {
        let experiment = experiment(&kind);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let plan = experiment.network.build::<f32>(experiment.dt, 1, isa).unwrap();
            let counting = Pass { experiment: &experiment, plan: &plan, isa };
            let found =
                experiment.rule.visit::<Rate<f32>, _>(experiment.network.shape, 1, isa, true, false, vec![], counting);
            assert_eq!(found, 0, "{kind:.99?} with {isa} kernels");
        }
    }
}

#[test]
fn nothing_is_allocated_in_the_time_loop_of_evaluation() {
    for kind in kinds() {
        let experiment = experiment(&kind);
        let isa = Isa::best();
        let plan = experiment.network.build::<f32>(experiment.dt, 1, isa).unwrap();
        assert_eq!(in_the_loop(&experiment, &plan, &Still, isa), 0, "{kind:.99?}");
    }
}

/// The counter counts: else the tests above would say nothing.
#[test]
fn the_counter_sees_an_allocation() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))), 1);
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0u8; 100]))), 1);
}

#[test]
fn an_update_outside_of_the_loop_allocates_little() {
    let experiment = experiment(&["optimiser.name=adam".into(), "penalties.l1_rec=0.1".into()]);
    let Plan { network, plastic } = experiment.network.build::<f32>(experiment.dt, 1, Isa::best()).unwrap();
    let rule = experiment.rule.build::<f32>(experiment.network.shape, experiment.seed);
    let crew = Crew::new(1).unwrap();
    let generator = experiment.generator(Set::Training, experiment.dt, Isa::best());
    let room = Room { trials: TRIALS, steps: 200, history: History::Whole };
    let mut run = Run::new(&network, &rule, plastic, &room, &crew).unwrap();
    let noise = Noise::Drawn { seed: 1, purpose: unit_noise(Set::Training) };
    let (mut updates, mut trials) = (Vec::new(), Vec::new());
    for update in 0..20 {
        let batches = run.desks.iter_mut().map(|d| &mut d.batch);
        trials.push(allocations(|| {
            generator.share(update * TRIALS as u64, TRIALS, false, batches, &crew).unwrap();
        }));
        updates.push(allocations(|| {
            run.update(noise, experiment.network.loss, &crew);
        }));
    }
    println!("allocations of an update of {} units: {updates:?}", network.shape().units);
    println!("allocations of making its {TRIALS} trials: {trials:?}");
    // A handful for what is cut into pieces, and the room of two outer products; never one a step or a weight.
    assert!(updates[5..].iter().all(|n| *n <= 24), "{updates:?}");
    assert!(trials[5..].iter().all(|n| *n <= 8 * TRIALS as u64), "{trials:?}");
}
