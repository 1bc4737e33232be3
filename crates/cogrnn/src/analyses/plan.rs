//! The sections `[analysis.…]` of an experiment.

use crate::experiment::Experiment;
use crate::reader::{Document, Section};
use cogrnn_analysis::unit_averages::{Align, Include};
use cogrnn_analysis::{
    cross_temporal, duration, eye_trace, interval, mds, multisensory, orthogonal_decoding, output_curves, pca,
    psychometric, reaches, reaction_time, selectivity, state_space, trajectory, tuning, unit_averages,
};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Outline, Request, Set, Task};
use cogrnn_core::units::Time;
use std::collections::BTreeMap;

/// An analysis as an experiment asks for it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name of its section, and of its files.
    pub name: String,
    /// What is to be found out.
    pub what: What,
}

/// What an analysis is to find out, and from which columns and epochs.
#[derive(Clone, Debug)]
pub enum What {
    /// `[analysis.psychometric]`
    Psychometric(psychometric::Settings),
    /// `[analysis.chronometric]`
    Chronometric(reaction_time::Settings),
    /// `[analysis.duration]`
    Duration(duration::Settings),
    /// `[analysis.units]`
    Units(unit_averages::Settings),
    /// `[analysis.responses]`
    Responses(unit_averages::Settings),
    /// `[analysis.selectivity]`
    Selectivity(selectivity::Settings),
    /// `[analysis.regression]`
    Regression(state_space::Settings),
    /// `[analysis.tuning]`
    Tuning(tuning::Settings),
    /// `[analysis.multisensory]`
    Multisensory(multisensory::Settings),
    /// `[analysis.components]`
    Components(pca::Settings),
    /// `[analysis.movements]`
    Movements(eye_trace::Settings),
    /// `[analysis.interval]`
    Interval(interval::Settings),
    /// `[analysis.trajectory]`
    Trajectory(trajectory::Settings),
    /// `[analysis.cross_temporal]`
    CrossTemporal(cross_temporal::Settings),
    /// `[analysis.mds]`
    Mds(mds::Settings),
    /// `[analysis.output_curves]`
    OutputCurves(output_curves::Settings),
    /// `[analysis.orthogonal_decoding]`
    OrthogonalDecoding(orthogonal_decoding::Settings),
    /// `[analysis.reaches]`: the column of the target, and how much to keep.
    Reaches(String, reaches::Settings),
}

