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
