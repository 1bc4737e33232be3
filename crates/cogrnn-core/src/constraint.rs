//! Constraints are data: one table per weight, one kernel to realise, pull back and project.
//!
//! ```text
//! free     W = F + M θ
//! rectify  W = s [M θ + F]₊          (Song et al. 2016, eq. 14)
//! abs      W = s |M θ + F|
//! clamp    W = F + M θ,  θ projected to s θ ≥ 0 after every change
//! ```
//!
//! `M` plastic (0 or 1), `F` fixed value (a magnitude under rectify and abs), `s` sign.

use crate::error::{Error, Result};
use crate::params::Arena;
use crate::real::Real;

/// How a sign is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Weights may have any sign.
    Free,
    /// W = s \[θ\]₊: a weight that reaches zero has no gradient and stays there.
    Rectify,
    /// W = s |θ|.
    Abs,
    /// θ is the weight itself, clipped to its side after every update.
    Clamp,
}

/// One constraint on a block; any number may be combined.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// 1 where a weight is plastic, 0 where there is none, row-major.
    Mask(Vec<bool>),
    /// Fixed weights: their values where not zero, row-major. Under Dale's law magnitudes.
    Fixed(Vec<f64>),
    /// The whole block stays at this value.
    Frozen(f64),
    /// Dale's law: the sign of each presynaptic column, and how it is kept.
    Dale {
        /// +1 excitatory, -1 inhibitory, one a column.
        signs: Vec<i8>,
        /// Rectify, abs or clamp.
        keep: Keep,
    },
    /// Every effective weight stays within these.
    Bounds {
        /// Lowest weight.
        low: f64,
        /// Highest weight.
        high: f64,
    },
    /// No unit projects to itself.
    NoSelfConnections,
}

/// The table of one block while it is made.
#[derive(Clone, Debug)]
struct Table {
    mask: Vec<bool>,
    fixed: Vec<f64>,
    /// Whether a mask was given, so that plastic was said and not left.
    masked: bool,
    no_self: bool,
    frozen: Option<f64>,
    sign: Vec<i8>,
    keep: Keep,
    low: f64,
    high: f64,
}

/// What each entry of the parameters may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring<F> {
    plastic: Vec<F>,
    fixed: Vec<F>,
    sign: Vec<F>,
    low: Vec<F>,
    high: Vec<F>,
    keep: Vec<(std::ops::Range<usize>, Keep, bool)>,
    bounded: bool,
}

/// How the entries of a range may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freedom {
    /// Each as one likes.
    Whole,
    /// None of them.
    None,
    /// Some of them, or within limits.
    Some,
}

impl<F: Real> Wiring<F> {
    /// How free the weights of a block are.
    pub fn freedom(&self, range: std::ops::Range<usize>) -> Freedom {
        let plastic = &self.plastic[range.clone()];
        let unbounded = |low: &[F], high: &[F]| low.iter().chain(high).all(|x| !x.is_finite());
        if plastic.iter().all(|m| *m == F::ZERO) {
            Freedom::None
        } else if plastic.iter().all(|m| *m != F::ZERO)
            && self.keep(range.start) == Keep::Free
            && unbounded(&self.low[range.clone()], &self.high[range])
        {
            Freedom::Whole
        } else {
            Freedom::Some
        }
    }

    /// No constraint at all.
    pub fn free(arena: &Arena<F>) -> Wiring<F> {
        Wiring::new(arena, &[]).expect("no constraint, no conflict")
    }

    /// The table for these blocks under these constraints (block name, constraint).
    ///
    /// # Errors
    /// A constraint of the wrong shape, or two that cannot both hold; the entry is named.
    ///
    /// # Example: Dale's law with a sparse mask
    /// ```
    /// use cogrnn_core::{constraint::{Constraint::*, Keep, Wiring}, params::Arena};
    /// let arena = Arena::<f64>::new(&[("w_rec", 2, 2)]);
    /// let wiring = Wiring::new(&arena, &[
    ///     ("w_rec", Dale { signs: vec![1, -1], keep: Keep::Rectify }),
    ///     ("w_rec", NoSelfConnections),
    /// ]).unwrap();
    /// let mut w = [0.0; 4];
    /// wiring.realise(&[0.5, 0.5, -0.5, 0.5], &mut w);
    /// assert_eq!(w, [0.0, -0.5, 0.0, 0.0]);
    /// ```
    pub fn new(arena: &Arena<F>, constraints: &[(&str, Constraint)]) -> Result<Wiring<F>> {
        let mut wiring = Wiring {
            plastic: Vec::new(),
            fixed: Vec::new(),
            sign: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            keep: Vec::new(),
            bounded: false,
        };
        for (name, _) in constraints {
            if arena.find(name).is_none() {
                let known: Vec<_> = arena.blocks().iter().map(|b| b.name).collect();
                return Err(Error::input(format!("there are no weights called `{name}`"))
                    .why(format!("this network has {}", known.join(", ")))
                    .remedy("constrain one of these"));
            }
        }
        for block in arena.blocks() {
            let n = block.len();
            let mut table = Table {
                mask: vec![true; n],
                fixed: vec![0.0; n],
                masked: false,
                no_self: false,
                frozen: None,
                sign: vec![0; n],
                keep: Keep::Free,
                low: f64::NEG_INFINITY,
                high: f64::INFINITY,
            };
            for (_, constraint) in constraints.iter().filter(|(name, _)| *name == block.name) {
                table.write(block, constraint)?;
            }
            table.settle(block)?;
            wiring.push(block, &table);
        }
        Ok(wiring)
    }

