//! A page with a figure of every kind, from made-up numbers: `cargo run -p cogrnn-report --example gallery [FILE]`.

use cogrnn_analysis::reaches::{Reaches, Settings};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::task::{Request, Seen, Set};
use cogrnn_core::units::ms;
use cogrnn_report::{
    Axis, Cell, Chart, Condition, Epoch, Figure, Group, Heat, Key, Lane, Mark, Matrix, Page, Path, Ramp, Section,
    Series, Side, Space, TableView, Timeline, Tone, Trace, UnitActivity, Verdict,
};
use std::sync::Arc;

fn main() -> std::io::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "gallery.html".into());
    let page = page();
    page.write(&file)?;
    println!("{file}: {:.2} MB", page.html().len() as f64 / 1e6);
    if let Some(folder) = std::env::args().nth(2) {
        for figure in page.sections.iter().flat_map(|section| &section.figures) {
            let place = std::path::Path::new(&folder).join(&figure.id);
            std::fs::write(place.with_extension("svg"), figure.svg(cogrnn_report::Theme::Light))?;
            std::fs::write(place.with_extension("png"), figure.png(cogrnn_report::Theme::Light, 2.0))?;
        }
    }
    Ok(())
}

/// The page; the browser test opens it too.
pub fn page() -> Page {
    Page::new("Perceptual decisions, reaction time")
        .subtitle("A network of 100 rate units that obeys Dale's principle, trained to decide where dots move. All numbers are made up.")
        .fact("Units", "100 (80 E, 20 I)")
        .fact("Rule", "BPTT, SGD 0.01")
        .fact("Trials to goal", "310 000")
        .fact("Chose right", "87.5 %")
        .fact("Seed", "100")
        .fact("Took", "2 min 14 s")
        .with(
            Section::new("task", "Task")
                .text("Two inputs carry noisy evidence after the `stimulus` cue; the network reports the stronger one as soon as it can.")
                .figure(task())
                .figure(inputs()),
        )
        .with(Section::new("training", "Training").figure(learning()))
        .with(Section::new("behaviour", "Behaviour").figure(psychometric()).figure(chronometric()).figure(times()).figure(durations()))
        .with(
            Section::new("units", "Units")
                .text("Firing rates of single units, averaged over trials that were decided correctly.")
                .figure(psth())
                .figure(tuning()),
        )
        .with(Section::new("weights", "Weights").text("Pick a unit to see what it does.").figure(weights()).figure(ends()))
        .with(Section::new("state-space", "State space").figure(space()).figure(regression()).figure(sequences()))
        .with(Section::new("reaches", "Arm").figures(reaches()))
        .with(Section::new("reproduction", "Reproduction").table(verdicts()))
        .with(
            Section::new("experiment", "Experiment")
                .listing("experiment.toml, resolved", EXPERIMENT)
                .listing("Citation", "Song HF, Yang GR, Wang X-J (2016) Training excitatory-inhibitory recurrent neural networks\nfor cognitive tasks: a simple and flexible framework. PLoS Comput Biol 12(2): e1004792."),
        )
}

const EXPERIMENT: &str = "task = \"decision/reaction-time\"\nseed = 100\n\n[network]\nkind  = \"rate\"\nunits = 100\ndale  = { excitatory = 80, inhibitory = 20 }\ntau   = \"100 ms\"\n# <b>names are shown as they are</b> & nothing is interpreted\n\n[rule]\nname = \"bptt\"\nrate = 0.01\nclip = 1.0\n";

/// A small generator, so that the page is the same every time.
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn grid(from: f64, to: f64, count: usize) -> Vec<f64> {
    (0..count).map(|k| from + (to - from) * k as f64 / (count - 1) as f64).collect()
}