/// An analysis as listings know it.
pub struct Entry {
    /// Name of its section, unless that says `of`.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// Why an experiment that does not ask for it may not have it.
    pub needs: fn(&Experiment) -> String,
    read: fn(&mut Section<'_>, &Trials<'_>) -> Result<What>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every analysis, one line each.
#[rustfmt::skip]
pub const ANALYSES: &[Entry] = &[
    Entry { name: "psychometric", about: "how often a choice is made, against the evidence for it", needs: needs_choices, read: read_psychometric },
    Entry { name: "chronometric", about: "reaction times by a threshold on the outputs, and their distribution", needs: needs_reaction_time, read: read_chronometric },
    Entry { name: "duration", about: "per cent correct against how long the stimulus lasted", needs: needs_random_duration, read: read_duration },
    Entry { name: "units", about: "rates of single units by condition, from the start of an epoch", needs: needs_section, read: read_units },
    Entry { name: "responses", about: "rates of single units by condition, up to the response", needs: needs_reaction_time, read: read_responses },
    Entry { name: "selectivity", about: "how well each unit tells the choices apart, and the connections sorted by it", needs: needs_choices, read: read_selectivity },
    Entry { name: "regression", about: "axes of choice, evidence and context, and trajectories along them", needs: needs_context, read: read_regression },
    Entry { name: "tuning", about: "tuning to a remembered stimulus over time", needs: needs_memory, read: read_tuning },
    Entry { name: "multisensory", about: "two senses alone and together", needs: needs_modalities, read: read_multisensory },
    Entry { name: "components", about: "principal components of noise-free trials", needs: needs_section, read: read_components },
    Entry { name: "movements", about: "traces of eye movements, and where they end", needs: needs_movements, read: read_movements },
    Entry { name: "interval", about: "intervals that the network makes, against those that it was shown", needs: needs_intervals, read: read_interval },
    Entry { name: "trajectory", about: "paths of a cursor that the outputs move, syllable by syllable", needs: needs_directions, read: read_trajectory },
    Entry { name: "cross_temporal", about: "whether what tells conditions apart at one time does so at another", needs: needs_section, read: read_cross_temporal },
    Entry { name: "mds", about: "where trials lie in a plane that keeps their distances, at some times", needs: needs_section, read: read_mds },
    Entry { name: "output_curves", about: "the last output against each signal, by context", needs: needs_section, read: read_output_curves },
    Entry { name: "orthogonal_decoding", about: "orthogonal axes of choice, two signals and context, by regression at each time", needs: needs_context, read: read_orthogonal_decoding },
    Entry { name: "reaches", about: "movements of an arm, where they end, and the activity of its muscles", needs: needs_body, read: read_reaches },
];

fn columns(experiment: &Experiment) -> String {
    let trials = Trials::of(&*experiment.task, experiment.test_dt);
    let columns: Vec<&str> = trials.columns();
    if columns.is_empty() {
        "its trials have no columns".into()
    } else {
        format!("its trials have the columns {}", columns.join(", "))
    }
}

fn needs_section(experiment: &Experiment) -> String {
    format!(
        "it sorts trials by columns that [analysis.…] names, and the experiment names none; {}",
        columns(experiment)
    )
}

fn needs_choices(experiment: &Experiment) -> String {
    let asked = Trials::of(&*experiment.task, experiment.test_dt).outlines.iter().any(|o| o.choice.is_some());
    if asked {
        format!("the experiment does not say which column is the evidence; {}", columns(experiment))
    } else {
        "its trials have no choice between outputs".to_string()
    }
}

fn needs_reaction_time(experiment: &Experiment) -> String {
    let trials = Trials::of(&*experiment.task, experiment.test_dt);
    if trials.answers_during("stimulus") {
        format!("the experiment does not say which column is the evidence; {}", columns(experiment))
    } else {
        "it has no reaction time: no answer is asked for while the stimulus lasts".to_string()
    }
}

fn needs_random_duration(experiment: &Experiment) -> String {
    let trials = Trials::of(&*experiment.task, experiment.test_dt);
    match trials.random_epochs().as_slice() {
        [] => "every epoch of its test trials always lasts as long".to_string(),
        some => format!("the experiment does not say which epoch to look at: {} varies", some.join(", ")),
    }
}

fn needs_context(experiment: &Experiment) -> String {
    format!("it needs two kinds of evidence and a context that says which counts; {}", columns(experiment))
}

fn needs_memory(experiment: &Experiment) -> String {
    format!("it needs two stimuli with a delay between them; {}", columns(experiment))
}

fn needs_modalities(experiment: &Experiment) -> String {
    format!("it needs a stimulus shown to one sense, the other, or both; {}", columns(experiment))
}

fn needs_movements(experiment: &Experiment) -> String {
    format!("it needs outputs x and y that go from target to target; {}", columns(experiment))
}

fn needs_intervals(experiment: &Experiment) -> String {
    format!("it needs an interval and the time from which it is to be made again; {}", columns(experiment))
}

fn needs_directions(experiment: &Experiment) -> String {
    format!("it needs two outputs that move a cursor, and directions; {}", columns(experiment))
}

fn needs_body(experiment: &Experiment) -> String {
    match experiment.task.body() {
        Some(_) => format!("the experiment does not say which column is the target; {}", columns(experiment)),
        None => "its outputs move no body".to_string(),
    }
}

/// Test trials of a task, to see which columns and epochs there are.
struct Trials<'t> {
    outlines: Vec<Outline>,
    task: &'t dyn Task,
    dt: Time,
}

