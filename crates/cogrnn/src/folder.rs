//! The folder of a run: what lies in it, and the small files that tell how it came about.

use crate::files;
use cogrnn_core::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The experiment with every default written out.
pub const EXPERIMENT: &str = "experiment.toml";
/// The best network: weights `W[post, pre]`, masks and signs.
pub const WEIGHTS: &str = "weights.safetensors";
/// One row a validation.
pub const LEARNING: &str = "learning.csv";
/// What came of each training trial, where that is kept.
pub const TRIALS: &str = "trials.csv";
/// Why training ended and how well the network does.
pub const RESULT: &str = "result.json";
/// Program, machine and command.
pub const ENVIRONMENT: &str = "environment.toml";
/// What to cite.
pub const CITATION: &str = "citation.bib";
/// All that is needed to go on as if nothing had happened.
pub const CHECKPOINT: &str = "checkpoint.safetensors";

/// Program, machine and command of a run. It names no folder of the machine and no user, so that a
/// run folder may be shared as it is.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Threads in use.
    pub threads: usize,
    /// Kernels in use: `avx512`, `avx2` or `plain`.
    pub kernels: String,
    /// The command line.
    pub command: Vec<String>,
    /// When the run began.
    pub started: SystemTime,
}

impl Environment {
    /// This process, now.
    pub fn here(threads: usize, kernels: impl ToString) -> Environment {
        let lossless = std::env::args_os().map(|a| a.to_string_lossy().into_owned());
        Environment { threads, kernels: kernels.to_string(), command: lossless.collect(), started: SystemTime::now() }
    }

    /// As TOML.
    pub fn to_toml(&self) -> String {
        let command: Vec<String> = self.command.iter().enumerate().map(|(i, a)| without_folders(a, i == 0)).collect();
        let mut table = toml::Table::new();
        let mut add = |key: &str, value: toml::Value| table.insert(key.to_string(), value);
        add("version", env!("CARGO_PKG_VERSION").into());
        add("os", std::env::consts::OS.into());
        add("arch", std::env::consts::ARCH.into());
        add("cpu_features", cpu_features().into());
        add("kernels", self.kernels.clone().into());
        add("threads", toml::Value::Integer(self.threads as i64));
        add("command", command.join(" ").into());
        add("started", utc(self.started).into());
        table.to_string()
    }
}

/// Writes `environment.toml`.
///
/// # Errors
/// If the machine refuses.
pub fn write_environment(folder: &Path, environment: &Environment) -> Result<()> {
    files::write_atomically(folder.join(ENVIRONMENT), environment.to_toml().as_bytes())
}

/// Writes `citation.bib`: the program and these references, by key.
///
/// # Errors
/// If a key is not known or the machine refuses.
pub fn write_citation(folder: &Path, keys: &[String]) -> Result<()> {
    files::write_atomically(folder.join(CITATION), bibliography(keys)?.as_bytes())
}

/// Writes `result.json`.
///
/// # Errors
/// If the machine refuses.
pub fn write_result(folder: &Path, result: &impl Serialize) -> Result<()> {
    let path = folder.join(RESULT);
    let slip = |e: serde_json::Error| {
        Error::machine(format!("cannot write `{}`", path.display()))
            .why(e.to_string())
            .remedy("this is a slip in the program: please report it")
    };
    let mut text = serde_json::to_string_pretty(result).map_err(slip)?;
    text.push('\n');
    files::write_atomically(&path, text.as_bytes())
}

/// Reads `result.json`.
///
/// # Errors
/// If there is none, or it holds something else.
pub fn read_result<T: DeserializeOwned>(folder: &Path) -> Result<T> {
    let path = folder.join(RESULT);
    let text = files::read(&path)?;
    serde_json::from_slice(&text).map_err(|e| {
        Error::input(format!("cannot read `{}`", path.display()))
            .at(format!("line {}", e.line()))
            .why(e.to_string())
            .remedy("it is written by `cogrnn train`; train again")
    })
}

/// Refuses a folder that is not one of a run.
///
/// # Errors
/// If it does not exist or has no resolved experiment.
pub fn check_run_folder(folder: &Path) -> Result<()> {
    let shown = folder.display();
    let why = if folder.join(EXPERIMENT).is_file() {
        return Ok(());
    } else if !folder.exists() {
        "it does not exist"
    } else if !folder.is_dir() {
        "it is a file"
    } else {
        "it holds no experiment.toml"
    };
    Err(Error::input(format!("`{shown}` is not the folder of a run"))
        .why(why)
        .remedy("give a folder that `cogrnn train … --out DIR` made; they are kept in runs/"))
}

/// References in BibTeX: the program first, then those of these keys.
///
/// # Errors
/// If a key is not known.
pub fn bibliography(keys: &[String]) -> Result<String> {
    let mut text = PROGRAM.replace("{VERSION}", env!("CARGO_PKG_VERSION"));
    for key in keys {
        let known: Vec<&str> = REFERENCES.iter().map(|r| r.0).collect();
        let found = REFERENCES.iter().find(|(k, _)| k == key).ok_or_else(|| {
            Error::input(format!("no reference is called `{key}`"))
                .why(format!("there are: {}", known.join(", ")))
                .remedy("leave it out, and add your own references to citation.bib after training")
        })?;
        let _ = write!(text, "\n{}", found.1); // writing to a String cannot fail
    }
    Ok(text)
}

