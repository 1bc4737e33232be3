//! Whether a learning rule computes what it says: identities with other rules and with finite differences, numbers of
//! the specification, and for each a control that must not hold.
//!
//! ```
//! let checks = cogrnn::verify::verify(Some("rtrl")).unwrap();
//! assert!(checks.iter().all(|check| check.passed));
//! ```
//! All in double precision, on six units, a few trials of fourteen steps, and both orders of leak and nonlinearity.

mod little;
mod reward;

pub use little::Problem;

use crate::experiment::Kind;
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Credit, History, Network, Noise, Room};
use cogrnn_core::params::{Arena, Parameters};
use cogrnn_core::random::Purpose;
use cogrnn_core::readout::Loss;
use cogrnn_core::rule::Estimator;
use cogrnn_core::run::Run;
use cogrnn_networks::rate::{Leak, Rate, UnitNoise};
use cogrnn_rules::forward::{Forward, Influence, Signs};
use cogrnn_rules::kernl::Probes;
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::{Bptt, Dni, Eprop, Kernl, KfRtrl, NodePerturbation, ReverseKfRtrl, Rflo, Rtrl, Snap1, Uoro, With};
use serde::Serialize;

/// One claim about a rule, and what came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The rule.
    pub rule: &'static str,
    /// What it is held against.
    pub claim: String,
    /// The largest difference found, between any two entries of the gradient unless the claim says otherwise.
    pub found: f64,
    /// What it may be at most; of a control, what it must be at least.
    pub bound: f64,
    /// Whether it is a control: something that must not hold.
    pub control: bool,
    /// Whether it came out.
    pub passed: bool,
}

impl Check {
    fn equal(rule: &'static str, claim: impl Into<String>, found: f64, bound: f64) -> Check {
        Check { rule, claim: claim.into(), found, bound, control: false, passed: found <= bound }
    }

    fn differs(rule: &'static str, claim: impl Into<String>, found: f64, bound: f64) -> Check {
        Check { rule, claim: claim.into(), found, bound, control: true, passed: found >= bound }
    }
}

/// Two sums of products of order 1 in another order.
const ROUNDING: f64 = 1e-12;
/// What a control must reach: gradients here are of order 0.1.
const NOTICED: f64 = 1e-3;

/// Checks a rule by its name in experiment files, or all of them.
///
/// # Errors
/// If there is no such rule.
pub fn verify(rule: Option<&str>) -> Result<Vec<Check>> {
    if let Some(name) = rule.filter(|name| !Kind::NAMES.contains(name)) {
        let near = crate::reader::nearest(name, Kind::NAMES).map(|near| format!("did you mean `{near}`?"));
        return Err(Error::input(format!("there is no rule `{name}`"))
            .why(format!("there are {}", Kind::NAMES.join(", ")))
            .remedy(near.unwrap_or_else(|| "leave the name out to check all of them".into())));
    }
    let chosen = Kind::NAMES.into_iter().filter(|name| rule.is_none_or(|rule| rule == *name));
    Ok(chosen.flat_map(checks).collect())
}

fn checks(rule: &'static str) -> Vec<Check> {
    match rule {
        "bptt" => bptt(),
        "rflo" => rflo(),
        "eprop" => eprop(),
        "rtrl" => rtrl(),
        "snap1" => snap1(),
        "uoro" => signed(rule, &|signs| last_step(&|| Uoro { signs: signs.clone() })),
        "kf-rtrl" => signed(rule, &|signs| last_step(&|| KfRtrl { signs: signs.clone(), isa: ISA })),
        "reverse-kf-rtrl" => signed(rule, &|signs| last_step(&|| ReverseKfRtrl { signs: signs.clone(), isa: ISA })),
        "kernl" => kernl(),
        "dni" => dni(),
        "reward-hebb" => reward::checks(),
        _ => node_perturbation(),
    }
}

const ISA: Isa = Isa::Plain;

fn forward<I>(influence: I) -> Forward<I, f64> {
    Forward::new(influence)
}

/// The largest difference between two entries; no number counts as the largest.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    off.fold(0.0, |most, d| if d.is_nan() || d > most { d } else { most })
}

/// The largest of a number found for each leak.
fn worst(of: impl Fn(&Problem) -> f64) -> f64 {
    problems().iter().map(of).fold(0.0, f64::max)
}

