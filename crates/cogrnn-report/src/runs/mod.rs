//! Pages about trained networks: one experiment, or the models of a paper.

mod comparison;
mod pieces;
mod reproduction;
mod sequence;

pub use comparison::comparison;
pub use pieces::{learning_figure, task_figure, weights_figures};
pub use reproduction::{Found, protocol, reproduction};

use crate::figures;
use crate::{Figure, Page, Section, UnitActivity};
use cogrnn::analyses::{ANALYSES, Analysed, Labels, Named, Numbers};
use cogrnn::auxiliary::Played;
use cogrnn::evaluate::Trained;
use cogrnn::folder;
use cogrnn::trainer::{Check, Summary};
use cogrnn_core::error::Result;
use std::sync::Arc;

/// A run as a page shows it.
#[derive(Debug)]
pub struct Run {
    /// The trained network.
    pub trained: Trained,
    /// How training went; nothing of a training that goes on.
    pub summary: Option<Summary>,
    /// Its learning curve.
    pub learning: Vec<Check>,
    /// Its analyses, if it was analysed.
    pub analysed: Option<Analysed>,
    /// What a loop around it has learnt, if there is one.
    pub played: Option<Played>,
}

/// The figures of an analysis of this network, as files and pages show them.
///
/// # Errors
/// Weights that cannot be read.
pub fn figures_of(trained: &Trained, analysed: &Analysed, named: &Named) -> Result<Vec<Figure>> {
    let labels = &trained.experiment.labels;
    let Named { name, numbers } = named;
    let mut found = match numbers {
        Numbers::Psychometric(r) => figures::psychometric(r, labels),
        Numbers::Chronometric(r) => figures::chronometric(r),
        Numbers::Duration(r) => figures::duration(r, labels),
        Numbers::Units(r) => figures::units(r, labels),
        Numbers::Responses(r) => responses(r, labels),
        Numbers::Selectivity(r) => {
            let mut all = weights_figures(trained, Some(analysed))?;
            all.extend(figures::selectivity(r));
            all
        }
        Numbers::Regression(r) => figures::regression(r),
        Numbers::Tuning(r) => figures::tuning(r),
        Numbers::Multisensory(r) => figures::multisensory(r),
        Numbers::Components(r) => figures::components(r, labels),
        Numbers::Movements(r) => figures::movements(r),
        Numbers::Interval(r) => figures::interval(r),
        Numbers::Trajectory(r) => figures::trajectory(r, labels),
        Numbers::CrossTemporal(r) => figures::cross_temporal(r, labels),
        Numbers::Mds(r) => figures::mds(r, labels),
        Numbers::OutputCurves(r) => figures::output_curves(r, labels),
        Numbers::OrthogonalDecoding(r) => figures::orthogonal_decoding(r, labels),
        Numbers::Reaches(r) => trained.experiment.task.body().map_or_else(Vec::new, |body| figures::reaches(r, &body)),
    };
    // One name for a section, a file and an anchor.
    for (i, figure) in found.iter_mut().enumerate() {
        figure.id = if i == 0 { name.clone() } else { format!("{name}-{}", i + 1) };
    }
    Ok(found)
}

/// Units up to the response, from where most trials are there (Song et al. 2016, Fig 2H).
fn responses(report: &cogrnn_analysis::unit_averages::Report, labels: &Labels) -> Vec<Figure> {
    let mut found = figures::units(report, labels);
    for figure in &mut found {
        figure.title = "Single units, aligned to the response.".to_string();
        for panel in &mut figure.panels {
            if let crate::Panel::Chart(chart) = panel {
                chart.x.range = Some((-400.0, 0.0));
            }
        }
    }
    found
}

/// What the units of an analysed network do, for the reader who picks one in a matrix.
pub fn activity_of(analysed: &Analysed, labels: &Labels) -> Option<Arc<UnitActivity>> {
    match analysed.get("units") {
        Some(Numbers::Units(r)) => Some(figures::activity(r, labels)),
        _ => None,
    }
}

/// The page of one or several runs of an experiment; the first is shown in detail.
///
/// # Errors
/// Weights that cannot be read.
pub fn page(runs: &[Run]) -> Result<Page> {
    let Some(first) = runs.first() else { return Ok(Page::new("No runs")) };
    let experiment = &first.trained.experiment;
    let mut page = Page::new(experiment.title.clone()).subtitle(match runs.len() {
        1 => format!("Seed {}.", experiment.seed),
        n => format!("{n} networks; seed {} in detail.", experiment.seed),
    });
    for (name, value) in experiment.summary() {
        if matches!(name.as_str(), "task" | "network" | "rule") {
            page = page.fact(capital(&name), value);
        }
    }
    if let Some(summary) = &first.summary {
        page = page.fact("Learnt in", format!("{} updates, {}", thousands(summary.updates), duration(summary.seconds)));
        if let Some(p) = first.analysed.as_ref().and_then(|a| a.performance) {
            page = page.fact("Right in test trials", format!("{p:.1} %"));
        }
    }
    let mut section = Section::new("task", "Task").text(match experiment.task.acts() {
        false => "One test trial as the network gets it, without noise. Dashed: what the outputs should be, where they are asked.",
        true => "One test trial as the network gets it, without noise. It is judged by what the outputs lead to.",
    });
    section = section.figure(task_figure(experiment));
    page = page.with(section);
    page = page.with(Section::new("training", "Training").figure(learning_figure(runs)));
    let mut with_weights = false;
    if let Some(analysed) = &first.analysed {
        for named in &analysed.numbers {
            let Named { name, numbers } = named;
            let about = ANALYSES.iter().find(|e| e.name == numbers.analysis()).map_or("", |e| e.about);
            with_weights |= matches!(numbers, Numbers::Selectivity(_));
            let section = Section::new(name, title_of(name))
                .text(format!("{}: {}.", capital(about), numbers.headline()))
                .figures(figures_of(&first.trained, analysed, named)?);
            page = page.with(section);
        }
    }
    if let (Some(played), Some(plan)) = (&first.played, &experiment.around) {
        page = page.with(sequence::sequence(played, plan.syllables.length.as_ms()));
    }
    if !with_weights {
        let section = Section::new("weights", "Weights")
            .text("Effective weights, those below the threshold removed.")
            .figures(weights_figures(&first.trained, first.analysed.as_ref())?);
        page = page.with(section);
    }
    let mut last = Section::new("experiment", "Experiment")
        .text("Save this as a file and train it again: the same numbers come out.")
        .listing("experiment.toml, every default written out", experiment.resolved());
    if let Ok(citation) = folder::bibliography(experiment.cite()) {
        last = last.listing("What to cite (BibTeX)", citation);
    }
    Ok(page.with(last))
}

/// The name of a section as a heading: `psychometric_colour` as "Psychometric colour".
pub(crate) fn title_of(name: &str) -> String {
    capital(&name.replace('_', " "))
}

pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// 41500 as 41,500.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
