//! Threads and kernels decide how fast a network learns, never what it learns.

use cogrnn::archive::Archive;
use cogrnn::evaluate::{TestRun, Trained};
use cogrnn::experiment::Experiment;
use cogrnn::folder;
use cogrnn::trainer::{Machine, Trainer};
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::run;
use cogrnn_core::task::Set;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Sizes that divide by nothing: 21 units, 13 trials of different length.
const EXPERIMENT: &str = r#"
seed = 4

[task]
name = "perceptual-decision"

[network]
units = 21

[training]
trials = 13
validation_trials = 150
check_every = 20

[stop]
max_updates = 60
"#;

fn experiment(changes: &[&str]) -> Experiment {
    let changes: Vec<String> = changes.iter().map(|c| c.to_string()).collect();
    Experiment::parse(EXPERIMENT, "small", "small.toml", &changes).unwrap()
}

/// A folder in memory, where there is such a disk: hundreds of checkpoints are written here.
fn a_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What a training leaves behind: best network, learning curve, last parameters.
#[derive(PartialEq)]
struct Left {
    weights: Vec<u8>,
    learning: String,
    theta: Vec<(String, Vec<u32>)>,
}

fn trained(changes: &[&str], folder: &Path, threads: usize, kernels: Option<Isa>) -> Left {
    let machine = Machine { threads, kernels };
    let mut trainer = Trainer::start(experiment(changes), folder, true, &machine).unwrap();
    trainer.run(None, &AtomicBool::new(false), &mut |_| {}).unwrap();
    let checkpoint = Archive::from_bytes("", &std::fs::read(folder.join(folder::CHECKPOINT)).unwrap()).unwrap();
    let bits = |name: &str| checkpoint.f32s(name).unwrap().iter().map(|x| x.to_bits()).collect();
    let names = checkpoint.tensors.iter().map(|t| t.name.clone()).filter(|n| n != "history");
    Left {
        weights: std::fs::read(folder.join(folder::WEIGHTS)).unwrap(),
        learning: std::fs::read_to_string(folder.join(folder::LEARNING)).unwrap(),
        theta: names.map(|n| (n.clone(), bits(&n))).collect(),
    }
}

fn left(changes: &[&str], threads: usize, kernels: Option<Isa>) -> Left {
    trained(changes, a_folder().path(), threads, kernels)
}

fn same(one: &Left, other: &Left, what: &str) {
    assert_eq!(one.learning, other.learning, "{what}: learning.csv");
    for ((name, a), (_, b)) in one.theta.iter().zip(&other.theta) {
        assert!(a == b, "{what}: {name}");
    }
    assert!(one.weights == other.weights, "{what}: weights.safetensors");
}

fn kernels_here() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.available())
}

/// Every path through the arithmetic that a training can take.
const KINDS: &[&[&str]] = &[
    &[],
    &["optimiser.name=momentum"],
    &["optimiser.name=adam", "optimiser.schedule=cosine"],
    &["penalties.l2_rates=0.1", "penalties.l1_rec=0.01"], // trials padded to the longest
    &["network.nonlinearity=softplus", "network.output=softmax", "rule.omega=0"],
    &["network.nonlinearity=tanh", "network.output=sigmoid", "constraints.dale=none", "rule.truncate=9"],
    &["constraints.dale=abs", "constraints.density_excitatory=0.4", "network.nonlinearity=rectify_power"],
    &["inputs.covariance=[[1e-3, 5e-4, 0], [5e-4, 1e-3, 0], [0, 0, 1e-4]]", "constraints.dale=clamp"],
    &["training.trials=3"], // fewer trials than threads
];

/// Every rule, on little trainings: some take many times longer than backpropagation.
const RULES: &[&[&str]] = &[
    &["rule.name=rflo", "optimiser.learning_rate_out=0.1", "penalties.l2_rates=0.1"],
    &["rule.name=rflo", "rule.update=step", "rule.feedback_density=0.5"],
    &["rule.name=rflo", "rule.feedback=learned", "rule.feedback_signs=readout"],
    &["rule.name=rflo", "rule.update=step", "rule.feedback=learned", "network.output_feedback=0.1"],
    &["rule.name=bptt", "rule.omega=0", "network.output_feedback=0.1"],
    &["rule.name=eprop", "rule.kappa=0.5"],
    &["rule.name=rtrl"],
    &["rule.name=rtrl", "rule.update=step", "optimiser.name=adam"],
    &["rule.name=snap1", "network.leak=rate", "network.nonlinearity=tanh", "rule.feedback=random"],
    &["rule.name=uoro", "rule.update=step"],
    &["rule.name=kf-rtrl"],
    &["rule.name=reverse-kf-rtrl"],
    &["rule.name=kernl", "rule.update=step"],
    &["rule.name=dni"],
    &["rule.name=node-perturbation"],
];

