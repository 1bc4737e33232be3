//! A network's behaviour beside that of recorded subjects, in a decision whose time is the subject's own.
//!
//! ```text
//! response         the first output above the threshold, at the time it gets there    (Song et al. 2016, fig. 2)
//! reaction time    time of the response - onset of the stimulus + non-decision time
//! psychometric     P(correct) = 1 - ½ exp(-(c/α)^β)         maximum likelihood, c > 0
//! chronometric     mean reaction time of correct answers = RT₁₀ + s log₂(c/10 %)      least squares, weights n/s.d.²
//! ```
//! α is the coherence with 82 % right answers, β the steepness; their 95 % intervals hold all values whose
//! profile likelihood is within χ²₁(0.95)/2 of the best. s is in ms per doubling of the coherence; its
//! standard error is that of means whose s.d. is known. The network has no non-decision time: eyes and
//! muscles add theirs to an animal's.

use crate::evaluate::{TestRun, Trained};
use crate::files;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::task::Outline;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Time that the network needs beside deciding, ms.
pub const NON_DECISION_TIME: f64 = 0.0;

/// The output that ends a trial: first above this (Song et al. 2016, code).
pub const THRESHOLD: f64 = 1.0;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Motion coherence, %, whatever its direction.
    pub coherence: f64,
    /// Whether it was right; `None` where nothing is (no evidence).
    pub correct: Option<bool>,
    /// Reaction time, ms.
    pub rt: f64,
}

/// Whoever answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Name.
    pub name: String,
    /// All answers.
    pub answers: Vec<Answer>,
    /// Trials without an answer.
    pub undecided: usize,
    /// Trials that were answered before the stimulus came; they count nowhere else.
    pub early: usize,
}

/// An estimate and its 95 % interval; an end that the data do not bound is 0 or infinite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Best value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A cumulative Weibull function from 50 to 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Psychometric {
    /// α, % coherence: 82 % right.
    pub threshold: Estimate,
    /// β.
    pub steepness: Estimate,
    /// At the best values, without the binomial coefficients.
    pub log_likelihood: f64,
}

/// A straight line through mean reaction times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Chronometric {
    /// s, ms per doubling of the coherence.
    pub slope: Estimate,
    /// Standard error of s.
    pub slope_error: f64,
    /// Reaction time at 10 % coherence, ms.
    pub at_ten_per_cent: f64,
    /// Σ weight × residual².
    pub chi_squared: f64,
    /// Points less two.
    pub degrees_of_freedom: usize,
}

/// The answers at one coherence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// %.
    pub coherence: f64,
    /// Answers.
    pub trials: usize,
    /// Per cent right, with its 95 % interval (Wilson); none where nothing is right.
    pub correct: Option<Estimate>,
    /// Mean reaction time of right answers in ms; where nothing is right, of all.
    pub rt: Option<f64>,
    /// Standard error of that mean.
    pub rt_error: Option<f64>,
    /// Answers in that mean.
    pub rt_trials: usize,
}

/// What a subject's answers come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curves {
    /// Who.
    pub subject: String,
    /// Answers.
    pub trials: usize,
    /// Trials without an answer.
    pub undecided: usize,
    /// Trials answered before the stimulus.
    pub early: usize,
    /// Coherence by coherence, ascending.
    pub points: Vec<Point>,
    /// Accuracy.
    pub psychometric: Option<Psychometric>,
    /// Why there is no such curve.
    pub no_psychometric: Option<&'static str>,
    /// Reaction time.
    pub chronometric: Option<Chronometric>,
    /// Why there is no such line.
    pub no_chronometric: Option<&'static str>,
}

/// The network less a subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Which subject.
    pub subject: String,
    /// Coherences above 0 that both have answered rightly.
    pub coherences: usize,
    /// Mean over these of the difference in mean reaction time, ms.
    pub rt: Option<f64>,
    /// Its standard error.
    pub rt_error: Option<f64>,
    /// α of the network by α of the subject.
    pub threshold_ratio: Option<f64>,
    /// Difference in s, ms per doubling.
    pub slope: Option<f64>,
    /// Its standard error.
    pub slope_error: Option<f64>,
}

/// Everybody beside everybody; the network comes first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What an output must exceed to count as a response.
    pub threshold: f64,
    /// Added to the network's reaction times, ms.
    pub non_decision_time: f64,
    /// One a subject.
    pub subjects: Vec<Curves>,
    /// One a subject but the network.
    pub differences: Vec<Difference>,
}

/// The first output above the threshold and when, ms; of outputs that get there together the one that comes
/// last (Song et al. 2016, code), as for `Trial::crossing` of the analyses.
pub fn response(times: &[f64], outputs: &[f32], threshold: f64) -> Option<(usize, f64)> {
    let width = outputs.len() / times.len().max(1);
    let mut rows = times.iter().zip(outputs.chunks_exact(width.max(1)));
    rows.find_map(|(t, z)| z.iter().rposition(|z| f64::from(*z) > threshold).map(|last| (last, *t)))
}

