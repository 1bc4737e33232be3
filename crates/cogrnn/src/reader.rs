//! Experiment files: TOML in, settings out, every value with the line it came from.
//!
//! Whoever asks a [`Section`] for a setting names it, explains it and gives its default. The document
//! remembers all of this, so that it can refuse what nobody asked for ([`Document::finish`]) and
//! write down what was used ([`Document::resolved`]).

use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::units::Time;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::str::FromStr;
use toml::de::{DeTable, DeValue};

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
        Ok(Document { origin: origin.to_string(), root, asked: RefCell::default() })
    }

    /// The section of this name, `network` or `network.noise`; empty if the file has none. The keys
    /// that stand above all sections are those of `section("")`.
    pub fn section(&self, name: &str) -> Section<'_> {
        self.open(name.split('.').filter(|s| !s.is_empty()).map(str::to_string).collect())
    }

    /// The sections of a list, `[[connection]]`, in order; a single `[connection]` is a list of one.
    pub fn sections(&self, name: &str) -> Vec<Section<'_>> {
        let path: Vec<String> = name.split('.').map(str::to_string).collect();
        let all = self.open(path.clone()); // so that an empty list is a known one
        let length = match self.value(&path) {
            Some(Value::List(items)) => items.len(),
            Some(Value::Table(_)) => return vec![all],
            _ => 0,
        };
        (0..length)
            .map(|i| {
                let mut path = path.clone();
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
        let (above, below): (Vec<_>, Vec<_>) = asked.iter().partition(|a| a.path.is_empty());
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

impl<'d> Section<'d> {
    /// A section within this one; a dot in `name` is part of the name.
    pub fn section(&self, name: &str) -> Section<'d> {
        let mut path = self.path.clone();
        path.push(name.to_string());
        self.document.open(path)
    }

    /// Names of the sections that the file has within this one, in the file's order.
    pub fn subsections(&self) -> Vec<String> {
        self.entries().iter().filter(|e| matches!(e.value, Value::Table(_))).map(|e| e.key.clone()).collect()
    }

    /// Names of the settings that the file gives here, sections left out, in the file's order.
    pub fn names(&self) -> Vec<String> {
        self.entries().iter().filter(|e| !matches!(e.value, Value::Table(_))).map(|e| e.key.clone()).collect()
    }

    /// Whether the file has this section at all.
    pub fn exists(&self) -> bool {
        self.path.is_empty() || matches!(self.document.value(&self.path), Some(Value::Table(_)))
    }

    /// Whether the file gives `name` as a section (`dale = { keep = "clamp" }`) and not as a value (`dale = "clamp"`).
    pub fn is_section(&self, name: &str) -> bool {
        self.entries().iter().any(|e| e.key == name && matches!(e.value, Value::Table(_)))
    }

    /// Refuses a setting that would change nothing.
    ///
    /// # Errors
    /// If the file gives `key`: it has no effect, `because` of something else.
    pub fn ineffective(&self, key: &str, because: &str) -> Result<()> {
        self.note(key, None, "", true);
        match self.entry(key) {
            None => Ok(()),
            Some(entry) => Err(Error::input(format!("`{key}` has no effect here"))
                .at(&entry.place)
                .why(because)
                .remedy("remove it, or change what leaves it without effect")),
        }
    }

    /// A number that may be left out.
    pub fn optional_number(&mut self, key: &str, about: &str) -> Result<Option<f64>> {
        self.optional(key, about, &|s, v| s.real(key, v, "0.5".into()), &literal)
    }

    /// A whole number, 0 or more, that may be left out.
    pub fn optional_count(&mut self, key: &str, about: &str) -> Result<Option<usize>> {
        self.optional(key, about, &|s, v| s.whole(key, v, "10".into()), &|v| v.to_string())
    }

    /// A time that may be left out.
    pub fn optional_time(&mut self, key: &str, about: &str) -> Result<Option<Time>> {
        self.optional(key, about, &|s, v| s.duration(key, v, "\"20 ms\""), &|v| quoted(&v.to_string()))
    }

    /// A list of numbers that may be left out; a single number is a list of one.
    pub fn optional_numbers(&mut self, key: &str, about: &str) -> Result<Option<Vec<f64>>> {
        self.optional(key, about, &|s, v| s.each(v, &|v| s.real(key, v, "0.1".into())), &|v| list(v, literal))
    }

    /// One of these words, or nothing.
    pub fn optional_word(&mut self, key: &str, choices: &[&str], about: &str) -> Result<Option<String>> {
        let about = with_choices(about, choices);
        self.optional(key, &about, &|s, v| s.choice(key, v, choices, choices.first().unwrap_or(&"")), &|v| quoted(v))
    }

    /// One of these words, which the file must give.
    pub fn required_word(&mut self, key: &str, choices: &[&str], about: &str) -> Result<String> {
        if self.entry(key).is_none() {
            let home =
                if self.path.is_empty() { String::new() } else { format!(" in {}", header(&self.path, self.document)) };
            return Err(Error::input(format!("`{key}` is missing{home}"))
                .at(&self.document.origin)
                .why(format!("it says {about}"))
                .remedy(one_of(choices)));
        }
        let found = self.optional_word(key, choices, about)?;
        Ok(found.unwrap_or_default())
    }

    /// Text that may be left out.
    pub fn optional_text(&mut self, key: &str, about: &str) -> Result<Option<String>> {
        self.optional(key, about, &|s, v| s.string(key, v, "\"…\""), &|v| quoted(v))
    }

    /// Free text.
    pub fn text(&mut self, key: &str, default: &str, about: &str) -> Result<String> {
        let example = quoted(default);
        self.get(key, default.to_string(), about, &|s, v| s.string(key, v, &example), &|v| quoted(v))
    }

    /// A list of texts; a single text is a list of one.
    pub fn strings(&mut self, key: &str, default: &[&str], about: &str) -> Result<Vec<String>> {
        let default: Vec<String> = default.iter().map(|s| s.to_string()).collect();
        let example = list(&default, |s| quoted(s));
        self.get(key, default, about, &|s, v| s.each(v, &|v| s.string(key, v, &example)), &|v| list(v, |s| quoted(s)))
    }

    /// A matrix as a list of rows of equal length, that may be left out.
    pub fn matrix(&mut self, key: &str, about: &str) -> Result<Option<Vec<Vec<f64>>>> {
        let example = "[[0.0, 1.0], [1.0, 0.0]]";
        let read = |s: &Self, v: &Value| {
            let Value::List(rows) = v else {
                return Err(s.wrong(key, v, "a list of rows", example));
            };
            let mut matrix: Vec<Vec<f64>> = vec![];
            for (i, row) in rows.iter().enumerate() {
                if !matches!(row, Value::List(_)) {
                    return Err(s.wrong(&format!("{key}[{i}]"), row, "a row of numbers", "[0.0, 1.0]"));
                }
                let row = s.each(row, &|v| s.real(&format!("{key}[{i}]"), v, "[0.0, 1.0]".into()))?;
                if let Some(first) = matrix.first()
                    && first.len() != row.len()
                {
                    return Err(Error::input(format!("row {i} of `{key}` has {} entries", row.len()))
                        .why(format!("row 0 has {}, and the rows of a matrix are equally long", first.len()))
                        .remedy("rows are receiving units, columns are sending units"));
                }
                matrix.push(row);
            }
            Ok(matrix)
        };
        let render = |m: &Vec<Vec<f64>>| {
            let rows: Vec<String> = m.iter().map(|row| list(row, literal)).collect();
            let short = format!("[{}]", rows.join(", "));
            if short.len() <= 60 { short } else { format!("[\n    {},\n]", rows.join(",\n    ")) }
        };
        self.optional(key, about, &read, &render)
    }

    fn entries(&self) -> &'d [Entry] {
        if self.path.is_empty() {
            return &self.document.root;
        }
        match self.document.value(&self.path) {
            Some(Value::Table(entries)) => entries,
            _ => &[],
        }
    }

    fn entry(&self, key: &str) -> Option<&'d Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// Reads a value or takes the default, and writes down which.
    fn get<T>(
        &self,
        key: &str,
        default: T,
        about: &str,
        read: &dyn Fn(&Self, &Value) -> Result<T>,
        render: &dyn Fn(&T) -> String,
    ) -> Result<T> {
        let value = match self.entry(key) {
            Some(entry) => read(self, &entry.value).map_err(|e| {
                self.note(key, None, about, true); // asked for, so not unknown as well
                e.at(&entry.place)
            })?,
            None => default,
        };
        self.note(key, Some(render(&value)), about, false);
        Ok(value)
    }

    fn optional<T>(
        &self,
        key: &str,
        about: &str,
        read: &dyn Fn(&Self, &Value) -> Result<T>,
        render: &dyn Fn(&T) -> String,
    ) -> Result<Option<T>> {
        self.get(key, None, about, &|s, v| read(s, v).map(Some), &|v| v.as_ref().map(render).unwrap_or_default())
    }

    fn note(&self, key: &str, value: Option<String>, about: &str, idle: bool) {
        let mut asked = self.document.asked.borrow_mut();
        let Some(section) = asked.iter_mut().find(|a| a.path == self.path) else {
            return;
        };
        let value = value.filter(|v| !v.is_empty());
        match section.keys.iter_mut().find(|k| k.key == key) {
            Some(_) if idle => {}
            Some(known) => *known = Known { key: key.to_string(), value, about: about.to_string(), idle },
            None => section.keys.push(Known { key: key.to_string(), value, about: about.to_string(), idle }),
        }
    }

    fn wrong(&self, key: &str, value: &Value, needed: &str, example: &str) -> Error {
        let base = key.split('[').next().unwrap_or(key);
        Error::input(format!("`{key}` is {}", value.shown()))
            .why(format!("{needed} is needed, this is {}", value.kind()))
            .remedy(if base == key { format!("{key} = {example}") } else { format!("write {example}") })
    }

    fn real(&self, key: &str, value: &Value, example: String) -> Result<f64> {
        match value {
            Value::Whole(n) => Ok(*n as f64),
            Value::Real(x) if !x.is_finite() => Err(self.wrong(key, value, "a finite number", &example)),
            Value::Real(x) => Ok(*x),
            other => Err(self.wrong(key, other, "a number", &example)),
        }
    }

    fn whole(&self, key: &str, value: &Value, example: String) -> Result<usize> {
        match value {
            Value::Whole(n) => usize::try_from(*n).map_err(|_| {
                Error::input(format!("`{key}` is {n}"))
                    .why("it counts something, so it is 0 or more")
                    .remedy(format!("{key} = {example}"))
            }),
            Value::Real(x) => {
                let example = if x.fract() == 0.0 && x.abs() < 1e15 { format!("{x}") } else { example };
                Err(Error::input(format!("`{key}` is {}", literal(x)))
                    .why("a whole number is needed, this has a decimal point or an exponent")
                    .remedy(format!("{key} = {example}")))
            }
            other => Err(self.wrong(key, other, "a whole number", &example)),
        }
    }

    fn duration(&self, key: &str, value: &Value, example: &str) -> Result<Time> {
        match value {
            Value::Text(text) => {
                Time::from_str(text).map_err(|e| Error { what: format!("`{key}` is {}", quoted(text)), ..e })
            }
            Value::Whole(_) | Value::Real(_) => {
                let shown = value.shown();
                Err(Error::input(format!("`{key}` is {shown}"))
                    .why("a time needs its unit, this is a bare number")
                    .remedy(format!("{key} = \"{shown} ms\"  or  {key} = \"{shown} s\"")))
            }
            other => Err(self.wrong(key, other, "a time in quotes, with its unit,", example)),
        }
    }

    fn string(&self, key: &str, value: &Value, example: &str) -> Result<String> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(self.wrong(key, other, "text in quotes", example)),
        }
    }

    fn choice(&self, key: &str, value: &Value, choices: &[&str], default: &str) -> Result<String> {
        let text = self.string(key, value, &quoted(default))?;
        if choices.contains(&text.as_str()) {
            return Ok(text);
        }
        let remedy = match nearest(&text, choices.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("{key} = {}", quoted(default)),
        };
        Err(Error::input(format!("`{key}` is {}", quoted(&text)))
            .why(format!("it is {}", one_of(choices)))
            .remedy(remedy))
    }

    fn each<T>(&self, value: &Value, read: &dyn Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
        match value {
            Value::List(items) => items.iter().map(read).collect(),
            single => Ok(vec![read(single)?]),
        }
    }
}

