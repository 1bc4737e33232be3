//! Murray (2019): local online learning with random feedback, beside backpropagation through time.
//!
//! The paper prints curves and no numbers, so what is judged are its statements, over nine networks a cell as there.
//! Losses are those of the last trial, L = ½ ⟨ε²⟩; without output it is 0.328. Beside the published learning rates the
//! paper's grid is searched: an independent attempt with the published ones did not bring out figure 2d (§10 of
//! the specification). Networks of one seed begin alike under every rule.

use super::claims::{Row, Verdict};
use crate::analyses::{self, Numbers, Plan, What};
use crate::compare::{Comparison, Trained, Wish, sign_test};
use crate::evaluate;
use crate::trainer::Machine;
use cogrnn_analysis::interval;
use cogrnn_core::error::{Error, Result};
use std::path::Path;

/// Comparisons that the protocol is made of, by the name of their part.
const PROTOCOL: [(&str, &str); 9] = [
    ("periods", include_str!("../../../../experiments/murray2019/protocol/periods.toml")),
    ("rates-200", include_str!("../../../../experiments/murray2019/protocol/rates-200.toml")),
    ("rates-400", include_str!("../../../../experiments/murray2019/protocol/rates-400.toml")),
    ("rates-800", include_str!("../../../../experiments/murray2019/protocol/rates-800.toml")),
    ("rates-1600", include_str!("../../../../experiments/murray2019/protocol/rates-1600.toml")),
    ("variants", include_str!("../../../../experiments/murray2019/protocol/variants.toml")),
    ("intervals", include_str!("../../../../experiments/murray2019/protocol/intervals.toml")),
    ("sequences", include_str!("../../../../experiments/murray2019/protocol/sequences.toml")),
    ("notebook", include_str!("../../../../experiments/murray2019/protocol/notebook.toml")),
];

/// Loss of the periodic task without any output.
pub const SILENT: f64 = 0.328_125;
/// Share of wrong verdicts that is taken into account.
const LEVEL: f64 = 0.05;
/// A waveform is learnt when this share of the loss without output is left.
const LEARNT: f64 = 0.1;

/// The parts of the protocol of these names (none: all) with so many networks a cell and these changes in all of them;
/// runs go to folders under `out`.
///
/// # Errors
/// A part that there is not; a change that an experiment refuses.
pub fn protocol(parts: &[String], networks: usize, changes: &[String], out: &Path) -> Result<Comparison> {
    if let Some(part) = parts.iter().find(|p| !PROTOCOL.iter().any(|(name, _)| name == p)) {
        return Err(Error::input(format!("the protocol of murray2019 has no part `{part}`"))
            .at("PART")
            .why(format!("there are {}", PROTOCOL.map(|(name, _)| name).join(", ")))
            .remedy("name some of them, or none for all"));
    }
    let wish = Wish { networks: Some(networks), changes: changes.to_vec(), experiments: None };
    let parts = PROTOCOL
        .iter()
        .filter(|(name, _)| parts.is_empty() || parts.iter().any(|p| p == name))
        .map(|(name, text)| {
            let origin = format!("the part `{name}` of murray2019");
            let mut part = Comparison::parse(text, &origin, "murray2019", Path::new(""), &wish, &out.join(name))?;
            part.experiments = vec![(*name).to_string()];
            part.jobs.iter_mut().for_each(|job| job.experiment_name = (*name).to_string());
            Ok(part)
        })
        .collect::<Result<Vec<_>>>()?;
    let mut whole = Comparison::join(parts).ok_or_else(|| Error::input("an empty protocol"))?;
    whole.title = "Local online learning in recurrent networks with random feedback (Murray 2019)".into();
    Ok(whole)
}

/// Networks of one variant of one part, by seed.
struct Cell<'a> {
    part: &'a str,
    variant: String,
    networks: Vec<&'a Trained>,
}

