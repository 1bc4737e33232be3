//! Movements of a cursor, each called for by a tonic input (Murray 2019, fig. 4, before the loop).
//!
//! ```text
//!             syllable 1   syllable 2    …      S `syllable`, as many as `syllables`
//!            ├────────────┼────────────┼──
//! input k     1 throughout while direction k is asked for: right, up, left, down; none: hold
//!
//! v*(t) = 2 D d sin²(π t/S)       t from the start of the syllable, d its direction, D `distance`
//! x(S)  = ∫ v* dt / S = D d       so that one syllable moves the cursor by D
//! ```
//! Velocities are in units of length a syllable. The cursor starts at the origin, the network at its
//! initial state, and directions are drawn evenly from those that keep the cursor in \[-b, b\]², b `bound`,
//! which is the same as to draw again until one does.
//!
//! `sequence` gives the directions of every trial; with `cued = false` the network has no inputs then and must know them
//! by heart, as the networks without a loop must that the paper compares (fig. 4c).
//!
//! The paper gives four tonic inputs, a velocity of two dimensions as output, the length of a syllable and
//! that inputs are drawn again so that the cursor stays in bounds. The rest is not given by the paper; ours
//! are the directions, the course and size of the velocity, the bounds, the hold without any input, and
//! that both the cursor and the network start anew in each trial.
//!
//! # Reference
//! Murray (2019), Materials and methods, with 1 ms for his time step, a tenth of τ.

use cogrnn_core::error::{Error, Result};
use cogrnn_core::names::intern;
use cogrnn_core::random::Stream;
use cogrnn_core::settings::Settings;
use cogrnn_core::task::{
    Conditions, Epoch, Outline, Performance, Request, Sample, Script, Seen, Set, Syllables, Task, argmax,
};
use cogrnn_core::units::{Time, ms};

/// Where each input moves the cursor: right, up, left, down; a hold comes after them.
const DIRECTIONS: [[f64; 2]; HOLD] = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
const HOLD: usize = 4;
const NAMES: [&str; HOLD + 1] = ["right", "up", "left", "down", "hold"];
const OUTPUTS: usize = 2;

/// The task `directional-movement`.
///
/// The table of trials has `direction` (0 right, 1 up, 2 left, 3 down, 4 hold), or with several syllables
/// `direction 1`, `direction 2`, …, then where the cursor ends, `x` and `y`. With one syllable each
/// direction is a condition. A caller may force directions, whatever the bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectionalMovement {
    syllable: Time,
    distance: f64,
    bound: f64,
    hold: bool,
    /// The directions of every trial, if they are always the same.
    sequence: Vec<usize>,
    /// Whether there are inputs.
    cued: bool,
    /// One a syllable: its column in the table of trials, and the name of its epoch.
    names: Vec<[&'static str; 2]>,
}

impl DirectionalMovement {
    /// From a section of an experiment file; defaults as the head of this file tells them.
    ///
    /// # Errors
    /// When a setting makes no trial: a time that is none, bounds that no movement keeps.
    pub fn from_settings(settings: &mut dyn Settings) -> Result<DirectionalMovement> {
        let s = settings;
        // 20 τ, Murray 2019
        let syllable = s.positive_time("syllable", ms(200.0), "how long one movement lasts")?;
        let sequence = read_sequence(s)?;
        let cued = if sequence.is_empty() {
            true
        } else {
            s.flag("cued", true, "whether inputs tell the direction; if not, there are none")?
        };
        let syllables = s.positive_count("syllables", sequence.len().max(1), "movements in a trial")?;
        if !sequence.is_empty() && syllables != sequence.len() {
            return Err(s.blame(
                "syllables",
                Error::input(format!("`syllables` is {syllables}"))
                    .why(format!("`sequence` has {}", sequence.len()))
                    .remedy("leave it out"),
            ));
        }
        let hold = match sequence.is_empty() {
            true => s.flag("hold", true, "whether there are syllables without input, in which the cursor rests")?,
            false => true,
        };
        let distance = s.number("distance", 1.0, "how far one syllable moves the cursor")?;
        if !(distance > 0.0 && distance.is_finite()) {
            return Err(s.blame(
                "distance",
                Error::input(format!("`distance` is {distance}"))
                    .why("a movement must lead somewhere")
                    .remedy("the default is 1"),
            ));
        }
        let bound = s.number("bound", 1.5, "farthest place of the cursor, in x and in y")?;
        if bound < distance || !bound.is_finite() {
            return Err(s.blame(
                "bound",
                Error::input(format!("`bound` is {bound}"))
                    .why(format!("the cursor starts at the origin, and one movement, `distance`, is {distance}"))
                    .remedy("give a larger `bound`, or a shorter `distance`"),
            ));
        }
        let named = |k: usize| match syllables {
            1 => ["direction", "syllable"],
            _ => ["direction", "syllable"].map(|name| intern(&format!("{name} {k}"))),
        };
        let names = (1..=syllables).map(named).collect();
        let task = DirectionalMovement { syllable, distance, bound, hold, sequence, cued, names };
        let mut place = [0.0; 2];
        for (k, direction) in task.sequence.iter().enumerate() {
            place = task.moved(place, *direction);
            if place.iter().any(|x| x.abs() > bound) {
                return Err(s.blame(
                    "sequence",
                    Error::input(format!("syllable {} of `sequence` takes the cursor out of bounds", k + 1))
                        .why(format!("it would be at ({}, {}), and `bound` is {bound}", place[0], place[1]))
                        .remedy("give another sequence, or a larger `bound`"),
                ));
            }
        }
        Ok(task)
    }

