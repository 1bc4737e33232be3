//! Symmetric matrices of which one triangle is kept, changed and multiplied in one pass.
//!
//! ```text
//! P ← P - Σ_l q_l q_lᵀ        l = 1 … m, m up to 8
//! k = P r                      in the same pass: P is read once and written once, or not at all
//! ```
//! The triangle is kept in squares of 4 × 4, each one vector of sixteen, row of squares by row of squares:
//!
//! ```text
//! A B C        row 1 of squares: A B C
//!   D E        row 2:            D E          squares on the diagonal are whole
//!     F        row 3:            F
//! ```
//! A square needs four numbers of q and r by its rows and four by its columns. These are written out sixteen wide
//! before the pass (`by_row`: each four times; `by_column`: the four one after another, four times), so that the pass has
//! neither shuffles nor ends of rows, and starts every load where a cache line does. Beside the bare triangle of n (n + 1) / 2 numbers it
//! is some 2 n numbers more: 3 % at n = 100.

use super::aligned::Aligned;
use super::lanes::{LANES, Lanes, vectors, vectors_mut};
use super::{Isa, Kernel};
use crate::real::Real;

/// Edge of a square.
const EDGE: usize = 4;
/// Most changes that one pass makes.
pub const CHANGES: usize = 8;

/// Squares along one edge.
const fn squares(n: usize) -> usize {
    n.div_ceil(EDGE)
}

/// Length of vectors beside an n × n matrix; what lies beyond n is 0.
pub const fn length(n: usize) -> usize {
    squares(n) * EDGE
}

/// How many numbers an n × n matrix takes.
pub const fn size(n: usize) -> usize {
    squares(n) * (squares(n) + 1) / 2 * LANES
}

/// Where the entry of this row and column is; entries of squares on the diagonal are in two places, of which this is one.
#[inline]
pub const fn place(n: usize, row: usize, column: usize) -> usize {
    let (row, column) = if row / EDGE <= column / EDGE { (row, column) } else { (column, row) };
    let (a, b) = (row / EDGE, column / EDGE);
    // a rows of squares above, each one shorter than the one before.
    let above = a * squares(n) - a * a.saturating_sub(1) / 2;
    (above + b - a) * LANES + row % EDGE * EDGE + column % EDGE
}

/// Writes an entry, in both places if it is in a square on the diagonal.
pub fn set<F: Real>(p: &mut [F], n: usize, row: usize, column: usize, to: F) {
    p[place(n, row, column)] = to;
    p[place(n, column, row)] = to;
}

/// Room for one pass over matrices of up to n rows.
#[derive(Clone, Debug, Default)]
pub struct Room<F> {
    r_by_row: Aligned<F>,
    r_by_column: Aligned<F>,
    q_by_row: Aligned<F>,
    q_by_column: Aligned<F>,
    /// Sums along rows and down columns, of squares still sixteen wide.
    along: Aligned<F>,
    down: Aligned<F>,
}

impl<F: Real> Room<F> {
    /// Room for matrices of up to n rows and this many changes in one pass.
    pub fn new(n: usize, changes: usize) -> Room<F> {
        let wide = squares(n) * LANES;
        Room {
            r_by_row: Aligned::zeros(wide),
            r_by_column: Aligned::zeros(wide),
            q_by_row: Aligned::zeros(wide * changes),
            q_by_column: Aligned::zeros(wide * changes),
            along: Aligned::zeros(wide),
            down: Aligned::zeros(wide),
        }
    }
}

/// k = P r; P stays.
///
/// # Panics
/// If a slice or the room is too short.
pub fn multiply<F: Real>(isa: Isa, n: usize, p: &[F], r: &[F], room: &mut Room<F>, k: &mut [F]) {
    isa.run(Multiply { n, p: &p[..size(n)], r: &r[..length(n)], room, k: &mut k[..length(n)] });
}

