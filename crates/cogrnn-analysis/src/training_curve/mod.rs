//! How learning went, over seeds (section 5.12, figure 9).

mod report;

pub use report::{Check, Quartiles, Reached, Report, TrainingRun};

use crate::statistics::quantile;
use cogrnn_core::error::{Error, Result};

/// What is measured, and when it is enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What the measure is, with its unit; `per cent correct`.
    pub y_label: String,
    /// The criterion; none.
    pub criterion: Option<f64>,
    /// Whether the criterion is met from below, as by per cent correct, or from above, as by an error; true.
    pub rising: bool,
    /// Over how many checks the measure is averaged for the criterion, or over as many as there are; 1. Most choice
    /// tasks of the paper ask for the mean of the last 5 (section 3.8).
    pub checks: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { y_label: "per cent correct".to_string(), criterion: None, rising: true, checks: 1 }
    }
}

/// Sets trainings side by side.
///
/// # Example: two seeds, one of which gets there
/// ```
/// use cogrnn_analysis::training_curve::{Check, Settings, TrainingRun, compare};
/// let check = |trials, value| Check { updates: trials / 20, trials, value, seconds: trials as f64 / 1000.0 };
/// let runs = vec![
///     TrainingRun { seed: 1, checks: vec![check(0, 50.0), check(10_000, 86.0)] },
///     TrainingRun { seed: 2, checks: vec![check(0, 52.0), check(10_000, 60.0)] },
/// ];
/// let report = compare(runs, &Settings { criterion: Some(85.0), ..Settings::default() })?;
/// assert_eq!(report.quartiles[1].median, 73.0);
/// assert_eq!(report.reached[0].check.expect("86 is above 85").trials, 10_000);
/// assert!(report.reached[1].check.is_none());
/// # Ok::<(), cogrnn_core::Error>(())
/// ```
///
/// # Errors
/// Without trainings, with one that was never checked, or with one whose checks are not in order.
pub fn compare(runs: Vec<TrainingRun>, settings: &Settings) -> Result<Report> {
    if runs.is_empty() {
        return Err(Error::input("no trainings to compare").remedy("give at least one"));
    }
    for run in &runs {
        let ordered = run.checks.windows(2).all(|w| w[0].trials <= w[1].trials);
        if run.checks.is_empty() || !ordered {
            return Err(Error::input(format!("the training of seed {}", run.seed))
                .why("a curve needs checks, in the order in which they were made")
                .remedy("leave the training out, or read its log again"));
        }
    }
    let mut grid: Vec<usize> = runs.iter().flat_map(|run| run.checks.iter().map(|c| c.trials)).collect();
    grid.sort_unstable();
    grid.dedup();
    // from the last of the first checks: before it some training has no value
    let first = runs.iter().map(|run| run.checks[0].trials).max().unwrap_or(0);
    grid.retain(|x| *x >= first);
    let value = |run: &TrainingRun, x: usize| run.checks[run.checks.partition_point(|c| c.trials <= x) - 1].value;
    let last = |run: &TrainingRun| run.checks[run.checks.len() - 1].trials;
    let at = |x: &usize| {
        let values = runs.iter().map(|run| value(run, *x)).filter(|v| !v.is_nan()).collect();
        quartiles(values).unwrap_or(Quartiles { lower: f64::NAN, median: f64::NAN, upper: f64::NAN })
    };
    let reached: Vec<Reached> =
        runs.iter().map(|run| Reached { seed: run.seed, check: first_met(run, settings) }).collect();
    let over = |what: fn(&Check) -> f64| quartiles(reached.iter().filter_map(|r| r.check.as_ref()).map(what).collect());
    Ok(Report {
        x_label: "gradient trials".to_string(),
        y_label: settings.y_label.clone(),
        quartiles: grid.iter().map(at).collect(),
        running: grid.iter().map(|x| runs.iter().filter(|run| last(run) >= *x).count()).collect(),
        x: grid.iter().map(|x| *x as f64).collect(),
        criterion: settings.criterion,
        updates_to_criterion: over(|c| c.updates as f64),
        trials_to_criterion: over(|c| c.trials as f64),
        seconds_to_criterion: over(|c| c.seconds),
        reached,
        runs,
    })
}

/// The first check at which the mean of the last few, or of as many as there are, meets the criterion.
fn first_met(run: &TrainingRun, settings: &Settings) -> Option<Check> {
    let criterion = settings.criterion?;
    let met = |k: &usize| {
        let few = &run.checks[(k + 1).saturating_sub(settings.checks.max(1))..=*k];
        let mean = few.iter().map(|c| c.value).sum::<f64>() / few.len() as f64;
        if settings.rising { mean >= criterion } else { mean <= criterion }
    };
    (0..run.checks.len()).find(met).map(|k| run.checks[k])
}

fn quartiles(mut values: Vec<f64>) -> Option<Quartiles> {
    values.sort_by(f64::total_cmp);
    let at = |q| quantile(&values, q);
    Some(Quartiles { lower: at(0.25)?, median: at(0.5)?, upper: at(0.75)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, values: &[f64]) -> TrainingRun {
        let check = |(k, value): (usize, &f64)| Check {
            updates: 500 * k,
            trials: 10_000 * k,
            value: *value,
            seconds: 7.0 * k as f64,
        };
        TrainingRun { seed, checks: values.iter().enumerate().map(check).collect() }
    }

    #[test]
    fn medians_hold_the_last_value_of_those_that_stopped() {
        let runs = vec![run(1, &[50.0, 90.0]), run(2, &[48.0, 60.0, 70.0, 86.0]), run(3, &[52.0, 50.0, 80.0])];
        let report = compare(runs, &Settings { criterion: Some(85.0), ..Settings::default() }).unwrap();
        assert_eq!(report.x, [0.0, 10_000.0, 20_000.0, 30_000.0]);
        assert_eq!(report.quartiles.iter().map(|q| q.median).collect::<Vec<_>>(), [50.0, 60.0, 80.0, 86.0]);
        assert_eq!(report.quartiles[0].lower, 49.0);
        assert_eq!(report.running, [3, 3, 2, 1]);
        let trials: Vec<_> = report.reached.iter().map(|r| r.check.map(|c| c.trials)).collect();
        assert_eq!(trials, [Some(10_000), Some(30_000), None]);
        assert_eq!(report.updates_to_criterion.unwrap().median, 1000.0);
        assert_eq!(report.seconds_to_criterion.unwrap().upper, 17.5);
    }

    #[test]
    fn errors_fall_to_their_criterion_and_means_run_over_checks() {
        let falling = Settings { criterion: Some(0.05), rising: false, ..Settings::default() };
        let report = compare(vec![run(1, &[0.09, 0.06, 0.049, 0.051])], &falling).unwrap();
        assert_eq!(report.reached[0].check.unwrap().trials, 20_000);
        // 80, 90 is the first pair whose mean is 85
        let mean = Settings { criterion: Some(85.0), checks: 2, ..Settings::default() };
        let report = compare(vec![run(1, &[50.0, 86.0, 80.0, 90.0])], &mean).unwrap();
        assert_eq!(report.reached[0].check.unwrap().trials, 30_000);
        // with fewer checks than that, the mean of those there are (section 3.8)
        let report = compare(vec![run(1, &[86.0, 50.0])], &mean).unwrap();
        assert_eq!(report.reached[0].check.unwrap().trials, 0);
        assert!(compare(Vec::new(), &falling).is_err() && compare(vec![run(1, &[])], &falling).is_err());
    }
}
