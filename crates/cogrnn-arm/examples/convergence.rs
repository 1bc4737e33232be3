//! How far the end of a reach moves with the step, and how long reaches take.
//!
//! `cargo run --release -p cogrnn-arm --example convergence -- 40`: 40 reaches with random excitations at each step,
//! compared with steps of 5e-6 s.

use cogrnn_arm::Arm;
use std::time::Instant;

/// Uniform numbers of 0 to 1 (SplitMix64).
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Excitations of a network's kind: each muscle a few random values, lines between, rectified.
fn excitations(seed: u64) -> Vec<[f64; 16]> {
    let mut random = seed;
    let knots: Vec<[f64; 16]> =
        (0..6).map(|_| std::array::from_fn(|_| 0.9 * (2.0 * uniform(&mut random) - 1.0))).collect();
    (0..100)
        .map(|k| {
            let x = f64::from(k) / 20.0;
            let (i, part) = (x as usize, x.fract());
            std::array::from_fn(|m| (knots[i][m] + part * (knots[i + 1][m] - knots[i][m])).max(0.0))
        })
        .collect()
}

fn main() {
    let trials: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20);
    let arm = Arm::new();
    let ends = |step: f64| -> Vec<Option<[f64; 3]>> {
        (0..trials)
            .map(|s| arm.reach_observed(&excitations(s), 0.7, step, |_, _| {}).ok().map(|reach| reach.fingertip))
            .collect()
    };
    let fine = ends(5e-6);
    println!("step/s   ms/reach   median/mm   90%/mm   max/mm   failed");
    for step in [1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5] {
        let start = Instant::now();
        let coarse = ends(step);
        let ms = start.elapsed().as_secs_f64() * 1e3 / trials as f64;
        let mut apart: Vec<f64> = fine
            .iter()
            .zip(&coarse)
            .filter_map(|(a, b)| {
                let (a, b) = (a.as_ref()?, b.as_ref()?);
                Some(1e3 * (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt())
            })
            .collect();
        apart.sort_by(f64::total_cmp);
        let at = |part: f64| apart[((apart.len() - 1) as f64 * part) as usize];
        let failed = coarse.iter().filter(|end| end.is_none()).count();
        println!("{step:7.0e} {ms:9.2} {:11.4} {:8.4} {:8.4} {failed:8}", at(0.5), at(0.9), at(1.0));
    }
}
