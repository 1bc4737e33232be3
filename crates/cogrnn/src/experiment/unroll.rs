//! `[unroll]`: how the network is unrolled in time while it learns, and how that is taken away.

use super::NetworkPlan;
use crate::reader::{Document, Section};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;
use cogrnn_core::trials::Drawn;
use cogrnn_core::units::Time;
use cogrnn_networks::unroll::annealing::Staircase;
use cogrnn_networks::unroll::{Anchor, Skipping};
use std::ops::Range;

/// How a network is unrolled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unrolled {
    /// As it is.
    Plain,
    /// At a time step this many times longer.
    Coarse(usize),
    /// With skips.
    Skips(Skipping),
}

/// A scheme and how it is taken away (Soo, Goudar & Wang 2023).
#[derive(Clone, Debug, PartialEq)]
pub struct UnrollPlan {
    scheme: Scheme,
    /// θ or β, stage by stage; none for the plain network.
    stairs: Staircase,
    every: usize,
    across: bool,
    /// Whether each trial of a session is a skip as well.
    trials: bool,
    /// Whether epochs shorter than a skip may go without one.
    short_epochs: bool,
    /// Whether the optimiser starts afresh at each stage.
    fresh_optimiser: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Plain,
    Coarse,
    Skips(Anchor),
}

impl UnrollPlan {
    /// How the network is unrolled after this many updates.
    pub fn at(&self, updates: u64) -> Unrolled {
        let Some(value) = self.stairs.at(updates) else { return Unrolled::Plain };
        match self.scheme {
            Scheme::Plain => Unrolled::Plain,
            Scheme::Coarse if value < 2.0 => Unrolled::Plain,
            Scheme::Coarse => Unrolled::Coarse(value as usize),
            Scheme::Skips(anchor) => {
                let skipping = self.skipping(anchor, value);
                if skipping.is_active() { Unrolled::Skips(skipping) } else { Unrolled::Plain }
            }
        }
    }

    fn skipping(&self, anchor: Anchor, mix: f64) -> Skipping {
        Skipping { every: self.every, mix, anchor, across: self.across, trials: self.trials }
    }

    /// The update at which the stage began that holds after this many; where the scheme is over, its end.
    pub fn stage_start(&self, updates: u64) -> u64 {
        let stage = self.stairs.stage(updates).map_or(self.stairs.values.len(), |k| k);
        stage as u64 * self.stairs.updates
    }

    /// The update at which the next stage begins; `None` in the last.
    pub fn next_stage(&self, updates: u64) -> Option<u64> {
        self.stairs.stage(updates).map(|k| (k as u64 + 1) * self.stairs.updates)
    }

    /// Whether the optimiser starts afresh at each stage.
    pub fn fresh_optimiser(&self) -> bool {
        self.fresh_optimiser
    }

    /// Whether there is a scheme at all.
    pub fn is_plain(&self) -> bool {
        self.scheme == Scheme::Plain
    }

    /// A line for people; `None` for the plain network.
    pub fn summary(&self) -> Option<String> {
        let numbers = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        let (updates, values) = (self.stairs.updates, &self.stairs.values);
        let short: Vec<f64> = values.iter().map(|v| (v * 1000.0).round() / 1000.0).collect();
        match self.scheme {
            Scheme::Plain => None,
            Scheme::Coarse => Some(format!("time steps {} times longer, {updates} updates each", numbers(&short))),
            Scheme::Skips(anchor) => {
                let name = match anchor {
                    Anchor::State => "SCTT",
                    Anchor::Lagged => "DASC",
                    Anchor::Fresh => "DASC, literal",
                };
                let trials = if self.trials { " and over whole trials" } else { "" };
                Some(format!(
                    "{name} every {} steps{trials}, plain share {}, {updates} updates each",
                    self.every,
                    numbers(&short)
                ))
            }
        }
    }

