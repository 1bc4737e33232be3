//! Test trials one by one, however many: a lot at a time is run on all threads and handed on in order.

use super::Trained;
use crate::experiment::{TestNoise, kept_steps};
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{Network, Shape};
use cogrnn_core::rule::Moment;
use cogrnn_core::run::{Ended, Probe, Tryout};
use cogrnn_core::task::{Outline, Set};
use cogrnn_core::trials::{EVALUATED_TOGETHER, Generator};
use cogrnn_core::units::Time;
use cogrnn_networks::rate::Rate;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which test trials, and how they are run. [`Trained::test_run`] is as the experiment says.
///
/// # Example: what a trained network does without noise, every 10 ms
/// ```no_run
/// # use cogrnn::evaluate::{TestRun, Trained};
/// # use cogrnn::experiment::TestNoise;
/// # use cogrnn::trainer::Machine;
/// # use cogrnn_core::units::ms;
/// # let machine = Machine { threads: 2, kernels: None };
/// let trained = Trained::open("runs/third".as_ref(), &machine)?;
/// let quiet = TestRun { trials: 11, save_every: Some(ms(10.0)), noise: TestNoise::Silent, ..trained.test_run() };
/// trained.watch(
///     &quiet,
///     &mut |trial| {
///         println!("trial {} ends with output {}", trial.index, trial.chosen);
///         Ok(())
///     },
///     &mut |_| (),
/// )?;
/// # Ok::<(), cogrnn_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TestRun {
    /// How many.
    pub trials: usize,
    /// Time step; `None` for the experiment's.
    pub dt: Option<Time>,
    /// Time between the samples that are kept, rounded down to whole steps; `None` keeps every step.
    pub save_every: Option<Time>,
    /// Which noise.
    pub noise: TestNoise,
    /// Conditions that are forced on every trial, by name.
    pub force: Vec<(String, f64)>,
    /// Whether a trial begins with the state that the one before it ended with. Such trials are one
    /// sequence, and run on one thread.
    pub carry: bool,
    /// Seed of trials and noise; `None` for the experiment's.
    pub seed: Option<u64>,
}

/// One test trial: what happened in it and what the network did. Arrays are (time × width), row-major.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Its number, from 0.
    pub index: usize,
    /// What happened in it.
    pub outline: &'a Outline,
    /// ms from the start of the trial; the first is 0, the initial state.
    pub times: &'a [f64],
    /// Inputs as delivered, noise and all; NaN at time 0, before any input.
    pub inputs: &'a [f32],
    /// Potentials x.
    pub potentials: &'a [f32],
    /// Rates r.
    pub rates: &'a [f32],
    /// Outputs z.
    pub outputs: &'a [f32],
    /// The output that is largest at the trial's last step, kept or not.
    pub chosen: usize,
}

/// What a recording of some test trials will be like, known before any is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Trials.
    pub trials: usize,
    /// Samples kept of the longest trial, the initial state among them.
    pub samples: usize,
    /// Sizes of the network.
    pub shape: Shape,
}

/// What all trials of a lot may take in memory together; a trial that is larger is run alone.
const LOT_BYTES: usize = 256 << 20;

impl Trained {
    /// Test trials as the experiment says: 1000 if it does not say how many.
    pub fn test_run(&self) -> TestRun {
        let test = &self.experiment.test;
        TestRun {
            trials: test.trials.unwrap_or(1000),
            dt: None,
            save_every: test.save_every,
            noise: TestNoise::Usual,
            force: Vec::new(),
            carry: test.carry,
            seed: None,
        }
    }

    /// How large the recording of these trials will be; only their outlines are drawn.
    ///
    /// # Errors
    /// As [`Trained::watch`].
    pub fn extent(&self, request: &TestRun) -> Result<Extent> {
        self.with_bench(request, |bench| bench.extent(request.trials))
    }

