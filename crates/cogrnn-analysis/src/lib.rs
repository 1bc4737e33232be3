//! Analyses of trained networks, one folder each: [`psychometric`].

pub mod psychometric;
