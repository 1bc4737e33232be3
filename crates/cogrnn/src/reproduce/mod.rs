//! A whole paper from one command: its models trained over seeds, analysed, and its claims judged.
//!
//! Training is the same as by `cogrnn train`, one network a thread; a run that is there is not made
//! again, and one that was stopped goes on. Each network is analysed once; what its claims rest on is
//! kept beside it as `analysis/measures.json`.

mod claims;
mod measures;

pub use claims::{CLAIMS, Claim, Judge, Row, Verdict, judge};
pub use measures::{Measures, measure};

use crate::analyses::{self, Analysed};
use crate::evaluate::{TestRun, Trained};
use crate::experiment::Experiment;
use crate::files;
use crate::folder;
use crate::pool::{self, There, Training};
use crate::trainer::{Check, Machine, Summary};
use cogrnn_core::error::{Error, Result};
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
                .why("the only one so far is song2016, Song, Yang & Wang (2016)")
                .remedy("cogrnn reproduce song2016"));
        }
        let figures: Vec<String> = figures
            .iter()
            .map(|f| f.trim_start_matches(|c: char| c.is_alphabetic() || c == '.' || c == ' ').to_string())
            .collect();
        for figure in &figures {
            if !SONG2016.iter().any(|m| m.figures.contains(&figure.as_str())) {
                return Err(Error::input(format!("there is no figure `{figure}` to reproduce"))
                    .at("FIGURE")
                    .why("figures 2 to 9 show results; figure 1 is a drawing of the method")
                    .remedy("cogrnn reproduce song2016 3"));
            }
        }
        let shown = |m: &&Model| figures.is_empty() || m.figures.iter().any(|f| figures.iter().any(|g| g == f));
        Ok(Plan { models: SONG2016.iter().filter(shown).collect(), figures, seeds, out: out.to_path_buf() })
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
    /// Test trials of its analysis: those of the paper for the figure's network, a quarter for others.
    pub fn test_run(&self, trained: &Trained) -> TestRun {
        let usual = trained.test_run();
        if self.figure {
            return usual;
        }
        let period = self.experiment.task.test_period();
        let trials = (usual.trials / 4).next_multiple_of(period);
        TestRun { trials, ..usual }
    }
}

impl Training for Job {
    fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn there(&self) -> Result<There> {
        pool::there(&self.experiment, &self.folder, self.model.experiment)
    }
}

/// A network that is trained and analysed.
#[derive(Debug)]
pub struct Network {
    /// What it was to be.
    pub job: Job,
    /// The trained network.
    pub trained: Trained,
    /// How training went.
    pub summary: Summary,
    /// Its learning curve.
    pub learning: Vec<Check>,
    /// What its analyses came to.
    pub analysed: Analysed,
    /// The numbers that claims rest on.
    pub measures: Measures,
}

/// Analyses a trained network of a plan, or reads what was found before.
///
/// # Errors
/// As [`analyses::analyse`].
pub fn look(job: &Job, machine: &Machine, progress: &mut dyn FnMut(f64)) -> Result<Network> {
    let trained = Trained::open(&job.folder, machine)?.under(job.experiment.clone())?;
    let summary: Summary = folder::read_result(&job.folder)?;
    let learning = learning_curve(&job.folder)?;
    let plans: Vec<&analyses::Plan> = trained.experiment.analyses.iter().collect();
    let run = job.test_run(&trained);
    let analysed = analyses::analysed(&trained, &job.folder, &plans, &run, progress)?;
    // The same trials at the time step of training, where there is something to choose.
    let coarse = match analysed.performance {
        Some(_) => trained.evaluate(run.trials, Some(job.experiment.dt), &mut |_| ())?.performance,
        None => None,
    };
    let measures = measure(&trained, &summary, &learning, &analysed, coarse)?;
    let text = serde_json::to_string_pretty(&measures).unwrap_or_default();
    files::write_atomically(analyses::result_folder(&job.folder).join("measures.json"), text.as_bytes())?;
    Ok(Network { job: job.clone(), trained, summary, learning, analysed, measures })
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
