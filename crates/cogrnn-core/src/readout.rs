//! Outputs and losses: what the readout's sums become, and how far that is from the target.
//!
//! ```text
//! z = g(a)      L = Σ mask · l(z, y) / Σ mask      error = dL/da
//! ```
//! Song et al. 2016 tie the loss to g; here that is the default and any pair may be chosen.

use crate::error::{Error, Result};
use crate::kernels::lanes::Lanes;
use crate::kernels::{Isa, Kernel};
use crate::real::Real;
use std::fmt;

/// The output nonlinearity g.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Readout {
    /// a.
    Linear,
    /// \[a\]₊.
    Rectify,
    /// \[a\]₊ⁿ.
    RectifyPower(f64),
    /// 1 / (1 + e⁻ᵃ).
    Sigmoid,
    /// Over the outputs of one step.
    Softmax,
    /// tanh a.
    Tanh,
    /// [tanh a]₊.
    RectifyTanh,
}

/// The loss of one output at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// (z - y)².
    Squared,
    /// ½ (z - y)²: its gradient is the plain error, as in Murray (2019).
    HalfSquared,
    /// |z - y|, as in Miconi (2017); its gradient is the sign of the error.
    Absolute,
    /// -y ln z - (1-y) ln(1-z), each side with 1e-10 inside the logarithm.
    BinaryCrossEntropy,
    /// -y ln(z + 1e-10).
    CategoricalCrossEntropy,
}

/// Outputs beyond which errors are added up side by side, and not one after the other.
const MANY: usize = 8;

/// Inside the logarithms of the cross-entropies (Song et al. 2016, code).
const EPSILON: f64 = 1e-10;

impl Readout {
    /// The loss that the reference program pairs with this output.
    pub fn usual_loss(self) -> Loss {
        match self {
            Readout::Sigmoid => Loss::BinaryCrossEntropy,
            Readout::Softmax => Loss::CategoricalCrossEntropy,
            _ => Loss::Squared,
        }
    }

    /// Turns the sums of one step and trial into outputs, in place.
    pub fn apply<F: Real>(self, outputs: &mut [F]) {
        let each = |outputs: &mut [F], g: fn(f64) -> f64| {
            for a in outputs {
                *a = F::from_f64(g(a.to_f64()));
            }
        };
        match self {
            Readout::Linear => {}
            Readout::Rectify => {
                for a in outputs {
                    // this way round NaN stays
                    *a = if *a < F::ZERO { F::ZERO } else { *a };
                }
            }
            Readout::RectifyPower(n) => {
                for a in outputs {
                    let x = a.to_f64();
                    *a = if x <= 0.0 { F::ZERO } else { F::from_f64(libm::pow(x, n)) };
                }
            }
            Readout::Sigmoid => each(outputs, |a| 1.0 / (1.0 + libm::exp(-a))),
            Readout::Tanh => each(outputs, libm::tanh),
            Readout::RectifyTanh => each(outputs, |a| if a < 0.0 { 0.0 } else { libm::tanh(a) }),
            Readout::Softmax => {
                let top = outputs.iter().fold(f64::NEG_INFINITY, |m, a| m.max(a.to_f64()));
                let mut sum = 0.0;
                for a in outputs.iter_mut() {
                    let e = libm::exp(a.to_f64() - top);
                    sum += e;
                    *a = F::from_f64(e);
                }
                for a in outputs {
                    *a = F::from_f64(a.to_f64() / sum);
                }
            }
        }
    }

    /// Turns dL/dz of one step and trial into dL/da, in place; g' is told from z.
    fn pull_back<F: Real>(self, outputs: &[F], errors: &mut [f64]) {
        match self {
            Readout::Linear => {}
            Readout::Softmax => {
                let mean: f64 = outputs.iter().zip(&*errors).map(|(z, e)| z.to_f64() * e).sum();
                for (e, z) in errors.iter_mut().zip(outputs) {
                    *e = z.to_f64() * (*e - mean);
                }
            }
            _ => {
                for (e, z) in errors.iter_mut().zip(outputs) {
                    let z = z.to_f64();
                    *e *= match self {
                        Readout::Rectify => f64::from(z > 0.0),
                        Readout::RectifyPower(n) if z > 0.0 => n * libm::pow(z, (n - 1.0) / n),
                        Readout::RectifyPower(_) => 0.0,
                        Readout::Sigmoid => z * (1.0 - z),
                        Readout::RectifyTanh if z <= 0.0 => 0.0,
                        _ => 1.0 - z * z,
                    };
                }
            }
        }
    }
}

