//! Trials worked out by hand from Soo et al. 2023, and observers whose scores are known.

use super::ring::{self, bump, preferred};
use super::rules::{NAMES, RULES, Structure};
use super::task::{CHANNELS, CUES, OUTPUTS, Yang2019};
use crate::testing::{Given, Section, Trial, trial};
use crate::{solvable, tryout};
use cogrnn_core::settings::Defaults;
use cogrnn_core::task::{Request, Scores, Set, Task};
use cogrnn_core::trials::{InputNoise, InputStage};
use cogrnn_core::units::{Time, ms};

const DT: Time = ms(5.0);

fn with(settings: &[(&'static str, Given)]) -> Yang2019 {
    Yang2019::from_settings(&mut Section(settings.to_vec())).unwrap()
}

fn rule(name: &'static str) -> Yang2019 {
    with(&[("rule", Given::Word(name))])
}

fn compat(name: &'static str) -> Yang2019 {
    with(&[("rule", Given::Word(name)), ("compat", Given::Flag(true))])
}

fn forced(task: &Yang2019, force: &[(&str, f64)]) -> Trial {
    let force: Vec<(String, f64)> = force.iter().map(|(n, v)| (n.to_string(), *v)).collect();
    trial(task, &Request { force: &force, ..Request::new(Set::Test, 3, DT) }, 2)
}

fn response(task: &Yang2019, force: &[(&str, f64)]) -> f64 {
    forced(task, force).outline.value("response").unwrap()
}

/// One line a stretch: last sample, fixation, active rings ("1", "2", "12" or ""), mask; all samples
/// within are checked to be the same.
fn stretches(trial: &Trial) -> Vec<(usize, f32, String, f32)> {
    let mut all: Vec<(usize, f32, String, f32)> = Vec::new();
    for k in 0..trial.steps {
        let u = &trial.inputs[k * CHANNELS..(k + 1) * CHANNELS];
        let m = &trial.mask[k * OUTPUTS..(k + 1) * OUTPUTS];
        assert!(m.iter().all(|x| *x == m[0]));
        assert_eq!(u[CUES..].iter().sum::<f32>(), 1.0);
        let mut rings = String::new();
        for modality in 0..2 {
            if u[1 + 32 * modality..33 + 32 * modality].iter().any(|x| *x > 0.0) {
                rings.push_str(["1", "2"][modality]);
            }
        }
        let now = (k + 1, u[0], rings, m[0]);
        match all.last_mut() {
            Some(last) if (last.1, &last.2, last.3) == (now.1, &now.2, now.3) => last.0 = k + 1,
            _ => all.push(now),
        }
    }
    all
}

fn line(end: usize, fixation: f32, rings: &str, mask: f32) -> (usize, f32, String, f32) {
    (end, fixation, rings.to_string(), mask)
}

#[test]
fn a_golden_trial_of_structure_a() {
    let trial = forced(&rule("anti"), &[("modality1", 2.0), ("angle1", 90.0)]);
    // windows of 160 and 60 samples: 60/160 = 0.375
    let expected = [
        line(200, 0.0, "", 0.0),
        line(240, 1.0, "", 0.0),
        line(300, 1.0, "", 0.375),
        line(400, 1.0, "2", 0.375),
        line(440, 0.0, "", 0.0),
        line(500, 0.0, "", 1.0),
    ];
    assert_eq!(stretches(&trial), expected);
    let names: Vec<_> = trial.outline.epochs.iter().map(|e| (e.name, e.end.as_ms())).collect();
    assert_eq!(names, [("warm_up", 1000.0), ("fixation", 1500.0), ("stimulus", 2000.0), ("response", 2500.0)]);
    assert!((0..500).all(|k| trial.inputs[k * CHANNELS + 65 + 3] == 1.0)); // the cue of anti
    // 90° is the preferred angle of unit 8; one unit away G = 0.8 exp(-1/8)
    let u = &trial.inputs[350 * CHANNELS..351 * CHANNELS];
    assert!((u[33 + 8] - 0.8).abs() < 1e-6 && (u[33 + 9] - 0.705_997_5).abs() < 1e-6);
    let y = |k: usize| &trial.targets[k * OUTPUTS..(k + 1) * OUTPUTS];
    assert!(y(250)[0] == 0.85 && y(250)[1..].iter().all(|y| *y == 0.05));
    // away from 90° is 270°, unit 24
    assert!(y(499)[0] == 0.05 && (y(499)[1 + 24] - 0.85).abs() < 1e-6 && (y(499)[1 + 8] - 0.05).abs() < 1e-6);
    assert!((y(499)[1 + 23] - 0.755_997_5).abs() < 1e-6);
    assert!(y(420).iter().all(|y| *y == 0.0)); // nothing is asked here
    assert_eq!((trial.outline.value("response"), trial.outline.condition), (Some(270.0), Some(0)));
    assert_eq!((trial.outline.choice, rule("anti").warm_up()), (None, ms(1000.0)));
}

#[test]
fn golden_trials_of_the_other_structures() {
    let trial = forced(&rule("rtgo"), &[("modality1", 1.0), ("angle1", 45.0)]);
    let expected = [
        line(200, 0.0, "", 0.0),
        line(240, 1.0, "", 0.0),
        line(400, 1.0, "", 0.375),
        line(440, 1.0, "1", 0.0),
        line(500, 1.0, "1", 1.0),
    ];
    assert_eq!(stretches(&trial), expected);

    // B: 100 + 100 + 200 samples before the response, 40 of them settle: 60/360
    let trial = forced(&rule("dlygo"), &[("modality1", 1.0), ("angle1", 45.0)]);
    let before = (60.0_f64 / 360.0) as f32;
    let expected = [
        line(200, 0.0, "", 0.0),
        line(240, 1.0, "", 0.0),
        line(300, 1.0, "", before),
        line(400, 1.0, "1", before),
        line(600, 1.0, "", before),
        line(640, 0.0, "", 0.0),
        line(700, 0.0, "", 1.0),
    ];
    assert_eq!(stretches(&trial), expected);

    // C: 100 + 100 + 200 + 100 samples before the response: 60/460
    let trial = forced(&rule("dms"), &[("modality1", 2.0), ("modality2", 1.0), ("match", 0.0)]);
    let before = (60.0_f64 / 460.0) as f32;
    let expected = [
        line(200, 0.0, "", 0.0),
        line(240, 1.0, "", 0.0),
        line(300, 1.0, "", before),
        line(400, 1.0, "2", before),
        line(600, 1.0, "", before),
        line(700, 1.0, "1", before),
        line(740, 0.0, "", 0.0),
        line(800, 0.0, "", 1.0),
    ];
    assert_eq!(stretches(&trial), expected);
    let last = &trial.targets[799 * OUTPUTS..];
    assert!(last[0] == 0.85 && last[1..].iter().all(|y| *y == 0.05)); // a non-match: go on fixating
    let trial = forced(&compat("dms"), &[("match", 0.0)]);
    let last = &trial.targets[799 * OUTPUTS..];
    assert!(last[0] == 0.85 && last[1..].iter().all(|y| *y == 0.0));

    // two bumps at once, in both modalities
    let trial = forced(
        &rule("ctxdm2"),
        &[("angle1", 0.0), ("angle2", 180.0), ("strength1", 1.1), ("strength2", 0.8), ("other1", 0.9), ("other2", 1.0)],
    );
    assert_eq!(stretches(&trial)[3], line(400, 1.0, "12", 0.375));
    let u = &trial.inputs[350 * CHANNELS..351 * CHANNELS];
    let shown = [u[1], u[1 + 16], u[33], u[33 + 16]];
    for (got, strength) in shown.iter().zip([0.9, 1.0, 1.1, 0.8]) {
        assert!((f64::from(*got) - 0.8 * strength).abs() < 1e-6, "{shown:?}");
    }
}

/// Mean squared error of each window, added up with the mask.
#[test]
fn the_mask_makes_half_the_published_loss() {
    for name in ["go", "dlygo", "dms"] {
        let task = rule(name);
        for set in [Set::Training, Set::Test] {
            let trial = trial(&task, &Request { batch: 7, ..Request::new(set, 1, DT) }, 2);
            let z = |k: usize, i: usize| ((k * 31 + i * 17) % 13) as f64 / 13.0;
            let (mut sum, mut weights) = (0.0, 0.0);
            let mut windows = [(0.0, 0.0); 2];
            let onset = trial.outline.epochs.last().unwrap().start.steps(DT);
            for k in 0..trial.steps {
                let window = if (240..onset).contains(&k) { Some(0) } else { (k >= onset + 40).then_some(1) };
                for i in 0..OUTPUTS {
                    let square = (z(k, i) - f64::from(trial.targets[k * OUTPUTS + i])).powi(2);
                    let mask = f64::from(trial.mask[k * OUTPUTS + i]);
                    assert_eq!(mask > 0.0, window.is_some(), "{name} {k}");
                    sum += mask * square;
                    weights += mask;
                    if let Some(w) = window {
                        windows[w].0 += square;
                        windows[w].1 += 1.0;
                    }
                }
            }
            let published = windows.iter().map(|(s, n)| s / n).sum::<f64>();
            // 1e-7: masks in single precision
            assert!((sum / weights - 0.5 * published).abs() < 1e-7, "{name}");
            // the same for every trial: 60 steps × 33 outputs in each window
            assert!((weights - 2.0 * 60.0 * 33.0).abs() < 1e-3, "{weights}");
        }
    }
}

#[test]
fn each_rule_is_answered_by_hand() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    for name in ["go", "rtgo", "dlygo"] {
        near(response(&rule(name), &[("angle1", 30.0)]), 30.0);
    }
    for name in ["anti", "rtanti", "dlyanti"] {
        near(response(&rule(name), &[("angle1", 30.0)]), 210.0);
        near(response(&rule(name), &[("angle1", 200.0)]), 20.0);
    }
    let two = [("angle1", 30.0), ("angle2", 150.0)];
    let strengths = |a: f64, b: f64, c: f64, d: f64| {
        let mut all = two.to_vec();
        all.extend([("strength1", a), ("strength2", b), ("other1", c), ("other2", d)]);
        all
    };
    for name in ["dm1", "dm2", "dlydm1", "dlydm2"] {
        near(response(&rule(name), &strengths(1.1, 0.9, 0.0, 0.0)), 30.0);
        near(response(&rule(name), &strengths(0.9, 1.1, 0.0, 0.0)), 150.0);
    }
    for name in ["ctxdm1", "ctxdm2", "ctxdlydm1", "ctxdlydm2"] {
        near(response(&rule(name), &strengths(1.1, 0.9, 0.7, 1.3)), 30.0); // whatever the other modality says
        near(response(&rule(name), &strengths(0.9, 1.1, 1.3, 0.7)), 150.0);
    }
    for name in ["multsendm", "multsendlydm"] {
        near(response(&rule(name), &strengths(1.4, 1.2, 0.7, 0.6)), 30.0);
        near(response(&rule(name), &strengths(1.2, 1.4, 0.6, 0.7)), 150.0);
    }
    for (name, plain) in [("dms", [100.0, -1.0]), ("dnms", [-1.0, 100.0])] {
        let match_ = [("match", 1.0), ("angle1", 95.0), ("angle2", 100.0)];
        let other = [("match", 0.0), ("angle1", 300.0), ("angle2", 100.0)];
        near(response(&rule(name), &match_), plain[0]);
        near(response(&rule(name), &other), plain[1]);
        near(response(&compat(name), &match_), 100.0);
        near(response(&compat(name), &other), -1.0);
    }
    for (name, plain) in [("dmc", [80.0, -1.0]), ("dnmc", [-1.0, 80.0])] {
        let match_ = [("match", 1.0), ("angle1", 10.0), ("angle2", 80.0)];
        let other = [("match", 0.0), ("angle1", 190.0), ("angle2", 80.0)];
        near(response(&rule(name), &match_), plain[0]);
        near(response(&rule(name), &other), plain[1]);
        near(response(&compat(name), &match_), 80.0);
        near(response(&compat(name), &other), -1.0);
    }
}

#[test]
fn stimuli_are_drawn_as_published() {
    let category = |angle: f64| if (0.0..90.0).contains(&angle) { 1 } else { 2 };
    for (number, name) in NAMES.into_iter().enumerate() {
        for (task, compat) in [(rule(name), false), (compat(name), true)] {
            let (mut matches, mut modalities, mut first_category) = (0, [0, 0], [0, 0]);
            let n = 400;
            for index in 0..n {
                let request = Request::new(Set::Validation, index, ms(100.0));
                let o = task.outline(&request, &mut crate::testing::stream(&request, 3));
                let v = |column: &str| o.value(column).unwrap();
                assert_eq!(v("rule"), number as f64);
                modalities[v("modality1") as usize - 1] += 1;
                let apart = ring::distance(v("angle1").to_radians(), v("angle2").to_radians()).to_degrees();
                let (one, two) = (v("strength1"), v("strength2"));
                let (mean, half) = (0.5 * (one + two), 0.5 * (one - two).abs());
                let right = |a: f64, b: f64, least: f64, most: f64| a >= least - 1e-9 && b <= most + 1e-9;
                if name.contains("dm") && !name.contains("dms") && !name.contains("dmc") {
                    assert!(apart >= 90.0 - 1e-9, "{name} {apart}");
                }
                match name {
                    "dm1" | "dm2" | "dlydm1" | "dlydm2" => {
                        assert!(right(mean, mean, 0.8, 1.2) && right(half, half, 0.1, 0.2));
                        assert_eq!((v("other1"), v("other2")), (0.0, 0.0));
                        assert_eq!(v("modality1"), if name.ends_with('1') { 1.0 } else { 2.0 });
                    }
                    "ctxdm1" | "ctxdm2" | "ctxdlydm1" | "ctxdlydm2" => {
                        let (one, two) = (v("other1"), v("other2"));
                        let (mean2, half2) = (0.5 * (one + two), 0.5 * (one - two).abs());
                        assert!(right(mean.min(mean2), mean.max(mean2), 0.8, 1.2));
                        assert!(right(half.min(half2), half.max(half2), 0.1, 0.2));
                        assert_ne!(mean, mean2);
                    }
                    "multsendm" | "multsendlydm" => {
                        let kappa = 2.0 * one / (one + v("other1"));
                        assert!(right(kappa, kappa, 1.2, 1.4), "{kappa}");
                        assert!(right(mean / kappa, mean / kappa, 0.8, 1.2));
                        assert!((two / v("other2") - one / v("other1")).abs() < 1e-9);
                        assert!(name == "multsendlydm" || one > two);
                    }
                    "dms" | "dnms" => {
                        matches += v("match") as usize;
                        assert!(if v("match") == 1.0 { apart <= 10.0 + 1e-9 } else { apart >= 90.0 - 1e-9 });
                    }
                    "dmc" | "dnmc" => {
                        matches += v("match") as usize;
                        for a in [v("angle1"), v("angle2")] {
                            assert!((0.0..90.0).contains(&a) || (180.0..270.0).contains(&a), "{a}");
                        }
                        let (a, b) = (category(v("angle1")), category(v("angle2")));
                        assert_eq!(v("match") == 1.0, a == b);
                        if a != b {
                            first_category[a - 1] += 1;
                        }
                    }
                    _ => assert_eq!((v("angle2"), v("modality2"), one, two), (-1.0, -1.0, 1.0, 0.0)),
                }
            }
            // five s.d. of a fair coin thrown 400 times are 50
            let even = |k: usize| (150..=250).contains(&k);
            assert!(RULES[number].withholds() == even(matches), "{name} {matches}");
            let fixed = name.contains("dm1") || name.contains("dm2");
            assert!(fixed || even(modalities[0]), "{name} {modalities:?}");
            if name.ends_with("mc") && compat {
                assert_eq!(first_category[1], 0); // a non-match begins with category 1
            } else if name.ends_with("mc") {
                assert!(first_category.iter().all(|k| *k > 60), "{first_category:?}");
            }
        }
    }
}

fn scored(task: &Yang2019, trials: &[Trial], answer: impl Fn(&Trial) -> Vec<f32>) -> f64 {
    let mut sum = Scores::default();
    for trial in trials {
        let z = answer(trial);
        let mut scores = Scores::default();
        for k in 0..trial.steps {
            let now = &z[k * OUTPUTS..(k + 1) * OUTPUTS];
            task.score(&trial.outline, trial.dt * (k + 1) as f64, now, &mut scores);
        }
        sum.iter_mut().zip(scores).for_each(|(sum, s)| *sum += s);
    }
    task.judge(&sum)
}

#[test]
fn who_fixates_for_ever_scores_what_is_published() {
    let hold = |t: &Trial| [[1.0].as_slice(), &[0.0; 32]].concat().repeat(t.steps);
    for (number, name) in NAMES.into_iter().enumerate() {
        let task = rule(name);
        let expected = match RULES[number].structure {
            _ if RULES[number].withholds() => 100.0 * 11.0 / 12.0,
            Structure::Immediate | Structure::Reaction => 200.0 / 3.0,
            Structure::Delayed => 80.0,
            Structure::Comparison => 500.0 / 6.0,
        };
        let trials = [0.0, 1.0].map(|m| forced(&task, &[("match", m)]));
        let score = scored(&task, &trials, hold);
        assert!((score - expected).abs() < 1e-9, "{name}: {score}");
    }
    // of several rules, the mean
    let set = with(&[("rules", Given::Words(vec!["go", "dlygo"]))]);
    let trials = [0.0, 3.0 - 1.0].map(|r| forced(&set, &[("rule", r)]));
    assert!((scored(&set, &trials, hold) - 0.5 * (200.0 / 3.0 + 80.0)).abs() < 1e-4);
}

#[test]
fn scores_are_products_of_the_shares() {
    // go: holds in half of the samples before, lets go in a quarter, points right in a third
    let task = rule("go");
    let trials = [forced(&task, &[("angle1", 0.0)])];
    let score = scored(&task, &trials, |t| {
        let sample = |k: usize| {
            let mut z = vec![0.0; OUTPUTS];
            z[0] = if k < 320 || (k >= 400 && !k.is_multiple_of(4)) { 0.9 } else { 0.1 };
            // 0° or 45°, which is past 36°
            z[1 + if k.is_multiple_of(3) { 0 } else { 4 }] = 1.0;
            z
        };
        (0..t.steps).flat_map(sample).collect()
    });
    // before: samples 240 … 400, of which 80 hold; response: 440 … 500
    assert!((score - 100.0 * (2.0 / 3.0 * 0.5 + 1.0 / 3.0 * 0.25 / 3.0)).abs() < 1e-9, "{score}");
}

#[test]
fn the_ideal_observer_makes_no_error() {
    for name in NAMES {
        for task in [rule(name), compat(name)] {
            assert_eq!(tryout::ideal(&task, 200, ms(50.0), 0.0), 100.0, "{name}");
            assert_eq!(task.noise_limit(0.0, DT), 100.0);
        }
    }
}

#[test]
fn the_ideal_observer_makes_no_error_at_a_fine_step() {
    for name in NAMES {
        for task in [rule(name), compat(name)] {
            assert_eq!(tryout::ideal(&task, 200, DT, 0.0), 100.0, "{name}");
        }
    }
    let all = with(&[("rules", Given::Words(vec!["all"]))]);
    assert_eq!(tryout::ideal(&all, 200, DT, 0.0), 100.0);
}

#[test]
fn each_rule_is_found_solvable() {
    let stage = InputStage { baseline: 0.0, noise: InputNoise::Silent, tau: ms(100.0), rectify: false };
    let all = with(&[("rules", Given::Words(vec!["all"]))]);
    assert!((0..20).all(|row| solvable::mistaken(&all, row, &stage, ms(20.0)).is_none()));
    // and not without the inputs: at this baseline a rectified input shows nothing
    let deaf = InputStage { baseline: -10.0, rectify: true, ..stage };
    assert!((0..20).any(|row| solvable::mistaken(&all, row, &deaf, ms(20.0)).is_some()));
}

#[test]
fn noise_takes_from_the_ideal_observer() {
    let task = rule("dm1");
    let limits = [0.1, 1.0, 30.0].map(|noise| task.noise_limit(noise, ms(20.0)));
    assert!(limits[0] > 99.0 && limits.is_sorted_by(|a, b| a >= b) && limits[2] < 80.0, "{limits:?}");
}

#[test]
fn a_random_observer_scores_chance() {
    for name in NAMES {
        let task = rule(name);
        let score = tryout::random(&task, 60, ms(20.0));
        // 60 trials of 15 samples in the shorter window: s.e. of f₂ 1.7 %, of which P has a third at most
        assert!((score - task.chance()).abs() < 3.0, "{name}: {score} {}", task.chance());
    }
    let all = with(&[("rules", Given::Words(vec!["all"]))]);
    let score = tryout::random(&all, 200, ms(20.0));
    assert!((score - all.chance()).abs() < 2.0, "{score} {}", all.chance());
    // A, as worked out by hand: 2/3 × 1/2 + 1/3 × 1/2 × 1/5
    assert!((rule("go").chance() - 100.0 * (1.0 / 3.0 + 1.0 / 30.0)).abs() < 1e-9);
}

#[test]
fn coarse_steps_cut_the_epochs_as_published() {
    // θ = 10, 9, 7: fixation, delay, settling time in steps (Soo et al. 2023, code)
    let published = [(10.0, 10, 20, 4), (9.0, 11, 22, 4), (7.0, 14, 28, 5), (1.0, 100, 200, 40)];
    for (theta, short, long, settle) in published {
        let dt = DT * theta;
        let trial = trial(&rule("dlygo"), &Request::new(Set::Validation, 0, dt), 2);
        let steps: Vec<usize> = trial.outline.epochs.iter().map(|e| (e.end - e.start).steps(dt)).collect();
        assert_eq!(steps, [long, short, short, long, short]);
        let asked: Vec<usize> = (0..trial.steps).filter(|k| trial.mask[k * OUTPUTS] > 0.0).collect();
        assert_eq!(asked.len(), (2 * short + long - settle) + (short - settle));
        assert_eq!((asked[0], *asked.last().unwrap()), (long + settle, trial.steps - 1));
    }
}

#[test]
fn a_batch_shares_its_jitter_and_a_check_has_none() {
    let task = rule("dms");
    let lengths = |set: Set, batch: u64, index: usize, dt: Time| -> Vec<f64> {
        let trial = trial(&task, &Request { batch, number: batch + index as u64, ..Request::new(set, index, dt) }, 2);
        trial.outline.epochs.iter().map(|e| (e.end - e.start).as_ms()).collect()
    };
    let mut seen = std::collections::BTreeSet::new();
    for batch in 0..400 {
        let one = lengths(Set::Training, 20 * batch, 0, DT);
        assert_eq!(one, lengths(Set::Training, 20 * batch, 13, DT));
        assert_eq!((one[0], one[5]), (1000.0, 500.0));
        for (k, mean) in [(1, 500.0), (2, 500.0), (3, 1000.0), (4, 500.0)] {
            assert!(one[k] >= mean - 100.0 && one[k] < mean + 100.0 && one[k] % 5.0 == 0.0);
        }
        seen.insert(one[2] as u64);
        // the same trial at half the step, and a coarser one is cut from it
        assert_eq!(one, lengths(Set::Training, 20 * batch, 0, DT * 0.5));
        let coarse = lengths(Set::Training, 20 * batch, 0, ms(50.0));
        assert!(one.iter().zip(&coarse).all(|(fine, coarse)| ms(*fine).floor_to(ms(50.0)).as_ms() == *coarse));
        let steps: f64 = one.iter().sum::<f64>() / 5.0;
        let (least, most) = task.lengths(Set::Training, DT);
        assert!((least as f64..=most as f64).contains(&steps));
    }
    assert_eq!(seen.len(), 40); // the rarest of 40 lengths is missed in 400 draws with p = 0.002
    assert_eq!(lengths(Set::Validation, 0, 1, DT), [1000.0, 500.0, 500.0, 1000.0, 500.0, 500.0]);
    assert_eq!(task.lengths(Set::Test, DT), (800, 800));
    assert_eq!(task.lengths(Set::Training, DT), (200 + 600 - 80, 200 + 600 + 4 * 19));
}

#[test]
fn half_the_step_gives_the_same_trial() {
    for name in NAMES {
        let task = rule(name);
        for set in [Set::Training, Set::Test] {
            let (a, b) = (Request::new(set, 4, DT), Request::new(set, 4, DT * 0.5));
            let (a, b) = (trial(&task, &a, 5), trial(&task, &b, 5));
            assert_eq!(2 * a.steps, b.steps);
            assert_eq!((&a.outline.info, &a.outline.epochs), (&b.outline.info, &b.outline.epochs));
            for k in 0..a.steps {
                let fine = 2 * k + 1;
                assert_eq!(a.inputs[k * CHANNELS..][..CHANNELS], b.inputs[fine * CHANNELS..][..CHANNELS]);
                assert_eq!(a.targets[k * OUTPUTS..][..OUTPUTS], b.targets[fine * OUTPUTS..][..OUTPUTS]);
                assert_eq!(a.mask[k * OUTPUTS..][..OUTPUTS], b.mask[fine * OUTPUTS..][..OUTPUTS]);
            }
        }
    }
}

#[test]
fn several_rules_come_batch_by_batch_or_trial_by_trial() {
    let drawn = |order: &'static str, batch: u64, index: usize| {
        let task = with(&[
            ("rules", Given::Words(vec!["go", "dms", "dm2"])),
            ("weights", Given::Numbers(vec![1.0, 2.0, 1.0])),
            ("order", Given::Word(order)),
        ]);
        let number = batch + index as u64;
        let request = Request { batch, number, ..Request::new(Set::Training, index, ms(50.0)) };
        let mut stream = crate::testing::stream(&Request { index: number as usize, ..request }, 3);
        task.outline(&request, &mut stream).value("rule").unwrap()
    };
    let mut count = [0; 20];
    for batch in 0..400 {
        let rule = drawn("interleaved", 10 * batch, 0);
        assert!((1..10).all(|index| drawn("interleaved", 10 * batch, index) == rule));
        count[rule as usize] += 1;
    }
    // five s.d. of 400 draws: 50 of a half, 43 of a quarter
    assert!((150..=250).contains(&count[16]) && (57..=143).contains(&count[0]), "{count:?}");
    let mixed: Vec<f64> = (0..40).map(|index| drawn("mixed", 0, index)).collect();
    assert!([0.0, 16.0, 7.0].iter().all(|rule| mixed.contains(rule)), "{mixed:?}");
    // one after another: 75, 150 and 75 trials, and then the last
    let task = with(&[
        ("rules", Given::Words(vec!["go", "dms", "dm2"])),
        ("weights", Given::Numbers(vec![1.0, 2.0, 1.0])),
        ("order", Given::Word("sequential")),
        ("rule_trials", Given::Number(100.0)),
    ]);
    for (batch, rule) in [(0, 0.0), (70, 0.0), (75, 16.0), (220, 16.0), (225, 7.0), (300, 7.0), (9000, 7.0)] {
        let request = Request { batch, number: batch, ..Request::new(Set::Training, 0, ms(50.0)) };
        let outline = task.outline(&request, &mut crate::testing::stream(&request, 3));
        assert_eq!(outline.value("rule"), Some(rule), "from trial {batch} on");
    }
    // a check goes through them in turn
    let task = with(&[("rules", Given::Words(vec!["go", "dms", "dm2"]))]);
    for index in 0..9 {
        let o = trial(&task, &Request::new(Set::Validation, index, ms(50.0)), 3).outline;
        assert_eq!((o.condition, o.value("rule")), (Some(index % 3), Some([0.0, 16.0, 7.0][index % 3])));
    }
    assert_eq!((task.period(), task.conditions().rows.len()), (3, 3));
}

