//! Skips through time and both orders of leak and nonlinearity, beside the specification written down once
//! more as plainly as can be: paths, and gradients by central differences.

use cogrnn::experiment::{Experiment, Unrolled};
use cogrnn_core::batch::{Batch, Timetable};
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{History, Network, Noise, Room, Shape};
use cogrnn_core::params::{Arena, Parameters, Plastic};
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_core::rule::{Desk, Moment, Still};
use cogrnn_core::run::{Conditions, Probe, Run, work};
use cogrnn_core::units::ms;
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
use cogrnn_networks::unroll::{Anchor, Skip, Skipping};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::penalties::RateL2;
use cogrnn_rules::{Bptt, Fading, With};
use insta::assert_snapshot;

const SHAPE: Shape = Shape { inputs: 2, units: 5, outputs: 3 };
const DT: f64 = 20.0;

/// What is left out of the plain version, to show that the comparison would notice.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Blocks run on over the ends of periods.
    Periods,
    /// Every derivative is that at the beginning of its block.
    FreshDerivative,
    /// The derivative of literal DASC is that of the step before its block.
    LaggedDerivative,
    /// No gradient through the anchors.
    Anchors,
    /// The state is not replaced by the blended one.
    Replace,
    /// Trials of a session are no skips.
    Trials,
}

/// Explicit trials for a network of five units.
struct Problem {
    leak: Leak,
    nonlinearity: Nonlinearity,
    tau: Vec<f64>,
    skipping: Option<Skipping>,
    lengths: Vec<usize>,
    breaks: Vec<Vec<usize>>,
    /// Where the trials of each session begin and the last one ends.
    sessions: Vec<Vec<usize>>,
    /// trial × time × channel.
    inputs: Vec<Vec<Vec<f64>>>,
    noise: Vec<Vec<Vec<f64>>>,
    targets: Vec<Vec<Vec<f64>>>,
    theta: Arena<f64>,
    omega: f64,
    rates: f64,
    truncation: Option<usize>,
}

fn stream(seed: u64) -> Stream {
    Address { seed, purpose: Purpose::Weights, trial: 0 }.stream()
}

impl Problem {
    fn new(leak: Leak, skipping: Option<Skipping>, seed: u64) -> Problem {
        let mut s = stream(seed);
        let lengths = vec![17, 17, 13, 6];
        let breaks = vec![vec![4, 11], vec![5], vec![2, 6], vec![]];
        let mut draw = |width: usize, shift: f64| -> Vec<Vec<Vec<f64>>> {
            let mut one = |n: usize| (0..n).map(|_| (0..width).map(|_| shift + 0.6 * s.normal()).collect()).collect();
            lengths.iter().map(|n| one(*n)).collect()
        };
        let (inputs, noise, targets) = (draw(SHAPE.inputs, 0.3), draw(SHAPE.units, 0.1), draw(SHAPE.outputs, 0.0));
        let mut problem = Problem {
            leak,
            nonlinearity: Nonlinearity::Softplus,
            tau: vec![100.0, 50.0, 30.0, 400.0, 80.0],
            skipping,
            breaks,
            // With and without a beginning before, and at the ends of blocks and periods, inside them, a trial of
            // one step, a single trial.
            sessions: vec![vec![4, 11, 17], vec![0, 5, 17], vec![2, 3, 6, 9], vec![]],
            inputs,
            noise,
            targets,
            lengths,
            theta: Arena::new(&[]),
            omega: 0.0,
            rates: 0.0,
            truncation: None,
        };
        let mut theta = problem.network().blocks();
        theta.data_mut().iter_mut().for_each(|w| *w = 0.5 * s.normal());
        problem.theta = theta;
        problem
    }

    fn rate(&self) -> Rate<f64> {
        let design = Design {
            shape: SHAPE,
            tau: self.tau.iter().map(|t| ms(*t)).collect(),
            dt: ms(DT),
            leak: self.leak,
            nonlinearity: self.nonlinearity,
            readout: Readout::Linear,
            noise: UnitNoise::Silent,
        };
        Rate::new(&design, Isa::best()).unwrap()
    }

    fn network(&self) -> Skip<Rate<f64>> {
        match self.skipping {
            Some(skipping) => Skip::over(self.rate(), skipping).unwrap(),
            None => Skip::none(self.rate()),
        }
    }

    fn batch(&self) -> (Batch<f64>, Vec<f64>) {
        let mut timetable = Timetable::default();
        timetable.refill(&self.lengths);
        self.breaks.iter().for_each(|b| timetable.add_breaks(b.iter().copied()));
        self.sessions.iter().for_each(|b| timetable.add_session(b.iter().copied()));
        let rows = |array: &[Vec<Vec<f64>>]| -> Vec<f64> {
            let steps = 1..=timetable.steps();
            steps.flat_map(|t| (0..timetable.active(t)).flat_map(move |b| array[b][t - 1].clone())).collect()
        };
        let noise = rows(&self.noise);
        let batch = Batch {
            held: Vec::new(),
            inputs: rows(&self.inputs),
            targets: rows(&self.targets),
            mask: vec![1.0; timetable.total() * SHAPE.outputs],
            outlines: Vec::new(),
            ids: (0..self.lengths.len() as u64).collect(),
            samples: self.lengths.len() * self.lengths[0],
            warm_up: 0,
            timetable: timetable.clone(),
        };
        (batch, noise)
    }

