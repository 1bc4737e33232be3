//! Principal components of the rates, standardised unit by unit (section 5.11, figure 8C).
//!
//! ```text
//! X = all samples of all trials × units with s.d. > 0.1, each centred and divided by its s.d.
//! X = U S Vᵀ       fraction of component k: s_k²/Σ s²       trajectory: rows of X V
//! ```
//!
//! Meant for few trials without noise, one a condition: their rates are kept.

mod report;

pub use report::{Marked, Part, Projection, Report};

use crate::linear::{Matrix, right_singular};
use crate::statistics::Moments;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};

/// Which units and components.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column that labels trajectories; `sequence`.
    pub label: String,
    /// S.d. over all samples above which a unit is kept; 0.1.
    pub active: f64,
    /// First and last unit that are looked at; none for all.
    pub within: Option<[usize; 2]>,
    /// Components projected on; 3.
    pub components: usize,
    /// Epochs that are drawn; none for the whole trial.
    pub epochs: Vec<String>,
    /// Columns, one for each of them, by whose values they are coloured; none for a colour a trajectory.
    pub colours: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            label: "sequence".to_string(),
            active: 0.1,
            within: None,
            components: 3,
            epochs: Vec::new(),
            colours: Vec::new(),
        }
    }
}

/// Finds principal components.
///
/// # Example: one noise-free trial a sequence
/// ```
/// use cogrnn_analysis::pca::{Pca, Settings};
/// let pca = Pca::new(Settings { components: 2, ..Settings::default() });
/// # let _ = pca;
/// ```
#[derive(Clone, Debug)]
pub struct Pca {
    settings: Settings,
    units: Option<usize>,
    rates: Vec<f32>,
    trials: Vec<Projection>,
}

impl Pca {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Pca {
        Pca { settings, units: None, rates: Vec::new(), trials: Vec::new() }
    }
}

