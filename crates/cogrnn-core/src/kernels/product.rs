//! Small matrix products that are done again and again with the same matrix.
//!
//! ```text
//! Product   out[row, i] (+)= Σ_k a[row, k] w[i, k]      w packed once an update; over some k only, where others are 0
//! Outer     out[i, j]    += Σ_row a[row, i] b[row, j]    rows in any number of pieces
//! dots      out[row, o]   = Σ_k a[row, k] w[o, k]        few outputs
//! ```
//!
//! Every output of the first two is one chain of multiply-adds in the order of k (or of the rows),
//! whatever the tiles: partial sums that go to memory and back are not rounded.

use super::lanes::{LANES, Lanes, padded, vectors};
use super::{Isa, Kernel};
use crate::real::Real;
use std::ops::Range;

/// Vectors of outputs that a tile spans at most.
const WIDEST: usize = 4;
/// Bytes of a packed panel that stay in the first-level cache while the rows pass.
const PANEL_BYTES: usize = 32 * 1024;
/// Rows of an outer product that stay in cache while the tiles pass.
const OUTER_ROWS: usize = 128;

/// How many vectors wide the tiles are with these registers.
const fn widest(accumulators: usize) -> usize {
    if accumulators >= 4 * WIDEST { WIDEST } else { 1 }
}

/// How many rows a tile of this width may have.
const fn tallest(accumulators: usize, width: usize) -> usize {
    let rows = accumulators / width;
    if rows > 12 { 12 } else { rows }
}

/// Cuts `total` into pieces of at most `most`, as even as can be: (start, length) of each. A loop over
/// these, not a closure: closures are compiled without the vector instructions of their caller.
fn even_pieces(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let pieces = total.div_ceil(most);
    let mut start = 0;
    (0..pieces).map(move |piece| {
        let length = (total - start).div_ceil(pieces - piece);
        start += length;
        (start - length, length)
    })
}

/// Whether a slice has `rows` ≥ 1 rows of `width`, `stride` apart.
fn spans<F>(slice: &[F], rows: usize, stride: usize, width: usize) -> bool {
    let last = (rows - 1).checked_mul(stride).and_then(|start| start.checked_add(width));
    last.is_some_and(|end| end <= slice.len())
}

/// A matrix laid out for [`Packed::multiply`]: panels of a few vectors of outputs, k by k.
#[derive(Clone, Debug)]
pub struct Packed<F> {
    isa: Isa,
    outputs: usize,
    depth: usize,
    /// First vector and width of each panel.
    panels: Vec<(usize, usize)>,
    data: Vec<F>,
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
        Packed { isa, outputs, depth, panels, data: vec![F::ZERO; padded(outputs) * depth] }
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
}

/// Ranges of k that a product runs over at most: more are as many tiles' work as all of k.
pub const MOST_RANGES: usize = 12;

impl<F: Real> Packed<F> {
    /// out[row, i] = Σ a[row, k] w[i, k] over these ranges of k, ascending: the same to the bit as the whole
    /// product where `a` is zero elsewhere.
    pub fn multiply_ranges(
        &self,
        rows: usize,
        a: &[F],
        a_stride: usize,
        out: &mut [F],
        out_stride: usize,
        ranges: &[(usize, usize)],
    ) {
        if rows == 0 {
            return;
        }
        assert!(spans(a, rows, a_stride, self.depth), "every row of a is there");
        assert!(spans(out, rows, out_stride, padded(self.outputs)), "every row of out is there");
        assert!(ranges.len() <= MOST_RANGES, "few ranges");
        assert!(ranges.iter().all(|&(k, n)| k.checked_add(n).is_some_and(|end| end <= self.depth)), "within the sums");
        self.isa.run(MultiplyRanges { w: self, rows, a, a_stride, out, out_stride, ranges });
    }
}

struct MultiplyRanges<'a, F> {
    w: &'a Packed<F>,
    rows: usize,
    a: &'a [F],
    a_stride: usize,
    out: &'a mut [F],
    out_stride: usize,
    ranges: &'a [(usize, usize)],
}

