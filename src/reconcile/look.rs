//! A pass that writes nothing: how a gateway stands now, and what the next pass would do.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::pass::{Keeper, one_cluster, read, record, settle};
use super::queue::Key;
use super::rounds::MANY;
use super::{clusters, mesh, round, watching};
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::build::REVISION;
use crate::materialize::names::{Names, PAUSED, RELEASE};
use crate::materialize::{Part, Problem, Report, validate};
use crate::model::fault::Fault;
use crate::model::istio_gateway::{IstioGateway, Pairs};
use crate::model::name::Kind;
use crate::routing::ServerMtls;

/// What happens together is looked at together.
const TOGETHER: Duration = Duration::from_millis(200);

/// What could not be looked at is tried again after this long: the return of a right or of a server is no event.
const AGAIN: Duration = Duration::from_secs(10);

/// The state of each server (R13), or why it cannot be told.
pub type Servers = Result<Vec<ServerMtls>, Fault>;

/// How many gateways are looked at at once.
const AT_ONCE: usize = 8;

/// How one gateway stands in all its clusters, or `only` in the one of this id. Reads alone, so it may be asked of
/// clusters whose gateways somebody else keeps.
pub async fn look(keeper: &Keeper, namespace: &str, name: &str, only: Option<&str>) -> Report {
    let mut report = Report::default();
    if let Err(fault) = try_look(keeper, &clusters::gateway(namespace, name), only, &mut report).await {
        report.faults.push(fault);
    }
    report
}

/// How all gateways of a namespace stand, by name.
///
/// # Errors
/// When they cannot be listed.
pub async fn survey(keeper: &Keeper, namespace: &str) -> Result<Vec<(String, Report)>, Fault> {
    let all = write::list(&keeper.clusters.home, &clusters::gateway(namespace, ""), "").await?;
    let mut names: Vec<String> =
        all.iter().filter_map(|gateway| gateway["metadata"]["name"].as_str().map(str::to_owned)).collect();
    names.sort();
    // Of many, most are as they should be: one list of each kind tells.
    let settled = match names.len() {
        MANY.. => round::settled(keeper, namespace, &names).await.unwrap_or_default(),
        _ => BTreeMap::new(),
    };
    let settled = &settled;
    let each = names.into_iter().map(|name| async move {
        let report = match settled.get(&name) {
            Some(report) => report.clone(),
            None => look(keeper, namespace, &name, None).await,
        };
        (name, report)
    });
    Ok(stream::iter(each).buffered(AT_ONCE).collect().await)
}

/// Looks at one gateway in one of its clusters, and again each time something happens to it or to one of its objects (or
/// after a while, where looking failed), until dropped. The servers are told a moment later than the objects: they take the lists of three more kinds.
pub async fn follow(
    keeper: &Keeper,
    key: &Key,
    only: Option<&str>,
    mut told: impl FnMut(Report, Option<Servers>),
) {
    let (namespace, name) = key;
    let at = match only.filter(|id| *id != keeper.clusters.home_id) {
        None => keeper.clusters.home.clone(),
        // Where there is no way to it, the look says so.
        Some(id) => keeper.clusters.way(id).map_or(keeper.clusters.home.clone(), |way| way.connection),
    };
    let (tell, mut heard) = unbounded_channel();
    let mut watches = JoinSet::new();
    let home = keeper.clusters.home.clone();
    watches.spawn(watching::follow(home, namespace.clone(), Kind::IstioGateway, tell.clone()));
    for kind in watching::kinds() {
        watches.spawn(watching::follow(at.clone(), namespace.clone(), kind, tell.clone()));
    }
    loop {
        let report = look(keeper, namespace, name, only).await;
        told(report.clone(), None);
        let failed = !report.all_faults().is_empty();
        if let Some(servers) = servers(keeper, &at, key, &report).await {
            told(report, Some(servers));
        }
        let more = something(&mut heard, key);
        let goes_on =
            if failed { tokio::time::timeout(AGAIN, more).await.unwrap_or(true) } else { more.await };
        if !goes_on {
            return;
        }
    }
}

/// Waits until something happens to a gateway, and until what happens with it has happened too.
async fn something(heard: &mut UnboundedReceiver<Key>, key: &Key) -> bool {
    loop {
        match heard.recv().await {
            None => return false,
            Some(other) if other != *key => {}
            Some(_) => break,
        }
    }
    tokio::time::sleep(TOGETHER).await;
    while heard.try_recv().is_ok() {}
    true
}

/// How clients get along with the servers; `None` where there are no pods to ask it of.
async fn servers(
    keeper: &Keeper,
    at: &Connection,
    (namespace, name): &Key,
    report: &Report,
) -> Option<Servers> {
    let deployment = report.places.first()?.live(Part::Deployment)?;
    let labels: Pairs =
        serde_json::from_value(deployment["spec"]["template"]["metadata"]["labels"].clone()).ok()?;
    let names = names_of(keeper, namespace, name).await?;
    let revision = labels.get(REVISION).map(String::as_str);
    Some(mesh::servers(at, namespace, &names.service, &labels, revision).await)
}

async fn names_of(keeper: &Keeper, namespace: &str, name: &str) -> Option<Names> {
    let object: Value =
        write::get(&keeper.clusters.home, &clusters::gateway(namespace, name)).await.ok()??;
    Names::read(&IstioGateway::read(&object).ok()?).ok()
}

async fn try_look(
    keeper: &Keeper,
    at: &Address,
    only: Option<&str>,
    report: &mut Report,
) -> Result<(), Fault> {
    let Some((object, gateway)) = read(&keeper.clusters.home, at).await? else {
        report.gone = true;
        return Ok(());
    };
    report.deleting =
        !object["metadata"]["deletionTimestamp"].is_null() || gateway.annotation(RELEASE) == Some("true");
    report.problems = validate(&gateway);
    report.paused = gateway.annotation(PAUSED) == Some("true");
    if report.deleting || report.problems.iter().any(Problem::is_error) {
        return Ok(());
    }
    let mut targets = keeper.clusters.targets(gateway.spec.cluster_ids.as_deref().unwrap_or_default());
    targets.retain(|target| only.is_none() || target.id.is_none() || target.id.as_deref() == only);
    let (settled, _) = settle(keeper, &gateway, &record(&gateway)?, targets).await?;
    let each = settled.into_iter().map(|place| one_cluster(keeper, at, &gateway, place, false));
    report.places = join_all(each).await;
    Ok(())
}
