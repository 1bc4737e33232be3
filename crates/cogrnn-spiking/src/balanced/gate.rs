//! Where threads wait for one another between two steps, and where they leave their spikes for the others.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Looks before a waiting thread lets others have its core: much longer than a step takes.
const LOOKS: usize = 20_000;

/// Opens when all have arrived.
#[derive(Debug, Default)]
pub(super) struct Gate {
    arrived: AtomicUsize,
    broken: AtomicBool,
}

impl Gate {
    /// Arrives for the `round`-th time, from 1, and goes on when all `parts` have.
    ///
    /// # Panics
    /// If another thread has: it will not arrive.
    pub(super) fn pass(&self, round: usize, parts: usize) {
        self.arrived.fetch_add(1, Ordering::AcqRel);
        let mut looks = 0;
        while self.arrived.load(Ordering::Acquire) < round * parts {
            assert!(!self.broken.load(Ordering::Relaxed), "a thread beside this one has panicked");
            looks += 1;
            if looks < LOOKS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
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
            self.0.broken.store(true, Ordering::Relaxed);
        }
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
