//! Experiments: a TOML file becomes a task, a network, its constraints, a rule and a stopping rule.
//!
//! A run is a pure function of its experiment. Every setting is named, explained and given its default
//! where it is read; what is read is what exists, so that a misspelt key is found.

mod network;
mod rule;
mod unroll;

pub use network::{NetworkPlan, Plan, Population};
pub use rule::{Feedback, Kind, OptimiserPlan, RulePlan, Visitor, cosine};
pub use unroll::{UnrollPlan, Unrolled};

use crate::auxiliary::LoopPlan;
use crate::files;
use crate::reader::{Document, Section, Setting};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Epoch, Performance, Sample, Set, Task};
use cogrnn_core::trials::{Drawn, Generator, InputNoise, InputStage};
use cogrnn_core::units::{Time, ms};
use cogrnn_networks::rate::UnitNoise;
use std::path::Path;
use std::sync::Arc;

/// An experiment that comes with the program.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// Its name: `song2016/perceptual-decision`.
    pub name: &'static str,
    /// One line.
    pub title: String,
    /// Its file.
    pub text: &'static str,
}

/// The files under `experiments/`, one line each.
#[rustfmt::skip]
const SHIPPED: &[(&str, &str)] = &[
    ("song2016/perceptual-decision", include_str!("../../../../experiments/song2016/perceptual-decision.toml")),
    ("song2016/reaction-time", include_str!("../../../../experiments/song2016/reaction-time.toml")),
    ("song2016/fixed-duration", include_str!("../../../../experiments/song2016/fixed-duration.toml")),
    ("song2016/fixed-duration-no-dale", include_str!("../../../../experiments/song2016/fixed-duration-no-dale.toml")),
    ("song2016/fixed-duration-pathways", include_str!("../../../../experiments/song2016/fixed-duration-pathways.toml")),
    ("song2016/context-integration", include_str!("../../../../experiments/song2016/context-integration.toml")),
    ("song2016/context-integration-areas", include_str!("../../../../experiments/song2016/context-integration-areas.toml")),
    ("song2016/multisensory", include_str!("../../../../experiments/song2016/multisensory.toml")),
    ("song2016/working-memory", include_str!("../../../../experiments/song2016/working-memory.toml")),
    ("song2016/sequences", include_str!("../../../../experiments/song2016/sequences.toml")),
    ("song2016/s1-example", include_str!("../../../../experiments/song2016/s1-example.toml")),
    ("song2016/sinewave", include_str!("../../../../experiments/song2016/sinewave.toml")),
    ("soo2023/go", include_str!("../../../../experiments/soo2023/go.toml")),
    ("soo2023/ctxdm1", include_str!("../../../../experiments/soo2023/ctxdm1.toml")),
    ("soo2023/dlygo", include_str!("../../../../experiments/soo2023/dlygo.toml")),
    ("soo2023/dlydm1", include_str!("../../../../experiments/soo2023/dlydm1.toml")),
    ("soo2023/dms", include_str!("../../../../experiments/soo2023/dms.toml")),
    ("soo2023/rule-reversal", include_str!("../../../../experiments/soo2023/rule-reversal.toml")),
    ("murray2019/periodic", include_str!("../../../../experiments/murray2019/periodic.toml")),
    ("murray2019/periodic-bptt", include_str!("../../../../experiments/murray2019/periodic-bptt.toml")),
    ("murray2019/interval", include_str!("../../../../experiments/murray2019/interval.toml")),
    ("murray2019/movement", include_str!("../../../../experiments/murray2019/movement.toml")),
    ("murray2019/sequence", include_str!("../../../../experiments/murray2019/sequence.toml")),
    ("miconi2017/delayed-nonmatch", include_str!("../../../../experiments/miconi2017/delayed-nonmatch.toml")),
    ("miconi2017/delayed-nonmatch-long", include_str!("../../../../experiments/miconi2017/delayed-nonmatch-long.toml")),
    ("miconi2017/delayed-nonmatch-variable", include_str!("../../../../experiments/miconi2017/delayed-nonmatch-variable.toml")),
    ("miconi2017/delayed-nonmatch-ei", include_str!("../../../../experiments/miconi2017/delayed-nonmatch-ei.toml")),
    ("miconi2017/arm", include_str!("../../../../experiments/miconi2017/arm.toml")),
    ("miconi2017/planar-arm", include_str!("../../../../experiments/miconi2017/planar-arm.toml")),
    ("miconi2017/selective-integration", include_str!("../../../../experiments/miconi2017/selective-integration.toml")),
];

