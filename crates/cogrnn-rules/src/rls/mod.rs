//! Recursive least squares in each neuron of a network (Kim & Chow 2018; Arthur, Kim, Chen, Preibisch & Darshan 2023; §2 of the
//! specification).
//!
//! The plastic inputs r of a neuron are regressors, its own target f is what they should add up to. At an update
//!
//! ```text
//! k   = P r
//! den = 1 / (1 + rᵀ k)
//! P   ← P - den k kᵀ                       `Inverses`
//! e   = w·r + u_given - f                  w as it was; u_given what comes from fixed inputs        §2.1, §2.5
//! w   ← w - e den k
//! ```
//! with P(0) = Λ⁻¹ of [`Ridge`]. After K updates w is the exact minimum of
//!
//! ```text
//! ½ Σ_k (f_k - u_given,k - w·r_k)² + ½ (w - w₀)ᵀ Λ (w - w₀)
//! ```
//! To train a **rate** φ(u + I), r is replaced by r̃ = φ′(u + I) r and e by φ(u + I) - f; neurons with φ′ < 10⁻⁹ skip the update
//! (§2.2).
//!
//! r = [own inputs ; inputs that all trained neurons share], the latter with weights of their own in each condition, where
//! there are several (§3.10). When an update is due is the caller's to say.
//!
//! **Dale's law** (§2.4): a synapse that would change its sign keeps its last value and learns no more. [`Dale::Freeze`]
//! leaves P as it is and discards that part of the step; [`Dale::Remove`] takes the input out of the regression. It holds for own
//! inputs whose first weight is not 0.
//!
//! Neurons do not know one another: each is one chain of operations, whatever thread it runs on. How their matrices are kept is
//! chosen by [`plan()`] before anything is allocated.

pub mod initial;
pub mod inverse;
pub mod plan;
mod shared;

#[cfg(test)]
mod tests;

pub use initial::{Blocks, Ridge};
pub use inverse::{Inverses, Scratch};
pub use plan::{Cost, Economy, Plan, plan};

use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::padded;
use cogrnn_core::kernels::symmetric::{add_scaled, dot, length};
use cogrnn_core::real::Real;
use inverse::{kept, take_up};
use shared::Shared;

/// Slope of the gain below which a neuron skips an update: its input does not change its rate (§2.2).
pub const FLAT: f64 = 1e-9;
/// How far below 0 rounding may bring rᵀ P r before P counts as lost.
const LOST: f64 = -1e-3;
/// Pieces that neurons are shared out in: many enough to be even, and the same at any number of threads.
const SHARDS: usize = 32;

/// What a neuron is trained to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Training {
    /// Synaptic drive or current: linear in the weights.
    #[default]
    Input,
    /// The rate that the input makes.
    Rate,
}

/// What becomes of a synapse that would change its sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dale {
    /// It does change it.
    #[default]
    Free,
    /// It keeps its last value from then on; P is that of all inputs (§2.4 a).
    Freeze,
    /// The same, and it leaves the regression (§2.4 b).
    Remove,
}

/// How to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Λ.
    pub ridge: Ridge,
    /// Input or rate.
    pub training: Training,
    /// Signs.
    pub dale: Dale,
    /// Whether the weight step has den. The 2018 program and releases up to v0.2.2 of the 2023 system have it, the latter's main
    /// branch since 2024-03-18 has not: without it w is not the minimum.
    pub den: bool,
    /// How P is kept; the smallest that applies if not said.
    pub economy: Option<Economy>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            ridge: Ridge::default(),
            training: Training::default(),
            dale: Dale::default(),
            den: true,
            economy: None,
        }
    }
}

/// The trained neurons and their inputs.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// How many neurons there are to listen to.
    pub presynaptic: usize,
    /// Own inputs of each trained neuron: which neurons it listens to.
    pub fan_in: Vec<Vec<u32>>,
    /// First weights of own inputs, (neurons × inputs).
    pub weights: Vec<Vec<f64>>,
    /// How many inputs all of them share; their weights begin at 0.
    pub shared: usize,
    /// In how many conditions shared inputs have weights of their own.
    pub conditions: usize,
}

