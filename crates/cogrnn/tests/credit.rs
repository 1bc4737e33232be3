//! Local learning and random feedback (Murray 2019): the published vectors, and traces written down forwards in time.

use cogrnn::verify::Problem;
use cogrnn_core::network::Credit;
use cogrnn_networks::rate::Leak;

/// An assignment of errors, and what the table has for w_rec and w_in.
type Case = (Credit<f64>, [f64; 4], Option<[f64; 2]>);

fn credit(recurrent: bool, feedback: Option<&[f64]>) -> Credit<f64> {
    Credit { recurrent, feedback: feedback.map(<[f64]>::to_vec) }
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < tolerance)
}

#[test]
fn the_published_vectors_come_out() {
    let p = Problem::published();
    let b = p.b.clone();
    // The table has sums of ε, ours is the gradient of Σ ε² / 3.
    let of = |table: &[f64]| -> Vec<f64> { table.iter().map(|x| -2.0 / 3.0 * x).collect() };
    let cases: [Case; 4] = [
        (
            credit(false, Some(&b)),
            [0.0057838638, 0.0024771997, 0.0245838238, 0.0119444148],
            Some([-0.0029013723, -0.0009620289]),
        ),
        (credit(false, None), [0.0134956822, 0.0057801326, -0.0054630720, -0.0026543144], None),
        (
            credit(true, None),
            [0.0138224610, 0.0059561651, -0.0059641598, -0.0029755306],
            Some([-0.0056290258, -0.0022592083]),
        ),
        (
            credit(true, Some(&b)),
            [0.0062618739, 0.0027217568, 0.0252370058, 0.0123363301],
            Some([-0.0014151598, 0.0018834677]),
        ),
    ];
    for (credit, w_rec, w_in) in cases {
        let name = format!("{credit:?}");
        let g = p.gradient(credit);
        assert!(close(g.block("w_rec"), &of(&w_rec), 1e-10), "{name}: {:?}", g.block("w_rec"));
        if let Some(w_in) = w_in {
            assert!(close(g.block("w_in"), &of(&w_in), 1e-10), "{name}: {:?}", g.block("w_in"));
        }
        assert!(close(g.block("w_out"), &of(&[0.0767012388, 0.0934884122]), 1e-10), "{name}");
    }
}

/// The sum turned round in time is the sum of traces, under either leak, for few outputs and for many.
#[test]
fn the_sweep_is_the_sum_of_traces() {
    for leak in [Leak::Rate, Leak::Potential] {
        for (outputs, seed) in [(1, 1), (3, 2), (7, 3)] {
            let p = Problem::random(leak, outputs, seed);
            for recurrent in [false, true] {
                for feedback in [None, Some(&p.b[..])] {
                    let g = p.gradient(credit(recurrent, feedback));
                    let transposed = p.transposed();
                    let (rec, inp) = p.forwards(recurrent, feedback.unwrap_or(&transposed));
                    let told = format!("{leak:?}, {outputs} outputs, recurrent {recurrent}, {}", feedback.is_some());
                    assert!(close(g.block("w_rec"), &rec, 1e-12), "{told}");
                    assert!(close(g.block("w_in"), &inp, 1e-12), "{told}");
                }
            }
            // The comparison would notice: the local gradient is another than the whole.
            let (whole, _) = p.forwards(true, &p.transposed());
            assert!(!close(p.gradient(credit(false, None)).block("w_rec"), &whole, 1e-4), "{leak:?}");
        }
    }
}

/// Where nothing recurs there is nothing to leave out.
#[test]
fn without_recurrent_weights_local_learning_is_the_gradient() {
    for leak in [Leak::Rate, Leak::Potential] {
        let mut p = Problem::random(leak, 3, 9);
        p.theta.iter_mut().filter(|(name, _)| *name == "w_rec").for_each(|(_, w)| w.fill(0.0));
        let (local, whole) = (p.gradient(credit(false, None)), p.gradient(Credit::exact()));
        assert!(close(local.data(), whole.data(), 1e-15), "{leak:?}");
        let (rflo, random) = (p.gradient(credit(false, Some(&p.b))), p.gradient(credit(true, Some(&p.b))));
        assert!(close(rflo.data(), random.data(), 1e-15), "{leak:?}");
        // and by B = W_outᵀ random feedback is none
        let same = p.gradient(credit(true, Some(&p.transposed())));
        assert!(close(same.data(), whole.data(), 1e-15), "{leak:?}");
    }
}

/// Outputs that come back: the network with W_rec + B W_out and b_rec + B b_out, whose gradient W_out has twice.
#[test]
fn outputs_that_come_back_are_recurrent_weights_through_the_readout() {
    for leak in [Leak::Rate, Leak::Potential] {
        for outputs in [1, 3, 7] {
            let mut p = Problem::random(leak, outputs, 4);
            p.returns = true;
            let mut plain = p.clone();
            plain.returns = false;
            let (w_out, b_out, n) = (p.block("w_out"), p.block("b_out"), p.shape.units);
            for (name, values) in &mut plain.theta {
                for (k, value) in values.iter_mut().enumerate() {
                    for o in 0..outputs {
                        match *name {
                            "w_rec" => *value += p.b[k / n * outputs + o] * w_out[o * n + k % n],
                            "b_rec" => *value += p.b[k * outputs + o] * b_out[o],
                            _ => {}
                        }
                    }
                }
            }
            let told = format!("{leak:?}, {outputs} outputs");
            assert!((p.loss(&p.parameters()) - plain.loss(&plain.parameters())).abs() < 1e-13, "{told}");
            assert!(p.loss(&p.parameters()) != p.loss(&plain.parameters()), "{told}: it comes back");

            let (g, of_plain) = (p.gradient(Credit::exact()), plain.gradient(Credit::exact()));
            for name in ["w_rec", "w_in", "b_rec", "x0"] {
                assert!(close(g.block(name), of_plain.block(name), 1e-12), "{told}: {name}");
            }
            // central differences, the readout among them
            let theta = p.parameters();
            for k in 0..theta.data().len() {
                let at = |h: f64| {
                    let mut moved = theta.clone();
                    moved.data_mut()[k] += h;
                    p.loss(&moved)
                };
                let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((difference - g.data()[k]).abs() < 1e-8 * (1.0 + difference.abs()), "{told}: entry {k}");
            }
            assert!(!close(g.block("w_out"), of_plain.block("w_out"), 1e-4), "{told}: W_out counts twice");
            // and locally the readout learns from what it says alone
            let (local, of_plain) = (p.gradient(credit(false, Some(&p.b))), plain.gradient(credit(false, Some(&p.b))));
            assert!(close(local.data(), of_plain.data(), 1e-12), "{told}");
        }
    }
}
