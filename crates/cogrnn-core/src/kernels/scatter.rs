//! One added to each entry of a list: how the spikes of a neuron reach those that it projects to.

use crate::real::Real;

/// Lists of places, each below a reach that was checked when they were made.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    starts: Vec<usize>,
    places: Vec<u32>,
    reach: usize,
}

impl Lists {
    /// From the start of each list, one more at the end, and their places.
    ///
    /// # Panics
    /// If lists do not follow one another, or a place is not below `reach`.
    pub fn new(starts: Vec<usize>, places: Vec<u32>, reach: usize) -> Lists {
        assert!(starts.windows(2).all(|w| w[0] <= w[1]), "lists follow one another");
        assert!(starts.last().copied().unwrap_or(0) == places.len(), "the last list ends with the places");
        assert!(places.iter().all(|&p| (p as usize) < reach), "every place is within reach");
        Lists { starts, places, reach }
    }

    /// Adds 1 at each place of a list.
    #[inline]
    pub fn count<F: Real>(&self, list: usize, to: &mut [F]) {
        assert!(to.len() >= self.reach, "every place is there");
        for &place in &self.places[self.starts[list]..self.starts[list + 1]] {
            // SAFETY: places are below `reach`, checked in `new`, and no more than `to` holds, checked above.
            unsafe { *to.get_unchecked_mut(place as usize) += F::ONE };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_checked() {
        let lists = Lists::new(vec![0, 2, 2, 5], vec![1, 3, 0, 1, 1], 4);
        let mut to = [0.0f32; 4];
        (0..3).for_each(|list| lists.count(list, &mut to));
        assert_eq!(to, [1.0, 3.0, 0.0, 1.0]);
        let refused = |starts, places| std::panic::catch_unwind(|| Lists::new(starts, places, 4)).is_err();
        assert!(refused(vec![0, 1], vec![4]));
        assert!(refused(vec![0, 2, 1], vec![1]));
        assert!(refused(vec![0, 1], vec![1, 2]));
        assert!(std::panic::catch_unwind(|| lists.count(0, &mut [0.0f32; 3])).is_err());
    }
}