/// All experiments that come with the program.
pub fn shipped() -> Vec<Shipped> {
    let title = |text: &str, name: &str| {
        let document = Document::parse(text, name, &[]).ok()?;
        document.section("").optional_text("title", "").ok().flatten()
    };
    SHIPPED.iter().map(|&(name, text)| Shipped { name, text, title: title(text, name).unwrap_or_default() }).collect()
}

/// When training has reached what it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// Performance in per cent that the mean of the last checks must exceed.
    pub performance: Option<f64>,
    /// How many checks that mean is over.
    pub over: usize,
    /// Validation RMSE that ends training.
    pub error: f64,
    /// Updates since the best network after which training gives up.
    pub patience: u64,
    /// Updates after which training ends in any case.
    pub max_updates: u64,
}

impl Stop {
    /// Whether another rule has the same target, whatever its limits.
    pub fn same_target(&self, other: &Stop) -> bool {
        (self.performance, self.over, self.error) == (other.performance, other.over, other.error)
    }
}

/// When a task counts as learnt, by the training trials themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// A trial is right whose error is below this.
    pub error: f64,
    /// How many must be right: more than these,
    pub right: usize,
    /// of so many, one after the other.
    pub of: usize,
    /// Whether training ends with it.
    pub stop: bool,
}

impl Criterion {
    /// Whether it is met with the last of these trials; never with the first `of` alone, as in the program of Miconi (2017).
    pub fn met(&self, trials: &[crate::trainer::Lived]) -> bool {
        let right = |lived: &&crate::trainer::Lived| f64::from(lived.error) < self.error;
        trials.len() > self.of && trials[trials.len() - self.of..].iter().filter(right).count() > self.right
    }
}

/// How the trained network is tested, where that is not as in training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Testing {
    /// Test trials; without it each command has its own number.
    pub trials: Option<usize>,
    /// Time between the samples that are kept; without it every time step is.
    pub save_every: Option<Time>,
    /// Whether a trial begins with the state that the one before it ended with.
    pub carry: bool,
    /// Stationary s.d. of each unit's noise.
    pub noise_units: Option<Vec<f64>>,
    /// Stationary s.d. of each input's noise.
    pub noise_inputs: Option<Vec<f64>>,
    /// Whether units are disturbed now and then, where they are in training.
    pub perturbations: bool,
}

/// Which noise there is in test trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestNoise {
    /// That of the experiment.
    #[default]
    Usual,
    /// None, neither of the inputs nor of the units.
    Silent,
}

