//! One round over one gateway.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use serde_json::{Value, json};

use super::apply::{self, Home, Work};
use super::clusters::{self, Clusters, Target, Way};
use super::contest::Contest;
use super::release;
use crate::cluster::clock::Clock;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::build::Owner;
use crate::materialize::names::{CLUSTERS, FINALIZER, MANAGER, Names, PAUSED, RECONCILE, RELEASE};
use crate::materialize::report::{Place, Report};
use crate::materialize::status::{self, Turn};
use crate::materialize::{Problem, validate};
use crate::model::digest::digest;
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::model::name::Resource;

/// Who keeps gateways: the clusters, and what is remembered between passes. Clones share it.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The clusters.
    pub clusters: Clusters,
    /// Whose time the status tells.
    pub clock: Clock,
    contests: Arc<Mutex<BTreeMap<ContestKey, Contest>>>,
}

/// Uid of the gateway, and its id of the cluster.
type ContestKey = (String, Option<String>);

impl Keeper {
    /// Remembers nothing yet.
    pub fn new(clusters: Clusters, clock: Clock) -> Self {
        Self { clusters, clock, contests: Arc::default() }
    }

    fn contest(&self, key: &ContestKey) -> Contest {
        self.contests.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned().unwrap_or_default()
    }

    fn remember(&self, key: ContestKey, contest: Contest) {
        self.contests.lock().unwrap_or_else(PoisonError::into_inner).insert(key, contest);
    }

    fn forget(&self, uid: &str) {
        self.contests.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != uid);
    }
}

/// Brings one gateway about: fetch → validate → build → apply → status. Starts from nothing, and can be broken off and
/// begun again at any point.
pub async fn pass(keeper: &Keeper, namespace: &str, name: &str) -> Report {
    let mut report = Report::default();
    if let Err(fault) = try_pass(keeper, &clusters::gateway(namespace, name), &mut report).await {
        report.faults.push(fault);
    }
    report
}

async fn try_pass(keeper: &Keeper, at: &Address, report: &mut Report) -> Result<(), Fault> {
    let home = &keeper.clusters.home;
    let Some((object, gateway)) = read(home, at).await? else {
        report.gone = true;
        return Ok(());
    };
    let is_going = !object["metadata"]["deletionTimestamp"].is_null();
    report.deleting = is_going;
    if gateway.annotation(RELEASE) == Some("true") {
        return release::release(keeper, at, &object, &gateway, report).await;
    }
    if is_going {
        return farewell(keeper, at, &object, &gateway, report).await;
    }
    report.problems = validate(&gateway);
    report.paused = gateway.annotation(PAUSED) == Some("true");
    if !report.problems.iter().any(Problem::is_error) {
        bring_about(keeper, at, &object, &gateway, report).await;
    }
    tell(keeper, at, &object, report).await
}

/// The gateway as it is; `None`: it is gone.
pub(super) async fn read(home: &Connection, at: &Address) -> Result<Option<(Value, IstioGateway)>, Fault> {
    let Some(object) = write::get(home, at).await? else { return Ok(None) };
    let gateway = IstioGateway::read(&object).map_err(|why| {
        let summary =
            format!("{}: IstioGateway {}/{} cannot be read: {why}", home.cluster, at.namespace, at.name);
        Fault::new(Reason::Invalid, summary, "Mend its metadata.")
    })?;
    Ok(Some((object, gateway)))
}

