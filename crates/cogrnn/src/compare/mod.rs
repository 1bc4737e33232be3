//! The same tasks under several settings, over seeds: who reaches the criterion, and how fast.
//!
//! ```toml
//! experiments = ["soo2023/dlygo", "mine.toml"]
//! seeds = 10                      # seeds 1 to 10; or a list
//!
//! [every.stop]                    # what is changed in all of them, if anything
//! max_updates = 5000
//!
//! [variants.plain]
//! [variants.dasc.unroll]          # what of the experiments is changed
//! scheme = "dasc"
//! ```
//! The first variant is the one that others are held against. All variants of an experiment share their seeds,
//! so that their networks begin with the same weights and see the same trials.

mod verdict;

pub use verdict::{Against, Outcome, Summary as CellSummary, against, interval, sign_test, spread};

use crate::experiment::Experiment;
use crate::files;
use crate::folder;
use crate::pool::Training;
use crate::reproduce::learning_curve;
use crate::trainer::{Check, Reason, Summary};
use cogrnn_core::error::{Error, Result};
use std::path::{Path, PathBuf};

/// A comparison, read and checked.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What it is about.
    pub title: String,
    /// Experiments, in the order of the file.
    pub experiments: Vec<String>,
    /// Names of the variants, in the order of the file.
    pub variants: Vec<String>,
    /// Every network: experiment by experiment, seed by seed, variant by variant.
    pub jobs: Vec<Job>,
}

/// What is asked of a comparison beyond its file.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// So many networks, seeds 1, 2, …, instead of the seeds of the file.
    pub networks: Option<usize>,
    /// Changes in all variants, as `section.key=value`. They have the last word.
    pub changes: Vec<String>,
    /// Other experiments than those of the file.
    pub experiments: Option<Vec<Stand>>,
}

/// An experiment in the place of those of the file.
#[derive(Clone, Debug, Default)]
pub struct Stand {
    /// A shipped experiment.
    pub of: String,
    /// What it and its folder are called.
    pub called: String,
    /// What is changed in it.
    pub changes: Vec<String>,
}

/// One network of a comparison.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which experiment.
    pub experiment_name: String,
    /// Which variant.
    pub variant: String,
    /// The experiment with its changes and seed.
    pub experiment: Experiment,
    /// Its run folder.
    pub folder: PathBuf,
}

impl Training for Job {
    fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn name(&self) -> String {
        format!("{}, variant {}", self.experiment_name, self.variant)
    }
}

/// A network that has been trained.
#[derive(Clone, Debug)]
pub struct Trained {
    /// What it was.
    pub job: Job,
    /// How its training went.
    pub summary: Summary,
    /// Its checks.
    pub learning: Vec<Check>,
}

impl Trained {
    /// What its validation trials cost at the last check; infinite where training diverged, or never began.
    pub fn last_cost(&self) -> f64 {
        match (self.summary.reason, self.learning.last()) {
            (Reason::Diverged, _) | (_, None) => f64::INFINITY,
            (_, Some(check)) => check.cost,
        }
    }
}

impl Job {
    /// What its folder holds.
    ///
    /// # Errors
    /// A folder without a finished training.
    pub fn result(&self) -> Result<Trained> {
        let summary = folder::read_result(&self.folder)?;
        Ok(Trained { job: self.clone(), summary, learning: learning_curve(&self.folder)? })
    }
}

impl Comparison {
    /// The replicates of one experiment, each in a folder of its own under `out`: the same networks as if each
    /// were trained alone with its seed.
    ///
    /// # Errors
    /// As [`Experiment::load`].
    pub fn replicates(what: &str, changes: &[String], out: &Path) -> Result<Comparison> {
        let whole = Experiment::load(what, changes)?;
        let name = whole.name.trim_end_matches(".toml").to_string();
        let jobs = (0..whole.replicates as u64)
            .map(|k| {
                let seed = whole.seed + k;
                let own = [format!("seed={seed}"), "replicates=1".to_string()];
                let changes: Vec<String> = changes.iter().cloned().chain(own).collect();
                let experiment = Experiment::load(what, &changes)?;
                let folder = out.join(format!("seed{seed}"));
                Ok(Job { experiment_name: name.clone(), variant: "all".into(), experiment, folder })
            })
            .collect::<Result<Vec<_>>>()?;
        let title = format!("{}: {} networks", whole.title, jobs.len());
        Ok(Comparison { title, experiments: vec![name], variants: vec!["all".into()], jobs })
    }

    /// Reads a comparison; runs go to folders under `out`.
    ///
    /// # Errors
    /// A file that says what it cannot, or an experiment of it that would not work, each by its place.
    pub fn load(path: &Path, out: &Path) -> Result<Comparison> {
        let text = files::read_text(path)?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let stem = path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        Comparison::parse(&text, &path.display().to_string(), &stem, beside, &Wish::default(), out)
    }

