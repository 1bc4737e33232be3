//! One update, here and elsewhere: programs take turns, and every ratio is between neighbours in time.

use crate::steps::{Outcome, Steps, built, cargo, root};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Units, trials and steps.
type Size = (usize, usize, usize);

const SIZES: [Size; 3] = [(100, 20, 100), (150, 50, 100), (500, 20, 300)];
/// Script and form, and what the table calls them.
const PEERS: [(&str, &str, &str); 4] = [
    ("jax_update.py", "autodiff", "JAX"),
    ("jax_update.py", "manual", "JAX, by hand"),
    ("torch_update.py", "autodiff", "PyTorch"),
    ("torch_update.py", "manual", "PyTorch, by hand"),
];
/// How long a peer is timed at each turn.
const TURN_MS: f64 = 1000.0;

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A Python with JAX and PyTorch, to measure them too
    #[arg(long, value_name = "PYTHON")]
    peers: Option<PathBuf>,
    /// Thread counts
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Turns of each program at each size and thread count
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Learning rules alone
    #[arg(long)]
    rules: bool,
    /// Where the table is kept
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What the rounds gave for one size and thread count: ours, and each peer's, in ms an update.
struct Case {
    size: Size,
    threads: usize,
    ours: Vec<f64>,
    peak_share: Vec<f64>,
    peers: Vec<Vec<f64>>,
}

/// Builds, measures, prints the tables and keeps them.
pub fn run(args: &Args) -> Outcome {
    Steps::default().run("build", cargo(&["build", "--release", "--locked", "--package", "cogrnn-cli"]))?;
    if args.rules {
        return keep(args, &rules_table(args)?);
    }
    let mut peers = Vec::new();
    if let Some(python) = &args.peers {
        for &threads in &args.threads {
            for (script, form, name) in PEERS {
                peers.push((threads, Peer::start(python, script, form, name, threads)?));
            }
        }
    }
    let mut cases: Vec<Case> = SIZES
        .iter()
        .flat_map(|&size| args.threads.iter().map(move |&threads| (size, threads)))
        .map(|(size, threads)| Case {
            size,
            threads,
            ours: vec![],
            peak_share: vec![],
            peers: vec![vec![]; peers_of(args)],
        })
        .collect();
    for round in 1..=args.rounds {
        for case in &mut cases {
            eprintln!("round {round} of {}: {:?} on {} threads", args.rounds, case.size, case.threads);
            let (ms, share) = ours(case.size, case.threads)?;
            case.ours.push(ms);
            case.peak_share.push(share);
            let own = peers.iter_mut().filter(|(threads, _)| *threads == case.threads);
            for ((_, peer), times) in own.zip(&mut case.peers) {
                times.push(peer.update(case.size)?);
            }
        }
    }
    drop(peers); // so that they take nothing from what comes next
    let mut text = updates_table(args, &cases);
    text += &rules_table(args)?;
    text += &training_table(args)?;
    keep(args, &text)
}

/// Prints a table, and keeps it where it is asked for.
fn keep(args: &Args, text: &str) -> Outcome {
    println!("\n{text}");
    match &args.out {
        Some(out) => std::fs::write(out, text).map_err(|e| format!("{}: {e}", out.display())),
        None => Ok(()),
    }
}

fn peers_of(args: &Args) -> usize {
    if args.peers.is_some() { PEERS.len() } else { 0 }
}

/// Milliseconds an update and share of the peak, by the program's own `bench`.
fn ours((units, trials, steps): Size, threads: usize) -> Result<(f64, f64), String> {
    let mut command = Command::new(built("cogrnn"));
    command.args(["bench", "--json"]);
    for (flag, value) in [("--units", units), ("--trials", trials), ("--steps", steps), ("--threads", threads)] {
        command.args([flag, &value.to_string()]);
    }
    let found = json_of(command)?;
    Ok((number(&found, "ms_per_update")?, number(&found, "peak_share")?))
}

/// The last line that a command prints, as JSON.
fn json_of(mut command: Command) -> Result<Value, String> {
    let out = command.stderr(Stdio::inherit()).output().map_err(|e| format!("{command:?}: {e}"))?;
    let text = String::from_utf8_lossy(&out.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|e| format!("{command:?} said `{last}`: {e}"))
}

fn number(found: &Value, key: &str) -> Result<f64, String> {
    found[key].as_f64().ok_or_else(|| format!("no `{key}` in {found}"))
}

