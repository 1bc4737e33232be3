//! What a population tells, when, and along which axes (Miconi 2017, figures 2, 3, 4B and 5).

use super::conditions::worded;
use super::{axis, distinct, number, rank};
use crate::model::{Axis, Chart, Figure, Heat, Key, Mark, Series, Tone};
use cogrnn::analyses::Labels;
use cogrnn_analysis::{cross_temporal, mds, orthogonal_decoding, output_curves};
use std::cmp::Ordering;

/// What figures call a column.
fn called(labels: &Labels, column: &str) -> String {
    let name = labels.get(column).map_or_else(|| column.replace('_', " "), |label| label.name.clone());
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Accuracy by the time of the prototypes and that of what is decoded, one map a column.
pub fn cross_temporal(report: &cross_temporal::Report, labels: &Labels) -> Vec<Figure> {
    let halves = if report.stratified { "each condition" } else { "all trials" };
    let mut figure = Figure::new("cross-temporal", "Decoding across time.").columns(3).caption(format!(
        "Fraction of test trials whose class is found by prototypes of another time. {} trials, means over {} random \
         halves of {halves}.",
        report.trials, report.splits
    ));
    let spacing = report.times.windows(2).next().map_or(1.0, |pair| pair[1] - pair[0]);
    let ends = (
        report.times.first().map_or(0.0, |t| t - 0.5 * spacing),
        report.times.last().map_or(1.0, |t| t + 0.5 * spacing),
    );
    for feature in &report.features {
        figure = figure.with(crate::model::Panel::Heat(Heat {
            title: called(labels, &feature.column),
            x: Axis::new("Decoded at", "ms").range(ends.0, ends.1),
            y: Axis::new("Learnt at", "ms").range(ends.0, ends.1),
            columns: report.times.len(),
            values: feature.accuracy.clone(),
            value: Axis::new("Fraction right", "").range(0.0, 1.0),
            ..Heat::default()
        }));
    }
    let mut chart = Chart::new("", Axis::new("Time", "ms"), Axis::new("Fraction right", "").range(0.0, 1.0));
    for (k, feature) in report.features.iter().enumerate() {
        let series = Series::line(called(labels, &feature.column), report.times.clone(), feature.diagonal());
        chart = chart.with(series.tone(Tone::Category(k)));
    }
    for chance in distinct(report.features.iter().map(|feature| 1.0 / feature.classes.len() as f64)) {
        chart = chart.mark(Mark::horizontal(chance, "chance"));
    }
    let diagonal =
        Figure::new("cross-temporal-diagonal", "Decoding at the time that was learnt.").caption("The diagonals.");
    vec![figure, diagonal.with(chart)]
}

/// Trials in a plane, one panel a time, coloured by condition.
pub fn mds(report: &mds::Report, labels: &Labels) -> Vec<Figure> {
    let mut conditions = report.conditions.clone();
    conditions
        .sort_by(|a, b| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal));
    conditions.dedup();
    let name = |values: &[f64]| {
        let each = report.columns.iter().zip(values).map(|(column, value)| worded(labels, column, *value));
        each.collect::<Vec<_>>().join(", ")
    };
    let keys: Vec<Key> =
        conditions.iter().enumerate().map(|(k, values)| Key::point(name(values), Tone::Category(k), false)).collect();
    let worst = report.maps.iter().map(|map| map.stress).fold(0.0, f64::max);
    let mut figure = Figure::new("mds", "Trials in a plane that keeps their distances.").columns(2).caption(format!(
        "Multidimensional scaling of the activity of all units; one point a trial. Stress up to {worst:.2}; axes are turned \
         to the largest spread and have no meaning of their own."
    ));
    // one square for all times, so that distances can be compared
    let most = report.maps.iter().flat_map(|map| map.points.iter().flatten()).fold(0.0f64, |most, x| most.max(x.abs()));
    let side = |name: &str| match Axis::new(name, "") {
        axis if most > 0.0 => axis.range(-1.1 * most, 1.1 * most),
        axis => axis,
    };
    for map in &report.maps {
        let mut chart = Chart::new(format!("{} ms", number(map.time)), side("Axis 1"), side("Axis 2")).equal();
        for (k, values) in conditions.iter().enumerate() {
            let here = map.points.iter().zip(&report.conditions).filter(|(_, of)| *of == values);
            let (x, y) = here.map(|(point, _)| (point[0], point[1])).unzip::<f64, f64, Vec<_>, Vec<_>>();
            chart = chart.with(Series::points(name(values), x, y).tone(Tone::Category(k)));
        }
        figure = figure.with(if keys.len() <= 8 { chart.legend(keys.clone()) } else { chart.no_legend() });
    }
    vec![figure]
}

