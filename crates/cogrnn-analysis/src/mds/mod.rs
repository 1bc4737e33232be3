//! Metric multidimensional scaling: where trials lie in a plane that keeps their distances (Miconi 2017, figure 3;
//! section 7.3 of our description of it).
//!
//! ```text
//! δ_ij = |r_i - r_j|          over units, at one time           d_ij = |x_i - x_j|      in the plane
//! σ(X) = Σ_{i<j} (d_ij - δ_ij)²                                 stress = √(σ/Σ_{i<j} δ_ij²)
//! X   ← B(X) X/n     b_ij = -δ_ij/d_ij, b_ii = Σ_{j≠i} δ_ij/d_ij       (SMACOF: σ never rises; de Leeuw 1977)
//! ```
//!
//! Each time has several random starts and keeps the lowest stress. A plane has no directions of its own: points are
//! centred and turned to their principal axes.

use crate::keys::Key;
use crate::linear::{Matrix, right_singular};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is embedded, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Times, ms from trial start.
    pub times: Vec<f64>,
    /// Columns that make the conditions by which points are coloured.
    pub columns: Vec<String>,
    /// Of each condition every so many trials; 2.
    pub every: usize,
    /// Random starts of each time; 8.
    pub starts: usize,
    /// Steps of a start at most; 1000.
    pub steps: usize,
    /// Of the random starts.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { times: Vec::new(), columns: Vec::new(), every: 2, starts: 8, steps: 1000, seed: 1 }
    }
}

/// The trials at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// ms from trial start: that of the sample.
    pub time: f64,
    /// One a trial.
    pub points: Vec<[f64; 2]>,
    /// √(σ/Σδ²): 0 where the plane keeps all distances.
    pub stress: f64,
}

/// The trials at all times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Columns that make the conditions.
    pub columns: Vec<String>,
    /// Their values, one row a trial that is drawn.
    pub conditions: Vec<Vec<f64>>,
    /// One a time.
    pub maps: Vec<Map>,
}

/// Lays trials out in a plane.
///
/// # Example: at the end of a stimulus of 200 ms
/// ```
/// use cogrnn_analysis::mds::{Mds, Settings};
/// let mds = Mds::new(Settings { times: vec![200.0], columns: vec!["first".into()], ..Settings::default() });
/// # let _ = mds;
/// ```
#[derive(Clone, Debug)]
pub struct Mds {
    settings: Settings,
    units: Option<usize>,
    /// Times of the samples that are kept.
    times: Vec<f64>,
    /// (trial × time × unit).
    rates: Vec<f32>,
    conditions: Vec<Key>,
    /// Trials seen of each condition.
    seen: BTreeMap<Key, usize>,
}

impl Mds {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Mds {
        Mds {
            settings,
            units: None,
            times: Vec::new(),
            rates: Vec::new(),
            conditions: Vec::new(),
            seen: BTreeMap::new(),
        }
    }
}

impl Analysis for Mds {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        trial.same_units(&mut self.units)?;
        let values: Vec<f64> = self.settings.columns.iter().map(|c| trial.value(c)).collect::<Result<_>>()?;
        let key = Key::new(values);
        // every second of each condition: where conditions take turns, every second trial would leave out half of them
        let before = self.seen.entry(key.clone()).or_default();
        *before += 1;
        if !(*before - 1).is_multiple_of(self.settings.every.max(1)) {
            return Ok(());
        }
        let mut times = Vec::new();
        for wanted in &self.settings.times {
            let near = |k: &usize| (trial.times[*k] - wanted).abs() <= 0.5 * trial.spacing() + 1e-6;
            let k = (0..trial.steps()).find(near).ok_or_else(|| {
                Error::input(format!("no sample at {wanted} ms"))
                    .at(format!("trial {}", trial.index))
                    .why(format!("the trial lasts {} ms", trial.times.last().copied().unwrap_or(0.0)))
                    .remedy("name times within the shortest test trial")
            })?;
            times.push(trial.times[k]);
            self.rates.extend(trial.rates_at(k));
        }
        if self.conditions.is_empty() {
            self.times = times;
        }
        self.conditions.push(key);
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let (Some(units), true) = (self.units, self.conditions.len() > 2 && !self.times.is_empty()) else {
            return Err(nothing_seen("multidimensional scaling", "three trials and a time"));
        };
        let (n, count) = (self.conditions.len(), self.times.len());
        let map = |(place, time): (usize, &f64)| {
            let rates = |trial: usize| &self.rates[(trial * count + place) * units..][..units];
            let mut delta = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
                    delta[i * n + j] = rates(i).iter().zip(rates(j)).map(square).sum::<f64>().sqrt();
                }
            }
            if delta.iter().any(|d| !d.is_finite()) {
                return Err(Error::diverged(format!("rates at {time} ms that have no distance"))
                    .why("some are infinite or no numbers")
                    .remedy("look at the recorded rates: the network diverged"));
            }
            let mut best: Option<(f64, Vec<[f64; 2]>)> = None;
            for start in 0..self.settings.starts.max(1) {
                let address = Address { seed: self.settings.seed, purpose: Purpose::Embedding, trial: start as u64 };
                let mut stream = address.stream_at(place as u32);
                // of the size that distances have
                let size = (delta.iter().map(|d| d * d).sum::<f64>() / (n * n) as f64).sqrt();
                let begin = (0..n).map(|_| [size * stream.normal(), size * stream.normal()]).collect();
                let (stress, points) = smacof(&delta, begin, self.settings.steps, &mut |_| ());
                if best.as_ref().is_none_or(|(least, _)| stress < *least) {
                    best = Some((stress, points));
                }
            }
            let (stress, points) = best.unwrap_or((0.0, vec![[0.0; 2]; n]));
            Ok(Map { time: *time, points: turned(&points)?, stress })
        };
        Ok(Report {
            columns: self.settings.columns.clone(),
            conditions: self.conditions.iter().map(|key| key.0.clone()).collect(),
            maps: self.times.iter().enumerate().map(map).collect::<Result<_>>()?,
        })
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt()
}

