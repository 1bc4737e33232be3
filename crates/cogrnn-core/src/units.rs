//! Quantities with units: a bare number is never a time.

use crate::error::{Error, Result};
use std::fmt;

/// A duration or a point in time, kept in milliseconds.
///
/// ```
/// use cogrnn_core::units::{Time, ms, seconds};
/// assert_eq!(seconds(1.5), ms(1500.0));
/// assert_eq!("0.1 s".parse::<Time>().unwrap(), ms(100.0));
/// assert!("100".parse::<Time>().is_err()); // which unit?
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Time(f64);

/// A time in milliseconds.
pub const fn ms(value: f64) -> Time {
    Time(value)
}

/// A time in seconds.
pub const fn seconds(value: f64) -> Time {
    Time(value * 1000.0)
}

impl Time {
    /// In milliseconds.
    pub const fn as_ms(self) -> f64 {
        self.0
    }

    /// How many whole steps of `dt` fit: the number of samples of an epoch of this length.
    pub fn steps(self, dt: Time) -> usize {
        // A duration that is a multiple of dt must not lose a step to rounding: 0.3/0.1 = 2.9999…
        (self.0 / dt.0 + 1e-9).floor().max(0.0) as usize
    }

    /// Rounded down to a multiple of `dt`.
    pub fn floor_to(self, dt: Time) -> Time {
        Time(self.steps(dt) as f64 * dt.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl std::str::FromStr for Time {
    type Err = Error;

    fn from_str(text: &str) -> Result<Time> {
        let text = text.trim();
        let split = text.find(|c: char| c.is_alphabetic() || c == 'µ').unwrap_or(text.len());
        let (number, unit) = (text[..split].trim(), text[split..].trim());
        let scale = match unit {
            "ms" => 1.0,
            "s" => 1000.0,
            "us" | "µs" => 1e-3,
            _ => {
                let why = if unit.is_empty() {
                    "it has no unit".to_string()
                } else {
                    format!("`{unit}` is not a unit of time")
                };
                return Err(Error::input(format!("`{text}` is not a time"))
                    .why(why)
                    .remedy("write a number and a unit: \"20 ms\", \"0.5 s\" or \"50 us\""));
            }
        };
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Time(value * scale)),
            _ => Err(Error::input(format!("`{text}` is not a time"))
                .why(match number {
                    "" => "there is no number before the unit".to_string(),
                    _ => format!("`{number}` is not a number"),
                })
                .remedy("write a number and a unit: \"20 ms\", \"0.5 s\" or \"50 us\"")),
        }
    }
}

macro_rules! linear {
    ($($trait:ident $method:ident $op:tt;)*) => {$(
        impl std::ops::$trait for Time {
            type Output = Time;
            fn $method(self, other: Time) -> Time { Time(self.0 $op other.0) }
        }
    )*};
}
linear! { Add add +; Sub sub -; }

impl std::ops::Mul<f64> for Time {
    type Output = Time;
    fn mul(self, factor: f64) -> Time {
        Time(self.0 * factor)
    }
}

impl std::ops::Div for Time {
    type Output = f64;
    fn div(self, other: Time) -> f64 {
        self.0 / other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_keeps_all_its_samples() {
        for steps in 1..2000 {
            for dt in [0.1, 0.5, 3.0, 20.0] {
                assert_eq!(ms(dt * steps as f64).steps(ms(dt)), steps);
            }
        }
    }
}
