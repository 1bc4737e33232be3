//! Numbers on disk: JSON for people, and a cache that makes no analysis twice.

use super::{Analysed, Named, Numbers, Plan};
use crate::evaluate::{TestRun, Trained};
use crate::files;
use crate::npz::Npz;
use cogrnn_core::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where the analyses of a run lie.
pub fn result_folder(run: &Path) -> PathBuf {
    run.join("analysis")
}

/// Counts up whenever the code of an analysis comes to other numbers from the same trials, or a report
/// has other fields, so that nothing found by older code is taken for its result.
///
/// 1: as first published. 2: sections of an analysis have names; principal components mark coloured epochs.
pub const ANALYSIS_VERSION: u32 = 2;

/// Arrays of a JSON file that are longer go into an npz file beside it.
const LONGEST: usize = 4000;

#[derive(Serialize, Deserialize)]
struct Cached {
    key: String,
    analysed: Analysed,
}

impl Analysed {
    /// Writes `analysis/NAME.json` for each, arrays of more than 4,000 numbers into `NAME.npz`.
    ///
    /// # Errors
    /// If the machine refuses.
    pub fn write(&self, run: &Path) -> Result<()> {
        let folder = result_folder(run);
        std::fs::create_dir_all(&folder).map_err(|e| files::refusal("make", &folder, &e))?;
        for Named { name, numbers } in &self.numbers {
            let mut value = serde_json::to_value(numbers).map_err(|e| {
                Error::machine("numbers cannot be written")
                    .why(e.to_string())
                    .remedy("report this as a fault of cogrnn")
            })?;
            let mut arrays = Vec::new();
            extract("", &mut value, &mut arrays);
            let npz = folder.join(format!("{name}.npz"));
            if arrays.is_empty() {
                let _ = std::fs::remove_file(&npz); // of an earlier analysis; it may not exist
            } else {
                let mut file = Npz::create(&npz)?;
                for (path, values) in &arrays {
                    file.add::<f64>(path, values)?;
                }
                file.finish()?;
                point_to(&format!("{name}.npz"), &mut value);
            }
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            files::write_atomically(folder.join(format!("{name}.json")), text.as_bytes())?;
        }
        Ok(())
    }
}

/// Takes long arrays of numbers out of a value and leaves their names.
fn extract(path: &str, value: &mut Value, arrays: &mut Vec<(String, Vec<f64>)>) {
    let inner = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Array(items) if items.len() > LONGEST && items.iter().all(|v| v.is_number() || v.is_null()) => {
            let numbers = items.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect();
            arrays.push((path.to_string(), numbers));
            *value = serde_json::json!({ "npz": path });
        }
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                extract(&inner(&i.to_string()), item, arrays);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                extract(&inner(key), item, arrays);
            }
        }
        _ => {}
    }
}

/// Says in which file the arrays that were taken out are.
fn point_to(file: &str, value: &mut Value) {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("npz") => {
            map.insert("file".into(), Value::String(file.to_string()));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| point_to(file, v)),
        Value::Object(map) => map.values_mut().for_each(|v| point_to(file, v)),
        _ => {}
    }
}

/// All that decides what analyses come to: the version of their code, the network, every setting of
/// `[test]`, the trials and what is asked of them.
pub(crate) fn key(trained: &Trained, plans: &[&Plan], run: &TestRun) -> String {
    let test = trained.experiment.testing();
    let threshold = trained.experiment.threshold;
    let checksum = trained.checksum();
    format!("{ANALYSIS_VERSION} {checksum:08x} {threshold} {test} {run:?} {plans:?}")
}

/// The analyses of a run: read if they were made of the same network in the same way, made if not.
///
/// # Errors
/// As [`super::analyse`].
pub fn analysed(
    trained: &Trained,
    folder: &Path,
    plans: &[&Plan],
    run: &TestRun,
    progress: &mut dyn FnMut(f64),
) -> Result<Analysed> {
    let key = key(trained, plans, run);
    let path = result_folder(folder).join("cache.msgpack");
    if let Ok(bytes) = std::fs::read(&path)
        && let Ok(cached) = rmp_serde::from_slice::<Cached>(&bytes)
        && cached.key == key
    {
        progress(1.0);
        return Ok(cached.analysed);
    }
    let analysed = super::analyse(trained, plans, run, progress)?;
    analysed.write(folder)?;
    let cached = Cached { key, analysed };
    let bytes = rmp_serde::to_vec_named(&cached).map_err(|e| {
        Error::machine("the cache of analyses cannot be written")
            .why(e.to_string())
            .remedy("report this as a fault of cogrnn")
    })?;
    files::write_atomically(&path, &bytes)?;
    Ok(cached.analysed)
}

