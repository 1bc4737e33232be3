//! Backpropagation through time, with the Ω regulariser against vanishing gradients
//! (Song, Yang & Wang 2016; Pascanu et al. 2013).
//!
//! ```text
//! g = ∂L/∂W + λ ∂Ω/∂W                       ∂Ω: its immediate derivative only
//! Ω = mean over (t, trial) of (q - 1)²      q = |δ_{t+1} ∂x_{t+1}/∂x_t|² / |δ_{t+1}|²      (eq. 23)
//! ```
//! The mean runs over the pairs whose error gradient is not negligible: |G|² ≥ 1e-20 (code).
//!
//! # Local learning
//! With another [`Credit`] than the exact one the same sweep makes the rules of Murray (2019), once a batch. Without the
//! way back along W_rec each synapse needs what is at its own ends only; RFLO's trace
//!
//! ```text
//! p_ij(t) = (1-α) p_ij(t-1) + ∂s_i(t)/∂W_ij        ΔW_ij = -η Σ_t [B e_t]_i p_ij(t)
//! ```
//! and the sum over t turned round, E_i(s) = (1-α) E_i(s+1) + [B e_s]_i with ΔW_ij = -η Σ_s E_i(s) ∂s_i(s)/∂W_ij, are
//! the same number: N per step and trial instead of N². e is dL/dy of the run's loss; the paper's ΔW has -e = 2 ε
//! times the weight of the sample in the mean (its L has ½ Σ ε², ours Σ ε²).

mod fading;

pub use fading::Fading;

use crate::penalties::ActivityPenalty;
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::Result;
use cogrnn_core::network::{Adjoint, Credit, History, Room, Swept};
use cogrnn_core::params::{Arena, Plastic};
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Estimator, Moment};

/// Backpropagation through time.
#[derive(Debug)]
pub struct Bptt<F> {
    /// λ_Ω, the weight of the regulariser; 0 leaves it out.
    pub omega: f64,
    /// Error gradients with a smaller square than this are left out of Ω.
    pub bound: f64,
    /// Nothing flows back across multiples of this many steps; `None` sweeps the whole trial.
    pub truncation: Option<usize>,
    /// What the rates cost.
    pub activity: Vec<Box<dyn ActivityPenalty<F>>>,
    /// How errors find those who are to blame.
    pub credit: Credit<F>,
}

impl<F> Bptt<F> {
    /// The whole trial, with the regulariser of this weight.
    pub fn new(omega: f64) -> Bptt<F> {
        // bound: Song et al. 2016, code (`bound`)
        Bptt { omega, bound: 1e-20, truncation: None, activity: Vec::new(), credit: Credit::exact() }
    }
}

impl<F> crate::descent::With for Bptt<F> {}

/// What a sweep needs and leaves.
pub struct Tape<N: Adjoint> {
    sweep: N::Sweep,
    /// The sweep of the loss alone, where the rates cost something: Ω is about the loss.
    loss_sweep: Option<N::Sweep>,
    /// dL/da (row × output).
    errors: Vec<N::Real>,
    /// Gradient on the rates (trial × unit) of one step.
    direct: Vec<N::Real>,
    /// Coefficient of each row of the regulariser's derivative.
    coefficients: Vec<N::Real>,
    /// Per trial: Σ (q - 1)² and how many pairs.
    omega: Vec<(f64, f64)>,
}

impl<N: Adjoint> Estimator<N> for Bptt<N::Real> {
    type Trace = Tape<N>;
    /// Feedback weights (output × unit), if errors do not take the way of the readout.
    type Memory = Option<Vec<N::Real>>;
    const HISTORY: History = History::Whole;

    fn trace(&self, network: &N, room: &Room) -> Result<Tape<N>> {
        let shape = network.shape();
        let rows = room.trials * room.steps;
        let apart = self.omega != 0.0 && !self.activity.is_empty();
        Ok(Tape {
            sweep: network.sweep(room, &self.credit),
            loss_sweep: apart.then(|| network.sweep(room, &self.credit)),
            errors: vec![N::Real::ZERO; rows * shape.outputs],
            direct: if self.activity.is_empty() { Vec::new() } else { vec![N::Real::ZERO; room.trials * shape.units] },
            coefficients: vec![N::Real::ZERO; if self.omega == 0.0 { 0 } else { rows }],
            omega: Vec::with_capacity(room.trials),
        })
    }