/// The smallest.
fn least(of: impl Fn(&Problem) -> f64) -> f64 {
    problems().iter().map(of).fold(f64::INFINITY, f64::min)
}

fn problems() -> [Problem; 2] {
    [Problem::random(Leak::Rate, 3, 2), Problem::random(Leak::Potential, 3, 2)]
}

fn between(a: &Arena<f64>, b: &Arena<f64>) -> f64 {
    distance(a.data(), b.data())
}

fn exact(p: &Problem) -> Arena<f64> {
    p.gradient(Credit::exact())
}

/// With recurrent weights where `keep` says so.
fn with_weights(p: &Problem, keep: impl Fn(usize, usize) -> bool) -> Problem {
    let (mut p, n) = (p.clone(), p.shape.units);
    for (_, w) in p.theta.iter_mut().filter(|(name, _)| *name == "w_rec") {
        for (_, w) in w.iter_mut().enumerate().filter(|(k, _)| !keep(k / n, k % n)) {
            *w = 0.0;
        }
    }
    p
}

fn bptt() -> Vec<Check> {
    let name = "bptt";
    // h for a cube root of the rounding of a loss of order 1
    let h = 1e-5;
    let differences = |p: &Problem| -> Vec<f64> {
        let theta = p.parameters();
        let loss = |k: usize, by: f64| {
            let mut moved = theta.clone();
            moved.data_mut()[k] += by;
            p.loss(&moved)
        };
        (0..theta.data().len()).map(|k| (loss(k, h) - loss(k, -h)) / (2.0 * h)).collect()
    };
    let local = Credit { recurrent: false, feedback: None };
    vec![
        Check::equal(
            name,
            "central differences of the loss, every parameter",
            worst(|p| distance(exact(p).data(), &differences(p))),
            1e-8,
        ),
        Check::differs(
            name,
            "the same without the way back along w_rec",
            least(|p| distance(p.gradient(local.clone()).data(), &differences(p))),
            NOTICED,
        ),
    ]
}

fn rtrl() -> Vec<Check> {
    let name = "rtrl";
    let own = |p: &Problem| p.gradient_by(forward(Rtrl { isa: ISA }));
    let random = |p: &Problem| p.gradient_by(forward(Rtrl { isa: ISA }).with_feedback(p.b.clone()));
    let random_bptt = |p: &Problem| p.gradient(Credit { recurrent: true, feedback: Some(p.b.clone()) });
    vec![
        Check::equal(name, "bptt, in batch", worst(|p| between(&own(p), &exact(p))), ROUNDING),
        Check::equal(
            name,
            "bptt, both with random feedback",
            worst(|p| between(&random(p), &random_bptt(p))),
            ROUNDING,
        ),
        Check::differs(
            name,
            "bptt, with random feedback here alone",
            least(|p| between(&random(p), &exact(p))),
            NOTICED,
        ),
    ]
}

fn rflo() -> Vec<Check> {
    let name = "rflo";
    let own = |p: &Problem, b: Option<Vec<f64>>| p.gradient_by(Forward { feedback: b, ..forward(Rflo { isa: ISA }) });
    let at_once = |p: &Problem, b: Option<Vec<f64>>| p.gradient(Credit { recurrent: false, feedback: b });
    let alone = |p: &Problem| with_weights(p, |_, _| false);
    let printed = [0.0057838638, 0.0024771997, 0.0245838238, 0.0119444148].map(|x| -2.0 / 3.0 * x);
    let published = Problem::published();
    vec![
        Check::equal(
            name,
            "eligibilities carried forwards: errors filtered backwards",
            worst(|p| between(&own(p, Some(p.b.clone())), &at_once(p, Some(p.b.clone())))),
            ROUNDING,
        ),
        Check::equal(
            name,
            "numbers of Murray's rule, ten digits",
            distance(at_once(&published, Some(published.b.clone())).block("w_rec"), &printed),
            1e-10,
        ),
        Check::equal(
            name,
            "rtrl where nothing recurs, symmetric feedback",
            worst(|p| between(&own(&alone(p), None), &exact(&alone(p)))),
            ROUNDING,
        ),
        Check::differs(name, "bptt where something does", least(|p| between(&own(p, None), &exact(p))), NOTICED),
    ]
}

