//! The ideal observer of a task that a file describes: it knows the task, sees the inputs, and takes
//! the trial that fits them best.
//!
//! ```text
//! (condition, timing)* = argmin Σ_t Σ_k (u_t,k - u_0 - m_k(t; condition, timing))²
//! ```
//!
//! the most likely one under independent Gaussian noise of equal size. Over a stretch of n samples
//! with a constant m the sum is Σ u² - 2 m Σ u + n m², so sums of the inputs are all it needs. The
//! observer knows how long the trial is; no task's conditions differ in that.

use super::{Custom, Span, Worked};
use crate::durations::Duration;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::task::{Script, Seen};
use cogrnn_core::units::{Time, ms};

/// One way in which a trial may be timed: the ends of its stretches in samples.
struct Timing {
    times: Vec<(Time, Time)>,
    ends: Vec<usize>,
}

fn timing(task: &Custom, test: bool, drawn: &[Time], dt: Time) -> Timing {
    let times = task.timing(test, drawn, dt);
    let script = task.script(&times, &blank(task));
    let ends = script.ends.iter().map(|t| t.steps(dt)).collect();
    Timing { times, ends }
}

fn blank(task: &Custom) -> Worked {
    Worked { values: vec![f32::NAN; task.epochs.len() * (task.inputs.len() + task.outputs.len())], ..Worked::default() }
}

/// Hands out every timing that makes a trial of so many samples, one by one: several random epochs have
/// more of them than memory.
fn timings(task: &Custom, steps: usize, dt: Time, each: &mut dyn FnMut(Timing)) {
    for test in [false, true] {
        // The choices of each random epoch in samples, and what is fixed.
        let mut free: Vec<(usize, std::ops::RangeInclusive<usize>)> = Vec::new();
        let mut fixed = 0;
        for (place, period) in task.epochs.iter().enumerate() {
            let Span::Next { usual, test: other } = &period.span else { continue };
            match if test { other } else { usual } {
                Duration::Fixed(time) => fixed += time.steps(dt),
                random => {
                    let (low, high) = random.bounds();
                    free.push((place, low.steps(dt)..=ms(high.as_ms().next_down()).steps(dt)));
                }
            }
        }
        let Some(rest) = steps.checked_sub(fixed) else { continue };
        let mut drawn = vec![ms(0.0); task.epochs.len()];
        spread(&free, rest, &mut drawn, dt, &mut |drawn| each(timing(task, test, drawn, dt)));
    }
}

/// Goes through all ways to spend `rest` samples on the random epochs.
fn spread(
    free: &[(usize, std::ops::RangeInclusive<usize>)],
    rest: usize,
    drawn: &mut Vec<Time>,
    dt: Time,
    each: &mut dyn FnMut(&[Time]),
) {
    match free {
        [] => {
            if rest == 0 {
                each(drawn);
            }
        }
        [(place, range)] => {
            if range.contains(&rest) {
                drawn[*place] = dt * rest as f64;
                each(drawn);
            }
        }
        [(place, range), others @ ..] => {
            for steps in range.clone().take_while(|s| *s <= rest) {
                drawn[*place] = dt * steps as f64;
                spread(others, rest - steps, drawn, dt, each);
            }
        }
    }
}

/// Σ over stretches and channels of n m² - 2 m Σ u.
fn misfit(script: &Script, ends: &[usize], sums: &[f64], channels: usize) -> f64 {
    let width = script.values.len() / script.ends.len().max(1);
    let mut cost = 0.0;
    let mut start = 0;
    for (i, &end) in ends.iter().enumerate() {
        let n = (end - start) as f64;
        for k in 0..channels {
            let m = f64::from(script.values[i * width + k]);
            cost += n * m * m - 2.0 * m * sums[i * channels + k];
        }
        start = end;
    }
    cost
}

