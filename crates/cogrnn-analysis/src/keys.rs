//! Condition values by which trials are sorted.

use std::cmp::Ordering;

/// Values of some columns, in the order of numbers; -0 is 0.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub Vec<f64>);

impl Key {
    pub(crate) fn new(values: impl IntoIterator<Item = f64>) -> Key {
        Key(values.into_iter().map(|v| v + 0.0).collect())
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        let differs = self.0.iter().zip(&other.0).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
        differs.unwrap_or(self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}
