//! The memory that learning takes grows as docs/learning-rules.md says, measured at several sizes.

use cogrnn::experiment::{Experiment, Kind, Visitor};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{History, Room};
use cogrnn_core::rule::{Desk, Rule, Still};
use cogrnn_networks::rate::Rate;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

/// The system's allocator, counting the bytes that this thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // Gone while a thread ends; nobody counts then.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// Safety: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that what is made holds on to.
fn held<T>(make: impl FnOnce() -> T) -> i64 {
    let before = HELD.with(Cell::get);
    let made = black_box(make());
    let bytes = HELD.with(Cell::get) - before;
    drop(made);
    bytes
}

/// What a desk needs more for a rule than for running the network alone.
struct Weighed<'a> {
    network: &'a Rate<f32>,
    room: Room,
}

impl Visitor<Rate<f32>> for Weighed<'_> {
    type Found = i64;

    fn visit<R: Rule<Rate<f32>>>(self, rule: &R) -> i64 {
        let learning = held(|| Desk::new(self.network, rule, &self.room).unwrap());
        let running = held(|| Desk::new(self.network, &Still, &self.room).unwrap());
        learning - running
    }
}

/// A rule, and when weights change under it.
#[derive(Clone, Copy, Debug)]
struct Case {
    rule: &'static str,
    online: bool,
}

fn cases() -> impl Iterator<Item = Case> {
    Kind::NAMES.into_iter().flat_map(|rule| {
        let both = !matches!(rule, "bptt" | "node-perturbation" | "reward-hebb");
        [false, true].into_iter().filter(move |online| both || !online).map(move |online| Case { rule, online })
    })
}

/// Bytes for trials of so many steps with a network of so many units, each of which projects to all.
fn bytes(case: Case, units: usize, trials: usize, steps: usize) -> i64 {
    let Case { rule, online } = case;
    let update = if online { "step" } else { "trial" };
    let text = format!(
        r#"
        [task]
        name = "periodic"
        [network]
        units = {units}
        [noise]
        units = 0.1
        [constraints]
        dale = "none"
        self_connections = true
        [rule]
        name = "{rule}"
        update = "{update}"
        "#
    );
    let experiment = Experiment::parse(&text, "small", "small.toml", &[]).unwrap();
    let isa = Isa::Plain;
    let plan = experiment.network.build::<f32>(experiment.dt, 1, isa).unwrap();
    let weighed = Weighed { network: &plan.network, room: Room { trials, steps, history: History::Whole } };
    experiment.rule.visit::<Rate<f32>, _>(experiment.network.shape, 1, isa, true, false, vec![], weighed)
}

/// By which powers of the units and of the steps the memory of a rule grows, as its line of the page has it.
fn documented(case: Case) -> (f64, f64) {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/learning-rules.md")).unwrap();
    let line = page.lines().find(|l| l.starts_with(&format!("| `{}` | ", case.rule))).unwrap();
    let memory = line.split('|').nth(3).unwrap().trim();
    // "online; otherwise"
    let memory = match memory.split_once("; ") {
        Some((online, _)) if case.online => online,
        Some((_, otherwise)) => otherwise.strip_suffix(" with an update a trial").unwrap(),
        None => memory,
    };
    let power = |term: &str| {
        term.split(' ').fold((0.0, 0.0), |(units, steps), factor| match factor {
            "n" | "m" => (units + 1.0, steps),
            "n²" => (units + 2.0, steps),
            "T" => (units, steps + 1.0),
            _ => panic!("`{factor}` of `{memory}`"),
        })
    };
    memory.split(" + ").map(power).fold((0.0, 0.0), |(a, b), (c, d)| (f64::max(a, c), f64::max(b, d)))
}

/// The power of a number that doubles by which one grows to the other.
fn power(before: i64, after: i64) -> f64 {
    (after as f64 / before as f64).log2()
}

/// Rows are whole vectors, and an odd number of them where caches want it, so that a line is not quite straight:
/// from 64 to 128 units it rises by a power of 0.88. Beside n units there are two more presynaptic ends.
const NEAR: f64 = 0.25;

#[test]
fn memory_grows_with_units_as_documented() {
    for case in cases() {
        let (units, _) = documented(case);
        let found = [32, 64, 128].map(|n| bytes(case, n, 1, 50));
        for pair in found.windows(2) {
            let grown = power(pair[0], pair[1]);
            println!("{case:?}: {found:?} bytes, power {grown:.2} of {units}");
            assert!((grown - units).abs() < NEAR, "{case:?}: {found:?} bytes, power {grown:.2} instead of {units}");
        }
    }
}

#[test]
fn memory_grows_with_steps_as_documented() {
    for case in cases() {
        let (_, steps) = documented(case);
        let found = [100, 200, 400].map(|t| bytes(case, 32, 1, t));
        for pair in found.windows(2) {
            if steps == 0.0 {
                assert_eq!(pair[0], pair[1], "{case:?}");
            } else {
                // all of it is one row a step, but for a few rows
                let grown = power(pair[0], pair[1]);
                assert!((grown - steps).abs() < 0.1, "{case:?}: {found:?} bytes, power {grown:.2} instead of {steps}");
            }
        }
    }
}

#[test]
fn memory_is_that_of_a_trial_times_the_trials() {
    for case in cases() {
        let found = [1, 2, 4].map(|trials| bytes(case, 64, trials, 50));
        for pair in found.windows(2) {
            let grown = power(pair[0], pair[1]);
            // what they share are a few lines of weights
            assert!((grown - 1.0).abs() < 0.1, "{case:?}: {found:?} bytes, power {grown:.2}");
        }
    }
}

/// The page names 9 MB for two copies of the influence, with 100 units.
#[test]
fn the_influence_takes_what_the_page_says() {
    let found = bytes(Case { rule: "rtrl", online: false }, 100, 1, 50) as f64 / 1e6;
    assert!((9.0..9.5).contains(&found), "{found} MB");
}

/// The counter counts: else the tests above would say nothing.
#[test]
fn the_counter_sees_what_is_held() {
    assert_eq!(held(|| vec![1u8; 100]), 100);
    assert_eq!(held(|| vec![0u8; 100]), 100);
    assert_eq!(held(|| drop(black_box(vec![0u8; 100]))), 0);
    let grown = held(|| {
        let mut bytes = Vec::<u8>::with_capacity(10);
        bytes.reserve_exact(300);
        bytes
    });
    assert_eq!(grown, 300);
}
