//! Reaction times: the first moment an output passes a threshold (section 5.3, figure 2D, 2F).
//!
//! ```text
//! t_o    = first stored sample with z_o > threshold, from trial start
//! choice = the output with the smaller t_o, of equals the later one
//! RT     = t_choice - stimulus onset
//! ```
//!
//! A trial in which no output crosses is undecided, and dropped from everything but the count of such trials.

mod report;

pub use report::{ChronometricPoint, Report};

use crate::keys::Key;
use crate::psychometric::{self, Tally};
use crate::statistics::{Histogram, Moments};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use std::collections::BTreeMap;

/// What counts as a decision, and about what.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Threshold on the outputs; 1 (Song et al. 2016; their networks were trained to reach 1.2).
    pub threshold: f64,
    /// The epoch from whose start reaction times are measured; `stimulus`.
    pub stimulus: String,
    /// The column of signed evidence; `signed_coherence`.
    pub evidence: String,
    /// The column of the right output, which trials without evidence have too; `choice`.
    pub answer: String,
    /// What |evidence| is, with its unit; `coherence (%)`.
    pub x_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            threshold: 1.0,
            stimulus: "stimulus".to_string(),
            evidence: "signed_coherence".to_string(),
            answer: "choice".to_string(),
            x_label: "coherence (%)".to_string(),
        }
    }
}

/// Measures reaction times.
///
/// # Example: decisions at a threshold of 1
/// ```
/// use cogrnn_analysis::reaction_time::{ReactionTime, Settings};
/// let reaction_time = ReactionTime::new(Settings::default());
/// # let _ = reaction_time;
/// ```
#[derive(Clone, Debug)]
pub struct ReactionTime {
    settings: Settings,
    trials: usize,
    decided: usize,
    /// By |evidence|, of error trials and of correct ones.
    times: [BTreeMap<Key, Moments>; 2],
    error: Moments,
    /// All correct reaction times, for the histogram: its bins need their spread.
    correct: Vec<f64>,
    choices: Tally,
}

impl ReactionTime {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> ReactionTime {
        ReactionTime {
            settings,
            trials: 0,
            decided: 0,
            times: Default::default(),
            error: Moments::default(),
            correct: Vec::new(),
            choices: Tally::default(),
        }
    }
}

