//! The task, the learning curve and the weights of a run.

use super::{Run, activity_of};
use crate::{Axis, Chart, Epoch, Figure, Group, Lane, Mark, Matrix, Series, Side, Timeline, Tone, Trace};
use cogrnn::analyses::{Analysed, Numbers};
use cogrnn::evaluate::Trained;
use cogrnn::experiment::Experiment;
use cogrnn_analysis::selectivity;
use cogrnn_core::error::Result;
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::task::{Request, Sample, Set};
use cogrnn_core::units::ms;

/// Samples of a drawn trial.
const SAMPLES: f64 = 400.0;

/// One test trial of the experiment's task: its epochs, inputs with their baseline, and targets.
pub fn task_figure(experiment: &Experiment) -> Figure {
    let task = &*experiment.task;
    // The last of a round: strong evidence where conditions go from weak to strong.
    let index = task.test_period() - 1;
    let fine = ms(1.0);
    let mut stream = Address { seed: experiment.seed, purpose: Purpose::TestTrials, trial: index as u64 }.stream();
    let outline = task.outline(&Request::new(Set::Test, index, fine), &mut stream);
    let stride = (outline.duration.as_ms() / SAMPLES).ceil().max(1.0);
    let times: Vec<f64> = (1..).map(|k| k as f64 * stride).take_while(|t| *t <= outline.duration.as_ms()).collect();
    let (inputs, outputs) = (task.inputs(), task.outputs());
    let mut shown = vec![Vec::with_capacity(times.len()); inputs.len()];
    let mut asked = vec![Vec::with_capacity(times.len()); outputs.len()];
    let (mut u, mut y, mut m) = (vec![0.0; inputs.len()], vec![0.0; outputs.len()], vec![0.0; outputs.len()]);
    for t in &times {
        u.fill(0.0);
        y.fill(0.0);
        m.fill(0.0);
        task.sample(&outline, ms(*t), &mut Sample { inputs: &mut u, targets: &mut y, mask: &mut m });
        for (trace, value) in shown.iter_mut().zip(&u) {
            trace.push(f64::from(*value) + experiment.network.inputs.baseline);
        }
        for ((trace, value), mask) in asked.iter_mut().zip(&y).zip(&m) {
            trace.push(if *mask > 0.0 { f64::from(*value) } else { f64::NAN });
        }
    }
    let range = |traces: &[Vec<f64>]| {
        let all = traces.iter().flatten().filter(|v| v.is_finite());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        (low < high).then_some((low.min(0.0), high))
    };
    let lanes = |names: &[&str], traces: Vec<Vec<f64>>, group: &str, target: bool| -> Vec<Lane> {
        let range = range(&traces);
        let trace = |(i, (name, y)): (usize, (&&str, Vec<f64>))| Lane {
            name: (*name).to_string(),
            group: group.to_string(),
            traces: vec![Trace {
                name: (*name).to_string(),
                y,
                tone: if target { Tone::Target } else { Tone::Category(i % 8) },
                dashed: target,
            }],
            range,
        };
        names.iter().zip(traces).enumerate().map(trace).collect()
    };
    let mut all = lanes(&inputs, shown, "inputs", false);
    // where a trial is judged by what its outputs lead to, none of them has a target
    if !task.acts() {
        all.extend(lanes(&outputs, asked, "targets", true));
    }
    let epochs = outline
        .epochs
        .iter()
        .map(|e| Epoch { name: e.name.to_string(), from: e.start.as_ms(), to: e.end.as_ms() })
        .collect();
    let info: Vec<String> = outline.info.iter().map(|(n, v)| format!("{n} {}", short(*v))).collect();
    let caption = if info.is_empty() { String::new() } else { format!("{}.", info.join(", ")) };
    Figure::new("task", "One trial").caption(caption).with(Timeline { title: String::new(), times, epochs, lanes: all })
}

