//! The help that teaches, word for word.

use assert_cmd::cargo::cargo_bin_cmd;

fn help(arguments: &[&str]) -> String {
    let out = cargo_bin_cmd!("cogrnn").args(arguments).env("COLUMNS", "100").output().unwrap();
    assert!(out.status.success(), "{arguments:?}");
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_overview_leads_the_way() {
    insta::assert_snapshot!("overview", help(&["--help"]));
    assert_eq!(help(&["-h"]), help(&["help"]));
}

#[test]
fn every_command_explains_itself() {
    let all = [
        "list",
        "show",
        "check",
        "train",
        "resume",
        "evaluate",
        "record",
        "compare-behaviour",
        "table",
        "bench",
        "completions",
    ];
    for command in all {
        insta::assert_snapshot!(command, help(&[command, "--help"]));
    }
}

#[test]
fn nothing_typed_shows_the_overview() {
    let out = cargo_bin_cmd!("cogrnn").output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("First steps:"));
}

#[test]
fn shells_learn_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = help(&["completions", shell]);
        assert!(script.contains("evaluate") && script.contains("overwrite"), "{shell}");
    }
}
