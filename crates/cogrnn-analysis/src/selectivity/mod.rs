//! Which choice a unit prefers, and how such units are connected (section 5.2, figure 3).
//!
//! ```text
//! d' = (μ_1 - μ_2)/√((σ_1² + σ_2²)/2)       (eq. 30)
//! ```
//!
//! with mean and variance of the summed activity in the stimulus over the trials in which the network chose
//! output 0 (μ_1) and output 1 (μ_2), right or wrong, without coherence too.

mod report;

pub use report::{Block, Contrast, Order, Report, Structure};

/// Whose activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The epoch over whose samples rates are summed; `stimulus`.
    pub epoch: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { epoch: "stimulus".to_string() }
    }
}
