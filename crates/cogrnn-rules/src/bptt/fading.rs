//! How far back in a trial the error of its last step reaches.
//!
//! ```text
//! a(l) = mean over trials of |∂L_T/∂s_{T-l}|        L_T: what step T, a trial's last, costs
//! ```
//! In a network whose gradients vanish a falls exponentially with the lag l (Bengio et al. 1994; Pascanu et al. 2013);
//! a skip through time hands part of it on over many steps at once (Soo, Goudar & Wang 2023).

use cogrnn_core::batch::Batch;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::Result;
use cogrnn_core::network::{Adjoint, CarryBack, Credit, History, Room};
use cogrnn_core::params::Plastic;
use cogrnn_core::real::Real;
use cogrnn_core::rule::{Desk, Learned, Moment, Rule};

/// Watches errors on their way back and changes nothing. What it remembers of the last trials is a(l), from l = 0 on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fading;

/// A sweep of the errors of last steps.
pub struct Reach<N: Adjoint> {
    sweep: N::Sweep,
    /// dL/da (row × output).
    errors: Vec<N::Real>,
    /// Of each lag: the sum of norms, and of how many trials.
    sums: Vec<(f64, usize)>,
}

impl<N: CarryBack> Rule<N> for Fading {
    type Trace = Reach<N>;
    type Memory = Vec<f64>;
    const HISTORY: History = History::Whole;

    fn trace(&self, network: &N, room: &Room) -> Result<Reach<N>> {
        Ok(Reach { sweep: network.sweep(room, &Credit::exact()), errors: Vec::new(), sums: Vec::new() })
    }

    fn memory(&self, _: &N, _: &Plastic<N>) -> Vec<f64> {
        Vec::new()
    }

    fn begin(&self, _: &Vec<f64>, reach: &mut Reach<N>, batch: &Batch<N::Real>) {
        reach.errors.clear();
        reach.sums.clear();
        reach.sums.resize(batch.timetable.steps(), (0.0, 0));
    }

    fn learn(&self, _: &Vec<f64>, reach: &mut Reach<N>, now: &Moment<'_, N>) {
        reach.errors.extend_from_slice(now.errors);
    }

    fn settle(&self, network: &N, plastic: &Plastic<N>, _: &Vec<f64>, desk: &mut Desk<N, Reach<N>>) {
        let Desk { state, trace: Reach { sweep, errors, sums }, batch, .. } = desk;
        let (table, outputs) = (&batch.timetable, network.shape().outputs);
        let mut last = vec![0; table.trials()];
        let mut going_on = 0;
        network.start(sweep, table, false);
        for t in (batch.warm_up + 1..=table.steps()).rev() {
            let rows = table.rows(t);
            last[going_on..rows.len()].fill(t);
            let errors = &mut errors[rows.start * outputs..rows.end * outputs];
            errors[..going_on * outputs].fill(N::Real::ZERO);
            network.pull(plastic, state, sweep, t, errors, None, false);
            going_on = rows.len();
            for (b, last) in last[..going_on].iter().enumerate() {
                let squares = network.flowing(sweep, b).iter().map(|g| g.to_f64() * g.to_f64());
                let (sum, count) = &mut sums[last - t];
                *sum += squares.sum::<f64>().sqrt();
                *count += 1;
            }
        }
    }

    fn update(
        &self,
        _: &N,
        memory: &mut Vec<f64>,
        _: &mut Plastic<N>,
        desks: &mut [Desk<N, Reach<N>>],
        _: &Crew,
    ) -> Learned {
        let longest = desks.iter().map(|d| d.trace.sums.len()).max().unwrap_or(0);
        memory.clear();
        for lag in 0..longest {
            let (sum, count) = desks
                .iter()
                .filter_map(|d| d.trace.sums.get(lag))
                .fold((0.0, 0), |(sum, count), (more, trials)| (sum + more, count + trials));
            if count == 0 {
                break;
            }
            memory.push(sum / count as f64);
        }
        Learned::default()
    }
}
