//! Looks for muscle excitations that bring the fingertip to the balls of Miconi (2017): how well the arm itself can do.
//! Prints, for each ball, four excitations of each muscle, a quarter of the reach each, and the distance that is left.
//!
//! `cargo run --release -p cogrnn-arm --example plans`

use cogrnn_arm::{Arm, MUSCLES};

const QUARTERS: usize = 4;

/// A generator of its own, so that the search is the same everywhere (SplitMix64).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        libm::sqrt(-2.0 * libm::log(1.0 - self.uniform())) * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

/// What a plan costs: distance, and 0.8 of the mean activity weighed by strength.
fn cost(arm: &Arm, plan: &[f64], ball: [f64; 3]) -> (f64, f64) {
    let samples: Vec<[f64; 16]> =
        (0..100).map(|k| std::array::from_fn(|m| 0.9 * plan[(k * QUARTERS / 100) * 16 + m].clamp(0.0, 1.0))).collect();
    let Ok(end) = arm.reach(&samples, 0.7) else { return (1.0, 1.0) };
    let distance = (0..3).map(|k| (end.fingertip[k] - ball[k]).powi(2)).sum::<f64>().sqrt();
    let strength: f64 = MUSCLES.iter().map(|m| m.max_force).sum();
    let effort: f64 = plan.iter().enumerate().map(|(k, r)| r.clamp(0.0, 1.0) * MUSCLES[k % 16].max_force).sum();
    (distance + 0.8 * effort / (strength * QUARTERS as f64), distance)
}

fn main() {
    let arm = Arm::new();
    for ball in [[0.4, 0.0, 0.2], [0.4, 0.0, -0.2]] {
        let mut random = Random(1);
        let n = QUARTERS * 16;
        let (mut mean, mut sd) = (vec![0.1; n], vec![0.3; n]);
        // the cross-entropy method
        for round in 0..60 {
            let mut all: Vec<(f64, Vec<f64>)> = (0..120)
                .map(|_| {
                    let plan: Vec<f64> =
                        mean.iter().zip(&sd).map(|(m, s)| (m + s * random.normal()).clamp(0.0, 1.0)).collect();
                    (cost(&arm, &plan, ball).0, plan)
                })
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let best = &all[..15];
            for i in 0..n {
                let m = best.iter().map(|(_, p)| p[i]).sum::<f64>() / 15.0;
                let v = best.iter().map(|(_, p)| (p[i] - m).powi(2)).sum::<f64>() / 15.0;
                mean[i] = m;
                sd[i] = 0.7 * v.sqrt() + 0.3 * sd[i];
            }
            if round % 20 == 19 {
                eprintln!("round {round}: {:?}", cost(&arm, &mean, ball));
            }
        }
        let rounded: Vec<f64> = mean.iter().map(|x| (x * 100.0).round() / 100.0).collect();
        let (cost, distance) = cost(&arm, &rounded, ball);
        println!("ball {ball:?}: {distance:.4} m, cost {cost:.4}");
        for quarter in rounded.chunks(16) {
            println!("    {quarter:?},");
        }
    }
}
