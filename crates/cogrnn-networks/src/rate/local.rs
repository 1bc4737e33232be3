//! What local rules and wrappers see of the rate network. Its state is what leaks, x or r, so that
//!
//! ```text
//! leak = potential    gain = α             slope = f'(x_t)      ∂x_t/∂x_{t-1} = (1-α) I + α W_rec diag f'(x_{t-1})    (Song, eq. 24)
//! leak = rate         gain = α f'(x_t)     slope = 1            ∂r_t/∂r_{t-1} = (1-α) I + α diag f'(x_t) W_rec
//! both                leak = 1-α           presynaptic = r_{t-1}, u_t or (readout) r_t
//! ```

use super::nonlinearity::{Curve, with_curve};
use super::{Drive, Increment, Leak, Rate, RateState};
use cogrnn_core::kernels::Kernel;
use cogrnn_core::kernels::lanes::{LANES, Lanes, padded};
use cogrnn_core::network::{Carry, Linearise, Local, Network, Perturb, Site, Synapses};
use cogrnn_core::params::Plastic;
use cogrnn_core::real::Real;

impl<F: Real> Local for Rate<F> {
    fn presynaptic<'s>(&self, state: &'s RateState<F>, synapses: &Synapses, t: usize, trial: usize) -> &'s [F] {
        let (wide, units) = (self.rate_stride(), self.shape().units);
        match (synapses.from, synapses.to) {
            // The inputs of step t lie behind the rates of the step before.
            (Site::Inputs, _) => &state.r[(state.start(t - 1) + trial) * wide + units..][..self.shape().inputs],
            // And the 1 behind those.
            (Site::Constant, _) => &state.r[(state.start(t - 1) + trial) * wide + units + self.shape().inputs..][..1],
            (Site::Start, _) => &[],
            (_, Site::Outputs) => self.rates(state, t, trial),
            _ => self.rates(state, t - 1, trial),
        }
    }

    fn gain(&self, state: &RateState<F>, t: usize, trial: usize, out: &mut [F]) {
        match self.leak {
            Leak::Potential => out.copy_from_slice(&self.alpha[..out.len()]),
            Leak::Rate => {
                let x = self.potentials(state, t, trial);
                with_curve!(self.nonlinearity, curve => self.isa.run(Slopes { curve, x, out }));
                for (g, a) in out.iter_mut().zip(&self.alpha) {
                    *g *= *a;
                }
            }
        }
    }

    fn slope(&self, state: &RateState<F>, t: usize, trial: usize, out: &mut [F]) {
        match self.leak {
            Leak::Potential => {
                let x = self.potentials(state, t, trial);
                with_curve!(self.nonlinearity, curve => self.isa.run(Slopes { curve, x, out }));
            }
            Leak::Rate => out.fill(F::ONE),
        }
    }

    fn leak(&self) -> &[F] {
        &self.decay[..self.shape().units]
    }
}

impl<F: Real> Linearise for Rate<F> {
    fn jacobian(&self, plastic: &Plastic<Self>, gain: &[F], slope: &[F], out: &mut [F]) {
        let units = self.shape().units;
        let rows = plastic.packed().recurrent(plastic.weights()).chunks_exact(units).zip(out.chunks_exact_mut(units));
        for (i, (w, out)) in rows.enumerate() {
            for ((out, w), slope) in out.iter_mut().zip(w).zip(slope) {
                *out = gain[i] * *w * *slope;
            }
            out[i] += self.decay[i];
        }
    }

    fn jacobian_diagonal(&self, plastic: &Plastic<Self>, gain: &[F], slope: &[F], out: &mut [F]) {
        let units = self.shape().units;
        let w_rec = plastic.packed().recurrent(plastic.weights());
        for (i, out) in out.iter_mut().enumerate() {
            *out = gain[i] * w_rec[i * units + i] * slope[i] + self.decay[i];
        }
    }
}

/// Noise of a step with s.d. σ adds to x (or to α times the current, where the potential leaks) and is normal, so
/// that the score is ξ / σ² times how what it adds to follows the current. Disturbances that come now and then have no such
/// density; what stands for the score is ξ / σ² all the same, a regression of what follows on them, which is exact to first
/// order in their size.
impl<F: Real> Perturb for Rate<F> {
    fn explores(&self) -> bool {
        match &self.noise {
            Increment::Independent(scale) => {
                let held = |i: usize| self.held.iter().any(|(unit, _)| *unit == i);
                scale[..self.shape().units].iter().enumerate().all(|(i, s)| *s > F::ZERO || held(i))
            }
            Increment::Sparse { .. } => true,
            _ => false,
        }
    }

