//! The arm as a whole: its state, a step, a reach.

use crate::math::{Rotation, Vec3, dot, norm, product, solve, unit};
use crate::model::{COORDINATES, MUSCLES};
use crate::muscle::{Muscles, REST_ACTIVATION};
use crate::outer_forces::{Contact, Contacts, Limits, Push};
use crate::paths::{Lengths, Paths};
use crate::skeleton::{Pose, Skeleton};

/// Time step of [`Arm::reach`], s.
pub const STEP: f64 = 1e-4;

/// Volume that the shoulder's axes span below which a step is made with angular velocities; 1 far from the poles.
const NEAR_POLE: f64 = 0.3;
/// Joint velocities beyond this are no arm's, rad/s.
const FASTEST: f64 = 1e4;
/// Joint angles beyond this are no arm's, rad.
const FARTHEST: f64 = 1e3;

/// Which forces act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forces {
    /// Weight.
    pub gravity: bool,
    /// The sixteen muscles.
    pub muscles: bool,
    /// Torques at the ends of the coordinates' ranges.
    pub limits: bool,
    /// Spheres that push each other away.
    pub contact: bool,
}

impl Forces {
    /// All of them: the arm of the paper.
    pub const ALL: Self = Self { gravity: true, muscles: true, limits: true, contact: true };
    /// None.
    pub const NONE: Self = Self { gravity: false, muscles: false, limits: false, contact: false };
}

/// Everything that moves.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Joint angles q, rad, in the order of [`COORDINATES`].
    pub angle: [f64; 4],
    /// Joint velocities q̇, rad/s.
    pub velocity: [f64; 4],
    /// Activations a, 0.01 to 1, in the order of [`MUSCLES`].
    pub activation: [f64; 16],
    /// Fibre lengths ℓ, m.
    pub fibre: [f64; 16],
    /// Fibre velocities of the last step, m/s. The next step begins its search with them; they carry no other weight.
    pub fibre_velocity: [f64; 16],
}

/// Why a movement has no end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// A muscle has no fibre length at which fibre and tendon pull alike: the tendon is slack at the shortest fibre.
    NoEquilibrium {
        /// Which of [`MUSCLES`].
        muscle: usize,
        /// Its path length, m.
        path: f64,
    },
    /// The fibre lengths of a step could not be found.
    Fibres,
    /// A joint's angle or velocity is not a number, or none that an arm can have.
    OutOfRange {
        /// Which of [`COORDINATES`].
        coordinate: usize,
        /// rad
        angle: f64,
        /// rad/s
        velocity: f64,
    },
    /// A movement needs at least one sample of excitations and a duration and a step above 0.
    NoMovement,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::NoEquilibrium { muscle, path } => write!(
                f,
                "{} has no equilibrium at a path of {path} m: its tendon is slack at the shortest fibre; start from another pose",
                MUSCLES[muscle].name
            ),
            Self::Fibres => {
                write!(
                    f,
                    "the fibre lengths of a step could not be found; try a smaller step, or count the trial as failed"
                )
            }
            Self::OutOfRange { coordinate, angle, velocity } => write!(
                f,
                "{} is at {angle} rad and {velocity} rad/s, which no arm can be; try a smaller step, or count the trial as failed",
                COORDINATES[coordinate]
            ),
            Self::NoMovement => {
                write!(f, "a movement needs at least one sample of excitations, and a duration and a step above 0")
            }
        }
    }
}

impl std::error::Error for Failure {}

/// How a reach ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// Where the fingertip is at the end, m, in the ground frame (x forwards, y up, z to the right).
    pub fingertip: Vec3,
    /// Everything else at the end.
    pub state: State,
}

/// One moment of a movement.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// s
    pub time: f64,
    /// Joint angles, rad.
    pub angle: [f64; 4],
    /// Fingertip, m.
    pub fingertip: Vec3,
    /// Muscle activations.
    pub activation: [f64; 16],
}

