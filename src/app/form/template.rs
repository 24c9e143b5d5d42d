//! What a form begins with: the console's defaults, or another gateway without what made it that one.

use serde_json::{Value, json};

use super::spread;
use crate::model::istio_gateway::names::{ADOPTED, GATEWAY_NAMESPACE};
use crate::model::istio_gateway::{GROUP, VERSIONS};

/// The version to write, of those that a cluster serves.
pub(super) fn version<S: AsRef<str>>(served: &[S]) -> &'static str {
    let is_served = |version: &&str| served.iter().any(|s| s.as_ref() == *version);
    VERSIONS.into_iter().find(is_served).unwrap_or(VERSIONS[0])
}

/// A gateway as the console's creation form offers it (asm-api.md §4.1): egress, HTTP and HTTPS, one pod.
pub(super) fn new(version: &str) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/{version}"),
        "kind": "IstioGateway",
        "metadata": {"name": "", "namespace": GATEWAY_NAMESPACE},
        "spec": {
            "gatewayType": "egress",
            "ports": [
                {"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"},
                {"name": "https-1", "port": 443, "targetPort": 443, "protocol": "HTTPS"},
            ],
            "replicaCount": 1,
            "resources": {
                "limits": {"cpu": "2", "memory": "4G"},
                "requests": {"cpu": "200m", "memory": "256Mi"},
            },
            "rollingMaxSurge": "25%",
            "rollingMaxUnavailable": "25%",
            "serviceType": "ClusterIP",
        },
    })
}

/// What a server or a keeper wrote into metadata: another object has its own.
const MADE: [&str; 11] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "ownerReferences",
    "finalizers",
    "generateName",
];

/// Annotations that speak of the object they are on.
const OWN: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", ADOPTED];

/// Another gateway like this one: without a name, status, and records.
pub(super) fn clone_of(object: &Value) -> Value {
    let mut clone = object.clone();
    // It selects pods by the name, which the clone does not have.
    let spreads = spread::is_on(object);
    if spreads {
        spread::set(&mut clone, false);
    }
    if let Some(fields) = clone.as_object_mut() {
        fields.shift_remove("status");
    }
    if let Some(metadata) = clone.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !MADE.contains(&name.as_str()));
        metadata.insert("name".to_owned(), "".into());
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !key.starts_with("egret/") && !OWN.contains(&key.as_str()));
            if annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    // An address of a load balancer and ports of nodes are one object's alone.
    if let Some(spec) = clone.get_mut("spec").and_then(Value::as_object_mut) {
        spec.shift_remove("loadBalancerIP");
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(port) = port.as_object_mut() {
                port.shift_remove("nodePort");
            }
        }
    }
    if spreads {
        spread::set(&mut clone, true);
    }
    clone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::materialize::validate;
    use crate::model::istio_gateway::IstioGateway;

    #[test]
    fn a_new_gateway_lacks_nothing_but_its_name() {
        let gateway = IstioGateway::read(&new("v1beta1")).unwrap();
        let paths: Vec<String> = validate(&gateway).into_iter().map(|p| p.path).collect();
        assert_eq!(paths, ["metadata.name"]);
    }

    #[test]
    fn a_clone_keeps_what_was_wished_and_nothing_that_made_it_that_one() {
        let clone = clone_of(&json!({
            "apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
            "metadata": {"name": "out", "namespace": "ns", "uid": "u", "resourceVersion": "7", "finalizers": ["egret/cleanup"],
                "labels": {"team": "a"}, "annotations": {"egret/adopted": "{}", "egret/clusters": "{}", "owner": "me"}},
            "spec": {"ports": [{"port": 80, "nodePort": 30080}], "loadBalancerIP": "192.0.2.1", "someday": {"x": 1}},
            "status": {"Status": "Running"},
        }));
        let expected = json!({
            "apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
            "metadata": {"name": "", "namespace": "ns", "labels": {"team": "a"}, "annotations": {"owner": "me"}},
            "spec": {"ports": [{"port": 80}], "someday": {"x": 1}},
        });
        assert_eq!(clone, expected);
    }

    #[test]
    fn a_clone_of_a_spread_gateway_keeps_its_own_pods_apart_and_not_those_of_the_other() {
        let mut object = json!({"metadata": {"name": "out", "annotations": {
            "egret/adopted": r#"{"deployment":"d","service":"s","serviceAccount":"a","selector":{"my":"own"}}"#}}, "spec": {}});
        spread::set(&mut object, true);
        assert!(object.to_string().contains(r#""matchLabels":{"my":"own"}"#), "{object}");
        let mut clone = clone_of(&object);
        assert!(spread::is_on(&clone) && !clone.to_string().contains(r#""my":"own""#), "{clone}");
        spread::set(&mut clone, false);
        assert_eq!(clone, json!({"metadata": {"name": ""}, "spec": {}}));
    }

    #[test]
    fn the_version_is_one_that_the_cluster_serves() {
        assert_eq!(version::<&str>(&[]), "v1beta1");
        assert_eq!(version(&["v1", "v2"]), "v1");
        assert_eq!(version(&["v1", "v1beta1"]), "v1beta1");
    }
}
