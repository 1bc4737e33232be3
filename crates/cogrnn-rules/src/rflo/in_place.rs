//! Online RFLO by plain gradient descent, with eligibilities and weights in one pass over the packed weights.
//!
//! The same bits as [`EachStep`](crate::EachStep) of [`Rflo`](super::Rflo) with [`Sgd`](crate::optimisers::Sgd), in a
//! fraction of the time: nothing is collected, pulled back or packed anew. For networks whose weights are free, or do
//! not change at all, block by block.

use crate::optimisers::Schedule;
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{History, Imprint, Learnt, Room, Site};
use cogrnn_core::params::Plastic;
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Learned, Moment, Rule};
use std::ops::Range;

/// Online RFLO in place.
#[derive(Clone, Debug)]
pub struct InPlace<F> {
    /// B (unit × output); `None`: the transposed readout weights.
    pub feedback: Option<Vec<F>>,
    /// η.
    pub rate: Schedule,
    /// Blocks that stay as they are though they could change.
    pub still: Vec<&'static str>,
}

/// What is kept of trials side by side.
pub struct Trace<N: Imprint> {
    eligibility: N::Eligibility,
    /// (trial × unit).
    blame: Vec<N::Real>,
    slope: Vec<N::Real>,
    /// (trial × output).
    errors: Vec<N::Real>,
    active: usize,
    t: usize,
    warm_up: usize,
    /// Where W_out is among the weights.
    readout: Range<usize>,
    /// Square of the longest gradient of the readout: it tells when numbers leave the reals.
    longest: f64,
}

/// What lasts.
#[derive(Clone, Debug)]
pub struct Memory<F> {
    /// Bᵀ (output × unit).
    feedback: Option<Vec<F>>,
    updates: u64,
    learnt: Learnt,
}

impl<N: Imprint> Rule<N> for InPlace<N::Real> {
    type Trace = Trace<N>;
    type Memory = Memory<N::Real>;
    const HISTORY: History = History::Last;
    const ONLINE: bool = true;

    fn trace(&self, network: &N, room: &Room) -> Result<Trace<N>> {
        let shape = network.shape();
        let synapses = network.synapses();
        let readout = synapses.iter().find(|s| s.from == Site::Units && s.to == Site::Outputs);
        let Some(readout) = readout.map(|s| s.weights.clone()) else {
            return Err(Error::input(format!("a `{}` has no readout", N::NAME))
                .why("errors reach its units by way of the readout")
                .remedy("train a network with outputs"));
        };
        let zeros = |n| vec![N::Real::ZERO; n];
        Ok(Trace {
            eligibility: network.eligibility(room.trials),
            blame: zeros(room.trials * shape.units),
            slope: zeros(shape.units),
            errors: zeros(room.trials * shape.outputs),
            active: 0,
            t: 0,
            warm_up: 0,
            readout,
            longest: 0.0,
        })
    }

    fn memory(&self, network: &N, plastic: &Plastic<N>) -> Memory<N::Real> {
        let shape = network.shape();
        let by_output = |b: &Vec<N::Real>| {
            (0..shape.outputs).flat_map(|o| (0..shape.units).map(move |i| b[i * shape.outputs + o])).collect()
        };
        let may = network.imprints(plastic).expect("whoever chose this rule has asked");
        let moves = |block: &str, may: bool| may && !self.still.contains(&block);
        let learnt = Learnt {
            rate: 0.0,
            recurrent: moves("w_rec", may.recurrent),
            inputs: moves("w_in", may.inputs),
            biases: moves("b_rec", may.biases),
            readout: moves("w_out", may.readout),
            output_biases: moves("b_out", may.output_biases),
        };
        Memory { feedback: self.feedback.as_ref().map(by_output), updates: 0, learnt }
    }

    fn begin(&self, _: &Memory<N::Real>, trace: &mut Trace<N>, batch: &Batch<N::Real>) {
        trace.warm_up = batch.warm_up;
        trace.t = 0;
        trace.longest = 0.0;
    }

    fn learn(&self, memory: &Memory<N::Real>, trace: &mut Trace<N>, now: &Moment<'_, N>) {
        let Trace { blame, slope, errors, active, t, warm_up, readout, longest, .. } = trace;
        let shape = now.network.shape();
        (*active, *t) = (now.active, now.t);
        if now.t <= *warm_up {
            return;
        }
        let feedback = match &memory.feedback {
            Some(b) => &b[..],
            None => &now.plastic.weights().data()[readout.clone()],
        };
        errors[..now.errors.len()].copy_from_slice(now.errors);
        let mut length = 0.0;
        for (b, (blame, errors)) in
            blame.chunks_exact_mut(shape.units).zip(now.errors.chunks_exact(shape.outputs)).enumerate().take(now.active)
        {
            blame.fill(N::Real::ZERO);
            for (e, row) in errors.iter().zip(feedback.chunks_exact(shape.units)) {
                length += e.to_f64() * e.to_f64();
                for (q, f) in blame.iter_mut().zip(row) {
                    *q += *f * *e;
                }
            }
            now.network.slope(now.state, now.t, b, slope);
            for (q, slope) in blame.iter_mut().zip(&*slope) {
                *q *= *slope;
            }
        }
        // A number that is none stays.
        if length > *longest || length.is_nan() {
            *longest = length;
        }
    }

    fn advance(
        &self,
        network: &N,
        memory: &mut Memory<N::Real>,
        plastic: &mut Plastic<N>,
        state: &mut N::State,
        trace: &mut Trace<N>,
    ) {
        let Trace { eligibility, blame, errors, active, t, warm_up, longest, .. } = trace;
        if *t <= *warm_up || !longest.is_finite() {
            return;
        }
        if *t == *warm_up + 1 {
            network.forget(eligibility);
        }
        let shape = network.shape();
        memory.learnt.rate = self.rate.at(memory.updates);
        let (blame, errors) = (&blame[..*active * shape.units], &errors[..*active * shape.outputs]);
        network.imprint(plastic, state, eligibility, *t, &memory.learnt, blame, errors);
    }

    fn update(
        &self,
        network: &N,
        memory: &mut Memory<N::Real>,
        plastic: &mut Plastic<N>,
        desks: &mut [Desk<N, Trace<N>>],
        _: &Crew,
    ) -> Learned {
        network.land(plastic);
        memory.updates += 1;
        let longest = desks.iter().map(|d| d.trace.longest).fold(0.0, |a, b| if b.is_nan() { b } else { a.max(b) });
        Learned { omega: None, gradient_norm: longest.sqrt(), guarded: false, cut: 0.0 }
    }

    fn restore(&self, memory: &mut Memory<N::Real>, updates: u64, _: &[(String, Vec<N::Real>)]) -> Result<()> {
        memory.updates = updates;
        Ok(())
    }
}
