//! Where the eye goes in the sequence task (sections 4.8 and 5.11, figures 8B and 8D).
//!
//! A movement is judged at the middle sample of its epoch, for a network that knows the sequence leaves for the next dot before the epoch
//! ends; it is right if the dot it was to reach is the nearest of all.

mod report;

pub use report::{Movement, Report, Sequence, Trace};

use crate::keys::Key;
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use std::collections::BTreeMap;

/// The screen, and the way of each sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the sequence; `sequence`.
    pub sequence: String,
    /// The movement epochs, in order; `M1`, `M2`, `M3`.
    pub epochs: Vec<String>,
    /// Positions of the dots; 3 × 3 from the upper left, 0.5 apart, (0, 0) in the middle.
    pub dots: Vec<[f64; 2]>,
    /// Value in the column, and the dot at the end of each movement; the eight sequences of Song et al. (2016),
    /// counted from 1.
    pub paths: Vec<(f64, Vec<usize>)>,
    /// How many trials are kept as traces; 8.
    pub traces: usize,
    /// What x and y are, with the unit; `screen units`.
    pub unit: String,
}

impl Default for Settings {
    fn default() -> Settings {
        // section 4.8, table of sequences, without the dot 4 that all start from
        let paths = [[5, 1, 0], [3, 1, 2], [3, 7, 8], [5, 7, 6], [5, 1, 2], [3, 1, 0], [3, 7, 6], [5, 7, 8]];
        let dot = |k: usize| [-0.5 + 0.5 * (k % 3) as f64, -0.5 + 0.5 * (2 - k / 3) as f64];
        Settings {
            sequence: "sequence".to_string(),
            epochs: ["M1", "M2", "M3"].map(String::from).to_vec(),
            dots: (0..9).map(dot).collect(),
            paths: paths.iter().zip(1u8..).map(|(path, s)| (f64::from(s), path.to_vec())).collect(),
            traces: 8,
            unit: "screen units".to_string(),
        }
    }
}

/// Follows the eye.
///
/// # Example: the sequences of Song et al. (2016)
/// ```
/// use cogrnn_analysis::eye_trace::{EyeTrace, Settings};
/// let settings = Settings::default();
/// assert_eq!(settings.dots[0], [-0.5, 0.5]);
/// assert_eq!(settings.paths[4], (5.0, vec![5, 1, 2]));
/// let eye = EyeTrace::new(settings);
/// # let _ = eye;
/// ```
#[derive(Clone, Debug)]
pub struct EyeTrace {
    settings: Settings,
    sequences: BTreeMap<Key, Sums>,
    whole: usize,
    traces: Vec<Trace>,
}

/// The trials of one sequence.
#[derive(Clone, Debug, Default)]
struct Sums {
    /// Which of the settings' paths.
    path: usize,
    trials: usize,
    /// Sum of the distances in the middle of each movement's epoch, and how many were right.
    movements: Vec<(f64, usize)>,
}

impl EyeTrace {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> EyeTrace {
        EyeTrace { settings, sequences: BTreeMap::new(), whole: 0, traces: Vec::new() }
    }
}

