//! A test trial, and what looks at it.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::task::{Epoch, Outline, argmax};
use cogrnn_core::units::ms;
use serde::Serialize;
use std::ops::Range;

/// One test trial as recorded: samples 0..steps at `times`, the first the initial state at t = 0.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Its number in the run.
    pub index: usize,
    /// Its condition and epochs.
    pub outline: &'a Outline,
    /// ms from trial start, ascending and evenly spaced.
    pub times: &'a [f64],
    /// (time × channel), row-major, as delivered.
    pub inputs: &'a [f32],
    /// (time × unit), row-major.
    pub rates: &'a [f32],
    /// (time × output), row-major.
    pub outputs: &'a [f32],
}

/// When an output first passed a threshold, and which.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// The output.
    pub choice: usize,
    /// The sample.
    pub sample: usize,
    /// Its time, ms from trial start.
    pub time: f64,
}

impl<'a> Trial<'a> {
    /// Samples.
    pub fn steps(&self) -> usize {
        self.times.len()
    }

    /// Units recorded.
    pub fn units(&self) -> usize {
        self.rates.len() / self.steps().max(1)
    }

    /// Outputs recorded.
    pub fn readouts(&self) -> usize {
        self.outputs.len() / self.steps().max(1)
    }

    /// Input channels recorded.
    pub fn channels(&self) -> usize {
        self.inputs.len() / self.steps().max(1)
    }

    /// Inputs of all channels at sample k.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn inputs_at(&self, k: usize) -> &'a [f32] {
        &self.inputs[k * self.channels()..(k + 1) * self.channels()]
    }

    /// Rates of all units at sample k.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn rates_at(&self, k: usize) -> &'a [f32] {
        &self.rates[k * self.units()..(k + 1) * self.units()]
    }

    /// All outputs at sample k.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn outputs_at(&self, k: usize) -> &'a [f32] {
        &self.outputs[k * self.readouts()..(k + 1) * self.readouts()]
    }

    /// The output that is largest at the last stored sample, the first of equals (section 5.0).
    pub fn chosen(&self) -> usize {
        match self.steps() {
            0 => 0,
            steps => argmax(self.outputs_at(steps - 1)),
        }
    }

    /// Whether the choice was right; `None` where no choice is, as without coherence.
    pub fn correct(&self) -> Option<bool> {
        self.outline.choice.map(|right| right == self.chosen())
    }

    /// Time between samples, ms; 0 with fewer than two.
    pub fn spacing(&self) -> f64 {
        if self.steps() < 2 { 0.0 } else { self.times[1] - self.times[0] }
    }

    /// The value of a condition column.
    ///
    /// # Errors
    /// If this task has no such column.
    pub fn value(&self, column: &str) -> Result<f64> {
        self.outline.value(column).ok_or_else(|| {
            let names: Vec<_> = self.outline.info.iter().map(|(name, _)| format!("`{name}`")).collect();
            Error::input(format!("no condition column `{column}`"))
                .at(format!("trial {}", self.index))
                .why(match names.is_empty() {
                    true => "the trial has no condition: it is a catch trial, or its task has none".to_string(),
                    false => format!("the columns of this task are {}", names.join(", ")),
                })
                .remedy("name one of the task's own columns, and analyse test trials only")
        })
    }

    /// An epoch.
    ///
    /// # Errors
    /// If the trial has none of this name.
    pub fn epoch(&self, name: &str) -> Result<&'a Epoch> {
        self.outline.epoch(name).ok_or_else(|| {
            let names: Vec<_> = self.outline.epochs.iter().map(|e| format!("`{}`", e.name)).collect();
            Error::input(format!("no epoch `{name}`"))
                .at(format!("trial {}", self.index))
                .why(match names.is_empty() {
                    true => "the trial has no epochs: it is a catch trial, or its task has none".to_string(),
                    false => format!("the epochs of this task are {}", names.join(", ")),
                })
                .remedy("name one of the task's own epochs, and analyse test trials only")
        })
    }

    /// Samples of an epoch, start < t <= end; empty where it is shorter than the spacing of samples.
    ///
    /// # Errors
    /// If the trial has none of this name.
    pub fn epoch_samples(&self, name: &str) -> Result<Range<usize>> {
        let epoch = self.epoch(name)?;
        let first = self.times.iter().position(|t| epoch.holds(ms(*t)));
        let last = self.times.iter().rposition(|t| epoch.holds(ms(*t)));
        Ok(first.zip(last).map_or(0..0, |(first, last)| first..last + 1))
    }

    /// The first sample at which any output lies above the threshold, from trial start; of two at the same
    /// sample the later output (section 5.3).
    pub fn crossing(&self, threshold: f64) -> Option<Crossing> {
        (0..self.steps()).find_map(|sample| {
            let choice = self.outputs_at(sample).iter().rposition(|z| f64::from(*z) > threshold)?;
            Some(Crossing { choice, sample, time: self.times[sample] })
        })
    }

    /// The number of units, which all trials of an analysis share; `known` remembers it.
    pub(crate) fn same_units(&self, known: &mut Option<usize>) -> Result<usize> {
        let (steps, units) = (self.steps(), self.units());
        let whole = |array: &[f32]| steps > 0 && array.len().is_multiple_of(steps);
        if !whole(self.rates) || !whole(self.outputs) || *known.get_or_insert(units) != units {
            return Err(Error::input(format!(
                "{} rates and {} outputs at {steps} times",
                self.rates.len(),
                self.outputs.len()
            ))
            .at(format!("trial {}", self.index))
            .why("every sample must have every unit and output, and every trial the same units")
            .remedy("analyse trials of one network, recorded whole"));
        }
        Ok(units)
    }
}

