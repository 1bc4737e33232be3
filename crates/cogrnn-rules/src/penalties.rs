//! What weights and rates may cost beside the loss (Song et al. 2016, eqs. 27-29; code).
//!
//! ```text
//! λ mean|θ|      λ mean(θ²)      λ mean|r|      λ mean(r²)
//! ```
//! Means run over all entries of the underlying parameters, masked ones included, and over all
//! steps, trials and units. Add your own by implementing one of the two traits: a value and its gradient.

use cogrnn_core::params::Arena;
use cogrnn_core::real::Real;
use std::fmt::Debug;

/// A cost of the underlying parameters θ.
///
/// # Example: a cost of your own
/// ```
/// use cogrnn_core::params::Arena;
/// use cogrnn_rules::penalties::WeightPenalty;
///
/// /// Wants the biases to add up to nothing.
/// #[derive(Debug)]
/// struct CentredBiases;
/// impl WeightPenalty<f64> for CentredBiases {
///     fn value(&self, theta: &Arena<f64>) -> f64 {
///         theta.block("b_rec").iter().sum::<f64>().powi(2)
///     }
///     fn add_gradient(&self, theta: &Arena<f64>, gradient: &mut Arena<f64>) {
///         let sum: f64 = theta.block("b_rec").iter().sum();
///         for g in gradient.block_mut("b_rec") {
///             *g += 2.0 * sum;
///         }
///     }
/// }
/// ```
pub trait WeightPenalty<F>: Debug + Send + Sync {
    /// What θ costs.
    fn value(&self, theta: &Arena<F>) -> f64;
    /// Adds its gradient with respect to θ.
    fn add_gradient(&self, theta: &Arena<F>, gradient: &mut Arena<F>);
}

/// A cost of the rates.
///
/// Called once a trial and step of the backward sweep, with all units at once.
pub trait ActivityPenalty<F>: Debug + Send + Sync {
    /// What the rates of one trial and step cost; `share` is 1 / (steps · trials · units).
    fn value(&self, rates: &[F], share: f64) -> f64;
    /// Adds its gradient with respect to these rates.
    fn add_gradient(&self, rates: &[F], share: f64, gradient: &mut [F]);
}

impl<F> WeightPenalty<F> for std::sync::Arc<dyn WeightPenalty<F>> {
    fn value(&self, theta: &Arena<F>) -> f64 {
        (**self).value(theta)
    }
    fn add_gradient(&self, theta: &Arena<F>, gradient: &mut Arena<F>) {
        (**self).add_gradient(theta, gradient);
    }
}

/// λ mean|θ| of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct L1 {
    /// Which weights.
    pub block: &'static str,
    /// λ.
    pub lambda: f64,
}

impl<F: Real> WeightPenalty<F> for L1 {
    fn value(&self, theta: &Arena<F>) -> f64 {
        let block = theta.block(self.block);
        self.lambda * block.iter().map(|w| w.to_f64().abs()).sum::<f64>() / block.len().max(1) as f64
    }

    fn add_gradient(&self, theta: &Arena<F>, gradient: &mut Arena<F>) {
        let block = theta.block(self.block);
        let scale = F::from_f64(self.lambda / block.len().max(1) as f64);
        for (g, w) in gradient.block_mut(self.block).iter_mut().zip(block) {
            // the derivative of |θ| at 0 is 0
            if *w > F::ZERO {
                *g += scale;
            } else if *w < F::ZERO {
                *g -= scale;
            }
        }
    }
}

/// λ mean(θ²) of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct L2 {
    /// Which weights.
    pub block: &'static str,
    /// λ.
    pub lambda: f64,
}

impl<F: Real> WeightPenalty<F> for L2 {
    fn value(&self, theta: &Arena<F>) -> f64 {
        let block = theta.block(self.block);
        self.lambda * block.iter().map(|w| w.to_f64() * w.to_f64()).sum::<f64>() / block.len().max(1) as f64
    }

    fn add_gradient(&self, theta: &Arena<F>, gradient: &mut Arena<F>) {
        let block = theta.block(self.block);
        let scale = F::from_f64(2.0 * self.lambda / block.len().max(1) as f64);
        for (g, w) in gradient.block_mut(self.block).iter_mut().zip(block) {
            *g += scale * *w;
        }
    }
}

/// λ mean|r| over steps, trials and units.
#[derive(Clone, Debug, PartialEq)]
pub struct RateL1 {
    /// λ.
    pub lambda: f64,
}

impl<F: Real> ActivityPenalty<F> for RateL1 {
    fn value(&self, rates: &[F], share: f64) -> f64 {
        self.lambda * share * rates.iter().map(|r| r.to_f64().abs()).sum::<f64>()
    }

    fn add_gradient(&self, rates: &[F], share: f64, gradient: &mut [F]) {
        let scale = F::from_f64(self.lambda * share);
        for (g, r) in gradient.iter_mut().zip(rates) {
            // the derivative of |r| at 0 is 0; without a branch, which nobody could foretell
            let up = if *r > F::ZERO { scale } else { F::ZERO };
            let down = if *r < F::ZERO { scale } else { F::ZERO };
            *g += up - down;
        }
    }
}

/// λ mean(r²) over steps, trials and units.
#[derive(Clone, Debug, PartialEq)]
pub struct RateL2 {
    /// λ.
    pub lambda: f64,
}

impl<F: Real> ActivityPenalty<F> for RateL2 {
    fn value(&self, rates: &[F], share: f64) -> f64 {
        self.lambda * share * rates.iter().map(|r| r.to_f64() * r.to_f64()).sum::<f64>()
    }

    fn add_gradient(&self, rates: &[F], share: f64, gradient: &mut [F]) {
        let scale = F::from_f64(2.0 * self.lambda * share);
        for (g, r) in gradient.iter_mut().zip(rates) {
            *g += scale * *r;
        }
    }
}