impl Settings for Section<'_> {
    fn time(&mut self, key: &'static str, default: Time, about: &'static str) -> Result<Time> {
        let render = |t: &Time| quoted(&t.to_string());
        self.get(key, default, about, &|s, v| s.duration(key, v, &render(&default)), &render)
    }

    fn number(&mut self, key: &'static str, default: f64, about: &'static str) -> Result<f64> {
        let read = |s: &Self, v: &Value| match v {
            // What may be left without bound by default may be so when asked.
            Value::Real(x) if x.is_infinite() && default.is_infinite() => Ok(*x),
            other => s.real(key, other, literal(&default)),
        };
        self.get(key, default, about, &read, &literal)
    }

    fn count(&mut self, key: &'static str, default: usize, about: &'static str) -> Result<usize> {
        self.get(key, default, about, &|s, v| s.whole(key, v, default.to_string()), &|v| v.to_string())
    }

    fn flag(&mut self, key: &'static str, default: bool, about: &'static str) -> Result<bool> {
        let read = |s: &Self, v: &Value| match v {
            Value::Flag(flag) => Ok(*flag),
            other => Err(s.wrong(key, other, "true or false", if default { "true" } else { "false" })),
        };
        self.get(key, default, about, &read, &|v| v.to_string())
    }

    fn word(
        &mut self,
        key: &'static str,
        default: &'static str,
        choices: &[&'static str],
        about: &'static str,
    ) -> Result<String> {
        let about = with_choices(about, choices);
        self.get(key, default.to_string(), &about, &|s, v| s.choice(key, v, choices, default), &|v| quoted(v))
    }

    fn numbers(&mut self, key: &'static str, default: &[f64], about: &'static str) -> Result<Vec<f64>> {
        let render = |v: &Vec<f64>| list(v, literal);
        let example = render(&default.to_vec());
        self.get(key, default.to_vec(), about, &|s, v| s.each(v, &|v| s.real(key, v, example.clone())), &render)
    }

    fn times(&mut self, key: &'static str, default: &[Time], about: &'static str) -> Result<Vec<Time>> {
        let render = |v: &Vec<Time>| list(v, |t| quoted(&t.to_string()));
        let example = render(&default.to_vec());
        self.get(key, default.to_vec(), about, &|s, v| s.each(v, &|v| s.duration(key, v, &example)), &render)
    }

    fn given(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    fn blame(&self, key: &str, error: Error) -> Error {
        if let Some(entry) = self.entry(key) {
            return error.at(&entry.place);
        }
        let home =
            if self.path.is_empty() { String::new() } else { format!("{}, ", header(&self.path, self.document)) };
        error.at(format!("{}, {home}default of `{key}`", self.document.origin))
    }
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Whole(_) => "a whole number",
            Value::Real(x) if x.is_nan() => "no number at all",
            Value::Real(x) if x.is_infinite() => "infinite",
            Value::Real(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a section",
        }
    }

    fn shown(&self) -> String {
        let full = match self {
            Value::Text(text) => quoted(text),
            Value::Whole(n) => n.to_string(),
            Value::Real(x) => literal(x),
            Value::Flag(flag) => flag.to_string(),
            Value::Date(date) => date.clone(),
            Value::List(items) => list(items, Value::shown),
            Value::Table(_) => "{ … }".to_string(),
        };
        if full.chars().count() <= 48 { full } else { full.chars().take(45).chain("…".chars()).collect() }
    }
}

