//! Soo, Goudar & Wang (2023): whether skips through time help, by the protocol that shows it.
//!
//! The paper's numbers are not public, so what is judged is its claim: in tasks with delays (structures B and C) and
//! in rule reversal, networks that are trained with skips take fewer updates and less time to the criterion than
//! plainly trained ones, and not fewer of them get there. Networks of one seed begin with the same weights and see the
//! same trials, so methods are held against each other seed by seed.

use super::claims::{Row, Verdict};
use crate::compare::{CellSummary, Comparison, Stand, Trained, Wish};
use crate::trainer::Check;
use cogrnn_core::error::{Error, Result};
use std::path::Path;

const STANDARD: &str = include_str!("../../../../experiments/soo2023/protocol/standard.toml");
const REVERSAL: &str = include_str!("../../../../experiments/soo2023/protocol/reversal.toml");
const SETTINGS: &str = include_str!("../../../../experiments/soo2023/protocol/settings.toml");

/// A part of the protocol.
struct Part {
    name: &'static str,
    about: &'static str,
    /// Whether it is done when no part is named.
    usual: bool,
    text: &'static str,
    /// Experiments in the place of those of the text.
    experiments: fn() -> Option<Vec<Stand>>,
}

/// The protocol (§7), part by part.
const PARTS: [Part; 5] = [
    Part {
        name: "standard",
        about: "go, delayed go, delayed match to sample: six methods",
        usual: true,
        text: STANDARD,
        experiments: || None,
    },
    Part {
        name: "reversal",
        about: "rule reversal: the same methods",
        usual: true,
        text: REVERSAL,
        experiments: || None,
    },
    Part {
        name: "settings",
        about: "shorter skips, slower annealing, orthogonal weights, skips and clipping",
        usual: false,
        text: SETTINGS,
        experiments: || None,
    },
    Part {
        name: "delays",
        about: "delays of 1, 2, 4 and 8 s in three tasks",
        usual: false,
        text: STANDARD,
        experiments: || Some(delays()),
    },
    Part {
        name: "tasks",
        about: "the other 13 of the paper's 16 tasks",
        usual: false,
        text: STANDARD,
        experiments: || Some(tasks()),
    },
];

/// Tasks of the paper beside those of the standard part, with their structure (§3.1).
const OTHERS: [(&str, char); 13] = [
    ("rtgo", 'A'),
    ("anti", 'A'),
    ("rtanti", 'A'),
    ("dlyanti", 'B'),
    ("dm1", 'A'),
    ("ctxdm1", 'A'),
    ("multsendm", 'A'),
    ("dlydm1", 'C'),
    ("ctxdlydm1", 'C'),
    ("multsendlydm", 'C'),
    ("dnms", 'C'),
    ("dmc", 'C'),
    ("dnmc", 'C'),
];

fn tasks() -> Vec<Stand> {
    let stand = |(rule, _): &(&str, char)| Stand {
        of: "soo2023/go".into(),
        called: format!("soo2023/{rule}"),
        changes: vec![format!("task.rule={rule:?}")],
    };
    OTHERS.iter().map(stand).collect()
}

/// Delays of training and tests. Those of 1 s are the experiments themselves.
fn delays() -> Vec<Stand> {
    let mut all = Vec::new();
    for task in ["dlygo", "dms", "dlydm1"] {
        for seconds in [1, 2, 4, 8] {
            let of = format!("soo2023/{task}");
            all.push(match seconds {
                1 => Stand { called: of.clone(), of, changes: Vec::new() },
                _ => Stand {
                    called: format!("{of}-{seconds}s"),
                    of,
                    changes: vec![format!("task.long=\"{seconds} s\"")],
                },
            });
        }
    }
    all
}

/// Share of wrong verdicts that is taken into account.
const LEVEL: f64 = 0.05;
/// How far below the criterion, in points, fresh trials may be: training stops at the first checks that are above,
/// and the first are lucky.
const LUCK: f64 = 1.0;

