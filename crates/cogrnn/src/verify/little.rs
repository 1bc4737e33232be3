//! One little network with a few trials, and the gradient that any rule finds for it.

use cogrnn_core::batch::{Batch, Timetable};
use cogrnn_core::constraint::Wiring;
use cogrnn_core::crew::Crew;
use cogrnn_core::kernels::Isa;
use cogrnn_core::network::{Credit, History, Network, Noise, Room, Shape};
use cogrnn_core::params::{Arena, Parameters};
use cogrnn_core::random::{Address, Purpose};
use cogrnn_core::readout::{Loss, Readout, Tally};
use cogrnn_core::rule::{Desk, Estimator, Still};
use cogrnn_core::run::{Conditions, Run, work};
use cogrnn_core::units::ms;
use cogrnn_networks::rate::{Design, Leak, Nonlinearity, Rate, UnitNoise};
use cogrnn_rules::optimisers::{Schedule, Sgd};
use cogrnn_rules::{Bptt, With};

/// One network, and trials of the same length (trial × time × channel).
#[derive(Clone, Debug)]
pub struct Problem {
    /// Sizes.
    pub shape: Shape,
    /// What leaks.
    pub leak: Leak,
    /// Time constant of each unit, in steps.
    pub tau: Vec<f64>,
    /// Parameters by block; what is not named is 0.
    pub theta: Vec<(&'static str, Vec<f64>)>,
    /// (trial × time × input).
    pub inputs: Vec<Vec<Vec<f64>>>,
    /// (trial × time × output).
    pub targets: Vec<Vec<Vec<f64>>>,
    /// Random feedback weights (unit × output).
    pub b: Vec<f64>,
    /// Whether outputs come back to the units by them, too.
    pub returns: bool,
}

impl Problem {
    /// Murray 2019, §11.4 of the specification.
    pub fn published() -> Problem {
        let column = |x: [f64; 3]| x.iter().map(|x| vec![*x]).collect();
        Problem {
            shape: Shape { inputs: 1, units: 2, outputs: 1 },
            leak: Leak::Rate,
            tau: vec![10.0; 2],
            theta: vec![
                ("w_in", vec![1.0, -0.5]),
                ("w_rec", vec![0.5, -0.3, 0.2, 0.4]),
                ("w_out", vec![0.7, -0.2]),
                ("x0", vec![0.1, 0.1]),
            ],
            inputs: vec![column([1.0, 0.0, -1.0])],
            targets: vec![column([0.5, -0.25, 1.0])],
            b: vec![0.3, 0.9],
            returns: false,
        }
    }

