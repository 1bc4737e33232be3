//! Per cent correct against the duration of the stimulus (section 5.4, figure 2E).
//!
//! Trials of one coherence are sorted by duration and cut into bins of equal count, the last of which takes the
//! remainder; the edges between bins lie midway between their nearest members. Trials without a right choice, as
//! those without coherence, are left out.
//!
//! Not in the paper: the trend, a logistic regression of correct on duration, and its p value.

mod report;

pub use report::{DurationBin, DurationCurve, Report, Trend};

use crate::keys::Key;
use crate::statistics::normal_p;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use std::collections::BTreeMap;

/// Which duration, and what tells the curves apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The epoch whose duration varies; `stimulus`.
    pub epoch: String,
    /// The column that has one curve for each of its values; `coherence`.
    pub by: String,
    /// Bins; 10 (Song et al. 2016).
    pub bins: usize,
    /// What x is, with its unit; `stimulus duration (ms)`.
    pub x_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epoch: "stimulus".to_string(),
            by: "coherence".to_string(),
            bins: 10,
            x_label: "stimulus duration (ms)".to_string(),
        }
    }
}

/// Sets per cent correct against stimulus duration.
///
/// # Example: ten bins a coherence
/// ```
/// use cogrnn_analysis::duration::{Duration, Settings};
/// let duration = Duration::new(Settings::default());
/// # let _ = duration;
/// ```
#[derive(Clone, Debug)]
pub struct Duration {
    settings: Settings,
    /// (duration in ms, correct) of every trial.
    trials: BTreeMap<Key, Vec<(f64, bool)>>,
}

impl Duration {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Duration {
        Duration { settings, trials: BTreeMap::new() }
    }
}

impl Analysis for Duration {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let epoch = trial.epoch(&self.settings.epoch)?;
        let value = trial.value(&self.settings.by)?;
        if let Some(correct) = trial.correct() {
            let duration = epoch.end.as_ms() - epoch.start.as_ms();
            self.trials.entry(Key::new([value])).or_default().push((duration, correct));
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.trials.is_empty() {
            return Err(nothing_seen("per cent correct against duration", "trials with a right choice"));
        }
        let curve = |(key, trials): (&Key, &Vec<(f64, bool)>)| {
            let mut trials = trials.clone();
            trials.sort_by(|a, b| a.0.total_cmp(&b.0));
            DurationCurve {
                value: key.0[0],
                n: trials.len(),
                percent_correct: percent_correct(&trials),
                bins: bins(&trials, self.settings.bins),
                trend: trend(&trials),
            }
        };
        Ok(Report {
            x_label: self.settings.x_label.clone(),
            y_label: "per cent correct".to_string(),
            by: self.settings.by.clone(),
            curves: self.trials.iter().map(curve).collect(),
        })
    }
}

fn percent_correct(trials: &[(f64, bool)]) -> f64 {
    100.0 * trials.iter().filter(|(_, correct)| *correct).count() as f64 / trials.len() as f64
}

/// Cuts sorted trials; fewer bins where there are fewer trials.
fn bins(trials: &[(f64, bool)], count: usize) -> Vec<DurationBin> {
    let count = count.clamp(1, trials.len());
    let size = trials.len() / count;
    let slice = |b: usize| &trials[b * size..if b + 1 == count { trials.len() } else { (b + 1) * size }];
    // the edge below bin b
    let edge = |b: usize| match b {
        0 => trials[0].0,
        b if b == count => trials[trials.len() - 1].0,
        b => 0.5 * (slice(b - 1)[size - 1].0 + slice(b)[0].0),
    };
    let bin = |b: usize| {
        let (low, high) = (edge(b), edge(b + 1));
        DurationBin { low, high, x: 0.5 * (low + high), n: slice(b).len(), percent_correct: percent_correct(slice(b)) }
    };
    (0..count).map(bin).collect()
}

