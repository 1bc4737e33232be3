//! Inputs s that all trained neurons share, beside the own inputs a of each.
//!
//! ```text
//! C = λ_FF I + Σ s sᵀ                  c = C⁻¹ s, γ = sᵀ c          `inverse`, one for all
//! G = (Σ a sᵀ) C⁻¹                     e = a - G s                  one row for each presynaptic neuron
//! S = Λ + Σ a aᵀ - G C Gᵀ              y = S⁻¹ e, η = eᵀ y          one for each trained neuron, kept there
//!
//! P r = [ y ; c - Gᵀ y ]               rᵀ P r = γ + η
//!
//! S⁻¹ ← S⁻¹ - y yᵀ / (1 + γ + η)       G ← G + e ĉᵀ                 C⁻¹ ← C⁻¹ - c cᵀ / (1 + γ),   ĉ = c / (1 + γ)
//! ```
//! This is the inverse of a matrix in blocks; the initial P has to be block diagonal between a and s, and is. A row of G
//! depends on the presynaptic neuron and s alone, so all neurons that it projects to share it. G changes before the neurons
//! ask for it: with G as it is afterwards, c - Gᵀ y of before is c + η ĉ - Gᵀ y.

use super::inverse::{Inverses, Scratch, kept};
use cogrnn_core::crew::Crew;
use cogrnn_core::error::Result;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::lanes::{LANES, Lanes, padded, vectors, vectors_mut};
use cogrnn_core::kernels::symmetric::{add_scaled, dot};
use cogrnn_core::kernels::{Isa, Kernel};
use cogrnn_core::real::Real;
use std::ops::Range;

/// Rows of G that one thread takes at a time.
const ROWS: usize = 128;

/// The part of all regressions that is the same for all neurons.
#[derive(Clone, Debug)]
pub(super) struct Shared<F> {
    isa: Isa,
    count: usize,
    inverse: Inverses<F>,
    scratch: Scratch<F>,
    rows: Vec<Rows<F>>,
    c_hat: Aligned<F>,
    gamma: F,
}

/// Some rows of G, and e of their neurons.
#[derive(Clone, Debug)]
struct Rows<F> {
    neurons: Vec<u32>,
    g: Aligned<F>,
    e: Vec<F>,
}

impl<F: Real> Shared<F> {
    /// For `count` shared inputs and these presynaptic neurons.
    pub fn new(isa: Isa, count: usize, lambda_ff: f64, heard: &[u32]) -> Shared<F> {
        let mut inverse = Inverses::new(isa, &[count], 1);
        inverse.fill(0, |a, b| if a == b { 1.0 / lambda_ff } else { 0.0 });
        let rows = heard.chunks(ROWS).map(|neurons| Rows {
            neurons: neurons.to_vec(),
            g: Aligned::zeros(neurons.len() * padded(count)),
            e: vec![F::ZERO; neurons.len()],
        });
        let rows = rows.collect();
        let c_hat = Aligned::zeros(padded(count));
        Shared { isa, count, inverse, scratch: Scratch::new(count), rows, c_hat, gamma: F::ZERO }
    }

    /// All that neurons will ask for, from the activity r of all presynaptic neurons and s.
    pub fn update(&mut self, crew: &Crew, r: &[F], s: &[F]) {
        let Shared { isa, count, inverse, scratch, rows, c_hat, gamma } = self;
        scratch.r[..*count].copy_from_slice(s);
        inverse.gain(0, scratch);
        *gamma = dot(*isa, &scratch.r, &scratch.k);
        let den = F::ONE / (F::ONE + *gamma);
        for (hat, c) in c_hat.iter_mut().zip(scratch.k.iter()) {
            *hat = den * *c;
        }
        inverse.absorb(0, den, &scratch.k);
        let wide = padded(*count);
        crew.each(rows, |_, rows| {
            for ((g, e), j) in rows.g.chunks_exact_mut(wide).zip(&mut rows.e).zip(&rows.neurons) {
                *e = r[*j as usize] - dot(*isa, &g[..*count], s);
                add_scaled(*isa, *e, c_hat, g);
            }
        });
    }

    /// γ.
    pub fn gamma(&self) -> F {
        self.gamma
    }

    /// e of the presynaptic neuron with this row.
    pub fn residual(&self, row: u32) -> F {
        self.rows[row as usize / ROWS].e[row as usize % ROWS]
    }

    /// The presynaptic neuron with this row.
    pub fn neuron(&self, row: u32) -> u32 {
        self.rows[row as usize / ROWS].neurons[row as usize % ROWS]
    }

    /// w ← w - step (c + η ĉ) + Gᵀ (step y), for the rows of G of a neuron's own inputs. `step_y` is step · y.
    pub fn learn(&self, rows: &[u32], step: F, eta: F, step_y: &[F], w: &mut [F]) {
        // c = (1 + γ) ĉ
        add_scaled(self.isa, -step * (F::ONE + self.gamma + eta), &self.c_hat, w);
        self.isa.run(Combine { shared: self, rows, scale: step_y, to: w });
    }

    pub fn save(&self, to: &mut Vec<(String, Vec<F>)>) {
        self.inverse.save("shared", to);
        let g = self.rows.iter().flat_map(|rows| rows.g.iter().copied());
        to.push(("shared.g".to_string(), g.collect()));
    }

    pub fn restore(&mut self, saved: &[(String, Vec<F>)]) -> Result<()> {
        self.inverse.restore("shared", saved)?;
        let total = self.rows.iter().map(|rows| rows.g.len()).sum();
        let mut from = kept(saved, "shared.g", total)?;
        for rows in &mut self.rows {
            let (mine, rest) = from.split_at(rows.g.len());
            rows.g.copy_from_slice(mine);
            from = rest;
        }
        Ok(())
    }
}

/// to += Σ_j scale_j G_j: each number one chain in the order of the rows.
struct Combine<'a, F> {
    shared: &'a Shared<F>,
    rows: &'a [u32],
    scale: &'a [F],
    to: &'a mut [F],
}

/// Vectors that stay in registers while the rows pass.
const AT_ONCE: usize = 4;

impl<F: Real> Kernel<F> for Combine<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let Combine { shared, rows, scale, to } = self;
        let wide = padded(shared.count);
        let g = |row: u32, columns: Range<usize>| {
            let rows = &shared.rows[row as usize / ROWS];
            &rows.g[row as usize % ROWS * wide..][..wide][columns]
        };
        for (at, to) in to[..wide].chunks_mut(AT_ONCE * LANES).enumerate() {
            let columns = at * AT_ONCE * LANES..at * AT_ONCE * LANES + to.len();
            let mut sums = [V::zero(); AT_ONCE];
            for (sum, to) in sums.iter_mut().zip(vectors(to)) {
                *sum = V::load(to);
            }
            for (row, scale) in rows.iter().zip(scale) {
                let scale = V::splat(*scale);
                for (sum, g) in sums.iter_mut().zip(vectors(g(*row, columns.clone()))) {
                    *sum = scale.fma(V::load(g), *sum);
                }
            }
            for (sum, to) in sums.iter().zip(vectors_mut(to)) {
                sum.store(to);
            }
        }
    }
}
