//! Threads that share one piece of work. How many there are never changes a number.

use crate::error::{Error, Result};

/// The threads of a run, the caller's own among them.
pub struct Crew {
    pool: Option<rayon::ThreadPool>,
    threads: usize,
}

impl Crew {
    /// This many threads, at least one.
    ///
    /// # Errors
    /// If the machine gives no more threads.
    pub fn new(threads: usize) -> Result<Crew> {
        let threads = threads.max(1);
        let pool = if threads == 1 {
            None
        } else {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads - 1).build();
            Some(pool.map_err(|e| {
                Error::machine(format!("cannot start {threads} threads"))
                    .why(e.to_string())
                    .remedy("ask for fewer with --threads")
            })?)
        };
        Ok(Crew { pool, threads })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Does the work on every item, side by side.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        match (&self.pool, items) {
            (Some(pool), [first, rest @ ..]) if !rest.is_empty() => pool.in_place_scope(|scope| {
                for (i, item) in rest.iter_mut().enumerate() {
                    let work = &work;
                    scope.spawn(move |_| work(i + 1, item));
                }
                work(0, first);
            }),
            (_, items) => {
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
