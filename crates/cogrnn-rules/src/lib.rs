//! The learning rules of cogrnn, one folder each, and the optimisers that apply their gradients.

pub mod bptt;
pub mod descent;
pub mod optimisers;
pub mod penalties;

pub use bptt::Bptt;
pub use descent::{Descent, With};
