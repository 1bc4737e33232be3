//! Perceptual decision with a stimulus of random duration (Song, Yang & Wang 2016, fig. 2).
//!
//! ```text
//! fixation          stimulus, d ms        decision
//! ├────────────────┼─────────────────────┼───────────────┤
//! z* = lo, lo        free                  z* = hi for the stronger input, lo for the other
//!
//! u_k     = (1 + 3.2 c/100)/2    strong input, k = 0 if in_out = +1, else 1    `coherence` c
//! u_(1-k) = (1 - 3.2 c/100)/2    weak input
//! u_2     = 1                    start cue; all three during the stimulus alone
//! d       ~ exponential, mean 330 ms, cut to 80 <= d < 1500 ms
//! ```
//!
//! In a catch trial nothing comes and both outputs stay at lo, so that a network cannot learn to
//! respond by the clock. Test trials hold fixation longer than training trials, and start each block
//! with a trial of zero coherence.

use crate::durations::TruncatedExponential;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Epoch, Outline, Performance, Request, Sample, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};

/// Motion coherence in per cent of one unit of `coherence`.
const PER_CENT: f64 = 3.2; // Song et al. 2016: c = 1, 2, 4, 8, 16 are 3.2 … 51.2 %

/// Channel of the start cue; 0 and 1 bring the evidence for outputs 0 and 1.
const CUE: usize = 2;
const CHANNELS: usize = 3;
const OUTPUTS: usize = 2;

// Places in `Outline::epochs` and `Outline::info`: samples are too many to look names up.
const FIXATION: usize = 0;
const STIMULUS: usize = 1;
const DECISION: usize = 2;
const COHERENCE: usize = 0;
const IN_OUT: usize = 1;

/// The task `perceptual-decision`.
///
/// The table of trials has the columns `coherence` (c), `in_out` (+1 for output 0, -1 for output 1),
/// `signed_coherence` (%, 3.2 × in_out × c), `choice` (0 or 1, the output whose target is hi) and
/// `stimulus` (ms, as shown: rounded down to dt). A caller may force `catch` (0 or 1), `coherence`,
/// `in_out` and `stimulus` (ms). Outputs are counted from 0 but named as in the paper's figures:
/// output 0 is `choice 1`.
///
/// With zero coherence `choice` follows `in_out`, which is random; no answer is right or wrong, so
/// [`Outline::choice`] is `None` and the trial does not count in the performance.
#[derive(Clone, Debug, PartialEq)]
pub struct PerceptualDecision {
    fixation: Time,
    test_fixation: Time,
    stimulus: TruncatedExponential,
    decision: Time,
    coherences: Vec<f64>,
    catch_probability: f64,
    catch_duration: Time,
    high: f64,
    low: f64,
}

impl PerceptualDecision {
    /// From a section of an experiment file; every default is that of Song et al. (2016), in the
    /// values of pycog/examples/models/rdm_varstim.py.
    ///
    /// # Errors
    /// When a setting makes no trial: a time below zero, bounds the wrong way round, no coherence.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<PerceptualDecision> {
        let s = settings;
        let fixation = time_from_zero(s, "fixation", ms(100.0), "fixation before the stimulus")?;
        let test_fixation =
            time_from_zero(s, "test_fixation", ms(500.0), "fixation in test trials, longer than in training")?;
        let stimulus = TruncatedExponential {
            mean: s.positive_time(
                "stimulus_mean",
                ms(330.0),
                "mean duration of the stimulus, before the bounds cut it",
            )?,
            low: time_from_zero(s, "stimulus_min", ms(80.0), "shortest stimulus")?,
            high: s.positive_time("stimulus_max", ms(1500.0), "no stimulus is as long as this")?,
        };
        if stimulus.low >= stimulus.high {
            return Err(s.blame(
                "stimulus_max",
                Error::input(format!("`stimulus_max` is {}", stimulus.high))
                    .why(format!("no duration lies between `stimulus_min`, {}, and this", stimulus.low))
                    .remedy("give a longer `stimulus_max`, or a shorter `stimulus_min`"),
            ));
        }
        let decision = s.positive_time("decision", ms(300.0), "time to answer, after the stimulus")?;
        let coherences =
            s.numbers("coherences", &[1.0, 2.0, 4.0, 8.0, 16.0], "motion coherences, in units of 3.2 %")?;
        if let Some(why) = wrong_coherences(&coherences) {
            return Err(s.blame(
                "coherences",
                Error::input(format!("`coherences` is {coherences:?}"))
                    .why(why)
                    .remedy("the default is [1, 2, 4, 8, 16]"),
            ));
        }
        let catch_probability =
            s.number_in("catch_probability", 1.0 / 11.0, 0.0, 1.0, "how many training trials are catch trials")?;
        let catch_duration = s.positive_time("catch_duration", ms(2000.0), "length of a catch trial")?;
        let high = s.number("high", 1.0, "target of the chosen output")?;
        let low = s.number("low", 0.2, "target of an output that is not chosen")?;
        // Written so that NaN is caught too.
        if !(low < high && low.is_finite() && high.is_finite()) {
            return Err(s.blame(
                "high",
                Error::input(format!("`high` is {high}"))
                    .why(format!("the chosen output must rise above the other, whose target `low` is {low}"))
                    .remedy("the defaults are high = 1 and low = 0.2"),
            ));
        }
        Ok(PerceptualDecision {
            fixation,
            test_fixation,
            stimulus,
            decision,
            coherences,
            catch_probability,
            catch_duration,
            high,
            low,
        })
    }

    /// Coherence and direction of row `condition`: coherence fastest, then +1 before -1.
    fn condition(&self, condition: usize) -> (f64, f64) {
        let n = self.coherences.len();
        (self.coherences[condition % n], if condition / n == 0 { 1.0 } else { -1.0 })
    }

    fn catch_trial(&self, dt: Time) -> Outline {
        Outline {
            duration: self.catch_duration.floor_to(dt),
            epochs: Vec::new(),
            info: Vec::new(),
            condition: None,
            choice: None,
            script: Script::default(),
        }
    }
}

