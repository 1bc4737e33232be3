//! Analyses that the experiments of Miconi (2017) ask for, of little networks that have hardly learnt.

use cogrnn::analyses::{Analysed, Numbers, analyse, choose};
use cogrnn::evaluate::Trained;
use cogrnn::experiment::Experiment;
use cogrnn::trainer::{Machine, Trainer};
use std::sync::atomic::AtomicBool;

/// Of twenty units after five trials, with so many threads.
fn analysed(name: &str, test_trials: usize, threads: usize) -> Analysed {
    let little = ["populations.others.size=19", "stop.max_updates=5", "training.check_every=5"];
    let mut changes: Vec<String> = little.iter().map(ToString::to_string).collect();
    changes.push(format!("test.trials={test_trials}"));
    let experiment = Experiment::load(name, &changes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine { threads, kernels: None };
    let path = folder.path().join("run");
    Trainer::start(experiment, &path, false, &machine)
        .unwrap()
        .run(None, &AtomicBool::new(false), &mut |_| ())
        .unwrap();
    let trained = Trained::open(&path, &machine).unwrap();
    let plans = choose(&trained, &[]).unwrap();
    analyse(&trained, &plans, &trained.test_run(), &mut |_| ()).unwrap()
}

#[test]
fn stimuli_that_are_shown_are_decoded_and_those_to_come_are_not() {
    let found = analysed("miconi2017/delayed-nonmatch", 40, 1);
    let Some(Numbers::CrossTemporal(report)) = found.get("cross_temporal") else { panic!("no decoding") };
    // rows 0, 10, … 990 of the program
    assert_eq!((report.times.len(), report.times[0], report.times[99]), (100, 1.0, 991.0));
    let mean = |f: usize, from: usize, to: usize| {
        report.features[f].diagonal()[from..to].iter().sum::<f64>() / (to - from) as f64
    };
    // inputs are of order 1 and disturbances rare: the first stimulus while it lasts, the second likewise
    assert!(mean(0, 10, 20) > 0.95 && mean(1, 50, 60) > 0.95, "{} {}", mean(0, 10, 20), mean(1, 50, 60));
    // Negative control: before it comes, the second cannot be known. 40 trials, correlated over time: s.d. up to 0.1
    assert!((mean(1, 0, 40) - 0.5).abs() < 0.3, "{}", mean(1, 0, 40));
    let Some(Numbers::Mds(report)) = found.get("mds") else { panic!("no map") };
    // half of each of four conditions, which take turns
    let of = |first: f64, second: f64| report.conditions.iter().filter(|c| c[..] == [first, second]).count();
    assert_eq!([of(0.0, 0.0), of(0.0, 1.0), of(1.0, 0.0), of(1.0, 1.0)], [5; 4]);
    assert_eq!(report.maps.iter().map(|m| m.time).collect::<Vec<_>>(), [200.0, 600.0, 800.0, 1000.0]);
    // at the end of the first stimulus the two lie apart: nearer to their own mean than to the other's
    let centre = |first: f64| {
        let own = || report.maps[0].points.iter().zip(&report.conditions).filter(|(_, c)| c[0] == first);
        [0, 1].map(|axis| own().map(|(p, _)| p[axis]).sum::<f64>() / own().count() as f64)
    };
    let centres = [centre(0.0), centre(1.0)];
    let far = |p: &[f64; 2], c: [f64; 2]| (p[0] - c[0]).hypot(p[1] - c[1]);
    let near = |(p, c): &(&[f64; 2], &Vec<f64>)| far(p, centres[c[0] as usize]) < far(p, centres[1 - c[0] as usize]);
    let apart = report.maps[0].points.iter().zip(&report.conditions).filter(near).count();
    assert!(apart >= 18, "{apart} of 20");
}

#[test]
fn every_pair_of_signals_is_met_five_times_in_each_context() {
    let found = analysed("miconi2017/selective-integration", 1210, 1);
    let Some(Numbers::OutputCurves(report)) = found.get("output_curves") else { panic!("no curves") };
    assert_eq!((report.trials, report.curves.len()), (1210, 4));
    // section 7.4: eleven values with 55 outputs each
    assert!(report.curves.iter().all(|c| c.points.len() == 11 && c.points.iter().all(|p| p.n == 55)));
    let Some(Numbers::OrthogonalDecoding(report)) = found.get("orthogonal_decoding") else { panic!("no axes") };
    // section 7.5: 70 slices; twenty units less the three that are held
    assert_eq!((report.trials, report.times.len(), report.active.len()), (1210, 70, 17));
    assert!(report.active.iter().all(|unit| ![1, 10, 11].contains(unit)));
}

#[test]
fn numbers_do_not_depend_on_threads() {
    let one = analysed("miconi2017/delayed-nonmatch", 16, 1);
    assert_eq!(one.numbers, analysed("miconi2017/delayed-nonmatch", 16, 2).numbers);
}

/// Before the silent trials are over nothing is learnt: such a run is the network before training.
#[test]
fn a_run_of_silent_trials_alone_has_the_initial_weights() {
    let weights = |updates: usize| {
        // weights are kept at checks, so that each run ends with one
        let changes = [format!("stop.max_updates={updates}"), format!("training.check_every={updates}")];
        let experiment = Experiment::load("miconi2017/arm", &changes).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let path = folder.path().join("run");
        Trainer::start(experiment, &path, false, &machine)
            .unwrap()
            .run(None, &AtomicBool::new(false), &mut |_| ())
            .unwrap();
        Trained::open(&path, &machine).unwrap().weights("w_rec").unwrap().2
    };
    let before = weights(1);
    assert!(before == weights(51));
    // negative control: then it learns
    assert!(before != weights(60));
}
