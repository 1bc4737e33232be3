//! From a task to batches: conditions drawn, trials sorted longest first, shared out evenly, and their
//! samples written with baseline and noise as a network gets them.

use crate::batch::Batch;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::kernels::Isa;
use crate::kernels::lanes::{LANES, padded};
use crate::kernels::normals::{Normals, STEPS};
use crate::random::{Address, Purpose};
use crate::real::Real;
use crate::task::{Outline, Request, Sample, Set, Task};
use crate::units::Time;
use std::ops::Range;

/// What happens to a task's inputs before a network gets them (Song et al. 2016, eqs. 10 and 11):
/// u = \[u₀ + task + √(2 τ_in/dt) σ_in N(0,1)\]₊.
#[derive(Clone, Debug, PartialEq)]
pub struct InputStage {
    /// u₀.
    pub baseline: f64,
    /// The noise, one stationary σ a channel or a full covariance.
    pub noise: InputNoise,
    /// τ_in.
    pub tau: Time,
    /// Whether inputs are kept from going below zero.
    pub rectify: bool,
}

/// Noise of the input channels.
#[derive(Clone, Debug, PartialEq)]
pub enum InputNoise {
    /// None.
    Silent,
    /// σ of each channel.
    Independent(Vec<f64>),
    /// A root L of the covariance L Lᵀ (channels × channels), row-major.
    Correlated(Vec<f64>),
}

/// The purposes of the three streams that a set of trials draws from.
const fn purposes(set: Set) -> [Purpose; 3] {
    match set {
        Set::Training => [Purpose::TrainingTrials, Purpose::TrainingInputs, Purpose::TrainingUnits],
        Set::Validation => [Purpose::ValidationTrials, Purpose::ValidationInputs, Purpose::ValidationUnits],
        Set::Test => [Purpose::TestTrials, Purpose::TestInputs, Purpose::TestUnits],
    }
}

/// The purpose of the units' noise in a set of trials.
pub const fn unit_noise(set: Set) -> Purpose {
    purposes(set)[2]
}

/// Makes the trials of one set.
#[derive(Clone)]
pub struct Generator<'a> {
    /// The task.
    pub task: &'a dyn Task,
    /// What its inputs go through.
    pub stage: &'a InputStage,
    /// Which trials.
    pub set: Set,
    /// Time step.
    pub dt: Time,
    /// The seed of the trials and their inputs.
    pub seed: u64,
    /// The seed of the units' noise.
    pub noise_seed: u64,
    /// Instructions for the noise.
    pub isa: Isa,
    /// Conditions that are forced.
    pub force: &'a [(String, f64)],
}

/// A trial that has been drawn but not written.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its number in the run: the address of its random numbers.
    pub id: u64,
    /// Samples.
    pub steps: usize,
    /// What happens in it.
    pub outline: Outline,
}