    fn plastic(&self) -> Plastic<Rate<f64>> {
        Parameters::new(&self.rate(), self.theta.clone(), Wiring::free(&self.theta)).unwrap()
    }

    /// Loss and gradient as the library finds them.
    fn gradient(&self) -> (f64, Arena<f64>) {
        let network = self.network();
        let mut bptt = Bptt::new(self.omega);
        bptt.truncation = self.truncation;
        if self.rates > 0.0 {
            bptt.activity.push(Box::new(RateL2 { lambda: self.rates }));
        }
        let rule = bptt.with(Sgd { rate: Schedule::Constant(0.0) });
        let room = Room { trials: self.lengths.len(), steps: self.lengths[0], history: History::Whole };
        let crew = Crew::new(1).unwrap();
        let mut run = Run::new(&network, &rule, self.plastic(), &room, &crew).unwrap();
        let (batch, noise) = self.batch();
        run.desks[0].batch = batch;
        let (tally, _) = run.update(Noise::Given(&noise), Loss::Squared, &crew);
        (tally.loss / tally.mask, run.memory.gradient().clone())
    }

    /// Rates of every step (trial × time × unit) as the library finds them.
    fn path(&self) -> Vec<Vec<Vec<f64>>> {
        struct All(Vec<Vec<Vec<f64>>>);
        impl Probe<Skip<Rate<f64>>> for All {
            fn observe(&mut self, now: &Moment<'_, Skip<Rate<f64>>>) {
                for b in 0..now.active {
                    self.0[b].push(now.network.rates(now.state, now.t, b).to_vec());
                }
            }
        }
        let network = self.network();
        let room = Room { trials: self.lengths.len(), steps: self.lengths[0], history: History::Last };
        let mut desk = Desk::new(&network, &Still, &room).unwrap();
        let (batch, noise) = self.batch();
        desk.batch = batch;
        let mut all = All(vec![Vec::new(); self.lengths.len()]);
        let conditions = Conditions::new(Noise::Given(&noise), Loss::Squared, 1.0);
        work(&network, &Still, &self.plastic(), &(), &conditions, &mut desk, &mut all);
        all.0
    }

    /// ds/dt · dt at state s.
    fn increment(&self, theta: &Arena<f64>, s: &[f64], u: &[f64], noise: &[f64]) -> Vec<f64> {
        let n = SHAPE.units;
        let f = |x: f64| match self.nonlinearity {
            Nonlinearity::Linear => x,
            Nonlinearity::Rectify => x.max(0.0),
            _ => x.exp().ln_1p(),
        };
        let r: Vec<f64> = if self.leak == Leak::Rate { s.to_vec() } else { s.iter().map(|x| f(*x)).collect() };
        (0..n)
            .map(|i| {
                let mut current = theta.block("b_rec")[i] + noise[i];
                for (w, r) in theta.block("w_rec")[i * n..(i + 1) * n].iter().zip(&r) {
                    current += w * r;
                }
                for (w, u) in theta.block("w_in")[i * SHAPE.inputs..(i + 1) * SHAPE.inputs].iter().zip(u) {
                    current += w * u;
                }
                let drive = if self.leak == Leak::Rate { f(current) } else { current };
                DT / self.tau[i] * (drive - s[i])
            })
            .collect()
    }

    /// Rates by the procedure of §2.2, epoch by epoch, and of §2.7, trial by trial of a session. With `anchors`, these stand in for the anchors (in the
    /// order in which they are used); those used are returned.
    fn plain(
        &self,
        theta: &Arena<f64>,
        fault: Fault,
        anchors: Option<&[Vec<f64>]>,
    ) -> (Vec<Vec<Vec<f64>>>, Vec<Vec<f64>>) {
        let f = |x: f64| match self.nonlinearity {
            Nonlinearity::Linear => x,
            Nonlinearity::Rectify => x.max(0.0),
            _ => x.exp().ln_1p(),
        };
        let mut used = Vec::new();
        let mut paths = Vec::new();
        for b in 0..self.lengths.len() {
            let mut s = theta.block("x0").to_vec();
            let mut path = Vec::new();
            let whole = fault == Fault::Periods || self.skipping.is_some_and(|k| k.across);
            let breaks = if whole { Vec::new() } else { self.breaks[b].clone() };
            let whole_trials = self.skipping.is_some_and(|k| k.trials) && fault != Fault::Trials;
            let session = if whole_trials { &self.sessions[b][..] } else { &[] };
            let mut beginning = None;
            let mut from = 0;
            for to in breaks.into_iter().chain([self.lengths[b]]) {
                let (mut anchor, mut fresh) = (s.clone(), true);
                for t in from..to {
                    if session.contains(&t) {
                        beginning = Some(s.clone());
                    }
                    let rise = self.increment(theta, &s, &self.inputs[b][t], &self.noise[b][t]);
                    if let Some(k) = self.skipping {
                        let theta = k.every as f64;
                        if fresh && k.anchor != Anchor::State {
                            anchor = s.iter().zip(&rise).map(|(s, d)| s + theta * d).collect();
                        }
                        fresh = false;
                    }
                    for (s, d) in s.iter_mut().zip(&rise) {
                        *s += d;
                    }
                    let Some(k) = self.skipping else {
                        path.push(s.clone());
                        continue;
                    };
                    let mut shown = s.clone();
                    let mut blend = |s: &mut Vec<f64>, shown: &mut Vec<f64>, with: &[f64]| {
                        let with = anchors.map_or(with, |given| &given[used.len()]).to_vec();
                        *shown = s.iter().zip(&with).map(|(s, a)| k.mix * s + (1.0 - k.mix) * a).collect();
                        used.push(with);
                        if fault != Fault::Replace {
                            s.clone_from(shown);
                        }
                    };
                    let block_ends = k.every > 1 && (t - from) % k.every == k.every - 1;
                    if block_ends {
                        blend(&mut s, &mut shown, &anchor);
                    }
                    if let Some(beginning) = beginning.as_ref().filter(|_| session.contains(&(t + 1))) {
                        blend(&mut s, &mut shown, beginning);
                    }
                    if block_ends {
                        let literal = match k.anchor {
                            Anchor::Fresh => fault != Fault::LaggedDerivative,
                            _ => fault == Fault::FreshDerivative,
                        };
                        fresh = literal;
                        anchor = match k.anchor {
                            Anchor::State => s.clone(),
                            _ => s.iter().zip(&rise).map(|(s, d)| s + k.every as f64 * d).collect(),
                        };
                    }
                    path.push(shown);
                }
                from = to;
            }
            if self.leak == Leak::Potential {
                path.iter_mut().for_each(|s| s.iter_mut().for_each(|x| *x = f(*x)));
            }
            paths.push(path);
        }
        (paths, used)
    }

