//! The rate network's step, backwards (Song et al. 2016, section on training; S1 text).
//!
//! ```text
//! δ_t = dL/dx_t = (1-α) δ_{t+1} + f'(x_t) ⊙ (P + e_t W_out),      P = (α δ_{t+1}) W_rec
//! ```
//! What the Ω regulariser compares is in hand before the direct error e_t W_out is added:
//!
//! ```text
//! G = (1-α) δ_{t+1}        v = (1-α) G + ((α G) W_rec) ⊙ f'(x_t)        q = |v|² / |G|²
//! ```
//! If α is the same for all units the factor 1-α cancels in q, and v = (1-α) δ_{t+1} + P f' costs nothing.
//! Its immediate derivative with respect to W_rec is Σ s α G_i (v_j f'_j): the same left factor as
//! the gradient's own Σ α δ_{t+1,i} r_j, so both are one product with r + s v f' on the right.

use super::nonlinearity::{Curve, with_curve};
use super::{FEW, Leak, Rate, RateState, leak};
use cogrnn_core::batch::Timetable;
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Kernel;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, Lanes, padded, stride, vectors, vectors_mut};
use cogrnn_core::kernels::outer::{Blend, Piece, Strides, outer};
use cogrnn_core::kernels::product::Packed;
use cogrnn_core::kernels::terms::Terms;
use cogrnn_core::network::{Adjoint, CarryBack, Credit, Flow, Network, Room, Shape, Swept};
use cogrnn_core::params::{Arena, Plastic};
use cogrnn_core::real::Real;
use std::ops::Range;

/// The adjoints of trials side by side.
#[derive(Clone, Debug)]
pub struct Sweep<F> {
    /// α δ_t, one row a step and trial, as the timetable orders them.
    scaled: Aligned<F>,
    /// δ of the step last pulled to (trial × unit, padded).
    delta: Aligned<F>,
    /// P.
    pulled: Aligned<F>,
    /// e_t W_out.
    direct: Aligned<F>,
    /// Where the potential leaks: (α G) W_rec, if α differs between units. Where the rate does: α f'(x_t).
    stretched: Aligned<F>,
    /// |v|² and |G|² of each row.
    flow: Vec<[F; 2]>,
    /// Terms of a product that are not zero.
    terms: Terms,
    /// Whether errors go back along the recurrent weights; if not, `pulled` stays zero.
    recurrent: bool,
    /// B, if errors take that way: its columns, padded, and for many outputs as a product.
    feedback: Option<(Aligned<F>, Packed<F>)>,
    keep_flow: bool,
    /// Trials that were active at the step last pulled to.
    active: usize,
}

/// Writes feedback weights (output × unit) as padded rows and as a product.
fn feed<F: Real>((rows, product): &mut (Aligned<F>, Packed<F>), feedback: &[F], Shape { units, outputs, .. }: Shape) {
    for (to, from) in rows.chunks_exact_mut(padded(units)).zip(feedback.chunks_exact(units)) {
        to[..units].copy_from_slice(from);
    }
    product.set_rows(0, feedback, outputs);
}

impl<F: Real> Rate<F> {
    /// Whether what the regulariser compares comes with the sweep, and its derivative with the gradient.
    fn flow_rides_along(&self) -> bool {
        self.leak == Leak::Rate || self.uniform_decay.is_some()
    }

    fn width(&self) -> usize {
        padded(self.shape().units)
    }

    fn sweep_stride(&self) -> usize {
        stride(self.shape().units)
    }

    /// P of the trials that go on after step t.
    fn pull_future(&self, plastic: &Plastic<Self>, sweep: &mut Sweep<F>, rows: Range<usize>) {
        let (wide, width) = (self.sweep_stride(), self.width());
        let scaled = &sweep.scaled[rows.start * wide..];
        let backward = &plastic.packed().backward;
        if self.may_be_silent() {
            backward.multiply_sparse(rows.len(), scaled, wide, &mut sweep.pulled, width, &mut sweep.terms);
        } else {
            backward.multiply(rows.len(), scaled, wide, &mut sweep.pulled, width, false);
        }
        if sweep.keep_flow && !self.flow_rides_along() {
            // α G = (1-α) α δ; `direct` is free until the errors of this step are written.
            let n = rows.len();
            sweep.stretched.reach(n * width);
            sweep.direct.reach(n * width);
            for b in 0..n {
                let from = &sweep.scaled[(rows.start + b) * wide..][..width];
                for ((g, s), d) in sweep.direct[b * width..][..width].iter_mut().zip(from).zip(&self.decay) {
                    *g = *s * *d;
                }
            }
            plastic.packed().backward.multiply(n, &sweep.direct, width, &mut sweep.stretched, width, false);
        }
    }
}

