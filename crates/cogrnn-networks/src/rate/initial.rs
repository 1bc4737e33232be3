//! Initial weights of a rate network (Song et al. 2016, "Initialization"; code).
//!
//! 1. Each plastic weight is drawn from its distribution, scaled by its relative value c (from the
//!    balance of its row), and taken absolute under Dale's law.
//! 2. The signed recurrent matrix, fixed weights included, is scaled to the wanted spectral radius.

use cogrnn_core::constraint::{Keep, Wiring};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::params::Arena;
use cogrnn_core::random::{Address, Purpose, Stream};
use cogrnn_core::real::Real;
use rand_distr::{Distribution as _, Gamma, LogNormal};
use std::fmt;

/// How a plastic weight of relative value c is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// 0.1 U(-c, c).
    Uniform,
    /// N(0, c²).
    Normal,
    /// Gamma of this shape k and mean 0.1 c.
    Gamma(f64),
    /// Log-normal of mean 0.5 c and variance 0.1.
    LogNormal,
    /// c.
    Constant,
    /// c times the entry of a random orthogonal matrix; of recurrent weights without Dale's law.
    Orthogonal,
}

impl Distribution {
    fn draw(self, c: f64, stream: &mut Stream) -> f64 {
        // Song et al. 2016, code: pycog's initialisation
        match self {
            Distribution::Constant => c,
            Distribution::Uniform => 0.1 * c * (2.0 * stream.uniform() - 1.0),
            Distribution::Normal | Distribution::Orthogonal => c * stream.normal(),
            Distribution::Gamma(shape) => match Gamma::new(shape, 0.1 * c / shape) {
                Ok(gamma) => gamma.sample(stream),
                Err(_) => 0.0,
            },
            Distribution::LogNormal => {
                let (m, v) = (0.5 * c, 0.1);
                let spread = (1.0 + v / (m * m)).ln();
                match LogNormal::new((m / (1.0 + v / (m * m)).sqrt()).ln(), spread.sqrt()) {
                    Ok(lognormal) => lognormal.sample(stream),
                    Err(_) => 0.0,
                }
            }
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Distribution::Uniform => "uniform",
            Distribution::Constant => "constant",
            Distribution::Normal => "normal",
            Distribution::Gamma(_) => "gamma",
            Distribution::LogNormal => "lognormal",
            Distribution::Orthogonal => "orthogonal",
        })
    }
}

/// Relative values c of a block's entries, row-major; zero where there is no plastic weight.
pub type Relative = Vec<f64>;

/// Rows in which excitation and inhibition balance (Song et al. 2016, section on initialisation): every
/// inhibitory entry is |E| / |I| of its row, then the row is divided by its Euclidean norm. Where a row has
/// no excitation there is nothing to balance, and its inhibitory entries are 1: with 0, as in the program of
/// that paper, they could never grow.
///
/// `mask[i, j]`: whether unit j projects to unit i; `signs[j]`: +1 or -1.
pub fn balanced(mask: &[bool], signs: &[i8]) -> Relative {
    let n = signs.len();
    let mut relative = vec![0.0; mask.len()];
    for (row, here) in relative.chunks_exact_mut(n).zip(mask.chunks_exact(n)) {
        let count = |sign: i8| here.iter().zip(signs).filter(|(m, s)| **m && **s == sign).count() as f64;
        let (excitatory, inhibitory) = (count(1), count(-1));
        for j in 0..n {
            if here[j] {
                row[j] = if signs[j] > 0 || excitatory == 0.0 { 1.0 } else { excitatory / inhibitory };
            }
        }
        let norm = row.iter().map(|c| c * c).sum::<f64>().sqrt();
        if norm > 0.0 {
            row.iter_mut().for_each(|c| *c /= norm);
        }
    }
    relative
}

/// A random mask: unit j projects to unit i with the probability `density(i, j)`, and to itself only with
/// `own` (Song et al. 2016, generate_Crec). Number i n + j of the seed's stream decides on the entry (i, j),
/// so that another density elsewhere changes nothing here.
pub fn sparse_mask(n: usize, density: impl Fn(usize, usize) -> f64, own: bool, seed: u64) -> Vec<bool> {
    let mut stream = Address { seed, purpose: Purpose::Wiring, trial: 0 }.stream();
    let mut mask = vec![false; n * n];
    for i in 0..n {
        for j in 0..n {
            // drawn for every entry, so that a density of 1 and no mask are the same network
            mask[i * n + j] = stream.uniform() < density(i, j) && (own || i != j);
        }
    }
    mask
}

