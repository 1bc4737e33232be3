//! A rule that reverses without a cue: the rule-reversal task of Soo, Goudar & Wang (2023).
//!
//! ```text
//!           warm-up   sample    response  feedback    wait       × 5
//!          ├─ 1000 ─┼── 500 ──┼── 500 ──┼── 500 ───┼── 500 ──┤
//! L or R             ▔▔▔▔▔▔▔▔▔
//! right or wrong                          ▔▔▔▔▔▔▔▔             by the choice at the end of the response
//!
//! label       1 for L, 0 for R under rule 0; 0 for L, 1 for R under rule 1
//! sequences   00000 01100 00011 01111 10000 11100 10011 11111, the rule of each trial
//! asked for   the label under the rule of the trial before, under rule 0 in the first trial
//! ```
//!
//! So an ideal subject answers by the last rule that it has evidence of, errs once at each reversal and
//! switches after a single "wrong". Feedback is by the rule that holds now: the choice is the larger
//! output at the last sample of the response.
//!
//! The response counts after its first 100 ms, each trial the same (`mask` = n̄/n with n samples that
//! count, n̄ where nothing is jittered), on both outputs: with softmax outputs Σ mask l / Σ mask is half
//! of the cross-entropy that Soo et al. average over samples, sessions and trials. Their penalties on
//! rates and weights are not the task's. Each epoch lasts ± `jitter` in training, one draw for each of
//! the 20 epochs and batch; a check is not jittered. Session i of a set has sequence i mod 8: five of
//! each in a batch of 40. Performance is the share of the samples that count in which the output asked
//! for is the larger.

use super::session::{Course, judge, read_warm_up};
use crate::durations::{jittered, longest_jittered};
use crate::stretches;
use crate::tryout;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::names::intern;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Answer, Conditions, Outline, Performance, Request, Sample, Scores, Seen, Set, Task, argmax};
use cogrnn_core::units::{Time, ms};

/// Soo et al. 2023, code.
const SEQUENCES: [&str; 8] = ["00000", "01100", "00011", "01111", "10000", "11100", "10011", "11111"];

const CHANNELS: usize = 4;
/// Channels of the feedback.
const RIGHT: usize = 2;
const WRONG: usize = 3;
const OUTPUTS: usize = 2;

// Parts of a trial.
const SAMPLE: usize = 0;
const RESPONSE: usize = 1;
const FEEDBACK: usize = 2;

/// Sessions that a limit is drawn from.
const DRAWS: usize = 40;

/// The output that is right for a stimulus (0 L, 1 R) under a rule.
fn label(rule: usize, stimulus: usize) -> usize {
    usize::from((rule == 0) == (stimulus == 0))
}

/// The task `rule-reversal`.
///
/// The table of trials has `sequence` (0 … 7) and for each trial k `rule k`, `stimulus k` (0 L, 1 R),
/// `label k` (right by the rule of the trial) and `ideal k` (what is asked for). A caller may force
/// `sequence` and `stimulus k`.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleReversal {
    course: Course,
    jitter: Time,
    sequences: Vec<Vec<usize>>,
    /// (trial × 4): names of the columns.
    columns: Vec<[&'static str; 4]>,
}

