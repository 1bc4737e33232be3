//! Reaching for one of two balls with a musculoskeletal arm (Miconi 2017).
//!
//! ```text
//! input k    ████████████████████████████████     1 all the time for the ball to reach
//! output m   excitation of muscle m, from 0 to 1
//! cost       |fingertip at the end - ball| + effort · mean over time of Σ_m r_m F0_m / Σ_m F0_m
//! ```
//! The outputs of a trial are sampled a hundred times, multiplied by `gain`, and move the arm of `cogrnn-arm` from rest: what
//! they led to is known at the end of the trial only. A movement that cannot be integrated costs 1, and nothing is to be learnt
//! from it.
//!
//! The first input is that of the ball on the right, as in the program of the paper; its text has it on the left.
//!
//! # Reference
//! Miconi (2017), Materials and methods; §6 of the specification.

use cogrnn_arm::model::{AXES, CLAVICLE, ELBOW, FINGERTIP, Frame as Bone, SCAPULA, SHOULDER, SPHERES};
use cogrnn_arm::{Arm, COORDINATES, MUSCLES};
use cogrnn_core::error::{Error, Result};
use cogrnn_core::movement::{Body, Frame, Movement, Point};
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{
    Conditions, Consequence, Epoch, Outline, Performance, Request, Sample, Script, Seen, Set, Task,
};
use cogrnn_core::units::{Time, ms};

/// Muscles.
const COUNT: usize = MUSCLES.len();
/// Samples of the outputs in a movement.
pub const SAMPLES: usize = 100;
/// What a movement costs that cannot be integrated (§6.3).
const FAILED: f64 = 1.0;

/// Radius of a ball, m (§6.3): for drawings, the cost does not know it.
const RADIUS: f64 = 0.05;

/// A movement whose cost is below this counts as solved: within some five centimetres, with little effort.
const SOLVED: f64 = 0.15;

/// What excites each muscle in the four quarters of a reach for the first ball and for the second, before `gain`: found by
/// `cargo run --release -p cogrnn-arm --example plans`. They cost 0.118 and 0.124, of which 0.018 and 0.002 m are distance.
#[rustfmt::skip]
const PLANS: [[[f32; COUNT]; 4]; 2] = [
    [
        [0.02, 0.11, 0.03, 0.2, 0.12, 0.14, 0.33, 0.11, 0.23, 0.17, 0.19, 0.21, 0.04, 0.05, 0.28, 0.1],
        [0.16, 0.2, 0.03, 0.03, 0.1, 0.47, 0.12, 0.3, 0.08, 0.11, 0.12, 0.24, 0.04, 0.08, 0.11, 0.24],
        [0.14, 0.01, 0.04, 0.34, 0.15, 0.11, 0.07, 0.03, 0.01, 0.08, 0.01, 0.07, 0.01, 0.1, 0.1, 0.01],
        [0.14, 0.08, 0.0, 0.05, 0.1, 0.47, 0.14, 0.18, 0.03, 0.02, 0.08, 0.12, 0.07, 0.19, 0.05, 0.04],
    ],
    [
        [0.12, 0.16, 0.35, 0.03, 0.16, 0.07, 0.5, 0.39, 0.06, 0.16, 0.08, 0.11, 0.21, 0.08, 0.23, 0.2],
        [0.09, 0.17, 0.05, 0.03, 0.2, 0.4, 0.19, 0.06, 0.36, 0.03, 0.17, 0.23, 0.12, 0.04, 0.2, 0.2],
        [0.07, 0.12, 0.09, 0.05, 0.42, 0.27, 0.18, 0.3, 0.09, 0.37, 0.07, 0.16, 0.09, 0.04, 0.16, 0.16],
        [0.01, 0.14, 0.18, 0.04, 0.02, 0.18, 0.13, 0.16, 0.27, 0.13, 0.39, 0.04, 0.11, 0.01, 0.02, 0.09],
    ],
];

/// The task `arm-reaching`.
///
/// The table of trials has the column `ball` (1 or 2). A caller may force it.
#[derive(Clone, Debug)]
pub struct ArmReaching {
    arm: Arm,
    duration: Time,
    /// x forwards, y up, z to the right, m.
    balls: [[f64; 3]; 2],
    gain: f64,
    effort: f64,
    in_turn: bool,
}

