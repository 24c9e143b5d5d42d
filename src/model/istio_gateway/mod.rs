//! `IstioGateway` of `istio.alibabacloud.com`: an ASM gateway as its owner describes it.
//!
//! The versions `v1beta1` and `v1` have one schema and are read by this one type. It is for reading: a word or field
//! it does not know and a value of a wrong type never make the object unreadable, they are kept in
//! [`IstioGatewaySpec::unread`] and in the `Other` of enums. Writes go through the untyped document (design §7).

mod configuration;
mod merge;
pub mod names;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use kube::core::ApiResource;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

pub use configuration::{
    Compression, ConfigVolume, GatewayConfiguration, GatewayPort, GatewaySds, Gzip, HpaTarget,
    KERNEL_PARAMETERS, Kernel, Pairs, ReadinessProbe, SecretVolume,
};
pub use words::{ConfigState, DnsPolicy, ExternalTrafficPolicy, GatewayType, Protocol, ServiceType};

use super::open_enum::optional_fields;
use super::tolerant::{self, Tolerant, Unread};

/// The API group of ASM's custom resources.
pub const GROUP: &str = "istio.alibabacloud.com";
/// The versions that are understood, the stored one first.
pub const VERSIONS: [&str; 2] = ["v1beta1", "v1"];

/// The wish: what the gateway should be, and in which clusters.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[kube(
    group = "istio.alibabacloud.com",
    version = "v1beta1",
    kind = "IstioGateway",
    namespaced,
    status = "IstioGatewayStatus",
    derive = "Default",
    derive = "PartialEq",
    doc = "An ASM gateway."
)]
#[serde(rename_all = "camelCase")]
pub struct IstioGatewaySpec {
    /// Which way traffic flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_type: Option<GatewayType>,
    /// What the gateway is made of, in every cluster that no override names.
    #[serde(flatten)]
    pub configuration: GatewayConfiguration,
    /// Ids of the clusters to run in; none: the cluster that holds this object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_ids: Option<Vec<String>>,
    /// What differs in one cluster, by cluster id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<BTreeMap<String, GatewayConfiguration>>,
    /// What could not be read, with paths below `spec`; empty for an object that is wholly understood.
    #[serde(skip)]
    pub unread: Vec<Unread>,
}

/// The fields of the spec as serde reads them; [`tolerant::read`] does the rest.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_type: Option<GatewayType>,
    #[serde(flatten)]
    configuration: GatewayConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overrides: Option<BTreeMap<String, GatewayConfiguration>>,
}

impl<'de> Deserialize<'de> for IstioGatewaySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (fields, unread) = tolerant::read::<SpecFields>(Value::deserialize(deserializer)?);
        let SpecFields { gateway_type, configuration, cluster_ids, overrides } = fields;
        Ok(Self { gateway_type, configuration, cluster_ids, overrides, unread })
    }
}

/// What the keeper of the gateway reports.
pub type IstioGatewayStatus = Tolerant<StatusFields>;

optional_fields! {
    /// What the keeper of the gateway reports. The capitals are ASM's.
    #[serde(rename_all = "PascalCase")]
    StatusFields {
        /// State of the work on the gateway.
        status: ConfigState,
        /// Addresses of the gateway.
        gateway_address: Vec<String>,
        /// Address in each cluster.
        cluster_id_gateway_address_map: Vec<ClusterAddress>,
        /// The last error.
        error_message: String,
        /// What is true of it, by type: Accepted, Programmed, Ready. egret's own, beside ASM's fields.
        #[serde(rename = "conditions")]
        conditions: Vec<Condition>,
    }
}

optional_fields! {
    /// The address of a gateway in one cluster.
    #[serde(rename_all = "camelCase")]
    ClusterAddress {
        /// The address.
        ip_address: String,
        /// Id of the cluster.
        cluster_id: String,
    }
}

impl IstioGateway {
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

