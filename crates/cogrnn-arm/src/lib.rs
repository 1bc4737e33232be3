//! The musculoskeletal arm of Miconi 2017: a right arm with three angles at the shoulder and one at the elbow, sixteen
//! muscles (Thelen 2003), ends of joint ranges and contact with the trunk.
//!
//! [`Arm::reach`] takes what a network wants of the muscles and tells where the fingertip ends.
//!
//! # How far to trust it
//!
//! The published program integrates with a variable step (SimTK) that cannot be repeated exactly. This one takes fixed
//! steps of [`STEP`], semi-implicit Euler: of first order. `examples/convergence.rs` prints how far the end of a reach moves when
//! the step is made smaller: by 0.4 mm (median of 40 random reaches), 4 mm at most. 10,000 random reaches all end, which
//! the published program's do not; where the shoulder's first and third axes coincide the step is made without them.
//!
//! The same input gives the same bits on every platform: only correctly rounded operations and `libm` are used.
#![forbid(unsafe_code)]

mod arm;
mod math;
pub mod model;
pub mod muscle;
mod outer_forces;
mod paths;
mod skeleton;

pub use arm::{Arm, Failure, Forces, Moment, Reach, STEP, State};
pub use math::{Mat3, Vec3};
pub use model::{COORDINATES, MUSCLES};
pub use outer_forces::Contact;
pub use skeleton::{Pose, Skeleton};
