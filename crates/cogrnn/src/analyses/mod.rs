//! Analyses of a trained network: which ones fit an experiment, and their numbers.
//!
//! An experiment asks for an analysis with a section, `[analysis.psychometric]`; the section says which
//! columns of its table of trials and which epochs the analysis looks at. A second section for the same
//! analysis has a name of its own and says which it is: `[analysis.psychometric_colour] of = "psychometric"`. All analyses of a run look at
//! the same test trials, one by one as they are run, so that 44,000 trials need no memory.
//!
//! Numbers come first: [`analyse`] gives reports, [`Analysed::write`] keeps them as JSON with their
//! units, long arrays beside it as npz. Figures are drawn from them by `cogrnn-report`.

mod plan;
mod store;

pub(crate) use plan::read_labels;
pub use plan::{ANALYSES, Entry, Label, Labels, Plan, What};
pub(crate) use store::key;
pub use store::{ANALYSIS_VERSION, analysed, result_folder};

use crate::evaluate::{Recorded, TestRun, Trained};
use crate::experiment::TestNoise;
use cogrnn_analysis::{Analysis, Trial};
use cogrnn_analysis::{
    cross_temporal, duration, eye_trace, interval, mds, multisensory, orthogonal_decoding, output_curves, pca,
    psychometric, reaches, reaction_time, selectivity, state_space, trajectory, tuning, unit_averages,
};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::task::Task;
use cogrnn_core::units::ms;
use serde::{Deserialize, Serialize};

/// The numbers of one analysis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "analysis", rename_all = "snake_case")]
pub enum Numbers {
    /// How often a choice is made, against the evidence.
    Psychometric(psychometric::Report),
    /// Reaction times by a threshold on the outputs.
    Chronometric(reaction_time::Report),
    /// Per cent correct against how long the stimulus lasted.
    Duration(duration::Report),
    /// Rates of each unit by condition, aligned to the start of an epoch.
    Units(unit_averages::Report),
    /// Rates of each unit by condition, aligned to the response.
    Responses(unit_averages::Report),
    /// How well each unit tells the choices apart.
    Selectivity(selectivity::Report),
    /// Axes of choice, evidence and context, and trajectories along them.
    Regression(state_space::Report),
    /// Slopes of rates against a remembered stimulus, over time.
    Tuning(tuning::Report),
    /// Two senses alone and together.
    Multisensory(multisensory::Report),
    /// Principal components of noise-free trials.
    Components(pca::Report),
    /// Where movements of a sequence end.
    Movements(eye_trace::Report),
    /// Intervals that were made, against those that were shown.
    Interval(interval::Report),
    /// Paths of a cursor.
    Trajectory(trajectory::Report),
    /// Whether a code at one time is that of another.
    CrossTemporal(cross_temporal::Report),
    /// Trials laid out in a plane.
    Mds(mds::Report),
    /// The last output against each signal.
    OutputCurves(output_curves::Report),
    /// Orthogonal axes of choice, signals and context.
    OrthogonalDecoding(orthogonal_decoding::Report),
    /// Movements of a body.
    Reaches(reaches::Report),
}

impl Numbers {
    /// The name of the analysis.
    pub fn analysis(&self) -> &'static str {
        match self {
            Numbers::Psychometric(_) => "psychometric",
            Numbers::Chronometric(_) => "chronometric",
            Numbers::Duration(_) => "duration",
            Numbers::Units(_) => "units",
            Numbers::Responses(_) => "responses",
            Numbers::Selectivity(_) => "selectivity",
            Numbers::Regression(_) => "regression",
            Numbers::Tuning(_) => "tuning",
            Numbers::Multisensory(_) => "multisensory",
            Numbers::Components(_) => "components",
            Numbers::Movements(_) => "movements",
            Numbers::Interval(_) => "interval",
            Numbers::Trajectory(_) => "trajectory",
            Numbers::CrossTemporal(_) => "cross_temporal",
            Numbers::Mds(_) => "mds",
            Numbers::OutputCurves(_) => "output_curves",
            Numbers::OrthogonalDecoding(_) => "orthogonal_decoding",
            Numbers::Reaches(_) => "reaches",
        }
    }
}

