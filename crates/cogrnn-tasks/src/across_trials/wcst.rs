//! The Wisconsin Card Sorting Test, in the form of the companion program of Soo, Goudar & Wang (2023).
//!
//! ```text
//!              sample1 … sample4   response  feedback  wait     × 50
//!             ├── 4 × 250 ms ────┼── 500 ──┼── 500 ──┼── 500 ─┤
//! test card    ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔                                 a feature in each of three dimensions
//! reference    card 1, 2, 3, 4                                     card j has feature j in all three
//! action, outcome                           ▔▔▔▔▔▔▔▔               what was chosen, correct or not
//! consistent rules                                   ▔▔▔▔▔▔▔       auxiliary outputs, weight λ
//!
//! correct     the reference card that shares the test card's feature in the ruling dimension
//! blocks      a dimension rules for ⌊N(8, 2)⌋ trials, then one of the other two
//! ```
//!
//! The rule is never cued. The first two trials of each block do not count; in the others the response
//! is asked for the correct card, all of it. In `wait` the auxiliary outputs are asked which rules the
//! outcomes since the last change allow: y_j = v_j / Σ v, the same as softmax(1000 v), with
//!
//! ```text
//! v_j ← v_j [(1-s_j)(1-o) + s_j o]     s_j test and chosen card agree in dimension j; o outcome
//! ```
//!
//! and v = 1 at each change of rule. Their mask is λ (`rule_weight`) times the ratio of the samples of a
//! response to those of `wait`, so that Σ mask l is, up to one factor, Σ over the trials that count of the mean
//! cross-entropy of the choice, plus λ Σ over all trials of that of the rules, which is their KL
//! divergence and a constant. Never are both groups of outputs asked at once, so one softmax over all seven
//! serves both. Performance is the share of the samples that count in which the correct card is the
//! largest of the first four outputs.
//!
//! # Differences
//! - The program samples the choice from probabilities averaged over the response. A task of this
//!   program sees one sample of the outputs at a time, so the choice is drawn from those of the last
//!   sample of the response, relative to their sum (`choice = "sampled"`), or is the largest of them
//!   (`"largest"`). The random number of the draw belongs to the trial.
//! - The program takes the cross-entropy of the averaged probabilities; this is the average of the
//!   cross-entropies of the samples, which is never smaller.
//! - What the outcomes allow depends on what the network chose, and targets are written before the network
//!   runs. The choices in v are therefore those of the ideal observer in the same session. With
//!   `rule_weight` 0, as in the last nine of the thirteen stages of the program and by default, nothing
//!   depends on this.
//! - Left open by the source: which dimension rules next (one of the other two, evenly), the order of
//!   the channels of the outcome (correct, incorrect), and how long the network runs before the first
//!   trial (one step, as in `reversal-2afc`).

use super::session::{Blocks, Course, judge, read_warm_up};
use crate::stretches;
use crate::tryout;
use cogrnn_core::error::Result;
use cogrnn_core::names::intern;
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Answer, Conditions, Outline, Performance, Request, Sample, Scores, Seen, Set, Task, argmax};
use cogrnn_core::units::{Time, ms};

const DIMENSIONS: usize = 3;
/// Features of a dimension, reference cards, choices.
const CARDS: usize = 4;

// Channels: a feature f of dimension d is 4 d + f among the twelve of a card.
const TEST: usize = DIMENSIONS * CARDS;
const ACTION: usize = 2 * TEST;
const CORRECT: usize = ACTION + CARDS;
const INCORRECT: usize = CORRECT + 1;
const CHANNELS: usize = INCORRECT + 1;
/// Choices, then rules.
const OUTPUTS: usize = CARDS + DIMENSIONS;

// Parts of a trial; the first four show the reference cards.
const RESPONSE: usize = CARDS;
const FEEDBACK: usize = CARDS + 1;
const WAIT: usize = CARDS + 2;

/// Columns of one trial in the table, after `switches`.
const COLUMNS: [&str; 7] = ["rule", "feature1", "feature2", "feature3", "label", "counts", "draw"];
const LABEL: usize = 4;
const DRAW: usize = 6;

/// Sessions that a limit is drawn from.
const DRAWS: usize = 40;

/// A test card: its feature in each dimension.
type Card = [usize; DIMENSIONS];

/// Who keeps the rules that no outcome has spoken against.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reasoner {
    allowed: [bool; DIMENSIONS],
}

