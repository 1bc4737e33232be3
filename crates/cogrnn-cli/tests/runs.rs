//! From an experiment to a recording, and what a run folder tells on the way.

mod common;

use common::{cogrnn, contents, done, experiment, folder_in_memory, run};
use ndarray::{Array1, Array3};
use ndarray_npy::NpzReader;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Instant;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn result(run: &Path) -> Value {
    json(&fs::read_to_string(run.join("result.json")).unwrap())
}

#[test]
fn train_evaluate_record_resume() {
    let dir = folder_in_memory();
    let run = dir.path().join("run");
    experiment(dir.path(), &[]);
    let said = done(dir.path(), &["train", "small.toml", "--out", "run", "--threads", "2"]);
    assert!(said.contains("ended by") && said.contains("next  cogrnn evaluate run"), "{said}");
    let names: Vec<String> = contents(&run).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "checkpoint.safetensors",
            "citation.bib",
            "environment.toml",
            "experiment.toml",
            "learning.csv",
            "result.json",
            "weights.safetensors"
        ]
    );
    let told = result(&run);
    for key in ["reason", "performance", "rmse", "trials", "updates", "seconds", "seed", "version"] {
        assert!(told[key].is_number() || told[key].is_string(), "{key}: {told}");
    }
    assert_eq!((&told["reason"], &told["seed"]), (&"max_updates".into(), &7.into()));
    assert_eq!((&told["updates"], &told["trials"]), (&200.into(), &1000.into()));
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(fs::read_to_string(run.join("learning.csv")).unwrap().lines().count(), 1 + 21);

    let said = done(dir.path(), &["evaluate", "run", "--trials", "110", "--dt", "20"]);
    assert!(said.contains("performance") && said.contains("110 at a time step of 20 ms"), "{said}");
    let found = json(&done(dir.path(), &["evaluate", "run", "--trials", "110", "--dt", "20 ms", "--json"]));
    assert!(found["performance"].is_number() && found["psychometric"].is_object(), "{found}");
    assert_eq!(found["conditions"]["rows"].as_array().unwrap().len(), 11 + 1, "two directions without evidence");

    let told = json(&done(dir.path(), &["record", "run", "--out", "a.npz", "--trials", "22", "--dt", "20", "--json"]));
    let mut npz = NpzReader::new(fs::File::open(dir.path().join("a.npz")).unwrap()).unwrap();
    let rates: Array3<f32> = npz.by_name("rates").unwrap();
    let t: Array1<f64> = npz.by_name("t").unwrap();
    let samples: Array1<i64> = npz.by_name("trial_samples").unwrap();
    let coherence: Array1<f64> = npz.by_name("trial_coherence").unwrap();
    let steps = told["steps"].as_u64().unwrap() as usize;
    assert_eq!(rates.dim(), (22, steps, 12));
    assert_eq!((t.len(), samples.len(), coherence.len()), (steps, 22, 22));
    for (trial, n) in samples.iter().map(|n| *n as usize).enumerate() {
        let row = rates.index_axis(ndarray::Axis(0), trial);
        assert!(row.rows().into_iter().take(n).all(|r| r.iter().all(|x| *x >= 0.0)), "rates to the end");
        assert!(row.rows().into_iter().skip(n).all(|r| r.iter().all(|x| x.is_nan())), "nothing after it");
    }

    let said = done(dir.path(), &["resume", "run"]);
    assert!(said.contains("the experiment's limit of updates"), "{said}");
}

#[test]
fn every_answer_in_json_is_json() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    let lines = |text: String| text.lines().map(json).collect::<Vec<_>>();
    let events = lines(done(dir.path(), &["train", "small.toml", "--out", "run", "--updates", "30", "--json"]));
    let kinds: Vec<&str> = events.iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["started", "check", "saved", "check", "saved", "check", "saved", "check", "saved", "saved", "finished"]
    );
    assert_eq!(events.last().unwrap()["reason"], "asked");
    let events = lines(done(dir.path(), &["resume", "run", "--updates", "40", "--json"]));
    assert_eq!((&events[0]["updates"], &events[0]["max_updates"]), (&30.into(), &40.into()));
    let units = ["--units", "20", "--trials", "4", "--steps", "10", "--threads", "1"];
    for arguments in [
        &["list"][..],
        &["table"],
        &["show", "small.toml"],
        &["check", "small.toml"],
        &["evaluate", "run", "--trials", "22"],
        &["record", "run", "--out", "a.npz", "--trials", "2"],
        &[&["bench"], &units[..]].concat(),
    ] {
        let answer = done(dir.path(), &[arguments, &["--json"]].concat());
        assert_eq!(answer.lines().count(), 1, "{arguments:?}");
        assert!(json(&answer).is_object(), "{arguments:?}");
    }
}

#[test]
fn a_run_is_kept_under_the_name_of_its_experiment() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    done(dir.path(), &["train", "small.toml", "--seed", "12", "--updates", "1", "--json"]);
    assert_eq!(result(&dir.path().join("runs/small-seed12"))["seed"], 12);
}

#[test]
fn the_experiment_of_a_run_trains_the_same_network_again() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    let set = ["--set", "network.units=9", "--seed", "3", "--quiet"];
    done(dir.path(), &[&["train", "small.toml", "--out", "one"], &set[..]].concat());
    done(dir.path(), &["train", "one/experiment.toml", "--out", "two", "--json"]);
    for file in ["experiment.toml", "weights.safetensors", "learning.csv"] {
        assert!(
            fs::read(dir.path().join("one").join(file)).unwrap()
                == fs::read(dir.path().join("two").join(file)).unwrap()
        );
    }
}

