//! The recorded clusters: what they serve, who may read what of it, and the objects of a moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Options;
use crate::demo::fault::{Effect, Rule, Which};
use crate::demo::resources;
use crate::demo::rights::User;
use crate::demo::state::State;
use crate::demo::store::Key;
use crate::demo::world::{Place, World};
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::route;
use crate::recording::{Cluster, Past, What};

/// Who looks at a recording.
const ONLOOKER: &str = "egret-replay";

/// Where rights are told.
const RBAC: &str = "rbac.authorization.k8s.io";

/// Kinds that come with a CRD, beside those that lead traffic.
const OF_GATEWAYS: [Kind; 3] = [Kind::IstioGateway, Kind::Gateway, Kind::GatewayClass];

/// What is read of a recorded cluster beside what was recorded.
const BESIDE: [(&str, &str); 3] = [("", "namespaces"), ("", "events"), ("", "serviceaccounts")];

/// The clusters of a recording, with the objects of one moment.
#[derive(Debug)]
pub struct Stage {
    world: World,
    /// What is in them now.
    shown: BTreeMap<ObjectKey, Arc<Value>>,
    /// The clusters that do not answer now.
    lost: BTreeSet<ClusterName>,
}

impl Stage {
    /// The clusters, without any object yet. Must be called within a runtime: their time begins now.
    pub fn new(options: &Options) -> Self {
        let past = &*options.past;
        let mut clusters = past.header.clusters.clone();
        for entry in &past.entries {
            let of = match &entry.what {
                What::Object(change) => &change.key.cluster,
                What::Refused(cluster, ..) | What::Answers(cluster) => cluster,
                _ => continue,
            };
            if !clusters.iter().any(|cluster| cluster.name == *of) {
                clusters.push(Cluster { name: of.clone(), uid: None, kubernetes: None });
            }
        }
        let places = clusters.iter().map(|cluster| place(cluster, past)).collect();
        let world = World::new(places, options.from, 0.0);
        Self { world, shown: BTreeMap::new(), lost: BTreeSet::new() }
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// An object is from now on as it is told; none: it is gone.
    pub fn set(&mut self, key: &ObjectKey, object: Option<&Arc<Value>>) {
        let Some(cluster) = self.world.cluster(key.cluster.as_str()) else { return };
        let resource = key.kind.resource();
        let at = Key::new(&resources::id(resource.group, resource.plural), &key.namespace, &key.name);
        // Into the store itself: no controller hears of it, and nothing is filled in or judged.
        match object {
            Some(object) => {
                cluster.with(|state| drop(state.store.put(at, Value::clone(object))));
                self.shown.insert(key.clone(), object.clone());
            }
            None => {
                cluster.with(|state| drop(state.store.remove(&at)));
                self.shown.remove(key);
            }
        }
    }

    /// A cluster does not answer from now on.
    pub fn lose(&mut self, cluster: &ClusterName) {
        if self.lost.insert(cluster.clone()) {
            self.world.faults().add(outage(cluster));
        }
    }

    /// A cluster answers again. Says whether it did not before.
    pub fn regain(&mut self, cluster: &ClusterName) -> bool {
        let was_lost = self.lost.remove(cluster);
        if was_lost {
            self.world.faults().remove(&outage(cluster));
        }
        was_lost
    }

    /// The clusters that do not answer now.
    pub fn lost(&self) -> &BTreeSet<ClusterName> {
        &self.lost
    }

    /// Whether a cluster does not answer and never did: nothing of it is there.
    pub fn is_unheard(&self, cluster: &ClusterName) -> bool {
        self.lost.contains(cluster) && !self.shown.keys().any(|key| key.cluster == *cluster)
    }

    /// The clusters that do not answer, and of which something is there or will be: they must answer for a moment before
    /// one sees the objects of another moment.
    pub fn hidden(&self, there: &BTreeMap<ObjectKey, Arc<Value>>) -> Vec<ClusterName> {
        let holds = |name: &ClusterName| self.shown.keys().chain(there.keys()).any(|k| k.cluster == *name);
        self.lost.iter().filter(|name| holds(name)).cloned().collect()
    }

    /// All objects are these.
    pub fn set_all(&mut self, there: &BTreeMap<ObjectKey, Arc<Value>>) {
        let gone: Vec<ObjectKey> =
            self.shown.keys().filter(|key| !there.contains_key(*key)).cloned().collect();
        gone.iter().for_each(|key| self.set(key, None));
        for (key, object) in there {
            if !self.shown.get(key).is_some_and(|was| Arc::ptr_eq(was, object)) {
                self.set(key, Some(object));
            }
        }
    }
}

fn outage(cluster: &ClusterName) -> Rule {
    let which = Which { cluster: Some(cluster.to_string()), ..Which::default() };
    Rule { which, effect: Effect::Outage }
}

fn place(cluster: &Cluster, past: &Past) -> Place {
    let mut state = State::new(0, past.start());
    state.store.unwatched = true;
    for definition in definitions(&cluster.name, past) {
        state.resources.define(&definition);
    }
    if let Some(uid) = &cluster.uid {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "kube-system", "uid": uid}, "status": {"phase": "Active"},
        });
        state.store.put(Key::new("namespaces", "", "kube-system"), namespace);
    }
    rights(&mut state, &cluster.name, past);
    state.store.unwatched = false;
    Place { name: cluster.name.to_string(), state, user: User::plain(ONLOOKER) }
}

