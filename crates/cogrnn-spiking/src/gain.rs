//! From current to rate and back; neurons matched to recordings by their mean rate.

use cogrnn_core::error::{Error, Result};
use std::f64::consts::PI;

/// c of [`theta_smooth`]. (§1.2, Eq. 45)
pub const SMOOTHING: f64 = 0.1;

/// φ₁(x) = (1/π) √\[x\]₊: rate of the θ neuron in spikes per τ (× 100 for Hz at τ = 10 ms). (Eq. 13)
pub fn theta(x: f64) -> f64 {
    libm::sqrt(x.max(0.0)) / PI
}

/// φ₂(x) = (1/π) √(c ln(1 + e^{x/c})): the same, smooth. (Eq. 14)
pub fn theta_smooth(x: f64) -> f64 {
    let z = x / SMOOTHING;
    let softplus = z.max(0.0) + libm::log1p(libm::exp(-z.abs()));
    libm::sqrt(SMOOTHING * softplus) / PI
}

/// φ₂'(x) = σ(x/c) / (2π² φ₂(x)); 0 where φ₂ is below 1e-12.
pub fn theta_smooth_slope(x: f64) -> f64 {
    let rate = theta_smooth(x);
    if rate < 1e-12 {
        return 0.0;
    }
    1.0 / (1.0 + libm::exp(-x / SMOOTHING)) / (2.0 * PI * PI * rate)
}

/// A leaky integrate-and-fire neuron as its rate sees it. Times in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifGain {
    /// τ_m, ms.
    pub tau: f64,
    /// V_T.
    pub threshold: f64,
    /// V_r.
    pub reset: f64,
    /// Time at rest after a spike, ms.
    pub refractory: f64,
}

impl Default for LifGain {
    /// §1.6, in continuous time.
    fn default() -> LifGain {
        LifGain { tau: 10.0, threshold: 1.0, reset: 0.0, refractory: 0.0 }
    }
}

impl LifGain {
    /// Rate in Hz under a mean input μ and white noise σ, τ dV = (μ - V) dt + σ √τ dW (Ricciardi; §5.5):
    /// 1/r = t_ref + τ√π ∫_{(V_r-μ)/σ}^{(V_T-μ)/σ} e^{x²} (1 + erf x) dx, by rational approximations good to 1e-4.
    pub fn rate(&self, mu: f64, sigma: f64) -> f64 {
        let interval = self.interval(mu, sigma);
        1000.0 / (interval + self.refractory)
    }

    /// Mean time from reset to threshold, ms; infinite where it never comes.
    fn interval(&self, mu: f64, sigma: f64) -> f64 {
        let (tau, v_t, v_r) = (self.tau, self.threshold, self.reset);
        if sigma <= 0.0 {
            return if mu <= v_t { f64::INFINITY } else { tau * libm::log((mu - v_r) / (mu - v_t)) };
        }
        let (plus, minus) = ((mu - v_r) / sigma, (mu - v_t) / sigma);
        if minus > 0.0 {
            tau * (f_series(plus) - f_series(minus))
        } else if plus > 0.0 {
            tau * (f_series(plus) + libm::exp(minus * minus) * g_series(-minus))
        } else {
            let inner = g_series(-minus) - libm::exp(plus * plus - minus * minus) * g_series(-plus);
            tau * libm::exp(minus * minus + libm::log(inner))
        }
    }

    /// The mean input that gives a rate, Hz; rates below `floor` count as `floor` (the reference: 0.1 Hz). By bisection: the rate
    /// grows with μ. Without noise the inputs for less than 2.7 Hz are nearer to the threshold than numbers lie.
    ///
    /// # Errors
    /// If no input gives the rate.
    pub fn current(&self, rate: f64, sigma: f64, floor: f64) -> Result<f64> {
        let rate = rate.max(floor);
        let far = |reach: f64| self.reset - reach * (self.threshold - self.reset).abs().max(sigma);
        let (mut low, mut high) = (far(1.0), far(-2.0));
        let mut reach = 2.0;
        while self.rate(low, sigma) > rate && reach < 1e6 {
            low = far(reach);
            reach *= 2.0;
        }
        reach = 4.0;
        while self.rate(high, sigma) < rate && reach < 1e9 {
            high = far(-reach);
            reach *= 2.0;
        }
        let bracketed = self.rate(low, sigma) <= rate && self.rate(high, sigma) >= rate;
        if !bracketed || !rate.is_finite() || rate <= 0.0 {
            return Err(Error::input(format!("no input makes a neuron fire at {rate} Hz"))
                .why(format!("after each spike it rests for {} ms, and rates are above 0", self.refractory))
                .remedy("give rates in Hz, above 0 and below what the refractory period allows"));
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.rate(middle, sigma) < rate { low = middle } else { high = middle }
        }
        Ok(0.5 * (low + high))
    }
}

