//! Whether two senses are combined as well as can be (section 5.9, figure 6; after Raposo et al. 2014).
//!
//! ```text
//! 1/σ_va² = 1/σ_v² + 1/σ_a²         for independent evidence, weighed by its reliability
//! ```
//!
//! Intervals are bootstraps: choices at every rate are drawn anew from the binomial distribution of the proportion
//! found, and the curves fitted anew. Selectivity of units is d' ([`crate::selectivity`]) over the trials of a
//! single modality.

mod report;

pub use report::{Estimate, Kind, Optimality, Report, Sensitivity, UnitSelectivity};

use crate::psychometric::{self, Bias, Curve, Point, Psychometric};
use crate::selectivity::{PairMoments, summed};
use crate::statistics::{Binomial, Interval, quantile};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use cogrnn_core::random::{Address, Purpose};

/// Columns, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the stimulus; `rate`.
    pub rate: String,
    /// The column of the modality; `modality`.
    pub modality: String,
    /// Its values for visual, auditory and both; 0, 1, 2.
    pub values: [f64; 3],
    /// The epoch over whose samples rates are summed; `stimulus`.
    pub epoch: String,
    /// |d'| from which a unit counts as selective; 0.5, our choice: the paper picks units by eye.
    pub level: f64,
    /// Resamples of the bootstrap; 1000.
    pub resamples: usize,
    /// Seed of the bootstrap; 0.
    pub seed: u64,
    /// What x is, with its unit; `rate (events/s)`.
    pub x_label: String,
    /// What the proportion is of; `P(choose high)`.
    pub y_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            rate: "rate".to_string(),
            modality: "modality".to_string(),
            values: [0.0, 1.0, 2.0],
            epoch: "stimulus".to_string(),
            level: 0.5,
            resamples: 1000,
            seed: 0,
            x_label: "rate (events/s)".to_string(),
            y_label: "P(choose high)".to_string(),
        }
    }
}

/// Compares modalities.
///
/// # Example: another rule for what counts as selective
/// ```
/// use cogrnn_analysis::multisensory::{Multisensory, Settings};
/// let multisensory = Multisensory::new(Settings { level: 1.0, ..Settings::default() });
/// # let _ = multisensory;
/// ```
#[derive(Clone, Debug)]
pub struct Multisensory {
    settings: Settings,
    curves: Psychometric,
    units: Option<usize>,
    by_choice: PairMoments,
    by_modality: PairMoments,
}

impl Multisensory {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Multisensory {
        let curves = Psychometric::new(psychometric::Settings {
            evidence: settings.rate.clone(),
            by: Some(settings.modality.clone()),
            choice: 0,
            x_label: settings.x_label.clone(),
            y_label: settings.y_label.clone(),
        });
        Multisensory {
            settings,
            curves,
            units: None,
            by_choice: PairMoments::default(),
            by_modality: PairMoments::default(),
        }
    }

    /// σ of every modality: from the data, and from each resample, where there is a curve.
    fn sigmas(&self) -> [(Option<f64>, Vec<Option<f64>>); 3] {
        let mut stream = Address { seed: self.settings.seed, purpose: Purpose::TestTrials, trial: 0 }.stream();
        let sigma = |points: Vec<Point>| Some(Curve::from_points(points, Bias::Free).ok()?.fit?.sigma);
        self.settings.values.map(|value| {
            let Some(points) = self.curves.tally(value).map(|tally| tally.points()) else {
                return (None, vec![None; self.settings.resamples]);
            };
            let choices: Vec<_> = points.iter().map(|p| Binomial::new(p.n, p.proportion)).collect();
            let resampled = (0..self.settings.resamples).map(|_| {
                let drawn = points
                    .iter()
                    .zip(&choices)
                    .map(|(p, choices)| Point { proportion: choices.draw(&mut stream) as f64 / p.n as f64, ..*p });
                sigma(drawn.collect())
            });
            let resampled = resampled.collect();
            (sigma(points), resampled)
        })
    }
}

/// A value with the central 95 % of its resamples; `None` without any.
fn estimate(value: f64, resamples: impl Iterator<Item = f64>) -> Option<Estimate> {
    let mut resamples: Vec<f64> = resamples.collect();
    resamples.sort_by(f64::total_cmp);
    let interval = Interval {
        low: quantile(&resamples, 0.025)?,
        high: quantile(&resamples, 0.975)?,
        level: 0.95,
        method: "bootstrap of binomial choices, percentiles",
    };
    Some(Estimate { value, interval })
}

