use super::*;
use cogrnn_core::random::{Address, Purpose, Stream};

fn stream(trial: u64) -> Stream {
    Address { seed: 7, purpose: Purpose::Weights, trial }.stream()
}

/// Filtered spike trains of the 2023 system: a spike adds 1/τ, τ = 150 ms; 5 Hz, some neurons up to twice that; one update in
/// 10 ms.
struct Spikes {
    r: Vec<f64>,
    random: Stream,
    jump: f64,
}

impl Spikes {
    fn new(neurons: usize, trial: u64) -> Spikes {
        Spikes { r: vec![0.0; neurons], random: stream(1000 + trial), jump: 1.0 / 150.0 }
    }

    /// The same in the units of 2018: τ_s = 20 ms and unit of time 10 ms, so that a spike adds ½.
    fn strong(neurons: usize, trial: u64) -> Spikes {
        Spikes { jump: 0.5, ..Spikes::new(neurons, trial) }
    }

    fn next(&mut self) -> Vec<f64> {
        let decay = if self.jump < 0.1 { 1.0 - 1.0 / 150.0 } else { 1.0 - 1.0 / 20.0 };
        for _ in 0..10 {
            for (j, r) in self.r.iter_mut().enumerate() {
                let spike = self.random.uniform() < 0.005 * (1.0 + (j % 5) as f64 / 4.0);
                *r = *r * decay + if spike { self.jump } else { 0.0 };
            }
        }
        self.r.clone()
    }
}

/// Each neuron a P of all entries and every operation as §2.1 writes it.
struct Dense {
    p: Vec<Vec<f64>>,
    w: Vec<f64>,
}

impl Dense {
    fn new(ridge: &Ridge, blocks: &Blocks, w: Vec<f64>) -> Dense {
        let n = w.len();
        let p = (0..n).map(|a| (0..n).map(|b| ridge.inverse(blocks, a, b)).collect()).collect();
        Dense { p, w }
    }

    /// k, den, and P changed.
    fn gain(&mut self, r: &[f64]) -> (Vec<f64>, f64) {
        let k: Vec<f64> = self.p.iter().map(|row| row.iter().zip(r).map(|(p, r)| p * r).sum()).collect();
        let den = 1.0 / (1.0 + k.iter().zip(r).map(|(k, r)| k * r).sum::<f64>());
        for (row, ka) in self.p.iter_mut().zip(&k) {
            for (p, kb) in row.iter_mut().zip(&k) {
                *p -= den * ka * kb;
            }
        }
        (k, den)
    }

    fn u(&self, r: &[f64]) -> f64 {
        self.w.iter().zip(r).map(|(w, r)| w * r).sum()
    }

    fn update(&mut self, r: &[f64], target: f64) {
        let e = self.u(r) - target;
        let (k, den) = self.gain(r);
        for (w, k) in self.w.iter_mut().zip(&k) {
            *w -= e * den * k;
        }
    }
}

/// A x = b by elimination with pivots.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for c in 0..n {
        let pivot = (c..n).max_by(|i, j| a[*i][c].abs().total_cmp(&a[*j][c].abs())).unwrap();
        a.swap(c, pivot);
        b.swap(c, pivot);
        for i in c + 1..n {
            let f = a[i][c] / a[c][c];
            for j in c..n {
                a[i][j] -= f * a[c][j];
            }
            b[i] -= f * b[c];
        }
    }
    for c in (0..n).rev() {
        let rest: f64 = (c + 1..n).map(|j| a[c][j] * b[j]).sum();
        b[c] = (b[c] - rest) / a[c][c];
    }
    b
}

const PRESYNAPTIC: usize = 60;

/// Neurons with 12 + 9 own inputs of E and I; `alike`: three neurons at a time have the same.
fn population(neurons: usize, shared: usize, alike: bool) -> Population {
    let mut random = stream(1);
    let mut fan_in: Vec<Vec<u32>> = Vec::new();
    let mut weights = Vec::new();
    for i in 0..neurons {
        let mut own: Vec<u32> =
            random.permutation(PRESYNAPTIC).into_iter().take(21 + i % 3).map(|j| j as u32).collect();
        if alike && i % 3 > 0 {
            own = fan_in[i - i % 3].clone();
        }
        weights.push((0..own.len()).map(|j| (0.2 + random.uniform()) * if j < 12 { 0.6 } else { -0.5 }).collect());
        fan_in.push(own);
    }
    Population { presynaptic: PRESYNAPTIC, fan_in, weights, shared, conditions: 1 }
}

