//! What the page's script reads: the numbers of every panel, in 16 bits where they are many.

use crate::colour::variable;
use crate::draw::{Drawn, limits};
use crate::model::{
    Axis, Chart, Heat, Key, Kind, Legend, Mark, Matrix, Motion, Panel, Path, Ramp, Space, Timeline, UnitActivity,
};
use crate::text::{base64, plain};
use cogrnn_core::movement::Point;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Arrays no longer than this are written as numbers.
const SHORT: usize = 24;
/// A screen shows no more times than this of a unit's activity.
const TIMES: usize = 240;
/// Activities with more values than this take 8 bits a value, each unit by its own range.
const MANY: usize = 300_000;

/// Collects what the script reads; the same numbers are kept once.
#[derive(Default)]
pub(crate) struct Pack {
    arrays: Vec<String>,
    known: HashMap<String, usize>,
    panels: Vec<Value>,
    activities: Vec<Value>,
    /// Where an activity is already kept. Held, so that no address is used twice.
    held: Vec<Arc<UnitActivity>>,
}

impl Pack {
    /// The number of the next panel.
    pub fn next(&self) -> usize {
        self.panels.len()
    }

    pub fn panel(&mut self, panel: &Panel, drawn: &Drawn) {
        let mut value = match panel {
            Panel::Chart(chart) => self.chart(chart),
            Panel::Matrix(matrix) => self.matrix(matrix),
            Panel::Space(space) => self.space(space),
            Panel::Timeline(timeline) => self.timeline(timeline),
            Panel::Heat(heat) => self.heat(heat),
            Panel::Motion(motion) => self.motion(motion),
        };
        value["at"] = drawn.places.clone();
        self.panels.push(value);
    }

    /// The whole, fit to stand in a `script` element.
    pub fn json(self, light: &str) -> String {
        let colours: serde_json::Map<String, Value> = light
            .split(';')
            .filter_map(|rule| rule.trim_start_matches('-').split_once(':'))
            .map(|(name, colour)| (name.into(), colour.into()))
            .collect();
        let all = json!({
            "arrays": self.arrays, "panels": self.panels, "activities": self.activities, "light": colours,
        });
        all.to_string().replace('<', "\\u003c")
    }

    fn array(&mut self, values: &[f64]) -> Value {
        if values.len() <= SHORT {
            return values.iter().map(|value| round(*value)).collect();
        }
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let width = if high > low { high - low } else { 1.0 };
        let low = if low.is_finite() { low } else { 0.0 };
        let words = values.iter().map(|value| match value.is_finite() {
            true => ((value - low) / width * 65534.0).round() as u16,
            false => u16::MAX,
        });
        let index = self.keep(words.flat_map(u16::to_le_bytes).collect());
        json!({ "i": index, "a": low, "w": width })
    }

    /// Signed numbers, of which zero stays exactly zero.
    fn signed(&mut self, values: &[f64]) -> Value {
        let most = values.iter().copied().filter(|value| value.is_finite()).fold(0.0f64, |most, v| most.max(v.abs()));
        let most = if most > 0.0 { most } else { 1.0 };
        let words = values.iter().map(|value| match value.is_finite() {
            true => ((value / most * 32767.0).round() + 32767.0) as u16,
            false => u16::MAX,
        });
        let index = self.keep(words.flat_map(u16::to_le_bytes).collect());
        json!({ "i": index, "a": -most, "w": 2.0 * most })
    }

    fn keep(&mut self, bytes: Vec<u8>) -> usize {
        let text = base64(&bytes);
        *self.known.entry(text).or_insert_with_key(|text| {
            self.arrays.push(text.clone());
            self.arrays.len() - 1
        })
    }

    fn chart(&mut self, chart: &Chart) -> Value {
        let series: Vec<Value> = chart
            .series
            .iter()
            .map(|each| {
                let mut value = json!({
                    "n": plain(&each.name), "t": variable(each.tone), "x": self.array(&each.x), "y": self.array(&each.y),
                });
                if let Some((low, high)) = &each.error {
                    value["e"] = json!([self.array(low), self.array(high)]);
                }
                if each.kind == Kind::Bars {
                    value["b"] = 1.into();
                }
                value
            })
            .collect();
        json!({ "k": "chart", "x": axis(&chart.x), "y": axis(&chart.y), "s": series })
    }

