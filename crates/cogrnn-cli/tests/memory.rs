//! What a recording takes in memory does not grow with the recording.
#![cfg(target_os = "linux")]

mod common;

use common::{cogrnn, done, experiment};
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

/// The most memory that a process ever had, in MB; it is polled until the process ends.
fn peak(mut child: Child) -> f64 {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0f64;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
        most = most.max(kilobytes.unwrap_or(0.0) / 1024.0);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return most;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_recording_may_be_larger_than_the_memory_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let large = [
        ("units = 12", "units = 300"),
        ("trials = 5\n", "trials = 1\n"),
        ("validation_trials = 22", "validation_trials = 11"),
    ];
    experiment(dir.path(), &large);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--updates", "1", "--json"]);
    let record = |trials: &str| {
        let arguments =
            ["record", "run", "--out", "a.npz", "--overwrite", "--trials", trials, "--threads", "2", "--json"];
        let most = peak(cogrnn(dir.path(), &arguments).stdout(Stdio::null()).spawn().unwrap());
        let file = fs::metadata(dir.path().join("a.npz")).unwrap().len() as f64 / f64::from(1 << 20);
        println!("{trials} trials: {most:.0} MB of memory, {file:.0} MB of file");
        (most, file)
    };
    let (most, file) = record("80");
    // 256 MB for a lot of trials, and what the program itself needs
    assert!(file > 600.0 && most < 320.0, "{most} MB of memory for {file} MB of file");
}
