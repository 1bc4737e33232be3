//! How a population holds the frequency of a first stimulus through a delay (section 5.10, figures 7B to 7E; after
//! Romo et al. 1999).
//!
//! ```text
//! r̄_i(f1, t) = a_0 + a_1 f1        least squares over the values of f1, p of a_1 from t with (values - 2) d.o.f.
//! ```
//!
//! r̄ averages the correct trials of one f1. Trials must be of one length, as those of the test set are.

mod report;

pub use report::{Correlation, Pair, Report, Scatter};

use crate::keys::Key;
use crate::statistics::{correlation, slope};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use std::collections::BTreeMap;

/// Columns and epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the first stimulus; `f1`.
    pub first: String,
    /// The column of the second stimulus; `f2`.
    pub second: String,
    /// The epoch of the first stimulus; `f1`.
    pub first_epoch: String,
    /// The epoch between the two; `delay`.
    pub delay: String,
    /// The epoch of the second stimulus; `f2`.
    pub second_epoch: String,
    /// The p value below which a unit is tuned; 0.05.
    pub level: f64,
    /// What the stimulus is, with its unit; `f1 (Hz)`.
    pub stimulus_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            first: "f1".to_string(),
            second: "f2".to_string(),
            first_epoch: "f1".to_string(),
            delay: "delay".to_string(),
            second_epoch: "f2".to_string(),
            level: 0.05,
            stimulus_label: "f1 (Hz)".to_string(),
        }
    }
}

/// Regresses rates on the first stimulus.
///
/// # Example: vibrations of 10 to 34 Hz
/// ```
/// use cogrnn_analysis::tuning::{Settings, Tuning};
/// let tuning = Tuning::new(Settings::default());
/// # let _ = tuning;
/// ```
#[derive(Clone, Debug)]
pub struct Tuning {
    settings: Settings,
    units: Option<usize>,
    times: Vec<f64>,
    /// Start and end of first stimulus, delay and second stimulus, ms.
    epochs: [[f64; 2]; 3],
    stimuli: BTreeMap<Key, Sums>,
    /// Trials and right ones of each pair.
    pairs: BTreeMap<Key, (usize, usize)>,
}

/// Correct trials of one stimulus: their number, and sums of rates (time × unit).
#[derive(Clone, Debug, Default)]
struct Sums {
    trials: usize,
    rates: Vec<f64>,
}

impl Tuning {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Tuning {
        Tuning {
            settings,
            units: None,
            times: Vec::new(),
            epochs: [[0.0; 2]; 3],
            stimuli: BTreeMap::new(),
            pairs: BTreeMap::new(),
        }
    }

    /// The first sample at or after t, or the last of all.
    fn sample_from(&self, t: f64) -> usize {
        self.times.iter().position(|s| *s >= t - 1e-6).unwrap_or(self.times.len() - 1)
    }
}

