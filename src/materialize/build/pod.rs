//! The pod template: what egret adds to Istio's gateway injection template (R7).

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::{Plan, host_network, kernel, proxy_config, set};
use crate::materialize::names::{ALLOW_NODE_SYSCTLS, ROLL};
use crate::materialize::validate::Problem;
use crate::model::istio_gateway::{DnsPolicy, GatewayPort, Pairs, Protocol, names};

/// The container of the proxy, as Istio calls it.
pub(super) const PROXY: &str = "istio-proxy";

/// Labels that the pods have whatever the CR says: what makes the injector take them, and keeps ambient mode away.
pub(in crate::materialize) const LABELS: [(&str, &str); 2] =
    [("sidecar.istio.io/inject", "true"), ("istio.io/dataplane-mode", "none")];

/// The annotation that names the template to inject.
pub(in crate::materialize) const TEMPLATES: (&str, &str) = ("inject.istio.io/templates", "gateway");

/// The label that names the revision to inject.
pub const REVISION: &str = "istio.io/rev";

/// Annotations that the CR may override: where Prometheus finds the merged metrics.
const SCRAPED: [(&str, &str); 3] = [
    ("prometheus.io/scrape", "true"),
    ("prometheus.io/port", "15020"),
    ("prometheus.io/path", "/stats/prometheus"),
];

pub(super) fn template(plan: &Plan<'_>) -> Result<Value, Problem> {
    let metadata = json!({"labels": labels(plan), "annotations": annotations(plan)});
    Ok(json!({"metadata": metadata, "spec": spec(plan)?}))
}

/// See [`super::template_input`].
pub(super) fn input(plan: &Plan<'_>) -> Value {
    let c = plan.configuration;
    let annotation = |key| plan.gateway.annotation(key);
    json!({
        "labels": plan.labels(),
        "account": plan.site.names.service_account,
        "podLabels": c.pod_labels,
        "podAnnotations": c.pod_annotations,
        "ports": container_ports(plan),
        "resources": c.resources,
        "env": c.env,
        "requestedNetworkView": c.requested_network_view,
        "volumes": [json!(c.secret_volumes), json!(c.config_volumes)],
        "nodeSelector": c.node_selector,
        "affinity": c.affinity,
        "tolerations": c.tolerations,
        "kernel": c.kernel,
        "runAsRoot": c.run_as_root,
        "lifecycle": c.lifecycle,
        "readinessProbe": c.readiness_probe,
        "hostNetwork": c.host_network,
        "dnsPolicy": c.dns_policy,
        "drain": annotation(names::DRAIN_TIMEOUT_SECONDS),
        "nodeKernel": annotation(ALLOW_NODE_SYSCTLS),
        "roll": annotation(ROLL),
    })
}

fn labels(plan: &Plan<'_>) -> Pairs {
    let mut labels = plan.configuration.pod_labels.clone().unwrap_or_default();
    if let Some(revision) = plan.revision() {
        labels.insert(REVISION.into(), revision.to_owned());
    }
    labels.extend(LABELS.map(|(key, value)| (key.to_owned(), value.to_owned())));
    if host_network(plan) {
        // istiod would not inject it, and the label would say that it does.
        labels.insert(LABELS[0].0.into(), "false".into());
    }
    labels.extend(plan.labels());
    labels
}

fn annotations(plan: &Plan<'_>) -> Pairs {
    let mut annotations: Pairs = SCRAPED.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    annotations.extend(plan.configuration.pod_annotations.clone().unwrap_or_default());
    if !host_network(plan) {
        annotations.insert(TEMPLATES.0.into(), TEMPLATES.1.into());
    }
    if let Some(seconds) = drain_seconds(plan) {
        proxy_config::set_drain(&mut annotations, seconds);
    }
    annotations
}

/// Whether the pods use the node's network.
pub(super) fn host_network(plan: &Plan<'_>) -> bool {
    plan.configuration.host_network == Some(true)
}

