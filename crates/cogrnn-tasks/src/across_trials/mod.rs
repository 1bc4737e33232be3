//! Memory across trials: what is right now was told by how earlier answers fared.
//!
//! A session of several trials is one long trial of this program, so that a network carries its state
//! over and learning reaches back through all of it. The task answers back: feedback follows the choice
//! that the network made. Epochs are numbered by trial, `sample 1`, `response 1` …, each once.

mod reversal_2afc;
mod rule_reversal;
mod session;
mod wcst;

pub use reversal_2afc::Reversal2Afc;
pub use rule_reversal::RuleReversal;
pub use wcst::Wcst;