/// √(σ/Σδ²); 0 where all δ are.
fn stress(delta: &[f64], x: &[[f64; 2]]) -> f64 {
    let n = x.len();
    let (mut squares, mut whole) = (0.0, 0.0);
    for i in 0..n {
        for j in 0..i {
            squares += (distance(x[i], x[j]) - delta[i * n + j]).powi(2);
            whole += delta[i * n + j].powi(2);
        }
    }
    if whole > 0.0 { (squares / whole).sqrt() } else { 0.0 }
}

/// Majorises from `x` until a step lowers the stress by less than a millionth of it, or so many steps; says the stress
/// after each.
fn smacof(delta: &[f64], mut x: Vec<[f64; 2]>, steps: usize, said: &mut dyn FnMut(f64)) -> (f64, Vec<[f64; 2]>) {
    let n = x.len();
    let mut now = stress(delta, &x);
    said(now);
    let mut next = x.clone();
    for _ in 0..steps {
        // x_i ← 1/n Σ_j δ_ij/d_ij (x_i - x_j): the row of B(X) X, whose entries sum to 0
        for i in 0..n {
            let mut sum = [0.0; 2];
            for j in (0..n).filter(|j| *j != i) {
                let d = distance(x[i], x[j]);
                // points that coincide do not say which way they should part
                let ratio = if d > 0.0 { delta[i * n + j] / d } else { 0.0 };
                sum[0] += ratio * (x[i][0] - x[j][0]);
                sum[1] += ratio * (x[i][1] - x[j][1]);
            }
            next[i] = [sum[0] / n as f64, sum[1] / n as f64];
        }
        std::mem::swap(&mut x, &mut next);
        let before = now;
        now = stress(delta, &x);
        said(now);
        // 1e-12: distances kept to rounding
        if before - now <= 1e-6 * before || now < 1e-12 {
            break;
        }
    }
    (now, x)
}

