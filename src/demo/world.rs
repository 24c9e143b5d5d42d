//! All simulated clusters of one run, their time, and the faults on the way to them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use tower::Layer;

use super::clock::DemoClock;
use super::cluster::SimulatedCluster;
use super::envoy::GatewayPod;
use super::fault::{Faults, Faulty};
use super::rights::User;
use super::server::Server;
use super::state::State;
use crate::model::clock::Time;

/// When the demo begins. It is always the same moment, so that two runs show the same.
pub const BEGIN: &str = "2026-06-15T09:00:00Z";

/// One cluster, before anybody talks to it.
#[derive(Debug)]
pub struct Place {
    /// Its name as a context.
    pub name: String,
    /// What is in it.
    pub state: State,
    /// Who its clients are.
    pub user: User,
}

/// The clusters of one run.
#[derive(Clone, Debug)]
pub struct World {
    clusters: Vec<(String, SimulatedCluster)>,
    clock: DemoClock,
    faults: Faults,
}

impl World {
    /// A world that begins at a moment and whose time runs so fast; 0: it stands, and only [`World::advance`] moves it.
    pub fn new(places: Vec<Place>, begin: Timestamp, speed: f64) -> Self {
        let clock = DemoClock::new(begin, speed);
        let time: Arc<dyn Time> = Arc::new(clock.clone());
        let share = |place: Place| (place.name, SimulatedCluster::new(place.state, time.clone(), place.user));
        Self { clusters: places.into_iter().map(share).collect(), clock, faults: Faults::default() }
    }

    /// The same, with clusters whose states are yet to come: they are given to [`SimulatedCluster::fill`].
    pub fn to_come(places: Vec<(String, User)>, begin: Timestamp, speed: f64) -> Self {
        let clock = DemoClock::new(begin, speed);
        let time: Arc<dyn Time> = Arc::new(clock.clone());
        let share = |(name, user)| (name, SimulatedCluster::to_come(time.clone(), user));
        Self { clusters: places.into_iter().map(share).collect(), clock, faults: Faults::default() }
    }

    /// One plain cluster with three nodes, whose time stands: what tests begin with.
    pub fn plain(seed: u64) -> Self {
        let place =
            Place { name: "plain".to_owned(), state: plain(seed), user: User::admin("egret-test:admin") };
        Self::new(vec![place], begin(), 0.0)
    }

    /// Another world that is as this one is now, and goes its own way from here; without the faults, and its time stands.
    pub fn copied(&self) -> Self {
        let copy = |(name, cluster): &(String, SimulatedCluster)| Place {
            name: name.clone(),
            state: cluster.with(|state| state.clone()),
            user: cluster.user().clone(),
        };
        Self::new(self.clusters.iter().map(copy).collect(), self.clock.now(), 0.0)
    }

    /// Names of the clusters.
    pub fn names(&self) -> Vec<&str> {
        self.clusters.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// One cluster.
    pub fn cluster(&self, name: &str) -> Option<&SimulatedCluster> {
        self.clusters.iter().find(|(n, _)| n == name).map(|(_, cluster)| cluster)
    }

    /// The pods of all gateways whose proxies run, with the cluster of each.
    pub fn gateway_pods(&self) -> Vec<(String, GatewayPod)> {
        let of = |(name, cluster): &(String, SimulatedCluster)| {
            cluster.gateway_pods().into_iter().map(|pod| (name.clone(), pod)).collect::<Vec<_>>()
        };
        self.clusters.iter().flat_map(of).collect()
    }

    /// The way to a cluster, with the faults on it.
    pub fn service(&self, name: &str) -> Option<Faulty<Server>> {
        let server = Server::new(self.cluster(name)?.clone());
        Some(self.faults.layer(name).layer(server))
    }

    /// A client of a cluster.
    pub fn client(&self, name: &str) -> Option<kube::Client> {
        Some(kube::Client::new(self.service(name)?, "default"))
    }

    /// The clock that all go by.
    pub fn clock(&self) -> &DemoClock {
        &self.clock
    }

    /// The faults on the way to them.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Lets time pass at once: what is due meanwhile happens.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.clusters.iter().for_each(|(_, cluster)| cluster.step());
    }

    /// Lets time have its effect, for as long as it is polled.
    pub async fn drive(&self) {
        join_all(self.clusters.iter().map(|(_, cluster)| cluster.drive())).await;
    }
}

/// A cluster with three nodes and nothing else.
pub(super) fn plain(seed: u64) -> State {
    let mut state = State::new(seed, begin());
    for number in 0..3 {
        let name = format!("node-{number}");
        let room = json!({"cpu": "32", "memory": "256Gi", "pods": "110"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": "zone-a"}},
            "status": {"allocatable": room, "capacity": room, "conditions": [{"type": "Ready", "status": "True"}]},
        });
        // A plain node cannot be refused.
        let _ = state.make("nodes", node.clone(), "kubelet");
        let key = super::store::Key::new("nodes", "", &name);
        let _ = state.change_status(&key, "kubelet", |now| now["status"] = node["status"].clone());
    }
    state
}

/// [`BEGIN`] as a moment.
pub fn begin() -> Timestamp {
    BEGIN.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}
