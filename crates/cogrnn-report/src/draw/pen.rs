//! What all panels are drawn with.

use super::{LABEL, TICK, TITLE, WIDTH};
use crate::colour::Paint;
use crate::model::{Axis, Key, Kind, Legend, Scale};
use crate::scale::{Map, Ticks};
use crate::text::{SMALL, escape, fit, runs, width, wrap};
use std::fmt::Write;

/// Width of a usual line.
pub(super) const LINE: f64 = 1.6;
/// Radius of a usual marker.
pub(super) const MARKER: f64 = 3.1;
/// Height of a row of a legend.
const ROW: f64 = 16.0;
/// Length of a line in a legend.
const SAMPLE: f64 = 20.0;

/// A coordinate: one decimal, no more characters than it needs.
pub(crate) fn n(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (0, tenth) => format!("{}.{}", if tenths < 0 { "-0" } else { "0" }, tenth.abs()),
        (whole, tenth) => format!("{whole}.{}", tenth.abs()),
    }
}

/// Where a text is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

pub(super) struct Pen {
    pub paint: Paint,
    id: String,
    out: String,
    clips: usize,
}

impl Pen {
    pub fn new(paint: Paint, id: &str) -> Self {
        Pen { paint, id: id.into(), out: String::new(), clips: 0 }
    }

    pub fn finish(self) -> String {
        self.out
    }

    pub fn raw(&mut self, xml: &str) {
        self.out.push_str(xml);
    }

    /// Letter and title; says where the panel goes on below them.
    pub fn head(&mut self, title: &str, letter: Option<char>) -> f64 {
        let mut left = 0.0;
        if let Some(letter) = letter {
            let ink = self.paint.ink();
            self.text(0.0, 14.0, Anchor::Start, 15.0, true, &ink, &letter.to_string());
            left = 18.0;
        }
        if title.is_empty() {
            return if letter.is_some() { 24.0 } else { 8.0 };
        }
        let ink = self.paint.ink();
        let lines = wrap(title, TITLE, true, WIDTH - left - 4.0, 2);
        for (k, line) in lines.iter().enumerate() {
            self.text(left, 14.0 + 16.0 * k as f64, Anchor::Start, TITLE, true, &ink, line);
        }
        24.0 + 16.0 * (lines.len() - 1) as f64
    }

    pub fn text(&mut self, x: f64, y: f64, anchor: Anchor, size: f64, bold: bool, fill: &str, text: &str) {
        self.placed(&format!("x=\"{}\" y=\"{}\"", n(x), n(y)), anchor, size, bold, fill, text);
    }

    /// Text that is turned about where it is held; degrees clockwise.
    pub fn turned(&mut self, x: f64, y: f64, degrees: f64, anchor: Anchor, size: f64, fill: &str, text: &str) {
        let place = format!("transform=\"translate({} {}) rotate({degrees})\"", n(x), n(y));
        self.placed(&place, anchor, size, false, fill, text);
    }

    fn placed(&mut self, place: &str, anchor: Anchor, size: f64, bold: bool, fill: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if bold { " font-weight=\"600\"" } else { "" };
        write!(self.out, "<text {place} font-size=\"{size}\"{anchor}{weight} fill=\"{fill}\">").expect("into a String");
        let mut height = 0.0;
        for (run, level) in runs(text) {
            let run = escape(run);
            let target = match level {
                1 => -0.36 * size,
                -1 => 0.22 * size,
                _ => 0.0,
            };
            if target == height && level == 0 {
                self.out.push_str(&run);
            } else {
                let small = if level == 0 { size } else { size * SMALL };
                let shift = target - height;
                write!(self.out, "<tspan dy=\"{shift:.2}\" font-size=\"{small:.2}\">{run}</tspan>")
                    .expect("into a String");
            }
            height = target;
        }
        self.out.push_str("</text>");
    }