    /// Reads a comparison from its text, which lies in the folder `beside` and which messages call `origin`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(text: &str, origin: &str, stem: &str, beside: &Path, wish: &Wish, out: &Path) -> Result<Comparison> {
        let blame = |e: Error| e.at(origin.to_string());
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
            blame(Error::input("this is no TOML").why(e.to_string().trim().to_string()).remedy("mend that line"))
        })?;
        for key in table.keys() {
            const KEYS: [&str; 5] = ["title", "experiments", "seeds", "every", "variants"];
            if !KEYS.contains(&key.as_str()) {
                return Err(blame(
                    Error::input(format!("`{key}` is not a setting of a comparison"))
                        .why(format!("there are {}", KEYS.map(|k| format!("`{k}`")).join(", ")))
                        .remedy(match crate::reader::nearest(key, KEYS) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "what is to be changed in an experiment belongs in [variants.NAME]".into(),
                        }),
                ));
            }
        }
        let title = match table.get("title") {
            Some(toml::Value::String(title)) => title.clone(),
            _ => stem.to_string(),
        };
        let experiments = match &wish.experiments {
            Some(stands) => stands.clone(),
            None => {
                let own = names(table.get("experiments")).map_err(blame)?;
                let short = |name: &str| name.trim_end_matches(".toml").to_string();
                own.into_iter().map(|of| Stand { called: short(&of), of, changes: Vec::new() }).collect()
            }
        };
        let seeds = match wish.networks {
            Some(n) => (1..=n as u64).collect(),
            None => seeds(table.get("seeds")).map_err(blame)?,
        };
        let every = every(table.get("every")).map_err(blame)?;
        let variants = variants(table.get("variants")).map_err(blame)?;
        let mut jobs = Vec::new();
        for Stand { of, called, changes: own } in &experiments {
            // A file beside this one, or a shipped experiment.
            let file = beside.join(of);
            let what = if file.exists() { file.display().to_string() } else { of.clone() };
            for seed in &seeds {
                for (variant, changes) in &variants {
                    let seed_line = [format!("seed={seed}")];
                    let changes = [&every, own, changes, &wish.changes, &seed_line[..]].concat();
                    let experiment = Experiment::load(&what, &changes).map_err(|e| {
                        blame(Error { what: format!("variant `{variant}` of `{called}`: {}", e.what), ..e })
                    })?;
                    let folder = out.join(called).join(variant).join(format!("seed{seed}"));
                    jobs.push(Job { experiment_name: called.clone(), variant: variant.clone(), experiment, folder });
                }
            }
        }
        Ok(Comparison {
            title,
            experiments: experiments.into_iter().map(|stand| stand.called).collect(),
            variants: variants.into_iter().map(|(name, _)| name).collect(),
            jobs,
        })
    }
}

impl Comparison {
    /// Several comparisons as one, with the variants of all of them; what two of them share is there once.
    pub fn join(parts: Vec<Comparison>) -> Option<Comparison> {
        parts.into_iter().reduce(|mut whole, part| {
            for variant in part.variants {
                if !whole.variants.contains(&variant) {
                    whole.variants.push(variant);
                }
            }
            for experiment in part.experiments {
                if !whole.experiments.contains(&experiment) {
                    whole.experiments.push(experiment);
                }
            }
            for job in part.jobs {
                if !whole.jobs.iter().any(|j| j.folder == job.folder) {
                    whole.jobs.push(job);
                }
            }
            whole
        })
    }
}

/// What is changed in all variants, as `section.key=value`.
fn every(value: Option<&toml::Value>) -> Result<Vec<String>> {
    let mut flat = Vec::new();
    match value {
        None => {}
        Some(toml::Value::Table(table)) => flatten("", table, &mut flat),
        Some(_) => {
            return Err(Error::input("`every` is no section")
                .why("it holds what is changed in all variants")
                .remedy("for instance  [every.stop]  and  max_updates = 5000"));
        }
    }
    Ok(flat)
}

fn names(value: Option<&toml::Value>) -> Result<Vec<String>> {
    let wrong = || {
        Error::input("`experiments` names nothing to compare")
            .why("it must list at least one experiment")
            .remedy("for instance  experiments = [\"song2016/perceptual-decision\"]")
    };
    let list = value.and_then(toml::Value::as_array).ok_or_else(wrong)?;
    let names: Option<Vec<String>> = list.iter().map(|v| v.as_str().map(str::to_string)).collect();
    names.filter(|n| !n.is_empty()).ok_or_else(wrong)
}

