//! Analyses of trained networks, one folder each (Song, Yang & Wang 2016; Murray 2019).
//!
//! | module | asks | figures |
//! |---|---|---|
//! | [`psychometric`] | how choices depend on the evidence | 2C, 2D, 4A, 6B |
//! | [`reaction_time`] | when a decision is reached | 2F |
//! | [`duration`] | what a longer stimulus is worth | 2E |
//! | [`unit_averages`] | what a unit does in each condition | 2G, 2H, 6C, 7D |
//! | [`selectivity`] | which choice a unit prefers, and how such units are connected | 3 |
//! | [`state_space`] | along which axes the population carries choice, evidence and context | 4B, 4C, 4D |
//! | [`multisensory`] | whether two senses are combined as well as can be | 6B, 6C |
//! | [`tuning`] | how a memory is held | 7B to 7E |
//! | [`pca`] | the plane in which sequences run | 8E |
//! | [`eye_trace`] | where the eye goes | 8B, 8D |
//! | [`interval`] | whether a shown interval is made again | Murray 3 |
//! | [`trajectory`] | where a cursor goes | Murray 4 |
//! | [`cross_temporal`] | whether a code at one time is that of another | Miconi 2 |
//! | [`mds`] | where trials lie in a plane that keeps their distances | Miconi 3 |
//! | [`output_curves`] | how the last output follows each signal in each context | Miconi 4B |
//! | [`orthogonal_decoding`] | along which axes choice, signals and context lie | Miconi 5 |
//! | [`reaches`] | where an arm goes, and what moves it | Miconi 6 |
//! | [`training_curve`] | how learning went, over seeds | 9 |
//!
//! Numbers of equations are the paper's; sections 4.8 and 5.0 to 5.12 are those of our description of its methods,
//! which was read from the paper and from its program.
//!
//! Every analysis but the last looks at test trials one by one and keeps sums of them, so that 44,000 trials
//! need no more memory than one ([`Analysis`]); [`pca`] and [`cross_temporal`] are for fewer trials and keep their rates.

pub mod cross_temporal;
pub mod duration;
pub mod eye_trace;
pub mod interval;
mod keys;
mod linear;
pub mod mds;
pub mod multisensory;
pub mod orthogonal_decoding;
pub mod output_curves;
pub mod pca;
pub mod psychometric;
pub mod reaches;
pub mod reaction_time;
pub mod selectivity;
pub mod state_space;
pub mod statistics;
#[cfg(test)]
mod testing;
pub mod training_curve;
pub mod trajectory;
mod trial;
pub mod tuning;
pub mod unit_averages;

pub use trial::{Analysis, Crossing, Trial, see_all};
