//! Psychometric curves: how often a choice is made, against the stimulus.
//!
//! ```text
//! F(x; mu, sigma) = Phi((x - mu)/sigma)       Phi the standard normal distribution function
//! (mu, sigma) = argmin Σ_i (F(x_i) - p_i)²    p_i the proportion at x_i, all x_i weighted alike
//! ```
//!
//! Song, Yang & Wang (2016) fit this with mu and sigma free. In their program mu cannot move from 0
//! where the x_i are symmetric, by an accident of its optimiser: [`Bias::Zero`] gives those numbers,
//! [`Bias::Free`] those that were meant.

mod drawing;
mod streaming;
mod variants;

pub use drawing::draw;
pub(crate) use streaming::Tally;
pub use streaming::{Group, Psychometric, Report, Settings};
pub use variants::{Guessing, Weibull, guessing, weibull};

use crate::statistics::{Interval, Z_95};

use cogrnn_core::error::{Error, Result};
use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc;
use std::f64::consts::{PI, SQRT_2};

/// The trials of one stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Stimulus: signed coherence in %, a rate in 1/s, …
    pub x: f64,
    /// Trials.
    pub n: usize,
    /// How many of them ended with the choice, 0 to 1.
    pub proportion: f64,
}

/// Whether the fit may shift the curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bias {
    /// mu and sigma are fitted.
    #[default]
    Free,
    /// mu = 0 and sigma is fitted.
    Zero,
}

/// A cumulative Gaussian.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Where both choices are equally likely, in the units of x.
    pub mu: f64,
    /// Width, in the units of x; above 0 and finite.
    pub sigma: f64,
    /// Sum over the points of the squared error of the proportion.
    pub residual: f64,
    /// Whether the search came to rest; if not, these are the best values it saw.
    pub converged: bool,
}

impl Fit {
    /// Probability of the choice at x.
    pub fn predict(&self, x: f64) -> f64 {
        normal_cdf((x - self.mu) / self.sigma)
    }
}

/// Proportions, and the curve through them if there is one.
///
/// # Example: a network with a slight preference
/// ```
/// use cogrnn_analysis::psychometric::{Bias, Curve};
/// let trials = [(-6.4, false), (-6.4, false), (0.0, true), (0.0, false), (3.2, true), (3.2, false), (6.4, true)];
/// let curve = Curve::from_trials(trials, Bias::Free)?;
/// assert_eq!(curve.points[1].proportion, 0.5);
/// let fit = curve.fit.expect("proportions between 0 and 1 at two stimuli");
/// assert!(fit.mu > 0.0);
/// # Ok::<(), cogrnn_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What x is, with its unit.
    pub x_label: String,
    /// What the proportion is of.
    pub y_label: String,
    /// One a stimulus, x ascending.
    pub points: Vec<Point>,
    /// The curve through them.
    pub fit: Option<Fit>,
    /// Why there is no curve, where there is none.
    #[serde(deserialize_with = "crate::statistics::kept_option")]
    pub no_fit: Option<crate::statistics::Text>,
}

impl Curve {
    /// From trials: the stimulus x, and whether the choice was made. For a decision between two
    /// outputs that is output 0, `choice 1` of the paper's figures, whose evidence has positive x.
    ///
    /// # Errors
    /// Without trials, or with an x that is no number.
    pub fn from_trials(trials: impl IntoIterator<Item = (f64, bool)>, bias: Bias) -> Result<Curve> {
        let mut trials: Vec<(f64, bool)> = trials.into_iter().collect();
        trials.sort_by(|a, b| a.0.total_cmp(&b.0));
        // -0 and 0 are the same stimulus, and neighbours in this order
        let points = trials.chunk_by(|a, b| a.0 == b.0).map(|same| Point {
            x: same[0].0 + 0.0,
            n: same.len(),
            proportion: same.iter().filter(|(_, chosen)| *chosen).count() as f64 / same.len() as f64,
        });
        Curve::from_points(points.collect(), bias)
    }

    /// From proportions.
    ///
    /// # Errors
    /// Without points, with two at the same x, or with numbers that make no proportion.
    pub fn from_points(mut points: Vec<Point>, bias: Bias) -> Result<Curve> {
        if points.is_empty() {
            return Err(Error::input("a psychometric curve without trials")
                .why("no trial showed a stimulus")
                .remedy("run test trials that are not catch trials"));
        }
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        for (i, point) in points.iter().enumerate() {
            if !point.x.is_finite() || !(0.0..=1.0).contains(&point.proportion) {
                return Err(Error::input(format!("a proportion of {} at x = {}", point.proportion, point.x))
                    .why("x must be finite and the proportion lie between 0 and 1")
                    .remedy("leave out trials without a stimulus"));
            }
            if i > 0 && points[i - 1].x == point.x {
                return Err(Error::input(format!("two proportions at x = {}", point.x))
                    .why("the fit weighs every x alike, so each may come once")
                    .remedy("pool their trials, as `Curve::from_trials` does"));
            }
        }
        let (fit, no_fit) = match fit(&points, bias) {
            Ok(fit) => (Some(fit), None),
            Err(why) => (None, Some(why)),
        };
        Ok(Curve {
            x_label: "signed coherence (%)".to_string(),
            y_label: "P(choice 1)".to_string(),
            points,
            fit,
            no_fit,
        })
    }

