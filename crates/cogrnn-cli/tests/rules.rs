//! Learning rules through the program: whether they compute what they say, and how near they are to the gradient.

use assert_cmd::Command;
use std::path::Path;

fn cogrnn(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::cargo_bin("cogrnn").unwrap().args(words).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

#[test]
fn verify_ends_well_or_names_the_rules_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, why) = cogrnn(folder.path(), &["verify", "rflo"]);
    assert_eq!(code, Some(0), "{why}");
    assert!(said.contains("checks of `rflo` hold") && said.contains("differs from"), "{said}");
    let (code, said, _) = cogrnn(folder.path(), &["verify", "uoro", "--json"]);
    assert!(code == Some(0) && said.contains("\"passed\": true") | said.contains("\"passed\":true"), "{said}");
    let (code, _, why) = cogrnn(folder.path(), &["verify", "rlfo"]);
    assert!(code == Some(2) && why.contains("did you mean `rflo`?"), "{why}");
}

#[test]
fn gradients_of_an_experiment_and_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let little = ["--set", "network.units=10", "--set", "task.period=40 ms"];
    let words = ["gradient", "murray2019/periodic", "--rules", "bptt,rflo,uoro", "--draws", "10"];
    let (code, said, why) = cogrnn(folder.path(), &[&words[..], &little].concat());
    assert_eq!(code, Some(0), "{why}");
    assert!(said.contains("after 0 updates") && said.contains("uoro") && said.contains("chance"), "{said}");

    let train = ["train", "murray2019/periodic", "--out", "run", "--set", "stop.max_updates=20"];
    let (code, _, why) = cogrnn(folder.path(), &[&train[..], &little].concat());
    assert_eq!(code, Some(0), "{why}");
    let files = || -> Vec<_> {
        let here = std::fs::read_dir(folder.path().join("run")).unwrap().map(|f| f.unwrap().path());
        let mut all: Vec<_> = here.map(|f| (f.clone(), std::fs::read(f).unwrap())).collect();
        all.sort();
        all
    };
    // what another program is just writing
    std::fs::write(folder.path().join("run/.cogrnn-half.part"), "half").unwrap();
    let before = files();
    let (code, said, why) = cogrnn(folder.path(), &["gradient", "run", "--json", "--rules", "rflo"]);
    assert_eq!(code, Some(0), "{why}");
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&found["updates"], &found["rules"][0]["rule"]), (&20.into(), &"rflo".into()));
    assert!(found["rules"][0]["all"]["cosine"].as_f64().unwrap() > 0.0);
    assert!(files() == before, "to look at a run changes nothing in it");
    let (code, _, why) = cogrnn(folder.path(), &["gradient", "run", "--set", "network.units=3"]);
    assert!(code == Some(2) && why.contains("those of its own experiment"), "{why}");
    std::fs::remove_file(folder.path().join("run/checkpoint.safetensors")).unwrap();
    let (code, _, why) = cogrnn(folder.path(), &["gradient", "run"]);
    assert!(code == Some(2) && why.contains("no checkpoint"), "{why}");
}
