//! Whose pods are whose: those that a gateway has, and for a day those that it had.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::ObjectKey;

/// How long a pod that is gone belongs to the lines of its gateway.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Most pods that are gone and kept, of one gateway: one that restarts all day must not cost more and more.
const MOST: usize = 100;

/// Whose pods are whose.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Members {
    /// Pods of each gateway; since when those are gone that are.
    of: BTreeMap<GatewayId, BTreeMap<ObjectKey, Option<Timestamp>>>,
    owner: BTreeMap<ObjectKey, GatewayId>,
}

impl Members {
    /// Takes the gateways as they are now.
    pub(in crate::app) fn join(&mut self, fleet: &[Arc<GatewayRow>], now: Timestamp) {
        let ids: BTreeSet<&GatewayId> = fleet.iter().map(|row| &row.id).collect();
        self.of.retain(|id, _| ids.contains(id));
        for row in fleet {
            let pods = self.of.entry(row.id.clone()).or_default();
            pods.values_mut().for_each(|gone| *gone = gone.or(Some(now)));
            pods.extend(row.pods.iter().map(|pod| (row.pod_key(pod), None)));
            pods.retain(|_, gone| gone.is_none_or(|at| now.duration_since(at) < KEPT));
            drop_oldest(pods);
        }
        self.owner.clear();
        for (id, pods) in &self.of {
            self.owner.extend(pods.keys().map(|pod| (pod.clone(), id.clone())));
        }
    }

    /// Its pods: those that are there, and those that are gone.
    pub(super) fn pods(&self, id: &GatewayId) -> Vec<ObjectKey> {
        self.of.get(id).map(|pods| pods.keys().cloned().collect()).unwrap_or_default()
    }

    /// Whether a pod is there.
    pub(in crate::app) fn is_there(&self, pod: &ObjectKey) -> bool {
        let gone = self.owner.get(pod).and_then(|id| self.of.get(id)?.get(pod));
        matches!(gone, Some(None))
    }

    /// The gateway that a pod belongs to.
    pub(in crate::app) fn owner(&self, pod: &ObjectKey) -> Option<&GatewayId> {
        self.owner.get(pod)
    }
}

fn drop_oldest(pods: &mut BTreeMap<ObjectKey, Option<Timestamp>>) {
    let mut gone: Vec<(Timestamp, ObjectKey)> =
        pods.iter().filter_map(|(pod, gone)| Some(((*gone)?, pod.clone()))).collect();
    if gone.len() > MOST {
        gone.sort();
        let over = gone.len() - MOST;
        for (_, pod) in gone.into_iter().take(over) {
            pods.remove(&pod);
        }
    }
}
