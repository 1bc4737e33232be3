//! Vectors of three, and the exponential, sine and cosine that a step of the arm calls a hundred times.
//!
//! The three functions use correctly rounded operations only, so they give the same bits everywhere, and they have no
//! branches, so that a loop over muscles is compiled to vector instructions. [`libm`] does as well for the bits, but
//! one number at a time.

/// A vector in some frame; m, N or rad/s.
pub type Vec3 = [f64; 3];

/// A rotation, by rows: `m[i][j]` takes component j of the turned frame to component i of the fixed one.
pub type Mat3 = [[f64; 3]; 3];

#[inline(always)]
pub(crate) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

#[inline(always)]
pub(crate) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[inline(always)]
pub(crate) fn scale(s: f64, a: Vec3) -> Vec3 {
    [s * a[0], s * a[1], s * a[2]]
}

#[inline(always)]
pub(crate) fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline(always)]
pub(crate) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[inline(always)]
pub(crate) fn norm(a: Vec3) -> f64 {
    dot(a, a).sqrt()
}

pub(crate) fn unit(a: Vec3) -> Vec3 {
    scale(1.0 / norm(a), a)
}

#[inline(always)]
pub(crate) fn turn(m: &Mat3, a: Vec3) -> Vec3 {
    [dot(m[0], a), dot(m[1], a), dot(m[2], a)]
}

/// Turns back: by the transpose.
pub(crate) fn turn_back(m: &Mat3, a: Vec3) -> Vec3 {
    std::array::from_fn(|i| m[0][i] * a[0] + m[1][i] * a[1] + m[2][i] * a[2])
}

#[inline(always)]
pub(crate) fn product(a: &Mat3, b: &Mat3) -> Mat3 {
    let mut c = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
        }
    }
    c
}

/// `m diag(d) mᵀ a`: what an inertia that is diagonal in the turned frame does to a vector of the fixed frame.
#[inline(always)]
pub(crate) fn inertia_times(m: &Mat3, d: Vec3, a: Vec3) -> Vec3 {
    let mut b = [0.0; 3];
    for j in 0..3 {
        b[j] = d[j] * (m[0][j] * a[0] + m[1][j] * a[1] + m[2][j] * a[2]);
    }
    turn(m, b)
}

/// Rotation about a fixed axis: `1 + sin θ K + (1 - cos θ) K²`, where `K v = axis × v` (Rodrigues).
#[derive(Clone, Debug)]
pub(crate) struct Rotation {
    k: Mat3,
    k2: Mat3,
}

impl Rotation {
    pub fn about(axis: Vec3) -> Self {
        let [x, y, z] = axis;
        let k = [[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]];
        Self { k, k2: product(&k, &k) }
    }

    #[inline(always)]
    pub fn by(&self, sin: f64, cos: f64) -> Mat3 {
        let mut m = [[0.0; 3]; 3];
        for i in 0..3 {
            for j in 0..3 {
                m[i][j] = sin * self.k[i][j] + (1.0 - cos) * self.k2[i][j] + f64::from(u8::from(i == j));
            }
        }
        m
    }
}

/// Adding this makes a number's last bits its nearest integer (1.5 · 2⁵²).
const ROUND: f64 = 6_755_399_441_055_744.0;

/// eˣ within 1e-15 of itself, for |x| ≤ 700.
///
/// `x = k ln 2 + r` with `|r| ≤ ln 2 / 2`, the Taylor polynomial of degree 12 in r, and k put into the exponent.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // ln 2 in two parts, the first with room for k (fdlibm, e_exp.c)
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let r2 = r * r;
    let r4 = r2 * r2;
    // Estrin's order: shorter chains than Horner's
    let p01 = 1.0 + r;
    let p23 = 1.0 / 2.0 + r * (1.0 / 6.0);
    let p45 = 1.0 / 24.0 + r * (1.0 / 120.0);
    let p67 = 1.0 / 720.0 + r * (1.0 / 5040.0);
    let p89 = 1.0 / 40_320.0 + r * (1.0 / 362_880.0);
    let pab = 1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0);
    let pc = 1.0 / 479_001_600.0;
    let p = (p01 + r2 * p23) + r4 * ((p45 + r2 * p67) + r4 * ((p89 + r2 * pab) + r4 * pc));
    p * f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
}

