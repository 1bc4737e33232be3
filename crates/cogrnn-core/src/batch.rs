//! Trials side by side: samples of trials of different length, without the padding.

use crate::real::Real;
use crate::task::Outline;
use std::ops::Range;

/// Which trials are still running at each step.
///
/// Trials are kept longest first, so that the active ones are always the first rows, and the rows of
/// all steps lie one behind the other: row (t, b) is `rows(t).start + b`. Steps are counted from 1;
/// step 0 is the initial state.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Timetable {
    /// Row at which step t = index + 1 starts; one more at the end.
    starts: Vec<usize>,
    trials: usize,
}

impl Clone for Timetable {
    fn clone(&self) -> Timetable {
        Timetable { starts: self.starts.clone(), trials: self.trials }
    }

    // A derived one would allocate anew.
    fn clone_from(&mut self, other: &Timetable) {
        self.starts.clone_from(&other.starts);
        self.trials = other.trials;
    }
}

impl Timetable {
    /// From the lengths of the trials, longest first.
    pub fn refill(&mut self, lengths: &[usize]) {
        debug_assert!(lengths.is_sorted_by(|a, b| a >= b), "trials come longest first");
        self.trials = lengths.len();
        self.starts.clear();
        self.starts.push(0);
        let mut active = lengths.len();
        for t in 0..lengths.first().copied().unwrap_or(0) {
            while active > 0 && lengths[active - 1] <= t {
                active -= 1;
            }
            self.starts.push(self.starts[t] + active);
        }
    }

    /// Number of trials.
    pub fn trials(&self) -> usize {
        self.trials
    }

    /// Length of the longest trial.
    pub fn steps(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Trials still running at step t ≥ 1.
    pub fn active(&self, t: usize) -> usize {
        self.starts[t] - self.starts[t - 1]
    }

    /// The rows of step t ≥ 1.
    pub fn rows(&self, t: usize) -> Range<usize> {
        self.starts[t - 1]..self.starts[t]
    }

    /// Rows of all steps.
    pub fn total(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Length of trial b.
    pub fn length(&self, b: usize) -> usize {
        (1..=self.steps()).take_while(|&t| self.active(t) > b).count()
    }
}

/// Trials in lockstep, with their samples row by row as the [`Timetable`] orders them.
#[derive(Clone, Debug, Default)]
pub struct Batch<F> {
    /// Which rows are which.
    pub timetable: Timetable,
    /// (row × input): baseline, task input and noise, as delivered.
    pub inputs: Vec<F>,
    /// (row × output).
    pub targets: Vec<F>,
    /// (row × output).
    pub mask: Vec<F>,
    /// What each trial is, longest first.
    pub outlines: Vec<Outline>,
    /// The number of each trial in the run, the address of its noise.
    pub ids: Vec<u64>,
    /// Samples of the whole batch, padding included, whatever pieces it is cut into: what a mean over
    /// time and trials divides by.
    pub samples: usize,
}

impl<F: Real> Batch<F> {
    /// The entries of one row of a (row × width) array.
    pub fn row(array: &[F], row: usize, width: usize) -> &[F] {
        &array[row * width..(row + 1) * width]
    }

    /// Sum of the mask over all rows and outputs, in sixteen chains.
    pub fn mask_sum(&self) -> f64 {
        let (whole, rest) = self.mask.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for chunk in whole {
            for (sum, m) in sums.iter_mut().zip(chunk) {
                *sum += m.to_f64();
            }
        }
        sums.iter().sum::<f64>() + rest.iter().map(|m| m.to_f64()).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_cover_each_trial_once() {
        let mut table = Timetable::default();
        table.refill(&[5, 3, 3, 1]);
        assert_eq!(table.total(), 12);
        assert_eq!((1..=5).map(|t| table.active(t)).collect::<Vec<_>>(), [4, 3, 3, 1, 1]);
        assert_eq!((0..4).map(|b| table.length(b)).collect::<Vec<_>>(), [5, 3, 3, 1]);
        assert_eq!(table.rows(2), 4..7);
        table.refill(&[]);
        assert_eq!((table.steps(), table.total()), (0, 0));
    }
}