/// Works on every cluster of a gateway, side by side: one that does not answer holds no other up.
async fn bring_about(
    keeper: &Keeper,
    at: &Address,
    object: &Value,
    gateway: &IstioGateway,
    report: &mut Report,
) {
    let writes = !report.paused;
    let (before, targets) = match record(gateway) {
        Ok(before) => {
            (before, keeper.clusters.targets(gateway.spec.cluster_ids.as_deref().unwrap_or_default()))
        }
        Err(fault) => return report.faults.push(fault),
    };
    // Only what is new waits for the record.
    let is_new = |target: &Target| {
        let abroad = target.way.as_ref().is_ok_and(|way| !way.is_home);
        abroad && target.id.as_ref().is_none_or(|id| !before.contains_key(id))
    };
    let order: Vec<Option<String>> = targets.iter().map(|target| target.id.clone()).collect();
    let (new, known): (Vec<Target>, Vec<Target>) = targets.into_iter().partition(is_new);
    let each = known.into_iter().map(|target| async {
        let (settled, _) = settle(keeper, gateway, &before, vec![target]).await?;
        let each = settled.into_iter().map(|place| one_cluster(keeper, at, gateway, place, writes));
        Ok::<_, Fault>(join_all(each).await)
    });
    let added = async {
        let (settled, with_new) = settle(keeper, gateway, &before, new).await?;
        let recorded = with_new != before && writes;
        if recorded {
            write_record(keeper, at, object, &with_new, true).await?;
        }
        let each = settled.into_iter().map(|place| one_cluster(keeper, at, gateway, place, writes));
        Ok::<_, Fault>((join_all(each).await, recorded))
    };
    let (known, added) = futures::join!(join_all(each), added);
    let added = added.map(|(places, recorded)| {
        report.writes += u32::from(recorded);
        places
    });
    for places in known.into_iter().chain([added]) {
        match places {
            Ok(places) => report.places.extend(places),
            Err(fault) => report.faults.push(fault),
        }
    }
    report.places.sort_by_key(|place| order.iter().position(|id| *id == place.cluster_id));
    leave(keeper, at, gateway, report).await;
}

/// A cluster that may be worked on, or why not.
pub(super) type Settled = (Option<String>, Result<(Way, Owner), Fault>);

/// Finds out what each of these clusters is. Returns them with the record as it should be: the others are on it before
/// anything is written to them, and the finalizer with them that keeps the gateway until they are clean (R2).
pub(super) async fn settle(
    keeper: &Keeper,
    gateway: &IstioGateway,
    record: &BTreeMap<String, String>,
    targets: Vec<Target>,
) -> Result<(Vec<Settled>, BTreeMap<String, String>), Fault> {
    let uid = gateway.metadata.uid.clone().unwrap_or_default();
    let abroad = targets.iter().any(|t| t.way.as_ref().is_ok_and(|way| !way.is_home));
    let home_uid = if abroad { clusters::uid(&keeper.clusters.home).await? } else { String::new() };
    let each = targets.into_iter().map(|Target { id, way }| async {
        let mut new = BTreeMap::new();
        let ready = match way {
            Ok(way) if way.is_home => Ok((way, Owner::Gateway { uid: uid.clone() })),
            Ok(way) => {
                let owner = Owner::Abroad { home: home_uid.clone(), uid: uid.clone() };
                known(id.as_deref().unwrap_or_default(), &way, record, &mut new).await.map(|()| (way, owner))
            }
            Err(fault) => Err(fault),
        };
        ((id, ready), new)
    });
    let mut with_new = record.clone();
    let (settled, new): (Vec<Settled>, Vec<BTreeMap<String, String>>) =
        join_all(each).await.into_iter().unzip();
    with_new.extend(new.into_iter().flatten());
    Ok((settled, with_new))
}

/// Whether a cluster is the one it was; a new one is put on the record.
pub(super) async fn known(
    id: &str,
    way: &Way,
    record: &BTreeMap<String, String>,
    new: &mut BTreeMap<String, String>,
) -> Result<(), Fault> {
    let uid = clusters::uid(&way.connection).await?;
    match record.get(id) {
        Some(before) if *before != uid => Err(Fault::new(
            Reason::Invalid,
            format!(
                "{}: cluster {id} is not the one it was (kube-system {uid}, and on record {before}): nothing in it is touched",
                way.connection.cluster
            ),
            "Mend the context of this id, or forget the old cluster.",
        )),
        Some(_) => Ok(()),
        None => {
            new.insert(id.to_owned(), uid);
            Ok(())
        }
    }
}

pub(super) fn record(gateway: &IstioGateway) -> Result<BTreeMap<String, String>, Fault> {
    clusters::recorded(gateway.annotation(CLUSTERS)).map_err(|why| {
        let summary = format!("annotation {CLUSTERS} of gateway {}: {why}", gateway.name());
        Fault::new(
            Reason::Invalid,
            summary,
            "Put back the one from before the edit: it says where objects are.",
        )
    })
}

/// Writes the record, and the finalizer as long as there is something on it; nothing may have changed since the gateway
/// was read.
pub(super) async fn write_record(
    keeper: &Keeper,
    at: &Address,
    object: &Value,
    record: &BTreeMap<String, String>,
    keep: bool,
) -> Result<Value, Fault> {
    let metadata = &object["metadata"];
    let mut finalizers: Vec<Value> = metadata["finalizers"].as_array().cloned().unwrap_or_default();
    finalizers.retain(|finalizer| finalizer != FINALIZER);
    if keep {
        finalizers.push(json!(FINALIZER));
    }
    let text = (!record.is_empty()).then(|| json!(record).to_string());
    let patch = json!({"metadata": {
        "resourceVersion": metadata["resourceVersion"],
        "finalizers": finalizers,
        "annotations": {CLUSTERS: text},
    }});
    write::merge(&keeper.clusters.home, at, "", &patch, MANAGER).await
}

