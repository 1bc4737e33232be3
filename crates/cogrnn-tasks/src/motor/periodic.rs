//! A periodic output without input (Murray 2019, fig. 2).
//!
//! ```text
//! y*(t) = sin(2π t/T) + 0.5 sin(4π t/T) + 0.25 sin(8π t/T)      T `period`, one of them a trial
//!       = Σ_k a_k sin(2π k t/T)                                 a `amplitudes`: 1, 0.5, 0, 0.25
//! ```
//! The output 0 has the mean square error Σ a_k²/2 = 0.65625 over a period, half of which, 0.328125, is
//! the loss of the paper's equation 2.
//!
//! # Reference
//! Murray (2019), Materials and methods; periods of 200, 400, 800 and 1600 time steps, 20 to 160 τ.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Outline, Performance, Request, Sample, Script, Seen, Task};
use cogrnn_core::units::{Time, ms};

/// The task `periodic`.
#[derive(Clone, Debug, PartialEq)]
pub struct Periodic {
    period: Time,
    /// Of the harmonics 1, 2, 3, …
    amplitudes: Vec<f64>,
}

impl Periodic {
    /// From a section of an experiment file; every default is that of Murray (2019), with 1 ms for his time step.
    ///
    /// # Errors
    /// When a setting makes no trial: no period, no finite amplitude.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<Periodic> {
        // 20 τ at the τ of 10 time steps that the paper uses
        let period = settings.positive_time("period", ms(200.0), "period of the oscillation")?;
        let amplitudes = settings.numbers(
            "amplitudes",
            &[1.0, 0.5, 0.0, 0.25],
            "amplitudes of the oscillation at one, two, three, … times its frequency",
        )?;
        if amplitudes.is_empty() || !amplitudes.iter().all(|a| a.is_finite()) {
            return Err(settings.blame(
                "amplitudes",
                Error::input(format!("`amplitudes` is {amplitudes:?}"))
                    .why("an output can only be asked for finite values, one harmonic at least")
                    .remedy("the default is [1, 0.5, 0, 0.25]"),
            ));
        }
        Ok(Periodic { period, amplitudes })
    }

    /// The target at time t.
    fn target(&self, t: Time) -> f32 {
        let phase = 2.0 * std::f64::consts::PI * (t / self.period);
        let harmonics = self.amplitudes.iter().zip(1..);
        harmonics.map(|(a, k)| a * libm::sin(f64::from(k) * phase)).sum::<f64>() as f32
    }
}

impl Task for Periodic {
    fn name(&self) -> &'static str {
        "periodic"
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
        Outline {
            duration: self.period.floor_to(request.dt),
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
    use crate::testing::{Given, Section, trial};
    use cogrnn_core::settings::Defaults;
    use cogrnn_core::task::Set;

    #[test]
    fn an_output_of_zero_has_the_loss_of_the_paper() {
        let task = Periodic::from_settings(&mut Defaults).unwrap();
        for (set, dt, steps) in [(Set::Training, 1.0, 200), (Set::Validation, 5.0, 40), (Set::Test, 0.5, 400)] {
            let trial = trial(&task, &Request::new(set, 0, ms(dt)), 1);
            assert_eq!((trial.steps, trial.inputs.len()), (steps, 0));
            assert!(trial.mask.iter().all(|m| *m == 1.0));
            let square = trial.rmse(&vec![0.0; steps]).powi(2);
            // (1 + 1/4 + 1/16)/2; 1e-6: targets are single precision
            assert!((square - 0.65625).abs() < 1e-6, "{square}");
        }
    }

    #[test]
    fn harmonics_add_up() {
        let task = Periodic::from_settings(&mut Defaults).unwrap();
        // an eighth, a quarter and three quarters of the period
        let expected = [0.5f64.sqrt() + 0.5, 1.0, -1.0];
        for (t, y) in [25.0, 50.0, 150.0].into_iter().zip(expected) {
            assert!((f64::from(task.target(ms(t))) - y).abs() < 1e-6, "{t}");
        }
    }

    #[test]
    fn amplitudes_that_are_none_are_refused() {
        for amplitudes in [vec![], vec![1.0, f64::NAN]] {
            let mut section = Section(vec![("amplitudes", Given::Numbers(amplitudes))]);
            assert!(Periodic::from_settings(&mut section).unwrap_err().place.unwrap().contains("amplitudes"));
        }
    }
}
