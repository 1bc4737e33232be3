//! The rate network in its general form: what leaks is either the potential (Song, Yang & Wang 2016) or
//! the rate (Soo, Goudar & Wang 2023; Murray 2019).
//!
//! ```text
//! leak = potential    x_t = (1-α) x_{t-1} + α (W_rec r_{t-1} + b_rec + W_in u_t) + √(2α) σ N(0,1)    (Song, eq. 7)
//!                     r_t = f(x_t)                                                                    (Song, eq. 8)
//! leak = rate         x_t = W_rec r_{t-1} + b_rec + W_in u_t + √(2/α) σ N(0,1)
//!                     r_t = (1-α) r_{t-1} + α f(x_t)                                                  (Soo, §1.1)
//!                     z_t = g(W_out r_t + b_out)                                                      (Song, eq. 9)
//! ```
//! α = dt/τ, one a unit. Noise enters inside the bracket of α in both; with a full covariance Σ the noise
//! of units i and j has the covariance 2 √(α_i α_j) Σ_ij (in x; without α in the second form). Coloured
//! noise takes its place by σ η, an Ornstein-Uhlenbeck process in each unit:
//!
//! ```text
//! η_1 ~ N(0,1)        η_{t+1} = (1 - dt/τ_η) η_t + √(2 dt/τ_η) N(0,1)
//! ```
//! Outputs may come back to the units by fixed weights B, one step later ([`Rate::returning`]); with linear outputs the
//! network is then the same with other recurrent weights,
//!
//! ```text
//! W_rec r_{t-1} + b_rec + B z_{t-1} = (W_rec + B W_out) r_{t-1} + (b_rec + B b_out)
//! ```
//! Or a unit's input current is disturbed now and then, as in Miconi (2017): with a small probability in each step, by a
//! number that is uniform or normal, inside the bracket of α.
//!
//! The initial state is a parameter: x_0 with r_0 = f(x_0), or r_0 itself where the rate leaks. It may differ from trial to
//! trial ([`Rate::scattering`]), some units may stay where they begin ([`Rate::holding`]), and the rates of some be kept from
//! going below zero ([`Rate::flooring`]).
//!
//! Recurrent weights, input weights and biases are one packed matrix over rows [r_{t-1} | u_t | 1]: one
//! product a step forwards, and one product over all steps for all of their gradients.

mod adjoint;
mod imprint;
pub mod initial;
mod leak;
mod local;
mod nonlinearity;

pub use adjoint::Sweep;
pub use imprint::Eligibility;
pub use leak::Leak;
pub use nonlinearity::Nonlinearity;
use nonlinearity::{Curve, with_curve};

use cogrnn_core::batch::Timetable;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, Lanes, padded, stride, vectors, vectors_mut};
use cogrnn_core::kernels::normals::{Normals, STEPS};
use cogrnn_core::kernels::product::{Packed, dots};
use cogrnn_core::kernels::terms::Terms;
use cogrnn_core::kernels::{Isa, Kernel};
use cogrnn_core::network::{History, Layout, Network, Noise, Room, Shape, Site, Synapses};
use cogrnn_core::params::{Arena, Pack, Plastic};
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::readout::Readout;
use cogrnn_core::real::Real;
use cogrnn_core::units::Time;
use std::ops::Range;

/// The noise of the units, as a variance of the stationary process x.
#[derive(Clone, Debug, PartialEq)]
pub enum UnitNoise {
    /// None.
    Silent,
    /// σ of each unit, independent.
    Independent(Vec<f64>),
    /// Full covariance Σ (units × units), row-major.
    Correlated(Vec<f64>),
    /// An Ornstein-Uhlenbeck process in each unit, inside the bracket of α.
    Coloured {
        /// What it is multiplied by, one a unit.
        sigma: Vec<f64>,
        /// τ_η.
        tau: Time,
    },
    /// Disturbances of the input current, now and then (Miconi 2017).
    Sparse {
        /// Of a uniform one between -A and A, or the s.d. of a normal one.
        amplitude: f64,
        /// Disturbances a second of each unit; one a step at most.
        rate: f64,
        /// Whether they are normal, not uniform.
        normal: bool,
        /// None comes before, or at this time.
        after: Time,
    },
}

/// What a rate network is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Sizes.
    pub shape: Shape,
    /// Time constant of each unit.
    pub tau: Vec<Time>,
    /// Time step.
    pub dt: Time,
    /// What leaks.
    pub leak: Leak,
    /// r = f(x).
    pub nonlinearity: Nonlinearity,
    /// z = g(a).
    pub readout: Readout,
    /// Noise of the units.
    pub noise: UnitNoise,
}