    /// Directions, and a hold if there is one.
    fn kinds(&self) -> usize {
        HOLD + usize::from(self.hold)
    }

    /// Where a syllable of this direction takes a cursor from `place`.
    fn moved(&self, place: [f64; 2], direction: usize) -> [f64; 2] {
        let Some(way) = DIRECTIONS.get(direction) else { return place };
        [place[0] + self.distance * way[0], place[1] + self.distance * way[1]]
    }

    /// The velocity at time t of a syllable of this direction.
    fn velocity(&self, t: Time, direction: usize) -> [f32; OUTPUTS] {
        let Some(way) = DIRECTIONS.get(direction) else { return [0.0; OUTPUTS] };
        let speed = 2.0 * self.distance * libm::sin(std::f64::consts::PI * (t / self.syllable)).powi(2);
        way.map(|d| (speed * d) as f32)
    }

    /// The epoch of each syllable.
    fn epochs(&self, dt: Time) -> Vec<Epoch> {
        let length = self.syllable.floor_to(dt);
        let names = self.names.iter().enumerate();
        names.map(|(i, n)| Epoch { name: n[1], start: length * i as f64, end: length * (i + 1) as f64 }).collect()
    }
}

/// The setting `sequence`: names of directions, or none.
fn read_sequence(s: &mut dyn Settings) -> Result<Vec<usize>> {
    let about = "directions of every trial, in order: right, up, left, down, hold; left out, they are drawn";
    let words = s.strings("sequence", &[], about)?;
    let number = |word: &String| {
        NAMES.iter().position(|name| name == word).ok_or_else(|| {
            s.blame(
                "sequence",
                Error::input(format!("`{word}` is no direction"))
                    .why(format!("there are {}", NAMES.join(", ")))
                    .remedy("for instance  sequence = [\"right\", \"hold\", \"up\"]"),
            )
        })
    };
    words.iter().map(number).collect()
}

