//! Selective integration: which way does the one of two noisy signals lean that the context says (Mante et al. 2013, as in
//! Miconi 2017).
//!
//! ```text
//! signal k   ░░░░░░░░░░░░░░░░░ stimulus ░░░░░░░░░░░░░░░░░____________     gain (b_k + noise N(0,1)), b_k ±bias
//! context k  ████████████████████████████████████████████████████████     1 for the one to attend to
//! target                                           ░░░ response ░░░░     the sign of its b
//! ```
//! One output is asked for the sign in the last part of the trial. The noise is the task's own, drawn anew every
//! `noise_step`, and there is none outside the stimulus.
//!
//! Training trials of the four types (context and sign of the attended signal) follow one another in a fixed round, as in the
//! program of the paper, or come at random; the sign of the other signal is random. Test trials go through a grid of both
//! biases, each in both contexts. The scale of the signals is that of the program, half of what the paper's text says; the
//! colour scale of its figure 5 agrees with the program.
//!
//! # Reference
//! Miconi (2017), Materials and methods; §5 of the specification. Mante et al. (2013).

use crate::tryout;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Epoch, Outline, Performance, Request, Sample, Scores, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};

/// Trials from which the limit that noise sets is told.
const DRAWS: usize = 2000;

/// The task `selective-integration`.
///
/// The table of trials has the columns `context` (1 or 2: the signal to attend to), `sign` (of its bias: -1, 0 or 1), `bias_1`
/// and `bias_2`, and `other` (the sign of the other bias). A caller may force `context`, `sign`, `bias_1` and `bias_2`.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectiveIntegration {
    stimulus: [Time; 2],
    duration: Time,
    response: Time,
    gain: f64,
    bias: f64,
    noise: f64,
    noise_step: Time,
    in_turn: bool,
    grid: usize,
}

impl SelectiveIntegration {
    /// From a section of an experiment file; defaults as in the program of the paper.
    ///
    /// # Errors
    /// When a setting makes no trial.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<SelectiveIntegration> {
        let s = settings;
        let start = s.time("onset", ms(1.0), "when the signals begin")?;
        let stimulus = s.positive_time("stimulus", ms(500.0), "how long they last")?;
        let duration = s.positive_time("duration", ms(700.0), "length of a trial")?;
        let response = s.positive_time("response", ms(200.0), "how much of its end is asked about")?;
        let gain = s.number_in("gain", 0.5, 1e-9, 1e9, "what signals, noise and all, are multiplied by")?;
        let bias = s.number_in("bias", 0.5, 1e-9, 1e9, "how far from zero the mean of a signal is, before that")?;
        let noise = s.number_in("noise", 1.0, 0.0, 1e9, "s.d. of its noise, before that")?;
        let noise_step = s.positive_time("noise_step", ms(1.0), "how long each number of the noise lasts")?;
        let about = "which type of training trial comes next: each in turn, or one at random";
        let in_turn = s.word("order", "turn", &["turn", "random"], about)? == "turn";
        let about = "biases of each signal in test trials, evenly spread from minus to plus `bias`";
        let grid = s.positive_count("test_biases", 11, about)?;
        let end = start + stimulus;
        for (key, given, over) in [("duration", duration, end), ("response", duration - response, Time::default())] {
            if given.as_ms() < over.as_ms() {
                return Err(s.blame(
                    key,
                    Error::input(format!("`{key}` does not fit the trial"))
                        .why(format!("the signals last until {end}, the trial {duration} and the response {response}"))
                        .remedy(
                            "the defaults are 500 ms of signals from 1 ms on, 200 ms of response and 700 ms in all",
                        ),
                ));
            }
        }
        Ok(SelectiveIntegration {
            stimulus: [start, end],
            duration,
            response,
            gain,
            bias,
            noise,
            noise_step,
            in_turn,
            grid,
        })
    }

    /// The biases of test trials.
    fn test_bias(&self, place: usize) -> f64 {
        match self.grid {
            1 => 0.0,
            // exact at the middle and at the ends
            n => self.bias * (2.0 * place as f64 - (n - 1) as f64) / (n - 1) as f64,
        }
    }
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

impl Task for SelectiveIntegration {
    fn name(&self) -> &'static str {
        "selective-integration"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["signal 1", "signal 2", "context 1", "context 2"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["choice"]
    }

    fn conditions(&self) -> Conditions {
        let rows = [[1.0, 1.0], [2.0, 1.0], [1.0, -1.0], [2.0, -1.0]].map(|r| r.to_vec()).to_vec();
        Conditions { columns: vec!["context", "sign"], rows }
    }