/// What a recorded cluster serves beside what every cluster does: the kinds that its objects are of, with whatever fields.
fn definitions(cluster: &ClusterName, past: &Past) -> Vec<Value> {
    let mut versions: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for entry in &past.entries {
        let What::Object(change) = &entry.what else { continue };
        let Some(object) = change.object.as_ref().filter(|_| change.key.cluster == *cluster) else {
            continue;
        };
        let kind = change.key.kind;
        if OF_GATEWAYS.contains(&kind) || route::KINDS.contains(&kind) {
            let api_version = object["apiVersion"].as_str().unwrap_or_default();
            let version = api_version.rsplit('/').next().unwrap_or_default();
            versions.entry(kind).or_default().insert(version.to_owned());
        }
        if change.key.kind == Kind::CustomResourceDefinition {
            let served = object["spec"]["versions"].as_array().into_iter().flatten();
            let names = served.filter_map(|version| Some(version["name"].as_str()?.to_owned()));
            versions.entry(Kind::IstioGateway).or_default().extend(names);
        }
    }
    versions.into_iter().map(|(kind, versions)| definition(kind, &versions)).collect()
}

fn definition(kind: Kind, versions: &BTreeSet<String>) -> Value {
    let resource = kind.resource();
    // `IstioServers` is egret's own word.
    let name = match kind {
        Kind::IstioServers => "Gateway".to_owned(),
        kind => kind.to_string(),
    };
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let version = |(n, version): (usize, &String)| {
        json!({
            "name": version, "served": true, "storage": n == 0,
            "schema": {"openAPIV3Schema": any}, "subresources": {"status": {}},
        })
    };
    json!({"spec": {
        "group": resource.group,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "names": {
            "plural": resource.plural, "singular": name.to_lowercase(), "kind": name,
            "listKind": format!("{name}List"),
        },
        "versions": versions.iter().enumerate().map(version).collect::<Vec<_>>(),
    }})
}

/// Whoever looks may read all, but for the kinds of which nothing could be read then: a right that was missing in one
/// place, or from some moment on, hides nothing that was seen.
fn rights(state: &mut State, cluster: &ClusterName, past: &Past) {
    for (plural, object) in rules(cluster, past) {
        state.store.put(Key::new(&resources::id(RBAC, plural), "", ONLOOKER), object);
    }
}

/// The role of whoever looks, and what binds it.
pub(super) fn rules(cluster: &ClusterName, past: &Past) -> [(&'static str, Value); 2] {
    let seen: BTreeSet<Kind> = past
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Object(change) if change.key.cluster == *cluster => Some(change.key.kind),
            _ => None,
        })
        .collect();
    let refused: BTreeSet<Kind> = past
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Refused(of, Some(kind), _) if of == cluster && !seen.contains(kind) => Some(*kind),
            _ => None,
        })
        .collect();
    let kinds = <Kind as strum::IntoEnumIterator>::iter();
    let readable = kinds.filter(|kind| *kind != Kind::Secret && !refused.contains(kind)).map(|kind| {
        let resource = kind.resource();
        (resource.group, resource.plural)
    });
    let rule = |(group, plural): (&str, &str)| json!({"apiGroups": [group], "resources": [plural], "verbs": ["get", "list", "watch"]});
    let rules: Vec<Value> = readable.chain(BESIDE).map(rule).collect();
    let role = json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole",
        "metadata": {"name": ONLOOKER}, "rules": rules,
    });
    let binding = json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding",
        "metadata": {"name": ONLOOKER},
        "subjects": [{"kind": "User", "name": ONLOOKER, "apiGroup": RBAC}],
        "roleRef": {"kind": "ClusterRole", "name": ONLOOKER, "apiGroup": RBAC},
    });
    [("clusterroles", role), ("clusterrolebindings", binding)]
}
