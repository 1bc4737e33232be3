//! The numbers of one network that claims rest on, each under a name.

use crate::analyses::{Analysed, Numbers};
use crate::evaluate::Trained;
use crate::trainer::{Check, Reason, Summary};
use cogrnn_analysis::psychometric::Curve;
use cogrnn_analysis::{eye_trace, pca, selectivity, state_space, tuning, unit_averages};
use cogrnn_core::error::Result;
use std::collections::BTreeMap;

/// Numbers of one network by name; what could not be measured is not there.
pub type Measures = BTreeMap<String, f64>;

/// Measures a network; `coarse` is its performance in test trials at the time step of training.
///
/// # Errors
/// Weights that cannot be read.
pub fn measure(
    trained: &Trained,
    summary: &Summary,
    learning: &[Check],
    analysed: &Analysed,
    coarse: Option<f64>,
) -> Result<Measures> {
    let mut m = Measures::new();
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            m.insert(name.to_string(), value);
        }
    };
    let reached = matches!(summary.reason, Reason::Performance | Reason::Error);
    put("reached", f64::from(u8::from(reached)));
    put("updates", summary.updates as f64);
    put("minutes", summary.seconds / 60.0);
    put("ms_per_update", 1000.0 * summary.seconds / summary.updates.max(1) as f64);
    put("validation_error", summary.rmse);
    put("test_error", analysed.rmse);
    if let Some(p) = analysed.performance {
        put("performance", p);
        if let Some(coarse) = coarse {
            put("performance_change", p - coarse);
        }
    }
    if let Some(best) = learning.iter().rev().find(|c| c.best) {
        put("spectral_radius", best.spectral_radius);
    }
    for numbers in &analysed.numbers {
        match numbers {
            Numbers::Psychometric(r) => match &r.by {
                None => {
                    if let Some(group) = r.groups.first() {
                        psychometric(&group.curve, group.centred.map(|f| f.sigma), &mut put);
                    }
                }
                Some(_) => {
                    // Evidence of the first kind, where it counts and where it does not.
                    for group in &r.groups {
                        let swing = swing(&group.curve);
                        let name = if group.value == Some(1.0) { "swing_relevant" } else { "swing_irrelevant" };
                        put(name, swing);
                    }
                }
            },
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
            Numbers::Tuning(r) => remembered(r, &mut put),
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
                for (kind, name) in
                    [(Kind::Choice, "units_choice"), (Kind::Modality, "units_modality"), (Kind::Mixed, "units_mixed")]
                {
                    put(name, r.units.iter().filter(|u| u.kind == kind).count() as f64);
                }
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
        // Between areas: what goes back from the outputs' area beside what goes forward.
        let area = |name: &str| -> Vec<usize> {
            let all = plan.populations().iter().filter(|p| p.area.as_deref() == Some(name) && p.sign > 0);
            all.flat_map(|p| p.units.clone()).collect()
        };
        let (sensory, motor) = (area("sensory"), area("motor"));
        let mean = |to: &[usize], from: &[usize]| {
            let sum: f64 = to
                .iter()
                .flat_map(|i| from.iter().map(move |j| (i, j)))
                .map(|(i, j)| f64::from(w_rec[i * n + j]))
                .sum();
            sum / (to.len() * from.len()).max(1) as f64
        };
        put("feedforward_minus_feedback", mean(&motor, &sensory) - mean(&sensory, &motor));
    }
    Ok(())
}

/// Axes of the context-dependent task (Fig 4).
fn regression(r: &state_space::Report, put: &mut dyn FnMut(&str, f64)) {
    put("active_units", r.active.len() as f64);
    let positive = r.axes.iter().filter(|a| a[0] > 0.0).count();
    put("choice_coefficients_positive", positive as f64 / r.axes.len().max(1) as f64);
    put("regression_r2", r.r_squared);
    // How far trajectories spread along choice, when sorted by what counts and by what does not.
    let spread = |panel: &state_space::Panel| {
        let last = |t: &state_space::Trajectory| t.points.last().map_or(0.0, |p| p[0]);
        let up: Vec<f64> = panel.trajectories.iter().filter(|t| t.choice > 0.0).map(last).collect();
        let down: Vec<f64> = panel.trajectories.iter().filter(|t| t.choice < 0.0).map(last).collect();
        up.iter().sum::<f64>() / up.len().max(1) as f64 - down.iter().sum::<f64>() / down.len().max(1) as f64
    };
    if let Some(panel) = r.panels.first() {
        put("choice_separation", spread(panel));
    }
}

/// Memory of the first frequency (Fig 7).
fn remembered(r: &tuning::Report, put: &mut dyn FnMut(&str, f64)) {
    let mut right: Vec<f64> = r.pairs.iter().map(|p| p.percent_correct).collect();
    right.sort_by(f64::total_cmp);
    if let Some(lowest) = right.first() {
        put("lowest_pair", *lowest);
        put("median_pair", right[right.len() / 2]);
    }
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
    put("tuned_before", at(r.significant_times.first().copied().unwrap_or(0.0)));
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
