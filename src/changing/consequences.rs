//! What comes of a change that the server would take: to pods, replicas and addresses, and to mesh mTLS (R13).

use std::collections::BTreeMap;

use serde_json::Value;

use super::labels_of;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::Part;
use crate::materialize::change::{Checked, Note, Place, of_gateway, of_object, pod_labels};
use crate::materialize::names::Names;
use crate::model::clean::clean;
use crate::model::edit::Change;
use crate::model::fault::Fault;
use crate::model::istio_gateway::IstioGateway;
use crate::model::table::Tone;
use crate::reconcile::{Keeper, mesh};
use crate::routing::{ServerMtls, breaks, mtls};

/// Adds what comes of the change to what is known of it. What cannot be found out is told as such: it refuses nothing.
pub(super) async fn tell(keeper: &Keeper, checked: &mut Checked) {
    let (before, after) = match &checked.change {
        Change::Create { object } => (None, checked.stored.as_ref().unwrap_or(object).clone()),
        Change::Edit { before, after } => {
            (Some(before.clone()), checked.stored.as_ref().unwrap_or(after).clone())
        }
        Change::Delete { .. } | Change::Set { .. } => return,
    };
    match checked.target.kind.as_str() {
        "IstioGateway" => gateway(keeper, checked, before.as_ref(), &after).await,
        _ => {
            if let Some(before) = &before {
                checked.notes.extend(of_object(before, &after));
            }
            let labels = |object: &Value| labels_of(&object["spec"]["template"]["metadata"]["labels"]);
            if checked.target.kind == "Deployment" {
                let scales =
                    before.as_ref().is_some_and(|b| b["spec"]["replicas"] != after["spec"]["replicas"]);
                if scales && let Some(note) = autoscaled(keeper, checked).await {
                    checked.notes.push(note);
                }
                let before = before.as_ref().map(&labels).unwrap_or_default();
                let service =
                    service_of(&keeper.clusters.home, &checked.target.namespace, &labels(&after)).await;
                if let Ok(Some(service)) = service {
                    let at = (checked.target.namespace.clone(), service);
                    mutual(&keeper.clusters.home, checked, &at, (&before, &labels(&after))).await;
                }
            }
        }
    }
    if let Some(kept) = &checked.kept {
        checked.grave.push(format!("{} keeps it", kept.by));
    }
}

async fn gateway(keeper: &Keeper, checked: &mut Checked, before: Option<&Value>, after: &Value) {
    let Ok(read) = IstioGateway::read(after) else { return };
    let names = Names::read(&read).unwrap_or_else(|_| Names::of(read.name()));
    let namespace = read.metadata.namespace.clone().unwrap_or_default();
    let ids = read.spec.cluster_ids.clone().unwrap_or_default();
    let mut places = Vec::new();
    for target in keeper.clusters.targets(&ids) {
        match target.way {
            Err(fault) => checked.notes.push(Note::new(Tone::Warn, fault.summary)),
            Ok(way) => {
                let c = &way.connection;
                match place(c, &namespace, &names, target.id).await {
                    Ok(place) => places.push((way.connection, place)),
                    Err(fault) => checked.notes.push(Note::new(Tone::Warn, fault.summary)),
                }
            }
        }
    }
    let all: Vec<Place> = places.iter().map(|(_, place)| place.clone()).collect();
    checked.notes.extend(of_gateway(before, after, &all));
    for (c, place) in &places {
        let id = place.cluster_id.as_deref();
        let labels = |object: &Value| pod_labels(object, id).unwrap_or_default();
        let had = before.map(&labels).unwrap_or_default();
        let at = (namespace.clone(), names.service.clone());
        mutual(c, checked, &at, (&had, &labels(after))).await;
    }
}

async fn place(
    c: &Connection,
    namespace: &str,
    names: &Names,
    cluster_id: Option<String>,
) -> Result<Place, Fault> {
    let at = |part: Part| Address {
        kind: part.to_string(),
        resource: part.resource(),
        namespace: namespace.to_owned(),
        name: names.of_part(part),
    };
    let (deployment, scaler) = (at(Part::Deployment), at(Part::HorizontalPodAutoscaler));
    let (deployment, autoscaler) = futures::try_join!(write::get(c, &deployment), write::get(c, &scaler))?;
    Ok(Place { cluster_id, deployment, autoscaler })
}

