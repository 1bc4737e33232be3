//! Linear algebra in double precision: the one place that knows `faer`.

use cogrnn_core::error::{Error, Result};
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// A matrix, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Matrix {
    pub fn zeros(rows: usize, columns: usize) -> Matrix {
        Matrix { rows, columns, values: vec![0.0; rows * columns] }
    }

    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.columns + j]
    }

    fn dense(&self) -> Mat<f64> {
        Mat::from_fn(self.rows, self.columns, |i, j| self.at(i, j))
    }

    fn from_dense(m: faer::MatRef<'_, f64>) -> Matrix {
        let mut made = Matrix::zeros(m.nrows(), m.ncols());
        for i in 0..m.nrows() {
            for j in 0..m.ncols() {
                made.values[i * made.columns + j] = m[(i, j)];
            }
        }
        made
    }
}

/// Singular values, descending, and the right singular vectors as rows.
///
/// # Errors
/// If the matrix holds numbers that are not finite.
pub(crate) fn right_singular(x: &Matrix) -> Result<(Vec<f64>, Matrix)> {
    let lost = || {
        Error::diverged("principal components that cannot be found")
            .why("rates are infinite or no numbers")
            .remedy("look at the recorded rates: the network diverged")
    };
    if x.values.iter().any(|v| !v.is_finite()) {
        return Err(lost());
    }
    let svd = x.dense().thin_svd().map_err(|_| lost())?;
    let s = svd.S().column_vector();
    let mut vectors = Matrix::from_dense(svd.V().transpose());
    // a singular vector has no sign of its own: its largest entry is made positive, so that reports can be compared
    for row in vectors.values.chunks_mut(vectors.columns.max(1)) {
        let largest = row.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() + 1e-9 { b } else { a });
        if largest < 0.0 {
            row.iter_mut().for_each(|v| *v = -*v);
        }
    }
    Ok(((0..s.nrows()).map(|i| s[i]).collect(), vectors))
}

/// Q of B = Q R with the diagonal of R not negative, for B with at least as many rows as columns.
pub(crate) fn orthonormal(b: &Matrix) -> Matrix {
    let qr = b.dense().qr();
    let (q, r) = (qr.compute_thin_Q(), qr.thin_R().to_owned());
    let mut q = Matrix::from_dense(q.as_ref());
    for j in 0..q.columns {
        if r[(j, j)] < 0.0 {
            for i in 0..q.rows {
                q.values[i * q.columns + j] = -q.values[i * q.columns + j];
            }
        }
    }
    q
}

/// x of A x = b for each row b of `right`, by LU with pivots; `None` if A is singular to rounding.
pub(crate) fn solve(a: &Matrix, right: &Matrix) -> Option<Matrix> {
    let values = a.dense().singular_values().ok()?;
    let (largest, smallest) = (values.first()?, values.last()?);
    // 1e-13: below it the smallest direction is rounding of the largest
    if smallest.is_nan() || *smallest <= 1e-13 * largest {
        return None;
    }
    let solution = a.dense().partial_piv_lu().solve(right.dense().transpose());
    Some(Matrix::from_dense(solution.transpose()))
}

/// C = A Bᵀ into `c`, (rows of A × rows of B); one thread, so that the machine's number of them changes no bit.
pub(crate) fn product_transposed(a: &Matrix, b: &Matrix, c: &mut Matrix) {
    let (left, right) = (
        MatRef::from_row_major_slice(&a.values, a.rows, a.columns),
        MatRef::from_row_major_slice(&b.values, b.rows, b.columns),
    );
    let into = MatMut::from_row_major_slice_mut(&mut c.values, a.rows, b.rows);
    matmul(into, Accum::Replace, left, right.transpose(), 1.0, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, values: &[f64]) -> Matrix {
        Matrix { rows, columns, values: values.to_vec() }
    }

    #[test]
    fn singular_values_of_a_known_matrix() {
        // Xᵀ X = [[9, 0], [0, 16]] with vectors along the axes
        let (s, v) = right_singular(&matrix(3, 2, &[3.0, 0.0, 0.0, -4.0, 0.0, 0.0])).unwrap();
        assert!((s[0] - 4.0).abs() < 1e-12 && (s[1] - 3.0).abs() < 1e-12, "{s:?}");
        assert!((v.at(0, 1) - 1.0).abs() < 1e-12 && (v.at(1, 0) - 1.0).abs() < 1e-12, "{v:?}");
        assert!(right_singular(&matrix(1, 1, &[f64::NAN])).is_err());
    }

    #[test]
    fn the_first_axis_keeps_its_direction() {
        let b = matrix(3, 2, &[1.0, 5.0, 2.0, 0.0, 2.0, 1.0]);
        let q = orthonormal(&b);
        let dot = |i: usize, j: usize| (0..3).map(|k| q.at(k, i) * q.at(k, j)).sum::<f64>();
        assert!((dot(0, 0) - 1.0).abs() < 1e-12 && dot(0, 1).abs() < 1e-12 && (dot(1, 1) - 1.0).abs() < 1e-12);
        for (k, expected) in [1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0].into_iter().enumerate() {
            assert!((q.at(k, 0) - expected).abs() < 1e-12);
        }
        // and the second lies on the side of its column
        assert!((0..3).map(|k| q.at(k, 1) * b.at(k, 1)).sum::<f64>() > 0.0);
    }

    #[test]
    fn a_product_worked_by_hand() {
        let mut c = Matrix::zeros(2, 1);
        product_transposed(&matrix(2, 2, &[1.0, 2.0, 3.0, 4.0]), &matrix(1, 2, &[5.0, 6.0]), &mut c);
        assert_eq!(c.values, [17.0, 39.0]);
    }

    #[test]
    fn linear_systems_are_solved_or_refused() {
        let a = matrix(2, 2, &[2.0, 1.0, 0.0, 3.0]);
        let x = solve(&a, &matrix(2, 2, &[5.0, 6.0, 2.0, 0.0])).unwrap();
        for (found, expected) in x.values.iter().zip([1.5, 2.0, 1.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(solve(&matrix(2, 2, &[1.0, 2.0, 2.0, 4.0]), &matrix(1, 2, &[1.0, 1.0])), None);
    }
}