fn eprop() -> Vec<Check> {
    let name = "eprop";
    let own = |p: &Problem, kappa| p.gradient_by(forward(Eprop { kappa, isa: ISA }).with_feedback(p.b.clone()));
    let rflo = |p: &Problem| p.gradient_by(forward(Rflo { isa: ISA }).with_feedback(p.b.clone()));
    vec![
        Check::equal(name, "rflo, at kappa = 0", worst(|p| between(&own(p, 0.0), &rflo(p))), 0.0),
        Check::differs(name, "rflo, at kappa = 0.5", least(|p| between(&own(p, 0.5), &rflo(p))), NOTICED),
    ]
}

fn snap1() -> Vec<Check> {
    let name = "snap1";
    let own = |p: &Problem| p.gradient_by(forward(Snap1 { isa: ISA }));
    let rflo = |p: &Problem| p.gradient_by(forward(Rflo { isa: ISA }));
    let others = |p: &Problem| with_weights(p, |i, j| i != j);
    let selves = |p: &Problem| with_weights(p, |i, j| i == j);
    vec![
        Check::equal(
            name,
            "rflo where no unit projects to itself",
            worst(|p| between(&own(&others(p)), &rflo(&others(p)))),
            ROUNDING,
        ),
        Check::equal(
            name,
            "bptt where each projects to itself alone",
            worst(|p| between(&own(&selves(p)), &exact(&selves(p)))),
            ROUNDING,
        ),
        Check::differs(name, "bptt in general", least(|p| between(&own(p), &exact(p))), NOTICED),
        Check::differs(name, "rflo in general", least(|p| between(&own(p), &rflo(p))), NOTICED),
    ]
}

/// What the last of three steps adds to the gradient of the little problem of the specification (§8.6), the initial state not
/// learnt: rows [W_rec | W_in | b_rec].
fn last_step<I: Influence<Rate<f64>>>(influence: &dyn Fn() -> I) -> Vec<f64> {
    let sum = |steps: usize| -> Arena<f64> {
        let mut p = Problem::published();
        p.inputs[0].truncate(steps);
        p.targets[0].truncate(steps);
        let mut g = p.gradient_by(Forward { start: false, ..forward(influence()) });
        // Ours is the gradient of Σ ε² / T; there it is that of ½ Σ ε².
        g.data_mut().iter_mut().for_each(|g| *g *= steps as f64 / 2.0);
        g
    };
    let (three, two) = (sum(3), sum(2));
    let of = |name: &str, i: usize, n: usize| -> Vec<f64> {
        (0..n).map(|j| three.block(name)[i * n + j] - two.block(name)[i * n + j]).collect()
    };
    (0..2).flat_map(|i| [of("w_rec", i, 2), of("w_in", i, 1), of("b_rec", i, 1)].concat()).collect()
}

/// Signs of three steps; those before the first are not looked at.
fn three(signs: [[f64; 2]; 3]) -> Signs {
    Signs::Given([[0.0; 2]].into_iter().chain(signs).map(Vec::from).collect())
}

/// The rules whose factors carry random signs.
fn signed(rule: &'static str, own: &dyn Fn(&Signs) -> Vec<f64>) -> Vec<Check> {
    let printed: [f64; 8] = match rule {
        "uoro" => [
            0.0029590471,
            -0.0014797090,
            0.0096858904,
            0.0028231950,
            0.0084565409,
            0.0067391261,
            0.1295592334,
            0.0721811604,
        ],
        "kf-rtrl" => [
            -0.0002437987,
            -0.0002593788,
            0.0014607544,
            -0.0026846461,
            0.0012713794,
            0.0013526276,
            -0.0076176497,
            0.0140000903,
        ],
        _ => [
            0.0000201591,
            -0.0026799310,
            -0.0215411321,
            -0.0157101798,
            -0.0000236185,
            0.0031398159,
            0.0252376609,
            0.0184060981,
        ],
    };
    let exact = last_step(&|| Rtrl { isa: ISA });
    let all: Vec<Vec<f64>> = (0..64u32)
        .map(|pattern| {
            let sign = |k: u32| if pattern >> k & 1 == 0 { 1.0 } else { -1.0 };
            own(&three([0, 2, 4].map(|k| [sign(k), sign(k + 1)])))
        })
        .collect();
    let mean: Vec<f64> = (0..8).map(|k| all.iter().map(|g| g[k]).sum::<f64>() / all.len() as f64).collect();
    let nearest = all.iter().map(|g| distance(g, &exact)).fold(f64::INFINITY, f64::min);
    let given = own(&three([[1.0, -1.0], [-1.0, -1.0], [1.0, 1.0]]));
    vec![
        Check::equal(rule, "numbers for given signs, ten digits", distance(&given, &printed), 1e-10),
        Check::equal(rule, "rtrl, on average over all signs of three steps", distance(&mean, &exact), ROUNDING),
        Check::differs(rule, "rtrl, with the best of them", nearest, NOTICED),
    ]
}

