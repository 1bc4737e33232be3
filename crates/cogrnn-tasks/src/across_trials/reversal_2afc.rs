//! Two-alternative choice with reversals, in the form of the companion program of Soo, Goudar & Wang (2023).
//!
//! ```text
//!              sample    delay     response  feedback  wait     × 50
//!             ├── 500 ─┼── 500 ──┼── 500 ──┼── 100 ──┼── 500 ─┤
//! identity, position ▔▔▔                                          A with right, or B with left
//! action, outcome                             ▔▔▔▔▔▔▔▔            what was chosen, and whether it was rewarded
//!
//! rewarded    choice 0 for A, 1 for B under rule 0; the other way round under rule 1
//! blocks      a rule holds for ⌊N(15, 3)⌋ trials, then the other
//! ```
//!
//! The rule is never cued. The first trial of each block does not count, as no one can know; in the
//! others the response is asked for the rewarded choice, all of it. The choice is the larger output at
//! its last sample. Of two sessions in a row one has A where the other has B, so that a batch has half
//! of each in every trial. Performance is the share of the samples that count in which the rewarded
//! choice is the larger output; on softmax outputs Σ mask l / Σ mask is half the mean cross-entropy.
//!
//! # What the source leaves open
//! Each session draws its own blocks and which rule it begins with. "Averaged over the response" is taken
//! to mean the cross-entropy, not the outputs.

use super::session::{Blocks, Course, judge, read_warm_up};
use crate::stretches;
use crate::tryout;
use cogrnn_core::error::Result;
use cogrnn_core::names::intern;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Answer, Conditions, Outline, Performance, Request, Sample, Scores, Seen, Set, Task, argmax};
use cogrnn_core::units::{Time, ms};

const CHANNELS: usize = 8;
/// First of the two channels of the position, the action, the outcome; the identity is 0 and 1.
const POSITION: usize = 2;
const ACTION: usize = 4;
const REWARD: usize = 6;
const NO_REWARD: usize = 7;
const OUTPUTS: usize = 2;

// Parts of a trial.
const SAMPLE: usize = 0;
const RESPONSE: usize = 2;
const FEEDBACK: usize = 3;

/// Sessions that a limit is drawn from.
const DRAWS: usize = 20;

/// The rewarded choice for a stimulus (0 A, 1 B) under a rule.
fn label(rule: usize, stimulus: usize) -> usize {
    (rule + stimulus) % 2
}

/// The task `reversal-2afc`.
///
/// The table of trials has `reversals` and for each trial k `rule k`, `stimulus k` (0 A, 1 B), `label k`
/// (the rewarded choice) and `first k` (1 in the first trial of a block). A caller may force `rule 1` and
/// `stimulus k`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reversal2Afc {
    course: Course,
    blocks: Blocks,
    /// (trial × 4): names of the columns.
    columns: Vec<[&'static str; 4]>,
}

impl Reversal2Afc {
    /// From a section of an experiment file; every default is that of the companion program.
    ///
    /// # Errors
    /// When a setting makes no session.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<Reversal2Afc> {
        let s = settings;
        let parts = vec![
            ("sample", s.positive_time("sample", ms(500.0), "the stimulus")?),
            ("delay", s.positive_time("delay", ms(500.0), "between stimulus and response")?),
            ("response", s.positive_time("response", ms(500.0), "time to respond")?),
            ("feedback", s.positive_time("feedback", ms(100.0), "action and outcome")?),
            ("wait", s.positive_time("wait", ms(500.0), "until the next trial")?),
        ];
        // one step of 10 ms
        let warm_up = read_warm_up(s, ms(10.0))?;
        let trials = s.positive_count("trials", 50, "trials of a session")?;
        let blocks = Blocks::from_settings(s, 15.0, 3.0)?;
        let columns = ["rule", "stimulus", "label", "first"];
        let columns = (1..=trials).map(|k| columns.map(|c| intern(&format!("{c} {k}")))).collect();
        let course = Course::new(warm_up, parts, RESPONSE, ms(0.0), trials, (CHANNELS, OUTPUTS));
        Ok(Reversal2Afc { course, blocks, columns })
    }
}

impl Task for Reversal2Afc {
    fn name(&self) -> &'static str {
        "reversal-2afc"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["identity A", "identity B", "left", "right", "action 1", "action 2", "reward", "no reward"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["choice 1", "choice 2"]
    }

