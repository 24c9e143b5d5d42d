//! Pods.

use jiff::Timestamp;
use serde::Deserialize;

use super::pod_status::{State, look, trouble};
use super::text::{Or, Text};
use super::workload::{CpuMemory, Resources};
use super::{Metadata, RawCondition};
use crate::model::amount::Amount;
use crate::model::name::Kind;
use crate::model::row::{Bound, PodRow, Row, RowMeta};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    pub(super) spec: Or<PodSpec<'a>>,
    #[serde(borrow)]
    pub(super) status: Or<PodStatus<'a>>,
}

impl Pod<'_> {
    pub(super) fn deleting(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodSpec<'a> {
    #[serde(borrow)]
    node_name: Text<'a>,
    #[serde(borrow)]
    service_account_name: Text<'a>,
    #[serde(borrow)]
    pub(super) init_containers: Or<Vec<Container<'a>>>,
    #[serde(borrow)]
    pub(super) containers: Or<Vec<Container<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Container<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    image: Text<'a>,
    #[serde(borrow)]
    restart_policy: Text<'a>,
    #[serde(borrow)]
    ports: Or<Vec<Port<'a>>>,
    #[serde(borrow)]
    resources: Or<Resources<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Port<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    container_port: Or<i64>,
    #[serde(borrow)]
    protocol: Text<'a>,
}

impl Container<'_> {
    /// A sidecar: an init container that goes on running.
    pub(super) fn restartable(&self) -> bool {
        &*self.restart_policy == "Always"
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodStatus<'a> {
    #[serde(borrow)]
    pub(super) phase: Text<'a>,
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Text<'a>,
    #[serde(borrow, rename = "podIP")]
    pod_ip: Text<'a>,
    #[serde(borrow)]
    pub(super) conditions: Or<Vec<RawCondition<'a>>>,
    #[serde(borrow)]
    pub(super) init_container_statuses: Or<Vec<ContainerStatus<'a>>>,
    #[serde(borrow)]
    pub(super) container_statuses: Or<Vec<ContainerStatus<'a>>>,
}

impl<'a> PodStatus<'a> {
    pub(super) fn condition(&self, kind: &str) -> Option<&RawCondition<'a>> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }

    pub(super) fn is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|condition| &*condition.status == "True")
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) ready: Or<bool>,
    pub(super) started: Or<bool>,
    pub(super) restart_count: Or<i64>,
    #[serde(borrow)]
    pub(super) state: Or<State<'a>>,
    #[serde(borrow)]
    pub(super) last_state: Or<State<'a>>,
}

impl ContainerStatus<'_> {
    pub(super) fn last_end(&self) -> Option<Timestamp> {
        self.last_state.terminated.as_ref()?.finished_at
    }
}

/// The proxy among containers: `istio-proxy`, else the only one.
pub(super) fn proxy<T>(containers: &[T], name: impl Fn(&T) -> &str) -> Option<&T> {
    let named = containers.iter().find(|container| name(container) == "istio-proxy");
    named.or(match containers {
        [only] => Some(only),
        _ => None,
    })
}

impl Row for PodRow {
    const KIND: Kind = Kind::Pod;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let pod: Pod<'_> = serde_json::from_slice(json)?;
        let look = look(&pod);
        let trouble = trouble(&pod);
        let is_ready = pod.status.is_true("Ready");
        let (spec, status) = (pod.spec.0, pod.status.0);
        let proxy_image = proxy(&spec.containers, |container| &container.name)
            .map(|container| (*container.image).into())
            .unwrap_or_default();
        let runs = || {
            let sidecars = spec.init_containers.iter().filter(|container| container.restartable());
            sidecars.chain(spec.containers.iter())
        };
        let starts = spec.init_containers.iter().take(64).enumerate();
        let starters = starts.filter(|(_, c)| !c.restartable()).fold(0, |bits, (n, _)| bits | 1 << n);
        let ports = runs().flat_map(|container| container.ports.iter()).filter_map(port).collect();
        let cpu = bound(runs(), |amounts| &amounts.cpu);
        let memory = bound(runs(), |amounts| &amounts.memory);
        let all = spec.init_containers.0.into_iter().chain(spec.containers.0);
        Ok(Self {
            meta: pod.metadata.0.into(),
            phase: status.phase.into(),
            status: look.status,
            ready: look.ready,
            is_ready,
            restarts: look.restarts,
            last_restart: look.last_restart,
            trouble,
            node: spec.node_name.into(),
            ip: status.pod_ip.into(),
            service_account: spec.service_account_name.into(),
            proxy_image,
            containers: all.map(|container| container.name.into()).collect(),
            starters,
            ports,
            cpu,
            memory,
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> Option<&mut RowMeta> {
        Some(&mut self.meta)
    }
}

/// A TCP port: name and number.
fn port(port: &Port<'_>) -> Option<(Box<str>, u16)> {
    let number = u16::try_from(*port.container_port).ok().filter(|number| *number > 0)?;
    matches!(&*port.protocol, "" | "TCP").then(|| ((*port.name).into(), number))
}

/// What containers ask for and may use together, of CPU or of memory.
fn bound<'a>(
    containers: impl Iterator<Item = &'a Container<'a>>,
    which: impl for<'b> Fn(&'b CpuMemory<'a>) -> &'b Text<'a>,
) -> Bound {
    let read =
        |text: &Text<'_>| text.parse::<Amount>().ok().map(|amount| amount.as_f64()).filter(|n| *n > 0.0);
    let mut all = Bound { request: None, limit: Some(0.0) };
    for container in containers {
        let limit = read(which(&container.resources.limits));
        // Who sets a limit alone asks for as much: the server writes it so.
        let request = read(which(&container.resources.requests)).or(limit);
        all.request = request.map(|request| all.request.unwrap_or(0.0) + request).or(all.request);
        all.limit = all.limit.zip(limit).map(|(sum, limit)| sum + limit);
    }
    Bound { limit: all.limit.filter(|limit| *limit > 0.0), ..all }
}
