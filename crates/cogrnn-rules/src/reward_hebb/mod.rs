//! Reward-modulated Hebbian learning: what happened at a synapse in a trial, weighed once by how the trial ended
//! (Miconi 2017; §3 of the specification).
//!
//! ```text
//! δ_i(t) = x_i(t) - x̄_i(t)         x̄ ← a x̄ + (1-a) x                 a running average, over trials too
//! e_ij   = Σ_t S(r_j(t-1) δ_i(t))                                       S supralinear, a cube
//! g_ij   = m_k (err - m_k) e_ij     m_k ← α m_k + (1-α) err            expected error of trials of this type k
//! ```
//! Without the factor m_k before the bracket it is the update of the paper's text; with it, that of its program. Exact is
//! nothing in it: where units are disturbed now and then by something large, S lets those moments stand out from what the
//! network does by itself, and e is about what node perturbation would note down at them. A linear S fails: a
//! disturbance is followed by a relaxation that takes its part in the sum back.
//!
//! Each S here has S(ab) = S(a) S(b), so that e of a whole trial is one matrix product over its steps,
//!
//! ```text
//! e = Σ_t S(δ(t)) ⊗ S(r(t-1))
//! ```
//! the same to rounding as n² powers in each step. Memory: 2 n numbers a step, and n² for the sum; time n² a step in a product
//! that runs near the peak of the machine.
//!
//! What learns are the weights from unit to unit, those that come to the output units among them. Input weights, biases and the
//! weights of a readout, if there is one, stay as they are: no reward tells of them.

use crate::descent::{With, take_up};
use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, padded};
use cogrnn_core::kernels::outer::{Piece, Strides, outer};
use cogrnn_core::kernels::{Isa, Kernel, lanes};
use cogrnn_core::network::{History, Layout, Network, Perturb, Room, Site, Synapses};
use cogrnn_core::params::{Arena, Plastic};
use cogrnn_core::readout::Tally;
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Estimator, Moment};
use std::ops::Range;

/// S.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supralinear {
    /// z³.
    Cube,
    /// z |z|.
    Square,
    /// z: it does not work, and is there to show it.
    Linear,
    /// √|z| with the sign of z: nor does it.
    Root,
}

impl Supralinear {
    /// S(z).
    pub fn of(self, z: f64) -> f64 {
        match self {
            Supralinear::Cube => z * z * z,
            Supralinear::Square => z * z.abs(),
            Supralinear::Linear => z,
            Supralinear::Root => z.signum() * z.abs().sqrt(),
        }
    }
}

/// What an eligibility is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eligibility {
    /// Σ S(r_j(t-1) δ_i(t)).
    Product,
    /// Σ r_j(t-1) S(δ_i(t)), as the program of the paper's arm has it.
    Deflection,
    /// Σ r_j(t-1) ξ_i(t), ξ the disturbance itself: node perturbation.
    Perturbation,
}

/// What m begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expecting {
    /// 0, as in the paper's program.
    Nothing,
    /// The error of the first trial of its type, which teaches nothing else.
    TheFirst,
}

/// Reward-modulated Hebbian learning.
#[derive(Clone, Debug, PartialEq)]
pub struct RewardHebb {
    /// S.
    pub supralinear: Supralinear,
    /// What e is made of.
    pub eligibility: Eligibility,
    /// Whether m_k stands before the bracket.
    pub scaled: bool,
    /// α, what is left of m after a trial.
    pub keep: f64,
    /// What m begins with.
    pub expecting: Expecting,
    /// a, what is left of x̄ after a step.
    pub average: f64,
    /// Whether x̄ begins each trial as its initial state.
    pub afresh: bool,
    /// Steps at the beginning of a trial that leave no trace.
    pub quiet: usize,
    /// Trials at the beginning of all that are not learnt from.
    pub silent: u64,
    /// Types of trials; those of no condition are the last.
    pub types: usize,
    /// Instructions.
    pub isa: Isa,
}

