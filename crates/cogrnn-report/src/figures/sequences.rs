//! Sequences of movements (figure 8).

use super::conditions::spoken;
use super::{axis, number};
use crate::model::{Axis, Chart, Figure, Legend, Path, Series, Space, Tone};
use cogrnn_analysis::{eye_trace, pca};

/// Trajectories along the first components, and what the components explain (figure 8E).
pub fn components(report: &pca::Report) -> Vec<Figure> {
    let n = report.components;
    let percent = |k: usize| report.fractions.get(k).map_or(0.0, |part| 100.0 * part);
    let name = |k: usize| format!("PC{} ({:.0} %)", k + 1, percent(k));
    let words = |label: f64| format!("{} {}", spoken(&report.label), number(label));
    let mut figures = Vec::new();
    let point = |each: &pca::Projection, time: usize, k: usize| each.points[time * n + k];
    // from the first movement on: what comes before, an interval, is not drawn
    let from =
        |each: &pca::Projection| each.epochs.first().filter(|_| each.epochs.len() > 1).map_or(0, |epoch| epoch.end);
    if n >= 2 {
        let plain = |k: usize| Axis::new(name(k), "");
        let mut chart = Chart::new("", plain(0), plain(1)).equal();
        for (k, each) in report.trajectories.iter().enumerate() {
            let path = |component: usize| -> Vec<f64> {
                (from(each)..each.times.len()).map(|time| point(each, time, component)).collect()
            };
            let (x, y) = (path(0), path(1));
            let tone = Tone::Category(k);
            let ends = [(x.first().copied(), y.first().copied(), true), (x.last().copied(), y.last().copied(), false)];
            chart = chart.with(Series::line(words(each.label), x, y).tone(tone));
            for (x, y, open) in ends {
                if let (Some(x), Some(y)) = (x, y) {
                    let which = if open { "start" } else { "end" };
                    chart = chart.with(
                        Series::points(format!("{}, {which}", words(each.label)), [x], [y]).tone(tone).open(open),
                    );
                }
            }
        }
        let keys: Vec<_> = report
            .trajectories
            .iter()
            .enumerate()
            .map(|(k, each)| crate::model::Key::line(words(each.label), Tone::Category(k), false))
            .collect();
        figures.push(
            Figure::new("components", "Sequences in the plane of the first two components.")
                .caption(format!(
                    "Without noise; open: start, filled: end. The two hold {:.0} % of the variance of {} active units.",
                    percent(0) + percent(1),
                    report.units.len()
                ))
                .with(if keys.len() <= 8 { chart.legend(keys) } else { chart.no_legend() }),
        );
    }
    if n >= 3 {
        let mut space = Space::new("", [name(0), name(1), name(2)]);
        for (k, each) in report.trajectories.iter().enumerate() {
            let points: Vec<[f64; 3]> = (from(each)..each.times.len())
                .map(|time| std::array::from_fn(|component| point(each, time, component)))
                .collect();
            space = space.with(Path::new(words(each.label), points, Tone::Category(k)));
            space.step = each.times.windows(2).next().map_or(0.0, |pair| pair[1] - pair[0]);
        }
        space.legend = Legend::None;
        figures
            .push(Figure::new("component-space", "The same in three components.").caption("Drag to turn.").with(space));
    }
    let shown = report.fractions.len().min(12);
    let x: Vec<f64> = (1..=shown).map(|k| k as f64).collect();
    let sums = report.fractions[..shown].iter().scan(0.0, |sum, part| {
        *sum += 100.0 * part;
        Some(*sum)
    });
    let chart = Chart::new("", Axis::new("Component", ""), Axis::new("Variance", "%").range(0.0, 100.0))
        .with(Series::bars("each", x.clone(), (0..shown).map(percent).collect::<Vec<f64>>()).tone(Tone::Category(0)))
        .with(Series::line("together", x, sums.collect::<Vec<f64>>()).marked());
    figures.push(Figure::new("variance", "What the components hold.").with(chart));
    figures
}

/// Paths of the eye, over time and on the screen (figure 8D).
pub fn movements(report: &eye_trace::Report) -> Vec<Figure> {
    let values: Vec<f64> = report.sequences.iter().map(|sequence| sequence.value).collect();
    let tone = |sequence: f64| Tone::Category(values.iter().position(|value| *value == sequence).unwrap_or(0));
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|value| f64::from(*value)).collect() };
    let mut screen = Chart::new("On the screen", Axis::new("x", ""), Axis::new("y", "")).equal();
    let mut across = Chart::new("Across", Axis::new("Time", "ms"), Axis::new("x", ""));
    let mut up = Chart::new("Up", Axis::new("Time", "ms"), Axis::new("y", ""));
    for trace in &report.traces {
        let name = format!("trial {}, sequence {}", trace.index, number(trace.sequence));
        let (x, y) = (wide(&trace.x), wide(&trace.y));
        across = across.with(Series::line(&name, trace.times.clone(), x.clone()).tone(tone(trace.sequence)));
        up = up.with(Series::line(&name, trace.times.clone(), y.clone()).tone(tone(trace.sequence)));
        screen = screen.with(Series::line(&name, x, y).tone(tone(trace.sequence)));
    }
    let mut figures = vec![
        Figure::new("eye", "Eye movements.")
            .caption(format!("The first {} trials, coloured by sequence.", report.traces.len()))
            .with(screen.no_legend())
            .with(across.no_legend())
            .with(up.no_legend()),
    ];
    let mut chart = Chart::new("", axis("sequence"), Axis::new("Distance to the dot", ""));
    for (k, epoch) in report.epochs.iter().enumerate() {
        let kept = report.sequences.iter().filter(|sequence| sequence.movements.len() > k);
        let (x, y): (Vec<f64>, Vec<f64>) = kept.map(|sequence| (sequence.value, sequence.movements[k].error)).unzip();
        chart = chart.with(Series::points(epoch, x, y).tone(Tone::Category(k)));
    }
    figures.push(
        Figure::new("movement-errors", "Where movements end.")
            .caption(format!(
                "{} % of movements and {} % of whole sequences were nearest to the right dots.",
                number(100.0 * report.correct),
                number(100.0 * report.whole)
            ))
            .with(chart),
    );
    figures
}
