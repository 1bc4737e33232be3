//! How far back errors reach under each scheme (Soo, Goudar & Wang 2023; point 6 of the protocol): at initialisation
//! in every network, and after a quarter of the training in the first.

use super::claims::{Row, Verdict};
use crate::compare::{Comparison, Job, sign_test};
use crate::pool::Training;
use crate::trainer::{Machine, Trainer, fading};
use cogrnn_core::error::Result;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The task whose delay errors have to cross.
const TASK: &str = "soo2023/dlygo";
/// Its delay, s.
const DELAY: f64 = 1.0;

/// How an error faded on its way back.
#[derive(Clone, Debug, PartialEq)]
pub struct Faded {
    /// The variant.
    pub variant: String,
    /// The network.
    pub seed: u64,
    /// When.
    pub updates: u64,
    /// Length of a step, s.
    pub step: f64,
    /// Mean length of the gradient at each lag, beside that at lag 0.
    pub gradient: Vec<f64>,
}

impl Faded {
    fn new(job: &Job, updates: u64, (step, norms): (cogrnn_core::units::Time, Vec<f64>)) -> Faded {
        let first = norms.first().copied().unwrap_or(f64::NAN);
        let gradient = norms.iter().map(|x| x / first).collect();
        Faded {
            variant: job.variant.clone(),
            seed: job.experiment.seed,
            updates,
            step: step.as_ms() / 1000.0,
            gradient,
        }
    }

    /// What is left after so many seconds.
    pub fn left_after(&self, seconds: f64) -> f64 {
        self.gradient.get((seconds / self.step).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

/// Measures it where the comparison has schemes to measure. Networks are trained for a quarter in folders of their
/// own, and found there the next time. None if it was stopped.
///
/// # Errors
/// A folder that cannot be written, training that diverges.
pub fn measure(
    comparison: &Comparison,
    out: &Path,
    machine: &Machine,
    stop: &AtomicBool,
) -> Result<Option<Vec<Faded>>> {
    let skips = |job: &&Job| !job.experiment.unroll.is_plain();
    let schemes: Vec<&str> = comparison.jobs.iter().filter(skips).map(|j| j.variant.as_str()).collect();
    let of =
        |job: &&Job| job.experiment_name == TASK && (job.variant == "plain" || schemes.contains(&job.variant.as_str()));
    let jobs: Vec<&Job> = comparison.jobs.iter().filter(of).collect();
    let mut all = Vec::new();
    for job in &jobs {
        all.push(Faded::new(job, 0, fading(&job.experiment, 0, None, machine.isa())?));
    }
    let first = jobs.first().map(|job| job.experiment.seed);
    for job in jobs.iter().filter(|job| Some(job.experiment.seed) == first) {
        let quarter = job.experiment.stop.max_updates / 4;
        let folder = out.join("fading").join(&job.variant).join(format!("seed{}", job.experiment.seed));
        let own = Job { folder, experiment: job.experiment.clone(), ..(*job).clone() };
        let there = matches!(own.there(), crate::pool::There::Begun | crate::pool::There::Trained);
        let mut trainer = if there {
            Trainer::resume_under(own.experiment.clone(), &own.folder, machine)?
        } else {
            Trainer::start(own.experiment.clone(), &own.folder, true, machine)?
        };
        let reached = trainer.run(Some(quarter), stop, &mut |_| ())?.updates;
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(None);
        }
        all.push(Faded::new(job, reached, trainer.fading()?));
    }
    Ok(Some(all))
}

/// One row for each scheme and time. Nothing was published; the sign test says whether it is chance.
pub fn rows(all: &[Faded]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut schemes: Vec<(&str, bool)> = Vec::new();
    for faded in all.iter().filter(|f| f.variant != "plain") {
        let one = (faded.variant.as_str(), faded.updates > 0);
        if !schemes.contains(&one) {
            schemes.push(one);
        }
    }
    schemes.sort_by_key(|(_, later)| *later);
    for (variant, later) in schemes {
        let of = |name: &str| -> Vec<(u64, f64)> {
            let these = all.iter().filter(|f| f.variant == name && (f.updates > 0) == later);
            these.map(|f| (f.seed, f.left_after(DELAY))).collect()
        };
        let (own, plain) = (of(variant), of("plain"));
        let (mut more, mut less) = (0, 0);
        for (seed, x) in &own {
            match plain.iter().find(|(s, _)| s == seed).map(|(_, p)| x.total_cmp(p)) {
                Some(std::cmp::Ordering::Greater) => more += 1,
                Some(std::cmp::Ordering::Less) => less += 1,
                _ => {}
            }
        }
        let mut of_plain: Vec<f64> = plain.iter().map(|(_, x)| *x).collect();
        of_plain.sort_by(f64::total_cmp);
        let middle = of_plain.get(of_plain.len() / 2).copied().unwrap_or(f64::NAN);
        let mut statistic = format!("plain {middle:.1e}; more at {more} of {} networks", own.len());
        if own.len() > 1 {
            let _ = write!(statistic, ", p = {:.3} (sign test)", sign_test(more, less));
        }
        let when = if later { "after a quarter of the training" } else { "at initialisation" };
        rows.push(Row {
            figure: "–".into(),
            model: "delayed go (B)".into(),
            claim: format!(
                "{}: what is left of the last step's error gradient {DELAY} s earlier, {when}",
                variant.to_uppercase()
            ),
            published: "–".into(),
            values: own.iter().map(|(_, x)| *x).collect(),
            unit: "of that at lag 0".into(),
            counted: false,
            statistic,
            verdict: Verdict::Shown,
        });
    }
    rows
}

/// One line a lag.
pub fn csv(all: &[Faded]) -> String {
    let mut text = String::from("variant,seed,updates,lag_s,gradient\n");
    for f in all {
        for (k, g) in f.gradient.iter().enumerate() {
            let _ = writeln!(text, "{},{},{},{},{g}", f.variant, f.seed, f.updates, k as f64 * f.step);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::soo2023;

    /// At initialisation skips carry errors over the delay that a plain network loses, and the rows say so.
    #[test]
    fn skips_reach_further_back_than_the_plain_network() {
        let all = soo2023::protocol(&[], 2, &[], Path::new("out")).unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let jobs: Vec<&Job> = all.jobs.iter().filter(|j| j.experiment_name == TASK).collect();
        let measured: Vec<Faded> = jobs
            .iter()
            .filter(|j| ["plain", "sctt", "dasc", "cd"].contains(&j.variant.as_str()))
            .map(|j| Faded::new(j, 0, fading(&j.experiment, 0, None, machine.isa()).unwrap()))
            .collect();
        let rows = rows(&measured);
        assert_eq!(rows.len(), 3);
        for seed in [1, 2] {
            let of = |name: &str| measured.iter().find(|f| f.variant == name && f.seed == seed).unwrap();
            assert_eq!((of("plain").step, of("cd").step), (0.005, 0.05));
            let left = |name: &str| of(name).left_after(DELAY);
            assert!(left("plain") < 1e-3, "{}", left("plain"));
            assert!(left("sctt") > 5.0 * left("plain") && left("dasc") > 50.0 * left("plain"));
        }
        assert!(rows.iter().any(|r| r.statistic.contains("more at 2 of 2")));
        assert_eq!(csv(&measured[..1]).lines().count(), 1 + measured[0].gradient.len());
    }
}
