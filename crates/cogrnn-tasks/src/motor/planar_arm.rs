//! Reaching with a light arm in the plane: two segments, two joints, neither mass nor muscles.
//!
//! This is the centre-out task of the toolbox hebbRNN, in the manner of it: *not* the arm of Miconi (2017), which is
//! `arm-reaching`. It is there for learning in minutes what several outputs have to do together.
//!
//! ```text
//! input k   ████████████████████████████   1 all the time for target k
//!           |  rest   |     movement    |
//! dq_j/dt = speed · z_j                    while it lasts; joint angles stay within their ranges
//! hand    = L (cos q₁ + cos(q₁+q₂), sin q₁ + sin(q₁+q₂))
//! cost    = mean over the last 2 ms of |hand - target| + effort · mean over the movement of (z₁² + z₂²)/2
//! ```
//!
//! Of hebbRNN (§6.8 of the specification): segments of length 3, 1/150 rad a step for an output of 1, 0.8 π and 0.4 π
//! at the start, ranges of 0 to 1.5 π and π/20 to 19 π/20, 150 steps with movement in the last 100, the error of the last
//! two, 0.1 of effort. A step is 1 ms. Not known from there, and chosen here: that the second angle is counted from the first segment on,
//! which puts the hand at (-4.85, 0); eight targets at equal angles and the distance 0.6 around it, for which outputs of 0.2 to 0.55
//! suffice; one input a target; effort as the mean of squares.
//!
//! # Reference
//! Michaels, hebbRNN: a reward-modulated Hebbian learning rule for recurrent neural networks, JOSS 2016.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::movement::{Body, Frame, Movement, Point};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{
    Conditions, Consequence, Epoch, Outline, Performance, Request, Sample, Script, Seen, Set, Task,
};
use cogrnn_core::units::{Time, ms};
use std::f64::consts::{PI, TAU};

/// Length of either segment.
const SEGMENT: f64 = 3.0;
/// Joint angles at the start, rad.
const START: [f64; 2] = [0.8 * PI, 0.4 * PI];
/// Ranges of the joint angles, rad.
const RANGES: [(f64, f64); 2] = [(0.0, 1.5 * PI), (PI / 20.0, PI - PI / 20.0)];
/// What an output of 1 turns its joint by, rad/ms.
const SPEED: f64 = 1.0 / 150.0;
/// The end of a trial, whose distance counts.
const JUDGED: f64 = 2.0; // ms
/// Targets are drawn with this share of their distance as radius.
const RADIUS: f64 = 0.15;
/// A trial whose cost is below this counts as solved: with the least effort, a sixth of the way is still missing.
const SOLVED: f64 = 0.15;

/// Inputs, by number.
const NAMES: [&str; 16] = [
    "target 1",
    "target 2",
    "target 3",
    "target 4",
    "target 5",
    "target 6",
    "target 7",
    "target 8",
    "target 9",
    "target 10",
    "target 11",
    "target 12",
    "target 13",
    "target 14",
    "target 15",
    "target 16",
];

/// The task `planar-arm`.
///
/// The table of trials has the column `target` (1, 2, …). A caller may force it.
#[derive(Clone, Debug)]
pub struct PlanarArm {
    rest: Time,
    movement: Time,
    targets: usize,
    distance: f64,
    effort: f64,
    in_turn: bool,
}

/// Where the hand is.
fn hand([a, b]: [f64; 2]) -> [f64; 2] {
    [SEGMENT * (libm::cos(a) + libm::cos(a + b)), SEGMENT * (libm::sin(a) + libm::sin(a + b))]
}

