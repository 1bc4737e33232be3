//! `check --draw`: example trials of a task, its size, and whether it can be solved.

use crate::args;
use crate::judge::speaks_unicode;
use cogrnn::experiment::Experiment;
use cogrnn::reader::nearest;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::task::{Performance, Request, Set};
use cogrnn_core::trials::InputNoise;
use cogrnn_core::units::Time;
use cogrnn_tasks::drawing::{draw, number};
use cogrnn_tasks::solvable::{Double, mistaken, mistaken_catch};
use cogrnn_tasks::testing::{Trial, trial};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Most trials drawn at once.
const MOST_DRAWN: usize = 20;
/// A forced duration beyond this is a slip of the keyboard, ms.
const LONGEST: f64 = 600_000.0;
/// How long conditions are tried, one after another.
const PATIENCE: Duration = Duration::from_secs(10);
/// Conditions whose answers under noise are worked out in a second or two.
const MOST_NOISY: usize = 1000;

/// What is found out about the task of an experiment.
pub struct Look<'e> {
    experiment: &'e Experiment,
    /// Title and drawing of each trial.
    drawings: Vec<(String, String)>,
    /// How many conditions were tried without noise.
    tried: usize,
    /// The first in the table that an ideal observer gets wrong, and what it is taken for.
    wrong: Option<(usize, Double)>,
    /// How many it gets wrong.
    wrongs: usize,
    /// What it takes a catch trial for.
    catch: Option<Double>,
    /// Per cent right with the noise of the inputs.
    noisy: Option<f64>,
    /// Whether inputs differ in their noise; the largest was taken.
    at_least: bool,
}