    fn nudge(&self, state: &RateState<F>, trial: usize, out: &mut [F]) {
        let width = padded(self.shape().units);
        match (state.driven, &self.noise) {
            (Drive::Bracket, _) => out.copy_from_slice(&state.drive[trial * width..][..out.len()]),
            (Drive::Normals(quarter), Increment::Independent(scale)) => {
                let normals = &state.drive[(quarter * state.timetable.trials() + trial) * width..];
                for (i, (out, n)) in out.iter_mut().zip(normals).enumerate() {
                    // held units have no α, and no noise
                    let gain = if self.leak == Leak::Potential { self.alpha[i] } else { F::ONE };
                    *out = if gain > F::ZERO { *n * scale[i] / gain } else { F::ZERO };
                }
            }
            _ => out.fill(F::ZERO),
        }
    }

    fn score(&self, state: &RateState<F>, t: usize, trial: usize, out: &mut [F]) {
        let units = self.shape().units;
        let width = padded(units);
        if let &Increment::Sparse { amplitude, probability, normal, .. } = &self.noise {
            // what a regression on the disturbances divides by
            let variance = probability * amplitude * amplitude * if normal { 1.0 } else { 1.0 / 3.0 };
            self.nudge(state, trial, out);
            out.iter_mut().for_each(|x| *x *= F::from_f64(1.0 / variance));
            return;
        }
        let Increment::Independent(scale) = &self.noise else { return out.fill(F::ZERO) };
        let scale = &scale[..units];
        let normals = match state.driven {
            Drive::Silent => return out.fill(F::ZERO),
            Drive::Normals(quarter) => &state.drive[(quarter * state.timetable.trials() + trial) * width..][..units],
            Drive::Bracket => &state.drive[trial * width..][..units],
        };
        debug_assert!(t > 0, "the initial state has no noise");
        let bracket = state.driven == Drive::Bracket;
        for (i, (out, n)) in out.iter_mut().zip(normals).enumerate() {
            let gain = if self.leak == Leak::Potential { self.alpha[i] } else { F::ONE };
            // given noise stands inside the bracket of α, drawn noise is a standard normal
            let normal = if bracket { gain * *n / scale[i] } else { *n };
            *out = gain * normal / scale[i];
        }
    }
}

impl<F: Real> Carry for Rate<F> {
    fn carried<'s>(&self, state: &'s RateState<F>, t: usize, trial: usize) -> &'s [F] {
        match self.leak {
            Leak::Potential => self.potentials(state, t, trial),
            Leak::Rate => self.rates(state, t, trial),
        }
    }

    fn replace(&self, state: &mut RateState<F>, t: usize, trial: usize, s: &[F]) {
        let (width, wide) = (padded(self.shape().units), self.rate_stride());
        let row = state.start(t) + trial;
        let x = &mut state.x[row * width..][..width];
        let r = &mut state.r[row * wide..][..wide];
        match self.leak {
            Leak::Potential => {
                x[..s.len()].copy_from_slice(s);
                self.respond(x, r);
            }
            Leak::Rate => r[..s.len()].copy_from_slice(s),
        }
    }
}

/// f'(x) of one trial, tail and all.
struct Slopes<'a, F, C> {
    curve: C,
    x: &'a [F],
    out: &'a mut [F],
}

