//! Reward-modulated Hebbian learning (Miconi 2017): the vectors of §11.4 of the specification, the product of a whole trial
//! against the loop over its steps, and what has to hold in a training.

mod common;

use cogrnn::archive::Archive;
use cogrnn::experiment::Experiment;
use cogrnn::folder;
use cogrnn::trainer::{Machine, Trainer};
use cogrnn_core::batch::{Batch, Timetable};
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{History, Network, Noise, Perturb, Room, Shape};
use cogrnn_core::params::Parameters;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_core::rule::{Desk, Still};
use cogrnn_core::rule::{Moment, Rule};
use cogrnn_core::run::{Conditions, Probe, Run, work};
use cogrnn_core::task::{
    Conditions as TaskConditions, Consequence, Outline, Performance, Request, Sample, Script, Seen, Set, Task,
};
use cogrnn_core::units::{Time, ms};
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::reward_hebb::{Eligibility, Expecting, Supralinear};
use cogrnn_rules::{Descent, RewardHebb, With};
use std::sync::atomic::AtomicBool;

fn network(shape: Shape, tau: f64) -> Rate<f64> {
    let tau = vec![ms(tau); shape.units];
    let (leak, nonlinearity, readout) = (Leak::Potential, Nonlinearity::Tanh, Readout::Linear);
    let design = Design { shape, tau, dt: ms(1.0), leak, nonlinearity, readout, noise: UnitNoise::Silent };
    Rate::new(&design, Isa::best()).unwrap()
}

fn rule(hebb: RewardHebb, rate: f64, most: Option<f64>) -> Descent<RewardHebb, f64> {
    Descent { most, ..hebb.with(Sgd { rate: Schedule::Constant(rate) }) }
}

