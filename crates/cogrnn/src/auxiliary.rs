//! Sequences of syllables by an auxiliary loop around a trained network (`[loop]`; Murray 2019, fig. 4).
//!
//! When the network has been trained, its weights stay as they are and the loop learns the sequence by reward
//! ([`cogrnn_networks::auxiliary`]). The first syllable is given; whatever follows, the loop decides. A trial is one
//! sequence, which ends at its first wrong syllable; tries without exploration are whole.

use crate::archive::{Archive, Data};
use crate::experiment::Experiment;
use crate::files;
use crate::reader::Document;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{Network, Noise};
use cogrnn_core::params::Plastic;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Sample, Syllables, Task};
use cogrnn_core::units::Time;
use cogrnn_networks::auxiliary::{Loop, Player};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The loop's weights, in the folder of a run.
pub const WEIGHTS: &str = "loop.safetensors";
/// Its learning curve.
pub const LEARNING: &str = "loop.csv";
/// What the network says in the sequence, and what is asked for.
pub const OUTPUTS: &str = "loop_outputs.csv";

/// The section `[loop]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopPlan {
    /// Syllables, by number.
    pub sequence: Vec<usize>,
    /// Their names and length.
    pub syllables: Syllables,
    /// Trials of the loop.
    pub trials: usize,
    /// p_explore.
    pub explore: f64,
    /// η.
    pub rate: f64,
    /// Whether the unit that wins expects a reward.
    pub expectation: bool,
    /// Trials from try to try.
    pub check_every: usize,
}

impl LoopPlan {
    pub(crate) fn read(document: &Document, task: &dyn Task) -> Result<Option<LoopPlan>> {
        let mut section = document.section("loop");
        let about =
            "syllables that a loop around the trained network learns to string together; left out, there is no loop";
        let words = section.strings("sequence", &[], about)?;
        const OTHERS: [&str; 5] = ["trials", "explore", "learning_rate", "expectation", "check_every"];
        if words.is_empty() {
            for key in OTHERS {
                section.ineffective(key, "there is no `sequence`")?;
            }
            return Ok(None);
        }
        let Some(syllables) = task.syllables() else {
            return Err(section.blame(
                "sequence",
                Error::input(format!("a loop around a network that learns `{}`", task.name()))
                    .why("the trials of this task are not made of syllables that inputs call for")
                    .remedy("take the task `directional-movement`, with `cued` as it is by default"),
            ));
        };
        let number = |word: &String| {
            syllables.names.iter().position(|name| name == word).ok_or_else(|| {
                section.blame(
                    "sequence",
                    Error::input(format!("`{word}` is no syllable of `{}`", task.name()))
                        .why(format!("it has {}", syllables.names.join(", ")))
                        .remedy("name some of these, each as often as it comes"),
                )
            })
        };
        let sequence = words.iter().map(number).collect::<Result<Vec<_>>>()?;
        if sequence.len() < 2 {
            return Err(section.blame(
                "sequence",
                Error::input("a sequence of one syllable")
                    .why("the first is given, and there is nothing to learn")
                    .remedy("name two or more"),
            ));
        }
        // Murray 2019, Materials and methods: 10,000 trials, p_explore = 0.1; the paper has no rate, which is ours.
        Ok(Some(LoopPlan {
            sequence,
            trials: section.positive_count("trials", 10_000, "sequences from which the loop learns")?,
            explore: section.number_in("explore", 0.1, 0.0, 1.0, "how often a syllable is drawn at random")?,
            rate: section.number_in("learning_rate", 0.1, 1e-9, 1e3, "eta of the loop")?,
            expectation: section.flag(
                "expectation",
                true,
                "whether the unit that wins expects a reward, and is weakened without; ours",
            )?,
            check_every: section.positive_count(
                "check_every",
                100,
                "trials from one try of the sequence to the next",
            )?,
            syllables,
        }))
    }

    /// A few words for people.
    pub fn summary(&self) -> String {
        let names: Vec<&str> = self.sequence.iter().map(|k| self.syllables.names[*k]).collect();
        format!("{}: by reward, {} trials", names.join(", "), self.trials)
    }
}

/// The sequence as the network plays it by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// Trials learnt from.
    pub trials: usize,
    /// How many of the syllables after the first were those that were wanted.
    pub right: usize,
    /// Root mean square error of the outputs over the whole sequence.
    pub rmse: f64,
}