/// A network of rate units.
#[derive(Clone, Debug)]
pub struct Rate<F> {
    shape: Shape,
    /// dt/τ of each unit, padded with zeros.
    alpha: Vec<F>,
    /// 1 - α, padded with zeros.
    decay: Vec<F>,
    /// 1 - α if it is the same for all units.
    uniform_decay: Option<F>,
    leak: Leak,
    nonlinearity: Nonlinearity,
    readout: Readout,
    noise: Increment<F>,
    /// B (unit × output), if outputs come back to the units.
    returns: Option<Vec<F>>,
    /// Units that stay where they begin, and where.
    held: Vec<(usize, F)>,
    /// Lowest rate of each unit, padded; empty where all are as f says.
    floor: Vec<F>,
    /// Half the width of what initial states differ by from trial to trial.
    scatter: F,
    isa: Isa,
}

/// How a standard normal becomes an increment of x.
#[derive(Clone, Debug)]
enum Increment<F> {
    None,
    /// √(2α) σ, padded with zeros.
    Independent(Vec<F>),
    /// √(2α_i) L_ij with L Lᵀ = Σ.
    Correlated(Packed<F>),
    /// η ← keep η + kick N(0,1); what it is multiplied by, padded with zeros.
    Coloured {
        keep: F,
        kick: F,
        gain: Vec<F>,
    },
    /// Uniform between -A and A or normal of s.d. A, with this probability, after so many steps.
    Sparse {
        amplitude: f64,
        probability: f64,
        normal: bool,
        after: usize,
    },
}

/// Where the next disturbance of a trial is.
#[derive(Clone, Debug)]
struct Pulses {
    stream: Stream,
    /// Counted unit by unit of each step, from the first that may have one.
    next: u64,
}

impl Pulses {
    fn new(stream: Stream, probability: f64) -> Pulses {
        let mut pulses = Pulses { stream, next: 0 };
        pulses.next = pulses.stream.failures(probability);
        pulses
    }
}

impl<F: Real> Rate<F> {
    /// Builds the network.
    ///
    /// # Errors
    /// Impossible sizes, a time step longer than a time constant, a covariance that is none.
    pub fn new(design: &Design, isa: Isa) -> Result<Rate<F>> {
        let Design { shape, tau, dt, leak, nonlinearity, readout, noise } = design;
        let n = shape.units;
        if n == 0 {
            return Err(Error::input("the network has no units")
                .why("there is nothing to train")
                .remedy("set `units`, for instance to 100"));
        }
        if shape.outputs == 0 {
            return Err(Error::input("the network has no outputs")
                .why("there is nothing to learn from")
                .remedy("choose a task with outputs"));
        }
        if tau.len() != n {
            return Err(Error::input(format!("`tau` has {} entries", tau.len()))
                .why(format!("there are {n} units"))
                .remedy("give one time constant, or one for each unit"));
        }
        let mut alpha = vec![F::ZERO; padded(n)];
        let mut decay = vec![F::ZERO; padded(n)];
        for i in 0..n {
            let a = *dt / tau[i];
            if !(a > 0.0 && a <= 1.0) {
                return Err(Error::input(format!(
                    "the time step of {dt} is longer than the time constant of {}",
                    tau[i]
                ))
                .why("Euler steps with dt > tau overshoot: x changes its sign at every step")
                .remedy(format!("take dt = \"{}\" (a fifth of tau) or less", tau[i] * 0.2)));
            }
            alpha[i] = F::from_f64(a);
            decay[i] = F::from_f64(1.0 - a);
        }
        let same = alpha[..n].iter().all(|a| *a == alpha[0]);
        // In x where the potential leaks, inside the bracket where the rate does.
        let scale_of = |alpha: F| match leak {
            Leak::Potential => (2.0 * alpha.to_f64()).sqrt(),
            Leak::Rate => (2.0 / alpha.to_f64()).sqrt(),
        };
        let noise = match noise {
            UnitNoise::Silent => Increment::None,
            UnitNoise::Independent(sigma) if sigma.iter().all(|s| *s == 0.0) => Increment::None,
            UnitNoise::Independent(sigma) => {
                let mut scale = vec![F::ZERO; padded(n)];
                for i in 0..n {
                    scale[i] = F::from_f64(scale_of(alpha[i]) * sigma[i]);
                }
                Increment::Independent(scale)
            }
            UnitNoise::Correlated(covariance) => {
                let mut root = initial::root(covariance, n)?;
                for (i, row) in root.chunks_exact_mut(n).enumerate() {
                    let scale = scale_of(alpha[i]);
                    row.iter_mut().for_each(|l| *l *= scale);
                }
                let root: Vec<F> = root.into_iter().map(F::from_f64).collect();
                let mut packed = Packed::new(n, n, isa);
                packed.set_columns(0, &root, n);
                Increment::Correlated(packed)
            }
            UnitNoise::Sparse { amplitude, rate, .. } if *amplitude == 0.0 || *rate == 0.0 => Increment::None,
            UnitNoise::Sparse { amplitude, rate, normal, after } => {
                let probability = rate * dt.as_ms() / 1000.0;
                if !(probability > 0.0 && probability <= 1.0) {
                    return Err(Error::input(format!("{rate} disturbances a second with a time step of {dt}"))
                        .why("there is one a step at most")
                        .remedy(format!("take at most {} a second", 1000.0 / dt.as_ms())));
                }
                Increment::Sparse { amplitude: *amplitude, probability, normal: *normal, after: after.steps(*dt) }
            }
            UnitNoise::Coloured { sigma, .. } if sigma.iter().all(|s| *s == 0.0) => Increment::None,
            UnitNoise::Coloured { sigma, tau } => {
                let step = *dt / *tau;
                if !(step > 0.0 && step <= 1.0) {
                    return Err(Error::input(format!(
                        "the time step of {dt} is longer than the time constant of the noise, {tau}"
                    ))
                    .why("its Euler steps would overshoot: the noise would change its sign at every step")
                    .remedy(format!("take dt = \"{}\" or less", *tau * 0.2)));
                }
                let mut gain = vec![F::ZERO; padded(n)];
                for i in 0..n {
                    // Inside the bracket: where the potential leaks, times α.
                    let inside = if *leak == Leak::Potential { alpha[i].to_f64() } else { 1.0 };
                    gain[i] = F::from_f64(inside * sigma[i]);
                }
                Increment::Coloured { keep: F::from_f64(1.0 - step), kick: F::from_f64((2.0 * step).sqrt()), gain }
            }
        };
        Ok(Rate {
            shape: *shape,
            uniform_decay: same.then_some(decay[0]),
            alpha,
            decay,
            leak: *leak,
            nonlinearity: *nonlinearity,
            readout: *readout,
            noise,
            returns: None,
            held: Vec::new(),
            floor: Vec::new(),
            scatter: F::ZERO,
            isa,
        })
    }

