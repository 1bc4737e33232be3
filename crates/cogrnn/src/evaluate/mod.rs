//! The trained network: how well it does, and what its units do.

mod record;
mod watch;

pub use record::Recording;
pub use watch::{Extent, Recorded, TestRun};

use crate::archive::Archive;
use crate::experiment::{Experiment, NetworkPlan};
use crate::files;
use crate::folder;
use crate::trainer::Machine;
use cogrnn_analysis::psychometric::{Bias, Curve};
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::Network;
use cogrnn_core::params::{Parameters, Plastic};
use cogrnn_core::readout::Tally;
use cogrnn_core::run::{Ended, performance};
use cogrnn_core::task::{Sample, Task};
use cogrnn_core::trials::EVALUATED_TOGETHER;
use cogrnn_core::units::{Time, ms};
use cogrnn_networks::rate::Rate;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A trained network as a run folder keeps it.
#[derive(Debug)]
pub struct Trained {
    /// The experiment that it was trained by.
    pub experiment: Experiment,
    weights: Archive,
    machine: Machine,
}

/// A table: named columns, rows of numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// Names.
    pub columns: Vec<String>,
    /// One row a condition.
    pub rows: Vec<Vec<f64>>,
}

/// How well a network does on test trials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Trials.
    pub trials: usize,
    /// Time step in ms.
    pub dt: f64,
    /// Per cent of right choices, where the task has choices.
    pub performance: Option<f64>,
    /// Root mean squared error.
    pub rmse: f64,
    /// Trials, per cent of right choices and of each choice, condition by condition.
    pub conditions: Table,
    /// The psychometric curve, where the task has signed evidence.
    pub psychometric: Option<Curve>,
}

/// Compares recorded outputs with what was asked.
pub(crate) struct Targets<'t> {
    task: &'t dyn Task,
}

impl Targets<'_> {
    /// Sum of squared errors over what is asked at the samples that were kept, and how many those are.
    pub(crate) fn error(&self, trial: &Recorded<'_>) -> (f64, f64) {
        let outputs = self.task.outputs().len();
        let mut buffers = (vec![0.0; self.task.inputs().len()], vec![0.0; outputs], vec![0.0; outputs]);
        let (mut sum, mut count) = (0.0, 0.0);
        for (t, z) in trial.times.iter().zip(trial.outputs.chunks_exact(outputs.max(1))).skip(1) {
            let (inputs, targets, mask) = &mut buffers;
            inputs.fill(0.0);
            targets.fill(0.0);
            mask.fill(0.0);
            self.task.sample(trial.outline, ms(*t), &mut Sample { inputs, targets, mask });
            for ((z, y), m) in z.iter().zip(targets).zip(mask) {
                sum += f64::from(*m * (z - *y) * (z - *y));
                count += f64::from(*m);
            }
        }
        (sum, count)
    }
}

impl Trained {
    /// Opens a run folder.
    ///
    /// # Errors
    /// If it is none, or a file in it is damaged.
    pub fn open(folder: &Path, machine: &Machine) -> Result<Trained> {
        folder::check_run_folder(folder)?;
        let path = folder.join(folder::EXPERIMENT);
        let experiment = Experiment::parse(&files::read_text(&path)?, "run", &path.display().to_string(), &[])?;
        let path = folder.join(folder::WEIGHTS);
        if !path.exists() {
            return Err(Error::input("there is no trained network yet")
                .at(path.display().to_string())
                .why("training was stopped before its first check")
                .remedy(format!("go on with  cogrnn resume {}", folder.display())));
        }
        let weights = Archive::from_bytes(path.display().to_string(), &files::read(&path)?)?;
        Ok(Trained { experiment, weights, machine: machine.clone() })
    }

