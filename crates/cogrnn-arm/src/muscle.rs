//! Thelen's muscle (2003), as OpenSim has it: its curves, and a step of sixteen muscles at once.
//!
//! With activation a, fibre length ℓ, path length L, pennation α (sin α = h/ℓ, h = L0 sin α₀), ℓ̃ = ℓ/L0 and tendon
//! strain ε = (L − ℓ cos α − Ls)/Ls, fibre and tendon pull alike:
//!
//! ```text
//! a f_L(ℓ̃) φ(x) + f_PE(ℓ̃) = f_T(ε)/cos α,        ℓ̇ = (1/4 + 3/4 a) V L0 x
//! ```
//!
//! φ is the force of a fibre at velocity x, in units of its isometric force; the literature prints its inverse, the
//! velocity of a force ([`velocity`]). The forward form is bounded in slope where the inverse is not, and is what the
//! step solves.
//!
//! # Reference
//!
//! Thelen (2003), Journal of Biomechanical Engineering 125:70; constants of Miconi 2017, `MyArm26.osim`.

use crate::math::exp;
use crate::model::MUSCLES;
use crate::paths::Each;

/// Rise of activation at a = 1/3, s.
pub const ACTIVATION_TIME: f64 = 0.01;
/// Fall of activation at a = 1/3, s.
pub const DEACTIVATION_TIME: f64 = 0.04;
/// Least excitation and activation.
pub const MIN_ACTIVATION: f64 = 0.01;
/// Activation at rest.
pub const REST_ACTIVATION: f64 = 0.05;
/// Tendon strain at maximal isometric force, ε0ᵗ.
pub const TENDON_STRAIN: f64 = 0.033;
/// Passive fibre strain at maximal isometric force, ε0ᵐ.
pub const FIBRE_STRAIN: f64 = 0.6;
/// Shape of the active force-length curve, γ.
pub const ACTIVE_SHAPE: f64 = 0.5;
/// Shape of the passive force-length curve, k_PE.
pub const PASSIVE_SHAPE: f64 = 4.0;
/// Shape of the force-velocity curve, Af.
pub const VELOCITY_SHAPE: f64 = 0.3;
/// Greatest force of a lengthening fibre, in units of its isometric force, Flen.
pub const LENGTHENING_FORCE: f64 = 1.8;
/// Maximal contraction velocity V, optimal fibre lengths per s.
pub const MAX_VELOCITY: f64 = 10.0;
/// Force at which the toe of the tendon ends, in units of F0.
const TOE_FORCE: f64 = 0.33;
/// Shape of the toe.
const TOE_SHAPE: f64 = 3.0;
/// e³
const E3: f64 = 20.085_536_923_187_668;
/// Strain at which the toe of the tendon ends, 99 ε0ᵗ e³/(166 e³ − 67).
pub const TOE_STRAIN: f64 = 99.0 * TENDON_STRAIN * E3 / (166.0 * E3 - 67.0);
/// Slope of the tendon curve beyond the toe.
pub const TENDON_SLOPE: f64 = (1.0 - TOE_FORCE) / (TENDON_STRAIN - TOE_STRAIN);
/// Beyond this part of the greatest lengthening force the force-velocity curve goes on straight.
const STRAIGHT_FROM: f64 = 0.95;
/// Least cosine of the pennation: the fibre can be no shorter.
const MIN_COS_PENNATION: f64 = 0.1;
/// Nor shorter than this, in optimal lengths.
const MIN_FIBRE: f64 = 0.01;

/// κ: a lengthening fibre has φ = (1 + κ Flen x)/(1 + κ x).
const KAPPA: f64 = (2.0 + 2.0 / VELOCITY_SHAPE) / (LENGTHENING_FORCE - 1.0);
/// The x at which φ = 0.95 Flen.
const X_HIGH: f64 = (STRAIGHT_FROM * LENGTHENING_FORCE - 1.0) / (KAPPA * LENGTHENING_FORCE * (1.0 - STRAIGHT_FROM));

/// Active force at fibre length ℓ̃, f_L.
#[inline(always)]
pub fn active_force(length: f64) -> f64 {
    let x = length - 1.0;
    exp(-x * x * (1.0 / ACTIVE_SHAPE))
}

