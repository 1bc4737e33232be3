//! The neurons of one thread: their state, their parameters, the synapses that lead to them.

use super::cells::{AFTER_CURRENTS, Cell};
use super::wiring::{NoiseModel, Wiring};
use crate::synapses::Plastic;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, Lanes, Words, padded, vectors, vectors_mut};
use cogrnn_core::kernels::normals::{Normals, STEPS};
use cogrnn_core::kernels::scatter::Lists;
use cogrnn_core::kernels::{Isa, Kernel};
use cogrnn_core::random::{Address, philox};
use cogrnn_core::real::Real;
use std::ops::Range;

/// Neurons `first..first + count`; arrays are padded to whole vectors.
#[derive(Clone, Debug, Default)]
pub(super) struct Part<F> {
    pub(super) first: usize,
    pub(super) count: usize,
    // state
    pub(super) v: Aligned<F>,
    /// Currents: fixed excitatory, fixed inhibitory, plastic.
    pub(super) u: [Aligned<F>; 3],
    pub(super) r: Aligned<F>,
    /// Steps that a neuron still skips.
    wait: Aligned<F>,
    /// What arrived in the last step: fixed spikes counted, plastic ones by weight.
    arrived: [Aligned<F>; 3],
    // parameters
    /// X_bal.
    drive: Aligned<F>,
    /// weight / τ of a fixed spike.
    weight: [Aligned<F>; 2],
    /// 1 - dt/τ of the fixed currents.
    keep: [F; 2],
    /// dt, ms.
    dt: F,
    /// 1/τ_plas.
    gain_plastic: Aligned<F>,
    /// dt/τ_m; dt C⁻¹ in GLIF.
    rate: Aligned<F>,
    threshold: Aligned<F>,
    reset: Aligned<F>,
    refractory: Aligned<F>,
    /// Runs of vectors with the same parameters.
    alike: Vec<Range<usize>>,
    glif: Option<Box<GlifArrays<F>>>,
    // noise
    /// What N(0,1) is multiplied by.
    pub(super) sigma: Aligned<F>,
    pub(super) noise: [Aligned<F>; STEPS],
    // cue
    /// (step × neuron, padded).
    pub(super) cue: Vec<Aligned<F>>,
    // synapses onto these neurons
    background: Lists,
    plastic_starts: Vec<usize>,
    plastic: Vec<(u32, u32)>,
    // external neurons
    pub(super) external_r: Vec<F>,
    external_spiked: Vec<bool>,
    external_words: Vec<[u32; 4]>,
    /// Which four steps they serve.
    external_quad: usize,
    // what happened
    pub(super) spikes: Vec<u32>,
    /// How many of them there are.
    fired: usize,
    /// Those of the step before.
    before: Vec<u32>,
    pub(super) spike_counts: Vec<u32>,
    pub(super) raster: Vec<(u32, u32)>,
}

/// What only GLIF has.
#[derive(Clone, Debug, Default)]
struct GlifArrays<F> {
    level: u8,
    theta_s: Aligned<F>,
    theta_v: Aligned<F>,
    after: [Aligned<F>; AFTER_CURRENTS],
    leak: Aligned<F>,
    rest: Aligned<F>,
    keep_theta_s: Aligned<F>,
    jump_theta_s: Aligned<F>,
    keep_v: Aligned<F>,
    drop_v: Aligned<F>,
    rise_theta_v: Aligned<F>,
    keep_theta_v: Aligned<F>,
    keep_after: [Aligned<F>; AFTER_CURRENTS],
    left_after: [Aligned<F>; AFTER_CURRENTS],
    jump_after: [Aligned<F>; AFTER_CURRENTS],
}

/// What one step needs beside the part itself.
pub(super) struct Step<'a> {
    pub(super) t: usize,
    pub(super) isa: Isa,
    pub(super) noise: NoiseModel,
    pub(super) normals: &'a Normals,
    pub(super) units: Address,
    pub(super) cue_row: Option<usize>,
    pub(super) record: bool,
}

