//! What neurons are to follow: one function of time for each (§3.2, §1.6). Every neuron's numbers have an address.
//!
//! Targets of the θ system are drives (dimensionless), sampled every `dt`; those of the balanced network are currents in units
//! of the threshold. All come back as (neuron × sample), the first sample at time 0 unless said otherwise.

use crate::connect;
use crate::gain;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::units::{Time, ms};
use std::f64::consts::PI;

/// A range to draw from, uniformly.
pub type Range = [f64; 2];

fn stream(seed: u64, purpose: Purpose, set: u64, neuron: usize) -> Stream {
    Address { seed, purpose, trial: set }.stream_at(neuron as u32)
}

fn within(stream: &mut Stream, [low, high]: Range) -> f64 {
    low + (high - low) * stream.uniform()
}

/// Which targets: of how many neurons, how long, which set (each pattern has one).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Neurons.
    pub neurons: usize,
    /// Samples of each.
    pub samples: usize,
    /// Between samples.
    pub dt: Time,
    /// Seed.
    pub seed: u64,
    /// Which set of targets.
    pub set: u64,
}

impl Window {
    fn draw(&self, mut of: impl FnMut(&mut Stream) -> Vec<f64>) -> Vec<Vec<f64>> {
        (0..self.neurons).map(|i| of(&mut stream(self.seed, Purpose::Targets, self.set, i))).collect()
    }

    fn times(&self) -> impl Iterator<Item = f64> + use<> {
        let dt = self.dt.as_ms();
        (0..self.samples).map(move |k| k as f64 * dt)
    }
}

/// A sin(2π(t - T₀)/T₁). Figures 1 and 2: A in \[0.5, 1.5\], T₀ in \[0, 1000\], T₁ in \[300, 1000\] ms.
pub fn sines(window: &Window, amplitude: Range, t0: Range, t1: Range) -> Vec<Vec<f64>> {
    window.draw(|s| {
        let (a, t0, t1) = (within(s, amplitude), within(s, t0), within(s, t1));
        window.times().map(|t| a * libm::sin(2.0 * PI * (t - t0) / t1)).collect()
    })
}

/// A sin(2π(t - T₀)/T₁) sin(2π(t - T₀)/T₂). Figure 3: A in \[0.5, 1.5\], T₀ in \[0, 1000\], T₁ in \[500, 1000\], T₂ in
/// \[100, 500\] ms. (The program draws a phase for each factor; this is the article.)
pub fn products_of_sines(window: &Window, amplitude: Range, t0: Range, t1: Range, t2: Range) -> Vec<Vec<f64>> {
    window.draw(|s| {
        let (a, t0, t1, t2) = (within(s, amplitude), within(s, t0), within(s, t1), within(s, t2));
        let wave = |t: f64, period: f64| libm::sin(2.0 * PI * (t - t0) / period);
        window.times().map(|t| a * wave(t, t1) * wave(t, t2)).collect()
    })
}

/// One step of an Ornstein-Uhlenbeck path in the programs' convention: x ← x + b (μ - x) dt + s √dt N(0,1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrnsteinUhlenbeck {
    /// μ.
    pub mean: f64,
    /// b = 1/τ_c.
    pub tau: Time,
    /// s: per root of the unit of time below.
    pub amplitude: f64,
    /// The unit of time in which s and dt are: 10 ms in the θ system, 1 ms in the balanced network.
    pub unit: Time,
}

impl OrnsteinUhlenbeck {
    /// Targets of Figure 3 (§3.2): τ_c = 200 ms, s = 0.3 in units of 10 ms, so that the s.d. is 0.95. The article's equation
    /// read literally gives 0.047; the published rate, 12.1 Hz, is that of the program's.
    pub fn figure_3() -> OrnsteinUhlenbeck {
        OrnsteinUhlenbeck { mean: 0.0, tau: ms(200.0), amplitude: 0.3, unit: ms(10.0) }
    }

    /// Drives of the auxiliaries of Figure 5: τ_c = 800 ms, s = 0.1.
    pub fn figure_5() -> OrnsteinUhlenbeck {
        OrnsteinUhlenbeck { mean: 0.0, tau: ms(800.0), amplitude: 0.1, unit: ms(10.0) }
    }

