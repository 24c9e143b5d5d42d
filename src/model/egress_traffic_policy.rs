//! `ASMEgressTrafficPolicy` of `istio.alibabacloud.com`: who may call what outside, through which gateway.
//!
//! `v1beta1` and `v1` differ in two places, and this one type reads both: in the newest `v1` a destination may leave
//! its port on the gateway to ASM (`to[].byEgressGateway` absent), and the status then names the port it allocated.
//! ASM stores `v1` and serves both; egret's own CRD stores `v1beta1` (R25). Source: asm-api.md §2.
//! Like `IstioGateway` it is for reading only, and reads what it can.

use std::collections::BTreeMap;

use kube::CustomResource;
use kube::core::ApiResource;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::istio_gateway::{GROUP, Pairs, Protocol};
use super::open_enum::optional_fields;
use super::tolerant::{self, Tolerant, Unread};

/// The one namespace in which ASM reads policies.
pub const POLICY_NAMESPACE: &str = "istio-egress";

/// The name that a gateway's policy has by convention (inferred from ASM's example): `egress-by-{gateway}`.
pub fn conventional_name(gateway: &str) -> String {
    format!("egress-by-{gateway}")
}

/// Ports that ASM allocates when no destination names its own port on the gateway (newest `v1`).
pub mod allocation {
    /// All HTTP destinations.
    pub const HTTP: u16 = 10_000;
    /// All gRPC destinations.
    pub const GRPC: u16 = 50_051;
    /// One port per TCP or TLS destination out of these.
    pub const TCP: std::ops::RangeInclusive<u16> = 10_001..=20_000;
}

/// The wish: one gateway, and the rules of who may reach what through it.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[kube(
    group = "istio.alibabacloud.com",
    version = "v1beta1",
    kind = "ASMEgressTrafficPolicy",
    plural = "asmegresstrafficpolicies",
    root = "EgressTrafficPolicy",
    namespaced,
    status = "EgressTrafficPolicyStatus",
    derive = "Default",
    derive = "PartialEq",
    doc = "Who may call what outside the mesh, through which egress gateway."
)]
#[serde(rename_all = "camelCase")]
pub struct EgressTrafficPolicySpec {
    /// The gateway all rules use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_egress_gateway: Option<ByEgressGateway>,
    /// Who may call what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_rules: Option<Vec<EgressRule>>,
    /// What could not be read, with paths below `spec`; empty for an object that is wholly understood.
    #[serde(skip)]
    pub unread: Vec<Unread>,
}

/// The fields of the spec as serde reads them; [`tolerant::read`] does the rest.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    by_egress_gateway: Option<ByEgressGateway>,
    #[serde(skip_serializing_if = "Option::is_none")]
    egress_rules: Option<Vec<EgressRule>>,
}

impl<'de> Deserialize<'de> for EgressTrafficPolicySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (fields, unread) = tolerant::read::<SpecFields>(Value::deserialize(deserializer)?);
        let SpecFields { by_egress_gateway, egress_rules } = fields;
        Ok(Self { by_egress_gateway, egress_rules, unread })
    }
}

optional_fields! {
    /// A hop through an egress gateway.
    #[serde(rename_all = "camelCase")]
    ByEgressGateway {
        /// Name of the IstioGateway. Only at the top of the spec, where it binds the policy to its gateway.
        name: String,
        /// Port on which the gateway listens for the destination; one of its ports. Only in a destination.
        port: u16,
    }
}

optional_fields! {
    /// Some workloads and what they may call.
    #[serde(rename_all = "camelCase")]
    EgressRule {
        /// Name of the rule.
        name: String,
        /// Workloads that may call.
        from: Vec<From>,
        /// External services that may be called.
        to: Vec<To>,
    }
}

optional_fields! {
    /// Workloads of one namespace.
    #[serde(rename_all = "camelCase")]
    From {
        /// Their namespace.
        namespace: String,
        /// Labels of their pods; absent: the whole namespace.
        workload_selector: Pairs,
    }
}

optional_fields! {
    /// One external service.
    #[serde(rename_all = "camelCase")]
    To {
        /// Name of the destination.
        name: String,
        /// Host names; several only if they resolve to the same addresses.
        hosts: Vec<String>,
        /// Port of the external service.
        port: ExternalPort,
        /// The hop on the gateway; absent in every destination: ASM allocates ports (newest v1).
        by_egress_gateway: ByEgressGateway,
        /// Plain HTTP that leaves the gateway as HTTPS.
        https_upgrade: HttpsUpgrade,
    }
}

optional_fields! {
    /// A port of an external service (`Port` of networking.istio.io).
    #[serde(rename_all = "camelCase")]
    ExternalPort {
        /// Name.
        name: String,
        /// Number.
        number: u16,
        /// Protocol.
        protocol: Protocol,
    }
}

