//! Taking egret off gateways that stay: no owner references, no finalizer, no labels in other clusters.
//!
//! Each gateway gets the record that adopting writes (R11): names, selector and uids of its objects. So a later
//! installation takes exactly these up again, and no pod restarts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::{Removal, Tell};
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::Part;
use crate::materialize::names::{ADOPTED, MANAGER, Names};
use crate::materialize::report::Report;
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::reconcile::clusters;
use crate::reconcile::lease::{Keeping, Standing};
use crate::reconcile::pass::{Keeper, read, record, write_record};
use crate::reconcile::release;

/// How often something that is changed meanwhile is tried again.
const TIMES: usize = 5;

/// An object that a gateway owns.
struct Owned {
    part: Part,
    name: String,
    uid: String,
    owner: String,
}

/// Takes egret off all gateways of a removal. Returns what could not be reached, in words.
pub(super) async fn strip(
    keeper: &Keeper,
    removal: &Removal,
    keeping: &mut Keeping<'_>,
    tell: Tell<'_>,
) -> Result<Vec<String>, Fault> {
    let owned = owned(&keeper.clusters.home, removal).await?;
    let mut left = Vec::new();
    for gateway in &removal.gateways {
        if !matches!(keeping.tend(keeper.clock.now()).await?, Standing::Ours(_)) {
            let summary =
                format!("{}: somebody else has begun to keep the gateways", keeper.clusters.home.cluster);
            return Err(Fault::new(Reason::Conflict, summary, "Stop it, then uninstall again."));
        }
        tell(&format!("letting go of {}", gateway.in_words()));
        let own: Vec<&Owned> = owned.iter().filter(|object| object.owner == gateway.uid).collect();
        left.extend(one(keeper, &removal.namespace, &gateway.name, &gateway.uid, &own).await?);
    }
    Ok(left)
}

/// All objects of the namespace that a gateway of the removal owns.
async fn owned(c: &Connection, removal: &Removal) -> Result<Vec<Owned>, Fault> {
    let mut owned = Vec::new();
    for part in Part::iter() {
        for object in write::list(c, &address(part, &removal.namespace, ""), "").await? {
            let metadata = &object["metadata"];
            let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
            let uids = owners.filter_map(|owner| owner["uid"].as_str());
            let of = |uid: &&str| removal.gateways.iter().any(|gateway| gateway.uid == **uid);
            let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
            owned.extend(uids.filter(of).map(|owner| Owned {
                part,
                name: text("name"),
                uid: text("uid"),
                owner: owner.to_owned(),
            }));
        }
    }
    Ok(owned)
}

fn address(part: Part, namespace: &str, name: &str) -> Address {
    Address {
        kind: part.to_string(),
        resource: part.resource(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// Takes egret off one gateway: first the record, by which it can be taken up again, last the finalizer.
async fn one(
    keeper: &Keeper,
    namespace: &str,
    name: &str,
    uid: &str,
    owned: &[&Owned],
) -> Result<Vec<String>, Fault> {
    let home = &keeper.clusters.home;
    let at = clusters::gateway(namespace, name);
    let Some((object, gateway)) = read(home, &at).await? else { return Ok(Vec::new()) };
    if gateway.metadata.uid.as_deref() != Some(uid) {
        return Ok(Vec::new());
    }
    if let Some(patch) = takeable(&object, &gateway, owned) {
        write::merge(home, &at, "", &patch, MANAGER).await?;
    }
    for object in owned {
        disown(home, &address(object.part, namespace, &object.name), object).await?;
    }
    let on_record = record(&gateway)?;
    let (mut still, mut left) = (on_record.clone(), Vec::new());
    for (id, cluster) in &on_record {
        match release::abroad(keeper, &gateway, id, cluster, &mut Report::default()).await {
            Ok(()) => drop(still.remove(id)),
            Err(fault) => left.push(format!(
                "In cluster {id}: labels of egret's on the objects of {namespace}/{name} ({})",
                fault.summary
            )),
        }
    }
    for _ in 0..TIMES {
        let Some(object) = write::get(home, &at).await? else { break };
        let metadata = &object["metadata"];
        let clean = on_record.is_empty() && metadata["finalizers"].as_array().is_none_or(Vec::is_empty);
        if clean {
            break;
        }
        match write_record(keeper, &at, &object, &still, false).await {
            Err(fault) if fault.reason == Reason::Conflict => {}
            done => {
                done?;
                break;
            }
        }
    }
    Ok(left)
}

/// The patch that records what a gateway is made of; `None`: it is on record already, or its record cannot be read.
fn takeable(object: &Value, gateway: &IstioGateway, owned: &[&Owned]) -> Option<Value> {
    let before = Names::read(gateway).ok()?;
    let mut objects: BTreeMap<String, String> = before.objects.clone();
    objects.extend(owned.iter().map(|object| (object.part.to_string(), object.uid.clone())));
    if objects == before.objects {
        return None;
    }
    let text = serde_json::to_string(&Names { objects, ..before }).ok()?;
    Some(json!({"metadata": {
        "resourceVersion": object["metadata"]["resourceVersion"],
        "annotations": {ADOPTED: text},
    }}))
}

/// Takes the reference to its gateway off an object, if it is still that object.
async fn disown(c: &Connection, at: &Address, owned: &Owned) -> Result<(), Fault> {
    let mut last = Ok(());
    for _ in 0..TIMES {
        let Some(live) = write::get(c, at).await? else { return Ok(()) };
        let metadata = &live["metadata"];
        let mut owners = metadata["ownerReferences"].as_array().cloned().unwrap_or_default();
        let before = owners.len();
        owners.retain(|owner| owner["uid"] != owned.owner.as_str());
        if metadata["uid"] != owned.uid.as_str() || owners.len() == before {
            return Ok(());
        }
        let patch = json!({"metadata": {
            "resourceVersion": metadata["resourceVersion"], "ownerReferences": owners,
        }});
        last = write::merge(c, at, "", &patch, MANAGER).await.map(drop);
        match &last {
            // Its own controllers write to it, too.
            Err(fault) if fault.reason == Reason::Conflict => {}
            _ => return last,
        }
    }
    last
}
