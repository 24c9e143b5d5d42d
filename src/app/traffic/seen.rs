//! What the admin interfaces of proxies said: the newest answer of each kind, and what was counted a while ago.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;

use crate::envoy::certs::Certificate;
use crate::envoy::clusters::{Cluster, Endpoint};
use crate::envoy::server::ServerInfo;
use crate::envoy::{Answer, Seen};
use crate::model::fault::Fault;
use crate::model::name::ObjectKey;

/// Seconds over which counters are compared.
pub const RECENT: i64 = 300;
/// Least seconds between two notes of what was counted.
const STEP: i64 = 15;
/// Seconds after which a pod that is not heard of any more is forgotten.
const KEPT: i64 = 1_800;

/// What the admin interfaces of all proxies said.
#[derive(Clone, Debug, Default)]
pub struct SeenPods {
    pods: BTreeMap<ObjectKey, PodSeen>,
    revision: u64,
}

/// What one proxy's admin interface said.
#[derive(Clone, Debug, Default)]
pub struct PodSeen {
    /// Its upstream clusters, and when it told them.
    pub clusters: Option<(Timestamp, Vec<Cluster>)>,
    /// Its certificates.
    pub certs: Option<(Timestamp, Vec<Certificate>)>,
    /// What it says of itself.
    pub server: Option<(Timestamp, ServerInfo)>,
    /// Why it said nothing when it was asked last; none: it did answer.
    pub fault: Option<(Timestamp, Fault)>,
    /// When it was heard of last.
    last: Timestamp,
    past: VecDeque<(Timestamp, HashMap<Box<str>, Counts>)>,
}

/// What was counted at the endpoints of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections.
    pub connections: u64,
    /// Connections that failed.
    pub connect_fails: u64,
    /// Requests that succeeded.
    pub good: u64,
    /// Requests that failed; connections that failed are among them.
    pub errors: u64,
    /// Requests that took too long.
    pub timeouts: u64,
}

impl Counts {
    /// What one endpoint counted since its proxy started.
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            connections: endpoint.cx_total,
            connect_fails: endpoint.cx_connect_fail,
            good: endpoint.rq_success,
            errors: endpoint.rq_error,
            timeouts: endpoint.rq_timeout,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// What came since `before`. A counter that is less than it was began anew: then all of it came since.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        self.with(before, |now, before| now.checked_sub(before).unwrap_or(now))
    }

    fn with(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            connections: join(self.connections, other.connections),
            connect_fails: join(self.connect_fails, other.connect_fails),
            good: join(self.good, other.good),
            errors: join(self.errors, other.errors),
            timeouts: join(self.timeouts, other.timeouts),
        }
    }
}

/// What a cluster counted over all its endpoints.
pub fn counted(cluster: &Cluster) -> Counts {
    cluster.endpoints.iter().map(Counts::of).fold(Counts::default(), Counts::plus)
}

impl SeenPods {
    /// Takes an answer. One that is older than what is there is dropped.
    pub fn take(&mut self, seen: Seen) {
        let Seen { pod, at, answer } = seen;
        self.pods.retain(|_, known| at.duration_since(known.last).as_secs() <= KEPT);
        let known = self.pods.entry(pod).or_default();
        if at < known.last {
            return;
        }
        known.last = at;
        self.revision += 1;
        match answer {
            Err(fault) => {
                known.fault = Some((at, fault));
                return;
            }
            Ok(Answer::Clusters(clusters)) => {
                known.note(at, &clusters);
                known.clusters = Some((at, clusters));
            }
            Ok(Answer::Certs(certs)) => known.certs = Some((at, certs)),
            Ok(Answer::Server(server)) => known.server = Some((at, server)),
        }
        known.fault = None;
    }

    /// What is known of a pod.
    pub fn pod(&self, pod: &ObjectKey) -> Option<&PodSeen> {
        self.pods.get(pod)
    }

