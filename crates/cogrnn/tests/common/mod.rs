//! One network with explicit inputs and noise, whose loss and gradients tests look at.
#![allow(dead_code)]

pub mod plain;

use cogrnn_core::batch::{Batch, Timetable};
use cogrnn_core::constraint::{Constraint, Wiring};
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Network, Noise, Room, Shape};
use cogrnn_core::params::{Arena, Parameters, Plastic};
use cogrnn_core::readout::Readout;
use cogrnn_core::readout::{Loss, Tally};
use cogrnn_core::real::Real;
use cogrnn_core::rule::Desk;
use cogrnn_core::rule::{Learned, Moment, Still};
use cogrnn_core::run::{Conditions, Probe, Run, work};
use cogrnn_core::units::{Time, ms};
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::penalties::{ActivityPenalty, WeightPenalty};
use cogrnn_rules::{Bptt, With};

/// A network, its parameters, and explicit trials: all that a loss depends on.
#[derive(Clone, Debug)]
pub struct Problem {
    pub shape: Shape,
    pub tau: Vec<f64>,
    pub dt: f64,
    pub nonlinearity: Nonlinearity,
    pub readout: Readout,
    pub loss: Loss,
    pub constraints: Vec<(&'static str, Constraint)>,
    /// Blocks by name, row-major.
    pub theta: Vec<(&'static str, Vec<f64>)>,
    /// Length of each trial.
    pub lengths: Vec<usize>,
    /// (time × trial × channel), padded to the longest trial.
    pub inputs: Vec<f64>,
    /// (time × trial × unit): the term inside the bracket of α.
    pub noise: Vec<f64>,
    /// (time × trial × output).
    pub targets: Vec<f64>,
    pub mask: Vec<f64>,
    pub omega: f64,
}

pub type Costs<F> = (Vec<Box<dyn WeightPenalty<F>>>, Vec<Box<dyn ActivityPenalty<F>>>);

/// What came out.
pub struct Answer {
    pub tally: Tally,
    pub learned: Learned,
    pub gradient: Arena<f64>,
    pub last_x: Vec<Vec<f64>>,
}

impl Problem {
    pub fn network<F: Real>(&self, isa: Isa) -> Rate<F> {
        self.noisy_network(UnitNoise::Silent, isa)
    }

    pub fn noisy_network<F: Real>(&self, noise: UnitNoise, isa: Isa) -> Rate<F> {
        let design = Design {
            shape: self.shape,
            tau: self.tau.iter().map(|&t| ms(t)).collect::<Vec<Time>>(),
            dt: ms(self.dt),
            leak: Leak::Potential,
            nonlinearity: self.nonlinearity,
            readout: self.readout,
            noise,
        };
        Rate::new(&design, isa).unwrap()
    }

    pub fn plastic<F: Real>(&self, network: &Rate<F>) -> Plastic<Rate<F>> {
        let mut theta = network.blocks();
        for (name, values) in &self.theta {
            for (to, from) in theta.block_mut(name).iter_mut().zip(values) {
                *to = F::from_f64(*from);
            }
        }
        let wiring = Wiring::new(&theta, &self.constraints).unwrap();
        Parameters::new(network, theta, wiring).unwrap()
    }

    /// The trials cut into pieces, longest first, with their noise.
    pub fn batches<F: Real>(&self, pieces: usize, whole: bool) -> Vec<(Batch<F>, Vec<F>)> {
        let trials = self.lengths.len();
        let steps = *self.lengths.iter().max().unwrap();
        let mut order: Vec<usize> = (0..trials).collect();
        order.sort_by_key(|&b| std::cmp::Reverse(self.lengths[b]));
        let length = |b: usize| if whole { steps } else { self.lengths[b] };
        let each = trials.div_ceil(pieces);
        let mut all = Vec::new();
        for ids in order.chunks(each) {
            let mut timetable = Timetable::default();
            timetable.refill(&ids.iter().map(|&b| length(b)).collect::<Vec<_>>());
            let take = |array: &[f64], width: usize| {
                let mut out = Vec::new();
                for t in 1..=timetable.steps() {
                    for &b in &ids[..timetable.active(t)] {
                        let at = ((t - 1) * trials + b) * width;
                        out.extend(array[at..at + width].iter().map(|&x| F::from_f64(x)));
                    }
                }
                out
            };
            let batch = Batch {
                held: Vec::new(),
                inputs: take(&self.inputs, self.shape.inputs),
                targets: take(&self.targets, self.shape.outputs),
                mask: take(&self.mask, self.shape.outputs),
                outlines: Vec::new(),
                ids: ids.iter().map(|&b| b as u64).collect(),
                samples: steps * trials,
                warm_up: 0,
                timetable: timetable.clone(),
            };
            all.push((batch, take(&self.noise, self.shape.units)));
        }
        all
    }

    /// Loss and gradient with respect to θ, nothing clipped.
    pub fn solve<F: Real>(&self, costs: Costs<F>, isa: Isa) -> Answer {
        let network = self.network::<F>(isa);
        let mut bptt = Bptt::new(self.omega);
        let whole = !costs.1.is_empty();
        bptt.activity = costs.1;
        let mut rule = bptt.with(Sgd { rate: Schedule::Constant(0.0) });
        rule.penalties = costs.0;
        let steps = *self.lengths.iter().max().unwrap();
        let room = Room { trials: self.lengths.len(), steps, history: cogrnn_core::network::History::Whole };
        let crew = Crew::new(1).unwrap();
        let mut run = Run::new(&network, &rule, self.plastic(&network), &room, &crew).unwrap();
        let (batch, noise) = self.batches(1, whole).remove(0);
        run.desks[0].batch = batch;
        let (tally, learned) = run.update(Noise::Given(&noise), self.loss, &crew);
        let mut gradient = Arena::<f64>::zeros_like(run.memory.gradient());
        for (to, from) in gradient.data_mut().iter_mut().zip(run.memory.gradient().data()) {
            *to = from.to_f64();
        }
        Answer { tally, learned, gradient, last_x: self.last_x(&network, &run.plastic) }
    }

    /// x of every step (time from 1 × trial × unit), in the order of the trials. With `whole` every trial
    /// goes on to the end of the longest; else a trial that is over has no x.
    pub fn path<F: Real>(&self, isa: Isa, whole: bool) -> Vec<Vec<Vec<F>>> {
        struct All<F>(Vec<Vec<Vec<F>>>, Vec<usize>);
        impl<F: Real> Probe<Rate<F>> for All<F> {
            fn observe(&mut self, now: &Moment<'_, Rate<F>>) {
                for b in 0..now.active {
                    self.0[now.t - 1][self.1[b]] = now.network.potentials(now.state, now.t, b).to_vec();
                }
            }
        }
        let network = self.network::<F>(isa);
        let (batch, noise) = self.batches::<F>(1, whole).remove(0);
        let steps = batch.timetable.steps();
        let room = Room { trials: self.lengths.len(), steps, history: cogrnn_core::network::History::Last };
        let mut desk = Desk::new(&network, &Still, &room).unwrap();
        let mut all =
            All(vec![vec![Vec::new(); self.lengths.len()]; steps], batch.ids.iter().map(|&b| b as usize).collect());
        desk.batch = batch;
        let conditions = Conditions::new(Noise::Given(&noise), self.loss, 1.0);
        work(&network, &Still, &self.plastic(&network), &(), &conditions, &mut desk, &mut all);
        all.0
    }

    /// The same problem with one of its trials alone, as long as that is.
    pub fn only(&self, b: usize) -> Problem {
        let trials = self.lengths.len();
        let take = |array: &[f64], width: usize| -> Vec<f64> {
            (0..self.lengths[b]).flat_map(|t| array[(t * trials + b) * width..][..width].to_vec()).collect()
        };
        Problem {
            lengths: vec![self.lengths[b]],
            inputs: take(&self.inputs, self.shape.inputs),
            noise: take(&self.noise, self.shape.units),
            targets: take(&self.targets, self.shape.outputs),
            mask: take(&self.mask, self.shape.outputs),
            ..self.clone()
        }
    }

    /// x at the last step of each trial, in the order of the trials.
    pub fn last_x<F: Real>(&self, network: &Rate<F>, plastic: &Plastic<Rate<F>>) -> Vec<Vec<f64>> {
        struct Last(Vec<Vec<f64>>, Vec<usize>);
        impl<F: Real> Probe<Rate<F>> for Last {
            fn observe(&mut self, now: &Moment<'_, Rate<F>>) {
                for b in 0..now.active {
                    self.0[self.1[b]] =
                        now.network.potentials(now.state, now.t, b).iter().map(|x| x.to_f64()).collect();
                }
            }
        }
        let (batch, noise) = self.batches::<F>(1, false).remove(0);
        let steps = batch.timetable.steps();
        let room = Room { trials: self.lengths.len(), steps, history: cogrnn_core::network::History::Last };
        let mut desk = Desk::new(network, &Still, &room).unwrap();
        let mut last = Last(vec![Vec::new(); self.lengths.len()], batch.ids.iter().map(|&b| b as usize).collect());
        desk.batch = batch;
        let conditions = Conditions::new(Noise::Given(&noise), self.loss, 1.0);
        work(network, &Still, plastic, &(), &conditions, &mut desk, &mut last);
        last.0
    }
}

/// Largest difference relative to the largest entry.
pub fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(1e-300f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max)
}