fn tutorial() -> Ridge {
    Ridge { lambda: 0.04, lambda_ff: 1.0, mu: 8.0 } // §2.5, part 3
}

fn settings(economy: Economy, ridge: Ridge) -> Settings {
    Settings { economy: Some(economy), ridge, ..Settings::default() }
}

/// r of one neuron: own, then shared.
fn regressor(population: &Population, i: usize, r: &[f64], s: &[f64]) -> Vec<f64> {
    population.fan_in[i].iter().map(|j| r[*j as usize]).chain(s.iter().copied()).collect()
}

fn first_weights(population: &Population, i: usize) -> Vec<f64> {
    let mut w = population.weights[i].clone();
    w.resize(w.len() + population.shared, 0.0);
    w
}

fn all_weights<F: Real>(rls: &Rls<F>, i: usize) -> Vec<f64> {
    rls.weights(i).iter().chain(rls.shared_weights(i, 0)).map(|w| w.to_f64()).collect()
}

/// A slow target for each neuron.
fn target(i: usize, k: usize) -> f64 {
    0.5 * (0.07 * k as f64 + i as f64).sin()
}

fn narrow<F: Real>(x: &[f64]) -> Vec<F> {
    x.iter().map(|x| F::from_f64(*x)).collect()
}

/// Largest difference of weights, as a share of the largest weight.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let largest = a.iter().chain(b).fold(0.0_f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs())) / largest
}

/// Runs updates over spikes; `see` looks after each.
fn run<F: Real>(rls: &mut Rls<F>, population: &Population, crew: &Crew, updates: std::ops::Range<usize>, strong: bool) {
    let new = if strong { Spikes::strong } else { Spikes::new };
    let (mut own, mut shared) = (new(population.presynaptic, 0), new(population.shared, 1));
    let neurons = population.fan_in.len();
    for k in 0..updates.end {
        let (r, s) = (own.next(), shared.next());
        if k >= updates.start {
            let targets: Vec<f64> = (0..neurons).map(|i| target(i, k)).collect();
            let aim = Aim::Input { given: &[], target: &narrow(&targets) };
            rls.update(crew, &narrow(&r), &narrow(&s), 0, &aim).unwrap();
        }
    }
}

/// Every economy that applies to a population of that kind.
const CASES: [(Economy, usize, bool); 5] = [
    (Economy::Separate, 0, false),
    (Economy::Separate, 17, false),
    (Economy::OneP, 0, true),
    (Economy::OneP, 17, true),
    (Economy::SharedInputs, 17, false),
];

/// §2.1: w after K updates solves (Λ + Σ r rᵀ) w = Λ w₀ + Σ (f - given) r.
fn ridge_error(economy: Economy, shared: usize, alike: bool, change: impl Fn(&mut Settings)) -> f64 {
    let crew = Crew::new(1).unwrap();
    let mut population = population(6, shared, alike);
    // With μ, neurons have one P only if signs agree too.
    population.weights.iter_mut().for_each(|w| w[3] = 0.0);
    let ridge = tutorial();
    let mut settings = settings(economy, ridge);
    change(&mut settings);
    let mut rls = Rls::<f64>::new(Isa::best(), &population, settings, None).unwrap();
    let (mut own, mut external) = (Spikes::strong(PRESYNAPTIC, 0), Spikes::strong(shared, 1));
    let mut stream = Vec::new();
    for k in 0..200 {
        let (r, s) = (own.next(), external.next());
        let given: Vec<f64> = (0..6).map(|i| 0.3 * ((k + i) as f64).cos()).collect();
        let targets: Vec<f64> = (0..6).map(|i| target(i, k)).collect();
        rls.update(&crew, &r, &s, 0, &Aim::Input { given: &given, target: &targets }).unwrap();
        stream.push((r, s, given, targets));
    }
    (0..6).fold(0.0_f64, |worst, i| {
        let (blocks, w0) = (Blocks::of(&population.weights[i]), first_weights(&population, i));
        let n = w0.len();
        let mut a: Vec<Vec<f64>> = (0..n).map(|a| (0..n).map(|b| ridge.entry(&blocks, a, b)).collect()).collect();
        let mut b: Vec<f64> = a.iter().map(|row| row.iter().zip(&w0).map(|(l, w)| l * w).sum()).collect();
        for (r, s, given, targets) in &stream {
            let x = regressor(&population, i, r, s);
            for j in 0..n {
                b[j] += (targets[i] - given[i]) * x[j];
                for l in 0..n {
                    a[j][l] += x[j] * x[l];
                }
            }
        }
        worst.max(apart(&solve(a, b), &all_weights(&rls, i)))
    })
}

