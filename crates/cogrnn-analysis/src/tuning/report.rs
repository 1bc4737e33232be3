use serde::{Deserialize, Serialize};

/// Per cent correct of one pair of stimuli.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// First stimulus.
    pub first: f64,
    /// Second stimulus.
    pub second: f64,
    /// Trials.
    pub n: usize,
    /// Per cent of them that chose rightly.
    pub percent_correct: f64,
}

/// How alike tuning is at one time and at all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// What the reference is: `middle of f1`.
    pub reference: String,
    /// Its time, ms from trial start.
    pub time: f64,
    /// Times compared, ms from trial start.
    pub times: Vec<f64>,
    /// Pearson correlation of the slopes across units; not a number (null) where slopes do not vary.
    pub correlation: Vec<f64>,
}

/// Slopes of all units at two times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scatter {
    /// What x is.
    pub x_label: String,
    /// What y is.
    pub y_label: String,
    /// One a unit.
    pub x: Vec<f64>,
    /// One a unit.
    pub y: Vec<f64>,
}

/// Tuning to the first stimulus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What the stimulus is, with its unit.
    pub stimulus_label: String,
    /// Values of the first stimulus, ascending.
    pub stimuli: Vec<f64>,
    /// Correct trials averaged for each.
    pub trials: Vec<usize>,
    /// ms from trial start.
    pub times: Vec<f64>,
    /// Units.
    pub units: usize,
    /// Mean rates of correct trials, (stimulus × time × unit).
    pub averages: Vec<f32>,
    /// Slope a₁ of the rate against the stimulus, (time × unit).
    pub slopes: Vec<f32>,
    /// Its two-sided p value, (time × unit); not a number (null) where a rate is the same for all stimuli.
    pub p: Vec<f32>,
    /// Times of `significant`: from the second sample to the end of the second stimulus, ms from trial start.
    pub significant_times: Vec<f64>,
    /// Fraction of all units with a significant slope.
    pub significant: Vec<f64>,
    /// The level of p below which a slope counts.
    pub level: f64,
    /// References: middle of the first stimulus, middle of the delay.
    pub correlations: [Correlation; 2],
    /// End of the delay against the two references.
    pub scatters: [Scatter; 2],
    /// Units with significant positive slopes in the middles of both stimuli, ascending.
    pub positive_in_both: Vec<usize>,
    /// Units with significant slopes there, positive, then negative or negative, then positive.
    pub sign_switching: Vec<usize>,
    /// All pairs, correct or not, ascending.
    pub pairs: Vec<Pair>,
}
