//! Intervals and movements (Murray 2019, figures 3 and 4).

use super::conditions::worded;
use super::{distinct, number, rank};
use crate::model::{Axis, Chart, Figure, Key, Mark, Series, Tone};
use cogrnn::analyses::Labels;
use cogrnn_analysis::{interval, trajectory};

/// Intervals that were made, against those that were shown, and some of the outputs.
pub fn interval(report: &interval::Report) -> Vec<Figure> {
    let with = report.asked.iter().filter_map(|asked| match asked.quartiles {
        [Some(low), Some(middle), Some(high)] => Some((asked.delay, [low, middle, high])),
        _ => None,
    });
    let all: Vec<(f64, [f64; 3])> = with.collect();
    let of = |k: usize| -> Vec<f64> { all.iter().map(|(_, q)| q[k]).collect() };
    let delays = distinct(report.asked.iter().map(|asked| asked.delay));
    let (low, high) = (delays.first().copied().unwrap_or(0.0), delays.last().copied().unwrap_or(1.0));
    let mut chart = Chart::new("", Axis::new("Interval shown", "ms"), Axis::new("Interval made", "ms"))
        .with(Series::line("as shown", [low, high], [low, high]).tone(Tone::Muted).dashed(true));
    if !all.is_empty() {
        let x: Vec<f64> = all.iter().map(|(delay, _)| *delay).collect();
        chart = chart.with(Series::points("median, quartiles", x, of(1)).error(of(0), of(2)).tone(Tone::Category(0)));
    }
    let mut keys =
        vec![Key::line("as shown", Tone::Muted, true), Key::point("median, quartiles", Tone::Category(0), false)];
    let mut said = String::new();
    if let Some(line) = &report.line {
        let at = |x: f64| line.intercept + line.slope * x;
        chart = chart.with(Series::line("regression", [low, high], [at(low), at(high)]).tone(Tone::Category(0)));
        keys.push(Key::line("regression", Tone::Category(0), false));
        said += &format!(" Slope {}, r = {}.", number(line.slope), number(line.r));
    }
    if let Some(error) = report.error {
        said += &format!(" Root mean square error {} ms.", number(error));
    }
    if report.without > 0 {
        said += &format!(
            " {} of {} trials without a pulse: the output stays below {}.",
            report.without,
            report.trials,
            number(report.least)
        );
    }
    let mut outputs = Chart::new("", Axis::new("Time", "ms"), Axis::new("Output", ""));
    let drawn: Vec<f64> = report.outputs.iter().map(|output| output.delay).collect();
    let mut names = Vec::new();
    for output in &report.outputs {
        let tone = Tone::Coherence(rank(&drawn, output.delay));
        let name = format!("{} ms", number(output.delay));
        outputs = outputs
            .with(Series::line(name.clone(), output.times.clone(), output.output.clone()).tone(tone))
            .mark(Mark::vertical(output.due, ""));
        names.push(Key::line(name, tone, false));
    }
    vec![
        Figure::new("interval", "Intervals made and shown.")
            .caption(format!("From the second pulse to the largest output after it.{said}"))
            .with(chart.legend(keys)),
        Figure::new("interval-outputs", "Outputs.")
            .caption("One trial of some intervals; lines: when the pulse was due.")
            .with(outputs.legend(names)),
    ]
}

/// Where the cursor went, and how far off each direction was.
pub fn trajectory(report: &trajectory::Report, labels: &Labels) -> Vec<Figure> {
    let values = distinct(report.directions.iter().map(|each| each.direction));
    let place = |direction: f64| values.iter().position(|v| *v == direction).unwrap_or(0);
    let single = report.paths.iter().all(|path| path.directions.len() == 1);
    let plane = |axis: &str| Axis::new(axis, "");
    let mut chart = Chart::new("", plane("x"), plane("y")).equal();
    for path in &report.paths {
        let axis = |k: usize, points: &[[f64; 2]]| -> Vec<f64> { points.iter().map(|p| p[k]).collect() };
        let tone = if single { Tone::Category(place(path.directions[0])) } else { Tone::Ink };
        let name = match single {
            true => worded(labels, &report.column, path.directions[0]),
            false => format!("trial {}", path.index),
        };
        chart = chart
            .with(Series::line("asked", axis(0, &path.wanted), axis(1, &path.wanted)).tone(Tone::Target).dashed(true))
            .with(Series::line(name.clone(), axis(0, &path.path), axis(1, &path.path)).tone(tone));
        if let Some(end) = path.path.last() {
            chart = chart.with(Series::points(format!("{name}, end"), [end[0]], [end[1]]).tone(tone));
        }
    }
    let mut keys = vec![Key::line("asked", Tone::Target, true)];
    if single {
        keys.extend(
            values.iter().map(|v| Key::line(worded(labels, &report.column, *v), Tone::Category(place(*v)), false)),
        );
    }
    let ticks =
        report.directions.iter().map(|d| (place(d.direction) as f64, worded(labels, &report.column, d.direction)));
    let x = Axis::new("", "").range(-0.5, values.len() as f64 - 0.5).named_ticks(ticks);
    let mut errors = Chart::new("", x, Axis::new("Distance from the way asked for", ""));
    for each in &report.directions {
        let [low, middle, high] = each.error;
        let name = worded(labels, &report.column, each.direction);
        errors = errors.with(
            Series::points(name, [place(each.direction) as f64], [middle])
                .error([low], [high])
                .tone(Tone::Category(place(each.direction))),
        );
    }
    let [low, middle, high] = report.end.map(number);
    vec![
        Figure::new("trajectory", "Where the cursor went.")
            .caption(format!(
                "The outputs' velocity, added up. Distance of the end from where it was to be: median {middle} \
                 ({low} to {high}) over {} trials.",
                report.trials
            ))
            .with(chart.legend(keys)),
        Figure::new("trajectory-errors", "Syllable by syllable.")
            .caption("How far each syllable's way was from the one asked for; median and quartiles.")
            .with(errors.no_legend()),
    ]
}
