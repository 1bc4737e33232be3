//! Skip connections through time (Soo, Goudar & Wang 2023).
//!
//! A trial is cut into blocks of θ steps, anew in each of its periods; what is left at the end of a period
//! makes no block. With s the state that a network hands from step to step and F one step of it,
//!
//! ```text
//! u_t = F(s_{t-1})        s_t = u_t, but at the end of a block        s_t = β u_t + (1-β) A
//!
//! SCTT                A = s_a                                           a: the step before the block
//! DASC, as coded      A = s_a + θ (u_a - s_{a-1})                       the derivative lags a step behind;
//!                     A = s_a + θ (u_{a+1} - s_a)                       in the first block of a period it does not
//! DASC, literal       A = s_a + θ (u_{a+1} - s_a)                       in every block
//! ```
//! (§2.1 and §2.2 of the specification; the two forms of DASC differ in stability.)
//!
//! Where a trial is a session of several, each of these may be one block more, whatever the others (§2.7),
//!
//! ```text
//! whole trials        s_t ← β s_t + (1-β) s_a                           a: the step before the trial, t: its last
//! ```
//! after a block that ends with it. On the way back the gradient of s_t is shared out by the same lines in reverse
//! order, through A as well.

use cogrnn_core::batch::Timetable;
use cogrnn_core::crew::Crew;
use cogrnn_core::error::{Error, Result};
use cogrnn_core::network::{
    Adjoint, Carry, CarryBack, Credit, Flow, History, Imprint, Learnt, Linearise, Local, Network, Noise, Perturb, Room,
    Shape, Swept, Synapses,
};
use cogrnn_core::params::{Arena, Plastic};
use cogrnn_core::readout::Readout;
use cogrnn_core::real::Real;

/// What the end of a block is blended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The state at its beginning: SCTT.
    State,
    /// One long Euler step from there, by the derivative of the step before: DASC as its authors coded it.
    Lagged,
    /// One long Euler step from there, by the derivative there: DASC as its authors wrote it down.
    Fresh,
}

/// Which skips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skipping {
    /// θ, steps of a block.
    pub every: usize,
    /// β, the share of the plain path: 1 leaves nothing of the skip.
    pub mix: f64,
    /// A.
    pub anchor: Anchor,
    /// Whether blocks run on through the whole trial, whatever its periods.
    pub across: bool,
    /// Whether each trial of a session is one block more, with the state at its beginning.
    pub trials: bool,
}

impl Skipping {
    /// Whether these skips change anything.
    pub fn is_active(&self) -> bool {
        (self.every > 1 || self.trials) && self.mix != 1.0
    }

    /// By how much a block of θ steps shrinks (or, above 1, amplifies) the deviation of a leaking unit with
    /// κ = dt/τ from where a fixed drive takes it (§2.2); the spectral radius, where the anchor makes it two numbers.
    pub fn factor(&self, kappa: f64) -> f64 {
        let (theta, beta) = (self.every as f64, self.mix);
        let plain = (1.0 - kappa).powi(self.every as i32);
        match self.anchor {
            Anchor::State => (1.0 - beta) + beta * plain,
            Anchor::Fresh => ((1.0 - beta) * (1.0 - theta * kappa) + beta * plain).abs(),
            Anchor::Lagged => {
                // (δ, A) ↦ (βρ δ + (1-β) A, (βρ - θκ (1-κ)^(θ-1)) δ + (1-β) A)
                let trace = beta * plain + 1.0 - beta;
                let determinant = (1.0 - beta) * theta * kappa * (1.0 - kappa).powi(self.every as i32 - 1);
                let root = trace * trace - 4.0 * determinant;
                if root < 0.0 { determinant.sqrt() } else { 0.5 * (trace.abs() + root.sqrt()) }
            }
        }
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// β outside (0, 1], blocks without steps.
    pub fn check(&self) -> Result<()> {
        if self.every == 0 {
            return Err(Error::input("a skip of 0 steps")
                .why("a skip goes from one step to a later one")
                .remedy("take 2 or more; 1 is the plain network"));
        }
        if !(self.mix > 0.0 && self.mix <= 1.0) {
            return Err(Error::input(format!("a mixing ratio of {}", self.mix))
                .why("it is the share of the plain path: 0 would cut it, and more than 1 overshoots")
                .remedy("take a number above 0 and at most 1, for instance 0.5; 1 is the plain network"));
        }
        Ok(())
    }
}

/// A network that is unrolled with skips; plain where there are none.
#[derive(Clone, Debug)]
pub struct Skip<N> {
    inner: N,
    skipping: Option<Skipping>,
}

impl<N> Skip<N> {
    /// This network, plainly unrolled.
    pub fn none(inner: N) -> Skip<N> {
        Skip { inner, skipping: None }
    }

