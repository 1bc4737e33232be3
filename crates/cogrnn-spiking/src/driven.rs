//! Networks whose one matrix W is trained (Kim & Chow 2018): θ neurons, and the two other models of §1.3.
//!
//! ```text
//! τ dθ_i/dt = 1 - cos θ_i + (I_i + u_i)(1 + cos θ_i)      spike where θ crosses π      (v = tan(θ/2): τ dv/dt = v² + I + u)
//! τ_s dr_j/dt = -r_j + s_j                                u_i = Σ_j W_ij r_j           (Eq. 6-8)
//! ```
//!
//! Times are in a unit of [`Settings::unit`]: 10 ms for θ neurons, 1 ms for the others. r is in spikes per unit, θ in radians
//! within [-π, π), currents of θ neurons are dimensionless, those of the others in mV per ms.

use crate::synapses::Plastic;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, Lanes, Words, padded, vectors, vectors_mut};
use cogrnn_core::kernels::{Isa, Kernel};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::real::Real;
use cogrnn_core::units::{Time, ms};
use std::f64::consts::PI;
use std::ops::Range;

/// A neuron model.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// θ, by one step of Runge-Kutta 4 with the current held (§1.2).
    Theta,
    /// dv/dt = -(v - I)/τ + u (§1.3), by Euler's method. mV, ms.
    Lif {
        /// τ.
        tau: Time,
        /// Where it spikes.
        threshold: f64,
        /// Where it goes then.
        reset: f64,
    },
    /// dv/dt = 0.04 v² + 5 v + 140 - w + I + u, dw/dt = a (b v - w), spike at 30 mV, then v ← c, w ← w + d (§1.3), by Euler's
    /// method in two half steps for v, as in the program of Izhikevich (2003). One set of parameters a neuron.
    Izhikevich(Vec<IzhikevichCell>),
}

impl Model {
    /// The LIF of §1.3.
    pub fn lif() -> Model {
        Model::Lif { tau: ms(10.0), threshold: -50.0, reset: -65.0 }
    }

    /// Equal numbers of the five cells of §1.3, one kind after another.
    pub fn izhikevich_five(neurons: usize) -> Model {
        Model::Izhikevich((0..neurons).map(|i| IzhikevichCell::FIVE[i * 5 / neurons.max(1)]).collect())
    }
}

/// Parameters of an Izhikevich neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IzhikevichCell {
    /// Rate of recovery, per ms.
    pub a: f64,
    /// Sensitivity of recovery.
    pub b: f64,
    /// Reset, mV.
    pub c: f64,
    /// Jump of recovery.
    pub d: f64,
}

impl IzhikevichCell {
    /// Regular spiking, intrinsically bursting, chattering, fast spiking, low-threshold spiking (Izhikevich 2003).
    pub const FIVE: [IzhikevichCell; 5] = [
        IzhikevichCell { a: 0.02, b: 0.2, c: -65.0, d: 8.0 },
        IzhikevichCell { a: 0.02, b: 0.2, c: -55.0, d: 4.0 },
        IzhikevichCell { a: 0.02, b: 0.2, c: -50.0, d: 2.0 },
        IzhikevichCell { a: 0.1, b: 0.2, c: -65.0, d: 2.0 },
        IzhikevichCell { a: 0.02, b: 0.25, c: -65.0, d: 2.0 },
    ];
}

/// Numbers of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The unit of time of r.
    pub unit: Time,
    /// Step.
    pub dt: Time,
    /// Synaptic decay τ_s.
    pub tau_s: Time,
    /// Neurons.
    pub model: Model,
}

impl Settings {
    /// θ neurons with steps of 1 ms.
    pub fn theta(tau_s: Time) -> Settings {
        Settings { unit: ms(10.0), dt: ms(1.0), tau_s, model: Model::Theta }
    }
}

/// What a step of r is multiplied by: Runge-Kutta 4 of dr/dt = -b r, with z = b dt.
pub fn decay(z: f64) -> f64 {
    1.0 - z + z * z / 2.0 - z * z * z / 6.0 + z * z * z * z / 24.0
}

/// A driven network in the middle of a run.
#[derive(Clone, Debug)]
pub struct Driven<F> {
    settings: Settings,
    isa: Isa,
    weights: Plastic<F>,
    /// θ or v.
    x: Aligned<F>,
    /// Recovery of Izhikevich neurons.
    w: Aligned<F>,
    cells: [Aligned<F>; 4],
    /// I, constant.
    drive: Aligned<F>,
    cue: Aligned<F>,
    cue_steps: Range<usize>,
    u: Aligned<F>,
    r: Aligned<F>,
    spikes: Vec<u32>,
    fired: usize,
    rows: Vec<Rows<F>>,
    t: usize,
}

/// Rows of u = W r that are one thread's.
#[derive(Clone, Debug)]
struct Rows<F> {
    first: usize,
    u: Vec<F>,
}

