//! An auxiliary loop around a trained network.

use cogrnn::auxiliary::{LEARNING, OUTPUTS, WEIGHTS};
use cogrnn::experiment::Experiment;
use cogrnn::trainer::{Machine, Reason, Summary, Trainer};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn load(more: &[&str]) -> cogrnn_core::error::Result<Experiment> {
    let little = ["network.units=40", "stop.max_updates=5", "training.check_every=5", "task.syllable=\"60 ms\""];
    let changes: Vec<String> = little.iter().chain(more).map(ToString::to_string).collect();
    Experiment::load("murray2019/sequence", &changes)
}

fn train(more: &[&str], folder: &Path, threads: usize, stop: bool) -> Summary {
    let machine = Machine { threads, kernels: None };
    let mut trainer = Trainer::start(load(more).unwrap(), folder, true, &machine).unwrap();
    let stopped = AtomicBool::new(false);
    let mut summary = trainer
        .run(None, &stopped, &mut |_| {
            // after the last update, so that it is the loop that is stopped
            if stop {
                stopped.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        })
        .unwrap();
    if stop {
        assert_eq!(summary.reason, Reason::Interrupted);
        let mut trainer = Trainer::resume(folder, &machine).unwrap();
        summary = trainer.run(None, &AtomicBool::new(false), &mut |_| ()).unwrap();
    }
    summary
}

/// Even around a network that has hardly learnt: its states are what they are.
#[test]
fn a_loop_learns_the_sequence_by_reward_alone() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["loop.trials=3000", "loop.learning_rate=0.1", "loop.check_every=500"];
    let run = |name: &str, more: &[&str], threads, stop| {
        let all: Vec<&str> = settings.iter().chain(more).copied().collect();
        let path = folder.path().join(name);
        let around = train(&all, &path, threads, stop).around.unwrap();
        let bytes = [WEIGHTS, LEARNING, OUTPUTS].map(|file| std::fs::read(path.join(file)).unwrap());
        (around, bytes)
    };
    let (around, bytes) = run("one", &[], 1, false);
    assert_eq!((around.last.right, around.of), (7, 7), "{around:?}");
    let curve = String::from_utf8(bytes[1].clone()).unwrap();
    assert_eq!(curve.lines().count(), 1 + 7, "{curve}");
    assert!(!curve.lines().nth(1).unwrap().starts_with("0,7,7"), "nothing is known at first: {curve}");
    let outputs = String::from_utf8(bytes[2].clone()).unwrap();
    assert_eq!(outputs.lines().next(), Some("t,velocity x,velocity y,asked velocity x,asked velocity y"));
    assert_eq!(outputs.lines().count(), 1 + 8 * 60);
    // to the bit at other numbers of threads, and after a stop
    assert!(run("two", &[], 2, false).1 == bytes);
    assert!(run("stopped", &[], 1, true).1 == bytes);
    // the control: never a reward, never a sequence
    let (idle, _) = run("idle", &["loop.learning_rate=1e-9"], 1, false);
    assert!(idle.last.right < 7 && idle.learnt_after.is_none(), "{idle:?}");
    // and the paper's bare rule does not take these states apart
    let (bare, _) = run("bare", &["loop.expectation=false"], 1, false);
    assert!(bare.last.right < 7, "{bare:?}");
}

#[test]
fn what_makes_no_sequence_is_refused() {
    for (changes, wrong) in [
        (&["loop.sequence=[\"right\", \"rihgt\"]"][..], "it has right, up, left, down, hold"),
        (&["loop.sequence=[\"right\"]"], "a sequence of one syllable"),
        (
            &["task.sequence=[\"right\", \"up\"]", "task.cued=false", "task.syllables=2"],
            "not made of syllables that inputs call for",
        ),
        (&["loop.explore=2"], "explore"),
    ] {
        let told = load(changes).unwrap_err().to_string();
        assert!(told.contains(wrong), "{told}");
    }
    let error = Experiment::load("song2016/sinewave", &["loop.sequence=[\"a\", \"b\"]".to_string()]).unwrap_err();
    assert!(error.to_string().contains("sinewave"), "{error}");
}
