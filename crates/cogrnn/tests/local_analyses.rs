//! Analyses of intervals and trajectories take what is asked from the task.

use cogrnn::analyses::{Numbers, analyse, choose};
use cogrnn::evaluate::Trained;
use cogrnn::experiment::Experiment;
use cogrnn::trainer::{Machine, Trainer};
use std::sync::atomic::AtomicBool;

fn numbers(name: &str, changes: &[&str]) -> Numbers {
    let little = ["network.units=10", "stop.max_updates=3", "training.check_every=3", "test.trials=21"];
    let changes: Vec<String> = little.iter().chain(changes).map(ToString::to_string).collect();
    let experiment = Experiment::load(name, &changes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine { threads: 1, kernels: None };
    let path = folder.path().join("run");
    Trainer::start(experiment, &path, false, &machine)
        .unwrap()
        .run(None, &AtomicBool::new(false), &mut |_| ())
        .unwrap();
    let trained = Trained::open(&path, &machine).unwrap();
    let plans = choose(&trained, &[]).unwrap();
    analyse(&trained, &plans, &trained.test_run(), &mut |_| ()).unwrap().numbers.remove(0).numbers
}

#[test]
fn half_of_the_target_is_a_pulse_however_high_it_is() {
    for height in [1.0, 0.4] {
        let Numbers::Interval(report) = numbers("murray2019/interval", &[&format!("task.pulse_amplitude={height}")])
        else {
            panic!("another analysis")
        };
        assert!((report.least - 0.5 * height).abs() < 1e-6, "{}", report.least);
        assert_eq!((report.trials, report.asked.len()), (21, 21));
    }
}

#[test]
fn ways_are_as_long_as_the_task_has_them() {
    for (name, distance) in [("murray2019/movement", 0.5), ("murray2019/sequence", 0.5), ("murray2019/movement", 1.0)] {
        let Numbers::Trajectory(report) = numbers(name, &[&format!("task.distance={distance}")]) else {
            panic!("another analysis")
        };
        let longest = report.directions.iter().map(|d| d.way[0].hypot(d.way[1])).fold(0.0, f64::max);
        assert!((longest - distance).abs() < 1e-9, "{name}: {longest}");
    }
}