impl Reasoner {
    const OPEN: Reasoner = Reasoner { allowed: [true; DIMENSIONS] };

    /// v_j ← v_j [(1-s_j)(1-o) + s_j o].
    fn learn(&mut self, card: &Card, choice: usize, correct: bool) {
        for (allowed, feature) in self.allowed.iter_mut().zip(card) {
            *allowed &= (*feature == choice) == correct;
        }
    }

    /// The same for one who is not told when the rule changes: where nothing is left it has changed.
    fn find_out(&mut self, card: &Card, choice: usize, correct: bool) {
        self.learn(card, choice, correct);
        if !self.allowed.contains(&true) {
            *self = Reasoner::OPEN;
            self.learn(card, choice, correct);
        }
    }

    /// The card that most of the allowed rules ask for, the first of equals.
    fn choose(&self, card: &Card) -> usize {
        let mut votes = [0; CARDS];
        for (allowed, feature) in self.allowed.iter().zip(card) {
            votes[*feature] += usize::from(*allowed);
        }
        (0..CARDS).fold(0, |best, k| if votes[k] > votes[best] { k } else { best })
    }

    /// v_j / Σ v; evenly where nothing is allowed.
    fn shares(&self) -> [f32; DIMENSIONS] {
        let count = self.allowed.iter().filter(|a| **a).count();
        self.allowed.map(|a| if count == 0 { 1.0 / DIMENSIONS as f32 } else { f32::from(u8::from(a)) / count as f32 })
    }
}

/// The task `wcst`.
///
/// The table of trials has `switches` and for each trial k `rule k` (0 … 2, the ruling dimension), `feature1 k` …
/// `feature3 k` of the test card, `label k` (the correct card, 0 … 3), `counts k` (0 in the first two trials of a
/// block) and `draw k` (the random number of the choice). A caller may force `rule 1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Wcst {
    course: Course,
    blocks: Blocks,
    rule_weight: f64,
    sampled: bool,
    /// (trial × columns): their names.
    columns: Vec<[&'static str; COLUMNS.len()]>,
}

impl Wcst {
    /// From a section of an experiment file; every default is that of the last stages of the companion program.
    ///
    /// # Errors
    /// When a setting makes no session.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<Wcst> {
        let s = settings;
        let card = s.positive_time("card", ms(250.0), "each of the four reference cards, beside the test card")?;
        let mut parts: Vec<(&'static str, Time)> =
            ["sample1", "sample2", "sample3", "sample4"].map(|name| (name, card)).to_vec();
        parts.push(("response", s.positive_time("response", ms(500.0), "time to respond")?));
        parts.push(("feedback", s.positive_time("feedback", ms(500.0), "action and outcome")?));
        parts.push(("wait", s.positive_time("wait", ms(500.0), "until the next trial")?));
        let warm_up = read_warm_up(s, ms(10.0))?;
        let trials = s.positive_count("trials", 50, "trials of a session")?;
        let blocks = Blocks::from_settings(s, 8.0, 2.0)?;
        let about = "λ: how much the auxiliary outputs, which rules are still possible, count beside the choice";
        let rule_weight = s.number_in("rule_weight", 0.0, 0.0, f64::MAX, about)?;
        let about = "whether the choice is drawn from the first four outputs or is the largest of them";
        let sampled = s.word("choice", "sampled", &["sampled", "largest"], about)? == "sampled";
        let columns = (1..=trials).map(|k| COLUMNS.map(|c| intern(&format!("{c} {k}")))).collect();
        let course = Course::new(warm_up, parts, RESPONSE, ms(0.0), trials, (CHANNELS, OUTPUTS));
        Ok(Wcst { course, blocks, rule_weight, sampled, columns })
    }

    /// The card that outputs choose, by the random number of the trial.
    fn choice(&self, outputs: &[f32], draw: f64) -> usize {
        let cards = &outputs[..CARDS];
        let total: f64 = cards.iter().map(|z| f64::from(z.max(0.0))).sum();
        if !self.sampled || total <= 0.0 || !total.is_finite() {
            return argmax(cards);
        }
        let mut sum = 0.0;
        for (card, z) in cards.iter().enumerate() {
            sum += f64::from(z.max(0.0));
            if draw * total < sum {
                return card;
            }
        }
        argmax(cards) // rounding left the sum below the draw
    }

