//! A trial of a task: epochs, inputs, targets.

use super::pen::{Anchor, Pen};
use super::{TICK, WIDTH};
use crate::model::{Axis, Lane, Scale, Timeline, Tone};
use crate::scale::{Map, range, short, ticks};
use crate::text::{fit, width};
use serde_json::{Value, json};

/// Height of a lane and of the gap below it.
const LANE: f64 = 34.0;
const GAP: f64 = 10.0;

pub(super) fn draw(pen: &mut Pen, timeline: &Timeline, top: f64) -> (f64, Value) {
    let (soft, ink, paper) = (pen.paint.soft(), pen.paint.ink(), pen.paint.paper());
    let names = timeline.lanes.iter().map(|lane| width(&lane.name, TICK, false));
    let groups = timeline.lanes.iter().map(|lane| width(&lane.group, TICK, true));
    let left = names.chain(groups).fold(40.0f64, f64::max).min(112.0) + 12.0;
    // at the right the two numbers of each lane
    let x_range = (timeline.times.first().copied().unwrap_or(0.0), timeline.times.last().copied().unwrap_or(1.0));
    let ends = timeline.epochs.iter().flat_map(|epoch| [epoch.from, epoch.to]);
    let x_range = range(&Axis::default(), [x_range.0, x_range.1].into_iter().chain(ends), 0.0, false);
    let x = Map { low: x_range.0, high: x_range.1, scale: Scale::Linear, start: left, end: WIDTH - 30.0 };

    // epochs: names in one row where they fit, in a second where they do not
    let mut ends = [0.0f64; 3];
    let placed: Vec<(f64, usize)> = timeline
        .epochs
        .iter()
        .map(|epoch| {
            let half = width(&epoch.name, TICK, false) / 2.0;
            let at = ((x.at(epoch.from) + x.at(epoch.to)) / 2.0).clamp(half, (WIDTH - half).max(half));
            let row = ends.iter().position(|end| *end < at - half).unwrap_or(2);
            ends[row] = at + half + 6.0;
            (at, row)
        })
        .collect();
    let rows = placed.iter().map(|(_, row)| row + 1).max().unwrap_or(0);
    let top = top + 16.0 * rows as f64 + 6.0;

    // a gap where a group begins
    let mut lanes = Vec::new();
    let mut y = top + 4.0;
    for (k, lane) in timeline.lanes.iter().enumerate() {
        let begins = !lane.group.is_empty() && (k == 0 || timeline.lanes[k - 1].group != lane.group);
        if begins {
            y += 15.0;
        }
        lanes.push((y, begins));
        y += LANE + GAP;
    }
    let bottom = y;

    for (k, (epoch, (at, row))) in timeline.epochs.iter().zip(&placed).enumerate() {
        let fill = if k % 2 == 0 { pen.paint.span() } else { paper.clone() };
        pen.rect(x.at(epoch.from), top, x.at(epoch.to) - x.at(epoch.from), bottom - top, &fill);
        let y = top - 6.0 - 16.0 * *row as f64;
        if *row > 0 {
            let middle = (x.at(epoch.from) + x.at(epoch.to)) / 2.0;
            pen.line(middle, y + 3.0, middle, top, &soft, 0.7, "");
        }
        pen.text(*at, y, Anchor::Middle, TICK, false, &soft, &epoch.name);
    }
    for edge in timeline.epochs.iter().map(|epoch| epoch.from).chain(timeline.epochs.last().map(|epoch| epoch.to)) {
        let colour = pen.paint.span2();
        pen.line(x.at(edge), top, x.at(edge), bottom, &colour, 1.0, "");
    }

    let mut drawn = Vec::new();
    for (lane, (y, begins)) in timeline.lanes.iter().zip(&lanes) {
        if *begins {
            pen.text(0.0, y - 5.0, Anchor::Start, TICK, true, &ink, &lane.group);
        }
        pen.text(
            left - 8.0,
            y + LANE / 2.0 + 4.0,
            Anchor::End,
            TICK,
            false,
            &soft,
            &fit(&lane.name, TICK, false, 112.0),
        );
        let (low, high) = lane_range(lane);
        let map = Map { low, high, scale: Scale::Linear, start: y + LANE, end: *y };
        pen.text(x.end + 4.0, y + 8.0, Anchor::Start, TICK, false, &soft, &short(high));
        pen.text(x.end + 4.0, y + LANE, Anchor::Start, TICK, false, &soft, &short(low));
        if low < 0.0 && high > 0.0 {
            let colour = pen.paint.span2();
            pen.line(x.start, map.at(0.0), x.end, map.at(0.0), &colour, 1.0, "");
        }
        for trace in &lane.traces {
            let colour = pen.paint.tone(trace.tone);
            let points: Vec<(f64, f64)> =
                timeline.times.iter().zip(&trace.y).map(|(time, value)| (x.at(*time), map.at(*value))).collect();
            let width = if trace.tone == Tone::Muted { 1.2 } else { 1.5 };
            pen.curve(&points, &colour, width, trace.dashed);
        }
        drawn.push(json!([y, LANE, low, high]));
    }
    let time = Axis::new("Time", "ms");
    pen.x_axis(&time, &x, &ticks(&time, (x.low, x.high), 5), bottom);
    (bottom + 42.0, json!({ "x": [x.low, x.high, x.start, x.end, 0], "top": top, "bottom": bottom, "lanes": drawn }))
}

fn lane_range(lane: &Lane) -> (f64, f64) {
    if let Some(range) = lane.range {
        return range;
    }
    let values = lane.traces.iter().flat_map(|trace| &trace.y).copied().filter(|value| value.is_finite());
    let (low, high) = values.fold((0.0f64, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if high > low { (low, high) } else { (low, low + 1.0) }
}
