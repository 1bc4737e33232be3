//! A psychometric curve for the terminal.

use super::Curve;

/// Columns of the labels of the y axis, `100 % ┤`.
const MARGIN: usize = 7;

/// The characters of a drawing.
struct Pen {
    point: char,
    axis: char,
    tick: char,
    corner: char,
    floor: char,
    floor_tick: char,
    half: char,
    mu: &'static str,
    sigma: &'static str,
}

const UNICODE: Pen =
    Pen {
        point: '●', axis: '│', tick: '┤', corner: '└', floor: '─', floor_tick: '┬', half: '┈', mu: "μ", sigma: "σ"
    };

const ASCII: Pen = Pen {
    point: 'o',
    axis: '|',
    tick: '+',
    corner: '+',
    floor: '-',
    floor_tick: '+',
    half: ' ',
    mu: "mu",
    sigma: "sigma",
};

/// Draws points and fitted curve in `width` × `height` characters, title, axes and labels included;
/// at least 32 × 9. Without a fit the points are joined.
///
/// The plain drawing uses ASCII alone, for terminals and logs that know no other characters.
pub fn draw(curve: &Curve, width: usize, height: usize, unicode: bool) -> String {
    let pen = if unicode { UNICODE } else { ASCII };
    let (width, height) = (width.max(32), height.max(9));
    // title, axis, tick labels, x label; the rest is plot, an odd number of rows to have one at 50 %
    let rows = (height - 4) - (height - 4 + 1) % 2;
    let columns = width - MARGIN - 1;
    let (low, high) = x_range(curve);
    let column_of = |x: f64| (((x - low) / (high - low)).clamp(0.0, 1.0) * (columns - 1) as f64).round() as usize;
    let row_of = |p: f64| ((1.0 - p) * (rows - 1) as f64).round() as usize;

    let mut cells = line(curve, rows, columns, (low, high), unicode);
    for cell in &mut cells[rows / 2] {
        if *cell == ' ' {
            *cell = pen.half;
        }
    }
    for point in &curve.points {
        cells[row_of(point.proportion)][column_of(point.x)] = pen.point;
    }

    let mut text = title(curve, &pen);
    text.push('\n');
    if rows + 4 < height {
        text.push('\n');
    }
    for (row, cells) in cells.iter().enumerate() {
        let (label, axis) = match row {
            0 => ("100 %", pen.tick),
            _ if row == rows / 2 => (" 50 %", pen.tick),
            _ if row == rows - 1 => ("  0 %", pen.tick),
            _ => ("     ", pen.axis),
        };
        push_line(&mut text, &format!("{label} {axis}{}", cells.iter().collect::<String>()));
    }

    let (mut floor, mut labels) = (vec![pen.floor; columns], vec![' '; width]);
    let mut free = 0;
    for x in ticks(low, high) {
        let column = column_of(x);
        let label = label(x);
        let start = (MARGIN + column).saturating_sub(label.len() / 2).min(width - label.len());
        if start >= free {
            floor[column] = pen.floor_tick;
            labels.splice(start..start + label.len(), label.chars());
            free = start + label.len() + 1;
        }
    }
    push_line(&mut text, &format!("      {}{}", pen.corner, floor.iter().collect::<String>()));
    push_line(&mut text, &labels.iter().collect::<String>());
    let indent = MARGIN + columns.saturating_sub(curve.x_label.chars().count()) / 2;
    push_line(&mut text, &format!("{:indent$}{}", "", curve.x_label));
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

fn title(curve: &Curve, pen: &Pen) -> String {
    let trials: usize = curve.points.iter().map(|p| p.n).sum();
    let fit = match (&curve.fit, curve.no_fit) {
        (Some(fit), _) => {
            let unsettled = if fit.converged { "" } else { " (the fit did not settle)" };
            format!("{} = {:.2}  {} = {:.2}{unsettled}", pen.mu, fit.mu, pen.sigma, fit.sigma)
        }
        (None, why) => format!("no fit: {}", why.unwrap_or("none was made")),
    };
    format!("{}  {fit}  n = {trials}", curve.y_label)
}

/// From the smallest to the largest x, or a little more around a single one.
fn x_range(curve: &Curve) -> (f64, f64) {
    let low = curve.points.iter().map(|p| p.x).fold(f64::INFINITY, f64::min);
    let high = curve.points.iter().map(|p| p.x).fold(f64::NEG_INFINITY, f64::max);
    if low < high {
        return (low, high);
    }
    let around = low.abs().max(10.0) / 10.0;
    (low - around, low + around)
}

/// Round numbers from low to high, four to six of them.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|f| f * power >= rough).unwrap_or(10.0);
    let step = factor * power;
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// A tick as people write it: without the rounding of 3 × 0.1, and without dozens of zeros.
fn label(x: f64) -> String {
    let short: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    match short.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e6).contains(&size) => short.to_string(),
        _ => format!("{short:e}"),
    }
}