fn task() -> Figure {
    let mut chance = Chance(1);
    let times = grid(0.0, 1400.0, 281);
    let on = |t: f64| t >= 500.0;
    let evidence = |level: f64, chance: &mut Chance| {
        times.iter().map(|t| 0.2 + if on(*t) { level } else { 0.0 } + 0.06 * chance.normal()).collect::<Vec<f64>>()
    };
    let lane = |name: &str, group: &str, tone, y: Vec<f64>, dashed| Lane {
        name: name.into(),
        group: group.into(),
        traces: vec![Trace { name: name.into(), y, tone, dashed }],
        range: Some((0.0, 1.2)),
    };
    let target = |high: bool| {
        times
            .iter()
            .map(|t| match *t {
                t if t < 500.0 => 0.2,
                t if t < 700.0 => f64::NAN,
                _ if high => 1.0,
                _ => 0.2,
            })
            .collect::<Vec<f64>>()
    };
    let epoch = |name: &str, from, to| Epoch { name: name.into(), from, to };
    Figure::new("task", "One trial of the task.")
        .caption("Motion to the right, coherence 12.8 %. Where the target is interrupted, errors do not count.")
        .with(Timeline {
            title: String::new(),
            epochs: vec![epoch("fixation", 0.0, 500.0), epoch("grace", 500.0, 700.0), epoch("decision", 700.0, 1400.0)],
            lanes: vec![
                lane("start cue", "Inputs", Tone::Muted, times.iter().map(|t| f64::from(on(*t))).collect(), false),
                lane("right", "Inputs", Tone::Category(0), evidence(0.56, &mut chance), false),
                lane("left", "Inputs", Tone::Category(1), evidence(0.44, &mut chance), false),
                lane("right", "Targets", Tone::Category(0), target(true), false),
                lane("left", "Targets", Tone::Category(1), target(false), false),
            ],
            times: times.clone(),
        })
}

fn inputs() -> Figure {
    let (rows, columns) = (17, 120);
    let mut chance = Chance(3);
    let values = (0..rows * columns)
        .map(|cell| {
            let (row, col) = (cell / columns, cell % columns);
            let on = row == 3 || row == 8 + (col / 40) || (col / 30) == row && row > 1;
            0.2 + f64::from(u8::from(on)) * 0.8 + 0.03 * chance.normal()
        })
        .collect();
    Figure::new("inputs", "Inputs of one trial.").caption("Sequence 5.").with(Heat {
        title: String::new(),
        x: Axis::new("Time", "ms").range(0.0, 3500.0),
        y: Axis::new("Input", "").range(0.5, 17.5).ticks([1.0, 5.0, 9.0, 13.0, 17.0]),
        columns,
        values,
        value: Axis::new("input", ""),
        ramp: Ramp::Sequential,
    })
}

fn learning() -> Figure {
    let mut chance = Chance(5);
    let trials: Vec<f64> = (0..32).map(|k| f64::from(k) * 10_000.0).collect();
    let mut chart = Chart::new(
        "Performance",
        Axis::new("Trials", "").range(0.0, 320_000.0),
        Axis::new("Chose right", "%").range(40.0, 100.0),
    );
    let mut seed = |speed: f64| -> Vec<f64> {
        trials.iter().map(|t| 50.0 + 38.0 * sigmoid((t / 10_000.0 - 12.0) * speed) + chance.normal()).collect()
    };
    for k in 0..5 {
        let y = seed(0.22 + 0.06 * f64::from(k));
        chart = chart.with(Series::line(format!("seed {}", k + 1), trials.clone(), y).tone(Tone::Muted));
    }
    let y = seed(0.33);
    let chart = chart
        .with(Series::line("seed 100, shown here", trials.clone(), y).weight(1.3))
        .mark(Mark::target(85.0, "goal 85 %"))
        .legend([Key::line("this network", Tone::Ink, false), Key::line("other seeds", Tone::Muted, false)]);
    let error =
        Chart::new("Error", Axis::new("Trials", "").range(0.0, 320_000.0), Axis::new("Root mean square error", ""))
            .with(Series::line(
                "validation",
                trials.clone(),
                trials.iter().map(|t| 0.28 + 0.33 * (-t / 60_000.0).exp()).collect::<Vec<f64>>(),
            ));
    let norm = Chart::new("Gradient", Axis::new("Trials", "").range(0.0, 320_000.0), Axis::new("Norm", "").log()).with(
        Series::line(
            "norm of the gradient",
            trials.clone(),
            trials.iter().map(|t| 3.0 * (-t / 50_000.0).exp() + 0.02).collect::<Vec<f64>>(),
        ),
    );
    Figure::new("learning", "Learning.").caption("Checked every 10 000 trials.").with(chart).with(error).with(norm)
}

