//! Stopped and resumed is the same as never stopped, to the bit.
//!
//! Here training is stopped in good order at any update; `crates/cogrnn-cli/tests/kills.rs` kills the
//! program.

use cogrnn::archive::Archive;
use cogrnn::experiment::Experiment;
use cogrnn::folder;
use cogrnn::trainer::{Event, Machine, Reason, Summary, Trainer};
use cogrnn_core::kernels::Isa;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const EXPERIMENT: &str = r#"
seed = 4

[task]
name = "perceptual-decision"

[network]
units = 12

[training]
trials = 5
validation_trials = 22
check_every = 10

[stop]
max_updates = 60
"#;

/// A folder in memory, where there is such a disk: hundreds of checkpoints are written here.
fn a_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

const ONE: Machine = Machine { threads: 1, kernels: None };

fn start(changes: &[&str], folder: &Path) -> Trainer {
    let changes: Vec<String> = changes.iter().map(|c| c.to_string()).collect();
    let experiment = Experiment::parse(EXPERIMENT, "small", "small.toml", &changes).unwrap();
    Trainer::start(experiment, folder, false, &ONE).unwrap()
}

/// Trains until the limit, or until somebody presses Ctrl-C at this update.
fn run(mut trainer: Trainer, interrupted_at: Option<u64>) -> Summary {
    let stop = AtomicBool::new(false);
    let mut watch = |event: Event<'_>| {
        if let Event::Update { updates, .. } = event {
            stop.store(interrupted_at == Some(updates), Ordering::Relaxed);
        }
    };
    trainer.run(None, &stop, &mut watch).unwrap()
}

/// All that a training leaves, but for the time it took.
#[derive(Debug, PartialEq)]
struct Left {
    learning: String,
    checkpoint: Vec<u8>,
    weights: Vec<u8>,
    result: Summary,
}

fn left(folder: &Path) -> Left {
    let mut checkpoint = Archive::from_bytes("", &std::fs::read(folder.join(folder::CHECKPOINT)).unwrap()).unwrap();
    checkpoint.meta.remove("seconds").unwrap();
    Left {
        learning: std::fs::read_to_string(folder.join(folder::LEARNING)).unwrap(),
        checkpoint: checkpoint.to_bytes().unwrap(),
        weights: std::fs::read(folder.join(folder::WEIGHTS)).unwrap(),
        result: Summary { seconds: 0.0, ..folder::read_result(folder).unwrap() },
    }
}

fn unstopped(changes: &[&str]) -> Left {
    let dir = a_folder();
    run(start(changes, dir.path()), None);
    left(dir.path())
}

/// Interrupted at each of these updates in turn.
fn stopped(changes: &[&str], at: &[u64]) -> Left {
    let dir = a_folder();
    let mut trainer = start(changes, dir.path());
    for at in at {
        let summary = run(trainer, Some(*at));
        assert_eq!((summary.reason, summary.updates), (Reason::Interrupted, *at));
        trainer = Trainer::resume(dir.path(), &ONE).unwrap();
    }
    assert_eq!(run(trainer, None).reason, Reason::MaxUpdates);
    left(dir.path())
}

#[test]
fn a_training_resumed_at_any_update_ends_in_the_same_bits() {
    let whole = unstopped(&[]);
    assert_eq!(whole.learning.lines().count(), 1 + 7);
    for at in 1..60 {
        assert_eq!(whole, stopped(&[], &[at]), "stopped at {at}");
    }
}

#[test]
fn an_optimiser_remembers_across_a_stop() {
    for optimiser in ["momentum", "adam"] {
        let name = format!("optimiser.name={optimiser}");
        for changes in [&[name.as_str()][..], &[&name, "optimiser.schedule=cosine", "optimiser.schedule_updates=50"]] {
            let whole = unstopped(changes);
            for at in [1, 9, 10, 11, 35] {
                assert_eq!(whole, stopped(changes, &[at]), "{changes:?} stopped at {at}");
            }
        }
    }
}

#[test]
fn a_rule_remembers_across_a_stop() {
    for changes in [
        &["rule.name=kernl"][..],
        &["rule.name=kernl", "rule.update=step"],
        &["rule.name=dni", "rule.update=step"],
        &["rule.name=node-perturbation"],
        &["rule.name=rflo", "rule.update=step", "optimiser.name=adam"],
        &["rule.name=uoro", "optimiser.name=momentum", "optimiser.learning_rate_rec=0.001"],
    ] {
        // with rates that stay numbers, whatever becomes of the weights
        let changes: Vec<&str> = changes.iter().copied().chain(["network.nonlinearity=tanh"]).collect();
        let whole = unstopped(&changes);
        for at in [1, 10, 33] {
            assert_eq!(whole, stopped(&changes, &[at]), "{changes:?} stopped at {at}");
        }
    }
}

#[test]
fn a_training_may_be_stopped_again_and_again() {
    let changes = ["optimiser.name=adam", "penalties.l2_rates=0.1"];
    assert_eq!(unstopped(&changes), stopped(&changes, &[1, 2, 3, 10, 20, 21, 59]));
}

#[test]
fn a_training_may_go_on_with_other_threads_and_kernels() {
    let dir = a_folder();
    run(start(&[], dir.path()), Some(25));
    let other = Machine { threads: 3, kernels: Some(Isa::Plain) };
    run(Trainer::resume(dir.path(), &other).unwrap(), None);
    assert_eq!(left(dir.path()), unstopped(&[]));
}

