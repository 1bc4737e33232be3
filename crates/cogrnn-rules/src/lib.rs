//! The learning rules of cogrnn, one folder each, and the optimisers that apply their gradients.

pub mod bptt;
pub mod descent;
pub mod dni;
pub mod eprop;
pub mod forward;
pub mod kernl;
pub mod kf_rtrl;
pub mod node_perturbation;
pub mod optimisers;
pub mod penalties;
pub mod reward_hebb;
pub mod rflo;
pub mod rls;
pub mod rtrl;
pub mod snap1;
pub mod uoro;

pub use bptt::{Bptt, Fading};
pub use descent::{Descent, EachStep, FEEDBACK, Feeding, With};
pub use dni::Dni;
pub use eprop::Eprop;
pub use forward::Forward;
pub use kernl::Kernl;
pub use kf_rtrl::{KfRtrl, ReverseKfRtrl};
pub use node_perturbation::NodePerturbation;
pub use reward_hebb::RewardHebb;
pub use rflo::Rflo;
pub use rls::Rls;
pub use rtrl::Rtrl;
pub use snap1::Snap1;
pub use uoro::Uoro;
