//! Many trainings at once, one thread each.

use super::{Job, There};
use crate::folder;
use crate::trainer::{Event, Machine, Summary, Trainer};
use cogrnn_core::error::{Error, Kind, Result};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

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
pub fn train(jobs: &[Job], machine: &Machine, stop: &AtomicBool, watch: &mut dyn FnMut(&Status)) -> Result<bool> {
    let mut missing = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        match job.there() {
            There::Trained | There::Diverged => {}
            there => missing.push((i, there)),
        }
    }
    super::none_in_the_way(jobs)?;
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
                        fail(error.at(jobs[*job].folder.display().to_string()));
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
    job: &Job,
    there: &There,
    machine: &Machine,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(u64, Option<f64>, f64, bool),
) -> Result<()> {
    let mut trainer = match there {
        There::Begun => Trainer::resume_under(job.experiment.clone(), &job.folder, machine)?,
        // A folder without a checkpoint holds nothing to lose.
        _ => Trainer::start(job.experiment.clone(), &job.folder, true, machine)?,
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
        Err(error) if error.kind == Kind::Diverged => folder::read_result::<Summary>(&job.folder)?.updates,
        Err(error) => return Err(error),
    };
    tell(updates, last.0, last.1, true);
    Ok(())
}
