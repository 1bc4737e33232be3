//! Orthogonal decoding: the axes along which a population carries choice, two signals and the context, and its paths
//! along them (Miconi 2017, figure 5; section 7.5 of our description of it; after Mante et al. 2013).
//!
//! ```text
//! z_i(t) = (r_i(t) - mean_i)/s_i       over all trials and times; units with s_i <= 1e-10 are left out
//! z_i(t) = β_c C + β_1 b_1 + β_2 b_2 + β_x X + β_0       least squares at each time and unit
//! C = sign of the attended signal, 0 if it is 0    b_k the signals    X = 0 in the first context, else 1
//! B      = [β_v(argmax_t |β_v(t)|)]_v = Q R        columns of Q: the axes, the choice first
//! path   = Qᵀ <z(t)>_condition - mean over the conditions of a panel
//! ```
//!
//! Averages are over correct trials, whose last output has the sign C and a size above 0.5; conditions are context,
//! choice and one of the signals where it is not 0. What differs from [`crate::state_space`], the method of Song et al.:
//! no products of regressors, no denoising, no preferred choices, units z-scored over all times of the trial.
//!
//! One pass over the trials: z is affine in r, so that sums of r and of its products with the regressors say all.

mod report;

pub use report::{Panel, Path, Report, VARIABLES};

use crate::keys::Key;
use crate::linear::{Matrix, orthonormal, solve};
use crate::statistics::Moments;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use std::collections::BTreeMap;

/// Columns, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Column of the right choice, -1, 0 or 1: the sign of the attended signal; `sign`.
    pub choice: String,
    /// Columns of the two signals; `bias_1`, `bias_2`.
    pub signals: [String; 2],
    /// The column of the context; `context`.
    pub context: String,
    /// Its value where the first signal counts; 1.
    pub first_context: f64,
    /// Spacing of the samples, rounded down to whole stored samples, ms; 10.
    pub spacing: f64,
    /// Size that the last output of a correct trial exceeds; 0.5.
    pub least: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            choice: "sign".to_string(),
            signals: ["bias_1".to_string(), "bias_2".to_string()],
            context: "context".to_string(),
            first_context: 1.0,
            spacing: 10.0,
            least: 0.5,
        }
    }
}

/// C, b_1, b_2, X, 1.
const REGRESSORS: usize = 5;
const CONSTANT: usize = 4;
/// Below it the rates of a unit do not vary: those that are held (section 7.5, step 2).
const STILL: f64 = 1e-10;

/// Trials of one condition: their number, and sums of rates (sample × unit).
#[derive(Clone, Debug, Default)]
struct Cell {
    trials: usize,
    rates: Vec<f64>,
}

/// Finds the axes of choice, signals and context.
///
/// # Example: samples 20 ms apart
/// ```
/// use cogrnn_analysis::orthogonal_decoding::{OrthogonalDecoding, Settings};
/// let decoding = OrthogonalDecoding::new(Settings { spacing: 20.0, ..Settings::default() });
/// # let _ = decoding;
/// ```
#[derive(Clone, Debug)]
pub struct OrthogonalDecoding {
    settings: Settings,
    units: Option<usize>,
    /// All stored times, which trials share.
    stored: Vec<f64>,
    /// Those that are regressed.
    times: Vec<f64>,
    trials: usize,
    correct: usize,
    /// Of each unit over trials and times.
    moments: Vec<Moments>,
    /// XᵀX.
    x_x: Matrix,
    /// Xᵀr, (sample × regressor × unit).
    x_r: Vec<f64>,
    /// Correct trials by signal that sorts (0 or 1), context (0 or 1), choice, value of the signal.
    cells: BTreeMap<Key, Cell>,
}

impl OrthogonalDecoding {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> OrthogonalDecoding {
        OrthogonalDecoding {
            settings,
            units: None,
            stored: Vec::new(),
            times: Vec::new(),
            trials: 0,
            correct: 0,
            moments: Vec::new(),
            x_x: Matrix::zeros(REGRESSORS, REGRESSORS),
            x_r: Vec::new(),
            cells: BTreeMap::new(),
        }
    }

    /// β of the four variables, each (sample × active unit), of z-scored rates.
    fn regression(&self, units: usize, active: &[usize]) -> Result<[Matrix; 4]> {
        let samples = self.times.len();
        let mut right = Matrix::zeros(active.len() * samples, REGRESSORS);
        for (a, i) in active.iter().enumerate() {
            let (mean, sd) = (self.moments[*i].mean, self.moments[*i].population_variance().sqrt());
            for k in 0..samples {
                for v in 0..REGRESSORS {
                    let x_r = self.x_r[(k * REGRESSORS + v) * units + i];
                    right.values[(a * samples + k) * REGRESSORS + v] = (x_r - mean * self.x_x.at(v, CONSTANT)) / sd;
                }
            }
        }
        let beta = solve(&self.x_x, &right).ok_or_else(|| {
            Error::input(format!("the regression of {} trials has no single answer", self.trials))
                .why("choice, signals and context depend on each other: they do not vary enough")
                .remedy("run test trials of all pairs of signals in both contexts")
        })?;
        Ok([0, 1, 2, 3].map(|v| {
            let mut of_variable = Matrix::zeros(samples, active.len());
            for a in 0..active.len() {
                for k in 0..samples {
                    of_variable.values[k * active.len() + a] = beta.at(a * samples + k, v);
                }
            }
            of_variable
        }))
    }