    /// The same, with units whose state stays at a value whatever comes in.
    ///
    /// # Errors
    /// A unit that there is not.
    pub fn holding(mut self, held: &[(usize, f64)]) -> Result<Rate<F>> {
        for &(unit, value) in held {
            self.unit(unit)?;
            self.alpha[unit] = F::ZERO;
            self.decay[unit] = F::ONE;
            if let Increment::Independent(scale) = &mut self.noise {
                scale[unit] = F::ZERO;
            }
            self.uniform_decay = None;
            self.held.push((unit, F::from_f64(value)));
        }
        Ok(self)
    }

    /// The same, with units whose rates are never below zero; they have no derivative that rules are told of.
    ///
    /// # Errors
    /// A unit that there is not.
    pub fn flooring(mut self, units: &[usize]) -> Result<Rate<F>> {
        if !units.is_empty() {
            self.floor = vec![F::from_f64(f64::NEG_INFINITY); padded(self.shape.units)];
        }
        for &unit in units {
            self.unit(unit)?;
            self.floor[unit] = F::ZERO;
        }
        Ok(self)
    }

    /// The same, with initial states that differ from trial to trial by something uniform between these.
    #[must_use]
    pub fn scattering(mut self, most: f64) -> Rate<F> {
        self.scatter = F::from_f64(most);
        self
    }

    fn unit(&self, unit: usize) -> Result<()> {
        if unit < self.shape.units {
            return Ok(());
        }
        Err(Error::input(format!("there is no unit {unit}"))
            .why(format!("there are {}, counted from 0", self.shape.units))
            .remedy("name another one"))
    }

    /// r = f(x) of one row, not below its floor.
    fn respond(&self, x: &[F], r: &mut [F]) {
        let floor = &self.floor[..];
        with_curve!(self.nonlinearity, curve => self.isa.run(Rates { curve, x, r, floor }));
    }

    /// Puts held units where they are held.
    fn hold(&self, s: &mut [F]) {
        for &(unit, value) in &self.held {
            s[unit] = value;
        }
    }

