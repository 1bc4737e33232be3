//! The sections that make a rule: `[rule]`, `[optimiser]`, `[penalties]`.

use super::network::NetworkPlan;
use crate::reader::{Document, Section};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Adjoint, Credit, Imprint, Linearise, Perturb, Shape};
use cogrnn_core::params::Arena;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::real::Real;
use cogrnn_core::rule::Rule;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;
use cogrnn_core::units::{Time, ms};
use cogrnn_rules::forward::{Any, Signs};
use cogrnn_rules::kernl::Probes;
use cogrnn_rules::optimisers::{Adam, Momentum, Optimiser, Schedule, Sgd};
use cogrnn_rules::penalties::{ActivityPenalty, L1, L2, RateL1, RateL2, WeightPenalty};
use cogrnn_rules::reward_hebb::{Eligibility, Expecting, Supralinear};
use cogrnn_rules::rflo::InPlace;
use cogrnn_rules::{
    Bptt, Descent, Dni, EachStep, Eprop, Feeding, Forward, Kernl, KfRtrl, NodePerturbation, ReverseKfRtrl, RewardHebb,
    Rflo, Rtrl, Snap1, Uoro,
};

/// Which optimiser, and how it is set.
#[derive(Clone, Debug, PartialEq)]
pub enum OptimiserPlan {
    /// Plain gradient descent.
    Sgd(Sgd),
    /// With momentum.
    Momentum(Momentum),
    /// Adam.
    Adam(Adam),
}

impl OptimiserPlan {
    fn build<F: Real>(&self) -> Box<dyn Optimiser<F>> {
        match self.clone() {
            OptimiserPlan::Sgd(o) => Box::new(o),
            OptimiserPlan::Momentum(o) => Box::new(o),
            OptimiserPlan::Adam(o) => Box::new(o),
        }
    }
}

/// By which weights errors reach the units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feedback {
    /// The transposed readout weights, as the gradient has it.
    Transposed,
    /// Fixed random ones with this standard deviation.
    Random(f64),
}

/// How the gradient is found, or what takes its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Backpropagation through time.
    Bptt,
    /// Local learning: each synapse from its own two ends.
    Rflo,
    /// Local learning with filtered eligibilities.
    Eprop {
        /// κ.
        kappa: f64,
    },
    /// Real-time recurrent learning.
    Rtrl,
    /// The same, of each weight's own unit.
    Snap1,
    /// The same, as one outer product with random signs.
    Uoro,
    /// The same, as a Kronecker product with random signs.
    KfRtrl,
    /// The same, the other way round.
    ReverseKfRtrl,
    /// The same, by a learnt kernel.
    Kernl {
        /// λ at the beginning.
        lambda: Option<f64>,
        /// η of the kernel.
        rate: f64,
    },
    /// The gradient told by a learnt map.
    Dni {
        /// η of the map.
        rate: f64,
    },
    /// Reward by random perturbation.
    NodePerturbation {
        /// What is left of the expected loss after a batch.
        keep: f64,
    },
    /// Reward-modulated Hebbian learning.
    RewardHebb(RewardPlan),
}

/// How reward-modulated Hebbian learning is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardPlan {
    supralinear: Supralinear,
    eligibility: Eligibility,
    scaled: bool,
    keep: f64,
    expecting: Expecting,
    average: f64,
    afresh: bool,
    quiet: Time,
    silent: u64,
    /// Steps of `quiet`, and types of trials: known when the experiment is.
    steps: usize,
    types: usize,
}

/// What a preset of reward-modulated Hebbian learning sets by default (§3.9 of the specification).
#[derive(Clone, Copy)]
struct Preset {
    rate: f64,
    most: f64,
    scaled: bool,
    keep: f64,
    expecting: Expecting,
    average: f64,
    afresh: bool,
    quiet: f64,
    silent: usize,
}

impl Preset {
    fn of(name: &str) -> Preset {
        let code = Preset {
            rate: 0.1,
            most: 3e-4,
            scaled: true,
            keep: 0.75,
            expecting: Expecting::Nothing,
            average: 0.05,
            afresh: false,
            quiet: 3.0,
            silent: 101,
        };
        // The paper does not say when learning begins and what is expected before the first trial; ours.
        let paper = Preset {
            rate: 0.5,
            most: 1e-4,
            scaled: false,
            keep: 0.33,
            expecting: Expecting::TheFirst,
            average: 0.0,
            quiet: 0.0,
            silent: 0,
            ..code
        };
        match name {
            "paper" => paper,
            // Its baselines begin with an undisturbed trial of each type; ours with the first trial.
            "hebbrnn" => Preset { rate: 0.02, afresh: true, ..paper },
            _ => code,
        }
    }
}

impl Kind {
    /// In an experiment file.
    pub const NAMES: [&'static str; 12] = [
        "bptt",
        "rflo",
        "eprop",
        "rtrl",
        "snap1",
        "uoro",
        "kf-rtrl",
        "reverse-kf-rtrl",
        "kernl",
        "dni",
        "node-perturbation",
        "reward-hebb",
    ];

