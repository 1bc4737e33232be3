//! Tasks that an experiment file describes: conditions, epochs, input channels, targets.
//!
//! ```text
//! [task]                             name = "custom", how trials are judged and ordered, catch trials
//! [task.constants]                   names for numbers
//! [[task.conditions]]                an axis: a name and its values; a trial has one value of each
//! [task.columns]                     further columns of the table of trials, as formulas
//! [[task.epochs]]                    periods one after another, or within an earlier one
//! [[task.inputs]], [[task.outputs]]  channels: their value in each epoch, as formulas
//! ```
//!
//! All formulas are worked out once for every condition when the experiment is read, so a trial costs
//! a look-up, and a formula without a value is found before anything runs.

mod formula;
mod observer;

pub use formula::Formula;

use crate::durations::{Duration, TruncatedExponential, TruncatedNormal, Uniform};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::names::intern;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{Conditions, Epoch, Outline, Performance, Request, Sample, Script, Seen, Set, Task};
use cogrnn_core::units::{Time, ms};

/// In which order the conditions of a set come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Each trial draws its own.
    Random,
    /// One after another, the first axis fastest.
    Enumerated,
    /// Block by block, each block all conditions in random order.
    Permuted,
}

#[derive(Clone, Debug, PartialEq)]
struct Axis {
    name: &'static str,
    values: Vec<f64>,
}

/// How long an epoch lasts, or where it lies.
#[derive(Clone, Debug, PartialEq)]
enum Span {
    /// After the one before: while learning, and in test trials.
    Next { usual: Duration, test: Duration },
    /// Within an earlier epoch, from `delay` after its start to its end.
    Within { epoch: usize, delay: Time },
}

#[derive(Clone, Debug, PartialEq)]
struct Period {
    name: &'static str,
    span: Span,
}

/// A channel: its formula in each epoch where it has one.
#[derive(Clone, Debug)]
struct Channel {
    name: &'static str,
    /// What `k` is in its formulas.
    number: f64,
    values: Vec<Option<Formula>>,
}