impl Analysis for Tuning {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let first = trial.value(&self.settings.first)?;
        let second = trial.value(&self.settings.second)?;
        let mut epochs = [[0.0; 2]; 3];
        let names = [&self.settings.first_epoch, &self.settings.delay, &self.settings.second_epoch];
        for (place, name) in epochs.iter_mut().zip(names) {
            let epoch = trial.epoch(name)?;
            *place = [epoch.start.as_ms(), epoch.end.as_ms()];
        }
        trial.same_units(&mut self.units)?;
        if self.times.is_empty() {
            self.times = trial.times.to_vec();
            self.epochs = epochs;
        }
        if self.times != trial.times || self.epochs != epochs {
            return Err(Error::input("trials of different lengths")
                .at(format!("trial {}", trial.index))
                .why("tuning over time needs the same epochs and samples in all trials")
                .remedy("fix the delay, as the test set of the task does"));
        }
        let Some(correct) = trial.correct() else {
            return Ok(());
        };
        let (n, right) = self.pairs.entry(Key::new([first, second])).or_default();
        *n += 1;
        *right += usize::from(correct);
        if correct {
            let sums = self.stimuli.entry(Key::new([first])).or_default();
            sums.trials += 1;
            sums.rates.resize(trial.rates.len(), 0.0);
            for (sum, rate) in sums.rates.iter_mut().zip(trial.rates) {
                *sum += f64::from(*rate);
            }
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let (Some(units), false) = (self.units, self.stimuli.is_empty()) else {
            return Err(nothing_seen("tuning", "correct trials"));
        };
        let steps = self.times.len();
        let stimuli: Vec<f64> = self.stimuli.keys().map(|key| key.0[0]).collect();
        let (mut slopes, mut p) = (vec![0.0; steps * units], vec![0.0; steps * units]);
        let mut rates = vec![0.0; stimuli.len()];
        for at in 0..steps * units {
            for (rate, sums) in rates.iter_mut().zip(self.stimuli.values()) {
                *rate = sums.rates[at] / sums.trials as f64;
            }
            (slopes[at], p[at]) = slope(&stimuli, &rates);
        }
        let slopes_at = |k: usize| &slopes[k * units..(k + 1) * units];
        let [[first_start, first_end], [delay_start, delay_end], [second_start, second_end]] = self.epochs;
        let middle = |start: f64, end: f64| self.sample_from(0.5 * (start + end));
        let (mid_first, mid_delay) = (middle(first_start, first_end), middle(delay_start, delay_end));
        let mid_second = middle(second_start, second_end);
        // the first sample after the end of the delay
        let after_delay = self.times.iter().position(|t| *t > delay_end + 1e-6).unwrap_or(steps - 1);
        let until = |t: f64| self.times.iter().rposition(|s| *s <= t + 1e-6).map_or(0, |k| k + 1);

        let names = [format!("middle of {}", self.settings.first_epoch), format!("middle of {}", self.settings.delay)];
        let compared = mid_first..until(delay_end).max(mid_first);
        let correlations = [0, 1].map(|r| {
            let reference = [mid_first, mid_delay][r];
            Correlation {
                reference: names[r].clone(),
                time: self.times[reference],
                times: self.times[compared.clone()].to_vec(),
                correlation: compared.clone().map(|k| correlation(slopes_at(reference), slopes_at(k))).collect(),
            }
        });
        let scatters = [0, 1].map(|r| Scatter {
            x_label: format!("slope at {}", names[r]),
            y_label: format!("slope at end of {}", self.settings.delay),
            x: slopes_at([mid_first, mid_delay][r]).to_vec(),
            y: slopes_at(after_delay).to_vec(),
        });
        // no number is below the level: units that never change are not tuned
        let level = self.settings.level;
        let tuned = |k: usize, i: usize| p[k * units + i] < level;
        let in_both = |agree: bool| {
            let chosen = |i: &usize| {
                let (a, b) = (slopes_at(mid_first)[*i], slopes_at(mid_second)[*i]);
                let signs = if agree { a > 0.0 && b > 0.0 } else { a * b < 0.0 };
                tuned(mid_first, *i) && tuned(mid_second, *i) && signs
            };
            (0..units).filter(chosen).collect()
        };
        let counted = 1..until(second_end).max(1);
        let fraction = |k| (0..units).filter(|i| tuned(k, *i)).count() as f64 / units as f64;
        let averages =
            self.stimuli.values().flat_map(|sums| sums.rates.iter().map(|r| (r / sums.trials as f64) as f32));
        Ok(Report {
            stimulus_label: self.settings.stimulus_label.clone(),
            trials: self.stimuli.values().map(|sums| sums.trials).collect(),
            times: self.times.clone(),
            units,
            averages: averages.collect(),
            significant_times: self.times[counted.clone()].to_vec(),
            significant: counted.map(fraction).collect(),
            level,
            correlations,
            scatters,
            positive_in_both: in_both(true),
            sign_switching: in_both(false),
            pairs: self
                .pairs
                .iter()
                .map(|(key, &(n, right))| Pair {
                    first: key.0[0],
                    second: key.0[1],
                    n,
                    percent_correct: 100.0 * right as f64 / n as f64,
                })
                .collect(),
            slopes: slopes.iter().map(|v| *v as f32).collect(),
            p: p.iter().map(|v| *v as f32).collect(),
            stimuli,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::student_p;
    use crate::testing::Made;
    use crate::trial::see_all;

    const STIMULI: [f64; 7] = [10.0, 14.0, 18.0, 22.0, 26.0, 30.0, 34.0];
    // orthogonal to a straight line over seven points: residuals that leave planted slopes as they are
    const QUARTIC: [f64; 7] = [3.0, -7.0, 1.0, 6.0, 1.0, -7.0, 3.0];

    /// Epochs of 100 ms from 100 to 400 ms. Unit 0 keeps its slope, unit 1 turns it round in f2, unit 2 is noise
    /// without slope, unit 3 is silent; `chosen` is right if 0.
    fn made(f1: usize, chosen: usize) -> Made {
        let epochs = [("fixation", 0.0, 100.0), ("f1", 100.0, 200.0), ("delay", 200.0, 300.0), ("f2", 300.0, 400.0)];
        Made::new(&[("f1", STIMULI[f1]), ("f2", STIMULI[f1] - 8.0)], &epochs, 20.0)
            .rates(4, |k, unit| {
                let t = 20.0 * k as f64;
                let slope = match unit {
                    0 => 0.02,
                    1 if t > 300.0 => -0.03,
                    1 => 0.03,
                    _ => 0.0,
                };
                let noise = if unit == 3 { 0.0 } else { 0.01 * QUARTIC[f1] };
                if t <= 100.0 { 0.01 * QUARTIC[f1] } else { 1.0 + slope * STIMULI[f1] + noise }
            })
            .right(0)
            .chooses(chosen)
    }

    fn report() -> Report {
        let mut trials: Vec<_> = (0..7).map(|f1| made(f1, 0)).collect();
        // an error with rates of its own, which no average may see
        trials.push(made(2, 1).rates(4, |_, _| 50.0).chooses(1));
        see_all(Tuning::new(Settings::default()), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap()
    }

    #[test]
    fn planted_slopes_and_their_p_values() {
        let report = report();
        assert_eq!(report.stimuli, STIMULI);
        // 160 ms, the middle of f1 is 150
        let at = 8 * 4;
        for (i, expected) in [0.02, 0.03, 0.0, 0.0].into_iter().enumerate() {
            assert!((f64::from(report.slopes[at + i]) - expected).abs() < 1e-6, "{i}");
        }
        // Σ q² = 154, Σ (f - 22)² = 448: s² = 0.0154/5, t = 0.02 √448/s = 7.628
        let t = 0.02 * 448.0f64.sqrt() / (1e-4 * 154.0f64 / 5.0).sqrt();
        assert!((f64::from(report.p[at]) / student_p(t, 5.0) - 1.0).abs() < 1e-3, "{}", report.p[at]);
        assert!((t - 7.628).abs() < 1e-3 && report.p[at] < 1e-3);
        assert!((report.p[at + 2] - 1.0).abs() < 1e-3 && report.p[at + 3].is_nan());
    }

    #[test]
    fn times_are_those_of_the_figure() {
        let report = report();
        assert_eq!((report.significant_times[0], *report.significant_times.last().unwrap()), (20.0, 400.0));
        // nobody in fixation, two of four afterwards
        let fraction = |t: f64| report.significant[report.significant_times.iter().position(|s| *s == t).unwrap()];
        assert_eq!((fraction(100.0), fraction(120.0), fraction(400.0)), (0.0, 0.5, 0.5));
        let [first, delay] = &report.correlations;
        assert_eq!((first.time, first.times[0], *first.times.last().unwrap()), (160.0, 160.0, 300.0));
        assert_eq!(delay.time, 260.0);
        assert!(first.correlation.iter().all(|r| (r - 1.0).abs() < 1e-6));
        // the first sample after the delay: unit 1 has turned
        assert!((report.scatters[0].y[1] + 0.03).abs() < 1e-6 && (report.scatters[1].x[1] - 0.03).abs() < 1e-6);
    }

    #[test]
    fn units_and_pairs_are_listed() {
        let report = report();
        assert_eq!(
            (report.positive_in_both.as_slice(), report.sign_switching.as_slice()),
            ([0].as_slice(), [1].as_slice())
        );
        assert_eq!(report.pairs.len(), 7);
        assert_eq!((report.pairs[2].first, report.pairs[2].second), (18.0, 10.0));
        assert_eq!((report.pairs[2].n, report.pairs[2].percent_correct), (2, 50.0));
        assert_eq!(report.trials, [1; 7]);
    }

    #[test]
    fn trials_of_other_lengths_are_refused() {
        let mut tuning = Tuning::new(Settings::default());
        tuning.see(&made(0, 0).trial(0)).unwrap();
        let epochs = [("f1", 100.0, 200.0), ("delay", 200.0, 500.0), ("f2", 500.0, 600.0)];
        let longer = Made::new(&[("f1", 10.0), ("f2", 18.0)], &epochs, 20.0).rates(4, |_, _| 0.0);
        assert!(tuning.see(&longer.trial(1)).unwrap_err().to_string().contains("fix the delay"));
        assert!(Tuning::new(Settings::default()).report().is_err());
    }
}
