//! Experiment files: TOML in, settings out, every value with the line it came from.
//!
//! Whoever asks a [`Section`] for a setting names it, explains it and gives its default. The document
//! remembers all of this, so that it can refuse what nobody asked for ([`Document::finish`]) and
//! write down what was used ([`Document::resolved`]).

mod section;
#[cfg(test)]
mod tests;
mod value;
mod writing;

use cogrnn_core::error::{Error, Result};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use toml::de::DeTable;
use value::{entries, line_of, replace, syntax_error};
use writing::{header, write_keys};

/// An experiment file, read but not yet understood.
///
/// # Example: a network's section, one value replaced on the command line
/// ```
/// use cogrnn::reader::Document;
/// use cogrnn_core::settings::Settings;
/// use cogrnn_core::units::ms;
///
/// let file = "[network]\nunits = 100\ntau = \"100 ms\"\n";
/// let document = Document::parse(file, "experiment.toml", &["network.tau=50 ms".into()])?;
/// let mut network = document.section("network");
/// assert_eq!(network.count("units", 150, "how many units")?, 100);
/// assert_eq!(network.time("tau", ms(100.0), "time constant")?, ms(50.0));
/// document.finish()?; // nothing is left that nobody asked for
/// assert_eq!(document.resolved(), "\
/// [network]
/// units = 100    # how many units
/// tau = \"50 ms\"  # time constant
/// ");
/// # Ok::<(), cogrnn_core::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Document {
    origin: String,
    /// Where the files lie that it names; nowhere for a text without a file of its own.
    folder: Option<PathBuf>,
    root: Vec<Entry>,
    asked: RefCell<Vec<Asked>>,
}

/// A section of a [`Document`]: what a task, network or rule is given to read its settings from.
#[derive(Clone, Debug)]
pub struct Section<'d> {
    document: &'d Document,
    path: Vec<String>,
}

/// `key = value` and where it stands.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    value: Value,
    place: String,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Whole(i64),
    Real(f64),
    Flag(bool),
    Date(String),
    List(Vec<Value>),
    Table(Vec<Entry>),
}

/// A setting as a manual describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its section, `network` or `constraints.w_rec`; empty above all sections.
    pub section: String,
    /// Its name.
    pub key: String,
    /// What was used, as TOML; nothing if it is optional and was not given.
    pub value: Option<String>,
    /// What it is.
    pub about: String,
}

/// A section that was opened, and what was asked of it.
#[derive(Debug)]
struct Asked {
    path: Vec<String>,
    keys: Vec<Known>,
}

/// A setting that exists because somebody asked for it.
#[derive(Debug)]
struct Known {
    key: String,
    /// What was used, as TOML; nothing if it is optional and was not given.
    value: Option<String>,
    about: String,
    /// Known, but without effect beside other settings: no part of the resolved experiment.
    idle: bool,
}

impl Document {
    /// Reads TOML; `origin` is what messages call the file. Each override, `network.units=50`,
    /// replaces or adds one value; a value that is not TOML is taken as text.
    pub fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Document> {
        let table = DeTable::parse(text).map_err(|e| syntax_error(&e, text, origin))?;
        let place = |offset: usize| format!("{origin}:{}", line_of(text, offset));
        let mut root = entries(table.get_ref(), &place)?;
        for over in overrides {
            replace(&mut root, over)?;
        }
        Ok(Document { origin: origin.to_string(), folder: None, root, asked: RefCell::default() })
    }

    /// Reads the files that it names from this folder, its own.
    pub fn in_folder(mut self, folder: &Path) -> Document {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// The section of this name, `network` or `network.noise`; empty if the file has none. The keys
    /// that stand above all sections are those of `section("")`.
    pub fn section(&self, name: &str) -> Section<'_> {
        self.open(name.split('.').filter(|s| !s.is_empty()).map(str::to_string).collect())
    }

