use serde::{Deserialize, Serialize};

/// A period of a trajectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// Name of the epoch.
    pub name: String,
    /// Its first point.
    pub start: usize,
    /// One past its last.
    pub end: usize,
}

/// A piece of a trajectory that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its first point, at the start of the epoch.
    pub start: usize,
    /// One past its last.
    pub end: usize,
    /// What it is coloured by.
    pub colour: Option<f64>,
}

/// One trial in the space of the first components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// The trial's value of the label column.
    pub label: f64,
    /// ms from trial start.
    pub times: Vec<f64>,
    /// (time × component), row-major.
    pub points: Vec<f64>,
    /// Its epochs.
    pub epochs: Vec<Marked>,
    /// What is drawn of it; nothing for all of it.
    pub parts: Vec<Part>,
}

/// Principal components of standardised rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The column that labels trajectories.
    pub label: String,
    /// The first of the columns, where trajectories are coloured by parts.
    pub colour: Option<String>,
    /// Units kept, ascending.
    pub units: Vec<usize>,
    /// Fraction of the variance that each component explains, descending; all of them.
    pub fractions: Vec<f64>,
    /// Components projected on.
    pub components: usize,
    /// (component × kept unit), row-major; the largest entry of each component is positive.
    pub loadings: Vec<f64>,
    /// One a trial, in order.
    pub trajectories: Vec<Projection>,
}
