//! Condition averages with signs that are known only at the end (section 5.6).

use crate::keys::Key;
use crate::statistics::{Moments, smooth};
use std::collections::BTreeMap;

/// Trials of one target, motion, colour, context and outcome: their number, and sums of rates (time × unit).
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub trials: usize,
    pub rates: Vec<f64>,
}

impl Cell {
    pub fn add(&mut self, rates: &[f32]) {
        self.trials += 1;
        self.rates.resize(rates.len(), 0.0);
        self.rates.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += f64::from(*rate));
    }
}

/// Averages over the trials of each condition, smoothed and normalised.
#[derive(Clone, Debug)]
pub(super) struct Averages {
    pub conditions: Vec<Key>,
    steps: usize,
    units: usize,
    /// (condition × unit × time).
    values: Vec<f64>,
}

impl Averages {
    /// Sorts cells by what `select` makes of (target, motion, colour, context, correct), the first three turned
    /// toward each unit's preferred choice. A condition that a unit never met is 0 before normalisation.
    pub fn new(
        cells: &BTreeMap<Key, Cell>,
        select: fn(&[f64]) -> Option<Vec<f64>>,
        preferred: &[i8],
        steps: usize,
        smoothing: f64,
    ) -> Averages {
        let units = preferred.len();
        let condition = |key: &Key, sign: i8| {
            let p = f64::from(sign);
            let [target, motion, colour] = [key.0[0] * p, key.0[1] * p, key.0[2] * p];
            select(&[target, motion, colour, key.0[3], key.0[4]]).map(Key::new)
        };
        let signs: Vec<i8> = [1, -1].into_iter().filter(|sign| preferred.contains(sign)).collect();
        // the place of each condition
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for sign in &signs {
            places.extend(cells.keys().filter_map(|key| Some((condition(key, *sign)?, 0))));
        }
        places.values_mut().enumerate().for_each(|(place, value)| *value = place);

        let mut values = vec![0.0; places.len() * units * steps];
        for sign in &signs {
            let mut trials = vec![0; places.len()];
            for (key, cell) in cells {
                let Some(place) = condition(key, *sign).and_then(|key| places.get(&key)) else { continue };
                trials[*place] += cell.trials;
                for i in (0..units).filter(|i| preferred[*i] == *sign) {
                    let sums = &mut values[(place * units + i) * steps..][..steps];
                    for (k, sum) in sums.iter_mut().enumerate() {
                        *sum += cell.rates[k * units + i];
                    }
                }
            }
            for (place, trials) in trials.into_iter().enumerate() {
                for i in (0..units).filter(|i| preferred[*i] == *sign) {
                    let average = &mut values[(place * units + i) * steps..][..steps];
                    average.iter_mut().for_each(|v| *v /= trials.max(1) as f64);
                    smooth(average, smoothing);
                }
            }
        }
        for i in 0..units {
            let mut moments = Moments::default();
            let rows = |place: usize| (place * units + i) * steps..(place * units + i + 1) * steps;
            (0..places.len()).for_each(|place| values[rows(place)].iter().for_each(|v| moments.add(*v)));
            let sd = moments.population_variance().sqrt();
            // a unit that does not vary is 0 everywhere; 1e-12: rounding of its mean
            let factor = if sd > 1e-12 * moments.mean.abs() { 1.0 / sd } else { 0.0 };
            for place in 0..places.len() {
                values[rows(place)].iter_mut().for_each(|v| *v = (*v - moments.mean) * factor);
            }
        }
        Averages { conditions: places.into_keys().collect(), steps, units, values }
    }

    /// Condition c at sample k, unit i.
    pub fn at(&self, c: usize, k: usize, i: usize) -> f64 {
        self.values[(c * self.units + i) * self.steps + k]
    }
}
