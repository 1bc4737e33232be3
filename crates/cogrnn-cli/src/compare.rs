//! `compare`: the same tasks under several settings, over seeds.

use crate::Ending;
use crate::args;
use crate::look::{STOP, csv_of, listen, markdown_of, minutes, verdicts};
use crate::output::{in_columns, say, say_json, warn};
use cogrnn::analyses;
use cogrnn::compare::{CellSummary, Comparison, Trained};
use cogrnn::evaluate;
use cogrnn::files;
use cogrnn::pool::{self, There, Training};
use cogrnn::reproduce::{self, fading, miconi2017, murray2019, soo2023};
use cogrnn::trainer::{Machine, Reason};
use cogrnn_core::error::{Error, Result};
use cogrnn_report::runs;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Trains what is missing of a comparison and tells what came out.
pub fn compare(args: &args::Compare) -> Result<Ending> {
    let machine = args.machine.resolve()?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(args.file.file_stem().unwrap_or_default()));
    let comparison = Comparison::load(&args.file, &out)?;
    run(&comparison, &out, &machine, args.check, args.json, false)
}

/// Trains the replicates of one experiment side by side; run again, the same command goes on.
pub fn replicates(args: &args::Train, what: &str, folder: &Path) -> Result<Ending> {
    if args.updates.is_some() {
        return Err(Error::input("`--updates` with replicates")
            .why("it ends one training at a number of updates, and these end by their own stopping rule")
            .remedy("--set stop.max_updates=N, or --set replicates=1"));
    }
    let machine = args.machine.resolve()?;
    let comparison = Comparison::replicates(what, &args.experiment.overrides(), folder)?;
    run(&comparison, folder, &machine, false, args.progress.json, args.overwrite)
}

