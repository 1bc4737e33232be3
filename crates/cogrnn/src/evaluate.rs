//! The trained network: how well it does, and what its units do.

use crate::archive::Archive;
use crate::experiment::Experiment;
use crate::files;
use crate::folder;
use crate::trainer::Machine;
use cogrnn_analysis::psychometric::{Bias, Curve};
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::Network;
use cogrnn_core::params::Plastic;
use cogrnn_core::readout::Tally;
use cogrnn_core::rule::Moment;
use cogrnn_core::run::{self, Ended, Probe, performance};
use cogrnn_core::task::Set;
use cogrnn_core::units::Time;
use cogrnn_networks::rate::Rate;
use ndarray::{Array1, Array3};
use ndarray_npy::NpzWriter;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

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

/// Shape of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Trials.
    pub trials: usize,
    /// Samples of the longest trial, the initial state included.
    pub steps: usize,
    /// Units.
    pub units: usize,
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

    /// The network at a time step, small weights removed.
    fn network(&self, dt: Time) -> Result<(Rate<f32>, Plastic<Rate<f32>>)> {
        let network = self.experiment.network.network::<f32>(dt, self.machine.isa())?;
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
        let mut plastic = Plastic::new(&network, theta, wiring)?;
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

    /// Runs test trials and tells how well they went.
    ///
    /// # Errors
    /// A time step that is too long.
    pub fn evaluate(&self, trials: usize, dt: Option<Time>, progress: &mut dyn FnMut(f64)) -> Result<Evaluation> {
        let dt = self.step(dt)?;
        let (network, plastic) = self.network(dt)?;
        let crew = Crew::new(self.machine.threads)?;
        let generator = self.experiment.generator(Set::Test, dt, self.machine.isa());
        let period = generator.task.period();
        // In lots of whole rounds of conditions, so that progress shows and memory stays small.
        let lot = period * 100usize.div_ceil(period).max(1) * self.machine.threads;
        let mut ended = Vec::new();
        while ended.len() < trials {
            let count = lot.min(trials - ended.len());
            let first = ended.len() as u64;
            ended.extend(run::evaluate(
                &network,
                &plastic,
                &generator,
                self.experiment.network.loss,
                (first, count),
                &crew,
                None,
                |_| (),
            )?);
            progress(ended.len() as f64 / trials as f64);
        }
        let mut tally = Tally::default();
        ended.iter().for_each(|t| tally.add(&t.tally));
        if !tally.loss.is_finite() {
            return Err(Error::diverged("the outputs are no longer numbers")
                .at(format!("test trials at dt = {dt}"))
                .why("the trained network does not stay bounded at this time step")
                .remedy("try the time step that it was trained at, or retrain with a smaller one"));
        }
        let evidence: Vec<(f64, bool)> =
            ended.iter().filter_map(|t| Some((t.outline.value("signed_coherence")?, t.choice() == 0))).collect();
        let psychometric =
            (!evidence.is_empty()).then(|| Curve::from_trials(evidence.iter().copied(), Bias::Free)).transpose()?;
        Ok(Evaluation {
            trials,
            dt: dt.as_ms(),
            performance: performance(self.experiment.task.performance(), &ended),
            rmse: tally.rmse(),
            conditions: by_condition(&self.experiment, &ended),
            psychometric,
        })
    }

    /// Records test trials into an npz file: `t` (ms), `inputs`, `potentials`, `rates`, `outputs`, each (trial × time ×
    /// unit) and NaN after a trial's end, and the table of trials, one array a column.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn record(&self, trials: usize, dt: Option<Time>, out: &Path) -> Result<Recorded> {
        let dt = self.step(dt)?;
        let (network, plastic) = self.network(dt)?;
        let crew = Crew::new(self.machine.threads)?;
        let generator = self.experiment.generator(Set::Test, dt, self.machine.isa());
        let shape = network.shape();
        let steps = generator.draw(0, trials).first().map_or(0, |d| d.steps) + 1;
        let gigabytes = 8.0 * (trials * steps) as f64 * (2 * shape.units + shape.inputs + shape.outputs) as f64 / 1e9;
        if gigabytes > 64.0 {
            return Err(Error::input(format!("a recording of {trials} trials would take {gigabytes:.0} GB"))
                .at("--trials")
                .why(format!("each has up to {steps} samples of {} units", shape.units))
                .remedy("record fewer trials, or with a longer --dt"));
        }
        let blank = |width: usize| Array3::<f32>::from_elem((trials, steps, width), f32::NAN);
        let record = Mutex::new(Activity {
            inputs: blank(shape.inputs),
            potentials: blank(shape.units),
            rates: blank(shape.units),
            outputs: blank(shape.outputs),
        });
        let ended = run::evaluate(
            &network,
            &plastic,
            &generator,
            self.experiment.network.loss,
            (0, trials),
            &crew,
            None,
            |ids| Recorder { record: &record, ids: ids.to_vec() },
        )?;
        let activity = record
            .into_inner()
            .map_err(|_| Error::machine("the recording was interrupted").why("a thread stopped").remedy("try again"))?;

        let wrong = |e: ndarray_npy::WriteNpzError| {
            Error::machine(format!("cannot write `{}`", out.display()))
                .why(e.to_string())
                .remedy("choose another --out, or make room")
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut npz = NpzWriter::new(&mut bytes);
        let t: Array1<f64> = (0..steps).map(|k| k as f64 * dt.as_ms()).collect();
        npz.add_array("t", &t).map_err(wrong)?;
        for (name, array) in [
            ("inputs", &activity.inputs),
            ("potentials", &activity.potentials),
            ("rates", &activity.rates),
            ("outputs", &activity.outputs),
        ] {
            npz.add_array(name, array).map_err(wrong)?;
        }
        let lengths: Array1<i64> = ended.iter().map(|t| t.outline.steps(dt) as i64 + 1).collect();
        npz.add_array("trial_samples", &lengths).map_err(wrong)?;
        let chosen: Array1<i64> = ended.iter().map(|t| t.choice() as i64).collect();
        npz.add_array("trial_chosen", &chosen).map_err(wrong)?;
        let mut columns: Vec<&str> = Vec::new();
        for trial in &ended {
            for (name, _) in &trial.outline.info {
                if !columns.contains(name) {
                    columns.push(name);
                }
            }
        }
        for name in columns {
            let values: Array1<f64> = ended.iter().map(|t| t.outline.value(name).unwrap_or(f64::NAN)).collect();
            npz.add_array(format!("trial_{name}"), &values).map_err(wrong)?;
        }
        let mut epochs: Vec<&str> = Vec::new();
        for epoch in ended.iter().flat_map(|t| &t.outline.epochs) {
            if !epochs.contains(&epoch.name) {
                epochs.push(epoch.name);
            }
        }
        for name in epochs {
            for (end, pick) in [("start", 0), ("end", 1)] {
                let values: Array1<f64> = ended
                    .iter()
                    .map(|t| t.outline.epoch(name).map_or(f64::NAN, |e| [e.start, e.end][pick].as_ms()))
                    .collect();
                npz.add_array(format!("epoch_{name}_{end}"), &values).map_err(wrong)?;
            }
        }
        npz.finish().map_err(wrong)?;
        files::write_atomically(out, &bytes.into_inner())?;
        Ok(Recorded { trials, steps, units: shape.units })
    }
}

