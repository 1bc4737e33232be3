//! Recursive least squares beside a plain copy in the same run: `cargo bench -p cogrnn-rules --bench rls`.
//!
//! An update has to read P and to write it: 4 K (K + 1) bytes for a packed triangle in `f32`. Rounds of copy and update alternate, so
//! that other work on the machine meets both; what is told is the median over rounds of their ratio. A copy reads and writes as well, and counts
//! both. Then the sizes of the 2023 benchmark, RLS alone: ms an update of all neurons, s a loop, share of what a copy would take.
//! An argument `--rounds n` changes how many.

use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::symmetric::dot;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_rules::rls::{Aim, Economy, Inverses, Population, Ridge, Rls, Scratch, Settings};
use std::hint::black_box;
use std::time::Instant;

/// Bytes of P, and of each half of the copy: many times the cache.
const BYTES: usize = 384 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let rounds = arguments.iter().position(|a| a == "--rounds").and_then(|i| arguments.get(i + 1)?.parse().ok());
    let rounds = rounds.unwrap_or(9);
    println!("{} kernels, {rounds} rounds, medians\n", Isa::best());
    println!("   K  threads  wait   copy GB/s  update GB/s  update/copy (quartiles)  µs a neuron");
    for k in [58, 90, 100, 250, 500] {
        for threads in [1, 2] {
            for wait in [1, 4, 8] {
                bandwidth(k, threads, wait, rounds);
            }
        }
    }
    println!("\nneurons    n  threads  economy           MiB   ms an update   s a loop   of what a copy takes");
    for (neurons, own, updates) in [(4096, 58, 100), (10_000, 90, 100), (20_000, 90, 100), (50_000, 90, 100)] {
        for threads in [1, 2] {
            successor(neurons, own, 0, updates, threads, None);
        }
    }
    for threads in [1, 2] {
        successor(1824, 40, 300, 100, threads, Some(Economy::Separate));
        successor(1824, 40, 300, 100, threads, None);
    }
}

fn random(trial: u64) -> Stream {
    Address { seed: 1, purpose: Purpose::Weights, trial }.stream()
}

/// Some of the matrices, for one thread at a time.
struct Piece {
    inverses: Inverses<f32>,
    scratch: Scratch<f32>,
}

/// Half of a copy.
struct Half {
    from: Vec<f32>,
    to: Vec<f32>,
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn quartiles(mut x: Vec<f64>) -> [f64; 3] {
    x.sort_by(f64::total_cmp);
    [x[x.len() / 4], x[x.len() / 2], x[x.len() * 3 / 4]]
}

fn halves(bytes: usize) -> Vec<Half> {
    // Touched before the clock runs.
    (0..2).map(|_| Half { from: vec![1.0; bytes / 8], to: vec![2.0; bytes / 8] }).collect()
}

/// GB/s of a copy, read and written.
fn copy(crew: &Crew, halves: &mut [Half]) -> f64 {
    let bytes: usize = halves.iter().map(|h| h.from.len() * 8).sum();
    let time = seconds(|| {
        crew.each(halves, |_, half| {
            black_box(&mut half.to).copy_from_slice(black_box(&half.from));
        });
    });
    bytes as f64 / time / 1e9
}

fn bandwidth(k: usize, threads: usize, wait: usize, rounds: usize) {
    let crew = Crew::new(threads).expect("two threads");
    let least = 4 * k * (k + 1) / 2;
    let count = BYTES / least / 2;
    let mut pieces: Vec<Piece> = (0..2)
        .map(|_| {
            let mut inverses = Inverses::new(Isa::best(), &vec![k; count], wait);
            inverses.fill(0, |a, b| if a == b { 1.0 } else { 0.0 });
            (1..count).for_each(|i| inverses.copy(0, i));
            Piece { inverses, scratch: Scratch::new(k) }
        })
        .collect();
    let mut halves = halves(BYTES);
    let mut stream = random(0);
    let (mut copies, mut updates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds + 2 {
        let r: Vec<f32> = (0..k).map(|_| 0.02 * stream.uniform() as f32).collect();
        let copied = copy(&crew, &mut halves);
        // As many updates as wait for one write: each is counted as if it wrote.
        let time = seconds(|| {
            for _ in 0..wait {
                crew.each(&mut pieces, |_, Piece { inverses, scratch }| {
                    for i in 0..inverses.len() {
                        scratch.r[..k].copy_from_slice(&r);
                        inverses.gain(i, scratch);
                        let rk = dot(Isa::best(), &scratch.r, &scratch.k);
                        inverses.absorb(i, 1.0 / (1.0 + rk), &scratch.k);
                    }
                });
            }
        });
        let updated = (2 * least * 2 * count * wait) as f64 / time / 1e9;
        if round >= 2 {
            copies.push(copied);
            updates.push(updated);
            ratios.push(updated / copied);
        }
    }
    let ([_, copied, _], [_, updated, _], [low, ratio, high]) =
        (quartiles(copies), quartiles(updates), quartiles(ratios));
    let each = 2.0 * least as f64 / updated / 1e3 * threads as f64;
    println!(
        "{k:4}  {threads:7}  {wait:4}  {copied:10.1}  {updated:11.1}      {ratio:6.2} ({low:.2} … {high:.2})       {each:8.2}"
    );
}

/// A loop of updates of all neurons; own inputs half excitatory, half inhibitory.
fn successor(neurons: usize, own: usize, shared: usize, updates: usize, threads: usize, economy: Option<Economy>) {
    let crew = Crew::new(threads).expect("two threads");
    let mut stream = random(1);
    let presynaptic = neurons.max(2 * own);
    let fan_in = (0..neurons).map(|_| (0..own).map(|_| stream.below(presynaptic) as u32).collect()).collect();
    let weights = vec![(0..own).map(|j| if j < own / 2 { 1.0 } else { -1.0 }).collect(); neurons];
    let population = Population { presynaptic, fan_in, weights, shared, conditions: 1 };
    let settings = Settings { ridge: Ridge::default(), economy, ..Settings::default() };
    let mut rls = Rls::<f32>::new(Isa::best(), &population, settings, None).expect("it fits");
    let mut halves = halves(BYTES);
    let (mut times, mut copies) = (Vec::new(), Vec::new());
    let target = vec![0.5; neurons];
    for round in 0..12 {
        copies.push(copy(&crew, &mut halves));
        let r: Vec<f32> = (0..presynaptic).map(|_| 0.02 * stream.uniform() as f32).collect();
        let s: Vec<f32> = (0..shared).map(|_| 0.02 * stream.uniform() as f32).collect();
        let time = seconds(|| {
            // Several, so that changes that wait are also written.
            for _ in 0..8 {
                rls.update(&crew, &r, &s, 0, &Aim::Input { given: &[], target: &target }).expect("sound");
            }
        });
        if round >= 2 {
            times.push(time / 8.0);
        }
    }
    let ([_, time, _], [_, copied, _]) = (quartiles(times), quartiles(copies));
    // §5.3: all inputs in one triangle, read and written.
    let n = own + shared;
    let least = (4 * n * (n + 1) * neurons) as f64;
    let plan = rls.plan();
    println!(
        "{neurons:7}  {n:3}  {threads:7}  {:<13} {:8.1}  {:13.2}  {:9.2}   {:20.2}",
        plan.economy.to_string(),
        plan.chosen().bytes as f64 / f64::from(1 << 20),
        1e3 * time,
        time * updates as f64,
        least / copied / 1e9 / time
    );
}
