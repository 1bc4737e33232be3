//! Figures of the analyses, after those of Song, Yang & Wang (2016): axes in ms and Hz, colour by
//! coherence, solid and dashed by choice.

use crate::{Axis, Chart, Condition, Figure, Heat, Key, Mark, Path, Series, Space, Tone, UnitActivity};
use cogrnn_analysis::psychometric::{Curve, Group};
use cogrnn_analysis::{
    duration, eye_trace, multisensory, pca, psychometric, reaction_time, state_space, tuning, unit_averages,
};

/// Points of a drawn fit (Song et al. 2016, code).
const FIT_POINTS: usize = 201;

/// Shortest number that says it: 12.8, 0.5, 3.
fn short(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.replace('-', "−")
}

/// "signed coherence (%)" as an axis with its unit.
fn axis(label: &str) -> Axis {
    match label.split_once(" (") {
        Some((name, unit)) => Axis::new(capital(name), unit.trim_end_matches(')')),
        None => Axis::new(capital(label), ""),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn curve(mut chart: Chart, curve: &Curve, name: &str, tone: Tone, open: bool) -> Chart {
    let x: Vec<f64> = curve.points.iter().map(|p| p.x).collect();
    let y: Vec<f64> = curve.points.iter().map(|p| p.proportion).collect();
    // One standard error of a proportion, as bars.
    let se = |p: &psychometric::Point| (p.proportion * (1.0 - p.proportion) / p.n as f64).sqrt();
    let low: Vec<f64> = curve.points.iter().map(|p| (p.proportion - se(p)).max(0.0)).collect();
    let high: Vec<f64> = curve.points.iter().map(|p| (p.proportion + se(p)).min(1.0)).collect();
    if let (Some(first), Some(last)) = (x.first(), x.last()) {
        let line: Vec<f64> =
            (0..FIT_POINTS).map(|i| first + (last - first) * i as f64 / (FIT_POINTS - 1) as f64).collect();
        match &curve.fit {
            Some(fit) => {
                let fitted: Vec<f64> = line.iter().map(|x| fit.predict(*x)).collect();
                chart = chart.with(Series::line(format!("{name} fit"), line, fitted).tone(tone).dashed(open));
            }
            // Without a fit the points are joined.
            None => {
                chart = chart.with(Series::line(format!("{name} joined"), x.clone(), y.clone()).tone(tone).dashed(open))
            }
        }
    }
    chart.with(Series::points(name, x, y).error(low, high).tone(tone).open(open))
}

fn groups(title: &str, by: Option<&str>, groups: &[Group], names: &dyn Fn(f64) -> String) -> Option<Chart> {
    let first = groups.first()?;
    let mut chart =
        Chart::new(title, axis(&first.curve.x_label), Axis::new(first.curve.y_label.clone(), "").range(0.0, 1.0));
    let mut keys = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        let tone = if groups.len() == 1 { Tone::Ink } else { Tone::Category(i) };
        let name = match (by, group.value) {
            (Some(_), Some(value)) => names(value),
            _ => "network".to_string(),
        };
        chart = curve(chart, &group.curve, &name, tone, false);
        keys.push(Key::point(name, tone, false));
    }
    chart = chart.mark(Mark::horizontal(0.5, ""));
    Some(if groups.len() > 1 { chart.legend(keys) } else { chart.no_legend() })
}

fn fit_text(groups: &[Group], by: Option<&str>, names: &dyn Fn(f64) -> String) -> String {
    let each = groups.iter().filter_map(|g| {
        let fit = g.curve.fit?;
        let interval = g.sigma.map_or(String::new(), |i| format!(" ({} to {})", short(i.low), short(i.high)));
        let name = match (by, g.value) {
            (Some(_), Some(v)) => format!("{}: ", names(v)),
            _ => String::new(),
        };
        let centred = g.centred.map_or(String::new(), |f| format!("; {} with mu = 0", short(f.sigma)));
        Some(format!("{name}mu {}, sigma {}{interval}{centred}", short(fit.mu), short(fit.sigma)))
    });
    each.collect::<Vec<_>>().join(". ")
}

/// Psychometric curves (Fig 2C, D).
pub fn psychometric(report: &psychometric::Report) -> Vec<Figure> {
    let by = report.by.as_deref();
    let names = |v: f64| match (by, v) {
        (Some("context"), 1.0) => "motion counts".to_string(),
        (Some("context"), -1.0) => "colour counts".to_string(),
        (Some(by), v) => format!("{by} {}", short(v)),
        _ => short(v),
    };
    let Some(chart) = groups("", by, &report.groups, &names) else { return Vec::new() };
    let caption =
        format!("Bars: one standard error. Lines: cumulative Gaussians. {}.", fit_text(&report.groups, by, &names));
    vec![Figure::new("psychometric", "Psychometric curve").caption(caption).with(chart)]
}

/// Reaction times and choices by threshold (Fig 2D, F).
pub fn reaction_time(report: &reaction_time::Report) -> Vec<Figure> {
    let mut figure = Figure::new("chronometric", "Reaction times");
    let points = |p: &[reaction_time::ChronometricPoint]| {
        let kept: Vec<&reaction_time::ChronometricPoint> = p.iter().filter(|p| p.x > 0.0 && p.n > 0).collect();
        let x: Vec<f64> = kept.iter().map(|p| p.x).collect();
        let y: Vec<f64> = kept.iter().map(|p| p.mean).collect();
        let e: Vec<f64> = kept.iter().map(|p| p.standard_error.unwrap_or(0.0)).collect();
        let low: Vec<f64> = y.iter().zip(&e).map(|(y, e)| y - e).collect();
        let high: Vec<f64> = y.iter().zip(&e).map(|(y, e)| y + e).collect();
        (x, y, low, high)
    };
    let mut chart = Chart::new("Chronometric curve", axis(&report.x_label).log(), Axis::new("Reaction time", "ms"));
    let (x, y, low, high) = points(&report.error);
    if !x.is_empty() {
        chart = chart
            .with(Series::line("errors", x.clone(), y.clone()).tone(Tone::Muted))
            .with(Series::points("errors", x, y).error(low, high).tone(Tone::Muted).open(true));
    }
    let (x, y, low, high) = points(&report.correct);
    chart = chart
        .with(Series::line("correct", x.clone(), y.clone()).tone(Tone::Ink))
        .with(Series::points("correct", x, y).error(low, high).tone(Tone::Ink));
    chart = chart.legend(vec![Key::point("correct", Tone::Ink, false), Key::point("errors", Tone::Muted, true)]);
    figure = figure.with(chart);
    if let Some(histogram) = &report.distribution {
        let centres: Vec<f64> = histogram.edges.windows(2).map(|w| 0.5 * (w[0] + w[1])).collect();
        let mut chart =
            Chart::new("Distribution, correct trials", Axis::new("Reaction time", "ms"), Axis::new("Density", "1/ms"))
                .with(Series::bars("correct trials", centres, histogram.density.clone()).tone(Tone::Category(0)))
                .no_legend();
        if let Some(mean) = report.mean_correct {
            chart = chart.mark(Mark::vertical(mean, format!("mean {mean:.0} ms")));
        }
        figure = figure.with(chart);
    }
    if let Some(group) = &report.choices
        && let Some(chart) = groups("Choices by threshold", None, std::slice::from_ref(group), &short)
    {
        figure = figure.with(chart);
    }
    let caption = format!(
        "A choice is the first output above {}; time counts from the onset of the stimulus. {:.1} % of {} trials never got there{}.",
        short(report.threshold),
        100.0 * report.undecided,
        report.trials,
        match (report.mean_correct, report.mean_error) {
            (Some(c), Some(e)) => format!("; mean {c:.0} ms where right, {e:.0} ms where wrong"),
            _ => String::new(),
        }
    );
    vec![figure.caption(caption)]
}

/// Per cent correct against duration (Fig 2E).
pub fn duration(report: &duration::Report) -> Vec<Figure> {
    let mut chart = Chart::new("", axis(&report.x_label), Axis::new("Correct", "%").range(40.0, 100.0));
    let n = report.curves.len();
    let mut keys = Vec::new();
    for (i, c) in report.curves.iter().enumerate() {
        let tone = Tone::Coherence((i + 1) as f64 / n.max(1) as f64);
        let name = format!("{} {}", report.by, short(c.value));
        let x: Vec<f64> = c.bins.iter().map(|b| b.x).collect();
        let y: Vec<f64> = c.bins.iter().map(|b| b.percent_correct).collect();
        chart = chart.with(Series::line(name.clone(), x, y).tone(tone).marked());
        keys.push(Key::line(name, tone, false));
    }
    let slopes: Vec<String> = report
        .curves
        .iter()
        .filter_map(|c| {
            c.trend
                .as_ref()
                .map(|t| format!("{} {}: {} ± {}", report.by, short(c.value), short(t.slope), short(t.standard_error)))
        })
        .collect();
    let caption = format!(
        "Ten bins of equal count. Slopes of a logistic regression, log odds per second: {}.",
        slopes.join(", ")
    );
    vec![Figure::new("duration", "Accuracy and duration").caption(caption).with(chart.legend(keys))]
}

/// How the conditions of an average are drawn.
fn conditions(report: &unit_averages::Report) -> (Vec<Condition>, Vec<Key>) {
    let column = |name: &str| report.columns.iter().position(|c| c == name);
    // Strength by the column that looks like one, side by the column that does.
    let signed = report.columns.iter().position(|c| c.starts_with("signed_"));
    let strength = column("coherence").or(signed);
    let side = column("in_out").or_else(|| column("choice"));
    let category = column("modality").or_else(|| column("context"));
    let magnitude = |c: &[f64]| strength.map_or(1.0, |s| c[s].abs());
    let mut levels: Vec<f64> = report.conditions.iter().map(|c| magnitude(c)).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let mut categories: Vec<f64> = category.map_or(Vec::new(), |k| report.conditions.iter().map(|c| c[k]).collect());
    categories.sort_by(f64::total_cmp);
    categories.dedup();
    let shade = |c: &[f64]| {
        let place = levels.iter().position(|l| *l == magnitude(c)).unwrap_or(0);
        (place + 1) as f64 / levels.len().max(1) as f64
    };
    let second = |c: &[f64]| match side {
        Some(s) if report.columns[s] == "choice" => c[s] > 0.0,
        Some(s) => c[s] < 0.0,
        None => false,
    };
    let tone = |c: &[f64]| match category {
        Some(k) => {
            let place = categories.iter().position(|v| *v == c[k]).unwrap_or(0);
            if levels.len() > 1 { Tone::Shade(place, shade(c)) } else { Tone::Category(place) }
        }
        None => Tone::Coherence(shade(c)),
    };
    let found = report
        .conditions
        .iter()
        .map(|c| {
            let name: Vec<String> = report.columns.iter().zip(c).map(|(n, v)| format!("{n} {}", short(*v))).collect();
            Condition::new(name.join(", "), tone(c), second(c))
        })
        .collect();
    let mut keys: Vec<Key> = Vec::new();
    if let Some(k) = category {
        for (i, v) in categories.iter().enumerate() {
            keys.push(Key::line(format!("{} {}", report.columns[k], short(*v)), Tone::Category(i), false));
        }
    } else if let Some(s) = strength {
        for (i, l) in levels.iter().enumerate() {
            let name = format!("{} {}", report.columns[s], short(*l));
            keys.push(Key::line(name, Tone::Coherence((i + 1) as f64 / levels.len() as f64), false));
        }
    }
    if side.is_some() {
        keys.push(Key::line("choice 1", Tone::Ink, false));
        keys.push(Key::line("choice 2", Tone::Ink, true));
    }
    (found, keys)
}

/// What every unit does, for a matrix that a reader picks units in. At most 150 times and 40 conditions
/// are kept, so that a page stays small.
pub fn unit_activity(report: &unit_averages::Report) -> UnitActivity {
    let (all, keys) = conditions(report);
    let step = report.times.len().div_ceil(150).max(1);
    let every = report.conditions.len().div_ceil(40).max(1);
    let times: Vec<f64> = report.times.iter().copied().step_by(step).collect();
    let mut values = Vec::new();
    for c in (0..report.conditions.len()).step_by(every) {
        for k in (0..report.times.len()).step_by(step) {
            let at = (c * report.times.len() + k) * report.units;
            values.extend_from_slice(&report.rates[at..at + report.units]);
        }
    }
    UnitActivity {
        time: axis(&report.x_label).label,
        label: "Rate".into(),
        unit: String::new(),
        times,
        conditions: all.into_iter().step_by(every).collect(),
        units: (0..report.units).map(|u| format!("unit {u}")).collect(),
        values,
        marks: vec![Mark::vertical(0.0, "")],
        keys,
    }
}

/// Rates of the three units that differ most between conditions (Fig 2G, H, 4C, 6C).
pub fn unit_averages(report: &unit_averages::Report) -> Vec<Figure> {
    let (styles, keys) = conditions(report);
    let rate = |c: usize, k: usize, u: usize| f64::from(report.rates[(c * report.times.len() + k) * report.units + u]);
    // Spread over conditions, averaged over time.
    let spread = |u: usize| {
        let mut total = 0.0;
        for k in 0..report.times.len() {
            let v: Vec<f64> = (0..styles.len()).map(|c| rate(c, k, u)).filter(|r| r.is_finite()).collect();
            if v.len() > 1 {
                let m = v.iter().sum::<f64>() / v.len() as f64;
                total += v.iter().map(|r| (r - m).powi(2)).sum::<f64>() / v.len() as f64;
            }
        }
        total
    };
    let mut order: Vec<usize> = (0..report.units).collect();
    let spreads: Vec<f64> = order.iter().map(|u| spread(*u)).collect();
    order.sort_by(|a, b| spreads[*b].total_cmp(&spreads[*a]));
    // Many conditions are thinned for the eye, evenly.
    let every = styles.len().div_ceil(24).max(1);
    let mut figure = Figure::new("units", "Single units");
    for u in order.iter().take(3) {
        let mut chart = Chart::new(format!("Unit {u}"), axis(&report.x_label), Axis::new("Rate", ""));
        for (c, style) in styles.iter().enumerate().step_by(every) {
            let y: Vec<f64> = (0..report.times.len()).map(|k| rate(c, k, *u)).collect();
            chart = chart.with(
                Series::line(style.name.clone(), report.times.clone(), y)
                    .tone(style.tone)
                    .dashed(style.dashed)
                    .weight(0.8),
            );
        }
        figure = figure.with(chart.mark(Mark::vertical(0.0, "")).legend(keys.clone()));
    }
    let trials: usize = report.trials.iter().sum();
    vec![figure.caption(format!(
        "The three units that differ most between conditions, averaged over {trials} trials; each time over the trials that still last. \
         Rates are in the units of the network, where 1 is the target of a choice."
    ))]
}

/// Axes and trajectories of the context-dependent task (Fig 4B, D).
pub fn state_space(report: &state_space::Report) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut plane = Figure::new("regression", "Trajectories along the task's axes").columns(3);
    let strongest = |p: &state_space::Panel| p.trajectories.iter().map(|t| t.coherence.abs()).fold(1e-9, f64::max);
    for panel in &report.panels {
        let base = usize::from(panel.sorted_by.contains("colour"));
        let title = format!("{} context, sorted by {}", capital(&panel.context), panel.sorted_by);
        let mut chart = Chart::new(title, Axis::new(panel.x_label.clone(), ""), Axis::new(panel.y_label.clone(), ""));
        for t in &panel.trajectories {
            let tone = Tone::Shade(base, (t.coherence.abs() / strongest(panel)).clamp(0.3, 1.0));
            let name = format!(
                "choice {}, {} {}",
                if t.choice > 0.0 { "preferred" } else { "other" },
                panel.sorted_by,
                short(t.coherence)
            );
            let x: Vec<f64> = t.points.iter().map(|p| p[panel.x]).collect();
            let y: Vec<f64> = t.points.iter().map(|p| p[panel.y]).collect();
            chart = chart.with(Series::line(name, x, y).tone(tone).open(t.coherence < 0.0).marked());
        }
        plane = plane.with(chart.no_legend());
    }
    figures.push(plane.caption(format!(
        "Averages of correct trials projected onto the orthogonal axes of a regression, mean over conditions removed. Filled: evidence for \
         the preferred choice. Stronger colour: stronger evidence. {} active units, R² {:.2}.",
        report.active.len(),
        report.r_squared
    )));
    if let Some(panel) = report.panels.first() {
        let mut space = Space::new("", ["choice", "motion", "colour"]);
        let step = panel.times.windows(2).next().map_or(0.0, |w| w[1] - w[0]);
        space.step = step;
        for (i, panel) in
            report.panels.iter().filter(|p| p.x_label == panel.x_label).enumerate().filter(|(i, _)| i % 3 == 0)
        {
            for t in &panel.trajectories {
                let tone = Tone::Shade(i / 3, (t.coherence.abs() / strongest(panel)).clamp(0.3, 1.0));
                let points: Vec<[f64; 3]> = t.points.iter().map(|p| [p[0], p[1], p[2]]).collect();
                let name = format!("{} context, {} {}", panel.context, panel.sorted_by, short(t.coherence));
                let mut path = Path::new(name, points, tone);
                path.open = t.coherence < 0.0;
                space = space.with(path);
            }
        }
        space.legend = crate::Legend::Keys(vec![
            Key::line("motion context", Tone::Category(0), false),
            Key::line("colour context", Tone::Category(1), false),
        ]);
        figures.push(
            Figure::new("space", "State space")
                .caption("Drag to turn. One path a condition, sorted by the evidence that counts or not.")
                .with(space),
        );
    }
    let mut scatter = Figure::new("coefficients", "Axes unit by unit").columns(3);
    for (a, b) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let x: Vec<f64> = report.axes.iter().map(|q| q[a]).collect();
        let y: Vec<f64> = report.axes.iter().map(|q| q[b]).collect();
        let chart = Chart::new("", Axis::new(report.variables[a], ""), Axis::new(report.variables[b], ""))
            .with(Series::points("unit", x, y).tone(Tone::Category(0)))
            .mark(Mark::horizontal(0.0, ""))
            .mark(Mark::vertical(0.0, ""))
            .no_legend();
        scatter = scatter.with(chart);
    }
    figures.push(scatter.caption("Entries of the orthogonal axes, one point an active unit (Fig 4D)."));
    let mut norms = Chart::new("", Axis::new("Time", "ms"), Axis::new("Length of the regression vector", ""));
    for (i, name) in report.variables.iter().enumerate() {
        norms = norms.with(
            Series::line(*name, report.norms.times.clone(), report.norms.norms[i].clone()).tone(Tone::Category(i)),
        );
    }
    figures.push(
        Figure::new("norms", "When each variable is there")
            .caption("The axis of a variable is taken where its vector is longest.")
            .with(norms),
    );
    figures
}

