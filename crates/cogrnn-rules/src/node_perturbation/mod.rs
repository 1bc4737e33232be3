//! Node perturbation, a REINFORCE rule: what the units' own noise did, weighed by how well the trial went
//! (Williams 1992; §3.6 and §8.2 of the specification).
//!
//! ```text
//! e_ij = Σ_t score_i(t) â_j(t)          score_i = ∂ log p(step) / ∂ (input current of i) = noise / its variance, …
//! g_ij = (L - L̄) e_ij                   L of the trial, L̄ a running mean over batches
//! ```
//! Over the noise it is an unbiased estimate of the gradient of the expected loss, from one number a trial; its
//! variance grows with units and steps and falls with the noise. W_out and b_out follow their own error (a
//! delta rule), as in the paper's other rules. It needs units with noise of their own, and knows its gradient at the
//! end of a trial only. Nothing is learnt from the first batch, which sets L̄. Memory and time n m.

use crate::descent::take_up;
use crate::forward::{Influence, Outcome, Sizes, Step};
use cogrnn_core::error::Result;
use cogrnn_core::network::{Local, Perturb};
use cogrnn_core::real::Real;

/// Node perturbation.
#[derive(Clone, Copy, Debug)]
pub struct NodePerturbation {
    /// What is left of L̄ after a batch.
    pub keep: f64,
}

/// Of one trial.
#[derive(Clone, Debug)]
pub struct Explored<F> {
    e: Vec<F>,
    score: Vec<F>,
}

impl<N: Local + Perturb> Influence<N> for NodePerturbation {
    type Trace = Explored<N::Real>;
    /// L̄; no number before the first batch.
    type Memory = [N::Real; 1];

    fn memory(&self, _: &N, _: Sizes) -> Self::Memory {
        [N::Real::from_f64(f64::NAN)]
    }

    fn trace(&self, sizes: Sizes) -> Self::Trace {
        Explored { e: vec![N::Real::ZERO; sizes.units * sizes.ends], score: vec![N::Real::ZERO; sizes.units] }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.e.fill(N::Real::ZERO);
    }

    fn follow(&self, _: &Self::Memory, trace: &mut Self::Trace, step: &Step<'_, N>) {
        if step.t == 0 {
            return;
        }
        step.network.score(step.state, step.t, step.row, &mut trace.score);
        for (row, score) in trace.e.chunks_exact_mut(step.ends.len()).zip(&trace.score) {
            for (e, end) in row.iter_mut().zip(step.ends) {
                *e += *score * *end;
            }
        }
    }

    fn assign(&self, _: &Self::Memory, _: &mut Self::Trace, _: &Outcome<'_, N::Real>, _: &mut [N::Real]) {}

    fn conclude(&self, [expected]: &Self::Memory, trace: &mut Self::Trace, loss: f64, weight: f64, g: &mut [N::Real]) {
        if !expected.is_finite() {
            return;
        }
        let surprise = N::Real::from_f64(loss - expected.to_f64() * weight);
        for (g, e) in g.iter_mut().zip(&trace.e) {
            *g += surprise * *e;
        }
    }

    fn adapted(&self, [expected]: &mut Self::Memory, loss: Option<f64>) {
        let Some(loss) = loss else { return };
        let new = if expected.is_finite() { self.keep * expected.to_f64() + (1.0 - self.keep) * loss } else { loss };
        *expected = N::Real::from_f64(new);
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        vec![("expected_loss".into(), memory.to_vec())]
    }

    fn restore(&self, memory: &mut Self::Memory, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        take_up("expected_loss", memory, saved)
    }
}