optional_fields! {
    /// Plain HTTP that leaves the gateway as HTTPS.
    #[serde(rename_all = "camelCase")]
    HttpsUpgrade {
        /// Whether it does.
        enabled: bool,
        /// HTTPS port of the external service, such as 443.
        port: u16,
    }
}

/// What ASM reports.
pub type EgressTrafficPolicyStatus = Tolerant<StatusFields>;

optional_fields! {
    /// What ASM reports.
    #[serde(rename_all = "camelCase")]
    StatusFields {
        /// State of the policy.
        status: String,
        /// Error text.
        message: String,
        /// Gateway ports that ASM chose, by `host-port` with the first host of the destination (newest v1).
        auto_allocated_gateway_ports: BTreeMap<String, u16>,
    }
}

impl EgressTrafficPolicy {
    /// Reads an object of any served version. Fails only where the metadata is not a Kubernetes object's.
    ///
    /// Unlike kube's own reading it takes an object without `spec` too.
    pub fn read(object: &Value) -> Result<Self, serde_json::Error> {
        let part = |name| object.get(name).unwrap_or(&Value::Null);
        Ok(Self {
            metadata: Deserialize::deserialize(part("metadata"))?,
            spec: Deserialize::deserialize(part("spec"))?,
            status: Deserialize::deserialize(part("status"))?,
        })
    }

    /// Where the kind is served in a version of [`super::istio_gateway::VERSIONS`].
    pub fn resource(version: &str) -> ApiResource {
        let api_version = format!("{GROUP}/{version}");
        ApiResource { version: version.to_owned(), api_version, ..ApiResource::erase::<Self>(&()) }
    }

    /// Name of the `IstioGateway` that the policy is bound to: `spec.byEgressGateway.name`.
    pub fn gateway(&self) -> Option<&str> {
        self.spec.by_egress_gateway.as_ref()?.name.as_deref()
    }

    /// All destinations of all rules.
    pub fn destinations(&self) -> impl Iterator<Item = &To> {
        self.spec.egress_rules.iter().flatten().flat_map(|rule| rule.to.iter().flatten())
    }

    /// Whether ASM chooses the gateway's ports: no destination names one.
    pub fn allocates_ports(&self) -> bool {
        self.destinations().all(|to| to.by_egress_gateway.is_none())
    }

    /// The port on the gateway for a destination: its own, else the one ASM allocated.
    pub fn gateway_port(&self, to: &To) -> Option<u16> {
        let own = to.by_egress_gateway.as_ref().and_then(|hop| hop.port);
        own.or_else(|| {
            let key = format!("{}-{}", to.hosts.as_ref()?.first()?, to.port.as_ref()?.number?);
            self.status.as_ref()?.auto_allocated_gateway_ports.as_ref()?.get(&key).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(to: Value, status: Value) -> EgressTrafficPolicy {
        EgressTrafficPolicy::read(&json!({
            "metadata": {"name": "egress-by-egressgateway-a"},
            "spec": {"byEgressGateway": {"name": "egressgateway-a"}, "egressRules": [{"to": to}]},
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_destination_names_its_port_on_the_gateway_or_asm_does() {
        let http = json!({"hosts": ["a.org", "b.org"], "port": {"number": 80, "protocol": "HTTP"}});
        let mut own = http.clone();
        own["byEgressGateway"] = json!({"port": 8080});
        let allocated = json!({"autoAllocatedGatewayPorts": {"a.org-80": 10000}});
        let cases = [
            (&own, &allocated, Some(8080), false),
            (&http, &allocated, Some(10000), true),
            (&http, &Value::Null, None, true),
        ];
        for (to, status, port, allocates) in cases {
            let policy = policy(json!([to]), status.clone());
            let read = policy.destinations().next().unwrap().clone();
            assert_eq!(policy.gateway_port(&read), port);
            assert_eq!(policy.allocates_ports(), allocates);
        }
    }

    #[test]
    fn a_policy_that_is_half_wrong_is_half_read() {
        let policy =
            policy(json!([{"hosts": "a.org", "port": {"number": "x"}, "tls": {}}]), json!({"status": 1}));
        let paths: Vec<_> = policy.spec.unread.iter().map(|u| u.path.as_str()).collect();
        assert_eq!(
            paths,
            ["egressRules[0].to[0].hosts", "egressRules[0].to[0].port.number", "egressRules[0].to[0].tls"]
        );
        assert_eq!(policy.status.unwrap().unread[0].path, "status");
        assert_eq!(policy.spec.by_egress_gateway.unwrap().name.as_deref(), Some("egressgateway-a"));
    }
}
