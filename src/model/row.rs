//! Lean rows: the few fields of an object that tables show and rules judge by.
//!
//! A whole object is fetched when someone opens it; rows are read straight from the JSON of a list item
//! or a watch event, so that a cluster of thousands of pods costs megabytes, not hundreds of them.

mod meta;
mod parse;

use std::sync::Arc;

use jiff::Timestamp;

pub use meta::{Owner, Pairs, RowMeta};

use super::istio_gateway::IstioGateway;
use super::name::Kind;
use super::path::{Found, Path};

/// The annotations kept in rows; all others are read on demand with the whole object.
pub const KEPT_ANNOTATIONS: &[&str] = &[
    "asm.alibabacloud.com/enable-canary-deployment",
    "asm.alibabacloud.com/gateway-drain-timeout-seconds",
    "asm.alibabacloud.com/managed-by-asm",
    "asm.alibabacloud.com/replicas-managed-by-asm",
    "deployment.kubernetes.io/revision",
    "inject.istio.io/templates",
    "meta.helm.sh/release-name",
];

/// A kind that is listed and watched as rows.
pub trait Row: Sized + Send + Sync + 'static {
    /// The kind the rows are of.
    const KIND: Kind;

    /// Reads one object as the API server sends it. An error names what could not be read.
    fn parse(json: &[u8]) -> Result<Self, serde_json::Error>;

    /// Metadata of the object.
    fn meta(&self) -> &RowMeta;

    /// The same, to be completed; none: lines of tables are not about objects of this kind.
    fn meta_mut(&mut self) -> Option<&mut RowMeta> {
        None
    }

    /// Reads one object, and what these paths find in it. The object is built for them alone.
    fn read(json: &[u8], paths: &[Path]) -> Result<Self, serde_json::Error> {
        let mut row = Self::parse(json)?;
        if !paths.is_empty()
            && let Some(meta) = row.meta_mut()
        {
            meta.found = Found::new(json, paths);
        }
        Ok(row)
    }
}

/// One condition of an object's status.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// `type`.
    pub kind: Box<str>,
    /// `status`: `True`, `False` or `Unknown`.
    pub status: Box<str>,
    /// `reason`.
    pub reason: Box<str>,
    /// `message`.
    pub message: Box<str>,
    /// `lastTransitionTime`.
    pub since: Option<Timestamp>,
}

impl Condition {
    /// Whether the status is `True`.
    pub fn is_true(&self) -> bool {
        &*self.status == "True"
    }
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodRow {
    /// Metadata.
    pub meta: RowMeta,
    /// `status.phase`.
    pub phase: Box<str>,
    /// What kubectl prints under STATUS.
    pub status: Box<str>,
    /// Ready containers, and containers (restartable init containers included), as kubectl counts them.
    pub ready: (u16, u16),
    /// Whether the `Ready` condition is true.
    pub is_ready: bool,
    /// Restarts of all containers, as kubectl counts them.
    pub restarts: u32,
    /// When a container last ended before restarting.
    pub last_restart: Option<Timestamp>,
    /// The first trouble worth telling: which container, kubectl's reason, the message.
    pub trouble: Option<Trouble>,
    /// `spec.nodeName`.
    pub node: Box<str>,
    /// `status.podIP`.
    pub ip: Box<str>,
    /// `spec.serviceAccountName`.
    pub service_account: Box<str>,
    /// Image of the container `istio-proxy`, or of the only container; `auto` when injection failed (R7).
    pub proxy_image: Box<str>,
    /// Names of all containers, init containers first.
    pub containers: Box<[Box<str>]>,
    /// Bit n: `containers[n]` runs at the start only.
    pub starters: u64,
    /// TCP ports that its containers declare, each with its name, which may be empty.
    pub ports: Box<[(Box<str>, u16)]>,
    /// CPU cores that its containers ask for and may use together.
    pub cpu: Bound,
    /// Bytes of memory that its containers ask for and may use together.
    pub memory: Bound,
}

impl PodRow {
    /// The containers that go on running: one may look into them.
    pub fn running(&self) -> impl Iterator<Item = &str> {
        let runs = |n: usize| n >= 64 || self.starters >> n & 1 == 0;
        self.containers.iter().enumerate().filter(move |(n, _)| runs(*n)).map(|(_, name)| &**name)
    }
}

/// What is asked for and what may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound {
    /// Asked for, of all that ask; none: nobody does.
    pub request: Option<f64>,
    /// At most used; none: at least one is not limited.
    pub limit: Option<f64>,
}

/// What is wrong with a pod, in the server's own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// Container, when it is one container's; empty for the pod.
    pub container: Box<str>,
    /// Reason, such as `CrashLoopBackOff` or `Unschedulable`.
    pub reason: Box<str>,
    /// Message; may be empty.
    pub message: Box<str>,
}

