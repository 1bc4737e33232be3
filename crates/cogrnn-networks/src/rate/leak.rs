//! What leaks, and the kernels of the network whose rate does.
//!
//! ```text
//! r_t = (1-α) r_{t-1} + α f(x_t)           x_t = W_rec r_{t-1} + …
//! δ_t = dL/dr_t = (1-α) δ_{t+1} + (α f'(x_{t+1}) δ_{t+1}) W_rec + e_t W_out
//! dL/dW_rec = Σ α f'(x_t) δ_t,i r_{t-1},j
//! v_t = (1-α) δ_{t+1} + (α f'(x_{t+1}) δ_{t+1}) W_rec        q = |v_t|² / |δ_{t+1}|²
//! ```
//! The last line is what the Ω regulariser compares (Pascanu et al. 2013) with r as the state; its
//! immediate derivative with respect to W_rec is Σ s α f'(x_{t+1}) δ_{t+1},i v_t,j, the same left factor as
//! the gradient's, so that both are one product here too.

use super::adjoint::Direct;
use super::nonlinearity::Curve;
use cogrnn_core::kernels::Kernel;
use cogrnn_core::kernels::lanes::{LANES, Lanes, vectors, vectors_mut};
use cogrnn_core::real::Real;
use std::fmt;

/// Which variable of a unit leaks, and so where its nonlinearity stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leak {
    /// x, with r = f(x) outside of the leak (Song, Yang & Wang 2016; Miconi 2017).
    #[default]
    Potential,
    /// r, with f inside (Soo, Goudar & Wang 2023; Murray 2019).
    Rate,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Leak::Potential => "potential",
            Leak::Rate => "rate",
        })
    }
}

/// The rest of a step, after the product.
pub(super) struct Advance<'a, F, C> {
    pub curve: C,
    pub width: usize,
    pub wide: usize,
    /// r of the step before.
    pub old: &'a [F],
    /// In: the recurrent and input current. Out: x.
    pub x: &'a mut [F],
    pub rates: &'a mut [F],
    /// Empty without noise.
    pub noise: &'a [F],
    /// Empty if the noise is already to scale.
    pub scale: &'a [F],
    pub alpha: &'a [F],
    pub decay: &'a [F],
}

impl<F: Real, C: Curve> Kernel<F> for Advance<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let (alpha, decay, scale) = (vectors(self.alpha), vectors(self.decay), vectors(self.scale));
        let rows = self
            .old
            .chunks_exact(self.wide)
            .zip(self.x.chunks_exact_mut(self.width))
            .zip(self.rates.chunks_exact_mut(self.wide));
        for (b, ((old, x), rates)) in rows.enumerate() {
            let noise: &[[F; LANES]] =
                if self.noise.is_empty() { &[] } else { vectors(&self.noise[b * self.width..][..self.width]) };
            let old = vectors(old);
            let x = vectors_mut(x);
            let rates = vectors_mut(rates);
            for k in 0..x.len().min(old.len()).min(rates.len()).min(alpha.len()).min(decay.len()) {
                let mut current = V::load(&x[k]);
                if k < noise.len() {
                    let n = V::load(&noise[k]);
                    current = if k < scale.len() { n.fma(V::load(&scale[k]), current) } else { n.add(current) };
                }
                current.store(&mut x[k]);
                // Behind the last unit lie the inputs of this row, which α = 0, decay = 0 make nothing of.
                let leaked = V::load(&decay[k]).mul(V::load(&old[k]));
                V::load(&alpha[k]).fma(self.curve.value(current), leaked).store(&mut rates[k]);
            }
        }
    }
}

/// One step backwards.
pub(super) struct Pull<'a, F, C> {
    pub curve: C,
    pub width: usize,
    pub wide: usize,
    /// Trials that go on after this step.
    pub future: usize,
    pub rows: usize,
    pub keep_flow: bool,
    pub alpha: &'a [F],
    pub decay: &'a [F],
    /// In: x_t. Out: v_t, where the flow is kept.
    pub x: &'a mut [F],
    pub pulled: &'a [F],
    /// e W_out; empty if there are few outputs.
    pub direct: &'a [F],
    pub errors: &'a [F],
    /// W_out, rows padded.
    pub readout: &'a [F],
    /// In: δ_{t+1}. Out: δ_t.
    pub delta: &'a mut [F],
    /// Out: α f'(x_t) (trial × unit).
    pub gain: &'a mut [F],
    /// Out: α f'(x_t) δ_t.
    pub scaled: &'a mut [F],
    pub flow: &'a mut [[F; 2]],
}

impl<F: Real, C: Curve> Kernel<F> for Pull<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let width = self.width;
        let outputs = self.readout.len() / width;
        let (alpha, decay) = (vectors(self.alpha), vectors(self.decay));
        for b in 0..self.rows {
            let row = b * width..(b + 1) * width;
            let x = vectors_mut(&mut self.x[row.clone()]);
            let pulled = vectors(&self.pulled[row.clone()]);
            let direct = Direct {
                sums: if self.direct.is_empty() { &[] } else { vectors(&self.direct[row.clone()]) },
                errors: &self.errors[b * outputs..(b + 1) * outputs],
                readout: vectors(self.readout),
                vectors: width / LANES,
            };
            let delta = vectors_mut(&mut self.delta[row.clone()]);
            let gain = vectors_mut(&mut self.gain[row]);
            let scaled = vectors_mut(&mut self.scaled[b * self.wide..][..width]);
            let count = x.len().min(pulled.len()).min(delta.len()).min(gain.len());
            let count = count.min(scaled.len()).min(alpha.len()).min(decay.len());
            let goes_on = b < self.future;
            let (mut after, mut before) = (V::zero(), V::zero());
            for k in 0..count {
                let current = V::load(&x[k]);
                let mut d = direct.at::<V>(k);
                if goes_on {
                    let future = V::load(&delta[k]);
                    let v = V::load(&decay[k]).fma(future, V::load(&pulled[k]));
                    if self.keep_flow {
                        after = v.fma(v, after);
                        before = future.fma(future, before);
                        v.store(&mut x[k]);
                    }
                    d = v.add(d);
                }
                d.store(&mut delta[k]);
                let g = V::load(&alpha[k]).mul(self.curve.slope(current, self.curve.value(current)));
                g.store(&mut gain[k]);
                g.mul(d).store(&mut scaled[k]);
            }
            self.flow[b] = [after.sum(), before.sum()];
        }
    }
}

/// From step 1 to the initial state.
pub(super) struct Finish<'a, F> {
    pub width: usize,
    pub trials: usize,
    pub decay: &'a [F],
    pub pulled: &'a [F],
    pub delta: &'a mut [F],
}

impl<F: Real> Kernel<F> for Finish<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let decay = vectors(self.decay);
        for b in 0..self.trials {
            let row = b * self.width..(b + 1) * self.width;
            let pulled = vectors(&self.pulled[row.clone()]);
            let delta = vectors_mut(&mut self.delta[row]);
            for k in 0..delta.len().min(pulled.len()).min(decay.len()) {
                V::load(&decay[k]).fma(V::load(&delta[k]), V::load(&pulled[k])).store(&mut delta[k]);
            }
        }
    }
}
