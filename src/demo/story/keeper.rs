//! Who acts on the gateways that egret keeps: a controller that somebody runs beside the cluster, told by its lease.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::gateway::GATEWAYS;
use super::kept;
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
    if !holds(state) {
        return;
    }
    let key = Key::new(LEASES, NAMESPACE, LEASE);
    let now = micro(state.now);
    let _ = state.change(&key, MANAGER, |lease| lease["spec"]["renewTime"] = now.into());
    state.after(EVERY, Work::Scene(RENEWAL));
}

/// Whether it has the lease still.
fn holds(state: &State) -> bool {
    let lease = state.get(LEASES, NAMESPACE, LEASE);
    lease.is_some_and(|lease| lease["spec"]["holderIdentity"] == HOLDER)
}

/// What it looks at each time when one changes. The others change by themselves all the time.
const LOOKED_AT: [&str; 6] = [
    GATEWAYS,
    "deployments.apps",
    "services",
    "serviceaccounts",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
];

/// An object changed or went: the controller looks at the gateway whose it is.
pub(super) fn keeps(state: &mut State, key: &Key, object: &Value) {
    let is_gone = state.store.get(key).is_none();
    if !(is_gone || LOOKED_AT.contains(&&*key.resource)) || !holds(state) {
        return;
    }
    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let owner = owners.into_iter().find(|o| o["controller"] == true && o["kind"] == "IstioGateway");
    let gateway = match owner {
        _ if &*key.resource == GATEWAYS => key.clone(),
        Some(owner) => Key::new(GATEWAYS, &key.namespace, owner["name"].as_str().unwrap_or_default()),
        None => return,
    };
    kept::round(state, &gateway);
}

/// The controller looks at one gateway.
pub(super) fn looks_at(state: &mut State, gateway: &Key) {
    kept::round(state, gateway);
}

/// The controller looks at all of them.
pub(super) fn looks_at_all(state: &mut State) {
    let all: Vec<Key> = state.store.list(GATEWAYS, Some(NAMESPACE)).map(|(key, _)| key.clone()).collect();
    all.iter().for_each(|gateway| kept::round(state, gateway));
}

/// A moment as leases have it.
fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
