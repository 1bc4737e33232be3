//! The specification written down once more, as plainly as can be: what the library is compared with.
//!
//! Naive loops over trials, steps and units; no adjoint but the one that Ω's own definition asks for. Any
//! one term can be left out, to show that a comparison would notice.

use super::Problem;
use cogrnn_core::constraint::{Constraint, Keep};
use cogrnn_core::params::Arena;
use cogrnn_core::readout::{Loss, Readout};
use cogrnn_networks::rate::Nonlinearity;

/// What is left out, or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// (1-α) x in the step.
    Leak,
    /// The noise in the bracket of α.
    Noise,
    /// The input of the same step: the one before is used.
    InputTime,
    /// b_rec and b_out.
    Bias,
    /// Fixed weights.
    Fixed,
    /// Masks: every weight is there.
    Mask,
    /// The sign of inhibitory columns.
    Sign,
    /// The mask of the loss.
    LossMask,
    /// The L1 penalty.
    L1,
    /// The L2 penalty.
    L2,
    /// The penalty of the rates.
    Rates,
    /// The steps of the padding, in the penalty of the rates.
    Padding,
    /// (1-α) G in v.
    FlowLeak,
    /// f' in v.
    FlowSlope,
    /// α in v.
    FlowAlpha,
    /// (1-α) in G.
    FlowScale,
    /// The direct errors in δ.
    FlowErrors,
    /// Pairs without an error count in the mean.
    FlowPairs,
    /// Nothing is cut.
    Cut,
}

/// What the network costs beside its loss, and where the gradient is cut.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub l1: Vec<(&'static str, f64)>,
    pub l2: Vec<(&'static str, f64)>,
    pub rates: f64,
    pub truncation: Option<usize>,
}

/// x (time from 0 × trial × unit) and the sums a of the readout (time from 1 × trial × output).
#[derive(Clone, Debug)]
pub struct Path {
    pub x: Vec<Vec<Vec<f64>>>,
    pub a: Vec<Vec<Vec<f64>>>,
}

/// A problem, solved plainly.
#[derive(Clone, Debug)]
pub struct Plain<'a> {
    pub p: &'a Problem,
    pub plan: &'a Plan,
    pub fault: Fault,
}

pub fn f(kind: Nonlinearity, x: f64) -> f64 {
    match kind {
        Nonlinearity::Linear => x,
        Nonlinearity::Rectify => x.max(0.0),
        Nonlinearity::RectifyPower(n) => x.max(0.0).powf(n),
        Nonlinearity::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Nonlinearity::Tanh => x.tanh(),
        Nonlinearity::RectifyTanh => x.tanh().max(0.0),
        Nonlinearity::Softplus => x.exp().ln_1p(),
        Nonlinearity::Clipped { threshold, most } => (x - threshold).clamp(0.0, most),
    }
}

pub fn slope(kind: Nonlinearity, x: f64) -> f64 {
    let on = f64::from(u8::from(x > 0.0));
    match kind {
        Nonlinearity::Linear => 1.0,
        Nonlinearity::Rectify => on,
        Nonlinearity::RectifyPower(n) => on * n * x.max(0.0).powf(n - 1.0),
        Nonlinearity::Sigmoid => f(kind, x) * (1.0 - f(kind, x)),
        Nonlinearity::Tanh => 1.0 - x.tanh().powi(2),
        Nonlinearity::RectifyTanh => on * (1.0 - x.tanh().powi(2)),
        Nonlinearity::Softplus => 1.0 / (1.0 + (-x).exp()),
        Nonlinearity::Clipped { threshold, most } => f64::from(u8::from(x > threshold && x < threshold + most)),
    }
}

