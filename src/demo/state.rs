//! One simulated cluster at one moment, and what is due to happen in it.

pub(super) mod delete;
mod order;
mod packed;
mod update;
pub(super) mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::addresses::Addresses;
use super::apply;
use super::clock::later;
use super::resources::{Resource, Resources};
use super::status::Status;
use super::store::{Key, Object, Store};
use super::workload::{self, Work};
use write::{By, Check, How, Sub};

/// How long controllers take to notice a change.
const REACTION: Duration = Duration::from_millis(20);

/// Most work that is done for one moment: controllers that answer each other for ever are a mistake.
const MOST_AT_ONCE: usize = 100_000;

/// A cluster: objects, the resources it serves, and its agenda.
#[derive(Clone)]
pub struct State {
    /// Objects and their history.
    pub store: Store,
    /// What is served.
    pub resources: Resources,
    /// The moment.
    pub now: Timestamp,
    /// Cluster IPs, node ports, pod IPs.
    pub addresses: Addresses,
    /// What the controllers remember.
    pub workload: workload::Memory,
    random: fastrand::Rng,
    agenda: BTreeMap<(Timestamp, u64), Work>,
    /// Objects that went since their watchers looked.
    gone: BTreeMap<Key, Object>,
    /// Keys for which a reaction is on the agenda already.
    noticed: BTreeSet<Key>,
    /// Orders what is due at one moment.
    sequence: u64,
}

