//! The numbers of Song, Yang & Wang (2016) for the perceptual decision.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::{Defaults, Settings};
use cogrnn_core::task::{Request, Set, Task};
use cogrnn_core::units::{Time, ms};
use cogrnn_tasks::decision::PerceptualDecision;
use cogrnn_tasks::testing::{Trial, stream, trial};

const DT: Time = ms(20.0);

fn task() -> PerceptualDecision {
    PerceptualDecision::from_settings(&mut Defaults).unwrap()
}

fn request(set: Set, index: usize) -> Request<'static> {
    Request::new(set, index, DT)
}

fn forced(set: Set, index: usize, force: &[(&str, f64)]) -> Trial {
    let force: Vec<(String, f64)> = force.iter().map(|(n, v)| (n.to_string(), *v)).collect();
    trial(&task(), &Request { force: &force, ..Request::new(set, index, DT) }, 2)
}

#[test]
fn a_golden_trial() {
    // 100 + 330 + 300 ms; 330 becomes 320 at a time step of 20: 5, 16 and 15 samples
    let trial = forced(Set::Training, 0, &[("catch", 0.0), ("coherence", 8.0), ("in_out", -1.0), ("stimulus", 330.0)]);
    assert_eq!(trial.steps, 36);
    for k in 0..36 {
        let (inputs, targets, mask) = match k {
            0..5 => ([0.0, 0.0, 0.0], [0.2, 0.2], 1.0),
            5..21 => ([0.372, 0.628, 1.0], [0.0, 0.0], 0.0),
            _ => ([0.0, 0.0, 0.0], [0.2, 1.0], 1.0),
        };
        assert_eq!(trial.inputs[3 * k..][..3], inputs, "sample {k}");
        assert_eq!(trial.targets[2 * k..][..2], targets, "sample {k}");
        assert_eq!(trial.mask[2 * k..][..2], [mask; 2], "sample {k}");
    }
    let o = &trial.outline;
    assert_eq!((o.choice, o.condition), (Some(1), Some(5 + 3)));
    assert_eq!(
        o.info,
        [("coherence", 8.0), ("in_out", -1.0), ("signed_coherence", -25.6), ("choice", 1.0), ("stimulus", 320.0)]
    );
}

#[test]
fn inputs_are_those_of_the_table() {
    let table =
        [(1.0, 0.516, 0.484), (2.0, 0.532, 0.468), (4.0, 0.564, 0.436), (8.0, 0.628, 0.372), (16.0, 0.756, 0.244)];
    for (c, strong, weak) in table {
        for in_out in [1.0, -1.0] {
            let trial = forced(Set::Training, 3, &[("catch", 0.0), ("coherence", c), ("in_out", in_out)]);
            let expected = if in_out > 0.0 { [strong, weak, 1.0] } else { [weak, strong, 1.0] };
            assert_eq!(trial.inputs[5 * 3..][..3], expected);
        }
    }
}

#[test]
fn trials_have_24_to_94_steps_and_ask_40_samples() {
    let task = task();
    let mut seen = (usize::MAX, 0);
    for index in 0..20_000 {
        let request = request(Set::Training, index);
        let outline = task.outline(&request, &mut stream(&request, 2));
        let steps = outline.steps(DT);
        if outline.info.is_empty() {
            assert_eq!(steps, 100);
        } else {
            assert!((24..=94).contains(&steps), "{steps}");
            seen = (seen.0.min(steps), seen.1.max(steps));
        }
        if index < 500 {
            let asked: f32 = trial(&task, &request, 2).mask.iter().sum();
            assert_eq!(asked, if outline.info.is_empty() { 200.0 } else { 40.0 });
        }
    }
    // both ends do come: the rarest, 74 steps of stimulus, has probability 0.001 a trial
    assert_eq!(seen, (24, 94));
}

#[test]
fn a_catch_trial_shows_nothing_and_asks_for_nothing() {
    let trial = trial(&task(), &request(Set::Validation, 22), 2);
    assert_eq!((trial.outline.choice, trial.outline.condition), (None, None));
    assert!(trial.outline.info.is_empty());
    assert!(trial.inputs.iter().all(|u| *u == 0.0));
    assert!(trial.targets.iter().all(|z| *z == 0.2));
    assert!(trial.mask.iter().all(|m| *m == 1.0));
}

#[test]
fn one_training_trial_in_eleven_is_a_catch_trial() {
    let (task, n) = (task(), 20_000);
    let catch = (0..n)
        .filter(|i| {
            let request = request(Set::Training, *i);
            task.outline(&request, &mut stream(&request, 2)).info.is_empty()
        })
        .count();
    let p = 1.0 / 11.0;
    // four s.d. of a binomial
    let bound = 4.0 * (n as f64 * p * (1.0 - p)).sqrt();
    assert!((catch as f64 - n as f64 * p).abs() < bound, "{catch}");
}