/// What came of the loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The last try.
    pub last: Try,
    /// Syllables that the loop decides.
    pub of: usize,
    /// Trials after which every try was right throughout.
    pub learnt_after: Option<usize>,
}

/// What a loop has left in the folder of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Its learning curve.
    pub tries: Vec<Try>,
    /// Syllables that the loop decides.
    pub of: usize,
    /// ms from the start of the sequence.
    pub times: Vec<f64>,
    /// Outputs of the last try, one list for each.
    pub outputs: Vec<Vec<f64>>,
    /// What was asked for.
    pub asked: Vec<Vec<f64>>,
}

impl Played {
    /// Reads it; none if there was no loop.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn read(folder: &Path) -> Result<Option<Played>> {
        let (learning, outputs) = (folder.join(LEARNING), folder.join(OUTPUTS));
        if !(learning.exists() && outputs.exists()) {
            return Ok(None);
        }
        let rows = |path: &Path| -> Result<Vec<Vec<f64>>> {
            let damaged = |why: String| {
                Error::input("a file of the loop is damaged")
                    .at(path.display().to_string())
                    .why(why)
                    .remedy("train the network again, or take the file away")
            };
            let text = files::read_text(path)?;
            let mut rows = Vec::new();
            for record in csv::Reader::from_reader(text.as_bytes()).records() {
                let record = record.map_err(|e| damaged(e.to_string()))?;
                let row: std::result::Result<Vec<f64>, _> = record.iter().map(str::parse).collect();
                rows.push(row.map_err(|e| damaged(e.to_string()))?);
            }
            match rows.first() {
                Some(first) if first.len() >= 3 => Ok(rows),
                _ => Err(damaged("it has no rows, or too few columns".into())),
            }
        };
        let learnt = rows(&learning)?;
        let tries = learnt.iter().map(|r| Try { trials: r[0] as usize, right: r[1] as usize, rmse: r[r.len() - 1] });
        let said = rows(&outputs)?;
        let column = |k: usize| said.iter().map(|row| row[k]).collect::<Vec<f64>>();
        let count = (said[0].len() - 1) / 2;
        Ok(Some(Played {
            tries: tries.collect(),
            of: learnt[0][2] as usize,
            times: column(0),
            outputs: (1..=count).map(column).collect(),
            asked: (1 + count..=2 * count).map(column).collect(),
        }))
    }
}

/// A loop that learns around one network.
struct Lesson<'a, N: Network<Real = f32>> {
    plan: &'a LoopPlan,
    task: &'a dyn Task,
    dt: Time,
    baseline: f32,
    player: Player<'a, N>,
    around: Loop<f32>,
    /// Inputs and targets of a syllable, and targets of the one that is wanted.
    inputs: Vec<f32>,
    targets: [Vec<f32>; 2],
    mask: Vec<f32>,
}

/// Squared errors of the outputs and how many; and, if they are kept, the outputs and what was asked for.
#[derive(Default)]
struct Said {
    sum: f64,
    count: f64,
    kept: Option<Vec<[Vec<f32>; 2]>>,
}

impl<N: Network<Real = f32>> Lesson<'_, N> {
    /// Plays syllable k while another may be wanted.
    fn play(&mut self, k: usize, wanted: usize, noise: &Noise<'_, f32>, trial: u64, said: &mut Said) {
        for step in 1..=self.plan.syllables.length.steps(self.dt) {
            let t = self.dt * step as f64;
            for (targets, syllable) in self.targets.iter_mut().zip([wanted, k]) {
                self.inputs.fill(0.0);
                self.task.syllable(
                    syllable,
                    t,
                    &mut Sample { inputs: &mut self.inputs, targets, mask: &mut self.mask },
                );
            }
            self.inputs.iter_mut().for_each(|u| *u += self.baseline);
            let outputs = self.player.step(&self.inputs, noise, trial);
            for (z, y) in outputs.iter().zip(&self.targets[0]) {
                said.sum += f64::from(z - y) * f64::from(z - y);
                said.count += 1.0;
            }
            if let Some(kept) = &mut said.kept {
                kept.push([outputs.to_vec(), self.targets[0].clone()]);
            }
        }
    }

    /// One trial of learning.
    fn learn(&mut self, noise: &Noise<'_, f32>, trial: u64, stream: &mut Stream) {
        let plan = self.plan;
        let sequence = &plan.sequence;
        let mut said = Said::default();
        self.player.begin();
        let mut active = sequence[0];
        for (played, wanted) in sequence.iter().zip(&sequence[1..]) {
            self.play(active, *played, noise, trial, &mut said);
            let rates = self.player.rates();
            active = self.around.winner(rates);
            if stream.uniform() < plan.explore {
                active = stream.below(plan.syllables.names.len());
            }
            self.around.learn(active, rates, active == *wanted, plan.rate);
            if active != *wanted {
                return;
            }
        }
    }

    /// The whole sequence without exploration.
    fn attempt(&mut self, noise: &Noise<'_, f32>, trials: usize, keep: bool) -> (Try, Said) {
        let plan = self.plan;
        let sequence = &plan.sequence;
        let mut said = Said { kept: keep.then(Vec::new), ..Said::default() };
        self.player.begin();
        let (mut active, mut right) = (sequence[0], 0);
        for (k, wanted) in sequence.iter().enumerate() {
            if k > 0 {
                active = self.around.winner(self.player.rates());
                right += usize::from(active == *wanted);
            }
            self.play(active, *wanted, noise, trials as u64, &mut said);
        }
        (Try { trials, right, rmse: (said.sum / said.count).sqrt() }, said)
    }
}