    /// The mean squared error of the plain version, and what the rates cost.
    fn cost(&self, theta: &Arena<f64>, fault: Fault, anchors: Option<&[Vec<f64>]>) -> f64 {
        let (paths, _) = self.plain(theta, fault, anchors);
        let (mut sum, mut count, mut rates) = (0.0, 0.0, 0.0);
        for (path, targets) in paths.iter().zip(&self.targets) {
            for (r, y) in path.iter().zip(targets) {
                for (o, y) in y.iter().enumerate() {
                    let row = &theta.block("w_out")[o * SHAPE.units..(o + 1) * SHAPE.units];
                    let z = theta.block("b_out")[o] + row.iter().zip(r).map(|(w, r)| w * r).sum::<f64>();
                    sum += (z - y) * (z - y);
                    count += 1.0;
                }
                rates += r.iter().map(|r| r * r).sum::<f64>();
            }
        }
        let all = (self.lengths.len() * self.lengths[0] * SHAPE.units) as f64;
        sum / count + self.rates * rates / all
    }

    /// Its gradient by central differences.
    fn differences(&self, fault: Fault) -> Vec<f64> {
        let anchors = (fault == Fault::Anchors).then(|| self.plain(&self.theta, Fault::None, None).1);
        let h = 1e-5;
        (0..self.theta.data().len())
            .map(|k| {
                let moved = |by: f64| {
                    let mut theta = self.theta.clone();
                    theta.data_mut()[k] += by;
                    self.cost(&theta, fault, anchors.as_deref())
                };
                (moved(h) - moved(-h)) / (2.0 * h)
            })
            .collect()
    }
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(1e-300f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max)
}

fn flat(paths: &[Vec<Vec<f64>>]) -> Vec<f64> {
    paths.iter().flatten().flatten().copied().collect()
}

fn skips() -> Vec<Option<Skipping>> {
    let mut all = vec![None];
    for anchor in [Anchor::State, Anchor::Lagged, Anchor::Fresh] {
        for (every, mix) in [(1, 0.6), (2, 0.3), (3, 0.5), (5, 0.8), (6, 0.2)] {
            for (across, trials) in [(false, false), (true, false), (false, true), (true, true)] {
                all.push(Some(Skipping { every, mix, anchor, across, trials }));
            }
        }
    }
    all
}

/// Whatever else is wrong with it, a share that is none is what the message is about.
#[test]
fn shares_of_the_plain_path_are_above_0_and_at_most_1() {
    for bad in ["1.5", "0", "-0.2", "[0.5, 1.5]", "[1.5, 1.0]", "[0.0, 1.0]"] {
        let changes = ["unroll.scheme=sctt".to_string(), format!("unroll.mix={bad}")];
        let error = Experiment::load("soo2023/dlygo", &changes).unwrap_err();
        assert!(error.what.starts_with("a mixing ratio of"), "{bad}: {}", error.what);
        assert!(error.place.unwrap().contains("unroll.mix"), "{bad}");
    }
    let falling = ["unroll.scheme=sctt".to_string(), "unroll.mix=[0.8, 0.4]".to_string()];
    assert!(Experiment::load("soo2023/dlygo", &falling).unwrap_err().what.contains("plain share goes from"));
}

#[test]
fn paths_are_those_of_the_specification() {
    for leak in [Leak::Potential, Leak::Rate] {
        for (k, skipping) in skips().into_iter().enumerate() {
            let problem = Problem::new(leak, skipping, k as u64);
            let plain = problem.plain(&problem.theta, Fault::None, None).0;
            let gap = apart(&flat(&problem.path()), &flat(&plain));
            assert!(gap < 1e-12, "{leak} {skipping:?}: {gap}");
        }
    }
}

