//! What the network does: psychometric and chronometric curves, durations, two senses.

use super::conditions::{briefly, worded};
use super::{axis, number, rank};
use crate::model::{Axis, Chart, Figure, Key, Mark, Series, Tone};
use cogrnn::analyses::Labels;
use cogrnn_analysis::psychometric::{self, Curve};
use cogrnn_analysis::{duration, multisensory, reaction_time};

/// How often a choice is made, against the evidence; one curve a group (figures 2C, 2D, 4A).
pub fn psychometric(report: &psychometric::Report, labels: &Labels) -> Vec<Figure> {
    let name = |value: Option<f64>| match (&report.by, value) {
        (Some(by), Some(value)) => worded(labels, by, value),
        _ => String::new(),
    };
    let named: Vec<(String, &Curve)> = report.groups.iter().map(|group| (name(group.value), &group.curve)).collect();
    vec![curves("psychometric", "Choices against the evidence.", &named)]
}

fn curves(id: &str, title: &str, named: &[(String, &Curve)]) -> Figure {
    let Some((_, first)) = named.first() else { return Figure::new(id, title) };
    let y = axis(&first.y_label).range(0.0, 1.0).ticks([0.0, 0.25, 0.5, 0.75, 1.0]);
    let mut chart = Chart::new("", axis(&first.x_label), y).mark(Mark::horizontal(0.5, ""));
    let (mut keys, mut fitted) = (Vec::new(), false);
    for (k, (name, curve)) in named.iter().enumerate() {
        let tone = if named.len() == 1 { Tone::Ink } else { Tone::Category(if k == 2 { 7 } else { k }) };
        let open = k % 2 == 1;
        let x: Vec<f64> = curve.points.iter().map(|point| point.x).collect();
        let p: Vec<f64> = curve.points.iter().map(|point| point.proportion).collect();
        let (low, high) =
            curve.points.iter().map(|point| wilson(point.proportion, point.n)).unzip::<f64, f64, Vec<_>, Vec<_>>();
        let words = if name.is_empty() { "choices".to_owned() } else { name.clone() };
        match (&curve.fit, x.first(), x.last()) {
            (Some(fit), Some(from), Some(to)) => {
                fitted = true;
                let fine: Vec<f64> = (0..=200).map(|k| from + (to - from) * f64::from(k) / 200.0).collect();
                let line: Vec<f64> = fine.iter().map(|x| fit.predict(*x)).collect();
                chart = chart.with(Series::line(format!("{words}, fit"), fine, line).tone(tone));
                let comma = if name.is_empty() { "" } else { ", " };
                let words = format!("{name}{comma}μ = {}, σ = {}", number(fit.mu), number(fit.sigma));
                keys.push(Key::point(words, tone, open));
            }
            _ => {
                chart = chart.with(Series::line(format!("{words}, joined"), x.clone(), p.clone()).tone(tone));
                keys.push(Key::point(words.clone(), tone, open));
            }
        }
        chart = chart.with(Series::points(words, x, p).error(low, high).tone(tone).open(open));
    }
    let line = if fitted { "lines are cumulative Gaussians" } else { "lines join the points" };
    let trials: usize = named.iter().flat_map(|(_, curve)| &curve.points).map(|point| point.n).sum();
    let caption = format!("{trials} trials; bars are 95 % intervals, {line}.");
    Figure::new(id, title).caption(caption).with(chart.legend(keys))
}

/// Wilson's 95 % interval of a proportion.
fn wilson(p: f64, n: usize) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let n = n.max(1) as f64;
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// Reaction times against the evidence and their distribution (figure 2F); choices by threshold.
pub fn chronometric(report: &reaction_time::Report) -> Vec<Figure> {
    let all = || report.correct.iter().chain(&report.error);
    let (least, most) =
        all().fold((f64::INFINITY, 0.0f64), |(least, most), point| (least.min(point.x), most.max(point.x)));
    let mut x = axis(&report.x_label).log();
    if least > 0.0 && most > 0.0 && least.is_finite() {
        x = x.range(10f64.powf(least.log10().floor()), 10f64.powf(most.log10().ceil()).max(least * 10.0));
    }
    let mut means = Chart::new("Means", x, axis(&report.y_label));
    for (name, points, tone, open) in
        [("error", &report.error, Tone::Muted, true), ("correct", &report.correct, Tone::Ink, false)]
    {
        if points.is_empty() {
            continue;
        }
        let x: Vec<f64> = points.iter().map(|point| point.x).collect();
        let y: Vec<f64> = points.iter().map(|point| point.mean).collect();
        let end = |sign: f64| -> Vec<f64> {
            points.iter().map(|point| point.mean + sign * point.standard_error.unwrap_or(f64::NAN)).collect()
        };
        means = means
            .with(Series::line(name, x.clone(), y.clone()).tone(tone))
            .with(Series::points(name, x, y).error(end(-1.0), end(1.0)).tone(tone).open(open));
    }
    let means = means.legend([Key::point("correct", Tone::Ink, false), Key::point("error", Tone::Muted, true)]);
    let mut figure = Figure::new("chronometric", "Reaction times.").caption(format!(
        "Time at which an output passes {}; mean and standard error. {} % of {} trials never decided.",
        number(report.threshold),
        number(100.0 * report.undecided),
        report.trials,
    ));
    figure = figure.with(means);
    if let Some(histogram) = &report.distribution {
        let centres: Vec<f64> = histogram.edges.windows(2).map(|edge| (edge[0] + edge[1]) / 2.0).collect();
        let mut chart =
            Chart::new("Distribution, correct trials", axis(&histogram.x_label), Axis::new("Density", "1/ms"))
                .with(Series::bars("correct", centres, histogram.density.clone()).tone(Tone::Category(0)));
        if let Some(mean) = report.mean_correct {
            chart = chart.mark(Mark::vertical(mean, format!("mean {mean:.0} ms")));
        }
        figure = figure.with(chart);
    }
    let mut figures = vec![figure];
    if let Some(group) = &report.choices {
        figures.push(curves("choices", "Choices by threshold.", &[(String::new(), &group.curve)]));
    }
    figures
}

