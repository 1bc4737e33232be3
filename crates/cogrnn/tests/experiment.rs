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

/// Trains 100 updates and looks at the weights after each; returns the first that breaks Dale's law, the mask,
/// the fixed weight, the bounds or the ban on self-connections.
fn first_broken(dale: &str, optimiser: &str) -> Option<String> {
    use cogrnn_core::crew::Crew;
    use cogrnn_core::network::{History, Noise, Room};
    use cogrnn_core::run::Run;
    use cogrnn_core::task::Set;
    use cogrnn_core::trials::unit_noise;

    // No connection from unit 1 to unit 0; the one from unit 4 to unit 0 is fixed.
    let mask = "[[1,0,1,1,0],[1,1,1,1,1],[1,1,1,1,1],[1,1,1,1,1],[1,1,1,1,1]]";
    let fixed = if dale == "clamp" { -0.3 } else { 0.3 };
    let experiment = parse(&format!(
        "{SMALL}[constraints]\ndale = \"{dale}\"\n[constraints.w_rec]\nmask = {mask}\n\
         fixed = [[0,0,0,0,{fixed}],[0,0,0,0,0],[0,0,0,0,0],[0,0,0,0,0],[0,0,0,0,0]]\nlow = -0.4\nhigh = 0.4\n\
         [initial]\nspectral_radius = 0\n[optimiser]\nname = \"{optimiser}\"\nlearning_rate = 0.1"
    ));
    let isa = cogrnn_core::kernels::Isa::best();
    let plan = experiment.network.build::<f32>(experiment.dt, 1, isa).unwrap();
    let signs = [1.0, 1.0, 1.0, 1.0, -1.0];
    let rule = experiment.rule.build::<f32>();
    let crew = Crew::new(1).unwrap();
    let room = Room { trials: 4, steps: 100, history: History::Whole };
    let held = plan.plastic.weights().block("w_rec")[4];
    let mut run = Run::new(&plan.network, &rule, plan.plastic, &room, &crew).unwrap();
    let generator = experiment.generator(Set::Training, experiment.dt, isa);
    for update in 0..100 {
        generator.share(update * 4, 4, false, run.desks.iter_mut().map(|d| &mut d.batch), &crew).unwrap();
        let noise = Noise::Drawn { seed: 1, purpose: unit_noise(Set::Training) };
        run.update(noise, experiment.network.loss, &crew);
        let weights = run.plastic.weights();
        let (w_in, w_rec, w_out) = (weights.block("w_in"), weights.block("w_rec"), weights.block("w_out"));
        let signed = |w: &[f32]| w.iter().enumerate().all(|(k, w)| w * signs[k % 5] >= 0.0);
        let checks = [
            ("input signs", w_in.iter().all(|w| *w >= 0.0)),
            ("recurrent signs", signed(w_rec)),
            ("output signs", signed(w_out)),
            ("inhibitory readout", w_out[4] == 0.0 && w_out[9] == 0.0),
            ("mask", w_rec[1] == 0.0),
            ("fixed weight", w_rec[4] == held && held.abs() == 0.3),
            ("self-connections", (0..5).all(|i| w_rec[i * 6] == 0.0)),
            ("bounds", w_rec.iter().all(|w| w.abs() <= 0.4)),
        ];
        if let Some((what, _)) = checks.iter().find(|(_, holds)| !holds) {
            return Some(format!("{what} after update {}", update + 1));
        }
    }
    None
}

#[test]
fn constraints_hold_after_every_update() {
    for dale in ["rectify", "abs", "clamp"] {
        for optimiser in ["sgd", "momentum", "adam"] {
            assert_eq!(first_broken(dale, optimiser), None, "{dale}, {optimiser}");
        }
    }
    // Negative control: without Dale's law the same look finds a wrong sign.
    assert!(first_broken("none", "sgd").unwrap().contains("signs"));
}
