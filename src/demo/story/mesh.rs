//! What every cluster of the story stands on: nodes, namespaces, Istio, the kinds of custom resources.

use serde_json::{Value, json};

use crate::demo::state::State;
use crate::demo::store::Key;

/// Who installs things in the story.
pub(super) const INSTALLER: &str = "helm";

/// Makes an object that fits; the story's tests show that all of them do.
pub(super) fn put(state: &mut State, resource: &str, object: Value, manager: &str) {
    let name = object["metadata"]["name"].clone();
    let made = state.make(resource, object, manager);
    debug_assert!(made.is_ok(), "{resource} {name}: {made:?}");
}

/// Nodes in three zones, each of so many processors.
pub(super) fn nodes(state: &mut State, cluster: &str, count: usize, processors: u32) {
    for n in 0..count {
        let name = format!("{cluster}-worker-{}", n + 1);
        let zone = format!("{cluster}-{}", ["a", "b", "c"][n % 3]);
        let labels = json!({
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": zone, "node.kubernetes.io/instance-type": format!("c{processors}.large"),
        });
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
        put(state, "nodes", node, "kubelet");
        let room =
            json!({"cpu": processors.to_string(), "memory": format!("{}Gi", processors * 4), "pods": "110"});
        let ready = json!([{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}]);
        let status = json!({
            "capacity": room, "allocatable": room, "conditions": ready,
            "nodeInfo": {"kubeletVersion": "v1.36.3", "osImage": "Linux", "containerRuntimeVersion": "containerd://2.1"},
        });
        let _ = state.change_status(&Key::new("nodes", "", &name), "kubelet", |node| node["status"] = status);
    }
}

/// Namespaces, some with a label that tells their sidecars' revision.
pub(super) fn namespaces(state: &mut State, names: &[&str]) {
    for name in names {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        put(state, "namespaces", object, "kubectl");
    }
}

/// Kinds of Istio and Gateway API: group, kind, plural, versions with the stored one first, short names, namespaced.
type Kind =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str], bool);

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    ("networking.istio.io", "Gateway", "gateways", &["v1", "v1beta1", "v1alpha3"], &["gw"], true),
    ("networking.istio.io", "VirtualService", "virtualservices", &["v1", "v1beta1", "v1alpha3"], &["vs"], true),
    ("networking.istio.io", "DestinationRule", "destinationrules", &["v1", "v1beta1", "v1alpha3"], &["dr"], true),
    ("networking.istio.io", "ServiceEntry", "serviceentries", &["v1", "v1beta1", "v1alpha3"], &["se"], true),
    ("networking.istio.io", "Sidecar", "sidecars", &["v1", "v1beta1", "v1alpha3"], &[], true),
    ("networking.istio.io", "EnvoyFilter", "envoyfilters", &["v1alpha3"], &[], true),
    ("security.istio.io", "AuthorizationPolicy", "authorizationpolicies", &["v1", "v1beta1"], &["ap"], true),
    ("security.istio.io", "PeerAuthentication", "peerauthentications", &["v1", "v1beta1"], &["pa"], true),
    ("telemetry.istio.io", "Telemetry", "telemetries", &["v1", "v1alpha1"], &["telemetry"], true),
];

#[rustfmt::skip]
const GATEWAY_API: &[Kind] = &[
    ("gateway.networking.k8s.io", "GatewayClass", "gatewayclasses", &["v1", "v1beta1"], &["gc"], false),
    ("gateway.networking.k8s.io", "Gateway", "gateways", &["v1", "v1beta1"], &["gtw"], true),
    ("gateway.networking.k8s.io", "HTTPRoute", "httproutes", &["v1", "v1beta1"], &[], true),
];