impl<'a> Cell<'a> {
    fn new(part: &'a str, variant: impl Into<String>, trained: &'a [Trained]) -> Cell<'a> {
        let variant = variant.into();
        let mut networks: Vec<&Trained> =
            trained.iter().filter(|t| t.job.experiment_name == part && t.job.variant == variant).collect();
        networks.sort_by_key(|t| t.summary.seed);
        Cell { part, variant, networks }
    }

    /// Loss at the last check; infinite where training diverged.
    fn losses(&self) -> Vec<f64> {
        self.networks.iter().map(|t| t.last_cost()).collect()
    }

    fn median(&self) -> f64 {
        median(&self.losses())
    }

    /// Alignment of the first and of the last check.
    fn alignments(&self) -> Vec<[f64; 2]> {
        let ends = |t: &&Trained| {
            let all: Vec<f64> = t.learning.iter().filter_map(|c| c.alignment).collect();
            Some([*all.first()?, *all.last()?])
        };
        self.networks.iter().filter_map(ends).collect()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n => 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]),
    }
}

/// Whether the numbers of one cell are below those of another, seed by seed.
fn below(these: &[f64], those: &[f64]) -> (String, Verdict) {
    let less = these.iter().zip(those).filter(|(a, b)| a < b).count();
    let more = these.iter().zip(those).filter(|(a, b)| a > b).count();
    let p = sign_test(less, more);
    let verdict = match (p <= LEVEL, less > more) {
        (true, true) => Verdict::Yes,
        (true, false) => Verdict::No,
        (false, _) => Verdict::Unsure,
    };
    let medians = format!("medians {:.2e} and {:.2e}", median(these), median(those));
    (format!("{medians}; less at {less} seeds, more at {more}, p = {p:.3} (sign test)"), verdict)
}

/// A statement about periodic output.
fn row(figure: &str, claim: String, values: Vec<f64>, unit: &str, (statistic, verdict): (String, Verdict)) -> Row {
    Row {
        figure: figure.into(),
        model: "Periodic output".into(),
        claim,
        published: "P".into(),
        values,
        unit: unit.into(),
        counted: false,
        statistic,
        verdict,
    }
}