    pub fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, stroke: &str, width: f64, dash: &str) {
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        write!(
            self.out,
            "<path d=\"M{} {}L{} {}\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dash} fill=\"none\"/>",
            n(x1),
            n(y1),
            n(x2),
            n(y2)
        )
        .expect("into a String");
    }

    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        write!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>",
            n(x),
            n(y),
            n(width.max(0.0)),
            n(height.max(0.0))
        )
        .expect("into a String");
    }

    pub fn marker(&mut self, x: f64, y: f64, radius: f64, open: bool, colour: &str) {
        let fill = if open { self.paint.paper() } else { colour.into() };
        write!(
            self.out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.3\"/>",
            n(x),
            n(y),
            n(radius)
        )
        .expect("into a String");
    }

    /// A circle with an edge.
    pub fn disc(&mut self, x: f64, y: f64, radius: f64, fill: &str, stroke: &str) {
        write!(
            self.out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
            n(x),
            n(y),
            n(radius)
        )
        .expect("into a String");
    }

    /// A line through points in drawing units; points that are no numbers interrupt it.
    pub fn curve(&mut self, points: &[(f64, f64)], stroke: &str, width: f64, dashed: bool) {
        let path = path(points);
        if path.is_empty() {
            return;
        }
        let dash = if dashed { " stroke-dasharray=\"5 3\"" } else { " stroke-linecap=\"round\"" };
        write!(
            self.out,
            "<path d=\"{path}\" stroke=\"{stroke}\" stroke-width=\"{width:.1}\" stroke-linejoin=\"round\"{dash} fill=\"none\"/>"
        )
        .expect("into a String");
    }

    /// Whatever is drawn until [`Pen::close`] is cut to this rectangle.
    pub fn clip(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let id = format!("{}-c{}", self.id, self.clips);
        self.clips += 1;
        write!(
            self.out,
            "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath><g clip-path=\"url(#{id})\">",
            n(x), n(y), n(width), n(height)
        )
        .expect("into a String");
    }

    pub fn group(&mut self, attributes: &str) {
        write!(self.out, "<g {attributes}>").expect("into a String");
    }

    pub fn close(&mut self) {
        self.out.push_str("</g>");
    }

    /// What is drawn by `draw` and then taken back; for its measure.
    pub fn measured(&mut self, draw: impl FnOnce(&mut Pen) -> f64) -> f64 {
        let length = self.out.len();
        let measure = draw(self);
        self.out.truncate(length);
        measure
    }

    /// A legend in rows from `top` on; says where it ends.
    pub fn legend(&mut self, keys: &[Key], left: f64, top: f64) -> f64 {
        if keys.is_empty() {
            return top;
        }
        let (mut x, mut y) = (left, top);
        let soft = self.paint.soft();
        for key in keys {
            let sample = if key.kind == Kind::Points { 9.0 } else { SAMPLE };
            let name = fit(&key.name, TICK, false, WIDTH - left - sample - 6.0);
            let wide = sample + 5.0 + width(&name, TICK, false);
            if x > left && x + wide > WIDTH {
                x = left;
                y += ROW;
            }
            let colour = self.paint.tone(key.tone);
            let middle = y + 8.0;
            match key.kind {
                Kind::Points => self.marker(x + 4.5, middle, MARKER, key.open, &colour),
                Kind::Bars => self.rect(x + 3.0, middle - 5.0, 14.0, 10.0, &colour),
                _ => {
                    let dash = if key.dashed { "5 3" } else { "" };
                    self.line(x, middle, x + SAMPLE, middle, &colour, 2.0, dash);
                }
            }
            self.text(x + sample + 5.0, middle + 4.0, Anchor::Start, TICK, false, &soft, &name);
            x += wide + 13.0;
        }
        y + ROW + 6.0
    }

    /// The horizontal axis below a plot: line, ticks, numbers, label.
    pub fn x_axis(&mut self, axis: &Axis, map: &Map, ticks: &Ticks, y: f64) {
        let (soft, ink) = (self.paint.soft(), self.paint.ink());
        self.line(map.start, y, map.end, y, &soft, 1.0, "");
        let mut free = f64::NEG_INFINITY;
        for (at, label) in ticks {
            let x = map.at(*at);
            self.line(x, y, x, y + 4.0, &soft, 1.0, "");
            let half = width(label, TICK, false) / 2.0;
            if x - half < free {
                continue;
            }
            free = x + half + 5.0;
            self.text(x, y + 17.0, Anchor::Middle, TICK, false, &soft, label);
        }
        if axis.scale == Scale::Log {
            let mut ten = 10f64.powf(map.low.log10().floor());
            while ten <= map.high {
                for part in 2..10 {
                    let at = ten * f64::from(part);
                    if at > map.low && at < map.high {
                        let x = map.at(at);
                        self.line(x, y, x, y + 2.5, &soft, 0.8, "");
                    }
                }
                ten *= 10.0;
            }
        }
        let label = fit(&axis.text(), LABEL, false, WIDTH - 10.0);
        let half = width(&label, LABEL, false) / 2.0;
        let middle = ((map.start + map.end) / 2.0).min(WIDTH - half).max(half);
        self.text(middle, y + 34.0, Anchor::Middle, LABEL, false, &ink, &label);
    }

    /// The vertical axis left of a plot.
    pub fn y_axis(&mut self, axis: &Axis, map: &Map, ticks: &Ticks, x: f64) {
        let (soft, ink) = (self.paint.soft(), self.paint.ink());
        self.line(x, map.start, x, map.end, &soft, 1.0, "");
        for (at, label) in ticks {
            let y = map.at(*at);
            self.line(x - 4.0, y, x, y, &soft, 1.0, "");
            self.text(x - 7.0, y + 4.0, Anchor::End, TICK, false, &soft, label);
        }
        let height = (map.start - map.end).abs();
        let lines = wrap(&axis.text(), LABEL, false, height + 16.0, 1);
        if let Some(label) = lines.first() {
            self.turned(11.0, (map.start + map.end) / 2.0, -90.0, Anchor::Middle, LABEL, &ink, label);
        }
    }
}

