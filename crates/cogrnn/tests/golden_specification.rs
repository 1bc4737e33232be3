//! The golden vectors of the specification (its section 9), which the reference program produced.

mod common;

use cogrnn_core::constraint::{Constraint, Keep};
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Shape;
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_networks::rate::Nonlinearity;
use cogrnn_rules::penalties::{L1, L2, RateL2};
use common::{Answer, Problem};

const W_IN: [f64; 8] = [0.3, 0.1, 0.05, 0.4, -0.2, 0.25, 0.15, 0.2];
const W_REC: [f64; 16] = [0.0, 0.6, 0.2, 0.5, 0.4, 0.0, -0.3, 0.7, 0.3, 0.5, 0.0, 0.6, 0.8, 0.1, 0.35, 0.0];
const W_OUT: [f64; 8] = [0.5, 0.2, 0.1, 0.3, 0.1, 0.6, -0.4, 0.2];

/// The data that all three cases share.
fn common() -> Problem {
    let (steps, trials) = (4, 2);
    let mut p = Problem {
        shape: Shape { inputs: 2, units: 4, outputs: 2 },
        tau: vec![100.0; 4],
        dt: 20.0,
        nonlinearity: Nonlinearity::Rectify,
        readout: Readout::Linear,
        loss: Loss::Squared,
        constraints: vec![("w_rec", Constraint::NoSelfConnections)],
        theta: vec![
            ("w_in", W_IN.to_vec()),
            ("w_rec", W_REC.to_vec()),
            ("w_out", W_OUT.to_vec()),
            ("x0", vec![0.1, -0.2, 0.3, 0.05]),
        ],
        lengths: vec![steps; trials],
        inputs: Vec::new(),
        noise: Vec::new(),
        targets: Vec::new(),
        mask: Vec::new(),
        omega: 2.0,
    };
    for t in 0..steps {
        for b in 0..trials {
            for k in 0..2 {
                p.inputs.push((0.2 + 0.3 * t as f64 + 0.1 * b as f64 - 0.25 * k as f64).max(0.0));
            }
            for i in 0..4 {
                p.noise.push(0.4 * (1.0 + t as f64 + 2.0 * b as f64 + 3.0 * i as f64).sin());
            }
            for l in 0..2 {
                p.targets.push(if t >= 2 && l == b { 1.0 } else { 0.2 });
                p.mask.push(if t == 1 || (t == 0 && b == 1 && l == 1) { 0.0 } else { 1.0 });
            }
        }
    }
    p
}

fn close(what: &str, have: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(have.len(), want.len(), "{what}");
    for (i, (h, w)) in have.iter().zip(want).enumerate() {
        assert!((h - w).abs() < tolerance, "{what}[{i}]: {h} for {w}");
    }
}

fn case_a(omega: f64) -> Answer {
    let mut p = common();
    for (_, values) in &mut p.theta[..3] {
        values.iter_mut().for_each(|w| *w = w.abs());
    }
    let dale = |signs: Vec<i8>| Constraint::Dale { signs, keep: Keep::Rectify };
    p.constraints.extend([
        ("w_in", dale(vec![1, 1])),
        ("w_rec", dale(vec![1, 1, 1, -1])),
        ("w_out", dale(vec![1, 1, 1, -1])),
        ("w_out", Constraint::Mask(vec![true, true, true, false, true, true, true, false])),
        ("b_rec", Constraint::Frozen(0.0)),
        ("b_out", Constraint::Frozen(0.0)),
    ]);
    p.omega = omega;
    p.solve::<f64>((vec![], vec![]), Isa::best())
}

