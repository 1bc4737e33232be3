//! Which choice a unit prefers, and how such units are connected (section 5.2, figure 3).
//!
//! ```text
//! d' = (μ_1 - μ_2)/√((σ_1² + σ_2²)/2)       (eq. 30)
//! ```
//!
//! with mean and variance of the summed activity in the stimulus over the trials in which the network chose
//! output 0 (μ_1) and output 1 (μ_2), right or wrong, without coherence too.

mod report;

pub use report::{Block, Contrast, Order, Report, Structure};

use crate::statistics::Moments;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose, Stream};

/// Whose activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The epoch over whose samples rates are summed; `stimulus`.
    pub epoch: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { epoch: "stimulus".to_string() }
    }
}

/// Finds the preferred choices of units.
///
/// # Example: the quarter of the units that is shown in figure 3
/// ```
/// use cogrnn_analysis::selectivity::order;
/// let d_prime = [0.1, -3.0, 2.0, 0.5, -0.2, 1.0, 0.3, -0.4];
/// let signs = [1, 1, 1, 1, -1, -1, -1, -1];
/// assert_eq!(order(&d_prime, Some(&signs), 0.5).units, [2, 1, 5, 7]);
/// ```
#[derive(Clone, Debug)]
pub struct Selectivity {
    settings: Settings,
    units: Option<usize>,
    pair: PairMoments,
}

/// Summed activity of every unit in two groups of trials.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairMoments {
    pub trials: [usize; 2],
    units: Vec<[Moments; 2]>,
}

impl PairMoments {
    pub fn add(&mut self, group: usize, activity: &[f64]) {
        self.units.resize(activity.len(), [Moments::default(); 2]);
        self.trials[group] += 1;
        for (unit, activity) in self.units.iter_mut().zip(activity) {
            unit[group].add(*activity);
        }
    }

    /// d' of each unit; not a number without trials in both groups.
    pub fn d_prime(&self) -> Vec<f64> {
        let of = |unit: &[Moments; 2]| match unit {
            [a, b] if a.n == 0 || b.n == 0 => f64::NAN,
            [a, b] => (a.mean - b.mean) / (0.5 * (a.population_variance() + b.population_variance())).sqrt(),
        };
        self.units.iter().map(of).collect()
    }
}

/// Rates of every unit summed over the samples of an epoch.
pub(crate) fn summed(trial: &Trial<'_>, epoch: &str, into: &mut Vec<f64>) -> Result<()> {
    into.clear();
    into.resize(trial.units(), 0.0);
    for k in trial.epoch_samples(epoch)? {
        for (sum, rate) in into.iter_mut().zip(trial.rates_at(k)) {
            *sum += f64::from(*rate);
        }
    }
    Ok(())
}

impl Selectivity {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Selectivity {
        Selectivity { settings, units: None, pair: PairMoments::default() }
    }
}

impl Analysis for Selectivity {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        trial.same_units(&mut self.units)?;
        let chosen = trial.chosen();
        // a third output has no place in d'
        if chosen < 2 {
            let mut activity = Vec::new();
            summed(trial, &self.settings.epoch, &mut activity)?;
            self.pair.add(chosen, &activity);
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.pair.trials == [0, 0] {
            return Err(nothing_seen("selectivity", "trials with a choice"));
        }
        let of = |f: fn(&Moments) -> f64| [0, 1].map(|g| self.pair.units.iter().map(|u| f(&u[g])).collect());
        Ok(Report {
            epoch: self.settings.epoch.clone(),
            trials: self.pair.trials,
            d_prime: self.pair.d_prime(),
            means: of(|m| m.mean),
            variances: of(Moments::population_variance),
        })
    }
}

/// The units of figure 3: of the excitatory ones the fraction (0.25) with the largest |d'|, then of the inhibitory
/// ones, each by d' descending; without signs, of all. A d' that is no number counts as 0.
pub fn order(d_prime: &[f64], signs: Option<&[i8]>, fraction: f64) -> Order {
    let d = |i: usize| if d_prime[i].is_nan() { 0.0 } else { d_prime[i] };
    let best = |mut units: Vec<usize>| {
        units.sort_by(|a, b| d(*b).abs().total_cmp(&d(*a).abs()));
        // a millionth: 0.15 × 20 must give 3
        units.truncate((units.len() as f64 * fraction + 1e-6) as usize);
        units.sort_by(|a, b| d(*b).total_cmp(&d(*a)));
        units
    };
    let class = |excitatory: bool| {
        (0..d_prime.len()).filter(|i| signs.is_none_or(|signs| (signs[*i] > 0) == excitatory)).collect::<Vec<_>>()
    };
    let mut units = best(class(true));
    let excitatory = units.len();
    if signs.is_some() {
        units.extend(best(class(false)));
    }
    Order { units, excitatory }
}

