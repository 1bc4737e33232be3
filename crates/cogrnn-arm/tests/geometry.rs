//! Bones and paths: the check values of the specification (§6.7), and derivatives against differences.

use cogrnn_arm::{Arm, MUSCLES};

const SECOND: [f64; 4] = [-0.6, -0.5, 0.8, 1.2];

fn close(found: &[f64], printed: &[f64], half_digit: f64) -> bool {
    found.len() == printed.len() && found.iter().zip(printed).all(|(a, b)| (a - b).abs() <= half_digit)
}

/// Numbers of -1 to 1 (SplitMix64).
fn random(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// Poses within and somewhat beyond the ranges of the joints.
fn poses(n: usize) -> Vec<[f64; 4]> {
    let mut seed = 5;
    let around = [(-0.6, 1.2), (-1.5, 1.7), (0.8, 2.4), (1.1, 1.3)];
    (0..n).map(|_| around.map(|(middle, half)| middle + half * random(&mut seed))).collect()
}

#[test]
fn fingertip_and_path_lengths_are_those_printed() {
    let arm = Arm::new();
    let first = [0.0; 4];
    // to the last printed digit
    assert!(close(&arm.fingertip(&first), &[0.008555, -0.697400, 0.257700], 5.1e-7), "{:?}", arm.fingertip(&first));
    assert!(close(&arm.fingertip(&SECOND), &[0.418138, 0.018210, 0.547202], 5.1e-7), "{:?}", arm.fingertip(&SECOND));
    let lengths = [
        (
            first,
            [
                0.277609, 0.166610, 0.154238, 0.417958, 0.341688, 0.180946, 0.125213, 0.169242, 0.174762, 0.204958,
                0.192998, 0.154466, 0.109649, 0.101655, 0.125565, 0.255326,
            ],
        ),
        (
            SECOND,
            [
                0.336354, 0.193929, 0.181556, 0.367221, 0.342977, 0.123291, 0.138805, 0.191496, 0.207848, 0.192049,
                0.168131, 0.166224, 0.090420, 0.087578, 0.128425, 0.229233,
            ],
        ),
    ];
    for (pose, printed) in lengths {
        let found = arm.path_lengths(&pose);
        assert!(close(&found, &printed, 5.1e-7), "{found:?}");
    }
    // the distances of §6.3 to both balls before any movement
    let [x, y, z] = arm.fingertip(&first);
    for (target, distance) in [(0.2, 0.8018), (-0.2, 0.9215)] {
        assert!(((x - 0.4).hypot(y).hypot(z - target) - distance).abs() < 5.1e-5);
    }
}

#[test]
fn moment_arms_are_those_printed() {
    let arms = Arm::new().moment_arms(&SECOND);
    let column = |k: usize| arms.map(|row| row[k]);
    let elbow =
        [-0.01992, -0.01992, -0.01992, 0.04371, 0.04371, 0.06632, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.04559];
    let elevation = [
        -0.03315, 0.0, 0.0, 0.02372, -0.01689, 0.0, 0.01267, 0.00658, -0.00564, 0.03951, 0.03052, -0.03040, 0.00082,
        -0.00067, -0.01045, 0.0,
    ];
    assert!(close(&column(3), &elbow, 5.1e-6), "{:?}", column(3));
    assert!(close(&column(2), &elevation, 5.1e-6), "{:?}", column(2));
}

#[test]
fn every_moment_arm_is_the_difference_of_path_lengths() {
    let arm = Arm::new();
    let h = 1e-5;
    let mut largest = [0.0f64; 16];
    for pose in poses(200) {
        let arms = arm.moment_arms(&pose);
        for k in 0..4 {
            let at = |by: f64| {
                let mut moved = pose;
                moved[k] += by;
                arm.path_lengths(&moved)
            };
            let (above, below) = (at(h), at(-h));
            for m in 0..16 {
                let difference = -(above[m] - below[m]) / (2.0 * h);
                assert!((arms[m][k] - difference).abs() < 1e-9, "{} {k} at {pose:?}", MUSCLES[m].name);
                largest[m] = largest[m].max(arms[m][k].abs());
            }
        }
    }
    assert!(largest.iter().all(|arm| *arm > 0.005), "every muscle moves a joint: {largest:?}");
}

/// The tables as the model file has them, summed: a slip of a digit shows.
#[test]
fn the_table_of_muscles_is_that_of_the_specification() {
    let names = [
        "TRIlong", "TRIlat", "TRImed", "BIClong", "BICshort", "BRA", "PECM1", "PECM2", "PECM3", "DELT1", "DELT2",
        "DELT3", "SUPSP", "INFSP", "TMIN", "BRD",
    ];
    assert_eq!(MUSCLES.map(|m| m.name), names);
    let sum = |of: fn(&cogrnn_arm::model::Muscle) -> f64| MUSCLES.iter().map(of).sum::<f64>();
    assert!((sum(|m| m.max_force) - 10328.06).abs() < 1e-6, "{}", sum(|m| m.max_force));
    assert!((sum(|m| m.optimal_fibre) - 1.8489).abs() < 1e-9, "{}", sum(|m| m.optimal_fibre));
    assert!((sum(|m| m.slack_tendon) - 1.5928).abs() < 1e-9, "{}", sum(|m| m.slack_tendon));
    assert!((sum(|m| m.pennation) - 3.42084537).abs() < 1e-6, "{}", sum(|m| m.pennation));
}
