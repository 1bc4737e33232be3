//! Angles as bumps of activity on a ring of 32 units, and back.
//!
//! ```text
//! φ_i = 2π i/32                        preferred angle of unit i = 0 … 31
//! G(φ)_i = 0.8 exp(-½ (8 d_i/π)²)      d_i circular distance of φ and φ_i: a bump of s.d. π/8
//!
//! s = Σ y_i sin φ_i / (Σ y_i + 1e-5)   and c with the cosine
//! angle = atan2(s + 1e-5, c + 1e-5)    population vector
//! ```

use std::f64::consts::{PI, TAU};

/// Units of a ring.
pub const UNITS: usize = 32;

/// Keeps the population vector of a silent ring from being 0/0.
const TINY: f64 = 1e-5;

/// Preferred angle of a unit.
pub fn preferred(unit: usize) -> f64 {
    TAU * unit as f64 / UNITS as f64
}

/// Distance of two angles on the circle, 0 … π.
pub fn distance(a: f64, b: f64) -> f64 {
    let d = (a - b).rem_euclid(TAU);
    d.min(TAU - d)
}

/// G(angle) of one unit.
pub fn bump(angle: f64, unit: usize) -> f64 {
    let d = 8.0 * distance(angle, preferred(unit)) / PI;
    0.8 * libm::exp(-0.5 * d * d)
}

/// Reads angles from rings; keeps the sines and cosines.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    sin: [f64; UNITS],
    cos: [f64; UNITS],
}

impl Default for Decoder {
    /// For a ring of [`UNITS`].
    fn default() -> Decoder {
        Decoder {
            sin: std::array::from_fn(|i| libm::sin(preferred(i))),
            cos: std::array::from_fn(|i| libm::cos(preferred(i))),
        }
    }
}

impl Decoder {
    /// The angle of the population vector, 0 … 2π.
    pub fn angle(&self, ring: &[f32]) -> f64 {
        let (mut s, mut c, mut sum) = (0.0, 0.0, TINY);
        for ((y, sin), cos) in ring.iter().zip(&self.sin).zip(&self.cos) {
            let y = f64::from(*y);
            s += y * sin;
            c += y * cos;
            sum += y;
        }
        libm::atan2(s / sum + TINY, c / sum + TINY).rem_euclid(TAU)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_has_the_values_of_the_formula() {
        // one unit is π/16 away, half an s.d.: 0.8 exp(-1/8); two units one s.d.: 0.8 exp(-1/2)
        assert!((bump(0.0, 0) - 0.8).abs() < 1e-12);
        assert!((bump(0.0, 1) - 0.705_997_522).abs() < 1e-8);
        assert!((bump(0.0, 31) - 0.705_997_522).abs() < 1e-8);
        assert!((bump(0.0, 2) - 0.485_224_528).abs() < 1e-8);
        assert!((bump(PI, 16) - 0.8).abs() < 1e-12);
        assert!(bump(0.0, 16) < 1e-13); // e^-32
    }

    #[test]
    fn an_angle_comes_back_from_its_bump() {
        let decoder = Decoder::default();
        for k in 0..360 {
            let angle = TAU * (f64::from(k) + 0.3) / 360.0;
            let ring: Vec<f32> = (0..UNITS).map(|i| (bump(angle, i) + 0.05) as f32).collect();
            // 1e-4: the 1e-5 beside a population vector of length 0.7
            assert!(distance(decoder.angle(&ring), angle) < 1e-4, "{angle}");
        }
        assert!((decoder.angle(&[0.0; UNITS]) - PI / 4.0).abs() < 1e-9); // 1e-5 beside 1e-5
    }
}
