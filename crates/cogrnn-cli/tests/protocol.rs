//! A paper's protocol through the program, on networks far too small to show anything.

use assert_cmd::Command;
use std::path::Path;

fn cogrnn(folder: &Path, words: &[&str]) -> (bool, String, String) {
    let out = Command::cargo_bin("cogrnn").unwrap().args(words).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

fn with_settings<'a>(words: &[&'a str], settings: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().chain(settings.iter().flat_map(|s| ["--set", s])).collect()
}

#[test]
fn soo2023_from_networks_to_verdicts_and_again_without_training() {
    let folder = tempfile::tempdir().unwrap();
    let small = [
        "stop.max_updates=4",
        "stop.performance=1",
        "training.check_every=2",
        "training.validation_trials=20",
        "task.long=\"300 ms\"",
        "task.warm_up=\"50 ms\"",
        "test.trials=20",
    ];
    let words = with_settings(&["reproduce", "soo2023", "standard", "--seeds", "1", "--out", "all"], &small);
    let (well, said, why) = cogrnn(folder.path(), &words);
    assert!(well, "{said}{why}");
    assert!(said.contains("18 networks; trained 18 of them now"), "{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join("all").join(name)).unwrap();
    let claims = read("claims.csv");
    for part in ["nothing of a scheme is needed afterwards", "DASC takes fewer updates than plain", "at initialisation"]
    {
        assert!(claims.contains(part), "no {part} in {claims}");
    }
    assert!(read("fading.csv").lines().count() > 100);
    assert!(read("soo2023.html").contains("How far errors reach back"));
    assert_eq!(read("networks.csv").lines().count(), 1 + 18);

    let (well, said, why) = cogrnn(folder.path(), &words);
    assert!(well && said.contains("trained 0 of them now"), "{said}{why}");
    assert_eq!(read("claims.csv"), claims);
}

#[test]
fn murray2019_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let small = ["stop.max_updates=4", "training.check_every=2", "network.units=10"];
    let words = with_settings(&["reproduce", "murray2019", "periods", "--seeds", "1", "--out", "all"], &small);
    let (well, said, why) = cogrnn(folder.path(), &words);
    assert!(well, "{said}{why}");
    let claims = std::fs::read_to_string(folder.path().join("all/claims.csv")).unwrap();
    assert!(claims.contains("both rules learn a short period") && !claims.contains("Interval matching"), "{claims}");
    let (well, _, why) = cogrnn(folder.path(), &["reproduce", "murray2019", "period", "--check"]);
    assert!(!well && why.contains("periods, rates-200"), "{why}");
    let (well, _, why) = cogrnn(folder.path(), &["reproduce", "song2016", "--set", "network.units=10", "--check"]);
    assert!(!well && why.contains("published parameters"), "{why}");
}