/// The task `custom`.
#[derive(Clone, Debug)]
pub struct Custom {
    called: String,
    judged: Performance,
    constants: Vec<(&'static str, f64)>,
    axes: Vec<Axis>,
    columns: Vec<(&'static str, Formula)>,
    choice: Option<Formula>,
    asked: Option<Formula>,
    epochs: Vec<Period>,
    inputs: Vec<Channel>,
    outputs: Vec<Channel>,
    catch_probability: f64,
    catch_duration: Time,
    catch_target: f32,
    /// Test conditions beside the rows: a value for each axis, or none to draw it.
    extra: Vec<Vec<Option<f64>>>,
    orders: [Order; 3],
    /// Values of the axes.
    rows: Vec<Vec<f64>>,
    /// For each row its columns, choice and channel values.
    table: Vec<Worked>,
}

/// What the formulas come to in one condition.
#[derive(Clone, Debug, Default, PartialEq)]
struct Worked {
    columns: Vec<f64>,
    /// What `choice` comes to, and the output that this is; none where it is no output.
    said: Option<f64>,
    choice: Option<usize>,
    asked: bool,
    /// (epoch × channel): inputs, then outputs; NaN where an epoch says nothing of a channel.
    values: Vec<f32>,
}

/// Most conditions of one task.
const MOST_ROWS: usize = 100_000;

impl Custom {
    /// From the `[task]` section of an experiment file.
    ///
    /// # Errors
    /// Anything that makes no trial, with its place.
    pub fn from_settings(s: &mut dyn Settings) -> Result<Custom> {
        let called = s.text("called", "custom", "what the task is called")?;
        let judged = s.word(
            "judged_by",
            "choices",
            &["choices", "worst condition", "error"],
            "per cent of right choices, the lowest of these over the conditions, or the error alone",
        )?;
        let judged = match judged.as_str() {
            "worst condition" => Performance::WorstCondition,
            "error" => Performance::Error,
            _ => Performance::Choices,
        };
        let mut task = Custom {
            called,
            judged,
            constants: Vec::new(),
            axes: Vec::new(),
            columns: Vec::new(),
            choice: None,
            asked: None,
            epochs: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            catch_probability: 0.0,
            catch_duration: ms(0.0),
            catch_target: 0.0,
            extra: Vec::new(),
            orders: [Order::Random, Order::Enumerated, Order::Enumerated],
            rows: Vec::new(),
            table: Vec::new(),
        };
        task.read_orders(s)?;
        {
            let mut constants = s.inner("constants");
            for name in constants.names() {
                let value = constants.optional_number(&name, "")?.unwrap_or_default();
                task.fresh(&name).map_err(|e| constants.blame(&name, e))?;
                task.constants.push((intern(&name), value));
            }
        }
        task.read_conditions(s)?;
        task.read_epochs(s)?;
        task.read_choice(s)?;
        task.inputs = task.read_channels(s, "inputs", "value")?;
        task.outputs = task.read_channels(s, "outputs", "target")?;
        task.read_catch(s)?;
        if task.outputs.is_empty() {
            return Err(s.blame(
                "outputs",
                Error::input("the task has no outputs")
                    .why("then nothing is asked of a network")
                    .remedy("add [[task.outputs]] with name and target"),
            ));
        }
        let worked: Result<Vec<Worked>> = task.rows.iter().map(|row| task.work_out(row)).collect();
        task.table = worked?;
        for (row, worked) in task.rows.iter().zip(&task.table) {
            task.check_choice(row, worked).map_err(|e| s.blame("choice", e))?;
        }
        // Extra test conditions and all their random values are worked out once here too.
        for extra in &task.extra {
            for row in &task.rows {
                let row: Vec<f64> = extra.iter().zip(row).map(|(e, r)| e.unwrap_or(*r)).collect();
                let worked = task.work_out(&row)?;
                task.check_choice(&row, &worked).map_err(|e| s.blame("choice", e))?;
            }
        }
        if task.rows.is_empty() {
            let worked = task.work_out(&[])?;
            task.check_choice(&[], &worked).map_err(|e| s.blame("choice", e))?;
        }
        Ok(task)
    }

    /// Refuses a `choice` that is no output.
    fn check_choice(&self, row: &[f64], worked: &Worked) -> Result<()> {
        let (Some(said), None) = (worked.said, worked.choice) else { return Ok(()) };
        let condition = if row.is_empty() { String::new() } else { format!(" for {}", self.told(row)) };
        Err(Error::input(format!("`choice` is {said}{condition}"))
            .why(format!("it counts the outputs from 0, and there are {}", self.outputs.len()))
            .remedy("let it be the number of the output that should be largest at the end"))
    }

    /// What it is called in reports.
    pub fn called(&self) -> &str {
        &self.called
    }

    fn read_orders(&mut self, s: &mut dyn Settings) -> Result<()> {
        const ORDERS: [&str; 3] = ["random", "enumerated", "permuted"];
        let keys = [
            ("training_order", "random", "order of the conditions while learning"),
            ("validation_order", "enumerated", "order of the conditions at a check"),
            ("test_order", "enumerated", "order of the conditions in test trials"),
        ];
        for (i, (key, default, about)) in keys.into_iter().enumerate() {
            self.orders[i] = match s.word(key, default, &ORDERS, about)?.as_str() {
                "random" => Order::Random,
                "permuted" => Order::Permuted,
                _ => Order::Enumerated,
            };
        }
        Ok(())
    }

    fn read_conditions(&mut self, s: &mut dyn Settings) -> Result<()> {
        for mut axis in s.list("conditions") {
            let name = required(&mut *axis, "name", "what varies from trial to trial")?;
            self.fresh(&name).map_err(|e| axis.blame("name", e))?;
            let values = axis.numbers("values", &[], "its values")?;
            if values.is_empty() {
                return Err(axis.blame(
                    "values",
                    Error::input(format!("the condition `{name}` has no values"))
                        .why("a trial takes one of them")
                        .remedy("values = [1, 2, 4]"),
                ));
            }
            if let Some(twice) = values.iter().enumerate().find(|(i, v)| values[..*i].contains(v)) {
                return Err(axis.blame(
                    "values",
                    Error::input(format!("`{}` comes twice among the values of `{name}`", twice.1))
                        .why("each condition is gone through once")
                        .remedy("remove one; for unequal shares, repeat nothing but weigh in the analysis"),
                ));
            }
            self.axes.push(Axis { name: intern(&name), values });
        }
        let product = self.axes.iter().try_fold(1usize, |n, axis| n.checked_mul(axis.values.len()));
        let Some(count) = product.filter(|n| *n <= MOST_ROWS) else {
            let many =
                product.map_or_else(|| "more conditions than can be counted".into(), |n| format!("{n} conditions"));
            return Err(s.blame(
                "conditions",
                Error::input(format!("the task has {many}"))
                    .why(format!("they are all worked out beforehand, and at most {MOST_ROWS} fit"))
                    .remedy("give fewer values, or compute columns from fewer conditions"),
            ));
        };
        if !self.axes.is_empty() {
            self.rows = (0..count)
                .map(|mut row| {
                    let value = |axis: &Axis| {
                        let value = axis.values[row % axis.values.len()];
                        row /= axis.values.len();
                        value
                    };
                    self.axes.iter().map(value).collect()
                })
                .collect();
        }
        {
            let mut columns = s.inner("columns");
            for name in columns.names() {
                self.fresh(&name).map_err(|e| columns.blame(&name, e))?;
                let text = columns.formula(&name, "")?.unwrap_or_default();
                let formula = Formula::new(&text, &self.names()).map_err(|e| columns.blame(&name, e))?;
                self.columns.push((intern(&name), formula));
            }
        }
        for mut extra in s.list("test_conditions") {
            let given = extra.names();
            let mut values = Vec::new();
            for axis in &self.axes {
                values.push(extra.optional_number(axis.name, "value in this test condition; drawn if left out")?);
            }
            if given.is_empty() {
                return Err(extra.blame(
                    "test_conditions",
                    Error::input("a test condition says nothing")
                        .why("it is there to add values that training does not have")
                        .remedy("[[task.test_conditions]] with the name of a condition and its value"),
                ));
            }
            self.extra.push(values);
        }
        if !self.extra.is_empty() && self.orders[Set::Test as usize] != Order::Enumerated {
            return Err(s.blame(
                "test_order",
                Error::input("[[task.test_conditions]] have no effect with this `test_order`")
                    .why("they come first in each round of an enumerated test, and there are no such rounds")
                    .remedy("test_order = \"enumerated\", or remove them"),
            ));
        }
        Ok(())
    }

    fn read_choice(&mut self, s: &mut dyn Settings) -> Result<()> {
        let names = self.names();
        let about = "number of the output that should be largest at the end, counted from 0";
        if let Some(text) = s.formula("choice", about)? {
            self.choice = Some(Formula::new(&text, &names).map_err(|e| s.blame("choice", e))?);
            let about = "which trials count in the performance; left out: all";
            if let Some(text) = s.formula("choice_counts", about)? {
                self.asked = Some(Formula::new(&text, &names).map_err(|e| s.blame("choice_counts", e))?);
            }
        } else if self.judged != Performance::Error {
            return Err(s.blame(
                "choice",
                Error::input("the task is judged by choices and has no `choice`")
                    .why("a choice is the number of the output that should be largest at the end of a trial")
                    .remedy("choice = \"0 if evidence > 0 else 1\", or judged_by = \"error\""),
            ));
        }
        Ok(())
    }

    fn read_epochs(&mut self, s: &mut dyn Settings) -> Result<()> {
        for mut epoch in s.list("epochs") {
            let name = required(&mut *epoch, "name", "what the epoch is called")?;
            self.fresh(&name).map_err(|e| epoch.blame("name", e))?;
            let about = "an earlier epoch that this one lies in; it ends with it";
            let within = epoch.formula("within", about)?;
            let span = if let Some(outer) = within {
                let Some(place) = self.epochs.iter().position(|e| e.name == outer) else {
                    let known: Vec<&str> = self.epochs.iter().map(|e| e.name).collect();
                    return Err(epoch.blame(
                        "within",
                        Error::input(format!("there is no epoch `{outer}` before `{name}`"))
                            .why(format!("there are: {}", known.join(", ")))
                            .remedy("an epoch lies within one that stands before it in the file"),
                    ));
                };
                let delay = epoch.time("delay", ms(0.0), "how long after the start of that epoch it starts")?;
                let delay = from_zero(delay, &*epoch, "delay", &name)?;
                Span::Within { epoch: place, delay }
            } else {
                let Some(usual) = read_duration(&mut *epoch, "duration", &name)? else {
                    let error = Error::input(format!("the epoch `{name}` has no duration"))
                        .why("it follows the one before it for some time")
                        .remedy("duration = \"300 ms\", or within = \"…\"");
                    return Err(epoch.blame("name", error));
                };
                let test = read_duration(&mut *epoch, "test_duration", &name)?.unwrap_or_else(|| usual.clone());
                Span::Next { usual, test }
            };
            self.epochs.push(Period { name: intern(&name), span });
        }
        if self.epochs.is_empty() {
            return Err(s.blame(
                "epochs",
                Error::input("the task has no epochs")
                    .why("a trial is made of periods with durations")
                    .remedy("add [[task.epochs]] with name = \"stimulus\" and duration = \"800 ms\""),
            ));
        }
        Ok(())
    }

    fn read_channels(&self, s: &mut dyn Settings, list: &'static str, key: &'static str) -> Result<Vec<Channel>> {
        let mut channels: Vec<Channel> = Vec::new();
        for mut channel in s.list(list) {
            let name = required(&mut *channel, "name", "what the channel is called")?;
            let count = channel.count("count", 1, "how many of them; `k` counts them from 0 in formulas")?;
            let mut names = self.names();
            names.push("k");
            if self.choice.is_some() {
                names.push("choice");
            }
            let mut values: Vec<Option<Formula>> = vec![None; self.epochs.len()];
            if channel.is_section(key) {
                let mut section = channel.inner(key);
                for epoch in section.names() {
                    let Some(place) = self.epochs.iter().position(|e| e.name == epoch) else {
                        let known: Vec<&str> = self.epochs.iter().map(|e| e.name).collect();
                        let _ = section.formula(&epoch, "");
                        return Err(section.blame(
                            &epoch,
                            Error::input(format!("`{name}` has a {key} in `{epoch}`, which is no epoch"))
                                .why(format!("the epochs are {}", known.join(", ")))
                                .remedy("write the name of an epoch"),
                        ));
                    };
                    let text = section.formula(&epoch, "")?.unwrap_or_default();
                    values[place] = Some(Formula::new(&text, &names).map_err(|e| section.blame(&epoch, e))?);
                }
            } else {
                let during = channel.strings("during", &[], "epochs in which it has this value; left out: all")?;
                let Some(text) = channel.formula(key, "a number or a formula, or a section with one for each epoch")?
                else {
                    return Err(channel.blame(
                        "name",
                        Error::input(format!("`{name}` has no {key}"))
                            .why(format!("the channel would say nothing in any epoch of [[task.{list}]]"))
                            .remedy(format!("{key} = \"…\" with during = [\"stimulus\"]")),
                    ));
                };
                let formula = Formula::new(&text, &names).map_err(|e| channel.blame(key, e))?;
                for epoch in &during {
                    if !self.epochs.iter().any(|e| e.name == epoch) {
                        let known: Vec<&str> = self.epochs.iter().map(|e| e.name).collect();
                        return Err(channel.blame(
                            "during",
                            Error::input(format!("`{name}` is there during `{epoch}`, which is no epoch"))
                                .why(format!("the epochs are {}", known.join(", ")))
                                .remedy("write the name of an epoch"),
                        ));
                    }
                }
                for (value, epoch) in values.iter_mut().zip(&self.epochs) {
                    if during.is_empty() || during.iter().any(|d| d == epoch.name) {
                        *value = Some(formula.clone());
                    }
                }
            }
            for k in 0..count {
                let name = if count == 1 { intern(&name) } else { intern(&format!("{name} {k}")) };
                if channels.iter().any(|c| c.name == name) {
                    return Err(channel.blame(
                        "name",
                        Error::input(format!("two of [[task.{list}]] are called `{name}`"))
                            .why("results are found by their names")
                            .remedy("give each its own"),
                    ));
                }
                channels.push(Channel { name, number: k as f64, values: values.clone() });
            }
        }
        Ok(channels)
    }

    fn read_catch(&mut self, s: &mut dyn Settings) -> Result<()> {
        let about = "how many training trials are catch trials, without any input";
        let text = s.formula("catch_probability", about)?;
        let probability = match text {
            None => 0.0,
            Some(text) => {
                let constant = |n: &str| self.constants.iter().find(|(k, _)| *k == n).map(|&(_, v)| v);
                let names: Vec<&str> = self.constants.iter().map(|(n, _)| *n).collect();
                let value = Formula::new(&text, &names).and_then(|f| f.value(constant));
                value.map_err(|e| s.blame("catch_probability", e))?
            }
        };
        if !(0.0..=1.0).contains(&probability) {
            return Err(s.blame(
                "catch_probability",
                Error::input(format!("`catch_probability` is {probability}"))
                    .why("a probability lies between 0 and 1")
                    .remedy("for instance catch_probability = \"1/11\""),
            ));
        }
        self.catch_probability = probability;
        if probability > 0.0 {
            self.catch_duration = s.positive_time("catch_duration", ms(2000.0), "length of a catch trial")?;
            let low = self.constants.iter().find(|(n, _)| *n == "low").map_or(0.0, |&(_, v)| v);
            let about = "target of every output in a catch trial; left out: the constant `low`, or 0";
            self.catch_target = s.optional_number("catch_target", about)?.unwrap_or(low) as f32;
        }
        Ok(())
    }

    /// Refuses a name that exists, or that no formula could use.
    fn fresh(&self, name: &str) -> Result<()> {
        let word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let reserved = ["k", "choice", "catch", "if", "else", "PI", "E", "chosen", "samples", "t"];
        if !word || reserved.contains(&name) {
            return Err(Error::input(format!("`{name}` cannot be a name here"))
                .why(if word { "it has a meaning already" } else { "formulas know names of letters, digits and _" })
                .remedy("choose another, such as `motion_coherence`"));
        }
        let taken = self.names().contains(&name) || self.epochs.iter().any(|e| e.name == name);
        if taken {
            return Err(Error::input(format!("the name `{name}` comes twice"))
                .why("conditions, columns, constants and epochs share one list of names")
                .remedy("rename one of them"));
        }
        Ok(())
    }

    /// Names that formulas may use.
    fn names(&self) -> Vec<&'static str> {
        let constants = self.constants.iter().map(|(n, _)| *n);
        constants.chain(self.axes.iter().map(|a| a.name)).chain(self.columns.iter().map(|(n, _)| *n)).collect()
    }

    fn told(&self, row: &[f64]) -> String {
        let pairs = self.axes.iter().zip(row).map(|(a, v)| format!("{} = {v}", a.name));
        pairs.collect::<Vec<_>>().join(", ")
    }

    /// What all formulas come to for these values of the axes.
    fn work_out(&self, row: &[f64]) -> Result<Worked> {
        let mut known: Vec<(&str, f64)> = self.constants.clone();
        known.extend(self.axes.iter().map(|a| a.name).zip(row.iter().copied()));
        let look_up = |known: &[(&str, f64)], name: &str| known.iter().find(|(n, _)| *n == name).map(|&(_, v)| v);
        let mut worked = Worked { asked: true, ..Worked::default() };
        for (name, formula) in &self.columns {
            // + 0: no -0 among the abscissae of a curve
            let value = formula.value(|n| look_up(&known, n))? + 0.0;
            worked.columns.push(value);
            known.push((name, value));
        }
        if let Some(formula) = &self.choice {
            let value = formula.value(|n| look_up(&known, n))?;
            // 30 * 0.1 is 3, but for the last bit
            let whole = libm::rint(value);
            let is_output = (value - whole).abs() < 1e-9 && (0.0..self.outputs.len() as f64).contains(&whole);
            worked.said = Some(value);
            worked.choice = is_output.then_some(whole as usize);
            known.push(("choice", if is_output { whole } else { value }));
        }
        if let Some(formula) = &self.asked {
            worked.asked = formula.value(|n| look_up(&known, n))? != 0.0;
        }
        for epoch in 0..self.epochs.len() {
            for channel in self.inputs.iter().chain(&self.outputs) {
                let value = match &channel.values[epoch] {
                    None => f64::NAN,
                    Some(f) => f.value(|n| if n == "k" { Some(channel.number) } else { look_up(&known, n) })?,
                };
                worked.values.push(value as f32);
            }
        }
        Ok(worked)
    }

    /// Conditions and, if there are any, one catch trial: what enumeration at a check goes through.
    fn has_catch(&self) -> bool {
        self.catch_probability > 0.0
    }

    /// Start and end of each epoch, by the durations that the random ones were drawn to.
    fn timing(&self, test: bool, drawn: &[Time], dt: Time) -> Vec<(Time, Time)> {
        let mut times: Vec<(Time, Time)> = Vec::with_capacity(self.epochs.len());
        let mut now = ms(0.0);
        for (place, period) in self.epochs.iter().enumerate() {
            times.push(match &period.span {
                Span::Next { usual, test: other } => {
                    // Each duration is rounded down by itself, as in the reference.
                    let length = match if test { other } else { usual } {
                        Duration::Fixed(time) => *time,
                        _ => drawn[place],
                    };
                    let start = now;
                    now = start + length.floor_to(dt);
                    (start, now)
                }
                Span::Within { epoch, delay } => {
                    let (start, end) = times[*epoch];
                    let start = start + delay.floor_to(dt);
                    (if start < end { start } else { end }, end)
                }
            });
        }
        times
    }

    fn script(&self, times: &[(Time, Time)], worked: &Worked) -> Script {
        let (channels, outputs) = (self.inputs.len(), self.outputs.len());
        let mut ends: Vec<Time> = times.iter().flat_map(|&(a, b)| [a, b]).filter(|t| t.as_ms() > 0.0).collect();
        ends.sort_by(|a, b| a.as_ms().total_cmp(&b.as_ms()));
        ends.dedup_by(|b, a| (b.as_ms() - a.as_ms()).abs() < 1e-6);
        let width = channels + 2 * outputs;
        let mut values = vec![0.0; ends.len() * width];
        let mut start = ms(0.0);
        for (end, stretch) in ends.iter().zip(values.chunks_exact_mut(width)) {
            let middle = ms(0.5 * (start.as_ms() + end.as_ms()));
            for (epoch, &(a, b)) in times.iter().enumerate() {
                if !(a < middle && middle < b) {
                    continue;
                }
                // Where epochs overlap, the later in the file has its say.
                let here = &worked.values[epoch * (channels + outputs)..][..channels + outputs];
                for (i, value) in here.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                    stretch[i] = *value;
                    if i >= channels {
                        stretch[i + outputs] = 1.0;
                    }
                }
            }
            start = *end;
        }
        Script { ends, values }
    }