    /// Trials begin where these numbers say, as far as they differ.
    fn scatter(&self, state: &mut RateState<F>, seed: u64, purpose: Purpose, trials: &[u64]) {
        let (width, wide, units) = (padded(self.shape.units), self.rate_stride(), self.shape.units);
        for (b, &trial) in trials.iter().enumerate() {
            let mut stream = Address { seed, purpose: purpose.starts(), trial }.stream();
            let x = &mut state.x[b * width..][..width];
            let r = &mut state.r[b * wide..][..wide];
            let s = if self.leak == Leak::Potential { &mut x[..units] } else { &mut r[..units] };
            for s in s.iter_mut() {
                *s += self.scatter * F::from_f64(2.0 * stream.uniform() - 1.0);
            }
            self.hold(s);
            if self.leak == Leak::Potential {
                self.respond(x, r);
            }
        }
    }

    /// The same, with outputs that come back to the units one step later by fixed weights B (unit × output).
    ///
    /// # Errors
    /// B of another size; outputs that are not linear.
    pub fn returning(mut self, b: Vec<F>) -> Result<Rate<F>> {
        let Shape { units, outputs, .. } = self.shape;
        if b.len() != units * outputs {
            return Err(Error::input(format!("{} weights for outputs that come back", b.len()))
                .why(format!("{outputs} outputs come back to {units} units"))
                .remedy("give one weight for each output and unit, row by row of units"));
        }
        if self.readout != Readout::Linear {
            return Err(Error::input(format!("outputs z = {}(a) that come back to the units", self.readout))
                .why("this is there for linear outputs only")
                .remedy("take  output = \"linear\""));
        }
        self.returns = Some(b);
        Ok(self)
    }

    /// B (unit × output), if outputs come back to the units.
    pub fn returned(&self) -> Option<&[F]> {
        self.returns.as_deref()
    }

    /// The outputs that these rates give.
    pub fn read(&self, plastic: &Plastic<Self>, rates: &[F]) -> Vec<F> {
        let weights = plastic.weights();
        let rows = weights.block("w_out").chunks_exact(self.shape.units).zip(weights.block("b_out"));
        let mut z: Vec<F> =
            rows.map(|(row, bias)| row.iter().zip(rates).fold(*bias, |sum, (w, r)| w.fma(*r, sum))).collect();
        self.readout.apply(&mut z);
        z
    }

    fn rate_stride(&self) -> usize {
        stride(self.shape.units + self.shape.inputs + 1)
    }

    /// Whether units can be silent, so that it pays to look which of them are.
    fn may_be_silent(&self) -> bool {
        self.nonlinearity.is_rectifying()
    }
}

/// The weights for the kernels.
#[derive(Clone, Debug)]
pub struct RatePacked<F> {
    shape: Shape,
    /// Where outputs come back: B, and room for W_rec + B W_out and b_rec + B b_out.
    returns: Option<Returns<F>>,
    /// [W_rec | W_in | b_rec], forwards.
    forward: Packed<F>,
    /// W_recᵀ, backwards.
    backward: Packed<F>,
    /// W_outᵀ, backwards.
    errors: Packed<F>,
    /// W_out with padded rows.
    readout: Aligned<F>,
    /// W_out, forwards, where there are many outputs.
    many: Option<Packed<F>>,
}

#[derive(Clone, Debug)]
struct Returns<F> {
    b: Vec<F>,
    w_rec: Vec<F>,
    b_rec: Vec<F>,
}

impl<F: Real> Returns<F> {
    /// Closes the loop over the readout.
    fn close(&mut self, weights: &Arena<F>, Shape { units, outputs, .. }: Shape) {
        self.w_rec.clear();
        self.w_rec.extend_from_slice(weights.block("w_rec"));
        self.b_rec.clear();
        self.b_rec.extend_from_slice(weights.block("b_rec"));
        let (w_out, b_out) = (weights.block("w_out"), weights.block("b_out"));
        let rows = self.w_rec.chunks_exact_mut(units).zip(&mut self.b_rec).zip(self.b.chunks_exact(outputs));
        for ((row, bias), back) in rows {
            for ((b, from), b_out) in back.iter().zip(w_out.chunks_exact(units)).zip(b_out) {
                for (w, from) in row.iter_mut().zip(from) {
                    *w = b.fma(*from, *w);
                }
                *bias = b.fma(*b_out, *bias);
            }
        }
    }
}

impl<F: Real> RatePacked<F> {
    /// The weights from unit to unit, by way of the outputs too.
    fn recurrent<'w>(&'w self, weights: &'w Arena<F>) -> &'w [F] {
        self.returns.as_ref().map_or_else(|| weights.block("w_rec"), |returns| &returns.w_rec)
    }
}