/// The numbers of one section of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Name of the section and of its files.
    pub name: String,
    /// The numbers.
    pub numbers: Numbers,
}

/// What some analyses came to, and on which trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// Test trials that were looked at.
    pub trials: usize,
    /// Per cent of right choices in them, where there are choices.
    pub performance: Option<f64>,
    /// Root mean squared error in them.
    pub rmse: f64,
    /// One for each analysis, in the order of the experiment.
    pub numbers: Vec<Named>,
}

impl Analysed {
    /// The numbers of this section.
    pub fn get(&self, name: &str) -> Option<&Numbers> {
        self.numbers.iter().find(|n| n.name == name).map(|n| &n.numbers)
    }
}

/// An analysis under way.
trait Worker {
    fn see(&mut self, trial: &Trial<'_>) -> Result<()>;
    fn finish(&self) -> Result<Numbers>;
}

struct Work<A: Analysis>(A, fn(A::Report) -> Numbers);

impl<A: Analysis> Worker for Work<A> {
    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        self.0.see(trial)
    }

    fn finish(&self) -> Result<Numbers> {
        self.0.report().map(self.1)
    }
}

/// Movements: the task tells what the outputs led to.
struct Moving<'t> {
    task: &'t dyn Task,
    column: String,
    reaches: reaches::Reaches,
}

impl Worker for Moving<'_> {
    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        // the initial state moves nothing: a trial's outputs are those after each step
        let outputs = trial.outputs.get(trial.readouts()..).unwrap_or_default();
        let movement = self.task.movement(trial.outline, ms(trial.spacing()), outputs);
        self.reaches.see(trial.index, trial.value(&self.column)?, movement.as_ref());
        Ok(())
    }

    fn finish(&self) -> Result<Numbers> {
        self.reaches.report().map(Numbers::Reaches)
    }
}

fn worker<'t>(plan: &Plan, task: &'t dyn Task) -> Box<dyn Worker + 't> {
    match plan.what.clone() {
        What::Psychometric(s) => Box::new(Work(psychometric::Psychometric::new(s), Numbers::Psychometric)),
        What::Chronometric(s) => Box::new(Work(reaction_time::ReactionTime::new(s), Numbers::Chronometric)),
        What::Duration(s) => Box::new(Work(duration::Duration::new(s), Numbers::Duration)),
        What::Units(s) => Box::new(Work(unit_averages::UnitAverages::new(s), Numbers::Units)),
        What::Responses(s) => Box::new(Work(unit_averages::UnitAverages::new(s), Numbers::Responses)),
        What::Selectivity(s) => Box::new(Work(selectivity::Selectivity::new(s), Numbers::Selectivity)),
        What::Regression(s) => Box::new(Work(state_space::StateSpace::new(s), Numbers::Regression)),
        What::Tuning(s) => Box::new(Work(tuning::Tuning::new(s), Numbers::Tuning)),
        What::Multisensory(s) => Box::new(Work(multisensory::Multisensory::new(s), Numbers::Multisensory)),
        What::Components(s) => Box::new(Work(pca::Pca::new(s), Numbers::Components)),
        What::Movements(s) => Box::new(Work(eye_trace::EyeTrace::new(s), Numbers::Movements)),
        What::Interval(s) => Box::new(Work(interval::Interval::new(s), Numbers::Interval)),
        What::Trajectory(s) => Box::new(Work(trajectory::Trajectory::new(s), Numbers::Trajectory)),
        What::CrossTemporal(s) => Box::new(Work(cross_temporal::CrossTemporal::new(s), Numbers::CrossTemporal)),
        What::Mds(s) => Box::new(Work(mds::Mds::new(s), Numbers::Mds)),
        What::OutputCurves(s) => Box::new(Work(output_curves::OutputCurves::new(s), Numbers::OutputCurves)),
        What::OrthogonalDecoding(s) => {
            Box::new(Work(orthogonal_decoding::OrthogonalDecoding::new(s), Numbers::OrthogonalDecoding))
        }
        What::Reaches(column, s) => Box::new(Moving { task, column, reaches: reaches::Reaches::new(s) }),
    }
}

fn seen<'a>(trial: &Recorded<'a>) -> Trial<'a> {
    let Recorded { index, outline, times, inputs, rates, outputs, .. } = *trial;
    Trial { index, outline, times, inputs, rates, outputs }
}

