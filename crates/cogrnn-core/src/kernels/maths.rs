//! Functions on sixteen lanes. In single precision polynomials in fused multiply-adds, with the
//! coefficients of the Cephes library (Moshier), so that every processor rounds alike; in double
//! precision `libm`, lane by lane.

use super::lanes::Lanes;

/// Evaluates a polynomial, highest coefficient first.
#[inline(always)]
fn polynomial<V: Lanes>(x: V, coefficients: &[f64]) -> V {
    let mut y = V::constant(coefficients[0]);
    for &c in &coefficients[1..] {
        y = y.fma(x, V::constant(c));
    }
    y
}

/// eˣ, held at e^±87 beyond.
#[inline(always)]
pub fn exp_single<V: Lanes>(x: V) -> V {
    // This order of operands lets NaN through.
    let x = V::constant(87.0).min(V::constant(-87.0).max(x));
    let k = x.mul(V::constant(std::f64::consts::LOG2_E)).round();
    let r = k.fma(V::constant(-0.693_359_375), x);
    let r = k.fma(V::constant(2.121_944_4e-4), r);
    let p = polynomial(
        r,
        &[1.987_569_15e-4, 1.398_199_95e-3, 8.333_451_9e-3, 4.166_579_6e-2, 1.666_666_55e-1, 5.000_000_1e-1],
    );
    let one = V::constant(1.0);
    p.fma(r.mul(r), r).add(one).scale2(k)
}

/// ln x for normal x > 0.
#[inline(always)]
pub fn ln_single<V: Lanes>(x: V) -> V {
    let (m, e) = x.split2();
    let z = m.sub(V::constant(1.0));
    let p = polynomial(
        z,
        &[
            7.037_683_63e-2,
            -1.151_461_03e-1,
            1.167_699_87e-1,
            -1.242_014_08e-1,
            1.424_932_28e-1,
            -1.666_805_77e-1,
            2.000_071_48e-1,
            -2.499_999_4e-1,
            3.333_333_1e-1,
        ],
    );
    let square = z.mul(z);
    let y = p.mul(z).mul(square);
    let y = e.fma(V::constant(-2.121_944_4e-4), y);
    let y = square.fma(V::constant(-0.5), y);
    e.fma(V::constant(0.693_359_375), z.add(y))
}

/// ln(1 + x) for x in [0, 1].
#[inline(always)]
pub fn ln_1p_single<V: Lanes>(x: V) -> V {
    let u = x.add(V::constant(1.0));
    // What rounding of 1 + x lost.
    let lost = x.sub(u.sub(V::constant(1.0)));
    ln_single(u).add(lost.div(u))
}

/// tanh x.
#[inline(always)]
pub fn tanh_single<V: Lanes>(x: V) -> V {
    let square = x.mul(x);
    let p =
        polynomial(square, &[-5.704_988_73e-3, 2.063_908_88e-2, -5.373_971_56e-2, 1.333_144_22e-1, -3.333_328_19e-1]);
    let small = p.mul(square).fma(x, x);
    let size = x.abs();
    let one = V::constant(1.0);
    let large = one.sub(V::constant(2.0).div(exp_single(size.add(size)).add(one)));
    let large = V::zero().where_gt(x, V::zero().sub(large), large);
    // NaN fails the comparison and takes the polynomial, which keeps it.
    size.where_gt(V::constant(0.625), large, small)
}

/// sin(πf) and cos(πf) for |f| ≤ ¼.
#[inline(always)]
pub fn sin_cos_quarter<V: Lanes>(f: V) -> (V, V) {
    let x = f.mul(V::constant(std::f64::consts::PI));
    let z = x.mul(x);
    let s = polynomial(z, &[-1.951_529_6e-4, 8.332_160_87e-3, -1.666_665_46e-1]);
    let c = polynomial(z, &[2.443_315_71e-5, -1.388_731_63e-3, 4.166_664_57e-2]);
    let sin = s.mul(z).fma(x, x);
    let cos = c.mul(z.mul(z)).add(z.fma(V::constant(-0.5), V::constant(1.0)));
    (sin, cos)
}