    pub(super) fn read(document: &Document, plan: &NetworkPlan, dt: Time) -> Result<UnrollPlan> {
        let mut section = document.section("unroll");
        let scheme = section.word(
            "scheme",
            "plain",
            &["plain", "cd", "sctt", "dasc", "dasc_literal"],
            "short cuts through time while learning (Soo et al. 2023); none is left in the trained network",
        )?;
        let scheme = match scheme.as_str() {
            "cd" => Scheme::Coarse,
            "sctt" => Scheme::Skips(Anchor::State),
            "dasc" => Scheme::Skips(Anchor::Lagged),
            "dasc_literal" => Scheme::Skips(Anchor::Fresh),
            _ => Scheme::Plain,
        };
        if scheme == Scheme::Plain {
            for key in ["every", "mix", "stages", "updates", "across", "short_epochs", "trials", "fresh_optimiser"] {
                section.ineffective(key, "`scheme` is \"plain\"")?;
            }
            let stairs = Staircase { values: Vec::new(), updates: 1 };
            let (across, trials, short_epochs) = (false, false, false);
            return Ok(UnrollPlan { scheme, stairs, every: 1, across, trials, short_epochs, fresh_optimiser: false });
        }
        let coarse = scheme == Scheme::Coarse;
        // §2.4: 20 000 updates with annealing
        let updates = section.positive_count("updates", 20_000, "over which the scheme is taken away")? as u64;
        let (every, values) = if coarse {
            let about = "how many times longer time steps are: where it begins, or each stage";
            let every = section.numbers("every", &[10.0], about)?;
            section.ineffective("mix", "longer time steps have nothing to mix with")?;
            for key in ["across", "short_epochs", "trials"] {
                section.ineffective(key, "longer time steps make no blocks")?;
            }
            if let Some(bad) = every.iter().find(|v| !(**v >= 1.0 && v.fract() == 0.0)) {
                return Err(section.blame(
                    "every",
                    Error::input(format!("a time step {bad} times longer"))
                        .why("it must be a whole number, 1 or more")
                        .remedy("the default is 10"),
                ));
            }
            (1, every)
        } else {
            let every = section.positive_count("every", 40, "time steps of a skip")?;
            let about = "share of the plain path: where it begins, or each stage";
            let given = section.numbers("mix", &[0.5], about)?;
            if let Scheme::Skips(anchor) = scheme {
                for &mix in &given {
                    let one = Skipping { every, mix, anchor, across: false, trials: false };
                    one.check().map_err(|e| section.blame("mix", e))?;
                }
            }
            (every, given)
        };
        let values = if let [from] = values[..] {
            let stages = section.positive_count("stages", 2, "steps in which the scheme is taken away")?;
            let to = if coarse { 0.0 } else { 1.0 };
            let stairs = Staircase::even(from, to, stages, 1).values;
            if coarse { stairs.into_iter().map(|v| v.floor().max(1.0)).collect() } else { stairs }
        } else {
            let key = if coarse { "every" } else { "mix" };
            section.ineffective("stages", &format!("`{key}` gives the value of each stage"))?;
            values
        };
        let stages = values.len() as u64;
        let key = if coarse { "every" } else { "mix" };
        let stairs = Staircase { values, updates: (updates / stages).max(1) };
        let what = if coarse { "the time step (times dt)" } else { "the plain share" };
        stairs.check(coarse, what).map_err(|e| section.blame(key, e))?;
        let across = !coarse && section.flag("across", false, "whether skips run on over the ends of epochs")?;
        let mut short_epochs = false;
        if across {
            section.ineffective("short_epochs", "`across = true`: skips run on over epochs")?;
        } else if !coarse {
            let about = "whether epochs shorter than a skip may go without one; otherwise they are refused";
            short_epochs = section.flag("short_epochs", false, about)?;
        }
        // §2.7
        let about = "whether each trial of a session is a skip as well, from its end to its beginning";
        let trials = !coarse && section.flag("trials", false, about)?;
        // §2.3: each stage starts a fresh Adam; §4: kept otherwise
        let fresh_optimiser =
            section.flag("fresh_optimiser", coarse, "whether the optimiser starts afresh at each stage")?;
        let unroll = UnrollPlan { scheme, stairs, every, across, trials, short_epochs, fresh_optimiser };
        unroll.check(&section, plan, dt)?;
        Ok(unroll)
    }

