use super::*;
use crate::statistics::correlation;
use crate::testing::Made;
use crate::trial::see_all;
use std::ops::Range;

const UNITS: usize = 12;

/// A fixed pattern over units of zero mean, orthogonal to those of other numbers.
fn pattern(which: usize, unit: usize) -> f64 {
    (std::f64::consts::TAU * ((which + 1) * unit) as f64 / UNITS as f64).cos()
}

fn noise(seed: u64, index: usize, k: usize, unit: usize) -> f64 {
    let mut stream = Address { seed, purpose: Purpose::Probes, trial: index as u64 }.stream_at((k * 100 + unit) as u32);
    stream.normal()
}

/// Trials of two stimuli, 20 samples 10 ms apart: the first is held by one code in samples 1 to 10 and by another in
/// 11 to 20, the second by a code in samples 11 to 20 alone.
fn trials(n: usize, spread: f64, seed: u64) -> Vec<Made> {
    let one = |index: usize| {
        let (first, second) = ((index / 2 % 2) as f64, (index % 2) as f64);
        let made = Made::new(&[("first", first), ("second", second)], &[("stimulus", 0.0, 200.0)], 10.0);
        made.rates(UNITS, |k, i| {
            let sign = |v: f64| 2.0 * v - 1.0;
            let code = match k {
                0..=10 => sign(first) * pattern(0, i),
                _ => sign(first) * pattern(1, i) + sign(second) * pattern(2, i),
            };
            0.3 + code + spread * noise(seed, index, k, i)
        })
    };
    (0..n).map(one).collect()
}

fn decoded(made: &[Made], settings: Settings) -> Report {
    see_all(CrossTemporal::new(settings), made.iter().enumerate().map(|(i, made)| made.trial(i))).unwrap()
}

fn settings(features: &[&str]) -> Settings {
    Settings { features: features.iter().map(ToString::to_string).collect(), splits: 10, ..Settings::default() }
}