/// A random mask in which exactly this share of the possible entries exists, rounded down (Song et al.
/// 2016, code: the mask of a given density).
pub fn exact_mask(n: usize, density: f64, own: bool, seed: u64) -> Vec<bool> {
    let mut stream = Address { seed, purpose: Purpose::Wiring, trial: 0 }.stream();
    let places: Vec<usize> = (0..n * n).filter(|k| own || k / n != k % n).collect();
    let count = (density * places.len() as f64 + 1e-9).floor() as usize;
    let mut mask = vec![false; n * n];
    for i in stream.permutation(places.len()).into_iter().take(count) {
        mask[places[i]] = true;
    }
    mask
}

/// Whether every unit can reach every other through the connections `mask[to, from]`.
pub fn strongly_connected(mask: &[bool], n: usize) -> bool {
    let reaches_all = |connected: &dyn Fn(usize, usize) -> bool| {
        let mut seen = vec![false; n];
        let mut open = vec![0];
        seen[0] = true;
        while let Some(from) = open.pop() {
            for to in 0..n {
                if !seen[to] && connected(from, to) {
                    seen[to] = true;
                    open.push(to);
                }
            }
        }
        !seen.contains(&false)
    };
    n == 0 || reaches_all(&|from, to| mask[to * n + from]) && reaches_all(&|from, to| mask[from * n + to])
}

/// What the weights start from.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Distribution of the input weights.
    pub inputs: Distribution,
    /// Distribution of the recurrent weights.
    pub recurrent: Distribution,
    /// Distribution of the output weights.
    pub outputs: Distribution,
    /// Relative values of the recurrent weights.
    pub relative: Relative,
    /// Relative values of the input weights; empty for 1 everywhere.
    pub relative_inputs: Relative,
    /// Relative values of the output weights; empty for 1 everywhere.
    pub relative_outputs: Relative,
    /// Share of the plastic recurrent weights of each row, of each sign by itself, that do not begin at zero.
    pub begun: f64,
    /// Spectral radius of the signed recurrent matrix; `None` leaves it as drawn.
    pub spectral_radius: Option<f64>,
    /// Initial state of every unit.
    pub x0: f64,
    /// What input, recurrent and output weights are multiplied by, once drawn.
    pub scale: [f64; 3],
    /// Initial bias of every unit: mean and s.d.
    pub b_rec: [f64; 2],
    /// Initial bias of every output.
    pub b_out: f64,
}

