//! KeRNL: the influence as a learnt kernel (Roth, Kanitscheider & Fiete 2019; §8.4 of the specification).
//!
//! ```text
//! M_k,ij ≈ A_ki E_ij         E_ij ← κ_i E_ij + gain_i â_j          κ_i = 1 - λ_i, at least 0
//! g_ij = Σ_t (qᵀ A)_i E_ij
//!
//! learnt from noise ζ ~ N(0, 1) whose way through the network is followed beside it:
//! d ← J d + ζ                Ω ← κ ∘ Ω + ζ          Γ ← κ ∘ Γ - Ω (of before)
//! r = A Ω - d                A ← A - η r ⊗ Ω        λ ← λ - η (rᵀ A) ∘ Γ
//! ```
//! d is what the reference program finds as the difference of a disturbed copy of the network from the network, divided by
//! the size of the disturbance, in the limit of small ones; η is for that scale. As the specification advises, ζ enters d
//! and Ω at the same step. A begins as the unit matrix and κ as the leak, so that learning begins as RFLO's; λ stays in
//! [0, 1]. A and λ change when the weights do: after each step or, by the mean
//! over steps and trials, after each batch.
//!
//! It is an approximation; its error is that of A_ki κ_iᵗ for the true response of unit k to a push at i. Memory
//! n m + 2 n² a trial, n² that lasts; time n² + n m a step.

use crate::descent::take_up;
use crate::forward::{Influence, Outcome, Sizes, Step, Stepwise, carry, weigh};
use crate::uoro::times;
use cogrnn_core::error::Result;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Linearise;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::real::Real;

/// ζ.
#[derive(Clone, Debug, PartialEq)]
pub enum Probes {
    /// Of this seed.
    Drawn(u64),
    /// These, step by step from 1 for every trial: for checks.
    Given(Vec<Vec<f64>>),
}

impl Probes {
    fn fill<F: Real>(&self, trial: u64, t: usize, out: &mut [F]) {
        match self {
            &Probes::Drawn(seed) => {
                let mut stream = Address { seed, purpose: Purpose::Probes, trial }.stream_at(t as u32);
                out.fill_with(|| F::from_f64(stream.normal()));
            }
            Probes::Given(all) => {
                for (out, given) in out.iter_mut().zip(&all[t - 1]) {
                    *out = F::from_f64(*given);
                }
            }
        }
    }
}

/// KeRNL.
#[derive(Clone, Debug)]
pub struct Kernl {
    /// λ of every unit at the beginning; `None`: what leaks, 1 - leak.
    pub lambda: Option<f64>,
    /// η of A and λ.
    pub rate: f64,
    /// ζ.
    pub probes: Probes,
    /// A and λ at the beginning, if they are not the unit matrix and what leaks: for checks.
    pub given: Option<(Vec<f64>, Vec<f64>)>,
    /// Kernels.
    pub isa: Isa,
}

/// What is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel<F> {
    /// A (unit k × unit i).
    pub a: Vec<F>,
    /// λ.
    pub lambda: Vec<F>,
}

/// Of one trial.
#[derive(Clone, Debug)]
pub struct Course<F> {
    e: Vec<F>,
    keep: Vec<F>,
    d: Vec<F>,
    omega: Vec<F>,
    gamma: Vec<F>,
    probe: Vec<F>,
    jacobian: Vec<F>,
    next: Vec<F>,
    /// What A and λ are to lose, since they were last told.
    a: Vec<F>,
    lambda: Vec<F>,
    /// In how many steps.
    seen_steps: usize,
}

impl Stepwise for Kernl {}

impl<N: Linearise> Influence<N> for Kernl {
    type Trace = Course<N::Real>;
    type Memory = Kernel<N::Real>;