/// Logistic regression of correct on duration by Newton's method.
///
/// ```text
/// P(correct) = 1/(1 + exp(-(a + b z)))      z the duration, standardised; slope = b/s.d.
/// ```
fn trend(trials: &[(f64, bool)]) -> Option<Trend> {
    let n = trials.len() as f64;
    let mean = trials.iter().map(|t| t.0).sum::<f64>() / n;
    let sd = (trials.iter().map(|t| (t.0 - mean).powi(2)).sum::<f64>() / n).sqrt();
    let right = trials.iter().filter(|t| t.1).count();
    if sd <= 0.0 || right == 0 || right == trials.len() {
        return None;
    }
    let (mut a, mut b) = ((right as f64 / (n - right as f64)).ln(), 0.0);
    for _ in 0..50 {
        let (mut h_aa, mut h_ab, mut h_bb, mut g_a, mut g_b) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (duration, correct) in trials {
            let z = (duration - mean) / sd;
            let p = 1.0 / (1.0 + (-(a + b * z)).exp());
            let (weight, error) = (p * (1.0 - p), f64::from(u8::from(*correct)) - p);
            h_aa += weight;
            h_ab += weight * z;
            h_bb += weight * z * z;
            g_a += error;
            g_b += error * z;
        }
        let determinant = h_aa * h_bb - h_ab * h_ab;
        let (step_a, step_b) = ((h_bb * g_a - h_ab * g_b) / determinant, (h_aa * g_b - h_ab * g_a) / determinant);
        (a, b) = (a + step_a, b + step_b);
        // 30: odds of 10^13, which no number of trials can show; choices are separated and the slope grows for ever
        if !(a.abs() < 30.0 && b.abs() < 30.0) {
            return None;
        }
        if step_a.abs() + step_b.abs() < 1e-10 {
            let standard_error = (h_aa / determinant).sqrt();
            let per_second = 1000.0 / sd;
            return Some(Trend {
                slope: b * per_second,
                standard_error: standard_error * per_second,
                p: normal_p(b / standard_error),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    #[test]
    fn bins_have_equal_counts_and_edges_midway() {
        let trials: Vec<_> = (0..23).map(|i| (f64::from(i * i), i % 2 == 0)).collect();
        let bins = bins(&trials, 10);
        assert_eq!(bins.iter().map(|b| b.n).collect::<Vec<_>>(), [2, 2, 2, 2, 2, 2, 2, 2, 2, 5]);
        // members 0, 1 | 4, 9 | 16, …
        assert_eq!((bins[0].low, bins[0].high, bins[0].x), (0.0, 2.5, 1.25));
        assert_eq!((bins[1].low, bins[1].high), (2.5, 12.5));
        assert_eq!(bins[9].high, 22.0 * 22.0);
        assert_eq!(bins[0].percent_correct, 50.0);
        assert_eq!(super::bins(&trials[..3], 10).len(), 3);
    }

    #[test]
    fn a_trend_of_two_durations_is_the_difference_of_log_odds() {
        // 0.2 s: 30 of 50 right, 0.7 s: 45 of 50; the saturated model fits both proportions
        let trials: Vec<_> = (0..50).flat_map(|i| [(200.0, i < 30), (700.0, i < 45)]).collect();
        let found = trend(&trials).unwrap();
        let slope = ((45.0f64 / 5.0).ln() - (30.0f64 / 20.0).ln()) / 0.5;
        // variance of a log odds: 1/right + 1/wrong
        let error = (1.0f64 / 45.0 + 1.0 / 5.0 + 1.0 / 30.0 + 1.0 / 20.0).sqrt() / 0.5;
        assert!((found.slope - slope).abs() < 1e-8 && (found.standard_error - error).abs() < 1e-8, "{found:?}");
        assert!((found.p - normal_p(slope / error)).abs() < 1e-10 && found.p < 0.01);
    }

    #[test]
    fn no_trend_is_found_where_there_is_none() {
        let flat: Vec<_> = (0..400).map(|i| (f64::from(i / 4), i % 4 != 0)).collect();
        let found = trend(&flat).unwrap();
        assert!(found.slope.abs() < 1e-6 && found.p > 0.99, "{found:?}");
        assert_eq!(trend(&[(1.0, true), (2.0, true)]), None);
        assert_eq!(trend(&[(1.0, true), (1.0, false)]), None);
        // separated: every long trial right
        assert_eq!(trend(&[(1.0, false), (2.0, false), (3.0, true), (4.0, true)]), None);
    }

    #[test]
    fn trials_are_sorted_by_coherence_and_those_without_are_left_out() {
        let made = |coherence: f64, end: f64, chosen: usize| {
            let trial = Made::new(&[("coherence", coherence)], &[("stimulus", 100.0, end)], 20.0).chooses(chosen);
            if coherence == 0.0 { trial } else { trial.right(0) }
        };
        let trials = [made(1.0, 300.0, 0), made(2.0, 500.0, 1), made(1.0, 900.0, 1), made(0.0, 300.0, 0)];
        let report =
            see_all(Duration::new(Settings::default()), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        assert_eq!(report.curves.iter().map(|c| (c.value, c.n)).collect::<Vec<_>>(), [(1.0, 2), (2.0, 1)]);
        assert_eq!(report.curves[0].bins[0].x, 350.0); // 200, 800: the edge at 500
        assert_eq!(report.curves[0].percent_correct, 50.0);
        assert!(Duration::new(Settings::default()).report().is_err());
    }
}