#[test]
fn overwriting_leaves_nothing_of_the_old_run() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--json"]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--json", "--overwrite", "--updates", "1"]);
    assert_eq!(result(&dir.path().join("run"))["updates"], 1);
    assert_eq!(fs::read_to_string(dir.path().join("run/learning.csv")).unwrap().lines().count(), 2);
}

/// Linear units, a strong loop, long steps: activity explodes within a trial, weights within a few.
const WILD: &[(&str, &str)] = &[(
    "units = 12",
    "units = 12\nnonlinearity = \"linear\"\n[constraints]\ndale = \"none\"\n[initial]\nspectral_radius = 3\n\
     [optimiser]\nlearning_rate = 1e3\nmax_gradient_norm = 0",
)];

#[test]
fn a_network_that_diverges_is_diagnosed_and_its_past_kept() {
    let dir = folder_in_memory();
    experiment(dir.path(), WILD);
    let out = run(dir.path(), &["train", "small.toml", "--out", "run", "--quiet"]);
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!((out.status.code(), out.stdout.is_empty()), (Some(3), true), "{said}");
    insta::with_settings!({ filters => vec![
        // Numbers of a chaotic network are the same on one machine, not on all.
        (r"\d+(\.\d+)?(e[-+]?\d+)?", "#"),
        (r"NaN|inf", "#"),
    ]}, {
        insta::assert_snapshot!(said, @r#"
        the loss is no longer a number   [update #]
        why  at the last check, update #, the loss was # and the recurrent weights had the spectral radius #, a loop gain of # a time step (radius × dt/tau); now they have the spectral radius #, a loop gain of # a time step (radius × dt/tau); the last gradient had the length #
        try  lower `learning_rate`, set `max_gradient_norm`, lower `spectral_radius`, or take a smaller dt; the learning curve is in run
        "#);
    });
    let folder = dir.path().join("run");
    let told = result(&folder);
    assert_eq!(told["reason"], "diverged");
    assert!(told["updates"].as_u64().unwrap() > 0 && told["version"].is_string(), "{told}");
    assert!(fs::read_to_string(folder.join("learning.csv")).unwrap().lines().count() > 1);
    common::left(&folder); // the last checkpoint is sound
    // To go on from there leads to the same end; the network before it can be looked at.
    assert_eq!(run(dir.path(), &["resume", "run", "--quiet"]).status.code(), Some(3));
    done(dir.path(), &["evaluate", "run", "--trials", "11", "--dt", "20"]);
    let out = cogrnn(dir.path(), &["resume", "run", "--json"]).output().unwrap();
    let last = String::from_utf8(out.stdout).unwrap().lines().last().map(json).unwrap();
    assert_eq!(last["error"]["kind"], "diverged");
}

#[test]
fn a_guarded_network_goes_on_where_it_would_diverge() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[(WILD[0].0, &format!("{}\nguard = true", WILD[0].1))]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--json"]);
    assert_eq!(result(&dir.path().join("run"))["reason"], "max_updates");
}

#[test]
fn the_program_is_one_file_that_starts_at_once() {
    let dir = folder_in_memory();
    // Alone in a folder, with nothing around it to read.
    let alone = dir.path().join("cogrnn");
    fs::copy(assert_cmd::cargo::cargo_bin("cogrnn"), &alone).unwrap();
    let start = || {
        let now = Instant::now();
        let out = std::process::Command::new(&alone).arg("list").env_clear().current_dir(dir.path()).output().unwrap();
        assert!(out.status.success() && !out.stdout.is_empty(), "{out:?}");
        now.elapsed()
    };
    let mut times: Vec<_> = (0..20).map(|_| start()).collect();
    times.sort();
    let size = fs::metadata(&alone).unwrap().len() as f64 / 1e6;
    println!("starts in {:?} at best, {:?} at the median; {size:.1} MB", times[0], times[10]);
}

/// Disturbances of training are there in test trials, and may be switched off for a look; what the run holds stays as it is.
#[test]
fn disturbances_stay_on_unless_they_are_switched_off() {
    let dir = folder_in_memory();
    let small = ["--set", "training.dt=5 ms", "--set", "test.dt=5 ms", "--set", "training.validation_trials=8"];
    done(
        dir.path(),
        &[&["train", "miconi2017/delayed-nonmatch", "--updates", "2", "--out", "run"], &small[..]].concat(),
    );
    let before = contents(&dir.path().join("run"));
    let kept = fs::read_to_string(dir.path().join("run/experiment.toml")).unwrap();
    assert!(kept.contains("perturbations = true") && kept.contains("perturbation_rate = 3"), "{kept}");
    let error = |more: &[&str]| {
        json(&done(dir.path(), &[&["evaluate", "run", "--trials", "8", "--json"], more].concat()))["rmse"]
            .as_f64()
            .unwrap()
    };
    let (on, off) = (error(&[]), error(&["--set", "test.perturbations=false"]));
    assert_eq!(on, error(&["--set", "test.perturbations=true"]));
    assert_ne!(on, off);
    assert_eq!(before, contents(&dir.path().join("run")));
}
