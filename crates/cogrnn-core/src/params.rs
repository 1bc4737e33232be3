//! Parameters: named blocks in one slice, and the weights that they stand for.

use crate::constraint::Wiring;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::real::Real;
use std::ops::Range;

/// A named matrix (or vector, with one column) within an [`Arena`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name in the papers: `w_rec`, `b_out`, `x0`.
    pub name: &'static str,
    /// Postsynaptic side.
    pub rows: usize,
    /// Presynaptic side.
    pub cols: usize,
    at: usize,
}

impl Block {
    /// Its place in the arena.
    pub fn range(&self) -> Range<usize> {
        self.at..self.at + self.len()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How an entry is called in messages: `w_rec[3, 7]`, `x0[4]`.
    pub fn entry(&self, i: usize) -> String {
        if self.cols == 1 {
            format!("{}[{i}]", self.name)
        } else {
            format!("{}[{}, {}]", self.name, i / self.cols, i % self.cols)
        }
    }
}

/// Every number of a network in one slice; blocks name its parts, each row-major, `W[post, pre]`.
/// Gradients and optimiser memory share the layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Arena<F> {
    data: Vec<F>,
    blocks: Vec<Block>,
}

impl<F: Real> Arena<F> {
    /// All zero, with these blocks (name, rows, columns).
    pub fn new(blocks: &[(&'static str, usize, usize)]) -> Arena<F> {
        let mut at = 0;
        let blocks = blocks
            .iter()
            .map(|&(name, rows, cols)| {
                let block = Block { name, rows, cols, at };
                at += rows * cols;
                block
            })
            .collect();
        Arena { data: vec![F::ZERO; at], blocks }
    }

    /// All zero, with the blocks of another.
    pub fn zeros_like<G>(other: &Arena<G>) -> Arena<F> {
        Arena { data: vec![F::ZERO; other.data.len()], blocks: other.blocks.clone() }
    }

    /// The blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// All entries.
    pub fn data(&self) -> &[F] {
        &self.data
    }

    /// All entries, to change.
    pub fn data_mut(&mut self) -> &mut [F] {
        &mut self.data
    }

    /// The block of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|b| b.name == name)
    }

    /// The entries of a block, row-major; empty if there is no such block.
    pub fn block(&self, name: &str) -> &[F] {
        self.find(name).map_or(&[], |b| &self.data[b.range()])
    }

    /// The entries of a block, to change.
    pub fn block_mut(&mut self, name: &str) -> &mut [F] {
        match self.find(name).map(Block::range) {
            Some(range) => &mut self.data[range],
            None => &mut [],
        }
    }

    /// Every block with its entries, to change, side by side.
    pub fn split_mut(&mut self) -> impl Iterator<Item = (&Block, &mut [F])> {
        let mut rest = self.data.as_mut_slice();
        self.blocks.iter().map(move |block| {
            let (head, tail) = std::mem::take(&mut rest).split_at_mut(block.len());
            rest = tail;
            (block, head)
        })
    }
}

/// What a network makes of its weights so that its kernels run fast.
pub trait Pack<F: Real> {
    /// Follows a change of the weights.
    fn repack(&mut self, weights: &Arena<F>);
}

impl<F: Real> Pack<F> for () {
    fn repack(&mut self, _: &Arena<F>) {}
}

/// The parameters of a network.
pub type Plastic<N> = Parameters<<N as Network>::Real, <N as Network>::Packed>;

/// θ, the weights it stands for, the table between them, and the packed copy for the kernels:
/// kept in step by construction, since θ changes only through [`Parameters::change`]. A network and
/// one that is wrapped around it have the same.
#[derive(Clone, Debug)]
pub struct Parameters<F, P> {
    theta: Arena<F>,
    weights: Arena<F>,
    wiring: Wiring<F>,
    packed: P,
}

impl<F: Real, P: Pack<F>> Parameters<F, P> {
    /// Parameters of a network under a wiring.
    ///
    /// # Errors
    /// If θ has not the network's blocks.
    pub fn new<N: Network<Real = F, Packed = P>>(network: &N, theta: Arena<F>, wiring: Wiring<F>) -> Result<Self> {
        let wanted = network.blocks();
        if theta.blocks() != wanted.blocks() {
            return Err(Error::input("these parameters belong to another network")
                .why(format!("their blocks are {:?}, the network's {:?}", shapes(&theta), shapes(&wanted)))
                .remedy("take the parameters from a network of the same shape"));
        }
        let mut plastic = Parameters { weights: theta.clone(), packed: network.packed(), theta, wiring };
        plastic.refresh();
        Ok(plastic)
    }

    /// The underlying parameters.
    pub fn theta(&self) -> &Arena<F> {
        &self.theta
    }

    /// The effective weights, signs and masks applied.
    pub fn weights(&self) -> &Arena<F> {
        &self.weights
    }

    /// The table between θ and the weights.
    pub fn wiring(&self) -> &Wiring<F> {
        &self.wiring
    }

    /// The weights as the kernels want them.
    pub fn packed(&self) -> &P {
        &self.packed
    }

    /// The only way to change θ: the weights and their packed copy follow.
    pub fn change(&mut self, change: impl FnOnce(&mut Arena<F>, &Wiring<F>)) {
        change(&mut self.theta, &self.wiring);
        self.refresh();
    }

    /// The weights and their packed copy, for a network that changes them in place, step by step. Whoever does so ends
    /// with [`land`](Self::land), before anybody else looks at θ.
    pub fn in_flight(&mut self) -> (&mut Arena<F>, &mut P) {
        (&mut self.weights, &mut self.packed)
    }

    /// Takes the weights over into θ where they are plastic and without a constraint; all else follows.
    pub fn land(&mut self) {
        let weights = self.weights.data();
        for ((theta, weight), plastic) in self.theta.data_mut().iter_mut().zip(weights).zip(self.wiring.plastic()) {
            if *plastic != F::ZERO {
                *theta = *weight;
            }
        }
        self.refresh();
    }

    /// Removes weights that are smaller than `threshold`, for testing (Song et al. 2016, w_min).
    pub fn threshold(&mut self, blocks: &[&str], threshold: f64) {
        for name in blocks {
            for w in self.weights.block_mut(name) {
                if w.to_f64().abs() < threshold {
                    *w = F::ZERO;
                }
            }
        }
        self.packed.repack(&self.weights);
    }

    fn refresh(&mut self) {
        self.wiring.project(self.theta.data_mut());
        self.wiring.realise(self.theta.data(), self.weights.data_mut());
        self.packed.repack(&self.weights);
    }
}

fn shapes<F: Real>(arena: &Arena<F>) -> Vec<String> {
    arena.blocks().iter().map(|b| format!("{} {}×{}", b.name, b.rows, b.cols)).collect()
}
