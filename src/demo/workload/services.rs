//! Load balancers: the cloud gives them an address, after a while.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Work, events};
use crate::demo::state::State;
use crate::demo::store::Key;

/// On a Service: its load balancer never comes.
const NEVER: &str = "demo.egret/no-address";

/// Looks at a Service.
pub(super) fn look(state: &mut State, key: &Key) {
    let Some(service) = state.store.get(key).cloned() else { return };
    let has = service["status"]["loadBalancer"]["ingress"].is_array();
    let wants = service["spec"]["type"] == "LoadBalancer";
    if !wants && has {
        let _ =
            state.change_status(key, "cloud-controller-manager", |s| s["status"]["loadBalancer"] = json!({}));
    }
    if !wants || has || !state.workload.cloud || !state.workload.balancing.insert(key.clone()) {
        return;
    }
    events::write(
        state,
        &service,
        "service-controller",
        "Normal",
        "EnsuringLoadBalancer",
        "Ensuring load balancer",
    );
    if service["metadata"]["annotations"][NEVER].is_string() {
        let said =
            "Error syncing load balancer: failed to ensure load balancer: quota of load balancers is used up";
        return events::write(
            state,
            &service,
            "service-controller",
            "Warning",
            "SyncLoadBalancerFailed",
            said,
        );
    }
    let wait = Duration::from_secs(15 + state.random(20));
    state.after(wait, Work::Balance(key.clone()));
}

/// The load balancer is there.
pub(super) fn balanced(state: &mut State, key: &Key) {
    state.workload.balancing.remove(key);
    let Some(service) = state.store.get(key).cloned().filter(|s| s["spec"]["type"] == "LoadBalancer") else {
        return;
    };
    let number = state.random(250) + 2;
    let ingress: Value = json!([{"ip": format!("203.0.113.{number}"), "ipMode": "VIP"}]);
    let _ = state
        .change_status(key, "cloud-controller-manager", |s| s["status"]["loadBalancer"]["ingress"] = ingress);
    events::write(
        state,
        &service,
        "service-controller",
        "Normal",
        "EnsuredLoadBalancer",
        "Ensured load balancer",
    );
}