/// P ← P - Σ q qᵀ, then k = P r. `q` has up to [`CHANGES`] vectors of [`length`] numbers.
///
/// # Panics
/// If a slice or the room is too short, or there are too many changes.
pub fn change_and_multiply<F: Real>(
    isa: Isa,
    n: usize,
    p: &mut [F],
    q: &[F],
    r: &[F],
    room: &mut Room<F>,
    k: &mut [F],
) {
    let changes = q.len() / length(n).max(1);
    assert!(changes <= CHANGES && changes * length(n) == q.len(), "up to eight whole vectors");
    isa.run(Change { n, p: &mut p[..size(n)], q, changes, r: &r[..length(n)], room, k: &mut k[..length(n)] });
}

/// Σ x y: sixteen chains, then their sum, in one order.
///
/// # Panics
/// If one is longer than the other.
pub fn dot<F: Real>(isa: Isa, x: &[F], y: &[F]) -> F {
    assert!(x.len() == y.len(), "as many numbers");
    isa.run(Dot { x, y })
}

/// y += a x, number by number.
///
/// # Panics
/// If one is longer than the other.
pub fn add_scaled<F: Real>(isa: Isa, a: F, x: &[F], y: &mut [F]) {
    assert!(x.len() == y.len(), "as many numbers");
    isa.run(AddScaled { a, x, y });
}

struct Dot<'a, F> {
    x: &'a [F],
    y: &'a [F],
}

impl<F: Real> Kernel<F> for Dot<'_, F> {
    type Output = F;

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) -> F {
        let ((x, x_last), (y, y_last)) = (self.x.as_chunks::<LANES>(), self.y.as_chunks::<LANES>());
        let sums = x.iter().zip(y).fold(V::zero(), |s, (x, y)| V::load(x).fma(V::load(y), s));
        x_last.iter().zip(y_last).fold(sums.sum(), |s, (x, y)| x.fma(*y, s))
    }
}

struct AddScaled<'a, F> {
    a: F,
    x: &'a [F],
    y: &'a mut [F],
}

impl<F: Real> Kernel<F> for AddScaled<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let ((x, x_last), (y, y_last)) = (self.x.as_chunks::<LANES>(), self.y.as_chunks_mut::<LANES>());
        let a = V::splat(self.a);
        for (x, y) in x.iter().zip(y) {
            a.fma(V::load(x), V::load(y)).store(y);
        }
        for (x, y) in x_last.iter().zip(y_last) {
            *y = self.a.fma(*x, *y);
        }
    }
}

/// Each number four times; the four one after another, four times.
#[inline(always)]
fn spread<F: Real>(x: &[F], by_row: &mut [F], by_column: &mut [F]) {
    let to = vectors_mut(by_row).iter_mut().zip(vectors_mut(by_column));
    for (x, (rows, columns)) in x.as_chunks::<EDGE>().0.iter().zip(to) {
        for i in 0..EDGE {
            for j in 0..EDGE {
                rows[i * EDGE + j] = x[i];
                columns[i * EDGE + j] = x[j];
            }
        }
    }
}

/// Sums of squares become sums of rows.
#[inline(always)]
fn gather<F: Real>(along: &[F], down: &[F], k: &mut [F]) {
    let from = vectors(along).iter().zip(vectors(down));
    for (k, (along, down)) in k.as_chunks_mut::<EDGE>().0.iter_mut().zip(from) {
        for i in 0..EDGE {
            let row = |j: usize| along[i * EDGE + j];
            let column = |j: usize| down[j * EDGE + i];
            k[i] = ((row(0) + row(1)) + (row(2) + row(3))) + ((column(0) + column(1)) + (column(2) + column(3)));
        }
    }
}

struct Multiply<'a, F> {
    n: usize,
    p: &'a [F],
    r: &'a [F],
    room: &'a mut Room<F>,
    k: &'a mut [F],
}

