//! Small matrix products that are done again and again with the same matrix.
//!
//! ```text
//! Product   out[row, i] (+)= Σ_k a[row, k] w[i, k]      w packed once an update; terms with a = 0 may be left out
//! dots      out[row, o]   = Σ_k a[row, k] w[o, k]        few outputs
//! ```
//!
//! Every output of the first is one chain of multiply-adds in the order of k, whatever the tiles: partial
//! sums that go to memory and back are not rounded, and a term that is zero adds nothing.

use super::aligned::Aligned;
use super::lanes::{LANES, Lanes, padded, vectors};
use super::terms::{AT_ONCE, Terms};
use super::tile::{Operands, chosen_tile, even_pieces, tallest, tile, widest};
use super::{Isa, Kernel};
use crate::real::Real;

/// Bytes of a packed panel that stay in the first-level cache while the rows pass.
const PANEL_BYTES: usize = 32 * 1024;
/// The same where some of it is passed over.
const SPARSE_PANEL_BYTES: usize = 64 * 1024;

/// Whether a slice has `rows` ≥ 1 rows of `width`, `stride` apart.
pub(super) fn spans<F>(slice: &[F], rows: usize, stride: usize, width: usize) -> bool {
    let last = (rows - 1).checked_mul(stride).and_then(|start| start.checked_add(width));
    last.is_some_and(|end| end <= slice.len())
}

/// A matrix laid out for [`Packed::multiply`]: panels of a few vectors of outputs, k by k.
#[derive(Clone, Debug)]
pub struct Packed<F> {
    pub(super) isa: Isa,
    pub(super) outputs: usize,
    pub(super) depth: usize,
    /// First vector and width of each panel.
    pub(super) panels: Vec<(usize, usize)>,
    pub(super) data: Aligned<F>,
}

impl<F: Real> Packed<F> {
    /// Room for a matrix with this many outputs, each a sum over `depth` products.
    pub fn new(outputs: usize, depth: usize, isa: Isa) -> Packed<F> {
        struct Width;
        impl<F: Real> Kernel<F> for Width {
            type Output = usize;
            #[inline(always)]
            fn run<V: Lanes<Elem = F>>(self) -> usize {
                widest(V::ACCUMULATORS)
            }
        }
        let panels = (even_pieces(padded(outputs) / LANES, isa.run::<F, Width>(Width))).collect();
        Packed { isa, outputs, depth, panels, data: Aligned::zeros(padded(outputs) * depth) }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Length of each sum.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Writes columns `at..` of the sums: w[i, at + k] = matrix[i, k] for a row-major matrix
    /// (outputs × columns).
    pub fn set_columns(&mut self, at: usize, matrix: &[F], columns: usize) {
        debug_assert_eq!(matrix.len(), self.outputs * columns, "one row an output");
        let depth = self.depth;
        for &(first, width) in &self.panels {
            let panel = &mut self.data[first * LANES * depth..][..width * LANES * depth];
            for lane in 0..width * LANES {
                let output = first * LANES + lane;
                if output >= self.outputs {
                    break;
                }
                let row = &matrix[output * columns..][..columns];
                for (k, &w) in row.iter().enumerate() {
                    panel[(at + k) * width * LANES + lane] = w;
                }
            }
        }
    }

    /// Writes w[j, at + i] = matrix[i, j] for a row-major matrix (rows × outputs): its transpose.
    pub fn set_rows(&mut self, at: usize, matrix: &[F], rows: usize) {
        debug_assert_eq!(matrix.len(), rows * self.outputs, "one column an output");
        let (depth, outputs) = (self.depth, self.outputs);
        for &(first, width) in &self.panels {
            let panel = &mut self.data[first * LANES * depth..][..width * LANES * depth];
            let used = (outputs - first * LANES).min(width * LANES);
            for i in 0..rows {
                panel[(at + i) * width * LANES..][..used]
                    .copy_from_slice(&matrix[i * outputs + first * LANES..][..used]);
            }
        }
    }

    /// out[row, i] = Σ_k a[row, k] w[i, k], or added to what is there; `a` has rows of `a_stride`, `out` of
    /// `out_stride` (whole vectors).
    pub fn multiply(&self, rows: usize, a: &[F], a_stride: usize, out: &mut [F], out_stride: usize, add: bool) {
        if rows == 0 {
            return;
        }
        assert!(spans(a, rows, a_stride, self.depth), "every row of a is there");
        assert!(spans(out, rows, out_stride, padded(self.outputs)), "every row of out is there");
        self.isa.run(Multiply { w: self, rows, a, a_stride, out, out_stride, add });
    }

    /// out[row, i] = Σ_k a[row, k] w[i, k], the same to the bit as [`multiply`](Self::multiply), without the work
    /// for terms at which a few rows are all zero. `terms` is room for the list of the others.
    pub fn multiply_sparse(
        &self,
        rows: usize,
        a: &[F],
        a_stride: usize,
        out: &mut [F],
        out_stride: usize,
        terms: &mut Terms,
    ) {
        if rows == 0 {
            return;
        }
        assert!(spans(a, rows, a_stride, self.depth), "every row of a is there");
        assert!(spans(out, rows, out_stride, padded(self.outputs)), "every row of out is there");
        self.isa.run(MultiplySparse { w: self, rows, a, a_stride, out, out_stride, terms });
    }
}

struct MultiplySparse<'a, F> {
    w: &'a Packed<F>,
    rows: usize,
    a: &'a [F],
    a_stride: usize,
    out: &'a mut [F],
    out_stride: usize,
    terms: &'a mut Terms,
}

