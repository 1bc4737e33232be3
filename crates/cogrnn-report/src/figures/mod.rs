//! The figures of Song et al. (2016), Miconi (2017) and Murray (2019), one function for each report of an analysis.
//!
//! | function | of | figures |
//! |---|---|---|
//! | [`psychometric()`] | `psychometric::Report` | 2C, 2D, 4A |
//! | [`chronometric`] | `reaction_time::Report` | 2F |
//! | [`duration()`] | `duration::Report` | 2E |
//! | [`units()`], [`units_of`], [`activity`] | `unit_averages::Report` | 2G, 2H, 6C |
//! | [`selectivity()`] | `selectivity::Report` | – |
//! | [`regression`] | `state_space::Report` | 4B, 4C, 4D |
//! | [`multisensory()`] | `multisensory::Report` | 6B |
//! | [`tuning()`] | `tuning::Report` | 7B to 7E |
//! | [`components`] | `pca::Report` | 8C |
//! | [`movements`] | `eye_trace::Report` | 8D |
//! | [`interval()`] | `interval::Report` | Murray 3 |
//! | [`trajectory()`] | `trajectory::Report` | Murray 4 |
//! | [`cross_temporal()`] | `cross_temporal::Report` | Miconi 2 |
//! | [`mds()`] | `mds::Report` | Miconi 3 |
//! | [`output_curves()`] | `output_curves::Report` | Miconi 4B |
//! | [`orthogonal_decoding()`] | `orthogonal_decoding::Report` | Miconi 5 |
//! | [`reaches()`] | `reaches::Report` | Miconi 6 |
//! | [`learning`] | `training_curve::Report` | 9 |

mod behaviour;
mod conditions;
mod connections;
mod decoding;
mod local;
mod memory;
mod reaches;
mod sequences;
mod state_space;
mod training;
mod units;

pub use behaviour::{chronometric, duration, multisensory, psychometric};
pub use connections::selectivity;
pub use decoding::{cross_temporal, mds, orthogonal_decoding, output_curves};
pub use local::{interval, trajectory};
pub use memory::tuning;
pub use reaches::reaches;
pub use sequences::{components, movements};
pub use state_space::regression;
pub use training::learning;
pub use units::{activity, units, units_of};

use crate::model::Axis;

/// An axis from words and a unit in brackets: "signed coherence (%)", "per cent correct".
fn axis(words: &str) -> Axis {
    let (label, unit) = match words.strip_suffix(')').and_then(|words| words.rsplit_once(" (")) {
        Some((label, unit)) => (label, unit),
        None => match words.strip_prefix("per cent ") {
            Some(rest) => (rest, "%"),
            None => (words, ""),
        },
    };
    let mut letters = label.chars();
    let label = match letters.next() {
        // f1, a₁ and other symbols stay small
        Some(first) if letters.clone().next().is_some_and(|next| next.is_lowercase()) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => label.to_owned(),
    };
    Axis::new(label, unit)
}

/// A number as a name has it: no more decimals than it needs.
fn number(value: f64) -> String {
    crate::scale::short(value)
}

/// From 0 for the smallest to 1 for the largest, at equal steps: a place in a ramp of colours.
fn rank(sorted: &[f64], value: f64) -> f64 {
    let place = sorted.iter().position(|each| *each >= value).unwrap_or(sorted.len().saturating_sub(1));
    if sorted.len() < 2 { 1.0 } else { place as f64 / (sorted.len() - 1) as f64 }
}

/// Each value once, ascending.
fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_read_from_words() {
        assert_eq!(axis("signed coherence (%)"), Axis::new("Signed coherence", "%"));
        assert_eq!(axis("per cent correct"), Axis::new("Correct", "%"));
        assert_eq!(axis("P(choice 1)"), Axis::new("P(choice 1)", ""));
        assert_eq!(axis("f1 (Hz)"), Axis::new("f1", "Hz"));
    }
}
