//! Learning rules: one method for each moment of a trial, all but a few with nothing to do.

use crate::batch::Batch;
use crate::crew::Crew;
use crate::error::Result;
use crate::network::{History, Network, Room};
use crate::params::{Arena, Plastic};
use crate::readout::Tally;

/// What a rule or a probe sees right after one time step.
pub struct Moment<'a, N: Network> {
    /// The network.
    pub network: &'a N,
    /// Its state.
    pub state: &'a N::State,
    /// Its weights.
    pub plastic: &'a Plastic<N>,
    /// The step, from 1.
    pub t: usize,
    /// First row of this step in the timetable.
    pub row: usize,
    /// Trials still running; arrays below have one row for each.
    pub active: usize,
    /// (active × input).
    pub inputs: &'a [N::Real],
    /// (active × output).
    pub outputs: &'a [N::Real],
    /// (active × output).
    pub targets: &'a [N::Real],
    /// dL/da (active × output).
    pub errors: &'a [N::Real],
}

/// Where some of the trials are worked: all that they need, allocated before the first step.
pub struct Desk<N: Network, T> {
    /// The network's state.
    pub state: N::State,
    /// The rule's memory of these trials; it fades when the next begin.
    pub trace: T,
    /// The trials.
    pub batch: Batch<N::Real>,
    /// What each trial cost, longest first.
    pub tallies: Vec<Tally>,
    /// dL/da of the running step.
    pub(crate) errors: Vec<N::Real>,
    /// Outputs (trial × step × output) of trials that are judged by what these lead to; else empty.
    pub(crate) said: Vec<f32>,
}

/// What an update did, by name: `omega`, `gradient_norm`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learned {
    /// The Ω of this update, if there is one.
    pub omega: Option<f64>,
    /// Length of the gradient before clipping.
    pub gradient_norm: f64,
    /// Whether the guard of Song et al. 2016 (code) replaced the gradient.
    pub guarded: bool,
    /// The share of changes of single parameters that were cut short.
    pub cut: f64,
}

/// Changes a network's weights.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot train a `{N}`",
    label = "this rule and this network do not fit",
    note = "see the table of rules and networks: `cogrnn table`"
)]
pub trait Rule<N: Network>: Sized + Send + Sync {
    /// Fades with the trial.
    type Trace: Send + Sync;
    /// Lasts, and is saved in checkpoints.
    type Memory: Send + Sync;
    /// How much of a trial the state must keep.
    const HISTORY: History;
    /// Whether weights change after every step, [`Rule::advance`]; then all trials lie on one desk.
    const ONLINE: bool = false;

    /// Room for a trace.
    ///
    /// # Errors
    /// If the rule cannot work on such trials.
    fn trace(&self, network: &N, room: &Room) -> Result<Self::Trace>;
    /// A fresh memory.
    fn memory(&self, network: &N, plastic: &Plastic<N>) -> Self::Memory;
    /// Trials begin.
    fn begin(&self, _memory: &Self::Memory, _trace: &mut Self::Trace, _batch: &Batch<N::Real>) {}
    /// Right after a step.
    fn learn(&self, _memory: &Self::Memory, _trace: &mut Self::Trace, _now: &Moment<'_, N>) {}
    /// After that, where the rule is online: changes the weights.
    fn advance(
        &self,
        _network: &N,
        _memory: &mut Self::Memory,
        _plastic: &mut Plastic<N>,
        _state: &mut N::State,
        _trace: &mut Self::Trace,
    ) {
    }
    /// The trials of one desk are over.
    fn settle(&self, _network: &N, _plastic: &Plastic<N>, _memory: &Self::Memory, _desk: &mut Desk<N, Self::Trace>) {}
    /// All trials are over: changes the weights.
    fn update(
        &self,
        network: &N,
        memory: &mut Self::Memory,
        plastic: &mut Plastic<N>,
        desks: &mut [Desk<N, Self::Trace>],
        crew: &Crew,
    ) -> Learned;
    /// The gradient that the last update followed, if one was formed for all of its trials at once.
    fn last_gradient<'m>(&self, _memory: &'m Self::Memory) -> Option<&'m Arena<N::Real>> {
        None
    }
    /// The lasting memory as named arrays, for a checkpoint.
    fn save(&self, _memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        Vec::new()
    }
    /// Takes up a saved memory after this many updates.
    ///
    /// # Errors
    /// If it is the memory of another rule or network.
    fn restore(&self, _memory: &mut Self::Memory, _updates: u64, _saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        Ok(())
    }
}

