//! What Song, Yang & Wang (2016) say, as rows that a statistic over seeds judges.

use super::Network;
use serde::Serialize;

/// How a claim is judged from one number a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judge {
    /// It holds in every network: the number is at least this.
    EveryAtLeast(f64),
    /// The number is above this in the population of networks: one-sided sign test at 5 %.
    Above(f64),
    /// The same, below.
    Below(f64),
    /// The median lies in this interval.
    Median(f64, f64),
    /// A single published number lies within what our networks span, stretched on both sides by this
    /// share of the number.
    Spans(f64, f64),
}

/// A claim or a number of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Its figure.
    pub figure: &'static str,
    /// The models that it is about.
    pub models: &'static [&'static str],
    /// In words.
    pub claim: &'static str,
    /// What was published, and where: P the paper, S6.4 the rerun of the reference program.
    pub published: &'static str,
    /// The measure it rests on.
    pub measure: &'static str,
    /// The unit of that.
    pub unit: &'static str,
    /// How it is judged.
    pub judge: Judge,
}

/// Whether a claim came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// These networks are too few to say, or it could not be measured.
    Unsure,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The figure.
    pub figure: String,
    /// The model.
    pub model: String,
    /// The claim.
    pub claim: String,
    /// What was published.
    pub published: String,
    /// One number a network, the figure's first.
    pub values: Vec<f64>,
    /// Their unit.
    pub unit: String,
    /// How it was judged, with its outcome.
    pub statistic: String,
    /// The verdict.
    pub verdict: Verdict,
}

const RDM: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
];
const CHOICES: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
    "song2016/context-integration",
    "song2016/context-integration-areas",
    "song2016/multisensory",
];
const ALL: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/reaction-time",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
    "song2016/context-integration",
    "song2016/context-integration-areas",
    "song2016/multisensory",
    "song2016/working-memory",
    "song2016/sequences",
];
const CONTEXT: &[&str] = &["song2016/context-integration", "song2016/context-integration-areas"];

