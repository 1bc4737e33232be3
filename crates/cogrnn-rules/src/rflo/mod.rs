//! Random-feedback local online learning (Murray 2019, eqs. 5, 6 and 15 to 17).
//!
//! ```text
//! p_ij(t) = leak_i p_ij(t-1) + gain_i(t) â_j(t)          p(0) = 0
//! g_ij    = Σ_t q_i(t) p_ij(t)                            q = slope ∘ (B e)
//! ```
//! For Murray's network leak = 1-1/τ, gain = φ'(u)/τ, slope = 1; q is then B ε up to the sign and the 1/T of the loss.
//!
//! What it leaves out of the gradient: how other units carry the influence of a synapse on (the sum over k of
//! J_ik M_k for k ≠ i, and of J_ii the recurrent part), and the transposed readout weights, unless feedback is
//! `transposed`. Where W_rec = 0 it is RTRL. It must differ from BPTT as soon as units are connected.
//!
//! Memory n m a trial, time n m a step. With one update a trial the same numbers come cheaper from
//! [`Bptt`](crate::Bptt) without its way back along W_recᵀ: a filter backwards and one product. With an update a step,
//! free weights and plain gradient descent [`InPlace`] does the same in a fraction of the time.

mod in_place;

pub use in_place::InPlace;

use crate::forward::{Influence, Outcome, Sizes, Step, Stepwise, carry, weigh};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Local;

/// RFLO.
#[derive(Clone, Copy, Debug)]
pub struct Rflo {
    /// Kernels.
    pub isa: Isa,
}

impl Stepwise for Rflo {}

impl<N: Local> Influence<N> for Rflo {
    /// p (unit × end).
    type Trace = Vec<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, sizes: Sizes) -> Vec<N::Real> {
        vec![Default::default(); sizes.units * sizes.ends]
    }

    fn reset(&self, p: &mut Vec<N::Real>) {
        p.fill(Default::default());
    }

    fn follow(&self, (): &(), p: &mut Vec<N::Real>, step: &Step<'_, N>) {
        carry(self.isa, step.network.leak(), step.gain, step.ends, p);
    }

    fn assign(&self, (): &(), p: &mut Vec<N::Real>, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        weigh(self.isa, outcome.blame, p, g);
    }
}
