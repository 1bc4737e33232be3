//! Lengths of the muscles' paths and their derivatives.
//!
//! A segment between two points of one body keeps its length. Of the others each muscle has at most one across the
//! shoulder and one across the elbow. From a ground point g to a humerus point p, with S the shoulder and d = S − g,
//!
//! ```text
//! L = |R_h p + d|,       ∂L/∂q_k = w_k · (R_h p × d) / L              (k ≤ 3)
//! ```
//!
//! and from a humerus point to a forearm point, which depends on the elbow's angle alone,
//!
//! ```text
//! L² = A + B cos q₄ + C sin q₄,       ∂L/∂q₄ = (C cos q₄ − B sin q₄) / 2L
//! ```

use crate::math::{Vec3, add, cross, dot, norm, scale, sub, sum};
use crate::model::{CLAVICLE, ELBOW, Frame, MUSCLES, SCAPULA, SHOULDER};
use crate::skeleton::Pose;

/// A number for each muscle.
pub(crate) type Each = [f64; 16];

/// Constants of the sixteen paths, a muscle to a lane.
///
/// A muscle that does not cross a joint has there a segment of constant length 1, and 1 less in `rigid`: no branches.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// Length within bodies, m.
    rigid: Each,
    /// Humerus end p of the segment across the shoulder, by components, m.
    p: [Each; 3],
    /// d of that segment, m.
    d: [Each; 3],
    /// A, B and C of the segment across the elbow, m².
    elbow: [Each; 3],
}

/// Lengths and derivatives at one pose.
#[derive(Clone, Debug)]
pub(crate) struct Lengths {
    /// Path length, m.
    pub total: Each,
    /// `(R_h p × d) / L` by components, m: its product with an axis of the shoulder is the derivative.
    pub shoulder: [Each; 3],
    /// `∂L/∂q₄`, m.
    pub elbow: Each,
}

impl Paths {
    pub fn new(elbow_axis: Vec3) -> Self {
        let one = [1.0; 16];
        let none = [0.0; 16];
        let mut paths = Self { rigid: [-2.0; 16], p: [none; 3], d: [one, none, none], elbow: [one, none, none] };
        for (m, muscle) in MUSCLES.iter().enumerate() {
            let points = muscle.path.iter().map(|&(frame, point)| match frame {
                Frame::Ground => (Frame::Ground, point),
                Frame::Clavicle => (Frame::Ground, add(CLAVICLE, point)),
                Frame::Scapula => (Frame::Ground, add(SCAPULA, point)),
                body => (body, point),
            });
            for (from, to) in points.clone().zip(points.skip(1)) {
                match (from, to) {
                    ((Frame::Ground, g), (Frame::Humerus, p)) | ((Frame::Humerus, p), (Frame::Ground, g)) => {
                        paths.cross_shoulder(m, g, p);
                    }
                    ((Frame::Humerus, h), (Frame::Forearm, u)) => paths.cross_elbow(m, h, u, elbow_axis),
                    ((a, p), (b, q)) => {
                        assert!(a == b, "no muscle of the table goes from {a:?} to {b:?}");
                        paths.rigid[m] += norm(sub(q, p));
                    }
                }
            }
        }
        paths
    }

    fn cross_shoulder(&mut self, muscle: usize, ground: Vec3, humerus: Vec3) {
        let d = sub(SHOULDER, ground);
        for i in 0..3 {
            self.p[i][muscle] = humerus[i];
            self.d[i][muscle] = d[i];
        }
        self.rigid[muscle] += 1.0;
    }

    fn cross_elbow(&mut self, muscle: usize, humerus: Vec3, forearm: Vec3, axis: Vec3) {
        let e = sub(ELBOW, humerus);
        let along = scale(dot(axis, forearm), axis);
        self.elbow[0][muscle] = dot(e, e) + dot(forearm, forearm) + 2.0 * dot(e, along);
        self.elbow[1][muscle] = 2.0 * dot(e, sub(forearm, along));
        self.elbow[2][muscle] = 2.0 * dot(e, cross(axis, forearm));
        self.rigid[muscle] += 1.0;
    }

    #[inline(always)]
    pub fn lengths(&self, pose: &Pose) -> Lengths {
        let r = &pose.humerus;
        let (sin, cos) = pose.elbow_turn;
        let zero = [0.0; 16];
        let mut lengths = Lengths { total: zero, shoulder: [zero; 3], elbow: zero };
        let ([px, py, pz], [dx, dy, dz], [a, b, c]) = (&self.p, &self.d, &self.elbow);
        for m in 0..16 {
            let x = r[0][0] * px[m] + r[0][1] * py[m] + r[0][2] * pz[m];
            let y = r[1][0] * px[m] + r[1][1] * py[m] + r[1][2] * pz[m];
            let z = r[2][0] * px[m] + r[2][1] * py[m] + r[2][2] * pz[m];
            let (ux, uy, uz) = (x + dx[m], y + dy[m], z + dz[m]);
            let across_shoulder = (ux * ux + uy * uy + uz * uz).sqrt();
            let per_length = 1.0 / across_shoulder;
            lengths.shoulder[0][m] = (y * dz[m] - z * dy[m]) * per_length;
            lengths.shoulder[1][m] = (z * dx[m] - x * dz[m]) * per_length;
            lengths.shoulder[2][m] = (x * dy[m] - y * dx[m]) * per_length;
            let across_elbow = (a[m] + b[m] * cos + c[m] * sin).sqrt();
            lengths.elbow[m] = 0.5 * (c[m] * cos - b[m] * sin) / across_elbow;
            lengths.total[m] = self.rigid[m] + across_shoulder + across_elbow;
        }
        lengths
    }
}

impl Lengths {
    /// `∂L/∂q`, m per rad, (muscles × coordinates).
    pub fn derivatives(&self, pose: &Pose) -> [[f64; 4]; 16] {
        let [w1, w2, w3, _] = pose.axes;
        std::array::from_fn(|m| {
            let n = [self.shoulder[0][m], self.shoulder[1][m], self.shoulder[2][m]];
            [dot(w1, n), dot(w2, n), dot(w3, n), self.elbow[m]]
        })
    }

    /// Torques `-Σ_m tension_m ∂L_m/∂q`, N m, of tensions in N.
    #[inline(always)]
    pub fn torques(&self, pose: &Pose, tension: &Each) -> [f64; 4] {
        let pull = |arm: &Each| {
            let mut parts = [0.0; 16];
            for m in 0..16 {
                parts[m] = arm[m] * tension[m];
            }
            -sum(&parts)
        };
        let [x, y, z] = &self.shoulder;
        let moment = [pull(x), pull(y), pull(z)];
        let [w1, w2, w3, _] = pose.axes;
        [dot(w1, moment), dot(w2, moment), dot(w3, moment), pull(&self.elbow)]
    }
}
