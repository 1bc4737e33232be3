//! A training that is killed and resumed ends in the same bits as one that never was. The program is
//! really killed, at random moments, while it starts, learns and writes.
#![cfg(unix)]

mod common;

use common::{cogrnn, contents, done, experiment, folder_in_memory, left, leftovers, run, same};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Random moments; a run that failed is repeated with COGRNN_TEST_SEED.
struct Dice(u64);

impl Dice {
    fn thrown() -> Dice {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = std::env::var("COGRNN_TEST_SEED").map_or_else(|_| now(), |s| s.parse().unwrap());
        println!("COGRNN_TEST_SEED={seed}");
        Dice(seed | 1)
    }

    /// Marsaglia's xorshift: good enough to pick a moment.
    fn below(&mut self, end: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        end.mul_f64((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Where the kills fell.
#[derive(Debug, Default)]
struct Fell {
    before_the_folder_was_a_run: usize,
    before_the_first_checkpoint: usize,
    while_a_file_was_written: usize,
    between_the_files_of_a_checkpoint: usize,
    after_the_end: usize,
    elsewhere: usize,
}

impl Fell {
    fn note(&mut self, run: &Path) {
        let exists = |name: &str| run.join(name).exists();
        *if !exists("experiment.toml") {
            &mut self.before_the_folder_was_a_run
        } else if leftovers(run) > 0 {
            &mut self.while_a_file_was_written
        } else if !exists("checkpoint.safetensors") {
            &mut self.before_the_first_checkpoint
        } else if exists("result.json") {
            &mut self.after_the_end
        } else {
            let checked = std::fs::read_to_string(run.join("learning.csv")).unwrap().lines().count() - 1;
            let file = std::fs::read(run.join("checkpoint.safetensors")).unwrap();
            let kept = cogrnn::archive::Archive::from_bytes("", &file).unwrap().tensor("history").unwrap().shape[0];
            if kept == checked { &mut self.elsewhere } else { &mut self.between_the_files_of_a_checkpoint }
        } += 1;
    }
}

/// Kills a training at this many random moments, and its resumptions too now and then. With `aim` the
/// blow waits for the next file to be written.
fn killed(dir: &Path, moments: usize, aim: bool) -> Fell {
    let begun = Instant::now();
    done(dir, &["train", "small.toml", "--out", "whole", "--threads", "1", "--json"]);
    let mut length = begun.elapsed();
    let whole = left(&dir.join("whole"));
    let (mut dice, mut fell, mut moment) = (Dice::thrown(), Fell::default(), 0);
    while moment < moments {
        let name = format!("run{moment}");
        let folder = dir.join(&name);
        // One kill in three hits again while training goes on.
        let kills = 1 + usize::from(moment % 3 == 0);
        let (mut at, mut kill, late) = (vec![], 0, fell.after_the_end);
        loop {
            let train = ["train", "small.toml", "--out", &name, "--threads", "2", "--json"];
            let resume = ["resume", &name, "--threads", "1", "--json"];
            let go_on = folder.join("experiment.toml").exists();
            let mut command = cogrnn(dir, if go_on { &resume } else { &train });
            if kill == kills {
                let out = command.output().unwrap();
                assert!(out.status.success(), "killed at {at:?}: {}", String::from_utf8_lossy(&out.stderr));
                break;
            }
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            at.push(dice.below(length));
            std::thread::sleep(at[kill]);
            while aim && leftovers(&folder) == 0 && child.try_wait().unwrap().is_none() {}
            child.kill().unwrap(); // SIGKILL
            child.wait().unwrap();
            fell.note(&folder);
            kill += 1;
        }
        same(&left(&folder), &whole, &format!("killed at {at:?}"));
        assert_eq!(leftovers(&folder), 0, "killed at {at:?}");
        std::fs::remove_dir_all(&folder).unwrap();
        if fell.after_the_end == late {
            moment += 1;
        } else {
            // Too late to count: the machine was busier when the length was measured.
            length = length.mul_f64(0.9);
        }
    }
    println!("a training of {length:?} killed at {moments} moments: {fell:?}");
    fell
}

#[test]
fn killed_at_any_moment_and_resumed_is_never_killed() {
    let dir = tempfile::tempdir().unwrap();
    experiment(dir.path(), &[("check_every = 10", "check_every = 20\n[optimiser]\nname = \"adam\"")]);
    killed(dir.path(), 50, false);
}

/// The arm of Miconi (2017) with fewer units: a trial is judged by a movement, and the rule remembers trials.
#[test]
fn an_arm_that_learns_to_reach_may_be_killed_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = include_str!("../../../experiments/miconi2017/arm.toml").to_string();
    for (old, new) in [
        ("size = 200", "size = 20"),
        ("held_units = [397, 396, 395]", "held_units = [37, 36, 35]"),
        ("silent_trials = 51", "silent_trials = 5"),
        ("validation_trials = 8", "validation_trials = 2"),
        ("check_every = 500", "check_every = 10"),
        ("max_updates = 6000", "max_updates = 80"),
    ] {
        assert!(text.contains(old), "`{old}` is in the experiment");
        text = text.replace(old, new);
    }
    std::fs::write(dir.path().join("small.toml"), text).unwrap();
    let fell = killed(dir.path(), 5, false);
    assert!(fell.elsewhere + fell.before_the_first_checkpoint + fell.before_the_folder_was_a_run > 0, "{fell:?}");
}

#[test]
fn killed_while_writing_and_resumed_is_never_killed() {
    // On a disk, where writing takes its time.
    let dir = tempfile::tempdir().unwrap();
    // A check after every second update, with next to nothing to compute: it mostly writes.
    experiment(
        dir.path(),
        &[("check_every = 10", "check_every = 2"), ("validation_trials = 22", "validation_trials = 1")],
    );
    let fell = killed(dir.path(), 50, true);
    // Of 67 blows aimed at a file nearly all hit; some come when it is just done.
    assert!(fell.while_a_file_was_written > 0, "{fell:?}");
}

#[test]
fn stopped_by_ctrl_c_or_the_system_and_resumed_is_never_stopped() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[("max_updates = 200", "max_updates = 2000")]);
    let begun = Instant::now();
    done(dir.path(), &["train", "small.toml", "--out", "whole", "--threads", "1", "--json"]);
    let length = begun.elapsed();
    let whole = left(&dir.path().join("whole"));
    let mut dice = Dice::thrown();
    let (mut interrupted, mut name) = (0, 0);
    for signal in ["-INT", "-TERM"].repeat(4) {
        name += 1;
        let folder = format!("run{name}");
        let child = cogrnn(dir.path(), &["train", "small.toml", "--out", &folder, "--threads", "1", "--json"])
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Not before it listens.
        while !dir.path().join(&folder).join("checkpoint.safetensors").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(dice.below(length.mul_f64(0.8)));
        let told = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success();
        let out = child.wait_with_output().unwrap();
        match out.status.code() {
            Some(130) => {
                interrupted += 1;
                let said = String::from_utf8(out.stderr).unwrap();
                assert!(said.contains(&format!("go on with  cogrnn resume {folder}")), "{said}");
                let result = std::fs::read_to_string(dir.path().join(&folder).join("result.json")).unwrap();
                assert!(result.contains(r#""reason": "interrupted""#), "{result}");
                done(dir.path(), &["resume", &folder, "--quiet"]);
            }
            code => assert!(code == Some(0) || !told, "{out:?}"), // it was over already
        }
        same(&left(&dir.path().join(&folder)), &whole, signal);
    }
    assert!(interrupted > 0, "a training of {length:?} was always over when the signal came");
}

#[test]
fn a_finished_training_says_so_when_it_is_resumed() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[("max_updates = 200", "max_updates = 20")]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--quiet"]);
    let before: Vec<_> = contents(&dir.path().join("run")).into_iter().map(|(name, _)| name).collect();
    let whole = left(&dir.path().join("run"));
    for _ in 0..2 {
        let out = run(dir.path(), &["resume", "run", "--quiet"]);
        assert!(out.status.success());
        let said = String::from_utf8(out.stdout).unwrap();
        assert!(said.contains("ended by     the experiment's limit of updates"), "{said}");
        same(&left(&dir.path().join("run")), &whole, "resumed after the end");
        let after: Vec<_> = contents(&dir.path().join("run")).into_iter().map(|(name, _)| name).collect();
        assert_eq!(before, after);
    }
}
