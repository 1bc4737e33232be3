//! What a neuroscientist is told of an experiment that cannot be: what, where, why, what to do.
//!
//! Every message is pinned here word for word; `crates/cogrnn-cli/tests/errors.rs` tests the same of the
//! program's arguments and run folders.

use cogrnn::experiment::Experiment;
use insta::assert_snapshot;

/// What is said of a small experiment with these lines, which begin at line 3.
fn told(lines: &str) -> String {
    told_with(lines, &[])
}

fn told_with(lines: &str, changes: &[&str]) -> String {
    let changes: Vec<String> = changes.iter().map(|c| c.to_string()).collect();
    let text = format!("[task]\nname = \"perceptual-decision\"\n{lines}");
    let error = Experiment::parse(&text, "mine", "mine.toml", &changes).map(|_| lines).unwrap_err();
    assert_eq!(error.kind, cogrnn_core::error::Kind::Input, "{error}");
    for (part, is) in [("where", &error.place), ("why", &error.why), ("what to do", &error.remedy)] {
        assert!(is.as_ref().is_some_and(|is| !is.is_empty()), "it does not say {part}: {error}");
    }
    error.to_string()
}

fn all<const N: usize>(cases: [&str; N]) -> String {
    cases.map(told).join("\n\n")
}

/// The two networks of these tests: 2 units, 3 inputs, 2 outputs.
const TWO: &str = "[network]\nunits = 2\n[constraints]\nexcitatory = 0.5\n";

fn of_two(lines: &str) -> String {
    told(&format!("{TWO}{lines}"))
}

#[test]
fn an_unknown_key_is_met_with_the_nearest() {
    assert_snapshot!(all(["[network]\nunit = 100", "[trainning]\ntrials = 20", "[network]\nlearning_rate = 0.01", "[rule]\nomega = 2\nomgea_bound = 1e-10", "[constraints]\ndales = \"abs\""]), @"");
}

#[test]
fn a_key_without_effect_is_refused_with_its_cause() {
    assert_snapshot!(all(["[network]\nexponent = 2", "[optimiser]\nmomentum = 0.9", "[optimiser]\nname = \"adam\"\nschedule_end = 0.1", "[constraints]\ndale = \"none\"\nexcitatory = 0.8", "[constraints]\ndensity_seed = 3", "[rule]\nomega = 0\nomega_bound = 1e-9", "[stop]\nover = 3", "[initial]\nw_rec = \"normal\"\ngamma_shape = 4", "[constraints]\ndensity = 0.5"]), @"");
}

#[test]
fn a_setting_of_another_task_is_refused() {
    let sinewave = |lines: &str| told_with(lines, &["task.name=sinewave", "constraints.readout=all"]);
    assert_snapshot!([sinewave("[stop]\nperformance = 85"), sinewave("\n[task.stimulus]\nmean = 3"), told_with("coherences = [1, 2]", &["task.name=sinewave"])].join("\n\n"), @"");
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    assert_snapshot!(all(["[network]\nunits = \"many\"", "[constraints]\nself_connections = 1", "[network]\nnonlinearity = 3", "[noise]\nunits = \"a lot\"", "[network]\nnonlinearity = \"relu\"", "[network]\nunits = 99999999999999999999"]), @"");
}

#[test]
fn a_time_needs_a_unit_of_time() {
    assert_snapshot!(all(["[network]\ntau = 100", "[network]\ntau = \"100\"", "[network]\ntau = 100 ms", "[training]\ndt = \"20 Hz\"", "[training]\ndt = \"0 ms\"", "[network]\ntau = \"-100 ms\"", "[inputs]\ntau = \"ms\""]), @"");
}

#[test]
fn a_time_step_longer_than_the_time_constant_is_refused() {
    assert_snapshot!(all(["[training]\ndt = \"120 ms\"", "[test]\ndt = \"120 ms\"", "[network]\nunits = 2\ntau = [\"100 ms\", \"10 ms\"]\n[training]\ndt = \"20 ms\""]), @"");
}

#[test]
fn a_trial_shorter_than_a_time_step_is_refused() {
    assert_snapshot!(told("fixation = \"0 ms\"\nstimulus_min = \"1 ms\"\nstimulus_max = \"2 ms\"\ndecision = \"5 ms\""), @"");
}

#[test]
fn numbers_of_nothing_are_refused() {
    assert_snapshot!(all(["[network]\nunits = 0", "[training]\ntrials = 0", "[training]\nvalidation_trials = 0", "[training]\ncheck_every = 0", "[stop]\nmax_updates = 0", "[stop]\npatience = 0", "[rule]\ntruncate = 0", "catch_duration = \"0 ms\"", "coherences = []"]), @"");
}

#[test]
fn a_number_out_of_its_range_is_refused() {
    assert_snapshot!(all(["[noise]\nunits = -0.1", "[constraints]\nexcitatory = 1.5", "[rule]\nomega = -1", "[optimiser]\nlearning_rate = -0.1", "[optimiser]\nlearning_rate = nan", "[initial]\nx0 = inf", "[constraints]\ndensity_excitatory = 2", "[network]\nnonlinearity = \"rectify_power\"\nexponent = 0.5", "catch_probability = 2", "[inputs]\nbaseline = inf", "[optimiser]\nlearning_rate = inf", "[noise]\nunits = inf", "[stop]\nperformance = 101"]), @"");
}

