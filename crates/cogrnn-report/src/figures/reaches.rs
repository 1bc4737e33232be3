//! Movements of an arm (Miconi 2017, figure 6): the arm as it moves, its muscles, its distance to the target.

use super::number;
use crate::model::{Axis, Chart, Figure, Heat, Motion, Moved, Series, Target, Tone};
use cogrnn_analysis::reaches::{self, Report};
use cogrnn_core::movement::Body;

/// So many targets are told of one by one.
const FEW: usize = 3;

/// The movements, for a page that plays them; mean activity of the muscles; distances over time.
pub fn reaches(report: &Report, body: &Body) -> Vec<Figure> {
    let tones = [0, 1, 3, 2, 4, 7, 5, 6];
    let tone = |k: usize| Tone::Category(tones[k % tones.len()]);
    // two balls have the colours that are farthest apart
    let named = |value: f64| format!("{} {}", if body.muscles.is_empty() { "target" } else { "ball" }, number(value));
    let targets: Vec<Target> = report
        .targets
        .iter()
        .enumerate()
        .map(|(k, t)| Target { name: named(t.value), at: t.at, radius: t.radius, tone: tone(k) })
        .collect();
    let place = |value: f64| report.targets.iter().position(|t| t.value == value).unwrap_or(0);
    let trials: Vec<Moved> = report
        .kept
        .iter()
        .map(|reach| Moved {
            name: format!("trial {}", reach.index),
            target: place(reach.target),
            angles: reach.angles.clone(),
            activations: reach.activations.clone(),
            tip: reach.tip.clone(),
            distances: reach.distances.clone(),
        })
        .collect();
    let ends = capital(&ends(report, body, &named));
    let motion = Motion {
        body: body.clone(),
        times: report.times.clone(),
        targets,
        trials: trials.clone(),
        ..Motion::default()
    };
    let mut first = Figure::new("reaches", "The arm as it moves.").with(motion);
    let mut figures = Vec::new();
    let count = body.muscles.len();
    if count > 0 {
        let all = report.kept.iter().flat_map(|reach| &reach.activations);
        // one colour is one activation in all of them, and on the arm
        let most = (10.0 * all.fold(0.1f64, |most, a| most.max(*a)) - 1e-9).ceil() / 10.0;
        if let Some(shown) = trials.first() {
            let mut heat = muscles(&shown.activations, report, body, most);
            heat.title = format!("Muscles, {}, {}", named(report.targets[shown.target].value), shown.name);
            first = first.with(heat);
        }
        let mut means = Figure::new("muscles", "Activity of the muscles.").caption("Mean over test trials.");
        for target in &report.targets {
            let mut heat = muscles(&target.activation, report, body, most);
            heat.title = capital(&named(target.value));
            means = means.with(heat);
        }
        figures.push(means);
    }
    let colours = if count > 0 { "Colour of a muscle: its activation. " } else { "" };
    figures.insert(0, first.caption(format!("{colours}{ends}")));
    let y = if body.unit.is_empty() { Axis::new("Distance", "") } else { Axis::new("Distance", body.unit) };
    let mut chart = Chart::new("", Axis::new("Time", "ms"), y);
    let times: Vec<f64> = report.times.iter().map(|t| 1000.0 * t).collect();
    for (k, target) in report.targets.iter().enumerate() {
        let line = Series::line(named(target.value), times.clone(), target.distance.clone());
        chart = chart.with(line.tone(tone(k)));
    }
    figures.push(Figure::new("distance", "From tip to target.").caption("Mean over test trials.").with(chart));
    figures
}

/// Where movements ended: target by target where they are few.
fn ends(report: &Report, body: &Body, named: &dyn Fn(f64) -> String) -> String {
    let length = |x: f64| format!("{x:.3} {}", body.unit).trim_end().to_string();
    let nothing = |failed: usize| if failed > 0 { format!(", {failed} came to nothing") } else { String::new() };
    if report.targets.len() > FEW {
        let medians = || report.targets.iter().map(|t| t.end[1]);
        let sum = |of: fn(&reaches::Target) -> usize| report.targets.iter().map(of).sum::<usize>();
        return format!(
            "at the end {} to {} from the middle of the target (medians of {} targets); {} of {} trials end inside{}.",
            length(medians().fold(f64::INFINITY, f64::min)),
            length(medians().fold(0.0, f64::max)),
            report.targets.len(),
            sum(|t| t.inside),
            sum(|t| t.trials),
            nothing(sum(|t| t.failed))
        );
    }
    let each = report.targets.iter().map(|t| {
        format!(
            "{}: {} from its middle at the end (median; {} of {} trials end inside{})",
            named(t.value),
            length(t.end[1]),
            t.inside,
            t.trials,
            nothing(t.failed)
        )
    });
    each.collect::<Vec<_>>().join("; ") + "."
}

/// Activity of all muscles over time, the first muscle at the top.
fn muscles(activations: &[f64], report: &Report, body: &Body, most: f64) -> Heat {
    let (count, times) = (body.muscles.len(), report.times.len());
    let rows = (0..count).rev().flat_map(|m| (0..times).map(move |t| (t, m)));
    let names = body.muscles.iter().rev().enumerate().map(|(k, (name, _))| (k as f64 + 0.5, *name));
    Heat {
        x: Axis::new("Time", "ms").range(0.0, 1000.0 * report.times.last().copied().unwrap_or(1.0)),
        y: Axis::new("", "").range(0.0, count as f64).named_ticks(names),
        columns: times,
        values: rows.map(|(t, m)| activations.get(t * count + m).copied().unwrap_or(f64::NAN)).collect(),
        value: Axis::new("activation", "").range(0.0, most),
        ..Heat::default()
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::reaches as drawn;
    use super::*;
    use crate::model::Panel;
    use cogrnn_analysis::reaches::{Reaches, Settings};
    use cogrnn_core::movement::{Movement, Point};

    #[test]
    fn muscles_stand_in_their_order_and_share_one_colour() {
        let body = Body {
            coordinates: vec!["elbow"],
            muscles: vec![("first", vec![Point::default()]), ("second", vec![Point::default()])],
            ..Body::default()
        };
        let mut reaches = Reaches::new(Settings::default());
        let movement = Movement {
            times: vec![0.0, 0.5],
            angles: vec![0.0, 1.0],
            activations: vec![0.1, 0.2, 0.3, 0.44],
            tip: vec![[0.0; 3]; 2],
            target: [0.3, 0.0, 0.4],
            radius: 0.05,
        };
        reaches.see(7, 1.0, Some(&movement));
        reaches.see(9, 1.0, None);
        let figures = drawn(&reaches.report().unwrap(), &body);
        assert!(figures[0].caption.contains("0.500") && figures[0].caption.contains("1 came to nothing"));
        let Panel::Motion(motion) = &figures[0].panels[0] else { panic!("a motion") };
        assert_eq!((motion.trials[0].name.as_str(), motion.targets[0].at), ("trial 7", [0.3, 0.0, 0.4]));
        let Panel::Heat(heat) = &figures[0].panels[1] else { panic!("a heat map") };
        // from the bottom: the second muscle
        assert_eq!(heat.values, [0.2, 0.44, 0.1, 0.3]);
        assert_eq!(heat.y.tick_labels.as_ref().unwrap(), &["second", "first"]);
        assert_eq!(heat.value.range, Some((0.0, 0.5)));
    }
}
