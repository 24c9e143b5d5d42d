//! What adopting a gateway would do, as dry runs tell it.

use std::collections::BTreeMap;

use super::Draft;
use crate::materialize::Part;
use crate::materialize::compare::Difference;

/// What adopting a gateway would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The `IstioGateway` that would be created, and what to know beforehand.
    pub draft: Draft,
    /// Each object, and which fields of it would change; `None`: it would be made.
    pub changes: Vec<(Part, String, Option<Vec<Difference>>)>,
    /// Who has owned fields of the objects, by object: they would be egret's then.
    pub managers: BTreeMap<Part, Vec<String>>,
    /// Whether the pods would be restarted: their template would be another.
    pub restarts: bool,
    /// What of the pod template egret would build differently: it waits for somebody to roll it.
    pub pending: Vec<Difference>,
}