/// §11.4: three units, four steps, one disturbance, every printed digit.
#[test]
fn the_vectors_of_the_specification() {
    let shape = Shape { inputs: 1, units: 3, outputs: 1 };
    let network = network(shape, 30.0);
    let mut theta = network.blocks();
    let j = [0.0, 1.0, -0.5, 0.8, 0.0, 0.3, -0.4, 0.6, 0.0];
    theta.block_mut("w_rec").copy_from_slice(&j);
    theta.block_mut("w_in").copy_from_slice(&[0.0, 0.5, -0.5]);
    theta.block_mut("w_out").copy_from_slice(&[1.0, 0.0, 0.0]);
    theta.block_mut("x0").copy_from_slice(&[0.05, -0.02, 0.08]);
    let wiring = Wiring::free(&theta);
    let plastic = Parameters::new(&network, theta, wiring).unwrap();
    let hebb = RewardHebb { quiet: 0, silent: 0, ..RewardHebb::new(1, Isa::best()) };
    let rule = rule(hebb, 0.1, Some(3e-4));
    let crew = Crew::new(1).unwrap();
    let room = Room { trials: 1, steps: 4, history: History::Last };
    let mut run = Run::new(&network, &rule, plastic, &room, &crew).unwrap();
    // the expected error is 0.9
    let saved = vec![
        ("average".to_string(), vec![0.0; 3]),
        ("expected_error".to_string(), vec![0.9]),
        ("trials".to_string(), vec![0.0; 2]),
    ];
    Rule::<Rate<f64>>::restore(&rule, &mut run.memory, 0, &saved).unwrap();

    struct Path(Vec<Vec<f64>>);
    impl Probe<Rate<f64>> for Path {
        fn observe(&mut self, now: &Moment<'_, Rate<f64>>) {
            self.0.push(now.network.potentials(now.state, now.t, 0).to_vec());
        }
    }
    let mut noise = [0.0; 12];
    noise[3 + 1] = 8.0;
    let mut timetable = Timetable::default();
    timetable.refill(&[4]);
    let mut batch = Batch {
        held: Vec::new(),
        inputs: vec![1.0, 1.0, 0.0, 0.0],
        targets: vec![0.0; 4],
        mask: vec![0.0, 0.0, 0.0, 1.0],
        outlines: Vec::new(),
        ids: vec![0],
        samples: 4,
        warm_up: 0,
        timetable,
    };
    let mut desk = Desk::new(&network, &Still, &room).unwrap();
    desk.batch = batch.clone();
    let mut path = Path(Vec::new());
    let conditions = Conditions::new(Noise::Given(&noise), Loss::Absolute, 1.0);
    work(&network, &Still, &run.plastic, &(), &conditions, &mut desk, &mut path);
    let x = [
        [0.0463362594, -0.0005361456, 0.0596006083],
        [0.0437816769, 0.2846451106, 0.0403191568],
        [0.0508906244, 0.2767266795, 0.0439357772],
        [0.0574582398, 0.2692974451, 0.0471907518],
    ];
    for (found, printed) in path.0.iter().flatten().zip(x.iter().flatten()) {
        assert!((found - printed).abs() < 6e-11, "{found} {printed}");
    }

    // an error of 0.7
    batch.targets[3] = path.0[3][0].tanh() - 0.7;
    run.desks[0].batch = batch;
    run.update(Noise::Given(&noise), Loss::Absolute, &crew);
    let e = [
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
    for ((now, before), e) in run.plastic.weights().block("w_rec").iter().zip(j).zip(e) {
        // ΔJ = -η m (err - m) e; nine digits were printed, and a weight of 1 has lost some
        assert!((now - before - 0.018 * e).abs() < 1e-9 * 0.018 * e.abs() + 2e-16, "{} {}", now - before, 0.018 * e);
    }
    assert!((run.memory.estimator().expected[0] - 0.85).abs() < 1e-12);
    for name in ["w_in", "w_out", "b_rec", "b_out", "x0"] {
        assert!(run.memory.gradient().block(name).iter().all(|g| *g == 0.0), "{name} is not for this rule");
    }
}

/// Nine units, five trials of different length.
/// A trial whose outputs led to something that cost 0.7, or to nothing, which costs 1.
struct Leads {
    fails: bool,
}

impl Task for Leads {
    fn name(&self) -> &'static str {
        "leads"
    }
    fn inputs(&self) -> Vec<&'static str> {
        vec!["input"]
    }
    fn outputs(&self) -> Vec<&'static str> {
        vec!["output"]
    }
    fn conditions(&self) -> TaskConditions {
        TaskConditions::default()
    }
    fn outline(&self, _: &Request<'_>, _: &mut Stream) -> Outline {
        Outline {
            duration: ms(4.0),
            epochs: Vec::new(),
            info: Vec::new(),
            condition: Some(0),
            choice: None,
            script: Script::default(),
        }
    }
    fn sample(&self, _: &Outline, _: Time, _: &mut Sample<'_>) {}
    fn performance(&self) -> Performance {
        Performance::Error
    }
    fn acts(&self) -> bool {
        true
    }
    fn consequence(&self, _: &Outline, _: Time, outputs: &[f32]) -> Consequence {
        assert_eq!(outputs.len(), 4, "the outputs after each of four steps");
        Consequence { cost: if self.fails { 1.0 } else { 0.7 }, failed: self.fails }
    }
    fn ideal_observer(&self, _: &Seen<'_>) -> Vec<f32> {
        Vec::new()
    }
    fn noise_limit(&self, _: f64, _: Time) -> f64 {
        100.0
    }
    fn chance(&self) -> f64 {
        0.0
    }
}