    /// The sections of a list, `[[connection]]`, in order; a single `[connection]` is a list of one.
    pub fn sections(&self, name: &str) -> Vec<Section<'_>> {
        self.members(&name.split('.').map(str::to_string).collect::<Vec<_>>())
    }

    fn members(&self, path: &[String]) -> Vec<Section<'_>> {
        let all = self.open(path.to_vec()); // so that an empty list is a known one
        let length = match self.value(path) {
            Some(Value::List(items)) => items.len(),
            Some(Value::Table(_)) => return vec![all],
            _ => 0,
        };
        (0..length)
            .map(|i| {
                let mut path = path.to_vec();
                path.push(i.to_string());
                self.open(path)
            })
            .collect()
    }

    fn open(&self, path: Vec<String>) -> Section<'_> {
        let mut asked = self.asked.borrow_mut();
        // A section inside a section makes the outer one known too.
        for depth in 0..=path.len() {
            if !asked.iter().any(|a| a.path == path[..depth]) {
                asked.push(Asked { path: path[..depth].to_vec(), keys: vec![] });
            }
        }
        drop(asked);
        Section { document: self, path }
    }

    /// Refuses what the file gives and nobody asked for.
    ///
    /// # Errors
    /// One message for each unknown setting or section, with the nearest one that exists.
    pub fn finish(&self) -> Result<()> {
        let mut errors = vec![];
        self.strangers(&[], &self.root, &mut errors);
        join(errors)
    }

    fn strangers(&self, path: &[String], entries: &[Entry], errors: &mut Vec<Error>) {
        for entry in entries {
            let mut inner = path.to_vec();
            inner.push(entry.key.clone());
            let opened = self.opened(&inner);
            match &entry.value {
                _ if self.knows(path, &entry.key) => {}
                Value::Table(entries) if opened => self.strangers(&inner, entries, errors),
                Value::List(items) if opened && self.opened(&[&inner[..], &["0".into()]].concat()) => {
                    for (i, item) in items.iter().enumerate() {
                        let Value::Table(entries) = item else {
                            errors.push(self.no_section(&inner, item).at(&entry.place));
                            continue;
                        };
                        let mut inner = inner.clone();
                        inner.push(i.to_string());
                        self.strangers(&inner, entries, errors);
                    }
                }
                value if opened => errors.push(self.no_section(&inner, value).at(&entry.place)),
                value => errors.push(self.stranger(path, &inner, value).at(&entry.place)),
            }
        }
    }

    fn opened(&self, path: &[String]) -> bool {
        self.asked.borrow().iter().any(|a| a.path == path)
    }

    fn no_section(&self, path: &[String], value: &Value) -> Error {
        let name = path.join(".");
        Error::input(format!("`{name}` is {}", value.shown()))
            .why(format!("a section is needed, this is {}", value.kind()))
            .remedy(format!("[{name}] with its settings below it"))
    }

    fn stranger(&self, path: &[String], inner: &[String], value: &Value) -> Error {
        let key = &inner[inner.len() - 1];
        let known = self.known(path);
        let section = matches!(value, Value::Table(_));
        let what = match (section, path.is_empty()) {
            (true, true) => format!("`[{key}]` is not a section of an experiment"),
            (true, false) => format!("`{key}` is not a section of {}", header(path, self)),
            (false, true) => format!("`{key}` is not a setting outside a section"),
            (false, false) => format!("`{key}` is not a setting of {}", header(path, self)),
        };
        let why = match known.as_slice() {
            [] => "it has no settings".to_string(),
            known => format!("it has: {}", known.join(", ")),
        };
        let elsewhere = self
            .asked
            .borrow()
            .iter()
            .find(|a| a.path != path && a.keys.iter().any(|k| &k.key == key))
            .map(|a| header(&a.path, self));
        let remedy = match (nearest(key, known.iter().map(String::as_str)), elsewhere) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(home)) => format!("`{key}` is a setting of {home}: move it there"),
            (None, None) => "remove it".to_string(),
        };
        Error::input(what).why(why).remedy(remedy)
    }

    /// Settings and sections that exist within a section.
    fn known(&self, path: &[String]) -> Vec<String> {
        let asked = self.asked.borrow();
        let keys = asked.iter().filter(|a| a.path == path).flat_map(|a| a.keys.iter().map(|k| k.key.clone()));
        let inner = asked
            .iter()
            .filter(|a| a.path.len() == path.len() + 1 && a.path.starts_with(path))
            .map(|a| a.path[path.len()].clone());
        let mut all: Vec<String> = vec![];
        for key in keys.chain(inner) {
            if !all.contains(&key) {
                all.push(key);
            }
        }
        all
    }

    fn knows(&self, path: &[String], key: &str) -> bool {
        self.asked.borrow().iter().any(|a| a.path == path && a.keys.iter().any(|k| k.key == key))
    }

    /// The experiment as it was understood: every setting asked for, with the value used, as TOML
    /// that resolves to itself.
    pub fn resolved(&self) -> String {
        let asked = self.asked.borrow();
        let mut text = String::new();
        // What stands above all sections comes first, whenever it was asked for.
        let (above, mut below): (Vec<_>, Vec<_>) = asked.iter().partition(|a| a.path.is_empty());
        // A section of a list is followed by its own sections, before the next of the list.
        let first = |path: &[String]| asked.iter().position(|a| a.path == path);
        below.sort_by_cached_key(|a| (1..=a.path.len()).map(|depth| first(&a.path[..depth])).collect::<Vec<_>>());
        for section in above.into_iter().chain(below) {
            let keys: Vec<&Known> = section.keys.iter().filter(|k| !k.idle).collect();
            let given = matches!(self.value(&section.path), Some(Value::Table(_)));
            if keys.is_empty() && (!given || section.path.is_empty()) {
                continue;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            if !section.path.is_empty() {
                text += &header(&section.path, self);
                text.push('\n');
            }
            write_keys(&mut text, &keys);
        }
        text
    }

    /// Every setting that was asked for and has an effect, section by section.
    pub fn settings(&self) -> Vec<Setting> {
        let asked = self.asked.borrow();
        let all = asked.iter().flat_map(|a| a.keys.iter().filter(|k| !k.idle).map(|k| (a.path.join("."), k)));
        all.map(|(section, k)| Setting { section, key: k.key.clone(), value: k.value.clone(), about: k.about.clone() })
            .collect()
    }

    fn find(&self, path: &[String]) -> Option<&Entry> {
        let (last, outer) = path.split_last()?;
        match self.value(outer) {
            Some(Value::Table(entries)) => entries.iter().find(|e| &e.key == last),
            None if outer.is_empty() => self.root.iter().find(|e| &e.key == last),
            _ => None,
        }
    }

    fn value(&self, path: &[String]) -> Option<&Value> {
        let (last, outer) = path.split_last()?;
        match self.value(outer) {
            Some(Value::List(items)) => items.get(last.parse::<usize>().ok()?),
            _ => self.find(path).map(|e| &e.value),
        }
    }
}

/// The candidate that a misspelt word most likely meant, if any is near.
///
/// ```
/// use cogrnn::reader::nearest;
/// assert_eq!(nearest("unit", ["tau", "units"]), Some("units"));
/// assert_eq!(nearest("colour", ["tau", "units"]), None);
/// ```
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |s: &str| s.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&word, &plain(c)), strsim::damerau_levenshtein(&word, &plain(c)), c))
        // Two slips in a word of six, or a good beginning.
        .filter(|&(alike, slips, c)| slips * 3 <= c.chars().count().max(3) || alike > 0.88)
        .max_by(|a, b| b.1.cmp(&a.1).then(a.0.total_cmp(&b.0)))
        .map(|(_, _, c)| c)
}

/// Several failures as one, each told in full.
pub fn join(errors: Vec<Error>) -> Result<()> {
    let Some((last, before)) = errors.split_last() else {
        return Ok(());
    };
    let mut what: String = before.iter().map(|e| format!("{e}\n\n")).collect();
    what += &last.what;
    Err(Error { what, ..last.clone() })
}
