//! The sections that make a network: `[network]`, `[populations]`, `[inputs]`, `[noise]`, `[constraints]`,
//! `[initial]`.

mod connectivity;
mod constraints;
mod initial;
mod masks;
mod noise;
mod structure;
#[cfg(test)]
mod tests;

pub use structure::Population;

use crate::reader::{Document, Section};
use cogrnn_core::constraint::{Constraint, Wiring};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Network, Shape};
use cogrnn_core::params::{Parameters, Plastic};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_core::real::Real;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;
use cogrnn_core::trials::InputStage;
use cogrnn_core::units::{Time, ms};
use cogrnn_networks::rate::initial::{Distribution, Recipe, draw};
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
pub(super) use noise::each;
use noise::{read_inputs, read_noise};

/// Units of the largest network that is begun: dense weights of more would not fit any machine of today.
const MOST_UNITS: usize = 30_000;

/// A rate network with its parameters.
pub struct Plan<F: Real> {
    /// The network.
    pub network: Rate<F>,
    /// Its initial parameters under its constraints.
    pub plastic: Plastic<Rate<F>>,
}

/// All that makes a network, its constraints and its initial weights.
#[derive(Clone, Debug)]
pub struct NetworkPlan {
    /// Sizes.
    pub shape: Shape,
    /// Time constant of each unit.
    pub tau: Vec<Time>,
    /// What inputs go through.
    pub inputs: InputStage,
    /// What outputs are compared by.
    pub loss: Loss,
    /// +1 excitatory, -1 inhibitory; empty without Dale's law.
    pub signs: Vec<i8>,
    populations: Vec<Population>,
    /// Whether the file names them.
    named: bool,
    /// Recurrent connections, excitatory (or of free sign) and inhibitory.
    connections: [usize; 2],
    leak: Leak,
    nonlinearity: Nonlinearity,
    readout: Readout,
    pub(super) noise: UnitNoise,
    constraints: Vec<(&'static str, Constraint)>,
    recipe: Recipe,
    /// B (unit × output) by which outputs come back to the units, if they do.
    pub returns: Option<Vec<f64>>,
    /// The units that are the outputs, if outputs have no weights of their own.
    read_units: Option<Vec<usize>>,
    /// Units that stay at a state, and at which.
    held: Vec<(usize, f64)>,
    /// Units whose rates never go below zero.
    floored: Vec<usize>,
    /// Half the width of what initial states differ by.
    scatter: f64,
}

impl NetworkPlan {
    /// Whether Dale's law holds.
    pub fn has_signs(&self) -> bool {
        !self.signs.is_empty()
    }

    /// The populations, in the order of their units; `E` and `I` if the file names none, `units` without
    /// Dale's law.
    pub fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// +1, -1 or, without Dale's law, 0 of each unit.
    pub fn unit_signs(&self) -> Vec<i8> {
        self.populations.iter().flat_map(|p| p.units.clone().map(|_| p.sign)).collect()
    }

    /// The shortest time constant of its units.
    pub fn fastest(&self) -> Time {
        self.tau.iter().copied().reduce(|a, b| if b.as_ms() < a.as_ms() { b } else { a }).unwrap_or_default()
    }

    /// The shortest time constant of its units and their noise.
    pub fn fastest_of_all(&self) -> Time {
        match self.noise {
            UnitNoise::Coloured { tau, .. } if tau.as_ms() < self.fastest().as_ms() => tau,
            _ => self.fastest(),
        }
    }

    /// Whether every unit that is not held has white noise of its own, or is disturbed now and then.
    pub fn explores(&self) -> bool {
        let held = |i: usize| self.held.iter().any(|(unit, _)| *unit == i);
        match &self.noise {
            UnitNoise::Independent(sigma) => sigma.iter().enumerate().all(|(i, s)| *s > 0.0 || held(i)),
            UnitNoise::Sparse { .. } => true,
            _ => false,
        }
    }

    /// Whether there are units whose rates never go below zero.
    pub fn is_floored(&self) -> bool {
        !self.floored.is_empty()
    }

    /// The units that are the outputs, if outputs have no weights of their own.
    pub fn read_units(&self) -> Option<&[usize]> {
        self.read_units.as_deref()
    }

    /// Whether initial states differ from trial to trial.
    pub fn scatters(&self) -> bool {
        self.scatter > 0.0
    }

    /// Whether the initial state is learnt.
    pub fn learns_start(&self) -> bool {
        !self.constraints.iter().any(|(block, c)| *block == "x0" && matches!(c, Constraint::Frozen(_)))
    }