impl<F: Real> Kernel<F> for MultiplyRanges<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let MultiplyRanges { w, rows, a, a_stride, out, out_stride, ranges } = self;
        for &(first, width) in &w.panels {
            let panel = &w.data[first * LANES * w.depth..][..width * LANES * w.depth];
            let step = width * LANES;
            let whole =
                Operands { depth: 0, a: a.as_ptr(), a_row: a_stride, a_step: 1, b: panel.as_ptr(), b_step: step };
            let mut operands = [whole; MOST_RANGES];
            for (operand, &(k, n)) in operands.iter_mut().zip(ranges) {
                // SAFETY: `multiply_ranges` has checked that k + n is within the depth of a's rows and of the panel.
                unsafe {
                    operand.depth = n;
                    operand.a = a.as_ptr().add(k);
                    operand.b = panel.as_ptr().add(k * step);
                }
            }
            for (row, height) in even_pieces(rows, tallest(V::ACCUMULATORS, width)) {
                // SAFETY: checked in `multiply_ranges`: these rows lie within a and out.
                unsafe {
                    let out = out.as_mut_ptr().add(row * out_stride + first * LANES);
                    tile::<V>(height, width, &operands[..ranges.len()], row * a_stride, out, out_stride, false);
                }
            }
        }
    }
}

/// Where the columns `columns` of some rows are not all zero, as ranges with gaps of fewer than four filled
/// up; `None` if those are more than [`MOST_RANGES`] - 2, or most of the columns.
pub fn nonzero_ranges<F: Real>(
    rows: usize,
    a: &[F],
    a_stride: usize,
    columns: Range<usize>,
    found: &mut Vec<(usize, usize)>,
) -> Option<()> {
    found.clear();
    let mut used = 0;
    let mut k = columns.start;
    while k < columns.end {
        // Eight columns at a time: most are zero throughout.
        let width = (columns.end - k).min(8);
        let any = (0..rows).any(|row| a[row * a_stride + k..][..width].iter().any(|x| *x != F::ZERO));
        if any {
            for c in k..k + width {
                if (0..rows).any(|row| a[row * a_stride + c] != F::ZERO) {
                    match found.last_mut() {
                        Some((first, n)) if c < *first + *n + 4 => *n = c + 1 - *first,
                        _ => found.push((c, 1)),
                    }
                }
            }
        }
        k += width;
    }
    for (_, n) in &*found {
        used += n;
    }
    (found.len() <= MOST_RANGES - 2 && 4 * used <= 3 * columns.len()).then_some(())
}

/// out[c - channels.start, i] += Σ_row a[row, i] b[row, at + c] over all pieces in order, for c in `channels` and
/// i in 0..columns (rounded up to whole vectors); rows at which b is zero cost nothing.
pub fn outer_sparse<F: Real>(
    isa: Isa,
    pieces: &[Piece<'_, F>],
    strides: Strides,
    at: usize,
    channels: Range<usize>,
    columns: usize,
    out: &mut [F],
) {
    if channels.is_empty() {
        return;
    }
    for piece in pieces.iter().filter(|p| p.count > 0) {
        assert!(spans(piece.a, piece.count, strides.a, padded(columns)), "left factor is there");
        assert!(spans(piece.b, piece.count, strides.b, at + channels.end), "right factor is there");
    }
    assert!(spans(out, channels.len(), strides.out, padded(columns)), "room for the result");
    isa.run(OuterSparse { pieces, strides, at, channels, columns, out });
}

struct OuterSparse<'a, 'p, F> {
    pieces: &'a [Piece<'p, F>],
    strides: Strides,
    at: usize,
    channels: Range<usize>,
    columns: usize,
    out: &'a mut [F],
}

impl<F: Real> Kernel<F> for OuterSparse<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let OuterSparse { pieces, strides, at, channels, columns, out } = self;
        let width = padded(columns);
        for piece in pieces {
            for row in 0..piece.count {
                let b = &piece.b[row * strides.b + at..][channels.clone()];
                for (c, b) in b.iter().enumerate() {
                    if *b == F::ZERO {
                        continue;
                    }
                    let a = vectors(&piece.a[row * strides.a..][..width]);
                    let b = V::splat(*b);
                    for (sum, a) in super::lanes::vectors_mut(&mut out[c * strides.out..][..width]).iter_mut().zip(a) {
                        V::load(a).fma(b, V::load(sum)).store(sum);
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
                        tile::<V>(height, width, &[operands], 0, out, out_stride, add || k0 > 0);
                    }
                }
            }
        }
    }
}

