//! Random signs, by which rules fold the influence of all weights into a product of two small factors.

use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::real::Real;

/// ν ∈ {-1, 1}, independent, new at every step of every trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Signs {
    /// Of this seed.
    Drawn(u64),
    /// These, step by step from 0 for every trial: for checks.
    Given(Vec<Vec<f64>>),
}

impl Signs {
    /// Those of one step.
    pub fn fill<F: Real>(&self, trial: u64, t: usize, signs: &mut [F]) {
        match self {
            &Signs::Drawn(seed) => {
                let mut stream = Address { seed, purpose: Purpose::Signs, trial }.stream_at(t as u32);
                for signs in signs.chunks_mut(32) {
                    let word = stream.word();
                    for (k, sign) in signs.iter_mut().enumerate() {
                        *sign = if word >> k & 1 == 0 { F::ONE } else { -F::ONE };
                    }
                }
            }
            Signs::Given(all) => {
                for (sign, given) in signs.iter_mut().zip(&all[t]) {
                    *sign = F::from_f64(*given);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_even_and_new_at_every_step() {
        let signs = Signs::Drawn(3);
        let (mut a, mut b) = ([0.0f64; 100], [0.0f64; 100]);
        let mut sum = 0.0;
        for t in 0..100 {
            signs.fill(7, t, &mut a);
            sum += a.iter().sum::<f64>();
            signs.fill(7, t + 1, &mut b);
            let agree = a.iter().zip(&b).filter(|(a, b)| a == b).count();
            // 50 ± 5 s.d. of 5
            assert!((25..=75).contains(&agree), "{agree}");
            signs.fill(8, t, &mut b);
            assert_ne!(a, b);
        }
        // 10,000 of them: five standard deviations of 100
        assert!(f64::abs(sum) < 500.0, "{sum}");
    }
}
