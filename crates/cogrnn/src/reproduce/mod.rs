//! A whole paper from one command: its models trained over seeds, analysed, and its claims judged.
//!
//! Training is the same as by `cogrnn train`, one network a thread; a run that is there is not made
//! again, and one that was stopped goes on, also one that stopped at a limit which has been raised since. Each network is analysed once; what its claims rest on is
//! kept beside it as `analysis/measures.json`.

mod arms;
mod claims;
pub mod fading;
mod measures;
pub mod miconi2017;
pub mod murray2019;
pub mod soo2023;

pub use claims::{CLAIMS, Claim, Judge, Row, Verdict, judge};
pub use measures::{Measures, measure};

use crate::analyses::{self, Analysed};
use crate::evaluate::{TestRun, Trained};
use crate::experiment::Experiment;
use crate::files;
use crate::folder;
use crate::pool::Training;
use crate::trainer::{Check, Machine, Reason, Summary};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::task::Performance;
use std::path::{Path, PathBuf};

/// A model of a paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its shipped experiment.
    pub experiment: &'static str,
    /// The figures that show it.
    pub figures: &'static [&'static str],
    /// What the paper's figures call it.
    pub title: &'static str,
    /// About how much longer it trains than the quickest: the longest begin first.
    pub weight: f64,
}

/// The ten models of Song, Yang & Wang (2016), in the order of Fig 9.
#[rustfmt::skip]
pub const SONG2016: &[Model] = &[
    Model { experiment: "song2016/perceptual-decision", figures: &["2", "9"], title: "Decision, variable stimulus duration", weight: 6.0 },
    Model { experiment: "song2016/reaction-time", figures: &["2", "9"], title: "Decision, reaction time", weight: 3.0 },
    Model { experiment: "song2016/fixed-duration-no-dale", figures: &["3", "9"], title: "Decision, no Dale", weight: 1.0 },
    Model { experiment: "song2016/fixed-duration", figures: &["3", "9"], title: "Decision, Dale, dense", weight: 2.0 },
    Model { experiment: "song2016/fixed-duration-pathways", figures: &["3", "9"], title: "Decision, Dale, two pathways", weight: 1.5 },
    Model { experiment: "song2016/context-integration", figures: &["4", "5", "9"], title: "Context-dependent integration", weight: 40.0 },
    Model { experiment: "song2016/context-integration-areas", figures: &["5", "9"], title: "Context-dependent integration, two areas", weight: 50.0 },
    Model { experiment: "song2016/multisensory", figures: &["6", "9"], title: "Multisensory integration", weight: 5.0 },
    Model { experiment: "song2016/working-memory", figures: &["7", "9"], title: "Parametric working memory", weight: 100.0 },
    Model { experiment: "song2016/sequences", figures: &["8", "9"], title: "Sequences of eye movements", weight: 30.0 },
];

/// What is to be reproduced.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The models.
    pub models: Vec<&'static Model>,
    /// The figures that are shown; empty for all.
    pub figures: Vec<String>,
    /// Networks of each model.
    pub seeds: usize,
    /// Folder of the runs and the report.
    pub out: PathBuf,
}

/// One network of a plan.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its model.
    pub model: &'static Model,
    /// The experiment with its seed.
    pub experiment: Experiment,
    /// Its run folder.
    pub folder: PathBuf,
    /// Whether it has the seed of the paper's figure.
    pub figure: bool,
}

impl Plan {
    /// What to reproduce of a paper.
    ///
    /// # Errors
    /// A paper that is not there, a figure that it does not have.
    pub fn new(paper: &str, figures: &[String], seeds: usize, out: &Path) -> Result<Plan> {
        if paper != "song2016" {
            return Err(Error::input(format!("there is no paper `{paper}` to reproduce"))
                .at("PAPER")
                .why("so far there are song2016 (Song, Yang & Wang 2016), miconi2017 (Miconi 2017), murray2019 (Murray 2019) and soo2023 (Soo, Goudar & Wang 2023)")
                .remedy("cogrnn reproduce song2016"));
        }
        let mut figures: Vec<String> = figures
            .iter()
            .map(|f| f.trim_start_matches(|c: char| c.is_alphabetic() || c == '.' || c == ' ').to_string())
            .collect();
        // The same figures in any order are the same page.
        figures.sort();
        figures.dedup();
        for figure in &figures {
            if !SONG2016.iter().any(|m| m.figures.contains(&figure.as_str())) {
                return Err(Error::input(format!("there is no figure `{figure}` to reproduce"))
                    .at("PART")
                    .why("figures 2 to 9 show results; figure 1 is a drawing of the method")
                    .remedy("cogrnn reproduce song2016 3"));
            }
        }
        let shown = |m: &&Model| figures.is_empty() || m.figures.iter().any(|f| figures.iter().any(|g| g == f));
        Ok(Plan { models: SONG2016.iter().filter(shown).collect(), figures, seeds, out: out.to_path_buf() })
    }

