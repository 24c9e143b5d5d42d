//! How reading each pod goes.

use super::Store;
use super::pod::Pod;
use crate::metrics::series::Metric;
use crate::metrics::view::PodReading;
use crate::model::name::ObjectKey;
use crate::model::reading::Reading;

impl Store {
    /// How reading each pod goes: one for each, also where it was never read.
    pub fn readings(&self, pods: &[ObjectKey]) -> Vec<PodReading> {
        let never = Pod::default();
        pods.iter().map(|key| reading(key, self.pods.get(key).unwrap_or(&never))).collect()
    }
}

fn reading(key: &ObjectKey, pod: &Pod) -> PodReading {
    PodReading {
        pod: key.clone(),
        last: pod.at,
        took: pod.took,
        fault: pod.fault.clone(),
        broken: pod.broken,
        dropped: pod.dropped,
        way: pod.way,
        source: pod.source,
        restarted: pod.restarted,
        workers: pod.gauge(Metric::Workers),
        memory: pod.gauge(Metric::MemoryAllocated),
        control_plane: pod.gauge(Metric::ControlPlane),
    }
}

impl Pod {
    /// A gauge of the proxy, as it was last read.
    fn gauge(&self, metric: Metric) -> Reading {
        let mut all =
            self.series.iter().filter(|kept| kept.key.metric == metric && kept.last.1 == self.scrape);
        match all.next() {
            Some(kept) => Reading::Value(kept.last.0),
            None if self.scrape == 0 => Reading::Unknown,
            None => Reading::NotCollected,
        }
    }
}
