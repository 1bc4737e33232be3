//! `check --draw`: what a task looks like, and whether it can be solved.

mod common;

use common::{cogrnn, refused_in, run};
use std::fs;
use std::path::Path;

/// From the first drawing on.
fn drawn(folder: &Path, arguments: &[&str]) -> String {
    let mut command = cogrnn(folder, arguments);
    let out = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    text.split_once("\n\n").unwrap().1.to_string()
}

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The drawings and the rest as a program gets them.
fn as_json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let out = cogrnn(folder, &arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap()["task"].take()
}

fn columns(drawing: &str) -> usize {
    drawing.lines().map(|l| l.chars().count()).max().unwrap_or(0)
}

#[test]
fn a_decision_is_drawn() {
    let asked = ["check", "song2016/perceptual-decision", "--condition", "coherence=16", "--condition", "stimulus=800"];
    insta::assert_snapshot!("perceptual_decision", drawn(empty().path(), &asked));
}

#[test]
fn sequences_are_drawn() {
    insta::assert_snapshot!("sequences", drawn(empty().path(), &["check", "song2016/sequences", "--draw"]));
}

#[test]
fn every_shipped_experiment_can_be_drawn_and_solved() {
    let dir = empty();
    for shipped in cogrnn::experiment::shipped() {
        let task = as_json(dir.path(), &["check", shipped.name, "--draw"]);
        let drawing = task["drawings"][0]["drawing"].as_str().unwrap();
        assert!(columns(drawing) <= 80, "{}\n{drawing}", shipped.name);
        assert!(drawing.contains(" ms\n") && drawing.contains("\ntargets\n"), "{drawing}");
        assert_eq!(task["ideal_observer"]["wrong_without_noise"], 0, "{}", shipped.name);
        if task["catch_share"].as_f64().unwrap() > 0.0 {
            let task = as_json(dir.path(), &["check", shipped.name, "--catch"]);
            assert_eq!(task["drawings"][0]["title"], "catch trial");
        }
    }
}

#[test]
fn a_terminal_without_unicode_gets_ascii() {
    let dir = empty();
    let mut command = cogrnn(dir.path(), &["check", "song2016/sequences", "--draw", "--json"]);
    let out = command.env("LC_ALL", "C").output().unwrap();
    let all: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let drawing = all["task"]["drawings"][0]["drawing"].as_str().unwrap();
    assert!(drawing.is_ascii(), "{drawing}");
}

#[test]
fn several_values_make_several_drawings() {
    let asked =
        ["check", "song2016/perceptual-decision", "--condition", "coherence=16,0", "--condition", "in_out=1,-1"];
    let task = as_json(empty().path(), &asked);
    let titles: Vec<&str> = task["drawings"].as_array().unwrap().iter().map(|d| d["title"].as_str().unwrap()).collect();
    let strange = "a condition that training does not have";
    assert_eq!(titles, ["condition 5 of 10", "condition 10 of 10", strange, strange]);
}

/// A task whose inputs say nothing of what is asked.
const UNSOLVABLE: &str = r#"
[task]
name = "custom"
choice = "0 if direction > 0 else 1"

[[task.conditions]]
name = "coherence"
values = [1, 2]

[[task.conditions]]
name = "direction"
values = [1, -1]

[[task.epochs]]
name = "stimulus"
duration = "500 ms"

[[task.epochs]]
name = "decision"
duration = "300 ms"

[[task.inputs]]
name = "evidence"
during = "stimulus"
value = "coherence / 10"

[[task.outputs]]
name = "left"
during = "decision"
target = "choice == 0"

[[task.outputs]]
name = "right"
during = "decision"
target = "choice == 1"
"#;

