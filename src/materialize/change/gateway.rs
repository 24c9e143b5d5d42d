//! What a change of an `IstioGateway` does to what it is made of.
//!
//! Both states are built, and what is built is compared: what egret would make of them. Another keeper may make
//! something else of the same gateway, which is said where one keeps it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::plain::{bounds, of_service, scaled};
use super::{Note, rolling};
use crate::materialize::names::{Names, PAUSED};
use crate::materialize::{Desired, Objects, Problem, Site, build, validate};
use crate::model::istio_gateway::IstioGateway;
use crate::model::table::Tone;

/// What there is of a gateway in one of its clusters now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The id that the gateway names the cluster by.
    pub cluster_id: Option<String>,
    /// The Deployment, when there is one.
    pub deployment: Option<Value>,
    /// The autoscaler, when there is one.
    pub autoscaler: Option<Value>,
}

/// An image stands for the mesh's own: what is compared is built with one and the same.
const SOME_IMAGE: &str = "proxy";

/// What a change does to the gateway's objects in the clusters where it is, or is to be. A gateway that is wrong is told
/// as a problem, not here.
pub fn of_gateway(before: Option<&Value>, after: &Value, places: &[Place]) -> Vec<Note> {
    let Ok(gateway) = IstioGateway::read(after) else { return Vec::new() };
    let old = before.and_then(|before| IstioGateway::read(before).ok());
    let mut notes = Vec::new();
    if gateway.annotation(PAUSED) == Some("true") {
        notes.push(Note::new(Tone::Warn, "It is paused: nothing of this is brought about until it goes on"));
    }
    notes.extend(moved(old.as_ref(), &gateway));
    for place in places {
        let which = place.cluster_id.as_ref().map(|id| format!("Cluster {id}: ")).unwrap_or_default();
        let built = |gateway: &IstioGateway| built(gateway, place.cluster_id.as_deref());
        let (had, has) = (old.as_ref().and_then(built), built(&gateway));
        let (Some(had), Some(has)) = (had, has) else { continue };
        let of_place = in_place(&had, &has, place);
        notes.extend(of_place.into_iter().map(|note| Note::new(note.tone, format!("{which}{}", note.text))));
    }
    notes
}

/// The labels of the pods that a gateway asks for in one of its clusters; `None` for one that is wrong.
pub fn pod_labels(gateway: &Value, cluster_id: Option<&str>) -> Option<BTreeMap<String, String>> {
    let objects = built(&IstioGateway::read(gateway).ok()?, cluster_id)?;
    let labels = &objects.deployment.0["spec"]["template"]["metadata"]["labels"];
    serde_json::from_value(labels.clone()).ok()
}

fn built(gateway: &IstioGateway, cluster_id: Option<&str>) -> Option<Objects<Desired>> {
    if validate(gateway).iter().any(Problem::is_error) {
        return None;
    }
    let names = Names::read(gateway).unwrap_or_else(|_| Names::of(gateway.name()));
    let site = Site {
        cluster_id: cluster_id.map(str::to_owned),
        names,
        proxy_image: Some(SOME_IMAGE.to_owned()),
        ..Site::of(gateway)
    };
    build(gateway, &site).ok()
}

/// Clusters that it comes to, and leaves.
fn moved(old: Option<&IstioGateway>, gateway: &IstioGateway) -> Vec<Note> {
    let ids = |gateway: &IstioGateway| gateway.spec.cluster_ids.clone().unwrap_or_default();
    let (had, has) = (old.map(ids).unwrap_or_default(), ids(gateway));
    let mut notes = Vec::new();
    if old.is_none() {
        return notes;
    }
    for id in had.iter().filter(|id| !has.contains(id)) {
        let text = format!("Cluster {id}: what the gateway has there is deleted, its pods and address too");
        notes.push(Note::new(Tone::Bad, text));
    }
    for id in has.iter().filter(|id| !had.contains(id)) {
        notes.push(Note::new(Tone::Plain, format!("Cluster {id}: it is made there")));
    }
    if had.is_empty() && !has.is_empty() {
        let text =
            "It names clusters from now on: what it has in its own cluster stays only if that is among them";
        notes.push(Note::new(Tone::Warn, text));
    }
    notes
}

fn in_place(had: &Objects<Desired>, has: &Objects<Desired>, place: &Place) -> Vec<Note> {
    let mut notes = Vec::new();
    let live = place.deployment.as_ref();
    let now = live.and_then(|live| live["spec"]["replicas"].as_u64());
    let (from, to) = (&had.deployment.0["spec"], &has.deployment.0["spec"]);
    if from["template"] != to["template"] {
        // Replaced the way the change asks for, from the pods that there are.
        let mut deployment = has.deployment.0.clone();
        if let Some(now) = now {
            deployment["spec"]["replicas"] = now.into();
        }
        let words = if live.is_some() { rolling(&deployment) } else { "it has no pods yet".to_owned() };
        notes.push(Note::new(Tone::Warn, format!("The pod template changes: {words}")));
    } else if from["strategy"] != to["strategy"] {
        let text = "How pods are replaced changes, from the next time on; nothing restarts now";
        notes.push(Note::new(Tone::Plain, text));
    }
    notes.extend(replicas(had, has, now));
    notes.extend(of_service(&had.service.0, &has.service.0));
    let appears = [
        (had.disruption_budget.is_some(), has.disruption_budget.is_some(), "PodDisruptionBudget"),
        (had.compression.is_some(), has.compression.is_some(), "EnvoyFilter of the compression"),
        (had.gateway.is_some(), has.gateway.is_some(), "Gateway of the ports"),
    ];
    for (_, has, what) in appears.into_iter().filter(|(had, has, _)| had != has) {
        let verb = if has { "is made" } else { "is taken away" };
        notes.push(Note::new(Tone::Plain, format!("The {what} {verb}")));
    }
    notes
}