impl Population {
    fn check(&self) -> Result<()> {
        if self.fan_in.len() != self.weights.len() {
            return Err(Error::input(format!(
                "{} neurons have inputs and {} have weights",
                self.fan_in.len(),
                self.weights.len()
            ))
            .why("each trained neuron has a list of both")
            .remedy("give an empty list to a neuron without own inputs"));
        }
        for (i, (inputs, weights)) in self.fan_in.iter().zip(&self.weights).enumerate() {
            let place = format!("trained neuron {i}");
            if inputs.len() != weights.len() {
                return Err(Error::input(format!("{} inputs have {} weights", inputs.len(), weights.len()))
                    .at(place)
                    .why("each input has one")
                    .remedy("give as many weights as inputs"));
            }
            if let Some(j) = inputs.iter().find(|j| **j as usize >= self.presynaptic) {
                return Err(Error::input(format!("neuron {j} is not there to listen to"))
                    .at(place)
                    .why(format!("there are {} neurons, counted from 0", self.presynaptic))
                    .remedy("check how the inputs were drawn"));
            }
            if !weights.iter().all(|w| w.is_finite()) {
                return Err(Error::input("a first weight is not a number")
                    .at(place)
                    .why("errors would not be numbers either")
                    .remedy("check how the weights were drawn"));
            }
            if inputs.is_empty() && self.shared == 0 {
                return Err(Error::input("it has no plastic inputs")
                    .at(place)
                    .why("there is nothing to learn")
                    .remedy("leave it out of the trained neurons"));
            }
        }
        Ok(())
    }
}

/// What the trained neurons should do at an update, (neurons) each.
#[derive(Clone, Copy)]
pub enum Aim<'a, F> {
    /// w·r + given = target; nothing given is 0.
    Input {
        /// u_given.
        given: &'a [F],
        /// f.
        target: &'a [F],
    },
    /// φ(w·r + given) = target.
    Rate {
        /// I: all that comes beside plastic inputs.
        given: &'a [F],
        /// f.
        target: &'a [F],
        /// φ and φ′.
        gain: &'a (dyn Fn(F) -> (F, F) + Sync),
    },
}

impl<F> std::fmt::Debug for Aim<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Aim::Input { .. } => "Aim::Input",
            Aim::Rate { .. } => "Aim::Rate",
        })
    }
}

/// Recursive least squares of a population.
#[derive(Clone, Debug)]
pub struct Rls<F> {
    isa: Isa,
    plan: Plan,
    settings: Settings,
    presynaptic: usize,
    shared: usize,
    conditions: usize,
    neurons: usize,
    shards: Vec<Shard<F>>,
    /// One P: those of the groups, and what the last update found.
    groups: Vec<Group<F>>,
    /// Shared inputs: what all neurons have in common.
    common: Option<Shared<F>>,
    /// s, zeros behind it.
    s: Aligned<F>,
}

/// Neurons with one P.
#[derive(Clone, Debug)]
struct Group<F> {
    first: usize,
    inputs: Vec<u32>,
    inverses: Inverses<F>,
    scratch: Scratch<F>,
    den: F,
    lost: bool,
}

/// Some trained neurons, one after the other.
#[derive(Clone, Debug)]
struct Shard<F> {
    first: usize,
    neurons: Vec<Neuron>,
    /// By place in `fan_in`: presynaptic neurons, or rows of G.
    sources: Vec<u32>,
    w: Vec<F>,
    signs: Vec<i8>,
    frozen: Vec<bool>,
    /// (neurons × conditions) rows of whole vectors.
    w_shared: Aligned<F>,
    inverses: Inverses<F>,
    scratch: Scratch<F>,
    step: Vec<F>,
    frozen_now: Vec<usize>,
    lost: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Neuron {
    /// Where its own inputs start, and how many there are.
    start: usize,
    own: usize,
    group: usize,
}

/// What an update gives to all neurons.
struct Moment<'a, F> {
    isa: Isa,
    settings: &'a Settings,
    r: &'a [F],
    s: &'a [F],
    shared: usize,
    condition: usize,
    conditions: usize,
    aim: &'a Aim<'a, F>,
    groups: &'a [Group<F>],
    common: Option<&'a Shared<F>>,
}