    /// The network at a time step.
    ///
    /// # Errors
    /// As [`Rate::new`].
    pub fn network<F: Real>(&self, dt: Time, isa: Isa) -> Result<Rate<F>> {
        let design = Design {
            shape: self.shape,
            tau: self.tau.clone(),
            dt,
            leak: self.leak,
            nonlinearity: self.nonlinearity,
            readout: self.readout,
            noise: self.noise.clone(),
        };
        let network = Rate::new(&design, isa)?.holding(&self.held)?.flooring(&self.floored)?.scattering(self.scatter);
        match &self.returns {
            Some(b) => network.returning(b.iter().map(|b| F::from_f64(*b)).collect()),
            None => Ok(network),
        }
    }

    /// The network at a time step with the initial parameters of a seed.
    ///
    /// # Errors
    /// As [`Rate::new`] and [`draw`].
    pub fn build<F: Real>(&self, dt: Time, seed: u64, isa: Isa) -> Result<Plan<F>> {
        let network = self.network::<F>(dt, isa)?;
        let zeros = network.blocks();
        let mut wiring = Wiring::new(&zeros, &self.constraints)?;
        let theta = draw(&self.recipe, zeros, &mut wiring, seed)?;
        let plastic = Parameters::new(&network, theta, wiring)?;
        Ok(Plan { network, plastic })
    }

    /// A few lines for people.
    pub fn summary(&self) -> Vec<(String, String)> {
        let Shape { inputs, units, outputs } = self.shape;
        let excitatory = self.signs.iter().filter(|s| **s > 0).count();
        let kinds = if self.has_signs() {
            format!(" ({excitatory} excitatory, {} inhibitory)", units - excitatory)
        } else {
            " (of free sign)".to_string()
        };
        let mut rows = vec![("network".into(), format!("{inputs} inputs, {units} units{kinds}, {outputs} outputs"))];
        if self.named {
            let all: Vec<String> = self.populations.iter().map(|p| format!("{} {}", p.name, p.units.len())).collect();
            let [excitatory, inhibitory] = self.connections;
            let count = match self.has_signs() {
                true => format!("{excitatory} excitatory and {inhibitory} inhibitory"),
                false => excitatory.to_string(),
            };
            rows.push(("populations".into(), format!("{}; {count} recurrent connections", all.join(", "))));
        }
        if self.returns.is_some() {
            rows.push(("feedback".into(), "outputs come back to the units by fixed random weights".into()));
        }
        rows.push((
            "units".into(),
            match self.leak {
                Leak::Potential => {
                    format!("r = {}(x), tau = {}, z = {}(W r)", self.nonlinearity, taus(&self.tau), self.readout)
                }
                Leak::Rate => format!(
                    "r follows {}(W r + W u + b), tau = {}, z = {}(W r)",
                    self.nonlinearity,
                    taus(&self.tau),
                    self.readout
                ),
            },
        ));
        rows
    }

