//! The numbers of one network that claims rest on, each under a name.

use super::arms::Arms;
use super::claims::median;
use crate::analyses::{Analysed, Named, Numbers, What};
use crate::evaluate::Trained;
use crate::experiment::{NetworkPlan, Stop};
use crate::trainer::{Check, Reason, Summary, end_under};
use cogrnn_analysis::psychometric::Curve;
use cogrnn_analysis::{eye_trace, pca, selectivity, state_space, tuning, unit_averages};
use cogrnn_core::error::Result;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::task::{Performance, Request, Set};
use std::collections::BTreeMap;

/// Numbers of one network by name; what could not be measured is not there.
pub type Measures = BTreeMap<String, f64>;

/// What training alone says.
pub(super) fn of_training(stop: &Stop, check_every: u64, summary: &Summary, learning: &[Check]) -> Measures {
    let mut m = Measures::new();
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            m.insert(name.to_string(), value);
        }
    };
    let flag = |holds: bool| f64::from(u8::from(holds));
    put("reached", flag(matches!(summary.reason, Reason::Performance | Reason::Error)));
    put("updates", summary.updates as f64);
    put("minutes", summary.seconds / 60.0);
    put("ms_per_update", 1000.0 * summary.seconds / summary.updates.max(1) as f64);
    // Song et al. 2016, code: training gives up after 100 checks without a better network
    let published = Stop { patience: 100 * check_every, ..stop.clone() };
    let end = end_under(&published, learning, summary.updates);
    put("given_up", flag(end.is_some_and(|(reason, _)| reason == Reason::Patience)));
    if let Some(first) = learning.first() {
        put("start_error", first.rmse);
    }
    // 56 %: chance and four standard errors of 1,000 validation trials
    if let Some(risen) = learning.iter().find(|c| c.performance.is_some_and(|p| p > 56.0)) {
        put("plateau", risen.trials as f64 / 1000.0);
    }
    if let Some(best) = learning.iter().rev().find(|c| c.best) {
        put("spectral_radius", best.spectral_radius);
        put("best_cost", best.cost);
        put("kept_error", best.rmse);
        if let Some(p) = best.performance {
            put("kept_validation", p);
        }
    }
    m
}

/// Tests beside the validation of the network that was kept.
pub(super) fn against_validation(
    trained: &Trained,
    training: &Measures,
    found: &Measures,
    analysed: &Analysed,
    arms: &Arms,
) -> Measures {
    let mut m = Measures::new();
    let kept = training.get("kept_validation").copied();
    let tested = match trained.experiment.task.performance() {
        // judged by the lowest condition, in validation and here
        Performance::WorstCondition => found.get("lowest_pair").copied(),
        _ => analysed.performance,
    };
    if let (Some(kept), Some(tested)) = (kept, tested) {
        m.insert("test_minus_validation".into(), tested - kept);
    }
    if let (Some(kept), Some(coarse)) = (kept, arms.coarse.performance) {
        m.insert("coarse_minus_validation".into(), coarse - kept);
    }
    if let Some(kept) = training.get("kept_error") {
        m.insert("test_error_change".into(), 100.0 * (analysed.rmse / kept - 1.0));
    }
    m
}

