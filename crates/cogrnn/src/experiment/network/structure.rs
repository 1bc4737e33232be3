//! `[populations]`: groups of units by name, and who projects to whom.
//!
//! ```toml
//! [populations.A]                 # units 0 to 19: the order in the file is that of the units
//! size = 20
//! kind = "excitatory"
//! inputs = ["evidence 1"]         # left out: all; [] none
//! outputs = ["choice 1"]          # left out: as `readout` says
//! area = "sensory"                # a name for reports
//! tau = "50 ms"                   # of its units; left out: `tau` of [network]
//! from = { B = 0.0, I = 0.5 }     # density of the connections from there; left out: 1
//! ```
//!
//! Of a density between 0 and 1 each connection exists with that probability, whatever the others do.

use crate::reader::{Document, Section, nearest};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;
use cogrnn_core::units::Time;
use std::ops::Range;

/// Most populations: what is finer than this is said by a mask.
const MOST_POPULATIONS: usize = 200;

/// Units that share a name, a sign and their connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Its name; `E` and `I`, or `units` without Dale's law, where the file names none.
    pub name: String,
    /// The area that it belongs to.
    pub area: Option<String>,
    /// Time constant of its units, if it is their own.
    pub tau: Option<Time>,
    /// +1 excitatory, -1 inhibitory, 0 without Dale's law.
    pub sign: i8,
    /// Its units.
    pub units: Range<usize>,
}

/// The populations of a file, their signs not yet known; none if the network is described as a whole.
pub(super) fn sizes(document: &Document) -> Result<Vec<Population>> {
    let all = document.section("populations");
    let names = all.subsections();
    if names.len() > MOST_POPULATIONS {
        return Err(all.blame_section(
            Error::input(format!("there are {} populations", names.len()))
                .why(format!("{MOST_POPULATIONS} are the most: densities are given for each two of them"))
                .remedy("say what holds for single units by a mask, [constraints.w_rec] mask = \"file.csv\""),
        ));
    }
    let mut populations: Vec<Population> = Vec::new();
    for name in names {
        let mut section = all.section(&name);
        let first = populations.last().map_or(0, |p| p.units.end);
        let size = section.required_count("size", 20, "how many units it has")?;
        let area = section.optional_text("area", "the area that it belongs to, for reports")?;
        let tau = section.optional_time("tau", "time constant of its units; left out, `tau` of [network]")?;
        if let Some(bad) = tau.filter(|t| t.as_ms() <= 0.0) {
            return Err(section.blame(
                "tau",
                Error::input(format!("a time constant of {bad}"))
                    .why("a unit needs time to follow its input")
                    .remedy("leave it out, or give for instance \"50 ms\""),
            ));
        }
        section.section("from"); // so that it comes next where all is written out
        populations.push(Population { name, area, tau, sign: 0, units: first..first.saturating_add(size) });
    }
    Ok(populations)
}

/// What a network described as a whole is made of: the first `excitatory` units, and the rest.
pub(super) fn halves(excitatory: usize, units: usize) -> Vec<Population> {
    let half = |name: &str, sign, units| Population { name: name.into(), area: None, tau: None, sign, units };
    let both = [half("E", 1, 0..excitatory), half("I", -1, excitatory..units)];
    both.into_iter().filter(|p| !p.units.is_empty()).collect()
}

/// Reads which populations excite and which inhibit.
pub(super) fn kinds(document: &Document, populations: &mut [Population], dale: bool) -> Result<()> {
    let words = ["excitatory", "inhibitory", "free"];
    for population in populations {
        let mut section = document.section("populations").section(&population.name);
        let kind = if dale {
            section.required_word("kind", &words, "whether it excites or inhibits; `free` without Dale's law")?
        } else {
            section.word("kind", "free", &words, "whether it excites or inhibits; `free` without Dale's law")?
        };
        population.sign = match kind.as_str() {
            "free" => 0,
            "excitatory" => 1,
            _ => -1,
        };
        if dale == (population.sign == 0) {
            let (why, remedy) = match dale {
                true => (
                    "under Dale's law a unit excites or inhibits",
                    "let [constraints] have dale = \"none\", or kind = \"excitatory\"",
                ),
                false => (
                    "there is no Dale's law, dale = \"none\", so the weights of a unit may have any sign",
                    "leave `kind` out, or let [constraints] have dale = \"rectify\"",
                ),
            };
            let error = Error::input(format!("`{}` is {kind}", population.name)).why(why).remedy(remedy);
            return Err(section.blame("kind", error));
        }
    }
    Ok(())
}

/// Which units get which input: (units × inputs).
pub(super) fn inputs(document: &Document, populations: &[Population], task: &dyn Task) -> Result<Vec<bool>> {
    let all = task.inputs();
    let mut gets = Vec::new();
    for population in populations {
        let mut section = document.section("populations").section(&population.name);
        let listed = section.strings("inputs", &all, "inputs of the task that it gets; [] none")?;
        let row = among(&section, "inputs", "input", &listed, &all)?;
        gets.extend(population.units.clone().flat_map(|_| row.iter().copied()));
    }
    Ok(gets)
}

/// Which output reads which unit: (outputs × units). What the file leaves out is as `reads` says of a sign.
pub(super) fn outputs(
    document: &Document,
    populations: &[Population],
    task: &dyn Task,
    reads: impl Fn(i8) -> bool,
) -> Result<Vec<bool>> {
    let all = task.outputs();
    let units = populations.last().map_or(0, |p| p.units.end);
    let mut read = vec![false; all.len() * units];
    for population in populations {
        let mut section = document.section("populations").section(&population.name);
        let default = if reads(population.sign) { &all[..] } else { &[] };
        let listed = section.strings("outputs", default, "outputs that read it; left out: as `readout` says")?;
        for (output, there) in among(&section, "outputs", "output", &listed, &all)?.into_iter().enumerate() {
            read[output * units..][population.units.clone()].fill(there);
        }
    }
    Ok(read)
}

/// Density of the connections to each population from each: (populations × populations).
pub(super) fn densities(document: &Document, populations: &[Population]) -> Result<Vec<f64>> {
    let names: Vec<&str> = populations.iter().map(|p| p.name.as_str()).collect();
    let mut densities = Vec::new();
    for population in populations {
        let mut from = document.section("populations").section(&population.name).section("from");
        if let Some(stranger) = from.names().iter().find(|n| !names.contains(&n.as_str())) {
            return Err(from.blame(stranger, unknown("population", stranger, &names)));
        }
        for name in &names {
            densities.push(from.share(name, 1.0, "share of the connections from there that exist")?);
        }
    }
    Ok(densities)
}

/// Marks those of `all` that are listed.
fn among(section: &Section<'_>, key: &str, noun: &str, listed: &[String], all: &[&str]) -> Result<Vec<bool>> {
    if let Some(stranger) = listed.iter().find(|l| !all.contains(&l.as_str())) {
        let noun = format!("{noun} of the task");
        return Err(section.blame(key, unknown(&noun, stranger, all)));
    }
    Ok(all.iter().map(|name| listed.iter().any(|l| l == name)).collect())
}

fn unknown(noun: &str, name: &str, all: &[&str]) -> Error {
    let quoted: Vec<String> = all.iter().map(|n| format!("`{n}`")).collect();
    Error::input(format!("no {noun} is called `{name}`"))
        .why(if all.is_empty() { "there are none".to_string() } else { format!("there are {}", quoted.join(", ")) })
        .remedy(match nearest(name, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "take it out, or give one of these".to_string(),
        })
}