    fn memory(&self, network: &N, _: &Plastic<N>) -> Self::Memory {
        let outputs = network.shape().outputs;
        let b = self.credit.feedback.as_ref()?;
        Some((0..outputs).flat_map(|o| b.iter().skip(o).step_by(outputs).copied()).collect())
    }

    fn feeding<'m>(&self, memory: &'m Self::Memory) -> Option<&'m [N::Real]> {
        memory.as_deref()
    }

    fn feedback<'m>(&self, memory: &'m mut Self::Memory) -> Option<&'m mut [N::Real]> {
        memory.as_deref_mut()
    }

    fn begin(&self, _: &Self::Memory, tape: &mut Tape<N>, batch: &Batch<N::Real>) {
        let rows = batch.timetable.total();
        if self.omega != 0.0 && tape.coefficients.len() < rows {
            tape.coefficients.resize(rows, N::Real::ZERO);
        }
    }

    fn learn(&self, _: &Self::Memory, tape: &mut Tape<N>, now: &Moment<'_, N>) {
        let outputs = now.network.shape().outputs;
        let start = now.row * outputs;
        let end = start + now.errors.len();
        if tape.errors.len() < end {
            tape.errors.resize(end, N::Real::ZERO);
        }
        tape.errors[start..end].copy_from_slice(now.errors);
    }

    fn settle(&self, network: &N, plastic: &Plastic<N>, memory: &Self::Memory, desk: &mut Desk<N, Tape<N>>) {
        let with_omega = self.omega != 0.0;
        let Desk { state, trace: tape, batch, .. } = desk;
        if let Some(b) = memory {
            network.feed(&mut tape.sweep, b);
            if let Some(sweep) = &mut tape.loss_sweep {
                network.feed(sweep, b);
            }
        }
        if let Some(sweep) = &mut tape.loss_sweep {
            // First the rates' own cost, whose gradient reads x; then the loss alone, which may keep
            // its flow in x's place.
            self.sweep_back(
                network,
                plastic,
                state,
                &mut tape.sweep,
                batch,
                &tape.errors,
                Some(&mut tape.direct),
                false,
            );
            self.sweep_back(network, plastic, state, sweep, batch, &tape.errors, None, true);
        } else {
            let direct = if self.activity.is_empty() { None } else { Some(&mut tape.direct) };
            self.sweep_back(network, plastic, state, &mut tape.sweep, batch, &tape.errors, direct, with_omega);
        }
        if with_omega {
            self.weigh(network, tape, batch);
        }
    }

    fn gradient(
        &self,
        network: &N,
        _plastic: &Plastic<N>,
        _: &mut Self::Memory,
        desks: &mut [Desk<N, Tape<N>>],
        crew: &Crew,
        gradient: &mut Arena<N::Real>,
    ) -> Option<f64> {
        let mut value = None;
        if self.omega != 0.0 {
            let (sum, pairs) =
                desks.iter().flat_map(|d| &d.trace.omega).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let scale = if pairs > 0.0 { self.omega / pairs } else { 0.0 };
            value = Some(if pairs > 0.0 { sum / pairs } else { 0.0 });
            for desk in desks.iter_mut() {
                for s in &mut desk.trace.coefficients[..desk.batch.timetable.total()] {
                    *s *= N::Real::from_f64(scale);
                }
            }
            if desks.iter().any(|d| d.trace.loss_sweep.is_some()) {
                self.gather_apart(network, desks, crew, gradient);
                return value;
            }
        }
        let mut coefficients = Vec::with_capacity(desks.len());
        let mut pieces = Vec::with_capacity(desks.len());
        for desk in desks.iter_mut().filter(|d| d.batch.timetable.total() > 0) {
            let Desk { state, trace, batch, .. } = desk;
            let Tape { sweep, errors, coefficients: s, .. } = trace;
            coefficients.push(&s[..]);
            pieces.push(Swept { state, sweep, errors, timetable: &batch.timetable, warm_up: batch.warm_up });
        }
        network.gather(crew, &mut pieces, (self.omega != 0.0).then_some(&coefficients), gradient);
        value
    }
}

