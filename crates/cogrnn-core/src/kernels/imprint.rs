//! Weights that change after every step, and what their synapses remember of the trial, in one pass over both.
//!
//! ```text
//! p_b[i, k] ← keep_i p_b[i, k] + gain_b,i ends_b,k          w[i, k] ← w[i, k] - rate Σ_b q_b,i p_b[i, k]
//! ```
//! p lies as the packed weights do. Multiplications and additions are rounded one by one, and trials are added in their
//! order: the same bits as from one matrix after the other.

use super::Kernel;
use super::lanes::{LANES, Lanes, padded, vectors, vectors_mut};
use super::product::{Packed, spans};
use crate::real::Real;
use std::ops::Range;

/// What the trials of one step bring, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Imprint<'a, F> {
    /// How many trials.
    pub trials: usize,
    /// What is left of an eligibility after a step (output, padded).
    pub keep: &'a [F],
    /// (trial × output, padded).
    pub gain: &'a [F],
    /// q (trial × output, padded).
    pub blame: &'a [F],
    /// What arrived, rows `ends_stride` apart.
    pub ends: &'a [F],
    /// From trial to trial.
    pub ends_stride: usize,
    /// η.
    pub rate: F,
}

impl<F: Real> Packed<F> {
    /// Entries of the packed matrix, padding included: the size of an eligibility.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The inverse of [`set_columns`](Self::set_columns).
    pub fn columns(&self, at: usize, matrix: &mut [F], columns: usize) {
        debug_assert_eq!(matrix.len(), self.outputs * columns, "one row an output");
        for &(first, width) in &self.panels {
            let panel = &self.data[first * LANES * self.depth..][..width * LANES * self.depth];
            for lane in 0..(width * LANES).min(self.outputs - first * LANES) {
                let row = &mut matrix[(first * LANES + lane) * columns..][..columns];
                for (k, w) in row.iter_mut().enumerate() {
                    *w = panel[(at + k) * width * LANES + lane];
                }
            }
        }
    }

    /// Carries the eligibilities of these trials (one after another, each of [`len`](Self::len) entries) over a step and
    /// changes the weights by them, for these columns.
    pub fn imprint(&mut self, columns: Range<usize>, eligibility: &mut [F], step: &Imprint<'_, F>) {
        let width = padded(self.outputs);
        if step.trials == 0 || columns.is_empty() {
            return;
        }
        assert!(columns.end <= self.depth, "these columns are there");
        assert!(step.keep.len() >= width, "one an output");
        assert!(step.gain.len() >= step.trials * width && step.blame.len() >= step.trials * width, "a row a trial");
        assert!(spans(step.ends, step.trials, step.ends_stride, columns.end), "every row is there");
        assert!(eligibility.len() >= step.trials * self.data.len(), "one eligibility a trial");
        self.isa.run(Pass { w: self, columns, eligibility, step });
    }
}

struct Pass<'a, 's, F> {
    w: &'a mut Packed<F>,
    columns: Range<usize>,
    eligibility: &'a mut [F],
    step: &'a Imprint<'s, F>,
}

impl<F: Real> Kernel<F> for Pass<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let Pass { w, columns, eligibility, step } = self;
        let width_all = padded(w.outputs);
        let (depth, size) = (w.depth, w.data.len());
        let rate = V::splat(step.rate);
        for &(first, width) in &w.panels {
            let panel = first * LANES * depth..(first + width) * LANES * depth;
            let lanes = first * LANES..(first + width) * LANES;
            let keep = vectors(&step.keep[lanes.clone()]);
            let used = columns.start * width..columns.end * width;
            let weights = &mut vectors_mut(&mut w.data[panel.clone()])[used.clone()];
            if step.trials == 1 {
                let (gain, blame) = (vectors(&step.gain[lanes.clone()]), vectors(&step.blame[lanes.clone()]));
                let p = &mut vectors_mut(&mut eligibility[panel])[used];
                let ends = &step.ends[columns.clone()];
                let one = One { keep, gain, blame, ends, rate: step.rate, weights, p };
                match width {
                    1 => one.pass::<V, 1>(),
                    2 => one.pass::<V, 2>(),
                    3 => one.pass::<V, 3>(),
                    4 => one.pass::<V, 4>(),
                    5 => one.pass::<V, 5>(),
                    6 => one.pass::<V, 6>(),
                    7 => one.pass::<V, 7>(),
                    8 => one.pass::<V, 8>(),
                    _ => one.pass_wide::<V>(width),
                }
                continue;
            }
            for (k, w) in columns.clone().zip(weights.chunks_exact_mut(width)) {
                for (v, w) in w.iter_mut().enumerate() {
                    let mut sum = V::zero();
                    for b in 0..step.trials {
                        let row = b * width_all..(b + 1) * width_all;
                        let lane = first + v;
                        let (gain, blame) = (vectors(&step.gain[row.clone()]), vectors(&step.blame[row]));
                        let p =
                            &mut vectors_mut(&mut eligibility[b * size..(b + 1) * size][panel.clone()])[k * width + v];
                        let end = V::splat(step.ends[b * step.ends_stride + k]);
                        let new = V::load(&keep[v]).mul(V::load(p)).add(V::load(&gain[lane]).mul(end));
                        new.store(p);
                        sum = sum.add(V::load(&blame[lane]).mul(new));
                    }
                    V::load(w).sub(rate.mul(sum)).store(w);
                }
            }
        }
    }
}

