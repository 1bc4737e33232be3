//! Ticks at nice numbers, and where a number stands along an axis.

use crate::model::{Axis, Scale};

/// Where numbers stand between two ends, in drawing units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    pub low: f64,
    pub high: f64,
    pub scale: Scale,
    pub start: f64,
    pub end: f64,
}

impl Map {
    pub fn at(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.start + part * (self.end - self.start)
    }
}

/// Ticks of an axis: values and what they say.
pub(crate) type Ticks = Vec<(f64, String)>;

/// Multiples of 1, 2 or 5 times a power of ten, at most `most` of them (2 at least), within [low, high].
pub(crate) fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let step = step(low, high, most);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|k| k as f64 * step).collect()
}

/// The step of [`linear_ticks`].
fn step(low: f64, high: f64, most: usize) -> f64 {
    let coarse = (high - low) / most.max(2) as f64;
    let power = 10f64.powf(coarse.log10().floor());
    let count = |step: f64| (high / step + 1e-9).floor() - (low / step - 1e-9).ceil() + 1.0;
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| count(step) <= most.max(2) as f64)
        .unwrap_or(100.0 * power)
}

/// Powers of ten; with 2 and 5 times them where there would be fewer than two.
pub(crate) fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let within = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
    let powers = || (low.log10().floor() as i32..=high.log10().ceil() as i32).map(|k| 10f64.powi(k));
    let tens: Vec<f64> = powers().filter(within).collect();
    let decades = high.log10() - low.log10();
    if tens.len() >= 2 {
        let every = (decades / 6.0).ceil().max(1.0) as usize;
        return tens.into_iter().step_by(every).collect();
    }
    let finer: Vec<f64> = powers().flat_map(|ten| [ten, 2.0 * ten, 5.0 * ten]).filter(within).collect();
    if finer.len() >= 2 { finer } else { linear_ticks(low, high, 4) }
}

/// A number as print wants it: a true minus sign, so many decimals, no "−0".
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if zero { text.replace('-', "") } else { text.replace('-', "\u{2212}") }
}

/// A number to about three significant digits, trailing zeros dropped.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { "–".into() };
    }
    let magnitude = value.abs().log10().floor();
    if !(-4.0..6.0).contains(&magnitude) {
        let power = magnitude as i32;
        return format!("{}×10^{{{}}}", trimmed(value / 10f64.powi(power), 2), fixed(f64::from(power), 0));
    }
    trimmed(value, (2.0 - magnitude).clamp(0.0, 6.0) as usize)
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// Labels for ticks of one axis: the same number of decimals, the fewest that tell them apart; from
/// 10 000 on a common power of ten where all share it.
pub(crate) fn tick_labels(ticks: &[f64], scale: Scale) -> Vec<String> {
    if scale == Scale::Log {
        return ticks
            .iter()
            .map(|&tick| if !(1e-3..1e5).contains(&tick) { power(tick) } else { short(tick) })
            .collect();
    }
    let largest = ticks.iter().fold(0.0f64, |most, tick| most.max(tick.abs()));
    if largest != 0.0 && !(1e-3..1e6).contains(&largest) {
        return ticks.iter().map(|&tick| short(tick)).collect();
    }
    let exact = |decimals: usize| {
        let unit = 10f64.powi(decimals as i32);
        ticks.iter().all(|tick| ((tick * unit).round() / unit - tick).abs() < 1e-9 * largest.max(1e-9))
    };
    let decimals = (0..=6).find(|&decimals| exact(decimals)).unwrap_or(6);
    ticks.iter().map(|&tick| grouped(&fixed(tick, decimals))).collect()
}

/// "10^{5}", or "2×10^{5}".
fn power(value: f64) -> String {
    let exponent = value.log10().floor() as i32;
    let mantissa = value / 10f64.powi(exponent);
    let ten = format!("10^{{{}}}", fixed(f64::from(exponent), 0));
    if (mantissa - 1.0).abs() < 1e-6 { ten } else { format!("{}×{ten}", short(mantissa)) }
}

/// A narrow space before thousands, from five digits on.
fn grouped(text: &str) -> String {
    let digits = text.bytes().take_while(|byte| *byte != b'.').filter(u8::is_ascii_digit).count();
    if digits < 5 || text.contains('.') {
        return text.into();
    }
    let (head, tail) = text.split_at(text.len() - 3);
    format!("{head}\u{202f}{tail}")
}

