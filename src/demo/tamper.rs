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
