//! The experiments of Murray (2019): trials and initial networks worked out by hand from the paper, and
//! where it says nothing from what docs/tasks.md says.

use cogrnn::experiment::{Experiment, Kind, shipped};
use cogrnn_core::kernels::Isa;
use cogrnn_core::task::{Request, Set};
use cogrnn_core::units::ms;
use cogrnn_tasks::testing::{Trial, trial};

fn load(name: &str) -> Experiment {
    Experiment::load(&format!("murray2019/{name}"), &[]).unwrap()
}

fn forced(name: &str, set: Set, dt: f64, force: &[(&str, f64)]) -> Trial {
    let force: Vec<(String, f64)> = force.iter().map(|(n, v)| (n.to_string(), *v)).collect();
    trial(&*load(name).task, &Request { force: &force, ..Request::new(set, 1, ms(dt)) }, 4)
}

/// Inputs and targets at some times (ms), to the fourth decimal; they are asked for at every sample.
fn check(trial: &Trial, steps: usize, samples: &[(f64, &[f32], &[f32])]) {
    assert_eq!(trial.steps, steps);
    assert!(trial.mask.iter().all(|m| *m == 1.0));
    let (channels, outputs) = (trial.inputs.len() / steps, trial.targets.len() / steps);
    for (t, inputs, targets) in samples {
        let k = (t / trial.dt.as_ms()).round() as usize - 1;
        let found = [&trial.inputs[k * channels..][..channels], &trial.targets[k * outputs..][..outputs]];
        for (found, wanted) in found.into_iter().zip([inputs, targets]) {
            assert_eq!(found.len(), wanted.len());
            assert!(found.iter().zip(*wanted).all(|(a, b)| (a - b).abs() < 5e-5), "{t}: {found:?} {wanted:?}");
        }
    }
}

#[test]
fn periodic_output() {
    for name in ["periodic", "periodic-bptt"] {
        for set in [Set::Training, Set::Validation, Set::Test] {
            // sin φ + 0.5 sin 2φ + 0.25 sin 4φ at φ = 2π t/200
            let trial = forced(name, set, 1.0, &[]);
            let samples: &[(f64, &[f32], &[f32])] = &[
                (1.0, &[], &[0.0941]),
                (25.0, &[], &[1.2071]),
                (50.0, &[], &[1.0]),
                (75.0, &[], &[0.2071]),
                (100.0, &[], &[0.0]),
                (150.0, &[], &[-1.0]),
                (200.0, &[], &[0.0]),
            ];
            check(&trial, 200, samples);
        }
    }
}

#[test]
fn interval_matching() {
    // exp(-1/2) one s.d. of 15 ms away, exp(-2) two
    let (one, two) = (0.6065, 0.1353);
    for set in [Set::Training, Set::Validation, Set::Test] {
        let trial = forced("interval", set, 1.0, &[("delay", 100.0)]);
        let samples: &[(f64, &[f32], &[f32])] = &[
            (20.0, &[two], &[0.0]),
            (35.0, &[one], &[0.0]),
            (50.0, &[1.0], &[0.0]),
            (65.0, &[one], &[0.0]),
            (150.0, &[1.0], &[0.0]),
            (165.0, &[one], &[0.0]),
            (235.0, &[0.0], &[one]),
            (250.0, &[0.0], &[1.0]),
            (280.0, &[0.0], &[two]),
            (410.0, &[0.0], &[0.0]),
        ];
        // 50 + 2 · 150 + 60
        check(&trial, 410, samples);
    }
}

