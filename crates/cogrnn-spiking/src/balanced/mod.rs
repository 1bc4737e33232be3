//! The balanced network of leaky integrate-and-fire neurons (§1.6): fixed and plastic synapses apart. Times in ms, potentials
//! in units of the threshold's distance from reset, weights in threshold · ms, r in spikes per ms.
//!
//! ```text
//! τ_bal du_E/dt = -u_E + Σ_j∈E J_ij s_j      likewise u_I       u_bal = u_E + u_I (+ current noise)
//! τ_plas du_P/dt = -u_P + Σ_j W_ij s_j       τ_plas dr_j/dt = -r_j + s_j
//! τ_m dv/dt = X + cue + u_bal + u_P - v      spike at v > θ, then v ← v_re and a number of steps at rest
//! ```

mod cells;
mod gate;
mod part;
mod wiring;

pub use cells::{AFTER_CURRENTS, AfterCurrent, Cell, Glif, Lif};
pub use wiring::{Default2023, External, NoiseModel, Population, Start, Wiring};

use crate::synapses::Plastic;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, padded};
use cogrnn_core::kernels::normals::{Normals, STEPS};
use cogrnn_core::random::{Address, Purpose, ROUNDS, philox, round_keys};
use cogrnn_core::real::Real;
use gate::{Boards, Sharing};
use part::{Part, Step};
use std::ops::Range;

/// A balanced network in the middle of a trial. Its neurons are in as many parts as there are threads.
#[derive(Debug)]
pub struct Balanced<F> {
    wiring: Wiring<F>,
    isa: Isa,
    excitatory: Vec<bool>,
    parts: Vec<Part<F>>,
    boards: Boards,
    /// Steps ever begun.
    ticks: u64,
    normals: Normals,
    keys: [[u32; 2]; ROUNDS],
    units: Address,
    inputs: Address,
    /// The last step that is over.
    t: usize,
    record: bool,
    sharing: Sharing,
    /// Steps during which the cue is on, and whether it changes from step to step.
    cue: Option<(Range<usize>, bool)>,
    external: External,
    external_weights: Vec<F>,
}

impl<F: Real> Balanced<F> {
    /// A network in `threads` parts, at rest.
    ///
    /// # Errors
    /// If the wiring makes no network ([`Wiring::check`]).
    pub fn new(wiring: Wiring<F>, isa: Isa, threads: usize) -> Result<Balanced<F>> {
        wiring.check()?;
        let neurons = wiring.neurons();
        // parts end between vectors
        let blocks = neurons.div_ceil(LANES);
        let count = threads.clamp(1, blocks);
        let cut = |k: usize| (blocks * k / count * LANES).min(neurons);
        let parts: Vec<Part<F>> = (0..count).map(|k| Part::new(&wiring, cut(k)..cut(k + 1))).collect();
        let excitatory = wiring.populations.iter().flat_map(|p| std::iter::repeat_n(p.excitatory, p.neurons)).collect();
        let address = |purpose| Address { seed: 0, purpose, trial: 0 };
        Ok(Balanced {
            boards: Boards::new(parts.iter().map(|p| p.count)),
            ticks: 0,
            isa,
            excitatory,
            parts,
            normals: Normals::new(0, isa),
            keys: round_keys(0),
            units: address(Purpose::TestUnits),
            inputs: address(Purpose::TestInputs),
            t: 0,
            record: false,
            sharing: Sharing::default(),
            cue: None,
            external: External::default(),
            external_weights: Vec::new(),
            wiring,
        })
    }

    /// Number of neurons.
    pub fn neurons(&self) -> usize {
        self.excitatory.len()
    }

    /// The last step that is over, from 1 within the trial.
    pub fn step(&self) -> usize {
        self.t
    }

    /// What it is made of.
    pub fn wiring(&self) -> &Wiring<F> {
        &self.wiring
    }

    /// The plastic synapses.
    pub fn plastic(&self) -> &Plastic<F> {
        &self.wiring.plastic
    }

    /// Weights of the plastic synapses, to change between steps.
    pub fn plastic_weights_mut(&mut self) -> &mut [F] {
        self.wiring.plastic.weights_mut()
    }

