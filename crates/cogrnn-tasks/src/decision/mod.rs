//! Decisions between two choices.

mod perceptual_decision;

pub use perceptual_decision::PerceptualDecision;
