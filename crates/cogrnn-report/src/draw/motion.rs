//! A body that moves, from the side and from above: where it ends, and the ways there.

use super::pen::{Anchor, LINE, Pen, keys};
use super::{LABEL, TICK, WIDTH};
use crate::model::{Key, Legend, Motion};
use cogrnn_core::movement::Vector;
use serde_json::{Value, json};

/// Between the two views.
const GAP: f64 = 14.0;
/// The views are not higher than this.
const HIGHEST: f64 = 330.0;
const BONE: f64 = 3.2;

/// A view along an axis: the drawing's abscissa and ordinate as axes of space.
struct View {
    axes: [usize; 2],
    /// Where the lowest corner of the space is drawn.
    corner: (f64, f64),
    scale: f64,
    low: Vector,
}

impl View {
    fn at(&self, point: Vector) -> (f64, f64) {
        let [i, j] = self.axes;
        (self.corner.0 + (point[i] - self.low[i]) * self.scale, self.corner.1 - (point[j] - self.low[j]) * self.scale)
    }
}

pub(super) fn draw(pen: &mut Pen, motion: &Motion, top: f64) -> (f64, Value) {
    let legend: Vec<Key> = match &motion.legend {
        Legend::Auto => motion.targets.iter().map(|t| Key::point(&t.name, t.tone, false)).collect(),
        other => keys(other, std::iter::empty()),
    };
    let top = pen.legend(&legend, 4.0, top);
    let (low, high) = bounds(motion);
    let size: Vector = std::array::from_fn(|k| high[k] - low[k]);
    // forwards and up; to the right and forwards
    let kinds: &[(&str, [usize; 2])] = match motion.body.flat {
        true => &[("", [0, 1])],
        false => &[("From the right", [0, 1]), ("From above", [2, 0])],
    };
    let across: f64 = kinds.iter().map(|(_, [i, _])| size[*i]).sum();
    let tallest = kinds.iter().fold(0.0f64, |most, (_, [_, j])| most.max(size[*j]));
    let room = WIDTH - GAP * (kinds.len() - 1) as f64 - 8.0;
    let scale = (room / across).min(HIGHEST / tallest);
    let head = if motion.body.flat { 0.0 } else { 18.0 };
    let bottom = top + head + tallest * scale;
    let mut left = 4.0 + (room - across * scale) / 2.0;
    let mut views = Vec::new();
    let (soft, ink) = (pen.paint.soft(), pen.paint.ink());
    for (name, axes) in kinds {
        let wide = size[axes[0]] * scale;
        let height = size[axes[1]] * scale;
        // both stand in the middle of their height
        let foot = bottom - (tallest * scale - height) / 2.0;
        if !name.is_empty() {
            pen.text(left + wide / 2.0, top + 10.0, Anchor::Middle, LABEL, false, &ink, name);
        }
        views.push(View { axes: *axes, corner: (left, foot), scale, low });
        left += wide + GAP;
    }

    pen.group("class=\"scene\"");
    for view in &views {
        still(pen, motion, view);
    }
    pen.close();

    // a length to read distances by
    let length = if size[0] > 2.0 { 1.0 } else { 0.2 };
    let (x, y) = (4.0, bottom + 14.0);
    pen.line(x, y, x + length * scale, y, &soft, 2.0, "");
    let words = format!("{length} {}", motion.body.unit);
    pen.text(x + length * scale + 6.0, y + 4.0, Anchor::Start, TICK, false, &soft, words.trim());
    let places: Vec<Value> =
        views.iter().map(|v| json!({ "axes": v.axes, "corner": [v.corner.0, v.corner.1] })).collect();
    (bottom + 22.0, json!({ "views": places, "scale": scale, "low": low }))
}

/// The ways of the tip, and one final pose for each target.
fn still(pen: &mut Pen, motion: &Motion, view: &View) {
    let body = &motion.body;
    let (span, span2, muted) = (pen.paint.span(), pen.paint.span2(), pen.paint.muted());
    let rest = body.placed(&vec![0.0; body.coordinates.len()]);
    for (centre, radius) in body.spheres.iter().filter(|(centre, _)| centre.frame == 0) {
        let (x, y) = view.at(rest.at(centre));
        pen.disc(x, y, radius * view.scale, &span, &span2);
    }
    for target in &motion.targets {
        let colour = pen.paint.tone(target.tone);
        let (x, y) = view.at(target.at);
        pen.disc(x, y, target.radius * view.scale, "none", &colour);
    }
    for trial in &motion.trials {
        let colour = motion.targets.get(trial.target).map_or_else(|| muted.clone(), |t| pen.paint.tone(t.tone));
        let way: Vec<(f64, f64)> = trial.tip.iter().map(|tip| view.at(*tip)).collect();
        pen.curve(&way, &colour, 0.6 * LINE, false);
    }
    for (k, target) in motion.targets.iter().enumerate() {
        let Some(trial) = motion.trials.iter().find(|trial| trial.target == k) else { continue };
        let n = body.coordinates.len();
        let placed = body.placed(&trial.angles[trial.angles.len().saturating_sub(n)..]);
        let colour = pen.paint.tone(target.tone);
        for bone in &body.bones {
            let fixed = bone.iter().all(|point| point.frame == 0);
            let line: Vec<(f64, f64)> = bone.iter().map(|point| view.at(placed.at(point))).collect();
            pen.curve(&line, if fixed { &muted } else { &colour }, BONE, false);
        }
        let (x, y) = view.at(placed.at(&body.tip));
        pen.marker(x, y, 2.6, false, &colour);
    }
}

/// The tip with all angles 0.
fn rest_tip(motion: &Motion) -> Vector {
    motion.body.placed(&[]).at(&motion.body.tip)
}

/// The smallest box around everything that is drawn at any time.
fn bounds(motion: &Motion) -> (Vector, Vector) {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    let mut hold = |at: Vector, radius: f64| {
        if at.iter().all(|x| x.is_finite()) {
            for k in 0..3 {
                low[k] = low[k].min(at[k] - radius);
                high[k] = high[k].max(at[k] + radius);
            }
        }
    };
    let body = &motion.body;
    let n = body.coordinates.len().max(1);
    let rest = vec![0.0; n];
    for pose in motion.trials.iter().flat_map(|trial| trial.angles.chunks_exact(n)).chain([rest.as_slice()]) {
        let placed = body.placed(pose);
        for point in body.bones.iter().flatten().chain([&body.tip]) {
            hold(placed.at(point), 0.0);
        }
        for (centre, radius) in &body.spheres {
            hold(placed.at(centre), *radius);
        }
        for point in body.muscles.iter().flat_map(|(_, path)| path) {
            hold(placed.at(point), 0.0);
        }
    }
    motion.targets.iter().for_each(|target| hold(target.at, target.radius));
    hold(rest_tip(motion), 1e-3);
    // a line's width around it
    for k in 0..3 {
        let edge = 0.015 * (high[0] - low[0]).max(1e-6);
        (low[k], high[k]) = (low[k] - edge, high[k] + edge);
    }
    (low, high)
}