    /// Six units of unequal time constants, two inputs, three trials of fourteen steps.
    pub fn random(leak: Leak, outputs: usize, seed: u64) -> Problem {
        let mut s = Address { seed, purpose: Purpose::Weights, trial: 0 }.stream();
        let shape = Shape { inputs: 2, units: 6, outputs };
        let (trials, steps) = (3, 14);
        let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| 0.6 * s.normal()).collect() };
        let sizes = [
            ("w_in", shape.inputs * shape.units),
            ("w_rec", shape.units * shape.units),
            ("w_out", shape.units * outputs),
            ("b_rec", shape.units),
            ("b_out", outputs),
            ("x0", shape.units),
        ];
        let theta = sizes.map(|(name, n)| (name, draw(n))).into();
        let mut trials_of = |width: usize| -> Vec<Vec<Vec<f64>>> {
            (0..trials).map(|_| (0..steps).map(|_| draw(width)).collect()).collect()
        };
        let (inputs, targets) = (trials_of(shape.inputs), trials_of(outputs));
        let b = draw(shape.units * outputs);
        let tau = vec![10.0, 20.0, 5.0, 40.0, 10.0, 8.0];
        Problem { shape, leak, tau, theta, inputs, targets, b, returns: false }
    }

    /// The network, without noise.
    pub fn rate(&self) -> Rate<f64> {
        self.noisy(UnitNoise::Silent)
    }

    /// The network with noise of its units.
    ///
    /// # Panics
    /// Never for the sizes and time constants made here.
    pub fn noisy(&self, noise: UnitNoise) -> Rate<f64> {
        let design = Design {
            shape: self.shape,
            tau: self.tau.iter().map(|t| ms(*t)).collect(),
            dt: ms(1.0),
            leak: self.leak,
            nonlinearity: Nonlinearity::Tanh,
            readout: Readout::Linear,
            noise,
        };
        let network = Rate::new(&design, Isa::best()).expect("steps of 1 are shorter than these time constants");
        if self.returns { network.returning(self.b.clone()).expect("as many as outputs and units") } else { network }
    }

    /// Its parameters.
    pub fn parameters(&self) -> Arena<f64> {
        let mut arena = self.rate().blocks();
        for (name, values) in &self.theta {
            arena.block_mut(name).copy_from_slice(values);
        }
        arena
    }

    /// One block of them.
    pub fn block(&self, name: &str) -> Vec<f64> {
        self.parameters().block(name).to_vec()
    }

    /// dL/dW as the library has it under this assignment of errors.
    pub fn gradient(&self, credit: Credit<f64>) -> Arena<f64> {
        let mut bptt = Bptt::new(0.0);
        bptt.credit = credit;
        self.gradient_by(bptt)
    }

    /// dL/dW as an estimator finds it, at the end of the trials.
    pub fn gradient_by<E: Estimator<Rate<f64>> + With>(&self, estimator: E) -> Arena<f64> {
        self.learn_by(estimator, 1, |_| ()).0
    }

    /// The same after so many updates that change nothing but what the estimator remembers; and a look at that.
    pub fn learn_by<E: Estimator<Rate<f64>> + With, T>(
        &self,
        estimator: E,
        updates: usize,
        look: impl Fn(&E::Memory) -> T,
    ) -> (Arena<f64>, T) {
        let network = self.rate();
        let rule = estimator.with(Sgd { rate: Schedule::Constant(0.0) });
        let (trials, steps) = (self.inputs.len(), self.inputs[0].len());
        let room = Room { trials, steps, history: History::Whole };
        let crew = Crew::new(1).expect("one thread is always to be had");
        let theta = self.parameters();
        let plastic = Parameters::new(&network, theta.clone(), Wiring::free(&theta)).expect("they are its own");
        let mut run = Run::new(&network, &rule, plastic, &room, &crew).expect("a dense network with a readout");
        run.desks[0].batch = self.batch();
        for _ in 0..updates {
            run.update(Noise::Silent, Loss::Squared, &crew);
        }
        (run.memory.gradient().clone(), look(run.memory.estimator()))
    }

    /// The mean squared error under these parameters.
    ///
    /// # Panics
    /// Never for parameters of this network.
    pub fn loss(&self, theta: &Arena<f64>) -> f64 {
        let network = self.rate();
        let plastic = Parameters::new(&network, theta.clone(), Wiring::free(theta)).expect("they are its own");
        let room = Room { trials: self.inputs.len(), steps: self.inputs[0].len(), history: History::Last };
        let mut desk = Desk::new(&network, &Still, &room).expect("the rule that does nothing works on any trials");
        desk.batch = self.batch();
        let conditions = Conditions::new(Noise::Silent, Loss::Squared, 0.0);
        work(&network, &Still, &plastic, &(), &conditions, &mut desk, &mut ());
        let mut tally = Tally::default();
        desk.tallies.iter().for_each(|trial| tally.add(trial));
        tally.mean_loss()
    }

    /// Its trials side by side.
    pub fn batch(&self) -> Batch<f64> {
        let (trials, steps) = (self.inputs.len(), self.inputs[0].len());
        let mut timetable = Timetable::default();
        timetable.refill(&vec![steps; trials]);
        let rows = |array: &[Vec<Vec<f64>>]| -> Vec<f64> {
            (0..steps).flat_map(|t| array.iter().flat_map(move |trial| trial[t].clone())).collect()
        };
        Batch {
            held: Vec::new(),
            inputs: rows(&self.inputs),
            targets: rows(&self.targets),
            mask: vec![1.0; trials * steps * self.shape.outputs],
            outlines: Vec::new(),
            ids: (0..trials as u64).collect(),
            samples: trials * steps,
            warm_up: 0,
            timetable,
        }
    }

    /// The same by sensitivities carried forwards: P^j_ab for every unit j and weight, all of them or, locally, those
    /// of a synapse's own unit (RTRL and RFLO, eqs. 3 to 6), for w_rec and w_in.
    pub fn forwards(&self, recurrent: bool, feedback: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let Shape { inputs: channels, units: n, outputs } = self.shape;
        let (w_in, w_rec, w_out) = (self.block("w_in"), self.block("w_rec"), self.block("w_out"));
        let (b_rec, b_out, x0) = (self.block("b_rec"), self.block("b_out"), self.block("x0"));
        let ends = n + channels;
        let (mut rec, mut inp) = (vec![0.0; n * n], vec![0.0; n * channels]);
        let samples = (self.inputs.len() * self.inputs[0].len() * outputs) as f64;
        for (inputs, targets) in self.inputs.iter().zip(&self.targets) {
            let mut state = x0.clone();
            // sensitivity[j][a][b] of the state of unit j to the weight from b to a
            let mut sensitivity = vec![vec![vec![0.0; ends]; n]; n];
            for (u, target) in inputs.iter().zip(targets) {
                let rates: Vec<f64> = match self.leak {
                    Leak::Rate => state.clone(),
                    Leak::Potential => state.iter().map(|x| x.tanh()).collect(),
                };
                let before: Vec<f64> = rates.iter().chain(u).copied().collect();
                let current: Vec<f64> = (0..n)
                    .map(|i| {
                        let w = w_rec[i * n..(i + 1) * n].iter().chain(&w_in[i * channels..(i + 1) * channels]);
                        b_rec[i] + w.zip(&before).map(|(w, r)| w * r).sum::<f64>()
                    })
                    .collect();
                let old = sensitivity.clone();
                for j in 0..n {
                    let alpha = 1.0 / self.tau[j];
                    // How the state follows the current, and the rates before the state before.
                    let gain = alpha * if self.leak == Leak::Rate { 1.0 - current[j].tanh().powi(2) } else { 1.0 };
                    for a in 0..n {
                        for e in 0..ends {
                            let mut p = (1.0 - alpha) * old[j][a][e];
                            if recurrent {
                                for k in 0..n {
                                    let slope = if self.leak == Leak::Rate { 1.0 } else { 1.0 - rates[k] * rates[k] };
                                    p += gain * w_rec[j * n + k] * slope * old[k][a][e];
                                }
                            }
                            if j == a {
                                p += gain * before[e];
                            }
                            sensitivity[j][a][e] = if recurrent || j == a { p } else { 0.0 };
                        }
                    }
                    state[j] = (1.0 - alpha) * state[j]
                        + alpha * if self.leak == Leak::Rate { current[j].tanh() } else { current[j] };
                }
                let rates: Vec<f64> = match self.leak {
                    Leak::Rate => state.clone(),
                    Leak::Potential => state.iter().map(|x| x.tanh()).collect(),
                };
                let errors: Vec<f64> = (0..outputs)
                    .map(|k| {
                        let z: f64 = b_out[k] + (0..n).map(|i| w_out[k * n + i] * rates[i]).sum::<f64>();
                        2.0 * (z - target[k]) / samples
                    })
                    .collect();
                for j in 0..n {
                    let slope = if self.leak == Leak::Rate { 1.0 } else { 1.0 - rates[j] * rates[j] };
                    let blame: f64 = slope * (0..outputs).map(|k| feedback[j * outputs + k] * errors[k]).sum::<f64>();
                    for a in 0..n {
                        for e in 0..n {
                            rec[a * n + e] += blame * sensitivity[j][a][e];
                        }
                        for e in 0..channels {
                            inp[a * channels + e] += blame * sensitivity[j][a][n + e];
                        }
                    }
                }
            }
        }
        (rec, inp)
    }

    /// W_out transposed (unit × output).
    pub fn transposed(&self) -> Vec<f64> {
        let Shape { units, outputs, .. } = self.shape;
        let w_out = self.block("w_out");
        (0..units).flat_map(|i| (0..outputs).map(|k| w_out[k * units + i]).collect::<Vec<_>>()).collect()
    }
}
