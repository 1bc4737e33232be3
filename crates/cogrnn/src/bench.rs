//! How fast training is on this machine, as a share of what its cores could do.

use crate::experiment::Experiment;
use crate::experiment::{Plan, Visitor};
use cogrnn_core::constraint::{Constraint, Keep, Wiring};
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::{Isa, peak};
use cogrnn_core::network::{History, Imprint, Network, Noise, Room, Shape};
use cogrnn_core::params::{Parameters, Plastic};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_core::rule::Rule;
use cogrnn_core::run::Run;
use cogrnn_core::task::Set;
use cogrnn_core::trials::unit_noise;
use cogrnn_core::units::ms;
use cogrnn_networks::rate::initial::{Distribution, Recipe, balanced, draw};
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::{Bptt, Forward, Rflo, With};
use serde::Serialize;
use std::time::Instant;

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// Recurrent units.
    pub units: usize,
    /// Trials an update.
    pub trials: usize,
    /// Steps a trial.
    pub steps: usize,
    /// Threads.
    pub threads: usize,
    /// Instructions in use.
    pub kernels: String,
    /// Updates measured.
    pub updates: usize,
    /// Median time of one update: noise, forwards, backwards with Ω, gradient, clipping, weights.
    pub ms_per_update: f64,
    /// Fastest update.
    pub ms_best: f64,
    /// Arithmetic done per second: 6 steps · trials · units · (units + inputs + 1), the products that are
    /// really done.
    pub gflops: f64,
    /// As a share of the peak of these threads' cores.
    pub peak_share: f64,
    /// The same with Ω's product counted apart, 8 steps · trials · units², as a program does that does not
    /// merge it into the gradient's.
    pub gflops_nominal: f64,
    /// What multiply-adds alone reach on this many threads, measured in the same run.
    pub peak_gflops: f64,
}

/// How long a learning rule takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleReport {
    /// The rule.
    pub rule: String,
    /// `trial` or `step`: when weights change.
    pub update: String,
    /// Recurrent units.
    pub units: usize,
    /// Trials of an update.
    pub trials: usize,
    /// Steps of a trial.
    pub steps: usize,
    /// Updates measured.
    pub updates: usize,
    /// Median time of an update, divided by the steps of its trials.
    pub us_per_step: f64,
    /// Fastest update, the same.
    pub us_best: f64,
    /// Where all is a product of matrices (RTRL: 2 units³ · ends, ends = units + inputs + 1), multiply-adds per second.
    pub gflops: Option<f64>,
    /// What multiply-adds alone reach on one core, measured in the same run.
    pub peak_gflops: f64,
}

/// RFLO by its eligibility traces, added up over a trial: what the sweep of the rule `rflo` is held against.
pub const ELIGIBILITY: &str = "rflo-eligibility";

/// Updates of the network of Murray (2019) by a learning rule: tanh, one input, one output, one thread.
///
/// # Errors
/// A rule that there is not, or that cannot change weights then; fewer than 220 steps.
pub fn rule(
    name: &str,
    online: bool,
    units: usize,
    trials: usize,
    steps: usize,
    kernels: Option<Isa>,
    seconds: f64,
) -> Result<RuleReport> {
    let isa = kernels.unwrap_or_else(Isa::best);
    // 50 + 2 delays + 60 steps
    if steps < 220 || !steps.is_multiple_of(2) {
        return Err(Error::input(format!("trials of {steps} steps for a rule"))
            .at("--steps")
            .why("its task has an even number of steps, 220 or more")
            .remedy("leave --steps out for 800"));
    }
    let update = if online { "step" } else { "trial" };
    let changes = [
        format!("rule.name={:?}", if name == ELIGIBILITY { "rflo" } else { name }),
        format!("rule.update={update:?}"),
        format!("task.delay_max=\"{} ms\"", (steps - 110) / 2),
        format!("network.units={units}"),
        format!("initial.scale_rec={}", 1.5 / (units as f64).sqrt()),
        "optimiser.learning_rate=1e-4".to_string(),
        format!("training.trials={trials}"),
        "noise.units=0.001".to_string(),
    ];
    let noisy = usize::from(name == "node-perturbation");
    let experiment = Experiment::load("murray2019/interval", &changes[..changes.len() - 1 + noisy])?;
    let Plan { network, plastic } = experiment.network.build::<f32>(experiment.dt, 1, isa)?;
    let (shape, imprints) = (network.shape(), network.imprints(&plastic).is_some());
    let timed = Timed { experiment: &experiment, network: &network, plastic, isa, seconds };
    let mut times = if name == ELIGIBILITY {
        let feedback = experiment.rule.feedback_weights(shape, 1);
        let estimator = Forward { feedback, start: false, ..Forward::new(Rflo { isa }) };
        timed.visit(&estimator.with(Sgd { rate: Schedule::Constant(1e-4) }))?
    } else {
        experiment.rule.visit(shape, 1, isa, false, imprints, Vec::new(), timed)?
    };
    times.sort_by(f64::total_cmp);
    let per_step = |seconds: f64| seconds * 1e6 / (trials * steps) as f64;
    let us = per_step(times[times.len() / 2]);
    let ends = units + shape.inputs + 1;
    let products = (name == "rtrl").then(|| 2.0 * (units as f64).powi(3) * ends as f64);
    Ok(RuleReport {
        rule: name.into(),
        update: update.into(),
        units,
        trials,
        steps,
        updates: times.len(),
        us_per_step: us,
        us_best: per_step(times[0]),
        gflops: products.map(|flops| flops / us / 1e3),
        peak_gflops: peak_gflops(1, isa)?,
    })
}