/// What a trial has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Σ mask · l.
    pub loss: f64,
    /// Σ mask · (z - y)².
    pub squared: f64,
    /// Σ mask.
    pub mask: f64,
    /// Σ of what trials cost that are judged by what their outputs led to ([`Task::consequence`](crate::task::Task::consequence)).
    pub cost: f64,
    /// How many these are.
    pub judged: u32,
    /// How many of them failed, and are not to be learnt from.
    pub failed: u32,
}

impl Tally {
    /// Adds another trial.
    pub fn add(&mut self, other: &Tally) {
        self.loss += other.loss;
        self.squared += other.squared;
        self.mask += other.mask;
        self.cost += other.cost;
        self.judged += other.judged;
        self.failed += other.failed;
    }

    /// Mean loss; of trials that are judged by what they led to, mean cost.
    pub fn mean_loss(&self) -> f64 {
        if self.judged > 0 {
            return self.cost / f64::from(self.judged);
        }
        self.loss / self.mask.max(f64::MIN_POSITIVE)
    }

    /// Root mean squared error; of trials that are judged by what they led to, mean cost.
    pub fn rmse(&self) -> f64 {
        if self.judged > 0 {
            return self.mean_loss();
        }
        (self.squared / self.mask.max(f64::MIN_POSITIVE)).sqrt()
    }
}

impl Loss {
    /// Whether this loss has a meaning for outputs of this kind.
    ///
    /// # Errors
    /// A cross-entropy of outputs that are no probabilities.
    pub fn check(self, readout: Readout) -> Result<()> {
        let fits = match self {
            Loss::Squared | Loss::HalfSquared | Loss::Absolute => true,
            _ => matches!(readout, Readout::Sigmoid | Readout::Softmax),
        };
        if fits {
            return Ok(());
        }
        Err(Error::input(format!("the loss `{self}` does not fit the output `{readout}`"))
            .why("a cross-entropy compares probabilities, and these outputs leave 0 to 1")
            .remedy("use the loss `squared`, or the output `sigmoid` or `softmax`"))
    }

    /// Compares the outputs of one trial at one step with its targets: adds to the tally and writes
    /// scale · d(Σ mask l)/da.
    #[inline]
    pub fn compare<F: Real>(
        self,
        readout: Readout,
        outputs: &[F],
        targets: &[F],
        mask: &[F],
        scale: f64,
        tally: &mut Tally,
        errors: &mut [F],
    ) {
        if self == Loss::HalfSquared {
            let mut whole = Tally::default();
            Loss::Squared.compare(readout, outputs, targets, mask, 0.5 * scale, &mut whole, errors);
            tally.add(&Tally { loss: 0.5 * whole.loss, ..whole });
            return;
        }
        if outputs.len() > MANY && self == Loss::Squared {
            self.compare_many(readout, outputs, targets, mask, scale, tally, errors);
            return;
        }
        let mut total = 0.0;
        for ((z, y), m) in outputs.iter().zip(targets).zip(mask) {
            let (z, y, m) = (z.to_f64(), y.to_f64(), m.to_f64());
            if m == 0.0 {
                continue;
            }
            total += m;
            tally.squared += m * (z - y) * (z - y);
            tally.loss += m * match self {
                Loss::Squared => (z - y) * (z - y),
                Loss::HalfSquared => 0.5 * (z - y) * (z - y),
                Loss::Absolute => (z - y).abs(),
                Loss::BinaryCrossEntropy => -y * libm::log(z + EPSILON) - (1.0 - y) * libm::log(1.0 - z + EPSILON),
                Loss::CategoricalCrossEntropy => -y * libm::log(z + EPSILON),
            };
        }
        tally.mask += total;
        if total == 0.0 {
            errors.fill(F::ZERO);
            return;
        }
        match (self, readout) {
            (Loss::Squared, Readout::Linear) => {
                for (((e, z), y), m) in errors.iter_mut().zip(outputs).zip(targets).zip(mask) {
                    *e = F::from_f64(2.0 * scale) * *m * (*z - *y);
                }
            }
            // These two pairs cancel exactly where z is not within 1e-10 of 0 or 1, and stay finite there.
            (Loss::BinaryCrossEntropy, Readout::Sigmoid) => {
                for (((e, z), y), m) in errors.iter_mut().zip(outputs).zip(targets).zip(mask) {
                    *e = F::from_f64(scale) * *m * (*z - *y);
                }
            }
            (Loss::CategoricalCrossEntropy, Readout::Softmax) => {
                let asked: F = targets.iter().zip(mask).map(|(y, m)| *y * *m).sum();
                for (((e, z), y), m) in errors.iter_mut().zip(outputs).zip(targets).zip(mask) {
                    *e = F::from_f64(scale) * (*z * asked - *m * *y);
                }
            }
            _ => self.compare_freely(readout, outputs, targets, mask, scale, errors),
        }
    }

