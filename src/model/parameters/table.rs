//! The parameters, in the order they are shown.
//!
//! Defaults name who gives them. ASM publishes few (asm-api.md §8), so most are those of Kubernetes and Istio, on
//! whose objects every keeper builds; where only an ancestor or an example tells, the text says *inferred*.

use std::borrow::Cow;

use super::Group::{self, Autoscaling, Basic, Pods, Proxy, RollingUpgrade, Scheduling, Security, Service};
use super::text;
use crate::model::istio_gateway::{
    GatewayConfiguration, GatewayPort, HpaTarget, IstioGateway, ServiceType, names,
};
use crate::model::quantity::{Quantity, ResourceRequirements};

/// Pods of a gateway that does not say how many (ASM's field reference).
pub(super) const DEFAULT_REPLICAS: u32 = 1;

const ASM: &str = "ASM";
const ASM_INFERRED: &str = "ASM (inferred)";
const EGRET: &str = "egret";
const ISTIO: &str = "Istio";
const ISTIO_CHART: &str = "Istio's chart";
const KUBERNETES: &str = "Kubernetes";
const INSIDE: &str = "the Service is ClusterIP";
const NOT_SCALING: &str = "autoscaling is off";

/// One parameter.
pub(super) struct Row {
    pub(super) group: Group,
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) read: Read,
    pub(super) otherwise: Otherwise,
}

/// Where a parameter is read; `None` when it is not set.
pub(super) enum Read {
    /// From the object: clusters cannot differ in it.
    Object(fn(&IstioGateway) -> Option<String>),
    /// From the block that an override may change.
    Block(fn(&GatewayConfiguration) -> Option<String>),
}

/// What holds when a parameter is not set, and who says so.
pub(super) enum Otherwise {
    /// Always this.
    Is(&'static str, &'static str),
    /// It depends on the rest of the gateway.
    Depends(fn(&IstioGateway, &GatewayConfiguration) -> Answer),
}

type Answer = (Cow<'static, str>, &'static str);

impl Otherwise {
    pub(super) fn ask(&self, gateway: &IstioGateway, effective: &GatewayConfiguration) -> Answer {
        match self {
            Self::Is(value, whence) => (Cow::Borrowed(value), whence),
            Self::Depends(answer) => answer(gateway, effective),
        }
    }
}

/// A parameter of the block that overrides may change.
const fn block(
    group: Group,
    name: &'static str,
    path: &'static str,
    read: fn(&GatewayConfiguration) -> Option<String>,
    otherwise: Otherwise,
) -> Row {
    Row { group, name, path, read: Read::Block(read), otherwise }
}

/// A parameter of the object.
const fn object(
    group: Group,
    name: &'static str,
    path: &'static str,
    read: fn(&IstioGateway) -> Option<String>,
    otherwise: Otherwise,
) -> Row {
    Row { group, name, path, read: Read::Object(read), otherwise }
}

const fn is(value: &'static str, whence: &'static str) -> Otherwise {
    Otherwise::Is(value, whence)
}