pub fn outputs(kind: Readout, a: &[f64]) -> Vec<f64> {
    let each = |g: &dyn Fn(f64) -> f64| a.iter().map(|a| g(*a)).collect();
    match kind {
        Readout::Linear => a.to_vec(),
        Readout::Rectify => each(&|a| a.max(0.0)),
        Readout::RectifyPower(n) => each(&|a| a.max(0.0).powf(n)),
        Readout::Sigmoid => each(&|a| 1.0 / (1.0 + (-a).exp())),
        Readout::Tanh => each(&f64::tanh),
        Readout::RectifyTanh => each(&|a| a.tanh().max(0.0)),
        Readout::Softmax => {
            let sum: f64 = a.iter().map(|a| a.exp()).sum();
            each(&|a| a.exp() / sum)
        }
    }
}

/// dz_m/da_l.
fn output_slope(kind: Readout, a: &[f64], z: &[f64], m: usize, l: usize) -> f64 {
    if kind == Readout::Softmax {
        return z[m] * (f64::from(u8::from(m == l)) - z[l]);
    }
    if m != l {
        return 0.0;
    }
    slope(
        match kind {
            Readout::Rectify => Nonlinearity::Rectify,
            Readout::RectifyPower(n) => Nonlinearity::RectifyPower(n),
            Readout::Sigmoid => Nonlinearity::Sigmoid,
            Readout::Tanh => Nonlinearity::Tanh,
            Readout::RectifyTanh => Nonlinearity::RectifyTanh,
            _ => Nonlinearity::Linear,
        },
        a[l],
    )
}

fn loss(kind: Loss, z: f64, y: f64) -> f64 {
    match kind {
        Loss::Squared => (z - y).powi(2),
        Loss::HalfSquared => 0.5 * (z - y).powi(2),
        Loss::Absolute => (z - y).abs(),
        Loss::BinaryCrossEntropy => -y * (z + 1e-10).ln() - (1.0 - y) * (1.0 - z + 1e-10).ln(),
        Loss::CategoricalCrossEntropy => -y * (z + 1e-10).ln(),
    }
}

fn loss_slope(kind: Loss, z: f64, y: f64) -> f64 {
    match kind {
        Loss::Squared => 2.0 * (z - y),
        Loss::HalfSquared => z - y,
        Loss::Absolute => (z - y).signum(),
        Loss::BinaryCrossEntropy => -y / (z + 1e-10) + (1.0 - y) / (1.0 - z + 1e-10),
        Loss::CategoricalCrossEntropy => -y / (z + 1e-10),
    }
}

/// Whether a nonlinearity has a kink at 0.
pub fn kinked(kind: Nonlinearity) -> bool {
    matches!(kind, Nonlinearity::Rectify | Nonlinearity::RectifyPower(_) | Nonlinearity::RectifyTanh)
}