/// Compares connections between units of the same preference and of opposite ones, among `units`. `weights` are
/// the effective signed weights, (target × source), row-major.
///
/// # Example: two populations that excite themselves
/// ```
/// use cogrnn_analysis::selectivity::structure;
/// let weights = [0.0, 0.8, 0.1, 0.1,  0.8, 0.0, 0.1, 0.1,  0.1, 0.1, 0.0, 0.8,  0.1, 0.1, 0.8, 0.0];
/// let found = structure(&weights, &[2.0, 1.0, -1.0, -2.0], None, &[0, 1, 2, 3])?;
/// assert!((found.e_to_e.same.mean - 0.8).abs() < 1e-6 && (found.e_to_e.opposite.mean - 0.1).abs() < 1e-6);
/// # Ok::<(), cogrnn_core::Error>(())
/// ```
///
/// # Errors
/// If the numbers of weights, d' and signs do not fit, or a unit does not exist.
pub fn structure(weights: &[f32], d_prime: &[f64], signs: Option<&[i8]>, units: &[usize]) -> Result<Structure> {
    let n = d_prime.len();
    if weights.len() != n * n || signs.is_some_and(|s| s.len() != n) || units.iter().any(|i| *i >= n) {
        return Err(Error::input(format!("{} weights for {n} units", weights.len()))
            .why("there must be one weight for each pair of units, and one sign for each unit")
            .remedy("give the whole recurrent matrix, (target × source), and units that are in it"));
    }
    // without signs all units are one class, excitatory by name
    let excitatory: Vec<bool> = units.iter().map(|i| signs.is_none_or(|s| s[*i] > 0)).collect();
    let prefers: Vec<bool> = units.iter().map(|i| d_prime[*i] > 0.0).collect();
    let contrast = |source: bool, target: bool, prefers: &[bool]| {
        let (mut sums, mut pairs) = ([0.0; 2], [0; 2]);
        for (a, i) in units.iter().enumerate().filter(|(a, _)| excitatory[*a] == target) {
            for (b, j) in units.iter().enumerate().filter(|(b, _)| excitatory[*b] == source) {
                if i != j {
                    let same = usize::from(prefers[a] == prefers[b]);
                    sums[same] += f64::from(weights[i * n + j]);
                    pairs[same] += 1;
                }
            }
        }
        let block = |same: usize| Block { mean: sums[same] / pairs[same].max(1) as f64, pairs: pairs[same] };
        (block(1), block(0))
    };
    let tested = |source: bool, target: bool| {
        let (same, opposite) = contrast(source, target, &prefers);
        let difference = same.mean - opposite.mean;
        let mut stream = Address { seed: 0, purpose: Purpose::TestTrials, trial: 0 }.stream();
        let as_far = (0..999).filter(|_| {
            let (same, opposite) = contrast(source, target, &exchanged(&prefers, &excitatory, &mut stream));
            // 1e-12: sums of the same numbers in another order
            (same.mean - opposite.mean).abs() >= difference.abs() - 1e-12
        });
        Contrast { same, opposite, difference, p: (as_far.count() + 1) as f64 / 1000.0 }
    };
    let with_signs = |source, target| signs.map(|_| tested(source, target));
    Ok(Structure {
        e_to_e: tested(true, true),
        e_to_i: with_signs(true, false),
        i_to_e: with_signs(false, true),
        i_to_i: with_signs(false, false),
    })
}

