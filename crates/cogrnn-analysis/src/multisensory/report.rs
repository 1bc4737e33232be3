use crate::psychometric;
use crate::statistics::Interval;
use serde::{Deserialize, Serialize};

/// A number and the bootstrap's doubt about it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// From the data.
    pub value: f64,
    /// 95 % percentile interval over the resamples.
    pub interval: Interval,
}

/// How sharply one modality is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// `visual`, `auditory` or `both`.
    pub modality: String,
    /// Its value in the column.
    pub value: f64,
    /// σ of the psychometric curve, in the units of x; `None` where there is no curve.
    pub sigma: Option<Estimate>,
    /// 1/σ².
    pub sensitivity: Option<Estimate>,
}

/// Whether two senses together are as good as independent evidence can be: 1/σ_va² = 1/σ_v² + 1/σ_a².
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimality {
    /// 1/σ_v² + 1/σ_a².
    pub predicted: Estimate,
    /// 1/σ_va².
    pub observed: Estimate,
    /// Observed over predicted; 1 is optimal.
    pub ratio: Estimate,
    /// Resamples that had all three curves.
    pub resamples: usize,
}

/// What a unit tells apart in trials of a single modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Neither.
    Neither,
    /// Choices.
    Choice,
    /// Modalities.
    Modality,
    /// Both.
    Mixed,
}

/// Selectivity of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitSelectivity {
    /// d' between choices 0 and 1; not a number (null) for a silent unit.
    pub choice: f64,
    /// d' between visual and auditory.
    pub modality: f64,
    /// Which of the two reach the settings' level.
    pub kind: Kind,
}

/// How two senses are combined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// One psychometric curve a modality.
    pub curves: psychometric::Report,
    /// Visual, auditory, both.
    pub sensitivities: Vec<Sensitivity>,
    /// The comparison; `None` without all three curves.
    pub optimality: Option<Optimality>,
    /// |d'| from which a unit counts as selective.
    pub level: f64,
    /// One a unit.
    pub units: Vec<UnitSelectivity>,
}