impl Numbers {
    /// One line for a terminal.
    pub fn headline(&self) -> String {
        let sigma = |curve: &cogrnn_analysis::psychometric::Curve| {
            curve.fit.map_or("no fit".to_string(), |f| format!("mu {:.2}, sigma {:.2}", f.mu, f.sigma))
        };
        match self {
            Numbers::Psychometric(r) => {
                let each: Vec<String> = r
                    .groups
                    .iter()
                    .map(|g| match (&r.by, g.value) {
                        (Some(by), Some(v)) => format!("{by} {v}: {}", sigma(&g.curve)),
                        _ => sigma(&g.curve),
                    })
                    .collect();
                each.join("; ")
            }
            Numbers::Chronometric(r) => {
                let points: Vec<String> = r.correct.iter().map(|p| format!("{:.0} ms at {}", p.mean, p.x)).collect();
                format!("{}; {:.1} % undecided", points.join(", "), 100.0 * r.undecided)
            }
            Numbers::Duration(r) => {
                let slope = |c: &cogrnn_analysis::duration::DurationCurve| {
                    c.trend.as_ref().map(|t| format!("{} {}: {:+.2}/s", r.by, c.value, t.slope))
                };
                r.curves.iter().filter_map(slope).collect::<Vec<_>>().join(", ")
            }
            Numbers::Units(r) | Numbers::Responses(r) => {
                format!("{} units in {} conditions", r.units, r.conditions.len())
            }
            Numbers::Selectivity(r) => {
                let strong = r.d_prime.iter().filter(|d| d.abs() > 1.0).count();
                format!("{strong} of {} units with |d'| above 1", r.d_prime.len())
            }
            Numbers::Regression(r) => {
                format!("{} active units, R² {:.2}", r.active.len(), r.r_squared)
            }
            Numbers::Tuning(r) => {
                let worst = r.pairs.iter().map(|p| p.percent_correct).fold(f64::INFINITY, f64::min);
                format!(
                    "lowest pair {worst:.0} % right; {} units tuned positively twice, {} switch sign",
                    r.positive_in_both.len(),
                    r.sign_switching.len()
                )
            }
            Numbers::Multisensory(r) => r.optimality.as_ref().map_or("no fit".to_string(), |o| {
                format!("1/sigma² together {:.3}, predicted {:.3}", o.observed.value, o.predicted.value)
            }),
            Numbers::Components(r) => {
                let two: f64 = r.fractions.iter().take(2).sum();
                format!("{} active units; two components hold {:.0} % of the variance", r.units.len(), 100.0 * two)
            }
            Numbers::Movements(r) => format!("{:.1} % of movements reach their dot", 100.0 * r.correct),
            Numbers::Interval(r) => {
                let line = r.line.map_or("no line".to_string(), |l| format!("slope {:.2}, r {:.2}", l.slope, l.r));
                let error = r.error.map_or("no pulse".to_string(), |e| format!("error {e:.1} ms"));
                format!("{line}; {error}; {} of {} trials without a pulse", r.without, r.trials)
            }
            Numbers::Trajectory(r) => {
                format!("the cursor ends {:.3} from where it should (median of {} trials)", r.end[1], r.trials)
            }
            Numbers::CrossTemporal(r) => {
                let best = |f: &cogrnn_analysis::cross_temporal::Feature| {
                    let most = f.diagonal().into_iter().fold(0.0, f64::max);
                    format!("{} at best {:.0} %", f.column, 100.0 * most)
                };
                r.features.iter().map(best).collect::<Vec<_>>().join(", ")
            }
            Numbers::Mds(r) => {
                let each = r.maps.iter().map(|m| format!("stress {:.2} at {:.0} ms", m.stress, m.time));
                each.collect::<Vec<_>>().join(", ")
            }
            Numbers::OutputCurves(r) => {
                let swing = |c: &cogrnn_analysis::output_curves::Curve| {
                    let ends = (c.points.first().map_or(0.0, |p| p.mean), c.points.last().map_or(0.0, |p| p.mean));
                    format!("{} in {} {}: {:+.2}", c.signal, r.by, c.value, ends.1 - ends.0)
                };
                r.curves.iter().map(swing).collect::<Vec<_>>().join(", ")
            }
            Numbers::OrthogonalDecoding(r) => {
                format!("{} units that vary, {} of {} trials correct", r.active.len(), r.correct, r.trials)
            }
            Numbers::Reaches(r) => {
                let each = |t: &cogrnn_analysis::reaches::Target| {
                    let failed = if t.failed > 0 { format!(", {} came to nothing", t.failed) } else { String::new() };
                    format!("target {}: {:.3} away (median of {} trials){failed}", t.value, t.end[1], t.trials)
                };
                if r.targets.len() > 3 {
                    let sum =
                        |of: fn(&cogrnn_analysis::reaches::Target) -> usize| r.targets.iter().map(of).sum::<usize>();
                    let worst = r.targets.iter().fold(0.0f64, |most, t| most.max(t.end[1]));
                    let (inside, trials, n) = (sum(|t| t.inside), sum(|t| t.trials), r.targets.len());
                    return format!(
                        "{inside} of {trials} trials end on their target, one of {n}; farthest median {worst:.3}"
                    );
                }
                r.targets.iter().map(each).collect::<Vec<_>>().join("; ")
            }
        }
    }
}