const NONE: Otherwise = is("none", KUBERNETES);
const OFF: Otherwise = is("off", KUBERNETES);

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    object(Basic, "Name", "metadata.name", |g| g.metadata.name.clone(), is("none", KUBERNETES)),
    object(Basic, "Gateway type", "spec.gatewayType", |g| shown(&g.spec.gateway_type), is("not said", ASM)),
    object(Basic, "Clusters", "spec.clusterIds", |g| text::list(g.spec.cluster_ids.as_deref(), String::clone),
        is("the cluster that holds the gateway", EGRET)),
    block(Basic, "Port mapping", "spec.ports", |c| ports(c.ports.as_deref()), NONE),
    block(Basic, "CPU limit", "spec.resources.limits.cpu", |c| amount(c, |r| r.limit("cpu")), NONE),
    block(Basic, "Memory limit", "spec.resources.limits.memory", |c| amount(c, |r| r.limit("memory")), NONE),
    block(Basic, "CPU request", "spec.resources.requests.cpu", |c| amount(c, |r| r.request("cpu")),
        Otherwise::Depends(|_, c| request(c, "cpu"))),
    block(Basic, "Memory request", "spec.resources.requests.memory", |c| amount(c, |r| r.request("memory")),
        Otherwise::Depends(|_, c| request(c, "memory"))),
    block(Basic, "Gateway instances", "spec.replicaCount", text::replicas, is("1", ASM)),

    block(Autoscaling, "HPA", "spec.autoscaleEnabled", |c| c.autoscale_enabled.map(text::on_off), is("off", ASM)),
    block(Autoscaling, "CPU threshold", "spec.cpu.targetAverageUtilization", |c| threshold(&c.cpu),
        Otherwise::Depends(|_, c| cpu_threshold(c))),
    block(Autoscaling, "Memory threshold", "spec.memory.targetAverageUtilization", |c| threshold(&c.memory),
        is("not watched", KUBERNETES)),
    block(Autoscaling, "Minimum replicas", "spec.minReplicas", |c| shown(&c.min_replicas),
        Otherwise::Depends(|_, c| if c.autoscales() { ("1".into(), KUBERNETES) } else { ("–".into(), NOT_SCALING) })),
    block(Autoscaling, "Maximum replicas", "spec.maxReplicas", |c| shown(&c.max_replicas),
        Otherwise::Depends(|_, c| if c.autoscales() { ("missing".into(), KUBERNETES) } else { ("–".into(), NOT_SCALING) })),
    object(Autoscaling, "Replicas managed", "metadata.annotations[\"asm.alibabacloud.com/replicas-managed-by-asm\"]",
        |g| g.annotation(names::REPLICAS_MANAGED_BY_ASM).map(|_| text::on_off(g.replicas_managed())), is("on", ASM)),

    block(RollingUpgrade, "Maximum unavailable", "spec.rollingMaxUnavailable",
        |c| c.rolling_max_unavailable.as_deref().map(text::unavailable),
        is("25% (at least 75% of replicas stay)", KUBERNETES)),
    block(RollingUpgrade, "Maximum surge", "spec.rollingMaxSurge", |c| c.rolling_max_surge.as_deref().map(text::surge),
        is("25% (at most 125% of replicas)", KUBERNETES)),

    block(Scheduling, "Spread replicas widely", "spec.affinity.podAntiAffinity", text::spread, OFF),
    block(Scheduling, "Node selector", "spec.nodeSelector", |c| text::pairs(c.node_selector.as_ref()), is("any node", KUBERNETES)),
    block(Scheduling, "Tolerations", "spec.tolerations", |c| text::list(c.tolerations.as_deref(), text::toleration), NONE),
    block(Scheduling, "Affinity", "spec.affinity", |c| c.affinity.as_ref().and_then(text::affinity), NONE),

    block(Security, "Two-way TLS", "spec.podLabels[\"security.istio.io/tlsMode\"]", text::two_way_tls, is("off", ISTIO)),
    block(Security, "Run as root", "spec.runAsRoot", |c| c.run_as_root.map(text::on_off), is("off", ISTIO_CHART)),
    block(Security, "Host network", "spec.hostNetwork", |c| c.host_network.map(text::on_off), OFF),
    block(Security, "Legacy SDS sidecar", "spec.sds", |c| c.sds.as_ref()?.enabled.map(text::on_off), is("off", ISTIO)),

    block(Service, "Service type", "spec.serviceType", |c| shown(&c.service_type),
        Otherwise::Depends(|g, _| (g.spec.default_service_type().to_string().into(), ASM_INFERRED))),
    block(Service, "External traffic policy", "spec.externalTrafficPolicy", |c| shown(&c.external_traffic_policy),
        Otherwise::Depends(|g, c| if service_type(g, c) == ServiceType::ClusterIP { ("–".into(), INSIDE) } else { ("Cluster".into(), ASM) })),
    block(Service, "Load balancer class", "spec.loadBalancerClass", |c| c.load_balancer_class.clone(),
        Otherwise::Depends(|g, c| balanced(g, c, "the cluster's default"))),
    block(Service, "Load balancer address", "spec.loadBalancerIP", |c| c.load_balancer_ip.clone(),
        Otherwise::Depends(|g, c| balanced(g, c, "chosen by the load balancer"))),
    block(Service, "Service annotations", "spec.serviceAnnotations", |c| text::pairs(c.service_annotations.as_ref()), NONE),
    block(Service, "Service labels", "spec.serviceLabels", |c| text::pairs(c.service_labels.as_ref()), NONE),
    block(Service, "Mesh expansion ports", "spec.meshExpansionPorts", |c| ports(c.mesh_expansion_ports.as_deref()), NONE),

    block(Pods, "Pod labels", "spec.podLabels", |c| text::pairs(c.pod_labels.as_ref()), NONE),
    block(Pods, "Pod annotations", "spec.podAnnotations", |c| text::pairs(c.pod_annotations.as_ref()), NONE),
    block(Pods, "Environment", "spec.env", |c| text::list(c.env.as_deref(), text::variable), NONE),
    block(Pods, "Secret volumes", "spec.secretVolumes", |c| text::list(c.secret_volumes.as_deref(), text::secret_volume), NONE),
    block(Pods, "Config volumes", "spec.configVolumes", |c| text::list(c.config_volumes.as_deref(), text::config_volume), NONE),
    block(Pods, "DNS policy", "spec.dnsPolicy", |c| shown(&c.dns_policy), is("ClusterFirst", KUBERNETES)),
    block(Pods, "Kernel parameters", "spec.kernel", |c| c.kernel.as_ref().and_then(text::kernel), is("off", ASM_INFERRED)),
    block(Pods, "Lifecycle", "spec.lifecycle", |c| c.lifecycle.as_ref().and_then(text::lifecycle), NONE),
    block(Pods, "Readiness", "spec.readinessProbe", |c| c.readiness_probe.as_ref().and_then(text::readiness),
        is("Istio's own probe, /healthz/ready on 15021", ISTIO)),
    object(Pods, "Drain time", "metadata.annotations[\"asm.alibabacloud.com/gateway-drain-timeout-seconds\"]",
        |g| g.annotation(names::DRAIN_TIMEOUT_SECONDS).map(|seconds| format!("{seconds} s")),
        is("30 s (the pods' grace period)", KUBERNETES)),
    block(Pods, "Ports on the container", "spec.disableContainerPortExposed",
        |c| c.disable_container_port_exposed.map(|hidden| if hidden { "not declared" } else { "declared" }.to_owned()),
        is("declared", ASM_INFERRED)),

    block(Proxy, "Compression", "spec.compression", |c| c.compression.as_ref().and_then(text::compression), is("off", ASM_INFERRED)),
    block(Proxy, "Gateway object for the ports", "spec.autoCreateGatewayYaml", |c| c.auto_create_gateway_yaml.map(text::on_off),
        is("off", ASM_INFERRED)),
    block(Proxy, "Requested networks", "spec.requestedNetworkView", |c| c.requested_network_view.clone(), is("all", ISTIO)),
    block(Proxy, "Application ports", "spec.applicationPorts", |c| c.application_ports.clone(), is("none", ISTIO)),
];

