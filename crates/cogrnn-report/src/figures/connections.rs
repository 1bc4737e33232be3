//! Weights, sorted by what units prefer (figures 3 and 5).

use crate::model::{Axis, Chart, Figure, Group, Mark, Matrix, Series, Side, Tone, UnitActivity};
use cogrnn_analysis::selectivity::{self, Order};
use std::sync::Arc;

/// The weights of a network, dense and row-major: (to × from).
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// (unit × input); may be empty.
    pub input: &'a [f32],
    /// (unit × unit).
    pub recurrent: &'a [f32],
    /// (output × unit); may be empty.
    pub output: &'a [f32],
    /// Names of the inputs.
    pub inputs: &'a [String],
    /// Names of the outputs.
    pub outputs: &'a [String],
    /// Units.
    pub units: usize,
    /// Whether units are excitatory or inhibitory; else the order has one block.
    pub dale: bool,
}

/// Recurrent, input and output weights in this order. Full colour is the 90th percentile of either sign over the
/// whole of each, not over what is shown; with `activity`, a pick of a unit shows what it does.
///
/// # Panics
/// Where the order names a unit that is not there.
pub fn weights(weights: &Weights<'_>, order: &Order, activity: Option<Arc<UnitActivity>>) -> Vec<Figure> {
    let n = weights.units;
    let side = |label: &str| {
        let side = Side::units(label, order.units.clone());
        if !weights.dale {
            return side;
        }
        let inhibitory = order.units.len() - order.excitatory;
        let blocks = [("E", order.excitatory, Tone::Excitatory), ("I", inhibitory, Tone::Inhibitory)];
        blocks
            .into_iter()
            .filter(|block| block.1 > 0)
            .fold(side, |side, (name, len, tone)| side.group(Group::new(name, len, tone)))
    };
    let limits = |all: &[f32]| {
        let all: Vec<f64> = all.iter().map(|weight| f64::from(*weight)).collect();
        Matrix::common_limits([all.as_slice()])
    };
    let link = |matrix: Matrix| match &activity {
        Some(activity) => matrix.activity(activity.clone()),
        None => matrix,
    };
    let pick = |rows: usize, cols: usize, at: &dyn Fn(usize, usize) -> f32| -> Vec<f64> {
        (0..rows)
            .flat_map(|row| (0..cols).map(move |col| (row, col)))
            .map(|(row, col)| f64::from(at(row, col)))
            .collect()
    };
    let shown = order.units.len();
    let values = pick(shown, shown, &|row, col| weights.recurrent[order.units[row] * n + order.units[col]]);
    let recurrent = Matrix::new("W_{rec}", side("To"), side("From"), values).limits(limits(weights.recurrent));
    let some = if shown < n { format!("{shown} of {n} units, the most selective. ") } else { String::new() };
    let picked = if activity.is_some() { " On the page, pick a unit to see its rates." } else { "" };
    let caption = format!("{some}Blue > 0, red < 0, full at the 90th percentile of either sign.{picked}");
    let mut figures = vec![Figure::new("weights", "Recurrent weights.").caption(caption).with(link(recurrent))];

    let mut ends = Figure::new("input-output", "Input and output weights.").caption("The same order of units.");
    if !weights.input.is_empty() {
        let inputs = weights.inputs.len();
        let values = pick(shown, inputs, &|row, col| weights.input[order.units[row] * inputs + col]);
        let from = Side::named("From", weights.inputs.iter().cloned());
        ends = ends.with(Matrix::new("W_{in}", side("To"), from, values).limits(limits(weights.input)));
    }
    if !weights.output.is_empty() {
        let values = pick(weights.outputs.len(), shown, &|row, col| weights.output[row * n + order.units[col]]);
        let to = Side::named("To", weights.outputs.iter().cloned());
        ends = ends.with(Matrix::new("W_{out}", to, side("From"), values).limits(limits(weights.output)));
    }
    if !ends.panels.is_empty() {
        figures.push(ends);
    }
    figures
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Panel;

    #[test]
    fn rows_and_columns_follow_the_order() {
        let recurrent: Vec<f32> = (0..9).map(|k| k as f32).collect();
        let (input, output) = ([10.0, 11.0, 12.0], [20.0, 21.0, 22.0]);
        let names = ["a".to_owned()];
        let all = Weights {
            input: &input,
            recurrent: &recurrent,
            output: &output,
            inputs: &names,
            outputs: &names,
            units: 3,
            dale: true,
        };
        let figures = weights(&all, &Order { units: vec![2, 0], excitatory: 1 }, None);
        let values = |figure: usize, panel: usize| match &figures[figure].panels[panel] {
            Panel::Matrix(matrix) => matrix.values.clone(),
            _ => panic!("a matrix"),
        };
        assert_eq!(values(0, 0), [8.0, 6.0, 2.0, 0.0]);
        assert_eq!(values(1, 0), [12.0, 10.0]);
        assert_eq!(values(1, 1), [22.0, 20.0]);
    }
}