    pub(super) fn read(
        document: &Document,
        task: &dyn Task,
        seed: u64,
        warnings: &mut Vec<String>,
    ) -> Result<NetworkPlan> {
        let mut section = document.section("network");
        section.word("name", "rate", &["rate"], "which kind of network")?;
        let populations = structure::sizes(document)?;
        let units = read_units(document, &mut section, &populations)?;
        let shape = Shape { inputs: task.inputs().len(), units, outputs: task.outputs().len() };
        let tau = section.times("tau", &[ms(100.0)], "time constant of the units: one, or one for each")?;
        let mut tau = each(&section, "tau", tau, units)?;
        for population in &populations {
            if let Some(own) = population.tau {
                tau[population.units.clone()].fill(own);
            }
        }
        if let Some(bad) = tau.iter().find(|t| t.as_ms() <= 0.0) {
            return Err(section.blame(
                "tau",
                Error::input(format!("a time constant of {bad}"))
                    .why("a unit needs time to follow its input")
                    .remedy("the default is \"100 ms\""),
            ));
        }
        let leak = section.word(
            "leak",
            "potential",
            &["potential", "rate"],
            "what leaks: the potential, with r = f(x) outside; or the rate, with f inside",
        )?;
        let leak = if leak == "rate" { Leak::Rate } else { Leak::Potential };
        let hidden = section.word(
            "nonlinearity",
            "rectify",
            &["linear", "rectify", "rectify_power", "sigmoid", "tanh", "rtanh", "softplus", "clipped"],
            "rates r = f(x)",
        )?;
        let mut clip = [0.0, 1.0];
        for (k, (key, about)) in [
            ("threshold", "potential from which on the rate of `clipped` rises, with a slope of 1"),
            ("max_rate", "highest rate of `clipped`"),
        ]
        .into_iter()
        .enumerate()
        {
            if hidden == "clipped" {
                let low = if k == 0 { f64::MIN } else { 1e-9 };
                clip[k] = section.number_in(key, clip[k], low, f64::MAX, about)?;
            } else {
                section.ineffective(key, "only `nonlinearity = \"clipped\"` has one")?;
            }
        }
        let power = |section: &mut Section<'_>, key: &'static str, wanted: bool, because: &str| -> Result<f64> {
            if wanted {
                return section.number_in(key, 2.0, 1.0, 10.0, "exponent of rectify_power");
            }
            section.ineffective(key, because)?;
            Ok(2.0)
        };
        let exponent = power(
            &mut section,
            "exponent",
            hidden == "rectify_power",
            "only `nonlinearity = \"rectify_power\"` has an exponent",
        )?;
        let nonlinearity = match hidden.as_str() {
            "linear" => Nonlinearity::Linear,
            "rectify_power" => Nonlinearity::RectifyPower(exponent),
            "sigmoid" => Nonlinearity::Sigmoid,
            "tanh" => Nonlinearity::Tanh,
            "rtanh" => Nonlinearity::RectifyTanh,
            "softplus" => Nonlinearity::Softplus,
            "clipped" => Nonlinearity::Clipped { threshold: clip[0], most: clip[1] },
            _ => Nonlinearity::Rectify,
        };
        let output = section.word(
            "output",
            "linear",
            &["linear", "rectify", "rectify_power", "sigmoid", "softmax", "tanh", "rtanh"],
            "outputs z = g(a)",
        )?;
        let exponent = power(
            &mut section,
            "output_exponent",
            output == "rectify_power",
            "only `output = \"rectify_power\"` has an exponent",
        )?;
        let readout = match output.as_str() {
            "rectify" => Readout::Rectify,
            "rectify_power" => Readout::RectifyPower(exponent),
            "sigmoid" => Readout::Sigmoid,
            "softmax" => Readout::Softmax,
            "tanh" => Readout::Tanh,
            "rtanh" => Readout::RectifyTanh,
            _ => Readout::Linear,
        };
        let loss = section.word(
            "loss",
            "usual",
            &["usual", "squared", "half_squared", "absolute", "binary_cross_entropy", "categorical_cross_entropy"],
            "what outputs are compared by; `usual` is the output's own (Song et al. 2016)",
        )?;
        let loss = match loss.as_str() {
            "squared" => Loss::Squared,
            "half_squared" => Loss::HalfSquared,
            "absolute" => Loss::Absolute,
            "binary_cross_entropy" => Loss::BinaryCrossEntropy,
            "categorical_cross_entropy" => Loss::CategoricalCrossEntropy,
            _ => readout.usual_loss(),
        };
        loss.check(readout).map_err(|e| section.blame("loss", e))?;
        let returns = if readout == Readout::Linear {
            // Murray 2019, figure 2, supplement 2
            let about = "standard deviation of fixed weights by which outputs come back to the units one step later; 0: \
                         they do not";
            let sd = section.number_in("output_feedback", 0.0, 0.0, f64::INFINITY, about)?;
            (sd > 0.0).then(|| {
                // Those of random error feedback, if that has this standard deviation (Murray has one B for both).
                let mut stream = Address { seed, purpose: Purpose::Feedback, trial: 0 }.stream();
                (0..units * shape.outputs).map(|_| sd * stream.normal()).collect()
            })
        } else {
            section.ineffective("output_feedback", "it is there for linear outputs only")?;
            None
        };

        let [read_units, held_units, floored] = [
            (
                "read_units",
                "units whose rates are the outputs, one for each; left out, outputs have weights of their own",
            ),
            ("held_units", "units whose state stays where it begins, as a bias for the others"),
            ("floored_units", "units whose rates are kept from going below zero, whatever the nonlinearity"),
        ]
        .map(|(key, about)| unit_list(&mut section, key, about, units));
        let (read_units, held_units, floored) =
            (read_units?, held_units?.unwrap_or_default(), floored?.unwrap_or_default());
        if let Some(read) = read_units.as_ref().filter(|read| read.len() != shape.outputs) {
            return Err(section.blame(
                "read_units",
                Error::input(format!("`read_units` has {} entries", read.len()))
                    .why(format!("the task has {} outputs: {}", shape.outputs, task.outputs().join(", ")))
                    .remedy("name one unit for each output"),
            ));
        }
        let held = if held_units.is_empty() {
            section.ineffective("held_at", "there are no `held_units`")?;
            Vec::new()
        } else {
            let at = section.numbers("held_at", &[1.0], "where they are held: one potential, or one for each")?;
            let at = each(&section, "held_at", at, held_units.len())?;
            held_units.into_iter().zip(at).collect()
        };
        if leak == Leak::Rate && !floored.is_empty() {
            return Err(section.blame(
                "floored_units",
                Error::input("`floored_units` where the rate leaks")
                    .why("it is there for networks whose potential leaks")
                    .remedy("leave it out, or set  leak = \"potential\""),
            ));
        }

        let noise = read_noise(document, units, leak)?;
        let inputs = read_inputs(document, shape.inputs)?;
        let mut plan = NetworkPlan {
            shape,
            tau,
            inputs,
            loss,
            signs: Vec::new(),
            populations: Vec::new(),
            named: false,
            connections: [0; 2],
            leak,
            nonlinearity,
            readout,
            noise,
            constraints: Vec::new(),
            recipe: Recipe {
                inputs: Distribution::Uniform,
                recurrent: Distribution::Normal,
                outputs: Distribution::Uniform,
                relative: Vec::new(),
                relative_inputs: Vec::new(),
                relative_outputs: Vec::new(),
                begun: 1.0,
                spectral_radius: None,
                x0: 0.1,
                scale: [1.0; 3],
                b_rec: [0.0; 2],
                b_out: 0.0,
            },
            returns,
            read_units,
            held,
            floored,
            scatter: 0.0,
        };
        let keep = plan.read_constraints(document, task, populations, warnings)?;
        plan.read_initial(document, keep)?;
        Ok(plan)
    }
}

/// Units by number, each once.
fn unit_list(section: &mut Section<'_>, key: &str, about: &str, units: usize) -> Result<Option<Vec<usize>>> {
    let Some(numbers) = section.optional_numbers(key, about)? else { return Ok(None) };
    let mut found: Vec<usize> = Vec::new();
    for number in numbers {
        let error = Error::input(format!("`{key}` names {number}"));
        if number.fract() != 0.0 || !(0.0..units as f64).contains(&number) {
            let why = format!("there are {units} units, counted from 0");
            return Err(section.blame(key, error.why(why).remedy(format!("name units from 0 to {}", units - 1))));
        }
        if found.contains(&(number as usize)) {
            return Err(section.blame(key, error.why("it is named twice").remedy("name each unit once")));
        }
        found.push(number as usize);
    }
    Ok(Some(found))
}

/// How many units: what the file says, which is what its populations add up to.
fn read_units(document: &Document, section: &mut Section<'_>, populations: &[Population]) -> Result<usize> {
    let sum = populations.last().map(|p| p.units.end);
    let units = section.positive_count("units", sum.unwrap_or(100), "recurrent units")?;
    let blame = |error| match sum {
        Some(_) if !section.given("units") => document.section("populations").blame_section(error),
        _ => section.blame("units", error),
    };
    if let Some(sum) = sum.filter(|sum| *sum != units) {
        let sizes: Vec<String> = populations.iter().map(|p| format!("{} {}", p.name, p.units.len())).collect();
        return Err(blame(
            Error::input(format!("`units` is {units}"))
                .why(format!("the populations have {sum}: {}", sizes.join(", ")))
                .remedy("leave it out, or change the sizes of the populations"),
        ));
    }
    if units > MOST_UNITS {
        let gigabytes = 40.0 * (units as f64).powi(2) / 1e9;
        return Err(blame(
            Error::input(format!("`units` is {units}"))
                .why(format!("weights, gradient and constraints of so many would take {gigabytes:.0} GB"))
                .remedy(format!("take at most {MOST_UNITS}")),
        ));
    }
    Ok(units)
}

/// 100 ms, or the range if units differ.
fn taus(tau: &[Time]) -> String {
    let low = tau.iter().fold(f64::INFINITY, |m, t| m.min(t.as_ms()));
    let high = tau.iter().fold(0.0f64, |m, t| m.max(t.as_ms()));
    if low == high { ms(low).to_string() } else { format!("{low} to {}", ms(high)) }
}