fn psychometric() -> Figure {
    let rates = grid(9.0, 16.0, 8);
    let fine = grid(9.0, 16.0, 201);
    let mut chance = Chance(7);
    let mut chart = Chart::new(
        "",
        Axis::new("Rate", "events/s").range(8.5, 16.5),
        Axis::new("Chose high", "%").range(0.0, 100.0).ticks([0.0, 25.0, 50.0, 75.0, 100.0]),
    )
    .mark(Mark::vertical(12.5, "boundary"))
    .mark(Mark::horizontal(50.0, ""));
    let mut keys = Vec::new();
    for (name, sigma, category) in [("visual", 2.4, 0), ("auditory", 2.2, 1), ("both", 1.4, 7)] {
        let tone = Tone::Category(category);
        let curve = |x: &f64| 100.0 * sigmoid((x - 12.4) / sigma * 1.7);
        let y: Vec<f64> = rates.iter().map(|x| (curve(x) + 2.0 * chance.normal()).clamp(0.0, 100.0)).collect();
        let error: Vec<f64> = y.iter().map(|p| 1.96 * (p * (100.0 - p) / 500.0).max(0.0).sqrt()).collect();
        let low: Vec<f64> = y.iter().zip(&error).map(|(y, e)| y - e).collect();
        let high: Vec<f64> = y.iter().zip(&error).map(|(y, e)| y + e).collect();
        chart = chart
            .with(
                Series::line(format!("{name}, fit"), fine.clone(), fine.iter().map(curve).collect::<Vec<f64>>())
                    .tone(tone),
            )
            .with(Series::points(name, rates.clone(), y).error(low, high).tone(tone).open(category == 1));
        keys.push(Key::point(format!("{name}, σ = {sigma:.1}"), tone, category == 1));
    }
    Figure::new("psychometric", "Psychometric curves by modality.")
        .caption("500 trials a point; bars are 95 % intervals, lines cumulative Gaussians.")
        .with(chart.legend(keys))
}

fn chronometric() -> Figure {
    let x = vec![3.2, 6.4, 12.8, 25.6, 51.2];
    let y = vec![690.0, 640.0, 545.0, 420.0, 330.0];
    let low: Vec<f64> = y.iter().map(|y| y - 22.0).collect();
    let high: Vec<f64> = y.iter().map(|y| y + 22.0).collect();
    Figure::new("chronometric", "Reaction times.").caption("Correct trials; mean and standard error.").with(
        Chart::new(
            "",
            Axis::new("Coherence", "%").log().range(1.0, 100.0),
            Axis::new("Reaction time", "ms").range(200.0, 800.0),
        )
        .with(Series::line("", x.clone(), y.clone()).tone(Tone::Ink))
        .with(Series::points("mean", x, y).error(low, high))
        .no_legend(),
    )
}

fn times() -> Figure {
    let x = grid(25.0, 1475.0, 30);
    let y: Vec<f64> = x.iter().map(|t| 0.0045 * (t / 350.0).powi(3) * (-(t / 170.0)).exp() * 2.2).collect();
    Figure::new("reaction-times", "Distribution of reaction times.").caption("All coherences.").with(
        Chart::new("", Axis::new("Reaction time", "ms").range(0.0, 1500.0), Axis::new("Density", "1/ms"))
            .with(Series::bars("correct", x, y).tone(Tone::Category(0)))
            .mark(Mark::vertical(470.0, "mean 470 ms")),
    )
}