    /// This network with skips.
    ///
    /// # Errors
    /// As [`Skipping::check`].
    pub fn over(inner: N, skipping: Skipping) -> Result<Skip<N>> {
        skipping.check()?;
        Ok(Skip { inner, skipping: skipping.is_active().then_some(skipping) })
    }

    /// Whether there are none.
    pub fn is_plain(&self) -> bool {
        self.skipping.is_none()
    }

    /// The network without its skips.
    pub fn inner(&self) -> &N {
        &self.inner
    }
}

/// Where a block touches a step, in the order in which a step is gone through: what looks at u, what makes s of
/// it, what looks at s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Touch {
    /// Its first step.
    First,
    /// Its last step.
    End,
    /// The step before its first.
    Start,
    /// The step before the one before its first, which its derivative looks back to.
    Before,
}

/// One block at one step of one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    t: usize,
    trial: usize,
    touch: Touch,
    /// Whether the block is a whole trial of a session.
    whole: bool,
    /// Whether the block is the first of its period.
    entry: bool,
}

impl Event {
    /// What the end of the block is blended with.
    fn anchor(&self, skipping: &Skipping) -> Anchor {
        if self.whole { Anchor::State } else { skipping.anchor }
    }
}

/// Every block of these trials, step by step.
fn schedule(skipping: &Skipping, table: &Timetable, events: &mut Vec<Event>) {
    events.clear();
    let every = skipping.every;
    for trial in 0..table.trials() {
        let length = table.length(trial);
        if skipping.trials {
            for ends in table.session(trial).windows(2).filter(|ends| ends[1] <= length) {
                let mut add = |t, touch| events.push(Event { t, trial, touch, whole: true, entry: true });
                add(ends[0], Touch::Start);
                add(ends[0] + 1, Touch::First);
                add(ends[1], Touch::End);
            }
        }
        if every < 2 {
            continue;
        }
        let breaks = if skipping.across { &[][..] } else { table.breaks(trial) };
        let mut start = 0;
        for end in breaks.iter().copied().chain([length]) {
            let blocks = end.min(length).saturating_sub(start) / every;
            for block in 0..blocks {
                let (first, entry) = (start + block * every, block == 0);
                let mut add = |t, touch| events.push(Event { t, trial, touch, whole: false, entry });
                add(first, Touch::Start);
                add(first + 1, Touch::First);
                add(first + every, Touch::End);
                if !entry {
                    add(first - 1, Touch::Before);
                }
            }
            start = end;
        }
    }
    events.sort_unstable();
}

/// The state of trials side by side, and their blocks.
pub struct SkipState<N: Network> {
    inner: N::State,
    events: Vec<Event>,
    /// First event that has not been reached.
    next: usize,
    /// A of each trial (trial × unit); in between, that part of it that the block before decides.
    anchors: Vec<N::Real>,
    /// s at the beginning of the trial that a session is in (session × unit).
    starts: Vec<N::Real>,
    scratch: Vec<N::Real>,
}