/// One panel of one trial.
struct One<'a, F> {
    keep: &'a [[F; LANES]],
    gain: &'a [[F; LANES]],
    blame: &'a [[F; LANES]],
    ends: &'a [F],
    rate: F,
    weights: &'a mut [[F; LANES]],
    p: &'a mut [[F; LANES]],
}

impl<F: Real> One<'_, F> {
    /// With what belongs to the outputs in registers.
    #[inline(always)]
    fn pass<V: Lanes<Elem = F>, const W: usize>(self) {
        let rate = V::splat(self.rate);
        let load = |from: &[[F; LANES]]| -> [V; W] { std::array::from_fn(|v| V::load(&from[v])) };
        let (keep, gain, blame) = (load(self.keep), load(self.gain), load(self.blame));
        let rows = self.weights.as_chunks_mut::<W>().0.iter_mut().zip(self.p.as_chunks_mut::<W>().0);
        for ((w, p), end) in rows.zip(self.ends) {
            let end = V::splat(*end);
            for v in 0..W {
                let new = keep[v].mul(V::load(&p[v])).add(gain[v].mul(end));
                new.store(&mut p[v]);
                V::load(&w[v]).sub(rate.mul(blame[v].mul(new))).store(&mut w[v]);
            }
        }
    }

    #[inline(always)]
    fn pass_wide<V: Lanes<Elem = F>>(self, width: usize) {
        let rate = V::splat(self.rate);
        let rows = self.weights.chunks_exact_mut(width).zip(self.p.chunks_exact_mut(width));
        for ((w, p), end) in rows.zip(self.ends) {
            let end = V::splat(*end);
            for (((w, p), keep), (gain, blame)) in
                w.iter_mut().zip(p).zip(self.keep).zip(self.gain.iter().zip(self.blame))
            {
                let new = V::load(keep).mul(V::load(p)).add(V::load(gain).mul(end));
                new.store(p);
                V::load(w).sub(rate.mul(V::load(blame).mul(new))).store(w);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Isa;
    use crate::random::{Address, Purpose};

    /// One matrix after the other, number by number.
    #[test]
    fn one_pass_gives_the_same_bits_as_many() {
        let mut stream = Address { seed: 2, purpose: Purpose::Weights, trial: 0 }.stream();
        for (outputs, depth, trials) in [(1, 1, 1), (30, 32, 1), (7, 5, 3), (100, 103, 1), (100, 103, 2), (130, 9, 4)] {
            for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| stream.normal() as f32).collect() };
                let width = padded(outputs);
                let mut weights = draw(outputs * depth);
                let mut packed = Packed::new(outputs, depth, isa);
                packed.set_columns(0, &weights, depth);
                let mut eligibility = vec![0.0; trials * packed.len()];
                let mut plain = vec![vec![0.0f32; outputs * depth]; trials];
                let keep = draw(width);
                let used = 0..depth - depth / 3;
                for _ in 0..3 {
                    let (gain, blame, ends) = (draw(trials * width), draw(trials * width), draw(trials * depth));
                    let step = Imprint {
                        trials,
                        keep: &keep,
                        gain: &gain,
                        blame: &blame,
                        ends: &ends,
                        ends_stride: depth,
                        rate: 0.1,
                    };
                    packed.imprint(used.clone(), &mut eligibility, &step);
                    for i in 0..outputs {
                        for k in used.clone() {
                            let mut sum = 0.0;
                            for (b, p) in plain.iter_mut().enumerate() {
                                let p = &mut p[i * depth + k];
                                *p = keep[i] * *p + gain[b * width + i] * ends[b * depth + k];
                                sum += blame[b * width + i] * *p;
                            }
                            weights[i * depth + k] -= 0.1 * sum;
                        }
                    }
                }
                let mut found = vec![0.0; outputs * depth];
                packed.columns(0, &mut found, depth);
                assert_eq!(found, weights, "{outputs} × {depth}, {trials} trials, {isa}");
            }
        }
    }
}