impl Trials<'_> {
    fn of(task: &dyn Task, dt: Time) -> Trials<'_> {
        let draw = |index| {
            let address = Address { seed: 1, purpose: Purpose::TestTrials, trial: index as u64 };
            task.outline(&Request::new(Set::Test, index, dt), &mut address.stream())
        };
        Trials { outlines: (0..task.test_period().clamp(20, 1000)).map(draw).collect(), task, dt }
    }

    fn columns(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for (name, _) in self.outlines.iter().flat_map(|o| &o.info) {
            if !all.contains(name) {
                all.push(name);
            }
        }
        all
    }

    fn epochs(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for epoch in self.outlines.iter().flat_map(|o| &o.epochs) {
            if !all.contains(&epoch.name) {
                all.push(epoch.name);
            }
        }
        all
    }

    fn random_epochs(&self) -> Vec<&'static str> {
        let lengths = |name: &str| -> Vec<f64> {
            self.outlines.iter().filter_map(|o| o.epoch(name)).map(|e| (e.end - e.start).as_ms()).collect()
        };
        let varies = |name: &&str| lengths(name).windows(2).any(|w| (w[0] - w[1]).abs() > 1e-6);
        self.epochs().into_iter().filter(varies).collect()
    }

    /// Whether an answer is asked for while this epoch lasts.
    fn answers_during(&self, epoch: &str) -> bool {
        let outputs = self.task.outputs().len();
        let channels = self.task.inputs().len();
        self.outlines.iter().take(20).any(|outline| {
            let Some(epoch) = outline.epoch(epoch) else { return false };
            let (first, last) = (epoch.start.steps(self.dt) + 1, epoch.end.steps(self.dt));
            // A hundred places of the epoch say enough.
            let stride = ((last.saturating_sub(first)) / 100).max(1);
            (first..=last).step_by(stride).any(|k| {
                let (mut inputs, mut targets, mut mask) = (vec![0.0; channels], vec![0.0; outputs], vec![0.0; outputs]);
                let mut sample =
                    cogrnn_core::task::Sample { inputs: &mut inputs, targets: &mut targets, mask: &mut mask };
                self.task.sample(outline, self.dt * k as f64, &mut sample);
                outline.choice.is_some() && mask.iter().any(|m| *m > 0.0)
            })
        })
    }

    /// The largest target of any output in the first of them; 1 where none is above 0.
    fn largest_target(&self) -> f64 {
        let (outputs, channels) = (self.task.outputs().len(), self.task.inputs().len());
        let mut most = 0.0f64;
        for outline in self.outlines.iter().take(20) {
            for k in 1..=outline.steps(self.dt) {
                let (mut inputs, mut targets, mut mask) = (vec![0.0; channels], vec![0.0; outputs], vec![0.0; outputs]);
                let mut sample =
                    cogrnn_core::task::Sample { inputs: &mut inputs, targets: &mut targets, mask: &mut mask };
                self.task.sample(outline, self.dt * k as f64, &mut sample);
                most = targets.iter().fold(most, |most, y| most.max(f64::from(*y)));
            }
        }
        if most > 0.0 { most } else { 1.0 }
    }

    /// A column that a section names.
    fn column(
        &self,
        section: &mut Section<'_>,
        key: &'static str,
        default: &str,
        about: &'static str,
    ) -> Result<String> {
        let name = section.text(key, default, about)?;
        self.known(section, key, &name, &self.columns(), "column of its table of trials")?;
        Ok(name)
    }

    fn epoch(
        &self,
        section: &mut Section<'_>,
        key: &'static str,
        default: &str,
        about: &'static str,
    ) -> Result<String> {
        let name = section.text(key, default, about)?;
        self.known(section, key, &name, &self.epochs(), "epoch")?;
        Ok(name)
    }

    fn known(&self, section: &Section<'_>, key: &str, name: &str, all: &[&str], what: &str) -> Result<()> {
        if all.contains(&name) {
            return Ok(());
        }
        let near = crate::reader::nearest(name, all.iter().copied());
        let error = Error::input(format!("the task has no {what} `{name}`"))
            .why(if all.is_empty() { "it has none".to_string() } else { format!("it has {}", all.join(", ")) })
            .remedy(
                near.map_or_else(|| format!("{key} = \"…\" with one of these"), |n| format!("did you mean `{n}`?")),
            );
        Err(section.blame(key, error))
    }

    fn reaction_time(&self, section: &Section<'_>, stimulus: &str) -> Result<()> {
        if self.answers_during(stimulus) {
            return Ok(());
        }
        let error = Error::input("the task has no reaction time")
            .why(format!("no answer is asked for while `{stimulus}` lasts"))
            .remedy("let the epoch of the answer lie within the stimulus, or remove this section");
        Err(section.blame("stimulus", error))
    }
}

