//! Where threads wait for one another between two steps, and where they leave their spikes for the others.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Looks before a waiting thread sleeps: about as long as sleeping and waking take. On a machine with fewer free cores than
/// threads a thread that went on looking would keep from its core the very one it waits for.
const LOOKS: usize = 4_000;

/// Opens when all have arrived.
#[derive(Debug, Default)]
pub(super) struct Gate {
    arrived: AtomicUsize,
    sleepers: AtomicUsize,
    /// How often somebody went to sleep.
    slept: AtomicUsize,
    broken: AtomicBool,
    lock: Mutex<()>,
    open: Condvar,
}

impl Gate {
    /// Arrives for the `round`-th time, from 1, and goes on when all `parts` have.
    ///
    /// # Panics
    /// If another thread has: it will not arrive.
    pub(super) fn pass(&self, round: usize, parts: usize) {
        let full = round * parts;
        if self.arrived.fetch_add(1, Ordering::SeqCst) + 1 == full {
            // Who is about to sleep has said so before its last look at `arrived`.
            if self.sleepers.load(Ordering::SeqCst) > 0 {
                drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
                self.open.notify_all();
            }
            return;
        }
        for _ in 0..LOOKS {
            if self.arrived.load(Ordering::Acquire) >= full {
                return;
            }
            std::hint::spin_loop();
        }
        self.slept.fetch_add(1, Ordering::Relaxed);
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while self.arrived.load(Ordering::SeqCst) < full && !self.broken.load(Ordering::SeqCst) {
            guard = self.open.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        assert!(!self.broken.load(Ordering::SeqCst), "a thread beside this one has panicked");
    }

    /// How often somebody had to sleep.
    pub(super) fn slept(&self) -> usize {
        self.slept.load(Ordering::Relaxed)
    }

    /// Tells those who wait if the holder panics.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch(self)
    }
}

pub(super) struct Watch<'a>(&'a Gate);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::SeqCst);
            drop(self.0.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.0.open.notify_all();
        }
    }
}

/// Whether to share the next steps among threads: not for a while after others held their cores, when a step waits longer than
/// it works. Who does a step never changes its numbers.
#[derive(Debug)]
pub(super) struct Sharing {
    /// Steps to be done by one thread before the next trial of several.
    alone: usize,
    /// How many they will be the next time.
    patience: usize,
}

impl Sharing {
    /// Steps of one trial.
    const TRIAL: usize = 100;
    /// Sleeps in a hundred steps beyond which the cores are not ours.
    const SLEEPS: usize = 5;
    const SHORT: usize = 2_000;
    const LONG: usize = 32_000;

    /// The next steps, out of so many: how many, and whether shared.
    pub(super) fn next(&self, left: usize) -> (usize, bool) {
        if self.alone > 0 { (self.alone.min(left), false) } else { (Self::TRIAL.min(left), true) }
    }

    /// They are over; somebody slept so many times.
    pub(super) fn over(&mut self, steps: usize, shared: bool, slept: usize) {
        if !shared {
            self.alone -= steps;
        } else if slept * Self::TRIAL > Self::SLEEPS * steps.max(Self::TRIAL) {
            self.alone = self.patience;
            self.patience = (2 * self.patience).min(Self::LONG);
        } else {
            self.patience = Self::SHORT;
        }
    }
}

impl Default for Sharing {
    fn default() -> Sharing {
        Sharing { alone: 0, patience: Self::SHORT }
    }
}

/// The spikes of one part in the running step and the one before, so that one gate a step is enough: a list is written again
/// when everybody has passed the gate after the one behind which it was read.
#[derive(Debug, Default)]
pub(super) struct Board {
    sides: [Side; 2],
}

#[derive(Debug, Default)]
struct Side {
    count: AtomicUsize,
    neurons: Vec<AtomicU32>,
}

impl Board {
    pub(super) fn new(neurons: usize) -> Board {
        let side = || Side { count: AtomicUsize::new(0), neurons: (0..neurons).map(|_| AtomicU32::new(0)).collect() };
        Board { sides: [side(), side()] }
    }

    /// Leaves the spikes of a step. The gate behind it makes them visible.
    pub(super) fn post(&self, step: usize, spikes: &[u32]) {
        let side = &self.sides[step % 2];
        for (to, &spike) in side.neurons.iter().zip(spikes) {
            to.store(spike, Ordering::Relaxed);
        }
        side.count.store(spikes.len(), Ordering::Relaxed);
    }

    /// The spikes of a step, ascending.
    pub(super) fn read(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        let side = &self.sides[step % 2];
        let count = side.count.load(Ordering::Relaxed);
        side.neurons[..count].iter().map(|s| s.load(Ordering::Relaxed) as usize)
    }
}