/// Per cent correct against how long the stimulus lasted, by strength of the evidence (figure 2E).
pub fn duration(report: &duration::Report, labels: &Labels) -> Vec<Figure> {
    let values: Vec<f64> = report.curves.iter().map(|curve| curve.value).collect();
    let mut chart = Chart::new("", axis(&report.x_label), axis(&report.y_label));
    let mut keys = Vec::new();
    let mut least = 100.0f64;
    for (k, curve) in report.curves.iter().enumerate() {
        let tone = Tone::Coherence(rank(&values, curve.value));
        let name = worded(labels, &report.by, curve.value);
        keys.push(Key::line(if k == 0 { name.clone() } else { briefly(labels, &report.by, curve.value) }, tone, false));
        let x: Vec<f64> = curve.bins.iter().map(|bin| bin.x).collect();
        let y: Vec<f64> = curve.bins.iter().map(|bin| bin.percent_correct).collect();
        least = y.iter().copied().fold(least, f64::min);
        chart = chart.with(Series::line(name, x, y).tone(tone).marked());
    }
    chart.y = chart.y.range(((least / 10.0).floor() * 10.0).min(50.0), 100.0);
    vec![
        Figure::new("duration", "What a longer stimulus is worth.")
            .caption("Bins of equal count for each strength of the evidence.")
            .with(chart.legend(keys)),
    ]
}

/// Each sense alone and both together (figure 6B), and what single units tell apart.
pub fn multisensory(report: &multisensory::Report) -> Vec<Figure> {
    let modality = |value: Option<f64>| {
        let known = report.sensitivities.iter().find(|each| Some(each.value) == value);
        known.map_or_else(|| value.map_or(String::new(), number), |each| each.modality.clone())
    };
    let named: Vec<(String, &Curve)> =
        report.curves.groups.iter().map(|group| (modality(group.value), &group.curve)).collect();
    let mut figures = vec![curves("multisensory", "Choices by modality.", &named)];

    let mut estimates: Vec<(String, multisensory::Estimate, Tone)> = Vec::new();
    for (k, each) in report.sensitivities.iter().enumerate() {
        if let Some(estimate) = each.sensitivity {
            estimates.push((each.modality.clone(), estimate, Tone::Category(if k == 2 { 7 } else { k })));
        }
    }
    if let Some(optimality) = &report.optimality {
        estimates.push(("sum of both".into(), optimality.predicted, Tone::Target));
    }
    if !estimates.is_empty() {
        let ticks = estimates.iter().enumerate().map(|(k, (name, ..))| (k as f64, name.clone()));
        let x = Axis::new("", "").range(-0.5, estimates.len() as f64 - 0.5).named_ticks(ticks);
        let most = estimates.iter().fold(0.0f64, |most, (_, estimate, _)| most.max(estimate.interval.high));
        let mut chart = Chart::new("", x, Axis::new("1/σ^{2}", "").range(0.0, 1.08 * most.max(1e-9)));
        for (k, (name, estimate, tone)) in estimates.into_iter().enumerate() {
            chart = chart.with(
                Series::points(name, [k as f64], [estimate.value])
                    .error([estimate.interval.low], [estimate.interval.high])
                    .tone(tone),
            );
        }
        let ratio = report.optimality.as_ref().map_or(String::new(), |found| {
            let (low, high) = (number(found.ratio.interval.low), number(found.ratio.interval.high));
            format!(" Observed over predicted: {} ({low} to {high}).", number(found.ratio.value))
        });
        figures.push(
            Figure::new("sensitivity", "Two senses against the sum of each.")
                .caption(format!("Bootstrap, 95 % intervals.{ratio}"))
                .with(chart.no_legend()),
        );
    }

    let mut chart = Chart::new("", Axis::new("d′ of choice", ""), Axis::new("d′ of modality", ""))
        .mark(Mark::horizontal(0.0, ""))
        .mark(Mark::vertical(0.0, ""));
    let kinds = [
        (multisensory::Kind::Neither, "neither", Tone::Muted),
        (multisensory::Kind::Choice, "choice", Tone::Category(0)),
        (multisensory::Kind::Modality, "modality", Tone::Category(1)),
        (multisensory::Kind::Mixed, "both", Tone::Category(7)),
    ];
    for (kind, name, tone) in kinds {
        let of_kind = report
            .units
            .iter()
            .filter(|unit| unit.kind == kind && unit.choice.is_finite() && unit.modality.is_finite());
        let (x, y): (Vec<f64>, Vec<f64>) = of_kind.map(|unit| (unit.choice, unit.modality)).unzip();
        if !x.is_empty() {
            chart = chart.with(Series::points(name, x, y).tone(tone));
        }
    }
    figures.push(
        Figure::new("mixed-selectivity", "What single units tell apart.")
            .caption(format!(
                "Trials of one sense; a unit counts as selective from |d′| = {} on.",
                number(report.level)
            ))
            .with(chart),
    );
    figures
}

#[cfg(test)]
mod tests {
    #[test]
    fn wilsons_interval() {
        // 8 of 10: 0.490 to 0.943 (Newcombe 1998)
        let (low, high) = super::wilson(0.8, 10);
        assert!((low - 0.490).abs() < 1e-3 && (high - 0.943).abs() < 1e-3);
    }
}
