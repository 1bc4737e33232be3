//! Settings, trials and scores of `yang2019`.

use super::observer;
use super::ring::{self, Decoder};
use super::rules::{Family, NAMES, RULES, Rule, Stimuli, Structure};
use crate::durations::{jittered, longest_jittered};
use crate::{stretches, tryout};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::names::intern;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Epoch, Outline, Performance, Request, Sample, Scores, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};
use std::f64::consts::PI;

/// Input channels: fixation, two rings, a cue for each rule.
pub(super) const CHANNELS: usize = 1 + 2 * ring::UNITS + RULES.len();
/// Outputs: fixation and a ring.
pub(super) const OUTPUTS: usize = 1 + ring::UNITS;
/// First channel of the cues.
pub(super) const CUES: usize = 1 + 2 * ring::UNITS;

// What a stretch of the script holds after inputs, targets and mask.
const NOTES: usize = CHANNELS + 2 * OUTPUTS;
/// 0: nothing counts; 1: before the response; 2: the response.
const WINDOW: usize = NOTES;
/// What one sample counts for in the trial's own P.
const SHARE: usize = NOTES + 1;
/// The angle that the target's population vector has; -1 where the response is withheld.
const ANGLE: usize = NOTES + 2;
const WIDTH: usize = NOTES + 3;

/// Targets, Soo et al. 2023.
pub(super) const HIGH: f32 = 0.85;
pub(super) const LOW: f32 = 0.05;
/// A response within this of the target is right, Soo et al. 2023.
const TOLERANCE: f64 = 0.2 * PI;
/// Fixation is held above and let go of below, Soo et al. 2023.
const HALF: f32 = 0.5;
/// Training trials of each rule where rules come one after another; ours.
const RULE_TRIALS: usize = 20_000;

/// Trials that a limit is drawn from, at least.
const DRAWS: usize = 100;

/// How long an epoch lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Short,
    Long,
    Response,
}

/// Epochs after the warm-up.
fn epochs(structure: Structure) -> &'static [(&'static str, Span)] {
    use Span::{Long, Response, Short};
    match structure {
        Structure::Immediate => &[("fixation", Short), ("stimulus", Short), ("response", Response)],
        Structure::Reaction => &[("fixation", Short), ("fixation2", Short), ("response", Response)],
        Structure::Delayed => &[("fixation", Short), ("stimulus", Short), ("delay", Long), ("response", Response)],
        Structure::Comparison => {
            &[("fixation", Short), ("stimulus1", Short), ("delay", Long), ("stimulus2", Short), ("response", Response)]
        }
    }
}

/// Jittered epochs of the longest structure.
const JITTERED: usize = 4;

/// The task `yang2019`.
///
/// The table of trials has the columns `rule` (0 … 19, in the order of the cues), `modality1`, `modality2`
/// (1 or 2; of the attended stimulus where there are two), `angle1`, `angle2` (degrees), `strength1`,
/// `strength2` (in that modality), `other1`, `other2` (in the other one), `match` (1 or 0) and `response`
/// (degrees, the correct one). Where a column has no meaning it is -1: `modality2` and `angle2` of a
/// rule with one stimulus, `match` of a rule that does not ask for it, and `response` where fixation is
/// to be held. A caller may force every column but `response`, as far as the rule has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Yang2019 {
    /// Numbers of the rules.
    pub(super) rules: Vec<usize>,
    /// How often each is drawn; they sum to 1.
    weights: Vec<f64>,
    order: Order,
    short: Time,
    long: Time,
    jitter: Time,
    response: Time,
    settle: Time,
    warm_up: Time,
    pub(super) compat: bool,
    decoder: Decoder,
}

/// How several rules come in training.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    /// Each batch draws its rule.
    Interleaved,
    /// Each trial does.
    Mixed,
    /// One after another, each for this many trials on average, and the last for ever.
    Sequential(f64),
}