/// Every number and claim of section 6 of the specification, one line each.
#[rustfmt::skip]
pub const CLAIMS: &[Claim] = &[
    Claim { figure: "9", models: ALL, claim: "training reaches its target with the published parameters, from every seed", published: "all of 6 (P, Fig 9)", measure: "reached", unit: "reached", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "9", models: &["song2016/fixed-duration-no-dale"], claim: "updates to the target", published: "5,000 (S6.4)", measure: "updates", unit: "updates", judge: Judge::Spans(5000.0, 0.25) },
    Claim { figure: "9", models: &["song2016/fixed-duration"], claim: "updates to the target", published: "11,500 (S6.4)", measure: "updates", unit: "updates", judge: Judge::Spans(11_500.0, 0.25) },
    Claim { figure: "9", models: &["song2016/reaction-time"], claim: "updates to the target", published: "15,500 (S6.4)", measure: "updates", unit: "updates", judge: Judge::Spans(15_500.0, 0.25) },
    Claim { figure: "2, 3", models: RDM, claim: "overall performance over nonzero coherences", published: "about 85 % (P)", measure: "performance", unit: "%", judge: Judge::Median(82.0, 90.0) },
    Claim { figure: "2", models: &["song2016/reaction-time"], claim: "overall performance over nonzero coherences, by the threshold", published: "about 85 % (P); 88.7 % (S6.4)", measure: "performance_by_threshold", unit: "%", judge: Judge::Median(82.0, 92.0) },
    Claim { figure: "2, 3", models: &["song2016/perceptual-decision", "song2016/reaction-time", "song2016/fixed-duration-no-dale", "song2016/fixed-duration", "song2016/fixed-duration-pathways"], claim: "at zero coherence choice 1 is made about half the time", published: "about half (P)", measure: "choice_1_at_zero", unit: "of trials", judge: Judge::Median(0.35, 0.65) },
    Claim { figure: "2, 3", models: &["song2016/perceptual-decision", "song2016/reaction-time", "song2016/fixed-duration-no-dale", "song2016/fixed-duration", "song2016/fixed-duration-pathways"], claim: "the psychometric curve is a smooth sigmoid", published: "cumulative Gaussian (P)", measure: "psychometric_r2", unit: "R² of the fit", judge: Judge::EveryAtLeast(0.98) },
    Claim { figure: "2, 3, 4, 5, 6", models: CHOICES, claim: "small weights removed, performance at dt = 0.5 ms is that at the time step of training", published: "within noise (S6.3)", measure: "performance_change", unit: "points", judge: Judge::Median(-3.0, 3.0) },
    Claim { figure: "3", models: &["song2016/fixed-duration-no-dale"], claim: "width of the psychometric curve, mu = 0", published: "8.9 % (S6.4)", measure: "sigma_centred", unit: "% coherence", judge: Judge::Spans(8.9, 0.15) },
    Claim { figure: "3", models: &["song2016/fixed-duration"], claim: "width of the psychometric curve, mu = 0", published: "8.6 % (S6.4)", measure: "sigma_centred", unit: "% coherence", judge: Judge::Spans(8.6, 0.15) },
    Claim { figure: "2", models: &["song2016/reaction-time"], claim: "width of the psychometric curve, mu = 0", published: "8.2 % (S6.4)", measure: "sigma_centred", unit: "% coherence", judge: Judge::Spans(8.2, 0.15) },
    Claim { figure: "2E", models: &["song2016/perceptual-decision"], claim: "difficult trials improve with duration (coherences 6.4 to 25.6 %)", published: "improve (P)", measure: "duration_gain_difficult", unit: "points, first to last tenth", judge: Judge::Above(0.0) },
    Claim { figure: "2E", models: &["song2016/perceptual-decision"], claim: "easy trials (51.2 %) depend less on duration than difficult ones", published: "weak effect (P)", measure: "duration_gain_difficult_minus_easy", unit: "points", judge: Judge::Above(0.0) },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "reaction times fall with coherence", published: "714, 735, 701, 479, 325 ms (S6.4)", measure: "rt_slope", unit: "ms per doubling", judge: Judge::Below(0.0) },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 51.2 %", published: "325 ms (S6.4)", measure: "rt_51.2", unit: "ms", judge: Judge::Spans(325.0, 0.25) },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 3.2 %", published: "714 ms (S6.4)", measure: "rt_3.2", unit: "ms", judge: Judge::Spans(714.0, 0.25) },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "trials that never reach the threshold", published: "68 of 660, 10.3 % (S6.4)", measure: "percent_undecided", unit: "%", judge: Judge::Spans(10.3, 0.5) },
    Claim { figure: "2H", models: &["song2016/reaction-time"], claim: "rates of choice-selective units come together at the response, whatever the coherence", published: "similar value (P)", measure: "convergence", unit: "spread at response / 200 ms after onset", judge: Judge::Below(1.0) },
    Claim { figure: "3A", models: &["song2016/fixed-duration-no-dale"], claim: "units of similar d' excite each other more than units of different d'", published: "strong excitation, strong inhibition (P)", measure: "ee_same_minus_opposite", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3A", models: &["song2016/fixed-duration-no-dale"], claim: "units of different d' inhibit each other", published: "strong inhibition (P)", measure: "ee_opposite", unit: "weight", judge: Judge::Below(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "excitatory units project less to units of the other choice than to their own", published: "less between than within (P)", measure: "ee_same_minus_opposite", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "inhibitory units inhibit excitatory units of the other choice more than of their own", published: "opposite preferences interact through inhibition (P)", measure: "ie_same_minus_opposite", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "inputs become segregated", published: "segregated (P)", measure: "inputs_follow_selectivity", unit: "correlation with d'", judge: Judge::Above(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "outputs become segregated", published: "segregated (P)", measure: "outputs_follow_selectivity", unit: "correlation with d'", judge: Judge::Above(0.0) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "performance", published: "90 % in training (P)", measure: "performance", unit: "%", judge: Judge::Median(87.0, 96.0) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "motion decides when it counts", published: "psychometric curves (P)", measure: "swing_relevant", unit: "of the range of choices", judge: Judge::EveryAtLeast(0.5) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "motion has little effect when colour counts", published: "psychometric curves (P)", measure: "swing_irrelevant", unit: "of the range of choices", judge: Judge::Below(0.25) },
    Claim { figure: "4D", models: CONTEXT, claim: "coefficients of choice are almost exclusively positive", published: "almost all (P)", measure: "choice_coefficients_positive", unit: "of active units", judge: Judge::Median(0.9, 1.0) },
    Claim { figure: "4B", models: CONTEXT, claim: "trajectories part along the axis of choice", published: "state space (P)", measure: "choice_separation", unit: "projection", judge: Judge::Above(0.0) },
    Claim { figure: "5B", models: &["song2016/context-integration-areas"], claim: "feedback between areas is weaker than feedforward (present with probability 0.2)", published: "0.2 (P)", measure: "feedforward_minus_feedback", unit: "mean weight", judge: Judge::Above(0.0) },
    Claim { figure: "6", models: &["song2016/multisensory"], claim: "performance", published: "90 % in training (P)", measure: "performance", unit: "%", judge: Judge::Median(87.0, 96.0) },
    Claim { figure: "6B", models: &["song2016/multisensory"], claim: "the psychometric curve is steeper with both senses than with the better one", published: "steeper (P)", measure: "sensitivity_gain", unit: "1/sigma², s²", judge: Judge::Above(0.0) },
    Claim { figure: "6C", models: &["song2016/multisensory"], claim: "some units are selective for choice", published: "exist (P)", measure: "units_choice", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "6C", models: &["song2016/multisensory"], claim: "some units are selective for modality", published: "exist (P)", measure: "units_modality", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "6C", models: &["song2016/multisensory"], claim: "some units are selective for both", published: "exist (P)", measure: "units_mixed", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "7B", models: &["song2016/working-memory"], claim: "the lowest condition keeps to its criterion with a delay of 3 s (100 trials each, s.e. 3.6 %)", published: "85 % in training (P)", measure: "lowest_pair", unit: "%", judge: Judge::Median(80.0, 100.0) },
    Claim { figure: "7B", models: &["song2016/working-memory"], claim: "most conditions are much higher", published: "much higher (P)", measure: "median_pair", unit: "%, median pair", judge: Judge::Median(90.0, 100.0) },
    Claim { figure: "7D", models: &["song2016/working-memory"], claim: "some units are tuned positively in both stimuli", published: "exist (P)", measure: "tuned_positively_twice", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "7D", models: &["song2016/working-memory"], claim: "some units change the sign of their tuning", published: "exist (P)", measure: "tuned_with_switching_sign", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "7E", models: &["song2016/working-memory"], claim: "in the delay more units are tuned than chance would have", published: "trends as in monkeys (P)", measure: "tuned_in_delay", unit: "of units, p < 0.05", judge: Judge::Above(0.05) },
    Claim { figure: "7E", models: &["song2016/working-memory"], claim: "before the first stimulus no more units are tuned than chance would have", published: "control (ours)", measure: "tuned_before", unit: "of units, p < 0.05", judge: Judge::Median(0.0, 0.1) },
    Claim { figure: "8", models: &["song2016/sequences"], claim: "error at the end of training", published: "0.05 (P)", measure: "validation_error", unit: "screen", judge: Judge::Median(0.0, 0.05) },
    Claim { figure: "8C", models: &["song2016/sequences"], claim: "the first two components of the state space", published: "71 % (P)", measure: "two_components", unit: "of the variance", judge: Judge::Median(0.61, 0.81) },
    Claim { figure: "8C", models: &["song2016/sequences"], claim: "trajectories that share the first movement stay together until its end", published: "hierarchical (P)", measure: "split_after_first", unit: "distance between / within", judge: Judge::Above(1.0) },
    Claim { figure: "8C", models: &["song2016/sequences"], claim: "those that share two movements stay together until the end of the second", published: "hierarchical (P)", measure: "split_after_second", unit: "distance between / within", judge: Judge::Above(1.0) },
    Claim { figure: "8D", models: &["song2016/sequences"], claim: "sequences run in any order, one after another, without a reset", published: "can be run (P)", measure: "movements_right", unit: "% of movements at their dot", judge: Judge::EveryAtLeast(95.0) },
    Claim { figure: "8D", models: &["song2016/sequences"], claim: "the eye goes back to the centre between trials, untrained", published: "returns (P)", measure: "distance_from_centre", unit: "screen; dots are 0.5 apart", judge: Judge::Below(0.25) },
];

