//! Commands that show what a trained network does: `analyse`, `report`, `reproduce`.

use crate::Ending;
use crate::args;
use crate::judge::share_bar;
use crate::output::{in_columns, say, say_json, warn};
use cogrnn::analyses::{self, Analysed};
use cogrnn::evaluate::{TestRun, Trained};
use cogrnn::folder;
use cogrnn::pool::{self, There, Training};
use cogrnn::reproduce::{self, Job, Network, Plan, Row, Verdict};
use cogrnn::trainer::Summary;
use cogrnn_core::error::{Error, Result};
use cogrnn_report::Theme;
use cogrnn_report::runs::{self, Run};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Numbers and figures of one run.
pub fn analyse(args: &args::Analyse) -> Result<Ending> {
    let trained = Trained::open_changed(&args.dir, &args.machine.resolve()?, &args.set)?;
    let plans = analyses::choose(&trained, &args.names)?;
    if plans.is_empty() {
        return Err(Error::input("the experiment asks for no analysis")
            .at(args.dir.display().to_string())
            .why("it has no [analysis.…] section")
            .remedy("--set analysis.psychometric.evidence=COLUMN, or add a section to the experiment"));
    }
    let run = with(&trained, &args.on);
    let bar = share_bar(args.json);
    let found = analyses::analysed(&trained, &args.dir, &plans, &run, &mut |share| {
        bar.set_position((share * 1000.0) as u64);
    });
    bar.finish_and_clear();
    let found = found?;
    draw(&trained, &found, &analyses::result_folder(&args.dir))?;
    if args.json {
        let each: Vec<Value> =
            found.numbers.iter().map(|n| json!({ "name": n.name, "headline": n.numbers.headline() })).collect();
        let folder = analyses::result_folder(&args.dir).display().to_string();
        say_json(
            &json!({ "trials": found.trials, "performance": found.performance, "analyses": each, "folder": folder }),
        );
    } else {
        let rows: Vec<(String, String)> =
            found.numbers.iter().map(|n| (n.name.clone(), n.numbers.headline())).collect();
        say(&in_columns(&rows));
        let on = match found.performance {
            Some(p) => format!("{} test trials, {p:.1} % right", found.trials),
            None => format!("{} test trials, error {:.4}", found.trials, found.rmse),
        };
        say(&format!("\n  {on}; numbers and figures in {}", analyses::result_folder(&args.dir).display()));
    }
    Ok(Ending::Finished)
}

/// Every figure as SVG and PNG, for print: light, three pixels a unit.
fn draw(trained: &Trained, found: &Analysed, folder: &Path) -> Result<()> {
    for named in &found.numbers {
        for figure in runs::figures_of(trained, found, named)? {
            let path = folder.join(format!("{}.svg", figure.id));
            cogrnn::files::write_atomically(&path, figure.svg(Theme::Light).as_bytes())?;
            cogrnn::files::write_atomically(path.with_extension("png"), &figure.png(Theme::Light, 3.0))?;
        }
    }
    Ok(())
}

/// One page about some runs.
pub fn report(args: &args::Report) -> Result<Ending> {
    let machine = args.machine.resolve()?;
    let bar = share_bar(args.json);
    let mut all = Vec::new();
    for (i, dir) in args.dirs.iter().enumerate() {
        let trained = Trained::open(dir, &machine)?;
        let plans = analyses::choose(&trained, &[])?;
        // Only the first is shown in detail.
        let analysed = if i == 0 && !plans.is_empty() {
            let run = with(&trained, &args.on);
            let mut tell = |share: f64| bar.set_position((share * 1000.0) as u64);
            Some(analyses::analysed(&trained, dir, &plans, &run, &mut tell)?)
        } else {
            None
        };
        let summary = folder::read_result::<Summary>(dir).ok();
        let played = cogrnn::auxiliary::Played::read(dir)?;
        all.push(Run { trained, summary, learning: reproduce::learning_curve(dir)?, analysed, played });
    }
    bar.finish_and_clear();
    let (first, others) = (&all[0].trained.experiment, &all[1..]);
    if let Some(other) = others.iter().find(|r| r.trained.experiment.task.name() != first.task.name()) {
        return Err(Error::input("these runs are of different tasks")
            .why(format!("`{}` and `{}`", first.task.name(), other.trained.experiment.task.name()))
            .remedy("write a report for each"));
    }
    let out = args.out.clone().unwrap_or_else(|| args.dirs[0].join("report.html"));
    let html = runs::page(&all)?.html();
    cogrnn::files::write_atomically(&out, html.as_bytes())?;
    if args.json {
        say_json(&json!({ "page": out.display().to_string(), "bytes": html.len() }));
    } else {
        say(&format!("{}  ({:.1} MB; open it in a browser)", out.display(), html.len() as f64 / 1e6));
    }
    Ok(Ending::Finished)
}