/// The adjoints of trials side by side.
pub struct SkipSweep<N: Adjoint> {
    inner: N::Sweep,
    /// dL/dA of the block that the sweep is in, and of the one after it (trial × unit).
    here: Vec<N::Real>,
    later: Vec<N::Real>,
    /// dL/ds at the beginning of the trial that the sweep is in, through its end (session × unit).
    whole: Vec<N::Real>,
    /// Whether they hold anything.
    alive: Vec<[bool; 3]>,
    /// Events not yet come back to.
    left: usize,
    scratch: Vec<N::Real>,
}

impl<N: Network> Skip<N> {
    /// Units whose state at the beginning of a trial of a session is kept: none where nothing asks for it.
    fn session_units(&self) -> usize {
        if self.skipping.is_some_and(|s| s.trials) { self.inner.shape().units } else { 0 }
    }
}

impl<N: Carry> Skip<N> {
    /// Blends what ends a block at step t, and forms the anchors that step t decides.
    fn blend(&self, skipping: &Skipping, state: &mut SkipState<N>, t: usize) {
        let units = self.inner.shape().units;
        let theta = N::Real::from_f64(skipping.every as f64);
        let mix = N::Real::from_f64(skipping.mix);
        let rest = N::Real::from_f64(1.0 - skipping.mix);
        let SkipState { inner, events, next, anchors, starts, scratch } = state;
        while let Some(event) = events.get(*next).filter(|e| e.t <= t) {
            *next += 1;
            if event.t < t {
                continue;
            }
            let b = event.trial;
            let anchors = if event.whole { &mut *starts } else { &mut *anchors };
            let anchor = &mut anchors[b * units..(b + 1) * units];
            match event.touch {
                Touch::First => {
                    let (old, new) = (self.inner.carried(inner, t - 1, b), self.inner.carried(inner, t, b));
                    match event.anchor(skipping) {
                        Anchor::State => anchor.copy_from_slice(old),
                        Anchor::Lagged if !event.entry => {
                            for (a, s) in anchor.iter_mut().zip(old) {
                                *a = theta.fma(*a, *s);
                            }
                        }
                        Anchor::Lagged | Anchor::Fresh => {
                            for ((a, s), u) in anchor.iter_mut().zip(old).zip(new) {
                                *a = theta.fma(*u - *s, *s);
                            }
                        }
                    }
                }
                Touch::End => {
                    let (old, new) = (self.inner.carried(inner, t - 1, b), self.inner.carried(inner, t, b));
                    scratch.clear();
                    scratch.extend(new.iter().zip(&*anchor).map(|(u, a)| mix.fma(*u, rest * *a)));
                    if event.anchor(skipping) == Anchor::Lagged {
                        // The derivative; s_a comes with the next step, when it is what it stays.
                        for ((a, u), old) in anchor.iter_mut().zip(new).zip(old) {
                            *a = *u - *old;
                        }
                    }
                    self.inner.replace(inner, t, b, scratch);
                }
                Touch::Start | Touch::Before => {}
            }
        }
    }
}