    /// Its name in an experiment file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bptt => "bptt",
            Kind::Rflo => "rflo",
            Kind::Eprop { .. } => "eprop",
            Kind::Rtrl => "rtrl",
            Kind::Snap1 => "snap1",
            Kind::Uoro => "uoro",
            Kind::KfRtrl => "kf-rtrl",
            Kind::ReverseKfRtrl => "reverse-kf-rtrl",
            Kind::Kernl { .. } => "kernl",
            Kind::Dni { .. } => "dni",
            Kind::NodePerturbation { .. } => "node-perturbation",
            Kind::RewardHebb(_) => "reward-hebb",
        }
    }

    /// The rule of this name with what it has by default.
    pub fn usual(name: &str) -> Option<Kind> {
        Some(match name {
            "bptt" => Kind::Bptt,
            "rflo" => Kind::Rflo,
            "eprop" => Kind::Eprop { kappa: 0.0 },
            "rtrl" => Kind::Rtrl,
            "snap1" => Kind::Snap1,
            "uoro" => Kind::Uoro,
            "kf-rtrl" => Kind::KfRtrl,
            "reverse-kf-rtrl" => Kind::ReverseKfRtrl,
            "kernl" => Kind::Kernl { lambda: None, rate: 0.001 },
            "dni" => Kind::Dni { rate: 0.01 },
            "node-perturbation" => Kind::NodePerturbation { keep: 0.9 },
            "reward-hebb" => Kind::RewardHebb(RewardPlan::preset(&Preset::of("code"))),
            _ => return None,
        })
    }

    /// Whether its gradient depends on what it draws.
    pub fn is_random(self) -> bool {
        matches!(self, Kind::Uoro | Kind::KfRtrl | Kind::ReverseKfRtrl) || self.explores()
    }

    /// Whether it learns from what the noise of the units did to the loss, and from no error beside.
    pub fn explores(self) -> bool {
        matches!(self, Kind::NodePerturbation { .. } | Kind::RewardHebb(_))
    }

    /// Whether it takes outputs that come back to the units.
    pub fn takes_returns(self) -> bool {
        self == Kind::Bptt || self.explores() || self.is_local()
    }

    /// Whether each synapse learns from its own two ends.
    pub fn is_local(self) -> bool {
        matches!(self, Kind::Rflo | Kind::Eprop { .. })
    }
}

/// Who works with a rule of whatever type.
pub trait Visitor<N: cogrnn_core::network::Network> {
    /// What comes of it.
    type Found;
    /// Works with it.
    fn visit<R: Rule<N>>(self, rule: &R) -> Self::Found;
}

/// What trains the network.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePlan {
    /// How the gradient is found.
    pub kind: Kind,
    /// Whether weights change after every step.
    pub online: bool,
    /// By which weights errors reach the units.
    pub feedback: Feedback,
    /// Share of the feedback weights that are there.
    pub feedback_density: f64,
    /// What becomes of them.
    pub feeding: Feeding,
    /// Blocks that learn at another rate, and what the rate is multiplied by.
    pub rates: Vec<(&'static str, f64)>,
    /// Whether the exact gradient is looked at beside the rule's.
    pub shadow: bool,
    /// Weight of the Ω regulariser.
    pub omega: f64,
    /// Smallest squared error gradient that Ω looks at.
    pub bound: f64,
    /// Steps after which the backward sweep is cut.
    pub truncation: Option<usize>,
    /// The optimiser.
    pub optimiser: OptimiserPlan,
    /// Longest gradient that is followed.
    pub clip: Option<f64>,
    /// Largest change of one parameter.
    pub most: Option<f64>,
    /// Whether a gradient that is no number is replaced.
    pub guard: bool,
    /// Which draw of the rule's random signs and probes: 0 in every training.
    pub draw: u64,
    l1: Vec<L1>,
    l2: Vec<L2>,
    rate_l1: f64,
    rate_l2: f64,
}