/// Every statement with its verdict.
pub fn judge(trained: &[Trained]) -> Vec<Row> {
    let mut rows = Vec::new();
    let cell = |part: &'static str, variant: &str| Cell::new(part, variant, trained);

    // The losses themselves, whose printed values are curves.
    for period in [200, 400, 800, 1600] {
        for rule in ["rflo", "bptt"] {
            let published = cell("periods", &format!("{rule}-{period}"));
            let statistic = format!("median {:.2e}; without output {SILENT:.3}", published.median());
            let claim = format!("{}, period of {period} steps, published rate: final loss", rule.to_uppercase());
            let shown = row("2b", claim, published.losses(), "", (statistic, Verdict::Shown));
            rows.push(Row { published: "a curve".into(), ..shown });
        }
        for rule in ["rflo", "bptt"] {
            let Some(best) = best_rate(trained, period, rule) else { continue };
            let statistic = format!("median {:.2e}, the lowest of the rates tried", best.median());
            let claim = format!("{}, period of {period} steps, rate {}: final loss", rule.to_uppercase(), best.rate());
            let shown = row("2b", claim, best.losses(), "", (statistic, Verdict::Shown));
            rows.push(Row { published: "–".into(), ..shown });
        }
    }

    let short = ["rflo", "bptt"].map(|rule| cell("periods", &format!("{rule}-200")));
    let [rflo, bptt] = &short;
    let learnt = short.iter().all(|c| c.median() < LEARNT * SILENT);
    let verdict = if learnt { Verdict::Yes } else { Verdict::No };
    let statistic = format!(
        "medians {:.2e} and {:.2e} (BPTT); both must be below a tenth of {SILENT:.3}",
        rflo.median(),
        bptt.median()
    );
    rows.push(row("2a", "both rules learn a short period (200 steps)".into(), rflo.losses(), "", (statistic, verdict)));

    let long = cell("periods", "rflo-1600");
    rows.push(row(
        "2b",
        "RFLO degrades with the period: loss at 200 steps below that at 1600".into(),
        rflo.losses(),
        "",
        below(&rflo.losses(), &long.losses()),
    ));
    for period in [800, 1600] {
        let (b, r) = (cell("periods", &format!("bptt-{period}")), cell("periods", &format!("rflo-{period}")));
        rows.push(row(
            "2b",
            format!("BPTT is better at {period} steps, published rates"),
            b.losses(),
            "",
            below(&b.losses(), &r.losses()),
        ));
        if let (Some(b), Some(r)) = (best_rate(trained, period, "bptt"), best_rate(trained, period, "rflo")) {
            rows.push(row(
                "2b",
                format!("BPTT is better at {period} steps, rates searched ({} and {})", b.rate(), r.rate()),
                b.losses(),
                "",
                below(&b.losses(), &r.losses()),
            ));
        }
    }

    // Figure 2d: which approximation costs what.
    const RULES: [&str; 4] = ["bptt", "nonlocal", "symmetric", "rflo"];
    let published = RULES.map(|rule| Some(cell("periods", &format!("{rule}-800"))));
    let searched = RULES.map(|rule| best_rate(trained, 800, rule));
    for (how, all) in [("published rates", published), ("rates searched", searched)] {
        let [Some(bptt), Some(nonlocal), Some(symmetric), Some(rflo)] = all else { continue };
        let (statistic, verdict) = below(&bptt.losses(), &symmetric.losses());
        let claim = format!("at 800 steps the local approximation costs: BPTT below local, symmetric; {how}");
        rows.push(row("2d", claim, symmetric.losses(), "", (statistic, verdict)));
        for (with, without, name) in [(&nonlocal, &bptt, "BPTT"), (&rflo, &symmetric, "local learning")] {
            let (statistic, verdict) = below(&without.losses(), &with.losses());
            // the claim is that nothing is lost
            let verdict = if verdict == Verdict::Yes { Verdict::No } else { Verdict::Yes };
            let claim = format!("at 800 steps random feedback costs {name} nothing; {how}");
            rows.push(row("2d", claim, with.losses(), "", (format!("{statistic}; it may not cost"), verdict)));
        }
    }

    // Alignment.
    let ends = rflo.alignments();
    let gains: Vec<f64> = ends.iter().map(|[first, last]| last - first).collect();
    let rises = gains.iter().filter(|g| **g > 0.0).count();
    let verdict = if rises == gains.len() && !gains.is_empty() { Verdict::Yes } else { Verdict::No };
    let statistic = format!(
        "cosine {:.2} at first, {:.2} at the end (medians); rises in {rises} of {}, must in all",
        median(&ends.iter().map(|e| e[0]).collect::<Vec<_>>()),
        median(&ends.iter().map(|e| e[1]).collect::<Vec<_>>()),
        gains.len()
    );
    rows.push(row(
        "2c",
        "readout weights align with the feedback under RFLO".into(),
        gains.clone(),
        "",
        (statistic, verdict),
    ));
    let drift: Vec<f64> = bptt.alignments().iter().map(|[first, last]| (last - first).abs()).collect();
    let (statistic, verdict) = below(&drift, &gains);
    rows.push(row("2c", "and hardly change their angle to it under BPTT".into(), drift, "", (statistic, verdict)));

    rows.extend(variants(trained));
    rows.extend(intervals(trained));
    rows.extend(sequences(trained));
    rows.extend(notebook(trained));
    // parts that were not asked for
    rows.retain(|row| !row.values.is_empty());
    rows
}