impl<F: Real> Rate<F> {
    /// What was added to the gradients of W_rec and b_rec is that of W_rec + B W_out and b_rec + B b_out: Bᵀ hands it on
    /// to W_out and b_out.
    fn hand_on(&self, w_rec: &[F], b_rec: &[F], gradient: &mut Arena<F>) {
        let Shape { units, outputs, .. } = self.shape();
        let Some(b) = &self.returns else { return };
        let added = |now: &[F], before: &[F]| -> Vec<F> { now.iter().zip(before).map(|(a, b)| *a - *b).collect() };
        let w = added(gradient.block("w_rec"), w_rec);
        let bias = added(gradient.block("b_rec"), b_rec);
        for (o, row) in gradient.block_mut("w_out").chunks_exact_mut(units).enumerate() {
            for (w, b) in w.chunks_exact(units).zip(b.chunks_exact(outputs)) {
                for (to, w) in row.iter_mut().zip(w) {
                    *to = b[o].fma(*w, *to);
                }
            }
        }
        for (o, to) in gradient.block_mut("b_out").iter_mut().enumerate() {
            for (d, b) in bias.iter().zip(b.chunks_exact(outputs)) {
                *to = b[o].fma(*d, *to);
            }
        }
    }
}

impl<F: Real> Adjoint for Rate<F> {
    type Sweep = Sweep<F>;

    fn sweep(&self, room: &Room, credit: &Credit<F>) -> Sweep<F> {
        let rows = room.trials * room.steps;
        let one = || Aligned::zeros(room.trials * self.width());
        let Shape { units, outputs, .. } = self.shape();
        let feedback = credit.feedback.as_ref().map(|b| {
            let mut ways = (Aligned::zeros(outputs * self.width()), Packed::new(units, outputs, self.isa));
            let rows: Vec<F> = (0..outputs).flat_map(|k| b.iter().skip(k).step_by(outputs).copied()).collect();
            feed(&mut ways, &rows, self.shape());
            ways
        });
        Sweep {
            scaled: Aligned::zeros(rows * self.sweep_stride()),
            delta: one(),
            pulled: one(),
            direct: one(),
            stretched: if self.leak == Leak::Potential && self.flow_rides_along() { Aligned::default() } else { one() },
            flow: vec![[F::ZERO; 2]; rows],
            terms: Terms::new(room.trials, units),
            recurrent: credit.recurrent,
            feedback,
            keep_flow: false,
            active: 0,
        }
    }

    fn feed(&self, sweep: &mut Sweep<F>, feedback: &[F]) {
        if let Some(ways) = &mut sweep.feedback {
            feed(ways, feedback, self.shape());
        }
    }

    fn start(&self, sweep: &mut Sweep<F>, timetable: &Timetable, flow: bool) {
        sweep.scaled.reach(timetable.total() * self.sweep_stride());
        for array in [&mut sweep.delta, &mut sweep.pulled, &mut sweep.direct] {
            array.reach(timetable.trials() * self.width());
        }
        if self.leak == Leak::Rate {
            sweep.stretched.reach(timetable.trials() * self.width());
        }
        if sweep.flow.len() < timetable.total() {
            sweep.flow.resize(timetable.total(), [F::ZERO; 2]);
        }
        sweep.keep_flow = flow;
        sweep.active = 0;
    }

