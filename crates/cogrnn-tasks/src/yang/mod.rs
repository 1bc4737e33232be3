//! Twenty cognitive tasks on rings of direction-tuned units (Yang et al. 2019), in the form in which
//! Soo, Goudar & Wang (2023) train networks on them.
//!
//! ```text
//!               warm-up    fixation  stimulus    response
//! go, dm …     ├─ 1000 ──┼── 500 ──┼── 500 ────┼── 500 ──┤                           structure A
//! fixation                ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔                   off: respond
//! stimuli                           ▔▔▔▔▔▔▔▔▔▔▔
//! cue           ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
//!
//! rtgo, rtanti  warm-up │ fixation │ fixation2 │ response, with the stimulus; fixation stays on
//! dlygo …       warm-up │ fixation │ stimulus  │ delay │ response                    structure B
//! dlydm, dms …  warm-up │ fixation │ stimulus1 │ delay │ stimulus2 │ response        structure C
//!
//! inputs   0 fixation · 1–32 ring of modality 1 · 33–64 ring of modality 2 · 65–84 cue, one of 20
//! outputs  0 fixation · 1–32 ring of the response
//! targets  before the response   0.85 │ 0.05                 fixation │ ring
//!          response              0.05 │ 0.05 + G(correct)    G: a bump, [`ring`]
//!          response, withheld    0.85 │ 0.05                 (compat: 0.85 │ 0)
//! ```
//!
//! What each rule shows and asks for is in [`rules`]. Two windows count, in the loss and in the score:
//! before the response, without the first 200 ms after the warm-up, and the response without its first
//! 200 ms (`settle`). Each window weighs the same whatever its length:
//!
//! ```text
//! mask = 1 in the response, n_R/n_F before it        n_R, n_F steps of the two windows
//! Σ mask (y - y*)² / Σ mask = ½ (mean over the response + mean over the window before it)
//! ```
//!
//! half of the two squared-error terms of Soo et al., exactly and for every batch, as n_R is the same in
//! all trials.
//!
//! # What is jittered, and what a batch shares
//! In training, each epoch but the warm-up and the response lasts its time ± `jitter`; there is one draw
//! per epoch and batch, which all its trials share ([`jittered`](crate::durations::jittered) says on
//! which grid). Of several rules, all trials of a batch have the same (`order = "interleaved"`, as in
//! Yang et al.), each draws its own (`"mixed"`), or they come one after another (`"sequential"`), for
//! `rule_trials` each. Validation and test trials are not jittered, have
//! random stimuli, and go through the rules in turn.
//!
//! # Performance
//! ```text
//! f  share of the samples before the response with y_0 > 0.5
//! h  share of the samples of the response that should hold fixation and do, y_0 > 0.5
//! g  share of the samples of the response that should let go of it and do, y_0 < 0.5
//! a  share of the latter, whether they let go or not, that point less than 36° past the target
//! P = w f + (1-w) (h + g a)              w = 2/3 (A), 4/5 (B), 5/6 (C)
//! ```
//!
//! Where no trial is withheld h = 0 and g is the f₂ of Soo et al. With one rule f, h, g and a are those
//! of all trials together, as in their program. Of several rules each trial has its own P, with g a
//! replaced by the share of samples that let go *and* point right; the performance is the mean over the
//! trials, and so over the rules, which come equally often. The two differ by the covariance of letting
//! go and pointing right over the samples, nothing if either is perfect.
//!
//! # Differences
//! By default the rules are those of Yang et al. With `compat = true` they are those of the program of
//! Soo et al.: dnms and dnmc answer to a match as dms and dmc do; in a non-match of dmc (and dnmc) the
//! first stimulus is always of the first category; a withheld response has a ring target of 0. In dmc
//! the two modalities are drawn as in dms.
//!
//! # Reference
//! G. R. Yang, M. R. Joglekar, H. F. Song, W. T. Newsome, X.-J. Wang, Nature Neuroscience 22 (2019).
//! W. W. M. Soo, V. Goudar, X.-J. Wang, NeurIPS 36 (2023), for every number here.

mod observer;
pub mod ring;
pub mod rules;
mod task;
#[cfg(test)]
mod tests;

pub use task::Yang2019;