/// §6.3, point 6: a movement that cannot be integrated is recorded as an error of 1, and leaves weights and expected error
/// as they were. The control: one that can changes both.
#[test]
fn nothing_is_learnt_from_a_trial_that_failed() {
    for fails in [true, false] {
        let shape = Shape { inputs: 1, units: 3, outputs: 1 };
        let network = network(shape, 30.0);
        let mut theta = network.blocks();
        theta.block_mut("w_rec").copy_from_slice(&[0.0, 1.0, -0.5, 0.8, 0.0, 0.3, -0.4, 0.6, 0.0]);
        theta.block_mut("w_out").copy_from_slice(&[1.0, 0.0, 0.0]);
        theta.block_mut("x0").copy_from_slice(&[0.05, -0.02, 0.08]);
        let wiring = Wiring::free(&theta);
        let plastic = Parameters::new(&network, theta, wiring).unwrap();
        let hebb = RewardHebb { quiet: 0, silent: 0, ..RewardHebb::new(1, Isa::best()) };
        let rule = rule(hebb, 0.1, Some(3e-4));
        let crew = Crew::new(1).unwrap();
        let room = Room { trials: 1, steps: 4, history: History::Last };
        let mut run = Run::new(&network, &rule, plastic, &room, &crew).unwrap();
        let saved = vec![
            ("average".to_string(), vec![0.0; 3]),
            ("expected_error".to_string(), vec![0.9]),
            ("trials".to_string(), vec![0.0; 2]),
        ];
        Rule::<Rate<f64>>::restore(&rule, &mut run.memory, 0, &saved).unwrap();
        let task = Leads { fails };
        let request = Request::new(Set::Training, 0, ms(1.0));
        let mut stream = Address { seed: 1, purpose: Purpose::TestTrials, trial: 0 }.stream();
        let mut timetable = Timetable::default();
        timetable.refill(&[4]);
        run.answering = Some((&task, ms(1.0)));
        run.desks[0].batch = Batch {
            held: Vec::new(),
            inputs: vec![0.0; 4],
            targets: vec![0.0; 4],
            mask: vec![0.0; 4],
            outlines: vec![task.outline(&request, &mut stream)],
            ids: vec![0],
            samples: 4,
            warm_up: 0,
            timetable,
        };
        let mut noise = [0.0; 12];
        noise[3 + 1] = 8.0;
        let before = run.plastic.weights().block("w_rec").to_vec();
        let (tally, _) = run.update(Noise::Given(&noise), Loss::Absolute, &crew);
        let (now, expected) = (run.plastic.weights().block("w_rec"), run.memory.estimator().expected[0]);
        assert_eq!((tally.cost, tally.judged, tally.failed), (if fails { 1.0 } else { 0.7 }, 1, u32::from(fails)));
        assert_eq!(now == before, fails, "weights");
        assert!((expected - if fails { 0.9 } else { 0.85 }).abs() < 1e-12, "{expected}");
    }
}

fn problem() -> common::Problem {
    let shape = Shape { inputs: 2, units: 9, outputs: 2 };
    let lengths = vec![12, 30, 21, 30, 7];
    let rows = 30 * lengths.len();
    let mut stream = Address { seed: 8, purpose: Purpose::Weights, trial: 0 }.stream();
    let mut some = |n: usize, sd: f64| (0..n).map(|_| sd * stream.normal()).collect::<Vec<f64>>();
    common::Problem {
        shape,
        tau: vec![30.0; 9],
        dt: 5.0,
        nonlinearity: Nonlinearity::Tanh,
        readout: Readout::Linear,
        loss: Loss::Absolute,
        constraints: Vec::new(),
        theta: vec![
            ("w_in", some(18, 1.0)),
            ("w_rec", some(81, 0.5)),
            ("w_out", some(18, 0.5)),
            ("b_rec", some(9, 0.1)),
            ("b_out", some(2, 0.1)),
            ("x0", some(9, 0.1)),
        ],
        lengths,
        inputs: some(rows * 2, 1.0),
        noise: vec![0.0; rows * 9],
        targets: some(rows * 2, 1.0),
        mask: vec![1.0; rows * 2],
        omega: 0.0,
    }
}

