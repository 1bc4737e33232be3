//! How a scheme is taken away while a network learns: pieces that follow one another.
//!
//! ```text
//! staircase of S stages from a to b      a + (b - a) k / (S - 1),  k = 0 … S-1      (Soo et al. 2023, §2.4)
//! steps of a coarsening                  the same, rounded down; 0 is replaced by 1  (§2.3)
//! ```

use cogrnn_core::error::{Error, Result};

/// Values that hold one after another, each for the same number of updates; then the scheme is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Staircase {
    /// Value of each stage.
    pub values: Vec<f64>,
    /// Updates of each stage.
    pub updates: u64,
}

impl Staircase {
    /// From one value to another in equal steps; one stage stays at `to`.
    pub fn even(from: f64, to: f64, stages: usize, updates: u64) -> Staircase {
        let last = stages.saturating_sub(1).max(1) as f64;
        let values = match stages {
            1 => vec![to],
            _ => (0..stages).map(|k| from + (to - from) * k as f64 / last).collect(),
        };
        Staircase { values, updates }
    }

    /// The stage after this many updates; `None` when all are over.
    pub fn stage(&self, updates: u64) -> Option<usize> {
        let stage = (updates / self.updates.max(1)) as usize;
        (stage < self.values.len()).then_some(stage)
    }

    /// The value after this many updates; `None` when all stages are over.
    pub fn at(&self, updates: u64) -> Option<f64> {
        self.stage(updates).map(|k| self.values[k])
    }

    /// Updates of all stages.
    pub fn total(&self) -> u64 {
        self.updates * self.values.len() as u64
    }

    /// Refuses values that go back on themselves.
    ///
    /// # Errors
    /// A value that is not on the way, by its number.
    pub fn check(&self, falling: bool, what: &str) -> Result<()> {
        let wrong = |(a, b): (f64, f64)| if falling { b > a } else { b < a };
        let pairs = self.values.iter().copied().zip(self.values.iter().copied().skip(1));
        if let Some((k, (a, b))) = pairs.enumerate().find(|(_, pair)| wrong(*pair)) {
            return Err(Error::input(format!("{what} goes from {a} to {b} at stage {}", k + 2))
                .why("a scheme is taken away step by step, never brought back")
                .remedy(format!("give values that only {}", if falling { "fall" } else { "rise" })));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staircases_are_those_of_the_specification() {
        let near = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near(&Staircase::even(0.2, 1.0, 6, 1).values, &[0.2, 0.36, 0.52, 0.68, 0.84, 1.0]));
        assert!(near(&Staircase::even(0.5, 1.0, 2, 1).values, &[0.5, 1.0]));
        assert!(near(&Staircase::even(0.8, 1.0, 11, 1).values[..3], &[0.8, 0.82, 0.84]));
        assert_eq!(Staircase::even(0.5, 1.0, 1, 1).values, [1.0]);
        let stairs = Staircase::even(0.5, 1.0, 2, 10_000);
        assert_eq!((stairs.at(0), stairs.at(9_999), stairs.at(10_000)), (Some(0.5), Some(0.5), Some(1.0)));
        assert_eq!((stairs.at(20_000), stairs.total()), (None, 20_000));
        assert!(stairs.check(false, "beta").is_ok());
        let wrong = stairs.check(true, "theta").unwrap_err();
        assert_eq!(wrong.what, "theta goes from 0.5 to 1 at stage 2");
    }
}