impl Plan {
    pub(crate) fn read(document: &Document, task: &dyn Task, dt: Time) -> Result<Vec<Plan>> {
        let all = document.section("analysis");
        let given = all.subsections();
        let trials = Trials::of(task, dt);
        let known: Vec<&str> = ANALYSES.iter().map(|e| e.name).collect();
        let mut plans = Vec::new();
        for name in given {
            let mut section = all.section(&name);
            let entry = match ANALYSES.iter().find(|e| e.name == name) {
                Some(entry) => entry,
                // A second section for an analysis goes by a name of its own.
                None => {
                    let of = section.optional_word("of", &known, "the analysis that this section asks for")?;
                    let near = crate::reader::nearest(&name, known.iter().copied());
                    let unknown = || {
                        section.blame_section(
                            Error::input(format!("there is no analysis `{name}`"))
                                .why(format!("the analyses are {}", known.join(", ")))
                                .remedy(match near {
                                    Some(near) => format!("did you mean `{near}`?"),
                                    None => "choose one of these, or say which one it is:  of = \"…\"".to_string(),
                                }),
                        )
                    };
                    ANALYSES.iter().find(|e| Some(e.name) == of.as_deref()).ok_or_else(unknown)?
                }
            };
            let what = (entry.read)(&mut section, &trials)?;
            plans.push(Plan { name, what });
        }
        Ok(plans)
    }
}

fn read_psychometric(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let evidence = trials.column(s, "evidence", "signed_coherence", "column of the abscissa")?;
    let by = s.optional_text("by", "column that has a curve for each of its values")?;
    if let Some(by) = &by {
        trials.known(s, "by", by, &trials.columns(), "column of its table of trials")?;
    }
    let choice = s.count("choice", 0, "the choice that is counted, from 0")?;
    let x_label = s.text("label", "signed coherence (%)", "what the abscissa is, with its unit")?;
    let y_label = format!("P({})", trials.task.outputs().get(choice).copied().unwrap_or("choice"));
    Ok(What::Psychometric(psychometric::Settings { evidence, by, choice, x_label, y_label }))
}

fn read_chronometric(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    // Song et al. 2016: a choice is made when an output exceeds 1
    let threshold = s.number("threshold", 1.0, "output above which a choice is made")?;
    let stimulus = trials.epoch(s, "stimulus", "stimulus", "epoch from whose start reaction times count")?;
    trials.reaction_time(s, &stimulus)?;
    let evidence = trials.column(s, "evidence", "signed_coherence", "column of the abscissa, by its size")?;
    let answer = trials.column(s, "answer", "choice", "column of the right output")?;
    let x_label = s.text("label", "coherence (%)", "what the abscissa is, with its unit")?;
    Ok(What::Chronometric(reaction_time::Settings { threshold, stimulus, evidence, answer, x_label }))
}

fn read_duration(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let epoch = trials.epoch(s, "epoch", "stimulus", "epoch whose duration varies")?;
    if !trials.random_epochs().contains(&epoch.as_str()) {
        let error = Error::input(format!("`{epoch}` always lasts as long"))
            .why("per cent correct against its duration would be a single point")
            .remedy("name an epoch of random duration, or remove this section");
        return Err(s.blame("epoch", error));
    }
    let by = trials.column(s, "by", "coherence", "column that has a curve for each of its values")?;
    let bins = s.positive_count("bins", 10, "bins of equal count")?;
    Ok(What::Duration(duration::Settings { epoch: epoch.clone(), by, bins, x_label: format!("{epoch} duration (ms)") }))
}

