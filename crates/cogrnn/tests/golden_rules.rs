//! Every rule that goes forwards in time, beside an independent program of each (golden/local_rules).

use cogrnn::verify::Problem;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::Shape;
use cogrnn_core::params::Arena;
use cogrnn_networks::rate::Leak;
use cogrnn_rules::forward::{Any, Forward, Signs};
use cogrnn_rules::kernl::Probes;
use cogrnn_rules::{Dni, Eprop, Kernl, KfRtrl, ReverseKfRtrl, Rflo, Rtrl, Snap1, Uoro};
use serde_json::Value;

const ISA: Isa = Isa::Plain;

fn vector(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(vector).collect()
}

fn matrix(value: &Value) -> Vec<f64> {
    rows(value).concat()
}

/// Signs of step 0, that of the initial state, which is not learnt there, and then those of the file.
fn signs(value: &Value) -> Signs {
    let given = rows(value);
    Signs::Given([vec![0.0; given[0].len()]].into_iter().chain(given).collect())
}

/// [W_rec | W_in | b_rec], row by row.
fn gathered(g: &Arena<f64>, units: usize, inputs: usize) -> Vec<f64> {
    let of = |name: &str, i: usize, n: usize| g.block(name)[i * n..(i + 1) * n].to_vec();
    (0..units).flat_map(|i| [of("w_rec", i, units), of("w_in", i, inputs), of("b_rec", i, 1)].concat()).collect()
}

#[test]
fn rules_agree_with_an_independent_program() {
    let golden: Value = serde_json::from_str(include_str!("../../../golden/local_rules/rules.json")).unwrap();
    let given = &golden["problem"];
    let (units, inputs, outputs) = (6, 2, 2);
    let mut compared = 0;
    for case in golden["cases"].as_array().unwrap() {
        let problem = Problem {
            shape: Shape { inputs, units, outputs },
            leak: if case["leak"] == "rate" { Leak::Rate } else { Leak::Potential },
            tau: vector(&given["alpha"]).iter().map(|alpha| 1.0 / alpha).collect(),
            theta: [("w_rec", "w_rec"), ("w_in", "w_in"), ("w_out", "w_out")]
                .map(|(block, key)| (block, matrix(&given[key])))
                .into_iter()
                .chain([("b_rec", "b_rec"), ("b_out", "b_out"), ("x0", "s0")].map(|(b, k)| (b, vector(&given[k]))))
                .collect(),
            inputs: vec![rows(&given["inputs"])],
            targets: vec![rows(&given["targets"])],
            b: matrix(&given["feedback"]),
            returns: false,
        };
        let random = case["feedback"] == "random";
        let kernel = (matrix(&given["kernl_a"]), vector(&given["kernl_lambda"]));
        let probes = Probes::Given(rows(&given["zeta"]));
        let rules = [
            ("rtrl", Any::Rtrl(Rtrl { isa: ISA })),
            ("snap1", Any::Snap1(Snap1 { isa: ISA })),
            ("rflo", Any::Rflo(Rflo { isa: ISA })),
            ("eprop_trace", Any::Eprop(Eprop { kappa: given["eprop_kappa"].as_f64().unwrap(), isa: ISA })),
            ("uoro", Any::Uoro(Uoro { signs: signs(&given["signs"]) })),
            ("kf_rtrl", Any::KfRtrl(KfRtrl { signs: signs(&given["sign_pairs"]), isa: ISA })),
            ("reverse_kf_rtrl", Any::ReverseKfRtrl(ReverseKfRtrl { signs: signs(&given["signs"]), isa: ISA })),
            ("kernl_fixed", Any::Kernl(Kernl { lambda: None, rate: 0.0, probes, given: Some(kernel), isa: ISA })),
            ("dni_fixed", Any::Dni(Dni { rate: 0.0, seed: 1, given: Some(matrix(&given["dni_a"])) })),
        ];
        for (name, influence) in rules {
            let rule = Forward { start: false, feedback: random.then(|| problem.b.clone()), ..Forward::new(influence) };
            let g = problem.gradient_by(rule);
            let expected = matrix(&case["gradients"][name]);
            let found = gathered(&g, units, inputs);
            let size = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            // sums of some hundred products in another order
            assert!(found.len() == 54 && off < 1e-13 * size.max(1.0), "{name} {}: {off} of {size}", case["leak"]);
            let readout: Vec<f64> = (0..outputs)
                .flat_map(|o| [&g.block("w_out")[o * units..(o + 1) * units], &g.block("b_out")[o..=o]].concat())
                .collect();
            let expected = matrix(&case["gradient_out"]);
            assert!(readout.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-13), "{name}: readout");
            compared += 1;
        }
    }
    assert_eq!(compared, 4 * 9);
}