/// A paper whose claims are about settings side by side.
pub fn protocol(args: &args::Reproduce) -> Result<Ending> {
    let paper = args.paper.as_str();
    let machine = args.machine.resolve()?;
    let out = &args.out;
    let comparison = match paper {
        "miconi2017" => miconi2017::protocol(&args.figures, args.seeds, &args.set, out)?,
        "murray2019" => murray2019::protocol(&args.figures, args.seeds.unwrap_or(9), &args.set, out)?,
        _ => soo2023::protocol(&args.figures, args.seeds.unwrap_or(10), &args.set, out)?,
    };
    let Some(done) = train(&comparison, &machine, args.check, args.json, false)? else {
        return Ok(if args.check { Ending::Finished } else { Ending::Interrupted });
    };
    let mut tested = Vec::new();
    for network in &done.results {
        let Some(criterion) = network.job.experiment.stop.performance else { continue };
        if !matches!(network.summary.reason, Reason::Performance) {
            continue;
        }
        let saved = evaluate::Trained::open(&network.job.folder, &machine)?;
        let trials = saved.test_run().trials;
        if let Some(performance) = saved.evaluate(trials, None, &mut |_| ())?.performance {
            let (experiment, variant) = (network.job.experiment_name.clone(), network.job.variant.clone());
            tested.push(soo2023::Tested { experiment, variant, performance, criterion });
        }
    }
    let summaries = comparison.summaries(&done.results);
    let (mut faded, mut gradients) = (Vec::new(), Vec::new());
    let mut rows = if paper == "miconi2017" {
        gradients = miconi2017::gradients(&args.figures);
        let mut rows = miconi2017::judge(&done.results)?;
        if !gradients.is_empty() {
            rows.extend(miconi2017::traces::rows(&gradients));
        }
        rows
    } else if paper == "murray2019" {
        let mut rows = murray2019::judge(&done.results);
        rows.extend(murray2019::peaks(&done.results, &machine)?);
        rows
    } else {
        if !args.json {
            warn("how far errors reach back: a quarter of a training of each scheme");
        }
        let Some(measured) = fading::measure(&comparison, out, &machine, &STOP)? else {
            say("stopped; the same command goes on from here");
            return Ok(Ending::Interrupted);
        };
        files::write_atomically(out.join("fading.csv"), fading::csv(&measured).as_bytes())?;
        faded = measured;
        let mut rows = soo2023::judge(&summaries, &tested);
        rows.extend(soo2023::together_rows(&comparison, &done.results));
        rows.extend(fading::rows(&faded));
        rows
    };
    let mut looked_at = Vec::new();
    if paper == "miconi2017" {
        for name in &comparison.experiments {
            let standard = |t: &&Trained| t.job.experiment_name == *name && t.job.variant == comparison.variants[0];
            let mut shown = Vec::new();
            for network in done.results.iter().filter(standard).take(miconi2017::looks::LOOKED_AT) {
                if !args.json {
                    warn(&format!("{name}, seed {}: what the network does", network.summary.seed));
                }
                shown.extend(reproduce::shown(network, &machine, &mut |_| ())?);
            }
            let analysed: Vec<&analyses::Analysed> = shown.iter().map(|s| &s.analysed).collect();
            rows.extend(miconi2017::looks::rows(name, &analysed));
            // one of each part in detail
            if let Some(first) = shown.into_iter().next() {
                looked_at.push((name.clone(), first));
            }
        }
    }
    std::fs::create_dir_all(out).map_err(|e| files::refusal("cannot make the folder", out, &e))?;
    let page = out.join(format!("{paper}.html"));
    let found = runs::Found {
        trained: &done.results,
        summaries: &summaries,
        rows: &rows,
        faded: &faded,
        looked_at: &looked_at,
        gradients: &gradients,
    };
    let html = runs::protocol(&comparison, &found)?.html();
    files::write_atomically(&page, html.as_bytes())?;
    tables(out, &summaries)?;
    files::write_atomically(out.join("claims.csv"), csv_of(&rows).as_bytes())?;
    files::write_atomically(out.join("claims.md"), markdown_of(&rows).as_bytes())?;
    if args.json {
        say_json(&json!({
            "rows": rows, "variants": summaries, "page": page.display().to_string(), "trained_now": done.missing,
        }));
        return Ok(Ending::Finished);
    }
    say(&table(&summaries));
    say(&verdicts(&rows));
    done.tell(&comparison, &page);
    Ok(Ending::Finished)
}

fn run(
    comparison: &Comparison,
    out: &Path,
    machine: &Machine,
    check: bool,
    json: bool,
    overwrite: bool,
) -> Result<Ending> {
    let Some(done) = train(comparison, machine, check, json, overwrite)? else {
        return Ok(if check { Ending::Finished } else { Ending::Interrupted });
    };
    let summaries = comparison.summaries(&done.results);
    let page = out.join("compare.html");
    let html = runs::comparison(comparison, &done.results, &summaries)?.html();
    files::write_atomically(&page, html.as_bytes())?;
    tables(out, &summaries)?;
    if json {
        say_json(&json!({
            "variants": summaries, "page": page.display().to_string(), "trained_now": done.missing,
        }));
        return Ok(Ending::Finished);
    }
    say(&table(&summaries));
    done.tell(comparison, &page);
    Ok(Ending::Finished)
}

/// What a comparison has come to.
struct Done {
    results: Vec<Trained>,
    /// Networks that were not there before.
    missing: usize,
    took: Duration,
}

impl Done {
    fn tell(&self, comparison: &Comparison, page: &Path) {
        say(&format!(
            "\n  {} networks; trained {} of them now, in {}\n  report in {}",
            comparison.jobs.len(),
            self.missing,
            minutes(self.took),
            page.display()
        ));
    }
}

/// The tables of a comparison beside its page.
fn tables(out: &Path, summaries: &[CellSummary]) -> Result<()> {
    files::write_atomically(out.join("compare.csv"), variants_csv(summaries).as_bytes())?;
    files::write_atomically(out.join("networks.csv"), networks_csv(summaries).as_bytes())
}

