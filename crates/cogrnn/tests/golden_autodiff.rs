//! Gradients that automatic differentiation found (golden/autodiff/make.py), for networks of realistic size.
//!
//! Every number of a problem comes from an integer hash, so that the problem is built here anew and no
//! input is shared with the program that made the answers.

mod common;

use cogrnn_core::constraint::{Constraint, Keep};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Shape;
use cogrnn_core::readout::Readout;
use cogrnn_core::real::Real;
use cogrnn_networks::rate::Nonlinearity;
use cogrnn_rules::penalties::{ActivityPenalty, L1, L2, RateL2, WeightPenalty};
use common::{Problem, apart};
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::path::Path;

/// One file: the settings of a problem, and the answers.
struct Golden {
    settings: HashMap<String, String>,
    answers: HashMap<String, Vec<f64>>,
}

impl Golden {
    fn read(case: &str) -> Golden {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../golden/autodiff/{case}.safetensors"));
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let answers = SafeTensors::deserialize(&bytes).unwrap().tensors().into_iter().map(|(name, view)| {
            let values = view.data().as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
            (name, values)
        });
        Golden { answers: answers.collect(), settings: header.metadata().clone().unwrap() }
    }

    fn text(&self, key: &str) -> &str {
        &self.settings[key]
    }

    fn number(&self, key: &str) -> f64 {
        self.settings[key].parse().unwrap()
    }

    fn count(&self, key: &str) -> usize {
        self.settings[key].parse().unwrap()
    }

    fn flag(&self, key: &str) -> bool {
        self.settings[key] == "true"
    }

    fn answer(&self, name: &str) -> &[f64] {
        &self.answers[name]
    }

    /// The answer that is one number.
    fn value(&self, name: &str) -> f64 {
        self.answers[name][0]
    }
}

/// h >> 11 of the recipe.
fn hash(stream: u64, index: u64) -> u64 {
    let mut z = (stream << 40).wrapping_add(index).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) >> 11
}

fn uniform(stream: u64, count: usize) -> impl Iterator<Item = f64> {
    (0..count as u64).map(move |i| hash(stream, i) as f64 / (1u64 << 53) as f64)
}

// the streams of the recipe
const W_IN: u64 = 1;
const W_REC: u64 = 2;
const W_OUT: u64 = 3;
const B_REC: u64 = 4;
const B_OUT: u64 = 5;
const X0: u64 = 6;
const INPUTS: u64 = 7;
const NOISE: u64 = 8;
const TARGETS: u64 = 9;
const LENGTHS: u64 = 10;
const SUPPORT: u64 = 11;
const TAU: u64 = 12;