impl Analysis for EyeTrace {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let Settings { sequence, epochs, dots, paths, traces, .. } = &self.settings;
        let value = trial.value(sequence)?;
        let unknown = |what: String, why: &str, remedy: &str| {
            Error::input(what).at(format!("trial {}", trial.index)).why(why).remedy(remedy)
        };
        let known = paths.iter().position(|(v, path)| {
            *v == value && path.len() == epochs.len() && path.iter().all(|dot| *dot < dots.len())
        });
        let place = known.ok_or_else(|| {
            unknown(
                format!("no path for `{sequence}` = {value}"),
                "each value of the column needs a dot for the end of each movement",
                "add it to `paths`",
            )
        })?;
        if trial.readouts() != 2 {
            return Err(unknown(
                format!("{} outputs", trial.readouts()),
                "the eye has two coordinates",
                "analyse a task whose outputs are x and y",
            ));
        }
        let movements = epochs.iter().zip(&paths[place].1).map(|(epoch, dot)| {
            let samples = trial.epoch_samples(epoch)?;
            let (first, count) = (samples.start, samples.len());
            let middle = (count > 0).then_some(first + count / 2).ok_or_else(|| {
                unknown(
                    format!("no sample in epoch `{epoch}`"),
                    "samples are stored further apart than the epoch is long",
                    "store more samples",
                )
            })?;
            let eye = trial.outputs_at(middle);
            let distance = |dot: &[f64; 2]| (f64::from(eye[0]) - dot[0]).hypot(f64::from(eye[1]) - dot[1]);
            let error = distance(&dots[*dot]);
            // another dot as near would make it no answer
            let right = dots.iter().enumerate().all(|(k, other)| k == *dot || distance(other) > error);
            Ok((error, right))
        });
        let movements: Vec<(f64, bool)> = movements.collect::<Result<_>>()?;
        if self.traces.len() < *traces {
            let coordinate = |c: usize| trial.outputs.iter().skip(c).step_by(2).copied().collect();
            self.traces.push(Trace {
                index: trial.index,
                sequence: value,
                times: trial.times.to_vec(),
                x: coordinate(0),
                y: coordinate(1),
            });
        }
        let sums = self.sequences.entry(Key::new([value])).or_default();
        sums.path = place;
        sums.trials += 1;
        sums.movements.resize(movements.len(), (0.0, 0));
        for ((sum, rights), (error, right)) in sums.movements.iter_mut().zip(&movements) {
            *sum += error;
            *rights += usize::from(*right);
        }
        self.whole += usize::from(movements.iter().all(|m| m.1));
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        if self.sequences.is_empty() {
            return Err(nothing_seen("eye movements", "trials of a sequence"));
        }
        let trials: usize = self.sequences.values().map(|s| s.trials).sum();
        let movements = (trials * self.settings.epochs.len()) as f64;
        let all = || self.sequences.values().flat_map(|s| &s.movements);
        let sequence = |(key, sums): (&Key, &Sums)| Sequence {
            value: key.0[0],
            n: sums.trials,
            movements: sums
                .movements
                .iter()
                .zip(&self.settings.paths[sums.path].1)
                .map(|((error, right), dot)| Movement {
                    dot: *dot,
                    error: error / sums.trials as f64,
                    correct: *right as f64 / sums.trials as f64,
                })
                .collect(),
        };
        Ok(Report {
            epochs: self.settings.epochs.clone(),
            unit: self.settings.unit.clone(),
            sequences: self.sequences.iter().map(sequence).collect(),
            error: all().map(|m| m.0).sum::<f64>() / movements,
            correct: all().map(|m| m.1).sum::<usize>() as f64 / movements,
            whole: self.whole as f64 / trials as f64,
            traces: self.traces.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;
    use crate::trial::see_all;

    /// The eye jumps to each dot in the middle of its movement, and misses by (0.03, 0.04).
    fn made(sequence: f64, dots: [usize; 3]) -> Made {
        let positions = Settings::default().dots;
        let epochs = [("fixation", 0.0, 100.0), ("M1", 100.0, 200.0), ("M2", 200.0, 300.0), ("M3", 300.0, 400.0)];
        Made::new(&[("sequence", sequence)], &epochs, 20.0).outputs(2, |t, o| {
            let dot = [4, dots[0], dots[1], dots[2]][((t - 50.0) / 100.0).clamp(0.0, 3.0) as usize];
            positions[dot][o] + [0.03, 0.04][o]
        })
    }

    #[test]
    fn endpoints_are_measured_from_their_dots() {
        // sequence 1 is 5, 1, 0; its second trial ends at 2 instead
        let trials = [made(1.0, [5, 1, 0]), made(1.0, [5, 1, 2]), made(3.0, [3, 7, 8])];
        let settings = Settings { traces: 2, ..Settings::default() };
        let report = see_all(EyeTrace::new(settings), trials.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap();
        assert_eq!(report.sequences.iter().map(|s| (s.value, s.n)).collect::<Vec<_>>(), [(1.0, 2), (3.0, 1)]);
        let last = report.sequences[0].movements[2];
        assert_eq!((last.dot, last.correct), (0, 0.5));
        assert!((report.sequences[1].movements[0].error - 0.05).abs() < 1e-6);
        assert!((report.correct - 8.0 / 9.0).abs() < 1e-12 && (report.whole - 2.0 / 3.0).abs() < 1e-12);
        assert!((last.error - 0.5 * (0.05 + 1.03f64.hypot(0.04))).abs() < 1e-6);
        assert_eq!(report.traces.len(), 2);
        assert_eq!((report.traces[0].x.len(), report.traces[0].x[0], report.traces[0].y[0]), (21, 0.03, 0.04));
    }

    #[test]
    fn unknown_sequences_are_refused() {
        let error = EyeTrace::new(Settings::default()).see(&made(9.0, [0, 1, 2]).trial(4)).unwrap_err().to_string();
        assert!(error.contains("`sequence` = 9") && error.contains("trial 4"), "{error}");
        let three = made(1.0, [5, 1, 0]).outputs(3, |_, _| 0.0);
        assert!(EyeTrace::new(Settings::default()).see(&three.trial(0)).is_err());
    }
}
