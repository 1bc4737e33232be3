use serde::{Deserialize, Serialize};

/// How well one column can be read from the population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The column of the table of trials.
    pub column: String,
    /// Its values, ascending: the classes.
    pub classes: Vec<f64>,
    /// Fraction of test trials decoded right, (time of the prototypes × time of the decoded activity), row-major.
    pub accuracy: Vec<f64>,
}

impl Feature {
    /// Accuracy where prototypes and decoded activity are of the same time.
    pub fn diagonal(&self) -> Vec<f64> {
        let times = (self.accuracy.len() as f64).sqrt().round() as usize;
        (0..times).map(|k| self.accuracy[k * times + k]).collect()
    }
}

/// How well columns can be read at one time by what was learnt at another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trials seen.
    pub trials: usize,
    /// Times of rows and columns, ms from trial start.
    pub times: Vec<f64>,
    /// Random splits that were averaged.
    pub splits: usize,
    /// Whether each split halved every condition.
    pub stratified: bool,
    /// One for each column that was asked for.
    pub features: Vec<Feature>,
}