fn definition(kind: &Kind) -> Value {
    let (group, kind, plural, versions, short, namespaced) = kind;
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let served = versions.iter().enumerate().map(|(n, version)| {
        json!({"name": version, "served": true, "storage": n == 0, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": open, "status": open}}}})
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": if *namespaced { "Namespaced" } else { "Cluster" },
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List"), "shortNames": short},
            "versions": served.collect::<Vec<_>>(),
        },
    })
}

const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Istio's own kinds.
pub(super) fn istio_kinds(state: &mut State) {
    KINDS.iter().for_each(|kind| put(state, DEFINITIONS, definition(kind), INSTALLER));
    settle(state);
}

/// Waits a moment: new kinds are served soon.
pub(super) fn settle(state: &mut State) {
    let to = state.now.checked_add(std::time::Duration::from_secs(1)).unwrap_or(state.now);
    state.step_to(to);
}

/// Gateway API, and the class that istiod makes.
pub(super) fn gateway_api(state: &mut State) {
    GATEWAY_API.iter().for_each(|kind| put(state, DEFINITIONS, definition(kind), "kubectl"));
    settle(state);
    for (name, controller) in
        [("istio", "istio.io/gateway-controller"), ("istio-waypoint", "istio.io/mesh-controller")]
    {
        let class = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name},
            "spec": {"controllerName": controller}});
        put(state, "gatewayclasses.gateway.networking.k8s.io", class, "pilot-discovery");
        let accepted = json!([{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "Handled by Istio controller",
            "observedGeneration": 1, "lastTransitionTime": crate::demo::state::write::time(state.now)}]);
        let key = Key::new("gatewayclasses.gateway.networking.k8s.io", "", name);
        let _ = state.change_status(&key, "pilot-discovery", |class| {
            class["status"] = json!({"conditions": accepted})
        });
    }
}

/// The kind of `IstioGateway`: egret's own definition, or what another keeper serves.
pub(super) fn istio_gateways(state: &mut State, by_egret: bool) {
    let text = include_str!("../../../assets/crds/istiogateways.yaml");
    let Ok(mut crd) = serde_yaml::from_str::<Value>(text) else { return };
    if !by_egret {
        crd["metadata"]["labels"] = json!({});
    }
    put(state, DEFINITIONS, crd, if by_egret { "egret" } else { "asm-controller" });
    settle(state);
}

/// istiod of a version, with the webhook that injects its proxies.
pub(super) fn istiod(state: &mut State, version: &str, replicas: u32) {
    let labels = json!({"app": "istiod", "istio": "pilot", "istio.io/rev": "default"});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "istiod", "namespace": "istio-system", "labels": labels},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "istiod", "istio": "pilot"}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"serviceAccountName": "istiod", "containers": [{
                    "name": "discovery", "image": format!("docker.io/istio/pilot:{version}"),
                    "ports": [{"containerPort": 15010}, {"containerPort": 15012}, {"containerPort": 15017}],
                    "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}},
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 3},
                }]},
            },
        },
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "istiod", "namespace": "istio-system", "labels": labels},
        "spec": {"selector": {"app": "istiod", "istio": "pilot"}, "ports": [
            {"name": "grpc-xds", "port": 15010}, {"name": "https-dns", "port": 15012}, {"name": "https-webhook", "port": 443, "targetPort": 15017}]},
    });
    put(state, "deployments.apps", deployment, INSTALLER);
    put(state, "services", service, INSTALLER);
    injector(state, "default", version);
}

/// The webhook that injects the proxies of a revision, which istiod of this version brings.
pub(super) fn injector(state: &mut State, revision: &str, version: &str) {
    let revision_key = "istio.io/rev";
    let of_revision = match revision {
        "default" => json!({"key": revision_key, "operator": "DoesNotExist"}),
        revision => json!({"key": revision_key, "operator": "In", "values": [revision]}),
    };
    let name = match revision {
        "default" => "istio-sidecar-injector".to_owned(),
        revision => format!("istio-sidecar-injector-{revision}"),
    };
    let webhook = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name, "labels": {"app": "sidecar-injector", revision_key: revision},
            "annotations": {"demo.egret/version": version}},
        "webhooks": [{
            "name": "object.sidecar-injector.istio.io", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": {"name": "istiod", "namespace": "istio-system", "path": "/inject", "port": 443}},
            "objectSelector": {"matchExpressions": [
                {"key": "sidecar.istio.io/inject", "operator": "In", "values": ["true"]}, of_revision]},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    });
    put(state, "mutatingwebhookconfigurations.admissionregistration.k8s.io", webhook, INSTALLER);
    // Its values name the proxy's image: what is not injected goes by them.
    let values = json!({"global": {"hub": "docker.io/istio", "tag": version, "proxy": {"image": "proxyv2"}}});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "istio-system"},
        "data": {"values": values.to_string()}});
    put(state, "configmaps", map, INSTALLER);
}