/// Measures what a network does.
///
/// # Errors
/// Weights that cannot be read.
pub fn measure(trained: &Trained, analysed: &Analysed) -> Result<Measures> {
    let mut m = Measures::new();
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            m.insert(name.to_string(), value);
        }
    };
    put("test_error", analysed.rmse);
    if let Some(p) = analysed.performance {
        put("performance", p);
    }
    let (_, _, w_rec) = trained.weights("w_rec")?;
    put("nonzero", w_rec.iter().filter(|w| **w != 0.0).count() as f64 / w_rec.len().max(1) as f64);
    for Named { name, numbers } in &analysed.numbers {
        match numbers {
            Numbers::Psychometric(r) => match &r.by {
                None => {
                    if let Some(group) = r.groups.first() {
                        psychometric(&group.curve, group.centred.map(|f| f.sigma), &mut put);
                    }
                }
                Some(_) => {
                    // Motion counts in context 1, colour in context -1.
                    let (evidence, counts) =
                        if name == "psychometric_colour" { ("colour", -1.0) } else { ("motion", 1.0) };
                    for group in &r.groups {
                        let swing = swing(&group.curve);
                        if group.value == Some(counts) {
                            put(&format!("swing_{evidence}_relevant"), swing);
                        } else {
                            put(&format!("swing_{evidence}_irrelevant"), swing.abs());
                        }
                    }
                }
            },
            Numbers::Interval(_)
            | Numbers::Trajectory(_)
            | Numbers::CrossTemporal(_)
            | Numbers::Mds(_)
            | Numbers::OutputCurves(_)
            | Numbers::OrthogonalDecoding(_)
            | Numbers::Reaches(_) => {}
            Numbers::Chronometric(r) => {
                put("percent_undecided", 100.0 * r.undecided);
                if let Some(p) = r.percent_correct {
                    put("performance_by_threshold", p);
                }
                if let Some(group) = &r.choices {
                    psychometric(&group.curve, group.centred.map(|f| f.sigma), &mut put);
                }
                for point in &r.correct {
                    put(&format!("rt_{:.1}", point.x), point.mean);
                }
                let points: Vec<(f64, f64)> =
                    r.correct.iter().filter(|p| p.x > 0.0).map(|p| (p.x.log2(), p.mean)).collect();
                put("rt_slope", slope(&points));
                if let (Some(error), Some(correct)) = (r.mean_error, r.mean_correct) {
                    put("rt_error_minus_correct", error - correct);
                }
            }
            Numbers::Duration(r) => {
                let gain = |c: &cogrnn_analysis::duration::DurationCurve| {
                    Some(c.bins.last()?.percent_correct - c.bins.first()?.percent_correct)
                };
                for curve in &r.curves {
                    if let Some(trend) = &curve.trend {
                        put(&format!("duration_slope_{}", curve.value), trend.slope);
                    }
                    if let Some(gain) = gain(curve) {
                        put(&format!("duration_gain_{}", curve.value), gain);
                    }
                }
                // The difficult: coherences 2 to 8, away from chance and from ceiling. The easy: 16.
                let of = |v: f64| r.curves.iter().find(|c| c.value == v).and_then(gain);
                if let (Some(a), Some(b), Some(c), Some(easy)) = (of(2.0), of(4.0), of(8.0), of(16.0)) {
                    put("duration_gain_difficult", (a + b + c) / 3.0);
                    put("duration_gain_difficult_minus_easy", (a + b + c) / 3.0 - easy);
                }
            }
            Numbers::Selectivity(r) => structure(trained, r, &mut put)?,
            Numbers::Regression(r) => regression(r, &mut put),
            Numbers::Tuning(r) => remembered(r, fixation_ends(trained), &mut put),
            Numbers::Multisensory(r) => {
                let sensitivity = |i: usize| r.sensitivities.get(i)?.sensitivity.as_ref().map(|e| e.value);
                if let (Some(v), Some(a), Some(va)) = (sensitivity(0), sensitivity(1), sensitivity(2)) {
                    put("sensitivity_visual", v);
                    put("sensitivity_auditory", a);
                    put("sensitivity_both", va);
                    put("sensitivity_gain", va - v.max(a));
                    put("sensitivity_ratio", va / (v + a));
                }
                use cogrnn_analysis::multisensory::Kind;
                // A unit that gets one sense directly tells the senses apart by that alone.
                let direct = receives_input(trained)?;
                let count = |kind: Kind, inner: bool| {
                    let found =
                        r.units.iter().zip(&direct).filter(|(u, direct)| u.kind == kind && !(inner && **direct));
                    found.count() as f64
                };
                put("units_choice", count(Kind::Choice, false));
                put("units_modality_inner", count(Kind::Modality, true));
                put("units_mixed_inner", count(Kind::Mixed, true));
            }
            Numbers::Components(r) => components(r, &mut put),
            Numbers::Movements(r) => movements(r, &mut put),
            Numbers::Units(_) | Numbers::Responses(_) => {}
        }
    }
    let averages = |name: &str| match analysed.get(name) {
        Some(Numbers::Units(r) | Numbers::Responses(r)) => Some(r),
        _ => None,
    };
    if let (Some(onset), Some(response)) = (averages("units"), averages("responses"))
        && let Some(ratio) = convergence(onset, response)
    {
        put("convergence", ratio);
    }
    Ok(m)
}