/// 1e-7: central differences of a sum of O(1) at h = 1e-5.
#[test]
fn gradients_are_central_differences() {
    for leak in [Leak::Potential, Leak::Rate] {
        for (k, skipping) in skips().into_iter().enumerate() {
            let problem = Problem { rates: 0.3, ..Problem::new(leak, skipping, k as u64) };
            let (_, gradient) = problem.gradient();
            let gap = apart(gradient.data(), &problem.differences(Fault::None));
            assert!(gap < 1e-7, "{leak} {skipping:?}: {gap}");
        }
    }
}

/// A comparison that could not fail would show nothing.
#[test]
fn faults_are_noticed() {
    let skipping = Skipping { every: 3, mix: 0.5, anchor: Anchor::Lagged, across: false, trials: false };
    for leak in [Leak::Potential, Leak::Rate] {
        let problem = Problem::new(leak, Some(skipping), 5);
        let (_, gradient) = problem.gradient();
        for fault in [Fault::Periods, Fault::FreshDerivative, Fault::Anchors, Fault::Replace] {
            let gap = apart(gradient.data(), &problem.differences(fault));
            assert!(gap > 1e-3, "{leak} {fault:?}: {gap}");
        }
        let literal = Problem::new(leak, Some(Skipping { anchor: Anchor::Fresh, ..skipping }), 5);
        let (_, gradient) = literal.gradient();
        for fault in [Fault::Periods, Fault::LaggedDerivative, Fault::Anchors, Fault::Replace] {
            let gap = apart(gradient.data(), &literal.differences(fault));
            assert!(gap > 1e-3, "{leak} literal, {fault:?}: {gap}");
        }
        for every in [1, 3] {
            let problem = Problem::new(leak, Some(Skipping { every, trials: true, ..skipping }), 5);
            let (_, gradient) = problem.gradient();
            for fault in [Fault::Trials, Fault::Anchors, Fault::Replace] {
                let gap = apart(gradient.data(), &problem.differences(fault));
                assert!(gap > 1e-3, "{leak} every {every}, whole trials, {fault:?}: {gap}");
            }
        }
    }
}

/// At the end of each trial of a session the state is β s + (1-β) s_start-of-trial (§2.7), at other steps what the
/// step before makes it.
#[test]
fn the_end_of_a_trial_is_blended_with_its_beginning() {
    let mix = 0.4;
    let skipping = Skipping { every: 1, mix, anchor: Anchor::State, across: false, trials: true };
    let mut problem = Problem::new(Leak::Rate, Some(skipping), 7);
    problem.lengths = vec![7];
    problem.breaks = vec![vec![1, 3, 4]];
    problem.sessions = vec![vec![1, 4, 7]];
    let states = [&[problem.theta.block("x0").to_vec()][..], &problem.path()[0]].concat();
    for t in 1..=7 {
        let s = &states[t - 1];
        let rise = problem.increment(&problem.theta, s, &problem.inputs[0][t - 1], &problem.noise[0][t - 1]);
        for i in 0..SHAPE.units {
            let plain = s[i] + rise[i];
            let expected = match t {
                4 => mix * plain + (1.0 - mix) * states[1][i],
                7 => mix * plain + (1.0 - mix) * states[4][i],
                _ => plain,
            };
            assert!((states[t][i] - expected).abs() < 1e-12, "step {t}, unit {i}: {} {expected}", states[t][i]);
        }
    }
}

/// Three trials of pure leak, each of two blocks of three steps: (β (β (1-κ)³ + 1-β)² + 1-β)³.
#[test]
fn whole_trials_of_pure_leak_have_a_closed_form() {
    let (every, mix) = (3, 0.3);
    let skipping = Skipping { every, mix, anchor: Anchor::State, across: false, trials: true };
    let mut problem = Problem::new(Leak::Rate, Some(skipping), 4);
    problem.nonlinearity = Nonlinearity::Rectify;
    problem.lengths = vec![18];
    problem.breaks = vec![vec![6, 12]];
    problem.sessions = vec![vec![0, 6, 12, 18]];
    for array in [&mut problem.inputs, &mut problem.noise, &mut problem.targets] {
        let step = array[0][0].clone();
        array[0].push(step);
        array[0].iter_mut().flatten().for_each(|x| *x = 0.0);
    }
    problem.theta.data_mut().fill(0.0);
    problem.theta.block_mut("x0").copy_from_slice(&[1.0, -2.0, 0.5, 3.0, 1.0]);
    let path = problem.path();
    for (i, x0) in problem.theta.block("x0").iter().enumerate() {
        let block = skipping.factor(DT / problem.tau[i]);
        let trial = mix * block * block + (1.0 - mix);
        assert!((path[0][17][i] - trial.powi(3) * x0).abs() < 1e-12);
    }
}

/// θ = 1, β = 1, and a trial shorter than a block are the plain network, bit for bit.
#[test]
fn a_finished_schedule_is_the_plain_network() {
    for leak in [Leak::Potential, Leak::Rate] {
        let bare = Problem { omega: 2.0, ..Problem::new(leak, None, 3) };
        for anchor in [Anchor::State, Anchor::Lagged, Anchor::Fresh] {
            for (every, mix) in [(1, 0.5), (4, 1.0), (18, 0.5)] {
                let skipping = Some(Skipping { every, mix, anchor, across: false, trials: false });
                let problem = Problem { omega: 2.0, ..Problem::new(leak, skipping, 3) };
                assert_eq!(flat(&problem.path()), flat(&bare.path()), "{leak} {skipping:?}");
                assert_eq!(problem.gradient().1.data(), bare.gradient().1.data(), "{leak} {skipping:?}");
            }
        }
    }
}

