//! Real-time recurrent learning: the exact gradient, forwards in time (Williams & Zipser 1989; Murray 2019, eqs. 3, 4
//! and 10 to 14).
//!
//! ```text
//! M_k,ij(t) = Σ_l J_kl(t) M_l,ij(t-1) + δ_ki gain_i(t) â_j(t)
//! g_ij      = Σ_t Σ_k q_k(t) M_k,ij(t)
//! ```
//! With one update a trial it is BPTT (to rounding); with one a step it follows weights that have moved since the
//! influence was formed, as every online rule does. Memory n² m a trial (n m states of n), time n³ m a step: one
//! product of M with Jᵀ; the immediate term has one entry a row. With random feedback it is BPTT with random feedback.

use crate::forward::{Influence, Outcome, Sizes, Step, Stepwise};
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::padded;
use cogrnn_core::kernels::product::{Packed, dots};
use cogrnn_core::network::Linearise;
use cogrnn_core::real::Real;

/// RTRL.
#[derive(Clone, Copy, Debug)]
pub struct Rtrl {
    /// Kernels.
    pub isa: Isa,
}

/// The whole influence of one trial.
#[derive(Clone, Debug)]
pub struct Whole<F> {
    sizes: Sizes,
    /// M, one row (of all k) a weight ij.
    m: Aligned<F>,
    next: Aligned<F>,
    jacobian: Vec<F>,
    packed: Packed<F>,
    /// q, padded.
    blame: Aligned<F>,
    /// Whether anything has had an influence.
    begun: bool,
    sums: Vec<F>,
}

impl Stepwise for Rtrl {}

impl<N: Linearise> Influence<N> for Rtrl {
    type Trace = Whole<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, sizes: Sizes) -> Self::Trace {
        let Sizes { units, ends, .. } = sizes;
        let room = units * ends * padded(units);
        Whole {
            sizes,
            m: Aligned::zeros(room),
            next: Aligned::zeros(room),
            jacobian: vec![N::Real::ZERO; units * units],
            packed: Packed::new(units, units, self.isa),
            blame: Aligned::zeros(padded(units)),
            begun: false,
            sums: vec![N::Real::ZERO; units * ends],
        }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.begun = false;
    }

    fn follow(&self, (): &(), trace: &mut Self::Trace, step: &Step<'_, N>) {
        let Whole { sizes: Sizes { units, ends, .. }, m, next, jacobian, packed, begun, .. } = trace;
        let width = padded(*units);
        if *begun {
            step.network.jacobian(step.plastic, step.gain, step.slope, jacobian);
            packed.set_columns(0, jacobian, *units);
            packed.multiply(*units * *ends, m, width, next, width, false);
            std::mem::swap(m, next);
        } else {
            m.fill(N::Real::ZERO);
            *begun = true;
        }
        for (i, (rows, gain)) in m.chunks_exact_mut(*ends * width).zip(step.gain).enumerate() {
            for (row, end) in rows.chunks_exact_mut(width).zip(step.ends) {
                row[i] += *gain * *end;
            }
        }
    }

    fn assign(&self, (): &(), trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        let Whole { sizes: Sizes { units, ends, .. }, m, blame, sums, .. } = trace;
        let width = padded(*units);
        blame[..*units].copy_from_slice(outcome.blame);
        dots(self.isa, *units * *ends, m, width, blame, width, &[N::Real::ZERO], sums);
        for (g, sum) in g.iter_mut().zip(sums) {
            *g += *sum;
        }
    }
}
