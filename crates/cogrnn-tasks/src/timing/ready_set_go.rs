//! Ready, set, go: an interval between two pulses is to be repeated after the second (Murray 2019, fig. 3).
//!
//! ```text
//!          first        set = first + delay    go = first + 2 delay
//! input   ▁▁/\▁▁▁▁▁▁▁▁▁▁▁▁/\▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
//! target  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁/\▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
//!                                                          first + 2 `delay_max` + `rest`
//! pulse at c = a exp(-(t-c)²/2w²)      a `pulse_amplitude`, w `pulse_width`
//! ```
//! The paper gives the width of the pulses and the longest delay, of 15, 20 or 25 τ. The rest is not given
//! by the paper; ours are the amplitude, the time of the first pulse, the shortest delay and the
//! distribution of delays, the length of the trial (the same for all), and the delays of test trials.
//!
//! # Reference
//! Murray (2019), Materials and methods, with 1 ms for his time step, a tenth of τ.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Outline, Performance, Request, Sample, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};

/// Place of the delay in `Outline::info`.
const DELAY: usize = 0;

/// The task `ready-set-go`.
///
/// Each delay is a condition. The table of trials has the columns `delay`, `set` (when the second pulse
/// of the input is largest) and `go` (when the output should be largest), all in ms. A caller may force `delay`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadySetGo {
    width: Time,
    amplitude: f64,
    first: Time,
    /// Ascending.
    delays: Vec<Time>,
    test_delays: usize,
    rest: Time,
}

impl ReadySetGo {
    /// From a section of an experiment file; defaults as the head of this file tells them.
    ///
    /// # Errors
    /// When a setting makes no trial: a time that is none, no delay between the bounds, no pulse.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<ReadySetGo> {
        let s = settings;
        // 15 time steps, Murray 2019
        let width = s.positive_time("pulse_width", ms(15.0), "s.d. of the Gaussian pulses of input and target")?;
        let amplitude = s.number("pulse_amplitude", 1.0, "height of the pulses of input and target")?;
        if amplitude == 0.0 || !amplitude.is_finite() {
            return Err(s.blame(
                "pulse_amplitude",
                Error::input(format!("`pulse_amplitude` is {amplitude}"))
                    .why("a pulse must be seen, and be finite")
                    .remedy("the default is 1"),
            ));
        }
        let first = s.positive_time("first_pulse", ms(50.0), "when the first pulse is largest")?;
        let low = s.positive_time("delay_min", ms(50.0), "shortest interval between the pulses")?;
        // 15 τ, Murray 2019
        let high = s.positive_time("delay_max", ms(150.0), "longest interval between the pulses")?;
        let step =
            s.positive_time("delay_step", ms(1.0), "from one possible interval to the next, each as frequent")?;
        if high < low {
            return Err(s.blame(
                "delay_max",
                Error::input(format!("`delay_max` is {high}"))
                    .why(format!("the shortest interval, `delay_min`, is {low}"))
                    .remedy("give a longer `delay_max`, or a shorter `delay_min`"),
            ));
        }
        let delays: Vec<Time> = (0..=(high - low).steps(step)).map(|i| low + step * i as f64).collect();
        let test_delays = s.positive_count("test_delays", 21, "how many intervals test trials have, evenly spread")?;
        let rest =
            s.positive_time("rest", ms(60.0), "from the latest pulse of the target to the end of every trial")?;
        Ok(ReadySetGo { width, amplitude, first, test_delays: test_delays.min(delays.len()), delays, rest })
    }

    /// A pulse that is largest at `centre`.
    fn pulse(&self, t: Time, centre: Time) -> f64 {
        let x = (t - centre) / self.width;
        self.amplitude * libm::exp(-0.5 * x * x)
    }

    /// What is shown at time t.
    fn input(&self, t: Time, delay: Time) -> f32 {
        (self.pulse(t, self.first) + self.pulse(t, self.first + delay)) as f32
    }

    /// What is asked for at time t.
    fn target(&self, t: Time, delay: Time) -> f32 {
        self.pulse(t, self.first + delay * 2.0) as f32
    }

    /// Which delay test trial `place` of a round has: the shortest first, the longest last.
    fn test_delay(&self, place: usize) -> usize {
        let last = self.delays.len() - 1;
        match self.test_delays {
            1 => last / 2,
            n => (place * last + (n - 1) / 2) / (n - 1),
        }
    }
}

impl Task for ReadySetGo {
    fn name(&self) -> &'static str {
        "ready-set-go"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["pulses"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["go"]
    }

    fn conditions(&self) -> Conditions {
        Conditions { columns: vec!["delay"], rows: self.delays.iter().map(|d| vec![d.as_ms()]).collect() }
    }

