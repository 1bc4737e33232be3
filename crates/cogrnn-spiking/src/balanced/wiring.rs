//! What a balanced network is made of: populations, connections, numbers.

use super::cells::{Cell, Lif};
use crate::connect;
use crate::synapses::{Outgoing, Plastic};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::real::Real;
use cogrnn_core::units::{Time, ms};

/// Neurons alike, one after another in the numbering.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// How many.
    pub neurons: usize,
    /// Their model.
    pub cell: Cell,
    /// X_bal, the constant input (threshold units).
    pub drive: f64,
    /// Decay of their plastic inputs.
    pub tau_plastic: Time,
    /// Whether their fixed synapses excite (else they inhibit).
    pub excitatory: bool,
    /// Weights of fixed synapses onto them, from excitatory and from inhibitory neurons (threshold · ms; the second is
    /// negative).
    pub background: [f64; 2],
}

/// Random current into each neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum NoiseModel {
    /// None.
    #[default]
    None,
    /// v += σ √(dt/τ_m) N(0,1) in every step, refractory or not.
    Voltage(f64),
    /// u_bal += σ √(τ_m/dt) N(0,1) in every step: it is part of what a rule sees.
    Current(f64),
}

/// Where a trial's potentials begin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Start {
    /// v_re + (θ - v_re) N(0,1) (§1.6).
    #[default]
    Normal,
    /// Uniform between v_re and θ (§3.10).
    Uniform,
}

/// External neurons, each a Poisson process of given rate, with plastic synapses onto all neurons (§1.6, §3.10).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct External {
    /// How many.
    pub neurons: usize,
    /// The step with which the first row of `spike_probability` belongs: before it they are silent.
    pub first_step: usize,
    /// Probability of a spike (step × external neuron); silent behind the last row.
    pub spike_probability: Vec<f32>,
}

/// A network with its connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring<F> {
    /// Step.
    pub dt: Time,
    /// Populations, in the order of the numbering.
    pub populations: Vec<Population>,
    /// Decay of currents through fixed synapses, from excitatory and from inhibitory neurons.
    pub tau_background: [Time; 2],
    /// Fixed synapses.
    pub background: Outgoing,
    /// Plastic synapses (threshold · ms).
    pub plastic: Plastic<F>,
    /// Noise.
    pub noise: NoiseModel,
    /// Initial potentials.
    pub start: Start,
}

impl<F> Wiring<F> {
    /// All neurons.
    pub fn neurons(&self) -> usize {
        self.populations.iter().map(|p| p.neurons).sum()
    }

    /// What makes no network.
    ///
    /// # Errors
    /// If something does not.
    pub fn check(&self) -> Result<()>
    where
        F: Real,
    {
        let wrong = |what: &str, why: &str, remedy: &str| Err(Error::input(what).why(why).remedy(remedy));
        let times = self.populations.iter().map(|p| p.tau_plastic).chain(self.tau_background).chain([self.dt]);
        if self.neurons() == 0 || times.into_iter().any(|t| t <= ms(0.0) || !t.as_ms().is_finite()) {
            return wrong(
                "a spiking network has no neurons or a time constant that is not above 0",
                "it cannot be stepped",
                "give populations neurons and every time constant a positive time",
            );
        }
        let levels: Vec<u8> = self.populations.iter().map(|p| p.cell.level()).collect();
        if levels.iter().any(|&l| l > 5 || l != levels[0]) {
            return wrong(
                "populations are of different neuron models, or of a GLIF level that is not 1 to 5",
                "all neurons of a network are stepped by one kernel",
                "use one model with parameters of its own for each population",
            );
        }
        let glif_0 = |p: &Population| matches!(p.cell, Cell::Glif(c) if c.level == 0);
        if self.populations.iter().any(|p| glif_0(p) || p.background[0] < 0.0 || p.background[1] > 0.0) {
            return wrong(
                "a fixed weight has the wrong sign, or a GLIF has level 0",
                "excitatory neurons excite and inhibitory ones inhibit; levels are 1 to 5",
                "give `background` as [positive, negative]",
            );
        }
        if self.plastic.neurons() != self.neurons() {
            return wrong(
                "the plastic synapses are those of another number of neurons",
                "there is one row a neuron",
                "draw them for this network",
            );
        }
        self.background.check(self.neurons())
    }
}

/// The default network of 2023 (§1.6): its numbers, from which weights follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Default2023 {
    /// N, the first half excitatory.
    pub neurons: usize,
    /// K, the expected excitatory fixed inputs; as many inhibitory. `None`: a tenth of the excitatory neurons.
    pub k: Option<usize>,
    /// g.
    pub gain: f64,
    /// The factor of jx: 0.08; 0.12 in the tutorial.
    pub drive: f64,
    /// Plastic inputs of each sign. `None`: 2√K.
    pub plastic_inputs: Option<usize>,
    /// Steps that a neuron skips after a spike.
    pub refractory_steps: usize,
}

impl Default for Default2023 {
    fn default() -> Default2023 {
        Default2023 { neurons: 4096, k: None, gain: 1.0, drive: 0.08, plastic_inputs: None, refractory_steps: 1 }
    }
}

impl Default2023 {
    /// K.
    pub fn k(&self) -> usize {
        self.k.unwrap_or(((self.neurons / 2) as f64 * 0.1).round() as usize)
    }

    /// The network, its connections drawn from a seed.
    ///
    /// # Errors
    /// If there are not enough neurons for K.
    pub fn wiring<F: Real>(&self, seed: u64) -> Result<Wiring<F>> {
        let n_e = self.neurons / 2; // floor for E, ceil for I
        let root_k = libm::sqrt(self.k() as f64);
        let tau_m = Lif::default().tau_m;
        let j = 2.0 / root_k * tau_m.as_ms() * self.gain;
        let jx = self.drive * root_k * self.gain;
        let cell = Cell::Lif(Lif { refractory_steps: self.refractory_steps, ..Lif::default() });
        let population = |neurons, drive, excitatory, background| Population {
            neurons,
            cell,
            drive,
            tau_plastic: ms(150.0),
            excitatory,
            background,
        };
        let l = self.plastic_inputs.unwrap_or((2.0 * root_k).round() as usize);
        // wpscale = 2√L
        let w = if l == 0 { 0.0 } else { 2.0 * tau_m.as_ms() * self.gain / (2.0 * libm::sqrt(l as f64)) };
        let inputs = [(0..n_e, l, F::from_f64(w)), (n_e..self.neurons, l, F::from_f64(-w))];
        Ok(Wiring {
            dt: ms(0.1),
            populations: vec![
                population(n_e, 1.5 * jx, true, [0.15 * j, -0.75 * j]),
                population(self.neurons - n_e, jx, false, [j, -j]),
            ],
            tau_background: [ms(3.0), ms(3.0)],
            background: connect::fixed_out_degree(self.neurons, 2 * self.k(), seed)?,
            plastic: connect::fan_in(self.neurons, &inputs, seed)?,
            noise: NoiseModel::None,
            start: Start::Normal,
        })
    }
}