/// Sines and cosines of four angles (rad), within 1e-15, for |x| ≤ 1e5.
#[inline(always)]
pub(crate) fn sin_cos(x: &[f64; 4]) -> ([f64; 4], [f64; 4]) {
    // π/2 in three parts of 33 bits (fdlibm, e_rem_pio2.c)
    const P1: f64 = 1.570_796_326_734_125_6;
    const P2: f64 = 6.077_100_506_303_966e-11;
    const P3: f64 = 2.022_266_248_795_950_6e-21;
    let (mut sin, mut cos) = ([0.0; 4], [0.0; 4]);
    for i in 0..4 {
        let shifted = x[i] * std::f64::consts::FRAC_2_PI + ROUND;
        let k = shifted - ROUND;
        let r = ((x[i] - k * P1) - k * P2) - k * P3;
        let z = r * r;
        // fdlibm, k_sin.c and k_cos.c
        let s = r + r
            * z
            * (-1.666_666_666_666_663_2e-1
                + z * (8.333_333_333_322_49e-3
                    + z * (-1.984_126_982_985_795e-4
                        + z * (2.755_731_370_707_006_8e-6
                            + z * (-2.505_076_025_340_686_3e-8 + z * 1.589_690_995_211_55e-10)))));
        let c = 1.0 - 0.5 * z
            + z * z
                * (4.166_666_666_666_66e-2
                    + z * (-1.388_888_888_887_411e-3
                        + z * (2.480_158_728_947_673e-5
                            + z * (-2.755_731_435_139_066_3e-7
                                + z * (2.087_572_321_298_175e-9 + z * -1.135_964_755_778_819_5e-11)))));
        let quadrant = shifted.to_bits();
        let (a, b) = if quadrant & 1 == 0 { (s, c) } else { (c, s) };
        // the sine changes sign in quadrants 2 and 3, the cosine in 1 and 2
        sin[i] = f64::from_bits(a.to_bits() ^ ((quadrant & 2) << 62));
        cos[i] = f64::from_bits(b.to_bits() ^ ((quadrant.wrapping_add(1) & 2) << 62));
    }
    (sin, cos)
}

/// Sum of sixteen, by halves: the same order everywhere.
#[inline(always)]
pub(crate) fn sum(x: &[f64; 16]) -> f64 {
    let mut y = [0.0; 8];
    for i in 0..8 {
        y[i] = x[i] + x[i + 8];
    }
    ((y[0] + y[4]) + (y[2] + y[6])) + ((y[1] + y[5]) + (y[3] + y[7]))
}

/// Solves `a x = b` in place, `b` becoming `x`, for a symmetric positive definite `a` of which the lower triangle is
/// read and replaced by its Cholesky factor. A matrix that is not positive definite gives NaN.
#[inline(always)]
pub(crate) fn solve(a: &mut [[f64; 4]; 4], b: &mut [f64; 4]) {
    for j in 0..4 {
        for k in 0..j {
            for i in j..4 {
                a[i][j] -= a[i][k] * a[j][k];
            }
        }
        let inverse = 1.0 / a[j][j].sqrt();
        for i in j + 1..4 {
            a[i][j] *= inverse;
        }
        a[j][j] = inverse; // the diagonal is kept as its inverse
    }
    for i in 0..4 {
        for k in 0..i {
            b[i] -= a[i][k] * b[k];
        }
        b[i] *= a[i][i];
    }
    for i in (0..4).rev() {
        for k in i + 1..4 {
            b[i] -= a[k][i] * b[k];
        }
        b[i] *= a[i][i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_that_of_libm() {
        for i in -70_000..=70_000 {
            let x = f64::from(i) * 1e-2;
            let exact = libm::exp(x);
            assert!((exp(x) - exact).abs() <= 1e-15 * exact, "{x}: {} and {exact}", exp(x));
        }
    }

    #[test]
    fn sine_and_cosine_are_those_of_libm() {
        for i in -100_000..=100_000 {
            let x = f64::from(i) * 1.234_567e-3;
            let ([s, ..], [c, ..]) = sin_cos(&[x; 4]);
            assert!((s - libm::sin(x)).abs() <= 1e-15 && (c - libm::cos(x)).abs() <= 1e-15, "{x}");
        }
    }

    #[test]
    fn cholesky_solves() {
        let a = [[4.0, 1.0, 0.5, 0.2], [1.0, 3.0, 0.1, 0.4], [0.5, 0.1, 2.0, 0.3], [0.2, 0.4, 0.3, 1.0]];
        let x = [1.0, -2.0, 3.0, -4.0];
        let mut b: [f64; 4] = std::array::from_fn(|i| (0..4).map(|j| a[i][j] * x[j]).sum());
        solve(&mut a.clone(), &mut b);
        for i in 0..4 {
            assert!((b[i] - x[i]).abs() < 1e-14);
        }
    }

    #[test]
    fn a_rotation_keeps_its_axis_and_lengths() {
        let axis = unit([0.3, -0.5, 0.8]);
        let m = Rotation::about(axis).by(libm::sin(0.7), libm::cos(0.7));
        assert!(norm(sub(turn(&m, axis), axis)) < 1e-15);
        assert!((norm(turn(&m, [1.0, 2.0, 3.0])) - 14f64.sqrt()).abs() < 1e-14);
        // a quarter turn about z takes x to y
        let z = Rotation::about([0.0, 0.0, 1.0]).by(1.0, 0.0);
        assert_eq!(turn(&z, [1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]);
    }
}
