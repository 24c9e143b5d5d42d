//! Names that ASM and Istio agreed on: annotations, labels, and what objects of a gateway are called.
//!
//! Sources: asm-api.md §1.1, §4.2, §4.3; rules R1 and R18.

/// Prefix of all annotation keys of ASM.
pub const ASM_PREFIX: &str = "asm.alibabacloud.com/";

/// On the CR: ASM manages the gateway's workload.
pub const MANAGED_BY_ASM: &str = "asm.alibabacloud.com/managed-by-asm";
/// On the CR: project of the log service that receives access logs.
pub const LOGS_PROJECT: &str = "asm.alibabacloud.com/aliyun-logs-project";
/// On the CR: configuration name of the log collector.
pub const LOGTAIL_CONFIG: &str = "asm.alibabacloud.com/aliyun-logtail-config";
/// On the CR: machine group of the log collector.
pub const LOGS_MACHINE_GROUP: &str = "asm.alibabacloud.com/aliyun-logs-machinegroup";
/// On the CR: `"false"` leaves the number of replicas to someone else; everything else stays managed (ASM ≥ 1.19).
pub const REPLICAS_MANAGED_BY_ASM: &str = "asm.alibabacloud.com/replicas-managed-by-asm";
/// On the CR: a canary Deployment of the next version beside the gateway.
pub const ENABLE_CANARY_DEPLOYMENT: &str = "asm.alibabacloud.com/enable-canary-deployment";
/// On the CR: seconds that a stopping gateway pod lets its connections finish (ASM ≥ 1.26); changing it restarts the gateway.
pub const DRAIN_TIMEOUT_SECONDS: &str = "asm.alibabacloud.com/gateway-drain-timeout-seconds";

/// On the CR: `ingress` or `egress` (seen for ingress only; for egress inferred).
pub const GATEWAY_TYPE_LABEL: &str = "asm-gateway-type";

/// Label of a pod that takes part in mesh mTLS; istiod reads it from the pods behind an endpoint.
pub const TLS_MODE_LABEL: &str = "security.istio.io/tlsMode";
/// The value of [`TLS_MODE_LABEL`] that means so.
pub const TLS_MODE_ISTIO: &str = "istio";

/// Labels that select a gateway's pods; `podLabels` may not set them (R1).
pub const SELECTOR_LABELS: [&str; 2] = ["app", "istio"];

/// The namespace of gateways: elsewhere one cannot fetch its configuration (Istio ≥ 1.6).
pub const GATEWAY_NAMESPACE: &str = "istio-system";

/// Longest name of an `IstioGateway` (R1): `istio-` and the name must fit 63 characters.
pub const NAME_MAX: usize = 57;

/// On the CR: names and selector of what was adopted, as JSON (R11).
pub const ADOPTED: &str = "egret/adopted";

/// What the names of all objects of a gateway start with.
pub const OBJECT_PREFIX: &str = "istio-";

/// A gateway's name without a leading `istio-`: the `{n}` of R1, and the value of the pods' label `istio`.
pub fn short(name: &str) -> &str {
    name.strip_prefix(OBJECT_PREFIX).unwrap_or(name)
}

/// The name that egret gives a gateway's Deployment, Service and ServiceAccount: `istio-{n}`.
pub fn generated(name: &str) -> String {
    format!("{OBJECT_PREFIX}{}", short(name))
}

/// Every name that a keeper may have given them, likeliest first: `istio-{n}`; and for a CR that is itself called
/// `istio-…` also `istio-istio-…`, since ASM's documents say `istio-{metadata.name}` without an exception (R18).
pub fn workloads(name: &str) -> impl Iterator<Item = String> {
    let doubled = name.starts_with(OBJECT_PREFIX).then(|| format!("{OBJECT_PREFIX}{name}"));
    [generated(name)].into_iter().chain(doubled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_after_the_gateway_without_a_double_prefix() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("egressgateway", "egressgateway", &["istio-egressgateway"]),
            ("istio-egressgateway", "egressgateway", &["istio-egressgateway", "istio-istio-egressgateway"]),
            ("istio", "istio", &["istio-istio"]),
            ("my-istio-gw", "my-istio-gw", &["istio-my-istio-gw"]),
        ];
        for (name, n, candidates) in cases {
            assert_eq!(short(name), *n);
            assert_eq!(generated(name), candidates[0]);
            assert_eq!(workloads(name).collect::<Vec<_>>(), *candidates);
        }
    }

    #[test]
    fn the_longest_name_still_makes_a_service_name() {
        assert_eq!(generated(&"x".repeat(NAME_MAX)).len(), 63);
    }
}