fn with(trained: &Trained, on: &args::Trials) -> TestRun {
    let usual = trained.test_run();
    TestRun { trials: on.trials.unwrap_or(usual.trials), dt: on.dt, ..usual }
}

/// Set when somebody presses Ctrl-C.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// Begins to listen for Ctrl-C.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        warn("stopping; each training saves a checkpoint (Ctrl-C again to leave at once)");
    })
    .map_err(|e| Error::machine("cannot listen for Ctrl-C").why(e.to_string()).remedy("is another handler set?"))
}

/// A paper from its models to its verdicts.
pub fn reproduce(args: &args::Reproduce) -> Result<Ending> {
    if ["miconi2017", "murray2019", "soo2023"].contains(&args.paper.as_str()) {
        return crate::compare::protocol(args);
    }
    if !args.set.is_empty() {
        return Err(Error::input(format!("`--set` with {}", args.paper))
            .why("its models are trained with their published parameters")
            .remedy("cogrnn train EXPERIMENT --set KEY=VALUE"));
    }
    let machine = args.machine.resolve()?;
    let plan = Plan::new(&args.paper, &args.figures, args.seeds.unwrap_or(6), &args.out)?;
    let jobs = plan.jobs()?;
    let there: Vec<There> = jobs.iter().map(Job::there).collect();
    if args.check {
        inventory(args, &jobs, &there);
        return Ok(Ending::Finished);
    }
    pool::none_in_the_way(&jobs)?;
    listen()?;
    let begun = Instant::now();
    let missing = there.iter().filter(|t| !matches!(t, There::Trained | There::Diverged)).count();
    let hidden = args.json || !std::io::stderr().is_terminal();
    let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::new(jobs.len() as u64) };
    let style = "{bar:30.cyan} {pos} of {len} networks  {elapsed} gone  {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.set_position((jobs.len() - missing) as u64);
    let mut running: Vec<(usize, String)> = Vec::new();
    let trained = pool::train(&jobs, &machine, &STOP, &mut |status| {
        let job = &jobs[status.job];
        let short = job.model.experiment.rsplit('/').next().unwrap_or_default();
        running.retain(|(i, _)| *i != status.job);
        let state = match status.performance {
            Some(p) => format!("{p:.0} %"),
            None if status.rmse.is_nan() => "begins".to_string(),
            None => format!("error {:.3}", status.rmse),
        };
        if status.ended {
            bar.inc(1);
            if hidden && !args.json {
                warn(&format!("{short} seed {}: {} updates, {state}", job.experiment.seed, status.updates));
            }
        } else {
            running.push((status.job, format!("{short} {}: {state}", job.experiment.seed)));
        }
        bar.set_message(running.iter().map(|(_, s)| s.as_str()).collect::<Vec<_>>().join(", "));
    });
    let all = trained?;
    bar.finish_and_clear();
    if !all {
        say("stopped; the same command goes on from here");
        return Ok(Ending::Interrupted);
    }
    let training = begun.elapsed();

    let bar = share_bar(args.json);
    let mut networks: Vec<Network> = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        if STOP.load(Ordering::Relaxed) {
            return Ok(Ending::Interrupted);
        }
        let mut tell = |share: f64| bar.set_position(((i as f64 + share) / jobs.len() as f64 * 1000.0) as u64);
        let network = reproduce::look(job, &machine, &mut tell)?;
        if let Err(why) = &network.shown {
            warn(&format!("{} seed {}: not analysed: {why}", job.model.experiment, job.experiment.seed));
        }
        networks.push(network);
    }
    bar.finish_and_clear();
    let rows = reproduce::judge(&networks);
    let page = args.out.join(format!("{}.html", plan.name(&args.paper)));
    let html = runs::reproduction(&networks, &rows)?.html();
    cogrnn::files::write_atomically(&page, html.as_bytes())?;
    for network in networks.iter().filter(|n| n.job.figure) {
        if let Ok(shown) = &network.shown {
            draw(&shown.trained, &shown.analysed, &analyses::result_folder(&network.job.folder))?;
        }
    }
    let table = verdicts(&rows) + &not_analysed(&networks);
    let claims = plan.name("claims");
    cogrnn::files::write_atomically(args.out.join(format!("{claims}.csv")), csv_of(&rows).as_bytes())?;
    cogrnn::files::write_atomically(args.out.join(format!("{claims}.md")), markdown_of(&rows).as_bytes())?;
    if args.json {
        say_json(&json!({
            "rows": rows, "not_analysed": networks.iter().filter_map(|n| {
                let why = n.shown.as_ref().err()?;
                Some(json!({ "experiment": n.job.model.experiment, "seed": n.job.experiment.seed, "why": why }))
            }).collect::<Vec<Value>>(), "page": page.display().to_string(),
            "training_s": training.as_secs_f64(), "total_s": begun.elapsed().as_secs_f64(), "trained_now": missing,
        }));
    } else {
        say(&table);
        say(&format!(
            "\n  {} networks; trained {missing} of them now in {}, all in {}\n  report in {}",
            networks.len(),
            minutes(training),
            minutes(begun.elapsed()),
            page.display()
        ));
    }
    Ok(Ending::Finished)
}