fn psychometric(curve: &Curve, centred: Option<f64>, put: &mut dyn FnMut(&str, f64)) {
    if let Some(zero) = curve.points.iter().find(|p| p.x == 0.0) {
        put("choice_1_at_zero", zero.proportion);
    }
    if let Some(fit) = &curve.fit {
        put("sigma", fit.sigma);
        put("mu", fit.mu);
        let n = curve.points.len() as f64;
        let mean = curve.points.iter().map(|p| p.proportion).sum::<f64>() / n;
        let total: f64 = curve.points.iter().map(|p| (p.proportion - mean).powi(2)).sum();
        put("psychometric_r2", 1.0 - fit.residual / total);
    }
    if let Some(sigma) = centred {
        put("sigma_centred", sigma);
    }
}

/// How much of its range a curve goes through, 0 to 1.
fn swing(curve: &Curve) -> f64 {
    match (curve.points.first(), curve.points.last()) {
        (Some(first), Some(last)) => last.proportion - first.proportion,
        _ => f64::NAN,
    }
}

/// Slope of y on x by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let covariance: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    covariance / points.iter().map(|p| (p.0 - mx).powi(2)).sum::<f64>()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sum = |a: &[f64], ma: f64, b: &[f64], mb: f64| a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>();
    sum(x, mx, y, my) / (sum(x, mx, x, mx) * sum(y, my, y, my)).sqrt()
}

/// Connections between the most selective units, and their inputs and outputs (Fig 3).
fn structure(trained: &Trained, r: &selectivity::Report, put: &mut dyn FnMut(&str, f64)) -> Result<()> {
    let plan = &trained.experiment.network;
    let signs = plan.has_signs().then_some(plan.signs.as_slice());
    // Song et al. 2016, Fig 3: a quarter of the units, the most selective
    let order = selectivity::order(&r.d_prime, signs, 0.25);
    let (_, n, w_rec) = trained.weights("w_rec")?;
    if let Ok(found) = selectivity::structure(&w_rec, &r.d_prime, signs, &order.units) {
        put("ee_same_minus_opposite", found.e_to_e.difference);
        put("ee_same", found.e_to_e.same.mean);
        put("ee_opposite", found.e_to_e.opposite.mean);
        put("ee_p", found.e_to_e.p);
        // Inhibitory weights are negative: more inhibition of the opposite makes this positive.
        if let Some(c) = &found.i_to_e {
            put("ie_same_minus_opposite", c.difference);
        }
    }
    // Excitatory units with a d' at all: how their inputs and outputs go with it.
    let units: Vec<usize> = (0..n).filter(|i| r.d_prime[*i].is_finite() && signs.is_none_or(|s| s[*i] > 0)).collect();
    let d: Vec<f64> = units.iter().map(|i| r.d_prime[*i]).collect();
    let (_, channels, w_in) = trained.weights("w_in")?;
    let (outputs, _, w_out) = trained.weights("w_out")?;
    if channels == 2 {
        let pull: Vec<f64> = units.iter().map(|i| f64::from(w_in[i * 2] - w_in[i * 2 + 1])).collect();
        put("inputs_follow_selectivity", correlation(&d, &pull));
    }
    if outputs == 2 {
        let push: Vec<f64> = units.iter().map(|j| f64::from(w_out[*j] - w_out[n + j])).collect();
        put("outputs_follow_selectivity", correlation(&d, &push));
    }
    if plan.populations().iter().any(|p| p.area.is_some()) {
        areas(plan, &trained.connections("w_rec")?, &w_rec, n, put);
    }
    Ok(())
}

