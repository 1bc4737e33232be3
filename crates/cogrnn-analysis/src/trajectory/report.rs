use serde::{Deserialize, Serialize};

/// Syllables of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    /// As in the column.
    pub direction: f64,
    /// Syllables.
    pub n: usize,
    /// The way that was called for, in units of length.
    pub way: [f64; 2],
    /// Quartiles of the distance between the way that was made and that.
    pub error: [f64; 3],
    /// Quartiles of how far the cursor went along it, 1 as far as asked; none for rest.
    pub length: Option<[f64; 3]>,
    /// Quartiles of the angle between both, degrees anticlockwise, where the cursor moved by a tenth of
    /// what was asked or more; none for rest.
    pub angle: Option<[f64; 3]>,
}

/// The path of the cursor in one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// Number of the trial.
    pub index: usize,
    /// Direction of each syllable.
    pub directions: Vec<f64>,
    /// Where the cursor was, from the start of the trial to its end.
    pub path: Vec<[f64; 2]>,
    /// Where it was to be at the start and after each syllable.
    pub wanted: Vec<[f64; 2]>,
}

/// Where the cursor went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trials.
    pub trials: usize,
    /// Quartiles of the distance from where the cursor ended to where it was to end.
    pub end: [f64; 3],
    /// Column of the first direction.
    pub column: String,
    /// One for each direction, ascending.
    pub directions: Vec<Direction>,
    /// Of the first trials.
    pub paths: Vec<Path>,
}