fn kernl() -> Vec<Check> {
    let name = "kernl";
    let own = |p: &Problem, lambda, rate, updates| {
        let kernl = Kernl { lambda, rate, probes: Probes::Drawn(4), given: None, isa: ISA };
        p.learn_by(forward(kernl), updates, |_| ()).0
    };
    let alone = |p: &Problem| with_weights(p, |_, _| false);
    let mut short = alone(&problems()[0]);
    short.tau = vec![5.0, 4.0, 8.0, 3.0, 6.0, 5.0];
    let wrong = |updates, rate| between(&own(&short, Some(0.3), rate, updates), &exact(&short));
    vec![
        Check::equal(
            name,
            "bptt where units do not touch and the kernel is their leak",
            worst(|p| between(&own(&alone(p), None, 0.0, 1), &exact(&alone(p)))),
            ROUNDING,
        ),
        Check::equal(name, "bptt there, learnt from a wrong decay", wrong(20_000, 0.02), 1e-3),
        Check::differs(name, "bptt there, with the wrong decay", wrong(1, 0.0), 1e-2),
        Check::differs(name, "bptt where units touch", least(|p| between(&own(p, None, 0.0, 1), &exact(p))), NOTICED),
    ]
}

/// Where nothing changes with time and nothing but what leaks is passed on, all that later errors ask is q / α.
fn dni() -> Vec<Check> {
    let name = "dni";
    let mut p = with_weights(&problems()[0], |_, _| false);
    let units = p.shape.units;
    let (channels, outputs) = (p.shape.inputs, p.shape.outputs);
    p.inputs.truncate(1);
    p.targets.truncate(1);
    let (u, y) = (p.inputs[0][0].clone(), p.targets[0][0].clone());
    p.inputs[0].iter_mut().for_each(|x| x.clone_from(&u));
    p.targets[0].iter_mut().for_each(|t| t.clone_from(&y));
    p.tau.fill(10.0);
    let (w_in, b_rec) = (p.block("w_in"), p.block("b_rec"));
    let rates: Vec<f64> = (0..units)
        .map(|i| (b_rec[i] + (0..channels).map(|k| w_in[i * channels + k] * u[k]).sum::<f64>()).tanh())
        .collect();
    for (_, x0) in p.theta.iter_mut().filter(|(name, _)| *name == "x0") {
        x0.clone_from(&rates);
    }
    let steps = p.inputs[0].len() as f64;
    let (w_out, b_out) = (p.block("w_out"), p.block("b_out"));
    let z = |o: usize| b_out[o] + (0..units).map(|i| w_out[o * units + i] * rates[i]).sum::<f64>();
    let e: Vec<f64> = (0..outputs).map(|o| 2.0 * (z(o) - y[o]) / (outputs as f64 * steps)).collect();
    let expected: Vec<f64> = (0..units * units)
        .map(|k| {
            let (i, j) = (k / units, k % units);
            let q: f64 = (0..outputs).map(|o| w_out[o * units + i] * e[o]).sum();
            steps * (q / 0.1) * 0.1 * (1.0 - rates[i] * rates[i]) * rates[j]
        })
        .collect();
    let off = |updates| {
        let (g, ()) = p.learn_by(forward(Dni { rate: 0.5, seed: 1, given: None }), updates, |_| ());
        distance(g.block("w_rec"), &expected)
    };
    vec![
        Check::equal(name, "the closed form of a steady state, learnt", off(2000), 1e-6),
        Check::differs(name, "the same before it has learnt", off(1), NOTICED),
    ]
}