    /// What its page and table are called: those of chosen figures do not replace those of all.
    pub fn name(&self, what: &str) -> String {
        if self.figures.is_empty() { what.to_string() } else { format!("{what}-fig{}", self.figures.join("-")) }
    }

    /// Every network, the longest training first.
    ///
    /// # Errors
    /// If a shipped experiment cannot be read, which would be a fault of the program.
    pub fn jobs(&self) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for model in &self.models {
            let figure = Experiment::load(model.experiment, &[])?.seed;
            let others = (1..).filter(|s| *s != figure);
            for seed in std::iter::once(figure).chain(others).take(self.seeds) {
                let experiment = Experiment::load(model.experiment, &[format!("seed={seed}")])?;
                let folder = self.out.join(model.experiment).join(format!("seed{seed}"));
                jobs.push(Job { model, experiment, folder, figure: seed == figure });
            }
        }
        jobs.sort_by(|a, b| b.model.weight.total_cmp(&a.model.weight));
        Ok(jobs)
    }
}

impl Job {
    /// Test trials of its analysis: those of the paper for the figure's network and for tasks that are judged by
    /// their lowest condition, which needs its trials; a quarter for others.
    pub fn test_run(&self, trained: &Trained) -> TestRun {
        let usual = trained.test_run();
        TestRun { trials: if self.figure { usual.trials } else { fewer(&self.experiment) }, ..usual }
    }
}

impl Training for Job {
    fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn name(&self) -> String {
        self.model.experiment.to_string()
    }
}

/// A quarter of the paper's test trials, in whole rounds of conditions; all where each condition is judged.
fn fewer(experiment: &Experiment) -> usize {
    let usual = experiment.test.trials.unwrap_or(1000);
    match experiment.task.performance() {
        Performance::WorstCondition => usual,
        _ => (usual / 4).next_multiple_of(experiment.task.test_period()),
    }
}

/// A network whose training has ended.
#[derive(Debug)]
pub struct Network {
    /// What it was to be.
    pub job: Job,
    /// How training went.
    pub summary: Summary,
    /// Its learning curve.
    pub learning: Vec<Check>,
    /// What it does, or why it was not analysed.
    pub shown: std::result::Result<Shown, String>,
    /// The numbers that claims rest on; those of training alone if it was not analysed.
    pub measures: Measures,
}

/// A trained network and what its analyses came to.
#[derive(Debug)]
pub struct Shown {
    /// The network.
    pub trained: Trained,
    /// Its analyses.
    pub analysed: Analysed,
}

/// Analyses a trained network of a plan, or reads what was found before. An analysis that fails is kept
/// as the reason why there is none.
///
/// # Errors
/// A run whose result or learning curve cannot be read.
pub fn look(job: &Job, machine: &Machine, progress: &mut dyn FnMut(f64)) -> Result<Network> {
    let summary: Summary = folder::read_result(&job.folder)?;
    let learning = match learning_curve(&job.folder) {
        // before the first check there is none
        Err(_) if summary.reason == Reason::Diverged => Vec::new(),
        read => read?,
    };
    let mut measures = measures::of_training(&job.experiment.stop, job.experiment.check_every, &summary, &learning);
    let shown = if summary.reason == Reason::Diverged {
        Err(format!("training diverged after {} updates", summary.updates))
    } else {
        analyse(job, machine, &mut measures, progress).map_err(|error| match error.why {
            Some(why) => format!("{}: {why}", error.what),
            None => error.what,
        })
    };
    if shown.is_ok() {
        let text = serde_json::to_string_pretty(&measures).unwrap_or_default();
        files::write_atomically(analyses::result_folder(&job.folder).join("measures.json"), text.as_bytes())?;
    }
    Ok(Network { job: job.clone(), summary, learning, shown, measures })
}

fn analyse(job: &Job, machine: &Machine, measures: &mut Measures, progress: &mut dyn FnMut(f64)) -> Result<Shown> {
    let open = || Trained::open(&job.folder, machine)?.under(job.experiment.clone());
    let trained = open()?;
    let plans: Vec<&analyses::Plan> = trained.experiment.analyses.iter().collect();
    let run = job.test_run(&trained);
    let analysed = analyses::analysed(&trained, &job.folder, &plans, &run, progress)?;
    let mut whole = open()?;
    whole.experiment.threshold = 0.0;
    let arms = arms::tried(&trained, &whole, &job.folder, &run)?;
    let mut found = measure(&trained, &analysed)?;
    found.extend(arms.measures());
    let kept = measures::against_validation(&trained, measures, &found, &analysed, &arms);
    measures.extend(found);
    measures.extend(kept);
    Ok(Shown { trained, analysed })
}

