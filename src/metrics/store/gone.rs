//! Pods that are gone: their past is part of their gateway's.

use jiff::Timestamp;

use super::Store;
use super::pod::{SLOTS, seconds};
use crate::model::name::ObjectKey;

impl Store {
    /// Forgets all pods but these: what was read of a pod that is gone is kept for the gateway's lines as long as they show
    /// it, a day. It is shown where the pod is still passed in, or by way of [`Store::with_gone`].
    pub fn retain(&mut self, keep: &dyn Fn(&ObjectKey) -> bool) {
        for (_, pod) in self.pods.iter_mut().filter(|(key, pod)| !pod.gone && !keep(key)) {
            pod.leave();
        }
        let newest = self.pods.values().filter_map(|pod| pod.at).max();
        let day = SLOTS.iter().map(|(length, keeps)| length * u64::from(*keeps)).max().unwrap_or_default();
        if let Some(oldest) =
            newest.and_then(|at| at.checked_sub(jiff::SignedDuration::from_secs(day as i64)).ok())
        {
            self.forget_before(oldest);
        }
    }

    /// Notes that these pods are those of a gateway (or of whatever else `of` is): those that go are still its past.
    pub fn remember(&mut self, of: &ObjectKey, pods: &[ObjectKey]) {
        let owned = self.owned.entry(of.clone()).or_default();
        for pod in pods {
            if !owned.contains(pod) {
                owned.insert(pod.clone());
            }
        }
    }

    /// These pods, and those that were the gateway's before and are gone: what its totals and lines are asked for with.
    pub fn with_gone(&self, of: &ObjectKey, pods: &[ObjectKey]) -> Vec<ObjectKey> {
        let is_gone =
            |key: &&ObjectKey| self.pods.get(*key).is_some_and(|pod| pod.gone) && !pods.contains(key);
        let gone = self.owned.get(of).into_iter().flatten().filter(is_gone);
        pods.iter().chain(gone).cloned().collect()
    }

    /// Forgets pods that were last heard of before a moment, gone or not.
    pub fn forget_before(&mut self, moment: Timestamp) {
        self.pods.retain(|_, pod| pod.heard().is_none_or(|at| at >= seconds(moment)));
        for owned in self.owned.values_mut() {
            owned.retain(|key| self.pods.contains_key(key));
        }
        self.owned.retain(|_, owned| !owned.is_empty());
    }
}
