//! What networks that have learnt show in test trials (Miconi 2017, figures 2 and 4B; §7 of the specification, whose
//! expectations are read off figures). The bounds are ours, set before a network had been looked at.

use crate::analyses::{Analysed, Numbers};
use crate::reproduce::claims::{Row, Verdict};
use cogrnn_analysis::cross_temporal::{Feature, Report as Decoded};
use cogrnn_analysis::output_curves::{Curve, Report as Ends};

/// Networks of each part that are looked at; the first is drawn.
pub const LOOKED_AT: usize = 5;

/// Verdicts on what these networks of a part do.
pub fn rows(part: &str, networks: &[&Analysed]) -> Vec<Row> {
    let decoded: Vec<&Decoded> = networks.iter().filter_map(|a| decoded_of(a)).collect();
    let ends: Vec<&Ends> = networks.iter().filter_map(|a| ends_of(a)).collect();
    match part {
        "nonmatch" if !decoded.is_empty() => decodings(&decoded),
        "integration" if !ends.is_empty() => curves(&ends),
        _ => Vec::new(),
    }
}

fn decoded_of(analysed: &Analysed) -> Option<&Decoded> {
    analysed.numbers.iter().find_map(|n| if let Numbers::CrossTemporal(r) = &n.numbers { Some(r) } else { None })
}

fn ends_of(analysed: &Analysed) -> Option<&Ends> {
    analysed.numbers.iter().find_map(|n| if let Numbers::OutputCurves(r) = &n.numbers { Some(r) } else { None })
}

fn row(figure: &str, model: &str, claim: &str, values: Vec<f64>, holds: impl Fn(f64) -> bool, bound: &str) -> Row {
    let held = values.iter().filter(|x| holds(**x)).count();
    let verdict = if held == values.len() { Verdict::Yes } else { Verdict::No };
    Row {
        figure: figure.into(),
        model: model.into(),
        claim: claim.into(),
        published: "a figure".into(),
        statistic: format!("{held} of {} networks {bound}, must be all", values.len()),
        values,
        unit: String::new(),
        counted: false,
        verdict,
    }
}

/// Mean accuracy where prototypes are of one stretch of time and decoding of another, ms, ends included.
fn mean_over(feature: &Feature, times: &[f64], of: [f64; 2], at: [f64; 2]) -> f64 {
    let within = |t: f64, [low, high]: [f64; 2]| (low..=high).contains(&t);
    let n = times.len();
    let cells = (0..n * n).filter(|cell| within(times[cell / n], of) && within(times[cell % n], at));
    let (sum, count) = cells.fold((0.0, 0.0), |(sum, count), cell| (sum + feature.accuracy[cell], count + 1.0));
    sum / count
}

/// How far the mean output rises from the lowest value of a signal to the highest.
fn rise(curve: &Curve) -> f64 {
    match (curve.points.first(), curve.points.last()) {
        (Some(first), Some(last)) => last.mean - first.mean,
        _ => f64::NAN,
    }
}

/// Stimuli from 0 to 200 and 400 to 600 ms, the response from 800 to 1,000 ms.
fn decodings(all: &[&Decoded]) -> Vec<Row> {
    let feature = |r: &Decoded, name: &str| r.features.iter().find(|f| f.column == name).cloned();
    let mean = |name: &str, of: [f64; 2], at: [f64; 2]| -> Vec<f64> {
        all.iter().filter_map(|r| Some(mean_over(&feature(r, name)?, &r.times, of, at))).collect()
    };
    let along = |name: &str, [low, high]: [f64; 2]| -> Vec<f64> {
        let of = |r: &Decoded, f: Feature| {
            let within: Vec<f64> =
                r.times.iter().zip(f.diagonal()).filter(|(t, _)| (low..=high).contains(*t)).map(|(_, a)| a).collect();
            within.iter().sum::<f64>() / within.len() as f64
        };
        all.iter().filter_map(|r| Some(of(r, feature(r, name)?))).collect()
    };
    let model = "Nonmatch to sample";
    let fall: Vec<f64> =
        along("first", [100.0, 800.0]).iter().zip(along("first", [900.0, 1000.0])).map(|(a, b)| a - b).collect();
    vec![
        row(
            "2",
            model,
            "first stimulus decoded from 100 to 800 ms",
            along("first", [100.0, 800.0]),
            |x| x >= 0.9,
            "at 0.9 or more",
        ),
        row(
            "2",
            model,
            "first stimulus learnt at 100 to 200, decoded at 400 to 600 ms: another code",
            mean("first", [100.0, 200.0], [400.0, 600.0]),
            |x| x <= 0.65,
            "at 0.65 or less",
        ),
        row(
            "2",
            model,
            "first stimulus decoded less well once the response is asked for (900 to 1,000 ms), by",
            fall,
            |x| x > 0.0,
            "above 0",
        ),
        row(
            "2",
            model,
            "second stimulus decoded from 500 to 800 ms",
            along("second", [500.0, 800.0]),
            |x| x >= 0.9,
            "at 0.9 or more",
        ),
        row(
            "2",
            model,
            "second stimulus learnt at 400 to 600, decoded at 600 to 800 ms: weak",
            mean("second", [400.0, 600.0], [600.0, 800.0]),
            |x| x <= 0.8,
            "at 0.8 or less",
        ),
        row(
            "2",
            model,
            "response decoded between all times of the last 200 ms",
            mean("different", [810.0, 1000.0], [810.0, 1000.0]),
            |x| x >= 0.95,
            "at 0.95 or more",
        ),
    ]
}