#[test]
fn directional_movement() {
    let off: &[f32] = &[0.0; 4];
    let up: &[f32] = &[0.0, 1.0, 0.0, 0.0];
    let left: &[f32] = &[0.0, 0.0, 1.0, 0.0];
    let still: &[f32] = &[0.0, 0.0];
    // 2 sin²(π t/200): 1 at a quarter of the syllable, 2 at its half
    let trial = forced("movement", Set::Test, 1.0, &[("direction", 1.0)]);
    check(&trial, 200, &[(50.0, up, &[0.0, 1.0]), (100.0, up, &[0.0, 2.0]), (200.0, up, still)]);
    let trial = forced("movement", Set::Training, 0.5, &[("direction", 2.0)]);
    check(&trial, 400, &[(50.0, left, &[-1.0, 0.0]), (100.0, left, &[-2.0, 0.0]), (199.5, left, &[-0.0001, 0.0])]);
    let trial = forced("movement", Set::Validation, 1.0, &[("direction", 4.0)]);
    check(&trial, 200, &[(1.0, off, still), (100.0, off, still)]);
}

/// W_rec ~ N(0, 1.5²/N), W_in ~ U(-1, 1), W_out ~ U(-1/√N, 1/√N), no biases, r = 0.1 at first, and neither
/// biases nor the initial state learn.
#[test]
fn networks_begin_as_published() {
    for name in ["periodic", "periodic-bptt", "interval", "movement"] {
        let experiment = load(name);
        let built = experiment.network.build::<f64>(experiment.dt, experiment.seed, Isa::Plain).unwrap();
        let (theta, plastic) = (built.plastic.theta(), built.plastic.wiring().plastic());
        let units = experiment.network.shape.units;
        assert_eq!(units, if name.starts_with("periodic") { 30 } else { 100 });
        let mean_square = |w: &[f64]| w.iter().map(|w| w * w).sum::<f64>() / w.len() as f64;

        let w_rec = theta.block("w_rec");
        assert_eq!(w_rec.len(), units * units);
        // four s.d. of the mean square of n Gaussian numbers, √(2/n)
        let share = mean_square(w_rec) * units as f64 / 2.25;
        assert!((share - 1.0).abs() < 4.0 * (2.0 / w_rec.len() as f64).sqrt(), "{name}: {share}");
        assert!((0..units).all(|i| w_rec[i * units + i] != 0.0), "units project to themselves");

        for (block, bound) in [("w_in", 1.0), ("w_out", 1.0 / (units as f64).sqrt())] {
            let w = theta.block(block);
            if w.is_empty() {
                continue;
            }
            assert!(w.iter().all(|w| w.abs() <= bound), "{name}: {block}");
            // four s.d. of the mean square of n numbers of U(-1, 1), whose fourth moment is 1/5: √(4/5n) of 1/3
            let share = 3.0 * mean_square(w) / (bound * bound);
            assert!((share - 1.0).abs() < 4.0 * (0.8 / w.len() as f64).sqrt(), "{name}: {block} {share}");
        }
        for (block, value) in [("b_rec", 0.0), ("b_out", 0.0), ("x0", 0.1)] {
            assert!(plastic[theta.find(block).unwrap().range()].iter().all(|p| *p == 0.0), "{name}: {block} is learnt");
            let weights = built.plastic.weights().block(block);
            assert!(weights.iter().all(|w| *w == value), "{name}: {block}");
        }
    }
}

#[test]
fn an_update_is_that_of_the_paper() {
    for name in ["periodic", "periodic-bptt", "interval", "movement", "sequence"] {
        let experiment = load(name);
        assert_eq!(experiment.trials, if name == "interval" { 10 } else { 1 });
        assert_eq!((experiment.rule.clip, experiment.rule.omega, experiment.rule.truncation), (None, 0.0, None));
        let kind = if name == "periodic-bptt" { Kind::Bptt } else { Kind::Rflo };
        assert_eq!((experiment.rule.kind, experiment.rule.online), (kind, false));
        assert_eq!(experiment.dt, ms(1.0));
        // 10,000 trials, of intervals 5000
        assert_eq!(experiment.stop.max_updates, if name == "interval" { 500 } else { 10_000 });
    }
    assert_eq!(shipped().iter().filter(|s| s.name.starts_with("murray2019/")).count(), 5);
}