/// The type of the Service, set or by default.
pub(super) fn service_type(gateway: &IstioGateway, effective: &GatewayConfiguration) -> ServiceType {
    effective.service_type.clone().unwrap_or_else(|| gateway.spec.default_service_type())
}

/// What holds for a load balancer, where there is one.
fn balanced(gateway: &IstioGateway, effective: &GatewayConfiguration, value: &'static str) -> Answer {
    match service_type(gateway, effective) {
        ServiceType::LoadBalancer => (value.into(), KUBERNETES),
        _ => ("–".into(), "the Service is no load balancer"),
    }
}

fn shown<T: ToString>(value: &Option<T>) -> Option<String> {
    value.as_ref().map(T::to_string)
}

fn ports(ports: Option<&[GatewayPort]>) -> Option<String> {
    text::list(ports, text::port)
}

fn amount(
    configuration: &GatewayConfiguration,
    of: fn(&ResourceRequirements) -> Option<&Quantity>,
) -> Option<String> {
    configuration.resources.as_ref().and_then(of).map(Quantity::to_string)
}

/// Kubernetes takes the limit for a request that is not made.
fn request(configuration: &GatewayConfiguration, resource: &str) -> Answer {
    let limit = configuration.resources.as_ref().and_then(|r| r.limit(resource));
    (limit.map_or("none".into(), |limit| format!("{limit} (the limit)").into()), KUBERNETES)
}

fn threshold(target: &Option<HpaTarget>) -> Option<String> {
    Some(format!("{}% of the request", target.as_ref()?.target_average_utilization?))
}

/// An autoscaler must watch something: without any target, CPU at 80 % (asm-api.md §5.7).
fn cpu_threshold(configuration: &GatewayConfiguration) -> Answer {
    match (configuration.autoscales(), threshold(&configuration.memory)) {
        (true, None) => ("80% of the request".into(), ISTIO_CHART),
        _ => ("not watched".into(), KUBERNETES),
    }
}
