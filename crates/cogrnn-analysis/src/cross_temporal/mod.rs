//! Cross-temporal decoding: whether what tells conditions apart at one time does so at another (Miconi 2017,
//! figure 2; section 7.2 of our description of it; after Stokes et al. 2013).
//!
//! ```text
//! p_c(i)   = mean over training trials of class c of r(i)              `prototype` at time i
//! ĉ(i, j)  = argmax_c corr(p_c(i), r(j))                               of a test trial; the first of equals
//! A[i, j]  = fraction of test trials with ĉ = c, mean over random splits
//! ```
//!
//! The correlation runs over units. With r̃ the rates less their mean over units,
//!
//! ```text
//! corr(p_c(i), r_b(j)) = Σ_{a of c} r̃_a(i)·r̃_b(j) / (n_c |p̃_c(i)| |r̃_b(j)|)
//! ```
//!
//! so that the products r̃_a(i)·r̃_b(j) of pairs of trials serve all splits and all columns. They are formed for one
//! trial b at a time, as one matrix product; |r̃_b(j)| > 0 changes no argmax and is left out.

mod report;

pub use report::{Feature, Report};

use crate::keys::Key;
use crate::linear::{Matrix, product_transposed};
use crate::trial::{Analysis, Trial, nothing_seen};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose};
use std::collections::BTreeMap;

/// What is decoded, and the numbers of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Columns of the table of trials that are decoded, each by itself.
    pub features: Vec<String>,
    /// Spacing of the samples, rounded down to whole stored samples, ms; 10.
    pub spacing: f64,
    /// Random splits into training and test trials; 100.
    pub splits: usize,
    /// Whether half of each condition trains, as the paper says; else every second trial of a random order of all, as
    /// its program does. A condition is a combination of values of `features`.
    pub stratified: bool,
    /// Of the random splits.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { features: Vec::new(), spacing: 10.0, splits: 100, stratified: true, seed: 1 }
    }
}

/// Decodes columns from the population at all pairs of times.
///
/// # Example: which stimulus came first
/// ```
/// use cogrnn_analysis::cross_temporal::{CrossTemporal, Settings};
/// let decoding = CrossTemporal::new(Settings { features: vec!["first".into()], ..Settings::default() });
/// # let _ = decoding;
/// ```
#[derive(Clone, Debug)]
pub struct CrossTemporal {
    settings: Settings,
    units: Option<usize>,
    /// All stored times, which trials share.
    stored: Vec<f64>,
    /// Those that are decoded.
    times: Vec<f64>,
    /// Rates less their mean over units, (trial × time × unit).
    rates: Vec<f32>,
    /// Values of the columns, one entry a trial.
    values: Vec<Key>,
}

/// A division of the trials.
struct Split {
    /// Whether each trial trains.
    trains: Vec<bool>,
    /// 1/(n_c |p̃_c(i)|) up to n_c, (feature, class × time): 0 for a class without training trials.
    scales: Vec<Vec<f64>>,
    /// Whether each class of each feature has training trials.
    known: Vec<Vec<bool>>,
}

