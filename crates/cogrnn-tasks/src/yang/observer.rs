//! The ideal observer: what can be answered from the inputs alone.
//!
//! ```text
//! rule       the cue with the largest sum
//! fixation   the interval in which the fixation input, less half its height, sums to the most
//! stimuli    the one or two intervals of fixation in which the sum of the rings, less half that of the
//!            weakest stimulus, sums to the most
//! angle      argmax_θ Σ_i x_i G(θ)_i over the mean ring x of the attended modality in an interval
//! ```

use super::ring::{self, UNITS, preferred};
use super::rules::{Family, RULES, Structure};
use super::task::{CHANNELS, CUES, HIGH, LOW, OUTPUTS, Yang2019, attended};
use cogrnn_core::task::Seen;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, TAU};
use std::ops::Range;

/// Half of what the rings sum to for the weakest stimulus, a bump of strength 0.6:
/// Σ G = 0.8 × √(2π) (π/8) / (2π/32) = 4.01, times 0.6, by two.
const ACTIVE: f64 = 1.2;

/// Of every beginning of `range`, the interval of largest sum in it, and its sum (Kadane).
fn intervals(range: Range<usize>, value: impl Fn(usize) -> f64) -> Vec<(Range<usize>, f64)> {
    let (mut best, mut found) = (0.0, range.start..range.start);
    let (mut sum, mut start) = (0.0, range.start);
    let mut all = vec![(found.clone(), best)];
    for step in range {
        sum += value(step);
        if sum <= 0.0 {
            (sum, start) = (0.0, step + 1);
        } else if sum > best {
            (best, found) = (sum, start..step + 1);
        }
        all.push((found.clone(), best));
    }
    all
}

/// The interval of largest sum.
fn interval(range: Range<usize>, value: impl Fn(usize) -> f64) -> Range<usize> {
    intervals(range, value).pop().map_or(0..0, |(found, _)| found)
}

/// The two intervals, one after the other, that together have the largest sum.
fn two_intervals(range: Range<usize>, value: impl Fn(usize) -> f64) -> [Range<usize>; 2] {
    let (start, end) = (range.start, range.end);
    let first = intervals(range.clone(), &value);
    // the same from the end backwards
    let back = |step: usize| end - 1 - (step - start);
    let second = intervals(range, |step| value(back(step)));
    let sum = |cut: usize| first[cut].1 + second[end - start - cut].1;
    let cut = (0..=end - start).fold(0, |best, cut| if sum(cut) > sum(best) { cut } else { best });
    let mirrored = &second[end - start - cut].0;
    let second = if mirrored.is_empty() { end..end } else { back(mirrored.end - 1)..back(mirrored.start) + 1 };
    [first[cut].0.clone(), second]
}

/// Where the bump lies that this ring shows best.
fn heading(ring: &[f64; UNITS]) -> f64 {
    let fit = |angle: f64| (0..UNITS).map(|i| ring[i] * ring::bump(angle, i)).sum::<f64>();
    let best = |angles: &mut dyn Iterator<Item = f64>| {
        let mut best = (f64::NEG_INFINITY, 0.0);
        for angle in angles {
            let now = fit(angle);
            if now > best.0 {
                best = (now, angle);
            }
        }
        best.1
    };
    // between the units' angles and theirs, then a 32nd of that
    let coarse = best(&mut (0..2 * UNITS).map(|k| 0.5 * preferred(k)));
    best(&mut (-16..=16).map(|k| coarse + 0.5 * preferred(1) * f64::from(k) / 16.0)).rem_euclid(TAU)
}

/// (time × output): what is right throughout the trial.
pub(super) fn answer(task: &Yang2019, seen: &Seen<'_>) -> Vec<f32> {
    let level = |step: usize, channel: usize| f64::from(seen.inputs[step * CHANNELS + channel] - seen.baseline);
    let cue = |k: usize| (0..seen.steps).map(|step| level(step, CUES + k)).sum::<f64>();
    let cues: Vec<f64> = (0..RULES.len()).map(cue).collect();
    let number = (0..cues.len()).fold(0, |best, k| if cues[k] > cues[best] { k } else { best });
    let rule = &RULES[number];

    let rings: Vec<f64> = (0..seen.steps).map(|step| (1..CUES).map(|k| level(step, k)).sum::<f64>() - ACTIVE).collect();
    let fixation = interval(0..seen.steps, |step| level(step, 0) - 0.5);
    let shown = if rule.structure == Structure::Comparison {
        two_intervals(fixation.clone(), |step| rings[step])
    } else {
        let one = interval(fixation.clone(), |step| rings[step]);
        [one.clone(), one]
    };
    let response = if rule.structure == Structure::Reaction { shown[0].start } else { fixation.end };

    // The attended rings, one on top of the other, as they are on average while each stimulus is shown.
    let mean = |steps: &Range<usize>| {
        let mut mean = [0.0; UNITS];
        for step in steps.clone() {
            for modality in attended(rule.family) {
                for (i, x) in mean.iter_mut().enumerate() {
                    *x += level(step, 1 + modality * UNITS + i) / steps.len() as f64;
                }
            }
        }
        mean
    };
    let read = [mean(&shown[0]), mean(&shown[1])];
    let strength = |k: usize| read[k].iter().sum::<f64>();
    let first = heading(&read[0]);
    let answers = |matching: bool, inverted: bool| matching != (inverted && !task.compat);
    let to = match rule.family {
        Family::Pro => Some(first),
        Family::Anti => Some(first + PI),
        // Both at once: the stronger stands out. One after the other: the stronger sums to more.
        Family::Decide(_) | Family::Context(_) | Family::Multisensory => {
            let second = rule.structure == Structure::Comparison && strength(1) > strength(0);
            Some(if second { heading(&read[1]) } else { first })
        }
        Family::Sample { inverted } => {
            let second = heading(&read[1]);
            // halfway between a match, at most 10° away, and a non-match, at least 90°
            let matching = ring::distance(first, second) < 50.0_f64.to_radians();
            answers(matching, inverted).then_some(second)
        }
        Family::Category { inverted } => {
            let second = heading(&read[1]);
            let category = |angle: f64| ring::distance(angle, FRAC_PI_4) < FRAC_PI_2;
            answers(category(first) == category(second), inverted).then_some(second)
        }
    };

    let mut answer = vec![LOW; seen.steps * OUTPUTS];
    for (step, z) in answer.chunks_exact_mut(OUTPUTS).enumerate() {
        match to.filter(|_| step >= response) {
            None => z[0] = HIGH,
            Some(angle) => (0..UNITS).for_each(|i| z[1 + i] += ring::bump(angle, i) as f32),
        }
        if step >= response && to.is_none() && task.compat {
            z[1..].fill(0.0);
        }
    }
    answer
}