    /// Where the kind is served in a version of [`VERSIONS`], for clients of untyped objects.
    pub fn resource(version: &str) -> ApiResource {
        let api_version = format!("{GROUP}/{version}");
        ApiResource { version: version.to_owned(), api_version, ..ApiResource::erase::<Self>(&()) }
    }

    /// The object's own name; empty only in a document that never was on a server.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// The name without a leading `istio-`: `{n}` of R1.
    pub fn short_name(&self) -> &str {
        names::short(self.name())
    }

    /// The name of the Deployment, Service and ServiceAccount that egret would make: `istio-{n}`.
    pub fn generated_name(&self) -> String {
        names::generated(self.name())
    }

    /// Every name under which the Deployment may exist, likeliest first (R18): what was adopted keeps its own (R11).
    pub fn workload_names(&self) -> Vec<String> {
        self.adopted("deployment").unwrap_or_else(|| names::workloads(self.name()).collect())
    }

    /// The same for the Service.
    pub fn service_names(&self) -> Vec<String> {
        self.adopted("service").unwrap_or_else(|| names::workloads(self.name()).collect())
    }

    fn adopted(&self, field: &str) -> Option<Vec<String>> {
        let record: Value = serde_json::from_str(self.annotation(names::ADOPTED)?).ok()?;
        Some(vec![record[field].as_str()?.to_owned()])
    }

    /// An annotation of the object.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        Some(self.metadata.annotations.as_ref()?.get(key)?.as_str())
    }

    /// Whether the keeper sets the number of replicas; only the annotation's exact `"false"` says no.
    pub fn replicas_managed(&self) -> bool {
        self.annotation(names::REPLICAS_MANAGED_BY_ASM) != Some("false")
    }

    /// The parts of spec and status that could not be read, with paths from the top of the object.
    pub fn unread(&self) -> impl Iterator<Item = Unread> + '_ {
        let status = self.status.as_ref().map_or(&[][..], |status| &status.unread);
        let below = |root, parts: &[Unread]| parts.iter().map(|u| u.below(root)).collect::<Vec<_>>();
        below("spec", &self.spec.unread).into_iter().chain(below("status", status))
    }
}

impl IstioGatewaySpec {
    /// What the gateway is in one cluster; without an id, or for one that no override names, what `spec` says.
    pub fn effective(&self, cluster_id: Option<&str>) -> Cow<'_, GatewayConfiguration> {
        match self.override_for(cluster_id) {
            Some(over) => Cow::Owned(merge::merge(&self.configuration, over)),
            None => Cow::Borrowed(&self.configuration),
        }
    }

    /// What differs in one cluster.
    pub fn override_for(&self, cluster_id: Option<&str>) -> Option<&GatewayConfiguration> {
        self.overrides.as_ref()?.get(cluster_id?)
    }

    /// The type of the Service when none is written: load balancer for ingress, else inside the cluster only.
    ///
    /// Inferred: MeshGateway's defaults; ASM declares none, and its egress example writes `ClusterIP`.
    pub fn default_service_type(&self) -> ServiceType {
        match self.gateway_type {
            Some(GatewayType::Ingress) => ServiceType::LoadBalancer,
            _ => ServiceType::ClusterIP,
        }
    }
}

impl GatewayConfiguration {
    /// Whether an autoscaler chooses the number of pods. Bounds alone do not turn it on (inferred: ASM's sample
    /// body has both without the switch).
    pub fn autoscales(&self) -> bool {
        self.autoscale_enabled == Some(true)
    }

    /// Whether the pods carry the label that lets clients speak mesh mTLS to them. What the servers behind it
    /// really do is another question (R13).
    pub fn mtls_label(&self) -> bool {
        let labels = self.pod_labels.as_ref();
        labels.and_then(|l| l.get(names::TLS_MODE_LABEL)).is_some_and(|mode| mode == names::TLS_MODE_ISTIO)
    }
}

#[cfg(test)]
mod tests;
