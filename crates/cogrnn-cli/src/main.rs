//! `cogrnn`: an experiment file becomes a trained network.

mod args;
mod behaviour;
mod compare;
mod draw;
mod goal;
mod inspect;
mod judge;
mod look;
mod output;
mod slips;
mod train;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use cogrnn_core::error::{Error, Kind};
use std::process::ExitCode;

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All was done.
    Finished,
    /// Stopped on the way, to be resumed.
    Interrupted,
    /// Something that was checked does not hold.
    Refuted,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(apologise));
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(slip) => match slips::told(&slip) {
            Some(error) => return refuse(&error, std::env::args().any(|a| a == "--json")),
            None => slip.exit(),
        },
    };
    let json = args.command.json();
    let done = match args.command {
        Command::List(a) => inspect::list(&a),
        Command::Show(a) => inspect::show(&a),
        Command::Check(a) => inspect::check(&a),
        Command::Table(a) => inspect::table(&a),
        Command::Verify(a) => inspect::verify(&a),
        Command::Gradient(a) => inspect::gradient(&a),
        Command::Train(a) => train::train(&a),
        Command::Resume(a) => train::resume(&a),
        Command::Evaluate(a) => judge::evaluate(&a),
        Command::Analyse(a) => look::analyse(&a),
        Command::Report(a) => look::report(&a),
        Command::Reproduce(a) => look::reproduce(&a),
        Command::Compare(a) => compare::compare(&a),
        Command::Record(a) => judge::record(&a),
        Command::CompareBehaviour(a) => behaviour::compare(&a),
        Command::Bench(a) => judge::bench(&a),
        Command::Completions { shell } => {
            let mut script = vec![];
            clap_complete::generate(shell, &mut Args::command(), "cogrnn", &mut script);
            output::say(String::from_utf8_lossy(&script).trim_end());
            Ok(Ending::Finished)
        }
    };
    match done {
        Ok(Ending::Finished) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Ok(Ending::Refuted) => ExitCode::FAILURE,
        Err(error) => refuse(&error, json),
    }
}

/// Says what is wrong, to people and to programs.
fn refuse(error: &Error, json: bool) -> ExitCode {
    if json {
        output::say_json(&output::error_as_json(error));
    }
    output::warn(&error.to_string());
    ExitCode::from(exit_code(error))
}

/// 2 for what its user can mend, in the file or on the disk; 3 for a network that diverged.
fn exit_code(error: &Error) -> u8 {
    match error.kind {
        Kind::Input | Kind::Machine => 2,
        Kind::Diverged => 3,
    }
}

/// A slip of ours is told as such, in four parts; the process then ends with 101.
fn apologise(panic: &std::panic::PanicHookInfo<'_>) {
    let why = panic.payload_as_str().unwrap_or("no reason was given");
    let place = panic.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
    let error = Error::machine("sorry: cogrnn itself made a mistake")
        .at(place)
        .why(why.lines().collect::<Vec<_>>().join(" "))
        .remedy("please report this message and your command; `cogrnn resume DIR` goes on from the last checkpoint");
    output::warn(&error.to_string());
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|v| v != "0") {
        output::warn(&std::backtrace::Backtrace::force_capture().to_string());
    }
}
