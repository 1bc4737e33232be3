//! Which terms of a product are not zero. Most units of a rectified network are silent at any moment, and a
//! silent unit adds nothing to anything: its terms are left out, and the sums keep their bits.

use super::lanes::{LANES, Lanes, Words, padded};
use super::tile::even_pieces;
use crate::real::Real;
use std::ops::Range;

/// Rows that share a list: few enough that they are often silent together, enough to fill the registers.
pub(super) const AT_ONCE: usize = 4;
/// Share of terms beyond which leaving some out is not worth the lists.
const DENSE: f64 = 0.88;
/// Products done whole after one that was dense.
const PASS: usize = 7;

/// Room for lists of terms.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    indices: Vec<u32>,
    /// First row, start and end of each list.
    lists: Vec<(usize, usize, usize)>,
    depth: usize,
    /// How many products are done whole without a look: only the time that they take depends on it.
    pass: usize,
}

impl Terms {
    /// Room for the lists of this many rows.
    pub fn new(rows: usize, depth: usize) -> Terms {
        let pieces = rows.div_ceil(AT_ONCE);
        let indices = vec![0; pieces * padded(depth) + LANES];
        Terms { indices, lists: Vec::with_capacity(pieces), ..Terms::default() }
    }

    /// Lists the terms below `depth` at which some of [`AT_ONCE`] rows are not zero, for all rows in even pieces;
    /// false, and no lists, if these are nearly all.
    #[inline(always)]
    pub(super) fn find<V: Lanes>(&mut self, rows: usize, a: &[V::Elem], a_stride: usize, depth: usize) -> bool {
        // Who was dense will be for a while; one row in the middle tells of others that are not worth a look.
        if self.pass > 0 {
            self.pass -= 1;
            return false;
        }
        let middle = &a[rows / 2 * a_stride..][..depth];
        let said: u32 = middle.as_chunks::<LANES>().0.iter().map(|x| V::load(x).nonzero().count_ones()).sum();
        if f64::from(said) > DENSE * (depth / LANES * LANES) as f64 {
            self.pass = PASS;
            return false;
        }
        let pieces = rows.div_ceil(AT_ONCE);
        let room = pieces * padded(depth) + LANES;
        if self.indices.len() < room {
            self.indices.resize(room, 0);
        }
        self.lists.clear();
        self.depth = depth;
        let (mut used, mut work) = (0, 0);
        for (row, height) in even_pieces(rows, AT_ONCE) {
            let start = used;
            let mut k = 0;
            while k < depth {
                let mut some = 0;
                for r in row..row + height {
                    some |= match a[r * a_stride + k..].first_chunk::<LANES>() {
                        Some(x) => V::load(x).nonzero(),
                        // The last numbers of all.
                        None => {
                            let mut x = [V::Elem::ZERO; LANES];
                            x[..depth - k].copy_from_slice(&a[r * a_stride + k..][..depth - k]);
                            V::load(&x).nonzero()
                        }
                    };
                }
                if depth - k < LANES {
                    some &= (1 << (depth - k)) - 1;
                }
                used += V::Words::write_set(some, k as u32, &mut self.indices[used..]);
                k += LANES;
            }
            self.lists.push((row, start, used));
            work += (used - start) * height;
        }
        let sparse = (work as f64) < DENSE * (rows * depth) as f64;
        if !sparse {
            self.pass = PASS;
        }
        sparse
    }

    /// What the list of the piece that starts at this row has in a range of terms.
    #[inline(always)]
    pub(super) fn of(&self, row: usize, terms: Range<usize>) -> &[u32] {
        let at = self.lists.partition_point(|(first, ..)| *first < row);
        let (_, start, end) = self.lists[at];
        let list = &self.indices[start..end];
        let start = if terms.start == 0 { 0 } else { list.partition_point(|k| (*k as usize) < terms.start) };
        let end =
            if terms.end == self.depth { list.len() } else { list.partition_point(|k| (*k as usize) < terms.end) };
        &list[start..end]
    }
}
