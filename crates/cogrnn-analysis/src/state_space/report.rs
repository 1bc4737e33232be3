use serde::{Deserialize, Serialize};

/// The four task variables, in the order of axes and coordinates.
pub const VARIABLES: [&str; 4] = ["choice", "motion", "colour", "context"];

/// Condition averages of all units, normalised, in the stimulus period (figure 4C).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sorting {
    /// `choice`, `motion_choice`, `colour_choice` or `context_choice`.
    pub name: String,
    /// What makes a condition: choice (+1 preferred), signed coherence (positive toward the preferred choice),
    /// context (+1 motion, -1 colour).
    pub columns: Vec<String>,
    /// Their values, one row a condition, ascending.
    pub conditions: Vec<Vec<f64>>,
    /// ms from stimulus onset.
    pub times: Vec<f64>,
    /// Units: all of the network.
    pub units: usize,
    /// (condition × time × unit), in s.d. of the unit over conditions and times; 0 where a unit did not vary.
    pub rates: Vec<f32>,
}

/// The path of the population in one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// +1 preferred, -1 not.
    pub choice: f64,
    /// Signed coherence of the input that the panel is sorted by, in the units of its column, positive toward
    /// the preferred choice.
    pub coherence: f64,
    /// Coordinates along the four axes at each time of the panel, in the order of [`VARIABLES`].
    pub points: Vec<[f64; 4]>,
}

/// One panel of figure 4B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// `motion` or `colour`: the context.
    pub context: String,
    /// `motion` or `colour`: the input by which trials are sorted.
    pub sorted_by: String,
    /// Which coordinate is drawn across, an index into [`VARIABLES`].
    pub x: usize,
    /// Which is drawn up.
    pub y: usize,
    /// What x is.
    pub x_label: String,
    /// What y is.
    pub y_label: String,
    /// ms from stimulus onset.
    pub times: Vec<f64>,
    /// One a condition, by choice and coherence ascending.
    pub trajectories: Vec<Trajectory>,
}

/// Length of the denoised regression vectors over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norms {
    /// ms from stimulus onset.
    pub times: Vec<f64>,
    /// |β_v(t)| of each variable.
    pub norms: [Vec<f64>; 4],
    /// When each is largest, ms from stimulus onset.
    pub peaks: [f64; 4],
}

/// Task axes of the population, and its paths along them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trials, correct and error.
    pub trials: usize,
    /// [`VARIABLES`].
    #[serde(deserialize_with = "crate::statistics::kept_four")]
    pub variables: [crate::statistics::Text; 4],
    /// d' of all units for the choice; not a number (null) for silent ones.
    pub d_prime: Vec<f64>,
    /// Preferred choice of all units: +1 output 0, -1 output 1.
    pub preferred: Vec<i8>,
    /// The active units, ascending: the rows of `axes` and `coefficients`.
    pub active: Vec<usize>,
    /// Orthonormal axes Q, (active unit × variable); figure 4D plots its columns against each other.
    pub axes: Vec<[f64; 4]>,
    /// Denoised coefficients at their peaks before orthogonalisation, (active unit × variable).
    pub coefficients: Vec<[f64; 4]>,
    /// Lengths over time.
    pub norms: Norms,
    /// Singular values of the condition averages, descending.
    pub singular_values: Vec<f64>,
    /// How many of them the denoising keeps.
    pub components: usize,
    /// Fraction of the squares that these hold.
    pub kept: f64,
    /// Fraction of the variance of the active units' rates that the regression explains, over all units and times.
    pub r_squared: f64,
    /// The six panels of figure 4B.
    pub panels: Vec<Panel>,
    /// Averages for figure 4C.
    pub sortings: Vec<Sorting>,
}