    fn matrix(&mut self, matrix: &Matrix) -> Value {
        let group = |side: &crate::model::Side| -> Vec<Value> {
            side.groups.iter().map(|group| json!([group.name, group.len])).collect()
        };
        // values in 16 bits between −max and max; 0 is exactly 0
        json!({
            "k": "matrix",
            "v": self.signed(&matrix.values),
            "value": matrix.value,
            "r": { "l": plain(&matrix.rows.label), "n": matrix.rows.names, "u": matrix.rows.units, "g": group(&matrix.rows) },
            "c": { "l": plain(&matrix.cols.label), "n": matrix.cols.names, "u": matrix.cols.units, "g": group(&matrix.cols) },
            "a": matrix.activity.as_ref().map(|activity| self.activity(activity)),
        })
    }

    fn activity(&mut self, activity: &Arc<UnitActivity>) -> usize {
        if let Some(known) = self.held.iter().position(|held| Arc::ptr_eq(held, activity)) {
            return known;
        }
        self.held.push(activity.clone());
        let (conditions, units) = (activity.conditions.len(), activity.units.len());
        let every = activity.times.len().div_ceil(TIMES).max(1);
        let shown: Vec<usize> = (0..activity.times.len()).step_by(every).collect();
        let coarse = conditions * shown.len() * units > MANY;
        let full = if coarse { 254.0 } else { 65534.0 };
        let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
        for unit in 0..units {
            let at = |condition: usize, time: usize| {
                f64::from(activity.values[(condition * activity.times.len() + time) * units + unit])
            };
            let values: Vec<f64> = (0..conditions)
                .flat_map(|condition| shown.iter().map(move |time| (condition, *time)))
                .map(|(c, t)| at(c, t))
                .collect();
            let finite = || values.iter().copied().filter(|value| value.is_finite());
            let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
            let low = if low.is_finite() { low } else { 0.0 };
            let width = if high > low { high - low } else { 1.0 };
            ranges.push(json!([round(low), round(width)]));
            for value in values {
                let part = if value.is_finite() { ((value - low) / width * full).round() as u16 } else { u16::MAX };
                if coarse {
                    bytes.push(part.min(255) as u8);
                } else {
                    bytes.extend(part.to_le_bytes());
                }
            }
        }
        let times: Vec<f64> = shown.iter().map(|time| activity.times[*time]).collect();
        let value = json!({
            "time": activity.time, "label": activity.label, "unit": activity.unit,
            "times": self.array(&times),
            "s": activity.conditions.iter().map(|each| json!({
                "n": plain(&each.name), "t": variable(each.tone), "d": u8::from(each.dashed),
            })).collect::<Vec<_>>(),
            "units": activity.units, "v": self.keep(bytes), "bits": if coarse { 8 } else { 16 }, "ranges": ranges,
            "marks": activity.marks.iter().filter_map(mark).collect::<Vec<_>>(),
            "keys": activity.keys.iter().map(key).collect::<Vec<_>>(),
        });
        self.activities.push(value);
        self.activities.len() - 1
    }

    fn space(&mut self, space: &Space) -> Value {
        let paths: Vec<Value> = space
            .paths
            .iter()
            .map(|path: &Path| {
                let axis = |k: usize| path.points.iter().map(|point| point[k]).collect::<Vec<f64>>();
                json!({
                    "n": plain(&path.name), "t": variable(path.tone), "d": u8::from(path.dashed), "o": u8::from(path.open),
                    "m": u8::from(path.markers), "p": [self.array(&axis(0)), self.array(&axis(1)), self.array(&axis(2))],
                })
            })
            .collect();
        let keyed = !matches!(space.legend, Legend::None);
        json!({ "k": "space", "axes": space.axes, "paths": paths, "step": space.step, "keyed": keyed })
    }