/// A program in another language that waits for its turn.
struct Peer {
    name: &'static str,
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &PathBuf, script: &str, form: &str, name: &'static str, threads: usize) -> Result<Peer, String> {
        let mut command = Command::new(python);
        command.arg(root().join("benches/peers").join(script));
        command.args(["--serve", "--form", form, "--threads", &threads.to_string()]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|e| format!("{}: {e}", python.display()))?;
        let (ask, answers) = (child.stdin.take(), child.stdout.take());
        let (Some(ask), Some(answers)) = (ask, answers) else { return Err(format!("{name} has no pipes")) };
        Ok(Peer { name, child, ask, answers: BufReader::new(answers) })
    }

    /// Median time of an update in ms: a few to learn how long they take, then a turn's worth.
    fn update(&mut self, (units, trials, steps): Size) -> Result<f64, String> {
        let mut ask = |updates: f64| self.ask(&format!("{units} {trials} {steps} {updates}"), "ms_per_update");
        let first = ask(3.0)?;
        ask((TURN_MS / first).ceil().clamp(3.0, 500.0))
    }

    /// Median time of a step of a trial by a learning rule in µs, the same way.
    fn step(&mut self, units: usize, steps: usize) -> Result<f64, String> {
        let mut ask = |trials: f64| self.ask(&format!("{units} {steps} {trials}"), "us_per_step");
        let first = ask(5.0)? * steps as f64 / 1000.0;
        ask((TURN_MS / first).ceil().clamp(5.0, 500.0))
    }

    fn ask(&mut self, line: &str, key: &str) -> Result<f64, String> {
        let lost = |e: std::io::Error| format!("{} is gone: {e}; try its script by hand", self.name);
        writeln!(self.ask, "{line}").and_then(|()| self.ask.flush()).map_err(lost)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(lost)?;
        let found = serde_json::from_str(&line).map_err(|e| format!("{} said `{line}`: {e}", self.name))?;
        number(&found, key)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn updates_table(args: &Args, cases: &[Case]) -> String {
    let mut text = String::from("| units, trials, steps | threads | cogrnn | of the FMA peak | threads gain |");
    let shown = &PEERS[..peers_of(args)];
    for (.., name) in shown {
        let _ = write!(text, " {name} |"); // writing to a String cannot fail
    }
    text += "\n|---|---|---|---|---|";
    text += &"---|".repeat(shown.len());
    text.push('\n');
    for case in cases {
        let (units, trials, steps) = case.size;
        let one = cases.iter().find(|c| c.size == case.size && c.threads == 1).filter(|_| case.threads > 1);
        let gain = one.map_or_else(String::new, |one| format!("{:.2}×", ratio(&one.ours, &case.ours)));
        let _ = write!(
            text,
            "| {units}, {trials}, {steps} | {} | {:.3} ms | {:.0} % | {gain} |",
            case.threads,
            median(case.ours.iter().copied()),
            100.0 * median(case.peak_share.iter().copied())
        );
        for times in &case.peers {
            let _ = write!(text, " {:.2} ms, {:.1}× |", median(times.iter().copied()), ratio(times, &case.ours));
        }
        text.push('\n');
    }
    text
}

/// Median over the rounds of how many times longer one takes than the other.
fn ratio(one: &[f64], other: &[f64]) -> f64 {
    median(one.iter().zip(other).map(|(a, b)| a / b))
}

/// What a learning rule is measured beside.
enum Beside {
    /// Nothing.
    Alone,
    /// Another form of it here.
    Form(&'static str),
    /// Programs of the same arithmetic elsewhere: script, form, name.
    Peers(&'static [(&'static str, &'static str, &'static str)]),
}

/// Rule, when it changes weights, units, trials, steps.
const RULES: [(&str, &str, usize, usize, usize, Beside); 15] = [
    ("rflo", "trial", 100, 1, 800, Beside::Form("rflo-eligibility")),
    ("rflo", "trial", 100, 1, 800, Beside::Peers(&BATCH)),
    ("rflo", "trial", 100, 20, 800, Beside::Form("rflo-eligibility")),
    ("rflo", "step", 30, 1, 800, Beside::Peers(&ONLINE)),
    ("rflo", "step", 100, 1, 800, Beside::Peers(&ONLINE)),
    ("bptt", "trial", 100, 1, 800, Beside::Alone),
    ("eprop", "step", 100, 1, 800, Beside::Alone),
    ("snap1", "step", 100, 1, 800, Beside::Alone),
    ("uoro", "step", 100, 1, 800, Beside::Alone),
    ("kf-rtrl", "step", 100, 1, 800, Beside::Alone),
    ("reverse-kf-rtrl", "step", 100, 1, 800, Beside::Alone),
    ("kernl", "step", 100, 1, 800, Beside::Alone),
    ("dni", "step", 100, 1, 800, Beside::Alone),
    ("node-perturbation", "trial", 100, 1, 800, Beside::Alone),
    ("rtrl", "trial", 64, 1, 240, Beside::Alone),
];