impl PlanarArm {
    /// From a section of an experiment file; defaults as in the module's text.
    ///
    /// # Errors
    /// When a setting makes no trial.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<PlanarArm> {
        let s = settings;
        let rest = s.time("rest", ms(50.0), "how long outputs move nothing, from the start of a trial")?;
        let movement = s.positive_time("movement", ms(100.0), "how long they move the arm, to the end of the trial")?;
        let targets = s.count("targets", 8, "targets around the hand, at equal angles; 16 at most")?;
        if !(2..=NAMES.len()).contains(&targets) {
            return Err(s.blame(
                "targets",
                Error::input(format!("{targets} targets"))
                    .why("each is an input of its own, and with one there is nothing to choose")
                    .remedy(format!("2 to {}", NAMES.len())),
            ));
        }
        let about = "how far they are from the hand at the start; segments are of length 3";
        let distance = s.number_in("distance", 0.6, 1e-6, 1.1, about)?;
        let about = "what the mean square of the outputs while the arm moves costs beside the distance";
        let effort = s.number_in("effort", 0.1, 0.0, 1e6, about)?;
        let about = "which target a training trial is about: each in turn, or one at random";
        let in_turn = s.word("order", "random", &["turn", "random"], about)? == "turn";
        Ok(PlanarArm { rest, movement, targets, distance, effort, in_turn })
    }

    /// Where target k = 0, 1, … is.
    pub fn target(&self, k: usize) -> [f64; 2] {
        let [x, y] = hand(START);
        let angle = TAU * k as f64 / self.targets as f64;
        [x + self.distance * libm::cos(angle), y + self.distance * libm::sin(angle)]
    }

    fn target_of(outline: &Outline) -> usize {
        outline.info.first().map_or(0, |(_, v)| (*v as usize).saturating_sub(1))
    }

    /// Joint angles that bring the hand to a place within reach, the elbow bent as at the start.
    ///
    /// `|x|² = 2 L² (1 + cos q₂)` gives q₂; the angle of the hand is q₁ + q₂/2.
    fn angles_at([x, y]: [f64; 2]) -> [f64; 2] {
        let bent = libm::acos(((x * x + y * y) / (2.0 * SEGMENT * SEGMENT) - 1.0).clamp(-1.0, 1.0));
        [libm::atan2(y, x).rem_euclid(TAU) - 0.5 * bent, bent]
    }

    /// Shows `each` the time and joint angles at the start and after each step of these outputs (step × 2).
    fn moved(&self, outline: &Outline, dt: Time, outputs: &[f32], mut each: impl FnMut(Time, [f64; 2])) {
        let rest = self.rest.floor_to(dt);
        let mut q = START;
        each(Time::default(), q);
        for (k, z) in outputs.chunks_exact(2).enumerate().take(outline.steps(dt)) {
            let t = dt * (k + 1) as f64;
            if t > rest {
                for j in 0..2 {
                    let (low, high) = RANGES[j];
                    q[j] = (q[j] + SPEED * dt.as_ms() * f64::from(z[j])).clamp(low, high);
                }
            }
            each(t, q);
        }
    }
}

