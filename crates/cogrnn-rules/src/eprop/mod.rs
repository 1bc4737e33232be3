//! e-prop for leaky rate units (Bellec et al. 2020, with the surrogate derivative replaced by φ').
//!
//! ```text
//! p_ij(t) = leak_i p_ij(t-1) + gain_i(t) â_j(t)
//! f_ij(t) = κ f_ij(t-1) + (1-κ) p_ij(t)                  the filter F_κ of a leaky readout
//! g_ij    = Σ_t q_i(t) f_ij(t)                            q = slope ∘ (B e)
//! ```
//! At κ = 0 it is RFLO. A readout that does not leak, as the rate network's, has κ = 0; a longer κ weighs
//! what a synapse did earlier more than the gradient does. Memory 2 n m a trial (n m at κ = 0), time n m a step.

use crate::forward::{Influence, Outcome, Sizes, Step, Stepwise, carry, weigh};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Local;
use cogrnn_core::real::Real;

/// e-prop.
#[derive(Clone, Copy, Debug)]
pub struct Eprop {
    /// κ, what is left of the filtered eligibility after a step.
    pub kappa: f64,
    /// Kernels.
    pub isa: Isa,
}

/// Eligibilities of one trial.
#[derive(Clone, Debug)]
pub struct Eligibilities<F> {
    p: Vec<F>,
    /// Filtered; empty at κ = 0.
    f: Vec<F>,
}

impl Stepwise for Eprop {}

impl<N: Local> Influence<N> for Eprop {
    type Trace = Eligibilities<N::Real>;
    type Memory = ();

    fn memory(&self, _: &N, _: Sizes) {}

    fn trace(&self, sizes: Sizes) -> Self::Trace {
        let p = vec![N::Real::ZERO; sizes.units * sizes.ends];
        Eligibilities { f: if self.kappa > 0.0 { p.clone() } else { Vec::new() }, p }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.p.fill(N::Real::ZERO);
        trace.f.fill(N::Real::ZERO);
    }

    fn follow(&self, (): &(), trace: &mut Self::Trace, step: &Step<'_, N>) {
        carry(self.isa, step.network.leak(), step.gain, step.ends, &mut trace.p);
        let (keep, take) = (N::Real::from_f64(self.kappa), N::Real::from_f64(1.0 - self.kappa));
        for (f, p) in trace.f.iter_mut().zip(&trace.p) {
            *f = keep * *f + take * *p;
        }
    }

    fn assign(&self, (): &(), trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]) {
        weigh(self.isa, outcome.blame, if trace.f.is_empty() { &trace.p } else { &trace.f }, g);
    }
}
