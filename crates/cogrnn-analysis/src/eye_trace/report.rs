use serde::{Deserialize, Serialize};

/// The path of the eye in one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Number of the trial.
    pub index: usize,
    /// Its sequence, as in the column.
    pub sequence: f64,
    /// ms from trial start.
    pub times: Vec<f64>,
    /// Eye position across, in the units of the screen.
    pub x: Vec<f32>,
    /// Eye position up.
    pub y: Vec<f32>,
}

/// Where one movement of a sequence ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// The dot that was to be reached, counted from 0.
    pub dot: usize,
    /// Mean distance between eye and dot in the middle of the movement's epoch, in the units of the screen.
    pub error: f64,
    /// Fraction of trials in which that dot was the nearest.
    pub correct: f64,
}

/// All trials of one sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// The sequence, as in the column.
    pub value: f64,
    /// Trials.
    pub n: usize,
    /// One a movement epoch.
    pub movements: Vec<Movement>,
}

/// How sequences of eye movements were executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Movement epochs.
    pub epochs: Vec<String>,
    /// What x and y are, with the unit.
    pub unit: String,
    /// One a sequence, ascending.
    pub sequences: Vec<Sequence>,
    /// Mean distance over all movements.
    pub error: f64,
    /// Fraction of all movements that were nearest to the right dot.
    pub correct: f64,
    /// Fraction of trials all of whose movements did.
    pub whole: f64,
    /// The first trials.
    pub traces: Vec<Trace>,
}
