//! Delayed nonmatch to sample: are two stimuli, one after the other, the same or not (Miconi 2017).
//!
//! ```text
//!        onset  +stimulus            stimulus+delay   +stimulus                    duration
//! A or B   ┌──────┐                                                              
//!        ──┘      └───────────────────────────────────────────────────────────────
//! A or B                              ┌──────┐
//!        ─────────────────────────────┘      └────────────────────────────────────
//! target                                                       ░░░░ response ░░░░ same or different
//! ```
//! One output is asked for one of two values in the last part of the trial. The delay may differ from trial to trial.
//!
//! Training trials of the four pairs follow one another in a fixed round, as in the program of the paper, or come at
//! random. The first stimulus begins a step later than the paper's text has it, as in that program.
//!
//! # Reference
//! Miconi (2017), Materials and methods; §4 of the specification.

use crate::tryout;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Epoch, Outline, Performance, Request, Sample, Scores, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};

/// Half a nanosecond in ms: dt = 0.1 ms summed up must not fall off an edge.
const SLACK: f64 = 5e-7;
/// Trials from which the limit that noise sets is told.
const DRAWS: usize = 2000;

/// The task `delayed-nonmatch-to-sample`.
///
/// The table of trials has the columns `first` and `second` (0: A, 1: B), `different` (0 or 1) and `delay` (from the end of
/// the first stimulus to the beginning of the second, ms). A caller may force `first`, `second` and `delay`.
#[derive(Clone, Debug, PartialEq)]
pub struct DelayedNonmatch {
    onset: Time,
    stimulus: Time,
    /// Shortest and longest.
    delay: [Time; 2],
    duration: Time,
    response: Time,
    /// Of the same stimuli and of different ones.
    targets: [f64; 2],
    in_turn: bool,
}

impl DelayedNonmatch {
    /// From a section of an experiment file; defaults as in the program of the paper.
    ///
    /// # Errors
    /// When a setting makes no trial.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<DelayedNonmatch> {
        let s = settings;
        let onset = s.time("onset", ms(1.0), "when the first stimulus begins")?;
        let stimulus = s.positive_time("stimulus", ms(200.0), "how long each stimulus is shown")?;
        let low = s.positive_time("delay", ms(199.0), "from the first stimulus to the second")?;
        let about = "longest delay, where it differs from trial to trial; left out, it does not";
        let high = s.optional_time("delay_max", about)?.unwrap_or(low);
        let duration = s.positive_time("duration", ms(1000.0), "length of a trial")?;
        let response = s.positive_time("response", ms(200.0), "how much of its end is asked about")?;
        let same = s.number("same", -0.98, "what the output should be after two stimuli that are the same")?;
        let different = s.number("different", 0.98, "the same after two that differ")?;
        let about = "which pair a training trial shows: each in turn, or one at random";
        let in_turn = s.word("order", "turn", &["turn", "random"], about)? == "turn";
        let task = DelayedNonmatch {
            onset,
            stimulus,
            delay: [low, high],
            duration,
            response,
            targets: [same, different],
            in_turn,
        };
        if high.as_ms() < low.as_ms() {
            return Err(s.blame(
                "delay_max",
                Error::input(format!("`delay_max` is {high}"))
                    .why(format!("the shortest delay is {low}"))
                    .remedy("give a longer one, or leave it out"),
            ));
        }
        let over = task.second(high).1;
        if (over + response).as_ms() > duration.as_ms() {
            return Err(s.blame(
                "duration",
                Error::input(format!("`duration` is {duration}"))
                    .why(format!(
                        "the second stimulus may last until {over}, and the response takes {response} after it"
                    ))
                    .remedy(format!("take \"{}\" or more", over + response)),
            ));
        }
        if same == different {
            return Err(s.blame(
                "different",
                Error::input(format!("`same` and `different` are both {same}"))
                    .why("there would be nothing to tell apart")
                    .remedy("the defaults are -0.98 and 0.98"),
            ));
        }
        Ok(task)
    }

    /// When the second stimulus begins and ends.
    fn second(&self, delay: Time) -> (Time, Time) {
        let start = self.onset + self.stimulus + delay;
        (start, start + self.stimulus)
    }

    fn condition(first: usize, second: usize) -> usize {
        2 * first + second
    }

    fn epochs(&self, delay: Time) -> [Epoch; 4] {
        let (start, end) = self.second(delay);
        [
            Epoch { name: "first", start: self.onset, end: self.onset + self.stimulus },
            Epoch { name: "delay", start: self.onset + self.stimulus, end: start },
            Epoch { name: "second", start, end },
            Epoch { name: "response", start: self.duration - self.response, end: self.duration },
        ]
    }
}

