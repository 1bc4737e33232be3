//! A small experiment, the program, and what it leaves in a run folder.
#![allow(dead_code)]

use assert_cmd::cargo::cargo_bin;
use cogrnn::archive::Archive;
use cogrnn::folder;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Trained to its end in a fraction of a second.
pub const EXPERIMENT: &str = r#"title = "A small perceptual decision"
cite = ["song2016"]
seed = 7

[task]
name = "perceptual-decision"

[network]
units = 12

[training]
trials = 5
validation_trials = 22
check_every = 10

[stop]
max_updates = 200
"#;

/// Writes the experiment, with these changes, as `small.toml`.
pub fn experiment(folder: &Path, changes: &[(&str, &str)]) {
    let text = changes.iter().fold(EXPERIMENT.to_string(), |text, (old, new)| {
        assert!(text.contains(old), "`{old}` is in the experiment");
        text.replace(old, new)
    });
    fs::write(folder.join("small.toml"), text).unwrap();
}

/// A folder in memory, where there is such a disk: not the disk is tested, but who writes to it.
pub fn folder_in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The program, ready to run in this folder.
pub fn cogrnn(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("cogrnn"));
    command.current_dir(folder).args(arguments);
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    cogrnn(folder, arguments).output().unwrap()
}

/// Runs what must succeed; what it printed.
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    let out = run(folder, arguments);
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Everything below a folder with its bytes, links and time left out.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            all.push((name.clone(), vec![]));
            all.extend(contents(&entry.path()).into_iter().map(|(n, b)| (format!("{name}/{n}"), b)));
        } else {
            all.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

/// Bad input: exit code 2, nothing on standard output, the folder as it was. What was said.
pub fn refused_in(folder: &Path, arguments: &[&str]) -> String {
    let before = contents(folder);
    let out = run(folder, arguments);
    assert_eq!(out.status.code(), Some(2), "{arguments:?}: {out:?}");
    assert!(contents(folder) == before, "{arguments:?} wrote something");
    assert!(out.stdout.is_empty(), "{arguments:?}: {out:?}");
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(said.lines().filter(|l| l.starts_with("why  ")).count(), 1, "one message: {said}");
    assert_eq!(said.lines().filter(|l| l.starts_with("try  ")).count(), 1, "one message: {said}");
    said
}

/// All that a training leaves, but for the time it took.
#[derive(PartialEq)]
pub struct Left {
    pub weights: Vec<u8>,
    pub learning: String,
    pub checkpoint: Vec<u8>,
}

pub fn left(run: &Path) -> Left {
    let mut checkpoint = Archive::from_bytes("", &fs::read(run.join(folder::CHECKPOINT)).unwrap()).unwrap();
    checkpoint.meta.remove("seconds").unwrap();
    Left {
        weights: fs::read(run.join(folder::WEIGHTS)).unwrap(),
        learning: fs::read_to_string(run.join(folder::LEARNING)).unwrap(),
        checkpoint: checkpoint.to_bytes().unwrap(),
    }
}

/// Fails naming what differs.
pub fn same(one: &Left, other: &Left, when: &str) {
    assert_eq!(one.learning, other.learning, "{when}: learning.csv");
    assert!(one.weights == other.weights, "{when}: weights.safetensors");
    assert!(one.checkpoint == other.checkpoint, "{when}: checkpoint.safetensors");
}

/// What killed processes left half-written.
pub fn leftovers(run: &Path) -> usize {
    let names = fs::read_dir(run).into_iter().flatten().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|n| n.ends_with(".part")).count()
}