fn curves(all: &[&Ends]) -> Vec<Row> {
    let attended = |c: &&Curve| c.signal == format!("bias_{}", c.value);
    let mean = |r: &Ends, wanted: bool, of: &dyn Fn(&Curve) -> f64| -> f64 {
        let some: Vec<f64> = r.curves.iter().filter(|c| attended(c) == wanted).map(of).collect();
        some.iter().sum::<f64>() / some.len() as f64
    };
    // |y| at ±0.3 beside that at ±0.5
    let saturation = |c: &Curve| {
        let at = |x: f64| c.points.iter().find(|p| (p.x - x).abs() < 1e-6).map_or(f64::NAN, |p| p.mean);
        (at(0.3) - at(-0.3)) / (at(0.5) - at(-0.5))
    };
    let over = |wanted: bool, of: &dyn Fn(&Curve) -> f64| all.iter().map(|r| mean(r, wanted, of)).collect::<Vec<f64>>();
    let model = "Selective integration";
    vec![
        row(
            "4B",
            model,
            "the output rises with the attended signal, by",
            over(true, &rise),
            |x| x >= 1.5,
            "by 1.5 or more",
        ),
        row(
            "4B",
            model,
            "and is saturated at ±0.3: share of the rise",
            over(true, &saturation),
            |x| x >= 0.9,
            "at 0.9 or more",
        ),
        row(
            "4B",
            model,
            "it is flat against the other signal: rise",
            over(false, &rise),
            |x| x.abs() <= 0.3,
            "within ±0.3",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyses::Named;
    use cogrnn_analysis::output_curves::Point;

    fn analysed(numbers: Numbers) -> Analysed {
        let numbers = vec![Named { name: "x".into(), numbers }];
        Analysed { trials: 1, performance: None, rmse: 0.0, numbers }
    }

    #[test]
    fn signals_that_swap_their_parts_are_not_taken_for_attended_ones() {
        let curve = |context: f64, kind: usize, gain: f64| Curve {
            value: context,
            signal: format!("bias_{kind}"),
            points: [-0.5, -0.3, 0.0, 0.3, 0.5]
                .map(|x: f64| Point { x, n: 9, mean: gain * (x / 0.3).clamp(-1.0, 1.0), quantiles: [0.0; 5] })
                .into(),
            fit: None,
        };
        let network = |a: f64, b: f64| {
            let curves = vec![curve(1.0, 1, a), curve(1.0, 2, b), curve(2.0, 1, b), curve(2.0, 2, a)];
            analysed(Numbers::OutputCurves(Ends { trials: 36, by: "context".into(), x_label: String::new(), curves }))
        };
        let (right, wrong) = (network(0.9, 0.05), network(0.05, 0.9));
        assert!(
            rows("integration", &[&right, &right]).iter().all(|r| r.verdict == Verdict::Yes && r.values.len() == 2)
        );
        let verdicts: Vec<Verdict> = rows("integration", &[&right, &wrong]).iter().map(|r| r.verdict).collect();
        assert_eq!(verdicts, [Verdict::No, Verdict::Yes, Verdict::No], "both saturate, one at nothing");
        assert!(rows("nonmatch", &[&right]).is_empty() && rows("arm", &[&right]).is_empty());
    }

    #[test]
    fn times_of_decoding_are_those_of_the_task() {
        let times: Vec<f64> = (0..100).map(|k| 1.0 + 10.0 * f64::from(k)).collect();
        let network = |first: f64| {
            let feature = |column: &str, at: &dyn Fn(f64, f64) -> f64| Feature {
                column: column.into(),
                classes: vec![1.0, 2.0],
                accuracy: times
                    .iter()
                    .flat_map(|of| times.iter().map(move |t| (*of, *t)))
                    .map(|(a, b)| at(a, b))
                    .collect(),
            };
            let near = |a: f64, b: f64, good: bool| if good && (a - b).abs() < 50.0 { 1.0 } else { 0.5 };
            let features = vec![
                feature("first", &|a, b| near(a, b, first * b < 800.0)),
                feature("second", &|a, b| near(a, b, a > 400.0)),
                feature("different", &|a, b| if a > 800.0 && b > 800.0 { 1.0 } else { 0.5 }),
            ];
            analysed(Numbers::CrossTemporal(Decoded {
                trials: 80,
                splits: 9,
                stratified: true,
                times: times.clone(),
                features,
            }))
        };
        assert!(rows("nonmatch", &[&network(1.0)]).iter().all(|r| r.verdict == Verdict::Yes));
        // decoded until 100 ms only
        assert_eq!(rows("nonmatch", &[&network(8.0)])[0].verdict, Verdict::No);
    }
}
