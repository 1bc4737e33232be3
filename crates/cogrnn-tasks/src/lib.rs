//! Cognitive tasks: what is shown, what is asked, and who would do it best.
//!
//! Each task is one file in the folder of its field: [`decision`], [`motor`], [`timing`],
//! [`across_trials`]; twenty that share their inputs and outputs are [`yang`]. To add one, write its
//! file, then its line in [`TASKS`]; the conformance tests of this crate run over that list.
//!
//! # Example: one trial of a perceptual decision
//! ```
//! use cogrnn_core::random::{Address, Purpose};
//! use cogrnn_core::settings::Defaults;
//! use cogrnn_core::task::{Request, Set};
//! use cogrnn_core::units::ms;
//!
//! let task = (cogrnn_tasks::find("perceptual-decision")?.build)(&mut Defaults)?;
//! let request = Request::new(Set::Test, 5, ms(20.0));
//! let mut stream = Address { seed: 1, purpose: Purpose::TestTrials, trial: 5 }.stream();
//! let trial = task.outline(&request, &mut stream);
//! assert_eq!(trial.value("signed_coherence"), Some(51.2)); // strong motion for output 0
//! # Ok::<(), cogrnn_core::Error>(())
//! ```

pub mod across_trials;
pub mod custom;
pub mod decision;
pub mod drawing;
pub mod durations;
pub mod motor;
pub mod solvable;
mod stretches;
pub mod testing;
pub mod timing;
pub mod tryout;
pub mod yang;

use cogrnn_core::error::{Error, Result};
use cogrnn_core::settings::Settings;
use cogrnn_core::task::Task;

/// A task as an experiment file and a listing know it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in an experiment file.
    pub name: &'static str,
    /// One line for a listing.
    pub about: &'static str,
    /// Makes it from its section of an experiment file.
    pub build: fn(&mut dyn Settings) -> Result<Box<dyn Task>>,
}

/// Every task, one line each.
#[rustfmt::skip]
pub const TASKS: &[Entry] = &[
    Entry { name: "custom", about: "described in the experiment file: conditions, epochs, inputs, targets", build: |s| Ok(Box::new(custom::Custom::from_settings(s)?)) },
    Entry { name: "arm-reaching", about: "reach for one of two balls with a musculoskeletal arm", build: |s| Ok(Box::new(motor::ArmReaching::from_settings(s)?)) },
    Entry { name: "delayed-nonmatch-to-sample", about: "whether two stimuli, one after the other, are the same or not", build: |s| Ok(Box::new(decision::DelayedNonmatch::from_settings(s)?)) },
    Entry { name: "directional-movement", about: "move a cursor as one of four inputs says, or hold it", build: |s| Ok(Box::new(motor::DirectionalMovement::from_settings(s)?)) },
    Entry { name: "perceptual-decision", about: "which of two noisy inputs is stronger, over a stimulus of random duration", build: |s| Ok(Box::new(decision::PerceptualDecision::from_settings(s)?)) },
    Entry { name: "periodic", about: "put out a sum of harmonics without any input", build: |s| Ok(Box::new(motor::Periodic::from_settings(s)?)) },
    Entry { name: "planar-arm", about: "reach for one of eight targets with a light planar arm (hebbRNN's, not the arm of Miconi 2017)", build: |s| Ok(Box::new(motor::PlanarArm::from_settings(s)?)) },
    Entry { name: "ready-set-go", about: "repeat the interval between two pulses", build: |s| Ok(Box::new(timing::ReadySetGo::from_settings(s)?)) },
    Entry { name: "reversal-2afc", about: "which of two choices is rewarded reverses every so many trials", build: |s| Ok(Box::new(across_trials::Reversal2Afc::from_settings(s)?)) },
    Entry { name: "rule-reversal", about: "five trials of a rule that reverses without a cue, told by right and wrong", build: |s| Ok(Box::new(across_trials::RuleReversal::from_settings(s)?)) },
    Entry { name: "selective-integration", about: "which way that one of two noisy signals leans which the context names", build: |s| Ok(Box::new(decision::SelectiveIntegration::from_settings(s)?)) },
    Entry { name: "sinewave", about: "oscillate without any input", build: |s| Ok(Box::new(motor::Sinewave::from_settings(s)?)) },
    Entry { name: "wcst", about: "sort cards by a rule that changes without a cue (Wisconsin)", build: |s| Ok(Box::new(across_trials::Wcst::from_settings(s)?)) },
    Entry { name: "yang2019", about: "one or several of the twenty tasks of Yang et al. 2019, on rings", build: |s| Ok(Box::new(yang::Yang2019::from_settings(s)?)) },
];

/// The task of this name.
///
/// # Errors
/// When there is none; the message lists all and suggests the nearest.
pub fn find(name: &str) -> Result<&'static Entry> {
    if let Some(entry) = TASKS.iter().find(|entry| entry.name == name) {
        return Ok(entry);
    }
    let names = TASKS.iter().map(|e| format!("`{}`", e.name)).collect::<Vec<_>>().join(", ");
    let similarity = |entry: &&Entry| strsim::jaro_winkler(entry.name, name);
    let nearest = TASKS.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    // 0.8: a slip of the finger or two passes, another word does not
    let remedy = match nearest.filter(|entry| similarity(entry) > 0.8) {
        Some(entry) => format!("did you mean `{}`?", entry.name),
        None => "choose one of these".to_string(),
    };
    Err(Error::input(format!("there is no task `{name}`")).why(format!("the tasks are {names}")).remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_task_finds_its_neighbour() {
        let e = find("perceptual_desicion").unwrap_err();
        assert_eq!(e.remedy.unwrap(), "did you mean `perceptual-decision`?");
        assert!(e.why.unwrap().contains("`sinewave`"));
        assert_eq!(find("chess").unwrap_err().remedy.unwrap(), "choose one of these");
    }
}
