//! Standard normal noise: Philox words by Box and Muller, sixteen units and four steps at once.
//!
//! ```text
//! words  = philox((unit, step / 4, trial, purpose), seed)     four words, four steps
//! radius = √(-2 ln u),  u from words 0 and 2
//! angle  = a quarter arc around an axis, the axis by two bits, from words 1 and 3
//! ```

use super::lanes::{LANES, Lanes, Words, padded, vectors_mut};
use super::maths::sin_cos_quarter;
use super::{Isa, Kernel};
use crate::random::{Address, ROUNDS, round_keys};
use crate::real::Real;

/// Steps that one block of random words serves.
pub const STEPS: usize = 4;

/// Source of the normals of a run.
#[derive(Clone, Debug)]
pub struct Normals {
    isa: Isa,
    keys: [[u32; 2]; ROUNDS],
}

impl Normals {
    /// The normals of this seed.
    pub fn new(seed: u64, isa: Isa) -> Normals {
        Normals { isa, keys: round_keys(seed) }
    }

    /// Writes the normals of one trial for steps 4·`quad` .. 4·`quad` + 3 (steps counted from 0).
    /// `out[s]` is one row of units for step s of the four, a whole number of vectors long.
    pub fn fill<F: Real>(&self, address: &Address, quad: usize, out: [&mut [F]; STEPS]) {
        self.fill_from(address, quad, 0, out);
    }

    /// As [`fill`](Self::fill), for the units from `first` on.
    pub fn fill_from<F: Real>(&self, address: &Address, quad: usize, first: usize, out: [&mut [F]; STEPS]) {
        debug_assert_eq!(round_keys(address.seed), self.keys, "the address is of this seed");
        debug_assert!(out.iter().all(|row| row.len() == padded(row.len())), "whole vectors");
        let [third, fourth] = address.high_words();
        self.isa.run(Fill { keys: &self.keys, counter: [quad as u32, third, fourth], first: first as u32, out });
    }
}

struct Fill<'a, F> {
    keys: &'a [[u32; 2]; ROUNDS],
    counter: [u32; 3],
    first: u32,
    out: [&'a mut [F]; STEPS],
}

impl<F: Real> Kernel<F> for Fill<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let [a, b, c, d] = self.out;
        let (a, b, c, d) = (vectors_mut(a), vectors_mut(b), vectors_mut(c), vectors_mut(d));
        let mut block = 0;
        // Two vectors of units at a time: the chain of ten rounds is long, and two chains overlap.
        while block + 1 < a.len() {
            let first = self.first + (block * LANES) as u32;
            let starts = [first, first + LANES as u32];
            let words = philox::<V::Words, 2>(starts, self.counter, self.keys);
            for (k, words) in words.iter().enumerate() {
                let (x, y) = box_muller::<V>(words[0], words[1]);
                let (z, w) = box_muller::<V>(words[2], words[3]);
                x.store(&mut a[block + k]);
                y.store(&mut b[block + k]);
                z.store(&mut c[block + k]);
                w.store(&mut d[block + k]);
            }
            block += 2;
        }
        if block < a.len() {
            let [words] = philox::<V::Words, 1>([self.first + (block * LANES) as u32], self.counter, self.keys);
            let (x, y) = box_muller::<V>(words[0], words[1]);
            let (z, w) = box_muller::<V>(words[2], words[3]);
            x.store(&mut a[block]);
            y.store(&mut b[block]);
            z.store(&mut c[block]);
            w.store(&mut d[block]);
        }
    }
}

/// Vectors of sixteen blocks of Philox4x32-10, whose first counter words follow one another.
#[inline(always)]
fn philox<W: Words, const K: usize>(first: [u32; K], rest: [u32; 3], keys: &[[u32; 2]; ROUNDS]) -> [[W; 4]; K] {
    let mut all = [[W::splat(0), W::splat(rest[0]), W::splat(rest[1]), W::splat(rest[2])]; K];
    for (c, first) in all.iter_mut().zip(first) {
        c[0] = W::count_from(first);
    }
    for key in keys {
        for c in &mut all {
            let (high0, low0) = c[0].multiply(0xD251_1F53);
            let (high1, low1) = c[2].multiply(0xCD9E_8D57);
            *c = [high1.xor3(c[1], W::splat(key[0])), low1, high0.xor3(c[3], W::splat(key[1])), low0];
        }
    }
    all
}

