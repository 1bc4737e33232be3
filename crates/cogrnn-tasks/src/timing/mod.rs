//! Intervals to be measured and made.

mod ready_set_go;

pub use ready_set_go::ReadySetGo;