impl State {
    /// A cluster with the namespaces that every cluster has, and nothing else.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let mut state = Self {
            store: Store::default(),
            resources: Resources::default(),
            now,
            addresses: Addresses::default(),
            workload: workload::Memory::default(),
            random: fastrand::Rng::with_seed(seed),
            agenda: BTreeMap::new(),
            gone: BTreeMap::new(),
            noticed: BTreeSet::new(),
            sequence: 0,
        };
        for name in ["kube-system", "default", "kube-public", "kube-node-lease"] {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            // A plain namespace cannot be refused.
            let _ = state.make("namespaces", namespace, "kube-apiserver");
        }
        state
    }

    /// A number below `end`; the same ones for the same seed.
    pub fn random(&mut self, end: u64) -> u64 {
        self.random.u64(..end.max(1))
    }

    /// A number between 0 and 1.
    pub fn chance(&mut self) -> f64 {
        self.random.f64()
    }

    /// An identifier that nothing else has.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.random.u64(..), self.random.u64(..));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 50),
            b & 0xffff_ffff_ffff
        )
    }

    /// Letters and digits as the server makes names of.
    pub fn suffix(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).map(|_| char::from(LETTERS[self.random.usize(..LETTERS.len())])).collect()
    }

    /// The resource that is stored under an id: `deployments.apps`.
    ///
    /// # Errors
    /// When the cluster does not serve it.
    pub fn resource(&self, id: &str) -> Result<Arc<Resource>, Status> {
        self.resources.stored(id).ok_or_else(Status::nowhere)
    }

    /// One object: `get("pods", "istio-system", "a")`.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.store.get(&Key::new(resource, namespace, name))
    }

    /// Objects of a resource, in the order of their names.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> Vec<Object> {
        self.store.list(resource, namespace).map(|(_, object)| object.clone()).collect()
    }

    /// Makes an object, as `manager`: what controllers and the story do. Its namespace stands in its metadata.
    ///
    /// # Errors
    /// As the server would refuse it.
    pub fn make(&mut self, resource: &str, object: Value, manager: &str) -> Result<Object, Status> {
        let resource = self.resource(resource)?;
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        self.create(&resource, &namespace, object, &By::controller(manager)).map(|w| w.object)
    }

    /// Applies a configuration as `manager`, whoever owns its fields: server-side apply, by force.
    ///
    /// # Errors
    /// As the server would refuse it.
    pub fn apply(&mut self, resource: &str, config: &Value, manager: &str) -> Result<Object, Status> {
        let resource = self.resource(resource)?;
        let text = |field: &str| config["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        let key = Key::new(&resource.id, &namespace, &name);
        let applier = apply::Applier { manager, force: true, time: self.now, subresource: "" };
        let live = self.shown(&key);
        let result = apply::apply(&resource.schema(), live.as_ref(), config, &applier)
            .map_err(|conflicts| Status::apply_conflicts(apply::conflicts_message(&conflicts), &[]))?;
        let by = By { check: Check::Ignore, ..By::controller(manager) };
        let written = match live {
            Some(_) => self.update_as(&resource, &key, result, &by, How::Applied)?,
            None => self.create_as(&resource, &namespace, result, &by, How::Applied)?,
        };
        Ok(written.object)
    }

    /// One object as the server shows it, with the managed fields that [`get`](Self::get) has as texts.
    pub fn shown(&self, key: &Key) -> Option<Value> {
        let resource = self.resource(&key.resource).ok()?;
        self.store.get(key).map(|object| Value::clone(&write::shown_as(&resource, object)))
    }

    /// Changes an object, as `manager`. Nothing is written when nothing changes.
    ///
    /// # Errors
    /// When it is not there, or as the server would refuse it.
    pub fn change(
        &mut self,
        key: &Key,
        manager: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Object, Status> {
        self.rewrite(key, Sub::None, manager, change)
    }

    /// Changes the status of an object, as `manager`.
    ///
    /// # Errors
    /// When it is not there, or as the server would refuse it.
    pub fn change_status(
        &mut self,
        key: &Key,
        manager: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Object, Status> {
        self.rewrite(key, Sub::Status, manager, change)
    }

    fn rewrite(
        &mut self,
        key: &Key,
        sub: Sub,
        manager: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Object, Status> {
        let resource = self.resource(&key.resource)?;
        let old = self.store.get(key).cloned().ok_or_else(|| Status::not_found(&resource, &key.name))?;
        let mut new = Value::clone(&old);
        change(&mut new);
        if new == *old {
            return Ok(old);
        }
        self.update(&resource, key, new, &By { sub, ..By::controller(manager) }).map(|w| w.object)
    }

    /// Puts work on the agenda.
    pub fn after(&mut self, wait: Duration, work: Work) {
        self.sequence += 1;
        self.agenda.insert((later(self.now, wait), self.sequence), work);
    }

    /// Lets autoscalers look now, and on from here when they are awake.
    pub(super) fn wake_autoscalers(&mut self) {
        workload::due(self, Work::Autoscale);
    }

    /// An object changed: who watches it will notice.
    pub(super) fn touched(&mut self, key: &Key) {
        if self.noticed.insert(key.clone()) {
            self.after(REACTION, Work::React(key.clone()));
        }
    }

    /// An object is gone: its watchers still want to know what it was.
    pub(super) fn went(&mut self, key: &Key, last: Object) {
        self.gone.insert(key.clone(), last);
    }

    /// What an object was that is gone.
    pub(super) fn take_gone(&mut self, key: &Key) -> Option<Object> {
        self.gone.remove(key)
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets time pass until `to`: what is due meanwhile happens at its moment, in the order in which it was planned.
    pub fn step_to(&mut self, to: Timestamp) {
        let mut same_moment = 0;
        while let Some(entry) = self.agenda.first_entry().filter(|e| e.key().0 <= to) {
            let ((at, _), work) = entry.remove_entry();
            same_moment = if at > self.now { 0 } else { same_moment + 1 };
            debug_assert!(same_moment < MOST_AT_ONCE, "controllers answer each other for ever: {work:?}");
            if same_moment >= MOST_AT_ONCE {
                self.agenda.clear();
                break;
            }
            self.now = self.now.max(at);
            if let Work::React(key) = &work {
                self.noticed.remove(key);
            }
            workload::due(self, work);
        }
        self.now = self.now.max(to);
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("now", &self.now)
            .field("revision", &self.store.revision())
            .finish_non_exhaustive()
    }
}