    fn catch_trial(&self, dt: Time) -> Outline {
        let duration = self.catch_duration.floor_to(dt);
        let mut values = vec![0.0; self.inputs.len()];
        values.extend(vec![self.catch_target; self.outputs.len()]);
        values.extend(vec![1.0; self.outputs.len()]);
        Outline {
            duration,
            epochs: Vec::new(),
            info: Vec::new(),
            condition: None,
            choice: None,
            script: Script { ends: vec![duration], values },
        }
    }

    /// The place of trial `number` in a permuted block; past the conditions it is the catch trial that belongs
    /// to each block of a check.
    fn permuted(&self, request: &Request<'_>) -> usize {
        let n = self.rows.len() + usize::from(request.set == Set::Validation && self.has_catch());
        let (block, place) = (request.number / n as u64, (request.number % n as u64) as usize);
        let purpose = match request.set {
            Set::Training => Purpose::TrainingOrder,
            Set::Validation => Purpose::ValidationOrder,
            // Song et al. 2016, code: the first block of test trials comes in order
            Set::Test if block == 0 => return place,
            Set::Test => Purpose::TestOrder,
        };
        let mut order: Vec<usize> = (0..n).collect();
        let mut stream = Address { seed: request.seed, purpose, trial: block }.stream();
        for i in (1..n).rev() {
            order.swap(i, stream.below(i + 1));
        }
        order[place]
    }
}

