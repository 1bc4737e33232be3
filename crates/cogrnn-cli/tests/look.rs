//! What a trained network does, as its user asks: `analyse`, `report`, `reproduce --check`.

use assert_cmd::Command;
use std::path::Path;

fn cogrnn(folder: &Path, words: &[&str]) -> (bool, String, String) {
    let out = Command::cargo_bin("cogrnn").unwrap().args(words).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

/// A small network of the fixed-duration task, hardly trained.
fn run(folder: &Path) {
    let small = ["network.units=20", "training.validation_trials=22", "test.trials=44"];
    let mut words = vec!["train", "song2016/fixed-duration", "--updates", "5", "--out", "run"];
    small.iter().for_each(|s| words.extend(["--set", s]));
    assert!(cogrnn(folder, &words).0);
}

#[test]
fn a_run_is_analysed_into_numbers_and_figures_and_reported_on_one_page() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let (well, said, why) = cogrnn(folder.path(), &["analyse", "run", "--dt", "20", "--json"]);
    assert!(well, "{why}");
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["trials"], 44);
    for name in ["psychometric", "selectivity", "units"] {
        for kind in ["json", "svg", "png"] {
            let file = folder.path().join("run/analysis").join(format!("{name}.{kind}"));
            assert!(file.metadata().is_ok_and(|m| m.len() > 100), "{}", file.display());
        }
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join("run/analysis").join(name)).unwrap();
    let numbers: serde_json::Value = serde_json::from_str(&read("psychometric.json")).unwrap();
    // eleven coherences, four trials each
    let points = numbers["groups"][0]["curve"]["points"].as_array().unwrap();
    assert_eq!((points.len(), points[0]["n"].as_u64()), (11, Some(4)));

    let (well, said, why) = cogrnn(folder.path(), &["report", "run", "--dt", "20"]);
    assert!(well && said.contains("report.html"), "{why}");
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    for part in ["Psychometric", "Selectivity", "@article", "[training]"] {
        assert!(page.contains(part), "{part}");
    }
    // the same page again, from what was kept
    cogrnn(folder.path(), &["report", "run", "--dt", "20"]);
    assert_eq!(page, std::fs::read_to_string(folder.path().join("run/report.html")).unwrap());
}

#[test]
fn an_analysis_that_does_not_fit_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let (well, _, why) = cogrnn(folder.path(), &["analyse", "run", "chronometric"]);
    assert!(!well && why.contains("no answer is asked for while the stimulus lasts"), "{why}");
    let (well, _, why) = cogrnn(folder.path(), &["analyse", "run", "psychometrik"]);
    assert!(!well && why.contains("did you mean `psychometric`?"), "{why}");
    let (well, _, why) = cogrnn(folder.path(), &["analyse", "run", "--set", "network.units=30"]);
    assert!(!well && why.contains("only [test] and [analysis] may be changed"), "{why}");
}

#[test]
fn a_paper_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["reproduce", "song2016", "3", "--seeds", "2", "--check"];
    let (well, said, _) = cogrnn(folder.path(), &words);
    assert!(
        well && said.contains("song2016/fixed-duration-no-dale") && said.contains("seed 100 missing, seed 1 missing"),
        "{said}"
    );
    assert!(!folder.path().join("reproduction").exists());
    // One folder of something else is said where it is, and hides nothing of the others.
    let wrong = folder.path().join("reproduction/song2016/fixed-duration/seed1");
    std::fs::create_dir_all(&wrong).unwrap();
    std::fs::write(wrong.join("experiment.toml"), "[task]\nname = \"sinewave\"").unwrap();
    let (well, said, _) = cogrnn(folder.path(), &words);
    assert!(well && said.contains("seed 101 missing, seed 1 another experiment is in the way"), "{said}");
    assert!(said.contains("seed1: it was not trained as song2016/fixed-duration with seed 1"), "{said}");
    let (well, _, why) = cogrnn(folder.path(), &words[..5]);
    assert!(!well && why.contains("another experiment is in the way of") && why.contains("fixed-duration"), "{why}");
    assert!(!folder.path().join("reproduction/song2016/fixed-duration-no-dale").exists(), "nothing was trained");
    let (well, _, why) = cogrnn(folder.path(), &["reproduce", "song2017"]);
    assert!(!well && why.contains("song2016"), "{why}");
}
