//! Weights: positive blue, negative red.

use super::pen::{Anchor, Pen, n};
use super::{LABEL, TICK, WIDTH};
use crate::model::{Matrix, Side};
use crate::scale::short;
use crate::text::{fit, width};
use serde_json::{Value, json};

/// The largest cell, so that few weights do not look like many.
const CELL: f64 = 26.0;
const LARGEST: f64 = 300.0;
/// No more rows or columns than this are named one by one.
const NAMED: usize = 14;

pub(super) fn draw(pen: &mut Pen, matrix: &Matrix, top: f64) -> (f64, Value) {
    let (rows, cols) = (matrix.rows.names.len(), matrix.cols.names.len());
    let (soft, ink) = (pen.paint.soft(), pen.paint.ink());

    // room for names, brackets and labels
    let row_names = if named(&matrix.rows) { widest(&matrix.rows).min(110.0) + 6.0 } else { 0.0 };
    let row_groups = if matrix.rows.groups.is_empty() { 0.0 } else { 22.0 };
    let left = 18.0 + row_names + row_groups;
    let room = WIDTH - left - 8.0;
    let cell_w = (room.min(LARGEST) / cols.max(1) as f64).min(CELL);
    let turned = named(&matrix.cols) && widest(&matrix.cols) > cell_w - 3.0;
    let col_names = match (named(&matrix.cols), turned) {
        (false, _) => 0.0,
        (true, false) => 15.0,
        (true, true) => (widest(&matrix.cols).min(110.0) * 0.72 + 12.0).max(16.0),
    };
    let col_groups = if matrix.cols.groups.is_empty() { 0.0 } else { 22.0 };
    let label_x = top + 12.0;
    let top = top + 18.0 + col_names + col_groups;
    let cell_h =
        (LARGEST.min(if rows == cols { cell_w * rows as f64 } else { LARGEST }) / rows.max(1) as f64).min(CELL);
    let (w, h) = (cell_w * cols as f64, cell_h * rows as f64);

    let (positive, negative) = matrix.limits.unwrap_or_else(|| Matrix::common_limits([matrix.values.as_slice()]));
    pen.picture(left, top, w, h, rows, cols, |palette, row, col| {
        let value = matrix.at(row, col);
        if value.is_finite() {
            palette.signed(value / if value < 0.0 { negative } else { positive })
        } else {
            palette.span2
        }
    });

    // the frame, and lines between the blocks
    pen.raw(&format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{soft}\" stroke-width=\"0.8\"/>",
        n(left),
        n(top),
        n(w),
        n(h)
    ));
    let mut at = 0;
    for (k, group) in matrix.rows.groups.iter().enumerate() {
        let (from, to) = (top + cell_h * at as f64, top + cell_h * (at + group.len) as f64);
        let colour = pen.paint.tone(group.tone);
        pen.rect(left - 7.0, from + 0.5, 3.5, to - from - 1.0, &colour);
        let name = fit(&group.name, TICK, false, (to - from).max(14.0) + 4.0);
        pen.turned(left - row_names - 11.0, (from + to) / 2.0, -90.0, Anchor::Middle, TICK, &soft, &name);
        if k > 0 {
            pen.line(left, from, left + w, from, &soft, 0.7, "");
        }
        at += group.len;
    }
    at = 0;
    for (k, group) in matrix.cols.groups.iter().enumerate() {
        let (from, to) = (left + cell_w * at as f64, left + cell_w * (at + group.len) as f64);
        let colour = pen.paint.tone(group.tone);
        pen.rect(from + 0.5, top - 7.0, to - from - 1.0, 3.5, &colour);
        let name = fit(&group.name, TICK, false, (to - from).max(14.0) + 4.0);
        pen.text((from + to) / 2.0, top - col_names - 11.0, Anchor::Middle, TICK, false, &soft, &name);
        if k > 0 {
            pen.line(from, top, from, top + h, &soft, 0.7, "");
        }
        at += group.len;
    }

    if named(&matrix.rows) {
        for (k, name) in matrix.rows.names.iter().enumerate() {
            let y = top + cell_h * (k as f64 + 0.5) + 4.0;
            let edge = if row_groups > 0.0 { 10.0 } else { 5.0 };
            pen.text(left - edge, y, Anchor::End, TICK, false, &soft, &fit(name, TICK, false, 110.0));
        }
    }
    if named(&matrix.cols) {
        let edge = if col_groups > 0.0 { 10.0 } else { 5.0 };
        for (k, name) in matrix.cols.names.iter().enumerate() {
            let x = left + cell_w * (k as f64 + 0.5);
            if turned {
                pen.turned(
                    x + 2.0,
                    top - edge - 1.0,
                    -45.0,
                    Anchor::Start,
                    TICK,
                    &soft,
                    &fit(name, TICK, false, 110.0),
                );
            } else {
                pen.text(x, top - edge, Anchor::Middle, TICK, false, &soft, name);
            }
        }
    }
    let label = fit(&matrix.cols.label, LABEL, false, WIDTH - left);
    let half = width(&label, LABEL, false) / 2.0;
    if w >= 2.0 * half {
        pen.text(left + w / 2.0, label_x, Anchor::Middle, LABEL, false, &ink, &label);
    } else {
        pen.text(left, label_x, Anchor::Start, LABEL, false, &ink, &label);
    }
    let label = fit(&matrix.rows.label, LABEL, false, (h + 40.0).max(80.0));
    pen.turned(
        11.0,
        (top + h / 2.0).max(width(&label, LABEL, false) / 2.0),
        -90.0,
        Anchor::Middle,
        LABEL,
        &ink,
        &label,
    );

    // a short matrix leaves room for its label, turned
    let bottom = (top + h).max(width(&label, LABEL, false) + 4.0);
    // the colours that occur; both where none does
    let occurs = |sign: f64| matrix.values.iter().any(|value| value * sign > 0.0);
    let (from, to) = match (occurs(-1.0), occurs(1.0)) {
        (false, true) => (0.0, 1.0),
        (true, false) => (-1.0, 0.0),
        _ => (-1.0, 1.0),
    };
    let mut ends = vec![(0.0, short(from * negative)), (1.0, short(to * positive))];
    if from < 0.0 && to > 0.0 {
        ends.insert(1, (0.5, "0".into()));
    }
    let foot =
        pen.bar(left, bottom + 14.0, &matrix.value, &ends, |palette, part| palette.signed(from + (to - from) * part));
    let places = json!({
        "box": [left, top, w, h], "rows": rows, "cols": cols, "limits": [positive, negative], "bar": [from, to],
    });
    (foot, places)
}

fn named(side: &Side) -> bool {
    side.names.len() <= NAMED
}

fn widest(side: &Side) -> f64 {
    side.names.iter().fold(0.0f64, |most, name| most.max(width(name, TICK, false)))
}