impl Task for DelayedNonmatch {
    fn name(&self) -> &'static str {
        "delayed-nonmatch-to-sample"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["A", "B"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["different"]
    }

    fn conditions(&self) -> Conditions {
        let rows = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(|r| r.to_vec()).to_vec();
        Conditions { columns: vec!["first", "second"], rows }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let drawn = stream.below(4);
        let place = match request.set {
            Set::Training if self.in_turn => (request.number % 4) as usize,
            Set::Training => drawn,
            _ => request.index % 4,
        };
        let [low, high] = self.delay;
        let delay = low + ((high - low) * stream.uniform()).floor_to(request.dt);
        let binary = |x: f64| usize::from(x >= 0.5);
        let first = binary(request.or("first", (place / 2) as f64));
        let second = binary(request.or("second", (place % 2) as f64));
        let delay = ms(request.or("delay", delay.as_ms())).floor_to(request.dt);
        Outline {
            duration: self.duration.floor_to(request.dt),
            epochs: self.epochs(delay).to_vec(),
            info: vec![
                ("first", first as f64),
                ("second", second as f64),
                ("different", f64::from(u8::from(first != second))),
                ("delay", delay.as_ms()),
            ],
            condition: Some(DelayedNonmatch::condition(first, second)),
            choice: None,
            script: Script::default(),
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        for (epoch, (_, which)) in [&outline.epochs[0], &outline.epochs[2]].into_iter().zip(&outline.info) {
            if epoch.holds(t) {
                sample.inputs[*which as usize] = 1.0;
            }
        }
        if outline.epochs[3].holds(t) {
            sample.targets[0] = self.targets[usize::from(outline.info[2].1 != 0.0)] as f32;
            sample.mask[0] = 1.0;
        }
    }

    fn stays(&self, outline: &Outline, t: Time) -> Time {
        let edges = outline.epochs.iter().flat_map(|e| [e.start, e.end]);
        let next = edges.filter(|edge| edge.as_ms() > t.as_ms() - SLACK).fold(f64::INFINITY, |m, e| m.min(e.as_ms()));
        if next.is_finite() { ms(next) } else { t }
    }

    fn performance(&self) -> Performance {
        Performance::Samples
    }

    /// Samples of the response on the right side of the middle between the targets, and all of them.
    fn score(&self, outline: &Outline, t: Time, outputs: &[f32], scores: &mut Scores) {
        if !outline.epochs[3].holds(t) {
            return;
        }
        let [same, different] = self.targets;
        let above = f64::from(outputs[0]) > 0.5 * (same + different);
        let asked = (outline.info[2].1 != 0.0) == (different > same);
        scores[0] += f64::from(u8::from(above == asked));
        scores[1] += 1.0;
    }

    fn judge(&self, scores: &Scores) -> f64 {
        100.0 * scores[0] / scores[1]
    }

    /// What the two channels show on average in the first stimulus, and in the stretch of the length of a stimulus after it
    /// that shows most.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let stimulus = self.stimulus.steps(seen.dt).max(1);
        let difference: Vec<f64> = seen.inputs.chunks_exact(2).map(|u| f64::from(u[0]) - f64::from(u[1])).collect();
        let starts = self.delay.map(|delay| self.second(delay).0.steps(seen.dt));
        let sum = |from: usize| -> f64 { difference.iter().skip(from).take(stimulus).sum() };
        let first = sum(self.onset.steps(seen.dt));
        let most = (starts[0]..=starts[1]).map(sum).fold(0.0f64, |m, s| if s.abs() > m.abs() { s } else { m });
        let target = self.targets[usize::from((first > 0.0) != (most > 0.0))] as f32;
        vec![target; seen.steps]
    }

    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        if noise <= 0.0 { 100.0 } else { tryout::ideal(self, DRAWS, dt, noise) }
    }

    fn chance(&self) -> f64 {
        50.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, Trial, stream, trial};
    use cogrnn_core::settings::Defaults;

    fn task() -> DelayedNonmatch {
        DelayedNonmatch::from_settings(&mut Defaults).unwrap()
    }

    fn nth(task: &DelayedNonmatch, number: u64) -> Trial {
        trial(task, &Request { number, ..Request::new(Set::Training, number as usize, ms(1.0)) }, 1)
    }

    #[test]
    fn trials_are_those_of_the_program_step_by_step() {
        // §4.1, steps from 0: stimulus 1 in steps 1 to 200, stimulus 2 in 400 to 599, response in 800 to 999
        for (number, (first, second, target)) in
            [(0, (0, 0, -0.98)), (1, (0, 1, 0.98)), (2, (1, 0, 0.98)), (3, (1, 1, -0.98)), (4, (0, 0, -0.98))]
        {
            let trial = nth(&task(), number);
            assert_eq!(trial.steps, 1000);
            for (step, u) in trial.inputs.chunks_exact(2).enumerate() {
                let mut expected = [0.0f32; 2];
                if (1..=200).contains(&step) {
                    expected[first] = 1.0;
                }
                if (400..=599).contains(&step) {
                    expected[second] = 1.0;
                }
                assert_eq!(u, expected, "trial {number}, step {step}");
                let asked = step >= 800;
                assert_eq!((trial.mask[step] != 0.0, trial.targets[step]), (asked, if asked { target } else { 0.0 }));
            }
        }
    }

    #[test]
    fn delays_differ_where_they_may() {
        // §4.3, variable delay: stimulus 2 from step 601 to 1099
        let given = vec![
            ("stimulus", Given::Number(300.0)),
            ("delay", Given::Number(300.0)),
            ("delay_max", Given::Number(799.0)),
            ("duration", Given::Number(1600.0)),
        ];
        let task = DelayedNonmatch::from_settings(&mut Section(given)).unwrap();
        let starts: Vec<usize> = (0..2000)
            .map(|i| {
                let request = Request { number: i, ..Request::new(Set::Training, i as usize, ms(1.0)) };
                task.outline(&request, &mut stream(&request, 1)).epochs[2].start.steps(ms(1.0))
            })
            .collect();
        assert_eq!((starts.iter().min(), starts.iter().max()), (Some(&601), Some(&1099)));
    }

    #[test]
    fn the_ideal_observer_is_spoilt_by_much_noise_alone() {
        let task = task();
        assert!(task.noise_limit(1.0, ms(1.0)) > 99.9);
        // 200 samples, a difference of 1 ± 14 σ/200 √2: one in fourteen is wrong with σ = 10... of each stimulus
        let limit = task.noise_limit(10.0, ms(1.0));
        assert!((65.0..85.0).contains(&limit), "{limit}");
    }

    #[test]
    fn what_makes_no_trial_is_refused() {
        for (key, value) in [("stimulus", 0.0), ("delay_max", 100.0), ("duration", 700.0)] {
            let error = DelayedNonmatch::from_settings(&mut Section(vec![(key, Given::Number(value))])).unwrap_err();
            assert!(error.place.unwrap().contains(key));
        }
    }
}