/// Passive force at fibre length ℓ̃ and its slope, f_PE.
#[inline(always)]
pub fn passive_force(length: f64) -> (f64, f64) {
    const RATE: f64 = PASSIVE_SHAPE / FIBRE_STRAIN;
    const E4_LESS_1: f64 = 53.598_150_033_144_236; // e⁴ − 1, for PASSIVE_SHAPE = 4
    let x = length - 1.0;
    let stretch = if x > 0.0 { x } else { 0.0 };
    // a fibre ten times too long has left the model; the exponent must not
    let e = exp(if stretch < 10.0 { stretch * RATE } else { 10.0 * RATE });
    ((e - 1.0) * (1.0 / E4_LESS_1), if x > 0.0 { e * (RATE / E4_LESS_1) } else { 0.0 })
}

/// Tendon force at strain ε and its slope, f_T.
#[inline(always)]
pub fn tendon_force(strain: f64) -> (f64, f64) {
    const SCALE: f64 = TOE_FORCE / (E3 - 1.0);
    const RATE: f64 = TOE_SHAPE / TOE_STRAIN;
    let low = if strain > 0.0 { strain } else { 0.0 };
    let toe = if low < TOE_STRAIN { low } else { TOE_STRAIN };
    let e = exp(toe * RATE);
    let slope = if strain > TOE_STRAIN { TENDON_SLOPE } else { SCALE * RATE * e };
    (SCALE * (e - 1.0) + TENDON_SLOPE * (low - toe), if strain > 0.0 { slope } else { 0.0 })
}

/// φ and its slope: force at velocity x, both in the fibre's own units (isometric force, greatest shortening velocity).
/// Straight below x = −1, where φ = 0, and where φ > 0.95 Flen.
#[inline(always)]
pub fn force_velocity(x: f64) -> (f64, f64) {
    let low = if x > -1.0 { x } else { -1.0 };
    let inside = if low < X_HIGH { low } else { X_HIGH };
    let longer = x > 0.0;
    let n = if longer { KAPPA * LENGTHENING_FORCE } else { 1.0 };
    let d = if longer { KAPPA } else { -1.0 / VELOCITY_SHAPE };
    let inverse = 1.0 / (1.0 + d * inside);
    let slope = (n - d) * inverse * inverse;
    ((1.0 + n * inside) * inverse + slope * (x - inside), slope)
}

/// Normalised fibre velocity ṽ (in V L0) at activation a, f_L and active force F (in F0), as the literature prints it:
///
/// ```text
/// ṽ = (1/4 + 3/4 a)(F − a f_L)/b,   b = a f_L + F/Af                          F ≤ a f_L
///                                   b = (2 + 2/Af)(a f_L Flen − F)/(Flen − 1)   F > a f_L
/// ```
///
/// and straight for F < 0 and F > 0.95 a f_L Flen.
pub fn velocity(activation: f64, active: f64, force: f64) -> f64 {
    let isometric = activation * active;
    let within = force.clamp(0.0, STRAIGHT_FROM * isometric * LENGTHENING_FORCE);
    let (b, slope_of_b) = if within <= isometric {
        (isometric + within / VELOCITY_SHAPE, 1.0 / VELOCITY_SHAPE)
    } else {
        let steep = (2.0 + 2.0 / VELOCITY_SHAPE) / (LENGTHENING_FORCE - 1.0);
        (steep * (isometric * LENGTHENING_FORCE - within), -steep)
    };
    let slope = (b - (within - isometric) * slope_of_b) / (b * b);
    (0.25 + 0.75 * activation) * ((within - isometric) / b + slope * (force - within))
}

/// ȧ at excitation u, 1/s; both within [0.01, 1].
#[inline(always)]
pub fn activation_rate(excitation: f64, activation: f64) -> f64 {
    let s = 0.5 + 1.5 * activation;
    let rate = if excitation > activation { 1.0 / (ACTIVATION_TIME * s) } else { s * (1.0 / DEACTIVATION_TIME) };
    (excitation - activation) * rate
}

/// Constants of the sixteen muscles, a muscle to a lane.
#[derive(Clone, Debug)]
pub(crate) struct Muscles {
    max_force: Each,
    optimal: Each,
    per_optimal: Each,
    slack: Each,
    per_slack: Each,
    /// h², m²
    height2: Each,
    /// m
    pub shortest: Each,
}

/// Newton's method ends when the next step would change the tendon's strain by less than this; what it leaves out is
/// then of the order of its square times the curvature of f_T, 8e3: 1e-6 F0.
const STRAIN_TOLERANCE: f64 = 1e-5;
/// Greatest number of Newton steps.
const MAX_STEPS: usize = 40;

