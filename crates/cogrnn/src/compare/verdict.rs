//! What a comparison says: shares with intervals, medians that know of those who never got there.

use super::{Comparison, Trained};
use crate::trainer::Reason;
use serde::Serialize;

/// How one network fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Whether it met the criterion: that of its training trials, if there is one, else that of the stopping rule.
    pub reached: bool,
    /// Why its training ended.
    pub reason: Reason,
    /// Updates until the criterion was met, or else until the end.
    pub updates: u64,
    /// Seconds until the end, checks included; where training went on after a criterion of training trials, the share of
    /// them that the updates until it are of all.
    pub seconds: f64,
    /// Performance at its last check, per cent.
    pub performance: Option<f64>,
    /// Error at its last check.
    pub rmse: f64,
}

/// One variant of one experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Which experiment.
    pub experiment: String,
    /// Which variant.
    pub variant: String,
    /// Every network, by seed.
    pub networks: Vec<Outcome>,
    /// How many met the criterion.
    pub reached: usize,
    /// Share of those, with the Wilson interval of 95 %.
    pub share: [f64; 3],
    /// Lower quartile, median and upper quartile of the updates to criterion; infinite where so many did not
    /// get there.
    pub updates: [f64; 3],
    /// The same of the seconds.
    pub seconds: [f64; 3],
    /// Quartiles of the error at the last check.
    pub error: [f64; 3],
    /// Beside the first variant; none for that itself.
    pub against_first: Option<Against>,
}

/// Two variants, network by network of the same seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Against {
    /// Seeds at which this one got there in fewer updates.
    pub faster: usize,
    /// Seeds at which it took more.
    pub slower: usize,
    /// Seeds at which both took as many, or neither got there.
    pub equal: usize,
    /// p of a sign test, two-sided.
    pub p: f64,
}

impl Comparison {
    /// Every variant of every experiment, from the networks that are trained.
    pub fn summaries(&self, trained: &[Trained]) -> Vec<Summary> {
        let mut all: Vec<Summary> = Vec::new();
        for experiment in &self.experiments {
            let begin = all.len();
            for variant in &self.variants {
                let mut networks: Vec<Outcome> = trained
                    .iter()
                    .filter(|t| t.job.experiment_name == *experiment && t.job.variant == *variant)
                    .map(outcome)
                    .collect();
                // Parts of a joint comparison have variants of their own.
                if networks.is_empty() {
                    continue;
                }
                networks.sort_by_key(|n| n.seed);
                let reached = networks.iter().filter(|n| n.reached).count();
                let against_first = (all.len() > begin).then(|| against(&networks, &all[begin].networks));
                all.push(Summary {
                    experiment: experiment.clone(),
                    variant: variant.clone(),
                    reached,
                    share: interval(reached, networks.len()),
                    updates: quartiles(&networks, |n| n.updates as f64),
                    seconds: quartiles(&networks, |n| n.seconds),
                    error: spread(networks.iter().map(error_of)),
                    networks,
                    against_first,
                });
            }
        }
        all
    }
}

/// Error at the end; infinite where training diverged, whatever the last check before that said.
fn error_of(network: &Outcome) -> f64 {
    if network.reason == Reason::Diverged { f64::INFINITY } else { network.rmse }
}

fn outcome(trained: &Trained) -> Outcome {
    let (s, experiment) = (&trained.summary, &trained.job.experiment);
    let met = s.criterion.map(|trial| (trial / experiment.trials.max(1) as u64 + 1).min(s.updates));
    let reached = match experiment.criterion {
        Some(_) => met.is_some(),
        None => matches!(s.reason, Reason::Performance | Reason::Error),
    };
    let updates = met.unwrap_or(s.updates);
    Outcome {
        seed: s.seed,
        reached,
        reason: s.reason,
        updates,
        seconds: s.seconds * updates as f64 / s.updates.max(1) as f64,
        performance: s.performance,
        rmse: s.rmse,
    }
}

fn quartiles(networks: &[Outcome], of: impl Fn(&Outcome) -> f64) -> [f64; 3] {
    spread(networks.iter().map(|n| if n.reached { of(n) } else { f64::INFINITY }))
}

/// Quartiles and median: infinite where so many are, as numbers that are none count.
pub fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.map(|x| if x.is_nan() { f64::INFINITY } else { x }).collect();
    values.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|q| {
        let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
        let place = q * last as f64;
        let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
        // Between a number and infinity lies no number.
        if low == high || high.is_infinite() && place.fract() > 0.0 { high } else { low + place.fract() * (high - low) }
    })
}

/// A share k/n with Wilson's interval of 95 % (Wilson 1927): \[share, low, high\].
pub fn interval(k: usize, n: usize) -> [f64; 3] {
    if n == 0 {
        return [f64::NAN; 3];
    }
    // the normal quantile of 97.5 %
    const Z: f64 = 1.959_963_984_540_054;
    let (k, n) = (k as f64, n as f64);
    let share = k / n;
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    [share, (centre - half).max(0.0), (centre + half).min(1.0)]
}

