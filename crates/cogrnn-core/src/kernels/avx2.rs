//! Lanes as two 256-bit registers.

use super::lanes::{LANES, Lanes, Words};
use std::arch::x86_64::*;

/// Sixteen `f32` in two registers. Made only inside kernels that run where AVX2 and FMA are
/// available; that is what every `unsafe` here rests on.
#[derive(Clone, Copy)]
pub struct Avx2(__m256, __m256);

/// Sum of eight lanes, halves added to halves.
///
/// # Safety
/// AVX must be available.
#[inline(always)]
pub(super) unsafe fn sum8(x: __m256) -> f32 {
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

macro_rules! both {
    ($f:ident($($x:ident),+)) => { Avx2(unsafe { $f($($x.0),+) }, unsafe { $f($($x.1),+) }) };
}

impl Lanes for Avx2 {
    type Elem = f32;
    type Words = Avx2Words;
    const ACCUMULATORS: usize = 6;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        let x = unsafe { _mm256_set1_ps(x) };
        Avx2(x, x)
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        unsafe { Self::load_ptr(from.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        unsafe { self.store_ptr(to.as_mut_ptr()) }
    }
    #[inline(always)]
    unsafe fn load_ptr(from: *const f32) -> Self {
        unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store_ptr(self, to: *mut f32) {
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        both!(_mm256_add_ps(self, b))
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        both!(_mm256_sub_ps(self, b))
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        both!(_mm256_mul_ps(self, b))
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        both!(_mm256_div_ps(self, b))
    }
    #[inline(always)]
    fn fma(self, a: Self, b: Self) -> Self {
        both!(_mm256_fmadd_ps(self, a, b))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        both!(_mm256_max_ps(self, b))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        both!(_mm256_min_ps(self, b))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        both!(_mm256_sqrt_ps(self))
    }
    #[inline(always)]
    fn round(self) -> Self {
        #[inline(always)]
        unsafe fn nearest(x: __m256) -> __m256 {
            unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
        }
        both!(nearest(self))
    }
    #[inline(always)]
    fn where_gt(self, b: Self, yes: Self, no: Self) -> Self {
        #[inline(always)]
        unsafe fn choose(a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
            unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b)) }
        }
        both!(choose(self, b, yes, no))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        unsafe { sum8(_mm256_add_ps(self.0, self.1)) }
    }
    #[inline(always)]
    fn scale2(self, k: Self) -> Self {
        #[inline(always)]
        unsafe fn scale(x: __m256, k: __m256) -> __m256 {
            unsafe {
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(k), _mm256_set1_epi32(127));
                _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))
            }
        }
        both!(scale(self, k))
    }
    #[inline(always)]
    fn split2(self) -> (Self, Self) {
        #[inline(always)]
        unsafe fn split(x: __m256) -> (__m256, __m256) {
            unsafe {
                let bits = _mm256_castps_si256(x);
                let exponent = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(127));
                let mantissa = _mm256_or_si256(
                    _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff)),
                    _mm256_set1_epi32(0x3f80_0000),
                );
                let (m, e) = (_mm256_castsi256_ps(mantissa), _mm256_cvtepi32_ps(exponent));
                let large = _mm256_cmp_ps::<_CMP_GT_OQ>(m, _mm256_set1_ps(std::f32::consts::SQRT_2));
                (
                    _mm256_blendv_ps(m, _mm256_mul_ps(m, _mm256_set1_ps(0.5)), large),
                    _mm256_blendv_ps(e, _mm256_add_ps(e, _mm256_set1_ps(1.0)), large),
                )
            }
        }
        let (a, b) = unsafe { (split(self.0), split(self.1)) };
        (Avx2(a.0, b.0), Avx2(a.1, b.1))
    }
    #[inline(always)]
    fn from_signed(words: Avx2Words) -> Self {
        both!(_mm256_cvtepi32_ps(words))
    }
    #[inline(always)]
    fn where_bit(words: Avx2Words, mask: u32, yes: Self, no: Self) -> Self {
        #[inline(always)]
        unsafe fn choose(w: __m256i, mask: u32, yes: __m256, no: __m256) -> __m256 {
            unsafe {
                let clear =
                    _mm256_cmpeq_epi32(_mm256_and_si256(w, _mm256_set1_epi32(mask as i32)), _mm256_setzero_si256());
                _mm256_blendv_ps(yes, no, _mm256_castsi256_ps(clear))
            }
        }
        unsafe { Avx2(choose(words.0, mask, yes.0, no.0), choose(words.1, mask, yes.1, no.1)) }
    }
    #[inline(always)]
    fn nonzero(self) -> u32 {
        #[inline(always)]
        unsafe fn bits(x: __m256) -> u32 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(x, _mm256_setzero_ps())) as u32 }
        }
        unsafe { bits(self.0) | bits(self.1) << 8 }
    }
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let mut x = [0.0; LANES];
        self.store(&mut x);
        Self::load(&x.map(f))
    }
}

/// Sixteen words in two registers.
#[derive(Clone, Copy)]
pub struct Avx2Words(__m256i, __m256i);

impl Words for Avx2Words {
    #[inline(always)]
    fn splat(x: u32) -> Self {
        let x = unsafe { _mm256_set1_epi32(x as i32) };
        Avx2Words(x, x)
    }
    #[inline(always)]
    fn count_from(first: u32) -> Self {
        unsafe {
            let steps = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let at = |x: u32| _mm256_add_epi32(steps, _mm256_set1_epi32(x as i32));
            Avx2Words(at(first), at(first.wrapping_add(8)))
        }
    }
    #[inline(always)]
    fn multiply(self, m: u32) -> (Self, Self) {
        #[inline(always)]
        unsafe fn wide(x: __m256i, m: __m256i) -> (__m256i, __m256i) {
            unsafe {
                let even = _mm256_mul_epu32(x, m);
                let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(x), m);
                let high = _mm256_blend_epi32::<0xAA>(_mm256_srli_epi64::<32>(even), odd);
                (high, _mm256_mullo_epi32(x, m))
            }
        }
        unsafe {
            let m = _mm256_set1_epi32(m as i32);
            let (a, b) = (wide(self.0, m), wide(self.1, m));
            (Avx2Words(a.0, b.0), Avx2Words(a.1, b.1))
        }
    }
    #[inline(always)]
    fn xor3(self, a: Self, b: Self) -> Self {
        unsafe {
            Avx2Words(
                _mm256_xor_si256(self.0, _mm256_xor_si256(a.0, b.0)),
                _mm256_xor_si256(self.1, _mm256_xor_si256(a.1, b.1)),
            )
        }
    }
    #[inline(always)]
    fn halve(self) -> Self {
        unsafe { Avx2Words(_mm256_srli_epi32::<1>(self.0), _mm256_srli_epi32::<1>(self.1)) }
    }
}