impl<N: CarryBack> Skip<N> {
    /// Shares out the gradient of the states of step t. With `cut` nothing comes from later steps.
    fn share_out(&self, skipping: &Skipping, state: &SkipState<N>, sweep: &mut SkipSweep<N>, t: usize, cut: bool) {
        let units = self.inner.shape().units;
        let theta = N::Real::from_f64(skipping.every as f64);
        let mix = N::Real::from_f64(skipping.mix);
        let rest = N::Real::from_f64(1.0 - skipping.mix);
        let SkipSweep { inner, here, later, whole, alive, left, scratch } = sweep;
        if cut {
            alive.fill([false; 3]);
        }
        while let Some(event) = state.events[..*left].last().filter(|e| e.t >= t) {
            *left -= 1;
            let (b, row) = (event.trial, event.trial * units..(event.trial + 1) * units);
            let [alive_here, alive_later, alive_whole] = &mut alive[b];
            let (here, alive_here) = if event.whole { (&mut *whole, alive_whole) } else { (&mut *here, alive_here) };
            let (here, lagged) = (&mut here[row.clone()], event.anchor(skipping) == Anchor::Lagged);
            // By how much dL/dA of which block flows to this state.
            let flows = match event.touch {
                Touch::Start => {
                    let lands = std::mem::take(alive_here);
                    let share = match event.anchor(skipping) {
                        Anchor::State => N::Real::ONE,
                        Anchor::Lagged if !event.entry => N::Real::ONE,
                        Anchor::Lagged | Anchor::Fresh => N::Real::ONE - theta,
                    };
                    if lagged && !event.entry {
                        later[row].copy_from_slice(here);
                        *alive_later = lands;
                    }
                    lands.then_some((share, &*here))
                }
                Touch::First => {
                    let derivative = match event.anchor(skipping) {
                        Anchor::State => false,
                        Anchor::Lagged => event.entry,
                        Anchor::Fresh => true,
                    };
                    (*alive_here && derivative).then_some((theta, &*here))
                }
                Touch::Before => std::mem::take(alive_later).then_some((-theta, &later[row])),
                Touch::End => {
                    // s = β u + (1-β) A; the lagged derivative of the next block looked at u.
                    let flowing = self.inner.flowing(inner, b);
                    scratch.clear();
                    if lagged && *alive_later {
                        scratch.extend(flowing.iter().zip(&later[row]).map(|(s, a)| mix.fma(*s, theta * *a)));
                    } else {
                        scratch.extend(flowing.iter().map(|s| mix * *s));
                    }
                    for (a, s) in here.iter_mut().zip(flowing) {
                        *a = rest * *s;
                    }
                    *alive_here = true;
                    self.inner.reflow(&state.inner, inner, t, b, scratch);
                    None
                }
            };
            if let Some((factor, from)) = flows {
                scratch.clear();
                scratch.extend(self.inner.flowing(inner, b).iter().zip(from).map(|(s, a)| factor.fma(*a, *s)));
                self.inner.reflow(&state.inner, inner, t, b, scratch);
            }
        }
    }
}

impl<N: Carry> Network for Skip<N> {
    const NAME: &'static str = N::NAME;
    type Real = N::Real;
    type Packed = N::Packed;
    type State = SkipState<N>;

    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    fn blocks(&self) -> Arena<N::Real> {
        self.inner.blocks()
    }

    fn packed(&self) -> N::Packed {
        self.inner.packed()
    }

    fn state(&self, room: &Room) -> SkipState<N> {
        let units = if self.skipping.is_some() { self.shape().units } else { 0 };
        SkipState {
            inner: self.inner.state(room),
            events: Vec::new(),
            next: 0,
            anchors: vec![N::Real::ZERO; room.trials * units],
            starts: vec![N::Real::ZERO; room.trials * self.session_units()],
            scratch: Vec::with_capacity(units),
        }
    }

    fn begin(&self, plastic: &Plastic<Self>, state: &mut SkipState<N>, timetable: &Timetable) {
        self.inner.begin(plastic, &mut state.inner, timetable);
        state.next = 0;
        if let Some(skipping) = &self.skipping {
            schedule(skipping, timetable, &mut state.events);
            state.anchors.resize(timetable.trials() * self.shape().units, N::Real::ZERO);
            state.starts.resize(timetable.trials() * self.session_units(), N::Real::ZERO);
        }
    }

    fn perturb(&self, state: &mut SkipState<N>, t: usize, noise: &Noise<'_, N::Real>, trials: &[u64]) {
        self.inner.perturb(&mut state.inner, t, noise, trials);
    }

    fn step(&self, plastic: &Plastic<Self>, state: &mut SkipState<N>, t: usize, inputs: &[N::Real]) {
        self.inner.step(plastic, &mut state.inner, t, inputs);
        if let Some(skipping) = &self.skipping {
            self.blend(skipping, state, t);
        }
    }

    fn read_out(&self, plastic: &Plastic<Self>, state: &mut SkipState<N>, t: usize) {
        self.inner.read_out(plastic, &mut state.inner, t);
    }