impl Task for DirectionalMovement {
    fn name(&self) -> &'static str {
        "directional-movement"
    }

    fn inputs(&self) -> Vec<&'static str> {
        if self.cued { NAMES[..HOLD].to_vec() } else { Vec::new() }
    }

    fn outputs(&self) -> Vec<&'static str> {
        vec!["velocity x", "velocity y"]
    }

    fn conditions(&self) -> Conditions {
        if self.names.len() > 1 || !self.sequence.is_empty() {
            return Conditions::default();
        }
        Conditions { columns: vec![self.names[0][0]], rows: (0..self.kinds()).map(|d| vec![d as f64]).collect() }
    }

    fn outline(&self, request: &Request<'_>, stream: &mut Stream) -> Outline {
        let conditions = self.conditions().rows.len();
        let mut place = [0.0; 2];
        let mut info = Vec::with_capacity(self.names.len() + 2);
        for (k, [column, _]) in self.names.iter().enumerate() {
            let within = |d: &usize| self.moved(place, *d).iter().all(|x| x.abs() <= self.bound);
            let allowed: Vec<usize> = (0..self.kinds()).filter(within).collect();
            let drawn = allowed[stream.below(allowed.len())];
            let direction = match request.set {
                Set::Validation | Set::Test if conditions > 0 => request.index % conditions,
                _ => self.sequence.get(k).copied().unwrap_or(drawn),
            };
            let direction = request.or(column, direction as f64).clamp(0.0, HOLD as f64) as usize;
            place = self.moved(place, direction);
            info.push((*column, direction as f64));
        }
        let condition = info[0].1 as usize;
        info.extend([("x", place[0]), ("y", place[1])]);
        let epochs = self.epochs(request.dt);
        Outline {
            duration: epochs[epochs.len() - 1].end,
            epochs,
            info,
            condition: (condition < conditions).then_some(condition),
            choice: None,
            script: Script::default(),
        }
    }

    fn sample(&self, outline: &Outline, t: Time, sample: &mut Sample<'_>) {
        let Some(syllable) = outline.epochs.iter().position(|e| e.holds(t)) else { return };
        let direction = outline.info[syllable].1 as usize;
        self.syllable(direction, t - outline.epochs[syllable].start, sample);
    }

    fn syllables(&self) -> Option<Syllables> {
        let kinds = if self.cued { self.kinds() } else { 0 };
        (kinds > 0).then(|| Syllables { names: NAMES[..kinds].to_vec(), length: self.syllable })
    }

    fn syllable(&self, k: usize, t: Time, sample: &mut Sample<'_>) {
        if let Some(input) = sample.inputs.get_mut(k).filter(|_| k < HOLD) {
            *input = 1.0;
        }
        sample.targets.copy_from_slice(&self.velocity(t, k));
        sample.mask.fill(1.0);
    }

    fn performance(&self) -> Performance {
        Performance::Error
    }

    /// Takes the input that is largest over a syllable, or a hold if it is nearer to nothing than to 1.
    fn ideal_observer(&self, seen: &Seen<'_>) -> Vec<f32> {
        let mut answer = Vec::with_capacity(seen.steps * OUTPUTS);
        for (k, epoch) in self.epochs(seen.dt).into_iter().enumerate() {
            let steps = epoch.start.steps(seen.dt)..epoch.end.steps(seen.dt);
            if let Some(direction) = self.sequence.get(k) {
                for step in steps {
                    answer.extend(self.velocity(seen.dt * (step + 1) as f64 - epoch.start, *direction));
                }
                continue;
            }
            let mut mean = [0.0f32; HOLD];
            for u in seen.inputs[steps.start * HOLD..steps.end * HOLD].chunks_exact(HOLD) {
                for (mean, u) in mean.iter_mut().zip(u) {
                    *mean += (u - seen.baseline) / steps.len() as f32;
                }
            }
            let largest = argmax(&mean);
            let direction = if self.hold && mean[largest] < 0.5 { HOLD } else { largest };
            for step in steps {
                answer.extend(self.velocity(seen.dt * (step + 1) as f64 - epoch.start, direction));
            }
        }
        answer
    }

    /// 100: there is no choice that noise could spoil.
    fn noise_limit(&self, _: f64, _: Time) -> f64 {
        100.0
    }

    /// 0: there is no choice to guess.
    fn chance(&self) -> f64 {
        0.0
    }

    fn lengths(&self, _: Set, dt: Time) -> (usize, usize) {
        let steps = self.names.len() * self.syllable.steps(dt);
        (steps, steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Given, Section, Trial, trial};
    use cogrnn_core::random::{Address, Purpose};
    use cogrnn_core::settings::Defaults;

    fn of(given: Vec<(&'static str, Given)>) -> DirectionalMovement {
        DirectionalMovement::from_settings(&mut Section(given)).unwrap()
    }

    /// Where the velocities of a trial take the cursor.
    fn end(trial: &Trial) -> [f64; 2] {
        let share = trial.dt.as_ms() / 200.0;
        let sum = |k: usize| trial.targets.iter().skip(k).step_by(OUTPUTS).map(|v| f64::from(*v) * share).sum();
        [sum(0), sum(1)]
    }

    #[test]
    fn one_syllable_moves_by_one_and_a_hold_not_at_all() {
        let task = DirectionalMovement::from_settings(&mut Defaults).unwrap();
        let ends = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [0.0, 0.0]];
        for (direction, expected) in ends.into_iter().enumerate() {
            for dt in [1.0, 0.5, 20.0] {
                let trial = trial(&task, &Request::new(Set::Validation, direction, ms(dt)), 1);
                assert_eq!(trial.outline.condition, Some(direction));
                // 1e-5: 400 numbers of single precision
                let near = end(&trial).iter().zip(expected).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-5);
                assert!(near, "{direction} {dt}: {:?}", end(&trial));
                assert_eq!(trial.outline.value("x"), Some(expected[0]));
                let on: f32 = trial.inputs.iter().sum();
                assert_eq!(on, if direction == HOLD { 0.0 } else { trial.steps as f32 });
            }
        }
    }

    #[test]
    fn a_movement_is_fastest_in_its_middle_and_ends_at_rest() {
        let task = DirectionalMovement::from_settings(&mut Defaults).unwrap();
        let trial = trial(&task, &Request::new(Set::Test, 3, ms(1.0)), 1);
        assert_eq!(trial.steps, 200);
        assert!((trial.targets[2 * 99 + 1] + 2.0).abs() < 1e-6 && trial.targets[2 * 199 + 1].abs() < 1e-6);
        assert!((trial.targets[2 * 49 + 1] + 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_cursor_of_a_sequence_stays_in_bounds() {
        let task = of(vec![("syllables", Given::Number(8.0))]);
        let mut reached = [0.0f64; 2];
        let mut count = [0; HOLD + 1];
        for index in 0..500 {
            let trial = trial(&task, &Request::new(Set::Training, index, ms(10.0)), 1);
            assert_eq!((trial.steps, trial.outline.epochs.len()), (160, 8));
            let mut place = [0.0f64; 2];
            for k in 1..=8 {
                let direction = trial.outline.value(&format!("direction {k}")).unwrap() as usize;
                count[direction] += 1;
                place = task.moved(place, direction);
                assert!(place.iter().all(|x| x.abs() <= 1.5));
                for (reached, x) in reached.iter_mut().zip(place) {
                    *reached = reached.max(x.abs());
                }
            }
            assert_eq!([trial.outline.value("x"), trial.outline.value("y")], place.map(Some));
            assert!(end(&trial).iter().zip(place).all(|(a, b)| (a - b).abs() < 1e-4));
        }
        assert_eq!(reached, [1.0, 1.0]);
        // holds are never out of bounds, so they are drawn more often than any direction
        assert!(count[..HOLD].iter().all(|n| *n > 500 && *n < count[HOLD]), "{count:?}");
    }

    #[test]
    fn the_ideal_observer_tells_sequences_apart() {
        let task = of(vec![("syllables", Given::Number(4.0))]);
        for index in 0..20 {
            let trial = trial(&task, &Request::new(Set::Training, index, ms(5.0)), 1);
            let mut noise = Address { seed: 1, purpose: Purpose::ValidationInputs, trial: index as u64 }.stream();
            // the mean of 40 samples is 0.5 away from the bound, 5 s.d. at a noise of 0.6
            let inputs: Vec<f32> = trial.inputs.iter().map(|u| u + 0.6 * noise.normal() as f32).collect();
            let seen = Seen { inputs: &inputs, steps: trial.steps, dt: trial.dt, baseline: 0.0 };
            assert_eq!(trial.rmse(&task.ideal_observer(&seen)), 0.0);
        }
    }

    #[test]
    fn a_sequence_is_every_trial_with_or_without_cues() {
        let words = ["right", "hold", "up", "left", "down"];
        for cued in [true, false] {
            let task = of(vec![("sequence", Given::Words(words.to_vec())), ("cued", Given::Flag(cued))]);
            assert_eq!((task.inputs().len(), task.syllables().is_some()), if cued { (4, true) } else { (0, false) });
            for index in 0..3 {
                let trial = trial(&task, &Request::new(Set::Training, index, ms(5.0)), 1);
                let way: Vec<_> = (1..=5).map(|k| trial.outline.value(&format!("direction {k}"))).collect();
                assert_eq!(way, [0.0, 4.0, 1.0, 2.0, 3.0].map(Some));
                assert_eq!((trial.outline.value("x"), trial.outline.value("y")), (Some(0.0), Some(0.0)));
                let seen = Seen { inputs: &trial.inputs, steps: trial.steps, dt: trial.dt, baseline: 0.0 };
                assert_eq!(trial.rmse(&task.ideal_observer(&seen)), 0.0);
            }
        }
        for (words, wrong) in [(&["right", "rigth"][..], "no direction"), (&["right", "right"], "out of bounds")] {
            let mut section = Section(vec![("sequence", Given::Words(words.to_vec()))]);
            let error = DirectionalMovement::from_settings(&mut section).unwrap_err();
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }

    #[test]
    fn without_holds_there_are_four_conditions() {
        let task = of(vec![("hold", Given::Flag(false))]);
        assert_eq!(task.conditions().rows.len(), 4);
        for index in 0..50 {
            let trial = trial(&task, &Request::new(Set::Training, index, ms(20.0)), 1);
            assert!(trial.outline.value("direction").unwrap() < 4.0);
        }
    }

    #[test]
    fn what_makes_no_trial_is_refused() {
        for (key, value) in [("syllable", 0.0), ("distance", 0.0), ("bound", 0.9)] {
            let mut section = Section(vec![(key, Given::Number(value))]);
            assert!(DirectionalMovement::from_settings(&mut section).unwrap_err().place.unwrap().contains(key));
        }
    }
}