/// Where a tile finds what it multiplies: rows r of `a` are `a_row` apart, step k of both is `a_step`
/// and `b_step` further on.
#[derive(Clone, Copy)]
struct Operands<F> {
    depth: usize,
    a: *const F,
    a_row: usize,
    a_step: usize,
    b: *const F,
    b_step: usize,
}

/// out[r, vector v] (+)= Σ_k a[r, k] b[k, v] for a tile that stays in registers.
///
/// # Safety
/// All that the operands and `out` span must be there.
#[inline(always)]
unsafe fn tile<V: Lanes>(
    rows: usize,
    width: usize,
    operands: &[Operands<V::Elem>],
    a_offset: usize,
    out: *mut V::Elem,
    out_stride: usize,
    add: bool,
) {
    macro_rules! choose {
        ($($width:literal: $($rows:literal)*;)*) => {
            match (width, rows) {
                $($(($width, $rows) if $rows <= tallest(V::ACCUMULATORS, $width) && $width <= widest(V::ACCUMULATORS) => {
                    // SAFETY: the caller's promise.
                    unsafe { sized_tile::<V, $rows, $width>(operands, a_offset, out, out_stride, add) }
                })*)*
                _ => unreachable!("pieces are at most `tallest` by `widest`"),
            }
        };
    }
    choose! {
        1: 1 2 3 4 5 6 7 8 9 10 11 12;
        2: 1 2 3 4 5 6 7 8 9 10 11 12;
        3: 1 2 3 4 5 6 7 8;
        4: 1 2 3 4 5 6;
    }
}

#[inline(always)]
unsafe fn sized_tile<V: Lanes, const R: usize, const W: usize>(
    operands: &[Operands<V::Elem>],
    a_offset: usize,
    out: *mut V::Elem,
    out_stride: usize,
    add: bool,
) {
    // SAFETY: the caller's promise, for all pointers below.
    unsafe {
        let mut sums = [[V::zero(); W]; R];
        if add {
            for (r, row) in sums.iter_mut().enumerate() {
                for (v, sum) in row.iter_mut().enumerate() {
                    *sum = V::load_ptr(out.add(r * out_stride + v * LANES));
                }
            }
        }
        for o in operands {
            let (mut a, mut b) = (o.a.add(a_offset), o.b);
            for _ in 0..o.depth {
                let mut columns = [V::zero(); W];
                for (v, column) in columns.iter_mut().enumerate() {
                    *column = V::load_ptr(b.add(v * LANES));
                }
                for (r, row) in sums.iter_mut().enumerate() {
                    let x = V::splat(*a.add(r * o.a_row));
                    for (sum, column) in row.iter_mut().zip(columns) {
                        *sum = x.fma(column, *sum);
                    }
                }
                a = a.add(o.a_step);
                b = b.add(o.b_step);
            }
        }
        for (r, row) in sums.iter().enumerate() {
            for (v, sum) in row.iter().enumerate() {
                sum.store_ptr(out.add(r * out_stride + v * LANES));
            }
        }
    }
}

/// Rows that an outer product runs over: `count` rows of two arrays.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a, F> {
    /// Rows of the left factor, `strides.a` apart.
    pub a: &'a [F],
    /// Rows of the right factor, `strides.b` apart.
    pub b: &'a [F],
    /// What is added to the right factor row by row.
    pub blend: Option<Blend<'a, F>>,
    /// How many.
    pub count: usize,
}

/// b\[row\] + scale\[row\] · c\[row\], formed as it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Blend<'a, F> {
    /// One a row; rows where it is zero are left as they are.
    pub scale: &'a [F],
    /// Rows `strides.c` apart.
    pub c: &'a [F],
}

/// Strides of the factors of an outer product, all but the first whole vectors.
#[derive(Clone, Copy, Debug)]
pub struct Strides {
    /// From row to row of the left factor.
    pub a: usize,
    /// From row to row of the right factor.
    pub b: usize,
    /// From row to row of what is blended into it; columns beyond are left as they are.
    pub c: usize,
    /// From row to row of the result.
    pub out: usize,
}