fn replicas(had: &Objects<Desired>, has: &Objects<Desired>, now: Option<u64>) -> Vec<Note> {
    let wanted = |objects: &Objects<Desired>| objects.deployment.0["spec"]["replicas"].as_u64();
    let now = now.or_else(|| wanted(had));
    match (&had.autoscaler, &has.autoscaler) {
        (_, Some(scaler)) => {
            let spec = &scaler.0["spec"];
            let (min, max) = (spec["minReplicas"].as_u64().unwrap_or(1), spec["maxReplicas"].as_u64());
            let mut notes = bounds(now, min, max);
            if had.autoscaler.is_none() {
                let max = max.map(|max| max.to_string()).unwrap_or_default();
                notes.insert(0, Note::new(Tone::Plain, format!("Autoscaling on: {min} to {max} pods")));
            }
            notes
        }
        (Some(_), None) => {
            let mut notes = vec![Note::new(Tone::Warn, "Autoscaling off")];
            if let (Some(now), Some(to)) = (now, wanted(has))
                && now != to
            {
                notes.push(scaled(now, to));
            }
            notes
        }
        (None, None) => match (now, wanted(had), wanted(has)) {
            (Some(now), was, Some(to)) if now != to && was != Some(to) => vec![scaled(now, to)],
            _ => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn gateway(spec: Value) -> Value {
        let mut object = json!({
            "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
            "metadata": {"name": "out", "namespace": "istio-system"},
            "spec": {"gatewayType": "egress", "ports": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        });
        if let (Some(all), Some(more)) = (object["spec"].as_object_mut(), spec.as_object()) {
            all.extend(more.clone());
        }
        object
    }

    fn told(before: Value, after: Value, live: u64) -> Vec<String> {
        let place = Place { deployment: Some(json!({"spec": {"replicas": live}})), ..Place::default() };
        let notes = of_gateway(Some(&gateway(before)), &gateway(after), &[place]);
        notes.into_iter().map(|note| note.text).collect()
    }

    #[test]
    fn what_a_change_does_to_pods_replicas_and_address_is_told() {
        assert_eq!(told(json!({"replicaCount": 2}), json!({"replicaCount": 2}), 2), Vec::<String>::new());
        assert_eq!(told(json!({"replicaCount": 2}), json!({"replicaCount": 5}), 2), ["2 → 5 pods"]);
        assert_eq!(
            told(json!({"replicaCount": 4}), json!({"replicaCount": 4, "podLabels": {"a": "b"}}), 4),
            ["The pod template changes: 4 pods are replaced: at most 5 run at once, and at least 3 serve"]
        );
        let scales = json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 9, "replicaCount": 2});
        assert_eq!(
            told(scales.clone(), json!({"replicaCount": 2}), 7),
            ["Autoscaling off", "7 → 2 pods: the rest end", "The PodDisruptionBudget is taken away"]
                .into_iter()
                .filter(|line| {
                    // A budget is kept where more than one replica is guaranteed, by a number as by a scaler.
                    !line.contains("Budget")
                })
                .collect::<Vec<_>>()
        );
        assert_eq!(
            told(json!({"serviceType": "LoadBalancer"}), json!({"serviceType": "ClusterIP"}), 1),
            [
                "Service type LoadBalancer → ClusterIP: the load balancer and its address go; the cluster IP stays"
            ]
        );
        assert_eq!(
            told(json!({}), json!({"rollingMaxSurge": "50%"}), 1),
            ["How pods are replaced changes, from the next time on; nothing restarts now"]
        );
    }

    #[test]
    fn clusters_that_a_gateway_leaves_lose_what_it_has_there() {
        let notes = of_gateway(
            Some(&gateway(json!({"clusterIds": ["c1", "c2"]}))),
            &gateway(json!({"clusterIds": ["c2", "c3"]})),
            &[],
        );
        let told: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(
            told,
            [
                "Cluster c1: what the gateway has there is deleted, its pods and address too",
                "Cluster c3: it is made there",
            ]
        );
    }

    #[test]
    fn the_labels_that_decide_over_mtls_are_those_of_the_pods() {
        let labels = pod_labels(&gateway(json!({"podLabels": {"security.istio.io/tlsMode": "istio"}})), None);
        let labels = labels.unwrap();
        assert_eq!(labels.get("security.istio.io/tlsMode").map(String::as_str), Some("istio"));
        assert_eq!(labels.get("istio").map(String::as_str), Some("out"));
        let wrong = gateway(json!({"ports": [{"name": "a", "port": 0}]}));
        assert_eq!(pod_labels(&wrong, None), None, "wrong ones have no pods");
    }
}
