use serde::{Deserialize, Serialize};

/// What one check of a training found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Updates so far.
    pub updates: usize,
    /// Gradient trials so far.
    pub trials: usize,
    /// The measure: per cent correct or root mean squared error.
    pub value: f64,
    /// Wall-clock time so far, s.
    pub seconds: f64,
}

/// One training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// Its seed.
    pub seed: u64,
    /// Its checks, in order.
    pub checks: Vec<Check>,
}

/// When a training first met the criterion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The training's seed.
    pub seed: u64,
    /// The check that did; `None` if none did.
    pub check: Option<Check>,
}

/// Median and quartiles of something over the trainings that reached the criterion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quartiles {
    /// A quarter lie below.
    pub lower: f64,
    /// Half.
    pub median: f64,
    /// Three quarters.
    pub upper: f64,
}

/// Trainings that differ by their seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What x is.
    pub x_label: String,
    /// What the measure is, with its unit.
    pub y_label: String,
    /// The trainings, as given.
    pub runs: Vec<TrainingRun>,
    /// Gradient trials, ascending: all at which any training was checked.
    pub x: Vec<f64>,
    /// Over trainings, at each x; one that has stopped keeps its last value.
    pub quartiles: Vec<Quartiles>,
    /// How many trainings had not stopped before each x.
    pub running: Vec<usize>,
    /// The criterion.
    pub criterion: Option<f64>,
    /// When each training met it.
    pub reached: Vec<Reached>,
    /// Updates to the criterion.
    pub updates_to_criterion: Option<Quartiles>,
    /// Gradient trials to the criterion.
    pub trials_to_criterion: Option<Quartiles>,
    /// Seconds to the criterion.
    pub seconds_to_criterion: Option<Quartiles>,
}