/// Connections between areas: what excitatory units of the sensory area send forward, and what those of the
/// motor area send back.
fn areas(plan: &NetworkPlan, there: &[bool], w_rec: &[f32], n: usize, put: &mut dyn FnMut(&str, f64)) {
    let of = |area: &str, excitatory: bool| -> Vec<usize> {
        let all = plan.populations().iter().filter(|p| p.area.as_deref() == Some(area) && (p.sign > 0 || !excitatory));
        all.flat_map(|p| p.units.clone()).collect()
    };
    for (name, to, from) in [("feedforward", "motor", "sensory"), ("feedback", "sensory", "motor")] {
        let (to, from) = (of(to, false), of(from, true));
        let pairs = || to.iter().flat_map(|i| from.iter().map(move |j| i * n + j));
        let existing = pairs().filter(|at| there[*at]).count();
        let sum: f64 = pairs().filter(|at| there[*at]).map(|at| f64::from(w_rec[at])).sum();
        put(&format!("{name}_density"), existing as f64 / (to.len() * from.len()) as f64);
        put(&format!("{name}_weight"), sum / existing as f64);
    }
}

/// Which units some input reaches.
fn receives_input(trained: &Trained) -> Result<Vec<bool>> {
    let channels = trained.experiment.network.shape.inputs;
    let there = trained.connections("w_in")?;
    Ok(there.chunks(channels.max(1)).map(|row| row.contains(&true)).collect())
}

/// When fixation ends in test trials of a task with a remembered stimulus, ms.
fn fixation_ends(trained: &Trained) -> f64 {
    let experiment = &trained.experiment;
    let epoch = experiment.analyses.iter().find_map(|plan| match &plan.what {
        What::Tuning(settings) => Some(settings.first_epoch.as_str()),
        _ => None,
    });
    let mut stream = Address { seed: experiment.seed, purpose: Purpose::TestTrials, trial: 0 }.stream();
    let outline = experiment.task.outline(&Request::new(Set::Test, 0, experiment.test_dt), &mut stream);
    epoch.and_then(|name| outline.epoch(name)).map_or(f64::NAN, |e| e.start.as_ms())
}

/// Axes of the context-dependent task (Fig 4).
fn regression(r: &state_space::Report, put: &mut dyn FnMut(&str, f64)) {
    put("active_units", r.active.len() as f64);
    let positive = r.axes.iter().filter(|a| a[0] > 0.0).count();
    put("choice_coefficients_positive", positive as f64 / r.axes.len().max(1) as f64);
    put("regression_r2", r.r_squared);
    if let Some((parted, gated)) = trajectories(&r.panels) {
        put("choice_over_irrelevant_axis", parted);
        put("choice_over_irrelevant_evidence", gated);
    }
}

/// Where trajectories end (Fig 4B), each the smaller ratio of the two contexts: how far the two choices are apart
/// along the axis of choice as a share of how far along that of the evidence that does not count; and along
/// the axis of choice, how far the choices are apart as a share of how far the strongest evidence that does not count
/// moves the end of one choice.
fn trajectories(panels: &[state_space::Panel]) -> Option<(f64, f64)> {
    // VARIABLES: choice, motion, colour, context
    let (choice, motion, colour) = (0, 1, 2);
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let end = |panel: &state_space::Panel, axis: usize, keep: &dyn Fn(f64, f64) -> bool| {
        let kept = panel.trajectories.iter().filter(|t| keep(t.choice, t.coherence));
        mean(kept.filter_map(|t| t.points.last().map(|p| p[axis])).collect())
    };
    let apart = |panel: &state_space::Panel, axis: usize| {
        (end(panel, axis, &|c, _| c > 0.0) - end(panel, axis, &|c, _| c < 0.0)).abs()
    };
    let (mut parted, mut gated) = (f64::INFINITY, f64::INFINITY);
    for panel in panels {
        if panel.context == panel.sorted_by {
            let other = if panel.context == "motion" { colour } else { motion };
            parted = parted.min(apart(panel, choice) / apart(panel, other));
        } else {
            let most = panel.trajectories.iter().map(|t| t.coherence.abs()).fold(0.0, f64::max);
            let moved = |side: f64| {
                let at = |sign: f64| end(panel, choice, &|c, e| c * side > 0.0 && e == sign * most);
                (at(1.0) - at(-1.0)).abs()
            };
            gated = gated.min(apart(panel, choice) / mean(vec![moved(1.0), moved(-1.0)]));
        }
    }
    (parted.is_finite() && gated.is_finite()).then_some((parted, gated))
}

