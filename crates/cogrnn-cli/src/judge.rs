//! Commands that look at a trained network or at this machine: `evaluate`, `record`, `bench`.

use crate::Ending;
use crate::args;
use crate::args::Format;
use crate::output::{as_table, in_columns, say, say_json, short, warn};
use cogrnn::evaluate::{Evaluation, TestRun, Trained};
use cogrnn_analysis::psychometric::draw;
use cogrnn_core::error::{Error, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

/// Size of a psychometric curve, in characters.
const WIDTH: usize = 72;
const HEIGHT: usize = 18;

/// Trials of a recording, where nobody says how many.
const RECORDED_TRIALS: usize = 100;

/// How well a trained network does.
pub fn evaluate(args: &args::Evaluate) -> Result<Ending> {
    let trained = Trained::open_changed(&args.dir, &args.machine.resolve()?, &args.set)?;
    let bar = share_bar(args.json);
    let trials = args.on.trials.unwrap_or(trained.test_run().trials);
    let found = trained.evaluate(trials, args.on.dt, &mut |share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    let found = found?;
    if args.json {
        say_json(&as_json(&found));
    } else {
        say(&told(&found));
    }
    Ok(Ending::Finished)
}

/// The activity of a trained network.
pub fn record(args: &args::Record) -> Result<Ending> {
    let out = args.out.display();
    if args.out.exists() && !args.overwrite {
        return Err(Error::input(format!("`{out}` exists"))
            .at("--out")
            .why("a recording never writes over a file unasked")
            .remedy("another --out, or --overwrite"));
    }
    let trained = Trained::open_changed(&args.dir, &args.machine.resolve()?, &args.set)?;
    let Format::Npz = args.format; // the only one
    let usual = trained.test_run();
    let request = TestRun {
        trials: args.trials.or(trained.experiment.test.trials).unwrap_or(RECORDED_TRIALS),
        dt: args.dt,
        save_every: args.save_every.or(usual.save_every),
        ..usual
    };
    listen()?;
    let bar = share_bar(args.json);
    let found = trained.record(&request, &args.out, &STOP, &mut |share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    let Some(found) = found? else {
        warn("interrupted; nothing was written");
        return Ok(Ending::Interrupted);
    };
    if args.json {
        let mut found = as_json(&found);
        found["file"] = args.out.to_string_lossy().into();
        say_json(&found);
    } else {
        say(&format!(
            "{} trials × {} samples, every {} ms × {} units in {out}, {} MB",
            found.trials,
            found.steps,
            short(found.every),
            found.units,
            short(found.bytes as f64 / 1e6)
        ));
    }
    Ok(Ending::Finished)
}

/// Somebody pressed Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks, so that the half-written file is removed; the second insists.
fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|e| Error::machine("cannot listen for Ctrl-C").why(e.to_string()).remedy("is another handler set?"))
}

/// How fast training is here.
pub fn bench(args: &args::Bench) -> Result<Ending> {
    let machine = args.machine.resolve()?;
    if let Some(rule) = &args.rule {
        let (online, steps) = (args.update == "step", args.steps.unwrap_or(800));
        let trials = args.trials.unwrap_or(1);
        let found = cogrnn::bench::rule(rule, online, args.units, trials, steps, machine.kernels, 2.0)?;
        if args.json {
            say_json(&as_json(&found));
            return Ok(Ending::Finished);
        }
        say(&format!(
            "{rule}, an update a {}, {} units, {trials} trials of {steps} steps, one thread",
            args.update, args.units
        ));
        let mut rows = vec![("time".to_string(), format!("{} µs a step of a trial", short(found.us_per_step)))];
        rows.extend(found.gflops.map(|speed| {
            let share = 100.0 * speed / found.peak_gflops;
            let told = format!("{} GFLOP/s, {share:.0} % of the peak of {}", short(speed), short(found.peak_gflops));
            ("speed".to_string(), told)
        }));
        say(&in_columns(&rows));
        return Ok(Ending::Finished);
    }
    let (trials, steps) = (args.trials.unwrap_or(20), args.steps.unwrap_or(100));
    let found = cogrnn::bench::run(args.units, trials, steps, machine.threads, machine.kernels)?;
    if args.json {
        say_json(&as_json(&found));
        return Ok(Ending::Finished);
    }
    say(&format!(
        "one update, {} units, {} trials of {} steps, {} threads",
        args.units, trials, steps, machine.threads
    ));
    say(&in_columns(&[
        ("time".into(), format!("{} ms", short(found.ms_per_update))),
        ("speed".into(), format!("{} GFLOP/s", short(found.gflops))),
        ("of the peak".into(), format!("{:.0} % of {} GFLOP/s", found.peak_share * 100.0, short(found.peak_gflops))),
    ]));
    Ok(Ending::Finished)
}

/// An evaluation in words, a table and a curve.
fn told(found: &Evaluation) -> String {
    let mut rows = vec![("trials".to_string(), format!("{} at a time step of {} ms", found.trials, short(found.dt)))];
    rows.extend(found.performance.map(|p| ("performance".into(), format!("{} %", short(p)))));
    rows.push(("error".into(), format!("{} (root mean square)", short(found.rmse))));
    let mut text = in_columns(&rows);
    if !found.conditions.rows.is_empty() {
        text += &format!("\n\n{}", as_table(&found.conditions.columns, &found.conditions.rows));
    }
    if let Some(curve) = psychometric(found) {
        text += &format!("\n\n{curve}");
    }
    text
}

/// The psychometric curve, where the task has one.
pub fn psychometric(found: &Evaluation) -> Option<String> {
    let curve = found.psychometric.as_ref()?;
    let drawn = draw(curve, WIDTH, HEIGHT, speaks_unicode());
    Some(drawn.trim_end().to_string())
}

/// Whether the terminal's language has more than ASCII.
pub fn speaks_unicode() -> bool {
    let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    // The first that is set decides, as in the C library.
    let language = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    language.is_none_or(|l| !matches!(l.as_str(), "C" | "POSIX"))
}

/// What the library says, for programs.
pub fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default() // plain records always are
}

/// A bar from 0 to 1000.
pub fn share_bar(hidden: bool) -> ProgressBar {
    if hidden || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30.cyan} {percent} %  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1000).with_style(style)
}
