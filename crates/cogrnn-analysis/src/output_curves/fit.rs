//! A logistic curve with a floor and a height of its own, by least squares.

use serde::{Deserialize, Serialize};

/// y = a + b/(1 + c exp(-k x)), k > 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Far to the left.
    pub a: f64,
    /// From left to right; negative where the curve falls.
    pub b: f64,
    /// exp(k x₀), x₀ the middle.
    pub c: f64,
    /// Steepness, per unit of x.
    pub k: f64,
    /// Sum of squared errors.
    pub residual: f64,
}

impl Logistic {
    /// Its height at x.
    pub fn at(&self, x: f64) -> f64 {
        self.a + self.b / (1.0 + self.c * (-self.k * x).exp())
    }

    /// Where it is half-way.
    pub fn middle(&self) -> f64 {
        self.c.ln() / self.k
    }
}

/// a, b and the sum of squares that are best for this steepness and middle: a line through (s(x), y).
fn straight(points: &[(f64, f64)], k: f64, middle: f64) -> (f64, f64, f64) {
    let s = |x: f64| 1.0 / (1.0 + (-k * (x - middle)).exp());
    let n = points.len() as f64;
    let (mean_s, mean_y) = points.iter().fold((0.0, 0.0), |(u, v), (x, y)| (u + s(*x) / n, v + y / n));
    let (mut ss, mut sy) = (0.0, 0.0);
    for (x, y) in points {
        ss += (s(*x) - mean_s).powi(2);
        sy += (s(*x) - mean_s) * (y - mean_y);
    }
    // 1e-12: a curve that is flat over all x
    let b = if ss > 1e-12 { sy / ss } else { 0.0 };
    let a = mean_y - b * mean_s;
    (a, b, points.iter().map(|(x, y)| (a + b * s(*x) - y).powi(2)).sum())
}

/// Searches steepness and middle on a grid that closes in on its best point; height and floor follow from them.
/// Steepness runs from 1/5 of the range of x for the slope to 50 of it, the middle over the range: beyond them the curve
/// is a line, or a step between two neighbours.
pub(super) fn fit(points: &[(f64, f64)]) -> Option<Logistic> {
    const SIDE: i32 = 20;
    let low = points.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
    let range = points.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max) - low;
    let alike = points.iter().all(|p| p.1 == points.first().map_or(0.0, |first| first.1));
    if points.len() < 4 || range.is_nan() || range <= 0.0 || alike || points.iter().any(|p| !p.1.is_finite()) {
        return None;
    }
    let (least, most) = ((0.2 / range).ln(), (50.0 / range).ln());
    let (mut steep, mut middle) = (0.5 * (least + most), low + 0.5 * range);
    let (mut d_steep, mut d_middle) = (0.5 * (most - least), 0.5 * range);
    let mut best = f64::INFINITY;
    // each round halves the grid, whose spacing was a twentieth: 1e-12 of the range after 40
    for _ in 0..40 {
        let (from_steep, from_middle) = (steep, middle);
        for i in -SIDE..=SIDE {
            for j in -SIDE..=SIDE {
                let k = (from_steep + d_steep * f64::from(i) / f64::from(SIDE)).clamp(least, most);
                let m = (from_middle + d_middle * f64::from(j) / f64::from(SIDE)).clamp(low, low + range);
                let (_, _, squares) = straight(points, k.exp(), m);
                if squares < best {
                    (best, steep, middle) = (squares, k, m);
                }
            }
        }
        (d_steep, d_middle) = (0.5 * d_steep, 0.5 * d_middle);
    }
    let k = steep.exp();
    let (a, b, residual) = straight(points, k, middle);
    Some(Logistic { a, b, c: (k * middle).exp(), k, residual })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> impl Iterator<Item = f64> {
        (-5..=5).map(f64::from)
    }

    #[test]
    fn a_curve_is_recovered() {
        for (a, b, c, k) in [(-1.0, 2.0, 1.0, 1.5), (-0.3, 1.1, 3.0, 0.8), (0.9, -1.8, 0.4, 2.5)] {
            let points: Vec<(f64, f64)> = grid().map(|x| (x, a + b / (1.0 + c * (-k * x).exp()))).collect();
            let fit = fit(&points).unwrap();
            // 1e-4: sums of squares are flat to rounding, 1e-16, within about 1e-8 of the minimum; a wide margin
            for (found, expected) in [(fit.a, a), (fit.b, b), (fit.c, c), (fit.k, k)] {
                assert!((found - expected).abs() < 1e-4, "{fit:?}");
            }
            assert!((fit.at(0.7) - (a + b / (1.0 + c * (-k * 0.7).exp()))).abs() < 1e-5);
            assert!((fit.middle() - c.ln() / k).abs() < 1e-4);
        }
    }

    /// No neighbouring curve does better.
    #[test]
    fn the_fit_is_a_minimum() {
        let points: Vec<(f64, f64)> = grid().map(|x| (x, (0.6 * x).tanh() + 0.1 * (3.0 * x).sin())).collect();
        let fit = fit(&points).unwrap();
        let squares = |l: Logistic| points.iter().map(|(x, y)| (l.at(*x) - y).powi(2)).sum::<f64>();
        assert!((squares(fit) - fit.residual).abs() < 1e-12);
        for (da, db, dc, dk) in
            [(1e-3, 0.0, 0.0, 0.0), (0.0, 1e-3, 0.0, 0.0), (0.0, 0.0, 1e-3, 0.0), (0.0, 0.0, 0.0, 1e-3)]
        {
            for sign in [-1.0, 1.0] {
                let near = Logistic {
                    a: fit.a + sign * da,
                    b: fit.b + sign * db,
                    c: fit.c + sign * dc,
                    k: fit.k + sign * dk,
                    residual: 0.0,
                };
                assert!(squares(near) > fit.residual);
            }
        }
    }

    #[test]
    fn what_determines_no_curve_has_none() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(fit(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]), None);
        assert_eq!(fit(&[(1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
    }
}
