//! Reading from a section: whoever asks names the setting, explains it and gives its default.

use super::value::TYPED;
use super::writing::{header, list, literal, one_of, quoted, with_choices};
use super::{Entry, Known, Section, Value, nearest};
use crate::matrices;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::units::Time;
use std::path::Path;
use std::str::FromStr;

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
        self.require(key, about, &one_of(choices))?;
        let found = self.optional_word(key, choices, about)?;
        Ok(found.unwrap_or_default())
    }

    /// A whole number above zero, which the file must give.
    pub fn required_count(&mut self, key: &str, example: usize, about: &str) -> Result<usize> {
        self.require(key, about, &format!("{key} = {example}"))?;
        match self.optional_count(key, about)?.unwrap_or_default() {
            0 => Err(self.blame(
                key,
                Error::input(format!("`{key}` is 0"))
                    .why("at least one is needed")
                    .remedy(format!("{key} = {example}")),
            )),
            count => Ok(count),
        }
    }

    /// A share from 0 to 1, under a name that is the file's own.
    pub fn share(&mut self, key: &str, default: f64, about: &str) -> Result<f64> {
        let read = |s: &Self, v: &Value| {
            let share = s.real(key, v, literal(&default))?;
            if (0.0..=1.0).contains(&share) {
                return Ok(share);
            }
            Err(Error::input(format!("`{key}` is {share}"))
                .why("it must lie between 0 and 1")
                .remedy(format!("the default is {default}")))
        };
        self.get(key, default, about, &read, &literal)
    }

    fn require(&self, key: &str, about: &str, remedy: &str) -> Result<()> {
        if self.entry(key).is_some() {
            return Ok(());
        }
        let home =
            if self.path.is_empty() { String::new() } else { format!(" in {}", header(&self.path, self.document)) };
        let error = Error::input(format!("`{key}` is missing{home}")).why(format!("it says {about}")).remedy(remedy);
        Err(self.blame_section(error))
    }

    /// Puts the place of the whole section into an error.
    pub fn blame_section(&self, error: Error) -> Error {
        error.at(self.document.find(&self.path).map_or(&self.document.origin, |e| &e.place))
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

    /// A matrix as a list of rows of equal length, or the name of a file that holds it, that may be left
    /// out. The resolved experiment holds the matrix, whatever becomes of its file.
    pub fn matrix(&mut self, key: &str, about: &str) -> Result<Option<Vec<Vec<f64>>>> {
        let example = "[[0.0, 1.0], [1.0, 0.0]]";
        let read = |s: &Self, v: &Value| {
            if let Value::Text(file) = v {
                return s.matrix_of_file(key, file);
            }
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

    /// A path in the file is one from its folder; a path on the command line, one from where that is typed.
    fn matrix_of_file(&self, key: &str, file: &str) -> Result<Vec<Vec<f64>>> {
        let typed = self.entry(key).is_some_and(|e| e.place.starts_with(TYPED));
        let folder = match &self.document.folder {
            _ if typed || Path::new(file).is_absolute() => Path::new(""),
            Some(folder) => folder,
            None => {
                return Err(Error::input(format!("`{key}` is the file {}", quoted(file)))
                    .why("this experiment lies in no folder, from which a path could lead to it")
                    .remedy(
                        "write the experiment to a file of its own, beside it, or give the whole path: \"/home/…\"",
                    ));
            }
        };
        matrices::read(folder, file, key)
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
        // none is no example of what to write
        let example = if default.is_empty() { "[1, 2, 4]".to_string() } else { render(&default.to_vec()) };
        self.get(key, default.to_vec(), about, &|s, v| s.each(v, &|v| s.real(key, v, example.clone())), &render)
    }

    fn times(&mut self, key: &'static str, default: &[Time], about: &'static str) -> Result<Vec<Time>> {
        let render = |v: &Vec<Time>| list(v, |t| quoted(&t.to_string()));
        let example = render(&default.to_vec());
        self.get(key, default.to_vec(), about, &|s, v| s.each(v, &|v| s.duration(key, v, &example)), &render)
    }

    fn optional_time(&mut self, key: &str, about: &str) -> Result<Option<Time>> {
        Section::optional_time(self, key, about)
    }

    fn optional_number(&mut self, key: &str, about: &str) -> Result<Option<f64>> {
        Section::optional_number(self, key, about)
    }

    fn text(&mut self, key: &str, default: &str, about: &str) -> Result<String> {
        Section::text(self, key, default, about)
    }

    fn strings(&mut self, key: &str, default: &[&str], about: &str) -> Result<Vec<String>> {
        Section::strings(self, key, default, about)
    }

    fn formula(&mut self, key: &str, about: &str) -> Result<Option<String>> {
        let read = |s: &Self, v: &Value| match v {
            Value::Text(text) => Ok(text.clone()),
            Value::Whole(_) | Value::Real(_) => s.real(key, v, "0.5".into()).map(|x| literal(&x)),
            other => Err(s.wrong(key, other, "a number or a formula in quotes", "\"0.5 + 0.1 * strength\"")),
        };
        self.optional(key, about, &read, &|v| quoted(v))
    }

    fn names(&self) -> Vec<String> {
        Section::names(self)
    }

    fn is_section(&self, name: &str) -> bool {
        Section::is_section(self, name)
    }

    fn inner(&self, name: &str) -> Box<dyn Settings + '_> {
        Box::new(self.section(name))
    }

    fn list(&self, name: &str) -> Vec<Box<dyn Settings + '_>> {
        let all = self.document.members(&[&self.path[..], &[name.to_string()]].concat());
        all.into_iter().map(|s| Box::new(s) as Box<dyn Settings>).collect()
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
