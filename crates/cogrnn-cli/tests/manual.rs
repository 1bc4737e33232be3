//! The manuals of tasks and networks are tried out: every experiment in them is checked by the program.

mod common;

use cogrnn::experiment::Kind;
use common::{cogrnn, done};
use ndarray::Array2;
use ndarray_npy::{NpzWriter, write_npy};
use std::fs;
use std::path::Path;
use std::process::Output;

fn manual(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The program on a terminal that knows more than ASCII.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    cogrnn(folder, arguments).env("LC_ALL", "C.UTF-8").output().unwrap()
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split_once("```").unwrap().0.to_string()).collect()
}

/// The matrices that docs/networks.md makes in Python.
fn matrices(folder: &Path) {
    let there = |i, j| if (i + j) % 3 == 0 { "0" } else { "1" };
    let row = |i| (0..20).map(|j| there(i, j)).collect::<Vec<_>>().join(",") + "\n";
    fs::write(folder.join("w_rec.csv"), (0..20).map(row).collect::<String>()).unwrap();
    write_npy(folder.join("w_rec_strength.npy"), &Array2::<f64>::ones((20, 20))).unwrap();
    let mut npz = NpzWriter::new(fs::File::create(folder.join("wiring.npz")).unwrap());
    npz.add_array("inputs", &Array2::<f64>::ones((20, 3))).unwrap();
    npz.finish().unwrap();
}

/// Each experiment is sound, leaves nothing to warn of, and can be solved; what was said of each.
fn tried_out(name: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    matrices(dir.path());
    let try_out = |(i, block): (usize, String)| {
        fs::write(dir.path().join("mine.toml"), &block).unwrap();
        let out = run(dir.path(), &["check", "mine.toml", "--draw"]);
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && told.is_empty(), "experiment {i} of docs/{name}\n{block}\n{told}");
        let said = String::from_utf8(out.stdout).unwrap();
        assert!(said.contains("  solvable      an ideal observer"), "experiment {i} of docs/{name}\n{said}");
        said
    };
    blocks(&manual(name), "toml").into_iter().enumerate().map(try_out).collect()
}

#[test]
fn the_tasks_of_the_manual_are_sound_and_solvable() {
    let all = tried_out("tasks.md");
    assert_eq!(all.len(), 5);
    // the drawing under the first is the one that the program makes
    let drawing = &blocks(&manual("tasks.md"), "text")[0];
    assert!(all[0].contains(drawing.trim_end()), "{}", all[0]);
}

#[test]
fn the_drawing_of_the_readme_is_current() {
    let readme = manual("../README.md");
    let drawing = blocks(&readme, "text").into_iter().find(|b| b.starts_with("condition")).unwrap();
    let asked = ["check", "song2016/perceptual-decision", "--condition", "coherence=16", "--condition", "stimulus=800"];
    assert!(readme.contains(&format!("cogrnn {}\n", asked.join(" "))));
    let out = run(tempfile::tempdir().unwrap().path(), &asked);
    assert!(String::from_utf8(out.stdout).unwrap().contains(&drawing), "{drawing}");
}

#[test]
fn the_networks_of_the_manual_are_sound() {
    assert_eq!(tried_out("networks.md").len(), 6);
    assert_eq!(tried_out("long-delays.md").len(), 3);
}

/// And the page of learning rules has a line and a section for each of them.
#[test]
fn the_rules_of_the_manual_are_sound() {
    assert_eq!(tried_out("learning-rules.md").len(), 7);
    let text = manual("learning-rules.md");
    let (mut lines, mut sections) = (0, 0);
    for rule in Kind::NAMES {
        lines += text.lines().filter(|l| l.starts_with(&format!("| `{rule}` | "))).count();
        sections += text.lines().filter(|l| l.starts_with("### ") && l.contains(&format!("`{rule}`"))).count();
    }
    assert_eq!((lines, sections), (Kind::NAMES.len(), Kind::NAMES.len()));
}

/// What the program shows of a task with everything in it are the settings that the manual lists.
#[test]
fn the_manual_of_tasks_lists_every_setting() {
    let dir = tempfile::tempdir().unwrap();
    let text = manual("tasks.md");
    let first = &blocks(&text, "toml")[0];
    fs::write(dir.path().join("mine.toml"), first).unwrap();
    let shown = done(dir.path(), &["show", "mine.toml"]);
    let task = shown.split("\n[network]").next().unwrap().split_once("[task]").unwrap().1;
    let given: Vec<&str> =
        task.lines().filter_map(|l| l.trim_start_matches("# ").split_once(" =")).map(|(key, _)| key.trim()).collect();
    assert!(given.len() > 20, "{task}");
    for key in given {
        assert!(
            text.contains(&format!("`{key}")) || first.contains(&format!("{key} =")),
            "`{key}` is not in docs/tasks.md"
        );
    }
}
