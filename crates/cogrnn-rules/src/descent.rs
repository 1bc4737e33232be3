//! Gradient descent: an estimator, what the weights cost, clipping, and an optimiser.
//!
//! ```text
//! g_θ = pull-back(g_W) + penalties
//! |g| not a number or > 1e10:  g ← 0, g_rec ← 0.02 θ_rec        (the guard, if asked for)
//! |g| > G:                     g ← g G / |g|                    (eq. 21)
//! θ ← θ + k (optimiser(g) - θ), then W          k: 1, or what a block of weights learns faster or slower by
//! |Δθ| ≤ c                                      each one by itself, if asked for
//! ```
//! Random feedback weights B may follow the readout ([`Feeding`]), so that errors come to the units as the gradient has it:
//!
//! ```text
//! W ← W + ΔW - λ W        B ← B + ΔWᵀ - λ B        so that  W - Bᵀ ← (1-λ) (W - Bᵀ)      (Kolen & Pollack 1994)
//! ```
//! Both change by what readout and unit have at hand; neither sees the other's weights. [`Descent`] does so after each batch of trials; [`EachStep`] after each step of them, with the gradient of that step
//! alone, where the estimator has it by then ([`Online`]).

use crate::optimisers::{Count, Optimiser};
use crate::penalties::WeightPenalty;
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{History, Network, Room};
use cogrnn_core::params::{Arena, Block, Pack, Parameters, Plastic};
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Estimator, Learned, Moment, Online, Rule};

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
    /// Blocks that learn at another rate than the optimiser's, and by what it is multiplied; 0 leaves them as they are.
    pub rates: Vec<(&'static str, f64)>,
    /// What becomes of feedback weights.
    pub feeding: Feeding,
    /// c, the largest change of one parameter; `None` makes any.
    pub most: Option<f64>,
}

/// What becomes of weights by which errors reach the units, where they are not those of the readout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Feeding {
    /// Each has the sign that its readout weight has at the beginning.
    pub concordant: bool,
    /// λ, what they and the readout lose with every change, where they follow it; `None`: they stay as they are.
    pub decay: Option<f64>,
}

impl Feeding {
    /// Whether they are other than they were drawn.
    fn matters(self) -> bool {
        self != Feeding::default()
    }
}

/// The same, applied after each step.
#[derive(Debug)]
pub struct EachStep<E, F>(pub Descent<E, F>);

/// Puts an optimiser behind an estimator.
pub trait With: Sized {
    /// A rule that follows this estimator's gradient.
    fn with<F>(self, optimiser: impl Optimiser<F> + 'static) -> Descent<Self, F> {
        Descent {
            estimator: self,
            optimiser: Box::new(optimiser),
            penalties: Vec::new(),
            clip: None,
            guard: false,
            rates: Vec::new(),
            feeding: Feeding::default(),
            most: None,
        }
    }
}

/// What lasts from update to update.
#[derive(Clone, Debug)]
pub struct Memory<F, M> {
    count: Count,
    optimiser: Vec<Vec<F>>,
    gradient: Arena<F>,
    /// θ before a change, where blocks learn at rates of their own.
    before: Vec<F>,
    /// Length of the longest gradient of the steps of these trials.
    longest: f64,
    guarded: bool,
    /// Parameters whose last change was cut short, among those that were to change.
    cut: [usize; 2],
    estimator: M,
}

impl<F: Real, M> Memory<F, M> {
    /// The gradient of the last change with respect to θ, after clipping.
    pub fn gradient(&self) -> &Arena<F> {
        &self.gradient
    }

    /// What the estimator remembers.
    pub fn estimator(&self) -> &M {
        &self.estimator
    }

    /// The share of changes that were cut short since it was last asked for.
    fn share_cut(&mut self) -> f64 {
        let [cut, changes] = std::mem::take(&mut self.cut);
        cut as f64 / changes.max(1) as f64
    }
}

impl<E, F: Real> Descent<E, F> {
    /// Changes θ by the gradient in memory. Returns its length before clipping, and whether the guard stepped in.
    fn follow<P: Pack<F>, M>(&self, plastic: &mut Parameters<F, P>, memory: &mut Memory<F, M>) -> (f64, bool) {
        let Memory { count, optimiser, gradient, before, cut, .. } = memory;
        let (norm, guarded) = self.finish_gradient(plastic, gradient);
        // A gradient that is no number would ruin the weights that its reader wants to look at.
        if norm.is_finite() || guarded {
            plastic.change(|theta, _| {
                if self.looks_back() {
                    before.clear();
                    before.extend_from_slice(theta.data());
                }
                self.optimiser.apply(*count, optimiser, gradient.data(), theta.data_mut());
                for (name, factor) in &self.rates {
                    let Some(range) = theta.find(name).map(Block::range) else { continue };
                    let factor = F::from_f64(*factor);
                    for (w, old) in theta.data_mut()[range.clone()].iter_mut().zip(&before[range]) {
                        *w = if factor == F::ZERO { *old } else { factor.fma(*w - *old, *old) };
                    }
                }
                if let Some(most) = self.most.map(F::from_f64) {
                    for (w, old) in theta.data_mut().iter_mut().zip(&*before) {
                        let change = *w - *old;
                        cut[1] += usize::from(change != F::ZERO);
                        if change > most || change < -most {
                            *w = if change > most { *old + most } else { *old - most };
                            cut[0] += 1;
                        }
                    }
                }
                if let Some((lost, range)) = self.feeding.decay.zip(theta.find("w_out").map(Block::range)) {
                    let lost = F::from_f64(-lost);
                    for (w, old) in theta.data_mut()[range.clone()].iter_mut().zip(&before[range]) {
                        *w = lost.fma(*old, *w);
                    }
                }
            });
            count.changes += 1;
        }
        (norm, guarded)
    }

