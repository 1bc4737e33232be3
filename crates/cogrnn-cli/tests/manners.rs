//! Stopping when asked, leaving in peace, showing what it understood.

use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn what_is_shown_is_an_experiment_that_shows_itself() {
    let dir = tempfile::tempdir().unwrap();
    let show = |what: &str| {
        let out = cargo_bin_cmd!("cogrnn").current_dir(dir.path()).args(["show", what]).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    };
    let first = show("song2016/perceptual-decision");
    std::fs::write(dir.path().join("mine.toml"), &first).unwrap();
    assert_eq!(show("mine.toml"), first);
}

#[test]
fn a_listener_who_leaves_ends_the_program_in_peace() {
    let mut child = Command::new(cargo_bin("cogrnn"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[cfg(unix)]
#[test]
fn a_training_that_is_stopped_says_how_to_go_on() {
    for signal in ["-INT", "-TERM"] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(cargo_bin("cogrnn"))
            .current_dir(dir.path())
            .args(["train", "song2016/perceptual-decision", "--out", "run", "--threads", "1", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(first["event"], "started");
        std::thread::sleep(Duration::from_millis(300));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let last: Value = serde_json::from_str(&lines.map(Result::unwrap).last().unwrap()).unwrap();
        let out = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(130), "{told}");
        assert_eq!(last["event"], "interrupted");
        let updates = last["updates"].as_u64().unwrap();
        assert!(told.contains(&format!("stopped after {updates} updates; go on with  cogrnn resume run")), "{told}");

        let next = (updates + 5).to_string();
        let out = cargo_bin_cmd!("cogrnn")
            .current_dir(dir.path())
            .args(["resume", "run", "--updates", &next, "--json"])
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        let text = String::from_utf8(out.stdout).unwrap();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((&last["event"], last["updates"].as_u64()), (&"finished".into(), Some(updates + 5)));
    }
}