impl<F: Real> Pack<F> for RatePacked<F> {
    fn repack(&mut self, weights: &Arena<F>) {
        let Shape { inputs, units, outputs } = self.shape;
        let w_out = weights.block("w_out");
        let (w_rec, b_rec) = match &mut self.returns {
            None => (weights.block("w_rec"), weights.block("b_rec")),
            Some(returns) => {
                returns.close(weights, self.shape);
                (&returns.w_rec[..], &returns.b_rec[..])
            }
        };
        self.forward.set_columns(0, w_rec, units);
        self.forward.set_columns(units, weights.block("w_in"), inputs);
        self.forward.set_columns(units + inputs, b_rec, 1);
        self.backward.set_rows(0, w_rec, units);
        self.errors.set_rows(0, w_out, outputs);
        for (to, from) in self.readout.chunks_exact_mut(padded(units)).zip(w_out.chunks_exact(units)) {
            to[..units].copy_from_slice(from);
        }
        if let Some(many) = &mut self.many {
            many.set_columns(0, w_out, units);
        }
    }
}

/// The state of trials side by side.
#[derive(Clone, Debug)]
pub struct RateState<F> {
    history: History,
    timetable: Timetable,
    /// x, rows padded.
    x: Aligned<F>,
    /// [r | u of the next step | 1], rows of `rate_stride`.
    r: Aligned<F>,
    /// Normals of four steps (step × trial × unit, padded), or the given noise of one.
    drive: Aligned<F>,
    /// Correlated noise of this step, or η.
    correlated: Aligned<F>,
    /// Whether the step has noise, and of which kind.
    driven: Drive,
    /// Of each trial, where now and then a unit is disturbed.
    pulses: Vec<Pulses>,
    z: Aligned<F>,
    /// Sums of many outputs, rows padded.
    sums: Aligned<F>,
    /// Terms of a product that are not zero.
    terms: Terms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drive {
    Silent,
    /// Normals, in this quarter of the drive.
    Normals(usize),
    /// The term inside the bracket of α.
    Bracket,
}

impl<F: Real> RateState<F> {
    /// First row of step t.
    fn start(&self, t: usize) -> usize {
        let trials = self.timetable.trials();
        match self.history {
            History::Last => t % 2 * trials,
            History::Whole if t == 0 => 0,
            History::Whole => trials + self.timetable.rows(t).start,
        }
    }

    fn rows(&self, t: usize) -> Range<usize> {
        let start = self.start(t);
        start..start + self.active(t)
    }

    fn active(&self, t: usize) -> usize {
        if t == 0 { self.timetable.trials() } else { self.timetable.active(t) }
    }
}

/// Outputs that are read one by one, and whose errors are spread without a product of their own.
const FEW: usize = 4;
/// Input channels from which on it pays to look which of them say something, whatever the units do.
const MANY_CHANNELS: usize = 16;

impl<F: Real> Network for Rate<F> {
    const NAME: &'static str = "rate";
    type Real = F;
    type Packed = RatePacked<F>;
    type State = RateState<F>;

    fn shape(&self) -> Shape {
        self.shape
    }

    fn blocks(&self) -> Arena<F> {
        let Shape { inputs, units, outputs } = self.shape;
        Arena::new(&[
            ("w_in", units, inputs),
            ("w_rec", units, units),
            ("w_out", outputs, units),
            ("b_rec", units, 1),
            ("b_out", outputs, 1),
            ("x0", units, 1),
        ])
    }

    fn packed(&self) -> RatePacked<F> {
        let Shape { inputs, units, outputs } = self.shape;
        RatePacked {
            shape: self.shape,
            returns: self.returns.clone().map(|b| Returns { b, w_rec: Vec::new(), b_rec: Vec::new() }),
            forward: Packed::new(units, units + inputs + 1, self.isa),
            backward: Packed::new(units, units, self.isa),
            errors: Packed::new(units, outputs, self.isa),
            readout: Aligned::zeros(outputs * padded(units)),
            many: (outputs > FEW).then(|| Packed::new(outputs, units, self.isa)),
        }
    }

    fn state(&self, room: &Room) -> RateState<F> {
        let rows = match room.history {
            History::Last => 2 * room.trials,
            History::Whole => room.trials * (room.steps + 1),
        };
        let width = padded(self.shape.units);
        RateState {
            history: room.history,
            timetable: Timetable::default(),
            x: Aligned::zeros(rows * width),
            r: Aligned::zeros(rows * self.rate_stride()),
            drive: Aligned::zeros(STEPS * room.trials * width),
            correlated: Aligned::default(),
            driven: Drive::Silent,
            pulses: Vec::with_capacity(room.trials),
            z: Aligned::zeros(room.trials * self.shape.outputs),
            sums: Aligned::zeros(if self.shape.outputs > FEW { room.trials * padded(self.shape.outputs) } else { 0 }),
            terms: Terms::new(room.trials, self.shape.units + self.shape.inputs + 1),
        }
    }

