//! Trajectories in three dimensions, seen from one side.

use super::pen::{Anchor, LINE, MARKER, Pen, keys};
use super::{LABEL, WIDTH};
use crate::model::{Key, Space};
use crate::text::width;
use serde_json::{Value, json};

const HEIGHT: f64 = 300.0;

/// Turned about the third axis, raised from the plane of the first two; the depth is dropped.
struct View {
    sin: (f64, f64),
    cos: (f64, f64),
    centre: [f64; 3],
    scale: f64,
    middle: (f64, f64),
}

impl View {
    fn at(&self, point: [f64; 3]) -> (f64, f64) {
        let [a, b, c] = std::array::from_fn(|k| (point[k] - self.centre[k]) * self.scale);
        let (across, depth) = (a * self.cos.0 - b * self.sin.0, a * self.sin.0 + b * self.cos.0);
        (self.middle.0 + across, self.middle.1 - (c * self.cos.1 + depth * self.sin.1))
    }
}

pub(super) fn draw(pen: &mut Pen, space: &Space, top: f64) -> (f64, Value) {
    let legend = keys(
        &space.legend,
        space.paths.iter().map(|path| match path.markers {
            true => Key::point(&path.name, path.tone, path.open),
            false => Key::line(&path.name, path.tone, path.dashed),
        }),
    );
    let top = pen.legend(&legend, 4.0, top);
    let (low, high) = bounds(space);
    let half: [f64; 3] = std::array::from_fn(|k| (high[k] - low[k]) / 2.0);
    // turned any way it stays inside: half the diagonal of the box fits half the panel
    let reach = half.iter().map(|half| half * half).sum::<f64>().sqrt();
    let radians = (space.view.0.to_radians(), space.view.1.to_radians());
    let view = View {
        sin: (radians.0.sin(), radians.1.sin()),
        cos: (radians.0.cos(), radians.1.cos()),
        centre: std::array::from_fn(|k| low[k] + half[k]),
        scale: (HEIGHT / 2.0 + 4.0) / reach,
        middle: (WIDTH / 2.0, top + HEIGHT / 2.0),
    };

    pen.group("class=\"scene\"");
    let (soft, span2, ink) = (pen.paint.soft(), pen.paint.span2(), pen.paint.ink());
    // the floor, then the three axes from one of its corners
    let floor = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]], [low[0], low[1]]];
    let outline: Vec<(f64, f64)> = floor.iter().map(|corner| view.at([corner[0], corner[1], low[2]])).collect();
    pen.curve(&outline, &span2, 1.0, false);
    for axis in 0..3 {
        let mut end = low;
        end[axis] = high[axis];
        let (from, to) = (view.at(low), view.at(end));
        pen.line(from.0, from.1, to.0, to.1, &soft, 1.0, "");
        let mut beyond = low;
        beyond[axis] = high[axis] + 12.0 / view.scale;
        let at = view.at(beyond);
        let name = &space.axes[axis];
        let room = width(name, LABEL, false) / 2.0;
        pen.text(at.0.clamp(room, WIDTH - room), at.1 + 4.0, Anchor::Middle, LABEL, false, &ink, name);
    }
    for path in &space.paths {
        let colour = pen.paint.tone(path.tone);
        let points: Vec<(f64, f64)> = path.points.iter().map(|point| view.at(*point)).collect();
        pen.curve(&points, &colour, LINE, path.dashed);
        if path.markers {
            for point in &points {
                pen.marker(point.0, point.1, 2.2, path.open, &colour);
            }
        }
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            pen.marker(first.0, first.1, 2.2, true, &colour);
            pen.marker(last.0, last.1, MARKER + 0.4, path.open, &colour);
        }
    }
    pen.close();
    let places = json!({
        "low": low, "high": high, "scale": view.scale, "middle": [view.middle.0, view.middle.1],
        "view": [space.view.0, space.view.1],
    });
    (top + HEIGHT, places)
}

/// The smallest box around all points; a cube where a direction has no extent.
fn bounds(space: &Space) -> ([f64; 3], [f64; 3]) {
    let points =
        || space.paths.iter().flat_map(|path| &path.points).filter(|point| point.iter().all(|c| c.is_finite()));
    let mut low: [f64; 3] = std::array::from_fn(|k| points().fold(f64::INFINITY, |least, point| least.min(point[k])));
    let mut high: [f64; 3] =
        std::array::from_fn(|k| points().fold(f64::NEG_INFINITY, |most, point| most.max(point[k])));
    for k in 0..3 {
        if low[k] > high[k] {
            (low[k], high[k]) = (-1.0, 1.0);
        } else if low[k] == high[k] {
            (low[k], high[k]) = (low[k] - 0.5, high[k] + 0.5);
        }
    }
    (low, high)
}