/// The supplements of figure 2.
fn variants(trained: &[Trained]) -> Vec<Row> {
    let cell = |variant: &str| Cell::new("variants", variant, trained);
    let free = cell("free");
    let mut rows = Vec::new();
    let dale = cell("dale");
    let (statistic, _) = below(&free.losses(), &dale.losses());
    let alike = dale.median() < 5.0 * free.median();
    let statistic = format!("{statistic}; its median may be five times as large");
    let verdict = if alike { Verdict::Yes } else { Verdict::No };
    rows.push(row(
        "2-1",
        "with Dale's law learning ends about as well".into(),
        dale.losses(),
        "",
        (statistic, verdict),
    ));

    for (variant, how) in [("readout-fed-back", "outputs fed back by B"), ("readout-only", "nothing fed back")] {
        let losses = cell(variant).losses();
        let judged = below(&free.losses(), &losses);
        let shown = row("2-2", format!("readout weights alone do worse ({how})"), losses, "", judged);
        let published = if variant == "readout-only" { "–" } else { "P" };
        rows.push(Row { published: published.into(), ..shown });
    }
    let recurrent = cell("recurrent-only");
    let least = recurrent.losses().into_iter().fold(f64::INFINITY, f64::min);
    let moved = recurrent.alignments().iter().map(|[a, b]| (a - b).abs()).fold(0.0, f64::max);
    let fails = least > 0.5 * SILENT && moved == 0.0;
    let statistic = format!(
        "lowest loss {least:.2e}, must stay above half of {SILENT:.3}; the alignment moves by {moved:.0e}, must by nothing"
    );
    let verdict = if fails { Verdict::Yes } else { Verdict::No };
    rows.push(row(
        "2-2",
        "recurrent weights alone fail completely".into(),
        recurrent.losses(),
        "",
        (statistic, verdict),
    ));

    for (what, variants) in [
        ("size: 10, 30, 100 units", ["units-10", "free", "units-100"]),
        ("gain: 0.5, 1, 1.5", ["gain-0.5", "gain-1", "gain-1.5"]),
    ] {
        let cells = variants.map(cell);
        let [small, middle, large] = &cells;
        let (statistic, verdict) = below(&large.losses(), &small.losses());
        let medians = [small, middle, large].map(|c| format!("{:.2e}", c.median())).join(", ");
        let statistic = format!("medians {medians}; largest beside smallest: {statistic}");
        rows.push(row("2-3", format!("the loss falls with {what}"), large.losses(), "", (statistic, verdict)));
    }
    rows
}

/// Error without output of trials with delays of up to so many time constants: a Gaussian pulse of s.d. 15 in each, among
/// 110 + 2 · delay steps.
fn silent_interval(longest: f64) -> f64 {
    let energy = std::f64::consts::PI.sqrt() * 15.0;
    (energy / (110.0 + 2.0 * 10.0 * longest)).sqrt()
}

/// Figure 3, by the error of the output at the end of training.
fn intervals(trained: &[Trained]) -> Vec<Row> {
    let errors = |rule: &str, longest: u32| -> Vec<f64> {
        let cell = Cell::new("intervals", format!("{rule}-{longest}"), trained);
        cell.networks.iter().map(|t| t.learning.last().map_or(f64::INFINITY, |c| c.rmse)).collect()
    };
    let about = |longest: u32| format!("delays of up to {longest} τ");
    let row = |claim, values, judged| Row { model: "Interval matching".into(), ..row("3", claim, values, "", judged) };
    let mut rows = Vec::new();
    let (rflo, bptt) = (errors("rflo", 15), errors("bptt", 15));
    let alike = median(&rflo) < 2.0 * median(&bptt);
    let silent = silent_interval(15.0);
    let statistic = format!(
        "median error {:.3}, of BPTT {:.3}, without output {silent:.3}; it may be twice that of BPTT",
        median(&rflo),
        median(&bptt)
    );
    let verdict = if alike { Verdict::Yes } else { Verdict::No };
    rows.push(row(format!("RFLO is about as good as BPTT, {}", about(15)), rflo, (statistic, verdict)));
    let (rflo, bptt) = (errors("rflo", 20), errors("bptt", 20));
    rows.push(row(format!("RFLO is worse than BPTT, {}", about(20)), rflo.clone(), below(&bptt, &rflo)));
    let bptt = errors("bptt", 25);
    let silent = silent_interval(25.0);
    let verdict = if median(&bptt) < 0.5 * silent { Verdict::Yes } else { Verdict::No };
    let statistic = format!("median error {:.3}, without output {silent:.3}; half of that is the bound", median(&bptt));
    rows.push(row(format!("BPTT is still good, {}", about(25)), bptt, (statistic, verdict)));
    rows
}