fn durations() -> Figure {
    let x: Vec<f64> = grid(120.0, 1250.0, 10);
    let mut chart = Chart::new(
        "",
        Axis::new("Duration of the stimulus", "ms").range(0.0, 1400.0),
        Axis::new("Chose right", "%").range(50.0, 100.0),
    );
    let mut keys = Vec::new();
    for (k, coherence) in [3.2, 6.4, 12.8, 25.6, 51.2].into_iter().enumerate() {
        let strength = k as f64 / 4.0;
        let y: Vec<f64> = x.iter().map(|t| 100.0 * sigmoid(coherence * t.sqrt() / 190.0 * 1.1)).collect();
        chart =
            chart.with(Series::line(format!("{coherence} %"), x.clone(), y).tone(Tone::Coherence(strength)).marked());
        keys.push(Key::line(format!("{coherence} %"), Tone::Coherence(strength), false));
    }
    Figure::new("durations", "More time helps where the evidence is weak.")
        .caption("Ten bins of equal count for each coherence.")
        .with(chart.legend(keys))
}

const COHERENCES: [f64; 6] = [0.0, 3.2, 6.4, 12.8, 25.6, 51.2];

fn rate(t: f64, coherence: f64, choice: f64, gain: f64, start: f64) -> f64 {
    let since = (t - 80.0).max(0.0);
    let drive = choice * gain * (0.15 + coherence / 60.0) * (1.0 - (-since / 250.0).exp());
    (start + 18.0 * sigmoid(since / 60.0 - 2.0) * 0.4 + 30.0 * drive).max(0.0)
}

fn coherence_keys() -> Vec<Key> {
    let mut keys: Vec<Key> = COHERENCES
        .iter()
        .enumerate()
        .map(|(k, c)| Key::line(format!("{c} %"), Tone::Coherence(k as f64 / 5.0), false))
        .collect();
    keys.push(Key::line("right", Tone::Ink, false));
    keys.push(Key::line("left", Tone::Ink, true));
    keys
}

fn psth() -> Figure {
    let mut chance = Chance(11);
    let mut figure = Figure::new("units", "Three units, aligned to the stimulus and to the response.")
        .caption("Pale to strong: coherence. Solid: right, dashed: left.");
    for (unit, gain, response) in [(10, 1.0, false), (68, 0.8, true), (41, -0.7, false)] {
        let (times, axis) = match response {
            false => (grid(-200.0, 600.0, 161), Axis::new("Time from stimulus onset", "ms").range(-200.0, 600.0)),
            true => (grid(-400.0, 0.0, 81), Axis::new("Time to the response", "ms").range(-400.0, 0.0)),
        };
        let mut chart = Chart::new(format!("Unit {unit}"), axis, Axis::new("Firing rate", "Hz"));
        for (k, coherence) in COHERENCES.into_iter().enumerate() {
            for choice in [1.0, -1.0] {
                let mut drift = 0.0;
                let y: Vec<f64> = times
                    .iter()
                    .map(|t| {
                        drift = 0.93 * drift + 0.25 * chance.normal();
                        let at = if response { 400.0 + t * (1.0 + 0.5 * coherence / 51.2) } else { *t };
                        (rate(at, coherence, choice, gain, 12.0) + drift).max(0.0)
                    })
                    .collect();
                let name = format!("{coherence} %, {}", if choice > 0.0 { "right" } else { "left" });
                chart = chart.with(
                    Series::line(name, times.clone(), y).tone(Tone::Coherence(k as f64 / 5.0)).dashed(choice < 0.0),
                );
            }
        }
        if !response {
            chart = chart.mark(Mark::span(0.0, 600.0, "stimulus"));
        }
        figure = figure.with(if unit == 10 { chart.legend(coherence_keys()) } else { chart.no_legend() });
    }
    figure
}

