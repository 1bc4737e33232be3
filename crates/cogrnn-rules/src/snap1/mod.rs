//! SnAp-1: real-time recurrent learning that keeps, of the influence of each weight, that on its own unit
//! (Menick et al. 2021; row of §8.2 of the specification).
//!
//! ```text
//! E_ij(t) = J_ii(t) E_ij(t-1) + gain_i(t) â_j(t)         J_ii = leak_i + gain_i W_ii slope_i(t-1)
//! g_ij    = Σ_t q_i(t) E_ij(t)
//! ```
//! It leaves out what the influence does by way of other units: RFLO's trace with the recurrent part of J_ii, the same
//! as RFLO where no unit projects to itself. Exact where W_rec is diagonal. Memory n m a trial, time n m a step.

use crate::forward::{Influence, Outcome, Sizes, Step, Stepwise, carry, weigh};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Linearise;
use cogrnn_core::real::Real;

/// SnAp-1.
#[derive(Clone, Copy, Debug)]
pub struct Snap1 {
    /// Kernels.
    pub isa: Isa,
}

/// Of one trial.
#[derive(Clone, Debug)]
pub struct Diagonal<F> {
    e: Vec<F>,
    /// J_ii.
    own: Vec<F>,
}

impl Stepwise for Snap1 {}

impl<N: Linearise> Influence<N> for Snap1 {
    type Trace = Diagonal<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, sizes: Sizes) -> Self::Trace {
        Diagonal { e: vec![N::Real::ZERO; sizes.units * sizes.ends], own: vec![N::Real::ZERO; sizes.units] }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.e.fill(N::Real::ZERO);
    }

    fn follow(&self, (): &(), trace: &mut Self::Trace, step: &Step<'_, N>) {
        step.network.jacobian_diagonal(step.plastic, step.gain, step.slope, &mut trace.own);
        carry(self.isa, &trace.own, step.gain, step.ends, &mut trace.e);
    }

    fn assign(&self, (): &(), trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        weigh(self.isa, outcome.blame, &trace.e, g);
    }
}
