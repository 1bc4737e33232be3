//! `[constraints]`: signs, connections that exist, and what is said of single weights.

use super::NetworkPlan;
use super::connectivity::Connections;
use super::structure::{self, Population};
use crate::reader::{Document, Section};
use cogrnn_core::constraint::{Constraint, Keep};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::Shape;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;
use cogrnn_networks::rate::initial::{balanced, exact_mask, sparse_mask};

/// Which connections there may be, row-major `[post][pre]`; nothing where all may be.
struct Pattern {
    inputs: Option<Vec<bool>>,
    recurrent: Option<Vec<bool>>,
    outputs: Option<Vec<bool>>,
}

impl NetworkPlan {
    /// `populations` are those that the file names, if it names any.
    pub(super) fn read_constraints(
        &mut self,
        document: &Document,
        task: &dyn Task,
        populations: Vec<Population>,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Keep>> {
        let Shape { inputs, units, outputs } = self.shape;
        self.named = !populations.is_empty();
        self.populations = populations;
        let mut section = document.section("constraints");
        let dale = section.word("dale", "rectify", &["rectify", "abs", "clamp", "none"], "how Dale's law is kept")?;
        let keep = match dale.as_str() {
            "rectify" => Some(Keep::Rectify),
            "abs" => Some(Keep::Abs),
            "clamp" => Some(Keep::Clamp),
            _ => None,
        };
        self.read_signs(document, &mut section, keep.is_some())?;
        let reads_excitatory = match keep {
            Some(_) => self.read_readout(&mut section)?,
            None => {
                section.ineffective("readout", WITHOUT_DALE)?;
                false
            }
        };
        if let Some(keep) = keep {
            let about = "which weights it holds for: all, those of inputs (which then excite) and outputs too, or recurrent ones";
            self.constraints.push(("w_rec", Constraint::Dale { signs: self.signs.clone(), keep }));
            if section.word("dale_on", "all", &["all", "recurrent"], about)? == "all" {
                self.constraints.push(("w_in", Constraint::Dale { signs: vec![1; inputs], keep }));
                self.constraints.push(("w_out", Constraint::Dale { signs: self.signs.clone(), keep }));
            }
        } else {
            section.ineffective("dale_on", WITHOUT_DALE)?;
        }
        let own = section.flag("self_connections", false, "whether a unit may project to itself")?;
        if !own {
            self.constraints.push(("w_rec", Constraint::NoSelfConnections));
        }
        let pattern = self.read_pattern(document, &mut section, task, reads_excitatory, own)?;
        let allow_dead_inputs = section.flag("allow_dead_inputs", false, "whether an input may reach no unit")?;

        let w_in = self.read_block(&section, "w_in", units, inputs)?;
        let w_rec = self.read_block(&section, "w_rec", units, units)?;
        let w_out = match self.read_units.clone() {
            None => self.read_block(&section, "w_out", outputs, units)?,
            Some(read) => {
                let mut fixed = vec![0.0; outputs * units];
                read.iter().enumerate().for_each(|(output, unit)| fixed[output * units + unit] = 1.0);
                self.check_read(document, &read)?;
                self.constraints.push(("w_out", Constraint::Mask(vec![false; fixed.len()])));
                self.constraints.push(("w_out", Constraint::Fixed(fixed.clone())));
                (vec![false; fixed.len()], fixed)
            }
        };
        let (_, inputs_there) = self.settle("w_in", pattern.inputs.as_deref(), w_in);
        let (mut plastic, mut there) = self.settle("w_rec", pattern.recurrent.as_deref(), w_rec);
        // outputs that are units are read wherever they are
        let outputs_pattern = pattern.outputs.as_deref().filter(|_| self.read_units.is_none()).map(<[bool]>::to_vec);
        let (_, outputs_there) = self.settle("w_out", outputs_pattern.as_deref(), w_out);
        if !own {
            for i in 0..units {
                // a fixed self-connection was refused with its block
                plastic[i * units + i] = false;
                there[i * units + i] = false;
            }
        }
        self.check_outputs(document, task, &outputs_there, outputs_pattern.as_deref(), reads_excitatory)?;
        let dead = self.dead_inputs(document, task, &inputs_there, pattern.inputs.as_deref(), allow_dead_inputs)?;
        warnings.extend(dead);
        if self.named && !there.contains(&true) && (units > 1 || own) {
            return Err(document.section("populations").blame_section(
                Error::input("there is no recurrent connection")
                    .why("the densities in `from` leave none")
                    .remedy("give one of them a density above 0"),
            ));
        }
        let connections = Connections {
            inputs: &inputs_there,
            recurrent: &there,
            outputs: &outputs_there,
            populations: &self.populations,
            named: self.named,
        };
        warnings.extend(connections.oddities());
        // Song et al. 2016, section on initialisation: rows balance unless their strengths are given.
        if self.recipe.relative.is_empty() {
            self.recipe.relative = if keep.is_some() {
                balanced(&plastic, &self.signs)
            } else {
                plastic.iter().map(|p| f64::from(u8::from(*p))).collect()
            };
        }
        for (k, _) in there.iter().enumerate().filter(|(_, there)| **there) {
            self.connections[usize::from(self.signs.get(k % units).is_some_and(|s| *s < 0))] += 1;
        }
        Ok(keep)
    }

    fn read_signs(&mut self, document: &Document, section: &mut Section<'_>, dale: bool) -> Result<()> {
        let units = self.shape.units;
        if self.named {
            structure::kinds(document, &mut self.populations, dale)?;
            section.ineffective("excitatory", BY_POPULATION)?;
        } else if dale {
            // Song et al. 2016, code: 80 % excitatory, the first of all units
            let share = section.number_in("excitatory", 0.8, 0.0, 1.0, "share of excitatory units; they come first")?;
            self.populations = structure::halves((share * units as f64 + 1e-9).floor() as usize, units);
        } else {
            section.ineffective("excitatory", WITHOUT_DALE)?;
            self.populations =
                vec![Population { name: "units".into(), area: None, tau: None, sign: 0, units: 0..units }];
        }
        if dale {
            self.signs = self.unit_signs();
        }
        Ok(())
    }

    /// Whether the outputs read excitatory units only, where no population says otherwise.
    fn read_readout(&self, section: &mut Section<'_>) -> Result<bool> {
        let readout = section.word("readout", "excitatory", &["excitatory", "all"], "which units the outputs read")?;
        let reads_excitatory = readout == "excitatory";
        if reads_excitatory && !self.named && !self.signs.contains(&1) {
            return Err(section.blame(
                "excitatory",
                Error::input("the outputs read no unit")
                    .why("they read excitatory units only, and there are none")
                    .remedy("raise `excitatory`, or set readout = \"all\""),
            ));
        }
        Ok(reads_excitatory)
    }

    fn read_pattern(
        &self,
        document: &Document,
        section: &mut Section<'_>,
        task: &dyn Task,
        reads_excitatory: bool,
        own: bool,
    ) -> Result<Pattern> {
        let Shape { units, outputs, .. } = self.shape;
        if self.named {
            for key in ["density", "density_excitatory", "density_inhibitory"] {
                section.ineffective(key, BY_POPULATION)?;
            }
            let inputs = structure::inputs(document, &self.populations, task)?;
            let reads = |sign: i8| sign > 0 || !reads_excitatory;
            let outputs = structure::outputs(document, &self.populations, task, reads)?;
            let recurrent = self.read_densities(document, section, own)?;
            return Ok(Pattern { inputs: Some(inputs), recurrent, outputs: Some(outputs) });
        }
        let (from_e, from_i) = if !self.signs.is_empty() {
            section
                .ineffective("density", "with Dale's law there are `density_excitatory` and `density_inhibitory`")?;
            let (e, i) =
                ("share of a unit's excitatory inputs that exist", "share of a unit's inhibitory inputs that exist");
            (
                section.number_in("density_excitatory", 1.0, 0.0, 1.0, e)?,
                section.number_in("density_inhibitory", 1.0, 0.0, 1.0, i)?,
            )
        } else {
            section.ineffective("density_excitatory", WITHOUT_DALE)?;
            section.ineffective("density_inhibitory", WITHOUT_DALE)?;
            let density = section.number_in("density", 1.0, 0.0, 1.0, "share of recurrent connections that exist")?;
            (density, density)
        };
        let mut recurrent = None;
        if from_e < 1.0 || from_i < 1.0 {
            let seed = density_seed(section)?;
            recurrent = Some(if self.signs.is_empty() {
                exact_mask(units, from_e, own, seed)
            } else {
                sparse_mask(units, |_, j| if self.signs[j] > 0 { from_e } else { from_i }, own, seed)
            });
        } else {
            section.ineffective("density_seed", "all connections exist")?;
        }
        let readable = || (0..outputs * units).map(|k| self.signs[k % units] > 0).collect();
        Ok(Pattern { inputs: None, recurrent, outputs: reads_excitatory.then(readable) })
    }

    /// The recurrent connections that the densities of the populations make.
    fn read_densities(&self, document: &Document, section: &mut Section<'_>, own: bool) -> Result<Option<Vec<bool>>> {
        let densities = structure::densities(document, &self.populations)?;
        let mut seed = 0;
        if densities.iter().any(|d| *d > 0.0 && *d < 1.0) {
            seed = density_seed(section)?;
        } else {
            section.ineffective("density_seed", "every density is 0 or 1")?;
        }
        if densities.iter().all(|d| *d == 1.0) {
            return Ok(None);
        }
        let p = self.populations.len();
        let of: Vec<usize> =
            self.populations.iter().enumerate().flat_map(|(a, p)| p.units.clone().map(move |_| a)).collect();
        Ok(Some(sparse_mask(self.shape.units, |i, j| densities[of[i] * p + of[j]], own, seed)))
    }

    /// Joins what is said of single weights, (plastic, fixed), with a pattern. Returns which are plastic and
    /// which are there at all.
    fn settle(
        &mut self,
        block: &'static str,
        pattern: Option<&[bool]>,
        (mut plastic, fixed): (Vec<bool>, Vec<f64>),
    ) -> (Vec<bool>, Vec<bool>) {
        // Patterns give way to fixed weights; only a mask that says otherwise is a conflict.
        if let Some(pattern) = pattern {
            let pattern: Vec<bool> = pattern.iter().zip(&fixed).map(|(there, f)| *there && *f == 0.0).collect();
            plastic.iter_mut().zip(&pattern).for_each(|(plastic, there)| *plastic &= there);
            self.constraints.push((block, Constraint::Mask(pattern)));
        }
        let there = plastic.iter().zip(&fixed).map(|(plastic, f)| *plastic || *f != 0.0).collect();
        (plastic, there)
    }

    /// Under Dale's law a unit that is read as it is must excite: its one would have to be a minus one.
    fn check_read(&self, document: &Document, read: &[usize]) -> Result<()> {
        let Some(unit) = read.iter().find(|unit| self.signs.get(**unit).is_some_and(|s| *s < 0)) else { return Ok(()) };
        Err(document.section("network").blame(
            "read_units",
            Error::input(format!("`read_units` names {unit}, an inhibitory unit"))
                .why("under Dale's law its weights are negative, and outputs would be its rate turned round")
                .remedy("name excitatory units, or set  dale_on = \"recurrent\"  in [constraints]"),
        ))
    }

    fn check_outputs(
        &self,
        document: &Document,
        task: &dyn Task,
        there: &[bool],
        pattern: Option<&[bool]>,
        reads_excitatory: bool,
    ) -> Result<()> {
        let units = self.shape.units;
        for (output, name) in task.outputs().iter().enumerate() {
            let row = output * units..(output + 1) * units;
            if there[row.clone()].contains(&true) {
                continue;
            }
            let error = Error::input(format!("the output `{name}` reads no unit"));
            if self.named && pattern.is_some_and(|p| !p[row].contains(&true)) {
                return Err(document.section("populations").blame_section(
                    error
                        .why(if reads_excitatory {
                            "no population has it among its `outputs`, which by default are all of an excitatory one and none of an inhibitory one"
                        } else {
                            "no population has it among its `outputs`"
                        })
                        .remedy(format!("add it to the `outputs` of the population that is to be read: [\"{name}\"]")),
                ));
            }
            let (who, remedy) = match (self.named, reads_excitatory) {
                (true, _) => (
                    " for a unit that it may read",
                    "put ones where it is to read, or add it to the `outputs` of other populations",
                ),
                (false, true) => (
                    " for an excitatory unit",
                    "put ones where it is to read; readout = \"all\" lets it read inhibitory units too",
                ),
                (false, false) => ("", "put ones where it is to read"),
            };
            let why = format!("row {output} of the mask of `w_out` has no one{who}");
            return Err(document.section("constraints").section("w_out").blame("mask", error.why(why).remedy(remedy)));
        }
        Ok(())
    }

    /// Inputs that reach no unit: a mistake more often than not.
    fn dead_inputs(
        &self,
        document: &Document,
        task: &dyn Task,
        there: &[bool],
        pattern: Option<&[bool]>,
        allowed: bool,
    ) -> Result<Vec<String>> {
        let names = task.inputs();
        let reaches = |table: &[bool], channel: usize| table.iter().skip(channel).step_by(names.len()).any(|t| *t);
        let mut dead = Vec::new();
        for (channel, name) in names.iter().enumerate().filter(|(channel, _)| !reaches(there, *channel)) {
            let what = format!("the input `{name}` reaches no unit");
            if !allowed {
                let error = Error::input(&what);
                if pattern.is_some_and(|p| !reaches(p, channel)) {
                    return Err(document
                        .section("populations")
                        .blame_section(error.why("no population has it among its `inputs`").remedy(
                        "add it to the `inputs` of a population, or let [constraints] have allow_dead_inputs = true",
                    )));
                }
                let (why, remedy) = if self.named {
                    (
                        "has no one for a population that gets it",
                        "put ones there, add it to the `inputs` of other populations, or set allow_dead_inputs = true",
                    )
                } else {
                    ("is all zero", "put ones into that column, or set allow_dead_inputs = true")
                };
                return Err(document
                    .section("constraints")
                    .section("w_in")
                    .blame("mask", error.why(format!("column {channel} of the mask of `w_in` {why}")).remedy(remedy)));
            }
            dead.push(what);
        }
        if !names.is_empty() && dead.len() == names.len() {
            return Err(document.section("populations").blame_section(
                Error::input("no unit gets any input of the task")
                    .why("every population has inputs = [], or a mask of zeros")
                    .remedy("add inputs to a population"),
            ));
        }
        Ok(dead)
    }
}

const WITHOUT_DALE: &str = "there is no Dale's law, so no unit is excitatory or inhibitory";
const BY_POPULATION: &str = "[populations] says it of each population, by `size`, `kind` and `from`";

fn density_seed(section: &mut Section<'_>) -> Result<u64> {
    Ok(section.count("density_seed", 1, "which connections exist")? as u64)
}
