//! Patterns that a network makes by itself, and movements that its inputs call for.

mod arm_reaching;
mod movement;
mod periodic;
mod planar_arm;
mod sinewave;

pub use arm_reaching::{ArmReaching, SAMPLES};
pub use movement::DirectionalMovement;
pub use periodic::Periodic;
pub use planar_arm::PlanarArm;
pub use sinewave::Sinewave;
