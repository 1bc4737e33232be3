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
    /// Where periods of the trials begin.
    breaks: Marks,
    /// Of trials that are sessions: where the trials of the session begin, and where the last one ends.
    sessions: Marks,
}

impl Clone for Timetable {
    fn clone(&self) -> Timetable {
        Timetable {
            starts: self.starts.clone(),
            trials: self.trials,
            breaks: self.breaks.clone(),
            sessions: self.sessions.clone(),
        }
    }

    // A derived one would allocate anew.
    fn clone_from(&mut self, other: &Timetable) {
        self.starts.clone_from(&other.starts);
        self.trials = other.trials;
        self.breaks.clone_from(&other.breaks);
        self.sessions.clone_from(&other.sessions);
    }
}

/// Steps that are marked in each trial, ascending.
#[derive(Debug, Default, PartialEq, Eq)]
struct Marks {
    steps: Vec<usize>,
    /// `of[b]..of[b + 1]` are those of trial b.
    of: Vec<usize>,
}

impl Clone for Marks {
    fn clone(&self) -> Marks {
        Marks { steps: self.steps.clone(), of: self.of.clone() }
    }

    // A derived one would allocate anew.
    fn clone_from(&mut self, other: &Marks) {
        self.steps.clone_from(&other.steps);
        self.of.clone_from(&other.of);
    }
}

impl Marks {
    fn clear(&mut self) {
        self.steps.clear();
        self.of.clear();
    }

    /// Those of the next trial, in any order; repetitions are left out.
    fn add(&mut self, steps: impl Iterator<Item = usize>) {
        if self.of.is_empty() {
            self.of.push(0);
        }
        let first = self.steps.len();
        self.steps.extend(steps);
        self.steps[first..].sort_unstable();
        let mut kept = first;
        for at in first..self.steps.len() {
            if kept == first || self.steps[kept - 1] != self.steps[at] {
                self.steps[kept] = self.steps[at];
                kept += 1;
            }
        }
        self.steps.truncate(kept);
        self.of.push(kept);
    }

    fn trial(&self, b: usize) -> &[usize] {
        match self.of.get(b..b + 2) {
            Some(&[first, last]) => &self.steps[first..last],
            _ => &[],
        }
    }
}

impl Timetable {
    /// From the lengths of the trials, longest first.
    pub fn refill(&mut self, lengths: &[usize]) {
        debug_assert!(lengths.is_sorted_by(|a, b| a >= b), "trials come longest first");
        self.trials = lengths.len();
        self.breaks.clear();
        self.sessions.clear();
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

    /// Says, for the next trial in order, after which steps a new period begins; any order, 0 and
    /// repetitions are left out.
    pub fn add_breaks(&mut self, steps: impl Iterator<Item = usize>) {
        self.breaks.add(steps.filter(|t| *t > 0));
    }

    /// Says, for the next trial in order, that it is a session: after which steps a trial of it begins, and after
    /// which the last one ends; none of a trial that is by itself.
    pub fn add_session(&mut self, steps: impl Iterator<Item = usize>) {
        self.sessions.add(steps);
    }

    /// The steps after which a new period of trial b begins, ascending.
    pub fn breaks(&self, b: usize) -> &[usize] {
        self.breaks.trial(b)
    }

    /// The steps after which a trial of session b begins, ascending, and at last that after which the last one
    /// ends; none of a trial that is by itself.
    pub fn session(&self, b: usize) -> &[usize] {
        self.sessions.trial(b)
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
    /// At which row of inputs, targets and mask each step is found, where steps that show and ask for the same
    /// share theirs; empty if no two do.
    pub held: Vec<usize>,
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
    /// Samples of the whole batch, padding included and warm-up not, whatever pieces it is cut into: what a
    /// mean over time and trials divides by.
    pub samples: usize,
    /// Steps at the beginning of every trial into which nothing flows back.
    pub warm_up: usize,
}

impl<F: Real> Batch<F> {
    /// The rows of inputs, targets and mask at step t ≥ 1.
    pub fn rows(&self, t: usize) -> Range<usize> {
        match self.held.get(t - 1) {
            Some(first) => *first..*first + self.timetable.active(t),
            None => self.timetable.rows(t),
        }
    }

    /// Sum of the mask over all rows and outputs, in sixteen chains.
    pub fn mask_sum(&self) -> f64 {
        const CHAINS: usize = 16;
        let width = self.mask.len() / self.stored().max(1);
        let mut sums = [0.0; CHAINS];
        let mut done = 0;
        for t in 1..=self.timetable.steps() {
            let rows = self.rows(t);
            let mask = &self.mask[rows.start * width..rows.end * width];
            // As if all rows lay one behind the other.
            let (first, mask) = mask.split_at(mask.len().min((CHAINS - done % CHAINS) % CHAINS));
            let (whole, rest) = mask.as_chunks::<CHAINS>();
            for (sum, m) in sums[done % CHAINS..].iter_mut().zip(first) {
                *sum += m.to_f64();
            }
            for chunk in whole {
                for (sum, m) in sums.iter_mut().zip(chunk) {
                    *sum += m.to_f64();
                }
            }
            for (sum, m) in sums.iter_mut().zip(rest) {
                *sum += m.to_f64();
            }
            done += rows.len() * width;
        }
        sums.iter().sum::<f64>()
    }

    /// Rows that inputs, targets and mask have.
    fn stored(&self) -> usize {
        let last = self.held.iter().enumerate().map(|(i, first)| first + self.timetable.active(i + 1)).max();
        last.unwrap_or_else(|| self.timetable.total())
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
        table.add_breaks([3, 0, 1, 3].into_iter());
        table.add_breaks([].into_iter());
        table.add_breaks([2].into_iter());
        assert_eq!((table.breaks(0), table.breaks(1), table.breaks(2)), (&[1, 3][..], &[][..], &[2][..]));
        assert!(table.breaks(3).is_empty());
        table.add_session([0, 2, 5].into_iter());
        table.add_session([].into_iter());
        assert_eq!((table.session(0), table.session(1), table.session(2)), (&[0, 2, 5][..], &[][..], &[][..]));
        let mut copy = Timetable::default();
        copy.clone_from(&table);
        assert_eq!(copy, table);
        table.refill(&[5, 3]);
        assert!(table.breaks(0).is_empty() && table.session(0).is_empty());
        table.refill(&[]);
        assert_eq!((table.steps(), table.total()), (0, 0));
        assert!(table.breaks(0).is_empty());
    }
}