/// The musculoskeletal arm: four joint angles, sixteen muscles.
///
/// # Example: bend the elbow for 0.7 s
///
/// ```
/// use cogrnn_arm::{Arm, MUSCLES};
///
/// let mut excitation = [0.0; 16];
/// for (u, muscle) in excitation.iter_mut().zip(&MUSCLES) {
///     if ["BIClong", "BICshort", "BRA"].contains(&muscle.name) {
///         *u = 0.5;
///     }
/// }
/// let reach = Arm::new().reach(&[excitation; 100], 0.7)?;
/// assert!(reach.state.angle[3] > 0.5, "the elbow is bent");
/// assert!(reach.fingertip[1] > -0.69, "and the hand is higher than when the arm hung");
/// # Ok::<(), cogrnn_arm::Failure>(())
/// ```
///
/// # Reference
///
/// Miconi (2017), eLife 6:e20899, and the model file of its program.
#[derive(Clone, Debug)]
pub struct Arm {
    forces: Forces,
    skeleton: Skeleton,
    paths: Paths,
    muscles: Muscles,
    limits: Limits,
    contacts: Contacts,
}

impl Default for Arm {
    fn default() -> Self {
        Self::new()
    }
}

impl Arm {
    /// The arm of the paper.
    pub fn new() -> Self {
        Self::with_forces(Forces::ALL)
    }

    /// The arm with some of its forces only.
    pub fn with_forces(forces: Forces) -> Self {
        let skeleton = Skeleton::new(forces.gravity);
        let paths = Paths::new(skeleton.elbow_axis());
        Self { forces, skeleton, paths, muscles: Muscles::new(), limits: Limits::new(), contacts: Contacts::new() }
    }

    /// Hanging at rest, all angles 0, palm forwards; muscles in equilibrium at the activation 0.05.
    ///
    /// # Errors
    ///
    /// None for the muscles of the paper; see [`Arm::at`].
    pub fn rest(&self) -> Result<State, Failure> {
        self.at([0.0; 4])
    }

    /// At rest at given joint angles, rad; muscles in equilibrium at the activation 0.05.
    ///
    /// # Errors
    ///
    /// [`Failure::NoEquilibrium`] where a muscle is so short that its tendon is slack.
    pub fn at(&self, angle: [f64; 4]) -> Result<State, Failure> {
        let path = self.path_lengths(&angle);
        let mut fibre = [0.0; 16];
        for m in 0..16 {
            fibre[m] = self
                .muscles
                .equilibrium(m, path[m], REST_ACTIVATION)
                .ok_or(Failure::NoEquilibrium { muscle: m, path: path[m] })?;
        }
        Ok(State { angle, velocity: [0.0; 4], activation: [REST_ACTIVATION; 16], fibre, fibre_velocity: [0.0; 16] })
    }

    /// Bones and joints.
    pub fn skeleton(&self) -> &Skeleton {
        &self.skeleton
    }

    /// Where everything is at joint angles in rad.
    pub fn pose(&self, angle: &[f64; 4]) -> Pose {
        self.skeleton.pose(angle)
    }

    /// The tip of the finger, m, at joint angles in rad.
    pub fn fingertip(&self, angle: &[f64; 4]) -> Vec3 {
        self.pose(angle).fingertip()
    }

    /// Path lengths L of the muscles, m, at joint angles in rad.
    pub fn path_lengths(&self, angle: &[f64; 4]) -> [f64; 16] {
        self.paths.lengths(&self.pose(angle)).total
    }

    /// Moment arms `-∂L/∂q`, m, (muscles × coordinates), at joint angles in rad.
    pub fn moment_arms(&self, angle: &[f64; 4]) -> [[f64; 4]; 16] {
        let pose = self.pose(angle);
        self.paths.lengths(&pose).derivatives(&pose).map(|row| row.map(|d| -d))
    }