impl RewardHebb {
    /// As in the program of the paper, for so many types of trials.
    pub fn new(types: usize, isa: Isa) -> RewardHebb {
        RewardHebb {
            supralinear: Supralinear::Cube,
            eligibility: Eligibility::Product,
            scaled: true,
            keep: 0.75,
            expecting: Expecting::Nothing,
            average: 0.05,
            afresh: false,
            quiet: 3,
            silent: 101,
            types: types.max(1),
            isa,
        }
    }
}

impl With for RewardHebb {}

/// Of trials side by side.
#[derive(Debug)]
pub struct Trace<F> {
    units: usize,
    /// S(δ) and S(r) of each step and trial (row × unit), rows padded.
    post: Aligned<F>,
    pre: Aligned<F>,
    /// x̄ of each trial.
    average: Vec<F>,
}

/// What lasts.
#[derive(Clone, Debug)]
pub struct Memory<F> {
    /// x̄, where the next trial goes on.
    pub average: Vec<F>,
    /// m of each type; no number before the first trial where that is waited for.
    pub expected: Vec<F>,
    /// Trials so far.
    pub trials: u64,
    /// Room for e.
    sums: Aligned<F>,
    recurrent: Range<usize>,
}

/// The error of a trial, if it has one that can be learnt from.
pub fn error_of(tally: &Tally) -> Option<f64> {
    if tally.failed > 0 {
        return None;
    }
    (tally.judged > 0 || tally.mask > 0.0).then(|| tally.mean_loss()).filter(|e| e.is_finite())
}

fn recurrent<N: Network>(network: &N) -> Option<Synapses> {
    network.synapses().into_iter().find(|s| s.from == Site::Units && s.to == Site::Units)
}

impl<N: Network + Perturb> Estimator<N> for RewardHebb {
    type Trace = Trace<N::Real>;
    type Memory = Memory<N::Real>;
    const HISTORY: History = History::Last;

    fn trace(&self, network: &N, room: &Room) -> Result<Trace<N::Real>> {
        let units = network.shape().units;
        if recurrent(network).is_none_or(|s| s.layout != Layout::Dense) {
            return Err(Error::input(format!("the recurrent weights of a `{}` are not a whole matrix", N::NAME))
                .why("the eligibilities of a trial are formed as one")
                .remedy("train it with another rule"));
        }
        let rows = room.trials * room.steps * padded(units);
        Ok(Trace {
            units,
            post: Aligned::zeros(rows),
            pre: Aligned::zeros(rows),
            average: vec![N::Real::ZERO; room.trials * units],
        })
    }

    fn memory(&self, network: &N, _: &Plastic<N>) -> Memory<N::Real> {
        let units = network.shape().units;
        let first = if self.expecting == Expecting::Nothing { 0.0 } else { f64::NAN };
        Memory {
            average: vec![N::Real::ZERO; units],
            expected: vec![N::Real::from_f64(first); self.types],
            trials: 0,
            sums: Aligned::zeros(units * padded(units)),
            recurrent: recurrent(network).map_or(0..0, |s| s.weights),
        }
    }

    fn begin(&self, memory: &Memory<N::Real>, trace: &mut Trace<N::Real>, batch: &Batch<N::Real>) {
        let rows = batch.timetable.total() * padded(trace.units);
        trace.post.reach(rows);
        trace.pre.reach(rows);
        trace.average.resize(batch.timetable.trials() * trace.units, N::Real::ZERO);
        for average in trace.average.chunks_exact_mut(trace.units) {
            average.copy_from_slice(&memory.average);
        }
    }

    fn learn(&self, _: &Memory<N::Real>, trace: &mut Trace<N::Real>, now: &Moment<'_, N>) {
        let &Moment { network, state, t, row, active, .. } = now;
        let Trace { units, post, pre, average } = trace;
        let wide = padded(*units);
        for (b, average) in average.chunks_exact_mut(*units).take(active).enumerate() {
            if t == 1 && self.afresh {
                average.copy_from_slice(network.potentials(state, 0, b));
            }
            let here = (row + b) * wide..(row + b) * wide + *units;
            let (post, pre) = (&mut post[here.clone()], &mut pre[here]);
            let keep = N::Real::from_f64(self.average);
            let (x, rates) = (network.potentials(state, t, b), network.rates(state, t - 1, b));
            self.isa.run(Mark { how: self.supralinear, of: self.eligibility, keep, x, rates, average, post, pre });
            if self.eligibility == Eligibility::Perturbation {
                network.nudge(state, b, post);
            }
        }
    }

