use serde::{Deserialize, Serialize};

/// Trials of about the same stimulus duration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DurationBin {
    /// Shortest duration of the bin, ms: midway to the bin before, or the shortest of all.
    pub low: f64,
    /// Longest, likewise.
    pub high: f64,
    /// Midway between the two, ms.
    pub x: f64,
    /// Trials.
    pub n: usize,
    /// Per cent of them that chose rightly.
    pub percent_correct: f64,
}

/// How the odds of a right choice change with duration: a logistic regression.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Change of the log odds per second of stimulus.
    pub slope: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Two-sided p value of a slope of 0 (Wald).
    pub p: f64,
}

/// The trials of one strength of the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DurationCurve {
    /// The evidence.
    pub value: f64,
    /// Trials.
    pub n: usize,
    /// Per cent of them that chose rightly.
    pub percent_correct: f64,
    /// Bins of equal count, duration ascending.
    pub bins: Vec<DurationBin>,
    /// The trend; `None` where choices do not vary, or durations do not, or where they are separated.
    pub trend: Option<Trend>,
}

/// Per cent correct against stimulus duration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What x is, with its unit.
    pub x_label: String,
    /// What y is, with its unit.
    pub y_label: String,
    /// The column that tells the curves apart.
    pub by: String,
    /// One curve a value of the column, ascending.
    pub curves: Vec<DurationCurve>,
}