    /// Paths of the conditions of one context, sorted by one signal.
    fn paths(&self, context: usize, sorted_by: usize, units: usize, active: &[usize], axes: &Matrix) -> Vec<Path> {
        let here = [sorted_by as f64, context as f64];
        let mut made: Vec<Path> = (self.cells.iter().filter(|(key, _)| key.0[..2] == here))
            .map(|(key, cell)| {
                let along = |rates: &[f64]| {
                    [0, 1, 2, 3].map(|v| {
                        let z = active.iter().enumerate().map(|(a, i)| {
                            let moments = &self.moments[*i];
                            let z =
                                (rates[*i] / cell.trials as f64 - moments.mean) / moments.population_variance().sqrt();
                            axes.at(a, v) * z
                        });
                        z.sum::<f64>()
                    })
                };
                let points = cell.rates.chunks_exact(units).map(along).collect();
                Path { choice: key.0[2], signal: key.0[3], trials: cell.trials, points }
            })
            .collect();
        for k in 0..self.times.len() {
            for v in 0..VARIABLES.len() {
                let mean = made.iter().map(|path| path.points[k][v]).sum::<f64>() / made.len() as f64;
                made.iter_mut().for_each(|path| path.points[k][v] -= mean);
            }
        }
        made
    }
}

impl Analysis for OrthogonalDecoding {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let units = trial.same_units(&mut self.units)?;
        let choice = trial.value(&self.settings.choice)?;
        let signals = [trial.value(&self.settings.signals[0])?, trial.value(&self.settings.signals[1])?];
        let context = usize::from(trial.value(&self.settings.context)? != self.settings.first_context);
        let stride = match trial.spacing() {
            spacing if spacing > 0.0 => ((self.settings.spacing / spacing + 1e-9) as usize).max(1),
            _ => 1,
        };
        // from the end of the first step, as the program stores trials: without the initial state
        let samples = || (1..trial.steps()).step_by(stride);
        if self.trials == 0 {
            self.stored = trial.times.to_vec();
            self.times = samples().map(|k| trial.times[k]).collect();
            self.moments = vec![Moments::default(); units];
            self.x_r = vec![0.0; self.times.len() * REGRESSORS * units];
        }
        if self.stored != trial.times || self.times.is_empty() || trial.readouts() == 0 {
            return Err(Error::input("trials that cannot be regressed together")
                .at(format!("trial {}", trial.index))
                .why("all need the same times, one step or more, and an output")
                .remedy("fix the durations of epochs, as the test set of the task does"));
        }
        self.trials += 1;
        let x = [choice, signals[0], signals[1], context as f64, 1.0];
        for v in 0..REGRESSORS {
            for w in 0..REGRESSORS {
                self.x_x.values[v * REGRESSORS + w] += x[v] * x[w];
            }
        }
        for (sample, k) in samples().enumerate() {
            let rates = trial.rates_at(k);
            self.moments.iter_mut().zip(rates).for_each(|(m, r)| m.add(f64::from(*r)));
            for (v, x) in x.iter().enumerate() {
                let sums = &mut self.x_r[(sample * REGRESSORS + v) * units..][..units];
                sums.iter_mut().zip(rates).for_each(|(sum, r)| *sum += x * f64::from(*r));
            }
        }
        let last = f64::from(trial.outputs_at(trial.steps() - 1)[0]);
        // without an attended signal neither answer is right
        if last.abs() <= self.settings.least || last * choice <= 0.0 {
            return Ok(());
        }
        self.correct += 1;
        for (sorted_by, signal) in signals.into_iter().enumerate().filter(|(_, signal)| *signal != 0.0) {
            let cell = self.cells.entry(Key::new([sorted_by as f64, context as f64, choice, signal])).or_default();
            cell.trials += 1;
            cell.rates.resize(self.times.len() * units, 0.0);
            for (sums, k) in cell.rates.chunks_exact_mut(units).zip(samples()) {
                sums.iter_mut().zip(trial.rates_at(k)).for_each(|(sum, r)| *sum += f64::from(*r));
            }
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let Some(units) = self.units else {
            return Err(nothing_seen("orthogonal decoding", "trials"));
        };
        let active: Vec<usize> = (0..units).filter(|i| self.moments[*i].population_variance().sqrt() > STILL).collect();
        if active.len() < VARIABLES.len() {
            return Err(Error::input(format!("{} units that vary", active.len()))
                .why("four orthogonal axes need four of them")
                .remedy("analyse a network of more units"));
        }
        let beta = self.regression(units, &active)?;
        let norms = [0, 1, 2, 3].map(|v| {
            let norm = |k| beta[v].row(k).iter().map(|b| b * b).sum::<f64>().sqrt();
            (0..self.times.len()).map(norm).collect::<Vec<f64>>()
        });
        // the first of equals
        let peaks = [0, 1, 2, 3].map(|v| {
            let later = |best, k| if norms[v][k] > norms[v][best] { k } else { best };
            (0..self.times.len()).fold(0, later)
        });
        let mut b = Matrix::zeros(active.len(), VARIABLES.len());
        for a in 0..active.len() {
            for v in 0..VARIABLES.len() {
                b.values[a * VARIABLES.len() + v] = beta[v].at(peaks[v], a);
            }
        }
        let axes = orthonormal(&b);
        let rows = |m: &Matrix| (0..m.rows).map(|a| [m.at(a, 0), m.at(a, 1), m.at(a, 2), m.at(a, 3)]).collect();
        let panel = |context: usize, sorted_by: usize| Panel {
            context,
            sorted_by,
            paths: self.paths(context, sorted_by, units, &active, &axes),
        };
        Ok(Report {
            trials: self.trials,
            correct: self.correct,
            signals: self.settings.signals.clone(),
            times: self.times.clone(),
            coefficients: rows(&b),
            axes: rows(&axes),
            peaks: peaks.map(|k| self.times[k]),
            norms,
            panels: vec![panel(0, 0), panel(0, 1), panel(1, 0), panel(1, 1)],
            active,
        })
    }
}

#[cfg(test)]
mod tests;
