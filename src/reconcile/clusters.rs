//! The clusters that gateways run in, by id, and what each of them is (R2).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::names::CLUSTER_ID;
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, Resource};

/// The clusters of one mesh. Clones share the others, which may come and go.
#[derive(Clone, Debug)]
pub struct Clusters {
    /// The cluster that holds the CRs.
    pub home: Connection,
    /// Its own id: a gateway that names it runs here.
    pub home_id: String,
    others: Arc<watch::Sender<Others>>,
}

/// Clusters beside the home cluster, by id.
pub type Others = BTreeMap<String, Other>;

/// A cluster beside the home cluster.
#[derive(Clone, Debug)]
pub struct Other {
    /// The connection; else why there is none though somebody named the cluster.
    pub way: Result<Connection, Fault>,
    /// Tells two connections of one id apart: each that comes has a higher one.
    pub version: u64,
}

/// A cluster that a gateway is to run in.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id, where the gateway names one.
    pub id: Option<String>,
    /// The way there, and whether it is the home cluster; else why there is none.
    pub way: Result<Way, Fault>,
}

/// A way to a cluster.
#[derive(Clone, Debug)]
pub struct Way {
    /// The connection.
    pub connection: Connection,
    /// Whether the CRs are in this cluster.
    pub is_home: bool,
}

impl Clusters {
    /// Only the home cluster.
    pub fn only(home: Connection, home_id: &str) -> Self {
        let (others, _) = watch::channel(BTreeMap::new());
        Self { home, home_id: home_id.to_owned(), others: Arc::new(others) }
    }

    /// The others, as they are now.
    pub fn others(&self) -> Others {
        self.others.borrow().clone()
    }

    /// The connections to those of the others that there is a way to, by id.
    pub fn connections(&self) -> BTreeMap<String, Connection> {
        let others = self.others.borrow();
        others.iter().filter_map(|(id, other)| Some((id.clone(), other.way.clone().ok()?))).collect()
    }

    /// Adds one of the others, or replaces it, for all clones.
    pub fn put(&self, id: &str, way: Result<Connection, Fault>) {
        self.others.send_modify(|others| {
            let version = others.values().map(|other| other.version).max().unwrap_or_default() + 1;
            others.insert(id.to_owned(), Other { way, version });
        });
    }

    /// Takes one of the others out, for all clones.
    pub fn remove(&self, id: &str) {
        self.others.send_if_modified(|others| others.remove(id).is_some());
    }

    /// The others, and a way to hear when they change.
    pub fn follow(&self) -> watch::Receiver<Others> {
        self.others.subscribe()
    }

    /// The clusters that a gateway names; the home cluster when it names none.
    pub fn targets(&self, ids: &[String]) -> Vec<Target> {
        if ids.is_empty() {
            let way = Way { connection: self.home.clone(), is_home: true };
            return vec![Target { id: None, way: Ok(way) }];
        }
        ids.iter().map(|id| Target { id: Some(id.clone()), way: self.way(id) }).collect()
    }

    /// The way to a cluster by its id.
    ///
    /// # Errors
    /// An id that nobody gave a context or a kubeconfig for, or one that cannot be used.
    pub fn way(&self, id: &str) -> Result<Way, Fault> {
        if id == self.home_id {
            return Ok(Way { connection: self.home.clone(), is_home: true });
        }
        let other = self.others.borrow().get(id).map(|other| other.way.clone()).unwrap_or_else(|| {
            let summary = format!("cluster {id} is not known: nothing in it is touched");
            let hint = format!(
                "Map the id to a context ([[context]] cluster-id = \"{id}\"), put its kubeconfig into a Secret with the label {CLUSTER_ID}: {id}, or mend spec.clusterIds."
            );
            Err(Fault::new(Reason::Invalid, summary, hint))
        });
        Ok(Way { connection: other?, is_home: false })
    }
}

/// What a cluster is: the uid of its `kube-system`.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn uid(c: &Connection) -> Result<String, Fault> {
    let namespace = Address {
        kind: "Namespace".to_owned(),
        resource: Resource { group: "", version: "v1", plural: "namespaces", namespaced: false },
        namespace: String::new(),
        name: "kube-system".to_owned(),
    };
    let object = write::get(c, &namespace).await?.unwrap_or_default();
    object["metadata"]["uid"].as_str().map(str::to_owned).ok_or_else(|| {
        let summary = format!(
            "{}: the namespace kube-system has no uid, so egret cannot tell which cluster this is",
            c.cluster
        );
        Fault::new(Reason::Server, summary, "Is this a Kubernetes API server?")
    })
}

/// Where a gateway is.
pub fn gateway(namespace: &str, name: &str) -> Address {
    Address {
        kind: Kind::IstioGateway.to_string(),
        resource: Kind::IstioGateway.resource(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// The record of a gateway's clusters: uid by id.
pub fn recorded(annotation: Option<&str>) -> Result<BTreeMap<String, String>, String> {
    match annotation {
        None => Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str::<Value>(text)
            .ok()
            .and_then(|value| serde_json::from_value(value).ok())
            .ok_or_else(|| format!("{text:?} is no record of clusters")),
    }
}
