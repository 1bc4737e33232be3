//! The page of a reproduced paper.

use super::sequence::sequence;
use super::{comparison, duration, figures_of, thousands, title_of, weights_figures};
use crate::{Axis, Cell, Chart, Figure, Key, Mark, Page, Section, Series, TableView, Tone, Verdict};
use cogrnn::analyses::Named;
use cogrnn::auxiliary::Played;
use cogrnn::compare::{CellSummary, Comparison, Trained};
use cogrnn::reproduce::fading::Faded;
use cogrnn::reproduce::miconi2017::traces::{Gradients, Relaxation, Trace, relaxation};
use cogrnn::reproduce::{self, Model, Network, Row, Shown};
use cogrnn_core::error::Result;

/// Figure by figure: what was published, what came out here, whether they agree, and the figures of the
/// network with the published seed.
///
/// # Errors
/// Weights that cannot be read.
pub fn reproduction(networks: &[Network], rows: &[Row]) -> Result<Page> {
    let mut models: Vec<&'static Model> = Vec::new();
    for network in networks {
        if !models.contains(&network.job.model) {
            models.push(network.job.model);
        }
    }
    models.sort_by_key(|m| reproduce::SONG2016.iter().position(|s| s == *m));
    let groups: Vec<Group<'_>> = models.iter().map(|m| (*m, of(m, networks))).collect();
    let count = |v: reproduce::Verdict| rows.iter().filter(|r| r.verdict == v).count();
    let (yes, no) = (count(reproduce::Verdict::Yes), count(reproduce::Verdict::No));
    let (unsure, shown) = (count(reproduce::Verdict::Unsure), count(reproduce::Verdict::Shown));
    let seeds = groups.iter().map(|g| g.1.len()).max().unwrap_or(0);
    let seconds: f64 = networks.iter().map(|n| n.summary.seconds).sum();
    let mut page = Page::new("Song, Yang & Wang 2016, reproduced")
        .subtitle(
            "Training excitatory-inhibitory recurrent neural networks for cognitive tasks. PLOS Comput. Biol. 12(2): \
             e1004792. Every model with its published parameters, every claim with a statistic over seeds.",
        )
        .fact("Networks", format!("{} ({} models, up to {seeds} seeds)", networks.len(), models.len()))
        .fact("Training", format!("{} on one thread each, together", duration(seconds)))
        .fact("Rows", format!("{yes} yes, {no} no, {unsure} unsure, {shown} shown"));

    let mut overview = Section::new("training", "Training (Fig 9)").text(
        "Each model from the seed of its figure (black) and from others (grey); red: the target. A check every 10,000 \
         trials. Times are of one thread while the machine's other cores trained other networks.",
    );
    overview = overview.figure(curves(&groups)).table(times(&groups));
    if let Some(table) = not_analysed(&groups) {
        overview = overview.table(table);
    }
    page = page.with(table_of("verdicts", "What was published and what came out", rows, &|_| true));
    page = page.with(overview);
    for figure in ["2", "3", "4", "5", "6", "7", "8"] {
        for (model, networks) in groups.iter().filter(|(m, _)| m.figures.first() == Some(&figure)) {
            let Some(shown) = networks.iter().find(|n| n.job.figure) else { continue };
            let id = model.experiment.rsplit('/').next().unwrap_or_default();
            let heading = Section::new(id, format!("Fig {figure}: {}", model.title));
            let seed = shown.job.experiment.seed;
            let Shown { trained, analysed } = match &shown.shown {
                Ok(shown) => shown,
                Err(why) => {
                    page = page
                        .with(heading.text(format!("`{}` with seed {seed}: not analysed: {why}.", model.experiment)));
                    continue;
                }
            };
            let mut section = heading.text(format!(
                "`{}` with seed {}: {} test trials at dt = {}.",
                model.experiment,
                seed,
                thousands(analysed.trials as u64),
                shown.job.experiment.test_dt,
            ));
            for Named { name, numbers } in &analysed.numbers {
                section = section.text(format!("{}: {}.", title_of(name), numbers.headline()));
            }
            for named in &analysed.numbers {
                for mut drawn in figures_of(trained, analysed, named)? {
                    drawn.id = format!("{id}-{}", drawn.id);
                    section = section.figure(drawn);
                }
            }
            if figure == "5" && analysed.get("selectivity").is_none() {
                section = section.figures(weights_figures(trained, Some(analysed))?);
            }
            page = page.with(section);
        }
    }
    Ok(page)
}