impl ArmReaching {
    /// From a section of an experiment file; defaults as in the program of the paper.
    ///
    /// # Errors
    /// When a setting makes no trial.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<ArmReaching> {
        let s = settings;
        let duration = s.positive_time("duration", ms(700.0), "length of a trial, which is that of the movement")?;
        let mut ball = |key: &'static str, default: [f64; 3], about: &'static str| -> Result<[f64; 3]> {
            let given = s.numbers(key, &default, about)?;
            <[f64; 3]>::try_from(given).map_err(|given| {
                s.blame(
                    key,
                    Error::input(format!("`{key}` has {} coordinates", given.len()))
                        .why("a ball is somewhere in space: x forwards, y up, z to the right")
                        .remedy(format!("give three, in m, for instance {default:?}")),
                )
            })
        };
        let balls = [
            ball(
                "ball_1",
                [0.4, 0.0, 0.2],
                "where the first ball is, m from the middle of the trunk: x forwards, y up, z right",
            )?,
            ball("ball_2", [0.4, 0.0, -0.2], "where the second ball is")?,
        ];
        let gain = s.number_in("gain", 0.9, 1e-9, 1.0, "excitation of a muscle whose output is 1")?;
        let about = "what the mean activity of the muscles, weighed by their strength, costs beside the distance in m";
        let effort = s.number_in("effort", 0.8, 0.0, 1e6, about)?;
        let about = "which ball a training trial is about: each in turn, or one at random";
        let in_turn = s.word("order", "turn", &["turn", "random"], about)? == "turn";
        Ok(ArmReaching { arm: Arm::new(), duration, balls, gain, effort, in_turn })
    }

    /// The arm.
    pub fn arm(&self) -> &Arm {
        &self.arm
    }

    /// Excitations of the muscles at [`SAMPLES`] times, from outputs (step × muscle).
    pub fn excitations(&self, outputs: &[f32]) -> Vec<[f64; COUNT]> {
        let steps = (outputs.len() / COUNT).max(1);
        (0..SAMPLES)
            .map(|k| {
                // every seventh of 700 steps
                let step = (k * (steps / SAMPLES).max(1)).min(steps - 1);
                let row = outputs.get(step * COUNT..(step + 1) * COUNT);
                std::array::from_fn(|m| row.map_or(0.0, |row| (self.gain * f64::from(row[m])).clamp(0.0, 1.0)))
            })
            .collect()
    }

    /// Where the ball of a trial is, m.
    pub fn ball(&self, outline: &Outline) -> [f64; 3] {
        self.balls[usize::from(outline.info[0].1 > 1.5)]
    }

    /// Mean activity of the muscles, weighed by their strength.
    fn activity(outputs: &[f32]) -> f64 {
        let strength: f64 = MUSCLES.iter().map(|m| m.max_force).sum();
        let rows = outputs.chunks_exact(COUNT);
        let steps = rows.len().max(1) as f64;
        let sum: f64 = rows
            .map(|row| row.iter().zip(&MUSCLES).map(|(r, m)| f64::from(r.max(0.0)) * m.max_force).sum::<f64>())
            .sum();
        sum / strength / steps
    }
}