impl<F: Real> Rls<F> {
    /// Plans, and allocates what is planned.
    ///
    /// # Errors
    /// If lists do not fit together, the ridge has no inverse, or there is no room (`limit`, in bytes).
    pub fn new(isa: Isa, population: &Population, settings: Settings, limit: Option<u64>) -> Result<Rls<F>> {
        settings.ridge.check()?;
        population.check()?;
        let plan = plan(population, &settings, size_of::<F>(), limit)?;
        let wait = plan.chosen().wait;
        let Population { fan_in, weights, shared, conditions, .. } = population;
        let conditions = (*conditions).max(1);
        let heard = plan::heard(population);
        let (group_of, firsts) = match plan.economy {
            Economy::OneP => plan::groups(population, &settings),
            _ => (vec![0; fan_in.len()], Vec::new()),
        };
        let rows = |i: usize| match plan.economy {
            Economy::Separate => fan_in[i].len() + shared,
            Economy::OneP => 0,
            Economy::SharedInputs => fan_in[i].len(),
        };
        let mut groups = Vec::with_capacity(firsts.len());
        for i in firsts {
            let (n, blocks) = (fan_in[i].len() + shared, Blocks::of(&weights[i]));
            let mut inverses = Inverses::new(isa, &[n], wait);
            inverses.fill(0, |a, b| settings.ridge.inverse(&blocks, a, b));
            let scratch = Scratch::new(n);
            groups.push(Group { first: i, inputs: fan_in[i].clone(), inverses, scratch, den: F::ONE, lost: false });
        }
        let mut shards = Vec::with_capacity(SHARDS);
        let each = fan_in.len().div_ceil(SHARDS).max(1);
        for first in (0..fan_in.len()).step_by(each) {
            let range = first..(first + each).min(fan_in.len());
            let sizes: Vec<usize> = range.clone().map(rows).collect();
            let most = range.clone().map(|i| fan_in[i].len() + shared).max().unwrap_or(0);
            let mut shard = Shard {
                first,
                neurons: Vec::with_capacity(range.len()),
                sources: Vec::new(),
                w: Vec::new(),
                signs: Vec::new(),
                frozen: Vec::new(),
                w_shared: Aligned::zeros(range.len() * conditions * padded(*shared)),
                inverses: Inverses::new(isa, &sizes, wait),
                scratch: Scratch::new(most),
                step: vec![F::ZERO; length(most)],
                frozen_now: Vec::with_capacity(most),
                lost: None,
            };
            let mut before: Option<(usize, Blocks)> = None;
            for (at, i) in range.enumerate() {
                shard.neurons.push(Neuron { start: shard.w.len(), own: fan_in[i].len(), group: group_of[i] });
                shard.w.extend(weights[i].iter().map(|w| F::from_f64(*w)));
                shard.sources.extend(fan_in[i].iter().map(|j| match plan.economy {
                    // Its place among those that are heard.
                    Economy::SharedInputs => heard.partition_point(|h| h < j) as u32,
                    _ => *j,
                }));
                let blocks = Blocks::of(&weights[i]);
                shard.signs.extend(blocks.signs());
                if sizes[at] > 0 {
                    match &before {
                        Some((same, b)) if *b == blocks => shard.inverses.copy(*same, at),
                        _ => {
                            shard.inverses.fill(at, |a, b| settings.ridge.inverse(&blocks, a, b));
                            before = Some((at, blocks));
                        }
                    }
                }
            }
            shard.frozen = vec![false; shard.w.len()];
            shards.push(shard);
        }
        let common = (plan.economy == Economy::SharedInputs)
            .then(|| Shared::new(isa, *shared, settings.ridge.lambda_ff, &heard));
        Ok(Rls {
            isa,
            plan,
            settings,
            presynaptic: population.presynaptic,
            shared: *shared,
            conditions,
            neurons: fan_in.len(),
            shards,
            groups,
            common,
            s: Aligned::zeros(padded(*shared)),
        })
    }