/// Looks at trials one by one and makes a report.
///
/// Reports depend on the trials and their order alone.
pub trait Analysis {
    /// What was found.
    type Report: Serialize + Clone;

    /// Looks at one trial.
    ///
    /// # Errors
    /// If the trial lacks a column or an epoch that the analysis was told to use.
    fn see(&mut self, trial: &Trial<'_>) -> Result<()>;

    /// What was found so far.
    ///
    /// # Errors
    /// If too few trials were seen to say anything.
    fn report(&self) -> Result<Self::Report>;
}

/// Shows all trials to an analysis and makes its report.
///
/// # Errors
/// Those of the analysis.
pub fn see_all<'a, A: Analysis>(mut analysis: A, trials: impl IntoIterator<Item = Trial<'a>>) -> Result<A::Report> {
    for trial in trials {
        analysis.see(&trial)?;
    }
    analysis.report()
}

/// The error of an analysis that saw nothing it could use.
pub(crate) fn nothing_seen(analysis: &str, needs: &str) -> Error {
    Error::input(format!("{analysis} without trials"))
        .why(format!("it needs {needs}, and saw none"))
        .remedy("run more test trials, catch trials left out")
}

#[cfg(test)]
mod tests {
    use crate::testing::Made;

    #[test]
    fn epochs_hold_their_ends_and_not_their_starts() {
        let made = Made::new(&[], &[("fixation", 0.0, 40.0), ("stimulus", 40.0, 90.0), ("flash", 90.0, 95.0)], 20.0);
        let trial = made.trial(0);
        assert_eq!(trial.epoch_samples("fixation").unwrap(), 1..3);
        assert_eq!(trial.epoch_samples("stimulus").unwrap(), 3..5);
        // between samples
        assert_eq!(trial.epoch_samples("flash").unwrap(), 0..0);
        let error = trial.epoch_samples("delay").unwrap_err().to_string();
        assert!(error.contains("`delay`") && error.contains("`stimulus`"), "{error}");
    }

    #[test]
    fn the_choice_is_made_at_the_last_sample() {
        let made = Made::new(&[], &[("stimulus", 0.0, 40.0)], 20.0);
        let outputs = |last: [f64; 3]| move |t: f64, o: usize| if t == 40.0 { last[o] } else { [9.0, 0.0, 0.0][o] };
        let made = made.outputs(3, outputs([0.1, 0.7, 0.7])).right(1);
        assert_eq!((made.trial(0).chosen(), made.trial(0).correct()), (1, Some(true)));
        assert_eq!(made.outputs(3, outputs([0.1, 0.2, 0.7])).trial(0).correct(), Some(false));
    }

    #[test]
    fn recordings_that_do_not_fit_are_refused() {
        let made = Made::new(&[], &[("stimulus", 0.0, 40.0)], 20.0).rates(3, |_, _| 0.0);
        assert_eq!(made.trial(0).same_units(&mut None).unwrap(), 3);
        assert!(made.trial(0).same_units(&mut Some(4)).is_err());
        let mut short = made.trial(0);
        short.rates = &made.rates[..8];
        assert!(short.same_units(&mut None).is_err());
    }
}
