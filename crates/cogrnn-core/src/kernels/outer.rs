//! Outer products, summed over steps and trials.
//!
//! ```text
//! out[i, j] += Σ_row a[row, i] b[row, j]    rows in any number of pieces
//! ```
//!
//! Every output is one chain of multiply-adds in the order of the rows; a row at which a is zero adds nothing
//! and costs nothing, if a few neighbours (by how often they are zero) are zero too.

use super::aligned::Aligned;
use super::lanes::{LANES, Lanes, Words, padded, stride};
use super::product::spans;
use super::terms::AT_ONCE;
use super::tile::{Operands, chosen_tile, even_pieces, tallest, tile, widest};
use super::{Isa, Kernel};
use crate::real::Real;
use std::ops::Range;

/// Rows that stay in cache while the tiles pass.
const ROWS: usize = 128;
/// Share of entries that are not zero beyond which all are multiplied.
const DENSE: f64 = 0.85;

/// Rows that an outer product runs over: `count` rows of two arrays.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a, F> {
    /// Rows of the left factor, `strides.a` apart.
    pub a: &'a [F],
    /// What is added to the left factor row by row.
    pub blend: Option<Blend<'a, F>>,
    /// Rows of the right factor, `strides.b` apart.
    pub b: &'a [F],
    /// How many.
    pub count: usize,
}

/// a\[row\] + scale\[row\] · c\[row\], formed as it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Blend<'a, F> {
    /// One a row; rows where it is zero are left as they are.
    pub scale: &'a [F],
    /// Rows `strides.c` apart.
    pub c: &'a [F],
}

/// Strides of the factors of an outer product.
#[derive(Clone, Copy, Debug)]
pub struct Strides {
    /// From row to row of the left factor.
    pub a: usize,
    /// From row to row of the right factor.
    pub b: usize,
    /// From row to row of what is blended into the left factor; columns beyond are left as they are.
    pub c: usize,
    /// From row to row of the result.
    pub out: usize,
}

/// out[i - left.start, j] += Σ a[row, i] b[row, j] over all pieces in order, for i in `left` and j in
/// 0..columns (rounded up to whole vectors).
pub fn outer<F: Real>(
    isa: Isa,
    pieces: &[Piece<'_, F>],
    strides: Strides,
    left: Range<usize>,
    columns: usize,
    out: &mut [F],
) {
    if left.is_empty() {
        return;
    }
    for piece in pieces.iter().filter(|p| p.count > 0) {
        assert!(spans(piece.a, piece.count, strides.a, left.end), "left factor is there");
        assert!(spans(piece.b, piece.count, strides.b, padded(columns)), "right factor is there");
        if let Some(blend) = piece.blend {
            assert!(
                spans(blend.scale, piece.count, 1, 1) && spans(blend.c, piece.count, strides.c, strides.c),
                "blend is there"
            );
        }
    }
    assert!(spans(out, left.len(), strides.out, padded(columns)), "room for the result");
    isa.run(Outer { pieces, strides, left, columns, out });
}

struct Outer<'a, 'p, F> {
    pieces: &'a [Piece<'p, F>],
    strides: Strides,
    left: Range<usize>,
    columns: usize,
    out: &'a mut [F],
}

impl<F: Real> Kernel<F> for Outer<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let Outer { pieces, strides, left, columns, out } = self;
        let count = left.len();
        let right = padded(columns) / LANES;
        let mut block = Block {
            rows: Vec::with_capacity(ROWS),
            a: Aligned::zeros(padded(count) * COLUMN),
            some: Aligned::zeros(LANES * stride(count)),
            nonzero: vec![[0; ROWS / LANES]; padded(count)],
            lists: Lists::new(count),
        };
        let mut panel = Aligned::<F>::zeros(ROWS * widest(V::ACCUMULATORS) * LANES);
        let (mut next, mut offset) = (0, 0);
        loop {
            // Rows of pieces until the block is full.
            block.rows.clear();
            while next < pieces.len() && block.rows.len() < ROWS {
                let piece = &pieces[next];
                let some = (piece.count - offset).min(ROWS - block.rows.len());
                block.rows.extend((offset..offset + some).map(|row| Row::of(piece, row, strides, left.start)));
                offset += some;
                if offset == piece.count {
                    (next, offset) = (next + 1, 0);
                }
            }
            let depth = block.rows.len();
            if depth == 0 {
                return;
            }
            block.turn::<V>(count);
            let dense = !block.lists.find::<V>(&block.nonzero[..count], depth);
            for (first, width) in even_pieces(right, widest(V::ACCUMULATORS)) {
                // SAFETY: `outer` has checked that these rows of b are there, and that those of `out` are;
                // block and panel have room for `depth` rows, and lists name rows below `depth` and columns
                // below `count`.
                unsafe {
                    let to = panel.as_mut_ptr();
                    for (k, row) in block.rows.iter().enumerate() {
                        for v in 0..width {
                            let x = V::load_ptr(row.b.as_ptr().add((first + v) * LANES));
                            x.store_ptr(to.add((k * width + v) * LANES));
                        }
                    }
                    let (a, b) = (block.a.as_ptr(), panel.as_ptr());
                    let out = out.as_mut_ptr().add(first * LANES);
                    if dense {
                        for (i, height) in even_pieces(count, tallest(V::ACCUMULATORS, width)) {
                            let a = a.add(i * COLUMN);
                            let operands = Operands { depth, a, a_row: COLUMN, a_step: 1, b, b_step: width * LANES };
                            tile::<V>(height, width, operands, out.add(i * strides.out), strides.out, true);
                        }
                    } else {
                        for group in &block.lists.groups {
                            let list = &block.lists.rows[group.start..group.end];
                            let a = group.columns.map(|i| a.add(i * COLUMN));
                            let out = group.columns.map(|i| out.add(i * strides.out));
                            chosen_tile::<V>(group.count, width, list, a, 1, b, out, true);
                        }
                    }
                }
            }
        }
    }
}

