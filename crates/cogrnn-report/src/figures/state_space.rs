//! Targeted regression: trajectories along the task's axes (figures 4B, 4C, 4D).

use super::{axis, distinct, number, rank};
use crate::model::{Axis, Chart, Figure, Key, Mark, Path, Series, Space, Tone};
use cogrnn_analysis::state_space::{Panel, Report, Sorting};

/// Trajectories, in the plane and in space; normalised units; the axes' entries; the axes' lengths over time.
pub fn regression(report: &Report) -> Vec<Figure> {
    vec![planes(report), space(report), single_units(report), entries(report), lengths(report)]
        .into_iter()
        .filter(|figure| !figure.panels.is_empty())
        .collect()
}

/// Sorted by motion black, by colour blue, as in the paper.
fn hue(sorted_by: &str) -> usize {
    if sorted_by == "motion" { 7 } else { 0 }
}

fn strength(panel: &Panel, coherence: f64) -> f64 {
    rank(&distinct(panel.trajectories.iter().map(|each| each.coherence.abs())), coherence.abs())
}

fn name(panel: &Panel, choice: f64, coherence: f64) -> String {
    let chosen = if choice > 0.0 { "preferred" } else { "other choice" };
    format!("{} {}, {chosen}", panel.sorted_by, number(coherence))
}

fn planes(report: &Report) -> Figure {
    let mut figure = Figure::new("trajectories", "Population responses along the task's axes.")
        .caption("Pale to strong with the evidence; filled towards the preferred choice, open away from it.")
        .columns(3);
    for panel in &report.panels {
        let title = format!("{} context, sorted by {}", capital(&panel.context), panel.sorted_by);
        let mut chart = Chart::new(title, axis(&panel.x_label), axis(&panel.y_label));
        for each in &panel.trajectories {
            let (x, y): (Vec<f64>, Vec<f64>) = each.points.iter().map(|point| (point[panel.x], point[panel.y])).unzip();
            let tone = Tone::Shade(hue(&panel.sorted_by), strength(panel, each.coherence));
            let series = Series::line(name(panel, each.choice, each.coherence), x, y).tone(tone).marked();
            chart = chart.with(series.open(each.coherence < 0.0).dashed(each.choice < 0.0));
        }
        figure = figure.with(chart.no_legend());
    }
    figure
}

fn space(report: &Report) -> Figure {
    let mut figure = Figure::new("state-space", "The same in space.")
        .caption("Choice, motion and colour at once; the relevant evidence sorts. Drag to turn.");
    for panel in report.panels.iter().filter(|panel| panel.context == panel.sorted_by) {
        // two panels may show one context in two planes; in space they are the same
        let title = format!("{} context", capital(&panel.context));
        if figure.panels.iter().any(|known| crate::draw::title(known) == title) {
            continue;
        }
        let mut space = Space::new(title, ["choice", "motion", "colour"]);
        space.step = panel.times.windows(2).next().map_or(0.0, |pair| pair[1] - pair[0]);
        for each in &panel.trajectories {
            let points: Vec<[f64; 3]> = each.points.iter().map(|point| [point[0], point[1], point[2]]).collect();
            let tone = Tone::Shade(hue(&panel.sorted_by), strength(panel, each.coherence));
            let mut path = Path::new(name(panel, each.choice, each.coherence), points, tone);
            path.open = each.coherence < 0.0;
            path.markers = true;
            space = space.with(path);
        }
        space.legend = crate::model::Legend::None;
        figure = figure.with(space);
    }
    figure
}

/// The units with the largest |d'|, in both contexts.
fn single_units(report: &Report) -> Figure {
    let mut figure = Figure::new("normalised-units", "Single units in the two contexts.")
        .caption("Rates in standard deviations. Pale to strong with the evidence that counts; solid: preferred choice, dashed: the other.")
        .columns(2);
    let mut selective = report.active.clone();
    selective.retain(|unit| report.d_prime[*unit].is_finite());
    selective.sort_by(|a, b| report.d_prime[*b].abs().total_cmp(&report.d_prime[*a].abs()));
    for unit in selective.iter().take(2) {
        for (sorting, context, what) in [("motion_choice", 1.0, "motion"), ("colour_choice", -1.0, "colour")] {
            if let Some(found) = report.sortings.iter().find(|each| each.name == sorting) {
                figure = figure.with(unit_chart(found, *unit, context, what));
            }
        }
    }
    figure
}

fn unit_chart(sorting: &Sorting, unit: usize, context: f64, what: &str) -> Chart {
    let title = format!("Unit {unit}, {what} context");
    let mut chart =
        Chart::new(title, Axis::new("Time from stimulus onset", "ms"), Axis::new("Normalised rate", "s.d."));
    let sizes = distinct(sorting.conditions.iter().map(|row| row[1].abs()));
    for (c, row) in sorting.conditions.iter().enumerate().filter(|(_, row)| row.get(2).is_none_or(|x| *x == context)) {
        let at = |t: usize| f64::from(sorting.rates[(c * sorting.times.len() + t) * sorting.units + unit]);
        let y: Vec<f64> = (0..sorting.times.len()).map(at).collect();
        let words = format!("{what} {}, {}", number(row[1]), if row[0] > 0.0 { "preferred" } else { "other choice" });
        let tone = Tone::Shade(hue(what), rank(&sizes, row[1].abs()));
        chart = chart.with(Series::line(words, sorting.times.clone(), y).tone(tone).dashed(row[0] < 0.0));
    }
    chart.no_legend()
}

fn entries(report: &Report) -> Figure {
    let mut figure = Figure::new("axes", "How much each unit takes part in each axis.")
        .caption(format!("Entries of the orthogonal axes; {} active units.", report.active.len()));
    let most = report.axes.iter().flatten().fold(0.4f64, |most, entry| most.max(entry.abs() * 1.05));
    for x in 0..4 {
        for y in x + 1..4 {
            let side = |k: usize| axis(report.variables[k]).range(-most, most);
            let (xs, ys): (Vec<f64>, Vec<f64>) = report.axes.iter().map(|entry| (entry[x], entry[y])).unzip();
            let chart = Chart::new("", side(x), side(y))
                .mark(Mark::horizontal(0.0, ""))
                .mark(Mark::vertical(0.0, ""))
                .with(Series::points("unit", xs, ys).tone(Tone::Category(0)));
            figure = figure.with(chart.equal());
        }
    }
    figure
}

fn lengths(report: &Report) -> Figure {
    let mut chart = Chart::new("", Axis::new("Time from stimulus onset", "ms"), Axis::new("Length |β|", ""));
    let mut keys = Vec::new();
    for (k, variable) in report.variables.iter().enumerate() {
        let tone = Tone::Category([7, 1, 0, 2][k]);
        chart =
            chart.with(Series::line(*variable, report.norms.times.clone(), report.norms.norms[k].clone()).tone(tone));
        keys.push(Key::line(*variable, tone, false));
    }
    Figure::new("regression-vectors", "Length of the regression vectors.")
        .caption("Each axis is taken where its vector is longest.")
        .with(chart.legend(keys))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
