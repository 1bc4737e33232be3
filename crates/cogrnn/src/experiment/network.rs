//! The sections that make a network: `[network]`, `[inputs]`, `[noise]`, `[constraints]`, `[initial]`.

use crate::reader::{Document, Section};
use cogrnn_core::constraint::{Constraint, Keep, Wiring};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Network, Shape};
use cogrnn_core::params::Plastic;
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_core::real::Real;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;
use cogrnn_core::trials::{InputNoise, InputStage};
use cogrnn_core::units::{Time, ms};
use cogrnn_networks::rate::initial::{
    self, Distribution, Recipe, balanced, exact_mask, sparse_mask, strongly_connected,
};
use cogrnn_networks::rate::{Design, Nonlinearity, Rate, UnitNoise};

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
    nonlinearity: Nonlinearity,
    readout: Readout,
    pub(super) noise: UnitNoise,
    constraints: Vec<(&'static str, Constraint)>,
    recipe: Recipe,
}

impl NetworkPlan {
    /// Whether Dale's law holds.
    pub fn has_signs(&self) -> bool {
        !self.signs.is_empty()
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
            nonlinearity: self.nonlinearity,
            readout: self.readout,
            noise: self.noise.clone(),
        };
        Rate::new(&design, isa)
    }

    /// The network at a time step with the initial parameters of a seed.
    ///
    /// # Errors
    /// As [`Rate::new`] and [`initial::draw`].
    pub fn build<F: Real>(&self, dt: Time, seed: u64, isa: Isa) -> Result<Plan<F>> {
        let network = self.network::<F>(dt, isa)?;
        let zeros = network.blocks();
        let mut wiring = Wiring::new(&zeros, &self.constraints)?;
        let theta = initial::draw(&self.recipe, zeros, &mut wiring, seed)?;
        let plastic = Plastic::new(&network, theta, wiring)?;
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
        vec![
            ("network".into(), format!("{inputs} inputs, {units} units{kinds}, {outputs} outputs")),
            (
                "units".into(),
                format!("r = {}(x), tau = {}, z = {}(W r)", self.nonlinearity, taus(&self.tau), self.readout),
            ),
        ]
    }

    pub(super) fn read(document: &Document, task: &dyn Task, warnings: &mut Vec<String>) -> Result<NetworkPlan> {
        let mut section = document.section("network");
        section.word("name", "rate", &["rate"], "which kind of network")?;
        let units = section.positive_count("units", 100, "recurrent units")?;
        if units > MOST_UNITS {
            let gigabytes = 40.0 * (units as f64).powi(2) / 1e9;
            return Err(section.blame(
                "units",
                Error::input(format!("`units` is {units}"))
                    .why(format!("weights, gradient and constraints of so many would take {gigabytes:.0} GB"))
                    .remedy(format!("take at most {MOST_UNITS}")),
            ));
        }
        let shape = Shape { inputs: task.inputs().len(), units, outputs: task.outputs().len() };
        let tau = section.times("tau", &[ms(100.0)], "time constant of the units: one, or one for each")?;
        let tau = each(&section, "tau", tau, units)?;
        if let Some(bad) = tau.iter().find(|t| t.as_ms() <= 0.0) {
            return Err(section.blame(
                "tau",
                Error::input(format!("a time constant of {bad}"))
                    .why("a unit needs time to follow its input")
                    .remedy("the default is \"100 ms\""),
            ));
        }
        let hidden = section.word(
            "nonlinearity",
            "rectify",
            &["linear", "rectify", "rectify_power", "sigmoid", "tanh", "rtanh", "softplus"],
            "rates r = f(x)",
        )?;
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
            &["usual", "squared", "binary_cross_entropy", "categorical_cross_entropy"],
            "what outputs are compared by; `usual` is the output's own (Song et al. 2016)",
        )?;
        let loss = match loss.as_str() {
            "squared" => Loss::Squared,
            "binary_cross_entropy" => Loss::BinaryCrossEntropy,
            "categorical_cross_entropy" => Loss::CategoricalCrossEntropy,
            _ => readout.usual_loss(),
        };
        loss.check(readout).map_err(|e| section.blame("loss", e))?;

        let noise = read_noise(document, units)?;
        let inputs = read_inputs(document, shape.inputs)?;
        let mut plan = NetworkPlan {
            shape,
            tau,
            inputs,
            loss,
            signs: Vec::new(),
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
                spectral_radius: None,
                x0: 0.1,
                b_rec: 0.0,
                b_out: 0.0,
            },
        };
        let keep = plan.read_constraints(document, task, warnings)?;
        plan.read_initial(document, keep)?;
        Ok(plan)
    }

    fn read_constraints(
        &mut self,
        document: &Document,
        task: &dyn Task,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Keep>> {
        let Shape { inputs, units, outputs } = self.shape;
        let mut section = document.section("constraints");
        let dale = section.word("dale", "rectify", &["rectify", "abs", "clamp", "none"], "how Dale's law is kept")?;
        let keep = match dale.as_str() {
            "rectify" => Some(Keep::Rectify),
            "abs" => Some(Keep::Abs),
            "clamp" => Some(Keep::Clamp),
            _ => None,
        };
        let without = "there is no Dale's law, so no unit is excitatory or inhibitory";
        let mut read_excitatory = false;
        if let Some(keep) = keep {
            // Song et al. 2016, code: 80 % excitatory, the first of all units
            let share = section.number_in("excitatory", 0.8, 0.0, 1.0, "share of excitatory units; they come first")?;
            let count = (share * units as f64 + 1e-9).floor() as usize;
            self.signs = (0..units).map(|j| if j < count { 1 } else { -1 }).collect();
            let readout =
                section.word("readout", "excitatory", &["excitatory", "all"], "which units the outputs read")?;
            read_excitatory = readout == "excitatory";
            if read_excitatory && count == 0 {
                return Err(section.blame(
                    "excitatory",
                    Error::input("the outputs read no unit")
                        .why("they read excitatory units only, and there are none")
                        .remedy("raise `excitatory`, or set readout = \"all\""),
                ));
            }
            self.constraints.push(("w_in", Constraint::Dale { signs: vec![1; inputs], keep }));
            self.constraints.push(("w_rec", Constraint::Dale { signs: self.signs.clone(), keep }));
            self.constraints.push(("w_out", Constraint::Dale { signs: self.signs.clone(), keep }));
        } else {
            section.ineffective("excitatory", without)?;
            section.ineffective("readout", without)?;
        }
        let own = section.flag("self_connections", false, "whether a unit may project to itself")?;
        if !own {
            self.constraints.push(("w_rec", Constraint::NoSelfConnections));
        }
        let (from_e, from_i) = if keep.is_some() {
            section
                .ineffective("density", "with Dale's law there are `density_excitatory` and `density_inhibitory`")?;
            (
                section.number_in(
                    "density_excitatory",
                    1.0,
                    0.0,
                    1.0,
                    "share of a unit's excitatory inputs that exist",
                )?,
                section.number_in(
                    "density_inhibitory",
                    1.0,
                    0.0,
                    1.0,
                    "share of a unit's inhibitory inputs that exist",
                )?,
            )
        } else {
            section.ineffective("density_excitatory", without)?;
            section.ineffective("density_inhibitory", without)?;
            let density = section.number_in("density", 1.0, 0.0, 1.0, "share of recurrent connections that exist")?;
            (density, density)
        };
        let mut mask = vec![true; units * units];
        let sparse = from_e < 1.0 || from_i < 1.0;
        if sparse {
            let seed = section.count("density_seed", 1, "which connections exist")? as u64;
            mask = if keep.is_some() {
                sparse_mask(&self.signs, from_e, from_i, own, seed)
            } else {
                exact_mask(units, from_e, own, seed)
            };
        } else {
            section.ineffective("density_seed", "all connections exist")?;
        }
        let all_inputs = section.flag("allow_dead_inputs", false, "whether an input may reach no unit")?;

        let (w_in, fixed_in) = self.read_block(&section, "w_in", units, inputs)?;
        let (mut w_rec, fixed_rec) = self.read_block(&section, "w_rec", units, units)?;
        let (w_out, fixed_out) = self.read_block(&section, "w_out", outputs, units)?;
        // Patterns give way to fixed weights; only a mask that says otherwise is a conflict.
        if sparse {
            let pattern = mask.iter().zip(&fixed_rec).map(|(m, f)| *m && *f == 0.0).collect();
            self.constraints.push(("w_rec", Constraint::Mask(pattern)));
        }
        if read_excitatory {
            let readable = (0..outputs * units).map(|k| self.signs[k % units] > 0 && fixed_out[k] == 0.0).collect();
            self.constraints.push(("w_out", Constraint::Mask(readable)));
        }
        for (output, name) in task.outputs().iter().enumerate() {
            let reads = (0..units).any(|j| {
                let k = output * units + j;
                fixed_out[k] != 0.0 || w_out[k] && (!read_excitatory || self.signs[j] > 0)
            });
            if !reads {
                let why = if read_excitatory {
                    format!("row {output} of the mask of `w_out` has no one for an excitatory unit")
                } else {
                    format!("row {output} of the mask of `w_out` is all zero")
                };
                return Err(section.section("w_out").blame(
                    "mask",
                    Error::input(format!("the output `{name}` reads no unit"))
                        .why(why)
                        .remedy("put ones where it is to read; readout = \"all\" lets it read inhibitory units too"),
                ));
            }
        }
        // An input that reaches no unit is a mistake more often than not.
        for (channel, name) in task.inputs().iter().enumerate() {
            let reaches = (0..units).any(|i| w_in[i * inputs + channel] || fixed_in[i * inputs + channel] != 0.0);
            if !reaches {
                let what = format!("the input `{name}` reaches no unit");
                if !all_inputs {
                    return Err(section.section("w_in").blame(
                        "mask",
                        Error::input(what)
                            .why(format!("column {channel} of the mask of `w_in` is all zero"))
                            .remedy("put ones into that column, or set allow_dead_inputs = true"),
                    ));
                }
                warnings.push(what);
            }
        }
        for i in 0..units {
            w_rec[i * units + i] &= own;
            for j in 0..units {
                w_rec[i * units + j] &= mask[i * units + j];
            }
            if keep.is_some() && self.signs.contains(&-1) {
                let inhibited =
                    (0..units).any(|j| (w_rec[i * units + j] || fixed_rec[i * units + j] != 0.0) && self.signs[j] < 0);
                if !inhibited && units > 1 {
                    warnings.push(format!("unit {i} has no inhibitory input"));
                }
            }
        }
        let reachable: Vec<bool> = w_rec.iter().zip(&fixed_rec).map(|(p, f)| *p || *f != 0.0).collect();
        if units > 1 && !strongly_connected(&reachable, units) {
            warnings.push("some units cannot reach some others through the recurrent connections".into());
        }
        // Song et al. 2016, section on initialisation: rows balance unless their strengths are given.
        if self.recipe.relative.is_empty() {
            self.recipe.relative = if keep.is_some() {
                balanced(&w_rec, &self.signs)
            } else {
                w_rec.iter().map(|p| f64::from(u8::from(*p))).collect()
            };
        }
        Ok(keep)
    }

    /// The section of one block: its mask, fixed weights and bounds. Returns which entries are plastic
    /// and the fixed values.
    fn read_block(
        &mut self,
        constraints: &Section<'_>,
        name: &'static str,
        rows: usize,
        cols: usize,
    ) -> Result<(Vec<bool>, Vec<f64>)> {
        let mut block = constraints.section(name);
        let mask =
            matrix(&mut block, "mask", rows, cols, "1 where a weight is plastic, 0 where there is none, W[post][pre]")?;
        let fixed = matrix(
            &mut block,
            "fixed",
            rows,
            cols,
            "values of fixed weights, 0 elsewhere; magnitudes under Dale's law",
        )?;
        let low = block.optional_number("low", "lowest effective weight")?;
        let high = block.optional_number("high", "highest effective weight")?;
        let mut plastic = vec![true; rows * cols];
        if let Some(mask) = mask {
            if let Some(k) = mask.iter().position(|m| *m != 0.0 && *m != 1.0) {
                return Err(block.blame(
                    "mask",
                    Error::input(format!("`mask[{}][{}]` is {}", k / cols, k % cols, mask[k]))
                        .why("a mask says yes or no: 1 or 0")
                        .remedy("put values of weights into `fixed`"),
                ));
            }
            plastic = mask.iter().map(|m| *m != 0.0).collect();
            self.constraints.push((name, Constraint::Mask(plastic.clone())));
        }
        let about = "relative strength of the initial weights; for w_rec instead of the balance of its rows";
        if let Some(strength) = matrix(&mut block, "strength", rows, cols, about)? {
            if let Some(k) = strength.iter().position(|c| !(*c >= 0.0 && c.is_finite())) {
                return Err(block.blame(
                    "strength",
                    Error::input(format!("`strength[{}][{}]` is {}", k / cols, k % cols, strength[k]))
                        .why("it scales the spread of a weight, whose sign comes from elsewhere")
                        .remedy("give 0 or more"),
                ));
            }
            match name {
                "w_in" => self.recipe.relative_inputs = strength,
                "w_rec" => self.recipe.relative = strength,
                _ => self.recipe.relative_outputs = strength,
            }
        }
        let fixed = fixed.unwrap_or_else(|| vec![0.0; rows * cols]);
        let any_fixed = fixed.iter().any(|v| *v != 0.0);
        if !plastic.contains(&true) && !any_fixed && !plastic.is_empty() {
            return Err(block.blame(
                "mask",
                Error::input(format!("`{name}` has no plastic entry and no fixed one"))
                    .why("its mask is empty, so nothing passes")
                    .remedy("put ones where weights may be"),
            ));
        }
        if any_fixed {
            self.constraints.push((name, Constraint::Fixed(fixed.clone())));
        }
        if low.is_some() || high.is_some() {
            let (low, high) = (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY));
            self.constraints.push((name, Constraint::Bounds { low, high }));
        }
        // Conflicts of this block are blamed on what the file says of it.
        let blame = ["fixed", "low", "high", "mask"].into_iter().find(|k| block.given(k)).unwrap_or("mask");
        let arena = cogrnn_core::params::Arena::<f64>::new(&[(name, rows, cols)]);
        let own: Vec<_> = self.constraints.iter().filter(|(n, _)| *n == name).cloned().collect();
        Wiring::new(&arena, &own).map_err(|e| block.blame(blame, e))?;
        Ok((plastic, fixed))
    }

    fn read_initial(&mut self, document: &Document, keep: Option<Keep>) -> Result<()> {
        let mut section = document.section("initial");
        let dale = keep.is_some();
        let mut distribution =
            |key: &'static str, default: &'static str, about: &'static str| -> Result<Distribution> {
                let word = section.word(key, default, &["uniform", "normal", "gamma", "lognormal"], about)?;
                Ok(match word.as_str() {
                    "normal" => Distribution::Normal,
                    "gamma" => Distribution::Gamma(2.0),
                    "lognormal" => Distribution::LogNormal,
                    _ => Distribution::Uniform,
                })
            };
        let inputs = distribution("w_in", "uniform", "distribution of input weights")?;
        let recurrent =
            distribution("w_rec", if dale { "gamma" } else { "normal" }, "distribution of recurrent weights")?;
        let outputs = distribution("w_out", "uniform", "distribution of output weights")?;
        let gammas = [inputs, recurrent, outputs].iter().any(|d| matches!(d, Distribution::Gamma(_)));
        let shape = if gammas {
            section.number_in("gamma_shape", 2.0, 0.01, 1000.0, "shape of the gamma distribution")?
        } else {
            section.ineffective("gamma_shape", "no weights have a gamma distribution")?;
            2.0
        };
        let shaped = |d| if let Distribution::Gamma(_) = d { Distribution::Gamma(shape) } else { d };
        self.recipe.inputs = shaped(inputs);
        self.recipe.recurrent = shaped(recurrent);
        self.recipe.outputs = shaped(outputs);
        // Song et al. 2016: 1.5 under Dale's law (table 1), 1.1 without (code)
        let radius = section.number_in(
            "spectral_radius",
            if dale { 1.5 } else { 1.1 },
            0.0,
            100.0,
            "of the signed recurrent weights; 0 leaves them as drawn",
        )?;
        self.recipe.spectral_radius = (radius > 0.0).then_some(radius);
        let mut value = |key: &'static str,
                         default: f64,
                         train: &'static str,
                         trained: bool,
                         block: &'static str,
                         about: &'static str|
         -> Result<f64> {
            let value = section.number(key, default, about)?;
            if !value.is_finite() {
                return Err(section.blame(
                    key,
                    Error::input(format!("`{key}` is {value}"))
                        .why("it must be a finite number")
                        .remedy(format!("the default is {default}")),
                ));
            }
            if !section.flag(train, trained, "whether it is learnt")? {
                self.constraints.push((block, Constraint::Frozen(value)));
            }
            Ok(value)
        };
        self.recipe.x0 = value("x0", 0.1, "train_x0", true, "x0", "initial state of every unit")?;
        self.recipe.b_rec = value("b_rec", 0.0, "train_b_rec", false, "b_rec", "bias of every unit")?;
        self.recipe.b_out = value("b_out", 0.0, "train_b_out", false, "b_out", "bias of every output")?;
        Ok(())
    }
}

