//! Forgetting a cluster that is gone for good (R2): the only way that a cluster leaves the record uncleaned.

use super::clusters::{self, Clusters};
use super::pass::{Keeper, read, record, write_record};
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::build::{Site, build};
use crate::materialize::forgetting::{Answers, Forgetting};
use crate::materialize::names::{CLUSTERS, GATEWAY_UID, HOME_UID, Names};
use crate::materialize::{Part, validate};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use serde_json::Value;
use strum::IntoEnumIterator as _;

/// What forgetting a cluster of a gateway would leave behind. Writes nothing.
///
/// # Errors
/// When the gateway still names the cluster and is not being deleted, when the cluster is not on its record, and when the
/// home cluster refuses or does not answer.
pub async fn plan(keeper: &Keeper, namespace: &str, name: &str, id: &str) -> Result<Forgetting, Fault> {
    let at = clusters::gateway(namespace, name);
    let home = &keeper.clusters.home;
    let (object, gateway) = there(home, &at).await?;
    let record = record(&gateway)?;
    let cluster_uid = forgettable(home, &object, &gateway, &record, id)?;
    let uid = gateway.metadata.uid.clone().unwrap_or_default();
    let answers = answers(&keeper.clusters, id, &cluster_uid).await;
    let left = match (&answers, keeper.clusters.way(id)) {
        (Answers::Yes, Ok(way)) => found(home, &way.connection, namespace, &uid).await,
        _ => None,
    };
    Ok(Forgetting {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid,
        id: id.to_owned(),
        cluster_uid,
        answers,
        left: left.unwrap_or_else(|| said(&gateway, id)),
        is_last: record.len() == 1,
    })
}

/// Drops the cluster from the record, and the finalizer with the last. Nothing in the cluster is touched.
///
/// # Errors
/// As [`plan`]; and when the gateway is another one by now, or was changed while this was done.
pub async fn forget(keeper: &Keeper, forgetting: &Forgetting) -> Result<(), Fault> {
    let Forgetting { namespace, name, id, .. } = forgetting;
    let at = clusters::gateway(namespace, name);
    let home = &keeper.clusters.home;
    let (object, gateway) = there(home, &at).await?;
    if gateway.metadata.uid.as_ref() != Some(&forgetting.uid) {
        let summary = format!("{}: IstioGateway {namespace}/{name} is another one by now", home.cluster);
        return Err(Fault::new(Reason::Conflict, summary, "Look at it again."));
    }
    let mut record = record(&gateway)?;
    let cluster_uid = forgettable(home, &object, &gateway, &record, id)?;
    if cluster_uid != forgetting.cluster_uid {
        let summary = format!(
            "{}: cluster {id} of IstioGateway {namespace}/{name} is another one by now",
            home.cluster
        );
        return Err(Fault::new(Reason::Conflict, summary, "Look at it again."));
    }
    record.remove(id);
    write_record(keeper, &at, &object, &record, !record.is_empty()).await.map(drop)
}

async fn there(home: &Connection, at: &Address) -> Result<(Value, IstioGateway), Fault> {
    read(home, at).await?.ok_or_else(|| {
        let summary = format!("{}: there is no IstioGateway {}/{}", home.cluster, at.namespace, at.name);
        Fault::new(Reason::Missing, summary, "")
    })
}

/// What the cluster was, if it may be forgotten.
fn forgettable(
    home: &Connection,
    object: &Value,
    gateway: &IstioGateway,
    record: &std::collections::BTreeMap<String, String>,
    id: &str,
) -> Result<String, Fault> {
    let name = gateway.name();
    let is_going = !object["metadata"]["deletionTimestamp"].is_null();
    let names_it = gateway.spec.cluster_ids.iter().flatten().any(|named| named == id);
    let refused = |why: String, hint: &str| Err(Fault::new(Reason::Invalid, why, hint));
    if names_it && !is_going {
        let why = format!("{}: IstioGateway {name} still asks for cluster {id}", home.cluster);
        return refused(
            why,
            "Take it out of spec.clusterIds first: forgotten, it would be written to again.",
        );
    }
    match record.get(id) {
        Some(uid) => Ok(uid.clone()),
        None => {
            let known: Vec<&str> = record.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "no cluster".to_owned() } else { known.join(", ") };
            let why = format!(
                "{}: cluster {id} is not on the record of IstioGateway {name} (annotation {CLUSTERS}): {known} is",
                home.cluster
            );
            refused(why, "There is nothing to forget.")
        }
    }
}

async fn answers(clusters: &Clusters, id: &str, on_record: &str) -> Answers {
    let asked = match clusters.way(id) {
        Ok(way) => clusters::uid(&way.connection).await,
        Err(fault) => Err(fault),
    };
    match asked {
        Ok(uid) if uid == on_record => Answers::Yes,
        Ok(uid) => Answers::Another { uid },
        Err(fault) => Answers::No(fault.summary),
    }
}

/// What is there by its labels; `None`: it could not be looked.
async fn found(home: &Connection, c: &Connection, namespace: &str, uid: &str) -> Option<Vec<(Part, String)>> {
    let home = clusters::uid(home).await.ok()?;
    let selector = format!("{HOME_UID}={home},{GATEWAY_UID}={uid}");
    let mut found = Vec::new();
    for part in Part::iter() {
        let all = super::fetch::collection(part, namespace);
        let objects = write::list(c, &all, &selector).await.ok()?;
        let names = objects.iter().filter_map(|object| object["metadata"]["name"].as_str());
        found.extend(names.map(|name| (part, name.to_owned())));
    }
    Some(found)
}

/// What the gateway says would be there: all kinds that there may be when it cannot be built.
fn said(gateway: &IstioGateway, id: &str) -> Vec<(Part, String)> {
    let names = Names::read(gateway).unwrap_or_else(|_| Names::of(gateway.name()));
    let site = Site { cluster_id: Some(id.to_owned()), names: names.clone(), ..Site::of(gateway) };
    let is_sound = !validate(gateway).iter().any(|problem| problem.is_error());
    let built = is_sound.then(|| build(gateway, &site).ok()).flatten();
    let wanted = |part: Part| match &built {
        Some(objects) => objects.parts().iter().any(|(of, object)| *of == part && object.is_some()),
        None => true,
    };
    let named = |part| (part, super::fetch::address(part, "", &names).name);
    Part::iter().filter(|part| wanted(*part)).map(named).collect()
}
