//! Lanes in portable code: the reference for the others, and the `f64` of gradient checks.

use super::lanes::{LANES, Lanes, Words};
use crate::real::Real;

/// Sixteen numbers in an array.
#[derive(Clone, Copy, Debug)]
pub struct Plain<F>([F; LANES]);

impl<F: Real> Plain<F> {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(F, F) -> F) -> Self {
        Plain(std::array::from_fn(|i| f(self.0[i], b.0[i])))
    }
}

impl<F: Real> Lanes for Plain<F> {
    type Elem = F;
    type Words = PlainWords;
    const ACCUMULATORS: usize = 3;

    #[inline(always)]
    fn splat(x: F) -> Self {
        Plain([x; LANES])
    }
    #[inline(always)]
    fn load(from: &[F; LANES]) -> Self {
        Plain(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [F; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    unsafe fn load_ptr(from: *const F) -> Self {
        // SAFETY: the caller's promise.
        Plain(unsafe { from.cast::<[F; LANES]>().read() })
    }
    #[inline(always)]
    unsafe fn store_ptr(self, to: *mut F) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[F; LANES]>().write(self.0) }
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }
    #[inline(always)]
    fn fma(self, a: Self, b: Self) -> Self {
        Plain(std::array::from_fn(|i| self.0[i].fma(a.0[i], b.0[i])))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        self.zip(b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        self.zip(b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(Real::sqrt)
    }
    #[inline(always)]
    fn round(self) -> Self {
        self.map(Real::round)
    }
    #[inline(always)]
    fn where_gt(self, b: Self, yes: Self, no: Self) -> Self {
        Plain(std::array::from_fn(|i| if self.0[i] > b.0[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn sum(self) -> F {
        let mut x = self.0;
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                x[i] += x[i + half];
            }
            half /= 2;
        }
        x[0]
    }
    #[inline(always)]
    fn scale2(self, k: Self) -> Self {
        self.zip(k, |x, k| x * F::from_f64(f64::from_bits(((k.to_f64() + 1023.0) as u64) << 52)))
    }
    #[inline(always)]
    fn split2(self) -> (Self, Self) {
        let parts: [(F, F); LANES] = std::array::from_fn(|i| {
            let bits = self.0[i].to_f64().to_bits();
            let mut exponent = (bits >> 52) as i64 - 1023;
            let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
            // The same comparison as in single precision, whose √2 this is.
            if mantissa > f64::from(std::f32::consts::SQRT_2) {
                mantissa *= 0.5;
                exponent += 1;
            }
            (F::from_f64(mantissa), F::from_f64(exponent as f64))
        });
        (Plain(parts.map(|p| p.0)), Plain(parts.map(|p| p.1)))
    }
    #[inline(always)]
    fn from_signed(words: PlainWords) -> Self {
        Plain(words.0.map(|w| F::from_f64(f64::from(w as i32))))
    }
    #[inline(always)]
    fn where_bit(words: PlainWords, mask: u32, yes: Self, no: Self) -> Self {
        Plain(std::array::from_fn(|i| if words.0[i] & mask != 0 { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn nonzero(self) -> u32 {
        self.0.iter().rev().fold(0, |all, x| all << 1 | u32::from(*x != F::ZERO))
    }
    #[inline(always)]
    fn map(self, f: impl Fn(F) -> F) -> Self {
        Plain(self.0.map(f))
    }
}

/// Sixteen words in an array.
#[derive(Clone, Copy, Debug)]
pub struct PlainWords([u32; LANES]);

impl Words for PlainWords {
    #[inline(always)]
    fn splat(x: u32) -> Self {
        PlainWords([x; LANES])
    }
    #[inline(always)]
    fn count_from(first: u32) -> Self {
        PlainWords(std::array::from_fn(|i| first.wrapping_add(i as u32)))
    }
    #[inline(always)]
    fn multiply(self, m: u32) -> (Self, Self) {
        let wide = self.0.map(|x| u64::from(x) * u64::from(m));
        (PlainWords(wide.map(|w| (w >> 32) as u32)), PlainWords(wide.map(|w| w as u32)))
    }
    #[inline(always)]
    fn xor3(self, a: Self, b: Self) -> Self {
        PlainWords(std::array::from_fn(|i| self.0[i] ^ a.0[i] ^ b.0[i]))
    }
    #[inline(always)]
    fn halve(self) -> Self {
        PlainWords(self.0.map(|x| x >> 1))
    }
}