impl Muscles {
    pub fn new() -> Self {
        let of = |f: &dyn Fn(usize) -> f64| -> Each { std::array::from_fn(f) };
        let height = |m: usize| MUSCLES[m].optimal_fibre * libm::sin(MUSCLES[m].pennation);
        let max_sin = (1.0 - MIN_COS_PENNATION * MIN_COS_PENNATION).sqrt();
        Self {
            max_force: of(&|m| MUSCLES[m].max_force),
            optimal: of(&|m| MUSCLES[m].optimal_fibre),
            per_optimal: of(&|m| 1.0 / MUSCLES[m].optimal_fibre),
            slack: of(&|m| MUSCLES[m].slack_tendon),
            per_slack: of(&|m| 1.0 / MUSCLES[m].slack_tendon),
            height2: of(&|m| height(m) * height(m)),
            shortest: of(&|m| (height(m) / max_sin).max(MIN_FIBRE * MUSCLES[m].optimal_fibre)),
        }
    }

    /// Tension along the path, N, at path and fibre lengths in m.
    pub fn tension(&self, muscle: usize, path: f64, fibre: f64) -> f64 {
        let along = (fibre * fibre - self.height2[muscle]).sqrt();
        self.max_force[muscle] * tendon_force((path - along - self.slack[muscle]) * self.per_slack[muscle]).0
    }

    /// Fibre velocity, m/s, by the literature's form; 0 for a fibre at its shortest that would shorten.
    pub fn fibre_velocity(&self, muscle: usize, path: f64, fibre: f64, activation: f64) -> f64 {
        let cos = (fibre * fibre - self.height2[muscle]).sqrt() / fibre;
        let length = fibre * self.per_optimal[muscle];
        let force = self.tension(muscle, path, fibre) / self.max_force[muscle] / cos - passive_force(length).0;
        let v = velocity(activation, active_force(length), force) * MAX_VELOCITY * self.optimal[muscle];
        if fibre <= self.shortest[muscle] { v.max(0.0) } else { v }
    }

