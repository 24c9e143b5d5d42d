//! What a gateway of another origin is set to, in the words of the creation form.
//!
//! Its Deployment, Service and autoscaler are read back into the `IstioGateway` that would say the same, so that
//! [`super::parameters`] says it in the same words; only the paths are those of the objects that really hold it.

use serde_json::{Map, Value, json};

use super::gateway::{Direction, GatewayRow};
use super::istio_gateway::{IstioGateway, names};
use super::parameters::{Parameter, Source, parameters};

/// The objects that a gateway is made of.
struct Objects<'o> {
    row: &'o GatewayRow,
    workload: &'o Value,
    service: Option<&'o Value>,
    hpa: Option<&'o Value>,
}

/// One parameter: its name on the form, where the CR has it, where the objects have it.
struct Line {
    name: &'static str,
    /// JSON pointers of the CR that `read` fills; several parameters may read one.
    to: &'static str,
    read: fn(&Objects<'_>) -> Option<Value>,
    /// Where it really is: kind and field.
    path: &'static str,
    /// What holds when nothing is set, where that differs from a CR; and who says so.
    unset: Option<(&'static str, &'static str)>,
}

const fn line(
    name: &'static str,
    to: &'static str,
    read: fn(&Objects<'_>) -> Option<Value>,
    path: &'static str,
) -> Line {
    Line { name, to, read, path, unset: None }
}

impl Line {
    const fn or(self, value: &'static str, whence: &'static str) -> Self {
        Self { unset: Some((value, whence)), ..self }
    }
}

const KUBERNETES: &str = "Kubernetes";
const NO_HPA: (&str, &str) = ("–", "there is no autoscaler");

#[rustfmt::skip]
static LINES: &[Line] = &[
    line("Name", "/metadata/name", |o| o.of_workload("/metadata/name"), "metadata.name"),
    line("Gateway type", "/spec/gatewayType", |o| o.direction(), "marks of the workload, or egret's config").or("?", "nothing says so"),
    line("Port mapping", "/spec/ports", |o| o.of_service("/spec/ports"), "Service spec.ports"),
    line("CPU limit", "/spec/resources/limits", |o| o.of_proxy("/resources/limits"), "spec.template.spec.containers[].resources.limits.cpu"),
    line("Memory limit", "/spec/resources/limits", |o| o.of_proxy("/resources/limits"), "spec.template.spec.containers[].resources.limits.memory"),
    line("CPU request", "/spec/resources/requests", |o| o.of_proxy("/resources/requests"), "spec.template.spec.containers[].resources.requests.cpu"),
    line("Memory request", "/spec/resources/requests", |o| o.of_proxy("/resources/requests"), "spec.template.spec.containers[].resources.requests.memory"),
    line("Gateway instances", "/spec/replicaCount", |o| o.of_workload("/spec/replicas"), "spec.replicas").or("one per node", "it is a DaemonSet"),

    line("HPA", "/spec/autoscaleEnabled", |o| o.hpa.map(|_| json!(true)), "HorizontalPodAutoscaler").or("off", NO_HPA.1),
    line("CPU threshold", "/spec/cpu/targetAverageUtilization", |o| o.utilization("cpu"), "HorizontalPodAutoscaler spec.metrics").or("not watched", KUBERNETES),
    line("Memory threshold", "/spec/memory/targetAverageUtilization", |o| o.utilization("memory"), "HorizontalPodAutoscaler spec.metrics"),
    line("Minimum replicas", "/spec/minReplicas", |o| o.of_hpa("/spec/minReplicas"), "HorizontalPodAutoscaler spec.minReplicas").or(NO_HPA.0, NO_HPA.1),
    line("Maximum replicas", "/spec/maxReplicas", |o| o.of_hpa("/spec/maxReplicas"), "HorizontalPodAutoscaler spec.maxReplicas").or(NO_HPA.0, NO_HPA.1),

    line("Maximum unavailable", "/spec/rollingMaxUnavailable", |o| o.rolling("maxUnavailable"), "spec.strategy.rollingUpdate.maxUnavailable"),
    line("Maximum surge", "/spec/rollingMaxSurge", |o| o.rolling("maxSurge"), "spec.strategy.rollingUpdate.maxSurge"),

    line("Spread replicas widely", "/spec/affinity", |o| o.of_pod("/affinity"), "spec.template.spec.affinity.podAntiAffinity"),
    line("Node selector", "/spec/nodeSelector", |o| o.of_pod("/nodeSelector"), "spec.template.spec.nodeSelector"),
    line("Tolerations", "/spec/tolerations", |o| o.of_pod("/tolerations"), "spec.template.spec.tolerations"),
    line("Affinity", "/spec/affinity", |o| o.of_pod("/affinity"), "spec.template.spec.affinity"),

    line("Two-way TLS", "/spec/podLabels", |o| o.pod_labels(), "spec.template.metadata.labels[\"security.istio.io/tlsMode\"]"),
    line("Run as root", "/spec/runAsRoot", |o| o.root(), "spec.template.spec.containers[].securityContext"),
    line("Host network", "/spec/hostNetwork", |o| o.of_pod("/hostNetwork"), "spec.template.spec.hostNetwork"),

    line("Service type", "/spec/serviceType", |o| o.of_service("/spec/type"), "Service spec.type").or("–", "there is no Service"),
    line("External traffic policy", "/spec/externalTrafficPolicy", |o| o.of_service("/spec/externalTrafficPolicy"), "Service spec.externalTrafficPolicy"),
    line("Load balancer class", "/spec/loadBalancerClass", |o| o.of_service("/spec/loadBalancerClass"), "Service spec.loadBalancerClass"),
    line("Load balancer address", "/spec/loadBalancerIP", |o| o.of_service("/spec/loadBalancerIP"), "Service spec.loadBalancerIP"),
    line("Service annotations", "/spec/serviceAnnotations", |o| o.of_service("/metadata/annotations").map(without_last_applied), "Service metadata.annotations"),
    line("Service labels", "/spec/serviceLabels", |o| o.of_service("/metadata/labels"), "Service metadata.labels"),

    line("Pod labels", "/spec/podLabels", |o| o.pod_labels(), "spec.template.metadata.labels"),
    line("Pod annotations", "/spec/podAnnotations", |o| o.of_workload("/spec/template/metadata/annotations"), "spec.template.metadata.annotations"),
    line("Environment", "/spec/env", |o| o.of_proxy("/env"), "spec.template.spec.containers[].env"),
    line("Secret volumes", "/spec/secretVolumes", |o| o.volumes("secret", "secretName", "secretName"), "spec.template.spec.volumes"),
    line("Config volumes", "/spec/configVolumes", |o| o.volumes("configMap", "name", "configMapName"), "spec.template.spec.volumes"),
    line("DNS policy", "/spec/dnsPolicy", |o| o.of_pod("/dnsPolicy"), "spec.template.spec.dnsPolicy"),
    line("Kernel parameters", "/spec/kernel", |o| o.sysctls(), "spec.template.spec.securityContext.sysctls").or("off", KUBERNETES),
    line("Lifecycle", "/spec/lifecycle", |o| o.of_proxy("/lifecycle"), "spec.template.spec.containers[].lifecycle"),
    line("Readiness", "/spec/readinessProbe", |o| o.of_proxy("/readinessProbe"), "spec.template.spec.containers[].readinessProbe"),
    line("Drain time", "/metadata/annotations", |o| o.grace(), "spec.template.spec.terminationGracePeriodSeconds"),
    line("Requested networks", "/spec/requestedNetworkView", |o| o.variable("ISTIO_META_REQUESTED_NETWORK_VIEW"), "spec.template.spec.containers[].env"),
];

/// `kubectl apply` repeats the whole object there.
fn without_last_applied(mut annotations: Value) -> Value {
    if let Some(all) = annotations.as_object_mut() {
        all.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    annotations
}

impl Objects<'_> {
    fn of_workload(&self, pointer: &str) -> Option<Value> {
        self.workload.pointer(pointer).filter(|value| !value.is_null()).cloned()
    }

    fn of_service(&self, pointer: &str) -> Option<Value> {
        self.service?.pointer(pointer).cloned()
    }

    fn of_hpa(&self, pointer: &str) -> Option<Value> {
        self.hpa?.pointer(pointer).cloned()
    }

    fn of_pod(&self, pointer: &str) -> Option<Value> {
        self.workload.pointer("/spec/template/spec")?.pointer(pointer).cloned()
    }

    /// The proxy's container: `istio-proxy`, else the first.
    fn proxy(&self) -> Option<&Value> {
        let containers = self.workload.pointer("/spec/template/spec/containers")?.as_array()?;
        containers.iter().find(|container| container["name"] == "istio-proxy").or_else(|| containers.first())
    }

    fn of_proxy(&self, pointer: &str) -> Option<Value> {
        self.proxy()?.pointer(pointer).cloned()
    }

    fn direction(&self) -> Option<Value> {
        (self.row.direction != Direction::Unknown).then(|| self.row.direction.to_string().into())
    }

    fn pod_labels(&self) -> Option<Value> {
        self.of_workload("/spec/template/metadata/labels")
    }

    fn utilization(&self, resource: &str) -> Option<Value> {
        let metrics = self.hpa?.pointer("/spec/metrics")?.as_array()?;
        let of = |metric: &&Value| metric.pointer("/resource/name").is_some_and(|name| name == resource);
        metrics.iter().find(of)?.pointer("/resource/target/averageUtilization").cloned()
    }

    /// A Deployment and a DaemonSet name the strategy differently. The CR has text only.
    fn rolling(&self, field: &str) -> Option<Value> {
        let strategy = ["/spec/strategy", "/spec/updateStrategy"];
        let amount =
            strategy.iter().find_map(|at| self.workload.pointer(at)?.get("rollingUpdate")?.get(field))?;
        Some(amount.as_str().map_or_else(|| amount.to_string(), str::to_owned).into())
    }

    /// The container's own context goes before the pod's.
    fn root(&self) -> Option<Value> {
        let context = |field: &str| {
            let own = self.proxy().and_then(|proxy| proxy.get("securityContext")?.get(field));
            own.or_else(|| self.workload.pointer("/spec/template/spec/securityContext")?.get(field))
        };
        let user = context("runAsUser").and_then(Value::as_i64);
        let never = || context("runAsNonRoot").and_then(Value::as_bool).filter(|never| *never).map(|_| false);
        user.map(|user| user == 0).or_else(never).map(Value::from)
    }

    fn sysctls(&self) -> Option<Value> {
        let all = self.of_pod("/securityContext/sysctls")?;
        let pair = |one: &Value| Some((one["name"].as_str()?.to_owned(), one["value"].clone()));
        let parameters: Map<String, Value> = all.as_array()?.iter().filter_map(pair).collect();
        Some(json!({"enabled": true, "parameters": parameters}))
    }

    fn grace(&self) -> Option<Value> {
        let seconds = self.of_pod("/terminationGracePeriodSeconds")?;
        Some(json!({ names::DRAIN_TIMEOUT_SECONDS: seconds.to_string() }))
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let all = self.proxy()?.get("env")?.as_array()?;
        all.iter().find(|variable| variable["name"] == name)?.get("value").cloned()
    }

    /// Volumes of one kind that the proxy mounts, as the CR lists them.
    fn volumes(&self, kind: &str, field: &str, written: &str) -> Option<Value> {
        let volumes = self.of_pod("/volumes")?;
        let mounts = self.of_proxy("/volumeMounts")?;
        let mounts = mounts.as_array()?;
        let one = |volume: &Value| {
            let source = volume.get(kind)?.get(field)?;
            let mount = mounts.iter().find(|mount| mount["name"] == volume["name"])?;
            Some(json!({"name": volume["name"], written: source, "mountPath": mount["mountPath"]}))
        };
        let all: Vec<Value> = volumes.as_array()?.iter().filter_map(one).collect();
        (!all.is_empty()).then(|| all.into())
    }
}

/// Puts a value at a JSON pointer, making the maps on the way.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let mut at = document;
    for key in pointer.split('/').skip(1) {
        at = &mut at[key];
    }
    *at = value;
}

/// The parameters of a gateway that no `IstioGateway` describes, read from the objects it is made of.
///
/// `workload` is the Deployment or DaemonSet, whole; `None` for the others says that there is none. Parameters that
/// only a CR can have are left out. Paths are those of the workload, or begin with the kind of another object.
pub fn workload_parameters(
    row: &GatewayRow,
    workload: &Value,
    service: Option<&Value>,
    hpa: Option<&Value>,
) -> Vec<Parameter> {
    let objects = Objects { row, workload, service, hpa };
    let mut document = json!({"metadata": {}, "spec": {}});
    for line in LINES {
        if let Some(value) = (line.read)(&objects) {
            put(&mut document, line.to, value);
        }
    }
    // Metadata holds a name and one annotation here, so reading cannot fail; if it did, nothing would be known.
    let Ok(equivalent) = IstioGateway::read(&document) else { return Vec::new() };
    let one = |parameter: Parameter| {
        let line = LINES.iter().find(|line| line.name == parameter.name)?;
        let mut parameter = Parameter { path: line.path, ..parameter };
        if let (Source::Default(_), Some((value, whence))) = (&parameter.source, line.unset) {
            parameter.value = value.to_owned();
            parameter.source = Source::Default(whence);
        }
        Some(parameter)
    };
    parameters(&equivalent, None).into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{cluster, deployment, service, with};

    fn of(workload: Value, service: Option<Value>, hpa: Option<Value>) -> Vec<(String, String, bool)> {
        let snapshot = cluster("c", std::slice::from_ref(&workload));
        let all = workload_parameters(&snapshot.gateways[0], &workload, service.as_ref(), hpa.as_ref());
        all.into_iter().map(|one| (one.name.to_owned(), one.value, one.source == Source::Set)).collect()
    }

    fn value<'a>(all: &'a [(String, String, bool)], name: &str) -> (&'a str, bool) {
        let found = all.iter().find(|(of, ..)| of == name);
        found.map(|(_, value, set)| (value.as_str(), *set)).unwrap_or_else(|| panic!("no {name}"))
    }

