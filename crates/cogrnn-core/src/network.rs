//! What a network is, and what it may be able to do beyond running: small traits that rules ask for.

use crate::batch::Timetable;
use crate::crew::Crew;
use crate::params::{Arena, Pack, Plastic};
use crate::random::Purpose;
use crate::readout::Readout;
use crate::real::Real;
use std::ops::Range;

/// Sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Input channels.
    pub inputs: usize,
    /// Recurrent units.
    pub units: usize,
    /// Outputs.
    pub outputs: usize,
}

/// How much of a trial a state keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// The last step: enough to run.
    Last,
    /// Every step: what a sweep backwards needs.
    Whole,
}

/// Room for trials side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Trials in lockstep, at most.
    pub trials: usize,
    /// Steps, at most.
    pub steps: usize,
    /// How many of them are kept.
    pub history: History,
}

/// Where the noise of the units comes from.
#[derive(Clone, Copy, Debug)]
pub enum Noise<'a, F> {
    /// Nowhere: a deterministic run.
    Silent,
    /// Drawn from the seed for this purpose, one address a trial.
    Drawn {
        /// The seed of the run.
        seed: u64,
        /// Which noise.
        purpose: Purpose,
    },
    /// Given (row × unit) in the order of the timetable, as the term inside the bracket of α.
    Given(&'a [F]),
}

/// A recurrent network in discrete time, run over trials side by side.
///
/// The state knows which trials are active at each step (see [`Timetable`]); arrays handed in and out
/// have one row an active trial.
pub trait Network: Sized + Send + Sync {
    /// Its name in an experiment file.
    const NAME: &'static str;
    /// Its precision.
    type Real: Real;
    /// Its weights as its kernels want them.
    type Packed: Pack<Self::Real> + Clone + Send + Sync + std::fmt::Debug;
    /// What it carries through a trial.
    type State: Send + Sync;

    /// Sizes.
    fn shape(&self) -> Shape;
    /// Its parameters by name, all zero.
    fn blocks(&self) -> Arena<Self::Real>;
    /// Room for the packed weights.
    fn packed(&self) -> Self::Packed;
    /// Room for a state: the only allocation.
    fn state(&self, room: &Room) -> Self::State;
    /// Puts every trial at its initial state.
    fn begin(&self, plastic: &Plastic<Self>, state: &mut Self::State, timetable: &Timetable);
    /// Its own noise for step t.
    fn perturb(&self, state: &mut Self::State, t: usize, noise: &Noise<'_, Self::Real>, trials: &[u64]);
    /// From step t-1 to step t, with the inputs of step t (active trial × input).
    fn step(&self, plastic: &Plastic<Self>, state: &mut Self::State, t: usize, inputs: &[Self::Real]);
    /// The outputs of step t.
    fn read_out(&self, plastic: &Plastic<Self>, state: &mut Self::State, t: usize);
    /// The outputs last read (active trial × output).
    fn output<'s>(&self, state: &'s Self::State) -> &'s [Self::Real];
    /// What turns the readout's sums into outputs.
    fn readout(&self) -> Readout;
    /// Potentials x of step t, one row a trial; only recent steps unless the history is whole.
    fn potentials<'s>(&self, state: &'s Self::State, t: usize, trial: usize) -> &'s [Self::Real];
    /// Rates r of step t.
    fn rates<'s>(&self, state: &'s Self::State, t: usize, trial: usize) -> &'s [Self::Real];
    /// Its synapses: which weights lead from where to where.
    fn synapses(&self) -> Vec<Synapses>;
}

/// What a bundle of synapses starts from, or leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// The input channels.
    Inputs,
    /// The recurrent units.
    Units,
    /// The outputs.
    Outputs,
    /// What is always 1: weights from here are biases.
    Constant,
    /// What there is before the first step: weights from here, one a unit, are the initial state.
    Start,
}

/// A bundle of synapses: rules work on these and never name a block of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synapses {
    /// Place of the weights in the arena, row-major, W[post, pre].
    pub weights: Range<usize>,
    /// Presynaptic side.
    pub from: Site,
    /// Postsynaptic side.
    pub to: Site,
    /// How the entries are laid out.
    pub layout: Layout,
}

/// How a bundle of synapses is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Every presynaptic end to every postsynaptic one, one row a postsynaptic end.
    Dense,
    /// For each postsynaptic end the list of its presynaptic ones, and where its weights start.
    FanIn {
        /// Presynaptic ends, one list after another.
        from: Vec<u32>,
        /// Start of each list; one more at the end.
        starts: Vec<usize>,
    },
}