    /// Whether a change needs to know what there was before.
    fn looks_back(&self) -> bool {
        !self.rates.is_empty() || self.feeding.decay.is_some() || self.most.is_some()
    }

    /// Changes θ, and lets feedback weights (output × unit) follow the readout.
    fn follow_and_feed<N: Network<Real = F>>(
        &self,
        plastic: &mut Plastic<N>,
        memory: &mut Memory<F, E::Memory>,
    ) -> (f64, bool)
    where
        E: Estimator<N>,
    {
        let Some(decay) = self.feeding.decay else { return self.follow(plastic, memory) };
        let changes = memory.count.changes;
        let w_out: Vec<F> = plastic.weights().block("w_out").to_vec();
        let told = self.follow(plastic, memory);
        let range = plastic.theta().find("w_out").map(Block::range);
        if let (Some(range), Some(b)) = (range, self.estimator.feedback(&mut memory.estimator))
            && memory.count.changes > changes
        {
            let kept = F::from_f64(1.0 - decay);
            let all =
                b.iter_mut().zip(&w_out).zip(plastic.weights().block("w_out")).zip(&plastic.wiring().plastic()[range]);
            for (((b, old), new), _) in all.filter(|(_, plastic)| **plastic != F::ZERO) {
                *b = kept.fma(*b - *old, *new);
            }
        }
        told
    }

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

impl<N: Network, E: Estimator<N>> Rule<N> for Descent<E, N::Real> {
    type Trace = E::Trace;
    type Memory = Memory<N::Real, E::Memory>;
    const HISTORY: History = E::HISTORY;

    fn trace(&self, network: &N, room: &Room) -> Result<E::Trace> {
        self.estimator.trace(network, room)
    }

    fn memory(&self, network: &N, plastic: &Plastic<N>) -> Self::Memory {
        let zeros = Arena::zeros_like(plastic.theta());
        let optimiser = self.optimiser.memory().iter().map(|_| zeros.data().to_vec()).collect();
        let mut estimator = self.estimator.memory(network, plastic);
        if let Some(b) = self.estimator.feedback(&mut estimator).filter(|_| self.feeding.concordant) {
            for (b, w) in b.iter_mut().zip(plastic.weights().block("w_out")) {
                *b = if *w < N::Real::ZERO { -b.abs() } else { b.abs() };
            }
        }
        Memory {
            count: Count::default(),
            optimiser,
            before: Vec::with_capacity(if self.looks_back() { zeros.data().len() } else { 0 }),
            gradient: zeros,
            longest: 0.0,
            guarded: false,
            cut: [0; 2],
            estimator,
        }
    }

    fn begin(&self, memory: &Self::Memory, trace: &mut E::Trace, batch: &Batch<N::Real>) {
        self.estimator.begin(&memory.estimator, trace, batch);
    }

    fn learn(&self, memory: &Self::Memory, trace: &mut E::Trace, now: &Moment<'_, N>) {
        self.estimator.learn(&memory.estimator, trace, now);
    }

    fn settle(&self, network: &N, plastic: &Plastic<N>, memory: &Self::Memory, desk: &mut Desk<N, E::Trace>) {
        self.estimator.settle(network, plastic, &memory.estimator, desk);
    }

    fn update(
        &self,
        network: &N,
        memory: &mut Self::Memory,
        plastic: &mut Plastic<N>,
        desks: &mut [Desk<N, E::Trace>],
        crew: &Crew,
    ) -> Learned {
        memory.gradient.data_mut().fill(N::Real::ZERO);
        let Memory { gradient, estimator, .. } = memory;
        let omega = self.estimator.gradient(network, plastic, estimator, desks, crew, gradient);
        let (gradient_norm, guarded) = self.follow_and_feed::<N>(plastic, memory);
        if gradient_norm.is_finite() || guarded {
            memory.count.updates += 1;
        }
        Learned { omega, gradient_norm, guarded, cut: memory.share_cut() }
    }

