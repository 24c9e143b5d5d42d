//! What egret's CRDs refuse, as tables: path in the schema, and what is laid over it there.
//!
//! Everything that a CEL rule reaches is bounded, else the API server refuses the rule for its cost (R25).
//! A rule stands here only where the answer is certain without the rest of the object: an override is judged by
//! itself, since what it becomes together with `spec` cannot be said in CEL. The reconciler judges that.

use serde_json::{Value, json};

use super::object;
use crate::model::istio_gateway::{KERNEL_PARAMETERS, names::NAME_MAX};

/// The key of CEL rules in a schema.
pub(super) const CEL: &str = "x-kubernetes-validations";

/// Most clusters a gateway names, and most overrides it has.
const CLUSTERS_MAX: u32 = 64;
/// Most ports of a gateway.
const PORTS_MAX: u32 = 64;
/// Most labels, annotations or selector entries.
const PAIRS_MAX: u32 = 64;
/// Most kinds of resources that a container limits.
const RESOURCES_MAX: u32 = 16;
/// Most rules, sources or destinations in one list of a policy.
const POLICY_MAX: u32 = 64;

/// A name as Kubernetes uses them for ports, volumes and namespaces.
const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// The value of a label.
const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
/// A quantity that is not negative.
const QUANTITY: &str = r"^\+?[0-9]+(\.[0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][0-9]+)?$";

type Rules = Vec<(String, Value)>;

/// Rules of `IstioGateway`.
pub(super) fn istio_gateway() -> Rules {
    let mut rules = vec![
        own(
            "",
            json!({CEL: [
                cel("!self.metadata.name.contains('.')", "the name of a gateway may not contain dots: a Service is named after it"),
                cel(
                    &format!("self.metadata.name.size() <= {NAME_MAX}"),
                    &format!("the name of a gateway may have at most {NAME_MAX} characters: its Service is called istio-<name>"),
                ),
            ]}),
        ),
        own(
            "spec",
            json!({CEL: [cel(
                "!has(self.autoscaleEnabled) || !self.autoscaleEnabled || has(self.maxReplicas)",
                "autoscaleEnabled needs maxReplicas",
            )]}),
        ),
        own("spec.clusterIds", json!({"maxItems": CLUSTERS_MAX, "x-kubernetes-list-type": "set"})),
        own("spec.clusterIds[]", text(1, 253)),
        own("spec.overrides", json!({"maxProperties": CLUSTERS_MAX})),
        // Whatever a keeper reports is taken: a refused status would hide its own reason.
        own("status.Status", json!({"enum": null})),
    ];
    for block in ["spec", "spec.overrides{}"] {
        let below = |(path, rule): (String, Value)| {
            (format!("{block}.{path}").trim_end_matches('.').to_owned(), rule)
        };
        rules.extend(configuration().into_iter().map(below));
    }
    rules
}