    fn full() -> Value {
        let pod = |object, path: &str, value| with(object, &format!("/spec/template/spec{path}"), value);
        let mut object = deployment("istio-egressgateway", 3);
        object = with(
            object,
            "/spec/strategy",
            json!({"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 1}}),
        );
        object = pod(object, "/terminationGracePeriodSeconds", json!(45));
        object = pod(object, "/nodeSelector", json!({"pool": "edge"}));
        object = pod(
            object,
            "/securityContext",
            json!({"runAsUser": 1337, "sysctls": [{"name": "net.core.somaxconn", "value": "1024"}]}),
        );
        object = pod(
            object,
            "/volumes",
            json!([{"name": "certs", "secret": {"secretName": "gw-certs"}}, {"name": "other", "emptyDir": {}}]),
        );
        object =
            pod(object, "/containers/0/volumeMounts", json!([{"name": "certs", "mountPath": "/etc/certs"}]));
        with(object, "/spec/template/metadata/labels/security.istio.io~1tlsMode", json!("istio"))
    }

    #[test]
    fn objects_read_in_the_words_of_the_form() {
        let hpa = json!({"spec": {"maxReplicas": 5, "minReplicas": 2, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]}});
        let all = of(full(), Some(service("istio-egressgateway")), Some(hpa));
        let cases = [
            ("Name", "istio-egressgateway"),
            ("Gateway type", "egress"),
            ("Port mapping", "80 TCP (http-0), 443 TCP (https-1)"),
            ("CPU limit", "2"),
            ("Memory limit", "4G"),
            ("Gateway instances", "3 (the autoscaler chooses 2–5)"),
            ("HPA", "on"),
            ("CPU threshold", "80% of the request"),
            ("Maximum replicas", "5"),
            ("Maximum unavailable", "1 (at most 1 pod fewer)"),
            ("Maximum surge", "100% (at most 200% of replicas)"),
            ("Node selector", "pool=edge"),
            ("Two-way TLS", "on"),
            ("Run as root", "off"),
            ("Service type", "ClusterIP"),
            ("Secret volumes", "Secret gw-certs at /etc/certs"),
            ("Kernel parameters", "net.core.somaxconn=1024"),
            ("Drain time", "45 s"),
        ];
        for (name, wanted) in cases {
            assert_eq!(value(&all, name), (wanted, true));
        }
    }

    #[test]
    fn what_nothing_sets_says_what_holds() {
        let all = of(deployment("mine", 1), None, None);
        let cases = [
            ("HPA", "off"),
            ("Minimum replicas", "–"),
            ("CPU threshold", "not watched"),
            ("Service type", "–"),
            ("Spread replicas widely", "off"),
            ("Kernel parameters", "off"),
        ];
        for (name, wanted) in cases {
            assert_eq!(value(&all, name), (wanted, false), "{name}");
        }
        assert!(
            !all.iter().any(|(name, ..)| name == "Clusters" || name == "Compression"),
            "only a CR has them"
        );
    }

    #[test]
    fn every_line_is_a_parameter_of_the_form() {
        let all = parameters(&IstioGateway::read(&json!({"metadata": {}})).expect("an empty gateway"), None);
        for line in LINES {
            assert!(all.iter().any(|parameter| parameter.name == line.name), "{}", line.name);
        }
    }
}