/// One row of the factors.
struct Row<'a, F> {
    /// The left factor, from the first column that is asked for.
    a: &'a [F],
    scale: F,
    /// What is blended in, likewise; empty if nothing is.
    c: &'a [F],
    b: &'a [F],
}

impl<'a, F: Real> Row<'a, F> {
    #[inline(always)]
    fn of(piece: &Piece<'a, F>, row: usize, strides: Strides, start: usize) -> Row<'a, F> {
        let (a, b) = (&piece.a[row * strides.a + start..], &piece.b[row * strides.b..]);
        match piece.blend {
            Some(Blend { scale, c }) if scale[row] != F::ZERO && start < strides.c => {
                Row { a, scale: scale[row], c: &c[row * strides.c..][start..strides.c], b }
            }
            _ => Row { a, scale: F::ZERO, c: &[], b },
        }
    }

    /// The left factor.
    #[inline(always)]
    fn copy<V: Lanes<Elem = F>>(&self, to: &mut [F]) {
        to.copy_from_slice(&self.a[..to.len()]);
        let scale = V::splat(self.scale);
        let ((to, last), (c, few)) = (to.as_chunks_mut::<LANES>(), self.c.as_chunks::<LANES>());
        for (to, c) in to.iter_mut().zip(c) {
            scale.fma(V::load(c), V::load(to)).store(to);
        }
        for (to, c) in last.iter_mut().zip(c.get(to.len()).map_or(few, |c| &c[..])) {
            *to = self.scale.fma(*c, *to);
        }
    }
}

/// Rows that are multiplied at once.
struct Block<'a, F> {
    rows: Vec<Row<'a, F>>,
    /// The left factor, column by column: what a tile reads lies side by side.
    a: Aligned<F>,
    /// Sixteen rows of it, on the way to columns.
    some: Aligned<F>,
    /// At which rows each column is not zero, sixteen rows a word.
    nonzero: Vec<[u16; ROWS / LANES]>,
    lists: Lists,
}

/// From column to column of a block: an odd number of vectors.
const COLUMN: usize = ROWS + LANES;

impl<F: Real> Block<'_, F> {
    /// Writes the columns of the rows taken.
    #[inline(always)]
    fn turn<V: Lanes<Elem = F>>(&mut self, count: usize) {
        let wide = stride(count);
        for (sixteen, rows) in self.rows.chunks(LANES).enumerate() {
            // Row by row first: so they lie in memory.
            for (to, row) in self.some.chunks_exact_mut(wide).zip(rows) {
                row.copy::<V>(&mut to[..count]);
            }
            self.some[rows.len() * wide..].fill(F::ZERO);
            for column in (0..count).step_by(LANES) {
                let mut square = [V::zero(); LANES];
                for (to, from) in square.iter_mut().zip(self.some.chunks_exact(wide)) {
                    *to = V::load(from[column..].first_chunk().expect("whole vectors"));
                }
                V::transpose(&mut square);
                let to = self.a[column * COLUMN..][..LANES * COLUMN].chunks_exact_mut(COLUMN);
                let nonzero = self.nonzero[column..][..LANES].iter_mut();
                for ((x, to), nonzero) in square.iter().zip(to).zip(nonzero) {
                    let to = to[sixteen * LANES..].first_chunk_mut().expect("a column has room for all rows");
                    x.store(to);
                    nonzero[sixteen] = x.nonzero() as u16;
                }
            }
        }
    }
}

/// Columns that are multiplied together, and the rows at which one of them is not zero.
#[derive(Clone, Copy)]
struct Group {
    columns: [usize; AT_ONCE],
    count: usize,
    start: usize,
    end: usize,
}

