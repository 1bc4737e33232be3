//! Any of the influences, chosen while the program runs: one type for all, so that what works with rules is compiled
//! once and not for each.

use super::{Influence, Outcome, Sizes, Step, Stepwise};
use crate::{Dni, Eprop, Kernl, KfRtrl, ReverseKfRtrl, Rflo, Rtrl, Snap1, Uoro};
use cogrnn_core::error::Result;
use cogrnn_core::network::Linearise;

macro_rules! any {
    ($($rule:ident),*) => {
        /// One of the influences that tell what each step adds to the gradient.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "each is documented where it is made")]
        pub enum Any { $($rule($rule)),* }

        /// What one of them keeps of a trial.
        #[expect(missing_docs, reason = "each is documented where it is made")]
        pub enum Trace<N: Linearise> { $($rule(<$rule as Influence<N>>::Trace)),* }

        /// What one of them remembers.
        #[expect(missing_docs, reason = "each is documented where it is made")]
        pub enum Memory<N: Linearise> { $($rule(<$rule as Influence<N>>::Memory)),* }

        impl Stepwise for Any {}

        impl<N: Linearise> Influence<N> for Any {
            type Trace = Trace<N>;
            type Memory = Memory<N>;

            fn memory(&self, network: &N, sizes: Sizes) -> Memory<N> {
                match self { $(Any::$rule(rule) => Memory::$rule(rule.memory(network, sizes))),* }
            }

            fn trace(&self, sizes: Sizes) -> Trace<N> {
                match self { $(Any::$rule(rule) => Trace::$rule(Influence::<N>::trace(rule, sizes))),* }
            }

            fn reset(&self, trace: &mut Trace<N>) {
                match (self, trace) {
                    $((Any::$rule(rule), Trace::$rule(trace)) => Influence::<N>::reset(rule, trace),)*
                    _ => unreachable!("{OWN}"),
                }
            }

            fn follow(&self, memory: &Memory<N>, trace: &mut Trace<N>, step: &Step<'_, N>) {
                match (self, memory, trace) {
                    $((Any::$rule(rule), Memory::$rule(memory), Trace::$rule(trace)) => rule.follow(memory, trace, step),)*
                    _ => unreachable!("{OWN}"),
                }
            }

            fn assign(
                &self,
                memory: &Memory<N>,
                trace: &mut Trace<N>,
                outcome: &Outcome<'_, N::Real>,
                g: &mut [N::Real],
            ) {
                match (self, memory, trace) {
                    $((Any::$rule(rule), Memory::$rule(memory), Trace::$rule(trace)) => {
                        Influence::<N>::assign(rule, memory, trace, outcome, g);
                    })*
                    _ => unreachable!("{OWN}"),
                }
            }

            fn always(&self) -> bool {
                match self { $(Any::$rule(rule) => Influence::<N>::always(rule)),* }
            }

            fn adapt(&self, memory: &mut Memory<N>, trace: &mut Trace<N>, share: f64) {
                match (self, memory, trace) {
                    $((Any::$rule(rule), Memory::$rule(memory), Trace::$rule(trace)) => {
                        Influence::<N>::adapt(rule, memory, trace, share);
                    })*
                    _ => unreachable!("{OWN}"),
                }
            }

            fn adapted(&self, memory: &mut Memory<N>, loss: Option<f64>) {
                match (self, memory) {
                    $((Any::$rule(rule), Memory::$rule(memory)) => Influence::<N>::adapted(rule, memory, loss),)*
                    _ => unreachable!("{OWN}"),
                }
            }

            fn save(&self, memory: &Memory<N>) -> Vec<(String, Vec<N::Real>)> {
                match (self, memory) {
                    $((Any::$rule(rule), Memory::$rule(memory)) => Influence::<N>::save(rule, memory),)*
                    _ => unreachable!("{OWN}"),
                }
            }

            fn restore(&self, memory: &mut Memory<N>, saved: &[(String, Vec<N::Real>)]) -> Result<()> {
                match (self, memory) {
                    $((Any::$rule(rule), Memory::$rule(memory)) => Influence::<N>::restore(rule, memory, saved),)*
                    _ => unreachable!("{OWN}"),
                }
            }
        }
    };
}

/// Why the other pairs cannot be.
const OWN: &str = "traces and memories are made by the influence that is given them";

any!(Rflo, Eprop, Rtrl, Snap1, Uoro, KfRtrl, ReverseKfRtrl, Kernl, Dni);