#[test]
fn a_limit_of_updates_may_be_raised_in_steps() {
    let dir = a_folder();
    let mut trainer = start(&[], dir.path());
    for until in [7, 20, 20, 33] {
        let summary = trainer.run(Some(until), &AtomicBool::new(false), &mut |_| {}).unwrap();
        assert_eq!((summary.reason, summary.updates), (Reason::Asked, until));
        trainer = Trainer::resume(dir.path(), &ONE).unwrap();
    }
    run(trainer, None);
    assert_eq!(left(dir.path()), unstopped(&[]));
}

/// What ended at a limit goes on to a later one as if that had been the limit from the beginning.
#[test]
fn a_limit_of_the_experiment_may_be_raised() {
    let dir = a_folder();
    assert_eq!(run(start(&["stop.max_updates=23"], dir.path()), None).updates, 23);
    let file = dir.path().join(folder::EXPERIMENT);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("max_updates = 23", "max_updates = 60")).unwrap();
    run(Trainer::resume(dir.path(), &ONE).unwrap(), None);
    assert_eq!(left(dir.path()), unstopped(&[]));

    let dir = a_folder();
    run(start(&["stop.max_updates=23"], dir.path()), None);
    let longer = Experiment::parse(EXPERIMENT, "small", "small.toml", &["test.trials=7".into()]).unwrap();
    run(Trainer::resume_under(longer.clone(), dir.path(), &ONE).unwrap(), None);
    assert_eq!(std::fs::read_to_string(dir.path().join(folder::EXPERIMENT)).unwrap(), longer.resolved());
    assert_eq!(left(dir.path()).weights, unstopped(&[]).weights);

    let other = Experiment::parse(EXPERIMENT, "small", "small.toml", &["optimiser.learning_rate=0.02".into()]).unwrap();
    let error = Trainer::resume_under(other, dir.path(), &ONE).unwrap_err().to_string();
    assert!(error.contains("learning_rate = 0.02"), "{error}");
}

#[test]
fn a_finished_training_that_is_resumed_stays_as_it_is() {
    let dir = a_folder();
    run(start(&[], dir.path()), None);
    let before = left(dir.path());
    for _ in 0..2 {
        assert_eq!(run(Trainer::resume(dir.path(), &ONE).unwrap(), None).reason, Reason::MaxUpdates);
        assert_eq!(left(dir.path()), before);
    }
}

#[test]
fn a_training_killed_before_its_first_check_starts_anew() {
    let dir = a_folder();
    drop(start(&[], dir.path())); // nothing but the experiment is on the disk
    assert!(!dir.path().join(folder::CHECKPOINT).exists());
    run(Trainer::resume(dir.path(), &ONE).unwrap(), None);
    assert_eq!(left(dir.path()), unstopped(&[]));
}

#[test]
fn what_a_kill_left_half_written_goes_when_training_goes_on() {
    let dir = a_folder();
    run(start(&[], dir.path()), Some(25));
    let part = dir.path().join(".cogrnn-abc.part");
    std::fs::write(&part, "half of a").unwrap();
    run(Trainer::resume(dir.path(), &ONE).unwrap(), None);
    assert!(!part.exists());
    assert_eq!(left(dir.path()), unstopped(&[]));
}

#[test]
fn a_guarded_training_goes_on_from_numbers_that_are_none() {
    let changes = [
        "network.nonlinearity=linear",
        "constraints.dale=none",
        "initial.spectral_radius=40",
        "optimiser.learning_rate=1e3",
        "optimiser.max_gradient_norm=0",
        "optimiser.guard=true",
    ];
    let whole = unstopped(&changes);
    let odd = |line: &str| line.contains("inf") || line.contains("NaN");
    assert!(whole.learning.lines().any(odd), "this test wants a wild network: {}", whole.learning);
    for at in [5, 10, 33] {
        assert_eq!(whole.learning, stopped(&changes, &[at]).learning, "stopped at {at}");
    }
}

/// The state that goes on from trial to trial is part of what a checkpoint keeps.
#[test]
fn carried_trials_are_resumed_to_the_bit() {
    let changes = ["training.carry=true", "training.trials=1", "initial.train_x0=false"];
    let whole = unstopped(&changes);
    for at in [1, 7, 10, 33] {
        let dir = a_folder();
        run(start(&changes, dir.path()), Some(at));
        run(Trainer::resume(dir.path(), &ONE).unwrap(), None);
        assert!(left(dir.path()) == whole, "stopped after update {at}");
    }
    let reset = unstopped(&["training.trials=1", "initial.train_x0=false"]);
    assert!(reset.weights != whole.weights, "carrying makes a difference");
}

/// Stages end and begin at updates 15, 30 and 45, whenever one stops.
#[test]
fn a_scheme_is_taken_away_alike_however_often_one_stops() {
    for scheme in ["cd", "sctt", "dasc", "dasc_literal"] {
        for fresh in ["true", "false"] {
            let (scheme, fresh) = (format!("unroll.scheme={scheme}"), format!("unroll.fresh_optimiser={fresh}"));
            let every = if scheme.ends_with("cd") { "unroll.every=4" } else { "unroll.every=3" };
            let changes = [
                &scheme,
                &fresh,
                every,
                "unroll.stages=3",
                "unroll.updates=45",
                "optimiser.name=adam",
                "network.leak=rate",
            ];
            let whole = unstopped(&changes);
            for at in [&[1][..], &[14], &[15], &[16], &[30, 31, 44], &[45], &[46]] {
                assert_eq!(whole, stopped(&changes, at), "{changes:?} stopped at {at:?}");
            }
        }
    }
}