fn read_inputs(document: &Document, channels: usize) -> Result<InputStage> {
    let mut section = document.section("inputs");
    // Song et al. 2016, table 1 and code
    let baseline = section.number("baseline", 0.2, "what every input shows by itself")?;
    let rectify = section.flag("rectify", true, "whether inputs are kept from going below zero")?;
    let tau = section.positive_time("tau", ms(100.0), "time constant in the scale of the noise")?;
    let noise = match covariance(&mut section, "noise", channels, "of the inputs' noise, instead of `noise`")? {
        Some(flat) => {
            let root = initial::root(&flat, channels).map_err(|e| section.blame("covariance", e))?;
            InputNoise::Correlated(root)
        }
        None => {
            let about = "stationary s.d.: one, or one for each input";
            InputNoise::Independent(deviations(&mut section, "noise", 0.01, channels, about)?)
        }
    };
    Ok(InputStage { baseline, rectify, tau, noise })
}

fn read_noise(document: &Document, units: usize) -> Result<UnitNoise> {
    let mut section = document.section("noise");
    if let Some(flat) = covariance(&mut section, "units", units, "of the units' noise, instead of `units`")? {
        initial::root(&flat, units).map_err(|e| section.blame("covariance", e))?;
        return Ok(UnitNoise::Correlated(flat));
    }
    let about = "stationary s.d. of x: one, or one for each unit";
    Ok(UnitNoise::Independent(deviations(&mut section, "units", 0.15, units, about)?))
}

