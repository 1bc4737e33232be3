//! Words to people on a terminal, JSON to programs.

use cogrnn_core::error::{Error, Kind};
use serde_json::{Value, json};
use std::io::{ErrorKind, Write};

/// A line to standard output. Whoever stops listening, as `head` does, ends the program in peace.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        let peaceful = error.kind() == ErrorKind::BrokenPipe;
        if !peaceful {
            warn(&format!("cannot write to standard output\nwhy  {error}"));
        }
        std::process::exit(if peaceful { 0 } else { 2 });
    }
}

/// A JSON object to standard output, on one line.
pub fn say_json(value: &Value) {
    say(&value.to_string());
}

/// A line to standard error; if nobody can hear it there is nothing to be done.
pub fn warn(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The four parts of an error by name.
pub fn error_as_json(error: &Error) -> Value {
    let kind = match error.kind {
        Kind::Input => "input",
        Kind::Diverged => "diverged",
        Kind::Machine => "machine",
    };
    json!({ "error": { "kind": kind, "what": error.what, "where": error.place, "why": error.why, "remedy": error.remedy } })
}

/// `[("task", "sinewave"), …]` in two columns.
pub fn in_columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = rows
        .iter()
        .map(|(name, text)| format!("  {name:<width$}  {}", text.replace('\n', &format!("\n  {:width$}  ", ""))))
        .collect();
    lines.join("\n")
}

/// A table with its numbers aligned to the right.
pub fn as_table(columns: &[String], rows: &[Vec<f64>]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|x| short(*x)).collect()).collect();
    let width = |c: usize| {
        cells.iter().filter_map(|r| r.get(c)).map(String::len).chain([columns[c].chars().count()]).max().unwrap_or(0)
    };
    let line = |row: &[String]| {
        let cells: Vec<String> =
            row.iter().take(columns.len()).enumerate().map(|(c, cell)| format!("{cell:>w$}", w = width(c))).collect();
        format!("  {}", cells.join("  "))
    };
    std::iter::once(line(columns)).chain(cells.iter().map(|row| line(row))).collect::<Vec<_>>().join("\n")
}

/// A number as people write it: whole, or with three figures that matter.
pub fn short(x: f64) -> String {
    if x.is_nan() {
        return "–".to_string();
    }
    if x.fract() == 0.0 && x.abs() < 1e9 {
        return format!("{x}");
    }
    match x.abs() {
        ..0.001 | 1e6.. => format!("{x:.2e}"),
        ..1.0 => format!("{x:.3}"),
        ..10.0 => format!("{x:.2}"),
        ..100.0 => format!("{x:.1}"),
        _ => format!("{x:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all = [3.0, -32.0, 1234.56, 12.345, 1.2345, 0.12345, 1e-5, 1.5e8, f64::NAN].map(short);
        assert_eq!(all.join(" "), "3 -32 1235 12.3 1.23 0.123 1.00e-5 150000000 –");
    }

    #[test]
    fn tables_are_aligned() {
        let text = as_table(&["coherence".into(), "%".into()], &[vec![1.0, 55.5], vec![32.0, 100.0]]);
        assert_eq!(text, "  coherence     %\n          1  55.5\n         32   100");
    }
}