    fn push(&mut self, block: &crate::params::Block, table: &Table) {
        let real = |x: f64| F::from_f64(x);
        self.plastic.extend(table.mask.iter().map(|&m| if m { F::ONE } else { F::ZERO }));
        self.fixed.extend(table.fixed.iter().map(|&f| real(f)));
        self.sign.extend(table.sign.iter().map(|&s| if s == 0 { F::ONE } else { real(f64::from(s)) }));
        for i in 0..table.mask.len() {
            // Bounds on θ that keep the weight within its own.
            let (low, high) = (table.low, table.high);
            let (lo, hi) = match (table.keep, table.sign[i]) {
                (Keep::Rectify | Keep::Abs, s) if s < 0 => ((-high).max(0.0), -low),
                (Keep::Rectify | Keep::Abs, _) => (low.max(0.0), high),
                (Keep::Clamp, s) if s > 0 => (low.max(0.0), high),
                (Keep::Clamp, s) if s < 0 => (low, high.min(0.0)),
                _ => (low, high),
            };
            self.low.push(real(lo));
            self.high.push(real(hi));
        }
        let bounded = table.low.is_finite() || table.high.is_finite();
        self.bounded |= bounded;
        self.keep.push((block.range(), table.keep, bounded));
    }

    /// Effective weights of θ.
    pub fn realise(&self, theta: &[F], w: &mut [F]) {
        for (range, keep, _) in &self.keep {
            let entries = w[range.clone()].iter_mut().zip(&theta[range.clone()]);
            let table =
                self.plastic[range.clone()].iter().zip(&self.fixed[range.clone()]).zip(&self.sign[range.clone()]);
            match keep {
                Keep::Rectify => {
                    for ((w, theta), ((m, f), s)) in entries.zip(table) {
                        let free = *m * *theta + *f;
                        *w = *s * (if free > F::ZERO { free } else { F::ZERO });
                    }
                }
                Keep::Abs => {
                    for ((w, theta), ((m, f), s)) in entries.zip(table) {
                        *w = *s * (*m * *theta + *f).abs();
                    }
                }
                Keep::Free | Keep::Clamp => {
                    for ((w, theta), ((m, f), _)) in entries.zip(table) {
                        *w = *m * *theta + *f;
                    }
                }
            }
        }
    }

    /// Turns a gradient with respect to the weights into one with respect to θ, in place.
    pub fn pull_back(&self, theta: &[F], gradient: &mut [F]) {
        for (range, keep, _) in &self.keep {
            let entries = gradient[range.clone()].iter_mut().zip(&theta[range.clone()]);
            let table =
                self.plastic[range.clone()].iter().zip(&self.fixed[range.clone()]).zip(&self.sign[range.clone()]);
            match keep {
                Keep::Rectify => {
                    for ((g, theta), ((m, f), s)) in entries.zip(table) {
                        let slope = if *m * *theta + *f > F::ZERO { *s } else { F::ZERO };
                        *g *= *m * slope;
                    }
                }
                Keep::Abs => {
                    for ((g, theta), ((m, f), s)) in entries.zip(table) {
                        let free = *m * *theta + *f;
                        let up = if free > F::ZERO { *s } else { F::ZERO };
                        let down = if free < F::ZERO { *s } else { F::ZERO };
                        *g *= *m * (up - down);
                    }
                }
                Keep::Free | Keep::Clamp => {
                    for ((g, _), ((m, _), _)) in entries.zip(table) {
                        *g *= *m;
                    }
                }
            }
        }
    }

