//! Two other shapes of the curve (section 5.1).
//!
//! ```text
//! guessing   F(x) = γ + (1 - 2γ) Phi((x - mu)/sigma)        γ from 0 to 1/2, starting at 0.1
//! Weibull    F(x) = 1 - 1/2 exp(-(x/α)^β)                   x ≥ 0, from 1/2 to 1
//! ```
//!
//! Both are fitted as the cumulative Gaussian is: all x weighted alike.

use super::{Bias, Point, fit, normal_cdf};
use crate::linear::{Matrix, solve};
use serde::{Deserialize, Serialize};

/// A cumulative Gaussian of a subject that guesses in a fraction 2γ of its trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guessing {
    /// Where both choices are equally likely.
    pub mu: f64,
    /// Width, in the units of x.
    pub sigma: f64,
    /// γ: proportion of the wrong choice at the easiest stimuli.
    pub gamma: f64,
    /// Sum over the points of the squared error.
    pub residual: f64,
}

/// A Weibull curve of proportion correct.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weibull {
    /// α: where 1 - 1/(2e) = 82 % are correct, in the units of x.
    pub threshold: f64,
    /// β: the slope.
    pub slope: f64,
    /// Sum over the points of the squared error.
    pub residual: f64,
}

/// Fits a curve with guesses; `None` where the plain curve has no fit, or where the search does not settle.
pub fn guessing(points: &[Point]) -> Option<Guessing> {
    let plain = fit(points, Bias::Free).ok()?;
    // γ = 1/2 logistic(g) keeps it between 0 and 1/2; sigma = exp(s) above 0
    let gamma = |g: f64| 0.5 / (1.0 + (-g).exp());
    let curve = |p: &[f64], x: f64| gamma(p[2]) + (1.0 - 2.0 * gamma(p[2])) * normal_cdf((x - p[0]) / p[1].exp());
    let start = vec![plain.mu, plain.sigma.ln(), (0.2f64 / 0.8).ln()];
    let (p, residual) = least_squares(points, curve, start, &[plain.sigma, 1.0, 1.0])?;
    Some(Guessing { mu: p[0], sigma: p[1].exp(), gamma: gamma(p[2]), residual })
}

/// Fits proportions correct at x ≥ 0; `None` with fewer than two x above 0, or where the search does not settle.
pub fn weibull(points: &[Point]) -> Option<Weibull> {
    let positive: Vec<f64> = points.iter().map(|p| p.x).filter(|x| *x > 0.0).collect();
    if positive.len() < 2 || positive.len() + 1 < points.len() {
        return None;
    }
    // start: the x nearest to 82 % correct, and a slope of 1
    let distance = |p: &&Point| (p.proportion - 0.816).abs();
    let near = points.iter().filter(|p| p.x > 0.0).min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let curve = |p: &[f64], x: f64| 1.0 - 0.5 * (-(x.max(0.0) / p[0].exp()).powf(p[1].exp())).exp();
    let (p, residual) = least_squares(points, curve, vec![near.x.ln(), 0.0], &[1.0, 1.0])?;
    Some(Weibull { threshold: p[0].exp(), slope: p[1].exp(), residual })
}

/// Levenberg and Marquardt with central differences; `scales` are the sizes of the parameters.
fn least_squares(
    points: &[Point],
    curve: impl Fn(&[f64], f64) -> f64,
    start: Vec<f64>,
    scales: &[f64],
) -> Option<(Vec<f64>, f64)> {
    let squares = |p: &[f64]| points.iter().map(|point| (curve(p, point.x) - point.proportion).powi(2)).sum::<f64>();
    let (mut p, mut damping) = (start, 1e-3);
    let mut best = squares(&p);
    for _ in 0..500 {
        let n = p.len();
        let (mut h, mut g) = (Matrix::zeros(n, n), Matrix::zeros(1, n));
        for point in points {
            let slope = |i: usize| {
                // 1e-6: error of a central difference 1e-12, of its rounding 1e-10
                let (mut up, mut down) = (p.clone(), p.clone());
                up[i] += 1e-6 * scales[i];
                down[i] -= 1e-6 * scales[i];
                (curve(&up, point.x) - curve(&down, point.x)) / 2e-6
            };
            let slopes: Vec<f64> = (0..n).map(slope).collect();
            let error = curve(&p, point.x) - point.proportion;
            for i in 0..n {
                g.values[i] -= slopes[i] * error;
                for j in 0..n {
                    h.values[i * n + j] += slopes[i] * slopes[j];
                }
            }
        }
        for i in 0..n {
            h.values[i * n + i] += damping * h.at(i, i).max(1e-9);
        }
        let step = solve(&h, &g)?;
        let next: Vec<f64> = p.iter().zip(step.row(0)).zip(scales).map(|((p, d), s)| p + d * s).collect();
        let value = squares(&next);
        if value <= best {
            let settled = step.values.iter().all(|d| d.abs() < 1e-9);
            (p, best, damping) = (next, value, (damping * 0.1).max(1e-12));
            if settled {
                return Some((p, best));
            }
        } else {
            damping *= 10.0;
            if damping > 1e12 {
                return Some((p, best));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_told_from_a_shallow_curve() {
        let point = |i: i32| {
            let x = 3.0 * f64::from(i);
            Point { x, n: 100, proportion: 0.07 + 0.86 * normal_cdf((x - 1.5) / 6.0) }
        };
        let points: Vec<_> = (-8..=8).map(point).collect();
        let found = guessing(&points).unwrap();
        assert!((found.mu - 1.5).abs() < 1e-4 && (found.sigma - 6.0).abs() < 1e-4, "{found:?}");
        assert!((found.gamma - 0.07).abs() < 1e-5 && found.residual < 1e-9);
        // the plain curve takes guesses for width
        assert!(fit(&points, Bias::Free).unwrap().sigma > 7.0);
        assert_eq!(guessing(&points.iter().map(|p| Point { proportion: 1.0, ..*p }).collect::<Vec<_>>()), None);
    }

    #[test]
    fn a_weibull_is_recovered() {
        let point = |x: f64| Point { x, n: 100, proportion: 1.0 - 0.5 * (-(x / 9.0f64).powf(1.4)).exp() };
        let found = weibull(&[0.0, 3.2, 6.4, 12.8, 25.6, 51.2].map(point)).unwrap();
        assert!((found.threshold - 9.0).abs() < 1e-4 && (found.slope - 1.4).abs() < 1e-4, "{found:?}");
        assert_eq!(weibull(&[point(3.2)]), None);
    }
}