/// With β = 1 skips over whole trials are the plain network, and without a session none, bit for bit.
#[test]
fn skips_over_whole_trials_need_a_session() {
    for leak in [Leak::Potential, Leak::Rate] {
        for anchor in [Anchor::State, Anchor::Lagged, Anchor::Fresh] {
            for (every, mix, sessions) in [(1, 1.0, true), (4, 1.0, true), (1, 0.5, false), (4, 0.5, false)] {
                let with = Skipping { every, mix, anchor, across: false, trials: true };
                let mut problem = Problem { omega: 2.0, ..Problem::new(leak, Some(with), 3) };
                if !sessions {
                    problem.sessions.clear();
                }
                let without = (mix != 1.0).then_some(Skipping { trials: false, ..with });
                let bare = Problem { omega: 2.0, ..Problem::new(leak, without, 3) };
                assert_eq!(flat(&problem.path()), flat(&bare.path()), "{leak} {with:?}");
                assert_eq!(problem.gradient().1.data(), bare.gradient().1.data(), "{leak} {with:?}");
            }
        }
    }
}

/// One block from r, without drive (§7): β (1-κ)^θ r + (1-β)(1-θκ) r, and SCTT likewise with (1-β) r.
#[test]
fn one_block_of_pure_leak_has_a_closed_form() {
    let (every, mix) = (6, 0.3);
    for (anchor, coarse) in [(Anchor::State, false), (Anchor::Lagged, true), (Anchor::Fresh, true)] {
        let skipping = Skipping { every, mix, anchor, across: false, trials: false };
        let mut problem = Problem::new(Leak::Rate, Some(skipping), 4);
        problem.nonlinearity = Nonlinearity::Rectify;
        problem.theta.data_mut().fill(0.0);
        problem.theta.block_mut("x0").copy_from_slice(&[1.0, -2.0, 0.5, 3.0, 1.0]);
        problem.noise.iter_mut().flatten().flatten().for_each(|n| *n = 0.0);
        let path = problem.path();
        for (i, x0) in problem.theta.block("x0").iter().enumerate() {
            let kappa = DT / problem.tau[i];
            let anchor = if coarse { 1.0 - every as f64 * kappa } else { 1.0 };
            let factor = mix * (1.0 - kappa).powi(every as i32) + (1.0 - mix) * anchor;
            // the fourth trial has one period of six steps
            assert!((path[3][5][i] - factor * x0).abs() < 1e-12);
        }
    }
}

/// The factors of the table of §2.2, from one unit with a fixed drive over many blocks.
#[test]
fn deviations_shrink_or_grow_as_the_linear_analysis_says() {
    let table = [
        (100.0, 10, [0.520, 0.549, 0.579], [0.502, 0.446, 0.568], [0.920, 0.799, 0.679]),
        (100.0, 20, [0.072, 0.179, 0.287], [0.549, 0.434, 0.275], [0.872, 0.679, 0.487]),
        (100.0, 40, [0.774, 0.436, 0.097], [0.465, 0.368, 0.233], [0.826, 0.564, 0.303]),
        (50.0, 10, [0.070, 0.174, 0.279], [0.557, 0.440, 0.278], [0.870, 0.674, 0.479]),
        (50.0, 20, [0.776, 0.439, 0.103], [0.465, 0.368, 0.232], [0.824, 0.561, 0.297]),
        (50.0, 40, [2.397, 1.493, 0.588], [0.731, 0.431, 0.115], [0.803, 0.507, 0.212]),
    ];
    for (tau, every, literal, coded, sctt) in table {
        for (k, mix) in [0.2, 0.5, 0.8].into_iter().enumerate() {
            for (anchor, factor) in [(Anchor::Fresh, literal[k]), (Anchor::Lagged, coded[k]), (Anchor::State, sctt[k])]
            {
                let skipping = Skipping { every, mix, anchor, across: false, trials: false };
                let found = skipping.factor(5.0 / tau);
                assert!((found - factor).abs() < 6e-4, "{tau} {every} {mix} {anchor:?}: {found}, not {factor}");
                // The network itself, from 1 towards 0, over 40 and 60 blocks.
                let (few, many) = (40, 60);
                let path = alone(tau, skipping, many * every);
                let rate = (path[many * every - 1].abs() / path[few * every - 1].abs()).powf(1.0 / (many - few) as f64);
                if anchor != Anchor::Lagged {
                    assert!((rate - factor).abs() < 6e-4, "{tau} {every} {mix} {anchor:?}: {rate}, not {factor}");
                } else if mix == 0.2 {
                    // a complex pair turns as it shrinks
                    assert!(rate < 1.0);
                }
            }
        }
    }
}