fn columns_of(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<Vec<String>> {
    let columns = s.strings("columns", &["coherence", "in_out"], "columns that make the conditions")?;
    for name in &columns {
        trials.known(s, "columns", name, &trials.columns(), "column of its table of trials")?;
    }
    Ok(columns)
}

fn include(s: &mut Section<'_>) -> Result<Include> {
    let about = "which trials: with the right choice, all, or those whose choice is that of the column `choice`";
    Ok(match s.word("trials", "correct", &["correct", "all", "matching"], about)?.as_str() {
        "all" => Include::All,
        "matching" => Include::Matching("choice".to_string()),
        _ => Include::Correct,
    })
}

fn read_units(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let columns = columns_of(s, trials)?;
    let epoch = trials.epoch(s, "epoch", "stimulus", "epoch at whose start time is 0 and with whose end it ends")?;
    Ok(What::Units(unit_averages::Settings { columns, align: Align::Epoch(epoch), include: include(s)? }))
}

fn read_responses(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let columns = columns_of(s, trials)?;
    let threshold = s.number("threshold", 1.0, "output above which a choice is made; time 0")?;
    trials.reaction_time(s, "stimulus")?;
    Ok(What::Responses(unit_averages::Settings { columns, align: Align::Crossing(threshold), include: include(s)? }))
}

fn read_selectivity(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let epoch = trials.epoch(s, "epoch", "stimulus", "epoch over which activity is summed")?;
    Ok(What::Selectivity(selectivity::Settings { epoch }))
}

fn read_regression(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let epoch = trials.epoch(s, "epoch", "stimulus", "epoch that is looked at")?;
    let motion = trials.column(s, "first", "signed_motion", "signed evidence that counts in one context")?;
    let colour = trials.column(s, "second", "signed_colour", "signed evidence that counts in the other")?;
    let context = trials.column(s, "context", "context", "which of them counts")?;
    let motion_context = s.number("first_context", 1.0, "value of the context in which the first counts")?;
    let active = s.number_in("active", 0.1, 0.0, f64::INFINITY, "s.d. over time above which a unit is looked at")?;
    let bin = s.positive_time("bin", cogrnn_core::units::ms(50.0), "time between regressions")?.as_ms();
    let components = s.positive_count("components", 12, "principal components that the axes are denoised to")?;
    Ok(What::Regression(state_space::Settings {
        epoch,
        motion,
        colour,
        context,
        motion_context,
        active,
        bin,
        components,
    }))
}

fn read_tuning(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    Ok(What::Tuning(tuning::Settings {
        first: trials.column(s, "first", "f1", "first stimulus")?,
        second: trials.column(s, "second", "f2", "second stimulus")?,
        first_epoch: trials.epoch(s, "first_epoch", "first", "epoch of the first stimulus")?,
        delay: trials.epoch(s, "delay", "delay", "epoch between them")?,
        second_epoch: trials.epoch(s, "second_epoch", "second", "epoch of the second stimulus")?,
        level: s.number_in("level", 0.05, 1e-9, 0.5, "p below which a unit is tuned")?,
        stimulus_label: s.text("label", "f1 (Hz)", "what the first stimulus is, with its unit")?,
    }))
}

fn read_multisensory(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let usual = multisensory::Settings::default();
    let rate = trials.column(s, "rate", "frequency", "column of the stimulus")?;
    let modality = trials.column(s, "modality", "modality", "column of the senses it is shown to")?;
    let values = s.numbers("values", &[0.0, 1.0, 2.0], "its values for one sense, the other, both")?;
    let Ok(values) = <[f64; 3]>::try_from(values) else {
        let error = Error::input("`values` does not have three entries")
            .why("one sense, the other, both")
            .remedy("values = [0, 1, 2]");
        return Err(s.blame("values", error));
    };
    let epoch = trials.epoch(s, "epoch", "stimulus", "epoch in which units are looked at")?;
    let level = s.number_in("level", 0.5, 0.0, f64::INFINITY, "|d'| from which a unit is selective")?;
    let x_label = s.text("label", "rate (events/s)", "what the stimulus is, with its unit")?;
    Ok(What::Multisensory(multisensory::Settings { rate, modality, values, epoch, level, x_label, ..usual }))
}

fn read_components(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let label = trials.column(s, "label", "sequence", "column that names a trajectory")?;
    let active = s.number_in("active", 0.1, 0.0, f64::INFINITY, "s.d. over time above which a unit is looked at")?;
    let components = s.positive_count("components", 3, "components that are kept")?;
    let within =
        match s.optional_numbers("units", "first and last unit that are looked at; all where it is not given")? {
            None => None,
            Some(ends)
                if ends.len() == 2 && 0.0 <= ends[0] && ends[0] <= ends[1] && ends.iter().all(|e| e.fract() == 0.0) =>
            {
                Some([ends[0] as usize, ends[1] as usize])
            }
            Some(ends) => {
                let error = Error::input(format!("{ends:?} are no first and last unit"))
                    .why("units are counted from 0, and the last is not before the first")
                    .remedy("units = [16, 199]");
                return Err(s.blame("units", error));
            }
        };
    let epochs = s.strings("epochs", &[], "epochs that are drawn; none for the whole trial")?;
    for epoch in &epochs {
        trials.known(s, "epochs", epoch, &trials.epochs(), "epoch")?;
    }
    let colours =
        s.strings("colours", &[], "columns, one for each of these epochs, by whose values they are coloured")?;
    for column in &colours {
        trials.known(s, "colours", column, &trials.columns(), "column of its table of trials")?;
    }
    if !colours.is_empty() && colours.len() != epochs.len() {
        let error = Error::input(format!("{} epochs and {} columns to colour them by", epochs.len(), colours.len()))
            .why("each epoch has the colour of one column's value")
            .remedy("name as many columns as epochs, or none");
        return Err(s.blame("colours", error));
    }
    Ok(What::Components(pca::Settings { label, active, within, components, epochs, colours }))
}

fn read_movements(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let usual = eye_trace::Settings::default();
    let sequence = trials.column(s, "sequence", "sequence", "column of the sequence, from 1")?;
    let epochs = s.strings("epochs", &["movement1", "movement2", "movement3"], "epochs of the movements")?;
    for epoch in &epochs {
        trials.known(s, "epochs", epoch, &trials.epochs(), "epoch")?;
    }
    let traces = s.count("traces", 8, "trials whose traces are kept")?;
    Ok(What::Movements(eye_trace::Settings { sequence, epochs, traces, ..usual }))
}

fn read_interval(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let delay = trials.column(s, "delay", "delay", "column of the interval that is shown, ms")?;
    let from = trials.column(s, "from", "set", "column of the time from which it is to be made, ms")?;
    let usual = 0.5 * trials.largest_target();
    let least = s.number("least", usual, "lowest output that is a pulse; half of the target by default")?;
    Ok(What::Interval(interval::Settings { delay, from, least }))
}

fn read_trajectory(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let named = |all: Vec<&'static str>, word: &str| -> Vec<&'static str> {
        all.into_iter().filter(|name| name.split(' ').next() == Some(word)).collect()
    };
    let about = "columns of the direction of each syllable";
    let directions = s.strings("directions", &named(trials.columns(), "direction"), about)?;
    let syllables = s.strings("syllables", &named(trials.epochs(), "syllable"), "their epochs")?;
    for (key, names, all, what) in [
        ("directions", &directions, trials.columns(), "column of its table of trials"),
        ("syllables", &syllables, trials.epochs(), "epoch"),
    ] {
        for name in names {
            trials.known(s, key, name, &all, what)?;
        }
    }
    let paired = !directions.is_empty() && directions.len() == syllables.len();
    if !paired || trials.task.outputs().len() < 2 {
        let outputs = trials.task.outputs().len();
        let error =
            Error::input(format!("{} directions, {} epochs, {outputs} outputs", directions.len(), syllables.len()))
                .why("each epoch has one direction, and two outputs are a velocity")
                .remedy("name as many columns as epochs, or remove this section");
        return Err(s.blame("directions", error));
    }
    let angles =
        s.numbers("angles", &[0.0, 90.0, 180.0, 270.0], "degrees of direction 0, 1, …; others call for rest")?;
    // Where a trial ends is a number of ways along either axis.
    let ends = trials.outlines.iter().flat_map(|o| [o.value("x"), o.value("y")]).flatten();
    let least = ends.map(f64::abs).filter(|x| *x > 0.0).fold(f64::INFINITY, f64::min);
    let usual = if least.is_finite() { least } else { 1.0 };
    let distance =
        s.number("distance", usual, "how far a syllable is to move the cursor; that of the task by default")?;
    let paths = s.count("paths", 20, "trials whose paths are kept")?;
    Ok(What::Trajectory(trajectory::Settings { directions, syllables, angles, distance, paths }))
}

/// Columns by whose values trials are told apart.
fn features_of(
    s: &mut Section<'_>,
    trials: &Trials<'_>,
    key: &'static str,
    about: &'static str,
) -> Result<Vec<String>> {
    let columns = s.strings(key, &[], about)?;
    for name in &columns {
        trials.known(s, key, name, &trials.columns(), "column of its table of trials")?;
    }
    if columns.is_empty() {
        let error = Error::input(format!("`{key}` names no column"))
            .why("the analysis is made for each of them")
            .remedy(format!("{key} = [\"…\"] with some of {}", trials.columns().join(", ")));
        return Err(s.blame(key, error));
    }
    Ok(columns)
}

fn read_cross_temporal(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    // Miconi 2017: every 10 ms, 100 splits
    let features = features_of(s, trials, "features", "columns that are decoded, each by itself")?;
    let spacing = s.positive_time("spacing", cogrnn_core::units::ms(10.0), "time between samples")?.as_ms();
    let splits = s.positive_count("splits", 100, "random divisions into training and test trials")?;
    let about = "halves of each condition train (stratified), or of all trials (all)";
    let stratified = s.word("halves", "stratified", &["stratified", "all"], about)? == "stratified";
    let seed = s.count("seed", 1, "of the random divisions")? as u64;
    Ok(What::CrossTemporal(cross_temporal::Settings { features, spacing, splits, stratified, seed }))
}

fn read_mds(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    // Miconi 2017: every second trial, 1000 steps at most
    let columns = features_of(s, trials, "columns", "columns that make the conditions by which points are coloured")?;
    let times = s.numbers("times", &[], "times that are laid out, ms from trial start")?;
    let shortest = trials.outlines.iter().map(|o| o.duration.as_ms()).fold(f64::INFINITY, f64::min);
    if times.is_empty() || times.iter().any(|t| !(0.0..=shortest).contains(t)) {
        let error = Error::input(format!("{times:?} are no times to lay trials out at"))
            .why(format!("there must be one or more, from 0 to {shortest} ms, where the shortest trial ends"))
            .remedy(format!("times = [{shortest}]"));
        return Err(s.blame("times", error));
    }
    let every = s.positive_count("every", 2, "of each condition every so many trials")?;
    let starts = s.positive_count("starts", 8, "random starts, of which the best is kept")?;
    let steps = s.positive_count("steps", 1000, "steps of each start at most")?;
    let seed = s.count("seed", 1, "of the random starts")? as u64;
    Ok(What::Mds(mds::Settings { times, columns, every, starts, steps, seed }))
}

fn read_output_curves(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let signals = features_of(s, trials, "signals", "columns of the signals, each with curves of its own")?;
    let by = trials.column(s, "by", "context", "column that has a curve for each of its values")?;
    let output = s.count("output", 0, "the output that is looked at, from 0")?;
    let outputs = trials.task.outputs().len();
    if output >= outputs {
        let error = Error::input(format!("there is no output {output}"))
            .why(format!("the task has {outputs}, counted from 0"))
            .remedy("output = 0");
        return Err(s.blame("output", error));
    }
    let x_label = s.text("label", "signal", "what the abscissa is, with its unit")?;
    Ok(What::OutputCurves(output_curves::Settings { signals, by, output, x_label }))
}

fn read_orthogonal_decoding(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    // Miconi 2017: every 10 ms, an output above 0.5 is an answer
    let choice = trials.column(s, "choice", "sign", "column of the right choice, -1, 0 or 1")?;
    let first = trials.column(s, "first", "bias_1", "signal that counts in one context")?;
    let second = trials.column(s, "second", "bias_2", "signal that counts in the other")?;
    let context = trials.column(s, "context", "context", "which of them counts")?;
    let first_context = s.number("first_context", 1.0, "value of the context in which the first counts")?;
    let spacing = s.positive_time("spacing", cogrnn_core::units::ms(10.0), "time between regressions")?.as_ms();
    let least =
        s.number_in("least", 0.5, 0.0, f64::INFINITY, "size that the last output of a correct trial exceeds")?;
    Ok(What::OrthogonalDecoding(orthogonal_decoding::Settings {
        choice,
        signals: [first, second],
        context,
        first_context,
        spacing,
        least,
    }))
}

fn read_reaches(s: &mut Section<'_>, trials: &Trials<'_>) -> Result<What> {
    let first = trials.columns().first().copied().unwrap_or("target");
    let column = trials.column(s, "target", first, "column that says where to go")?;
    if trials.task.body().is_none() {
        let error = Error::input(format!("the task `{}` moves no body", trials.task.name()))
            .why("this analysis follows an arm that the outputs move")
            .remedy("remove this section, or choose the task `arm-reaching`");
        return Err(s.blame("target", error));
    }
    let kept = s.count("kept", 10, "movements of each target that are kept whole, for the page that shows them")?;
    Ok(What::Reaches(column, reaches::Settings { kept }))
}

/// How figures write the values of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// What stands for the column's name.
    pub name: String,
    /// What a value is multiplied by.
    pub scale: f64,
    /// The unit that it then has.
    pub unit: String,
    /// Values that have names, by value before it is scaled.
    pub names: Vec<(f64, String)>,
}

