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
                // Orthogonal weights have both signs, and a square to be in.
                if key == "w_rec" && !dale {
                    words.push("orthogonal");
                }
                let word = section.word(key, default, &words, about)?;
                Ok(match word.as_str() {
                    "orthogonal" => Distribution::Orthogonal,
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