#[test]
fn rls_is_ridge_regression_whatever_the_economy() {
    for (economy, shared, alike) in CASES {
        let error = ridge_error(economy, shared, alike, |_| ());
        assert!(error < 1e-10, "{economy}, {shared} shared: {error:e}");
        // Controls: each part of the rule is needed.
        let without_mu = ridge_error(economy, shared, alike, |s| s.ridge.mu = 0.0);
        let without_den = ridge_error(economy, shared, alike, |s| s.den = false);
        let other_lambda = ridge_error(economy, shared, alike, |s| s.ridge.lambda *= 1.01);
        for wrong in [without_mu, without_den, other_lambda] {
            assert!(wrong > 1e-4, "{economy}: a control is {wrong:e} away");
        }
    }
}

/// Weights and P of every economy against whole matrices in double precision over 3000 updates: the largest share of the
/// largest weight, over neurons, at the end.
fn against_dense<F: Real>(economy: Economy, shared: usize, alike: bool, strong: bool) -> f64 {
    let (crew, population, updates) = (Crew::new(1).unwrap(), population(6, shared, alike), 3000);
    let ridge = if strong { Ridge { lambda: 1.0, ..tutorial() } } else { tutorial() };
    let mut rls = Rls::<F>::new(Isa::best(), &population, settings(economy, ridge), None).unwrap();
    run(&mut rls, &population, &crew, 0..updates, strong);
    let dense = |i: usize| Dense::new(&ridge, &Blocks::of(&population.weights[i]), first_weights(&population, i));
    let mut twins: Vec<Dense> = (0..6).map(dense).collect();
    let new = if strong { Spikes::strong } else { Spikes::new };
    let (mut own, mut external) = (new(PRESYNAPTIC, 0), new(shared, 1));
    for k in 0..updates {
        let (r, s) = (own.next(), external.next());
        for (i, twin) in twins.iter_mut().enumerate() {
            twin.update(&regressor(&population, i, &r, &s), target(i, k));
        }
    }
    twins.iter().enumerate().fold(0.0_f64, |worst, (i, twin)| {
        for a in 0..population.fan_in[i].len() {
            // §8, item 2: positive, and no larger than it began.
            let variance = rls.inverse(i, a, a);
            let first = ridge.inverse(&Blocks::of(&population.weights[i]), a, a);
            assert!(variance > 0.0 && variance <= first, "P of {i} at {a}: {variance}, {first} at first");
        }
        worst.max(apart(&twin.w, &all_weights(&rls, i)))
    })
}

#[test]
fn every_economy_is_dense_rls_over_thousands_of_updates() {
    for (economy, shared, alike) in CASES {
        for strong in [false, true] {
            let (double, single) = (
                against_dense::<f64>(economy, shared, alike, strong),
                against_dense::<f32>(economy, shared, alike, strong),
            );
            println!("{economy:>13}, {shared:2} shared, strong {strong:5}: f64 {double:.1e}, f32 {single:.1e}");
            assert!(double < 1e-10, "{economy}: {double:e}");
            assert!(single < 1e-2, "{economy}: {single:e}");
        }
    }
}