    /// The cue of §1.6: b = 1/20 per ms, σ = 0.2.
    pub fn cue() -> OrnsteinUhlenbeck {
        OrnsteinUhlenbeck { mean: 0.0, tau: ms(20.0), amplitude: 0.2, unit: ms(1.0) }
    }

    /// Rates of external neurons of §1.6, Hz: μ = 5, b = 1/400 per ms, σ = 0.2.
    pub fn external_rate() -> OrnsteinUhlenbeck {
        OrnsteinUhlenbeck { mean: 5.0, tau: ms(400.0), amplitude: 0.2, unit: ms(1.0) }
    }

    /// s √(τ_c/2), for dt short against τ_c.
    pub fn stationary_sd(&self) -> f64 {
        self.amplitude * libm::sqrt(self.tau / self.unit / 2.0)
    }

    /// Samples of a path that starts here.
    fn path(&self, stream: &mut Stream, start: f64, dt: Time, samples: usize) -> Vec<f64> {
        let (decay, kick) = (dt / self.tau, self.amplitude * libm::sqrt(dt / self.unit));
        let mut x = start;
        let mut path = Vec::with_capacity(samples);
        for _ in 0..samples {
            path.push(x);
            x += decay * (self.mean - x) + kick * stream.normal();
        }
        path
    }

    /// Targets with random initial conditions, stationary from the start.
    pub fn targets(&self, window: &Window) -> Vec<Vec<f64>> {
        // of the discrete process, whose variance is s² dt / (1 - (1 - dt/τ)²)
        let keep = 1.0 - window.dt / self.tau;
        let sd = self.amplitude * libm::sqrt(window.dt / self.unit / (1.0 - keep * keep));
        window.draw(|s| {
            let start = self.mean + sd * s.normal();
            self.path(s, start, window.dt, window.samples)
        })
    }
}

/// Cues of a balanced network (§1.6), (step × neuron): a path from 0 for each neuron, whose first row is one step old.
pub fn path_cues(window: &Window, ou: &OrnsteinUhlenbeck) -> Vec<f64> {
    let mut rows = vec![0.0; window.samples * window.neurons];
    for i in 0..window.neurons {
        let path = ou.path(&mut stream(window.seed, Purpose::Cues, window.set, i), 0.0, window.dt, window.samples + 1);
        for (k, x) in path[1..].iter().enumerate() {
            rows[k * window.neurons + i] = *x;
        }
    }
    rows
}

/// Constant cues, uniform in a range: \[-1, 1\] in the article, \[-2, 2\] in its program, \[-0.5, 0.5\] in §3.10.
pub fn constant_cues(neurons: usize, range: Range, seed: u64, set: u64) -> Vec<f64> {
    (0..neurons).map(|i| within(&mut stream(seed, Purpose::Cues, set, i), range)).collect()
}

/// Probabilities of spikes of external neurons (§1.6, §3.10), (step × neuron): an OU path of rates in Hz from its mean, the
/// centred moving average over ± `half` steps (cut at the ends), at least 0, times dt.
pub fn external_probabilities(window: &Window, ou: &OrnsteinUhlenbeck, half: usize) -> Vec<f32> {
    let (n, per_step) = (window.neurons, window.dt.as_ms() / 1000.0);
    let mut rows = vec![0.0f32; window.samples * n];
    for i in 0..n {
        let mut s = stream(window.seed, Purpose::ExternalRates, window.set, i);
        let path = ou.path(&mut s, ou.mean, window.dt, window.samples);
        let mut sums = vec![0.0];
        path.iter().for_each(|x| sums.push(sums[sums.len() - 1] + x));
        for k in 0..window.samples {
            let (from, to) = (k.saturating_sub(half), (k + half + 1).min(window.samples));
            let hz = (sums[to] - sums[from]) / (to - from) as f64;
            rows[k * n + i] = (hz.max(0.0) * per_step) as f32;
        }
    }
    rows
}