/// A covariance that takes the place of the deviations under `instead`.
fn covariance(section: &mut Section<'_>, instead: &str, count: usize, about: &str) -> Result<Option<Vec<f64>>> {
    let Some(rows) = section.matrix("covariance", about)? else { return Ok(None) };
    section.ineffective(instead, "`covariance` says all of the noise")?;
    square(section, "covariance", rows, count).map(Some)
}

/// One value for all, or one for each of `count`.
pub(super) fn each<T: Clone>(section: &Section<'_>, key: &str, values: Vec<T>, count: usize) -> Result<Vec<T>> {
    match values.len() {
        1 => Ok(vec![values[0].clone(); count]),
        n if n == count => Ok(values),
        n => Err(section.blame(
            key,
            Error::input(format!("`{key}` has {n} entries"))
                .why(format!("{count} are needed"))
                .remedy("give one for all, or one for each"),
        )),
    }
}

fn deviations(
    section: &mut Section<'_>,
    key: &'static str,
    default: f64,
    count: usize,
    about: &'static str,
) -> Result<Vec<f64>> {
    let sigma = section.numbers(key, &[default], about)?;
    if let Some(bad) = sigma.iter().find(|s| !(**s >= 0.0 && s.is_finite())) {
        return Err(section.blame(
            key,
            Error::input(format!("a standard deviation of {bad}"))
                .why("it must be 0 or more")
                .remedy(format!("the default is {default}")),
        ));
    }
    each(section, key, sigma, count)
}