/// §8, item 1: any number of waiting changes, 1000 updates.
fn waiting_error<F: Real>(wait: usize) -> f64 {
    let (n, ridge) = (58, Ridge::default());
    let blocks = Blocks::of(&(0..n).map(|j| if j < 29 { 1.0 } else { -1.0 }).collect::<Vec<_>>());
    let mut dense = Dense::new(&ridge, &blocks, vec![0.0; n]);
    let mut inverses = Inverses::<F>::new(Isa::best(), &[n], wait);
    inverses.fill(0, |a, b| ridge.inverse(&blocks, a, b));
    let mut scratch = Scratch::new(n);
    let mut spikes = Spikes::strong(n, 5);
    let mut worst = 0.0_f64;
    for _ in 0..1000 {
        let r = narrow::<F>(&spikes.next());
        scratch.r[..n].copy_from_slice(&r);
        inverses.gain(0, &mut scratch);
        let rk = dot(Isa::best(), &scratch.r, &scratch.k);
        inverses.absorb(0, F::ONE / (F::ONE + rk), &scratch.k);
        let exact: Vec<f64> = r.iter().map(|r| r.to_f64()).collect();
        let (k, _) = dense.gain(&exact);
        let ours: Vec<f64> = scratch.k[..n].iter().map(|k| k.to_f64()).collect();
        worst = worst.max(apart(&k, &ours));
    }
    for a in 0..n {
        for b in 0..n {
            worst = worst.max((inverses.entry(0, a, b) - dense.p[a][b]).abs());
        }
    }
    worst
}

#[test]
fn changes_that_wait_are_changes_made() {
    for wait in 1..=8 {
        let (double, single) = (waiting_error::<f64>(wait), waiting_error::<f32>(wait));
        println!("{wait} wait: f64 {double:.1e}, f32 {single:.1e}");
        assert!(double < 1e-12, "{wait}: {double:e}");
        assert!(single < 1e-4, "{wait}: {single:e}");
    }
}

fn dale(dale: Dale, economy: Economy) -> Settings {
    Settings {
        dale,
        economy: Some(economy),
        ridge: Ridge { lambda: 0.05, lambda_ff: 1.0, mu: 0.0 },
        ..Settings::default()
    }
}

/// Frozen weights in the end; whether signs held and frozen weights stayed at every update.
fn under_dale(law: Dale, economy: Economy, shared: usize, alike: bool) -> (usize, bool) {
    let (crew, population) = (Crew::new(1).unwrap(), population(6, shared, alike));
    let mut rls = Rls::<f64>::new(Isa::best(), &population, dale(law, economy), None).unwrap();
    let (mut own, mut external) = (Spikes::strong(PRESYNAPTIC, 0), Spikes::strong(shared, 1));
    let mut held = true;
    let state = |rls: &Rls<f64>| -> Vec<(f64, bool)> {
        let of = |i: usize| rls.weights(i).iter().copied().zip(rls.frozen(i).iter().copied()).collect::<Vec<_>>();
        (0..6).flat_map(of).collect()
    };
    let first = state(&rls);
    let mut before = first.clone();
    for k in 0..400 {
        let targets: Vec<f64> = (0..6).map(|i| 4.0 * target(i, k)).collect();
        let aim = Aim::Input { given: &[], target: &targets };
        rls.update(&crew, &own.next(), &external.next(), 0, &aim).unwrap();
        let now = state(&rls);
        for ((first, before), now) in first.iter().zip(&before).zip(&now) {
            held &= now.0 * first.0 >= 0.0;
            held &= !before.1 || (now.1 && now.0.to_bits() == before.0.to_bits());
        }
        before = now;
    }
    (before.iter().filter(|(_, frozen)| *frozen).count(), held)
}

/// §8, item 9.
#[test]
fn signs_hold_after_every_update_and_frozen_weights_stay() {
    for (economy, shared, alike) in CASES {
        for law in [Dale::Freeze, Dale::Remove] {
            if law == Dale::Remove && economy == Economy::OneP {
                let refused = Rls::<f64>::new(Isa::best(), &population(6, shared, alike), dale(law, economy), None);
                assert!(refused.is_err());
                continue;
            }
            let (frozen, held) = under_dale(law, economy, shared, alike);
            assert!(held && frozen > 5, "{law:?}, {economy}: {frozen} frozen");
        }
        // Control: without the law some signs turn.
        assert!(!under_dale(Dale::Free, economy, shared, alike).1);
    }
}

