//! `train` and `resume`: a network learns while its user watches.

use crate::Ending;
use crate::args;
use crate::goal::Goal;
use crate::inspect;
use crate::judge::{as_json, psychometric};
use crate::output::{in_columns, say, say_json, short, warn};
use cogrnn::evaluate::Trained;
use cogrnn::experiment::Stop;
use cogrnn::trainer::{Check, Event, Machine, Reason, Summary, Trainer};
use cogrnn_core::error::{Error, Kind, Result};
use cogrnn_core::task::Performance;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Test trials behind the curve at the end of training.
const CURVE_TRIALS: usize = 2000;
/// How often the line of a terminal changes.
const BLINK: Duration = Duration::from_millis(100);

/// Set by Ctrl-C and looked at between updates.
static STOP: AtomicBool = AtomicBool::new(false);

/// Trains a network as an experiment says.
pub fn train(args: &args::Train) -> Result<Ending> {
    let experiment = inspect::load(&args.experiment)?;
    inspect::told(&experiment);
    let folder = args.out.clone().unwrap_or_else(|| default_folder(&experiment.name, experiment.seed));
    if experiment.replicates > 1 {
        return crate::compare::replicates(args, &args.experiment.what, &folder);
    }
    let title = format!("{}, seed {}", experiment.name, experiment.seed);
    let machine = args.machine.resolve()?;
    let trainer = Trainer::start(experiment, &folder, args.overwrite, &machine)?;
    go(trainer, &folder, &title, args.updates, &machine, &args.progress)
}

/// Goes on with a training that was stopped.
pub fn resume(args: &args::Resume) -> Result<Ending> {
    let machine = args.machine.resolve()?;
    let trainer = Trainer::resume(&args.dir, &machine)?;
    let title = format!("going on in {}", args.dir.display());
    go(trainer, &args.dir, &title, args.updates, &machine, &args.progress)
}

fn go(
    mut trainer: Trainer,
    folder: &Path,
    title: &str,
    until: Option<u64>,
    machine: &Machine,
    progress: &args::Progress,
) -> Result<Ending> {
    listen()?;
    let mut watch = Watch::new(progress, title, until);
    let done = trainer.run(until, &STOP, &mut |event| watch.see(event));
    watch.close();
    let shown = folder.display();
    let summary = done.map_err(|e| {
        let more = match e.kind {
            Kind::Diverged => format!("; the learning curve is in {shown}"),
            Kind::Machine => format!("; then `cogrnn resume {shown}` goes on from the last checkpoint"),
            Kind::Input => String::new(),
        };
        Error { remedy: e.remedy.clone().map(|remedy| remedy + &more), ..e }
    })?;
    let interrupted = summary.reason == Reason::Interrupted;
    if progress.json {
        let mut result = as_json(&summary);
        result["event"] = if interrupted { "interrupted" } else { "finished" }.into();
        result["folder"] = folder.to_string_lossy().into();
        say_json(&result);
    } else if !interrupted {
        say(&told(&summary, folder));
        if let Some(curve) = curve_of(folder, machine)? {
            say(&format!("\n{curve}"));
        }
        say(&format!("\n{}", next(&summary, folder)));
    }
    if interrupted {
        warn(&format!("stopped after {} updates; go on with  cogrnn resume {shown}", summary.updates));
        return Ok(Ending::Interrupted);
    }
    Ok(Ending::Finished)
}

/// `runs/song2016-perceptual-decision-seed1`
fn default_folder(name: &str, seed: u64) -> PathBuf {
    let plain: String = name
        .trim_end_matches(".toml")
        .chars()
        .map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect();
    Path::new("runs").join(format!("{}-seed{seed}", plain.trim_matches(['-', '.'])))
}

/// The first Ctrl-C asks, the second insists.
fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        warn("\nstopping after this update; once more to stop at once, back to the last checkpoint");
    })
    .map_err(|e| Error::machine("cannot listen for Ctrl-C").why(e.to_string()).remedy("is another handler set?"))
}

fn told(summary: &Summary, folder: &Path) -> String {
    let mut rows = vec![("ended by".to_string(), summary.reason.to_string())];
    rows.extend(summary.performance.map(|p| ("performance".into(), format!("{} %", short(p)))));
    rows.push(("error".into(), format!("{} (root mean square)", short(summary.rmse))));
    rows.push((
        "learnt in".into(),
        format!("{} updates, {} trials, {} s", summary.updates, summary.trials, short(summary.seconds)),
    ));
    if let Some(around) = &summary.around {
        let when = match around.learnt_after {
            Some(trials) => format!("every try after {trials} trials"),
            None => "not every last try".to_string(),
        };
        let (right, of, rmse) = (around.last.right, around.of, short(around.last.rmse));
        rows.push(("sequence".into(), format!("{right} of {of} syllables right at the end ({when}); error {rmse}")));
    }
    rows.push(("kept in".into(), folder.display().to_string()));
    in_columns(&rows)
}

fn next(summary: &Summary, folder: &Path) -> String {
    let shown = folder.display();
    match summary.reason {
        Reason::Asked => format!("next  cogrnn resume {shown}    to go on"),
        _ => {
            format!("next  cogrnn evaluate {shown}    or  cogrnn record {shown} --out activity.npz")
        }
    }
}