impl RulePlan {
    pub(super) fn read(document: &Document) -> Result<RulePlan> {
        let mut section = document.section("rule");
        let about = "how the gradient is found, or what takes its place (docs/learning-rules.md)";
        let name = section.word("name", "bptt", &Kind::NAMES, about)?;
        let (kind, preset) = read_kind(&mut section, &name)?;
        let about = "when weights change: after each batch of trials, or after each step of them";
        let online = section.word("update", "trial", &["trial", "step"], about)? == "step";
        if online && (kind == Kind::Bptt || kind.explores()) {
            return Err(section.blame(
                "update",
                Error::input(format!("`{name}` with  update = \"step\""))
                    .why("it knows its gradient at the end of a trial only")
                    .remedy(
                        "leave `update` out, or take a rule that goes forwards in time: rflo, rtrl, snap1, uoro, …",
                    ),
            ));
        }
        let usual = if kind.is_local() { "random" } else { "transposed" };
        let about = "weights by which errors reach the units: those of the readout, transposed; fixed random ones; or random \
                     ones that learn what the readout learns and come to align with it";
        let mut feedback_density = 1.0;
        let mut feeding = Feeding::default();
        let unfed = kind.explores();
        const OTHERS: [&str; 4] = ["feedback_sd", "feedback_density", "feedback_signs", "feedback_decay"];
        let feedback = if unfed {
            for key in ["feedback"].iter().chain(&OTHERS) {
                section.ineffective(key, &format!("`{name}` sends no error back to the units"))?;
            }
            Feedback::Transposed
        } else {
            let word = section.word("feedback", usual, &["transposed", "random", "learned"], about)?;
            if word == "transposed" {
                for key in OTHERS {
                    section.ineffective(key, "`feedback` is \"transposed\"")?;
                }
                Feedback::Transposed
            } else {
                let about = "share of the feedback weights that are there";
                feedback_density = section.number_in("feedback_density", 1.0, 1e-6, 1.0, about)?;
                let about =
                    "signs of random feedback weights: as drawn, or those of the readout weights at the beginning";
                feeding.concordant = section.word("feedback_signs", "free", &["free", "readout"], about)? == "readout";
                if word == "learned" {
                    let about = "what feedback and readout weights lose with every change, so that both come to be alike \
                                 (Kolen & Pollack 1994)";
                    feeding.decay = Some(section.number_in("feedback_decay", 0.001, 0.0, 1.0, about)?);
                } else {
                    section.ineffective("feedback_decay", "`feedback` is \"random\"")?;
                }
                // Murray 2019, Materials and methods
                let about = "standard deviation of random feedback weights";
                Feedback::Random(section.number_in("feedback_sd", 1.0, 1e-6, f64::INFINITY, about)?)
            }
        };
        let about = "whether checks tell the cosine between the rule's gradient and the exact one, and that between readout and \
                     random feedback weights, used or not; it changes nothing";
        let shadow = section.flag("shadow", false, about)?;
        let exact = kind == Kind::Bptt && feedback == Feedback::Transposed;
        let backwards = kind == Kind::Bptt || kind == Kind::Rflo && !online;
        // Song et al. 2016, table 1
        let omega = section.number_in(
            "omega",
            if exact { 2.0 } else { 0.0 },
            0.0,
            f64::INFINITY,
            "weight of the regulariser against vanishing gradients; 0 leaves it out",
        )?;
        if omega > 0.0 && !exact {
            return Err(section.blame(
                "omega",
                Error::input(format!("`omega` is {omega} without the gradient"))
                    .why("the regulariser is about how the gradient flows back, and this rule follows another way")
                    .remedy("leave it out, or take  name = \"bptt\"  and  feedback = \"transposed\""),
            ));
        }
        let bound = if omega > 0.0 {
            section.number_in(
                "omega_bound",
                1e-20,
                0.0,
                1.0,
                "squared error gradients below this are left out of it",
            )?
        } else {
            section.ineffective("omega_bound", "`omega` is 0")?;
            1e-20
        };
        let mut truncation = None;
        if backwards {
            let about = "steps after which nothing flows further back; left out: the whole trial";
            truncation = section.optional_count("truncate", about)?;
        } else {
            section.ineffective(
                "truncate",
                &format!("`{name}` carries sensitivities forwards, and sweeps nothing back"),
            )?;
        }
        if truncation == Some(0) {
            return Err(section.blame(
                "truncate",
                Error::input("`truncate` is 0")
                    .why("then no step would learn from another")
                    .remedy("leave it out to sweep the whole trial"),
            ));
        }

        let rule = name;
        let mut section = document.section("optimiser");
        let name = section.word("name", "sgd", &["sgd", "momentum", "adam"], "what follows the gradient")?;
        let usual = if name == "adam" { 0.001 } else { preset.map_or(0.01, |p| p.rate) };
        let rate = section.number_in("learning_rate", usual, 0.0, f64::INFINITY, "eta")?;
        let rates = read_rates(&mut section, rate)?;
        if feeding.decay.is_some() && rates.contains(&("w_out", 0.0)) {
            return Err(section.blame(
                "learning_rate_out",
                Error::input("a readout that does not learn, with  feedback = \"learned\"")
                    .why("feedback weights learn what the readout learns")
                    .remedy("leave `learning_rate_out` out, or take  feedback = \"random\""),
            ));
        }
        let schedule =
            section.word("schedule", "constant", &["constant", "step", "cosine"], "how the learning rate changes")?;
        let rate = match schedule.as_str() {
            "step" => Schedule::Step {
                start: rate,
                factor: section.number_in("schedule_factor", 0.5, 0.0, 1.0, "what it is multiplied by at each step")?,
                every: section.positive_count("schedule_every", 10_000, "updates from step to step")? as u64,
            },
            "cosine" => Schedule::Cosine {
                start: rate,
                end: section.number_in("schedule_end", 0.0, 0.0, f64::INFINITY, "where it ends")?,
                updates: section.positive_count("schedule_updates", 10_000, "updates until then")? as u64,
            },
            _ => Schedule::Constant(rate),
        };
        for (key, of) in [
            ("schedule_factor", "step"),
            ("schedule_every", "step"),
            ("schedule_end", "cosine"),
            ("schedule_updates", "cosine"),
        ] {
            if schedule != of {
                section.ineffective(key, &format!("only `schedule = \"{of}\"` uses it, and this is \"{schedule}\""))?;
            }
        }
        for (key, of) in [("momentum", "momentum"), ("beta1", "adam"), ("beta2", "adam"), ("epsilon", "adam")] {
            if name != of {
                section.ineffective(key, &format!("only `name = \"{of}\"` uses it, and this is \"{name}\""))?;
            }
        }
        let optimiser = match name.as_str() {
            "momentum" => OptimiserPlan::Momentum(Momentum {
                rate,
                momentum: section.number_in("momentum", 0.9, 0.0, 0.99999, "mu")?,
            }),
            // Kingma & Ba 2015
            "adam" => OptimiserPlan::Adam(Adam {
                rate,
                beta1: section.number_in("beta1", 0.9, 0.0, 0.99999, "memory of the mean")?,
                beta2: section.number_in("beta2", 0.999, 0.0, 0.99999, "memory of the square")?,
                epsilon: section.number_in("epsilon", 1e-8, 1e-12, 1.0, "keeps steps finite")?,
            }),
            _ => OptimiserPlan::Sgd(Sgd { rate }),
        };
        // Song et al. 2016, table 1: G = 1
        let clip = section.number_in(
            "max_gradient_norm",
            if preset.is_some() { 0.0 } else { 1.0 },
            0.0,
            f64::INFINITY,
            "longer gradients are shortened to this; 0 follows any",
        )?;
        let about = "largest change of one weight in one update; larger ones are cut to it; 0 makes any";
        let most = section.number_in("max_change", preset.map_or(0.0, |p| p.most), 0.0, f64::INFINITY, about)?;
        let guard = section.flag(
            "guard",
            false,
            "replace a gradient that is no number by 0.02 w_rec, as the reference program does, instead of stopping",
        )?;

        let mut section = document.section("penalties");
        let mut cost = |key: &'static str, about: &'static str| section.number_in(key, 0.0, 0.0, f64::INFINITY, about);
        let mut plan = RulePlan {
            kind,
            online,
            feedback,
            feedback_density,
            feeding,
            rates,
            shadow,
            omega,
            bound,
            truncation,
            optimiser,
            clip: (clip > 0.0).then_some(clip),
            most: (most > 0.0).then_some(most),
            guard,
            draw: 0,
            l1: vec![],
            l2: vec![],
            rate_l1: 0.0,
            rate_l2: 0.0,
        };
        for (key, block, about) in [
            ("l1_in", "w_in", "times mean |w_in|"),
            ("l1_rec", "w_rec", "times mean |w_rec|"),
            ("l1_out", "w_out", "times mean |w_out|"),
        ] {
            plan.l1.push(L1 { block, lambda: cost(key, about)? });
        }
        for (key, block, about) in [
            ("l2_in", "w_in", "times mean w_in²"),
            ("l2_rec", "w_rec", "times mean w_rec²"),
            ("l2_out", "w_out", "times mean w_out²"),
        ] {
            plan.l2.push(L2 { block, lambda: cost(key, about)? });
        }
        plan.rate_l1 = cost("l1_rates", "times mean |r|")?;
        plan.rate_l2 = cost("l2_rates", "times mean r²")?;
        if plan.rates_cost() && (kind.explores() || matches!(kind, Kind::Dni { .. })) {
            let key = if plan.rate_l1 > 0.0 { "l1_rates" } else { "l2_rates" };
            return Err(section.blame(
                key,
                Error::input(format!("`{key}` with the rule `{rule}`"))
                    .why("it learns from the loss of the outputs alone, and would never see this cost")
                    .remedy("leave the cost out, or take another rule"),
            ));
        }
        plan.l1.retain(|p| p.lambda > 0.0);
        plan.l2.retain(|p| p.lambda > 0.0);
        Ok(plan)
    }

