//! The dense kernels. Each is written once over sixteen logical lanes and compiled for several
//! instruction sets; every output is one ordered chain of fused multiply-adds, so that the same bits
//! come out of all of them, at any batch size and any number of threads.
//!
//! This is the only module with `unsafe`: vector instructions, pointers in the innermost loops, and the
//! hand-over of borrowed work to threads that outlive it.

pub mod aligned;
pub mod imprint;
pub mod lanes;
pub mod maths;
pub mod normals;
pub mod outer;
pub mod peak;
pub mod product;
pub mod scatter;
pub mod symmetric;
pub mod team;
pub mod terms;
mod tile;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod plain;

pub use plain::Plain;

use crate::error::{Error, Result};
use crate::real::Real;
use lanes::Lanes;
use std::fmt;

/// Which instructions the kernels use. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Portable code.
    Plain,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 (F, BW, DQ, VL).
    Avx512,
}

impl Isa {
    /// All of them, simplest first.
    pub const ALL: [Isa; 3] = [Isa::Plain, Isa::Avx2, Isa::Avx512];

    /// The fastest that this processor has.
    pub fn best() -> Isa {
        Isa::ALL.into_iter().rfind(|isa| isa.available()).unwrap_or(Isa::Plain)
    }

    /// Whether this processor has it.
    pub fn available(self) -> bool {
        match self {
            Isa::Plain => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("fma")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Runs a kernel with these instructions.
    pub fn run<F: Real, K: Kernel<F>>(self, kernel: K) -> K::Output {
        // What every `unsafe` of the vector kernels rests on; a look at a cached flag.
        assert!(self.available(), "this processor has the {self} instructions");
        F::dispatch(self, kernel)
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Isa::Plain => "plain",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        })
    }
}

impl std::str::FromStr for Isa {
    type Err = Error;

    fn from_str(text: &str) -> Result<Isa> {
        let isa = Isa::ALL.into_iter().find(|isa| isa.to_string() == text).ok_or_else(|| {
            Error::input(format!("`{text}` is not a set of kernels"))
                .why("there are plain, avx2 and avx512")
                .remedy("leave the choice out to take the fastest")
        })?;
        if isa.available() {
            return Ok(isa);
        }
        Err(Error::input(format!("the {isa} kernels cannot run here"))
            .why("this processor lacks the instructions")
            .remedy(format!("the fastest it has are the {} kernels", Isa::best())))
    }
}

/// A piece of work written over lanes. Mark `run` `#[inline(always)]`, so that it is compiled with
/// the instructions of the lanes it is given.
pub trait Kernel<F: Real> {
    /// What it returns.
    type Output;
    /// Does the work.
    fn run<V: Lanes<Elem = F>>(self) -> Self::Output;
}

macro_rules! dispatch {
    ($real:ty, $avx512:ty, $avx2:ty) => {
        /// Runs a kernel with these instructions.
        pub(crate) fn dispatch<K: Kernel<$real>>(isa: Isa, kernel: K) -> K::Output {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512<K: Kernel<$real>>(kernel: K) -> K::Output {
                    kernel.run::<$avx512>()
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2<K: Kernel<$real>>(kernel: K) -> K::Output {
                    kernel.run::<$avx2>()
                }
                match isa {
                    // SAFETY: these kernels are chosen only where `Isa::available` holds.
                    Isa::Avx512 => unsafe { avx512(kernel) },
                    // SAFETY: as above.
                    Isa::Avx2 => unsafe { avx2(kernel) },
                    Isa::Plain => kernel.run::<Plain<$real>>(),
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            {
                let _ = isa;
                kernel.run::<Plain<$real>>()
            }
        }
    };
}

pub(crate) mod single {
    use super::*;
    #[cfg(target_arch = "x86_64")]
    dispatch!(f32, avx512::Avx512, avx2::Avx2);
    #[cfg(not(target_arch = "x86_64"))]
    dispatch!(f32, Plain<f32>, Plain<f32>);
}

pub(crate) mod double {
    use super::*;
    dispatch!(f64, Plain<f64>, Plain<f64>);
}