impl Task for PlanarArm {
    fn name(&self) -> &'static str {
        "planar-arm"
    }

    fn inputs(&self) -> Vec<&'static str> {
        NAMES[..self.targets].to_vec()
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["shoulder", "elbow"]
    }

    fn conditions(&self) -> Conditions {
        Conditions { columns: vec!["target"], rows: (1..=self.targets).map(|k| vec![k as f64]).collect() }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let drawn = stream.below(self.targets);
        let place = match request.set {
            Set::Training if self.in_turn => (request.number % self.targets as u64) as usize,
            Set::Training => drawn,
            _ => request.index % self.targets,
        };
        let forced = request.or("target", (place + 1) as f64).round();
        let target = (forced as usize).clamp(1, self.targets) - 1;
        let rest = self.rest.floor_to(request.dt);
        let end = rest + self.movement.floor_to(request.dt);
        Outline {
            duration: end,
            epochs: vec![
                Epoch { name: "rest", start: Time::default(), end: rest },
                Epoch { name: "movement", start: rest, end },
            ],
            info: vec![("target", (target + 1) as f64)],
            condition: Some(target),
            choice: None,
            script: Script::default(),
        }
    }

    fn sample(&self, outline: &Outline, _: Time, sample: &mut Sample<'_>) {
        sample.inputs[Self::target_of(outline)] = 1.0;
    }

    fn stays(&self, outline: &Outline, _: Time) -> Time {
        outline.duration
    }

    fn performance(&self) -> Performance {
        Performance::Error
    }

    fn acts(&self) -> bool {
        true
    }

    fn consequence(&self, outline: &Outline, dt: Time, outputs: &[f32]) -> Consequence {
        let [x, y] = self.target(Self::target_of(outline));
        let (rest, end) = (self.rest.floor_to(dt), outline.duration);
        let (mut far, mut judged) = (0.0, 0.0f64);
        self.moved(outline, dt, outputs, |t, q| {
            // the last step at least, however long
            if t.as_ms() > end.as_ms() - JUDGED.max(dt.as_ms()) + 1e-6 {
                let [hx, hy] = hand(q);
                far += libm::sqrt((hx - x) * (hx - x) + (hy - y) * (hy - y));
                judged += 1.0;
            }
        });
        let moving = outputs.get(2 * rest.steps(dt)..).unwrap_or_default();
        let squares: f64 = moving.iter().map(|z| f64::from(*z) * f64::from(*z)).sum();
        let cost = far / judged.max(1.0) + self.effort * squares / (moving.len().max(1)) as f64;
        Consequence { cost, failed: !cost.is_finite() }
    }

    fn body(&self) -> Option<Body> {
        let (z, along) = ([0.0, 0.0, 1.0], [SEGMENT, 0.0, 0.0]);
        let tip = Point::new(2, along);
        Some(Body {
            coordinates: vec!["shoulder", "elbow"],
            frames: vec![
                Frame { parent: 0, origin: [0.0; 3], turns: vec![(0, z)] },
                Frame { parent: 1, origin: along, turns: vec![(1, z)] },
            ],
            bones: vec![vec![Point::new(1, [0.0; 3]), Point::new(1, along)], vec![Point::new(2, [0.0; 3]), tip]],
            tip,
            flat: true,
            ..Body::default()
        })
    }

    fn movement(&self, outline: &Outline, dt: Time, outputs: &[f32]) -> Option<Movement> {
        if outputs.is_empty() || outputs.iter().any(|z| !z.is_finite()) {
            return None;
        }
        let [x, y] = self.target(Self::target_of(outline));
        let (target, radius) = ([x, y, 0.0], RADIUS * self.distance);
        let mut movement = Movement { target, radius, ..Movement::default() };
        self.moved(outline, dt, outputs, |t, q| {
            let [x, y] = hand(q);
            movement.times.push(t.as_ms() / 1000.0);
            movement.angles.extend(q);
            movement.tip.push([x, y, 0.0]);
        });
        Some(movement)
    }

    fn solved(&self) -> f64 {
        SOLVED
    }

    /// Turns both joints evenly to where the hand is on the target.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let channels = self.targets;
        let sum = |channel: usize| seen.inputs.iter().skip(channel).step_by(channels).sum::<f32>();
        let target = (0..channels).fold(0, |best, k| if sum(k) > sum(best) { k } else { best });
        let q = Self::angles_at(self.target(target));
        let rest = self.rest.floor_to(seen.dt).steps(seen.dt);
        let lasts = seen.dt.as_ms() * seen.steps.saturating_sub(rest).max(1) as f64;
        let z = [0, 1].map(|j| ((q[j] - START[j]) / (SPEED * lasts)) as f32);
        (0..seen.steps).flat_map(|step| if step < rest { [0.0; 2] } else { z }).collect()
    }

    /// 100: there is no choice that noise could spoil.
    fn noise_limit(&self, _: f64, _: Time) -> f64 {
        100.0
    }

    /// 0: there is no choice to guess.
    fn chance(&self) -> f64 {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, stream, trial};
    use cogrnn_core::settings::Defaults;

    fn task() -> PlanarArm {
        PlanarArm::from_settings(&mut Defaults).unwrap()
    }

    fn outline(task: &PlanarArm, target: usize, dt: Time) -> Outline {
        let request = Request::new(Set::Validation, target, dt);
        task.outline(&request, &mut stream(&request, 1))
    }

    #[test]
    fn the_hand_begins_where_the_angles_put_it() {
        let [x, y] = hand(START);
        // -6 cos 0.2π on the axis, by symmetry
        assert!((x + 6.0 * (0.2 * PI).cos()).abs() < 1e-14 && y.abs() < 1e-14, "{x} {y}");
        for k in 0..8 {
            let target = task().target(k);
            let there = hand(PlanarArm::angles_at(target));
            assert!((0..2).all(|i| (there[i] - target[i]).abs() < 1e-12), "{k}: {there:?} {target:?}");
        }
    }

    /// Outputs of 1 turn both joints by 100/150 rad, and only while the movement lasts.
    #[test]
    fn outputs_are_velocities() {
        let task = task();
        let outline = outline(&task, 0, ms(1.0));
        let movement = task.movement(&outline, ms(1.0), &[1.0; 300]).unwrap();
        assert_eq!((movement.times.len(), movement.angles.len()), (151, 302));
        assert_eq!(movement.angles[100..102], START, "at 50 ms it still rests");
        for j in 0..2 {
            assert!((movement.angles[300 + j] - START[j] - 100.0 / 150.0).abs() < 1e-12);
        }
        // a joint stays within its range
        let movement = task.movement(&outline, ms(1.0), &[-9.0; 300]).unwrap();
        assert_eq!(movement.angles[300..], [0.0, PI / 20.0]);
    }

    /// Seen twice as finely: the same way.
    #[test]
    fn half_the_step_is_the_same_movement() {
        let task = task();
        let end = |dt: f64| {
            let steps = (150.0 / dt) as usize;
            let outputs: Vec<f32> = (0..steps).flat_map(|_| [0.5, -0.25]).collect();
            *task.movement(&outline(&task, 0, ms(dt)), ms(dt), &outputs).unwrap().tip.last().unwrap()
        };
        let (one, half) = (end(1.0), end(0.5));
        assert!((0..3).all(|k| (one[k] - half[k]).abs() < 1e-12), "{one:?} {half:?}");
    }

    #[test]
    fn cost_is_distance_over_two_milliseconds_and_a_tenth_of_the_squares() {
        let task = task();
        let outline = outline(&task, 2, ms(1.0));
        let outputs: Vec<f32> = (0..150).flat_map(|_| [0.3, -0.4]).collect();
        let movement = task.movement(&outline, ms(1.0), &outputs).unwrap();
        let d = movement.distances();
        let done = task.consequence(&outline, ms(1.0), &outputs);
        assert!((done.cost - 0.5 * (d[149] + d[150]) - 0.1 * 0.125).abs() < 1e-7 && !done.failed, "{done:?}");
        assert!(task.consequence(&outline, ms(1.0), &[f32::NAN; 300]).failed);
        let free = PlanarArm::from_settings(&mut Section(vec![("effort", Given::Number(0.0))])).unwrap();
        let without = free.consequence(&outline, ms(1.0), &outputs).cost;
        assert!((done.cost - without - 0.0125).abs() < 1e-8);
    }

    #[test]
    fn the_ideal_observer_reaches_its_target_and_no_other() {
        let task = task();
        for target in 0..8 {
            let request = Request::new(Set::Validation, target, ms(1.0));
            let one = trial(&task, &request, 1);
            let seen = Seen { inputs: &one.inputs, steps: one.steps, dt: one.dt, baseline: 0.0 };
            let answer = task.ideal_observer(&seen);
            assert!(answer.iter().all(|z| z.abs() < 0.75), "well within what a tanh can do");
            assert!(task.consequence(&one.outline, ms(1.0), &answer).cost < 0.05);
            assert!(task.consequence(&outline(&task, target + 1, ms(1.0)), ms(1.0), &answer).cost > 0.3);
        }
    }
}
