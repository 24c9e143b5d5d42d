//! The objects of a recording: followed whole, and written when they are of a gateway that is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::cluster::connect::Connection;
use crate::cluster::object;
use crate::cluster::whole::{self, News};
use crate::headless::metrics::session::{KINDS, Session};
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::holder::LEASE;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::route;
use crate::model::row::RowMeta;
use crate::recording::{Recorder, lean};
use crate::sources::DEFAULT_NAMESPACE;

/// Kinds of which all objects are written: they lead traffic, wherever they are, or say who keeps gateways.
fn is_written_whole(kind: Kind) -> bool {
    route::KINDS.contains(&kind) || kind == Kind::GatewayClass
}

/// What comes of one kind in one place.
type Told = (ClusterName, Kind, Option<Box<str>>, News);

pub(super) struct Objects {
    here: BTreeMap<ObjectKey, Arc<Value>>,
    written: BTreeMap<ObjectKey, Arc<Value>>,
    refused: Vec<(ClusterName, Kind, Fault)>,
    followed: BTreeSet<ClusterName>,
    tell: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
    /// Dropped with this, and they end.
    tasks: JoinSet<()>,
}

impl Objects {
    pub(super) fn new() -> Self {
        let (tell, told) = unbounded_channel();
        Self {
            here: BTreeMap::new(),
            written: BTreeMap::new(),
            refused: Vec::new(),
            followed: BTreeSet::new(),
            tell,
            told,
            tasks: JoinSet::new(),
        }
    }

    /// Follows the objects of each cluster that there is a way to.
    pub(super) fn follow(&mut self, session: &Session) {
        for state in session.states() {
            let Some(connection) = session.sources.connection(&state.cluster) else { continue };
            if !self.followed.insert(state.cluster.clone()) {
                continue;
            }
            let namespaces: Vec<Option<Box<str>>> = match &*state.facts.namespaces {
                [] => vec![None],
                some => some.iter().cloned().map(Some).collect(),
            };
            self.tasks.spawn(definition(connection.clone(), self.tell.clone()));
            for kind in KINDS.into_iter().chain([Kind::Lease]) {
                let places = if kind.resource().namespaced { namespaces.as_slice() } else { &[None] };
                for place in places {
                    self.start(&connection, kind, place.clone());
                }
            }
            // They lead traffic from wherever they are.
            route::KINDS.into_iter().for_each(|kind| self.start(&connection, kind, None));
        }
    }

    fn start(&mut self, connection: &Connection, kind: Kind, place: Option<Box<str>>) {
        let (c, tell) = (connection.clone(), self.tell.clone());
        self.tasks.spawn(async move {
            let mut denied = None;
            let told = |place: &Option<Box<str>>, news| {
                // Nobody listens any more when the recording ends.
                let _ = tell.send((c.cluster.clone(), kind, place.clone(), news));
            };
            whole::follow(&c, kind, place.as_deref(), |news| match news {
                News::Refused(fault) => denied = Some(fault),
                news => told(&place, news),
            })
            .await;
            let Some(fault) = denied else { return };
            let everywhere = place.is_none() && kind.resource().namespaced;
            if fault.reason != Reason::Denied || !everywhere {
                return told(&place, News::Refused(fault));
            }
            // Not everywhere: then where gateways usually are (R24), as on the screens.
            let place = Some(DEFAULT_NAMESPACE.into());
            whole::follow(&c, kind, place.as_deref(), |news| told(&place, news)).await;
        });
    }

    /// Waits for a change, and takes it with those that wait already.
    pub(super) async fn changed(&mut self) {
        let first = self.told.recv().await;
        let more = std::iter::from_fn(|| self.told.try_recv().ok());
        let all: Vec<Told> = first.into_iter().chain(more).collect();
        all.into_iter().for_each(|told| self.take(told));
    }

    fn take(&mut self, (cluster, kind, place, news): Told) {
        let key = |object: &Value| {
            let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().into();
            ObjectKey { cluster: cluster.clone(), kind, namespace: text("namespace"), name: text("name") }
        };
        match news {
            News::Known(all) => {
                let is_here = |key: &ObjectKey| {
                    key.cluster == cluster
                        && key.kind == kind
                        && place.as_deref().is_none_or(|p| *key.namespace == *p)
                };
                self.here.retain(|key, _| !is_here(key));
                self.here.extend(all.into_iter().map(|object| (key(&object), lighter(object))));
            }
            News::Applied(object) => drop(self.here.insert(key(&object), lighter(object))),
            News::Deleted(object) => drop(self.here.remove(&key(&object))),
            News::Refused(fault) => self.refused.push((cluster, kind, fault)),
        }
    }

