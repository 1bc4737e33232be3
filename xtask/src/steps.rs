//! Chores in steps: each is announced, timed and counted; the first that fails is the last.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Nothing, or what went wrong.
pub type Outcome = Result<(), String>;

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the checkout")
}

/// Cargo in the root of the checkout.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Where cargo puts the optimised programs.
pub fn built(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// What was done so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<(String, Duration, bool)>,
}

impl Steps {
    /// A command, its output shown as it comes.
    pub fn run(&mut self, name: &str, mut command: Command) -> Outcome {
        self.check(name, || match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{}: {status}", shown(&command))),
            Err(e) => Err(format!("{}: {e}", shown(&command))),
        })
    }

    /// Anything that can fail.
    pub fn check(&mut self, name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
        println!("\n=== {name}");
        let clock = Instant::now();
        let outcome = work();
        let took = clock.elapsed();
        println!("=== {name}: {} in {:.1} s", if outcome.is_ok() { "passed" } else { "FAILED" }, took.as_secs_f64());
        self.done.push((name.to_string(), took, outcome.is_ok()));
        outcome
    }

    /// All steps with their times, and how many passed, on the last line.
    pub fn close(&self) {
        println!();
        for (name, took, passed) in &self.done {
            println!("{:8.1} s  {}  {name}", took.as_secs_f64(), if *passed { "passed" } else { "FAILED" });
        }
        let failed = self.done.iter().filter(|(.., passed)| !passed).count();
        let all: Duration = self.done.iter().map(|(_, took, _)| *took).sum();
        println!("{} passed, {failed} failed, {:.0} s", self.done.len() - failed, all.as_secs_f64());
    }
}

/// `cargo fmt --all --check`
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    let arguments = command.get_args().map(|a| format!(" {}", a.to_string_lossy()));
    name.into_owned() + &arguments.collect::<String>()
}
