//! cogrnn: train biologically plausible recurrent networks on cognitive tasks, and see how they work.
//!
//! # Example: train a shipped experiment for a while
//! ```
//! use cogrnn::experiment::Experiment;
//! use cogrnn::trainer::{Machine, Trainer};
//! use std::sync::atomic::AtomicBool;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let small = ["network.units=20".to_string(), "training.validation_trials=22".to_string()];
//! let experiment = Experiment::load("song2016/perceptual-decision", &small)?;
//! let machine = Machine { threads: 1, kernels: None };
//! let mut trainer = Trainer::start(experiment, &folder.path().join("run"), false, &machine)?;
//! let summary = trainer.run(Some(10), &AtomicBool::new(false), &mut |_| {})?;
//! assert_eq!(summary.updates, 10);
//! # Ok::<(), cogrnn_core::Error>(())
//! ```

pub mod analyses;
pub mod archive;
pub mod auxiliary;
pub mod behaviour;
pub mod bench;
pub mod compare;
mod compatibility;
pub mod evaluate;
pub mod experiment;
pub mod files;
pub mod folder;
pub mod gradient;
mod matrices;
pub mod npz;
pub mod pool;
pub mod reader;
pub mod reproduce;
pub mod trainer;
pub mod verify;

pub use compatibility::{Row, table};

/// The Rust examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
