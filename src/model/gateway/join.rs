//! Joining the gateways of one cluster from its rows.
//!
//! Three passes: custom resources claim their workloads by name, Gateway API objects theirs by label, and what is
//! left is looked at for the marks of a gateway. Then every gateway gets its pods, Service, autoscaler and budget.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::index::{Index, Pods};
use super::origin::{self, Class};
use super::{Direction, Directions, GatewayId, GatewayRow, Origin, text};
use crate::model::health;
use crate::model::istio_gateway::names;
use crate::model::name::{ClusterName, Kind};
use crate::model::parameters::summary;
use crate::model::row::{GatewayApiRow, IstioGatewayRow, ServiceRow, WorkloadRow};
use crate::model::snapshot::{KindState, Snapshot};

/// A gateway that was found, before its parts are.
pub(crate) struct Candidate {
    /// The row so far: identity, origin, CR or API object.
    pub(crate) row: GatewayRow,
    /// Names under which the Service may exist, besides the one in front of the workload.
    pub(crate) services: Vec<String>,
    /// The older CR that already has the Deployment this one would have (R1).
    pub(crate) rival: Option<Arc<str>>,
}

/// All gateways of one cluster, sorted by namespace and name. One row each: a CR and its workload are one.
///
/// A CR whose `spec.clusterIds` names other clusters has no pods here; [`crate::model::fleet::fleet`] finds them.
pub fn join(snapshot: &Snapshot, directions: &Directions) -> Vec<Arc<GatewayRow>> {
    let index = Index::new(snapshot);
    assemble_with(snapshot, &index, candidates(snapshot, &index), directions)
}

/// The rows of some gateways, whose workloads are in `snapshot`.
///
/// Unlike [`join`] it takes the CRs' workloads wherever they are, marked as gateways or not.
pub(crate) fn assemble(
    snapshot: &Snapshot,
    mut found: Vec<Candidate>,
    directions: &Directions,
) -> Vec<Arc<GatewayRow>> {
    let index = Index::new(snapshot);
    for Candidate { row, .. } in &mut found {
        if let Some(cr) = row.cr.as_deref() {
            row.workload = workload_of_cr(&index, cr, |_| true);
            row.canary = row.workload.as_deref().and_then(|workload| canary_of(&index, workload));
        }
    }
    assemble_with(snapshot, &index, found, directions)
}

impl Candidate {
    /// A custom resource kept in `home`, to be joined in `cluster`.
    pub(crate) fn of_cr(cr: &Arc<IstioGatewayRow>, home: &ClusterName, cluster: &ClusterName) -> Self {
        let id = id(cluster, &cr.meta.namespace, &cr.meta.name);
        let row = GatewayRow {
            home: (home != cluster).then(|| home.clone()),
            cr: Some(cr.clone()),
            ..GatewayRow::new(id, Origin::IstioGateway)
        };
        Self { row, services: cr.gateway.service_names(), rival: None }
    }
}

fn id(cluster: &ClusterName, namespace: &Arc<str>, name: &Arc<str>) -> GatewayId {
    GatewayId { cluster: cluster.clone(), namespace: namespace.clone(), name: name.clone() }
}

/// The workload of a CR under one of the names a keeper gives it: the one that the CR owns, else the first allowed.
fn workload_of_cr(
    index: &Index<'_>,
    cr: &IstioGatewayRow,
    allowed: impl Fn(&WorkloadRow) -> bool,
) -> Option<Arc<WorkloadRow>> {
    let names = cr.gateway.workload_names();
    let all: Vec<_> = names.iter().filter_map(|name| index.workload(&cr.meta.namespace, name)).collect();
    let owned =
        |row: &&&Arc<WorkloadRow>| row.meta.owner.as_ref().is_some_and(|owner| owner.uid == cr.meta.uid);
    all.iter().find(owned).or_else(|| all.iter().find(|row| allowed(row))).map(|row| Arc::clone(row))
}

/// ASM's canary of the next version, beside a gateway's Deployment.
fn canary_of(index: &Index<'_>, workload: &WorkloadRow) -> Option<Arc<WorkloadRow>> {
    index.workload(&workload.meta.namespace, &format!("{}-canary", workload.meta.name)).cloned()
}

type WorkloadKey = (Kind, Arc<str>, Arc<str>);

fn key(workload: &WorkloadRow) -> WorkloadKey {
    (workload.kind, workload.meta.namespace.clone(), workload.meta.name.clone())
}