    fn last_gradient<'m>(&self, memory: &'m Self::Memory) -> Option<&'m Arena<N::Real>> {
        Some(&memory.gradient)
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        let optimiser = self.optimiser.memory().iter().map(|name| (*name).to_string());
        let mut all: Vec<_> = optimiser.zip(memory.optimiser.iter().cloned()).collect();
        all.extend(self.estimator.save(&memory.estimator));
        if let Some(b) = self.estimator.feeding(&memory.estimator).filter(|_| self.feeding.matters()) {
            all.push((FEEDBACK.into(), b.to_vec()));
        }
        all
    }

    fn restore(&self, memory: &mut Self::Memory, updates: u64, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        memory.count = Count { updates, changes: updates };
        for (name, array) in self.optimiser.memory().iter().zip(&mut memory.optimiser) {
            take_up(name, array, saved)?;
        }
        if let Some(b) = self.estimator.feedback(&mut memory.estimator).filter(|_| self.feeding.matters()) {
            take_up(FEEDBACK, b, saved)?;
        }
        self.estimator.restore(&mut memory.estimator, saved)
    }
}

/// Feedback weights (output × unit) in a checkpoint.
pub const FEEDBACK: &str = "feedback";

/// Takes an array of this name and length out of a checkpoint.
///
/// # Errors
/// If there is none.
pub(crate) fn take_up<F: Real>(name: &str, array: &mut [F], saved: &[(String, Vec<F>)]) -> Result<()> {
    let found = saved.iter().find(|(n, a)| n == name && a.len() == array.len());
    let Some((_, values)) = found else {
        return Err(Error::input(format!("the checkpoint lacks the rule's `{name}`"))
            .why("it was written by another rule or optimiser, or by a network of another size")
            .remedy("resume with the experiment that it was written by"));
    };
    array.copy_from_slice(values);
    Ok(())
}

/// A count in numbers that even a small float holds to the last digit.
const DIGIT: u64 = 1 << 20;

impl<N: Network, E: Online<N>> Rule<N> for EachStep<E, N::Real> {
    type Trace = E::Trace;
    type Memory = Memory<N::Real, E::Memory>;
    const HISTORY: History = E::HISTORY;
    const ONLINE: bool = true;

    fn trace(&self, network: &N, room: &Room) -> Result<E::Trace> {
        self.0.trace(network, room)
    }

    fn memory(&self, network: &N, plastic: &Plastic<N>) -> Self::Memory {
        self.0.memory(network, plastic)
    }

    fn begin(&self, memory: &Self::Memory, trace: &mut E::Trace, batch: &Batch<N::Real>) {
        self.0.estimator.begin(&memory.estimator, trace, batch);
    }

    fn learn(&self, memory: &Self::Memory, trace: &mut E::Trace, now: &Moment<'_, N>) {
        self.0.estimator.learn(&memory.estimator, trace, now);
    }

    fn advance(
        &self,
        _: &N,
        memory: &mut Self::Memory,
        plastic: &mut Plastic<N>,
        _: &mut N::State,
        trace: &mut E::Trace,
    ) {
        // After a gradient that was no number the weights stay as they are, for its reader to look at.
        if !(memory.longest.is_finite() || memory.guarded) {
            return;
        }
        memory.gradient.data_mut().fill(N::Real::ZERO);
        let Memory { gradient, estimator, .. } = memory;
        self.0.estimator.step_gradient(estimator, trace, gradient);
        let (norm, guarded) = self.0.follow_and_feed::<N>(plastic, memory);
        memory.guarded |= guarded;
        memory.longest = if norm.is_finite() { memory.longest.max(norm) } else { norm };
    }

    fn update(
        &self,
        _: &N,
        memory: &mut Self::Memory,
        _: &mut Plastic<N>,
        _: &mut [Desk<N, E::Trace>],
        _: &Crew,
    ) -> Learned {
        memory.count.updates += 1;
        let guarded = std::mem::take(&mut memory.guarded);
        let gradient_norm = std::mem::take(&mut memory.longest);
        Learned { omega: None, gradient_norm, guarded, cut: memory.share_cut() }
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        let mut all = Rule::<N>::save(&self.0, memory);
        let n = memory.count.changes;
        let digits = [n % DIGIT, n / DIGIT % DIGIT, n / DIGIT / DIGIT];
        all.push(("changes".into(), digits.map(|d| N::Real::from_f64(d as f64)).into()));
        all
    }

    fn restore(&self, memory: &mut Self::Memory, updates: u64, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        Rule::<N>::restore(&self.0, memory, updates, saved)?;
        let mut digits = [N::Real::ZERO; 3];
        take_up("changes", &mut digits, saved)?;
        let [low, middle, high] = digits.map(|d| d.to_f64() as u64);
        memory.count.changes = low + DIGIT * (middle + DIGIT * high);
        Ok(())
    }
}

/// Euclidean length, added up in sixteen chains of double precision in a fixed order.
pub(crate) fn norm<F: Real>(x: &[F]) -> f64 {
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