/// Two independent normals from two words.
#[inline(always)]
fn box_muller<V: Lanes>(first: V::Words, second: V::Words) -> (V, V) {
    const TWO_31: f64 = 2_147_483_648.0;
    // (k + ½) / 2³¹ with k of 31 bits: never 0, so the largest normal is 6.6.
    let u = V::from_signed(first.halve()).fma(V::constant(1.0 / TWO_31), V::constant(0.5 / TWO_31));
    let radius = V::constant(-2.0).mul(V::Elem::ln(u));
    // The very largest u rounds to 1 and ln may come out a hair above 0.
    let radius = V::zero().max(radius).sqrt();
    let (sin, cos) = sin_cos_quarter(V::from_signed(second).mul(V::constant(0.125 / (TWO_31 / 2.0))));
    let (sin, cos) = (sin.mul(radius), cos.mul(radius));
    let cos = V::where_bit(second, 1, V::zero().sub(cos), cos);
    (V::where_bit(second, 2, sin, cos), V::where_bit(second, 2, cos, sin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, philox as one};

    fn rows(isa: Isa, trial: u64, quad: usize, units: usize) -> Vec<f32> {
        let mut out = vec![0.0; 4 * units];
        let mut four = out.chunks_exact_mut(units);
        let mut next = || four.next().expect("four rows");
        let address = Address { seed: 42, purpose: Purpose::TrainingUnits, trial };
        Normals::new(42, isa).fill(&address, quad, [next(), next(), next(), next()]);
        out
    }

    #[test]
    fn lanes_are_the_scalar_generator() {
        use crate::kernels::plain::PlainWords;
        let keys = round_keys(7);
        let [lanes] = philox::<PlainWords, 1>([5], [1, 2, 3], &keys);
        let scalar = one([5, 1, 2, 3], &keys);
        for (l, s) in lanes.iter().zip(scalar) {
            assert!(format!("{l:?}").contains(&format!("[{s},")));
        }
    }

    #[test]
    fn the_same_bits_on_every_processor() {
        let plain = rows(Isa::Plain, 9, 3, 112);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            assert_eq!(plain, rows(isa, 9, 3, 112), "{isa}");
        }
    }

    #[test]
    fn a_part_of_the_units_gets_its_own_normals() {
        let all = rows(Isa::best(), 9, 3, 96);
        let mut part = [[0.0f32; 48]; STEPS];
        let [a, b, c, d] = &mut part;
        let address = Address { seed: 42, purpose: Purpose::TrainingUnits, trial: 9 };
        Normals::new(42, Isa::best()).fill_from(&address, 3, 32, [a, b, c, d]);
        for (step, part) in part.iter().enumerate() {
            assert_eq!(part, &all[step * 96 + 32..][..48]);
        }
    }

    #[test]
    fn moments_are_those_of_a_normal() {
        let mut all = Vec::new();
        for trial in 0..200 {
            for quad in 0..20 {
                all.extend(rows(Isa::best(), trial, quad, 64));
            }
        }
        let n = all.len() as f64;
        let moment = |k: i32| all.iter().map(|&x| f64::from(x).powi(k)).sum::<f64>() / n;
        // s.d. of the k-th moment's estimate: √((m_2k - m_k²)/n); five of them
        for (k, want, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let tolerance = 5.0 * (variance / n).sqrt();
            assert!((moment(k) - want).abs() < tolerance, "moment {k}: {} ± {tolerance}", moment(k));
        }
        // neighbours in unit, step and trial are uncorrelated
        for lag in [1, 64, 128, 256, 256 * 20] {
            let c = all.iter().zip(&all[lag..]).map(|(a, b)| f64::from(a * b)).sum::<f64>() / n;
            assert!(c.abs() < 5.0 / n.sqrt(), "lag {lag}: {c}");
        }
        assert!(all.iter().any(|x| *x > 4.0) && all.iter().any(|x| *x < -4.0));
    }
}