/// The autoscaler that decides over a Deployment's pods, whatever somebody else asks for.
async fn autoscaled(keeper: &Keeper, checked: &Checked) -> Option<Note> {
    let at = Address {
        kind: Part::HorizontalPodAutoscaler.to_string(),
        resource: Part::HorizontalPodAutoscaler.resource(),
        namespace: checked.target.namespace.clone(),
        name: String::new(),
    };
    let all = match write::list(&keeper.clusters.home, &at, "").await {
        Ok(all) => all,
        Err(fault) => {
            let text = format!("Whether an autoscaler decides over it cannot be told: {}", fault.summary);
            return Some(Note::new(Tone::Warn, text));
        }
    };
    let is_its = |scaler: &&Value| {
        let of = &scaler["spec"]["scaleTargetRef"];
        of["kind"] == "Deployment" && of["name"] == checked.target.name.as_str()
    };
    let scaler = all.iter().find(is_its)?;
    let name = clean(scaler["metadata"]["name"].as_str().unwrap_or_default()).into_owned();
    let (min, max) = (&scaler["spec"]["minReplicas"], &scaler["spec"]["maxReplicas"]);
    let text =
        format!("HorizontalPodAutoscaler {name} ({min} to {max} pods) decides: it puts its own number back");
    Some(Note::new(Tone::Bad, text))
}

/// The Service that selects pods with these labels.
async fn service_of(
    c: &Connection,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Result<Option<String>, Fault> {
    let at = Address {
        kind: "Service".to_owned(),
        resource: Part::Service.resource(),
        namespace: namespace.to_owned(),
        name: String::new(),
    };
    let selects = |service: &Value| {
        let selector = labels_of(&service["spec"]["selector"]);
        !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    let all = write::list(c, &at, "").await?;
    Ok(all
        .iter()
        .find(|service| selects(service))
        .and_then(|s| s["metadata"]["name"].as_str().map(str::to_owned)))
}

/// What other labels of the pods mean for each server: one that breaks needs the typed name (R13).
async fn mutual(
    c: &Connection,
    checked: &mut Checked,
    (namespace, service): &(String, String),
    (had, has): (&BTreeMap<String, String>, &BTreeMap<String, String>),
) {
    if had == has {
        return;
    }
    let revision = has.get(crate::materialize::build::REVISION).map(String::as_str);
    let mesh = match mesh::mesh(c, revision).await {
        Ok(mesh) => mesh,
        Err(fault) => {
            let text = format!("What becomes of mesh mTLS cannot be told: {}", fault.summary);
            return checked.notes.push(Note::new(Tone::Warn, text));
        }
    };
    let host = mesh::host_of(service, namespace);
    let servers = |labels: &BTreeMap<String, String>| mtls(labels, &host, namespace, &mesh);
    let (before, after) = (servers(had), servers(has));
    for server in breaks(&before, &after) {
        checked.notes.push(Note::new(Tone::Bad, in_words(server)));
        if let Some(remedy) = &server.worst.remedy {
            checked.notes.push(Note::new(Tone::Plain, format!("Instead: {remedy}")));
        }
        let text = "In two steps nothing breaks: open a new port that speaks the other way first, lead clients there, and close the old one";
        checked.notes.push(Note::new(Tone::Plain, text));
        checked.grave.push(format!("it breaks port {} of Gateway {}", server.port, server.gateway));
    }
    let is_same = |server: &&ServerMtls| {
        before.iter().any(|old| {
            (&old.gateway, old.port, &old.hosts, old.state())
                == (&server.gateway, server.port, &server.hosts, server.state())
        })
    };
    for server in after.iter().filter(|server| !server.state().is_broken() && !is_same(server)) {
        checked.notes.push(Note::new(Tone::Plain, in_words(server)));
    }
}

fn in_words(server: &ServerMtls) -> String {
    format!(
        "mTLS of port {} ({}) of Gateway {}: {}, for {}",
        server.port,
        server.hosts.join(", "),
        server.gateway,
        server.state(),
        server.worst.why
    )
}