/// cos x, for |x| up to some turns.
#[inline(always)]
pub fn cos_single<V: Lanes>(x: V) -> V {
    // x = (k/2 + f) π, and of k only the quarter turn q = k mod 4, in -2..=2, matters
    let half_turns = x.mul(V::constant(std::f64::consts::FRAC_1_PI));
    let k = half_turns.add(half_turns).round();
    let (sin, cos) = sin_cos_quarter(k.fma(V::constant(-0.5), half_turns));
    let q = k.mul(V::constant(0.25)).round().fma(V::constant(-4.0), k);
    let size = q.abs();
    let odd = V::zero().where_gt(q, sin, V::zero().sub(sin));
    let some = size.where_gt(V::constant(0.5), odd, cos);
    size.where_gt(V::constant(1.5), V::zero().sub(cos), some)
}

/// 1 / (1 + e⁻ˣ), safe at both ends.
#[inline(always)]
pub fn sigmoid<V: Lanes>(x: V) -> V {
    use crate::real::Real;
    // e^-|x| never overflows.
    let e = V::Elem::exp(V::zero().sub(x.abs()));
    let one = V::constant(1.0);
    let positive = one.div(one.add(e));
    V::zero().where_gt(x, e.mul(positive), positive)
}

/// ln(1 + eˣ) = \[x\]₊ + ln(1 + e^-|x|), safe at both ends.
#[inline(always)]
pub fn softplus<V: Lanes>(x: V) -> V {
    use crate::real::Real;
    let e = V::Elem::exp(V::zero().sub(x.abs()));
    V::zero().max(x).add(V::Elem::ln_1p(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{Isa, Kernel, lanes::LANES};

    struct Apply<'a>(&'a [f32; LANES], u8);
    impl Kernel<f32> for Apply<'_> {
        type Output = [f32; LANES];
        #[inline(always)]
        fn run<V: Lanes<Elem = f32>>(self) -> [f32; LANES] {
            let x = V::load(self.0);
            let y = match self.1 {
                0 => exp_single(x),
                1 => ln_single(x),
                2 => tanh_single(x),
                3 => sigmoid(x),
                4 => softplus(x),
                5 => ln_1p_single(x),
                6 => sin_cos_quarter(x).0,
                7 => sin_cos_quarter(x).1,
                _ => cos_single(x),
            };
            let mut out = [0.0; LANES];
            y.store(&mut out);
            out
        }
    }

    #[test]
    fn functions_are_right_to_four_parts_in_ten_million_and_alike_everywhere() {
        let exact: [fn(f64) -> f64; 9] = [
            f64::exp,
            f64::ln,
            f64::tanh,
            |x| 1.0 / (1.0 + (-x).exp()),
            |x| x.max(0.0) + (-x.abs()).exp().ln_1p(),
            f64::ln_1p,
            |x| (std::f64::consts::PI * x).sin(),
            |x| (std::f64::consts::PI * x).cos(),
            f64::cos,
        ];
        let range: [(f32, f32); 9] = [
            (-80.0, 80.0),
            (1e-6, 20.0),
            (-12.0, 12.0),
            (-80.0, 80.0),
            (-60.0, 60.0),
            (0.0, 1.0),
            (-0.25, 0.25),
            (-0.25, 0.25),
            (-10.0, 10.0),
        ];
        for function in 0..9u8 {
            let (low, high) = range[function as usize];
            for block in 0..2000 {
                let x: [f32; LANES] =
                    std::array::from_fn(|i| low + (high - low) * ((block * LANES + i) as f32 / (2000 * LANES) as f32));
                let y = Isa::Plain.run(Apply(&x, function));
                for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                    assert_eq!(y.map(f32::to_bits), isa.run(Apply(&x, function)).map(f32::to_bits), "{isa} {function}");
                }
                for (x, y) in x.iter().zip(y) {
                    let want = exact[function as usize](f64::from(*x));
                    // the cosine's error is that of x itself, of size 10, near its zeros
                    let floor = if function == 8 { 2.0 } else { 1e-7 };
                    let error = (f64::from(y) - want).abs() / (want.abs() + floor);
                    assert!(error < 4e-7, "function {function} at {x}: {y} for {want}");
                }
            }
        }
    }

    #[test]
    fn nothing_hides_a_nan() {
        for function in [0, 2, 3, 4] {
            for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                assert!(isa.run(Apply(&[f32::NAN; LANES], function))[3].is_nan(), "{isa} {function}");
            }
        }
    }
}
