//! The tables of the arm: bodies, joints, limits, spheres and muscles.
//!
//! Source of every number: the arm of Miconi 2017 (`MyArm26.osim` of the published program), which takes bones and
//! muscles from the upper-extremity models of Saul et al. 2015 and Holzbaur et al. 2005. Axes of the ground frame: x forwards,
//! y up, z to the right; m, kg, N, rad.

use crate::math::Vec3;
use Frame::{Clavicle, Forearm, Ground, Humerus, Scapula};

/// Joint angles, in the order of every array of four.
pub const COORDINATES: [&str; 4] = ["shoulder_rot", "r_shoulder_angle", "r_shoulder_elev", "r_elbow_flex"];

/// m/s², in the ground frame.
pub const GRAVITY: Vec3 = [0.0, -9.80665, 0.0];

/// The frame a point is fixed to. Clavicle and scapula are welded to the ground; no frame is turned against another
/// when all angles are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The trunk.
    Ground,
    /// Collar bone, fixed.
    Clavicle,
    /// Shoulder blade, fixed.
    Scapula,
    /// Upper arm.
    Humerus,
    /// Ulna, radius and hand as one body.
    Forearm,
}

/// Origin of the clavicle in the ground frame, m.
pub const CLAVICLE: Vec3 = [0.006325, 0.00693, 0.025465];
/// Origin of the scapula in the ground frame, m: (−0.01433, 0.02007, 0.135535) from the clavicle's.
pub const SCAPULA: Vec3 = [-0.008005, 0.027, 0.161];
/// Origin of the humerus, about which it turns, in the ground frame, m.
pub const SHOULDER: Vec3 = [-0.017545, -0.007, 0.17];
/// Origin of the forearm, about which it turns, in the humerus frame, m.
pub const ELBOW: Vec3 = [0.0061, -0.2904, -0.0123];
/// Fingertip in the forearm frame, m.
pub const FINGERTIP: Vec3 = [0.02, -0.40, 0.10];

/// Axes of the four rotations, each in the frame that the rotations before it have made; not yet of length 1.
pub const AXES: [Vec3; 4] =
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [-0.05889802, 0.0023, 0.99826136], [0.04940001, 0.03660001, 0.99810825]];

/// A rigid body.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// kg
    pub mass: f64,
    /// In the body's frame, m.
    pub centre_of_mass: Vec3,
    /// About the centre of mass, along the axes of the body's frame, kg m².
    pub inertia: Vec3,
}

/// Upper arm.
pub const HUMERUS: Body =
    Body { mass: 1.864572, centre_of_mass: [0.0, -0.180496, 0.0], inertia: [0.01481, 0.004551, 0.013193] };
/// Ulna, radius and hand.
pub const FOREARM: Body =
    Body { mass: 1.534315, centre_of_mass: [0.0, -0.181479, 0.0], inertia: [0.019281, 0.001571, 0.020062] };

/// A torque that keeps a coordinate from leaving its range, in the units of its source.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// degrees
    pub upper: f64,
    /// N m per degree
    pub upper_stiffness: f64,
    /// degrees
    pub lower: f64,
    /// N m per degree
    pub lower_stiffness: f64,
    /// N m s per degree
    pub damping: f64,
}

/// Limits of the four coordinates; `shoulder_rot` has none.
pub const LIMITS: [Option<Limit>; 4] = [
    None,
    Some(Limit { upper: 0.0, upper_stiffness: 0.3, lower: -180.0, lower_stiffness: 0.3, damping: 1.0 }),
    Some(Limit { upper: 180.0, upper_stiffness: 0.3, lower: -90.0, lower_stiffness: 0.1, damping: 1.0 }),
    Some(Limit { upper: 130.0, upper_stiffness: 0.9, lower: 0.0, lower_stiffness: 0.9, damping: 1.0 }),
];

/// Beyond a limit, stiffness and damping grow over this angle, degrees.
pub const LIMIT_TRANSITION: f64 = 5.0;

/// A sphere that other bodies' spheres cannot enter freely.
#[derive(Clone, Copy, Debug)]
pub struct Sphere {
    /// Its name in the model's file.
    pub name: &'static str,
    /// The body it belongs to; the two of the trunk are both `Ground`.
    pub frame: Frame,
    /// In that frame, m.
    pub centre: Vec3,
    /// m
    pub radius: f64,
}

/// The spheres.
pub const SPHERES: [Sphere; 4] = [
    Sphere { name: "Humerus", frame: Humerus, centre: [0.0, -0.15, 0.0], radius: 0.05 },
    Sphere { name: "Forearm", frame: Forearm, centre: [0.0, -0.05, 0.0], radius: 0.05 },
    Sphere { name: "Thorax1", frame: Ground, centre: [-0.02, -0.1, 0.0], radius: 0.12 },
    Sphere { name: "Thorax2", frame: Ground, centre: [-0.02, -0.3, 0.0], radius: 0.15 },
];