impl<F: Real> Kernel<F> for MultiplySparse<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let MultiplySparse { w, rows, a, a_stride, out, out_stride, terms } = self;
        if !terms.find::<V>(rows, a, a_stride, w.depth) {
            return Multiply { w, rows, a, a_stride, out, out_stride, add: false }.run::<V>();
        }
        for &(first, width) in &w.panels {
            let panel = &w.data[first * LANES * w.depth..][..width * LANES * w.depth];
            let block = (SPARSE_PANEL_BYTES / (width * LANES * size_of::<F>())).max(16);
            for (k0, length) in even_pieces(w.depth, block) {
                for (row, height) in even_pieces(rows, AT_ONCE) {
                    let list = terms.of(row, k0..k0 + length);
                    // SAFETY: `multiply_sparse` has checked that these rows lie within a and out; the panel holds
                    // `depth` × `width` vectors, and `find` lists terms below `depth`.
                    unsafe {
                        let out = out.as_mut_ptr().add(row * out_stride + first * LANES);
                        let a = a.as_ptr().add(row * a_stride);
                        let last = height - 1;
                        let a = std::array::from_fn(|r| a.add(r.min(last) * a_stride));
                        let out = std::array::from_fn(|r| out.add(r.min(last) * out_stride));
                        chosen_tile::<V>(height, width, list, a, 1, panel.as_ptr(), out, k0 > 0);
                    }
                }
            }
        }
    }
}

struct Multiply<'a, F> {
    w: &'a Packed<F>,
    rows: usize,
    a: &'a [F],
    a_stride: usize,
    out: &'a mut [F],
    out_stride: usize,
    add: bool,
}

impl<F: Real> Kernel<F> for Multiply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let Multiply { w, rows, a, a_stride, out, out_stride, add } = self;
        for &(first, width) in &w.panels {
            let panel = &w.data[first * LANES * w.depth..][..width * LANES * w.depth];
            let block = (PANEL_BYTES / (width * LANES * size_of::<F>())).max(16);
            // a panel that is read once need not stay
            let block = if rows <= tallest(V::ACCUMULATORS, width) { w.depth } else { block };
            for (k0, length) in even_pieces(w.depth, block) {
                for (row, height) in even_pieces(rows, tallest(V::ACCUMULATORS, width)) {
                    // SAFETY: `multiply` has checked that these rows lie within a and out; the panel
                    // holds `depth` × `width` vectors.
                    unsafe {
                        let operands = Operands {
                            depth: length,
                            a: a.as_ptr().add(row * a_stride + k0),
                            a_row: a_stride,
                            a_step: 1,
                            b: panel.as_ptr().add(k0 * width * LANES),
                            b_step: width * LANES,
                        };
                        let out = out.as_mut_ptr().add(row * out_stride + first * LANES);
                        tile::<V>(height, width, operands, out, out_stride, add || k0 > 0);
                    }
                }
            }
        }
    }
}

/// out[row, o] = Σ_k a[row, k] w[o, k] + bias\[o\] for a few outputs: rows of `a` are `a_stride` apart,
/// rows of `w` `w_stride` (whole vectors; what lies between is zero in `w`), rows of `out` tight.
pub fn dots<F: Real>(
    isa: Isa,
    rows: usize,
    a: &[F],
    a_stride: usize,
    w: &[F],
    w_stride: usize,
    bias: &[F],
    out: &mut [F],
) {
    isa.run(Dots { rows, a, a_stride, w, w_stride, bias, out });
}

struct Dots<'a, F> {
    rows: usize,
    a: &'a [F],
    a_stride: usize,
    w: &'a [F],
    w_stride: usize,
    bias: &'a [F],
    out: &'a mut [F],
}

