//! What the tests of a task need: one trial with its samples, and what a network would be shown.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Outline, Request, Sample, Seen, Set, Task, argmax};
use cogrnn_core::units::{Time, ms};

/// A setting as a test gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A number, a count, or a time in ms.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A word.
    Word(&'static str),
    /// Several numbers.
    Numbers(Vec<f64>),
    /// Several words.
    Words(Vec<&'static str>),
}

/// Some settings, and defaults else; an error has the key for its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section(pub Vec<(&'static str, Given)>);

impl Section {
    fn of(&self, key: &str) -> Option<&Given> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }
}

impl Settings for Section {
    fn time(&mut self, key: &'static str, default: Time, about: &'static str) -> Result<Time> {
        Ok(ms(self.number(key, default.as_ms(), about)?))
    }
    fn optional_time(&mut self, key: &str, _: &str) -> Result<Option<Time>> {
        Ok(if let Some(Given::Number(x)) = self.of(key) { Some(ms(*x)) } else { None })
    }
    fn number(&mut self, key: &'static str, default: f64, _: &'static str) -> Result<f64> {
        Ok(if let Some(Given::Number(x)) = self.of(key) { *x } else { default })
    }
    fn count(&mut self, key: &'static str, default: usize, about: &'static str) -> Result<usize> {
        Ok(self.number(key, default as f64, about)? as usize)
    }
    fn flag(&mut self, key: &'static str, default: bool, _: &'static str) -> Result<bool> {
        Ok(if let Some(Given::Flag(x)) = self.of(key) { *x } else { default })
    }
    fn word(
        &mut self,
        key: &'static str,
        default: &'static str,
        _: &[&'static str],
        _: &'static str,
    ) -> Result<String> {
        Ok(if let Some(Given::Word(x)) = self.of(key) { x.to_string() } else { default.to_string() })
    }
    fn numbers(&mut self, key: &'static str, default: &[f64], _: &'static str) -> Result<Vec<f64>> {
        Ok(if let Some(Given::Numbers(x)) = self.of(key) { x.clone() } else { default.to_vec() })
    }
    fn times(&mut self, _: &'static str, default: &[Time], _: &'static str) -> Result<Vec<Time>> {
        Ok(default.to_vec())
    }
    fn strings(&mut self, key: &str, default: &[&str], _: &str) -> Result<Vec<String>> {
        let own = |words: &[&str]| words.iter().map(|w| w.to_string()).collect();
        Ok(if let Some(Given::Words(x)) = self.of(key) { own(x) } else { own(default) })
    }
    fn given(&self, key: &str) -> bool {
        self.of(key).is_some()
    }
    fn blame(&self, key: &str, error: Error) -> Error {
        error.at(format!("the setting `{key}`"))
    }
}

/// A trial with all its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// When what happens.
    pub outline: Outline,
    /// Samples.
    pub steps: usize,
    /// Time step.
    pub dt: Time,
    /// (time × channel): task input alone.
    pub inputs: Vec<f32>,
    /// (time × output).
    pub targets: Vec<f32>,
    /// (time × output).
    pub mask: Vec<f32>,
}

/// The random stream that a run of this seed gives to this trial.
pub fn stream(request: &Request<'_>, seed: u64) -> Stream {
    let purpose = match request.set {
        Set::Training => Purpose::TrainingTrials,
        Set::Validation => Purpose::ValidationTrials,
        Set::Test => Purpose::TestTrials,
    };
    Address { seed, purpose, trial: request.index as u64 }.stream()
}

/// One trial, drawn and written.
pub fn trial(task: &dyn Task, request: &Request<'_>, seed: u64) -> Trial {
    let outline = task.outline(request, &mut stream(request, seed));
    let (dt, steps) = (request.dt, outline.steps(request.dt));
    let (channels, outputs) = (task.inputs().len(), task.outputs().len());
    let mut inputs = vec![0.0; steps * channels];
    let mut targets = vec![0.0; steps * outputs];
    let mut mask = vec![0.0; steps * outputs];
    for k in 0..steps {
        let mut sample = Sample {
            inputs: &mut inputs[k * channels..(k + 1) * channels],
            targets: &mut targets[k * outputs..(k + 1) * outputs],
            mask: &mut mask[k * outputs..(k + 1) * outputs],
        };
        task.sample(&outline, dt * (k + 1) as f64, &mut sample);
    }
    // What a task says it holds, it holds.
    for k in 0..steps {
        let until = task.stays(&outline, dt * (k + 1) as f64);
        for held in (k + 1..steps).take_while(|held| (dt * (held + 1) as f64).as_ms() <= until.as_ms()) {
            for (array, width) in [(&inputs, channels), (&targets, outputs), (&mask, outputs)] {
                let [before, now] = [k, held].map(|k| &array[k * width..(k + 1) * width]);
                assert_eq!(before, now, "{} at steps {k} and {held} of {dt}", task.name());
            }
        }
    }
    Trial { outline, steps, dt, inputs, targets, mask }
}

/// S.d. of the noise on one input sample, with a time constant of 100 ms.
///
/// ```text
/// sqrt(2 (τ_in/dt) σ_in²)      (Song et al. 2016, eq. 11)
/// ```
pub fn input_noise(sigma_in: f64, dt: Time) -> f64 {
    libm::sqrt(2.0 * 100.0 / dt.as_ms()) * sigma_in
}

impl Trial {
    /// The inputs as delivered, (time × channel).
    ///
    /// ```text
    /// u_t = [u_0 + u_task,t + noise N(0,1)]_+      (Song et al. 2016, eq. 11)
    /// ```
    pub fn delivered(&self, baseline: f32, noise: f64, stream: &mut Stream) -> Vec<f32> {
        self.inputs.iter().map(|u| (baseline + u + (noise * stream.normal()) as f32).max(0.0)).collect()
    }

    /// What the ideal observer of the task answers to this trial, (time × output).
    pub fn ideal_answer(&self, task: &dyn Task, noise: f64, stream: &mut Stream) -> Vec<f32> {
        let baseline = 0.2; // Song et al. 2016, table 1
        let inputs = self.delivered(baseline, noise, stream);
        task.ideal_observer(&Seen { inputs: &inputs, steps: self.steps, dt: self.dt, baseline })
    }

    /// Whether an answer (time × output) ends with the right output largest; `None` without a choice.
    pub fn is_right(&self, answer: &[f32]) -> Option<bool> {
        let outputs = answer.len() / self.steps.max(1);
        let last = &answer[answer.len() - outputs..];
        self.outline.choice.map(|choice| argmax(last) == choice)
    }

    /// Root mean squared error of an answer (time × output) where the mask asks.
    pub fn rmse(&self, answer: &[f32]) -> f64 {
        let mut sum = 0.0;
        for ((z, target), mask) in answer.iter().zip(&self.targets).zip(&self.mask) {
            sum += f64::from(mask * (z - target) * (z - target));
        }
        libm::sqrt(sum / self.mask.iter().map(|m| f64::from(*m)).sum::<f64>())
    }
}