/// Memory of the first frequency (Fig 7); `onset` is when it is shown.
fn remembered(r: &tuning::Report, onset: f64, put: &mut dyn FnMut(&str, f64)) {
    let right: Vec<f64> = r.pairs.iter().map(|p| p.percent_correct).collect();
    put("lowest_pair", right.iter().copied().fold(f64::INFINITY, f64::min));
    put("median_pair", median(&right));
    put("tuned_positively_twice", r.positive_in_both.len() as f64);
    put("tuned_with_switching_sign", r.sign_switching.len() as f64);
    let at = |time: f64| {
        let nearest =
            r.significant_times.iter().enumerate().min_by(|a, b| (a.1 - time).abs().total_cmp(&(b.1 - time).abs()));
        nearest.map_or(f64::NAN, |(i, _)| r.significant[i])
    };
    // The references are the middle of f1 and the middle of the delay.
    let [first, delay] = &r.correlations;
    put("tuned_in_first", at(first.time));
    put("tuned_in_delay", at(delay.time));
    put("tuned_before", at(onset));
    if let Some(end) = first.correlation.last() {
        put("tuning_correlation_first_to_end", *end);
    }
    if let Some(end) = delay.correlation.last() {
        put("tuning_correlation_delay_to_end", *end);
    }
}

/// The state space of sequences (Fig 8).
fn components(r: &pca::Report, put: &mut dyn FnMut(&str, f64)) {
    put("two_components", r.fractions.iter().take(2).sum());
    // Sequences share their first, or first two movements: those that do stay together until they part.
    // Song et al. 2016, code: sequences 1, 4, 5, 8 go right first; 1, 2, 5, 6 go up second.
    let first = |s: f64| matches!(s as u32, 1 | 4 | 5 | 8);
    let second = |s: f64| matches!(s as u32, 1 | 2 | 5 | 6);
    let mean_at = |t: &pca::Projection, epoch: &str| -> Option<Vec<f64>> {
        let marked = t.epochs.iter().find(|e| e.name == epoch)?;
        let at = marked.end.checked_sub(1)?;
        t.points.get(at * r.components..(at + 1) * r.components).map(<[f64]>::to_vec)
    };
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let contrast = |epoch: &str, same: &dyn Fn(f64, f64) -> bool| -> Option<f64> {
        let (mut within, mut between) = (Vec::new(), Vec::new());
        for (i, a) in r.trajectories.iter().enumerate() {
            for b in &r.trajectories[i + 1..] {
                let d = distance(&mean_at(a, epoch)?, &mean_at(b, epoch)?);
                if same(a.label, b.label) { within.push(d) } else { between.push(d) }
            }
        }
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        Some(mean(&between) / mean(&within))
    };
    if let Some(ratio) = contrast("movement1", &|a, b| first(a) == first(b)) {
        put("split_after_first", ratio);
    }
    if let Some(ratio) = contrast("movement2", &|a, b| first(a) == first(b) && second(a) == second(b)) {
        put("split_after_second", ratio);
    }
}

/// Movements of the eye (Fig 8).
fn movements(r: &eye_trace::Report, put: &mut dyn FnMut(&str, f64)) {
    put("movements_right", 100.0 * r.correct);
    put("sequences_right", 100.0 * r.whole);
    put("movement_error", r.error);
    // Distance from the centre at the end of the interval between trials, 1000 ms; the first trial had none before.
    let ends: Vec<f64> = r
        .traces
        .iter()
        .filter(|t| t.index > 0)
        .filter_map(|t| {
            let at = t.times.iter().rposition(|time| *time <= 1000.0)?;
            Some(f64::from(t.x[at]).hypot(f64::from(t.y[at])))
        })
        .collect();
    if !ends.is_empty() {
        put("distance_from_centre", ends.iter().sum::<f64>() / ends.len() as f64);
    }
}

