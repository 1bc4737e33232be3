//! Learning (figure 9).

use super::axis;
use crate::model::{Chart, Figure, Key, Mark, Series, Tone};
use cogrnn_analysis::training_curve::Report;

/// One curve a seed: the shown network black, the others grey, the goal red. `shown` is its seed; the first if `None`.
pub fn learning(report: &Report, shown: Option<u64>) -> Vec<Figure> {
    let shown = shown.or(report.runs.first().map(|run| run.seed));
    let mut chart = Chart::new("", axis(&report.x_label), axis(&report.y_label));
    let per_cent = chart.y.unit == "%";
    let mut runs: Vec<_> = report.runs.iter().collect();
    runs.sort_by_key(|run| Some(run.seed) == shown); // above the others
    let mut least = f64::INFINITY;
    for run in &runs {
        let this = Some(run.seed) == shown;
        let x: Vec<f64> = run.checks.iter().map(|check| check.trials as f64).collect();
        let y: Vec<f64> = run.checks.iter().map(|check| check.value).collect();
        least = y.iter().copied().filter(|y| y.is_finite()).fold(least, f64::min);
        let (tone, weight) = if this { (Tone::Ink, 1.3) } else { (Tone::Muted, 1.0) };
        chart = chart.with(Series::line(format!("seed {}", run.seed), x, y).tone(tone).weight(weight));
    }
    if per_cent {
        chart.y = chart.y.range(if least < 40.0 { 0.0 } else { 40.0 }, 100.0);
    }
    if let Some(goal) = report.criterion {
        chart = chart.mark(Mark::target(goal, "goal"));
    }
    let others = runs.len().saturating_sub(1);
    let chart = match others {
        0 => chart.no_legend(),
        _ => chart.legend([Key::line("this network", Tone::Ink, false), Key::line("other seeds", Tone::Muted, false)]),
    };
    let reached = report.reached.iter().filter(|reached| reached.check.is_some()).count();
    let caption = match (&report.criterion, &report.trials_to_criterion) {
        (Some(_), Some(trials)) => {
            format!(
                "{reached} of {} trainings reached the goal, half of them by {:.0} trials.",
                runs.len(),
                trials.median
            )
        }
        (Some(_), None) => "The goal was not reached.".into(),
        _ => String::new(),
    };
    vec![Figure::new("learning", "Learning.").caption(caption).with(chart)]
}
