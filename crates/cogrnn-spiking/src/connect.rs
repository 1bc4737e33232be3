//! Connections drawn at random. Each neuron's have an address of their own (seed, which kind, neuron).

use crate::synapses::{Outgoing, Plastic};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::real::Real;
use std::ops::Range;

/// What is drawn; two kinds never share a number.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Kind {
    Background = 1 << 32,
    FanIn = 2 << 32,
    Sparse = 3 << 32,
    FixedInDegree = 4 << 32,
}

fn stream(seed: u64, kind: Kind, neuron: usize) -> Stream {
    Address { seed, purpose: Purpose::Wiring, trial: kind as u64 }.stream_at(neuron as u32)
}

/// Draws distinct numbers without sorting them.
struct Distinct {
    taken: Vec<bool>,
}

impl Distinct {
    fn new(neurons: usize) -> Distinct {
        Distinct { taken: vec![false; neurons] }
    }

    /// Appends `count` of a range, none of them `not`, in the order in which they are drawn.
    fn draw(&mut self, from: &mut Stream, range: Range<usize>, count: usize, not: Option<usize>, to: &mut Vec<u32>) {
        let start = to.len();
        while to.len() < start + count {
            let k = range.start + from.below(range.len());
            if Some(k) != not && !self.taken[k] {
                self.taken[k] = true;
                to.push(k as u32);
            }
        }
        for &k in &to[start..] {
            self.taken[k as usize] = false;
        }
    }
}

fn enough(what: &str, wanted: usize, there: usize) -> Result<()> {
    if wanted <= there {
        return Ok(());
    }
    Err(Error::input(format!("{wanted} distinct {what} are wanted of {there} neurons"))
        .why("a neuron has at most one synapse from another")
        .remedy("lower the degree or take more neurons"))
}

/// Fixed background (§1.6): every neuron has `out_degree` distinct random targets, itself not among them.
///
/// # Errors
/// If there are not so many neurons.
pub fn fixed_out_degree(neurons: usize, out_degree: usize, seed: u64) -> Result<Outgoing> {
    enough("targets", out_degree, neurons.saturating_sub(1))?;
    let mut distinct = Distinct::new(neurons);
    let mut out = Outgoing { starts: vec![0], targets: Vec::with_capacity(neurons * out_degree) };
    for source in 0..neurons {
        let start = out.targets.len();
        let mut stream = stream(seed, Kind::Background, source);
        distinct.draw(&mut stream, 0..neurons, out_degree, Some(source), &mut out.targets);
        out.targets[start..].sort_unstable();
        out.starts.push(out.targets.len());
    }
    Ok(out)
}

/// Plastic inputs (§1.6): every neuron receives `count` distinct ones of each range at that range's weight, one range after
/// the other, each in the order drawn. As in the reference, a neuron may be among its own inputs.
///
/// # Errors
/// If a range has not so many neurons.
pub fn fan_in<F: Real>(neurons: usize, blocks: &[(Range<usize>, usize, F)], seed: u64) -> Result<Plastic<F>> {
    for (range, count, _) in blocks {
        enough("inputs", *count, range.len())?;
        enough("neurons", range.end, neurons)?;
    }
    let mut distinct = Distinct::new(neurons);
    let mut drawn = Vec::new();
    let inputs: Vec<Vec<(u32, F)>> = (0..neurons)
        .map(|target| {
            let mut stream = stream(seed, Kind::FanIn, target);
            let mut row = Vec::new();
            for (range, count, weight) in blocks {
                drawn.clear();
                distinct.draw(&mut stream, range.clone(), *count, None, &mut drawn);
                row.extend(drawn.iter().map(|&j| (j, *weight)));
            }
            row
        })
        .collect();
    Plastic::new(&inputs)
}

/// The matrix of §1.2: an entry is there with probability p, Gaussian with s.d. σ/√(Np); no autapses. `balanced`: the mean of
/// a row's entries is subtracted from them, so that the row sums to zero.
pub fn sparse_gaussian<F: Real>(neurons: usize, p: f64, sigma: f64, balanced: bool, seed: u64) -> Plastic<F> {
    let sd = sigma / libm::sqrt(neurons as f64 * p);
    let inputs: Vec<Vec<(u32, F)>> = (0..neurons)
        .map(|target| {
            let mut stream = stream(seed, Kind::Sparse, target);
            let mut row: Vec<(u32, f64)> = Vec::new();
            for source in 0..neurons {
                // both are drawn whether used or not: the mask does not depend on σ
                let (there, weight) = (stream.uniform() < p, stream.normal());
                if there && source != target {
                    row.push((source as u32, sd * weight));
                }
            }
            if balanced && !row.is_empty() {
                let mean = row.iter().map(|x| x.1).sum::<f64>() / row.len() as f64;
                row.iter_mut().for_each(|x| x.1 -= mean);
            }
            row.into_iter().map(|(j, w)| (j, F::from_f64(w))).collect()
        })
        .collect();
    Plastic::new(&inputs).expect("sources ascend, so each is there once")
}

