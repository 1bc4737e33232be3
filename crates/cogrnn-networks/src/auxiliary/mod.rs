//! An auxiliary loop that strings the syllables of a trained network together (Murray 2019, fig. 4).
//!
//! ```text
//!      ┌───────────────────────────── input of the next syllable ─────────────────────────┐
//!      ▼                                                                                  │
//!   network, its weights fixed ── h at the end of a syllable ──► z = Wˢ h ── largest ─────┘
//!      │
//!      ▼ outputs
//! ```
//! At the end of each syllable the loop unit with the largest z wins and says which syllable is next. With a probability
//! of `explore` another one is drawn in its place. A reward R comes for the next syllable that was wanted:
//!
//! ```text
//! ΔWˢ_ij = η R z_i h_j           z: 1 for the active unit, 0 for the others; h of length 1        (the paper's rule)
//! ΔWˢ_ij = η (R - E) z_i h_j     E: 1 for a unit that won, 0 for one that was drawn               (with an expectation)
//! ```
//! The paper does not give η, the initial Wˢ, the units that are updated, nor what keeps Wˢ bounded. Ours: rows of positive
//! numbers (uniform) and length 1 at first; a sequence that ends at its first wrong syllable while the loop learns; and the
//! expectation of a reward by the unit that won, without which rows are kept at length 1. States at the end of syllables
//! without input are much alike, whatever came before, and with reward alone a unit that is wanted after one of them comes
//! to win after all of them. Disappointment takes such units apart; where everything is right nothing changes any more.

use cogrnn_core::batch::Timetable;
use cogrnn_core::network::{History, Network, Noise, Room};
use cogrnn_core::params::Plastic;
use cogrnn_core::random::Stream;
use cogrnn_core::real::Real;

/// The loop units and their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop<F> {
    units: usize,
    weights: Vec<F>,
    /// Whether the unit that wins expects a reward.
    expects: bool,
}

impl<F: Real> Loop<F> {
    /// So many loop units around a network of so many units, with initial weights from a stream.
    pub fn new(states: usize, units: usize, expects: bool, stream: &mut Stream) -> Loop<F> {
        let weights = (0..states * units).map(|_| F::from_f64(stream.uniform())).collect();
        let mut all = Loop { units, weights, expects };
        all.weights.chunks_exact_mut(units.max(1)).for_each(normalise);
        all
    }

    /// Wˢ (loop unit × unit), row-major.
    pub fn weights(&self) -> &[F] {
        &self.weights
    }

    /// The loop unit that wins at rates h; of equals the first.
    pub fn winner(&self, h: &[F]) -> usize {
        let mut best = (0, F::from_f64(f64::NEG_INFINITY));
        for (i, row) in self.weights.chunks_exact(self.units).enumerate() {
            let z = row.iter().zip(h).fold(F::ZERO, |z, (w, h)| w.fma(*h, z));
            if z > best.1 {
                best = (i, z);
            }
        }
        best.0
    }

    /// Reward, or none, for this unit's having been active at rates h, with a learning rate.
    pub fn learn(&mut self, active: usize, h: &[F], reward: bool, rate: f64) {
        let expected = self.expects && self.winner(h) == active;
        let surprise = f64::from(u8::from(reward)) - f64::from(u8::from(expected));
        let length = h.iter().fold(F::ZERO, |s, h| h.fma(*h, s)).to_f64().sqrt();
        if length == 0.0 || surprise == 0.0 {
            return;
        }
        let step = F::from_f64(rate * surprise / length);
        let row = &mut self.weights[active * self.units..][..self.units];
        for (w, h) in row.iter_mut().zip(h) {
            *w = step.fma(*h, *w);
        }
        if !self.expects {
            normalise(row);
        }
    }
}

/// Makes a row of length 1.
fn normalise<F: Real>(row: &mut [F]) {
    let length = row.iter().fold(F::ZERO, |s, w| w.fma(*w, s)).to_f64().sqrt();
    if length > 0.0 {
        let scale = F::from_f64(1.0 / length);
        row.iter_mut().for_each(|w| *w *= scale);
    }
}