/// How long a stopping pod lets its connections finish.
fn drain_seconds(plan: &Plan<'_>) -> Option<u32> {
    plan.gateway.annotation(names::DRAIN_TIMEOUT_SECONDS)?.parse().ok()
}

/// Time for the proxy to end after its connections did.
const AFTER_DRAIN: u32 = 10;

/// What Kubernetes gives a pod that says nothing.
const USUAL_GRACE: u32 = 30;

fn spec(plan: &Plan<'_>) -> Result<Value, Problem> {
    let c = plan.configuration;
    let mut spec = json!({"serviceAccountName": plan.site.names.service_account});
    let on_host = host_network(plan);
    if on_host {
        spec["hostNetwork"] = json!(true);
    } else {
        // The gateway template says the same, and its list replaces this one (R8): other parameters go another way.
        spec["securityContext"] =
            json!({"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]});
    }
    // A pod on the host network that resolves names as others do would not find the cluster's Services.
    let dns = c.dns_policy.clone().or(on_host.then_some(DnsPolicy::ClusterFirstWithHostNet));
    set(&mut spec, "dnsPolicy", dns);
    let grace = drain_seconds(plan).map(|seconds| USUAL_GRACE.max(seconds.saturating_add(AFTER_DRAIN)));
    set(&mut spec, "terminationGracePeriodSeconds", grace);
    set(&mut spec, "nodeSelector", c.node_selector.as_ref().filter(|s| !s.is_empty()));
    set(&mut spec, "affinity", c.affinity.as_ref());
    set(&mut spec, "tolerations", c.tolerations.as_ref().filter(|t| !t.is_empty()));
    set(&mut spec, "initContainers", kernel::container(plan)?.map(|container| [container]));
    let mut proxy = proxy(plan);
    let (volumes, mounts) = volumes(plan);
    if !mounts.is_empty() {
        proxy["volumeMounts"] = json!(mounts);
    }
    spec["containers"] = json!([proxy]);
    if !volumes.is_empty() {
        spec["volumes"] = json!(volumes);
    }
    if on_host {
        host_network::complete(plan, &mut spec)?;
    }
    Ok(spec)
}

/// Requests and limits of a proxy whose CR says nothing of resources: those of Istio's own gateway chart, for a proxy
/// without any is the first to be evicted, and cannot be scaled by a percentage (inferred: ASM declares none).
fn usual_resources() -> Value {
    json!({"limits": {"cpu": "2000m", "memory": "1024Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}})
}

fn proxy(plan: &Plan<'_>) -> Value {
    let c = plan.configuration;
    let mut proxy = json!({"name": PROXY, "image": "auto"});
    let ports: Vec<Value> = container_ports(plan);
    if !ports.is_empty() {
        proxy["ports"] = json!(ports);
    }
    let env = environment(plan);
    if !env.is_empty() {
        proxy["env"] = json!(env);
    }
    proxy["resources"] = c.resources.as_ref().map_or_else(usual_resources, |resources| json!(resources));
    proxy["securityContext"] = security(c.run_as_root == Some(true));
    set(&mut proxy, "readinessProbe", probe(plan));
    set(&mut proxy, "lifecycle", c.lifecycle.as_ref());
    proxy
}

/// As Istio's gateway chart. Root is a user, not a privilege: it may bind low ports and read what is root's, no more
/// (inferred: ASM's comment says "privileged container", which a proxy does not need).
fn security(root: bool) -> Value {
    let mut context = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "privileged": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": !root,
    });
    if root {
        context["capabilities"]["add"] = json!(["NET_BIND_SERVICE"]);
        context["runAsUser"] = json!(0);
        context["runAsGroup"] = json!(0);
    }
    context
}

/// What the CR says, and the network view that Istio reads from the environment.
fn environment(plan: &Plan<'_>) -> Vec<Value> {
    const NETWORK_VIEW: &str = "ISTIO_META_REQUESTED_NETWORK_VIEW";
    let c = plan.configuration;
    let named = |name: &str| c.env.iter().flatten().any(|variable| variable.name == name);
    let view = c.requested_network_view.as_ref().filter(|view| !view.is_empty() && !named(NETWORK_VIEW));
    let view = view.map(|view| json!({"name": NETWORK_VIEW, "value": view}));
    c.env.iter().flatten().map(|variable| json!(variable)).chain(view).collect()
}

/// Ports of the container: those of the Service, by number. They say nothing to Kubernetes but for their names, so a
/// port that the Service asks for by name is there even when `disableContainerPortExposed` is set, on the Service's
/// own number (inferred: a name has none of its own). No other is named (R10).
fn container_ports(plan: &Plan<'_>) -> Vec<Value> {
    let c = plan.configuration;
    let hidden = c.disable_container_port_exposed == Some(true);
    let all = c.ports.iter().flatten().chain(c.mesh_expansion_ports.iter().flatten());
    let mut ports: Vec<Value> = Vec::new();
    for port in all {
        let Some(container_port) = container_port(port, hidden) else { continue };
        let taken = |p: &Value| {
            p["containerPort"] == container_port["containerPort"]
                && p["protocol"] == container_port["protocol"]
        };
        if !ports.iter().any(taken) {
            ports.push(container_port);
        }
    }
    ports
}

fn container_port(port: &GatewayPort, hidden: bool) -> Option<Value> {
    let protocol = if port.protocol() == Protocol::Udp { "UDP" } else { "TCP" };
    match port.target()? {
        IntOrString::Int(number) => (!hidden).then(|| json!({"containerPort": number, "protocol": protocol})),
        IntOrString::String(name) => {
            Some(json!({"name": name, "containerPort": port.port?, "protocol": protocol}))
        }
    }
}

/// Where and how Istio's gateway template asks, with what the CR says otherwise. A probe must be whole: the API server
/// refuses one that does not say what to ask.
pub(super) fn usual_probe() -> Value {
    json!({
        "failureThreshold": 4,
        "httpGet": {"path": "/healthz/ready", "port": 15021, "scheme": "HTTP"},
        "initialDelaySeconds": 0,
        "periodSeconds": 15,
        "successThreshold": 1,
        "timeoutSeconds": 3,
    })
}

/// `None`, for what says nothing: the template's own (R10).
fn probe(plan: &Plan<'_>) -> Option<Value> {
    let asked = plan.configuration.readiness_probe.as_ref()?;
    let fields = [
        ("failureThreshold", asked.failure_threshold),
        ("periodSeconds", asked.period_seconds),
        ("successThreshold", asked.success_threshold),
    ];
    // Go's zero is what was not written.
    let said = || fields.iter().filter_map(|(field, value)| Some((field, value.filter(|v| *v > 0)?)));
    said().next()?;
    let mut probe = usual_probe();
    said().for_each(|(field, value)| probe[field] = json!(value));
    Some(probe)
}

/// Secrets and ConfigMaps of the CR: a missing one keeps no pod from starting, and none is written to.
fn volumes(plan: &Plan<'_>) -> (Vec<Value>, Vec<Value>) {
    let c = plan.configuration;
    let secrets = c.secret_volumes.iter().flatten().map(|v| {
        let source = json!({"secretName": v.secret_name, "optional": true});
        (&v.name, &v.mount_path, "secret", source)
    });
    let maps = c.config_volumes.iter().flatten().map(|v| {
        let source = json!({"name": v.config_map_name, "optional": true});
        (&v.name, &v.mount_path, "configMap", source)
    });
    let both = secrets.chain(maps).map(|(name, path, kind, source)| {
        (json!({"name": name, kind: source}), json!({"name": name, "mountPath": path, "readOnly": true}))
    });
    both.unzip()
}