/// The CRs, each with its own workload; two that would have the same one are rivals.
fn of_crs(
    snapshot: &Snapshot,
    index: &Index<'_>,
    claimed: &mut HashMap<WorkloadKey, Arc<str>>,
) -> Vec<Candidate> {
    let mut crs: Vec<_> = snapshot.istio_gateways.iter().collect();
    // `istio-x` may mean two names, `x` only one: those without a choice come first, and the older of rivals.
    crs.sort_by_key(|cr| (cr.gateway.workload_names().len(), cr.meta.created));
    let one = |cr: &Arc<IstioGatewayRow>| {
        let mut candidate = Candidate::of_cr(cr, &snapshot.cluster, &snapshot.cluster);
        let free = |row: &WorkloadRow| !claimed.contains_key(&key(row));
        let workload = workload_of_cr(index, cr, free);
        match workload {
            Some(workload) => {
                candidate.row.canary = canary_of(index, &workload);
                let own = candidate
                    .row
                    .canary
                    .iter()
                    .chain([&workload])
                    .map(|row| (key(row), cr.meta.name.clone()));
                claimed.extend(own.collect::<Vec<_>>());
                candidate.row.workload = Some(workload);
            }
            None => {
                let any = workload_of_cr(index, cr, |_| true);
                candidate.rival = any.and_then(|row| claimed.get(&key(&row)).cloned());
            }
        }
        candidate
    };
    crs.into_iter().map(one).collect()
}

fn candidates(snapshot: &Snapshot, index: &Index<'_>) -> Vec<Candidate> {
    let mut claimed = HashMap::new();
    let mut found = of_crs(snapshot, index, &mut claimed);
    for candidate in snapshot.api_gateways.iter().filter_map(|api| of_api(snapshot, index, api)) {
        if let Some(workload) = candidate.row.workload.as_deref() {
            claimed.insert(key(workload), candidate.row.id.name.clone());
        }
        found.push(candidate);
    }
    let taken: HashSet<_> =
        found.iter().map(|one| (one.row.id.namespace.clone(), one.row.id.name.clone())).collect();
    for workload in snapshot.deployments.iter().chain(snapshot.daemon_sets.iter()) {
        let Some(origin) = origin::origin(workload).filter(|_| !claimed.contains_key(&key(workload))) else {
            continue;
        };
        let mut id = id(&snapshot.cluster, &workload.meta.namespace, &workload.meta.name);
        // Identities are unique: a stranger of the same name as a CR says what it is.
        if taken.contains(&(id.namespace.clone(), id.name.clone())) {
            id.name = format!("{}/{}", workload.kind, workload.meta.name).to_lowercase().into();
        }
        let row = GatewayRow { workload: Some(workload.clone()), ..GatewayRow::new(id, origin) };
        found.push(Candidate { row, services: Vec::new(), rival: None });
    }
    found
}

/// A Gateway API object, if it is a gateway of Istio's that has pods of its own.
fn of_api(snapshot: &Snapshot, index: &Index<'_>, api: &Arc<GatewayApiRow>) -> Option<Candidate> {
    if origin::class(snapshot, &api.class) != Class::Gateway {
        return None;
    }
    let (namespace, name) = (&*api.meta.namespace, &*api.meta.name);
    let generated = format!("{name}-{}", api.class);
    let workload =
        index.of_gateway_api(namespace, name).or_else(|| index.workload(namespace, &generated)).cloned();
    // Bound to the Service of another gateway, which has its own row.
    if workload.is_none() && !api.bound_to.is_empty() {
        return None;
    }
    let id = id(&snapshot.cluster, &api.meta.namespace, &api.meta.name);
    let row = GatewayRow { api: Some(api.clone()), workload, ..GatewayRow::new(id, Origin::GatewayApi) };
    Some(Candidate { row, services: vec![generated], rival: None })
}

fn assemble_with(
    snapshot: &Snapshot,
    index: &Index<'_>,
    mut found: Vec<Candidate>,
    directions: &Directions,
) -> Vec<Arc<GatewayRow>> {
    for Candidate { row, services, .. } in &mut found {
        row.service = service(index, row, services).cloned();
        if let Some(workload) = row.workload.as_deref() {
            row.autoscaler = index.autoscaler_of(workload).cloned();
            row.budget = index.budget_of(workload).cloned();
        }
        if let Some(service) = row.service.as_deref() {
            row.endpoint_slices = index.slices_of(service);
        }
    }
    let (mut rows, rivals): (Vec<_>, Vec<_>) = found.into_iter().map(|one| (one.row, one.rival)).unzip();
    fill_pods(snapshot, &mut rows);
    let finished = rows.into_iter().zip(rivals).map(|(row, rival)| {
        let elsewhere = elsewhere(&row);
        let mut row = finish(row, elsewhere.is_none().then_some(snapshot), directions);
        if let Some(clusters) = elsewhere {
            row.health = health::without_pods(&row, health::not_open(&clusters));
        }
        if let Some(rival) = rival {
            row.health = health::rival(&row, &rival);
        }
        Arc::new(row)
    });
    let mut rows: Vec<_> = finished.collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

/// The clusters that hold the pods of a CR, when this one does not.
fn elsewhere(row: &GatewayRow) -> Option<Vec<String>> {
    let named = row.cr.as_deref()?.gateway.spec.cluster_ids.as_ref()?;
    (row.cluster_id.is_none() && row.workload.is_none() && !named.is_empty()).then(|| named.clone())
}

/// By the names a keeper gives it when there is a keeper, else by what selects the pods.
fn service<'s>(index: &Index<'s>, row: &GatewayRow, names: &[String]) -> Option<&'s Arc<ServiceRow>> {
    let workload = row.workload.as_deref();
    let own = workload.map(|workload| &*workload.meta.name);
    let keeper = if names.is_empty() { None } else { own };
    let named = keeper.into_iter().chain(names.iter().map(String::as_str));
    let mut named = named.filter_map(|name| index.service(&row.id.namespace, name));
    named.next().or_else(|| index.service_of(workload?))
}