/// Centred, and turned to the principal axes.
fn turned(points: &[[f64; 2]]) -> Result<Vec<[f64; 2]>> {
    let n = points.len();
    let mean = [0, 1].map(|c| points.iter().map(|p| p[c]).sum::<f64>() / n as f64);
    let values: Vec<f64> = points.iter().flat_map(|p| [p[0] - mean[0], p[1] - mean[1]]).collect();
    let x = Matrix { rows: n, columns: 2, values };
    let (_, vectors) = right_singular(&x)?;
    let along = |row: &[f64]| [0, 1].map(|c| row[0] * vectors.at(c, 0) + row[1] * vectors.at(c, 1));
    Ok((0..n).map(|i| along(x.row(i))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    fn normal(n: usize, seed: u64) -> Vec<f64> {
        let mut stream = Address { seed, purpose: Purpose::Weights, trial: 0 }.stream();
        (0..n).map(|_| stream.normal()).collect()
    }

    fn distances(x: &[[f64; 2]]) -> Vec<f64> {
        x.iter().flat_map(|a| x.iter().map(|b| distance(*a, *b))).collect()
    }

    /// Points of a plane that lies askew among six units, at 20 ms; at 40 ms all in one place.
    fn trials(plane: &[[f64; 2]]) -> Vec<Made> {
        // two orthonormal directions
        let (u, v) = ([0.5, 0.5, 0.5, 0.5, 0.0, 0.0], [0.5, -0.5, 0.0, 0.0, 0.5, -0.5]);
        let one = |(i, p): (usize, &[f64; 2])| {
            let p = *p;
            Made::new(&[("first", (i % 2) as f64)], &[("stimulus", 0.0, 40.0)], 20.0)
                .rates(6, move |k, unit| if k == 1 { 0.3 + p[0] * u[unit] + p[1] * v[unit] } else { 0.0 })
        };
        plane.iter().enumerate().map(one).collect()
    }

    fn settings(times: &[f64]) -> Settings {
        Settings { times: times.to_vec(), columns: vec!["first".into()], every: 1, ..Settings::default() }
    }

    fn laid(made: &[Made], settings: Settings) -> Result<Report> {
        see_all(Mds::new(settings), made.iter().enumerate().map(|(i, m)| m.trial(i)))
    }

    #[test]
    fn points_of_a_plane_are_recovered_up_to_rotation() {
        let plane: Vec<[f64; 2]> = normal(24, 3).chunks(2).map(|p| [2.0 * p[0], p[1]]).collect();
        let report = laid(&trials(&plane), settings(&[20.0])).unwrap();
        let map = &report.maps[0];
        assert_eq!((map.time, map.points.len(), report.conditions.len()), (20.0, 12, 12));
        // the search ends where a step gains a millionth of a stress that falls by a constant factor a step
        assert!(map.stress < 1e-4, "{}", map.stress);
        for (found, expected) in distances(&map.points).iter().zip(distances(&plane)) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
        // centred, and the first axis the longer one
        let sum = |c: usize, power: i32| map.points.iter().map(|p| p[c].powi(power)).sum::<f64>();
        assert!(sum(0, 1).abs() < 1e-9 && sum(1, 1).abs() < 1e-9 && sum(0, 2) > sum(1, 2));
    }

    #[test]
    fn stress_never_rises() {
        for seed in 0..20 {
            let high: Vec<Vec<f64>> = normal(15 * 6, seed).chunks(6).map(<[f64]>::to_vec).collect();
            let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            let delta: Vec<f64> = high.iter().flat_map(|a| high.iter().map(move |b| square(a, b).sqrt())).collect();
            let begin = normal(30, 100 + seed).chunks(2).map(|p| [p[0], p[1]]).collect();
            let mut all = Vec::new();
            let (last, _) = smacof(&delta, begin, 1000, &mut |stress| all.push(stress));
            // 1e-14: rounding of sums of 105 terms
            assert!(all.windows(2).all(|w| w[1] <= w[0] + 1e-14) && all.len() > 10, "{all:?}");
            // how far it falls the data decide: what six dimensions have beyond two no plane can keep
            assert!(last < all[0] && last == all[all.len() - 1]);
        }
    }

    /// Negative control: four points at equal distances lie in no plane. As a square of side s and diagonal s√2 their
    /// stress² is (4 (s - 1)² + 2 (s√2 - 1)²)/6, least at s = (4 + 2√2)/8, where it is 1 - (4 + 2√2)²/48.
    #[test]
    fn four_equal_distances_become_a_square() {
        let delta: Vec<f64> = (0..16).map(|c| f64::from(u8::from(c / 4 != c % 4))).collect();
        let square = 1.0 - (4.0 + 2.0 * std::f64::consts::SQRT_2).powi(2) / 48.0;
        let starts = (0..8).map(|seed| normal(8, seed).chunks(2).map(|p| [p[0], p[1]]).collect());
        let least = starts.map(|begin| smacof(&delta, begin, 1000, &mut |_| ()).0).fold(f64::INFINITY, f64::min);
        assert!((least - square.sqrt()).abs() < 1e-4, "{least} {}", square.sqrt());
    }

    #[test]
    fn more_starts_are_never_worse_and_every_second_of_a_condition_is_kept() {
        let plane: Vec<[f64; 2]> = normal(24, 5).chunks(2).map(|p| [p[0], p[1]]).collect();
        let mut made = trials(&plane);
        // out of the plane
        made.iter_mut().enumerate().for_each(|(i, m)| m.rates[6 + i % 6] += 1.0);
        let stress = |starts| laid(&made, Settings { starts, ..settings(&[20.0]) }).unwrap().maps[0].stress;
        assert!(stress(8) <= stress(1));
        let half = laid(&made, Settings { every: 2, ..settings(&[20.0]) }).unwrap();
        // conditions take turns: three of each stay
        assert_eq!(half.conditions.iter().filter(|c| c[0] == 1.0).count(), 3);
        assert_eq!(half.conditions.len(), 6);
    }

    #[test]
    fn trials_in_one_place_and_times_that_are_not() {
        let made = trials(&[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        let map = laid(&made, settings(&[40.0])).unwrap().maps.remove(0);
        assert_eq!((map.stress, map.points), (0.0, vec![[0.0; 2]; 3]));
        assert!(laid(&made, settings(&[70.0])).unwrap_err().to_string().contains("no sample at 70 ms"));
        assert!(laid(&made[..2], settings(&[20.0])).is_err());
    }
}