/// The part of a trial's batch that a sweep backwards is about.
pub struct Swept<'a, N: Adjoint> {
    /// The state with the whole trial in it.
    pub state: &'a mut N::State,
    /// The sweep that has gone over it.
    pub sweep: &'a mut N::Sweep,
    /// dL/da of each output (row × output).
    pub errors: &'a [N::Real],
    /// Which rows are which.
    pub timetable: &'a Timetable,
    /// Steps at the beginning that the sweep has not gone over, and that nothing is learnt from.
    pub warm_up: usize,
}

/// Squared lengths of an error gradient before and after one step backwards (Song et al. 2016, eq. 23).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// |δ ∂x_{t+1}/∂x_t|².
    pub after: f64,
    /// |G|², which the threshold is about.
    pub before: f64,
    /// What 4 (q - 1) is divided by in the derivative, for the vectors as the network keeps them.
    pub divisor: f64,
}

/// How errors find those who are to blame: the gradient itself, or what a brain might have in its place
/// (Murray 2019, §3.4 of the specification).
///
/// ```text
///                   along W_recᵀ    not (local)
/// by W_outᵀ         gradient        local, symmetric
/// by B, random      non-local       RFLO
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Credit<F> {
    /// Whether errors go back along the recurrent weights: without, a unit answers for what it did itself alone.
    pub recurrent: bool,
    /// B (unit × output), by which errors reach the units in place of the transposed readout weights.
    pub feedback: Option<Vec<F>>,
}

impl<F> Credit<F> {
    /// The gradient.
    pub fn exact() -> Credit<F> {
        Credit { recurrent: true, feedback: None }
    }

    /// Whether it is the gradient.
    pub fn is_exact(&self) -> bool {
        self.recurrent && self.feedback.is_none()
    }
}

/// Capability: its step can be run backwards.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be swept backwards in time, so backpropagation cannot train it",
    label = "no adjoint for this network",
    note = "networks with a hard spike threshold have no derivative"
)]
pub trait Adjoint: Network {
    /// The adjoints of a trial.
    type Sweep: Send + Sync;

    /// Room for a sweep that assigns errors like this.
    fn sweep(&self, room: &Room, credit: &Credit<Self::Real>) -> Self::Sweep;
    /// Other feedback weights (output × unit) for a sweep that was made with some.
    fn feed(&self, sweep: &mut Self::Sweep, feedback: &[Self::Real]);
    /// Starts behind the last step. `flow`: keep what the Ω regulariser needs.
    fn start(&self, sweep: &mut Self::Sweep, timetable: &Timetable, flow: bool);
    /// Goes from step t+1 to step t ≥ 1: adds the direct errors dL/da (active trial × output) and
    /// `direct`, a gradient on the rates of step t (active trial × unit) if there is one. With `cut`
    /// nothing comes from later steps.
    fn pull(
        &self,
        plastic: &Plastic<Self>,
        state: &mut Self::State,
        sweep: &mut Self::Sweep,
        t: usize,
        errors: &[Self::Real],
        direct: Option<&[Self::Real]>,
        cut: bool,
    );
    /// Goes from step 1 to the initial state.
    fn finish(&self, plastic: &Plastic<Self>, state: &mut Self::State, sweep: &mut Self::Sweep);
    /// The flow at row (t, b): how the step from t+1 back to t stretched the error gradient.
    fn flow(&self, sweep: &Self::Sweep, row: usize) -> Flow;
    /// Adds the gradients with respect to the weights: all steps and trials as one product.
    /// `omega[piece]` has one coefficient a row: how much of the flow's immediate derivative to add.
    fn gather(
        &self,
        crew: &Crew,
        pieces: &mut [Swept<'_, Self>],
        omega: Option<&[&[Self::Real]]>,
        gradient: &mut Arena<Self::Real>,
    );
    /// Adds the immediate derivative of the flow alone.
    fn gather_flow(
        &self,
        crew: &Crew,
        pieces: &mut [Swept<'_, Self>],
        omega: &[&[Self::Real]],
        gradient: &mut Arena<Self::Real>,
    );
}

/// Capability: every synapse sees its own two ends. In the symbols of local rules, for a state s, a rate
/// r and a synapse of weight W_ij,
///
/// ```text
/// s_t,i = leak_i s_{t-1},i + …       ∂s_t,i/∂W_ij = gain_i · presynaptic_j       slope_i = ∂r_t,i/∂s_t,i
/// ```
/// where ∂ is what this step alone does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no local sensitivities (presynaptic activity, postsynaptic gain, leak)",
    label = "this network cannot feed a local rule",
    note = "see the table of rules and networks: `cogrnn table`"
)]
pub trait Local: Network {
    /// What arrived at the synapses of a bundle in step t of a trial: one entry a presynaptic end.
    fn presynaptic<'s>(&self, state: &'s Self::State, synapses: &Synapses, t: usize, trial: usize) -> &'s [Self::Real];
    /// How the state follows its input current in step t.
    fn gain(&self, state: &Self::State, t: usize, trial: usize, out: &mut [Self::Real]);
    /// How the rate follows the state in step t.
    fn slope(&self, state: &Self::State, t: usize, trial: usize, out: &mut [Self::Real]);
    /// What is left of the state after a step, one a unit.
    fn leak(&self) -> &[Self::Real];
}

