//! A server to change objects on, with what goes wrong on the way to it, and a second way for somebody else.

use std::sync::Arc;

use egret::changing;
use egret::cluster::clock::Clock;
use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::kubeconfig::Contexts;
use egret::cluster::read_only::ReadOnly;
use egret::cluster::write::{self, Address};
use egret::demo::fault::{Effect, Faults, Rule, Which};
use egret::demo::story;
use egret::materialize::change::{Checked, Made, Refusal};
use egret::model::edit::{Change, Target};
use egret::model::fault::Fault;
use egret::model::name::ClusterName;
use egret::reconcile::{Clusters, Keeper};
use kube::client::Body;
use serde_json::{Value, json};
use tower::Layer as _;
use tower::util::BoxCloneSyncService;

use crate::support::plane::{shared_with_istio, unique};

/// What the cluster is called.
pub(super) const CLUSTER: &str = "prod";

/// One server.
pub(super) struct Stand {
    /// Which, for messages.
    pub(super) server: &'static str,
    /// The person's way to it.
    pub(super) mine: Connection,
    /// Somebody else's.
    pub(super) theirs: Connection,
    /// What goes wrong on the person's way.
    pub(super) faults: Faults,
    /// A namespace of the test's own.
    pub(super) namespace: String,
}

/// A simulated server and the real one, each with a namespace of the caller's own.
pub(super) async fn both() -> [Stand; 2] {
    [simulated().await, real().await]
}

async fn simulated() -> Stand {
    let world = story::bare(1, &[CLUSTER]);
    let faults = Faults::default();
    let clock = Clock::new(Arc::new(world.clock().clone()));
    let way = |faults: Faults| {
        let (world, clock) = (world.clone(), clock.clone());
        async move {
            let open = move |cluster: &ClusterName| {
                let inner = world.service(cluster.as_str())?;
                Some(BoxCloneSyncService::new(faults.layer(CLUSTER).layer(inner)))
            };
            connection(Contexts::handed(vec![CLUSTER.into()], clock, open)).await
        }
    };
    let (mine, theirs) = (way(faults.clone()).await, way(Faults::default()).await);
    let namespace = "istio-system".to_owned();
    Stand { server: "the simulator", mine, theirs, faults, namespace }
}

async fn real() -> Stand {
    let cluster = shared_with_istio().await;
    cluster.install_egret().await.unwrap();
    let client = cluster.admin().await;
    let namespace = unique("changing");
    cluster.namespace(&client, &namespace).await.unwrap();
    let faults = Faults::default();
    let way = |faults: Faults| {
        let client = client.clone();
        async move {
            let open = move |_: &ClusterName| {
                let client = client.clone();
                let sent = tower::service_fn(move |request: http::Request<Body>| {
                    let client = client.clone();
                    async move { client.send(request).await }
                });
                Some(BoxCloneSyncService::new(faults.layer(CLUSTER).layer(sent)))
            };
            connection(Contexts::handed(vec![CLUSTER.into()], Clock::default(), open)).await
        }
    };
    let (mine, theirs) = (way(faults.clone()).await, way(Faults::default()).await);
    Stand { server: "the real server", mine, theirs, faults, namespace }
}

async fn connection(contexts: Contexts) -> Connection {
    connect(&contexts, &CLUSTER.into(), None, ReadOnly::new(false), Patience::default()).await.unwrap()
}

impl Stand {
    /// A document in the namespace of this test.
    pub(super) fn document(&self, api_version: &str, kind: &str, name: &str, rest: &Value) -> Value {
        let mut object = json!({
            "apiVersion": api_version, "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace},
        });
        let fields = object.as_object_mut().unwrap();
        fields.extend(rest.as_object().unwrap().clone());
        object
    }

    /// A ConfigMap.
    pub(super) fn config(&self, name: &str, data: Value) -> Value {
        self.document("v1", "ConfigMap", name, &json!({"data": data}))
    }

    /// An `IstioGateway`.
    pub(super) fn gateway(&self, name: &str, spec: &Value) -> Value {
        self.document("istio.alibabacloud.com/v1beta1", "IstioGateway", name, &json!({"spec": spec}))
    }

    /// Where an object is.
    pub(super) async fn at(&self, object: &Value) -> Address {
        changing::address(&self.theirs, &target(object)).await.unwrap()
    }

    /// Somebody else makes an object; tells how it is stored.
    pub(super) async fn make(&self, object: &Value) -> Value {
        let all = Address { name: String::new(), ..self.at(object).await };
        write::create(&self.theirs, &all, object, "somebody").await.unwrap()
    }

    /// Somebody else changes it; tells how it is stored.
    pub(super) async fn change(&self, object: &Value, patch: &Value) -> Value {
        write::merge(&self.theirs, &self.at(object).await, "", patch, "somebody").await.unwrap()
    }

    /// Somebody else deletes it.
    pub(super) async fn delete(&self, object: &Value) {
        let uid = object["metadata"]["uid"].as_str().unwrap();
        write::delete(&self.theirs, &self.at(object).await, uid).await.unwrap();
    }

    /// How it is now.
    pub(super) async fn now(&self, object: &Value) -> Option<Value> {
        write::get(&self.theirs, &self.at(object).await).await.unwrap()
    }

    /// What a change would do.
    pub(super) async fn check(&self, object: &Value, change: Change) -> Result<Checked, Refusal> {
        let keeper = Keeper::new(Clusters::only(self.mine.clone(), CLUSTER), Clock::default());
        changing::check(&keeper, &target(object), &change).await
    }

    /// Makes it.
    pub(super) async fn carry_out(&self, checked: &Checked) -> Result<Made, Fault> {
        changing::carry_out(&self.mine, checked).await
    }

    /// The next request of this verb meets with something.
    pub(super) fn next(&self, verb: &str, effect: Effect) {
        self.faults.clear();
        let which = Which { verb: Some(verb.to_owned()), nth: Some(1), ..Which::default() };
        self.faults.add(Rule { which, effect });
    }
}

pub(super) fn target(object: &Value) -> Target {
    Target::of(&CLUSTER.into(), object)
}

/// An edit that a person begins from this object.
pub(super) fn edit(before: &Value, change: impl FnOnce(&mut Value)) -> Change {
    let mut after = before.clone();
    change(&mut after);
    Change::Edit { before: before.clone(), after }
}