/// An experiment, read and checked.
#[derive(Clone)]
pub struct Experiment {
    /// Shipped name or file name.
    pub name: String,
    /// One line.
    pub title: String,
    /// The seed that decides everything.
    pub seed: u64,
    /// Networks of this experiment: of `seed`, `seed` + 1, …
    pub replicates: usize,
    /// The seed of the trials and their inputs; that of everything, if nothing else was said.
    pub stimuli_seed: u64,
    /// The task.
    pub task: Arc<dyn Task>,
    /// The network, its constraints and initial weights.
    pub network: NetworkPlan,
    /// What trains it.
    pub rule: RulePlan,
    /// How it is unrolled while it learns.
    pub unroll: UnrollPlan,
    /// The loop that learns sequences around the trained network.
    pub around: Option<LoopPlan>,
    /// Time step of training.
    pub dt: Time,
    /// Trials an update.
    pub trials: usize,
    /// Whether a training or validation trial begins with the state that the one before it ended with.
    pub carry: bool,
    /// Trials a check.
    pub validation_trials: usize,
    /// Updates from check to check.
    pub check_every: u64,
    /// Whether the network of the last check is kept, instead of that of the lowest cost.
    pub keep_last: bool,
    /// Whether what came of each training trial is kept.
    pub record_trials: bool,
    /// When the task counts as learnt, if training trials say so.
    pub criterion: Option<Criterion>,
    /// When it ends.
    pub stop: Stop,
    /// Time step of testing.
    pub test_dt: Time,
    /// Weights smaller than this are removed for testing.
    pub threshold: f64,
    /// How else testing differs from training.
    pub test: Testing,
    /// What is to be known of the trained network.
    pub analyses: Vec<crate::analyses::Plan>,
    /// How figures write the values of columns.
    pub labels: crate::analyses::Labels,
    cite: Vec<String>,
    resolved: String,
    settings: Vec<Setting>,
    warnings: Vec<String>,
}