    fn settle(&self, _: &N, _: &Plastic<N>, _: &Memory<N::Real>, _: &mut Desk<N, Trace<N::Real>>) {}

    fn gradient(
        &self,
        network: &N,
        _: &Plastic<N>,
        memory: &mut Memory<N::Real>,
        desks: &mut [Desk<N, Trace<N::Real>>],
        crew: &Crew,
        gradient: &mut Arena<N::Real>,
    ) -> Option<f64> {
        let units = network.shape().units;
        let wide = padded(units);
        let count: usize = desks.iter().map(|d| d.batch.timetable.trials()).sum();
        let share = 1.0 / count.max(1) as f64;
        let old = memory.expected.clone();
        let mut learns = false;
        for Desk { trace, batch, tallies, .. } in desks.iter_mut() {
            for (b, tally) in tallies.iter().enumerate() {
                let condition = batch.outlines.get(b).and_then(|outline| outline.condition);
                let kind = condition.unwrap_or(self.types - 1).min(self.types - 1);
                let silent = memory.trials < self.silent;
                memory.trials += 1;
                let error = error_of(tally);
                let expected = old[kind].to_f64();
                let modulator = match error {
                    Some(error) if !silent && expected.is_finite() => {
                        share * (error - expected) * if self.scaled { expected } else { 1.0 }
                    }
                    _ => 0.0,
                };
                if let Some(error) = error {
                    let m = memory.expected[kind].to_f64();
                    let m = if m.is_finite() { self.keep * m + (1.0 - self.keep) * error } else { error };
                    memory.expected[kind] = N::Real::from_f64(m);
                }
                learns |= modulator != 0.0;
                let modulator = N::Real::from_f64(modulator);
                for t in self.quiet + 1..=batch.timetable.length(b) {
                    let row = (batch.timetable.rows(t).start + b) * wide;
                    trace.post[row..row + units].iter_mut().for_each(|x| *x *= modulator);
                }
                memory.average.copy_from_slice(&trace.average[b * units..][..units]);
            }
        }
        if !learns {
            return None;
        }
        let steps = desks.iter().map(|d| d.batch.timetable.steps()).max().unwrap_or(0);
        let mut pieces = Vec::with_capacity(steps * desks.len());
        for t in self.quiet + 1..=steps {
            for desk in desks.iter().filter(|d| d.batch.timetable.steps() >= t) {
                let rows = desk.batch.timetable.rows(t);
                let (a, b) = (&desk.trace.post[rows.start * wide..], &desk.trace.pre[rows.start * wide..]);
                // rows of one desk that follow one another are one piece
                match pieces.last_mut() {
                    Some(Piece { count, .. }) if desks.len() == 1 => *count += rows.len(),
                    _ => pieces.push(Piece { a, blend: None, b, count: rows.len() }),
                }
            }
        }
        let strides = Strides { a: wide, b: wide, c: 0, out: wide };
        memory.sums[..units * wide].fill(N::Real::ZERO);
        let each = padded(units.div_ceil(crew.threads()));
        let mut slabs: Vec<_> = memory.sums[..units * wide].chunks_mut(each * wide).enumerate().collect();
        crew.each(&mut slabs, |_, (i, slab)| {
            let first = *i * each;
            outer(self.isa, &pieces, strides, first..first + slab.len() / wide, units, slab);
        });
        let rows = gradient.data_mut()[memory.recurrent.clone()].chunks_exact_mut(units);
        for (to, from) in rows.zip(memory.sums.chunks_exact(wide)) {
            for (to, from) in to.iter_mut().zip(from) {
                *to += *from;
            }
        }
        None
    }

    fn save(&self, memory: &Memory<N::Real>) -> Vec<(String, Vec<N::Real>)> {
        let count = [memory.trials % COUNTED, memory.trials / COUNTED].map(|n| N::Real::from_f64(n as f64));
        vec![
            ("average".into(), memory.average.clone()),
            ("expected_error".into(), memory.expected.clone()),
            ("trials".into(), count.to_vec()),
        ]
    }