#[test]
fn a_list_of_the_wrong_length_is_refused() {
    assert_snapshot!(all(["[network]\nunits = 2\ntau = [\"100 ms\", \"50 ms\", \"20 ms\"]", "[network]\nunits = 3\n[noise]\nunits = [0.1, 0.2]", "[inputs]\nnoise = [0.1, 0.2]", "[network]\nunits = 2\n[noise]\ncovariance = [[1]]", "[inputs]\ncovariance = [[1, 0], [0, 1]]", "[network]\ntau = []"]), @"");
}

#[test]
fn a_matrix_of_impossible_shape_is_refused() {
    assert_snapshot!([of_two("[constraints.w_rec]\nmask = [[1, 1]]"), of_two("[constraints.w_in]\nmask = [[1, 1], [1, 1], [1, 1]]"), of_two("[constraints.w_out]\nfixed = [[1], [2]]"), of_two("[constraints.w_rec]\nmask = [[0, 1], [1]]"), of_two("[constraints.w_rec]\nmask = [1, 0]"), of_two("[constraints.w_rec]\nmask = []")].join("\n\n"), @"");
}

#[test]
fn a_mask_through_which_nothing_passes_is_refused() {
    assert_snapshot!([of_two("[constraints.w_rec]\nmask = [[0, 0], [0, 0]]"), of_two("[constraints.w_rec]\nmask = [[1, 0], [0, 1]]"), of_two("[constraints.w_out]\nmask = [[0, 0], [0, 0]]"), of_two("[constraints.w_out]\nmask = [[0, 1], [0, 1]]"), told("[constraints]\ndensity_excitatory = 0\ndensity_inhibitory = 0")].join("\n\n"), @"");
}

#[test]
fn a_mask_says_yes_or_no() {
    assert_snapshot!(of_two("[constraints.w_rec]\nmask = [[0, 0.5], [1, 0]]"), @"");
}

#[test]
fn an_input_that_reaches_no_unit_is_refused() {
    assert_snapshot!(of_two("[constraints.w_in]\nmask = [[1, 0, 1], [1, 0, 1]]"), @"");
    let text = format!(
        "[task]\nname = \"perceptual-decision\"\n{TWO}allow_dead_inputs = true\n[constraints.w_in]\nmask = [[1, 0, 1], [1, 0, 1]]"
    );
    let allowed = Experiment::parse(&text, "mine", "mine.toml", &[]).unwrap();
    assert_snapshot!(allowed.warnings().join("\n"), @"");
}

#[test]
fn constraints_that_cannot_hold_together_are_refused() {
    assert_snapshot!([
        of_two("[constraints.w_rec]\nfixed = [[0, -0.5], [0, 0]]"),
        of_two("dale = \"clamp\"\n[constraints.w_rec]\nfixed = [[0, 0.5], [0, 0]]"),
        of_two("[constraints.w_rec]\nmask = [[0, 1], [1, 0]]\nfixed = [[0, 0.5], [0, 0]]"),
        of_two("[constraints.w_rec]\nfixed = [[0.5, 0], [0, 0]]"),
        of_two("[constraints.w_rec]\nhigh = -0.1"),
        of_two("[constraints.w_rec]\nlow = 0.1"),
        of_two("[constraints.w_rec]\nlow = 2\nhigh = 1"),
        of_two("[constraints.w_rec]\nfixed = [[0, 0.5], [0, 0]]\nlow = -0.1"),
        of_two("[constraints.w_rec]\nfixed = [[0, inf], [0, 0]]"),
    ].join("\n\n"), @"");
}

#[test]
fn a_loss_that_does_not_fit_the_output_is_refused() {
    assert_snapshot!(all(["[network]\nloss = \"binary_cross_entropy\"", "[network]\noutput = \"tanh\"\nloss = \"categorical_cross_entropy\"", "[network]\nloss = \"mse\""]), @"");
}

#[test]
fn outputs_that_read_no_unit_are_refused() {
    assert_snapshot!(all(["[constraints]\nexcitatory = 0", "[network]\nunits = 1"]), @"");
}

#[test]
fn noise_that_is_none_is_refused() {
    assert_snapshot!(all(["[inputs]\nnoise = 0.1\ncovariance = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[1, 2, 0], [2, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[1, 2, 0], [0, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[nan, 0, 0], [0, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[inf, 0, 0], [0, 1, 0], [0, 0, 1]]"]), @"");
}

#[test]
fn an_unknown_name_is_met_with_the_nearest() {
    assert_snapshot!([told_with("", &["task.name=perceptual-desicion"]), told_with("", &["task.name=chess"]), told("[rule]\nname = \"btpp\""), told("[network]\nname = \"spiking\"")].join("\n\n"), @"");
    let load = |what: &str| Experiment::load(what, &[]).unwrap_err().to_string();
    assert_snapshot!([load("song2016/perceptual-desicion"), load("none.toml"), load("perceptual-decision")].join("\n\n"), @"");
}

#[test]
fn a_file_without_a_task_says_what_it_needs() {
    let bare = |text: &str| Experiment::parse(text, "mine", "mine.toml", &[]).unwrap_err().to_string();
    assert_snapshot!([bare(""), bare("[network]\nunits = 10"), bare("cite = [\"song2061\"]\n[task]\nname = \"sinewave\"")].join("\n\n"), @"");
}

#[test]
fn two_mistakes_are_told_one_by_one_and_the_surer_first() {
    assert_snapshot!(all(["[network]\nunit = 5\ntaus = \"100 ms\"", "[network]\nunit = 5\n[training]\ndt = \"200 ms\""]), @"");
}
