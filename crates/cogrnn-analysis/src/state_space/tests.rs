use super::*;
use crate::statistics::smooth;
use crate::testing::Made;
use crate::trial::see_all;
use cogrnn_core::random::{Address, Purpose};

const UNITS: usize = 12;
const COHERENCES: [f64; 6] = [-50.0, -15.0, -5.0, 5.0, 15.0, 50.0];
/// Samples of 20 ms: fixation 0..=4, stimulus 5..=14, decision 15..=17. Those regressed are 5, 7, 9, 11, 13.
const PEAKS: [usize; 4] = [13, 7, 9, 5];

/// What drives the units in one trial: target, motion/50, colour/50, context.
type Variables = [f64; 4];

/// How strongly each variable drives the units at sample k: most at its peak.
fn gain(v: usize, k: usize) -> f64 {
    if k < 5 { 0.0 } else { 1.0 - 0.05 * (k as f64 - PEAKS[v] as f64).abs() }
}

/// (unit × variable), some positive and some negative.
fn weights() -> Vec<[f64; 4]> {
    let mut stream = Address { seed: 8, purpose: Purpose::Weights, trial: 0 }.stream();
    (0..UNITS).map(|_| [0; 4].map(|_| stream.normal())).collect()
}

fn rate(weights: &[[f64; 4]], x: &Variables, k: usize, i: usize) -> f64 {
    // the mean over trials rises with time, so that units are active
    5.0 + 0.2 * k as f64 + (0..4).map(|v| gain(v, k) * weights[i][v] * x[v]).sum::<f64>()
}

/// All conditions three times; in one trial of five the network errs.
fn trials(weights: &[[f64; 4]]) -> Vec<(Made, Variables, bool)> {
    let mut made = Vec::new();
    for context in [1.0, -1.0] {
        for motion in COHERENCES {
            for colour in COHERENCES {
                for _ in 0..3 {
                    let right = if (if context > 0.0 { motion } else { colour }) > 0.0 { 0 } else { 1 };
                    let errs = made.len() % 5 == 3;
                    let chosen = if errs { 1 - right } else { right };
                    let target = if chosen == 0 { 1.0 } else { -1.0 };
                    let x = [target, motion / 50.0, colour / 50.0, context];
                    let info = [
                        ("motion_coherence", motion),
                        ("colour_coherence", colour),
                        ("context", if context > 0.0 { 0.0 } else { 1.0 }),
                    ];
                    let epochs = [("fixation", 0.0, 80.0), ("stimulus", 80.0, 280.0), ("decision", 280.0, 340.0)];
                    let trial = Made::new(&info, &epochs, 20.0)
                        .rates(UNITS, |k, i| rate(weights, &x, k, i))
                        .right(right)
                        .chooses(chosen);
                    made.push((trial, x, !errs));
                }
            }
        }
    }
    made
}

fn report(trials: &[(Made, Variables, bool)], settings: Settings) -> Report {
    see_all(StateSpace::new(settings), trials.iter().enumerate().map(|(i, t)| t.0.trial(i))).unwrap()
}

/// S.d. of a unit over all trials and regressed samples.
fn spread(trials: &[(Made, Variables, bool)], i: usize) -> f64 {
    let mut m = Moments::default();
    for (made, ..) in trials {
        (5..15).step_by(2).for_each(|k| m.add(f64::from(made.rates[k * UNITS + i])));
    }
    m.population_variance().sqrt()
}

#[test]
fn planted_axes_are_recovered() {
    let weights = weights();
    let trials = trials(&weights);
    // twelve components of twelve units: the denoising changes nothing
    let report = report(&trials, Settings::default());
    assert_eq!(report.active, (0..UNITS).collect::<Vec<_>>());
    assert_eq!(report.variables, VARIABLES);
    let mut b = Matrix::zeros(UNITS, 4);
    for i in 0..UNITS {
        let p = f64::from(report.preferred[i]);
        for v in 0..4 {
            let sign = if v == 3 { 1.0 } else { p };
            b.values[i * 4 + v] = sign * weights[i][v] / spread(&trials, i);
        }
    }
    let q = orthonormal(&b);
    for i in 0..UNITS {
        for v in 0..4 {
            // 1e-5: rates are kept in single precision
            assert!((report.coefficients[i][v] - b.at(i, v)).abs() < 1e-5, "unit {i}, {}", VARIABLES[v]);
            assert!((report.axes[i][v] - q.at(i, v)).abs() < 1e-5, "unit {i}, {}", VARIABLES[v]);
        }
    }
    // samples 13, 7, 9, 5, from 80 ms
    assert_eq!(report.norms.peaks, [180.0, 60.0, 100.0, 20.0]);
    assert_eq!(report.norms.times, [20.0, 60.0, 100.0, 140.0, 180.0]);
    assert!((report.r_squared - 1.0).abs() < 1e-6 && (report.kept - 1.0).abs() < 1e-12);
}

#[test]
fn both_choices_are_preferred_by_some_and_coefficients_of_choice_are_positive() {
    let weights = weights();
    let report = report(&trials(&weights), Settings::default());
    assert!(report.preferred.contains(&1) && report.preferred.contains(&-1));
    for (i, d) in report.d_prime.iter().enumerate() {
        assert_eq!(report.preferred[i] > 0, *d > 0.0);
        // where choice is the strongest drive, its sign decides
        if weights[i][0].abs() > weights[i][1].abs() + weights[i][2].abs() {
            assert!(report.coefficients[i][0] > 0.0 && (*d > 0.0) == (weights[i][0] > 0.0));
        }
    }
}

