use serde::{Deserialize, Serialize};

/// Trials of one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What was shown, ms.
    pub delay: f64,
    /// Trials.
    pub n: usize,
    /// Trials without a pulse.
    pub without: usize,
    /// Quartiles of what was made, ms; none without a pulse.
    pub quartiles: [Option<f64>; 3],
}

/// Regression of what was made on what was shown, over all trials with a pulse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// 1: as asked; 0: always the same.
    pub slope: f64,
    /// ms.
    pub intercept: f64,
    /// Correlation.
    pub r: f64,
}

/// The output in one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// What was shown, ms.
    pub delay: f64,
    /// When the pulse was to come, ms from trial start.
    pub due: f64,
    /// ms from trial start.
    pub times: Vec<f64>,
    /// The first output.
    pub output: Vec<f64>,
}

/// Intervals that were made, against those that were shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trials.
    pub trials: usize,
    /// Of them without a pulse.
    pub without: usize,
    /// Lowest output that is a pulse.
    pub least: f64,
    /// One for each interval, ascending.
    pub asked: Vec<Asked>,
    /// Root mean square of what was made less what was shown, ms; none without any pulse.
    pub error: Option<f64>,
    /// None for fewer than three pulses or a single interval.
    pub line: Option<Line>,
    /// A few of them, from the shortest to the longest.
    pub outputs: Vec<Output>,
}