    fn pull(
        &self,
        plastic: &Plastic<Self>,
        state: &mut RateState<F>,
        sweep: &mut Sweep<F>,
        t: usize,
        errors: &[F],
        direct: Option<&[F]>,
        cut: bool,
    ) {
        let Shape { units, outputs, .. } = self.shape();
        let (width, wide, rate_wide) = (self.width(), self.sweep_stride(), self.rate_stride());
        let rows = state.timetable.rows(t);
        let future = if cut { 0 } else { sweep.active };
        if future > 0 && sweep.recurrent {
            let start = state.timetable.rows(t + 1).start;
            self.pull_future(plastic, sweep, start..start + future);
        }
        // A few outputs are added where they are needed; more are a product of their own, as is whatever
        // else the rates cost.
        let few = outputs <= FEW && direct.is_none();
        if !few {
            let Sweep { feedback, direct, .. } = &mut *sweep;
            let back = feedback.as_ref().map_or(&plastic.packed().errors, |(_, packed)| packed);
            back.multiply(rows.len(), errors, outputs, direct, width, false);
        }
        if let Some(direct) = direct {
            for (to, from) in sweep.direct.chunks_exact_mut(width).zip(direct.chunks_exact(units)) {
                for (d, g) in to.iter_mut().zip(from) {
                    *d += *g;
                }
            }
        }
        let here = state.start(t);
        let x = &mut state.x[here * width..][..rows.len() * width];
        let r = &state.r[here * rate_wide..][..(rows.len() - 1) * rate_wide + width];
        let scaled = &mut sweep.scaled[rows.start * wide..rows.end * wide];
        let flow = &mut sweep.flow[rows.clone()];
        let (alpha, decay) = (&self.alpha[..], &self.decay[..]);
        let (pulled, keep_flow) = (&sweep.pulled[..], sweep.keep_flow);
        let direct: &[F] = if few { &[] } else { &sweep.direct };
        let readout = sweep.feedback.as_ref().map_or(&plastic.packed().readout[..], |(columns, _)| &columns[..]);
        let delta = &mut sweep.delta[..];
        let rows_here = rows.len();
        match self.leak {
            Leak::Potential => with_curve!(self.nonlinearity, curve => self.isa.run(Pull {
                curve, width, wide, rate_wide, future, rows: rows_here, keep_flow, alpha, decay,
                x, r, pulled, direct, errors, readout, delta, scaled, flow,
                stretched: if self.flow_rides_along() { &[] } else { &sweep.stretched },
            })),
            Leak::Rate => with_curve!(self.nonlinearity, curve => self.isa.run(leak::Pull {
                curve, width, wide, future, rows: rows_here, keep_flow, alpha, decay,
                x, pulled, direct, errors, readout, delta, scaled, flow, gain: &mut sweep.stretched,
            })),
        }
        sweep.active = rows.len();
    }

    fn finish(&self, plastic: &Plastic<Self>, state: &mut RateState<F>, sweep: &mut Sweep<F>) {
        let (width, rate_wide) = (self.width(), self.rate_stride());
        let trials = state.timetable.trials();
        if state.timetable.steps() == 0 {
            sweep.delta[..trials * width].fill(F::ZERO);
            return;
        }
        if sweep.recurrent {
            self.pull_future(plastic, sweep, 0..trials);
        }
        let (decay, pulled, delta) = (&self.decay[..], &sweep.pulled[..], &mut sweep.delta[..]);
        match self.leak {
            Leak::Potential => with_curve!(self.nonlinearity, curve => self.isa.run(Finish {
                curve, width, rate_wide, trials, decay, x: &state.x, r: &state.r, pulled, delta,
            })),
            Leak::Rate => self.isa.run(leak::Finish { width, trials, decay, pulled, delta }),
        }
    }

    fn flow(&self, sweep: &Sweep<F>, row: usize) -> Flow {
        let [after, before] = sweep.flow[row].map(Real::to_f64);
        match self.uniform_decay {
            // With one α for all units v and G were kept without their common factor 1-α, which only
            // the threshold on |G|² sees. At α = 1 the reference program divides 0 by 0; there δ
            // itself takes the place of G.
            Some(decay) if decay != F::ZERO && self.leak == Leak::Potential => {
                let scale = decay.to_f64() * decay.to_f64();
                Flow { after: scale * after, before: scale * before, divisor: before }
            }
            _ => Flow { after, before, divisor: before },
        }
    }

