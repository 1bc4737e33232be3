//! What a piece asks of an experiment file: each setting is named, explained and given its default
//! in the one place that uses it.

use crate::error::{Error, Result};
use crate::units::Time;

/// A section of an experiment file as a task, network or rule sees it.
///
/// Whoever reads also declares: the keys asked for are the keys that exist, so a misspelt one is
/// found, and the resolved experiment shows every default.
pub trait Settings {
    /// A time with its unit: `"20 ms"`.
    fn time(&mut self, key: &'static str, default: Time, about: &'static str) -> Result<Time>;
    /// A number.
    fn number(&mut self, key: &'static str, default: f64, about: &'static str) -> Result<f64>;
    /// A whole number, 0 or more.
    fn count(&mut self, key: &'static str, default: usize, about: &'static str) -> Result<usize>;
    /// `true` or `false`.
    fn flag(&mut self, key: &'static str, default: bool, about: &'static str) -> Result<bool>;
    /// One of these words.
    fn word(
        &mut self,
        key: &'static str,
        default: &'static str,
        choices: &[&'static str],
        about: &'static str,
    ) -> Result<String>;
    /// A list of numbers; a single number is a list of one.
    fn numbers(&mut self, key: &'static str, default: &[f64], about: &'static str) -> Result<Vec<f64>>;
    /// A list of times; a single time is a list of one.
    fn times(&mut self, key: &'static str, default: &[Time], about: &'static str) -> Result<Vec<Time>>;
    // What follows is for what a file describes at length; by default the file says nothing of it.

    /// A time that may be left out.
    fn optional_time(&mut self, _key: &str, _about: &str) -> Result<Option<Time>> {
        Ok(None)
    }
    /// A number whose key the file's author chose, or that may be left out.
    fn optional_number(&mut self, _key: &str, _about: &str) -> Result<Option<f64>> {
        Ok(None)
    }
    /// Free text.
    fn text(&mut self, _key: &str, default: &str, _about: &str) -> Result<String> {
        Ok(default.to_string())
    }
    /// A list of texts; a single text is a list of one.
    fn strings(&mut self, _key: &str, default: &[&str], _about: &str) -> Result<Vec<String>> {
        Ok(default.iter().map(|s| s.to_string()).collect())
    }
    /// A formula as text; a bare number is one too. Nothing if it is left out.
    fn formula(&mut self, _key: &str, _about: &str) -> Result<Option<String>> {
        Ok(None)
    }
    /// Names of the settings that the file gives here, sections left out, in the file's order.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
    /// Whether the file gives `name` as a section and not as a value.
    fn is_section(&self, _name: &str) -> bool {
        false
    }
    /// A section within this one.
    fn inner(&self, _name: &str) -> Box<dyn Settings + '_> {
        Box::new(Defaults)
    }
    /// The sections of a list within this one, in the file's order.
    fn list(&self, _name: &str) -> Vec<Box<dyn Settings + '_>> {
        Vec::new()
    }
    /// Whether the file gives this key, so that a setting without effect can be refused.
    fn given(&self, key: &str) -> bool;
    /// Puts the place of a key into an error about its value.
    fn blame(&self, key: &str, error: Error) -> Error;

    /// A number within bounds, both included.
    fn number_in(&mut self, key: &'static str, default: f64, low: f64, high: f64, about: &'static str) -> Result<f64> {
        let value = self.number(key, default, about)?;
        if (low..=high).contains(&value) {
            return Ok(value);
        }
        let range = match (low.is_finite(), high.is_finite()) {
            (true, true) => format!("it must lie between {low} and {high}"),
            (true, false) => format!("it must be at least {low}"),
            _ => format!("it must be at most {high}"),
        };
        Err(self.blame(
            key,
            Error::input(format!("`{key}` is {value}")).why(range).remedy(format!("the default is {default}")),
        ))
    }

    /// A time above zero.
    fn positive_time(&mut self, key: &'static str, default: Time, about: &'static str) -> Result<Time> {
        let value = self.time(key, default, about)?;
        if value.as_ms() > 0.0 {
            return Ok(value);
        }
        Err(self.blame(
            key,
            Error::input(format!("`{key}` is {value}"))
                .why("it must be longer than nothing")
                .remedy(format!("the default is \"{default}\"")),
        ))
    }

    /// A whole number above zero.
    fn positive_count(&mut self, key: &'static str, default: usize, about: &'static str) -> Result<usize> {
        let value = self.count(key, default, about)?;
        if value > 0 {
            return Ok(value);
        }
        Err(self.blame(
            key,
            Error::input(format!("`{key}` is 0"))
                .why("at least one is needed")
                .remedy(format!("the default is {default}")),
        ))
    }
}

/// Every default, as if the section were empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults;

impl Settings for Defaults {
    fn time(&mut self, _: &'static str, default: Time, _: &'static str) -> Result<Time> {
        Ok(default)
    }
    fn number(&mut self, _: &'static str, default: f64, _: &'static str) -> Result<f64> {
        Ok(default)
    }
    fn count(&mut self, _: &'static str, default: usize, _: &'static str) -> Result<usize> {
        Ok(default)
    }
    fn flag(&mut self, _: &'static str, default: bool, _: &'static str) -> Result<bool> {
        Ok(default)
    }
    fn word(&mut self, _: &'static str, default: &'static str, _: &[&'static str], _: &'static str) -> Result<String> {
        Ok(default.to_string())
    }
    fn numbers(&mut self, _: &'static str, default: &[f64], _: &'static str) -> Result<Vec<f64>> {
        Ok(default.to_vec())
    }
    fn times(&mut self, _: &'static str, default: &[Time], _: &'static str) -> Result<Vec<Time>> {
        Ok(default.to_vec())
    }
    fn given(&self, _: &str) -> bool {
        false
    }
    fn blame(&self, _: &str, error: Error) -> Error {
        error
    }
}
