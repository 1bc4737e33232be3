//! Sequences of movements (figure 8).

use super::conditions::{briefly, worded};
use super::{axis, distinct, number};
use crate::model::{Axis, Chart, Figure, Legend, Path, Series, Space, Tone};
use cogrnn::analyses::Labels;
use cogrnn_analysis::{eye_trace, pca};

/// A piece of a trajectory in one colour.
struct Piece<'r> {
    of: &'r pca::Projection,
    from: usize,
    to: usize,
    tone: Tone,
    name: String,
    first: bool,
    last: bool,
}

/// What is drawn: the epochs that the experiment names, coloured by the column of each, or whole trajectories.
fn pieces<'r>(report: &'r pca::Report, colours: &[f64], labels: &Labels) -> Vec<Piece<'r>> {
    let mut pieces = Vec::new();
    for (k, of) in report.trajectories.iter().enumerate() {
        let name = worded(labels, &report.label, of.label);
        if of.parts.is_empty() {
            let (from, to, tone) = (0, of.times.len(), Tone::Category(k));
            pieces.push(Piece { of, from, to, tone, name, first: true, last: true });
            continue;
        }
        for (p, part) in of.parts.iter().enumerate() {
            let (tone, name) = match (part.colour, &report.colour) {
                (Some(value), Some(column)) => {
                    let place = colours.iter().position(|c| *c == value).unwrap_or(0);
                    (Tone::Category(place), format!("{name}, {}", worded(labels, column, value)))
                }
                _ => (Tone::Category(k), name.clone()),
            };
            let (first, last) = (p == 0, p + 1 == of.parts.len());
            pieces.push(Piece { of, from: part.start, to: part.end, tone, name, first, last });
        }
    }
    pieces
}

/// Trajectories along the first components, and what the components explain (figure 8C).
pub fn components(report: &pca::Report, labels: &Labels) -> Vec<Figure> {
    let n = report.components;
    let percent = |k: usize| report.fractions.get(k).map_or(0.0, |part| 100.0 * part);
    let name = |k: usize| format!("PC{} ({:.0} %)", k + 1, percent(k));
    let mut figures = Vec::new();
    let point = |each: &pca::Projection, time: usize, k: usize| each.points[time * n + k];
    let colours = distinct(report.trajectories.iter().flat_map(|t| &t.parts).filter_map(|part| part.colour));
    let drawn = pieces(report, &colours, labels);
    if n >= 2 {
        let plain = |k: usize| Axis::new(name(k), "");
        let mut chart = Chart::new("", plain(0), plain(1)).equal();
        for piece in &drawn {
            let path = |component: usize| -> Vec<f64> {
                (piece.from..piece.to).map(|time| point(piece.of, time, component)).collect()
            };
            let (x, y) = (path(0), path(1));
            let ends = [
                (x.first().copied(), y.first().copied(), true, piece.first),
                (x.last().copied(), y.last().copied(), false, piece.last),
            ];
            chart = chart.with(Series::line(piece.name.clone(), x, y).tone(piece.tone));
            for (x, y, open, is_end) in ends {
                if let (Some(x), Some(y), true) = (x, y, is_end) {
                    let which = if open { "start" } else { "end" };
                    chart = chart
                        .with(Series::points(format!("{}, {which}", piece.name), [x], [y]).tone(piece.tone).open(open));
                }
            }
        }
        let keys: Vec<_> = match &report.colour {
            Some(column) => colours
                .iter()
                .enumerate()
                .map(|(k, value)| crate::model::Key::line(briefly(labels, column, *value), Tone::Category(k), false))
                .collect(),
            None => report
                .trajectories
                .iter()
                .enumerate()
                .map(|(k, each)| {
                    crate::model::Key::line(worded(labels, &report.label, each.label), Tone::Category(k), false)
                })
                .collect(),
        };
        let coloured = if colours.is_empty() { "" } else { " Coloured by where each movement goes." };
        figures.push(
            Figure::new("components", "Sequences in the plane of the first two components.")
                .caption(format!(
                    "Without noise; open: start, filled: end.{coloured} The two hold {:.0} % of the variance of {} \
                     active units.",
                    percent(0) + percent(1),
                    report.units.len()
                ))
                .with(if keys.len() <= 8 { chart.legend(keys) } else { chart.no_legend() }),
        );
    }
    if n >= 3 {
        let mut space = Space::new("", [name(0), name(1), name(2)]);
        for piece in &drawn {
            let points: Vec<[f64; 3]> = (piece.from..piece.to)
                .map(|time| std::array::from_fn(|component| point(piece.of, time, component)))
                .collect();
            space = space.with(Path::new(piece.name.clone(), points, piece.tone));
            space.step = piece.of.times.windows(2).next().map_or(0.0, |pair| pair[1] - pair[0]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_analysis::pca::{Part, Projection, Report};

    #[test]
    fn trajectories_begin_with_the_first_movement_and_have_the_colours_of_its_dots() {
        let labels = cogrnn::experiment::Experiment::load("song2016/sequences", &[]).unwrap().labels;
        let trajectory = |label: f64, dots: [f64; 2]| Projection {
            label,
            times: (0..6).map(f64::from).collect(),
            points: (0..12).map(f64::from).collect(),
            epochs: vec![],
            // an interval of two samples before
            parts: vec![
                Part { start: 2, end: 4, colour: Some(dots[0]) },
                Part { start: 3, end: 6, colour: Some(dots[1]) },
            ],
        };
        let report = Report {
            label: "sequence".into(),
            colour: Some("d1".into()),
            units: vec![0],
            fractions: vec![0.5, 0.2],
            components: 2,
            loadings: vec![1.0, 0.0],
            trajectories: vec![trajectory(1.0, [5.0, 1.0]), trajectory(2.0, [3.0, 1.0])],
        };
        let crate::model::Panel::Chart(chart) = &components(&report, &labels)[0].panels[0] else { panic!("a chart") };
        let lines: Vec<_> = chart.series.iter().filter(|s| s.x.len() > 1).collect();
        assert_eq!(lines.len(), 4);
        // points are (2k, 2k + 1): the first is at sample 2
        assert_eq!((lines[0].x[0], lines[1].x[0]), (4.0, 6.0));
        assert_eq!(lines[1].tone, lines[3].tone, "both go to dot 2");
        assert_ne!(lines[0].tone, lines[2].tone);
        let ends: Vec<_> = chart.series.iter().filter(|s| s.x.len() == 1).map(|s| s.x[0]).collect();
        assert_eq!(ends, [4.0, 10.0, 4.0, 10.0]);
        assert!(lines[0].name.contains("dot 6"), "{}", lines[0].name);
    }
}
