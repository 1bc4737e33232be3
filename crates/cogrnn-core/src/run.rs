//! The only time loop. Within a step: perturb → step → read out → compare → observe → learn; of a
//! trial: begin → steps → settle; then one update of the weights.

use crate::batch::Batch;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::network::{Carry, History, Network, Noise, Room};
use crate::params::Plastic;
use crate::readout::{Loss, Tally};
use crate::real::Real;
use crate::rule::{Desk, Learned, Moment, Rule, Still};
use crate::task::{Answer, Consequence, Outline, Performance, Scores, Task, argmax};
use crate::trials::{Drawn, EVALUATED_TOGETHER, Generator, unit_noise};
use crate::units::Time;
use std::collections::BTreeMap;

/// Looks on after every step and touches nothing.
pub trait Probe<N: Network> {
    /// A step is over.
    fn observe(&mut self, now: &Moment<'_, N>);
}

impl<N: Network> Probe<N> for () {
    fn observe(&mut self, _: &Moment<'_, N>) {}
}

impl<N: Network, T> Desk<N, T> {
    /// A desk with room for these trials.
    ///
    /// # Errors
    /// If the rule cannot work on them.
    pub fn new<R: Rule<N, Trace = T>>(network: &N, rule: &R, room: &Room) -> Result<Self> {
        let room = Room { history: R::HISTORY, ..*room };
        Ok(Desk {
            state: network.state(&room),
            trace: rule.trace(network, &room)?,
            batch: Batch::default(),
            tallies: Vec::with_capacity(room.trials),
            errors: vec![N::Real::ZERO; room.trials * network.shape().outputs],
            said: Vec::new(),
        })
    }
}

/// How the trials of a desk are to be run.
#[derive(Clone, Copy)]
pub struct Conditions<'a, F> {
    /// Noise of the units.
    pub noise: Noise<'a, F>,
    /// What outputs are compared by.
    pub loss: Loss,
    /// 1 / Σ mask over the whole batch, whatever pieces it is cut into.
    pub scale: f64,
    /// A task that answers back, or judges what outputs lead to, with the time step.
    pub answering: Option<(&'a dyn Task, Time)>,
}

impl<'a, F> Conditions<'a, F> {
    /// Under these, with nobody who answers.
    pub fn new(noise: Noise<'a, F>, loss: Loss, scale: f64) -> Conditions<'a, F> {
        Conditions { noise, loss, scale, answering: None }
    }
}

/// The weights of trials on their way: the same from the first step to the last, or not.
trait Weights<N: Network, R: Rule<N>> {
    /// As they are now.
    fn plastic(&self) -> &Plastic<N>;
    /// What the rule remembers.
    fn memory(&self) -> &R::Memory;
    /// A step is over, and learnt from.
    fn advance(&mut self, _network: &N, _rule: &R, _state: &mut N::State, _trace: &mut R::Trace) {}
}

/// Weights that wait for the end of the trials.
struct Held<'a, N: Network, R: Rule<N>> {
    plastic: &'a Plastic<N>,
    memory: &'a R::Memory,
}

impl<N: Network, R: Rule<N>> Weights<N, R> for Held<'_, N, R> {
    fn plastic(&self) -> &Plastic<N> {
        self.plastic
    }
    fn memory(&self) -> &R::Memory {
        self.memory
    }
}

/// Weights that change after every step.
struct Flowing<'a, N: Network, R: Rule<N>> {
    plastic: &'a mut Plastic<N>,
    memory: &'a mut R::Memory,
}

impl<N: Network, R: Rule<N>> Weights<N, R> for Flowing<'_, N, R> {
    fn plastic(&self) -> &Plastic<N> {
        self.plastic
    }
    fn memory(&self) -> &R::Memory {
        self.memory
    }
    fn advance(&mut self, network: &N, rule: &R, state: &mut N::State, trace: &mut R::Trace) {
        rule.advance(network, self.memory, self.plastic, state, trace);
    }
}

/// Works the trials of one desk, start to end, with weights that stay as they are.
pub fn work<N: Network, R: Rule<N>, P: Probe<N>>(
    network: &N,
    rule: &R,
    plastic: &Plastic<N>,
    memory: &R::Memory,
    conditions: &Conditions<'_, N::Real>,
    desk: &mut Desk<N, R::Trace>,
    probe: &mut P,
) {
    steps(network, rule, &mut Held { plastic, memory }, conditions, desk, probe, |_| ());
}

