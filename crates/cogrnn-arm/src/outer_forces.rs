//! Torques that keep coordinates in range, and spheres that push each other away.
//!
//! Both damp. Beside its torque each gives its damping `D = −∂τ/∂q̇` (a secant where the law is not linear), with which
//! a step takes the damping at its end: `(M + dt D) Δq̇ = dt τ`.

use crate::math::{Vec3, add, cross, dot, norm, scale, sub};
use crate::model::{Frame, LIMIT_TRANSITION, LIMITS, SHOULDER, SPHERES, contact};
use crate::skeleton::Pose;

/// Torques and how they fall with velocity.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Push {
    /// N m
    pub torque: [f64; 4],
    /// N m s, symmetric and positive semidefinite
    pub damping: [[f64; 4]; 4],
}

/// A limit in rad, N m/rad and N m s/rad.
#[derive(Clone, Copy, Debug)]
struct Bound {
    upper: f64,
    upper_stiffness: f64,
    lower: f64,
    lower_stiffness: f64,
    damping: f64,
}

/// The limit torques (OpenSim's `CoordinateLimitForce`):
///
/// ```text
/// σ(s) = 10 s³ − 15 s⁴ + 6 s⁵ on [0, 1]
/// τ    = −K_up σ_up (q − q_up) + K_lo σ_lo (q_lo − q) − d (σ_up + σ_lo) q̇
/// ```
///
/// where σ_up and σ_lo are σ of how far q is beyond the limit, in units of the transition.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    bounds: [Option<Bound>; 4],
    per_transition: f64,
}

impl Push {
    /// Adds torques and damping of single coordinates, the shoulder's three along these vectors of the ground frame: what they do
    /// to its angular velocity.
    pub fn add_along(&mut self, shoulder: &[Vec3; 3], of: &Push) {
        for (k, b) in shoulder.iter().enumerate() {
            for i in 0..3 {
                self.torque[i] += of.torque[k] * b[i];
                for j in 0..3 {
                    self.damping[i][j] += of.damping[k][k] * b[i] * b[j];
                }
            }
        }
        self.torque[3] += of.torque[3];
        self.damping[3][3] += of.damping[3][3];
    }
}

/// Smooth step from 0 at s ≤ 0 to 1 at s ≥ 1.
#[inline(always)]
fn smooth_step(s: f64) -> f64 {
    let s = s.clamp(0.0, 1.0);
    s * s * s * (10.0 + s * (-15.0 + s * 6.0))
}

impl Limits {
    pub fn new() -> Self {
        let bounds = LIMITS.map(|limit| {
            limit.map(|l| Bound {
                upper: l.upper.to_radians(),
                upper_stiffness: l.upper_stiffness.to_degrees(), // per degree to per radian: × 180/π
                lower: l.lower.to_radians(),
                lower_stiffness: l.lower_stiffness.to_degrees(),
                damping: l.damping.to_degrees(),
            })
        });
        Self { bounds, per_transition: 1.0 / LIMIT_TRANSITION.to_radians() }
    }

    #[inline(always)]
    pub fn push(&self, angle: &[f64; 4], velocity: &[f64; 4], push: &mut Push) {
        for k in 0..4 {
            let Some(b) = self.bounds[k] else { continue };
            let (above, below) = (angle[k] - b.upper, b.lower - angle[k]);
            let (up, low) = (smooth_step(above * self.per_transition), smooth_step(below * self.per_transition));
            let damping = b.damping * (up + low);
            push.torque[k] += -b.upper_stiffness * up * above + b.lower_stiffness * low * below - damping * velocity[k];
            push.damping[k][k] += damping;
        }
    }
}

/// Two spheres that touch.
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    /// Which two of [`SPHERES`].
    pub spheres: [usize; 2],
    /// How far they overlap, m.
    pub depth: f64,
    /// Unit vector from the first to the second, in the ground frame.
    pub normal: Vec3,
    /// Midway through the overlap, m, in the ground frame.
    pub point: Vec3,
    /// Force on the second along `normal`, N; the first has the opposite.
    pub normal_force: f64,
    /// Friction on the second, N, in the ground frame.
    pub friction: Vec3,
    /// What part of friction over sliding velocity, and of normal force over approach, is damping, N s/m.
    pub(crate) tangential_damping: f64,
    pub(crate) normal_damping: f64,
}

/// Pairs on different bodies; both trunk spheres are of the ground.
const PAIRS: [[usize; 2]; 5] = [[2, 0], [3, 0], [2, 1], [3, 1], [0, 1]];

/// ½ · stiffness^(2/3), N/m²; 5000 for the arm's 1e6.
fn pair_stiffness() -> f64 {
    let root = libm::cbrt(contact::STIFFNESS);
    0.5 * root * root
}

/// The spheres' forces (Hunt & Crossley's law as Simbody has it). With depth d, k = ½ stiffness^(2/3),
/// R = R₁R₂/(R₁+R₂), v = v₁ − v₂ at the contact, v_n along the normal and v_t across it,
///
/// ```text
/// f_H = 4/3 k d √(R k d)              f = max(0, f_H (1 + 3/2 c v_n))
/// friction = f (min(s, 1) (μ_d + 2 (μ_s − μ_d)/(1 + s²)) + μ_v |v_t|) along v_t,      s = |v_t|/v_tr
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Contacts {
    stiffness: f64,
    /// Greatest possible distance of centres at which each pair touches, m, and 4/3 k √(R k) of the pair.
    pairs: [(f64, f64); 5],
}