/// The range of an axis over the data: as given, or the data with room around them.
///
/// Without data 0 to 1. `pad` is the room on each side as a fraction; `nice` widens to the next tick.
pub(crate) fn range(axis: &Axis, data: impl Iterator<Item = f64>, pad: f64, nice: bool) -> (f64, f64) {
    let log = axis.scale == Scale::Log;
    if let Some((low, high)) = axis.range
        && low.is_finite()
        && high.is_finite()
        && low < high
        && (!log || low > 0.0)
    {
        return (low, high);
    }
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in data.filter(|value| value.is_finite() && (!log || *value > 0.0)) {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return if log { (1.0, 10.0) } else { (0.0, 1.0) };
    }
    if log {
        if low == high {
            return (low / 2.0, high * 2.0);
        }
        let room = (high / low).powf(pad);
        return (low / room, high * room);
    }
    if low == high {
        let room = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
        return (low - room, high + room);
    }
    if nice {
        let step = step(low, high, 6);
        let (down, up) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        // a tick far beyond the data would squeeze them: room enough instead
        let room = (high - low) * 0.06;
        let low = if low - down < 0.5 * step || low >= 0.0 && down <= 0.0 { down } else { low - room };
        let high = if up - high < 0.5 * step { up } else { high + room };
        return (low, high);
    }
    (low - (high - low) * pad, high + (high - low) * pad)
}

/// The ticks of an axis over a range: as given, or nice; never outside.
pub(crate) fn ticks(axis: &Axis, (low, high): (f64, f64), most: usize) -> Ticks {
    let inside = |value: f64| value >= low - (high - low) * 1e-6 && value <= high + (high - low) * 1e-6;
    if let Some(at) = &axis.ticks {
        let names = match &axis.tick_labels {
            Some(names) => names.clone(),
            None => tick_labels(at, axis.scale),
        };
        return at.iter().copied().zip(names).filter(|(value, _)| inside(*value)).collect();
    }
    let at = match axis.scale {
        Scale::Linear => linear_ticks(low, high, most),
        Scale::Log => log_ticks(low, high),
    };
    let names = tick_labels(&at, axis.scale);
    at.into_iter().zip(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_nice() {
        assert_eq!(linear_ticks(0.0, 1.0, 6), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(linear_ticks(-53.0, 53.0, 5), [-40.0, -20.0, 0.0, 20.0, 40.0]);
        assert_eq!(linear_ticks(-200.0, 600.0, 5), [-200.0, 0.0, 200.0, 400.0, 600.0]);
        assert_eq!(log_ticks(1.0, 100.0), [1.0, 10.0, 100.0]);
        assert_eq!(log_ticks(3.0, 60.0), [5.0, 10.0, 20.0, 50.0]);
    }

    #[test]
    fn labels_share_their_decimals_and_have_true_minus_signs() {
        assert_eq!(tick_labels(&[-0.5, 0.0, 0.5], Scale::Linear), ["\u{2212}0.5", "0.0", "0.5"]);
        assert_eq!(tick_labels(&[0.0, 50_000.0, 100_000.0], Scale::Linear), ["0", "50\u{202f}000", "100\u{202f}000"]);
        assert_eq!(tick_labels(&[1.0, 10.0, 100.0], Scale::Log), ["1", "10", "100"]);
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(short(-12.345), "\u{2212}12.3");
        assert_eq!(short(0.000_012), "1.2×10^{\u{2212}5}");
    }

    proptest! {
        #[test]
        fn ticks_lie_within_are_few_and_evenly_spaced(low in -1e6f64..1e6, width in 1e-6f64..1e6, most in 2usize..9) {
            let (low, high) = (low, low + width * 1.0f64.max(low.abs() * 1e-6));
            let ticks = linear_ticks(low, high, most);
            prop_assert!(ticks.len() <= most);
            for pair in ticks.windows(2) {
                prop_assert!(pair[1] > pair[0]);
            }
            for tick in &ticks {
                prop_assert!(*tick >= low - width * 1e-3 && *tick <= high + width * 1e-3);
            }
        }

        #[test]
        fn a_range_holds_its_data(data in proptest::collection::vec(-1e9f64..1e9, 1..20), nice: bool) {
            let (low, high) = range(&Axis::default(), data.iter().copied(), 0.0, nice);
            prop_assert!(low < high);
            for value in data {
                prop_assert!(low <= value + 1e-3 && value <= high + 1e-3);
            }
        }
    }
}