/// Evaluation is training by the rule that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Still;

impl<N: Network> Rule<N> for Still {
    type Trace = ();
    type Memory = ();
    const HISTORY: History = History::Last;

    fn trace(&self, _: &N, _: &Room) -> Result<()> {
        Ok(())
    }
    fn memory(&self, _: &N, _: &Plastic<N>) {}
    fn update(&self, _: &N, _: &mut (), _: &mut Plastic<N>, _: &mut [Desk<N, ()>], _: &Crew) -> Learned {
        Learned::default()
    }
}

/// Turns what it saw into a gradient (exact, approximate or pseudo) of the effective weights.
pub trait Estimator<N: Network>: Sized + Send + Sync {
    /// Fades with the trial.
    type Trace: Send + Sync;
    /// Lasts, and is saved in checkpoints.
    type Memory: Send + Sync;
    /// How much of a trial the state must keep.
    const HISTORY: History;

    /// Room for a trace.
    ///
    /// # Errors
    /// If the estimator cannot work on such trials.
    fn trace(&self, network: &N, room: &Room) -> Result<Self::Trace>;
    /// A fresh memory.
    fn memory(&self, network: &N, plastic: &Plastic<N>) -> Self::Memory;
    /// Trials begin.
    fn begin(&self, _memory: &Self::Memory, _trace: &mut Self::Trace, _batch: &Batch<N::Real>) {}
    /// Right after a step.
    fn learn(&self, memory: &Self::Memory, trace: &mut Self::Trace, now: &Moment<'_, N>);
    /// The trials of one desk are over.
    fn settle(&self, network: &N, plastic: &Plastic<N>, memory: &Self::Memory, desk: &mut Desk<N, Self::Trace>);
    /// All trials are over: adds up the gradient with respect to the effective weights, and learns what it
    /// remembers. Returns Ω if the estimator has one.
    fn gradient(
        &self,
        network: &N,
        plastic: &Plastic<N>,
        memory: &mut Self::Memory,
        desks: &mut [Desk<N, Self::Trace>],
        crew: &Crew,
        gradient: &mut Arena<N::Real>,
    ) -> Option<f64>;
    /// The weights by which errors reach the units (output × unit), if not those of the readout.
    fn feeding<'m>(&self, _memory: &'m Self::Memory) -> Option<&'m [N::Real]> {
        None
    }
    /// The same, to be changed.
    fn feedback<'m>(&self, _memory: &'m mut Self::Memory) -> Option<&'m mut [N::Real]> {
        None
    }
    /// The lasting memory as named arrays, for a checkpoint.
    fn save(&self, _memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        Vec::new()
    }
    /// Takes up a saved memory.
    ///
    /// # Errors
    /// If it is the memory of another rule or network.
    fn restore(&self, _memory: &mut Self::Memory, _saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        Ok(())
    }
}

/// An estimator whose gradient is there after every step.
#[diagnostic::on_unimplemented(
    message = "`{Self}` knows its gradient at the end of a trial only",
    label = "weights cannot follow it step by step"
)]
pub trait Online<N: Network>: Estimator<N> {
    /// What the last step adds to the gradient; learns what the estimator remembers.
    fn step_gradient(&self, memory: &mut Self::Memory, trace: &mut Self::Trace, gradient: &mut Arena<N::Real>);
}
