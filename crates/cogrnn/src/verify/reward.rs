//! Reward-modulated Hebbian learning: the vectors of §11.4 of the specification, and the gradient that its node perturbation
//! has on average.

use super::{Check, ISA, Problem, averages, distance, problems};
use cogrnn_core::batch::{Batch, Timetable};
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::network::{History, Network, Noise, Room, Shape};
use cogrnn_core::params::Parameters;
use cogrnn_core::readout::Loss;
use cogrnn_core::rule::Rule;
use cogrnn_core::run::Run;
use cogrnn_networks::rate::{Leak, Rate, UnitNoise};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::reward_hebb::{Eligibility, Expecting, Supralinear};
use cogrnn_rules::{Bptt, RewardHebb, With};

/// e after four steps of three units, one of them disturbed in the second: nine digits are printed.
const PUBLISHED: [f64; 9] = [
    1.247829374e-08,
    1.333855652e-08,
    5.066393930e-08,
    2.301794160e-06,
    -1.648718602e-09,
    4.891587929e-06,
    2.597531006e-08,
    -4.555354112e-10,
    1.067985622e-07,
];

/// e of the published problem, with this S.
fn published(supralinear: Supralinear) -> Vec<f64> {
    let p = Problem {
        shape: Shape { inputs: 1, units: 3, outputs: 1 },
        leak: Leak::Potential,
        tau: vec![30.0; 3],
        theta: vec![
            ("w_in", vec![0.0, 0.5, -0.5]),
            ("w_rec", vec![0.0, 1.0, -0.5, 0.8, 0.0, 0.3, -0.4, 0.6, 0.0]),
            ("x0", vec![0.05, -0.02, 0.08]),
        ],
        inputs: Vec::new(),
        targets: Vec::new(),
        b: Vec::new(),
        returns: false,
    };
    let network = p.rate();
    let hebb = RewardHebb { supralinear, scaled: false, quiet: 0, silent: 0, ..RewardHebb::new(1, ISA) };
    let rule = hebb.with(Sgd { rate: Schedule::Constant(0.0) });
    let crew = Crew::new(1).expect("one thread is always to be had");
    let theta = p.parameters();
    let plastic = Parameters::new(&network, theta.clone(), Wiring::free(&theta)).expect("they are its own");
    let room = Room { trials: 1, steps: 4, history: History::Last };
    let mut run = Run::new(&network, &rule, plastic, &room, &crew).expect("a dense network");
    let (mut timetable, mut noise) = (Timetable::default(), [0.0; 12]);
    timetable.refill(&[4]);
    noise[4] = 8.0;
    // Nothing was expected, the output is 0, and an error of 1 makes g the trace itself.
    run.desks[0].batch = Batch {
        held: Vec::new(),
        inputs: vec![1.0, 1.0, 0.0, 0.0],
        targets: vec![1.0; 4],
        mask: vec![1.0; 4],
        outlines: Vec::new(),
        ids: vec![0],
        samples: 4,
        warm_up: 0,
        timetable,
    };
    let saved = [("average", vec![0.0; 3]), ("expected_error", vec![0.0]), ("trials", vec![0.0; 2])];
    let saved = saved.map(|(name, values)| (name.to_string(), values));
    Rule::<Rate<f64>>::restore(&rule, &mut run.memory, 0, &saved).expect("three units, one type");
    run.update(Noise::Given(&noise), Loss::Absolute, &crew);
    run.memory.gradient().block("w_rec").to_vec()
}

pub(super) fn checks() -> Vec<Check> {
    let name = "reward-hebb";
    let off = |s: Supralinear| {
        let apart =
            published(s).iter().zip(PUBLISHED).map(|(e, printed)| ((e - printed) / printed).abs()).collect::<Vec<_>>();
        distance(&apart, &[0.0; 9])
    };
    let (mut worst, mut opposite) = (0.0f64, f64::INFINITY);
    for mut p in problems() {
        p.inputs.iter_mut().for_each(|x| x.truncate(3));
        p.targets.iter_mut().for_each(|y| y.truncate(3));
        let sigma: Vec<f64> = (0..p.shape.units).map(|i| 0.1 + 0.02 * i as f64).collect();
        let network = p.noisy(UnitNoise::Independent(sigma.clone()));
        let hebb = RewardHebb {
            eligibility: Eligibility::Perturbation,
            scaled: false,
            expecting: Expecting::TheFirst,
            quiet: 0,
            silent: 0,
            ..RewardHebb::new(1, ISA)
        };
        let (exact, own) = (averages(&p, &network, Bptt::new(0.0)), averages(&p, &network, hebb));
        let (mut clearest, mut signed) = (0.0, 0.0);
        let w_rec = network.blocks().find("w_rec").map_or(0..0, |b| b.range());
        for (k, entry) in w_rec.enumerate() {
            let unit = k / p.shape.units;
            // of what the noise adds to the input current: √(2/α) σ, squared
            let variance = 2.0 * p.tau[unit] * sigma[unit] * sigma[unit];
            let ((m1, e1), (m2, e2)) = (exact[entry], (own[entry].0 / variance, own[entry].1 / variance));
            let error = (e1 * e1 + e2 * e2).sqrt();
            worst = worst.max((m1 - m2).abs() / error);
            if m1.abs() / error > clearest {
                clearest = m1.abs() / error;
                signed = (m1 + m2).abs() / error;
            }
        }
        opposite = opposite.min(signed);
    }
    vec![
        Check::equal(name, "the traces of the specification, §11.4", off(Supralinear::Cube), 1e-9),
        Check::differs(name, "the same with another S", off(Supralinear::Square), 0.1),
        Check::equal(name, "bptt on average, traces of disturbances: standard errors", worst, 4.5),
        Check::differs(name, "minus that, for the clearest weight: standard errors", opposite, 6.0),
    ]
}