/// Material of all spheres (Hunt & Crossley's contact).
pub mod contact {
    /// N/m^(3/2)-like stiffness of the file; the law uses ½ · this^(2/3) = 5000.
    pub const STIFFNESS: f64 = 1e6;
    /// s/m
    pub const DISSIPATION: f64 = 1.0;
    /// Coefficient of friction at rest.
    pub const STATIC_FRICTION: f64 = 0.8;
    /// Coefficient of friction when sliding.
    pub const DYNAMIC_FRICTION: f64 = 0.4;
    /// s/m
    pub const VISCOUS_FRICTION: f64 = 0.4;
    /// Sliding speed of the greatest friction, m/s.
    pub const TRANSITION_VELOCITY: f64 = 0.2;
}

/// A muscle and its way from origin to insertion: straight segments between points.
#[derive(Clone, Copy, Debug)]
pub struct Muscle {
    /// Its name in the model's file.
    pub name: &'static str,
    /// Maximal isometric force F0, N.
    pub max_force: f64,
    /// Optimal fibre length L0, m.
    pub optimal_fibre: f64,
    /// Tendon slack length Ls, m.
    pub slack_tendon: f64,
    /// Pennation at optimal length α0, rad.
    pub pennation: f64,
    /// Points, each in its frame, m.
    pub path: &'static [(Frame, Vec3)],
}