impl RuleReversal {
    /// From a section of an experiment file; every default is that of Soo et al. (2023).
    ///
    /// # Errors
    /// When a setting makes no session: sequences that are none, times that leave nothing.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<RuleReversal> {
        let s = settings;
        let parts = vec![
            ("sample", s.positive_time("sample", ms(500.0), "the stimulus")?),
            ("response", s.positive_time("response", ms(500.0), "time to respond")?),
            ("feedback", s.positive_time("feedback", ms(500.0), "right or wrong")?),
            ("wait", s.positive_time("wait", ms(500.0), "until the next trial")?),
        ];
        let shortest = parts.iter().map(|p| p.1).fold(ms(f64::INFINITY), |a, b| if b < a { b } else { a });
        let about = "in training, each epoch lasts its time ± this, the same for a batch";
        let jitter = s.time("jitter", ms(100.0), about)?;
        if !(jitter >= ms(0.0) && jitter < shortest) {
            return Err(s.blame(
                "jitter",
                Error::input(format!("`jitter` is {jitter}"))
                    .why(format!("the shortest epoch is {shortest}, and something must be left of it"))
                    .remedy("the default is \"100 ms\""),
            ));
        }
        let settle = s.time("settle", ms(100.0), "what does not count at the beginning of a response")?;
        let room = parts[RESPONSE].1 - jitter;
        if !(settle >= ms(0.0) && settle < room) {
            return Err(s.blame(
                "settle",
                Error::input(format!("`settle` is {settle}"))
                    .why(format!("a response may be as short as {room}, and something of it must count"))
                    .remedy("the default is \"100 ms\""),
            ));
        }
        let warm_up = read_warm_up(s, ms(1000.0))?;
        let sequences = s.strings("sequences", &SEQUENCES, "the rule, 0 or 1, of each trial of a session")?;
        let trials = sequences.first().map_or(0, |q| q.len());
        let sound = |q: &String| q.len() == trials && q.chars().all(|c| c == '0' || c == '1');
        if trials == 0 || !sequences.iter().all(sound) {
            return Err(s.blame(
                "sequences",
                Error::input(format!("`sequences` is {sequences:?}"))
                    .why("all sessions have the same number of trials, one at least, and rule 0 or 1 in each")
                    .remedy("write them like \"01100\""),
            ));
        }
        let sequences = sequences.iter().map(|q| q.chars().map(|c| usize::from(c == '1')).collect()).collect();
        let columns = ["rule", "stimulus", "label", "ideal"];
        let columns = (1..=trials).map(|k| columns.map(|c| intern(&format!("{c} {k}")))).collect();
        let course = Course::new(warm_up, parts, RESPONSE, settle, trials, (CHANNELS, OUTPUTS));
        Ok(RuleReversal { course, jitter, sequences, columns })
    }
}

impl Task for RuleReversal {
    fn name(&self) -> &'static str {
        "rule-reversal"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["stimulus L", "stimulus R", "right", "wrong"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["choice 0", "choice 1"]
    }

    fn conditions(&self) -> Conditions {
        Conditions { columns: vec!["sequence"], rows: (0..self.sequences.len()).map(|i| vec![i as f64]).collect() }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let place = request.or("sequence", (request.index % self.sequences.len()) as f64).max(0.0) as usize;
        let place = place.min(self.sequences.len() - 1);
        let rules = &self.sequences[place];
        let stimuli: Vec<usize> =
            (0..rules.len()).map(|i| (request.or(self.columns[i][1], stream.below(2) as f64) > 0.5).into()).collect();
        let labels: Vec<usize> = rules.iter().zip(&stimuli).map(|(r, s)| label(*r, *s)).collect();
        // by the rule of the trial before, 0 in the first
        let known = [0].iter().chain(rules);
        let ideal: Vec<usize> = known.zip(&stimuli).map(|(r, s)| label(*r, *s)).collect();

        // What a batch shares: one number for each epoch.
        let mut shared = Address { seed: request.seed, purpose: Purpose::TrainingOrder, trial: request.batch }.stream();
        let training = request.set == Set::Training;
        let epochs = self
            .course
            .epochs(request.dt, |mean| if training { jittered(mean, self.jitter, shared.uniform()) } else { mean });
        let asked: Vec<Option<usize>> = ideal.iter().map(|i| Some(*i)).collect();
        let script = self.course.script(&epochs, request.dt, &asked, OUTPUTS, |trial, part, inputs, _, _| {
            if part == SAMPLE {
                inputs[stimuli[trial]] = 1.0;
            }
        });
        let mut info = vec![("sequence", place as f64)];
        for (i, columns) in self.columns.iter().enumerate() {
            let values = [rules[i], stimuli[i], labels[i], ideal[i]];
            info.extend(columns.iter().zip(values).map(|(c, v)| (*c, v as f64)));
        }
        Outline {
            duration: epochs.last().map_or(ms(0.0), |e| e.end),
            epochs,
            info,
            condition: Some(place),
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
        // after `sequence`, the columns of each trial, `label` third among them
        let right = argmax(outputs) as f64 == outline.info[1 + 4 * trial + 2].1;
        let feedback = &outline.epochs[self.course.place(trial, FEEDBACK)];
        let channel = if right { RIGHT } else { WRONG };
        say(Answer { channel, value: 1.0, start: feedback.start, end: feedback.end });
    }

    /// Answers by the last rule that feedback was evidence of. It reads each sample by itself, against
    /// half the height of an input, and never looks ahead.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let (mut rule, mut stimulus, mut said) = (0, 0, label(0, 0));
        let mut answer = vec![0.0; seen.steps * OUTPUTS];
        for (u, z) in seen.inputs.chunks_exact(CHANNELS).zip(answer.chunks_exact_mut(OUTPUTS)) {
            let on = |channel: usize| u[channel] - seen.baseline > 0.5;
            if on(RIGHT) || on(WRONG) {
                // the rule under which what was said was right, or wrong
                rule = usize::from((label(0, stimulus) == said) != on(RIGHT));
            } else {
                if on(0) || on(1) {
                    stimulus = usize::from(on(1));
                }
                said = label(rule, stimulus);
            }
            z[said] = 1.0;
        }
        answer
    }