fn mean(report: &Report, f: usize, rows: Range<usize>, columns: Range<usize>) -> f64 {
    let n = report.times.len();
    let cells = rows.flat_map(|i| columns.clone().map(move |j| (i, j)));
    let values: Vec<f64> = cells.map(|(i, j)| report.features[f].accuracy[i * n + j]).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_code_is_decoded_while_it_lasts_and_not_by_another() {
    let report = decoded(&trials(80, 0.1, 9), settings(&["first", "second"]));
    assert_eq!((report.times.len(), report.times[0], report.trials), (20, 10.0, 80));
    // the same code: always right at this noise
    assert_eq!(mean(&report, 0, 0..10, 0..10), 1.0);
    assert_eq!(mean(&report, 0, 10..20, 10..20), 1.0);
    assert_eq!(mean(&report, 1, 10..20, 10..20), 1.0);
    // Codes that are orthogonal, and the second stimulus before it comes, say nothing of each other. What noise is in
    // a prototype then decides for all test trials alike, so that a row is a toss of a coin: 40 sets of trials with
    // ten rows each have an s.d. of 0.5/sqrt(400) = 0.025; 0.1 is four of them.
    let sets: Vec<Report> = (0..40)
        .map(|seed| decoded(&trials(16, 0.1, seed), Settings { splits: 1, ..settings(&["first", "second"]) }))
        .collect();
    for (f, rows, columns) in [(0, 0..10, 10..20), (0, 10..20, 0..10), (1, 0..10, 0..10), (1, 0..10, 10..20)] {
        let each = sets.iter().map(|report| mean(report, f, rows.clone(), columns.clone()));
        let accuracy = each.sum::<f64>() / sets.len() as f64;
        assert!((accuracy - 0.5).abs() < 0.1, "feature {f}, prototypes {rows:?} at {columns:?}: {accuracy}");
    }
}

/// Negative control: labels that say nothing are at chance, also on the diagonal.
#[test]
fn labels_without_a_code_are_at_chance() {
    let mut made = trials(80, 0.1, 9);
    made.iter_mut().enumerate().for_each(|(i, made)| made.outline.info[0].1 = (i / 4 % 2) as f64);
    let report = decoded(&made, settings(&["first"]));
    // 20 times that share no noise, 80 trials each: chance has an s.d. near 0.5/sqrt(20 · 40) = 0.018
    let accuracy = report.features[0].diagonal().iter().sum::<f64>() / 20.0;
    assert!((accuracy - 0.5).abs() < 0.1, "{accuracy}");
}

/// Matrix products by pairs of trials against the definition: prototypes, and their correlations one by one.
#[test]
fn products_of_pairs_equal_correlations_with_prototypes() {
    for stratified in [true, false] {
        let made = trials(16, 1.5, 9);
        let asked = Settings { splits: 3, stratified, ..settings(&["first", "second"]) };
        let report = decoded(&made, asked.clone());
        let mut seen = CrossTemporal::new(asked);
        made.iter().enumerate().for_each(|(i, made)| seen.see(&made.trial(i)).unwrap());
        let mut conditions: BTreeMap<&Key, Vec<usize>> = BTreeMap::new();
        seen.values.iter().enumerate().for_each(|(a, key)| conditions.entry(key).or_default().push(a));
        let rates = |a: usize, k: usize| -> Vec<f64> {
            made[a].trial(a).rates_at(k + 1).iter().map(|r| f64::from(*r)).collect()
        };
        for (f, column) in ["first", "second"].iter().enumerate() {
            let class = |a: usize| made[a].trial(a).value(column).unwrap();
            let (mut right, mut tested) = (vec![0.0; 400], 0.0);
            for s in 0..3 {
                let trains = seen.training(s, &conditions);
                assert_eq!(trains.iter().filter(|t| **t).count(), 8);
                let prototype = |c: f64, k: usize| -> Vec<f64> {
                    let members: Vec<usize> = (0..16).filter(|a| trains[*a] && class(*a) == c).collect();
                    let mean = |i: usize| members.iter().map(|a| rates(*a, k)[i]).sum::<f64>() / members.len() as f64;
                    (0..UNITS).map(mean).collect()
                };
                let prototypes: Vec<[Vec<f64>; 2]> = (0..20).map(|k| [prototype(0.0, k), prototype(1.0, k)]).collect();
                for b in (0..16).filter(|b| !trains[*b]) {
                    tested += 1.0;
                    for (i, [zero, one]) in prototypes.iter().enumerate() {
                        for j in 0..20 {
                            let r = rates(b, j);
                            let found = f64::from(u8::from(correlation(one, &r) > correlation(zero, &r)));
                            right[i * 20 + j] += f64::from(u8::from(found == class(b)));
                        }
                    }
                }
            }
            // single-precision rates round alike on both sides except at ties, of which noise leaves none
            let expected: Vec<f64> = right.iter().map(|right| right / tested).collect();
            assert_eq!(report.features[f].accuracy, expected, "{column}, stratified {stratified}");
        }
    }
}

#[test]
fn halves_of_conditions_train() {
    let made = trials(20, 0.1, 9);
    let mut seen = CrossTemporal::new(settings(&["first", "second"]));
    made.iter().enumerate().for_each(|(i, made)| seen.see(&made.trial(i)).unwrap());
    let mut conditions: BTreeMap<&Key, Vec<usize>> = BTreeMap::new();
    seen.values.iter().enumerate().for_each(|(a, key)| conditions.entry(key).or_default().push(a));
    let splits: Vec<Vec<bool>> = (0..5).map(|s| seen.training(s, &conditions)).collect();
    for trains in &splits {
        // five of each condition: two train
        conditions.values().for_each(|of| assert_eq!(of.iter().filter(|a| trains[**a]).count(), 2));
    }
    assert_ne!(splits[0], splits[1]);
}

#[test]
fn what_cannot_be_decoded_is_said() {
    let made = trials(5, 0.1, 9);
    let see = |features: &[&str], n: usize| {
        let trials = made.iter().take(n).enumerate().map(|(i, made)| made.trial(i));
        see_all(CrossTemporal::new(settings(features)), trials).unwrap_err().to_string()
    };
    assert!(see(&["first", "second"], 5).contains("half of each condition"));
    assert!(see(&["first"], 2).contains("one value of `first`"));
    assert!(see(&["first"], 0).contains("without trials"));
    assert!(see(&["colour"], 1).contains("`colour`"));
}