    /// The same network under an experiment that tests or analyses it otherwise.
    ///
    /// # Errors
    /// An experiment that would have trained another network.
    pub fn under(self, experiment: Experiment) -> Result<Trained> {
        let (mine, other) = (self.experiment.training(), experiment.training());
        if mine == other {
            return Ok(Trained { experiment, ..self });
        }
        let differs = |key: &&String| mine.get(*key) != other.get(*key);
        let sections: Vec<String> = mine.keys().chain(other.keys()).filter(differs).cloned().collect();
        Err(Error::input("this network was trained by another experiment")
            .why(format!("they differ in {}", sections.first().map_or("their settings", String::as_str)))
            .remedy("only [test] and [analysis] may be changed after training; train again for anything else"))
    }

    /// Opens a run folder, with changes to its `[test]` and `[analysis]` sections.
    ///
    /// # Errors
    /// As [`Trained::open`] and [`Trained::under`].
    pub fn open_changed(folder: &Path, machine: &Machine, changes: &[String]) -> Result<Trained> {
        let trained = Trained::open(folder, machine)?;
        if changes.is_empty() {
            return Ok(trained);
        }
        let path = folder.join(folder::EXPERIMENT);
        let text = files::read_text(&path)?;
        let experiment = Experiment::parse(&text, "run", &path.display().to_string(), changes)?;
        trained.under(experiment)
    }

    /// A number that changes with the weights.
    pub fn checksum(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for block in ["w_in", "w_rec", "w_out", "b_rec", "b_out", "x0"] {
            for w in self.weights.f32s(block).unwrap_or_default() {
                sum.update(&w.to_le_bytes());
            }
        }
        sum.finalize()
    }

    /// The weights of a block as they are used in test trials, small ones removed: rows, columns and
    /// `W[post, pre]`, row-major. Blocks are `w_in`, `w_rec`, `w_out`, `b_rec`, `b_out` and `x0`.
    ///
    /// # Errors
    /// A block that the network does not have.
    pub fn weights(&self, block: &str) -> Result<(usize, usize, Vec<f32>)> {
        let shape = self.experiment.network.shape;
        let (rows, cols) = match block {
            "w_in" => (shape.units, shape.inputs),
            "w_rec" => (shape.units, shape.units),
            "w_out" => (shape.outputs, shape.units),
            "b_out" => (shape.outputs, 1),
            _ => (shape.units, 1),
        };
        let mut values = self.weights.f32s(block)?.to_vec();
        if block.starts_with("w_") {
            values.iter_mut().filter(|w| f64::from(w.abs()) < self.experiment.threshold).for_each(|w| *w = 0.0);
        }
        Ok((rows, cols, values))
    }

    /// Which entries of a block are connections, row-major; those that training may not have used among them.
    ///
    /// # Errors
    /// A block that the network does not have.
    pub fn connections(&self, block: &str) -> Result<Vec<bool>> {
        Ok(self.weights.u8s(&format!("{block}.plastic"))?.iter().map(|m| *m != 0).collect())
    }

