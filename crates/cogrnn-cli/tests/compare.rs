//! Many networks through the program: `compare`, and replicates of one experiment.

use assert_cmd::Command;
use std::path::Path;

fn cogrnn(folder: &Path, words: &[&str]) -> (bool, String, String) {
    let out = Command::cargo_bin("cogrnn").unwrap().args(words).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

const SMALL: [&str; 4] =
    ["network.units=20", "training.validation_trials=22", "training.check_every=5", "stop.max_updates=10"];

#[test]
fn variants_are_compared_and_longer_lists_train_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let write = |seeds: u8| {
        let small = SMALL.map(|s| s.replacen('=', "\" = ", 1)).map(|s| format!("\"{s}\n")).concat();
        let text = format!(
            "experiments = [\"song2016/fixed-duration\"]\nseeds = {seeds}\n[variants.plain]\n{small}\
             [variants.dasc]\n{small}\"unroll.scheme\" = \"dasc\"\n\"unroll.every\" = 4\n"
        );
        std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    };
    write(1);
    let (well, said, why) = cogrnn(folder.path(), &["compare", "mine.toml", "--check"]);
    assert!(well && said.contains("0 trained, 0 begun, 1 missing"), "{said}{why}");
    let (well, said, why) = cogrnn(folder.path(), &["compare", "mine.toml"]);
    assert!(well && said.contains("2 networks; trained 2 of them now"), "{said}{why}");
    write(2);
    let (well, said, why) = cogrnn(folder.path(), &["compare", "mine.toml", "--json"]);
    assert!(well, "{why}");
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["trained_now"], 2);
    assert_eq!(found["variants"][1]["networks"].as_array().unwrap().len(), 2);
    let networks = std::fs::read_to_string(folder.path().join("mine/networks.csv")).unwrap();
    assert_eq!(networks.lines().count(), 1 + 4, "{networks}");
    assert!(std::fs::read_to_string(folder.path().join("mine/compare.html")).unwrap().contains("dasc"));
}

/// Bit for bit: side by side or alone.
#[test]
fn a_replicate_is_the_network_trained_alone_with_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let train = |more: &[&str]| {
        let mut words = vec!["train", "song2016/fixed-duration", "--set", "training.stimuli_seed=9"];
        SMALL.iter().for_each(|s| words.extend(["--set", s]));
        words.extend(more);
        let (well, _, why) = cogrnn(folder.path(), &words);
        assert!(well, "{why}");
    };
    train(&["--seed", "5", "--set", "replicates=2", "--out", "both"]);
    train(&["--seed", "6", "--out", "alone"]);
    let weights = |run: &str| std::fs::read(folder.path().join(run).join("weights.safetensors")).unwrap();
    assert!(weights("both/seed6") == weights("alone"));
    assert!(weights("both/seed5") != weights("alone"));
}