    fn begin(&self, plastic: &Plastic<Self>, state: &mut RateState<F>, timetable: &Timetable) {
        let n = self.shape.units;
        let (width, wide) = (padded(n), self.rate_stride());
        state.timetable.clone_from(timetable);
        let trials = timetable.trials();
        let rows = match state.history {
            History::Last => 2 * trials,
            History::Whole => trials + timetable.total(),
        };
        state.x.reach(rows * width);
        state.r.reach(rows * wide);
        state.drive.reach(STEPS * trials * width);
        state.z.reach(trials * self.shape.outputs);
        let x0 = plastic.weights().block("x0");
        for b in 0..trials {
            let x = &mut state.x[b * width..][..width];
            x[..n].copy_from_slice(x0);
            x[n..].fill(F::ZERO);
            self.hold(&mut x[..n]);
            let r = &mut state.r[b * wide..][..wide];
            match self.leak {
                Leak::Potential => self.respond(x, r),
                Leak::Rate => r[..width].copy_from_slice(x),
            }
        }
    }

    fn perturb(&self, state: &mut RateState<F>, t: usize, noise: &Noise<'_, F>, trials: &[u64]) {
        let width = padded(self.shape.units);
        let active = state.active(t);
        if let (1, Noise::Drawn { seed, purpose }) = (t, noise)
            && self.scatter != F::ZERO
        {
            self.scatter(state, *seed, *purpose, trials);
        }
        state.driven = match (noise, &self.noise) {
            (Noise::Given(given), _) => {
                let n = self.shape.units;
                for (b, row) in state.timetable.rows(t).enumerate() {
                    state.drive[b * width..][..n].copy_from_slice(&given[row * n..][..n]);
                }
                Drive::Bracket
            }
            (Noise::Silent, _) | (_, Increment::None) => Drive::Silent,
            (&Noise::Drawn { seed, purpose }, &Increment::Sparse { amplitude, probability, normal, after }) => {
                if t == 1 {
                    state.pulses.clear();
                    let stream = |&trial: &u64| Address { seed, purpose, trial }.stream();
                    state.pulses.extend(trials.iter().map(|trial| Pulses::new(stream(trial), probability)));
                }
                let units = self.shape.units as u64;
                let drive = state.drive[..active * width].chunks_exact_mut(width);
                for (drive, pulses) in drive.zip(&mut state.pulses) {
                    drive.fill(F::ZERO);
                    // in every step, so that the count goes on
                    let Some(step) = (t - 1).checked_sub(after) else { continue };
                    while pulses.next / units == step as u64 {
                        let unit = (pulses.next % units) as usize;
                        let stream = &mut pulses.stream;
                        let pulse = if normal { stream.normal() } else { 2.0 * stream.uniform() - 1.0 };
                        drive[unit] = F::from_f64(amplitude * pulse);
                        pulses.next += 1 + stream.failures(probability);
                    }
                }
                Drive::Bracket
            }
            (&Noise::Drawn { seed, purpose }, increment) => {
                let all = state.timetable.trials();
                let (quad, quarter) = ((t - 1) / STEPS, (t - 1) % STEPS);
                if quarter == 0 {
                    let normals = Normals::new(seed, self.isa);
                    let (first, rest) = state.drive.split_at_mut(all * width);
                    let (second, rest) = rest.split_at_mut(all * width);
                    let (third, fourth) = rest.split_at_mut(all * width);
                    for (b, &trial) in trials.iter().enumerate() {
                        let address = Address { seed, purpose, trial };
                        let row = b * width..(b + 1) * width;
                        normals.fill(
                            &address,
                            quad,
                            [
                                &mut first[row.clone()],
                                &mut second[row.clone()],
                                &mut third[row.clone()],
                                &mut fourth[row],
                            ],
                        );
                    }
                }
                if let Increment::Correlated(root) = increment {
                    state.correlated.reach(all * width);
                    root.multiply(
                        active,
                        &state.drive[quarter * all * width..],
                        width,
                        &mut state.correlated,
                        width,
                        false,
                    );
                }
                if let Increment::Coloured { keep, kick, .. } = increment {
                    state.correlated.reach(all * width);
                    let normals = &state.drive[quarter * all * width..][..active * width];
                    let eta = &mut state.correlated[..active * width];
                    // A trial begins with η ~ N(0,1): the first normals as they are.
                    if t == 1 {
                        eta.copy_from_slice(normals);
                    } else {
                        self.isa.run(Colour { keep: *keep, kick: *kick, eta, normals });
                    }
                }
                Drive::Normals(quarter)
            }
        };
    }