impl Subject {
    /// Nobody's answers yet.
    pub fn new(name: impl Into<String>) -> Subject {
        Subject { name: name.into(), ..Subject::default() }
    }

    /// Takes a network's trial: what happened in it, and its outputs (time × output).
    ///
    /// # Errors
    /// If the task leaves the time of the answer to itself, or has no coherence.
    pub fn take(&mut self, outline: &Outline, times: &[f64], outputs: &[f32], threshold: f64) -> Result<()> {
        let (onset, coherence) = reaction_time_task(outline)?;
        match response(times, outputs, threshold) {
            None => self.undecided += 1,
            Some((_, at)) if at <= onset => self.early += 1,
            Some((choice, at)) => self.answers.push(Answer {
                coherence,
                correct: outline.choice.map(|right| right == choice),
                rt: at - onset + NON_DECISION_TIME,
            }),
        }
        Ok(())
    }

    /// Accuracy and reaction time, coherence by coherence, and the curves through them.
    pub fn curves(&self) -> Curves {
        let points = points(&self.answers);
        let (psychometric, no_psychometric) = told(weibull(&counts(&points)));
        let (chronometric, no_chronometric) = told(line(&points));
        Curves {
            subject: self.name.clone(),
            trials: self.answers.len(),
            undecided: self.undecided,
            early: self.early,
            points,
            psychometric,
            no_psychometric,
            chronometric,
            no_chronometric,
        }
    }
}

fn told<T>(found: Result<T, &'static str>) -> (Option<T>, Option<&'static str>) {
    match found {
        Ok(found) => (Some(found), None),
        Err(why) => (None, Some(why)),
    }
}

/// Onset of the stimulus (ms) and coherence (%) of a trial whose end is the subject's own.
fn reaction_time_task(outline: &Outline) -> Result<(f64, f64)> {
    let refused = |why: &str| {
        Err(Error::input("this task has no reaction time")
            .why(why)
            .remedy("train one that has, such as song2016/reaction-time"))
    };
    let (Some(stimulus), Some(decision)) = (outline.epoch("stimulus"), outline.epoch("decision")) else {
        return refused("its trials have no epochs `stimulus` and `decision`");
    };
    if decision.start >= stimulus.end {
        return refused(
            "the decision epoch begins when the stimulus is over, so the task and not the network says when",
        );
    }
    let Some(coherence) = outline.value("signed_coherence") else {
        return refused("its trials have no column `signed_coherence`, the strength of the evidence in %");
    };
    Ok((stimulus.start.as_ms(), coherence.abs()))
}

impl Trained {
    /// Lets the network answer test trials: as `request` says, until an output exceeds the threshold.
    ///
    /// # Errors
    /// As [`Trained::watch`] and [`Subject::take`]; if it never answers.
    pub fn behave(&self, request: &TestRun, threshold: f64, progress: &mut dyn FnMut(f64)) -> Result<Subject> {
        let mut network = Subject::new("network");
        // Whatever the number of trials, a task that is none is found by the first.
        let first = TestRun { trials: 1, ..request.clone() };
        let place = format!("task {}", self.experiment.task.name());
        let fits = |outline: &Outline| reaction_time_task(outline).map(drop).map_err(|e| e.at(&place));
        self.watch(&first, &mut |t| fits(t.outline), &mut |_| ())?;
        self.watch(request, &mut |t| network.take(t.outline, t.times, t.outputs, threshold), progress)?;
        if network.answers.is_empty() {
            return Err(Error::input(format!("the network answered none of {} trials", request.trials))
                .at(format!("--threshold {threshold}"))
                .why(format!("no output rose above it after the stimulus came ({} did before)", network.early))
                .remedy("a lower threshold, or train it further"));
        }
        Ok(network)
    }
}

/// Puts the network beside the subjects, and beside all of them together if there are several.
pub fn compare(network: &Subject, subjects: &[Subject], threshold: f64) -> Report {
    let mut curves = vec![network.curves()];
    curves.extend(subjects.iter().map(Subject::curves));
    if subjects.len() > 1 {
        let answers = subjects.iter().flat_map(|s| s.answers.iter().copied()).collect();
        curves.push(Subject { answers, ..Subject::new("all subjects") }.curves());
    }
    let (first, others) = curves.split_first().expect("the network is one");
    let differences = others.iter().map(|other| difference(first, other)).collect();
    Report { threshold, non_decision_time: NON_DECISION_TIME, subjects: curves, differences }
}

