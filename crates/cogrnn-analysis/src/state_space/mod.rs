//! Targeted regression: the axes along which a population carries choice, motion, colour and context, and its
//! paths along them (sections 5.6 and 5.7, figures 4B, 4C, 4D; after Mante et al. 2013).
//!
//! ```text
//! r_i(t) = β_c C + β_m M + β_k K + β_x X + β_0 + β_cm CM + β_ck CK + β_cx CX + β_mk MK + β_mx MX + β_kx KX
//! C = p_i target   M = p_i m/max|m|   K = p_i k/max|k|   X = ±1        p_i the preferred choice of unit i
//! β_v  ← D β_v                  D the projector on the first 12 principal components of condition averages
//! B    = [β_v(argmax_t |β_v(t)|)]_v = Q R     columns of Q: the axes
//! ```
//!
//! One pass over the trials: sums over trials are kept without the signs p_i, which are known only at the end. A
//! sign turns choice, motion and colour round together, so it turns round coefficients and swaps conditions.

mod report;
mod sorting;

pub use report::{Norms, Panel, Report, Sorting, Trajectory, VARIABLES};

use crate::keys::Key;
use crate::linear::{Matrix, orthonormal, right_singular, solve};
use crate::selectivity::{PairMoments, summed};
use crate::statistics::Moments;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use sorting::{Averages, Cell};
use std::collections::BTreeMap;
use std::ops::Range;

/// Columns, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The epoch that is regressed; `stimulus`.
    pub epoch: String,
    /// The column of signed motion coherence, positive toward choice 0; `motion_coherence`.
    pub motion: String,
    /// The column of signed colour coherence, likewise; `colour_coherence`.
    pub colour: String,
    /// The column of the context; `context`.
    pub context: String,
    /// Its value where motion counts, any other is the colour context; 0.
    pub motion_context: f64,
    /// S.d. over time, of the mean over all trials, above which a unit is active; 0.1.
    pub active: f64,
    /// Spacing of the samples that are regressed, and s.d. of the smoothing, both rounded down to whole stored
    /// samples, ms; 50.
    pub bin: f64,
    /// Principal components that the denoising keeps; 12.
    pub components: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epoch: "stimulus".to_string(),
            motion: "motion_coherence".to_string(),
            colour: "colour_coherence".to_string(),
            context: "context".to_string(),
            motion_context: 0.0,
            active: 0.1,
            bin: 50.0,
            components: 12,
        }
    }
}

/// Regressors: the four variables, the constant, and the six products.
const REGRESSORS: usize = 11;
const CONSTANT: usize = 4;

/// C, M, K, X, 1, CM, CK, CX, MK, MX, KX.
fn regressors([c, m, k, x]: [f64; 4]) -> [f64; REGRESSORS] {
    [c, m, k, x, 1.0, c * m, c * k, c * x, m * k, m * x, k * x]
}

/// Finds the axes of choice, motion, colour and context.
///
/// # Example: fewer components
/// ```
/// use cogrnn_analysis::state_space::{Settings, StateSpace};
/// let state_space = StateSpace::new(Settings { components: 8, ..Settings::default() });
/// # let _ = state_space;
/// ```
#[derive(Clone, Debug)]
pub struct StateSpace {
    settings: Settings,
    units: Option<usize>,
    times: Vec<f64>,
    /// Start and end of the epoch, ms.
    epoch: [f64; 2],
    trials: usize,
    choice: PairMoments,
    /// Largest |coherence| of motion and colour.
    largest: [f64; 2],
    /// XᵀX, before signs and scales.
    x_x: Matrix,
    /// Xᵀr, (regressed sample × regressor × unit).
    x_r: Vec<f64>,
    /// Σ r², (regressed sample × unit).
    r_r: Vec<f64>,
    /// Sums by target, motion, colour, context and correct.
    cells: BTreeMap<Key, Cell>,
}

impl StateSpace {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> StateSpace {
        StateSpace {
            settings,
            units: None,
            times: Vec::new(),
            epoch: [0.0; 2],
            trials: 0,
            choice: PairMoments::default(),
            largest: [0.0; 2],
            x_x: Matrix::zeros(REGRESSORS, REGRESSORS),
            x_r: Vec::new(),
            r_r: Vec::new(),
            cells: BTreeMap::new(),
        }
    }

    /// Whole stored samples to a bin: of 50 ms and 20 ms, 2.
    fn bin(&self) -> usize {
        let spacing = if self.times.len() < 2 { self.settings.bin } else { self.times[1] - self.times[0] };
        (self.settings.bin / spacing + 1e-9) as usize
    }

    /// Samples from one that is regressed to the next.
    fn stride(&self) -> usize {
        self.bin().max(1)
    }

