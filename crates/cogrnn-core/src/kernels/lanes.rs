//! Sixteen numbers at once, whatever the processor's vectors are.

use crate::real::Real;

/// Logical lanes of every kernel.
pub const LANES: usize = 16;

/// Rounds up to whole vectors.
pub const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// Row length for arrays of n columns: whole vectors, and an odd number of them, since rows a power
/// of two apart would fall on the same few lines of the first-level cache.
pub const fn stride(n: usize) -> usize {
    let vectors = n.div_ceil(LANES);
    (vectors + 1 - vectors % 2) * LANES
}

/// Sixteen floating point numbers.
///
/// Every operation is correctly rounded or defined bit by bit, so all implementations agree.
pub trait Lanes: Copy {
    /// One lane.
    type Elem: Real;
    /// Sixteen 32-bit words.
    type Words: Words;
    /// How many accumulators of this kind the registers hold beside the operands.
    const ACCUMULATORS: usize;

    /// The same in all lanes.
    fn splat(x: Self::Elem) -> Self;
    /// From memory.
    fn load(from: &[Self::Elem; LANES]) -> Self;
    /// To memory.
    fn store(self, to: &mut [Self::Elem; LANES]);
    /// From memory, unchecked.
    ///
    /// # Safety
    /// Sixteen elements must be readable at `from`.
    unsafe fn load_ptr(from: *const Self::Elem) -> Self;
    /// To memory, unchecked.
    ///
    /// # Safety
    /// Sixteen elements must be writable at `to`.
    unsafe fn store_ptr(self, to: *mut Self::Elem);
    /// self + b.
    fn add(self, b: Self) -> Self;
    /// self - b.
    fn sub(self, b: Self) -> Self;
    /// self · b.
    fn mul(self, b: Self) -> Self;
    /// self / b.
    fn div(self, b: Self) -> Self;
    /// self · a + b, rounded once.
    fn fma(self, a: Self, b: Self) -> Self;
    /// The larger; `b` if either is NaN.
    fn max(self, b: Self) -> Self;
    /// The smaller; `b` if either is NaN.
    fn min(self, b: Self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Nearest whole number, ties to even.
    fn round(self) -> Self;
    /// `yes` where self > b, else `no`.
    fn where_gt(self, b: Self, yes: Self, no: Self) -> Self;
    /// Sum of the lanes, halves added to halves: ((0+8)+(4+12))+….
    fn sum(self) -> Self::Elem;
    /// self · 2ᵏ, k whole and between -126 and 127 (in `f32`).
    fn scale2(self, k: Self) -> Self;
    /// Splits a positive normal number into a mantissa in [√½, √2) and a power of two.
    fn split2(self) -> (Self, Self);
    /// Signed words as numbers, rounded to nearest.
    fn from_signed(words: Self::Words) -> Self;
    /// `yes` where a bit of the word under the mask is set, else `no`.
    fn where_bit(words: Self::Words, mask: u32, yes: Self, no: Self) -> Self;
    /// Bit i is set where lane i is not zero.
    fn nonzero(self) -> u32;
    /// Lane k of vector i becomes lane i of vector k.
    #[inline(always)]
    fn transpose(square: &mut [Self; LANES]) {
        let mut numbers = [[Self::Elem::ZERO; LANES]; LANES];
        for (row, x) in numbers.iter_mut().zip(&*square) {
            x.store(row);
        }
        for (i, x) in square.iter_mut().enumerate() {
            *x = Self::load(&std::array::from_fn(|k| numbers[k][i]));
        }
    }
    /// Lane by lane; for what has no vector form.
    fn map(self, f: impl Fn(Self::Elem) -> Self::Elem) -> Self;

    /// 0 in all lanes.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(Self::Elem::ZERO)
    }
    /// A constant in all lanes.
    #[inline(always)]
    fn constant(x: f64) -> Self {
        Self::splat(Self::Elem::from_f64(x))
    }
    /// |self|.
    #[inline(always)]
    fn abs(self) -> Self {
        self.max(Self::zero().sub(self))
    }
}

/// Sixteen 32-bit words.
pub trait Words: Copy {
    /// The same in all lanes.
    fn splat(x: u32) -> Self;
    /// first, first + 1, …, first + 15, wrapping.
    fn count_from(first: u32) -> Self;
    /// High and low half of self · m.
    fn multiply(self, m: u32) -> (Self, Self);
    /// self ^ a ^ b.
    fn xor3(self, a: Self, b: Self) -> Self;
    /// self >> 1.
    fn halve(self) -> Self;

    /// Writes first + i for each set bit i of the low sixteen, ascending, and says how many; `to` has room for
    /// sixteen, and what lies behind those written is nobody's.
    #[inline(always)]
    fn write_set(mut bits: u32, first: u32, to: &mut [u32]) -> usize {
        let to: &mut [u32; LANES] = (&mut to[..LANES]).try_into().expect("room for sixteen");
        let mut n = 0;
        while bits != 0 {
            to[n % LANES] = first + bits.trailing_zeros();
            bits &= bits - 1;
            n += 1;
        }
        n
    }
}

/// A slice as whole vectors; a slice that is not whole vectors loses its tail.
#[inline(always)]
pub fn vectors<F>(slice: &[F]) -> &[[F; LANES]] {
    slice.as_chunks().0
}

/// A slice as whole vectors, to change.
#[inline(always)]
pub fn vectors_mut<F>(slice: &mut [F]) -> &mut [[F; LANES]] {
    slice.as_chunks_mut().0
}