    fn memory(&self, network: &N, Sizes { units, .. }: Sizes) -> Self::Memory {
        if let Some((a, lambda)) = &self.given {
            let real = |x: &Vec<f64>| x.iter().map(|x| N::Real::from_f64(*x)).collect();
            return Kernel { a: real(a), lambda: real(lambda) };
        }
        let mut a = vec![N::Real::ZERO; units * units];
        a.iter_mut().step_by(units + 1).for_each(|a| *a = N::Real::ONE);
        let lambda = match self.lambda {
            Some(lambda) => vec![N::Real::from_f64(lambda); units],
            None => network.leak().iter().map(|leak| N::Real::ONE - *leak).collect(),
        };
        Kernel { a, lambda }
    }

    fn trace(&self, Sizes { units, ends, .. }: Sizes) -> Self::Trace {
        let zeros = |n| vec![N::Real::ZERO; n];
        let unit = || zeros(units);
        Course {
            e: zeros(units * ends),
            keep: unit(),
            d: unit(),
            omega: unit(),
            gamma: unit(),
            probe: unit(),
            jacobian: zeros(units * units),
            next: unit(),
            a: zeros(units * units),
            lambda: unit(),
            seen_steps: 0,
        }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        for array in [&mut trace.e, &mut trace.d, &mut trace.omega, &mut trace.gamma] {
            array.fill(N::Real::ZERO);
        }
    }

    fn follow(&self, memory: &Self::Memory, trace: &mut Self::Trace, step: &Step<'_, N>) {
        let Course { e, keep, d, omega, gamma, probe, jacobian, next, a, lambda, seen_steps } = trace;
        for (keep, lambda) in keep.iter_mut().zip(&memory.lambda) {
            *keep = N::Real::ONE - *lambda;
        }
        carry(self.isa, keep, step.gain, step.ends, e);
        if step.t == 0 {
            return;
        }
        step.network.jacobian(step.plastic, step.gain, step.slope, jacobian);
        times(jacobian, d, next);
        self.probes.fill(step.trial, step.t, probe);
        for i in 0..d.len() {
            d[i] = next[i] + probe[i];
            gamma[i] = keep[i] * gamma[i] - omega[i];
            omega[i] = keep[i] * omega[i] + probe[i];
        }
        *seen_steps += 1;
        let units = d.len();
        times(&memory.a, omega, next);
        for ((r, d), (to, row)) in
            next.iter_mut().zip(d).zip(a.chunks_exact_mut(units).zip(memory.a.chunks_exact(units)))
        {
            *r -= *d;
            for (((to, omega), (lambda, gamma)), a) in
                to.iter_mut().zip(&*omega).zip(lambda.iter_mut().zip(&*gamma)).zip(row)
            {
                *to += *r * *omega;
                *lambda += *r * *a * *gamma;
            }
        }
    }

    fn assign(
        &self,
        memory: &Self::Memory,
        trace: &mut Self::Trace,
        outcome: &Outcome<'_, N::Real>,
        g: &mut [N::Real],
    ) {
        let along = &mut trace.next;
        along.fill(N::Real::ZERO);
        for (q, row) in outcome.blame.iter().zip(memory.a.chunks_exact(outcome.blame.len())) {
            for (along, a) in along.iter_mut().zip(row) {
                *along += *q * *a;
            }
        }
        weigh(self.isa, along, &trace.e, g);
    }

    fn adapt(&self, memory: &mut Self::Memory, trace: &mut Self::Trace, share: f64) {
        let rate = N::Real::from_f64(self.rate * share / std::mem::take(&mut trace.seen_steps).max(1) as f64);
        for (a, change) in memory.a.iter_mut().zip(&mut trace.a) {
            *a -= rate * std::mem::take(change);
        }
        for (lambda, change) in memory.lambda.iter_mut().zip(&mut trace.lambda) {
            let new = *lambda - rate * std::mem::take(change);
            *lambda = if new < N::Real::ZERO {
                N::Real::ZERO
            } else if new > N::Real::ONE {
                N::Real::ONE
            } else {
                new
            };
        }
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        vec![("kernel".into(), memory.a.clone()), ("kernel_decay".into(), memory.lambda.clone())]
    }

    fn restore(&self, memory: &mut Self::Memory, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        take_up("kernel", &mut memory.a, saved)?;
        take_up("kernel_decay", &mut memory.lambda, saved)
    }
}
