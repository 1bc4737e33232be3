//! Commands that train nothing: `list`, `show`, `check`, `table`.

use crate::Ending;
use crate::args;
use crate::draw::Look;
use crate::output::{in_columns, say, say_json, warn};
use cogrnn::experiment::{Experiment, shipped};
use cogrnn::trainer::Trainer;
use cogrnn_core::error::{Error, Result};
use serde_json::{Map, Value, json};

/// The experiments that come with the program.
pub fn list(args: &args::List) -> Result<Ending> {
    let all = shipped();
    if args.json {
        let all: Vec<Value> = all.iter().map(|e| json!({ "name": e.name, "title": e.title })).collect();
        say_json(&json!({ "experiments": all }));
    } else {
        let rows: Vec<(String, String)> = all.iter().map(|e| (e.name.to_string(), e.title.clone())).collect();
        say(&in_columns(&rows));
        if let Some(first) = all.first() {
            say(&format!("\nnext  cogrnn train {0}    or  cogrnn show {0}", first.name));
        }
    }
    Ok(Ending::Finished)
}

/// An experiment with every default written out.
pub fn show(args: &args::Show) -> Result<Ending> {
    let experiment = load(&args.experiment)?;
    if args.json {
        say_json(&json!({
            "name": experiment.name, "title": experiment.title, "seed": experiment.seed,
            "experiment": experiment.resolved(), "warnings": experiment.warnings(),
        }));
    } else {
        say(experiment.resolved().trim_end());
        told(&experiment);
    }
    Ok(Ending::Finished)
}

/// Whether an experiment is sound, and what it will do.
pub fn check(args: &args::Check) -> Result<Ending> {
    let experiment = load(&args.experiment)?;
    let seen = if args.draws() { Some(Look::at(&experiment, args)?) } else { None };
    if args.json {
        let summary: Map<String, Value> = experiment.summary().into_iter().map(|(k, v)| (k, v.into())).collect();
        let mut all = json!({
            "ok": true, "name": experiment.name, "title": experiment.title, "seed": experiment.seed,
            "summary": summary, "warnings": experiment.warnings(),
        });
        if let Some(seen) = seen {
            all["task"] = seen.as_json();
        }
        say_json(&all);
        return Ok(Ending::Finished);
    }
    say(&format!("{}: {}", experiment.name, experiment.title));
    say(&in_columns(&experiment.summary()));
    told(&experiment);
    if let Some(seen) = &seen {
        say(&format!("\n{}", seen.drawn()));
        say(&in_columns(&seen.facts()));
        if let Some(warning) = seen.warning() {
            warn(&warning);
        }
    }
    let solved = seen.is_none_or(|seen| seen.solvable());
    let sound = if solved { "sound" } else { "sound as a file, but its task cannot be solved" };
    say(&format!("\n{sound}\nnext  cogrnn train {}", args.experiment.what));
    Ok(Ending::Finished)
}

/// What rules compute, beside what they should.
pub fn verify(args: &args::Verify) -> Result<Ending> {
    let checks = cogrnn::verify::verify(args.rule.as_deref())?;
    let failed = checks.iter().filter(|c| !c.passed).count();
    let ending = if failed == 0 { Ending::Finished } else { Ending::Refuted };
    if args.json {
        say_json(&json!({ "checks": checks, "passed": failed == 0 }));
        return Ok(ending);
    }
    let widest = checks.iter().map(|c| c.claim.chars().count()).max().unwrap_or(0);
    let mut last = "";
    for check in &checks {
        if check.rule != last {
            last = check.rule;
            say(&format!("\n  {last}"));
        }
        let verdict = if check.passed { "✓" } else { "✗ FAILS" };
        let (relation, must) = if check.control { ("differs from", "at least") } else { ("equals      ", "at most ") };
        say(&format!(
            "    {relation}  {:<widest$}  {:>8}  {must} {:<6}  {verdict}",
            check.claim,
            size(check.found),
            size(check.bound)
        ));
    }
    let rules = if let Some(rule) = &args.rule { format!("`{rule}`") } else { "all rules".to_string() };
    say(&match failed {
        0 => format!("\n  {} checks of {rules} hold; what equals is told by the largest difference", checks.len()),
        n => format!("\n  {n} of {} checks of {rules} DO NOT HOLD", checks.len()),
    });
    Ok(ending)
}