impl<F: Real> Part<F> {
    pub(super) fn new(wiring: &Wiring<F>, range: Range<usize>) -> Part<F> {
        let (count, n) = (range.len(), padded(range.len()));
        let zeros = || Aligned::zeros(n);
        let dt = wiring.dt.as_ms();
        let tau = wiring.tau_background.map(|t| t.as_ms());
        let mut owner = Vec::with_capacity(wiring.neurons());
        wiring.populations.iter().for_each(|p| owner.extend(std::iter::repeat_n(p, p.neurons)));
        let per_neuron = |padding: f64, of: &dyn Fn(&super::Population) -> f64| {
            let mut array = zeros();
            for (i, x) in array.iter_mut().enumerate() {
                *x = F::from_f64(if i < count { of(owner[range.start + i]) } else { padding });
            }
            array
        };
        let tau_m = |p: &super::Population| match p.cell {
            Cell::Lif(c) => c.tau_m.as_ms(),
            Cell::Glif(c) => 1.0 / c.inverse_capacitance,
        };
        let mut part = Part {
            first: range.start,
            count,
            v: zeros(),
            u: [zeros(), zeros(), zeros()],
            r: zeros(),
            wait: zeros(),
            arrived: [zeros(), zeros(), zeros()],
            drive: per_neuron(0.0, &|p| p.drive),
            weight: [0, 1].map(|sign| per_neuron(0.0, &|p| p.background[sign] / tau[sign])),
            keep: tau.map(|tau| F::from_f64(1.0 - dt / tau)),
            dt: F::from_f64(dt),
            gain_plastic: per_neuron(0.0, &|p| 1.0 / p.tau_plastic.as_ms()),
            rate: per_neuron(0.0, &|p| dt / tau_m(p)),
            // what fills the last vector never fires
            threshold: per_neuron(f64::from(f32::MAX), &|p| p.cell.threshold()),
            reset: per_neuron(0.0, &|p| match p.cell {
                Cell::Lif(c) => c.reset,
                Cell::Glif(c) => c.reset,
            }),
            refractory: per_neuron(0.0, &|p| p.cell.refractory_steps() as f64),
            sigma: per_neuron(0.0, &|p| match wiring.noise {
                NoiseModel::None => 0.0,
                NoiseModel::Voltage(sigma) => sigma * libm::sqrt(dt / tau_m(p)),
                NoiseModel::Current(sigma) => sigma * libm::sqrt(tau_m(p) / dt),
            }),
            noise: std::array::from_fn(|_| if wiring.noise == NoiseModel::None { Aligned::zeros(0) } else { zeros() }),
            spikes: vec![0; n + LANES],
            before: vec![0; n + LANES],
            spike_counts: vec![0; count],
            ..Part::default()
        };
        let parameters =
            [&part.drive, &part.weight[0], &part.weight[1], &part.gain_plastic, &part.rate, &part.threshold];
        let same = |i: usize| parameters.iter().all(|p| vectors(p)[i] == vectors(p)[i - 1]);
        let mut alike: Vec<Range<usize>> = Vec::new();
        for i in 0..n / LANES {
            match alike.last_mut() {
                Some(run) if same(i) => run.end = i + 1,
                _ => alike.push(i..i + 1),
            }
        }
        part.alike = alike;
        part.glif = GlifArrays::new(dt, n, &per_neuron, wiring);
        // background: the targets among these neurons, by their number in this part
        let (mut starts, mut targets) = (vec![0], Vec::new());
        for source in 0..wiring.neurons() {
            let list = wiring.background.of(source);
            let at = |neuron: usize| list.partition_point(|&t| (t as usize) < neuron);
            let mine = &list[at(range.start)..at(range.end)];
            targets.extend(mine.iter().map(|&t| t - range.start as u32));
            starts.push(targets.len());
        }
        part.background = Lists::new(starts, targets, count);
        (part.plastic_starts, part.plastic) = wiring.plastic.outgoing(range);
        part
    }

    /// Nothing has happened yet.
    pub(super) fn clear(&mut self) {
        let arrays = self.u.iter_mut().chain(&mut self.arrived).chain([&mut self.r, &mut self.wait]);
        arrays.for_each(|a| a.fill(F::ZERO));
        if let Some(g) = &mut self.glif {
            g.after.iter_mut().chain([&mut g.theta_s, &mut g.theta_v]).for_each(|a| a.fill(F::ZERO));
        }
        self.external_r.fill(F::ZERO);
        self.external_spiked.fill(false);
        self.external_quad = usize::MAX;
        self.fired = 0;
        self.spike_counts.fill(0);
        self.raster.clear();
    }