    fn output<'s>(&self, state: &'s SkipState<N>) -> &'s [N::Real] {
        self.inner.output(&state.inner)
    }

    fn readout(&self) -> Readout {
        self.inner.readout()
    }

    fn potentials<'s>(&self, state: &'s SkipState<N>, t: usize, trial: usize) -> &'s [N::Real] {
        self.inner.potentials(&state.inner, t, trial)
    }

    fn rates<'s>(&self, state: &'s SkipState<N>, t: usize, trial: usize) -> &'s [N::Real] {
        self.inner.rates(&state.inner, t, trial)
    }

    fn synapses(&self) -> Vec<Synapses> {
        self.inner.synapses()
    }
}

impl<N: Carry> Carry for Skip<N> {
    fn carried<'s>(&self, state: &'s SkipState<N>, t: usize, trial: usize) -> &'s [N::Real] {
        self.inner.carried(&state.inner, t, trial)
    }

    fn replace(&self, state: &mut SkipState<N>, t: usize, trial: usize, s: &[N::Real]) {
        self.inner.replace(&mut state.inner, t, trial, s);
    }
}

/// Local rules see the network as it is without skips, and nothing of what a skip does: they are not for networks
/// that have any ([`Skip::is_plain`]).
impl<N: Carry + Local> Local for Skip<N> {
    fn presynaptic<'s>(&self, state: &'s SkipState<N>, synapses: &Synapses, t: usize, trial: usize) -> &'s [N::Real] {
        self.inner.presynaptic(&state.inner, synapses, t, trial)
    }

    fn gain(&self, state: &SkipState<N>, t: usize, trial: usize, out: &mut [N::Real]) {
        self.inner.gain(&state.inner, t, trial, out);
    }

    fn slope(&self, state: &SkipState<N>, t: usize, trial: usize, out: &mut [N::Real]) {
        self.inner.slope(&state.inner, t, trial, out);
    }

    fn leak(&self) -> &[N::Real] {
        self.inner.leak()
    }
}

impl<N: Carry + Linearise> Linearise for Skip<N> {
    fn jacobian(&self, plastic: &Plastic<Self>, gain: &[N::Real], slope: &[N::Real], out: &mut [N::Real]) {
        self.inner.jacobian(plastic, gain, slope, out);
    }

    fn jacobian_diagonal(&self, plastic: &Plastic<Self>, gain: &[N::Real], slope: &[N::Real], out: &mut [N::Real]) {
        self.inner.jacobian_diagonal(plastic, gain, slope, out);
    }
}

impl<N: Carry + Imprint> Imprint for Skip<N> {
    type Eligibility = N::Eligibility;

    fn imprints(&self, plastic: &Plastic<Self>) -> Option<Learnt> {
        self.inner.imprints(plastic)
    }

    fn eligibility(&self, trials: usize) -> N::Eligibility {
        self.inner.eligibility(trials)
    }

    fn forget(&self, eligibility: &mut N::Eligibility) {
        self.inner.forget(eligibility);
    }

    fn imprint(
        &self,
        plastic: &mut Plastic<Self>,
        state: &SkipState<N>,
        eligibility: &mut N::Eligibility,
        t: usize,
        learnt: &Learnt,
        blame: &[N::Real],
        errors: &[N::Real],
    ) {
        self.inner.imprint(plastic, &state.inner, eligibility, t, learnt, blame, errors);
    }

    fn land(&self, plastic: &mut Plastic<Self>) {
        self.inner.land(plastic);
    }
}

impl<N: Carry + Perturb> Perturb for Skip<N> {
    fn explores(&self) -> bool {
        self.inner.explores()
    }

    fn score(&self, state: &SkipState<N>, t: usize, trial: usize, out: &mut [N::Real]) {
        self.inner.score(&state.inner, t, trial, out);
    }

    fn nudge(&self, state: &SkipState<N>, trial: usize, out: &mut [N::Real]) {
        self.inner.nudge(&state.inner, trial, out);
    }
}

impl<N: CarryBack> Adjoint for Skip<N> {
    type Sweep = SkipSweep<N>;

