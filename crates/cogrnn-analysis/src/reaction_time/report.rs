use crate::psychometric::Group;
use crate::statistics::Histogram;
use serde::{Deserialize, Serialize};

/// Mean reaction time at one strength of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChronometricPoint {
    /// |evidence|, above 0.
    pub x: f64,
    /// Trials.
    pub n: usize,
    /// Mean reaction time, ms from stimulus onset.
    pub mean: f64,
    /// Standard error of the mean, ms; `None` for a single trial.
    pub standard_error: Option<f64>,
}

/// When decisions were reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What x is, with its unit.
    pub x_label: String,
    /// What the means are, with their unit.
    pub y_label: String,
    /// The threshold on the outputs.
    pub threshold: f64,
    /// Trials.
    pub trials: usize,
    /// Fraction of the trials that never reached the threshold.
    pub undecided: f64,
    /// Correct trials, |evidence| ascending, 0 left out.
    pub correct: Vec<ChronometricPoint>,
    /// Error trials likewise.
    pub error: Vec<ChronometricPoint>,
    /// Mean of all correct trials, those without evidence included, ms.
    pub mean_correct: Option<f64>,
    /// Mean of all error trials, those without evidence included, ms.
    pub mean_error: Option<f64>,
    /// Reaction times of all correct trials, those without evidence included, ms.
    pub distribution: Option<Histogram>,
    /// Per cent of the decided trials with evidence that chose rightly.
    pub percent_correct: Option<f64>,
    /// The psychometric curve of the choices by threshold, undecided trials left out.
    pub choices: Option<Group>,
}
