//! UORO: the influence as one outer product, unbiased by random signs (Tallec & Ollivier 2018; §8.2 of the
//! specification).
//!
//! ```text
//! M_k,ij ≈ A_k B_ij         A (unit), B (unit × end)                 ν_i ∈ {-1, 1}
//! A' = p0 J A + p1 ν        B'_ij = B_ij / p0 + ν_i gain_i â_j / p1
//! p0 = √(‖B‖ / ‖J A‖)       p1 = √(‖ν ∘ M̄‖ / ‖ν‖)
//! g_ij = Σ_t (q · A) B_ij
//! ```
//! Averaged over the signs it is RTRL, at every step; a single one is far from it, and in the long run its variance grows.
//! A and B begin at 0 (a start at random adds variance and nothing else); a ratio of nothings counts as 1.
//! Memory n m a trial, time n² + n m a step.

use crate::forward::{Influence, Outcome, Signs, Sizes, Step, Stepwise, length};
use cogrnn_core::network::Linearise;
use cogrnn_core::real::Real;

/// UORO.
#[derive(Clone, Debug)]
pub struct Uoro {
    /// ν.
    pub signs: Signs,
}

/// The two factors of one trial.
#[derive(Clone, Debug)]
pub struct Factors<F> {
    pub(crate) a: Vec<F>,
    pub(crate) b: Vec<F>,
    pub(crate) next: Vec<F>,
    pub(crate) jacobian: Vec<F>,
    pub(crate) signs: Vec<F>,
}

/// √(above / below), 1 where either is nothing.
pub(crate) fn balance(above: f64, below: f64) -> f64 {
    if above > 0.0 && below > 0.0 { (above / below).sqrt() } else { 1.0 }
}

/// Σ_l row_l x_l of each row.
pub(crate) fn times<F: Real>(matrix: &[F], x: &[F], out: &mut [F]) {
    for (out, row) in out.iter_mut().zip(matrix.chunks_exact(x.len())) {
        *out = row.iter().zip(x).fold(F::ZERO, |sum, (w, x)| sum + *w * *x);
    }
}

impl Stepwise for Uoro {}

impl<N: Linearise> Influence<N> for Uoro {
    type Trace = Factors<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, Sizes { units, ends, .. }: Sizes) -> Self::Trace {
        let zeros = |n| vec![N::Real::ZERO; n];
        Factors {
            a: zeros(units),
            b: zeros(units * ends),
            next: zeros(units),
            jacobian: zeros(units * units),
            signs: zeros(units),
        }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.a.fill(N::Real::ZERO);
        trace.b.fill(N::Real::ZERO);
    }

    fn follow(&self, (): &(), trace: &mut Self::Trace, step: &Step<'_, N>) {
        let Factors { a, b, next, jacobian, signs } = trace;
        step.network.jacobian(step.plastic, step.gain, step.slope, jacobian);
        times(jacobian, a, next);
        self.signs.fill(step.trial, step.t, signs);
        // Signs change no length.
        let immediate = length(step.gain) * length(step.ends);
        let p0 = balance(length(b), length(next));
        let p1 = balance(immediate, length(signs));
        let (p0, p1) = (N::Real::from_f64(p0), N::Real::from_f64(p1));
        for ((a, next), sign) in a.iter_mut().zip(next).zip(&*signs) {
            *a = p0 * *next + p1 * *sign;
        }
        for ((row, gain), sign) in b.chunks_exact_mut(step.ends.len()).zip(step.gain).zip(&*signs) {
            let gain = *sign * *gain / p1;
            for (b, end) in row.iter_mut().zip(step.ends) {
                *b = *b / p0 + gain * *end;
            }
        }
    }

    fn assign(&self, (): &(), trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        let along = outcome.blame.iter().zip(&trace.a).fold(N::Real::ZERO, |sum, (q, a)| sum + *q * *a);
        for (g, b) in g.iter_mut().zip(&trace.b) {
            *g += along * *b;
        }
    }
}
