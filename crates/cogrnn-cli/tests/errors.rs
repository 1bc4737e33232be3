//! Bad input: one message in four parts, exit code 2, nothing written.

mod common;

use assert_cmd::cargo::cargo_bin_cmd;
use common::{contents, done, experiment, folder_in_memory, refused_in};
use std::fs;
use std::path::Path;

fn refused(arguments: &[&str]) -> String {
    refused_in(tempfile::tempdir().unwrap().path(), arguments)
}

/// Refused in a folder that holds `small.toml` and a run of it, `run`.
fn refused_beside_a_run(spoil: impl FnOnce(&Path), commands: &[&[&str]]) -> String {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--updates", "20", "--json"]);
    spoil(&dir.path().join("run"));
    commands.iter().map(|c| refused_in(dir.path(), c)).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_unknown_name_is_met_with_the_nearest() {
    insta::assert_snapshot!(refused(&["train", "song2016/perceptual-desicion"]), @r#"
    there is no experiment `song2016/perceptual-desicion`
    why  it is neither a file nor one of song2016/perceptual-decision, song2016/reaction-time, song2016/fixed-duration, song2016/fixed-duration-no-dale, song2016/fixed-duration-pathways, song2016/context-integration, song2016/context-integration-areas, song2016/multisensory, song2016/working-memory, song2016/sequences, song2016/s1-example, song2016/sinewave, soo2023/go, soo2023/ctxdm1, soo2023/dlygo, soo2023/dlydm1, soo2023/dms, soo2023/rule-reversal, murray2019/periodic, murray2019/periodic-bptt, murray2019/interval, murray2019/movement, murray2019/sequence, miconi2017/delayed-nonmatch, miconi2017/delayed-nonmatch-long, miconi2017/delayed-nonmatch-variable, miconi2017/delayed-nonmatch-ei, miconi2017/arm, miconi2017/planar-arm, miconi2017/selective-integration
    try  did you mean `song2016/perceptual-decision`?
    "#);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    insta::assert_snapshot!(refused(&["check", "mine.toml"]), @r#"
    there is no experiment `mine.toml`
    why  it is neither a file nor one of song2016/perceptual-decision, song2016/reaction-time, song2016/fixed-duration, song2016/fixed-duration-no-dale, song2016/fixed-duration-pathways, song2016/context-integration, song2016/context-integration-areas, song2016/multisensory, song2016/working-memory, song2016/sequences, song2016/s1-example, song2016/sinewave, soo2023/go, soo2023/ctxdm1, soo2023/dlygo, soo2023/dlydm1, soo2023/dms, soo2023/rule-reversal, murray2019/periodic, murray2019/periodic-bptt, murray2019/interval, murray2019/movement, murray2019/sequence, miconi2017/delayed-nonmatch, miconi2017/delayed-nonmatch-long, miconi2017/delayed-nonmatch-variable, miconi2017/delayed-nonmatch-ei, miconi2017/arm, miconi2017/planar-arm, miconi2017/selective-integration
    try  `cogrnn list` shows what comes with the program
    "#);
}

#[test]
fn changes_on_the_command_line_are_blamed_as_typed() {
    let changes = [
        "network.units=many",
        "network.unit=3",
        "network.units=0",
        "training.trials=0",
        "network.tau=50",
        "network.units",
        "netwrk.units=3",
        "network.units=[1",
        "task.name=sinwave",
        "training.dt=200 ms",
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

/// The messages themselves are pinned in `crates/cogrnn/tests/bad_input.rs`.
#[test]
fn a_bad_experiment_is_never_begun() {
    let bad = [
        ("units = 12", "unit = 12"),
        ("units = 12", "units = 12\nexponent = 3"),
        ("units = 12", "units = true"),
        ("units = 12", "units = 12\ntau = \"100\""),
        ("units = 12", "units = 12\ntau = [\"100 ms\", \"50 ms\"]"),
        ("units = 12", "units = 12\nloss = \"binary_cross_entropy\""),
        ("units = 12", "units = 12\n[constraints]\nexcitatory = 0"),
        ("units = 12", "units = 2\n[constraints.w_rec]\nmask = [[0, 0], [0, 0]]"),
        ("units = 12", "units = 2\n[constraints.w_rec]\nfixed = [[0, -1], [0, 0]]"),
        ("units = 12", "units = 2\n[constraints.w_in]\nmask = [[1, 1, 0], [1, 1, 0]]"),
        ("trials = 5", "trials = 5\ndt = \"200 ms\""),
    ];
    for change in bad {
        let dir = folder_in_memory();
        experiment(dir.path(), &[change]);
        for command in ["train", "check", "show"] {
            let said = refused_in(dir.path(), &[command, "small.toml"]);
            assert!(said.contains("[small.toml:"), "{change:?}: {said}");
        }
    }
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
    insta::assert_snapshot!(refused_beside_a_run(|_| {}, &[&["train", "small.toml", "--out", "run"]]), @r#"
    `run` is not empty
    why  it already holds a run
    try  another --out, `cogrnn resume run` to go on, or --overwrite
    "#);
}

#[test]
fn a_damaged_checkpoint_is_never_taken_up() {
    let spoil = |change: fn(&mut Vec<u8>)| {
        refused_beside_a_run(
            |run| {
                let file = run.join("checkpoint.safetensors");
                let mut bytes = fs::read(&file).unwrap();
                change(&mut bytes);
                fs::write(&file, bytes).unwrap();
            },
            &[&["resume", "run"]],
        )
    };
    let all = [
        spoil(|bytes| bytes.truncate(bytes.len() / 2)),
        spoil(|bytes| *bytes.last_mut().unwrap() ^= 1),
        spoil(|bytes| bytes.clear()),
        spoil(|bytes| *bytes = b"PK\x03\x04 a zip file of something else entirely".to_vec()),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    the file is cut short   [run/checkpoint.safetensors]
    why  its end is missing, as after a broken copy or a full disk
    try  use another copy, or train again: the same seed gives the same network

    the file is damaged   [run/checkpoint.safetensors]
    why  its content does not match its checksum
    try  use another copy, or train again: the same seed gives the same network

    the file is cut short   [run/checkpoint.safetensors]
    why  its end is missing, as after a broken copy or a full disk
    try  use another copy, or train again: the same seed gives the same network

    this is not a file of cogrnn   [run/checkpoint.safetensors]
    why  it was not written by cogrnn
    try  give the folder of a run, as `cogrnn train` makes it
    "#);
}

#[test]
fn a_checkpoint_of_something_else_is_never_taken_up() {
    let another = |run: &Path, set: &str| {
        let dir = run.parent().unwrap();
        done(dir, &["train", "small.toml", "--out", "other", "--updates", "20", "--json", "--set", set]);
        fs::copy(dir.join("other/checkpoint.safetensors"), run.join("checkpoint.safetensors")).unwrap();
    };
    let weights = |run: &Path| {
        fs::copy(run.join("weights.safetensors"), run.join("checkpoint.safetensors")).unwrap();
    };
    let edit = |run: &Path| {
        let file = run.join("experiment.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("learning_rate = 0.01", "learning_rate = 0.02")).unwrap();
    };
    let resume: &[&[&str]] = &[&["resume", "run"]];
    let all = [
        refused_beside_a_run(|run| another(run, "network.units=14"), resume),
        refused_beside_a_run(|run| another(run, "optimiser.name=adam"), resume),
        refused_beside_a_run(weights, resume),
        refused_beside_a_run(edit, resume),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    experiment.toml is not what the checkpoint was trained by   [run/experiment.toml]
    why  it had `units = 14`, and now has `units = 12`
    try  put back what was changed, or train the new experiment in a folder of its own

    experiment.toml is not what the checkpoint was trained by   [run/experiment.toml]
    why  it had `name = "adam"`, and now has `name = "sgd"`
    try  put back what was changed, or train the new experiment in a folder of its own

    this is not a checkpoint   [run/checkpoint.safetensors]
    why  it is a file of cogrnn, but says nothing of an experiment
    try  put the checkpoint of this run back, or start a new run with `cogrnn train`

    experiment.toml is not what the checkpoint was trained by   [run/experiment.toml]
    why  it had `learning_rate = 0.01`, and now has `learning_rate = 0.02`
    try  put back what was changed, or train the new experiment in a folder of its own
    "#);
}

#[test]
fn a_comment_in_the_experiment_of_a_run_does_no_harm() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--updates", "20", "--json"]);
    let file = dir.path().join("run/experiment.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("# for the revision\n{text}")).unwrap();
    done(dir.path(), &["resume", "run", "--updates", "30", "--json"]);
}

#[test]
fn weights_that_are_missing_or_damaged_are_not_judged() {
    let commands: &[&[&str]] = &[&["evaluate", "run"], &["record", "run", "--out", "a.npz"]];
    let remove = |run: &Path| fs::remove_file(run.join("weights.safetensors")).unwrap();
    let checkpoint = |run: &Path| {
        fs::copy(run.join("checkpoint.safetensors"), run.join("weights.safetensors")).unwrap();
    };
    let smaller = |run: &Path| {
        let file = run.join("experiment.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("units = 12 ", "units = 14 ")).unwrap();
    };
    let truncate = |run: &Path| {
        let bytes = fs::read(run.join("weights.safetensors")).unwrap();
        fs::write(run.join("weights.safetensors"), &bytes[..bytes.len() - 7]).unwrap();
    };
    let all = [
        refused_beside_a_run(remove, commands),
        refused_beside_a_run(checkpoint, &commands[..1]),
        refused_beside_a_run(smaller, &commands[..1]),
        refused_beside_a_run(truncate, &commands[..1]),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    there is no trained network yet   [run/weights.safetensors]
    why  training was stopped before its first check
    try  go on with  cogrnn resume run

    there is no trained network yet   [run/weights.safetensors]
    why  training was stopped before its first check
    try  go on with  cogrnn resume run

    `w_in` is missing   [run/weights.safetensors]
    why  it has: best.b_out, best.b_rec, best.w_in, best.w_out, best.w_rec, best.x0, history, theta.b_out, theta.b_rec, theta.w_in, theta.w_out, theta.w_rec, theta.x0
    try  was it written by another version of cogrnn?

    `w_in` has 36 entries   [run/weights.safetensors]
    why  the experiment's network needs 42
    try  put back the weights that belong to this run

    the file is cut short   [run/weights.safetensors]
    why  its end is missing, as after a broken copy or a full disk
    try  use another copy, or train again: the same seed gives the same network
    "#);
}

#[test]
fn a_time_step_longer_than_tau_is_refused_in_testing_too() {
    let commands: &[&[&str]] =
        &[&["evaluate", "run", "--dt", "150"], &["record", "run", "--out", "a.npz", "--dt", "0.15 s"]];
    insta::assert_snapshot!(refused_beside_a_run(|_| {}, commands), @r#"
    the time step of 150 ms is longer than the time constant of 100 ms   [--dt]
    why  Euler steps with dt > tau overshoot: x changes its sign at every step
    try  take dt = "20 ms" (a fifth of tau) or less

    the time step of 150 ms is longer than the time constant of 100 ms   [--dt]
    why  Euler steps with dt > tau overshoot: x changes its sign at every step
    try  take dt = "20 ms" (a fifth of tau) or less
    "#);
}

#[test]
fn slips_of_the_keyboard_are_explained() {
    let all = [
        &["trian"][..],
        &["train"],
        &["train", "a", "--sed", "3"],
        &["train", "a", "b"],
        &["train", "a", "--seed", "-1"],
        &["train", "a", "--out"],
        &["train", "a", "--updates", "0"],
        &["train", "a", "--kernels", "sse"],
        &["train", "a", "--kernels", "avx5"],
        &["train", "a", "--threads", "0"],
        &["train", "a", "--threads", "two"],
        &["evaluate", "a", "--trials", "0"],
        &["evaluate", "a", "--dt", "5 km"],
        &["evaluate", "a", "--dt", "0"],
        &["bench", "--units", "0"],
        &["bench", "--threads", "1000000"],
        &["record", "a"],
        &["completions", "tcsh"],
    ];
    insta::assert_snapshot!("slips", all.map(|a| format!("$ cogrnn {}\n{}", a.join(" "), refused(a))).join("\n"));
}

#[test]
fn a_program_hears_of_errors_in_json() {
    for (arguments, word) in [(&["check", "none.toml", "--json"][..], "none.toml"), (&["trian", "--json"], "trian")] {
        let out = cargo_bin_cmd!("cogrnn").args(arguments).output().unwrap();
        assert_eq!(out.status.code(), Some(2));
        let error: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(error["error"]["kind"], "input");
        assert!(error["error"]["what"].as_str().unwrap().contains(word), "{error}");
        assert!(error["error"]["remedy"].is_string());
    }
}

#[test]
fn nothing_is_written_by_commands_that_look() {
    let dir = folder_in_memory();
    experiment(dir.path(), &[]);
    done(dir.path(), &["train", "small.toml", "--out", "run", "--updates", "20", "--json"]);
    let before = contents(dir.path());
    for command in [&["check", "small.toml"][..], &["show", "small.toml"], &["list"], &["table"]] {
        done(dir.path(), command);
    }
    done(dir.path(), &["evaluate", "run", "--trials", "11", "--dt", "20"]);
    assert!(contents(dir.path()) == before);
}

#[test]
fn behaviour_is_compared_where_there_is_a_reaction_time_only() {
    let rows = "monkey,rt,coh,correct\n1,0.5,0.064,1\n";
    let make = |folder: &Path| {
        fs::write(folder.join("good.csv"), rows).unwrap();
        fs::write(folder.join("bad.csv"), rows.to_string() + "1,500,0.064,1\n").unwrap();
    };
    let commands: &[&[&str]] = &[
        &["compare-behaviour", "run", "run/good.csv", "--dt", "20"],
        &["compare-behaviour", "run", "run/bad.csv"],
        &["compare-behaviour", "run", "run/none.csv"],
    ];
    insta::assert_snapshot!(refused_beside_a_run(make, commands), @r#"
    this task has no reaction time   [task perceptual-decision]
    why  the decision epoch begins when the stimulus is over, so the task and not the network says when
    try  train one that has, such as song2016/reaction-time

    `rt` is `500`   [run/bad.csv:3]
    why  a reaction time in seconds is needed, above 0 and at most 60
    try  mend this row, or leave it out

    cannot read `run/none.csv`
    why  it does not exist
    try  check the name; `ls` shows what is there
    "#);
}