impl Generator<'_> {
    /// Draws trials `first..first + count`, longest first (equals in order). The index by which
    /// conditions are enumerated starts from 0 at `first`.
    pub fn draw(&self, first: u64, count: usize) -> Vec<Drawn> {
        self.draw_some(first, 0..count)
    }

    /// Some of the trials that follow `first`, longest first (equals in order): cut anywhere, they are
    /// the same trials.
    pub fn draw_some(&self, first: u64, indices: Range<usize>) -> Vec<Drawn> {
        let purpose = purposes(self.set)[0];
        let mut drawn: Vec<Drawn> = indices
            .map(|index| {
                let id = first + index as u64;
                let (set, dt, seed, force) = (self.set, self.dt, self.seed, self.force);
                let request = Request { set, index, number: id, batch: first, seed, dt, force };
                let outline =
                    self.task.outline(&request, &mut Address { seed: self.seed, purpose, trial: id }.stream());
                Drawn { id, steps: outline.steps(self.dt), outline }
            })
            .collect();
        drawn.sort_by_key(|d| std::cmp::Reverse(d.steps));
        drawn
    }

    /// Writes drawn trials into a batch. With `whole`, all trials last as long as `steps`: samples past
    /// a trial's own end have baseline and noise and count for nothing.
    pub fn write<F: Real>(&self, drawn: &mut Vec<Drawn>, whole: Option<usize>, samples: usize, batch: &mut Batch<F>) {
        let (channels, outputs) = (self.task.inputs().len(), self.task.outputs().len());
        let Batch { timetable, held: shared, inputs, targets, mask, outlines, ids, samples: all, warm_up } = batch;
        *all = samples;
        *warm_up = self.task.warm_up().steps(self.dt);
        let lengths: Vec<usize> = drawn.iter().map(|d| whole.unwrap_or(d.steps)).collect();
        timetable.refill(&lengths);
        for d in drawn.iter() {
            timetable.add_breaks(d.outline.epochs.iter().map(|e| e.start.steps(self.dt)).filter(|t| *t < d.steps));
            timetable.add_session(self.task.session(&d.outline).iter().map(|t| t.steps(self.dt)));
        }
        let [_, purpose, _] = purposes(self.set);
        let noise = Noise::new(self.stage, self.dt, channels);
        let normals = Normals::new(self.seed, self.isa);
        let noisy = !noise.is_silent() && channels > 0;
        let width = padded(channels.max(1));
        // Steps that show the same share their rows, unless noise or answers are to come on top.
        let sharing = !noisy && !self.task.answers_back();
        shared.clear();
        let (mut used, mut shared_rows) = (0, 0);
        // Of each trial: noise of four steps, and what it shows, asks for and weighs, until when.
        let mut four = vec![F::ZERO; if noisy { drawn.len() * STEPS * width } else { 0 }];
        let all = channels + 2 * outputs;
        let mut now = vec![F::ZERO; drawn.len() * all];
        let mut until = vec![Time::default(); drawn.len()];
        let mut sample = vec![0.0f32; all];
        let baseline = F::from_f64(self.stage.baseline);
        // Step by step, as the rows lie in memory.
        for t in 1..=timetable.steps() {
            let (quarter, time) = ((t - 1) % STEPS, self.dt * t as f64);
            let count = timetable.active(t);
            let mut new = t == 1;
            for (b, d) in drawn.iter().enumerate().take(count) {
                let now = &mut now[b * all..][..all];
                if t > d.steps {
                    if t == d.steps + 1 {
                        now.fill(F::ZERO);
                        new = true;
                    }
                } else if t == 1 || time.as_ms() > until[b].as_ms() {
                    sample.fill(0.0);
                    let (inputs, rest) = sample.split_at_mut(channels);
                    let (targets, mask) = rest.split_at_mut(outputs);
                    self.task.sample(&d.outline, time, &mut Sample { inputs, targets, mask });
                    copy(&sample, now);
                    until[b] = self.task.stays(&d.outline, time);
                    new = true;
                }
            }
            if sharing {
                if !new {
                    shared.push(used - shared_rows);
                    continue;
                }
                shared_rows = count;
                shared.push(used);
            }
            let end = used + count;
            for (array, width) in [(&mut *inputs, channels), (&mut *targets, outputs), (&mut *mask, outputs)] {
                if array.len() < end * width {
                    array.resize(end * width, F::ZERO);
                }
            }
            for (b, d) in drawn.iter().enumerate().take(count) {
                let (u, rest) = now[b * all..][..all].split_at(channels);
                let (y, m) = rest.split_at(outputs);
                let row = used + b;
                let here = &mut inputs[row * channels..][..channels];
                here.copy_from_slice(u);
                targets[row * outputs..][..outputs].copy_from_slice(y);
                mask[row * outputs..][..outputs].copy_from_slice(m);
                if self.stage.baseline != 0.0 {
                    for u in here.iter_mut() {
                        *u += baseline;
                    }
                }
                if noisy {
                    let four = &mut four[b * STEPS * width..][..STEPS * width];
                    if quarter == 0 {
                        let address = Address { seed: self.seed, purpose, trial: d.id };
                        let (one, rest) = four.split_at_mut(width);
                        let (two, rest) = rest.split_at_mut(width);
                        let (three, last) = rest.split_at_mut(width);
                        normals.fill(&address, (t - 1) / STEPS, [one, two, three, last]);
                    }
                    noise.add(&four[quarter * width..][..channels], here);
                }
                if self.stage.rectify {
                    for u in here {
                        *u = if *u < F::ZERO { F::ZERO } else { *u };
                    }
                }
            }
            used = end;
        }
        inputs.truncate(used * channels);
        targets.truncate(used * outputs);
        mask.truncate(used * outputs);
        ids.clear();
        outlines.clear();
        for d in drawn.drain(..) {
            ids.push(d.id);
            outlines.push(d.outline);
        }
    }

    /// Shares trials `first..first + count` out over the batches, each about the same work.
    ///
    /// # Errors
    /// A trial that is shorter than a time step.
    pub fn share<'b, F: Real>(
        &self,
        first: u64,
        count: usize,
        whole: bool,
        batches: impl IntoIterator<Item = &'b mut Batch<F>>,
        crew: &Crew,
    ) -> Result<()> {
        let mut drawn = self.draw(first, count);
        if let Some(short) = drawn.last().filter(|d| d.steps == 0) {
            return Err(Error::input(format!("trial {} lasts {}", short.id, short.outline.duration))
                .why(format!("that is shorter than the time step of {}", self.dt))
                .remedy("make the task's epochs longer or dt shorter"));
        }
        let longest = drawn.first().map_or(0, |d| d.steps);
        let samples = longest.saturating_sub(self.task.warm_up().steps(self.dt)) * count;
        let whole = whole.then_some(longest);
        let work: usize = drawn.iter().map(|d| whole.unwrap_or(d.steps)).sum();
        let mut batches: Vec<(Vec<Drawn>, &mut Batch<F>)> = batches.into_iter().map(|b| (Vec::new(), b)).collect();
        let pieces = batches.len();
        let (mut done, mut piece) = (0, 0);
        for d in drawn.drain(..) {
            let steps = whole.unwrap_or(d.steps);
            // A trial goes to the piece that its middle falls into.
            while piece + 1 < pieces && (2 * done + steps) * pieces > 2 * work * (piece + 1) {
                piece += 1;
            }
            done += steps;
            batches[piece].0.push(d);
        }
        crew.each(&mut batches, |_, (drawn, batch)| self.write(drawn, whole, samples, batch));
        Ok(())
    }
}