/// The muscles, in the order of every array of sixteen.
pub const MUSCLES: [Muscle; 16] = [
    Muscle {
        name: "TRIlong",
        max_force: 798.52,
        optimal_fibre: 0.134,
        slack_tendon: 0.143,
        pennation: 0.209_439_51,
        path: &[
            (Ground, [-0.05365, -0.01373, 0.14723]),
            (Humerus, [-0.02714, -0.11441, -0.00664]),
            (Humerus, [-0.03184, -0.22637, -0.01217]),
            (Humerus, [-0.01743, -0.26757, -0.01208]),
            (Forearm, [-0.0219, 0.01046, -0.00078]),
        ],
    },
    Muscle {
        name: "TRIlat",
        max_force: 624.3,
        optimal_fibre: 0.1138,
        slack_tendon: 0.098,
        pennation: 0.157_079_63,
        path: &[
            (Humerus, [-0.00599, -0.12646, 0.00428]),
            (Humerus, [-0.02344, -0.14528, 0.00928]),
            (Humerus, [-0.03184, -0.22637, -0.01217]),
            (Humerus, [-0.01743, -0.26757, -0.01208]),
            (Forearm, [-0.0219, 0.01046, -0.00078]),
        ],
    },
    Muscle {
        name: "TRImed",
        max_force: 624.3,
        optimal_fibre: 0.1138,
        slack_tendon: 0.0908,
        pennation: 0.157_079_63,
        path: &[
            (Humerus, [-0.00838, -0.13695, -0.00906]),
            (Humerus, [-0.02601, -0.15139, -0.0108]),
            (Humerus, [-0.03184, -0.22637, -0.01217]),
            (Humerus, [-0.01743, -0.26757, -0.01208]),
            (Forearm, [-0.0219, 0.01046, -0.00078]),
        ],
    },
    Muscle {
        name: "BIClong",
        max_force: 624.3,
        optimal_fibre: 0.1157,
        slack_tendon: 0.2723,
        pennation: 0.0,
        path: &[
            (Ground, [-0.039_235, 0.00347, 0.14795]),
            (Humerus, [0.02131, 0.01793, 0.01028]),
            (Humerus, [0.02378, -0.00511, 0.01201]),
            (Humerus, [0.01345, -0.02827, 0.00136]),
            (Humerus, [0.01068, -0.07736, -0.00165]),
            (Humerus, [0.01703, -0.12125, 0.00024]),
            (Humerus, [0.0228, -0.1754, -0.0063]),
            (Forearm, [0.00751, -0.04839, 0.02179]),
        ],
    },
    Muscle {
        name: "BICshort",
        max_force: 435.56,
        optimal_fibre: 0.1321,
        slack_tendon: 0.1923,
        pennation: 0.0,
        path: &[
            (Ground, [0.004_675, -0.01231, 0.13475]),
            (Ground, [-0.007_075, -0.04004, 0.14507]),
            (Humerus, [0.01117, -0.07576, -0.01101]),
            (Humerus, [0.01703, -0.12125, -0.01079]),
            (Humerus, [0.0228, -0.1754, -0.0063]),
            (Forearm, [0.00751, -0.04839, 0.02179]),
        ],
    },
    Muscle {
        name: "BRA",
        max_force: 987.26,
        optimal_fibre: 0.0858,
        slack_tendon: 0.0535,
        pennation: 0.0,
        path: &[(Humerus, [0.0068, -0.1739, -0.0036]), (Forearm, [0.04, -0.06, 0.002])],
    },
    Muscle {
        name: "PECM1",
        max_force: 444.3,
        optimal_fibre: 0.1442,
        slack_tendon: 0.0028,
        pennation: 0.296_705_97,
        path: &[
            (Humerus, [0.01169, -0.04191, 0.0078]),
            (Humerus, [0.018_116_67, -0.03355, -0.00097]),
            (Ground, [-0.004_853_33, 0.00511, 0.111_906_67]),
            (Clavicle, [0.00321, -0.00013, 0.05113]),
        ],
    },
    Muscle {
        name: "PECM2",
        max_force: 658.3,
        optimal_fibre: 0.1385,
        slack_tendon: 0.089,
        pennation: 0.453_785_6,
        path: &[
            (Humerus, [0.01274, -0.04289, 0.00785]),
            (Humerus, [0.016_496_67, -0.03878, -0.00207]),
            (Ground, [0.020_613_33, -0.02625, 0.120_666_67]),
            (Ground, [0.03091, -0.03522, 0.09705]),
            (Ground, [0.02769, -0.04498, 0.02271]),
        ],
    },
    Muscle {
        name: "PECM3",
        max_force: 498.1,
        optimal_fibre: 0.1385,
        slack_tendon: 0.132,
        pennation: 0.436_332_31,
        path: &[
            (Humerus, [0.01269, -0.04375, 0.0075]),
            (Humerus, [0.015_715_52, -0.043_734_33, -0.003_928_83]),
            (Ground, [0.02984, -0.062_893_87, 0.113_433_33]),
            (Ground, [0.0525, -0.08417, 0.08935]),
            (Ground, [0.05724, -0.11654, 0.03787]),
        ],
    },
    Muscle {
        name: "DELT1",
        max_force: 1218.9,
        optimal_fibre: 0.0976,
        slack_tendon: 0.097,
        pennation: 0.383_972_44,
        path: &[
            (Humerus, [0.00896, -0.11883, 0.00585]),
            (Humerus, [0.01623, -0.11033, 0.00412]),
            (Scapula, [0.04347, -0.03202, 0.00139]),
            (Clavicle, [-0.014, 0.01106, 0.08021]),
        ],
    },
    Muscle {
        name: "DELT2",
        max_force: 1103.5,
        optimal_fibre: 0.1078,
        slack_tendon: 0.1095,
        pennation: 0.261_799_39,
        path: &[
            (Humerus, [0.00461, -0.13611, 0.0056]),
            (Scapula, [0.00005, 0.00294, 0.02233]),
            (Scapula, [-0.01078, -0.00034, 0.0062]),
        ],
    },
    Muscle {
        name: "DELT3",
        max_force: 201.6,
        optimal_fibre: 0.1367,
        slack_tendon: 0.038,
        pennation: 0.314_159_27,
        path: &[
            (Scapula, [-0.05573, 0.00122, -0.02512]),
            (Scapula, [-0.07247, -0.03285, 0.01233]),
            (Humerus, [0.00206, -0.07602, 0.01045]),
        ],
    },
    Muscle {
        name: "SUPSP",
        max_force: 487.82,
        optimal_fibre: 0.0682,
        slack_tendon: 0.0395,
        pennation: 0.0, // its file names it in a tag that is not read: 0 (section 6.4, note i)
        path: &[
            (Humerus, [0.00256, 0.01063, 0.02593]),
            (Scapula, [-0.01918, 0.00127, -0.01271]),
            (Scapula, [-0.044, -0.01512, -0.05855]),
        ],
    },
    Muscle {
        name: "INFSP",
        max_force: 1075.8,
        optimal_fibre: 0.0755,
        slack_tendon: 0.0308,
        pennation: 0.331_612_6,
        path: &[(Humerus, [-0.00887, 0.00484, 0.02448]), (Scapula, [-0.07382, -0.05476, -0.04781])],
    },
    Muscle {
        name: "TMIN",
        max_force: 269.5,
        optimal_fibre: 0.0741,
        slack_tendon: 0.0713,
        pennation: 0.418_879_02,
        path: &[
            (Humerus, [-0.00127, -0.01259, 0.022]),
            (Scapula, [-0.09473, -0.07991, -0.04737]),
            (Scapula, [-0.09643, -0.08121, -0.05298]),
        ],
    },
    Muscle {
        name: "BRD",
        max_force: 276.0,
        optimal_fibre: 0.1726,
        slack_tendon: 0.133,
        pennation: 0.0,
        path: &[
            (Humerus, [-0.0098, -0.19963, 0.00223]),
            (Forearm, [0.01, -0.08, 0.035]),
            (Forearm, [0.01, -0.16, 0.05]),
        ],
    },
];
