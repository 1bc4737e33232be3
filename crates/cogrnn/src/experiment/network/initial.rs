//! `[initial]`: what the weights start from.

use super::NetworkPlan;
use crate::reader::Document;
use cogrnn_core::constraint::{Constraint, Keep};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_networks::rate::initial::Distribution;

impl NetworkPlan {
    pub(super) fn read_initial(&mut self, document: &Document, keep: Option<Keep>) -> Result<()> {
        let mut section = document.section("initial");
        let dale = keep.is_some();
        let mut distribution =
            |key: &'static str, default: &'static str, about: &'static str| -> Result<Distribution> {
                let mut words = vec!["uniform", "normal", "gamma", "lognormal"];
                if key == "w_rec" {
                    words.push("constant");
                }
                // Orthogonal weights have both signs, and a square to be in.
                if key == "w_rec" && !dale {
                    words.push("orthogonal");
                }
                let word = section.word(key, default, &words, about)?;
                Ok(match word.as_str() {
                    "orthogonal" => Distribution::Orthogonal,
                    "constant" => Distribution::Constant,
                    "normal" => Distribution::Normal,
                    "gamma" => Distribution::Gamma(2.0),
                    "lognormal" => Distribution::LogNormal,
                    _ => Distribution::Uniform,
                })
            };
        let inputs = distribution("w_in", "uniform", "distribution of input weights")?;
        let recurrent =
            distribution("w_rec", if dale { "gamma" } else { "normal" }, "distribution of recurrent weights")?;
        let about = "share of the recurrent weights of each unit, excitatory and inhibitory ones apart, that do not begin at zero; \
                     the others may grow, where they can";
        let outputs = distribution("w_out", "uniform", "distribution of output weights")?;
        self.recipe.begun = section.number_in("density_rec", 1.0, 0.0, 1.0, about)?;
        if recurrent == Distribution::Constant && dale {
            let about = "what inhibitory weights are multiplied by, where all begin at one value";
            let strength = section.number_in("inhibition", 1.0, 0.0, 1e6, about)?;
            let relative = |k: usize| if self.signs[k % self.signs.len()] < 0 { strength } else { 1.0 };
            self.recipe.relative = (0..self.signs.len() * self.signs.len()).map(relative).collect();
        } else {
            section.ineffective("inhibition", "it is for  w_rec = \"constant\"  under Dale's law")?;
        }
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
            "of the signed recurrent weights, which are scaled to it, fixed ones too; 0 leaves them as drawn",
        )?;
        self.recipe.spectral_radius = (radius > 0.0).then_some(radius);
        for (k, (key, about)) in [
            ("scale_in", "what input weights are multiplied by, once drawn"),
            ("scale_rec", "what recurrent weights are multiplied by, once drawn"),
            ("scale_out", "what output weights are multiplied by, once drawn"),
        ]
        .into_iter()
        .enumerate()
        {
            if k == 1 && radius > 0.0 {
                section.ineffective(key, "`spectral_radius` scales them")?;
            } else {
                self.recipe.scale[k] = section.number_in(key, 1.0, 0.0, 1e6, about)?;
            }
        }
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
        self.recipe.b_rec[0] = value("b_rec", 0.0, "train_b_rec", false, "b_rec", "bias of every unit")?;
        self.recipe.b_out = value("b_out", 0.0, "train_b_out", false, "b_out", "bias of every output")?;
        let about = "half the width of what initial states differ by from trial to trial, uniformly, unit by unit";
        self.scatter = section.number_in("x0_spread", 0.0, 0.0, 1e6, about)?;
        let learnt = !self.constraints.iter().any(|(block, c)| *block == "b_rec" && matches!(c, Constraint::Frozen(_)));
        self.recipe.b_rec[1] = if learnt {
            section.number_in("b_rec_sd", 0.0, 0.0, 1e6, "s.d. of the initial biases of the units")?
        } else {
            section.ineffective("b_rec_sd", "`train_b_rec` is false: all biases stay at `b_rec`")?;
            0.0
        };
        Ok(())
    }
}
