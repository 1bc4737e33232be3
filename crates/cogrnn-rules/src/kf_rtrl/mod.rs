//! RTRL with the influence as a Kronecker product, unbiased by random signs: KF-RTRL (Mujika et al. 2018) and its
//! reverse (Marschall, Cho & Savin 2020); §8.2 of the specification.
//!
//! ```text
//! KF-RTRL     M_k,ij ≈ A_j B_ki       A (end), B (unit × unit)              ν0, ν1 ∈ {-1, 1}
//!             A' = ν0 p0 A + ν1 p1 â      B' = ν0 J B / p0 + ν1 diag(gain) / p1
//!             p0 = √(‖J B‖ / ‖A‖)         p1 = √(‖gain‖ / ‖â‖)              g_ij = Σ_t (qᵀ B)_i A_j
//!
//! reverse     M_k,ij ≈ A_i B_kj       A (unit), B (unit × end)              ν ∈ {-1, 1}ⁿ
//!             A' = p0 A + p1 ν            B' = J B / p0 + ν_i gain_i â_j / p1
//!             p0 = √(‖J B‖ / ‖A‖)         p1 = √(‖ν ∘ M̄‖ / ‖ν‖)             g_ij = Σ_t A_i (qᵀ B)_j
//! ```
//! Averaged over the signs both are RTRL at every step. A and B begin at 0; a ratio of nothings counts as 1.
//! Memory n² (KF-RTRL), n m (reverse) a trial; time n³ a step for both: the product J B.

use crate::forward::{Influence, Outcome, Signs, Sizes, Step, Stepwise, length};
use crate::uoro::balance;
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::padded;
use cogrnn_core::kernels::product::{Packed, dots};
use cogrnn_core::network::Linearise;
use cogrnn_core::real::Real;

/// KF-RTRL.
#[derive(Clone, Debug)]
pub struct KfRtrl {
    /// ν0 and ν1.
    pub signs: Signs,
    /// Kernels.
    pub isa: Isa,
}

/// Reverse KF-RTRL.
#[derive(Clone, Debug)]
pub struct ReverseKfRtrl {
    /// ν.
    pub signs: Signs,
    /// Kernels.
    pub isa: Isa,
}

/// The two factors of one trial.
#[derive(Clone, Debug)]
pub struct Kronecker<F> {
    units: usize,
    a: Vec<F>,
    /// B transposed, one padded row (of all k) a column of B.
    b: Aligned<F>,
    next: Aligned<F>,
    jacobian: Vec<F>,
    packed: Packed<F>,
    signs: Vec<F>,
    /// q, padded.
    blame: Aligned<F>,
    sums: Vec<F>,
}

impl<F: Real> Kronecker<F> {
    fn new(units: usize, a: usize, columns: usize, signs: usize, isa: Isa) -> Kronecker<F> {
        let room = columns * padded(units);
        Kronecker {
            units,
            a: vec![F::ZERO; a],
            b: Aligned::zeros(room),
            next: Aligned::zeros(room),
            jacobian: vec![F::ZERO; units * units],
            packed: Packed::new(units, units, isa),
            signs: vec![F::ZERO; signs],
            blame: Aligned::zeros(padded(units)),
            sums: vec![F::ZERO; columns],
        }
    }

    fn reset(&mut self) {
        self.a.fill(F::ZERO);
        self.b.fill(F::ZERO);
    }

    /// `next` = J B.
    fn advance<N: Linearise<Real = F>>(&mut self, step: &Step<'_, N>) {
        let width = padded(self.units);
        step.network.jacobian(step.plastic, step.gain, step.slope, &mut self.jacobian);
        self.packed.set_columns(0, &self.jacobian, self.units);
        self.packed.multiply(self.b.len() / width, &self.b, width, &mut self.next, width, false);
    }

    /// qᵀ B.
    fn project(&mut self, isa: Isa, blame: &[F]) {
        let width = padded(self.units);
        self.blame[..self.units].copy_from_slice(blame);
        dots(isa, self.sums.len(), &self.b, width, &self.blame, width, &[F::ZERO], &mut self.sums);
    }
}

impl Stepwise for KfRtrl {}

impl<N: Linearise> Influence<N> for KfRtrl {
    type Trace = Kronecker<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, Sizes { units, ends, .. }: Sizes) -> Self::Trace {
        Kronecker::new(units, ends, units, 2, self.isa)
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.reset();
    }

    fn follow(&self, (): &(), trace: &mut Self::Trace, step: &Step<'_, N>) {
        trace.advance(step);
        let Kronecker { units, a, b, next, signs, .. } = trace;
        self.signs.fill(step.trial, step.t, signs);
        let p0 = N::Real::from_f64(balance(length(next), length(a)));
        let p1 = N::Real::from_f64(balance(length(step.gain), length(step.ends)));
        for (a, end) in a.iter_mut().zip(step.ends) {
            *a = signs[0] * p0 * *a + signs[1] * p1 * *end;
        }
        let (old, new) = (signs[0] / p0, signs[1] / p1);
        for (b, next) in b.iter_mut().zip(&**next) {
            *b = old * *next;
        }
        for (i, (row, gain)) in b.chunks_exact_mut(padded(*units)).zip(step.gain).enumerate() {
            row[i] += new * *gain;
        }
    }

    fn assign(&self, (): &(), trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        trace.project(self.isa, outcome.blame);
        for (g, q) in g.chunks_exact_mut(trace.a.len()).zip(&trace.sums) {
            for (g, a) in g.iter_mut().zip(&trace.a) {
                *g += *q * *a;
            }
        }
    }
}

impl Stepwise for ReverseKfRtrl {}

impl<N: Linearise> Influence<N> for ReverseKfRtrl {
    type Trace = Kronecker<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, Sizes { units, ends, .. }: Sizes) -> Self::Trace {
        Kronecker::new(units, units, ends, units, self.isa)
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.reset();
    }

    fn follow(&self, (): &(), trace: &mut Self::Trace, step: &Step<'_, N>) {
        trace.advance(step);
        let Kronecker { units, a, b, next, signs, .. } = trace;
        self.signs.fill(step.trial, step.t, signs);
        let p0 = N::Real::from_f64(balance(length(next), length(a)));
        // Signs change no length.
        let p1 = N::Real::from_f64(balance(length(step.gain) * length(step.ends), length(signs)));
        for (a, sign) in a.iter_mut().zip(&*signs) {
            *a = p0 * *a + p1 * *sign;
        }
        let width = padded(*units);
        for ((row, next), end) in b.chunks_exact_mut(width).zip(next.chunks_exact(width)).zip(step.ends) {
            for (b, next) in row.iter_mut().zip(next) {
                *b = *next / p0;
            }
            for ((b, gain), sign) in row.iter_mut().zip(step.gain).zip(&*signs) {
                *b += *sign * *gain * *end / p1;
            }
        }
    }

    fn assign(&self, (): &(), trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        trace.project(self.isa, outcome.blame);
        for (g, a) in g.chunks_exact_mut(trace.sums.len()).zip(&trace.a) {
            for (g, q) in g.iter_mut().zip(&trace.sums) {
                *g += *a * *q;
            }
        }
    }
}
