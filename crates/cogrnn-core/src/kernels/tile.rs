//! Tiles of products: as many running sums as the registers hold.

use super::lanes::{LANES, Lanes};
use super::terms::AT_ONCE;

/// Vectors of outputs that a tile spans at most.
pub(super) const WIDEST: usize = 4;

/// How many vectors wide the tiles are with these registers.
pub(super) const fn widest(accumulators: usize) -> usize {
    if accumulators >= 4 * WIDEST { WIDEST } else { 1 }
}

/// How many rows a tile of this width may have.
pub(super) const fn tallest(accumulators: usize, width: usize) -> usize {
    let rows = accumulators / width;
    if rows > 12 { 12 } else { rows }
}

/// Cuts `total` into pieces of at most `most`, as even as can be: (start, length) of each. A loop over
/// these, not a closure: closures are compiled without the vector instructions of their caller.
pub(super) fn even_pieces(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let pieces = total.div_ceil(most);
    let mut start = 0;
    (0..pieces).map(move |piece| {
        let length = (total - start).div_ceil(pieces - piece);
        start += length;
        (start - length, length)
    })
}

/// Where a tile finds what it multiplies: rows r of `a` are `a_row` apart, step k of both is `a_step`
/// and `b_step` further on.
#[derive(Clone, Copy)]
pub(super) struct Operands<F> {
    pub depth: usize,
    pub a: *const F,
    pub a_row: usize,
    pub a_step: usize,
    pub b: *const F,
    pub b_step: usize,
}

/// out[r, vector v] (+)= Σ_k a[r, k] b[k, v] for a tile that stays in registers.
///
/// # Safety
/// All that the operands and `out` span must be there.
#[inline(always)]
pub(super) unsafe fn tile<V: Lanes>(
    rows: usize,
    width: usize,
    operands: Operands<V::Elem>,
    out: *mut V::Elem,
    out_stride: usize,
    add: bool,
) {
    macro_rules! choose {
        ($($width:literal: $($rows:literal)*;)*) => {
            match (width, rows) {
                $($(($width, $rows) if $rows <= tallest(V::ACCUMULATORS, $width) && $width <= widest(V::ACCUMULATORS) => {
                    // SAFETY: the caller's promise.
                    unsafe { sized_tile::<V, $rows, $width>(operands, out, out_stride, add) }
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
    operands: Operands<V::Elem>,
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
        let o = operands;
        let (mut a, mut b) = (o.a, o.b);
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
        for (r, row) in sums.iter().enumerate() {
            for (v, sum) in row.iter().enumerate() {
                sum.store_ptr(out.add(r * out_stride + v * LANES));
            }
        }
    }
}

/// out[r][vector v] (+)= Σ a[r][k · a_step] b[k, v] over the steps k of a list, ascending; steps of `b` are `width`
/// vectors apart. Rows from `rows` on are not looked at.
///
/// # Safety
/// All that the list reaches, and `out`, must be there.
#[inline(always)]
pub(super) unsafe fn chosen_tile<V: Lanes>(
    rows: usize,
    width: usize,
    list: &[u32],
    a: [*const V::Elem; AT_ONCE],
    a_step: usize,
    b: *const V::Elem,
    out: [*mut V::Elem; AT_ONCE],
    add: bool,
) {
    macro_rules! choose {
        ($($width:literal: $($rows:literal)*;)*) => {
            match (width, rows) {
                $($(($width, $rows) if $width <= widest(V::ACCUMULATORS) => {
                    // SAFETY: the caller's promise.
                    unsafe { sized_chosen_tile::<V, $rows, $width>(list, a, a_step, b, out, add) }
                })*)*
                _ => unreachable!("pieces are at most `AT_ONCE` by `widest`"),
            }
        };
    }
    choose! {
        1: 1 2 3 4;
        2: 1 2 3 4;
        3: 1 2 3 4;
        4: 1 2 3 4;
    }
}

#[inline(always)]
unsafe fn sized_chosen_tile<V: Lanes, const R: usize, const W: usize>(
    list: &[u32],
    a: [*const V::Elem; AT_ONCE],
    a_step: usize,
    b: *const V::Elem,
    out: [*mut V::Elem; AT_ONCE],
    add: bool,
) {
    // SAFETY: the caller's promise, for all pointers below.
    unsafe {
        let mut sums = [[V::zero(); W]; R];
        if add {
            for (r, row) in sums.iter_mut().enumerate() {
                for (v, sum) in row.iter_mut().enumerate() {
                    *sum = V::load_ptr(out[r].add(v * LANES));
                }
            }
        }
        for &k in list {
            let b = b.add(k as usize * (W * LANES));
            let at = k as usize * a_step;
            let mut columns = [V::zero(); W];
            for (v, column) in columns.iter_mut().enumerate() {
                *column = V::load_ptr(b.add(v * LANES));
            }
            for (r, row) in sums.iter_mut().enumerate() {
                let x = V::splat(*a[r].add(at));
                for (sum, column) in row.iter_mut().zip(columns) {
                    *sum = x.fma(column, *sum);
                }
            }
        }
        for (r, row) in sums.iter().enumerate() {
            for (v, sum) in row.iter().enumerate() {
                sum.store_ptr(out[r].add(v * LANES));
            }
        }
    }
}
