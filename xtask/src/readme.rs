//! The README is tried out as a reader would: its experiment files are written into an empty folder, its
//! commands are typed there, and the files that it promises are looked for.
//!
//! Trainings are cut short, by `--updates`, and a paper is not reproduced but looked over, by `--check`;
//! everything else runs as it stands.

use crate::steps::{Outcome, built, root};
use std::path::Path;
use std::process::Command;

/// Updates of a training that the README starts.
const UPDATES: &str = "20";
/// What stands before the arguments of the program.
const PROGRAM: [&str; 2] = ["cogrnn ", "cargo run --release -- "];
/// Commands that are not for this check.
const ELSEWHERE: [&str; 5] = ["cargo xtask ", "cargo install ", "cargo bench", "git clone ", "cd "];

/// A fenced block: its language and its lines.
struct Block<'a> {
    language: &'a str,
    lines: Vec<&'a str>,
}

/// Tries the README out.
pub fn check() -> Outcome {
    let text = std::fs::read_to_string(root().join("README.md")).map_err(|e| format!("README.md: {e}"))?;
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let here = folder.path();
    let mut typed = 0;
    for block in blocks(&text) {
        match block.language {
            "toml" => write_experiment(&block, here)?,
            "sh" => {
                for line in block.lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty() && !l.starts_with('#')) {
                    typed += usize::from(type_in(line, here)?);
                }
            }
            // Rust blocks are doc tests of the crate `cogrnn`; outputs and drawings are not commands.
            "rust" | "text" | "bibtex" => {}
            other => return Err(format!("README.md: nobody checks a block of `{other}`")),
        }
    }
    if typed < 2 {
        return Err("README.md: the two commands are gone".to_string());
    }
    promised_files(&text, here)
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            if !open {
                blocks.push(Block { language: language.trim(), lines: Vec::new() });
            }
            open = !open;
        } else if let (true, Some(block)) = (open, blocks.last_mut()) {
            block.lines.push(line);
        }
    }
    blocks
}

/// A TOML block opens with its file's name: `# mine.toml`.
fn write_experiment(block: &Block<'_>, here: &Path) -> Outcome {
    let name = block.lines.first().and_then(|l| l.strip_prefix("# ")).filter(|n| n.ends_with(".toml"));
    let name = name.ok_or("README.md: a TOML block opens with `# name.toml`")?;
    std::fs::write(here.join(name), block.lines.join("\n") + "\n").map_err(|e| format!("{name}: {e}"))?;
    type_in(&format!("cogrnn check {name}"), here).map(|_| ())
}

/// Types one command; whether it was one for the program.
fn type_in(line: &str, here: &Path) -> Result<bool, String> {
    if ELSEWHERE.iter().any(|c| line.starts_with(c)) {
        return Ok(false);
    }
    let arguments = PROGRAM.iter().find_map(|p| line.strip_prefix(p));
    let arguments = arguments.ok_or_else(|| format!("README.md: nobody checks `{line}`"))?;
    let (arguments, kept_in) = match arguments.split_once(" > ") {
        Some((arguments, file)) => (arguments, Some(file.trim())),
        None => (arguments, None),
    };
    let arguments = arguments.split(" #").next().unwrap_or_default();
    let mut words = words(arguments);
    if words.first().is_some_and(|w| w == "train") && !words.iter().any(|w| w == "--updates") {
        words.extend(["--updates".to_string(), UPDATES.to_string()]);
    }
    // A whole paper takes the better part of an hour: what is missing of it is told at once.
    if words.iter().any(|w| w == "reproduce") {
        words.push("--check".to_string());
    }
    println!("$ cogrnn {}", words.join(" "));
    let out = Command::new(built("cogrnn")).args(&words).current_dir(here).output();
    let out = out.map_err(|e| format!("the program does not start: {e}"))?;
    if !out.status.success() {
        return Err(format!("README.md: `{line}` failed\n{}", String::from_utf8_lossy(&out.stderr)));
    }
    if out.stdout.is_empty() {
        return Err(format!("README.md: `{line}` says nothing"));
    }
    if let Some(file) = kept_in {
        std::fs::write(here.join(file), &out.stdout).map_err(|e| format!("{file}: {e}"))?;
    }
    Ok(true)
}

/// Words as a shell would part them: quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        let last = words.len() - 1;
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => words[last].push(c),
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_whitespace() => words.push(String::new()),
            None => words[last].push(c),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Files that the README's table names, `| `name` | … |`, must lie in every run folder.
fn promised_files(text: &str, here: &Path) -> Outcome {
    let table = text.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next());
    let names: Vec<&str> = table.filter(|n| n.contains('.')).collect();
    let runs = std::fs::read_dir(here.join("runs")).map_err(|e| format!("README.md: no run was kept: {e}"))?;
    for run in runs.flatten() {
        for name in &names {
            if !run.path().join(name).is_file() {
                return Err(format!("README.md promises `{name}`, but {} has none", run.file_name().to_string_lossy()));
            }
        }
    }
    println!("every run keeps {}", names.join(", "));
    if names.is_empty() { Err("README.md promises no files".to_string()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(words("train a.toml --set 'network.tau=50 ms'"), ["train", "a.toml", "--set", "network.tau=50 ms"]);
    }

    #[test]
    fn blocks_keep_their_language() {
        let text = "a\n```sh\ncogrnn list\n```\nb\n```text\n1\n2\n```\n";
        let found: Vec<_> = blocks(text).into_iter().map(|b| (b.language, b.lines.len())).collect();
        assert_eq!(found, [("sh", 1), ("text", 2)]);
    }
}
