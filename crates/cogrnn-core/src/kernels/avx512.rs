//! Lanes as one 512-bit register.

use super::lanes::{LANES, Lanes, Words};
use std::arch::x86_64::*;

/// Sixteen `f32` in one register. Made only inside kernels that run where AVX-512 is available;
/// that is what every `unsafe` here rests on.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

impl Lanes for Avx512 {
    type Elem = f32;
    type Words = Avx512Words;
    const ACCUMULATORS: usize = 26;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Avx512(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        Avx512(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_ptr(from: *const f32) -> Self {
        Avx512(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store_ptr(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Avx512(unsafe { _mm512_add_ps(self.0, b.0) })
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Avx512(unsafe { _mm512_sub_ps(self.0, b.0) })
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Avx512(unsafe { _mm512_mul_ps(self.0, b.0) })
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Avx512(unsafe { _mm512_div_ps(self.0, b.0) })
    }
    #[inline(always)]
    fn fma(self, a: Self, b: Self) -> Self {
        Avx512(unsafe { _mm512_fmadd_ps(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Avx512(unsafe { _mm512_max_ps(self.0, b.0) })
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Avx512(unsafe { _mm512_min_ps(self.0, b.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Avx512(unsafe { _mm512_sqrt_ps(self.0) })
    }
    #[inline(always)]
    fn round(self) -> Self {
        Avx512(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn where_gt(self, b: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, b.0);
            Avx512(_mm512_mask_blend_ps(mask, no.0, yes.0))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        unsafe {
            let eight = _mm256_add_ps(_mm512_castps512_ps256(self.0), _mm512_extractf32x8_ps::<1>(self.0));
            super::avx2::sum8(eight)
        }
    }
    #[inline(always)]
    fn scale2(self, k: Self) -> Self {
        unsafe {
            let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(k.0), _mm512_set1_epi32(127));
            Avx512(_mm512_mul_ps(self.0, _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))))
        }
    }
    #[inline(always)]
    fn split2(self) -> (Self, Self) {
        unsafe {
            let bits = _mm512_castps_si512(self.0);
            let exponent = _mm512_sub_epi32(_mm512_srli_epi32::<23>(bits), _mm512_set1_epi32(127));
            let mantissa =
                _mm512_or_si512(_mm512_and_si512(bits, _mm512_set1_epi32(0x007f_ffff)), _mm512_set1_epi32(0x3f80_0000));
            let (m, e) = (_mm512_castsi512_ps(mantissa), _mm512_cvtepi32_ps(exponent));
            let large = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(m, _mm512_set1_ps(std::f32::consts::SQRT_2));
            (
                Avx512(_mm512_mask_mul_ps(m, large, m, _mm512_set1_ps(0.5))),
                Avx512(_mm512_mask_add_ps(e, large, e, _mm512_set1_ps(1.0))),
            )
        }
    }
    #[inline(always)]
    fn from_signed(words: Avx512Words) -> Self {
        Avx512(unsafe { _mm512_cvtepi32_ps(words.0) })
    }
    #[inline(always)]
    fn where_bit(words: Avx512Words, mask: u32, yes: Self, no: Self) -> Self {
        unsafe {
            let set = _mm512_test_epi32_mask(words.0, _mm512_set1_epi32(mask as i32));
            Avx512(_mm512_mask_blend_ps(set, no.0, yes.0))
        }
    }
    #[inline(always)]
    fn nonzero(self) -> u32 {
        u32::from(unsafe { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_ps()) })
    }
    #[inline(always)]
    fn transpose(square: &mut [Self; LANES]) {
        // Four by four within quarters, then the quarters.
        unsafe {
            let mut pairs = [_mm512_setzero_ps(); LANES];
            for i in (0..LANES).step_by(2) {
                pairs[i] = _mm512_unpacklo_ps(square[i].0, square[i + 1].0);
                pairs[i + 1] = _mm512_unpackhi_ps(square[i].0, square[i + 1].0);
            }
            let mut fours = [_mm512_setzero_ps(); LANES];
            for i in (0..LANES).step_by(4) {
                fours[i] = _mm512_shuffle_ps::<0x44>(pairs[i], pairs[i + 2]);
                fours[i + 1] = _mm512_shuffle_ps::<0xEE>(pairs[i], pairs[i + 2]);
                fours[i + 2] = _mm512_shuffle_ps::<0x44>(pairs[i + 1], pairs[i + 3]);
                fours[i + 3] = _mm512_shuffle_ps::<0xEE>(pairs[i + 1], pairs[i + 3]);
            }
            // fours[4 g + c] has, in quarter q, column 4 q + c of rows 4 g to 4 g + 3.
            for c in 0..4 {
                let a = _mm512_shuffle_f32x4::<0x88>(fours[c], fours[4 + c]);
                let b = _mm512_shuffle_f32x4::<0xDD>(fours[c], fours[4 + c]);
                let d = _mm512_shuffle_f32x4::<0x88>(fours[8 + c], fours[12 + c]);
                let e = _mm512_shuffle_f32x4::<0xDD>(fours[8 + c], fours[12 + c]);
                square[c] = Avx512(_mm512_shuffle_f32x4::<0x88>(a, d));
                square[4 + c] = Avx512(_mm512_shuffle_f32x4::<0x88>(b, e));
                square[8 + c] = Avx512(_mm512_shuffle_f32x4::<0xDD>(a, d));
                square[12 + c] = Avx512(_mm512_shuffle_f32x4::<0xDD>(b, e));
            }
        }
    }
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let mut x = [0.0; LANES];
        self.store(&mut x);
        Self::load(&x.map(f))
    }
}

/// Sixteen words in one register.
#[derive(Clone, Copy)]
pub struct Avx512Words(__m512i);

impl Words for Avx512Words {
    #[inline(always)]
    fn splat(x: u32) -> Self {
        Avx512Words(unsafe { _mm512_set1_epi32(x as i32) })
    }
    #[inline(always)]
    fn count_from(first: u32) -> Self {
        unsafe {
            let steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            Avx512Words(_mm512_add_epi32(steps, _mm512_set1_epi32(first as i32)))
        }
    }
    #[inline(always)]
    fn multiply(self, m: u32) -> (Self, Self) {
        unsafe {
            let m = _mm512_set1_epi32(m as i32);
            let even = _mm512_mul_epu32(self.0, m);
            let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(self.0), m);
            let high = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64::<32>(even), odd);
            (Avx512Words(high), Avx512Words(_mm512_mullo_epi32(self.0, m)))
        }
    }
    #[inline(always)]
    fn xor3(self, a: Self, b: Self) -> Self {
        Avx512Words(unsafe { _mm512_ternarylogic_epi32::<0x96>(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn halve(self) -> Self {
        Avx512Words(unsafe { _mm512_srli_epi32::<1>(self.0) })
    }
    #[inline(always)]
    fn write_set(bits: u32, first: u32, to: &mut [u32]) -> usize {
        let to: &mut [u32; LANES] = (&mut to[..LANES]).try_into().expect("room for sixteen");
        let Avx512Words(all) = Self::count_from(first);
        unsafe {
            let some = _mm512_maskz_compress_epi32(bits as u16, all);
            _mm512_storeu_si512(to.as_mut_ptr().cast(), some);
        }
        (bits as u16).count_ones() as usize
    }
}