/// A model and its networks, the figure's first.
type Group<'n> = (&'static Model, Vec<&'n Network>);

fn of<'n>(model: &Model, networks: &'n [Network]) -> Vec<&'n Network> {
    let mut found: Vec<&Network> = networks.iter().filter(|n| n.job.model == model).collect();
    found.sort_by_key(|n| (!n.job.figure, n.job.experiment.seed));
    found
}

fn curves(groups: &[Group<'_>]) -> Figure {
    let mut figure = Figure::new("learning", "Learning of every model").columns(3);
    for (model, networks) in groups {
        let Some(first) = networks.first() else { continue };
        let measured = first.learning.iter().any(|c| c.performance.is_some());
        let y = if measured { Axis::new("Chose right", "%") } else { Axis::new("Error", "") };
        let mut chart = Chart::new(model.title, Axis::new("Trials", "thousands"), y).no_legend();
        for network in networks.iter().rev() {
            // The first check of a task judged by its error is far above all others.
            let checks = network.learning.iter().filter(|c| measured || c.updates > 0);
            let points = checks
                .map(|c| (c.trials as f64 / 1000.0, if measured { c.performance.unwrap_or(f64::NAN) } else { c.rmse }));
            let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
            let series = Series::line(format!("seed {}", network.job.experiment.seed), x, y);
            chart = chart.with(if network.job.figure {
                series.tone(Tone::Ink)
            } else {
                series.tone(Tone::Muted).weight(0.7)
            });
        }
        let stop = &first.job.experiment.stop;
        chart = match stop.performance {
            Some(target) => chart.mark(Mark::target(target.round(), "target")),
            None => chart.mark(Mark::target(stop.error, "target")),
        };
        figure = figure.with(chart);
    }
    figure
}

fn times(groups: &[Group<'_>]) -> TableView {
    let mut table = TableView::new(
        "Training time",
        ["Model", "Units", "Networks", "Updates: median (range)", "Minutes", "ms an update"],
    )
    .caption(
        "Whole training on one thread: trials, updates, checks and checkpoints. The published minutes are not known.",
    );
    for (model, networks) in groups {
        let spread = |name: &str, digits: usize| {
            let mut v: Vec<f64> = networks.iter().filter_map(|n| n.measures.get(name).copied()).collect();
            v.sort_by(f64::total_cmp);
            let (Some(low), Some(high)) = (v.first(), v.last()) else { return "–".to_string() };
            let median = 0.5 * (v[(v.len() - 1) / 2] + v[v.len() / 2]);
            let show = |x: f64| if digits == 0 { thousands(x as u64) } else { format!("{x:.digits$}") };
            if v.len() == 1 { show(*low) } else { format!("{} ({} to {})", show(median), show(*low), show(*high)) }
        };
        let units = networks.first().map_or(0, |n| n.job.experiment.network.shape.units);
        table = table.row(vec![
            Cell::text(model.title),
            Cell::number(units.to_string()),
            Cell::number(networks.len().to_string()),
            Cell::number(spread("updates", 0)),
            Cell::number(spread("minutes", 2)),
            Cell::number(spread("ms_per_update", 2)),
        ]);
    }
    table
}

/// Networks that there is nothing to show of, and why.
fn not_analysed(groups: &[Group<'_>]) -> Option<TableView> {
    let mut table = TableView::new("Not analysed", ["Model", "Seed", "Why"])
        .caption("Their training counts; what they do could not be measured.");
    let mut any = false;
    for (model, networks) in groups {
        for network in networks {
            if let Err(why) = &network.shown {
                any = true;
                let seed = network.job.experiment.seed.to_string();
                table = table.row(vec![Cell::text(model.title), Cell::number(seed), Cell::text(why.clone())]);
            }
        }
    }
    any.then_some(table)
}

/// What came of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Its networks.
    pub trained: &'a [Trained],
    /// Variant by variant.
    pub summaries: &'a [CellSummary],
    /// Its claims.
    pub rows: &'a [Row],
    /// How far errors reach back (soo2023).
    pub faded: &'a [Faded],
    /// Networks in detail (miconi2017), each with the name of its part.
    pub looked_at: &'a [(String, Shown)],
    /// What each trace has to do with a gradient (miconi2017).
    pub gradients: &'a [Gradients],
}

/// Claims that rest on networks trained under several settings, these settings side by side, and what single networks of
/// them do.
///
/// # Errors
/// Learning curves that cannot be put side by side.
pub fn protocol(settings: &Comparison, found: &Found<'_>) -> Result<Page> {
    let &Found { trained, summaries, rows, faded, looked_at, gradients } = found;
    let count = |v: reproduce::Verdict| rows.iter().filter(|r| r.verdict == v).count();
    let mut page = comparison::comparison(settings, trained, summaries)?;
    let looped = trained.iter().find(|t| t.summary.around.is_some());
    if let Some((network, plan)) = looped.and_then(|t| Some((t, t.job.experiment.around.as_ref()?)))
        && let Some(played) = Played::read(&network.job.folder)?
    {
        page = page.with(sequence(&played, plan.syllables.length.as_ms()));
    }
    if !faded.is_empty() {
        page = page.with(fading(faded, &settings.variants));
    }
    if let Some(first) = gradients.first() {
        page = page.with(traces(first));
    }
    for (name, Shown { trained, analysed }) in looked_at {
        let id = format!("{name}-network");
        let mut section = Section::new(&id, format!("{name}: a network")).text(format!(
            "Seed {}; {} test trials at dt = {}.",
            trained.experiment.seed,
            thousands(analysed.trials as u64),
            trained.experiment.test_dt
        ));
        for named in &analysed.numbers {
            section = section.text(format!("{}: {}.", title_of(&named.name), named.numbers.headline()));
            for mut drawn in figures_of(trained, analysed, named)? {
                drawn.id = format!("{id}-{}", drawn.id);
                section = section.figure(drawn);
            }
        }
        page = page.with(section);
    }
    Ok(page
        .fact(
            "Rows",
            format!(
                "{} yes, {} no, {} unsure, {} shown",
                count(reproduce::Verdict::Yes),
                count(reproduce::Verdict::No),
                count(reproduce::Verdict::Unsure),
                count(reproduce::Verdict::Shown)
            ),
        )
        .led_by(table_with("verdicts", "What was published and what came out", CLAIMED, rows, &|_| true)))
}

/// Each trace's gradients beside those of node perturbation, of one network, and one unit that is disturbed and relaxes.
fn traces(of: &Gradients) -> Section {
    let Relaxation { x, deflection, disturbed } = relaxation();
    let t: Vec<f64> = (0..x.len()).map(|t| t as f64).collect();
    let unit = Chart::new("", Axis::new("Time", "ms"), Axis::new("", ""))
        .with(Series::line("x", t.clone(), x).tone(Tone::Muted))
        .with(Series::line("x - x̄", t, deflection).tone(Tone::Category(0)))
        .mark(Mark::vertical(disturbed as f64, "disturbed"))
        .legend(vec![Key::line("x", Tone::Muted, false), Key::line("x - x̄", Tone::Category(0), false)]);
    let mut panels = Figure::new("traces-gradients", "Gradients of each trace beside node perturbation's")
        .caption(format!(
            "One point a trial, each axis by its own largest value; r and ρ are correlations of values and of ranks. \
             Network {}; (a) to (f) are the panels of figure 9, the others came with the paper's program.",
            of.seed
        ))
        .columns(3);
    let scaled = |values: &[f64]| -> Vec<f64> {
        let most = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        values.iter().map(|v| v / most.max(f64::MIN_POSITIVE)).collect()
    };
    let across = scaled(&of.perturbation);
    for (trace, values) in Trace::ALL.into_iter().zip(&of.traces) {
        let [r, rho] = of.correlations(trace);
        let title = format!("{}: r = {r:.2}, ρ = {rho:.2}", trace.title());
        let axis = |label: &str| Axis::new(label, "").range(-1.05, 1.05);
        panels = panels.with(
            Chart::new(title, axis("Node perturbation"), axis("This trace"))
                .with(Series::points("trials", across.clone(), scaled(values)).tone(Tone::Category(0)))
                .no_legend(),
        );
    }
    let caption = "A unit with a constant input, τ = 10 ms, disturbed once so that x jumps by one. Right after it x - x̄ is \
                   large for a moment, then small and of the other sign for long: a linear trace adds up to nothing.";
    Section::new("traces", "Why the trace is supralinear (Fig 8 and 9)")
        .figure(Figure::new("traces-relaxation", "A disturbed unit relaxes").caption(caption).with(unit))
        .figure(panels)
}

/// How errors fade on their way back, of the first network of each scheme.
fn fading(faded: &[Faded], variants: &[String]) -> Section {
    let mut section = Section::new("fading", "How far errors reach back");
    let seed = faded[0].seed;
    for (id, title, later) in
        [("fading-first", "At initialisation", false), ("fading-quarter", "After a quarter", true)]
    {
        let shown = || faded.iter().filter(|f| f.seed == seed && (f.updates > 0) == later);
        if shown().next().is_none() {
            continue;
        }
        // Six powers of ten; what is further down is lost in any case.
        let y = Axis::new("Gradient beside lag 0", "").log().range(1e-6, 10.0);
        let mut chart = Chart::new("", Axis::new("Lag", "s"), y);
        let mut keys = Vec::new();
        for f in shown() {
            let x: Vec<f64> = (0..f.gradient.len()).map(|lag| lag as f64 * f.step).collect();
            // the colour that the variant has on the rest of the page
            let tone = Tone::Category(variants.iter().position(|v| *v == f.variant).unwrap_or(0));
            chart = chart.with(Series::line(&f.variant, x, f.gradient.clone()).tone(tone));
            keys.push(Key::line(&f.variant, tone, false));
        }
        let caption = "Mean length of the gradient of what a trial's last step costs, with respect to the state so much \
                       earlier. Plain networks lose it exponentially, skips hand a share of it on over their length.";
        section = section.figure(Figure::new(id, title).caption(caption).with(chart.legend(keys)));
    }
    section
}

const PUBLISHED: &str = "P: the paper. S6.4: a rerun of its program, one seed. A sign test needs five networks to say yes or \
                         no at 5 %, everything else three; with fewer a claim stays unsure. Shown: nothing was published \
                         to agree with.";
const CLAIMED: &str = "P: the paper, whose numbers are not public. Sign tests are over networks of the same seed; above 5 % a claim \
                       stays unsure. Shown: nothing was claimed.";

fn table_of(id: &str, title: &str, rows: &[Row], keep: &dyn Fn(&Row) -> bool) -> Section {
    table_with(id, title, PUBLISHED, rows, keep)
}

fn table_with(id: &str, title: &str, caption: &str, rows: &[Row], keep: &dyn Fn(&Row) -> bool) -> Section {
    let mut table =
        TableView::new("", ["Fig", "Model", "Result", "Published", "Ours: median (range)", "Statistic", "Verdict"])
            .caption(caption);
    for row in rows.iter().filter(|r| keep(r)) {
        let verdict = match row.verdict {
            reproduce::Verdict::Yes => Cell::Verdict(Verdict::Yes, "yes".into()),
            reproduce::Verdict::No => Cell::Verdict(Verdict::No, "no".into()),
            reproduce::Verdict::Unsure => Cell::Verdict(Verdict::Unsure, "unsure".into()),
            reproduce::Verdict::Shown => Cell::text("shown"),
        };
        table = table.row(vec![
            Cell::text(row.figure.clone()),
            Cell::text(row.model.clone()),
            Cell::text(row.claim.clone()),
            Cell::text(row.published.clone()),
            Cell::number(format!("{} {}", row.ours(), row.unit)),
            Cell::text(row.statistic.clone()),
            verdict,
        ]);
    }
    Section::new(id, title).table(table)
}
