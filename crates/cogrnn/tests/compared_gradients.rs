//! The gradients of rules beside the exact one, on experiments as users have them.

use cogrnn::experiment::Experiment;
use cogrnn::gradient::{Compared, compare};
use cogrnn::trainer::Machine;

fn found(changes: &[&str], rules: &[&str], draws: usize, threads: usize) -> cogrnn_core::error::Result<Vec<Compared>> {
    let changes: Vec<String> =
        ["network.units=12", "task.period=\"60 ms\""].iter().chain(changes).map(ToString::to_string).collect();
    let experiment = Experiment::load("murray2019/periodic", &changes)?;
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    compare(&experiment, None, &rules, draws, &Machine { threads, kernels: None })
}

#[test]
fn exact_rules_are_exact_and_others_are_not() {
    let all = found(&[], &["bptt", "rtrl", "rflo/transposed", "rflo", "bptt/random"], 5, 1).unwrap();
    let [bptt, rtrl, local, rflo, random] = &all[..] else { panic!("{all:?}") };
    assert_eq!((bptt.all.bias, bptt.draws, bptt.feedback), (0.0, 1, Some("transposed")));
    assert!(rtrl.all.bias < 1e-5 && rtrl.w_rec.cosine > 0.999_999, "{rtrl:?}");
    for wrong in [local, rflo, random] {
        assert!(wrong.all.bias > 0.01 && wrong.w_rec.cosine < 0.999, "{wrong:?}");
        assert!(wrong.w_out.cosine > 0.999_999, "the readout learns by the gradient under all of them");
    }
    assert_eq!((rflo.feedback, local.feedback), (Some("random"), Some("transposed")));
    // where nothing recurs, nothing is left out
    let alone = found(&["initial.scale_rec=0"], &["rflo/transposed"], 1, 1).unwrap();
    assert!(alone[0].all.bias < 1e-5, "{alone:?}");
}

#[test]
fn rules_with_random_signs_have_variance_and_no_bias() {
    let rules = ["uoro", "kf-rtrl", "reverse-kf-rtrl"];
    let all = found(&[], &rules, 2000, 1).unwrap();
    for one in &all {
        // |mean - exact| has about √(variance/draws) of length, whatever the number of weights
        assert!(one.all.variance > 0.01 && one.all.bias < 1.5 * one.all.chance, "{one:?}");
        assert!(one.all.cosine_of_mean > one.all.cosine, "{one:?}");
    }
    assert_eq!(found(&[], &rules, 20, 1).unwrap(), found(&[], &rules, 20, 2).unwrap());
}

#[test]
fn one_number_a_trial_is_enough_on_average() {
    let noisy = ["noise.units=0.3"];
    let one = found(&noisy, &["node-perturbation"], 3000, 2).unwrap().remove(0);
    assert!(one.all.variance > 1.0 && one.w_rec.bias < 1.5 * one.w_rec.chance, "{one:?}");
    assert!(one.w_rec.cosine_of_mean > 0.5 && one.w_rec.cosine < 0.3, "{one:?}");
    assert!(one.w_out.cosine > 0.999_999, "the readout follows its own error");
}

#[test]
fn what_is_not_defined_is_refused_and_left_out_unasked() {
    let refused = |changes: &[&str], rule: &str| found(changes, &[rule], 1, 1).unwrap_err().to_string();
    assert!(refused(&[], "rlfo").contains("did you mean `rflo`?"));
    assert!(refused(&[], "rflo/mirrored").contains("is no feedback"));
    assert!(refused(&[], "node-perturbation").contains("no white noise"));
    assert!(refused(&["network.output_feedback=1"], "uoro").contains("comes back"));
    let names = |changes: &[&str]| found(changes, &[], 1, 1).unwrap().iter().map(|c| c.rule).collect::<Vec<_>>();
    assert!(names(&[]).contains(&"rtrl") && !names(&[]).contains(&"node-perturbation"));
    assert!(names(&["noise.units=0.1"]).contains(&"node-perturbation"));
    assert_eq!(names(&["network.output_feedback=1"]), ["bptt", "bptt", "rflo", "rflo", "eprop"]);
}