/// As [`work`], from given states (trial × unit) instead of the network's initial one.
pub fn work_from<N: Carry, R: Rule<N>, P: Probe<N>>(
    network: &N,
    rule: &R,
    plastic: &Plastic<N>,
    memory: &R::Memory,
    conditions: &Conditions<'_, N::Real>,
    start: &[N::Real],
    desk: &mut Desk<N, R::Trace>,
    probe: &mut P,
) {
    let enter = |state: &mut N::State| enter(network, start, state);
    steps(network, rule, &mut Held { plastic, memory }, conditions, desk, probe, enter);
}

/// Puts trials that are about to begin at given states (trial × unit).
fn enter<N: Carry>(network: &N, start: &[N::Real], state: &mut N::State) {
    for (b, s) in start.chunks_exact(network.shape().units).enumerate() {
        network.replace(state, 0, b, s);
    }
}

fn steps<N: Network, R: Rule<N>, P: Probe<N>>(
    network: &N,
    rule: &R,
    weights: &mut impl Weights<N, R>,
    conditions: &Conditions<'_, N::Real>,
    desk: &mut Desk<N, R::Trace>,
    probe: &mut P,
    enter: impl FnOnce(&mut N::State),
) {
    let shape = network.shape();
    let Desk { state, trace, batch, tallies, errors, said } = desk;
    let table = &batch.timetable;
    tallies.clear();
    tallies.resize(table.trials(), Tally::default());
    if errors.len() < table.trials() * shape.outputs {
        errors.resize(table.trials() * shape.outputs, N::Real::ZERO);
    }
    let acting = conditions.answering.filter(|(task, _)| task.acts());
    let longest = table.steps();
    if acting.is_some() {
        said.clear();
        said.resize(table.trials() * longest * shape.outputs, 0.0);
    }
    network.begin(weights.plastic(), state, table);
    if table.trials() > 0 {
        enter(state);
    }
    rule.begin(weights.memory(), trace, batch);
    for t in 1..=batch.timetable.steps() {
        let table = &batch.timetable;
        let active = table.active(t);
        let (rows, here) = (table.rows(t), batch.rows(t));
        let inputs = &batch.inputs[here.start * shape.inputs..here.end * shape.inputs];
        let targets = &batch.targets[here.start * shape.outputs..here.end * shape.outputs];
        let mask = &batch.mask[here.start * shape.outputs..here.end * shape.outputs];
        let errors = &mut errors[..active * shape.outputs];

        network.perturb(state, t, &conditions.noise, &batch.ids[..active]);
        network.step(weights.plastic(), state, t, inputs);
        network.read_out(weights.plastic(), state, t);
        let outputs = network.output(state);
        for (b, tally) in tallies[..active].iter_mut().enumerate() {
            let row = b * shape.outputs..(b + 1) * shape.outputs;
            conditions.loss.compare(
                network.readout(),
                &outputs[row.clone()],
                &targets[row.clone()],
                &mask[row.clone()],
                conditions.scale,
                tally,
                &mut errors[row],
            );
        }
        let plastic = weights.plastic();
        let now = Moment { network, state, plastic, t, row: rows.start, active, inputs, outputs, targets, errors };
        probe.observe(&now);
        rule.learn(weights.memory(), trace, &now);
        weights.advance(network, rule, state, trace);
        if acting.is_some() {
            for (b, outputs) in network.output(state).chunks_exact(shape.outputs).take(active).enumerate() {
                let at = (b * longest + t - 1) * shape.outputs;
                for (to, from) in said[at..at + shape.outputs].iter_mut().zip(outputs) {
                    *to = from.to_f64() as f32;
                }
            }
        }
        if let Some((task, dt)) = conditions.answering.filter(|(task, _)| task.answers_back()) {
            answer(task, dt, t, network.output(state), shape.outputs, batch);
        }
    }
    if let Some((task, dt)) = acting {
        for (b, outline) in batch.outlines.iter().enumerate() {
            let steps = outline.steps(dt).min(longest);
            let outputs = &said[b * longest * shape.outputs..][..steps * shape.outputs];
            let Consequence { cost, failed } = task.consequence(outline, dt, outputs);
            tallies[b].cost = cost;
            tallies[b].judged = 1;
            tallies[b].failed = u32::from(failed);
        }
    }
    rule.settle(network, weights.plastic(), weights.memory(), desk);
}

