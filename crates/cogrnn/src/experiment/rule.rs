//! The sections that make a rule: `[rule]`, `[optimiser]`, `[penalties]`.

use crate::reader::Document;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{Credit, Shape};
use cogrnn_core::params::Arena;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::real::Real;
use cogrnn_core::settings::Settings;
use cogrnn_rules::optimisers::{Adam, Momentum, Optimiser, Schedule, Sgd};
use cogrnn_rules::penalties::{ActivityPenalty, L1, L2, RateL1, RateL2, WeightPenalty};
use cogrnn_rules::{Bptt, Descent};

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

/// What trains the network.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePlan {
    /// Whether each synapse learns from its own two ends alone (RFLO and its symmetric sister).
    pub local: bool,
    /// By which weights errors reach the units.
    pub feedback: Feedback,
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
    /// Whether a gradient that is no number is replaced.
    pub guard: bool,
    l1: Vec<L1>,
    l2: Vec<L2>,
    rate_l1: f64,
    rate_l2: f64,
}

impl RulePlan {
    pub(super) fn read(document: &Document) -> Result<RulePlan> {
        let mut section = document.section("rule");
        let about = "backpropagation through time, or local learning with random feedback (RFLO, Murray 2019)";
        let local = section.word("name", "bptt", &["bptt", "rflo"], about)? == "rflo";
        let usual = if local { "random" } else { "transposed" };
        let about = "weights by which errors reach the units: those of the readout, transposed, or fixed random ones";
        let feedback = if section.word("feedback", usual, &["transposed", "random"], about)? == "random" {
            // Murray 2019, Materials and methods
            Feedback::Random(section.number_in(
                "feedback_sd",
                1.0,
                1e-6,
                f64::INFINITY,
                "standard deviation of random feedback weights",
            )?)
        } else {
            section.ineffective("feedback_sd", "`feedback` is \"transposed\"")?;
            Feedback::Transposed
        };
        let exact = !local && feedback == Feedback::Transposed;
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
        let truncation = section
            .optional_count("truncate", "steps after which nothing flows further back; left out: the whole trial")?;
        if truncation == Some(0) {
            return Err(section.blame(
                "truncate",
                Error::input("`truncate` is 0")
                    .why("then no step would learn from another")
                    .remedy("leave it out to sweep the whole trial"),
            ));
        }

        let mut section = document.section("optimiser");
        let name = section.word("name", "sgd", &["sgd", "momentum", "adam"], "what follows the gradient")?;
        let usual = if name == "adam" { 0.001 } else { 0.01 };
        let rate = section.number_in("learning_rate", usual, 0.0, f64::INFINITY, "eta")?;
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
            1.0,
            0.0,
            f64::INFINITY,
            "longer gradients are shortened to this; 0 follows any",
        )?;
        let guard = section.flag(
            "guard",
            false,
            "replace a gradient that is no number by 0.02 w_rec, as the reference program does, instead of stopping",
        )?;

        let mut section = document.section("penalties");
        let mut cost = |key: &'static str, about: &'static str| section.number_in(key, 0.0, 0.0, f64::INFINITY, about);
        let mut plan = RulePlan {
            local,
            feedback,
            omega,
            bound,
            truncation,
            optimiser,
            clip: (clip > 0.0).then_some(clip),
            guard,
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
        plan.l1.retain(|p| p.lambda > 0.0);
        plan.l2.retain(|p| p.lambda > 0.0);
        Ok(plan)
    }

    /// The rule for a network of this shape; random feedback is that of the seed.
    pub fn build<F: Real>(&self, shape: Shape, seed: u64) -> Descent<Bptt<F>, F> {
        let mut estimator = Bptt::new(self.omega);
        estimator.credit = Credit { recurrent: !self.local, feedback: self.feedback_weights(shape, seed) };
        estimator.bound = self.bound;
        estimator.truncation = self.truncation;
        estimator.activity = self.activity();
        Descent {
            estimator,
            optimiser: self.optimiser.build(),
            penalties: self.penalties(),
            clip: self.clip,
            guard: self.guard,
        }
    }

    /// B (unit × output), if feedback is random.
    pub fn feedback_weights<F: Real>(&self, shape: Shape, seed: u64) -> Option<Vec<F>> {
        let Feedback::Random(sd) = self.feedback else { return None };
        let mut stream = Address { seed, purpose: Purpose::Feedback, trial: 0 }.stream();
        Some((0..shape.units * shape.outputs).map(|_| F::from_f64(sd * stream.normal())).collect())
    }

    /// What the weights cost beside the loss.
    pub fn weight_cost<F: Real>(&self, theta: &Arena<F>) -> f64 {
        self.penalties().iter().map(|p| p.value(theta)).sum()
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
        let name = match (self.local, self.feedback) {
            (false, Feedback::Transposed) => "backpropagation through time",
            (false, Feedback::Random(_)) => "backpropagation through time with random feedback",
            (true, Feedback::Transposed) => "local learning with symmetric feedback",
            (true, Feedback::Random(_)) => "random feedback local learning (RFLO)",
        };
        format!("{name} by {with}{omega}")
    }
}