impl<F: Real> Driven<F> {
    /// A network at rest, whose products are shared by so many threads.
    ///
    /// # Errors
    /// If a time constant is not positive, or parameters are not one for each neuron.
    pub fn new(settings: Settings, weights: Plastic<F>, isa: Isa, threads: usize) -> Result<Driven<F>> {
        let n = weights.neurons();
        let positive = [settings.unit, settings.dt, settings.tau_s].iter().all(|t| *t > ms(0.0));
        let cells = match &settings.model {
            Model::Izhikevich(cells) => cells.len(),
            _ => n,
        };
        if n == 0 || cells != n || !positive {
            return Err(Error::input(format!("a network of {n} neurons with parameters of {cells}"))
                .why("there are parameters for each neuron, and unit, dt and τ_s are above 0")
                .remedy("give one set of parameters a neuron and positive times"));
        }
        let zeros = || Aligned::zeros(padded(n));
        let mut parameters: [Aligned<F>; 4] = std::array::from_fn(|_| zeros());
        if let Model::Izhikevich(cells) = &settings.model {
            for (i, cell) in cells.iter().enumerate() {
                for (array, x) in parameters.iter_mut().zip([cell.a, cell.b, cell.c, cell.d]) {
                    array[i] = F::from_f64(x);
                }
            }
        }
        let count = threads.clamp(1, n);
        let rows = (0..count)
            .map(|k| Rows { first: n * k / count, u: vec![F::ZERO; n * (k + 1) / count - n * k / count] })
            .collect();
        Ok(Driven {
            settings,
            isa,
            weights,
            x: zeros(),
            w: zeros(),
            cells: parameters,
            drive: zeros(),
            cue: zeros(),
            cue_steps: 0..0,
            u: zeros(),
            r: zeros(),
            spikes: vec![0; padded(n) + LANES],
            fired: 0,
            rows,
            t: 0,
        })
    }

    /// Draws θ uniform on [0, 2π), or v between reset and threshold, and sets r = u = 0: once before training and once before
    /// each test. Between the loops of training the state is carried on: do not call it there (§1.2).
    pub fn begin(&mut self, seed: u64, purpose: Purpose, trial: u64) {
        let n = self.weights.neurons();
        let mut stream = Address { seed, purpose: purpose.starts(), trial }.stream();
        for i in 0..n {
            let s = stream.uniform();
            let (x, w) = match &self.settings.model {
                Model::Theta => (if s < 0.5 { 2.0 * PI * s } else { 2.0 * PI * (s - 1.0) }, 0.0),
                Model::Lif { threshold, reset, .. } => (reset + s * (threshold - reset), 0.0),
                Model::Izhikevich(cells) => {
                    let v = cells[i].c + s * (-40.0 - cells[i].c);
                    (v, cells[i].b * v)
                }
            };
            (self.x[i], self.w[i]) = (F::from_f64(x), F::from_f64(w));
        }
        self.u.fill(F::ZERO);
        self.r.fill(F::ZERO);
        self.fired = 0;
        self.t = 0;
    }

    /// Sets every neuron's θ (or v).
    pub fn set_states(&mut self, x: &[F]) {
        self.x[..x.len()].copy_from_slice(x);
    }

    /// Sets the constant current I.
    pub fn set_drive(&mut self, drive: &[F]) {
        self.drive[..drive.len()].copy_from_slice(drive);
    }

    /// A current that is on in steps i with on/dt < i ≤ off/dt, counted from [`begin`](Self::begin) (§1.2).
    pub fn set_cue(&mut self, on: usize, off: usize, cue: &[F]) {
        self.cue[..cue.len()].copy_from_slice(cue);
        self.cue_steps = on + 1..off + 1;
    }

    /// One step (§1.2, step by step):
    ///
    /// 1. I_ext is the cue while it is on
    /// 2. the membrane, with u + I_ext of the previous step's end
    /// 3. r decays, from before the spike
    /// 4. who has crossed
    /// 5. r ← r decay + b \[spike\]: the jump does not decay in its own step
    /// 6. u ← W r with the present W
    ///
    /// Learning comes after it; u is not computed anew, so the membrane sees new weights one step later.
    pub fn step(&mut self, crew: &Crew) {
        self.t += 1;
        let cue = self.cue_steps.contains(&self.t);
        let b = self.settings.unit / self.settings.tau_s;
        let h = self.settings.dt / self.settings.unit;
        let kept = F::from_f64(decay(b * h));
        let dt = match self.settings.model {
            Model::Theta => h,
            _ => self.settings.dt.as_ms(),
        };
        let mut spikes = std::mem::take(&mut self.spikes);
        self.fired = self.isa.run(Membranes { network: self, cue, dt, spikes: &mut spikes });
        self.spikes = spikes;
        self.r.iter_mut().for_each(|r| *r *= kept);
        let jump = F::from_f64(b);
        for &s in &self.spikes[..self.fired] {
            self.r[s as usize] += jump;
        }
        let (weights, r) = (&self.weights, &*self.r);
        crew.each(&mut self.rows, |_, rows| {
            for (k, u) in rows.u.iter_mut().enumerate() {
                *u = weights.product(rows.first + k, r);
            }
        });
        for rows in &self.rows {
            self.u[rows.first..rows.first + rows.u.len()].copy_from_slice(&rows.u);
        }
    }

