//! Where the eye goes in the sequence task (sections 4.8 and 5.11, figures 8B and 8D).
//!
//! A movement ends at the last sample of its epoch; it is right if the dot it was to reach is the nearest of all.

mod report;

pub use report::{Movement, Report, Sequence, Trace};

/// The screen, and the way of each sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The column of the sequence; `sequence`.
    pub sequence: String,
    /// The movement epochs, in order; `M1`, `M2`, `M3`.
    pub epochs: Vec<String>,
    /// Positions of the dots; 3 × 3 from the upper left, 0.5 apart, (0, 0) in the middle.
    pub dots: Vec<[f64; 2]>,
    /// Value in the column, and the dot at the end of each movement; the eight sequences of Song et al. (2016),
    /// counted from 1.
    pub paths: Vec<(f64, Vec<usize>)>,
    /// How many trials are kept as traces; 8.
    pub traces: usize,
    /// What x and y are, with the unit; `screen units`.
    pub unit: String,
}

impl Default for Settings {
    fn default() -> Settings {
        // section 4.8, table of sequences, without the dot 4 that all start from
        let paths = [[5, 1, 0], [3, 1, 2], [3, 7, 8], [5, 7, 6], [5, 1, 2], [3, 1, 0], [3, 7, 6], [5, 7, 8]];
        let dot = |k: usize| [-0.5 + 0.5 * (k % 3) as f64, -0.5 + 0.5 * (2 - k / 3) as f64];
        Settings {
            sequence: "sequence".to_string(),
            epochs: ["M1", "M2", "M3"].map(String::from).to_vec(),
            dots: (0..9).map(dot).collect(),
            paths: paths.iter().zip(1u8..).map(|(path, s)| (f64::from(s), path.to_vec())).collect(),
            traces: 8,
            unit: "screen units".to_string(),
        }
    }
}
