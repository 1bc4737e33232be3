//! Small statistics that several analyses share.

use cogrnn_core::names::intern;
use cogrnn_core::random::Stream;
use serde::{Deserialize, Deserializer, Serialize};
use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;
use std::f64::consts::SQRT_2;

/// Text that is part of a report, kept for good.
pub type Text = &'static str;

/// Text of a report, read back.
pub(crate) fn kept<'de, D: Deserializer<'de>>(d: D) -> std::result::Result<&'static str, D::Error> {
    String::deserialize(d).map(|text| intern(&text))
}

/// The same where there may be none.
pub(crate) fn kept_option<'de, D: Deserializer<'de>>(d: D) -> std::result::Result<Option<&'static str>, D::Error> {
    Ok(Option::<String>::deserialize(d)?.map(|text| intern(&text)))
}

/// The same for the four variables of the regression.
pub(crate) fn kept_four<'de, D: Deserializer<'de>>(d: D) -> std::result::Result<[&'static str; 4], D::Error> {
    Ok(<[String; 4]>::deserialize(d)?.map(|text| intern(&text)))
}

/// The quantile of the standard normal distribution that leaves 2.5 % above it.
pub(crate) const Z_95: f64 = 1.959963984540054;

/// An interval of confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How much of the distribution it holds: 0.95.
    pub level: f64,
    /// How it was found.
    #[serde(deserialize_with = "kept")]
    pub method: Text,
}

/// Number, mean and spread of values seen one by one (Welford).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Values.
    pub n: usize,
    /// Their mean; 0 before the first.
    pub mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds a value.
    pub fn add(&mut self, x: f64) {
        self.n += 1;
        let before = x - self.mean;
        self.mean += before / self.n as f64;
        self.squares += before * (x - self.mean);
    }

    /// Variance with divisor n; 0 before the first value.
    pub fn population_variance(&self) -> f64 {
        self.squares / self.n.max(1) as f64
    }

    /// Standard error of the mean, from the variance with divisor n - 1; `None` with fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.squares / (self.n - 1) as f64 / self.n as f64).sqrt())
    }
}

/// Counts in bins of equal width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// What was counted, with its unit.
    pub x_label: String,
    /// Edges of the bins, one more than there are bins.
    pub edges: Vec<f64>,
    /// Values in each bin; the last includes its upper edge.
    pub counts: Vec<usize>,
    /// The same as a density: the bars' areas sum to 1.
    pub density: Vec<f64>,
    /// Values in all.
    pub n: usize,
}

impl Histogram {
    /// Of finite values; the number of bins by the rule of Song et al. (2016, section 5.3): for n < 200
    /// ceil(log₂ n + 1) (Sturges), else floor(range/width) with width 3.5 s.d. n^(-1/3) (Scott).
    /// `None` without values.
    pub fn new(x_label: &str, values: &[f64]) -> Option<Histogram> {
        let n = values.len();
        let mut moments = Moments::default();
        values.iter().for_each(|v| moments.add(*v));
        let (mut low, mut high) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        if n == 0 {
            return None;
        }
        let width = 3.5 * moments.population_variance().sqrt() * (n as f64).powf(-1.0 / 3.0);
        let bins = match n {
            ..200 => ((n as f64).log2() + 1.0).ceil() as usize,
            _ if width > 0.0 => (((high - low) / width).floor() as usize).max(1),
            _ => 1,
        };
        if low == high {
            // all alike: a bin of width 1 around them
            (low, high) = (low - 0.5, high + 0.5);
        }
        let step = (high - low) / bins as f64;
        let mut counts = vec![0; bins];
        for v in values {
            counts[(((v - low) / step) as usize).min(bins - 1)] += 1;
        }
        Some(Histogram {
            x_label: x_label.to_string(),
            edges: (0..=bins).map(|i| low + i as f64 * step).collect(),
            density: counts.iter().map(|c| *c as f64 / (n as f64 * step)).collect(),
            counts,
            n,
        })
    }
}

/// The quantile q of sorted values, linear between them; `None` without values.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