    /// None: each session is drawn.
    fn conditions(&self) -> Conditions {
        Conditions::default()
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let trials = self.course.trials;
        let purpose = match request.set {
            Set::Training => Purpose::TrainingOrder,
            Set::Validation => Purpose::ValidationOrder,
            Set::Test => Purpose::TestOrder,
        };
        // Two sessions in a row share these coins, the second turns them over.
        let twin = request.index % 2;
        let mut coins = Address { seed: request.seed, purpose, trial: request.number - twin as u64 }.stream();
        let stimuli: Vec<usize> = (0..trials)
            .map(|i| {
                let drawn = (coins.below(2) + twin) % 2;
                usize::from(request.or(self.columns[i][1], drawn as f64) > 0.5)
            })
            .collect();
        let mut rule = usize::from(request.or(self.columns[0][0], stream.below(2) as f64) > 0.5);
        let mut rules = Vec::with_capacity(trials);
        let mut first = Vec::with_capacity(trials);
        while rules.len() < trials {
            for k in 0..self.blocks.draw(stream).min(trials - rules.len()) {
                rules.push(rule);
                first.push(k == 0);
            }
            rule = 1 - rule;
        }
        let labels: Vec<usize> = rules.iter().zip(&stimuli).map(|(r, s)| label(*r, *s)).collect();
        let asked: Vec<Option<usize>> = labels.iter().zip(&first).map(|(l, first)| (!first).then_some(*l)).collect();
        let epochs = self.course.epochs(request.dt, |mean| mean);
        let script = self.course.script(&epochs, request.dt, &asked, OUTPUTS, |trial, part, inputs, _, _| {
            if part == SAMPLE {
                inputs[stimuli[trial]] = 1.0;
                // A comes with channel 3, B with channel 2
                inputs[POSITION + 1 - stimuli[trial]] = 1.0;
            }
        });
        let mut info = vec![("reversals", first.iter().filter(|f| **f).count() as f64 - 1.0)];
        for (i, columns) in self.columns.iter().enumerate() {
            let values = [rules[i], stimuli[i], labels[i], first[i].into()];
            info.extend(columns.iter().zip(values).map(|(c, v)| (*c, v as f64)));
        }
        Outline {
            duration: epochs.last().map_or(ms(0.0), |e| e.end),
            epochs,
            info,
            condition: None,
            choice: None,
            script,
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        self.course.sample(outline, t, sample);
    }

    fn stays(&self, outline: &Outline, t: Time) -> Time {
        stretches::stays(&outline.script, t)
    }

    fn performance(&self) -> Performance {
        Performance::Samples
    }

    fn score(&self, outline: &Outline, t: Time, outputs: &[f32], scores: &mut Scores) {
        self.course.score(outline, t, outputs, scores);
    }

    fn judge(&self, scores: &Scores) -> f64 {
        judge(scores)
    }

    fn warm_up(&self) -> Time {
        self.course.warm_up
    }

    fn session(&self, outline: &Outline) -> Vec<Time> {
        self.course.session(&outline.epochs)
    }

    fn answers_back(&self) -> bool {
        true
    }

    fn answer(&self, outline: &Outline, t: Time, outputs: &[f32], say: &mut dyn FnMut(Answer)) {
        let Some(trial) = self.course.answered(outline, t) else { return };
        let choice = argmax(outputs);
        // after `reversals`, the columns of each trial, `label` third among them
        let rewarded = choice as f64 == outline.info[1 + 4 * trial + 2].1;
        let feedback = &outline.epochs[self.course.place(trial, FEEDBACK)];
        for channel in [ACTION + choice, if rewarded { REWARD } else { NO_REWARD }] {
            say(Answer { channel, value: 1.0, start: feedback.start, end: feedback.end });
        }
    }

    /// Answers by the rule that the last outcome was evidence of. It reads each sample by itself,
    /// against half the height of an input, and never looks ahead.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let (mut rule, mut stimulus) = (0, 0);
        let mut answer = vec![0.0; seen.steps * OUTPUTS];
        for (u, z) in seen.inputs.chunks_exact(CHANNELS).zip(answer.chunks_exact_mut(OUTPUTS)) {
            let on = |channel: usize| u[channel] - seen.baseline > 0.5;
            if on(0) || on(1) {
                stimulus = usize::from(on(1));
            }
            if on(REWARD) || on(NO_REWARD) {
                let action = usize::from(on(ACTION + 1));
                rule = usize::from((label(0, stimulus) == action) != on(REWARD));
            }
            z[label(rule, stimulus)] = 1.0;
        }
        answer
    }

