//! Memory that starts where a cache line does, so that no vector lies across two.

use super::lanes::LANES;
use std::ops::{Deref, DerefMut};

/// As many numbers as the longest line holds.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
struct Line<F>([F; LANES]);

/// Numbers in whole cache lines.
#[derive(Clone, Debug)]
pub struct Aligned<F> {
    lines: Vec<Line<F>>,
    len: usize,
}

impl<F: Copy + Default> Aligned<F> {
    /// This many zeros.
    pub fn zeros(len: usize) -> Aligned<F> {
        Aligned { lines: vec![Line([F::default(); LANES]); len.div_ceil(LANES)], len }
    }

    /// Room for at least this many; those that are new are 0.
    pub fn reach(&mut self, len: usize) {
        if self.len < len {
            self.lines.resize(len.div_ceil(LANES), Line([F::default(); LANES]));
            self.len = len;
        }
    }
}

impl<F> Default for Aligned<F> {
    fn default() -> Aligned<F> {
        Aligned { lines: Vec::new(), len: 0 }
    }
}

impl<F> Deref for Aligned<F> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        // SAFETY: lines are arrays of sixteen without gaps, since sixteen floats fill whole multiples of the
        // alignment (checked here), and `len` is at most what they hold.
        const { assert!(size_of::<Line<F>>() == LANES * size_of::<F>()) };
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<F> DerefMut for Aligned<F> {
    fn deref_mut(&mut self) -> &mut [F] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_gaps_and_start_on_their_own() {
        for (len, more) in [(1, 5), (16, 17), (100, 300)] {
            let mut x = Aligned::<f32>::zeros(len);
            x.iter_mut().enumerate().for_each(|(i, x)| *x = i as f32);
            x.reach(more);
            assert_eq!(x.len(), more);
            assert!(x[..len].iter().enumerate().all(|(i, x)| *x == i as f32));
            assert!(x[len..].iter().all(|x| *x == 0.0));
            assert_eq!(x.as_ptr().addr() % 64, 0);
            assert_eq!(Aligned::<f64>::zeros(len).as_ptr().addr() % 64, 0);
        }
    }
}
