//! Dale's law, masks and fixed weights hold under every rule, after every change of the weights.

use cogrnn::archive::{Archive, Data};
use cogrnn::experiment::{Experiment, Kind};
use cogrnn::folder;
use cogrnn::trainer::{Machine, Trainer};
use std::sync::atomic::AtomicBool;

/// Steps that are far too long, so that weights run against what holds them.
const EXPERIMENT: &str = r#"
seed = 4

[task]
name = "perceptual-decision"

[network]
units = 10
nonlinearity = "tanh" # whatever becomes of the weights, rates stay numbers

[constraints]
density_excitatory = 0.6
density_inhibitory = 0.8

[optimiser]
learning_rate = 2
max_gradient_norm = 1

[training]
trials = 3
validation_trials = 4
check_every = 1
keep = "last"

[stop]
max_updates = 6
"#;

/// How many of the weights were plastic, 0 where none was and of the wrong sign, after each update.
struct Seen {
    plastic: usize,
    absent: usize,
    wrong: usize,
    changed: usize,
}

fn watched(text: &str, changes: &[String]) -> Seen {
    let experiment = Experiment::parse(text, "small", "small.toml", changes).unwrap();
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let machine = Machine { threads: 1, kernels: None };
    let mut trainer = Trainer::start(experiment, dir.path(), true, &machine).unwrap();
    let mut seen = Seen { plastic: 0, absent: 0, wrong: 0, changed: 0 };
    let mut before: Vec<f32> = Vec::new();
    for until in 0..=6 {
        trainer.run(Some(until), &AtomicBool::new(false), &mut |_| {}).unwrap();
        let bytes = std::fs::read(dir.path().join(folder::WEIGHTS)).unwrap();
        let archive = Archive::from_bytes("", &bytes).unwrap();
        for block in ["w_rec", "w_out"] {
            let w = archive.f32s(block).unwrap();
            let plastic = archive.tensors.iter().find(|t| t.name == format!("{block}.plastic")).unwrap();
            let Data::U8(plastic) = &plastic.data else { panic!("a mask is of bytes") };
            let units = 10;
            for (k, (w, plastic)) in w.iter().zip(plastic).enumerate() {
                // the first eight of ten units are excitatory, and the inhibitory ones are not read out
                let sign = if k % units < 8 { 1.0 } else { -1.0 };
                seen.plastic += usize::from(*plastic);
                seen.wrong += usize::from(w * sign < 0.0);
                seen.absent += usize::from(*plastic == 0 && *w != 0.0);
            }
        }
        let now = archive.f32s("w_rec").unwrap().to_vec();
        seen.changed += now.iter().zip(&before).filter(|(a, b)| a != b).count();
        before = now;
    }
    seen
}

fn rules() -> impl Iterator<Item = Vec<String>> {
    Kind::NAMES.into_iter().flat_map(|rule| {
        let online = !matches!(rule, "bptt" | "node-perturbation" | "reward-hebb");
        let updates = if online { &["trial", "step"][..] } else { &["trial"] };
        // it learns from the first trial on, and the longest change that it may make is far too long
        let more: &[&str] = match rule {
            "reward-hebb" => &[
                "rule.silent_trials=0",
                "rule.baseline_start=first",
                "rule.scale_by_error=false",
                "optimiser.max_change=0.5",
                "noise.units=1",
            ],
            _ => &[],
        };
        updates.iter().map(move |update| {
            let named = [format!("rule.name={rule}"), format!("rule.update={update}")];
            named.into_iter().chain(more.iter().map(ToString::to_string)).collect()
        })
    })
}

#[test]
fn signs_and_masks_hold_under_every_rule() {
    for rule in rules() {
        for keep in ["rectify", "abs", "clamp"] {
            let mut changes = rule.clone();
            changes.push(format!("constraints.dale={keep}"));
            let seen = watched(EXPERIMENT, &changes);
            assert!(seen.plastic > 200 && seen.changed > 100, "{changes:?}: {} {}", seen.plastic, seen.changed);
            assert_eq!((seen.wrong, seen.absent), (0, 0), "{changes:?}");
        }
    }
}

/// Else the test above would say nothing.
#[test]
fn without_dales_law_signs_change() {
    let text: String = EXPERIMENT.lines().filter(|l| !l.starts_with("density_")).map(|l| format!("{l}\n")).collect();
    for mut changes in rules() {
        changes.push("constraints.dale=none".into());
        changes.push("constraints.density=0.6".into());
        let seen = watched(&text, &changes);
        assert!(seen.wrong > 0 && seen.absent == 0, "{changes:?}");
    }
}