/// The analyses of this experiment with these names; all of them if none is named.
///
/// # Errors
/// A name that is no analysis, or one that does not fit the experiment, with the reason.
pub fn choose<'p>(trained: &'p Trained, names: &[String]) -> Result<Vec<&'p Plan>> {
    let plans = &trained.experiment.analyses;
    if names.is_empty() {
        return Ok(plans.iter().collect());
    }
    let known: Vec<&str> = ANALYSES.iter().map(|e| e.name).collect();
    let mut chosen = Vec::new();
    for name in names {
        if let Some(plan) = plans.iter().find(|p| p.name == *name) {
            chosen.push(plan);
            continue;
        }
        let Some(entry) = ANALYSES.iter().find(|e| e.name == name) else {
            let near = crate::reader::nearest(name, known.iter().copied());
            return Err(Error::input(format!("there is no analysis `{name}`"))
                .why(format!("the analyses are {}", known.join(", ")))
                .remedy(near.map_or("choose one of these".to_string(), |n| format!("did you mean `{n}`?"))));
        };
        let fit: Vec<&str> = plans.iter().map(|p| p.name.as_str()).collect();
        let task = trained.experiment.task.name();
        return Err(Error::input(format!("`{name}` does not fit the task `{task}`"))
            .why((entry.needs)(&trained.experiment))
            .remedy(if fit.is_empty() {
                format!("describe it in [analysis.{name}] of the experiment")
            } else {
                format!("these fit: {}", fit.join(", "))
            }));
    }
    Ok(chosen)
}

/// Runs test trials and what the experiment wants to know of them. `trials` and `dt` as in the
/// experiment unless given.
///
/// # Errors
/// As [`Trained::watch`], or an analysis that cannot be made of these trials.
pub fn analyse(trained: &Trained, plans: &[&Plan], run: &TestRun, progress: &mut dyn FnMut(f64)) -> Result<Analysed> {
    let (quiet, noisy): (Vec<&Plan>, Vec<&Plan>) = plans.iter().partition(|p| matches!(p.what, What::Components(_)));
    let task = &*trained.experiment.task;
    let mut workers: Vec<(&Plan, Box<dyn Worker>)> = noisy.iter().map(|p| (*p, worker(p, task))).collect();
    let (mut right, mut asked, mut squares, mut samples, mut trials) = (0usize, 0usize, 0.0, 0.0, 0usize);
    let targets = trained.targets();
    let mut look = |trial: &Recorded<'_>| {
        let view = seen(trial);
        for (plan, worker) in &mut workers {
            worker.see(&view).map_err(|e| e.at(format!("[analysis.{}], test trial {}", plan.name, trial.index)))?;
        }
        if let Some(choice) = trial.outline.choice {
            asked += 1;
            right += usize::from(choice == trial.chosen);
        }
        let (sum, n) = targets.error(trial);
        squares += sum;
        samples += n;
        trials += 1;
        Ok(())
    };
    trained.watch(run, &mut look, progress)?;
    let mut numbers = Vec::new();
    for (plan, worker) in &workers {
        let found = worker.finish().map_err(|e| e.at(format!("[analysis.{}]", plan.name)))?;
        numbers.push(Named { name: plan.name.clone(), numbers: found });
    }
    // One noise-free trial of each condition, each from the initial state (Song et al. 2016, fig. 8).
    for plan in quiet {
        let mut worker = worker(plan, task);
        let trials = task.test_period();
        let quiet = TestRun { trials, noise: TestNoise::Silent, carry: false, ..run.clone() };
        trained.watch(&quiet, &mut |trial| worker.see(&seen(trial)), &mut |_| ())?;
        let found = worker.finish().map_err(|e| e.at(format!("[analysis.{}]", plan.name)))?;
        numbers.push(Named { name: plan.name.clone(), numbers: found });
    }
    let order = |n: &Named| plans.iter().position(|p| p.name == n.name);
    numbers.sort_by_key(order);
    Ok(Analysed {
        trials,
        performance: (asked > 0).then(|| 100.0 * right as f64 / asked as f64),
        rmse: if samples > 0.0 { (squares / samples).sqrt() } else { 0.0 },
        numbers,
    })
}