impl Experiment {
    /// Loads a shipped experiment by its name, or a TOML file by its path.
    ///
    /// # Errors
    /// Anything that would not work, each with its place in the file.
    pub fn load(what: &str, overrides: &[String]) -> Result<Experiment> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == what) {
            return Experiment::parse(text, name, &format!("{name}.toml"), overrides);
        }
        let path = Path::new(what);
        if !path.exists() {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let near = crate::reader::nearest(what, names.iter().copied());
            return Err(Error::input(format!("there is no experiment `{what}`"))
                .why(format!("it is neither a file nor one of {}", names.join(", ")))
                .remedy(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`cogrnn list` shows what comes with the program".to_string(),
                }));
        }
        let text = files::read_text(path)?;
        let stem = path.file_name().map_or_else(|| what.to_string(), |n| n.to_string_lossy().into_owned());
        let folder = path.parent().unwrap_or(Path::new(""));
        Experiment::understand(Document::parse(&text, what, overrides)?.in_folder(folder), &stem)
    }

    /// Reads an experiment; `origin` is what messages call its file. It lies in no folder, so the files
    /// that it names must be named by their whole paths.
    ///
    /// # Errors
    /// Anything that would not work, each with its place in the text.
    pub fn parse(text: &str, name: &str, origin: &str, overrides: &[String]) -> Result<Experiment> {
        Experiment::understand(Document::parse(text, origin, overrides)?, name)
    }

    fn understand(document: Document, name: &str) -> Result<Experiment> {
        let read = Experiment::read(&document, name);
        // A misspelt key explains more than what its absence led to.
        match (read, document.finish()) {
            (Ok(mut experiment), Ok(())) => {
                experiment.resolved = document.resolved();
                experiment.settings = document.settings();
                Ok(experiment)
            }
            (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
            (Err(first), Err(unknown)) => {
                // Keys that were never reached are not unknown; only the first error is sure.
                Err(if unknown.what.contains("is not a setting") && first.place.is_none() { unknown } else { first })
            }
        }
    }

    fn read(document: &Document, name: &str) -> Result<Experiment> {
        let mut top = document.section("");
        let title = top.text("title", name, "one line for listings")?;
        let _ = top.optional_text("about", "what it is for")?;
        let cite = top.strings("cite", &[], "what to cite beside cogrnn")?;
        crate::folder::bibliography(&cite).map_err(|e| top.blame("cite", e))?;
        let seed = top.count("seed", 1, "decides everything: weights, trials, noise")? as u64;

        let replicates = top.positive_count(
            "replicates",
            1,
            "networks that are trained side by side, of the seeds `seed`, `seed` + 1, …",
        )?;

        let mut section = document.section("task");
        let names: Vec<&'static str> = cogrnn_tasks::TASKS.iter().map(|t| t.name).collect();
        let task_name = section.required_word("name", &names, "what is to be done")?;
        let task = (cogrnn_tasks::find(&task_name)?.build)(&mut section)?;

        let mut warnings = Vec::new();
        let plan = NetworkPlan::read(document, &*task, seed, &mut warnings)?;
        let mut rule = RulePlan::read(document)?;

        let mut training = document.section("training");
        let fastest = plan.tau.iter().fold(f64::INFINITY, |m, t| m.min(t.as_ms()));
        let dt = training.positive_time(
            "dt",
            ms(fastest / 5.0),
            "time step while learning; a fifth of tau in Song et al. 2016",
        )?;
        check_step(&training, "dt", dt, &plan)?;
        let unroll = UnrollPlan::read(document, &plan, dt)?;
        let around = LoopPlan::read(document, &*task)?;
        rule.check(&document.section("rule"), &plan, unroll.summary().is_some())?;
        rule.settle(&document.section("rule"), &*task, dt)?;
        let trials = training.positive_count("trials", 20, "trials an update")?;
        let carry =
            training.flag("carry", false, "whether a trial goes on from the state in which the one before ended")?;
        if carry && trials > 1 {
            return Err(training.blame(
                "carry",
                Error::input(format!("`carry` with {trials} trials an update"))
                    .why("trials side by side cannot go on from one another")
                    .remedy("trials = 1, as Song et al. 2016 train their sequence network"),
            ));
        }
        if carry && plan.scatters() {
            return Err(training.blame(
                "carry",
                Error::input("`carry` with initial states that differ from trial to trial")
                    .why("a trial cannot both go on from the one before and begin anew")
                    .remedy("set  x0_spread = 0  in [initial]"),
            ));
        }
        let stimuli_seed = training
            .optional_count(
                "stimuli_seed",
                "of trials and their inputs, where networks of other seeds are to see the same; left out, `seed`",
            )?
            .map_or(seed, |s| s as u64);
        let validation_trials = training.positive_count("validation_trials", 1000, "trials a check")?;
        let check_every =
            training.positive_count("check_every", (10_000 / trials).max(1), "updates from check to check")? as u64;

        let about = "which network is kept: of the lowest validation cost, or of the last check";
        let keep_last = training.word("keep", "best", &["best", "last"], about)? == "last";

        let about = "whether the error of each training trial is kept, in trials.csv";
        let record_trials = training.flag("record_trials", matches!(rule.kind, Kind::RewardHebb(_)), about)?;
        let criterion = read_criterion(document, record_trials)?;

        let mut section = document.section("stop");
        let measured = task.performance() != Performance::Error;
        let (mut performance, mut over) = (None, 5);
        if measured {
            performance =
                section.optional_number("performance", "per cent that the mean of the last checks must exceed")?;
            if let Some(asked) = performance {
                if !(0.0..100.0).contains(&asked) {
                    return Err(section.blame(
                        "performance",
                        Error::input(format!("`performance` is {asked}"))
                            .why("no network can do better than 100 per cent, and this is to be exceeded")
                            .remedy("give a percentage below 100, for instance performance = 85"),
                    ));
                }
                over = section.positive_count("over", 5, "how many checks that mean is over")?;
            } else {
                section.ineffective("over", "no `performance` is asked for")?;
            }
        } else {
            let because = format!("`{task_name}` has no choices to get right; it is judged by its error");
            section.ineffective("performance", &because)?;
            section.ineffective("over", &because)?;
        }
        let stop = Stop {
            performance,
            over,
            error: section.number_in(
                "error",
                0.0,
                0.0,
                f64::INFINITY,
                "validation RMSE that ends training; 0: none does",
            )?,
            patience: section.positive_count(
                "patience",
                (check_every as usize).saturating_mul(100),
                "updates without a better network before giving up",
            )? as u64,
            max_updates: section.positive_count("max_updates", 10_000_000, "updates at most")? as u64,
        };

        let mut section = document.section("test");
        let test_dt = section.positive_time("dt", ms(0.5f64.min(dt.as_ms())), "time step of the trained network")?;
        check_step(&section, "dt", test_dt, &plan)?;
        let threshold = section.number_in(
            "threshold",
            1e-4,
            0.0,
            f64::INFINITY,
            "smaller weights are removed from the trained network",
        )?;
        let test = read_test(&mut section, test_dt, &plan)?;
        let analyses = crate::analyses::Plan::read(document, &*task, test_dt)?;
        let labels = crate::analyses::read_labels(document, &*task, test_dt)?;

        let mut experiment = Experiment {
            name: name.to_string(),
            title,
            seed,
            replicates,
            stimuli_seed,
            task: Arc::from(task),
            network: plan,
            rule,
            unroll,
            around,
            dt,
            trials,
            carry,
            validation_trials,
            check_every,
            keep_last,
            record_trials,
            criterion,
            stop,
            test_dt,
            threshold,
            test,
            analyses,
            labels,
            cite,
            resolved: String::new(),
            settings: Vec::new(),
            warnings,
        };
        let more = experiment.try_out(document, &training)?;
        experiment.warnings.extend(more);
        Ok(experiment)
    }

    /// Draws a few trials and builds the network, so that nothing fails once training has begun.
    fn try_out(&self, document: &Document, training: &Section<'_>) -> Result<Option<String>> {
        let generator = self.generator(Set::Training, self.dt, cogrnn_core::kernels::Isa::Plain);
        let drawn = generator.draw(0, self.trials.max(100));
        if drawn.last().is_some_and(|d| d.steps == 0) {
            return Err(training.blame(
                "dt",
                Error::input(format!("some trials are shorter than the time step of {}", self.dt))
                    .why("rounded down to whole steps, such a trial has no sample")
                    .remedy("make the task's epochs longer or dt shorter"),
            ));
        }
        if !self.task.acts() {
            self.check_targets(document, &drawn)?;
        }
        self.try_test_trials(document)?;
        let longest = drawn.first().map_or(0, |d| d.steps);
        // Potentials, rates, gradients of every unit, step and trial (f32).
        let gigabytes = 16.0 * longest as f64 * self.trials as f64 * self.network.shape.units as f64 / 1e9;
        if gigabytes > 1000.0 {
            return Err(training.blame(
                "trials",
                Error::input(format!("an update would take {gigabytes:.0} GB"))
                    .why(format!("it keeps {} trials of up to {longest} steps", self.trials))
                    .remedy("take fewer trials an update, shorter trials or a longer dt"),
            ));
        }
        let built = self.network.build::<f32>(self.dt, self.seed, cogrnn_core::kernels::Isa::best());
        // Shapes and constraints are checked by now; what can still fail is to draw the weights.
        let plastic = built.map_err(|e| document.section("initial").blame("spectral_radius", e))?.plastic;
        let x0 = plastic.theta().find("x0").map_or(0..0, |b| b.range());
        if self.carry && plastic.wiring().plastic()[x0].iter().any(|m| *m != 0.0) {
            return Err(training.blame(
                "carry",
                Error::input("`carry` with an initial state that is learnt")
                    .why("only the first of all trials starts at x0, so there is nothing to learn it from")
                    .remedy("set  train_x0 = false  in [initial]"),
            ));
        }
        self.unroll.check_trials(&document.section("unroll"), &*self.task, &drawn, self.dt)
    }

    /// Refuses trials in which nothing is asked: their error is 0 whatever the network does.
    fn check_targets(&self, document: &Document, drawn: &[Drawn]) -> Result<()> {
        let (inputs, outputs) = (self.task.inputs().len(), self.task.outputs());
        let mut values = vec![0.0f32; inputs + 2 * outputs.len()];
        let mut asks = |d: &Drawn| {
            (1..=d.steps).any(|step| {
                values.fill(0.0);
                let (inputs, rest) = values.split_at_mut(inputs);
                let (targets, mask) = rest.split_at_mut(outputs.len());
                self.task.sample(&d.outline, self.dt * step as f64, &mut Sample { inputs, targets, mask });
                mask.iter().any(|m| *m != 0.0)
            })
        };
        let Some(idle) = drawn.iter().find(|d| !asks(d)) else { return Ok(()) };
        let sampled = |e: &&Epoch| e.start.steps(self.dt) < e.end.steps(self.dt);
        let (heard, lost): (Vec<_>, Vec<_>) = idle.outline.epochs.iter().partition(sampled);
        let names = |epochs: &[&Epoch]| epochs.iter().map(|e| format!("`{}`", e.name)).collect::<Vec<_>>().join(", ");
        let outputs = outputs.iter().map(|o| format!("`{o}`")).collect::<Vec<_>>().join(", ");
        let error = Error::input("some trials ask nothing of the network");
        Err(match lost.is_empty() {
            true => {
                let during = if heard.is_empty() { String::new() } else { format!(" during {}", names(&heard)) };
                document.section("task").blame(
                    "outputs",
                    error
                        .why(format!("no output has a target{during}; there are {outputs}"))
                        .remedy("give an output a target in an epoch of every trial"),
                )
            }
            false => document.section("training").blame(
                "dt",
                error
                    .why(format!(
                        "{} has no sample at this time step, {}, and no other epoch has a target",
                        names(&lost),
                        self.dt
                    ))
                    .remedy("make these epochs longer or dt shorter"),
            ),
        })
    }

    /// Draws test trials, one of each kind, so that testing does not fail when training is done.
    fn try_test_trials(&self, document: &Document) -> Result<()> {
        let generator = self.generator(Set::Test, self.test_dt, cogrnn_core::kernels::Isa::Plain);
        let drawn = generator.draw(0, self.task.test_period().clamp(100, 1000));
        if drawn.last().is_some_and(|d| d.steps == 0) {
            return Err(document.section("test").blame(
                "dt",
                Error::input(format!("some test trials are shorter than their time step of {}", self.test_dt))
                    .why("rounded down to whole steps, such a trial has no sample")
                    .remedy("make the task's `test_duration` longer or dt of [test] shorter"),
            ));
        }
        Ok(())
    }

    /// The network and its inputs as they are in test trials.
    pub fn test_network(&self, noise: TestNoise) -> NetworkPlan {
        let mut plan = self.network.clone();
        match noise {
            TestNoise::Usual => {
                if matches!(plan.noise, UnitNoise::Sparse { .. }) && !self.test.perturbations {
                    plan.noise = UnitNoise::Silent;
                }
                if let Some(sigma) = self.test.noise_units.clone() {
                    plan.noise = match plan.noise {
                        UnitNoise::Coloured { tau, .. } => UnitNoise::Coloured { sigma, tau },
                        _ => UnitNoise::Independent(sigma),
                    };
                }
                if let Some(sigma) = &self.test.noise_inputs {
                    plan.inputs.noise = InputNoise::Independent(sigma.clone());
                }
            }
            TestNoise::Silent => {
                plan.noise = UnitNoise::Silent;
                plan.inputs.noise = InputNoise::Silent;
            }
        }
        plan
    }

    /// What makes the trials of a set.
    pub fn generator(&self, set: Set, dt: Time, isa: cogrnn_core::kernels::Isa) -> Generator<'_> {
        self.generator_with(&self.network.inputs, set, dt, isa)
    }

    /// The same with inputs that go through something else.
    pub fn generator_with<'a>(
        &'a self,
        stage: &'a InputStage,
        set: Set,
        dt: Time,
        isa: cogrnn_core::kernels::Isa,
    ) -> Generator<'a> {
        Generator { task: &*self.task, stage, set, dt, seed: self.stimuli_seed, noise_seed: self.seed, isa, force: &[] }
    }

    /// The experiment with every default written out; reading it gives the same experiment.
    pub fn resolved(&self) -> &str {
        &self.resolved
    }

    /// What of it decides the trained network: all but its title, its tests, its analyses and their labels.
    pub fn training(&self) -> toml::Table {
        let mut table: toml::Table = self.resolved.parse().unwrap_or_default();
        for idle in ["title", "about", "cite", "test", "analysis", "labels"] {
            table.remove(idle);
        }
        table
    }

    /// What of it decides each update: of [`Experiment::training`] all but when training ends.
    pub fn learning(&self) -> toml::Table {
        let mut table = self.training();
        table.remove("stop");
        table
    }

    /// The whole of `[test]`, every default written out.
    pub fn testing(&self) -> toml::Table {
        let table: toml::Table = self.resolved.parse().unwrap_or_default();
        table.get("test").and_then(|t| t.as_table()).cloned().unwrap_or_default()
    }

    /// Every setting that has an effect in it, with the value in use and what it is: its manual.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// What is allowed but probably not meant.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Keys of what to cite.
    pub fn cite(&self) -> &[String] {
        &self.cite
    }

    /// What it will do, in a few lines.
    pub fn summary(&self) -> Vec<(String, String)> {
        let mut rows = vec![("task".to_string(), self.task.name().to_string())];
        rows.extend(self.network.summary());
        rows.push(("rule".into(), self.rule.summary()));
        rows.extend(self.unroll.summary().map(|scheme| ("unrolling".to_string(), scheme)));
        rows.extend(self.around.as_ref().map(|around| ("loop".to_string(), around.summary())));
        rows.push((
            "training".into(),
            format!(
                "{} trials an update at dt = {}, a check of {} trials every {} updates",
                self.trials, self.dt, self.validation_trials, self.check_every
            ),
        ));
        let mut until = Vec::new();
        if let Some(p) = self.stop.performance {
            until.push(format!("the mean performance of {} checks exceeds {p} %", self.stop.over));
        }
        if self.stop.error > 0.0 {
            until.push(format!("the error is at most {}", self.stop.error));
        }
        until.push(format!("{} updates", self.stop.max_updates));
        rows.push(("until".into(), until.join(", or ")));
        rows
    }
}

