//! What Song, Yang & Wang (2016) say, as rows that a statistic over seeds judges.

use super::Network;
use serde::Serialize;

/// How a claim is judged from one number a network. Where the numbers of few networks say little, the verdict
/// is open: the sign test by itself, all others below `FEWEST` networks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judge {
    /// A property that is there (1) or not (0): it is there in every network.
    All,
    /// It is there in none.
    Never,
    /// The number is at least this in every network.
    EveryAtLeast(f64),
    /// The number is above this in the population of networks: one-sided sign test at 5 %.
    Above(f64),
    /// The same, below.
    Below(f64),
    /// The median lies in this interval.
    Median(f64, f64),
    /// A single published number is no further than this from our median. The distance was chosen when three
    /// networks of each model had been seen, for the reason given, and is the same for any number of seeds.
    Near(f64, f64, &'static str),
    /// The largest is at most so many times the smallest.
    Alike(f64),
    /// Nothing was published that it could agree with; it is shown.
    Shown,
}

/// Networks below which a median, or "every network", says too little.
pub const FEWEST: usize = 3;

/// A claim or a number of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Its figure.
    pub figure: &'static str,
    /// The models that it is about.
    pub models: &'static [&'static str],
    /// In words.
    pub claim: &'static str,
    /// What was published, and where: P the paper, S6.4 the rerun of the reference program.
    pub published: &'static str,
    /// The measure it rests on.
    pub measure: &'static str,
    /// The unit of that.
    pub unit: &'static str,
    /// How it is judged.
    pub judge: Judge,
}

/// Whether a claim came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// These networks are too few to say, or it could not be measured.
    Unsure,
    /// It is shown, not judged.
    Shown,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The figure.
    pub figure: String,
    /// The model.
    pub model: String,
    /// The claim.
    pub claim: String,
    /// What was published.
    pub published: String,
    /// One number a network, the figure's first.
    pub values: Vec<f64>,
    /// Their unit.
    pub unit: String,
    /// Whether they are 1 where something holds and 0 where not.
    pub counted: bool,
    /// How it was judged, with its outcome.
    pub statistic: String,
    /// The verdict.
    pub verdict: Verdict,
}

const RDM: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
];
const RDM_RT: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/reaction-time",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
];
const CHOICES: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
    "song2016/context-integration",
    "song2016/context-integration-areas",
    "song2016/multisensory",
];
const TESTED: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/reaction-time",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
    "song2016/context-integration",
    "song2016/context-integration-areas",
    "song2016/multisensory",
    "song2016/working-memory",
];
/// All but the network of two areas, whose patience is ours.
const AS_PUBLISHED: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/reaction-time",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
    "song2016/context-integration",
    "song2016/multisensory",
    "song2016/working-memory",
    "song2016/sequences",
];
const ALL: &[&str] = &[
    "song2016/perceptual-decision",
    "song2016/reaction-time",
    "song2016/fixed-duration-no-dale",
    "song2016/fixed-duration",
    "song2016/fixed-duration-pathways",
    "song2016/context-integration",
    "song2016/context-integration-areas",
    "song2016/multisensory",
    "song2016/working-memory",
    "song2016/sequences",
];
const CONTEXT: &[&str] = &["song2016/context-integration", "song2016/context-integration-areas"];