fn node_perturbation() -> Vec<Check> {
    let name = "node-perturbation";
    let (mut worst, mut opposite) = (0.0f64, f64::INFINITY);
    for mut p in problems() {
        p.inputs.iter_mut().for_each(|x| x.truncate(3));
        p.targets.iter_mut().for_each(|y| y.truncate(3));
        let sigma = (0..p.shape.units).map(|i| 0.1 + 0.02 * i as f64).collect();
        let network = p.noisy(UnitNoise::Independent(sigma));
        let exact = averages(&p, &network, Bptt::new(0.0));
        let own = averages(&p, &network, forward(NodePerturbation { keep: 0.9 }));
        let (mut clearest, mut signed) = (0.0, 0.0);
        for block in network.blocks().blocks().iter().filter(|b| b.name != "x0") {
            for k in block.range() {
                let ((m1, e1), (m2, e2)) = (exact[k], own[k]);
                let error = (e1 * e1 + e2 * e2).sqrt();
                worst = worst.max((m1 - m2).abs() / error);
                // The readout follows its own error; what is explored are the other weights.
                if block.name != "w_out" && block.name != "b_out" && m1.abs() / error > clearest {
                    clearest = m1.abs() / error;
                    signed = (m1 + m2).abs() / error;
                }
            }
        }
        opposite = opposite.min(signed);
    }
    vec![
        Check::equal(name, "bptt, on average over noise: standard errors", worst, 4.5),
        Check::differs(name, "minus that, for the clearest weight: standard errors", opposite, 10.0),
    ]
}

/// Noise that averages are taken over.
const DRAWS: u64 = 10_000;

/// Mean and standard error of each entry of the gradient.
fn averages<E: Estimator<Rate<f64>> + With>(p: &Problem, network: &Rate<f64>, estimator: E) -> Vec<(f64, f64)> {
    let rule = estimator.with(Sgd { rate: Schedule::Constant(0.0) });
    let crew = Crew::new(1).expect("one thread is always to be had");
    let room = Room { trials: p.inputs.len(), steps: p.inputs[0].len(), history: History::Whole };
    let theta = p.parameters();
    let plastic = Parameters::new(network, theta.clone(), Wiring::free(&theta)).expect("they are its own");
    let mut run = Run::new(network, &rule, plastic, &room, &crew).expect("a dense network with a readout");
    run.desks[0].batch = p.batch();
    let mut sums = vec![(0.0, 0.0); theta.data().len()];
    // The first update of some rules only tells them what to expect.
    for seed in 0..=DRAWS {
        run.update(Noise::Drawn { seed, purpose: Purpose::TrainingUnits }, Loss::Squared, &crew);
        if seed > 0 {
            for ((s, q), g) in sums.iter_mut().zip(run.memory.gradient().data()) {
                *s += g;
                *q += g * g;
            }
        }
    }
    let n = DRAWS as f64;
    let entry = |(s, q): (f64, f64)| (s / n, ((q / n - (s / n) * (s / n)).max(0.0) / n).sqrt().max(1e-12));
    sums.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_passes_and_has_a_control() {
        let all = verify(None).unwrap();
        for rule in Kind::NAMES {
            let of: Vec<&Check> = all.iter().filter(|c| c.rule == rule).collect();
            assert!(of.iter().any(|c| c.control) && of.iter().any(|c| !c.control), "{rule}");
        }
        for check in &all {
            assert!(check.passed, "{check:?}");
        }
    }

    #[test]
    fn a_check_can_fail() {
        assert!(!Check::equal("bptt", "", 1.0, 0.5).passed && !Check::equal("bptt", "", f64::NAN, 0.5).passed);
        assert!(!Check::differs("bptt", "", 0.1, 0.5).passed && !Check::differs("bptt", "", f64::NAN, 0.5).passed);
    }

    #[test]
    fn an_unknown_rule_is_refused_with_the_nearest() {
        let error = verify(Some("rflow")).unwrap_err();
        assert_eq!(error.what, "there is no rule `rflow`");
        assert_eq!(error.remedy.as_deref(), Some("did you mean `rflo`?"));
    }
}