    /// Refuses a network that the rule cannot train, in the words of what is missing.
    pub(super) fn check(&self, section: &Section<'_>, network: &NetworkPlan, skips: bool) -> Result<()> {
        let name = self.kind.name();
        let backwards = self.kind == Kind::Bptt || self.kind == Kind::Rflo && !self.online;
        if skips && !backwards {
            return Err(section.blame(
                "name",
                Error::input(format!("the rule `{name}` with a network that [unroll] changes"))
                    .why("it carries sensitivities from step to step and would see nothing of the skips")
                    .remedy("leave [unroll] out, or take  name = \"bptt\""),
            ));
        }
        if network.returns.is_some() && !self.kind.takes_returns() {
            return Err(section.blame(
                "name",
                Error::input(format!("the rule `{name}` with outputs that come back to the units"))
                    .why("it follows what recurrent weights do to the units, and would miss what the readout does to them")
                    .remedy("leave  [network] output_feedback  out, or take bptt, rflo, eprop or node-perturbation"),
            ));
        }
        if self.kind.explores() && !network.explores() {
            return Err(section.blame(
                "name",
                Error::input(format!("the rule `{name}` with units that have no white noise of their own"))
                    .why("it learns from what the noise of each unit did to the loss")
                    .remedy("set  [noise] perturbation = 16, or  units = 0.1  or more, without `tau` and `covariance`"),
            ));
        }
        if network.is_floored() && (!self.kind.explores() || self.shadow) {
            return Err(section.blame(
                if self.kind.explores() { "shadow" } else { "name" },
                Error::input(format!("the rule `{name}` with rates that are kept from going below zero"))
                    .why("it follows derivatives, and `floored_units` have none that it is told of")
                    .remedy("leave  [network] floored_units  out, or take node-perturbation or reward-hebb"),
            ));
        }
        Ok(())
    }

