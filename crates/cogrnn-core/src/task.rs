//! What a task says of itself: its epochs, conditions, inputs, targets, and who would solve it.

use crate::movement::{Body, Movement};
use crate::random::{Address, Purpose, Stream};
use crate::units::Time;

/// Half a nanosecond of slack in ms: dt = 0.1 ms summed up must not fall off an edge.
const SLACK: f64 = 5e-7;

/// A period of a trial: samples with `start < t <= end` belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its name in the field: `fixation`, `stimulus`, `delay`, `decision`.
    pub name: &'static str,
    /// From trial start, exclusive.
    pub start: Time,
    /// From trial start, inclusive.
    pub end: Time,
}

impl Epoch {
    /// Whether a sample at `t` belongs to this epoch.
    pub fn holds(&self, t: Time) -> bool {
        t.as_ms() > self.start.as_ms() + SLACK && t.as_ms() <= self.end.as_ms() + SLACK
    }
}

/// Which trials are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// To learn from: conditions at random, catch trials mixed in.
    Training,
    /// To judge the network while it learns: conditions enumerated.
    Validation,
    /// To look at the trained network: test timings and conditions, never a catch trial.
    Test,
}

/// A request for one trial.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which set it belongs to.
    pub set: Set,
    /// Its number within the set, by which validation and test sets enumerate conditions.
    pub index: usize,
    /// Its number in the whole run, over all updates and checks.
    pub number: u64,
    /// The number of the first trial of its batch: the address of what all trials of a batch share.
    pub batch: u64,
    /// The seed that decides everything, for what is shared by several trials.
    pub seed: u64,
    /// Time step; durations are rounded down to multiples of it.
    pub dt: Time,
    /// Conditions that the caller forces, by name; a random draw is made all the same and discarded.
    pub force: &'a [(String, f64)],
}

impl Request<'static> {
    /// Trial `index` of a set, nothing forced.
    pub const fn new(set: Set, index: usize, dt: Time) -> Request<'static> {
        Request { set, index, number: index as u64, batch: 0, seed: 0, dt, force: &[] }
    }
}

impl Request<'_> {
    /// The forced value of `name`, or `drawn`.
    pub fn or(&self, name: &str, drawn: f64) -> f64 {
        self.force.iter().find(|(n, _)| n == name).map_or(drawn, |&(_, v)| v)
    }
}

/// A trial before its samples are written: when what happens, and what would be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Length of the trial.
    pub duration: Time,
    /// Its periods, in order; they may overlap and need not cover it.
    pub epochs: Vec<Epoch>,
    /// The condition as columns of the table of trials, in the task's own order; empty for a catch trial.
    pub info: Vec<(&'static str, f64)>,
    /// Which row of the task's conditions this is; `None` for a catch trial.
    pub condition: Option<usize>,
    /// The output that should be largest at the trial's end, where there is a choice to make.
    pub choice: Option<usize>,
    /// What the task noted down for its own `sample`.
    pub script: Script,
}

/// Stretches of a trial with constant samples, as a task may note them down in an [`Outline`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Where each stretch ends, ascending; the first starts with the trial.
    pub ends: Vec<Time>,
    /// (stretch × value): inputs, targets and mask of each, as the task lays them out.
    pub values: Vec<f32>,
}

impl Script {
    /// The values of the stretch that holds `t`, by the rule of [`Epoch::holds`]; `None` after the last.
    pub fn at(&self, t: Time) -> Option<&[f32]> {
        let stretch = self.ends.iter().position(|end| t.as_ms() <= end.as_ms() + SLACK)?;
        let width = self.values.len() / self.ends.len();
        Some(&self.values[stretch * width..(stretch + 1) * width])
    }
}

impl Outline {
    /// The epoch of this name.
    pub fn epoch(&self, name: &str) -> Option<&Epoch> {
        self.epochs.iter().find(|e| e.name == name)
    }

    /// The value of a condition column.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.info.iter().find(|(n, _)| *n == name).map(|&(_, v)| v)
    }

    /// Number of samples at a time step.
    pub fn steps(&self, dt: Time) -> usize {
        self.duration.steps(dt)
    }
}

/// One time sample of a trial, zeroed before it is handed out.
#[derive(Debug)]
pub struct Sample<'a> {
    /// Task input of each channel; baseline and noise are added by the network's input stage.
    pub inputs: &'a mut [f32],
    /// What each output should be.
    pub targets: &'a mut [f32],
    /// How much each output counts here: 1, or 0 where nothing is asked.
    pub mask: &'a mut [f32],
}

/// How well a set of trials was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Performance {
    /// Per cent of the trials with a choice that end with the right output largest.
    Choices,
    /// The same per condition, and the lowest of these.
    WorstCondition,
    /// What every sample of the outputs scores, put together by the task (see [`Task::score`]).
    Samples,
    /// No such measure; the root mean squared error stands in for it.
    Error,
}

/// What the samples of a set of trials scored; the task knows what each entry counts.
pub type Scores = [f64; 8];

/// What a task that answers back adds to an input channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Which channel.
    pub channel: usize,
    /// How much.
    pub value: f32,
    /// From when, exclusive; no earlier than the sample that is answered.
    pub start: Time,
    /// Until when, inclusive.
    pub end: Time,
}

/// What the outputs of a trial led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Consequence {
    /// The cost: the error that rules are told of, the negative of a reward.
    pub cost: f64,
    /// Whether the trial came to nothing that could be judged, so that nothing is to be learnt from it.
    pub failed: bool,
}