fn short(x: f64) -> String {
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Performance and error against trials, the first run in black and others in grey; what the
/// regulariser and the recurrent weights did in the first.
pub fn learning_figure(runs: &[Run]) -> Figure {
    let Some(first) = runs.first() else { return Figure::new("learning", "Learning") };
    let stop = &first.trained.experiment.stop;
    let curve = |run: &Run, of: &dyn Fn(&cogrnn::trainer::Check) -> Option<f64>| {
        let points: Vec<(f64, f64)> =
            run.learning.iter().filter_map(|c| Some((c.trials as f64 / 1000.0, of(c)?))).collect();
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        (x, y)
    };
    let panel = |title: &str, y: Axis, of: &dyn Fn(&cogrnn::trainer::Check) -> Option<f64>, all: bool| {
        let mut chart = Chart::new(title, Axis::new("Trials", "thousands"), y);
        if all {
            for run in runs.iter().skip(1).rev() {
                let (x, y) = curve(run, of);
                chart = chart.with(
                    Series::line(format!("seed {}", run.trained.experiment.seed), x, y).tone(Tone::Muted).weight(0.7),
                );
            }
        }
        let (x, y) = curve(first, of);
        chart.with(Series::line(format!("seed {}", first.trained.experiment.seed), x, y).tone(Tone::Ink)).no_legend()
    };
    let mut figure = Figure::new("learning", "Learning");
    if first.learning.iter().any(|c| c.performance.is_some()) {
        let mut chart = panel("Performance", Axis::new("Chose right", "%"), &|c| c.performance, true);
        if let Some(target) = stop.performance {
            chart = chart.mark(Mark::target(target, "target"));
        }
        figure = figure.with(chart);
    }
    // The first check is before any update, and often far above all others.
    let mut chart =
        panel("Error", Axis::new("Root mean squared error", ""), &|c| (c.updates > 0).then_some(c.rmse), true);
    if stop.error > 0.0 {
        chart = chart.mark(Mark::target(stop.error, "target"));
    }
    figure = figure.with(chart);
    figure =
        figure.with(panel("Recurrent weights", Axis::new("Spectral radius", ""), &|c| Some(c.spectral_radius), false));
    let caption = match runs.len() {
        1 => "Validation trials, before the first update and at each check.".to_string(),
        n => format!("Validation trials. Black: seed {}; grey: {} others.", first.trained.experiment.seed, n - 1),
    };
    figure.caption(caption)
}

/// Recurrent, input and output weights: sorted by selectivity where that is known (Song et al. 2016,
/// Fig 3), else in the order of units with their populations.
///
/// # Errors
/// Weights that cannot be read.
pub fn weights_figures(trained: &Trained, analysed: Option<&Analysed>) -> Result<Vec<Figure>> {
    let plan = &trained.experiment.network;
    let (n, _, w_rec) = trained.weights("w_rec")?;
    let (_, channels, w_in) = trained.weights("w_in")?;
    let (outputs, _, w_out) = trained.weights("w_out")?;
    let activity = analysed.and_then(|a| activity_of(a, &trained.experiment.labels));
    let populations = plan.populations();
    let named = populations.iter().any(|p| p.area.is_some()) || populations.len() > 2;
    let d_prime = match analysed.and_then(|a| a.get("selectivity")) {
        Some(Numbers::Selectivity(r)) => Some(&r.d_prime),
        _ => None,
    };
    let signs = plan.has_signs().then_some(plan.signs.as_slice());
    let tone = |sign: i8| match sign {
        1 => Tone::Excitatory,
        -1 => Tone::Inhibitory,
        _ => Tone::Muted,
    };
    let draw = |id: &str, title: &str, caption: String, order: Vec<usize>, groups: Vec<Group>| -> Figure {
        let side = |label: &str| {
            let mut side = Side::units(label, order.clone());
            side.groups.clone_from(&groups);
            side
        };
        let rec = picked(&w_rec, n, &order, &order);
        // Full colour by the whole matrix, not by what is shown.
        let limits = |all: &[f32]| {
            let all: Vec<f64> = all.iter().map(|w| f64::from(*w)).collect();
            Matrix::common_limits([all.as_slice()])
        };
        let mut matrix = Matrix::new("W_{rec}", side("To"), side("From"), rec).limits(limits(&w_rec));
        if let Some(activity) = &activity {
            matrix = matrix.activity(activity.clone());
        }
        let mut figure = Figure::new(id, title).caption(caption).with(matrix);
        if channels > 0 {
            let values = picked(&w_in, channels, &order, &(0..channels).collect::<Vec<_>>());
            figure = figure.with(Matrix::new(
                "W_{in}",
                side("To"),
                Side::named("From", trained.experiment.task.inputs()),
                values,
            ));
        }
        let values = picked(&w_out, n, &(0..outputs).collect::<Vec<_>>(), &order);
        figure.with(
            Matrix::new("W_{out}", Side::named("To", trained.experiment.task.outputs()), side("From"), values)
                .limits(limits(&w_out)),
        )
    };
    let colours = "Blue: excitatory, red: inhibitory; full colour at the 90th percentile of each sign.";
    let mut figures = Vec::new();
    if let Some(d) = d_prime.filter(|_| !named) {
        let order = selectivity::order(d, signs, 0.25);
        let inhibitory = order.units.len() - order.excitatory;
        let groups = if signs.is_some() {
            vec![Group::new("E", order.excitatory, Tone::Excitatory), Group::new("I", inhibitory, Tone::Inhibitory)]
        } else {
            Vec::new()
        };
        let caption = format!(
            "The quarter of {} with the largest |d'|, from those that prefer choice 1 to those that prefer choice 2. {colours}",
            if signs.is_some() { "excitatory and of inhibitory units" } else { "units" }
        );
        figures.push(draw("sorted", "Connections of the most selective units", caption, order.units, groups));
    }
    // All units, by population and within it by selectivity where that is known.
    let mut order: Vec<usize> = Vec::with_capacity(n);
    let mut groups = Vec::new();
    for population in populations {
        let mut units: Vec<usize> = population.units.clone().collect();
        if let Some(d) = d_prime {
            let key = |i: usize| if d[i].is_finite() { d[i] } else { 0.0 };
            units.sort_by(|a, b| key(*b).total_cmp(&key(*a)));
        }
        if populations.len() > 1 {
            groups.push(Group::new(population.name.clone(), units.len(), tone(population.sign)));
        }
        order.extend(units);
    }
    let sorted = if d_prime.is_some() { "Within each population from choice 1 to choice 2. " } else { "" };
    let pick = if activity.is_some() { " Pick a unit to see what it does." } else { "" };
    figures.push(draw("weights", "All connections", format!("{sorted}{colours}{pick}"), order, groups));
    Ok(figures)
}

/// These rows and columns of a matrix with so many columns, in their order.
fn picked(values: &[f32], width: usize, rows: &[usize], cols: &[usize]) -> Vec<f64> {
    rows.iter().flat_map(|i| cols.iter().map(move |j| f64::from(values[i * width + j]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_follow_the_order() {
        let all: Vec<f32> = (0..9).map(|k| k as f32).collect();
        assert_eq!(picked(&all, 3, &[2, 0], &[2, 0]), [8.0, 6.0, 2.0, 0.0]);
        assert_eq!(picked(&all, 3, &[0], &[1, 2]), [1.0, 2.0]);
    }

    #[test]
    fn a_drawn_trial_has_the_task_s_epochs_and_channels() {
        for name in ["song2016/reaction-time", "song2016/sequences", "song2016/sinewave"] {
            let experiment = Experiment::load(name, &[]).unwrap();
            let figure = task_figure(&experiment);
            let crate::Panel::Timeline(timeline) = &figure.panels[0] else { panic!("a timeline") };
            assert_eq!(timeline.lanes.len(), experiment.task.inputs().len() + experiment.task.outputs().len());
            assert!(timeline.times.len() > 100 && timeline.times.len() <= 400);
            if name == "song2016/reaction-time" {
                // fixation 300, stimulus to 1800, an answer asked from 600
                let ends: Vec<f64> = timeline.epochs.iter().map(|e| e.to).collect();
                assert_eq!(ends, [300.0, 1800.0, 1800.0]);
                let asked = &timeline.lanes.last().unwrap().traces[0].y;
                let at = |t: f64| asked[timeline.times.iter().position(|x| *x >= t).unwrap()];
                assert!(at(100.0).is_finite() && at(400.0).is_nan() && at(700.0).is_finite());
            }
        }
    }
}
