//! Reaction times: the first moment an output passes a threshold (section 5.3, figure 2D, 2F).
//!
//! ```text
//! t_o    = first stored sample with z_o > threshold, from trial start
//! choice = the output with the smaller t_o, of equals the later one
//! RT     = t_choice - stimulus onset
//! ```
//!
//! A trial in which no output crosses is undecided, and dropped from everything but the count of such trials.

mod report;

pub use report::{ChronometricPoint, Report};

/// What counts as a decision, and about what.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Threshold on the outputs; 1 (Song et al. 2016; their networks were trained to reach 1.2).
    pub threshold: f64,
    /// The epoch from whose start reaction times are measured; `stimulus`.
    pub stimulus: String,
    /// The column of signed evidence; `signed_coherence`.
    pub evidence: String,
    /// The column of the right output, which trials without evidence have too; `choice`.
    pub answer: String,
    /// What |evidence| is, with its unit; `coherence (%)`.
    pub x_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            threshold: 1.0,
            stimulus: "stimulus".to_string(),
            evidence: "signed_coherence".to_string(),
            answer: "choice".to_string(),
            x_label: "coherence (%)".to_string(),
        }
    }
}