const ONLINE: [(&str, &str, &str); 2] = [("numpy_rflo.py", "online", "NumPy"), ("jax_rflo.py", "online", "JAX")];

const BATCH: [(&str, &str, &str); 2] = [("numpy_rflo.py", "batch", "NumPy"), ("jax_rflo.py", "batch", "JAX")];

/// Learning rules: µs a step, beside other forms and programs where there are any.
fn rules_table(args: &Args) -> Result<String, String> {
    let mut text = String::from(
        "\n| rule | weights change every | units, trials, steps | a step of a trial | of the FMA peak | beside |\n|---|---|---|---|---|---|\n",
    );
    for (rule, update, units, trials, steps, beside) in &RULES {
        let mut peers = Vec::new();
        if let (Some(python), Beside::Peers(all)) = (&args.peers, beside) {
            for (script, form, name) in *all {
                peers.push(Peer::start(python, script, form, name, 1)?);
            }
        }
        let mut times: Vec<f64> = Vec::new();
        let mut share = Vec::new();
        let mut others: Vec<(&str, Vec<f64>)> = peers.iter().map(|p| (p.name, vec![])).collect();
        if let Beside::Form(form) = beside {
            others.push((form, vec![]));
        }
        for round in 1..=args.rounds {
            eprintln!("round {round} of {}: {rule}, {units} units, an update a {update}", args.rounds);
            let found = rule_bench(rule, update, *units, *trials, *steps)?;
            times.push(number(&found, "us_per_step")?);
            if let Some(gflops) = found["gflops"].as_f64() {
                share.push(gflops / number(&found, "peak_gflops")?);
            }
            for (k, (name, times)) in others.iter_mut().enumerate() {
                times.push(match peers.get_mut(k) {
                    Some(peer) => peer.step(*units, *steps)?,
                    None => number(&rule_bench(name, update, *units, *trials, *steps)?, "us_per_step")?,
                });
            }
        }
        let share = if share.is_empty() { String::new() } else { format!("{:.0} %", 100.0 * median(share)) };
        let beside: Vec<String> = others
            .iter()
            .map(|(name, t)| format!("{name} {:.2} µs, {:.1}×", median(t.iter().copied()), ratio(t, &times)))
            .collect();
        let _ = writeln!(
            text,
            "| {rule} | {update} | {units}, {trials}, {steps} | {:.2} µs | {share} | {} |",
            median(times.iter().copied()),
            beside.join("; ")
        );
    }
    Ok(text)
}

fn rule_bench(rule: &str, update: &str, units: usize, trials: usize, steps: usize) -> Result<Value, String> {
    let mut command = Command::new(built("cogrnn"));
    command.args(["bench", "--json", "--rule", rule, "--update", update, "--threads", "1"]);
    command.args(["--units", &units.to_string(), "--trials", &trials.to_string(), "--steps", &steps.to_string()]);
    json_of(command)
}

fn training_table(args: &Args) -> Result<String, String> {
    let mut text = String::from(
        "\n| whole training | threads | an update | at best | of it validation and files | of an update making trials |\n\
         |---|---|---|---|---|---|\n",
    );
    for threads in &args.threads {
        let threads = threads.to_string();
        let name = "song2016/perceptual-decision";
        let bench =
            ["bench", "--quiet", "--locked", "--package", "cogrnn", "--bench", "training", "--", name, &threads];
        let found = json_of(cargo(&bench))?;
        let _ = writeln!(
            text,
            "| {name} | {threads} | {:.3} ms | {:.3} ms | {:.0} % | {:.0} % |",
            number(&found, "ms_per_update")?,
            number(&found, "best")?,
            100.0 * number(&found, "validation_share")?,
            100.0 * number(&found, "generation_share")?
        );
    }
    Ok(text)
}