impl<F: Real, C: Curve> Kernel<F> for Slopes<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Elem = F>>(self) {
        for (x, out) in self.x.chunks(LANES).zip(self.out.chunks_mut(LANES)) {
            let mut lanes = [[F::ZERO; LANES]; 2];
            lanes[0][..x.len()].copy_from_slice(x);
            let x = V::load(&lanes[0]);
            self.curve.slope(x, self.curve.value(x)).store(&mut lanes[1]);
            out.copy_from_slice(&lanes[1][..out.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::{Design, Leak, Nonlinearity, UnitNoise};
    use cogrnn_core::batch::Timetable;
    use cogrnn_core::constraint::Wiring;
    use cogrnn_core::kernels::Isa;
    use cogrnn_core::network::{History, Noise, Room, Shape};
    use cogrnn_core::params::Parameters;
    use cogrnn_core::random::{Address, Purpose, Stream};
    use cogrnn_core::readout::Readout;
    use cogrnn_core::units::ms;

    const SHAPE: Shape = Shape { inputs: 2, units: 7, outputs: 2 };

    fn network(leak: Leak, nonlinearity: Nonlinearity) -> Rate<f64> {
        let tau = (0..SHAPE.units).map(|i| ms(50.0 + 10.0 * i as f64)).collect();
        let noise = UnitNoise::Silent;
        let design = Design { shape: SHAPE, tau, dt: ms(20.0), leak, nonlinearity, readout: Readout::Linear, noise };
        Rate::new(&design, Isa::best()).unwrap()
    }

    fn plastic(network: &Rate<f64>, stream: &mut Stream) -> Plastic<Rate<f64>> {
        let mut theta = network.blocks();
        theta.data_mut().iter_mut().for_each(|w| *w = stream.normal() * 0.6);
        let wiring = Wiring::free(&theta);
        Parameters::new(network, theta, wiring).unwrap()
    }

    /// x after one step from this state.
    fn after(network: &Rate<f64>, plastic: &Plastic<Rate<f64>>, x: &[f64], u: &[f64]) -> (RateState<f64>, Vec<f64>) {
        let mut table = Timetable::default();
        table.refill(&[1]);
        let mut state = network.state(&Room { trials: 1, steps: 1, history: History::Whole });
        network.begin(plastic, &mut state, &table);
        network.replace(&mut state, 0, 0, x);
        network.perturb(&mut state, 1, &Noise::Silent, &[0]);
        network.step(plastic, &mut state, 1, u);
        network.read_out(plastic, &mut state, 1);
        let x = network.carried(&state, 1, 0).to_vec();
        (state, x)
    }

    #[test]
    fn what_local_rules_see_agrees_with_finite_differences() {
        let mut stream = Address { seed: 5, purpose: Purpose::Weights, trial: 0 }.stream();
        let h = 1e-6;
        let both = |f| [(Leak::Potential, f), (Leak::Rate, f)];
        for (leak, f) in [
            Nonlinearity::Linear,
            Nonlinearity::Rectify,
            Nonlinearity::RectifyPower(1.7),
            Nonlinearity::Sigmoid,
            Nonlinearity::Tanh,
            Nonlinearity::RectifyTanh,
            Nonlinearity::Softplus,
            Nonlinearity::Clipped { threshold: -0.5, most: 0.8 },
        ]
        .into_iter()
        .flat_map(both)
        {
            let network = network(leak, f);
            let plastic = plastic(&network, &mut stream);
            let x: Vec<f64> = (0..7).map(|_| stream.normal()).collect();
            let u = [0.3, 0.8];
            let (state, _) = after(&network, &plastic, &x, &u);

            // The Jacobian, column by column; 1e-8: central differences at h = 1e-6.
            let (mut gain, mut slope) = (vec![0.0; 7], vec![0.0; 7]);
            network.gain(&state, 1, 0, &mut gain);
            network.slope(&state, 0, 0, &mut slope);
            let (mut jacobian, mut diagonal) = (vec![0.0; 49], vec![0.0; 7]);
            network.jacobian(&plastic, &gain, &slope, &mut jacobian);
            network.jacobian_diagonal(&plastic, &gain, &slope, &mut diagonal);
            assert!((0..7).all(|i| diagonal[i] == jacobian[i * 8]));
            for j in 0..7 {
                let exact: Vec<f64> = (0..7).map(|i| jacobian[i * 7 + j]).collect();
                let moved = |by: f64| {
                    let mut x = x.clone();
                    x[j] += by;
                    after(&network, &plastic, &x, &u).1
                };
                for ((up, down), exact) in moved(h).iter().zip(moved(-h)).zip(&exact) {
                    assert!(((up - down) / (2.0 * h) - exact).abs() < 1e-8, "{f} column {j}");
                }
            }

            // ∂x_i/∂W_ij = gain_i · presynaptic_j, and the readout's own.
            let (mut gain, mut slope) = (vec![0.0; 7], vec![0.0; 7]);
            network.gain(&state, 1, 0, &mut gain);
            network.slope(&state, 1, 0, &mut slope);
            for synapses in network.synapses().into_iter().filter(|s| s.from != Site::Start) {
                let pre = network.presynaptic(&state, &synapses, 1, 0);
                for (k, at) in synapses.weights.clone().enumerate() {
                    let (i, j) = (k / pre.len(), k % pre.len());
                    let moved = |by: f64| {
                        let mut plastic = plastic.clone();
                        plastic.change(|theta, _| theta.data_mut()[at] += by);
                        let (state, x) = after(&network, &plastic, &x, &u);
                        if synapses.to == Site::Outputs { network.output(&state)[i] } else { x[i] }
                    };
                    let exact = pre[j] * if synapses.to == Site::Outputs { 1.0 } else { gain[i] };
                    assert!(((moved(h) - moved(-h)) / (2.0 * h) - exact).abs() < 1e-8, "{f} {synapses:?} {k}");
                }
            }
            let s = network.carried(&state, 1, 0);
            for i in 0..7 {
                let rate = |by: f64| {
                    let (mut state, mut s) = (state.clone(), s.to_vec());
                    s[i] += by;
                    network.replace(&mut state, 1, 0, &s);
                    network.rates(&state, 1, 0)[i]
                };
                assert!(((rate(h) - rate(-h)) / (2.0 * h) - slope[i]).abs() < 1e-8, "{f} slope {i}");
            }
        }
    }
}