fn difference(network: &Curves, other: &Curves) -> Difference {
    let shared: Vec<(f64, Option<f64>)> = network
        .points
        .iter()
        .filter(|p| p.coherence > 0.0)
        .filter_map(|p| {
            let q = other.points.iter().find(|q| key(q.coherence) == key(p.coherence))?;
            let error = p.rt_error.zip(q.rt_error).map(|(a, b)| a * a + b * b);
            Some((p.rt? - q.rt?, error))
        })
        .collect();
    let n = shared.len() as f64;
    let errors: Option<Vec<f64>> = shared.iter().map(|(_, e)| *e).collect();
    let slopes = network.chronometric.zip(other.chronometric);
    Difference {
        subject: other.subject.clone(),
        coherences: shared.len(),
        rt: (!shared.is_empty()).then(|| shared.iter().map(|(d, _)| d).sum::<f64>() / n),
        rt_error: errors.filter(|e| !e.is_empty()).map(|e| e.iter().sum::<f64>().sqrt() / n),
        threshold_ratio: network
            .psychometric
            .zip(other.psychometric)
            .map(|(a, b)| a.threshold.value / b.threshold.value),
        slope: slopes.map(|(a, b)| a.slope.value - b.slope.value),
        slope_error: slopes.map(|(a, b)| a.slope_error.hypot(b.slope_error)),
    }
}

/// Coherences that differ by less than this are the same.
fn key(coherence: f64) -> i64 {
    (coherence * 1e4).round() as i64
}

fn points(answers: &[Answer]) -> Vec<Point> {
    let mut groups: BTreeMap<i64, Vec<&Answer>> = BTreeMap::new();
    for answer in answers {
        groups.entry(key(answer.coherence)).or_default().push(answer);
    }
    let point = |(key, group): (i64, Vec<&Answer>)| {
        let judged: Vec<bool> = group.iter().filter_map(|a| a.correct).collect();
        let right = judged.iter().filter(|c| **c).count();
        // Without evidence right and wrong are the toss of a coin, even where a subject was paid for it.
        let timed = |a: &&&Answer| key == 0 || a.correct == Some(true);
        let rts: Vec<f64> = group.iter().filter(timed).map(|a| a.rt).collect();
        let n = rts.len() as f64;
        let mean = (!rts.is_empty()).then(|| rts.iter().sum::<f64>() / n);
        let variance =
            mean.filter(|_| rts.len() > 1).map(|m| rts.iter().map(|t| (t - m).powi(2)).sum::<f64>() / (n - 1.0));
        Point {
            coherence: key as f64 / 1e4,
            trials: group.len(),
            correct: (!judged.is_empty()).then(|| wilson(right as f64, judged.len() as f64)),
            rt: mean,
            rt_error: variance.map(|v| (v / n).sqrt()),
            rt_trials: rts.len(),
        }
    };
    groups.into_iter().map(point).collect()
}

/// 97.5 % of the standard normal distribution lie below this.
const Z: f64 = 1.959_963_984_540_054;

/// A percentage and its interval (Wilson 1927).
fn wilson(right: f64, n: f64) -> Estimate {
    let p = right / n;
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Estimate { value: 100.0 * p, low: 100.0 * (middle - half).max(0.0), high: 100.0 * (middle + half).min(100.0) }
}

/// Answers and right ones at a coherence.
#[derive(Clone, Copy, Debug)]
struct Count {
    coherence: f64,
    trials: f64,
    right: f64,
}

fn counts(points: &[Point]) -> Vec<Count> {
    // Without evidence P(correct) is ½ whatever α and β are.
    let evident = points.iter().filter(|p| p.coherence > 0.0);
    evident
        .filter_map(|p| {
            let trials = p.trials as f64;
            Some(Count { coherence: p.coherence, trials, right: p.correct?.value / 100.0 * trials })
        })
        .collect()
}

/// Bounds of ln β: no subject is less or more steep.
const STEEPNESS: (f64, f64) = (-3.0, 4.0);

