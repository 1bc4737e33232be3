//! How the gradients of learning rules compare with the exact one, on the same network, trials and noise.
//!
//! ```text
//! bias      |ḡ - g*| / |g*|             ḡ the mean over draws of what is random in the rule, g* backpropagation's
//! chance    √(⟨|(g - g*) - (ḡ - ḡ*)|²⟩ / draws) / |g*|     what is left of no bias at all
//! variance  ⟨|g - ḡ|²⟩ / |g*|²
//! ```
//! Draws differ in the rule's random signs (UORO, KF-RTRL, reverse KF-RTRL) or, for node perturbation, in the noise of the
//! units; g* is then the mean of the exact gradients of that noise. All gradients are with respect to the parameters under
//! their constraints, with what rates cost and without what weights cost, before clipping. Kernels and maps that a rule
//! learns are those that it begins with; the loss that node perturbation expects is that of the trials of the next update.

use crate::experiment::{Experiment, Kind, Plan, RulePlan, Visitor};
use crate::trainer::Machine;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{History, Network, Noise, Perturb, Room};
use cogrnn_core::params::Arena;
use cogrnn_core::rule::Rule;
use cogrnn_core::run::{Run, answering};
use cogrnn_core::task::Set;
use cogrnn_core::trials::unit_noise;
use cogrnn_networks::rate::Rate;
use serde::Serialize;

/// One rule beside the exact gradient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The rule.
    pub rule: &'static str,
    /// By which weights errors reach the units: `transposed` or `random`; none where no errors do.
    pub feedback: Option<&'static str>,
    /// Draws; 1 where nothing is random.
    pub draws: usize,
    /// All parameters.
    pub all: Closeness,
    /// Recurrent weights alone.
    pub w_rec: Closeness,
    /// Readout weights alone.
    pub w_out: Closeness,
}

/// How near gradients are to the exact one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Closeness {
    /// Median over draws of the cosine of the angle to the exact gradient.
    pub cosine: f64,
    /// The same of the mean over draws.
    pub cosine_of_mean: f64,
    /// Length of what the mean differs by, in lengths of the exact gradient.
    pub bias: f64,
    /// How long that would be by chance for a rule without bias.
    pub chance: f64,
    /// Mean squared distance from the mean, in squared lengths of the exact gradient.
    pub variance: f64,
}

/// Units up to which real-time recurrent learning is among the rules that are compared unasked: it takes units⁴.
const LARGEST_RTRL: usize = 64;

/// Names of rules: those asked for, or all that this experiment's network can be trained by.
fn chosen(experiment: &Experiment, asked: &[String], explores: bool) -> Result<Vec<(Kind, bool)>> {
    let units = experiment.network.shape.units;
    let returns = experiment.network.returns.is_some();
    let refuse = |name: &str, why: String, remedy: &str| {
        Error::input(format!("the rule `{name}` beside the gradient of {}", experiment.name)).why(why).remedy(remedy)
    };
    let possible = |kind: Kind| -> Result<()> {
        if kind.explores() && !explores {
            let why = "it learns from the noise of each unit, and they have no white noise of their own".to_string();
            return Err(refuse(kind.name(), why, "set  noise.units=0.1"));
        }
        if returns && !kind.takes_returns() {
            let why = "it would miss what comes back of the outputs".to_string();
            return Err(refuse(kind.name(), why, "set  network.output_feedback=0"));
        }
        Ok(())
    };
    // as the experiment has it, if it is its own
    let own = |name: &str| {
        let kind = experiment.rule.kind;
        if kind.name() == name { Some(kind) } else { Kind::usual(name) }
    };
    if asked.is_empty() {
        let all = Kind::NAMES.iter().filter_map(|name| own(name));
        let all = all.filter(|kind| possible(*kind).is_ok() && !(*kind == Kind::Rtrl && units > LARGEST_RTRL));
        return Ok(all
            .flat_map(|kind| match kind {
                Kind::Bptt => vec![(kind, false), (kind, true)],
                Kind::Rflo => vec![(kind, true), (kind, false)],
                Kind::Eprop { .. } => vec![(kind, true)],
                _ => vec![(kind, false)],
            })
            .collect());
    }
    let read = |word: &String| {
        let (name, feedback) = word.split_once('/').map_or((word.as_str(), None), |(a, b)| (a, Some(b)));
        let Some(kind) = own(name) else {
            let near = crate::reader::nearest(name, Kind::NAMES).map(|near| format!("did you mean `{near}`?"));
            return Err(Error::input(format!("there is no rule `{name}`"))
                .why(format!("there are {}", Kind::NAMES.join(", ")))
                .remedy(near.unwrap_or_else(|| "leave --rules out for all of them".into())));
        };
        possible(kind)?;
        match feedback {
            None => Ok((kind, kind.is_local())),
            Some("random") => Ok((kind, true)),
            Some("transposed") => Ok((kind, false)),
            Some(other) => Err(Error::input(format!("`{other}` is no feedback"))
                .at(word.clone())
                .why("errors come by transposed or by random weights")
                .remedy(format!("{name}/transposed  or  {name}/random"))),
        }
    };
    asked.iter().map(read).collect()
}