    /// What the observer of this task scores over 20 drawn sessions; a lower bound of the limit, as it
    /// reads each sample by itself.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        if noise <= 0.0 { 100.0 } else { tryout::ideal(self, DRAWS, dt, noise) }
    }

    fn chance(&self) -> f64 {
        50.0
    }

    fn lengths(&self, _: Set, dt: Time) -> (usize, usize) {
        self.course.lengths(dt, |mean| mean, |mean| mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, stream, trial};
    use cogrnn_core::settings::Defaults;

    const DT: Time = ms(10.0);

    fn task() -> Reversal2Afc {
        Reversal2Afc::from_settings(&mut Defaults).unwrap()
    }

    #[test]
    fn a_golden_session() {
        let settings =
            [("trials", Given::Number(3.0)), ("block_mean", Given::Number(2.0)), ("block_sd", Given::Number(0.0))];
        let task = Reversal2Afc::from_settings(&mut Section(settings.to_vec())).unwrap();
        let force = [("rule 1", 0.0), ("stimulus 1", 0.0), ("stimulus 2", 1.0), ("stimulus 3", 1.0)];
        let force = force.map(|(n, v)| (n.to_string(), v));
        let trial = trial(&task, &Request { force: &force, ..Request::new(Set::Test, 0, DT) }, 1);
        // a warm-up of one step, then 50 + 50 + 50 + 10 + 50 steps a trial
        assert_eq!(trial.steps, 1 + 3 * 210);
        for k in 0..trial.steps {
            let (u, m) = (&trial.inputs[8 * k..][..8], &trial.mask[2 * k..][..2]);
            let (i, within) = if k == 0 { (0, 209) } else { ((k - 1) / 210, (k - 1) % 210) };
            let mut expected = [0.0; 8];
            if within < 50 {
                let (identity, position) = [(0, 3), (1, 2), (1, 2)][i];
                (expected[identity], expected[position]) = (1.0, 1.0);
            }
            assert_eq!(u, expected, "{k}");
            // rules 0 0 1: the first trials of blocks, 1 and 3, do not count
            let counts = i == 1 && (100..150).contains(&within);
            assert_eq!(m, [f32::from(u8::from(counts)); 2], "{k}");
            assert_eq!(trial.targets[2 * k..][..2], [0.0, f32::from(u8::from(counts))]); // B under rule 0: 1
        }
        assert_eq!(trial.outline.value("reversals"), Some(1.0));
        let labels: Vec<_> = (1..=3).map(|k| trial.outline.value(&format!("label {k}")).unwrap()).collect();
        assert_eq!(labels, [0.0, 1.0, 0.0]);
        let mut said = Vec::new();
        // the response of trial 3 ends at sample 1 + 420 + 150
        task.answer(&trial.outline, DT * 571.0, &[0.1, 0.9], &mut |a| said.push((a.channel, a.start, a.end)));
        let (start, end) = (DT * 571.0, DT * 581.0);
        assert_eq!(said, [(5, start, end), (7, start, end)]);
        task.answer(&trial.outline, DT * 570.0, &[0.1, 0.9], &mut |_| panic!("too early"));
    }

    #[test]
    fn blocks_have_the_published_lengths_and_twins_are_balanced() {
        let task = task();
        let mut lengths = Vec::new();
        for index in (0..400).step_by(2) {
            let outline = |index| {
                let request = Request::new(Set::Training, index, DT);
                task.outline(&request, &mut stream(&request, 4))
            };
            let (a, b) = (outline(index), outline(index + 1));
            assert_eq!(a.duration, ms(10.0 + 50.0 * 2100.0));
            for k in 1..=50 {
                let value = |o: &Outline| o.value(&format!("stimulus {k}")).unwrap();
                assert_eq!(value(&a) + value(&b), 1.0);
            }
            let first: Vec<usize> = (1..=50).filter(|k| a.value(&format!("first {k}")) == Some(1.0)).collect();
            lengths.extend(first.windows(2).take(2).map(|w| (w[1] - w[0]) as f64));
        }
        // the floor of N(15, 3) has mean 14.5; 400 draws: s.e. 0.15
        let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
        assert!((mean - 14.5).abs() < 0.6, "{mean}");
    }

    #[test]
    fn observers_score_what_they_should() {
        let task = task();
        for dt in [DT, ms(50.0)] {
            assert_eq!(tryout::ideal(&task, 20, dt, 0.0), 100.0);
        }
        let score = tryout::random(&task, 20, DT);
        assert!((score - 50.0).abs() < 2.0, "{score}"); // 46,000 samples: s.e. 0.2
        let limits = [0.05, 0.5].map(|noise| task.noise_limit(noise, ms(50.0)));
        assert!(limits[0] > 99.9 && limits[1] < 90.0, "{limits:?}");
    }

    #[test]
    fn settings_that_make_no_session_are_refused() {
        for (key, value) in
            [("delay", 0.0), ("trials", 0.0), ("block_mean", 0.5), ("block_sd", -1.0), ("warm_up", -1.0)]
        {
            let error = Reversal2Afc::from_settings(&mut Section(vec![(key, Given::Number(value))])).expect_err(key);
            assert!(matches!((&error.place, &error.why, &error.remedy), (Some(_), Some(_), Some(_))), "{error}");
        }
    }
}
