//! The hidden nonlinearities r = f(x) with their derivatives (Song et al. 2016, S1 generalisations).
//!
//! | name | f(x) | f'(x) |
//! |---|---|---|
//! | linear | x | 1 |
//! | rectify | \[x\]₊ | 1\[x > 0\] |
//! | rectify_power | \[x\]₊ⁿ | n \[x\]₊ⁿ⁻¹ |
//! | sigmoid | 1/(1 + e⁻ˣ) | f(1 - f) |
//! | tanh | tanh x | 1 - f² |
//! | rtanh | \[tanh x\]₊ | 1\[x > 0\](1 - f²) |
//! | softplus | ln(1 + eˣ) | 1/(1 + e⁻ˣ) |
//! | clipped | x - θ, within 0 to M (Miconi 2017) | 1\[θ < x < θ + M\] |

use cogrnn_core::kernels::lanes::Lanes;
use cogrnn_core::kernels::maths;
use cogrnn_core::real::Real;
use std::fmt;

/// The hidden nonlinearity of a rate network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// x.
    Linear,
    /// \[x\]₊.
    Rectify,
    /// \[x\]₊ⁿ, the supralinear f-I curve.
    RectifyPower(f64),
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// tanh x.
    Tanh,
    /// \[tanh x\]₊.
    RectifyTanh,
    /// ln(1 + eˣ).
    Softplus,
    /// x - θ, but no less than 0 and no more than M.
    Clipped {
        /// θ, from where on it responds.
        threshold: f64,
        /// M.
        most: f64,
    },
}

impl Nonlinearity {
    /// Whether it is 0, and flat, where x ≤ 0.
    pub fn is_rectifying(self) -> bool {
        matches!(self, Nonlinearity::Rectify | Nonlinearity::RectifyPower(_) | Nonlinearity::RectifyTanh)
    }
}

impl fmt::Display for Nonlinearity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Nonlinearity::Linear => "linear",
            Nonlinearity::Rectify => "rectify",
            Nonlinearity::RectifyPower(_) => "rectify_power",
            Nonlinearity::Sigmoid => "sigmoid",
            Nonlinearity::Tanh => "tanh",
            Nonlinearity::RectifyTanh => "rtanh",
            Nonlinearity::Softplus => "softplus",
            Nonlinearity::Clipped { .. } => "clipped",
        })
    }
}

/// A nonlinearity over lanes; the kernels are compiled once for each.
pub(super) trait Curve: Copy {
    /// f(x).
    fn value<V: Lanes>(self, x: V) -> V;
    /// f'(x), where r = f(x) is known.
    fn slope<V: Lanes>(self, x: V, r: V) -> V;
}

#[derive(Clone, Copy)]
pub(super) struct Linear;
#[derive(Clone, Copy)]
pub(super) struct Rectify;
#[derive(Clone, Copy)]
pub(super) struct Square;
#[derive(Clone, Copy)]
pub(super) struct Power(pub f64);
#[derive(Clone, Copy)]
pub(super) struct Sigmoid;
#[derive(Clone, Copy)]
pub(super) struct Tanh;
#[derive(Clone, Copy)]
pub(super) struct RectifyTanh;
#[derive(Clone, Copy)]
pub(super) struct Softplus;
#[derive(Clone, Copy)]
pub(super) struct Clipped {
    pub threshold: f64,
    pub most: f64,
}

impl Curve for Linear {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        x
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, _: V, _: V) -> V {
        V::constant(1.0)
    }
}

impl Curve for Rectify {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        // this order of operands lets NaN through
        V::zero().max(x)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, x: V, _: V) -> V {
        x.where_gt(V::zero(), V::constant(1.0), V::zero())
    }
}

impl Curve for Square {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        let x = V::zero().max(x);
        x.mul(x)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, x: V, _: V) -> V {
        let x = V::zero().max(x);
        x.add(x)
    }
}

impl Power {
    /// xⁿ for x > 0, else 0.
    #[inline(always)]
    fn power<V: Lanes>(x: V, n: f64) -> V {
        // A tiny x would not be a normal number for the logarithm; its power is 0 to rounding.
        let safe = V::constant(1e-30).max(x);
        let y = V::Elem::exp(V::constant(n).mul(V::Elem::ln(safe)));
        V::constant(1e-30).where_gt(x, V::zero(), y)
    }
}

impl Curve for Power {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        Power::power(x, self.0)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, x: V, _: V) -> V {
        V::constant(self.0).mul(Power::power(x, self.0 - 1.0))
    }
}

impl Curve for Sigmoid {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        maths::sigmoid(x)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, _: V, r: V) -> V {
        r.mul(V::constant(1.0).sub(r))
    }
}

impl Curve for Tanh {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        V::Elem::tanh(x)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, _: V, r: V) -> V {
        V::constant(1.0).sub(r.mul(r))
    }
}

impl Curve for RectifyTanh {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        V::zero().max(V::Elem::tanh(x))
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, x: V, r: V) -> V {
        x.where_gt(V::zero(), V::constant(1.0).sub(r.mul(r)), V::zero())
    }
}

impl Curve for Softplus {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        maths::softplus(x)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, x: V, _: V) -> V {
        maths::sigmoid(x)
    }
}

impl Curve for Clipped {
    #[inline(always)]
    fn value<V: Lanes>(self, x: V) -> V {
        let above = V::zero().max(x.sub(V::constant(self.threshold)));
        let most = V::constant(self.most);
        above.where_gt(most, most, above)
    }
    #[inline(always)]
    fn slope<V: Lanes>(self, x: V, _: V) -> V {
        let (low, one) = (V::constant(self.threshold), V::constant(1.0));
        let risen = x.where_gt(low, one, V::zero());
        x.where_gt(V::constant(self.threshold + self.most), V::zero(), risen)
    }
}

/// Calls `$do` with `$curve` bound to the curve of a nonlinearity.
macro_rules! with_curve {
    ($nonlinearity:expr, $curve:ident => $do:expr) => {{
        use crate::rate::nonlinearity::{self as n, Nonlinearity};
        match $nonlinearity {
            Nonlinearity::Linear => {
                let $curve = n::Linear;
                $do
            }
            Nonlinearity::Rectify => {
                let $curve = n::Rectify;
                $do
            }
            Nonlinearity::RectifyPower(p) if p == 2.0 => {
                let $curve = n::Square;
                $do
            }
            Nonlinearity::RectifyPower(p) => {
                let $curve = n::Power(p);
                $do
            }
            Nonlinearity::Sigmoid => {
                let $curve = n::Sigmoid;
                $do
            }
            Nonlinearity::Tanh => {
                let $curve = n::Tanh;
                $do
            }
            Nonlinearity::RectifyTanh => {
                let $curve = n::RectifyTanh;
                $do
            }
            Nonlinearity::Softplus => {
                let $curve = n::Softplus;
                $do
            }
            Nonlinearity::Clipped { threshold, most } => {
                let $curve = n::Clipped { threshold, most };
                $do
            }
        }
    }};
}
pub(super) use with_curve;
