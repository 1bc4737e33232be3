//! Bad input: one message in four parts, exit code 2, nothing written.

use assert_cmd::cargo::cargo_bin_cmd;
use std::fs;
use std::path::Path;

/// Runs in a folder of its own, and returns what was said there.
fn refused_in(folder: &Path, arguments: &[&str]) -> String {
    let before = names(folder);
    let out = cargo_bin_cmd!("cogrnn").current_dir(folder).args(arguments).output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{arguments:?}: {out:?}");
    assert_eq!(names(folder), before, "{arguments:?} wrote something");
    assert!(out.stdout.is_empty(), "{arguments:?}: {out:?}");
    String::from_utf8(out.stderr).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    refused_in(tempfile::tempdir().unwrap().path(), arguments)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_unknown_name_is_met_with_the_nearest() {
    insta::assert_snapshot!(refused(&["train", "song2016/perceptual-desicion"]), @r#"
    `song2016/perceptual-desicion` is neither a shipped experiment nor a file
    why  shipped are: song2016/perceptual-decision, song2016/sinewave
    try  did you mean `song2016/perceptual-decision`?
    "#);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    insta::assert_snapshot!(refused(&["check", "mine.toml"]), @r#"
    `mine.toml` is neither a shipped experiment nor a file
    why  shipped are: song2016/perceptual-decision, song2016/sinewave
    try  `cogrnn list` shows what is shipped; a file is named by its path
    "#);
}

#[test]
fn changes_on_the_command_line_are_blamed_as_typed() {
    let changes = [
        "network.units=many",
        "network.unit=3",
        "network.tau=50",
        "network.units",
        "netwrk.units=3",
        "network.units=[1",
        "task.name=sinwave",
    ];
    let all = changes.map(|c| refused(&["show", "song2016/perceptual-decision", "--set", c]));
    insta::assert_snapshot!("changes", all.join("\n"));
}

#[test]
fn a_file_is_blamed_by_its_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.toml"), "seed = 1\n\n[network]\nunits = 100\ntau = 50 ms\n").unwrap();
    insta::assert_snapshot!(refused_in(dir.path(), &["train", "mine.toml"]), @r#"
    `tau = 50 ms` cannot be read   [mine.toml:5]
    why  string values must be quoted, expected literal string
    try  put the time in quotes: "50 ms"
    "#);
}

#[test]
fn a_folder_without_a_run_is_refused() {
    for command in [&["resume", "x"][..], &["evaluate", "x"], &["record", "x", "--out", "a.npz"]] {
        let told = refused(command);
        assert!(told.starts_with("`x` is not the folder of a run") && told.contains("it does not exist"), "{told}");
    }
}

#[test]
fn a_recording_never_writes_over_a_file_unasked() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.npz"), "").unwrap();
    insta::assert_snapshot!(refused_in(dir.path(), &["record", "x", "--out", "a.npz"]), @r#"
    `a.npz` exists   [--out]
    why  a recording never writes over a file unasked
    try  another --out, or --overwrite
    "#);
}

#[test]
fn a_folder_that_holds_something_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mine")).unwrap();
    fs::write(dir.path().join("mine/thesis.txt"), "").unwrap();
    insta::assert_snapshot!(refused_in(dir.path(), &["train", "song2016/perceptual-decision", "--out", "mine"]), @r#"
    `mine` is not empty
    why  it already holds files
    try  another --out, or --overwrite
    "#);
    assert_eq!(names(&dir.path().join("mine")), ["thesis.txt"]);
}

#[test]
fn slips_of_the_keyboard_are_explained() {
    let all = [
        &["trian"][..],
        &["train"],
        &["train", "a", "--sed", "3"],
        &["evaluate", "a", "--trials", "0"],
        &["evaluate", "a", "--dt", "5 km"],
        &["train", "a", "--kernels", "sse"],
        &["bench", "--threads", "0"],
    ];
    insta::assert_snapshot!("slips", all.map(refused).join("\n"));
}

#[test]
fn a_program_hears_of_errors_in_json() {
    let out = cargo_bin_cmd!("cogrnn").args(["check", "none.toml", "--json"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    let error: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(error["error"]["kind"], "input");
    assert!(error["error"]["what"].as_str().unwrap().contains("none.toml"));
    assert!(error["error"]["remedy"].is_string());
}