/// Every number and claim of section 6 of the specification, one line each.
#[rustfmt::skip]
pub const CLAIMS: &[Claim] = &[
    Claim { figure: "9", models: AS_PUBLISHED, claim: "training reaches its target with the published parameters, from every seed", published: "all of 6 (P, Fig 9)", measure: "reached", unit: "networks", judge: Judge::All },
    Claim { figure: "9", models: &["song2016/context-integration-areas"], claim: "training reaches its target, from every seed, with the published parameters but for the patience: 100,000 updates instead of 20,000", published: "all of 6 (P, Fig 9)", measure: "reached", unit: "networks", judge: Judge::All },
    Claim { figure: "9", models: &["song2016/context-integration-areas"], claim: "networks that the published patience of 20,000 updates would have given up", published: "none of 6 (P, Fig 9)", measure: "given_up", unit: "networks", judge: Judge::Never },
    Claim { figure: "9", models: ALL, claim: "training takes about as long from every seed", published: "similar (P)", measure: "updates", unit: "updates", judge: Judge::Alike(2.0) },
    Claim { figure: "9", models: &["song2016/fixed-duration-no-dale"], claim: "updates to the target", published: "5,000 (S6.4)", measure: "updates", unit: "updates", judge: Judge::Near(5_000.0, 1_250.0, "a quarter: its performance scatters by 2 points from check to check, which moves the stop by several checks") },
    Claim { figure: "9", models: &["song2016/fixed-duration"], claim: "updates to the target", published: "11,500 (S6.4)", measure: "updates", unit: "updates", judge: Judge::Near(11_500.0, 2_875.0, "a quarter: its performance scatters by 2 points from check to check, which moves the stop by several checks") },
    Claim { figure: "9", models: &["song2016/reaction-time"], claim: "updates to the target", published: "15,500 (S6.4)", measure: "updates", unit: "updates", judge: Judge::Near(15_500.0, 3_875.0, "a quarter: its performance scatters by 2 points from check to check, which moves the stop by several checks") },
    Claim { figure: "9", models: &["song2016/fixed-duration-no-dale"], claim: "without Dale's law learning starts at once: trials until it is above chance (56 %)", published: "20,000 (S6.4)", measure: "plateau", unit: "thousand trials", judge: Judge::Near(20.0, 10.0, "one check") },
    Claim { figure: "9", models: &["song2016/fixed-duration"], claim: "with Dale's law there is a plateau at chance: trials until it is above (56 %)", published: "50,000 (S6.4)", measure: "plateau", unit: "thousand trials", judge: Judge::Near(50.0, 20.0, "two checks") },
    Claim { figure: "9", models: &["song2016/reaction-time"], claim: "with Dale's law there is a plateau at chance: trials until it is above (56 %)", published: "60,000 (S6.4)", measure: "plateau", unit: "thousand trials", judge: Judge::Near(60.0, 20.0, "two checks") },
    Claim { figure: "9", models: &["song2016/fixed-duration-no-dale"], claim: "cost of the kept network", published: "0.0332 (S6.4)", measure: "best_cost", unit: "", judge: Judge::Near(0.0332, 0.0033, "a tenth: the last checks of one training differ by as much") },
    Claim { figure: "9", models: &["song2016/fixed-duration"], claim: "cost of the kept network", published: "0.0348 (S6.4)", measure: "best_cost", unit: "", judge: Judge::Near(0.0348, 0.0035, "a tenth: the last checks of one training differ by as much") },
    Claim { figure: "9", models: &["song2016/reaction-time"], claim: "cost of the kept network", published: "0.0815 (S6.4)", measure: "best_cost", unit: "", judge: Judge::Near(0.0815, 0.008, "a tenth: the last checks of one training differ by as much") },
    Claim { figure: "9", models: &["song2016/fixed-duration-no-dale"], claim: "spectral radius of its recurrent weights", published: "1.213 (S6.4)", measure: "spectral_radius", unit: "", judge: Judge::Near(1.213, 0.18, "15 %: one network of one seed") },
    Claim { figure: "9", models: &["song2016/fixed-duration"], claim: "spectral radius of its recurrent weights", published: "2.162 (S6.4)", measure: "spectral_radius", unit: "", judge: Judge::Near(2.162, 0.32, "15 %: one network of one seed") },
    Claim { figure: "9", models: &["song2016/reaction-time"], claim: "spectral radius of its recurrent weights", published: "2.855 (S6.4)", measure: "spectral_radius", unit: "", judge: Judge::Near(2.855, 0.43, "15 %: one network of one seed") },
    Claim { figure: "9", models: &["song2016/fixed-duration-no-dale"], claim: "recurrent weights that are not zero after the threshold", published: "0.989 (S6.4)", measure: "nonzero", unit: "of all entries", judge: Judge::Near(0.989, 0.02, "one network of one seed; between its models it differs by 0.02 to 0.06") },
    Claim { figure: "9", models: &["song2016/fixed-duration"], claim: "recurrent weights that are not zero after the threshold", published: "0.952 (S6.4)", measure: "nonzero", unit: "of all entries", judge: Judge::Near(0.952, 0.02, "one network of one seed; between its models it differs by 0.02 to 0.06") },
    Claim { figure: "9", models: &["song2016/reaction-time"], claim: "recurrent weights that are not zero after the threshold", published: "0.933 (S6.4)", measure: "nonzero", unit: "of all entries", judge: Judge::Near(0.933, 0.02, "one network of one seed; between its models it differs by 0.02 to 0.06") },
    Claim { figure: "8", models: &["song2016/sequences"], claim: "error before the first update", published: "0.475 (S6.4)", measure: "start_error", unit: "screen", judge: Judge::Near(0.475, 0.05, "a tenth: other initial weights") },
    Claim { figure: "2, 3", models: RDM, claim: "overall performance over nonzero coherences", published: "about 85 % (P)", measure: "performance", unit: "%", judge: Judge::Median(82.0, 90.0) },
    Claim { figure: "2", models: &["song2016/reaction-time"], claim: "overall performance over nonzero coherences, by the threshold", published: "about 85 % (P)", measure: "performance_by_threshold", unit: "%", judge: Judge::Median(82.0, 90.0) },
    Claim { figure: "3", models: &["song2016/fixed-duration-no-dale"], claim: "overall performance over nonzero coherences", published: "86.2 % (S6.4)", measure: "performance", unit: "%", judge: Judge::Near(86.2, 3.0, "its 60 trials a coherence have a standard error of 1.5 points, and networks scatter by 2") },
    Claim { figure: "3", models: &["song2016/fixed-duration"], claim: "overall performance over nonzero coherences", published: "87.0 % (S6.4)", measure: "performance", unit: "%", judge: Judge::Near(87.0, 3.0, "its 60 trials a coherence have a standard error of 1.5 points, and networks scatter by 2") },
    Claim { figure: "2", models: &["song2016/reaction-time"], claim: "overall performance over nonzero coherences, by the threshold", published: "88.7 % (S6.4)", measure: "performance_by_threshold", unit: "%", judge: Judge::Near(88.7, 3.0, "its 60 trials a coherence have a standard error of 1.5 points, and networks scatter by 2") },
    Claim { figure: "2, 3", models: RDM_RT, claim: "at zero coherence choice 1 is made about half the time", published: "about half (P)", measure: "choice_1_at_zero", unit: "of trials", judge: Judge::Median(0.35, 0.65) },
    Claim { figure: "2, 3", models: &["song2016/fixed-duration-no-dale"], claim: "choice 1 at zero coherence", published: "0.42 (S6.4)", measure: "choice_1_at_zero", unit: "of trials", judge: Judge::Near(0.42, 0.15, "its 60 trials have a standard error of 0.06, and each network has a preference of its own") },
    Claim { figure: "2, 3", models: &["song2016/fixed-duration"], claim: "choice 1 at zero coherence", published: "0.58 (S6.4)", measure: "choice_1_at_zero", unit: "of trials", judge: Judge::Near(0.58, 0.15, "its 60 trials have a standard error of 0.06, and each network has a preference of its own") },
    Claim { figure: "2, 3", models: &["song2016/reaction-time"], claim: "choice 1 at zero coherence", published: "0.49 (S6.4)", measure: "choice_1_at_zero", unit: "of trials", judge: Judge::Near(0.49, 0.15, "its 60 trials have a standard error of 0.06, and each network has a preference of its own") },
    Claim { figure: "2, 3", models: RDM_RT, claim: "the psychometric curve is a smooth sigmoid", published: "cumulative Gaussian (P)", measure: "psychometric_r2", unit: "R² of the fit", judge: Judge::EveryAtLeast(0.98) },
    Claim { figure: "3", models: &["song2016/fixed-duration-no-dale"], claim: "width of the psychometric curve, mu = 0", published: "8.9 % (S6.4)", measure: "sigma_centred", unit: "% coherence", judge: Judge::Near(8.9, 1.3, "15 %: 60 trials a coherence and one network") },
    Claim { figure: "3", models: &["song2016/fixed-duration"], claim: "width of the psychometric curve, mu = 0", published: "8.6 % (S6.4)", measure: "sigma_centred", unit: "% coherence", judge: Judge::Near(8.6, 1.3, "15 %: 60 trials a coherence and one network") },
    Claim { figure: "2", models: &["song2016/reaction-time"], claim: "width of the psychometric curve, mu = 0", published: "8.2 % (S6.4)", measure: "sigma_centred", unit: "% coherence", judge: Judge::Near(8.2, 1.2, "15 %: 60 trials a coherence and one network") },
    Claim { figure: "2 to 7", models: TESTED, claim: "performance at dt = 0.5 ms is that at the time step of training, in the same trials", published: "within noise (S6.3)", measure: "step_change", unit: "points", judge: Judge::Median(-2.0, 2.0) },
    Claim { figure: "2 to 7", models: TESTED, claim: "small weights removed, performance is that with them, in the same trials", published: "within noise (S6.3)", measure: "threshold_change", unit: "points", judge: Judge::Median(-1.0, 1.0) },
    Claim { figure: "2 to 7", models: TESTED, claim: "performance in test trials, which hold fixation for 300 to 500 instead of 100 ms, is that of the kept network in validation", published: "within noise (S6.3)", measure: "test_minus_validation", unit: "points", judge: Judge::Median(-2.0, 2.0) },
    Claim { figure: "2 to 6", models: CHOICES, claim: "the longer fixation alone: performance in test trials at the time step of training is that in validation", published: "within noise (S6.3)", measure: "coarse_minus_validation", unit: "points", judge: Judge::Median(-2.0, 2.0) },
    Claim { figure: "8", models: &["song2016/sequences"], claim: "the error at dt = 0.5 ms is that at the time step of training, in the same trials", published: "within noise (S6.3)", measure: "step_error_change", unit: "% of it", judge: Judge::Median(-10.0, 10.0) },
    Claim { figure: "8", models: &["song2016/sequences"], claim: "small weights removed, the error is that with them, in the same trials", published: "within noise (S6.3)", measure: "threshold_error_change", unit: "% of it", judge: Judge::Median(-10.0, 10.0) },
    Claim { figure: "8", models: &["song2016/sequences"], claim: "the error in test trials that go on from one another is that of the kept network in validation", published: "within noise (S6.3)", measure: "test_error_change", unit: "% of it", judge: Judge::Median(-10.0, 10.0) },
    Claim { figure: "2E", models: &["song2016/perceptual-decision"], claim: "difficult trials improve with duration (coherences 6.4 to 25.6 %)", published: "improve (P)", measure: "duration_gain_difficult", unit: "points, first to last tenth", judge: Judge::Above(0.0) },
    Claim { figure: "2E", models: &["song2016/perceptual-decision"], claim: "easy trials (51.2 %) depend less on duration than difficult ones", published: "weak effect (P)", measure: "duration_gain_difficult_minus_easy", unit: "points", judge: Judge::Above(0.0) },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "reaction times fall with coherence", published: "714, 735, 701, 479, 325 ms (S6.4)", measure: "rt_slope", unit: "ms per doubling", judge: Judge::Below(0.0) },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 3.2 %", published: "714 ms (S6.4)", measure: "rt_3.2", unit: "ms", judge: Judge::Near(714.0, 100.0, "its means are of 60 to 120 trials, with a standard error of 30 to 40 ms, and networks differ by more") },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 6.4 %", published: "735 ms (S6.4)", measure: "rt_6.4", unit: "ms", judge: Judge::Near(735.0, 100.0, "its means are of 60 to 120 trials, with a standard error of 30 to 40 ms, and networks differ by more") },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 12.8 %", published: "701 ms (S6.4)", measure: "rt_12.8", unit: "ms", judge: Judge::Near(701.0, 100.0, "its means are of 60 to 120 trials, with a standard error of 30 to 40 ms, and networks differ by more") },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 25.6 %", published: "479 ms (S6.4)", measure: "rt_25.6", unit: "ms", judge: Judge::Near(479.0, 100.0, "its means are of 60 to 120 trials, with a standard error of 30 to 40 ms, and networks differ by more") },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "mean correct reaction time at 51.2 %", published: "325 ms (S6.4)", measure: "rt_51.2", unit: "ms", judge: Judge::Near(325.0, 100.0, "its means are of 60 to 120 trials, with a standard error of 30 to 40 ms, and networks differ by more") },
    Claim { figure: "2F", models: &["song2016/reaction-time"], claim: "trials that never reach the threshold", published: "68 of 660, 10.3 % (S6.4)", measure: "percent_undecided", unit: "%", judge: Judge::Near(10.3, 5.0, "half of it: one network, standard error 1.2 %") },
    Claim { figure: "2H", models: &["song2016/reaction-time"], claim: "rates of choice-selective units come together at the response, whatever the coherence", published: "similar value (P)", measure: "convergence", unit: "spread at response / 200 ms after onset", judge: Judge::Below(1.0) },
    Claim { figure: "3A", models: &["song2016/fixed-duration-no-dale"], claim: "units of similar d' excite each other", published: "strong excitation (P)", measure: "ee_same", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3A", models: &["song2016/fixed-duration-no-dale"], claim: "units of similar d' excite each other more than units of different d'", published: "strong excitation, strong inhibition (P)", measure: "ee_same_minus_opposite", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3A", models: &["song2016/fixed-duration-no-dale"], claim: "units of different d' inhibit each other", published: "strong inhibition (P)", measure: "ee_opposite", unit: "weight", judge: Judge::Below(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "excitatory units project less to units of the other choice than to their own", published: "less between than within (P)", measure: "ee_same_minus_opposite", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "inhibitory units inhibit excitatory units of the other choice more than of their own", published: "opposite preferences interact through inhibition (P)", measure: "ie_same_minus_opposite", unit: "weight", judge: Judge::Above(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "inputs become segregated", published: "segregated (P)", measure: "inputs_follow_selectivity", unit: "correlation with d'", judge: Judge::Above(0.0) },
    Claim { figure: "3B", models: &["song2016/fixed-duration"], claim: "outputs become segregated", published: "segregated (P)", measure: "outputs_follow_selectivity", unit: "correlation with d'", judge: Judge::Above(0.0) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "performance", published: "90 % in training (P)", measure: "performance", unit: "%", judge: Judge::Median(87.0, 96.0) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "motion decides when it counts", published: "psychometric curves (P)", measure: "swing_motion_relevant", unit: "of the range of choices", judge: Judge::EveryAtLeast(0.5) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "motion has little effect when colour counts", published: "psychometric curves (P)", measure: "swing_motion_irrelevant", unit: "of the range of choices, either way", judge: Judge::Below(0.25) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "colour decides when it counts", published: "psychometric curves (P)", measure: "swing_colour_relevant", unit: "of the range of choices", judge: Judge::EveryAtLeast(0.5) },
    Claim { figure: "4, 5", models: CONTEXT, claim: "colour has little effect when motion counts", published: "psychometric curves (P)", measure: "swing_colour_irrelevant", unit: "of the range of choices, either way", judge: Judge::Below(0.25) },
    Claim { figure: "4D", models: CONTEXT, claim: "coefficients of choice are almost exclusively positive", published: "almost all (P)", measure: "choice_coefficients_positive", unit: "of active units", judge: Judge::Median(0.9, 1.0) },
    Claim { figure: "4B", models: CONTEXT, claim: "trajectories of the two choices part more along the axis of choice than along that of the evidence that does not count", published: "state space (P)", measure: "choice_over_irrelevant_axis", unit: "distance / distance", judge: Judge::Above(1.0) },
    Claim { figure: "4B", models: CONTEXT, claim: "along the axis of choice the choices part more than evidence that does not count moves either", published: "state space (P)", measure: "choice_over_irrelevant_evidence", unit: "distance / distance", judge: Judge::Above(1.0) },
    Claim { figure: "5B", models: &["song2016/context-integration-areas"], claim: "feedback between areas is sparse: existing of possible connections (0.2 ± two s.d. of 4,500 draws)", published: "0.2 (P)", measure: "feedback_density", unit: "of possible", judge: Judge::Median(0.188, 0.212) },
    Claim { figure: "5B", models: &["song2016/context-integration-areas"], claim: "mean weight of an existing feedforward connection", published: "no number", measure: "feedforward_weight", unit: "weight", judge: Judge::Shown },
    Claim { figure: "5B", models: &["song2016/context-integration-areas"], claim: "mean weight of an existing feedback connection", published: "no number", measure: "feedback_weight", unit: "weight", judge: Judge::Shown },
    Claim { figure: "6", models: &["song2016/multisensory"], claim: "performance", published: "90 % in training (P)", measure: "performance", unit: "%", judge: Judge::Median(87.0, 96.0) },
    Claim { figure: "6B", models: &["song2016/multisensory"], claim: "the psychometric curve is steeper with both senses than with the better one", published: "steeper (P)", measure: "sensitivity_gain", unit: "1/sigma², s²", judge: Judge::Above(0.0) },
    Claim { figure: "6C", models: &["song2016/multisensory"], claim: "some units are selective for choice", published: "exist (P)", measure: "units_choice", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "6C", models: &["song2016/multisensory"], claim: "some units that receive neither sense directly are selective for modality", published: "exist (P)", measure: "units_modality_inner", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "6C", models: &["song2016/multisensory"], claim: "some of them are selective for choice and modality", published: "exist (P)", measure: "units_mixed_inner", unit: "units", judge: Judge::EveryAtLeast(1.0) },
    Claim { figure: "7B", models: &["song2016/working-memory"], claim: "the lowest condition keeps to its criterion with a delay of 3 s (85 % less the standard error of 100 trials, 3.6 %)", published: "85 % in training (P)", measure: "lowest_pair", unit: "%", judge: Judge::Median(81.4, 100.0) },
    Claim { figure: "7B", models: &["song2016/working-memory"], claim: "most conditions are much higher", published: "much higher (P)", measure: "median_pair", unit: "%, median pair", judge: Judge::Median(90.0, 100.0) },
    Claim { figure: "7D", models: &["song2016/working-memory"], claim: "units are tuned positively in both stimuli, more than chance would have (0.3 of 500; 2 or more with p = 0.04)", published: "exist (P)", measure: "tuned_positively_twice", unit: "units", judge: Judge::EveryAtLeast(2.0) },
    Claim { figure: "7D", models: &["song2016/working-memory"], claim: "units change the sign of their tuning, more than chance would have (0.6 of 500; 3 or more with p = 0.03)", published: "exist (P)", measure: "tuned_with_switching_sign", unit: "units", judge: Judge::EveryAtLeast(3.0) },
    Claim { figure: "7E", models: &["song2016/working-memory"], claim: "in the delay more units are tuned than chance would have", published: "trends as in monkeys (P)", measure: "tuned_in_delay", unit: "of units, p < 0.05", judge: Judge::Above(0.05) },
    Claim { figure: "7E", models: &["song2016/working-memory"], claim: "at the end of fixation, before the first stimulus, no more units are tuned than chance would have", published: "control (ours)", measure: "tuned_before", unit: "of units, p < 0.05", judge: Judge::Median(0.0, 0.1) },
    Claim { figure: "8", models: &["song2016/sequences"], claim: "error in test trials that go on from one another (0.05 and a tenth)", published: "0.05 in training (P)", measure: "test_error", unit: "screen", judge: Judge::Median(0.0, 0.055) },
    Claim { figure: "8C", models: &["song2016/sequences"], claim: "the first two components of the state space", published: "71 % (P)", measure: "two_components", unit: "of the variance", judge: Judge::Median(0.61, 0.81) },
    Claim { figure: "8C", models: &["song2016/sequences"], claim: "trajectories that share the first movement stay together until its end", published: "hierarchical (P)", measure: "split_after_first", unit: "distance between / within", judge: Judge::Above(1.0) },
    Claim { figure: "8C", models: &["song2016/sequences"], claim: "those that share two movements stay together until the end of the second", published: "hierarchical (P)", measure: "split_after_second", unit: "distance between / within", judge: Judge::Above(1.0) },
    Claim { figure: "8D", models: &["song2016/sequences"], claim: "sequences run in any order, one after another, without a reset", published: "can be run (P)", measure: "movements_right", unit: "% of movements at their dot", judge: Judge::EveryAtLeast(95.0) },
    Claim { figure: "8D", models: &["song2016/sequences"], claim: "the eye goes back to the centre between trials, untrained", published: "returns (P)", measure: "distance_from_centre", unit: "screen; dots are 0.5 apart", judge: Judge::Below(0.25) },
];

/// Probability of at least k successes in n throws of a coin that falls so with probability p.
fn at_least(k: usize, n: usize, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut sum = 0.0;
    for i in 0..=n {
        if i >= k {
            sum += term;
        }
        term *= (n - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
    }
    sum
}

pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 { f64::NAN } else { 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]) }
}