    /// What the outcomes since the last change of rule allow after each trial, for the ideal observer.
    fn evidence(&self, cards: &[Card], labels: &[usize], first: &[bool]) -> Vec<[f32; DIMENSIONS]> {
        let (mut told, mut observer) = (Reasoner::OPEN, Reasoner::OPEN);
        let trials = cards.iter().zip(labels).zip(first);
        trials
            .map(|((card, label), first)| {
                if *first {
                    told = Reasoner::OPEN;
                }
                let choice = observer.choose(card);
                told.learn(card, choice, choice == *label);
                observer.find_out(card, choice, choice == *label);
                told.shares()
            })
            .collect()
    }
}

impl Task for Wcst {
    fn name(&self) -> &'static str {
        "wcst"
    }

    fn inputs(&self) -> Vec<&'static str> {
        let mut names = Vec::with_capacity(CHANNELS);
        for card in ["reference", "test"] {
            for d in 1..=DIMENSIONS {
                names.extend((1..=CARDS).map(|f| intern(&format!("{card} {d}.{f}"))));
            }
        }
        names.extend((1..=CARDS).map(|k| intern(&format!("action {k}"))));
        names.extend(["correct", "incorrect"]);
        names
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["card 1", "card 2", "card 3", "card 4", "rule 1", "rule 2", "rule 3"]
    }

    /// None: each session is drawn.
    fn conditions(&self) -> Conditions {
        Conditions::default()
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let trials = self.course.trials;
        let cards: Vec<Card> = (0..trials).map(|_| std::array::from_fn(|_| stream.below(CARDS))).collect();
        let draws: Vec<f64> = (0..trials).map(|_| stream.uniform()).collect();
        let mut rule = (request.or("rule 1", stream.below(DIMENSIONS) as f64).max(0.0) as usize).min(DIMENSIONS - 1);
        let (mut rules, mut places) = (Vec::with_capacity(trials), Vec::with_capacity(trials));
        while rules.len() < trials {
            for k in 0..self.blocks.draw(stream).min(trials - rules.len()) {
                rules.push(rule);
                places.push(k);
            }
            rule = (rule + 1 + stream.below(DIMENSIONS - 1)) % DIMENSIONS;
        }
        let labels: Vec<usize> = cards.iter().zip(&rules).map(|(card, r)| card[*r]).collect();
        let first: Vec<bool> = places.iter().map(|k| *k == 0).collect();
        let asked: Vec<Option<usize>> = labels.iter().zip(&places).map(|(l, k)| (*k >= 2).then_some(*l)).collect();
        let evidence = self.evidence(&cards, &labels, &first);

        let epochs = self.course.epochs(request.dt, |mean| mean);
        let steps = |part: usize| self.course.parts[part].1.steps(request.dt).max(1) as f64;
        let weight = (self.rule_weight * steps(RESPONSE) / steps(WAIT)) as f32;
        let show = |trial: usize, part: usize, inputs: &mut [f32], targets: &mut [f32], mask: &mut [f32]| {
            if part < CARDS {
                for (d, feature) in cards[trial].iter().enumerate() {
                    inputs[d * CARDS + part] = 1.0;
                    inputs[TEST + d * CARDS + feature] = 1.0;
                }
            } else if part == WAIT && weight > 0.0 {
                targets[CARDS..].copy_from_slice(&evidence[trial]);
                mask[CARDS..].fill(weight);
            }
        };
        let script = self.course.script(&epochs, request.dt, &asked, CARDS, show);
        let mut info = vec![("switches", first.iter().filter(|f| **f).count() as f64 - 1.0)];
        for (i, columns) in self.columns.iter().enumerate() {
            let [a, b, c] = cards[i].map(|f| f as f64);
            let counts = f64::from(u8::from(asked[i].is_some()));
            let values = [rules[i] as f64, a, b, c, labels[i] as f64, counts, draws[i]];
            info.extend(columns.iter().copied().zip(values));
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
        self.course.score(outline, t, &outputs[..CARDS], scores);
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
        let columns = &outline.info[1 + trial * COLUMNS.len()..][..COLUMNS.len()];
        let choice = self.choice(outputs, columns[DRAW].1);
        let correct = choice as f64 == columns[LABEL].1;
        let feedback = &outline.epochs[self.course.place(trial, FEEDBACK)];
        for channel in [ACTION + choice, if correct { CORRECT } else { INCORRECT }] {
            say(Answer { channel, value: 1.0, start: feedback.start, end: feedback.end });
        }
    }

    /// Keeps the rules that no outcome has spoken against, all anew when none is left, and chooses the
    /// card that most of them ask for. It reads each sample by itself, against half the height of an
    /// input, and never looks ahead.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let (mut known, mut card) = (Reasoner::OPEN, [0; DIMENSIONS]);
        // What is known is brought up to date once in each feedback.
        let mut told = false;
        let mut answer = vec![0.0; seen.steps * OUTPUTS];
        for (u, z) in seen.inputs.chunks_exact(CHANNELS).zip(answer.chunks_exact_mut(OUTPUTS)) {
            let on = |channel: usize| u[channel] - seen.baseline > 0.5;
            for (d, feature) in card.iter_mut().enumerate() {
                let shown = (0..CARDS).find(|f| on(TEST + d * CARDS + f));
                *feature = shown.unwrap_or(*feature);
            }
            let outcome = on(CORRECT) || on(INCORRECT);
            if outcome && !told {
                let action = argmax(&u[ACTION..CORRECT]);
                known.find_out(&card, action, on(CORRECT));
            }
            told = outcome;
            z[known.choose(&card)] = 1.0;
            z[CARDS..].copy_from_slice(&known.shares());
        }
        answer
    }

    /// What the observer of this task scores over 40 drawn sessions. It is below 100 without noise too:
    /// two outcomes do not always settle which of three rules holds, nor show at once that it changed.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        tryout::ideal(self, DRAWS, dt, noise)
    }

    fn chance(&self) -> f64 {
        100.0 / CARDS as f64
    }

    fn lengths(&self, _: Set, dt: Time) -> (usize, usize) {
        self.course.lengths(dt, |mean| mean, |mean| mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, trial};
    use cogrnn_core::settings::Defaults;

    const DT: Time = ms(10.0);

    fn with(settings: &[(&'static str, Given)]) -> Wcst {
        Wcst::from_settings(&mut Section(settings.to_vec())).unwrap()
    }

    fn short() -> Vec<(&'static str, Given)> {
        vec![
            ("trials", Given::Number(5.0)),
            ("block_mean", Given::Number(4.0)),
            ("block_sd", Given::Number(0.0)),
            ("rule_weight", Given::Number(0.5)),
        ]
    }

    #[test]
    fn a_golden_session() {
        let task = with(&short());
        let trial = trial(&task, &Request::new(Set::Test, 0, DT), 1);
        // a warm-up of one step, then 4 × 25 + 50 + 50 + 50 steps a trial
        assert_eq!((trial.steps, task.inputs().len()), (1 + 5 * 250, 30));
        let value = |name: String| trial.outline.value(&name).unwrap() as usize;
        for k in 0..trial.steps {
            let (i, within) = if k == 0 { (0, 249) } else { ((k - 1) / 250, (k - 1) % 250) };
            let card: Card = std::array::from_fn(|d| value(format!("feature{} {}", d + 1, i + 1)));
            assert_eq!(value(format!("label {}", i + 1)), card[value(format!("rule {}", i + 1))]);
            let mut expected = [0.0; 30];
            if within < 100 {
                for d in 0..3 {
                    expected[4 * d + within / 25] = 1.0;
                    expected[12 + 4 * d + card[d]] = 1.0;
                }
            }
            assert_eq!(trial.inputs[30 * k..][..30], expected, "{k}");
            let mut mask = [0.0; 7];
            // trials 3 and 4 of the first block count, 1, 2 and the first of the next block do not
            if (i == 2 || i == 3) && (100..150).contains(&within) {
                mask[..4].fill(1.0);
                assert_eq!(argmax(&trial.targets[7 * k..][..7]), value(format!("label {}", i + 1)));
            }
            if k > 0 && within >= 200 {
                mask[4..].fill(0.5);
                let sum: f32 = trial.targets[7 * k + 4..][..3].iter().sum();
                assert!((sum - 1.0).abs() < 1e-6);
            }
            assert_eq!(trial.mask[7 * k..][..7], mask, "{k}");
        }
        assert_ne!(value("rule 5".into()), value("rule 4".into()));
        assert_eq!(trial.outline.value("switches"), Some(1.0));
    }

    #[test]
    fn outcomes_leave_the_rules_that_they_allow() {
        let mut known = Reasoner::OPEN;
        assert_eq!(known.choose(&[2, 1, 2]), 2);
        known.learn(&[2, 1, 2], 2, true);
        assert_eq!(known.allowed, [true, false, true]);
        assert_eq!(known.shares(), [0.5, 0.0, 0.5]);
        known.find_out(&[3, 3, 0], 3, false);
        assert_eq!(known.allowed, [false, false, true]);
        // against the last one: the rule has changed
        known.find_out(&[1, 0, 2], 2, false);
        assert_eq!(known.allowed, [true, true, false]);
    }

    #[test]
    fn the_choice_is_drawn_or_the_largest() {
        let outputs = [0.1, 0.4, 0.3, 0.0, 0.9, 0.9, 0.9]; // of 0.8
        let sampled = with(&[]);
        for (draw, card) in [(0.0, 0), (0.12, 0), (0.13, 1), (0.62, 1), (0.63, 2), (0.999, 2)] {
            assert_eq!(sampled.choice(&outputs, draw), card, "{draw}");
        }
        let largest = with(&[("choice", Given::Word("largest"))]);
        assert!([0.0, 0.5, 0.999].iter().all(|draw| largest.choice(&outputs, *draw) == 1));
        assert_eq!(sampled.choice(&[0.0; 7], 0.9), 0);
    }

    #[test]
    fn feedback_follows_the_choice() {
        let task = with(&short());
        let trial = trial(&task, &Request::new(Set::Test, 0, DT), 1);
        let label = trial.outline.value("label 2").unwrap() as usize;
        for choice in 0..4 {
            let mut outputs = [0.0; 7];
            outputs[choice] = 1.0;
            let mut said = Vec::new();
            // the response of trial 2 ends at sample 1 + 250 + 150
            task.answer(&trial.outline, DT * 401.0, &outputs, &mut |a| said.push((a.channel, a.start, a.end)));
            let (start, end) = (DT * 401.0, DT * 451.0);
            assert_eq!(said, [(24 + choice, start, end), (if choice == label { 28 } else { 29 }, start, end)]);
            task.answer(&trial.outline, DT * 402.0, &outputs, &mut |_| panic!("too late"));
        }
    }

    #[test]
    fn observers_score_what_they_should() {
        let task = Wcst::from_settings(&mut Defaults).unwrap();
        assert_eq!(task.course.lengths(DT, |t| t, |t| t), (12_501, 12_501));
        let limit = task.noise_limit(0.0, ms(50.0));
        println!("the ideal observer reaches {limit:.1} %");
        assert!((88.0..100.0).contains(&limit), "{limit}");
        assert!((tryout::ideal(&task, 10, DT, 0.0) - tryout::ideal(&task, 10, ms(50.0), 0.0)).abs() < 1e-9);
        assert!(task.noise_limit(0.5, ms(50.0)) < limit - 5.0);
        let score = tryout::random(&task, 10, ms(50.0));
        assert!((score - 25.0).abs() < 3.0, "{score}"); // 3,600 samples: s.e. 0.7
    }

    /// The auxiliary targets are what the ideal observer can tell, in a block whose beginning it knows.
    #[test]
    fn in_the_first_block_the_observer_meets_the_auxiliary_targets() {
        let mut settings = short();
        settings[1].1 = Given::Number(9.0);
        let task = with(&settings);
        for index in 0..20 {
            let trial = trial(&task, &Request::new(Set::Test, index, ms(50.0)), 1);
            let mut inputs = trial.inputs.clone();
            let mut z = Vec::new();
            for step in 1..=trial.steps {
                z = task.ideal_observer(&Seen { inputs: &inputs, steps: trial.steps, dt: trial.dt, baseline: 0.0 });
                let t = trial.dt * step as f64;
                task.answer(&trial.outline, t, &z[7 * (step - 1)..7 * step], &mut |a| {
                    for k in a.start.steps(trial.dt)..a.end.steps(trial.dt) {
                        inputs[30 * k + a.channel] += a.value;
                    }
                });
            }
            for k in 0..trial.steps {
                if trial.mask[7 * k + 4] > 0.0 {
                    assert_eq!(z[7 * k + 4..][..3], trial.targets[7 * k + 4..][..3], "{index} {k}");
                }
            }
        }
    }

    #[test]
    fn settings_that_make_no_session_are_refused() {
        for (key, value) in
            [("card", 0.0), ("trials", 0.0), ("block_mean", 0.0), ("rule_weight", -1.0), ("warm_up", -1.0)]
        {
            let error = Wcst::from_settings(&mut Section(vec![(key, Given::Number(value))])).expect_err(key);
            assert!(matches!((&error.place, &error.why, &error.remedy), (Some(_), Some(_), Some(_))), "{error}");
        }
    }
}
