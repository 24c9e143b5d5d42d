//! From an `IstioGateway` to a running gateway: fetch → validate → build → apply → status.
//!
//! [`pass()`] is one such round over one gateway, and starts from nothing every time: whatever happened to the pass
//! before, of this controller or of another, the next one ends in the same state. The middle of it is
//! [`crate::materialize`], which knows no cluster.
//!
//! | | |
//! |---|---|
//! | [`clusters`] | the clusters there are, by id, and what each is (R2) |
//! | [`fetch`] | what is there: live objects, and what of the mesh the build depends on |
//! | [`apply`] | the writes, each only where something differs (R3, R6, R9) |
//! | [`contest`] | fields that somebody else changes back each time (R9) |
//! | [`install`], [`uninstall`] | making egret the keeper of a cluster's gateways, and the way back (R4, R12) |
//! | [`forget`] | dropping a cluster that is gone for good (R2) |
//! | [`kubeconfigs`] | the ways to other clusters, from Secrets (R2) |
//! | [`adopt`] | taking over what somebody else made (R11); `release` is the way back (R12) |
//! | [`status`] | how the pods and the address are; what is told of it is [`crate::materialize::status`] (R20) |
//! | [`pass`](mod@pass) | one round |
//! | [`look`](mod@look) | a pass that writes nothing |
//! | [`mesh`] | how clients get along with the servers of a gateway (R13) |
//! | [`lease`] | who may (R5) |
//! | [`identity`] | who this process is |
//! | [`round`] | many gateways at once, of which most are as they should be; `rounds` tells when |
//! | [`queue`] | which gateway is next |
//! | [`controller`] | all gateways of a home cluster, while the lease is ours |
#![allow(clippy::disallowed_methods, reason = "rounds are timed, and say when")]

pub mod adopt;
pub mod apply;
pub mod clusters;
pub mod contest;
pub mod controller;
pub mod fetch;
pub mod forget;
mod gone;
pub mod identity;
pub mod install;
pub mod kubeconfigs;
pub mod lease;
pub mod look;
pub mod mesh;
pub mod pass;
pub mod queue;
mod release;
pub mod round;
mod rounds;
pub mod status;
mod take;
pub mod telemetry;
pub mod uninstall;
mod watching;

pub use crate::materialize::Report;
pub use clusters::Clusters;
pub use look::{look, survey};
pub use pass::{Keeper, pass};