/// The task, where trials are not over with their samples: it answers back, or judges what outputs lead to.
pub fn answering(task: &dyn Task, dt: Time) -> Option<(&dyn Task, Time)> {
    (task.answers_back() || task.acts()).then_some((task, dt))
}

/// Lets the task answer what the trials put out at step t: adds to the inputs of later steps.
fn answer<F: Real>(task: &dyn Task, dt: Time, t: usize, outputs: &[F], width: usize, batch: &mut Batch<F>) {
    let channels = batch.inputs.len() / batch.timetable.total();
    // Enough for choices; more outputs than this take an allocation.
    let (mut few, mut many) = ([0.0f32; 16], Vec::new());
    let seen = if width <= few.len() {
        &mut few[..width]
    } else {
        many.resize(width, 0.0);
        &mut many[..]
    };
    let Batch { timetable: table, inputs, outlines, .. } = batch;
    for (outputs, (b, outline)) in outputs.chunks_exact(width).zip(outlines.iter().enumerate()).take(table.active(t)) {
        for (to, from) in seen.iter_mut().zip(outputs) {
            *to = from.to_f64() as f32;
        }
        task.answer(outline, dt * t as f64, seen, &mut |Answer { channel, value, start, end }| {
            let first = start.steps(dt).max(t) + 1;
            for step in first..=end.steps(dt).min(table.steps()) {
                if b < table.active(step) {
                    inputs[(table.rows(step).start + b) * channels + channel] += F::from_f64(f64::from(value));
                }
            }
        });
    }
}

/// A network in training.
pub struct Run<'a, N: Network, R: Rule<N>> {
    /// The network.
    pub network: &'a N,
    /// What trains it.
    pub rule: &'a R,
    /// Its weights.
    pub plastic: Plastic<N>,
    /// What the rule remembers from update to update.
    pub memory: R::Memory,
    /// Where trials are worked, one desk a thread.
    pub desks: Vec<Desk<N, R::Trace>>,
    /// A task that answers back, or judges what outputs lead to, with the time step.
    pub answering: Option<(&'a dyn Task, Time)>,
}

impl<'a, N: Network, R: Rule<N>> Run<'a, N, R> {
    /// A run with one desk for each thread; with one alone, if weights change after every step.
    ///
    /// # Errors
    /// If the rule cannot work on such trials.
    pub fn new(network: &'a N, rule: &'a R, plastic: Plastic<N>, room: &Room, crew: &Crew) -> Result<Self> {
        let desks = if R::ONLINE { 1 } else { crew.threads() };
        let desks = (0..desks).map(|_| Desk::new(network, rule, room)).collect::<Result<_>>()?;
        Ok(Run { memory: rule.memory(network, &plastic), network, rule, plastic, desks, answering: None })
    }

    /// Works the trials that lie on the desks, then changes the weights once. Returns what the trials
    /// cost, added up trial by trial in their order, and what was learnt.
    pub fn update(&mut self, noise: Noise<'_, N::Real>, loss: Loss, crew: &Crew) -> (Tally, Learned) {
        self.update_with(noise, loss, crew, |_| ())
    }

    /// As [`Run::update`], from the state `s` that one trial left behind, into which the last state of
    /// this one is put. Nothing is learnt of how `s` came about: no gradient flows from trial to trial.
    pub fn update_carried(
        &mut self,
        noise: Noise<'_, N::Real>,
        loss: Loss,
        crew: &Crew,
        s: &mut [N::Real],
    ) -> (Tally, Learned)
    where
        N: Carry,
    {
        let (network, start) = (self.network, &*s);
        let found = self.update_with(noise, loss, crew, |state| enter(network, start, state));
        let trials: usize = self.desks.iter().map(|d| d.batch.timetable.trials()).sum();
        debug_assert_eq!(trials, 1, "which of several trials would be carried on?");
        for desk in self.desks.iter().filter(|d| d.batch.timetable.trials() > 0) {
            s.copy_from_slice(network.carried(&desk.state, desk.batch.timetable.steps(), 0));
        }
        found
    }