/// Probability of at least k successes in n throws of a coin.
fn at_least(k: usize, n: usize) -> f64 {
    let mut term = 0.5f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut sum = 0.0;
    for i in 0..=n {
        if i >= k {
            sum += term;
        }
        term *= (n - i) as f64 / (i + 1) as f64;
    }
    sum
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 { f64::NAN } else { 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]) }
}

impl Judge {
    /// The verdict on one number a network, and the words for it.
    pub fn of(self, values: &[f64]) -> (Verdict, String) {
        let n = values.len();
        if n == 0 {
            return (Verdict::Unsure, "it could not be measured".to_string());
        }
        let say = |holds: bool| if holds { Verdict::Yes } else { Verdict::No };
        match self {
            Judge::EveryAtLeast(bound) => {
                let k = values.iter().filter(|v| **v >= bound).count();
                (say(k == n), format!("at least {bound} in {k} of {n} networks; all must be"))
            }
            Judge::Above(bound) | Judge::Below(bound) => {
                let above = matches!(self, Judge::Above(_));
                let holds = |v: &&f64| if above { **v > bound } else { **v < bound };
                let k = values.iter().filter(holds).count();
                let (p, against) = (at_least(k, n), at_least(n - k, n));
                let verdict = if p < 0.05 {
                    Verdict::Yes
                } else if against < 0.05 {
                    Verdict::No
                } else {
                    Verdict::Unsure
                };
                let word = if above { "above" } else { "below" };
                (verdict, format!("{word} {bound} in {k} of {n}; sign test p = {p:.3}"))
            }
            Judge::Median(low, high) => {
                let m = median(values);
                (say((low..=high).contains(&m)), format!("median within {low} to {high}"))
            }
            Judge::Spans(number, share) => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min) - share * number.abs();
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + share * number.abs();
                let holds = (low..=high).contains(&number);
                (say(holds), format!("{number} within our range ± {:.0} % of it", 100.0 * share))
            }
        }
    }
}

