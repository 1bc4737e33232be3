//! How the arm moves: energy, inertia against differences, limits, contact, and reaches that never fail.

use cogrnn_arm::{Arm, Failure, Forces, STEP, State};

/// Numbers of 0 to 1 (SplitMix64).
fn uniform(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A hundred samples of excitations: each muscle a few random values, lines between, rectified.
fn excitations(seed: u64) -> Vec<[f64; 16]> {
    let mut seed = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
    let knots: Vec<[f64; 16]> = (0..6).map(|_| std::array::from_fn(|_| 1.8 * uniform(&mut seed) - 0.9)).collect();
    let at = |k: usize| {
        let (i, part) = (k / 20, (k % 20) as f64 / 20.0);
        std::array::from_fn(|m| (knots[i][m] + part * (knots[i + 1][m] - knots[i][m])).max(0.0))
    };
    (0..100).map(at).collect()
}

fn moving(arm: &Arm, angle: [f64; 4], velocity: [f64; 4]) -> State {
    State { angle, velocity, ..arm.rest().unwrap() }
}

/// Without muscles, limits and contact nothing takes energy away; semi-implicit Euler keeps it to the order of the step.
#[test]
fn a_passive_arm_keeps_its_energy() {
    let arm = Arm::with_forces(Forces { gravity: true, ..Forces::NONE });
    let drift = |dt: f64| {
        let mut state = moving(&arm, [0.3, -1.2, 0.7, 0.9], [1.0, -2.0, 1.5, 3.0]);
        let before = arm.energy(&state);
        let mut worst = 0.0f64;
        for _ in 0..(1.0 / dt).round() as usize {
            arm.step(&mut state, &[0.0; 16], dt).unwrap();
            worst = worst.max((arm.energy(&state) - before).abs());
        }
        worst
    };
    let [coarse, fine, finest] = [1e-4, 1e-5, 1e-6].map(drift);
    // gravity and 3.4 kg on an arm of 0.7 m: some 10 J go to and fro
    assert!((7.0..13.0).contains(&(coarse / fine)), "of first order: {coarse} {fine}");
    assert!((7.0..13.0).contains(&(fine / finest)) && finest < 0.01, "{fine} {finest}");
}

/// Newton's law the long way: kinetic and potential energy along a free movement, by differences, give the same accelerations as
/// M and h do (Lagrange's equations).
#[test]
fn accelerations_are_those_of_lagrange() {
    let arm = Arm::with_forces(Forces { gravity: true, ..Forces::NONE });
    let mut seed = 9;
    for _ in 0..20 {
        let angle: [f64; 4] = std::array::from_fn(|_| 2.0 * uniform(&mut seed) - 1.0);
        let velocity: [f64; 4] = std::array::from_fn(|_| 4.0 * uniform(&mut seed) - 2.0);
        let state = moving(&arm, angle, velocity);
        // L = T - V; T is quadratic in q̇, so M from T at unit velocities
        let skeleton = arm.skeleton();
        let mass = |q: &[f64; 4]| skeleton.mass_matrix(&skeleton.pose(q));
        let kinetic = |q: &[f64; 4]| {
            let m = mass(q);
            (0..4).map(|k| (0..4).map(|l| 0.5 * velocity[k] * m[k][l] * velocity[l]).sum::<f64>()).sum::<f64>()
        };
        let potential = |q: &[f64; 4]| skeleton.potential_energy(&skeleton.pose(q));
        let h = 1e-5;
        let by = |k: usize, by: f64| {
            let mut moved = angle;
            moved[k] += by;
            moved
        };
        // d/dt (M q̇) = M q̈ + (Σ_l ∂M/∂q_l q̇_l) q̇ = ∂T/∂q - ∂V/∂q
        let rate: Vec<[[f64; 4]; 4]> = (0..4)
            .map(|l| {
                let (a, b) = (mass(&by(l, h)), mass(&by(l, -h)));
                std::array::from_fn(|i| std::array::from_fn(|j| (a[i][j] - b[i][j]) / (2.0 * h)))
            })
            .collect();
        let acceleration = arm.accelerations(&state);
        let m = mass(&angle);
        for k in 0..4 {
            let inertial: f64 = (0..4).map(|l| m[k][l] * acceleration[l]).sum();
            let changing: f64 =
                (0..4).map(|l| (0..4).map(|i| rate[l][k][i] * velocity[l] * velocity[i]).sum::<f64>()).sum();
            let d = |of: &dyn Fn(&[f64; 4]) -> f64| (of(&by(k, h)) - of(&by(k, -h))) / (2.0 * h);
            let right = d(&kinetic) - d(&potential);
            assert!((inertial + changing - right).abs() < 1e-6, "{k}: {} {right}", inertial + changing);
        }
        // and M is that of the energy: T(q̇) by the energy of the state
        assert!((arm.energy(&state) - kinetic(&angle) - potential(&angle)).abs() < 1e-12);
    }
}

#[test]
fn limits_push_back_and_brake() {
    let arm = Arm::new();
    let torque = |angle: [f64; 4], velocity: [f64; 4]| arm.limit_torques(&angle, &velocity);
    // elbow 10° beyond 130°, and 10° below 0°: the whole stiffness of 0.9 N m/deg
    let (high, low) = (140f64.to_radians(), -(10f64.to_radians()));
    assert!((torque([0.0, -1.0, 0.0, high], [0.0; 4])[3] + 9.0).abs() < 1e-9);
    assert!((torque([0.0, -1.0, 0.0, low], [0.0; 4])[3] - 9.0).abs() < 1e-9);
    // elevation: 0.1 N m/deg below -90°
    assert!((torque([0.0, -1.0, -(100f64.to_radians()), 1.0], [0.0; 4])[2] - 1.0).abs() < 1e-9);
    // 1 N m s/deg of damping, and none within the range
    assert!((torque([0.0, -1.0, 0.0, high], [0.0, 0.0, 0.0, 0.1])[3] + 9.0 + 0.1f64.to_degrees()).abs() < 1e-9);
    assert_eq!(torque([9.0, -1.0, 0.5, 1.0], [5.0; 4]), [0.0; 4]);
}

/// The forearm overlaps the trunk where the arm hangs, and is pushed away with some 600 N; nothing else touches.
#[test]
fn contact_at_the_start_is_that_of_the_specification() {
    let arm = Arm::new();
    let found = arm.contacts(&[0.0; 4], &[0.0; 4]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].spheres, [3, 1]);
    assert!((found[0].depth - 0.0351).abs() < 5.1e-5, "{}", found[0].depth);
    // 4/3 k d √(R k d), k = 5000, R = 0.15·0.05/0.2
    let d = found[0].depth;
    let hertz = 4.0 / 3.0 * 5000.0 * d * (0.0375 * 5000.0 * d).sqrt();
    assert!((found[0].normal_force - hertz).abs() < 1e-9 && (500.0..700.0).contains(&hertz), "{hertz}");
    assert!(found[0].normal[2] > 0.0, "outwards");
    // moving away brakes nothing, approaching costs more
    let approach = |v: f64| arm.contacts(&[0.0; 4], &[0.0, 0.0, v, 0.0])[0].normal_force;
    let (there, back) = (approach(0.1), approach(-0.1));
    assert!((there - hertz) * (back - hertz) < 0.0, "{there} {back}");
}