    /// What is asked of test trials, to judge them by.
    pub(crate) fn targets(&self) -> Targets<'_> {
        Targets { task: &*self.experiment.task }
    }

    /// The network at a time step, small weights removed.
    fn network(&self, plan: &NetworkPlan, dt: Time) -> Result<(Rate<f32>, Plastic<Rate<f32>>)> {
        let network = plan.network::<f32>(dt, self.machine.isa())?;
        let mut theta = network.blocks();
        for block in theta.blocks().to_vec() {
            let values = self.weights.f32s(block.name)?;
            if values.len() != block.len() {
                return Err(self.weights.blame(
                    Error::input(format!("`{}` has {} entries", block.name, values.len()))
                        .why(format!("the experiment's network needs {}", block.len()))
                        .remedy("put back the weights that belong to this run"),
                ));
            }
            theta.block_mut(block.name).copy_from_slice(values);
        }
        let wiring = Wiring::free(&theta);
        let mut plastic = Parameters::new(&network, theta, wiring)?;
        plastic.threshold(&["w_in", "w_rec", "w_out"], self.experiment.threshold);
        Ok((network, plastic))
    }

    fn step(&self, dt: Option<Time>) -> Result<Time> {
        let Some(dt) = dt else { return Ok(self.experiment.test_dt) };
        if dt.as_ms() > 0.0 {
            // So that a step longer than tau is blamed on who asked for it.
            self.experiment.network.network::<f32>(dt, self.machine.isa()).map_err(|e| e.at("--dt"))?;
            return Ok(dt);
        }
        Err(Error::input(format!("a time step of {dt}"))
            .at("--dt")
            .why("time must go on")
            .remedy("for instance --dt 0.5"))
    }

    /// Runs test trials as the experiment says and tells how well they went.
    ///
    /// # Errors
    /// A time step that is too long.
    pub fn evaluate(&self, trials: usize, dt: Option<Time>, progress: &mut dyn FnMut(f64)) -> Result<Evaluation> {
        let request = TestRun { trials, dt, save_every: None, ..self.test_run() };
        let (dt, ended) = self.with_bench(&request, |bench| {
            let generator = bench.tryout.generator;
            let crew = Crew::new(self.machine.threads)?;
            // In lots, so that progress shows and memory stays small.
            let lot = if request.carry { 10 } else { 128 * self.machine.threads };
            let mut ended = Vec::with_capacity(trials);
            let mut carried = Vec::new();
            while ended.len() < trials {
                let drawn = generator.draw_some(0, ended.len()..trials.min(ended.len() + lot));
                ended.extend(if request.carry {
                    bench.tryout.in_turn(drawn, &mut carried, |_| ())?
                } else {
                    bench.tryout.side_by_side(drawn, EVALUATED_TOGETHER, &crew, |_| ())?
                });
                progress(ended.len() as f64 / trials as f64);
            }
            watch::sound(&ended, generator.dt)?;
            Ok((generator.dt, ended))
        })?;
        let mut tally = Tally::default();
        ended.iter().for_each(|t| tally.add(&t.tally));
        let evidence: Vec<(f64, bool)> =
            ended.iter().filter_map(|t| Some((t.outline.value("signed_coherence")?, t.choice() == 0))).collect();
        let psychometric =
            (!evidence.is_empty()).then(|| Curve::from_trials(evidence.iter().copied(), Bias::Free)).transpose()?;
        Ok(Evaluation {
            trials,
            dt: dt.as_ms(),
            performance: performance(&*self.experiment.task, &ended),
            rmse: tally.rmse(),
            conditions: by_condition(&self.experiment, &ended),
            psychometric,
        })
    }
}

/// What the trials of one condition came to.
#[derive(Default)]
struct Group {
    values: Vec<f64>,
    trials: usize,
    asked: usize,
    right: usize,
    first: usize,
}

/// Per condition: how many trials and, where there is a choice to make, per cent right and per cent of the first
/// choice.
fn by_condition(experiment: &Experiment, ended: &[Ended]) -> Table {
    let names = experiment.task.conditions().columns;
    if names.is_empty() {
        return Table::default();
    }
    // Conditions that differ by less than a millionth are one.
    let key = |x: f64| (x * 1e6).round() as i64;
    let mut groups: BTreeMap<Vec<i64>, Group> = BTreeMap::new();
    for trial in ended {
        let values: Option<Vec<f64>> = names.iter().map(|n| trial.outline.value(n)).collect();
        let Some(values) = values else { continue };
        let group = groups.entry(values.iter().map(|v| key(*v)).collect()).or_default();
        group.values = values;
        group.trials += 1;
        if let Some(choice) = trial.outline.choice {
            group.right += usize::from(choice == trial.choice());
            group.asked += 1;
        }
        group.first += usize::from(trial.choice() == 0);
    }
    let mut columns: Vec<String> = names.iter().map(|n| (*n).to_string()).collect();
    columns.push("trials".into());
    let choices = groups.values().any(|g| g.asked > 0);
    if choices {
        columns.extend(["right %".into(), "choice 1 %".into()]);
    }
    let percent = |k: usize, n: usize| if n == 0 { f64::NAN } else { 100.0 * k as f64 / n as f64 };
    let rows = groups
        .into_values()
        .map(|g| {
            let mut row = g.values;
            row.push(g.trials as f64);
            if choices {
                row.extend([percent(g.right, g.asked), percent(g.first, g.trials)]);
            }
            row
        })
        .collect();
    Table { columns, rows }
}