    /// What the observer of this task scores over 40 drawn sessions. As it reads each sample by itself,
    /// this is a lower bound of the limit; there is no closed form across trials.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        if noise <= 0.0 { 100.0 } else { tryout::ideal(self, DRAWS, dt, noise) }
    }

    fn chance(&self) -> f64 {
        50.0
    }

    fn lengths(&self, set: Set, dt: Time) -> (usize, usize) {
        let jitter = if set == Set::Training { self.jitter } else { ms(0.0) };
        self.course.lengths(dt, |mean| mean - jitter, |mean| longest_jittered(mean, jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, Trial, stream, trial};
    use cogrnn_core::settings::Defaults;

    const DT: Time = ms(5.0);

    fn task() -> RuleReversal {
        RuleReversal::from_settings(&mut Defaults).unwrap()
    }

    fn forced(sequence: f64, stimuli: [f64; 5]) -> Trial {
        let mut force = vec![("sequence".to_string(), sequence)];
        force.extend(stimuli.iter().enumerate().map(|(k, s)| (format!("stimulus {}", k + 1), *s)));
        trial(&task(), &Request { force: &force, ..Request::new(Set::Test, 0, DT) }, 1)
    }

    #[test]
    fn a_golden_session() {
        // 01100 with L R L L R: the rule asked for is 0 0 1 1 0
        let trial = forced(1.0, [0.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(trial.steps, 2200);
        let column = |name: &str| -> Vec<f64> {
            (1..=5).map(|k| trial.outline.value(&format!("{name} {k}")).unwrap()).collect()
        };
        assert_eq!(column("rule"), [0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(column("label"), [1.0, 1.0, 0.0, 1.0, 0.0]);
        let ideal = [1, 0, 0, 0, 0];
        assert_eq!(column("ideal"), ideal.map(|i| i as f64));
        for k in 0..2200 {
            let (u, y, m) = (&trial.inputs[4 * k..][..4], &trial.targets[2 * k..][..2], &trial.mask[2 * k..][..2]);
            let (i, within) = if k < 200 { (0, 400) } else { ((k - 200) / 400, (k - 200) % 400) };
            let mut expected = [0.0; 4];
            if within < 100 {
                expected[[0, 1, 0, 0, 1][i]] = 1.0;
            }
            assert_eq!(u, expected, "{k}");
            let counts = (120..200).contains(&within);
            assert_eq!(m, [f32::from(u8::from(counts)); 2], "{k}");
            let mut target = [0.0; 2];
            if counts {
                target[ideal[i]] = 1.0;
            }
            assert_eq!(y, target);
        }
        let epoch = |name: &str| trial.outline.epoch(name).map(|e| (e.start.as_ms(), e.end.as_ms()));
        assert_eq!(epoch("response 1"), Some((1500.0, 2000.0)));
        assert_eq!(epoch("feedback 5"), Some((10_000.0, 10_500.0)));
        assert_eq!((epoch("wait 5"), epoch("response")), (Some((10_500.0, 11_000.0)), None));
    }

    #[test]
    fn feedback_follows_the_choice_and_the_rule_that_holds() {
        let (task, trial) = (task(), forced(4.0, [0.0; 5])); // 10000, always L: right is 0 1 1 1 1
        for step in 1..=trial.steps {
            for choice in 0..2 {
                let mut outputs = [0.2; 2];
                outputs[choice] = 0.8;
                let mut said = Vec::new();
                task.answer(&trial.outline, DT * step as f64, &outputs, &mut |a| said.push(a));
                // the last sample of a response: 400, 800 …
                if step < 400 || !step.is_multiple_of(400) {
                    assert!(said.is_empty());
                    continue;
                }
                let right = choice == usize::from(step > 400);
                let (start, end) = (DT * step as f64, DT * (step + 100) as f64);
                assert_eq!(said, [Answer { channel: if right { 2 } else { 3 }, value: 1.0, start, end }]);
            }
        }
    }

    #[test]
    fn observers_score_what_they_should() {
        let task = task();
        for dt in [DT, ms(50.0)] {
            assert_eq!(tryout::ideal(&task, 40, dt, 0.0), 100.0);
        }
        let score = tryout::random(&task, 40, ms(20.0));
        // 40 sessions × 100 samples: s.e. 0.8
        assert!((score - task.chance()).abs() < 4.0, "{score}");
        // One that goes by rule 0 for ever is right after a trial of rule 0 and in the first: the
        // sequences without their last trial have 16 ones in 32, so it is right in 8 + 16 of 40.
        let stubborn = tryout::performance(&task, 40, DT, 0.0, &mut |_, seen| {
            let silent: Vec<f32> = seen.inputs.chunks_exact(4).flat_map(|u| [u[0], u[1], 0.0, 0.0]).collect();
            task.ideal_observer(&Seen { inputs: &silent, ..*seen })
        });
        assert!((stubborn - 60.0).abs() < 1e-9, "{stubborn}");
        let limits = [0.05, 0.5].map(|noise| task.noise_limit(noise, ms(20.0)));
        assert!(limits[0] > 99.9 && limits[1] < 90.0, "{limits:?}");
    }

    #[test]
    fn each_trial_weighs_the_same_whatever_its_length() {
        let task = task();
        for batch in 0..50 {
            let at = |index| Request { batch: 40 * batch, ..Request::new(Set::Training, index, DT) };
            let one = trial(&task, &at(3), 1);
            assert_eq!(one.outline.epochs, task.outline(&at(17), &mut stream(&at(17), 1)).epochs);
            for k in 1..=5 {
                let e = one.outline.epoch(&format!("response {k}")).unwrap();
                let length = (e.end - e.start).as_ms();
                assert!((400.0..600.0).contains(&length));
                let samples = e.start.steps(DT)..e.end.steps(DT);
                let weight: f32 = one.mask[2 * samples.start..2 * samples.end].iter().sum();
                assert!((weight - 160.0).abs() < 1e-3, "{weight}");
            }
            let (least, most) = task.lengths(Set::Training, DT);
            assert!((least..=most).contains(&one.steps));
            // the same session at half the step
            let half = trial(&task, &Request { dt: DT * 0.5, ..at(3) }, 1);
            assert_eq!((half.outline.epochs, 2 * one.steps), (one.outline.epochs, half.steps));
        }
        assert_eq!(task.lengths(Set::Test, DT), (2200, 2200));
        assert_eq!(task.lengths(Set::Training, DT), (200 + 20 * 80, 200 + 20 * 119));
    }

    #[test]
    fn settings_that_make_no_session_are_refused() {
        let wrong = [
            ("sample", Given::Number(0.0)),
            ("jitter", Given::Number(500.0)),
            ("settle", Given::Number(400.0)),
            ("warm_up", Given::Number(-1.0)),
            ("sequences", Given::Words(vec!["01", "011"])),
            ("sequences", Given::Words(vec!["012"])),
            ("sequences", Given::Words(vec![])),
        ];
        for (key, value) in wrong {
            let error = RuleReversal::from_settings(&mut Section(vec![(key, value)])).expect_err(key);
            assert!(matches!((&error.place, &error.why, &error.remedy), (Some(_), Some(_), Some(_))), "{error}");
        }
    }
}
