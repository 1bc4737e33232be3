//! Targeted regression: the axes along which a population carries choice, motion, colour and context, and its
//! paths along them (sections 5.6 and 5.7, figures 4B, 4C, 4D; after Mante et al. 2013).
//!
//! ```text
//! r_i(t) = β_c C + β_m M + β_k K + β_x X + β_0 + β_cm CM + β_ck CK + β_cx CX + β_mk MK + β_mx MX + β_kx KX
//! C = p_i target   M = p_i m/max|m|   K = p_i k/max|k|   X = ±1        p_i the preferred choice of unit i
//! β_v  ← D β_v                  D the projector on the first 12 principal components of condition averages
//! B    = [β_v(argmax_t |β_v(t)|)]_v = Q R     columns of Q: the axes
//! ```
//!
//! One pass over the trials: sums over trials are kept without the signs p_i, which are known only at the end. A
//! sign turns choice, motion and colour round together, so it turns round coefficients and swaps conditions.

mod report;

pub use report::{Norms, Panel, Report, Sorting, Trajectory, VARIABLES};

/// Columns, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The epoch that is regressed; `stimulus`.
    pub epoch: String,
    /// The column of signed motion coherence, positive toward choice 0; `motion_coherence`.
    pub motion: String,
    /// The column of signed colour coherence, likewise; `colour_coherence`.
    pub colour: String,
    /// The column of the context; `context`.
    pub context: String,
    /// Its value where motion counts, any other is the colour context; 0.
    pub motion_context: f64,
    /// S.d. over time, of the mean over all trials, above which a unit is active; 0.1.
    pub active: f64,
    /// Spacing of the samples that are regressed, and s.d. of the smoothing, both rounded down to whole stored
    /// samples, ms; 50.
    pub bin: f64,
    /// Principal components that the denoising keeps; 12.
    pub components: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epoch: "stimulus".to_string(),
            motion: "motion_coherence".to_string(),
            colour: "colour_coherence".to_string(),
            context: "context".to_string(),
            motion_context: 0.0,
            active: 0.1,
            bin: 50.0,
            components: 12,
        }
    }
}