/// How near the gradients of rules are to the exact one.
pub fn gradient(args: &args::Gradient) -> Result<Ending> {
    let machine = args.machine.resolve()?;
    let run = args.what.is_dir();
    if run && !args.set.is_empty() {
        return Err(Error::input("`--set` with a run")
            .at("--set")
            .why("its weights are those of its own experiment")
            .remedy("leave it out, or name an experiment instead of a folder"));
    }
    let (experiment, at) = if run {
        let trainer = Trainer::look(&args.what, &machine)?;
        let (updates, theta) = trainer.theta();
        (trainer.experiment().clone(), Some((updates, theta.clone())))
    } else {
        (Experiment::load(&args.what.to_string_lossy(), &args.set)?, None)
    };
    let from = at.as_ref().map(|(updates, theta)| (*updates, theta));
    let found = cogrnn::gradient::compare(&experiment, from, &args.rules, args.draws, &machine)?;
    let updates = at.as_ref().map_or(0, |(updates, _)| *updates);
    if args.json {
        say_json(&json!({ "experiment": experiment.name, "updates": updates, "rules": found }));
        return Ok(Ending::Finished);
    }
    say(&format!(
        "{}, seed {}, after {updates} updates, {} trials: gradients beside the exact one\n",
        experiment.name, experiment.seed, experiment.trials
    ));
    say(&format!(
        "  {:<16} {:<10} {:>5}   {:>7} {:>7}   {:>8} {:>8} {:>9}   {:>7} {:>7}",
        "rule", "feedback", "draws", "cosine", "of mean", "bias", "chance", "variance", "w_rec", "w_out"
    ));
    for one in &found {
        let all = &one.all;
        let random = |x: f64| if one.draws > 1 { size(x) } else { "–".into() };
        say(&format!(
            "  {:<16} {:<10} {:>5}   {:>7.3} {:>7.3}   {:>8} {:>8} {:>9}   {:>7.3} {:>7.3}",
            one.rule,
            one.feedback.unwrap_or("–"),
            one.draws,
            all.cosine,
            all.cosine_of_mean,
            size(all.bias),
            random(all.chance),
            random(all.variance),
            one.w_rec.cosine,
            one.w_out.cosine
        ));
    }
    say(
        "\n  cosine   of the angle to the exact gradient: median over draws; of the mean over draws; of w_rec and w_out alone",
    );
    say("  bias     of the mean, in lengths of the exact gradient; chance: what it would be for a rule without bias");
    say("  variance mean squared distance from the mean, in squared lengths of the exact gradient");
    Ok(Ending::Finished)
}

/// 3e-14, 0.31, 24.
fn size(x: f64) -> String {
    if x == 0.0 {
        "0".into()
    } else if (0.001..1000.0).contains(&x.abs()) {
        let digits = if x.abs() < 1.0 { 3 } else { 1 };
        format!("{x:.digits$}").trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        format!("{x:.0e}")
    }
}

/// Which learning rule fits which network.
pub fn table(args: &args::List) -> Result<Ending> {
    let rows = cogrnn::table();
    if args.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|row| {
                let rules: Map<String, Value> = row
                    .rules
                    .iter()
                    .map(|(rule, why_not)| (rule.to_string(), json!({ "fits": why_not.is_none(), "why_not": why_not })))
                    .collect();
                json!({ "network": row.network, "rules": rules })
            })
            .collect();
        say_json(&json!({ "table": rows }));
        return Ok(Ending::Finished);
    }
    let rules: Vec<String> =
        rows.first().map(|r| r.rules.iter().map(|(rule, _)| rule.to_string()).collect()).unwrap_or_default();
    let first = rows.iter().map(|r| r.network.len()).max().unwrap_or(0).max("network".len());
    say(&format!("  {:<first$}  {}", "network", rules.join("  ")));
    for row in &rows {
        let marks: Vec<String> = row
            .rules
            .iter()
            .map(|(rule, why_not)| format!("{:^w$}", if why_not.is_none() { "✓" } else { "–" }, w = rule.len()))
            .collect();
        say(format!("  {:<first$}  {}", row.network, marks.join("  ")).trim_end());
    }
    let reasons: Vec<(String, String)> = rows
        .iter()
        .flat_map(|row| {
            row.rules
                .iter()
                .filter_map(|(rule, why_not)| Some((format!("{rule} with {}", row.network), why_not.clone()?)))
        })
        .collect();
    if !reasons.is_empty() {
        say(&format!("\nwhy not\n{}", in_columns(&reasons)));
    }
    Ok(Ending::Finished)
}

/// The experiment that the command line asks for.
pub fn load(args: &args::Experiment) -> Result<Experiment> {
    Experiment::load(&args.what, &args.overrides())
}

/// Warnings, on standard error, so that they never mix with a result.
pub fn told(experiment: &Experiment) {
    for warning in experiment.warnings() {
        warn(&format!("note  {warning}"));
    }
}