fn copy<F: Real>(from: &[f32], to: &mut [F]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = F::from_f32(*from);
    }
}

/// Noise of the inputs at one time step, ready to add.
enum Noise<F> {
    Silent,
    Independent(Vec<F>),
    Correlated(Vec<F>),
}

impl<F: Real> Noise<F> {
    fn new(stage: &InputStage, dt: Time, channels: usize) -> Noise<F> {
        // eq. 11 with the reference program's own time constant τ_in
        let scale = (2.0 * (stage.tau / dt)).sqrt();
        let real = |x: &f64| F::from_f64(scale * x);
        match &stage.noise {
            InputNoise::Independent(sigma) if sigma.iter().any(|s| *s != 0.0) => {
                debug_assert_eq!(sigma.len(), channels, "checked when the experiment was read");
                Noise::Independent(sigma.iter().map(real).collect())
            }
            InputNoise::Correlated(root) => Noise::Correlated(root.iter().map(real).collect()),
            _ => Noise::Silent,
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self, Noise::Silent)
    }

    fn add(&self, normals: &[F], inputs: &mut [F]) {
        match self {
            Noise::Silent => {}
            Noise::Independent(scale) => {
                for ((u, n), s) in inputs.iter_mut().zip(normals).zip(scale) {
                    *u = n.fma(*s, *u);
                }
            }
            Noise::Correlated(root) => {
                for (u, row) in inputs.iter_mut().zip(root.chunks_exact(normals.len().max(1))) {
                    for (n, l) in normals.iter().zip(row) {
                        *u = n.fma(*l, *u);
                    }
                }
            }
        }
    }
}

/// Trials that run side by side when nothing is learnt: enough rows to keep the kernels busy.
pub const EVALUATED_TOGETHER: usize = 4 * LANES;