/// Working memory (Fig 7B to E).
pub fn tuning(report: &tuning::Report) -> Vec<Figure> {
    let n = report.stimuli.len();
    let shade = |i: usize| Tone::Coherence((i + 1) as f64 / n.max(1) as f64);
    let steps = report.times.len();
    let average = |s: usize, k: usize, u: usize| f64::from(report.averages[(s * steps + k) * report.units + u]);
    // Choices, pair by pair.
    let names: Vec<String> = report.pairs.iter().map(|p| format!("{} {}", short(p.first), short(p.second))).collect();
    let x: Vec<f64> = (0..report.pairs.len()).map(|i| i as f64).collect();
    let y: Vec<f64> = report.pairs.iter().map(|p| p.percent_correct).collect();
    let ticks = names.iter().enumerate().map(|(i, n)| (i as f64, n.clone()));
    let pairs =
        Chart::new("", Axis::new("f1 f2", "Hz").named_ticks(ticks), Axis::new("Correct", "%").range(0.0, 100.0))
            .with(Series::bars("pair", x, y).tone(Tone::Category(0)))
            .mark(Mark::target(85.0, ""))
            .no_legend();
    let mut figures =
        vec![Figure::new("pairs", "Choices pair by pair").caption("Red: the criterion of training.").with(pairs)];
    // Units of both kinds.
    let mut units: Vec<(usize, &str)> =
        report.positive_in_both.first().map(|u| (*u, "positive twice")).into_iter().collect();
    units.extend(report.sign_switching.first().map(|u| (*u, "switches sign")));
    let mut single = Figure::new("tuned", "Two units tuned to the first frequency");
    for (u, what) in units {
        let mut chart = Chart::new(format!("Unit {u}, {what}"), Axis::new("Time", "ms"), Axis::new("Rate", ""));
        let mut keys = Vec::new();
        for (s, f) in report.stimuli.iter().enumerate() {
            let y: Vec<f64> = (0..steps).map(|k| average(s, k, u)).collect();
            chart = chart.with(Series::line(format!("f1 {} Hz", short(*f)), report.times.clone(), y).tone(shade(s)));
            keys.push(Key::line(format!("{} Hz", short(*f)), shade(s), false));
        }
        single = single.with(chart.legend(keys));
    }
    if !single.panels.is_empty() {
        figures.push(single.caption("Averages of correct trials by the first frequency."));
    }
    let mut population = Figure::new("tuning", "Tuning over time");
    let mut chart = Chart::new(
        "Correlation across units",
        Axis::new("Time", "ms"),
        Axis::new("Correlation of slopes", "").range(-1.0, 1.0),
    );
    for (i, c) in report.correlations.iter().enumerate() {
        chart = chart.with(
            Series::line(format!("with {}", c.reference), c.times.clone(), c.correlation.clone())
                .tone(Tone::Category(i)),
        );
    }
    population = population.with(chart.mark(Mark::horizontal(0.0, "")));
    let percent: Vec<f64> = report.significant.iter().map(|f| 100.0 * f).collect();
    let chart = Chart::new("Tuned units", Axis::new("Time", "ms"), Axis::new("Units", "%"))
        .with(Series::line("p < 0.05", report.significant_times.clone(), percent).tone(Tone::Ink))
        .mark(Mark::horizontal(100.0 * report.level, "chance"))
        .no_legend();
    population = population.with(chart);
    figures.push(
        population
            .caption("Slopes of a regression of every unit's average rate on the first frequency, two-sided test."),
    );
    let mut scatter = Figure::new("slopes", "Slopes at the end of the delay");
    for s in &report.scatters {
        let chart = Chart::new("", Axis::new(s.x_label.clone(), ""), Axis::new(s.y_label.clone(), ""))
            .with(Series::points("unit", s.x.clone(), s.y.clone()).tone(Tone::Category(0)))
            .mark(Mark::horizontal(0.0, ""))
            .mark(Mark::vertical(0.0, ""))
            .mark(Mark::Diagonal)
            .no_legend();
        scatter = scatter.with(chart);
    }
    figures.push(scatter.caption("One point a unit (Fig 7C)."));
    figures
}

