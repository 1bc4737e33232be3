//! A body that a task moves, and how it moved: what a reader has to be shown of a trial that is judged by a movement.
//!
//! A body is a tree of rigid frames. Frame 0 is the ground; frame k turns about its origin, which is fixed in an
//! earlier frame, by one rotation after another, each about an axis by one coordinate:
//!
//! ```text
//! R_k = R_parent · Rot(a₁, q₁) · Rot(a₂, q₂) ···        x_k = x_parent + R_parent · origin
//! ```

/// m, or whatever length the body is made in.
pub type Vector = [f64; 3];

/// A frame that turns in another.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The frame it turns in, an earlier one; 0 is the ground.
    pub parent: usize,
    /// About which point of that frame.
    pub origin: Vector,
    /// Coordinates and axes, in order; an axis is in the frame that the rotations before it have made, of length 1.
    pub turns: Vec<(usize, Vector)>,
}

/// A point of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Which frame; 0 is the ground.
    pub frame: usize,
    /// Where in it.
    pub at: Vector,
}

impl Point {
    /// A point of a frame.
    pub const fn new(frame: usize, at: Vector) -> Point {
        Point { frame, at }
    }
}

/// A body as it is drawn: x forwards, y up, z to the right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Names of the coordinates, which are angles in rad.
    pub coordinates: Vec<&'static str>,
    /// Frames 1, 2, …
    pub frames: Vec<Frame>,
    /// Bones: lines through points.
    pub bones: Vec<Vec<Point>>,
    /// What is round: centre and radius.
    pub spheres: Vec<(Point, f64)>,
    /// Names and paths of the muscles.
    pub muscles: Vec<(&'static str, Vec<Point>)>,
    /// The point that is to get somewhere.
    pub tip: Point,
    /// All of it stays in the plane of x and y.
    pub flat: bool,
    /// The unit of lengths; may be empty.
    pub unit: &'static str,
}

impl Default for Point {
    fn default() -> Point {
        Point::new(0, [0.0; 3])
    }
}

/// How a body moved in one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Movement {
    /// s from the start of the trial, ascending.
    pub times: Vec<f64>,
    /// (time × coordinate), rad.
    pub angles: Vec<f64>,
    /// (time × muscle), 0 to 1.
    pub activations: Vec<f64>,
    /// Where the tip was, one a time.
    pub tip: Vec<Vector>,
    /// Where it was to be at the end.
    pub target: Vector,
    /// Radius that the target is drawn with.
    pub radius: f64,
}

impl Movement {
    /// How far from the target the tip was, one a time.
    pub fn distances(&self) -> Vec<f64> {
        let square = |tip: &Vector| (0..3).map(|k| (tip[k] - self.target[k]).powi(2)).sum::<f64>();
        self.tip.iter().map(|tip| square(tip).sqrt()).collect()
    }
}

type Matrix = [[f64; 3]; 3];

/// Where the frames of a body are at some angles.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed(Vec<(Matrix, Vector)>);

impl Body {
    /// Where all frames are at these angles. Allocates.
    pub fn placed(&self, angles: &[f64]) -> Placed {
        let mut placed = Placed(Vec::with_capacity(self.frames.len() + 1));
        placed.0.push(([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [0.0; 3]));
        for frame in &self.frames {
            let mut turn = placed.0[frame.parent].0;
            for (coordinate, axis) in &frame.turns {
                turn = product(&turn, &rotation(*axis, angles.get(*coordinate).copied().unwrap_or(0.0)));
            }
            let origin = placed.at(&Point::new(frame.parent, frame.origin));
            placed.0.push((turn, origin));
        }
        placed
    }
}

impl Placed {
    /// A point of the body in the ground frame.
    pub fn at(&self, point: &Point) -> Vector {
        let (turn, origin) = &self.0[point.frame];
        std::array::from_fn(|i| origin[i] + (0..3).map(|j| turn[i][j] * point.at[j]).sum::<f64>())
    }
}

/// Rodrigues' formula: `R = 1 + sin q [a]× + (1 - cos q) [a]×²`.
fn rotation([x, y, z]: Vector, angle: f64) -> Matrix {
    let (s, c) = angle.sin_cos();
    let v = 1.0 - c;
    [
        [c + x * x * v, x * y * v - z * s, x * z * v + y * s],
        [y * x * v + z * s, c + y * y * v, y * z * v - x * s],
        [z * x * v - y * s, z * y * v + x * s, c + z * z * v],
    ]
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::FRAC_PI_2;

    /// Two segments of length 1 in the plane: elbow and hand where school geometry has them.
    #[test]
    fn a_chain_turns_joint_by_joint() {
        let z = [0.0, 0.0, 1.0];
        let body = Body {
            frames: vec![
                Frame { parent: 0, origin: [0.5, 0.0, 0.0], turns: vec![(0, z)] },
                Frame { parent: 1, origin: [1.0, 0.0, 0.0], turns: vec![(1, z)] },
            ],
            tip: Point::new(2, [1.0, 0.0, 0.0]),
            ..Body::default()
        };
        let placed = body.placed(&[FRAC_PI_2, -FRAC_PI_2]);
        let near = |a: Vector, b: Vector| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-15);
        assert!(near(placed.at(&Point::new(2, [0.0; 3])), [0.5, 1.0, 0.0]), "the elbow above the shoulder");
        assert!(near(placed.at(&body.tip), [1.5, 1.0, 0.0]), "the hand in front of it");
    }

    #[test]
    fn distances_are_to_the_target() {
        let tip = vec![[3.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
        let movement = Movement { tip, target: [0.0, 4.0, 0.0], ..Movement::default() };
        assert_eq!(movement.distances(), [5.0, 4.0]);
    }
}