    fn sweep(&self, room: &Room, credit: &Credit<N::Real>) -> SkipSweep<N> {
        let units = if self.skipping.is_some() { self.shape().units } else { 0 };
        let zeros = |units: usize| vec![N::Real::ZERO; room.trials * units];
        SkipSweep {
            inner: self.inner.sweep(&Room { history: History::Whole, ..*room }, credit),
            here: zeros(units),
            later: zeros(units),
            whole: zeros(self.session_units()),
            alive: vec![[false; 3]; room.trials],
            left: 0,
            scratch: Vec::with_capacity(units),
        }
    }

    fn feed(&self, sweep: &mut SkipSweep<N>, feedback: &[N::Real]) {
        self.inner.feed(&mut sweep.inner, feedback);
    }

    fn start(&self, sweep: &mut SkipSweep<N>, timetable: &Timetable, flow: bool) {
        self.inner.start(&mut sweep.inner, timetable, flow);
        if self.skipping.is_some() {
            let entries = timetable.trials() * self.shape().units;
            sweep.here.resize(entries, N::Real::ZERO);
            sweep.later.resize(entries, N::Real::ZERO);
            sweep.whole.resize(timetable.trials() * self.session_units(), N::Real::ZERO);
        }
        sweep.alive.clear();
        sweep.alive.resize(timetable.trials(), [false; 3]);
        sweep.left = usize::MAX;
    }

    fn pull(
        &self,
        plastic: &Plastic<Self>,
        state: &mut SkipState<N>,
        sweep: &mut SkipSweep<N>,
        t: usize,
        errors: &[N::Real],
        direct: Option<&[N::Real]>,
        cut: bool,
    ) {
        self.inner.pull(plastic, &mut state.inner, &mut sweep.inner, t, errors, direct, cut);
        if let Some(skipping) = &self.skipping {
            sweep.left = sweep.left.min(state.events.len());
            self.share_out(skipping, state, sweep, t, cut);
        }
    }

    fn finish(&self, plastic: &Plastic<Self>, state: &mut SkipState<N>, sweep: &mut SkipSweep<N>) {
        self.inner.finish(plastic, &mut state.inner, &mut sweep.inner);
        if let Some(skipping) = &self.skipping {
            sweep.left = sweep.left.min(state.events.len());
            self.share_out(skipping, state, sweep, 0, false);
        }
    }

    fn flow(&self, sweep: &SkipSweep<N>, row: usize) -> Flow {
        self.inner.flow(&sweep.inner, row)
    }

    fn gather(
        &self,
        crew: &Crew,
        pieces: &mut [Swept<'_, Self>],
        omega: Option<&[&[N::Real]]>,
        gradient: &mut Arena<N::Real>,
    ) {
        self.inner.gather(crew, &mut unwrapped(pieces), omega, gradient);
    }

    fn gather_flow(
        &self,
        crew: &Crew,
        pieces: &mut [Swept<'_, Self>],
        omega: &[&[N::Real]],
        gradient: &mut Arena<N::Real>,
    ) {
        self.inner.gather_flow(crew, &mut unwrapped(pieces), omega, gradient);
    }
}

impl<N: CarryBack> CarryBack for Skip<N> {
    fn flowing<'s>(&self, sweep: &'s SkipSweep<N>, trial: usize) -> &'s [N::Real] {
        self.inner.flowing(&sweep.inner, trial)
    }

    fn reflow(&self, state: &SkipState<N>, sweep: &mut SkipSweep<N>, t: usize, trial: usize, to: &[N::Real]) {
        self.inner.reflow(&state.inner, &mut sweep.inner, t, trial, to);
    }
}

/// What was swept, of the network within.
fn unwrapped<'s, N: CarryBack>(pieces: &'s mut [Swept<'_, Skip<N>>]) -> Vec<Swept<'s, N>> {
    pieces
        .iter_mut()
        .map(|p| Swept {
            state: &mut p.state.inner,
            sweep: &mut p.sweep.inner,
            errors: p.errors,
            timetable: p.timetable,
            warm_up: p.warm_up,
        })
        .collect()
}