impl Task for ArmReaching {
    fn name(&self) -> &'static str {
        "arm-reaching"
    }

    fn inputs(&self) -> Vec<&'static str> {
        vec!["ball 1", "ball 2"]
    }

    fn outputs(&self) -> Vec<&'static str> {
        MUSCLES.iter().map(|m| m.name).collect()
    }

    fn conditions(&self) -> Conditions {
        Conditions { columns: vec!["ball"], rows: vec![vec![1.0], vec![2.0]] }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let drawn = stream.below(2);
        let place = match request.set {
            Set::Training if self.in_turn => (request.number % 2) as usize,
            Set::Training => drawn,
            _ => request.index % 2,
        };
        let ball = usize::from(request.or("ball", (place + 1) as f64) > 1.5);
        let duration = self.duration.floor_to(request.dt);
        Outline {
            duration,
            epochs: vec![Epoch { name: "movement", start: Time::default(), end: duration }],
            info: vec![("ball", (ball + 1) as f64)],
            condition: Some(ball),
            choice: None,
            script: Script::default(),
        }
    }

    fn sample(&self, outline: &Outline, _: Time, sample: &mut Sample<'_>) {
        sample.inputs[outline.info[0].1 as usize - 1] = 1.0;
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
        let failed = Consequence { cost: FAILED, failed: true };
        if outputs.iter().any(|r| !r.is_finite()) {
            return failed;
        }
        let seconds = (dt * (outputs.len() / COUNT) as f64).as_ms() / 1000.0;
        let Ok(reach) = self.arm.reach(&self.excitations(outputs), seconds) else { return failed };
        let ball = self.ball(outline);
        let square = |k: usize| (reach.fingertip[k] - ball[k]) * (reach.fingertip[k] - ball[k]);
        let cost = (square(0) + square(1) + square(2)).sqrt() + self.effort * ArmReaching::activity(outputs);
        if cost.is_finite() { Consequence { cost, failed: false } } else { failed }
    }

    fn body(&self) -> Option<Body> {
        Some(body())
    }

    fn movement(&self, outline: &Outline, dt: Time, outputs: &[f32]) -> Option<Movement> {
        if outputs.is_empty() || outputs.iter().any(|r| !r.is_finite()) {
            return None;
        }
        let seconds = (dt * (outputs.len() / COUNT) as f64).as_ms() / 1000.0;
        let every = seconds / SAMPLES as f64;
        let (_, moments) = self.arm.reach_recorded(&self.excitations(outputs), seconds, every).ok()?;
        Some(Movement {
            times: moments.iter().map(|m| m.time).collect(),
            angles: moments.iter().flat_map(|m| m.angle).collect(),
            activations: moments.iter().flat_map(|m| m.activation).collect(),
            tip: moments.iter().map(|m| m.fingertip).collect(),
            target: self.ball(outline),
            radius: RADIUS,
        })
    }

    fn solved(&self) -> f64 {
        SOLVED
    }

    /// Excitations that a search has found for the balls of the paper, and the trials of its length.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let sum = |channel: usize| seen.inputs.iter().skip(channel).step_by(2).sum::<f32>();
        let plan = &PLANS[usize::from(sum(1) > sum(0))];
        let quarter = |step: usize| (step * PLANS[0].len() / seen.steps.max(1)).min(PLANS[0].len() - 1);
        (0..seen.steps).flat_map(|step| plan[quarter(step)].map(|x| x * (0.9 / self.gain) as f32)).collect()
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

