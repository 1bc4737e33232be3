//! The matrices P of many regressions, in one piece of memory.
//!
//! ```text
//! k = P r                            `gain`
//! P ← P - den k kᵀ                   `absorb`: written down as q = √den k, and only now and then into P
//! k = P₀ r - Σ_l q_l (q_lᵀ r)        P₀ as it was when last written, q_l what has been absorbed since
//! ```
//! With `wait` = 1 each gain brings the one waiting change into P in the pass that multiplies: one read and one write an
//! update. With `wait` = m, P is read at each update and written at every m-th: traffic falls from 2 to 1 + 1/m.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::kernels::Isa;
use cogrnn_core::kernels::aligned::Aligned;
use cogrnn_core::kernels::symmetric::{
    CHANGES, Room, add_scaled, change_and_multiply, dot, length, multiply, place, set, size,
};
use cogrnn_core::real::Real;

/// Matrices P, each with the changes that wait for it.
#[derive(Clone, Debug)]
pub struct Inverses<F> {
    isa: Isa,
    wait: usize,
    /// Rows of each, where it starts in `p`, and where its changes start in `q`.
    places: Vec<Place>,
    p: Aligned<F>,
    q: Aligned<F>,
    waiting: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    n: usize,
    p: usize,
    q: usize,
}

/// A regressor, its gain, and room for a pass.
#[derive(Clone, Debug)]
pub struct Scratch<F> {
    room: Room<F>,
    /// r, zeros behind it.
    pub r: Aligned<F>,
    /// P r.
    pub k: Aligned<F>,
}

impl<F: Real> Scratch<F> {
    /// For matrices of up to n rows.
    pub fn new(n: usize) -> Scratch<F> {
        Scratch { room: Room::new(n, CHANGES), r: Aligned::zeros(length(n)), k: Aligned::zeros(length(n)) }
    }
}