    fn update_with(
        &mut self,
        noise: Noise<'_, N::Real>,
        loss: Loss,
        crew: &Crew,
        enter: impl Fn(&mut N::State) + Sync,
    ) -> (Tally, Learned) {
        let mask: f64 = self.desks.iter().map(|d| d.batch.mask_sum()).sum();
        let scale = if mask > 0.0 { 1.0 / mask } else { 0.0 };
        let conditions = Conditions { noise, loss, scale, answering: self.answering };
        let (network, rule) = (self.network, self.rule);
        if R::ONLINE {
            for desk in &mut self.desks {
                let mut weights = Flowing { plastic: &mut self.plastic, memory: &mut self.memory };
                steps(network, rule, &mut weights, &conditions, desk, &mut (), &enter);
            }
        } else {
            let (plastic, memory) = (&self.plastic, &self.memory);
            crew.each(&mut self.desks, |_, desk| {
                steps(network, rule, &mut Held { plastic, memory }, &conditions, desk, &mut (), &enter);
            });
        }
        let mut tally = Tally::default();
        for trial in self.desks.iter().flat_map(|d| &d.tallies) {
            tally.add(trial);
        }
        let learned = rule.update(network, &mut self.memory, &mut self.plastic, &mut self.desks, crew);
        (tally, learned)
    }
}

/// One trial as it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// What it was.
    pub outline: Outline,
    /// What it cost.
    pub tally: Tally,
    /// The outputs of its last step.
    pub outputs: Vec<f32>,
    /// What its rates cost, by the penalties given.
    pub activity: f64,
    /// What its samples scored, where the task judges samples.
    pub scores: Scores,
}

impl Ended {
    /// The output that was largest at the end.
    pub fn choice(&self) -> usize {
        argmax(&self.outputs)
    }
}

/// What one trial's rates cost at one step.
pub type RateCost<'a> = &'a (dyn Fn(&[f64]) -> f64 + Sync);

/// Keeps the outputs of each trial's last step.
struct LastOutputs<'a, P> {
    lengths: Vec<usize>,
    outputs: Vec<Vec<f32>>,
    activity: Vec<f64>,
    cost: Option<RateCost<'a>>,
    rates: Vec<f64>,
    /// Steps in which rates cost nothing.
    warm_up: usize,
    /// The task that judges samples, with the time step and the trials.
    judge: Option<(&'a dyn Task, Time, Vec<Outline>)>,
    scores: Vec<Scores>,
    seen: Vec<f32>,
    inner: P,
}

impl<N: Network, P: Probe<N>> Probe<N> for LastOutputs<'_, P> {
    fn observe(&mut self, now: &Moment<'_, N>) {
        let width = now.network.shape().outputs;
        for b in 0..now.active {
            if self.lengths[b] == now.t {
                self.outputs[b].clear();
                self.outputs[b].extend(now.outputs[b * width..(b + 1) * width].iter().map(|z| z.to_f64() as f32));
            }
            if let Some((task, dt, outlines)) = self.judge.as_ref().filter(|_| now.t <= self.lengths[b]) {
                self.seen.clear();
                self.seen.extend(now.outputs[b * width..(b + 1) * width].iter().map(|z| z.to_f64() as f32));
                task.score(&outlines[b], *dt * now.t as f64, &self.seen, &mut self.scores[b]);
            }
            if let Some(cost) = self.cost.filter(|_| now.t > self.warm_up) {
                self.rates.clear();
                self.rates.extend(now.network.rates(now.state, now.t, b).iter().map(|r| r.to_f64()));
                self.activity[b] += cost(&self.rates);
            }
        }
        self.inner.observe(now);
    }
}

/// Keeps the state that a trial ends with, for the next to go on from.
struct LastState<'a, N: Network, P> {
    length: usize,
    state: &'a mut Vec<N::Real>,
    inner: P,
}

impl<N: Carry, P: Probe<N>> Probe<N> for LastState<'_, N, P> {
    fn observe(&mut self, now: &Moment<'_, N>) {
        if now.t == self.length {
            self.state.clear();
            self.state.extend_from_slice(now.network.carried(now.state, now.t, 0));
        }
        self.inner.observe(now);
    }
}