/// Times updates of the same trials.
struct Timed<'a> {
    experiment: &'a Experiment,
    network: &'a Rate<f32>,
    plastic: Plastic<Rate<f32>>,
    isa: Isa,
    seconds: f64,
}

impl Visitor<Rate<f32>> for Timed<'_> {
    type Found = Result<Vec<f64>>;

    fn visit<R: Rule<Rate<f32>>>(self, rule: &R) -> Result<Vec<f64>> {
        let generator = self.experiment.generator(Set::Training, self.experiment.dt, self.isa);
        let steps = generator.draw(0, 1).first().map_or(1, |d| d.steps);
        let crew = Crew::new(1)?;
        let trials = self.experiment.trials;
        let room = Room { trials, steps, history: History::Whole };
        let mut run = Run::new(self.network, rule, self.plastic, &room, &crew)?;
        generator.share(0, trials, false, run.desks.iter_mut().map(|d| &mut d.batch), &crew)?;
        let noise = Noise::Drawn { seed: 1, purpose: unit_noise(Set::Training) };
        let mut times = Vec::new();
        let begun = Instant::now();
        while times.len() < 7 || begun.elapsed().as_secs_f64() < self.seconds {
            let clock = Instant::now();
            run.update(noise, self.experiment.network.loss, &crew);
            times.push(clock.elapsed().as_secs_f64());
        }
        times.drain(..2);
        Ok(times)
    }
}

/// One SGD update of an excitatory-inhibitory network with Ω and noise, again and again.
///
/// # Errors
/// Sizes that make no network.
pub fn run(units: usize, trials: usize, steps: usize, threads: usize, kernels: Option<Isa>) -> Result<BenchReport> {
    measure(units, trials, steps, threads, kernels, 2.0)
}

/// The same for about so many seconds.
///
/// # Errors
/// Sizes that make no network.
pub fn measure(
    units: usize,
    trials: usize,
    steps: usize,
    threads: usize,
    kernels: Option<Isa>,
    seconds: f64,
) -> Result<BenchReport> {
    let isa = kernels.unwrap_or_else(Isa::best);
    let mut times = Vec::new();
    with_updates(units, trials, steps, threads, isa, |update| {
        for _ in 0..3 {
            update();
        }
        let begun = Instant::now();
        while times.len() < 5 || begun.elapsed().as_secs_f64() < seconds {
            let clock = Instant::now();
            update();
            times.push(clock.elapsed().as_secs_f64());
        }
    })?;
    times.sort_by(f64::total_cmp);
    let (median, best) = (times[times.len() / 2], times[0]);
    let rows = (steps * trials * units) as f64;
    let done = 6.0 * rows * (units + SHAPE.0 + 1) as f64;
    let peak = peak_gflops(threads, isa)?;
    let gflops = done / median / 1e9;
    Ok(BenchReport {
        units,
        trials,
        steps,
        threads,
        kernels: isa.to_string(),
        updates: times.len(),
        ms_per_update: median * 1e3,
        ms_best: best * 1e3,
        gflops,
        peak_share: gflops / peak,
        gflops_nominal: 8.0 * rows * units as f64 / median / 1e9,
        peak_gflops: peak,
    })
}

/// Inputs and outputs of the network that is measured.
const SHAPE: (usize, usize) = (3, 2);