    /// Tells the rule what it needs to know of time and trials; refuses a task that it cannot learn from.
    pub(super) fn settle(&mut self, section: &Section<'_>, task: &dyn Task, dt: Time) -> Result<()> {
        if let Kind::RewardHebb(plan) = &mut self.kind {
            plan.steps = plan.quiet.steps(dt);
            plan.types = task.conditions().rows.len() + 1;
        }
        if task.acts() && !matches!(self.kind, Kind::RewardHebb(_)) {
            return Err(section.blame(
                "name",
                Error::input(format!("the rule `{}` with the task `{}`", self.kind.name(), task.name()))
                    .why("its trials are judged when they are over, by what the outputs led to: there is no error of a step")
                    .remedy("take  name = \"reward-hebb\""),
            ));
        }
        Ok(())
    }

    /// Backpropagation, or a rule that is one with another [`Credit`], for a network of this shape; random feedback is
    /// that of the seed.
    pub fn build<F: Real>(&self, shape: Shape, seed: u64) -> Descent<Bptt<F>, F> {
        let mut estimator = Bptt::new(self.omega);
        estimator.credit = Credit { recurrent: !self.kind.is_local(), feedback: self.feedback_weights(shape, seed) };
        estimator.bound = self.bound;
        estimator.truncation = self.truncation;
        estimator.activity = self.activity();
        self.descent(estimator)
    }

    /// Backpropagation of the same costs that changes nothing: what the rule is held against.
    pub fn exact<F: Real>(&self, own: Vec<Box<dyn WeightPenalty<F>>>) -> Descent<Bptt<F>, F> {
        let mut estimator = Bptt::new(0.0);
        estimator.activity = self.activity();
        let mut rule = self.descent(estimator);
        rule.most = None;
        rule.optimiser = Box::new(Sgd { rate: Schedule::Constant(0.0) });
        rule.rates.clear();
        rule.penalties.extend(own);
        rule
    }

    /// Cosine between the readout weights (output × unit) and feedback weights: those that `now` are there, or, where none
    /// are kept, the random ones of the seed.
    pub fn alignment(&self, shape: Shape, seed: u64, w_out: &[f32], now: Option<&[f32]>) -> f64 {
        let w_out = w_out.iter().map(|w| f64::from(*w));
        if let Some(b) = now {
            return cosine(w_out, b.iter().map(|b| f64::from(*b)));
        }
        let random = RulePlan {
            feedback: match self.feedback {
                Feedback::Random(sd) => Feedback::Random(sd),
                Feedback::Transposed => Feedback::Random(1.0),
            },
            ..self.clone()
        };
        let b: Vec<f64> = random.feedback_weights(shape, seed).unwrap_or_default();
        cosine(w_out, (0..shape.outputs).flat_map(|o| b.iter().skip(o).step_by(shape.outputs).copied()))
    }

    fn descent<E, F: Real>(&self, estimator: E) -> Descent<E, F> {
        Descent {
            estimator,
            optimiser: self.optimiser.build(),
            penalties: self.penalties(),
            clip: self.clip,
            guard: self.guard,
            rates: self.rates.clone(),
            feeding: self.feeding,
            most: self.most,
        }
    }

    /// The rule, whatever its type, for a network of this shape. What is random in it is that of the seed; `start`
    /// says whether initial states are learnt, `imprints` whether weights can change in place ([`Imprint::imprints`]),
    /// and `own` what the weights cost beside what the plan says.
    pub fn visit<N: Adjoint + Linearise + Perturb + Imprint, V: Visitor<N>>(
        &self,
        shape: Shape,
        seed: u64,
        isa: Isa,
        start: bool,
        imprints: bool,
        own: Vec<Box<dyn WeightPenalty<N::Real>>>,
        visitor: V,
    ) -> V::Found {
        let drawn = seed.wrapping_add(self.draw);
        let signs = || Signs::Drawn(drawn);
        let way = Way { plan: self, shape, seed, start, own };
        let influence = match self.kind {
            Kind::Bptt => return way.sweeping(visitor),
            Kind::Rflo if !self.online => return way.sweeping(visitor),
            Kind::RewardHebb(plan) => {
                let mut rule = self.descent(plan.build(isa));
                rule.penalties.extend(way.own);
                return visitor.visit(&rule);
            }
            Kind::NodePerturbation { keep } => {
                let mut rule = self.descent(way.forward(NodePerturbation { keep }));
                rule.penalties.extend(way.own);
                return visitor.visit(&rule);
            }
            Kind::Rflo => {
                if let Some(rate) = self.in_place().filter(|_| imprints && way.own.is_empty()) {
                    let still = self.rates.iter().map(|(block, _)| *block).collect();
                    let rule = InPlace { feedback: self.feedback_weights(shape, seed), rate, still };
                    return visitor.visit(&rule);
                }
                Any::Rflo(Rflo { isa })
            }
            Kind::Eprop { kappa } => Any::Eprop(Eprop { kappa, isa }),
            Kind::Rtrl => Any::Rtrl(Rtrl { isa }),
            Kind::Snap1 => Any::Snap1(Snap1 { isa }),
            Kind::Uoro => Any::Uoro(Uoro { signs: signs() }),
            Kind::KfRtrl => Any::KfRtrl(KfRtrl { signs: signs(), isa }),
            Kind::ReverseKfRtrl => Any::ReverseKfRtrl(ReverseKfRtrl { signs: signs(), isa }),
            Kind::Kernl { lambda, rate } => {
                Any::Kernl(Kernl { lambda, rate, probes: Probes::Drawn(drawn), given: None, isa })
            }
            Kind::Dni { rate } => Any::Dni(Dni { rate, seed, given: None }),
        };
        let mut rule = self.descent(way.forward(influence));
        rule.penalties.extend(way.own);
        if self.online { visitor.visit(&EachStep(rule)) } else { visitor.visit(&rule) }
    }