fn shape_error(section: &Section<'_>, key: &str, have: (usize, usize), want: (usize, usize)) -> Error {
    section.blame(
        key,
        Error::input(format!("`{key}` is {} × {}", have.0, have.1))
            .why(format!("{} × {} is needed", want.0, want.1))
            .remedy(if key == "covariance" {
                "give one row and one column for each"
            } else {
                "give one row for each postsynaptic unit, W[post][pre]"
            }),
    )
}

fn matrix(
    section: &mut Section<'_>,
    key: &'static str,
    rows: usize,
    cols: usize,
    about: &'static str,
) -> Result<Option<Vec<f64>>> {
    let Some(given) = section.matrix(key, about)? else { return Ok(None) };
    let width = given.first().map_or(0, Vec::len);
    if (given.len(), width) != (rows, cols) {
        return Err(shape_error(section, key, (given.len(), width), (rows, cols)));
    }
    Ok(Some(given.into_iter().flatten().collect()))
}

fn square(section: &Section<'_>, key: &str, given: Vec<Vec<f64>>, n: usize) -> Result<Vec<f64>> {
    let width = given.first().map_or(0, Vec::len);
    if (given.len(), width) != (n, n) {
        return Err(shape_error(section, key, (given.len(), width), (n, n)));
    }
    Ok(given.into_iter().flatten().collect())
}

/// 100 ms, or the range if units differ.
fn taus(tau: &[Time]) -> String {
    let low = tau.iter().fold(f64::INFINITY, |m, t| m.min(t.as_ms()));
    let high = tau.iter().fold(0.0f64, |m, t| m.max(t.as_ms()));
    if low == high { ms(low).to_string() } else { format!("{low} to {}", ms(high)) }
}
