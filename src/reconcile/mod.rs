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
//! | [`adopt`] | taking over what somebody else made (R11); `release` is the way back (R12) |
//! | [`status`] | what became of it: conditions, addresses, Events (R20) |
//! | [`pass`](mod@pass) | one round |
//! | [`look`](mod@look) | a pass that writes nothing |
//! | [`lease`] | who may (R5) |
//! | [`round`] | many gateways at once, of which most are as they should be |
//! | [`queue`] | which gateway is next |
//! | [`controller`] | all gateways of a home cluster, while the lease is ours |
#![allow(clippy::disallowed_methods, reason = "rounds are timed, and say when")]

pub mod adopt;
pub mod apply;
pub mod clusters;
pub mod contest;
pub mod controller;
pub mod fetch;
pub mod lease;
pub mod look;
pub mod pass;
pub mod queue;
mod release;
pub mod round;
pub mod status;
mod take;
pub mod telemetry;
mod watching;

pub use crate::materialize::Report;
pub use clusters::Clusters;
pub use look::{look, survey};
pub use pass::{Keeper, pass};