fn tuning() -> Figure {
    let times = grid(500.0, 4000.0, 176);
    let mut chart = Chart::new(
        "Correlation of tuning",
        Axis::new("Time", "ms").range(0.0, 4500.0),
        Axis::new("Correlation", "").range(-1.0, 1.0),
    )
    .mark(Mark::span(250.0, 750.0, "f_{1}"))
    .mark(Mark::span(3750.0, 4250.0, "f_{2}"))
    .mark(Mark::horizontal(0.0, ""));
    for (name, reference, category) in [("with mid-f_{1}", 500.0, 0), ("with mid-delay", 2250.0, 1)] {
        let y: Vec<f64> = times.iter().map(|t: &f64| 1.2 * (-(t - reference).abs() / 1600.0).exp() - 0.2).collect();
        chart = chart.with(Series::line(name, times.clone(), y).tone(Tone::Category(category)));
    }
    let all = grid(0.0, 4250.0, 213);
    let percent = Chart::new(
        "Units tuned to the first stimulus",
        Axis::new("Time", "ms").range(0.0, 4500.0),
        Axis::new("Units", "%").range(0.0, 100.0),
    )
    .mark(Mark::span(250.0, 750.0, "f_{1}"))
    .mark(Mark::span(3750.0, 4250.0, "f_{2}"))
    .with(Series::line(
        "p < 0.05",
        all.clone(),
        all.iter()
            .map(
                |t: &f64| {
                    if *t < 260.0 { 5.0 } else { 20.0 + 45.0 * (-((t - 700.0) / 900.0).powi(2)).exp() + t / 200.0 }
                },
            )
            .collect::<Vec<f64>>(),
    ));
    let mut chance = Chance(21);
    let x: Vec<f64> = (0..300).map(|_| chance.normal()).collect();
    let y: Vec<f64> = x.iter().map(|x| 0.7 * x + 0.5 * chance.normal()).collect();
    let scatter =
        Chart::new("Tuning of every unit", Axis::new("a_{1}, mid-f_{1}", ""), Axis::new("a_{1}, end of delay", ""))
            .with(Series::points("unit", x, y).tone(Tone::Category(0)))
            .mark(Mark::Diagonal)
            .equal();
    Figure::new("tuning", "Tuning over the delay.").with(scatter).with(chart).with(percent)
}

fn activity(units: usize) -> Arc<UnitActivity> {
    let times = grid(-200.0, 800.0, 101);
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    let mut chance = Chance(31);
    let gains: Vec<f64> =
        (0..units).map(|unit| 1.4 - 2.8 * (unit % 80) as f64 / 79.0 + 0.2 * chance.normal()).collect();
    for (k, coherence) in COHERENCES.into_iter().enumerate() {
        for choice in [1.0, -1.0] {
            conditions.push(Condition::new(
                format!("{coherence} %, {}", if choice > 0.0 { "right" } else { "left" }),
                Tone::Coherence(k as f64 / 5.0),
                choice < 0.0,
            ));
            for t in &times {
                values.extend(gains.iter().map(|gain| rate(*t, coherence, choice, *gain, 10.0) as f32));
            }
        }
    }
    Arc::new(UnitActivity {
        time: "Time from stimulus onset".into(),
        label: "Firing rate".into(),
        unit: "Hz".into(),
        times,
        conditions,
        units: (0..units).map(|unit| format!("unit {unit}")).collect(),
        values,
        marks: vec![Mark::span(0.0, 800.0, "stimulus")],
        keys: coherence_keys(),
    })
}