    pub(super) fn set_external(&mut self, neurons: usize) {
        self.external_r = vec![F::ZERO; neurons];
        self.external_spiked = vec![false; neurons];
        self.external_words = vec![[0; 4]; neurons];
        self.external_quad = usize::MAX;
    }

    /// Currents and membranes of step t (2. of §1.6); says how many spikes there are, which are in `spikes` then.
    pub(super) fn update(&mut self, step: &Step<'_>) -> usize {
        let row = (step.t - 1) % STEPS;
        if step.noise != NoiseModel::None && row == 0 {
            let [a, b, c, d] = &mut self.noise;
            step.normals.fill_from(&step.units, (step.t - 1) / STEPS, self.first, [a, b, c, d]);
        }
        std::mem::swap(&mut self.spikes, &mut self.before);
        let mut spikes = std::mem::take(&mut self.spikes);
        let first = self.first as u32;
        let pass = Pass { part: self, row, noise: step.noise, cue_row: step.cue_row, first, spikes: &mut spikes };
        let count = step.isa.run(pass);
        self.spikes = spikes;
        // r has decayed; those that fired in the last step jump
        for &s in &self.before[..self.fired] {
            let i = s as usize - self.first;
            self.r[i] += self.gain_plastic[i];
        }
        self.fired = count;
        for &s in &self.spikes[..count] {
            self.spike_counts[s as usize - self.first] += 1;
            if step.record {
                self.raster.push((step.t as u32, s));
            }
        }
        count
    }

    /// A spike of neuron `source` arrives at the neurons of this part (3. of §1.6).
    #[inline]
    pub(super) fn deliver(&mut self, source: usize, excitatory: bool, plastic: &Plastic<F>) {
        self.background.count(source, &mut self.arrived[usize::from(!excitatory)]);
        let (arrived, weights) = (&mut *self.arrived[2], plastic.weights());
        for &(t, place) in &self.plastic[self.plastic_starts[source]..self.plastic_starts[source + 1]] {
            arrived[t as usize] += weights[place as usize];
        }
    }

    /// External neurons at step t (4. of §1.6): their filtered spikes, then new spikes by these probabilities, which arrive in
    /// the next step. `inputs` is where their random numbers live.
    pub(super) fn external(&mut self, t: usize, probability: &[f32], weights: &[F], inputs: &External<'_, F>) {
        let width = probability.len();
        if self.external_quad != (t - 1) / 4 {
            self.external_quad = (t - 1) / 4;
            let [third, fourth] = inputs.address.high_words();
            for (k, words) in self.external_words.iter_mut().enumerate() {
                *words = philox([k as u32, ((t - 1) / 4) as u32, third, fourth], inputs.keys);
            }
        }
        for (k, &p) in probability.iter().enumerate() {
            let s = if self.external_spiked[k] { inputs.gain } else { F::ZERO };
            self.external_r[k] = self.external_r[k].fma(inputs.keep, s);
            let uniform = f64::from(self.external_words[k][(t - 1) % 4]) / 4_294_967_296.0;
            self.external_spiked[k] = uniform < f64::from(p);
            if self.external_spiked[k] {
                let rows = weights.chunks_exact(width).skip(self.first);
                for (to, row) in self.arrived[2].iter_mut().zip(rows).take(self.count) {
                    *to += row[k];
                }
            }
        }
    }
}

/// How external neurons are stepped.
pub(super) struct External<'a, F> {
    pub(super) address: Address,
    pub(super) keys: &'a [[u32; 2]; cogrnn_core::random::ROUNDS],
    pub(super) keep: F,
    pub(super) gain: F,
}

/// Makes an array from what each neuron's population says, with a number for those that fill the last vector.
type PerNeuron<'a, F> = &'a dyn Fn(f64, &dyn Fn(&super::Population) -> f64) -> Aligned<F>;

