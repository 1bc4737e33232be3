//! What the matrices of a population would take, and in which form they are kept; nothing is allocated here.
//!
//! n own inputs of a neuron, s inputs that all trained neurons share, N neurons, J neurons that project to some of them:
//!
//! ```text
//! separate        N triangles of (n + s) rows
//! one P           one triangle for each set of neurons with the same inputs
//! shared inputs   one triangle of s rows, J rows of s numbers, N triangles of n rows
//! ```
//! All three are the same RLS in exact arithmetic, where they apply.

use super::initial::Blocks;
use super::inverse::Inverses;
use super::{Dale, Population, Settings, Training};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::lanes::padded;
use std::collections::HashMap;

/// How the matrices P are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Economy {
    /// One for each neuron.
    Separate,
    /// One for all neurons with the same inputs.
    OneP,
    /// The part of inputs that all neurons share once, the rest for each neuron.
    SharedInputs,
}

impl Economy {
    /// All, plainest first.
    pub const ALL: [Economy; 3] = [Economy::Separate, Economy::OneP, Economy::SharedInputs];
}

impl std::fmt::Display for Economy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Economy::Separate => "separate",
            Economy::OneP => "one P",
            Economy::SharedInputs => "shared inputs",
        })
    }
}

/// What one economy would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Which.
    pub economy: Economy,
    /// Bytes of all matrices, with the changes that wait for them.
    pub bytes: u64,
    /// How many changes wait until P is written.
    pub wait: usize,
    /// Why it does not apply, if it does not.
    pub why_not: Option<String>,
}

/// Which economy, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The one that is used.
    pub economy: Economy,
    /// All of them.
    pub costs: Vec<Cost>,
    /// Why that one.
    pub why: String,
}

impl Plan {
    /// What the chosen one takes.
    pub fn chosen(&self) -> &Cost {
        self.costs.iter().find(|c| c.economy == self.economy).unwrap_or(&self.costs[0])
    }
}

/// Bytes of P beyond which writing it less often is worth the arithmetic: what caches hold, or nearly.
const CACHED: u64 = 24 << 20;
/// How many changes wait for a P that streams from memory.
const WAIT: usize = 4;

/// Chooses the economy that takes least, of those that apply (or the one that `settings` ask for).
///
/// # Errors
/// If the one asked for does not apply, or none that applies fits into `limit` bytes.
pub fn plan(population: &Population, settings: &Settings, number: usize, limit: Option<u64>) -> Result<Plan> {
    let costs = Economy::ALL.map(|economy| cost(economy, population, settings, number));
    let chosen = match settings.economy {
        Some(economy) => costs.iter().find(|c| c.economy == economy),
        // The first of equals: the plainest.
        None => costs.iter().filter(|c| c.why_not.is_none()).min_by_key(|c| c.bytes),
    };
    let chosen = chosen.expect("`ALL` has every economy, and separate matrices always apply");
    if let Some(why) = &chosen.why_not {
        return Err(Error::input(format!("the matrices P cannot be kept as `{}` here", chosen.economy))
            .why(why.clone())
            .remedy("leave the choice open: the smallest that applies is taken"));
    }
    if let Some(limit) = limit.filter(|limit| chosen.bytes > *limit) {
        let fits = costs.iter().find(|c| c.bytes <= limit);
        return Err(Error::machine(format!("the matrices P take {} as `{}`", mib(chosen.bytes), chosen.economy))
            .why(format!("there is room for {}", mib(limit)))
            .remedy(match fits {
                Some(Cost { economy, bytes, why_not: None, .. }) => format!("`{economy}` takes {}", mib(*bytes)),
                Some(Cost { economy, bytes, why_not: Some(why), .. }) => {
                    format!("`{economy}` would take {}, but: {why}", mib(*bytes))
                }
                None => "train fewer neurons, or give each fewer plastic inputs: P grows with their square".to_string(),
            }));
    }
    let others = costs.iter().filter(|c| c.economy != chosen.economy).map(|c| match &c.why_not {
        Some(why) => format!("`{}` does not apply: {why}", c.economy),
        None => format!("`{}` would take {}", c.economy, mib(c.bytes)),
    });
    let others: Vec<String> = others.collect();
    let asked = if settings.economy.is_some() { ", as asked for" } else { "" };
    let why = format!("`{}` takes {}{asked}; {}", chosen.economy, mib(chosen.bytes), others.join("; "));
    Ok(Plan { economy: chosen.economy, why, costs: costs.to_vec() })
}

/// Neurons with the same inputs and the same P(0): the group of each, and the first neuron of each group.
pub(super) fn groups(population: &Population, settings: &Settings) -> (Vec<usize>, Vec<usize>) {
    let mut seen: HashMap<(&[u32], Vec<i8>), usize> = HashMap::new();
    let mut firsts = Vec::new();
    let groups = population.fan_in.iter().zip(&population.weights).enumerate().map(|(i, (inputs, weights))| {
        // Without μ, P(0) does not ask for signs.
        let signs = if settings.ridge.mu == 0.0 { Vec::new() } else { Blocks::of(weights).signs().to_vec() };
        *seen.entry((inputs, signs)).or_insert_with(|| {
            firsts.push(i);
            firsts.len() - 1
        })
    });
    (groups.collect(), firsts)
}

/// Presynaptic neurons that some trained neuron listens to, ascending.
pub(super) fn heard(population: &Population) -> Vec<u32> {
    let mut heard = vec![false; population.presynaptic];
    population.fan_in.iter().flatten().for_each(|j| heard[*j as usize] = true);
    (0..).zip(heard).filter_map(|(j, heard)| heard.then_some(j)).collect()
}

fn cost(economy: Economy, population: &Population, settings: &Settings, number: usize) -> Cost {
    let Population { fan_in, shared, .. } = population;
    let own = || fan_in.iter().map(Vec::len);
    let numbers = |wait: usize| match economy {
        Economy::Separate => Inverses::<f32>::numbers(own().map(|n| n + shared), wait),
        Economy::OneP => {
            let (_, firsts) = groups(population, settings);
            Inverses::<f32>::numbers(firsts.iter().map(|i| fan_in[*i].len() + shared), wait)
        }
        Economy::SharedInputs => {
            let rows = heard(population).len() * (padded(*shared) + 1);
            rows + Inverses::<f32>::numbers([*shared].into_iter(), 1) + Inverses::<f32>::numbers(own(), wait)
        }
    };
    let bytes = |wait| (numbers(wait) * number) as u64;
    let wait = if bytes(1) > CACHED { WAIT } else { 1 };
    let scalar = settings.training == Training::Rate;
    let why_not = match economy {
        Economy::Separate => None,
        Economy::OneP | Economy::SharedInputs if scalar => {
            Some("training of rates weighs the inputs of each neuron by the slope of its own gain".to_string())
        }
        Economy::OneP if settings.dale == Dale::Remove => {
            Some("synapses leave the regression of one neuron and not that of another".to_string())
        }
        Economy::OneP if groups(population, settings).1.len() == fan_in.len() => {
            Some("no two neurons have the same inputs in the same order".to_string())
        }
        Economy::SharedInputs if *shared == 0 => Some("there are no inputs that all neurons share".to_string()),
        _ => None,
    };
    Cost { economy, bytes: bytes(wait), wait, why_not }
}

/// Bytes for people.
fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
