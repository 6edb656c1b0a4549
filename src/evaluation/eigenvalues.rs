//! Eigenvalues of a symmetric matrix: Householder's reduction to a tridiagonal one, then QL with implicit shifts (Wilkinson &
//! Reinsch 1971, Handbook for Automatic Computation II/2 and II/3). A linear-algebra crate would be
//! a large guest for one number that is reported.

/// QL steps for one eigenvalue; three are the rule.
const MOST_STEPS: usize = 60;

/// All of them, in no order. `matrix` is row-major `[n, n]`.
pub(super) fn eigenvalues(mut matrix: Vec<f64>, n: usize) -> Vec<f64> {
    let (mut diagonal, mut beside) = tridiagonal(&mut matrix, n);
    ql(&mut diagonal, &mut beside);
    diagonal
}

/// The diagonal, and what stands beside it from place 1 on.
fn tridiagonal(a: &mut [f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut diagonal, mut beside) = (vec![0.0; n], vec![0.0; n]);
    for i in (1..n).rev() {
        let row: Vec<f64> = a[i * n..i * n + i].to_vec();
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        let last = row[i - 1];
        // Already in shape: only the last of the row is not 0.
        if row[..i - 1].iter().all(|v| *v == 0.0) {
            beside[i] = last;
            continue;
        }
        let alpha = if last > 0.0 { -norm } else { norm };
        beside[i] = alpha;
        let mut v = row;
        v[i - 1] -= alpha;
        let scale = v.iter().map(|x| x * x).sum::<f64>() / 2.0;
        // A ← H A H with H = 1 − v vᵀ / scale, on the leading i × i part.
        let p: Vec<f64> = (0..i).map(|r| (0..i).map(|c| a[r * n + c] * v[c]).sum::<f64>() / scale).collect();
        let half = v.iter().zip(&p).map(|(x, y)| x * y).sum::<f64>() / (2.0 * scale);
        let q: Vec<f64> = p.iter().zip(&v).map(|(y, x)| y - half * x).collect();
        for r in 0..i {
            for c in 0..i {
                a[r * n + c] -= v[r] * q[c] + q[r] * v[c];
            }
        }
    }
    for i in 0..n {
        diagonal[i] = a[i * n + i];
    }
    (diagonal, beside)
}

/// Turns the diagonal into eigenvalues.
fn ql(d: &mut [f64], beside: &mut [f64]) {
    let n = d.len();
    if n == 0 {
        return;
    }
    beside.rotate_left(1);
    let e = beside;
    for l in 0..n {
        for _ in 0..MOST_STEPS {
            let small = |m: usize| e[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs());
            let m = (l..n - 1).find(|&m| small(m)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let shift = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let root = shift.hypot(1.0);
            let mut g = d[m] - d[l] + e[l] / (shift + root.copysign(shift));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut is_split = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    is_split = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                g = d[i + 1] - p;
                let r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
            }
            if !is_split {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_ones_by_hand() {
        assert!(eigenvalues(vec![], 0).is_empty());
        assert_eq!(eigenvalues(vec![3.0], 1), [3.0]);
        let mut pair = eigenvalues(vec![2.0, 1.0, 1.0, 2.0], 2);
        pair.sort_by(f64::total_cmp);
        assert!((pair[0] - 1.0).abs() < 1e-12 && (pair[1] - 3.0).abs() < 1e-12, "{pair:?}");
        // The path of n points: 2 − 2 cos(kπ / (n + 1)).
        let n = 7;
        let mut path = vec![0.0; n * n];
        for i in 0..n {
            path[i * n + i] = 2.0;
            if i > 0 {
                (path[i * n + i - 1], path[(i - 1) * n + i]) = (-1.0, -1.0);
            }
        }
        let mut got = eigenvalues(path, n);
        got.sort_by(f64::total_cmp);
        for (k, value) in got.iter().enumerate() {
            let expected = 2.0 - 2.0 * ((k + 1) as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
            assert!((value - expected).abs() < 1e-12, "{got:?}");
        }
    }

    proptest! {
        /// Their sum is the trace, the sum of their squares that of all entries.
        #[test]
        fn sums_hold(values in proptest::collection::vec(-1.0_f64..1.0, 1..90)) {
            let n = (values.len() as f64).sqrt() as usize;
            let at = |i: usize, j: usize| values[i.max(j) * n + i.min(j)];
            let matrix: Vec<f64> = (0..n * n).map(|k| at(k / n, k % n)).collect();
            let got = eigenvalues(matrix.clone(), n);
            let trace: f64 = (0..n).map(|i| at(i, i)).sum();
            prop_assert!((got.iter().sum::<f64>() - trace).abs() < 1e-9);
            let squares: f64 = matrix.iter().map(|v| v * v).sum();
            prop_assert!((got.iter().map(|v| v * v).sum::<f64>() - squares).abs() < 1e-9);
        }
    }
}