fn entries(table: &DeTable<'_>, place: &dyn Fn(usize) -> String) -> Result<Vec<Entry>> {
    let mut sorted: Vec<_> = table.iter().collect();
    sorted.sort_by_key(|(key, _)| key.span().start); // the file's order, not the alphabet's
    sorted
        .into_iter()
        .map(|(key, value)| {
            let place_of_key = place(key.span().start);
            let name = key.get_ref().to_string();
            let value = convert(value.get_ref(), place).map_err(|e| e.at(&place_of_key))?;
            Ok(Entry { key: name, value, place: place_of_key })
        })
        .collect()
}

fn convert(value: &DeValue<'_>, place: &dyn Fn(usize) -> String) -> Result<Value> {
    Ok(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(n) => {
            let parsed = i64::from_str_radix(n.as_str(), n.radix());
            Value::Whole(parsed.map_err(|_| {
                Error::input(format!("`{}` is too large", n.as_str()))
                    .why(format!("whole numbers go to {}", i64::MAX))
                    .remedy("with a decimal point it is a number, and may be as large as 1.8e308")
            })?)
        }
        DeValue::Float(x) => {
            Value::Real(x.as_str().parse().map_err(|_| Error::input(format!("`{}` is not a number", x.as_str())))?)
        }
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|i| convert(i.get_ref(), place)).collect::<Result<_>>()?),
        DeValue::Table(table) => Value::Table(entries(table, place)?),
    })
}