/// A setting that must be given.
fn required(s: &mut dyn Settings, key: &'static str, about: &'static str) -> Result<String> {
    let value = s.text(key, "", about)?;
    if value.is_empty() {
        return Err(s.blame(
            key,
            Error::input(format!("`{key}` is missing"))
                .why(format!("it says {about}"))
                .remedy(format!("{key} = \"…\"")),
        ));
    }
    Ok(value)
}

/// A time of an epoch that is not negative.
fn from_zero(time: Time, s: &dyn Settings, key: &str, epoch: &str) -> Result<Time> {
    if time >= ms(0.0) {
        return Ok(time);
    }
    let error = Error::input(format!("`{key}` of `{epoch}` is {time}"));
    Err(s.blame(key, error.why("time does not run backwards").remedy("give 0 ms or more")))
}

/// `duration = "800 ms"`, or a section with a distribution.
fn read_duration(s: &mut dyn Settings, key: &'static str, epoch: &str) -> Result<Option<Duration>> {
    if !s.is_section(key) {
        let about = "how long it lasts; a section with `distribution` for a random duration";
        return match s.optional_time(key, about)? {
            None => Ok(None),
            Some(time) => Ok(Some(Duration::Fixed(from_zero(time, s, key, epoch)?))),
        };
    }
    let mut inner = s.inner(key);
    let word = inner.word(
        "distribution",
        "uniform",
        &["uniform", "truncated exponential", "truncated normal"],
        "of the duration, rounded down to the time step",
    )?;
    let low = inner.time("low", ms(0.0), "shortest duration")?;
    let low = from_zero(low, &*inner, "low", epoch)?;
    let high = inner.positive_time("high", ms(1000.0), "no duration is as long as this")?;
    if low >= high {
        return Err(inner.blame(
            "high",
            Error::input(format!("`high` of `{epoch}` is {high}"))
                .why(format!("no duration lies between `low`, {low}, and this"))
                .remedy("give a larger `high`"),
        ));
    }
    Ok(Some(match word.as_str() {
        "truncated exponential" => {
            let mean = inner.positive_time("mean", ms(330.0), "mean before the bounds cut it")?;
            Duration::Exponential(TruncatedExponential { mean, low, high })
        }
        "truncated normal" => {
            let mean = inner.positive_time("mean", ms(500.0), "mean before the bounds cut it")?;
            let deviation = inner.positive_time("deviation", ms(100.0), "s.d. before the bounds cut it")?;
            Duration::Normal(TruncatedNormal { mean, deviation, low, high })
        }
        _ => Duration::Uniform(Uniform { low, high }),
    }))
}