/// Maximum likelihood, or why there is none.
fn weibull(counts: &[Count]) -> Result<Psychometric, &'static str> {
    if counts.len() < 2 {
        return Err("it needs two coherences above 0");
    }
    if counts.iter().all(|c| c.right == c.trials) {
        return Err("every answer is right");
    }
    let (trials, right) = counts.iter().fold((0.0, 0.0), |(n, k), c| (n + c.trials, k + c.right));
    if right <= 0.5 * trials {
        return Err("accuracy does not rise above chance");
    }
    let likelihood = |ln_alpha: f64, ln_beta: f64| -> f64 {
        let each = counts.iter().map(|c| {
            let s = (ln_beta.exp() * (c.coherence.ln() - ln_alpha)).exp();
            let wrong = c.trials - c.right;
            let right = if c.right > 0.0 { c.right * (-0.5 * (-s).exp()).ln_1p() } else { 0.0 };
            right + if wrong > 0.0 { wrong * (0.5f64.ln() - s) } else { 0.0 }
        });
        each.sum()
    };
    let lowest = counts.iter().map(|c| c.coherence).fold(f64::INFINITY, f64::min).ln();
    let highest = counts.iter().map(|c| c.coherence).fold(0.0, f64::max).ln();
    let bounds = (lowest - 5.0, highest + 5.0);
    let of_alpha = |a: f64| highest_of(STEEPNESS, |b| likelihood(a, b));
    let of_beta = |b: f64| highest_of(bounds, |a| likelihood(a, b));
    let (a, (b, best)) = {
        let (a, _) = highest_of(bounds, |a| of_alpha(a).1);
        (a, of_alpha(a))
    };
    let near = |x: f64, (low, high): (f64, f64)| x - low < 1e-3 || high - x < 1e-3;
    if near(a, bounds) {
        return Err("accuracy hardly depends on coherence");
    }
    // 1e-6: far below what an interval notices; such a likelihood has no maximum but only a limit
    if near(b, STEEPNESS) || of_beta(STEEPNESS.1).1 > best - 1e-6 {
        return Err("accuracy jumps from one coherence to the next: any steeper curve fits as well");
    }
    let interval = |x: f64, bounds: (f64, f64), profile: &dyn Fn(f64) -> f64| {
        // χ² of one degree of freedom, 95 %
        let inside = |x: f64| 2.0 * (best - profile(x)) < Z * Z;
        let end = |bound: f64, beyond: f64| if inside(bound) { beyond } else { edge(x, bound, &inside).exp() };
        Estimate { value: x.exp(), low: end(bounds.0, 0.0), high: end(bounds.1, f64::INFINITY) }
    };
    Ok(Psychometric {
        threshold: interval(a, bounds, &|a| of_alpha(a).1),
        steepness: interval(b, STEEPNESS, &|b| of_beta(b).1),
        log_likelihood: best,
    })
}

/// Where a function is largest, and how large: a coarse look, then golden sections.
fn highest_of((low, high): (f64, f64), f: impl Fn(f64) -> f64) -> (f64, f64) {
    const LOOKS: usize = 40;
    let at = |i: usize| low + (high - low) * i as f64 / LOOKS as f64;
    let best = (0..=LOOKS).max_by(|&i, &j| f(at(i)).total_cmp(&f(at(j)))).unwrap_or(0);
    let (mut a, mut b) = (at(best.saturating_sub(1)), at((best + 1).min(LOOKS)));
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut c, mut d) = (b - golden * (b - a), a + golden * (b - a));
    let (mut fc, mut fd) = (f(c), f(d));
    // 0.618^45 of a fortieth of the range: 1e-11
    for _ in 0..45 {
        if fc >= fd {
            (b, d, fd) = (d, c, fc);
            c = b - golden * (b - a);
            fc = f(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + golden * (b - a);
            fd = f(d);
        }
    }
    let x = 0.5 * (a + b);
    (x, f(x))
}

/// The last point inside, on the way from one that is to one that is not.
fn edge(mut inner: f64, mut outer: f64, inside: &dyn Fn(f64) -> bool) -> f64 {
    for _ in 0..40 {
        let middle = 0.5 * (inner + outer);
        if inside(middle) {
            inner = middle;
        } else {
            outer = middle;
        }
    }
    inner
}

/// Weighted least squares, or why there is no line.
fn line(points: &[Point]) -> Result<Chronometric, &'static str> {
    let timed: Vec<(f64, f64, f64)> = points
        .iter()
        .filter(|p| p.coherence > 0.0)
        .filter_map(|p| Some(((p.coherence / 10.0).log2(), p.rt?, p.rt_error.filter(|e| *e > 0.0)?)))
        .collect();
    if timed.len() < 2 {
        return Err("it needs two coherences above 0 with right answers at different times");
    }
    let weight = |error: f64| 1.0 / (error * error);
    let total: f64 = timed.iter().map(|(_, _, e)| weight(*e)).sum();
    let mean_x = timed.iter().map(|(x, _, e)| weight(*e) * x).sum::<f64>() / total;
    let mean_y = timed.iter().map(|(_, y, e)| weight(*e) * y).sum::<f64>() / total;
    let spread: f64 = timed.iter().map(|(x, _, e)| weight(*e) * (x - mean_x).powi(2)).sum();
    let slope = timed.iter().map(|(x, y, e)| weight(*e) * (x - mean_x) * (y - mean_y)).sum::<f64>() / spread;
    let error = 1.0 / spread.sqrt();
    let residual = |x: f64, y: f64| y - mean_y - slope * (x - mean_x);
    Ok(Chronometric {
        slope: Estimate { value: slope, low: slope - Z * error, high: slope + Z * error },
        slope_error: error,
        at_ten_per_cent: mean_y - slope * mean_x,
        chi_squared: timed.iter().map(|(x, y, e)| weight(*e) * residual(*x, *y).powi(2)).sum(),
        degrees_of_freedom: timed.len() - 2,
    })
}

/// Reads recorded answers: a CSV file with the columns `monkey`, `rt` (s), `coh` (0 to 1) and `correct`
/// (0 or 1), others left aside; one subject for each name under `monkey`.
///
/// # Errors
/// A column or a file that is missing, and the first row that is not as above.
pub fn read_subjects(path: &Path) -> Result<Vec<Subject>> {
    parse_subjects(&files::read_text(path)?, &path.display().to_string())
}

