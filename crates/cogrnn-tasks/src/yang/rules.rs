//! The twenty rules: what each shows and what is right.

use super::ring;
use cogrnn_core::random::Stream;
use cogrnn_core::task::Request;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// In which order things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// A: fixation, stimulus, response.
    Immediate,
    /// A-rt: fixation twice, then the stimulus together with the response.
    Reaction,
    /// B: fixation, stimulus, delay, response.
    Delayed,
    /// C: fixation, stimulus 1, delay, stimulus 2, response.
    Comparison,
}

impl Structure {
    /// What the steps before the response count for in the performance; the response counts for the rest.
    pub fn weight_before(self) -> f64 {
        match self {
            Structure::Immediate | Structure::Reaction => 2.0 / 3.0,
            Structure::Delayed => 4.0 / 5.0,
            Structure::Comparison => 5.0 / 6.0,
        }
    }
}

/// What is to be done with the stimuli.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Towards the stimulus.
    Pro,
    /// Away from it.
    Anti,
    /// Towards the stronger of two in this modality; the other modality is silent.
    Decide(usize),
    /// The same, while the other modality distracts.
    Context(usize),
    /// Towards the one that is stronger in both modalities together.
    Multisensory,
    /// Towards the second stimulus if it is the same as the first, or if it is not (`inverted`).
    Sample {
        /// Answers to a non-match.
        inverted: bool,
    },
    /// The same with the categories of the two.
    Category {
        /// Answers to a non-match.
        inverted: bool,
    },
}

/// A rule of Yang et al. (2019).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// When.
    pub structure: Structure,
    /// What.
    pub family: Family,
}

impl Rule {
    const fn new(name: &'static str, structure: Structure, family: Family) -> Rule {
        Rule { name, structure, family }
    }

    /// Whether some trials ask to go on fixating.
    pub fn withholds(&self) -> bool {
        matches!(self.family, Family::Sample { .. } | Family::Category { .. })
    }
}

/// All rules, in the order of their cues.
#[rustfmt::skip]
pub const RULES: [Rule; 20] = [
    Rule::new("go",           Structure::Immediate,  Family::Pro),
    Rule::new("rtgo",         Structure::Reaction,   Family::Pro),
    Rule::new("dlygo",        Structure::Delayed,    Family::Pro),
    Rule::new("anti",         Structure::Immediate,  Family::Anti),
    Rule::new("rtanti",       Structure::Reaction,   Family::Anti),
    Rule::new("dlyanti",      Structure::Delayed,    Family::Anti),
    Rule::new("dm1",          Structure::Immediate,  Family::Decide(0)),
    Rule::new("dm2",          Structure::Immediate,  Family::Decide(1)),
    Rule::new("ctxdm1",       Structure::Immediate,  Family::Context(0)),
    Rule::new("ctxdm2",       Structure::Immediate,  Family::Context(1)),
    Rule::new("multsendm",    Structure::Immediate,  Family::Multisensory),
    Rule::new("dlydm1",       Structure::Comparison, Family::Decide(0)),
    Rule::new("dlydm2",       Structure::Comparison, Family::Decide(1)),
    Rule::new("ctxdlydm1",    Structure::Comparison, Family::Context(0)),
    Rule::new("ctxdlydm2",    Structure::Comparison, Family::Context(1)),
    Rule::new("multsendlydm", Structure::Comparison, Family::Multisensory),
    Rule::new("dms",          Structure::Comparison, Family::Sample { inverted: false }),
    Rule::new("dnms",         Structure::Comparison, Family::Sample { inverted: true }),
    Rule::new("dmc",          Structure::Comparison, Family::Category { inverted: false }),
    Rule::new("dnmc",         Structure::Comparison, Family::Category { inverted: true }),
];

/// Names of the rules.
pub const NAMES: [&str; 20] = {
    let mut names = [""; 20];
    let mut i = 0;
    while i < 20 {
        names[i] = RULES[i].name;
        i += 1;
    }
    names
};

/// What a trial shows and what is right; angles in radians, modalities from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Stimuli {
    /// Where the first and the second stimulus lie; there may be no second.
    pub angles: [Option<f64>; 2],
    /// In which modality each is meant.
    pub modalities: [usize; 2],
    /// How strong it is there.
    pub strengths: [f64; 2],
    /// How strong it is in the other modality, at the same angle.
    pub others: [f64; 2],
    /// Whether the two match, where that is the question.
    pub matching: Option<bool>,
    /// The correct response; `None` to go on fixating.
    pub response: Option<f64>,
}