fn recurrent(chance: &mut Chance) -> Vec<f64> {
    let mut values = Vec::new();
    for post in 0..100usize {
        for pre in 0..100usize {
            let side = |unit: usize| if unit < 80 { unit < 40 } else { unit < 90 };
            let inhibitory = pre >= 80;
            let same = side(post) == side(pre);
            let strength = match (inhibitory, same) {
                (false, true) => 0.16,
                (false, false) => 0.03,
                (true, true) => 0.12,
                (true, false) => 0.5,
            };
            let weight = (strength * (1.0 + 0.8 * chance.normal())).max(0.0);
            values.push(if post == pre || weight < 0.02 {
                0.0
            } else if inhibitory {
                -weight
            } else {
                weight
            });
        }
    }
    values
}

fn unit_side(label: &str) -> Side {
    Side::units(label, (0..100).collect::<Vec<usize>>()).group(Group::new("E", 80, Tone::Excitatory)).group(Group::new(
        "I",
        20,
        Tone::Inhibitory,
    ))
}

fn weights() -> Figure {
    let values = recurrent(&mut Chance(41));
    Figure::new("recurrent", "Recurrent weights, units sorted by selectivity.")
        .caption("E, then I, each by d′. Blue > 0, red < 0; full colour at the 90th percentile of either sign.")
        .with(Matrix::new("W_{rec}", unit_side("To"), unit_side("From"), values).activity(activity(100)))
}

fn ends() -> Figure {
    let mut chance = Chance(43);
    let w_in: Vec<f64> = (0..300)
        .map(|k| if k % 3 == (k / 120) % 3 { 0.4 * chance.uniform() } else { 0.05 * chance.uniform() })
        .collect();
    let w_out: Vec<f64> = (0..200)
        .map(|k| if (k / 100 == 0) == (k % 80 < 40) && k % 100 < 80 { chance.uniform() } else { 0.0 })
        .collect();
    Figure::new("input-output", "Input and output weights.")
        .with(Matrix::new("W_{in}", unit_side("To"), Side::named("From", ["start cue", "right", "left"]), w_in))
        .with(Matrix::new("W_{out}", Side::named("To", ["right", "left"]), unit_side("From"), w_out))
}

fn space() -> Figure {
    let mut space = Space::new("", ["choice", "motion", "colour"]);
    space.step = 20.0;
    for (k, coherence) in [0.1, 0.4, 1.0].into_iter().enumerate() {
        for choice in [1.0, -1.0] {
            let points: Vec<[f64; 3]> = (0..38)
                .map(|t| {
                    let t = f64::from(t) / 37.0;
                    [
                        choice * 3.0 * t.powf(1.6 - 0.6 * coherence),
                        choice * coherence * 2.5 * (std::f64::consts::PI * t).sin(),
                        1.2 * (2.0 * t).sin() * (0.5 + coherence) - 0.6,
                    ]
                })
                .collect();
            let name = format!("motion {}{} %", if choice > 0.0 { "+" } else { "−" }, 50.0 * coherence);
            let mut path = Path::new(name, points, Tone::Coherence(k as f64 / 2.0));
            path.open = choice < 0.0;
            path.markers = true;
            space = space.with(path);
        }
    }
    Figure::new("space", "Trajectories along the task's axes.")
        .caption("Drag to turn. Filled: towards +, open: towards −.")
        .with(space)
}

fn regression() -> Figure {
    let mut figure = Figure::new("regression", "Population responses in the two contexts.")
        .caption("Black: sorted by motion; blue: by colour. Pale to strong: evidence.");
    for (title, axis, category) in [("Motion context", "motion", 7), ("Colour context", "colour", 0)] {
        let mut chart = Chart::new(
            title,
            Axis::new("Choice axis", "a.u."),
            Axis::new(format!("{} axis", axis[..1].to_uppercase() + &axis[1..]), "a.u."),
        );
        for strength in [0.0, 0.5, 1.0] {
            for sign in [1.0, -1.0] {
                let (x, y): (Vec<f64>, Vec<f64>) = grid(0.0, 1.0, 20)
                    .into_iter()
                    .map(|t| {
                        (
                            sign * 12.0 * t * t.sqrt(),
                            sign * (1.0 + 2.0 * strength) * 2.0 * (std::f64::consts::PI * t.powf(0.8)).sin(),
                        )
                    })
                    .unzip();
                chart = chart.with(
                    Series::line(format!("{axis} {}{}", if sign > 0.0 { "+" } else { "−" }, strength), x, y)
                        .tone(Tone::Shade(category, strength))
                        .open(sign < 0.0)
                        .marked(),
                );
            }
        }
        figure = figure.with(chart.no_legend());
    }
    figure
}

