//! How conditions are drawn: colour from pale to strong by the evidence, solid and dashed by choice,
//! hue by modality or context.

use super::{distinct, number, rank};
use crate::model::{Condition, Key, Tone};
use cogrnn::analyses::Labels;

/// What a column of a condition is shown by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Pale to strong.
    Strength,
    /// Solid and dashed.
    Side,
    /// Hue.
    Hue,
    /// Only in the name.
    Silent,
}

/// The conditions of some averages, and a legend that explains them.
pub(super) struct Conditions {
    pub all: Vec<Condition>,
    pub keys: Vec<Key>,
}

const SIDES: [&str; 4] = ["in_out", "choice", "target", "direction"];
const HUES: [&str; 4] = ["context", "modality", "rule", "sequence"];

pub(super) fn conditions(columns: &[String], rows: &[Vec<f64>], labels: &Labels) -> Conditions {
    let values: Vec<Vec<f64>> = (0..columns.len()).map(|c| distinct(rows.iter().map(|row| row[c]))).collect();
    let mut roles = vec![Role::Silent; columns.len()];
    let mut give = |role: Role, fits: &dyn Fn(usize) -> bool| {
        if let Some(free) = (0..columns.len()).find(|c| roles[*c] == Role::Silent && values[*c].len() > 1 && fits(*c)) {
            roles[free] = role;
        }
    };
    give(Role::Side, &|c| SIDES.contains(&columns[c].as_str()) && values[c].len() == 2);
    give(Role::Hue, &|c| HUES.contains(&columns[c].as_str()) && values[c].len() <= 8);
    give(Role::Strength, &|c| !HUES.contains(&columns[c].as_str()));
    give(Role::Side, &|c| values[c].len() == 2);
    let column = |role: Role| roles.iter().position(|each| *each == role);
    let (strength, side, hue) = (column(Role::Strength), column(Role::Side), column(Role::Hue));
    let sizes = strength.map_or_else(Vec::new, |c| distinct(values[c].iter().map(|value| value.abs())));

    let dashed = |row: &[f64]| match (side, strength) {
        // +1 is solid, or output 0
        (Some(c), _) => row[c] == if values[c].contains(&0.0) { values[c][1] } else { values[c][0] },
        (None, Some(c)) => row[c] < 0.0,
        _ => false,
    };
    let category = |value: f64, c: usize| values[c].iter().position(|each| *each == value).unwrap_or(0);
    let tone = |row: &[f64]| match (hue, strength) {
        (Some(h), Some(s)) => Tone::Shade(category(row[h], h), rank(&sizes, row[s].abs())),
        (Some(h), None) => Tone::Category(category(row[h], h)),
        (None, Some(s)) => Tone::Coherence(rank(&sizes, row[s].abs())),
        (None, None) => Tone::Ink,
    };
    let name = |row: &[f64]| {
        let each = columns.iter().zip(row).map(|(column, value)| worded(labels, column, *value));
        each.collect::<Vec<String>>().join(", ")
    };
    let all = rows.iter().map(|row| Condition::new(name(row), tone(row), dashed(row))).collect();

    let mut keys = Vec::new();
    if let Some(h) = hue {
        let key = |v: &f64| Key::line(worded(labels, &columns[h], *v), Tone::Category(category(*v, h)), false);
        keys.extend(values[h].iter().map(key));
    }
    if let (Some(s), None) = (strength, hue) {
        for (k, size) in sizes.iter().enumerate() {
            let words = if k == 0 { worded(labels, &columns[s], *size) } else { briefly(labels, &columns[s], *size) };
            keys.push(Key::line(words, Tone::Coherence(rank(&sizes, *size)), false));
        }
    }
    match (side, strength) {
        (Some(c), _) => {
            let mut side: Vec<Key> = Vec::new();
            for value in &values[c] {
                let row: Vec<f64> = (0..columns.len()).map(|k| if k == c { *value } else { 0.0 }).collect();
                let words = match columns[c].as_str() {
                    "in_out" | "choice" => format!("choice {}", 1 + usize::from(dashed(&row))),
                    other => worded(labels, other, *value),
                };
                side.push(Key::line(words, Tone::Ink, dashed(&row)));
            }
            side.sort_by_key(|key| key.dashed);
            keys.extend(side);
        }
        (None, Some(c)) if values[c].iter().any(|value| *value < 0.0) => {
            keys.push(Key::line("positive", Tone::Ink, false));
            keys.push(Key::line("negative", Tone::Ink, true));
        }
        _ => {}
    }
    Conditions { all, keys }
}

