//! Optimisers: what is done with a gradient. Learning rates may change with the updates.

use cogrnn_core::real::Real;
use std::fmt::Debug;

/// The learning rate at each update.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// The same always.
    Constant(f64),
    /// From `start`, times `factor` every `every` updates.
    Step {
        /// At the first update.
        start: f64,
        /// What it is multiplied by.
        factor: f64,
        /// How often, in updates.
        every: u64,
    },
    /// From `start` to `end` along a half cosine over `updates`, then `end`.
    Cosine {
        /// At the first update.
        start: f64,
        /// From the last update on.
        end: f64,
        /// How long it takes.
        updates: u64,
    },
}

impl Schedule {
    /// The rate of an update, counted from 0.
    pub fn at(&self, update: u64) -> f64 {
        match *self {
            Schedule::Constant(rate) => rate,
            Schedule::Step { start, factor, every } => start * factor.powi((update / every.max(1)) as i32),
            Schedule::Cosine { start, end, updates } => {
                let done = (update as f64 / updates.max(1) as f64).min(1.0);
                end + 0.5 * (start - end) * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

/// How far training is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Updates made, each of a batch of trials: what schedules count.
    pub updates: u64,
    /// Changes made: as many as updates, or one a step where weights change online.
    pub changes: u64,
}

/// Applies a gradient to parameters.
pub trait Optimiser<F>: Debug + Send + Sync {
    /// Names of the arrays that it remembers from update to update, each as long as the parameters.
    fn memory(&self) -> &'static [&'static str];
    /// Changes the parameters, after so many changes.
    fn apply(&self, count: Count, memory: &mut [Vec<F>], gradient: &[F], theta: &mut [F]);
}

/// θ ← θ - η g.
#[derive(Clone, Debug, PartialEq)]
pub struct Sgd {
    /// η.
    pub rate: Schedule,
}

impl<F: Real> Optimiser<F> for Sgd {
    fn memory(&self) -> &'static [&'static str] {
        &[]
    }

    fn apply(&self, count: Count, _: &mut [Vec<F>], gradient: &[F], theta: &mut [F]) {
        let rate = F::from_f64(self.rate.at(count.updates));
        for (w, g) in theta.iter_mut().zip(gradient) {
            *w -= rate * *g;
        }
    }
}

/// v ← μ v + g;  θ ← θ - η v (Polyak 1964).
#[derive(Clone, Debug, PartialEq)]
pub struct Momentum {
    /// η.
    pub rate: Schedule,
    /// μ.
    pub momentum: f64,
}

impl<F: Real> Optimiser<F> for Momentum {
    fn memory(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn apply(&self, count: Count, memory: &mut [Vec<F>], gradient: &[F], theta: &mut [F]) {
        let (rate, keep) = (F::from_f64(self.rate.at(count.updates)), F::from_f64(self.momentum));
        for ((w, g), v) in theta.iter_mut().zip(gradient).zip(&mut memory[0]) {
            *v = keep * *v + *g;
            *w -= rate * *v;
        }
    }
}

/// Adam with bias correction (Kingma & Ba 2015, algorithm 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// η.
    pub rate: Schedule,
    /// β₁.
    pub beta1: f64,
    /// β₂.
    pub beta2: f64,
    /// ε.
    pub epsilon: f64,
}

impl<F: Real> Optimiser<F> for Adam {
    fn memory(&self) -> &'static [&'static str] {
        &["mean", "square"]
    }

    fn apply(&self, count: Count, memory: &mut [Vec<F>], gradient: &[F], theta: &mut [F]) {
        let [mean, square] = memory else { return };
        let k = (count.changes + 1).min(i32::MAX as u64) as i32;
        let rate = self.rate.at(count.updates) * (1.0 - self.beta2.powi(k)).sqrt() / (1.0 - self.beta1.powi(k));
        // ε is inside, as in the algorithm's efficient form, scaled to equal the plain one
        let epsilon = F::from_f64(self.epsilon * (1.0 - self.beta2.powi(k)).sqrt());
        let (rate, b1, b2) = (F::from_f64(rate), F::from_f64(self.beta1), F::from_f64(self.beta2));
        let (c1, c2) = (F::from_f64(1.0 - self.beta1), F::from_f64(1.0 - self.beta2));
        for (((w, g), m), v) in theta.iter_mut().zip(gradient).zip(mean).zip(square) {
            *m = b1 * *m + c1 * *g;
            *v = b2 * *v + c2 * *g * *g;
            *w -= rate * *m / (v.sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adam_takes_the_steps_of_its_paper() {
        // By hand: after one step m̂ = g, v̂ = g², so θ moves by η g / (|g| + ε), whatever g is.
        let adam = Adam { rate: Schedule::Constant(0.1), beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let mut memory = vec![vec![0.0f64; 2]; 2];
        let mut theta = [1.0, -2.0];
        adam.apply(Count::default(), &mut memory, &[3.0, -0.01], &mut theta);
        assert!((theta[0] - 0.9).abs() < 1e-9 && (theta[1] + 1.9).abs() < 1e-6, "{theta:?}");
        // Second step with gradient 0: m̂ = 0.09 g/0.19·…, v̂ = 0.000999 g²/0.001999
        adam.apply(Count { updates: 1, changes: 1 }, &mut memory, &[0.0, 0.0], &mut theta);
        let step = 0.1 * (0.09 * 3.0 / 0.19) / (0.000_999f64 * 9.0 / 0.001_999).sqrt();
        assert!((theta[0] - (0.9 - step)).abs() < 1e-7, "{} {}", theta[0], 0.9 - step);
    }

    #[test]
    fn schedules_go_where_they_say() {
        let step = Schedule::Step { start: 1.0, factor: 0.5, every: 10 };
        assert_eq!([0, 9, 10, 25].map(|u| step.at(u)), [1.0, 1.0, 0.5, 0.25]);
        let cosine = Schedule::Cosine { start: 1.0, end: 0.1, updates: 100 };
        assert!((cosine.at(0) - 1.0).abs() < 1e-12 && (cosine.at(50) - 0.55).abs() < 1e-12 && cosine.at(1000) == 0.1);
    }
}