/// A time that may be nothing, but not less.
fn time_from_zero(s: &mut dyn Settings, key: &'static str, default: Time, about: &'static str) -> Result<Time> {
    let time = s.time(key, default, about)?;
    if time >= ms(0.0) {
        return Ok(time);
    }
    let error = Error::input(format!("`{key}` is {time}"))
        .why("time does not run backwards")
        .remedy(format!("the default is \"{default}\""));
    Err(s.blame(key, error))
}

/// Why these coherences make no conditions, if they do not.
fn wrong_coherences(coherences: &[f64]) -> Option<String> {
    if coherences.is_empty() {
        return Some("without a coherence there is no condition to train".to_string());
    }
    for (i, c) in coherences.iter().enumerate() {
        if !(*c > 0.0 && PER_CENT * c <= 100.0) {
            return Some(format!(
                "{c} stands for {} %, which must lie above 0 and not above 100; test sets have zero coherence anyway",
                PER_CENT * c
            ));
        }
        if coherences[..i].contains(c) {
            return Some(format!("{c} comes twice, and validation goes through each condition once"));
        }
    }
    None
}

/// The standard normal distribution function.
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

impl Task for PerceptualDecision {
    fn name(&self) -> &'static str {
        "perceptual-decision"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["evidence 1", "evidence 2", "start cue"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["choice 1", "choice 2"]
    }

    fn conditions(&self) -> Conditions {
        let row = |i| {
            let (coherence, in_out) = self.condition(i);
            vec![coherence, in_out]
        };
        Conditions { columns: vec!["coherence", "in_out"], rows: (0..2 * self.coherences.len()).map(row).collect() }
    }