/// The trained network's psychometric curve, where its task has one.
fn curve_of(folder: &Path, machine: &Machine) -> Result<Option<String>> {
    let trained = Trained::open(folder, machine)?;
    if trained.experiment.task.performance() == Performance::Error {
        return Ok(None);
    }
    Ok(psychometric(&trained.evaluate(CURVE_TRIALS, None, &mut |_| {})?))
}

/// What is told while a network learns.
struct Watch {
    how: How,
    until: Option<u64>,
    /// The last line and how far training was, for the speed.
    last: (Instant, u64),
    checked: Option<Check>,
    started: Instant,
    first: u64,
    goal: Option<Goal>,
}

/// Marks on the bar.
const MARKS: u64 = 1000;

enum How {
    Silent,
    Json,
    Lines { title: String },
    Bar(ProgressBar),
}

impl Watch {
    fn new(progress: &args::Progress, title: &str, until: Option<u64>) -> Watch {
        let how = if progress.json {
            How::Json
        } else if progress.quiet {
            How::Silent
        } else if std::io::stderr().is_terminal() {
            warn(title);
            How::Bar(ProgressBar::new(0))
        } else {
            How::Lines { title: title.to_string() }
        };
        let now = Instant::now();
        Watch { how, until, last: (now, 0), checked: None, started: now, first: 0, goal: None }
    }

    fn see(&mut self, event: Event<'_>) {
        match event {
            Event::Started { updates, stop, chance } => self.start(updates, stop, chance),
            Event::Update { updates, trials, loss, .. } => self.update(updates, trials, loss),
            Event::Check(check) => self.check(check),
            Event::Saved => {
                if let How::Json = self.how {
                    say_json(&json!({ "event": "saved" }));
                }
            }
        }
    }

    fn start(&mut self, updates: u64, stop: &Stop, chance: f64) {
        let end = self.until.map_or(stop.max_updates, |u| u.min(stop.max_updates));
        let goal = Goal::new(stop, chance, updates, self.until);
        self.started = Instant::now();
        self.first = updates;
        self.last = (self.started, updates);
        match &self.how {
            How::Json => say_json(&json!({ "event": "started", "updates": updates, "max_updates": end })),
            How::Lines { title } => warn(&format!("{title}, from update {updates} to {}", goal.told())),
            How::Bar(bar) => {
                let style = ProgressStyle::with_template("{bar:24.cyan} {msg}");
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_length(MARKS);
                bar.println(format!("to {}; Ctrl-C stops and keeps all", goal.told()));
            }
            How::Silent => {}
        }
        self.goal = Some(goal);
    }

    fn update(&mut self, updates: u64, trials: u64, loss: f64) {
        let (How::Bar(bar), Some(goal)) = (&self.how, &self.goal) else { return };
        // Thousands of updates a second must not each write a line.
        if self.last.0.elapsed() < BLINK {
            return;
        }
        let speed = (updates - self.first) as f64 / self.started.elapsed().as_secs_f64();
        let performance = self
            .checked
            .as_ref()
            .map(|c| c.performance.map_or_else(|| format!("error {:.3}", c.rmse), |p| format!("performance {p:.1} %")))
            .unwrap_or_default();
        let left = goal.seconds_left(updates, speed).map_or_else(String::new, |left| {
            let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
            format!("  about {} left", HumanDuration(left))
        });
        bar.set_position((goal.share(updates) * MARKS as f64) as u64);
        bar.set_message(format!(
            "{performance}  loss {loss:.3}  {updates} updates, {trials} trials, {}/s{left}",
            short(speed)
        ));
        self.last = (Instant::now(), updates);
    }

    fn check(&mut self, check: &Check) {
        match &self.how {
            How::Json => {
                let mut line = as_json(check);
                line["event"] = "check".into();
                say_json(&line);
            }
            How::Lines { .. } => {
                let (then, before) = std::mem::replace(&mut self.last, (Instant::now(), check.updates));
                let speed = (check.updates.saturating_sub(before)) as f64 / then.elapsed().as_secs_f64().max(1e-9);
                warn(&line(check, speed));
            }
            How::Bar(_) | How::Silent => {}
        }
        if let Some(goal) = &mut self.goal {
            goal.check(check, self.started.elapsed().as_secs_f64());
        }
        self.checked = Some(check.clone());
    }

    fn close(&self) {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}

/// One validation on one line.
fn line(check: &Check, speed: f64) -> String {
    let performance = check.performance.map_or_else(String::new, |p| format!("  performance {p:5.1} %"));
    format!(
        "update {:6}  trials {:8}  error {:.4}{performance}  omega {}  gradient {}  radius {:.2}  {}/s{}",
        check.updates,
        check.trials,
        check.rmse,
        short(check.omega),
        short(check.gradient_norm),
        check.spectral_radius,
        short(speed),
        if check.best { "  best" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_kept_under_its_experiments_name() {
        assert_eq!(
            default_folder("song2016/perceptual-decision", 3),
            Path::new("runs/song2016-perceptual-decision-seed3")
        );
        assert_eq!(default_folder("../my runs/mine.toml", 1), Path::new("runs/my-runs-mine-seed1"));
    }
}