    fn test_period(&self) -> usize {
        2 * self.grid * self.grid
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let drawn = stream.below(4);
        let other = if stream.uniform() < 0.5 { -self.bias } else { self.bias };
        let place = match request.set {
            Set::Training if self.in_turn => (request.number % 4) as usize,
            Set::Training => drawn,
            _ => request.index % 4,
        };
        let (mut context, mut biases) = (1 + place % 2, [other; 2]);
        biases[context - 1] = if place < 2 { self.bias } else { -self.bias };
        if request.set == Set::Test {
            let place = request.index % self.test_period();
            context = 1 + place % 2;
            biases = [self.test_bias(place / 2 / self.grid), self.test_bias(place / 2 % self.grid)];
        }
        let forced = if request.or("context", context as f64) >= 1.5 { 2 } else { 1 };
        if forced != context {
            biases.swap(0, 1);
        }
        let attended = request.or("sign", sign(biases[forced - 1]));
        if attended != sign(biases[forced - 1]) {
            biases[forced - 1] = self.bias * attended;
        }
        biases = [request.or("bias_1", biases[0]), request.or("bias_2", biases[1])];
        let attended = sign(biases[forced - 1]);
        let [start, end] = self.stimulus;
        let steps = ((end - start) / self.noise_step - 1e-9).ceil() as usize;
        let row = |row: &Vec<f64>| row[0] == forced as f64 && row[1] == attended;
        Outline {
            duration: self.duration.floor_to(request.dt),
            epochs: vec![
                Epoch { name: "stimulus", start, end },
                Epoch { name: "response", start: self.duration - self.response, end: self.duration },
            ],
            info: vec![
                ("context", forced as f64),
                ("sign", attended),
                ("bias_1", biases[0]),
                ("bias_2", biases[1]),
                ("other", sign(biases[2 - forced])),
            ],
            condition: self.conditions().rows.iter().position(row),
            choice: None,
            script: Script {
                ends: Vec::new(),
                values: (0..2 * steps).map(|_| if self.noise > 0.0 { stream.normal() as f32 } else { 0.0 }).collect(),
            },
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        let context = outline.info[0].1 as usize;
        sample.inputs[1 + context] = 1.0;
        if outline.epochs[0].holds(t) {
            let step = ((t - outline.epochs[0].start) / self.noise_step - 1e-6).max(0.0) as usize;
            for k in 0..2 {
                let noise = outline.script.values.get(2 * step + k).copied().unwrap_or(0.0);
                sample.inputs[k] = (self.gain * (outline.info[2 + k].1 + self.noise * f64::from(noise))) as f32;
            }
        }
        if outline.epochs[1].holds(t) {
            sample.targets[0] = outline.info[1].1 as f32;
            sample.mask[0] = 1.0;
        }
    }

    fn performance(&self) -> Performance {
        Performance::Samples
    }

    /// Samples of the response that have the right sign, and all of them; where the attended bias is zero none has.
    fn score(&self, outline: &Outline, t: Time, outputs: &[f32], scores: &mut Scores) {
        let asked = outline.info[1].1;
        if !outline.epochs[1].holds(t) || asked == 0.0 {
            return;
        }
        scores[0] += f64::from(u8::from((outputs[0] > 0.0) == (asked > 0.0)));
        scores[1] += 1.0;
    }

    fn judge(&self, scores: &Scores) -> f64 {
        100.0 * scores[0] / scores[1]
    }

    /// The sign of the sum of the attended signal.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let sum = |channel: usize| -> f64 {
            let within = |k: &usize| {
                let t = seen.dt * (k + 1) as f64;
                Epoch { name: "", start: self.stimulus[0], end: self.stimulus[1] }.holds(t)
            };
            let all = (0..seen.steps).filter(|k| channel >= 2 || within(k));
            all.map(|k| f64::from(seen.inputs[4 * k + channel] - seen.baseline)).sum()
        };
        let attended = usize::from(sum(3) > sum(2));
        vec![if sum(attended) > 0.0 { 1.0 } else { -1.0 }; seen.steps]
    }

    /// What the task's own noise leaves, and noise of this s.d. beside it.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        tryout::ideal(self, DRAWS, dt, noise)
    }

    fn chance(&self) -> f64 {
        50.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, stream, trial};
    use cogrnn_core::settings::Defaults;

    fn task() -> SelectiveIntegration {
        SelectiveIntegration::from_settings(&mut Defaults).unwrap()
    }

    #[test]
    fn training_trials_come_in_the_round_of_the_program() {
        // §5: attend 1, b1 = +; attend 2, b2 = +; attend 1, b1 = -; attend 2, b2 = -
        let task = task();
        let mut others = [0; 2];
        for number in 0..400 {
            let trial = trial(&task, &Request { number, ..Request::new(Set::Training, number as usize, ms(1.0)) }, 1);
            let value = |name| trial.outline.value(name).unwrap();
            let (context, plus) = (1 + number % 2, number % 4 < 2);
            assert_eq!((value("context") as u64, value("sign") > 0.0), (context, plus));
            assert_eq!(trial.outline.condition, Some((number % 4) as usize));
            assert_eq!(value(if context == 1 { "bias_1" } else { "bias_2" }), if plus { 0.5 } else { -0.5 });
            others[usize::from(value("other") > 0.0)] += 1;
            assert_eq!(trial.steps, 700);
            for (step, (u, mask)) in trial.inputs.chunks_exact(4).zip(&trial.mask).enumerate() {
                assert_eq!((u[2], u[3]), if context == 1 { (1.0, 0.0) } else { (0.0, 1.0) });
                assert_eq!(u[0] != 0.0 && u[1] != 0.0, (1..=500).contains(&step), "{step}");
                assert_eq!(*mask != 0.0, step >= 500);
            }
        }
        // 400 throws of a coin: 200 ± 10
        assert!(others.iter().all(|n| (150..250).contains(n)), "{others:?}");
    }

    #[test]
    fn signals_have_the_mean_and_noise_of_the_program() {
        let task = task();
        let force = [("bias_1".to_string(), 0.5), ("bias_2".to_string(), -0.5)];
        let (mut sum, mut squares, mut n) = ([0.0; 2], [0.0; 2], 0.0);
        for i in 0..40 {
            let one = trial(&task, &Request { force: &force, ..Request::new(Set::Training, i, ms(1.0)) }, 1);
            for u in one.inputs.chunks_exact(4).skip(1).take(500) {
                for k in 0..2 {
                    sum[k] += f64::from(u[k]);
                    squares[k] += f64::from(u[k]).powi(2);
                }
                n += 1.0;
            }
        }
        // 20,000 samples: ± 0.0035
        for (k, mean) in [0.25, -0.25].into_iter().enumerate() {
            assert!((sum[k] / n - mean).abs() < 0.015, "{sum:?}");
            assert!((squares[k] / n - mean * mean - 0.25).abs() < 0.015);
        }
        // half the step: the same signal, seen twice as finely
        let coarse = trial(&task, &Request::new(Set::Test, 3, ms(1.0)), 1);
        let fine = trial(&task, &Request::new(Set::Test, 3, ms(0.5)), 1);
        for (step, u) in coarse.inputs.chunks_exact(4).enumerate() {
            assert_eq!(u, &fine.inputs[4 * (2 * step + 1)..][..4]);
        }
    }

    #[test]
    fn test_trials_go_through_the_grid_in_both_contexts() {
        let task = task();
        let mut seen = Vec::new();
        for i in 0..task.test_period() {
            let request = Request::new(Set::Test, i, ms(1.0));
            let outline = task.outline(&request, &mut stream(&request, 1));
            let key = |name| (10.0 * outline.value(name).unwrap()).round() as i32;
            seen.push((key("bias_1"), key("bias_2"), key("context")));
        }
        seen.sort_unstable();
        let expected: Vec<_> = (-5..=5).flat_map(|a| (-5..=5).flat_map(move |b| [10, 20].map(|c| (a, b, c)))).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_noise_of_the_task_leaves_the_ideal_observer_right() {
        // d' = 0.5 √500 = 11
        assert_eq!(task().noise_limit(0.0, ms(1.0)), 100.0);
        let noisy = SelectiveIntegration::from_settings(&mut Section(vec![("noise", Given::Number(20.0))])).unwrap();
        // Φ(0.5 √500 / 20) = Φ(0.56) = 0.71
        let limit = noisy.noise_limit(0.0, ms(1.0));
        assert!((67.0..75.0).contains(&limit), "{limit}");
    }

    #[test]
    fn what_makes_no_trial_is_refused() {
        for (key, value) in [("duration", 300.0), ("response", 800.0), ("stimulus", 0.0)] {
            let error =
                SelectiveIntegration::from_settings(&mut Section(vec![(key, Given::Number(value))])).unwrap_err();
            assert!(error.place.unwrap().contains(key), "{key}");
        }
    }
}