/// The author's program, which keeps the loss of the last of 10,000 trials of one network by each rule.
fn notebook(trained: &[Trained]) -> Vec<Row> {
    let judged = |(rule, published): (&str, f64)| {
        let losses = Cell::new("notebook", rule, trained).losses();
        let (low, high) =
            (losses.iter().fold(f64::INFINITY, |m, x| m.min(*x)), losses.iter().fold(0.0f64, |m, x| m.max(*x)));
        let within = low <= published && published <= high;
        let verdict = if within { Verdict::Yes } else { Verdict::No };
        let statistic =
            format!("median {:.2e}; {published:.2e} must lie within ours, {low:.1e} to {high:.1e}", median(&losses));
        let claim = format!("{}, period of 100 steps, 50 units, the author's program: final loss", rule.to_uppercase());
        Row {
            published: format!("{published:.2e} (NB, one network)"),
            ..row("–", claim, losses, "", (statistic, verdict))
        }
    };
    [("bptt", 2.316e-4), ("rflo", 1.519e-4)].map(judged).into()
}

/// Figure 3, by the peaks of the output: slope of the interval made on the interval shown, and how far off it is.
///
/// # Errors
/// A run that cannot be read.
pub fn peaks(trained: &[Trained], machine: &Machine) -> Result<Vec<Row>> {
    let plan = Plan { name: "interval".into(), what: What::Interval(interval::Settings::default()) };
    let mut rows = Vec::new();
    for longest in [15, 20, 25] {
        for rule in ["rflo", "bptt"] {
            let cell = Cell::new("intervals", format!("{rule}-{longest}"), trained);
            let (mut slopes, mut errors, mut without) = (Vec::new(), Vec::new(), Vec::new());
            // A network that diverged has nothing to show.
            for network in cell.networks.iter().filter(|t| t.last_cost().is_finite()) {
                let open = evaluate::Trained::open(&network.job.folder, machine)?;
                let found = analyses::analyse(&open, &[&plan], &open.test_run(), &mut |_| ())?;
                let Some(Numbers::Interval(report)) = found.get("interval") else { continue };
                slopes.extend(report.line.map(|line| line.slope));
                errors.extend(report.error);
                without.push(100.0 * report.without as f64 / report.trials.max(1) as f64);
            }
            if without.is_empty() {
                continue;
            }
            let name = rule.to_uppercase();
            let error = if errors.is_empty() { "none".into() } else { format!("{:.0} ms", median(&errors)) };
            let statistic = format!(
                "1 is as shown; error {error}; {:.0} % of trials without a pulse (medians of {} networks)",
                median(&without),
                without.len()
            );
            let claim = format!("{name}, delays of up to {longest} τ: slope of the interval made on that shown");
            let shown = row("3", claim, slopes, "", (statistic, Verdict::Shown));
            rows.push(Row { model: "Interval matching".into(), published: "a figure".into(), ..shown });
        }
    }
    Ok(rows)
}