impl<F: Real> Kernel<F> for Multiply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        let Multiply { n, p, r, room, k } = self;
        let (edge, wide) = (squares(n), squares(n) * LANES);
        spread(r, &mut room.r_by_row[..wide], &mut room.r_by_column[..wide]);
        room.down[..wide].fill(F::ZERO);
        let (r_row, r_column) = (vectors(&room.r_by_row[..wide]), vectors(&room.r_by_column[..wide]));
        let (along, down) = (vectors_mut(&mut room.along[..wide]), vectors_mut(&mut room.down[..wide]));
        let mut p = vectors(p);
        for a in 0..edge {
            let (row, rest) = p.split_at(edge - a);
            p = rest;
            ahead(rest);
            let r_a = V::load(&r_row[a]);
            let mut sum = V::load(&row[0]).mul(V::load(&r_column[a]));
            for ((x, r_b), down) in row[1..].iter().zip(&r_column[a + 1..]).zip(&mut down[a + 1..]) {
                let x = V::load(x);
                sum = x.fma(V::load(r_b), sum);
                x.fma(r_a, V::load(down)).store(down);
            }
            sum.store(&mut along[a]);
        }
        gather(&room.along[..wide], &room.down[..wide], k);
    }
}

struct Change<'a, F> {
    n: usize,
    p: &'a mut [F],
    q: &'a [F],
    changes: usize,
    r: &'a [F],
    room: &'a mut Room<F>,
    k: &'a mut [F],
}

impl<F: Real> Kernel<F> for Change<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        match self.changes {
            0 => self.pass::<V, 0>(),
            1 => self.pass::<V, 1>(),
            2 => self.pass::<V, 2>(),
            3 => self.pass::<V, 3>(),
            4 => self.pass::<V, 4>(),
            5 => self.pass::<V, 5>(),
            6 => self.pass::<V, 6>(),
            7 => self.pass::<V, 7>(),
            _ => self.pass::<V, 8>(),
        }
    }
}

impl<F: Real> Change<'_, F> {
    #[inline(always)]
    fn pass<V: Lanes<Elem = F>, const M: usize>(self) {
        let Change { n, p, q, r, room, k, .. } = self;
        let (edge, wide) = (squares(n), squares(n) * LANES);
        spread(r, &mut room.r_by_row[..wide], &mut room.r_by_column[..wide]);
        for l in 0..M {
            let place = l * wide..(l + 1) * wide;
            let (rows, columns) = (&mut room.q_by_row[place.clone()], &mut room.q_by_column[place]);
            spread(&q[l * length(n)..][..length(n)], rows, columns);
        }
        room.down[..wide].fill(F::ZERO);
        let (r_row, r_column) = (vectors(&room.r_by_row[..wide]), vectors(&room.r_by_column[..wide]));
        let q_row: [_; M] = std::array::from_fn(|l| vectors(&room.q_by_row[l * wide..][..wide]));
        let q_column: [_; M] = std::array::from_fn(|l| vectors(&room.q_by_column[l * wide..][..wide]));
        let (along, down) = (vectors_mut(&mut room.along[..wide]), vectors_mut(&mut room.down[..wide]));
        let mut p = vectors_mut(p);
        for a in 0..edge {
            let (row, rest) = p.split_at_mut(edge - a);
            ahead(rest);
            p = rest;
            let r_a = V::load(&r_row[a]);
            let less: [V; M] = std::array::from_fn(|l| V::zero().sub(V::load(&q_row[l][a])));
            let columns: [_; M] = std::array::from_fn(|l| &q_column[l][a..][..row.len()]);
            let (r_column, down) = (&r_column[a..][..row.len()], &mut down[a..][..row.len()]);
            let mut sum = V::zero();
            for b in 0..row.len() {
                let mut x = V::load(&row[b]);
                for l in 0..M {
                    x = less[l].fma(V::load(&columns[l][b]), x);
                }
                x.store(&mut row[b]);
                sum = x.fma(V::load(&r_column[b]), sum);
                // The square on the diagonal is whole: its columns are its rows.
                if b > 0 {
                    x.fma(r_a, V::load(&down[b])).store(&mut down[b]);
                }
            }
            sum.store(&mut along[a]);
        }
        gather(&room.along[..wide], &room.down[..wide], k);
    }
}