/// The problem of a file, as the recipe tells it. Biases are left free, also where the file does not train
/// them: their gradients are in it all the same.
fn problem(g: &Golden) -> Problem {
    let (n, n_exc, inputs, outputs) = (g.count("n"), g.count("n_exc"), g.count("n_in"), g.count("n_out"));
    let (trials, steps) = (g.count("trials"), g.count("steps"));
    let keep = match g.text("dale") {
        "rectify" => Some(Keep::Rectify),
        "abs" => Some(Keep::Abs),
        _ => None,
    };
    let excitatory = |j: usize| keep.is_none() || j < n_exc;

    let support: Vec<f64> = uniform(SUPPORT, n * n).collect();
    let mask: Vec<bool> = (0..n * n).map(|k| k / n != k % n && support[k] >= g.number("absent_below")).collect();
    let fixed: Vec<f64> = (0..n * n)
        .map(|k| if k / n != k % n && support[k] < g.number("fixed_below") { g.number("fixed_weight") } else { 0.0 })
        .collect();
    let mut constraints = vec![("w_rec", Constraint::Mask(mask.clone())), ("w_rec", Constraint::Fixed(fixed))];
    if let Some(keep) = keep {
        let signs: Vec<i8> = (0..n).map(|j| if j < n_exc { 1 } else { -1 }).collect();
        constraints.extend([
            ("w_in", Constraint::Dale { signs: vec![1; inputs], keep }),
            ("w_rec", Constraint::Dale { signs: signs.clone(), keep }),
            ("w_out", Constraint::Dale { signs, keep }),
            ("w_out", Constraint::Mask((0..outputs * n).map(|k| k % n < n_exc).collect())),
        ]);
    }

    let draws = |stream, count: usize, scale: f64, shift: f64| -> Vec<f64> {
        let positive = g.flag("positive_draws");
        uniform(stream, count).map(|u| scale * if positive { u - shift } else { 2.0 * u - 1.0 }).collect()
    };
    let bias = |stream, count| uniform(stream, count).map(|u| g.number("bias_scale") * (2.0 * u - 1.0)).collect();
    let mut w_rec = draws(W_REC, n * n, g.number("rec_scale"), 0.1);
    let mut w_out = draws(W_OUT, outputs * n, g.number("out_scale"), 0.0);
    for (k, w) in w_rec.iter_mut().enumerate() {
        *w *= f64::from(u8::from(mask[k])) * if excitatory(k % n) { 1.0 } else { 4.0 };
    }
    for (k, w) in w_out.iter_mut().enumerate() {
        *w *= f64::from(u8::from(excitatory(k % n)));
    }
    let theta = vec![
        ("w_in", draws(W_IN, n * inputs, g.number("in_scale"), 0.0)),
        ("w_rec", w_rec),
        ("w_out", w_out),
        ("b_rec", bias(B_REC, n)),
        ("b_out", bias(B_OUT, outputs)),
        ("x0", uniform(X0, n).map(|u| 0.1 + 0.05 * (u - 0.5)).collect()),
    ];

    let shortest = g.count("len_min");
    let mut lengths: Vec<usize> =
        uniform(LENGTHS, trials).map(|u| shortest + ((steps - shortest) as f64 * u).floor() as usize).collect();
    lengths[0] = steps;
    let (gap, tail) = (g.count("gap_start"), g.count("gap_tail"));
    let mut on = Vec::new();
    for t in 0..steps {
        for length in &lengths {
            let counts = t < *length && !(t >= gap && t + tail < *length);
            on.extend(vec![f64::from(u8::from(counts)); outputs]);
        }
    }
    let targets = match g.text("output") {
        "softmax" => {
            let classes: Vec<usize> = uniform(TARGETS, trials).map(|u| (outputs as f64 * u) as usize).collect();
            (0..steps * trials * outputs)
                .map(|k| f64::from(u8::from(k % outputs == classes[k / outputs % trials])))
                .collect()
        }
        "sigmoid" => uniform(TARGETS, steps * trials * outputs).map(|u| f64::from(u8::from(u > 0.5))).collect(),
        _ => uniform(TARGETS, steps * trials * outputs).map(|u| if u > 0.5 { 1.0 } else { 0.2 }).collect(),
    };
    let readout = match g.text("output") {
        "sigmoid" => Readout::Sigmoid,
        "softmax" => Readout::Softmax,
        _ => Readout::Linear,
    };
    let taus = [50.0, 100.0, 40.0, 80.0];
    Problem {
        shape: Shape { inputs, units: n, outputs },
        tau: uniform(TAU, n).map(|u| if g.flag("per_unit_tau") { taus[(4.0 * u) as usize] } else { 100.0 }).collect(),
        dt: g.number("dt"),
        nonlinearity: match g.text("hidden") {
            "rectify" => Nonlinearity::Rectify,
            "rectify_power" => Nonlinearity::RectifyPower(2.0),
            "tanh" => Nonlinearity::Tanh,
            _ => Nonlinearity::Softplus,
        },
        readout,
        loss: readout.usual_loss(),
        constraints,
        theta,
        lengths,
        inputs: uniform(INPUTS, steps * trials * inputs).map(|u| 0.2 + 0.8 * u).collect(),
        noise: uniform(NOISE, steps * trials * n).map(|u| 12f64.sqrt() * (u - 0.5) * 0.094_868_3 / 0.2).collect(),
        targets,
        mask: on,
        omega: g.number("lambda_omega"),
    }
}