    fn timeline(&mut self, timeline: &Timeline) -> Value {
        let lanes: Vec<Value> = timeline
            .lanes
            .iter()
            .map(|lane| {
                let traces: Vec<Value> = lane
                    .traces
                    .iter()
                    .map(|trace| json!({ "n": plain(&trace.name), "t": variable(trace.tone), "y": self.array(&trace.y) }))
                    .collect();
                json!({ "n": plain(&lane.name), "g": lane.group, "s": traces })
            })
            .collect();
        let epochs: Vec<Value> =
            timeline.epochs.iter().map(|epoch| json!([epoch.name, epoch.from, epoch.to])).collect();
        json!({ "k": "timeline", "times": self.array(&timeline.times), "epochs": epochs, "lanes": lanes })
    }

    fn motion(&mut self, motion: &Motion) -> Value {
        let body = &motion.body;
        let point = |p: &Point| json!([p.frame, p.at]);
        let line = |path: &Vec<Point>| path.iter().map(point).collect::<Vec<Value>>();
        let frames: Vec<Value> = body.frames.iter().map(|f| json!([f.parent, f.origin, f.turns])).collect();
        let spheres: Vec<Value> = body.spheres.iter().map(|(centre, radius)| json!([point(centre), radius])).collect();
        let muscles: Vec<Value> = body.muscles.iter().map(|(name, path)| json!([name, line(path)])).collect();
        let targets: Vec<Value> = motion
            .targets
            .iter()
            .map(|t| json!({ "n": plain(&t.name), "at": t.at, "r": t.radius, "t": variable(t.tone) }))
            .collect();
        let n = body.coordinates.len();
        let trials: Vec<Value> = motion
            .trials
            .iter()
            .map(|trial| {
                let angle = |k: usize| trial.angles.iter().skip(k).step_by(n).copied().collect::<Vec<f64>>();
                json!({
                    "n": plain(&trial.name), "g": trial.target, "q": (0..n).map(|k| self.array(&angle(k))).collect::<Vec<_>>(),
                    "a": self.array(&trial.activations), "d": self.array(&trial.distances),
                })
            })
            .collect();
        json!({
            "k": "motion", "unit": body.unit, "times": self.array(&motion.times), "targets": targets, "trials": trials,
            "body": {
                "frames": frames, "bones": body.bones.iter().map(line).collect::<Vec<_>>(), "spheres": spheres,
                "muscles": muscles, "tip": point(&body.tip),
            },
        })
    }

    fn heat(&mut self, heat: &Heat) -> Value {
        let (low, high) = limits(heat);
        json!({
            "k": "heat", "x": axis(&heat.x), "y": axis(&heat.y), "z": axis(&heat.value), "v": self.array(&heat.values),
            "low": low, "high": high, "signed": heat.ramp == Ramp::Diverging,
        })
    }
}

/// Label and unit; names of ticks that stand for categories.
fn axis(axis: &Axis) -> Value {
    let mut value = json!({ "l": plain(&axis.label), "u": plain(&axis.unit) });
    if let (Some(at), Some(names)) = (&axis.ticks, &axis.tick_labels) {
        value["named"] = at.iter().zip(names).map(|(at, name)| json!([at, plain(name)])).collect();
    }
    value
}

fn mark(mark: &Mark) -> Option<Value> {
    match mark {
        Mark::Span { from, to, label } => Some(json!([from, to, label])),
        Mark::Vertical { at, label, .. } => Some(json!([at, at, label])),
        _ => None,
    }
}

fn key(key: &Key) -> Value {
    json!({ "n": key.name, "t": variable(key.tone), "d": u8::from(key.dashed), "p": u8::from(key.kind == Kind::Points), "o": u8::from(key.open) })
}

/// Five significant digits, or nothing where it is no number.
fn round(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let rounded: f64 = format!("{value:.4e}").parse().expect("just written");
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { (rounded as i64).into() } else { rounded.into() }
}