/// Trains what is missing; none if that was stopped, or only asked about.
fn train(comparison: &Comparison, machine: &Machine, check: bool, json: bool, overwrite: bool) -> Result<Option<Done>> {
    let jobs = &comparison.jobs;
    if overwrite {
        for job in jobs.iter().filter(|job| job.folder.exists()) {
            std::fs::remove_dir_all(&job.folder).map_err(|e| files::refusal("cannot replace", &job.folder, &e))?;
        }
    }
    let there: Vec<There> = jobs.iter().map(Training::there).collect();
    let missing = there.iter().filter(|t| !matches!(t, There::Trained | There::Diverged)).count();
    if check {
        inventory(json, comparison, &there);
        return Ok(None);
    }
    pool::none_in_the_way(jobs)?;
    listen()?;
    let begun = Instant::now();
    let hidden = json || !std::io::stderr().is_terminal();
    let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::new(jobs.len() as u64) };
    let style = "{bar:30.cyan} {pos} of {len} networks  {elapsed} gone  {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.set_position((jobs.len() - missing) as u64);
    let mut running: Vec<(usize, String)> = Vec::new();
    let trained = pool::train(jobs, machine, &STOP, &mut |status| {
        let job = &jobs[status.job];
        running.retain(|(i, _)| *i != status.job);
        let state = match status.performance {
            Some(p) => format!("{p:.1} %"),
            None if status.rmse.is_nan() => "begins".to_string(),
            None => format!("error {:.3}", status.rmse),
        };
        let short = job.experiment_name.rsplit('/').next().unwrap_or_default();
        let name = format!("{short} {} {}", job.variant, job.experiment.seed);
        if status.ended {
            bar.inc(1);
            if hidden && !json {
                warn(&format!("{name}: {} updates, {state}", status.updates));
            }
        } else {
            running.push((status.job, format!("{name}: {state}")));
        }
        bar.set_message(running.iter().map(|(_, s)| s.as_str()).collect::<Vec<_>>().join(", "));
    });
    let all = trained?;
    bar.finish_and_clear();
    if !all {
        say("stopped; the same command goes on from here");
        return Ok(None);
    }
    let results: Vec<Trained> = jobs.iter().map(cogrnn::compare::Job::result).collect::<Result<_>>()?;
    Ok(Some(Done { results, missing, took: begun.elapsed() }))
}

fn inventory(json: bool, comparison: &Comparison, there: &[There]) {
    let mut rows: Vec<(String, [usize; 4])> = Vec::new();
    for (job, there) in comparison.jobs.iter().zip(there) {
        let name = format!("{}  {}", job.experiment_name, job.variant);
        let at = rows.iter().position(|(n, _)| *n == name).unwrap_or_else(|| {
            rows.push((name, [0; 4]));
            rows.len() - 1
        });
        rows[at].1[match there {
            There::Trained | There::Diverged => 0,
            There::Begun => 1,
            There::Nothing => 2,
            There::InTheWay(_) => 3,
        }] += 1;
    }
    if json {
        let each = |(name, [trained, begun, missing, other]): &(String, [usize; 4])| json!({ "variant": name, "trained": trained, "begun": begun, "missing": missing, "another_in_the_way": other });
        say_json(&json!({ "networks": rows.iter().map(each).collect::<Vec<_>>() }));
        return;
    }
    let told = |(name, [trained, begun, missing, other]): (String, [usize; 4])| {
        let way = if other > 0 { format!("; another experiment is in the way of {other}") } else { String::new() };
        (name, format!("{trained} trained, {begun} begun, {missing} missing{way}"))
    };
    say(&in_columns(&rows.into_iter().map(told).collect::<Vec<_>>()));
}

/// 0.0307, or a dash where there is none.
fn error(x: f64) -> String {
    match x {
        x if !x.is_finite() => "–".to_string(),
        x if x < 100.0 => format!("{x:.4}"),
        x => format!("{x:.0e}"),
    }
}