    /// How P is kept, what that takes and why.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// One update of all trained neurons: r of all neurons there are to listen to, s of the shared inputs.
    ///
    /// # Errors
    /// If arrays are too short, the aim is not what was to be trained, or P is no longer positive: then weights are not to
    /// be used.
    pub fn update(&mut self, crew: &Crew, r: &[F], s: &[F], condition: usize, aim: &Aim<'_, F>) -> Result<()> {
        self.check(r, s, condition, aim)?;
        self.s[..self.shared].copy_from_slice(s);
        if let Some(common) = &mut self.common {
            common.update(crew, r, s);
        }
        let isa = self.isa;
        crew.each(&mut self.groups, |_, group| {
            let Group { inputs, inverses, scratch, den, lost, .. } = group;
            take(r, inputs, s, &mut scratch.r);
            inverses.gain(0, scratch);
            let rk = dot(isa, &scratch.r, &scratch.k);
            *lost = is_lost(rk);
            *den = F::ONE / (F::ONE + rk);
            inverses.absorb(0, *den, &scratch.k);
        });
        let moment = Moment {
            isa,
            settings: &self.settings,
            r,
            s: &self.s,
            shared: self.shared,
            condition,
            conditions: self.conditions,
            aim,
            groups: &self.groups,
            common: self.common.as_ref(),
        };
        crew.each(&mut self.shards, |_, shard| shard.update(&moment));
        let lost_group = self.groups.iter().find(|g| g.lost).map(|g| g.first);
        match lost_group.or_else(|| self.shards.iter().find_map(|shard| shard.lost)) {
            Some(i) => Err(Error::diverged(format!("the P of trained neuron {i} is no longer positive"))
                .why("rᵀ P r came out below 0 or as no number: activity ran away, or rounding has eaten P")
                .remedy("look at the rates; raise lambda, or mu, so that weights move less in one update")),
            None => Ok(()),
        }
    }

    fn check(&self, r: &[F], s: &[F], condition: usize, aim: &Aim<'_, F>) -> Result<()> {
        let (given, target) = match aim {
            Aim::Input { given, target } | Aim::Rate { given, target, .. } => (given.len(), target.len()),
        };
        let rates = matches!(aim, Aim::Rate { .. });
        let wrong = if r.len() != self.presynaptic {
            format!("activity of {} neurons, and there are {}", r.len(), self.presynaptic)
        } else if s.len() != self.shared {
            format!("activity of {} shared inputs, and there are {}", s.len(), self.shared)
        } else if condition >= self.conditions {
            format!("condition {condition}, and there are {}, counted from 0", self.conditions)
        } else if target != self.neurons || (given != self.neurons && given != 0) {
            format!("{target} targets and {given} given inputs for {} trained neurons", self.neurons)
        } else if rates != (self.settings.training == Training::Rate) {
            format!("{aim:?}, and what is trained is `{:?}`", self.settings.training)
        } else {
            return Ok(());
        };
        Err(Error::input(format!("an update was given {wrong}"))
            .why("it would teach neurons what was meant for others, or nothing")
            .remedy("give what `Rls::new` was told"))
    }

    fn of(&self, neuron: usize) -> (&Shard<F>, usize) {
        let shard = &self.shards[self.shards.partition_point(|s| s.first <= neuron) - 1];
        (shard, neuron - shard.first)
    }

    /// Weights of a trained neuron's own inputs, in their order.
    pub fn weights(&self, neuron: usize) -> &[F] {
        let (shard, at) = self.of(neuron);
        let Neuron { start, own, .. } = shard.neurons[at];
        &shard.w[start..start + own]
    }