    /// Samples of the epoch; those with start < t if `after`, else those with start <= t.
    fn window(&self, after: bool) -> Range<usize> {
        let slack = if after { 1e-6 } else { -1e-6 };
        let first = self.times.iter().position(|t| *t > self.epoch[0] + slack).unwrap_or(0);
        let end = self.times.iter().rposition(|t| *t <= self.epoch[1] + 1e-6).map_or(0, |k| k + 1);
        first..end.max(first)
    }

    /// Every bin's sample of the epoch, start < t <= end.
    fn regressed(&self) -> Vec<usize> {
        self.window(true).step_by(self.stride()).collect()
    }

    /// Units whose mean over all trials changes over time.
    fn active(&self, units: usize) -> Vec<usize> {
        let active = |i: &usize| {
            let mut over_time = Moments::default();
            for k in 0..self.times.len() {
                over_time.add(self.cells.values().map(|c| c.rates[k * units + i]).sum::<f64>() / self.trials as f64);
            }
            over_time.population_variance().sqrt() > self.settings.active
        };
        (0..units).filter(active).collect()
    }

    /// β of the four variables, (variable × sample × active unit), for z-scored rates and signed regressors; and
    /// the fraction of variance explained.
    fn regression(&self, units: usize, active: &[usize], preferred: &[i8]) -> Result<([Matrix; 4], f64)> {
        let n = self.trials as f64;
        let samples = self.r_r.len() / units.max(1);
        let scale = |largest: f64| if largest > 0.0 { 1.0 / largest } else { 1.0 };
        let scales = regressors([1.0, scale(self.largest[0]), scale(self.largest[1]), 1.0]);
        let mut x_x = self.x_x.clone();
        for v in 0..REGRESSORS {
            for w in 0..REGRESSORS {
                x_x.values[v * REGRESSORS + w] *= scales[v] * scales[w];
            }
        }
        // one right-hand side for each active unit and sample
        let mut right = Matrix::zeros(active.len() * samples, REGRESSORS);
        let mut z_z = vec![0.0; right.rows];
        for (a, i) in active.iter().enumerate() {
            let x_r = |k: usize, v: usize| self.x_r[(k * REGRESSORS + v) * units + i];
            let count = n * samples as f64;
            let mean = (0..samples).map(|k| x_r(k, CONSTANT)).sum::<f64>() / count;
            let squares = (0..samples).map(|k| self.r_r[k * units + i]).sum::<f64>() / count;
            let sd = (squares - mean * mean).max(0.0).sqrt();
            // silent in this epoch: its z-scores are 0
            let sd = if sd > 1e-12 * squares.sqrt() { sd } else { f64::INFINITY };
            for k in 0..samples {
                let row = a * samples + k;
                for v in 0..REGRESSORS {
                    let centred = scales[v] * x_r(k, v) - mean * x_x.at(v, CONSTANT);
                    right.values[row * REGRESSORS + v] = centred / sd;
                }
                let r_r = self.r_r[k * units + i];
                z_z[row] = (r_r - 2.0 * mean * x_r(k, CONSTANT) + n * mean * mean) / (sd * sd);
            }
        }
        let beta = solve(&x_x, &right).ok_or_else(|| {
            Error::input(format!("the regression of {} trials has no single answer", self.trials))
                .why("its eleven regressors depend on each other: choices, coherences or contexts do not vary enough")
                .remedy("run more test trials of all conditions, and a network that has learned")
        })?;
        // the residual of least squares: zᵀz - βᵀXᵀz
        let explained: f64 = beta.values.iter().zip(&right.values).map(|(b, x)| b * x).sum();
        let variance: f64 = z_z.iter().sum();
        let signed = |v: usize| {
            let mut of_variable = Matrix::zeros(samples, active.len());
            for (a, i) in active.iter().enumerate() {
                // context has no side
                let sign = if v == 3 { 1.0 } else { f64::from(preferred[*i]) };
                for k in 0..samples {
                    of_variable.values[k * active.len() + a] = sign * beta.at(a * samples + k, v);
                }
            }
            of_variable
        };
        Ok(([0, 1, 2, 3].map(signed), explained / variance))
    }
}

