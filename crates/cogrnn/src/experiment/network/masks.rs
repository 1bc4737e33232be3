//! `[constraints.w_in]`, `[constraints.w_rec]`, `[constraints.w_out]`: what is said of single weights.

use super::NetworkPlan;
use crate::reader::Section;
use cogrnn_core::constraint::{Constraint, Wiring};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;

impl NetworkPlan {
    /// The section of one block: its mask, fixed weights and bounds. Returns which entries are plastic
    /// and the fixed values.
    pub(super) fn read_block(
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

pub(super) fn square(section: &Section<'_>, key: &str, given: Vec<Vec<f64>>, n: usize) -> Result<Vec<f64>> {
    let width = given.first().map_or(0, Vec::len);
    if (given.len(), width) != (n, n) {
        return Err(shape_error(section, key, (given.len(), width), (n, n)));
    }
    Ok(given.into_iter().flatten().collect())
}