impl CrossTemporal {
    /// Has seen nothing yet.
    pub fn new(settings: Settings) -> CrossTemporal {
        CrossTemporal {
            settings,
            units: None,
            stored: Vec::new(),
            times: Vec::new(),
            rates: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Trial a's rates, (time × unit).
    fn of(&self, a: usize, units: usize) -> &[f32] {
        let size = self.times.len() * units;
        &self.rates[a * size..(a + 1) * size]
    }

    /// Which trials train in split s.
    fn training(&self, s: usize, conditions: &BTreeMap<&Key, Vec<usize>>) -> Vec<bool> {
        let mut stream = Address { seed: self.settings.seed, purpose: Purpose::Splits, trial: s as u64 }.stream();
        let mut trains = vec![false; self.values.len()];
        if self.settings.stratified {
            for trials in conditions.values() {
                // of an odd number the larger half is tested
                let order = stream.permutation(trials.len());
                order.iter().take(trials.len() / 2).for_each(|k| trains[trials[*k]] = true);
            }
        } else {
            let order = stream.permutation(self.values.len());
            order.iter().step_by(2).for_each(|k| trains[*k] = true);
        }
        trains
    }

    /// The length of each prototype; `sums` is room for one, (time × unit).
    fn split(&self, trains: Vec<bool>, classes: &[Vec<usize>], counts: &[usize], sums: &mut [f64]) -> Split {
        let units = self.units.unwrap_or(0);
        let (mut scales, mut known) = (Vec::new(), Vec::new());
        for (class, count) in classes.iter().zip(counts) {
            let (mut of_feature, mut known_here) = (Vec::new(), Vec::new());
            for c in 0..*count {
                sums.fill(0.0);
                let members = (0..trains.len()).filter(|a| trains[*a] && class[*a] == c);
                let mut n = 0;
                for a in members {
                    n += 1;
                    sums.iter_mut().zip(self.of(a, units)).for_each(|(sum, rate)| *sum += f64::from(*rate));
                }
                known_here.push(n > 0);
                of_feature.extend(sums.chunks_exact(units).map(|row| {
                    let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
                    // a prototype that is the same in all units correlates with nothing
                    if length > 0.0 { 1.0 / length } else { 0.0 }
                }));
            }
            scales.push(of_feature);
            known.push(known_here);
        }
        Split { trains, scales, known }
    }
}

impl Analysis for CrossTemporal {
    type Report = Report;

    fn see(&mut self, trial: &Trial<'_>) -> Result<()> {
        let units = trial.same_units(&mut self.units)?;
        let values: Vec<f64> = self.settings.features.iter().map(|f| trial.value(f)).collect::<Result<_>>()?;
        let stride = match trial.spacing() {
            spacing if spacing > 0.0 => ((self.settings.spacing / spacing + 1e-9) as usize).max(1),
            _ => 1,
        };
        // from the end of the first step, as the program stores trials: without the initial state
        let samples = || (1..trial.steps()).step_by(stride);
        if self.values.is_empty() {
            self.stored = trial.times.to_vec();
            self.times = samples().map(|k| trial.times[k]).collect();
        }
        if self.stored != trial.times || self.times.is_empty() || units < 2 {
            return Err(Error::input("trials that cannot be decoded together")
                .at(format!("trial {}", trial.index))
                .why("all need the same times, one step or more, and two units or more to correlate over")
                .remedy("fix the durations of epochs, as the test set of the task does"));
        }
        for k in samples() {
            let rates = trial.rates_at(k);
            let mean = rates.iter().map(|r| f64::from(*r)).sum::<f64>() / units as f64;
            self.rates.extend(rates.iter().map(|r| (f64::from(*r) - mean) as f32));
        }
        self.values.push(Key::new(values));
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let (Some(units), false) = (self.units, self.values.is_empty()) else {
            return Err(nothing_seen("cross-temporal decoding", "trials"));
        };
        let (trials, steps) = (self.values.len(), self.times.len());
        let mut conditions: BTreeMap<&Key, Vec<usize>> = BTreeMap::new();
        for (a, key) in self.values.iter().enumerate() {
            conditions.entry(key).or_default().push(a);
        }
        // the classes of each column, and each trial's
        let (mut levels, mut classes) = (Vec::new(), Vec::new());
        for (f, column) in self.settings.features.iter().enumerate() {
            let mut found: Vec<f64> = self.values.iter().map(|key| key.0[f]).collect();
            found.sort_by(f64::total_cmp);
            found.dedup();
            if found.len() < 2 {
                return Err(Error::input(format!("one value of `{column}` in {trials} trials"))
                    .why("decoding tells two values or more apart")
                    .remedy("run test trials of all conditions, or leave the column out of `features`"));
            }
            classes.push(self.values.iter().map(|key| found.partition_point(|v| *v < key.0[f])).collect::<Vec<_>>());
            levels.push(found);
        }
        if self.settings.stratified
            && let Some((key, few)) = conditions.iter().find(|(_, trials)| trials.len() < 2)
        {
            return Err(Error::input(format!("{} trial with {:?} = {:?}", few.len(), self.settings.features, key.0))
                .why("half of each condition trains and half is tested")
                .remedy("run more test trials, decode fewer columns, or split without regard to conditions"));
        }
        let counts: Vec<usize> = levels.iter().map(Vec::len).collect();
        let mut sums = vec![0.0; steps * units];
        let splits: Vec<Split> = (0..self.settings.splits)
            .map(|s| self.split(self.training(s, &conditions), &classes, &counts, &mut sums))
            .collect();

        let wide = |a: usize| Matrix {
            rows: steps,
            columns: units,
            values: self.of(a, units).iter().map(|r| f64::from(*r)).collect(),
        };
        let cells = steps * steps;
        // one condition after another, so that trials are summed by condition once for all columns
        let groups: Vec<&Vec<usize>> = conditions.values().collect();
        let all: Vec<Matrix> = (0..trials).map(wide).collect();
        let mut pairs: Vec<Matrix> = vec![Matrix::zeros(steps, steps); trials];
        let mut by_condition = vec![vec![0.0; cells]; groups.len()];
        let mut of_class = vec![0.0; cells];
        let (mut best, mut winner) = (vec![0.0; cells], vec![0usize; cells]);
        let mut right: Vec<Vec<u64>> = vec![vec![0; cells]; counts.len()];
        let mut tested = 0u64;
        for b in 0..trials {
            for a in (0..trials).filter(|a| *a != b) {
                product_transposed(&all[a], &all[b], &mut pairs[a]);
            }
            for split in splits.iter().filter(|split| !split.trains[b]) {
                tested += 1;
                for (sum, members) in by_condition.iter_mut().zip(&groups) {
                    sum.fill(0.0);
                    for a in members.iter().filter(|a| split.trains[**a]) {
                        sum.iter_mut().zip(&pairs[*a].values).for_each(|(sum, pair)| *sum += pair);
                    }
                }
                for (f, class) in classes.iter().enumerate() {
                    best.fill(f64::NEG_INFINITY);
                    for c in (0..counts[f]).filter(|c| split.known[f][*c]) {
                        of_class.fill(0.0);
                        for (sum, _) in by_condition.iter().zip(&groups).filter(|(_, group)| class[group[0]] == c) {
                            of_class.iter_mut().zip(sum).for_each(|(all, sum)| *all += sum);
                        }
                        let scales = &split.scales[f][c * steps..(c + 1) * steps];
                        for (i, scale) in scales.iter().enumerate() {
                            for cell in i * steps..(i + 1) * steps {
                                let correlation = of_class[cell] * scale;
                                if correlation > best[cell] {
                                    (best[cell], winner[cell]) = (correlation, c);
                                }
                            }
                        }
                    }
                    let own = class[b];
                    right[f].iter_mut().zip(&winner).for_each(|(right, c)| *right += u64::from(*c == own));
                }
            }
        }
        if tested == 0 {
            return Err(nothing_seen("cross-temporal decoding", "trials to train with and others to test"));
        }
        let features = self.settings.features.iter().zip(levels).zip(right).map(|((column, classes), right)| Feature {
            column: column.clone(),
            classes,
            accuracy: right.into_iter().map(|right| right as f64 / tested as f64).collect(),
        });
        Ok(Report {
            trials,
            times: self.times.clone(),
            splits: self.settings.splits,
            stratified: self.settings.stratified,
            features: features.collect(),
        })
    }
}

#[cfg(test)]
mod tests;
