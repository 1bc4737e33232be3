//! Psychometric curves from trials seen one by one.

use super::{Bias, Curve, Fit, Point, sigma_interval};
use crate::keys::Key;
use crate::statistics::Interval;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is counted against what.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of x; `signed_coherence`.
    pub evidence: String,
    /// The column that has one curve for each of its values; none.
    pub by: Option<String>,
    /// The output that is counted as the choice; 0, `choice 1` of the paper's figures.
    pub choice: usize,
    /// What x is, with its unit; `signed coherence (%)`.
    pub x_label: String,
    /// What the proportion is of; `P(choice 1)`.
    pub y_label: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            evidence: "signed_coherence".to_string(),
            by: None,
            choice: 0,
            x_label: "signed coherence (%)".to_string(),
            y_label: "P(choice 1)".to_string(),
        }
    }
}

/// One psychometric curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Value of the column that tells the curves apart, where there is one.
    pub value: Option<f64>,
    /// Trials.
    pub trials: usize,
    /// Proportions, and the fit with mu and sigma free.
    pub curve: Curve,
    /// 95 % interval of its sigma.
    pub sigma: Option<Interval>,
    /// The fit with mu = 0.
    pub centred: Option<Fit>,
    /// 95 % interval of its sigma.
    pub centred_sigma: Option<Interval>,
}

/// Psychometric curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The column that tells the curves apart.
    pub by: Option<String>,
    /// One curve a value of the column, ascending.
    pub groups: Vec<Group>,
}

/// Trials and choices at each x.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(BTreeMap<Key, (usize, usize)>);

impl Tally {
    pub(crate) fn add(&mut self, x: f64, chosen: bool) {
        let (n, choices) = self.0.entry(Key::new([x])).or_default();
        *n += 1;
        *choices += usize::from(chosen);
    }

    pub(crate) fn points(&self) -> Vec<Point> {
        let point =
            |(x, &(n, choices)): (&Key, &(usize, usize))| Point { x: x.0[0], n, proportion: choices as f64 / n as f64 };
        self.0.iter().map(point).collect()
    }

    pub(crate) fn group(&self, value: Option<f64>, settings: &Settings) -> Result<Group> {
        let mut curve = Curve::from_points(self.points(), Bias::Free)?;
        curve.x_label.clone_from(&settings.x_label);
        curve.y_label.clone_from(&settings.y_label);
        let centred = Curve::from_points(self.points(), Bias::Zero)?.fit;
        Ok(Group {
            value,
            trials: curve.points.iter().map(|p| p.n).sum(),
            sigma: curve.fit.and_then(|fit| sigma_interval(&curve.points, &fit, Bias::Free)),
            centred_sigma: centred.and_then(|fit| sigma_interval(&curve.points, &fit, Bias::Zero)),
            centred,
            curve,
        })
    }
}

/// Counts choices at each strength of the evidence.
///
/// # Example: one curve a context
/// ```
/// use cogrnn_analysis::psychometric::{Psychometric, Settings};
/// let by_motion = Psychometric::new(Settings {
///     evidence: "motion_coherence".to_string(),
///     by: Some("context".to_string()),
///     x_label: "motion coherence (%)".to_string(),
///     ..Settings::default()
/// });
/// # let _ = by_motion;
/// ```
#[derive(Clone, Debug)]
pub struct Psychometric {
    settings: Settings,
    groups: BTreeMap<Key, Tally>,
}

impl Psychometric {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Psychometric {
        Psychometric { settings, groups: BTreeMap::new() }
    }

    /// The counts of one curve.
    pub(crate) fn tally(&self, value: f64) -> Option<&Tally> {
        self.groups.get(&Key::new([value]))
    }
}

impl Analysis for Psychometric {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let x = trial.value(&self.settings.evidence)?;
        let group = match &self.settings.by {
            Some(column) => Key::new([trial.value(column)?]),
            None => Key::new([]),
        };
        self.groups.entry(group).or_default().add(x, trial.chosen() == self.settings.choice);
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.groups.is_empty() {
            return Err(nothing_seen("a psychometric curve", "trials with a stimulus"));
        }
        let groups = self.groups.iter().map(|(key, tally)| tally.group(key.0.first().copied(), &self.settings));
        Ok(Report { by: self.settings.by.clone(), groups: groups.collect::<Result<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometric::normal_cdf;
    use crate::statistics::{Binomial, Moments};
    use crate::testing::Made;
    use crate::trial::see_all;
    use cogrnn_core::random::{Address, Purpose};

    #[test]
    fn each_modality_has_its_own_curve() {
        // 100 trials at each of five x, as many choices as the curve of its modality says
        let mut made = Vec::new();
        for (modality, sigma) in [(0.0, 5.0), (1.0, 20.0)] {
            for x in [-10.0, -5.0, 0.0, 5.0, 10.0] {
                let choices = (100.0 * normal_cdf(x / sigma)).round() as usize;
                for i in 0..100 {
                    let trial =
                        Made::new(&[("signed_coherence", x), ("modality", modality)], &[("s", 0.0, 20.0)], 20.0);
                    made.push(trial.chooses(usize::from(i >= choices)));
                }
            }
        }
        let settings = Settings { by: Some("modality".to_string()), ..Settings::default() };
        let report = see_all(Psychometric::new(settings), made.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        assert_eq!(report.groups.len(), 2);
        for (group, sigma) in report.groups.iter().zip([5.0, 20.0]) {
            // proportions are rounded to 0.01
            for fit in [group.curve.fit.unwrap(), group.centred.unwrap()] {
                assert!((fit.sigma / sigma - 1.0).abs() < 0.03 && fit.mu.abs() < 1e-6, "{fit:?}");
            }
            let interval = group.sigma.unwrap();
            assert!(interval.low < sigma && sigma < interval.high && group.trials == 500, "{interval:?}");
        }
    }

    #[test]
    fn a_missing_column_is_named() {
        let made = Made::new(&[("coherence", 1.0)], &[("s", 0.0, 20.0)], 20.0);
        let error = Psychometric::new(Settings::default()).see(&made.trial(3)).unwrap_err().to_string();
        assert!(error.contains("`signed_coherence`") && error.contains("`coherence`") && error.contains("trial 3"));
        assert!(Psychometric::new(Settings::default()).report().is_err());
    }

    /// The delta method is an approximation: simulated experiments say by how much its error may be off.
    #[test]
    fn the_interval_is_as_wide_as_the_scatter_of_fits() {
        let x = [-20.0, -10.0, -5.0, 0.0, 5.0, 10.0, 20.0];
        let mut stream = Address { seed: 5, purpose: Purpose::TestTrials, trial: 0 }.stream();
        let (mut logs, mut width) = (Moments::default(), Moments::default());
        for _ in 0..400 {
            let points = x.map(|x| {
                let n = 200;
                let chosen = Binomial::new(n, normal_cdf(x / 8.0)).draw(&mut stream);
                Point { x, n, proportion: chosen as f64 / n as f64 }
            });
            let fit = Curve::from_points(points.to_vec(), Bias::Free).unwrap().fit.unwrap();
            let interval = sigma_interval(&points, &fit, Bias::Free).unwrap();
            logs.add(fit.sigma.ln());
            width.add((interval.high / interval.low).ln() / (2.0 * crate::statistics::Z_95));
        }
        // the s.d. of 400 fits is known to 1/sqrt(800) = 3.5 %; three of them
        assert!((width.mean / logs.population_variance().sqrt() - 1.0).abs() < 0.11, "{width:?} {logs:?}");
    }
}