    /// Writes what of these gateways is not in the recording as it is now.
    pub(super) fn write<W: Write>(
        &mut self,
        session: &Session,
        gateways: &BTreeSet<GatewayId>,
        now: Timestamp,
        recorder: &mut Recorder<W>,
    ) -> io::Result<()> {
        for (cluster, kind, fault) in std::mem::take(&mut self.refused) {
            recorder.refused(now, &cluster, Some(kind), &fault)?;
        }
        let fleet = session.fleet();
        let parts: BTreeSet<ObjectKey> =
            fleet.iter().filter(|row| gateways.contains(&row.id)).flat_map(|row| parts(row)).collect();
        let gone: Vec<ObjectKey> =
            self.written.keys().filter(|key| !self.here.contains_key(*key)).cloned().collect();
        for key in gone {
            recorder.gone(now, &key)?;
            self.written.remove(&key);
        }
        for (key, object) in &self.here {
            let is_same = self.written.get(key).is_some_and(|was| Arc::ptr_eq(was, object));
            if is_same || !(parts.contains(key) || is_of_all(key, object)) {
                continue;
            }
            recorder.object(now, &key.cluster, key.kind, object)?;
            self.written.insert(key.clone(), object.clone());
        }
        Ok(())
    }
}

/// What is kept of an object: no more than is written.
fn lighter(object: Arc<Value>) -> Arc<Value> {
    Arc::new(lean(Arc::unwrap_or_clone(object)))
}

/// The CRD of `IstioGateway`, which says who keeps its objects.
async fn definition(c: Connection, tell: UnboundedSender<Told>) {
    let resource = Kind::IstioGateway.resource();
    let kind = Kind::CustomResourceDefinition;
    let name = format!("{}.{}", resource.plural, resource.group).into();
    let key = ObjectKey { cluster: c.cluster.clone(), kind, namespace: "".into(), name };
    // One that is not there or may not be read is not in the recording.
    if let Ok(object) = object::fetch(&c, &key).await {
        let _ = tell.send((c.cluster, kind, None, News::Applied(object)));
    }
}

/// Whether an object is of all gateways.
fn is_of_all(key: &ObjectKey, object: &Value) -> bool {
    is_written_whole(key.kind)
        || key.kind == Kind::CustomResourceDefinition
        || (key.kind == Kind::Lease && &*key.name == LEASE)
        // It says which Istio there is.
        || (key.kind == Kind::Deployment && object.pointer("/spec/template/metadata/labels/app").is_some_and(|app| app == "istiod"))
}

/// The objects that make a gateway.
fn parts(row: &GatewayRow) -> Vec<ObjectKey> {
    let home = row.home.as_ref().unwrap_or(&row.id.cluster);
    let key = |cluster: &ClusterName, kind: Kind, meta: &RowMeta| ObjectKey {
        cluster: cluster.clone(),
        kind,
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
    };
    let here = |kind: Kind, meta: &RowMeta| key(&row.id.cluster, kind, meta);
    let mut all = Vec::new();
    all.extend(row.cr.iter().map(|cr| key(home, Kind::IstioGateway, &cr.meta)));
    all.extend(row.api.iter().map(|api| here(Kind::Gateway, &api.meta)));
    all.extend(row.workload.iter().chain(&row.canary).map(|w| here(w.kind, &w.meta)));
    all.extend(row.replica_sets.iter().map(|r| here(Kind::ReplicaSet, &r.meta)));
    all.extend(row.pods.iter().map(|p| here(Kind::Pod, &p.meta)));
    all.extend(row.service.iter().map(|s| here(Kind::Service, &s.meta)));
    all.extend(row.endpoint_slices.iter().map(|e| here(Kind::EndpointSlice, &e.meta)));
    all.extend(row.autoscaler.iter().map(|a| here(Kind::HorizontalPodAutoscaler, &a.meta)));
    all.extend(row.budget.iter().map(|b| here(Kind::PodDisruptionBudget, &b.meta)));
    all
}
