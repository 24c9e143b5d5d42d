//! The fields of the form, in the order they are walked. Names, paths and defaults are those of the table of parameters.

use super::field::{Column, Field, Kind, Offers, Step, column};
use crate::model::istio_gateway::{
    DnsPolicy, ExternalTrafficPolicy, GatewayType, Protocol, ServiceType, names,
};

use Kind as K;
use Offers as O;
use Step as S;

const fn field(step: Step, parameter: &'static str, kind: Kind, help: &'static str) -> Field {
    Field { step, parameter, named: "", at: "", kind, help, offers: O::Nothing, empty: "" }
}

const fn named(mut field: Field, named: &'static str, at: &'static str) -> Field {
    field.named = named;
    field.at = at;
    field
}

const fn without(mut field: Field, empty: &'static str) -> Field {
    field.empty = empty;
    field
}

const fn offering(mut field: Field, offers: Offers) -> Field {
    field.offers = offers;
    field
}

const fn offers(mut column: Column, offers: Offers) -> Column {
    column.offers = offers;
    column
}

const fn otherwise(mut column: Column, empty: &'static str) -> Column {
    column.empty = empty;
    column
}

const ON_OFF: [&str; 2] = ["on", "off"];

const PORTS: &[Column] = &[
    otherwise(column("PROTOCOL", "protocol", K::Choice(Protocol::WORDS), 11), "TCP"),
    column("SERVICE PORT", "port", K::Number, 13),
    otherwise(column("TARGET PORT", "targetPort", K::NumberOrName, 16), "= service"),
    column("NAME", "name", K::Text, 20),
];

const TOLERATIONS: &[Column] = &[
    otherwise(offers(column("KEY", "key", K::Text, 24), O::TaintKeys), "any"),
    otherwise(column("OPERATOR", "operator", K::Choice(&["Equal", "Exists"]), 9), "Equal"),
    offers(column("VALUE", "value", K::Text, 13), O::TaintValues),
    otherwise(
        column("EFFECT", "effect", K::Choice(&["NoSchedule", "PreferNoSchedule", "NoExecute"]), 17),
        "any",
    ),
    otherwise(column("SECONDS", "tolerationSeconds", K::Number, 8), "ever"),
];

const VARIABLES: &[Column] = &[column("NAME", "name", K::Text, 30), column("VALUE", "value", K::Text, 38)];

const SECRETS: &[Column] = &[
    column("VOLUME", "name", K::Text, 18),
    offers(column("SECRET", "secretName", K::Text, 26), O::Secrets),
    column("DIRECTORY", "mountPath", K::Text, 26),
];

const MAPS: &[Column] = &[
    column("VOLUME", "name", K::Text, 18),
    offers(column("CONFIGMAP", "configMapName", K::Text, 26), O::ConfigMaps),
    column("DIRECTORY", "mountPath", K::Text, 26),
];