    /// Begins a trial: every current, trace and count is 0, potentials are drawn anew (§1.6). Plastic weights persist. Noise
    /// of the units has the address (seed, purpose, trial).
    pub fn begin(&mut self, seed: u64, purpose: Purpose, trial: u64) {
        self.units = Address { seed, purpose, trial };
        self.inputs = Address { seed, purpose: inputs(purpose), trial };
        let start = Address { seed, purpose: purpose.starts(), trial };
        self.normals = Normals::new(seed, self.isa);
        self.keys = round_keys(seed);
        self.t = 0;
        let mut bounds = Vec::with_capacity(self.neurons());
        for p in &self.wiring.populations {
            bounds.extend(std::iter::repeat_n((p.cell.base(), p.cell.threshold()), p.neurons));
        }
        let [third, fourth] = start.high_words();
        for part in &mut self.parts {
            part.clear();
            let mut rows: [Aligned<F>; STEPS] = std::array::from_fn(|_| Aligned::zeros(padded(part.count)));
            let [a, b, c, d] = &mut rows;
            self.normals.fill_from(&start, 0, part.first, [a, b, c, d]);
            for i in 0..part.count {
                let (base, threshold) = bounds[part.first + i];
                let x = match self.wiring.start {
                    Start::Normal => rows[0][i].to_f64(),
                    Start::Uniform => {
                        let word = philox([(part.first + i) as u32, 0, third, fourth], &self.keys)[0];
                        f64::from(word) / 4_294_967_296.0
                    }
                };
                part.v[i] = F::from_f64(base + (threshold - base) * x);
            }
        }
    }

    /// Whether spikes are kept one by one; room for so many is made now.
    pub fn record(&mut self, spikes: bool, room: usize) {
        self.record = spikes;
        let each = if spikes { room.div_ceil(self.parts.len()) } else { 0 };
        self.parts.iter_mut().for_each(|p| p.raster.reserve(each));
    }

    /// A current into each neuron in steps after `on` and before `off`, both excluded (§1.6): one row of neurons for all steps,
    /// or a row for each, the first of which belongs to step `on` + 1. No rows: no cue.
    ///
    /// # Errors
    /// If rows are not whole or too few.
    pub fn set_cue(&mut self, on: usize, off: usize, rows: &[F]) -> Result<()> {
        let n = self.neurons();
        let (count, steps) = (rows.len() / n, off.saturating_sub(on + 1));
        if !rows.len().is_multiple_of(n) || (count > 1 && count < steps) {
            return Err(Error::input(format!("a cue has {} numbers for {n} neurons and {steps} steps", rows.len()))
                .why("a cue is one row of neurons, or one for each of its steps")
                .remedy("give as many rows as there are steps between `on` and `off`"));
        }
        for part in &mut self.parts {
            part.cue.clear();
            for row in rows.chunks_exact(n) {
                let mut mine = Aligned::zeros(padded(part.count));
                mine[..part.count].copy_from_slice(&row[part.first..part.first + part.count]);
                part.cue.push(mine);
            }
        }
        self.cue = (count > 0).then_some((on + 1..off, count > 1));
        Ok(())
    }

    /// External neurons, and their weights onto every neuron (neuron × external, threshold · ms).
    ///
    /// # Errors
    /// If there is not one weight for each pair.
    pub fn set_external(&mut self, external: External, weights: Vec<F>) -> Result<()> {
        let whole = external.neurons == 0 || external.spike_probability.len().is_multiple_of(external.neurons);
        if weights.len() != external.neurons * self.neurons() || !whole {
            return Err(Error::input(format!("{} weights from external neurons", weights.len()))
                .why(format!("there are {} of them and {} neurons", external.neurons, self.neurons()))
                .remedy("give one weight a pair, and whole rows of spike probabilities"));
        }
        self.parts.iter_mut().for_each(|p| p.set_external(external.neurons));
        self.external = external;
        self.external_weights = weights;
        Ok(())
    }

    /// Weights of external neurons (neuron × external), to change between steps.
    pub fn external_weights_mut(&mut self) -> &mut [F] {
        &mut self.external_weights
    }

    /// r of the external neurons.
    pub fn external_r(&self) -> &[F] {
        &self.parts[0].external_r
    }