    /// Tensions of the muscles along their paths, N.
    pub fn tensions(&self, state: &State) -> [f64; 16] {
        let path = self.path_lengths(&state.angle);
        std::array::from_fn(|m| self.muscles.tension(m, path[m], state.fibre[m]))
    }

    /// Fibre velocities, m/s, as the force-velocity curve gives them.
    pub fn fibre_velocities(&self, state: &State) -> [f64; 16] {
        let path = self.path_lengths(&state.angle);
        std::array::from_fn(|m| self.muscles.fibre_velocity(m, path[m], state.fibre[m], state.activation[m]))
    }

    /// Shortest fibre lengths, m.
    pub fn shortest_fibres(&self) -> [f64; 16] {
        self.muscles.shortest
    }

    /// Torques at the ends of the coordinates' ranges, N m, at angles in rad and velocities in rad/s.
    pub fn limit_torques(&self, angle: &[f64; 4], velocity: &[f64; 4]) -> [f64; 4] {
        let mut push = Push::default();
        self.limits.push(angle, velocity, &mut push);
        push.torque
    }

    /// Spheres that touch, at angles in rad and velocities in rad/s. Allocates.
    pub fn contacts(&self, angle: &[f64; 4], velocity: &[f64; 4]) -> Vec<Contact> {
        let mut found = Vec::new();
        self.contacts.touching(&self.pose(angle), velocity, |c| found.push(*c));
        found
    }

    /// Joint accelerations q̈, rad/s², of the laws as they stand, at the state's own fibre lengths.
    pub fn accelerations(&self, state: &State) -> [f64; 4] {
        let pose = self.pose(&state.angle);
        let push = self.push(&pose, state, &self.paths.lengths(&pose), &self.tensions(state));
        let mut acceleration = push.torque;
        solve(&mut self.skeleton.mass_matrix(&pose), &mut acceleration);
        acceleration
    }

    /// Energy of movement and height, J.
    pub fn energy(&self, state: &State) -> f64 {
        let pose = self.pose(&state.angle);
        let mass = self.skeleton.mass_matrix(&pose);
        let v = state.velocity;
        let kinetic: f64 = (0..4).map(|k| (0..4).map(|l| 0.5 * v[k] * mass[k][l] * v[l]).sum::<f64>()).sum();
        kinetic + self.skeleton.potential_energy(&pose)
    }

    /// All torques, those of motion itself and weight (`-h`) included, and their damping.
    #[inline(always)]
    fn push(&self, pose: &Pose, state: &State, lengths: &Lengths, tension: &[f64; 16]) -> Push {
        let mut push = Push::default();
        if self.forces.muscles {
            push.torque = lengths.torques(pose, tension);
        }
        let bias = self.skeleton.bias(pose, &state.velocity);
        for k in 0..4 {
            push.torque[k] -= bias[k];
        }
        if self.forces.limits {
            self.limits.push(&state.angle, &state.velocity, &mut push);
        }
        if self.forces.contact {
            self.contacts.push(pose, &state.velocity, &mut push);
        }
        push
    }