impl std::fmt::Debug for Experiment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Experiment {}, seed {}", self.name, self.seed)
    }
}

/// `[criterion]`.
fn read_criterion(document: &Document, recorded: bool) -> Result<Option<Criterion>> {
    let mut section = document.section("criterion");
    let about = "a training trial is right whose error is below this; left out, none is counted";
    let Some(error) = section.optional_number("error", about)? else {
        for key in ["right", "of", "stop"] {
            section.ineffective(key, "no `error` is given below which a trial is right")?;
        }
        return Ok(None);
    };
    let blame = |error: Error| Err(section.blame("error", error));
    if !recorded {
        return blame(
            Error::input("a criterion of training trials that are not kept")
                .why("`record_trials` is false")
                .remedy("set  record_trials = true  in [training]"),
        );
    }
    if error <= 0.0 || error.is_nan() {
        return blame(
            Error::input(format!("`error` is {error}"))
                .why("no trial has an error below that")
                .remedy("give a number above 0, in the units of the loss"),
        );
    }
    // Miconi 2017: 95 of 100; his program asks for more than 95
    let of = section.positive_count(
        "of",
        100,
        "training trials, one after the other, among which right ones are counted",
    )?;
    let right = section.count("right", 95, "more than these must be right")?;
    if right >= of {
        return Err(section.blame(
            "right",
            Error::input(format!("`right` is {right}"))
                .why(format!("more than these are to be right, of {of}"))
                .remedy(format!("give at most {}", of - 1)),
        ));
    }
    let stop = section.flag("stop", false, "whether training ends when so many are right")?;
    Ok(Some(Criterion { error, right, of, stop }))
}

