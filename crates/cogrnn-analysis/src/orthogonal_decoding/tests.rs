use super::*;
use crate::testing::Made;
use crate::trial::see_all;

/// Weights of choice, signals and context in six units; the last is held.
const CODE: [[f64; 4]; 6] = [
    [1.0, 0.0, 0.0, 0.0],
    [0.5, 2.0, 0.0, 0.0],
    [0.0, 0.0, 3.0, 0.0],
    [0.0, 0.4, 0.0, 1.5],
    [0.3, 0.0, 1.0, 0.7],
    [0.0, 0.0, 0.0, 0.0],
];

/// When each variable is strongest: sample 1 + its number.
fn strength(v: usize, k: usize) -> f64 {
    if k == v + 2 { 1.0 } else { 0.3 }
}

/// A grid of 5 × 5 signals in both contexts; every fifth trial is answered wrongly or timidly.
fn trials(wrong: bool) -> Vec<Made> {
    let mut made = Vec::new();
    for index in 0..50usize {
        let grid = [-0.5, -0.25, 0.0, 0.25, 0.5];
        let signals = [grid[index / 10], grid[index / 2 % 5]];
        let context = index % 2;
        let attended: f64 = signals[context];
        let choice = if attended == 0.0 { 0.0 } else { attended.signum() };
        let info =
            [("context", (1 + context) as f64), ("sign", choice), ("bias_1", signals[0]), ("bias_2", signals[1])];
        let x = [choice, signals[0], signals[1], context as f64];
        let answer = match (wrong, index % 5) {
            (true, 0) => -choice,
            (true, 1) => 0.4 * choice,
            _ => 0.9 * choice,
        };
        made.push(
            Made::new(&info, &[("stimulus", 0.0, 80.0)], 10.0)
                .rates(6, |k, i| 0.5 + (0..4).map(|v| CODE[i][v] * x[v] * strength(v, k)).sum::<f64>())
                .outputs(1, |_, _| answer),
        );
    }
    made
}

fn decoded(made: &[Made]) -> Report {
    see_all(OrthogonalDecoding::new(Settings::default()), made.iter().enumerate().map(|(i, m)| m.trial(i))).unwrap()
}

/// Rates that are linear in the variables: the regression has no residual and finds the code, unit by unit.
#[test]
fn the_code_is_recovered_where_it_is_strongest() {
    let made = trials(false);
    let report = decoded(&made);
    assert_eq!((report.trials, report.active.as_slice()), (50, &[0, 1, 2, 3, 4][..]));
    // choice of context 1 is 0 in 10 of 25 trials, so 20 + 20 of 50 are correct
    assert_eq!(report.correct, 40);
    assert_eq!(report.peaks, [20.0, 30.0, 40.0, 50.0]);
    for (row, i) in report.coefficients.iter().zip(&report.active) {
        let mut over = Moments::default();
        made.iter().enumerate().for_each(|(n, m)| (1..9).for_each(|k| over.add(f64::from(m.trial(n).rates_at(k)[*i]))));
        for v in 0..4 {
            // rates are stored in single precision: 6e-8 of values near 1, a few s.d. of 0.2
            let expected = CODE[*i][v] / over.population_variance().sqrt();
            assert!((row[v] - expected).abs() < 1e-5, "unit {i}, {}: {} {expected}", VARIABLES[v], row[v]);
        }
    }
}

#[test]
fn axes_are_orthonormal_and_the_choice_keeps_its_direction() {
    let report = decoded(&trials(false));
    let column = |m: &[[f64; 4]], v: usize| m.iter().map(|row| row[v]).collect::<Vec<f64>>();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for v in 0..4 {
        for w in 0..4 {
            let one = f64::from(u8::from(v == w));
            assert!((dot(&column(&report.axes, v), &column(&report.axes, w)) - one).abs() < 1e-12);
        }
        assert!(dot(&column(&report.axes, v), &column(&report.coefficients, v)) > 0.0);
    }
    let choice = column(&report.coefficients, 0);
    let along = dot(&column(&report.axes, 0), &choice) / dot(&choice, &choice).sqrt();
    assert!((along - 1.0).abs() < 1e-12, "{along}");
}

#[test]
fn panels_hold_correct_trials_sorted_by_a_signal() {
    let report = decoded(&trials(false));
    let sizes: Vec<_> = report.panels.iter().map(|p| (p.context, p.sorted_by, p.paths.len())).collect();
    // by the attended signal its sign is the choice: 4 values; by the other, 4 values of both choices
    assert_eq!(sizes, [(0, 0, 4), (0, 1, 8), (1, 0, 8), (1, 1, 4)]);
    for panel in &report.panels {
        for k in 0..report.times.len() {
            for v in 0..4 {
                assert!(panel.paths.iter().map(|p| p.points[k][v]).sum::<f64>().abs() < 1e-9);
            }
        }
        // in the order of the signal along its axis where it is strongest, whether or not it counts
        let peak = panel.sorted_by + 1;
        for choice in [-1.0, 1.0] {
            let along = panel.paths.iter().filter(|p| p.choice == choice).map(|p| p.points[peak][1 + panel.sorted_by]);
            assert!(along.collect::<Vec<f64>>().windows(2).all(|w| w[0] < w[1]), "{panel:?}");
        }
        let mean = |choice: f64| {
            let along = panel.paths.iter().filter(|p| p.choice == choice).map(|p| p.points[1][0]);
            along.clone().sum::<f64>() / along.count() as f64
        };
        assert!(mean(1.0) > mean(-1.0));
    }
}

#[test]
fn wrong_and_timid_answers_are_regressed_but_not_averaged() {
    let (all, some) = (decoded(&trials(false)), decoded(&trials(true)));
    assert_eq!((some.trials, &some.coefficients), (50, &all.coefficients));
    let averaged = |r: &Report| r.panels.iter().flat_map(|p| &p.paths).map(|p| p.trials).sum::<usize>();
    assert!(some.correct < all.correct && averaged(&some) < averaged(&all), "{} {}", some.correct, all.correct);
}

#[test]
fn variables_that_do_not_vary_are_refused() {
    let made = trials(false);
    let one_context = made.iter().enumerate().filter(|(i, _)| i % 2 == 0).map(|(i, m)| m.trial(i));
    let error = see_all(OrthogonalDecoding::new(Settings::default()), one_context).unwrap_err().to_string();
    assert!(error.contains("no single answer"), "{error}");
    assert!(see_all(OrthogonalDecoding::new(Settings::default()), []).is_err());
}
