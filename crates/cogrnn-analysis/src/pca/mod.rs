//! Principal components of the rates, standardised unit by unit (section 5.11, figure 8E).
//!
//! ```text
//! X = all samples of all trials × units with s.d. > 0.1, each centred and divided by its s.d.
//! X = U S Vᵀ       fraction of component k: s_k²/Σ s²       trajectory: rows of X V
//! ```
//!
//! Meant for few trials without noise, one a condition: their rates are kept.

mod report;

pub use report::{Marked, Projection, Report};

/// Which units and components.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column that labels trajectories; `sequence`.
    pub label: String,
    /// S.d. over all samples above which a unit is kept; 0.1.
    pub active: f64,
    /// Components projected on; 3.
    pub components: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { label: "sequence".to_string(), active: 0.1, components: 3 }
    }
}