/// Applies `network.units=50`.
fn replace(root: &mut Vec<Entry>, over: &str) -> Result<()> {
    let place = format!("--set {over}");
    let example = "--set network.units=50";
    let Some((path, value)) = over.split_once('=') else {
        return Err(Error::input(format!("`{over}` sets nothing"))
            .at(place)
            .why("there is no `=` in it")
            .remedy(example));
    };
    let path: Vec<String> = path.split('.').map(|s| s.trim().to_string()).collect();
    let plain = |s: &String| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !path.iter().all(plain) {
        return Err(Error::input(format!("`{}` is not the name of a setting", path.join(".")))
            .at(place)
            .why("names are words joined by dots")
            .remedy(example));
    }
    let value = overriding_value(value.trim(), &place)?;
    set(root, &path, value, &place)
}

fn overriding_value(text: &str, place: &str) -> Result<Value> {
    if text.is_empty() {
        return Err(Error::input("a value is missing")
            .at(place)
            .why("nothing follows the `=`")
            .remedy("--set network.units=50, or --set network.name='\"\"' for empty text"));
    }
    let line = format!("value = {text}");
    match DeTable::parse(&line) {
        Ok(table) if table.get_ref().len() == 1 => {
            let mut read = entries(table.get_ref(), &|_| place.to_string())?;
            Ok(read.swap_remove(0).value)
        }
        // Broken brackets or quotes are a slip, not text.
        Err(error) if text.starts_with(['[', '{', '"', '\'']) => Err(Error::input(format!("`{text}` cannot be read"))
            .at(place)
            .why(error.message().replace('\n', ", "))
            .remedy("close what is open, and put '…' around it all for the shell")),
        _ => Ok(Value::Text(text.to_string())),
    }
}