    fn gather(&self, crew: &Crew, pieces: &mut [Swept<'_, Self>], omega: Option<&[&[F]]>, gradient: &mut Arena<F>) {
        let Shape { inputs, units, outputs } = self.shape();
        // Local credit ends at the units: the readout answers for what it says, not for what comes back of it.
        let before = self
            .returns
            .as_ref()
            .filter(|_| pieces.iter().all(|p| p.sweep.recurrent))
            .map(|_| (gradient.block("w_rec").to_vec(), gradient.block("b_rec").to_vec()));
        let (width, wide, rate_wide) = (self.width(), self.sweep_stride(), self.rate_stride());
        let steps = pieces.iter().map(|p| p.timetable.steps()).max().unwrap_or(0);

        // Readout, before the rates take up the regulariser: dW_out = Σ eᵀ r.
        {
            let mut rows = Vec::with_capacity(steps * pieces.len());
            for t in 1..=steps {
                for p in pieces.iter().filter(|p| counts(p, t)) {
                    let at = p.timetable.rows(t);
                    let here = p.state.start(t);
                    rows.push(Piece {
                        a: &p.errors[at.start * outputs..],
                        blend: None,
                        b: &p.state.r[here * rate_wide..],
                        count: at.len(),
                    });
                }
            }
            let mut w_out = Aligned::<F>::zeros(outputs * width);
            outer(
                self.isa,
                &rows,
                Strides { a: outputs, b: rate_wide, c: 0, out: width },
                0..outputs,
                units,
                &mut w_out,
            );
            for (to, from) in gradient.block_mut("w_out").chunks_exact_mut(units).zip(w_out.chunks_exact(width)) {
                add(to, &from[..units]);
            }
            let b_out = gradient.block_mut("b_out");
            for piece in &rows {
                for errors in piece.a.chunks_exact(outputs).take(piece.count) {
                    add(b_out, errors);
                }
            }
            let x0 = gradient.block_mut("x0");
            for p in pieces.iter().filter(|p| p.warm_up == 0) {
                for row in p.sweep.delta.chunks_exact(width).take(p.timetable.trials()) {
                    add(x0, &row[..units]);
                }
            }
        }

        // Rows (t, b) of α δ meet rows (t-1, b) of [r | u | 1]. With one α for all units the regulariser
        // rides along; else it has a product of its own.
        let merged = if self.flow_rides_along() { omega } else { None };
        let columns = units + inputs + 1;
        let mut rows = Vec::with_capacity(steps * pieces.len());
        for t in 1..=steps {
            for (i, p) in pieces.iter().enumerate().filter(|(_, p)| counts(p, t)) {
                let at = p.timetable.rows(t);
                let before = p.state.start(t - 1);
                let blend = merged.filter(|_| t > p.warm_up + 1).map(|omega| {
                    let scale = &omega[i][p.timetable.rows(t - 1).start..];
                    Blend { scale, c: &p.state.x[before * width..] }
                });
                let (a, b) = (&p.state.r[before * rate_wide..], &p.sweep.scaled[at.start * wide..]);
                rows.push(Piece { a, blend, b, count: at.len() });
            }
        }
        let mut sums = Aligned::zeros(columns * wide);
        slabs(crew, columns, wide, &mut sums, |range, out| {
            outer(self.isa, &rows, Strides { a: rate_wide, b: wide, c: width, out: wide }, range, units, out);
        });
        for (name, first, count) in [("w_rec", 0, units), ("w_in", units, inputs), ("b_rec", units + inputs, 1)] {
            if count > 0 {
                add_transposed(gradient.block_mut(name), count, &sums[first * wide..][..count * wide], wide);
            }
        }

        if let (Some(omega), None) = (omega, merged) {
            self.gather_flow(crew, pieces, omega, gradient);
        }
        if let Some((w_rec, b_rec)) = before {
            self.hand_on(&w_rec, &b_rec, gradient);
        }
    }

    /// dΩ/dW_rec = Σ α G_i s (v f')_j with α G = (1-α_i) α δ_{t+1,i}; the factor 1-α is not there where
    /// v and G were kept without it.
    fn gather_flow(&self, crew: &Crew, pieces: &mut [Swept<'_, Self>], omega: &[&[F]], gradient: &mut Arena<F>) {
        let units = self.shape().units;
        let steps = pieces.iter().map(|p| p.timetable.steps()).max().unwrap_or(0);
        let (width, wide) = (self.width(), self.sweep_stride());
        for (p, coefficients) in pieces.iter_mut().zip(omega) {
            let trials = p.timetable.trials();
            let rows = p.state.x[trials * width..].chunks_exact_mut(width);
            for (row, s) in rows.zip(*coefficients) {
                row.iter_mut().for_each(|c| *c *= *s);
            }
        }
        let mut rows = Vec::new();
        for t in 2..=steps {
            for p in pieces.iter().filter(|p| t > p.warm_up + 1 && counts(p, t)) {
                let at = p.timetable.rows(t);
                let before = p.state.start(t - 1);
                rows.push(Piece {
                    a: &p.state.x[before * width..],
                    blend: None,
                    b: &p.sweep.scaled[at.start * wide..],
                    count: at.len(),
                });
            }
        }
        let mut sums = Aligned::zeros(units * wide);
        slabs(crew, units, wide, &mut sums, |range, out| {
            outer(self.isa, &rows, Strides { a: width, b: wide, c: 0, out: wide }, range, units, out);
        });
        if !self.flow_rides_along() {
            for row in sums.chunks_exact_mut(wide) {
                for (s, decay) in row.iter_mut().zip(&self.decay) {
                    *s = *decay * *s;
                }
            }
        }
        add_transposed(gradient.block_mut("w_rec"), units, &sums, wide);
    }
}

impl<F: Real> CarryBack for Rate<F> {
    fn flowing<'s>(&self, sweep: &'s Sweep<F>, trial: usize) -> &'s [F] {
        &sweep.delta[trial * self.width()..][..self.shape().units]
    }

