//! Paths of a cursor that outputs move (Murray 2019, figure 4).
//!
//! ```text
//! place(t) = ∫ v dt / S        v the first two outputs, in lengths a syllable; S how long a syllable is
//! ```
//! Each syllable is judged by itself: the way from where it began to where it ended, against the one that was called for,
//! so that what went wrong before counts once. Directions are numbers of a column; one without an angle calls for rest.
//!
//! The measures are not in the paper, which shows paths.

mod report;

pub use report::{Direction, Path, Report};

use crate::keys::Key;
use crate::statistics::quantile;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::Result;
use std::collections::BTreeMap;

/// Which columns and epochs, and where directions lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Column of the direction of each syllable.
    pub directions: Vec<String>,
    /// Epoch of each syllable.
    pub syllables: Vec<String>,
    /// Degrees, anticlockwise from the first output: of direction 0, 1, …
    pub angles: Vec<f64>,
    /// How far a syllable is to move the cursor.
    pub distance: f64,
    /// Trials whose paths are kept.
    pub paths: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            directions: vec!["direction".into()],
            syllables: vec!["syllable".into()],
            angles: vec![0.0, 90.0, 180.0, 270.0],
            distance: 1.0,
            paths: 20,
        }
    }
}

/// Share of the distance asked for from which on a way has a direction.
const LEAST: f64 = 0.1;
/// Points of a path that are kept.
const POINTS: usize = 200;

/// Follows the cursor.
///
/// # Example
/// ```
/// use cogrnn_analysis::trajectory::{Settings, Trajectory};
/// let trajectory = Trajectory::new(Settings::default());
/// # let _ = trajectory;
/// ```
#[derive(Clone, Debug)]
pub struct Trajectory {
    settings: Settings,
    /// Moves of each direction.
    moves: BTreeMap<Key, Vec<[f64; 2]>>,
    /// Distance from where the cursor ended to where it was to end, of each trial.
    ends: Vec<f64>,
    paths: Vec<Path>,
}

impl Trajectory {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> Trajectory {
        Trajectory { settings, moves: BTreeMap::new(), ends: Vec::new(), paths: Vec::new() }
    }
}

impl Settings {
    /// The way that a direction calls for.
    fn way(&self, direction: f64) -> [f64; 2] {
        match self.angles.get(direction as usize).filter(|_| direction >= 0.0) {
            Some(angle) => {
                let (sin, cos) = angle.to_radians().sin_cos();
                [self.distance * cos, self.distance * sin]
            }
            None => [0.0; 2],
        }
    }
}