    /// Brings θ back to where it is allowed.
    pub fn project(&self, theta: &mut [F]) {
        for (range, keep, bounded) in &self.keep {
            if *keep != Keep::Clamp && !bounded {
                continue;
            }
            for i in range.clone() {
                if self.plastic[i] == F::ZERO {
                    continue;
                }
                let x = theta[i];
                match keep {
                    Keep::Clamp => {
                        if x < self.low[i] {
                            theta[i] = self.low[i];
                        } else if x > self.high[i] {
                            theta[i] = self.high[i];
                        }
                    }
                    Keep::Abs if *bounded => {
                        let side = if x < F::ZERO { -F::ONE } else { F::ONE };
                        if x.abs() > self.high[i] {
                            theta[i] = side * self.high[i];
                        } else if x.abs() < self.low[i] {
                            theta[i] = side * self.low[i];
                        }
                    }
                    Keep::Free | Keep::Rectify if *bounded => {
                        // A negative θ under rectify is a weight of zero: only the bounds move it.
                        if x > self.high[i] {
                            theta[i] = self.high[i];
                        } else if x < self.low[i] && (*keep == Keep::Free || self.low[i] > F::ZERO) {
                            theta[i] = self.low[i];
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// 1 where an entry is plastic.
    pub fn plastic(&self) -> &[F] {
        &self.plastic
    }

    /// Fixed values (magnitudes under rectify and abs).
    pub fn fixed(&self) -> &[F] {
        &self.fixed
    }

    /// Fixed values, to rescale at initialisation.
    pub fn fixed_mut(&mut self) -> &mut [F] {
        &mut self.fixed
    }

    /// The first fixed entry whose weight is not within its bounds.
    pub fn fixed_outside_bounds(&self) -> Option<usize> {
        let outside = |i: &usize| {
            let f = self.fixed[*i];
            self.plastic[*i] == F::ZERO && f != F::ZERO && !(self.low[*i]..=self.high[*i]).contains(&f)
        };
        (0..self.fixed.len()).find(outside)
    }

    /// Sign of each entry: -1, or 1 (also where any sign is allowed).
    pub fn signs(&self) -> &[F] {
        &self.sign
    }

    /// How the signs of the block that holds entry `i` are kept.
    pub fn keep(&self, i: usize) -> Keep {
        self.keep.iter().find(|(range, ..)| range.contains(&i)).map_or(Keep::Free, |k| k.1)
    }
}

impl Table {
    fn write(&mut self, block: &crate::params::Block, constraint: &Constraint) -> Result<()> {
        let n = block.len();
        let shape = |what: &str, have: usize, want: usize| {
            if have == want {
                return Ok(());
            }
            Err(Error::input(format!("the {what} of `{}` has {have} entries", block.name))
                .why(format!("`{}` is {} × {}, so {want} are needed", block.name, block.rows, block.cols))
                .remedy("give one entry a weight, row-major, W[post, pre]"))
        };
        match constraint {
            Constraint::Mask(mask) => {
                shape("mask", mask.len(), n)?;
                self.masked = true;
                for (m, new) in self.mask.iter_mut().zip(mask) {
                    *m &= new;
                }
            }
            Constraint::Fixed(values) => {
                shape("fixed weights", values.len(), n)?;
                for (i, &value) in values.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                    if !value.is_finite() {
                        return Err(Error::input(format!("`{}` is fixed at {value}", block.entry(i)))
                            .why("a weight is a finite number")
                            .remedy("give a number"));
                    }
                    if self.fixed[i] != 0.0 && self.fixed[i] != value {
                        return Err(Error::input(format!("`{}` is fixed twice", block.entry(i)))
                            .why(format!("once at {} and once at {value}", self.fixed[i]))
                            .remedy("keep one of the two"));
                    }
                    self.fixed[i] = value;
                }
            }
            Constraint::Frozen(value) => {
                if !value.is_finite() {
                    return Err(Error::input(format!("`{}` is frozen at {value}", block.name))
                        .why("a weight is a finite number")
                        .remedy("give a number"));
                }
                if let Some(other) = self.frozen.filter(|other| other != value) {
                    return Err(Error::input(format!("`{}` is frozen twice", block.name))
                        .why(format!("once at {other} and once at {value}"))
                        .remedy("keep one of the two"));
                }
                self.frozen = Some(*value);
            }
            Constraint::Dale { signs, keep } => {
                shape("signs", signs.len(), block.cols)?;
                if *keep == Keep::Free {
                    return Err(Error::input(format!("Dale's law on `{}` has no way to be kept", block.name))
                        .why("`free` lets a weight change its sign")
                        .remedy("keep it by rectify, abs or clamp"));
                }
                if self.keep != Keep::Free && self.keep != *keep {
                    return Err(Error::input(format!("`{}` is to keep its signs in two ways", block.name))
                        .why(format!("by {:?} and by {:?}", self.keep, keep).to_lowercase())
                        .remedy("choose one"));
                }
                self.keep = *keep;
                for (i, s) in self.sign.iter_mut().enumerate() {
                    let new = signs[i % block.cols].signum();
                    if *s != 0 && new != 0 && *s != new {
                        return Err(Error::input(format!(
                            "`{}` is to be both excitatory and inhibitory",
                            block.entry(i)
                        ))
                        .why("two constraints give its presynaptic unit different signs")
                        .remedy("give each unit one sign"));
                    }
                    *s = new;
                }
            }
            Constraint::Bounds { low, high } => {
                self.low = self.low.max(*low);
                self.high = self.high.min(*high);
            }
            Constraint::NoSelfConnections => {
                if block.rows != block.cols {
                    return Err(Error::input(format!("`{}` cannot be without self-connections", block.name))
                        .why(format!("it is {} × {}: not from units to the same units", block.rows, block.cols))
                        .remedy("ask it of `w_rec`"));
                }
                self.no_self = true;
                for i in 0..block.rows {
                    self.mask[i * block.cols + i] = false;
                }
            }
        }
        Ok(())
    }

    /// Finds what cannot hold together. A fixed entry is not plastic; only a mask that says it is makes
    /// a conflict of it.
    fn settle(&mut self, block: &crate::params::Block) -> Result<()> {
        if self.low > self.high {
            return Err(Error::input(format!("no weight of `{}` can lie within its bounds", block.name))
                .why(format!("the lowest, {}, is above the highest, {}", self.low, self.high))
                .remedy("swap the two"));
        }
        for i in 0..self.mask.len() {
            if let Some(value) = self.frozen {
                if self.fixed[i] != 0.0 && self.fixed[i] != value {
                    return Err(Error::input(format!("`{}` is fixed at {}", block.entry(i), self.fixed[i]))
                        .why(format!("all of `{}` is frozen at {value}", block.name))
                        .remedy("drop one of the two"));
                }
                self.fixed[i] = value;
                self.mask[i] = false;
            }
            let fixed = self.fixed[i];
            if self.frozen.is_none() && fixed != 0.0 {
                let own = i / block.cols == i % block.cols;
                if self.no_self && own {
                    return Err(Error::input(format!("`{}` is fixed at {fixed}", block.entry(i)))
                        .why("this network has no self-connections")
                        .remedy("clear it in the fixed weights, or allow self-connections"));
                }
                if self.mask[i] && self.masked {
                    return Err(Error::input(format!("`{}` is both plastic and fixed at {fixed}", block.entry(i)))
                        .why("a weight is one or the other")
                        .remedy("clear it in the mask, or in the fixed weights"));
                }
                self.mask[i] = false;
            }
            let magnitude = matches!(self.keep, Keep::Rectify | Keep::Abs);
            let value = if magnitude { fixed * f64::from(self.sign[i].max(-1)) } else { fixed };
            if fixed < 0.0 && magnitude {
                return Err(Error::input(format!("`{}` is fixed at {fixed}", block.entry(i)))
                    .why("under Dale's law fixed weights are magnitudes; the sign comes from the unit")
                    .remedy("give the magnitude, and make the presynaptic unit inhibitory if it is to be negative"));
            }
            if self.keep == Keep::Clamp && fixed * f64::from(self.sign[i]) < 0.0 {
                return Err(Error::input(format!("`{}` is fixed at {fixed}", block.entry(i)))
                    .why("its presynaptic unit has the other sign under Dale's law")
                    .remedy("change the sign of the weight or of the unit"));
            }
            if (fixed != 0.0 || self.frozen.is_some()) && !(self.low..=self.high).contains(&value) {
                return Err(Error::input(format!("`{}` is fixed at {value}", block.entry(i)))
                    .why(format!("its bounds are {} to {}", self.low, self.high))
                    .remedy("widen the bounds or change the fixed weight"));
            }
            let impossible = (self.sign[i] > 0 && self.high < 0.0) || (self.sign[i] < 0 && self.low > 0.0);
            if self.mask[i] && self.keep != Keep::Free && impossible {
                return Err(Error::input(format!("`{}` can have no value", block.entry(i)))
                    .why("its bounds exclude the sign that Dale's law gives it")
                    .remedy("let the bounds include zero"));
            }
        }
        Ok(())
    }
}