#[test]
fn every_rule_gives_the_same_bits_at_any_number_of_threads_and_with_every_kernel() {
    let little = ["network.units=9", "training.trials=5", "training.validation_trials=7", "stop.max_updates=6"];
    for rule in RULES {
        let kind: Vec<&str> = rule.iter().copied().chain(little).chain(["training.check_every=3"]).collect();
        let plain = left(&kind, 1, Some(Isa::Plain));
        for threads in [1, 2, 4] {
            same(&plain, &left(&kind, threads, None), &format!("{kind:?} at {threads} threads"));
        }
    }
}

#[test]
fn the_same_bits_at_one_two_and_four_threads() {
    for kind in KINDS {
        let one = left(kind, 1, None);
        for threads in [2, 4] {
            same(&one, &left(kind, threads, None), &format!("{kind:?} at {threads} threads"));
        }
    }
}

#[test]
fn the_same_bits_with_every_kernel() {
    for kind in KINDS {
        let plain = left(kind, 1, Some(Isa::Plain));
        for isa in kernels_here() {
            same(&plain, &left(kind, 2, Some(isa)), &format!("{kind:?} with {isa} kernels"));
        }
    }
}

#[test]
fn correlated_noise_of_the_units_has_the_same_bits_everywhere() {
    let row = |i: usize| (0..21).map(|j| if i == j { "0.02" } else { "0.005" }).collect::<Vec<_>>().join(", ");
    let covariance: Vec<String> = (0..21).map(|i| format!("[{}]", row(i))).collect();
    let change = format!("noise.covariance=[{}]", covariance.join(", "));
    let plain = left(&[&change], 1, Some(Isa::Plain));
    for isa in kernels_here() {
        same(&plain, &left(&[&change], 4, Some(isa)), &format!("correlated noise with {isa} kernels"));
    }
}

#[test]
fn a_task_without_inputs_has_the_same_bits_everywhere() {
    let changes = ["task.name=sinewave", "network.nonlinearity=softplus", "constraints.readout=all"];
    let plain = left(&changes, 1, Some(Isa::Plain));
    same(&plain, &left(&changes, 4, None), "sinewave");
}

#[test]
fn another_seed_changes_everything() {
    let (one, other) = (left(&["seed=1"], 2, None), left(&["seed=2"], 2, None));
    assert!(left(&["seed=1"], 2, None) == one, "the same seed, the same bits");
    for ((name, a), (_, b)) in one.theta.iter().zip(&other.theta) {
        let frozen = name.ends_with(".b_rec") || name.ends_with(".b_out");
        // Under Dale's law a few weights may be at zero for both.
        let equal = a.iter().zip(b).filter(|(a, b)| a == b && **a != 0).count();
        assert!(if frozen { a == b } else { equal * 20 < a.len() }, "{name}: {equal} of {} the same", a.len());
    }
    for (a, b) in one.learning.lines().zip(other.learning.lines()).skip(1) {
        let (a, b): (Vec<_>, Vec<_>) = (a.split(',').collect(), b.split(',').collect());
        // cost, error, spectral radius; Dale's radius is set at first, so only to rounding there
        assert!(a[2] != b[2] && a[3] != b[3], "{a:?} {b:?}");
    }
}

