//! Rules that carry what they need forwards in time, and so know their gradient after every step.
//!
//! With s the state of the network (what leaks: x or r) and W = [W_rec | W_in | b_rec | s_0] in one matrix,
//!
//! ```text
//! M_k,ij(t) = ∂s_k(t) / ∂W_ij                                    the influence
//! M(t) = J(t) M(t-1) + M̄(t)                                      J(t) = ∂s(t) / ∂s(t-1)
//! M̄_k,ij(t) = δ_ki gain_i(t) â_j(t)                              â(t) = [r(t-1) | u(t) | 1 | 0]
//! q_k(t) = slope_k(t) Σ_o F_ko e_o(t)                            e = dL/da, F = W_outᵀ or B
//! g_ij = Σ_t Σ_k q_k(t) M_k,ij(t)        dL/dW_out = Σ_t e rᵀ
//! ```
//! (Murray 2019, eqs. 3, 4 and 10 to 14; Marschall, Cho & Savin 2020.) The initial state is a column of W that acts
//! before the first step alone: gain 1, â = [0 | 0 | 0 | 1]. Rules differ in what they keep of M: each is an
//! [`Influence`], and [`Forward`] does the rest.

pub mod any;
mod signs;
mod sweeps;

pub use any::Any;
pub use signs::Signs;
pub(crate) use sweeps::{carry, length, weigh};

use crate::descent::With;
use crate::penalties::ActivityPenalty;
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{History, Layout, Local, Network, Room, Site, Synapses};
use cogrnn_core::params::{Arena, Plastic};
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Estimator, Moment, Online};
use std::fmt::Debug;

/// Sizes that an influence is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// n, recurrent units.
    pub units: usize,
    /// m, presynaptic ends of a unit: columns of W.
    pub ends: usize,
    /// Outputs.
    pub outputs: usize,
}

/// One step of one trial, as its synapses see it; step 0 is that by which the initial state acts.
pub struct Step<'a, N: Local> {
    /// The network.
    pub network: &'a N,
    /// Its state, with this trial in row `row`.
    pub state: &'a N::State,
    /// Which row.
    pub row: usize,
    /// Its weights.
    pub plastic: &'a Plastic<N>,
    /// The step, from 1; or 0.
    pub t: usize,
    /// The number of the trial in the run.
    pub trial: u64,
    /// â: what arrived at a unit's presynaptic ends.
    pub ends: &'a [N::Real],
    /// How the state of each unit follows its input current.
    pub gain: &'a [N::Real],
    /// How the rate of each unit followed its state a step ago.
    pub slope: &'a [N::Real],
}

/// What is known after a step.
pub struct Outcome<'a, F> {
    /// q: what the error at this step asks of the state of each unit.
    pub blame: &'a [F],
    /// The rates.
    pub rates: &'a [F],
    /// The targets.
    pub targets: &'a [F],
}

/// What a rule keeps of the influence of weights on states.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot follow the sensitivities of a `{N}`",
    label = "this network lacks what the rule needs",
    note = "see the table of rules and networks: `cogrnn table`"
)]
pub trait Influence<N: Local>: Debug + Send + Sync {
    /// Of one trial.
    type Trace: Send + Sync;
    /// Lasts, and is learnt.
    type Memory: Send + Sync;

    /// A fresh memory.
    fn memory(&self, network: &N, sizes: Sizes) -> Self::Memory;
    /// Room for one trial.
    fn trace(&self, sizes: Sizes) -> Self::Trace;
    /// A trial begins: nothing has had any influence.
    fn reset(&self, trace: &mut Self::Trace);
    /// M(t-1) becomes M(t).
    fn follow(&self, memory: &Self::Memory, trace: &mut Self::Trace, step: &Step<'_, N>);
    /// g (unit × end) += Σ_k q_k M_k. It comes after [`follow`](Self::follow), at every step that is learnt from.
    fn assign(&self, memory: &Self::Memory, trace: &mut Self::Trace, outcome: &Outcome<'_, N::Real>, g: &mut [N::Real]);
    /// Whether [`assign`](Self::assign) is of use where there is no error.
    fn always(&self) -> bool {
        false
    }
    /// A trial is over, and cost so much: its share of the loss, and what that would be if every sample cost 1. Adds
    /// to g what only its end shows.
    fn conclude(&self, _memory: &Self::Memory, _trace: &mut Self::Trace, _loss: f64, _weight: f64, _g: &mut [N::Real]) {
    }
    /// Learns what lasts from what a trial has shown since it was last asked; `share`: one of so many trials.
    fn adapt(&self, _memory: &mut Self::Memory, _trace: &mut Self::Trace, _share: f64) {}
    /// All trials have been asked; `loss` is what a sample of them cost on average, once they are over.
    fn adapted(&self, _memory: &mut Self::Memory, _loss: Option<f64>) {}
    /// The memory as named arrays.
    fn save(&self, _memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        Vec::new()
    }
    /// Takes up a saved memory.
    ///
    /// # Errors
    /// If it is that of another rule or network.
    fn restore(&self, _memory: &mut Self::Memory, _saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        Ok(())
    }
}

/// An influence that tells what each step adds to the gradient.
#[diagnostic::on_unimplemented(
    message = "`{Self}` knows its gradient at the end of a trial only",
    label = "weights cannot follow it step by step"
)]
pub trait Stepwise {}