    fn reflow(&self, state: &RateState<F>, sweep: &mut Sweep<F>, t: usize, trial: usize, to: &[F]) {
        let (width, wide) = (self.width(), self.sweep_stride());
        let delta = &mut sweep.delta[trial * width..][..width];
        delta[..to.len()].copy_from_slice(to);
        if t == 0 {
            return;
        }
        let row = state.timetable.rows(t).start + trial;
        let scaled = &mut sweep.scaled[row * wide..][..width];
        let gain = match self.leak {
            Leak::Potential => &self.alpha[..],
            Leak::Rate => &sweep.stretched[trial * width..][..width],
        };
        for ((s, g), d) in scaled.iter_mut().zip(gain).zip(&*delta) {
            *s = *g * *d;
        }
    }
}

/// Shares the rows of a matrix among the crew, sixteen together: whoever adds them up, each sum is the same chain.
fn slabs<F: Real>(
    crew: &Crew,
    rows: usize,
    stride: usize,
    out: &mut [F],
    work: impl Fn(Range<usize>, &mut [F]) + Sync,
) {
    let each = padded(rows.div_ceil(crew.threads()));
    let mut slabs: Vec<_> =
        out[..rows * stride].chunks_mut(each * stride).enumerate().map(|(i, slab)| (i * each, slab)).collect();
    crew.each(&mut slabs, |_, (first, slab)| {
        let count = slab.len() / stride;
        work(*first..*first + count, slab);
    });
}

/// to[i, j] += from[j, i] for a matrix with `columns` columns, whose transpose has rows of `stride`.
fn add_transposed<F: Real>(to: &mut [F], columns: usize, from: &[F], stride: usize) {
    // Sixteen by sixteen: neither side leaves the cache.
    for (band, to) in to.chunks_mut(LANES * columns).enumerate() {
        for first in (0..columns).step_by(LANES) {
            for (i, to) in to.chunks_exact_mut(columns).enumerate() {
                let to = &mut to[first..columns.min(first + LANES)];
                for (to, from) in to.iter_mut().zip(from[first * stride..].chunks(stride)) {
                    *to += from[band * LANES + i];
                }
            }
        }
    }
}

/// Whether something is learnt from step t.
fn counts<N: Adjoint>(piece: &Swept<'_, N>, t: usize) -> bool {
    t > piece.warm_up && t <= piece.timetable.steps()
}

fn add<F: Real>(to: &mut [F], from: &[F]) {
    for (a, b) in to.iter_mut().zip(from) {
        *a += *b;
    }
}

/// e W_out of one trial.
pub(super) struct Direct<'a, F> {
    pub sums: &'a [[F; LANES]],
    pub errors: &'a [F],
    pub readout: &'a [[F; LANES]],
    pub vectors: usize,
}

impl<F: Real> Direct<'_, F> {
    /// Units of vector `k`.
    #[inline(always)]
    pub fn at<V: Lanes<Elem = F>>(&self, k: usize) -> V {
        if let Some(sum) = self.sums.get(k) {
            return V::load(sum);
        }
        let mut sum = V::zero();
        for (e, row) in self.errors.iter().zip(self.readout.chunks_exact(self.vectors)) {
            sum = V::splat(*e).fma(V::load(&row[k]), sum);
        }
        sum
    }
}

