//! Random durations. One uniform number each, in milliseconds and whatever the time step, so that
//! the same stream gives the same trial at every dt; the caller rounds down to its dt afterwards.

use cogrnn_core::random::Stream;
use cogrnn_core::units::{Time, ms};

/// An exponential distribution cut to `low <= d < high`.
///
/// ```text
/// F(d) = (1 - exp(-(d - low)/mean)) / (1 - exp(-(high - low)/mean))
/// ```
///
/// The same as to redraw an exponential number until it falls between the bounds (Song et al. 2016,
/// pycog/tasktools.py), as the exponential has no memory. `mean` is the mean before the cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedExponential {
    /// Mean of the exponential before the cut.
    pub mean: Time,
    /// Shortest duration, included.
    pub low: Time,
    /// Longest duration, excluded.
    pub high: Time,
}

impl TruncatedExponential {
    /// What of the exponential starting at `low` lies below `high`.
    fn kept(&self) -> f64 {
        -libm::expm1(-((self.high - self.low) / self.mean))
    }

    /// One duration.
    pub fn draw(&self, stream: &mut Stream) -> Time {
        let u = stream.uniform();
        let d = self.low.as_ms() - self.mean.as_ms() * libm::log1p(-u * self.kept());
        // rounding must not reach `high`, which is excluded
        ms(d.min(self.high.as_ms().next_down()))
    }

    /// Probability of a duration shorter than `d`.
    pub fn cdf(&self, d: Time) -> f64 {
        let d = d.as_ms().clamp(self.low.as_ms(), self.high.as_ms());
        -libm::expm1(-(d - self.low.as_ms()) / self.mean.as_ms()) / self.kept()
    }

    /// Mean after the cut.
    pub fn expectation(&self) -> Time {
        let tail = 1.0 - self.kept();
        self.low + self.mean - (self.high - self.low) * (tail / self.kept())
    }
}

/// Evenly between `low`, included, and `high`, excluded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    /// Shortest duration, included.
    pub low: Time,
    /// Longest duration, excluded.
    pub high: Time,
}

/// A normal distribution cut to `low <= d < high`, the same as to redraw until it falls between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedNormal {
    /// Mean before the cut.
    pub mean: Time,
    /// S.d. before the cut.
    pub deviation: Time,
    /// Shortest duration, included.
    pub low: Time,
    /// Longest duration, excluded.
    pub high: Time,
}

/// How long a period of a trial lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Duration {
    /// Always as long.
    Fixed(Time),
    /// Cut exponential.
    Exponential(TruncatedExponential),
    /// Even.
    Uniform(Uniform),
    /// Cut normal.
    Normal(TruncatedNormal),
}

/// Grid of the jittered durations: the time step of Soo et al. 2023.
pub const JITTER_GRID: Time = ms(5.0);

/// Evenly over `mean - jitter <= d < mean + jitter`, in steps of [`JITTER_GRID`], by a uniform number u in \[0, 1).
///
/// Soo et al. (2023) draw whole time steps, of 5 ms. Drawn on that grid whatever the time step, and
/// rounded down to it afterwards, the same u gives the same trial at half the step; at 5 ms the
/// durations are theirs. Where dt divides `mean` and `jitter` they are at coarser steps as well (at 50 ms,
/// 8 to 11 steps for 500 ± 100 ms); at 45 ms, where theirs are 9 to 12 steps, these are 8 to 13.
pub fn jittered(mean: Time, jitter: Time, u: f64) -> Time {
    let count = (2.0 * (jitter / JITTER_GRID) - 1e-9).ceil().max(0.0);
    mean - jitter + JITTER_GRID * (u * count).floor()
}

/// The longest that [`jittered`] gives.
pub fn longest_jittered(mean: Time, jitter: Time) -> Time {
    jittered(mean, jitter, 1.0_f64.next_down())
}

/// Most redraws before a duration is taken from the nearer bound: bounds far out in the tail.
const MOST_REDRAWS: usize = 10_000;