#[test]
fn case_a_dale_rectify_linear() {
    let a = case_a(0.0);
    close("loss", &[a.tally.mean_loss(), a.tally.rmse()], &[0.2519029945689818, 0.501899386898392], 1e-14);
    close("x", &a.last_x[0], &[0.254347127849, 0.100599624185, 0.361669518081, 0.242775339024], 1e-12);
    close("x", &a.last_x[1], &[0.104439650300, 0.197453109252, 0.163676416296, 0.367371234365], 1e-12);
    close("norm", &[a.learned.gradient_norm], &[0.35223740384712], 1e-13);
    let g = |name| a.gradient.block(name);
    close(
        "w_in",
        g("w_in"),
        &[
            -0.080524202223,
            -0.050006704909,
            -0.089844368535,
            -0.059583918292,
            -0.066480044049,
            -0.042410793491,
            0.023664435082,
            0.011109414871,
        ],
        1e-12,
    );
    close(
        "w_rec",
        g("w_rec"),
        &[
            0.0,
            -0.000581289875,
            -0.039081073146,
            0.007906978772,
            -0.012986989684,
            0.0,
            -0.031752400100,
            0.013336064370,
            -0.010930854984,
            -0.001522745916,
            0.0,
            0.009507877271,
            0.006108024171,
            0.0,
            0.015238235035,
            0.0,
        ],
        1e-12,
    );
    close(
        "w_out",
        g("w_out"),
        &[
            -0.087737511877,
            -0.021283221363,
            -0.129148367550,
            0.0,
            -0.024690939649,
            -0.048002754293,
            -0.051453391198,
            0.0,
        ],
        1e-12,
    );
    close("x0", g("x0"), &[-0.128932615450, -0.102885201051, -0.107624450531, 0.154765238682], 1e-12);
}

#[test]
fn case_a_with_omega() {
    let a = case_a(2.0);
    close("omega", &[a.learned.omega.unwrap()], &[0.05321853004494536], 1e-14);
    close("norm", &[a.learned.gradient_norm], &[0.39401595729066], 1e-13);
    close(
        "w_rec",
        a.gradient.block("w_rec"),
        &[
            0.0,
            -0.005276303186,
            -0.099590952147,
            -0.054371529470,
            -0.076371422686,
            0.0,
            -0.089122775011,
            -0.028455962714,
            -0.066362384847,
            -0.013821794375,
            0.0,
            -0.024872349740,
            0.031309398428,
            0.0,
            0.030371532233,
            0.0,
        ],
        1e-12,
    );
    let plain = case_a(0.0);
    close("w_in", a.gradient.block("w_in"), plain.gradient.block("w_in"), 1e-16);
    // Negative control: without the regulariser the gradient is another one.
    assert!(common::apart(plain.gradient.block("w_rec"), a.gradient.block("w_rec")) > 0.1);
}

fn negated_column(w: &[f64], columns: usize) -> Vec<f64> {
    w.iter().enumerate().map(|(i, w)| if i % columns == columns - 1 { -w } else { *w }).collect()
}