/// Judges every claim that these networks can be asked about.
pub fn judge(networks: &[Network]) -> Vec<Row> {
    let mut rows = Vec::new();
    for claim in CLAIMS {
        for model in claim.models {
            let mut of: Vec<&Network> = networks.iter().filter(|n| n.job.model.experiment == *model).collect();
            if of.is_empty() {
                continue;
            }
            of.sort_by_key(|n| (!n.job.figure, n.job.experiment.seed));
            let values: Vec<f64> = of.iter().filter_map(|n| n.measures.get(claim.measure).copied()).collect();
            let (mut verdict, mut statistic) = claim.judge.of(&values);
            if values.len() < of.len() && !values.is_empty() {
                statistic += &format!("; not measured in {}", of.len() - values.len());
                if verdict == Verdict::Yes {
                    verdict = Verdict::Unsure;
                }
            }
            rows.push(Row {
                figure: claim.figure.to_string(),
                model: of[0].job.model.title.to_string(),
                claim: claim.claim.to_string(),
                published: claim.published.to_string(),
                values,
                unit: claim.unit.to_string(),
                statistic,
                verdict,
            });
        }
    }
    rows
}

impl Row {
    /// Median and range of its numbers.
    pub fn ours(&self) -> String {
        let digits = |x: f64| match x.abs() {
            a if a >= 1000.0 => format!("{x:.0}"),
            a if a >= 100.0 => format!("{x:.0}"),
            a if a >= 10.0 => format!("{x:.1}"),
            a if a >= 0.1 || a == 0.0 => format!("{x:.2}"),
            _ => format!("{x:.3}"),
        };
        if self.values.is_empty() {
            return "–".to_string();
        }
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low == high {
            return digits(low);
        }
        format!("{} ({} to {})", digits(median(&self.values)), digits(low), digits(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::SONG2016;

    #[test]
    fn the_sign_test_needs_five_of_five() {
        assert_eq!(at_least(6, 6), 1.0 / 64.0);
        assert_eq!(at_least(5, 6), 7.0 / 64.0);
        assert_eq!(Judge::Above(0.0).of(&[1.0; 6]).0, Verdict::Yes);
        assert_eq!(Judge::Above(0.0).of(&[-1.0; 6]).0, Verdict::No);
        assert_eq!(Judge::Above(0.0).of(&[1.0, 1.0, 1.0, 1.0, 1.0, -1.0]).0, Verdict::Unsure);
        assert_eq!(Judge::Above(0.0).of(&[1.0, 1.0]).0, Verdict::Unsure);
        assert_eq!(Judge::Below(0.0).of(&[-1.0; 5]).0, Verdict::Yes);
        assert_eq!(Judge::Below(0.0).of(&[0.0; 5]).0, Verdict::No);
    }

    #[test]
    fn every_judge_can_say_no() {
        assert_eq!(Judge::EveryAtLeast(1.0).of(&[1.0, 0.0]).0, Verdict::No);
        assert_eq!(Judge::Median(1.0, 2.0).of(&[0.0, 0.5, 3.0]).0, Verdict::No);
        assert_eq!(Judge::Median(1.0, 2.0).of(&[0.0, 1.5, 3.0]).0, Verdict::Yes);
        assert_eq!(Judge::Spans(10.0, 0.1).of(&[5.0, 8.0]).0, Verdict::No);
        assert_eq!(Judge::Spans(10.0, 0.1).of(&[5.0, 9.5]).0, Verdict::Yes);
        assert_eq!(Judge::Median(1.0, 2.0).of(&[]).0, Verdict::Unsure);
    }

    #[test]
    fn claims_are_about_models_that_exist() {
        for claim in CLAIMS {
            assert!(!claim.models.is_empty());
            for model in claim.models {
                assert!(SONG2016.iter().any(|m| m.experiment == *model), "{model}");
            }
        }
        for model in SONG2016 {
            assert!(CLAIMS.iter().any(|c| c.models.contains(&model.experiment)), "{}", model.experiment);
        }
    }
}
