//! Names of things: clusters, kinds, objects.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A cluster as the person names it: the kubeconfig context it was opened from.
///
/// Every row, message and effect carries one, so that nothing is ever done to "the current" cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClusterName(pub Arc<str>);

impl ClusterName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ClusterName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kinds egret lists and watches, and those it only opens one at a time.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::Display,
)]
pub enum Kind {
    /// `istio.alibabacloud.com` `IstioGateway`.
    IstioGateway,
    /// `gateway.networking.k8s.io` `Gateway`.
    Gateway,
    /// `gateway.networking.k8s.io` `GatewayClass` (cluster-wide).
    GatewayClass,
    /// `apps/v1` `Deployment`.
    Deployment,
    /// `apps/v1` `DaemonSet`.
    DaemonSet,
    /// `apps/v1` `ReplicaSet`.
    ReplicaSet,
    /// `v1` `Pod`.
    Pod,
    /// `v1` `Service`.
    Service,
    /// `discovery.k8s.io/v1` `EndpointSlice`.
    EndpointSlice,
    /// `autoscaling/v2` `HorizontalPodAutoscaler`.
    HorizontalPodAutoscaler,
    /// `policy/v1` `PodDisruptionBudget`.
    PodDisruptionBudget,
    /// `v1` `Node`: opened from a pod, never listed.
    Node,
    /// `v1` `Event`: read for the open object only.
    Event,
    /// `v1` `ServiceAccount`: watched by the reconciler.
    ServiceAccount,
    /// `rbac.authorization.k8s.io/v1` `Role`: watched by the reconciler.
    Role,
    /// `rbac.authorization.k8s.io/v1` `RoleBinding`: watched by the reconciler.
    RoleBinding,
    /// `networking.istio.io` `EnvoyFilter`: watched by the reconciler.
    EnvoyFilter,
    /// `networking.istio.io` `Gateway`, the servers of a proxy: watched by the reconciler.
    IstioServers,
    /// `networking.istio.io` `VirtualService`: followed while the traffic of a gateway is on the screen.
    VirtualService,
    /// `networking.istio.io` `DestinationRule`: followed likewise.
    DestinationRule,
    /// `networking.istio.io` `ServiceEntry`: followed likewise.
    ServiceEntry,
    /// `security.istio.io` `AuthorizationPolicy`: followed likewise.
    AuthorizationPolicy,
    /// `istio.alibabacloud.com` `ASMEgressTrafficPolicy`: followed likewise.
    #[strum(serialize = "ASMEgressTrafficPolicy")]
    EgressTrafficPolicy,
    /// `coordination.k8s.io/v1` `Lease`: watched by name, to see who keeps the gateways.
    Lease,
    /// `v1` `Secret`: those that are labelled as kubeconfigs of other clusters, read by the controller alone.
    Secret,
    /// `apiextensions.k8s.io/v1` `CustomResourceDefinition`: watched by name, to see a kind appear.
    CustomResourceDefinition,
}

/// Where a kind is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version that egret asks for when discovery does not say better.
    pub version: &'static str,
    /// Plural name in URLs.
    pub plural: &'static str,
    /// Lives in a namespace.
    pub namespaced: bool,
}

impl Kind {
    /// Group, version, plural and scope of the kind.
    pub fn resource(self) -> Resource {
        let (group, version, plural, namespaced) = match self {
            Self::IstioGateway => ("istio.alibabacloud.com", "v1beta1", "istiogateways", true),
            Self::Gateway => ("gateway.networking.k8s.io", "v1", "gateways", true),
            Self::GatewayClass => ("gateway.networking.k8s.io", "v1", "gatewayclasses", false),
            Self::Deployment => ("apps", "v1", "deployments", true),
            Self::DaemonSet => ("apps", "v1", "daemonsets", true),
            Self::ReplicaSet => ("apps", "v1", "replicasets", true),
            Self::Pod => ("", "v1", "pods", true),
            Self::Service => ("", "v1", "services", true),
            Self::EndpointSlice => ("discovery.k8s.io", "v1", "endpointslices", true),
            Self::HorizontalPodAutoscaler => ("autoscaling", "v2", "horizontalpodautoscalers", true),
            Self::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets", true),
            Self::Node => ("", "v1", "nodes", false),
            Self::Event => ("", "v1", "events", true),
            Self::ServiceAccount => ("", "v1", "serviceaccounts", true),
            Self::Role => ("rbac.authorization.k8s.io", "v1", "roles", true),
            Self::RoleBinding => ("rbac.authorization.k8s.io", "v1", "rolebindings", true),
            Self::EnvoyFilter => ("networking.istio.io", "v1alpha3", "envoyfilters", true),
            Self::IstioServers => ("networking.istio.io", "v1", "gateways", true),
            Self::VirtualService => ("networking.istio.io", "v1", "virtualservices", true),
            Self::DestinationRule => ("networking.istio.io", "v1", "destinationrules", true),
            Self::ServiceEntry => ("networking.istio.io", "v1", "serviceentries", true),
            Self::AuthorizationPolicy => ("security.istio.io", "v1", "authorizationpolicies", true),
            Self::EgressTrafficPolicy => {
                ("istio.alibabacloud.com", "v1beta1", "asmegresstrafficpolicies", true)
            }
            Self::Lease => ("coordination.k8s.io", "v1", "leases", true),
            Self::Secret => ("", "v1", "secrets", true),
            Self::CustomResourceDefinition => {
                ("apiextensions.k8s.io", "v1", "customresourcedefinitions", false)
            }
        };
        Resource { group, version, plural, namespaced }
    }
}

/// One object of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The cluster the object was seen in.
    pub cluster: ClusterName,
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty when the kind is cluster-wide.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {} in {}", self.kind, self.name, self.cluster)
        } else {
            write!(f, "{} {}/{} in {}", self.kind, self.namespace, self.name, self.cluster)
        }
    }
}