impl Judge {
    /// The verdict on one number a network, and the words for it.
    pub fn of(self, values: &[f64]) -> (Verdict, String) {
        let n = values.len();
        if n == 0 {
            return (Verdict::Unsure, "it could not be measured".to_string());
        }
        let few = n < FEWEST;
        let say = |holds: bool, mut words: String| {
            if few {
                words += &format!("; {n} of the {FEWEST} networks that it takes");
                return (Verdict::Unsure, words);
            }
            (if holds { Verdict::Yes } else { Verdict::No }, words)
        };
        match self {
            Judge::All | Judge::Never => {
                let k = values.iter().filter(|v| **v > 0.5).count();
                let (wanted, word) = if self == Judge::All { (n, "all must be") } else { (0, "none may be") };
                say(k == wanted, format!("{k} of {n} networks; {word}"))
            }
            Judge::EveryAtLeast(bound) => {
                let k = values.iter().filter(|v| **v >= bound).count();
                say(k == n, format!("at least {bound} in {k} of {n} networks; all must be"))
            }
            Judge::Above(bound) | Judge::Below(bound) => {
                let above = matches!(self, Judge::Above(_));
                let holds = |v: &&f64| if above { **v > bound } else { **v < bound };
                let k = values.iter().filter(holds).count();
                let (p, against) = (at_least(k, n, 0.5), at_least(n - k, n, 0.5));
                let verdict = if p < 0.05 {
                    Verdict::Yes
                } else if against < 0.05 {
                    Verdict::No
                } else {
                    Verdict::Unsure
                };
                let word = if above { "above" } else { "below" };
                (verdict, format!("{word} {bound} in {k} of {n}; sign test p = {p:.3}"))
            }
            Judge::Median(low, high) => {
                let m = median(values);
                say((low..=high).contains(&m), format!("median within {low} to {high}"))
            }
            Judge::Near(number, distance, why) => {
                let holds = (median(values) - number).abs() <= distance;
                say(holds, format!("our median within {number} ± {distance} ({why})"))
            }
            Judge::Alike(factor) => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                say(high <= factor * low, format!("largest / smallest = {:.2}, at most {factor}", high / low))
            }
            Judge::Shown => (Verdict::Shown, "no direction was published; shown, not judged".to_string()),
        }
    }
}