struct Lists {
    groups: Vec<Group>,
    rows: Vec<u32>,
    /// How often each column is not zero, and in the k-th place the k-th column by that.
    columns: Vec<(u32, usize)>,
}

impl Lists {
    /// Room for this many columns.
    fn new(count: usize) -> Lists {
        let groups = count.div_ceil(AT_ONCE);
        Lists {
            groups: Vec::with_capacity(groups),
            rows: vec![0; groups * ROWS + LANES],
            columns: Vec::with_capacity(count),
        }
    }

    /// Groups columns that are not zero about as often; false if most are mostly not.
    #[inline(always)]
    fn find<V: Lanes>(&mut self, nonzero: &[[u16; ROWS / LANES]], depth: usize) -> bool {
        let count = nonzero.len();
        let words = depth.div_ceil(LANES);
        self.columns.clear();
        let often = |column: &[u16; ROWS / LANES]| column[..words].iter().map(|w| w.count_ones()).sum::<u32>();
        self.columns.extend(nonzero.iter().map(|column| (often(column), 0)));
        let said: u32 = self.columns.iter().map(|(n, _)| n).sum();
        if f64::from(said) > DENSE * (depth * count) as f64 {
            return false;
        }
        // By count, each group a bucket: 0 to 128 rows.
        let mut starts = [0_usize; ROWS + 2];
        for (n, _) in &self.columns {
            starts[*n as usize + 1] += 1;
        }
        for n in 0..=ROWS {
            starts[n + 1] += starts[n];
        }
        let silent = starts[1];
        for i in 0..count {
            let place = &mut starts[self.columns[i].0 as usize];
            self.columns[*place].1 = i;
            *place += 1;
        }
        self.groups.clear();
        let mut used = 0;
        for (at, n) in even_pieces(count - silent, AT_ONCE) {
            let mut columns = [self.columns[silent + at].1; AT_ONCE];
            for (column, (_, member)) in columns.iter_mut().zip(&self.columns[silent + at..][..n]) {
                *column = *member;
            }
            let start = used;
            for word in 0..words {
                let some = columns.iter().fold(0, |all, i| all | nonzero[*i][word]);
                used += V::Words::write_set(some.into(), (word * LANES) as u32, &mut self.rows[used..]);
            }
            self.groups.push(Group { columns, count: n, start, end: used });
        }
        true
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

    /// Numbers, each with this chance of not being 0, some columns of `stride` never.
    fn sparse(n: usize, stride: usize, chance: f32, trial: u64) -> Vec<f32> {
        let (mut x, chances) = (random(n, trial), random(n, trial + 100));
        for (i, (x, c)) in x.iter_mut().zip(chances).enumerate() {
            if c + 0.5 >= chance || (chance < 1.0 && i % stride % 5 == 2) {
                *x = 0.0;
            }
        }
        x
    }

    #[test]
    fn an_outer_product_is_one_ordered_chain_whatever_its_pieces_and_zeros() {
        let (rows, n, m) = (333, 37, 60);
        let (sa, sb, sc) = (48, 80, 32);
        let (b, c, mut scale) = (random(rows * sb, 4), random(rows * sc, 5), random(rows, 6));
        scale.iter_mut().step_by(3).for_each(|s| *s = 0.0);
        for chance in [1.0, 0.4, 0.05] {
            let a = sparse(rows * sa, sa, chance, 3);
            let blended = |r: usize, i: usize| match scale[r] {
                s if s != 0.0 && i < sc => f32::mul_add(s, c[r * sc + i], a[r * sa + i]),
                _ => a[r * sa + i],
            };
            for blending in [false, true] {
                let left = |r: usize, i: usize| if blending { blended(r, i) } else { a[r * sa + i] };
                let chain = |i: usize, j: usize| (0..rows).fold(0.0, |s, r| f32::mul_add(left(r, i), b[r * sb + j], s));
                for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                    for cut in [1, 7, 130, 333] {
                        let pieces: Vec<_> = (0..rows)
                            .step_by(cut)
                            .map(|r| Piece {
                                a: &a[r * sa..],
                                blend: blending.then_some(Blend { scale: &scale[r..], c: &c[r * sc..] }),
                                b: &b[r * sb..],
                                count: cut.min(rows - r),
                            })
                            .collect();
                        for slab in [0..n, 16..33] {
                            let mut out = vec![0.0; slab.len() * sb];
                            let strides = Strides { a: sa, b: sb, c: sc, out: sb };
                            outer(isa, &pieces, strides, slab.clone(), m, &mut out);
                            for (k, i) in slab.enumerate() {
                                for j in 0..m {
                                    assert_eq!(out[k * sb + j], chain(i, j), "{isa} cut {cut} {chance} at {i}, {j}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