/// Figure 4, by the error of the outputs over the whole sequence.
fn sequences(trained: &[Trained]) -> Vec<Row> {
    let networks = |variant: &str| Cell::new("sequences", variant, trained).networks;
    let around = networks("loop");
    let tries: Vec<_> = around.iter().map(|t| t.summary.around.as_ref()).collect();
    let looped: Vec<f64> = tries.iter().map(|o| o.map_or(f64::INFINITY, |o| o.last.rmse)).collect();
    let by_heart = |variant: &str| -> Vec<f64> {
        networks(variant).iter().map(|t| t.learning.last().map_or(f64::INFINITY, |c| c.rmse)).collect()
    };
    let row = |claim: &str, values, judged| Row {
        model: "Sequence of syllables".into(),
        ..row("4", claim.into(), values, "", judged)
    };
    let whole = tries.iter().filter(|o| o.is_some_and(|o| o.last.right == o.of)).count();
    let verdict = if 2 * whole > tries.len() { Verdict::Yes } else { Verdict::No };
    let statistic = format!("all syllables right in {whole} of {} networks, must be in most", tries.len());
    let mut rows =
        vec![row("the loop learns to string the syllables together: error", looped.clone(), (statistic, verdict))];
    for rule in ["rflo", "bptt"] {
        let without = by_heart(rule);
        let claim = format!("RFLO with the loop is better than {} without, by heart", rule.to_uppercase());
        rows.push(row(&claim, looped.clone(), below(&looped, &without)));
    }
    rows
}

impl Cell<'_> {
    /// The learning rate in its name.
    fn rate(&self) -> String {
        debug_assert!(self.part.starts_with("rates"), "{}", self.part);
        self.variant.split_once('-').map_or_else(String::new, |(_, rate)| rate.to_string())
    }
}

/// The rate of the search with the lowest median loss.
fn best_rate<'a>(trained: &'a [Trained], period: usize, rule: &str) -> Option<Cell<'a>> {
    let part = PROTOCOL.iter().map(|(name, _)| *name).find(|name| *name == format!("rates-{period}"))?;
    let mut variants: Vec<&str> = trained
        .iter()
        .filter(|t| t.job.experiment_name == part)
        .map(|t| t.job.variant.as_str())
        .filter(|v| v.split_once('-').is_some_and(|(name, _)| name == rule))
        .collect();
    variants.sort_unstable();
    variants.dedup();
    let cells = variants.into_iter().map(|v| Cell::new(part, v, trained));
    cells.min_by(|a, b| a.median().total_cmp(&b.median()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_made_of_experiments_that_work() {
        let whole = protocol(&[], 2, &[], Path::new("out")).unwrap();
        let of = |part: &str| whole.jobs.iter().filter(|j| j.experiment_name == part).count();
        assert_eq!((of("sequences"), of("notebook")), (6, 4));
        let around = |variant: &str| {
            whole
                .jobs
                .iter()
                .find(|j| j.experiment_name == "sequences" && j.variant == variant)
                .unwrap()
                .experiment
                .around
                .is_some()
        };
        assert!(around("loop") && !around("rflo"));
        assert_eq!((of("periods"), of("rates-800"), of("variants"), of("intervals")), (20, 40, 20, 12));
        let mut folders: Vec<_> = whole.jobs.iter().map(|j| j.folder.clone()).collect();
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), whole.jobs.len(), "each network has a folder of its own");
        let job = |part: &str, variant: &str| {
            whole.jobs.iter().find(|j| j.experiment_name == part && j.variant == variant).unwrap()
        };
        assert!(job("periods", "rflo-1600").experiment.resolved().contains("learning_rate = 0.0003"));
        assert!(job("rates-400", "bptt-0.03").experiment.resolved().contains("period = \"400 ms\""));
    }

    #[test]
    fn losses_are_held_against_each_other_seed_by_seed() {
        let low = [0.1; 9];
        let high = [0.2; 9];
        assert_eq!(below(&low, &high).1, Verdict::Yes);
        assert_eq!(below(&high, &low).1, Verdict::No);
        assert_eq!(below(&low, &low).1, Verdict::Unsure);
        // 5 of 9 decide nothing
        let mixed: Vec<f64> = (0..9).map(|k| if k < 5 { 0.1 } else { 0.3 }).collect();
        assert_eq!(below(&mixed, &high).1, Verdict::Unsure);
        assert_eq!(median(&[3.0, 1.0, 2.0, f64::INFINITY]), 2.5);
        assert!(median(&[]).is_nan());
        // 26.6 of 410 steps
        assert!((silent_interval(15.0) - 0.2547).abs() < 1e-4);
    }
}