/// The penalties of a file; none where their weight is 0.
fn costs<F: Real>(g: &Golden) -> common::Costs<F> {
    let mut weights: Vec<Box<dyn WeightPenalty<F>>> = Vec::new();
    for (block, key) in [("w_in", "in"), ("w_rec", "rec"), ("w_out", "out")] {
        let (l1, l2) = (g.number(&format!("lambda1_{key}")), g.number(&format!("lambda2_{key}")));
        if l1 != 0.0 {
            weights.push(Box::new(L1 { block, lambda: l1 }));
        }
        if l2 != 0.0 {
            weights.push(Box::new(L2 { block, lambda: l2 }));
        }
    }
    let mut rates: Vec<Box<dyn ActivityPenalty<F>>> = Vec::new();
    if g.number("lambda2_r") != 0.0 {
        rates.push(Box::new(RateL2 { lambda: g.number("lambda2_r") }));
    }
    (weights, rates)
}

/// What each quantity of a solution is away from the file, relative to its largest entry.
fn distances<F: Real>(g: &Golden, p: &Problem, costs: common::Costs<F>) -> Vec<(String, f64)> {
    let a = p.solve::<F>(costs, Isa::best());
    let mut all = vec![
        ("loss".to_string(), apart(&[a.tally.mean_loss()], g.answer("loss"))),
        ("rmse".to_string(), apart(&[a.tally.rmse()], g.answer("rmse"))),
        ("omega".to_string(), apart(&[a.learned.omega.unwrap_or(0.0)], g.answer("omega"))),
    ];
    for name in ["w_in", "w_rec", "w_out", "b_rec", "b_out", "x0"] {
        all.push((name.to_string(), apart(a.gradient.block(name), g.answer(&format!("grad_{name}")))));
    }
    let squares = |name: &str| a.gradient.block(name).iter().map(|g| g * g).sum::<f64>();
    let norm = g.text("trained").split(',').map(squares).sum::<f64>().sqrt();
    all.push(("norm".to_string(), apart(&[norm], g.answer("grad_norm"))));
    // padding included, as in the file
    let last: Vec<f64> =
        p.path::<F>(Isa::best(), true).pop().unwrap().into_iter().flatten().map(|x| x.to_f64()).collect();
    all.push(("x".to_string(), apart(&last, g.answer("x_last"))));
    all
}

fn agree<F: Real>(case: &str, tolerance: f64) {
    let g = Golden::read(case);
    for (name, distance) in distances::<F>(&g, &problem(&g), costs(&g)) {
        assert!(distance < tolerance, "{case}: {name} is off by {distance:.1e} of its largest entry");
    }
}

/// How far a solution that lacks something is off, in this quantity.
fn off<F: Real>(case: &str, change: impl FnOnce(&mut Problem, &mut common::Costs<F>), quantity: &str) -> f64 {
    let g = Golden::read(case);
    let (mut p, mut costs) = (problem(&g), costs(&g));
    change(&mut p, &mut costs);
    let all = distances::<F>(&g, &p, costs);
    all.iter().find(|(name, _)| name == quantity).unwrap().1
}

// In f64 both programs round at 1e-16; sums of up to 50 × 40 terms of both signs, and Ω's differences of
// nearly equal squares, leave 1e-12.
const DOUBLE: f64 = 1e-12;
// The files keep the 1e-10 inside the logarithms; the hand-written z - y cancels it, and is off by
// 1e-10/z where a z is small: by up to 5e-9 of the largest entry (golden/README.md).
const LOGARITHM: f64 = 1e-8;

#[test]
fn the_hash_is_that_of_the_recipe() {
    let checks = [
        ((1, 0), 887_180_520_247_730),
        ((1, 1), 408_896_150_279_600),
        ((2, 101), 7_317_940_777_046_395),
        ((7, 12345), 6_935_314_216_389_335),
    ];
    for ((stream, index), value) in checks {
        assert_eq!(hash(stream, index), value);
    }
}

#[test]
fn small_dale_network_agrees_with_autodiff() {
    agree::<f64>("small_N8", DOUBLE);
}

#[test]
fn dale_rectified_network_agrees_with_autodiff() {
    agree::<f64>("dale_rectify_linear", DOUBLE);
}

#[test]
fn dale_by_abs_with_fixed_weights_and_squared_rates_agrees_with_autodiff() {
    agree::<f64>("dale_abs_power_N150", DOUBLE);
}

#[test]
fn free_tanh_network_with_every_penalty_and_its_own_taus_agrees_with_autodiff() {
    agree::<f64>("free_tanh_sigmoid", LOGARITHM);
}

