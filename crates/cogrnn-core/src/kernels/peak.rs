//! The limit that speed is measured against: the most fused multiply-adds a core can do.

use super::lanes::Lanes;
use super::{Isa, Kernel};

/// Work that keeps nothing but the multipliers busy.
struct Multiply {
    rounds: usize,
}

impl Kernel<f32> for Multiply {
    type Output = f32;

    #[inline(always)]
    fn run<V: Lanes<Elem = f32>>(self) -> f32 {
        // More chains in flight than latency × ports, no more than there are registers.
        if V::ACCUMULATORS > 10 { chains::<V, 12>(self.rounds) } else { chains::<V, 5>(self.rounds) }
    }
}

#[inline(always)]
fn chains<V: Lanes<Elem = f32>, const CHAINS: usize>(rounds: usize) -> f32 {
    let (a, b) = (V::constant(0.999_999), V::constant(1e-7));
    let mut chains = [a; CHAINS];
    for _ in 0..rounds * 60 / CHAINS {
        for chain in &mut chains {
            *chain = chain.fma(a, b);
        }
    }
    let mut total = V::zero();
    for chain in chains {
        total = total.add(chain);
    }
    total.sum()
}

/// Does sixty vector multiply-adds `rounds` times; returns how many floating point operations those
/// were, and a value that keeps them from being left out.
pub fn multiply_adds(isa: Isa, rounds: usize) -> (f64, f32) {
    let sum = isa.run(Multiply { rounds });
    ((rounds * 60 * 16 * 2) as f64, sum)
}