impl<'e> Look<'e> {
    /// Draws what the command line asks for, then lets an ideal observer try every condition.
    pub fn at(experiment: &'e Experiment, args: &args::Check) -> Result<Look<'e>> {
        let task = &*experiment.task;
        let drawings = if args.catch { vec![catch(experiment)?] } else { trials(experiment, &args.conditions)? };
        let catch = mistaken_catch(task, &experiment.network.inputs, experiment.dt);
        let mut seen =
            Look { experiment, drawings, tried: 0, wrong: None, wrongs: 0, catch, noisy: None, at_least: false };
        let rows = task.conditions().rows.len();
        let begun = Instant::now();
        // in no order, so that those that are tried stand for all where time does not suffice
        let order = Address { seed: 0, purpose: Purpose::ValidationOrder, trial: 0 }.stream().permutation(rows.max(1));
        for row in order {
            if begun.elapsed() > PATIENCE {
                break;
            }
            seen.tried += 1;
            if let Some(double) = mistaken(task, row, &experiment.network.inputs, experiment.dt) {
                seen.wrongs += 1;
                seen.wrong = Some(seen.wrong.filter(|(first, _)| *first < row).unwrap_or((row, double)));
            }
        }
        let choices = task.performance() != Performance::Error;
        if choices && rows <= MOST_NOISY && seen.wrong.is_none() && seen.tried == rows.max(1) {
            (seen.noisy, seen.at_least) = with_noise(experiment);
        }
        Ok(seen)
    }

    /// The drawings.
    pub fn drawn(&self) -> String {
        let all: Vec<String> = self.drawings.iter().map(|(title, drawing)| format!("{title}\n{drawing}")).collect();
        all.join("\n")
    }

    /// The task in numbers, by name.
    pub fn facts(&self) -> Vec<(String, String)> {
        let (e, task) = (self.experiment, &*self.experiment.task);
        let rows = task.conditions().rows.len();
        let lengths = |set, dt: Time| {
            let (least, most) = task.lengths(set, dt);
            let ms = |steps: usize| number(steps as f64 * dt.as_ms());
            if least == most {
                format!("{} ms, {least} steps of {dt}", ms(least))
            } else {
                format!("{} to {} ms, {least} to {most} steps of {dt}", ms(least), ms(most))
            }
        };
        let mut facts = vec![
            ("conditions", if rows == 0 { "none: every trial is alike".into() } else { rows.to_string() }),
            ("trials", lengths(Set::Training, e.dt)),
            ("test trials", lengths(Set::Test, e.test_dt)),
        ];
        let share = task.catch_share();
        if share > 0.0 {
            let duration = number(catch_trial(e).outline.duration.as_ms());
            facts.push(("catch trials", format!("{} % of training, {duration} ms", number(round(100.0 * share)))));
        } else {
            facts.push(("catch trials", "none".into()));
        }
        facts.push(self.verdict());
        facts.into_iter().map(|(name, text)| (name.to_string(), text)).collect()
    }

    fn verdict(&self) -> (&'static str, String) {
        let rows = self.experiment.task.conditions().rows.len().max(1);
        if self.wrong.is_some() {
            let of = if rows > 1 { format!(" in {} of {} conditions", self.wrongs, self.tried) } else { String::new() };
            return ("not solvable", format!("an ideal observer is wrong{of} even without noise"));
        }
        let so_far =
            if self.tried < rows { format!(", in {} of {rows} conditions tried", self.tried) } else { String::new() };
        let told = match (self.experiment.task.performance(), self.noisy) {
            (Performance::Error, _) => format!("an ideal observer makes no error without noise{so_far}"),
            (_, None) => format!("an ideal observer is right in 100 % without noise{so_far}"),
            (_, Some(noisy)) => {
                let more = if self.at_least { " or more" } else { "" };
                format!("an ideal observer is right in 100 % without noise, {} %{more} with it", number(down(noisy)))
            }
        };
        ("solvable", told)
    }

    /// Whether an ideal observer was right in all conditions that it tried.
    pub fn solvable(&self) -> bool {
        self.wrong.is_none()
    }

    /// What is said of trials that nobody can tell apart.
    pub fn warning(&self) -> Option<String> {
        let conditions = self.experiment.task.conditions();
        let told = |row: usize| match conditions.rows.get(row) {
            None => "a trial".to_string(),
            Some(values) => {
                let all = conditions.columns.iter().zip(values).map(|(name, v)| format!("{name} = {}", number(*v)));
                format!("`{}`", all.collect::<Vec<_>>().join(", "))
            }
        };
        let (what, why, remedy) = match (self.wrong, self.catch) {
            (None, None) => return None,
            (Some((row, Double::Condition(other))), _) => {
                let differ = conditions.columns.iter().enumerate();
                let differ = differ.filter(|(i, _)| conditions.rows[row][*i] != conditions.rows[other][*i]);
                let names: Vec<String> = differ.map(|(_, name)| format!("`{name}`")).collect();
                (
                    format!("two conditions look the same: {} and {}", told(row), told(other)),
                    "their inputs are the same from beginning to end, but their targets differ",
                    format!("let an input depend on {}, or let the targets not", names.join(" or ")),
                )
            }
            (None, Some(Double::Condition(other))) => (
                format!("a catch trial looks the same as {}", told(other)),
                "both have no inputs and the same length, but their targets differ",
                "give that condition an input, or catch trials another `catch_duration`".to_string(),
            ),
            (wrong, _) => (
                format!("{} looks the same as another trial", wrong.map_or("a catch trial".into(), |w| told(w.0))),
                "with other durations, another condition has the same inputs",
                "let an input mark when epochs begin, as a start cue does".to_string(),
            ),
        };
        Some(format!("warning  {what}\nwhy  {why}: no network can be right in both\ntry  {remedy}"))
    }

    /// The same for programs.
    pub fn as_json(&self) -> Value {
        let (e, task) = (self.experiment, &*self.experiment.task);
        let steps = |set, dt| {
            let (least, most) = task.lengths(set, dt);
            json!([least, most])
        };
        let drawings: Vec<Value> = self.drawings.iter().map(|(t, d)| json!({ "title": t, "drawing": d })).collect();
        json!({
            "conditions": task.conditions().rows.len(),
            "catch_share": task.catch_share(),
            "steps": steps(Set::Training, e.dt), "test_steps": steps(Set::Test, e.test_dt),
            "ideal_observer": {
                "tried": self.tried, "wrong_without_noise": self.wrongs, "per_cent_right_with_noise": self.noisy,
                "warning": self.warning(),
            },
            "drawings": drawings,
        })
    }
}

/// One decimal, rounded down: what is not quite 100 must not look like it.
fn down(per_cent: f64) -> f64 {
    (10.0 * per_cent).floor() / 10.0
}

fn round(per_cent: f64) -> f64 {
    (10.0 * per_cent).round() / 10.0
}

/// What the noise of the inputs leaves an ideal observer; where inputs differ in theirs, at least that.
fn with_noise(experiment: &Experiment) -> (Option<f64>, bool) {
    let stage = &experiment.network.inputs;
    let (sigma, differ) = match &stage.noise {
        InputNoise::Silent => (0.0, false),
        InputNoise::Independent(all) => {
            let largest = all.iter().copied().fold(0.0, f64::max);
            (largest, all.iter().any(|s| *s != largest))
        }
        InputNoise::Correlated(_) => return (None, false),
    };
    // Song et al. 2016, eq. 11
    let noise = (2.0 * (stage.tau / experiment.dt)).sqrt() * sigma;
    (Some(experiment.task.noise_limit(noise, experiment.dt)), differ)
}

fn catch_trial(experiment: &Experiment) -> Trial {
    example(experiment, &[("catch".to_string(), 1.0)])
}

/// The first training trial, with these conditions.
fn example(experiment: &Experiment, force: &[(String, f64)]) -> Trial {
    let request = Request { force, seed: experiment.seed, ..Request::new(Set::Training, 0, experiment.dt) };
    trial(&*experiment.task, &request, experiment.seed)
}

fn catch(experiment: &Experiment) -> Result<(String, String)> {
    if experiment.task.catch_share() == 0.0 {
        return Err(Error::input("the task has no catch trials")
            .at("--catch")
            .why("its `catch_probability` is 0")
            .remedy("leave --catch out, or give for instance catch_probability = \"1/11\""));
    }
    let trial = catch_trial(experiment);
    Ok(("catch trial".to_string(), draw(&*experiment.task, &trial, speaks_unicode())))
}

/// One trial for each combination of the values asked for; what is not asked for is as in the first condition.
fn trials(experiment: &Experiment, asked: &[(String, Vec<f64>)]) -> Result<Vec<(String, String)>> {
    let task = &*experiment.task;
    let conditions = task.conditions();
    let mut first = vec![("catch".to_string(), 0.0)];
    if let Some(row) = conditions.rows.first() {
        first.extend(conditions.columns.iter().map(|c| c.to_string()).zip(row.iter().copied()));
    }
    // What may be forced beside the conditions: the epochs whose duration is in the table of trials.
    let outline = example(experiment, &first).outline;
    let random = outline.info.iter().map(|(n, _)| *n).filter(|n| outline.epoch(n).is_some());
    let random: Vec<&str> = random.collect();
    let known: Vec<&str> = conditions.columns.iter().copied().chain(random.iter().copied()).collect();
    let mut all = vec![first];
    for (name, values) in asked {
        let place = format!("--condition {name}");
        if !known.contains(&name.as_str()) {
            let listed = known.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            let (why, remedy) = match nearest(name, known.iter().copied()) {
                _ if known.is_empty() => ("it has none".to_string(), "leave --condition out".to_string()),
                Some(near) => (format!("there are {listed}"), format!("did you mean `{near}`?")),
                None => (format!("there are {listed}"), "choose one of these".to_string()),
            };
            return Err(Error::input(format!("the task has no condition `{name}`")).at(place).why(why).remedy(remedy));
        }
        if random.contains(&name.as_str()) && values.iter().any(|v| !(0.0..=LONGEST).contains(v)) {
            return Err(Error::input(format!("`{name}` cannot last as long as that"))
                .at(place)
                .why("a duration in milliseconds is needed, 0 or more")
                .remedy(format!("--condition {name}=500")));
        }
        all = all
            .iter()
            .flat_map(|force| {
                values.iter().map(|v| {
                    let others = force.iter().filter(|(n, _)| n != name).cloned();
                    others.chain([(name.clone(), *v)]).collect::<Vec<_>>()
                })
            })
            .collect();
        if all.len() > MOST_DRAWN {
            return Err(Error::input(format!("that makes {} trials", all.len()))
                .at(place)
                .why(format!("{MOST_DRAWN} are drawn at most"))
                .remedy("give fewer values"));
        }
    }
    all.iter().map(|force| titled(experiment, force)).collect()
}

fn titled(experiment: &Experiment, force: &[(String, f64)]) -> Result<(String, String)> {
    let (task, trial) = (&*experiment.task, example(experiment, force));
    if trial.outline.info.iter().any(|(_, v)| v.is_nan()) || trial.steps == 0 {
        let told = force.iter().filter(|(n, _)| n != "catch").map(|(n, v)| format!("{n} = {v}"));
        return Err(Error::input("there is no such trial")
            .at("--condition")
            .why(format!("formulas have no value, or no sample is left, with {}", told.collect::<Vec<_>>().join(", ")))
            .remedy("give another value"));
    }
    let rows = task.conditions().rows.len();
    let title = match trial.outline.condition {
        Some(row) => format!("condition {} of {rows}", row + 1),
        None if rows > 0 => "a condition that training does not have".to_string(),
        None => "a trial".to_string(),
    };
    Ok((title, draw(task, &trial, speaks_unicode())))
}