fn set(entries: &mut Vec<Entry>, path: &[String], value: Value, place: &str) -> Result<()> {
    let [key, rest @ ..] = path else {
        return Ok(());
    };
    let position = entries.iter().position(|e| &e.key == key).unwrap_or_else(|| {
        entries.push(Entry { key: key.clone(), value: Value::Table(vec![]), place: place.to_string() });
        entries.len() - 1
    });
    let entry = &mut entries[position];
    if rest.is_empty() {
        *entry = Entry { key: key.clone(), value, place: place.to_string() };
        return Ok(());
    }
    match &mut entry.value {
        Value::Table(inner) => set(inner, rest, value, place),
        other => Err(Error::input(format!("`{key}` has no `{}`", rest.join(".")))
            .at(place)
            .why(format!("`{key}` is {} in the file ({}), not a section", other.shown(), entry.place))
            .remedy(format!("--set the whole of `{key}`, or make it a section"))),
    }
}

fn syntax_error(error: &toml::de::Error, text: &str, origin: &str) -> Error {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let number = line_of(text, start);
    let line = text.lines().nth(number - 1).unwrap_or("").trim();
    let value = line.split_once('=').map(|(_, v)| v.trim()).unwrap_or("");
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    // The commonest slip by far: a time without its quotes.
    let remedy = if Time::from_str(value).is_ok() {
        format!("put the time in quotes: \"{value}\"")
    } else if message.contains("duplicate key") {
        "remove one of the two".to_string()
    } else if value.starts_with(|c: char| c.is_alphabetic()) && !value.contains(['"', '\'']) {
        format!("put text in quotes: \"{value}\"")
    } else {
        "lines read  key = value  or  [section]; text and times stand in quotes".to_string()
    };
    let what = if line.is_empty() {
        "the file cannot be read as TOML".to_string()
    } else {
        format!("`{line}` cannot be read")
    };
    Error::input(what).at(format!("{origin}:{number}")).why(message).remedy(remedy)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

/// `[network.noise]`, or `[[connection]]` for a member of a list.
fn header(path: &[String], document: &Document) -> String {
    let is_member = |depth: usize| matches!(document.value(&path[..depth]), Some(Value::List(_)));
    let member = path.len() > 1 && is_member(path.len() - 1);
    let names: Vec<String> =
        (0..path.len()).filter(|&i| i == 0 || !is_member(i)).map(|i| bare_or_quoted(&path[i])).collect();
    match (names.is_empty(), member) {
        (true, _) => "the file".to_string(),
        (_, true) => format!("[[{}]]", names.join(".")),
        (_, false) => format!("[{}]", names.join(".")),
    }
}

fn write_keys(text: &mut String, keys: &[&Known]) {
    let line = |known: &Known| match &known.value {
        Some(value) => format!("{} = {value}", bare_or_quoted(&known.key)),
        None => format!("# {} =", bare_or_quoted(&known.key)),
    };
    let width = keys.iter().map(|k| line(k).chars().count()).filter(|&w| w <= 44).max().unwrap_or(0);
    for known in keys {
        let about = known.about.lines().collect::<Vec<_>>().join(" ");
        let comment = if about.is_empty() { String::new() } else { format!("  # {about}") };
        let line = line(known);
        let padded = match line.split_once('\n') {
            // A value of several lines is explained on its first.
            Some((first, rest)) => format!("{first}{comment}\n{rest}"),
            None => format!("{line:<width$}{comment}"),
        };
        let _ = writeln!(text, "{}", padded.trim_end()); // writing to a String cannot fail
    }
}

fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_string() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if c.is_control() => out += &format!("\\u{:04X}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The shortest decimal that reads back as the same number.
fn literal(x: &f64) -> String {
    if x.is_nan() {
        return "nan".to_string();
    }
    format!("{x:?}") // inf, 0.1, 1e-7, 100.0: all are TOML
}

fn list<T>(items: &[T], render: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(render).collect::<Vec<_>>().join(", "))
}

fn one_of(choices: &[&str]) -> String {
    format!("one of {}", choices.join(", "))
}

fn with_choices(about: &str, choices: &[&str]) -> String {
    if choices.len() < 2 { about.to_string() } else { format!("{about}: {}", choices.join(", ")) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::units::ms;
    use insta::assert_snapshot;

    fn read(text: &str) -> Document {
        Document::parse(text, "experiment.toml", &[]).unwrap()
    }

    fn network(document: &Document) -> Result<(usize, Time)> {
        let mut n = document.section("network");
        let units = n.count("units", 100, "how many units")?;
        let tau = n.time("tau", ms(100.0), "time constant")?;
        Ok((units, tau))
    }

    fn ask(text: &str, over: &[&str]) -> Result<(usize, Time)> {
        let over: Vec<String> = over.iter().map(|s| s.to_string()).collect();
        let document = Document::parse(text, "experiment.toml", &over)?;
        let found = network(&document)?;
        document.finish()?;
        Ok(found)
    }

    fn message(text: &str, over: &[&str]) -> String {
        ask(text, over).unwrap_err().to_string()
    }

    #[test]
    fn a_missing_section_is_all_defaults() {
        assert_eq!(ask("", &[]).unwrap(), (100, ms(100.0)));
    }

    #[test]
    fn an_override_wins_and_may_be_bare_text() {
        assert_eq!(ask("[network]\nunits = 3", &["network.units=50", "network.tau=50 ms"]).unwrap(), (50, ms(50.0)));
        assert_eq!(ask("", &["network.tau=\"0.5 s\""]).unwrap(), (100, ms(500.0)));
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        assert_snapshot!(message("[network]\ntau = \"1 s\"\nunit = 5\n", &[]), @r"
        `unit` is not a setting of [network]   [experiment.toml:3]
        why  it has: units, tau
        try  did you mean `units`?
        ");
        assert_snapshot!(message("[netwrk]\nunits = 5\n", &[]), @r"
        `[netwrk]` is not a section of an experiment   [experiment.toml:1]
        why  it has: network
        try  did you mean `network`?
        ");
        assert_snapshot!(message("tau = \"1 s\"\n[network]\ncolour = 5", &["network.nose.rec=0.1"]), @r"
        `tau` is not a setting outside a section   [experiment.toml:1]
        why  it has: network
        try  `tau` is a setting of [network]: move it there

        `colour` is not a setting of [network]   [experiment.toml:3]
        why  it has: units, tau
        try  remove it

        `nose` is not a section of [network]   [--set network.nose.rec=0.1]
        why  it has: units, tau
        try  remove it
        ");
    }

    #[test]
    fn wrong_types_are_told_in_four_parts() {
        let cases = [
            "units = \"many\"",
            "units = -3",
            "units = 100.0",
            "units = 1.5",
            "units = [1]",
            "units = 99999999999999999999",
            "tau = 100",
            "tau = \"100\"",
            "tau = \"5 parsecs\"",
            "tau = true",
        ];
        let all: Vec<String> = cases.iter().map(|c| message(&format!("[network]\n{c}\n"), &[])).collect();
        assert_snapshot!(all.join("\n\n"), @r#"
        `units` is "many"   [experiment.toml:2]
        why  a whole number is needed, this is text
        try  units = 100

        `units` is -3   [experiment.toml:2]
        why  it counts something, so it is 0 or more
        try  units = 100

        `units` is 100.0   [experiment.toml:2]
        why  a whole number is needed, this has a decimal point or an exponent
        try  units = 100

        `units` is 1.5   [experiment.toml:2]
        why  a whole number is needed, this has a decimal point or an exponent
        try  units = 100

        `units` is [1]   [experiment.toml:2]
        why  a whole number is needed, this is a list
        try  units = 100

        `99999999999999999999` is too large   [experiment.toml:2]
        why  whole numbers go to 9223372036854775807
        try  with a decimal point it is a number, and may be as large as 1.8e308

        `tau` is 100   [experiment.toml:2]
        why  a time needs its unit, this is a bare number
        try  tau = "100 ms"  or  tau = "100 s"

        `tau` is "100"   [experiment.toml:2]
        why  it has no unit
        try  write a number and a unit: "20 ms", "0.5 s" or "50 us"

        `tau` is "5 parsecs"   [experiment.toml:2]
        why  `parsecs` is not a unit of time
        try  write a number and a unit: "20 ms", "0.5 s" or "50 us"

        `tau` is true   [experiment.toml:2]
        why  a time in quotes, with its unit, is needed, this is true or false
        try  tau = "100 ms"
        "#);
    }

    #[test]
    fn a_section_given_as_a_value_is_refused() {
        assert_eq!(
            message("[[network]]\nunits = 5", &[]),
            "`network` is [{ … }]   [experiment.toml:1]\n\
             why  a section is needed, this is a list\n\
             try  [network] with its settings below it"
        );
        assert_snapshot!(message("network = 5", &[]), @r#"
        `network` is 5   [experiment.toml:1]
        why  a section is needed, this is a whole number
        try  [network] with its settings below it
        "#);
    }

    #[test]
    fn overrides_are_blamed_as_typed() {
        let all = [
            "network.units=many",
            "network.tau=50",
            "network.units",
            "net work=3",
            "network.units=",
            "network.units=[1",
            "network.units.x=1",
        ];
        let all: Vec<String> = all.iter().map(|c| message("[network]\nunits = 3", &[c])).collect();
        assert_snapshot!(all.join("\n\n"), @r#"
        `units` is "many"   [--set network.units=many]
        why  a whole number is needed, this is text
        try  units = 100

        `tau` is 50   [--set network.tau=50]
        why  a time needs its unit, this is a bare number
        try  tau = "50 ms"  or  tau = "50 s"

        `network.units` sets nothing   [--set network.units]
        why  there is no `=` in it
        try  --set network.units=50

        `net work` is not the name of a setting   [--set net work=3]
        why  names are words joined by dots
        try  --set network.units=50

        a value is missing   [--set network.units=]
        why  nothing follows the `=`
        try  --set network.units=50, or --set network.name='""' for empty text

        `[1` cannot be read   [--set network.units=[1]
        why  unclosed array, expected `]`
        try  close what is open, and put '…' around it all for the shell

        `units` has no `x`   [--set network.units.x=1]
        why  `units` is 3 in the file (experiment.toml:2), not a section
        try  --set the whole of `units`, or make it a section
        "#);
    }

    #[test]
    fn syntax_errors_have_their_line() {
        let all = [
            "[network]\nunits = = 5",
            "[network]\ntau = 50 ms",
            "[network\n",
            "units = 3\nunits = 4",
            "[network]\nname = rate",
            "a = \"b",
        ];
        let all: Vec<String> = all.iter().map(|c| message(c, &[])).collect();
        assert_snapshot!(all.join("\n\n"), @r#"
        `units = = 5` cannot be read   [experiment.toml:2]
        why  extra `=`, expected nothing
        try  lines read  key = value  or  [section]; text and times stand in quotes

        `tau = 50 ms` cannot be read   [experiment.toml:2]
        why  string values must be quoted, expected literal string
        try  put the time in quotes: "50 ms"

        `[network` cannot be read   [experiment.toml:1]
        why  unclosed table, expected `]`
        try  lines read  key = value  or  [section]; text and times stand in quotes

        `units = 4` cannot be read   [experiment.toml:2]
        why  duplicate key
        try  remove one of the two

        `name = rate` cannot be read   [experiment.toml:2]
        why  string values must be quoted, expected literal string
        try  put text in quotes: "rate"

        `a = "b` cannot be read   [experiment.toml:1]
        why  invalid basic string, expected `"`
        try  lines read  key = value  or  [section]; text and times stand in quotes
        "#);
    }

    #[test]
    fn words_are_chosen_from_a_list() {
        let document = read("[network]\nnonlinearity = \"softplis\"");
        let error =
            document.section("network").word("nonlinearity", "softplus", &["softplus", "rectify"], "f").unwrap_err();
        assert_snapshot!(error, @r#"
        `nonlinearity` is "softplis"   [experiment.toml:2]
        why  it is one of softplus, rectify
        try  did you mean "softplus"?
        "#);
        let error = read("").section("task").required_word("name", &["a", "b"], "which task").unwrap_err();
        assert_snapshot!(error, @r#"
        `name` is missing in [task]   [experiment.toml]
        why  it says which task
        try  one of a, b
        "#);
    }

    #[test]
    fn idle_settings_are_refused_where_given() {
        let document = read("[noise]\nrho = 0.5");
        let section = document.section("noise");
        assert!(section.ineffective("other", "…").is_ok());
        assert_snapshot!(section.ineffective("rho", "noise is white").unwrap_err(), @r#"
        `rho` has no effect here   [experiment.toml:2]
        why  noise is white
        try  remove it, or change what leaves it without effect
        "#);
        document.finish().unwrap(); // it was told once, and is not unknown
    }

    #[test]
    fn ragged_matrices_are_refused() {
        let document = read("w = [[1, 2], [3]]\nv = [1, 2]\nu = [[1, \"x\"]]");
        let mut s = document.section("");
        let all = ["w", "v", "u"].map(|k| s.matrix(k, "a matrix").unwrap_err().to_string());
        assert_snapshot!(all.join("\n\n"), @r#"
        row 1 of `w` has 1 entries   [experiment.toml:1]
        why  row 0 has 2, and the rows of a matrix are equally long
        try  rows are receiving units, columns are sending units

        `v[0]` is 1   [experiment.toml:2]
        why  a row of numbers is needed, this is a whole number
        try  write [0.0, 1.0]

        `u[0]` is "x"   [experiment.toml:3]
        why  a number is needed, this is text
        try  write [0.0, 1.0]
        "#);
    }

    #[test]
    fn a_default_at_fault_is_named_as_such() {
        let document = read("");
        let e = document.section("network").blame("units", Error::input("too few"));
        assert_eq!(e.to_string(), "too few   [experiment.toml, [network], default of `units`]");
    }

    fn ask_everything(document: &Document) -> String {
        let mut n = document.section("network");
        n.time("tau", ms(100.0), "time constant").unwrap();
        n.number("gain", 0.1 + 0.2, "").unwrap();
        n.number("tiny", 1e-9, "a small number").unwrap();
        n.number("bound", f64::INFINITY, "no bound").unwrap();
        n.flag("bias", true, "whether\nthere are biases").unwrap();
        n.word("f", "rectify", &["rectify", "softplus"], "nonlinearity").unwrap();
        n.optional_number("rho", "spectral radius").unwrap();
        n.optional_count("e", "excitatory units").unwrap();
        n.numbers("levels", &[1.0, 2.5], "some levels, a list that is longer than the usual width of it").unwrap();
        n.times("delays", &[ms(0.5), ms(1e3)], "delays").unwrap();
        n.text("note", "a \"quoted\"\nline \\ é \u{7}", "a note").unwrap();
        n.strings("marks", &["x", "y"], "marks").unwrap();
        n.matrix("w", "weights").unwrap();
        n.matrix("w2", "a small one").unwrap();
        for mut part in document.sections("part") {
            part.count("size", 1, "its size").unwrap();
        }
        document.section("network.noise").number("rec", 0.15, "noise").unwrap();
        document.section("").count("seed", 100, "the seed").unwrap();
        for name in document.section("free").subsections() {
            document.section("free").section(&name).number("x", 1.0, "x").unwrap();
        }
        document.finish().unwrap();
        document.resolved()
    }

    #[test]
    fn the_resolved_experiment_resolves_to_itself() {
        let file = "
            network = { w = [[1, 2, 3.25, 1e-7, 5, 6, 7], [0.1, 0, 0, 0, 0, 0, 1234567.5], [9,8,7,6,5,4,3]], w2 = [[1]], e = 80, levels = 3 }
            [[part]]
            size = 2
            [[part]]
            [free.\"a b\"]
            [free.c]
            x = 5
        ";
        let first = ask_everything(&read(file));
        let second = ask_everything(&read(&first));
        assert_eq!(first, second);
        assert_snapshot!(first, @r#"
        seed = 100  # the seed

        [network]
        tau = "100 ms"                           # time constant
        gain = 0.30000000000000004
        tiny = 1e-9                              # a small number
        bound = inf                              # no bound
        bias = true                              # whether there are biases
        f = "rectify"                            # nonlinearity: rectify, softplus
        # rho =                                  # spectral radius
        e = 80                                   # excitatory units
        levels = [3.0]                           # some levels, a list that is longer than the usual width of it
        delays = ["0.5 ms", "1000 ms"]           # delays
        note = "a \"quoted\"\nline \\ é \u0007"  # a note
        marks = ["x", "y"]                       # marks
        w = [  # weights
            [1.0, 2.0, 3.25, 1e-7, 5.0, 6.0, 7.0],
            [0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 1234567.5],
            [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0],
        ]
        w2 = [[1.0]]                             # a small one

        [[part]]
        size = 2  # its size

        [[part]]
        size = 1  # its size

        [network.noise]
        rec = 0.15  # noise

        [free]

        [free."a b"]
        x = 1.0  # x

        [free.c]
        x = 5.0  # x
        "#);
    }

    #[test]
    fn nothing_makes_the_reader_panic() {
        use proptest::prelude::*;
        proptest!(|(text in "(\\[{1,2}|\\]{1,2}|[a-c]|\\.|=|\"|'|[0-9]|-|\n| |\\{|\\}|,|#|é|e|_|x|inf|true){0,30}")| {
            for (file, over) in [(text.as_str(), vec![]), ("a = 1\n[b]\nc = 2", vec![text.clone()])] {
                if let Ok(document) = Document::parse(file, "f.toml", &over) {
                    let mut s = document.section("a");
                    let _ = s.matrix("b", "");
                    let _ = document.section("").count("c", 1, "");
                    document.sections("b");
                    let _ = document.finish();
                    document.resolved();
                }
            }
        });
    }
}
