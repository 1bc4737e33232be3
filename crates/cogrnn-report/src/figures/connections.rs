//! What units prefer.

use crate::model::{Axis, Chart, Figure, Mark, Series, Tone};
use cogrnn_analysis::selectivity;

/// How well each unit tells the choices apart: all d', sorted.
pub fn selectivity(report: &selectivity::Report) -> Vec<Figure> {
    let mut d: Vec<(f64, usize)> =
        report.d_prime.iter().enumerate().filter(|(_, d)| d.is_finite()).map(|(unit, d)| (*d, unit)).collect();
    d.sort_by(|a, b| b.0.total_cmp(&a.0));
    let x: Vec<f64> = (1..=d.len()).map(|k| k as f64).collect();
    let y: Vec<f64> = d.iter().map(|(d, _)| *d).collect();
    let silent = report.d_prime.len() - d.len();
    let chart = Chart::new("", Axis::new("Rank of the unit", ""), Axis::new("d′", ""))
        .with(Series::points("d′", x, y).tone(Tone::Category(0)))
        .mark(Mark::horizontal(0.0, ""));
    let silent = if silent > 0 { format!(" {silent} silent units left out.") } else { String::new() };
    let caption = format!(
        "Activity in {} before choice 1 against choice 2 ({} and {} trials); positive: more before choice 1.{silent}",
        report.epoch, report.trials[0], report.trials[1]
    );
    vec![Figure::new("selectivity", "Selectivity for the choice.").caption(caption).with(chart)]
}
