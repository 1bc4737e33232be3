//! Two bodies, four joint angles: where they are, what they weigh, how they accelerate.
//!
//! The humerus turns about the shoulder S by `R_h = Rot(a₁,q₁) Rot(a₂,q₂) Rot(a₃,q₃)` and the forearm about the elbow
//! E by `R_u = R_h Rot(a₄,q₄)` (Miconi 2017, `MyArm26.osim`). With `w_k` the axis of coordinate k in the ground frame,
//! a point at `r` from S moves with `q̇` as `ẋ = Σ_{k≤3} q̇_k w_k × r`, one of the forearm at `ρ` from E with
//! `q̇₄ w₄ × ρ` besides.
//!
//! S does not move, so with moments taken about S, and about E for the elbow,
//!
//! ```text
//! M_kl = w_k · I_S w_l            (k, l ≤ 3)     I_S: both bodies about S
//! M_k4 = w_k · H                                 H: angular momentum about S for q̇₄ = 1
//! M_44 = w₄ · I_E w₄                             I_E: forearm about E
//! M q̈ + h(q, q̇) = τ
//! h_k  = w_k · N_S,  h_4 = w₄ · N_E              N: moments that the motion at q̈ = 0 and gravity ask for
//! ```

use crate::math::{
    Mat3, Rotation, Vec3, add, cross, dot, inertia_times, product, scale, sin_cos, sub, turn, turn_back, unit,
};
use crate::model::{AXES, ELBOW, FINGERTIP, FOREARM, GRAVITY, HUMERUS, SHOULDER};

/// rad
const TURN: f64 = 2.0 * std::f64::consts::PI;

/// Where everything is at given joint angles. Vectors are in the ground frame.
#[derive(Clone, Debug)]
pub struct Pose {
    /// Turns the humerus frame into the ground frame.
    pub humerus: Mat3,
    /// Turns the forearm frame into the ground frame.
    pub forearm: Mat3,
    /// Origin of the forearm, m.
    pub elbow: Vec3,
    /// Axis of each coordinate, of length 1.
    pub axes: [Vec3; 4],
    /// Sine and cosine of the elbow's angle.
    pub(crate) elbow_turn: (f64, f64),
}

impl Pose {
    /// A point of the humerus, given in its frame, m.
    pub fn of_humerus(&self, point: Vec3) -> Vec3 {
        add(SHOULDER, turn(&self.humerus, point))
    }

    /// A point of the forearm, given in its frame, m.
    pub fn of_forearm(&self, point: Vec3) -> Vec3 {
        add(self.elbow, turn(&self.forearm, point))
    }

    /// The tip of the finger, m.
    pub fn fingertip(&self) -> Vec3 {
        self.of_forearm(FINGERTIP)
    }

    /// Angular velocities of humerus and forearm, rad/s, for joint velocities in rad/s.
    #[inline(always)]
    pub fn angular_velocities(&self, velocity: &[f64; 4]) -> [Vec3; 2] {
        let [w1, w2, w3, w4] = self.axes;
        let humerus = add(add(scale(velocity[0], w1), scale(velocity[1], w2)), scale(velocity[2], w3));
        [humerus, add(humerus, scale(velocity[3], w4))]
    }

    /// The same pose with the ground's own axes in the place of the shoulder's three: velocities and torques are then
    /// the angular velocity of the humerus and the moment about the shoulder.
    pub(crate) fn free(&self) -> Pose {
        Pose { axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], self.axes[3]], ..self.clone() }
    }

    /// How far the shoulder's three axes are from lying in a plane: the volume that they span, 0 at the poles.
    pub(crate) fn volume(&self) -> f64 {
        let [w1, w2, w3, _] = self.axes;
        dot(w1, cross(w2, w3))
    }

    /// Vectors b_k with b_k · w_l = 1 for k = l and 0 else, of the shoulder's axes: `q̇_k = b_k · ω`. At a pole, where there
    /// are none, long ones.
    pub(crate) fn duals(&self) -> [Vec3; 3] {
        const LEAST: f64 = 1e-6;
        let [w1, w2, w3, _] = self.axes;
        let volume = self.volume();
        let per_volume = 1.0 / if volume.abs() > LEAST { volume } else { LEAST.copysign(volume) };
        [cross(w2, w3), cross(w3, w1), cross(w1, w2)].map(|v| scale(per_volume, v))
    }

    /// What moments do to the coordinates: `shoulder` is the moment of all outer forces about the shoulder, `elbow`
    /// that of those on the forearm about the elbow (N m). N m.
    #[inline(always)]
    pub(crate) fn torques(&self, shoulder: Vec3, elbow: Vec3) -> [f64; 4] {
        let [w1, w2, w3, w4] = self.axes;
        [dot(w1, shoulder), dot(w2, shoulder), dot(w3, shoulder), dot(w4, elbow)]
    }
}