/// F of §5.5, coefficients as printed there.
#[allow(clippy::excessive_precision)]
fn f_series(x: f64) -> f64 {
    const A: [f64; 9] = [
        -0.227_578_813_880_241_76,
        0.773_739_496_854_422_03,
        -0.320_560_161_256_420_45,
        0.321_714_316_606_330_76,
        -0.627_189_066_180_716_68,
        0.935_243_911_642_449_4,
        -1.061_608_484_954_716_5,
        0.642_906_138_773_555_51,
        -0.148_059_135_788_768_98,
    ];
    let z = x / (1.0 + x);
    libm::log(2.0 * x + 1.0) + z * A.iter().rev().fold(0.0, |sum, a| sum * z + a)
}

/// G of §5.5, coefficients as printed there.
#[allow(clippy::excessive_precision)]
fn g_series(x: f64) -> f64 {
    const B: [f64; 7] = [
        3.544_175_411_746_294_9,
        -7.052_913_106_583_537_8,
        -56.532_378_057_580_381,
        279.567_611_054_659_44,
        -520.375_548_494_414_72,
        456.582_457_770_265_14,
        -155.733_404_578_092_26,
    ];
    const C: [f64; 8] = [
        -4.135_796_883_422_605_3,
        -7.298_422_613_826_673_8,
        98.656_602_235_468_327,
        -334.204_362_234_151_63,
        601.086_339_033_941_85,
        -599.585_775_495_983_4,
        277.184_203_306_938_91,
        -16.445_022_798_669_722,
    ];
    let z = x / (2.0 + x);
    let horner = |c: &[f64]| z * c.iter().rev().fold(0.0, |sum, c| sum * z + c);
    horner(&B) / (1.0 + horner(&C))
}

/// σ by which [`LifGain`] sees the fluctuation of a fixed-synapse current: s.d. / √(1.3 τ_bal), τ_bal in ms (§5.5; the 1.3 is
/// the reference's, "calibrated by hand").
pub fn sigma_of_current(sd: f64, tau_background_ms: f64) -> f64 {
    sd / libm::sqrt(1.3 * tau_background_ms)
}

