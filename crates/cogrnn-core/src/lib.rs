//! The core of cogrnn: networks, rules, trials, constraints, random numbers and the one time loop.
//! Nothing here knows a task, a rule, a file or a clock.

pub mod batch;
pub mod constraint;
pub mod crew;
pub mod error;
pub mod kernels;
pub mod movement;
pub mod names;
pub mod network;
pub mod params;
pub mod random;
pub mod readout;
pub mod real;
pub mod rule;
pub mod run;
pub mod settings;
pub mod task;
pub mod trials;
pub mod units;

pub use error::{Error, Result};