impl Contacts {
    pub fn new() -> Self {
        let stiffness = pair_stiffness();
        let pairs = PAIRS.map(|[a, b]| {
            let (r1, r2) = (SPHERES[a].radius, SPHERES[b].radius);
            (r1 + r2, 4.0 / 3.0 * stiffness * (stiffness * r1 * r2 / (r1 + r2)).sqrt())
        });
        Self { stiffness, pairs }
    }

    /// Whatever touches, each handed to `each`.
    #[inline(always)]
    pub fn touching(&self, pose: &Pose, velocity: &[f64; 4], mut each: impl FnMut(&Contact)) {
        debug_assert!(self.stiffness > 0.0);
        let centres = [
            pose.of_humerus(SPHERES[0].centre),
            pose.of_forearm(SPHERES[1].centre),
            SPHERES[2].centre,
            SPHERES[3].centre,
        ];
        for (&[a, b], &(reach, strength)) in PAIRS.iter().zip(&self.pairs) {
            let between = sub(centres[b], centres[a]);
            let square = dot(between, between);
            if square < reach * reach && square > 0.0 {
                each(&self.contact([a, b], between, square.sqrt(), reach, strength, centres[a], pose, velocity));
            }
        }
    }

    #[inline(never)]
    fn contact(
        &self,
        spheres: [usize; 2],
        between: Vec3,
        distance: f64,
        reach: f64,
        strength: f64,
        first: Vec3,
        pose: &Pose,
        velocity: &[f64; 4],
    ) -> Contact {
        let [a, b] = spheres;
        let depth = reach - distance;
        let normal = scale(1.0 / distance, between);
        let point = add(first, scale(SPHERES[a].radius - 0.5 * depth, normal));
        let v = sub(
            velocity_at(pose, velocity, SPHERES[a].frame, point),
            velocity_at(pose, velocity, SPHERES[b].frame, point),
        );
        let vn = dot(v, normal);
        let vt = sub(v, scale(vn, normal));
        let hertz = strength * depth * depth.sqrt();
        let force = (hertz * (1.0 + 1.5 * contact::DISSIPATION * vn)).max(0.0);
        let slip = norm(vt) / contact::TRANSITION_VELOCITY;
        let sliding = contact::DYNAMIC_FRICTION
            + 2.0 * (contact::STATIC_FRICTION - contact::DYNAMIC_FRICTION) / (1.0 + slip * slip);
        // min(s, 1)/|v_t| is 1/max(|v_t|, v_tr): defined at rest as well
        let friction_per_speed =
            force * (sliding / (contact::TRANSITION_VELOCITY * slip.max(1.0)) + contact::VISCOUS_FRICTION);
        Contact {
            spheres,
            depth,
            normal,
            point,
            normal_force: force,
            friction: scale(friction_per_speed, vt),
            tangential_damping: friction_per_speed,
            normal_damping: if force > 0.0 { 1.5 * contact::DISSIPATION * hertz } else { 0.0 },
        }
    }

    #[inline(always)]
    pub fn push(&self, pose: &Pose, velocity: &[f64; 4], push: &mut Push) {
        self.touching(pose, velocity, |c| {
            let [a, b] = c.spheres.map(|s| motions(pose, SPHERES[s].frame, c.point));
            let force = add(scale(c.normal_force, c.normal), c.friction);
            // J: how the velocity of the first against the second depends on q̇
            let jacobian: [Vec3; 4] = std::array::from_fn(|k| sub(a[k], b[k]));
            for k in 0..4 {
                push.torque[k] -= dot(jacobian[k], force);
                let along = dot(jacobian[k], c.normal) * (c.normal_damping - c.tangential_damping);
                let answer = add(scale(c.tangential_damping, jacobian[k]), scale(along, c.normal));
                for l in 0..4 {
                    push.damping[k][l] += dot(answer, jacobian[l]);
                }
            }
        });
    }
}

/// Velocity (m/s) at a place of the ground frame (m) of the body a frame belongs to.
fn velocity_at(pose: &Pose, velocity: &[f64; 4], frame: Frame, point: Vec3) -> Vec3 {
    let motions = motions(pose, frame, point);
    let mut v = [0.0; 3];
    for k in 0..4 {
        v = add(v, scale(velocity[k], motions[k]));
    }
    v
}

/// That velocity for a unit velocity of each coordinate, m.
fn motions(pose: &Pose, frame: Frame, point: Vec3) -> [Vec3; 4] {
    let [w1, w2, w3, w4] = pose.axes;
    let from_shoulder = sub(point, SHOULDER);
    let shoulder = [w1, w2, w3].map(|w| cross(w, from_shoulder));
    match frame {
        Frame::Humerus => [shoulder[0], shoulder[1], shoulder[2], [0.0; 3]],
        Frame::Forearm => [shoulder[0], shoulder[1], shoulder[2], cross(w4, sub(point, pose.elbow))],
        Frame::Ground | Frame::Clavicle | Frame::Scapula => [[0.0; 3]; 4],
    }
}