    fn test_period(&self) -> usize {
        self.test_delays
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let drawn = stream.below(self.delays.len());
        let place = match request.set {
            Set::Training => drawn,
            Set::Validation => request.index % self.delays.len(),
            Set::Test => self.test_delay(request.index % self.test_delays),
        };
        let delay = ms(request.or("delay", self.delays[place].as_ms()));
        let longest = self.delays[self.delays.len() - 1];
        Outline {
            duration: (self.first + longest * 2.0 + self.rest).floor_to(request.dt),
            // none: pulses reach beyond any bounds
            epochs: Vec::new(),
            info: vec![
                ("delay", delay.as_ms()),
                ("set", (self.first + delay).as_ms()),
                ("go", (self.first + delay * 2.0).as_ms()),
            ],
            condition: self.delays.iter().position(|d| *d == delay),
            choice: None,
            script: Script::default(),
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        let delay = ms(outline.info[DELAY].1);
        sample.inputs[0] = self.input(t, delay);
        sample.targets[0] = self.target(t, delay);
        sample.mask[0] = 1.0;
    }

    fn performance(&self) -> Performance {
        Performance::Error
    }

    /// The target of the delay whose pulses fit the input best: the most likely one under Gaussian noise.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let time = |step: usize| seen.dt * (step + 1) as f64;
        let misfit = |delay: &Time| -> f64 {
            let samples = seen.inputs.iter().enumerate();
            samples.map(|(step, u)| f64::from(u - (seen.baseline + self.input(time(step), *delay))).powi(2)).sum()
        };
        let misfits: Vec<f64> = self.delays.iter().map(misfit).collect();
        let best = (0..misfits.len()).fold(0, |best, i| if misfits[i] < misfits[best] { i } else { best });
        (0..seen.steps).map(|step| self.target(time(step), self.delays[best])).collect()
    }

    /// 100: there is no choice that noise could spoil.
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
    use crate::testing::{Given, Section, Trial, stream, trial};
    use cogrnn_core::random::{Address, Purpose};
    use cogrnn_core::settings::Defaults;

    fn task() -> ReadySetGo {
        ReadySetGo::from_settings(&mut Defaults).unwrap()
    }

    fn of_delay(delay: f64, dt: f64) -> Trial {
        let force = [("delay".to_string(), delay)];
        trial(&task(), &Request { force: &force, ..Request::new(Set::Training, 0, ms(dt)) }, 1)
    }

    /// When the values are largest, ms.
    fn peak(values: &[f32], dt: Time) -> f64 {
        let largest = (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best });
        dt.as_ms() * (largest + 1) as f64
    }

    #[test]
    fn the_target_follows_as_long_after_the_second_pulse_as_that_after_the_first() {
        for dt in [1.0, 0.5] {
            for delay in [50.0, 73.0, 150.0] {
                let trial = of_delay(delay, dt);
                assert_eq!(trial.steps, (410.0 / dt) as usize);
                let half = ((50.0 + delay / 2.0) / dt) as usize;
                assert_eq!(peak(&trial.inputs[..half], trial.dt), 50.0);
                assert_eq!(dt * half as f64 + peak(&trial.inputs[half..], trial.dt), 50.0 + delay);
                assert_eq!(peak(&trial.targets, trial.dt), 50.0 + 2.0 * delay);
                assert_eq!(trial.outline.value("go"), Some(50.0 + 2.0 * delay));
            }
        }
    }

    #[test]
    fn test_trials_go_through_an_even_grid_of_delays() {
        let task = task();
        let delay = |task: &ReadySetGo, i| {
            let request = Request::new(Set::Test, i, ms(1.0));
            task.outline(&request, &mut stream(&request, 1)).value("delay").unwrap()
        };
        let grid: Vec<f64> = (0..task.test_period()).map(|i| delay(&task, i)).collect();
        assert_eq!(grid, (0..21).map(|i| 50.0 + 5.0 * f64::from(i)).collect::<Vec<_>>());
        assert_eq!(delay(&task, 21), 50.0);
        for (count, expected) in [(1.0, vec![100.0]), (5.0, vec![50.0, 75.0, 100.0, 125.0, 150.0])] {
            let given = vec![("test_delays", Given::Number(count))];
            let task = ReadySetGo::from_settings(&mut Section(given)).unwrap();
            assert_eq!((0..task.test_period()).map(|i| delay(&task, i)).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn every_delay_in_whole_milliseconds_is_a_condition() {
        let conditions = task().conditions();
        assert_eq!(
            (conditions.rows.len(), &conditions.rows[0], &conditions.rows[100]),
            (101, &vec![50.0], &vec![150.0])
        );
    }

    /// Noise of 0.2 on each of the 400 samples leaves it about a millisecond: the slope of a pulse of s.d. w and
    /// height 1 has the square sum √π/(2w dt) = 0.06/ms², so that σ/√0.06 = 0.8 ms.
    #[test]
    fn the_ideal_observer_is_spoilt_little_by_noise() {
        let task = task();
        let mut squares = 0.0;
        for index in 0..40 {
            let request = Request::new(Set::Validation, 2 * index, ms(1.0));
            let trial = trial(&task, &request, 1);
            let mut noise = Address { seed: 1, purpose: Purpose::ValidationInputs, trial: index as u64 }.stream();
            let answer = trial.ideal_answer(&task, 0.0, &mut noise);
            assert_eq!(trial.rmse(&answer), 0.0);
            let inputs: Vec<f32> = trial.inputs.iter().map(|u| u + 0.2 * noise.normal() as f32).collect();
            let seen = Seen { inputs: &inputs, steps: trial.steps, dt: trial.dt, baseline: 0.0 };
            let go = peak(&task.ideal_observer(&seen), trial.dt);
            squares += (0.5 * (go - trial.outline.value("go").unwrap())).powi(2);
        }
        // 40 trials tell a mean square to within a fourth; rounding to whole delays adds 1/12
        let deviation = (squares / 40.0f64).sqrt();
        assert!((0.4..1.6).contains(&deviation), "{deviation}");
    }

    #[test]
    fn what_makes_no_trial_is_refused() {
        for (key, value) in [("pulse_width", 0.0), ("pulse_amplitude", 0.0), ("delay_max", 20.0), ("rest", -1.0)] {
            let error = ReadySetGo::from_settings(&mut Section(vec![(key, Given::Number(value))])).unwrap_err();
            assert!(error.place.unwrap().contains(key));
        }
    }
}