/// A problem with ragged trials, its eligibilities summed step by step, and what the rule made of it.
fn both_ways(hebb: &RewardHebb, pieces: usize) -> (Vec<f64>, Vec<f64>) {
    let p = problem();
    let network = p.noisy_network::<f64>(UnitNoise::Independent(vec![0.3; p.shape.units]), Isa::best());
    let rule = rule(hebb.clone(), 0.0, None);
    let crew = Crew::new(pieces).unwrap();
    let steps = *p.lengths.iter().max().unwrap();
    let room = Room { trials: p.lengths.len(), steps, history: History::Last };
    let mut run = Run::new(&network, &rule, p.plastic(&network), &room, &crew).unwrap();
    let n = p.shape.units;
    let average: Vec<f64> = (0..n).map(|i| 0.01 * i as f64).collect();
    let saved = vec![
        ("average".to_string(), average.clone()),
        ("expected_error".to_string(), vec![0.4]),
        ("trials".to_string(), vec![0.0; 2]),
    ];
    Rule::<Rate<f64>>::restore(&rule, &mut run.memory, 0, &saved).unwrap();
    let batches = p.batches::<f64>(pieces, false);
    // noise is drawn, at addresses that know nothing of pieces
    for (desk, (batch, _)) in run.desks.iter_mut().zip(batches) {
        desk.batch = batch;
    }
    run.update(Noise::Drawn { seed: 5, purpose: Purpose::TrainingUnits }, Loss::Absolute, &crew);
    let found = run.memory.gradient().block("w_rec").to_vec();

    struct Loop<'a> {
        hebb: &'a RewardHebb,
        average: Vec<Vec<f64>>,
        before: Vec<Vec<f64>>,
        e: Vec<Vec<f64>>,
    }
    impl Probe<Rate<f64>> for Loop<'_> {
        fn observe(&mut self, now: &Moment<'_, Rate<f64>>) {
            for b in 0..now.active {
                let x = now.network.potentials(now.state, now.t, b);
                let before = now.network.rates(now.state, now.t - 1, b).to_vec();
                if now.t == 1 && self.hebb.afresh {
                    self.average[b] = now.network.potentials(now.state, 0, b).to_vec();
                }
                let mut nudge = vec![0.0; x.len()];
                now.network.nudge(now.state, b, &mut nudge);
                let n = x.len();
                for i in 0..n {
                    let deflection = x[i] - self.average[b][i];
                    for j in 0..n {
                        let s = |z: f64| self.hebb.supralinear.of(z);
                        if now.t > self.hebb.quiet {
                            self.e[b][i * n + j] += match self.hebb.eligibility {
                                Eligibility::Product => s(before[j] * deflection),
                                Eligibility::Deflection => before[j] * s(deflection),
                                Eligibility::Perturbation => before[j] * nudge[i],
                            };
                        }
                    }
                    let keep = self.hebb.average;
                    self.average[b][i] = keep * self.average[b][i] + (1.0 - keep) * x[i];
                }
                self.before[b] = before;
            }
        }
    }
    let trials = p.lengths.len();
    let mut desk = Desk::new(&network, &Still, &room).unwrap();
    desk.batch = p.batches::<f64>(1, false).remove(0).0;
    let mut sums = Loop {
        hebb,
        average: vec![average; trials],
        before: vec![Vec::new(); trials],
        e: vec![vec![0.0; n * n]; trials],
    };
    let noise = Noise::Drawn { seed: 5, purpose: Purpose::TrainingUnits };
    let conditions = Conditions::new(noise, Loss::Absolute, 1.0);
    work(&network, &Still, &p.plastic(&network), &(), &conditions, &mut desk, &mut sums);
    let mut expected = vec![0.0; n * n];
    for (e, tally) in sums.e.iter().zip(&desk.tallies) {
        let error = tally.mean_loss();
        let m = 0.4;
        let modulator = (error - m) * if hebb.scaled { m } else { 1.0 } / trials as f64;
        expected.iter_mut().zip(e).for_each(|(sum, e)| *sum += modulator * e);
    }
    (found, expected)
}

#[test]
fn one_product_a_trial_is_the_loop_over_its_steps() {
    let code = RewardHebb { silent: 0, ..RewardHebb::new(1, Isa::best()) };
    for eligibility in [Eligibility::Product, Eligibility::Deflection, Eligibility::Perturbation] {
        for supralinear in [Supralinear::Cube, Supralinear::Square, Supralinear::Linear, Supralinear::Root] {
            for (scaled, afresh, average, quiet) in [(true, false, 0.05, 3), (false, true, 0.0, 0)] {
                let hebb = RewardHebb { eligibility, supralinear, scaled, afresh, average, quiet, ..code.clone() };
                let (found, expected) = both_ways(&hebb, 1);
                assert!(common::apart(&found, &expected) < 1e-12, "{hebb:?}");
                let (pieces, _) = both_ways(&hebb, 2);
                assert_eq!(found, pieces, "the same bits however the trials are shared out");
            }
        }
    }
    // the control: another S is another rule
    let square = RewardHebb { supralinear: Supralinear::Square, ..code.clone() };
    assert!(common::apart(&both_ways(&code, 1).0, &both_ways(&square, 1).1) > 0.1);
}