    /// Probability of the choice at x, where there is a fit.
    pub fn predict(&self, x: f64) -> Option<f64> {
        self.fit.map(|fit| fit.predict(x))
    }
}

/// 95 % interval of a fit's sigma from the binomial scatter of its proportions, by the delta method:
///
/// ```text
/// cov(mu, sigma) = A⁻¹ B A⁻¹      A = JᵀJ,  B = Jᵀ diag(F(1 - F)/n) J,  J = ∂F/∂(mu, sigma) at the x_i
/// interval       = sigma exp(±1.96 s.e./sigma)
/// ```
///
/// `None` where the proportions do not determine sigma.
pub fn sigma_interval(points: &[Point], fit: &Fit, bias: Bias) -> Option<Interval> {
    let (mut a, mut b) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
    for point in points {
        let u = (point.x - fit.mu) / fit.sigma;
        let density = normal_density(u) / fit.sigma;
        let j = [if bias == Bias::Free { -density } else { 0.0 }, -density * u];
        let p = normal_cdf(u);
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            a[row][column] += j[row] * j[column];
            b[row][column] += j[row] * j[column] * p * (1.0 - p) / point.n.max(1) as f64;
        }
    }
    if bias == Bias::Zero {
        // mu is held: any positive entry leaves sigma's own
        a[0][0] = 1.0;
    }
    let determinant = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    // the row of A⁻¹ that belongs to sigma
    let inverse = [-a[1][0] / determinant, a[0][0] / determinant];
    let variance: f64 = (0..2).map(|i| (0..2).map(|k| inverse[i] * b[i][k] * inverse[k]).sum::<f64>()).sum();
    let factor = (Z_95 * variance.sqrt() / fit.sigma).exp();
    factor.is_finite().then(|| Interval {
        low: fit.sigma / factor,
        high: fit.sigma * factor,
        level: 0.95,
        method: "delta method on the logarithm, binomial proportions",
    })
}

/// The standard normal distribution function.
fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// The standard normal density.
fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Least squares by Levenberg and Marquardt, or why there is no answer.
///
/// Searched is (a, b) in F = Phi(a y - b), with x = centre + scale y: nothing in it can divide by
/// zero, and the start, mu_0 = mean(x) and sigma_0 = s.d. of x (Song et al. 2016), is (1, 0) up to
/// the shift that `Bias::Zero` forbids.
fn fit(points: &[Point], bias: Bias) -> Result<Fit, &'static str> {
    let n = points.len() as f64;
    let mean = points.iter().map(|p| p.x / n).sum::<f64>();
    let scale = points.iter().map(|p| (p.x - mean).powi(2) / n).sum::<f64>().sqrt();
    if points.len() < 2 || scale <= 0.0 || !scale.is_finite() {
        return Err("it needs two different stimuli");
    }
    if points.iter().all(|p| p.proportion == points[0].proportion) {
        return Err("all stimuli have the same proportion");
    }
    let (centre, shift) = match bias {
        Bias::Free => (mean, 1.0),
        Bias::Zero => (0.0, 0.0),
    };
    let y = |p: &Point| (p.x - centre) / scale;
    let residual =
        |a: f64, b: f64| -> f64 { points.iter().map(|p| (normal_cdf(a * y(p) - b) - p.proportion).powi(2)).sum() };

    let (mut a, mut b, mut damping, mut converged) = (1.0, 0.0, 1e-3, false);
    let mut best = residual(a, b);
    // 20 are plenty for most data; those without a minimum end where the curve has become a step
    for _ in 0..1000 {
        let (mut h_aa, mut h_ab, mut h_bb, mut g_a, mut g_b) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for p in points {
            let u = a * y(p) - b;
            let (d_a, d_b) = (normal_density(u) * y(p), -normal_density(u) * shift);
            let error = normal_cdf(u) - p.proportion;
            h_aa += d_a * d_a;
            h_ab += d_a * d_b;
            h_bb += d_b * d_b;
            g_a += d_a * error;
            g_b += d_b * error;
        }
        // the floor keeps the system solvable where the curve is flat at every point, or b is held
        let (m_aa, m_bb) = (h_aa + damping * h_aa.max(1e-9), h_bb + damping * h_bb.max(1e-9));
        let determinant = m_aa * m_bb - h_ab * h_ab;
        let step_a = (h_ab * g_b - m_bb * g_a) / determinant;
        let step_b = (h_ab * g_a - m_aa * g_b) / determinant;
        let next = residual(a + step_a, b + step_b);
        // what the squares would lose if errors were linear in a and b
        let promised = -2.0 * (g_a * step_a + g_b * step_b)
            - (h_aa * step_a * step_a + 2.0 * h_ab * step_a * step_b + h_bb * step_b * step_b);
        let gain = (best - next) / promised;
        if next <= best {
            (a, b, best) = (a + step_a, b + step_b, next);
        }
        // trust the linear picture more where it kept its promise, less where it did not
        if gain > 0.75 {
            damping = (damping * 0.1_f64).max(1e-9);
        } else if gain <= 0.25 || gain.is_nan() {
            damping *= 10.0;
        }
        // relative to a and b of order 1: far below any error of a proportion
        if step_a.abs() + step_b.abs() < 1e-10 * (1.0 + a.abs() + b.abs()) {
            converged = true;
            break;
        }
    }

    // The limit sigma → 0. If it does as well, there is no smallest sum of squares to be found.
    if steepest(points, bias) <= best * (1.0 + 1e-6) + 1e-12 {
        return Err("too steep: smaller sigmas fit as well");
    }
    // 1e-3: a sigma of a thousand times the spread of the stimuli
    if a < 1e-3 {
        return Err("the proportion does not rise with x");
    }
    Ok(Fit { mu: centre + scale * b / a, sigma: scale / a, residual: best, converged })
}