/// Height of the line at x: the fit, or straight from point to point.
fn height_at(curve: &Curve, x: f64) -> f64 {
    if let Some(p) = curve.predict(x) {
        return p;
    }
    let points = &curve.points;
    let right = points.partition_point(|p| p.x < x).min(points.len() - 1);
    let (a, b) = (points[right.saturating_sub(1)], points[right]);
    if a.x == b.x {
        return b.proportion;
    }
    a.proportion + (b.proportion - a.proportion) * ((x - a.x) / (b.x - a.x)).clamp(0.0, 1.0)
}

/// The curve in cells (row × column): braille with 2 × 4 dots a cell, or ASCII with three heights.
fn line(curve: &Curve, rows: usize, columns: usize, (low, high): (f64, f64), unicode: bool) -> Vec<Vec<char>> {
    if curve.points.len() < 2 {
        return vec![vec![' '; columns]; rows];
    }
    let (across, down) = if unicode { (2, 4) } else { (1, 3) };
    let mut dots = vec![vec![false; columns * across]; rows * down];
    let mut before = None;
    for d in 0..columns * across {
        // the centre of a cell stands for its value, so that dots and points agree
        let centre = (across - 1) as f64 / 2.0;
        let fraction = (d as f64 - centre) / (across * (columns - 1)) as f64;
        let p = height_at(curve, low + fraction.clamp(0.0, 1.0) * (high - low));
        let centre = (down - 1) as f64 / 2.0;
        let dot = ((1.0 - p) * (down * (rows - 1)) as f64 + centre).round() as usize;
        // steep parts are filled down to the dot before
        let last = before.unwrap_or(dot);
        let (top, bottom) = match dot.cmp(&last) {
            std::cmp::Ordering::Less => (dot, last - 1),
            std::cmp::Ordering::Equal => (dot, dot),
            std::cmp::Ordering::Greater => (last + 1, dot),
        };
        for row in top..=bottom {
            dots[row][d] = true;
        }
        before = Some(dot);
    }
    let cell = |row: usize, column: usize| {
        let dot = |i: usize, j: usize| dots[row * down + i][column * across + j];
        if unicode { braille(dot) } else { stroke(dot) }
    };
    (0..rows).map(|row| (0..columns).map(|column| cell(row, column)).collect()).collect()
}

/// The braille pattern of 4 × 2 dots; Unicode numbers them 1-3, 7 on the left and 4-6, 8 on the right.
fn braille(dot: impl Fn(usize, usize) -> bool) -> char {
    const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    let mut bits = 0;
    for (i, row) in BITS.iter().enumerate() {
        for (j, bit) in row.iter().enumerate() {
            bits |= if dot(i, j) { *bit } else { 0 };
        }
    }
    if bits == 0 { ' ' } else { char::from_u32(0x2800 + bits).unwrap_or(' ') }
}