/// Preferences in random order, excitatory and inhibitory ones apart.
fn exchanged(prefers: &[bool], excitatory: &[bool], stream: &mut Stream) -> Vec<bool> {
    let mut made = prefers.to_vec();
    for class in [true, false] {
        let members: Vec<usize> = (0..prefers.len()).filter(|i| excitatory[*i] == class).collect();
        for (to, from) in stream.permutation(members.len()).into_iter().enumerate() {
            made[members[to]] = prefers[members[from]];
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// Fixation with a large rate that must not count, then two samples of stimulus.
    fn made(chosen: usize, rates: [f64; 3]) -> Made {
        Made::new(&[], &[("fixation", 0.0, 20.0), ("stimulus", 20.0, 60.0), ("decision", 60.0, 80.0)], 20.0)
            .rates(3, move |k, i| if k == 2 || k == 3 { rates[i] } else { 77.0 })
            .chooses(chosen)
    }

    #[test]
    fn d_prime_is_its_closed_form() {
        // sums over two samples: unit 0 is 2, 6 for choice 0 and 0, 2 for choice 1: means 4, 1, variances 4, 1
        let trials =
            [made(0, [1.0, 5.0, 0.0]), made(0, [3.0, 6.0, 0.0]), made(1, [0.0, 7.0, 0.0]), made(1, [1.0, 8.0, 0.0])];
        let report =
            see_all(Selectivity::new(Settings::default()), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        assert!((report.d_prime[0] - 3.0 / 2.5f64.sqrt()).abs() < 1e-12, "{report:?}");
        // sums 10, 12 and 14, 16: -4/1
        assert!((report.d_prime[1] + 4.0).abs() < 1e-12);
        assert!(report.d_prime[2].is_nan());
        assert_eq!(report.trials, [2, 2]);
        assert_eq!((report.means[0][0], report.variances[1][0]), (4.0, 1.0));
    }

    #[test]
    fn the_order_of_figure_3() {
        let mut d: Vec<f64> = (0..100).map(|i| f64::from((i * 37) % 100) - 49.5).collect();
        d[99] = f64::NAN;
        let signs: Vec<i8> = (0..100).map(|i| if i < 80 { 1 } else { -1 }).collect();
        let found = order(&d, Some(&signs), 0.25);
        assert_eq!((found.units.len(), found.excitatory), (25, 20));
        for (part, class) in [(&found.units[..20], 0..80), (&found.units[20..], 80..100)] {
            assert!(part.windows(2).all(|w| d[w[0]] > d[w[1]]));
            assert!(part.iter().all(|i| class.contains(i)));
            let least = part.iter().map(|i| d[*i].abs()).fold(f64::INFINITY, f64::min);
            assert!(class.filter(|i| !part.contains(i)).all(|i| d[i].is_nan() || d[i].abs() <= least));
        }
        assert_eq!(order(&d, None, 0.25).units.len(), 25);
        assert_eq!(order(&d, None, 0.25).excitatory, 25);
    }

    /// 20 excitatory and 6 inhibitory units: the excitatory favour their own side, the inhibitory the other.
    #[test]
    fn planted_structure_is_found_and_absent_structure_is_not() {
        let n = 26;
        let d: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let signs: Vec<i8> = (0..n).map(|i| if i < 20 { 1 } else { -1 }).collect();
        let mut stream = Address { seed: 2, purpose: Purpose::Weights, trial: 0 }.stream();
        let noise: Vec<f64> = (0..n * n).map(|_| stream.uniform() * 0.2).collect();
        let weights = |planted: f64| -> Vec<f32> {
            let weight = |at: usize| {
                let (i, j) = (at / n, at % n);
                let same = if d[i] == d[j] { planted } else { 0.0 };
                if j < 20 { (noise[at] + same) as f32 } else { (same - noise[at] - planted) as f32 }
            };
            (0..n * n).map(weight).collect()
        };
        let units: Vec<usize> = (0..n).collect();
        let found = structure(&weights(0.3), &d, Some(&signs), &units).unwrap();
        assert!((found.e_to_e.difference - 0.3).abs() < 0.05 && found.e_to_e.p <= 0.002, "{found:?}");
        let i_to_e = found.i_to_e.unwrap();
        assert!(i_to_e.opposite.mean < i_to_e.same.mean - 0.2 && i_to_e.p < 0.05, "{found:?}");
        // a column is a source: what inhibitory units send is negative, what they get is not
        assert!(i_to_e.same.mean < 0.0 && found.e_to_i.unwrap().same.mean > 0.0, "{found:?}");
        assert_eq!(found.e_to_e.same.pairs + found.e_to_e.opposite.pairs, 20 * 19);
        assert_eq!(i_to_e.same.pairs + i_to_e.opposite.pairs, 20 * 6);
        let none = structure(&weights(0.0), &d, Some(&signs), &units).unwrap();
        assert!(none.e_to_e.p > 0.05 && none.e_to_e.difference.abs() < 0.05, "{none:?}");
        assert!(structure(&[0.0; 3], &d, None, &units).is_err());
    }
}