/// The sections `[labels.COLUMN]` of an experiment, by column.
pub type Labels = BTreeMap<String, Label>;

pub(crate) fn read_labels(document: &Document, task: &dyn Task, dt: Time) -> Result<Labels> {
    let all = document.section("labels");
    let trials = Trials::of(task, dt);
    let mut labels = Labels::new();
    for column in all.subsections() {
        let mut s = all.section(&column);
        if !trials.columns().contains(&column.as_str()) {
            let near = crate::reader::nearest(&column, trials.columns());
            return Err(s.blame_section(
                Error::input(format!("the task has no column `{column}` to label"))
                    .why(format!("it has {}", trials.columns().join(", ")))
                    .remedy(near.map_or("label one of these".to_string(), |n| format!("did you mean `{n}`?"))),
            ));
        }
        let name = s.text("name", &column.replace('_', " "), "what figures call the column")?;
        let scale = s.number("scale", 1.0, "what its values are multiplied by in figures")?;
        let unit = s.text("unit", "", "the unit that they then have")?;
        let values = s.numbers("values", &[], "values that have names")?;
        let names = s.strings("names", &[], "their names, which stand for column and value")?;
        if values.len() != names.len() {
            let error = Error::input(format!("{} values and {} names", values.len(), names.len()))
                .why("each value has one name")
                .remedy("values = [1, -1]  and  names = [\"motion context\", \"colour context\"]");
            return Err(s.blame("names", error));
        }
        labels.insert(column, Label { name, scale, unit, names: values.into_iter().zip(names).collect() });
    }
    Ok(labels)
}
