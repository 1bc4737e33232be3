//! Heat maps.

use super::pen::{Anchor, Pen, left_margin};
use super::{LABEL, TICK, WIDTH};
use crate::colour::{Paint, Palette, Rgb};
use crate::model::{Heat, Ramp};
use crate::scale::{Map, range, short, ticks};
use crate::text::{base64, width};
use serde_json::{Value, json};

const PLOT: f64 = 220.0;

pub(super) fn draw(pen: &mut Pen, heat: &Heat, top: f64) -> (f64, Value) {
    let columns = heat.columns.max(1);
    let rows = heat.values.len() / columns;
    let xs = range(&heat.x, [0.0, columns as f64].into_iter(), 0.0, false);
    let ys = range(&heat.y, [0.0, rows as f64].into_iter(), 0.0, false);
    let y_ticks = ticks(&heat.y, ys, 7);
    let left = left_margin(&heat.y, &y_ticks);
    let right = WIDTH - 8.0;
    let top = top + 4.0;
    let x = Map { low: xs.0, high: xs.1, scale: heat.x.scale, start: left, end: right };
    let y = Map { low: ys.0, high: ys.1, scale: heat.y.scale, start: top + PLOT, end: top };

    let (low, high) = limits(heat);
    let bottom_up = |row: usize, col: usize| heat.values[(rows - 1 - row) * columns + col];
    let part = |value: f64| match heat.ramp {
        Ramp::Sequential => (value - low) / (high - low),
        Ramp::Diverging => value / high,
    };
    pen.picture(left, top, right - left, PLOT, rows, columns, |palette, row, col| {
        let value = bottom_up(row, col);
        match heat.ramp {
            _ if !value.is_finite() => palette.span2,
            Ramp::Sequential => palette.heat(part(value)),
            Ramp::Diverging => palette.signed(part(value)),
        }
    });
    pen.x_axis(&heat.x, &x, &ticks(&heat.x, xs, 6), top + PLOT);
    pen.y_axis(&heat.y, &y, &y_ticks, left);
    let name = heat.value.text();
    let foot = match heat.ramp {
        Ramp::Sequential => {
            pen.bar(left, top + PLOT + 46.0, &name, &[(0.0, short(low)), (1.0, short(high))], Palette::heat)
        }
        Ramp::Diverging => {
            let ends = [(0.0, short(low)), (0.5, "0".into()), (1.0, short(high))];
            pen.bar(left, top + PLOT + 46.0, &name, &ends, |palette, part| palette.signed(2.0 * part - 1.0))
        }
    };
    (
        foot,
        json!({ "box": [left, top, right - left, PLOT], "rows": rows, "cols": columns, "low": low, "high": high, "xr": [xs.0, xs.1], "yr": [ys.0, ys.1] }),
    )
}

/// Lowest and highest colour.
pub(crate) fn limits(heat: &Heat) -> (f64, f64) {
    let finite = || heat.values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = heat
        .value
        .range
        .unwrap_or_else(|| (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max)));
    match heat.ramp {
        Ramp::Diverging => {
            let most = low.abs().max(high.abs());
            let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
            (-most, most)
        }
        Ramp::Sequential if low < high => (low, high),
        Ramp::Sequential if low.is_finite() => (low, low + 1.0),
        Ramp::Sequential => (0.0, 1.0),
    }
}

impl Pen {
    /// A picture of `rows` × `columns` cells, rows from the top. On the page the script paints it.
    pub fn picture(
        &mut self,
        x: f64,
        y: f64,
        w: f64,
        h: f64,
        rows: usize,
        columns: usize,
        colour: impl Fn(&Palette, usize, usize) -> Rgb,
    ) {
        let place = format!(
            "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\"",
            super::pen::n(x),
            super::pen::n(y),
            super::pen::n(w),
            super::pen::n(h)
        );
        let style = "style=\"image-rendering:pixelated\" image-rendering=\"optimizeSpeed\"";
        match self.paint {
            Paint::Variables => self.raw(&format!("<image class=\"cells\" {place} {style}/>")),
            Paint::Fixed(_) if rows * columns == 0 => {}
            Paint::Fixed(theme) => {
                let palette = Palette::of(theme);
                let pixels: Vec<u8> =
                    (0..rows * columns).flat_map(|cell| colour(palette, cell / columns, cell % columns)).collect();
                let image = base64(&png(columns, rows, &pixels));
                self.raw(&format!("<image {place} {style} href=\"data:image/png;base64,{image}\"/>"));
            }
        }
    }

    /// A bar of colours with numbers below; says where it ends.
    pub fn bar(
        &mut self,
        x: f64,
        y: f64,
        name: &str,
        numbers: &[(f64, String)],
        colour: impl Fn(&Palette, f64) -> Rgb,
    ) -> f64 {
        const LENGTH: f64 = 130.0;
        const HEIGHT: f64 = 8.0;
        let (soft, ink) = (self.paint.soft(), self.paint.ink());
        let steps = 64;
        match self.paint {
            Paint::Variables => {
                self.raw(&format!(
                    "<image class=\"bar\" x=\"{}\" y=\"{}\" width=\"{LENGTH}\" height=\"{HEIGHT}\" preserveAspectRatio=\"none\"/>",
                    super::pen::n(x), super::pen::n(y)
                ));
            }
            Paint::Fixed(_) => self.picture(x, y, LENGTH, HEIGHT, 1, steps, |palette, _, col| {
                colour(palette, col as f64 / (steps - 1) as f64)
            }),
        }
        for (part, text) in numbers {
            let half = width(text, TICK, false) / 2.0;
            let at = (x + part * LENGTH).max(half);
            self.line(x + part * LENGTH, y + HEIGHT, x + part * LENGTH, y + HEIGHT + 3.0, &soft, 1.0, "");
            self.text(at, y + HEIGHT + 15.0, Anchor::Middle, TICK, false, &soft, text);
        }
        self.text(x + LENGTH + 10.0 + 12.0, y + HEIGHT, Anchor::Start, LABEL, false, &ink, name);
        y + HEIGHT + 20.0
    }
}

fn png(width: usize, height: usize, rgb: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("into memory");
    writer.write_image_data(rgb).expect("three bytes a pixel");
    writer.finish().expect("into memory");
    bytes
}