/// A trained network that plays syllables one after another, its state going on from one to the next.
pub struct Player<'n, N: Network> {
    network: &'n N,
    plastic: &'n Plastic<N>,
    state: N::State,
    timetable: Timetable,
    t: usize,
}

impl<'n, N: Network> Player<'n, N> {
    /// Room for so many steps in all.
    pub fn new(network: &'n N, plastic: &'n Plastic<N>, steps: usize) -> Player<'n, N> {
        let state = network.state(&Room { trials: 1, steps, history: History::Last });
        let mut timetable = Timetable::default();
        timetable.refill(&[steps]);
        Player { network, plastic, state, timetable, t: 0 }
    }

    /// Back to the initial state.
    pub fn begin(&mut self) {
        self.network.begin(self.plastic, &mut self.state, &self.timetable);
        self.t = 0;
    }

    /// One step with these inputs; the outputs after it. `trial` is the address of its noise.
    pub fn step(&mut self, inputs: &[N::Real], noise: &Noise<'_, N::Real>, trial: u64) -> &[N::Real] {
        self.t += 1;
        self.network.perturb(&mut self.state, self.t, noise, &[trial]);
        self.network.step(self.plastic, &mut self.state, self.t, inputs);
        self.network.read_out(self.plastic, &mut self.state, self.t);
        &self.network.output(&self.state)[..self.network.shape().outputs]
    }

    /// The rates as they are now.
    pub fn rates(&self) -> &[N::Real] {
        self.network.rates(&self.state, self.t, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::random::{Address, Purpose};

    fn stream() -> Stream {
        Address { seed: 3, purpose: Purpose::Weights, trial: 0 }.stream()
    }

    /// Patterns (a common part and their own), and whether the units that are wanted after them win in the end.
    fn learnt(common: f64, expects: bool, wanted: &[usize]) -> (bool, Loop<f64>) {
        let mut draw = stream();
        let units = 60;
        let shared: Vec<f64> = (0..units).map(|_| draw.normal()).collect();
        let one = |draw: &mut Stream| shared.iter().map(|c| common * c + draw.normal()).collect();
        let patterns: Vec<Vec<f64>> = wanted.iter().map(|_| one(&mut draw)).collect();
        let mut all = Loop::<f64>::new(5, units, expects, &mut draw);
        let right = |all: &Loop<f64>| patterns.iter().zip(wanted).all(|(h, w)| all.winner(h) == *w);
        assert!(!right(&all), "nothing is known at first");
        for _ in 0..4000 {
            for (h, w) in patterns.iter().zip(wanted) {
                let drawn = draw.below(5);
                let active = if draw.uniform() < 0.1 { drawn } else { all.winner(h) };
                all.learn(active, h, active == *w, 0.05);
            }
        }
        (right(&all), all)
    }

    #[test]
    fn rewarded_units_come_to_win_where_they_were_rewarded() {
        let (right, all) = learnt(0.1, false, &[4, 1, 2, 3, 0]);
        assert!(right);
        for row in all.weights().chunks_exact(60) {
            assert!((row.iter().map(|w| w * w).sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // with disappointment also after states that are much alike, one unit being wanted more often
        assert!(learnt(2.0, true, &[4, 1, 4, 2, 4, 3, 4, 0]).0);
    }

    #[test]
    fn without_activity_or_surprise_nothing_changes() {
        for expects in [true, false] {
            let mut all = Loop::<f64>::new(3, 10, expects, &mut stream());
            let before = all.clone();
            let winner = all.winner(&[1.0; 10]);
            all.learn(1, &[0.0; 10], true, 0.5);
            all.learn((winner + 1) % 3, &[1.0; 10], false, 0.5);
            assert_eq!(all, before);
            all.learn(winner, &[1.0; 10], expects, 0.5);
            assert_eq!(all, before);
            all.learn(winner, &[1.0; 10], !expects, 0.5);
            assert_ne!(all, before);
        }
    }
}
