//! Thelen's curves at the check values of the specification (§6.5), the equilibrium at the start, and the step of the fibres.

use cogrnn_arm::muscle::{
    LENGTHENING_FORCE, MAX_VELOCITY, REST_ACTIVATION, TENDON_SLOPE, TOE_STRAIN, activation_rate, active_force,
    force_velocity, passive_force, tendon_force, velocity,
};
use cogrnn_arm::{Arm, MUSCLES};

#[test]
fn curves_have_the_printed_values() {
    let half = 5.1e-11;
    for length in [0.8, 1.2] {
        assert!((active_force(length) - 0.9231163464).abs() < half);
    }
    assert!((passive_force(1.2).0 - 0.0521224686).abs() < half);
    assert!((TOE_STRAIN - 0.0200843127).abs() < half && (TENDON_SLOPE - 51.8749012).abs() < 5.1e-8);
    assert!((tendon_force(0.01).0 - 0.0597140020).abs() < half && (tendon_force(0.03).0 - 0.8443752964).abs() < half);
    assert_eq!((passive_force(1.0).0, tendon_force(0.0).0, tendon_force(-0.1).0), (0.0, 0.0, 0.0));
    assert!((active_force(1.0) - 1.0).abs() < 1e-15);
}

#[test]
fn slopes_are_differences() {
    let h = 1e-6;
    for k in 1..200 {
        let x = f64::from(k) / 100.0;
        let difference = (passive_force(x + h).0 - passive_force(x - h).0) / (2.0 * h);
        if (x - 1.0).abs() > 2.0 * h {
            assert!((passive_force(x).1 - difference).abs() < 1e-6 * (1.0 + difference), "{x}");
        }
        let strain = x / 20.0 - 0.02;
        let difference = (tendon_force(strain + h).0 - tendon_force(strain - h).0) / (2.0 * h);
        if strain.abs() > 2.0 * h && (strain - TOE_STRAIN).abs() > 2.0 * h {
            assert!((tendon_force(strain).1 - difference).abs() < 1e-4, "{strain}");
        }
        let v = 4.0 * x - 3.0;
        let difference = (force_velocity(v + h).0 - force_velocity(v - h).0) / (2.0 * h);
        if (v + 1.0).abs() > 2.0 * h && v.abs() > 2.0 * h {
            assert!((force_velocity(v).1 - difference).abs() < 1e-4 * (1.0 + difference), "{v}");
        }
    }
}

/// The force of a velocity, which the step solves, against the velocity of a force, which is printed.
#[test]
fn force_of_velocity_is_the_inverse_of_velocity_of_force() {
    for activation in [0.01, 0.05, 0.4, 1.0] {
        for active in [0.3, 0.92, 1.0] {
            let isometric = activation * active;
            for k in -20..60 {
                let force = isometric * f64::from(k) / 25.0;
                let x = velocity(activation, active, force) / (0.25 + 0.75 * activation);
                let back = isometric * force_velocity(x).0;
                assert!((back - force).abs() < 1e-12, "{activation} {active} {force}: {back}");
            }
        }
    }
    // isometric, unloaded, and the greatest force of a lengthening fibre
    assert_eq!(velocity(1.0, 1.0, 1.0), 0.0);
    assert!((velocity(1.0, 1.0, 0.0) + 1.0).abs() < 1e-15, "greatest shortening velocity");
    assert!(velocity(1.0, 1.0, 0.95 * LENGTHENING_FORCE) > 0.0);
}

#[test]
fn activations_rise_in_10_ms_and_fall_in_40() {
    // τ at a = 1/3, where 0.5 + 1.5 a = 1
    let third = 1.0 / 3.0;
    assert!((activation_rate(1.0, third) - (1.0 - third) / 0.01).abs() < 1e-9);
    assert!((activation_rate(0.01, third) - (0.01 - third) / 0.04).abs() < 1e-9);
}

#[test]
fn at_the_start_fibre_and_tendon_pull_alike() {
    let arm = Arm::new();
    let state = arm.rest().unwrap();
    let path = arm.path_lengths(&state.angle);
    let tension = arm.tensions(&state);
    for (m, muscle) in MUSCLES.iter().enumerate() {
        let length = state.fibre[m] / muscle.optimal_fibre;
        let sin = muscle.pennation.sin() * muscle.optimal_fibre / state.fibre[m];
        let cos = (1.0 - sin * sin).sqrt();
        let strain = (path[m] - state.fibre[m] * cos - muscle.slack_tendon) / muscle.slack_tendon;
        let fibre = (REST_ACTIVATION * active_force(length) + passive_force(length).0) * cos;
        assert!((fibre - tendon_force(strain).0).abs() < 1e-9, "{}: {fibre}", muscle.name);
        assert!((tension[m] - muscle.max_force * tendon_force(strain).0).abs() < 1e-6);
        assert!(tension[m] >= 0.0 && state.fibre[m] > arm.shortest_fibres()[m]);
    }
    assert!(arm.fibre_velocities(&state).iter().all(|v| v.abs() < 1e-6), "nothing moves");
    assert_eq!(state.activation, [0.05; 16]);
}

/// A muscle that was wound up comes back to the equilibrium of the new activation, as the printed law has it: fibre
/// velocities of the step are those of the force-velocity curve, to the order of the step.
#[test]
fn fibres_follow_the_printed_velocities() {
    let arm = Arm::with_forces(cogrnn_arm::Forces { muscles: true, ..cogrnn_arm::Forces::NONE });
    let error = |dt: f64| {
        let mut state = arm.rest().unwrap();
        let excitation: [f64; 16] = std::array::from_fn(|m| 0.05 * m as f64);
        let mut worst = 0.0f64;
        let steps = (0.02 / dt).round() as usize;
        for k in 0..steps {
            arm.step(&mut state, &excitation, dt).unwrap();
            if 2 * k > steps {
                let law = arm.fibre_velocities(&state);
                for m in 0..16 {
                    worst =
                        worst.max((law[m] - state.fibre_velocity[m]).abs() / (MAX_VELOCITY * MUSCLES[m].optimal_fibre));
                }
            }
        }
        worst
    };
    let (coarse, fine) = (error(1e-4), error(1e-5));
    assert!(fine < 0.3 * coarse && fine < 0.01, "{coarse} {fine}");
}