#[test]
fn settings_that_make_no_trial_are_refused() {
    let wrong = [
        ("short", Given::Number(0.0)),
        ("long", Given::Number(-1.0)),
        ("response", Given::Number(0.0)),
        ("jitter", Given::Number(500.0)),
        ("jitter", Given::Number(-1.0)),
        ("settle", Given::Number(500.0)),
        ("settle", Given::Number(f64::NAN)),
        ("warm_up", Given::Number(-1.0)),
        ("rules", Given::Words(vec!["go", "chess"])),
        ("rules", Given::Words(vec!["go", "go"])),
        ("weights", Given::Numbers(vec![1.0, 2.0])),
        ("weights", Given::Numbers(vec![-1.0])),
        ("weights", Given::Numbers(vec![0.0])),
    ];
    for (key, value) in wrong {
        let error = Yang2019::from_settings(&mut Section(vec![(key, value.clone())])).expect_err(key);
        let parts = (&error.place, &error.why, &error.remedy);
        assert!(matches!(parts, (Some(_), Some(_), Some(_))), "{error}");
    }
    let both = [("rule", Given::Word("go")), ("rules", Given::Words(vec!["dm1"]))];
    assert!(Yang2019::from_settings(&mut Section(both.to_vec())).is_err());
    let task = Yang2019::from_settings(&mut Defaults).unwrap();
    assert_eq!((task.inputs().len(), task.outputs().len()), (85, 33));
    assert_eq!((task.inputs()[0], task.inputs()[64], task.inputs()[84]), ("fixation", "ring 2.31", "cue dnmc"));
    assert!((preferred(8).to_degrees() - 90.0).abs() < 1e-12 && bump(0.0, 0) == 0.8);
}