/// Pairs recordings with neurons by mean rate (§3.10): recordings in descending order of rate each take the still free
/// neuron with the nearest rate; of two as near the one with the smaller number. Returns the neuron of each recording.
///
/// # Errors
/// If there are more recordings than neurons.
pub fn match_by_rate(recorded: &[f64], neurons: &[f64]) -> Result<Vec<usize>> {
    if recorded.len() > neurons.len() {
        return Err(Error::input(format!("{} recordings for {} neurons", recorded.len(), neurons.len()))
            .why("each recording is followed by a neuron of its own")
            .remedy("take a larger network or fewer recordings"));
    }
    let descending = |rates: &[f64]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..rates.len()).collect();
        order.sort_by(|&a, &b| rates[b].total_cmp(&rates[a]).then(a.cmp(&b)));
        order
    };
    let mut of = vec![usize::MAX; recorded.len()];
    let mut free: Vec<usize> = descending(neurons);
    for k in descending(recorded) {
        let distance = |n: usize| (neurons[n] - recorded[k]).abs();
        // free neurons descend, so those nearest lie on both sides of where this rate would stand
        let at = free.partition_point(|&n| neurons[n] > recorded[k]);
        let below = free.get(at).copied();
        // the first of those with the same rate above
        let above = at.checked_sub(1).map(|i| free.partition_point(|&n| neurons[n] > neurons[free[i]]));
        let place = match (above, below) {
            (Some(a), Some(b)) => {
                let (x, y) = (distance(free[a]), distance(b));
                if x < y || (x == y && free[a] < b) { a } else { at }
            }
            (Some(a), None) => a,
            _ => at,
        };
        of[k] = free.remove(place);
    }
    Ok(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ricciardi_gives_the_table_of_the_specification() {
        let table =
            [(0.3, 0.3, 0.50068), (0.3, 0.65, 18.400), (0.7, 0.3, 16.927), (0.0, 0.65, 7.0036), (1.5, 0.65, 110.92)];
        for (mu, sigma, hz) in table {
            let rate = LifGain::default().rate(mu, sigma);
            // the table has five digits, the approximation 1e-4
            assert!((rate / hz - 1.0).abs() < 1.5e-4, "({mu}, {sigma}): {rate} for {hz}");
        }
    }

    #[test]
    fn ricciardi_is_the_integral() {
        // by Simpson's rule
        for (mu, sigma) in [(0.5, 0.4), (-0.5, 0.5), (1.2, 0.3)] {
            let f = |x: f64| libm::exp(x * x) * (1.0 + libm::erf(x));
            let (a, b) = ((0.0 - mu) / sigma, (1.0 - mu) / sigma);
            let n = 2000;
            let h = (b - a) / f64::from(n);
            let sum: f64 = (0..=n)
                .map(|i| f(a + h * f64::from(i)) * if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) })
                .sum();
            let exact = 1000.0 / (10.0 * PI.sqrt() * sum * h / 3.0);
            let rate = LifGain::default().rate(mu, sigma);
            assert!((rate / exact - 1.0).abs() < 2e-4, "({mu}, {sigma}): {rate} for {exact}");
        }
    }

    #[test]
    fn current_is_the_inverse_of_rate() {
        for gain in [LifGain::default(), LifGain { refractory: 2.0, tau: 20.0, ..LifGain::default() }] {
            for sigma in [0.0, 0.3, 0.65] {
                let mut last = f64::NEG_INFINITY;
                for hz in [0.1, 1.0, 5.0, 20.0, 100.0] {
                    if sigma == 0.0 && hz < 5.0 {
                        continue; // below 2.7 Hz no number lies near enough above threshold
                    }
                    let mu = gain.current(hz, sigma, 0.1).unwrap();
                    // where one approximation follows another the rate jumps by up to 1e-4
                    assert!((gain.rate(mu, sigma) / hz - 1.0).abs() < 2e-4, "{hz} Hz at {sigma}");
                    assert!(mu > last, "more current, more spikes");
                    last = mu;
                }
                assert_eq!(gain.current(0.0, sigma, 0.1).unwrap(), gain.current(0.1, sigma, 0.1).unwrap());
            }
        }
        assert!(LifGain { refractory: 2.0, ..LifGain::default() }.current(600.0, 0.3, 0.1).is_err());
    }

    #[test]
    fn the_slope_is_the_difference() {
        for x in [-0.5, -0.1, 0.0, 0.3, 2.0] {
            let h = 1e-5;
            let difference = (theta_smooth(x + h) - theta_smooth(x - h)) / (2.0 * h);
            assert!((theta_smooth_slope(x) - difference).abs() < 1e-7 * (1.0 + difference), "{x}");
        }
        assert_eq!(theta_smooth_slope(-100.0), 0.0);
        assert!((theta_smooth(5.0) - theta(5.0)).abs() < 1e-12, "smooth and sharp agree far above threshold");
    }

    #[test]
    fn matching_takes_the_nearest_free_neuron_as_one_would_by_hand() {
        let mut stream =
            cogrnn_core::random::Address { seed: 1, purpose: cogrnn_core::random::Purpose::Targets, trial: 0 }.stream();
        for _ in 0..50 {
            // few different values, so that there are ties
            let neurons: Vec<f64> = (0..40).map(|_| stream.below(15) as f64).collect();
            let recorded: Vec<f64> = (0..25).map(|_| stream.below(30) as f64 / 2.0).collect();
            let mut order: Vec<usize> = (0..25).collect();
            order.sort_by(|&a, &b| recorded[b].total_cmp(&recorded[a]).then(a.cmp(&b)));
            let mut free = [true; 40];
            let mut by_hand = vec![0; 25];
            for k in order {
                let best = (0..40)
                    .filter(|&n| free[n])
                    .min_by(|&a, &b| (neurons[a] - recorded[k]).abs().total_cmp(&(neurons[b] - recorded[k]).abs()))
                    .unwrap();
                free[best] = false;
                by_hand[k] = best;
            }
            assert_eq!(match_by_rate(&recorded, &neurons).unwrap(), by_hand);
        }
        assert!(match_by_rate(&[1.0, 2.0], &[1.0]).is_err());
    }
}