/// What an ideal observer is shown: inputs as delivered, noise and all, never the outline.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// (time × channel): baseline, task input and noise, rectified as the network gets them.
    pub inputs: &'a [f32],
    /// Samples.
    pub steps: usize,
    /// Time step.
    pub dt: Time,
    /// What an input channel shows when the task says nothing.
    pub baseline: f32,
}

/// The pieces that trials of a task are strung together from.
#[derive(Clone, Debug, PartialEq)]
pub struct Syllables {
    /// What they are called.
    pub names: Vec<&'static str>,
    /// How long each is.
    pub length: Time,
}

/// A cognitive task.
///
/// A task draws an outline (conditions, durations) from a random stream, then writes samples at any
/// time step: half the step gives the same trial, seen twice as finely.
pub trait Task: Send + Sync {
    /// Its name in an experiment file.
    fn name(&self) -> &'static str;
    /// Names of the input channels.
    fn inputs(&self) -> Vec<&'static str>;
    /// Names of the outputs.
    fn outputs(&self) -> Vec<&'static str>;
    /// Names of the condition columns and the rows of the conditions that a validation set goes through.
    fn conditions(&self) -> Conditions;
    /// How many different trials a validation set goes through, a catch trial among them if there is one.
    fn period(&self) -> usize {
        self.conditions().rows.len().max(1)
    }
    /// How many different trials a test set goes through.
    fn test_period(&self) -> usize {
        self.period()
    }
    /// Draws one trial.
    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline;
    /// Writes the sample at time `t` (ms from trial start, the first at dt).
    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>);
    /// Until when the sample at `t` stays what it is, as far as the task knows: it is not asked again before.
    fn stays(&self, _outline: &Outline, t: Time) -> Time {
        t
    }
    /// How a set of trials is judged.
    fn performance(&self) -> Performance;
    /// What the best possible subject would answer, (time × output), from what a network is shown.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32>;
    /// The best performance that input noise of this s.d. per sample leaves to the ideal observer,
    /// in per cent over the validation conditions; 100 without noise.
    fn noise_limit(&self, noise: f64, dt: Time) -> f64;
    /// The performance of an observer that answers at random, in per cent.
    fn chance(&self) -> f64;
    /// For [`Performance::Samples`]: adds what the outputs at time `t` score.
    fn score(&self, _outline: &Outline, _t: Time, _outputs: &[f32], _scores: &mut Scores) {}
    /// For [`Performance::Samples`]: the performance, per cent, of trials that scored this.
    fn judge(&self, _scores: &Scores) -> f64 {
        f64::NAN
    }
    /// A stretch at the beginning of every trial that only sets the network going: nothing is asked in
    /// it, and nothing learnt flows back into it.
    fn warm_up(&self) -> Time {
        Time::default()
    }
    /// Where a trial is a session of several: where each of these begins, and where the last one ends. None
    /// where a trial is by itself.
    fn session(&self, _outline: &Outline) -> Vec<Time> {
        Vec::new()
    }
    /// Whether the task answers back: whether what it shows depends on what the network does.
    fn answers_back(&self) -> bool {
        false
    }
    /// What the task shows from `t` on because the outputs at time `t` were these.
    fn answer(&self, _outline: &Outline, _t: Time, _outputs: &[f32], _say: &mut dyn FnMut(Answer)) {}
    /// Whether a trial is judged by what its outputs lead to in the world, once it is over, and not sample by sample.
    fn acts(&self) -> bool {
        false
    }
    /// What these outputs (step × output) of a trial led to.
    fn consequence(&self, _outline: &Outline, _dt: Time, _outputs: &[f32]) -> Consequence {
        Consequence { cost: f64::NAN, failed: true }
    }
    /// The body that the outputs move, if they move one.
    fn body(&self) -> Option<Body> {
        None
    }
    /// How these outputs (step × output) of a trial moved it; nothing where no movement came of them. Allocates.
    fn movement(&self, _outline: &Outline, _dt: Time, _outputs: &[f32]) -> Option<Movement> {
        None
    }
    /// The cost below which such a trial counts as solved.
    fn solved(&self) -> f64 {
        0.0
    }
    /// The pieces that its trials are strung together from, if they are.
    fn syllables(&self) -> Option<Syllables> {
        None
    }
    /// What is shown and asked for at `t` of syllable k.
    fn syllable(&self, _k: usize, _t: Time, _sample: &mut Sample<'_>) {}
    /// The share of training trials that are catch trials.
    fn catch_share(&self) -> f64 {
        0.0
    }
    /// Samples of the shortest and of the longest trial of a set, catch trials left out. A task that
    /// does not know looks at ten thousand trials.
    fn lengths(&self, set: Set, dt: Time) -> (usize, usize) {
        let force = [("catch".to_string(), 0.0)];
        let steps = |index: usize| {
            let mut stream = Address { seed: 0, purpose: Purpose::TestTrials, trial: index as u64 }.stream();
            let request = Request { force: &force, batch: index as u64, ..Request::new(set, index, dt) };
            self.outline(&request, &mut stream).steps(dt)
        };
        (0..10_000).map(steps).fold((usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)))
    }
}

/// The conditions of a task as a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Column names.
    pub columns: Vec<&'static str>,
    /// One row a condition.
    pub rows: Vec<Vec<f64>>,
}

/// The output that is largest, the first of equals.
pub fn argmax(outputs: &[f32]) -> usize {
    let mut best = 0;
    for (i, z) in outputs.iter().enumerate() {
        if *z > outputs[best] {
            best = i;
        }
    }
    best
}
