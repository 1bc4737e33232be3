//! Time per biological second of the untrained balanced network.
//!
//!     cargo run --release -p cogrnn-spiking --example speed -- [neurons] [K] [threads] [seconds] [isa]

use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::random::Purpose;
use cogrnn_spiking::balanced::{Balanced, Default2023};
use std::time::Instant;

fn main() -> cogrnn_core::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |k: usize, default: usize| args.get(k).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (neurons, k, threads, seconds) = (number(0, 4096), number(1, 205), number(2, 1), number(3, 3));
    let isa = match args.get(4) {
        Some(name) => name.parse()?,
        None => Isa::best(),
    };
    let crew = Crew::new(threads)?;
    let begun = Instant::now();
    let wiring = Default2023 { neurons, k: Some(k), ..Default2023::default() }.wiring(1)?;
    let mut network = Balanced::<f32>::new(wiring, isa, threads)?;
    let built = begun.elapsed().as_secs_f64();
    network.begin(1, Purpose::TestUnits, 0);
    network.advance(1000, &crew);
    let mut times = Vec::new();
    for _ in 0..seconds {
        let begun = Instant::now();
        network.advance(10_000, &crew);
        times.push(begun.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let rates = network.mean_rates();
    println!(
        "{{\"neurons\": {neurons}, \"k\": {k}, \"threads\": {threads}, \"isa\": \"{isa}\", \"build_s\": {built:.2}, \
         \"s_per_second\": {:.4}, \"min\": {:.4}, \"rate_e\": {:.3}, \"rate_i\": {:.3}}}",
        times[times.len() / 2],
        times[0],
        rates[0],
        rates[1]
    );
    Ok(())
}