/// Smallest sum of squares of a curve of no width: 0, then 1, and at most one point on the edge.
fn steepest(points: &[Point], bias: Bias) -> f64 {
    let squares = |edge: f64, at_edge: &dyn Fn(f64) -> f64| -> f64 {
        let square = |p: &Point| match p.x.total_cmp(&edge) {
            std::cmp::Ordering::Less => p.proportion.powi(2),
            std::cmp::Ordering::Equal => at_edge(p.proportion),
            std::cmp::Ordering::Greater => (1.0 - p.proportion).powi(2),
        };
        points.iter().map(square).sum()
    };
    match bias {
        // a step may pass any one point at the height of its proportion
        Bias::Free => points.iter().map(|p| squares(p.x, &|_| 0.0)).fold(f64::INFINITY, f64::min),
        Bias::Zero => squares(0.0, &|proportion| (proportion - 0.5).powi(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: [f64; 11] = [-51.2, -25.6, -12.8, -6.4, -3.2, 0.0, 3.2, 6.4, 12.8, 25.6, 51.2];

    fn points(x: &[f64], proportions: &[f64]) -> Vec<Point> {
        x.iter().zip(proportions).map(|(&x, &proportion)| Point { x, n: 60, proportion }).collect()
    }

    fn curve(x: &[f64], proportions: &[f64], bias: Bias) -> Curve {
        Curve::from_points(points(x, proportions), bias).unwrap()
    }

    #[test]
    fn the_fit_of_the_reference_is_found() {
        // An example of Song et al.'s program with mu stuck at 0, and the same data with both free;
        // printed to three decimals
        let proportions = [0.0, 0.0, 0.05, 0.233, 0.367, 0.417, 0.6, 0.733, 0.967, 0.967, 1.0];
        let stuck = curve(&X, &proportions, Bias::Zero).fit.unwrap();
        assert!((stuck.sigma - 8.878).abs() < 5e-4 && stuck.mu == 0.0 && stuck.converged, "{stuck:?}");
        let free = curve(&X, &proportions, Bias::Free).fit.unwrap();
        assert!((free.sigma - 8.807).abs() < 5e-4, "{free:?}");
        assert!((free.mu - 0.713).abs() < 5e-4 && free.converged, "{free:?}");
        assert!(free.residual < stuck.residual);
    }

    #[test]
    fn trials_are_pooled_by_stimulus() {
        let trials = [(3.2, true), (-3.2, false), (0.0, true), (-0.0, false), (3.2, true), (3.2, false)];
        let curve = Curve::from_trials(trials, Bias::Free).unwrap();
        let p = |x, n, proportion| Point { x, n, proportion };
        assert_eq!(curve.points, [p(-3.2, 1, 0.0), p(0.0, 2, 0.5), p(3.2, 3, 2.0 / 3.0)]);
    }

    #[test]
    fn data_without_a_best_curve_have_no_fit() {
        let none = |x: &[f64], p: &[f64], bias| {
            let curve = curve(x, p, bias);
            assert_eq!(curve.fit, None, "{p:?}");
            assert_eq!(curve.predict(1.0), None);
            curve.no_fit.unwrap()
        };
        for bias in [Bias::Free, Bias::Zero] {
            assert!(none(&[3.2], &[0.5], bias).contains("two different"));
            assert!(none(&X, &[0.0; 11], bias).contains("the same proportion"));
            assert!(none(&X, &[1.0; 11], bias).contains("the same proportion"));
            // a perfect subject
            let step = X.map(|x| if x == 0.0 { 0.4 } else { f64::from(u8::from(x > 0.0)) });
            assert!(none(&X, &step, bias).contains("too steep"));
            // a subject that answers the wrong way round
            assert!(none(&X, &X.map(|x| normal_cdf(-x / 10.0)), bias).contains("does not rise"));
        }
        // one slip at the edge of the range
        assert!(none(&[1.0, 2.0, 3.0], &[0.9, 1.0, 1.0], Bias::Free).contains("too steep"));
    }

    /// Errors stay large here, so the linear picture overshoots; without the check of its promise
    /// the search went to and fro.
    #[test]
    fn a_poor_fit_settles_too() {
        let fit = curve(&X[..5], &[0.25, 0.25, 0.25, 0.0, 0.5], Bias::Zero).fit.unwrap();
        assert!(fit.converged, "{fit:?}");
    }

    #[test]
    fn what_is_no_proportion_is_refused() {
        assert!(Curve::from_trials([], Bias::Free).is_err());
        assert!(Curve::from_trials([(f64::NAN, true)], Bias::Free).is_err());
        assert!(Curve::from_points(points(&[1.0, 1.0], &[0.1, 0.9]), Bias::Free).is_err());
        assert!(Curve::from_points(points(&[1.0, 2.0], &[0.1, 1.1]), Bias::Free).is_err());
    }

    proptest! {
        /// Proportions computed from a curve give back that curve: the residual can be zero.
        #[test]
        fn a_curve_is_recovered(mu in -20.0..20.0f64, sigma in 3.0..60.0f64) {
            let x: Vec<f64> = (-8..=8).map(|i| 6.0 * f64::from(i)).collect();
            let p: Vec<f64> = x.iter().map(|x| normal_cdf((x - mu) / sigma)).collect();
            let fit = curve(&x, &p, Bias::Free).fit.unwrap();
            // the search stops at steps of 1e-10 of the spread of x, 30
            prop_assert!((fit.mu - mu).abs() < 1e-6 && (fit.sigma - sigma).abs() < 1e-6, "{fit:?}");
            prop_assert!(fit.converged);
            let centred = curve(&x, &x.iter().map(|x| normal_cdf(x / sigma)).collect::<Vec<_>>(), Bias::Zero);
            prop_assert!((centred.fit.unwrap().sigma - sigma).abs() < 1e-6);
        }

        /// Whatever the proportions, the result is a curve of finite numbers or none.
        #[test]
        fn no_data_break_it(p in prop::collection::vec(0.0..=1.0f64, 1..12), rounding in 1..6u32, free: bool) {
            let p: Vec<f64> = p.iter().map(|p| (p * f64::from(rounding)).round() / f64::from(rounding)).collect();
            let bias = if free { Bias::Free } else { Bias::Zero };
            let curve = curve(&X[..p.len().min(11)], &p, bias);
            prop_assert_eq!(curve.fit.is_none(), curve.no_fit.is_some());
            if let Some(fit) = curve.fit {
                prop_assert!(fit.mu.is_finite() && fit.sigma.is_finite() && fit.sigma > 0.0);
                prop_assert!(fit.residual >= 0.0 && fit.converged, "{:?}", fit);
            }
        }

        /// No neighbouring curve does better: a local minimum.
        #[test]
        fn no_neighbour_does_better(p in prop::collection::vec(0.0..=1.0f64, 11)) {
            let curve = curve(&X, &p, Bias::Free);
            if let Some(fit) = curve.fit {
                let residual = |fit: Fit| -> f64 {
                    curve.points.iter().map(|p| (fit.predict(p.x) - p.proportion).powi(2)).sum()
                };
                prop_assert!((residual(fit) - fit.residual).abs() < 1e-12);
                for (d_mu, d_sigma) in [(1e-3, 0.0), (-1e-3, 0.0), (0.0, 1e-3), (0.0, -1e-3)] {
                    let near = Fit { mu: fit.mu + d_mu * fit.sigma, sigma: fit.sigma * (1.0 + d_sigma), ..fit };
                    // 1e-10: rounding of eleven squares, and the flatness of wide curves
                    prop_assert!(residual(near) > fit.residual - 1e-10);
                }
            }
        }
    }
}