#[test]
fn validation_does_not_depend_on_how_it_is_cut() {
    let experiment = experiment(&[]);
    let dt = experiment.dt;
    for isa in kernels_here() {
        let plan = experiment.network.build::<f32>(dt, experiment.seed, isa).unwrap();
        let generator = experiment.generator(Set::Validation, dt, isa);
        let ended = |first: u64, count: usize, threads: usize| {
            let crew = Crew::new(threads).unwrap();
            let loss = experiment.network.loss;
            run::evaluate(&plan.network, &plan.plastic, &generator, loss, (first, count), &crew, None, |_| ()).unwrap()
        };
        let whole = ended(0, 330, 1);
        assert!(whole == ended(0, 330, 4));
        // In rounds of eleven conditions, cut where no piece is full.
        for cut in [11, 88, 319] {
            let halves = [ended(0, cut, 2), ended(cut as u64, 330 - cut, 3)].concat();
            assert!(whole == halves, "cut at {cut} with {isa} kernels");
        }
    }
}

#[test]
fn a_trained_network_is_judged_the_same_everywhere() {
    let sinewave = ["task.name=sinewave", "constraints.readout=all", "task.test_cycles=2"];
    for task in [&[][..], &sinewave] {
        let dir = a_folder();
        trained(task, dir.path(), 2, None);
        let judged = |threads, kernels| {
            let trained = Trained::open(dir.path(), &Machine { threads, kernels }).unwrap();
            let dt = Some(experiment(&[]).dt);
            let found = trained.evaluate(250, dt, &mut |_| {}).unwrap();
            let file = dir.path().join(format!("{threads}.npz"));
            let request = TestRun { trials: 30, dt, ..trained.test_run() };
            trained.record(&request, &file, &AtomicBool::new(false), &mut |_| ()).unwrap().unwrap();
            // as text, where NaN equals NaN
            (format!("{found:?}"), std::fs::read(file).unwrap())
        };
        let (found, recorded) = judged(1, Some(Isa::Plain));
        for (threads, isa) in [1, 2, 4].into_iter().flat_map(|n| kernels_here().map(move |isa| (n, isa))) {
            let (again, file) = judged(threads, Some(isa));
            assert_eq!(found, again, "{threads} threads, {isa} kernels");
            assert!(recorded == file, "recorded with {threads} threads, {isa} kernels");
        }
    }
}

/// A scheme that leaves nothing to do is the plain training, and a coarser time step is that time step.
#[test]
fn schemes_reduce_to_plain_training() {
    for leak in ["potential", "rate"] {
        let leak = format!("network.leak={leak}");
        let plain = left(&[&leak], 1, None);
        for scheme in [
            &["unroll.scheme=dasc", "unroll.mix=[1.0]", "unroll.every=4"][..],
            &["unroll.scheme=sctt", "unroll.every=1"],
            &["unroll.scheme=cd", "unroll.every=[1.0]"],
        ] {
            let changes: Vec<&str> = scheme.iter().copied().chain([&leak[..]]).collect();
            same(&plain, &left(&changes, 2, None), &changes.join(" "));
        }
        // From beginning to end at three times the step; only the checks are at the finer one.
        let coarse = left(&[&leak, "training.dt=60 ms"], 1, None);
        let cd = left(&[&leak, "unroll.scheme=cd", "unroll.every=[3.0]", "unroll.updates=1000"], 1, None);
        for ((name, a), (_, b)) in coarse.theta.iter().zip(&cd.theta).filter(|((name, _), _)| name.starts_with("theta"))
        {
            assert!(a == b, "{leak} {name}");
        }
        assert_ne!(coarse.learning, cd.learning);
        let skipping = left(&[&leak, "unroll.scheme=dasc", "unroll.every=4"], 1, None);
        assert!(skipping.theta != plain.theta, "{leak}: a skip changes what is learnt");
    }
}

#[test]
fn unrolled_training_does_not_depend_on_threads_or_kernels() {
    for changes in [
        &["unroll.scheme=dasc", "unroll.every=4", "unroll.updates=40", "network.leak=rate", "noise.tau=50 ms"][..],
        &["unroll.scheme=sctt", "unroll.every=3", "unroll.updates=40", "noise.tau=50 ms", "rule.omega=0"],
        &["unroll.scheme=cd", "unroll.every=4", "unroll.updates=40", "network.leak=rate", "penalties.l1_rates=0.1"],
    ] {
        let one = left(changes, 1, None);
        for threads in [2, 3] {
            same(&one, &left(changes, threads, None), &format!("{changes:?} on {threads} threads"));
        }
        for isa in kernels_here() {
            same(&one, &left(changes, 2, Some(isa)), &format!("{changes:?} with {isa}"));
        }
    }
}