/// Compares rules (`name`, `name/random` or `name/transposed`; none: all that are defined) with backpropagation on the trials
/// of the update after so many, at the initial weights or at θ.
///
/// # Errors
/// A rule that there is not or that the network does not fit; a network that cannot be built.
pub fn compare(
    experiment: &Experiment,
    at: Option<(u64, &Arena<f32>)>,
    asked: &[String],
    draws: usize,
    machine: &Machine,
) -> Result<Vec<Compared>> {
    let isa = machine.isa();
    let Plan { network, mut plastic } = experiment.network.build::<f32>(experiment.dt, experiment.seed, isa)?;
    let rules = chosen(experiment, asked, network.explores())?;
    let mut updates = 0;
    if let Some((done, from)) = at {
        updates = done;
        plastic.change(|theta, _| theta.data_mut().copy_from_slice(from.data()));
    }
    let one = One { experiment, network: &network, plastic: &plastic, updates, machine };
    let exact = |draw| one.gradient(&experiment.rule.bare(Kind::Bptt, false, 0), draw);
    let fixed = exact(0)?;
    let theta = plastic.theta();
    let ranges =
        [None, theta.find("w_rec"), theta.find("w_out")].map(|b| b.map_or(0..theta.data().len(), |b| b.range()));
    let mut found = Vec::new();
    for (kind, random) in rules {
        let by_noise = kind.explores();
        let draws = if kind.is_random() { draws.max(1) } else { 1 };
        let mut sums = ranges.clone().map(|r| Sums::new(r, draws));
        for draw in 0..draws as u64 {
            // 0 is what a training with this seed would see
            let plan = experiment.rule.bare(kind, random, if by_noise { 0 } else { draw });
            let g = one.gradient(&plan, if by_noise { draw } else { 0 })?;
            let target = if by_noise { exact(draw)? } else { fixed.clone() };
            sums.iter_mut().for_each(|s| s.add(&g, &target));
        }
        let [all, w_rec, w_out] = sums.map(|s| s.told());
        let feedback = (!by_noise).then_some(if random { "random" } else { "transposed" });
        found.push(Compared { rule: kind.name(), feedback, draws, all, w_rec, w_out });
    }
    Ok(found)
}

/// The same trials of the same network again and again.
struct One<'a> {
    experiment: &'a Experiment,
    network: &'a Rate<f32>,
    plastic: &'a cogrnn_core::params::Plastic<Rate<f32>>,
    updates: u64,
    machine: &'a Machine,
}

impl One<'_> {
    /// The gradient of a rule under the noise of this draw.
    fn gradient(&self, plan: &RulePlan, draw: u64) -> Result<Vec<f32>> {
        let (experiment, isa) = (self.experiment, self.machine.isa());
        let start = experiment.network.learns_start();
        let expects = plan.kind.explores();
        let run = Single { one: self, seed: experiment.seed.wrapping_add(draw), expects };
        plan.visit(self.network.shape(), experiment.seed, isa, start, false, Vec::new(), run)
    }
}