/// One unit that leaks from 1 with nothing coming in, and is read out; dt = 5 ms.
fn leaking(tau: f64, skipping: Skipping) -> (Skip<Rate<f64>>, Plastic<Skip<Rate<f64>>>) {
    let design = Design {
        shape: Shape { inputs: 0, units: 1, outputs: 1 },
        tau: vec![ms(tau)],
        dt: ms(5.0),
        leak: Leak::Rate,
        nonlinearity: Nonlinearity::Rectify,
        readout: Readout::Linear,
        noise: UnitNoise::Silent,
    };
    let network = Skip::over(Rate::<f64>::new(&design, Isa::best()).unwrap(), skipping).unwrap();
    let mut theta = network.blocks();
    theta.block_mut("x0")[0] = 1.0;
    theta.block_mut("w_out")[0] = 1.0;
    let wiring = Wiring::free(&theta);
    let plastic = Parameters::new(&network, theta, wiring).unwrap();
    (network, plastic)
}

/// One trial whose target is 0.
fn one_trial(batch: &mut Batch<f64>, steps: usize) {
    batch.timetable.refill(&[steps]);
    batch.targets = vec![0.0; steps];
    batch.mask = vec![1.0; steps];
    batch.ids = vec![0];
}

/// r of one unit that leaks from 1.
fn alone(tau: f64, skipping: Skipping, steps: usize) -> Vec<f64> {
    struct Only(Vec<f64>);
    impl Probe<Skip<Rate<f64>>> for Only {
        fn observe(&mut self, now: &Moment<'_, Skip<Rate<f64>>>) {
            self.0.push(now.network.rates(now.state, now.t, 0)[0]);
        }
    }
    let (network, plastic) = leaking(tau, skipping);
    let mut desk = Desk::new(&network, &Still, &Room { trials: 1, steps, history: History::Last }).unwrap();
    one_trial(&mut desk.batch, steps);
    let mut only = Only(Vec::new());
    work(&network, &Still, &plastic, &(), &Conditions::new(Noise::Silent, Loss::Squared, 1.0), &mut desk, &mut only);
    only.0
}

/// Errors fade as deviations shrink: exponentially in a plain network, and block by block by the factor of the skip.
#[test]
fn errors_fade_block_by_block() {
    let (tau, every, blocks) = (100.0, 40, 5);
    let steps = every * blocks;
    let fading = |mix: f64, anchor: Anchor| {
        let skipping = Skipping { every, mix, anchor, across: false, trials: false };
        let (network, plastic) = leaking(tau, skipping);
        let crew = Crew::new(1).unwrap();
        let room = Room { trials: 1, steps, history: History::Whole };
        let mut run = Run::new(&network, &Fading, plastic, &room, &crew).unwrap();
        one_trial(&mut run.desks[0].batch, steps);
        run.update(Noise::Silent, Loss::Squared, &crew);
        assert_eq!(run.memory.len(), steps);
        run.memory
    };
    let plain = fading(1.0, Anchor::State);
    for lag in 0..steps {
        let wanted = 0.95_f64.powi(lag as i32);
        assert!((plain[lag] / plain[0] / wanted - 1.0).abs() < 1e-12, "{lag}");
    }
    for anchor in [Anchor::State, Anchor::Fresh] {
        let skipping = Skipping { every, mix: 0.8, anchor, across: false, trials: false };
        let (found, factor) = (fading(0.8, anchor), skipping.factor(0.05));
        for block in 1..blocks {
            let ratio = found[block * every] / found[0];
            assert!((ratio / factor.powi(block as i32) - 1.0).abs() < 1e-10, "{anchor:?} {block}: {ratio}");
        }
        if anchor == Anchor::State {
            assert!(found[4 * every] / found[0] > 20.0 * plain[4 * every] / plain[0], "the skip's share is a long one");
        }
    }
}

/// Nothing flows back over a cut, through anchors or otherwise.
#[test]
fn a_cut_stops_what_flows_through_anchors() {
    for leak in [Leak::Potential, Leak::Rate] {
        for anchor in [Anchor::State, Anchor::Lagged, Anchor::Fresh] {
            let skipping = Skipping { every: 4, mix: 0.5, anchor, across: true, trials: true };
            // Errors in the last steps alone, behind the cut at step 15.
            let mut problem = Problem::new(leak, Some(skipping), 9);
            problem.lengths = vec![17, 17, 17, 17];
            let longest = [&problem.inputs[0], &problem.noise[0], &problem.targets[0]].map(Clone::clone);
            for b in 0..4 {
                problem.inputs[b].clone_from(&longest[0]);
                problem.noise[b].clone_from(&longest[1]);
                problem.targets[b].clone_from(&longest[2]);
                problem.breaks[b].clear();
                problem.sessions[b] = vec![1, 17];
            }
            problem.truncation = Some(15);
            let network = problem.network();
            let rule = {
                let mut bptt = Bptt::new(0.0);
                bptt.truncation = problem.truncation;
                bptt.with(Sgd { rate: Schedule::Constant(0.0) })
            };
            let crew = Crew::new(1).unwrap();
            let room = Room { trials: 4, steps: 17, history: History::Whole };
            let mut run = Run::new(&network, &rule, problem.plastic(), &room, &crew).unwrap();
            let (mut batch, noise) = problem.batch();
            let first = batch.timetable.rows(16).start * SHAPE.outputs;
            batch.mask[..first].fill(0.0);
            run.desks[0].batch = batch;
            run.update(Noise::Given(&noise), Loss::Squared, &crew);
            let gradient = run.memory.gradient();
            assert!(gradient.block("x0").iter().all(|g| *g == 0.0));
            assert!(gradient.block("w_rec").iter().any(|g| *g != 0.0));
        }
    }
}