/// Asks for what comes after a row of squares before it is needed.
#[inline(always)]
fn ahead<T>(_rest: &[T]) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Address, Purpose};

    fn random<F: Real>(n: usize, trial: u64) -> Vec<F> {
        let mut s = Address { seed: 1, purpose: Purpose::Weights, trial }.stream();
        (0..n).map(|_| F::from_f64(s.uniform() - 0.5)).collect()
    }

    /// A whole symmetric matrix, row by row, its triangle, and vectors with zeros behind them.
    fn problem<F: Real>(n: usize) -> (Vec<Vec<F>>, Aligned<F>, Vec<F>, Vec<F>) {
        let some = random::<F>(n * n, 2);
        let whole: Vec<Vec<F>> = (0..n).map(|i| (0..n).map(|j| some[i.min(j) * n + i.max(j)]).collect()).collect();
        let mut p = Aligned::zeros(size(n));
        for i in 0..n {
            for j in 0..n {
                set(&mut p, n, i, j, whole[i][j]);
            }
        }
        let mut q = vec![F::ZERO; CHANGES * length(n)];
        for (l, q) in q.chunks_exact_mut(length(n)).enumerate() {
            q[..n].copy_from_slice(&random::<F>(n, 10 + l as u64));
        }
        let mut r = random(n, 3);
        r.resize(length(n), F::ZERO);
        (whole, p, q, r)
    }

    fn equals_the_whole_matrix<F: Real>(tolerance: f64) {
        for n in [1, 3, 4, 5, 58, 90, 101] {
            for changes in 0..=CHANGES {
                let (mut whole, mut p, q, r) = problem::<F>(n);
                let q = &q[..changes * length(n)];
                let (mut room, mut k) = (Room::new(n, CHANGES), vec![F::ZERO; length(n)]);
                change_and_multiply(Isa::best(), n, &mut p, q, &r, &mut room, &mut k);
                for q in q.chunks_exact(length(n)) {
                    for i in 0..n {
                        for j in 0..n {
                            whole[i][j] -= q[i] * q[j];
                        }
                    }
                }
                let mut again = k.clone();
                multiply(Isa::best(), n, &p, &r, &mut room, &mut again);
                for i in 0..n {
                    let exact: f64 = (0..n).map(|j| whole[i][j].to_f64() * r[j].to_f64()).sum();
                    assert!((k[i].to_f64() - exact).abs() < tolerance, "n {n}, {changes} changes, {i}");
                    assert!((again[i].to_f64() - exact).abs() < tolerance);
                    for j in 0..n {
                        let (x, mirrored) = (p[place(n, i, j)], p[place(n, j, i)]);
                        assert!(x == mirrored && (x - whole[i][j]).abs().to_f64() < tolerance);
                    }
                }
                assert!(k[n..].iter().all(|k| *k == F::ZERO));
            }
        }
    }

    // Sums of 101 terms below a quarter: a few roundings of 2⁻²⁴ and 2⁻⁵³ each.
    #[test]
    fn a_triangle_is_its_whole_matrix() {
        equals_the_whole_matrix::<f64>(1e-13);
        equals_the_whole_matrix::<f32>(2e-5);
    }

    #[test]
    fn all_kernels_give_the_same_bits() {
        for n in [5, 58, 101] {
            for changes in [0, 1, 3, 8] {
                let mut seen = None;
                for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                    let (_, mut p, q, r) = problem::<f32>(n);
                    let (mut room, mut k) = (Room::new(n, CHANGES), vec![0.0; length(n)]);
                    change_and_multiply(isa, n, &mut p, &q[..changes * length(n)], &r, &mut room, &mut k);
                    let mut again = k.clone();
                    multiply(isa, n, &p, &r, &mut room, &mut again);
                    add_scaled(isa, 0.3, &r, &mut k);
                    let product = [dot(isa, &k, &again)];
                    let numbers = p.iter().chain(&k).chain(&again).chain(&product);
                    let bits: Vec<u32> = numbers.map(|x| x.to_bits()).collect();
                    assert!(*seen.get_or_insert_with(|| bits.clone()) == bits, "{isa}, n {n}, {changes} changes");
                }
            }
        }
    }
}
