//! An observer tried on a task that judges samples: open loop, or closed where the task answers back.

use crate::testing::trial;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::task::{Answer, Request, Scores, Seen, Set, Task};
use cogrnn_core::units::Time;

/// What an observer puts out (time × output) when it is shown this, in trial `index`.
pub type Observer<'a> = &'a mut dyn FnMut(usize, &Seen<'_>) -> Vec<f32>;

/// Performance, per cent, of an observer over the first `count` validation trials, when noise of this
/// s.d. lies on every sample of its inputs (which are not rectified).
///
/// Where the task answers back, the observer is asked anew whenever the inputs have changed; what it
/// put out before must then stay as it was, as it cannot have known.
///
/// # Panics
/// If it does not: then the observer looks ahead.
pub fn performance(task: &dyn Task, count: usize, dt: Time, noise: f64, observer: Observer<'_>) -> f64 {
    let (channels, outputs) = (task.inputs().len(), task.outputs().len());
    let mut sum = Scores::default();
    for index in 0..count {
        let one = trial(task, &Request::new(Set::Validation, index, dt), 0);
        let mut stream = Address { seed: 0, purpose: Purpose::ValidationInputs, trial: index as u64 }.stream();
        let mut inputs = one.inputs.clone();
        if noise > 0.0 {
            inputs.iter_mut().for_each(|u| *u += (noise * stream.normal()) as f32);
        }
        let mut answer = observer(index, &Seen { inputs: &inputs, steps: one.steps, dt, baseline: 0.0 });
        let mut scores = Scores::default();
        for step in 1..=one.steps {
            let (t, now) = (dt * step as f64, &answer[(step - 1) * outputs..step * outputs]);
            task.score(&one.outline, t, now, &mut scores);
            if !task.answers_back() {
                continue;
            }
            let mut said = false;
            task.answer(&one.outline, t, now, &mut |Answer { channel, value, start, end }| {
                for k in start.steps(dt).max(step)..end.steps(dt).min(one.steps) {
                    inputs[k * channels + channel] += value;
                }
                said = true;
            });
            if said {
                let next = observer(index, &Seen { inputs: &inputs, steps: one.steps, dt, baseline: 0.0 });
                assert!(
                    next[..step * outputs] == answer[..step * outputs],
                    "trial {index}, {t}: the observer looked ahead"
                );
                answer = next;
            }
        }
        for (sum, s) in sum.iter_mut().zip(scores) {
            *sum += s;
        }
    }
    task.judge(&sum)
}

/// The same of the task's own ideal observer.
pub fn ideal(task: &dyn Task, count: usize, dt: Time, noise: f64) -> f64 {
    performance(task, count, dt, noise, &mut |_, seen| task.ideal_observer(seen))
}

/// The same of an observer whose outputs are all drawn evenly between 0 and 1.
pub fn random(task: &dyn Task, count: usize, dt: Time) -> f64 {
    let outputs = task.outputs().len();
    performance(task, count, dt, 0.0, &mut |index, seen| {
        let mut stream = Address { seed: 1, purpose: Purpose::TestUnits, trial: index as u64 }.stream();
        (0..seen.steps * outputs).map(|_| stream.uniform() as f32).collect()
    })
}
