//! Decoupled neural interfaces: the whole gradient of a state, told by a learnt linear map of what is there
//! (Jaderberg et al. 2017; as in Marschall, Cho & Savin 2020; §8.4 of the specification).
//!
//! ```text
//! c̃(t) = A ã(t)             ã = [r; y*; 1]                      what all later errors ask of the state s(t)
//! g_ij = Σ_t c̃_i(t) gain_i(t) â_j(t)
//!
//! learnt from one step to the next, with a copy A* of A that follows it every few changes:
//! target of step t-1 = q(t-1) + J(t)ᵀ (A* ã(t))                A ← A - η (A ã(t-1) - target) ⊗ ã(t-1) / n
//! ```
//! It is an approximation: A sees the rates and the targets of the same step, and no more. Its target for the last
//! step of a trial is never formed, as in the program that it follows. The initial state is not learnt. A changes when the
//! weights do: after each step or, by the mean over steps and trials, after each batch. Memory n m + n² a trial, time n² + n m a step.

use crate::descent::take_up;
use crate::forward::{Influence, Outcome, Sizes, Step, Stepwise};
use crate::uoro::times;
use cogrnn_core::error::Result;
use cogrnn_core::network::Linearise;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::real::Real;

/// Changes after which the copy follows (§8.4).
pub const REFRESH: usize = 5;

/// DNI.
#[derive(Clone, Debug)]
pub struct Dni {
    /// η of A.
    pub rate: f64,
    /// Of A at the beginning: N(0, 1/(units + outputs + 1)).
    pub seed: u64,
    /// A at the beginning, if it is not drawn (unit × (unit, output, 1)): for checks.
    pub given: Option<Vec<f64>>,
}

/// What is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthesiser<F> {
    /// A (unit × (unit, output, 1)).
    pub a: Vec<F>,
    /// A*.
    pub copy: Vec<F>,
    /// Changes since A* followed.
    age: usize,
}

/// Of one trial.
#[derive(Clone, Debug)]
pub struct Course<F> {
    jacobian: Vec<F>,
    gain: Vec<F>,
    ends: Vec<F>,
    /// ã and q of the step before.
    seen: Vec<F>,
    blame: Vec<F>,
    begun: bool,
    now: Vec<F>,
    next: Vec<F>,
    target: Vec<F>,
    /// What A is to lose, since it was last told.
    a: Vec<F>,
    /// In how many steps.
    seen_steps: usize,
}

impl Stepwise for Dni {}

impl<N: Linearise> Influence<N> for Dni {
    type Trace = Course<N::Real>;
    type Memory = Synthesiser<N::Real>;

    fn memory(&self, _: &N, Sizes { units, outputs, .. }: Sizes) -> Self::Memory {
        let width = units + outputs + 1;
        let a: Vec<N::Real> = match &self.given {
            Some(given) => given.iter().map(|a| N::Real::from_f64(*a)).collect(),
            None => {
                let mut stream = Address { seed: self.seed, purpose: Purpose::Feedback, trial: 1 }.stream();
                let sd = (1.0 / width as f64).sqrt();
                (0..units * width).map(|_| N::Real::from_f64(sd * stream.normal())).collect()
            }
        };
        Synthesiser { copy: a.clone(), a, age: 0 }
    }

    fn trace(&self, Sizes { units, ends, outputs }: Sizes) -> Self::Trace {
        let zeros = |n| vec![N::Real::ZERO; n];
        let width = units + outputs + 1;
        Course {
            jacobian: zeros(units * units),
            gain: zeros(units),
            ends: zeros(ends),
            seen: zeros(width),
            blame: zeros(units),
            begun: false,
            now: zeros(width),
            next: zeros(units),
            target: zeros(units),
            a: zeros(units * width),
            seen_steps: 0,
        }
    }

    fn reset(&self, trace: &mut Self::Trace) {
        trace.begun = false;
    }

    fn follow(&self, _: &Self::Memory, trace: &mut Self::Trace, step: &Step<'_, N>) {
        step.network.jacobian(step.plastic, step.gain, step.slope, &mut trace.jacobian);
        trace.gain.copy_from_slice(step.gain);
        trace.ends.copy_from_slice(step.ends);
    }

    /// Where there is no error now, there may be one later.
    fn always(&self) -> bool {
        true
    }

    fn assign(
        &self,
        memory: &Self::Memory,
        trace: &mut Self::Trace,
        outcome: &Outcome<'_, N::Real>,
        g: &mut [N::Real],
    ) {
        let Course { jacobian, gain, ends, seen, blame, begun, now, next, target, a, seen_steps } = trace;
        let units = gain.len();
        now[..units].copy_from_slice(outcome.rates);
        now[units..][..outcome.targets.len()].copy_from_slice(outcome.targets);
        now[units + outcome.targets.len()] = N::Real::ONE;
        if *begun {
            *seen_steps += 1;
            times(&memory.copy, now, next);
            target.copy_from_slice(blame);
            for (c, row) in next.iter().zip(jacobian.chunks_exact(units)) {
                for (target, j) in target.iter_mut().zip(row) {
                    *target += *c * *j;
                }
            }
            times(&memory.a, seen, next);
            let share = N::Real::from_f64(1.0 / units as f64);
            for ((row, told), target) in a.chunks_exact_mut(seen.len()).zip(&*next).zip(&*target) {
                let error = (*told - *target) * share;
                for (a, seen) in row.iter_mut().zip(&*seen) {
                    *a += error * *seen;
                }
            }
        }
        *begun = true;
        times(&memory.a, now, next);
        for ((g, c), gain) in g.chunks_exact_mut(ends.len()).zip(&*next).zip(&*gain) {
            let c = *c * *gain;
            for (g, end) in g.iter_mut().zip(&*ends) {
                *g += c * *end;
            }
        }
        std::mem::swap(seen, now);
        blame.copy_from_slice(outcome.blame);
    }

    fn adapt(&self, memory: &mut Self::Memory, trace: &mut Self::Trace, share: f64) {
        let rate = N::Real::from_f64(self.rate * share / std::mem::take(&mut trace.seen_steps).max(1) as f64);
        for (a, change) in memory.a.iter_mut().zip(&mut trace.a) {
            *a -= rate * std::mem::take(change);
        }
    }

    fn adapted(&self, memory: &mut Self::Memory, _: Option<f64>) {
        memory.age += 1;
        if memory.age == REFRESH {
            memory.age = 0;
            memory.copy.copy_from_slice(&memory.a);
        }
    }

    fn save(&self, memory: &Self::Memory) -> Vec<(String, Vec<N::Real>)> {
        vec![
            ("synthesiser".into(), memory.a.clone()),
            ("synthesiser_copy".into(), memory.copy.clone()),
            ("synthesiser_age".into(), vec![N::Real::from_f64(memory.age as f64)]),
        ]
    }

    fn restore(&self, memory: &mut Self::Memory, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        take_up("synthesiser", &mut memory.a, saved)?;
        take_up("synthesiser_copy", &mut memory.copy, saved)?;
        let mut age = [N::Real::ZERO];
        take_up("synthesiser_age", &mut age, saved)?;
        memory.age = age[0].to_f64() as usize % REFRESH;
        Ok(())
    }
}