/// An estimator that follows an influence forwards in time.
#[derive(Debug)]
pub struct Forward<I, F> {
    /// What is kept of the influence.
    pub influence: I,
    /// B (unit × output), by which errors reach the units in place of the transposed readout weights.
    pub feedback: Option<Vec<F>>,
    /// What the rates cost.
    pub activity: Vec<Box<dyn ActivityPenalty<F>>>,
    /// Whether the initial state is learnt.
    pub start: bool,
}

impl<I, F> Forward<I, F> {
    /// With the transposed readout weights as feedback, and a learnt initial state.
    pub fn new(influence: I) -> Forward<I, F> {
        Forward { influence, feedback: None, activity: Vec::new(), start: true }
    }

    /// With fixed feedback weights B (unit × output).
    #[must_use]
    pub fn with_feedback(mut self, b: Vec<F>) -> Forward<I, F> {
        self.feedback = Some(b);
        self
    }
}

impl<I, F> With for Forward<I, F> {}

/// Where the columns of W are among the weights.
#[derive(Clone, Debug)]
struct Wires {
    sizes: Sizes,
    /// Bundles that end at units, and their first columns.
    recurrent: Vec<(Synapses, usize)>,
    /// W_out and b_out.
    readout: Synapses,
    bias: Option<Synapses>,
}

impl Wires {
    fn of<N: Network>(network: &N, start: bool) -> Result<Wires> {
        let shape = network.shape();
        let all = network.synapses();
        if all.iter().any(|s| s.layout != Layout::Dense) {
            return Err(Error::input(format!("the weights of a `{}` are not whole matrices", N::NAME))
                .why("rules that carry sensitivities forwards keep one number a pair of ends")
                .remedy("train it with `bptt`, or with `rls`"));
        }
        let mut ends = 0;
        let mut recurrent = Vec::new();
        for site in [Site::Units, Site::Inputs, Site::Constant, Site::Start] {
            if site == Site::Start && !start {
                continue;
            }
            for synapses in all.iter().filter(|s| s.from == site && s.to == Site::Units) {
                recurrent.push((synapses.clone(), ends));
                ends += synapses.weights.len() / shape.units;
            }
        }
        let to_outputs = |site| all.iter().find(|s| s.from == site && s.to == Site::Outputs).cloned();
        let Some(readout) = to_outputs(Site::Units) else {
            return Err(Error::input(format!("a `{}` has no readout", N::NAME))
                .why("errors reach its units by way of the readout")
                .remedy("train a network with outputs"));
        };
        let sizes = Sizes { units: shape.units, ends, outputs: shape.outputs };
        Ok(Wires { sizes, recurrent, readout, bias: to_outputs(Site::Constant) })
    }

    /// Adds g (unit × end) to the gradient of all weights.
    fn scatter<F: Real>(&self, g: &[F], gradient: &mut [F]) {
        let Sizes { units, ends, .. } = self.sizes;
        for (synapses, at) in &self.recurrent {
            let count = synapses.weights.len() / units;
            if count == 0 {
                continue;
            }
            let rows = gradient[synapses.weights.clone()].chunks_exact_mut(count).zip(g.chunks_exact(ends));
            for (to, from) in rows {
                add(to, &from[*at..*at + count]);
            }
        }
    }
}

fn add<F: Real>(to: &mut [F], from: &[F]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += *from;
    }
}

/// What is kept of one trial.
struct Followed<F, T> {
    influence: T,
    /// Gradient since it was last collected: (unit × end), (output × unit), (output).
    g: Vec<F>,
    readout: Vec<F>,
    bias: Vec<F>,
    /// slope of the last step.
    slope: Vec<F>,
}

