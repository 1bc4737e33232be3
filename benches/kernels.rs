//! The kernels by themselves, and one update that is made of them: `cargo bench --bench kernels`.
//!
//! Arguments are (units, trials side by side); an update has (units, trials, steps, threads).

use cogrnn::bench::with_updates;
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::lanes::{padded, stride};
use cogrnn_core::kernels::normals::{Normals, STEPS};
use cogrnn_core::kernels::outer::{Piece, Strides, outer};
use cogrnn_core::kernels::product::Packed;
use cogrnn_core::random::{Address, Purpose};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

const SIZES: [(usize, usize); 3] = [(100, 20), (150, 50), (500, 20)];

fn main() {
    divan::main();
}

/// Numbers of ordinary size: zeros and subnormals would be another benchmark.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|k| 0.1 + (k * 7919 % 101) as f32 / 100.0).collect()
}

/// W r of one time step; the counter tells multiply-adds.
#[divan::bench(args = SIZES)]
fn packed_product(bencher: Bencher, (units, trials): (usize, usize)) {
    let mut packed = Packed::new(units, units, Isa::best());
    packed.set_columns(0, &numbers(units * units), units);
    let (wide, width) = (stride(units), padded(units));
    let rates = numbers(trials * wide);
    let mut out = vec![0.0; trials * width];
    bencher.counter(ItemsCount::new(units * units * trials)).bench_local(|| {
        packed.multiply(trials, black_box(&rates), wide, &mut out, width, false);
        black_box(out[0])
    });
}

/// The gradient of W over ten steps; the counter tells multiply-adds.
#[divan::bench(args = SIZES)]
fn outer_product(bencher: Bencher, (units, trials): (usize, usize)) {
    let (wide, rows) = (stride(units), 10 * trials);
    let (a, b) = (numbers(rows * wide), numbers(rows * wide));
    let mut out = vec![0.0; units * wide];
    bencher.counter(ItemsCount::new(units * units * rows)).bench_local(|| {
        let pieces = [Piece { a: black_box(&a), b: &b, blend: None, count: rows }];
        outer(Isa::best(), &pieces, Strides { a: wide, b: wide, c: 0, out: wide }, 0..units, units, &mut out);
        black_box(out[0])
    });
}

/// Noise of one trial's units for four steps.
#[divan::bench(args = [100, 150, 500])]
fn normals(bencher: Bencher, units: usize) {
    let source = Normals::new(1, Isa::best());
    let width = padded(units);
    let mut four = vec![0.0f32; STEPS * width];
    let mut trial = 0;
    bencher.counter(ItemsCount::new(STEPS * units)).bench_local(|| {
        let address = Address { seed: 1, purpose: Purpose::TrainingUnits, trial };
        trial += 1;
        let mut rows = four.chunks_exact_mut(width);
        let rows = std::array::from_fn(|_| rows.next().expect("as many rows as steps"));
        source.fill(&address, 0, rows);
    });
}

/// Noise, forwards, backwards with Ω, gradient, clipping, weights.
#[divan::bench(args = [(100, 20, 100, 1), (100, 20, 100, 2), (150, 50, 100, 1), (150, 50, 100, 2)], sample_count = 20)]
fn update(bencher: Bencher, (units, trials, steps, threads): (usize, usize, usize, usize)) {
    with_updates(units, trials, steps, threads, Isa::best(), |update| bencher.bench_local(update))
        .expect("these sizes make a network");
}