/// Rules of the block that `spec` holds and every override repeats.
fn configuration() -> Rules {
    let mut rules = vec![
        own(
            "",
            json!({CEL: [
                cel(
                    "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
                    "minReplicas may not be more than maxReplicas",
                ),
                cel(
                    "!has(self.rollingMaxSurge) || !has(self.rollingMaxUnavailable) || \
                     !(self.rollingMaxSurge in ['0', '0%']) || !(self.rollingMaxUnavailable in ['0', '0%'])",
                    "rollingMaxSurge and rollingMaxUnavailable may not both be zero: no pod could ever be replaced",
                ),
                // Without a serviceType the keeper decides, so nothing certain can be said.
                cel(
                    "!has(self.externalTrafficPolicy) || !has(self.serviceType) || self.serviceType != 'ClusterIP'",
                    "externalTrafficPolicy needs a serviceType of NodePort or LoadBalancer",
                ),
            ]}),
        ),
        own("replicaCount", range(0, 10_000)),
        own("minReplicas", range(1, 10_000)),
        own("maxReplicas", range(1, 10_000)),
        own("cpu.targetAverageUtilization", range(1, 100)),
        own("memory.targetAverageUtilization", range(1, 100)),
        own("rollingMaxSurge", pattern("^(0|[1-9][0-9]{0,3})%?$", 5)),
        own("rollingMaxUnavailable", pattern("^((0|[1-9][0-9]?|100)%|(0|[1-9][0-9]{0,3}))$", 5)),
        own(
            "podLabels",
            json!({CEL: [cel(
                "!('app' in self) && !('istio' in self)",
                "podLabels may not set app or istio: they select the gateway's pods and never change",
            )]}),
        ),
        own("env", json!({"maxItems": 256})),
        own("env[].name", json!({"minLength": 1})),
        own("tolerations[].effect", json!({"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]})),
        own("compression.gzip.memory_level", range(1, 9)),
        own("compression.gzip.window_bits", range(9, 15)),
        own(
            "kernel.parameters",
            json!({
                "additionalProperties": null,
                "properties": object(KERNEL_PARAMETERS.map(|key| (key.to_owned(), json!({"type": "string", "maxLength": 128}))))["properties"],
            }),
        ),
    ];
    for labels in ["podLabels", "serviceLabels", "nodeSelector"] {
        rules.push(own(labels, json!({"maxProperties": PAIRS_MAX})));
        rules.push(own(&format!("{labels}{{}}"), pattern(LABEL_VALUE, 63)));
    }
    for annotations in ["podAnnotations", "serviceAnnotations"] {
        rules.push(own(annotations, json!({"maxProperties": PAIRS_MAX})));
    }
    for resources in ["resources", "sds.resources"] {
        rules.push(own(
            resources,
            json!({CEL: [cel(
                "!has(self.limits) || !has(self.requests) || self.requests.all(r, !(r in self.limits) || \
                 quantity(string(self.requests[r])).compareTo(quantity(string(self.limits[r]))) <= 0)",
                "a request may not be more than its limit",
            )]}),
        ));
        for amounts in ["limits", "requests"] {
            let path = format!("{resources}.{amounts}");
            rules.push(own(&path, json!({"maxProperties": RESOURCES_MAX})));
            rules.push(own(
                &format!("{path}{{}}"),
                json!({"pattern": QUANTITY, "maxLength": 32, "minimum": 0}),
            ));
        }
    }
    for (volumes, source) in [("secretVolumes", "secretName"), ("configVolumes", "configMapName")] {
        rules.extend([
            own(volumes, json!({"maxItems": 64, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]})),
            own(&format!("{volumes}[]"), json!({"required": ["name", source, "mountPath"]})),
            own(&format!("{volumes}[].name"), pattern(DNS_LABEL, 63)),
            own(&format!("{volumes}[].{source}"), text(1, 253)),
            own(&format!("{volumes}[].mountPath"), pattern("^/", 4096)),
        ]);
    }
    for list in ["ports", "meshExpansionPorts"] {
        rules.extend(ports().into_iter().map(|(path, rule)| (format!("{list}{path}"), rule)));
    }
    rules
}

/// Rules of a list of ports. The keys of the list are those of a Service's own, so `protocol` has its default too.
fn ports() -> Rules {
    vec![
        own(
            "",
            json!({
                "maxItems": PORTS_MAX,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port", "protocol"],
                CEL: [
                    cel(
                        "self.all(p, !has(p.name) || self.exists_one(q, has(q.name) && q.name == p.name))",
                        "two ports may not have the same name",
                    ),
                    cel("self.size() < 2 || self.all(p, has(p.name))", "every port needs a name where there are several"),
                    cel(
                        "self.all(p, self.exists_one(q, q.port == p.port && (q.protocol == 'UDP') == (p.protocol == 'UDP')))",
                        "two ports may not have the same number: all protocols but UDP are TCP in the Service",
                    ),
                ],
            }),
        ),
        own("[]", json!({"required": ["port"]})),
        own("[].name", pattern(DNS_LABEL, 63)),
        own("[].port", range(1, 65_535)),
        // A name of a container port, or a number; 0 means the same as `port`.
        own(
            "[].targetPort",
            json!({"minimum": 0, "maximum": 65_535, "pattern": "^[a-z0-9-]*[a-z][a-z0-9-]*$", "maxLength": 15}),
        ),
        own("[].protocol", json!({"default": "TCP", "maxLength": 8})),
        own("[].appProtocol", text(1, 253)),
        own("[].nodePort", range(0, 65_535)),
    ]
}

/// Rules of `ASMEgressTrafficPolicy`.
pub(super) fn egress_traffic_policy() -> Rules {
    let list = || json!({"minItems": 1, "maxItems": POLICY_MAX});
    vec![
        own(
            "spec",
            json!({"required": ["byEgressGateway", "egressRules"], CEL: [cel(
                "self.egressRules.all(r, r.to.all(t, has(t.byEgressGateway))) || \
                 self.egressRules.all(r, r.to.all(t, !has(t.byEgressGateway)))",
                "either every destination names its port on the gateway (byEgressGateway.port), or none does and all are allocated",
            )]}),
        ),
        own("spec.byEgressGateway", json!({"required": ["name"]})),
        own("spec.byEgressGateway.name", text(1, 253)),
        own("spec.byEgressGateway.port", range(0, 65_535)),
        own("spec.egressRules", list()),
        own("spec.egressRules[]", json!({"required": ["from", "to"]})),
        own("spec.egressRules[].name", text(0, 253)),
        own("spec.egressRules[].from", list()),
        own("spec.egressRules[].from[]", json!({"required": ["namespace"]})),
        own("spec.egressRules[].from[].namespace", pattern(DNS_LABEL, 63)),
        own("spec.egressRules[].from[].workloadSelector", json!({"maxProperties": PAIRS_MAX})),
        own("spec.egressRules[].from[].workloadSelector{}", pattern(LABEL_VALUE, 63)),
        own("spec.egressRules[].to", list()),
        own(
            "spec.egressRules[].to[]",
            json!({"required": ["hosts", "port"], CEL: [cel(
                "!has(self.httpsUpgrade) || !has(self.httpsUpgrade.enabled) || !self.httpsUpgrade.enabled || \
                 self.port.protocol in ['HTTP', 'HTTP2', 'GRPC']",
                "httpsUpgrade needs a port that carries plain HTTP (protocol HTTP, HTTP2 or GRPC)",
            )]}),
        ),
        own("spec.egressRules[].to[].name", text(0, 253)),
        own("spec.egressRules[].to[].hosts", json!({"minItems": 1, "maxItems": 50})),
        own("spec.egressRules[].to[].hosts[]", text(1, 253)),
        own("spec.egressRules[].to[].port", json!({"required": ["number", "protocol"]})),
        own("spec.egressRules[].to[].port.name", text(0, 63)),
        own("spec.egressRules[].to[].port.number", range(1, 65_535)),
        own("spec.egressRules[].to[].port.protocol", json!({"maxLength": 8})),
        own("spec.egressRules[].to[].byEgressGateway", json!({"required": ["port"]})),
        own("spec.egressRules[].to[].byEgressGateway.port", range(1, 65_535)),
        own("spec.egressRules[].to[].httpsUpgrade.port", range(1, 65_535)),
    ]
}

fn own(path: &str, rule: Value) -> (String, Value) {
    (path.to_owned(), rule)
}

fn cel(rule: &str, message: &str) -> Value {
    json!({"rule": rule, "message": message})
}

fn range(least: u32, most: u32) -> Value {
    json!({"minimum": least, "maximum": most})
}

fn text(shortest: u32, longest: u32) -> Value {
    json!({"minLength": shortest, "maxLength": longest})
}

fn pattern(pattern: &str, longest: u32) -> Value {
    json!({"pattern": pattern, "maxLength": longest})
}