/// Room left of a plot for the numbers and the label of its vertical axis.
pub(super) fn left_margin(axis: &Axis, ticks: &Ticks) -> f64 {
    let widest = ticks.iter().fold(0.0f64, |most, (_, label)| most.max(width(label, TICK, false)));
    let label = if axis.text().is_empty() { 2.0 } else { 19.0 };
    (label + widest + 8.0).min(WIDTH * 0.5)
}

/// What a legend shows: as asked, or every name once where there are two to eight.
pub(super) fn keys(legend: &Legend, all: impl Iterator<Item = Key>) -> Vec<Key> {
    match legend {
        Legend::None => Vec::new(),
        Legend::Keys(keys) => keys.clone(),
        Legend::Auto => {
            let mut keys: Vec<Key> = Vec::new();
            for key in all {
                if !key.name.is_empty() && !keys.iter().any(|known| known.name == key.name) {
                    keys.push(key);
                }
            }
            if (2..=8).contains(&keys.len()) { keys } else { Vec::new() }
        }
    }
}

/// The path through points, without those that a straight line passes within a tenth of a unit.
fn path(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for piece in points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
        let mut kept = Vec::new();
        thin(piece, &mut kept);
        for (k, (x, y)) in kept.iter().enumerate() {
            let command = match (k, kept.len()) {
                (0, _) => "M",
                (1, _) => "L",
                _ => " ",
            };
            write!(text, "{command}{} {}", n(*x), n(*y)).expect("into a String");
        }
        if kept.len() == 1 {
            text.push_str("h0"); // a point by itself: the round cap shows it
        }
    }
    text
}

/// Douglas & Peucker's simplification, without recursion.
fn thin(points: &[(f64, f64)], kept: &mut Vec<(f64, f64)>) {
    const TOLERANCE: f64 = 0.1;
    if points.len() < 3 {
        kept.extend_from_slice(points);
        return;
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut open = vec![(0, points.len() - 1)];
    while let Some((a, b)) = open.pop() {
        let ((ax, ay), (bx, by)) = (points[a], points[b]);
        let length = (bx - ax).hypot(by - ay);
        let distance = |&(x, y): &(f64, f64)| {
            if length < 1e-9 {
                (x - ax).hypot(y - ay)
            } else {
                ((bx - ax) * (ay - y) - (ax - x) * (by - ay)).abs() / length
            }
        };
        let mut farthest = (0.0, a);
        for k in a + 1..b {
            let d = distance(&points[k]);
            if d > farthest.0 {
                farthest = (d, k);
            }
        }
        if farthest.0 > TOLERANCE {
            keep[farthest.1] = true;
            open.push((a, farthest.1));
            open.push((farthest.1, b));
        }
    }
    kept.extend(points.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        assert_eq!([1.0, -0.26, 0.04, 12.349, -3.5].map(n), ["1", "-0.3", "0", "12.3", "-3.5"]);
    }

    #[test]
    fn straight_pieces_lose_their_inner_points() {
        let points: Vec<(f64, f64)> =
            (0..100).map(|k| (f64::from(k), if k < 50 { 0.0 } else { f64::from(k - 49) })).collect();
        assert_eq!(path(&points), "M0 0L49 0 99 50");
    }

    #[test]
    fn what_is_no_number_interrupts_a_line() {
        assert_eq!(path(&[(0.0, 0.0), (1.0, 0.0), (2.0, f64::NAN), (3.0, 0.0), (4.0, 0.0)]), "M0 0L1 0M3 0L4 0");
    }
}