/// A network that is tried on trials and does not learn from them.
pub struct Tryout<'a, N: Network> {
    /// The network.
    pub network: &'a N,
    /// Its weights.
    pub plastic: &'a Plastic<N>,
    /// What makes the trials.
    pub generator: &'a Generator<'a>,
    /// What outputs are compared by.
    pub loss: Loss,
    /// The cost of one trial's rates at one step.
    pub activity: Option<RateCost<'a>>,
}

impl<N: Network> Tryout<'_, N> {
    /// Runs trials, at most `together` of them in lockstep, and tells how each ended, in the order of
    /// their numbers. `probe` makes a probe for each piece (called with the numbers of its trials,
    /// longest first).
    ///
    /// # Errors
    /// As [`Generator::share`].
    pub fn side_by_side<P: Probe<N>>(
        &self,
        mut drawn: Vec<Drawn>,
        together: usize,
        crew: &Crew,
        probe: impl Fn(&[u64]) -> P + Sync,
    ) -> Result<Vec<Ended>> {
        let longest = self.longest(&drawn)?;
        let count = drawn.len();
        let mut pieces = Vec::new();
        while !drawn.is_empty() {
            let rest = drawn.split_off(drawn.len().min(together));
            pieces.push((drawn, Vec::new()));
            drawn = rest;
        }
        // Long and short pieces in turn, so that each of the crew gets about the same.
        let crews = crew.threads();
        let mut hands: Vec<Vec<_>> = (0..crews).map(|_| Vec::new()).collect();
        for (i, piece) in pieces.into_iter().enumerate() {
            let lap = i / crews;
            let hand = if lap.is_multiple_of(2) { i % crews } else { crews - 1 - i % crews };
            hands[hand].push(piece);
        }
        crew.each(&mut hands, |_, hand| {
            let mut desk = self.desk(together.min(count), longest);
            for (drawn, ended) in hand {
                let lengths = drawn.iter().map(|d| d.steps).collect();
                let whole = self.activity.is_some().then_some(longest);
                self.generator.write(drawn, whole, longest * count, &mut desk.batch);
                let probe = probe(&desk.batch.ids);
                ended.extend(self.piece(&mut desk, lengths, probe, |desk, conditions, eye| {
                    work(self.network, &Still, self.plastic, &(), conditions, desk, eye);
                }));
            }
        });
        let mut all: Vec<(u64, Ended)> = hands.into_iter().flatten().flat_map(|(_, ended)| ended).collect();
        all.sort_by_key(|(id, _)| *id);
        Ok(all.into_iter().map(|(_, ended)| ended).collect())
    }

    /// Samples of the longest of these trials.
    fn longest(&self, drawn: &[Drawn]) -> Result<usize> {
        if let Some(short) = drawn.iter().find(|d| d.steps == 0) {
            return Err(Error::input(format!("a trial lasts {}", short.outline.duration))
                .why(format!("that is shorter than the time step of {}", self.generator.dt))
                .remedy("make the task's epochs longer or dt shorter"));
        }
        Ok(drawn.iter().map(|d| d.steps).max().unwrap_or(0))
    }

    fn desk(&self, trials: usize, steps: usize) -> Desk<N, ()> {
        let room = Room { trials, steps, history: History::Last };
        Desk::new(self.network, &Still, &room).expect("the rule that does nothing works on any trials")
    }

    /// Works the trials that lie on a desk.
    fn piece<P: Probe<N>>(
        &self,
        desk: &mut Desk<N, ()>,
        lengths: Vec<usize>,
        probe: P,
        work: impl FnOnce(&mut Desk<N, ()>, &Conditions<'_, N::Real>, &mut LastOutputs<'_, P>),
    ) -> Vec<(u64, Ended)> {
        let shape = self.network.shape();
        let noise = Noise::Drawn { seed: self.generator.noise_seed, purpose: unit_noise(self.generator.set) };
        let task = self.generator.task;
        let answering = answering(task, self.generator.dt);
        let conditions = Conditions { noise, loss: self.loss, scale: 0.0, answering };
        let mut eye = LastOutputs {
            // Room for everything before the first step.
            outputs: lengths.iter().map(|_| Vec::with_capacity(shape.outputs)).collect(),
            activity: vec![0.0; lengths.len()],
            scores: vec![Scores::default(); lengths.len()],
            judge: (task.performance() == Performance::Samples)
                .then(|| (task, self.generator.dt, desk.batch.outlines.clone())),
            lengths,
            cost: self.activity,
            rates: Vec::with_capacity(shape.units),
            warm_up: desk.batch.warm_up,
            seen: Vec::with_capacity(shape.outputs),
            inner: probe,
        };
        work(desk, &conditions, &mut eye);
        let trials = desk.batch.outlines.drain(..).zip(&desk.batch.ids).zip(&desk.tallies);
        trials
            .zip(eye.outputs)
            .zip(eye.activity)
            .zip(eye.scores)
            .map(|(((((outline, id), tally), outputs), activity), scores)| {
                (*id, Ended { outline, tally: *tally, outputs, activity, scores })
            })
            .collect()
    }
}

