//! Test trials as a NumPy file, larger than memory if need be.

use super::watch::Extent;
use super::{TestRun, Trained};
use crate::files;
use crate::npz::Npz;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::Shape;
use cogrnn_core::task::Outline;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a recording holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recording {
    /// Trials.
    pub trials: usize,
    /// Samples of the longest trial, the initial state included.
    pub steps: usize,
    /// Units.
    pub units: usize,
    /// Time between two samples in ms.
    pub every: f64,
    /// Size of the file.
    pub bytes: u64,
}

impl Trained {
    /// Records test trials into an npz file: `t` (ms), `inputs`, `potentials`, `rates`, `outputs`, each (trial × time ×
    /// unit) and NaN after a trial's end, and the table of trials, one array a column. Trials are written as
    /// they come, so the file may be larger than memory. `None` if `stop` was set on the way; nothing is
    /// left then.
    ///
    /// # Errors
    /// As [`Trained::watch`]; a file that cannot be written, or would not fit on the disk.
    pub fn record(
        &self,
        request: &TestRun,
        out: &Path,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(f64),
    ) -> Result<Option<Recording>> {
        let extent = self.extent(request)?;
        let Extent { trials, samples, shape: Shape { inputs, units, outputs } } = extent;
        let mut npz = Npz::create(out)?;
        let widths = [("inputs", inputs), ("potentials", units), ("rates", units), ("outputs", outputs)];
        let bytes = Npz::size(&widths.map(|(name, width)| (name, trials * samples * width, size_of::<f32>())));
        has_room(out, bytes, extent)?;

        let dt = self.step(request.dt)?;
        let step = request.save_every.map_or(1, |every| every.steps(dt));
        let t: Vec<f64> = (0..samples).map(|k| (k * step) as f64 * dt.as_ms()).collect();
        npz.add("t", &t)?;
        let mut arrays = Vec::new();
        for (name, width) in widths {
            arrays.push((npz.reserve::<f32>(name, &[trials, samples, width])?, width));
        }
        let mut table = TrialTable::default();
        let done = self.watch(
            request,
            &mut |trial| {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::machine("the recording was interrupted"));
                }
                let kept = trial.times.len();
                let values = [trial.inputs, trial.potentials, trial.rates, trial.outputs];
                for ((array, width), values) in arrays.iter().zip(values) {
                    npz.append(*array, values)?;
                    npz.append_many(*array, f32::NAN, (samples - kept) * width)?;
                }
                table.samples.push(kept as i64);
                table.chosen.push(trial.chosen as i64);
                table.add(trial.outline);
                Ok(())
            },
            progress,
        );
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        done?;
        npz.add("trial_samples", &table.samples)?;
        npz.add("trial_chosen", &table.chosen)?;
        for (name, values) in &table.columns {
            npz.add(name, values)?;
        }
        let bytes = npz.finish()?;
        Ok(Some(Recording { trials, steps: samples, units, every: step as f64 * dt.as_ms(), bytes }))
    }
}

/// Refuses what would fill the disk, before hours are spent on it.
fn has_room(out: &Path, bytes: u64, extent: Extent) -> Result<()> {
    match files::free_space(out) {
        Some(free) if bytes > free => {
            let gigabytes = |bytes: u64| match bytes as f64 / 1e9 {
                few @ ..0.1 => format!("{few:.4} GB"),
                some @ ..10.0 => format!("{some:.1} GB"),
                many => format!("{many:.0} GB"),
            };
            Err(Error::machine(format!("a recording of {} trials would take {}", extent.trials, gigabytes(bytes)))
                .at(out.display().to_string())
                .why(format!(
                    "each has up to {} samples of {} units, and {} are free on this disk",
                    extent.samples,
                    extent.shape.units,
                    gigabytes(free)
                ))
                .remedy("record fewer samples (--save-every \"10 ms\") or fewer trials, or choose another disk"))
        }
        _ => Ok(()),
    }
}

/// What a recording says of each trial.
#[derive(Default)]
struct TrialTable {
    samples: Vec<i64>,
    chosen: Vec<i64>,
    trials: usize,
    /// In the order in which they were first seen, conditions before epochs; NaN where a trial has none.
    columns: Vec<(String, Vec<f64>)>,
    conditions: usize,
}

impl TrialTable {
    fn add(&mut self, outline: &Outline) {
        for (name, value) in &outline.info {
            let at = self.column(format!("trial_{name}"), true);
            self.columns[at].1.push(*value);
        }
        for epoch in &outline.epochs {
            for (end, time) in [("start", epoch.start), ("end", epoch.end)] {
                let at = self.column(format!("epoch_{}_{end}", epoch.name), false);
                if self.columns[at].1.len() == self.trials {
                    self.columns[at].1.push(time.as_ms()); // of epochs with one name the first
                }
            }
        }
        self.trials += 1;
        for (_, values) in &mut self.columns {
            values.resize(self.trials, f64::NAN);
        }
    }

    fn column(&mut self, name: String, condition: bool) -> usize {
        if let Some(at) = self.columns.iter().position(|(n, _)| *n == name) {
            return at;
        }
        let at = if condition { self.conditions } else { self.columns.len() };
        self.conditions += usize::from(condition);
        self.columns.insert(at, (name, vec![f64::NAN; self.trials]));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_fill_the_disk_is_refused_before_it_begins() {
        let dir = tempfile::tempdir().unwrap();
        let extent = Extent { trials: 10_000, samples: 9601, shape: Shape { inputs: 2, units: 500, outputs: 2 } };
        let out = dir.path().join("a.npz");
        has_room(&out, 1000, extent).unwrap();
        if files::free_space(&out).is_some() {
            let error = has_room(&out, 1 << 60, extent).unwrap_err();
            assert_eq!(error.what, "a recording of 10000 trials would take 1152921505 GB");
            assert!(error.why.unwrap().starts_with("each has up to 9601 samples of 500 units, and "));
        }
    }
}