/// Makes the network, and hands out what makes one update of it, each with noise of its own.
///
/// # Errors
/// Sizes that make no network.
pub fn with_updates(
    units: usize,
    trials: usize,
    steps: usize,
    threads: usize,
    isa: Isa,
    work: impl FnOnce(&mut dyn FnMut()),
) -> Result<()> {
    let crew = Crew::new(threads)?;
    let shape = Shape { inputs: SHAPE.0, units, outputs: SHAPE.1 };
    // Song et al. 2016, table 1
    let design = Design {
        shape,
        tau: vec![ms(100.0); units],
        dt: ms(20.0),
        leak: Leak::Potential,
        nonlinearity: Nonlinearity::Rectify,
        readout: Readout::Linear,
        noise: UnitNoise::Independent(vec![0.15; units]),
    };
    let network = Rate::<f32>::new(&design, isa)?;
    let signs: Vec<i8> = (0..units).map(|j| if j < units * 4 / 5 { 1 } else { -1 }).collect();
    let dale = |signs: Vec<i8>| Constraint::Dale { signs, keep: Keep::Rectify };
    let zeros = network.blocks();
    let constraints = [
        ("w_in", dale(vec![1; 3])),
        ("w_rec", dale(signs.clone())),
        ("w_out", dale(signs.clone())),
        ("w_rec", Constraint::NoSelfConnections),
        ("b_rec", Constraint::Frozen(0.0)),
        ("b_out", Constraint::Frozen(0.0)),
    ];
    let mut wiring = Wiring::new(&zeros, &constraints)?;
    let mask: Vec<bool> = (0..units * units).map(|k| k / units != k % units).collect();
    let recipe = Recipe {
        inputs: Distribution::Uniform,
        recurrent: Distribution::Gamma(2.0),
        outputs: Distribution::Uniform,
        relative: balanced(&mask, &signs),
        relative_inputs: Vec::new(),
        relative_outputs: Vec::new(),
        begun: 1.0,
        spectral_radius: Some(1.5),
        x0: 0.1,
        scale: [1.0; 3],
        b_rec: [0.0; 2],
        b_out: 0.0,
    };
    let theta = draw(&recipe, zeros, &mut wiring, 1)?;
    let plastic = Parameters::new(&network, theta, wiring)?;
    let mut rule = Bptt::new(2.0).with(Sgd { rate: Schedule::Constant(0.01) });
    rule.clip = Some(1.0);
    let room = Room { trials: trials.div_ceil(threads), steps, history: History::Whole };
    let mut run = Run::new(&network, &rule, plastic, &room, &crew)?;
    let mut stream = Address { seed: 1, purpose: Purpose::TestInputs, trial: 0 }.stream();
    let mut first = 0;
    let pieces = run.desks.len();
    for (i, desk) in run.desks.iter_mut().enumerate() {
        let count = (trials - first).div_ceil(pieces - i);
        let batch = &mut desk.batch;
        batch.timetable.refill(&vec![steps; count]);
        let rows = batch.timetable.total();
        batch.samples = steps * trials;
        batch.ids = (first as u64..(first + count) as u64).collect();
        batch.inputs = (0..rows * shape.inputs).map(|_| 0.2 + 0.5 * stream.uniform() as f32).collect();
        batch.targets = (0..rows * shape.outputs).map(|_| if stream.uniform() < 0.5 { 0.2 } else { 1.0 }).collect();
        batch.mask = vec![1.0; rows * shape.outputs];
        first += count;
    }

    work(&mut || {
        for id in run.desks.iter_mut().flat_map(|desk| &mut desk.batch.ids) {
            *id += trials as u64;
        }
        run.update(Noise::Drawn { seed: 1, purpose: Purpose::TrainingUnits }, Loss::Squared, &crew);
    });
    Ok(())
}

/// The most that multiply-adds reach on this many threads.
///
/// # Errors
/// If the machine gives no more threads.
pub fn peak_gflops(threads: usize, isa: Isa) -> Result<f64> {
    let crew = Crew::new(threads)?;
    let mut best = 0.0f64;
    for _ in 0..20 {
        let mut done = vec![0.0; threads];
        let clock = Instant::now();
        crew.each(&mut done, |_, done| {
            let (operations, sum) = peak::multiply_adds(isa, 100_000);
            std::hint::black_box(sum);
            *done = operations;
        });
        best = best.max(done.iter().sum::<f64>() / clock.elapsed().as_secs_f64() / 1e9);
    }
    Ok(best)
}
