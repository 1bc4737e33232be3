//! Neurons of the balanced network: leaky integrate-and-fire (§1.6) and its five generalisations (§1.7).
//!
//! ```text
//! LIF    v += dt/τ_m (X + u - v)                                  spike if v > θ               v ← v_re
//! GLIF1  v += dt C⁻¹ (X + u - R⁻¹(v - E_l))                       v > θ                        v ← v_re
//! GLIF2  GLIF1, then θ_s -= dt b_s θ_s                            v > θ + θ_s                  v ← E_l + f_v v - δ_v; θ_s += δθ_s
//! GLIF3  I_j -= dt I_j/τ_j; GLIF1 with X + u + Σ I_j              v > θ                        I_j ← f_j I_j + δI_j; v ← v_re
//! GLIF4  GLIF3, then θ_s of GLIF2                                 v > θ + θ_s                  both resets
//! GLIF5  GLIF4, then θ_v += dt (a_v v - b_v θ_v)                  v > θ + θ_s + θ_v            as GLIF4
//! ```
//!
//! In the reference program a_v v carries no dt, so that what a_v means depends on the step. Here it does, and a_v is a rate
//! like b_v; for the program's numbers give `a_v` as theirs divided by dt.

use cogrnn_core::units::{Time, ms};

/// Currents after a spike that a neuron may have.
pub const AFTER_CURRENTS: usize = 3;

/// A neuron model. Potentials and currents are in units of the threshold's distance from rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// Leaky integrate-and-fire.
    Lif(Lif),
    /// One of its generalisations.
    Glif(Glif),
}

/// Leaky integrate-and-fire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lif {
    /// Membrane time constant τ_m.
    pub tau_m: Time,
    /// θ.
    pub threshold: f64,
    /// v_re.
    pub reset: f64,
    /// Steps that a neuron skips after a spike: 1 in §1.6, 0 in §3.10.
    pub refractory_steps: usize,
}

impl Default for Lif {
    /// §1.6.
    fn default() -> Lif {
        Lif { tau_m: ms(10.0), threshold: 1.0, reset: 0.0, refractory_steps: 1 }
    }
}

/// A current after a spike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AfterCurrent {
    /// 1/τ_j, per ms.
    pub decay: f64,
    /// f_j: what is left of it at a spike.
    pub keep: f64,
    /// δI_j: what a spike adds.
    pub jump: f64,
}

/// Generalised leaky integrate-and-fire. What a level does not have is not read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glif {
    /// 1 to 5.
    pub level: u8,
    /// R⁻¹.
    pub inverse_resistance: f64,
    /// C⁻¹, per ms.
    pub inverse_capacitance: f64,
    /// E_l.
    pub rest: f64,
    /// θ.
    pub threshold: f64,
    /// v_re; of levels 1 and 3.
    pub reset: f64,
    /// Steps that a neuron skips after a spike.
    pub refractory_steps: usize,
    /// b_s, per ms.
    pub spike_threshold_decay: f64,
    /// δθ_s.
    pub spike_threshold_jump: f64,
    /// f_v.
    pub keep_v: f64,
    /// δ_v.
    pub drop_v: f64,
    /// Currents after a spike.
    pub currents: [AfterCurrent; AFTER_CURRENTS],
    /// a_v, per ms.
    pub voltage_threshold_rise: f64,
    /// b_v, per ms.
    pub voltage_threshold_decay: f64,
}

impl Default for Glif {
    /// Level 5 with the numbers of §1.7.
    fn default() -> Glif {
        let current = |decay| AfterCurrent { decay, keep: 0.9, jump: 0.1 };
        Glif {
            level: 5,
            inverse_resistance: 1.0,
            inverse_capacitance: 0.1,
            rest: 0.0,
            threshold: 1.0,
            reset: 0.0,
            refractory_steps: 1,
            spike_threshold_decay: 0.1,
            spike_threshold_jump: 0.1,
            keep_v: 0.1,
            drop_v: 0.1,
            currents: [current(0.1), current(0.2), current(0.3)],
            voltage_threshold_rise: 0.1,
            voltage_threshold_decay: 0.9,
        }
    }
}

impl Cell {
    /// θ at rest.
    pub fn threshold(&self) -> f64 {
        match self {
            Cell::Lif(c) => c.threshold,
            Cell::Glif(c) => c.threshold,
        }
    }

    /// What initial potentials are scattered around: v_re, or E_l where the model resets to it.
    pub fn base(&self) -> f64 {
        match self {
            Cell::Lif(c) => c.reset,
            Cell::Glif(c) if matches!(c.level, 2 | 4 | 5) => c.rest,
            Cell::Glif(c) => c.reset,
        }
    }

    /// 0 for LIF, else the level of GLIF.
    pub(super) fn level(&self) -> u8 {
        match self {
            Cell::Lif(_) => 0,
            Cell::Glif(c) => c.level,
        }
    }

    pub(super) fn refractory_steps(&self) -> usize {
        match self {
            Cell::Lif(c) => c.refractory_steps,
            Cell::Glif(c) => c.refractory_steps,
        }
    }
}