/// What is kept of trials side by side.
pub struct Trace<N: Local, I: Influence<N>> {
    wires: Wires,
    trials: Vec<Followed<N::Real, I::Trace>>,
    /// Their numbers in the run.
    ids: Vec<u64>,
    warm_up: usize,
    ends: Vec<N::Real>,
    gain: Vec<N::Real>,
    blame: Vec<N::Real>,
    /// 1/(samples · units), what a penalty on rates divides by.
    share: f64,
}

impl<N: Local, I: Influence<N>> Trace<N, I> {
    /// Adds up the gradient of these trials since it was last collected, and forgets it.
    fn collect(&mut self, gradient: &mut Arena<N::Real>) {
        let Trace { wires, trials, ids, .. } = self;
        let gradient = gradient.data_mut();
        for trial in &mut trials[..ids.len()] {
            wires.scatter(&trial.g, gradient);
            add(&mut gradient[wires.readout.weights.clone()], &trial.readout);
            if let Some(bias) = &wires.bias {
                add(&mut gradient[bias.weights.clone()], &trial.bias);
            }
            for array in [&mut trial.g, &mut trial.readout, &mut trial.bias] {
                array.fill(N::Real::ZERO);
            }
        }
    }
}

/// What lasts: the feedback weights, row by row of outputs, and what the influence remembers.
#[derive(Clone, Debug)]
pub struct Memory<F, M> {
    /// Bᵀ (output × unit), if errors take that way.
    pub feedback: Option<Vec<F>>,
    /// Of the influence.
    pub influence: M,
}

impl<N: Local, I: Influence<N>> Estimator<N> for Forward<I, N::Real> {
    type Trace = Trace<N, I>;
    type Memory = Memory<N::Real, I::Memory>;
    const HISTORY: History = History::Last;

    fn trace(&self, network: &N, room: &Room) -> Result<Trace<N, I>> {
        let wires = Wires::of(network, self.start)?;
        let Sizes { units, ends, outputs } = wires.sizes;
        let zeros = |n| vec![N::Real::ZERO; n];
        let one = || Followed {
            influence: self.influence.trace(wires.sizes),
            g: zeros(units * ends),
            readout: zeros(outputs * units),
            bias: zeros(outputs),
            slope: zeros(units),
        };
        let trials = (0..room.trials).map(|_| one()).collect();
        let ids = Vec::with_capacity(room.trials);
        Ok(Trace {
            trials,
            ids,
            warm_up: 0,
            ends: zeros(ends),
            gain: zeros(units),
            blame: zeros(units),
            share: 0.0,
            wires,
        })
    }

    fn memory(&self, network: &N, _: &Plastic<N>) -> Self::Memory {
        let wires = Wires::of(network, self.start).expect("a trace was made for this network before");
        let Sizes { units, outputs, .. } = wires.sizes;
        let by_output = |b: &Vec<N::Real>| {
            (0..outputs).flat_map(|o| (0..units).map(move |i| b[i * outputs + o])).collect::<Vec<_>>()
        };
        Memory {
            feedback: self.feedback.as_ref().map(by_output),
            influence: self.influence.memory(network, wires.sizes),
        }
    }