/// The numbers of rules by name.
fn read_rules(s: &mut dyn Settings) -> Result<Vec<usize>> {
    let number = |name: &str| NAMES.iter().position(|n| *n == name);
    let several = s.strings("rules", &[], "several rules instead of one, or \"all\" of the twenty")?;
    if several.is_empty() {
        let rule = s.word("rule", "go", &NAMES, "the one rule that is trained")?;
        return Ok(number(&rule).into_iter().collect());
    }
    // `rule` is not asked for here, so that an experiment with all its defaults does not give both.
    if s.given("rule") {
        return Err(s.blame(
            "rules",
            Error::input("both `rule` and `rules` are given")
                .why("`rule` trains one and `rules` trains several")
                .remedy("leave one of them out"),
        ));
    }
    if several == ["all"] {
        return Ok((0..RULES.len()).collect());
    }
    let mut rules = Vec::new();
    for name in &several {
        let Some(rule) = number(name) else {
            return Err(s.blame(
                "rules",
                Error::input(format!("there is no rule `{name}`"))
                    .why(format!("the rules are {}", NAMES.join(", ")))
                    .remedy("choose among these, or write rules = [\"all\"]"),
            ));
        };
        if rules.contains(&rule) {
            return Err(s.blame(
                "rules",
                Error::input(format!("`{name}` comes twice in `rules`"))
                    .why("a check goes through each rule once")
                    .remedy("name it once; `weights` says how often it is trained"),
            ));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// How often each rule is drawn.
fn read_weights(s: &mut dyn Settings, rules: usize) -> Result<Vec<f64>> {
    let weights = s.numbers("weights", &[], "how often each of `rules` is trained, relative; left out: equally")?;
    if weights.is_empty() {
        return Ok(vec![1.0 / rules as f64; rules]);
    }
    let sum: f64 = weights.iter().sum();
    let why = if weights.len() != rules {
        Some(format!("there are {} for {rules} rules", weights.len()))
    } else if !weights.iter().all(|w| *w >= 0.0 && w.is_finite()) {
        Some("no rule can be drawn less often than never".to_string())
    } else if sum <= 0.0 {
        Some("then no rule would ever be drawn".to_string())
    } else {
        None
    };
    match why {
        None => Ok(weights.iter().map(|w| w / sum).collect()),
        Some(why) => Err(s.blame(
            "weights",
            Error::input(format!("`weights` is {weights:?}")).why(why).remedy("give one weight for each of `rules`"),
        )),
    }
}

impl Yang2019 {
    /// From a section of an experiment file; every default is that of Soo et al. (2023).
    ///
    /// # Errors
    /// When a setting makes no trial: a rule that is not known, weights that do not fit, times that
    /// leave nothing of an epoch.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<Yang2019> {
        let s = settings;
        let rules = read_rules(s)?;
        let weights = read_weights(s, rules.len())?;
        let about = "of several rules: one for each batch (interleaved), one for each trial (mixed), or one \
                     after another (sequential), the last for ever";
        let words = ["interleaved", "mixed", "sequential"];
        let word = s.word("order", "interleaved", &words, about)?;
        let about = "training trials of each rule before the next, in sequential order; `weights` make some longer";
        let each = s.positive_count("rule_trials", RULE_TRIALS, about)?;
        let order = match word.as_str() {
            "mixed" => Order::Mixed,
            "sequential" => Order::Sequential(each as f64),
            _ => Order::Interleaved,
        };
        // A resolved experiment lists what has no effect here, as it would be without being given.
        if each != RULE_TRIALS && word != "sequential" {
            return Err(s.blame(
                "rule_trials",
                Error::input("`rule_trials` has no effect")
                    .why(format!("rules come one after another only if `order` is \"sequential\"; it is \"{word}\""))
                    .remedy("leave it out, or set order = \"sequential\""),
            ));
        }
        let short = s.positive_time("short", ms(500.0), "fixation, and a stimulus")?;
        let long = s.positive_time("long", ms(1000.0), "delay")?;
        let response = s.positive_time("response", ms(500.0), "time to respond")?;
        let about = "in training, fixation, stimuli and delay last their time ± this, the same for a batch";
        let jitter = time_below(s, "jitter", ms(100.0), about, if short < long { short } else { long }, "an epoch")?;
        let about = "what does not count, after the warm-up and at the beginning of the response";
        // Both epochs before the response, at their shortest, must leave something that counts.
        let before = (short - jitter) * 2.0;
        let room = if before < response { before } else { response };
        let settle = time_below(s, "settle", ms(200.0), about, room, "a window that counts")?;
        let about = "the network runs for this long with the cue alone before a trial begins";
        let warm_up = time_below(s, "warm_up", ms(1000.0), about, ms(f64::INFINITY), "a warm-up")?;
        let about = "the rules of the program of Soo et al.: dnms, dnmc not inverted, dmc non-matches always \
                     from category 1 to 2, a ring target of 0 where the response is withheld";
        let compat = s.flag("compat", false, about)?;
        let decoder = Decoder::default();
        Ok(Yang2019 { rules, weights, order, short, long, jitter, response, settle, warm_up, compat, decoder })
    }

    /// The rule that a number draws, uniform between 0 and 1: its place among `rules`; from 1 on it is the last.
    fn drawn(&self, u: f64) -> usize {
        let mut sum = 0.0;
        for (place, w) in self.weights.iter().enumerate() {
            sum += w;
            if u < sum {
                return place;
            }
        }
        // rounding left the sum below u
        self.weights.iter().rposition(|w| *w > 0.0).unwrap_or(0)
    }

    /// The warm-up and what follows it; `length` says how long the k-th jittered epoch lasts.
    fn timing(&self, structure: Structure, dt: Time, mut length: impl FnMut(usize, Time) -> Time) -> Vec<Epoch> {
        // Each duration is rounded down by itself, as in the reference.
        let mut now = self.warm_up.floor_to(dt);
        let mut all = vec![Epoch { name: "warm_up", start: ms(0.0), end: now }];
        for (k, &(name, span)) in epochs(structure).iter().enumerate() {
            let lasts = match span {
                Span::Short => length(k, self.short),
                Span::Long => length(k, self.long),
                Span::Response => self.response,
            };
            let start = now;
            now = start + lasts.floor_to(dt);
            all.push(Epoch { name, start, end: now });
        }
        all
    }

    /// Samples, targets, mask and notes.
    fn script(&self, number: usize, stimuli: &Stimuli, epochs: &[Epoch], dt: Time) -> Script {
        let rule = &RULES[number];
        let [warm_up, .., response] = epochs else { return Script::default() };
        let settle = self.settle.floor_to(dt);
        let windows = [(warm_up.end + settle, response.start), (response.start + settle, response.end)];
        let steps = windows.map(|(a, b)| (b - a).steps(dt).max(1) as f64);
        let mut ends: Vec<Time> = epochs.iter().map(|e| e.end).collect();
        ends.extend(windows.map(|w| w.0));

        let mut target = [LOW; OUTPUTS];
        match stimuli.response {
            Some(angle) => {
                for (i, y) in target[1..].iter_mut().enumerate() {
                    *y += ring::bump(angle, i) as f32;
                }
            }
            None => {
                if self.compat {
                    target.fill(0.0);
                }
                target[0] = HIGH;
            }
        }
        let angle = stimuli.response.map_or(-1.0, |_| self.decoder.angle(&target[1..]));
        let mut rings = [[0.0; 2 * ring::UNITS]; 2];
        (0..2).for_each(|k| stimuli.show(k, &mut rings[k]));

        stretches::write(ends, WIDTH, |middle, values| {
            let (inputs, rest) = values.split_at_mut(CHANNELS);
            let (targets, rest) = rest.split_at_mut(OUTPUTS);
            let (mask, notes) = rest.split_at_mut(OUTPUTS);
            let name = epochs.iter().find(|e| e.start < middle && middle < e.end).map_or("", |e| e.name);
            let reaction = rule.structure == Structure::Reaction;
            inputs[CUES + number] = 1.0;
            inputs[0] = f32::from(u8::from(name != "warm_up" && (name != "response" || reaction)));
            let show = match name {
                "stimulus" => [true, true],
                "stimulus1" => [true, false],
                "stimulus2" => [false, true],
                "response" => [reaction, reaction],
                _ => [false, false],
            };
            for (ring, _) in rings.iter().zip(show).filter(|(_, show)| *show) {
                for (u, g) in inputs[1..CUES].iter_mut().zip(ring) {
                    *u += g;
                }
            }
            for (k, (start, end)) in windows.into_iter().enumerate().filter(|(_, (a, b))| *a < middle && middle < *b) {
                if k == 0 {
                    targets.fill(LOW);
                    targets[0] = HIGH;
                } else {
                    targets.copy_from_slice(&target);
                }
                debug_assert!(start < end);
                mask.fill((steps[1] / steps[k]) as f32);
                let weight = rule.structure.weight_before();
                let share = if k == 0 { weight } else { 1.0 - weight };
                notes[WINDOW - NOTES] = (k + 1) as f32;
                notes[SHARE - NOTES] = (share / steps[k]) as f32;
                notes[ANGLE - NOTES] = angle as f32;
            }
        })
    }

    /// P of one rule that f, h and g a have come to.
    fn weighed(rule: &Rule, before: f64, response: f64) -> f64 {
        let w = rule.structure.weight_before();
        100.0 * (w * before + (1.0 - w) * response)
    }
}

/// A time from zero on that must stay below another.
fn time_below(
    s: &mut dyn Settings,
    key: &'static str,
    default: Time,
    about: &'static str,
    room: Time,
    of: &str,
) -> Result<Time> {
    let time = s.time(key, default, about)?;
    if time >= ms(0.0) && time < room {
        return Ok(time);
    }
    let why = if time >= room {
        format!("nothing would be left of {of}, for which there are {room}")
    } else {
        "time does not run backwards".to_string()
    };
    let remedy = format!("the default is \"{default}\"");
    Err(s.blame(key, Error::input(format!("`{key}` is {time}")).why(why).remedy(remedy)))
}

impl Task for Yang2019 {
    fn name(&self) -> &'static str {
        "yang2019"
    }

    fn inputs(&self) -> Vec<&'static str> {
        let mut names = vec!["fixation"];
        for modality in 1..=2 {
            names.extend((0..ring::UNITS).map(|i| intern(&format!("ring {modality}.{i}"))));
        }
        names.extend(NAMES.map(|name| intern(&format!("cue {name}"))));
        names
    }

    fn outputs(&self) -> Vec<&'static str> {
        let mut names = vec!["fixation"];
        names.extend((0..ring::UNITS).map(|i| intern(&format!("response {i}"))));
        names
    }

    /// One row a rule; the stimuli are random in every set.
    fn conditions(&self) -> Conditions {
        Conditions { columns: vec!["rule"], rows: self.rules.iter().map(|r| vec![*r as f64]).collect() }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        // What a batch shares: the rule and one number for each jittered epoch. No other part of a run
        // draws from this purpose but tasks, and there is one task in a run.
        let mut shared = Address { seed: request.seed, purpose: Purpose::TrainingOrder, trial: request.batch }.stream();
        let (for_batch, for_trial) = (shared.uniform(), stream.uniform());
        let jitter: [f64; JITTERED] = std::array::from_fn(|_| shared.uniform());
        let training = request.set == Set::Training;
        let place = match training {
            true => match self.order {
                Order::Interleaved => self.drawn(for_batch),
                Order::Mixed => self.drawn(for_trial),
                Order::Sequential(each) => self.drawn(request.batch as f64 / (each * self.rules.len() as f64)),
            },
            false => request.index % self.rules.len(),
        };
        let number = (request.or("rule", self.rules[place] as f64).max(0.0) as usize).min(RULES.len() - 1);
        let rule = &RULES[number];
        let stimuli = Stimuli::draw(rule, self.compat, request, stream);
        let epochs = self.timing(rule.structure, request.dt, |k, mean| {
            if training { jittered(mean, self.jitter, jitter[k]) } else { mean }
        });

        let degrees = |angle: Option<f64>| angle.map_or(-1.0, f64::to_degrees);
        let modality = |k: usize| stimuli.angles[k].map_or(-1.0, |_| (stimuli.modalities[k] + 1) as f64);
        Outline {
            duration: epochs.last().map_or(ms(0.0), |e| e.end),
            info: vec![
                ("rule", number as f64),
                ("modality1", modality(0)),
                ("modality2", modality(1)),
                ("angle1", degrees(stimuli.angles[0])),
                ("angle2", degrees(stimuli.angles[1])),
                ("strength1", stimuli.strengths[0]),
                ("strength2", stimuli.strengths[1]),
                ("other1", stimuli.others[0]),
                ("other2", stimuli.others[1]),
                ("match", stimuli.matching.map_or(-1.0, |m| f64::from(u8::from(m)))),
                ("response", degrees(stimuli.response)),
            ],
            condition: self.rules.iter().position(|r| *r == number),
            choice: None,
            script: self.script(number, &stimuli, &epochs, request.dt),
            epochs,
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        if let Some(place) = stretches::place(&outline.script, t) {
            let values = stretches::values(&outline.script, place);
            sample.inputs.copy_from_slice(&values[..CHANNELS]);
            sample.targets.copy_from_slice(&values[CHANNELS..CHANNELS + OUTPUTS]);
            sample.mask.copy_from_slice(&values[CHANNELS + OUTPUTS..NOTES]);
        }
    }

    fn stays(&self, outline: &Outline, t: Time) -> Time {
        stretches::stays(&outline.script, t)
    }

    fn performance(&self) -> Performance {
        Performance::Samples
    }

    /// One rule: samples before the response that hold, and all; samples of the response, those that
    /// rightly hold, that rightly let go, that should, and of these those that point right. Several
    /// rules: the sum of the trials' P, and of the trials.
    fn score(&self, outline: &Outline, t: Time, outputs: &[f32], scores: &mut Scores) {
        let Some(place) = stretches::place(&outline.script, t) else { return };
        let values = stretches::values(&outline.script, place);
        let (window, share, target) = (values[WINDOW], f64::from(values[SHARE]), f64::from(values[ANGLE]));
        if window == 0.0 {
            return;
        }
        let (before, withheld) = (window == 1.0, target < 0.0);
        let (holds, lets_go) = (outputs[0] > HALF, outputs[0] < HALF);
        let points_right = || !withheld && ring::distance(self.decoder.angle(&outputs[1..]), target) < TOLERANCE;
        let one = |yes: bool| f64::from(u8::from(yes));
        if self.rules.len() > 1 {
            let right = if before || withheld { holds } else { lets_go && points_right() };
            scores[0] += share * one(right);
            scores[1] += share;
        } else if before {
            scores[0] += one(holds);
            scores[1] += 1.0;
        } else {
            scores[2] += 1.0;
            scores[3] += one(withheld && holds);
            scores[4] += one(!withheld && lets_go);
            scores[5] += one(!withheld);
            scores[6] += one(points_right());
        }
    }

    fn judge(&self, scores: &Scores) -> f64 {
        if self.rules.len() > 1 {
            return 100.0 * scores[0] / scores[1];
        }
        let [held, before, response, withheld, let_go, asked, pointed, _] = *scores;
        let a = if asked > 0.0 { pointed / asked } else { 0.0 };
        Yang2019::weighed(&RULES[self.rules[0]], held / before, (withheld + let_go * a) / response)
    }

    fn warm_up(&self) -> Time {
        self.warm_up
    }

    /// Reads the cue, finds the end of fixation (or, for rtgo and rtanti, the stimulus) and where the
    /// rings were active, and answers by the rule. It looks at the whole trial before it answers.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        observer::answer(self, seen)
    }

    /// What the observer of this task scores over 100 drawn trials (or one of each rule, where there are
    /// more). There is no closed form for the reading of rings by shape; and with noise an observer that
    /// knew the durations would do better, so this is a lower bound of the limit.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        if noise <= 0.0 {
            return 100.0;
        }
        tryout::ideal(self, DRAWS.next_multiple_of(self.rules.len()), dt, noise)
    }

    /// Of an observer whose outputs are drawn at random for each sample: half of the samples hold, half
    /// let go, and one in five points within 36° of the target. The mean over the rules.
    fn chance(&self) -> f64 {
        let right_of_go = 0.5 * 0.2;
        let of = |rule: &Rule| {
            // half of the trials are withheld
            let response = if rule.withholds() { 0.5 * 0.5 + 0.5 * right_of_go } else { right_of_go };
            Yang2019::weighed(rule, 0.5, response)
        };
        self.rules.iter().map(|r| of(&RULES[*r])).sum::<f64>() / self.rules.len() as f64
    }

    fn lengths(&self, set: Set, dt: Time) -> (usize, usize) {
        let training = set == Set::Training;
        let end = |rule: &usize, length: fn(Time, Time) -> Time| {
            let epochs = self
                .timing(RULES[*rule].structure, dt, |_, mean| if training { length(mean, self.jitter) } else { mean });
            epochs.last().map_or(0, |e| e.end.steps(dt))
        };
        let used = || self.rules.iter().zip(&self.weights).filter(|(_, w)| !training || **w > 0.0).map(|(r, _)| r);
        let least = used().map(|r| end(r, |mean, jitter| mean - jitter)).min().unwrap_or(0);
        (least, used().map(|r| end(r, longest_jittered)).max().unwrap_or(0))
    }
}

/// What the observer is to do with what it has read; see [`observer`].
pub(super) fn attended(family: Family) -> &'static [usize] {
    match family {
        Family::Decide(0) | Family::Context(0) => &[0],
        Family::Decide(_) | Family::Context(_) => &[1],
        _ => &[0, 1],
    }
}