/// Two senses alone and together (Fig 6B).
pub fn multisensory(report: &multisensory::Report) -> Vec<Figure> {
    let names =
        |v: f64| report.sensitivities.iter().find(|s| s.value == v).map_or_else(|| short(v), |s| s.modality.clone());
    let mut figures = Vec::new();
    if let Some(chart) = groups("", report.curves.by.as_deref(), &report.curves.groups, &names) {
        let optimal = report.optimality.as_ref().map_or(String::new(), |o| {
            format!(
                " 1/sigma² together {} ({} to {}), optimal integration would give {}.",
                short(o.observed.value),
                short(o.observed.interval.low),
                short(o.observed.interval.high),
                short(o.predicted.value)
            )
        });
        figures.push(
            Figure::new("multisensory", "Psychometric curves by modality")
                .caption(format!("{}.{optimal}", fit_text(&report.curves.groups, report.curves.by.as_deref(), &names)))
                .with(chart),
        );
    }
    use multisensory::Kind;
    let of = |kind: Kind| -> (Vec<f64>, Vec<f64>) {
        report.units.iter().filter(|u| u.kind == kind).map(|u| (u.modality, u.choice)).unzip()
    };
    let mut chart = Chart::new("", Axis::new("d' for modality", ""), Axis::new("d' for choice", ""));
    for (i, (kind, name)) in
        [(Kind::Neither, "neither"), (Kind::Choice, "choice"), (Kind::Modality, "modality"), (Kind::Mixed, "mixed")]
            .into_iter()
            .enumerate()
    {
        let (x, y) = of(kind);
        let tone = if i == 0 { Tone::Muted } else { Tone::Category(i - 1) };
        chart = chart.with(Series::points(format!("{name} ({})", x.len()), x, y).tone(tone));
    }
    figures.push(
        Figure::new("mixed", "Selectivity for choice and modality")
            .caption("One point a unit, correct trials of one sense.")
            .with(chart),
    );
    figures
}