fn seeds(value: Option<&toml::Value>) -> Result<Vec<u64>> {
    let wrong = || {
        Error::input("`seeds` tells no seeds")
            .why("it must be a number of networks, or a list of seeds, each of them once")
            .remedy("for instance  seeds = 10  for the seeds 1 to 10, or  seeds = [3, 14, 15]")
    };
    match value {
        None => Ok((1..=10).collect()),
        Some(toml::Value::Integer(n)) if (1..=100_000).contains(n) => Ok((1..=*n as u64).collect()),
        Some(toml::Value::Array(list)) if !list.is_empty() => {
            let seeds: Option<Vec<u64>> =
                list.iter().map(|v| v.as_integer().and_then(|i| u64::try_from(i).ok())).collect();
            let mut once = seeds.clone().unwrap_or_default();
            once.sort_unstable();
            once.dedup();
            seeds.filter(|s| s.len() == once.len()).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}

/// Each variant with its changes as `section.key=value`, in the order of the file.
fn variants(value: Option<&toml::Value>) -> Result<Vec<(String, Vec<String>)>> {
    let Some(table) = value.and_then(toml::Value::as_table).filter(|t| !t.is_empty()) else {
        return Err(Error::input("there are no variants to compare")
            .why("each needs a section of its own, though it may be empty")
            .remedy("for instance  [variants.plain]  and  [variants.slow.optimiser]  with  learning_rate = 0.001"));
    };
    let mut all = Vec::new();
    for (name, value) in table {
        let plain = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
        if name.is_empty() || !name.chars().all(plain) || name.starts_with('.') {
            return Err(Error::input(format!("a variant called `{name}`"))
                .why("its networks lie in a folder of that name")
                .remedy("take letters, digits, - and _"));
        }
        let Some(changes) = value.as_table() else {
            return Err(Error::input(format!("`variants.{name}` is no section"))
                .why("a variant is a section with what it changes")
                .remedy(format!("for instance  [variants.{name}.optimiser]  and  learning_rate = 0.001")));
        };
        let mut flat = Vec::new();
        flatten("", changes, &mut flat);
        all.push((name.clone(), flat));
    }
    Ok(all)
}

fn flatten(prefix: &str, table: &toml::Table, out: &mut Vec<String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, out),
            other => out.push(format!("{path}={other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Comparison> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        Comparison::load(&path, Path::new("out"))
    }

    #[test]
    fn a_comparison_is_every_experiment_with_every_variant_and_seed() {
        let c = load(
            "experiments = [\"song2016/perceptual-decision\", \"song2016/sinewave\"]\nseeds = [3, 5]\n\
             [variants.plain]\n[variants.fast.optimiser]\nlearning_rate = 0.05\n[variants.adam]\n\"optimiser.name\" = \"adam\"\n",
        )
        .unwrap();
        assert_eq!(c.variants, ["plain", "fast", "adam"], "the order of the file");
        assert_eq!(c.jobs.len(), 2 * 3 * 2);
        let job = &c.jobs[1];
        assert_eq!((job.variant.as_str(), job.experiment.seed), ("fast", 3));
        assert_eq!(job.folder, Path::new("out/song2016/perceptual-decision/fast/seed3"));
        assert!(job.experiment.resolved().contains("learning_rate = 0.05"));
        assert!(c.jobs[2].experiment.resolved().contains("name = \"adam\""));
    }

    #[test]
    fn what_holds_for_every_variant_is_said_once_and_a_variant_may_differ() {
        let c = load(
            "experiments = [\"song2016/sinewave\"]\nseeds = 1\n[every.stop]\nmax_updates = 77\n\
             [variants.a]\n[variants.b.stop]\nmax_updates = 88\n",
        )
        .unwrap();
        let limits: Vec<u64> = c.jobs.iter().map(|j| j.experiment.stop.max_updates).collect();
        assert_eq!(limits, [77, 88]);
        let both = Comparison::join(vec![c.clone(), c.clone()]).unwrap();
        assert_eq!((both.jobs.len(), both.experiments.len(), both.variants.len()), (2, 1, 2), "each job once");
        assert!(load("experiments = [\"song2016/sinewave\"]\nevery = 3\n[variants.a]\n").is_err());
    }

    #[test]
    fn what_cannot_be_compared_is_refused_in_words() {
        let experiments = "experiments = [\"song2016/perceptual-decision\"]\n";
        for (text, what) in [
            ("seeds = 3\n[variants.a]\n".to_string(), "`experiments` names nothing to compare"),
            (format!("{experiments}seeds = 0\n[variants.a]\n"), "`seeds` tells no seeds"),
            (format!("{experiments}seeds = [1, 1]\n[variants.a]\n"), "`seeds` tells no seeds"),
            (experiments.to_string(), "there are no variants to compare"),
            (format!("{experiments}varaints = 3\n"), "`varaints` is not a setting of a comparison"),
            (
                format!("{experiments}[variants.a.optimiser]\nlearning_rat = 3\n"),
                "variant `a` of `song2016/perceptual-decision`: `learning_rat` is not a setting of [optimiser]",
            ),
        ] {
            let error = load(&text).unwrap_err();
            assert!(error.what.starts_with(what), "{}", error.what);
            assert!(error.remedy.is_some());
        }
    }
}
