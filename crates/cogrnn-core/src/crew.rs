//! Threads that share one piece of work. How many there are never changes a number.

use crate::error::{Error, Result};
use crate::kernels::team::Team;
use std::sync::{Mutex, PoisonError};

/// The threads of a run, the caller's own among them.
pub struct Crew {
    team: Option<Mutex<Team>>,
    threads: usize,
}

impl Crew {
    /// This many threads, at least one.
    ///
    /// # Errors
    /// If the machine gives no more threads.
    pub fn new(threads: usize) -> Result<Crew> {
        let threads = threads.max(1);
        let team = if threads == 1 {
            None
        } else {
            let team = Team::new(threads - 1).map_err(|e| {
                Error::machine(format!("cannot start {threads} threads"))
                    .why(e.to_string())
                    .remedy("ask for fewer with --threads")
            })?;
            Some(Mutex::new(team))
        };
        Ok(Crew { team, threads })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Does the work on every item, side by side: thread k has items k, k + threads, …. The work itself
    /// may not ask the same crew for more.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        match &self.team {
            Some(team) if items.len() > 1 => {
                team.lock().unwrap_or_else(PoisonError::into_inner).each(items, work);
            }
            _ => {
                for (i, item) in items.iter_mut().enumerate() {
                    work(i, item);
                }
            }
        }
    }
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crew of {}", self.threads)
    }
}
