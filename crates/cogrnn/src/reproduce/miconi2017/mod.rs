//! Miconi (2017): reward-modulated Hebbian learning, over twenty networks a cell as there.
//!
//! The paper prints the trials until its criterion is met for two tasks; the other numbers are read off its figures, or
//! off figures that came with its program. What a network came to is told by its training trials, disturbances and all.

pub mod looks;
pub mod traces;

use crate::compare::{Comparison, Trained, Wish, spread};
use crate::reproduce::claims::{Row, Verdict};
use crate::trainer;
use cogrnn_core::error::{Error, Result};
use statrs::distribution::{Binomial, DiscreteCDF};
use std::ops::Range;
use std::path::Path;

/// Comparisons that the protocol is made of, by the name of their part.
const PROTOCOL: [(&str, &str); 7] = [
    ("nonmatch", include_str!("../../../../../experiments/miconi2017/protocol/nonmatch.toml")),
    ("integration", include_str!("../../../../../experiments/miconi2017/protocol/integration.toml")),
    ("arm", include_str!("../../../../../experiments/miconi2017/protocol/arm.toml")),
    ("ei", include_str!("../../../../../experiments/miconi2017/protocol/ei.toml")),
    ("long", include_str!("../../../../../experiments/miconi2017/protocol/long.toml")),
    ("rules", include_str!("../../../../../experiments/miconi2017/protocol/rules.toml")),
    ("variable", include_str!("../../../../../experiments/miconi2017/protocol/variable.toml")),
];

/// The part that trains nothing: what each trace has to do with a gradient.
const GRADIENTS: &str = "gradients";
/// Networks of that part, of which the first is drawn.
const NETWORKS: u64 = 5;

/// The gradients of that part, if it is asked for.
pub fn gradients(parts: &[String]) -> Vec<traces::Gradients> {
    let asked = parts.is_empty() || parts.iter().any(|p| p == GRADIENTS);
    if asked { (1..=NETWORKS).map(traces::gradients).collect() } else { Vec::new() }
}

/// The parts of the protocol of these names (none: all) with so many networks a cell (none: as many as each part has) and
/// these changes in all of them; runs go to folders under `out`.
///
/// # Errors
/// A part that there is not; a change that an experiment refuses.
pub fn protocol(parts: &[String], networks: Option<usize>, changes: &[String], out: &Path) -> Result<Comparison> {
    if let Some(part) = parts.iter().find(|p| *p != GRADIENTS && !PROTOCOL.iter().any(|(name, _)| name == p)) {
        return Err(Error::input(format!("the protocol of miconi2017 has no part `{part}`"))
            .at("PART")
            .why(format!("there are {}, {GRADIENTS}", PROTOCOL.map(|(name, _)| name).join(", ")))
            .remedy("name some of them, or none for all"));
    }
    let wish = Wish { networks, changes: changes.to_vec(), experiments: None };
    let parts = PROTOCOL
        .iter()
        .filter(|(name, _)| parts.is_empty() || parts.iter().any(|p| p == name))
        .map(|(name, text)| {
            let origin = format!("the part `{name}` of miconi2017");
            let mut part = Comparison::parse(text, &origin, "miconi2017", Path::new(""), &wish, &out.join(name))?;
            part.experiments = vec![(*name).to_string()];
            part.jobs.iter_mut().for_each(|job| job.experiment_name = (*name).to_string());
            Ok(part)
        })
        .collect::<Result<Vec<_>>>()?;
    let nothing = Comparison { title: String::new(), experiments: Vec::new(), variants: Vec::new(), jobs: Vec::new() };
    let title = "Biologically plausible learning by one delayed reward a trial (Miconi 2017)".into();
    Ok(Comparison { title, ..Comparison::join(parts).unwrap_or(nothing) })
}

/// Share of wrong verdicts that is taken into account.
const LEVEL: f64 = 0.05;

/// A network with the training trials that it lived through.
struct Lived<'a> {
    network: &'a Trained,
    trials: Vec<trainer::Lived>,
}

