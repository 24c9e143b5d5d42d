//! What the controller may do (R12): what its requests need, and nothing more.

use serde_json::{Value, json};

use super::CRD_NAME;
use super::controller::{NAME, metadata};
use crate::model::istio_gateway::GROUP;
use crate::model::istio_gateway::names::GATEWAY_NAMESPACE;

/// Where Istio's own objects are: the injector's values, and istiod.
const MESH_NAMESPACE: &str = GATEWAY_NAMESPACE;

/// What is done with the objects of a gateway: read, watched, applied, deleted.
const KEPT: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];

/// In the namespace of the gateways.
pub fn in_namespace() -> Value {
    let kept = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": KEPT});
    json!([
        // Released gateways are deleted; all else is a patch.
        {"apiGroups": [GROUP], "resources": ["istiogateways"], "verbs": ["get", "list", "watch", "patch", "delete"]},
        {"apiGroups": [GROUP], "resources": ["istiogateways/status"], "verbs": ["patch"]},
        // What owner references that block a deletion ask for.
        {"apiGroups": [GROUP], "resources": ["istiogateways/finalizers"], "verbs": ["update"]},
        kept("", &["serviceaccounts", "services"]),
        kept("apps", &["deployments"]),
        kept("autoscaling", &["horizontalpodautoscalers"]),
        kept("policy", &["poddisruptionbudgets"]),
        kept("rbac.authorization.k8s.io", &["roles", "rolebindings"]),
        kept("networking.istio.io", &["envoyfilters", "gateways"]),
        // Granted to each gateway's account (R10), so it must be held; and kubeconfigs of other clusters are read.
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
        // A lease that is not there yet cannot be granted by name.
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [NAME], "verbs": ["get", "update"]},
    ])
}

/// Where istiod is: its injector's values name the proxy's image, and its Deployment the id of the cluster.
pub fn in_mesh_namespace() -> Value {
    json!([
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
    ])
}

/// For the whole cluster: what it is (R2), who keeps its gateways (R4), who injects them (R7).
pub fn in_cluster(namespace: &str) -> Value {
    json!([
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["kube-system", namespace], "verbs": ["get"]},
        {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "resourceNames": [CRD_NAME], "verbs": ["get"]},
        {"apiGroups": ["admissionregistration.k8s.io"], "resources": ["mutatingwebhookconfigurations"], "verbs": ["list"]},
    ])
}

/// The name of what is cluster-wide: another namespace may have a controller of its own.
pub fn cluster_wide(namespace: &str) -> String {
    format!("{NAME}-{namespace}")
}

/// Roles and their bindings.
pub(super) fn objects(namespace: &str) -> Vec<Value> {
    let wide = cluster_wide(namespace);
    let mut objects = pair(&wide, None, in_cluster(namespace), namespace);
    let mut own = in_namespace();
    if namespace == MESH_NAMESPACE {
        if let (Value::Array(own), Value::Array(mesh)) = (&mut own, in_mesh_namespace()) {
            own.extend(mesh);
        }
    } else {
        objects.extend(pair(&wide, Some(MESH_NAMESPACE), in_mesh_namespace(), namespace));
    }
    objects.extend(pair(NAME, Some(namespace), own, namespace));
    objects
}

/// A Role, or a ClusterRole where there is no namespace, and what gives it to the controller's account.
fn pair(name: &str, place: Option<&str>, rules: Value, account: &str) -> Vec<Value> {
    const API: &str = "rbac.authorization.k8s.io";
    let kind = if place.is_some() { "Role" } else { "ClusterRole" };
    vec![
        json!({"apiVersion": format!("{API}/v1"), "kind": kind, "metadata": metadata(name, place), "rules": rules}),
        json!({
            "apiVersion": format!("{API}/v1"),
            "kind": format!("{kind}Binding"),
            "metadata": metadata(name, place),
            "roleRef": {"apiGroup": API, "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": account}],
        }),
    ]
}
