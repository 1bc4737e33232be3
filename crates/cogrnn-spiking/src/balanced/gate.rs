//! Where threads leave their spikes for the others, and wait for theirs.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Looks after which a message is late: others hold the core of whoever is to write it.
const LATE: usize = 6_000;
/// Looks before a waiting thread sleeps: some milliseconds. Threads that sleep and wake by turns look to the scheduler as if one
/// core were enough for them; those that look on are given a core each.
const LOOKS: usize = 200_000;

/// Bits of a message's head that count spikes; the others are the step.
const COUNT_BITS: u32 = 24;
/// Spikes that lie in the same cache line as the head of a message.
const NEAR: usize = 14;

/// The spikes of each part in the running step and the one before. One message a step is enough: a side is written again when
/// everybody has left theirs of the step after the one that was read there.
#[derive(Debug, Default)]
pub(super) struct Boards {
    boards: Vec<[Message; 2]>,
    sleepers: AtomicUsize,
    /// How often a message was late.
    late: AtomicUsize,
    broken: AtomicBool,
    lock: Mutex<()>,
    news: Condvar,
}

/// Spikes of one part in one step. Most often all of it is one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Message {
    /// Step, from 1 and never set back, and number of spikes.
    head: AtomicU64,
    near: [AtomicU32; NEAR],
    far: Vec<AtomicU32>,
}

impl Boards {
    /// For parts of so many neurons.
    pub(super) fn new(parts: impl Iterator<Item = usize>) -> Boards {
        let message = |neurons: usize| Message {
            far: (NEAR..neurons).map(|_| AtomicU32::new(0)).collect(),
            ..Message::default()
        };
        Boards { boards: parts.map(|neurons| [message(neurons), message(neurons)]).collect(), ..Boards::default() }
    }

    /// Leaves the spikes of a part in a step, ascending.
    pub(super) fn post(&self, part: usize, step: u64, spikes: &[u32]) {
        let message = &self.boards[part][(step % 2) as usize];
        for (to, &spike) in message.near.iter().chain(&message.far).zip(spikes) {
            to.store(spike, Ordering::Relaxed);
        }
        message.head.store(step << COUNT_BITS | spikes.len() as u64, Ordering::SeqCst);
        // Who is about to sleep has said so before its last look at the head.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.news.notify_all();
        }
    }

    /// Hands on the spikes of all parts in a step, ascending; waits for those who have not left theirs.
    ///
    /// # Panics
    /// If another thread has: it will leave none.
    pub(super) fn read(&self, step: u64, mut with: impl FnMut(usize)) {
        for board in &self.boards {
            let message = &board[(step % 2) as usize];
            let count = self.wait(message, step);
            for spike in &message.near[..count.min(NEAR)] {
                with(spike.load(Ordering::Relaxed) as usize);
            }
            for spike in &message.far[..count.saturating_sub(NEAR)] {
                with(spike.load(Ordering::Relaxed) as usize);
            }
        }
    }

    /// The number of spikes, when they are there.
    fn wait(&self, message: &Message, step: u64) -> usize {
        let there = |order| {
            let head = message.head.load(order);
            (head >> COUNT_BITS == step).then_some((head & ((1 << COUNT_BITS) - 1)) as usize)
        };
        for look in 0..LOOKS {
            if look == LATE {
                self.late.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(count) = there(Ordering::Acquire) {
                return count;
            }
            std::hint::spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        loop {
            let count = there(Ordering::SeqCst);
            let broken = self.broken.load(Ordering::SeqCst);
            if count.is_some() || broken {
                self.sleepers.fetch_sub(1, Ordering::SeqCst);
                drop(guard);
                assert!(!broken, "a thread beside this one has panicked");
                return count.unwrap_or(0);
            }
            guard = self.news.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How often somebody had to wait for long.
    pub(super) fn late(&self) -> usize {
        self.late.load(Ordering::Relaxed)
    }

    /// Tells those who wait if the holder panics.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch(self)
    }
}

pub(super) struct Watch<'a>(&'a Boards);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::SeqCst);
            drop(self.0.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.0.news.notify_all();
        }
    }
}

/// Whether to share the next steps among threads: not for a while after others held their cores, when a step waits longer than
/// it works. Who does a step never changes its numbers.
#[derive(Debug)]
pub(super) struct Sharing {
    /// Steps to be done by one thread before several try again.
    alone: usize,
    /// How many they will be the next time.
    patience: usize,
    /// Steps that several threads do before one looks whether they waited.
    trust: usize,
}

impl Sharing {
    const TRUST: [usize; 2] = [8, 128];
    const PATIENCE: [usize; 2] = [1_000, 64_000];

    /// The next steps, out of so many: how many, and whether shared.
    pub(super) fn next(&self, left: usize) -> (usize, bool) {
        if self.alone > 0 { (self.alone.min(left), false) } else { (self.trust.min(left), true) }
    }

    /// They are over; messages were late so many times.
    pub(super) fn over(&mut self, steps: usize, shared: bool, late: usize) {
        if !shared {
            self.alone -= steps;
        } else if late > 1 + steps / 20 {
            self.alone = self.patience;
            self.patience = (2 * self.patience).min(Self::PATIENCE[1]);
            self.trust = Self::TRUST[0];
        } else {
            self.trust = (2 * self.trust).min(Self::TRUST[1]);
            if self.trust == Self::TRUST[1] {
                self.patience = Self::PATIENCE[0];
            }
        }
    }
}

impl Default for Sharing {
    fn default() -> Sharing {
        Sharing { alone: 0, patience: Self::PATIENCE[0], trust: Self::TRUST[0] }
    }
}
