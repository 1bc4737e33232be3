//! Counter-based random numbers: every number has an address, so no order of threads, batches or
//! pieces can change it.
//!
//! ```text
//! Philox4x32-10 (Salmon et al. 2011): 4 words = philox(counter, key)
//! key     = seed                                   (64 bits)
//! counter = (unit or draw, step / 4, trial, purpose | trial's high bits)
//! ```
//!
//! Noise of four successive steps of one unit comes from one block, so that lanes run over units.

use rand::rand_core::TryRng;
use std::convert::Infallible;

/// What a random number is for. Two purposes never share a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Purpose {
    /// Initial weights.
    Weights = 1,
    /// Random masks.
    Wiring = 2,
    /// Random feedback weights.
    Feedback = 3,
    /// Signs by which a rule folds sensitivities.
    Signs = 4,
    /// Disturbances by which a rule learns how a network responds.
    Probes = 5,
    /// Initial weights of an auxiliary loop.
    LoopWeights = 6,
    /// Exploration of an auxiliary loop.
    LoopTrials = 7,
    /// Noise of the units while an auxiliary loop learns.
    LoopUnits = 8,
    /// Conditions and durations of trials for learning.
    TrainingTrials = 16,
    /// Noise of the inputs while learning.
    TrainingInputs = 17,
    /// Noise of the units while learning.
    TrainingUnits = 18,
    /// Order of the conditions while learning, where it is permuted block by block.
    TrainingOrder = 19,
    /// States in which training trials begin.
    TrainingStarts = 20,
    /// Conditions and durations of validation trials.
    ValidationTrials = 32,
    /// Noise of the inputs in validation.
    ValidationInputs = 33,
    /// Noise of the units in validation.
    ValidationUnits = 34,
    /// Order of the conditions in validation.
    ValidationOrder = 35,
    /// States in which validation trials begin.
    ValidationStarts = 36,
    /// Conditions and durations of test trials.
    TestTrials = 48,
    /// Noise of the inputs in test trials.
    TestInputs = 49,
    /// Noise of the units in test trials.
    TestUnits = 50,
    /// Order of the conditions in test trials.
    TestOrder = 51,
    /// States in which test trials begin.
    TestStarts = 52,
    /// States in which trials begin while an auxiliary loop learns.
    LoopStarts = 9,
    /// Activity that single neurons are to follow.
    Targets = 10,
    /// What tells a network which of its patterns to begin.
    Cues = 11,
    /// Rates of external neurons.
    ExternalRates = 12,
    /// Which trials of an analysis train a decoder and which test it.
    Splits = 64,
    /// Where an analysis begins its search for an embedding.
    Embedding = 65,
}

impl Purpose {
    /// Of the states in which trials begin whose units have noise for this purpose.
    pub const fn starts(self) -> Purpose {
        match self {
            Purpose::LoopUnits => Purpose::LoopStarts,
            Purpose::ValidationUnits => Purpose::ValidationStarts,
            Purpose::TestUnits => Purpose::TestStarts,
            _ => Purpose::TrainingStarts,
        }
    }
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds of Philox4x32-10.
pub const ROUNDS: usize = 10;

/// The ten round keys that a seed unfolds to.
pub fn round_keys(seed: u64) -> [[u32; 2]; ROUNDS] {
    let mut key = [seed as u32, (seed >> 32) as u32];
    std::array::from_fn(|_| {
        let now = key;
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        now
    })
}

/// One block of Philox4x32-10.
pub fn philox(mut counter: [u32; 4], keys: &[[u32; 2]; ROUNDS]) -> [u32; 4] {
    for key in keys {
        let a = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
    }
    counter
}

/// Where the numbers of one trial (or of one matrix) live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The seed that decides everything.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: Purpose,
    /// Which trial, counted from the start of the run.
    pub trial: u64,
}

impl Address {
    /// The two counter words that hold trial and purpose.
    pub fn high_words(&self) -> [u32; 2] {
        debug_assert!(self.trial < 1 << 48, "48 bits of trials");
        [self.trial as u32, u32::from(self.purpose as u16) << 16 | (self.trial >> 32) as u32]
    }

    /// A sequence of numbers from this address, for drawing conditions, durations and weights.
    pub fn stream(self) -> Stream {
        self.stream_at(0)
    }

    /// A sequence of its own for each step of a trial.
    pub fn stream_at(self, step: u32) -> Stream {
        let block = u64::from(step) << 32;
        Stream { keys: round_keys(self.seed), high: self.high_words(), block, words: [0; 4], used: 4 }
    }
}

/// Random numbers one after another; any distribution of `rand_distr` can draw from it.
///
/// ```
/// use cogrnn_core::random::{Address, Purpose};
/// let mut a = Address { seed: 7, purpose: Purpose::Weights, trial: 0 }.stream();
/// let mut b = a.clone();
/// assert_eq!(a.uniform(), b.uniform());
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    keys: [[u32; 2]; ROUNDS],
    high: [u32; 2],
    block: u64,
    words: [u32; 4],
    used: usize,
}

impl Stream {
    /// The next 32 random bits.
    pub fn word(&mut self) -> u32 {
        if self.used == 4 {
            let counter = [self.block as u32, (self.block >> 32) as u32, self.high[0], self.high[1]];
            self.words = philox(counter, &self.keys);
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        let bits = u64::from(self.word()) << 32 | u64::from(self.word());
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in 0..n.
    ///
    /// # Panics
    /// Never for n > 0; n = 0 gives 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(2.0 * std::f64::consts::PI * v)
    }

    /// How often something of this probability fails to happen before it does: a geometric number.
    pub fn failures(&mut self, probability: f64) -> u64 {
        if probability >= 1.0 {
            return 0;
        }
        let count = libm::log(1.0 - self.uniform()) / libm::log1p(-probability);
        count.min(1e15) as u64
    }

    /// A random order of 0..n (Fisher and Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

impl TryRng for Stream {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.word()) << 32 | u64::from(self.word()))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_vectors() {
        // Known answers of Random123's kat_vectors for philox4x32 with 10 rounds.
        assert_eq!(philox([0; 4], &round_keys(0)), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], &round_keys(u64::MAX)), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], &round_keys(0x299f_31d0_a409_3822)),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn a_stream_is_uniform_and_normal() {
        let mut s = Address { seed: 3, purpose: Purpose::Weights, trial: 5 }.stream();
        let n = 100_000;
        let mean = (0..n).map(|_| s.uniform()).sum::<f64>() / f64::from(n);
        // s.d. of the mean: 1/sqrt(12 n) = 0.0009; five of them
        assert!((mean - 0.5).abs() < 0.0046, "{mean}");
        let x: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        let m1 = x.iter().sum::<f64>() / f64::from(n);
        let m2 = x.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!(m1.abs() < 0.016 && (m2 - 1.0).abs() < 0.023, "{m1} {m2}");
    }
}
