//! Series against two axes.

use super::pen::{Anchor, LINE, MARKER, Pen, keys, left_margin};
use super::{TICK, WIDTH};
use crate::model::{Chart, Key, Kind, Mark, Scale, Series, Tone};
use crate::scale::{Map, Ticks, range, ticks};
use crate::text::width;
use serde_json::{Value, json};

/// Height of a plot.
const PLOT: f64 = 210.0;
/// Below a plot: ticks, numbers, label.
const FOOT: f64 = 42.0;

/// Everything above and beside the plot of a chart.
struct Frame {
    xs: (f64, f64),
    ys: (f64, f64),
    y_ticks: Ticks,
    left: f64,
    right: f64,
    legend: Vec<Key>,
    names: Vec<Name>,
}

impl Frame {
    fn of(chart: &Chart) -> Self {
        let (xs, ys) = ranges(chart);
        let y_ticks = ticks(&chart.y, ys, 6);
        let left = left_margin(&chart.y, &y_ticks);
        // half of a number that stands at the right end
        let last = ticks(&chart.x, xs, 7).pop();
        let beyond = last.map_or(0.0, |(at, label)| {
            let x = Map { low: xs.0, high: xs.1, scale: chart.x.scale, start: left, end: WIDTH - 8.0 };
            width(&label, TICK, false) / 2.0 - (WIDTH - 8.0 - x.at(at))
        });
        let right = WIDTH - beyond.max(8.0);
        let x = Map { low: xs.0, high: xs.1, scale: chart.x.scale, start: left, end: right };
        let legend = keys(&chart.legend, chart.series.iter().map(key));
        Frame { xs, ys, y_ticks, left, right, legend, names: names(chart, &x) }
    }

    /// Draws the legend; says where the plot may begin.
    fn head(&self, pen: &mut Pen, top: f64) -> f64 {
        let top = pen.legend(&self.legend, self.left, top);
        // names of periods and events, above the plot, in as many rows as they need
        let rows = self.names.iter().map(|name| name.row + 1).max().unwrap_or(0);
        top + 14.0 * rows as f64 + 4.0
    }
}

/// Where the plot begins if nothing else is asked.
pub(super) fn plot_top(pen: &mut Pen, chart: &Chart, top: f64) -> f64 {
    pen.measured(|pen| Frame::of(chart).head(pen, top))
}

/// Draws a chart whose plot begins at `least` or below.
pub(super) fn draw(pen: &mut Pen, chart: &Chart, top: f64, least: f64) -> (f64, Value) {
    let frame = Frame::of(chart);
    let top = frame.head(pen, top).max(least);
    let Frame { xs, ys, y_ticks, left, mut right, names, .. } = frame;
    let mut x = Map { low: xs.0, high: xs.1, scale: chart.x.scale, start: left, end: right };

    let mut plot = PLOT;
    if chart.equal {
        // the same length for the same number, both ways
        let unit = ((right - left) / (xs.1 - xs.0)).min(300.0 / (ys.1 - ys.0));
        right = left + unit * (xs.1 - xs.0);
        x.end = right;
        plot = unit * (ys.1 - ys.0);
    }
    let y = Map { low: ys.0, high: ys.1, scale: chart.y.scale, start: top + plot, end: top };
    let bottom = top + plot;

    // as many numbers as there is room for
    let mut most = 7;
    let mut x_ticks = ticks(&chart.x, xs, most);
    let crowded = |ticks: &Vec<(f64, String)>| {
        ticks.windows(2).any(|pair| {
            let room = (width(&pair[0].1, TICK, false) + width(&pair[1].1, TICK, false)) / 2.0 + 8.0;
            x.at(pair[1].0) - x.at(pair[0].0) < room
        })
    };
    while chart.x.ticks.is_none() && most > 2 && crowded(&x_ticks) {
        most -= 1;
        x_ticks = ticks(&chart.x, xs, most);
    }

    marks(pen, chart, &x, &y);
    for name in names {
        let soft = pen.paint.soft();
        pen.text(name.x, top - 6.0 - 14.0 * name.row as f64, Anchor::Middle, TICK, false, &soft, &name.text);
    }
    pen.clip(left - 4.0, top - 4.0, right - left + 8.0, plot + 8.0);
    for (k, each) in chart.series.iter().enumerate() {
        pen.group(&format!("class=\"s\" data-s=\"{k}\""));
        series(pen, each, &x, &y);
        pen.close();
    }
    pen.close();
    labels(pen, chart, &x, &y);
    pen.x_axis(&chart.x, &x, &x_ticks, bottom);
    pen.y_axis(&chart.y, &y, &y_ticks, left);

    let axis = |map: &Map| json!([map.low, map.high, map.start, map.end, u8::from(map.scale == Scale::Log)]);
    (bottom + FOOT, json!({ "x": axis(&x), "y": axis(&y) }))
}