/// Principal components of the sequences (Fig 8C).
pub fn pca(report: &pca::Report) -> Vec<Figure> {
    let share = |k: usize| report.fractions.get(k).map_or(String::new(), |f| format!("{:.0} %", 100.0 * f));
    let mut space = Space::new("", ["PC 1", "PC 2", "PC 3"]);
    let mut flat =
        Chart::new("", Axis::new(format!("PC 1 ({})", share(0)), ""), Axis::new(format!("PC 2 ({})", share(1)), ""))
            .equal();
    let mut keys = Vec::new();
    for (i, t) in report.trajectories.iter().enumerate() {
        let tone = Tone::Category(i);
        let name = format!("{} {}", report.label, short(t.label));
        let at = |k: usize, c: usize| t.points.get(k * report.components + c).copied().unwrap_or(0.0);
        // From the first movement on where epochs are marked (Fig 8), else the whole trial.
        let from = t.epochs.iter().find(|e| e.name.starts_with("movement")).map_or(0, |e| e.start);
        let stride = ((t.times.len() - from) / 150).max(1);
        let kept: Vec<usize> = (from..t.times.len()).step_by(stride).collect();
        let x: Vec<f64> = kept.iter().map(|k| at(*k, 0)).collect();
        let y: Vec<f64> = kept.iter().map(|k| at(*k, 1)).collect();
        if let (Some(last_x), Some(last_y)) = (x.last(), y.last()) {
            flat = flat.with(Series::points(format!("{name}, start"), vec![x[0]], vec![y[0]]).tone(tone).open(true));
            flat = flat.with(Series::points(format!("{name}, end"), vec![*last_x], vec![*last_y]).tone(tone));
        }
        flat = flat.with(Series::line(name.clone(), x, y).tone(tone));
        if report.components >= 3 {
            let points: Vec<[f64; 3]> = kept.iter().map(|k| [at(*k, 0), at(*k, 1), at(*k, 2)]).collect();
            space = space.with(Path::new(name.clone(), points, tone));
            space.step = t.times.windows(2).next().map_or(0.0, |w| (w[1] - w[0]) * stride as f64);
        }
        keys.push(Key::line(name, tone, false));
    }
    let two: f64 = report.fractions.iter().take(2).sum();
    let caption = format!(
        "Noise-free trials, {} active units, each divided by its s.d. Two components hold {:.0} % of the variance. Open: start, filled: end.",
        report.units.len(),
        100.0 * two
    );
    let mut figure =
        Figure::new("components", "State space of the trials").caption(caption).with(flat.legend(keys.clone()));
    if !space.paths.is_empty() {
        space.legend = crate::Legend::Keys(keys);
        figure = figure.with(space);
    }
    let k: Vec<f64> = (1..=report.fractions.len().min(10)).map(|k| k as f64).collect();
    let f: Vec<f64> = report.fractions.iter().take(10).map(|f| 100.0 * f).collect();
    let chart = Chart::new("Variance", Axis::new("Component", ""), Axis::new("Variance", "%"))
        .with(Series::bars("component", k, f).tone(Tone::Category(0)))
        .no_legend();
    vec![figure.with(chart)]
}

