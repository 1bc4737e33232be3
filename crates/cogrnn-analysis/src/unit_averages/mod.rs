//! Rates of every unit averaged over the trials of each condition, aligned to an event (section 5.5, figures 2G,
//! 2H; 5.9, figure 6C).
//!
//! ```text
//! r̄(c, τ, i) = mean over the trials of condition c that have a sample at τ of r_i(t_event + τ)
//! ```
//!
//! Aligned to an epoch, a trial gives its samples from trial start to the end of that epoch; aligned to a
//! decision, those up to and with the crossing of the threshold.

mod report;

pub use report::Report;

use crate::keys::Key;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use std::collections::BTreeMap;

/// The event at time 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Align {
    /// The start of an epoch; samples end where it ends.
    Epoch(String),
    /// The sample at which an output crosses this threshold ([`crate::Trial::crossing`]), which is the last; a
    /// trial without one is left out, and the choice is that of the crossing.
    Crossing(f64),
}

/// Which trials are averaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Include {
    /// All.
    All,
    /// Those that chose rightly; trials without a right choice are left out.
    Correct,
    /// Those whose choice is the value of this column, which trials without coherence may have too.
    Matching(String),
}

/// What makes a condition, and which trials count.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The columns that make a condition; `coherence` and `in_out`.
    pub columns: Vec<String>,
    /// The event at time 0; the start of `stimulus`.
    pub align: Align,
    /// Which trials; the correct ones.
    pub include: Include,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            columns: vec!["coherence".to_string(), "in_out".to_string()],
            align: Align::Epoch("stimulus".to_string()),
            include: Include::Correct,
        }
    }
}

/// Averages rates.
///
/// # Example: unimodal trials by modality and choice
/// ```
/// use cogrnn_analysis::unit_averages::{Align, Include, Settings, UnitAverages};
/// let averages = UnitAverages::new(Settings {
///     columns: vec!["modality".to_string(), "choice".to_string()],
///     align: Align::Epoch("stimulus".to_string()),
///     include: Include::Correct,
/// });
/// # let _ = averages;
/// ```
#[derive(Clone, Debug)]
pub struct UnitAverages {
    settings: Settings,
    units: Option<usize>,
    spacing: f64,
    conditions: BTreeMap<Key, Sums>,
}

/// Sums of one condition, from sample `first` relative to the event.
#[derive(Clone, Debug, Default)]
struct Sums {
    trials: usize,
    first: i64,
    counts: Vec<u32>,
    rates: Vec<f64>,
}

impl UnitAverages {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> UnitAverages {
        UnitAverages { settings, units: None, spacing: 0.0, conditions: BTreeMap::new() }
    }
}

impl Sums {
    /// Adds samples `..end` of a trial whose sample k lies at k - `event`.
    fn add(&mut self, trial: &Trial<'_>, event: i64, end: usize) {
        let units = trial.units();
        if self.trials == 0 {
            self.first = -event;
        }
        self.trials += 1;
        if -event < self.first {
            let more = (self.first + event) as usize;
            self.first = -event;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.rates.splice(0..0, std::iter::repeat_n(0.0, more * units));
        }
        let shift = (-event - self.first) as usize;
        if self.counts.len() < shift + end {
            self.counts.resize(shift + end, 0);
            self.rates.resize((shift + end) * units, 0.0);
        }
        for k in 0..end {
            self.counts[shift + k] += 1;
            let sums = &mut self.rates[(shift + k) * units..(shift + k + 1) * units];
            for (sum, rate) in sums.iter_mut().zip(trial.rates_at(k)) {
                *sum += f64::from(*rate);
            }
        }
    }
}