/// Two-sided p value of a standard normal z.
pub fn normal_p(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

/// Two-sided p value of Student's t with `freedom` degrees of freedom; not a number for a t that is none.
pub fn student_p(t: f64, freedom: f64) -> f64 {
    match t {
        t if t.is_nan() => f64::NAN,
        t if t.is_infinite() => 0.0,
        // P(|T| > t) = I_{ν/(ν + t²)}(ν/2, 1/2)
        _ => beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t)),
    }
}

/// Slope of y against x by least squares, and its two-sided p value with n - 2 degrees of freedom. Both are not
/// numbers where x does not vary; p is none where y does not vary, or with two points.
pub fn slope(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mean_x).powi(2);
        xy += (x - mean_x) * (y - mean_y);
        yy += (y - mean_y).powi(2);
    }
    let slope = xy / xx;
    if yy == 0.0 || n <= 2.0 {
        return (slope, f64::NAN);
    }
    let rest = (yy - slope * xy).max(0.0);
    (slope, student_p(slope / (rest / (n - 2.0) / xx).sqrt(), n - 2.0))
}

/// Pearson's correlation; not a number where one of the two does not vary.
pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mean_x).powi(2);
        xy += (x - mean_x) * (y - mean_y);
        yy += (y - mean_y).powi(2);
    }
    xy / (xx * yy).sqrt()
}