/// The parts of the protocol of these names (`all`: every one; none: the usual ones) with so many networks a cell and
/// these changes in all of them; runs go to folders under `out`.
///
/// # Errors
/// A part that there is not; a change that an experiment refuses.
pub fn protocol(parts: &[String], networks: usize, changes: &[String], out: &Path) -> Result<Comparison> {
    let whole = parts.iter().any(|p| p == "all");
    if let Some(part) = parts.iter().find(|p| *p != "all" && !PARTS.iter().any(|part| part.name == **p)) {
        let lines: Vec<String> = PARTS.iter().map(|p| format!("{} ({})", p.name, p.about)).collect();
        return Err(Error::input(format!("the protocol of soo2023 has no part `{part}`"))
            .at("PART")
            .why(format!("there are {}", lines.join("; ")))
            .remedy("name some of them, or all of them by `all`"));
    }
    let wanted = |part: &&Part| whole || parts.iter().any(|p| p == part.name) || (parts.is_empty() && part.usual);
    let read = |part: &Part| {
        let wish = Wish { networks: Some(networks), changes: changes.to_vec(), experiments: (part.experiments)() };
        let origin = format!("the part `{}` of soo2023", part.name);
        Comparison::parse(part.text, &origin, "soo2023", Path::new(""), &wish, out)
    };
    let parts = PARTS.iter().filter(wanted).map(read).collect::<Result<Vec<_>>>()?;
    Comparison::join(parts).ok_or_else(|| Error::input("an empty protocol"))
}

/// Performance on fresh test trials of a network that met the criterion, as it was saved: plain.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// The experiment.
    pub experiment: String,
    /// The variant.
    pub variant: String,
    /// Per cent.
    pub performance: f64,
    /// The criterion, per cent.
    pub criterion: f64,
}

/// A task for people: its structure, and whether the claim is about it.
fn task(experiment: &str) -> (String, bool) {
    let short = experiment.rsplit('/').next().unwrap_or(experiment);
    let (rule, delay) = match short.strip_suffix('s').and_then(|s| s.rsplit_once('-')) {
        Some((rule, seconds)) if seconds.parse::<u32>().is_ok() => (rule, format!(", delay {seconds} s")),
        _ => (short, String::new()),
    };
    let structure = OTHERS.iter().find(|(name, _)| *name == rule).map(|(_, structure)| *structure);
    let (name, claimed) = match (rule, structure) {
        ("go", _) => ("go (A: no delay)".into(), false),
        ("dlygo", _) => ("delayed go (B)".into(), true),
        ("dms", _) => ("delayed match to sample (C)".into(), true),
        ("rule-reversal", _) => ("rule reversal".into(), true),
        (rule, Some(structure)) => (format!("{rule} ({structure})"), structure != 'A'),
        (rule, None) => (rule.into(), false),
    };
    (name + &delay, claimed)
}

fn name(variant: &str) -> String {
    match variant {
        "cd" | "sctt" | "dasc" => variant.to_uppercase(),
        "clip" => "plain, gradient clipped".into(),
        "omega" => "plain, with Ω".into(),
        "orthogonal" => "plain, orthogonal weights".into(),
        "dasc-clip" => "DASC, gradient clipped".into(),
        other => match other.split_once('-') {
            Some(("cd", stages)) => format!("CD, {stages} stages"),
            Some((scheme @ ("sctt" | "dasc"), every)) => format!("{}, θ = {every}", scheme.to_uppercase()),
            _ => other.to_string(),
        },
    }
}

/// Share of the networks that the authors' stopping rule leaves out at either end.
const TRIM: f64 = 0.1;

/// Updates until the mean performance of networks trained side by side, without the best and the worst tenth, is
/// above the criterion at this many checks in a row: the authors' stopping rule (§2.4). A network that is done keeps
/// its last value, one that diverged counts as 0.
fn together(curves: &[&[Check]], criterion: f64, over: usize) -> Option<u64> {
    let mut times: Vec<u64> = curves.iter().flat_map(|c| c.iter().map(|check| check.updates)).collect();
    times.sort_unstable();
    times.dedup();
    let cut = (TRIM * curves.len() as f64) as usize;
    let mut above = 0;
    times.into_iter().find(|now| {
        let last = |c: &&[Check]| c.iter().rfind(|check| check.updates <= *now).and_then(|check| check.performance);
        let mut all: Vec<f64> = curves.iter().map(|c| last(c).filter(|p| p.is_finite()).unwrap_or(0.0)).collect();
        all.sort_by(f64::total_cmp);
        let middle = &all[cut..all.len() - cut];
        let mean = middle.iter().sum::<f64>() / middle.len().max(1) as f64;
        above = if mean > criterion { above + 1 } else { 0 };
        above >= over
    })
}

