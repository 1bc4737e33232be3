//! Other ways to unroll a network in time while it learns, around any network: same weights, and nothing
//! of them left when training is over.
//!
//! [`Skip`] blends the state with an older one every few steps. Coarsened discretisation needs no wrapper:
//! it is the same network built at a longer time step.

pub mod annealing;
mod skip;

pub use skip::{Anchor, Skip, SkipState, SkipSweep, Skipping};