#[rustfmt::skip]
pub(super) static FIELDS: &[Field] = &[
    field(S::Basics, "Name", K::Text, "Its objects are called istio- and this name. It cannot be changed later."),
    offering(named(field(S::Basics, "", K::Text, "ASM and Istio keep gateways in istio-system."), "Namespace", "metadata.namespace"), O::Namespaces),
    named(field(S::Basics, "", K::Home, "The open cluster whose API server holds the IstioGateway; on ASM that of the mesh, not of the nodes."), "Held by", ""),
    offering(field(S::Basics, "Clusters", K::Words, "Ids of the clusters that run it, with commas between them; none: the one that holds it."), O::ClusterIds),
    field(S::Basics, "Gateway type", K::Choice(GatewayType::WORDS), "egress: traffic leaves the mesh through it. ingress: it comes in."),
    field(S::Basics, "Gateway instances", K::Number, "Pods while autoscaling is off."),
    offering(field(S::Basics, "CPU limit", K::Text, "Most CPU of one pod, in cores: 2, 500m."), O::Words(&["500m", "1", "2", "4"])),
    offering(field(S::Basics, "Memory limit", K::Text, "Most memory of one pod, in bytes: 4G, 512Mi. Beyond it the pod is killed."), O::Words(&["512Mi", "1Gi", "2G", "4G"])),
    offering(field(S::Basics, "CPU request", K::Text, "CPU that a node keeps free for each pod; thresholds of autoscaling are percentages of it."), O::Words(&["100m", "200m", "500m"])),
    offering(field(S::Basics, "Memory request", K::Text, "Memory that a node keeps free for each pod."), O::Words(&["128Mi", "256Mi", "512Mi"])),

    field(S::Ports, "Port mapping", K::Items(PORTS), "What the Service listens on, and where it leads to in the pods. The protocol tells Istio how to read it."),
    field(S::Ports, "Mesh expansion ports", K::Items(PORTS), "Further ports of the Service, for workloads outside the cluster."),

    field(S::Capacity, "HPA", K::Switch(ON_OFF), "On: an autoscaler chooses the number of pods, by the thresholds below."),
    offering(field(S::Capacity, "CPU threshold", K::Number, "Average CPU, in percent of the request, above which pods are added."), O::Words(&["60", "70", "80"])),
    offering(field(S::Capacity, "Memory threshold", K::Number, "Average memory, in percent of the request, above which pods are added. Either threshold is enough."), O::Words(&["60", "70", "80"])),
    field(S::Capacity, "Minimum replicas", K::Number, "Fewest pods that the autoscaler may choose."),
    field(S::Capacity, "Maximum replicas", K::Number, "Most pods that the autoscaler may choose. Autoscaling needs it."),
    field(S::Capacity, "Replicas managed", K::TextSwitch(ON_OFF), "Off: whoever keeps the gateway leaves the number of pods to others."),
    offering(field(S::Capacity, "Maximum unavailable", K::Text, "Pods that may be missing while they are replaced: a number, or a percentage, rounded down."), O::Words(&["0", "1", "25%"])),
    offering(field(S::Capacity, "Maximum surge", K::Text, "Pods that may be there beyond the wanted number meanwhile: a number, or a percentage, rounded up."), O::Words(&["1", "25%", "50%", "100%"])),
    offering(field(S::Capacity, "Drain time", K::Text, "Seconds in which a stopping pod lets its connections end. A change replaces the pods."), O::Words(&["10", "30", "60"])),

    field(S::Placement, "Spread replicas widely", K::Spread, "On: pods prefer nodes that run no other pod of this gateway (a preference in spec.affinity)."),
    offering(field(S::Placement, "Node selector", K::Pairs, "Labels that a node must have, all of them."), O::NodeLabels),
    field(S::Placement, "Tolerations", K::Items(TOLERATIONS), "Taints of nodes that the pods put up with."),
    field(S::Placement, "Affinity", K::Yaml, "Kubernetes' own: nodeAffinity, podAffinity, podAntiAffinity, as YAML."),

    field(S::Service, "Service type", K::Choice(ServiceType::WORDS), "ClusterIP: reached from inside the cluster only. LoadBalancer: has an address outside, which may cost."),
    field(S::Service, "External traffic policy", K::Choice(ExternalTrafficPolicy::WORDS), "Local keeps the client's address and leads to pods of the same node only. Not with ClusterIP."),
    field(S::Service, "Load balancer class", K::Text, "Which load balancer serves it, where there are several. Only with LoadBalancer."),
    field(S::Service, "Load balancer address", K::Text, "An address to ask of the load balancer. Only with LoadBalancer."),
    field(S::Service, "Two-way TLS", K::Mark(names::TLS_MODE_ISTIO), "On: the pods carry security.istio.io/tlsMode: istio, and clients in the mesh speak mesh mTLS to them."),
    offering(field(S::Service, "Service annotations", K::Pairs, "Read by load balancers and others."), O::Words(&[
        "service.beta.kubernetes.io/alicloud-loadbalancer-address-type", "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-spec",
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-connection-drain",
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-connection-drain-timeout"])),
    field(S::Service, "Service labels", K::Pairs, "Labels of the Service."),

    field(S::Pods, "Environment", K::Items(VARIABLES), "Environment of the proxy. Values from elsewhere (valueFrom) are edited as YAML."),
    offering(field(S::Pods, "Pod labels", K::Pairs, "Further labels of the pods; app and istio are the gateway's own."), O::Words(&[names::TLS_MODE_LABEL])),
    offering(field(S::Pods, "Pod annotations", K::Pairs, "Annotations of the pods. proxy.istio.io/config is merged with the mesh's."), O::Words(&[
        "proxy.istio.io/config", "sidecar.istio.io/logLevel", "sidecar.istio.io/statsInclusionRegexps"])),
    field(S::Pods, "Secret volumes", K::Items(SECRETS), "Secrets whose files the proxy sees in a directory. egret reads their names alone."),
    field(S::Pods, "Config volumes", K::Items(MAPS), "ConfigMaps whose files the proxy sees in a directory."),
    without(named(field(S::Pods, "Kernel parameters", K::Switch(ON_OFF), "Whether the parameters below are set at all."), "Set kernel parameters", "spec.kernel.enabled"), "off"),
    offering(named(field(S::Pods, "Kernel parameters", K::Pairs, "Values by kernel name. Some hold for the whole node, and need its owner's yes."), "", "spec.kernel.parameters"), O::Kernel),
    field(S::Pods, "Run as root", K::Switch(ON_OFF), "Not needed for ports below 1024: the pods get the sysctl that lets them listen there."),
    field(S::Pods, "Host network", K::Switch(ON_OFF), "On: the pods use the node's network, one pod of each port per node."),
    field(S::Pods, "DNS policy", K::Choice(DnsPolicy::WORDS), "How the pods resolve names. With the host network: ClusterFirstWithHostNet."),
    field(S::Pods, "Ports on the container", K::Switch(["not declared", "declared"]), "Whether the container lists the ports. It listens either way."),
    field(S::Pods, "Lifecycle", K::Yaml, "Hooks at the start and the end of the proxy (postStart, preStop), as YAML."),
    without(named(field(S::Pods, "Readiness", K::Number, "Failures in a row until a pod is not ready."), "Readiness: failures", "spec.readinessProbe.failureThreshold"), "4 – Istio"),
    without(named(field(S::Pods, "Readiness", K::Number, "Seconds between two probes."), "Readiness: period", "spec.readinessProbe.periodSeconds"), "15 – Istio"),
    without(named(field(S::Pods, "Readiness", K::Number, "Successes in a row until a pod is ready again."), "Readiness: successes", "spec.readinessProbe.successThreshold"), "1 – Kubernetes"),
    named(field(S::Pods, "Compression", K::Switch(ON_OFF), "Whether the proxy compresses responses."), "", "spec.compression.enabled"),
    without(named(field(S::Pods, "Compression", K::Number, "Smallest response that is compressed, in bytes."), "Compress from", "spec.compression.min_content_length"), "30 – Envoy"),
    without(offering(named(field(S::Pods, "Compression", K::Words, "Content types that are compressed, with commas between them."), "Compress types", "spec.compression.content_type"),
        O::Words(&["text/html", "application/json", "text/css", "application/javascript"])), "texts, JSON and scripts – Envoy"),
    without(named(field(S::Pods, "Compression", K::Switch(["left alone", "compressed"]), "What becomes of responses with an ETag."), "Responses with ETag", "spec.compression.disable_on_etag_header"), "compressed – Envoy"),
    without(named(field(S::Pods, "Compression", K::Switch(["removed", "sent on"]), "Removed, the server behind does not compress itself."), "Accept-Encoding", "spec.compression.remove_accept_encoding_header"), "sent on – Envoy"),
    without(named(field(S::Pods, "Compression", K::Yaml, "memory_level 1–9, compression_level BEST, SPEED or DEFAULT, window_bits 9–15, as YAML."), "Gzip", "spec.compression.gzip"), "Envoy's own"),
    field(S::Pods, "Gateway object for the ports", K::Switch(ON_OFF), "On: a networking.istio.io Gateway for the ports is made too."),
    field(S::Pods, "Requested networks", K::Text, "Networks whose endpoints the gateway asks for, with commas between them."),
    field(S::Pods, "Application ports", K::Text, "Legacy: Istio does not read it any more."),
    field(S::Pods, "Legacy SDS sidecar", K::Yaml, "Legacy: the proxy fetches certificates itself. enabled, image and resources, as YAML."),
];