/// When the networks of each variant, taken together, would have stopped.
pub fn together_rows(comparison: &Comparison, trained: &[Trained]) -> Vec<Row> {
    let mut rows = Vec::new();
    for experiment in &comparison.experiments {
        for variant in &comparison.variants {
            let of: Vec<&Trained> =
                trained.iter().filter(|t| t.job.experiment_name == *experiment && t.job.variant == *variant).collect();
            let Some(stop) = of.first().map(|t| &t.job.experiment.stop) else { continue };
            let Some(criterion) = stop.performance else { continue };
            let curves: Vec<&[Check]> = of.iter().map(|t| &t.learning[..]).collect();
            let updates = together(&curves, criterion, stop.over);
            rows.push(Row {
                figure: "–".into(),
                model: task(experiment).0,
                claim: format!("{}: updates until the networks together meet the criterion", name(variant)),
                published: "–".into(),
                values: updates.map(|u| u as f64).into_iter().collect(),
                unit: if updates.is_some() { "updates".into() } else { format!("in {} updates", stop.max_updates) },
                counted: false,
                statistic: format!(
                    "mean of {} networks without the best and the worst tenth above {criterion:.1} % at {} checks",
                    of.len(),
                    stop.over
                ),
                verdict: Verdict::Shown,
            });
        }
    }
    rows
}

/// Every claim with its verdict.
pub fn judge(summaries: &[CellSummary], tested: &[Tested]) -> Vec<Row> {
    let mut rows = Vec::new();
    for plain in summaries.iter().filter(|s| s.variant == "plain") {
        let (model, claimed) = task(&plain.experiment);
        let cells = || summaries.iter().filter(|s| s.experiment == plain.experiment && s.variant != "plain");
        for cell in cells() {
            let scheme = ["cd", "sctt", "dasc"].contains(&cell.variant.as_str());
            let published = if scheme && claimed && cell.variant != "cd" { "it does (P, abstract)" } else { "–" };
            let judged = published != "–";
            let row = |claim: String, values: Vec<f64>, unit: &str, statistic: String, verdict: Verdict| Row {
                figure: "–".into(),
                model: model.clone(),
                claim,
                published: published.into(),
                values,
                unit: unit.into(),
                counted: false,
                statistic,
                verdict: if judged { verdict } else { Verdict::Shown },
            };
            let name = name(&cell.variant);
            let updates = |s: &CellSummary| s.networks.iter().filter(|n| n.reached).map(|n| n.updates as f64).collect();
            let (statistic, verdict) = fewer(cell, plain, "updates", |n| n.updates as f64);
            rows.push(row(
                format!("{name} takes fewer updates than plain"),
                updates(cell),
                "updates",
                statistic,
                verdict,
            ));
            let seconds = |s: &CellSummary| s.networks.iter().filter(|n| n.reached).map(|n| n.seconds).collect();
            let (statistic, verdict) = fewer(cell, plain, "seconds", |n| n.seconds);
            rows.push(row(
                format!("{name} takes less time than plain"),
                seconds(cell),
                "s on one thread",
                statistic,
                verdict,
            ));
            let share = |s: &CellSummary| format!("{} of {}", s.reached, s.networks.len());
            let [_, low, high] = cell.share.map(|x| 100.0 * x);
            let statistic = format!(
                "{} reach the criterion, {} of the plain ones ({low:.0} to {high:.0} %, Wilson's 95 %); not fewer may",
                share(cell),
                share(plain)
            );
            let verdict = if cell.reached >= plain.reached { Verdict::Yes } else { Verdict::No };
            let values = cell.networks.iter().map(|n| f64::from(u8::from(n.reached))).collect();
            rows.push(Row {
                counted: true,
                ..row(
                    format!("not fewer networks learn with {name} than plainly"),
                    values,
                    "networks",
                    statistic,
                    verdict,
                )
            });
        }
        let of: Vec<&Tested> =
            tested.iter().filter(|t| t.experiment == plain.experiment && t.variant != "plain").collect();
        if let Some(criterion) = of.first().map(|t| t.criterion) {
            let least = of.iter().map(|t| t.performance).fold(f64::INFINITY, f64::min);
            rows.push(Row {
                figure: "–".into(),
                model: model.clone(),
                claim: "nothing of a scheme is needed afterwards: saved networks, read anew as plain ones, on fresh trials".into(),
                published: "they are plain (P)".into(),
                values: of.iter().map(|t| t.performance).collect(),
                unit: "%".into(),
                counted: false,
                statistic: format!("{} networks; the worst, {least:.1} %, must be above {:.1} % (criterion {criterion:.1}, less {LUCK} for luck)", of.len(), criterion - LUCK),
                verdict: if least > criterion - LUCK { Verdict::Yes } else { Verdict::No },
            });
        }
    }
    rows
}