/// Axes and constants of the two bodies.
#[derive(Clone, Debug)]
pub struct Skeleton {
    axes: [Vec3; 4],
    rotations: [Rotation; 4],
    gravity: Vec3,
}

impl Skeleton {
    pub(crate) fn new(gravity: bool) -> Self {
        let axes = AXES.map(unit);
        Self { axes, rotations: axes.map(Rotation::about), gravity: if gravity { GRAVITY } else { [0.0; 3] } }
    }

    /// The elbow's axis in the humerus frame, and its rotation.
    pub(crate) fn elbow_axis(&self) -> Vec3 {
        self.axes[3]
    }

    /// The pose at joint angles in rad.
    #[inline(always)]
    pub fn pose(&self, angle: &[f64; 4]) -> Pose {
        let (s, c) = sin_cos(angle);
        let first = self.rotations[0].by(s[0], c[0]);
        let second = product(&first, &self.rotations[1].by(s[1], c[1]));
        let humerus = product(&second, &self.rotations[2].by(s[2], c[2]));
        let forearm = product(&humerus, &self.rotations[3].by(s[3], c[3]));
        // each rotation leaves its own axis where it is, so the frame before it serves as well as the one after it
        let axes =
            [self.axes[0], turn(&first, self.axes[1]), turn(&second, self.axes[2]), turn(&humerus, self.axes[3])];
        Pose { humerus, forearm, elbow: add(SHOULDER, turn(&humerus, ELBOW)), axes, elbow_turn: (s[3], c[3]) }
    }

    /// The shoulder's angles at which the humerus is turned so, rad: of the two sets that there are, each up to whole turns,
    /// those nearest to `before`.
    pub(crate) fn shoulder_angles(&self, humerus: &Mat3, before: [f64; 3]) -> [f64; 3] {
        let [a1, a2, a3, _] = self.axes;
        let turned = turn(humerus, a3);
        // a1 · Rot(a2, q2) a3 = P + Q cos q2 + S sin q2 = a1 · R a3
        let p = dot(a2, a3) * dot(a1, a2);
        let (q, s) = (dot(a1, a3) - p, dot(a1, cross(a2, a3)));
        let middle = libm::atan2(s, q);
        let half = libm::acos(((dot(a1, turned) - p) / (q * q + s * s).sqrt()).clamp(-1.0, 1.0));
        let nearest = |angle: f64, to: f64| angle + TURN * ((to - angle) / TURN).round();
        let set = |second: f64| {
            let (sin, cos) = (libm::sin(second), libm::cos(second));
            let v = turn(&self.rotations[1].by(sin, cos), a3);
            let (across, along) = (dot(a1, cross(v, turned)), dot(v, turned) - dot(a1, v) * dot(a1, turned));
            // at a pole any first angle will do
            let first =
                if across == 0.0 && along == 0.0 { before[0] } else { nearest(libm::atan2(across, along), before[0]) };
            let one = self.rotations[0].by(libm::sin(first), libm::cos(first));
            let two = product(&one, &self.rotations[1].by(sin, cos));
            let side = unit(cross(a1, a3));
            let u = turn_back(&two, turn(humerus, side));
            let third = libm::atan2(dot(a3, cross(side, u)), dot(side, u));
            [first, nearest(second, before[1]), nearest(third, before[2])]
        };
        let [one, other] = [set(middle + half), set(middle - half)];
        let far = |q: &[f64; 3]| (0..3).map(|k| (q[k] - before[k]).powi(2)).sum::<f64>();
        if far(&one) <= far(&other) { one } else { other }
    }