struct Pull<'a, F, C> {
    curve: C,
    width: usize,
    wide: usize,
    rate_wide: usize,
    /// Trials that go on after this step.
    future: usize,
    rows: usize,
    keep_flow: bool,
    alpha: &'a [F],
    decay: &'a [F],
    /// In: x_t. Out: v f', where the flow is kept.
    x: &'a mut [F],
    r: &'a [F],
    pulled: &'a [F],
    /// e W_out; empty if there are few outputs.
    direct: &'a [F],
    errors: &'a [F],
    /// W_out, rows padded.
    readout: &'a [F],
    /// (α G) W_rec; empty if α is the same for all units.
    stretched: &'a [F],
    /// In: δ_{t+1}. Out: δ_t.
    delta: &'a mut [F],
    scaled: &'a mut [F],
    flow: &'a mut [[F; 2]],
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
            let r = vectors(&self.r[b * self.rate_wide..][..width]);
            let pulled = vectors(&self.pulled[row.clone()]);
            let direct = Direct {
                sums: if self.direct.is_empty() { &[] } else { vectors(&self.direct[row.clone()]) },
                errors: &self.errors[b * outputs..(b + 1) * outputs],
                readout: vectors(self.readout),
                vectors: width / LANES,
            };
            let delta = vectors_mut(&mut self.delta[row.clone()]);
            let scaled = vectors_mut(&mut self.scaled[b * self.wide..][..width]);
            let count = x
                .len()
                .min(r.len())
                .min(pulled.len())
                .min(delta.len())
                .min(scaled.len())
                .min(alpha.len())
                .min(decay.len());
            let (mut after, mut before) = (V::zero(), V::zero());
            if b >= self.future {
                for k in 0..count {
                    let slope = self.curve.slope(V::load(&x[k]), V::load(&r[k]));
                    let d = slope.mul(direct.at::<V>(k));
                    d.store(&mut delta[k]);
                    V::load(&alpha[k]).mul(d).store(&mut scaled[k]);
                }
            } else if !self.keep_flow {
                for k in 0..count {
                    let slope = self.curve.slope(V::load(&x[k]), V::load(&r[k]));
                    let leaked = V::load(&decay[k]).mul(V::load(&delta[k]));
                    let d = slope.fma(V::load(&pulled[k]), leaked);
                    let d = slope.fma(direct.at::<V>(k), d);
                    d.store(&mut delta[k]);
                    V::load(&alpha[k]).mul(d).store(&mut scaled[k]);
                }
            } else if self.stretched.is_empty() {
                for k in 0..count {
                    let slope = self.curve.slope(V::load(&x[k]), V::load(&r[k]));
                    let future = V::load(&delta[k]);
                    let v = slope.fma(V::load(&pulled[k]), V::load(&decay[k]).mul(future));
                    after = v.fma(v, after);
                    before = future.fma(future, before);
                    v.mul(slope).store(&mut x[k]);
                    let d = slope.fma(direct.at::<V>(k), v);
                    d.store(&mut delta[k]);
                    V::load(&alpha[k]).mul(d).store(&mut scaled[k]);
                }
            } else {
                let stretched = vectors(&self.stretched[row]);
                for k in 0..count.min(stretched.len()) {
                    let slope = self.curve.slope(V::load(&x[k]), V::load(&r[k]));
                    let g = V::load(&decay[k]).mul(V::load(&delta[k]));
                    let v = slope.fma(V::load(&stretched[k]), V::load(&decay[k]).mul(g));
                    after = v.fma(v, after);
                    before = g.fma(g, before);
                    v.mul(slope).store(&mut x[k]);
                    let d = slope.fma(V::load(&pulled[k]), g);
                    let d = slope.fma(direct.at::<V>(k), d);
                    d.store(&mut delta[k]);
                    V::load(&alpha[k]).mul(d).store(&mut scaled[k]);
                }
            }
            self.flow[b] = [after.sum(), before.sum()];
        }
    }
}

/// From step 1 to the initial state, where there is no direct error.
struct Finish<'a, F, C> {
    curve: C,
    width: usize,
    rate_wide: usize,
    trials: usize,
    decay: &'a [F],
    x: &'a [F],
    r: &'a [F],
    pulled: &'a [F],
    delta: &'a mut [F],
}

impl<F: Real, C: Curve> Kernel<F> for Finish<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let decay = vectors(self.decay);
        for b in 0..self.trials {
            let row = b * self.width..(b + 1) * self.width;
            let x = vectors(&self.x[row.clone()]);
            let r = vectors(&self.r[b * self.rate_wide..][..self.width]);
            let pulled = vectors(&self.pulled[row.clone()]);
            let delta = vectors_mut(&mut self.delta[row]);
            for k in 0..delta.len().min(x.len()).min(r.len()).min(pulled.len()).min(decay.len()) {
                let slope = self.curve.slope(V::load(&x[k]), V::load(&r[k]));
                let leaked = V::load(&decay[k]).mul(V::load(&delta[k]));
                slope.fma(V::load(&pulled[k]), leaked).store(&mut delta[k]);
            }
        }
    }
}
