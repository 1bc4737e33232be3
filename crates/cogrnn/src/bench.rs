//! How fast training is on this machine, as a share of what its cores could do.

use cogrnn_core::constraint::{Constraint, Keep, Wiring};
use cogrnn_core::crew::Crew;
use cogrnn_core::error::Result;
use cogrnn_core::kernels::{Isa, peak};
use cogrnn_core::network::{History, Network, Noise, Room, Shape};
use cogrnn_core::params::Parameters;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_core::run::Run;
use cogrnn_core::units::ms;
use cogrnn_networks::rate::initial::{Distribution, Recipe, balanced, draw};
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::{Bptt, With};
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