/// A chaotic rate network (§3.2): τ dx/dt = -x + M h(x), h = φ₁, M sparse with s.d. g/√(Np).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChaoticRates {
    /// τ.
    pub tau: Time,
    /// p.
    pub density: f64,
    /// g.
    pub gain: f64,
    /// Whether rows of M sum to 0. Not in the article, but in its program, and needed for its rates.
    pub balanced: bool,
    /// Time that passes before the window.
    pub settle: Time,
}

impl Default for ChaoticRates {
    fn default() -> ChaoticRates {
        ChaoticRates { tau: ms(40.0), density: 0.3, gain: 5.0, balanced: true, settle: ms(1100.0) }
    }
}

impl ChaoticRates {
    /// Trajectories by Euler's method with steps of the window's dt (1 ms in the program), from x = 0.2 U\[0, 1).
    pub fn targets(&self, window: &Window) -> Vec<Vec<f64>> {
        let n = window.neurons;
        let seed = window.seed ^ window.set << 32;
        let m = connect::sparse_gaussian::<f64>(n, self.density, self.gain, self.balanced, seed);
        let mut x: Vec<f64> =
            (0..n).map(|i| 0.2 * stream(window.seed, Purpose::Targets, window.set, i).uniform()).collect();
        let rate = window.dt / self.tau;
        let mut h = vec![0.0; n];
        let mut out = vec![Vec::with_capacity(window.samples); n];
        let settle = self.settle.steps(window.dt);
        for step in 0..settle + window.samples {
            if step >= settle {
                out.iter_mut().zip(&x).for_each(|(o, x)| o.push(*x));
            }
            h.iter_mut().zip(&x).for_each(|(h, x)| *h = gain::theta(*x));
            for (i, x) in x.iter_mut().enumerate() {
                *x += rate * (m.product(i, &h) - *x);
            }
        }
        out
    }
}

/// Rates of the auxiliaries of Figure 5 (§3.2), spikes per τ: φ₁(x) of drives, low-passed with τ_s.
pub fn auxiliary_rates(window: &Window, ou: &OrnsteinUhlenbeck, tau_s: Time) -> Vec<Vec<f64>> {
    let mut drives = ou.targets(window);
    let rate = window.dt / tau_s;
    for path in &mut drives {
        let mut y = gain::theta(path[0]);
        for x in path {
            y += rate * (gain::theta(*x) - y);
            *x = y;
        }
    }
    drives
}

/// What φ₁ makes of drives: targets for training the rate (§2.2), spikes per τ.
pub fn rates_of_drives(drives: &[Vec<f64>]) -> Vec<Vec<f64>> {
    drives.iter().map(|f| f.iter().map(|x| gain::theta(*x)).collect()).collect()
}

