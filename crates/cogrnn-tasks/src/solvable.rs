//! Whether a task can be solved at all: without noise, an ideal observer must be right in every condition.

use crate::testing::{Trial, trial};
use cogrnn_core::task::{Performance, Request, Scores, Seen, Set, Task};
use cogrnn_core::trials::InputStage;
use cogrnn_core::units::Time;

/// What a condition cannot be told from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Double {
    /// The condition of this row: its inputs are the same throughout, but something else is asked.
    Condition(usize),
    /// None was found; the same inputs must come about with other durations.
    Unknown,
}

/// A validation trial of this condition, timed by its index; without conditions any trial, if it is no catch trial.
fn of_condition(task: &dyn Task, row: Option<usize>, catch: bool, index: usize, dt: Time) -> Trial {
    let conditions = task.conditions();
    let mut force = vec![("catch".to_string(), f64::from(u8::from(catch)))];
    if let Some(values) = row.and_then(|row| conditions.rows.get(row)) {
        force.extend(conditions.columns.iter().map(|c| c.to_string()).zip(values.iter().copied()));
    }
    trial(task, &Request { force: &force, ..Request::new(Set::Validation, index, dt) }, 0)
}

/// Inputs as they reach an observer without noise.
fn shown(trial: &Trial, stage: &InputStage) -> Vec<f32> {
    let floor = if stage.rectify { 0.0 } else { f32::NEG_INFINITY };
    trial.inputs.iter().map(|u| (stage.baseline as f32 + u).max(floor)).collect()
}

/// Whether an answer (time × output) scores in full, or there is nothing to score.
fn all_samples_right(task: &dyn Task, one: &Trial, answer: &[f32]) -> bool {
    let mut scores = Scores::default();
    let outputs = answer.len() / one.steps.max(1);
    for (step, now) in answer.chunks_exact(outputs.max(1)).enumerate() {
        task.score(&one.outline, one.dt * (step + 1) as f64, now, &mut scores);
    }
    let performance = task.judge(&scores);
    // rounding
    performance.is_nan() || performance > 100.0 - 1e-6
}

/// What the condition of row `row` is taken for; `None` if the ideal observer is right in it, or if no
/// answer is right. A task without conditions has the one row 0.
pub fn mistaken(task: &dyn Task, row: usize, stage: &InputStage, dt: Time) -> Option<Double> {
    let one = of_condition(task, Some(row), false, row, dt);
    let inputs = shown(&one, stage);
    let seen = Seen { inputs: &inputs, steps: one.steps, dt, baseline: stage.baseline as f32 };
    let answer = task.ideal_observer(&seen);
    if task.acts() {
        let consequence = task.consequence(&one.outline, dt, &answer);
        return (consequence.failed || consequence.cost > task.solved()).then_some(Double::Unknown);
    }
    let right = match one.is_right(&answer) {
        Some(right) => right,
        None => match task.performance() {
            // single precision
            Performance::Error => one.rmse(&answer) < 1e-5,
            // what is shown would depend on the answers
            Performance::Samples if !task.answers_back() => all_samples_right(task, &one, &answer),
            _ => true,
        },
    };
    if right {
        return None;
    }
    let rows = (0..task.conditions().rows.len()).filter(|r| *r != row);
    Some(double(task, &one, rows, row, stage, dt))
}

/// What a catch trial is taken for; `None` if the ideal observer knows it, or if there are none.
pub fn mistaken_catch(task: &dyn Task, stage: &InputStage, dt: Time) -> Option<Double> {
    if task.catch_share() == 0.0 {
        return None;
    }
    let one = of_condition(task, None, true, 0, dt);
    let inputs = shown(&one, stage);
    let seen = Seen { inputs: &inputs, steps: one.steps, dt, baseline: stage.baseline as f32 };
    let known = one.rmse(&task.ideal_observer(&seen)) < 1e-5;
    if known { None } else { Some(double(task, &one, 0..task.conditions().rows.len(), 0, stage, dt)) }
}

/// The first of these rows that looks like `one` and asks for something else.
fn double(
    task: &dyn Task,
    one: &Trial,
    mut rows: impl Iterator<Item = usize>,
    index: usize,
    stage: &InputStage,
    dt: Time,
) -> Double {
    let inputs = shown(one, stage);
    let found = rows.find(|&row| {
        // timed alike: forcing a condition leaves the durations as they are drawn
        let other = of_condition(task, Some(row), false, index, dt);
        other.steps == one.steps
            && shown(&other, stage) == inputs
            && (&other.targets, &other.mask) != (&one.targets, &one.mask)
    });
    found.map_or(Double::Unknown, Double::Condition)
}
