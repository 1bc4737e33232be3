//! Whether two senses are combined as well as can be (section 5.9, figure 6; after Raposo et al. 2014).
//!
//! ```text
//! 1/σ_va² = 1/σ_v² + 1/σ_a²         for independent evidence, weighed by its reliability
//! ```
//!
//! Intervals are bootstraps: choices at every rate are drawn anew from the binomial distribution of the proportion
//! found, and the curves fitted anew. Selectivity of units is d' ([`crate::selectivity`]) over the trials of a
//! single modality.

mod report;

pub use report::{Estimate, Kind, Optimality, Report, Sensitivity, UnitSelectivity};

/// Columns, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the stimulus; `rate`.
    pub rate: String,
    /// The column of the modality; `modality`.
    pub modality: String,
    /// Its values for visual, auditory and both; 0, 1, 2.
    pub values: [f64; 3],
    /// The epoch over whose samples rates are summed; `stimulus`.
    pub epoch: String,
    /// |d'| from which a unit counts as selective; 0.5, our choice: the paper picks units by eye.
    pub level: f64,
    /// Resamples of the bootstrap; 1000.
    pub resamples: usize,
    /// Seed of the bootstrap; 0.
    pub seed: u64,
    /// What x is, with its unit; `rate (events/s)`.
    pub x_label: String,
    /// What the proportion is of; `P(choose high)`.
    pub y_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            rate: "rate".to_string(),
            modality: "modality".to_string(),
            values: [0.0, 1.0, 2.0],
            epoch: "stimulus".to_string(),
            level: 0.5,
            resamples: 1000,
            seed: 0,
            x_label: "rate (events/s)".to_string(),
            y_label: "P(choose high)".to_string(),
        }
    }
}