/// Lets a loop learn around a trained network, and leaves its weights, learning curve and last outputs in the folder. None
/// if it was stopped before the end; it begins anew the next time, and comes to the same.
///
/// # Errors
/// A folder that cannot be written.
pub fn learn<N: Network<Real = f32>>(
    plan: &LoopPlan,
    experiment: &Experiment,
    network: &N,
    plastic: &Plastic<N>,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<Option<Outcome>> {
    let shape = network.shape();
    let (seed, dt) = (experiment.seed, experiment.dt);
    let stream = |purpose, trial| Address { seed, purpose, trial }.stream();
    let noise = |purpose| Noise::Drawn { seed, purpose };
    let steps = plan.sequence.len() * plan.syllables.length.steps(dt);
    let mut lesson = Lesson {
        plan,
        task: &*experiment.task,
        dt,
        baseline: experiment.network.inputs.baseline as f32,
        player: Player::new(network, plastic, steps),
        around: Loop::new(
            plan.syllables.names.len(),
            shape.units,
            plan.expectation,
            &mut stream(Purpose::LoopWeights, 0),
        ),
        inputs: vec![0.0; shape.inputs],
        targets: [vec![0.0; shape.outputs], vec![0.0; shape.outputs]],
        mask: vec![0.0; shape.outputs],
    };
    let mut tries = vec![lesson.attempt(&noise(Purpose::ValidationUnits), 0, false).0];
    for trial in 1..=plan.trials {
        lesson.learn(&noise(Purpose::LoopUnits), trial as u64, &mut stream(Purpose::LoopTrials, trial as u64));
        if trial.is_multiple_of(plan.check_every) || trial == plan.trials {
            tries.push(lesson.attempt(&noise(Purpose::ValidationUnits), trial, false).0);
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
    }
    let (last, said) = lesson.attempt(&noise(Purpose::TestUnits), plan.trials, true);
    let of = plan.sequence.len() - 1;
    let sure = tries.iter().rev().take_while(|t| t.right == of).last();
    let outcome = Outcome { last, of, learnt_after: sure.map(|t| t.trials) };

    let mut text = "trials,right,of,rmse\n".to_string();
    for t in &tries {
        text += &format!("{},{},{of},{}\n", t.trials, t.right, t.rmse);
    }
    files::write_atomically(folder.join(LEARNING), text.as_bytes())?;
    let names = experiment.task.outputs();
    let column = |prefix: &str| names.iter().map(|n| format!("{prefix}{n}")).collect::<Vec<_>>().join(",");
    let mut text = format!("t,{},{}\n", column(""), column("asked "));
    for (step, [z, y]) in said.kept.iter().flatten().enumerate() {
        let numbers: Vec<String> = z.iter().chain(y).map(ToString::to_string).collect();
        text += &format!("{},{}\n", (dt * (step + 1) as f64).as_ms(), numbers.join(","));
    }
    files::write_atomically(folder.join(OUTPUTS), text.as_bytes())?;
    let mut archive = Archive::default();
    let states = plan.syllables.names.len();
    archive.push("w_loop", &[states, shape.units], Data::F32(lesson.around.weights().to_vec()));
    archive.meta.insert("syllables".into(), plan.syllables.names.join(","));
    archive.meta.insert("trials".into(), plan.trials.to_string());
    files::write_atomically(folder.join(WEIGHTS), &archive.to_bytes()?)?;
    Ok(Some(outcome))
}