impl Analysis for StateSpace {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let units = trial.same_units(&mut self.units)?;
        let epoch = trial.epoch(&self.settings.epoch)?;
        let epoch = [epoch.start.as_ms(), epoch.end.as_ms()];
        let motion = trial.value(&self.settings.motion)?;
        let colour = trial.value(&self.settings.colour)?;
        let context = if trial.value(&self.settings.context)? == self.settings.motion_context { 1.0 } else { -1.0 };
        if self.trials == 0 {
            self.times = trial.times.to_vec();
            self.epoch = epoch;
            let samples = self.regressed().len();
            self.x_r = vec![0.0; samples * REGRESSORS * units];
            self.r_r = vec![0.0; samples * units];
        }
        if self.times != trial.times || self.epoch != epoch || self.r_r.is_empty() {
            return Err(Error::input("trials that cannot be regressed together")
                .at(format!("trial {}", trial.index))
                .why(format!("all need the same samples, and some in epoch `{}`", self.settings.epoch))
                .remedy("fix the durations of epochs, as the test set of the task does"));
        }
        self.trials += 1;
        let chosen = trial.chosen();
        let target = if chosen == 0 { 1.0 } else { -1.0 };
        let mut activity = Vec::new();
        summed(trial, &self.settings.epoch, &mut activity)?;
        self.choice.add(usize::from(chosen != 0), &activity);

        self.largest = [self.largest[0].max(motion.abs()), self.largest[1].max(colour.abs())];
        let x = regressors([target, motion, colour, context]);
        for v in 0..REGRESSORS {
            for w in 0..REGRESSORS {
                self.x_x.values[v * REGRESSORS + w] += x[v] * x[w];
            }
        }
        for (s, k) in self.regressed().into_iter().enumerate() {
            let rates = trial.rates_at(k);
            for (v, x) in x.iter().enumerate() {
                let sums = &mut self.x_r[(s * REGRESSORS + v) * units..][..units];
                for (sum, rate) in sums.iter_mut().zip(rates) {
                    *sum += x * f64::from(*rate);
                }
            }
            for (sum, rate) in self.r_r[s * units..][..units].iter_mut().zip(rates) {
                *sum += f64::from(*rate).powi(2);
            }
        }
        let correct = f64::from(u8::from(trial.correct() == Some(true)));
        self.cells.entry(Key::new([target, motion, colour, context, correct])).or_default().add(trial.rates);
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let (Some(units), true) = (self.units, self.trials > 0) else {
            return Err(nothing_seen("targeted regression", "trials with two sorts of evidence"));
        };
        let d_prime = self.choice.d_prime();
        // a silent unit's d' is no number, and not above 0
        let preferred: Vec<i8> = d_prime.iter().map(|d| if *d > 0.0 { 1 } else { -1 }).collect();
        let active = self.active(units);
        if active.len() < VARIABLES.len() {
            return Err(Error::input(format!("{} active units", active.len()))
                .why(format!("four axes need four units whose mean rate has an s.d. above {}", self.settings.active))
                .remedy("lower `active`, or analyse a trained network"));
        }
        let (mut beta, r_squared) = self.regression(units, &active, &preferred)?;

        // principal components of the condition averages over the whole trial
        let stride = self.stride();
        let average = |select: fn(&[f64]) -> Option<Vec<f64>>| {
            Averages::new(&self.cells, select, &preferred, self.times.len(), self.bin() as f64)
        };
        let all = average(|key| Some(key.to_vec()));
        let samples: Vec<usize> = (0..self.times.len()).step_by(stride).collect();
        let mut x = Matrix::zeros(all.conditions.len() * samples.len(), active.len());
        let places = (0..all.conditions.len()).flat_map(|c| samples.iter().map(move |k| (c, *k)));
        for (row, (c, k)) in x.values.chunks_exact_mut(active.len()).zip(places) {
            for (value, i) in row.iter_mut().zip(&active) {
                *value = all.at(c, k, *i);
            }
        }
        let (singular_values, vectors) = right_singular(&x)?;
        let components = self.settings.components.min(singular_values.len());
        for of_variable in &mut beta {
            for row in of_variable.values.chunks_exact_mut(active.len()) {
                denoise(row, &vectors, components);
            }
        }

        let regressed = self.regressed();
        let from_onset = |k: &usize| self.times[*k] - self.epoch[0];
        let norms = [0, 1, 2, 3].map(|v| {
            let norm = |k| beta[v].row(k).iter().map(|b| b * b).sum::<f64>().sqrt();
            (0..regressed.len()).map(norm).collect::<Vec<_>>()
        });
        // the first of equals
        let peaks = [0, 1, 2, 3].map(|v| {
            let later = |best, k| if norms[v][k] > norms[v][best] { k } else { best };
            (0..regressed.len()).fold(0, later)
        });
        let mut b = Matrix::zeros(active.len(), VARIABLES.len());
        for a in 0..active.len() {
            for v in 0..VARIABLES.len() {
                b.values[a * VARIABLES.len() + v] = beta[v].at(peaks[v], a);
            }
        }
        let axes = orthonormal(&b);
        let rows = |m: &Matrix| (0..m.rows).map(|a| [m.at(a, 0), m.at(a, 1), m.at(a, 2), m.at(a, 3)]).collect();

