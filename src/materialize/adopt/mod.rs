//! Taking over a gateway that somebody else made (R11), and what it becomes.
//!
//! [`draft()`] makes the `IstioGateway` that says what is there, and records on it the names, the selector and the uid of
//! each object that is to be taken over. That record is the whole of the wish: the reconciler takes over exactly those
//! objects ([`take_over`]), whenever it comes by. The pods stay: their template is kept as it is ([`template`]), and what
//! egret would build differently is *pending* until somebody rolls it (R5).
//!
//! What an `IstioGateway` cannot say is left on the objects as it is and belongs to nobody; it goes with the next roll
//! where it is in the pod template.

mod draft;
mod plan;
mod refuse;
mod spec;
mod take;
mod template;

pub use draft::{Draft, draft};
pub use plan::Plan;
pub use refuse::{GITOPS, helm_release, refusals};
pub use take::{helm_marks, take_over};
pub use template::template;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Part;

/// The live objects of the gateway that is to be taken over.
pub type Found = BTreeMap<Part, Value>;

#[cfg(test)]
mod tests;
