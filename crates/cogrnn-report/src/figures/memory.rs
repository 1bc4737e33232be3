//! How a stimulus is remembered (figures 7B to 7E).

use super::{axis, number, rank};
use crate::model::{Axis, Chart, Figure, Key, Mark, Series, Tone};
use cogrnn_analysis::tuning::Report;

/// Right choices by pair, two units, tuning compared over time, and how many units are tuned.
pub fn tuning(report: &Report) -> Vec<Figure> {
    vec![pairs(report), units(report), slopes(report), significant(report)]
        .into_iter()
        .filter(|figure| !figure.panels.is_empty())
        .collect()
}

fn pairs(report: &Report) -> Figure {
    let mut chart = Chart::new("", axis(&report.stimulus_label), Axis::new("Correct", "%").range(0.0, 100.0));
    for (name, larger, open) in [("first larger", true, false), ("first smaller", false, true)] {
        let of_kind = report.pairs.iter().filter(|pair| (pair.first > pair.second) == larger);
        let (x, y): (Vec<f64>, Vec<f64>) = of_kind.map(|pair| (pair.first, pair.percent_correct)).unzip();
        chart = chart.with(Series::points(name, x, y).tone(Tone::Category(usize::from(open))).open(open));
    }
    Figure::new("pairs", "Right choices, pair by pair.").caption("Against the first stimulus.").with(chart)
}

fn units(report: &Report) -> Figure {
    let mut figure = Figure::new("memory-units", "Units that are tuned to the first stimulus.")
        .caption("Mean rates of correct trials; pale to strong with the stimulus.");
    let kinds = [(&report.positive_in_both, "positive twice"), (&report.sign_switching, "switches sign")];
    for (unit, kind) in kinds.into_iter().filter_map(|(units, kind)| units.first().map(|unit| (*unit, kind))) {
        let mut chart = Chart::new(format!("Unit {unit}: {kind}"), Axis::new("Time", "ms"), Axis::new("Rate", ""));
        let mut keys = Vec::new();
        for (s, stimulus) in report.stimuli.iter().enumerate() {
            let at = |t: usize| f64::from(report.averages[(s * report.times.len() + t) * report.units + unit]);
            let tone = Tone::Coherence(rank(&report.stimuli, *stimulus));
            let y: Vec<f64> = (0..report.times.len()).map(at).collect();
            chart = chart.with(Series::line(number(*stimulus), report.times.clone(), y).tone(tone));
            keys.push(Key::line(number(*stimulus), tone, false));
        }
        figure = figure.with(chart.legend(keys));
    }
    figure
}

fn slopes(report: &Report) -> Figure {
    let mut figure = Figure::new("tuning", "Tuning early and late.").caption(
        "Each dot a unit's slope against the stimulus; the curves are correlations of slopes across units with those at a reference time.",
    );
    for (k, scatter) in report.scatters.iter().enumerate() {
        let chart = Chart::new("", axis(&scatter.x_label), axis(&scatter.y_label))
            .mark(Mark::Diagonal)
            .with(Series::points("unit", scatter.x.clone(), scatter.y.clone()).tone(Tone::Category(k)));
        figure = figure.with(chart);
    }
    let mut chart = Chart::new("", Axis::new("Time", "ms"), Axis::new("Correlation", "").range(-1.0, 1.0))
        .mark(Mark::horizontal(0.0, ""));
    for (k, each) in report.correlations.iter().enumerate() {
        chart = chart
            .mark(Mark::Vertical { at: each.time, label: String::new(), tone: Tone::Category(k) })
            .with(Series::line(&each.reference, each.times.clone(), each.correlation.clone()).tone(Tone::Category(k)));
    }
    figure.with(chart)
}

fn significant(report: &Report) -> Figure {
    let percent: Vec<f64> = report.significant.iter().map(|part| 100.0 * part).collect();
    let chart = Chart::new("", Axis::new("Time", "ms"), Axis::new("Tuned units", "%").range(0.0, 100.0))
        .mark(Mark::horizontal(100.0 * report.level, "chance"))
        .with(Series::line("tuned units", report.significant_times.clone(), percent));
    Figure::new("tuned-units", "How many units are tuned.")
        .caption(format!("Units with a slope of p < {}, of {}.", number(report.level), report.units))
        .with(chart)
}
