//! Which rule fits which network, asked of the trait system itself: no table is kept by hand.

use cogrnn_core::network::Network;
use cogrnn_core::rule::{Rule, Still};
use cogrnn_networks::rate::Rate;
use cogrnn_rules::{
    Bptt, Descent, Dni, Eprop, Forward, Kernl, KfRtrl, NodePerturbation, ReverseKfRtrl, RewardHebb, Rflo, Rtrl, Snap1,
    Uoro,
};
use std::marker::PhantomData;

/// One network and what each rule makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The network.
    pub network: &'static str,
    /// Each rule, and why it does not fit if it does not.
    pub rules: Vec<(&'static str, Option<String>)>,
}

/// What a rule says of itself.
trait Named {
    const NAME: &'static str;
    const NEEDS: &'static str;
}

impl Named for Descent<Bptt<f32>, f32> {
    const NAME: &'static str = "bptt";
    const NEEDS: &'static str = "a network whose step can be run backwards";
}

macro_rules! forwards {
    ($($rule:ty, $name:literal, $needs:literal;)*) => {
        $(impl Named for Descent<Forward<$rule, f32>, f32> {
            const NAME: &'static str = $name;
            const NEEDS: &'static str = $needs;
        })*
    };
}

forwards! {
    Rflo, "rflo", "a network whose synapses see their own two ends";
    Eprop, "eprop", "a network whose synapses see their own two ends";
    Rtrl, "rtrl", "a network with a one-step Jacobian";
    Snap1, "snap1", "a network with a one-step Jacobian";
    Uoro, "uoro", "a network with a one-step Jacobian";
    KfRtrl, "kf-rtrl", "a network with a one-step Jacobian";
    ReverseKfRtrl, "reverse-kf-rtrl", "a network with a one-step Jacobian";
    Kernl, "kernl", "a network with a one-step Jacobian";
    Dni, "dni", "a network with a one-step Jacobian";
    NodePerturbation, "node-perturbation", "a network that tells the noise of its units";
}

impl Named for Still {
    const NAME: &'static str = "evaluation";
    const NEEDS: &'static str = "nothing";
}

impl Named for Descent<RewardHebb, f32> {
    const NAME: &'static str = "reward-hebb";
    const NEEDS: &'static str = "a network that tells the noise of its units, with whole recurrent weights";
}

struct Pair<N, R>(PhantomData<(N, R)>);

/// Chosen by the compiler only where `R: Rule<N>` does not hold.
#[cfg_attr(not(test), expect(dead_code, reason = "every pair fits at present; a test has one that does not"))]
trait Unfit<R: Named> {
    fn why_not() -> Option<String> {
        Some(format!("{} needs {}", R::NAME, R::NEEDS))
    }
}
impl<N, R: Named> Unfit<R> for Pair<N, R> {}
impl<N: Network, R: Rule<N>> Pair<N, R> {
    fn why_not() -> Option<String> {
        None
    }
}

macro_rules! table {
    ($($network:ty),*; $rules:tt) => { vec![$(table!(@row $network, $rules)),*] };
    (@row $network:ty, [$($rule:ty),*]) => {
        Row { network: <$network as Network>::NAME, rules: vec![$((<$rule as Named>::NAME, <Pair<$network, $rule>>::why_not())),*] }
    };
}

/// Networks × rules. To add one, name it here.
pub fn table() -> Vec<Row> {
    #[allow(unused_imports)]
    use Unfit as _;
    type Forwards<I> = Descent<Forward<I, f32>, f32>;
    table!(Rate<f32>; [
        Descent<Bptt<f32>, f32>,
        Forwards<Rflo>,
        Forwards<Eprop>,
        Forwards<Rtrl>,
        Forwards<Snap1>,
        Forwards<Uoro>,
        Forwards<KfRtrl>,
        Forwards<ReverseKfRtrl>,
        Forwards<Kernl>,
        Forwards<Dni>,
        Forwards<NodePerturbation>,
        Descent<RewardHebb, f32>,
        Still
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use cogrnn_core::batch::Timetable;
    use cogrnn_core::network::{Noise, Room, Shape, Synapses};
    use cogrnn_core::params::{Arena, Plastic};
    use cogrnn_core::readout::Readout;

    /// A network that only runs forwards.
    struct Forwards;

    impl Network for Forwards {
        const NAME: &'static str = "forwards";
        type Real = f32;
        type Packed = ();
        type State = ();

        fn shape(&self) -> Shape {
            Shape { inputs: 0, units: 1, outputs: 1 }
        }
        fn blocks(&self) -> Arena<f32> {
            Arena::new(&[])
        }
        fn packed(&self) {}
        fn state(&self, _: &Room) {}
        fn begin(&self, _: &Plastic<Self>, (): &mut (), _: &Timetable) {}
        fn perturb(&self, (): &mut (), _: usize, _: &Noise<'_, f32>, _: &[u64]) {}
        fn step(&self, _: &Plastic<Self>, (): &mut (), _: usize, _: &[f32]) {}
        fn read_out(&self, _: &Plastic<Self>, (): &mut (), _: usize) {}
        fn output<'s>(&self, (): &'s ()) -> &'s [f32] {
            &[]
        }
        fn readout(&self) -> Readout {
            Readout::Linear
        }
        fn potentials<'s>(&self, (): &'s (), _: usize, _: usize) -> &'s [f32] {
            &[]
        }
        fn rates<'s>(&self, (): &'s (), _: usize, _: usize) -> &'s [f32] {
            &[]
        }
        fn synapses(&self) -> Vec<Synapses> {
            Vec::new()
        }
    }

    #[test]
    fn a_network_without_an_adjoint_is_refused_in_words() {
        let rows: Vec<Row> = table!(Forwards; [Descent<Bptt<f32>, f32>, Still]);
        let because = "bptt needs a network whose step can be run backwards".to_string();
        assert_eq!(rows[0].rules, [("bptt", Some(because)), ("evaluation", None)]);
    }

    #[test]
    fn everything_fits_the_rate_network() {
        assert!(table()[0].rules.iter().all(|(_, why_not)| why_not.is_none()));
    }
}