    /// Which of its own inputs learn no more.
    pub fn frozen(&self, neuron: usize) -> &[bool] {
        let (shard, at) = self.of(neuron);
        let Neuron { start, own, .. } = shard.neurons[at];
        &shard.frozen[start..start + own]
    }

    /// Weights of the shared inputs to a trained neuron in a condition.
    pub fn shared_weights(&self, neuron: usize, condition: usize) -> &[F] {
        let (shard, at) = self.of(neuron);
        &shard.w_shared[(at * self.conditions + condition) * padded(self.shared)..][..self.shared]
    }

    /// An entry of P among the regressors that a neuron's own matrix has: all of them, or with shared inputs its own, which is
    /// the same block of P.
    pub fn inverse(&self, neuron: usize, a: usize, b: usize) -> f64 {
        let (shard, at) = self.of(neuron);
        match self.plan.economy {
            Economy::OneP => self.groups[shard.neurons[at].group].inverses.entry(0, a, b),
            _ => shard.inverses.entry(at, a, b),
        }
    }

    /// All that an update changes, as named arrays.
    pub fn save(&self) -> Vec<(String, Vec<F>)> {
        let mut to = Vec::new();
        for (k, shard) in self.shards.iter().enumerate() {
            let frozen = shard.frozen.iter().map(|f| if *f { F::ONE } else { F::ZERO });
            to.push((format!("shard{k}.w"), shard.w.clone()));
            to.push((format!("shard{k}.frozen"), frozen.collect()));
            to.push((format!("shard{k}.w_shared"), shard.w_shared.to_vec()));
            shard.inverses.save(&format!("shard{k}"), &mut to);
        }
        for (k, group) in self.groups.iter().enumerate() {
            group.inverses.save(&format!("group{k}"), &mut to);
        }
        if let Some(common) = &self.common {
            common.save(&mut to);
        }
        to
    }

    /// Takes up what was kept, to the bit.
    ///
    /// # Errors
    /// If it was kept by another population or economy.
    pub fn restore(&mut self, saved: &[(String, Vec<F>)]) -> Result<()> {
        for (k, shard) in self.shards.iter_mut().enumerate() {
            let frozen = kept(saved, &format!("shard{k}.frozen"), shard.frozen.len())?;
            take_up(saved, &format!("shard{k}.w"), &mut shard.w)?;
            take_up(saved, &format!("shard{k}.w_shared"), &mut shard.w_shared)?;
            for (to, from) in shard.frozen.iter_mut().zip(frozen) {
                *to = *from != F::ZERO;
            }
            shard.inverses.restore(&format!("shard{k}"), saved)?;
            shard.lost = None;
        }
        for (k, group) in self.groups.iter_mut().enumerate() {
            group.inverses.restore(&format!("group{k}"), saved)?;
        }
        match &mut self.common {
            Some(common) => common.restore(saved),
            None => Ok(()),
        }
    }
}

fn is_lost<F: Real>(rk: F) -> bool {
    let sound = rk.is_finite() && rk >= F::from_f64(LOST);
    !sound
}

/// The regressor: r of the own inputs, then s, then zeros.
fn take<F: Real>(r: &[F], own: &[u32], s: &[F], to: &mut [F]) {
    let (mine, rest) = to.split_at_mut(own.len());
    for (to, j) in mine.iter_mut().zip(own) {
        *to = r[*j as usize];
    }
    let (shared, rest) = rest.split_at_mut(s.len());
    shared.copy_from_slice(s);
    rest.fill(F::ZERO);
}

impl<F: Real> Shard<F> {
    fn update(&mut self, moment: &Moment<'_, F>) {
        for at in 0..self.neurons.len() {
            if !self.learn(at, moment) {
                self.lost.get_or_insert(self.first + at);
            }
        }
    }

