//! The networks of cogrnn, one folder each, and what may be wrapped around them ([`unroll`]).

pub mod rate;
pub mod unroll;
