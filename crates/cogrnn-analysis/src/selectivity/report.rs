use serde::{Deserialize, Serialize};

/// Which choice each unit prefers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The epoch whose activity was summed.
    pub epoch: String,
    /// Trials that chose output 0, and output 1.
    pub trials: [usize; 2],
    /// d' of each unit (eq. 30), positive where activity is higher for choice 0; not a number (null) where
    /// activity never varied.
    pub d_prime: Vec<f64>,
    /// Mean summed activity of each unit before choice 0, and before choice 1.
    pub means: [Vec<f64>; 2],
    /// Its variance (population).
    pub variances: [Vec<f64>; 2],
}

/// Selective units in the order of figure 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Units, excitatory before inhibitory, each by d' descending.
    pub units: Vec<usize>,
    /// How many of them are excitatory; all of them in a network without signs.
    pub excitatory: usize,
}

/// Weights between two groups of units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Mean weight over the pairs, absent connections counted as 0; 0 without pairs.
    pub mean: f64,
    /// Pairs of different units.
    pub pairs: usize,
}

/// Weights between units that prefer the same choice and between units that prefer opposite ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// Same preference.
    pub same: Block,
    /// Opposite preferences.
    pub opposite: Block,
    /// `same.mean - opposite.mean`.
    pub difference: f64,
    /// Fraction of 999 random exchanges of preferences (and the one found) whose difference is as far from 0.
    pub p: f64,
}

/// What training made of the connections among selective units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// Excitatory to excitatory; among all units in a network without signs.
    pub e_to_e: Contrast,
    /// Excitatory to inhibitory; `None` in a network without signs.
    pub e_to_i: Option<Contrast>,
    /// Inhibitory to excitatory, likewise.
    pub i_to_e: Option<Contrast>,
    /// Inhibitory to inhibitory, likewise.
    pub i_to_i: Option<Contrast>,
}