/// A Deployment or a DaemonSet.
///
/// A list's items do not say their kind, so [`DeploymentRow`] and [`DaemonSetRow`] are what is read.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadRow {
    /// `Deployment` or `DaemonSet`.
    pub kind: Kind,
    /// Metadata.
    pub meta: RowMeta,
    /// Wanted replicas: `spec.replicas`, or `status.desiredNumberScheduled` of a DaemonSet.
    pub wanted: u32,
    /// Existing replicas, of any generation.
    pub current: u32,
    /// Ready replicas, of any generation.
    pub ready: u32,
    /// Replicas of the current template.
    pub updated: u32,
    /// Available replicas.
    pub available: u32,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// Conditions: `Available`, `Progressing`, `ReplicaFailure`.
    pub conditions: Box<[Condition]>,
    /// `spec.selector.matchLabels`.
    pub selector: Pairs,
    /// Whether the selector also has `matchExpressions` (then pods are joined by owner alone).
    pub selector_has_expressions: bool,
    /// `spec.template.metadata.labels`.
    pub pod_labels: Pairs,
    /// `spec.template.metadata.annotations` of `inject.istio.io/` and `sidecar.istio.io/`.
    pub pod_annotations: Pairs,
    /// Image of the container `istio-proxy`, or of the only container.
    pub proxy_image: Box<str>,
    /// Whether a container is started as `proxy router`: a gateway's proxy, not a sidecar.
    pub is_router: bool,
    /// `spec.template.spec.hostNetwork`: istiod injects nothing into such pods (R7).
    pub host_network: bool,
    /// `resources.limits` of that container: CPU, memory; as written.
    pub limits: (Box<str>, Box<str>),
    /// `resources.requests` of that container: CPU, memory; as written.
    pub requests: (Box<str>, Box<str>),
    /// `spec.template.spec.serviceAccountName`.
    pub service_account: Box<str>,
    /// `spec.paused`.
    pub paused: bool,
}

impl Default for WorkloadRow {
    /// A Deployment without anything.
    fn default() -> Self {
        Self {
            kind: Kind::Deployment,
            meta: RowMeta::default(),
            wanted: 0,
            current: 0,
            ready: 0,
            updated: 0,
            available: 0,
            observed_generation: 0,
            conditions: Box::default(),
            selector: Pairs::default(),
            selector_has_expressions: false,
            pod_labels: Pairs::default(),
            pod_annotations: Pairs::default(),
            proxy_image: Box::default(),
            is_router: false,
            host_network: false,
            limits: Default::default(),
            requests: Default::default(),
            service_account: Box::default(),
            paused: false,
        }
    }
}

/// A Deployment as it is listed; what it holds goes into [`Rows<WorkloadRow>`] by cloning the `Arc`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentRow(pub Arc<WorkloadRow>);

/// A DaemonSet as it is listed; see [`DeploymentRow`].
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSetRow(pub Arc<WorkloadRow>);

impl From<&DeploymentRow> for Arc<WorkloadRow> {
    fn from(row: &DeploymentRow) -> Self {
        row.0.clone()
    }
}

impl From<&DaemonSetRow> for Arc<WorkloadRow> {
    fn from(row: &DaemonSetRow) -> Self {
        row.0.clone()
    }
}

/// A ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSetRow {
    /// Metadata; the owner is the Deployment.
    pub meta: RowMeta,
    /// `spec.replicas`.
    pub wanted: u32,
    /// `status.readyReplicas`.
    pub ready: u32,
    /// `status.conditions`: only `ReplicaFailure` exists.
    pub conditions: Box<[Condition]>,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceRow {
    /// Metadata.
    pub meta: RowMeta,
    /// `spec.type`.
    pub service_type: Box<str>,
    /// `spec.clusterIP`: an address, `None` or empty.
    pub cluster_ip: Box<str>,
    /// Addresses from outside, in the server's order: the load balancer's, then `spec.externalIPs`; or `spec.externalName`.
    pub external: Box<[Box<str>]>,
    /// The load balancer's own IPs or host names, sorted; empty while it is pending.
    pub load_balancer: Box<[Box<str>]>,
    /// `spec.ports`.
    pub ports: Box<[ServicePort]>,
    /// `spec.selector`.
    pub selector: Pairs,
    /// `spec.externalTrafficPolicy`.
    pub external_traffic_policy: Box<str>,
}

/// One port of a Service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePort {
    /// `name`; may be empty.
    pub name: Box<str>,
    /// `protocol`: TCP, UDP or SCTP.
    pub protocol: Box<str>,
    /// `appProtocol`; may be empty.
    pub app_protocol: Box<str>,
    /// `port`.
    pub port: u16,
    /// `targetPort`: number or name.
    pub target: Box<str>,
    /// `nodePort`; 0 when none.
    pub node_port: u16,
}

