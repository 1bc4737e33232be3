//! A whole training and where its time goes: `cargo bench --bench training -- [EXPERIMENT] [THREADS]`.
//!
//! Runs the experiment from its start, in stretches from one validation to the next, and prints one JSON line:
//! milliseconds per update (median and best over the stretches, validation and files included), the share of a
//! stretch that is not updates, and the share of an update that goes into making its trials.

use cogrnn::experiment::{Experiment, Plan};
use cogrnn::trainer::{Event, Machine, Trainer};
use cogrnn_core::crew::Crew;
use cogrnn_core::error::Result;
use cogrnn_core::network::{History, Noise, Room};
use cogrnn_core::run::Run;
use cogrnn_core::task::Set;
use cogrnn_core::trials::unit_noise;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Stretches that are timed; one more comes before them.
const STRETCHES: usize = 7;
/// Updates behind the share of trial generation.
const UPDATES: u64 = 500;

fn main() -> Result<()> {
    // `cargo bench` adds `--bench` to what it is given.
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let name = given.first().map_or("song2016/perceptual-decision", String::as_str);
    let threads = given.get(1).and_then(|n| n.parse().ok()).unwrap_or(1);
    let machine = Machine { threads, kernels: None };
    let experiment = Experiment::load(name, &[])?;
    let (ms, best, validation) = stretches(&experiment, &machine)?;
    let generation = generation_share(&experiment, &machine)?;
    println!(
        "{}",
        serde_json::json!({
            "experiment": name, "threads": threads, "ms_per_update": ms, "best": best,
            "validation_share": validation, "generation_share": generation,
        })
    );
    Ok(())
}

/// Median and smallest time of an update, in ms, and the share of the time that goes into validation and files.
fn stretches(experiment: &Experiment, machine: &Machine) -> Result<(f64, f64, f64)> {
    let folder = std::env::temp_dir().join(format!("cogrnn-bench-{}", std::process::id()));
    let every = experiment.check_every;
    let mut trainer = Trainer::start(experiment.clone(), &folder, true, machine)?;
    let (mut saved, mut updated) = (Instant::now(), Instant::now());
    let (mut times, mut shares) = (Vec::new(), Vec::new());
    let until = every * (STRETCHES as u64 + 1);
    let done = trainer.run(Some(until), &AtomicBool::new(false), &mut |event| match event {
        Event::Update { updates, .. } if updates % every == 0 => updated = Instant::now(),
        Event::Saved => {
            let whole = saved.elapsed().as_secs_f64();
            times.push(1e3 * whole / every as f64);
            shares.push(updated.elapsed().as_secs_f64() / whole);
            saved = Instant::now();
        }
        _ => {}
    });
    let _ = std::fs::remove_dir_all(&folder);
    done?;
    // The first is the check before any update, the second warms up, the one after the last closes the run.
    let timed = 2..2 + STRETCHES.min(times.len() - 2);
    Ok((
        median(&times[timed.clone()]),
        times[timed.clone()].iter().copied().fold(f64::INFINITY, f64::min),
        median(&shares[timed]),
    ))
}

/// The share of an update that goes into drawing and writing its trials.
fn generation_share(experiment: &Experiment, machine: &Machine) -> Result<f64> {
    let Plan { network, plastic } = experiment.network.build::<f32>(experiment.dt, experiment.seed, machine.isa())?;
    let rule = experiment.rule.build::<f32>(experiment.network.shape, experiment.seed);
    let crew = Crew::new(machine.threads)?;
    let generator = experiment.generator(Set::Training, experiment.dt, machine.isa());
    let steps = generator.draw(0, 64).first().map_or(1, |d| d.steps);
    let room = Room { trials: experiment.trials, steps, history: History::Whole };
    let mut run = Run::new(&network, &rule, plastic, &room, &crew)?;
    let noise = Noise::Drawn { seed: experiment.seed, purpose: unit_noise(Set::Training) };
    let (mut making, mut learning) = (Vec::new(), Vec::new());
    for update in 0..UPDATES {
        let clock = Instant::now();
        let first = update * experiment.trials as u64;
        generator.share(first, experiment.trials, false, run.desks.iter_mut().map(|d| &mut d.batch), &crew)?;
        making.push(clock.elapsed().as_secs_f64());
        let clock = Instant::now();
        run.update(noise, experiment.network.loss, &crew);
        learning.push(clock.elapsed().as_secs_f64());
    }
    let (making, learning) = (median(&making), median(&learning));
    Ok(making / (making + learning))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
