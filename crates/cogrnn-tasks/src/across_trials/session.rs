//! What the tasks across trials share: a warm-up, then the same epochs in every trial.
//!
//! ```text
//! warm_up │ sample 1 │ … │ response 1 │ feedback 1 │ … │ sample 2 │ …
//! mask    n̄/n in the samples of a response that count        n of them, n̄ where nothing is jittered
//! ```
//!
//! so each trial that is asked weighs the same, and 1 where nothing is jittered.

use crate::stretches;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::names::intern;
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Epoch, Outline, Sample, Scores, Script, argmax};
use cogrnn_core::units::{Time, ms};

/// What a stretch of the script notes after inputs, targets and mask.
const NOTES: usize = 3;
/// Trial whose response ends with this stretch; -1: no response ends with it.
const ENDS: usize = 0;
/// The output that should be largest, where that counts; -1 elsewhere.
const IDEAL: usize = 1;
/// What the sample counts for.
const WEIGHT: usize = 2;

/// The course of a session.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    pub warm_up: Time,
    /// Name and duration of the epochs of one trial.
    pub parts: Vec<(&'static str, Time)>,
    /// Which of them is the response.
    pub response: usize,
    /// What does not count at the beginning of a response.
    pub settle: Time,
    pub trials: usize,
    /// (trial × part): names with numbers.
    names: Vec<&'static str>,
    pub channels: usize,
    pub outputs: usize,
}

impl Course {
    pub fn new(
        warm_up: Time,
        parts: Vec<(&'static str, Time)>,
        response: usize,
        settle: Time,
        trials: usize,
        (channels, outputs): (usize, usize),
    ) -> Course {
        let number = |i: usize| format!("{} {}", parts[i % parts.len()].0, i / parts.len() + 1);
        let names = (0..trials * parts.len()).map(|i| intern(&number(i))).collect();
        Course { names, warm_up, parts, response, settle, trials, channels, outputs }
    }

    /// Place of a part among the epochs.
    pub fn place(&self, trial: usize, part: usize) -> usize {
        1 + trial * self.parts.len() + part
    }

    /// All epochs; `length` says how long a part of this duration lasts.
    pub fn epochs(&self, dt: Time, mut length: impl FnMut(Time) -> Time) -> Vec<Epoch> {
        let mut now = self.warm_up.floor_to(dt);
        let mut all = Vec::with_capacity(1 + self.names.len());
        all.push(Epoch { name: "warm_up", start: ms(0.0), end: now });
        for (i, name) in self.names.iter().enumerate() {
            let start = now;
            now = start + length(self.parts[i % self.parts.len()].1).floor_to(dt);
            all.push(Epoch { name, start, end: now });
        }
        all
    }

    /// Where the trials of a session with these epochs begin, and where the last one ends.
    pub fn session(&self, epochs: &[Epoch]) -> Vec<Time> {
        let starts = epochs[1..].iter().step_by(self.parts.len()).map(|e| e.start);
        starts.chain(epochs.last().map(|e| e.end)).collect()
    }

    /// Samples, targets, mask and notes. `show` is given trial and part and writes inputs, and targets and
    /// mask outside the response; those of the response, over the first `choices` outputs, are written here: in each
    /// trial it is asked for an output, or for nothing.
    pub fn script(
        &self,
        epochs: &[Epoch],
        dt: Time,
        asked: &[Option<usize>],
        choices: usize,
        mut show: impl FnMut(usize, usize, &mut [f32], &mut [f32], &mut [f32]),
    ) -> Script {
        let (channels, outputs, parts) = (self.channels, self.outputs, self.parts.len());
        let settle = self.settle.floor_to(dt);
        let usual = (self.parts[self.response].1.floor_to(dt) - settle).steps(dt).max(1) as f64;
        let mut ends: Vec<Time> = epochs.iter().map(|e| e.end).collect();
        ends.extend((0..self.trials).map(|i| epochs[self.place(i, self.response)].start + settle));
        let width = channels + 2 * outputs + NOTES;
        stretches::write(ends, width, |middle, values| {
            let (inputs, rest) = values.split_at_mut(channels);
            let (targets, rest) = rest.split_at_mut(outputs);
            let (mask, notes) = rest.split_at_mut(outputs);
            (notes[ENDS], notes[IDEAL]) = (-1.0, -1.0);
            let place = epochs.partition_point(|e| e.end < middle);
            let Some(i) = place.checked_sub(1).filter(|i| *i < self.names.len()) else { return };
            let (trial, part, epoch) = (i / parts, i % parts, &epochs[place]);
            show(trial, part, inputs, targets, mask);
            if part != self.response || middle < epoch.start + settle {
                return;
            }
            notes[ENDS] = trial as f32;
            if let Some(ideal) = asked[trial] {
                let steps = (epoch.end - epoch.start - settle).steps(dt).max(1) as f64;
                targets[ideal] = 1.0;
                mask[..choices].fill((usual / steps) as f32);
                notes[IDEAL] = ideal as f32;
                notes[WEIGHT] = (usual / steps) as f32;
            }
        })
    }

    pub fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        if let Some(place) = stretches::place(&outline.script, t) {
            let values = stretches::values(&outline.script, place);
            let (inputs, rest) = values.split_at(self.channels);
            sample.inputs.copy_from_slice(inputs);
            sample.targets.copy_from_slice(&rest[..self.outputs]);
            sample.mask.copy_from_slice(&rest[self.outputs..2 * self.outputs]);
        }
    }

