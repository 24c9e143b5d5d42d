//! What somebody does to a cluster by hand, for whoever wants to see what comes of it.

use super::state::State;
use super::store::Key;

/// Who it is: what `kubectl scale` calls itself here.
const MANAGER: &str = "kubectl-scale";

/// Gives a Deployment one replica more than it has.
pub fn scale(state: &mut State, namespace: &str, name: &str) {
    let key = Key::new("deployments.apps", namespace, name);
    // One that went meanwhile is scaled by nobody.
    let _ = state.change(&key, MANAGER, |deployment| {
        let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        deployment["spec"]["replicas"] = (replicas + 1).into();
    });
}

/// Has a gateway ask for one replica more than it does.
pub fn edit(state: &mut State, namespace: &str, name: &str) {
    let key = Key::new("istiogateways.istio.alibabacloud.com", namespace, name);
    // One that went meanwhile is edited by nobody.
    let _ = state.change(&key, "kubectl-edit", |gateway| {
        let replicas = gateway["spec"]["replicaCount"].as_u64().unwrap_or(1);
        gateway["spec"]["replicaCount"] = (replicas + 1).into();
    });
}