    fn step(&self, plastic: &Plastic<Self>, state: &mut RateState<F>, t: usize, inputs: &[F]) {
        let Shape { inputs: channels, units, .. } = self.shape;
        let (width, wide) = (padded(units), self.rate_stride());
        let (before, now) = (state.start(t - 1), state.rows(t));
        let all = state.timetable.trials();
        // [r | u | 1]
        for b in 0..now.len() {
            let tail = &mut state.r[(before + b) * wide + units..][..channels + 1];
            tail[..channels].copy_from_slice(&inputs[b * channels..][..channels]);
            tail[channels] = F::ONE;
        }
        let (forward, rows) = (&plastic.packed().forward, &state.r[before * wide..]);
        let into = &mut state.x[now.start * width..];
        if self.may_be_silent() || channels >= MANY_CHANNELS {
            forward.multiply_sparse(now.len(), rows, wide, into, width, &mut state.terms);
        } else {
            forward.multiply(now.len(), rows, wide, into, width, false);
        }
        let old = before * width..(before + now.len()) * width;
        let new = now.start * width..now.end * width;
        let [old, new] = state.x.get_disjoint_mut([old, new]).expect("two steps never share rows");
        let zero: &[F] = &[];
        let (noise, scale) = match (state.driven, &self.noise) {
            (Drive::Bracket, _) if self.leak == Leak::Rate => (&state.drive[..], zero),
            (Drive::Bracket, _) => (&state.drive[..], &self.alpha[..]),
            (Drive::Normals(quarter), Increment::Independent(scale)) => {
                (&state.drive[quarter * all * width..], &scale[..])
            }
            (Drive::Normals(_), Increment::Coloured { gain, .. }) => (&state.correlated[..], &gain[..]),
            (Drive::Normals(_), _) => (&state.correlated[..], zero),
            (Drive::Silent, _) => (zero, zero),
        };
        let (alpha, decay, floor) = (&self.alpha[..], &self.decay[..], &self.floor[..]);
        match self.leak {
            Leak::Potential => {
                let rates = &mut state.r[now.start * wide..];
                with_curve!(self.nonlinearity, curve => self.isa.run(Advance {
                    curve, width, wide, old, new, rates, noise, scale, alpha, decay, floor,
                }));
            }
            Leak::Rate => {
                let old = before * wide..(before + now.len()) * wide;
                let [old, rates] = state
                    .r
                    .get_disjoint_mut([old, now.start * wide..now.end * wide])
                    .expect("two steps never share rows");
                with_curve!(self.nonlinearity, curve => self.isa.run(leak::Advance {
                    curve, width, wide, old, x: new, rates, noise, scale, alpha, decay,
                }));
            }
        }
    }

    fn read_out(&self, plastic: &Plastic<Self>, state: &mut RateState<F>, t: usize) {
        let outputs = self.shape.outputs;
        let (now, wide) = (state.rows(t), self.rate_stride());
        let packed = plastic.packed();
        let (rates, bias) = (&state.r[now.start * wide..], plastic.weights().block("b_out"));
        match &packed.many {
            None => {
                let width = padded(self.shape.units);
                dots(self.isa, now.len(), rates, wide, &packed.readout, width, bias, &mut state.z);
            }
            Some(many) => {
                let width = padded(outputs);
                state.sums.reach(now.len() * width);
                for sums in state.sums.chunks_exact_mut(width).take(now.len()) {
                    sums[..outputs].copy_from_slice(bias);
                }
                many.multiply(now.len(), rates, wide, &mut state.sums, width, true);
                for (z, sums) in state.z.chunks_exact_mut(outputs).zip(state.sums.chunks_exact(width)).take(now.len()) {
                    z.copy_from_slice(&sums[..outputs]);
                }
            }
        }
        let z = &mut state.z[..now.len() * outputs];
        match self.readout {
            Readout::Linear => {}
            Readout::Sigmoid => self.isa.run(Each { curve: nonlinearity::Sigmoid, x: z }),
            Readout::Tanh => self.isa.run(Each { curve: nonlinearity::Tanh, x: z }),
            readout => z.chunks_exact_mut(outputs).for_each(|z| readout.apply(z)),
        }
    }

