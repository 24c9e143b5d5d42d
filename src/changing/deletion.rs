//! What is lost with an object that is deleted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::labels_of;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::Part;
use crate::materialize::change::{Checked, Note, keeper as kept_by, pod_labels};
use crate::materialize::names::{FINALIZER, Names};
use crate::model::edit::{Change, Target};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::model::name::Kind;
use crate::model::table::Tone;
use crate::reconcile::clusters::recorded;
use crate::reconcile::lease;
use crate::reconcile::{Keeper, mesh};
use crate::routing::Through;

/// What deleting an object would do.
///
/// # Errors
/// When it is gone already, or another object has its name now.
pub(super) async fn check(
    keeper: &Keeper,
    target: &Target,
    object: &Value,
    live: Option<Value>,
) -> Result<Checked, Fault> {
    let c = &keeper.clusters.home;
    let gone = |why: &str| {
        Fault::new(
            Reason::Missing,
            format!("{}: {} {why}", c.cluster, target.short()),
            "There is nothing to delete.",
        )
    };
    let live = live.ok_or_else(|| gone("is gone already"))?;
    if live["metadata"]["uid"] != object["metadata"]["uid"] {
        return Err(gone("was deleted and made again: this is another one now"));
    }
    let mut checked = Checked::new(target.clone(), Change::Delete { object: live.clone() });
    checked.kept = kept_by(&live);
    if let Some(kept) = &checked.kept {
        checked.grave.push(format!("{} keeps it", kept.by));
    }
    if !live["metadata"]["deletionTimestamp"].is_null() {
        checked.notes.push(Note::new(Tone::Warn, "It is being deleted already"));
    }
    match target.kind.as_str() {
        "IstioGateway" => gateway(keeper, &mut checked, &live).await,
        "Deployment" => {
            let labels = labels_of(&live["spec"]["template"]["metadata"]["labels"]);
            let replicas = live["status"]["replicas"].as_u64().unwrap_or_default();
            checked.notes.push(Note::new(Tone::Bad, format!("{} end with it", pods(replicas))));
            let ready = live["status"]["readyReplicas"].as_u64().unwrap_or_default();
            traffic(c, &mut checked, &labels, None, ready).await;
        }
        "Service" => {
            let labels = labels_of(&live["spec"]["selector"]);
            let address = address_of(&live);
            let text = format!(
                "Its address {address} goes: who connects to it is cut off, and a new Service has another"
            );
            checked.notes.push(Note::new(Tone::Bad, text));
            traffic(c, &mut checked, &labels, Some(&target.name), 1).await;
        }
        "Pod" => {
            let owner = live["metadata"]["ownerReferences"].as_array().into_iter().flatten();
            let owned = owner.into_iter().any(|owner| owner["controller"] == true);
            let text = if owned { "Its controller makes another one" } else { "Nobody makes another one" };
            checked.notes.push(Note::new(if owned { Tone::Plain } else { Tone::Bad }, text));
        }
        _ => {}
    }
    Ok(checked)
}

fn pods(count: u64) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}

fn address_of(service: &Value) -> String {
    let balancer = &service["status"]["loadBalancer"]["ingress"][0];
    let texts = [&balancer["ip"], &balancer["hostname"], &service["spec"]["clusterIP"]];
    texts.into_iter().find_map(Value::as_str).unwrap_or("?").to_owned()
}

async fn gateway(keeper: &Keeper, checked: &mut Checked, live: &Value) {
    let Ok(gateway) = IstioGateway::read(live) else { return };
    let names = Names::read(&gateway).unwrap_or_else(|_| Names::of(gateway.name()));
    let namespace = gateway.metadata.namespace.clone().unwrap_or_default();
    for target in keeper.clusters.targets(gateway.spec.cluster_ids.as_deref().unwrap_or_default()) {
        let which = target.id.as_ref().map(|id| format!(" in cluster {id}")).unwrap_or_default();
        let way = match target.way {
            Ok(way) => way,
            Err(fault) => {
                let text = format!(
                    "{}: what it has there stays, and holds the gateway until it can be reached",
                    fault.summary
                );
                checked.notes.push(Note::new(Tone::Warn, text));
                continue;
            }
        };
        let (going, ready) = match objects(&way.connection, &namespace, &names, live).await {
            Ok(found) => found,
            Err(fault) => {
                checked.notes.push(Note::new(Tone::Warn, fault.summary));
                continue;
            }
        };
        checked
            .notes
            .extend(going.into_iter().map(|text| Note::new(Tone::Warn, format!("{text} goes{which}"))));
        let labels = pod_labels(live, target.id.as_deref()).unwrap_or_else(|| names.selector.clone());
        traffic(&way.connection, checked, &labels, Some(&names.service), ready).await;
    }
    held(keeper, checked, &gateway).await;
}