    /// Runs so many steps. Within a step (§1.6; learning comes before it, from the r and u_bal of the step before):
    ///
    /// 1. currents decay and take up what arrived in the last step; r likewise
    /// 2. u_bal = u_E + u_I (+ noise); voltage noise; unless the neuron rests, v += dt/τ_m (X + cue + u_bal + u_P - v); spike
    ///    and reset
    /// 3. spikes arrive, in the order of their neurons' numbers, to act in the next step
    /// 4. external neurons: their r, new spikes, which arrive likewise
    ///
    /// Each sum is one chain in a fixed order, so the bits do not depend on the number of threads.
    pub fn advance(&mut self, steps: usize, crew: &Crew) {
        let (parts, boards, wiring) = (&mut self.parts, &self.boards, &self.wiring);
        let plastic = &wiring.plastic;
        let (excitatory, from, ticks) = (&self.excitatory, self.t, self.ticks);
        let (isa, noise, normals, units) = (self.isa, wiring.noise, &self.normals, self.units);
        let (cue, record) = (&self.cue, self.record);
        let (external, external_weights) = (&self.external, &self.external_weights);
        let tau = wiring.populations[0].tau_plastic.as_ms();
        let inputs = part::External {
            address: self.inputs,
            keys: &self.keys,
            keep: F::from_f64(1.0 - wiring.dt.as_ms() / tau),
            gain: F::from_f64(1.0 / tau),
        };
        let update = |k: usize, part: &mut Part<F>, t: usize| {
            let cue_row =
                cue.as_ref().filter(|(on, _)| on.contains(&t)).map(|(on, path)| if *path { t - on.start } else { 0 });
            let step = Step { t, isa, noise, normals, units, cue_row, record };
            let count = part.update(&step);
            boards.post(k, ticks + (t - from) as u64, &part.spikes[..count]);
        };
        let deliver = |part: &mut Part<F>, t: usize| {
            boards.read(ticks + (t - from) as u64, |source| part.deliver(source, excitatory[source], plastic));
            if external.neurons > 0 && t >= external.first_step {
                let row = (t - external.first_step) * external.neurons;
                if let Some(p) = external.spike_probability.get(row..row + external.neurons) {
                    part.external(t, p, external_weights, &inputs);
                }
            }
        };
        let count = parts.len();
        let several = count > 1 && crew.threads() >= count;
        let mut t = from;
        while t < from + steps {
            let (some, shared) = self.sharing.next(from + steps - t);
            if several && shared {
                let late = boards.late();
                crew.each(parts, |k, part| {
                    let _watch = boards.watch();
                    for step in 1..=some {
                        update(k, part, t + step);
                        deliver(part, t + step);
                    }
                });
                self.sharing.over(some, true, boards.late() - late);
            } else {
                for step in 1..=some {
                    parts.iter_mut().enumerate().for_each(|(k, part)| update(k, part, t + step));
                    parts.iter_mut().for_each(|part| deliver(part, t + step));
                }
                self.sharing.over(some, shared, 0);
            }
            t += some;
        }
        self.t += steps;
        self.ticks += steps as u64;
    }

    fn gather(&self, to: &mut [F], of: impl Fn(&Part<F>, usize) -> F) {
        for part in &self.parts {
            for (i, to) in to[part.first..part.first + part.count].iter_mut().enumerate() {
                *to = of(part, i);
            }
        }
    }

    /// r of every neuron, spikes per ms.
    pub fn r(&self, to: &mut [F]) {
        self.gather(to, |p, i| p.r[i]);
    }

    /// Potentials.
    pub fn potentials(&self, to: &mut [F]) {
        self.gather(to, |p, i| p.v[i]);
    }

    /// u_bal: the current of fixed synapses, with current noise if there is any.
    pub fn u_background(&self, to: &mut [F]) {
        let noisy = matches!(self.wiring.noise, NoiseModel::Current(_)) && self.t > 0;
        let row = self.t.wrapping_sub(1) % STEPS;
        self.gather(to, |p, i| {
            let u = p.u[0][i] + p.u[1][i];
            if noisy { p.noise[row][i].fma(p.sigma[i], u) } else { u }
        });
    }

    /// u_P: the current of plastic synapses.
    pub fn u_plastic(&self, to: &mut [F]) {
        self.gather(to, |p, i| p.u[2][i]);
    }

    /// Spikes of each neuron since the trial began.
    pub fn spike_counts(&self) -> Vec<u32> {
        self.parts.iter().flat_map(|p| p.spike_counts.iter().copied()).collect()
    }

    /// Spikes (step, neuron) since the trial began, in order of time and then of neuron, where they are recorded.
    pub fn raster(&self) -> Vec<(u32, u32)> {
        let mut all: Vec<(u32, u32)> = self.parts.iter().flat_map(|p| p.raster.iter().copied()).collect();
        all.sort_unstable();
        all
    }

    /// Mean rate of each population since the trial began, Hz.
    pub fn mean_rates(&self) -> Vec<f64> {
        let counts = self.spike_counts();
        let seconds = self.t as f64 * self.wiring.dt.as_ms() / 1000.0;
        let mut first = 0;
        let mut rates = Vec::new();
        for p in &self.wiring.populations {
            let spikes: f64 = counts[first..first + p.neurons].iter().map(|&n| f64::from(n)).sum();
            rates.push(spikes / (p.neurons as f64 * seconds));
            first += p.neurons;
        }
        rates
    }
}

/// Where the random numbers of external neurons live, in trials whose units have noise for this purpose.
fn inputs(units: Purpose) -> Purpose {
    match units {
        Purpose::TestUnits => Purpose::TestInputs,
        Purpose::ValidationUnits => Purpose::ValidationInputs,
        _ => Purpose::TrainingInputs,
    }
}
