//! Finding the parts of gateways without looking at every pod for every gateway.
//!
//! Services, budgets and pods are found by label pairs: a selector is looked up under one of its pairs, and only
//! what is found there is compared in full. Pods are indexed by the pairs that some selector really uses.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::name::Kind;
use crate::model::row::{
    EndpointSliceRow, HpaRow, Pairs, PdbRow, PodRow, ReplicaSetRow, RowMeta, Rows, ServiceRow, WorkloadRow,
};
use crate::model::snapshot::Snapshot;

/// Namespace and name.
type Name<'s> = (&'s str, &'s str);
/// Namespace, label key, label value.
type Pair<'s> = (&'s str, &'s str, &'s str);

/// Label that names the Gateway API object a workload or Service belongs to.
pub(super) const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
/// Label of a slice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

fn name_of(meta: &RowMeta) -> Name<'_> {
    (&meta.namespace, &meta.name)
}

/// What is looked up once per gateway, of one snapshot.
pub(super) struct Index<'s> {
    workloads: HashMap<(Kind, Name<'s>), &'s Arc<WorkloadRow>>,
    of_gateway_api: HashMap<Name<'s>, &'s Arc<WorkloadRow>>,
    services: HashMap<Name<'s>, &'s Arc<ServiceRow>>,
    services_by_pair: HashMap<Pair<'s>, Vec<&'s Arc<ServiceRow>>>,
    budgets_by_pair: HashMap<Pair<'s>, Vec<&'s Arc<PdbRow>>>,
    autoscalers: HashMap<(&'s str, Name<'s>), &'s Arc<HpaRow>>,
    slices: HashMap<Name<'s>, Vec<&'s Arc<EndpointSliceRow>>>,
}

/// Rows under the pair of their selector that fewest selectors have: one pair is enough to be found by, and a pair
/// that all share would lead everyone to everything.
fn by_rarest_pair<'s, T>(
    rows: &'s Rows<T>,
    meta: impl Fn(&T) -> &RowMeta,
    selector: impl Fn(&T) -> &Pairs,
) -> HashMap<Pair<'s>, Vec<&'s Arc<T>>> {
    let pairs =
        |row: &'s Arc<T>| selector(row).iter().map(|(key, value)| (&*meta(row).namespace, key, value));
    let mut uses: HashMap<Pair<'s>, usize> = HashMap::new();
    for pair in rows.iter().flat_map(pairs) {
        *uses.entry(pair).or_default() += 1;
    }
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows.iter() {
        if let Some(rarest) = pairs(row).min_by_key(|pair| uses.get(pair)) {
            found.entry(rarest).or_default().push(row);
        }
    }
    found
}

impl<'s> Index<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Self {
        let workloads = || snapshot.deployments.iter().chain(snapshot.daemon_sets.iter());
        let mut slices: HashMap<_, Vec<_>> = HashMap::new();
        for slice in snapshot.endpoint_slices.iter() {
            if let Some(service) = slice.meta.labels.get(SERVICE_NAME) {
                slices.entry((&*slice.meta.namespace, service)).or_default().push(slice);
            }
        }
        let gateway_name = |row: &'s Arc<WorkloadRow>| {
            Some(((&*row.meta.namespace, row.meta.labels.get(GATEWAY_NAME)?), row))
        };
        let target = |row: &'s Arc<HpaRow>| ((&*row.target.0, (&*row.meta.namespace, &*row.target.1)), row);
        Self {
            workloads: workloads().map(|row| ((row.kind, name_of(&row.meta)), row)).collect(),
            of_gateway_api: workloads().filter_map(gateway_name).collect(),
            services: snapshot.services.iter().map(|row| (name_of(&row.meta), row)).collect(),
            services_by_pair: by_rarest_pair(&snapshot.services, |row| &row.meta, |row| &row.selector),
            budgets_by_pair: by_rarest_pair(
                &snapshot.disruption_budgets,
                |row| &row.meta,
                |row| &row.selector,
            ),
            autoscalers: snapshot.autoscalers.iter().map(target).collect(),
            slices,
        }
    }

    /// The Deployment, else the DaemonSet, of this name.
    pub(super) fn workload(&self, namespace: &str, name: &str) -> Option<&'s Arc<WorkloadRow>> {
        let of = |kind| self.workloads.get(&(kind, (namespace, name))).copied();
        of(Kind::Deployment).or_else(|| of(Kind::DaemonSet))
    }

    /// The workload that carries a Gateway API object's name.
    pub(super) fn of_gateway_api(&self, namespace: &str, gateway: &str) -> Option<&'s Arc<WorkloadRow>> {
        self.of_gateway_api.get(&(namespace, gateway)).copied()
    }

    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&'s Arc<ServiceRow>> {
        self.services.get(&(namespace, name)).copied()
    }

    /// The Service in front of a workload's pods: of the workload's name, else one with an address, else any.
    pub(super) fn service_of(&self, workload: &WorkloadRow) -> Option<&'s Arc<ServiceRow>> {
        let namespace = &*workload.meta.namespace;
        let all = workload.pod_labels.iter().filter_map(|(key, value)| {
            let found = self.services_by_pair.get(&(namespace, key, value))?;
            Some(found.iter().filter(|service| workload.pod_labels.selected_by(&service.selector)))
        });
        let other_name = |service: &ServiceRow| service.meta.name != workload.meta.name;
        let headless = |service: &ServiceRow| matches!(&*service.cluster_ip, "" | "None");
        all.flatten()
            .copied()
            .min_by_key(|service| (other_name(service), headless(service), &service.meta.name))
    }

    pub(super) fn budget_of(&self, workload: &WorkloadRow) -> Option<&'s Arc<PdbRow>> {
        let namespace = &*workload.meta.namespace;
        let all = workload.pod_labels.iter().filter_map(|(key, value)| {
            self.budgets_by_pair.get(&(namespace, key, value)).map(|found| found.iter())
        });
        let selects = |budget: &&&Arc<PdbRow>| {
            !budget.selector_has_expressions && workload.pod_labels.selected_by(&budget.selector)
        };
        all.flatten().filter(selects).copied().min_by_key(|budget| &budget.meta.name)
    }

    pub(super) fn autoscaler_of(&self, workload: &WorkloadRow) -> Option<&'s Arc<HpaRow>> {
        let kind = if workload.kind == Kind::DaemonSet { "DaemonSet" } else { "Deployment" };
        self.autoscalers.get(&(kind, name_of(&workload.meta))).copied()
    }

    pub(super) fn slices_of(&self, service: &ServiceRow) -> Vec<Arc<EndpointSliceRow>> {
        let found = self.slices.get(&name_of(&service.meta));
        found.into_iter().flatten().map(|slice| Arc::clone(slice)).collect()
    }
}