/// As [`read_subjects`], from the text of the file.
///
/// # Errors
/// As [`read_subjects`].
pub fn parse_subjects(text: &str, origin: &str) -> Result<Vec<Subject>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let damaged = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        let why = match e.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("it has {len} fields, the first line has {expected_len}")
            }
            _ => e.to_string(),
        };
        Error::input("a row cannot be read").at(format!("{origin}:{line}")).why(why).remedy("mend or remove this row")
    };
    let columns: Vec<String> = reader.headers().map_err(damaged)?.iter().map(str::to_string).collect();
    let column = |name: &str, what: &str| {
        columns.iter().position(|c| c == name).ok_or_else(|| {
            Error::input(format!("the column `{name}` is missing"))
                .at(format!("{origin}:1"))
                .why(format!("it says {what}; the columns are {}", columns.join(", ")))
                .remedy("name the columns in the first line: monkey,rt,coh,correct")
        })
    };
    let monkey = column("monkey", "who answered")?;
    let rt = column("rt", "the reaction time in seconds")?;
    let coherence = column("coh", "the coherence, from 0 to 1")?;
    let correct = column("correct", "whether the answer was right, 1 or 0")?;
    let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(damaged)?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = |at: usize, needed: &str, fits: &dyn Fn(f64) -> bool| {
            let text = record.get(at).unwrap_or_default();
            text.parse::<f64>().ok().filter(|x| fits(*x)).ok_or_else(|| {
                Error::input(format!("`{}` is `{text}`", columns[at]))
                    .at(format!("{origin}:{line}"))
                    .why(needed)
                    .remedy("mend this row, or leave it out")
            })
        };
        let answer = Answer {
            rt: 1000.0
                * number(rt, "a reaction time in seconds is needed, above 0 and at most 60", &|x| {
                    x > 0.0 && x <= 60.0
                })?,
            coherence: 100.0
                * number(coherence, "a coherence is needed as a share, from 0 to 1 (51.2 % is 0.512)", &|x| {
                    (0.0..=1.0).contains(&x)
                })?,
            correct: Some(
                number(correct, "1 is needed for a right answer, 0 for a wrong one", &|x| x == 0.0 || x == 1.0)? == 1.0,
            ),
        };
        let name = record.get(monkey).unwrap_or_default();
        if name.is_empty() {
            return Err(Error::input("`monkey` is empty")
                .at(format!("{origin}:{line}"))
                .why("it says who answered")
                .remedy("give a name or a number"));
        }
        let subject = subjects.entry(name.to_string()).or_insert_with(|| Subject::new(format!("monkey {name}")));
        subject.answers.push(answer);
    }
    if subjects.is_empty() {
        return Err(Error::input("there are no answers")
            .at(origin)
            .why("the file has a first line and no rows")
            .remedy("one row a trial: monkey,rt,coh,correct"));
    }
    Ok(subjects.into_values().collect())
}

impl Report {
    /// All coherences, ascending.
    pub fn coherences(&self) -> Vec<f64> {
        let all: BTreeSet<i64> = self.subjects.iter().flat_map(|s| &s.points).map(|p| key(p.coherence)).collect();
        all.into_iter().map(|k| k as f64 / 1e4).collect()
    }

    /// The points as CSV: one row a subject and coherence.
    pub fn points_csv(&self) -> String {
        let columns = [
            "subject",
            "coherence_percent",
            "trials",
            "correct_percent",
            "correct_low",
            "correct_high",
            "rt_ms",
            "rt_error_ms",
            "rt_trials",
        ];
        let rows = self.subjects.iter().flat_map(|s| {
            s.points.iter().map(|p| {
                let estimate = |pick: fn(&Estimate) -> f64| cell(p.correct.as_ref().map(pick));
                vec![
                    s.subject.clone(),
                    p.coherence.to_string(),
                    p.trials.to_string(),
                    estimate(|e| e.value),
                    estimate(|e| e.low),
                    estimate(|e| e.high),
                    cell(p.rt),
                    cell(p.rt_error),
                    p.rt_trials.to_string(),
                ]
            })
        });
        as_csv(&columns, rows)
    }

    /// The curves through them as CSV: one row a subject and quantity, empty where there is no curve.
    pub fn fits_csv(&self) -> String {
        let columns = ["subject", "quantity", "unit", "value", "low", "high"];
        let rows = self.subjects.iter().flat_map(|s| {
            let row = |quantity: &str, unit: &str, found: Option<Estimate>| {
                let [value, low, high] = [|e: &Estimate| e.value, |e: &Estimate| e.low, |e: &Estimate| e.high]
                    .map(|pick| cell(found.as_ref().map(pick)));
                vec![s.subject.clone(), quantity.to_string(), unit.to_string(), value, low, high]
            };
            [
                row("psychometric_threshold", "% coherence", s.psychometric.map(|p| p.threshold)),
                row("psychometric_steepness", "1", s.psychometric.map(|p| p.steepness)),
                row("chronometric_slope", "ms per doubling", s.chronometric.map(|c| c.slope)),
            ]
        });
        as_csv(&columns, rows)
    }

