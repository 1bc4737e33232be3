use serde::{Deserialize, Serialize};

/// Rates averaged over the trials of each condition, aligned in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What the times are from, with the unit.
    pub x_label: String,
    /// What is averaged.
    pub y_label: String,
    /// Names of the columns that make a condition.
    pub columns: Vec<String>,
    /// Their values, one row a condition, ascending.
    pub conditions: Vec<Vec<f64>>,
    /// Trials of each condition.
    pub trials: Vec<usize>,
    /// ms from the event.
    pub times: Vec<f64>,
    /// Units.
    pub units: usize,
    /// Trials that had a sample, (condition × time).
    pub counts: Vec<u32>,
    /// Mean rates, (condition × time × unit); not a number (null) where no trial had a sample.
    pub rates: Vec<f32>,
}

impl Report {
    /// The average of one unit in one condition, over `times`.
    ///
    /// # Panics
    /// If there is no such condition or unit.
    pub fn trace(&self, condition: usize, unit: usize) -> Vec<f32> {
        assert!(unit < self.units, "unit {unit} of {}", self.units);
        (0..self.times.len()).map(|k| self.rates[(condition * self.times.len() + k) * self.units + unit]).collect()
    }
}