/// 12,300, or more than the limit.
fn count(x: f64) -> String {
    if x.is_finite() { format!("{x:.0}") } else { "–".to_string() }
}

fn table(summaries: &[CellSummary]) -> String {
    let mut text = String::new();
    let mut last = "";
    let mut measured = true;
    for s in summaries {
        if s.experiment != last {
            last = &s.experiment;
            text += &format!("\n  {last}\n");
            text += &format!(
                "    {:<20} {:>9}  {:<16}  {:<26}  {:<20}  {}\n",
                "variant", "reached", "(95 %)", "updates: median (quartiles)", "seconds", "beside the first"
            );
            measured = s.networks.iter().any(|n| n.performance.is_some());
            if !measured {
                text.truncate(text.rfind("    variant").unwrap_or(text.len()));
                text +=
                    &format!("    {:<20} {:>9}  {}\n", "variant", "networks", "error at the end: median (quartiles)");
            }
        }
        if !measured {
            let [a, b, c] = s.error.map(error);
            text += &format!("    {:<20} {:>9}  {b} ({a} to {c})\n", s.variant, s.networks.len());
            continue;
        }
        let [_, low, high] = s.share;
        let [a, b, c] = s.updates;
        let against = match &s.against_first {
            None => String::new(),
            Some(x) => format!("{} faster, {} slower, {} equal; p = {:.2}", x.faster, x.slower, x.equal, x.p),
        };
        text += &format!(
            "    {:<20} {:>9}  {:<16}  {:<27}  {:<20}  {}\n",
            s.variant,
            format!("{} of {}", s.reached, s.networks.len()),
            format!("({:.0} to {:.0} %)", 100.0 * low, 100.0 * high),
            format!("{} ({} to {})", count(b), count(a), count(c)),
            format!("{} ({} to {})", count(s.seconds[1]), count(s.seconds[0]), count(s.seconds[2])),
            against
        );
    }
    text + "\n  – : at least so many did not reach the criterion"
}

fn quoted(cells: &[String]) -> String {
    cells
        .iter()
        .map(|c| if c.contains([',', '"']) { format!("\"{}\"", c.replace('"', "\"\"")) } else { c.clone() })
        .collect::<Vec<_>>()
        .join(",")
        + "\n"
}

fn number(x: f64) -> String {
    if x.is_finite() {
        x.to_string()
    } else if x.is_nan() {
        String::new()
    } else {
        "inf".into()
    }
}

fn variants_csv(summaries: &[CellSummary]) -> String {
    let mut text = "experiment,variant,networks,reached,share,share_low,share_high,updates_q25,updates_median,\
                    updates_q75,seconds_q25,seconds_median,seconds_q75,error_q25,error_median,error_q75,faster,slower,equal,p\n"
        .to_string();
    for s in summaries {
        let mut cells =
            vec![s.experiment.clone(), s.variant.clone(), s.networks.len().to_string(), s.reached.to_string()];
        cells.extend(s.share.iter().chain(&s.updates).chain(&s.seconds).chain(&s.error).map(|x| number(*x)));
        cells.extend(match &s.against_first {
            Some(a) => [a.faster.to_string(), a.slower.to_string(), a.equal.to_string(), number(a.p)],
            None => Default::default(),
        });
        text += &quoted(&cells);
    }
    text
}

fn networks_csv(summaries: &[CellSummary]) -> String {
    let mut text = "experiment,variant,seed,reached,reason,updates,seconds,performance,rmse\n".to_string();
    for s in summaries {
        for n in &s.networks {
            text += &quoted(&[
                s.experiment.clone(),
                s.variant.clone(),
                n.seed.to_string(),
                n.reached.to_string(),
                serde_json::to_value(n.reason).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default(),
                n.updates.to_string(),
                number(n.seconds),
                n.performance.map_or_else(String::new, number),
                number(n.rmse),
            ]);
        }
    }
    text
}