impl Analysis for Multisensory {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        trial.same_units(&mut self.units)?;
        self.curves.see(trial)?;
        let modality = trial.value(&self.settings.modality)?;
        let Some(single) = self.settings.values[..2].iter().position(|v| *v == modality) else {
            return Ok(());
        };
        let mut activity = Vec::new();
        summed(trial, &self.settings.epoch, &mut activity)?;
        self.by_modality.add(single, &activity);
        let chosen = trial.chosen();
        if chosen < 2 {
            self.by_choice.add(chosen, &activity);
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let Some(units) = self.units else {
            return Err(nothing_seen("multisensory integration", "trials with a stimulus"));
        };
        let sigmas = self.sigmas();
        let sensitivity = |sigma: f64| 1.0 / (sigma * sigma);
        let sensitivities =
            ["visual", "auditory", "both"].iter().zip(&sigmas).enumerate().map(|(m, (name, sigmas))| {
                let (sigma, resamples) = sigmas;
                let resamples = || resamples.iter().flatten().copied();
                Sensitivity {
                    modality: name.to_string(),
                    value: self.settings.values[m],
                    sigma: sigma.and_then(|s| estimate(s, resamples())),
                    sensitivity: sigma.and_then(|s| estimate(sensitivity(s), resamples().map(sensitivity))),
                }
            });
        let optimality = || {
            let all = |s: [Option<f64>; 3]| Some((sensitivity(s[0]?) + sensitivity(s[1]?), sensitivity(s[2]?)));
            let (predicted, observed) = all([sigmas[0].0, sigmas[1].0, sigmas[2].0])?;
            let resamples = (0..self.settings.resamples).map(|r| all([sigmas[0].1[r], sigmas[1].1[r], sigmas[2].1[r]]));
            let resamples: Vec<(f64, f64)> = resamples.flatten().collect();
            Some(Optimality {
                predicted: estimate(predicted, resamples.iter().map(|r| r.0))?,
                observed: estimate(observed, resamples.iter().map(|r| r.1))?,
                ratio: estimate(observed / predicted, resamples.iter().map(|r| r.1 / r.0))?,
                resamples: resamples.len(),
            })
        };
        let or_none = |d: Vec<f64>| if d.is_empty() { vec![f64::NAN; units] } else { d };
        let (choice, modality) = (or_none(self.by_choice.d_prime()), or_none(self.by_modality.d_prime()));
        let level = self.settings.level;
        let unit = |(choice, modality): (f64, f64)| UnitSelectivity {
            choice,
            modality,
            // no number reaches no level
            kind: match (choice.abs() >= level, modality.abs() >= level) {
                (false, false) => Kind::Neither,
                (true, false) => Kind::Choice,
                (false, true) => Kind::Modality,
                (true, true) => Kind::Mixed,
            },
        };
        Ok(Report {
            curves: self.curves.report()?,
            sensitivities: sensitivities.collect(),
            optimality: optimality(),
            level,
            units: choice.into_iter().zip(modality).map(unit).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometric::Fit;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// 200 trials at each of eight rates and three modalities. Unit 0 follows the choice, 1 the modality, 2 both,
    /// 3 neither.
    fn trials(sigmas: [f64; 3]) -> Vec<Made> {
        let mut made = Vec::new();
        for (m, sigma) in sigmas.into_iter().enumerate() {
            let curve = Fit { mu: 12.5, sigma, residual: 0.0, converged: true };
            for rate in 9..=16 {
                let high = (200.0 * curve.predict(f64::from(rate))).round() as usize;
                for i in 0..200 {
                    let chosen = usize::from(i >= high);
                    let noise = f64::from(i as u8 % 7) / 7.0;
                    made.push(
                        Made::new(
                            &[("rate", f64::from(rate)), ("modality", m as f64)],
                            &[("stimulus", 0.0, 20.0)],
                            20.0,
                        )
                        .rates(4, |_, unit| match unit {
                            0 => noise + 2.0 * chosen as f64,
                            1 => noise - 2.0 * m as f64,
                            2 => noise + 2.0 * chosen as f64 + 2.0 * m as f64,
                            _ => noise,
                        })
                        .chooses(chosen),
                    );
                }
            }
        }
        made
    }

    fn report(made: &[Made]) -> Report {
        let settings = Settings { resamples: 200, ..Settings::default() };
        see_all(Multisensory::new(settings), made.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap()
    }

    #[test]
    fn optimal_combination_is_recognised() {
        let best = (1.0f64 / 9.0 + 1.0 / 16.0).sqrt().recip();
        let report = report(&trials([3.0, 4.0, best]));
        let found = report.optimality.unwrap();
        // proportions are rounded to 1/200
        assert!((found.predicted.value - (1.0 / 9.0 + 1.0 / 16.0)).abs() < 0.005, "{found:?}");
        assert!((found.ratio.value - 1.0).abs() < 0.03 && found.resamples == 200);
        assert!(found.ratio.interval.low < 1.0 && found.ratio.interval.high > 1.0);
        assert!(found.ratio.interval.low > 0.6 && found.ratio.interval.high < 1.6, "{found:?}");
        for (sensitivity, sigma) in report.sensitivities.iter().zip([3.0, 4.0, best]) {
            assert!((sensitivity.sigma.unwrap().value / sigma - 1.0).abs() < 0.02);
        }
    }

    #[test]
    fn a_network_that_follows_one_sense_is_not_optimal() {
        let found = report(&trials([3.0, 3.0, 3.0])).optimality.unwrap();
        assert!((found.ratio.value - 0.5).abs() < 0.02 && found.ratio.interval.high < 0.8, "{found:?}");
    }

    #[test]
    fn units_are_sorted_by_what_they_tell_apart() {
        let made = trials([3.0, 4.0, 2.4]);
        let units = report(&made).units;
        assert_eq!(
            units.iter().map(|u| u.kind).collect::<Vec<_>>(),
            [Kind::Choice, Kind::Modality, Kind::Mixed, Kind::Neither]
        );
        // choice 1 and auditory have the higher rates of unit 2
        assert!(units[0].choice < -2.0 && units[1].modality > 2.0 && units[2].modality < -1.0, "{units:?}");
    }

    #[test]
    fn the_bootstrap_repeats_itself_and_misses_nothing() {
        let made = trials([3.0, 4.0, 2.4]);
        assert_eq!(report(&made), report(&made));
        // without auditory trials there is no comparison
        let visual: Vec<_> = made.into_iter().take(1600).collect();
        let report = report(&visual);
        assert!(report.optimality.is_none() && report.sensitivities[0].sigma.is_some());
        assert!(report.sensitivities[1].sigma.is_none() && report.units[0].modality.is_nan());
    }
}