    /// Moves the state on by `dt` seconds under excitations of 0 to 1 (others are taken as the nearer of 0.01 and 1).
    /// Allocates nothing.
    ///
    /// In this order: activations (midpoint rule); fibre lengths (backward Euler, path lengths being those of q) and
    /// with them tensions; `q̇ ← q̇ + dt (M + dt D)⁻¹ τ(q, q̇)`, where D is the damping of limits and contact;
    /// `q ← q + dt q̇`.
    ///
    /// Where the upper arm is near the axis of the shoulder's first angle, first and third angle turn it about the same axis,
    /// and their velocities have no bound. There the step is made with the angular velocity ω of the upper arm in
    /// their place, `R ← exp(dt ω) R`, and the angles are those of R that are nearest to the ones before.
    ///
    /// # Errors
    ///
    /// [`Failure::Fibres`] and [`Failure::OutOfRange`]; the state is then of no more use.
    #[inline]
    pub fn step(&self, state: &mut State, excitation: &[f64; 16], dt: f64) -> Result<(), Failure> {
        let pose = self.skeleton.pose(&state.angle);
        let lengths = self.paths.lengths(&pose);
        let mut tension = [0.0; 16];
        if self.forces.muscles {
            self.muscles.activate(&mut state.activation, excitation, dt);
            let State { activation, fibre, fibre_velocity, .. } = state;
            tension =
                self.muscles.contract(&lengths.total, activation, fibre, fibre_velocity, dt).ok_or(Failure::Fibres)?;
        }
        if pose.volume().abs() < NEAR_POLE {
            return self.step_near_pole(&pose, state, &lengths, &tension, dt);
        }
        let push = self.push(&pose, state, &lengths, &tension);
        let acceleration = accelerated(self.skeleton.mass_matrix(&pose), &push, dt);
        for k in 0..4 {
            // q̇ first: q moves with the new velocity, which keeps the energy of an arm without damping
            state.velocity[k] += dt * acceleration[k];
            state.angle[k] += dt * state.velocity[k];
        }
        check(state, &state.velocity)
    }

    /// A step with the angular velocity of the humerus in the place of the shoulder's joint velocities.
    #[inline(never)]
    fn step_near_pole(
        &self,
        pose: &Pose,
        state: &mut State,
        lengths: &Lengths,
        tension: &[f64; 16],
        dt: f64,
    ) -> Result<(), Failure> {
        let free = pose.free();
        let [omega, _] = pose.angular_velocities(&state.velocity);
        let mut velocity = [omega[0], omega[1], omega[2], state.velocity[3]];
        let mut push = Push::default();
        if self.forces.muscles {
            push.torque = lengths.torques(&free, tension);
        }
        let bias = self.skeleton.bias_free(&free, &velocity);
        for k in 0..4 {
            push.torque[k] -= bias[k];
        }
        if self.forces.limits {
            let mut limits = Push::default();
            self.limits.push(&state.angle, &state.velocity, &mut limits);
            push.add_along(&pose.duals(), &limits);
        }
        if self.forces.contact {
            self.contacts.push(&free, &velocity, &mut push);
        }
        let acceleration = accelerated(self.skeleton.mass_matrix(&free), &push, dt);
        for k in 0..4 {
            velocity[k] += dt * acceleration[k];
        }
        let [x, y, z, elbow] = velocity;
        let omega = [x, y, z];
        let angle = dt * norm(omega);
        let humerus = if angle > 0.0 {
            let by = Rotation::about(unit(omega)).by(libm::sin(angle), libm::cos(angle));
            product(&by, &pose.humerus)
        } else {
            pose.humerus
        };
        let [q1, q2, q3, q4] = state.angle;
        let [q1, q2, q3] = self.skeleton.shoulder_angles(&humerus, [q1, q2, q3]);
        state.angle = [q1, q2, q3, q4 + dt * elbow];
        let duals = self.skeleton.pose(&state.angle).duals();
        state.velocity = [dot(duals[0], omega), dot(duals[1], omega), dot(duals[2], omega), elbow];
        check(state, &velocity)
    }

    /// Reaches from rest: `excitations` are samples k = 0 … n−1 at `k · seconds/n`, the last of them at `seconds`
    /// instead, with straight lines between (Miconi 2017: 100 samples, 0.7 s). Steps are of [`STEP`].
    ///
    /// # Errors
    ///
    /// Any [`Failure`]. The paper's program counts a reach that fails as an error of 1 m and does not learn from it.
    pub fn reach(&self, excitations: &[[f64; 16]], seconds: f64) -> Result<Reach, Failure> {
        self.reach_observed(excitations, seconds, STEP, |_, _| {})
    }