/// The columns that a drawing of few curves keeps: those shown by strength and by side, of the first that fit.
pub(super) fn main_columns(columns: &[String]) -> Vec<usize> {
    let side = columns.iter().position(|column| SIDES.contains(&column.as_str()));
    let strength =
        columns.iter().position(|column| !SIDES.contains(&column.as_str()) && !HUES.contains(&column.as_str()));
    let mut kept: Vec<usize> = strength.into_iter().chain(side).collect();
    if kept.is_empty() {
        kept.push(0);
    }
    kept.sort_unstable();
    kept
}

/// A value with its column, as the experiment labels them: "coherence 3.2 %", "motion context".
pub(super) fn worded(labels: &Labels, column: &str, value: f64) -> String {
    match labels.get(column) {
        Some(label) if label.names.iter().any(|(named, _)| *named == value) => briefly(labels, column, value),
        Some(label) => format!("{} {}", label.name, briefly(labels, column, value)),
        None => format!("{} {}", spoken(column), number(value)),
    }
}

/// A value alone: "3.2 %".
pub(super) fn briefly(labels: &Labels, column: &str, value: f64) -> String {
    let Some(label) = labels.get(column) else { return number(value) };
    match label.names.iter().find(|(named, _)| *named == value) {
        Some((_, name)) => name.clone(),
        None if label.unit.is_empty() => number(label.scale * value),
        None => format!("{} {}", number(label.scale * value), label.unit),
    }
}

/// A column's name as words.
pub(super) fn spoken(column: &str) -> String {
    column.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coherence_is_strength_and_direction_solid_or_dashed() {
        let columns = ["coherence".to_owned(), "in_out".to_owned()];
        let rows = vec![vec![1.0, -1.0], vec![1.0, 1.0], vec![16.0, -1.0], vec![16.0, 1.0]];
        let drawn = conditions(&columns, &rows, &Labels::new());
        assert_eq!(drawn.all[0].tone, Tone::Coherence(0.0));
        assert_eq!(drawn.all[3].tone, Tone::Coherence(1.0));
        assert_eq!(drawn.all.iter().map(|each| each.dashed).collect::<Vec<_>>(), [true, false, true, false]);
        assert_eq!(drawn.all[3].name, "coherence 16, in out 1");
        assert_eq!(drawn.keys.len(), 4);
    }

    #[test]
    fn an_experiment_says_how_values_are_written() {
        let experiment = |name: &str| cogrnn::experiment::Experiment::load(name, &[]).unwrap();
        let labels = experiment("song2016/perceptual-decision").labels;
        let columns = ["coherence".to_owned(), "in_out".to_owned()];
        let drawn =
            conditions(&columns, &[vec![1.0, -1.0], vec![1.0, 1.0], vec![16.0, -1.0], vec![16.0, 1.0]], &labels);
        let words: Vec<&str> = drawn.keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(words, ["coherence 3.2 %", "51.2 %", "choice 1", "choice 2"]);
        let labels = experiment("song2016/context-integration").labels;
        assert_eq!(worded(&labels, "context", -1.0), "colour context");
        assert_eq!(worded(&labels, "motion_coherence", 10.0), "motion coherence 10");
    }

    #[test]
    fn modality_is_hue() {
        let columns = ["modality".to_owned(), "choice".to_owned()];
        let drawn =
            conditions(&columns, &[vec![0.0, 0.0], vec![0.0, 1.0], vec![1.0, 0.0], vec![1.0, 1.0]], &Labels::new());
        assert_eq!(drawn.all[2].tone, Tone::Category(1));
        assert!(!drawn.all[2].dashed && drawn.all[3].dashed, "output 0 is solid");
    }
}