/// §2.4 b: from the moment an input is out, weights are those of a regression on the others, begun where they were.
#[test]
fn what_is_removed_is_out_of_the_regression() {
    for (economy, shared) in [(Economy::Separate, 0), (Economy::Separate, 17), (Economy::SharedInputs, 17)] {
        let crew = Crew::new(1).unwrap();
        let mut population = population(1, shared, false);
        population.weights[0][4] = 1e-3; // crosses 0 soon
        let ridge = dale(Dale::Remove, economy).ridge;
        let mut rls = Rls::<f64>::new(Isa::best(), &population, dale(Dale::Remove, economy), None).unwrap();
        let n = population.fan_in[0].len() + shared;
        let mut dense = Dense::new(&ridge, &Blocks::of(&population.weights[0]), first_weights(&population, 0));
        let mut correlation: Vec<Vec<f64>> =
            (0..n).map(|a| (0..n).map(|b| ridge.entry(&Blocks::of(&population.weights[0]), a, b)).collect()).collect();
        let (mut own, mut external) = (Spikes::strong(PRESYNAPTIC, 0), Spikes::strong(shared, 1));
        let mut before = vec![false; n - shared];
        let mut removals = 0;
        for k in 0..300 {
            let (r, s) = (own.next(), external.next());
            let f = target(0, k);
            rls.update(&crew, &r, &s, 0, &Aim::Input { given: &[], target: &[f] }).unwrap();
            let x = regressor(&population, 0, &r, &s);
            // The twin: removed inputs count for w·r only.
            let e = dense.u(&x) - f;
            let active: Vec<f64> =
                x.iter().enumerate().map(|(j, x)| if before.get(j) == Some(&true) { 0.0 } else { *x }).collect();
            let (gain, den) = dense.gain(&active);
            let frozen = rls.frozen(0).to_vec();
            for j in 0..n {
                if frozen.get(j) != Some(&true) {
                    dense.w[j] -= e * den * gain[j];
                }
                for l in 0..n {
                    correlation[j][l] += x[j] * x[l];
                }
            }
            if frozen != before {
                removals += 1;
                // By a new inverse of what is left: not by the formula that is tested.
                let left: Vec<usize> = (0..n).filter(|j| frozen.get(*j) != Some(&true)).collect();
                for &b in &left {
                    let a = left.iter().map(|i| left.iter().map(|j| correlation[*i][*j]).collect()).collect();
                    let unit = left.iter().map(|i| f64::from(u8::from(*i == b))).collect();
                    for (i, x) in left.iter().zip(solve(a, unit)) {
                        dense.p[*i][b] = x;
                    }
                }
                for j in (0..n).filter(|j| frozen.get(*j) == Some(&true)) {
                    for l in 0..n {
                        dense.p[j][l] = 0.0;
                        dense.p[l][j] = 0.0;
                    }
                }
            }
            before = frozen;
            let error = apart(&dense.w, &all_weights(&rls, 0));
            assert!(error < 1e-9, "{economy} at update {k}, {removals} removals: {error:e}");
        }
        assert!(removals > 0);
        // Control: with P of all inputs weights go elsewhere.
        let mut other = Rls::<f64>::new(Isa::best(), &population, dale(Dale::Freeze, economy), None).unwrap();
        let mut same = Rls::<f64>::new(Isa::best(), &population, dale(Dale::Remove, economy), None).unwrap();
        run(&mut other, &population, &crew, 0..300, true);
        run(&mut same, &population, &crew, 0..300, true);
        assert!(apart(&all_weights(&same, 0), &all_weights(&rls, 0)) < 1e-12);
        assert!(apart(&all_weights(&other, 0), &all_weights(&rls, 0)) > 1e-4);
    }
}

/// φ₂ and its slope (§1.2).
fn gain(x: f64) -> (f64, f64) {
    let (c, z) = (0.1, x / 0.1);
    let soft = c * (z.max(0.0) + (-z.abs()).exp().ln_1p());
    let rate = soft.sqrt() / std::f64::consts::PI;
    let logistic = 1.0 / (1.0 + (-z).exp());
    (rate, if rate < 1e-12 { 0.0 } else { logistic / (2.0 * std::f64::consts::PI.powi(2) * rate) })
}