    /// The mass matrix `M`, kg m².
    #[inline(always)]
    pub fn mass_matrix(&self, pose: &Pose) -> [[f64; 4]; 4] {
        let [w1, w2, w3, w4] = pose.axes;
        let r_h = turn(&pose.humerus, HUMERUS.centre_of_mass);
        let rho = turn(&pose.forearm, FOREARM.centre_of_mass);
        let r_u = add(sub(pose.elbow, SHOULDER), rho);
        // angular momentum about S when both bodies turn about S with angular velocity w
        let about_shoulder = |w: Vec3| {
            let h =
                add(inertia_times(&pose.humerus, HUMERUS.inertia, w), scale(HUMERUS.mass, cross(r_h, cross(w, r_h))));
            let u =
                add(inertia_times(&pose.forearm, FOREARM.inertia, w), scale(FOREARM.mass, cross(r_u, cross(w, r_u))));
            add(h, u)
        };
        let turning = inertia_times(&pose.forearm, FOREARM.inertia, w4);
        let moving = scale(FOREARM.mass, cross(w4, rho));
        let [h1, h2, h3] = [about_shoulder(w1), about_shoulder(w2), about_shoulder(w3)];
        let h4 = add(turning, cross(r_u, moving));
        let (m12, m13, m23) = (dot(w1, h2), dot(w1, h3), dot(w2, h3));
        let (m14, m24, m34) = (dot(w1, h4), dot(w2, h4), dot(w3, h4));
        let m44 = dot(w4, add(turning, cross(rho, moving)));
        [[dot(w1, h1), m12, m13, m14], [m12, dot(w2, h2), m23, m24], [m13, m23, dot(w3, h3), m34], [m14, m24, m34, m44]]
    }

    /// The torques `h` that it takes to move on at constant joint velocities (rad/s) against gravity, N m.
    #[inline(always)]
    pub fn bias(&self, pose: &Pose, velocity: &[f64; 4]) -> [f64; 4] {
        let [w1, w2, w3, _] = pose.axes;
        let [omega_h, omega_u] = pose.angular_velocities(velocity);
        // the axes turn with the frames before them: accelerations at q̈ = 0
        let omega_1 = scale(velocity[0], w1);
        let omega_2 = add(omega_1, scale(velocity[1], w2));
        let alpha_h = add(scale(velocity[1], cross(omega_1, w2)), scale(velocity[2], cross(omega_2, w3)));
        self.moments(pose, [omega_h, omega_u], alpha_h, velocity[3])
    }

    /// The same for the angular velocity of the humerus in the place of the first three joint velocities; `pose` is
    /// one that is [`Pose::free`].
    pub(crate) fn bias_free(&self, pose: &Pose, velocity: &[f64; 4]) -> [f64; 4] {
        self.moments(pose, pose.angular_velocities(velocity), [0.0; 3], velocity[3])
    }

    /// What it takes to move with these angular velocities, and this angular acceleration of the humerus.
    #[inline(always)]
    fn moments(&self, pose: &Pose, [omega_h, omega_u]: [Vec3; 2], alpha_h: Vec3, elbow: f64) -> [f64; 4] {
        let w4 = pose.axes[3];
        let alpha_u = add(alpha_h, scale(elbow, cross(omega_h, w4)));
        let swing = |alpha: Vec3, omega: Vec3, r: Vec3| add(cross(alpha, r), cross(omega, cross(omega, r)));

        let r_h = turn(&pose.humerus, HUMERUS.centre_of_mass);
        let rho = turn(&pose.forearm, FOREARM.centre_of_mass);
        let r_e = sub(pose.elbow, SHOULDER);
        let a_h = swing(alpha_h, omega_h, r_h);
        let a_u = add(swing(alpha_h, omega_h, r_e), swing(alpha_u, omega_u, rho));
        let f_h = scale(HUMERUS.mass, sub(a_h, self.gravity));
        let f_u = scale(FOREARM.mass, sub(a_u, self.gravity));
        let moment = |frame: &Mat3, inertia: Vec3, alpha: Vec3, omega: Vec3| {
            add(inertia_times(frame, inertia, alpha), cross(omega, inertia_times(frame, inertia, omega)))
        };
        let n_h = moment(&pose.humerus, HUMERUS.inertia, alpha_h, omega_h);
        let n_u = moment(&pose.forearm, FOREARM.inertia, alpha_u, omega_u);
        let about_elbow = add(n_u, cross(rho, f_u));
        let about_shoulder = add(add(n_h, cross(r_h, f_h)), add(about_elbow, cross(r_e, f_u)));
        pose.torques(about_shoulder, about_elbow)
    }

    /// Height energy `-Σ m g · x`, J, zero at the height of the ground's origin.
    pub fn potential_energy(&self, pose: &Pose) -> f64 {
        -HUMERUS.mass * dot(self.gravity, pose.of_humerus(HUMERUS.centre_of_mass))
            - FOREARM.mass * dot(self.gravity, pose.of_forearm(FOREARM.centre_of_mass))
    }
}