    /// Runs test trials and hands each to `each`, in the order of their numbers. What it takes in memory
    /// does not grow with their number: a lot of trials at a time, at most 256 MB unless a single trial
    /// is larger. The same bits at any number of threads.
    ///
    /// # Errors
    /// A time step longer than the time constant or than `save_every`, a trial shorter than a time step,
    /// outputs that are no longer numbers, and what `each` complains of.
    pub fn watch(
        &self,
        request: &TestRun,
        each: &mut dyn FnMut(&Recorded<'_>) -> Result<()>,
        progress: &mut dyn FnMut(f64),
    ) -> Result<()> {
        self.with_bench(request, |bench| bench.watch(request, each, progress))
    }

    /// Sets up what test trials need.
    pub(super) fn with_bench<T>(&self, request: &TestRun, then: impl FnOnce(&Bench<'_>) -> Result<T>) -> Result<T> {
        let dt = self.step(request.dt)?;
        let every = match request.save_every {
            Some(every) => {
                // nobody who left `--save-every` out looks for it
                let own = self.experiment.test.save_every == Some(every);
                let place = if own { "save_every in [test] of the experiment" } else { "--save-every" };
                kept_steps(every, dt).map_err(|e| match own {
                    true => e.at(place).remedy(format!("keep them less often for now:  --save-every \"{dt}\"")),
                    false => e.at(place),
                })?
            }
            None => 1,
        };
        let plan = self.experiment.test_network(request.noise);
        let (network, plastic) = self.network(&plan, dt)?;
        let isa = self.machine.isa();
        let generator = self.experiment.generator_with(&plan.inputs, Set::Test, dt, isa);
        let (seed, noise_seed) = request.seed.map_or((generator.seed, generator.noise_seed), |s| (s, s));
        let generator = Generator { seed, noise_seed, force: &request.force, ..generator };
        then(&Bench {
            tryout: Tryout {
                network: &network,
                plastic: &plastic,
                generator: &generator,
                loss: plan.loss,
                activity: None,
            },
            threads: self.machine.threads,
            every,
        })
    }
}

/// A trained network, ready for test trials.
pub(super) struct Bench<'a> {
    pub tryout: Tryout<'a, Rate<f32>>,
    pub threads: usize,
    /// Steps from one sample that is kept to the next.
    pub every: usize,
}

impl Bench<'_> {
    fn dt(&self) -> Time {
        self.tryout.generator.dt
    }

    fn samples(&self, steps: usize) -> usize {
        steps / self.every + 1
    }

    pub fn extent(&self, trials: usize) -> Result<Extent> {
        Ok(Extent { trials, samples: self.samples(self.longest(trials)), shape: self.tryout.network.shape() })
    }

    /// Steps of the longest trial.
    fn longest(&self, trials: usize) -> usize {
        // In turn, for outlines are small but there may be millions.
        let lots = (0..trials).step_by(1000).map(|first| first..(first + 1000).min(trials));
        lots.filter_map(|lot| self.tryout.generator.draw_some(0, lot).first().map(|d| d.steps)).max().unwrap_or(0)
    }

    /// Trials run together, and trials a lot.
    fn lot(&self, longest: usize) -> (usize, usize) {
        let Shape { inputs, units, outputs } = self.tryout.network.shape();
        // Samples that are kept, and the whole trial's inputs, targets and mask.
        let kept = self.samples(longest) * (inputs + 2 * units + outputs);
        let trial = size_of::<f32>() * (kept + longest * (inputs + 2 * outputs));
        // Two pieces a thread: the longest trials and the shortest to one, those between to another.
        let pieces = 2 * self.threads;
        let lot = (LOT_BYTES / trial.max(1)).clamp(1, pieces * EVALUATED_TOGETHER);
        (lot.div_ceil(pieces), lot)
    }