impl<F: Real> Kernel<F> for Dots<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let outputs = self.bias.len();
        for row in 0..self.rows {
            let a = vectors(&self.a[row * self.a_stride..]);
            for o in 0..outputs {
                let w = vectors(&self.w[o * self.w_stride..][..self.w_stride]);
                let mut sum = V::zero();
                for (a, w) in a.iter().zip(w) {
                    sum = V::load(a).fma(V::load(w), sum);
                }
                self.out[row * outputs + o] = sum.sum() + self.bias[o];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Address, Purpose};

    fn random(n: usize, trial: u64) -> Vec<f32> {
        let mut s = Address { seed: 1, purpose: Purpose::Weights, trial }.stream();
        (0..n).map(|_| s.uniform() as f32 - 0.5).collect()
    }

    #[test]
    fn a_packed_product_is_one_ordered_chain_on_every_processor() {
        for (rows, outputs, depth) in
            [(1, 1, 1), (5, 17, 9), (20, 100, 104), (13, 150, 300), (50, 33, 700), (7, 200, 64)]
        {
            let (w, a) = (random(outputs * depth, 1), random(rows * (depth + 3), 2));
            let width = stride_of(outputs);
            for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                for transposed in [false, true] {
                    let mut packed = Packed::new(outputs, depth, isa);
                    if transposed {
                        let t: Vec<f32> =
                            (0..depth * outputs).map(|i| w[(i % outputs) * depth + i / outputs]).collect();
                        packed.set_rows(0, &t, depth);
                    } else {
                        packed.set_columns(0, &w, depth);
                    }
                    let mut out = vec![f32::NAN; rows * width];
                    packed.multiply(rows, &a, depth + 3, &mut out, width, false);
                    for row in 0..rows {
                        for i in 0..outputs {
                            let chain = (0..depth)
                                .fold(0.0, |s, k| f32::mul_add(a[row * (depth + 3) + k], w[i * depth + k], s));
                            assert_eq!(out[row * width + i], chain, "{isa} {rows}×{outputs}×{depth} at {row}, {i}");
                        }
                    }
                }
            }
        }
    }

    /// Whatever the number of rows and of outputs, there is a tile for it, whole and with zeros left out.
    #[test]
    fn every_size_has_its_tiles() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            for outputs in (1..=160).step_by(16) {
                let depth = 3;
                let mut packed = Packed::new(outputs, depth, isa);
                packed.set_columns(0, &vec![1.0f32; outputs * depth], depth);
                for rows in 1..=26 {
                    let (whole, mut some) = (vec![1.0; rows * depth], vec![1.0; rows * depth]);
                    some.chunks_exact_mut(depth).for_each(|row| row[1] = 0.0);
                    let mut out = vec![0.0; rows * padded(outputs)];
                    packed.multiply(rows, &whole, depth, &mut out, padded(outputs), false);
                    assert!(out.chunks(padded(outputs)).all(|row| row[..outputs].iter().all(|x| *x == 3.0)));
                    packed.multiply_sparse(rows, &some, depth, &mut out, padded(outputs), &mut Terms::default());
                    assert!(out.chunks(padded(outputs)).all(|row| row[..outputs].iter().all(|x| *x == 2.0)));
                }
            }
        }
    }

    #[test]
    fn products_over_what_is_not_zero_are_the_whole_products() {
        for (rows, outputs, depth, share) in
            [(1, 17, 9, 0.3), (20, 50, 136, 0.1), (25, 150, 157, 0.4), (7, 33, 600, 0.0), (11, 100, 64, 0.9)]
        {
            let stride_a = depth + 5;
            let (w, mut a) = (random(outputs * depth, 5), random(rows * stride_a, 6));
            let chance = random(rows * stride_a, 7);
            for (x, c) in a.iter_mut().zip(chance) {
                if c + 0.5 >= share {
                    *x = 0.0;
                }
            }
            let width = stride_of(outputs);
            for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                let mut packed = Packed::new(outputs, depth, isa);
                packed.set_columns(0, &w, depth);
                let (mut whole, mut some) = (vec![0.0; rows * width], vec![f32::NAN; rows * width]);
                packed.multiply(rows, &a, stride_a, &mut whole, width, false);
                packed.multiply_sparse(rows, &a, stride_a, &mut some, width, &mut Terms::default());
                for (whole, some) in whole.chunks(width).zip(some.chunks(width)) {
                    assert_eq!(whole[..outputs], some[..outputs], "{isa} {rows}×{outputs}×{depth}");
                }
            }
        }
    }

    fn stride_of(n: usize) -> usize {
        super::super::lanes::stride(n)
    }
}