/// Draws θ, and scales the recurrent weights (fixed ones included) to the spectral radius.
///
/// # Errors
/// If the recurrent matrix has no eigenvalue but zero, so that no scale gives it the radius.
pub fn draw<F: Real>(recipe: &Recipe, mut theta: Arena<F>, wiring: &mut Wiring<F>, seed: u64) -> Result<Arena<F>> {
    let mut stream = Address { seed, purpose: Purpose::Weights, trial: 0 }.stream();
    let plastic = wiring.plastic().to_vec();
    let blocks = [
        ("w_in", recipe.inputs, &recipe.relative_inputs),
        ("w_rec", recipe.recurrent, &recipe.relative),
        ("w_out", recipe.outputs, &recipe.relative_outputs),
    ];
    for ((name, distribution, relative), scale) in blocks.into_iter().zip(recipe.scale) {
        let Some(block) = theta.find(name) else { continue };
        let range = block.range();
        let keep = wiring.keep(range.start);
        let rotation = match distribution {
            Distribution::Orthogonal => orthogonal(block.rows, &mut stream),
            _ => Vec::new(),
        };
        for (k, i) in range.enumerate() {
            if plastic[i] == F::ZERO {
                continue;
            }
            let c = relative.get(k).copied().unwrap_or(1.0);
            let drawn = scale
                * match distribution {
                    Distribution::Orthogonal => c * rotation[k],
                    _ => distribution.draw(c, &mut stream),
                };
            theta.data_mut()[i] = F::from_f64(match keep {
                Keep::Free => drawn,
                Keep::Rectify | Keep::Abs => drawn.abs(),
                Keep::Clamp => drawn.abs() * wiring.signs()[i].to_f64(),
            });
        }
    }
    if recipe.begun < 1.0
        && let Some(block) = theta.find("w_rec")
    {
        let (range, n) = (block.range(), block.cols);
        let mut stream = Address { seed, purpose: Purpose::Wiring, trial: 1 }.stream();
        for row in range.step_by(n.max(1)) {
            for side in [F::ONE, -F::ONE] {
                let there = |i: &usize| plastic[*i] != F::ZERO && (wiring.signs()[*i] > F::ZERO) == (side > F::ZERO);
                let here: Vec<usize> = (row..row + n).filter(there).collect();
                let begun = (recipe.begun * here.len() as f64).round() as usize;
                for k in stream.permutation(here.len()).into_iter().skip(begun) {
                    theta.data_mut()[here[k]] = F::ZERO;
                }
            }
        }
    }
    // Apart from the weights, so that those are the same whatever the biases.
    let mut stream = Address { seed, purpose: Purpose::Weights, trial: 1 }.stream();
    let [mean, spread] = recipe.b_rec;
    for (name, value, spread) in [("b_rec", mean, spread), ("b_out", recipe.b_out, 0.0), ("x0", recipe.x0, 0.0)] {
        let range = theta.find(name).map_or(0..0, |b| b.range());
        for i in range {
            if plastic[i] != F::ZERO {
                let drawn = if spread > 0.0 { value + spread * stream.normal() } else { value };
                theta.data_mut()[i] = F::from_f64(drawn);
            }
        }
    }
    if let Some(radius) = recipe.spectral_radius {
        let Some(block) = theta.find("w_rec") else { return Ok(theta) };
        let (range, n) = (block.range(), block.rows);
        let mut weights = theta.clone();
        wiring.realise(theta.data(), weights.data_mut());
        let now = spectral_radius(weights.block("w_rec"), n);
        if now.is_nan() {
            return Err(Error::input("the spectral radius of the recurrent weights cannot be found")
                .why("the search for their eigenvalues does not end")
                .remedy("try another seed, or set `spectral_radius = 0`, which leaves the weights as drawn"));
        }
        if now <= 1e-12 {
            return Err(Error::input("the recurrent weights have a spectral radius of 0")
                .why("no unit can reach itself through others, so no scale gives the network its radius")
                .remedy("leave more recurrent connections plastic, or set `spectral_radius = 0`, which leaves the weights as drawn"));
        }
        let factor = F::from_f64(radius / now);
        for i in range {
            theta.data_mut()[i] *= factor;
            wiring.fixed_mut()[i] *= factor;
        }
        if let Some(i) = wiring.fixed_outside_bounds() {
            let entry = theta.find("w_rec").map_or_else(String::new, |b| b.entry(i - b.range().start));
            return Err(Error::input(format!("`{entry}` is fixed outside of its bounds"))
                .why(format!("fixed recurrent weights are scaled with the others, here by {:.3}, to give the network its spectral radius", radius / now))
                .remedy("widen the bounds, or set `spectral_radius = 0`, which leaves the weights as drawn"));
        }
    }
    Ok(theta)
}

/// A random orthogonal matrix, row-major: Q of a Gaussian one, with the signs that make it uniform (Haar).
fn orthogonal(n: usize, stream: &mut Stream) -> Vec<f64> {
    let mut gaussian = faer::Mat::<f64>::zeros(n, n);
    for i in 0..n {
        for j in 0..n {
            gaussian[(i, j)] = stream.normal();
        }
    }
    let qr = gaussian.qr();
    let (q, r) = (qr.compute_Q(), qr.thin_R().to_owned());
    (0..n * n).map(|k| q[(k / n, k % n)] * if r[(k % n, k % n)] < 0.0 { -1.0 } else { 1.0 }).collect()
}

/// Largest |eigenvalue| of a square matrix; NaN if it has an entry that is no number.
pub fn spectral_radius<F: Real>(matrix: &[F], n: usize) -> f64 {
    if matrix.iter().any(|w| !w.is_finite()) {
        return f64::NAN;
    }
    let dense = faer::Mat::from_fn(n, n, |i, j| matrix[i * n + j].to_f64());
    match dense.eigenvalues() {
        Ok(values) => values.iter().map(|z| z.re.hypot(z.im)).fold(0.0, f64::max),
        Err(_) => f64::NAN,
    }
}

