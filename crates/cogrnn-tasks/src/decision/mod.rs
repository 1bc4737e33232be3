//! Decisions between two choices.

mod delayed_nonmatch;
mod perceptual_decision;
mod selective_integration;

pub use delayed_nonmatch::DelayedNonmatch;
pub use perceptual_decision::PerceptualDecision;
pub use selective_integration::SelectiveIntegration;