pub(super) async fn one_cluster(
    keeper: &Keeper,
    at: &Address,
    gateway: &IstioGateway,
    settled: Settled,
    writes: bool,
) -> Place {
    let (id, ready) = settled;
    let (way, owner) = match ready {
        Ok(ready) => ready,
        Err(fault) => return Place::failed(id, fault),
    };
    let Ok(names) = Names::read(gateway) else { return Place::default() };
    let key = (gateway.metadata.uid.clone().unwrap_or_default(), id.clone());
    let mut contest = keeper.contest(&key);
    contest.at(gateway.metadata.generation.unwrap_or_default(), gateway.annotation(RECONCILE));
    let work = Work {
        c: &way.connection,
        gateway,
        cluster_id: id.as_deref(),
        owner: &owner,
        names: &names,
        writes,
        home: (!way.is_home).then_some(Home { c: &keeper.clusters.home, at }),
    };
    let place = apply::place(work, &mut contest).await;
    if writes {
        keeper.remember(key, contest);
    }
    place
}

/// Cleans the clusters that the gateway no longer names (R2): from the record abroad, by owner at home.
async fn leave(keeper: &Keeper, at: &Address, gateway: &IstioGateway, report: &mut Report) {
    if report.paused {
        return;
    }
    let home = apply::Home { c: &keeper.clusters.home, at };
    let ids = gateway.spec.cluster_ids.as_deref().unwrap_or_default();
    let is_left = |id: &String| !ids.contains(id);
    if !ids.is_empty() && is_left(&keeper.clusters.home_id) {
        let mut place = Place { cluster_id: Some(keeper.clusters.home_id.clone()), ..Place::default() };
        if let Err(fault) = leave_home(keeper, gateway, home, &mut place).await {
            report.faults.push(fault);
        }
        report.writes += place.writes;
    }
    let Ok(record) = record(gateway) else { return };
    let left: BTreeMap<String, String> = record.iter().filter(|(id, _)| is_left(id)).map(own).collect();
    if left.is_empty() {
        return;
    }
    // A cluster that the gateway has come back to meanwhile is not taken from under its feet.
    if let Err(fault) = home.confirm(gateway).await {
        report.faults.push(fault);
        return;
    }
    let mut cleaned = Vec::new();
    for (id, uid) in &left {
        match clean(keeper, gateway, id, uid, report).await {
            Ok(()) => cleaned.push(id.clone()),
            Err(fault) => report.faults.push(fault),
        }
    }
    if cleaned.is_empty() {
        return;
    }
    if let Err(fault) = strike_off(keeper, at, &cleaned, report).await {
        report.faults.push(fault);
    }
}

fn own((id, uid): (&String, &String)) -> (String, String) {
    (id.clone(), uid.clone())
}

async fn leave_home(
    keeper: &Keeper,
    gateway: &IstioGateway,
    home: apply::Home<'_>,
    place: &mut Place,
) -> Result<(), Fault> {
    let Ok(names) = Names::read(gateway) else { return Ok(()) };
    let owner = Owner::Gateway { uid: gateway.metadata.uid.clone().unwrap_or_default() };
    let work = Work {
        c: &keeper.clusters.home,
        gateway,
        cluster_id: None,
        owner: &owner,
        names: &names,
        writes: true,
        home: Some(home),
    };
    apply::leave_home(work, place).await
}

/// Takes everything of a gateway out of one cluster of its record.
async fn clean(
    keeper: &Keeper,
    gateway: &IstioGateway,
    id: &str,
    uid: &str,
    report: &mut Report,
) -> Result<(), Fault> {
    let way = keeper.clusters.way(id)?;
    let mut record = BTreeMap::from([(id.to_owned(), uid.to_owned())]);
    let on_record = record.clone();
    known(id, &way, &on_record, &mut record).await?;
    let home = clusters::uid(&keeper.clusters.home).await?;
    let mut place = Place::default();
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
    let gateway_uid = gateway.metadata.uid.as_deref().unwrap_or_default();
    let found = apply::clean(&way.connection, namespace, &home, gateway_uid, &mut place).await;
    report.writes += place.writes;
    match found? {
        0 => Ok(()),
        n => {
            let summary = format!(
                "{}: {n} objects of gateway {} are being deleted",
                way.connection.cluster,
                gateway.name()
            );
            Err(Fault::new(Reason::Conflict, summary, "egret looks again."))
        }
    }
}

