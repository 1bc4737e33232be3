//! Training: updates, checks, stopping rules, checkpoints, and all files of the run folder.

use crate::archive::{Archive, Data};
use crate::auxiliary::{self, Outcome};
use crate::experiment::{Experiment, Plan, Stop, Unrolled, Visitor, cosine};
use crate::files;
use crate::folder::{self, Environment};
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Kind, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Carry, History, Imprint, Network, Noise, Room};
use cogrnn_core::params::{Arena, Plastic};
use cogrnn_core::readout::Tally;
use cogrnn_core::rule::Rule;
use cogrnn_core::run::{Run, Tryout, answering, performance};
use cogrnn_core::task::Set;
use cogrnn_core::trials::{EVALUATED_TOGETHER, unit_noise};
use cogrnn_core::units::Time;
use cogrnn_networks::rate::Rate;
use cogrnn_networks::rate::initial::spectral_radius;
use cogrnn_networks::unroll::Skip;
use cogrnn_rules::penalties::WeightPenalty;
use cogrnn_rules::{FEEDBACK, Fading};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What a run is given of the machine; none of it changes a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Threads.
    pub threads: usize,
    /// Kernels; `None` for the fastest.
    pub kernels: Option<Isa>,
}

impl Machine {
    /// The kernels in use.
    pub fn isa(&self) -> Isa {
        self.kernels.unwrap_or_else(Isa::best)
    }
}

/// What happens while a network learns.
#[derive(Debug)]
pub enum Event<'a> {
    /// Training begins, or goes on.
    Started {
        /// Updates already made.
        updates: u64,
        /// What will end it.
        stop: &'a Stop,
        /// The performance of answers at random, per cent.
        chance: f64,
    },
    /// One update of the weights.
    Update {
        /// Updates so far.
        updates: u64,
        /// Trials so far.
        trials: u64,
        /// Mean loss of its trials.
        loss: f64,
        /// Length of the gradient before clipping.
        gradient_norm: f64,
    },
    /// The network was tried on validation trials.
    Check(&'a Check),
    /// A checkpoint is on the disk.
    Saved,
}

/// One row of the learning curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Updates so far.
    pub updates: u64,
    /// Trials so far.
    pub trials: u64,
    /// Validation loss and what weights and rates cost, without Ω.
    pub cost: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Per cent of right choices, where the task has choices.
    pub performance: Option<f64>,
    /// λ Ω of the last update; 0 before the first.
    pub omega: f64,
    /// Length of its gradient before clipping.
    pub gradient_norm: f64,
    /// Of the effective recurrent weights.
    pub spectral_radius: f64,
    /// Whether this is the best network so far.
    pub best: bool,
    /// Cosine between the last update's gradient of the recurrent weights and the exact one, where asked for.
    #[serde(default)]
    pub gradient_cosine: Option<f64>,
    /// Cosine between readout and random feedback weights, where asked for.
    #[serde(default)]
    pub alignment: Option<f64>,
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The performance asked for was reached.
    Performance,
    /// The error asked for was reached.
    Error,
    /// So many training trials were right, one after the other, as asked for.
    Criterion,
    /// No better network for too long.
    Patience,
    /// The experiment's limit of updates.
    MaxUpdates,
    /// The limit of updates on the command line.
    Asked,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// The numbers left the reals.
    Diverged,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Reason::Performance => "the performance asked for",
            Reason::Error => "the error asked for",
            Reason::Criterion => "the criterion of trials that are right",
            Reason::Patience => "no better network for too long",
            Reason::MaxUpdates => "the experiment's limit of updates",
            Reason::Asked => "the limit of updates asked for",
            Reason::Interrupted => "interruption",
            Reason::Diverged => "divergence",
        })
    }
}

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Why it ended.
    pub reason: Reason,
    /// Performance at the last check, per cent.
    pub performance: Option<f64>,
    /// Error at the last check; no number if there was none.
    #[serde(deserialize_with = "null_is_no_number")]
    pub rmse: f64,
    /// Trials learnt from.
    pub trials: u64,
    /// Updates of the weights.
    pub updates: u64,
    /// Wall-clock time of training, all sittings together.
    pub seconds: f64,
    /// The seed.
    pub seed: u64,
    /// The first training trial, counted from 0, with which the criterion was met, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<u64>,
    /// Of the program.
    pub version: String,
    /// What came of a loop around the network.
    #[serde(rename = "loop", default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Outcome>,
}

/// JSON has no NaN and writes null.
fn null_is_no_number<'d, D: serde::Deserializer<'d>>(from: D) -> std::result::Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

/// All that goes on from update to update.
#[derive(Clone, Debug)]
struct Progress {
    updates: u64,
    seconds: f64,
    omega: f64,
    gradient_norm: f64,
    /// No number where it was not looked at.
    gradient_cosine: f64,
    history: Vec<Check>,
    theta: Arena<f32>,
    memory: Vec<(String, Vec<f32>)>,
    /// The state that the last training trial ended with, where the next goes on from it; else empty.
    carried: Vec<f32>,
    best: Arena<f32>,
    best_cost: f64,
    best_updates: u64,
    /// Of each training trial, where that is kept.
    trials: Vec<Lived>,
    /// The trial with which the criterion was met.
    criterion: Option<u64>,
}

/// What is kept of a training trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lived {
    /// Row of the task's conditions; -1 for none.
    pub condition: f32,
    /// The error that the rule was told of.
    pub error: f32,
    /// The share of weights whose change after it was cut short.
    pub cut: f32,
}

/// The network that is trained, however it is unrolled.
type Net = Skip<Rate<f32>>;

/// What holds from the start to the end of one call.
struct Sitting<'a> {
    /// Seconds of the sittings before.
    before: f64,
    clock: Instant,
    until: Option<u64>,
    stop: &'a AtomicBool,
}

impl Sitting<'_> {
    fn seconds(&self) -> f64 {
        self.before + self.clock.elapsed().as_secs_f64()
    }
}

