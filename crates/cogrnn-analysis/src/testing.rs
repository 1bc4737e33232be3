//! Trials made by hand.

use crate::trial::Trial;
use cogrnn_core::task::{Epoch, Outline};
use cogrnn_core::units::ms;

/// What a trial borrows.
pub(crate) struct Made {
    pub outline: Outline,
    pub times: Vec<f64>,
    pub rates: Vec<f32>,
    pub outputs: Vec<f32>,
}

impl Made {
    /// A trial of two outputs whose first unit is silent, sampled every `spacing` from 0 to the last epoch's end.
    pub fn new(info: &[(&'static str, f64)], epochs: &[(&'static str, f64, f64)], spacing: f64) -> Made {
        let end = epochs.iter().map(|e| e.2).fold(0.0, f64::max);
        let steps = (end / spacing).round() as usize + 1;
        Made {
            outline: Outline {
                duration: ms(end),
                epochs: epochs.iter().map(|&(name, a, b)| Epoch { name, start: ms(a), end: ms(b) }).collect(),
                info: info.to_vec(),
                condition: Some(0),
                choice: None,
                script: Default::default(),
            },
            times: (0..steps).map(|k| k as f64 * spacing).collect(),
            rates: vec![0.0; steps],
            outputs: vec![0.0; 2 * steps],
        }
    }

    /// The right choice.
    pub fn right(mut self, choice: usize) -> Made {
        self.outline.choice = Some(choice);
        self
    }

    /// What the network chooses.
    pub fn chooses(mut self, choice: usize) -> Made {
        let steps = self.times.len();
        self.outputs[2 * (steps - 1) + choice] = 1.0;
        self
    }

    /// Rates at (sample, unit).
    pub fn rates(mut self, units: usize, rate: impl Fn(usize, usize) -> f64) -> Made {
        self.rates = (0..self.times.len())
            .flat_map(|k| (0..units).map(move |i| (k, i)))
            .map(|(k, i)| rate(k, i) as f32)
            .collect();
        self
    }

    /// Outputs at (time in ms, output).
    pub fn outputs(mut self, readouts: usize, output: impl Fn(f64, usize) -> f64) -> Made {
        let times = self.times.clone();
        self.outputs =
            times.iter().flat_map(|t| (0..readouts).map(move |o| (*t, o))).map(|(t, o)| output(t, o) as f32).collect();
        self
    }

    pub fn trial(&self, index: usize) -> Trial<'_> {
        Trial {
            index,
            outline: &self.outline,
            times: &self.times,
            inputs: &[],
            rates: &self.rates,
            outputs: &self.outputs,
        }
    }
}
