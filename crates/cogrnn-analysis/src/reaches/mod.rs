//! Movements of a body that outputs move, and where they end (Miconi 2017, figure 6).
//!
//! Trials are told apart by their target. What is kept of each: how far the tip is from the target over time, the
//! activity of the muscles averaged over trials, and some movements whole, for a page that shows them.

mod report;

pub use report::{Reach, Report, Target};

use crate::statistics::quantile;
use crate::trial::nothing_seen;
use cogrnn_core::error::Result;
use cogrnn_core::movement::Movement;

/// How much to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Movements kept whole of each target.
    pub kept: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { kept: 10 }
    }
}

/// Trials of one target so far.
#[derive(Clone, Debug)]
struct Seen {
    target: [f64; 3],
    radius: f64,
    ends: Vec<f64>,
    /// Sums over trials, one a time.
    distance: Vec<f64>,
    /// (time × muscle), sums.
    activation: Vec<f64>,
}

/// Looks at movements.
///
/// It is told what outputs led to, which their task alone knows, not of outputs as other analyses are.
#[derive(Clone, Debug)]
pub struct Reaches {
    settings: Settings,
    times: Vec<f64>,
    /// Which target, what was seen, and how many trials led to no movement.
    targets: Vec<(f64, Option<Seen>, usize)>,
    kept: Vec<Reach>,
}

impl Reaches {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Reaches {
        Reaches { settings, times: Vec::new(), targets: Vec::new(), kept: Vec::new() }
    }

    /// Looks at one trial: which target it is about (a number of the table of trials), and the movement, if one came of it.
    pub fn see(&mut self, index: usize, target: f64, movement: Option<&Movement>) {
        let place = self.targets.iter().position(|(value, ..)| *value == target).unwrap_or_else(|| {
            self.targets.push((target, None, 0));
            self.targets.len() - 1
        });
        let (_, seen, failed) = &mut self.targets[place];
        let Some(movement) = movement else {
            *failed += 1;
            return;
        };
        let distances = movement.distances();
        let seen = seen.get_or_insert_with(|| Seen {
            target: movement.target,
            radius: movement.radius,
            ends: Vec::new(),
            distance: vec![0.0; distances.len()],
            activation: vec![0.0; movement.activations.len()],
        });
        if self.times.is_empty() {
            self.times.clone_from(&movement.times);
        }
        seen.ends.extend(distances.last());
        for (sum, d) in seen.distance.iter_mut().zip(&distances) {
            *sum += d;
        }
        for (sum, a) in seen.activation.iter_mut().zip(&movement.activations) {
            *sum += a;
        }
        if self.kept.iter().filter(|reach| reach.target == target).count() < self.settings.kept {
            self.kept.push(Reach {
                index,
                target,
                angles: movement.angles.clone(),
                activations: movement.activations.clone(),
                tip: movement.tip.clone(),
                distances,
            });
        }
    }

    /// What was found so far.
    ///
    /// # Errors
    /// If no trial led to a movement.
    pub fn report(&self) -> Result<Report> {
        let mut targets: Vec<Target> = Vec::new();
        for (value, seen, failed) in &self.targets {
            let Some(seen) = seen else { continue };
            let n = seen.ends.len() as f64;
            let mut ends = seen.ends.clone();
            ends.sort_by(f64::total_cmp);
            targets.push(Target {
                value: *value,
                at: seen.target,
                radius: seen.radius,
                trials: seen.ends.len(),
                failed: *failed,
                inside: seen.ends.iter().filter(|d| **d <= seen.radius).count(),
                end: [0.25, 0.5, 0.75].map(|q| quantile(&ends, q).unwrap_or(f64::NAN)),
                distance: seen.distance.iter().map(|sum| sum / n).collect(),
                activation: seen.activation.iter().map(|sum| sum / n).collect(),
            });
        }
        if targets.is_empty() {
            return Err(nothing_seen("movements", "test trials whose outputs move something"));
        }
        targets.sort_by(|a, b| a.value.total_cmp(&b.value));
        let mut kept = self.kept.clone();
        kept.sort_by(|a, b| a.target.total_cmp(&b.target).then(a.index.cmp(&b.index)));
        Ok(Report { times: self.times.clone(), targets, kept })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement(target: f64, end: f64) -> Movement {
        Movement {
            times: vec![0.0, 0.1],
            angles: vec![0.0, end],
            activations: vec![0.0, 1.0, end, 0.5],
            tip: vec![[0.0; 3], [end, 0.0, 0.0]],
            target: [target, 0.0, 0.0],
            radius: 0.5,
        }
    }

    #[test]
    fn ends_are_told_target_by_target() {
        let mut reaches = Reaches::new(Settings { kept: 1 });
        for (index, (target, end)) in [(2.0, 3.0), (1.0, 1.25), (2.0, 2.5), (1.0, 0.25)].into_iter().enumerate() {
            reaches.see(index, target, Some(&movement(target, end)));
        }
        reaches.see(4, 1.0, None);
        let report = reaches.report().unwrap();
        let [one, two] = &report.targets[..] else { panic!("{report:?}") };
        assert_eq!((one.value, one.trials, one.failed, one.inside, one.end[1]), (1.0, 2, 1, 1, 0.5));
        assert_eq!((two.value, two.trials, two.failed, two.inside, two.end[1]), (2.0, 2, 0, 1, 0.75));
        assert_eq!((one.distance.as_slice(), two.distance.as_slice()), (&[1.0, 0.5][..], &[2.0, 0.75][..]));
        assert_eq!(one.activation, [0.0, 1.0, 0.75, 0.5]);
        let kept: Vec<(f64, usize)> = report.kept.iter().map(|reach| (reach.target, reach.index)).collect();
        assert_eq!(kept, [(1.0, 1), (2.0, 0)], "one of each");
    }

    #[test]
    fn without_a_movement_there_is_nothing_to_tell() {
        let mut reaches = Reaches::new(Settings::default());
        reaches.see(0, 1.0, None);
        assert!(reaches.report().unwrap_err().to_string().contains("test trials"));
    }
}