/// Error of the first order in the step.
#[test]
fn a_reach_converges_with_the_step() {
    let arm = Arm::new();
    let end = |step: f64| arm.reach_observed(&excitations(3), 0.7, step, |_, _| {}).unwrap().fingertip;
    let apart = |a: [f64; 3], b: [f64; 3]| (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt();
    let fine = end(5e-6);
    let errors = [2e-4, 1e-4, 5e-5].map(|step| apart(end(step), fine));
    for pair in errors.windows(2) {
        assert!((1.6..2.6).contains(&(pair[0] / pair[1])), "{errors:?}");
    }
    assert!(errors[1] < 5e-3, "5 mm at the step that is used: {errors:?}");
    assert_eq!(STEP, 1e-4);
}

fn reaches(count: u64) {
    let arm = Arm::new();
    for seed in 0..count {
        let reach = arm.reach(&excitations(seed), 0.7).unwrap_or_else(|e| panic!("{seed}: {e}"));
        assert!(reach.fingertip.iter().all(|x| x.is_finite() && x.abs() < 1.5), "{seed}: {reach:?}");
    }
}

#[test]
fn two_hundred_random_reaches_end_somewhere() {
    reaches(200);
}

/// As many as the paper has trials of one network.
#[test]
#[ignore = "about half a minute; run it after a change of the integrator"]
fn ten_thousand_random_reaches_end_somewhere() {
    reaches(10_000);
}

#[test]
fn what_is_no_movement_is_an_error() {
    let arm = Arm::new();
    assert_eq!(arm.reach(&[], 0.7).unwrap_err(), Failure::NoMovement);
    assert_eq!(arm.reach(&[[0.1; 16]], f64::NAN).unwrap_err(), Failure::NoMovement);
    let mut state = arm.rest().unwrap();
    state.velocity[2] = f64::NAN;
    let error = arm.step(&mut state, &[0.0; 16], STEP).unwrap_err();
    assert!(matches!(error, Failure::OutOfRange { .. }), "{error}");
    // too short a path: the elbow bent far beyond its range
    let told = (0..200).filter_map(|k| arm.at([0.0, 0.0, 0.0, f64::from(k) * 0.05]).err()).next();
    if let Some(error) = told {
        assert!(error.to_string().contains("tendon is slack"), "{error}");
    }
    // wild excitations are taken as the nearest that a muscle can have
    let ends = [[7.0; 16], [1.0; 16]].map(|u| arm.reach(&[u; 3], 0.1).unwrap());
    assert_eq!(ends[0], ends[1]);
}

/// The same moments whether looked at or not.
#[test]
fn looking_on_changes_nothing() {
    let arm = Arm::new();
    let (reach, moments) = arm.reach_recorded(&excitations(1), 0.7, 0.007).unwrap();
    assert_eq!(reach, arm.reach(&excitations(1), 0.7).unwrap());
    assert_eq!(moments.len(), 101);
    assert!((moments[100].time - 0.7).abs() < 1e-9 && moments[100].fingertip == reach.fingertip);
    assert_eq!(moments[0].fingertip, arm.fingertip(&[0.0; 4]));
}