/// What `[test]` says beside its time step and threshold.
fn read_test(section: &mut Section<'_>, dt: Time, plan: &NetworkPlan) -> Result<Testing> {
    let about = "test trials; left out, 1000 to evaluate and 100 to record";
    let trials = section.optional_count("trials", about)?;
    if trials == Some(0) {
        return Err(section.blame(
            "trials",
            Error::input("`trials` is 0")
                .why("at least one is needed")
                .remedy("leave it out, or give for instance 1000"),
        ));
    }
    let about = "time between the samples that are kept, rounded down to whole time steps; left out, every one is";
    let save_every = section.optional_time("save_every", about)?;
    if let Some(every) = save_every {
        kept_steps(every, dt).map_err(|e| section.blame("save_every", e))?;
    }
    let carry =
        section.flag("carry", false, "whether a test trial goes on from the state in which the one before ended")?;
    let about = "s.d. of the units' noise in test trials: one, or one for each; left out, as in training";
    let sparse = matches!(plan.noise, UnitNoise::Sparse { .. });
    let (noise_units, perturbations) = if sparse {
        section.ineffective("noise_units", "units are disturbed now and then, in place of other noise")?;
        // Miconi 2017: they stay on
        (
            None,
            section.flag(
                "perturbations",
                true,
                "whether units are disturbed in test trials as they are in training",
            )?,
        )
    } else {
        section.ineffective("perturbations", "units are not disturbed in training")?;
        (test_noise(section, "noise_units", plan.shape.units, about)?, true)
    };
    let noise_inputs = if plan.shape.inputs > 0 {
        let about = "s.d. of the inputs' noise in test trials: one, or one for each; left out, as in training";
        test_noise(section, "noise_inputs", plan.shape.inputs, about)?
    } else {
        section.ineffective("noise_inputs", "this task has no inputs")?;
        None
    };
    Ok(Testing { trials, save_every, carry, noise_units, noise_inputs, perturbations })
}