/// §2.2.
#[test]
fn rates_are_trained_along_their_slope_and_silent_neurons_wait() {
    let (crew, population) = (Crew::new(1).unwrap(), population(4, 5, false));
    let ridge = Ridge { lambda: 1.0, lambda_ff: 1.0, mu: 0.0 };
    let settings = Settings { training: Training::Rate, ridge, ..Settings::default() };
    let mut rls = Rls::<f64>::new(Isa::best(), &population, settings, None).unwrap();
    assert_eq!(rls.plan().economy, Economy::Separate);
    let dense = |i: usize| Dense::new(&ridge, &Blocks::of(&population.weights[i]), first_weights(&population, i));
    let mut twins: Vec<Dense> = (0..4).map(dense).collect();
    // The last is far below threshold.
    let given = [0.0, 0.5, -0.2, -30.0];
    let (mut own, mut external) = (Spikes::strong(PRESYNAPTIC, 0), Spikes::strong(5, 1));
    for k in 0..500 {
        let (r, s) = (own.next(), external.next());
        let targets: Vec<f64> = (0..4).map(|i| gain(target(i, k)).0).collect();
        rls.update(&crew, &r, &s, 0, &Aim::Rate { given: &given, target: &targets, gain: &gain }).unwrap();
        for (i, twin) in twins.iter_mut().enumerate() {
            let x = regressor(&population, i, &r, &s);
            let (rate, slope) = gain(twin.u(&x) + given[i]);
            if slope < 1e-9 {
                continue;
            }
            let (gains, den) = twin.gain(&x.iter().map(|x| x * slope).collect::<Vec<_>>());
            for (w, g) in twin.w.iter_mut().zip(gains) {
                *w -= (rate - targets[i]) * den * g;
            }
        }
    }
    for (i, twin) in twins.iter().enumerate() {
        assert!(apart(&twin.w, &all_weights(&rls, i)) < 1e-10);
        assert_eq!(rls.weights(i) != population.weights[i], i < 3, "neuron {i}");
    }
}

/// All bits of what is kept.
fn bits(rls: &Rls<f32>) -> Vec<u32> {
    rls.save().iter().flat_map(|(_, x)| x.iter().map(|x| x.to_bits())).collect()
}

/// §8, item 10.
#[test]
fn threads_and_kernels_change_no_bit_and_going_on_is_not_stopping() {
    for (economy, shared, alike) in CASES {
        let population = population(70, shared, alike);
        let law = if economy == Economy::OneP { Dale::Freeze } else { Dale::Remove };
        let new = |isa| Rls::<f32>::new(isa, &population, dale(law, economy), None).unwrap();
        let mut one = new(Isa::best());
        run(&mut one, &population, &Crew::new(1).unwrap(), 0..60, true);
        for threads in [2, 3] {
            let mut other = new(Isa::best());
            run(&mut other, &population, &Crew::new(threads).unwrap(), 0..60, true);
            assert!(bits(&one) == bits(&other), "{economy}, {threads} threads");
        }
        let crew = Crew::new(1).unwrap();
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let mut other = new(isa);
            run(&mut other, &population, &crew, 0..60, true);
            assert!(bits(&one) == bits(&other), "{economy}, {isa}");
        }
        let (mut stopped, mut resumed) = (new(Isa::best()), new(Isa::best()));
        run(&mut stopped, &population, &crew, 0..33, true);
        resumed.restore(&stopped.save()).unwrap();
        run(&mut resumed, &population, &crew, 33..60, true);
        assert!(bits(&one) == bits(&resumed), "{economy}");
        // Controls: without what waits, or by another population, it is refused or another.
        let mut saved = stopped.save();
        saved.retain(|(name, _)| !name.ends_with(".q"));
        assert!(new(Isa::best()).restore(&saved).is_err());
        let mut few = population.clone();
        few.fan_in.truncate(3);
        few.weights.truncate(3);
        let few = Rls::<f32>::new(Isa::best(), &few, dale(law, economy), None).unwrap();
        assert!(few.clone().restore(&stopped.save()).is_err());
    }
}

/// The recorded network (§3.10) in form: 1824 trained neurons with 40 own inputs and 300 shared.
fn recorded() -> Population {
    let mut random = stream(3);
    let mut draw =
        |below: usize, from: usize| -> Vec<u32> { (0..20).map(|_| (from + random.below(below)) as u32).collect() };
    let fan_in: Vec<Vec<u32>> = (0..1824).map(|_| [draw(1824, 0), draw(2500, 2500)].concat()).collect();
    let weights = vec![[[0.5963; 20], [-0.3230; 20]].concat(); 1824];
    Population { presynaptic: 5000, fan_in, weights, shared: 300, conditions: 2 }
}