impl Lived<'_> {
    /// The trial with which the criterion was met; infinite where it never was.
    fn criterion(&self) -> f64 {
        self.network.summary.criterion.map_or(f64::INFINITY, |n| n as f64)
    }

    /// Mean error of the trials of this range that there are, of one condition or of all.
    fn error(&self, trials: Range<usize>, condition: Option<usize>) -> f64 {
        let of = |lived: &&trainer::Lived| condition.is_none_or(|c| lived.condition == c as f32);
        mean(self.trials.iter().skip(trials.start).take(trials.len()).filter(of).map(|lived| f64::from(lived.error)))
    }

    /// Mean error of the last trials.
    fn last(&self, count: usize, condition: Option<usize>) -> f64 {
        let n = self.trials.len();
        self.error(n.saturating_sub(count)..n, condition)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
    sum / count
}

fn quartiles(values: &[f64]) -> [f64; 3] {
    spread(values.iter().copied())
}

/// Order statistics between which the median of the distribution lies with a probability of 95 % at least.
fn interval_of_median(values: &[f64]) -> Option<[f64; 2]> {
    let n = values.len() as u64;
    let coin = Binomial::new(0.5, n).ok()?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let outside = |k: u64| 2.0 * coin.cdf(k);
    // the median is below the (k+1)th smallest with the probability that at most k lie below it
    let k = (0..n / 2).take_while(|k| outside(*k) <= LEVEL).last()?;
    Some([sorted[k as usize], sorted[(n - 1 - k) as usize]])
}

/// 1158, or a dash for what was never reached.
fn count(x: f64) -> String {
    if x.is_finite() { format!("{x:.0}") } else { "never".into() }
}

/// Whether a published median is one that these values may have come from.
fn beside(values: &[f64], published: f64) -> (String, Verdict) {
    let [a, b, c] = quartiles(values);
    let reached = values.iter().filter(|x| x.is_finite()).count();
    let text = format!("median {} ({} to {}); {reached} of {} reached it", count(b), count(a), count(c), values.len());
    match interval_of_median(values) {
        None => (text, Verdict::Unsure),
        Some([low, high]) => {
            let within = low <= published && published <= high;
            let text = format!(
                "{text}; the median is within {} to {} (95 %), and {published} must be",
                count(low),
                count(high)
            );
            (text, if within { Verdict::Yes } else { Verdict::No })
        }
    }
}

/// Whether the median of these is at most so much.
fn at_most(values: &[f64], most: f64) -> (String, Verdict) {
    let [a, b, c] = quartiles(values);
    let verdict = if b <= most { Verdict::Yes } else { Verdict::No };
    (format!("median {b:.3} ({a:.3} to {c:.3}), must be at most {most}"), verdict)
}

/// Whether so many of these hold: 1 or 0 each.
fn all(values: &[f64], of_all: &str) -> (String, Verdict) {
    let held = values.iter().filter(|x| **x != 0.0).count();
    let verdict = if held == values.len() { Verdict::Yes } else { Verdict::No };
    (format!("{held} of {} {of_all}, must be all", values.len()), verdict)
}