    /// As [`Arm::reach`], together with its moments: one every `every` seconds, the first at 0, and the end.
    ///
    /// # Errors
    ///
    /// As [`Arm::reach`].
    pub fn reach_recorded(
        &self,
        excitations: &[[f64; 16]],
        seconds: f64,
        every: f64,
    ) -> Result<(Reach, Vec<Moment>), Failure> {
        let mut moments: Vec<Moment> = Vec::new();
        let reach = self.reach_observed(excitations, seconds, STEP, |time, state| {
            if time >= moments.len() as f64 * every - 0.5 * STEP || time >= seconds - 0.5 * STEP {
                let fingertip = self.fingertip(&state.angle);
                moments.push(Moment { time, angle: state.angle, fingertip, activation: state.activation });
            }
        })?;
        Ok((reach, moments))
    }

    /// As [`Arm::reach`], with a step of about `step` seconds (a whole number of them fills `seconds`), showing
    /// `observe` the time and the state at the start and after each step.
    ///
    /// # Errors
    ///
    /// As [`Arm::reach`].
    pub fn reach_observed(
        &self,
        excitations: &[[f64; 16]],
        seconds: f64,
        step: f64,
        mut observe: impl FnMut(f64, &State),
    ) -> Result<Reach, Failure> {
        if excitations.is_empty() || !(seconds > 0.0 && step > 0.0 && (seconds / step).is_finite()) {
            return Err(Failure::NoMovement);
        }
        let last = excitations.len() - 1;
        let interval = seconds / excitations.len() as f64;
        let steps = (seconds / step).round().max(1.0) as usize;
        let dt = seconds / steps as f64;
        let mut state = self.rest()?;
        observe(0.0, &state);
        for n in 0..steps {
            let middle = (n as f64 + 0.5) * dt;
            let k = ((middle / interval) as usize).min(last.saturating_sub(1));
            let from = k as f64 * interval;
            // the last sample stands at the end, so the line to it is twice as long
            let to = if k + 1 >= last { seconds } else { from + interval };
            let part = (middle - from) / (to - from);
            let (before, after) = (&excitations[k], &excitations[(k + 1).min(last)]);
            let mut excitation = [0.0; 16];
            for m in 0..16 {
                excitation[m] = before[m] + part * (after[m] - before[m]);
            }
            self.step(&mut state, &excitation, dt)?;
            observe((n + 1) as f64 * dt, &state);
        }
        Ok(Reach { fingertip: self.fingertip(&state.angle), state })
    }
}

/// Velocities that change in a step of this length, damping being that at its end, per time.
#[inline(always)]
fn accelerated(mut mass: [[f64; 4]; 4], push: &Push, dt: f64) -> [f64; 4] {
    for k in 0..4 {
        for l in 0..4 {
            mass[k][l] += dt * push.damping[k][l];
        }
    }
    let mut acceleration = push.torque;
    solve(&mut mass, &mut acceleration);
    acceleration
}

/// Whether joint angles and velocities are those of an arm; NaN is not.
#[inline(always)]
fn check(state: &State, velocity: &[f64; 4]) -> Result<(), Failure> {
    // one comparison in the usual case: any NaN makes the sum NaN
    if dot4(velocity) < FASTEST * FASTEST && dot4(&state.angle) < FARTHEST * FARTHEST {
        return Ok(());
    }
    Err(out_of_range(state))
}

#[cold]
fn out_of_range(state: &State) -> Failure {
    let wrong = |k: &usize| !(state.velocity[*k].abs() < FASTEST / 2.0 && state.angle[*k].abs() < FARTHEST / 2.0);
    let coordinate = (0..4).find(wrong).unwrap_or(0);
    Failure::OutOfRange { coordinate, angle: state.angle[coordinate], velocity: state.velocity[coordinate] }
}

#[inline(always)]
fn dot4(x: &[f64; 4]) -> f64 {
    dot([x[0], x[1], x[2]], [x[0], x[1], x[2]]) + x[3] * x[3]
}