#[test]
fn nothing_is_learnt_before_it_is_known_what_to_expect() {
    let waits = RewardHebb { silent: 1000, ..RewardHebb::new(1, Isa::best()) };
    assert!(both_ways(&waits, 1).0.iter().all(|g| *g == 0.0));
    assert_eq!(RewardHebb::new(3, Isa::best()).expecting, Expecting::Nothing);
}

/// Disturbances come as often, as large and as early as they should, unit by unit.
#[test]
fn disturbances_have_their_rate_size_and_beginning() {
    let shape = Shape { inputs: 1, units: 19, outputs: 1 };
    for (normal, power) in [(false, 16.0f64 * 16.0 / 3.0), (true, 256.0)] {
        let noise = UnitNoise::Sparse { amplitude: 16.0, rate: 30.0, normal, after: ms(4.0) };
        let tau = vec![ms(30.0); shape.units];
        let (leak, nonlinearity, readout) = (Leak::Potential, Nonlinearity::Tanh, Readout::Linear);
        let design = Design { shape, tau, dt: ms(1.0), leak, nonlinearity, readout, noise };
        let network = Rate::<f64>::new(&design, Isa::best()).unwrap();
        let theta = network.blocks();
        let wiring = Wiring::free(&theta);
        let plastic = Parameters::new(&network, theta, wiring).unwrap();
        let mut state = network.state(&Room { trials: 3, steps: 700, history: History::Last });
        let mut timetable = Timetable::default();
        timetable.refill(&[700, 700, 500]);
        let (mut count, mut squares, mut cells) = (0.0, 0.0, 0.0);
        let mut per_unit = vec![0.0; shape.units];
        for round in 0..40u64 {
            network.begin(&plastic, &mut state, &timetable);
            for t in 1..=700 {
                let ids: Vec<u64> = (0..timetable.active(t) as u64).map(|b| 3 * round + b).collect();
                let noise = Noise::Drawn { seed: 2, purpose: Purpose::TrainingUnits };
                network.perturb(&mut state, t, &noise, &ids);
                let mut nudge = vec![0.0; shape.units];
                for b in 0..ids.len() {
                    network.nudge(&state, b, &mut nudge);
                    assert!(t > 4 || nudge.iter().all(|x| *x == 0.0), "none in the first four steps");
                    for (n, x) in per_unit.iter_mut().zip(&nudge).filter(|(_, x)| **x != 0.0) {
                        *n += 1.0;
                        count += 1.0;
                        squares += x * x;
                        assert!(normal || x.abs() <= 16.0);
                    }
                    cells += if t > 4 { shape.units as f64 } else { 0.0 };
                }
                network.step(&plastic, &mut state, t, &vec![0.0; ids.len()]);
            }
        }
        // 1.4 million chances of 0.03: 43,000 ± 200
        assert!((count / cells - 0.03).abs() < 0.0006, "{}", count / cells);
        assert!((squares / count / power - 1.0).abs() < 0.03, "{}", squares / count);
        // 2,270 ± 47 each
        assert!(per_unit.iter().all(|n| (n / count * 19.0 - 1.0).abs() < 0.1), "{per_unit:?}");
    }
}