/// The objects of a gateway in one cluster, in words, and how many of its pods are ready.
async fn objects(
    c: &Connection,
    namespace: &str,
    names: &Names,
    gateway: &Value,
) -> Result<(Vec<String>, u64), Fault> {
    use strum::IntoEnumIterator as _;
    let uid = &gateway["metadata"]["uid"];
    let mut words = Vec::new();
    let mut ready = 0;
    for part in Part::iter() {
        let name = names.of_part(part);
        let at = Address {
            kind: part.to_string(),
            resource: part.resource(),
            namespace: namespace.to_owned(),
            name: name.clone(),
        };
        let Some(object) = write::get(c, &at).await? else { continue };
        let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        let is_its = owners.into_iter().any(|owner| owner["uid"] == *uid)
            || object["metadata"]["labels"][crate::materialize::names::GATEWAY_UID] == *uid;
        if !is_its {
            words.push(format!("{part} {name} is somebody else's and stays; nothing of it"));
            continue;
        }
        words.push(match part {
            Part::Deployment => {
                ready = object["status"]["readyReplicas"].as_u64().unwrap_or_default();
                format!(
                    "Deployment {name} with {}",
                    pods(object["status"]["replicas"].as_u64().unwrap_or_default())
                )
            }
            Part::Service => format!("Service {name} with its address {}", address_of(&object)),
            _ => format!("{part} {name}"),
        });
    }
    Ok((words, ready))
}

/// What leads through the gateway: with pods that serve, a name has to be typed.
async fn traffic(
    c: &Connection,
    checked: &mut Checked,
    labels: &BTreeMap<String, String>,
    service: Option<&str>,
    ready: u64,
) {
    let mesh = match mesh::mesh(c, None).await {
        Ok(mesh) => mesh,
        Err(fault) => {
            let text = format!("What leads through it cannot be told: {}", fault.summary);
            checked.notes.push(Note::new(Tone::Warn, text));
            checked.grave.push("what leads through it is not known".to_owned());
            return;
        }
    };
    let namespace = checked.target.namespace.clone();
    let through = Through::of(labels, service.unwrap_or_default(), &namespace, &mesh);
    for (gateway, hosts) in &through.gateways {
        let text = format!("Gateway {gateway} has no pods any more: {} are not served", hosts.join(", "));
        checked.notes.push(Note::new(Tone::Bad, text));
    }
    for route in &through.routes {
        let text = format!("VirtualService {route} leads to its Service: what goes that way fails");
        checked.notes.push(Note::new(Tone::Bad, text));
    }
    for rule in &through.rules {
        checked
            .notes
            .push(Note::new(Tone::Plain, format!("DestinationRule {rule} is about its Service and stays")));
    }
    if through.is_empty() {
        let text = "No Gateway selects its pods and no VirtualService leads to it. What comes by its address alone is not seen from here";
        checked.notes.push(Note::new(Tone::Plain, text));
    }
    if !through.is_empty() && ready > 0 {
        checked.grave.push("traffic is led through it".to_owned());
    }
}

/// Who will take the finalizer off, when there is one: nobody, where no controller runs (R2).
async fn held(keeper: &Keeper, checked: &mut Checked, gateway: &IstioGateway) {
    let c = &keeper.clusters.home;
    let waits = gateway.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER);
    let abroad = recorded(gateway.annotation(crate::materialize::names::CLUSTERS)).unwrap_or_default();
    if !waits {
        return;
    }
    let clusters: Vec<String> = abroad.into_keys().collect();
    let text = match clusters.as_slice() {
        [] => "The finalizer egret/cleanup holds it until egret's controller has looked".to_owned(),
        ids => format!(
            "The finalizer egret/cleanup holds it until egret's controller has cleaned up {}",
            ids.join(", ")
        ),
    };
    checked.notes.push(Note::new(Tone::Plain, text));
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
    let at = Address {
        kind: Kind::Lease.to_string(),
        resource: Kind::Lease.resource(),
        namespace: namespace.to_owned(),
        name: lease::NAME.to_owned(),
    };
    let holder = write::get(c, &at).await.ok().flatten();
    let holder =
        holder.as_ref().and_then(|lease| lease["spec"]["holderIdentity"].as_str()).unwrap_or_default();
    if holder.is_empty() {
        let text = "No controller runs: it stays in deletion until one does (`K` on Clusters, or `egret controller`)";
        checked.notes.push(Note::new(Tone::Warn, text));
    }
}