impl<N: Carry> Tryout<'_, N> {
    /// Runs trials one after the other, each from the state that the one before it ended with; the first
    /// from `state`, or where that is empty from the network's initial one. `state` is then that of the
    /// last trial's end. All on the caller's thread: what one trial begins with is known when the one
    /// before it is over.
    ///
    /// # Errors
    /// As [`Generator::share`].
    pub fn in_turn<P: Probe<N>>(
        &self,
        mut drawn: Vec<Drawn>,
        state: &mut Vec<N::Real>,
        probe: impl Fn(&[u64]) -> P,
    ) -> Result<Vec<Ended>> {
        let longest = self.longest(&drawn)?;
        let count = drawn.len();
        drawn.sort_by_key(|d| d.id);
        let mut desk = self.desk(1, longest);
        let mut all = Vec::with_capacity(count);
        for trial in drawn {
            let length = trial.steps;
            let whole = self.activity.is_some().then_some(longest);
            self.generator.write(&mut vec![trial], whole, longest * count, &mut desk.batch);
            let start = std::mem::replace(state, Vec::with_capacity(self.network.shape().units));
            let last = LastState { length, state: &mut *state, inner: probe(&desk.batch.ids) };
            let ended = self.piece(&mut desk, vec![length], last, |desk, conditions, eye| {
                work_from(self.network, &Still, self.plastic, &(), conditions, &start, desk, eye);
            });
            all.extend(ended.into_iter().map(|(_, ended)| ended));
        }
        Ok(all)
    }
}

/// Runs trials `first..first + count` of a generator without learning, as [`Tryout::side_by_side`].
///
/// # Errors
/// As [`Generator::share`].
pub fn evaluate<N: Network, P: Probe<N>>(
    network: &N,
    plastic: &Plastic<N>,
    generator: &Generator<'_>,
    loss: Loss,
    (first, count): (u64, usize),
    crew: &Crew,
    activity: Option<RateCost<'_>>,
    probe: impl Fn(&[u64]) -> P + Sync,
) -> Result<Vec<Ended>> {
    let tryout = Tryout { network, plastic, generator, loss, activity };
    tryout.side_by_side(generator.draw(first, count), EVALUATED_TOGETHER, crew, probe)
}

/// Performance in per cent, as the task wants it measured; `None` if it has no such measure.
pub fn performance(task: &dyn Task, trials: &[Ended]) -> Option<f64> {
    let percent = |right: usize, all: usize| 100.0 * right as f64 / all as f64;
    match task.performance() {
        Performance::Error => None,
        Performance::Samples => {
            let mut sum = Scores::default();
            for trial in trials {
                for (sum, s) in sum.iter_mut().zip(&trial.scores) {
                    *sum += s;
                }
            }
            let performance = task.judge(&sum);
            (!performance.is_nan()).then_some(performance)
        }
        Performance::Choices => {
            let asked: Vec<_> = trials.iter().filter_map(|t| t.outline.choice.map(|c| c == t.choice())).collect();
            (!asked.is_empty()).then(|| percent(asked.iter().filter(|r| **r).count(), asked.len()))
        }
        Performance::WorstCondition => {
            let mut conditions: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            for t in trials {
                if let (Some(condition), Some(choice)) = (t.outline.condition, t.outline.choice) {
                    let entry = conditions.entry(condition).or_default();
                    entry.0 += usize::from(choice == t.choice());
                    entry.1 += 1;
                }
            }
            conditions.values().map(|&(right, all)| percent(right, all)).min_by(f64::total_cmp)
        }
    }
}
