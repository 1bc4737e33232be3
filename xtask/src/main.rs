//! The project's own chores: `cargo xtask test`, `cargo xtask bench`, `cargo xtask docs`.

mod bench;
mod readme;
mod steps;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use steps::{Outcome, Steps, cargo};

/// The project's own chores
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", arg_required_else_help = true, max_term_width = 100)]
struct Args {
    /// What to do.
    #[command(subcommand)]
    chore: Chore,
}

/// What can be done.
#[derive(Debug, Subcommand)]
enum Chore {
    /// Check everything: formatting, lints, tests, examples, documentation, the README
    #[command(after_help = "\
All steps in order, each with its time; the first that fails ends it with exit code 1. Needs cargo and this checkout,
nothing else. Everything is built once, optimised, in target/release.")]
    Test,
    /// Measure how fast training is, beside JAX and PyTorch if there is a Python that has them
    #[command(after_help = "\
Examples:
  cargo xtask bench
  cargo xtask bench --rounds 9 --out speed.md
  cargo xtask bench --peers .venv/bin/python    see benches/peers/README.md for what it needs

Programs take turns, each size and thread count several times; ratios are medians of the rounds' own ratios, so that
a machine that is busy with other things slows both sides alike. Microbenchmarks of the kernels: `cargo bench`.")]
    Bench(bench::Args),
    /// Write the tables of the documentation that come from the program
    Docs,
}

fn main() -> ExitCode {
    let done = match Args::parse().chore {
        Chore::Test => test(),
        Chore::Bench(args) => bench::run(&args),
        Chore::Docs => docs(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(told) => {
            eprintln!("{told}");
            ExitCode::FAILURE
        }
    }
}

/// Every check, cheapest first.
fn test() -> Outcome {
    let mut steps = Steps::default();
    let done = checks(&mut steps);
    steps.close();
    done
}

fn checks(steps: &mut Steps) -> Outcome {
    steps.run("formatting", cargo(&["fmt", "--all", "--check"]))?;
    let lints = ["clippy", "--release", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    steps.run("lints", cargo(&lints))?;
    let mut documentation =
        cargo(&["doc", "--release", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    steps.run("documentation", documentation)?;
    // Integration tests start the program, so it lies built beside them.
    steps.run("tests and documented examples", cargo(&["test", "--release", "--workspace", "--locked"]))?;
    steps.check("the README's commands", readme::check)
}

/// Tables that a test compares with what the program says; here the test writes them.
fn docs() -> Outcome {
    let mut write = cargo(&["test", "--release", "--workspace", "--locked", "--test", "documentation"]);
    write.env("COGRNN_WRITE_DOCS", "1");
    Steps::default().run("docs/experiment.md", write)
}
