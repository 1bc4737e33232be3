//! Threads that wait for work awake: a piece of work here takes a fraction of a millisecond, less than
//! it takes to wake a sleeping thread a few times.
//!
//! Whoever waits looks again and again for a while, then sleeps. Nobody yields: two threads that hand
//! one core back and forth look busy and fresh to the scheduler, which then leaves them together.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Looks before a thread sleeps: about as long as sleeping and waking take.
const LOOKS: usize = 6_000;

/// One piece of work for each thread, by the thread's number.
type Job = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// Grows by one with every job.
    round: AtomicUsize,
    /// Threads still at work.
    busy: AtomicUsize,
    job: UnsafeCell<Option<Job>>,
    quit: AtomicBool,
    /// Threads that sleep until the next round.
    sleepers: Mutex<usize>,
    wake: Condvar,
    /// Whether the caller sleeps until all are done.
    caller_sleeps: AtomicBool,
    done: Condvar,
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

// SAFETY: `job` is written only by the caller of `Team::run` while no thread is busy, and read by threads
// only after they have seen the round that was published behind it.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer it holds is used only while the caller waits for all threads.
unsafe impl Send for Shared {}

/// Threads beside the caller's own.
pub struct Team {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Team {
    /// Starts this many threads.
    ///
    /// # Errors
    /// If the machine gives no more.
    pub fn new(threads: usize) -> std::io::Result<Team> {
        let shared = Arc::new(Shared {
            round: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            quit: AtomicBool::new(false),
            sleepers: Mutex::new(0),
            wake: Condvar::new(),
            caller_sleeps: AtomicBool::new(false),
            done: Condvar::new(),
            panic: Mutex::new(None),
        });
        let mut team = Team { shared: shared.clone(), threads: Vec::with_capacity(threads) };
        for number in 1..=threads {
            let shared = shared.clone();
            let builder = std::thread::Builder::new().name(format!("cogrnn-{number}"));
            team.threads.push(builder.spawn(move || attend(&shared, number))?);
        }
        Ok(team)
    }

    /// Calls `work` with 0 on this thread and with 1, 2, … on the others; returns when all are done.
    ///
    /// A panic of any of them goes on here once all are done.
    pub fn run(&mut self, work: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        // SAFETY: only the lifetime is taken off; `wait_for_all` below does not let this call end, not even by a
        // panic, before every thread has let go of the pointer.
        let job: Job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work) };
        // SAFETY: no thread is busy, so none reads; `&mut self` keeps other callers out.
        unsafe { *shared.job.get() = Some(job) };
        shared.busy.store(self.threads.len(), Ordering::Relaxed);
        shared.round.fetch_add(1, Ordering::SeqCst);
        if *shared.sleepers.lock().unwrap_or_else(PoisonError::into_inner) > 0 {
            shared.wake.notify_all();
        }
        let mine = catch_unwind(AssertUnwindSafe(|| work(0)));
        shared.wait_for_all();
        let theirs = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Err(panic) = mine {
            resume_unwind(panic);
        }
        if let Some(panic) = theirs {
            resume_unwind(panic);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::SeqCst);
        self.shared.round.fetch_add(1, Ordering::SeqCst);
        drop(self.shared.sleepers.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // its panics were handed on where they happened
        }
    }
}

impl Shared {
    /// Returns when no thread is at work.
    fn wait_for_all(&self) {
        for _ in 0..LOOKS {
            if self.busy.load(Ordering::Acquire) == 0 {
                return;
            }
            std::hint::spin_loop();
        }
        let mut guard = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        // Said before the last look: whoever is last sees it, or this look sees that it was the last.
        self.caller_sleeps.store(true, Ordering::SeqCst);
        while self.busy.load(Ordering::SeqCst) > 0 {
            guard = self.done.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.caller_sleeps.store(false, Ordering::SeqCst);
    }

    /// Returns when there is a round after the one last seen.
    fn wait_for_round(&self, seen: usize) {
        for _ in 0..LOOKS {
            if self.round.load(Ordering::Acquire) != seen {
                return;
            }
            std::hint::spin_loop();
        }
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        *sleepers += 1;
        // A caller raises the round before it looks at `sleepers`, so no call is missed.
        while self.round.load(Ordering::SeqCst) == seen {
            sleepers = self.wake.wait(sleepers).unwrap_or_else(PoisonError::into_inner);
        }
        *sleepers -= 1;
    }

    /// This thread is done with its part.
    fn finish(&self) {
        let last = self.busy.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && self.caller_sleeps.load(Ordering::SeqCst) {
            drop(self.sleepers.lock().unwrap_or_else(PoisonError::into_inner));
            self.done.notify_one();
        }
    }
}

fn attend(shared: &Shared, number: usize) {
    let mut seen = 0;
    loop {
        shared.wait_for_round(seen);
        seen += 1;
        if shared.quit.load(Ordering::SeqCst) {
            return;
        }
        // SAFETY: the round that was just seen was published after the job, and the caller does not
        // replace it or return before `busy` is 0.
        if let Some(job) = unsafe { *shared.job.get() } {
            // SAFETY: as above, the borrow behind the pointer is still alive.
            let work = AssertUnwindSafe(|| unsafe { (*job)(number) });
            if let Err(panic) = catch_unwind(work) {
                shared.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            }
        }
        shared.finish();
    }
}

/// The elements of a slice, each for one thread.
struct Apart<T>(*mut T);

// SAFETY: `Team::each` hands every element to one thread only.
unsafe impl<T: Send> Sync for Apart<T> {}

impl<T> Apart<T> {
    /// Where element `i` is.
    fn at(&self, i: usize) -> *mut T {
        self.0.wrapping_add(i)
    }
}

impl Team {
    /// Does the work on every item: thread k of n has items k, k + n, ….
    pub fn each<T: Send>(&mut self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        let (count, threads) = (items.len(), self.threads.len() + 1);
        let items = Apart(items.as_mut_ptr());
        self.run(&|thread| {
            for i in (thread..count).step_by(threads) {
                // SAFETY: `i` is within the slice, which is borrowed for as long as `run` lasts, and no
                // two threads have the same remainder.
                work(i, unsafe { &mut *items.at(i) });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_works_once_a_round() {
        let mut team = Team::new(3).unwrap();
        for round in 0..2000 {
            let mut done = [0usize; 4];
            team.each(&mut done, |i, done| *done += round + i);
            assert_eq!(done, [round, round + 1, round + 2, round + 3]);
            if round % 500 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(30)); // long enough to fall asleep
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        let mut team = Team::new(2).unwrap();
        let caught = catch_unwind(AssertUnwindSafe(|| team.run(&|i| assert!(i != 2, "two"))));
        assert!(caught.is_err());
        let count = AtomicUsize::new(0);
        team.run(&|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 3);
    }
}