        // places in the key of a cell: 0 target, 1 motion, 2 colour, 3 context, 4 correct
        let by_choice = average(|key| (key[4] == 1.0).then(|| vec![key[0]]));
        let by_motion = average(|key| (key[4] == 1.0).then(|| vec![key[0], key[1], key[3]]));
        let by_colour = average(|key| (key[4] == 1.0).then(|| vec![key[0], key[2], key[3]]));
        let by_context = average(|key| (key[4] == 1.0).then(|| vec![key[0], key[3]]));
        let window: Vec<usize> = self.window(false).collect();
        let sorting = |name: &str, columns: &[&str], averages: &Averages| Sorting {
            name: name.to_string(),
            columns: columns.iter().map(|c| c.to_string()).collect(),
            conditions: averages.conditions.iter().map(|key| key.0.clone()).collect(),
            times: window.iter().map(from_onset).collect(),
            units,
            rates: (0..averages.conditions.len())
                .flat_map(|c| window.iter().flat_map(move |k| (0..units).map(move |i| averages.at(c, *k, i) as f32)))
                .collect(),
        };
        let drawn: Vec<usize> = window.iter().copied().step_by(stride).collect();
        let panel = |context: f64, sorted_by: usize, y: usize| {
            let averages = if sorted_by == 1 { &by_motion } else { &by_colour };
            Panel {
                context: if context > 0.0 { "motion" } else { "colour" }.to_string(),
                sorted_by: VARIABLES[sorted_by].to_string(),
                x: 0,
                y,
                x_label: format!("{} (a.u.)", VARIABLES[0]),
                y_label: format!("{} (a.u.)", VARIABLES[y]),
                times: drawn.iter().map(from_onset).collect(),
                trajectories: trajectories(averages, context, &drawn, &active, &axes),
            }
        };
        Ok(Report {
            trials: self.trials,
            variables: VARIABLES,
            axes: rows(&axes),
            coefficients: rows(&b),
            norms: Norms {
                times: regressed.iter().map(from_onset).collect(),
                peaks: peaks.map(|k| from_onset(&regressed[k])),
                norms,
            },
            kept: singular_values[..components].iter().map(|s| s * s).sum::<f64>()
                / singular_values.iter().map(|s| s * s).sum::<f64>(),
            singular_values,
            components,
            r_squared,
            // the order of figure 4B, section 5.7 step 8
            panels: vec![
                panel(1.0, 1, 1),
                panel(1.0, 1, 2),
                panel(1.0, 2, 2),
                panel(-1.0, 1, 1),
                panel(-1.0, 2, 1),
                panel(-1.0, 2, 2),
            ],
            sortings: vec![
                sorting("choice", &["choice"], &by_choice),
                sorting("motion_choice", &["choice", "motion", "context"], &by_motion),
                sorting("colour_choice", &["choice", "colour", "context"], &by_colour),
                sorting("context_choice", &["choice", "context"], &by_context),
            ],
            d_prime,
            preferred,
            active,
        })
    }
}

/// β ← D β, D = VᵀV of the first rows of V.
fn denoise(beta: &mut [f64], vectors: &Matrix, components: usize) {
    let mut made = vec![0.0; beta.len()];
    for c in 0..components {
        let along: f64 = vectors.row(c).iter().zip(beta.iter()).map(|(v, b)| v * b).sum();
        made.iter_mut().zip(vectors.row(c)).for_each(|(m, v)| *m += along * v);
    }
    beta.copy_from_slice(&made);
}

/// Paths of the conditions of one context; choice, motion and colour less their means over these conditions.
fn trajectories(
    averages: &Averages,
    context: f64,
    samples: &[usize],
    active: &[usize],
    axes: &Matrix,
) -> Vec<Trajectory> {
    let along = |c: usize, k: usize| {
        [0, 1, 2, 3].map(|v| active.iter().enumerate().map(|(a, i)| axes.at(a, v) * averages.at(c, k, *i)).sum::<f64>())
    };
    let conditions = averages.conditions.iter().enumerate().filter(|(_, key)| key.0[2] == context);
    let mut made: Vec<Trajectory> = conditions
        .map(|(c, key)| Trajectory {
            choice: key.0[0],
            coherence: key.0[1],
            points: samples.iter().map(|k| along(c, *k)).collect(),
        })
        .collect();
    for k in 0..samples.len() {
        for v in 0..3 {
            let mean = made.iter().map(|t| t.points[k][v]).sum::<f64>() / made.len() as f64;
            made.iter_mut().for_each(|t| t.points[k][v] -= mean);
        }
    }
    made
}

#[cfg(test)]
mod tests;
