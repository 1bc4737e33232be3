//! Spiking networks whose every neuron can be trained (Kim & Chow 2018; Arthur, Kim, Chen, Preibisch & Darshan 2023).
//!
//! Neurons are arrays, sixteen at a time; spikes are events, delivered along outgoing lists. The same bits come out at any
//! number of threads and on any instruction set. Sections (§) are those of the specification.
//!
//! # Two systems of units (§1.1)
//!
//! | | [`driven`]: Kim & Chow 2018 | [`balanced`]: Arthur et al. 2023 |
//! |---|---|---|
//! | unit of time | τ = 10 ms | 1 ms |
//! | step | 0.1 (1 ms) | 0.1 (0.1 ms) |
//! | integration | Runge-Kutta 4 for θ and r | forward Euler |
//! | r jumps by | 1/τ_s (per 10 ms) | 1/τ_plas (per ms) |
//! | r of 10 Hz | 0.1 | 0.01 |
//! | weight | current | current × ms |
//! | synapses | one matrix W | background (fixed) and plastic, apart |
//! | state at a trial's start | carried on | reset |
//!
//! The order within a step is part of the model and stands at [`driven::Driven::step`] and [`balanced::Balanced::advance`].
//!
//! # Example: the balanced network of 4,096 neurons, untrained
//! ```
//! use cogrnn_core::{crew::Crew, kernels::Isa, random::Purpose};
//! use cogrnn_spiking::balanced::{Balanced, Default2023};
//! # fn main() -> cogrnn_core::Result<()> {
//! let crew = Crew::new(1)?;
//! let wiring = Default2023 { neurons: 512, ..Default2023::default() }.wiring(7)?;
//! let mut network = Balanced::<f32>::new(wiring, Isa::best(), crew.threads())?;
//! network.begin(7, Purpose::TestUnits, 0);
//! network.advance(1000, &crew); // 100 ms
//! assert!(network.spike_counts().iter().any(|&n| n > 0));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod balanced;
pub mod connect;
pub mod driven;
pub mod gain;
pub mod statistics;
pub mod synapses;
pub mod targets;
