//! What an experiment file becomes.

use cogrnn::experiment::Experiment;
use cogrnn::trainer::{Machine, Trainer};
use cogrnn_core::params::Arena;
use cogrnn_rules::penalties::WeightPenalty;
use std::sync::atomic::AtomicBool;

const SMALL: &str = "
[task]
name = \"perceptual-decision\"
[network]
units = 5
[training]
trials = 4
validation_trials = 11
check_every = 5
";

fn parse(text: &str) -> Experiment {
    Experiment::parse(text, "mine", "mine.toml", &[]).unwrap()
}

#[test]
fn a_resolved_experiment_resolves_to_itself() {
    let units =
        "[0.02, 0.01, 0, 0, 0], [0.01, 0.02, 0, 0, 0], [0, 0, 0.02, 0, 0], [0, 0, 0, 0.02, 0], [0, 0, 0, 0, 0.02]";
    let inputs = "[1e-4, 5e-5, 0], [5e-5, 1e-4, 0], [0, 0, 1e-4]";
    for more in [
        String::new(),
        format!("[noise]\ncovariance = [{units}]"),
        format!("[inputs]\ncovariance = [{inputs}]"),
        format!("[noise]\ncovariance = [{units}]\n[inputs]\ncovariance = [{inputs}]"),
        "[constraints]\ndale = \"none\"\ndensity = 0.9".into(),
        "[constraints]\ndensity_excitatory = 0.9\nw_rec = { high = 0.7 }".into(),
        "[optimiser]\nname = \"adam\"\nschedule = \"cosine\"".into(),
        "[optimiser]\nname = \"momentum\"\n[rule]\nomega = 0\ntruncate = 10\n[penalties]\nl2_rates = 0.1".into(),
    ] {
        let first = parse(&format!("{SMALL}{more}"));
        let second = parse(first.resolved());
        assert_eq!(first.resolved(), second.resolved(), "{more}");
    }
}

#[test]
fn strengths_scale_the_initial_weights() {
    let row = |c: f64| format!("[{c}, {c}, {c}]");
    let rows = [row(1.0), row(1.0), row(1.0), row(0.0), row(100.0)].join(", ");
    let experiment = parse(&format!("{SMALL}[constraints]\nw_in = {{ strength = [{rows}] }}"));
    let plan = experiment.network.build::<f64>(experiment.dt, 1, cogrnn_core::kernels::Isa::best()).unwrap();
    let w = plan.plastic.weights().block("w_in");
    assert!(w[..9].iter().all(|w| *w > 0.0 && *w < 0.1), "0.1 U(0, 1): {w:?}");
    assert!(w[9..12].iter().all(|w| *w == 0.0) && w[12..].iter().any(|w| *w > 1.0), "{w:?}");
}

#[test]
fn a_trained_network_without_its_checkpoint_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let machine = Machine { threads: 1, kernels: None };
    let mut trainer = Trainer::start(parse(SMALL), &run, false, &machine).unwrap();
    trainer.run(Some(10), &AtomicBool::new(false), &mut |_| {}).unwrap();
    std::fs::remove_file(run.join("checkpoint.safetensors")).unwrap();
    let error = Trainer::resume(&run, &machine).unwrap_err();
    assert!(error.what.contains("no checkpoint") && error.remedy.is_some(), "{error}");
    assert!(run.join("weights.safetensors").exists() && run.join("result.json").exists());
}

/// Wants the input weights to be about one.
#[derive(Debug)]
struct NearOne;

impl WeightPenalty<f32> for NearOne {
    fn value(&self, theta: &Arena<f32>) -> f64 {
        theta.block("w_in").iter().map(|w| f64::from((w - 1.0) * (w - 1.0))).sum()
    }
    fn add_gradient(&self, theta: &Arena<f32>, gradient: &mut Arena<f32>) {
        for (g, w) in gradient.block_mut("w_in").iter_mut().zip(theta.block("w_in")) {
            *g += 2.0 * (w - 1.0);
        }
    }
}

#[test]
fn a_penalty_of_ones_own_is_learnt_and_counted() {
    let cost = |own: bool| {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let mut trainer = Trainer::start(parse(SMALL), &folder.path().join("run"), false, &machine).unwrap();
        if own {
            trainer = trainer.with_penalty(NearOne);
        }
        let mut costs = Vec::new();
        let mut see = |event: cogrnn::trainer::Event<'_>| {
            if let cogrnn::trainer::Event::Check(check) = event {
                costs.push(check.cost);
            }
        };
        trainer.run(Some(300), &AtomicBool::new(false), &mut see).unwrap();
        (costs[0], costs[costs.len() - 1])
    };
    let ((before, after), (without, _)) = (cost(true), cost(false));
    assert!(before > without + 5.0, "fifteen weights near 0.05 cost about 0.9 each: {before} and {without}");
    assert!(after < 0.2 * before, "{after} after {before}");
}