/// Last outputs against each signal: means with quartiles, ranges behind them, and the curve; one panel a signal.
pub fn output_curves(report: &output_curves::Report, labels: &Labels) -> Vec<Figure> {
    let mut figure = Figure::new("output-curves", "Outputs against signals.").columns(2).caption(format!(
        "Last outputs of {} trials: means, quartiles (bars), smallest and largest (bands), and a logistic curve through the \
         means.",
        report.trials
    ));
    let values = distinct(report.curves.iter().map(|curve| curve.value));
    let mut signals: Vec<&str> = report.curves.iter().map(|curve| curve.signal.as_str()).collect();
    signals.dedup();
    for signal in signals {
        let mut chart = Chart::new(called(labels, signal), axis(&report.x_label), Axis::new("Output", ""));
        let mut keys = Vec::new();
        for curve in report.curves.iter().filter(|curve| curve.signal == signal) {
            let tone = Tone::Category(values.iter().position(|v| *v == curve.value).unwrap_or(0));
            let name = worded(labels, &report.by, curve.value);
            let x: Vec<f64> = curve.points.iter().map(|p| p.x).collect();
            let of = |q: usize| -> Vec<f64> { curve.points.iter().map(|p| p.quantiles[q]).collect() };
            let means: Vec<f64> = curve.points.iter().map(|p| p.mean).collect();
            chart = chart
                .with(Series::band(format!("{name}, range"), x.clone(), of(2), of(0), of(4)).tone(tone).weight(0.4))
                .with(Series::points(name.clone(), x.clone(), means).error(of(1), of(3)).tone(tone));
            if let (Some(fit), Some(low), Some(high)) = (&curve.fit, x.first(), x.last()) {
                let fine: Vec<f64> = (0..=100).map(|k| low + (high - low) * f64::from(k) / 100.0).collect();
                let y: Vec<f64> = fine.iter().map(|x| fit.at(*x)).collect();
                chart = chart.with(Series::line(format!("{name}, curve"), fine, y).tone(tone));
            }
            keys.push(Key::point(name, tone, false));
        }
        figure = figure.with(chart.legend(keys));
    }
    vec![figure]
}

/// Paths along the axes of choice and of a signal, context by signal; the lengths of the regression vectors.
pub fn orthogonal_decoding(report: &orthogonal_decoding::Report, labels: &Labels) -> Vec<Figure> {
    let mut figure = Figure::new("orthogonal-decoding", "The population along orthogonal axes.").columns(2).caption(
        format!(
            "{} correct of {} trials. Pale to strong with the size of the signal; open where it is negative; dashed where \
             the choice is. Paths less their mean.",
            report.correct, report.trials
        ),
    );
    let name = |signal: usize| called(labels, &report.signals[signal]);
    for panel in report.panels.iter().filter(|panel| !panel.paths.is_empty()) {
        let title = format!("{} counts, sorted by {}", name(panel.context), name(panel.sorted_by).to_lowercase());
        let mut chart = Chart::new(title, Axis::new("Choice", "a.u."), Axis::new(name(panel.sorted_by), "a.u."));
        let sizes = distinct(panel.paths.iter().map(|path| path.signal.abs()));
        for path in &panel.paths {
            let (x, y) = path.points.iter().map(|p| (p[0], p[1 + panel.sorted_by])).unzip::<f64, f64, Vec<_>, Vec<_>>();
            let words = format!("signal {}, choice {}", number(path.signal), number(path.choice));
            let series = Series::line(words, x, y).tone(Tone::Shade(panel.sorted_by, rank(&sizes, path.signal.abs())));
            chart = chart.with(series.marked().open(path.signal < 0.0).dashed(path.choice < 0.0));
        }
        figure = figure.with(chart.no_legend());
    }
    let mut chart = Chart::new("", Axis::new("Time", "ms"), Axis::new("Length |β|", ""));
    for (k, norms) in report.norms.iter().enumerate() {
        let words = match k {
            1 | 2 => name(k - 1).to_lowercase(),
            _ => orthogonal_decoding::VARIABLES[k].to_string(),
        };
        chart =
            chart.with(Series::line(words, report.times.clone(), norms.clone()).tone(Tone::Category([7, 1, 0, 2][k])));
    }
    let lengths = Figure::new("orthogonal-vectors", "Length of the regression vectors.")
        .caption("Each axis is taken where its vector is longest.");
    vec![figure, lengths.with(chart)].into_iter().filter(|figure| !figure.panels.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Panel;

    #[test]
    fn maps_have_the_time_that_was_learnt_upwards() {
        let feature = cross_temporal::Feature {
            column: "first".into(),
            classes: vec![0.0, 1.0],
            accuracy: vec![1.0, 0.25, 0.5, 0.75],
        };
        let report = cross_temporal::Report {
            trials: 8,
            times: vec![1.0, 11.0],
            splits: 1,
            stratified: true,
            features: vec![feature],
        };
        let figures = cross_temporal(&report, &Labels::new());
        let Panel::Heat(heat) = &figures[0].panels[0] else { panic!("a map") };
        // rows from the bottom: the first row is what was learnt first
        assert_eq!((heat.title.as_str(), heat.columns, &heat.values[..2]), ("First", 2, &[1.0, 0.25][..]));
        assert_eq!((heat.x.range, heat.value.range), (Some((-4.0, 16.0)), Some((0.0, 1.0))));
        let Panel::Chart(chart) = &figures[1].panels[0] else { panic!("a chart") };
        assert_eq!(chart.series[0].y, [1.0, 0.75]);
        assert!(figures.iter().all(|figure| figure.svg(crate::Theme::Light).contains("<svg")));
    }

    #[test]
    fn every_condition_has_its_colour_at_every_time() {
        let map = |time| mds::Map { time, points: vec![[0.0, 0.0], [1.0, 0.0], [2.0, 1.0]], stress: 0.1 };
        let report = mds::Report {
            columns: vec!["first".into()],
            conditions: vec![vec![1.0], vec![0.0], vec![1.0]],
            maps: vec![map(200.0), map(600.0)],
        };
        let figure = &mds(&report, &Labels::new())[0];
        assert_eq!(figure.panels.len(), 2);
        let Panel::Chart(chart) = &figure.panels[1] else { panic!("a chart") };
        assert_eq!((chart.title.as_str(), chart.series.len()), ("600 ms", 2));
        let Panel::Chart(earlier) = &figure.panels[0] else { panic!("a chart") };
        assert_eq!((chart.x.range, chart.y.range), (earlier.y.range, earlier.x.range));
        assert!(chart.x.range.is_some_and(|(low, high)| low < -2.0 && high > 2.0));
        assert_eq!((&chart.series[0].x[..], &chart.series[1].x[..]), (&[1.0][..], &[0.0, 2.0][..]));
    }
}
