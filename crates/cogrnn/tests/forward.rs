//! Rules that carry sensitivities forwards in time: identities between them, with backpropagation, and with numbers of
//! the specification (Murray 2019, §8.6 and §11.5); each with a control that could fail.

use cogrnn::verify::Problem;
use cogrnn_core::constraint::{Constraint, Wiring};
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Credit, History, Network, Noise, Room};
use cogrnn_core::params::{Arena, Parameters};
use cogrnn_core::random::Purpose;
use cogrnn_core::readout::Loss;
use cogrnn_core::rule::{Estimator, Rule};
use cogrnn_core::run::Run;
use cogrnn_networks::rate::{Leak, Rate, UnitNoise};
use cogrnn_rules::forward::{Forward, Influence, Signs};
use cogrnn_rules::kernl::Probes;
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::rflo::InPlace;
use cogrnn_rules::{
    Bptt, Dni, EachStep, Eprop, Kernl, KfRtrl, NodePerturbation, ReverseKfRtrl, Rflo, Rtrl, Snap1, Uoro, With,
};

const ISA: Isa = Isa::Plain;

fn forward<I>(influence: I) -> Forward<I, f64> {
    Forward::new(influence)
}

/// Without the initial state, whose part of the influence would change what random signs fold.
fn without_start<I>(influence: I) -> Forward<I, f64> {
    Forward { start: false, ..Forward::new(influence) }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn problems() -> impl Iterator<Item = Problem> {
    [Leak::Rate, Leak::Potential]
        .into_iter()
        .flat_map(|leak| [(1, 1), (3, 2), (7, 3)].map(|(outputs, seed)| Problem::random(leak, outputs, seed)))
}

/// g of the last step alone of the little problem of the specification: what the trial adds when its last step is
/// learnt from, in the specification's order, [W_rec | W_in | b_rec].
fn last_step<I: Influence<Rate<f64>>>(influence: impl Fn() -> I) -> Vec<f64>
where
    Forward<I, f64>: Estimator<Rate<f64>>,
{
    let sum = |steps: usize| -> Arena<f64> {
        let mut p = Problem::published();
        p.inputs[0].truncate(steps);
        p.targets[0].truncate(steps);
        let mut g = p.gradient_by(without_start(influence()));
        // Ours is the gradient of Σ ε² / T; δ there is z - y.
        g.data_mut().iter_mut().for_each(|g| *g *= steps as f64 / 2.0);
        g
    };
    let (three, two) = (sum(3), sum(2));
    let of = |name: &str, i: usize, n: usize| -> Vec<f64> {
        (0..n).map(|j| three.block(name)[i * n + j] - two.block(name)[i * n + j]).collect()
    };
    (0..2).flat_map(|i| [of("w_rec", i, 2), of("w_in", i, 1), of("b_rec", i, 1)].concat()).collect()
}

/// §8.6: signs of the stochastic rules, at steps 1, 2 and 3 (step 0 is that of the initial state, not learnt here).
fn given_signs() -> Signs {
    Signs::Given(vec![vec![0.0; 2], vec![1.0, -1.0], vec![-1.0, -1.0], vec![1.0, 1.0]])
}

#[test]
fn the_vectors_of_the_specification_come_out() {
    let tables: [(&str, Vec<f64>, [f64; 8]); 6] = [
        (
            "rtrl",
            last_step(|| Rtrl { isa: ISA }),
            [
                -0.0177192833,
                -0.0069654037,
                0.0074029629,
                -0.1175905170,
                0.0070855969,
                0.0032703319,
                0.0018102186,
                0.0498470219,
            ],
        ),
        (
            "snap1",
            last_step(|| Snap1 { isa: ISA }),
            [
                -0.0177943106,
                -0.0070061720,
                0.0071360636,
                -0.1181468846,
                0.0067006598,
                0.0029966148,
                -0.0004699008,
                0.0466271562,
            ],
        ),
        (
            "rflo",
            last_step(|| Rflo { isa: ISA }),
            [
                -0.0173485061,
                -0.0067453728,
                0.0089837896,
                -0.1147359687,
                0.0065006794,
                0.0028652860,
                -0.0015010701,
                0.0450159193,
            ],
        ),
        (
            "uoro",
            last_step(|| Uoro { signs: given_signs() }),
            [
                0.0029590471,
                -0.0014797090,
                0.0096858904,
                0.0028231950,
                0.0084565409,
                0.0067391261,
                0.1295592334,
                0.0721811604,
            ],
        ),
        (
            "kf-rtrl",
            last_step(|| KfRtrl { signs: given_signs(), isa: ISA }),
            [
                -0.0002437987,
                -0.0002593788,
                0.0014607544,
                -0.0026846461,
                0.0012713794,
                0.0013526276,
                -0.0076176497,
                0.0140000903,
            ],
        ),
        (
            "reverse kf-rtrl",
            last_step(|| ReverseKfRtrl { signs: given_signs(), isa: ISA }),
            [
                0.0000201591,
                -0.0026799310,
                -0.0215411321,
                -0.0157101798,
                -0.0000236185,
                0.0031398159,
                0.0252376609,
                0.0184060981,
            ],
        ),
    ];
    for (name, found, printed) in tables {
        // ten digits are printed
        assert!(distance(&found, &printed) < 6e-11, "{name}: {found:?}");
    }
}

#[test]
fn rtrl_equals_bptt() {
    for p in problems() {
        let (rtrl, bptt) = (p.gradient_by(forward(Rtrl { isa: Isa::best() })), p.gradient(Credit::exact()));
        // sums of 42 terms of order 1 in another order
        assert!(distance(rtrl.data(), bptt.data()) < 1e-13, "{:?}", p.leak);
        let random = p.gradient(Credit { recurrent: true, feedback: Some(p.b.clone()) });
        let fed = p.gradient_by(forward(Rtrl { isa: ISA }).with_feedback(p.b.clone()));
        assert!(distance(fed.data(), random.data()) < 1e-13, "{:?}", p.leak);
        // The comparison would notice.
        assert!(distance(fed.data(), bptt.data()) > 1e-4);
    }
}

/// The eligibility form and the sweep that filters errors backwards.
#[test]
fn rflo_step_by_step_equals_rflo_at_once() {
    for p in problems() {
        for feedback in [None, Some(p.b.clone())] {
            let at_once = p.gradient(Credit { recurrent: false, feedback: feedback.clone() });
            let stepwise = Forward { feedback, ..forward(Rflo { isa: Isa::best() }) };
            assert!(distance(p.gradient_by(stepwise).data(), at_once.data()) < 1e-13, "{:?}", p.leak);
        }
        let exact = p.gradient(Credit::exact());
        assert!(distance(p.gradient_by(forward(Rflo { isa: ISA })).data(), exact.data()) > 1e-4, "it must differ");
    }
}

#[test]
fn snap1_is_rflo_without_self_connections_and_rtrl_without_others() {
    for mut p in problems() {
        let n = p.shape.units;
        let w_rec = p.block("w_rec");
        let put = |p: &mut Problem, keep: &dyn Fn(usize, usize) -> bool| {
            let w = &mut p.theta.iter_mut().find(|(name, _)| *name == "w_rec").unwrap().1;
            for (k, w) in w.iter_mut().enumerate() {
                *w = if keep(k / n, k % n) { w_rec[k] } else { 0.0 };
            }
        };
        let snap = |p: &Problem| p.gradient_by(forward(Snap1 { isa: Isa::best() }));
        let rflo = |p: &Problem| p.gradient_by(forward(Rflo { isa: ISA }));
        let rtrl = |p: &Problem| p.gradient_by(forward(Rtrl { isa: ISA }));
        assert!(distance(snap(&p).data(), rflo(&p).data()) > 1e-4);
        assert!(distance(snap(&p).data(), rtrl(&p).data()) > 1e-4);
        put(&mut p, &|i, j| i != j);
        assert!(distance(snap(&p).data(), rflo(&p).data()) < 1e-15);
        put(&mut p, &|i, j| i == j);
        assert!(distance(snap(&p).data(), rtrl(&p).data()) < 1e-13);
        assert!(distance(snap(&p).data(), rflo(&p).data()) > 1e-4);
        put(&mut p, &|_, _| false);
        assert!(distance(rflo(&p).data(), rtrl(&p).data()) < 1e-13, "nothing recurs, and nothing is left out");
    }
}

/// After a reset nothing has been carried on yet; the initial state is not among what they agree on.
#[test]
fn all_agree_on_the_first_step() {
    for mut p in problems() {
        p.inputs.iter_mut().for_each(|x| x.truncate(1));
        p.targets.iter_mut().for_each(|y| y.truncate(1));
        let exact = p.gradient(Credit::exact());
        let kernl = Kernl { lambda: None, rate: 0.1, probes: Probes::Drawn(1), given: None, isa: ISA };
        let found = [
            ("rtrl", p.gradient_by(without_start(Rtrl { isa: ISA }))),
            ("snap1", p.gradient_by(without_start(Snap1 { isa: ISA }))),
            ("rflo", p.gradient_by(without_start(Rflo { isa: ISA }))),
            ("eprop", p.gradient_by(without_start(Eprop { kappa: 0.0, isa: ISA }))),
            ("kernl", p.gradient_by(without_start(kernl))),
        ];
        for (name, g) in found {
            for block in ["w_rec", "w_in", "b_rec", "w_out", "b_out"] {
                assert!(distance(g.block(block), exact.block(block)) < 1e-15, "{name} {block} {:?}", p.leak);
            }
        }
    }
}

/// A rule by name, and the gradient that it finds by these signs.
type Signed<'a, S, G> = (&'a str, &'a dyn Fn(S) -> G);

/// Every pattern of signs over three steps of the little problem, and so the expectation itself.
#[test]
fn random_signs_leave_no_bias() {
    let exact = last_step(|| Rtrl { isa: ISA });
    let patterns: Vec<Signs> = (0..64u32)
        .map(|pattern| {
            let sign = |k: u32| if pattern >> k & 1 == 0 { 1.0 } else { -1.0 };
            Signs::Given(
                (0..4)
                    .map(|t: u32| if t == 0 { vec![0.0; 2] } else { vec![sign(2 * t - 2), sign(2 * t - 1)] })
                    .collect(),
            )
        })
        .collect();
    let mean = |g: &dyn Fn(Signs) -> Vec<f64>| -> (Vec<f64>, f64) {
        let all: Vec<Vec<f64>> = patterns.iter().cloned().map(g).collect();
        let mean = (0..8).map(|k| all.iter().map(|g| g[k]).sum::<f64>() / 64.0).collect();
        (mean, all.iter().map(|g| distance(g, &exact)).fold(f64::INFINITY, f64::min))
    };
    let rules: [Signed<'_, Signs, Vec<f64>>; 3] = [
        ("uoro", &|s: Signs| last_step(|| Uoro { signs: s.clone() })),
        ("kf-rtrl", &|s: Signs| last_step(|| KfRtrl { signs: s.clone(), isa: ISA })),
        ("reverse kf-rtrl", &|s: Signs| last_step(|| ReverseKfRtrl { signs: s.clone(), isa: ISA })),
    ];
    for (name, g) in rules {
        let (mean, nearest) = mean(g);
        // differences of sums of order 0.1
        assert!(distance(&mean, &exact) < 1e-15, "{name}: {mean:?}");
        // and no pattern alone is anywhere near
        assert!(nearest > 1e-3, "{name}: {nearest}");
    }
}

/// With more units, more steps and the initial state: the mean over many seeds, by its own standard error.
#[test]
fn drawn_signs_leave_no_bias() {
    let p = Problem::random(Leak::Rate, 2, 5);
    let exact = p.gradient(Credit::exact());
    let n = 4000;
    let rules: [Signed<'_, u64, Arena<f64>>; 3] = [
        ("uoro", &|seed| p.gradient_by(forward(Uoro { signs: Signs::Drawn(seed) }))),
        ("kf-rtrl", &|seed| p.gradient_by(forward(KfRtrl { signs: Signs::Drawn(seed), isa: ISA }))),
        ("reverse kf-rtrl", &|seed| p.gradient_by(forward(ReverseKfRtrl { signs: Signs::Drawn(seed), isa: ISA }))),
    ];
    for (name, g) in rules {
        let (mut sum, mut squares) = (vec![0.0; exact.data().len()], vec![0.0; exact.data().len()]);
        for seed in 0..n {
            for ((s, q), g) in sum.iter_mut().zip(&mut squares).zip(g(seed).data()) {
                *s += g;
                *q += g * g;
            }
        }
        let (mut worst, mut off) = (0.0f64, 0.0);
        for ((s, q), g) in sum.iter().zip(&squares).zip(exact.data()) {
            let mean = s / n as f64;
            let error = ((q / n as f64 - mean * mean).max(0.0) / n as f64).sqrt();
            worst = worst.max((mean - g).abs() / error.max(1e-12));
            off += (mean - g).powi(2);
        }
        // the largest of a hundred normal deviations; skewed ones reach further
        assert!(worst < 6.0, "{name}: {worst} standard errors");
        let size = exact.data().iter().map(|g| g * g).sum::<f64>();
        assert!(off / size < 0.05, "{name}: {}", off / size);
    }
}

/// e-prop's filter is that of a leaky readout: with κ = 0 there is none.
#[test]
fn eprop_is_rflo_for_a_readout_that_does_not_leak() {
    for p in problems() {
        let rflo = p.gradient_by(forward(Rflo { isa: ISA }).with_feedback(p.b.clone()));
        let eprop = |kappa| p.gradient_by(forward(Eprop { kappa, isa: Isa::best() }).with_feedback(p.b.clone()));
        assert_eq!(eprop(0.0).data(), rflo.data());
        assert!(distance(eprop(0.5).data(), rflo.data()) > 1e-4);
    }
}

/// Units that do not touch each other respond to a push by their leak alone: there the kernel can be the influence
/// itself, and is found from a wrong beginning.
#[test]
fn kernl_learns_how_the_network_responds() {
    let mut p = Problem::random(Leak::Rate, 2, 5);
    p.theta.iter_mut().filter(|(name, _)| *name == "w_rec").for_each(|(_, w)| w.fill(0.0));
    // shorter than the trial, so that what is to be learnt shows
    p.tau = vec![5.0, 4.0, 8.0, 3.0, 6.0, 5.0];
    let exact = p.gradient(Credit::exact());
    let after = |lambda, rate, updates| {
        let kernl = Kernl { lambda, rate, probes: Probes::Drawn(4), given: None, isa: ISA };
        let (g, memory) = p.learn_by(forward(kernl), updates, |m| m.influence.clone());
        (distance(g.block("w_rec"), exact.block("w_rec")), memory)
    };
    let (off, _) = after(Some(0.3), 0.0, 1);
    assert!(off > 0.01, "{off}");
    let (off, memory) = after(Some(0.3), 0.02, 20_000);
    let leaks: Vec<f64> = p.tau.iter().map(|tau| 1.0 / tau).collect();
    // it closes in exponentially
    assert!(off < 1e-4 && distance(&memory.lambda, &leaks) < 1e-3, "{off} {:?}", memory.lambda);
    // From the right beginning there is nothing to learn.
    let (off, memory) = after(None, 0.02, 10);
    assert!(off < 1e-14 && distance(&memory.lambda, &leaks) < 1e-14, "{off}");
}

/// Where nothing changes with time and nothing is passed on but what leaks, q adds up to q / α over the time to come.
#[test]
fn dni_learns_what_later_errors_ask() {
    let mut p = Problem::random(Leak::Rate, 2, 5);
    p.inputs.truncate(1);
    p.targets.truncate(1);
    let (u, y) = (p.inputs[0][0].clone(), p.targets[0][0].clone());
    p.inputs[0].iter_mut().for_each(|x| x.clone_from(&u));
    p.targets[0].iter_mut().for_each(|t| t.clone_from(&y));
    p.tau.fill(10.0);
    let (w_in, b_rec) = (p.block("w_in"), p.block("b_rec"));
    let rates: Vec<f64> = (0..6).map(|i| (w_in[2 * i] * u[0] + w_in[2 * i + 1] * u[1] + b_rec[i]).tanh()).collect();
    for (name, block) in &mut p.theta {
        match *name {
            "w_rec" => block.fill(0.0),
            "x0" => block.clone_from(&rates),
            _ => {}
        }
    }
    let steps = p.inputs[0].len() as f64;
    let (w_out, b_out) = (p.block("w_out"), p.block("b_out"));
    let e: Vec<f64> = (0..2)
        .map(|k| 2.0 * (b_out[k] + (0..6).map(|i| w_out[6 * k + i] * rates[i]).sum::<f64>() - y[k]) / (2.0 * steps))
        .collect();
    let expected: Vec<f64> = (0..36)
        .map(|k| {
            let (i, j) = (k / 6, k % 6);
            let q: f64 = (0..2).map(|o| w_out[6 * o + i] * e[o]).sum();
            let gain = 0.1 * (1.0 - rates[i] * rates[i]);
            steps * 10.0 * q * gain * rates[j]
        })
        .collect();
    let dni = |rate| Dni { rate, seed: 1, given: None };
    let off = |updates| {
        let (g, lag) = p.learn_by(forward(dni(0.5)), updates, |m| distance(&m.influence.a, &m.influence.copy));
        (distance(g.block("w_rec"), &expected), lag)
    };
    let size = expected.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
    let (fresh, _) = off(1);
    let (learnt, lag) = off(3000);
    assert!(fresh > 0.1 * size && learnt < 1e-9 * size, "{fresh} {learnt} of {size}");
    // The copy has followed.
    assert!(lag < 1e-9, "{lag}");
}

/// Over the noise, what a perturbation did and what backpropagation through it says are the same on average.
#[test]
fn node_perturbation_is_the_gradient_on_average() {
    for leak in [Leak::Rate, Leak::Potential] {
        let mut p = Problem::random(leak, 2, 5);
        p.inputs.iter_mut().for_each(|x| x.truncate(4));
        p.targets.iter_mut().for_each(|y| y.truncate(4));
        // strong noise, so that a few thousand trials tell something
        let network = p.noisy(UnitNoise::Independent((0..6).map(|i| 0.1 + 0.02 * f64::from(i)).collect()));
        let n = 40_000;
        let exact = averages(&p, &network, Bptt::new(0.0), n);
        let pseudo = averages(&p, &network, forward(NodePerturbation { keep: 0.9 }), n);
        let (mut worst, mut least) = (0.0f64, f64::INFINITY);
        for block in network.blocks().blocks().iter().filter(|b| b.name != "x0") {
            for k in block.range() {
                let ((m1, e1), (m2, e2)) = (exact[k], pseudo[k]);
                worst = worst.max((m1 - m2).abs() / (e1 * e1 + e2 * e2).sqrt());
                if block.name == "w_in" {
                    least = least.min(e2 / m1.abs());
                }
            }
        }
        // the largest of some seventy normal deviations
        assert!(worst < 4.5, "{leak:?}: {worst} standard errors");
        // and the errors are small enough for the best of them to be told from 0, and from twice its value
        assert!(least < 0.05, "{leak:?}: {least}");
    }
}

/// Mean and standard error of each entry of the gradient over noise of many seeds.
fn averages<E: Estimator<Rate<f64>> + With>(p: &Problem, network: &Rate<f64>, estimator: E, n: u64) -> Vec<(f64, f64)> {
    let rule = estimator.with(Sgd { rate: Schedule::Constant(0.0) });
    let crew = Crew::new(1).unwrap();
    let room = Room { trials: p.inputs.len(), steps: p.inputs[0].len(), history: History::Whole };
    let theta = p.parameters();
    let plastic = Parameters::new(network, theta.clone(), Wiring::free(&theta)).unwrap();
    let mut run = Run::new(network, &rule, plastic, &room, &crew).unwrap();
    run.desks[0].batch = p.batch();
    let mut sums = vec![(0.0, 0.0); theta.data().len()];
    // The first update of some rules only tells them what to expect.
    for seed in 0..=n {
        run.update(Noise::Drawn { seed, purpose: Purpose::TrainingUnits }, Loss::Squared, &crew);
        if seed > 0 {
            for ((s, q), g) in sums.iter_mut().zip(run.memory.gradient().data()) {
                *s += g;
                *q += g * g;
            }
        }
    }
    let n = n as f64;
    let entry = |(s, q): (f64, f64)| (s / n, ((q / n - (s / n) * (s / n)).max(0.0) / n).sqrt().max(1e-12));
    sums.into_iter().map(entry).collect()
}

/// Weights that change in place are those that change by way of a gradient, to the bit.
#[test]
fn online_rflo_in_place_is_online_rflo() {
    for (leak, outputs, still) in
        [(Leak::Rate, 1, &[][..]), (Leak::Potential, 3, &["b_rec"]), (Leak::Rate, 3, &["w_in", "b_rec", "b_out"])]
    {
        for trials in [1, 3] {
            for feedback in [true, false] {
                let mut p = Problem::random(leak, outputs, 5);
                p.inputs.truncate(trials);
                p.targets.truncate(trials);
                let b = feedback.then(|| p.b.clone());
                let rate = Schedule::Constant(0.3);
                let in_place = InPlace { feedback: b.clone(), rate: rate.clone(), still: still.to_vec() };
                let mut descent =
                    Forward { feedback: b, start: false, ..forward(Rflo { isa: Isa::best() }) }.with(Sgd { rate });
                descent.rates = still.iter().map(|block| (*block, 0.0)).collect();
                let (one, other) = (taught(&p, &in_place), taught(&p, &EachStep(descent)));
                assert_eq!(one.data(), other.data(), "{leak:?} {outputs} {still:?} {trials} {feedback}");
                assert!(distance(one.block("w_rec"), &p.block("w_rec")) > 1e-3, "something is learnt");
                assert!(still.iter().all(|block| one.block(block) == p.block(block)));
            }
        }
    }
}

/// While weights hardly move, the changes of all steps add up to that of the trial (§11.5): what an update a step and
/// one a trial differ by falls with η², what two rules differ by with η.
#[test]
fn online_equals_batch_to_first_order() {
    let p = Problem::random(Leak::Rate, 1, 5);
    let rule = |rate: f64, feedback: Option<Vec<f64>>| {
        Forward { feedback, start: false, ..forward(Rflo { isa: ISA }) }.with(Sgd { rate: Schedule::Constant(rate) })
    };
    let b = || Some(p.b.clone());
    let gaps = |rate: f64| {
        let batch = taught(&p, &rule(rate, b()));
        let online = taught(&p, &EachStep(rule(rate, b())));
        let other = taught(&p, &rule(rate, None));
        (distance(batch.data(), online.data()), distance(batch.data(), other.data()))
    };
    let ((second, first), (second_half, first_half)) = (gaps(2e-3), gaps(1e-3));
    // a term of the next order is one in some hundreds at these rates
    assert!((second / second_half - 4.0).abs() < 0.1, "{second} {second_half}");
    assert!((first / first_half - 2.0).abs() < 0.05, "{first} {first_half}");
}

/// A unit that is silent throughout leaves no trace at what it projects to (§11.5).
#[test]
fn silent_units_leave_no_trace() {
    for mut p in problems() {
        let n = p.shape.units;
        for (name, block) in &mut p.theta {
            if ["w_rec", "w_in", "b_rec", "x0"].contains(name) {
                let width = block.len() / n;
                block[..width].fill(0.0);
            }
        }
        let from_first = |p: &Problem| -> Vec<f64> {
            let g = p.gradient_by(forward(Rflo { isa: ISA }).with_feedback(p.b.clone()));
            g.block("w_rec").iter().step_by(n).copied().collect()
        };
        assert!(from_first(&p).iter().all(|g| *g == 0.0), "{:?}", p.leak);
        for (_, x0) in p.theta.iter_mut().filter(|(name, _)| *name == "x0") {
            x0[0] = 0.5;
        }
        assert!(from_first(&p).iter().all(|g| *g != 0.0), "{:?}: it speaks, and leaves one", p.leak);
    }
}

/// The parameters after a few updates, the initial state frozen.
fn taught<R: Rule<Rate<f64>>>(p: &Problem, rule: &R) -> Arena<f64> {
    let network = p.rate();
    let mut theta = p.parameters();
    theta.block_mut("x0").fill(0.1);
    let wiring = Wiring::new(&theta, &[("x0", Constraint::Frozen(0.1))]).unwrap();
    let plastic = Parameters::new(&network, theta, wiring).unwrap();
    let crew = Crew::new(2).unwrap();
    let room = Room { trials: p.inputs.len(), steps: p.inputs[0].len(), history: History::Whole };
    let mut run = Run::new(&network, rule, plastic, &room, &crew).unwrap();
    run.desks[0].batch = p.batch();
    for _ in 0..5 {
        run.update(Noise::Silent, Loss::Squared, &crew);
    }
    run.plastic.theta().clone()
}
