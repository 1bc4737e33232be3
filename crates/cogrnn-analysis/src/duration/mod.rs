//! Per cent correct against the duration of the stimulus (section 5.4, figure 2E).
//!
//! Trials of one coherence are sorted by duration and cut into bins of equal count, the last of which takes the
//! remainder; the edges between bins lie midway between their nearest members. Trials without a right choice, as
//! those without coherence, are left out.
//!
//! Not in the paper: the trend, a logistic regression of correct on duration, and its p value.

mod report;

pub use report::{DurationBin, DurationCurve, Report, Trend};

/// Which duration, and what tells the curves apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The epoch whose duration varies; `stimulus`.
    pub epoch: String,
    /// The column that has one curve for each of its values; `coherence`.
    pub by: String,
    /// Bins; 10 (Song et al. 2016).
    pub bins: usize,
    /// What x is, with its unit; `stimulus duration (ms)`.
    pub x_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epoch: "stimulus".to_string(),
            by: "coherence".to_string(),
            bins: 10,
            x_label: "stimulus duration (ms)".to_string(),
        }
    }
}
