//! Many trainings at once, one thread each.

use crate::experiment::Experiment;
use crate::reproduce::learning_curve;
use crate::trainer::{Event, Machine, Reason, Summary, Trainer, end_under};
use crate::{files, folder};
use cogrnn_core::error::{Error, Kind, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

/// What is there of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// Nothing.
    Nothing,
    /// A training that can go on.
    Begun,
    /// A training that has ended as it would under this experiment.
    Trained,
    /// A training that diverged, as it would again.
    Diverged,
    /// Something else, and what.
    InTheWay(String),
}

/// A network to be trained in a folder of its own.
pub trait Training: Sync {
    /// What it is.
    fn experiment(&self) -> &Experiment;
    /// Its run folder.
    fn folder(&self) -> &Path;
    /// What messages call it.
    fn name(&self) -> String;

    /// What is there of it already.
    fn there(&self) -> There {
        found(self).unwrap_or_else(|error| {
            There::InTheWay(match error.why {
                Some(why) => format!("{} ({why})", error.what),
                None => error.what,
            })
        })
    }
}

/// Refuses to train where folders of other experiments are in the way, and names them all.
///
/// # Errors
/// If there are any.
pub fn none_in_the_way<J: Training>(jobs: &[J]) -> Result<()> {
    let each = jobs.iter().filter_map(|job| match job.there() {
        There::InTheWay(why) => Some((job.folder().display().to_string(), why)),
        _ => None,
    });
    let (folders, whys): (Vec<String>, Vec<String>) = each.map(|(f, w)| (f.clone(), format!("{f}: {w}"))).unzip();
    if folders.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!("another experiment is in the way of {}", folders.join(", ")))
        .why(whys.join("; "))
        .remedy("choose another --out, or move those folders away"))
}

fn found<J: Training + ?Sized>(job: &J) -> Result<There> {
    let in_the_way = |why: &str| Ok(There::InTheWay(why.to_string()));
    let path = job.folder().join(folder::EXPERIMENT);
    if !path.exists() {
        return Ok(There::Nothing);
    }
    let other = Experiment::parse(&files::read_text(&path)?, "run", &path.display().to_string(), &[])?;
    if other.learning() != job.experiment().learning() {
        let (name, seed) = (job.name(), job.experiment().seed);
        return in_the_way(&format!("it was not trained as {name} with seed {seed}"));
    }
    // Limits may have been raised since; then the training can go on.
    let resumable = job.folder().join(folder::CHECKPOINT).exists() && other.stop.same_target(&job.experiment().stop);
    if !job.folder().join(folder::RESULT).exists() {
        return match job.folder().join(folder::CHECKPOINT).exists() {
            true if resumable => Ok(There::Begun),
            true => in_the_way("its training has another target"),
            false => Ok(There::Nothing),
        };
    }
    let summary: Summary = folder::read_result(job.folder())?;
    if summary.reason == Reason::Diverged {
        return Ok(There::Diverged);
    }
    let learning = learning_curve(job.folder())?;
    match end_under(&job.experiment().stop, &learning, summary.updates) {
        Some((_, end)) if end == summary.updates => Ok(There::Trained),
        Some((_, end)) => in_the_way(&format!(
            "it was trained for {} updates, and this experiment stops after {end}",
            summary.updates
        )),
        None if resumable => Ok(There::Begun),
        None => in_the_way("its training ended at another target, or has no checkpoint to go on from"),
    }
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
/// Returns whether all have ended: not if `stop` was set. A network that diverges is an outcome like others.
///
/// # Errors
/// Folders of other experiments in the way; the first training that fails ends the others, each with its
/// checkpoint.
pub fn train<J: Training>(
    jobs: &[J],
    machine: &Machine,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(&Status),
) -> Result<bool> {
    let mut missing = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        match job.there() {
            There::Trained | There::Diverged => {}
            there => missing.push((i, there)),
        }
    }
    none_in_the_way(jobs)?;
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
                        one(&jobs[*job], there, alone, stop, &mut |updates, performance, rmse, ended| {
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
    there: &There,
    machine: &Machine,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(u64, Option<f64>, f64, bool),
) -> Result<()> {
    let mut trainer = match there {
        There::Begun => Trainer::resume_under(job.experiment().clone(), job.folder(), machine)?,
        // A folder without a checkpoint holds nothing to lose.
        _ => Trainer::start(job.experiment().clone(), job.folder(), true, machine)?,
    };
    let mut last = (None, f64::NAN);
    let ended = trainer.run(None, stop, &mut |event| match event {
        Event::Started { updates, .. } => tell(updates, None, f64::NAN, false),
        Event::Check(check) => {
            last = (check.performance, check.rmse);
            tell(check.updates, check.performance, check.rmse, false);
        }
        Event::Update { .. } | Event::Saved => {}
    });
    let updates = match ended {
        Ok(summary) => summary.updates,
        Err(error) if error.kind == Kind::Diverged => folder::read_result::<Summary>(job.folder())?.updates,
        Err(error) => return Err(error),
    };
    tell(updates, last.0, last.1, true);
    Ok(())
}