/// Every statement with its verdict.
///
/// # Errors
/// A run whose trials cannot be read.
pub fn judge(trained: &[Trained]) -> Result<Vec<Row>> {
    let mut lived = Vec::new();
    for network in trained {
        lived.push(Lived { network, trials: trainer::read_trials(&network.job.folder)? });
    }
    let cell = |part: &str, variant: &str| -> Vec<&Lived<'_>> {
        let mut cell: Vec<&Lived<'_>> = lived
            .iter()
            .filter(|l| l.network.job.experiment_name == part && l.network.job.variant == variant)
            .collect();
        cell.sort_by_key(|l| l.network.summary.seed);
        cell
    };
    let mut rows = Vec::new();
    let mut tell =
        |figure: &str, model: &str, claim: &str, published: &str, values: Vec<f64>, judged: (String, Verdict)| {
            let (statistic, verdict) = judged;
            let (figure, model, claim) = (figure.to_string(), model.to_string(), claim.to_string());
            let (published, unit) = (published.to_string(), String::new());
            rows.push(Row { figure, model, claim, published, values, unit, counted: false, statistic, verdict });
        };
    let learnt = "trials until more than 95 of 100 are right";

    let (model, cells) = ("Nonmatch to sample", cell("nonmatch", "standard"));
    let criteria: Vec<f64> = cells.iter().map(|l| l.criterion()).collect();
    tell("1", model, learnt, "843 (692 to 1125)", criteria.clone(), beside(&criteria, 843.0));
    let late: Vec<f64> = cells.iter().map(|l| l.last(1000, None)).collect();
    tell("1", model, "error of the last 1,000 trials", "0.03 (a figure)", late.clone(), at_most(&late, 0.15));
    // until it is learnt: later there is little to change
    let cut: Vec<f64> = cells
        .iter()
        .map(|l| {
            mean(l.trials.iter().skip(101).take(l.criterion().min(3000.0) as usize).map(|t| 100.0 * f64::from(t.cut)))
        })
        .collect();
    let [a, b, c] = quartiles(&cut);
    let verdict = if (5.0..=15.0).contains(&b) { Verdict::Yes } else { Verdict::No };
    let statistic = format!("median {b:.1} % ({a:.1} to {c:.1}) until it is learnt, must be within 5 to 15");
    tell("–", model, "changes that are cut to the largest that there may be", "about 10 %", cut, (statistic, verdict));

    let (model, cells) = ("Selective integration", cell("integration", "standard"));
    let early: Vec<f64> = cells.iter().map(|l| l.error(5000..6000, None)).collect();
    tell("4A", model, "error of trials 5,000 to 6,000", "below 0.2 (a figure)", early.clone(), at_most(&early, 0.2));
    let late: Vec<f64> = cells.iter().map(|l| l.last(1000, None)).collect();
    tell(
        "4A",
        model,
        "error of the last 1,000 trials",
        "0.03, 0.02 to 0.06 (a figure)",
        late.clone(),
        at_most(&late, 0.06),
    );

    for (figure, part, variant, model, published, printed) in [
        ("7A", "long", "bound-1e-4", "Delay of 1 s, bound 1e-4", 2230.0, "2230 (1366 to 4573)"),
        ("7A", "long", "bound-3e-4", "Delay of 1 s, bound 3e-4", 2230.0, "2230 (1366 to 4573)"),
        ("7B", "variable", "standard", "Delays that vary", 16_500.0, "16,500 (10,700 to 22,700; a figure)"),
        ("7C", "ei", "standard", "Excitatory and inhibitory units", 8_250.0, "8,250 (4,450 to 16,100; a figure)"),
    ] {
        let cells = cell(part, variant);
        let criteria: Vec<f64> = cells.iter().map(|l| l.criterion()).collect();
        tell(figure, model, learnt, printed, criteria.clone(), beside(&criteria, published));
        let late: Vec<f64> = cells.iter().map(|l| l.last(1000, None)).collect();
        let (claim, residue) = ("error of the last 1,000 trials", |most| at_most(&late, most));
        match part {
            "variable" => tell(figure, model, claim, "0.1 to 0.4 (a figure)", late.clone(), residue(0.4)),
            // targets are 6 apart here
            "ei" => tell(figure, model, claim, "0.4 to 1 (a figure)", late.clone(), residue(1.0)),
            _ => tell(
                figure,
                model,
                claim,
                "–",
                late.clone(),
                (residue(0.0).0.replace(", must be at most 0", ""), Verdict::Shown),
            ),
        }
    }

    let criteria = |variant: &str| -> Vec<f64> { cell("rules", variant).iter().map(|l| l.criterion()).collect() };
    let model = "Nonmatch to sample";
    let square = criteria("square");
    let reached = square.iter().map(|x| f64::from(u8::from(x.is_finite()))).collect::<Vec<_>>();
    let reach = all(&reached, "reached the criterion in 3,000 trials");
    tell("–", model, "S(z) = z |z| learns, too", "P", square, reach);
    for (variant, claim) in [("linear", "S(z) = z does not learn"), ("root", "S(z) = ±√|z| does not learn")] {
        let values = criteria(variant);
        let failed = values.iter().map(|x| f64::from(u8::from(x.is_infinite()))).collect::<Vec<_>>();
        tell("–", model, claim, "P", values, all(&failed, "missed the criterion in 3,000 trials"));
    }
    for (variant, claim, printed) in [
        (
            "perturbation",
            "node perturbation with the same rewards: trials to the criterion, of 3,000",
            "P: performs alike",
        ),
        ("text", "the constants of the paper's text: trials to the criterion, of 3,000", "–"),
    ] {
        let values = criteria(variant);
        let (statistic, _) = beside(&values, f64::NAN);
        let statistic = statistic.split("; the median").next().unwrap_or_default().to_string();
        tell("–", model, claim, printed, values, (statistic, Verdict::Shown));
    }

    let (model, cells) = ("Musculoskeletal arm", cell("arm", "standard"));
    for (ball, name) in ["right", "left"].into_iter().enumerate() {
        let falls: Vec<f64> =
            cells.iter().map(|l| l.error(0..50, Some(ball)) - l.error(2900..3000, Some(ball))).collect();
        let fell: Vec<f64> = falls.iter().map(|x| f64::from(u8::from(*x > 0.0))).collect();
        let claim = format!("the error for the {name} ball falls within 3,000 trials, by");
        tell("6", model, &claim, "P", falls, all(&fell, "fell"));
        for (when, values) in [
            ("trials 2,900 to 3,000", cells.iter().map(|l| l.error(2900..3000, Some(ball))).collect::<Vec<f64>>()),
            ("the last 100 trials", cells.iter().map(|l| l.last(100, Some(ball))).collect()),
        ] {
            let [a, b, c] = quartiles(&values);
            let shown = (format!("median {b:.3} ({a:.3} to {c:.3})"), Verdict::Shown);
            tell("6", model, &format!("error for the {name} ball, {when}"), "low (P)", values, shown);
        }
    }
    // parts that were not asked for
    rows.retain(|row| !row.values.is_empty());
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_made_of_experiments_that_work() {
        let whole = protocol(&[], None, &[], Path::new("out")).unwrap();
        let of = |part: &str| whole.jobs.iter().filter(|j| j.experiment_name == part).count();
        let counts = ["nonmatch", "integration", "arm", "ei", "long", "rules", "variable"].map(of);
        assert_eq!(counts, [20, 20, 10, 20, 40, 100, 10]);
        let mut folders: Vec<_> = whole.jobs.iter().map(|j| j.folder.clone()).collect();
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), whole.jobs.len(), "each network has a folder of its own");
        assert_eq!(protocol(&["arm".into()], Some(2), &[], Path::new("out")).unwrap().jobs.len(), 2);
        assert!(
            protocol(&["figure".into()], None, &[], Path::new("out")).unwrap_err().to_string().contains("nonmatch")
        );
    }

    #[test]
    fn a_median_is_held_against_the_interval_of_ours() {
        let twenty: Vec<f64> = (1..=20).map(f64::from).collect();
        // P(Bin(20, 1/2) ≤ 5) = 0.0207: the sixth and the fifteenth
        assert_eq!(interval_of_median(&twenty), Some([6.0, 15.0]));
        assert_eq!(beside(&twenty, 6.0).1, Verdict::Yes);
        assert_eq!(beside(&twenty, 5.0).1, Verdict::No);
        assert_eq!(beside(&twenty[..4], 2.0).1, Verdict::Unsure);
        let mut some = twenty.clone();
        some[14..].fill(f64::INFINITY);
        assert!(beside(&some, 1e9).1 == Verdict::Yes && beside(&some, 1e9).0.contains("14 of 20"));
        assert_eq!(quartiles(&[1.0, 2.0, 3.0, 4.0, 5.0]), [2.0, 3.0, 4.0]);
        assert_eq!(quartiles(&[1.0, f64::INFINITY, f64::INFINITY])[1], f64::INFINITY);
    }
}