    /// The fibre length (m) at which a muscle at rest pulls as its tendon does; none if the tendon is slack even at
    /// the shortest fibre.
    pub fn equilibrium(&self, muscle: usize, path: f64, activation: f64) -> Option<f64> {
        let (h2, slack) = (self.height2[muscle], self.slack[muscle]);
        // fibre force less tendon force: rises with length, from below 0 to above 0 where the tendon is just slack
        let excess = |fibre: f64| {
            let along = (fibre * fibre - h2).sqrt();
            let length = fibre * self.per_optimal[muscle];
            let tendon = tendon_force((path - along - slack) * self.per_slack[muscle]).0;
            activation * active_force(length) + passive_force(length).0 - tendon * fibre / along
        };
        let mut low = self.shortest[muscle];
        let room = path - slack;
        if room.is_nan() || room <= 0.0 || excess(low) > 0.0 {
            return None;
        }
        let mut high = (room * room + h2).sqrt();
        if high <= low {
            return None;
        }
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return Some(middle);
            }
            if excess(middle) > 0.0 { high = middle } else { low = middle }
        }
    }

    /// Activations after `dt` seconds, by the midpoint rule.
    #[inline(always)]
    pub fn activate(&self, activation: &mut Each, excitation: &Each, dt: f64) {
        let limit = |x: f64| {
            let x = if x > MIN_ACTIVATION { x } else { MIN_ACTIVATION };
            if x < 1.0 { x } else { 1.0 }
        };
        for m in 0..16 {
            let u = limit(excitation[m]);
            let a = limit(activation[m]);
            let middle = a + 0.5 * dt * activation_rate(u, a);
            activation[m] = limit(a + dt * activation_rate(u, middle));
        }
    }

    /// Moves the fibres on by `dt` seconds with path lengths held, and returns the tensions (N) that result.
    ///
    /// Backward Euler, since tendons are stiff: the new length y solves
    ///
    /// ```text
    /// a f_L(ℓ) φ((y − ℓ)/(c V L0 dt)) + f_PE(y) − f_T(y)/cos α(y) = 0,        c = 1/4 + 3/4 a
    /// ```
    ///
    /// whose left side rises with y. f_L stays that of ℓ and f_PE follows its tangent. Newton's method starts from the
    /// velocity of the step before, so that most steps take one or two iterations; where it
    /// does not converge an interval is halved. `None` if there is no such length.
    #[inline(always)]
    pub fn contract(
        &self,
        path: &Each,
        activation: &Each,
        fibre: &mut Each,
        fibre_velocity: &mut Each,
        dt: f64,
    ) -> Option<Each> {
        let zero = [0.0; 16];
        let (mut isometric, mut passive, mut stiffness, mut per_reach) = (zero, zero, zero, zero);
        let (mut y, mut tension) = (zero, zero);
        for m in 0..16 {
            let length = fibre[m] * self.per_optimal[m];
            isometric[m] = activation[m] * active_force(length);
            let (f, slope) = passive_force(length);
            passive[m] = f;
            stiffness[m] = slope * self.per_optimal[m];
            per_reach[m] = self.per_optimal[m] / ((0.25 + 0.75 * activation[m]) * (MAX_VELOCITY * dt));
            let guess = fibre[m] + fibre_velocity[m] * dt;
            y[m] = if guess > self.shortest[m] { guess } else { self.shortest[m] };
        }
        let mut converged = false;
        for _ in 0..MAX_STEPS {
            let mut change = zero;
            for m in 0..16 {
                let h2 = self.height2[m];
                let along = (y[m] * y[m] - h2).sqrt();
                let per_along = 1.0 / along;
                let per_cos = y[m] * per_along;
                let (tendon, tendon_slope) = tendon_force((path[m] - along - self.slack[m]) * self.per_slack[m]);
                let moved = y[m] - fibre[m];
                let (phi, phi_slope) = force_velocity(moved * per_reach[m]);
                let excess = isometric[m] * phi + passive[m] + stiffness[m] * moved - tendon * per_cos;
                let strain_slope = per_cos * self.per_slack[m]; // −∂ε/∂y
                let slope = isometric[m] * phi_slope * per_reach[m]
                    + stiffness[m]
                    + tendon_slope * strain_slope * per_cos
                    + tendon * h2 * per_along * per_along * per_along;
                let next = y[m] - excess / slope;
                let next = if next > self.shortest[m] { next } else { self.shortest[m] };
                let strain_change = (y[m] - next) * strain_slope;
                y[m] = next;
                change[m] = strain_change.abs();
                let corrected = tendon + tendon_slope * strain_change;
                tension[m] = self.max_force[m] * if corrected > 0.0 { corrected } else { 0.0 };
            }
            let mut worst = [change[0], change[1], change[2], change[3]];
            for i in 1..4 {
                for l in 0..4 {
                    let c = change[4 * i + l];
                    worst[l] = if c > worst[l] { c } else { worst[l] };
                }
            }
            if worst.iter().all(|w| *w < STRAIN_TOLERANCE) {
                converged = true;
                break;
            }
        }
        if !converged {
            for m in 0..16 {
                let still = Still {
                    isometric: isometric[m],
                    passive: passive[m],
                    stiffness: stiffness[m],
                    per_reach: per_reach[m],
                    fibre: fibre[m],
                    path: path[m],
                };
                let (length, force) = self.halve(m, &still)?;
                (y[m], tension[m]) = (length, force);
            }
        }
        let per_dt = 1.0 / dt;
        for m in 0..16 {
            fibre_velocity[m] = (y[m] - fibre[m]) * per_dt;
            fibre[m] = y[m];
        }
        Some(tension)
    }

    /// The fibre length at which the equation of [`contract`](Self::contract) holds, and the tension (N), by halving an interval:
    /// where Newton's method goes to and fro between two pieces of a curve.
    #[cold]
    fn halve(&self, m: usize, still: &Still) -> Option<(f64, f64)> {
        let tendon = |y: f64| {
            let along = (y * y - self.height2[m]).sqrt();
            (tendon_force((still.path - along - self.slack[m]) * self.per_slack[m]).0, y / along)
        };
        let excess = |y: f64| {
            let (force, per_cos) = tendon(y);
            let moved = y - still.fibre;
            let phi = force_velocity(moved * still.per_reach).0;
            still.isometric * phi + still.passive + still.stiffness * moved - force * per_cos
        };
        let (mut low, mut high) = (self.shortest[m], 2.0 * still.fibre.max(still.path));
        if excess(high).is_nan() || excess(high) <= 0.0 {
            return None;
        }
        // 60: to the last bit of a length of a metre
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if excess(middle) > 0.0 { high = middle } else { low = middle }
        }
        Some((high, self.max_force[m] * tendon(high).0))
    }
}

/// What a step holds still in the equation of one fibre.
struct Still {
    isometric: f64,
    passive: f64,
    stiffness: f64,
    per_reach: f64,
    fibre: f64,
    path: f64,
}
