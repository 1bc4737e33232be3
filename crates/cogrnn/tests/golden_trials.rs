//! Golden trials: samples of the shipped tasks against the timings and values of Song et al. (2016),
//! worked out by hand from the specification and not from the code.

use cogrnn::experiment::Experiment;
use cogrnn_core::task::{Request, Set, Task};
use cogrnn_core::units::ms;
use cogrnn_tasks::testing::{Trial, trial};
use std::sync::Arc;

fn task(name: &str) -> Arc<dyn Task> {
    Experiment::load(&format!("song2016/{name}"), &[]).unwrap().task
}

fn forced(name: &str, set: Set, dt: f64, force: &[(&str, f64)]) -> Trial {
    let force: Vec<(String, f64)> = force.iter().map(|(n, v)| (n.to_string(), *v)).collect();
    trial(&*task(name), &Request { force: &force, ..Request::new(set, 1, ms(dt)) }, 4)
}

/// Inputs, targets and mask of the sample at time t (ms).
fn at(trial: &Trial, t: f64) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let k = (t / trial.dt.as_ms()).round() as usize - 1;
    let (channels, outputs) = (trial.inputs.len() / trial.steps, trial.targets.len() / trial.steps);
    let part = |v: &[f32], width: usize| v[k * width..(k + 1) * width].to_vec();
    (part(&trial.inputs, channels), part(&trial.targets, outputs), part(&trial.mask, outputs))
}

/// Steps of a trial, and (t, inputs, targets, mask) at some of its samples; targets count where the mask is 1.
fn check(trial: &Trial, steps: usize, samples: &[(f64, &[f32], &[f32], f32)]) {
    assert_eq!(trial.steps, steps);
    for (t, inputs, targets, mask) in samples {
        let (u, y, m) = at(trial, *t);
        assert!(u.iter().zip(*inputs).all(|(a, b)| (a - b).abs() < 5e-5) && u.len() == inputs.len(), "{t}: {u:?}");
        assert!(m.iter().all(|x| x == mask), "{t}: {m:?}");
        if *mask == 1.0 {
            assert_eq!(y, *targets, "{t}");
        }
    }
}

#[test]
fn reaction_time() {
    let trial = forced("reaction-time", Set::Training, 20.0, &[("coherence", 16.0), ("in_out", -1.0), ("catch", 0.0)]);
    let on: &[f32] = &[0.244, 0.756, 1.0];
    let (low, right): (&[f32], &[f32]) = (&[0.2, 0.2], &[0.2, 1.2]);
    // fixation to 100, stimulus to 900, answers asked from 400
    let off: &[f32] = &[0.0; 3];
    check(
        &trial,
        45,
        &[
            (20.0, off, low, 1.0),
            (100.0, off, low, 1.0),
            (120.0, on, low, 0.0),
            (400.0, on, low, 0.0),
            (420.0, on, right, 1.0),
            (900.0, on, right, 1.0),
        ],
    );
    let test = forced("reaction-time", Set::Test, 0.5, &[("coherence", 1.0), ("in_out", 1.0)]);
    let on: &[f32] = &[0.516, 0.484, 1.0];
    check(
        &test,
        3600,
        &[
            (300.0, off, low, 1.0),
            (300.5, on, low, 0.0),
            (600.0, on, low, 0.0),
            (600.5, on, &[1.2, 0.2], 1.0),
            (1800.0, on, &[1.2, 0.2], 1.0),
        ],
    );
    let catch = forced("reaction-time", Set::Training, 20.0, &[("catch", 1.0)]);
    check(&catch, 100, &[(20.0, off, low, 1.0), (1000.0, off, low, 1.0), (2000.0, off, low, 1.0)]);
}

#[test]
fn fixed_duration() {
    for name in ["fixed-duration", "fixed-duration-no-dale"] {
        let trial = forced(name, Set::Training, 20.0, &[("coherence", 4.0), ("in_out", 1.0), ("catch", 0.0)]);
        let on: &[f32] = &[0.564, 0.436];
        check(
            &trial,
            60,
            &[
                (100.0, &[0.0, 0.0], &[0.2, 0.2], 1.0),
                (120.0, on, &[], 0.0),
                (900.0, on, &[], 0.0),
                (920.0, &[0.0, 0.0], &[1.0, 0.2], 1.0),
                (1200.0, &[0.0, 0.0], &[1.0, 0.2], 1.0),
            ],
        );
        assert_eq!(forced(name, Set::Test, 20.0, &[]).steps, 70);
    }
    // S1 Code: the same trial, the direction called left_right, no zero coherence among test trials
    let force = [("coherence", 16.0), ("left_right", 1.0), ("catch", 0.0)];
    let s1 = forced("s1-example", Set::Training, 20.0, &force);
    check(&s1, 60, &[(500.0, &[0.756, 0.244], &[], 0.0), (1200.0, &[0.0, 0.0], &[1.0, 0.2], 1.0)]);
}

