//! Passes over matrices of eligibilities. Multiplications and additions are rounded one by one, so that every
//! instruction set gives the same bits.

use cogrnn_core::kernels::lanes::Lanes;
use cogrnn_core::kernels::{Isa, Kernel};
use cogrnn_core::real::Real;

/// e_ij ← keep_i e_ij + gain_i ends_j.
pub(crate) fn carry<F: Real>(isa: Isa, keep: &[F], gain: &[F], ends: &[F], e: &mut [F]) {
    isa.run(Carry { keep, gain, ends, e });
}

struct Carry<'a, F> {
    keep: &'a [F],
    gain: &'a [F],
    ends: &'a [F],
    e: &'a mut [F],
}

impl<F: Real> Kernel<F> for Carry<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        for ((row, keep), gain) in self.e.chunks_exact_mut(self.ends.len()).zip(self.keep).zip(self.gain) {
            for (e, end) in row.iter_mut().zip(self.ends) {
                *e = *keep * *e + *gain * *end;
            }
        }
    }
}

/// g_ij += q_i e_ij.
pub(crate) fn weigh<F: Real>(isa: Isa, q: &[F], e: &[F], g: &mut [F]) {
    isa.run(Weigh { q, e, g });
}

struct Weigh<'a, F> {
    q: &'a [F],
    e: &'a [F],
    g: &'a mut [F],
}

impl<F: Real> Kernel<F> for Weigh<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let width = self.e.len() / self.q.len();
        for ((g, e), q) in self.g.chunks_exact_mut(width).zip(self.e.chunks_exact(width)).zip(self.q) {
            for (g, e) in g.iter_mut().zip(e) {
                *g += *q * *e;
            }
        }
    }
}

/// Euclidean length, whatever its factors.
pub(crate) fn length<F: Real>(x: &[F]) -> f64 {
    crate::descent::norm(x)
}