/// Capability: how the whole state of one step follows that of the step before.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no one-step Jacobian",
    label = "this network cannot carry sensitivities of all units forwards",
    note = "see the table of rules and networks: `cogrnn table`"
)]
pub trait Linearise: Local {
    /// out_ij = ∂s_t,i / ∂s_{t-1},j (units × units, row-major), from what [`Local`] says: `gain` of step t and
    /// `slope` of step t-1.
    fn jacobian(&self, plastic: &Plastic<Self>, gain: &[Self::Real], slope: &[Self::Real], out: &mut [Self::Real]);
    /// Its diagonal.
    fn jacobian_diagonal(
        &self,
        plastic: &Plastic<Self>,
        gain: &[Self::Real],
        slope: &[Self::Real],
        out: &mut [Self::Real],
    );
}

/// What of the weights changes in place, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learnt {
    /// η.
    pub rate: f64,
    /// Recurrent weights.
    pub recurrent: bool,
    /// Input weights.
    pub inputs: bool,
    /// Biases of the units.
    pub biases: bool,
    /// Readout weights.
    pub readout: bool,
    /// Biases of the outputs.
    pub output_biases: bool,
}

/// Capability: its weights can change after every step without being packed anew.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot change its weights in place",
    label = "local rules can change them all the same, more slowly",
    note = "see the table of rules and networks: `cogrnn table`"
)]
pub trait Imprint: Local {
    /// What the synapses of trials side by side remember.
    type Eligibility: Send + Sync;

    /// Whether weights of these sizes and constraints can; what of them is learnt.
    fn imprints(&self, plastic: &Plastic<Self>) -> Option<Learnt>;
    /// Room for so many trials.
    fn eligibility(&self, trials: usize) -> Self::Eligibility;
    /// Nothing is remembered.
    fn forget(&self, eligibility: &mut Self::Eligibility);
    /// After step t: p ← leak p + gain â in every trial, and then W ← W - η Σ_b q_b p_b for all that leads to units;
    /// for the readout - η Σ_b e_b r_b. `blame` is q (active trial × unit), `errors` is e (active trial × output).
    fn imprint(
        &self,
        plastic: &mut Plastic<Self>,
        state: &Self::State,
        eligibility: &mut Self::Eligibility,
        t: usize,
        learnt: &Learnt,
        blame: &[Self::Real],
        errors: &[Self::Real],
    );
    /// The weights come back to where everybody else looks for them.
    fn land(&self, plastic: &mut Plastic<Self>);
}

/// Capability: its noise is known, and how probable it was.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell its noise",
    label = "a rule that learns from random perturbations needs it",
    note = "see the table of rules and networks: `cogrnn table`"
)]
pub trait Perturb: Network {
    /// Whether every unit has noise of its own.
    fn explores(&self) -> bool;
    /// out_i = ∂ log p(step t) / ∂ (input current of unit i), p being the probability density of the step that the
    /// noise made of it.
    fn score(&self, state: &Self::State, t: usize, trial: usize, out: &mut [Self::Real]);
    /// What the noise added to the input current of each unit in the running step.
    fn nudge(&self, state: &Self::State, trial: usize, out: &mut [Self::Real]);
}

/// Capability: what one step hands to the next is one vector a trial, which a wrapper may replace.
pub trait Carry: Network {
    /// The state s_t of a trial.
    fn carried<'s>(&self, state: &'s Self::State, t: usize, trial: usize) -> &'s [Self::Real];
    /// Replaces s_t; the rates follow.
    fn replace(&self, state: &mut Self::State, t: usize, trial: usize, s: &[Self::Real]);
}

/// Capability: what flows back to the carried state may be read and replaced on the way.
pub trait CarryBack: Carry + Adjoint {
    /// dL/ds_t of a trial, for the step last pulled to (0 after [`Adjoint::finish`]).
    fn flowing<'s>(&self, sweep: &'s Self::Sweep, trial: usize) -> &'s [Self::Real];
    /// Replaces it: what flows to earlier steps, and to the weights of step t, follows.
    fn reflow(&self, state: &Self::State, sweep: &mut Self::Sweep, t: usize, trial: usize, to: &[Self::Real]);
}