struct Single<'a> {
    one: &'a One<'a>,
    /// Of the noise of the units.
    seed: u64,
    /// Whether the rule must know first what trials cost.
    expects: bool,
}

impl Visitor<Rate<f32>> for Single<'_> {
    type Found = Result<Vec<f32>>;

    fn visit<R: Rule<Rate<f32>>>(self, rule: &R) -> Result<Vec<f32>> {
        let One { experiment, network, plastic, updates, machine } = *self.one;
        let crew = Crew::new(machine.threads)?;
        let generator = experiment.generator(Set::Training, experiment.dt, machine.isa());
        let longest = generator.draw(0, 64).first().map_or(1, |d| d.steps);
        let room = Room { trials: experiment.trials, steps: longest, history: History::Whole };
        let mut run = Run::new(network, rule, plastic.clone(), &room, &crew)?;
        run.answering = answering(&*experiment.task, experiment.dt);
        let whole = experiment.rule.rates_cost();
        let first = updates * experiment.trials as u64;
        // weights stay as they are: no rule here follows its gradient
        let expects = (self.expects).then_some(first + experiment.trials as u64);
        for first in expects.into_iter().chain([first]) {
            generator.share(first, experiment.trials, whole, run.desks.iter_mut().map(|d| &mut d.batch), &crew)?;
            let noise = Noise::Drawn { seed: self.seed, purpose: unit_noise(Set::Training) };
            run.update(noise, experiment.network.loss, &crew);
        }
        let gradient = rule.last_gradient(&run.memory).ok_or_else(|| {
            Error::input("this rule has no gradient of a batch of trials")
                .why("it changes weights step by step")
                .remedy("name another rule")
        })?;
        Ok(gradient.data().to_vec())
    }
}

/// Sums over draws.
struct Sums {
    range: std::ops::Range<usize>,
    draws: usize,
    mean: Vec<f64>,
    target: Vec<f64>,
    /// Σ |g|² and Σ |g - g*|².
    squares: [f64; 2],
    cosines: Vec<f64>,
}

impl Sums {
    fn new(range: std::ops::Range<usize>, draws: usize) -> Sums {
        let zeros = vec![0.0; range.len()];
        Sums { range, draws, mean: zeros.clone(), target: zeros, squares: [0.0; 2], cosines: Vec::new() }
    }

    fn add(&mut self, g: &[f32], target: &[f32]) {
        let of = |x: &[f32]| x[self.range.clone()].iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let (g, target) = (of(g), of(target));
        self.cosines.push(crate::experiment::cosine(g.iter().copied(), target.iter().copied()));
        self.squares[0] += g.iter().map(|g| g * g).sum::<f64>();
        self.squares[1] += g.iter().zip(&target).map(|(g, t)| (g - t) * (g - t)).sum::<f64>();
        let share = 1.0 / self.draws as f64;
        for ((mean, g), (sum, t)) in self.mean.iter_mut().zip(&g).zip(self.target.iter_mut().zip(&target)) {
            *mean += share * g;
            *sum += share * t;
        }
    }

    fn told(mut self) -> Closeness {
        let n = self.draws as f64;
        let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
        let exact = length(&mut self.target.iter().copied());
        let mean = length(&mut self.mean.iter().copied());
        let off = length(&mut self.mean.iter().zip(&self.target).map(|(a, b)| a - b));
        // the unbiased estimate
        let spread = |squares: f64, mean: f64| {
            if self.draws > 1 { ((squares - n * mean * mean) / (n - 1.0)).max(0.0) } else { 0.0 }
        };
        let [variance, apart] =
            [spread(self.squares[0], mean), spread(self.squares[1], off)].map(|s| s / exact / exact);
        self.cosines.sort_by(f64::total_cmp);
        Closeness {
            cosine: self.cosines[self.cosines.len() / 2],
            cosine_of_mean: crate::experiment::cosine(self.mean.into_iter(), self.target.into_iter()),
            bias: off / exact,
            chance: (apart / n).sqrt(),
            variance,
        }
    }
}