#[test]
fn held_units_stay_and_others_begin_anew_in_each_trial() {
    let shape = Shape { inputs: 1, units: 5, outputs: 1 };
    let network = network(shape, 30.0).holding(&[(1, 1.0), (4, -1.0)]).unwrap().scattering(0.1).flooring(&[0]).unwrap();
    let mut theta = network.blocks();
    let mut stream = Address { seed: 3, purpose: Purpose::Weights, trial: 0 }.stream();
    theta.block_mut("w_rec").iter_mut().for_each(|w| *w = 2.0 * stream.normal());
    theta.block_mut("w_rec")[1] = -9.0;
    let wiring = Wiring::free(&theta);
    let plastic = Parameters::new(&network, theta, wiring).unwrap();
    let mut state = network.state(&Room { trials: 2, steps: 50, history: History::Whole });
    let mut timetable = Timetable::default();
    timetable.refill(&[50, 50]);
    let (mut starts, mut below) = (Vec::new(), false);
    for ids in [[0, 1], [2, 3], [0, 1]] {
        network.begin(&plastic, &mut state, &timetable);
        for t in 1..=50 {
            network.perturb(&mut state, t, &Noise::Drawn { seed: 1, purpose: Purpose::TestUnits }, &ids);
            network.step(&plastic, &mut state, t, &[1.0, 1.0]);
        }
        for b in 0..2 {
            starts.push(network.potentials(&state, 0, b).to_vec());
            for t in 0..=50 {
                let (x, r) = (network.potentials(&state, t, b), network.rates(&state, t, b));
                assert_eq!((x[1], x[4]), (1.0, -1.0));
                assert!((r[1] - 1.0f64.tanh()).abs() < 1e-12);
                assert!(r[0] >= 0.0 && (r[0] == 0.0 || (r[0] - x[0].tanh()).abs() < 1e-12));
            }
            let x = |t: usize, i: usize| network.potentials(&state, t, b)[i];
            let moved = [2, 3].iter().any(|i| (1..=50).any(|t| (x(t, *i) - x(0, *i)).abs() > 0.1));
            assert!(moved, "what is not held moves");
            below |= (1..=50).any(|t| network.potentials(&state, t, b)[0] < 0.0);
        }
    }
    assert!(below, "the floor was of use");
    assert_eq!(starts[..2], starts[4..], "trial 0 begins as trial 0 does");
    assert!(starts[0] != starts[1] && starts[0] != starts[2]);
    assert!(starts.iter().all(|x| [0, 2, 3].iter().all(|i| x[*i].abs() <= 0.1)));
}

const SMALL: [&str; 10] = [
    "populations.others.size=22",
    "network.held_units=[1, 10, 11]",
    "rule.silent_trials=8",
    "training.check_every=10",
    "training.validation_trials=4",
    "stop.max_updates=40",
    "task.stimulus=\"40 ms\"",
    "task.delay=\"20 ms\"",
    "task.duration=\"240 ms\"",
    // at the end of trials that are as short
    "analysis.mds.times=[240]",
];

fn experiment(name: &str, more: &[&str]) -> Experiment {
    let mut changes: Vec<String> = SMALL.iter().chain(&["task.response=\"50 ms\""]).map(ToString::to_string).collect();
    if name.ends_with("ei") {
        changes[0] = "populations.E.size=11".into();
        changes.push("populations.I.size=12".into());
    }
    changes.extend(more.iter().map(ToString::to_string));
    Experiment::load(name, &changes).unwrap()
}

/// θ, what the rule remembers, and the errors of all trials, as the checkpoint has them.
fn left(folder: &std::path::Path) -> Vec<(String, Vec<u32>)> {
    let archive = Archive::from_bytes("", &std::fs::read(folder.join(folder::CHECKPOINT)).unwrap()).unwrap();
    let kept = |name: &str| name.starts_with("theta") || name.starts_with("memory") || name == "trials";
    let names = archive.tensors.iter().map(|t| t.name.clone()).filter(|n| kept(n));
    names.map(|n| (n.clone(), archive.f32s(&n).unwrap().iter().map(|x| x.to_bits()).collect())).collect()
}

#[test]
fn threads_and_stops_change_nothing() {
    for (name, more) in [
        ("miconi2017/delayed-nonmatch", &["training.trials=5"][..]),
        (
            "miconi2017/delayed-nonmatch",
            &["rule.eligibility=\"perturbation\"", "task.delay_max=\"60 ms\"", "training.trials=3"],
        ),
        ("miconi2017/delayed-nonmatch-ei", &[]),
    ] {
        let go = |threads: usize, kernels: Option<Isa>, stops: &[u64]| {
            let dir = tempfile::tempdir().unwrap();
            let machine = Machine { threads, kernels };
            let mut trainer = Trainer::start(experiment(name, more), dir.path(), true, &machine).unwrap();
            for stop in stops {
                trainer.run(Some(*stop), &AtomicBool::new(false), &mut |_| {}).unwrap();
                trainer = Trainer::resume(dir.path(), &machine).unwrap();
            }
            trainer.run(None, &AtomicBool::new(false), &mut |_| {}).unwrap();
            let table = std::fs::read_to_string(dir.path().join(folder::TRIALS)).unwrap();
            (left(dir.path()), table)
        };
        let once = go(1, None, &[]);
        assert!(once.0.iter().any(|(name, _)| name == "trials"));
        let trials = experiment(name, more).trials * 40;
        assert_eq!(once.1.lines().count(), 1 + trials, "a line a trial and the head");
        for other in [go(2, None, &[]), go(3, Some(Isa::Plain), &[]), go(1, None, &[7, 23])] {
            assert!(other == once, "{name} {more:?}");
        }
        let seed = [more, &["seed=2"]].concat();
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let mut trainer = Trainer::start(experiment(name, &seed), dir.path(), true, &machine).unwrap();
        trainer.run(None, &AtomicBool::new(false), &mut |_| {}).unwrap();
        assert!(left(dir.path()) != once.0, "the control: another seed");
    }
}