fn check(text: &str) -> (String, String) {
    let dir = empty();
    fs::write(dir.path().join("mine.toml"), text).unwrap();
    let out = run(dir.path(), &["check", "mine.toml", "--draw"]);
    assert!(out.status.success());
    (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
}

#[test]
fn a_task_that_nobody_can_solve_is_told() {
    let (said, warned) = check(UNSOLVABLE);
    assert!(
        said.contains("not solvable  an ideal observer is wrong in 2 of 4 conditions even without noise"),
        "{said}"
    );
    assert!(said.contains("sound as a file, but its task cannot be solved"), "{said}");
    insta::assert_snapshot!(warned, @r#"
    warning  two conditions look the same: `coherence = 1, direction = -1` and `coherence = 1, direction = 1`
    why  their inputs are the same from beginning to end, but their targets differ: no network can be right in both
    try  let an input depend on `direction`, or let the targets not
    "#);

    // an input that says it, and it can be
    let (said, warned) = check(&UNSOLVABLE.replace("coherence / 10", "1 + direction * coherence / 10"));
    assert!(said.contains("an ideal observer is right in 100 % without noise"), "{said}");
    assert!(said.contains("\nsound\n") && warned.is_empty(), "{warned}");
}

#[test]
fn a_condition_like_a_catch_trial_is_told() {
    let catch = "choice = \"0 if direction > 0 else 1\"\ncatch_probability = 0.1\ncatch_duration = \"800 ms\"";
    let text =
        UNSOLVABLE.replace("choice = \"0 if direction > 0 else 1\"", catch).replace("coherence / 10", "0 * coherence");
    let text = text.replace("values = [1, -1]", "values = [1]").replace("values = [1, 2]", "values = [1]");
    insta::assert_snapshot!(check(&text).1, @r#"
    warning  a catch trial looks the same as `coherence = 1, direction = 1`
    why  both have no inputs and the same length, but their targets differ: no network can be right in both
    try  give that condition an input, or catch trials another `catch_duration`
    "#);
}

/// 36 channels of a ring, 30 epochs of which some are within others: compact all the same.
#[test]
fn many_channels_and_epochs_stay_compact() {
    let epochs: String =
        (0..30).map(|i| format!("[[task.epochs]]\nname = \"epoch{i}\"\nduration = \"40 ms\"\n")).collect();
    let within = "[[task.epochs]]\nname = \"late\"\nwithin = \"epoch3\"\ndelay = \"20 ms\"\n";
    let text = format!(
        "[task]\nname = \"custom\"\njudged_by = \"error\"\n\
         [[task.conditions]]\nname = \"angle\"\nvalues = [0, 10]\n{epochs}{within}\
         [[task.inputs]]\nname = \"ring\"\ncount = 36\nvalue = \"exp(2 * (cos(2 * PI * (k - angle) / 36) - 1))\"\n\
         [[task.outputs]]\nname = \"an output with a rather long name\"\ntarget = \"angle\"\n"
    );
    let dir = empty();
    fs::write(dir.path().join("mine.toml"), text).unwrap();
    let task = as_json(dir.path(), &["check", "mine.toml", "--draw"]);
    let drawing = task["drawings"][0]["drawing"].as_str().unwrap();
    assert!(columns(drawing) <= 80 && drawing.lines().count() < 20, "{drawing}");
    assert!(drawing.contains("  ring 0–3 "), "{drawing}");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let dir = empty();
    let all = [
        &["check", "song2016/perceptual-decision", "--condition", "coherense=16"][..],
        &["check", "song2016/perceptual-decision", "--condition", "coherence"],
        &["check", "song2016/perceptual-decision", "--condition", "coherence=a"],
        &["check", "song2016/perceptual-decision", "--condition", "stimulus=-80"],
        &["check", "song2016/sinewave", "--condition", "coherence=16"],
        &["check", "song2016/sinewave", "--catch"],
    ];
    insta::assert_snapshot!(all.map(|a| refused_in(dir.path(), a)).join("\n"), @r#"
    the task has no condition `coherense`   [--condition coherense]
    why  there are `coherence`, `in_out`, `stimulus`
    try  did you mean `coherence`?

    `--condition` is `coherence`   [command line]
    why  a name and a value are needed
    try  for instance --condition coherence=16

    `--condition` is `coherence=a`   [command line]
    why  a name and a value are needed
    try  for instance --condition coherence=16

    `stimulus` cannot last as long as that   [--condition stimulus]
    why  a duration in milliseconds is needed, 0 or more
    try  --condition stimulus=500

    the task has no condition `coherence`   [--condition coherence]
    why  it has none
    try  leave --condition out

    the task has no catch trials   [--catch]
    why  its `catch_probability` is 0
    try  leave --catch out, or give for instance catch_probability = "1/11"
    "#);
}