#[test]
fn test_rounds_begin_with_zero_coherence() {
    for name in ["perceptual-decision", "reaction-time", "fixed-duration", "fixed-duration-no-dale"] {
        let task = task(name);
        assert_eq!(task.test_period(), 11);
        for index in 0..22 {
            let outline = trial(&*task, &Request::new(Set::Test, index, ms(20.0)), 4).outline;
            let coherence = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 1.0, 2.0, 4.0, 8.0, 16.0][index % 11];
            assert_eq!(outline.value("coherence"), Some(coherence), "{name} {index}");
            assert_eq!(outline.choice.is_none(), coherence == 0.0);
        }
    }
}

#[test]
fn context_dependent_integration() {
    let force = [("context", -1.0), ("motion_coherence", 10.0), ("colour_coherence", 3.0), ("motion_direction", 1.0)];
    let force = [&force[..], &[("colour_direction", -1.0), ("catch", 0.0)]].concat();
    let trial = forced("context-integration", Set::Training, 20.0, &force);
    let on: &[f32] = &[0.0, 1.0, 0.75, 0.25, 0.425, 0.575];
    check(
        &trial,
        60,
        &[
            (100.0, &[0.0; 6], &[0.2, 0.2], 1.0),
            (120.0, on, &[], 0.0),
            (900.0, on, &[], 0.0),
            (920.0, &[0.0; 6], &[0.2, 1.0], 1.0),
            (1200.0, &[0.0; 6], &[0.2, 1.0], 1.0),
        ],
    );
    assert_eq!(trial.outline.choice, Some(1)); // colour counts
    let task = task("context-integration");
    assert_eq!((task.conditions().rows.len(), task.period()), (72, 73));
    // context first, then motion coherence, colour coherence, motion direction, colour direction
    assert_eq!(task.conditions().rows[0], [1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(task.conditions().rows[1], [-1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(task.conditions().rows[2], [1.0, 3.0, 1.0, 1.0, 1.0]);
    assert_eq!(task.conditions().rows[18], [1.0, 1.0, 1.0, -1.0, 1.0]);
    assert_eq!(forced("context-integration", Set::Test, 20.0, &[]).steps, 75);
}

#[test]
fn multisensory() {
    let force = |modality: f64| [("modality", modality), ("frequency", 10.0), ("catch", 0.0)];
    let (up, down) = (0.5143, 1.0857);
    for (modality, on) in
        [(0.0, [up, 0.0, down, 0.0, 1.0]), (1.0, [0.0, up, 0.0, down, 1.0]), (2.0, [up, up, down, down, 1.0])]
    {
        let trial = forced("multisensory", Set::Training, 20.0, &force(modality));
        let cue: &[f32] = &[0.0, 0.0, 0.0, 0.0, 1.0];
        check(
            &trial,
            70,
            &[
                (100.0, &[0.0; 5], &[0.2, 0.2], 1.0),
                (120.0, &on, &[], 0.0),
                (1100.0, &on, &[], 0.0),
                (1120.0, cue, &[0.2, 1.0], 1.0),
                (1400.0, cue, &[0.2, 1.0], 1.0),
            ],
        );
    }
    let task = task("multisensory");
    assert_eq!(
        (task.conditions().rows[0].clone(), task.conditions().rows[1].clone()),
        (vec![0.0, 9.0], vec![1.0, 9.0])
    );
    assert_eq!(forced("multisensory", Set::Training, 20.0, &[("catch", 1.0)]).steps, 125);
    assert_eq!(forced("multisensory", Set::Test, 20.0, &[]).steps, 90);
}

#[test]
fn parametric_working_memory() {
    let force = [("larger", 26.0), ("order", -1.0), ("delay", 2730.0), ("catch", 0.0)];
    let trial = forced("working-memory", Set::Training, 20.0, &force);
    // f1 = 18, f2 = 26; the delay of 2730 ms is rounded down to 2720
    let (first, second): (&[f32], &[f32]) = (&[0.6667, 0.9333], &[0.9333, 0.6667]);
    check(
        &trial,
        206,
        &[
            (100.0, &[0.0; 2], &[0.2, 0.2], 1.0),
            (120.0, first, &[], 0.0),
            (600.0, first, &[], 0.0),
            (620.0, &[0.0; 2], &[], 0.0),
            (3320.0, &[0.0; 2], &[], 0.0),
            (3340.0, second, &[], 0.0),
            (3820.0, second, &[], 0.0),
            (3840.0, &[0.0; 2], &[0.2, 1.0], 1.0),
            (4120.0, &[0.0; 2], &[0.2, 1.0], 1.0),
        ],
    );
    assert_eq!((trial.outline.value("f1"), trial.outline.value("f2")), (Some(18.0), Some(26.0)));
    assert_eq!(forced("working-memory", Set::Test, 20.0, &[]).steps, 240);
    let task = task("working-memory");
    let mut f1: Vec<i64> = (0..11).filter_map(|i| trial_value(&*task, i, "f1")).collect();
    f1.sort_unstable();
    assert_eq!(f1, [10, 14, 18, 18, 22, 22, 26, 26, 30, 34]);
}

fn trial_value(task: &dyn Task, index: usize, column: &str) -> Option<i64> {
    trial(task, &Request::new(Set::Validation, index, ms(20.0)), 4).outline.value(column).map(|v| v.round() as i64)
}

#[test]
fn sequences() {
    // paths of section 4.8, from dot 4
    let paths = [[5, 1, 0], [3, 1, 2], [3, 7, 8], [5, 7, 6], [5, 1, 2], [3, 1, 0], [3, 7, 6], [5, 7, 8]];
    let options = |dot: usize| match dot {
        4 => [3, 5],
        3 | 5 => [1, 7],
        1 => [0, 2],
        _ => [6, 8],
    };
    let place = |dot: usize| [-0.5 + 0.5 * (dot % 3) as f32, -0.5 + 0.5 * (2 - dot / 3) as f32];
    for (s, path) in paths.iter().enumerate() {
        let trial = forced("sequences", Set::Training, 10.0, &[("sequence", s as f64 + 1.0)]);
        assert_eq!(trial.steps, 350);
        let shown = |dots: &[usize]| {
            let mut u = [0.0f32; 17];
            u[9 + s] = 1.0;
            dots.iter().for_each(|d| u[*d] = 1.0);
            u
        };
        let (one, two, three) = (options(4), options(path[0]), options(path[1]));
        check(
            &trial,
            350,
            &[
                (10.0, &shown(&[]), &[], 0.0),
                (1000.0, &shown(&[]), &[], 0.0),
                (1010.0, &shown(&[4]), &place(4), 1.0),
                (2000.0, &shown(&[4]), &[0.0, 0.0], 1.0),
                (2010.0, &shown(&[4, one[0], one[1]]), &place(path[0]), 1.0),
                (2510.0, &shown(&[path[0], two[0], two[1]]), &place(path[1]), 1.0),
                (3500.0, &shown(&[path[1], three[0], three[1]]), &place(path[2]), 1.0),
            ],
        );
    }
}

#[test]
fn sequences_come_in_permuted_blocks() {
    let sequence = |task: &dyn Task, set, number: u64| {
        let request = Request { number, seed: 7, ..Request::new(set, number as usize, ms(10.0)) };
        trial(task, &request, 7).outline.value("sequence").unwrap() as usize
    };
    let program = task("sequences");
    let paper = Experiment::load("song2016/sequences", &["task.training_order=permuted".into()]).unwrap().task;
    for (task, set, in_blocks) in [
        (&program, Set::Validation, true),
        (&program, Set::Test, true),
        (&program, Set::Training, false),
        (&paper, Set::Training, true),
    ] {
        let blocks: Vec<Vec<usize>> =
            (0..20).map(|b| (0..8).map(|i| sequence(&**task, set, 8 * b + i)).collect()).collect();
        let whole = blocks.iter().all(|b| (1..=8).all(|s| b.contains(&s)));
        assert_eq!(whole, in_blocks, "{set:?}");
        assert!(blocks.iter().any(|b| b != &blocks[0]));
    }
    let first: Vec<usize> = (0..8).map(|i| sequence(&*program, Set::Test, i)).collect();
    assert_eq!(first, [1, 2, 3, 4, 5, 6, 7, 8]);
}