    /// The conditions and one catch trial, whatever the probability of catch trials in training.
    fn period(&self) -> usize {
        2 * self.coherences.len() + 1
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        // Always these four draws, so that forcing one condition leaves the others as they were.
        let draw_catch = stream.uniform() < self.catch_probability;
        let draw_coherence = self.coherences[stream.below(self.coherences.len())];
        let draw_in_out = if stream.below(2) == 0 { 1.0 } else { -1.0 };
        let draw_stimulus = self.stimulus.draw(stream);

        let place = request.index % self.period();
        let (catch, coherence, in_out) = match request.set {
            Set::Training => (draw_catch, draw_coherence, draw_in_out),
            Set::Validation if place == 0 => (true, draw_coherence, draw_in_out),
            Set::Test if place == 0 => (false, 0.0, draw_in_out),
            Set::Validation | Set::Test => {
                let (coherence, in_out) = self.condition(place - 1);
                (false, coherence, in_out)
            }
        };
        let catch = request.or("catch", f64::from(u8::from(catch))) != 0.0;
        let coherence = request.or("coherence", coherence);
        let in_out = if request.or("in_out", in_out) < 0.0 { -1.0 } else { 1.0 };
        let stimulus = ms(request.or("stimulus", draw_stimulus.as_ms()));
        if catch {
            return self.catch_trial(request.dt);
        }

        let fixation = match request.set {
            Set::Test => self.test_fixation,
            Set::Training | Set::Validation => self.fixation,
        };
        // Each duration is rounded down by itself, as in the reference.
        let stimulus = stimulus.floor_to(request.dt);
        let onset = fixation.floor_to(request.dt);
        let offset = onset + stimulus;
        let end = offset + self.decision.floor_to(request.dt);
        let choice = if in_out > 0.0 { 0 } else { 1 };
        let row = self.coherences.iter().position(|c| *c == coherence);
        Outline {
            duration: end,
            // in the order of FIXATION, STIMULUS, DECISION
            epochs: vec![
                Epoch { name: "fixation", start: ms(0.0), end: onset },
                Epoch { name: "stimulus", start: onset, end: offset },
                Epoch { name: "decision", start: offset, end },
            ],
            // starting with COHERENCE, IN_OUT
            info: vec![
                ("coherence", coherence),
                ("in_out", in_out),
                // + 0: no -0 among the abscissae of a psychometric curve
                ("signed_coherence", PER_CENT * in_out * coherence + 0.0),
                ("choice", choice as f64),
                ("stimulus", stimulus.as_ms()),
            ],
            condition: row.map(|c| c + choice * self.coherences.len()),
            choice: (coherence != 0.0).then_some(choice),
            script: Script::default(),
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        let (high, low) = (self.high as f32, self.low as f32);
        if outline.epochs.is_empty() {
            // a catch trial
            sample.targets.fill(low);
            sample.mask.fill(1.0);
        } else if outline.epochs[STIMULUS].holds(t) {
            let signed = outline.info[COHERENCE].1 * outline.info[IN_OUT].1 * PER_CENT / 100.0;
            sample.inputs[0] = (0.5 * (1.0 + signed)) as f32;
            sample.inputs[1] = (0.5 * (1.0 - signed)) as f32;
            sample.inputs[CUE] = 1.0;
        } else if outline.epochs[DECISION].holds(t) {
            let choice = usize::from(outline.info[IN_OUT].1 < 0.0);
            sample.targets.fill(low);
            sample.targets[choice] = high;
            sample.mask.fill(1.0);
        } else if outline.epochs[FIXATION].holds(t) {
            sample.targets.fill(low);
            sample.mask.fill(1.0);
        }
    }

    fn performance(&self) -> Performance {
        Performance::Choices
    }

    /// Finds the stimulus by the start cue, sums the difference of the evidence over it, and answers
    /// with its sign once the cue is off.
    ///
    /// The cue is on in one interval or none; the most likely one, with Gaussian noise, is where the
    /// excess of the cue over half its height sums to the most. The observer looks back over the
    /// trial for it, so a single noisy sample does not end a stimulus.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let row = |step: usize| &seen.inputs[step * CHANNELS..(step + 1) * CHANNELS];
        let half_height = seen.baseline + 0.5;
        // The interval of largest sum, in one pass (Kadane).
        let (mut best, mut on, mut off) = (0.0, 0, 0);
        let (mut sum, mut start) = (0.0, 0);
        for step in 0..seen.steps {
            sum += f64::from(row(step)[CUE] - half_height);
            if sum <= 0.0 {
                (sum, start) = (0.0, step + 1);
            } else if sum > best {
                (best, on, off) = (sum, start, step + 1);
            }
        }

        let (high, low) = (self.high as f32, self.low as f32);
        let mut answer = vec![low; seen.steps * OUTPUTS];
        // The shortest stimulus sums to 0.5 × its duration, less what rounding to dt takes: at most
        // half. Less than that is a catch trial, where noise alone made the sum.
        if best * seen.dt.as_ms() < 0.25 * self.stimulus.low.as_ms() {
            return answer;
        }
        let evidence: f64 = (on..off).map(|step| f64::from(row(step)[0] - row(step)[1])).sum();
        let choice = usize::from(evidence < 0.0);
        for step in off..seen.steps {
            answer[step * OUTPUTS + choice] = high;
        }
        answer
    }

    /// Per cent correct of an observer that sums the evidence of all n samples of the stimulus.
    ///
    /// ```text
    /// P(correct | c, n) = Φ(Δ n / (noise sqrt(2 n))),   Δ = 3.2 c/100 between the inputs
    /// ```
    ///
    /// averaged exactly over the coherences and over the durations as rounded to dt. Left out: the
    /// rectification of the inputs, which is 2.2 s.d. or more away from the weakest input at
    /// dt = 0.5 ms (0.2 + 0.244 with noise of 0.2) and out of reach at 20 ms; and the samples that
    /// the observer may misjudge at the edges of the cue.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        if noise <= 0.0 {
            return 100.0;
        }
        let mut correct = 0.0;
        for n in self.stimulus.low.steps(dt)..=self.stimulus.high.steps(dt) {
            let probability = self.stimulus.cdf(dt * (n + 1) as f64) - self.stimulus.cdf(dt * n as f64);
            for c in &self.coherences {
                let difference = PER_CENT * c / 100.0;
                let d = difference * libm::sqrt(n as f64 / 2.0) / noise;
                correct += probability * normal_cdf(d) / self.coherences.len() as f64;
            }
        }
        100.0 * correct
    }

    fn chance(&self) -> f64 {
        50.0
    }

    fn catch_share(&self) -> f64 {
        self.catch_probability
    }
}
