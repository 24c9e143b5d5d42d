//! Letting a gateway go while its objects stay (R12).
//!
//! At home the API server does it: a deletion that orphans takes the owner references off. In other clusters the labels
//! that say whose the objects are come off first, before the finalizer lets the gateway go.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::clusters;
use super::pass::{Keeper, known, record, write_record};
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address, Dependents};
use crate::materialize::Part;
use crate::materialize::names::{FINALIZER, GATEWAY, GATEWAY_UID, HOME_UID, MANAGER};
use crate::materialize::report::Report;
use crate::model::fault::Fault;
use crate::model::istio_gateway::IstioGateway;

/// Lets a gateway go, as far as its clusters answer; what is left is done by a later pass.
///
/// # Errors
/// When the home cluster refuses or does not answer.
pub(super) async fn release(
    keeper: &Keeper,
    at: &Address,
    object: &Value,
    gateway: &IstioGateway,
    report: &mut Report,
) -> Result<(), Fault> {
    let home = &keeper.clusters.home;
    let record = record(gateway)?;
    let mut left = record.clone();
    for (id, uid) in &record {
        match abroad(keeper, gateway, id, uid, report).await {
            Ok(()) => drop(left.remove(id)),
            Err(fault) => report.faults.push(fault),
        }
    }
    let metadata = &object["metadata"];
    let is_going = !metadata["deletionTimestamp"].is_null();
    if left.is_empty() && !is_going {
        // First: as long as the finalizer is there, nothing can go that should stay.
        report.writes += 1;
        write::delete_with(home, at, metadata["uid"].as_str().unwrap_or_default(), Dependents::Orphan)
            .await?;
    }
    let finalizers = metadata["finalizers"].as_array().into_iter().flatten();
    let holds = finalizers.into_iter().any(|finalizer| finalizer == FINALIZER);
    if !holds || left.len() == record.len() && !left.is_empty() {
        return Ok(());
    }
    // The deletion has changed it.
    let Some(object) = write::get(home, at).await? else { return Ok(()) };
    report.writes += 1;
    write_record(keeper, at, &object, &left, !left.is_empty()).await.map(drop)
}

/// Takes the labels off the objects in another cluster.
pub(super) async fn abroad(
    keeper: &Keeper,
    gateway: &IstioGateway,
    id: &str,
    uid: &str,
    report: &mut Report,
) -> Result<(), Fault> {
    let way = keeper.clusters.way(id)?;
    let on_record = BTreeMap::from([(id.to_owned(), uid.to_owned())]);
    known(id, &way, &on_record, &mut on_record.clone()).await?;
    let home = clusters::uid(&keeper.clusters.home).await?;
    let selector =
        format!("{HOME_UID}={home},{GATEWAY_UID}={}", gateway.metadata.uid.as_deref().unwrap_or_default());
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
    for part in Part::iter() {
        report.writes += unlabel(&way.connection, part, namespace, &selector).await?;
    }
    Ok(())
}

/// Takes the labels off the objects of one kind. Returns how many there were.
async fn unlabel(c: &Connection, part: Part, namespace: &str, selector: &str) -> Result<u32, Fault> {
    let mut at = super::fetch::collection(part, namespace);
    let mut done = 0;
    for object in write::list(c, &at, selector).await? {
        let metadata = &object["metadata"];
        at.name = metadata["name"].as_str().unwrap_or_default().to_owned();
        let patch = json!({"metadata": {
            "resourceVersion": metadata["resourceVersion"],
            "labels": {HOME_UID: null, GATEWAY_UID: null, GATEWAY: null},
        }});
        write::merge(c, &at, "", &patch, MANAGER).await?;
        done += 1;
    }
    Ok(done)
}
