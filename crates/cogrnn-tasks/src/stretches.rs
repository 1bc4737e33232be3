//! Trials as stretches of constant samples, written once and copied at each time step.

use cogrnn_core::task::Script;
use cogrnn_core::units::{Time, ms};

/// Half a nanosecond in ms, the slack of [`cogrnn_core::task::Epoch::holds`].
const SLACK: f64 = 5e-7;

/// A script with a stretch between any two neighbours of `ends`, which may come unsorted and twice.
/// `fill` is given a time within each stretch and its values, zeroed.
pub(crate) fn write(mut ends: Vec<Time>, width: usize, mut fill: impl FnMut(Time, &mut [f32])) -> Script {
    ends.retain(|end| end.as_ms() > SLACK);
    ends.sort_by(|a, b| a.as_ms().total_cmp(&b.as_ms()));
    ends.dedup_by(|b, a| b.as_ms() - a.as_ms() < 2.0 * SLACK);
    let mut values = vec![0.0; ends.len() * width];
    let mut start = 0.0;
    for (end, stretch) in ends.iter().zip(values.chunks_exact_mut(width)) {
        fill(ms(0.5 * (start + end.as_ms())), stretch);
        start = end.as_ms();
    }
    Script { ends, values }
}

/// Which stretch holds `t`: as [`Script::at`], but by halving, for sessions of hundreds of stretches.
pub(crate) fn place(script: &Script, t: Time) -> Option<usize> {
    let place = script.ends.partition_point(|end| end.as_ms() + SLACK < t.as_ms());
    (place < script.ends.len()).then_some(place)
}

/// The values of a stretch.
pub(crate) fn values(script: &Script, place: usize) -> &[f32] {
    let width = script.values.len() / script.ends.len();
    &script.values[place * width..(place + 1) * width]
}

/// Until when what is shown at `t` stays.
pub(crate) fn stays(script: &Script, t: Time) -> Time {
    place(script, t).map_or(ms(f64::INFINITY), |place| script.ends[place])
}

/// Whether `t` is the last sample of a stretch.
pub(crate) fn is_last(script: &Script, place: usize, t: Time) -> bool {
    (script.ends[place].as_ms() - t.as_ms()).abs() < 2.0 * SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_finds_what_a_walk_finds() {
        let ends = [300.0, 100.0, 100.0, 0.0, 250.0].map(ms).to_vec();
        let script = write(ends, 1, |t, v| v[0] = t.as_ms() as f32);
        assert_eq!(script.ends, [100.0, 250.0, 300.0].map(ms));
        assert_eq!(script.values, [50.0, 175.0, 275.0]);
        for k in 1..=1600 {
            let t = ms(0.2) * f64::from(k);
            assert_eq!(place(&script, t).map(|p| values(&script, p)), script.at(t), "{t}");
        }
        assert!(is_last(&script, 1, ms(250.0)) && !is_last(&script, 1, ms(249.9)));
    }
}
