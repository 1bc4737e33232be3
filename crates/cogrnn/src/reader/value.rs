//! TOML and `--set` as values that know where they stand.

use super::writing::{list, literal, quoted};
use super::{Entry, Value};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::units::Time;
use std::str::FromStr;
use toml::de::{DeTable, DeValue};

/// How the place of a value begins that was given on the command line.
pub(super) const TYPED: &str = "--set ";

impl Value {
    pub(super) fn kind(&self) -> &'static str {
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

    pub(super) fn shown(&self) -> String {
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

pub(super) fn entries(table: &DeTable<'_>, place: &dyn Fn(usize) -> String) -> Result<Vec<Entry>> {
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

pub(super) fn convert(value: &DeValue<'_>, place: &dyn Fn(usize) -> String) -> Result<Value> {
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
pub(super) fn replace(root: &mut Vec<Entry>, over: &str) -> Result<()> {
    let place = format!("{TYPED}{over}");
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

pub(super) fn overriding_value(text: &str, place: &str) -> Result<Value> {
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

pub(super) fn set(entries: &mut Vec<Entry>, path: &[String], value: Value, place: &str) -> Result<()> {
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

pub(super) fn syntax_error(error: &toml::de::Error, text: &str, origin: &str) -> Error {
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

pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}