    /// The learning rate, if nothing but plain descent is asked for: steps that can be made in place.
    fn in_place(&self) -> Option<Schedule> {
        let bare = self.feeding == Feeding::default()
            && self.clip.is_none()
            && self.most.is_none()
            && !self.guard
            && self.l1.is_empty()
            && self.l2.is_empty()
            && !self.rates_cost();
        match &self.optimiser {
            OptimiserPlan::Sgd(Sgd { rate }) if bare && self.rates.iter().all(|(_, factor)| *factor == 0.0) => {
                Some(rate.clone())
            }
            _ => None,
        }
    }

    /// B (unit × output), if feedback is random.
    pub fn feedback_weights<F: Real>(&self, shape: Shape, seed: u64) -> Option<Vec<F>> {
        let Feedback::Random(sd) = self.feedback else { return None };
        let mut stream = Address { seed, purpose: Purpose::Feedback, trial: 0 }.stream();
        let mut b: Vec<F> = (0..shape.units * shape.outputs).map(|_| F::from_f64(sd * stream.normal())).collect();
        if self.feedback_density < 1.0 {
            // The other weights are those of the dense matrix.
            b.iter_mut().filter(|_| stream.uniform() >= self.feedback_density).for_each(|b| *b = F::ZERO);
        }
        Some(b)
    }

    /// What the weights cost beside the loss.
    pub fn weight_cost<F: Real>(&self, theta: &Arena<F>) -> f64 {
        self.penalties().iter().map(|p| p.value(theta)).sum()
    }

    /// Another rule on the same terms, that gives its gradient and changes nothing: with random feedback or with that of the
    /// readout, and weights that cost nothing.
    #[must_use]
    pub fn bare(&self, kind: Kind, random: bool, draw: u64) -> RulePlan {
        let sd = if let Feedback::Random(sd) = self.feedback { sd } else { 1.0 };
        let kind = match kind {
            // it is to be told what to expect by a first batch, and learn from the second
            Kind::RewardHebb(plan) => {
                Kind::RewardHebb(RewardPlan { expecting: Expecting::TheFirst, silent: 0, ..plan })
            }
            kind => kind,
        };
        RulePlan {
            kind,
            online: false,
            feedback: if random { Feedback::Random(sd) } else { Feedback::Transposed },
            feeding: Feeding { decay: None, ..self.feeding },
            rates: Vec::new(),
            shadow: false,
            omega: 0.0,
            truncation: None,
            optimiser: OptimiserPlan::Sgd(Sgd { rate: Schedule::Constant(0.0) }),
            clip: None,
            most: None,
            guard: false,
            draw,
            l1: Vec::new(),
            l2: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether rates cost anything.
    pub fn rates_cost(&self) -> bool {
        self.rate_l1 > 0.0 || self.rate_l2 > 0.0
    }

    /// What the rates of one trial and step cost; `share` is 1 / (steps · trials · units).
    pub fn rate_cost(&self, rates: &[f64], share: f64) -> f64 {
        RateL1 { lambda: self.rate_l1 }.value(rates, share) + RateL2 { lambda: self.rate_l2 }.value(rates, share)
    }

    fn penalties<F: Real>(&self) -> Vec<Box<dyn WeightPenalty<F>>> {
        let l1 = self.l1.iter().map(|p| Box::new(p.clone()) as Box<dyn WeightPenalty<F>>);
        let l2 = self.l2.iter().map(|p| Box::new(p.clone()) as Box<dyn WeightPenalty<F>>);
        l1.chain(l2).collect()
    }

    fn activity<F: Real>(&self) -> Vec<Box<dyn ActivityPenalty<F>>> {
        let mut all: Vec<Box<dyn ActivityPenalty<F>>> = Vec::new();
        if self.rate_l1 > 0.0 {
            all.push(Box::new(RateL1 { lambda: self.rate_l1 }));
        }
        if self.rate_l2 > 0.0 {
            all.push(Box::new(RateL2 { lambda: self.rate_l2 }));
        }
        all
    }

    pub(super) fn summary(&self) -> String {
        let with = match &self.optimiser {
            OptimiserPlan::Sgd(_) => "gradient descent",
            OptimiserPlan::Momentum(_) => "momentum",
            OptimiserPlan::Adam(_) => "Adam",
        };
        let omega =
            if self.omega > 0.0 { format!(" and Ω regulariser (weight {})", self.omega) } else { String::new() };
        let random = matches!(self.feedback, Feedback::Random(_));
        let learned = self.feeding.decay.is_some();
        let name = match (self.kind, random) {
            (Kind::Bptt, false) => "backpropagation through time",
            (Kind::Bptt, true) if learned => "backpropagation through time with learned feedback",
            (Kind::Bptt, true) => "backpropagation through time with random feedback",
            (Kind::Rflo, false) => "local learning with symmetric feedback",
            (Kind::Rflo, true) if learned => "local learning with learned feedback",
            (Kind::Rflo, true) => "random feedback local learning (RFLO)",
            (Kind::Eprop { .. }, false) => "e-prop with symmetric feedback",
            (Kind::Eprop { .. }, true) => "e-prop",
            (Kind::Rtrl, _) => "real-time recurrent learning (RTRL)",
            (Kind::Snap1, _) => "SnAp-1",
            (Kind::Uoro, _) => "unbiased online recurrent optimisation (UORO)",
            (Kind::KfRtrl, _) => "Kronecker-factored RTRL",
            (Kind::ReverseKfRtrl, _) => "reverse Kronecker-factored RTRL",
            (Kind::Kernl { .. }, _) => "kernel RNN learning (KeRNL)",
            (Kind::Dni { .. }, _) => "decoupled neural interfaces (DNI)",
            (Kind::NodePerturbation { .. }, _) => "node perturbation (REINFORCE)",
            (Kind::RewardHebb(plan), _) if plan.eligibility == Eligibility::Perturbation => {
                "node perturbation, one reward a trial"
            }
            (Kind::RewardHebb(_), _) => "reward-modulated Hebbian learning",
        };
        let by_random = random && !self.kind.is_local() && self.kind != Kind::Bptt;
        let feedback = if by_random { ", random feedback" } else { "" };
        let when = if self.online { ", an update a step" } else { "" };
        format!("{name}{feedback} by {with}{when}{omega}")
    }
}

/// Cosine of the angle between two vectors; no number if one of them has no length.
pub fn cosine(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.zip(b) {
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt()
}

/// A plan on its way to a rule.
struct Way<'a, F> {
    plan: &'a RulePlan,
    shape: Shape,
    seed: u64,
    start: bool,
    own: Vec<Box<dyn WeightPenalty<F>>>,
}

impl<F: Real> Way<'_, F> {
    fn sweeping<N: Adjoint<Real = F>, V: Visitor<N>>(self, visitor: V) -> V::Found {
        let mut rule = self.plan.build::<F>(self.shape, self.seed);
        rule.penalties.extend(self.own);
        visitor.visit(&rule)
    }

    fn forward<I>(&self, influence: I) -> Forward<I, F> {
        Forward {
            influence,
            feedback: self.plan.feedback_weights(self.shape, self.seed),
            activity: self.plan.activity(),
            start: self.start,
        }
    }
}

impl RewardPlan {
    fn preset(preset: &Preset) -> RewardPlan {
        RewardPlan {
            supralinear: Supralinear::Cube,
            eligibility: Eligibility::Product,
            scaled: preset.scaled,
            keep: preset.keep,
            expecting: preset.expecting,
            average: preset.average,
            afresh: preset.afresh,
            quiet: ms(preset.quiet),
            silent: preset.silent as u64,
            steps: preset.quiet as usize,
            types: 1,
        }
    }