    fn feeding<'m>(&self, memory: &'m Self::Memory) -> Option<&'m [N::Real]> {
        memory.feedback.as_deref()
    }

    fn feedback<'m>(&self, memory: &'m mut Self::Memory) -> Option<&'m mut [N::Real]> {
        memory.feedback.as_deref_mut()
    }

    fn begin(&self, _: &Self::Memory, trace: &mut Trace<N, I>, batch: &Batch<N::Real>) {
        trace.ids.clear();
        trace.ids.extend_from_slice(&batch.ids);
        trace.warm_up = batch.warm_up;
        trace.share = 1.0 / (batch.samples * trace.wires.sizes.units) as f64;
        for trial in &mut trace.trials[..batch.ids.len()] {
            self.influence.reset(&mut trial.influence);
        }
    }

    fn learn(&self, memory: &Self::Memory, trace: &mut Trace<N, I>, now: &Moment<'_, N>) {
        let &Moment { network, state, plastic, t, .. } = now;
        let Trace { wires, trials, ids, warm_up, ends, gain, blame, share } = trace;
        let Sizes { units, outputs, .. } = wires.sizes;
        let feedback = match &memory.feedback {
            Some(b) => b,
            None => &plastic.weights().data()[wires.readout.weights.clone()],
        };
        for (b, (trial, id)) in trials.iter_mut().zip(&*ids).enumerate().take(now.active) {
            // Nothing flows into the warm-up.
            if t <= *warm_up {
                network.slope(state, t, b, &mut trial.slope);
                continue;
            }
            if t == *warm_up + 1 {
                network.slope(state, t - 1, b, &mut trial.slope);
                if self.start && *warm_up == 0 {
                    ends.fill(N::Real::ZERO);
                    ends[wires.sizes.ends - 1] = N::Real::ONE;
                    gain.fill(N::Real::ONE);
                    let slope = &trial.slope;
                    let step = Step { network, state, row: b, plastic, t: 0, trial: *id, ends, gain, slope };
                    self.influence.follow(&memory.influence, &mut trial.influence, &step);
                }
            }
            for (synapses, at) in &wires.recurrent {
                if synapses.from == Site::Start {
                    ends[*at] = N::Real::ZERO;
                } else {
                    let arrived = network.presynaptic(state, synapses, t, b);
                    ends[*at..*at + arrived.len()].copy_from_slice(arrived);
                }
            }
            network.gain(state, t, b, gain);
            let step = Step { network, state, row: b, plastic, t, trial: *id, ends, gain, slope: &trial.slope };
            self.influence.follow(&memory.influence, &mut trial.influence, &step);

            network.slope(state, t, b, &mut trial.slope);
            let rates = network.rates(state, t, b);
            let errors = &now.errors[b * outputs..(b + 1) * outputs];
            blame.fill(N::Real::ZERO);
            for ((e, row), (w, bias)) in errors
                .iter()
                .zip(feedback.chunks_exact(units))
                .zip(trial.readout.chunks_exact_mut(units).zip(&mut trial.bias))
                .filter(|((e, _), _)| **e != N::Real::ZERO)
            {
                for ((q, f), (w, r)) in blame.iter_mut().zip(row).zip(w.iter_mut().zip(rates)) {
                    *q += *f * *e;
                    *w += *e * *r;
                }
                *bias += *e;
            }
            for penalty in &self.activity {
                penalty.add_gradient(rates, *share, blame);
            }
            for (q, slope) in blame.iter_mut().zip(&trial.slope) {
                *q *= *slope;
            }
            if self.influence.always() || blame.iter().any(|q| *q != N::Real::ZERO) {
                let targets = &now.targets[b * outputs..(b + 1) * outputs];
                let outcome = Outcome { blame, rates, targets };
                self.influence.assign(&memory.influence, &mut trial.influence, &outcome, &mut trial.g);
            }
        }
    }

    fn settle(&self, _: &N, _: &Plastic<N>, _: &Self::Memory, _: &mut Desk<N, Trace<N, I>>) {}

    fn gradient(
        &self,
        _: &N,
        _: &Plastic<N>,
        memory: &mut Self::Memory,
        desks: &mut [Desk<N, Trace<N, I>>],
        _: &Crew,
        gradient: &mut Arena<N::Real>,
    ) -> Option<f64> {
        let all = || desks.iter().flat_map(|d| &d.tallies);
        let (loss, weight) = all().fold((0.0, 0.0), |(loss, weight), t| (loss + t.loss, weight + t.mask));
        let scale = if weight > 0.0 { 1.0 / weight } else { 0.0 };
        let share = 1.0 / desks.iter().map(|d| d.trace.ids.len()).sum::<usize>().max(1) as f64;
        for desk in desks {
            for (trial, tally) in desk.trace.trials.iter_mut().zip(&desk.tallies) {
                let (loss, weight) = (tally.loss * scale, tally.mask * scale);
                self.influence.conclude(&memory.influence, &mut trial.influence, loss, weight, &mut trial.g);
            }
            desk.trace.collect(gradient);
            for (trial, _) in desk.trace.trials.iter_mut().zip(&desk.trace.ids) {
                self.influence.adapt(&mut memory.influence, &mut trial.influence, share);
            }
        }
        self.influence.adapted(&mut memory.influence, Some(loss * scale));
        None
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        self.influence.save(&memory.influence)
    }

    fn restore(&self, memory: &mut Self::Memory, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        self.influence.restore(&mut memory.influence, saved)
    }
}

impl<N: Local, I: Influence<N> + Stepwise> Online<N> for Forward<I, N::Real> {
    fn step_gradient(&self, memory: &mut Self::Memory, trace: &mut Trace<N, I>, gradient: &mut Arena<N::Real>) {
        trace.collect(gradient);
        let share = 1.0 / trace.ids.len().max(1) as f64;
        for (trial, _) in trace.trials.iter_mut().zip(&trace.ids) {
            self.influence.adapt(&mut memory.influence, &mut trial.influence, share);
        }
        self.influence.adapted(&mut memory.influence, None);
    }
}