/// The excitatory-inhibitory network of Dale's law (§1.5): every neuron receives exactly p·(number) of each population,
/// E first in the numbering. Weights J/√(Np) and -gJ/√(Np), which is the scaling that the published spectrum implies.
///
/// # Errors
/// If the populations are too small.
pub fn dale_fixed_in_degree<F: Real>(
    neurons: usize,
    inhibitory_fraction: f64,
    p: f64,
    j: f64,
    g: f64,
    seed: u64,
) -> Result<Plastic<F>> {
    let inhibitory = (inhibitory_fraction * neurons as f64).round() as usize;
    enough("neurons", inhibitory, neurons)?;
    let excitatory = neurons - inhibitory;
    let scale = libm::sqrt(neurons as f64 * p);
    let blocks = [(0..excitatory, j / scale), (excitatory..neurons, -g * j / scale)];
    let mut distinct = Distinct::new(neurons);
    let mut drawn = Vec::new();
    let mut inputs = Vec::with_capacity(neurons);
    for target in 0..neurons {
        let mut stream = stream(seed, Kind::FixedInDegree, target);
        let mut row: Vec<(u32, F)> = Vec::new();
        for (range, weight) in &blocks {
            let count = (p * range.len() as f64).round() as usize;
            enough("inputs", count, range.len().saturating_sub(1))?;
            drawn.clear();
            distinct.draw(&mut stream, range.clone(), count, Some(target), &mut drawn);
            drawn.sort_unstable();
            row.extend(drawn.iter().map(|&k| (k, F::from_f64(*weight))));
        }
        inputs.push(row);
    }
    Plastic::new(&inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_has_its_out_degree_and_no_autapse() {
        let out = fixed_out_degree(300, 60, 5).unwrap();
        out.check(300).unwrap();
        for source in 0..300 {
            assert_eq!(out.of(source).len(), 60);
            assert!(!out.of(source).contains(&(source as u32)));
        }
        // in-degrees: binomial of mean 60, s.d. 6.9; six of them
        let mut into = [0i32; 300];
        out.targets.iter().for_each(|&t| into[t as usize] += 1);
        assert!(into.iter().all(|&n| (n - 60).abs() < 42));
        assert!(into.iter().any(|&n| n != 60), "in-degrees vary where out-degrees do not");
        assert!(fixed_out_degree(60, 60, 5).is_err());
        assert_ne!(out, fixed_out_degree(300, 60, 6).unwrap());
    }

    #[test]
    fn rows_sum_to_zero_to_rounding_where_asked() {
        let sums = |balanced| -> Vec<f64> {
            let w = sparse_gaussian::<f64>(200, 0.3, 4.0, balanced, 1);
            (0..200).map(|i| w.row(i).1.iter().sum::<f64>()).collect()
        };
        // 60 terms of size 0.5: a few ulps each
        assert!(sums(true).iter().all(|s| s.abs() < 1e-13));
        assert!(sums(false).iter().all(|s| s.abs() > 1e-6));
        let w = sparse_gaussian::<f64>(200, 0.3, 4.0, false, 1);
        let density = w.len() as f64 / (200.0 * 199.0);
        let square = w.weights().iter().map(|w| w * w).sum::<f64>() / w.len() as f64;
        // s.d. 0.0023 of the density; of the variance √(2/12000) = 1.3 %; five of each
        assert!((density - 0.3).abs() < 0.012, "{density}");
        assert!((square / (16.0 / 60.0) - 1.0).abs() < 0.065, "{square}");
    }

    #[test]
    fn dale_has_exact_in_degrees_and_strengths() {
        let w = dale_fixed_in_degree::<f64>(1000, 0.2, 0.1, 6.0, 5.0, 2).unwrap();
        for i in 0..1000 {
            let (sources, weights) = w.row(i);
            assert_eq!(sources.iter().filter(|&&j| j < 800).count(), 80);
            assert_eq!(sources.len(), 100);
            for (&j, &x) in sources.iter().zip(weights) {
                assert_ne!(j as usize, i);
                assert_eq!(x, if j < 800 { 0.6 } else { -3.0 });
            }
        }
    }

    #[test]
    fn fan_in_has_its_blocks_in_order() {
        let w = fan_in::<f32>(100, &[(0..50, 7, 1.5), (50..100, 4, -1.0)], 3).unwrap();
        for i in 0..100 {
            let (sources, weights) = w.row(i);
            assert!(sources[..7].iter().all(|&j| j < 50) && sources[7..].iter().all(|&j| j >= 50));
            assert_eq!(weights, [[1.5; 7].as_slice(), &[-1.0; 4]].concat());
        }
    }
}