impl Plain<'_> {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub fn steps(&self) -> usize {
        *self.p.lengths.iter().max().unwrap()
    }

    pub fn trials(&self) -> usize {
        self.p.lengths.len()
    }

    pub fn alpha(&self, i: usize) -> f64 {
        self.p.dt / self.p.tau[i]
    }

    /// (plastic, fixed value, sign, how it is kept) of one entry.
    fn entry(&self, name: &str, rows: usize, cols: usize, k: usize) -> (bool, f64, f64, Keep) {
        let (mut plastic, mut fixed, mut sign, mut kept) = (true, 0.0, 1.0, Keep::Free);
        for (_, constraint) in self.p.constraints.iter().filter(|(block, _)| *block == name) {
            match constraint {
                Constraint::Mask(mask) => plastic &= mask[k] || self.is(Fault::Mask),
                Constraint::NoSelfConnections => {
                    plastic &= rows != cols || k / cols != k % cols || self.is(Fault::Mask)
                }
                Constraint::Fixed(values) if values[k] != 0.0 => {
                    plastic = false;
                    fixed = if self.is(Fault::Fixed) { 0.0 } else { values[k] };
                }
                Constraint::Frozen(value) => {
                    plastic = false;
                    fixed = *value;
                }
                Constraint::Dale { signs, keep } => {
                    sign = if self.is(Fault::Sign) { 1.0 } else { f64::from(signs[k % cols]) };
                    kept = *keep;
                }
                _ => {}
            }
        }
        (plastic, fixed, sign, kept)
    }

    /// Which entries of θ are plastic.
    pub fn plastic(&self, theta: &Arena<f64>) -> Vec<bool> {
        theta.blocks().iter().flat_map(|b| (0..b.len()).map(|k| self.entry(b.name, b.rows, b.cols, k).0)).collect()
    }

    /// The effective weights of θ.
    pub fn weights(&self, theta: &Arena<f64>) -> Arena<f64> {
        let mut w = theta.clone();
        for block in theta.blocks() {
            for (k, i) in block.range().enumerate() {
                let (plastic, fixed, sign, keep) = self.entry(block.name, block.rows, block.cols, k);
                let free = if plastic { theta.data()[i] } else { fixed };
                w.data_mut()[i] = match keep {
                    Keep::Rectify => sign * free.max(0.0),
                    Keep::Abs => sign * free.abs(),
                    Keep::Free | Keep::Clamp => free,
                };
            }
        }
        w
    }

    /// x and a of every step. Behind a step where the gradient is cut the path goes on from `settled`, which
    /// no change of the weights moves.
    pub fn walk(&self, w: &Arena<f64>, settled: Option<&Path>) -> Path {
        let p = self.p;
        let (n, inputs, outputs) = (p.shape.units, p.shape.inputs, p.shape.outputs);
        let (w_in, w_rec, w_out) = (w.block("w_in"), w.block("w_rec"), w.block("w_out"));
        let bias = f64::from(u8::from(!self.is(Fault::Bias)));
        let trials = self.trials();
        let mut path = Path { x: vec![vec![w.block("x0").to_vec(); trials]], a: Vec::new() };
        for t in 1..=self.steps() {
            let cut = t > 1 && self.plan.truncation.is_some_and(|k| (t - 1).is_multiple_of(k));
            let from = match settled {
                Some(settled) if cut && !self.is(Fault::Cut) => &settled.x[t - 1],
                _ => &path.x[t - 1],
            };
            let (mut xs, mut sums) = (Vec::new(), Vec::new());
            for b in 0..trials {
                let before = &from[b];
                let r: Vec<f64> = before.iter().map(|x| f(p.nonlinearity, *x)).collect();
                let mut x = vec![0.0; n];
                for i in 0..n {
                    let row = (t - 1) * trials + b;
                    let mut current = bias * w.block("b_rec")[i];
                    for j in 0..n {
                        current += w_rec[i * n + j] * r[j];
                    }
                    for k in 0..inputs {
                        let row = if self.is(Fault::InputTime) { row.saturating_sub(trials) } else { row };
                        current += w_in[i * inputs + k] * p.inputs[row * inputs + k];
                    }
                    if !self.is(Fault::Noise) {
                        current += p.noise[row * n + i];
                    }
                    let kept = if self.is(Fault::Leak) { 1.0 } else { 1.0 - self.alpha(i) };
                    x[i] = kept * before[i] + self.alpha(i) * current;
                }
                sums.push(
                    (0..outputs)
                        .map(|l| {
                            (0..n).map(|i| w_out[l * n + i] * f(p.nonlinearity, x[i])).sum::<f64>()
                                + bias * w.block("b_out")[l]
                        })
                        .collect(),
                );
                xs.push(x);
            }
            path.x.push(xs);
            path.a.push(sums);
        }
        path
    }

    fn mask(&self, t: usize, b: usize, l: usize) -> f64 {
        let at = ((t - 1) * self.trials() + b) * self.p.shape.outputs + l;
        if self.is(Fault::LossMask) && t <= self.p.lengths[b] { 1.0 } else { self.p.mask[at] }
    }

    fn target(&self, t: usize, b: usize, l: usize) -> f64 {
        self.p.targets[((t - 1) * self.trials() + b) * self.p.shape.outputs + l]
    }

    fn mask_sum(&self) -> f64 {
        self.samples().map(|(t, b)| (0..self.p.shape.outputs).map(|l| self.mask(t, b, l)).sum::<f64>()).sum()
    }

    /// Every step and trial, padding included.
    pub fn samples(&self) -> impl Iterator<Item = (usize, usize)> {
        let trials = self.trials();
        (1..=self.steps()).flat_map(move |t| (0..trials).map(move |b| (t, b)))
    }

    /// L.
    pub fn loss(&self, path: &Path) -> f64 {
        let mut sum = 0.0;
        for (t, b) in self.samples() {
            let z = outputs(self.p.readout, &path.a[t - 1][b]);
            for l in 0..z.len() {
                sum += self.mask(t, b, l) * loss(self.p.loss, z[l], self.target(t, b, l));
            }
        }
        sum / self.mask_sum()
    }

    /// Root mean squared error.
    pub fn rmse(&self, path: &Path) -> f64 {
        let mut sum = 0.0;
        for (t, b) in self.samples() {
            let z = outputs(self.p.readout, &path.a[t - 1][b]);
            for l in 0..z.len() {
                sum += self.mask(t, b, l) * (z[l] - self.target(t, b, l)).powi(2);
            }
        }
        (sum / self.mask_sum()).sqrt()
    }

    /// L and the penalties.
    pub fn cost(&self, theta: &Arena<f64>, path: &Path) -> f64 {
        let mean = |block: &[f64], each: &dyn Fn(f64) -> f64| {
            block.iter().map(|w| each(*w)).sum::<f64>() / block.len().max(1) as f64
        };
        let mut cost = self.loss(path);
        for (name, lambda) in self.plan.l1.iter().filter(|_| !self.is(Fault::L1)) {
            cost += lambda * mean(theta.block(name), &f64::abs);
        }
        for (name, lambda) in self.plan.l2.iter().filter(|_| !self.is(Fault::L2)) {
            cost += lambda * mean(theta.block(name), &|w| w * w);
        }
        if !self.is(Fault::Rates) {
            let mut sum = 0.0;
            for (t, b) in self.samples() {
                if self.is(Fault::Padding) && t > self.p.lengths[b] {
                    continue;
                }
                sum += path.x[t][b].iter().map(|x| f(self.p.nonlinearity, *x).powi(2)).sum::<f64>();
            }
            cost += self.plan.rates * sum / (self.steps() * self.trials() * self.p.shape.units) as f64;
        }
        cost
    }

    /// On which side of each kink everything lies.
    pub fn sides(&self, theta: &Arena<f64>, path: &Path) -> Vec<bool> {
        let mut sides: Vec<bool> = theta.data().iter().map(|w| *w > 0.0).collect();
        if kinked(self.p.nonlinearity) {
            sides.extend(path.x.iter().flatten().flatten().map(|x| *x > 0.0));
        }
        if matches!(self.p.readout, Readout::Rectify | Readout::RectifyPower(_) | Readout::RectifyTanh) {
            sides.extend(path.a.iter().flatten().flatten().map(|a| *a > 0.0));
        }
        sides
    }

    /// How near anything comes to 0 whose power n < 2 is taken.
    pub fn nearest_to_a_cusp(&self, path: &Path) -> f64 {
        let least = |all: &[Vec<Vec<f64>>]| all.iter().flatten().flatten().fold(f64::INFINITY, |m, x| m.min(x.abs()));
        let units = matches!(self.p.nonlinearity, Nonlinearity::RectifyPower(n) if n < 2.0);
        let outputs = matches!(self.p.readout, Readout::RectifyPower(n) if n < 2.0);
        let x = if units { least(&path.x) } else { f64::INFINITY };
        let a = if outputs { least(&path.a) } else { f64::INFINITY };
        x.min(a)
    }

    /// How near an output comes to where it saturates: the error there is a difference of nearly equal numbers.
    pub fn nearest_to_saturation(&self, path: &Path) -> f64 {
        let room: fn(f64) -> f64 = match self.p.readout {
            Readout::Sigmoid | Readout::Softmax => |z| z.min(1.0 - z),
            Readout::Tanh | Readout::RectifyTanh => |z| 1.0 - z.abs(),
            _ => |_| f64::INFINITY,
        };
        path.a.iter().flatten().flat_map(|a| outputs(self.p.readout, a)).map(room).fold(f64::INFINITY, f64::min)
    }

    fn cut(&self, t: usize) -> bool {
        !self.is(Fault::Cut) && self.plan.truncation.is_some_and(|k| t.is_multiple_of(k))
    }

    /// δ_t = dL/dx_t of the loss alone (time from 1 × trial × unit), by the recursion of section 3.3.
    pub fn delta(&self, w: &Arena<f64>, path: &Path) -> Vec<Vec<Vec<f64>>> {
        let p = self.p;
        let (n, outs) = (p.shape.units, p.shape.outputs);
        let (w_rec, w_out) = (w.block("w_rec"), w.block("w_out"));
        let all = self.mask_sum();
        let mut delta = vec![vec![vec![0.0; n]; self.trials()]; self.steps()];
        for t in (1..=self.steps()).rev() {
            for b in 0..self.trials() {
                let a = &path.a[t - 1][b];
                let z = outputs(p.readout, a);
                let mut error = vec![0.0; outs];
                for l in 0..outs {
                    for m in 0..outs {
                        error[l] += self.mask(t, b, m) / all
                            * loss_slope(p.loss, z[m], self.target(t, b, m))
                            * output_slope(p.readout, a, &z, m, l);
                    }
                }
                if self.is(Fault::FlowErrors) && t < self.p.lengths[b] {
                    error.fill(0.0);
                }
                let ahead = (t < self.steps() && !self.cut(t)).then(|| delta[t][b].clone());
                for j in 0..n {
                    let mut onto = (0..outs).map(|l| error[l] * w_out[l * n + j]).sum::<f64>();
                    let mut d = 0.0;
                    if let Some(ahead) = &ahead {
                        onto += (0..n).map(|i| self.alpha(i) * ahead[i] * w_rec[i * n + j]).sum::<f64>();
                        d += (1.0 - self.alpha(j)) * ahead[j];
                    }
                    delta[t - 1][b][j] = d + slope(p.nonlinearity, path.x[t][b][j]) * onto;
                }
            }
        }
        delta
    }

    /// Ω of given x and δ, with these weights in v alone.
    pub fn omega(&self, w: &Arena<f64>, path: &Path, delta: &[Vec<Vec<f64>>]) -> f64 {
        let n = self.p.shape.units;
        let w_rec = w.block("w_rec");
        // at α = 1, where G would be 0, δ takes its place
        let whole = (0..n).all(|i| self.alpha(i) == 1.0);
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (t, b) in self.samples() {
            if t == self.steps() || self.cut(t) {
                pairs += f64::from(u8::from(self.is(Fault::FlowPairs)));
                continue;
            }
            let g: Vec<f64> = (0..n)
                .map(|i| delta[t][b][i] * if whole || self.is(Fault::FlowScale) { 1.0 } else { 1.0 - self.alpha(i) })
                .collect();
            let before: f64 = g.iter().map(|g| g * g).sum();
            if before < 1e-20 {
                pairs += f64::from(u8::from(self.is(Fault::FlowPairs)));
                continue;
            }
            let mut after = 0.0;
            for j in 0..n {
                let onto: f64 = (0..n)
                    .map(|i| if self.is(Fault::FlowAlpha) { 1.0 } else { self.alpha(i) } * g[i] * w_rec[i * n + j])
                    .sum();
                let bend = if self.is(Fault::FlowSlope) { 1.0 } else { slope(self.p.nonlinearity, path.x[t][b][j]) };
                let kept = if self.is(Fault::FlowLeak) { 0.0 } else { (1.0 - self.alpha(j)) * g[j] };
                after += (kept + bend * onto).powi(2);
            }
            sum += (after / before - 1.0).powi(2);
            pairs += 1.0;
        }
        if pairs > 0.0 { sum / pairs } else { 0.0 }
    }
}