/// An EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointSliceRow {
    /// Metadata; the label `kubernetes.io/service-name` names the Service.
    pub meta: RowMeta,
    /// Its endpoints.
    pub endpoints: Box<[Endpoint]>,
    /// Its ports: name and number.
    pub ports: Box<[(Box<str>, u16)]>,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// First address.
    pub address: Box<str>,
    /// `conditions.ready` (absent counts as ready).
    pub ready: bool,
    /// `conditions.terminating`.
    pub terminating: bool,
    /// Name of the pod behind it; may be empty.
    pub pod: Box<str>,
    /// Node; may be empty.
    pub node: Box<str>,
}

/// A HorizontalPodAutoscaler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HpaRow {
    /// Metadata.
    pub meta: RowMeta,
    /// `spec.scaleTargetRef`: kind and name.
    pub target: (Box<str>, Box<str>),
    /// `spec.minReplicas` (1 when absent).
    pub min: u32,
    /// `spec.maxReplicas`.
    pub max: u32,
    /// `status.currentReplicas`.
    pub current: u32,
    /// `status.desiredReplicas`.
    pub desired: u32,
    /// Resource metrics: name, target and current, in percent of the request; current is `None` when unread.
    pub metrics: Box<[HpaMetric]>,
    /// `AbleToScale`, `ScalingActive`, `ScalingLimited`.
    pub conditions: Box<[Condition]>,
}

/// One metric of an autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct HpaMetric {
    /// `cpu`, `memory`, or the name of another metric.
    pub name: Box<str>,
    /// Target as kubectl writes it, such as `80%` or `500m`.
    pub target: Box<str>,
    /// Current value in the same unit; `None` reads `<unknown>`.
    pub current: Option<Box<str>>,
}

/// A PodDisruptionBudget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PdbRow {
    /// Metadata.
    pub meta: RowMeta,
    /// `spec.minAvailable`, as written.
    pub min_available: Option<Box<str>>,
    /// `spec.maxUnavailable`, as written.
    pub max_unavailable: Option<Box<str>>,
    /// `status.disruptionsAllowed`.
    pub allowed: u32,
    /// `spec.selector.matchLabels`.
    pub selector: Pairs,
    /// Whether the selector also has `matchExpressions`: then egret cannot tell whose budget it is.
    pub selector_has_expressions: bool,
}

/// A Gateway API `Gateway`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayApiRow {
    /// Metadata.
    pub meta: RowMeta,
    /// `spec.gatewayClassName`.
    pub class: Box<str>,
    /// `spec.listeners`.
    pub listeners: Box<[Listener]>,
    /// `spec.addresses[].value`: an existing Service it is bound to, instead of pods of its own.
    pub bound_to: Box<[Box<str>]>,
    /// `status.addresses[].value`.
    pub addresses: Box<[Box<str>]>,
    /// `status.conditions`: `Accepted`, `Programmed`.
    pub conditions: Box<[Condition]>,
}

/// One listener of a Gateway API `Gateway`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// `name`.
    pub name: Box<str>,
    /// `port`.
    pub port: u16,
    /// `protocol`.
    pub protocol: Box<str>,
}

/// A Gateway API `GatewayClass`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayClassRow {
    /// Metadata.
    pub meta: RowMeta,
    /// `spec.controllerName`: what decides whose class it is (R19).
    pub controller: Box<str>,
}

/// Rows of one kind, sorted by namespace and name. Cheap to clone.
pub type Rows<T> = Arc<[Arc<T>]>;

/// An `IstioGateway`, whole but for what repeats it: there are few, and every field can be a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IstioGatewayRow {
    /// Metadata.
    pub meta: RowMeta,
    /// The object as its type reads it, tolerantly.
    pub gateway: Arc<IstioGateway>,
    /// Who wrote it: `metadata.managedFields` without the paths (R16).
    pub managers: Box<[Manager]>,
    /// The object as the server sent it, without `managedFields` and `last-applied-configuration`.
    /// To read only: what is written starts from the object fetched whole.
    pub object: Arc<serde_json::Value>,
}

/// One event, of the object that is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventRow {
    /// `Normal` or `Warning`.
    pub kind: Box<str>,
    /// `reason`.
    pub reason: Box<str>,
    /// `message`.
    pub message: Box<str>,
    /// What it is about: `Pod egress-7c9`.
    pub object: Box<str>,
    /// Who said it.
    pub source: Box<str>,
    /// How often it was seen.
    pub count: u32,
    /// When it was last seen.
    pub last: Option<Timestamp>,
    /// Uid of the event itself.
    pub uid: Box<str>,
}

/// One entry of `metadata.managedFields`, without its paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Manager {
    /// `manager`, such as `kubectl-edit`.
    pub manager: Box<str>,
    /// `operation`: `Apply` or `Update`.
    pub operation: Box<str>,
    /// `time`.
    pub time: Option<Timestamp>,
    /// `subresource`, such as `status`; empty: the object itself.
    pub subresource: Box<str>,
}