impl Analysis for Pca {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let label = trial.value(&self.settings.label)?;
        trial.same_units(&mut self.units)?;
        let mark = |epoch: &cogrnn_core::task::Epoch| {
            let samples = trial.epoch_samples(epoch.name)?;
            Ok(Marked { name: epoch.name.to_string(), start: samples.start, end: samples.end })
        };
        let epochs = trial.outline.epochs.iter().map(mark).collect::<Result<_>>()?;
        let mut parts = Vec::new();
        for (k, name) in self.settings.epochs.iter().enumerate() {
            let samples = trial.epoch_samples(name)?;
            let colour = self.settings.colours.get(k).map(|column| trial.value(column)).transpose()?;
            // from the sample at its start, so that parts meet
            parts.push(Part { start: samples.start.saturating_sub(1), end: samples.end, colour });
        }
        self.rates.extend(trial.rates);
        self.trials.push(Projection { label, times: trial.times.to_vec(), points: Vec::new(), epochs, parts });
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let (Some(all), false) = (self.units, self.trials.is_empty()) else {
            return Err(nothing_seen("principal components", "trials"));
        };
        let rows = self.rates.len() / all.max(1);
        let mut moments = vec![Moments::default(); all];
        for row in self.rates.chunks_exact(all.max(1)) {
            moments.iter_mut().zip(row).for_each(|(m, rate)| m.add(f64::from(*rate)));
        }
        let sd = |i: usize| moments[i].population_variance().sqrt();
        let within = |i: &usize| self.settings.within.is_none_or(|[first, last]| (first..=last).contains(i));
        let units: Vec<usize> = (0..all).filter(within).filter(|i| sd(*i) > self.settings.active).collect();
        if units.is_empty() {
            return Err(Error::input(format!("no unit with a standard deviation above {}", self.settings.active))
                .why("units that hardly change are left out, and these are all")
                .remedy("lower `active`, look at more units, or analyse a trained network"));
        }
        let mut x = Matrix::zeros(rows, units.len());
        for (row, rates) in x.values.chunks_exact_mut(units.len()).zip(self.rates.chunks_exact(all)) {
            for (value, i) in row.iter_mut().zip(&units) {
                *value = (f64::from(rates[*i]) - moments[*i].mean) / sd(*i);
            }
        }
        let (values, vectors) = right_singular(&x)?;
        let total: f64 = values.iter().map(|s| s * s).sum();
        let components = self.settings.components.min(values.len());
        let mut first = 0;
        let trajectory = |trial: &Projection| {
            let mut points = Vec::with_capacity(trial.times.len() * components);
            for k in first..first + trial.times.len() {
                let project = |c| x.row(k).iter().zip(vectors.row(c)).map(|(x, v)| x * v).sum::<f64>();
                points.extend((0..components).map(project));
            }
            first += trial.times.len();
            Projection { points, ..trial.clone() }
        };
        Ok(Report {
            label: self.settings.label.clone(),
            colour: self.settings.colours.first().cloned(),
            trajectories: self.trials.iter().map(trajectory).collect(),
            fractions: values.iter().map(|s| s * s / total).collect(),
            loadings: vectors.values[..components * units.len()].to_vec(),
            components,
            units,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// Three orthogonal signals of equal variance over 64 samples, from Walsh functions: ±1.
    fn walsh(component: usize, k: usize) -> f64 {
        if (k >> component) & 1 == 0 { 1.0 } else { -1.0 }
    }

    /// Units 0 to 3 follow signal 0, units 4 and 5 signal 1, unit 6 signal 2, each with its own size; unit 7 varies
    /// too little. In two trials: the second goes through signal 3 with the sign turned.
    fn made(sequence: f64) -> Made {
        Made::new(&[("sequence", sequence)], &[("M1", 0.0, 30.0), ("M2", 30.0, 63.0)], 1.0).rates(8, |k, unit| {
            match unit {
                0..4 => 5.0 + (unit + 1) as f64 * walsh(0, k),
                4 | 5 => 2.0 - walsh(1, k),
                6 => 30.0 * walsh(2, k),
                _ => 0.05 * walsh(3, k),
            }
        })
    }

    #[test]
    fn planted_variances_are_found() {
        let trials = [made(1.0), made(2.0)];
        let report =
            see_all(Pca::new(Settings::default()), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        assert_eq!(report.units, [0, 1, 2, 3, 4, 5, 6]);
        // seven standardised units in groups of 4, 2 and 1
        for (found, expected) in report.fractions.iter().zip([4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-10, "{:?}", report.fractions);
        }
        // loadings of the first: four equal ones; the projection is √4 times the signal
        assert!(report.loadings[..4].iter().all(|v| (v - 0.5).abs() < 1e-10));
        assert_eq!(report.trajectories.len(), 2);
        for trajectory in &report.trajectories {
            assert_eq!(trajectory.points.len(), 64 * 3);
            for k in 0..64 {
                assert!((trajectory.points[3 * k] - 2.0 * walsh(0, k)).abs() < 1e-8);
                assert!((trajectory.points[3 * k + 1].abs() - 2f64.sqrt()).abs() < 1e-8);
            }
        }
        let marks = &report.trajectories[1].epochs;
        // start < t <= end
        assert_eq!((marks[0].start, marks[0].end, marks[1].start, marks[1].end), (1, 31, 31, 64));
        assert_eq!(report.trajectories[1].label, 2.0);
    }

    #[test]
    fn chosen_units_are_looked_at_alone() {
        let trials = [made(1.0), made(2.0)];
        let of = |within| {
            let pca = Pca::new(Settings { within, ..Settings::default() });
            see_all(pca, trials.iter().enumerate().map(|(i, m)| m.trial(i)))
        };
        let report = of(Some([3, 5])).unwrap();
        // one unit of the first signal and two of the second
        assert_eq!(report.units, [3, 4, 5]);
        assert!((report.fractions[0] - 2.0 / 3.0).abs() < 1e-10 && (report.fractions[1] - 1.0 / 3.0).abs() < 1e-10);
        assert_eq!(of(None).unwrap(), of(Some([0, 99])).unwrap());
        assert!(of(Some([7, 7])).is_err());
    }

    #[test]
    fn drawn_epochs_begin_at_their_start_and_have_the_value_of_their_column() {
        let columns = [("sequence", 1.0), ("d1", 5.0), ("d2", 7.0)];
        let epochs = [("interval", 0.0, 20.0), ("M1", 20.0, 40.0), ("M2", 40.0, 63.0)];
        let made = Made::new(&columns, &epochs, 1.0).rates(2, |k, _| walsh(0, k));
        let names = |all: [&str; 2]| all.map(String::from).to_vec();
        let settings = Settings { epochs: names(["M1", "M2"]), colours: names(["d1", "d2"]), ..Settings::default() };
        let report = see_all(Pca::new(settings), [made.trial(0)]).unwrap();
        let parts: Vec<_> = report.trajectories[0].parts.iter().map(|p| (p.start, p.end, p.colour)).collect();
        // samples of 1 ms from 0: the one at 20 ms opens the first movement, the one at 40 ms is shared
        assert_eq!(parts, [(20, 41, Some(5.0)), (40, 64, Some(7.0))]);
    }

    #[test]
    fn silent_networks_are_refused() {
        let silent = Made::new(&[("sequence", 1.0)], &[("M1", 0.0, 30.0)], 1.0);
        assert!(see_all(Pca::new(Settings::default()), [silent.trial(0)]).unwrap_err().to_string().contains("no unit"));
        assert!(Pca::new(Settings::default()).report().is_err());
    }
}
