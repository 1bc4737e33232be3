//! The page of a comparison: who reached the criterion, how fast, and how they learnt.

use super::thousands;
use crate::{Axis, Cell, Chart, Figure, Key, Mark, Page, Section, Series, TableView, Tone};
use cogrnn::compare::{CellSummary, Comparison, Trained, spread};
use cogrnn::trainer;
use cogrnn_analysis::training_curve::{self, Check, TrainingRun};
use cogrnn_core::error::Result;

/// Experiment by experiment: a table, and learning curves with their quartiles.
///
/// # Errors
/// A learning curve without checks.
pub fn comparison(comparison: &Comparison, trained: &[Trained], summaries: &[CellSummary]) -> Result<Page> {
    let mut page = Page::new(&comparison.title)
        .subtitle(
            "The same tasks under several settings. Of one seed, all variants begin alike and see the same trials.",
        )
        .fact("Networks", trained.len().to_string())
        .fact("Variants", comparison.variants.len().to_string())
        .fact("Experiments", comparison.experiments.len().to_string());
    for experiment in &comparison.experiments {
        let rows: Vec<&CellSummary> = summaries.iter().filter(|s| s.experiment == *experiment).collect();
        let of: Vec<&Trained> = trained.iter().filter(|t| t.job.experiment_name == *experiment).collect();
        let id: String = experiment.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let mut section = Section::new(&id, experiment).table(table(&rows));
        section = section.figure(learning(&id, &comparison.variants, &of)?);
        section = section.figures(lived(&id, &comparison.variants, &of)?);
        if rows.iter().any(|s| s.networks.iter().any(|n| n.performance.is_some())) {
            section = section.figure(arrivals(&id, &rows));
        }
        page = page.with(section);
    }
    Ok(page)
}

fn table(rows: &[&CellSummary]) -> TableView {
    if rows.iter().all(|s| s.networks.iter().all(|n| n.performance.is_none())) {
        let show = |x: f64| match x {
            x if !x.is_finite() => "–".to_string(),
            x if x < 100.0 => format!("{x:.4}"),
            x => format!("{x:.0e}"),
        };
        let columns = ["Variant", "Networks", "Error at the end: median (quartiles)"];
        let mut table = TableView::new("How near they came", columns)
            .caption("Root mean squared error at the last check. A dash: training diverged.");
        for s in rows {
            let [a, b, c] = s.error.map(show);
            table = table.row(vec![
                Cell::text(&s.variant),
                Cell::number(s.networks.len().to_string()),
                Cell::number(format!("{b} ({a} to {c})")),
            ]);
        }
        return table;
    }
    let columns =
        ["Variant", "Reached", "95 % interval", "Updates: median (quartiles)", "Seconds: median", "Beside the first"];
    let mut table = TableView::new("Who reached the criterion", columns).caption(
        "Intervals are Wilson's. A dash: at least so many networks did not reach the criterion. The last column \
         counts seeds at which a variant took fewer or more updates than the first, with p of a two-sided sign test.",
    );
    let show = |x: f64| if x.is_finite() { thousands(x.round() as u64) } else { "–".to_string() };
    for s in rows {
        let [_, low, high] = s.share;
        let [a, b, c] = s.updates;
        let against = match &s.against_first {
            None => "–".to_string(),
            Some(x) => format!("{} faster, {} slower; p = {:.2}", x.faster, x.slower, x.p),
        };
        table = table.row(vec![
            Cell::text(&s.variant),
            Cell::number(format!("{} of {}", s.reached, s.networks.len())),
            Cell::number(format!("{:.0} to {:.0} %", 100.0 * low, 100.0 * high)),
            Cell::number(format!("{} ({} to {})", show(b), show(a), show(c))),
            Cell::number(show(s.seconds[1])),
            Cell::text(against),
        ]);
    }
    table
}

/// Median and quartiles of every variant's learning.
fn learning(id: &str, variants: &[String], trained: &[&Trained]) -> Result<Figure> {
    let measured = trained.iter().any(|t| t.learning.iter().any(|c| c.performance.is_some()));
    let y = if measured { Axis::new("Performance", "%") } else { errors(trained) };
    let mut chart = Chart::new("", Axis::new("Updates", ""), y);
    let mut keys = Vec::new();
    let here = variants.iter().filter(|v| trained.iter().any(|t| t.job.variant == **v));
    for (k, variant) in here.enumerate() {
        let runs: Vec<TrainingRun> = trained
            .iter()
            .filter(|t| t.job.variant == *variant && !t.learning.is_empty())
            .map(|t| TrainingRun {
                seed: t.summary.seed,
                // Updates in the place of trials, since variants may differ in trials an update.
                checks: thinned(&t.learning, measured),
            })
            .collect();
        if runs.is_empty() {
            continue;
        }
        let report = training_curve::compare(runs, &training_curve::Settings::default())?;
        let tone = Tone::Category(k);
        let part = |of: fn(&training_curve::Quartiles) -> f64| report.quartiles.iter().map(of).collect::<Vec<f64>>();
        chart = chart.with(
            Series::band(variant, report.x.clone(), part(|q| q.median), part(|q| q.lower), part(|q| q.upper))
                .tone(tone),
        );
        keys.push(Key::line(variant, tone, false));
    }
    let target = trained.first().and_then(|t| t.job.experiment.stop.performance);
    if let Some(target) = target {
        chart = chart.mark(Mark::target(target, "criterion"));
    }
    Ok(Figure::new(format!("{id}-learning"), "Learning")
        .caption("Median and quartiles over seeds, of the plain network; one that is done keeps its last value.")
        .with(chart.legend(keys)))
}