impl Analysis for Trajectory {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let mut place = [0.0f64; 2];
        let mut path: Vec<[f64; 2]> = vec![place];
        let mut wanted = vec![[0.0f64; 2]];
        let mut directions = Vec::new();
        for (column, epoch) in self.settings.directions.iter().zip(&self.settings.syllables) {
            let (direction, epoch) = (trial.value(column)?, trial.epoch(epoch)?);
            let (start, end) = (epoch.start.as_ms(), epoch.end.as_ms());
            let share = trial.spacing() / (end - start);
            let before = place;
            let edge = 0.5 * trial.spacing();
            for (k, _) in trial.times.iter().enumerate().filter(|(_, t)| **t > start + edge && **t < end + edge) {
                let v = trial.outputs_at(k);
                place = [place[0] + share * f64::from(v[0]), place[1] + share * f64::from(v[1])];
                path.push(place);
            }
            self.moves.entry(Key::new([direction])).or_default().push([place[0] - before[0], place[1] - before[1]]);
            let (last, way) = (wanted[wanted.len() - 1], self.settings.way(direction));
            wanted.push([last[0] + way[0], last[1] + way[1]]);
            directions.push(direction);
        }
        let end = wanted[wanted.len() - 1];
        self.ends.push((place[0] - end[0]).hypot(place[1] - end[1]));
        if self.paths.len() < self.settings.paths {
            let stride = path.len().div_ceil(POINTS).max(1);
            let mut kept: Vec<[f64; 2]> = path.iter().copied().step_by(stride).collect();
            kept.push(place);
            self.paths.push(Path { index: trial.index, directions, path: kept, wanted });
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.ends.is_empty() {
            return Err(nothing_seen("paths", "test trials"));
        }
        let quartiles = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            [0.25, 0.5, 0.75].map(|q| quantile(&values, q).unwrap_or(f64::NAN))
        };
        let direction = |(key, moves): (&Key, &Vec<[f64; 2]>)| {
            let way = self.settings.way(key.0[0]);
            let length = way[0].hypot(way[1]);
            let off = moves.iter().map(|m| (m[0] - way[0]).hypot(m[1] - way[1])).collect();
            let moving = length > 0.0;
            let along = |m: &[f64; 2]| (m[0] * way[0] + m[1] * way[1]) / (length * length);
            let turned =
                |m: &[f64; 2]| (way[0] * m[1] - way[1] * m[0]).atan2(way[0] * m[0] + way[1] * m[1]).to_degrees();
            Direction {
                direction: key.0[0],
                n: moves.len(),
                way,
                error: quartiles(off),
                length: moving.then(|| quartiles(moves.iter().map(along).collect())),
                // a cursor that hardly moved has no direction
                angle: Some(moves.iter().filter(|m| m[0].hypot(m[1]) > LEAST * length).map(turned).collect())
                    .filter(|angles: &Vec<f64>| moving && !angles.is_empty())
                    .map(quartiles),
            }
        };
        Ok(Report {
            trials: self.ends.len(),
            end: quartiles(self.ends.clone()),
            column: self.settings.directions.first().cloned().unwrap_or_default(),
            directions: self.moves.iter().map(direction).collect(),
            paths: self.paths.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// Two syllables of 100 ms, each with a constant velocity.
    fn trial(directions: [f64; 2], velocities: [[f64; 2]; 2]) -> Made {
        let info = [("direction 1", directions[0]), ("direction 2", directions[1])];
        Made::new(&info, &[("syllable 1", 0.0, 100.0), ("syllable 2", 100.0, 200.0)], 1.0)
            .outputs(2, |t, o| velocities[usize::from(t > 100.5)][o])
    }

    #[test]
    fn syllables_are_judged_by_themselves_and_trials_by_their_end() {
        let settings = Settings {
            directions: vec!["direction 1".into(), "direction 2".into()],
            syllables: vec!["syllable 1".into(), "syllable 2".into()],
            ..Settings::default()
        };
        // right, half as far again; up, but 45° to the left; right as asked, then a drift in a hold
        let s = 0.5f64.sqrt();
        let trials = [trial([0.0, 1.0], [[1.5, 0.0], [-s, s]]), trial([0.0, 4.0], [[1.0, 0.0], [0.0, -0.1]])];
        let found = see_all(Trajectory::new(settings), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        assert_eq!(found.trials, 2);
        let of = |d: f64| found.directions.iter().find(|x| x.direction == d).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(near(of(0.0).length.unwrap()[1], 1.25) && near(of(0.0).angle.unwrap()[1], 0.0), "{found:?}");
        assert!(near(of(1.0).angle.unwrap()[1], 45.0) && near(of(1.0).length.unwrap()[1], s));
        assert!(near(of(4.0).error[1], 0.1) && of(4.0).angle.is_none());
        // ends: (1.5 - s, s) for (1, 1), and (1, -0.1) for (1, 0)
        let first = (0.5 - s).hypot(s - 1.0);
        assert!(near(found.end[1], 0.5 * (first + 0.1)), "{:?}", found.end);
        let path = &found.paths[0];
        assert!(near(path.path[path.path.len() - 1][1], s) && path.wanted == [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
        assert!(path.path.len() <= POINTS + 2);
        assert!(Trajectory::new(Settings::default()).report().is_err());
    }
}