impl Analysis for ReactionTime {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let onset = trial.epoch(&self.settings.stimulus)?.start.as_ms();
        let evidence = trial.value(&self.settings.evidence)?;
        let answer = trial.value(&self.settings.answer)?;
        self.trials += 1;
        let Some(crossing) = trial.crossing(self.settings.threshold) else {
            return Ok(());
        };
        self.decided += 1;
        self.choices.add(evidence, crossing.choice == 0);
        let (correct, time) = (crossing.choice as f64 == answer, crossing.time - onset);
        if correct {
            self.correct.push(time);
        } else {
            self.error.add(time);
        }
        if evidence != 0.0 {
            self.times[usize::from(correct)].entry(Key::new([evidence.abs()])).or_default().add(time);
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.trials == 0 {
            return Err(nothing_seen("reaction times", "trials with a stimulus"));
        }
        let curve = |times: &BTreeMap<Key, Moments>| {
            let point = |(x, m): (&Key, &Moments)| ChronometricPoint {
                x: x.0[0],
                n: m.n,
                mean: m.mean,
                standard_error: m.standard_error(),
            };
            times.iter().map(point).collect::<Vec<_>>()
        };
        let [error, correct] = [curve(&self.times[0]), curve(&self.times[1])];
        let count = |points: &[ChronometricPoint]| points.iter().map(|p| p.n).sum::<usize>() as f64;
        let (right, wrong) = (count(&correct), count(&error));
        let settings =
            psychometric::Settings { x_label: format!("signed {}", self.settings.x_label), ..Default::default() };
        Ok(Report {
            x_label: self.settings.x_label.clone(),
            y_label: "reaction time (ms)".to_string(),
            threshold: self.settings.threshold,
            trials: self.trials,
            undecided: (self.trials - self.decided) as f64 / self.trials as f64,
            correct,
            error,
            mean_correct: (!self.correct.is_empty())
                .then(|| self.correct.iter().sum::<f64>() / self.correct.len() as f64),
            mean_error: (self.error.n > 0).then_some(self.error.mean),
            distribution: Histogram::new("reaction time (ms)", &self.correct),
            percent_correct: (right + wrong > 0.0).then(|| 100.0 * right / (right + wrong)),
            choices: (self.decided > 0).then(|| self.choices.group(None, &settings)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// Output `winner` rises through the threshold of 1 at `crossing`, ms from trial start; onset is at 300 ms.
    fn made(signed: f64, answer: f64, winner: usize, crossing: f64) -> Made {
        let info = [("signed_coherence", signed), ("choice", answer)];
        Made::new(&info, &[("fixation", 0.0, 300.0), ("stimulus", 300.0, 1000.0)], 10.0)
            .outputs(2, |t, o| if o == winner && t >= crossing { 1.2 } else { 0.3 })
    }

    #[test]
    fn reaction_times_built_by_hand_are_read_back() {
        let trials = [
            made(3.2, 0.0, 0, 700.0),
            made(-3.2, 1.0, 1, 800.0),
            made(3.2, 0.0, 1, 900.0), // an error
            made(51.2, 0.0, 0, 400.0),
            made(0.0, 1.0, 1, 500.0),   // no evidence: in the mean, not in the curve
            made(51.2, 0.0, 0, 5000.0), // undecided
        ];
        let report =
            see_all(ReactionTime::new(Settings::default()), trials.iter().enumerate().map(|(i, m)| m.trial(i)))
                .unwrap();
        let point = |x, n, mean, standard_error| ChronometricPoint { x, n, mean, standard_error };
        // 400 and 500 ms: s.d. 70.7, standard error 50
        assert_eq!(report.correct.len(), 2);
        assert_eq!(report.correct[0], point(3.2, 2, 450.0, report.correct[0].standard_error));
        assert!((report.correct[0].standard_error.unwrap() - 50.0).abs() < 1e-9);
        assert_eq!(report.correct[1], point(51.2, 1, 100.0, None));
        assert_eq!(report.error, [point(3.2, 1, 600.0, None)]);
        assert_eq!(
            (report.mean_correct, report.mean_error),
            (Some((400.0 + 500.0 + 100.0 + 200.0) / 4.0), Some(600.0))
        );
        assert!((report.undecided - 1.0 / 6.0).abs() < 1e-12);
        assert_eq!(report.percent_correct, Some(75.0));
        assert_eq!(report.distribution.unwrap().n, 4);
        let points = report.choices.unwrap().curve.points;
        assert_eq!(points.iter().map(|p| (p.x, p.n)).collect::<Vec<_>>(), [(-3.2, 1), (0.0, 1), (3.2, 2), (51.2, 1)]);
        // how often output 0 crossed first
        assert_eq!(points.iter().map(|p| p.proportion).collect::<Vec<_>>(), [0.0, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn the_earlier_output_wins_and_of_equals_the_later_index() {
        let both = |first: f64, second: f64| {
            let made = Made::new(&[], &[("stimulus", 0.0, 100.0)], 10.0)
                .outputs(2, |t, o| if t >= [first, second][o] { 2.0 } else { 0.0 });
            let crossing = made.trial(0).crossing(1.0).unwrap();
            (crossing.choice, crossing.sample)
        };
        assert_eq!(both(20.0, 30.0), (0, 2));
        assert_eq!(both(30.0, 20.0), (1, 2));
        assert_eq!(both(30.0, 30.0), (1, 3));
        // the threshold itself is not above it
        let flat = Made::new(&[], &[("stimulus", 0.0, 100.0)], 10.0).outputs(2, |_, _| 1.0);
        assert_eq!(flat.trial(0).crossing(1.0), None);
    }

    #[test]
    fn networks_that_never_decide_have_a_report() {
        let report = see_all(ReactionTime::new(Settings::default()), [made(3.2, 0.0, 0, 1e9).trial(0)]).unwrap();
        assert_eq!((report.undecided, report.mean_correct, report.percent_correct), (1.0, None, None));
        assert!(report.choices.is_none() && report.distribution.is_none());
        assert!(ReactionTime::new(Settings::default()).report().is_err());
    }
}