/// How many time steps lie between samples that are kept (Song et al. 2016, code: ⌊dt_save/dt⌋).
///
/// # Errors
/// If not one does.
pub(crate) fn kept_steps(every: Time, dt: Time) -> Result<usize> {
    match every.steps(dt) {
        0 => Err(Error::input(format!("samples are to be kept every {every}"))
            .why(format!("the time step is longer, {dt}"))
            .remedy(format!("keep them every {dt}, or less often"))),
        steps => Ok(steps),
    }
}

fn test_noise(section: &mut Section<'_>, key: &str, count: usize, about: &str) -> Result<Option<Vec<f64>>> {
    let Some(sigma) = section.optional_numbers(key, about)? else { return Ok(None) };
    if let Some(bad) = sigma.iter().find(|s| !(**s >= 0.0 && s.is_finite())) {
        return Err(section.blame(
            key,
            Error::input(format!("a standard deviation of {bad}"))
                .why("it must be 0 or more")
                .remedy("leave it out for the noise of training"),
        ));
    }
    network::each(section, key, sigma, count).map(Some)
}

/// dt ≤ tau for every unit.
fn check_step(section: &Section<'_>, key: &str, dt: Time, plan: &NetworkPlan) -> Result<()> {
    let fastest = plan.tau.iter().fold(f64::INFINITY, |m, t| m.min(t.as_ms()));
    if dt.as_ms() <= fastest {
        return Ok(());
    }
    Err(section.blame(
        key,
        Error::input(format!("the time step of {dt} is longer than the time constant of {}", ms(fastest)))
            .why("Euler steps with dt > tau overshoot: x changes its sign at every step")
            .remedy(format!("take dt = \"{}\" (a fifth of tau) or less", ms(fastest / 5.0))),
    ))
}
