//! Intervals that a network makes, against those that it was shown (Murray 2019, figure 3).
//!
//! Two pulses come, and a third is to follow the second after the same time. What the network makes is the time from the
//! second pulse to the largest output after it. Where that never reaches `least`, or is largest at either end of that time, still
//! falling or still rising, there is no pulse, and no time.
//!
//! The regression line, the error and the flat output that counts as no pulse are not in the paper.

mod report;

pub use report::{Asked, Line, Output, Report};

use crate::keys::Key;
use crate::statistics::{correlation, quantile, slope};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use std::collections::BTreeMap;

/// Which columns, and what a pulse is.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the interval that is shown, ms; `delay`.
    pub delay: String,
    /// The column of the time of the second pulse, ms; `set`.
    pub from: String,
    /// Lowest output that is a pulse; 0.5, half of the target's.
    pub least: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { delay: "delay".into(), from: "set".into(), least: 0.5 }
    }
}

/// Intervals for which whole outputs are kept.
const DRAWN: usize = 5;

/// Sets intervals that were made against those that were shown.
///
/// # Example
/// ```
/// use cogrnn_analysis::interval::{Interval, Settings};
/// let interval = Interval::new(Settings::default());
/// # let _ = interval;
/// ```
#[derive(Clone, Debug)]
pub struct Interval {
    settings: Settings,
    /// Intervals that were made, by the one shown; none where there was no pulse.
    made: BTreeMap<Key, Vec<Option<f64>>>,
    /// The output of the first trial of each.
    outputs: BTreeMap<Key, Output>,
}

impl Interval {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Interval {
        Interval { settings, made: BTreeMap::new(), outputs: BTreeMap::new() }
    }
}

impl Analysis for Interval {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let (delay, from) = (trial.value(&self.settings.delay)?, trial.value(&self.settings.from)?);
        let after = trial.times.partition_point(|time| *time <= from);
        let mut best = (f64::NEG_INFINITY, from, after);
        for (k, time) in trial.times.iter().enumerate().skip(after) {
            let z = f64::from(trial.outputs_at(k)[0]);
            if z > best.0 {
                best = (z, *time, k);
            }
        }
        let within = best.2 > after && best.2 + 1 < trial.steps();
        let key = Key::new([delay]);
        let made = (within && best.0 >= self.settings.least).then_some(best.1 - from);
        self.made.entry(key.clone()).or_default().push(made);
        self.outputs.entry(key).or_insert_with(|| Output {
            delay,
            due: from + delay,
            times: trial.times.to_vec(),
            output: (0..trial.steps()).map(|k| f64::from(trial.outputs_at(k)[0])).collect(),
        });
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.made.is_empty() {
            return Err(nothing_seen("intervals", "test trials"));
        }
        let mut points: (Vec<f64>, Vec<f64>) = Default::default();
        let mut asked = Vec::new();
        for (key, made) in &self.made {
            let delay = key.0[0];
            let mut times: Vec<f64> = made.iter().copied().flatten().collect();
            points.0.extend(times.iter().map(|_| delay));
            points.1.extend_from_slice(&times);
            times.sort_by(f64::total_cmp);
            let quartiles = [0.25, 0.5, 0.75].map(|q| quantile(&times, q));
            asked.push(Asked { delay, n: made.len(), without: made.len() - times.len(), quartiles });
        }
        let (x, y) = points;
        let squares: f64 = x.iter().zip(&y).map(|(x, y)| (y - x) * (y - x)).sum();
        let spread = x.iter().any(|d| *d != x[0]);
        let line = (x.len() > 2 && spread).then(|| {
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            let (slope, _) = slope(&x, &y);
            Line { slope, intercept: mean(&y) - slope * mean(&x), r: correlation(&x, &y) }
        });
        let keys: Vec<&Key> = self.outputs.keys().collect();
        let count = keys.len().min(DRAWN);
        // the shortest, the longest, and what lies evenly between
        let at = |k: usize| if count > 1 { k * (keys.len() - 1) / (count - 1) } else { 0 };
        Ok(Report {
            trials: self.made.values().map(Vec::len).sum(),
            without: asked.iter().map(|a| a.without).sum(),
            least: self.settings.least,
            asked,
            error: (!x.is_empty()).then(|| (squares / x.len() as f64).sqrt()),
            line,
            outputs: (0..count).map(|k| self.outputs[keys[at(k)]].clone()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// A pulse of this height so long after the second.
    fn trial(delay: f64, made: f64, height: f64) -> Made {
        let info = [("delay", delay), ("set", 50.0 + delay)];
        Made::new(&info, &[("trial", 0.0, 400.0)], 1.0).outputs(1, |t, _| {
            // and one before the second, which is no answer
            let pulse = |at: f64| (-0.5 * ((t - at) / 15.0).powi(2)).exp();
            height * pulse(50.0 + delay + made) + 2.0 * pulse(20.0)
        })
    }

    fn report(trials: &[Made]) -> Report {
        see_all(Interval::new(Settings::default()), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap()
    }

    #[test]
    fn intervals_are_those_from_the_second_pulse_to_the_peak() {
        let made = [(60.0, 72.0), (80.0, 86.0), (100.0, 100.0), (120.0, 114.0), (140.0, 128.0)];
        let trials: Vec<Made> = made.iter().map(|(asked, made)| trial(*asked, *made, 1.0)).collect();
        let found = report(&trials);
        assert_eq!((found.trials, found.without), (5, 0));
        for (asked, (delay, made)) in found.asked.iter().zip(made) {
            assert_eq!((asked.delay, asked.quartiles[1]), (delay, Some(made)));
        }
        let line = found.line.unwrap();
        assert!((line.slope - 0.7).abs() < 1e-12 && (line.intercept - 30.0).abs() < 1e-9 && line.r > 0.999_999);
        // deviations 12, 6, 0, -6, -12
        assert!((found.error.unwrap() - 72.0f64.sqrt()).abs() < 1e-9);
        assert_eq!(found.outputs.iter().map(|o| o.due).collect::<Vec<_>>(), [170.0, 210.0, 250.0, 290.0, 330.0]);
    }

    #[test]
    fn an_output_that_stays_low_is_no_pulse() {
        let found = report(&[trial(60.0, 60.0, 0.4), trial(60.0, 70.0, 0.6), trial(90.0, 90.0, 0.3)]);
        assert_eq!((found.trials, found.without), (3, 2));
        assert_eq!((found.asked[0].without, found.asked[0].quartiles[1]), (1, Some(70.0)));
        assert_eq!(found.asked[1].quartiles, [None; 3]);
        assert!(found.line.is_none() && found.error == Some(10.0));
        assert!(Interval::new(Settings::default()).report().is_err());
        // still falling after the second pulse, still rising at the end of the trial
        let slopes = [-1.0, 1.0].map(|way| {
            Made::new(&[("delay", 100.0), ("set", 150.0)], &[("trial", 0.0, 400.0)], 1.0)
                .outputs(1, |t, _| 2.0 + way * t / 400.0)
        });
        assert_eq!(report(&slopes).without, 2);
        // of two peaks the larger
        let two = Made::new(&[("delay", 100.0), ("set", 150.0)], &[("trial", 0.0, 400.0)], 1.0).outputs(1, |t, _| {
            let pulse = |at: f64| (-0.5 * ((t - at) / 15.0).powi(2)).exp();
            0.7 * pulse(220.0) + 0.9 * pulse(300.0)
        });
        assert_eq!(report(&[two]).asked[0].quartiles[1], Some(150.0));
    }
}
