//! Weights of the rate network that change after every step: in the packed copy that the next step reads, and in the
//! readout's, so that nothing is laid out anew.

use super::{FEW, Rate, RateState};
use cogrnn_core::constraint::Freedom;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::imprint::Imprint as Pass;
use cogrnn_core::kernels::lanes::padded;
use cogrnn_core::network::{Imprint, Learnt, Local, Network, Shape};
use cogrnn_core::params::{Block, Plastic};
use cogrnn_core::real::Real;

/// What the synapses of trials side by side remember.
#[derive(Clone, Debug)]
pub struct Eligibility<F> {
    /// p, laid out as the packed weights, one trial after another; empty before the first step.
    p: Aligned<F>,
    /// (trial × unit, padded).
    gain: Aligned<F>,
    blame: Aligned<F>,
}

impl<F: Real> Imprint for Rate<F> {
    type Eligibility = Eligibility<F>;

    fn imprints(&self, plastic: &Plastic<Self>) -> Option<Learnt> {
        if self.shape().outputs > FEW || self.returned().is_some() {
            return None;
        }
        let weights = plastic.weights();
        let free = |name: &str| match weights.find(name).map(Block::range) {
            Some(range) if !range.is_empty() => match plastic.wiring().freedom(range) {
                Freedom::Whole => Some(true),
                Freedom::None => Some(false),
                Freedom::Some => None,
            },
            _ => Some(false),
        };
        // The initial state acts once a trial, and would be learnt apart.
        if free("x0")? {
            return None;
        }
        Some(Learnt {
            rate: 0.0,
            recurrent: free("w_rec")?,
            inputs: free("w_in")?,
            biases: free("b_rec")?,
            readout: free("w_out")?,
            output_biases: free("b_out")?,
        })
    }

    fn eligibility(&self, trials: usize) -> Eligibility<F> {
        let Shape { inputs, units, .. } = self.shape();
        let width = padded(units);
        Eligibility {
            p: Aligned::zeros(trials * width * (units + inputs + 1)),
            gain: Aligned::zeros(trials * width),
            blame: Aligned::zeros(trials * width),
        }
    }

    fn forget(&self, eligibility: &mut Eligibility<F>) {
        eligibility.p.fill(F::ZERO);
    }

    fn imprint(
        &self,
        plastic: &mut Plastic<Self>,
        state: &RateState<F>,
        eligibility: &mut Eligibility<F>,
        t: usize,
        learnt: &Learnt,
        blame: &[F],
        errors: &[F],
    ) {
        let Shape { inputs, units, outputs } = self.shape();
        let (width, wide) = (padded(units), self.rate_stride());
        let active = blame.len() / units;
        let Eligibility { p, gain, blame: padded_blame } = eligibility;
        for (b, q) in blame.chunks_exact(units).enumerate() {
            self.gain(state, t, b, &mut gain[b * width..][..units]);
            padded_blame[b * width..][..units].copy_from_slice(q);
        }
        let rate = F::from_f64(learnt.rate);
        let (weights, packed) = plastic.in_flight();
        let before = state.start(t - 1) * wide;
        let step = Pass {
            trials: active,
            keep: &self.decay,
            gain,
            blame: padded_blame,
            ends: &state.r[before..],
            ends_stride: wide,
            rate,
        };
        let (first, last) = (units + inputs, units + inputs + 1);
        for (learns, columns) in
            [(learnt.recurrent, 0..units), (learnt.inputs, units..first), (learnt.biases, first..last)]
        {
            if learns {
                packed.forward.imprint(columns, p, &step);
            }
        }
        // The readout follows its own errors, in both of its copies.
        if learnt.readout {
            let w_out = weights.block_mut("w_out");
            let rows = w_out.chunks_exact_mut(units).zip(packed.readout.chunks_exact_mut(width));
            for (k, (row, copy)) in rows.enumerate() {
                let e = |b: usize| errors[b * outputs + k];
                if active == 1 {
                    let r = &state.r[state.start(t) * wide..][..units];
                    let e = e(0);
                    for ((w, copy), r) in row.iter_mut().zip(&mut *copy).zip(r) {
                        *w -= rate * (e * *r);
                        *copy = *w;
                    }
                    continue;
                }
                for (j, (w, copy)) in row.iter_mut().zip(copy).enumerate() {
                    let r = |b: usize| state.r[(state.start(t) + b) * wide + j];
                    *w -= rate * (0..active).fold(F::ZERO, |sum, b| sum + e(b) * r(b));
                    *copy = *w;
                }
            }
        }
        if learnt.output_biases {
            for (k, b_out) in weights.block_mut("b_out").iter_mut().enumerate() {
                *b_out -= rate * (0..active).fold(F::ZERO, |sum, b| sum + errors[b * outputs + k]);
            }
        }
    }

    fn land(&self, plastic: &mut Plastic<Self>) {
        let Shape { inputs, units, .. } = self.shape();
        let (weights, packed) = plastic.in_flight();
        packed.forward.columns(0, weights.block_mut("w_rec"), units);
        packed.forward.columns(units, weights.block_mut("w_in"), inputs);
        packed.forward.columns(units + inputs, weights.block_mut("b_rec"), 1);
        plastic.land();
    }
}