    /// Neurons that spiked in the last step, ascending.
    pub fn spikes(&self) -> &[u32] {
        &self.spikes[..self.fired]
    }

    /// θ (or v) of every neuron.
    pub fn states(&self) -> &[F] {
        &self.x[..self.weights.neurons()]
    }

    /// r, spikes per unit of time.
    pub fn r(&self) -> &[F] {
        &self.r[..self.weights.neurons()]
    }

    /// u = W r.
    pub fn u(&self) -> &[F] {
        &self.u[..self.weights.neurons()]
    }

    /// W by fan-in.
    pub fn weights(&self) -> &Plastic<F> {
        &self.weights
    }

    /// W, to change between steps.
    pub fn weights_mut(&mut self) -> &mut [F] {
        self.weights.weights_mut()
    }

    /// Steps since the beginning.
    pub fn t(&self) -> usize {
        self.t
    }
}

struct Membranes<'a, F> {
    network: &'a mut Driven<F>,
    cue: bool,
    dt: f64,
    spikes: &'a mut [u32],
}

impl<F: Real> Kernel<F> for Membranes<'_, F> {
    type Output = usize;

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) -> usize {
        let Membranes { network, cue, dt, spikes } = self;
        let n = network.weights.neurons();
        let (u, drive) = (vectors(&network.u), vectors(&network.drive));
        let on = vectors(&network.cue);
        let x = vectors_mut(&mut network.x);
        let w = vectors_mut(&mut network.w);
        let [a, b, c, d] = &network.cells;
        let (a, b, c, d) = (vectors(a), vectors(b), vectors(c), vectors(d));
        let mut count = 0;
        for i in 0..padded(n) / LANES {
            let mut input = V::load(&u[i]).add(V::load(&drive[i]));
            if cue {
                input = input.add(V::load(&on[i]));
            }
            let old = V::load(&x[i]);
            let (new, fire) = match &network.settings.model {
                Model::Theta => theta_step(old, input, V::constant(dt)),
                Model::Lif { tau, threshold, reset } => {
                    // -(v - I)/τ + u: the drive is I here, in mV
                    let held = V::load(&drive[i]).sub(old).mul(V::constant(1.0 / tau.as_ms()));
                    let rest = input.sub(V::load(&drive[i]));
                    let next = held.add(rest).fma(V::constant(dt), old);
                    let fire = next.where_gt(V::constant(*threshold), V::constant(1.0), V::zero());
                    (fire.where_gt(V::zero(), V::constant(*reset), next), fire)
                }
                Model::Izhikevich(_) => {
                    let recovery = V::load(&w[i]);
                    let slope = |v: V| {
                        let square = v.fma(V::constant(0.04), V::constant(5.0)).fma(v, V::constant(140.0));
                        square.sub(recovery).add(input)
                    };
                    let half = V::constant(0.5 * dt);
                    let middle = slope(old).fma(half, old);
                    let next = slope(middle).fma(half, middle);
                    let after =
                        V::load(&b[i]).mul(next).sub(recovery).mul(V::load(&a[i])).fma(V::constant(dt), recovery);
                    let fire = V::constant(30.0).where_gt(next, V::zero(), V::constant(1.0));
                    fire.where_gt(V::zero(), after.add(V::load(&d[i])), after).store(&mut w[i]);
                    (fire.where_gt(V::zero(), V::load(&c[i]), next), fire)
                }
            };
            new.store(&mut x[i]);
            let mut bits = fire.nonzero();
            if n - i * LANES < LANES {
                bits &= (1 << (n - i * LANES)) - 1; // what fills the last vector is nobody
            }
            if bits != 0 {
                count += V::Words::write_set(bits, (i * LANES) as u32, &mut spikes[count..]);
            }
        }
        count
    }
}

/// One step of Runge-Kutta 4 for θ in [-π, π) and who has crossed π, Δθ being positive; θ within [-π, π) again.
#[inline(always)]
fn theta_step<V: Lanes>(theta: V, input: V, h: V) -> (V, V) {
    // 1 - cos θ + I (1 + cos θ) = (I - 1) cos θ + (I + 1)
    let one = V::constant(1.0);
    let (factor, offset) = (input.sub(one), input.add(one));
    let slope = |theta: V| V::Elem::cos(theta).fma(factor, offset);
    let half = h.mul(V::constant(0.5));
    let k1 = slope(theta);
    let k2 = slope(k1.fma(half, theta));
    let k3 = slope(k2.fma(half, theta));
    let k4 = slope(k3.fma(h, theta));
    let step = k2.add(k3).fma(V::constant(2.0), k1.add(k4)).mul(h.mul(V::constant(1.0 / 6.0)));
    let next = theta.add(step);
    let crossed = next.where_gt(V::constant(PI), one, V::zero());
    let fire = step.where_gt(V::zero(), crossed, V::zero());
    let turns = next.mul(V::constant(0.5 / PI)).round();
    (turns.fma(V::constant(-2.0 * PI), next), fire)
}
