//! The networks of cogrnn, one folder each, and what may be wrapped around them: [`unroll`] while they learn, [`auxiliary`]
//! afterwards.

pub mod auxiliary;
pub mod rate;
pub mod unroll;
