//! Gradient descent: an estimator, what the weights cost, clipping, and an optimiser.
//!
//! ```text
//! g_θ = pull-back(g_W) + penalties
//! |g| not a number or > 1e10:  g ← 0, g_rec ← 0.02 θ_rec        (the guard, if asked for)
//! |g| > G:                     g ← g G / |g|                    (eq. 21)
//! θ ← optimiser(g), then W
//! ```

use crate::optimisers::Optimiser;
use crate::penalties::WeightPenalty;
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{History, Network, Room};
use cogrnn_core::params::{Arena, Pack, Parameters, Plastic};
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Estimator, Learned, Moment, Rule};

/// A rule made of an estimator and an optimiser, applied after each batch of trials.
#[derive(Debug)]
pub struct Descent<E, F> {
    /// What tells the gradient.
    pub estimator: E,
    /// What follows it.
    pub optimiser: Box<dyn Optimiser<F>>,
    /// What the weights cost.
    pub penalties: Vec<Box<dyn WeightPenalty<F>>>,
    /// G, the longest gradient that is followed; `None` follows any.
    pub clip: Option<f64>,
    /// Whether a gradient that is no number is replaced by 0.02 θ_rec (Song et al. 2016, code).
    pub guard: bool,
}

/// Puts an optimiser behind an estimator.
pub trait With: Sized {
    /// A rule that follows this estimator's gradient.
    fn with<F>(self, optimiser: impl Optimiser<F> + 'static) -> Descent<Self, F> {
        Descent { estimator: self, optimiser: Box::new(optimiser), penalties: Vec::new(), clip: None, guard: false }
    }
}

/// What lasts from update to update.
#[derive(Clone, Debug)]
pub struct Memory<F> {
    updates: u64,
    optimiser: Vec<Vec<F>>,
    gradient: Arena<F>,
}

impl<F: Real> Memory<F> {
    /// The gradient of the last update with respect to θ, after clipping.
    pub fn gradient(&self) -> &Arena<F> {
        &self.gradient
    }
}

impl<E, F: Real> Descent<E, F> {
    /// Turns a gradient with respect to the weights into the one that is followed. Returns its length
    /// before clipping, and whether the guard stepped in.
    fn finish_gradient<P: Pack<F>>(&self, plastic: &Parameters<F, P>, gradient: &mut Arena<F>) -> (f64, bool) {
        plastic.wiring().pull_back(plastic.theta().data(), gradient.data_mut());
        for penalty in &self.penalties {
            penalty.add_gradient(plastic.theta(), gradient);
        }
        // Frozen entries stay where they are, whatever they cost.
        if !self.penalties.is_empty() {
            for (block, g) in gradient.split_mut() {
                for (g, m) in g.iter_mut().zip(&plastic.wiring().plastic()[block.range()]) {
                    *g *= *m;
                }
            }
        }
        let norm = norm(gradient.data());
        // Song et al. 2016, code (sgd.py): bounds of the guard
        if self.guard && !(0.0..=1e10).contains(&norm) {
            gradient.data_mut().fill(F::ZERO);
            for (g, w) in gradient.block_mut("w_rec").iter_mut().zip(plastic.theta().block("w_rec")) {
                *g = F::from_f64(0.02) * *w;
            }
            return (norm, true);
        }
        if let Some(most) = self.clip.filter(|most| norm > *most) {
            let factor = F::from_f64(most / norm);
            for g in gradient.data_mut() {
                *g *= factor;
            }
        }
        (norm, false)
    }
}

/// Euclidean length, added up in sixteen chains of double precision in a fixed order.
fn norm<F: Real>(x: &[F]) -> f64 {
    let mut sums = [0.0f64; 16];
    let (whole, rest) = x.as_chunks::<16>();
    for chunk in whole {
        for (s, x) in sums.iter_mut().zip(chunk) {
            let x = x.to_f64();
            *s += x * x;
        }
    }
    let tail: f64 = rest.iter().map(|x| x.to_f64() * x.to_f64()).sum();
    (sums.iter().sum::<f64>() + tail).sqrt()
}

impl<N: Network, E: Estimator<N>> Rule<N> for Descent<E, N::Real> {
    type Trace = E::Trace;
    type Memory = Memory<N::Real>;
    const HISTORY: History = E::HISTORY;

    fn trace(&self, network: &N, room: &Room) -> Result<E::Trace> {
        self.estimator.trace(network, room)
    }

    fn memory(&self, _: &N, plastic: &Plastic<N>) -> Self::Memory {
        let zeros = Arena::zeros_like(plastic.theta());
        let optimiser = self.optimiser.memory().iter().map(|_| zeros.data().to_vec()).collect();
        Memory { updates: 0, optimiser, gradient: zeros }
    }

    fn begin(&self, trace: &mut E::Trace, batch: &Batch<N::Real>) {
        self.estimator.begin(trace, batch);
    }

    fn learn(&self, trace: &mut E::Trace, now: &Moment<'_, N>) {
        self.estimator.learn(trace, now);
    }

    fn settle(&self, network: &N, plastic: &Plastic<N>, desk: &mut Desk<N, E::Trace>) {
        self.estimator.settle(network, plastic, desk);
    }

    fn update(
        &self,
        network: &N,
        memory: &mut Self::Memory,
        plastic: &mut Plastic<N>,
        desks: &mut [Desk<N, E::Trace>],
        crew: &Crew,
    ) -> Learned {
        let Memory { updates, optimiser, gradient } = memory;
        gradient.data_mut().fill(N::Real::ZERO);
        let omega = self.estimator.gradient(network, plastic, desks, crew, gradient);
        let (gradient_norm, guarded) = self.finish_gradient(plastic, gradient);
        // A gradient that is no number would ruin the weights that its reader wants to look at.
        if gradient_norm.is_finite() || guarded {
            plastic.change(|theta, _| self.optimiser.apply(*updates, optimiser, gradient.data(), theta.data_mut()));
            *updates += 1;
        }
        Learned { omega, gradient_norm, guarded }
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        self.optimiser.memory().iter().map(|name| (*name).to_string()).zip(memory.optimiser.iter().cloned()).collect()
    }

    fn restore(&self, memory: &mut Self::Memory, updates: u64, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        memory.updates = updates;
        for (name, array) in self.optimiser.memory().iter().zip(&mut memory.optimiser) {
            let found = saved.iter().find(|(n, a)| n == name && a.len() == array.len());
            let Some((_, values)) = found else {
                return Err(Error::input(format!("the checkpoint lacks the optimiser's `{name}`"))
                    .why("it was written by another optimiser, or by a network of another size")
                    .remedy("resume with the experiment that it was written by"));
            };
            array.copy_from_slice(values);
        }
        Ok(())
    }
}
