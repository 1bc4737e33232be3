//! Rates of every unit averaged over the trials of each condition, aligned to an event (section 5.5, figures 2G,
//! 2H; 5.9, figure 6C).
//!
//! ```text
//! r̄(c, τ, i) = mean over the trials of condition c that have a sample at τ of r_i(t_event + τ)
//! ```
//!
//! Aligned to an epoch, a trial gives its samples from trial start to the end of that epoch; aligned to a
//! decision, those up to and with the crossing of the threshold.

mod report;

pub use report::Report;

/// The event at time 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Align {
    /// The start of an epoch; samples end where it ends.
    Epoch(String),
    /// The sample at which an output crosses this threshold ([`crate::Trial::crossing`]), which is the last; a
    /// trial without one is left out, and the choice is that of the crossing.
    Crossing(f64),
}

/// Which trials are averaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Include {
    /// All.
    All,
    /// Those that chose rightly; trials without a right choice are left out.
    Correct,
    /// Those whose choice is the value of this column, which trials without coherence may have too.
    Matching(String),
}

/// What makes a condition, and which trials count.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The columns that make a condition; `coherence` and `in_out`.
    pub columns: Vec<String>,
    /// The event at time 0; the start of `stimulus`.
    pub align: Align,
    /// Which trials; the correct ones.
    pub include: Include,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            columns: vec!["coherence".to_string(), "in_out".to_string()],
            align: Align::Epoch("stimulus".to_string()),
            include: Include::Correct,
        }
    }
}