impl<F: Real> GlifArrays<F> {
    fn new(dt: f64, n: usize, per_neuron: PerNeuron<'_, F>, wiring: &Wiring<F>) -> Option<Box<GlifArrays<F>>> {
        let Cell::Glif(super::Glif { level, .. }) = wiring.populations[0].cell else { return None };
        let of = |f: &dyn Fn(&super::Glif) -> f64| {
            per_neuron(0.0, &|p| match &p.cell {
                Cell::Glif(c) => f(c),
                Cell::Lif(_) => 0.0,
            })
        };
        let zeros = || Aligned::zeros(n);
        Some(Box::new(GlifArrays {
            level,
            theta_s: zeros(),
            theta_v: zeros(),
            after: std::array::from_fn(|_| zeros()),
            leak: of(&|c| c.inverse_resistance),
            rest: of(&|c| c.rest),
            keep_theta_s: of(&|c| 1.0 - dt * c.spike_threshold_decay),
            jump_theta_s: of(&|c| c.spike_threshold_jump),
            keep_v: of(&|c| c.keep_v),
            drop_v: of(&|c| c.drop_v),
            rise_theta_v: of(&|c| dt * c.voltage_threshold_rise),
            keep_theta_v: of(&|c| 1.0 - dt * c.voltage_threshold_decay),
            keep_after: std::array::from_fn(|j| of(&|c| 1.0 - dt * c.currents[j].decay)),
            left_after: std::array::from_fn(|j| of(&|c| c.currents[j].keep)),
            jump_after: std::array::from_fn(|j| of(&|c| c.currents[j].jump)),
        }))
    }
}

struct Pass<'a, F> {
    part: &'a mut Part<F>,
    row: usize,
    noise: NoiseModel,
    cue_row: Option<usize>,
    first: u32,
    spikes: &'a mut [u32],
}

/// Load, for the lines below.
#[inline(always)]
fn at<V: Lanes>(array: &[[V::Elem; LANES]], i: usize) -> V {
    V::load(&array[i])
}

impl<F: Real> Kernel<F> for Pass<'_, F> {
    type Output = usize;

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) -> usize {
        let Pass { part, row, noise, cue_row, first, spikes } = self;
        let n = padded(part.count) / LANES;
        // every array is cut to n vectors, so that the loop below needs no checks
        let [u_e, u_i, u_p] = &mut part.u;
        let [in_e, in_i, in_p] = &mut part.arrived;
        let (u_e, u_i, u_p) = (&mut vectors_mut(u_e)[..n], &mut vectors_mut(u_i)[..n], &mut vectors_mut(u_p)[..n]);
        let (in_e, in_i, in_p) =
            (&mut vectors_mut(in_e)[..n], &mut vectors_mut(in_i)[..n], &mut vectors_mut(in_p)[..n]);
        let (v, r) = (&mut vectors_mut(&mut part.v)[..n], &mut vectors_mut(&mut part.r)[..n]);
        let wait = &mut vectors_mut(&mut part.wait)[..n];
        let (drive, rate) = (&vectors(&part.drive)[..n], &vectors(&part.rate)[..n]);
        let (w_e, w_i) = (&vectors(&part.weight[0])[..n], &vectors(&part.weight[1])[..n]);
        let gain_p = &vectors(&part.gain_plastic)[..n];
        let (threshold, reset) = (&vectors(&part.threshold)[..n], &vectors(&part.reset)[..n]);
        let refractory = &vectors(&part.refractory)[..n];
        let (keep_e, keep_i) = (V::splat(part.keep[0]), V::splat(part.keep[1]));
        let cue = cue_row.map(|row| &vectors(&part.cue[row])[..n]);
        let normals =
            (noise != NoiseModel::None).then(|| (&vectors(&part.noise[row])[..n], &vectors(&part.sigma)[..n]));
        let current_noise = matches!(noise, NoiseModel::Current(_));
        let (zero, one) = (V::zero(), V::constant(1.0));
        let mut count = 0;
        let minus_dt = V::splat(F::ZERO - part.dt);
        let glif = &mut part.glif;
        for run in &part.alike {
            // the same for all vectors of a run
            let k = run.start;
            let (w_e, w_i, gain) = (at::<V>(w_e, k), at::<V>(w_i, k), at::<V>(gain_p, k));
            let (drive, rate, threshold) = (at::<V>(drive, k), at::<V>(rate, k), at::<V>(threshold, k));
            let keep = gain.fma(minus_dt, one);
            for i in k..run.end.min(n) {
                // u ← (1 - dt/τ) u + arrived/τ
                let e = at::<V>(in_e, i).fma(w_e, at::<V>(u_e, i).mul(keep_e));
                let h = at::<V>(in_i, i).fma(w_i, at::<V>(u_i, i).mul(keep_i));
                let p = at::<V>(in_p, i).fma(gain, at::<V>(u_p, i).mul(keep));
                at::<V>(r, i).mul(keep).store(&mut r[i]);
                e.store(&mut u_e[i]);
                h.store(&mut u_i[i]);
                p.store(&mut u_p[i]);
                zero.store(&mut in_e[i]);
                zero.store(&mut in_i[i]);
                zero.store(&mut in_p[i]);
                let mut bal = e.add(h);
                let mut potential = at::<V>(v, i);
                if let Some((normals, sigma)) = normals {
                    let (x, sigma) = (at::<V>(normals, i), at::<V>(sigma, i));
                    if current_noise {
                        bal = x.fma(sigma, bal);
                    } else {
                        potential = x.fma(sigma, potential);
                    }
                }
                let mut x = drive;
                if let Some(cue) = cue {
                    x = x.add(at(cue, i));
                }
                let input = x.add(bal.add(p));
                let left = at::<V>(wait, i);
                let (fire, after) = match glif {
                    None => {
                        let next = input.sub(potential).fma(rate, potential);
                        let next = left.where_gt(zero, potential, next);
                        let fire = next.where_gt(threshold, one, zero);
                        (left.where_gt(zero, zero, fire), next)
                    }
                    Some(g) => g.step::<V>(i, input, potential, left, [rate, threshold, at(reset, i)]),
                };
                let bits = fire.nonzero();
                if bits == 0 {
                    after.store(&mut v[i]);
                } else {
                    let reset = if glif.is_none() { fire.where_gt(zero, at(reset, i), after) } else { after };
                    reset.store(&mut v[i]);
                    count += V::Words::write_set(bits, first + (i * LANES) as u32, &mut spikes[count..]);
                }
                if bits | left.nonzero() != 0 {
                    fire.where_gt(zero, at(refractory, i), zero.max(left.sub(one))).store(&mut wait[i]);
                }
            }
        }
        count
    }
}