#[test]
fn case_b_free_tanh_sigmoid_taus_biases_penalties() {
    let mut p = common();
    p.tau = vec![100.0, 50.0, 80.0, 40.0];
    p.nonlinearity = Nonlinearity::Tanh;
    p.readout = Readout::Sigmoid;
    p.loss = Loss::BinaryCrossEntropy;
    p.theta[1].1 = negated_column(&W_REC, 4);
    p.theta.push(("b_rec", vec![0.1, -0.1, 0.05, 0.0]));
    p.theta.push(("b_out", vec![0.2, -0.3]));
    p.targets.iter_mut().for_each(|y| *y = f64::from(*y == 1.0));
    let costs = || -> common::Costs<f64> {
        (
            vec![Box::new(L1 { block: "w_rec", lambda: 0.1 }), Box::new(L2 { block: "w_out", lambda: 0.3 })],
            vec![Box::new(RateL2 { lambda: 0.2 })],
        )
    };
    let a = p.solve(costs(), Isa::best());
    close("x", &a.last_x[0], &[0.220636954019, 0.101576418528, 0.114605171257, 0.437396897886], 1e-12);
    close("x", &a.last_x[1], &[0.096312707773, 0.179383913677, -0.121797457263, 0.585890895965], 1e-12);
    close("rmse", &[a.tally.rmse()], &[0.494931499199], 1e-12);
    close("omega", &[a.learned.omega.unwrap()], &[0.119991882446], 1e-11);
    // 1e-9: the specification's values keep the 1e-10 within the logarithms, the gradient cancels it
    close("norm", &[a.learned.gradient_norm], &[0.435950063], 1e-9);
    let g = |name| a.gradient.block(name);
    close(
        "w_in",
        g("w_in"),
        &[
            0.01765268046,
            0.00992150647,
            0.00593625892,
            0.00146645966,
            0.01087854842,
            0.00716439758,
            0.01653170267,
            0.00998432696,
        ],
        1e-9,
    );
    close(
        "w_rec",
        g("w_rec"),
        &[
            0.0,
            0.00684541991,
            -0.17706563001,
            0.01895951492,
            0.15798228145,
            0.0,
            0.18758687964,
            -0.01575828944,
            -0.23715050684,
            0.01687484986,
            0.0,
            0.02771785898,
            -0.02639732447,
            0.00800498565,
            -0.02998035386,
            0.0,
        ],
        1e-9,
    );
    close(
        "w_out",
        g("w_out"),
        &[
            0.04241736296,
            0.00949694873,
            0.01116455017,
            0.06009348036,
            0.02382869288,
            0.01768221312,
            -0.00070816875,
            -0.01008581668,
        ],
        1e-9,
    );
    close("b_rec", g("b_rec"), &[0.03169171008, 0.01959976867, 0.01373478710, 0.02872153211], 1e-9);
    close("b_out", g("b_out"), &[0.13857149970, 0.01607814940], 1e-9);
    close("x0", g("x0"), &[0.08815391664, 0.03697339374, 0.01759170265, -0.00607092562], 1e-9);
}

#[test]
fn case_c_free_softplus_softmax() {
    let mut p = common();
    p.nonlinearity = Nonlinearity::Softplus;
    p.readout = Readout::Softmax;
    p.loss = Loss::CategoricalCrossEntropy;
    p.theta[1].1 = negated_column(&W_REC, 4);
    p.constraints.extend([("b_rec", Constraint::Frozen(0.0)), ("b_out", Constraint::Frozen(0.0))]);
    for t in 0..4 {
        for b in 0..2 {
            for l in 0..2 {
                p.targets[(t * 2 + b) * 2 + l] = if t < 2 { 0.5 } else { f64::from(l == b) };
            }
        }
    }
    let a = p.solve::<f64>((vec![], vec![]), Isa::best());
    close("loss", &[a.tally.mean_loss(), a.tally.rmse()], &[0.34380045, 0.438423858406], 5e-9);
    close("omega", &[a.learned.omega.unwrap()], &[0.123439802599], 1e-12);
    close("norm", &[a.learned.gradient_norm], &[0.2163117466], 1e-9);
    let g = |name| a.gradient.block(name);
    close(
        "w_in",
        g("w_in"),
        &[
            0.00471508118,
            0.00333499728,
            -0.00420025678,
            -0.00300647952,
            0.00555584828,
            0.00391187338,
            0.00136148789,
            0.00099658096,
        ],
        1e-9,
    );
    close(
        "w_rec",
        g("w_rec"),
        &[
            0.0,
            0.03973110865,
            -0.10232999702,
            -0.00609330426,
            0.05557019538,
            0.0,
            0.07041460909,
            0.00419693852,
            -0.09776040681,
            0.04789737239,
            0.0,
            -0.00730926790,
            -0.01826658610,
            0.00988226842,
            -0.02296278467,
            0.0,
        ],
        1e-9,
    );
    close(
        "w_out",
        g("w_out"),
        &[
            0.03054078351,
            0.03506286621,
            0.02629821386,
            0.06286282208,
            -0.03054078351,
            -0.03506286621,
            -0.02629821386,
            -0.06286282208,
        ],
        1e-9,
    );
    close("x0", g("x0"), &[0.00444020747, -0.00218914973, 0.00565115642, 0.00018332446], 1e-9);
}