/// Pods and ReplicaSets, under the selectors and owners of some gateways.
pub(super) struct Pods<'s> {
    rows: &'s Rows<PodRow>,
    by_pair: HashMap<Pair<'s>, Vec<usize>>,
    /// Under the uid of the controlling ReplicaSet or DaemonSet.
    by_owner: HashMap<&'s str, Vec<usize>>,
    /// ReplicaSets under the uid of their Deployment.
    replica_sets: HashMap<&'s str, Vec<&'s Arc<ReplicaSetRow>>>,
    /// Pods compared in full so far.
    #[cfg(test)]
    compared: std::cell::Cell<usize>,
}

impl<'s> Pods<'s> {
    /// One pass over the ReplicaSets and one over the pods.
    pub(super) fn new<'g: 's>(
        snapshot: &'s Snapshot,
        services: impl Iterator<Item = &'g ServiceRow>,
        workloads: impl Iterator<Item = &'g WorkloadRow>,
    ) -> Self {
        let mut by_pair: HashMap<Pair<'s>, Vec<usize>> = HashMap::new();
        for service in services {
            let pairs = service.selector.iter();
            by_pair.extend(pairs.map(|(key, value)| ((&*service.meta.namespace, key, value), Vec::new())));
        }
        let keys: HashSet<&str> = by_pair.keys().map(|(_, key, _)| *key).collect();
        let mut by_owner: HashMap<&'s str, Vec<usize>> = HashMap::new();
        let mut replica_sets: HashMap<&'s str, Vec<_>> = HashMap::new();
        for workload in workloads {
            match workload.kind {
                Kind::DaemonSet => drop(by_owner.insert(&workload.meta.uid, Vec::new())),
                _ => drop(replica_sets.insert(&workload.meta.uid, Vec::new())),
            }
        }
        for set in snapshot.replica_sets.iter() {
            let of = set.meta.owner.as_ref().and_then(|owner| replica_sets.get_mut(&*owner.uid));
            if let Some(of) = of {
                of.push(set);
                by_owner.insert(&set.meta.uid, Vec::new());
            }
        }
        for (at, pod) in snapshot.pods.iter().enumerate() {
            if let Some(of) = pod.meta.owner.as_ref().and_then(|owner| by_owner.get_mut(&*owner.uid)) {
                of.push(at);
            }
            for key in &keys {
                let Some(value) = pod.meta.labels.get(key) else { continue };
                if let Some(with) = by_pair.get_mut(&(&*pod.meta.namespace, *key, value)) {
                    with.push(at);
                }
            }
        }
        for sets in replica_sets.values_mut() {
            sets.sort_by_key(|set| std::cmp::Reverse(set.meta.created));
        }
        Self {
            rows: &snapshot.pods,
            by_pair,
            by_owner,
            replica_sets,
            #[cfg(test)]
            compared: std::cell::Cell::default(),
        }
    }

    /// The ReplicaSets of a Deployment, newest first.
    pub(super) fn replica_sets(&self, workload: &WorkloadRow) -> Vec<Arc<ReplicaSetRow>> {
        let found = self.replica_sets.get(&*workload.meta.uid);
        found.into_iter().flatten().map(|set| Arc::clone(set)).collect()
    }

    /// The pods behind a Service and of some workloads, each once, in the snapshot's order.
    pub(super) fn of(&self, service: Option<&ServiceRow>, workloads: &[&WorkloadRow]) -> Vec<Arc<PodRow>> {
        let mut found: Vec<usize> = service.map(|service| self.selected(service)).unwrap_or_default();
        for workload in workloads {
            let sets = self.replica_sets.get(&*workload.meta.uid).into_iter().flatten();
            let owners = sets.map(|set| &*set.meta.uid).chain([&*workload.meta.uid]);
            found.extend(owners.filter_map(|owner| self.by_owner.get(owner)).flatten());
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| Arc::clone(&self.rows[at])).collect()
    }

    fn selected(&self, service: &ServiceRow) -> Vec<usize> {
        let namespace = &*service.meta.namespace;
        let under = service.selector.iter().map(|(key, value)| self.by_pair.get(&(namespace, key, value)));
        // The pair that fewest pods have leaves least to compare.
        let fewest = under.flatten().min_by_key(|pods| pods.len());
        let selects = |at: &usize| {
            #[cfg(test)]
            self.compared.set(self.compared.get() + 1);
            self.rows[*at].meta.labels.selected_by(&service.selector)
        };
        fewest.into_iter().flatten().copied().filter(selects).collect()
    }

    #[cfg(test)]
    pub(super) fn compared(&self) -> usize {
        self.compared.get()
    }
}