fn sequences() -> Figure {
    let mut chart = Chart::new("Eight sequences", Axis::new("PC1", ""), Axis::new("PC2", "")).equal();
    for sequence in 0..8 {
        let mut points = vec![(0.0, 0.0)];
        let mut at = (0.0f64, 0.0f64);
        for step in 0..60 {
            let bit = (sequence >> (step / 20)) & 1;
            let angle = std::f64::consts::PI
                * (0.25 + 0.5 * f64::from(bit) + 0.13 * f64::from(step / 20) + 0.004 * f64::from(sequence));
            at = (at.0 + 0.1 * angle.cos(), at.1 + 0.1 * angle.sin());
            points.push(at);
        }
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        chart = chart
            .with(Series::line(format!("sequence {}", sequence + 1), x, y).tone(Tone::Category(sequence as usize)));
    }
    Figure::new("sequences", "Sequences split one movement after the other.").with(chart)
}

/// The arm of Miconi (2017), moved by what solves its task, a little stronger or weaker from trial to trial. The only
/// numbers of this page that are not made up.
pub fn reaches() -> Vec<Figure> {
    let task = cogrnn::experiment::Experiment::load("miconi2017/arm", &[]).expect("it is shipped").task;
    let mut reaches = Reaches::new(Settings::default());
    for index in 0..4 {
        let request = Request::new(Set::Test, index, ms(1.0));
        let address = Address { seed: 1, purpose: Purpose::TestTrials, trial: index as u64 };
        let outline = task.outline(&request, &mut address.stream());
        let ball = outline.value("ball").expect("its column");
        let inputs: Vec<f32> = (0..700).flat_map(|_| if ball < 1.5 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
        let seen = Seen { inputs: &inputs, steps: 700, dt: ms(1.0), baseline: 0.0 };
        let strength = if index < 2 { 1.0 } else { 0.8 };
        let outputs: Vec<f32> = task.ideal_observer(&seen).iter().map(|r| strength * r).collect();
        reaches.see(index, ball, task.movement(&outline, ms(1.0), &outputs).as_ref());
    }
    let body = task.body().expect("an arm");
    cogrnn_report::figures::reaches(&reaches.report().expect("four movements"), &body)
}

fn verdicts() -> TableView {
    let row = |result: &str, published: &str, ours: &str, statistic: &str, verdict, words: &str| {
        vec![
            Cell::text(result),
            if published.is_empty() { Cell::Empty } else { Cell::number(published) },
            Cell::number(ours),
            Cell::text(statistic),
            Cell::Verdict(verdict, words.into()),
        ]
    };
    TableView::reproduction("What was published and what we find.")
        .caption("Six seeds.")
        .row(row(
            "Chose right, coherence > 0",
            "about 85 %",
            "86.9 % (85.4–88.1)",
            "within ±3 points",
            Verdict::Yes,
            "",
        ))
        .row(row("PC1 + PC2, sequence task", "71 %", "73.2 % (69–77)", "range contains it", Verdict::Yes, ""))
        .row(row(
            "1/σ² of both modalities is the sum",
            "",
            "ratio 1.31 (1.12–1.60)",
            "interval excludes 1",
            Verdict::No,
            "higher",
        ))
        .row(row("Minutes of training", "3", "2.2 (1.9–2.6)", "other machine", Verdict::Unsure, "not comparable"))
}