/// Smooths with a Gaussian of s.d. `sd` samples, cut off at 4 s.d.; past its ends the signal is mirrored about
/// the edges of its end samples (`reflect` of SciPy). An s.d. of 0 leaves it alone.
pub fn smooth(signal: &mut [f64], sd: f64) {
    let n = signal.len() as i64;
    if sd <= 0.0 || n == 0 {
        return;
    }
    let radius = (4.0 * sd + 0.5) as i64;
    let weights: Vec<f64> = (-radius..=radius).map(|i| (-0.5 * (i as f64 / sd).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let before = signal.to_vec();
    for (k, value) in signal.iter_mut().enumerate() {
        let terms = weights.iter().zip(-radius..).map(|(w, i)| {
            let place = (k as i64 + i).rem_euclid(2 * n);
            w * before[place.min(2 * n - 1 - place) as usize]
        });
        *value = terms.sum::<f64>() / total;
    }
}

/// Draws numbers of successes among n trials of probability p.
pub(crate) struct Binomial {
    cumulative: Vec<f64>,
}

impl Binomial {
    pub fn new(n: usize, p: f64) -> Binomial {
        let count = n as f64;
        let mut total = 0.0;
        let cumulative = (0..=n).map(|k| {
            let k = k as f64;
            let ways = ln_gamma(count + 1.0) - ln_gamma(k + 1.0) - ln_gamma(count - k + 1.0);
            // 0 ln 0 = 0
            let times = |m: f64, p: f64| if m == 0.0 { 0.0 } else { m * p.ln() };
            total += (ways + times(k, p) + times(count - k, 1.0 - p)).exp();
            total
        });
        Binomial { cumulative: cumulative.collect() }
    }

    pub fn draw(&self, stream: &mut Stream) -> usize {
        let u = stream.uniform() * self.cumulative.last().copied().unwrap_or(1.0);
        self.cumulative.partition_point(|c| *c <= u).min(self.cumulative.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::random::{Address, Purpose};

    #[test]
    fn p_values_agree_with_tables() {
        // Student's t with 5 degrees of freedom: 2.5706 leaves 5 % outside, 4.0321 leaves 1 %
        assert!((student_p(2.570582, 5.0) - 0.05).abs() < 1e-7);
        assert!((student_p(-4.032143, 5.0) - 0.01).abs() < 1e-7);
        assert!((normal_p(Z_95) - 0.05).abs() < 1e-9);
        assert_eq!(student_p(f64::INFINITY, 5.0), 0.0);
        assert!(student_p(f64::NAN, 5.0).is_nan());
    }

    #[test]
    fn a_slope_worked_by_hand() {
        // x̄ = 4, ȳ = 4, Sxx = 28, Sxy = 135 - 112 = 23, Syy = 28: slope 23/28, rest 28 - 23²/28,
        // t = slope/sqrt(rest/5/28) = 3.2206; p by the closed form for 5 degrees of freedom
        let (a, p) = slope(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &[2.0, 1.0, 4.0, 3.0, 7.0, 5.0, 6.0]);
        assert!((a - 23.0 / 28.0).abs() < 1e-12, "{a}");
        let t = 23.0 / 28.0 / ((28.0 - 23.0f64.powi(2) / 28.0) / 140.0).sqrt();
        let theta = (t / 5f64.sqrt()).atan();
        // Abramowitz & Stegun 26.7.3: A(t|5) = 2/π [θ + sin θ (cos θ + 2/3 cos³ θ)]
        let inside =
            2.0 / std::f64::consts::PI * (theta + theta.sin() * (theta.cos() + 2.0 / 3.0 * theta.cos().powi(3)));
        assert!((p - (1.0 - inside)).abs() < 1e-12, "{p} {inside}");
        // tables: 0.02 at 3.365, 0.05 at 2.571
        assert!(p > 0.02 && p < 0.05);
        assert!(slope(&[1.0, 2.0, 3.0], &[4.0; 3]).1.is_nan());
    }

    #[test]
    fn smoothing_is_scipys() {
        // scipy.ndimage.gaussian_filter1d([0, 0, 1, 0, 0, 0], 1) by its definition, w_i = exp(-i²/2)
        let mut signal = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        smooth(&mut signal, 1.0);
        let w = |i: i32| (-0.5 * f64::from(i * i)).exp();
        let total: f64 = (-4..=4).map(w).sum();
        // mirrored ones lie at -3 and 9
        assert!((signal[2] - w(0) / total).abs() < 1e-15);
        assert!((signal[0] - (w(2) + w(3)) / total).abs() < 1e-15);
        assert!((signal[5] - (w(3) + w(4)) / total).abs() < 1e-15);
        let mut constant = [3.0; 3];
        smooth(&mut constant, 2.0);
        assert!(constant.iter().all(|v| (v - 3.0).abs() < 1e-12));
    }

    #[test]
    fn bins_follow_sturges_then_scott() {
        let ramp = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
        // ceil(log2 100 + 1) = ceil(7.64)
        assert_eq!(Histogram::new("x", &ramp(100)).unwrap().counts.len(), 8);
        // s.d. of 0..1000 is sqrt((n² - 1)/12) = 288.67, width 101.03, range 999
        let scott = Histogram::new("x", &ramp(1000)).unwrap();
        assert_eq!(scott.counts.len(), 9);
        assert_eq!(scott.counts.iter().sum::<usize>(), 1000);
        let area: f64 = scott.density.iter().map(|d| d * (scott.edges[1] - scott.edges[0])).sum();
        assert!((area - 1.0).abs() < 1e-12);
        assert_eq!(Histogram::new("x", &[5.0; 300]).unwrap().counts, [300]);
        assert_eq!(Histogram::new("x", &[]), None);
    }

    #[test]
    fn quantiles_are_linear_between_values() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.5), Some(3.0));
        assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.25), Some(1.75));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn moments_and_correlation() {
        let mut m = Moments::default();
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|x| m.add(x));
        assert!((m.mean - 5.0).abs() < 1e-12 && (m.population_variance() - 4.0).abs() < 1e-12);
        assert!((m.standard_error().unwrap() - (32.0f64 / 7.0 / 8.0).sqrt()).abs() < 1e-12);
        assert!((correlation(&[1.0, 2.0, 3.0], &[-2.0, -4.0, -6.0]) + 1.0).abs() < 1e-12);
        assert!(correlation(&[1.0, 2.0], &[1.0, 1.0]).is_nan());
    }

    #[test]
    fn binomials_have_their_mean_and_variance() {
        let mut stream = Address { seed: 1, purpose: Purpose::TestTrials, trial: 0 }.stream();
        // 2000 trials at p = 0.5: (1/2)^2000 is below the smallest double
        let (binomial, mut m) = (Binomial::new(2000, 0.5), Moments::default());
        (0..4000).for_each(|_| m.add(binomial.draw(&mut stream) as f64));
        // standard errors: 22.4/63 = 0.35 of the mean, 500 sqrt(2/4000) = 11 of the variance; five of them
        assert!((m.mean - 1000.0).abs() < 1.8 && (m.population_variance() - 500.0).abs() < 56.0, "{m:?}");
        assert_eq!(Binomial::new(7, 0.0).draw(&mut stream), 0);
        assert_eq!(Binomial::new(7, 1.0).draw(&mut stream), 7);
    }
}