const PROGRAM: &str = "\
@software{cogrnn,
  title   = {cogrnn: biologically plausible recurrent networks trained on cognitive tasks},
  author  = {{The cogrnn authors}},
  version = {{VERSION}},
  year    = {2026}
}
";

const REFERENCES: &[(&str, &str)] = &[
    (
        "song2016",
        "\
@article{song2016,
  title   = {Training Excitatory-Inhibitory Recurrent Neural Networks for Cognitive Tasks: A Simple and Flexible Framework},
  author  = {Song, H. Francis and Yang, Guangyu R. and Wang, Xiao-Jing},
  journal = {PLOS Computational Biology},
  volume  = {12},
  number  = {2},
  pages   = {e1004792},
  year    = {2016},
  doi     = {10.1371/journal.pcbi.1004792}
}
",
    ),
    (
        "soo2023",
        "\
@inproceedings{soo2023,
  title     = {Training biologically plausible recurrent neural networks on cognitive tasks with long-term dependencies},
  author    = {Soo, Wayne W. M. and Goudar, Vishwa and Wang, Xiao-Jing},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {36},
  pages     = {32061--32074},
  year      = {2023}
}
",
    ),
    (
        "murray2019",
        "\
@article{murray2019,
  title   = {Local online learning in recurrent networks with random feedback},
  author  = {Murray, James M.},
  journal = {eLife},
  volume  = {8},
  pages   = {e43299},
  year    = {2019},
  doi     = {10.7554/eLife.43299}
}
",
    ),
    (
        "miconi2017",
        "\
@article{miconi2017,
  title   = {Biologically plausible learning in recurrent neural networks reproduces neural dynamics observed during cognitive tasks},
  author  = {Miconi, Thomas},
  journal = {eLife},
  volume  = {6},
  pages   = {e20899},
  year    = {2017},
  doi     = {10.7554/eLife.20899}
}
",
    ),
    (
        "yang2019",
        "\
@article{yang2019,
  title   = {Task representations in neural networks trained to perform many cognitive tasks},
  author  = {Yang, Guangyu Robert and Joglekar, Madhura R. and Song, H. Francis and Newsome, William T. and Wang, Xiao-Jing},
  journal = {Nature Neuroscience},
  volume  = {22},
  pages   = {297--306},
  year    = {2019},
  doi     = {10.1038/s41593-018-0310-2}
}
",
    ),
];

/// An argument with its folders left out, for they tell of the machine and its user.
fn without_folders(argument: &str, program: bool) -> String {
    let (flag, value) = match argument.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => (format!("{flag}="), value),
        _ => (String::new(), argument),
    };
    let path = Path::new(value);
    let bare = match path.file_name() {
        Some(name) if program || path.is_absolute() || value.starts_with(['~', '.']) => {
            name.to_string_lossy().into_owned()
        }
        _ => value.to_string(),
    };
    let shown = format!("{flag}{bare}");
    if shown.contains(char::is_whitespace) { format!("'{shown}'") } else { shown }
}

fn cpu_features() -> Vec<String> {
    #[cfg(target_arch = "x86_64")]
    {
        let all = [
            ("sse4.2", is_x86_feature_detected!("sse4.2")),
            ("avx", is_x86_feature_detected!("avx")),
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
        ];
        all.into_iter().filter(|f| f.1).map(|f| f.0.to_string()).collect()
    }
    #[cfg(not(target_arch = "x86_64"))]
    vec![]
}

/// `2016-02-29T12:00:00Z`.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years begin in March here, so that the leap day is the last of its year; 400 of them repeat.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |s| utc(UNIX_EPOCH + Duration::from_secs(s));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_456_747_200), "2016-02-29T12:00:00Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn the_environment_names_no_folder_of_the_machine() {
        let command = [
            "/home/ann/bin/cogrnn",
            "train",
            "/home/ann/my runs/a.toml",
            "--out=/scratch/ann/run",
            "--set",
            "network.tau=50 ms",
        ];
        let environment = Environment {
            threads: 2,
            kernels: "avx2".into(),
            command: command.map(String::from).to_vec(),
            started: UNIX_EPOCH,
        };
        let text = environment.to_toml();
        assert!(text.contains(r#"command = "cogrnn train a.toml --out=run --set 'network.tau=50 ms'""#), "{text}");
        assert!(!text.contains("ann"), "{text}");
        assert_eq!(text.parse::<toml::Table>().unwrap()["threads"].as_integer(), Some(2));
    }

    #[test]
    fn the_bibliography_names_the_program_and_the_paper() {
        let text = bibliography(&["song2016".into()]).unwrap();
        assert!(
            text.contains(concat!("version = {", env!("CARGO_PKG_VERSION"), "}")) && text.contains("pcbi.1004792"),
            "{text}"
        );
        assert!(bibliography(&["song".into()]).is_err());
    }

    #[test]
    fn a_folder_without_an_experiment_is_no_run() {
        let dir = tempfile::tempdir().unwrap();
        assert!(check_run_folder(dir.path()).unwrap_err().to_string().contains("holds no experiment.toml"));
        assert!(check_run_folder(&dir.path().join("x")).unwrap_err().to_string().contains("does not exist"));
        files::write_atomically(dir.path().join(EXPERIMENT), b"").unwrap();
        check_run_folder(dir.path()).unwrap();
        write_result(dir.path(), &serde_json::json!({"performance": 85.5})).unwrap();
        assert_eq!(read_result::<serde_json::Value>(dir.path()).unwrap()["performance"], 85.5);
    }
}