impl Task for Custom {
    fn name(&self) -> &'static str {
        intern(&self.called)
    }

    fn inputs(&self) -> Vec<&'static str> {
        self.inputs.iter().map(|c| c.name).collect()
    }

    fn outputs(&self) -> Vec<&'static str> {
        self.outputs.iter().map(|c| c.name).collect()
    }

    fn conditions(&self) -> Conditions {
        Conditions { columns: self.axes.iter().map(|a| a.name).collect(), rows: self.rows.clone() }
    }

    fn period(&self) -> usize {
        let rounds = self.orders[Set::Validation as usize] != Order::Random;
        if rounds { (self.rows.len() + usize::from(self.has_catch())).max(1) } else { 1 }
    }

    fn test_period(&self) -> usize {
        let rounds = self.orders[Set::Test as usize] != Order::Random;
        if rounds { (self.rows.len() + self.extra.len()).max(1) } else { 1 }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        // Always the same draws in the same order, so that forcing one leaves the others as they were.
        let draw_catch = stream.uniform() < self.catch_probability;
        let mut row: Vec<f64> = self.axes.iter().map(|a| a.values[stream.below(a.values.len())]).collect();
        let test = request.set == Set::Test;
        let drawn: Vec<Time> = self
            .epochs
            .iter()
            .map(|period| {
                let Span::Next { usual, test: other } = &period.span else { return ms(0.0) };
                let first = usual.draw(stream);
                // One draw where test trials last as long as the others.
                if test && other != usual { other.draw(stream) } else { first }
            })
            .collect();

        let mut catch = draw_catch && !test;
        let order = self.orders[request.set as usize];
        match order {
            Order::Random => {}
            Order::Permuted if self.rows.is_empty() => {}
            Order::Permuted => match self.rows.get(self.permuted(request)) {
                Some(other) => {
                    row.clone_from(other);
                    catch &= request.set == Set::Training;
                }
                None => catch = true,
            },
            // While learning, rounds go on from update to update, and catch trials take the place of conditions.
            Order::Enumerated if request.set == Set::Training => {
                if !self.rows.is_empty() {
                    row.clone_from(&self.rows[(request.number % self.rows.len() as u64) as usize]);
                }
            }
            Order::Enumerated => {
                let period = if test { self.test_period() } else { self.period() };
                let ahead = if test { self.extra.len() } else { usize::from(self.has_catch()) };
                let place = request.index % period;
                catch = !test && place < ahead;
                if place >= ahead && !self.rows.is_empty() {
                    row.clone_from(&self.rows[place - ahead]);
                } else if test && place < ahead {
                    for (value, extra) in row.iter_mut().zip(&self.extra[place]) {
                        *value = extra.unwrap_or(*value);
                    }
                }
            }
        }
        for (axis, value) in self.axes.iter().zip(&mut row) {
            *value = request.or(axis.name, *value);
        }
        if request.or("catch", f64::from(u8::from(catch))) != 0.0 && self.has_catch() {
            return self.catch_trial(request.dt);
        }
        let mut drawn = drawn;
        for (period, time) in self.epochs.iter().zip(&mut drawn) {
            *time = ms(request.or(period.name, time.as_ms()));
        }
        let place = self.rows.iter().position(|r| *r == row);
        let fresh;
        let worked = match place {
            Some(place) => &self.table[place],
            None => {
                // A forced value may lie where a formula has none: then it says nothing.
                fresh = self.work_out(&row).unwrap_or_else(|_| Worked {
                    values: vec![f32::NAN; self.epochs.len() * (self.inputs.len() + self.outputs.len())],
                    columns: vec![f64::NAN; self.columns.len()],
                    ..Worked::default()
                });
                &fresh
            }
        };
        let times = self.timing(test, &drawn, request.dt);
        let mut info: Vec<(&'static str, f64)> = self.axes.iter().map(|a| a.name).zip(row.iter().copied()).collect();
        info.extend(self.columns.iter().map(|(n, _)| *n).zip(worked.columns.iter().copied()));
        if let Some(choice) = worked.choice {
            info.push(("choice", choice as f64));
        }
        for (period, (start, end)) in self.epochs.iter().zip(&times) {
            if let Span::Next { usual, .. } = &period.span
                && !matches!(usual, Duration::Fixed(_))
            {
                info.push((period.name, (*end - *start).as_ms()));
            }
        }
        Outline {
            duration: times.iter().map(|t| t.1).fold(ms(0.0), |a, b| if b > a { b } else { a }),
            epochs: self
                .epochs
                .iter()
                .zip(&times)
                .map(|(p, &(start, end))| Epoch { name: p.name, start, end })
                .collect(),
            info,
            condition: place,
            choice: worked.choice.filter(|_| worked.asked),
            script: self.script(&times, worked),
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        if let Some(values) = outline.script.at(t) {
            let (inputs, rest) = values.split_at(self.inputs.len());
            let (targets, mask) = rest.split_at(self.outputs.len());
            sample.inputs.copy_from_slice(inputs);
            sample.targets.copy_from_slice(targets);
            sample.mask.copy_from_slice(mask);
        }
    }

    fn performance(&self) -> Performance {
        self.judged
    }

    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        observer::answer(self, seen)
    }

    fn noise_limit(&self, noise: f64, dt: Time) -> f64 {
        observer::limit(self, noise, dt)
    }

    fn chance(&self) -> f64 {
        if self.judged == Performance::Error { 0.0 } else { 100.0 / self.outputs.len() as f64 }
    }

    fn catch_share(&self) -> f64 {
        self.catch_probability
    }

    fn lengths(&self, set: Set, dt: Time) -> (usize, usize) {
        let test = set == Set::Test;
        let steps = |end: fn((Time, Time)) -> Time| {
            let bound = |period: &Period| match &period.span {
                Span::Next { usual, test: other } => end(if test { other } else { usual }.bounds()),
                Span::Within { .. } => ms(0.0),
            };
            let drawn: Vec<Time> = self.epochs.iter().map(bound).collect();
            self.timing(test, &drawn, dt).iter().map(|t| t.1.steps(dt)).max().unwrap_or(0)
        };
        // no duration is as long as the upper bound; 1e-6 ms is more than the slack of rounding
        (steps(|(low, _)| low), steps(|(_, high)| ms(high.as_ms() - 1e-6)))
    }
}
