//! The networks of cogrnn, one folder each.

pub mod rate;