#[test]
fn conditions_go_coherence_first() {
    let signed = |set, index| trial(&task(), &request(set, index), 2).outline.value("signed_coherence");
    let row = [3.2, 6.4, 12.8, 25.6, 51.2, -3.2, -6.4, -12.8, -25.6, -51.2];
    for block in [0, 11, 1089] {
        assert_eq!(signed(Set::Validation, block), None);
        assert_eq!(signed(Set::Test, block).map(f64::abs), Some(0.0));
        for (i, x) in row.iter().enumerate() {
            assert_eq!(signed(Set::Validation, block + 1 + i), Some(*x));
            assert_eq!(signed(Set::Test, block + 1 + i), Some(*x));
        }
    }
}

#[test]
fn test_trials_hold_longer_and_begin_with_zero_coherence() {
    let task = task();
    let mut directions = [0, 0];
    for block in 0..200 {
        let trial = trial(&task, &request(Set::Test, 11 * block), 2);
        assert_eq!(trial.outline.epochs[0].end, ms(500.0));
        assert_eq!(trial.inputs[25 * 3..][..3], [0.5, 0.5, 1.0]);
        // neither answer is right, but the targets follow a direction all the same
        assert_eq!((trial.outline.choice, trial.outline.condition), (None, None));
        directions[trial.outline.value("choice").unwrap() as usize] += 1;
    }
    // four s.d. of a fair coin thrown 200 times are 28
    assert!((72..=128).contains(&directions[0]), "{directions:?}");
    assert!((0..500).all(|i| { !trial(&task, &request(Set::Test, i), 2).outline.info.is_empty() }));
}

#[test]
fn forcing_one_condition_leaves_the_others() {
    for index in 0..20 {
        let free = trial(&task(), &request(Set::Training, index), 2).outline;
        let trial = forced(Set::Training, index, &[("coherence", 3.0), ("catch", 0.0)]).outline;
        assert_eq!((trial.value("coherence"), trial.condition), (Some(3.0), None));
        if !free.info.is_empty() {
            assert_eq!(free.value("in_out"), trial.value("in_out"));
            assert_eq!(free.epochs, trial.epochs);
        }
    }
}

/// Gives one setting, and defaults else.
struct One(&'static str, f64);

impl Settings for One {
    fn time(&mut self, key: &'static str, default: Time, _: &'static str) -> Result<Time> {
        Ok(if key == self.0 { ms(self.1) } else { default })
    }
    fn number(&mut self, key: &'static str, default: f64, _: &'static str) -> Result<f64> {
        Ok(if key == self.0 { self.1 } else { default })
    }
    fn count(&mut self, key: &'static str, default: usize, _: &'static str) -> Result<usize> {
        Ok(if key == self.0 { self.1 as usize } else { default })
    }
    fn flag(&mut self, _: &'static str, default: bool, _: &'static str) -> Result<bool> {
        Ok(default)
    }
    fn word(&mut self, _: &'static str, default: &'static str, _: &[&'static str], _: &'static str) -> Result<String> {
        Ok(default.to_string())
    }
    fn numbers(&mut self, key: &'static str, default: &[f64], _: &'static str) -> Result<Vec<f64>> {
        let given = if self.1.is_nan() { vec![] } else { vec![self.1, self.1] };
        Ok(if key == self.0 { given } else { default.to_vec() })
    }
    fn times(&mut self, _: &'static str, default: &[Time], _: &'static str) -> Result<Vec<Time>> {
        Ok(default.to_vec())
    }
    fn given(&self, key: &str) -> bool {
        key == self.0
    }
    fn blame(&self, key: &str, error: Error) -> Error {
        error.at(format!("the setting `{key}`"))
    }
}

#[test]
fn settings_that_make_no_trial_are_refused() {
    let wrong = [
        ("fixation", -1.0),
        ("test_fixation", -1.0),
        ("stimulus_mean", 0.0),
        ("stimulus_min", -80.0),
        ("stimulus_min", 1500.0),
        ("stimulus_max", 80.0),
        ("decision", 0.0),
        ("catch_probability", 1.1),
        ("catch_probability", f64::NAN),
        ("catch_duration", -5.0),
        ("high", 0.2),
        ("high", f64::NAN),
        ("low", 1.0),
        ("coherences", f64::NAN), // none at all
        ("coherences", 2.0),      // twice
        ("coherences", -1.0),
        ("coherences", 32.0),
    ];
    for (key, value) in wrong {
        let error = PerceptualDecision::from_settings(&mut One(key, value)).expect_err(key);
        let parts = (&error.place, &error.why, &error.remedy);
        assert!(matches!(parts, (Some(_), Some(_), Some(_))), "{error}");
    }
    assert_eq!(
        PerceptualDecision::from_settings(&mut One("stimulus_max", 60.0)).unwrap_err().to_string(),
        "\
`stimulus_max` is 60 ms   [the setting `stimulus_max`]
why  no duration lies between `stimulus_min`, 80 ms, and this
try  give a longer `stimulus_max`, or a shorter `stimulus_min`"
    );
}
