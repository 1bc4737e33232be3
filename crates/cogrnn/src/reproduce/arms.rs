//! The same test trials run in three ways: as the experiment says, at the time step of training, and with
//! the small weights left in. Whatever differs between them differs for that reason alone.

use super::measures::Measures;
use crate::analyses::{self, Numbers, Plan, What};
use crate::evaluate::{TestRun, Trained};
use crate::files;
use cogrnn_core::error::Result;
use cogrnn_core::units::ms;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How well a network does in one of these ways.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Per cent right over all trials with a right answer; by the threshold where the task has reaction times.
    pub performance: Option<f64>,
    /// Root mean squared error, at the same times in all of them.
    pub rmse: f64,
}

/// The three.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arms {
    /// As the experiment says.
    pub tested: Arm,
    /// At the time step of training.
    pub coarse: Arm,
    /// With small weights.
    pub whole: Arm,
}

/// Runs a network in the three ways; `whole` is the same network without a threshold. What was found is
/// kept in `analysis/arms.json`.
///
/// # Errors
/// As [`analyses::analyse`].
pub fn tried(trained: &Trained, whole: &Trained, folder: &Path, run: &TestRun) -> Result<Arms> {
    let experiment = &trained.experiment;
    // A quarter of the paper's trials in every network, unless they are few.
    let trials = super::fewer(experiment).min(run.trials);
    // Errors are compared at times that all of them have.
    let grid = ms(run.save_every.unwrap_or(experiment.test_dt).as_ms().max(experiment.dt.as_ms()));
    let run = TestRun { trials, save_every: Some(grid), ..run.clone() };
    let timed: Vec<&Plan> = experiment.analyses.iter().filter(|p| matches!(p.what, What::Chronometric(_))).collect();
    let key = format!("{} {}", analyses::key(trained, &timed, &run), experiment.dt);
    let path = analyses::result_folder(folder).join("arms.json");
    if let Ok(text) = std::fs::read_to_string(&path)
        && let Ok((kept, arms)) = serde_json::from_str::<(String, Arms)>(&text)
        && kept == key
    {
        return Ok(arms);
    }
    let arm = |trained: &Trained, run: &TestRun| -> Result<Arm> {
        let found = analyses::analyse(trained, &timed, run, &mut |_| ())?;
        let by_threshold = found.numbers.iter().find_map(|n| match &n.numbers {
            Numbers::Chronometric(r) => r.percent_correct,
            _ => None,
        });
        Ok(Arm { performance: by_threshold.or(found.performance), rmse: found.rmse })
    };
    let arms = Arms {
        tested: arm(trained, &run)?,
        coarse: arm(trained, &TestRun { dt: Some(experiment.dt), ..run.clone() })?,
        whole: arm(whole, &run)?,
    };
    let text = serde_json::to_string_pretty(&(key, arms)).unwrap_or_default();
    files::write_atomically(&path, text.as_bytes())?;
    Ok(arms)
}

impl Arms {
    /// What the time step and the threshold change.
    pub fn measures(&self) -> Measures {
        let mut m = Measures::new();
        let mut put = |name: &str, value: Option<f64>| {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                m.insert(name.to_string(), value);
            }
        };
        let points = |a: Arm, b: Arm| Some(a.performance? - b.performance?);
        let percent = |a: Arm, b: Arm| Some(100.0 * (a.rmse / b.rmse - 1.0));
        put("step_change", points(self.tested, self.coarse));
        put("threshold_change", points(self.tested, self.whole));
        put("step_error_change", percent(self.tested, self.coarse));
        put("threshold_error_change", percent(self.tested, self.whole));
        m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_those_of_one_thing_at_a_time() {
        let arm = |performance, rmse| Arm { performance, rmse };
        let arms = Arms { tested: arm(Some(86.0), 0.11), coarse: arm(Some(88.0), 0.10), whole: arm(Some(85.5), 0.11) };
        let m = arms.measures();
        assert_eq!((m["step_change"], m["threshold_change"]), (-2.0, 0.5));
        assert!((m["step_error_change"] - 10.0).abs() < 1e-9 && m["threshold_error_change"] == 0.0);
        let without = Arms { tested: arm(None, 0.1), coarse: arm(None, 0.1), whole: arm(None, 0.1) };
        assert!(!without.measures().contains_key("step_change"));
    }
}
