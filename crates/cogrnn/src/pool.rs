//! Many trainings at once, one thread each.

use crate::experiment::Experiment;
use crate::trainer::{Event, Machine, Reason, Summary, Trainer};
use crate::{files, folder};
use cogrnn_core::error::{Error, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

/// What is there of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    /// Nothing.
    Nothing,
    /// A training that can go on.
    Begun,
    /// A trained network.
    Trained,
}

/// A network to be trained in a folder of its own.
pub trait Training: Sync {
    /// What it is.
    fn experiment(&self) -> &Experiment;
    /// Its run folder.
    fn folder(&self) -> &Path;
    /// What is there of it already.
    ///
    /// # Errors
    /// A folder that holds a run of something else.
    fn there(&self) -> Result<There>;
}

/// What a folder holds of an experiment's training; `what` names it in messages.
///
/// # Errors
/// A folder that holds a run of something else.
pub fn there(experiment: &Experiment, place: &Path, what: &str) -> Result<There> {
    let path = place.join(folder::EXPERIMENT);
    if !path.exists() {
        return Ok(There::Nothing);
    }
    let other = Experiment::parse(&files::read_text(&path)?, "run", &path.display().to_string(), &[])?;
    if other.training() != experiment.training() {
        return Err(Error::input("a run of another experiment is in the way")
            .at(place.display().to_string())
            .why(format!("it was not trained as {what} with seed {}", experiment.seed))
            .remedy("choose another --out, or move that folder away"));
    }
    if place.join(folder::RESULT).exists() {
        // A result of a training that was stopped by hand is no end.
        let summary: Summary = folder::read_result(place)?;
        let unfinished = matches!(summary.reason, Reason::Interrupted | Reason::Asked);
        return Ok(if unfinished { There::Begun } else { There::Trained });
    }
    let begun = place.join(folder::CHECKPOINT).exists();
    Ok(if begun { There::Begun } else { There::Nothing })
}

/// Where one of the trainings is.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Which of the jobs.
    pub job: usize,
    /// Updates so far.
    pub updates: u64,
    /// Performance or error at the last check.
    pub performance: Option<f64>,
    /// Error at the last check.
    pub rmse: f64,
    /// Whether it has just ended.
    pub ended: bool,
}

/// Trains what is missing of these jobs, one on each thread of the machine, and tells on the way.
/// Returns whether all are trained: not if `stop` was set.
///
/// # Errors
/// The first training that fails ends the others, each with its checkpoint.
pub fn train<J: Training>(
    jobs: &[J],
    machine: &Machine,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(&Status),
) -> Result<bool> {
    let mut missing = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        match job.there()? {
            There::Trained => {}
            there => missing.push((i, there)),
        }
    }
    let alone = Machine { threads: 1, ..machine.clone() };
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let fail = |error: Error| {
        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        stop.store(true, Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel::<Status>();
        for _ in 0..machine.threads.min(missing.len()) {
            let tell = tell.clone();
            let (missing, next, fail, alone) = (&missing, &next, &fail, &alone);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let Some((job, there)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    if let Err(error) =
                        one(&jobs[*job], *there, alone, stop, &mut |updates, performance, rmse, ended| {
                            // Nobody listens once the others have failed.
                            let _ = tell.send(Status { job: *job, updates, performance, rmse, ended });
                        })
                    {
                        fail(error.at(jobs[*job].folder().display().to_string()));
                    }
                }
            });
        }
        drop(tell);
        for status in told {
            watch(&status);
        }
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(!stop.load(Ordering::Relaxed)),
    }
}

fn one(
    job: &impl Training,
    there: There,
    machine: &Machine,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(u64, Option<f64>, f64, bool),
) -> Result<()> {
    let mut trainer = match there {
        There::Begun => Trainer::resume(job.folder(), machine)?,
        // A folder without a checkpoint holds nothing to lose.
        _ => Trainer::start(job.experiment().clone(), job.folder(), true, machine)?,
    };
    let mut last = (None, f64::NAN);
    let summary = trainer.run(None, stop, &mut |event| match event {
        Event::Started { updates, .. } => tell(updates, None, f64::NAN, false),
        Event::Check(check) => {
            last = (check.performance, check.rmse);
            tell(check.updates, check.performance, check.rmse, false);
        }
        Event::Update { .. } | Event::Saved => {}
    })?;
    tell(summary.updates, last.0, last.1, true);
    Ok(())
}