pub(super) fn answer(task: &Custom, seen: &Seen<'_>) -> Vec<f32> {
    let (channels, outputs) = (task.inputs.len(), task.outputs.len());
    // Running sums of what is above the baseline.
    let mut running = vec![0.0f64; (seen.steps + 1) * channels];
    for step in 0..seen.steps {
        for k in 0..channels {
            let u = f64::from(seen.inputs[step * channels + k] - seen.baseline);
            running[(step + 1) * channels + k] = running[step * channels + k] + u;
        }
    }
    let conditions: Vec<Worked> = if task.table.is_empty() {
        vec![task.work_out(&[]).unwrap_or_else(|_| blank(task))]
    } else {
        let mut all = task.table.clone();
        // Test conditions with every value of what they leave open.
        for extra in &task.extra {
            for row in &task.rows {
                let row: Vec<f64> = extra.iter().zip(row).map(|(e, r)| e.unwrap_or(*r)).collect();
                let worked = task.work_out(&row).unwrap_or_else(|_| blank(task));
                // One without a right answer would only compete with those that have one.
                if worked.asked && !all.contains(&worked) {
                    all.push(worked);
                }
            }
        }
        all
    };
    let mut best: Option<(f64, Script)> = None;
    let mut consider = |cost: f64, script: Script| {
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, script));
        }
    };
    timings(task, seen.steps, seen.dt, &mut |timing| {
        let mut sums = vec![0.0; timing.ends.len() * channels];
        let mut start = 0;
        for (i, &end) in timing.ends.iter().enumerate() {
            for k in 0..channels {
                sums[i * channels + k] = running[end * channels + k] - running[start * channels + k];
            }
            start = end;
        }
        for worked in &conditions {
            let script = task.script(&timing.times, worked);
            consider(misfit(&script, &timing.ends, &sums, channels), script);
        }
    });
    if task.has_catch() && task.catch_duration.steps(seen.dt) == seen.steps {
        consider(0.0, task.catch_trial(seen.dt).script); // no input: every m is 0
    }
    let mut answer = vec![0.0; seen.steps * outputs];
    if let Some((_, script)) = best {
        for step in 0..seen.steps {
            if let Some(values) = script.at(seen.dt * (step + 1) as f64) {
                answer[step * outputs..(step + 1) * outputs].copy_from_slice(&values[channels..channels + outputs]);
            }
        }
    }
    answer
}

/// Trials from which the limit is worked out.
const DRAWS: usize = 40_000;

/// Per cent right of the observer over the conditions, from drawn sums of the inputs: exact but for
/// the s.e. of a proportion over [`DRAWS`] trials. Rectification of inputs is left out.
pub(super) fn limit(task: &Custom, noise: f64, dt: Time) -> f64 {
    if noise <= 0.0 || task.choice.is_none() {
        return 100.0;
    }
    let channels = task.inputs.len();
    let mut stream = Address { seed: 0, purpose: Purpose::ValidationInputs, trial: 0 }.stream();
    let (mut right, mut all) = (0usize, 0usize);
    // One timing is drawn for a round of all conditions.
    for _ in 0..DRAWS.div_ceil(task.rows.len().max(1)) {
        let drawn: Vec<Time> = task
            .epochs
            .iter()
            .map(|p| if let Span::Next { usual, .. } = &p.span { usual.draw(&mut stream) } else { ms(0.0) })
            .collect();
        let timing = timing(task, false, &drawn, dt);
        let scripts: Vec<Script> = task.table.iter().map(|w| task.script(&timing.times, w)).collect();
        for (row, script) in task.table.iter().zip(&scripts) {
            let Some(choice) = row.choice.filter(|_| row.asked) else { continue };
            let width = script.values.len() / script.ends.len().max(1);
            let mut start = 0;
            let mut sums = Vec::with_capacity(timing.ends.len() * channels);
            for (i, &end) in timing.ends.iter().enumerate() {
                let n = (end - start) as f64;
                for k in 0..channels {
                    sums.push(n * f64::from(script.values[i * width + k]) + noise * libm::sqrt(n) * stream.normal());
                }
                start = end;
            }
            let cost = |s: &Script| misfit(s, &timing.ends, &sums, channels);
            let best = scripts.iter().enumerate().map(|(i, s)| (cost(s), i)).min_by(|a, b| a.0.total_cmp(&b.0));
            right += usize::from(best.is_some_and(|(_, i)| task.table[i].choice == Some(choice)));
            all += 1;
        }
    }
    if all == 0 { 100.0 } else { 100.0 * right as f64 / all as f64 }
}