/// c, δ and sign: the strengths of two stimuli that are to be compared.
fn pair(stream: &mut Stream) -> [f64; 2] {
    let c = 0.8 + 0.4 * stream.uniform();
    let delta = 0.1 + 0.1 * stream.uniform();
    let sign = if stream.below(2) == 0 { 1.0 } else { -1.0 };
    [c + sign * delta, c - sign * delta]
}

/// A modality that a caller counts from 1.
fn modality(request: &Request<'_>, name: &str, drawn: usize) -> usize {
    usize::from(request.or(name, (drawn + 1) as f64) > 1.5)
}

impl Stimuli {
    /// Draws the stimuli of a trial, with what the request forces.
    pub fn draw(rule: &Rule, compat: bool, request: &Request<'_>, stream: &mut Stream) -> Stimuli {
        // Always the same draws in the same order, so that forcing one leaves the others as they were.
        let first = TAU * stream.uniform();
        let apart = stream.uniform();
        let modalities = [stream.below(2), stream.below(2)];
        let (one, two) = (pair(stream), pair(stream));
        let kappa = 1.2 + 0.2 * stream.uniform();
        let draw_match = stream.below(2) == 0;
        let draw_category = stream.below(2);
        let within = [FRAC_PI_2 * stream.uniform(), FRAC_PI_2 * stream.uniform()];

        let matching = request.or("match", f64::from(u8::from(draw_match))) > 0.5;
        let modalities = [modality(request, "modality1", modalities[0]), modality(request, "modality2", modalities[1])];
        let second = first + FRAC_PI_2 + apart * PI;
        let mut s = Stimuli {
            angles: [Some(first), Some(second)],
            modalities,
            strengths: [1.0, 1.0],
            others: [0.0, 0.0],
            matching: None,
            response: None,
        };
        match rule.family {
            Family::Pro | Family::Anti => {
                s.angles[1] = None;
                s.strengths[1] = 0.0;
            }
            Family::Decide(attended) => {
                s.modalities = [attended; 2];
                s.strengths = one;
            }
            Family::Context(attended) => {
                s.modalities = [attended; 2];
                s.strengths = one;
                s.others = two;
            }
            Family::Multisensory => {
                s.modalities = [modalities[0]; 2];
                // At once, the first is the stronger; one after the other, either comes first.
                let together = rule.structure == Structure::Immediate;
                let sum = if together { [one[0].max(one[1]), one[0].min(one[1])] } else { one };
                s.strengths = sum.map(|x| kappa * x);
                s.others = sum.map(|x| (2.0 - kappa) * x);
            }
            Family::Sample { .. } => {
                s.matching = Some(matching);
                if matching {
                    s.angles[1] = Some(first + (apart - 0.5) * PI / 9.0);
                }
            }
            Family::Category { .. } => {
                s.matching = Some(matching);
                // Soo et al. 2023, code: a non-match adds π twice, so that the first is always [0, π/2)
                let first = if compat && !matching { 0 } else { draw_category };
                let second = if matching { first } else { 1 - first };
                s.angles = [Some(PI * first as f64 + within[0]), Some(PI * second as f64 + within[1])];
            }
        }
        let names = [["angle1", "strength1", "other1"], ["angle2", "strength2", "other2"]];
        for (k, [angle, strength, other]) in names.into_iter().enumerate() {
            s.angles[k] = s.angles[k].map(|a| request.or(angle, a.to_degrees()).to_radians().rem_euclid(TAU));
            s.strengths[k] = request.or(strength, s.strengths[k]);
            s.others[k] = request.or(other, s.others[k]);
        }
        s.response = s.correct(rule, compat);
        s
    }

    /// Where to respond.
    fn correct(&self, rule: &Rule, compat: bool) -> Option<f64> {
        match rule.family {
            Family::Pro => self.angles[0],
            Family::Anti => self.angles[0].map(|a| (a + PI).rem_euclid(TAU)),
            Family::Decide(_) | Family::Context(_) => self.angles[usize::from(self.strengths[1] > self.strengths[0])],
            Family::Multisensory => {
                let total = [0, 1].map(|k| self.strengths[k] + self.others[k]);
                self.angles[usize::from(total[1] > total[0])]
            }
            Family::Sample { inverted } | Family::Category { inverted } => {
                self.angles[1].filter(|_| (self.matching == Some(true)) != (inverted && !compat))
            }
        }
    }

    /// Adds stimulus `k` to the two rings, 2 × 32 channels.
    pub fn show(&self, k: usize, rings: &mut [f32]) {
        let Some(angle) = self.angles[k] else { return };
        for modality in 0..2 {
            let strength = if modality == self.modalities[k] { self.strengths[k] } else { self.others[k] };
            if strength != 0.0 {
                for i in 0..ring::UNITS {
                    rings[modality * ring::UNITS + i] += (strength * ring::bump(angle, i)) as f32;
                }
            }
        }
    }
}