    /// Another number means that something else is known.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

impl PodSeen {
    /// Notes what is counted now, to compare later counts with.
    fn note(&mut self, at: Timestamp, clusters: &[Cluster]) {
        let age = |then: Timestamp| at.duration_since(then).as_secs();
        if self.past.back().is_some_and(|(then, _)| age(*then) < STEP) {
            return;
        }
        // The newest of those that are old enough is what later counts are compared with.
        while self.past.get(1).is_some_and(|(then, _)| age(*then) >= RECENT) {
            self.past.pop_front();
        }
        let counts = clusters.iter().map(|cluster| (cluster.name.clone(), counted(cluster))).collect();
        self.past.push_back((at, counts));
    }

    /// What a cluster counted lately, and since when; none while there is nothing to compare with. A cluster that was not
    /// there before counts from zero.
    pub fn lately(&self, cluster: &Cluster) -> Option<(Timestamp, Counts)> {
        let (now, _) = self.clusters.as_ref()?;
        let (then, counts) = self.past.front().filter(|(then, _)| then < now)?;
        let before = counts.get(&cluster.name).copied().unwrap_or_default();
        Some((*then, counted(cluster).since(before)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Reason;
    use crate::model::name::Kind;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn pod(name: &str) -> ObjectKey {
        ObjectKey {
            cluster: "eu".into(),
            kind: Kind::Pod,
            namespace: "istio-system".into(),
            name: name.into(),
        }
    }

    fn cluster(name: &str, fails: u64) -> Cluster {
        let endpoint = Endpoint { cx_connect_fail: fails, rq_error: fails, ..Endpoint::default() };
        Cluster { name: name.into(), endpoints: vec![endpoint], ..Cluster::default() }
    }

    fn told(seen: &mut SeenPods, seconds: i64, fails: u64) {
        let answer = Ok(Answer::Clusters(vec![cluster("a", fails)]));
        seen.take(Seen { pod: pod("p"), at: at(seconds), answer });
    }

    fn fails(seen: &SeenPods) -> Option<(i64, u64)> {
        let known = seen.pod(&pod("p"))?;
        let cluster = &known.clusters.as_ref()?.1[0];
        let (since, counts) = known.lately(cluster)?;
        Some((since.as_second() - at(0).as_second(), counts.connect_fails))
    }

    #[test]
    fn counters_are_compared_with_those_of_five_minutes_ago() {
        let mut seen = SeenPods::default();
        told(&mut seen, 0, 10);
        assert_eq!(fails(&seen), None, "one answer tells no change");
        told(&mut seen, 5, 12);
        assert_eq!(fails(&seen), Some((0, 2)));
        for n in 1..=40 {
            told(&mut seen, 5 + n * 15, 12 + n.unsigned_abs());
        }
        // 605 s: what is at least 300 s old and nearest to that is of 305 s, when 32 were counted.
        assert_eq!(fails(&seen), Some((305, 20)));
    }

    #[test]
    fn a_counter_that_began_anew_counts_from_its_beginning() {
        let mut seen = SeenPods::default();
        told(&mut seen, 0, 500);
        told(&mut seen, 5, 3);
        assert_eq!(fails(&seen), Some((0, 3)));
    }

    #[test]
    fn a_failure_leaves_what_was_seen_and_an_answer_ends_it() {
        let mut seen = SeenPods::default();
        told(&mut seen, 0, 1);
        let fault = Fault::new(Reason::Denied, "no", "ask");
        seen.take(Seen { pod: pod("p"), at: at(5), answer: Err(fault) });
        let known = seen.pod(&pod("p")).unwrap();
        assert!(known.fault.is_some() && known.clusters.is_some());
        told(&mut seen, 10, 1);
        assert!(seen.pod(&pod("p")).unwrap().fault.is_none());
    }

    #[test]
    fn late_answers_are_dropped_and_pods_that_are_gone_are_forgotten() {
        let mut seen = SeenPods::default();
        told(&mut seen, 10, 5);
        told(&mut seen, 0, 1);
        assert_eq!(seen.pod(&pod("p")).unwrap().clusters.as_ref().unwrap().0, at(10));
        let answer = Ok(Answer::Certs(Vec::new()));
        seen.take(Seen { pod: pod("other"), at: at(10 + KEPT + 1), answer });
        assert!(seen.pod(&pod("p")).is_none());
    }
}