/// Whether rates come together at the response: the spread over coherences when the threshold is crossed,
/// as a share of the spread 200 ms after the onset of the stimulus, over the ten units that prefer
/// choice 1 most. Below 1, they do.
fn convergence(onset: &unit_averages::Report, response: &unit_averages::Report) -> Option<f64> {
    let columns = |r: &unit_averages::Report, name: &str| r.columns.iter().position(|c| c == name);
    let (coherence, direction) = (columns(response, "coherence")?, columns(response, "in_out")?);
    let at = |r: &unit_averages::Report, time: f64| {
        r.times.iter().enumerate().min_by(|a, b| (a.1 - time).abs().total_cmp(&(b.1 - time).abs())).map(|(i, _)| i)
    };
    let (crossing, early) = (at(response, 0.0)?, at(onset, 200.0)?);
    let rate = |r: &unit_averages::Report, c: usize, k: usize, unit: usize| {
        f64::from(r.rates[(c * r.times.len() + k) * r.units + unit])
    };
    let towards = |r: &unit_averages::Report, sign: f64| -> Vec<usize> {
        (0..r.conditions.len())
            .filter(|c| r.conditions[*c][coherence] > 0.0 && r.conditions[*c][direction] * sign > 0.0)
            .collect()
    };
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let mut preference: Vec<(f64, usize)> = (0..response.units)
        .map(|unit| {
            let of = |sign| {
                mean(&towards(response, sign).iter().map(|c| rate(response, *c, crossing, unit)).collect::<Vec<_>>())
            };
            (of(1.0) - of(-1.0), unit)
        })
        .filter(|(d, _)| d.is_finite())
        .collect();
    preference.sort_by(|a, b| b.0.total_cmp(&a.0));
    let spread = |r: &unit_averages::Report, k: usize, unit: usize| {
        let rates: Vec<f64> = towards(r, 1.0).iter().map(|c| rate(r, *c, k, unit)).collect();
        let m = mean(&rates);
        (rates.iter().map(|x| (x - m).powi(2)).sum::<f64>() / rates.len() as f64).sqrt()
    };
    let best: Vec<usize> = preference.iter().take(10).map(|(_, u)| *u).collect();
    let late = mean(&best.iter().map(|u| spread(response, crossing, *u)).collect::<Vec<_>>());
    let soon = mean(&best.iter().map(|u| spread(onset, early, *u)).collect::<Vec<_>>());
    (late / soon).is_finite().then_some(late / soon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_analysis::state_space::{Panel, Trajectory};
    use cogrnn_analysis::tuning::{Correlation, Pair, Report, Scatter};

    fn put_into(found: &mut Measures) -> impl FnMut(&str, f64) {
        |name, value| {
            found.insert(name.to_string(), value);
        }
    }

    fn check(updates: u64, performance: f64, best: bool) -> Check {
        Check {
            updates,
            trials: 50 * updates,
            cost: 1.0 / (1.0 + updates as f64),
            rmse: 0.5,
            performance: Some(performance),
            omega: 0.0,
            gradient_norm: 0.0,
            spectral_radius: 1.5,
            best,
            gradient_cosine: None,
            alignment: None,
        }
    }

    fn summary(reason: Reason, updates: u64) -> Summary {
        Summary {
            reason,
            performance: None,
            rmse: 0.5,
            trials: 0,
            updates,
            criterion: None,
            seconds: 1.0,
            seed: 1,
            version: String::new(),
            around: None,
        }
    }

    #[test]
    fn a_network_that_the_published_patience_would_have_given_up_is_counted() {
        let stop = Stop { performance: Some(90.0), over: 1, error: 0.0, patience: 100_000, max_updates: 10_000_000 };
        // a better network at 200 and next at 20,400, another 20,200 updates later
        let long = [check(0, 50.0, true), check(200, 51.0, true), check(20_400, 60.0, true), check(20_600, 91.0, true)];
        let m = of_training(&stop, 200, &summary(Reason::Performance, 20_600), &long);
        assert_eq!((m["reached"], m["given_up"]), (1.0, 1.0));
        assert!((m["plateau"] - 1020.0).abs() < 1e-9);
        let short =
            [check(0, 50.0, true), check(200, 51.0, true), check(20_200, 60.0, true), check(20_400, 91.0, true)];
        assert_eq!(of_training(&stop, 200, &summary(Reason::Performance, 20_400), &short)["given_up"], 0.0);
        let lost = of_training(&stop, 200, &summary(Reason::Diverged, 300), &short[..2]);
        assert_eq!((lost["reached"], lost["given_up"]), (0.0, 0.0));
    }

    #[test]
    fn the_middle_of_an_even_number_of_pairs_is_the_mean_of_two() {
        let pair = |percent: f64| Pair { first: percent, second: 0.0, n: 100, percent_correct: percent };
        let nothing = || Correlation { reference: String::new(), time: 750.0, times: vec![], correlation: vec![] };
        let scatter = || Scatter { x_label: String::new(), y_label: String::new(), x: vec![], y: vec![] };
        let report = Report {
            stimulus_label: String::new(),
            stimuli: vec![],
            trials: vec![],
            times: vec![],
            units: 1,
            averages: vec![],
            slopes: vec![],
            p: vec![],
            significant_times: vec![20.0, 480.0, 500.0, 520.0],
            significant: vec![0.0, 0.04, 0.06, 0.5],
            level: 0.05,
            correlations: [nothing(), nothing()],
            scatters: [scatter(), scatter()],
            positive_in_both: vec![],
            sign_switching: vec![],
            pairs: [80.0, 90.0, 96.0, 100.0].map(pair).to_vec(),
        };
        let mut found = Measures::new();
        remembered(&report, 500.0, &mut put_into(&mut found));
        assert_eq!((found["lowest_pair"], found["median_pair"]), (80.0, 93.0));
        // the last sample of fixation, not the first of the trial
        assert_eq!(found["tuned_before"], 0.06);
    }

    #[test]
    fn absent_connections_do_not_weaken_an_area() {
        let experiment = crate::experiment::Experiment::load("song2016/context-integration-areas", &[]).unwrap();
        let plan = &experiment.network;
        let n = plan.shape.units;
        let units = |name: &str| plan.populations().iter().find(|p| p.name == name).unwrap().units.clone();
        let (mut there, mut w) = (vec![false; n * n], vec![0.0f32; n * n]);
        for i in units("E_M") {
            for j in units("E_S") {
                (there[i * n + j], w[i * n + j]) = (true, 0.1);
            }
        }
        // every fifth connection back, and stronger
        for i in units("E_S") {
            for j in units("E_M").filter(|j| (i + j) % 5 == 0) {
                (there[i * n + j], w[i * n + j]) = (true, 0.3);
            }
        }
        let mut found = Measures::new();
        areas(plan, &there, &w, n, &mut put_into(&mut found));
        assert!((found["feedback_weight"] - 0.3).abs() < 1e-6 && (found["feedforward_weight"] - 0.1).abs() < 1e-6);
        // of 60 × 75 possible ones, 60 × 12 are there
        assert!((found["feedback_density"] - 720.0 / 4500.0).abs() < 1e-12);
    }

    /// Ends of trajectories: along choice by the choice, along its own axis by the evidence, and along choice by
    /// `leak` of the evidence that does not count.
    fn panels(parted: f64, leak: f64) -> Vec<Panel> {
        let panel = |context: &str, sorted_by: &str| {
            let axis = if sorted_by == "motion" { 1 } else { 2 };
            let mut trajectories = Vec::new();
            for choice in [-1.0, 1.0] {
                for coherence in [-50.0, -5.0, 5.0, 50.0] {
                    let mut end = [parted * choice, choice, choice, 0.0];
                    end[axis] = coherence / 50.0;
                    if context != sorted_by {
                        end[0] += leak * coherence / 50.0;
                    } else if coherence * choice < 0.0 {
                        continue;
                    }
                    trajectories.push(Trajectory { choice, coherence, points: vec![[0.0; 4], end] });
                }
            }
            Panel {
                context: context.to_string(),
                sorted_by: sorted_by.to_string(),
                x: 0,
                y: axis,
                x_label: String::new(),
                y_label: String::new(),
                times: vec![0.0, 1.0],
                trajectories,
            }
        };
        let kinds = ["motion", "colour"];
        kinds.iter().flat_map(|c| kinds.iter().map(move |s| (*c, *s))).map(|(c, s)| panel(c, s)).collect()
    }

    #[test]
    fn trajectories_that_part_elsewhere_or_follow_what_does_not_count_are_seen() {
        let (parted, gated) = trajectories(&panels(3.0, 0.5)).unwrap();
        assert!((parted - 3.0).abs() < 1e-12 && (gated - 6.0).abs() < 1e-12, "{parted} {gated}");
        let (parted, gated) = trajectories(&panels(0.5, 1.0)).unwrap();
        assert!(parted < 1.0 && gated < 1.0, "{parted} {gated}");
    }
}
