//! Patterns that a network makes by itself.

mod sinewave;

pub use sinewave::Sinewave;