/// out[i - rows.start, j] += Σ a[row, i] b[row, j] over all pieces in order, for i in `rows` and j in
/// 0..columns (rounded up to whole vectors).
pub fn outer<F: Real>(
    isa: Isa,
    pieces: &[Piece<'_, F>],
    strides: Strides,
    rows: Range<usize>,
    columns: usize,
    out: &mut [F],
) {
    if rows.is_empty() {
        return;
    }
    for piece in pieces.iter().filter(|p| p.count > 0) {
        assert!(spans(piece.a, piece.count, strides.a, rows.end), "left factor is there");
        assert!(spans(piece.b, piece.count, strides.b, padded(columns)), "right factor is there");
        if let Some(blend) = piece.blend {
            assert!(
                spans(blend.scale, piece.count, 1, 1) && spans(blend.c, piece.count, strides.c, strides.c),
                "blend is there"
            );
        }
    }
    assert!(strides.c.is_multiple_of(LANES), "whole vectors");
    assert!(spans(out, rows.len(), strides.out, padded(columns)), "room for the result");
    isa.run(Outer { pieces, strides, rows, columns, out });
}

struct Outer<'a, 'p, F> {
    pieces: &'a [Piece<'p, F>],
    strides: Strides,
    rows: Range<usize>,
    columns: usize,
    out: &'a mut [F],
}

/// Some rows of a piece: where they start, and how many.
#[derive(Clone, Copy)]
struct Part {
    piece: usize,
    first: usize,
    count: usize,
}

impl<F: Real> Kernel<F> for Outer<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        const MOST: usize = 64;
        let Outer { pieces, strides, rows, columns, out } = self;
        let total = padded(columns) / LANES;
        let mut panel = [F::ZERO; OUTER_ROWS * WIDEST * LANES];
        // One pointer for all: the panel is written and read through it alone.
        let panel = panel.as_mut_ptr();
        let (mut next, mut offset) = (0, 0);
        loop {
            // Rows of pieces until the block is full.
            let mut parts = [Part { piece: 0, first: 0, count: 0 }; MOST];
            let (mut used, mut depth) = (0, 0);
            while next < pieces.len() && used < MOST && depth < OUTER_ROWS {
                let count = (pieces[next].count - offset).min(OUTER_ROWS - depth);
                if count > 0 {
                    parts[used] = Part { piece: next, first: offset, count };
                    used += 1;
                    depth += count;
                }
                offset += count;
                if offset == pieces[next].count {
                    (next, offset) = (next + 1, 0);
                }
            }
            if used == 0 {
                return;
            }
            for (first, width) in even_pieces(total, widest(V::ACCUMULATORS)) {
                let nothing = Operands {
                    depth: 0,
                    a: std::ptr::null(),
                    a_row: 1,
                    a_step: strides.a,
                    b: panel.cast_const(),
                    b_step: width * LANES,
                };
                let mut operands = [nothing; MOST];
                let mut done = 0;
                for (part, operand) in parts[..used].iter().zip(&mut operands) {
                    let piece = &pieces[part.piece];
                    // SAFETY: `outer` has checked that these rows are there, `done` rows fit the panel.
                    unsafe {
                        gather::<V>(piece, part, strides, first, width, panel.add(done * width * LANES));
                        operand.depth = part.count;
                        operand.a = piece.a.as_ptr().add(part.first * strides.a);
                        operand.b = panel.add(done * width * LANES).cast_const();
                    }
                    done += part.count;
                }
                for (row, height) in even_pieces(rows.len(), tallest(V::ACCUMULATORS, width)) {
                    // SAFETY: checked in `outer`: these rows and vectors lie within all three.
                    unsafe {
                        let out = out.as_mut_ptr().add(row * strides.out + first * LANES);
                        tile::<V>(height, width, &operands[..used], rows.start + row, out, strides.out, true);
                    }
                }
            }
        }
    }
}