#[test]
fn a_variable_that_drives_nothing_has_no_length() {
    let mut weights = weights();
    weights.iter_mut().for_each(|w| w[2] = 0.0);
    let report = report(&trials(&weights), Settings::default());
    assert!(report.norms.norms[2].iter().all(|n| *n < 1e-5), "{:?}", report.norms.norms[2]);
    assert!(report.norms.norms[1].iter().all(|n| *n > 0.5));
}

#[test]
fn denoising_keeps_what_the_components_span() {
    // with a single component all coefficients are along one line
    let report = report(&trials(&weights()), Settings { components: 1, ..Settings::default() });
    let row = &report.coefficients[0];
    for other in &report.coefficients {
        for v in 1..4 {
            assert!((row[0] * other[v] - row[v] * other[0]).abs() < 1e-9);
        }
    }
    assert!(report.kept < 0.9 && report.components == 1);
}

/// Signs are applied to sums; here they are applied to trials.
#[test]
fn sums_with_signs_are_averages_of_signed_trials() {
    let trials = trials(&weights());
    let report = report(&trials, Settings::default());
    let sorting = report.sortings.iter().find(|s| s.name == "motion_choice").unwrap();
    assert_eq!(sorting.columns, ["choice", "motion", "context"]);
    assert_eq!((sorting.times[0], *sorting.times.last().unwrap()), (0.0, 200.0));
    for i in 0..UNITS {
        let p = f64::from(report.preferred[i]);
        let averages: Vec<Vec<f64>> = sorting
            .conditions
            .iter()
            .map(|condition| {
                let mut average = vec![Moments::default(); 18];
                for (made, x, correct) in &trials {
                    if *correct && [p * x[0], (p * x[1] * 50.0).round(), x[3]] == condition[..] {
                        (0..18).for_each(|k| average[k].add(f64::from(made.rates[k * UNITS + i])));
                    }
                }
                let mut average: Vec<f64> = average.iter().map(|m| m.mean).collect();
                smooth(&mut average, 2.0);
                average
            })
            .collect();
        let mut all = Moments::default();
        averages.iter().flatten().for_each(|v| all.add(*v));
        for (c, average) in averages.iter().enumerate() {
            for (s, k) in (4..15).enumerate() {
                let expected = (average[k] - all.mean) / all.population_variance().sqrt();
                let found = f64::from(sorting.rates[(c * sorting.times.len() + s) * UNITS + i]);
                assert!((found - expected).abs() < 1e-5, "unit {i}, condition {c}, sample {k}: {found} {expected}");
            }
        }
    }
}

#[test]
fn panels_are_those_of_figure_4b() {
    let report = report(&trials(&weights()), Settings::default());
    let shown: Vec<_> = report.panels.iter().map(|p| (p.context.as_str(), p.sorted_by.as_str(), p.x, p.y)).collect();
    assert_eq!(
        shown,
        [
            ("motion", "motion", 0, 1),
            ("motion", "motion", 0, 2),
            ("motion", "colour", 0, 2),
            ("colour", "motion", 0, 1),
            ("colour", "colour", 0, 1),
            ("colour", "colour", 0, 2),
        ]
    );
    for panel in &report.panels {
        // in correct trials the evidence that counts goes with the choice; the other goes with either
        let relevant = panel.context == panel.sorted_by;
        assert_eq!(panel.trajectories.len(), if relevant { 6 } else { 12 });
        assert_eq!(panel.times, [0.0, 40.0, 80.0, 120.0, 160.0, 200.0]);
        for k in 0..panel.times.len() {
            for v in 0..3 {
                assert!(panel.trajectories.iter().map(|t| t.points[k][v]).sum::<f64>().abs() < 1e-9);
            }
        }
        // stronger evidence lies further out along its axis
        let sorted = if panel.sorted_by == "motion" { 1 } else { 2 };
        for pair in panel.trajectories.windows(2).filter(|w| w[0].choice == w[1].choice) {
            assert!(pair[0].coherence < pair[1].coherence);
            assert!(pair[0].points[2][sorted] < pair[1].points[2][sorted], "{} {}", panel.context, panel.sorted_by);
        }
    }
}

#[test]
fn what_cannot_be_regressed_is_refused() {
    let weights = weights();
    let trials = trials(&weights);
    let one_context = trials.iter().take(108).enumerate().map(|(i, t)| t.0.trial(i));
    let error = see_all(StateSpace::new(Settings::default()), one_context).unwrap_err().to_string();
    assert!(error.contains("depend on each other"), "{error}");
    let asleep = see_all(
        StateSpace::new(Settings { active: 100.0, ..Settings::default() }),
        trials.iter().enumerate().map(|(i, t)| t.0.trial(i)),
    );
    assert!(asleep.unwrap_err().to_string().contains("0 active units"));
    let missing = Settings { colour: "color".to_string(), ..Settings::default() };
    assert!(StateSpace::new(missing).see(&trials[0].0.trial(0)).unwrap_err().to_string().contains("`color`"));
    assert!(StateSpace::new(Settings::default()).report().is_err());
}