impl<F: Real> Bptt<F> {
    fn sweep_back<N: Adjoint<Real = F>>(
        &self,
        network: &N,
        plastic: &Plastic<N>,
        state: &mut N::State,
        sweep: &mut N::Sweep,
        batch: &Batch<F>,
        errors: &[F],
        mut direct: Option<&mut Vec<F>>,
        flow: bool,
    ) {
        let shape = network.shape();
        let table = &batch.timetable;
        let cut = |t: usize| self.truncation.is_some_and(|k| t.is_multiple_of(k));
        network.start(sweep, table, flow);
        for t in (batch.warm_up + 1..=table.steps()).rev() {
            let rows = table.rows(t);
            let errors = &errors[rows.start * shape.outputs..rows.end * shape.outputs];
            let direct = direct.as_deref_mut().map(|direct| {
                direct.resize(direct.len().max(rows.len() * shape.units), F::ZERO);
                let direct = &mut direct[..rows.len() * shape.units];
                direct.fill(F::ZERO);
                for (b, row) in direct.chunks_exact_mut(shape.units).enumerate() {
                    for penalty in &self.activity {
                        penalty.add_gradient(
                            network.rates(state, t, b),
                            1.0 / (batch.samples * shape.units) as f64,
                            row,
                        );
                    }
                }
                &*direct
            });
            network.pull(plastic, state, sweep, t, errors, direct, cut(t));
        }
        // Nothing flows into the warm-up, so nothing comes to the initial state.
        if batch.warm_up == 0 {
            network.finish(plastic, state, sweep);
        }
    }

    /// Coefficients of the regulariser's derivative, 4 (q-1) / |G|², not yet divided by the number of
    /// pairs; and the trials' shares of Ω.
    fn weigh<N: Adjoint<Real = F>>(&self, network: &N, tape: &mut Tape<N>, batch: &Batch<F>) {
        let table = &batch.timetable;
        let sweep = tape.loss_sweep.as_ref().unwrap_or(&tape.sweep);
        tape.omega.clear();
        tape.omega.resize(table.trials(), (0.0, 0.0));
        for t in batch.warm_up + 1..=table.steps() {
            for (b, row) in table.rows(t).enumerate() {
                let flow = network.flow(sweep, row);
                tape.coefficients[row] = F::ZERO;
                if flow.before >= self.bound {
                    let q = flow.after / flow.before;
                    tape.omega[b].0 += (q - 1.0) * (q - 1.0);
                    tape.omega[b].1 += 1.0;
                    tape.coefficients[row] = F::from_f64(4.0 * (q - 1.0) / flow.divisor);
                }
            }
        }
    }

    /// Where the rates cost something: the gradient of all costs from one sweep, the regulariser's
    /// derivative from the sweep of the loss alone.
    fn gather_apart<N: Adjoint<Real = F>>(
        &self,
        network: &N,
        desks: &mut [Desk<N, Tape<N>>],
        crew: &Crew,
        gradient: &mut Arena<F>,
    ) {
        let mut pieces = Vec::with_capacity(desks.len());
        for desk in desks.iter_mut().filter(|d| d.batch.timetable.total() > 0) {
            let Desk { state, trace, batch, .. } = desk;
            pieces.push(Swept {
                state,
                sweep: &mut trace.sweep,
                errors: &trace.errors,
                timetable: &batch.timetable,
                warm_up: batch.warm_up,
            });
        }
        network.gather(crew, &mut pieces, None, gradient);
        let mut coefficients = Vec::with_capacity(desks.len());
        let mut pieces = Vec::with_capacity(desks.len());
        for desk in desks.iter_mut().filter(|d| d.batch.timetable.total() > 0) {
            let Desk { state, trace, batch, .. } = desk;
            let Tape { loss_sweep, errors, coefficients: s, .. } = trace;
            let Some(sweep) = loss_sweep else { continue };
            coefficients.push(&s[..]);
            pieces.push(Swept { state, sweep, errors, timetable: &batch.timetable, warm_up: batch.warm_up });
        }
        network.gather_flow(crew, &mut pieces, &coefficients, gradient);
    }
}
