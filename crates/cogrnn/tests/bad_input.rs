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
    assert_snapshot!(all(["[network]\nunit = 100", "[trainning]\ntrials = 20", "[network]\nlearning_rate = 0.01", "[rule]\nomega = 2\nomgea_bound = 1e-10", "[constraints]\ndales = \"abs\""]), @r#"
    `unit` is not a setting of [network]   [mine.toml:4]
    why  it has: name, units, tau, leak, nonlinearity, threshold, max_rate, exponent, output, output_exponent, loss, output_feedback, read_units, held_units, floored_units, held_at
    try  did you mean `units`?

    `[trainning]` is not a section of an experiment   [mine.toml:3]
    why  it has: title, about, cite, seed, replicates, task, network, populations, noise, inputs, constraints, initial, rule, optimiser, penalties, training, unroll, loop, criterion, stop, test, analysis, labels
    try  did you mean `training`?

    `learning_rate` is not a setting of [network]   [mine.toml:4]
    why  it has: name, units, tau, leak, nonlinearity, threshold, max_rate, exponent, output, output_exponent, loss, output_feedback, read_units, held_units, floored_units, held_at
    try  `learning_rate` is a setting of [optimiser]: move it there

    `omgea_bound` is not a setting of [rule]   [mine.toml:5]
    why  it has: name, kappa, kernel_decay, model_learning_rate, baseline_memory, preset, eligibility, supralinear, scale_by_error, baseline_start, average_memory, average_afresh, trace_after, silent_trials, update, feedback, feedback_sd, feedback_density, feedback_signs, feedback_decay, shadow, omega, omega_bound, truncate
    try  did you mean `omega_bound`?

    `dales` is not a setting of [constraints]   [mine.toml:4]
    why  it has: dale, excitatory, readout, dale_on, self_connections, density, density_excitatory, density_inhibitory, density_seed, allow_dead_inputs, w_in, w_rec, w_out
    try  did you mean `dale`?
    "#);
}