struct Activity {
    inputs: Array3<f32>,
    potentials: Array3<f32>,
    rates: Array3<f32>,
    outputs: Array3<f32>,
}

/// Writes what it sees into its trials' places.
struct Recorder<'a> {
    record: &'a Mutex<Activity>,
    ids: Vec<u64>,
}

impl Probe<Rate<f32>> for Recorder<'_> {
    fn observe(&mut self, now: &Moment<'_, Rate<f32>>) {
        let shape = now.network.shape();
        let Ok(mut record) = self.record.lock() else { return };
        for b in 0..now.active {
            let trial = self.ids[b] as usize;
            let write = |array: &mut Array3<f32>, t: usize, values: &[f32]| {
                for (to, from) in array.slice_mut(ndarray::s![trial, t, ..]).iter_mut().zip(values) {
                    *to = *from;
                }
            };
            let Activity { inputs, potentials, rates, outputs } = &mut *record;
            if now.t == 1 {
                // The initial state, before any input.
                write(potentials, 0, now.network.potentials(now.state, 0, b));
                let first = now.network.rates(now.state, 0, b);
                write(rates, 0, first);
                let z = now.network.read(now.plastic, first);
                write(outputs, 0, &z);
            }
            write(inputs, now.t, &now.inputs[b * shape.inputs..(b + 1) * shape.inputs]);
            write(potentials, now.t, now.network.potentials(now.state, now.t, b));
            write(rates, now.t, now.network.rates(now.state, now.t, b));
            write(outputs, now.t, &now.outputs[b * shape.outputs..(b + 1) * shape.outputs]);
        }
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

/// Per condition: how many trials, per cent right, per cent of the first choice.
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
    columns.extend(["trials".into(), "right %".into(), "choice 1 %".into()]);
    let percent = |k: usize, n: usize| if n == 0 { f64::NAN } else { 100.0 * k as f64 / n as f64 };
    let rows = groups
        .into_values()
        .map(|g| {
            let mut row = g.values;
            row.extend([g.trials as f64, percent(g.right, g.asked), percent(g.first, g.trials)]);
            row
        })
        .collect();
    Table { columns, rows }
}