fn key(series: &Series) -> Key {
    Key {
        name: series.name.clone(),
        kind: if series.kind == Kind::Line && series.markers { Kind::Line } else { series.kind },
        tone: series.tone,
        dashed: series.dashed,
        open: series.open,
    }
}

fn ranges(chart: &Chart) -> ((f64, f64), (f64, f64)) {
    let series = || chart.series.iter();
    let lines_only = series().all(|each| matches!(each.kind, Kind::Line | Kind::Step | Kind::Band) && !each.markers);
    let half_bar = |each: &Series| if each.kind == Kind::Bars { bar_width(each) / 2.0 } else { 0.0 };
    let x = series().flat_map(|each| {
        let half = half_bar(each);
        each.x.iter().flat_map(move |x| [x - half, x + half])
    });
    let pad = if lines_only || series().all(|each| each.kind == Kind::Bars) { 0.0 } else { 0.05 };
    let xs = range(&chart.x, x, if chart.equal { 0.06 } else { pad }, false);

    let y = series().flat_map(|each| {
        let ends = each.error.iter().flat_map(|(low, high)| low.iter().chain(high)).copied();
        let zero = (each.kind == Kind::Bars).then_some(0.0);
        each.y.iter().copied().chain(ends).chain(zero)
    });
    let goals = chart.marks.iter().filter_map(|mark| match mark {
        Mark::Horizontal { at, .. } => Some(*at),
        _ => None,
    });
    let ys = range(&chart.y, y.chain(goals), if chart.equal { 0.06 } else { 0.04 }, !chart.equal);
    (xs, ys)
}

/// Width of a histogram's bars: the smallest distance between centres.
fn bar_width(series: &Series) -> f64 {
    let gaps = series.x.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|gap| *gap > 0.0);
    let smallest = gaps.fold(f64::INFINITY, f64::min);
    if smallest.is_finite() { smallest } else { 1.0 }
}

fn series(pen: &mut Pen, series: &Series, x: &Map, y: &Map) {
    let colour = pen.paint.tone(series.tone);
    let at = |k: usize| (x.at(series.x[k]), y.at(series.y[k]));
    let count = series.x.len().min(series.y.len());
    let points: Vec<(f64, f64)> = (0..count).map(at).collect();
    let weight = LINE * if series.weight > 0.0 { series.weight } else { 1.0 };
    match series.kind {
        Kind::Line => pen.curve(&points, &colour, weight, series.dashed),
        Kind::Step => {
            let stairs: Vec<(f64, f64)> = points
                .iter()
                .enumerate()
                .flat_map(|(k, point)| {
                    let next = points.get(k + 1).map_or(point.0, |next| next.0);
                    [*point, (next, point.1)]
                })
                .collect();
            pen.curve(&stairs, &colour, weight, series.dashed);
        }
        Kind::Bars => {
            let half = bar_width(series) / 2.0;
            let zero = y.at(0.0f64.clamp(y.low.min(y.high), y.low.max(y.high)));
            for k in (0..count).filter(|k| series.y[*k].is_finite()) {
                let (from, to) = (x.at(series.x[k] - half) + 0.4, x.at(series.x[k] + half) - 0.4);
                let end = y.at(series.y[k]);
                pen.rect(from, end.min(zero), to - from, (end - zero).abs(), &colour);
            }
        }
        Kind::Band => {
            if let Some((low, high)) = &series.error {
                let inside = (0..count).filter(|k| low[*k].is_finite() && high[*k].is_finite());
                let upper = inside.clone().map(|k| (x.at(series.x[k]), y.at(high[k])));
                let lower = inside.rev().map(|k| (x.at(series.x[k]), y.at(low[k])));
                let outline: Vec<String> =
                    upper.chain(lower).map(|(x, y)| format!("{} {}", super::pen::n(x), super::pen::n(y))).collect();
                if !outline.is_empty() {
                    pen.raw(&format!("<path d=\"M{}Z\" fill=\"{colour}\" fill-opacity=\"0.18\"/>", outline.join("L")));
                }
            }
            pen.curve(&points, &colour, weight, series.dashed);
        }
        Kind::Points => {}
    }
    if series.kind == Kind::Points
        && let Some((low, high)) = &series.error
    {
        for k in (0..count).filter(|k| low[*k].is_finite() && high[*k].is_finite()) {
            pen.line(points[k].0, y.at(low[k]), points[k].0, y.at(high[k]), &colour, 1.2, "");
        }
    }
    if series.kind == Kind::Points || series.markers {
        let many = count > 150;
        for point in points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
            pen.marker(point.0, point.1, if many { 1.8 } else { MARKER }, series.open, &colour);
        }
    }
}