impl<F: Real> Inverses<F> {
    /// Matrices of these sizes, all entries 0; changes wait until there are `wait` of them.
    pub fn new(isa: Isa, sizes: &[usize], wait: usize) -> Inverses<F> {
        let wait = wait.clamp(1, CHANGES);
        let (mut p, mut q) = (0, 0);
        let places = sizes.iter().map(|&n| {
            let place = Place { n, p, q };
            p += size(n);
            q += wait * length(n);
            place
        });
        let places = places.collect();
        Inverses { isa, wait, places, p: Aligned::zeros(p), q: Aligned::zeros(q), waiting: vec![0; sizes.len()] }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Rows of one.
    pub fn rows(&self, i: usize) -> usize {
        self.places[i].n
    }

    /// P and what waits for it, in numbers.
    pub fn numbers(sizes: impl Iterator<Item = usize>, wait: usize) -> usize {
        sizes.map(|n| size(n) + wait * length(n)).sum()
    }

    /// Sets all entries of one; `entry` is asked for the upper triangle.
    pub fn fill(&mut self, i: usize, entry: impl Fn(usize, usize) -> f64) {
        let Place { n, p, .. } = self.places[i];
        let p = &mut self.p[p..][..size(n)];
        for a in 0..n {
            for b in a..n {
                set(p, n, a, b, F::from_f64(entry(a, b)));
            }
        }
        self.waiting[i] = 0;
    }

    /// Makes one the copy of another of the same size.
    pub fn copy(&mut self, from: usize, to: usize) {
        let (from, to) = (self.places[from], self.places[to]);
        self.p.copy_within(from.p..from.p + size(from.n), to.p);
    }

    /// `scratch.k` = P `scratch.r`.
    #[inline]
    pub fn gain(&mut self, i: usize, scratch: &mut Scratch<F>) {
        let Place { n, p, q } = self.places[i];
        let (long, waiting) = (length(n), self.waiting[i]);
        let Scratch { room, r, k } = scratch;
        let (r, k) = (&r[..long], &mut k[..long]);
        let p = &mut self.p[p..][..size(n)];
        let q = &self.q[q..][..waiting * long];
        if waiting == self.wait {
            change_and_multiply(self.isa, n, p, q, r, room, k);
            self.waiting[i] = 0;
        } else {
            multiply(self.isa, n, p, r, room, k);
            for q in q.chunks_exact(long) {
                add_scaled(self.isa, -dot(self.isa, q, r), q, k);
            }
        }
    }

    /// P ← P - den k kᵀ for the k of the last gain.
    #[inline]
    pub fn absorb(&mut self, i: usize, den: F, k: &[F]) {
        let Place { n, q, .. } = self.places[i];
        let root = den.sqrt();
        // A gain leaves room for one: it empties what is full.
        let to = &mut self.q[q + self.waiting[i] * length(n)..][..length(n)];
        for (to, k) in to.iter_mut().zip(k) {
            *to = root * *k;
        }
        self.waiting[i] += 1;
    }

    /// Brings what waits into P.
    fn settle(&mut self, i: usize, scratch: &mut Scratch<F>) {
        let Place { n, p, q } = self.places[i];
        let q = &self.q[q..][..self.waiting[i] * length(n)];
        let Scratch { room, r, k } = scratch;
        r.fill(F::ZERO);
        change_and_multiply(self.isa, n, &mut self.p[p..][..size(n)], q, r, room, k);
        self.waiting[i] = 0;
    }

    /// Takes a regressor out: P_ab ← P_ab - P_aj P_jb / P_jj, the inverse of the matrix without row and column j
    /// (§2.4 b). Its own row and column become 0 exactly, so that its gain is 0 from now on.
    pub fn remove(&mut self, i: usize, j: usize, scratch: &mut Scratch<F>) {
        self.settle(i, scratch);
        let Place { n, p, .. } = self.places[i];
        let p = &mut self.p[p..][..size(n)];
        let variance = p[place(n, j, j)];
        if variance > F::ZERO {
            let root = variance.sqrt();
            let q: Vec<F> = (0..length(n)).map(|a| if a < n { p[place(n, a, j)] / root } else { F::ZERO }).collect();
            change_and_multiply(self.isa, n, p, &q, &scratch.r, &mut scratch.room, &mut scratch.k);
        }
        for a in 0..n {
            set(p, n, a, j, F::ZERO);
        }
    }

    /// An entry, with what waits for it.
    pub fn entry(&self, i: usize, a: usize, b: usize) -> f64 {
        let Place { n, p, q } = self.places[i];
        let q = &self.q[q..][..self.waiting[i] * length(n)];
        let waiting: f64 = q.chunks_exact(length(n)).map(|q| q[a].to_f64() * q[b].to_f64()).sum();
        self.p[p + place(n, a, b)].to_f64() - waiting
    }

    /// All there is to keep, each array under a name that begins with `name`.
    pub fn save(&self, name: &str, to: &mut Vec<(String, Vec<F>)>) {
        to.push((format!("{name}.p"), self.p.to_vec()));
        to.push((format!("{name}.q"), self.q.to_vec()));
        to.push((format!("{name}.waiting"), self.waiting.iter().map(|w| F::from_f64(*w as f64)).collect()));
    }

    /// Takes up what was kept.
    ///
    /// # Errors
    /// If an array is missing or was made for something else.
    pub fn restore(&mut self, name: &str, saved: &[(String, Vec<F>)]) -> Result<()> {
        let waiting = kept(saved, &format!("{name}.waiting"), self.waiting.len())?;
        let most = F::from_f64(self.wait as f64);
        if !waiting.iter().all(|w| *w >= F::ZERO && *w <= most) {
            return Err(Error::input(format!("`{name}.waiting` of what was kept is not a count of changes"))
                .why(format!("up to {} changes wait for each P here", self.wait))
                .remedy("go on with the same economy and the same program that kept it"));
        }
        take_up(saved, &format!("{name}.p"), &mut self.p)?;
        take_up(saved, &format!("{name}.q"), &mut self.q)?;
        for (to, from) in self.waiting.iter_mut().zip(waiting) {
            *to = from.to_f64() as usize;
        }
        Ok(())
    }
}

/// An array of what was kept.
pub(super) fn kept<'a, F>(saved: &'a [(String, Vec<F>)], name: &str, len: usize) -> Result<&'a [F]> {
    match saved.iter().find(|(n, _)| n == name) {
        Some((_, array)) if array.len() == len => Ok(array),
        found => Err(Error::input(format!("`{name}` cannot be taken up"))
            .why(match found {
                Some((_, array)) => format!("what was kept has {} numbers, and {len} are needed", array.len()),
                None => "what was kept has no such array".to_string(),
            })
            .remedy("go on with the network, the inputs and the economy with which it was kept")),
    }
}

/// Overwrites an array with what was kept of it.
pub(super) fn take_up<F: Real>(saved: &[(String, Vec<F>)], name: &str, to: &mut [F]) -> Result<()> {
    to.copy_from_slice(kept(saved, name, to.len())?);
    Ok(())
}
