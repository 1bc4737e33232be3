//! Values and sections as TOML.

use super::{Document, Known, Value};
use std::fmt::Write as _;

/// `[network.noise]`, or `[[connection]]` for a member of a list.
pub(super) fn header(path: &[String], document: &Document) -> String {
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

pub(super) fn write_keys(text: &mut String, keys: &[&Known]) {
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

pub(super) fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_string() } else { quoted(key) }
}

pub(super) fn quoted(text: &str) -> String {
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
pub(super) fn literal(x: &f64) -> String {
    if x.is_nan() {
        return "nan".to_string();
    }
    format!("{x:?}") // inf, 0.1, 1e-7, 100.0: all are TOML
}

pub(super) fn list<T>(items: &[T], render: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(render).collect::<Vec<_>>().join(", "))
}

pub(super) fn one_of(choices: &[&str]) -> String {
    format!("one of {}", choices.join(", "))
}

pub(super) fn with_choices(about: &str, choices: &[&str]) -> String {
    if choices.len() < 2 { about.to_string() } else { format!("{about}: {}", choices.join(", ")) }
}