/// Changes are never longer than they may be, signs hold, inputs do not learn, and the output gets none.
#[test]
fn each_change_is_bounded_and_signs_hold() {
    let most = 1e-4f32;
    for name in ["miconi2017/delayed-nonmatch", "miconi2017/delayed-nonmatch-ei"] {
        let changes = ["optimiser.learning_rate=1000", "optimiser.max_change=1e-4"];
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let mut trainer = Trainer::start(experiment(name, &changes), dir.path(), true, &machine).unwrap();
        let signs = trainer.experiment().network.unit_signs();
        let mut before = trainer.theta().1.clone();
        let units = before.block("x0").len();
        assert!(before.block("w_in")[..2].iter().all(|w| *w == 0.0), "the output gets no input");
        let (mut largest, mut grown) = (0.0f32, 0);
        for update in 1..=30 {
            trainer.run(Some(update), &AtomicBool::new(false), &mut |_| {}).unwrap();
            let now = trainer.theta().1.clone();
            for (w, old) in now.block("w_rec").iter().zip(before.block("w_rec")) {
                // of weights of about 0.1, to rounding
                assert!((w - old).abs() <= most * 1.001, "{w} {old}");
                largest = largest.max((w - old).abs());
                grown += usize::from(*old == 0.0 && *w != 0.0);
            }
            for (k, w) in now.block("w_rec").iter().enumerate() {
                assert!(f32::from(signs[k % units]) * w >= 0.0 || signs[k % units] == 0);
            }
            for block in ["w_in", "w_out", "b_rec", "b_out", "x0"] {
                assert_eq!(now.block(block), before.block(block));
            }
            if update <= 8 {
                assert_eq!(now.block("w_rec"), before.block("w_rec"), "the first trials teach nothing");
            }
            before = now;
        }
        assert!(largest > 0.99 * most, "the bound was reached");
        assert!(name.ends_with("nonmatch") || grown > 0, "connections that were not there have grown");
        assert!(trainer.trials().iter().skip(9).any(|t| t.cut > 0.5) && trainer.trials()[3].cut == 0.0);
    }
}

/// The light planar arm learns: trials cost half as much after 3000 of them. The control: at a rate of 0 they do not.
#[test]
fn the_planar_arm_learns_to_reach() {
    let costs = |changes: &[&str]| {
        let changes: Vec<String> = [changes, &["stop.max_updates=3000", "training.validation_trials=8"]]
            .concat()
            .into_iter()
            .map(String::from)
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 1, kernels: None };
        let experiment = Experiment::load("miconi2017/planar-arm", &changes).unwrap();
        let mut trainer = Trainer::start(experiment, dir.path(), true, &machine).unwrap();
        trainer.run(None, &AtomicBool::new(false), &mut |_| {}).unwrap();
        let errors: Vec<f64> = trainer.trials().iter().map(|t| f64::from(t.error)).collect();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        assert_eq!(errors.len(), 3000);
        (mean(&errors[..300]), mean(&errors[2700..]))
    };
    let (before, after) = costs(&[]);
    assert!(after < 0.5 * before, "{before} {after}");
    let (before, after) = costs(&["optimiser.learning_rate=0"]);
    assert!(after > 0.9 * before, "{before} {after}");
}
