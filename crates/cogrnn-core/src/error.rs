//! Errors in four parts: what, where, why, what to do.

use std::fmt;

/// `Result` with this project's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure, so that a program can choose its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was asked for cannot be done: an experiment, an argument or a file is wrong.
    Input,
    /// The numbers left the reals while a network ran.
    Diverged,
    /// The machine refused: a full disk, a folder that cannot be written.
    Machine,
}

/// One failure, told so that its reader can mend it.
///
/// # Example: a fixed weight of the wrong sign
/// ```
/// use cogrnn_core::error::Error;
/// let e = Error::input("`w_rec[3, 7]` is fixed at -0.2")
///     .at("experiment.toml:12")
///     .why("unit 7 is excitatory, so under Dale's law its weights are magnitudes")
///     .remedy("give 0.2, or make unit 7 inhibitory");
/// assert_eq!(e.to_string(), "\
/// `w_rec[3, 7]` is fixed at -0.2   [experiment.toml:12]
/// why  unit 7 is excitatory, so under Dale's law its weights are magnitudes
/// try  give 0.2, or make unit 7 inhibitory");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// What sort of failure this is.
    pub kind: Kind,
    /// What is wrong.
    pub what: String,
    /// Where: a file and line, an entry of a matrix, a command line argument.
    pub place: Option<String>,
    /// Why it cannot be.
    pub why: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
}

impl Error {
    fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error { kind, what: what.into(), place: None, why: None, remedy: None }
    }

    /// The input is wrong.
    pub fn input(what: impl Into<String>) -> Error {
        Error::new(Kind::Input, what)
    }

    /// The network diverged.
    pub fn diverged(what: impl Into<String>) -> Error {
        Error::new(Kind::Diverged, what)
    }

    /// The machine refused.
    pub fn machine(what: impl Into<String>) -> Error {
        Error::new(Kind::Machine, what)
    }

    /// Says where, unless a closer place is already known.
    pub fn at(mut self, place: impl Into<String>) -> Error {
        self.place.get_or_insert_with(|| place.into());
        self
    }

    /// Says why.
    pub fn why(mut self, why: impl Into<String>) -> Error {
        self.why = Some(why.into());
        self
    }

    /// Says what to do.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Error {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(place) = &self.place {
            write!(f, "   [{place}]")?;
        }
        if let Some(why) = &self.why {
            write!(f, "\nwhy  {why}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "\ntry  {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