/// Whether one variant's networks get there in less than another's, seed by seed.
fn fewer(
    cell: &CellSummary,
    plain: &CellSummary,
    what: &str,
    of: impl Fn(&crate::compare::Outcome) -> f64,
) -> (String, Verdict) {
    let cost = |n: &crate::compare::Outcome| if n.reached { of(n) } else { f64::INFINITY };
    let (mut less, mut more) = (0, 0);
    for n in &cell.networks {
        let Some(rival) = plain.networks.iter().find(|p| p.seed == n.seed) else { continue };
        match cost(n).total_cmp(&cost(rival)) {
            std::cmp::Ordering::Less => less += 1,
            std::cmp::Ordering::Greater => more += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
    let p = crate::compare::sign_test(less, more);
    let middle = |s: &CellSummary| {
        let mut all: Vec<f64> = s.networks.iter().map(&cost).collect();
        all.sort_by(f64::total_cmp);
        match all.get(all.len() / 2) {
            Some(x) if x.is_finite() => format!("{x:.0}"),
            _ => "none".to_string(),
        }
    };
    let verdict = match (less > more, p < LEVEL) {
        (_, false) => Verdict::Unsure,
        (true, true) => Verdict::Yes,
        (false, true) => Verdict::No,
    };
    let statistic = format!(
        "median {} {what}, plain {} (half must reach it); less at {less} seeds, more at {more}, p = {p:.3} (sign test)",
        middle(cell),
        middle(plain)
    );
    (statistic, verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Outcome, interval};
    use crate::trainer::Reason;

    fn cell(variant: &str, updates: &[Option<u64>]) -> CellSummary {
        let networks: Vec<Outcome> = updates
            .iter()
            .enumerate()
            .map(|(k, u)| Outcome {
                seed: k as u64,
                reached: u.is_some(),
                reason: if u.is_some() { Reason::Performance } else { Reason::MaxUpdates },
                updates: u.unwrap_or(5000),
                seconds: u.unwrap_or(5000) as f64 / 100.0,
                performance: Some(99.5),
                rmse: 0.1,
            })
            .collect();
        let reached = networks.iter().filter(|n| n.reached).count();
        CellSummary {
            error: [0.0; 3],
            experiment: "soo2023/dlygo".into(),
            variant: variant.into(),
            reached,
            share: interval(reached, networks.len()),
            updates: [0.0; 3],
            seconds: [0.0; 3],
            networks,
            against_first: None,
        }
    }

    #[test]
    fn the_protocol_is_made_of_experiments_that_work() {
        let all = protocol(&[], 1, &[], Path::new("out")).unwrap();
        assert_eq!(all.variants, ["plain", "clip", "omega", "cd", "sctt", "dasc"]);
        assert_eq!(all.jobs.len(), 4 * 6);
        let dasc = all.jobs.iter().find(|j| j.variant == "dasc" && j.experiment_name.ends_with("dms")).unwrap();
        assert!(!dasc.experiment.unroll.is_plain());
        assert_eq!(dasc.experiment.stop.max_updates, 5000);
        // the whole of it: 16 tasks and rule reversal, 9 longer delays, 6 more settings of two tasks
        let longer = ["stop.max_updates=20000".to_string()];
        let all = protocol(&["all".to_string()], 1, &longer, Path::new("out")).unwrap();
        assert_eq!(all.jobs.len(), (16 + 1 + 9) * 6 + 2 * 6);
        assert_eq!(all.experiments.len(), 16 + 1 + 9);
        assert!(all.jobs.iter().all(|j| j.experiment.stop.max_updates == 20_000));
        let slow = all.jobs.iter().find(|j| j.experiment_name == "soo2023/dms-8s").unwrap();
        assert!(slow.experiment.resolved().contains("long = \"8000 ms\""), "{}", slow.experiment.resolved());
        let mut folders: Vec<_> = all.jobs.iter().map(|j| &j.folder).collect();
        folders.sort_unstable();
        folders.dedup();
        assert_eq!(folders.len(), all.jobs.len());
        assert_eq!(task("soo2023/dms-8s"), ("delayed match to sample (C), delay 8 s".into(), true));
        assert_eq!(task("soo2023/ctxdm1"), ("ctxdm1 (A)".into(), false));
        let refused = protocol(&["standart".to_string()], 1, &[], Path::new("out")).unwrap_err();
        assert!(refused.to_string().contains("delays (delays of 1, 2, 4 and 8 s in three tasks)"), "{refused}");
    }

    /// A verdict follows the networks: help, harm, none that can be told.
    #[test]
    fn verdicts_can_be_yes_no_and_unsure() {
        let plain: Vec<Option<u64>> = (0..10).map(|k| (k % 2 == 0).then_some(4000 + k)).collect();
        let verdict = |other: &[Option<u64>]| {
            let rows = judge(&[cell("plain", &plain), cell("dasc", other)], &[]);
            (rows[0].verdict, rows[1].verdict, rows[2].verdict)
        };
        assert_eq!(verdict(&[Some(2000); 10]), (Verdict::Yes, Verdict::Yes, Verdict::Yes));
        let worse: Vec<Option<u64>> = vec![None; 10];
        assert_eq!(verdict(&worse).2, Verdict::No);
        assert_eq!(verdict(&plain), (Verdict::Unsure, Verdict::Unsure, Verdict::Yes));
        let rows = judge(&[cell("plain", &[Some(2000); 10]), cell("dasc", &[Some(4000); 10])], &[]);
        assert_eq!((rows[0].verdict, rows[2].verdict), (Verdict::No, Verdict::Yes));
        // rivals are shown, not judged: nobody claimed anything of them
        let rows = judge(&[cell("plain", &plain), cell("clip", &[Some(2000); 10])], &[]);
        assert!(rows.iter().all(|r| r.verdict == Verdict::Shown));
        let tested = |performance| Tested {
            experiment: "soo2023/dlygo".into(),
            variant: "dasc".into(),
            performance,
            criterion: 99.0,
        };
        let last =
            |tested: &[Tested]| judge(&[cell("plain", &plain), cell("dasc", &plain)], tested).pop().unwrap().verdict;
        assert_eq!(last(&[tested(99.2), tested(98.6)]), Verdict::Yes);
        assert_eq!(last(&[tested(99.2), tested(84.0)]), Verdict::No);
    }

    #[test]
    fn networks_together_are_judged_without_the_best_and_the_worst() {
        let check = |updates, performance| Check { updates, performance, ..blank() };
        let curve = |values: &[f64]| -> Vec<Check> {
            values.iter().enumerate().map(|(k, p)| check(10 * (k as u64 + 1), Some(*p))).collect()
        };
        // nine learn at once and stop, one never does: it is left out
        let mut curves = vec![curve(&[50.0, 99.5, 99.5]); 9];
        curves.push(curve(&[50.0, 50.0, 50.0, 50.0]));
        let of = |curves: &[Vec<Check>], over| together(&curves.iter().map(|c| &c[..]).collect::<Vec<_>>(), 99.0, over);
        assert_eq!(of(&curves, 2), Some(30));
        assert_eq!(of(&curves, 1), Some(20));
        // two that never do are one too many
        curves[0] = curve(&[50.0, f64::NAN, 50.0, 50.0]);
        assert_eq!(of(&curves, 1), None);
    }

    fn blank() -> Check {
        Check {
            updates: 0,
            trials: 0,
            cost: 0.0,
            rmse: 0.0,
            performance: None,
            omega: 0.0,
            gradient_norm: 0.0,
            spectral_radius: 0.0,
            best: false,
            gradient_cosine: None,
            alignment: None,
        }
    }
}