/// Makes the analyses that the experiment of a network of a comparison asks for, or reads them if they were made; nothing if it
/// asks for none or training diverged.
///
/// # Errors
/// As [`analyses::analysed`].
pub fn shown(
    network: &crate::compare::Trained,
    machine: &Machine,
    progress: &mut dyn FnMut(f64),
) -> Result<Option<Shown>> {
    let job = &network.job;
    if job.experiment.analyses.is_empty() || network.summary.reason == Reason::Diverged {
        return Ok(None);
    }
    // as the protocol says now: a run may be older than what is asked of it
    let trained = Trained::open(&job.folder, machine)?.under(job.experiment.clone())?;
    let plans: Vec<&analyses::Plan> = trained.experiment.analyses.iter().collect();
    let run = trained.test_run();
    let analysed = analyses::analysed(&trained, &job.folder, &plans, &run, progress)?;
    Ok(Some(Shown { trained, analysed }))
}

/// The checks of a run, from its learning curve.
///
/// # Errors
/// A file that is missing or damaged.
pub fn learning_curve(folder: &Path) -> Result<Vec<Check>> {
    let path = folder.join(folder::LEARNING);
    let text = files::read_text(&path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: std::result::Result<Vec<Check>, csv::Error> = reader.deserialize().collect();
    rows.map_err(|e| {
        Error::input("the learning curve cannot be read")
            .at(path.display().to_string())
            .why(e.to_string())
            .remedy("go on with the training, which writes it again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{There, train};
    use crate::trainer::Trainer;
    use std::sync::atomic::AtomicBool;

    const ONE: Machine = Machine { threads: 1, kernels: None };

    /// A network of the model that trains fastest, small and with these rules.
    fn job(out: &Path, changes: &[&str]) -> Job {
        job_of("song2016/fixed-duration", out, changes)
    }

    fn job_of(model: &str, out: &Path, changes: &[&str]) -> Job {
        let small =
            ["network.units=12", "training.trials=4", "training.validation_trials=22", "training.check_every=2"];
        let quick = ["test.trials=44", "test.dt=20 ms", "stop.max_updates=20", "stop.performance=0", "stop.over=1"];
        let changes: Vec<String> = small.iter().chain(&quick).chain(changes).map(|c| c.to_string()).collect();
        let model = SONG2016.iter().find(|m| m.experiment == model).unwrap();
        let experiment = Experiment::load(model.experiment, &changes).unwrap();
        Job { model, experiment, folder: out.join("run"), figure: true }
    }

    fn train_alone(job: &Job) -> Summary {
        let mut trainer = Trainer::start(job.experiment.clone(), &job.folder, true, &ONE).unwrap();
        trainer.run(None, &AtomicBool::new(false), &mut |_| {}).unwrap()
    }

    #[test]
    fn a_run_counts_by_where_it_would_end_now() {
        let dir = tempfile::tempdir().unwrap();
        let there = |changes: &[&str]| job(dir.path(), changes).there();
        assert_eq!(there(&[]), There::Nothing);
        // Any performance is above 0 %: it ends at the first check, under any limits.
        assert_eq!(train_alone(&job(dir.path(), &[])).reason, Reason::Performance);
        assert_eq!(there(&[]), There::Trained);
        assert_eq!(there(&["stop.patience=7", "stop.max_updates=9"]), There::Trained);
        assert_eq!(there(&["test.trials=22", "labels.coherence.unit=percent"]), There::Trained);
        assert!(matches!(there(&["stop.performance=99.9"]), There::InTheWay(_)));
        let There::InTheWay(why) = there(&["optimiser.learning_rate=0.5"]) else { panic!("another experiment") };
        assert!(why.contains("not trained as song2016/fixed-duration"), "{why}");
        std::fs::write(dir.path().join("run").join(folder::EXPERIMENT), "nonsense").unwrap();
        assert!(matches!(there(&[]), There::InTheWay(_)));
    }

    #[test]
    fn a_run_that_ended_at_a_shorter_limit_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let high = "stop.performance=99.9";
        let short = job(dir.path(), &[high, "stop.max_updates=6"]);
        assert_eq!(train_alone(&short).reason, Reason::MaxUpdates);
        assert_eq!(short.there(), There::Trained);
        assert!(matches!(job(dir.path(), &[high, "stop.max_updates=4"]).there(), There::InTheWay(_)));
        let longer = job(dir.path(), &[high, "stop.max_updates=12", "stop.patience=100"]);
        assert_eq!(longer.there(), There::Begun);
        assert!(train(std::slice::from_ref(&longer), &ONE, &AtomicBool::new(false), &mut |_| {}).unwrap());
        assert_eq!(longer.there(), There::Trained);
        assert_eq!(folder::read_result::<Summary>(&longer.folder).unwrap().updates, 12);
    }

    #[test]
    fn folders_in_the_way_are_all_named_before_anything_is_trained() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let jobs: Vec<Job> = [&a, &b].map(|dir| job(dir.path(), &[])).to_vec();
        for job in &jobs {
            std::fs::create_dir_all(&job.folder).unwrap();
            std::fs::write(job.folder.join(folder::EXPERIMENT), "nonsense").unwrap();
        }
        let error = train(&jobs, &ONE, &AtomicBool::new(false), &mut |_| {}).unwrap_err().to_string();
        for dir in [&a, &b] {
            assert!(error.contains(&dir.path().display().to_string()), "{error}");
        }
    }

    #[test]
    fn a_network_that_diverges_or_cannot_be_analysed_ends_nothing() {
        let dir = tempfile::tempdir().unwrap();
        // Nothing holds these weights.
        let wild = ["network.nonlinearity=linear", "initial.spectral_radius=99", "optimiser.guard=false"];
        let lost = job_of("song2016/fixed-duration-no-dale", dir.path(), &wild);
        assert!(train(std::slice::from_ref(&lost), &ONE, &AtomicBool::new(false), &mut |_| {}).unwrap());
        assert_eq!(lost.there(), There::Diverged);
        let network = look(&lost, &ONE, &mut |_| ()).unwrap();
        assert!(network.shown.unwrap_err().contains("diverged"));
        assert_eq!(network.measures["reached"], 0.0);

        let dir = tempfile::tempdir().unwrap();
        let sound = job(dir.path(), &[]);
        train_alone(&sound);
        let network = look(&sound, &ONE, &mut |_| ()).unwrap();
        assert!(network.shown.is_ok() && network.measures.contains_key("step_change"), "{:?}", network.shown);
        std::fs::write(sound.folder.join(folder::WEIGHTS), "half a file").unwrap();
        let network = look(&sound, &ONE, &mut |_| ()).unwrap();
        assert!(network.shown.is_err());
        assert_eq!(network.measures["reached"], 1.0);
        assert!(!judge(&[network]).is_empty());
    }

    #[test]
    fn analyses_are_made_anew_when_the_test_changes() {
        let dir = tempfile::tempdir().unwrap();
        let usual = job(dir.path(), &[]);
        train_alone(&usual);
        let key = |changes: &[&str]| {
            let trained = Trained::open(&usual.folder, &ONE).unwrap();
            let trained = trained.under(job(dir.path(), changes).experiment).unwrap();
            analyses::key(&trained, &[], &trained.test_run())
        };
        for change in ["test.threshold=0.1", "test.noise_units=0.3", "test.noise_inputs=0.3", "test.carry=true"] {
            assert_ne!(key(&[]), key(&[change]), "{change}");
        }
        assert_eq!(key(&[]), key(&["labels.coherence.unit=percent"]));
    }

    #[test]
    fn a_task_judged_by_its_lowest_condition_has_all_its_trials_in_every_network() {
        let plan = Plan::new("song2016", &["7".into(), "6".into()], 2, Path::new("nowhere")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        for mut job in plan.jobs().unwrap() {
            job.folder = dir.path().join(job.model.title).join(job.experiment.seed.to_string());
            let mut trainer = Trainer::start(job.experiment.clone(), &job.folder, true, &ONE).unwrap();
            trainer.run(Some(0), &AtomicBool::new(false), &mut |_| {}).unwrap();
            let trials = job.test_run(&Trained::open(&job.folder, &ONE).unwrap()).trials;
            let expected = match (job.model.experiment, job.figure) {
                ("song2016/working-memory", _) => 1000,
                (_, true) => 12_000,
                _ => 3000,
            };
            assert_eq!(trials, expected, "{} seed {}", job.model.experiment, job.experiment.seed);
        }
    }

    #[test]
    fn chosen_figures_have_a_page_of_their_own() {
        let plan = |figures: &[&str]| {
            let figures: Vec<String> = figures.iter().map(|f| f.to_string()).collect();
            Plan::new("song2016", &figures, 1, Path::new("")).unwrap()
        };
        assert_eq!(plan(&[]).name("song2016"), "song2016");
        assert_eq!(plan(&["3"]).name("claims"), "claims-fig3");
        assert_eq!(plan(&["8", "Fig 2", "8"]).name("song2016"), "song2016-fig2-8");
    }
}