/// The arm as it is drawn: frame 1 is the upper arm, frame 2 forearm and hand.
fn body() -> Body {
    let unit = |axis: [f64; 3]| {
        let length = axis.iter().map(|x| x * x).sum::<f64>().sqrt();
        axis.map(|x| x / length)
    };
    let point = |frame: Bone, at: [f64; 3]| {
        let moved = |by: [f64; 3]| std::array::from_fn(|k| at[k] + by[k]);
        match frame {
            Bone::Ground => Point::new(0, at),
            Bone::Clavicle => Point::new(0, moved(CLAVICLE)),
            Bone::Scapula => Point::new(0, moved(SCAPULA)),
            Bone::Humerus => Point::new(1, at),
            Bone::Forearm => Point::new(2, at),
        }
    };
    let tip = Point::new(2, FINGERTIP);
    let turns = |of: std::ops::Range<usize>| of.map(|k| (k, unit(AXES[k]))).collect();
    Body {
        coordinates: COORDINATES.to_vec(),
        frames: vec![
            Frame { parent: 0, origin: SHOULDER, turns: turns(0..3) },
            Frame { parent: 1, origin: ELBOW, turns: turns(3..4) },
        ],
        bones: vec![
            vec![Point::new(0, CLAVICLE), Point::new(0, SCAPULA)],
            vec![Point::new(1, [0.0; 3]), Point::new(1, ELBOW)],
            vec![Point::new(2, [0.0; 3]), tip],
        ],
        spheres: SPHERES.iter().map(|s| (point(s.frame, s.centre), s.radius)).collect(),
        muscles: MUSCLES.iter().map(|m| (m.name, m.path.iter().map(|&(f, at)| point(f, at)).collect())).collect(),
        tip,
        flat: false,
        unit: "m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, stream, trial};
    use cogrnn_core::settings::Defaults;

    fn task() -> ArmReaching {
        ArmReaching::from_settings(&mut Defaults).unwrap()
    }

    fn judged(task: &ArmReaching, number: u64, outputs: &[f32]) -> Consequence {
        let request = Request { number, ..Request::new(Set::Training, 0, ms(1.0)) };
        task.consequence(&task.outline(&request, &mut stream(&request, 1)), ms(1.0), outputs)
    }

    #[test]
    fn an_arm_without_excitation_falls_and_costs_its_distance() {
        let task = task();
        let still = vec![0.0f32; 700 * COUNT];
        let rest = task.arm().reach(&[[0.0; COUNT]; SAMPLES], 0.7).unwrap().fingertip;
        for number in 0..2 {
            let ball = task.balls[number as usize];
            let distance = (0..3).map(|k| (rest[k] - ball[k]).powi(2)).sum::<f64>().sqrt();
            let found = judged(&task, number, &still);
            assert!(!found.failed && (found.cost - distance).abs() < 1e-12);
            assert!(distance > 0.5, "and that is far from the ball");
        }
    }

    /// §6.3: time t_k = k · 7 ms has the value of step 7 k.
    #[test]
    fn outputs_are_sampled_every_seventh_step() {
        let outputs: Vec<f32> = (0..700 * COUNT).map(|k| ((k / COUNT) as f32) / 1000.0).collect();
        for (k, excitation) in task().excitations(&outputs).iter().enumerate() {
            assert!(excitation.iter().all(|x| (x - 0.9 * 0.007 * k as f64).abs() < 1e-7));
        }
    }

    /// §6.3: 0.8 of the mean of Σ r F0 / Σ F0.
    #[test]
    fn effort_is_activity_weighed_by_strength() {
        let strong: Vec<f32> = (0..700 * COUNT).map(|k| f32::from(u8::from(k % COUNT == 9))).collect();
        let sum: f64 = MUSCLES.iter().map(|m| m.max_force).sum();
        assert!((ArmReaching::activity(&strong) - 1218.9 / sum).abs() < 1e-12);
        let free = ArmReaching::from_settings(&mut Section(vec![("effort", Given::Number(0.0))])).unwrap();
        let (with, without) = (judged(&task(), 0, &strong).cost, judged(&free, 0, &strong).cost);
        assert!((with - without - 0.8 * 1218.9 / sum).abs() < 1e-12);
    }

    #[test]
    fn the_ideal_observer_reaches_each_ball_and_not_the_other() {
        let task = task();
        for ball in 0..2u64 {
            let one = trial(&task, &Request { number: ball, ..Request::new(Set::Training, 0, ms(1.0)) }, 1);
            let seen = Seen { inputs: &one.inputs, steps: one.steps, dt: one.dt, baseline: 0.0 };
            let answer = task.ideal_observer(&seen);
            assert!(judged(&task, ball, &answer).cost < 0.13);
            assert!(judged(&task, 1 - ball, &answer).cost > 0.35);
        }
    }

    /// The body that is drawn is the arm that moves: fingertip and path lengths of any pose.
    #[test]
    fn the_drawn_body_is_the_arm() {
        let (task, body) = (task(), body());
        for pose in [[0.0; 4], [-0.6, -0.5, 0.8, 1.2], [0.3, -2.0, 1.9, 2.2], [-1.5, -0.1, -1.2, 0.1]] {
            let placed = body.placed(&pose);
            let apart = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
            assert!(apart(placed.at(&body.tip), task.arm().fingertip(&pose)) < 1e-12);
            for ((name, path), length) in body.muscles.iter().zip(task.arm().path_lengths(&pose)) {
                let drawn: f64 = path.windows(2).map(|pair| apart(placed.at(&pair[0]), placed.at(&pair[1]))).sum();
                assert!((drawn - length).abs() < 1e-12, "{name}: {drawn} {length}");
            }
        }
    }

    /// What is shown is what was judged: the last distance and the effort are the cost, to the bit.
    #[test]
    fn a_movement_ends_where_its_cost_says() {
        let task = task();
        let request = Request { number: 1, ..Request::new(Set::Training, 0, ms(1.0)) };
        let outline = task.outline(&request, &mut stream(&request, 1));
        let outputs: Vec<f32> = (0..700).flat_map(|step| PLANS[1][step / 175]).collect();
        let movement = task.movement(&outline, ms(1.0), &outputs).unwrap();
        assert_eq!((movement.times.len(), movement.tip.len()), (SAMPLES + 1, SAMPLES + 1));
        assert_eq!((movement.angles.len(), movement.activations.len()), (4 * (SAMPLES + 1), COUNT * (SAMPLES + 1)));
        let cost = movement.distances()[SAMPLES] + task.effort * ArmReaching::activity(&outputs);
        assert!((cost - task.consequence(&outline, ms(1.0), &outputs).cost).abs() < 1e-12);
        assert!(movement.activations[..COUNT].iter().all(|a| *a == 0.05), "as at rest");
        assert!(task.movement(&outline, ms(1.0), &vec![f32::NAN; 700 * COUNT]).is_none());
    }

    #[test]
    fn what_is_no_number_fails_and_what_makes_no_ball_is_refused() {
        let broken = vec![f32::NAN; 700 * COUNT];
        assert_eq!(judged(&task(), 0, &broken), Consequence { cost: 1.0, failed: true });
        let error = ArmReaching::from_settings(&mut Section(vec![("ball_2", Given::Numbers(vec![1.0]))])).unwrap_err();
        assert!(error.place.unwrap().contains("ball_2"));
    }
}