    /// The squared error of many outputs: sums in eight chains.
    fn compare_many<F: Real>(
        self,
        readout: Readout,
        outputs: &[F],
        targets: &[F],
        mask: &[F],
        scale: f64,
        tally: &mut Tally,
        errors: &mut [F],
    ) {
        if mask.iter().all(|m| *m == F::ZERO) {
            errors.fill(F::ZERO);
            return;
        }
        // Any instructions give the same bits.
        let (total, sum) = Isa::best().run(Sums { outputs, targets, mask });
        tally.squared += sum;
        tally.loss += sum;
        tally.mask += total;
        let twice = F::from_f64(2.0 * scale);
        match readout {
            Readout::Linear | Readout::Sigmoid => {
                let sigmoid = readout == Readout::Sigmoid;
                Isa::best().run(Errors { sigmoid, twice, outputs, targets, mask, errors });
            }
            _ => self.compare_freely(readout, outputs, targets, mask, scale, errors),
        }
    }

    /// Any other pair, through dL/dz.
    fn compare_freely<F: Real>(
        self,
        readout: Readout,
        outputs: &[F],
        targets: &[F],
        mask: &[F],
        scale: f64,
        errors: &mut [F],
    ) {
        const MOST: usize = 64;
        let mut few = [0.0; MOST];
        let mut many = Vec::new();
        let slopes = if outputs.len() <= MOST {
            &mut few[..outputs.len()]
        } else {
            many.resize(outputs.len(), 0.0);
            &mut many[..]
        };
        for (((d, z), y), m) in slopes.iter_mut().zip(outputs).zip(targets).zip(mask) {
            let (z, y, m) = (z.to_f64(), y.to_f64(), m.to_f64());
            *d = scale
                * m
                * match self {
                    Loss::Squared => 2.0 * (z - y),
                    Loss::HalfSquared => z - y,
                    Loss::Absolute => f64::from(i8::from(z > y) - i8::from(z < y)),
                    Loss::BinaryCrossEntropy => -y / (z + EPSILON) + (1.0 - y) / (1.0 - z + EPSILON),
                    Loss::CategoricalCrossEntropy => -y / (z + EPSILON),
                };
        }
        readout.pull_back(outputs, slopes);
        for (e, d) in errors.iter_mut().zip(slopes.iter()) {
            *e = F::from_f64(*d);
        }
    }
}

impl fmt::Display for Readout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Readout::Linear => "linear",
            Readout::Rectify => "rectify",
            Readout::RectifyPower(_) => "rectify_power",
            Readout::Sigmoid => "sigmoid",
            Readout::Softmax => "softmax",
            Readout::Tanh => "tanh",
            Readout::RectifyTanh => "rtanh",
        })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Squared => "squared",
            Loss::HalfSquared => "half_squared",
            Loss::Absolute => "absolute",
            Loss::BinaryCrossEntropy => "binary_cross_entropy",
            Loss::CategoricalCrossEntropy => "categorical_cross_entropy",
        })
    }
}

/// Σ m and Σ m (z - y)², in eight chains each.
struct Sums<'a, F> {
    outputs: &'a [F],
    targets: &'a [F],
    mask: &'a [F],
}

impl<F: Real> Kernel<F> for Sums<'_, F> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) -> (f64, f64) {
        let (mut totals, mut sums) = ([0.0f64; 8], [0.0f64; 8]);
        let ((z, z_rest), (y, y_rest), (m, m_rest)) =
            (self.outputs.as_chunks::<8>(), self.targets.as_chunks::<8>(), self.mask.as_chunks::<8>());
        for ((z, y), m) in z.iter().zip(y).zip(m) {
            for i in 0..8 {
                let (m, d) = (m[i].to_f64(), z[i].to_f64() - y[i].to_f64());
                totals[i] += m;
                sums[i] += m * d * d;
            }
        }
        for (i, ((z, y), m)) in z_rest.iter().zip(y_rest).zip(m_rest).enumerate() {
            let (m, d) = (m.to_f64(), z.to_f64() - y.to_f64());
            totals[i] += m;
            sums[i] += m * d * d;
        }
        (totals.iter().sum(), sums.iter().sum())
    }
}

/// 2 scale m (z - y), times the slope of the output.
struct Errors<'a, F> {
    sigmoid: bool,
    twice: F,
    outputs: &'a [F],
    targets: &'a [F],
    mask: &'a [F],
    errors: &'a mut [F],
}

impl<F: Real> Kernel<F> for Errors<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let all = self.errors.iter_mut().zip(self.outputs).zip(self.targets).zip(self.mask);
        for (((e, z), y), m) in all {
            let error = self.twice * *m * (*z - *y);
            *e = if self.sigmoid { error * *z * (F::ONE - *z) } else { error };
        }
    }
}
