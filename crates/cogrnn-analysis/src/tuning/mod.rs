//! How a population holds the frequency of a first stimulus through a delay (section 5.10, figures 7B to 7E; after
//! Romo et al. 1999).
//!
//! ```text
//! r̄_i(f1, t) = a_0 + a_1 f1        least squares over the values of f1, p of a_1 from t with (values - 2) d.o.f.
//! ```
//!
//! r̄ averages the correct trials of one f1. Trials must be of one length, as those of the test set are.

mod report;

pub use report::{Correlation, Pair, Report, Scatter};

/// Columns and epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the first stimulus; `f1`.
    pub first: String,
    /// The column of the second stimulus; `f2`.
    pub second: String,
    /// The epoch of the first stimulus; `f1`.
    pub first_epoch: String,
    /// The epoch between the two; `delay`.
    pub delay: String,
    /// The epoch of the second stimulus; `f2`.
    pub second_epoch: String,
    /// The p value below which a unit is tuned; 0.05.
    pub level: f64,
    /// What the stimulus is, with its unit; `f1 (Hz)`.
    pub stimulus_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            first: "f1".to_string(),
            second: "f2".to_string(),
            first_epoch: "f1".to_string(),
            delay: "delay".to_string(),
            second_epoch: "f2".to_string(),
            level: 0.05,
            stimulus_label: "f1 (Hz)".to_string(),
        }
    }
}