/// 12 s, 3.4 min.
pub fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 { format!("{seconds:.0} s") } else { format!("{:.1} min", seconds / 60.0) }
}

fn inventory(args: &args::Reproduce, jobs: &[Job], there: &[There]) {
    let word = |t: &There| match t {
        There::Nothing => "missing",
        There::Begun => "begun",
        There::Trained => "trained",
        There::Diverged => "diverged",
        There::InTheWay(_) => "another experiment is in the way",
    };
    let why = |t: &There| match t {
        There::InTheWay(why) => Some(why.clone()),
        _ => None,
    };
    if args.json {
        let each: Vec<Value> = jobs
            .iter()
            .zip(there)
            .map(|(j, t)| {
                json!({
                    "experiment": j.model.experiment, "seed": j.experiment.seed, "state": word(t), "why": why(t),
                })
            })
            .collect();
        say_json(&json!({ "networks": each }));
        return;
    }
    let mut rows = Vec::new();
    for (job, t) in jobs.iter().zip(there) {
        let name = job.model.experiment.to_string();
        let state = format!("seed {} {}", job.experiment.seed, word(t));
        match rows.iter_mut().find(|(n, _): &&mut (String, String)| *n == name) {
            Some((_, states)) => *states += &format!(", {state}"),
            None => rows.push((name, state)),
        }
    }
    say(&in_columns(&rows));
    for (job, t) in jobs.iter().zip(there) {
        if let Some(why) = why(t) {
            say(&format!("  {}: {why}", job.folder.display()));
        }
    }
}

/// Networks that were not analysed, a line each.
fn not_analysed(networks: &[Network]) -> String {
    let line = |n: &Network| {
        let why = n.shown.as_ref().err()?;
        Some(format!("\n  {} seed {}: not analysed: {why}", n.job.model.experiment, n.job.experiment.seed))
    };
    networks.iter().filter_map(line).collect()
}

/// The claims as lines, figure by figure.
pub fn verdicts(rows: &[Row]) -> String {
    let mut text = String::new();
    let mark = |v: Verdict| match v {
        Verdict::Yes => "yes",
        Verdict::No => "NO",
        Verdict::Unsure => "unsure",
        Verdict::Shown => "shown",
    };
    for row in rows {
        text += &format!(
            "  {:<6}  Fig {:<7} {}\n          {}: published {}; here {} {}\n          {}\n",
            mark(row.verdict),
            row.figure,
            row.claim,
            row.model,
            row.published,
            row.ours(),
            row.unit,
            row.statistic
        );
    }
    let count = |v: Verdict| rows.iter().filter(|r| r.verdict == v).count();
    text + &format!(
        "\n  {} rows: {} yes, {} no, {} unsure, {} shown",
        rows.len(),
        count(Verdict::Yes),
        count(Verdict::No),
        count(Verdict::Unsure),
        count(Verdict::Shown)
    )
}

/// The claims as a table for a document.
pub fn markdown_of(rows: &[Row]) -> String {
    let mut text = "| Fig | model | result | published | ours: median (range) | statistic | verdict |\n".to_string();
    text += "|---|---|---|---|---|---|---|\n";
    for row in rows {
        let (ours, verdict) = (row.ours(), format!("{:?}", row.verdict).to_lowercase());
        let ours = format!("{ours} {}", row.unit);
        let cells = [&row.figure, &row.model, &row.claim, &row.published, &ours, &row.statistic, &verdict];
        let cells: Vec<String> = cells.iter().map(|c| c.trim().replace('|', "\\|")).collect();
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

/// The claims as a table for programs.
pub fn csv_of(rows: &[Row]) -> String {
    let mut text = "figure,model,claim,published,median_and_range,unit,statistic,verdict,values\n".to_string();
    let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
    for row in rows {
        let values = row.values.iter().map(|v| format!("{v}")).collect::<Vec<_>>().join(" ");
        let verdict = format!("{:?}", row.verdict).to_lowercase();
        let cells = [
            &row.figure,
            &row.model,
            &row.claim,
            &row.published,
            &row.ours(),
            &row.unit,
            &row.statistic,
            &verdict,
            &values,
        ];
        text += &cells.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}