    fn output<'s>(&self, state: &'s RateState<F>) -> &'s [F] {
        &state.z
    }

    fn readout(&self) -> Readout {
        self.readout
    }

    fn potentials<'s>(&self, state: &'s RateState<F>, t: usize, trial: usize) -> &'s [F] {
        &state.x[(state.start(t) + trial) * padded(self.shape.units)..][..self.shape.units]
    }

    fn rates<'s>(&self, state: &'s RateState<F>, t: usize, trial: usize) -> &'s [F] {
        &state.r[(state.start(t) + trial) * self.rate_stride()..][..self.shape.units]
    }

    fn synapses(&self) -> Vec<Synapses> {
        let arena = self.blocks();
        [
            ("w_in", Site::Inputs, Site::Units),
            ("w_rec", Site::Units, Site::Units),
            ("b_rec", Site::Constant, Site::Units),
            ("x0", Site::Start, Site::Units),
            ("w_out", Site::Units, Site::Outputs),
            ("b_out", Site::Constant, Site::Outputs),
        ]
        .into_iter()
        .map(|(name, from, to)| Synapses {
            weights: arena.find(name).map_or(0..0, |b| b.range()),
            from,
            to,
            layout: Layout::Dense,
        })
        .collect()
    }
}

/// A step of the Ornstein-Uhlenbeck process.
struct Colour<'a, F> {
    keep: F,
    kick: F,
    eta: &'a mut [F],
    normals: &'a [F],
}

impl<F: Real> Kernel<F> for Colour<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let (keep, kick) = (V::splat(self.keep), V::splat(self.kick));
        for (eta, n) in vectors_mut(self.eta).iter_mut().zip(vectors(self.normals)) {
            keep.fma(V::load(eta), kick.mul(V::load(n))).store(eta);
        }
    }
}

/// A function of every entry, however many there are.
struct Each<'a, F, C> {
    curve: C,
    x: &'a mut [F],
}

impl<F: Real, C: Curve> Kernel<F> for Each<'_, F, C> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let (whole, rest) = self.x.as_chunks_mut::<LANES>();
        for x in whole {
            self.curve.value(V::load(x)).store(x);
        }
        let mut last = [F::ZERO; LANES];
        last[..rest.len()].copy_from_slice(rest);
        self.curve.value(V::load(&last)).store(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// r = f(x) of one row.
struct Rates<'a, F, C> {
    curve: C,
    x: &'a [F],
    r: &'a mut [F],
    /// Empty where nothing is floored.
    floor: &'a [F],
}

impl<F: Real, C: Curve> Kernel<F> for Rates<'_, F, C> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let floor = vectors(self.floor);
        for (k, (x, r)) in vectors(self.x).iter().zip(vectors_mut(self.r)).enumerate() {
            let rate = self.curve.value(V::load(x));
            if k < floor.len() { V::load(&floor[k]).max(rate) } else { rate }.store(r);
        }
    }
}

/// The rest of a step, after the product: leak, noise, nonlinearity.
struct Advance<'a, F, C> {
    curve: C,
    width: usize,
    wide: usize,
    /// x of the step before.
    old: &'a [F],
    /// In: the recurrent and input current. Out: x.
    new: &'a mut [F],
    rates: &'a mut [F],
    /// Empty without noise.
    noise: &'a [F],
    /// Empty if the noise is already to scale.
    scale: &'a [F],
    alpha: &'a [F],
    decay: &'a [F],
    /// Empty where nothing is floored.
    floor: &'a [F],
}

impl<F: Real, C: Curve> Kernel<F> for Advance<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let (alpha, decay, scale) = (vectors(self.alpha), vectors(self.decay), vectors(self.scale));
        let floor = vectors(self.floor);
        let rows = self
            .old
            .chunks_exact(self.width)
            .zip(self.new.chunks_exact_mut(self.width))
            .zip(self.rates.chunks_exact_mut(self.wide));
        for (b, ((old, new), rates)) in rows.enumerate() {
            let noise: &[[F; LANES]] =
                if self.noise.is_empty() { &[] } else { vectors(&self.noise[b * self.width..][..self.width]) };
            let old = vectors(old);
            let new = vectors_mut(new);
            let rates = vectors_mut(rates);
            for k in 0..new.len().min(old.len()).min(rates.len()).min(alpha.len()).min(decay.len()) {
                let current = V::load(&new[k]);
                let leaked = V::load(&decay[k]).mul(V::load(&old[k]));
                let mut x = V::load(&alpha[k]).fma(current, leaked);
                if k < noise.len() {
                    let n = V::load(&noise[k]);
                    x = if k < scale.len() { n.fma(V::load(&scale[k]), x) } else { n.add(x) };
                }
                x.store(&mut new[k]);
                let rate = self.curve.value(x);
                if k < floor.len() { V::load(&floor[k]).max(rate) } else { rate }.store(&mut rates[k]);
            }
        }
    }
}