/// A network in training, and the folder that keeps it.
#[derive(Debug)]
pub struct Trainer {
    experiment: Experiment,
    folder: PathBuf,
    machine: Machine,
    progress: Progress,
    penalties: Vec<Arc<dyn WeightPenalty<f32>>>,
}

/// The network as it is trained after so many updates, and its time step.
fn unrolled(experiment: &Experiment, updates: u64, plain: &Net, isa: Isa) -> Result<(Net, Time)> {
    Ok(match experiment.unroll.at(updates) {
        Unrolled::Plain => (plain.clone(), experiment.dt),
        Unrolled::Coarse(every) => {
            let dt = experiment.dt * every as f64;
            (Skip::none(experiment.network.network::<f32>(dt, isa)?), dt)
        }
        Unrolled::Skips(skipping) => (Skip::over(plain.inner().clone(), skipping)?, experiment.dt),
    })
}

/// How far back the error of a trial's last step reaches in the network as it is trained after so many updates, skips
/// among it: the mean length of ∂L_T/∂s_(T-l) over the trials of the next update, for l = 0, 1, … steps of the length
/// returned. Of the initial weights, if no θ is given. Nothing is learnt.
///
/// # Errors
/// If the network cannot be built.
pub fn fading(experiment: &Experiment, updates: u64, theta: Option<&Arena<f32>>, isa: Isa) -> Result<(Time, Vec<f64>)> {
    let Plan { network, mut plastic } = experiment.network.build::<f32>(experiment.dt, experiment.seed, isa)?;
    if let Some(from) = theta {
        plastic.change(|theta, _| theta.data_mut().copy_from_slice(from.data()));
    }
    let (network, dt) = unrolled(experiment, updates, &Skip::none(network), isa)?;
    let crew = Crew::new(1)?;
    let generator = experiment.generator(Set::Training, dt, isa);
    let longest = generator.draw(0, 64).first().map_or(1, |d| d.steps);
    let room = Room { trials: experiment.trials, steps: longest, history: History::Whole };
    let mut run = Run::new(&network, &Fading, plastic, &room, &crew)?;
    run.answering = answering(&*experiment.task, dt);
    let first = updates * experiment.trials as u64;
    generator.share(first, experiment.trials, false, run.desks.iter_mut().map(|d| &mut d.batch), &crew)?;
    let noise = Noise::Drawn { seed: experiment.seed, purpose: unit_noise(Set::Training) };
    run.update(noise, experiment.network.loss, &crew);
    Ok((dt, run.memory))
}

/// Columns of the learning curve.
const COLUMNS: [&str; 11] = [
    "updates",
    "trials",
    "cost",
    "rmse",
    "performance",
    "omega",
    "gradient_norm",
    "spectral_radius",
    "best",
    "gradient_cosine",
    "alignment",
];
/// Columns of checkpoints that were written before rules were held against the gradient.
const FORMER_COLUMNS: usize = 9;

impl Check {
    /// As a checkpoint keeps it: in bits, for decimals may round and know no infinity. NaN where there is
    /// no performance.
    fn to_row(&self) -> [f64; COLUMNS.len()] {
        [
            self.updates as f64,
            self.trials as f64,
            self.cost,
            self.rmse,
            self.performance.unwrap_or(f64::NAN),
            self.omega,
            self.gradient_norm,
            self.spectral_radius,
            f64::from(u8::from(self.best)),
            self.gradient_cosine.unwrap_or(f64::NAN),
            self.alignment.unwrap_or(f64::NAN),
        ]
    }

    fn from_row(row: &[f64; COLUMNS.len()]) -> Check {
        let [updates, trials, cost, rmse, performance, omega, gradient_norm, spectral_radius, best, cosine, alignment] =
            *row;
        let some = |x: f64| (!x.is_nan()).then_some(x);
        Check {
            updates: updates as u64,
            trials: trials as u64,
            cost,
            rmse,
            performance: some(performance),
            omega,
            gradient_norm,
            spectral_radius,
            best: best != 0.0,
            gradient_cosine: some(cosine),
            alignment: some(alignment),
        }
    }
}

/// A sitting that waits for its rule.
struct Sit<'a> {
    trainer: &'a mut Trainer,
    experiment: &'a Experiment,
    until: Option<u64>,
    stop: &'a AtomicBool,
    watch: &'a mut dyn FnMut(Event<'_>),
}

impl Visitor<Net> for Sit<'_> {
    type Found = Result<Summary>;

    fn visit<R: Rule<Net>>(self, rule: &R) -> Result<Summary> {
        self.trainer.sitting(self.experiment, rule, self.until, self.stop, self.watch)
    }
}

