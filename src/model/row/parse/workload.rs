//! Deployments, DaemonSets and ReplicaSets.

use std::sync::Arc;

use serde::Deserialize;

use super::pod::proxy;
use super::text::{Or, Text};
use super::{LabelSelector, Metadata, RawCondition, Strings, conditions, count, pairs};
use crate::model::name::Kind;
use crate::model::row::{DaemonSetRow, DeploymentRow, ReplicaSetRow, Row, RowMeta, WorkloadRow};

/// A Deployment, a DaemonSet or a ReplicaSet: what one has and another lacks stays at its default.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Workload<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    spec: Or<WorkloadSpec<'a>>,
    #[serde(borrow)]
    status: Or<WorkloadStatus<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WorkloadSpec<'a> {
    replicas: Option<i64>,
    paused: Or<bool>,
    #[serde(borrow)]
    selector: Or<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Or<Template<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Template<'a> {
    #[serde(borrow)]
    metadata: Or<TemplateMetadata<'a>>,
    #[serde(borrow)]
    spec: Or<TemplateSpec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TemplateMetadata<'a> {
    #[serde(borrow)]
    labels: Or<Strings<'a>>,
    #[serde(borrow)]
    annotations: Or<Strings<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TemplateSpec<'a> {
    #[serde(borrow)]
    service_account_name: Text<'a>,
    host_network: Or<bool>,
    #[serde(borrow)]
    containers: Or<Vec<Container<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    image: Text<'a>,
    #[serde(borrow)]
    args: Or<Vec<Text<'a>>>,
    #[serde(borrow)]
    resources: Or<Resources<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Resources<'a> {
    #[serde(borrow)]
    pub(super) limits: Or<CpuMemory<'a>>,
    #[serde(borrow)]
    pub(super) requests: Or<CpuMemory<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CpuMemory<'a> {
    #[serde(borrow)]
    pub(super) cpu: Text<'a>,
    #[serde(borrow)]
    pub(super) memory: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WorkloadStatus<'a> {
    observed_generation: Or<i64>,
    replicas: Or<i64>,
    ready_replicas: Or<i64>,
    updated_replicas: Or<i64>,
    available_replicas: Or<i64>,
    desired_number_scheduled: Or<i64>,
    current_number_scheduled: Or<i64>,
    number_ready: Or<i64>,
    updated_number_scheduled: Or<i64>,
    number_available: Or<i64>,
    #[serde(borrow)]
    conditions: Or<Vec<RawCondition<'a>>>,
}

fn cpu_memory(of: Or<CpuMemory<'_>>) -> (Box<str>, Box<str>) {
    (of.0.cpu.into(), of.0.memory.into())
}

/// Whether a container's arguments start a gateway's proxy (`proxy router …`), not a sidecar's (`proxy sidecar …`).
fn is_router(containers: &[Container<'_>]) -> bool {
    containers
        .iter()
        .any(|container| container.args.windows(2).any(|two| &*two[0] == "proxy" && &*two[1] == "router"))
}

/// Annotations of a template that say how its proxy is injected.
fn of_injection(key: &str) -> bool {
    key.starts_with("inject.istio.io/") || key.starts_with("sidecar.istio.io/")
}

fn read(json: &[u8], kind: Kind) -> Result<WorkloadRow, serde_json::Error> {
    let Workload { metadata, spec, status } = serde_json::from_slice(json)?;
    let (spec, status) = (spec.0, status.0);
    let Template { metadata: template, spec: pod } = spec.template.0;
    let (template, mut pod) = (template.0, pod.0);
    let is_router = is_router(&pod.containers);
    let at = proxy(&pod.containers, |container| &container.name)
        .and_then(|found| pod.containers.iter().position(|container| std::ptr::eq(container, found)));
    let proxy = at.map(|at| pod.containers.0.swap_remove(at)).unwrap_or_default();
    let resources = proxy.resources.0;
    let counts = match kind {
        Kind::DaemonSet => [
            status.desired_number_scheduled,
            status.current_number_scheduled,
            status.number_ready,
            status.updated_number_scheduled,
            status.number_available,
        ],
        // The API server fills in 1 where `replicas` is absent.
        _ => [
            Or(spec.replicas.unwrap_or(1)),
            status.replicas,
            status.ready_replicas,
            status.updated_replicas,
            status.available_replicas,
        ],
    };
    let [wanted, current, ready, updated, available] = counts.map(count);
    let annotations = template.annotations.0.into_iter().filter(|(key, _)| of_injection(key));
    Ok(WorkloadRow {
        kind,
        meta: metadata.0.into(),
        wanted,
        current,
        ready,
        updated,
        available,
        observed_generation: status.observed_generation.0,
        conditions: conditions(status.conditions),
        selector_has_expressions: !spec.selector.match_expressions.is_empty(),
        selector: pairs(spec.selector.0.match_labels.0),
        pod_labels: pairs(template.labels.0),
        pod_annotations: annotations.collect(),
        proxy_image: proxy.image.into(),
        is_router,
        host_network: pod.host_network.0,
        limits: cpu_memory(resources.limits),
        requests: cpu_memory(resources.requests),
        service_account: pod.service_account_name.into(),
        paused: spec.paused.0,
    })
}

impl Row for DeploymentRow {
    const KIND: Kind = Kind::Deployment;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::new(read(json, Kind::Deployment)?)))
    }

    fn meta(&self) -> &RowMeta {
        &self.0.meta
    }

    fn meta_mut(&mut self) -> Option<&mut RowMeta> {
        Arc::get_mut(&mut self.0).map(|row| &mut row.meta)
    }
}

impl Row for DaemonSetRow {
    const KIND: Kind = Kind::DaemonSet;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::new(read(json, Kind::DaemonSet)?)))
    }

    fn meta(&self) -> &RowMeta {
        &self.0.meta
    }

    fn meta_mut(&mut self) -> Option<&mut RowMeta> {
        Arc::get_mut(&mut self.0).map(|row| &mut row.meta)
    }
}

impl Row for ReplicaSetRow {
    const KIND: Kind = Kind::ReplicaSet;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        /// A ReplicaSet's template is not kept, so it is not read either.
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct ReplicaSet<'a> {
            #[serde(borrow)]
            metadata: Or<Metadata<'a>>,
            spec: Or<Spec>,
            #[serde(borrow)]
            status: Or<WorkloadStatus<'a>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Spec {
            replicas: Option<i64>,
        }
        let set: ReplicaSet<'_> = serde_json::from_slice(json)?;
        let status = set.status.0;
        Ok(Self {
            meta: set.metadata.0.into(),
            wanted: count(Or(set.spec.0.replicas.unwrap_or(1))),
            ready: count(status.ready_replicas),
            conditions: conditions(status.conditions),
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}