    /// One neuron; false if its P is lost.
    #[inline]
    fn learn(&mut self, at: usize, moment: &Moment<'_, F>) -> bool {
        let Moment { isa, settings, r, shared, condition, conditions, .. } = *moment;
        let Neuron { start, own, group } = self.neurons[at];
        let s = &moment.s[..shared];
        let Shard { w, sources, signs, frozen, w_shared, inverses, scratch, step, frozen_now, .. } = self;
        let (w, sources) = (&mut w[start..start + own], &sources[start..start + own]);
        let w_shared = &mut w_shared[(at * conditions + condition) * padded(shared)..][..padded(shared)];

        // w·r before the update, in one order whatever the economy: with shared inputs r is not at hand, but e is.
        match moment.common {
            Some(common) => {
                for (to, row) in scratch.r.iter_mut().zip(sources) {
                    *to = r[common.neuron(*row) as usize];
                }
            }
            None => take(r, sources, s, &mut scratch.r),
        }
        let mut u = dot(isa, w, &scratch.r[..own]) + dot(isa, &w_shared[..shared], s);
        let i = self.first + at;
        let (given, target) = match moment.aim {
            Aim::Input { given, target } | Aim::Rate { given, target, .. } => (*given, *target),
        };
        if let Some(given) = given.get(i) {
            u += *given;
        }
        let mut error = u - target[i];
        if let Aim::Rate { gain, .. } = moment.aim {
            let (rate, slope) = gain(u);
            if slope < F::from_f64(FLAT) {
                return true;
            }
            error = rate - target[i];
            for r in scratch.r.iter_mut() {
                *r *= slope;
            }
        }

        // k and den; P.
        let mut eta = F::ZERO;
        let (den, sound) = match (moment.common, moment.groups.get(group)) {
            (Some(common), _) => {
                for (to, row) in scratch.r.iter_mut().zip(sources) {
                    *to = common.residual(*row);
                }
                scratch.r[own..].fill(F::ZERO);
                if own > 0 {
                    inverses.gain(at, scratch);
                    eta = dot(isa, &scratch.r[..own], &scratch.k[..own]);
                }
                let rk = common.gamma() + eta;
                let den = F::ONE / (F::ONE + rk);
                if own > 0 {
                    inverses.absorb(at, den, &scratch.k);
                }
                (den, !is_lost(rk))
            }
            (None, Some(group)) => {
                let n = own + shared;
                scratch.k[..length(n)].copy_from_slice(&group.scratch.k[..length(n)]);
                (group.den, true)
            }
            (None, None) => {
                inverses.gain(at, scratch);
                let n = own + shared;
                let rk = dot(isa, &scratch.r[..n], &scratch.k[..n]);
                let den = F::ONE / (F::ONE + rk);
                inverses.absorb(at, den, &scratch.k);
                (den, !is_lost(rk))
            }
        };
        if !sound {
            return false;
        }

        // w ← w - e den k; own inputs under Dale's law.
        let size = if settings.den { error * den } else { error };
        for (to, k) in step.iter_mut().zip(&scratch.k[..own]) {
            *to = size * *k;
        }
        match moment.common {
            Some(common) => common.learn(sources, size, eta, &step[..own], w_shared),
            None => add_scaled(isa, -size, &scratch.k[own..own + shared], &mut w_shared[..shared]),
        }
        let (signs, frozen) = (&signs[start..start + own], &mut frozen[start..start + own]);
        frozen_now.clear();
        for j in 0..own {
            let new = w[j] - step[j];
            let reversed = match signs[j] {
                1 => new < F::ZERO,
                -1 => new > F::ZERO,
                _ => false,
            };
            if settings.dale != Dale::Free && !frozen[j] && reversed {
                frozen[j] = true;
                frozen_now.push(j);
            }
            if !frozen[j] {
                w[j] = new;
            }
        }
        if settings.dale == Dale::Remove {
            for &j in frozen_now.iter() {
                inverses.remove(at, j, scratch);
            }
        }
        true
    }
}