impl Analysis for UnitAverages {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        trial.same_units(&mut self.units)?;
        let values: Vec<f64> = self.settings.columns.iter().map(|c| trial.value(c)).collect::<Result<_>>()?;
        if self.spacing == 0.0 {
            self.spacing = trial.spacing();
        }
        // a millionth: times are sums of steps
        if (trial.spacing() - self.spacing).abs() > 1e-6 * self.spacing || self.spacing == 0.0 {
            return Err(Error::input(format!("samples every {} ms after every {} ms", trial.spacing(), self.spacing))
                .at(format!("trial {}", trial.index))
                .why("averages over trials need the same samples in all of them")
                .remedy("store all trials at one spacing, with two samples at least"));
        }
        let (event, end, chosen) = match &self.settings.align {
            Align::Epoch(name) => {
                let start = trial.epoch(name)?.start.as_ms();
                ((start / self.spacing).round() as i64, trial.epoch_samples(name)?.end, trial.chosen())
            }
            Align::Crossing(threshold) => match trial.crossing(*threshold) {
                Some(crossing) => (crossing.sample as i64, crossing.sample + 1, crossing.choice),
                None => return Ok(()),
            },
        };
        let included = match &self.settings.include {
            Include::All => true,
            Include::Correct => trial.outline.choice == Some(chosen),
            Include::Matching(column) => trial.value(column)? == chosen as f64,
        };
        if included {
            self.conditions.entry(Key::new(values)).or_default().add(trial, event, end);
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let (Some(units), false) = (self.units, self.conditions.is_empty()) else {
            return Err(nothing_seen("averages of units", "trials that are included"));
        };
        let first = self.conditions.values().map(|s| s.first).min().unwrap_or(0);
        let end = self.conditions.values().map(|s| s.first + s.counts.len() as i64).max().unwrap_or(0);
        let length = (end - first) as usize;
        let mut counts = vec![0; self.conditions.len() * length];
        let mut rates = vec![f32::NAN; counts.len() * units];
        for (c, sums) in self.conditions.values().enumerate() {
            let shift = c * length + (sums.first - first) as usize;
            counts[shift..shift + sums.counts.len()].copy_from_slice(&sums.counts);
            for (k, count) in sums.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                for i in 0..units {
                    rates[(shift + k) * units + i] = (sums.rates[k * units + i] / f64::from(*count)) as f32;
                }
            }
        }
        Ok(Report {
            x_label: match &self.settings.align {
                Align::Epoch(name) => format!("time from start of {name} (ms)"),
                Align::Crossing(_) => "time from decision (ms)".to_string(),
            },
            y_label: "firing rate (a.u.)".to_string(),
            columns: self.settings.columns.clone(),
            conditions: self.conditions.keys().map(|key| key.0.clone()).collect(),
            trials: self.conditions.values().map(|s| s.trials).collect(),
            times: (first..end).map(|k| k as f64 * self.spacing).collect(),
            units,
            counts,
            rates,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// Rate of unit i: i + `offset` + k/100. Fixation of 40 ms, stimulus to `end`, right choice 0.
    fn made(condition: f64, end: f64, offset: f64, chosen: usize) -> Made {
        Made::new(&[("coherence", condition)], &[("fixation", 0.0, 40.0), ("stimulus", 40.0, end)], 20.0)
            .rates(2, |k, i| i as f64 + offset + k as f64 / 100.0)
            .chooses(chosen)
            .right(0)
    }

    fn settings(align: Align) -> Settings {
        Settings { columns: vec!["coherence".to_string()], align, include: Include::Correct }
    }

    fn report(settings: Settings, made: &[Made]) -> Report {
        see_all(UnitAverages::new(settings), made.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap()
    }

    #[test]
    fn averages_run_over_the_trials_that_still_have_a_sample() {
        // stimuli of 20 and 60 ms; the third trial is an error
        let made =
            [made(1.0, 60.0, 0.0, 0), made(1.0, 100.0, 4.0, 0), made(1.0, 100.0, 100.0, 1), made(2.0, 60.0, 9.0, 0)];
        let report = report(settings(Align::Epoch("stimulus".to_string())), &made);
        assert_eq!(report.conditions, [[1.0], [2.0]]);
        assert_eq!((report.trials.as_slice(), report.units), ([2, 1].as_slice(), 2));
        assert_eq!(report.times, [-40.0, -20.0, 0.0, 20.0, 40.0, 60.0]);
        assert_eq!(report.counts, [2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0]);
        for (found, expected) in report.trace(0, 1).iter().zip([3.0, 3.01, 3.02, 3.03, 5.04, 5.05]) {
            assert!((found - expected).abs() < 1e-6);
        }
        assert!((report.trace(1, 0)[3] - 9.03).abs() < 1e-6 && report.trace(1, 0)[4].is_nan());
        assert!(serde_json::to_string(&report).unwrap().contains("null"));
    }

    #[test]
    fn decisions_are_aligned_to_the_right() {
        let decides = |crossing: f64, winner: usize| {
            made(1.0, 100.0, 0.0, 0).outputs(2, move |t, o| if o == winner && t >= crossing { 2.0 } else { 0.0 })
        };
        // 20 ms is sample 1, 60 ms is sample 3: the longer comes second; one chooses wrongly, one never
        let report = report(
            settings(Align::Crossing(1.0)),
            &[decides(20.0, 0), decides(60.0, 0), decides(40.0, 1), decides(1e9, 0)],
        );
        assert_eq!(report.times, [-60.0, -40.0, -20.0, 0.0]);
        assert_eq!((report.counts.as_slice(), report.trials[0]), ([1, 1, 2, 2].as_slice(), 2));
        for (found, expected) in report.trace(0, 0).iter().zip([0.0, 0.01, 0.01, 0.02]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn trials_are_chosen_as_asked() {
        let made = [made(1.0, 60.0, 0.0, 0), made(1.0, 60.0, 2.0, 1)];
        let align = Align::Epoch("stimulus".to_string());
        let all = report(Settings { include: Include::All, ..settings(align.clone()) }, &made);
        assert_eq!((all.trials[0], all.trace(0, 0)[0]), (2, 1.0));
        // the column says 1, so the trial that chose 1 is kept
        let matching = Include::Matching("coherence".to_string());
        assert_eq!(report(Settings { include: matching, ..settings(align) }, &made).trace(0, 0)[0], 2.0);
        let missing = Settings { align: Align::Epoch("delay".to_string()), ..Settings::default() };
        assert!(UnitAverages::new(missing).see(&made[0].trial(0)).is_err());
        assert!(UnitAverages::new(Settings::default()).report().is_err());
    }
}
