use serde::{Deserialize, Serialize};

/// The four variables, in the order of axes and coordinates.
pub const VARIABLES: [&str; 4] = ["choice", "signal 1", "signal 2", "context"];

/// The path of the population in one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// -1 or 1.
    pub choice: f64,
    /// The signal that the panel is sorted by, in the units of its column.
    pub signal: f64,
    /// Correct trials that were averaged.
    pub trials: usize,
    /// Coordinates along the four axes at each time, in the order of [`VARIABLES`]; less their mean over the panel.
    pub points: Vec<[f64; 4]>,
}

/// One panel of figure 5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Which signal counts: 0 the first, 1 the second.
    pub context: usize,
    /// By which signal trials are sorted, and along whose axis they are drawn.
    pub sorted_by: usize,
    /// One a condition, by choice and signal ascending.
    pub paths: Vec<Path>,
}

/// Axes of the population, and its paths along them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trials that were regressed.
    pub trials: usize,
    /// Those that were correct: averaged.
    pub correct: usize,
    /// Columns of the two signals.
    pub signals: [String; 2],
    /// ms from trial start.
    pub times: Vec<f64>,
    /// Units that vary, ascending: the rows of `axes` and `coefficients`.
    pub active: Vec<usize>,
    /// Orthonormal axes Q, (unit × variable).
    pub axes: Vec<[f64; 4]>,
    /// Coefficients where they are largest, before they are made orthogonal, (unit × variable).
    pub coefficients: Vec<[f64; 4]>,
    /// |β_v(t)| of each variable.
    pub norms: [Vec<f64>; 4],
    /// When each is largest, ms from trial start.
    pub peaks: [f64; 4],
    /// The first context sorted by the first and second signal, then the second context.
    pub panels: Vec<Panel>,
}
