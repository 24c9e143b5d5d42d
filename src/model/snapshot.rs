//! One cluster at one moment: how it is connected, what it serves, its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::fault::Fault;
use super::gateway::GatewayRow;
use super::holder::Holder;
use super::name::{ClusterName, Kind};
use super::row::{
    EndpointSliceRow, GatewayApiRow, GatewayClassRow, HpaRow, IstioGatewayRow, PdbRow, PodRow, ReplicaSetRow,
    Rows, ServiceRow, WorkloadRow,
};

/// Immutable state of one cluster. Made by `sources`, read by everything else; cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The cluster.
    pub cluster: ClusterName,
    /// Grows with every snapshot of this cluster.
    pub revision: u64,
    /// How it is connected.
    pub link: Link,
    /// What is known of the cluster itself.
    pub facts: ClusterFacts,
    /// State of each watched kind. A kind that nothing watches is absent.
    pub kinds: BTreeMap<Kind, KindState>,
    /// `IstioGateway`s.
    pub istio_gateways: Rows<IstioGatewayRow>,
    /// Gateway API `Gateway`s.
    pub api_gateways: Rows<GatewayApiRow>,
    /// Gateway API `GatewayClass`es.
    pub gateway_classes: Rows<GatewayClassRow>,
    /// Deployments.
    pub deployments: Rows<WorkloadRow>,
    /// DaemonSets.
    pub daemon_sets: Rows<WorkloadRow>,
    /// ReplicaSets.
    pub replica_sets: Rows<ReplicaSetRow>,
    /// Pods.
    pub pods: Rows<PodRow>,
    /// Services.
    pub services: Rows<ServiceRow>,
    /// EndpointSlices.
    pub endpoint_slices: Rows<EndpointSliceRow>,
    /// HorizontalPodAutoscalers.
    pub autoscalers: Rows<HpaRow>,
    /// PodDisruptionBudgets.
    pub disruption_budgets: Rows<PdbRow>,
    /// The gateways of this cluster, joined from the rows above by [`super::gateway::join`].
    pub gateways: Arc<[Arc<GatewayRow>]>,
}

impl Snapshot {
    /// A cluster of which nothing is known yet.
    pub fn connecting(cluster: ClusterName, now: Timestamp) -> Self {
        Self {
            cluster,
            revision: 0,
            link: Link::Connecting { since: now },
            facts: ClusterFacts::default(),
            kinds: BTreeMap::new(),
            istio_gateways: Arc::default(),
            api_gateways: Arc::default(),
            gateway_classes: Arc::default(),
            deployments: Arc::default(),
            daemon_sets: Arc::default(),
            replica_sets: Arc::default(),
            pods: Arc::default(),
            services: Arc::default(),
            endpoint_slices: Arc::default(),
            autoscalers: Arc::default(),
            disruption_budgets: Arc::default(),
            gateways: Arc::default(),
        }
    }

    /// Whether every initial list has ended: with rows, with a denial, or because the kind is not served.
    pub fn complete(&self) -> bool {
        !self.kinds.is_empty() && self.kinds.values().all(KindState::settled)
    }

    /// Whether first lists are still under way: rows are yet to come, and what there is of others is not all.
    pub fn fills(&self) -> bool {
        self.kinds.is_empty() || self.kinds.values().any(|state| matches!(state, KindState::Loading))
    }
}

/// How a cluster is connected.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// The first requests are under way.
    Connecting {
        /// Since when.
        since: Timestamp,
    },
    /// It answers.
    Ready,
    /// It answered before and no longer does: rows are shown as they were.
    Stale {
        /// When it was last heard of.
        since: Timestamp,
        /// What happened.
        fault: Fault,
        /// When egret tries again.
        next_try: Option<Timestamp>,
    },
    /// It never answered.
    Unreachable {
        /// What happened.
        fault: Fault,
        /// When egret tries again.
        next_try: Option<Timestamp>,
    },
    /// It answers, and refuses this user everything.
    Denied {
        /// What was refused.
        fault: Fault,
        /// When egret tries again.
        next_try: Option<Timestamp>,
    },
}

impl Link {
    /// Rows are current.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Why it does not answer; none: it does, or that is not known yet.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Stale { fault, .. } | Self::Unreachable { fault, .. } | Self::Denied { fault, .. } => {
                Some(fault)
            }
            Self::Connecting { .. } | Self::Ready => None,
        }
    }
}

/// State of one kind in one cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum KindState {
    /// The initial list is under way.
    Loading,
    /// Listed and watched.
    Ready,
    /// This user may not list or watch it.
    Denied(Fault),
    /// The cluster does not serve the kind.
    Absent,
    /// The list failed and will be tried again.
    Failed(Fault),
}

impl KindState {
    /// Whether nothing more is to be waited for.
    pub fn settled(&self) -> bool {
        !matches!(self, Self::Loading | Self::Failed(_))
    }
}

/// What is known of a cluster beside its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterFacts {
    /// `kube-system`'s uid: what the cluster *is* (R2). `None`: not known, or not readable.
    pub uid: Option<Box<str>>,
    /// URL of the API server.
    pub server: Box<str>,
    /// `gitVersion` of the API server.
    pub kubernetes: Option<Box<str>>,
    /// Istio's version and revisions, read from istiod's Deployments.
    pub istio: Box<[IstioRevision]>,
    /// Who materialises `IstioGateway`s (R4).
    pub keeper: Keeper,
    /// Who holds the lease, where that is egret.
    pub holder: Holder,
    /// The versions in which `istio.alibabacloud.com` is served.
    pub served_versions: Box<[Box<str>]>,
    /// Duration of the last real request that was timed, and when it ended.
    pub round_trip: Option<(std::time::Duration, Timestamp)>,
    /// Namespaces that are watched; empty: all.
    pub namespaces: Box<[Box<str>]>,
}

/// One istiod.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IstioRevision {
    /// Image tag, such as `1.28.0`.
    pub version: Box<str>,
    /// `istio.io/rev`; `default` when there is none.
    pub revision: Box<str>,
}

/// Who materialises `IstioGateway`s in a cluster (R4). Established, never assumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display)]
pub enum Keeper {
    /// Not established yet, or the evidence could not be read.
    #[default]
    #[strum(serialize = "?")]
    Unknown,
    /// The kind is not served: nobody.
    #[strum(serialize = "none")]
    Nobody,
    /// Alibaba Cloud ASM.
    #[strum(serialize = "ASM")]
    Asm,
    /// egret: the CRD carries its label.
    #[strum(serialize = "egret")]
    Egret,
    /// Someone else serves the kind.
    #[strum(serialize = "other")]
    Other,
}