impl Trainer {
    /// Starts a training in a new folder.
    ///
    /// # Errors
    /// If the folder exists and may not be overwritten, or cannot be written.
    pub fn start(experiment: Experiment, folder: &Path, overwrite: bool, machine: &Machine) -> Result<Trainer> {
        let Plan { plastic, .. } = experiment.network.build::<f32>(experiment.dt, experiment.seed, machine.isa())?;
        files::create_run_folder(folder, overwrite)?;
        if overwrite {
            for name in [folder::CHECKPOINT, folder::RESULT, folder::WEIGHTS, folder::LEARNING] {
                match std::fs::remove_file(folder.join(name)) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                        return Err(files::refusal("cannot replace", &folder.join(name), &e));
                    }
                    _ => {}
                }
            }
        }
        files::write_atomically(folder.join(folder::EXPERIMENT), experiment.resolved().as_bytes())?;
        folder::write_environment(folder, &Environment::here(machine.threads, machine.isa()))?;
        folder::write_citation(folder, experiment.cite())?;
        let progress = Progress {
            updates: 0,
            seconds: 0.0,
            omega: 0.0,
            gradient_norm: 0.0,
            gradient_cosine: f64::NAN,
            history: Vec::new(),
            best: plastic.theta().clone(),
            theta: plastic.theta().clone(),
            memory: Vec::new(),
            carried: first_state(&experiment, plastic.weights()),
            best_cost: f64::INFINITY,
            best_updates: 0,
            trials: Vec::new(),
            criterion: None,
        };
        Ok(Trainer {
            experiment,
            folder: folder.to_path_buf(),
            machine: machine.clone(),
            progress,
            penalties: Vec::new(),
        })
    }

    /// Goes on from a folder's checkpoint.
    ///
    /// # Errors
    /// If there is none, or it is damaged or belongs to another experiment.
    pub fn resume(folder: &Path, machine: &Machine) -> Result<Trainer> {
        folder::check_run_folder(folder)?;
        let text = files::read_text(folder.join(folder::EXPERIMENT))?;
        let origin = folder.join(folder::EXPERIMENT).display().to_string();
        let experiment = Experiment::parse(&text, &name_of(folder), &origin, &[])?;
        Trainer::resume_under(experiment, folder, machine)
    }

    /// The same under an experiment that may have other limits (`patience`, `max_updates`), tests and
    /// analyses than the one that the training began with; the folder keeps the new one.
    ///
    /// # Errors
    /// As [`Trainer::resume`].
    pub fn resume_under(experiment: Experiment, folder: &Path, machine: &Machine) -> Result<Trainer> {
        files::remove_leftovers(folder);
        if !folder.join(folder::CHECKPOINT).exists() {
            // A finished network is never begun anew unasked. Without a result the run was killed in its first
            // moments, when nothing was learnt that would be lost.
            let rows = files::read_text(folder.join(folder::LEARNING)).map_or(0, |text| text.lines().count());
            if rows > 2 || folder.join(folder::RESULT).exists() {
                return Err(no_checkpoint(folder)
                    .remedy("put the checkpoint back, or train anew with `cogrnn train` in another folder"));
            }
            return Trainer::start(experiment, folder, true, machine);
        }
        let (trainer, changed) = Trainer::read(experiment, folder, machine)?;
        if changed {
            let resolved = trainer.experiment.resolved();
            files::write_atomically(folder.join(folder::EXPERIMENT), resolved.as_bytes())?;
        }
        Ok(trainer)
    }

    /// A training as its folder has it, to look at: nothing is written, and another program may go on with it.
    ///
    /// # Errors
    /// As [`Trainer::resume`], and a folder without a checkpoint.
    pub fn look(folder: &Path, machine: &Machine) -> Result<Trainer> {
        folder::check_run_folder(folder)?;
        let text = files::read_text(folder.join(folder::EXPERIMENT))?;
        let origin = folder.join(folder::EXPERIMENT).display().to_string();
        let experiment = Experiment::parse(&text, &name_of(folder), &origin, &[])?;
        if !folder.join(folder::CHECKPOINT).exists() {
            let remedy = format!("go on with  cogrnn resume {}", folder.display());
            return Err(no_checkpoint(folder).why("its parameters are not kept anywhere else").remedy(remedy));
        }
        Ok(Trainer::read(experiment, folder, machine)?.0)
    }

    /// What a checkpoint holds, and whether this experiment differs from its own.
    fn read(experiment: Experiment, folder: &Path, machine: &Machine) -> Result<(Trainer, bool)> {
        let origin = folder.join(folder::EXPERIMENT).display().to_string();
        let path = folder.join(folder::CHECKPOINT);
        let Plan { plastic, .. } = experiment.network.build::<f32>(experiment.dt, experiment.seed, machine.isa())?;
        let archive = Archive::from_bytes(path.display().to_string(), &files::read(&path)?)?;
        let kept = archive.note("experiment").map_err(|_| {
            archive.blame(
                Error::input("this is not a checkpoint")
                    .why("it is a file of cogrnn, but says nothing of an experiment")
                    .remedy("put the checkpoint of this run back, or start a new run with `cogrnn train`"),
            )
        })?;
        // Read anew, so that a default that came with a later version makes no difference.
        let kept = Experiment::parse(kept, &name_of(folder), &archive.origin, &[])?;
        if kept.learning() != experiment.learning() || !kept.stop.same_target(&experiment.stop) {
            // Limits may differ, so they are not the reason.
            let rules = |text: &str| -> String {
                let limit = |line: &&str| line.starts_with("patience =") || line.starts_with("max_updates =");
                text.lines().filter(|line| !limit(line)).map(|line| format!("{line}\n")).collect()
            };
            let difference =
                first_difference(&rules(kept.resolved()), &rules(experiment.resolved())).unwrap_or_default();
            return Err(Error::input("experiment.toml is not what the checkpoint was trained by")
                .at(origin)
                .why(difference)
                .remedy("put back what was changed, or train the new experiment in a folder of its own"));
        }
        let arena = |prefix: &str| -> Result<Arena<f32>> {
            let mut arena = plastic.theta().clone();
            let blocks: Vec<_> = arena.blocks().to_vec();
            for block in blocks {
                let values = archive.f32s(&format!("{prefix}.{}", block.name))?;
                if values.len() != block.len() {
                    return Err(archive.blame(
                        Error::input(format!("`{}` has {} entries in the checkpoint", block.name, values.len()))
                            .why(format!("this network needs {}", block.len()))
                            .remedy("resume in the folder that the checkpoint was written in"),
                    ));
                }
                arena.block_mut(block.name).copy_from_slice(values);
            }
            Ok(arena)
        };
        let state = |name: &str| -> Result<Vec<f32>> {
            let values = archive.f32s(name)?;
            let units = experiment.network.shape.units;
            if values.len() == units {
                return Ok(values.to_vec());
            }
            Err(archive.blame(
                Error::input(format!("`{name}` has {} entries in the checkpoint", values.len()))
                    .why(format!("this network has {units} units"))
                    .remedy("resume in the folder that the checkpoint was written in"),
            ))
        };
        let changed = kept.resolved() != experiment.resolved();
        let memory = archive
            .tensors
            .iter()
            .filter_map(|t| {
                let name = t.name.strip_prefix("memory.")?;
                match &t.data {
                    Data::F32(values) => Some((name.to_string(), values.clone())),
                    _ => None,
                }
            })
            .collect();
        let progress = Progress {
            updates: archive.parsed("updates")?,
            seconds: archive.parsed("seconds")?,
            omega: archive.parsed("omega")?,
            gradient_norm: archive.parsed("gradient_norm")?,
            gradient_cosine: archive.parsed("gradient_cosine").unwrap_or(f64::NAN),
            history: history(&archive)?,
            trials: lived(&archive)?,
            criterion: None,
            theta: arena("theta")?,
            best: arena("best")?,
            memory,
            carried: if experiment.carry { state("carried")? } else { Vec::new() },
            best_cost: archive.parsed("best_cost")?,
            best_updates: archive.parsed("best_updates")?,
        };
        let mut progress = progress;
        if let Some(criterion) = &experiment.criterion {
            progress.criterion =
                (0..progress.trials.len()).find(|n| criterion.met(&progress.trials[..=*n])).map(|n| n as u64);
        }
        let (folder, machine) = (folder.to_path_buf(), machine.clone());
        Ok((Trainer { experiment, folder, machine, progress, penalties: Vec::new() }, changed))
    }

    /// Adds a cost of your own to those of the experiment file: to the gradient, and to what the best
    /// network is chosen by. A resumed training must be given it again.
    pub fn with_penalty(mut self, penalty: impl WeightPenalty<f32> + 'static) -> Trainer {
        self.penalties.push(Arc::new(penalty));
        self
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Trains until a stopping rule holds, `until` updates are made, or `stop` is set; leaves a checkpoint,
    /// the best network and the summary in the folder.
    ///
    /// # Errors
    /// Divergence, or a folder that can no longer be written.
    pub fn run(&mut self, until: Option<u64>, stop: &AtomicBool, watch: &mut dyn FnMut(Event<'_>)) -> Result<Summary> {
        let experiment = self.experiment.clone();
        let own = self.own_penalties();
        let (before, clock) = (self.progress.seconds, Instant::now());
        let (shape, seed, isa) = (experiment.network.shape, experiment.seed, self.machine.isa());
        let start = experiment.network.learns_start();
        let Plan { network, plastic } = experiment.network.build::<f32>(experiment.dt, seed, isa)?;
        let imprints = network.imprints(&plastic).is_some();
        let sitting = Sit { trainer: self, experiment: &experiment, until, stop, watch };
        let done = experiment.rule.visit::<Net, _>(shape, seed, isa, start, imprints, own, sitting);
        if done.as_ref().is_err_and(|e| e.kind == Kind::Diverged) {
            // The folder keeps the learning curve and the last sound checkpoint.
            self.progress.seconds = before + clock.elapsed().as_secs_f64();
            folder::write_result(&self.folder, &self.summary(Reason::Diverged))?;
        }
        done
    }

    /// Updates made so far, and θ.
    pub fn theta(&self) -> (u64, &Arena<f32>) {
        (self.progress.updates, &self.progress.theta)
    }

    /// [`fading`] of the network as it is now.
    ///
    /// # Errors
    /// As there.
    pub fn fading(&self) -> Result<(Time, Vec<f64>)> {
        fading(&self.experiment, self.progress.updates, Some(&self.progress.theta), self.machine.isa())
    }

    fn own_penalties(&self) -> Vec<Box<dyn WeightPenalty<f32>>> {
        self.penalties.iter().map(|p| Box::new(p.clone()) as Box<dyn WeightPenalty<f32>>).collect()
    }

    /// Stage after stage, until there is a reason to end.
    fn sitting<R: Rule<Net>>(
        &mut self,
        experiment: &Experiment,
        rule: &R,
        until: Option<u64>,
        stop: &AtomicBool,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Summary> {
        let isa = self.machine.isa();
        let Plan { network, mut plastic } = experiment.network.build::<f32>(experiment.dt, experiment.seed, isa)?;
        // Checks are made of this one, whatever the network is trained as.
        let plain = Skip::none(network);
        plastic.change(|theta, _| theta.data_mut().copy_from_slice(self.progress.theta.data()));
        // The summary of an earlier sitting is not that of this one.
        match std::fs::remove_file(self.folder.join(folder::RESULT)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(files::refusal("cannot replace", &self.folder.join(folder::RESULT), &e));
            }
            _ => {}
        }
        let crew = Crew::new(self.machine.threads)?;
        let sitting = Sitting { before: self.progress.seconds, clock: Instant::now(), until, stop };
        let chance = experiment.task.chance();
        watch(Event::Started { updates: self.progress.updates, stop: &experiment.stop, chance });
        let reason = loop {
            let (network, dt) = unrolled(experiment, self.progress.updates, &plain, isa)?;
            let (left, reason) = self.stage(&plain, &network, dt, rule, plastic, &sitting, &crew, watch)?;
            plastic = left;
            if let Some(reason) = reason {
                break reason;
            }
        };
        self.progress.seconds = sitting.seconds();
        self.save_all(&plain, &plastic)?;
        watch(Event::Saved);
        let mut summary = self.summary(reason);
        // Only around a network that is done.
        if let Some(plan) =
            experiment.around.as_ref().filter(|_| !matches!(reason, Reason::Asked | Reason::Interrupted))
        {
            plastic.change(|theta, _| theta.data_mut().copy_from_slice(self.progress.best.data()));
            summary.around = auxiliary::learn(plan, experiment, &plain, &plastic, &self.folder, stop)?;
            if summary.around.is_none() {
                summary.reason = Reason::Interrupted;
            }
        }
        folder::write_result(&self.folder, &summary)?;
        Ok(summary)
    }

    /// Trains a network that is unrolled as it is until its stage is over, or there is a reason to end.
    fn stage<R: Rule<Net>>(
        &mut self,
        plain: &Net,
        network: &Net,
        dt: Time,
        rule: &R,
        plastic: Plastic<Net>,
        sitting: &Sitting<'_>,
        crew: &Crew,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Plastic<Net>, Option<Reason>)> {
        let experiment = self.experiment.clone();
        let next_stage = experiment.unroll.next_stage(self.progress.updates);
        let stage_start = experiment.unroll.stage_start(self.progress.updates);
        let generator = experiment.generator(Set::Training, dt, self.machine.isa());
        let longest = generator.draw(0, 64).first().map_or(1, |d| d.steps);
        let room = Room { trials: experiment.trials, steps: longest, history: History::Whole };
        let mut run = Run::new(network, rule, plastic, &room, crew)?;
        run.answering = answering(&*experiment.task, dt);
        // What was remembered before this stage may not be wanted in it; before the first update there is nothing.
        let since = if experiment.unroll.fresh_optimiser() { stage_start } else { 0 };
        if self.progress.updates > since {
            rule.restore(&mut run.memory, self.progress.updates - since, &self.progress.memory)?;
        }
        // Watches and never acts: a second run of the same trials.
        let exact = experiment.rule.exact::<f32>(self.own_penalties());
        let mut shadow = if experiment.rule.shadow {
            let mut shadow = Run::new(network, &exact, run.plastic.clone(), &room, crew)?;
            shadow.answering = run.answering;
            Some(shadow)
        } else {
            None
        };
        let whole = experiment.rule.rates_cost();
        let noise = Noise::Drawn { seed: experiment.seed, purpose: unit_noise(Set::Training) };

        let reason = loop {
            let updates = self.progress.updates;
            let due = updates.is_multiple_of(experiment.check_every);
            if due && self.progress.history.last().is_none_or(|c| c.updates != updates) {
                self.take(rule, &run, sitting.seconds());
                let check = self.check(plain, &run.plastic, crew)?;
                watch(Event::Check(&check));
                self.progress.history.push(check);
                self.progress.seconds = sitting.seconds();
                self.save_all(plain, &run.plastic)?;
                watch(Event::Saved);
            }
            if self.progress.criterion.is_some() && experiment.criterion.as_ref().is_some_and(|c| c.stop) {
                break Some(Reason::Criterion);
            }
            if due && let Some(reason) = reached(&experiment.stop, &self.progress.history) {
                break Some(reason);
            }
            if updates.saturating_sub(self.progress.best_updates) > experiment.stop.patience {
                break Some(Reason::Patience);
            }
            if updates >= experiment.stop.max_updates {
                break Some(Reason::MaxUpdates);
            }
            if sitting.until.is_some_and(|until| updates >= until) {
                break Some(Reason::Asked);
            }
            if sitting.stop.load(Ordering::Relaxed) {
                break Some(Reason::Interrupted);
            }
            if next_stage.is_some_and(|next| updates >= next) {
                break None;
            }

            let first = updates * experiment.trials as u64;
            generator.share(first, experiment.trials, whole, run.desks.iter_mut().map(|d| &mut d.batch), crew)?;
            let loss = experiment.network.loss;
            let shadowed = shadow.as_mut().filter(|_| (updates + 1).is_multiple_of(experiment.check_every));
            let exact = shadowed.map(|shadow| {
                shadow.plastic.change(|theta, _| theta.data_mut().copy_from_slice(run.plastic.theta().data()));
                for (to, from) in shadow.desks.iter_mut().zip(&run.desks) {
                    to.batch.clone_from(&from.batch);
                }
                if experiment.carry {
                    shadow.update_carried(noise, loss, crew, &mut self.progress.carried.clone());
                } else {
                    shadow.update(noise, loss, crew);
                }
                shadow.memory.gradient()
            });
            let (tally, learned) = if experiment.carry {
                run.update_carried(noise, loss, crew, &mut self.progress.carried)
            } else {
                run.update(noise, loss, crew)
            };
            if let Some((exact, own)) = exact.zip(rule.last_gradient(&run.memory)) {
                let of =
                    |g: &Arena<f32>| g.block("w_rec").iter().map(|g| f64::from(*g)).collect::<Vec<_>>().into_iter();
                self.progress.gradient_cosine = cosine(of(exact), of(own));
            }
            let sound = tally.loss.is_finite() && learned.gradient_norm.is_finite();
            if !(sound || learned.guarded) {
                return Err(self.diagnose(run.plastic.weights(), &tally, learned.gradient_norm));
            }
            if self.progress.carried.iter().any(|x| !x.is_finite()) {
                // The guard has brought the weights back; nothing would bring this state back.
                self.progress.carried = first_state(&experiment, run.plastic.weights());
            }
            if experiment.record_trials {
                self.live(&run, learned.cut);
            }
            self.progress.updates += 1;
            self.progress.omega = experiment.rule.omega * learned.omega.unwrap_or(0.0);
            self.progress.gradient_norm = learned.gradient_norm;
            watch(Event::Update {
                updates: self.progress.updates,
                trials: self.progress.updates * experiment.trials as u64,
                loss: tally.mean_loss(),
                gradient_norm: learned.gradient_norm,
            });
        };
        self.take(rule, &run, sitting.seconds());
        Ok((run.plastic, reason))
    }

    /// Keeps what came of the trials of this update.
    fn live<N: Network<Real = f32>, R: Rule<N>>(&mut self, run: &Run<'_, N, R>, cut: f64) {
        let first = self.progress.trials.len();
        let desks = run.desks.iter().map(|d| (&d.batch, &d.tallies));
        let all = desks.flat_map(|(batch, tallies)| batch.ids.iter().zip(&batch.outlines).zip(tallies));
        let mut all: Vec<_> = all
            .map(|((id, outline), tally)| {
                let error = if tally.judged > 0 || tally.mask > 0.0 { tally.mean_loss() } else { f64::NAN };
                let condition = outline.condition.map_or(-1.0, |c| c as f32);
                (*id, Lived { condition, error: error as f32, cut: cut as f32 })
            })
            .collect();
        all.sort_by_key(|(id, _)| *id);
        self.progress.trials.extend(all.into_iter().map(|(_, lived)| lived));
        if let (Some(criterion), None) = (&self.experiment.criterion, self.progress.criterion) {
            let met = (first..self.progress.trials.len()).find(|n| criterion.met(&self.progress.trials[..=*n]));
            self.progress.criterion = met.map(|n| n as u64);
        }
    }

    /// The training trials so far, where they are kept.
    pub fn trials(&self) -> &[Lived] {
        &self.progress.trials
    }

    /// Takes over what the run has come to.
    fn take<N: Network<Real = f32>, R: Rule<N>>(&mut self, rule: &R, run: &Run<'_, N, R>, seconds: f64) {
        self.progress.seconds = seconds;
        self.progress.theta.data_mut().copy_from_slice(run.plastic.theta().data());
        self.progress.memory = rule.save(&run.memory);
    }

    /// Tries the network on validation trials; keeps it if it is the best.
    fn check<N: Carry<Real = f32>>(&mut self, network: &N, plastic: &Plastic<N>, crew: &Crew) -> Result<Check> {
        let experiment = &self.experiment;
        let updates = self.progress.updates;
        let count = experiment.validation_trials;
        let generator = experiment.generator(Set::Validation, experiment.dt, self.machine.isa());
        let one_step = |rates: &[f64]| experiment.rule.rate_cost(rates, 1.0);
        let activity = experiment.rule.rates_cost().then_some(&one_step as &(dyn Fn(&[f64]) -> f64 + Sync));
        let tryout = Tryout { network, plastic, generator: &generator, loss: experiment.network.loss, activity };
        let drawn = generator.draw(updates * count as u64, count);
        let ended = if experiment.carry {
            // A sequence of its own, so that when the checks are made does not change what is learnt.
            tryout.in_turn(drawn, &mut Vec::new(), |_| ())?
        } else {
            tryout.side_by_side(drawn, EVALUATED_TOGETHER, crew, |_| ())?
        };
        let mut tally = Tally::default();
        let (mut rates, mut steps) = (0.0, 0);
        for trial in &ended {
            tally.add(&trial.tally);
            rates += trial.activity;
            steps = steps.max(trial.outline.steps(experiment.dt));
        }
        let steps = steps.saturating_sub(experiment.task.warm_up().steps(experiment.dt));
        let samples = (steps * count * network.shape().units) as f64;
        let own: f64 = self.penalties.iter().map(|p| p.value(plastic.theta())).sum();
        let cost = tally.mean_loss() + experiment.rule.weight_cost(plastic.theta()) + own + rates / samples;
        // The guard brings the weights back, so there is more to come.
        if !cost.is_finite() && !experiment.rule.guard {
            return Err(self.diagnose(plastic.weights(), &tally, self.progress.gradient_norm));
        }
        let best = cost < self.progress.best_cost;
        let w_out = plastic.weights().block("w_out");
        let feedback = self.progress.memory.iter().find(|(name, _)| name == FEEDBACK).map(|(_, b)| &b[..]);
        let alignment = experiment
            .rule
            .shadow
            .then(|| experiment.rule.alignment(network.shape(), experiment.seed, w_out, feedback));
        if best {
            self.progress.best_cost = cost;
            self.progress.best_updates = updates;
        }
        if best || experiment.keep_last {
            self.progress.best.data_mut().copy_from_slice(plastic.theta().data());
        }
        Ok(Check {
            updates,
            trials: updates * experiment.trials as u64,
            cost,
            rmse: tally.rmse(),
            performance: performance(&*experiment.task, &ended),
            omega: self.progress.omega,
            gradient_norm: self.progress.gradient_norm,
            spectral_radius: spectral_radius(plastic.weights().block("w_rec"), network.shape().units),
            best,
            gradient_cosine: Some(self.progress.gradient_cosine).filter(|c| !c.is_nan()),
            alignment: alignment.filter(|c| !c.is_nan()),
        })
    }

    fn summary(&self, reason: Reason) -> Summary {
        let last = self.progress.history.last();
        Summary {
            reason,
            performance: last.and_then(|c| c.performance),
            rmse: last.map_or(f64::NAN, |c| c.rmse),
            trials: self.progress.updates * self.experiment.trials as u64,
            updates: self.progress.updates,
            seconds: self.progress.seconds,
            seed: self.experiment.seed,
            criterion: self.progress.criterion,
            version: env!("CARGO_PKG_VERSION").to_string(),
            around: None,
        }
    }

    /// What went wrong, since when, and how strong the loop is.
    fn diagnose(&self, weights: &Arena<f32>, tally: &Tally, gradient_norm: f64) -> Error {
        let e = &self.experiment;
        let fastest = e.network.tau.iter().fold(f64::INFINITY, |m, t| m.min(t.as_ms()));
        let what = if tally.loss.is_finite() {
            "the gradient is no longer a number"
        } else {
            "the loss is no longer a number"
        };
        let gain = |radius: f64| {
            let gain = radius * e.dt.as_ms() / fastest;
            format!("spectral radius {radius:.3}, a loop gain of {gain:.3} a time step (radius × dt/tau)")
        };
        // The update that failed may have left no number among the weights; then the last check tells.
        let radius = spectral_radius(weights.block("w_rec"), weights.block("x0").len());
        let mut why = Vec::new();
        if let Some(c) = self.progress.history.last() {
            why.push(format!(
                "at the last check, update {}, the loss was {:.4} and the recurrent weights had the {}",
                c.updates,
                c.cost,
                gain(c.spectral_radius)
            ));
        }
        if radius.is_finite() {
            why.push(format!("now they have the {}", gain(radius)));
        }
        why.push(format!("the last gradient had the length {gradient_norm:.3e}"));
        Error::diverged(what)
            .at(format!("update {}", self.progress.updates + 1))
            .why(why.join("; "))
            .remedy("lower `learning_rate`, set `max_gradient_norm`, lower `spectral_radius`, or take a smaller dt")
    }

    fn save_all<N: Network<Real = f32>>(&self, network: &N, plastic: &Plastic<N>) -> Result<()> {
        files::write_atomically(self.folder.join(folder::LEARNING), self.learning_curve().as_bytes())?;
        if self.experiment.record_trials {
            files::write_atomically(self.folder.join(folder::TRIALS), self.trial_table().as_bytes())?;
        }
        files::write_atomically(self.folder.join(folder::WEIGHTS), &self.weights(network, plastic)?.to_bytes()?)?;
        // Last, so that whoever finds a checkpoint finds all that it stands for.
        files::write_atomically(self.folder.join(folder::CHECKPOINT), &self.checkpoint()?.to_bytes()?)
    }

    /// One line a training trial.
    fn trial_table(&self) -> String {
        let mut text = String::from("trial,condition,error,cut\n");
        for (n, Lived { condition, error, cut }) in self.progress.trials.iter().enumerate() {
            // writing to a String cannot fail
            let _ = match *condition >= 0.0 {
                true => writeln!(text, "{n},{condition},{error},{cut}"),
                false => writeln!(text, "{n},,{error},{cut}"),
            };
        }
        text
    }

    fn learning_curve(&self) -> String {
        let mut text = COLUMNS.join(",") + "\n";
        for c in &self.progress.history {
            let some = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
            let (performance, cosine, alignment) = (some(c.performance), some(c.gradient_cosine), some(c.alignment));
            // writing to a String cannot fail
            let _ = writeln!(
                text,
                "{},{},{},{},{performance},{},{},{},{},{cosine},{alignment}",
                c.updates, c.trials, c.cost, c.rmse, c.omega, c.gradient_norm, c.spectral_radius, c.best
            );
        }
        text
    }

    /// The best network: effective weights `W[post, pre]`, masks of plastic entries, signs.
    fn weights<N: Network<Real = f32>>(&self, network: &N, plastic: &Plastic<N>) -> Result<Archive> {
        let wiring = plastic.wiring();
        let mut best = self.progress.best.clone();
        wiring.realise(self.progress.best.data(), best.data_mut());
        let mut archive = Archive::default();
        for block in best.blocks() {
            let shape: &[usize] = if block.cols == 1 { &[block.rows] } else { &[block.rows, block.cols] };
            let range = block.range();
            archive.push(block.name, shape, Data::F32(best.block(block.name).to_vec()));
            archive.push(
                format!("{}.plastic", block.name),
                shape,
                Data::U8(wiring.plastic()[range.clone()].iter().map(|m| u8::from(*m != 0.0)).collect()),
            );
            if wiring.keep(range.start) != cogrnn_core::constraint::Keep::Free && !block.is_empty() {
                archive.push(format!("{}.sign", block.name), shape, Data::F32(wiring.signs()[range].to_vec()));
            }
        }
        if let Some(b) = &self.experiment.network.returns {
            let shape = [network.shape().units, network.shape().outputs];
            archive.push("output_feedback", &shape, Data::F32(b.iter().map(|b| *b as f32).collect()));
        }
        archive.meta.insert("network".into(), N::NAME.into());
        archive.meta.insert("updates".into(), self.progress.best_updates.to_string());
        archive.meta.insert("units".into(), network.shape().units.to_string());
        archive.meta.insert("version".into(), env!("CARGO_PKG_VERSION").into());
        Ok(archive)
    }

    fn checkpoint(&self) -> Result<Archive> {
        let p = &self.progress;
        let mut archive = Archive::default();
        for (prefix, arena) in [("theta", &p.theta), ("best", &p.best)] {
            for block in arena.blocks() {
                archive.push(
                    format!("{prefix}.{}", block.name),
                    &[block.rows, block.cols],
                    Data::F32(arena.block(block.name).to_vec()),
                );
            }
        }
        for (name, values) in &p.memory {
            archive.push(format!("memory.{name}"), &[values.len()], Data::F32(values.clone()));
        }
        if self.experiment.carry {
            archive.push("carried", &[p.carried.len()], Data::F32(p.carried.clone()));
        }
        if self.experiment.record_trials {
            let trials = p.trials.iter().flat_map(|l| [l.condition, l.error, l.cut]).collect();
            archive.push("trials", &[p.trials.len(), 3], Data::F32(trials));
        }
        let history: Vec<f64> = p.history.iter().flat_map(Check::to_row).collect();
        archive.push("history", &[p.history.len(), COLUMNS.len()], Data::F64(history));
        for (name, value) in [("updates", p.updates), ("best_updates", p.best_updates)] {
            archive.meta.insert(name.into(), value.to_string());
        }
        // Written so that they read back to the bit, infinity too.
        for (name, value) in [
            ("seconds", p.seconds),
            ("omega", p.omega),
            ("gradient_norm", p.gradient_norm),
            ("gradient_cosine", p.gradient_cosine),
            ("best_cost", p.best_cost),
        ] {
            archive.meta.insert(name.into(), value.to_string());
        }
        archive.meta.insert("experiment".into(), self.experiment.resolved().into());
        archive.meta.insert("version".into(), env!("CARGO_PKG_VERSION").into());
        Ok(archive)
    }
}

/// Of a run that was begun and cannot be gone on with.
fn no_checkpoint(folder: &Path) -> Error {
    Error::input("this run has no checkpoint to go on from")
        .at(folder.join(folder::CHECKPOINT).display().to_string())
        .why("the folder holds a trained network, but not what training needs to go on")
}

/// The training trials of a run.
///
/// # Errors
/// A run that has kept none, or a table that is damaged.
pub fn read_trials(folder: &Path) -> Result<Vec<Lived>> {
    let path = folder.join(folder::TRIALS);
    let text = files::read_text(&path)?;
    let row = |(n, line): (usize, &str)| -> Result<Lived> {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |k: usize| cells.get(k).and_then(|cell| cell.parse::<f32>().ok());
        let condition = if cells.get(1) == Some(&"") { Some(-1.0) } else { number(1) };
        let (Some(condition), Some(error), Some(cut)) = (condition, number(2), number(3)) else {
            return Err(Error::input(format!("line {} is no training trial", n + 1))
                .at(path.display().to_string())
                .why(format!("it reads `{line}`"))
                .remedy("train the network again; a run writes this table itself"));
        };
        Ok(Lived { condition, error, cut })
    };
    text.lines().enumerate().skip(1).map(row).collect()
}

/// The training trials that a checkpoint keeps, if it does.
fn lived(archive: &Archive) -> Result<Vec<Lived>> {
    if !archive.tensors.iter().any(|t| t.name == "trials") {
        return Ok(Vec::new());
    }
    let rows = archive.f32s("trials")?.as_chunks().0;
    Ok(rows.iter().map(|&[condition, error, cut]| Lived { condition, error, cut }).collect())
}

/// The checks that a checkpoint keeps, of this version of the program or an earlier one.
fn history(archive: &Archive) -> Result<Vec<Check>> {
    let values = archive.f64s("history")?;
    let former = archive.tensors.iter().any(|t| t.name == "history" && t.shape.last() == Some(&FORMER_COLUMNS));
    if !former {
        return Ok(values.as_chunks().0.iter().map(Check::from_row).collect());
    }
    let row = |former: &[f64]| {
        let mut row = [f64::NAN; COLUMNS.len()];
        row[..FORMER_COLUMNS].copy_from_slice(former);
        Check::from_row(&row)
    };
    Ok(values.chunks_exact(FORMER_COLUMNS).map(row).collect())
}

/// Whether a target is reached at the last of these checks.
fn reached(stop: &Stop, history: &[Check]) -> Option<Reason> {
    let last = history.last()?;
    // 0 is no such rule: a task that asks for nothing would be done before it began
    if stop.error > 0.0 && last.rmse <= stop.error {
        return Some(Reason::Error);
    }
    let target = stop.performance?;
    let recent: Vec<f64> = history.iter().rev().take(stop.over).filter_map(|c| c.performance).collect();
    let mean = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
    (!recent.is_empty() && mean > target).then_some(Reason::Performance)
}

/// Why and after which update a training with these checks and so many updates would have ended under
/// these rules; `None` if it would go on. It follows the loop of [`Trainer::run`].
pub fn end_under(stop: &Stop, history: &[Check], updates: u64) -> Option<(Reason, u64)> {
    let limit = |best: u64| {
        let patience = best.saturating_add(stop.patience).saturating_add(1);
        if patience <= stop.max_updates { (Reason::Patience, patience) } else { (Reason::MaxUpdates, stop.max_updates) }
    };
    let mut best = 0;
    for (i, check) in history.iter().enumerate() {
        // At a check the target comes before the limits.
        if limit(best).1 < check.updates {
            return Some(limit(best));
        }
        if check.best {
            best = check.updates;
        }
        if let Some(reason) = reached(stop, &history[..=i]) {
            return Some((reason, check.updates));
        }
    }
    (limit(best).1 <= updates).then(|| limit(best))
}

/// Where the first trial begins, if later ones go on from one another.
fn first_state(experiment: &Experiment, weights: &Arena<f32>) -> Vec<f32> {
    if experiment.carry { weights.block("x0").to_vec() } else { Vec::new() }
}

/// What a folder is called.
fn name_of(folder: &Path) -> String {
    folder.file_name().map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// The first line in which two experiments differ.
fn first_difference(before: &str, now: &str) -> Option<String> {
    let (mut before, mut now) = (before.lines(), now.lines());
    loop {
        let setting = |line: Option<&str>| match line {
            Some(line) => format!("`{}`", line.split("  #").next().unwrap_or(line).trim()),
            None => "nothing".to_string(),
        };
        match (before.next(), now.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => return Some(format!("it had {}, and now has {}", setting(a), setting(b))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks every 10 updates with these performances; those with a plus were the best so far.
    fn curve(checks: &[(f64, bool)]) -> Vec<Check> {
        let check = |(i, &(performance, best)): (usize, &(f64, bool))| Check {
            updates: 10 * i as u64,
            trials: 0,
            cost: 0.0,
            rmse: 0.5,
            performance: Some(performance),
            omega: 0.0,
            gradient_norm: 0.0,
            spectral_radius: 1.0,
            best,
            gradient_cosine: None,
            alignment: None,
        };
        checks.iter().enumerate().map(check).collect()
    }

    #[test]
    fn a_training_ends_where_its_rules_say() {
        let learning = curve(&[(50.0, true), (60.0, true), (59.0, false), (58.0, false), (80.0, true), (90.0, true)]);
        let stop = Stop { performance: Some(84.0), over: 2, error: 0.0, patience: 30, max_updates: 1000 };
        let end = |stop: &Stop, updates| end_under(stop, &learning, updates);
        assert_eq!(end(&stop, 50), Some((Reason::Performance, 50)));
        // no better network from 10 to 40: a patience of 29 gives up at update 40 unless the check comes first
        assert_eq!(end(&Stop { patience: 29, ..stop.clone() }, 50), Some((Reason::Performance, 50)));
        assert_eq!(end(&Stop { patience: 28, ..stop.clone() }, 50), Some((Reason::Patience, 39)));
        assert_eq!(end(&Stop { max_updates: 33, ..stop.clone() }, 50), Some((Reason::MaxUpdates, 33)));
        assert_eq!(end(&Stop { max_updates: 50, ..stop.clone() }, 50), Some((Reason::Performance, 50)));
        // a higher target is not reached, and the training would go on
        let higher = Stop { performance: Some(86.0), ..stop };
        assert_eq!(end(&higher, 50), None);
        assert_eq!(end(&higher, 81), Some((Reason::Patience, 81)));
    }
}