/// Takes clusters off the record of a gateway as it is now, and the finalizer with the last.
async fn strike_off(
    keeper: &Keeper,
    at: &Address,
    cleaned: &[String],
    report: &mut Report,
) -> Result<(), Fault> {
    let Some(object) = write::get(&keeper.clusters.home, at).await? else { return Ok(()) };
    let Ok(gateway) = IstioGateway::read(&object) else { return Ok(()) };
    let mut record = record(&gateway)?;
    record.retain(|id, _| !cleaned.contains(id));
    report.writes += 1;
    write_record(keeper, at, &object, &record, !record.is_empty()).await.map(drop)
}

/// A gateway on its way out: what owner references reach goes by itself; the other clusters are cleaned before the
/// finalizer lets it go.
async fn farewell(
    keeper: &Keeper,
    at: &Address,
    object: &Value,
    gateway: &IstioGateway,
    report: &mut Report,
) -> Result<(), Fault> {
    let finalizers = object["metadata"]["finalizers"].as_array();
    if !finalizers.is_some_and(|all| all.iter().any(|f| f == FINALIZER)) {
        return Ok(());
    }
    let mut record = record(gateway)?;
    let before = record.len();
    for (id, uid) in record.clone() {
        match clean(keeper, gateway, &id, &uid, report).await {
            Ok(()) => drop(record.remove(&id)),
            Err(fault) => report.faults.push(fault),
        }
    }
    if record.is_empty() || record.len() < before {
        report.writes += 1;
        write_record(keeper, at, object, &record, !record.is_empty()).await?;
    }
    if record.is_empty() {
        keeper.forget(gateway.metadata.uid.as_deref().unwrap_or_default());
        return Ok(());
    }
    Ok(())
}

/// Writes the status where it says something else, and Events for what turned.
async fn tell(keeper: &Keeper, at: &Address, object: &Value, report: &mut Report) -> Result<(), Fault> {
    let (status, turns) = status::status(object, report, keeper.clock.now());
    if is_said(&object["status"], &status) {
        return Ok(());
    }
    report.writes += 1;
    let patch = json!({"status": status});
    match write::merge(&keeper.clusters.home, at, "/status", &patch, MANAGER).await {
        Err(fault) if fault.reason == Reason::Missing => return Ok(()),
        done => done?,
    };
    for turn in turns {
        report.writes += 1;
        // What an Event tells, the status says too.
        let _ = event(keeper, at, object, &turn).await;
    }
    Ok(())
}

/// Whether a status says all of this already; what is empty need not be there.
pub(super) fn is_said(live: &Value, status: &Value) -> bool {
    let empty = |value: &Value| value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
    let fields = status.as_object().into_iter().flatten();
    fields.into_iter().all(|(field, value)| live.get(field).map_or(empty(value), |live| live == value))
}

/// Tells of a turn. Its name comes from what it tells, so that a pass that is repeated tells it once.
async fn event(keeper: &Keeper, at: &Address, object: &Value, turn: &Turn) -> Result<(), Fault> {
    let metadata = &object["metadata"];
    let text = format!("{}{}{}{}", metadata["uid"], metadata["generation"], turn.reason, turn.message);
    let now = keeper.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": format!("{}.{}", at.name, digest(&text)), "namespace": at.namespace},
        "involvedObject": {
            "apiVersion": object["apiVersion"], "kind": "IstioGateway", "name": at.name, "namespace": at.namespace,
            "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
        },
        "type": if turn.warning { "Warning" } else { "Normal" },
        "reason": turn.reason,
        "message": turn.message.chars().take(1000).collect::<String>(),
        "source": {"component": MANAGER},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "reportingComponent": "",
        "reportingInstance": "",
    });
    let all = Address {
        kind: "Event".to_owned(),
        resource: Resource { group: "", version: "v1", plural: "events", namespaced: true },
        namespace: at.namespace.clone(),
        name: String::new(),
    };
    write::create(&keeper.clusters.home, &all, &event, MANAGER).await.map(drop)
}
