//! How learning went, over seeds (section 5.12, figure 9).

mod report;

pub use report::{Check, Quartiles, Reached, Report, TrainingRun};

/// What is measured, and when it is enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What the measure is, with its unit; `per cent correct`.
    pub y_label: String,
    /// The criterion; none.
    pub criterion: Option<f64>,
    /// Whether the criterion is met from below, as by per cent correct, or from above, as by an error; true.
    pub rising: bool,
    /// Over how many checks the measure is averaged for the criterion; 1. The paper's choice tasks ask for the
    /// mean of the last 5.
    pub checks: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { y_label: "per cent correct".to_string(), criterion: None, rising: true, checks: 1 }
    }
}