#[test]
fn free_softplus_network_with_classes_agrees_with_autodiff() {
    agree::<f64>("free_softplus_softmax", LOGARITHM);
}

#[test]
fn the_cost_of_every_penalty_agrees_with_autodiff() {
    let g = Golden::read("free_tanh_sigmoid");
    let p = problem(&g);
    let (weights, rates) = costs::<f64>(&g);
    let network = p.network::<f64>(Isa::best());
    let plastic = p.plastic(&network);
    let share = 1.0 / (p.lengths.len() * p.lengths[0] * p.shape.units) as f64;
    let mut cost: f64 = weights.iter().map(|w| w.value(plastic.theta())).sum();
    for x in p.path::<f64>(Isa::best(), true).iter().flatten() {
        let r: Vec<f64> = x.iter().map(|x| x.tanh()).collect();
        cost += rates.iter().map(|c| c.value(&r, share)).sum::<f64>();
    }
    assert!(apart(&[cost], g.answer("penalties")) < DOUBLE, "{cost} for {}", g.value("penalties"));
}

#[test]
fn single_precision_agrees_with_autodiff() {
    for case in ["small_N8", "dale_rectify_linear", "dale_abs_power_N150", "free_tanh_sigmoid", "free_softplus_softmax"]
    {
        // 1e-5: f32 rounds at 6e-8, and sums of 50 × 40 terms of both signs behind chains of 60 steps lose a
        // factor of 20 (1.4e-6 at most is seen). No unit falls on the other side of a kink where that would
        // make a jump: the nearest state is 1.6e-6 from 0, and states are right to 2e-7.
        agree::<f32>(case, 1e-5);
    }
}

#[test]
fn without_omega_autodiff_disagrees() {
    for case in ["small_N8", "dale_rectify_linear", "dale_abs_power_N150", "free_tanh_sigmoid", "free_softplus_softmax"]
    {
        let distance = off::<f64>(case, |p, _| p.omega = 0.0, "w_rec");
        assert!(distance > 1e-2, "{case}: only {distance:.1e}");
    }
}

#[test]
fn without_any_one_penalty_autodiff_disagrees() {
    let kinds = ["l1 in", "l2 in", "l1 rec", "l2 rec", "l1 out", "l2 out"];
    for (k, kind) in kinds.into_iter().enumerate() {
        let block = ["w_in", "w_rec", "w_out"][k / 2];
        let distance = off::<f64>("free_tanh_sigmoid", |_, costs| drop(costs.0.remove(k)), block);
        assert!(distance > 100.0 * LOGARITHM, "{kind}: only {distance:.1e}");
    }
    let distance = off::<f64>("free_tanh_sigmoid", |_, costs| costs.1.clear(), "b_rec");
    assert!(distance > 100.0 * LOGARITHM, "rates: only {distance:.1e}");
}

#[test]
fn with_one_wrong_sign_of_dale_autodiff_disagrees() {
    for case in ["small_N8", "dale_rectify_linear", "dale_abs_power_N150"] {
        let flip = |p: &mut Problem, _: &mut common::Costs<f64>| {
            for (block, constraint) in &mut p.constraints {
                if let (&mut "w_rec", Constraint::Dale { signs, .. }) = (block, constraint) {
                    *signs.last_mut().unwrap() *= -1;
                }
            }
        };
        for quantity in ["loss", "w_rec", "x"] {
            let distance = off::<f64>(case, flip, quantity);
            assert!(distance > 1e-5, "{case} {quantity}: only {distance:.1e}");
        }
    }
}

#[test]
fn without_the_fixed_weights_autodiff_disagrees() {
    let distance = off::<f64>(
        "dale_abs_power_N150",
        |p, _| p.constraints.retain(|(_, c)| !matches!(c, Constraint::Fixed(_))),
        "w_rec",
    );
    assert!(distance > 1e-4, "only {distance:.1e}");
}

#[test]
fn without_the_gap_in_the_mask_autodiff_disagrees() {
    let fill = |p: &mut Problem, _: &mut common::Costs<f64>| p.mask.fill(1.0);
    assert!(off::<f64>("dale_rectify_linear", fill, "loss") > 1e-2);
}