impl Duration {
    /// One duration; none is drawn where it is fixed.
    pub fn draw(&self, stream: &mut Stream) -> Time {
        match self {
            Duration::Fixed(time) => *time,
            Duration::Exponential(exponential) => exponential.draw(stream),
            Duration::Uniform(Uniform { low, high }) => {
                let d = low.as_ms() + stream.uniform() * (*high - *low).as_ms();
                ms(d.min(high.as_ms().next_down()))
            }
            Duration::Normal(TruncatedNormal { mean, deviation, low, high }) => {
                for _ in 0..MOST_REDRAWS {
                    let d = ms(mean.as_ms() + deviation.as_ms() * stream.normal());
                    if d >= *low && d < *high {
                        return d;
                    }
                }
                if mean < low { *low } else { ms(high.as_ms().next_down()) }
            }
        }
    }

    /// Shortest and longest duration.
    pub fn bounds(&self) -> (Time, Time) {
        match self {
            Duration::Fixed(time) => (*time, *time),
            Duration::Exponential(d) => (d.low, d.high),
            Duration::Uniform(d) => (d.low, d.high),
            Duration::Normal(d) => (d.low, d.high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::random::{Address, Purpose};

    const STIMULUS: TruncatedExponential = TruncatedExponential { mean: ms(330.0), low: ms(80.0), high: ms(1500.0) };

    #[test]
    fn draws_have_the_mean_of_the_closed_form() {
        // ∫ d exp(-d/330) over 80..1500 / ∫ exp(-d/330), by parts, worked out apart from the code
        let (a, b) = (libm::exp(-80.0 / 330.0), libm::exp(-1500.0 / 330.0));
        let mean = ((80.0 + 330.0) * a - (1500.0 + 330.0) * b) / (a - b);
        assert!((STIMULUS.expectation().as_ms() - mean).abs() < 1e-9);

        let mut stream = Address { seed: 9, purpose: Purpose::TestTrials, trial: 0 }.stream();
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| STIMULUS.draw(&mut stream).as_ms()).collect();
        assert!(draws.iter().all(|d| (80.0..1500.0).contains(d)));
        // the s.d. is below that of the exponential before the cut, 330: four errors of the mean
        let drawn = draws.iter().sum::<f64>() / f64::from(n);
        assert!((drawn - mean).abs() < 4.0 * 330.0 / f64::from(n).sqrt(), "{drawn} {mean}");
    }

    #[test]
    fn jitter_is_even_on_the_grid() {
        let all: Vec<f64> =
            (0..40).map(|k| jittered(ms(500.0), ms(100.0), (f64::from(k) + 0.5) / 40.0).as_ms()).collect();
        let grid: Vec<f64> = (0..40).map(|k| 400.0 + 5.0 * f64::from(k)).collect();
        assert_eq!(all, grid);
        assert_eq!(longest_jittered(ms(500.0), ms(100.0)), ms(595.0));
        assert_eq!(jittered(ms(500.0), ms(0.0), 0.7), ms(500.0));
        assert_eq!(longest_jittered(ms(500.0), ms(0.0)), ms(500.0));
    }

    #[test]
    fn draws_follow_the_cdf() {
        let mut stream = Address { seed: 4, purpose: Purpose::TestTrials, trial: 0 }.stream();
        let n = 20_000;
        let mut draws: Vec<f64> = (0..n).map(|_| STIMULUS.draw(&mut stream).as_ms()).collect();
        draws.sort_by(f64::total_cmp);
        let distance = draws
            .iter()
            .enumerate()
            .map(|(i, d)| ((i as f64 + 0.5) / f64::from(n) - STIMULUS.cdf(ms(*d))).abs())
            .fold(0.0, f64::max);
        // Kolmogorov and Smirnov: beyond 2.2/sqrt(n) with probability 1e-4
        assert!(distance < 2.2 / f64::from(n).sqrt(), "{distance}");
        assert_eq!((STIMULUS.cdf(ms(10.0)), STIMULUS.cdf(ms(2e3))), (0.0, 1.0));
    }
}