/// Traces of eye movements (Fig 8D).
pub fn eye_trace(report: &eye_trace::Report) -> Vec<Figure> {
    let mut figure = Figure::new("movements", "Eye movements, trial after trial");
    let mut screen =
        Chart::new("Screen", Axis::new("x", "").range(-0.8, 0.8), Axis::new("y", "").range(-0.8, 0.8)).equal();
    let (mut time, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = 0.0;
    for (i, t) in report.traces.iter().enumerate() {
        let stride = (t.times.len() / 200).max(1);
        let kept: Vec<usize> = (0..t.times.len()).step_by(stride).collect();
        // The interval between trials is left out of the screen.
        let seen: Vec<usize> = kept.iter().copied().filter(|k| t.times[*k] > 1500.0).collect();
        let pick = |v: &[f32], at: &[usize]| at.iter().map(|k| f64::from(v[*k])).collect::<Vec<f64>>();
        screen = screen.with(
            Series::line(
                format!("trial {}, sequence {}", t.index + 1, short(t.sequence)),
                pick(&t.x, &seen),
                pick(&t.y, &seen),
            )
            .tone(Tone::Category(i)),
        );
        time.extend(kept.iter().map(|k| (before + t.times[*k]) / 1000.0));
        x.extend(pick(&t.x, &kept));
        y.extend(pick(&t.y, &kept));
        before += t.times.last().copied().unwrap_or(0.0);
    }
    let dots = |f: &dyn Fn(usize) -> f64| (0..9).map(f).collect::<Vec<f64>>();
    screen = screen.with(
        Series::points("dot", dots(&|k| -0.5 + 0.5 * (k % 3) as f64), dots(&|k| -0.5 + 0.5 * (2 - k / 3) as f64))
            .tone(Tone::Muted)
            .open(true),
    );
    figure = figure.with(screen.no_legend());
    let trace = Chart::new("In time", Axis::new("Time", "s"), Axis::new("Eye position", ""))
        .with(Series::line("x", time.clone(), x).tone(Tone::Category(0)))
        .with(Series::line("y", time, y).tone(Tone::Category(1)));
    figure = figure.with(trace);
    let rows = report.sequences.len();
    let columns = report.sequences.first().map_or(0, |s| s.movements.len());
    if rows > 0 && columns > 0 {
        let values: Vec<f64> = report.sequences.iter().flat_map(|s| s.movements.iter().map(|m| m.error)).collect();
        let heat = Heat {
            title: "Error at the end".into(),
            x: Axis::new("Movement", "").range(0.5, columns as f64 + 0.5),
            y: Axis::new("Sequence", "").range(0.5, rows as f64 + 0.5),
            columns,
            values,
            value: Axis::new("distance", "screen"),
            ramp: crate::Ramp::Sequential,
        };
        figure = figure.with(heat);
    }
    let caption = format!(
        "{:.1} % of movements end nearest to their dot, {:.1} % of trials have all right; mean distance {:.3}. Dots are 0.5 apart.",
        100.0 * report.correct,
        100.0 * report.whole,
        report.error
    );
    vec![figure.caption(caption)]
}
