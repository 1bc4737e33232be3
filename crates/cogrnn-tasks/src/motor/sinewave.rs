//! Oscillation without input: the smallest task there is.
//!
//! ```text
//! z*(t) = A sin(2π t / P)      A `amplitude`, P `period`
//! ```
//!
//! # Reference
//! The `sinewave` example in the program of Song, Yang & Wang (2016); it is not in the paper.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Outline, Performance, Request, Sample, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};

/// The task `sinewave`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sinewave {
    amplitude: f64,
    period: Time,
    cycles: usize,
    test_cycles: usize,
}

impl Sinewave {
    /// From a section of an experiment file; every default is that of pycog/examples/models/sinewave.py.
    ///
    /// # Errors
    /// When a setting makes no trial.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<Sinewave> {
        let amplitude = settings.number("amplitude", 0.9, "amplitude of the oscillation")?;
        if !amplitude.is_finite() {
            return Err(settings.blame(
                "amplitude",
                Error::input(format!("`amplitude` is {amplitude}"))
                    .why("an output can only be asked for a finite rate")
                    .remedy("the default is 0.9"),
            ));
        }
        // 8 τ at the τ of 100 ms that the reference uses
        let period = settings.positive_time("period", ms(800.0), "period of the oscillation")?;
        let cycles = settings.positive_count("cycles", 2, "periods in a trial")?;
        let test_cycles = settings.positive_count("test_cycles", 20, "periods in a test trial")?;
        Ok(Sinewave { amplitude, period, cycles, test_cycles })
    }

    /// The target at time t.
    fn target(&self, t: Time) -> f32 {
        (self.amplitude * libm::sin(2.0 * std::f64::consts::PI * (t / self.period))) as f32
    }
}

impl Task for Sinewave {
    fn name(&self) -> &'static str {
        "sinewave"
    }

    fn inputs(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["oscillation"]
    }

    fn conditions(&self) -> Conditions {
        Conditions::default()
    }

    fn outline(&self, request: &Request<'_>, _: &mut Stream) -> Outline {
        let cycles = match request.set {
            Set::Test => self.test_cycles,
            Set::Training | Set::Validation => self.cycles,
        };
        Outline {
            duration: (self.period * cycles as f64).floor_to(request.dt),
            epochs: Vec::new(),
            info: Vec::new(),
            condition: None,
            choice: None,
            script: Script::default(),
        }
    }

    fn sample(&self, _: &Outline, t: Time, sample: &mut Sample<'_>) {
        sample.targets[0] = self.target(t);
        sample.mask[0] = 1.0;
    }

    fn performance(&self) -> Performance {
        Performance::Error
    }

    /// The target: it depends on time alone, and the observer has a clock.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        (1..=seen.steps).map(|step| self.target(seen.dt * step as f64)).collect()
    }

    /// 100: without inputs there is nothing that their noise could spoil.
    fn noise_limit(&self, _: f64, _: Time) -> f64 {
        100.0
    }

    /// 0: there is no choice to guess.
    fn chance(&self) -> f64 {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trial;
    use cogrnn_core::settings::Defaults;

    #[test]
    fn two_periods_are_eighty_steps() {
        let task = Sinewave::from_settings(&mut Defaults).unwrap();
        let request = Request::new(Set::Training, 0, ms(20.0));
        let trial = trial(&task, &request, 1);
        assert_eq!((trial.steps, trial.inputs.len(), trial.targets.len()), (80, 0, 80));
        // a quarter, a half and three quarters of a period of 40 steps; the first sample is at dt
        assert!((trial.targets[9] - 0.9).abs() < 1e-6);
        assert!(trial.targets[19].abs() < 1e-6);
        assert!((trial.targets[69] + 0.9).abs() < 1e-6);
        assert!(trial.mask.iter().all(|m| *m == 1.0));
        let long = Request { set: Set::Test, dt: ms(0.5), ..request };
        assert_eq!(task.outline(&long, &mut crate::testing::stream(&long, 1)).duration, ms(16_000.0));
    }
}