#[test]
fn a_key_without_effect_is_refused_with_its_cause() {
    assert_snapshot!(all(["[network]\nexponent = 2", "[optimiser]\nmomentum = 0.9", "[optimiser]\nname = \"adam\"\nschedule_end = 0.1", "[constraints]\ndale = \"none\"\nexcitatory = 0.8", "[constraints]\ndensity_seed = 3", "[rule]\nomega = 0\nomega_bound = 1e-9", "[stop]\nover = 3", "[initial]\nw_rec = \"normal\"\ngamma_shape = 4", "[constraints]\ndensity = 0.5"]), @r#"
    `exponent` has no effect here   [mine.toml:4]
    why  only `nonlinearity = "rectify_power"` has an exponent
    try  remove it, or change what leaves it without effect

    `momentum` has no effect here   [mine.toml:4]
    why  only `name = "momentum"` uses it, and this is "sgd"
    try  remove it, or change what leaves it without effect

    `schedule_end` has no effect here   [mine.toml:5]
    why  only `schedule = "cosine"` uses it, and this is "constant"
    try  remove it, or change what leaves it without effect

    `excitatory` has no effect here   [mine.toml:5]
    why  there is no Dale's law, so no unit is excitatory or inhibitory
    try  remove it, or change what leaves it without effect

    `density_seed` has no effect here   [mine.toml:4]
    why  all connections exist
    try  remove it, or change what leaves it without effect

    `omega_bound` has no effect here   [mine.toml:5]
    why  `omega` is 0
    try  remove it, or change what leaves it without effect

    `over` has no effect here   [mine.toml:4]
    why  no `performance` is asked for
    try  remove it, or change what leaves it without effect

    `gamma_shape` has no effect here   [mine.toml:5]
    why  no weights have a gamma distribution
    try  remove it, or change what leaves it without effect

    `density` has no effect here   [mine.toml:4]
    why  with Dale's law there are `density_excitatory` and `density_inhibitory`
    try  remove it, or change what leaves it without effect
    "#);
}

#[test]
fn a_setting_of_another_task_is_refused() {
    let sinewave = |lines: &str| told_with(lines, &["task.name=sinewave", "constraints.readout=all"]);
    assert_snapshot!([sinewave("[stop]\nperformance = 85"), sinewave("\n[task.stimulus]\nmean = 3"), told_with("coherences = [1, 2]", &["task.name=sinewave"])].join("\n\n"), @r#"
    `performance` has no effect here   [mine.toml:4]
    why  `sinewave` has no choices to get right; it is judged by its error
    try  remove it, or change what leaves it without effect

    `stimulus` is not a section of [task]   [mine.toml:4]
    why  it has: name, amplitude, period, cycles, test_cycles
    try  remove it

    `coherences` is not a setting of [task]   [mine.toml:3]
    why  it has: name, amplitude, period, cycles, test_cycles
    try  remove it
    "#);
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    assert_snapshot!(all(["[network]\nunits = \"many\"", "[constraints]\nself_connections = 1", "[network]\nnonlinearity = 3", "[noise]\nunits = \"a lot\"", "[network]\nnonlinearity = \"relu\"", "[network]\nunits = 99999999999999999999"]), @r#"
    `units` is "many"   [mine.toml:4]
    why  a whole number is needed, this is text
    try  units = 100

    `self_connections` is 1   [mine.toml:4]
    why  true or false is needed, this is a whole number
    try  self_connections = false

    `nonlinearity` is 3   [mine.toml:4]
    why  text in quotes is needed, this is a whole number
    try  nonlinearity = "rectify"

    `units` is "a lot"   [mine.toml:4]
    why  a number is needed, this is text
    try  units = [0.15]

    `nonlinearity` is "relu"   [mine.toml:4]
    why  it is one of linear, rectify, rectify_power, sigmoid, tanh, rtanh, softplus, clipped
    try  nonlinearity = "rectify"

    `99999999999999999999` is too large   [mine.toml:4]
    why  whole numbers go to 9223372036854775807
    try  with a decimal point it is a number, and may be as large as 1.8e308
    "#);
}

#[test]
fn a_time_needs_a_unit_of_time() {
    assert_snapshot!(all(["[network]\ntau = 100", "[network]\ntau = \"100\"", "[network]\ntau = 100 ms", "[training]\ndt = \"20 Hz\"", "[training]\ndt = \"0 ms\"", "[network]\ntau = \"-100 ms\"", "[inputs]\ntau = \"ms\""]), @r#"
    `tau` is 100   [mine.toml:4]
    why  a time needs its unit, this is a bare number
    try  tau = "100 ms"  or  tau = "100 s"

    `tau` is "100"   [mine.toml:4]
    why  it has no unit
    try  write a number and a unit: "20 ms", "0.5 s" or "50 us"

    `tau = 100 ms` cannot be read   [mine.toml:4]
    why  string values must be quoted, expected literal string
    try  put the time in quotes: "100 ms"

    `dt` is "20 Hz"   [mine.toml:4]
    why  `Hz` is not a unit of time
    try  write a number and a unit: "20 ms", "0.5 s" or "50 us"

    `dt` is 0 ms   [mine.toml:4]
    why  it must be longer than nothing
    try  the default is "20 ms"

    a time constant of -100 ms   [mine.toml:4]
    why  a unit needs time to follow its input
    try  the default is "100 ms"

    `tau` is "ms"   [mine.toml:4]
    why  there is no number before the unit
    try  write a number and a unit: "20 ms", "0.5 s" or "50 us"
    "#);
}

#[test]
fn a_time_step_longer_than_the_time_constant_is_refused() {
    assert_snapshot!(all(["[training]\ndt = \"120 ms\"", "[test]\ndt = \"120 ms\"", "[network]\nunits = 2\ntau = [\"100 ms\", \"10 ms\"]\n[training]\ndt = \"20 ms\""]), @r#"
    the time step of 120 ms is longer than the time constant of 100 ms   [mine.toml:4]
    why  Euler steps with dt > tau overshoot: x changes its sign at every step
    try  take dt = "20 ms" (a fifth of tau) or less

    the time step of 120 ms is longer than the time constant of 100 ms   [mine.toml:4]
    why  Euler steps with dt > tau overshoot: x changes its sign at every step
    try  take dt = "20 ms" (a fifth of tau) or less

    the time step of 20 ms is longer than the time constant of 10 ms   [mine.toml:7]
    why  Euler steps with dt > tau overshoot: x changes its sign at every step
    try  take dt = "2 ms" (a fifth of tau) or less
    "#);
}

#[test]
fn a_trial_shorter_than_a_time_step_is_refused() {
    assert_snapshot!(told("fixation = \"0 ms\"\nstimulus_min = \"1 ms\"\nstimulus_max = \"2 ms\"\ndecision = \"5 ms\""), @r#"
    some trials are shorter than the time step of 20 ms   [mine.toml, [training], default of `dt`]
    why  rounded down to whole steps, such a trial has no sample
    try  make the task's epochs longer or dt shorter
    "#);
}

#[test]
fn numbers_of_nothing_are_refused() {
    assert_snapshot!(all(["[network]\nunits = 0", "[training]\ntrials = 0", "[training]\nvalidation_trials = 0", "[training]\ncheck_every = 0", "[stop]\nmax_updates = 0", "[stop]\npatience = 0", "[rule]\ntruncate = 0", "catch_duration = \"0 ms\"", "coherences = []"]), @r#"
    `units` is 0   [mine.toml:4]
    why  at least one is needed
    try  the default is 100

    `trials` is 0   [mine.toml:4]
    why  at least one is needed
    try  the default is 20

    `validation_trials` is 0   [mine.toml:4]
    why  at least one is needed
    try  the default is 1000

    `check_every` is 0   [mine.toml:4]
    why  at least one is needed
    try  the default is 500

    `max_updates` is 0   [mine.toml:4]
    why  at least one is needed
    try  the default is 10000000

    `patience` is 0   [mine.toml:4]
    why  at least one is needed
    try  the default is 50000

    `truncate` is 0   [mine.toml:4]
    why  then no step would learn from another
    try  leave it out to sweep the whole trial

    `catch_duration` is 0 ms   [mine.toml:3]
    why  it must be longer than nothing
    try  the default is "2000 ms"

    `coherences` is []   [mine.toml:3]
    why  without a coherence there is no condition to train
    try  the default is [1, 2, 4, 8, 16]
    "#);
}

#[test]
fn a_number_out_of_its_range_is_refused() {
    assert_snapshot!(all(["[noise]\nunits = -0.1", "[constraints]\nexcitatory = 1.5", "[rule]\nomega = -1", "[optimiser]\nlearning_rate = -0.1", "[optimiser]\nlearning_rate = nan", "[initial]\nx0 = inf", "[constraints]\ndensity_excitatory = 2", "[network]\nnonlinearity = \"rectify_power\"\nexponent = 0.5", "catch_probability = 2", "[inputs]\nbaseline = inf", "[optimiser]\nlearning_rate = inf", "[noise]\nunits = inf", "[stop]\nperformance = 101"]), @r#"
    a standard deviation of -0.1   [mine.toml:4]
    why  it must be 0 or more
    try  the default is 0.15

    `excitatory` is 1.5   [mine.toml:4]
    why  it must lie between 0 and 1
    try  the default is 0.8

    `omega` is -1   [mine.toml:4]
    why  it must be at least 0
    try  the default is 2

    `learning_rate` is -0.1   [mine.toml:4]
    why  it must be at least 0
    try  the default is 0.01

    `learning_rate` is nan   [mine.toml:4]
    why  a finite number is needed, this is no number at all
    try  learning_rate = 0.01

    `x0` is inf   [mine.toml:4]
    why  a finite number is needed, this is infinite
    try  x0 = 0.1

    `density_excitatory` is 2   [mine.toml:4]
    why  it must lie between 0 and 1
    try  the default is 1

    `exponent` is 0.5   [mine.toml:5]
    why  it must lie between 1 and 10
    try  the default is 2

    `catch_probability` is 2   [mine.toml:3]
    why  it must lie between 0 and 1
    try  the default is 0.09090909090909091

    `baseline` is inf   [mine.toml:4]
    why  a finite number is needed, this is infinite
    try  baseline = 0.2

    `learning_rate` is inf   [mine.toml:4]
    why  a finite number is needed, this is infinite
    try  learning_rate = 0.01

    `units` is inf   [mine.toml:4]
    why  a finite number is needed, this is infinite
    try  units = [0.15]

    `performance` is 101   [mine.toml:4]
    why  no network can do better than 100 per cent, and this is to be exceeded
    try  give a percentage below 100, for instance performance = 85
    "#);
}

#[test]
fn a_list_of_the_wrong_length_is_refused() {
    assert_snapshot!(all(["[network]\nunits = 2\ntau = [\"100 ms\", \"50 ms\", \"20 ms\"]", "[network]\nunits = 3\n[noise]\nunits = [0.1, 0.2]", "[inputs]\nnoise = [0.1, 0.2]", "[network]\nunits = 2\n[noise]\ncovariance = [[1]]", "[inputs]\ncovariance = [[1, 0], [0, 1]]", "[network]\ntau = []"]), @r#"
    `tau` has 3 entries   [mine.toml:5]
    why  2 are needed
    try  give one for all, or one for each

    `units` has 2 entries   [mine.toml:6]
    why  3 are needed
    try  give one for all, or one for each

    `noise` has 2 entries   [mine.toml:4]
    why  3 are needed
    try  give one for all, or one for each

    `covariance` is 1 × 1   [mine.toml:6]
    why  2 × 2 is needed
    try  give one row and one column for each

    `covariance` is 2 × 2   [mine.toml:4]
    why  3 × 3 is needed
    try  give one row and one column for each

    `tau` has 0 entries   [mine.toml:4]
    why  100 are needed
    try  give one for all, or one for each
    "#);
}

#[test]
fn a_matrix_of_impossible_shape_is_refused() {
    assert_snapshot!([of_two("[constraints.w_rec]\nmask = [[1, 1]]"), of_two("[constraints.w_in]\nmask = [[1, 1], [1, 1], [1, 1]]"), of_two("[constraints.w_out]\nfixed = [[1], [2]]"), of_two("[constraints.w_rec]\nmask = [[0, 1], [1]]"), of_two("[constraints.w_rec]\nmask = [1, 0]"), of_two("[constraints.w_rec]\nmask = []")].join("\n\n"), @r#"
    `mask` is 1 × 2   [mine.toml:8]
    why  2 × 2 is needed
    try  give one row for each postsynaptic unit, W[post][pre]

    `mask` is 3 × 2   [mine.toml:8]
    why  2 × 3 is needed
    try  give one row for each postsynaptic unit, W[post][pre]

    `fixed` is 2 × 1   [mine.toml:8]
    why  2 × 2 is needed
    try  give one row for each postsynaptic unit, W[post][pre]

    row 1 of `mask` has 1 entries   [mine.toml:8]
    why  row 0 has 2, and the rows of a matrix are equally long
    try  rows are receiving units, columns are sending units

    `mask[0]` is 1   [mine.toml:8]
    why  a row of numbers is needed, this is a whole number
    try  write [0.0, 1.0]

    `mask` is 0 × 0   [mine.toml:8]
    why  2 × 2 is needed
    try  give one row for each postsynaptic unit, W[post][pre]
    "#);
}

#[test]
fn a_mask_through_which_nothing_passes_is_refused() {
    assert_snapshot!([of_two("[constraints.w_rec]\nmask = [[0, 0], [0, 0]]"), of_two("[constraints.w_rec]\nmask = [[1, 0], [0, 1]]"), of_two("[constraints.w_out]\nmask = [[0, 0], [0, 0]]"), of_two("[constraints.w_out]\nmask = [[0, 1], [0, 1]]"), told("[constraints]\ndensity_excitatory = 0\ndensity_inhibitory = 0")].join("\n\n"), @r#"
    `w_rec` has no plastic entry and no fixed one   [mine.toml:8]
    why  its mask is empty, so nothing passes
    try  put ones where weights may be

    the recurrent weights have a spectral radius of 0   [mine.toml, [initial], default of `spectral_radius`]
    why  no unit can reach itself through others, so no scale gives the network its radius
    try  leave more recurrent connections plastic, or set `spectral_radius = 0`, which leaves the weights as drawn

    `w_out` has no plastic entry and no fixed one   [mine.toml:8]
    why  its mask is empty, so nothing passes
    try  put ones where weights may be

    the output `choice 1` reads no unit   [mine.toml:8]
    why  row 0 of the mask of `w_out` has no one for an excitatory unit
    try  put ones where it is to read; readout = "all" lets it read inhibitory units too

    the recurrent weights have a spectral radius of 0   [mine.toml, [initial], default of `spectral_radius`]
    why  no unit can reach itself through others, so no scale gives the network its radius
    try  leave more recurrent connections plastic, or set `spectral_radius = 0`, which leaves the weights as drawn
    "#);
}

#[test]
fn a_mask_says_yes_or_no() {
    assert_snapshot!(of_two("[constraints.w_rec]\nmask = [[0, 0.5], [1, 0]]"), @r#"
    `mask[0][1]` is 0.5   [mine.toml:8]
    why  a mask says yes or no: 1 or 0
    try  put values of weights into `fixed`
    "#);
}

#[test]
fn an_input_that_reaches_no_unit_is_refused() {
    assert_snapshot!(of_two("[constraints.w_in]\nmask = [[1, 0, 1], [1, 0, 1]]"), @r#"
    the input `evidence 2` reaches no unit   [mine.toml:8]
    why  column 1 of the mask of `w_in` is all zero
    try  put ones into that column, or set allow_dead_inputs = true
    "#);
    let text = format!(
        "[task]\nname = \"perceptual-decision\"\n{TWO}allow_dead_inputs = true\n[constraints.w_in]\nmask = [[1, 0, 1], [1, 0, 1]]\n\
         [initial]\nspectral_radius = 0"
    );
    let allowed = Experiment::parse(&text, "mine", "mine.toml", &[]).unwrap();
    assert_snapshot!(allowed.warnings().join("\n"), @r#"
    the input `evidence 2` reaches no unit
    unit 1 has no inhibitory input
    "#);
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
    ].join("\n\n"), @r#"
    `w_rec[0, 1]` is fixed at -0.5   [mine.toml:8]
    why  under Dale's law fixed weights are magnitudes; the sign comes from the unit
    try  give the magnitude, and make the presynaptic unit inhibitory if it is to be negative

    `w_rec[0, 1]` is fixed at 0.5   [mine.toml:9]
    why  its presynaptic unit has the other sign under Dale's law
    try  change the sign of the weight or of the unit

    `w_rec[0, 1]` is both plastic and fixed at 0.5   [mine.toml:9]
    why  a weight is one or the other
    try  clear it in the mask, or in the fixed weights

    `w_rec[0, 0]` is fixed at 0.5   [mine.toml:8]
    why  this network has no self-connections
    try  clear it in the fixed weights, or allow self-connections

    `w_rec[1, 0]` can have no value   [mine.toml:8]
    why  its bounds exclude the sign that Dale's law gives it
    try  let the bounds include zero

    `w_rec[0, 1]` can have no value   [mine.toml:8]
    why  its bounds exclude the sign that Dale's law gives it
    try  let the bounds include zero

    no weight of `w_rec` can lie within its bounds   [mine.toml:8]
    why  the lowest, 2, is above the highest, 1
    try  swap the two

    `w_rec[0, 1]` is fixed at -0.5   [mine.toml:8]
    why  its bounds are -0.1 to inf
    try  widen the bounds or change the fixed weight

    `fixed[0]` is inf   [mine.toml:8]
    why  a finite number is needed, this is infinite
    try  write [0.0, 1.0]
    "#);
}

#[test]
fn a_loss_that_does_not_fit_the_output_is_refused() {
    assert_snapshot!(all(["[network]\nloss = \"binary_cross_entropy\"", "[network]\noutput = \"tanh\"\nloss = \"categorical_cross_entropy\"", "[network]\nloss = \"mse\""]), @r#"
    the loss `binary_cross_entropy` does not fit the output `linear`   [mine.toml:4]
    why  a cross-entropy compares probabilities, and these outputs leave 0 to 1
    try  use the loss `squared`, or the output `sigmoid` or `softmax`

    the loss `categorical_cross_entropy` does not fit the output `tanh`   [mine.toml:5]
    why  a cross-entropy compares probabilities, and these outputs leave 0 to 1
    try  use the loss `squared`, or the output `sigmoid` or `softmax`

    `loss` is "mse"   [mine.toml:4]
    why  it is one of usual, squared, half_squared, absolute, binary_cross_entropy, categorical_cross_entropy
    try  loss = "usual"
    "#);
}

#[test]
fn outputs_that_read_no_unit_are_refused() {
    assert_snapshot!(all(["[constraints]\nexcitatory = 0", "[network]\nunits = 1"]), @r#"
    the outputs read no unit   [mine.toml:4]
    why  they read excitatory units only, and there are none
    try  raise `excitatory`, or set readout = "all"

    the outputs read no unit   [mine.toml, [constraints], default of `excitatory`]
    why  they read excitatory units only, and there are none
    try  raise `excitatory`, or set readout = "all"
    "#);
}

#[test]
fn noise_that_is_none_is_refused() {
    assert_snapshot!(all(["[inputs]\nnoise = 0.1\ncovariance = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[1, 2, 0], [2, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[1, 2, 0], [0, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[nan, 0, 0], [0, 1, 0], [0, 0, 1]]", "[inputs]\ncovariance = [[inf, 0, 0], [0, 1, 0], [0, 0, 1]]"]), @r#"
    `noise` has no effect here   [mine.toml:4]
    why  `covariance` says all of the noise
    try  remove it, or change what leaves it without effect

    this is no covariance matrix   [mine.toml:4]
    why  it has the eigenvalue -1.000e0
    try  give a symmetric matrix without negative eigenvalues, one row for each

    this is no covariance matrix   [mine.toml:4]
    why  entry (1, 0) is 0, entry (0, 1) is 2
    try  give a symmetric matrix without negative eigenvalues, one row for each

    `covariance[0]` is nan   [mine.toml:4]
    why  a finite number is needed, this is no number at all
    try  write [0.0, 1.0]

    `covariance[0]` is inf   [mine.toml:4]
    why  a finite number is needed, this is infinite
    try  write [0.0, 1.0]
    "#);
}

#[test]
fn an_unknown_name_is_met_with_the_nearest() {
    assert_snapshot!([told_with("", &["task.name=perceptual-desicion"]), told_with("", &["task.name=chess"]), told("[rule]\nname = \"btpp\""), told("[network]\nname = \"spiking\"")].join("\n\n"), @r#"
    `name` is "perceptual-desicion"   [--set task.name=perceptual-desicion]
    why  it is one of custom, arm-reaching, delayed-nonmatch-to-sample, directional-movement, perceptual-decision, periodic, planar-arm, ready-set-go, reversal-2afc, rule-reversal, selective-integration, sinewave, wcst, yang2019
    try  did you mean "perceptual-decision"?

    `name` is "chess"   [--set task.name=chess]
    why  it is one of custom, arm-reaching, delayed-nonmatch-to-sample, directional-movement, perceptual-decision, periodic, planar-arm, ready-set-go, reversal-2afc, rule-reversal, selective-integration, sinewave, wcst, yang2019
    try  name = "custom"

    `name` is "btpp"   [mine.toml:4]
    why  it is one of bptt, rflo, eprop, rtrl, snap1, uoro, kf-rtrl, reverse-kf-rtrl, kernl, dni, node-perturbation, reward-hebb
    try  name = "bptt"

    `name` is "spiking"   [mine.toml:4]
    why  it is one of rate
    try  name = "rate"
    "#);
    let load = |what: &str| Experiment::load(what, &[]).unwrap_err().to_string();
    assert_snapshot!([load("song2016/perceptual-desicion"), load("none.toml"), load("perceptual-decision")].join("\n\n"), @r#"
    there is no experiment `song2016/perceptual-desicion`
    why  it is neither a file nor one of song2016/perceptual-decision, song2016/reaction-time, song2016/fixed-duration, song2016/fixed-duration-no-dale, song2016/fixed-duration-pathways, song2016/context-integration, song2016/context-integration-areas, song2016/multisensory, song2016/working-memory, song2016/sequences, song2016/s1-example, song2016/sinewave, soo2023/go, soo2023/ctxdm1, soo2023/dlygo, soo2023/dlydm1, soo2023/dms, soo2023/rule-reversal, murray2019/periodic, murray2019/periodic-bptt, murray2019/interval, murray2019/movement, murray2019/sequence, miconi2017/delayed-nonmatch, miconi2017/delayed-nonmatch-long, miconi2017/delayed-nonmatch-variable, miconi2017/delayed-nonmatch-ei, miconi2017/arm, miconi2017/planar-arm, miconi2017/selective-integration
    try  did you mean `song2016/perceptual-decision`?

    there is no experiment `none.toml`
    why  it is neither a file nor one of song2016/perceptual-decision, song2016/reaction-time, song2016/fixed-duration, song2016/fixed-duration-no-dale, song2016/fixed-duration-pathways, song2016/context-integration, song2016/context-integration-areas, song2016/multisensory, song2016/working-memory, song2016/sequences, song2016/s1-example, song2016/sinewave, soo2023/go, soo2023/ctxdm1, soo2023/dlygo, soo2023/dlydm1, soo2023/dms, soo2023/rule-reversal, murray2019/periodic, murray2019/periodic-bptt, murray2019/interval, murray2019/movement, murray2019/sequence, miconi2017/delayed-nonmatch, miconi2017/delayed-nonmatch-long, miconi2017/delayed-nonmatch-variable, miconi2017/delayed-nonmatch-ei, miconi2017/arm, miconi2017/planar-arm, miconi2017/selective-integration
    try  `cogrnn list` shows what comes with the program

    there is no experiment `perceptual-decision`
    why  it is neither a file nor one of song2016/perceptual-decision, song2016/reaction-time, song2016/fixed-duration, song2016/fixed-duration-no-dale, song2016/fixed-duration-pathways, song2016/context-integration, song2016/context-integration-areas, song2016/multisensory, song2016/working-memory, song2016/sequences, song2016/s1-example, song2016/sinewave, soo2023/go, soo2023/ctxdm1, soo2023/dlygo, soo2023/dlydm1, soo2023/dms, soo2023/rule-reversal, murray2019/periodic, murray2019/periodic-bptt, murray2019/interval, murray2019/movement, murray2019/sequence, miconi2017/delayed-nonmatch, miconi2017/delayed-nonmatch-long, miconi2017/delayed-nonmatch-variable, miconi2017/delayed-nonmatch-ei, miconi2017/arm, miconi2017/planar-arm, miconi2017/selective-integration
    try  did you mean `song2016/perceptual-decision`?
    "#);
}

#[test]
fn a_file_without_a_task_says_what_it_needs() {
    let bare = |text: &str| Experiment::parse(text, "mine", "mine.toml", &[]).unwrap_err().to_string();
    assert_snapshot!([bare(""), bare("[network]\nunits = 10"), bare("cite = [\"song2061\"]\n[task]\nname = \"sinewave\"")].join("\n\n"), @r#"
    `name` is missing in [task]   [mine.toml]
    why  it says what is to be done
    try  one of custom, arm-reaching, delayed-nonmatch-to-sample, directional-movement, perceptual-decision, periodic, planar-arm, ready-set-go, reversal-2afc, rule-reversal, selective-integration, sinewave, wcst, yang2019

    `name` is missing in [task]   [mine.toml]
    why  it says what is to be done
    try  one of custom, arm-reaching, delayed-nonmatch-to-sample, directional-movement, perceptual-decision, periodic, planar-arm, ready-set-go, reversal-2afc, rule-reversal, selective-integration, sinewave, wcst, yang2019

    no reference is called `song2061`   [mine.toml:1]
    why  there are: song2016, soo2023, murray2019, miconi2017, yang2019
    try  leave it out, and add your own references to citation.bib after training
    "#);
}

#[test]
fn two_mistakes_are_told_one_by_one_and_the_surer_first() {
    assert_snapshot!(all(["[network]\nunit = 5\ntaus = \"100 ms\"", "[network]\nunit = 5\n[training]\ndt = \"200 ms\""]), @r#"
    `unit` is not a setting of [network]   [mine.toml:4]
    why  it has: name, units, tau, leak, nonlinearity, threshold, max_rate, exponent, output, output_exponent, loss, output_feedback, read_units, held_units, floored_units, held_at
    try  did you mean `units`?

    `taus` is not a setting of [network]   [mine.toml:5]
    why  it has: name, units, tau, leak, nonlinearity, threshold, max_rate, exponent, output, output_exponent, loss, output_feedback, read_units, held_units, floored_units, held_at
    try  did you mean `tau`?

    the time step of 200 ms is longer than the time constant of 100 ms   [mine.toml:6]
    why  Euler steps with dt > tau overshoot: x changes its sign at every step
    try  take dt = "20 ms" (a fifth of tau) or less
    "#);
}

/// A task that is described in the file, with this text in place of that.
fn custom(from: &str, to: &str) -> String {
    custom_twice([(from, to), ("", "")])
}

/// The same with this before its columns.
fn custom_with(from: &str, to: &str, columns: &str) -> String {
    custom_twice([(from, to), ("[task.columns]", columns)])
}

fn custom_twice([(from, to), (other, than)]: [(&str, &str); 2]) -> String {
    let text = "[task]\nname = \"custom\"\nchoice = \"0 if side > 0 else 1\"\n[task.constants]\nhigh = 1\n\
                [[task.conditions]]\nname = \"side\"\nvalues = [1, -1]\n\
                [task.columns]\nsigned = \"side * high\"\n\
                [[task.epochs]]\nname = \"stimulus\"\nduration = \"800 ms\"\n\
                [[task.epochs]]\nname = \"decision\"\nduration = \"300 ms\"\n\
                [[task.inputs]]\nname = \"evidence\"\nduring = \"stimulus\"\nvalue = \"0.5 + 0.1 * side\"\n\
                [[task.outputs]]\nname = \"left\"\n[task.outputs.target]\ndecision = \"high if choice == 0 else 0.2\"\n\
                [[task.outputs]]\nname = \"right\"\n[task.outputs.target]\ndecision = \"high if choice == 1 else 0.2\"\n";
    assert!(Experiment::parse(text, "mine", "mine.toml", &[]).is_ok());
    assert!(text.contains(from), "{from}");
    match Experiment::parse(&text.replacen(from, to, 1).replacen(other, than, 1), "mine", "mine.toml", &[]) {
        Ok(_) => format!("{to}: nothing wrong"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_choice_that_is_no_output_is_refused_in_every_trial() {
    for (choice, said) in [("-1", "-1"), ("0.7", "0.7"), ("2", "2")] {
        let told = custom("0 if side > 0 else 1", &format!("0 if side > 0 else {choice}"));
        assert!(told.starts_with(&format!("`choice` is {said} for side = -1   [mine.toml:3]")), "{told}");
    }
    // only test trials have side = 0
    let extra = "[[task.test_conditions]]\nside = 0\n[task.columns]";
    let told = custom("[task.columns]", extra);
    assert!(told.ends_with("nothing wrong"), "{told}");
    let told = custom("[task.columns]", &format!("{extra}\nend = \"1 if side == 0 else 0\""));
    assert!(told.ends_with("nothing wrong"), "{told}");
    let text = "choice = \"0 if side > 0 else 1\"";
    let told = custom_with(text, "choice = \"0 if side > 0 else 1 if side < 0 else 0.5\"", extra);
    assert!(told.starts_with("`choice` is 0.5 for side = 0   [mine.toml:3]"), "{told}");
    // the last bit of 30 * 0.1 makes no other output of it
    let told = custom("0 if side > 0 else 1", "(side * 3 + 3) * 0.1 / 0.6");
    assert!(told.ends_with("nothing wrong"), "{told}");
}

#[test]
fn test_conditions_without_effect_are_refused() {
    let extra = "[[task.test_conditions]]\nside = 0\n[task.columns]";
    for order in ["random", "permuted"] {
        let name = "name = \"custom\"";
        let told = custom_with(name, &format!("{name}\ntest_order = \"{order}\""), extra);
        assert!(told.contains("have no effect with this `test_order`   [mine.toml:3]"), "{told}");
    }
}

#[test]
fn too_many_conditions_to_count_are_refused() {
    // 256^8 = 2^64, which is 0 to a machine that does not look
    let values: Vec<String> = (0..256).map(|v| v.to_string()).collect();
    let axes: String =
        (0..8).map(|k| format!("[[task.conditions]]\nname = \"a{k}\"\nvalues = [{}]\n", values.join(","))).collect();
    let told = custom("[task.columns]", &format!("{axes}[task.columns]"));
    assert!(told.starts_with("the task has more conditions than can be counted"), "{told}");
}

#[test]
fn an_example_of_a_list_is_no_empty_one() {
    let told = custom("values = [1, -1]", "values = [1, nan]");
    assert!(told.contains("try  values = [1, 2, 4]"), "{told}");
}

#[test]
fn an_epoch_does_not_begin_before_the_one_it_lies_in() {
    let told = custom(
        "[[task.inputs]]",
        "[[task.epochs]]\nname = \"late\"\nwithin = \"stimulus\"\ndelay = \"-500 ms\"\n[[task.inputs]]",
    );
    assert!(told.starts_with("`delay` of `late` is -500 ms"), "{told}");
}

#[test]
fn trials_that_ask_nothing_are_refused() {
    let told = custom("duration = \"300 ms\"", "duration = \"10 ms\"");
    assert!(
        told.starts_with("some trials ask nothing of the network") && told.contains("`decision` has no sample"),
        "{told}"
    );
    let text = "[task]\nname = \"custom\"\njudged_by = \"error\"\n[[task.epochs]]\nname = \"stimulus\"\n\
                duration = \"800 ms\"\n[[task.outputs]]\nname = \"z\"\n[task.outputs.target]\n";
    let told = |text: &str| Experiment::parse(text, "mine", "mine.toml", &[]).map_err(|e| e.to_string()).err();
    let nothing = told(text).unwrap();
    assert!(nothing.contains("no output has a target during `stimulus`; there are `z`"), "{nothing}");
    assert_eq!(told(&format!("{text}stimulus = 1\n")), None);
}

#[test]
fn test_trials_without_a_sample_are_found_before_training() {
    let both = "test_duration = \"0.2 ms\"\nduration = ";
    let told = custom_with("duration = \"800 ms\"", &format!("{both}\"800 ms\""), "[task.columns]");
    assert!(told.ends_with("nothing wrong"), "one epoch of two may be without: {told}");
    let text = "duration = \"300 ms\"";
    let told =
        custom_twice([("duration = \"800 ms\"", &format!("{both}\"800 ms\"")), (text, &format!("{both}\"300 ms\""))]);
    assert!(told.starts_with("some test trials are shorter than their time step of 0.5 ms"), "{told}");
}

#[test]
fn a_task_described_in_the_file_says_what_is_wrong_with_it() {
    assert_snapshot!([
        custom("0.5 + 0.1 * side", "0.5 + 0.1 * sied"),
        custom("0.5 + 0.1 * side", "1 / (side - 1)"),
        custom("0.5 + 0.1 * side", "0.5 + * side"),
        custom("during = \"stimulus\"", "during = \"stimulsu\""),
        custom("decision = \"high if choice == 0", "delay = \"high if choice == 0"),
        custom("values = [1, -1]", "values = []"),
        custom("values = [1, -1]", "values = [1, 1]"),
        custom("name = \"side\"", "name = \"high\""),
        custom("name = \"side\"", "name = \"left side\""),
        custom("duration = \"800 ms\"", "duration = 800"),
        custom("duration = \"800 ms\"", "length = \"800 ms\""),
        custom("duration = \"800 ms\"", "duration = { low = \"800 ms\", high = \"300 ms\" }"),
        custom("duration = \"300 ms\"", "within = \"stimmulus\""),
        custom("0 if side > 0 else 1", "0 if side > 0 else 2"),
        custom("choice = \"0 if side > 0 else 1\"", ""),
        custom("name = \"right\"", "name = \"left\""),
        custom("name = \"custom\"", "name = \"custom\"\ncatch_probability = \"11\""),
        custom("name = \"evidence\"", ""),
    ].join("\n\n"), @r#"
    the formula `0.5 + 0.1 * sied` has an unknown name, `sied`   [mine.toml:20]
    why  known here: high, side, signed, k, choice
    try  did you mean `side`?

    the formula `1 / (side - 1)` has no value with side = 1
    why  it does not come to a finite number there
    try  `a if b else c` gives another value where a formula has none

    the formula `0.5 + * side` cannot be read   [mine.toml:20]
    why  `*` stands where a value is expected
    try  a formula has numbers, names, + - * / % ^, comparisons, && and ||, `a if b else c`, PI, and the functions abs, sign, floor, ceil, round, sqrt, exp, log, sin, cos, tan, tanh

    `evidence` is there during `stimulsu`, which is no epoch   [mine.toml:19]
    why  the epochs are stimulus, decision
    try  write the name of an epoch

    `left` has a target in `delay`, which is no epoch   [mine.toml:24]
    why  the epochs are stimulus, decision
    try  write the name of an epoch

    the condition `side` has no values   [mine.toml:8]
    why  a trial takes one of them
    try  values = [1, 2, 4]

    `1` comes twice among the values of `side`   [mine.toml:8]
    why  each condition is gone through once
    try  remove one; for unequal shares, repeat nothing but weigh in the analysis

    the name `high` comes twice   [mine.toml:7]
    why  conditions, columns, constants and epochs share one list of names
    try  rename one of them

    `left side` cannot be a name here   [mine.toml:7]
    why  formulas know names of letters, digits and _
    try  choose another, such as `motion_coherence`

    `duration` is 800   [mine.toml:13]
    why  a time needs its unit, this is a bare number
    try  duration = "800 ms"  or  duration = "800 s"

    the epoch `stimulus` has no duration   [mine.toml:12]
    why  it follows the one before it for some time
    try  duration = "300 ms", or within = "…"

    `high` of `stimulus` is 300 ms   [mine.toml:13]
    why  no duration lies between `low`, 800 ms, and this
    try  give a larger `high`

    there is no epoch `stimmulus` before `decision`   [mine.toml:16]
    why  there are: stimulus
    try  an epoch lies within one that stands before it in the file

    `choice` is 2 for side = -1   [mine.toml:3]
    why  it counts the outputs from 0, and there are 2
    try  let it be the number of the output that should be largest at the end

    the task is judged by choices and has no `choice`   [mine.toml, [task], default of `choice`]
    why  a choice is the number of the output that should be largest at the end of a trial
    try  choice = "0 if evidence > 0 else 1", or judged_by = "error"

    two of [[task.outputs]] are called `left`   [mine.toml:26]
    why  results are found by their names
    try  give each its own

    `catch_probability` is 11   [mine.toml:3]
    why  a probability lies between 0 and 1
    try  for instance catch_probability = "1/11"

    `name` is missing   [mine.toml, [[task.inputs]], default of `name`]
    why  it says what the channel is called
    try  name = "…"
    "#);
}

/// One excitatory and one inhibitory population, the first with these settings.
fn of_populations(lines: &str) -> String {
    told(&format!(
        "[populations.E]\nsize = 8\n{lines}\n[populations.I]\nsize = 2\nkind = \"inhibitory\"\ninputs = [\"evidence 1\"]\n"
    ))
}

fn of_e(lines: &str) -> String {
    of_populations(&format!("kind = \"excitatory\"\n{lines}"))
}

#[test]
fn a_misspelt_population_input_or_output_is_met_with_the_nearest() {
    assert_snapshot!([
        of_e("from = { II = 0.2 }"),
        of_e("from = { cortex = 0.2 }"),
        of_e("inputs = [\"evidense 1\"]"),
        of_e("outputs = \"choise 1\""),
        of_e("sise = 3"),
        of_e("from = { I = 2 }"),
        of_e("from = { I = \"half\" }"),
        of_e("from = [\"I\"]"),
        told("[populations]\nsize = 3"),
    ].join("\n\n"), @r#"
    no population is called `II`   [mine.toml:6]
    why  there are `E`, `I`
    try  did you mean `I`?

    no population is called `cortex`   [mine.toml:6]
    why  there are `E`, `I`
    try  take it out, or give one of these

    no input of the task is called `evidense 1`   [mine.toml:6]
    why  there are `evidence 1`, `evidence 2`, `start cue`
    try  did you mean `evidence 1`?

    no output of the task is called `choise 1`   [mine.toml:6]
    why  there are `choice 1`, `choice 2`
    try  did you mean `choice 1`?

    `sise` is not a setting of [populations.E]   [mine.toml:6]
    why  it has: size, area, tau, kind, inputs, outputs, from
    try  did you mean `size`?

    `I` is 2   [mine.toml:6]
    why  it must lie between 0 and 1
    try  the default is 1

    `I` is "half"   [mine.toml:6]
    why  a number is needed, this is text
    try  I = 1.0

    `populations.E.from` is ["I"]   [mine.toml:6]
    why  a section is needed, this is a list
    try  [populations.E.from] with its settings below it

    `size` is not a setting of [populations]   [mine.toml:4]
    why  it has no settings
    try  remove it
    "#);
}

#[test]
fn a_population_needs_a_size_and_a_kind() {
    assert_snapshot!([
        of_populations(""),
        of_populations("kind = \"pyramidal\""),
        of_populations("kind = \"free\""),
        told("[populations.E]\nkind = \"excitatory\""),
        told("[populations.E]\nsize = 0\nkind = \"excitatory\""),
        told("[populations.E]\nsize = 5\nkind = \"excitatory\"\n[constraints]\ndale = \"none\""),
        told("[populations.E]\nsize = 50000\nkind = \"excitatory\""),
    ].join("\n\n"), @r#"
    `kind` is missing in [populations.E]   [mine.toml:3]
    why  it says whether it excites or inhibits; `free` without Dale's law
    try  one of excitatory, inhibitory, free

    `kind` is "pyramidal"   [mine.toml:5]
    why  it is one of excitatory, inhibitory, free
    try  kind = "excitatory"

    `E` is free   [mine.toml:5]
    why  under Dale's law a unit excites or inhibits
    try  let [constraints] have dale = "none", or kind = "excitatory"

    `size` is missing in [populations.E]   [mine.toml:3]
    why  it says how many units it has
    try  size = 20

    `size` is 0   [mine.toml:4]
    why  at least one is needed
    try  size = 20

    `E` is excitatory   [mine.toml:5]
    why  there is no Dale's law, dale = "none", so the weights of a unit may have any sign
    try  leave `kind` out, or let [constraints] have dale = "rectify"

    `units` is 50000   [mine.toml:3]
    why  weights, gradient and constraints of so many would take 100 GB
    try  take at most 30000
    "#);
}

#[test]
fn populations_say_how_many_units_there_are() {
    assert_snapshot!([
        told_with("[populations.E]\nsize = 5\nkind = \"excitatory\"", &["network.units=50"]),
        told("[network]\nunits = 10\n[populations.E]\nsize = 5\nkind = \"excitatory\"\n[populations.I]\nsize = 3\nkind = \"inhibitory\""),
        told(&(0..201).map(|i| format!("[populations.p{i}]\nsize = 1\n")).collect::<String>()),
    ].join("\n\n"), @r#"
    `units` is 50   [--set network.units=50]
    why  the populations have 5: E 5
    try  leave it out, or change the sizes of the populations

    `units` is 10   [mine.toml:4]
    why  the populations have 8: E 5, I 3
    try  leave it out, or change the sizes of the populations

    there are 201 populations   [mine.toml:3]
    why  200 are the most: densities are given for each two of them
    try  say what holds for single units by a mask, [constraints.w_rec] mask = "file.csv"
    "#);
}

#[test]
fn what_populations_say_is_not_said_twice() {
    let also = |line: &str| of_e(&format!("[constraints]\n{line}"));
    assert_snapshot!([
        also("excitatory = 0.8"),
        also("density = 0.5"),
        also("density_excitatory = 0.5"),
        also("density_inhibitory = 0.5"),
        also("density_seed = 3"),
    ].join("\n\n"), @r#"
    `excitatory` has no effect here   [mine.toml:7]
    why  [populations] says it of each population, by `size`, `kind` and `from`
    try  remove it, or change what leaves it without effect

    `density` has no effect here   [mine.toml:7]
    why  [populations] says it of each population, by `size`, `kind` and `from`
    try  remove it, or change what leaves it without effect

    `density_excitatory` has no effect here   [mine.toml:7]
    why  [populations] says it of each population, by `size`, `kind` and `from`
    try  remove it, or change what leaves it without effect

    `density_inhibitory` has no effect here   [mine.toml:7]
    why  [populations] says it of each population, by `size`, `kind` and `from`
    try  remove it, or change what leaves it without effect

    `density_seed` has no effect here   [mine.toml:7]
    why  every density is 0 or 1
    try  remove it, or change what leaves it without effect
    "#);
}

#[test]
fn populations_through_which_nothing_passes_are_refused() {
    let alone = |lines: &str| told(&format!("[populations.E]\nsize = 5\nkind = \"excitatory\"\n{lines}"));
    assert_snapshot!([
        of_e("inputs = [\"evidence 1\", \"start cue\"]"),
        of_e("inputs = [\"evidence 2\", \"start cue\"]\n[constraints.w_in]\nmask = [[1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 1], [1, 1, 1]]"),
        alone("inputs = []\n[constraints]\nallow_dead_inputs = true"),
        of_e("outputs = \"choice 1\""),
        alone("outputs = \"choice 1\"\n[constraints]\nreadout = \"all\""),
        alone("outputs = [\"choice 1\", \"choice 2\"]\n[constraints.w_out]\nmask = [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]"),
        alone("from = { E = 0 }"),
    ].join("\n\n"), @r#"
    the input `evidence 2` reaches no unit   [mine.toml:3]
    why  no population has it among its `inputs`
    try  add it to the `inputs` of a population, or let [constraints] have allow_dead_inputs = true

    the input `evidence 2` reaches no unit   [mine.toml:8]
    why  column 1 of the mask of `w_in` has no one for a population that gets it
    try  put ones there, add it to the `inputs` of other populations, or set allow_dead_inputs = true

    no unit gets any input of the task   [mine.toml:3]
    why  every population has inputs = [], or a mask of zeros
    try  add inputs to a population

    the output `choice 2` reads no unit   [mine.toml:3]
    why  no population has it among its `outputs`, which by default are all of an excitatory one and none of an inhibitory one
    try  add it to the `outputs` of the population that is to be read: ["choice 2"]

    the output `choice 2` reads no unit   [mine.toml:3]
    why  no population has it among its `outputs`
    try  add it to the `outputs` of the population that is to be read: ["choice 2"]

    the output `choice 2` reads no unit   [mine.toml:8]
    why  row 1 of the mask of `w_out` has no one for a unit that it may read
    try  put ones where it is to read, or add it to the `outputs` of other populations

    there is no recurrent connection   [mine.toml:3]
    why  the densities in `from` leave none
    try  give one of them a density above 0
    "#);
}
