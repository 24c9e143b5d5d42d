//! Who acts on the gateways that egret keeps: a controller that somebody runs beside the cluster, told by its lease.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::mesh::put;
use crate::demo::state::State;
use crate::demo::store::Key;
use crate::demo::workload::Work;
use crate::model::holder::{HOLDS, LEASE, VERSION};

/// The scene in which the lease is renewed.
pub(super) const RENEWAL: usize = usize::MAX;

/// How often that is.
const EVERY: Duration = Duration::from_secs(5);

const LEASES: &str = "leases.coordination.k8s.io";
const NAMESPACE: &str = "istio-system";
const MANAGER: &str = "egret";

/// Who it is: a machine that is no part of the cluster, and the process on it.
const HOLDER: &str = "ops-1_2041_7c1f09ab";

/// The controller takes the lease.
pub(super) fn takes(state: &mut State) {
    let now = micro(state.now);
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": LEASE, "namespace": NAMESPACE, "annotations": {VERSION: env!("CARGO_PKG_VERSION")}},
        "spec": {"holderIdentity": HOLDER, "leaseDurationSeconds": HOLDS.as_secs(), "leaseTransitions": 0,
            "acquireTime": now, "renewTime": now},
    });
    put(state, LEASES, lease, MANAGER);
}

/// The controller renews it now, and goes on doing so; one that has lost it leaves it alone.
pub(super) fn renews(state: &mut State) {
    let key = Key::new(LEASES, NAMESPACE, LEASE);
    if state.store.get(&key).is_none_or(|lease| lease["spec"]["holderIdentity"] != HOLDER) {
        return;
    }
    let now = micro(state.now);
    let _ = state.change(&key, MANAGER, |lease| lease["spec"]["renewTime"] = now.into());
    state.after(EVERY, Work::Scene(RENEWAL));
}

/// A moment as leases have it.
fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