    /// Adds what a sample counts for, and whether the right one of these choices is largest in it.
    pub fn score(&self, outline: &Outline, t: Time, choices: &[f32], scores: &mut Scores) {
        let Some(place) = stretches::place(&outline.script, t) else { return };
        let notes = &stretches::values(&outline.script, place)[self.channels + 2 * self.outputs..];
        if notes[IDEAL] >= 0.0 {
            let right = argmax(choices) == notes[IDEAL] as usize;
            scores[0] += f64::from(notes[WEIGHT]) * f64::from(u8::from(right));
            scores[1] += f64::from(notes[WEIGHT]);
        }
    }

    /// The trial whose response has its last sample at `t`.
    pub fn answered(&self, outline: &Outline, t: Time) -> Option<usize> {
        let place = stretches::place(&outline.script, t)?;
        let notes = &stretches::values(&outline.script, place)[self.channels + 2 * self.outputs..];
        let ends = notes[ENDS] >= 0.0 && stretches::is_last(&outline.script, place, t);
        ends.then_some(notes[ENDS] as usize)
    }

    /// Samples of the shortest and the longest session.
    pub fn lengths(&self, dt: Time, shortest: impl Fn(Time) -> Time, longest: impl Fn(Time) -> Time) -> (usize, usize) {
        let steps = |epochs: Vec<Epoch>| epochs.last().map_or(0, |e| e.end.steps(dt));
        (steps(self.epochs(dt, shortest)), steps(self.epochs(dt, longest)))
    }
}

/// Per cent of what was scored by [`Course::score`]; NaN where nothing counted.
pub(super) fn judge(scores: &Scores) -> f64 {
    100.0 * scores[0] / scores[1]
}

/// A warm-up: a time from zero on.
pub(super) fn read_warm_up(s: &mut dyn Settings, default: Time) -> Result<Time> {
    let about = "the network runs for this long without input before the first trial";
    let warm_up = s.time("warm_up", default, about)?;
    if warm_up >= ms(0.0) {
        return Ok(warm_up);
    }
    let error = Error::input(format!("`warm_up` is {warm_up}"))
        .why("time does not run backwards")
        .remedy(format!("the default is \"{default}\""));
    Err(s.blame("warm_up", error))
}

/// How many trials a rule holds for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blocks {
    pub mean: f64,
    pub deviation: f64,
}

impl Blocks {
    /// From `block_mean` and `block_sd`.
    pub fn from_settings(s: &mut dyn Settings, mean: f64, deviation: f64) -> Result<Blocks> {
        let most = f64::INFINITY;
        let about = "mean number of trials for which a rule holds";
        let mean = s.number_in("block_mean", mean, 1.0, most, about)?;
        let about = "s.d. of that number, which is drawn from a normal distribution and rounded down, 1 at least";
        let deviation = s.number_in("block_sd", deviation, 0.0, most, about)?;
        Ok(Blocks { mean, deviation })
    }

    /// ⌊𝒩(mean, sd)⌋ trials, at least one.
    pub fn draw(&self, stream: &mut Stream) -> usize {
        (self.mean + self.deviation * stream.normal()).floor().max(1.0) as usize
    }
}
