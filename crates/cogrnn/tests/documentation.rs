//! The manual of experiment files says what the program says: its tables are made from the settings that
//! are really read. `cargo xtask docs` writes them anew.

use cogrnn::experiment::Experiment;
use std::fmt::Write as _;
use std::path::Path;

const BEGIN: &str = "<!-- settings: written by `cargo xtask docs` -->\n";
const END: &str = "<!-- end of settings -->\n";

/// Experiments that between them use every setting. Beside each: what an experiment must say for the
/// settings that it is the first to have.
const EXPERIMENTS: &[(&str, &str)] = &[
    ("", "[task]\nname = \"perceptual-decision\"\n[stop]\nperformance = 85"),
    ("`name = \"sinewave\"`", "[task]\nname = \"sinewave\""),
    ("`name = \"periodic\"`", "[task]\nname = \"periodic\""),
    ("`name = \"ready-set-go\"`", "[task]\nname = \"ready-set-go\""),
    ("`name = \"directional-movement\"`", "[task]\nname = \"directional-movement\""),
    ("`dale = \"none\"`", "[task]\nname = \"perceptual-decision\"\n[constraints]\ndale = \"none\""),
    (POPULATIONS, "[task]\nname = \"perceptual-decision\"\n[populations.NAME]\nsize = 100\nkind = \"excitatory\""),
    ("a density below 1", "[task]\nname = \"perceptual-decision\"\n[constraints]\ndensity_excitatory = 0.1"),
    (
        "`nonlinearity = \"rectify_power\"`",
        "[task]\nname = \"perceptual-decision\"\n[network]\nnonlinearity = \"rectify_power\"",
    ),
    ("`output = \"rectify_power\"`", "[task]\nname = \"perceptual-decision\"\n[network]\noutput = \"rectify_power\""),
    ("`name = \"momentum\"`", "[task]\nname = \"perceptual-decision\"\n[optimiser]\nname = \"momentum\""),
    ("`name = \"adam\"`", "[task]\nname = \"perceptual-decision\"\n[optimiser]\nname = \"adam\""),
    ("`schedule = \"step\"`", "[task]\nname = \"perceptual-decision\"\n[optimiser]\nschedule = \"step\""),
    ("`schedule = \"cosine\"`", "[task]\nname = \"perceptual-decision\"\n[optimiser]\nschedule = \"cosine\""),
    (SCHEMES, "[task]\nname = \"perceptual-decision\"\n[unroll]\nscheme = \"sctt\"\nshort_epochs = true"),
];

const POPULATIONS: &str = "`[populations]`";
const SCHEMES: &str = "another `scheme = \"…\"`";

/// One row of the manual: section, key, defaults by the experiment that has them, what it is.
struct Row {
    section: String,
    key: String,
    about: String,
    defaults: Vec<(&'static str, String)>,
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for &(when, text) in EXPERIMENTS {
        let experiment = Experiment::parse(text, "mine", "mine.toml", &[]).unwrap();
        for setting in experiment.settings() {
            let default = setting.value.clone().unwrap_or_default();
            match rows.iter_mut().find(|r| r.section == setting.section && r.key == setting.key) {
                // What an experiment itself gives is no default.
                Some(row)
                    if row.defaults.iter().all(|d| d.1 != default) && !when.contains(&format!("`{} =", row.key)) =>
                {
                    row.defaults.push((when, default));
                }
                Some(_) => {}
                None => {
                    let row = Row {
                        section: setting.section.clone(),
                        key: setting.key.clone(),
                        about: setting.about.clone(),
                        defaults: vec![(when, default)],
                    };
                    // Behind the last of its section.
                    let last = |section: &str| rows.iter().rposition(|r| r.section == section);
                    let network = || last("network").filter(|_| row.section == "populations.NAME");
                    let population = || last("populations.NAME").filter(|_| row.section == "populations.NAME.from");
                    let at = last(&row.section).or_else(network).or_else(population).map_or(rows.len(), |i| i + 1);
                    rows.insert(at, row);
                }
            }
        }
    }
    rows
}

fn tables() -> String {
    let mut text = String::new();
    let mut section = None;
    for row in rows() {
        // What these experiments must give is a matter of theirs.
        let given = [
            ("task", "name"),
            ("", "title"),
            ("stop", "performance"),
            ("constraints", "density_excitatory"),
            ("unroll", "short_epochs"),
        ];
        if section.as_ref() != Some(&row.section) {
            let title =
                if row.section.is_empty() { "Above all sections".into() } else { format!("`[{}]`", row.section) };
            let _ = write!(text, "\n### {title}\n\n| key | default | what it is |\n|---|---|---|\n");
            section = Some(row.section.clone());
        }
        let mut defaults: Vec<String> = Vec::new();
        for (i, (when, default)) in row.defaults.iter().enumerate() {
            let value = if default.is_empty() { "–".to_string() } else { format!("`{default}`") };
            defaults.push(if i == 0 || when.is_empty() { value } else { format!("{value} with {when}") });
        }
        let population = row.section.starts_with("populations");
        let own = [
            ("size", "must be given"),
            ("kind", "must be given; `\"free\"` with `dale = \"none\"`"),
            ("inputs", "all of the task's"),
            ("outputs", "as `readout` says"),
        ];
        let default = match given.contains(&(row.section.as_str(), row.key.as_str())) {
            true if row.key == "density_excitatory" => "`1.0`".to_string(),
            true if row.key == "short_epochs" => "`false`".to_string(),
            true => "–".to_string(),
            false if population && own.iter().any(|o| o.0 == row.key) => {
                own.iter().find(|o| o.0 == row.key).map_or(String::new(), |o| o.1.to_string())
            }
            false => defaults.join(", "),
        };
        let when = row.defaults[0].0;
        let only = if when.is_empty() || population { String::new() } else { format!(" *(only with {when})*") };
        let about = row.about.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {default} | {about}{only} |", row.key);
    }
    text + "\n"
}

#[test]
fn the_manual_lists_every_setting_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/experiment.md");
    let manual = std::fs::read_to_string(&path).unwrap();
    let (above, rest) = manual.split_once(BEGIN).unwrap();
    let (found, below) = rest.split_once(END).unwrap();
    let wanted = tables();
    if std::env::var_os("COGRNN_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{above}{BEGIN}{wanted}{END}{below}")).unwrap();
    } else {
        assert_eq!(found, wanted, "docs/experiment.md is not current: run `cargo xtask docs`");
    }
}