impl<F: Real> GlifArrays<F> {
    /// One step of sixteen neurons: who fires, and v after it.
    #[inline(always)]
    fn step<V: Lanes<Elem = F>>(&mut self, i: usize, input: V, v: V, left: V, [rate, base, reset]: [V; 3]) -> (V, V) {
        let zero = V::zero();
        let busy = |new: V, old: V| left.where_gt(zero, old, new);
        let get = |a: &Aligned<F>| V::load(&vectors(a)[i]);
        let mut input = input;
        let mut currents = [zero; AFTER_CURRENTS];
        if self.level >= 3 {
            for j in 0..AFTER_CURRENTS {
                let old = get(&self.after[j]);
                currents[j] = busy(old.mul(get(&self.keep_after[j])), old);
                input = input.add(currents[j]);
            }
        }
        let rest = get(&self.rest);
        let next = busy(input.sub(get(&self.leak).mul(v.sub(rest))).fma(rate, v), v);
        let mut threshold = base;
        let adapts = matches!(self.level, 2 | 4 | 5);
        let mut theta_s = zero;
        if adapts {
            let old = get(&self.theta_s);
            theta_s = busy(old.mul(get(&self.keep_theta_s)), old);
            threshold = threshold.add(theta_s);
        }
        if self.level == 5 {
            let old = get(&self.theta_v);
            let theta_v = busy(next.fma(get(&self.rise_theta_v), old.mul(get(&self.keep_theta_v))), old);
            theta_v.store(&mut vectors_mut(&mut self.theta_v)[i]);
            threshold = threshold.add(theta_v);
        }
        let fire = left.where_gt(zero, zero, next.where_gt(threshold, V::constant(1.0), zero));
        let reset = if adapts {
            fire.where_gt(zero, theta_s.add(get(&self.jump_theta_s)), theta_s)
                .store(&mut vectors_mut(&mut self.theta_s)[i]);
            next.fma(get(&self.keep_v), rest).sub(get(&self.drop_v))
        } else {
            reset
        };
        if self.level >= 3 {
            for j in 0..AFTER_CURRENTS {
                let jumped = currents[j].fma(get(&self.left_after[j]), get(&self.jump_after[j]));
                fire.where_gt(zero, jumped, currents[j]).store(&mut vectors_mut(&mut self.after[j])[i]);
            }
        }
        (fire, fire.where_gt(zero, reset, next))
    }
}