#[test]
fn the_plan_is_the_smallest_that_applies_and_says_so_before_it_is_made() {
    let ridge = tutorial();
    let plan_of = |population: &Population, settings: &Settings, limit| plan(population, settings, 4, limit);
    let population = recorded();
    let settings = Settings { ridge, ..Settings::default() };
    let found = plan_of(&population, &settings, None).unwrap();
    assert_eq!(found.economy, Economy::SharedInputs);
    // §5.3: 0.42 GB packed, and some thousandths for what waits.
    let bytes = |economy| found.costs.iter().find(|c| c.economy == economy).unwrap().bytes;
    assert!((0.42e9..0.44e9).contains(&(bytes(Economy::Separate) as f64)), "{}", bytes(Economy::Separate));
    assert!(bytes(Economy::SharedInputs) < 13 << 20, "{}", found.why);
    assert!(found.why.contains("`shared inputs` takes") && found.why.contains("`separate` would take"));

    // Rates ask for separate matrices, and what does not fit is refused with numbers.
    let rates = Settings { training: Training::Rate, ..settings.clone() };
    assert_eq!(plan_of(&population, &rates, None).unwrap().economy, Economy::Separate);
    let refused = plan_of(&population, &rates, Some(100 << 20)).unwrap_err().to_string();
    assert!(refused.contains("MiB") && refused.contains("`shared inputs` would take"), "{refused}");
    assert!(plan_of(&population, &settings, Some(1 << 20)).is_err());
    let asked = Settings { economy: Some(Economy::Separate), ..settings.clone() };
    let refused = plan_of(&population, &asked, Some(100 << 20)).unwrap_err().to_string();
    assert!(refused.contains("`shared inputs` takes"), "{refused}");

    // All-to-all: one P.
    let all: Vec<u32> = (0..100).collect();
    let classic = Population {
        presynaptic: 100,
        fan_in: vec![all; 100],
        weights: vec![vec![0.1; 100]; 100],
        ..Population::default()
    };
    assert_eq!(plan_of(&classic, &settings, None).unwrap().economy, Economy::OneP);
    let remove = Settings { dale: Dale::Remove, ..settings };
    assert_eq!(plan_of(&classic, &remove, None).unwrap().economy, Economy::Separate);
}

#[test]
fn what_does_not_fit_is_refused() {
    let crew = Crew::new(1).unwrap();
    let sound = population(3, 2, false);
    let refused = |change: &dyn Fn(&mut Population)| {
        let mut wrong = sound.clone();
        change(&mut wrong);
        Rls::<f64>::new(Isa::best(), &wrong, Settings::default(), None).is_err()
    };
    assert!(!refused(&|_| ()));
    assert!(refused(&|p| p.fan_in[1][0] = 60));
    assert!(refused(&|p| _ = p.weights[2].pop()));
    assert!(refused(&|p| _ = p.weights.pop()));
    assert!(refused(&|p| p.weights[0][0] = f64::NAN));
    let mut rls = Rls::<f64>::new(Isa::best(), &sound, Settings::default(), None).unwrap();
    let (r, f) = (vec![0.1; 60], vec![0.0; 3]);
    let aim = Aim::Input { given: &[], target: &f };
    assert!(rls.update(&crew, &r[1..], &[0.0; 2], 0, &aim).is_err());
    assert!(rls.update(&crew, &r, &[0.0; 3], 0, &aim).is_err());
    assert!(rls.update(&crew, &r, &[0.0; 2], 1, &aim).is_err());
    assert!(rls.update(&crew, &r, &[0.0; 2], 0, &Aim::Input { given: &[], target: &f[1..] }).is_err());
    assert!(rls.update(&crew, &r, &[0.0; 2], 0, &Aim::Rate { given: &[], target: &f, gain: &gain }).is_err());
    assert!(rls.update(&crew, &r, &[0.0; 2], 0, &aim).is_ok());
    // Activity that is no number is an error, not a weight.
    assert!(rls.update(&crew, &[f64::NAN; 60], &[0.0; 2], 0, &aim).is_err());
}
