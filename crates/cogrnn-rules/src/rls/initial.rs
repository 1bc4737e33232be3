//! What P begins with (§2.5).
//!
//! ```text
//! Λ    = diag(λ for own inputs, λ_FF for feed-forward inputs) + μ (1_E 1_Eᵀ + 1_I 1_Iᵀ)
//! P(0) = Λ⁻¹:   block of L inputs of one sign   (1/λ) [I - μ / (λ + μ L) 1 1ᵀ]
//! ```
//! E and I are the own inputs whose first weight is above and below 0; an input that begins at exactly 0 is in neither.
//! Λ weighs how far weights move from where they began: ½ (w - w₀)ᵀ Λ (w - w₀). The μ terms hold the sum of the
//! excitatory and that of the inhibitory weights of a neuron near their first values.

use cogrnn_core::error::{Error, Result};

/// The terms of Λ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ridge {
    /// λ, of own inputs.
    pub lambda: f64,
    /// λ_FF, of feed-forward inputs.
    pub lambda_ff: f64,
    /// μ, of the sums of excitatory and of inhibitory weights.
    pub mu: f64,
}

impl Default for Ridge {
    /// §2.5, the default of the 2023 system.
    fn default() -> Ridge {
        Ridge { lambda: 0.8, lambda_ff: 1.0, mu: 0.01 }
    }
}

/// The sign of each own input, and how many there are of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    signs: Vec<i8>,
    excitatory: usize,
    inhibitory: usize,
}

impl Blocks {
    /// By first weights.
    pub fn of(weights: &[f64]) -> Blocks {
        let signs: Vec<i8> = weights.iter().map(|w| i8::from(*w > 0.0) - i8::from(*w < 0.0)).collect();
        let count = |sign| signs.iter().filter(|s| **s == sign).count();
        Blocks { excitatory: count(1), inhibitory: count(-1), signs }
    }

    /// 1, -1, or 0 for each input.
    pub fn signs(&self) -> &[i8] {
        &self.signs
    }
}

impl Ridge {
    /// Whether Λ has an inverse.
    ///
    /// # Errors
    /// If λ or λ_FF is not above 0, or μ is below 0.
    pub fn check(&self) -> Result<()> {
        let ridges = [("lambda", self.lambda), ("lambda_ff", self.lambda_ff)];
        if let Some((name, value)) = ridges.iter().find(|(_, x)| !(*x > 0.0 && x.is_finite())) {
            return Err(Error::input(format!("`{name}` = {value} is not above 0"))
                .why("P begins with the inverse of the ridge, which would not exist")
                .remedy("the papers have 0.04 to 10"));
        }
        if !(self.mu >= 0.0 && self.mu.is_finite()) {
            return Err(Error::input(format!("`mu` = {} is below 0", self.mu))
                .why("it weighs how far sums of weights move, and would reward it")
                .remedy("0 leaves the sums free; the papers have 0.01 and 8"));
        }
        Ok(())
    }

    /// An entry of P(0); inputs beyond the own ones are feed-forward.
    pub fn inverse(&self, blocks: &Blocks, a: usize, b: usize) -> f64 {
        let own = blocks.signs.len();
        if a >= own || b >= own {
            return if a == b { 1.0 / self.lambda_ff } else { 0.0 };
        }
        let diagonal = if a == b { 1.0 } else { 0.0 };
        let together = match (blocks.signs[a], blocks.signs[b]) {
            (1, 1) => self.mu / (self.lambda + self.mu * blocks.excitatory as f64),
            (-1, -1) => self.mu / (self.lambda + self.mu * blocks.inhibitory as f64),
            _ => 0.0,
        };
        (diagonal - together) / self.lambda
    }

    /// An entry of Λ.
    pub fn entry(&self, blocks: &Blocks, a: usize, b: usize) -> f64 {
        let own = blocks.signs.len();
        if a >= own || b >= own {
            return if a == b { self.lambda_ff } else { 0.0 };
        }
        let diagonal = if a == b { self.lambda } else { 0.0 };
        let together = blocks.signs[a] == blocks.signs[b] && blocks.signs[a] != 0;
        diagonal + if together { self.mu } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §8, item 3.
    #[test]
    fn the_closed_form_is_the_inverse() {
        let ridge = Ridge { lambda: 0.04, lambda_ff: 1.3, mu: 8.0 };
        let blocks = Blocks::of(&[0.6, -0.3, 0.6, 0.0, -0.2, 0.1, -0.7]);
        let n = 10; // seven own, three feed-forward
        for a in 0..n {
            for b in 0..n {
                let product: f64 = (0..n).map(|c| ridge.entry(&blocks, a, c) * ridge.inverse(&blocks, c, b)).sum();
                let one = f64::from(u8::from(a == b));
                assert!((product - one).abs() < 1e-12, "Λ P at {a}, {b} is {product}");
            }
        }
    }

    #[test]
    fn a_ridge_without_inverse_is_refused() {
        for wrong in [
            Ridge { lambda: 0.0, ..Ridge::default() },
            Ridge { lambda_ff: f64::NAN, ..Ridge::default() },
            Ridge { mu: -1.0, ..Ridge::default() },
        ] {
            assert!(wrong.check().is_err());
        }
        assert!(Ridge::default().check().is_ok());
    }
}
