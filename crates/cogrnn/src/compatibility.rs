//! Which rule fits which network, asked of the trait system itself: no table is kept by hand.

use cogrnn_core::network::Network;
use cogrnn_core::rule::{Rule, Still};
use cogrnn_networks::rate::Rate;
use cogrnn_rules::{Bptt, Descent};
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

impl Named for Still {
    const NAME: &'static str = "evaluation";
    const NEEDS: &'static str = "nothing";
}

struct Pair<N, R>(PhantomData<(N, R)>);

/// Chosen by the compiler only where `R: Rule<N>` does not hold.
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
    table!(Rate<f32>; [Descent<Bptt<f32>, f32>, Still])
}