fn marks(pen: &mut Pen, chart: &Chart, x: &Map, y: &Map) {
    let across = |at: f64| x.at(at.clamp(x.low, x.high));
    let mut shaded = 0;
    for mark in &chart.marks {
        match mark {
            Mark::Span { from, to, .. } => {
                let fill = if shaded % 2 == 0 { pen.paint.span() } else { pen.paint.span2() };
                shaded += 1;
                pen.rect(across(*from), y.end, across(*to) - across(*from), y.start - y.end, &fill);
            }
            Mark::Vertical { at, tone, .. } if *at >= x.low && *at <= x.high => {
                let colour = pen.paint.tone(*tone);
                pen.line(x.at(*at), y.end, x.at(*at), y.start, &colour, 1.0, "2 3");
            }
            Mark::Horizontal { at, tone, .. } if *at >= y.low && *at <= y.high => {
                let colour = pen.paint.tone(*tone);
                let dash = if *tone == Tone::Target { "" } else { "2 3" };
                pen.line(x.start, y.at(*at), x.end, y.at(*at), &colour, 1.1, dash);
            }
            Mark::Diagonal => {
                let (low, high) = (x.low.max(y.low), x.high.min(y.high));
                if low < high {
                    let colour = pen.paint.tone(Tone::Muted);
                    pen.line(x.at(low), y.at(low), x.at(high), y.at(high), &colour, 1.0, "2 3");
                }
            }
            _ => {}
        }
    }
}

/// What horizontal guides mean: above or below their ends, where the fewest data are.
fn labels(pen: &mut Pen, chart: &Chart, x: &Map, y: &Map) {
    for mark in &chart.marks {
        if let Mark::Horizontal { at, label, tone } = mark
            && !label.is_empty()
            && (y.low..=y.high).contains(at)
        {
            let colour = match tone {
                Tone::Muted => pen.paint.soft(),
                tone => pen.paint.tone(*tone),
            };
            let (line, wide) = (y.at(*at), width(label, TICK, false));
            let data_in = |left: f64, top: f64| {
                let inside = |(px, py): (f64, f64)| px > left && px < left + wide && py > top && py < top + 15.0;
                let places = |each: &Series| {
                    each.x.iter().zip(&each.y).filter(|(px, py)| inside((x.at(**px), y.at(**py)))).count()
                };
                chart.series.iter().map(places).sum::<usize>()
            };
            let (end, start) = (x.end - wide, x.start + 4.0);
            let best = [(end, line - 16.0), (end, line + 1.0), (start, line - 16.0), (start, line + 1.0)]
                .into_iter()
                .filter(|(_, top)| *top >= y.end - 2.0 && *top + 15.0 <= y.start)
                .min_by_key(|(left, top)| data_in(*left, *top))
                .unwrap_or((end, line - 16.0));
            pen.group(&format!("paint-order=\"stroke\" stroke=\"{}\" stroke-width=\"3\"", pen.paint.paper()));
            pen.text(best.0, best.1 + 12.0, Anchor::Start, TICK, false, &colour, label);
            pen.close();
        }
    }
}

struct Name {
    x: f64,
    row: usize,
    text: String,
}

/// Names of periods and vertical guides, set so that none overlaps another.
fn names(chart: &Chart, x: &Map) -> Vec<Name> {
    let mut ends: Vec<f64> = Vec::new();
    let mut wanted: Vec<(f64, &str)> = chart
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Span { from, to, label } if !label.is_empty() && *to > x.low && *from < x.high => {
                Some(((x.at(from.max(x.low)) + x.at(to.min(x.high))) / 2.0, label.as_str()))
            }
            Mark::Vertical { at, label, .. } if !label.is_empty() && (x.low..=x.high).contains(at) => {
                Some((x.at(*at), label.as_str()))
            }
            _ => None,
        })
        .collect();
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
    wanted
        .into_iter()
        .map(|(at, text)| {
            let half = width(text, TICK, false) / 2.0;
            let at = at.min(WIDTH - half).max(half);
            let row = ends.iter().position(|end| *end < at - half - 6.0).unwrap_or(ends.len());
            if row == ends.len() {
                ends.push(0.0);
            }
            ends[row] = at + half;
            Name { x: at, row, text: text.into() }
        })
        .collect()
}