/// splitmix64 of an index, in [-1, 1), as golden/autodiff/skips.py draws.
fn hashed(stream: u64, count: usize, shift: f64, scale: f64) -> Vec<f64> {
    (0..count as u64)
        .map(|index| {
            let mut z = (stream << 40).wrapping_add(index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let u = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
            shift + scale * (2.0 * u - 1.0)
        })
        .collect()
}

/// Loss and gradients beside those that JAX's automatic differentiation finds (golden/autodiff/skips.py).
#[test]
fn gradients_are_those_of_automatic_differentiation() {
    #[derive(serde::Deserialize)]
    struct Case {
        leak: String,
        scheme: String,
        every: usize,
        mix: f64,
        loss: f64,
        gradient: std::collections::HashMap<String, Vec<f64>>,
    }
    #[derive(serde::Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }
    let golden: Golden = serde_json::from_str(include_str!("../../../golden/autodiff/skips.json")).unwrap();
    assert_eq!(golden.cases.len(), 16);
    let shape = Shape { inputs: 3, units: 6, outputs: 2 };
    let lengths = [19, 19, 14];
    let breaks = [vec![4, 12], vec![6], vec![1, 2, 8]];
    for case in &golden.cases {
        let anchor = match case.scheme.as_str() {
            "sctt" => Anchor::State,
            "dasc" => Anchor::Lagged,
            _ => Anchor::Fresh,
        };
        let design = Design {
            shape,
            tau: [100.0, 50.0, 30.0, 400.0, 80.0, 60.0].map(ms).to_vec(),
            dt: ms(DT),
            leak: if case.leak == "rate" { Leak::Rate } else { Leak::Potential },
            nonlinearity: Nonlinearity::Softplus,
            readout: Readout::Linear,
            noise: UnitNoise::Silent,
        };
        let rate = Rate::<f64>::new(&design, Isa::best()).unwrap();
        let skipping = Skipping { every: case.every, mix: case.mix, anchor, across: false, trials: false };
        let network = Skip::over(rate, skipping).unwrap();
        let mut theta = network.blocks();
        for (stream, (name, shift, scale)) in (1..).zip([
            ("w_in", 0.0, 1.0),
            ("w_rec", 0.0, 1.0),
            ("w_out", 0.0, 1.0),
            ("b_rec", 0.0, 0.5),
            ("b_out", 0.0, 0.3),
            ("x0", 0.2, 1.0),
        ]) {
            let block = theta.block_mut(name);
            block.copy_from_slice(&hashed(stream, block.len(), shift, scale));
        }
        let mut timetable = Timetable::default();
        timetable.refill(&lengths);
        breaks.iter().for_each(|b| timetable.add_breaks(b.iter().copied()));
        let rows = |stream: u64, width: usize, shift: f64, scale: f64| -> Vec<f64> {
            let all = hashed(stream, 3 * 19 * width, shift, scale);
            let at = |t: usize, b: usize| all[(b * 19 + t - 1) * width..][..width].to_vec();
            (1..=19).flat_map(|t| (0..timetable.active(t)).flat_map(|b| at(t, b)).collect::<Vec<_>>()).collect()
        };
        let noise = rows(8, 6, 0.0, 0.5);
        let batch = Batch {
            held: Vec::new(),
            inputs: rows(7, 3, 0.4, 1.0),
            targets: rows(9, 2, 0.0, 1.0),
            mask: vec![1.0; timetable.total() * 2],
            outlines: Vec::new(),
            ids: vec![0, 1, 2],
            samples: timetable.total(),
            warm_up: 0,
            timetable: timetable.clone(),
        };
        let rule = Bptt::new(0.0).with(Sgd { rate: Schedule::Constant(0.0) });
        let crew = Crew::new(1).unwrap();
        let room = Room { trials: 3, steps: 19, history: History::Whole };
        let wiring = Wiring::free(&theta);
        let plastic = Parameters::new(&network, theta, wiring).unwrap();
        let mut run = Run::new(&network, &rule, plastic, &room, &crew).unwrap();
        run.desks[0].batch = batch;
        let (tally, _) = run.update(Noise::Given(&noise), Loss::Squared, &crew);
        let name = format!("{} {} {} {}", case.leak, case.scheme, case.every, case.mix);
        assert!((tally.loss / tally.mask - case.loss).abs() < 1e-12 * case.loss.max(1.0), "{name}");
        for (block, wanted) in &case.gradient {
            // 1e-10: double precision over twenty steps, in two programs
            let gap = apart(run.memory.gradient().block(block), wanted);
            assert!(gap < 1e-10, "{name} {block}: {gap}");
        }
    }
}

/// An experiment that trains this task with these settings of `[unroll]`.
fn unrolled(task: &str, settings: &[&str]) -> Result<Experiment, String> {
    let text = format!("[task]\nname = \"{task}\"\n[network]\nleak = \"rate\"\n[unroll]\n{}", settings.join("\n"));
    Experiment::parse(&text, "mine", "mine.toml", &[]).map_err(|e| e.to_string())
}

/// In the experiment as in the batches that it makes.
#[test]
fn tasks_across_trials_have_sessions_to_skip_over() {
    for (task, every) in [("rule-reversal", 4), ("reversal-2afc", 4), ("wcst", 4)] {
        for scheme in ["sctt", "dasc"] {
            let settings = [&format!("scheme = \"{scheme}\""), &format!("every = {every}")[..], "trials = true"];
            let experiment = unrolled(task, &settings).unwrap();
            assert!(experiment.warnings().is_empty(), "{task}: {:?}", experiment.warnings());
            let Unrolled::Skips(skipping) = experiment.unroll.at(0) else { panic!("{task}: no skips") };
            assert!(skipping.trials && !skipping.across);
            assert_eq!(experiment.unroll.at(20_000), Unrolled::Plain);

            let set = cogrnn_core::task::Set::Training;
            let mut batch = Batch::<f32>::default();
            let generator = experiment.generator(set, experiment.dt, Isa::Plain);
            generator.share(0, 2, false, [&mut batch], &Crew::new(1).unwrap()).unwrap();
            for (b, outline) in batch.outlines.iter().enumerate() {
                let (ends, epochs) = (batch.timetable.session(b), &outline.epochs);
                assert_eq!((ends[0], ends[ends.len() - 1]), (batch.warm_up, batch.timetable.length(b)), "{task}");
                // epochs are numbered by trial
                let last = epochs[epochs.len() - 1].name.rsplit(' ').next().unwrap();
                assert_eq!(ends.len() - 1, last.parse::<usize>().unwrap(), "{task}");
                for (k, end) in ends[..ends.len() - 1].iter().enumerate() {
                    let first = epochs.iter().find(|e| e.name.ends_with(&format!(" {}", k + 1))).unwrap();
                    assert_eq!(first.start.steps(experiment.dt), *end, "{task}: {}", first.name);
                    assert!(*end == 0 || batch.timetable.breaks(b).contains(end));
                }
            }
        }
    }
}

#[test]
fn skips_over_whole_trials_are_refused_where_there_is_no_session() {
    let trials = "trials = true";
    let single = unrolled("perceptual-decision", &["scheme = \"sctt\"", "every = 4", trials]).unwrap_err();
    let one = "rule-reversal\"\nsequences = [\"0\", \"1\"] #";
    let one = unrolled(one, &["scheme = \"sctt\"", "every = 4", trials]).unwrap_err();
    let plain = unrolled("rule-reversal", &[trials]).unwrap_err();
    let coarse = unrolled("rule-reversal", &["scheme = \"cd\"", "every = 2", trials]).unwrap_err();
    assert_snapshot!([single, one, plain, coarse].join("\n\n"), @r#"
    skips over whole trials, but a trial of `perceptual-decision` is by itself   [mine.toml:8]
    why  such a skip goes from the end of a trial to its beginning for the sake of the next trial of the same session, and there is none
    try  leave it out; rule-reversal, reversal-2afc and wcst have sessions of several trials

    skips over whole trials, but a trial of `rule-reversal` is by itself   [mine.toml:9]
    why  such a skip goes from the end of a trial to its beginning for the sake of the next trial of the same session, and there is none
    try  leave it out; rule-reversal, reversal-2afc and wcst have sessions of several trials

    `trials` has no effect here   [mine.toml:6]
    why  `scheme` is "plain"
    try  remove it, or change what leaves it without effect

    `trials` has no effect here   [mine.toml:8]
    why  longer time steps make no blocks
    try  remove it, or change what leaves it without effect
    "#);
}

#[test]
fn epochs_shorter_than_a_skip_are_refused_unless_that_is_meant() {
    let scheme = "scheme = \"dasc\"";
    let short = unrolled("perceptual-decision", &[scheme, "every = 12"]).unwrap_err();
    let long = unrolled("perceptual-decision", &[scheme, "every = 5000", "short_epochs = true"]).unwrap_err();
    let longer = unrolled("perceptual-decision", &[scheme, "every = 5000", "across = true"]).unwrap_err();
    let idle = unrolled("perceptual-decision", &[scheme, "across = true", "short_epochs = true"]).unwrap_err();
    let told = |settings: &[&str]| unrolled("perceptual-decision", settings).unwrap().warnings().join("\n");
    let meant = told(&[scheme, "every = 12", "short_epochs = true"]);
    assert_snapshot!([short, long, longer, idle, meant].join("\n\n"), @"
    a skip of 12 steps is longer than 43.9 % of the epochs   [mine.toml:7]
    why  the shortest has 4 steps (80 ms): learning would go through it without a short cut
    try  take 4 or less, `across = true`, where skips run on over epochs, or `short_epochs = true`, where epochs shorter than a skip go without one

    a skip of 5000 steps is longer than every epoch   [mine.toml:7]
    why  the longest has 100 steps (2000 ms), so that there would be no skip at all
    try  take 100 or less, or `across = true`, where skips run on over epochs

    a skip of 5000 steps is longer than every trial   [mine.toml:7]
    why  the longest has 100 steps (2000 ms), so that there would be no skip at all
    try  take 100 or less

    `short_epochs` has no effect here   [mine.toml:8]
    why  `across = true`: skips run on over epochs
    try  remove it, or change what leaves it without effect

    [unroll] skips of 12 steps: 43.9 % of the epochs are shorter and get none
    ");
    assert_eq!(told(&[scheme, "every = 12", "across = true"]), "");
    assert_eq!(told(&[scheme, "every = 4"]), "");
}
