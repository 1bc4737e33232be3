//! Feedback weights that follow the readout, and those that begin with its signs.

use cogrnn::verify::Problem;
use cogrnn_core::constraint::{Constraint, Keep, Wiring};
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Credit, History, Network, Noise, Room};
use cogrnn_core::params::Parameters;
use cogrnn_core::readout::Loss;
use cogrnn_core::rule::{Estimator, Rule};
use cogrnn_core::run::Run;
use cogrnn_networks::rate::{Leak, Rate};
use cogrnn_rules::optimisers::{Adam, Schedule, Sgd};
use cogrnn_rules::{Bptt, Descent, EachStep, Feeding, Forward, Rflo, With};

const OUTPUTS: usize = 3;

fn sweeping(p: &Problem) -> Bptt<f64> {
    let mut rule = Bptt::new(0.0);
    rule.credit = Credit { recurrent: false, feedback: Some(p.b.clone()) };
    rule
}

fn forward(p: &Problem) -> Forward<Rflo, f64> {
    Forward { start: false, ..Forward::new(Rflo { isa: Isa::best() }).with_feedback(p.b.clone()) }
}

/// W_out and B, both (output × unit), before the first update and after so many.
fn before_and_after<R: Rule<Rate<f64>>>(
    p: &Problem,
    rule: &R,
    updates: usize,
    constraints: &[(&str, Constraint)],
    feedback: impl Fn(&R::Memory) -> Vec<f64>,
) -> [(Vec<f64>, Vec<f64>); 2] {
    let network = p.rate();
    let mut theta = p.parameters();
    theta.block_mut("x0").fill(0.1);
    let constraints: Vec<_> =
        [("x0", Constraint::Frozen(0.1))].into_iter().chain(constraints.iter().cloned()).collect();
    let wiring = Wiring::new(&theta, &constraints).unwrap();
    let plastic = Parameters::new(&network, theta, wiring).unwrap();
    let room = Room { trials: p.inputs.len(), steps: p.inputs[0].len(), history: History::Whole };
    let crew = Crew::new(2).unwrap();
    let mut run = Run::new(&network, rule, plastic, &room, &crew).unwrap();
    run.desks[0].batch = p.batch();
    let now = |run: &Run<'_, Rate<f64>, R>| (run.plastic.weights().block("w_out").to_vec(), feedback(&run.memory));
    let before = now(&run);
    for _ in 0..updates {
        run.update(Noise::Silent, Loss::Squared, &crew);
    }
    [before, now(&run)]
}

fn transposed(b: &[f64]) -> Vec<f64> {
    (0..OUTPUTS).flat_map(|o| b.iter().skip(o).step_by(OUTPUTS).copied()).collect()
}

/// W - Bᵀ loses the share λ with every change, whatever the rule, the optimiser and the constraints make of W.
#[test]
fn readout_and_learned_feedback_become_alike() {
    const DECAY: f64 = 0.03;
    let p = Problem::random(Leak::Rate, OUTPUTS, 6);
    let feeding = Feeding { concordant: false, decay: Some(DECAY) };
    let signs = vec![1, -1, 1, -1, 1, -1];
    let dale = ("w_out", Constraint::Dale { signs, keep: Keep::Rectify });
    let check = |[(w, b), (w_after, b_after)]: [(Vec<f64>, Vec<f64>); 2], changes: i32| {
        assert_eq!(b, transposed(&p.b));
        let left = (1.0 - DECAY).powi(changes);
        for k in 0..w.len() {
            let (first, last) = (w[k] - b[k], w_after[k] - b_after[k]);
            assert!((last - left * first).abs() < 1e-12, "{k}: {first} {last}");
        }
        assert!(w.iter().zip(&w_after).any(|(a, b)| (a - b).abs() > 0.01), "the readout learns");
    };
    let sgd = || Sgd { rate: Schedule::Constant(0.3) };
    let adam = || Adam { rate: Schedule::Constant(0.05), beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    for constraints in [&[][..], &[dale]] {
        let rule = Descent { feeding, ..sweeping(&p).with(sgd()) };
        check(before_and_after(&p, &rule, 7, constraints, |m| m.estimator().clone().unwrap()), 7);
        let rule = Descent { feeding, ..forward(&p).with(adam()) };
        check(before_and_after(&p, &rule, 7, constraints, |m| m.estimator().feedback.clone().unwrap()), 7);
        let rule = EachStep(Descent { feeding, ..forward(&p).with(sgd()) });
        check(before_and_after(&p, &rule, 2, constraints, |m| m.estimator().feedback.clone().unwrap()), 28);
    }
}

/// What errors pass through is what is in memory: another B is another gradient.
#[test]
fn a_sweep_takes_the_feedback_that_is_in_memory() {
    let p = Problem::random(Leak::Potential, OUTPUTS, 8);
    let learned = |decay| {
        let rule = Descent {
            feeding: Feeding { concordant: false, decay: Some(decay) },
            ..sweeping(&p).with(Sgd { rate: Schedule::Constant(0.0) })
        };
        let run = before_and_after(&p, &rule, 1, &[], |m| m.gradient().block("w_rec").to_vec());
        let again = before_and_after(&p, &rule, 2, &[], |m| m.gradient().block("w_rec").to_vec());
        (run[1].1.clone(), again[1].1.clone())
    };
    let (first, second) = learned(0.0);
    assert!(first.iter().zip(&second).all(|(a, b)| (a - b).abs() < 1e-15), "up to rounding");
    // At once the same as the readout: λ = 1 takes all of B, and of the readout, which is 0 from then on.
    let (first, second) = learned(1.0);
    assert!(first.iter().any(|g| *g != 0.0) && second.iter().all(|g| *g == 0.0));
}

#[test]
fn concordant_feedback_begins_with_the_signs_of_the_readout() {
    let p = Problem::random(Leak::Rate, OUTPUTS, 7);
    let rule = Descent {
        feeding: Feeding { concordant: true, decay: None },
        ..forward(&p).with(Sgd { rate: Schedule::Constant(0.3) })
    };
    let [(w, b), (_, after)] = before_and_after(&p, &rule, 3, &[], |m| m.estimator().feedback.clone().unwrap());
    assert!(w.iter().zip(&b).all(|(w, b)| w.signum() == b.signum()));
    let drawn: Vec<f64> = transposed(&p.b).iter().map(|b| b.abs()).collect();
    assert_eq!(b.iter().map(|b| b.abs()).collect::<Vec<_>>(), drawn);
    assert_eq!(after, b, "and stays as it is");

    // A checkpoint has it.
    let network = p.rate();
    let plastic = Parameters::new(&network, p.parameters(), Wiring::free(&p.parameters())).unwrap();
    let memory = Rule::<Rate<f64>>::memory(&rule, &network, &plastic);
    let saved = Rule::<Rate<f64>>::save(&rule, &memory);
    let other = Parameters::new(&network, network.blocks(), Wiring::free(&p.parameters())).unwrap();
    let mut back = Rule::<Rate<f64>>::memory(&rule, &network, &other);
    let fed = |back: &cogrnn_rules::descent::Memory<f64, _>| {
        Estimator::<Rate<f64>>::feeding(&rule.estimator, back.estimator()).map(<[f64]>::to_vec)
    };
    assert!(fed(&back).unwrap().iter().all(|b| *b >= 0.0), "other signs");
    Rule::<Rate<f64>>::restore(&rule, &mut back, 3, &saved).unwrap();
    assert_eq!(fed(&back), Some(b));
}