    /// Refuses a scheme that cannot work with this network at this time step.
    fn check(&self, section: &Section<'_>, plan: &NetworkPlan, dt: Time) -> Result<()> {
        let fastest = plan.fastest();
        match self.scheme {
            Scheme::Plain => {}
            Scheme::Coarse => {
                let longest = self.stairs.values.iter().fold(1.0f64, |m, v| m.max(*v));
                if let Err(e) = plan.network::<f32>(dt * longest, cogrnn_core::kernels::Isa::Plain) {
                    let why = e.why.clone().unwrap_or_default();
                    return Err(section.blame(
                        "every",
                        Error::input(format!("time steps {longest} times longer: {}", e.what)).why(why).remedy(
                            format!(
                                "take at most {}, so that the step stays within every time constant",
                                (plan.fastest_of_all().as_ms() / dt.as_ms() + 1e-9).floor()
                            ),
                        ),
                    ));
                }
            }
            Scheme::Skips(anchor) => {
                for &mix in &self.stairs.values {
                    let skipping = self.skipping(anchor, mix);
                    skipping.check().map_err(|e| section.blame("mix", e))?;
                    let factor = skipping.factor(dt / fastest);
                    if anchor == Anchor::Fresh && skipping.is_active() && factor > 1.0 {
                        return Err(section.blame(
                            "every",
                            Error::input(format!("skips of {} steps amplify deviations {factor:.2} times a block", self.every))
                                .why(format!(
                                    "literal DASC makes one Euler step of {} for a unit with tau = {fastest}; with a plain share of {mix} a deviation grows by |(1-β)(1-θκ) + β(1-κ)^θ| = {factor:.2}",
                                    dt * self.every as f64
                                ))
                                .remedy(format!(
                                    "take `every` = {} or less (twice the shortest time constant), or scheme = \"dasc\", whose lagged derivative is stable",
                                    (2.0 * fastest.as_ms() / dt.as_ms() + 1e-9).floor()
                                )),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Refuses skips that these trials have no room for; tells whether some of their epochs are too short for one.
    pub(super) fn check_trials(
        &self,
        section: &Section<'_>,
        task: &dyn Task,
        drawn: &[Drawn],
        dt: Time,
    ) -> Result<Option<String>> {
        if !matches!(self.scheme, Scheme::Skips(_)) {
            return Ok(None);
        }
        if self.trials && !drawn.iter().any(|d| task.session(&d.outline).len() > 2) {
            return Err(section.blame(
                "trials",
                Error::input(format!("skips over whole trials, but a trial of `{}` is by itself", task.name()))
                    .why("such a skip goes from the end of a trial to its beginning for the sake of the next trial of the same session, and there is none")
                    .remedy("leave it out; rule-reversal, reversal-2afc and wcst have sessions of several trials"),
            ));
        }
        let lengths: Vec<usize> = if self.across {
            drawn.iter().map(|d| d.steps).collect()
        } else {
            // Nothing is learnt from a warm-up.
            let warm_up = task.warm_up().steps(dt);
            drawn.iter().flat_map(|d| periods(d, dt)).filter(|p| p.end > warm_up).map(|p| p.len()).collect()
        };
        self.check_lengths(section, &lengths, dt)
    }

    /// Refuses skips that are longer than one of these epochs (or trials, where skips run on over epochs), in steps;
    /// tells of it where that is meant.
    fn check_lengths(&self, section: &Section<'_>, lengths: &[usize], dt: Time) -> Result<Option<String>> {
        let every = self.every;
        let what = if self.across { "trial" } else { "epoch" };
        let steps = |n: usize| format!("{n} steps ({})", dt * n as f64);
        let (shortest, longest) = lengths.iter().fold((usize::MAX, 0), |(a, b), n| (a.min(*n), b.max(*n)));
        if every > longest {
            let remedy = if self.across { "" } else { ", or `across = true`, where skips run on over epochs" };
            return Err(section.blame(
                "every",
                Error::input(format!("a skip of {every} steps is longer than every {what}"))
                    .why(format!("the longest has {}, so that there would be no skip at all", steps(longest)))
                    .remedy(format!("take {longest} or less{remedy}")),
            ));
        }
        let short = lengths.iter().filter(|n| **n < every).count();
        if short == 0 {
            return Ok(None);
        }
        let share = format!("{:.1} %", 100.0 * short as f64 / lengths.len() as f64);
        if self.across || self.short_epochs {
            return Ok(Some(format!(
                "[unroll] skips of {every} steps: {share} of the {what}s are shorter and get none"
            )));
        }
        let smaller = if shortest > 1 { format!("take {shortest} or less, ") } else { "set ".to_string() };
        Err(section.blame(
            "every",
            Error::input(format!("a skip of {every} steps is longer than {share} of the epochs"))
                .why(format!("the shortest has {}: learning would go through it without a short cut", steps(shortest)))
                .remedy(format!(
                    "{smaller}`across = true`, where skips run on over epochs, or `short_epochs = true`, where epochs shorter than a skip go without one"
                )),
        ))
    }
}

/// The steps between which no epoch begins.
fn periods(d: &Drawn, dt: Time) -> Vec<Range<usize>> {
    let mut ends: Vec<usize> = d.outline.epochs.iter().map(|e| e.start.steps(dt)).collect();
    ends.extend([0, d.steps]);
    ends.retain(|t| *t <= d.steps);
    ends.sort_unstable();
    ends.dedup();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}