/// Which of two sets of networks got there in fewer updates, seed by seed; those that did not are last.
pub fn against(these: &[Outcome], first: &[Outcome]) -> Against {
    let time = |n: &Outcome| if n.reached { n.updates } else { u64::MAX };
    let (mut faster, mut slower, mut equal) = (0, 0, 0);
    for this in these {
        let Some(other) = first.iter().find(|f| f.seed == this.seed) else { continue };
        match time(this).cmp(&time(other)) {
            std::cmp::Ordering::Less => faster += 1,
            std::cmp::Ordering::Greater => slower += 1,
            std::cmp::Ordering::Equal => equal += 1,
        }
    }
    Against { faster, slower, equal, p: sign_test(faster, slower) }
}

/// p of a sign test, two-sided, ties left out.
pub fn sign_test(a: usize, b: usize) -> f64 {
    let n = a + b;
    let least = a.min(b);
    let mut term = 0.5f64.powi(n as i32);
    let mut sum = 0.0;
    for k in 0..=least {
        sum += term;
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(seed: u64, updates: Option<u64>) -> Outcome {
        Outcome {
            seed,
            reached: updates.is_some(),
            reason: if updates.is_some() { Reason::Performance } else { Reason::MaxUpdates },
            updates: updates.unwrap_or(1000),
            seconds: 1.0,
            performance: None,
            rmse: 0.1,
        }
    }

    #[test]
    fn a_criterion_of_training_trials_says_who_reached_it() {
        let job = |changes: &[String]| crate::compare::Job {
            experiment_name: "e".into(),
            variant: "v".into(),
            experiment: crate::experiment::Experiment::load("miconi2017/delayed-nonmatch", changes).unwrap(),
            folder: "out".into(),
        };
        let of = |changes: &[String], criterion| {
            let summary = crate::trainer::Summary {
                reason: Reason::MaxUpdates,
                performance: Some(99.0),
                rmse: 0.1,
                trials: 8000,
                updates: 4000,
                seconds: 40.0,
                seed: 1,
                criterion,
                version: String::new(),
                around: None,
            };
            outcome(&Trained { job: job(changes), summary, learning: Vec::new() })
        };
        let two = ["training.trials=2".to_string()];
        // the trial after 999 others is in the 500th update, an eighth of all
        let met = of(&two, Some(999));
        assert_eq!((met.reached, met.updates, met.seconds), (true, 500, 5.0));
        let missed = of(&two, None);
        assert_eq!((missed.reached, missed.updates, missed.seconds), (false, 4000, 40.0));
    }

    #[test]
    fn what_diverged_has_no_error_to_be_proud_of() {
        let diverged = Outcome { reason: Reason::Diverged, ..network(1, None) };
        assert_eq!((error_of(&diverged), error_of(&network(1, None))), (f64::INFINITY, 0.1));
    }

    /// Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    #[test]
    fn intervals_are_wilsons() {
        for (k, n, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let [share, a, b] = interval(k, n);
            assert_eq!(share, k as f64 / n as f64);
            assert!((a - low).abs() < 5e-5 && (b - high).abs() < 5e-5, "{k} of {n}: {a} to {b}");
        }
        assert!(interval(0, 0)[0].is_nan());
    }

    #[test]
    fn medians_know_of_those_who_never_got_there() {
        let all = |times: &[Option<u64>]| -> Vec<Outcome> {
            times.iter().enumerate().map(|(k, t)| network(k as u64, *t)).collect()
        };
        assert_eq!(quartiles(&all(&[Some(10), Some(30), Some(20)]), |n| n.updates as f64), [15.0, 20.0, 25.0]);
        let half = quartiles(&all(&[Some(10), None, None]), |n| n.updates as f64);
        assert_eq!(half, [f64::INFINITY; 3]);
        let most = quartiles(&all(&[Some(10), Some(20), Some(30), None, Some(40)]), |n| n.updates as f64);
        assert_eq!(most, [20.0, 30.0, 40.0]);
        assert_eq!(quartiles(&all(&[None]), |n| n.updates as f64), [f64::INFINITY; 3]);
    }

    #[test]
    fn variants_are_held_against_the_first_seed_by_seed() {
        let first: Vec<_> = [(1, Some(100)), (2, None), (3, Some(50)), (4, None)].map(|(s, u)| network(s, u)).into();
        let these: Vec<_> =
            [(1, Some(90)), (2, Some(900)), (3, Some(60)), (4, None)].map(|(s, u)| network(s, u)).into();
        let found = against(&these, &first);
        assert_eq!((found.faster, found.slower, found.equal), (2, 1, 1));
        assert_eq!(found.p, 1.0);
        // 10 of 10: 2 / 2^10
        assert!((sign_test(10, 0) - 2.0 / 1024.0).abs() < 1e-15);
        assert!((sign_test(2, 8) - 2.0 * (1.0 + 10.0 + 45.0) / 1024.0).abs() < 1e-15);
        assert_eq!(sign_test(0, 0), 1.0);
    }
}