fn fill_pods(snapshot: &Snapshot, rows: &mut [GatewayRow]) {
    // Shares of the rows, so that the index below does not borrow what is filled.
    let parts: Vec<_> = rows
        .iter()
        .map(|row| (row.service.clone(), row.workload.iter().chain(&row.canary).cloned().collect::<Vec<_>>()))
        .collect();
    let services = parts.iter().filter_map(|(service, _)| service.as_deref());
    let workloads = parts.iter().flat_map(|(_, workloads)| workloads.iter().map(Arc::as_ref));
    let pods = Pods::new(snapshot, services, workloads);
    for (row, (service, workloads)) in rows.iter_mut().zip(&parts) {
        let workloads: Vec<&WorkloadRow> = workloads.iter().map(Arc::as_ref).collect();
        row.pods = pods.of(service.as_deref(), &workloads);
        if let Some(workload) = row.workload.as_deref() {
            row.replica_sets = pods.replica_sets(workload);
        }
    }
}

/// Texts, counts, direction and health of a row whose parts are all there.
///
/// A direction that is known already stays. `plane` is the data-plane cluster; `None` when it is not open, and the
/// health is then left to the caller.
pub(crate) fn finish(mut row: GatewayRow, plane: Option<&Snapshot>, directions: &Directions) -> GatewayRow {
    if row.direction == Direction::Unknown {
        let by_config = directions.get(&row.id.namespace, &row.id.name);
        row.direction = by_config.unwrap_or_else(|| origin::direction(&row));
    }
    row.created = [row.cr.as_ref().map(|cr| &cr.meta), row.api.as_ref().map(|api| &api.meta)]
        .into_iter()
        .chain([row.workload.as_ref().map(|workload| &workload.meta)])
        .flatten()
        .find_map(|meta| meta.created);
    row.proxy_version = text::proxy_version(&row);
    row.ready = ready(&row, plane);
    row.autoscaling = match (&row.autoscaler, plane) {
        (Some(autoscaler), _) => text::autoscaling(autoscaler),
        (None, Some(plane)) if plane.kinds.get(&Kind::HorizontalPodAutoscaler) == Some(&KindState::Ready) => {
            "off".into()
        }
        _ => Box::default(),
    };
    if let Some(service) = row.service.as_deref() {
        row.service_type = service.service_type.clone();
        row.address = text::address(service);
        row.ports = text::ports(service.ports.iter().map(|port| (port.port, &*port.protocol)));
    }
    if let Some(workload) = row.workload.as_deref() {
        row.limits = text::workload_limits(workload);
        row.mtls_label = workload.pod_labels.get(names::TLS_MODE_LABEL) == Some(names::TLS_MODE_ISTIO);
    }
    fill_from_cr(&mut row);
    if let Some(api) = row.api.as_deref()
        && row.address.is_empty()
    {
        row.address = api.addresses.first().cloned().unwrap_or_default();
    }
    if let Some(plane) = plane {
        row.health = health::derive(&row, plane);
    }
    row
}

/// What the CR wishes, where nothing that exists says more.
fn fill_from_cr(row: &mut GatewayRow) {
    let Some(cr) = row.cr.clone() else { return };
    let wish = summary(&cr.gateway, row.cluster_id.as_deref());
    if row.service.is_none() {
        row.service_type = wish.service_type.as_str().into();
        row.ports = wish.ports.into();
        row.address = reported_address(&cr, row.cluster_id.as_deref()).unwrap_or_default().into();
    }
    if row.workload.is_none() {
        row.limits = wish.limits.into();
        row.mtls_label = wish.mtls_label;
    }
}

/// The address that the keeper reports, for one cluster where it names clusters.
fn reported_address<'r>(cr: &'r IstioGatewayRow, cluster_id: Option<&str>) -> Option<&'r str> {
    let status = cr.gateway.status.as_ref()?;
    let by_cluster = status.cluster_id_gateway_address_map.iter().flatten();
    let mut mine = by_cluster.filter(|one| one.cluster_id.as_deref() == cluster_id && cluster_id.is_some());
    let any = || status.gateway_address.as_ref()?.first().map(String::as_str);
    mine.find_map(|one| one.ip_address.as_deref()).or_else(any)
}

/// Ready and wanted, as the workload counts them. Without one: what is wished, if it is known that there is none.
fn ready(row: &GatewayRow, plane: Option<&Snapshot>) -> Option<(u32, u32)> {
    let plane = plane?;
    if let Some(workload) = row.workload.as_deref() {
        return Some((workload.ready, workload.wanted));
    }
    let known = plane.kinds.get(&Kind::Deployment) == Some(&KindState::Ready);
    let wished =
        row.cr.as_deref().map(|cr| cr.gateway.spec.effective(row.cluster_id.as_deref()).replica_count);
    known.then(|| (0, wished.flatten().unwrap_or(1)))
}

#[cfg(test)]
mod tests;
