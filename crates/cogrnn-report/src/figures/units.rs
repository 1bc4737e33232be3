//! Rates of single units by condition (figures 2G, 2H, 6C).

use super::axis;
use super::conditions::{conditions, main_columns};
use crate::model::{Chart, Figure, Mark, Series, UnitActivity};
use cogrnn::analyses::Labels;
use cogrnn_analysis::unit_averages::Report;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More curves than this are pooled over the conditions that matter less.
const CURVES: usize = 24;

/// The three units that tell conditions apart most, among those that fire most in different conditions.
pub fn units(report: &Report, labels: &Labels) -> Vec<Figure> {
    units_of(report, &telling(report, 3), labels)
}

/// These units, one a panel.
pub fn units_of(report: &Report, which: &[usize], labels: &Labels) -> Vec<Figure> {
    let report = &pooled(report);
    let drawn = conditions(&report.columns, &report.conditions, labels);
    let response = report.x_label.contains("decision");
    let mut figure = Figure::new(
        if response { "responses" } else { "units" },
        if response { "Single units, aligned to the response." } else { "Single units, aligned to the stimulus." },
    )
    .caption("Mean rates by condition; pale to strong with the evidence, solid and dashed by choice.");
    for (k, unit) in which.iter().enumerate() {
        let mut chart = Chart::new(format!("Unit {unit}"), axis(&report.x_label), axis(&report.y_label));
        for (c, condition) in drawn.all.iter().enumerate() {
            let y: Vec<f64> = report.trace(c, *unit).into_iter().map(f64::from).collect();
            chart = chart.with(
                Series::line(&condition.name, report.times.clone(), y).tone(condition.tone).dashed(condition.dashed),
            );
        }
        if report.times.first().is_some_and(|first| *first < 0.0) && report.times.last().is_some_and(|last| *last > 0.0)
        {
            chart = chart.mark(Mark::vertical(0.0, ""));
        }
        figure = figure.with(if k == 0 { chart.legend(drawn.keys.clone()) } else { chart.no_legend() });
    }
    vec![figure]
}

/// All units, for a matrix whose units can be picked.
pub fn activity(report: &Report, labels: &Labels) -> Arc<UnitActivity> {
    let report = &pooled(report);
    let drawn = conditions(&report.columns, &report.conditions, labels);
    let (time, label) = (axis(&report.x_label), axis(&report.y_label));
    Arc::new(UnitActivity {
        time: time.label,
        label: label.label,
        unit: label.unit,
        times: report.times.clone(),
        conditions: drawn.all,
        units: (0..report.units).map(|unit| format!("unit {unit}")).collect(),
        values: report.rates.clone(),
        marks: vec![Mark::vertical(0.0, "")],
        keys: drawn.keys,
    })
}

/// Averages over fewer conditions, each trial counted alike, where there are too many to draw.
fn pooled(report: &Report) -> Report {
    if report.conditions.len() <= CURVES {
        return report.clone();
    }
    let columns = main_columns(&report.columns);
    let mut groups: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for (c, row) in report.conditions.iter().enumerate() {
        // ordered bits: conditions stay ascending
        let ordered = |value: f64| value.to_bits() ^ if value < 0.0 { u64::MAX } else { 1 << 63 };
        groups.entry(columns.iter().map(|k| ordered(row[*k] + 0.0)).collect()).or_default().push(c);
    }
    let (times, units) = (report.times.len(), report.units);
    let (mut rates, mut counts) = (Vec::new(), Vec::new());
    for members in groups.values() {
        for t in 0..times {
            let n = |c: usize| report.counts[c * times + t];
            let all: u32 = members.iter().map(|c| n(*c)).sum();
            counts.push(all);
            rates.extend((0..units).map(|unit| {
                let sum: f64 = members
                    .iter()
                    .filter(|c| n(**c) > 0)
                    .map(|c| f64::from(n(*c)) * f64::from(report.rates[(c * times + t) * units + unit]))
                    .sum();
                if all > 0 { (sum / f64::from(all)) as f32 } else { f32::NAN }
            }));
        }
    }
    let row = |members: &Vec<usize>| columns.iter().map(|k| report.conditions[members[0]][*k]).collect();
    Report {
        columns: columns.iter().map(|k| report.columns[*k].clone()).collect(),
        conditions: groups.values().map(row).collect(),
        trials: groups.values().map(|members| members.iter().map(|c| report.trials[*c]).sum()).collect(),
        rates,
        counts,
        ..report.clone()
    }
}

/// Units with the largest spread of their conditions' mean rates, one for each condition that they prefer.
fn telling(report: &Report, most: usize) -> Vec<usize> {
    let report = &pooled(report);
    let mean = |condition: usize, unit: usize| {
        let rates: Vec<f64> =
            report.trace(condition, unit).into_iter().map(f64::from).filter(|rate| rate.is_finite()).collect();
        if rates.is_empty() { 0.0 } else { rates.iter().sum::<f64>() / rates.len() as f64 }
    };
    let mut spreads: Vec<(f64, usize, usize)> = (0..report.units)
        .map(|unit| {
            let means: Vec<f64> = (0..report.conditions.len()).map(|c| mean(c, unit)).collect();
            let best = (0..means.len()).max_by(|a, b| means[*a].total_cmp(&means[*b])).unwrap_or(0);
            let lowest = means.iter().copied().fold(f64::INFINITY, f64::min);
            (means.get(best).copied().unwrap_or(0.0) - lowest, best, unit)
        })
        .collect();
    spreads.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for (_, best, unit) in &spreads {
        if chosen.len() < most && !chosen.iter().any(|(known, _)| known == best) {
            chosen.push((*best, *unit));
        }
    }
    for (_, best, unit) in &spreads {
        if chosen.len() < most && !chosen.iter().any(|(_, known)| known == unit) {
            chosen.push((*best, *unit));
        }
    }
    chosen.into_iter().map(|(_, unit)| unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(contexts: usize) -> Report {
        let mut conditions = Vec::new();
        for context in 0..contexts {
            for coherence in 0..6 {
                for choice in [0.0, 1.0] {
                    conditions.push(vec![context as f64, f64::from(coherence), choice]);
                }
            }
        }
        let (times, units) = (vec![-20.0, 0.0, 20.0], 4);
        let rates = conditions
            .iter()
            .flat_map(|row| (0..12).map(move |k| (if k % 4 == 2 { row[2] * 9.0 } else { row[0] }) as f32))
            .collect();
        Report {
            x_label: "time from stimulus onset (ms)".into(),
            y_label: "rate".into(),
            columns: ["context", "coherence", "choice"].map(String::from).to_vec(),
            trials: vec![5; conditions.len()],
            counts: vec![5; conditions.len() * times.len()],
            conditions,
            times,
            units,
            rates,
        }
    }

    #[test]
    fn the_telling_unit_comes_first_and_many_conditions_are_pooled() {
        let figures = units(&report(6), &Labels::new());
        assert_eq!(figures[0].panels.len(), 3);
        let crate::model::Panel::Chart(chart) = &figures[0].panels[0] else { panic!("a chart") };
        assert_eq!(chart.title, "Unit 2");
        assert_eq!(chart.series.len(), 12, "6 coherences × 2 choices, contexts pooled");
        let context = activity(&report(6), &Labels::new());
        // units 0, 1 and 3 carry the context, 0 to 5: its mean
        assert!(context.values.iter().step_by(4).all(|rate| (rate - 2.5).abs() < 1e-6));
    }

    #[test]
    fn few_conditions_stay_as_they_are() {
        assert_eq!(activity(&report(2), &Labels::new()).conditions.len(), 24);
    }
}