/// Puts some vectors of some rows of the right factor side by side.
///
/// # Safety
/// The rows, and room for them at `to`, must be there.
#[inline(always)]
unsafe fn gather<V: Lanes>(
    piece: &Piece<'_, V::Elem>,
    part: &Part,
    strides: Strides,
    first: usize,
    width: usize,
    to: *mut V::Elem,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for k in 0..part.count {
            let row = part.first + k;
            let from = piece.b.as_ptr().add(row * strides.b + first * LANES);
            let to = to.add(k * width * LANES);
            for v in 0..width {
                V::load_ptr(from.add(v * LANES)).store_ptr(to.add(v * LANES));
            }
            let Some(blend) = piece.blend else { continue };
            let scale = *blend.scale.as_ptr().add(row);
            if scale != V::Elem::ZERO {
                let scale = V::splat(scale);
                let c = blend.c.as_ptr().add(row * strides.c);
                for v in 0..width {
                    if (first + v) * LANES < strides.c {
                        let to = to.add(v * LANES);
                        scale.fma(V::load_ptr(c.add((first + v) * LANES)), V::load_ptr(to)).store_ptr(to);
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

    #[test]
    fn products_over_what_is_not_zero_are_the_whole_products() {
        let (rows, outputs, depth, stride_a) = (20, 50, 136, 144);
        let (w, mut a) = (random(outputs * depth, 5), random(rows * stride_a, 6));
        for row in a.chunks_exact_mut(stride_a) {
            for (k, x) in row[50..135].iter_mut().enumerate() {
                if ![0, 3, 20, 21, 67].contains(&k) {
                    *x = 0.0;
                }
            }
        }
        a[7 * stride_a + 50 + 21] = 0.0;
        let mut ranges = Vec::new();
        nonzero_ranges(rows, &a, stride_a, 50..135, &mut ranges).unwrap();
        assert_eq!(ranges, [(50, 4), (70, 2), (117, 1)]);
        ranges.insert(0, (0, 50));
        ranges.push((135, 1));
        let width = stride_of(outputs);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let mut packed = Packed::new(outputs, depth, isa);
            packed.set_columns(0, &w, depth);
            let (mut whole, mut some) = (vec![0.0; rows * width], vec![0.0; rows * width]);
            packed.multiply(rows, &a, stride_a, &mut whole, width, false);
            packed.multiply_ranges(rows, &a, stride_a, &mut some, width, &ranges);
            assert_eq!(whole, some, "{isa}");

            let deltas = random(rows * 64, 7);
            let pieces: Vec<_> = [(0, 12), (12, 8)]
                .map(|(r, count)| Piece { a: &deltas[r * 64..], b: &a[r * stride_a..], blend: None, count })
                .into();
            let mut dense = vec![0.0; outputs * stride_a];
            let strides = Strides { a: 64, b: stride_a, c: 0, out: stride_a };
            outer(isa, &pieces, strides, 0..outputs, depth, &mut dense);
            let mut sparse = vec![0.0; 85 * 64];
            for channels in [0..40, 40..85] {
                let out = &mut sparse[channels.start * 64..channels.end * 64];
                outer_sparse(isa, &pieces, Strides { out: 64, ..strides }, 50, channels, outputs, out);
            }
            for i in 0..outputs {
                for c in 0..85 {
                    assert_eq!(sparse[c * 64 + i], dense[i * stride_a + 50 + c], "{isa} {i} {c}");
                }
            }
        }
        // dense columns are better done whole
        assert!(nonzero_ranges(rows, &random(rows * stride_a, 8), stride_a, 50..135, &mut ranges).is_none());
    }

    #[test]
    fn an_outer_product_does_not_depend_on_its_pieces() {
        let (rows, n, m) = (333, 37, 60);
        let (sa, sb) = (48, 80);
        let (a, b) = (random(rows * sa, 3), random(rows * sb, 4));
        let chain = |i: usize, j: usize| (0..rows).fold(0.0, |s, r| f32::mul_add(a[r * sa + i], b[r * sb + j], s));
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            for cut in [1, 7, 130, 333] {
                let pieces: Vec<_> = (0..rows)
                    .step_by(cut)
                    .map(|r| Piece { a: &a[r * sa..], b: &b[r * sb..], blend: None, count: cut.min(rows - r) })
                    .collect();
                for slab in [0..n, 5..9] {
                    let mut out = vec![0.0; slab.len() * sb];
                    outer(isa, &pieces, Strides { a: sa, b: sb, c: 0, out: sb }, slab.clone(), m, &mut out);
                    for (k, i) in slab.enumerate() {
                        for j in 0..m {
                            assert_eq!(out[k * sb + j], chain(i, j), "{isa} cut {cut} at {i}, {j}");
                        }
                    }
                }
            }
        }
    }

    fn stride_of(n: usize) -> usize {
        super::super::lanes::stride(n)
    }
}