    fn restore(&self, memory: &mut Memory<N::Real>, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
        take_up("average", &mut memory.average, saved)?;
        take_up("expected_error", &mut memory.expected, saved)?;
        let mut count = [N::Real::ZERO; 2];
        take_up("trials", &mut count, saved)?;
        memory.trials = count[0].to_f64() as u64 + COUNTED * count[1].to_f64() as u64;
        Ok(())
    }
}

/// Counts below this are exact in single precision.
const COUNTED: u64 = 1 << 20;

/// What one step of one trial leaves at the synapses.
struct Mark<'a, F> {
    how: Supralinear,
    of: Eligibility,
    keep: F,
    x: &'a [F],
    rates: &'a [F],
    average: &'a mut [F],
    post: &'a mut [F],
    pre: &'a mut [F],
}

impl<F: Real> Kernel<F> for Mark<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: lanes::Lanes<Elem = F>>(self) {
        let of = self.of;
        match self.how {
            Supralinear::Cube => self.each::<V>(|z| z.mul(z).mul(z), of),
            Supralinear::Square => self.each::<V>(|z| z.mul(z.abs()), of),
            Supralinear::Linear => self.each::<V>(|z| z, of),
            Supralinear::Root => {
                let zero = V::zero();
                self.each::<V>(|z| z.where_gt(zero, z.abs().sqrt(), zero.sub(z.abs().sqrt())), of);
            }
        }
    }
}

impl<F: Real> Mark<'_, F> {
    #[inline(always)]
    fn each<V: lanes::Lanes<Elem = F>>(self, s: impl Fn(V) -> V, of: Eligibility) {
        let (keep, rest) = (V::splat(self.keep), V::splat(F::ONE - self.keep));
        let plain = of != Eligibility::Product;
        let ((x, few_x), (rates, few_rates)) = (self.x.as_chunks::<LANES>(), self.rates.as_chunks::<LANES>());
        let (average, few_average) = self.average.as_chunks_mut::<LANES>();
        let ((post, few_post), (pre, few_pre)) =
            (self.post.as_chunks_mut::<LANES>(), self.pre.as_chunks_mut::<LANES>());
        for ((((x, rate), average), post), pre) in x.iter().zip(rates).zip(average).zip(post).zip(pre) {
            let (x, rate, mean) = (V::load(x), V::load(rate), V::load(average));
            s(x.sub(mean)).store(post);
            if plain { rate } else { s(rate) }.store(pre);
            keep.fma(mean, rest.mul(x)).store(average);
        }
        let few = few_x.len();
        let mut lanes = [[F::ZERO; LANES]; 3];
        for (lanes, from) in lanes.iter_mut().zip([few_x, few_rates, &*few_average]) {
            lanes[..few].copy_from_slice(from);
        }
        let (x, rate, mean) = (V::load(&lanes[0]), V::load(&lanes[1]), V::load(&lanes[2]));
        s(x.sub(mean)).store(&mut lanes[0]);
        if plain { rate } else { s(rate) }.store(&mut lanes[1]);
        keep.fma(mean, rest.mul(x)).store(&mut lanes[2]);
        for (to, lanes) in [few_post, few_pre, few_average].into_iter().zip(&lanes) {
            to.copy_from_slice(&lanes[..few]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A movement that could not be integrated teaches nothing (Miconi 2017 §6.3, point 6); the same cost otherwise does.
    #[test]
    fn a_failed_trial_has_no_error_to_learn_from() {
        let mut tally = Tally { judged: 1, loss: 1.0, ..Tally::default() };
        assert!(error_of(&tally).is_some());
        tally.failed = 1;
        assert_eq!(error_of(&tally), None);
    }

    #[test]
    fn s_of_a_product_is_the_product_of_both() {
        for s in [Supralinear::Cube, Supralinear::Square, Supralinear::Linear, Supralinear::Root] {
            for (a, b) in [(0.3, -1.7), (-0.2, -0.9), (1.4, 0.6)] {
                assert!((s.of(a * b) - s.of(a) * s.of(b)).abs() < 1e-15, "{s:?}");
            }
        }
    }
}