    /// Writes `behaviour/points.csv` and `behaviour/fits.csv` into a run folder.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn write(&self, run: &Path) -> Result<()> {
        let folder = run.join("behaviour");
        std::fs::create_dir_all(&folder).map_err(|e| files::refusal("cannot make the folder", &folder, &e))?;
        files::write_atomically(folder.join("points.csv"), self.points_csv().as_bytes())?;
        files::write_atomically(folder.join("fits.csv"), self.fits_csv().as_bytes())
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

fn as_csv(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let whole = "rows of one length go into memory, which refuses nothing";
    writer.write_record(columns).expect(whole);
    rows.for_each(|row| writer.write_record(row).expect(whole));
    String::from_utf8(writer.into_inner().expect(whole)).expect("made of text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::task::Epoch;
    use cogrnn_core::units::ms;

    fn outline(signed_coherence: f64, decision: f64) -> Outline {
        let epoch = |name, start, end| Epoch { name, start: ms(start), end: ms(end) };
        Outline {
            duration: ms(1000.0),
            epochs: vec![
                epoch("fixation", 0.0, 200.0),
                epoch("stimulus", 200.0, 800.0),
                epoch("decision", decision, 1000.0),
            ],
            info: vec![("signed_coherence", signed_coherence)],
            condition: Some(0),
            choice: (signed_coherence != 0.0).then_some(usize::from(signed_coherence < 0.0)),
            script: Default::default(),
        }
    }

    /// Ten samples, 100 ms apart; each output rises above 1 at its sample.
    fn rising(at: [usize; 2]) -> (Vec<f64>, Vec<f32>) {
        let times = (0..=10).map(|k| 100.0 * f64::from(k)).collect();
        let outputs = (0..=10).flat_map(|k| at.map(|a| if k >= a { 1.1 } else { 1.0 })).collect();
        (times, outputs)
    }

    #[test]
    fn the_first_output_above_the_threshold_answers() {
        let mut network = Subject::new("network");
        let mut take = |coherence: f64, at: [usize; 2]| {
            let (times, outputs) = rising(at);
            network.take(&outline(coherence, 230.0), &times, &outputs, 1.0).unwrap();
        };
        take(12.8, [5, 7]); // right, after 300 ms
        take(-12.8, [5, 7]); // wrong
        take(-6.4, [99, 6]); // right, after 400 ms
        take(6.4, [4, 4]); // together: output 1, wrong, after 200 ms
        take(0.0, [9, 8]); // nothing is right
        take(6.4, [99, 99]); // no answer
        take(6.4, [2, 99]); // at 200 ms, when nothing had been seen yet
        assert_eq!((network.undecided, network.early), (1, 1));
        let found: Vec<_> = network.answers.iter().map(|a| (a.coherence, a.correct, a.rt)).collect();
        let expected = [
            (12.8, Some(true), 300.0),
            (12.8, Some(false), 300.0),
            (6.4, Some(true), 400.0),
            (6.4, Some(false), 200.0),
            (0.0, None, 600.0),
        ];
        assert_eq!(found, expected);
        let curves = network.curves();
        assert_eq!(curves.points.iter().map(|p| p.coherence).collect::<Vec<_>>(), [0.0, 6.4, 12.8]);
        let [zero, low, high] = [0, 1, 2].map(|i| curves.points[i]);
        assert_eq!((zero.correct, zero.rt, zero.rt_error), (None, Some(600.0), None));
        // one right answer of two; the times of right answers
        assert_eq!((low.correct.unwrap().value, low.rt, low.rt_error), (50.0, Some(400.0), None));
        assert_eq!((high.correct.unwrap().value, high.rt, high.rt_trials), (50.0, Some(300.0), 1));
    }

    #[test]
    fn a_task_without_reaction_time_is_refused() {
        let (times, outputs) = rising([5, 7]);
        let mut network = Subject::new("network");
        let error = network.take(&outline(6.4, 800.0), &times, &outputs, 1.0).unwrap_err();
        assert_eq!(error.what, "this task has no reaction time");
        assert!(error.why.unwrap().contains("when the stimulus is over"));
        let bare = Outline { epochs: vec![], ..outline(6.4, 230.0) };
        assert!(network.take(&bare, &times, &outputs, 1.0).unwrap_err().why.unwrap().contains("no epochs"));
        let plain = Outline { info: vec![], ..outline(6.4, 230.0) };
        assert!(network.take(&plain, &times, &outputs, 1.0).unwrap_err().why.unwrap().contains("signed_coherence"));
    }

    const COHERENCES: [f64; 5] = [3.2, 6.4, 12.8, 25.6, 51.2];

    fn from_a_curve(alpha: f64, beta: f64, trials: f64) -> Vec<Count> {
        COHERENCES
            .map(|c| Count { coherence: c, trials, right: trials * (1.0 - 0.5 * (-(c / alpha).powf(beta)).exp()) })
            .to_vec()
    }

    #[test]
    fn a_weibull_function_is_recovered() {
        for (alpha, beta) in [(8.0, 1.3), (15.0, 0.8), (5.0, 2.5)] {
            let found = weibull(&from_a_curve(alpha, beta, 200.0)).unwrap();
            // 1e-6: a maximum in double precision is flat over the root of 1e-16 of its height
            assert!((found.threshold.value / alpha - 1.0).abs() < 1e-5, "{found:?}");
            assert!((found.steepness.value / beta - 1.0).abs() < 1e-5, "{found:?}");
            assert!(found.threshold.low < alpha && alpha < found.threshold.high);
            assert!(found.steepness.low < beta && beta < found.steepness.high);
        }
    }

    /// With very many trials the likelihood is a parabola and its interval that of the Fisher information.
    #[test]
    fn intervals_are_those_of_the_fisher_information_in_the_limit() {
        let (alpha, beta, n) = (9.0f64, 1.4f64, 1e6);
        let found = weibull(&from_a_curve(alpha, beta, n)).unwrap();
        let p = |la: f64, lb: f64, c: f64| 1.0 - 0.5 * (-(lb.exp() * (c.ln() - la)).exp()).exp();
        let (la, lb, h) = (alpha.ln(), beta.ln(), 1e-5);
        let mut information = [[0.0; 2]; 2];
        for c in COHERENCES {
            let q = p(la, lb, c);
            let d =
                [(p(la + h, lb, c) - p(la - h, lb, c)) / (2.0 * h), (p(la, lb + h, c) - p(la, lb - h, c)) / (2.0 * h)];
            for i in 0..2 {
                for j in 0..2 {
                    information[i][j] += n * d[i] * d[j] / (q * (1.0 - q));
                }
            }
        }
        let [[aa, ab], [_, bb]] = information;
        let error = |own: f64, other: f64| Z / (own - ab * ab / other).sqrt();
        for (found, middle, error) in [(found.threshold, la, error(aa, bb)), (found.steepness, lb, error(bb, aa))] {
            // 1 %: the cubic term of the likelihood, at an interval of about 0.3 %
            assert!(((found.high.ln() - middle) / error - 1.0).abs() < 0.01, "{found:?} {error}");
            assert!(((middle - found.low.ln()) / error - 1.0).abs() < 0.01, "{found:?} {error}");
        }
    }

    #[test]
    fn accuracies_without_a_best_curve_have_none() {
        let of = |right: [f64; 5]| {
            let counts: Vec<Count> = COHERENCES
                .iter()
                .zip(right)
                .map(|(&coherence, right)| Count { coherence, trials: 100.0, right })
                .collect();
            weibull(&counts).unwrap_err()
        };
        assert_eq!(of([100.0; 5]), "every answer is right");
        assert_eq!(of([50.0, 48.0, 52.0, 49.0, 50.0]), "accuracy does not rise above chance");
        assert!(of([50.0, 50.0, 100.0, 100.0, 100.0]).contains("any steeper"));
        assert!(weibull(&from_a_curve(8.0, 1.0, 10.0)[..1]).unwrap_err().contains("two coherences"));
    }

    /// Three means on no line: the normal equations by hand, with x = 0, 1, 2 and weights 1, 1/4, 1.
    #[test]
    fn a_line_is_weighted_by_the_errors_of_its_points() {
        let point = |coherence, rt, error| Point {
            coherence,
            trials: 10,
            correct: None,
            rt: Some(rt),
            rt_error: Some(error),
            rt_trials: 10,
        };
        let points =
            [point(0.0, 900.0, 1.0), point(10.0, 700.0, 1.0), point(20.0, 610.0, 2.0), point(40.0, 500.0, 1.0)];
        let found = line(&points).unwrap();
        // mean x = 1, Σw(x - 1)² = 2, Σw(x - 1)(y - ȳ) = 500 - 700
        assert!((found.slope.value + 100.0).abs() < 1e-9, "{found:?}");
        assert!((found.slope_error - 0.5f64.sqrt()).abs() < 1e-12);
        // ȳ = (700 + 610/4 + 500)/2.25 at x = 1; at 10 % x is 0
        let mean = (700.0 + 152.5 + 500.0) / 2.25;
        assert!((found.at_ten_per_cent - (mean + 100.0)).abs() < 1e-9);
        let chi: f64 = [(700.0f64, 0.0, 1.0), (610.0, 1.0, 0.25), (500.0, 2.0, 1.0)]
            .iter()
            .map(|(y, x, w)| w * (y - (mean + 100.0 - 100.0 * x)).powi(2))
            .sum();
        assert!((found.chi_squared - chi).abs() < 1e-9);
        assert_eq!(found.degrees_of_freedom, 1);
    }

    #[test]
    fn a_proportion_has_the_interval_of_wilson() {
        // 8 of 10: 49.02 to 94.33 % (Newcombe 1998, method 3)
        let found = wilson(8.0, 10.0);
        assert!((found.low - 49.02).abs() < 0.01 && (found.high - 94.33).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn the_network_is_put_beside_each_subject_and_all() {
        let answers = |shift: f64| -> Vec<Answer> {
            let trial = |c: f64, k: usize| Answer {
                coherence: c,
                correct: Some(!k.is_multiple_of(10) || c > 20.0),
                rt: 800.0 - 50.0 * (c / 3.2).log2() + shift + [-10.0, 10.0][k % 2],
            };
            COHERENCES.iter().flat_map(|c| (0..40).map(move |k| trial(*c, k))).collect()
        };
        let subject = |name: &str, shift: f64| Subject { answers: answers(shift), ..Subject::new(name) };
        let report = compare(&subject("network", -200.0), &[subject("a", 0.0), subject("b", 100.0)], 1.0);
        let names: Vec<&str> = report.subjects.iter().map(|s| s.subject.as_str()).collect();
        assert_eq!(names, ["network", "a", "b", "all subjects"]);
        let found: Vec<f64> = report.differences.iter().map(|d| d.rt.unwrap().round()).collect();
        assert_eq!(found, [-200.0, -300.0, -250.0]);
        assert!(report.differences.iter().all(|d| d.coherences == 5 && d.slope.unwrap().abs() < 1.0), "{report:?}");
        assert_eq!(report.points_csv().lines().count(), 1 + 4 * 5);
        assert!(report.fits_csv().contains("network,chronometric_slope,ms per doubling,-5"), "{}", report.fits_csv());
    }

    #[test]
    fn rows_that_are_none_are_told_by_their_line() {
        let error = |text: &str| parse_subjects(text, "a.csv").unwrap_err().to_string();
        let first = "monkey,rt,coh,correct,trgchoice\n1,0.355,0.512,1.0,2.0\n";
        let read = parse_subjects(&format!("{first}b,0.4,0.0,0,1\n1,0.5,0.032,0,1\n"), "a.csv").unwrap();
        assert_eq!(
            read.iter().map(|s| (s.name.as_str(), s.answers.len())).collect::<Vec<_>>(),
            [("monkey 1", 2), ("monkey b", 1)]
        );
        assert_eq!(read[0].answers[0], Answer { coherence: 51.2, correct: Some(true), rt: 355.0 });
        assert_eq!(
            error("monkey,rt,coh\n"),
            "the column `correct` is missing   [a.csv:1]\nwhy  it says whether the answer was right, 1 or 0; the \
             columns are monkey, rt, coh\ntry  name the columns in the first line: monkey,rt,coh,correct"
        );
        assert_eq!(
            error(&format!("{first}1,355,0.512,1,1\n")),
            "`rt` is `355`   [a.csv:3]\nwhy  a reaction time in seconds is needed, above 0 and at most 60\ntry  mend \
             this row, or leave it out"
        );
        for (row, place) in [
            ("1,0.4,51.2,1,1", "`coh` is `51.2`"),
            ("1,0.4,nan,1,1", "`coh` is `nan`"),
            ("1,0.4,0.1,2,1", "`correct` is `2`"),
            (",0.4,0.1,1,1", "`monkey` is empty"),
            ("1,0.4", "a row cannot be read"),
        ] {
            let told = error(&format!("{first}{row}\n"));
            assert!(told.starts_with(&format!("{place}   [a.csv:3]")), "{told}");
        }
        assert!(error("monkey,rt,coh,correct\n").starts_with("there are no answers"));
    }

    /// The recorded monkeys of Roitman & Shadlen (2002), where they are at hand.
    #[test]
    fn recorded_monkeys_have_their_known_thresholds() {
        let Some(path) = [
            std::env::var("COGRNN_SHARED").unwrap_or_default(),
            format!("{}/../../../shared", env!("CARGO_MANIFEST_DIR")),
        ]
        .iter()
        .map(|folder| Path::new(folder).join("data/roitman2002/roitman_rts.csv"))
        .find(|p| p.exists()) else {
            println!("skipped: the recordings are not here");
            return;
        };
        let subjects = read_subjects(&path).unwrap();
        assert_eq!(subjects.iter().map(|s| s.answers.len()).sum::<usize>(), 6149);
        for subject in &subjects {
            let curves = subject.curves();
            println!("{curves:#?}");
            let (p, c) = (curves.psychometric.unwrap(), curves.chronometric.unwrap());
            // The paper's figure 3: thresholds of 5 to 10 %, reaction times that fall by some 100 ms a doubling
            assert!((4.0..12.0).contains(&p.threshold.value), "{p:?}");
            assert!((-150.0..-40.0).contains(&c.slope.value), "{c:?}");
        }
    }
}