    fn watch(
        &self,
        request: &TestRun,
        each: &mut dyn FnMut(&Recorded<'_>) -> Result<()>,
        progress: &mut dyn FnMut(f64),
    ) -> Result<()> {
        let crew = Crew::new(self.threads)?;
        let shape = self.tryout.network.shape();
        let longest = self.longest(request.trials);
        let (together, lot) = if request.carry { (1, 1) } else { self.lot(longest) };
        let times: Vec<f64> = (0..self.samples(longest)).map(|k| (k * self.every) as f64 * self.dt().as_ms()).collect();
        let slots: Vec<Mutex<Slot>> = (0..lot.min(request.trials)).map(|_| Mutex::default()).collect();
        let mut carried = Vec::new();
        for first in (0..request.trials).step_by(lot) {
            let indices = first..(first + lot).min(request.trials);
            let drawn = self.tryout.generator.draw_some(0, indices.clone());
            for trial in &drawn {
                open(&slots[trial.id as usize - first]).make_room(shape, self.samples(trial.steps));
            }
            // Every trial is in one piece only, so its slot is never waited for.
            let probe = |ids: &[u64]| Recorder {
                slots: ids.iter().map(|id| open(&slots[*id as usize - first])).collect(),
                every: self.every,
            };
            let ended = if request.carry {
                self.tryout.in_turn(drawn, &mut carried, probe)?
            } else {
                self.tryout.side_by_side(drawn, together, &crew, probe)?
            };
            sound(&ended, self.dt())?;
            for ((index, ended), slot) in indices.clone().zip(&ended).zip(&slots) {
                let slot = open(slot);
                each(&Recorded {
                    index,
                    outline: &ended.outline,
                    times: &times[..slot.samples],
                    inputs: &slot.inputs,
                    potentials: &slot.potentials,
                    rates: &slot.rates,
                    outputs: &slot.outputs,
                    chosen: ended.choice(),
                })?;
            }
            progress(indices.end as f64 / request.trials as f64);
        }
        Ok(())
    }
}

/// Refuses outputs that are no numbers.
pub(super) fn sound(ended: &[Ended], dt: Time) -> Result<()> {
    if ended.iter().all(|t| t.tally.loss.is_finite() && t.outputs.iter().all(|z| z.is_finite())) {
        return Ok(());
    }
    Err(Error::diverged("the outputs are no longer numbers")
        .at(format!("test trials at dt = {dt}"))
        .why("the trained network does not stay bounded at this time step")
        .remedy("try the time step that it was trained at, or retrain with a smaller one"))
}

/// What is kept of one trial.
#[derive(Debug, Default)]
struct Slot {
    samples: usize,
    inputs: Vec<f32>,
    potentials: Vec<f32>,
    rates: Vec<f32>,
    outputs: Vec<f32>,
}

impl Slot {
    fn make_room(&mut self, shape: Shape, samples: usize) {
        self.samples = samples;
        for (array, width) in [
            (&mut self.inputs, shape.inputs),
            (&mut self.potentials, shape.units),
            (&mut self.rates, shape.units),
            (&mut self.outputs, shape.outputs),
        ] {
            array.clear();
            array.resize(samples * width, f32::NAN);
        }
    }

    fn keep(&mut self, now: &Moment<'_, Rate<f32>>, t: usize, b: usize, k: usize, outputs: &[f32]) {
        let units = now.network.shape().units;
        self.potentials[k * units..][..units].copy_from_slice(now.network.potentials(now.state, t, b));
        self.rates[k * units..][..units].copy_from_slice(now.network.rates(now.state, t, b));
        self.outputs[k * outputs.len()..][..outputs.len()].copy_from_slice(outputs);
    }
}

fn open(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what it sees into its trials' slots.
struct Recorder<'a> {
    slots: Vec<MutexGuard<'a, Slot>>,
    every: usize,
}

impl Probe<Rate<f32>> for Recorder<'_> {
    fn observe(&mut self, now: &Moment<'_, Rate<f32>>) {
        let Shape { inputs, outputs, .. } = now.network.shape();
        if now.t == 1 {
            // The initial state, before any input.
            for (b, slot) in self.slots.iter_mut().enumerate() {
                let z: Vec<f32> = now.network.read(now.plastic, now.network.rates(now.state, 0, b));
                slot.keep(now, 0, b, 0, &z);
            }
        }
        if !now.t.is_multiple_of(self.every) {
            return;
        }
        let k = now.t / self.every;
        for (b, slot) in self.slots[..now.active].iter_mut().enumerate() {
            slot.inputs[k * inputs..][..inputs].copy_from_slice(&now.inputs[b * inputs..][..inputs]);
            slot.keep(now, now.t, b, k, &now.outputs[b * outputs..][..outputs]);
        }
    }
}