/// Judges every claim that these networks can be asked about.
pub fn judge(networks: &[Network]) -> Vec<Row> {
    let mut rows = Vec::new();
    for claim in CLAIMS {
        for model in claim.models {
            let mut of: Vec<&Network> = networks.iter().filter(|n| n.job.model.experiment == *model).collect();
            if of.is_empty() {
                continue;
            }
            of.sort_by_key(|n| (!n.job.figure, n.job.experiment.seed));
            let values: Vec<f64> = of.iter().filter_map(|n| n.measures.get(claim.measure).copied()).collect();
            let (mut verdict, mut statistic) = claim.judge.of(&values);
            if values.len() < of.len() && !values.is_empty() {
                statistic += &format!("; not measured in {}", of.len() - values.len());
                if verdict == Verdict::Yes {
                    verdict = Verdict::Unsure;
                }
            }
            rows.push(Row {
                figure: claim.figure.to_string(),
                model: of[0].job.model.title.to_string(),
                claim: claim.claim.to_string(),
                published: claim.published.to_string(),
                values,
                unit: claim.unit.to_string(),
                counted: matches!(claim.judge, Judge::All | Judge::Never),
                statistic,
                verdict,
            });
        }
    }
    rows
}

impl Row {
    /// Median and range of its numbers; how many, where something is counted.
    pub fn ours(&self) -> String {
        let digits = |x: f64| match x.abs() {
            a if a >= 1000.0 => format!("{x:.0}"),
            a if a >= 100.0 => format!("{x:.0}"),
            a if a >= 10.0 => format!("{x:.1}"),
            a if a >= 0.1 || a == 0.0 => format!("{x:.2}"),
            a if a >= 0.001 => format!("{x:.3}"),
            _ => format!("{x:.1e}"),
        };
        if self.values.is_empty() {
            return "–".to_string();
        }
        if self.counted {
            let k = self.values.iter().filter(|v| **v > 0.5).count();
            return format!("{k} of {}", self.values.len());
        }
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low == high {
            return digits(low);
        }
        format!("{} ({} to {})", digits(median(&self.values)), digits(low), digits(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::SONG2016;

    #[test]
    fn the_sign_test_needs_five_of_five() {
        assert_eq!(at_least(6, 6, 0.5), 1.0 / 64.0);
        assert_eq!(at_least(5, 6, 0.5), 7.0 / 64.0);
        assert_eq!(Judge::Above(0.0).of(&[1.0; 6]).0, Verdict::Yes);
        assert_eq!(Judge::Above(0.0).of(&[-1.0; 6]).0, Verdict::No);
        assert_eq!(Judge::Above(0.0).of(&[1.0, 1.0, 1.0, 1.0, 1.0, -1.0]).0, Verdict::Unsure);
        assert_eq!(Judge::Above(0.0).of(&[1.0, 1.0]).0, Verdict::Unsure);
        assert_eq!(Judge::Below(0.0).of(&[-1.0; 5]).0, Verdict::Yes);
        assert_eq!(Judge::Below(0.0).of(&[0.0; 5]).0, Verdict::No);
    }

    #[test]
    fn every_judge_can_say_no() {
        assert_eq!(Judge::All.of(&[1.0, 1.0, 0.0]).0, Verdict::No);
        assert_eq!(Judge::Never.of(&[0.0, 1.0, 0.0]).0, Verdict::No);
        assert_eq!(Judge::Never.of(&[0.0; 3]).0, Verdict::Yes);
        assert_eq!(Judge::EveryAtLeast(1.0).of(&[1.0, 2.0, 0.0]).0, Verdict::No);
        assert_eq!(Judge::Median(1.0, 2.0).of(&[0.0, 0.5, 3.0]).0, Verdict::No);
        assert_eq!(Judge::Median(1.0, 2.0).of(&[0.0, 1.5, 3.0]).0, Verdict::Yes);
        assert_eq!(Judge::Median(1.0, 2.0).of(&[]).0, Verdict::Unsure);
        assert_eq!(Judge::Alike(2.0).of(&[5.0, 9.0, 11.0]).0, Verdict::No);
        assert_eq!(Judge::Alike(2.0).of(&[5.0, 9.0, 10.0]).0, Verdict::Yes);
        assert_eq!(Judge::Shown.of(&[1.0; 6]).0, Verdict::Shown);
    }

    #[test]
    fn more_seeds_do_not_make_a_published_number_easier_to_meet() {
        let near = Judge::Near(10.0, 1.0, "");
        assert_eq!(near.of(&[5.0, 9.5, 10.0]).0, Verdict::Yes);
        assert_eq!(near.of(&[5.0, 6.0, 9.5]).0, Verdict::No);
        // one far network reaches the published number; the others do not
        assert_eq!(near.of(&[5.0, 5.5, 6.0, 6.0, 6.5, 12.0]).0, Verdict::No);
    }

    #[test]
    fn two_networks_are_too_few() {
        for judge in [
            Judge::All,
            Judge::Never,
            Judge::EveryAtLeast(0.5),
            Judge::Median(0.0, 2.0),
            Judge::Near(1.0, 0.5, ""),
            Judge::Alike(2.0),
        ] {
            assert_eq!(judge.of(&[1.0, 1.0]).0, Verdict::Unsure, "{judge:?}");
            assert_ne!(judge.of(&[1.0; 3]).0, Verdict::Unsure, "{judge:?}");
        }
    }

    #[test]
    fn counts_of_tuned_units_that_chance_would_not_have() {
        // two independent tests at 5 %, two-sided: both positive, or of opposite signs
        let (twice, switching) = (0.025 * 0.025, 2.0 * 0.025 * 0.025);
        for (measure, p) in [("tuned_positively_twice", twice), ("tuned_with_switching_sign", switching)] {
            let claim = CLAIMS.iter().find(|c| c.measure == measure).unwrap();
            let Judge::EveryAtLeast(bound) = claim.judge else { panic!("a bound") };
            assert!(at_least(bound as usize, 500, p) < 0.05 && at_least(bound as usize - 1, 500, p) > 0.05);
        }
    }

    #[test]
    fn what_holds_in_some_networks_is_counted() {
        let row = |counted| Row {
            figure: "9".into(),
            model: String::new(),
            claim: String::new(),
            published: String::new(),
            values: vec![1.0, 0.0, 1.0],
            unit: "networks".into(),
            counted,
            statistic: String::new(),
            verdict: Verdict::No,
        };
        assert_eq!((row(true).ours(), row(false).ours()), ("2 of 3".to_string(), "1.00 (0.00 to 1.00)".to_string()));
    }

    #[test]
    fn claims_are_about_models_that_exist() {
        for claim in CLAIMS {
            assert!(!claim.models.is_empty());
            for model in claim.models {
                assert!(SONG2016.iter().any(|m| m.experiment == *model), "{model}");
            }
        }
        for model in SONG2016 {
            assert!(CLAIMS.iter().any(|c| c.models.contains(&model.experiment)), "{}", model.experiment);
        }
    }
}