/// Targets of §1.6: 0.5 sin(2π(t - phase)/1000 ms) + the neuron's mean current, at the ends of intervals of `window.dt` after
/// `from`: t = from + k dt, k = 1, 2, …
pub fn balanced_sinusoids(window: &Window, from: Time, mean_current: &[f64]) -> Vec<Vec<f64>> {
    const AMPLITUDE: f64 = 0.5;
    const PERIOD: f64 = 1000.0; // ms
    let mut means = mean_current.iter();
    window.draw(|s| {
        let phase = within(s, [0.0, PERIOD]);
        let mean = means.next().copied().unwrap_or(0.0);
        let t = window.times().map(|t| from.as_ms() + window.dt.as_ms() + t);
        t.map(|t| AMPLITUDE * libm::sin(2.0 * PI * (t - phase) / PERIOD) + mean).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(neurons: usize, samples: usize) -> Window {
        Window { neurons, samples, dt: ms(1.0), seed: 4, set: 0 }
    }

    fn moments(all: &[Vec<f64>]) -> (f64, f64) {
        let n = all.iter().map(Vec::len).sum::<usize>() as f64;
        let mean = all.iter().flatten().sum::<f64>() / n;
        (mean, (all.iter().flatten().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
    }

    #[test]
    fn ornstein_uhlenbeck_has_its_stationary_sd_and_correlation_time() {
        for ou in [OrnsteinUhlenbeck::figure_3(), OrnsteinUhlenbeck::cue()] {
            let all = ou.targets(&window(4000, 400));
            let (_, sd) = moments(&all);
            // 4000 independent paths: relative s.d. of the s.d. at most 1/√8000 = 1.1 %; four of them, and dt/τ/4 of Euler
            let want = ou.stationary_sd();
            assert!((sd / want - 1.0).abs() < 0.045 + 0.25 / (ou.tau / ms(1.0)), "{sd} for {want}");
            // from the first sample to the last it does not grow
            let at = |k: usize| moments(&all.iter().map(|x| vec![x[k]]).collect::<Vec<_>>()).1;
            assert!((at(0) / at(399) - 1.0).abs() < 0.07);
            let lag = (ou.tau / ms(1.0)) as usize;
            let both: f64 = all.iter().map(|x| x[0] * x[lag]).sum::<f64>() / 4000.0;
            assert!((both / (sd * sd) - (-1.0f64).exp()).abs() < 0.08, "e-fold in τ_c");
        }
        assert!((OrnsteinUhlenbeck::figure_3().stationary_sd() - 0.3 * 10f64.sqrt()).abs() < 1e-12);
        assert!((OrnsteinUhlenbeck::cue().stationary_sd() - 0.632).abs() < 1e-3);
    }

    #[test]
    fn quasi_static_rates_are_those_of_the_specification() {
        // §3.3: mean φ₁ × 100 Hz of 10.0 (products), 9.2 and without balance 14.5 (chaotic), 12.5 to 12.8 (OU). Other networks and
        // seeds scatter by some per cent.
        let hz = |f: &[Vec<f64>]| 100.0 * moments(&rates_of_drives(f)).0;
        let w = window(500, 1000);
        let products = hz(&products_of_sines(&w, [0.5, 1.5], [0.0, 1000.0], [500.0, 1000.0], [100.0, 500.0]));
        assert!((products - 10.0).abs() < 0.3, "{products}");
        let ou = hz(&OrnsteinUhlenbeck::figure_3().targets(&w));
        assert!((ou - 12.6).abs() < 0.5, "{ou}");
        let chaotic = hz(&ChaoticRates::default().targets(&w));
        assert!((chaotic - 9.2).abs() < 0.9, "{chaotic}");
        let unbalanced = hz(&ChaoticRates { balanced: false, ..ChaoticRates::default() }.targets(&w));
        assert!(unbalanced > chaotic + 3.0, "{unbalanced}");
    }

    #[test]
    fn sines_are_sines() {
        let w = window(50, 1000);
        for f in sines(&w, [0.5, 1.5], [0.0, 1000.0], [300.0, 1000.0]) {
            let top = f.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            assert!(top > 0.499 && top < 1.501);
            // f'' = -(2π/T)² f, T between 300 and 1000
            let k = f.iter().position(|x| x.abs() == top).unwrap().clamp(1, 998);
            let curvature = -(f[k + 1] - 2.0 * f[k] + f[k - 1]) / f[k];
            let period = 2.0 * PI / curvature.sqrt();
            assert!((299.0..1003.0).contains(&period), "{period}");
        }
        let other = Window { set: 1, ..w };
        let draw = |w| sines(w, [0.5, 1.5], [0.0, 1000.0], [300.0, 1000.0]);
        assert_ne!(draw(&w), draw(&other), "each pattern has targets of its own");
        assert_eq!(draw(&w)[..20], draw(&Window { neurons: 20, ..w })[..], "a neuron's target is its own");
    }

    #[test]
    fn external_rates_are_smooth_and_about_5_hz() {
        let w = Window { dt: ms(0.1), ..window(300, 20_000) };
        let p = external_probabilities(&w, &OrnsteinUhlenbeck::external_rate(), 500);
        let mean = p.iter().map(|&p| f64::from(p)).sum::<f64>() / p.len() as f64;
        // each of 300 has s.d. below 2.9 Hz; four s.d. of the mean
        assert!((mean * 10_000.0 - 5.0).abs() < 0.7, "{mean}");
        assert!(p.iter().all(|&p| p >= 0.0));
        let jump = (0..19_999).map(|k| (p[(k + 1) * 300] - p[k * 300]).abs()).fold(0.0, f32::max);
        // at the truncated ends the average over 501 steps moves by at most (spread of the path)/501 a step
        assert!(jump < 1e-5, "{jump}");
    }
}
