//! Names that a user's file gives, kept once for the life of the program.

use std::collections::BTreeSet;
use std::sync::Mutex;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The one copy of a name. Tables of trials carry names by the million; a file brings a few dozen.
///
/// ```
/// use cogrnn_core::names::intern;
/// assert!(std::ptr::eq(intern("delay"), intern(&String::from("delay"))));
/// ```
pub fn intern(name: &str) -> &'static str {
    // A thread that panicked while it held the lock left the set whole.
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(kept) = names.get(name) {
        return kept;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}
