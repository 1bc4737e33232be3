use serde::{Deserialize, Serialize};

/// Trials with one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// As in the table of trials.
    pub value: f64,
    /// Where it is, in lengths of the body.
    pub at: [f64; 3],
    /// Radius it is drawn with.
    pub radius: f64,
    /// Trials that led to a movement.
    pub trials: usize,
    /// Trials that did not.
    pub failed: usize,
    /// Trials that ended within the radius.
    pub inside: usize,
    /// Quartiles of the distance at the end.
    pub end: [f64; 3],
    /// Mean distance over trials, one a time.
    pub distance: Vec<f64>,
    /// (time × muscle), mean activation over trials.
    pub activation: Vec<f64>,
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// Number of the trial.
    pub index: usize,
    /// Its target, as in the table of trials.
    pub target: f64,
    /// (time × coordinate), rad.
    pub angles: Vec<f64>,
    /// (time × muscle).
    pub activations: Vec<f64>,
    /// Where the tip was, one a time.
    pub tip: Vec<[f64; 3]>,
    /// How far from the target, one a time.
    pub distances: Vec<f64>,
}

/// Where movements went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// s from the start of a trial.
    pub times: Vec<f64>,
    /// One each, ascending.
    pub targets: Vec<Target>,
    /// Movements kept whole, by target.
    pub kept: Vec<Reach>,
}
