//! A gateway, joined from what makes it up: CR or Gateway API object, workload, pods, Service, autoscaler, budget.

mod index;
mod join;
mod origin;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

pub use join::join;
pub(crate) use join::{Candidate, assemble, finish};
pub(crate) use text::is_auto;

use super::health::{Health, HealthState};
use super::name::{ClusterName, Kind, ObjectKey};
use super::row::{
    EndpointSliceRow, GatewayApiRow, HpaRow, IstioGatewayRow, PdbRow, PodRow, ReplicaSetRow, ServiceRow,
    WorkloadRow,
};

/// What names a gateway: one row per gateway and data-plane cluster (R18).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayId {
    /// The data-plane cluster.
    pub cluster: ClusterName,
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name of the CR, of the Gateway API object, else of the workload.
    pub name: Arc<str>,
}

/// Who made the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display)]
pub enum Origin {
    /// An `IstioGateway`.
    #[strum(serialize = "IstioGateway")]
    IstioGateway,
    /// Istio's `gateway` chart.
    #[strum(serialize = "helm")]
    GatewayChart,
    /// Istio's `istio-egress` (or `istio-ingress`) chart, without istioctl.
    #[strum(serialize = "helm-legacy")]
    LegacyChart,
    /// `istioctl install`, or the operator behind it.
    #[strum(serialize = "istioctl")]
    Istioctl,
    /// A Gateway API `Gateway` of an Istio class.
    #[strum(serialize = "gateway-api")]
    GatewayApi,
    /// A workload that runs a gateway proxy, made by hand or by something egret does not know.
    #[strum(serialize = "manifest")]
    Manifest,
}

/// Directions from the config, by `name` or `namespace/name` of a gateway: the person's word goes before every mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directions(BTreeMap<String, Direction>);

impl Directions {
    /// What the config says of a gateway: by namespace and name, else by name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Direction> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&format!("{namespace}/{name}")).or_else(|| self.0.get(name)).copied()
    }
}

impl<S: Into<String>> FromIterator<(S, Direction)> for Directions {
    fn from_iter<I: IntoIterator<Item = (S, Direction)>>(all: I) -> Self {
        Self(all.into_iter().map(|(name, direction)| (name.into(), direction)).collect())
    }
}

/// Which way traffic flows (R19): hidden only when positively ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display)]
pub enum Direction {
    /// Out of the mesh.
    #[strum(serialize = "egress")]
    Egress,
    /// Into the mesh.
    #[strum(serialize = "ingress")]
    Ingress,
    /// Nothing says so.
    #[strum(serialize = "?")]
    Unknown,
}

/// One gateway in one data-plane cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayRow {
    /// Its identity.
    pub id: GatewayId,
    /// The cluster that holds the CR, when it is another than the data plane's.
    pub home: Option<ClusterName>,
    /// The id under which `spec.clusterIds` names the data-plane cluster; `None` when the CR names none.
    pub cluster_id: Option<Box<str>>,
    /// Who made it.
    pub origin: Origin,
    /// Which way traffic flows.
    pub direction: Direction,
    /// Its health, with the reason.
    pub health: Health,
    /// Ready and wanted replicas; `None` when pods cannot be known (R18), never 0/0 for that.
    pub ready: Option<(u32, u32)>,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`; empty without a Service.
    pub service_type: Box<str>,
    /// The address clients use: load balancer, else cluster IP; empty when none is known.
    pub address: Box<str>,
    /// Service ports, as `80,443`; protocols when they are not TCP.
    pub ports: Box<str>,
    /// Limits, as `2 / 4G`; `–` for what is not limited; empty when unknown.
    pub limits: Box<str>,
    /// Autoscaling, as `1–5, now 2`; `off`.
    pub autoscaling: Box<str>,
    /// Whether pods carry `security.istio.io/tlsMode: istio`.
    pub mtls_label: bool,
    /// Version of the proxy that runs (tag of its image); several when pods differ.
    pub proxy_version: Box<str>,
    /// When the gateway was made.
    pub created: Option<Timestamp>,
    /// The CR.
    pub cr: Option<Arc<IstioGatewayRow>>,
    /// The Gateway API object.
    pub api: Option<Arc<GatewayApiRow>>,
    /// The Deployment or DaemonSet.
    pub workload: Option<Arc<WorkloadRow>>,
    /// The canary Deployment behind the same Service, if any.
    pub canary: Option<Arc<WorkloadRow>>,
    /// ReplicaSets of the workload, newest first.
    pub replica_sets: Vec<Arc<ReplicaSetRow>>,
    /// Its pods, by the Service's selector and by owner.
    pub pods: Vec<Arc<PodRow>>,
    /// The Service.
    pub service: Option<Arc<ServiceRow>>,
    /// The Service's slices.
    pub endpoint_slices: Vec<Arc<EndpointSliceRow>>,
    /// The autoscaler.
    pub autoscaler: Option<Arc<HpaRow>>,
    /// The budget.
    pub budget: Option<Arc<PdbRow>>,
}

impl GatewayRow {
    /// Names one of its pods.
    pub fn pod_key(&self, pod: &PodRow) -> ObjectKey {
        ObjectKey {
            cluster: self.id.cluster.clone(),
            kind: Kind::Pod,
            namespace: pod.meta.namespace.clone(),
            name: pod.meta.name.clone(),
        }
    }

    /// Names all of its pods.
    pub fn pod_keys(&self) -> Vec<ObjectKey> {
        self.pods.iter().map(|pod| self.pod_key(pod)).collect()
    }

    /// Whether its pods cannot be known: it has none that are known, which is not the same as none.
    pub fn pods_unknown(&self) -> bool {
        self.ready.is_none() && self.pods.is_empty()
    }

    /// A gateway of which only its identity and origin are known.
    pub fn new(id: GatewayId, origin: Origin) -> Self {
        Self {
            home: None,
            id,
            cluster_id: None,
            origin,
            direction: Direction::Unknown,
            health: Health { state: HealthState::Unknown, reason: String::new() },
            ready: None,
            service_type: Box::default(),
            address: Box::default(),
            ports: Box::default(),
            limits: Box::default(),
            autoscaling: Box::default(),
            mtls_label: false,
            proxy_version: Box::default(),
            created: None,
            cr: None,
            api: None,
            workload: None,
            canary: None,
            replica_sets: Vec::new(),
            pods: Vec::new(),
            service: None,
            endpoint_slices: Vec::new(),
            autoscaler: None,
            budget: None,
        }
    }
}
