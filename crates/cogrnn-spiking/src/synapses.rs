//! Who is connected to whom: a fixed background by outgoing lists, plastic inputs by fan-in.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::real::Real;
use std::ops::Range;

/// Outgoing connections: for each neuron the list of its targets, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Start of each list; one more at the end.
    pub starts: Vec<usize>,
    /// Targets, one list after another.
    pub targets: Vec<u32>,
}

impl Outgoing {
    /// No connections among so many neurons.
    pub fn none(neurons: usize) -> Outgoing {
        Outgoing { starts: vec![0; neurons + 1], targets: Vec::new() }
    }

    /// The targets of a neuron.
    pub fn of(&self, source: usize) -> &[u32] {
        &self.targets[self.starts[source]..self.starts[source + 1]]
    }

    /// Checks that every list is ascending and within so many neurons.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, neurons: usize) -> Result<()> {
        let wrong = |what: String| {
            Err(Error::input(what)
                .why("outgoing lists have one start a neuron and ascending targets below the number of neurons")
                .remedy("build them with `cogrnn_spiking::connect`"))
        };
        if self.starts.len() != neurons + 1 || self.starts[neurons] != self.targets.len() {
            return wrong(format!("there are {} starts for {neurons} neurons", self.starts.len()));
        }
        for source in 0..neurons {
            if self.starts[source] > self.starts[source + 1] {
                return wrong(format!("the list of neuron {source} ends before it starts"));
            }
            let list = self.of(source);
            if list.windows(2).any(|w| w[0] >= w[1]) || list.last().is_some_and(|&t| t as usize >= neurons) {
                return wrong(format!("the targets of neuron {source} are out of order or out of range"));
            }
        }
        Ok(())
    }
}

/// Plastic synapses: one array of weights in the order of their targets, which RLS reads row by row, and for each source
/// where in that array its weights lie (§2.7).
#[derive(Clone, Debug, PartialEq)]
pub struct Plastic<F> {
    /// Start of each neuron's inputs; one more at the end.
    starts: Vec<usize>,
    /// Sources, one neuron's inputs after another's, each in the order it was given.
    sources: Vec<u32>,
    /// Weights, likewise.
    weights: Vec<F>,
}

impl<F: Real> Plastic<F> {
    /// None among so many neurons.
    pub fn none(neurons: usize) -> Plastic<F> {
        Plastic { starts: vec![0; neurons + 1], sources: Vec::new(), weights: Vec::new() }
    }

    /// From the inputs (source, weight) of each neuron.
    ///
    /// # Errors
    /// If a source is not one of the neurons, or twice among the inputs of one.
    pub fn new(inputs: &[Vec<(u32, F)>]) -> Result<Plastic<F>> {
        let mut plastic = Plastic { starts: vec![0], sources: Vec::new(), weights: Vec::new() };
        let mut seen = vec![usize::MAX; inputs.len()];
        for (target, list) in inputs.iter().enumerate() {
            for &(source, weight) in list {
                match seen.get_mut(source as usize) {
                    Some(by) if *by != target => *by = target,
                    place => {
                        let why = if place.is_some() { "it is there already" } else { "there is no such neuron" };
                        return Err(Error::input(format!("neuron {source} cannot be an input of neuron {target}"))
                            .why(why)
                            .remedy("give each input once, by its number from 0"));
                    }
                }
                plastic.sources.push(source);
                plastic.weights.push(weight);
            }
            plastic.starts.push(plastic.sources.len());
        }
        Ok(plastic)
    }

    /// Number of neurons.
    pub fn neurons(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Where the inputs of a neuron lie.
    pub fn range(&self, target: usize) -> Range<usize> {
        self.starts[target]..self.starts[target + 1]
    }

    /// Sources and weights of a neuron's inputs.
    pub fn row(&self, target: usize) -> (&[u32], &[F]) {
        (&self.sources[self.range(target)], &self.weights[self.range(target)])
    }

    /// All weights, to change; rows lie as [`range`](Self::range) says.
    pub fn weights_mut(&mut self) -> &mut [F] {
        &mut self.weights
    }

    /// All weights.
    pub fn weights(&self) -> &[F] {
        &self.weights
    }

    /// Σ_j W_ij r_j over the inputs of neuron i, one chain in their order.
    pub fn product(&self, target: usize, r: &[F]) -> F {
        let (sources, weights) = self.row(target);
        sources.iter().zip(weights).fold(F::ZERO, |sum, (&j, &w)| w.fma(r[j as usize], sum))
    }

    /// For each source the synapses that lead to a range of targets: (target - first, place of its weight).
    pub(crate) fn outgoing(&self, targets: Range<usize>) -> (Vec<usize>, Vec<(u32, u32)>) {
        let mut starts = vec![0usize; self.neurons() + 1];
        for target in targets.clone() {
            self.row(target).0.iter().for_each(|&j| starts[j as usize + 1] += 1);
        }
        for j in 0..self.neurons() {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut synapses = vec![(0, 0); starts[self.neurons()]];
        for target in targets.clone() {
            for place in self.range(target) {
                let to = &mut next[self.sources[place] as usize];
                synapses[*to] = ((target - targets.start) as u32, place as u32);
                *to += 1;
            }
        }
        (starts, synapses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fan_in_and_fan_out_are_the_same_synapses() {
        let plastic = crate::connect::sparse_gaussian::<f64>(50, 0.2, 1.0, false, 3);
        let mut seen = vec![0; plastic.len()];
        for part in [0..17, 17..50] {
            let (starts, synapses) = plastic.outgoing(part.clone());
            for source in 0..50 {
                for &(target, place) in &synapses[starts[source]..starts[source + 1]] {
                    let target = part.start + target as usize;
                    assert!(plastic.range(target).contains(&(place as usize)));
                    assert_eq!(plastic.sources[place as usize] as usize, source);
                    seen[place as usize] += 1;
                }
            }
        }
        assert!(seen.iter().all(|&n| n == 1));
    }

    #[test]
    fn an_input_that_is_not_there_or_there_twice_is_refused() {
        assert!(Plastic::new(&[vec![(0, 1.0), (1, 2.0)], vec![(0, 1.0)]]).is_ok());
        assert!(Plastic::new(&[vec![(2, 1.0)], vec![]]).is_err());
        assert!(Plastic::new(&[vec![(1, 1.0), (1, 1.0)], vec![]]).is_err());
    }
}