/// A root L of a covariance, L Lᵀ = Σ, row-major.
///
/// # Errors
/// If Σ is not symmetric or has a negative eigenvalue.
pub fn root(covariance: &[f64], n: usize) -> Result<Vec<f64>> {
    let wrong = |why: String| {
        Error::input("this is no covariance matrix")
            .why(why)
            .remedy("give a symmetric matrix without negative eigenvalues, one row for each")
    };
    if covariance.len() != n * n {
        return Err(wrong(format!("it has {} entries, and {n} × {n} need {}", covariance.len(), n * n)));
    }
    for i in 0..n {
        for j in 0..i {
            let (a, b) = (covariance[i * n + j], covariance[j * n + i]);
            if (a - b).abs() > 1e-9 * (a.abs() + b.abs()) {
                return Err(wrong(format!("entry ({i}, {j}) is {a}, entry ({j}, {i}) is {b}")));
            }
        }
    }
    // A covariance may be singular, where Cholesky's own recipe fails: L = V √Λ, which need not be
    // triangular to serve.
    let dense = faer::Mat::from_fn(n, n, |i, j| covariance[i * n + j]);
    let eigen =
        dense.self_adjoint_eigen(faer::Side::Lower).map_err(|_| wrong("its eigenvalues cannot be found".into()))?;
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let scale = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let mut root = vec![0.0; n * n];
    for j in 0..n {
        let value = values[j];
        if value < -1e-9 * scale {
            return Err(wrong(format!("it has the eigenvalue {value:.3e}")));
        }
        for i in 0..n {
            root[i * n + j] = vectors[(i, j)] * value.max(0.0).sqrt();
        }
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::constraint::Constraint;

    fn dale(n: usize) -> Vec<i8> {
        (0..n).map(|j| if j < n * 4 / 5 { 1 } else { -1 }).collect()
    }

    #[test]
    fn an_orthogonal_matrix_is_orthogonal() {
        let n = 12;
        let q = orthogonal(n, &mut Address { seed: 1, purpose: Purpose::Weights, trial: 0 }.stream());
        for i in 0..n {
            for j in 0..n {
                let dot: f64 = (0..n).map(|k| q[i * n + k] * q[j * n + k]).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn balanced_rows_are_those_of_the_specification() {
        // N = 100 dense: excitatory rows 79 entries of 1 and 20 of 3.95, norm 19.775; inhibitory rows
        // 80 of 1 and 19 of 4.2105, norm 20.417.
        let signs = dale(100);
        let mask: Vec<bool> = (0..10_000).map(|k| k / 100 != k % 100).collect();
        let c = balanced(&mask, &signs);
        assert!((c[1] - 1.0 / 19.775).abs() < 1e-5 && (c[99] - 3.95 / 19.775).abs() < 1e-5);
        assert!((c[99 * 100] - 1.0 / 20.417).abs() < 1e-5 && (c[99 * 100 + 98] - 4.2105 / 20.417).abs() < 1e-5);
        for row in c.chunks_exact(100) {
            let sum: f64 = row.iter().zip(&signs).map(|(c, s)| c * f64::from(*s)).sum();
            assert!(sum.abs() < 1e-12, "excitation and inhibition balance: {sum}");
        }
    }

    #[test]
    fn a_row_without_excitation_keeps_its_inhibition() {
        let c = balanced(&[false, false, true, false, false, true, true, true, false], &[1, 1, -1]);
        assert_eq!(c[..6], [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn one_density_changes_no_other_connection() {
        let dense = |d: f64| sparse_mask(30, |i, j| if i < 10 && j < 10 { d } else { 0.3 }, false, 7);
        let (a, b) = (dense(0.5), dense(0.9));
        let same = |k: usize| k / 30 < 10 && k % 30 < 10 || a[k] == b[k];
        assert!((0..900).all(same));
        assert!((0..900).all(|k| b[k] || !a[k]), "a denser network keeps the connections of a sparser one");
    }

    #[test]
    fn initial_weights_have_the_radius_and_the_scale_of_the_reference() {
        let signs = dale(100);
        let mask: Vec<bool> = (0..10_000).map(|k| k / 100 != k % 100).collect();
        let arena = Arena::<f64>::new(&[("w_in", 100, 3), ("w_rec", 100, 100), ("w_out", 2, 100), ("x0", 100, 1)]);
        let mut strengths = Vec::new();
        for seed in 1..16 {
            let mut wiring = Wiring::new(
                &arena,
                &[
                    ("w_rec", Constraint::Dale { signs: signs.clone(), keep: Keep::Rectify }),
                    ("w_rec", Constraint::NoSelfConnections),
                ],
            )
            .unwrap();
            let recipe = Recipe {
                inputs: Distribution::Uniform,
                recurrent: Distribution::Gamma(2.0),
                outputs: Distribution::Uniform,
                relative: balanced(&mask, &signs),
                begun: 1.0,
                relative_inputs: Vec::new(),
                relative_outputs: Vec::new(),
                spectral_radius: Some(1.5),
                x0: 0.1,
                scale: [1.0; 3],
                b_rec: [0.0; 2],
                b_out: 0.0,
            };
            let theta = draw(&recipe, arena.clone(), &mut wiring, seed).unwrap();
            let mut weights = theta.clone();
            wiring.realise(theta.data(), weights.data_mut());
            let w = weights.block("w_rec");
            assert!((spectral_radius(w, 100) - 1.5).abs() < 1e-9);
            // Oracles of the specification, section 2.4 (dense, N = 100).
            let mean = |sign: f64| {
                let all: Vec<f64> = w.iter().filter(|w| **w * sign > 0.0).map(|w| w.abs()).collect();
                (all.len(), all.iter().sum::<f64>() / all.len() as f64)
            };
            let ((e, excitatory), (i, inhibitory)) = (mean(1.0), mean(-1.0));
            assert_eq!((e, i), (7920, 1980));
            // 200 networks drawn by another program lie between 0.047 and 0.093.
            assert!((0.045..0.095).contains(&excitatory), "{excitatory}");
            strengths.push((excitatory, inhibitory));
            let rows: f64 = w.iter().sum::<f64>() / 100.0;
            assert!(rows.abs() < 0.2, "rows are balanced on average: {rows}");
        }
        // The middle of the seeds lies within the range that the reference program gave for several.
        strengths.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (excitatory, inhibitory) = strengths[strengths.len() / 2];
        assert!((0.063..0.077).contains(&excitatory), "{excitatory}");
        assert!((0.25..0.30).contains(&inhibitory), "{inhibitory}");
    }

    #[test]
    fn a_mask_of_a_given_density_has_exactly_its_share() {
        for (n, density, own) in [(10, 0.3, false), (7, 0.5, true), (5, 1.0, false), (5, 0.0, false)] {
            let mask = exact_mask(n, density, own, 4321);
            let places = if own { n * n } else { n * (n - 1) };
            assert_eq!(mask.iter().filter(|m| **m).count(), (density * places as f64).floor() as usize);
            assert!(own || (0..n).all(|i| !mask[i * n + i]));
        }
        assert_ne!(exact_mask(10, 0.3, false, 1), exact_mask(10, 0.3, false, 2));
    }

    #[test]
    fn a_ring_is_strongly_connected_and_a_chain_is_not() {
        let mut ring = vec![false; 25];
        for i in 0..5 {
            ring[((i + 1) % 5) * 5 + i] = true;
        }
        assert!(strongly_connected(&ring, 5));
        ring[4] = false; // from unit 4 back to unit 0
        assert!(!strongly_connected(&ring, 5));
    }

    #[test]
    fn a_covariance_is_its_root_squared() {
        let c = [2.0, 0.5, 0.5, 1.0];
        let l = root(&c, 2).unwrap();
        for i in 0..2 {
            for j in 0..2 {
                let product: f64 = (0..2).map(|k| l[i * 2 + k] * l[j * 2 + k]).sum();
                assert!((product - c[i * 2 + j]).abs() < 1e-12);
            }
        }
        assert!(root(&[1.0, 2.0, 2.0, 1.0], 2).unwrap_err().to_string().contains("eigenvalue"));
        assert!(root(&[1.0, 2.0, 0.0, 1.0], 2).is_err());
    }
}