/// Points of a curve of training trials.
const BLOCKS: usize = 200;

/// The errors of the training trials themselves, where runs keep them: median and quartiles over networks of means over
/// blocks of trials, and when the criterion was met.
fn lived(id: &str, variants: &[String], trained: &[&Trained]) -> Result<Vec<Figure>> {
    let mut chart = Chart::new("", Axis::new("Training trials", ""), Axis::new("Error", ""));
    let mut keys = Vec::new();
    let mut top: f64 = 0.0;
    let here: Vec<&String> = variants.iter().filter(|v| trained.iter().any(|t| t.job.variant == **v)).collect();
    for (k, variant) in here.iter().enumerate() {
        let mut curves = Vec::new();
        let mut criteria = Vec::new();
        for network in trained.iter().filter(|t| t.job.variant == **variant && t.job.experiment.record_trials) {
            curves.push(trainer::read_trials(&network.job.folder)?);
            criteria.push(network.summary.criterion.map_or(f64::INFINITY, |n| n as f64));
        }
        let longest = curves.iter().map(Vec::len).max().unwrap_or(0);
        if longest == 0 {
            continue;
        }
        let block = longest.div_ceil(BLOCKS).max(4);
        let (mut x, mut bands) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
        for start in (0..longest).step_by(block) {
            let mean = |trials: &Vec<trainer::Lived>| {
                let some = trials.get(start..trials.len().min(start + block)).filter(|some| !some.is_empty())?;
                Some(some.iter().map(|t| f64::from(t.error)).sum::<f64>() / some.len() as f64)
            };
            let means: Vec<f64> = curves.iter().filter_map(mean).filter(|m| m.is_finite()).collect();
            if means.is_empty() {
                continue;
            }
            x.push((start + block / 2) as f64);
            for (band, value) in bands.iter_mut().zip(spread(means.into_iter())) {
                band.push(value);
            }
        }
        let [lower, median, upper] = bands;
        top = upper.iter().copied().fold(top, f64::max);
        let tone = Tone::Category(k);
        chart = chart.with(Series::band(variant.as_str(), x, median, lower, upper).tone(tone));
        keys.push(Key::line(variant.as_str(), tone, false));
        // of one variant alone: more would hide each other
        if here.len() == 1 {
            let [first, half, third] = spread(criteria.into_iter());
            for (at, label) in [(first, ""), (half, "criterion"), (third, "")] {
                if at.is_finite() {
                    chart = chart.mark(Mark::vertical(at, label));
                }
            }
        }
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    chart.y.range = Some((0.0, 1.05 * top));
    let marks =
        if here.len() == 1 { " Lines: quartiles and median of the trial at which the criterion was met." } else { "" };
    let caption = format!("Median and quartiles over networks of the mean error of blocks of trials.{marks}");
    Ok(vec![Figure::new(format!("{id}-trials"), "Errors of training trials").caption(caption).with(chart.legend(keys))])
}

/// An axis of errors by their logarithm, up to three times what networks begin with: one that diverges leaves the figure and
/// does not press the others together.
fn errors(trained: &[&Trained]) -> Axis {
    let sound = |x: &f64| x.is_finite() && *x > 0.0;
    let first = trained.iter().filter_map(|t| t.learning.first()).map(|c| c.rmse).filter(sound).fold(0.0, f64::max);
    let axis = Axis::new("Error", "");
    if first == 0.0 {
        return axis;
    }
    let all = trained.iter().flat_map(|t| &t.learning).map(|c| c.rmse).filter(sound);
    let least = all.fold(first, f64::min).max(1e-6 * first);
    axis.log().range(0.8 * least, 3.0 * first)
}

/// At most a few hundred checks of a curve.
fn thinned(learning: &[cogrnn::trainer::Check], measured: bool) -> Vec<Check> {
    let step = learning.len().div_ceil(300).max(1);
    let last = learning.len() - 1;
    let kept = learning.iter().enumerate().filter(|(k, _)| k % step == 0 || *k == last);
    kept.map(|(_, c)| Check {
        updates: c.updates as usize,
        trials: c.updates as usize,
        value: if measured { c.performance.unwrap_or(f64::NAN) } else { c.rmse },
        seconds: 0.0,
    })
    .collect()
}

/// The share of networks that have reached the criterion by a number of updates.
fn arrivals(id: &str, rows: &[&CellSummary]) -> Figure {
    let longest = rows.iter().flat_map(|s| &s.networks).map(|n| n.updates).max().unwrap_or(1) as f64;
    let x = Axis::new("Updates", "").range(0.0, longest);
    let mut chart = Chart::new("", x, Axis::new("Reached the criterion", "%").range(0.0, 100.0));
    let mut keys = Vec::new();
    for (k, s) in rows.iter().enumerate() {
        let mut times: Vec<f64> = s.networks.iter().filter(|n| n.reached).map(|n| n.updates as f64).collect();
        times.sort_by(f64::total_cmp);
        let (mut x, mut y) = (vec![0.0], vec![0.0]);
        for (i, t) in times.iter().enumerate() {
            x.push(*t);
            y.push(100.0 * (i + 1) as f64 / s.networks.len() as f64);
        }
        x.push(longest);
        y.push(*y.last().unwrap_or(&0.0));
        chart = chart.with(Series::step(&s.variant, x, y).tone(Tone::Category(k)));
        keys.push(Key::line(&s.variant, Tone::Category(k), false));
    }
    Figure::new(format!("{id}-arrivals"), "Who has arrived").with(chart.legend(keys))
}