/// A mark at the top, middle or foot of a cell.
fn stroke(dot: impl Fn(usize, usize) -> bool) -> char {
    match (dot(0, 0), dot(1, 0), dot(2, 0)) {
        (false, false, false) => ' ',
        (true, false, false) => '\'',
        (false, true, false) => '-',
        (false, false, true) => '.',
        _ => '|',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychometric::{Bias, Point};
    use proptest::prelude::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        let points = points.iter().map(|&(x, proportion)| Point { x, n: 100, proportion }).collect();
        Curve::from_points(points, Bias::Free).unwrap()
    }

    fn example() -> Curve {
        let x = [-51.2, -25.6, -12.8, -6.4, -3.2, 0.0, 3.2, 6.4, 12.8, 25.6, 51.2];
        let p = [0.0, 0.0, 0.05, 0.233, 0.367, 0.417, 0.6, 0.733, 0.967, 0.967, 1.0];
        curve(&x.into_iter().zip(p).collect::<Vec<_>>())
    }

    #[test]
    fn points_lie_along_the_curve() {
        let drawing = draw(&example(), 40, 13, true);
        assert_eq!(
            drawing,
            "\
P(choice 1)  μ = 0.71  σ = 8.81  n = 1100
100 % ┤                   ●⢀⠤⠤●⠤⠤⠤⠤⠤⠤⠤●
      │                  ⢀⠜⠁
      │                 ●⠎
      │                ●⠎
 50 % ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⡎┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
      │               ●●
      │              ●
      │            ⡠⠊
  0 % ┤●⠒⠒⠒⠒⠒⠒⠒●⠒⠒⠉●
      └┬───────┬───────┬──────┬───────┬
      -50     -25      0     25      50
             signed coherence (%)
"
        );
    }

    #[test]
    fn plain_drawings_are_ascii() {
        let drawing = draw(&example(), 40, 13, false);
        assert!(draw(&example(), 80, 24, false).is_ascii());
        assert_eq!(
            drawing,
            "\
P(choice 1)  mu = 0.71  sigma = 8.81  n = 1100
100 % +                   o..-o-------o
      |                   |'
      |                 o|
      |                o|
 50 % +                |
      |               oo
      |              o'
      |            .|
  0 % +o-------o--'o
      ++-------+-------+------+-------+
      -50     -25      0     25      50
             signed coherence (%)
"
        );
    }

    #[test]
    fn without_a_fit_points_are_joined() {
        let step = curve(&[(-2.0, 0.0), (-1.0, 0.0), (1.0, 1.0), (2.0, 1.0)]);
        let drawing = draw(&step, 32, 9, false);
        assert_eq!(
            drawing,
            "\
P(choice 1)  no fit: too steep: smaller sigmas fit as well  n = 400
100 % +                .o-----o
      |             .-'
 50 % +           .|
      |        .-'
  0 % +o-----o'
      ++-----+-----+----+-----+
      -2    -1     0    1     2
         signed coherence (%)
"
        );
    }

    proptest! {
        /// Any range of x, any size: as many lines as asked, none too wide, and ticks within.
        #[test]
        fn any_curve_can_be_drawn(
            x in prop::collection::vec(-1.0..1.0f64, 1..8),
            power in -12..12i32,
            offset in -3.0..3.0f64,
            (width, height) in (0..100usize, 0..40usize),
            unicode: bool,
        ) {
            let mut x: Vec<f64> = x.iter().map(|x| (x + offset) * 10f64.powi(power)).collect();
            x.sort_by(f64::total_cmp);
            x.dedup();
            let points: Vec<_> = x.iter().enumerate().map(|(i, x)| (*x, i as f64 / 8.0)).collect();
            let drawing = draw(&curve(&points), width, height, unicode);
            prop_assert_eq!(drawing.lines().count(), height.max(9));
            prop_assert!(drawing.lines().skip(1).all(|l| l.chars().count() <= width.max(32)));
            prop_assert!(!drawing.contains("NaN"));
        }
    }
}
