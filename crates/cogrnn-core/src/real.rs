//! The two precisions: training runs in `f32`, gradient checks in `f64`, through the same code.

use crate::kernels::lanes::Lanes;
use crate::kernels::{Isa, Kernel, double, maths, single};
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating point number that a network can be made of.
pub trait Real:
    Copy
    + Default
    + Debug
    + Display
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Nearest value.
    fn from_f64(x: f64) -> Self;
    /// Exact.
    fn from_f32(x: f32) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    /// |x|.
    fn abs(self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// self · a + b, rounded once.
    fn fma(self, a: Self, b: Self) -> Self;
    /// Nearest whole number, ties to even.
    fn round(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// eˣ on sixteen lanes.
    fn exp<V: Lanes<Elem = Self>>(x: V) -> V;
    /// ln x on sixteen lanes, x > 0 and normal.
    fn ln<V: Lanes<Elem = Self>>(x: V) -> V;
    /// ln(1 + x) on sixteen lanes, x in [0, 1].
    fn ln_1p<V: Lanes<Elem = Self>>(x: V) -> V;
    /// tanh x on sixteen lanes.
    fn tanh<V: Lanes<Elem = Self>>(x: V) -> V;
    /// cos x on sixteen lanes, for |x| up to some turns.
    fn cos<V: Lanes<Elem = Self>>(x: V) -> V;
    /// Runs a kernel with these instructions.
    #[doc(hidden)]
    fn dispatch<K: Kernel<Self>>(isa: Isa, kernel: K) -> K::Output;
}

macro_rules! real {
    ($f:ident, $dispatch:path) => {
        const ZERO: $f = 0.0;
        const ONE: $f = 1.0;
        #[inline(always)]
        fn from_f64(x: f64) -> $f {
            x as $f
        }
        #[inline(always)]
        fn from_f32(x: f32) -> $f {
            $f::from(x)
        }
        #[inline(always)]
        fn to_f64(self) -> f64 {
            f64::from(self)
        }
        #[inline(always)]
        fn abs(self) -> $f {
            $f::abs(self)
        }
        #[inline(always)]
        fn sqrt(self) -> $f {
            $f::sqrt(self)
        }
        #[inline(always)]
        fn fma(self, a: $f, b: $f) -> $f {
            self.mul_add(a, b)
        }
        #[inline(always)]
        fn round(self) -> $f {
            self.round_ties_even()
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            $f::is_finite(self)
        }
        fn dispatch<K: Kernel<$f>>(isa: Isa, kernel: K) -> K::Output {
            $dispatch(isa, kernel)
        }
    };
}

impl Real for f32 {
    real!(f32, single::dispatch);

    #[inline(always)]
    fn exp<V: Lanes<Elem = f32>>(x: V) -> V {
        maths::exp_single(x)
    }
    #[inline(always)]
    fn ln<V: Lanes<Elem = f32>>(x: V) -> V {
        maths::ln_single(x)
    }
    #[inline(always)]
    fn ln_1p<V: Lanes<Elem = f32>>(x: V) -> V {
        maths::ln_1p_single(x)
    }
    #[inline(always)]
    fn tanh<V: Lanes<Elem = f32>>(x: V) -> V {
        maths::tanh_single(x)
    }
    #[inline(always)]
    fn cos<V: Lanes<Elem = f32>>(x: V) -> V {
        maths::cos_single(x)
    }
}

impl Real for f64 {
    real!(f64, double::dispatch);

    #[inline(always)]
    fn exp<V: Lanes<Elem = f64>>(x: V) -> V {
        x.map(libm::exp)
    }
    #[inline(always)]
    fn ln<V: Lanes<Elem = f64>>(x: V) -> V {
        x.map(libm::log)
    }
    #[inline(always)]
    fn ln_1p<V: Lanes<Elem = f64>>(x: V) -> V {
        x.map(libm::log1p)
    }
    #[inline(always)]
    fn tanh<V: Lanes<Elem = f64>>(x: V) -> V {
        x.map(libm::tanh)
    }
    #[inline(always)]
    fn cos<V: Lanes<Elem = f64>>(x: V) -> V {
        x.map(libm::cos)
    }
}