    fn build(&self, isa: Isa) -> RewardHebb {
        RewardHebb {
            supralinear: self.supralinear,
            eligibility: self.eligibility,
            scaled: self.scaled,
            keep: self.keep,
            expecting: self.expecting,
            average: self.average,
            afresh: self.afresh,
            quiet: self.steps,
            silent: self.silent,
            types: self.types,
            isa,
        }
    }

    fn read(section: &mut Section<'_>) -> Result<(RewardPlan, Preset)> {
        let about = "what the settings below are by default: those of the program of Miconi (2017), of the text of that paper, or \
                     of the toolbox hebbRNN; `learning_rate` and `max_change` of [optimiser] among them";
        let preset = Preset::of(&section.word("preset", "code", &["code", "paper", "hebbrnn"], about)?);
        let mut plan = RewardPlan::preset(&preset);
        let about = "what a synapse remembers: the sum of S(rate of the one end × deflection of the other), of rate × S(deflection), \
                     or of rate × disturbance, which is node perturbation";
        let words = ["product", "deflection", "perturbation"];
        plan.eligibility = match section.word("eligibility", "product", &words, about)?.as_str() {
            "deflection" => Eligibility::Deflection,
            "perturbation" => Eligibility::Perturbation,
            _ => Eligibility::Product,
        };
        if plan.eligibility == Eligibility::Perturbation {
            section.ineffective("supralinear", "a disturbance stands out by itself")?;
            plan.supralinear = Supralinear::Linear;
        } else {
            let about = "S: z³, z |z|, or, to see them fail, z or √z";
            let words = ["cube", "square", "linear", "root"];
            plan.supralinear = match section.word("supralinear", "cube", &words, about)?.as_str() {
                "square" => Supralinear::Square,
                "linear" => Supralinear::Linear,
                "root" => Supralinear::Root,
                _ => Supralinear::Cube,
            };
        }
        let about = "whether the update is multiplied by the expected error of its type of trials, so that it becomes small as \
                     the type is learnt";
        plan.scaled = section.flag("scale_by_error", preset.scaled, about)?;
        let about =
            "what is left of the expected error of a type of trials after one of them; its error makes up the rest";
        plan.keep = section.number_in("baseline_memory", preset.keep, 0.0, 0.999_999, about)?;
        let about = "what the expected error begins with: 0, or the error of the first trial";
        let usual = if preset.expecting == Expecting::Nothing { "zero" } else { "first" };
        let start = section.word("baseline_start", usual, &["zero", "first"], about)?;
        plan.expecting = if start == "zero" { Expecting::Nothing } else { Expecting::TheFirst };
        let about =
            "what is left of a unit's running average after a step; the deflection is what it differs from it by";
        plan.average = section.number_in("average_memory", preset.average, 0.0, 0.999_999, about)?;
        let about =
            "whether that average begins each trial with its initial state, instead of going on from the trial before";
        plan.afresh = section.flag("average_afresh", preset.afresh, about)?;
        let about = "until when in a trial synapses remember nothing";
        plan.quiet = section.time("trace_after", ms(preset.quiet), about)?;
        let about = "trials at the beginning of all from which only the expected error is learnt";
        plan.silent = section.count("silent_trials", preset.silent, about)? as u64;
        Ok((plan, preset))
    }
}

fn read_kind(section: &mut Section<'_>, name: &str) -> Result<(Kind, Option<Preset>)> {
    let only = |key: &str, of: &[&str]| -> Result<bool> {
        let mine = of.contains(&name);
        if !mine {
            section.ineffective(key, &format!("`{name}` has no use for it"))?;
        }
        Ok(mine)
    };
    let filtered = only("kappa", &["eprop"])?;
    let decaying = only("kernel_decay", &["kernl"])?;
    let modelling = only("model_learning_rate", &["kernl", "dni"])?;
    let expecting = only("baseline_memory", &["node-perturbation", "reward-hebb"])?;
    for key in ["preset", "eligibility", "supralinear", "scale_by_error", "baseline_start", "average_memory"] {
        only(key, &["reward-hebb"])?;
    }
    for key in ["average_afresh", "trace_after", "silent_trials"] {
        only(key, &["reward-hebb"])?;
    }
    if name == "reward-hebb" {
        let (plan, preset) = RewardPlan::read(section)?;
        return Ok((Kind::RewardHebb(plan), Some(preset)));
    }
    let about = "how much of the filtered eligibility is left after a step, as in a readout that leaks";
    let kappa = if filtered { section.number_in("kappa", 0.0, 0.0, 0.999_999, about)? } else { 0.0 };
    let mut lambda = None;
    if decaying {
        let about = "lambda of every unit at the beginning, what is lost in a step; left out: dt/tau";
        lambda = section.optional_number("kernel_decay", about)?;
        if let Some(wrong) = lambda.filter(|l| !(0.0..=1.0).contains(l)) {
            return Err(section.blame(
                "kernel_decay",
                Error::input(format!("`kernel_decay` is {wrong}"))
                    .why("it is the share of a trace that is lost in a step")
                    .remedy("take a number from 0 to 1"),
            ));
        }
    }
    let mut rate = 0.0;
    if modelling {
        let about = "learning rate of what the rule learns of the network: its kernel (kernl), its map (dni)";
        let usual = if name == "dni" { 0.01 } else { 0.001 };
        rate = section.number_in("model_learning_rate", usual, 0.0, f64::INFINITY, about)?;
    }
    let mut keep = 0.0;
    if expecting {
        let about = "what is left of the expected loss after an update; the loss of its trials makes up the rest";
        keep = section.number_in("baseline_memory", 0.9, 0.0, 0.999_999, about)?;
    }
    let kind = match name {
        "rflo" => Kind::Rflo,
        "eprop" => Kind::Eprop { kappa },
        "rtrl" => Kind::Rtrl,
        "snap1" => Kind::Snap1,
        "uoro" => Kind::Uoro,
        "kf-rtrl" => Kind::KfRtrl,
        "reverse-kf-rtrl" => Kind::ReverseKfRtrl,
        "kernl" => Kind::Kernl { lambda, rate },
        "dni" => Kind::Dni { rate },
        "node-perturbation" => Kind::NodePerturbation { keep },
        _ => Kind::Bptt,
    };
    Ok((kind, None))
}

/// Blocks whose rate is not the optimiser's, and what theirs is a multiple of it by.
fn read_rates(section: &mut Section<'_>, rate: f64) -> Result<Vec<(&'static str, f64)>> {
    let mut rates = Vec::new();
    for (key, about, blocks) in [
        (
            "learning_rate_in",
            "eta of the input weights; left out: `learning_rate`. 0 leaves them as they are",
            &["w_in"][..],
        ),
        ("learning_rate_rec", "the same for recurrent weights and the units' biases", &["w_rec", "b_rec"][..]),
        ("learning_rate_out", "the same for readout weights and the outputs' biases", &["w_out", "b_out"][..]),
    ] {
        let Some(own) = section.optional_number(key, about)? else { continue };
        if !(own >= 0.0 && own.is_finite()) || rate == 0.0 && own > 0.0 {
            return Err(section.blame(
                key,
                Error::input(format!("`{key}` is {own}, with  learning_rate = {rate}"))
                    .why("it must be a finite rate from 0 on, and is kept as a multiple of `learning_rate`")
                    .remedy("give both above 0; a rate of 0 leaves a block as it is"),
            ));
        }
        if own != rate {
            rates.extend(blocks.iter().map(|block| (*block, own / rate)));
        }
    }
    Ok(rates)
}
