//! What a change of one of Kubernetes' own objects does to pods and addresses.

use serde_json::Value;

use super::{Note, rolling};
use crate::model::table::Tone;

/// What becomes of pods and addresses, by kind; nothing where nothing is known of the kind.
pub fn of_object(before: &Value, after: &Value) -> Vec<Note> {
    match after["kind"].as_str().unwrap_or_default() {
        "Deployment" | "DaemonSet" | "StatefulSet" => of_workload(before, after),
        "Service" => of_service(before, after),
        "HorizontalPodAutoscaler" => of_autoscaler(before, after),
        _ => Vec::new(),
    }
}

fn of_workload(before: &Value, after: &Value) -> Vec<Note> {
    let mut notes = Vec::new();
    let template = |object: &Value| object["spec"]["template"].clone();
    if template(before) != template(after) {
        let words = match after["kind"].as_str() {
            Some("Deployment") => rolling(after),
            _ => "its pods are replaced".to_owned(),
        };
        notes.push(Note::new(Tone::Warn, format!("The pod template changes: {words}")));
    }
    let replicas = |object: &Value| object["spec"]["replicas"].as_u64();
    if let (Some(from), Some(to)) = (replicas(before), replicas(after))
        && from != to
    {
        notes.push(scaled(from, to));
    }
    notes
}

/// Other pods than before.
pub(super) fn scaled(from: u64, to: u64) -> Note {
    let tone = if to < from { Tone::Warn } else { Tone::Plain };
    let end = match to {
        0 => ": nothing serves any more",
        to if to < from => ": the rest end",
        _ => "",
    };
    let tone = if to == 0 { Tone::Bad } else { tone };
    Note::new(tone, format!("{from} → {to} pods{end}"))
}

/// What a Service of another type, or with other ports, means to who uses its address.
pub(super) fn of_service(before: &Value, after: &Value) -> Vec<Note> {
    let mut notes = Vec::new();
    let kind = |object: &Value| object["spec"]["type"].as_str().unwrap_or("ClusterIP").to_owned();
    let (from, to) = (kind(before), kind(after));
    if from != to {
        let then = match (from.as_str(), to.as_str()) {
            ("LoadBalancer", _) => "the load balancer and its address go; the cluster IP stays",
            (_, "LoadBalancer") => "a load balancer is asked for; the cluster IP stays",
            ("NodePort", _) => "the node ports go; the cluster IP stays",
            (_, "ExternalName") => "its cluster IP goes",
            _ => "the cluster IP stays",
        };
        let tone = if from == "LoadBalancer" || to == "ExternalName" { Tone::Bad } else { Tone::Warn };
        notes.push(Note::new(tone, format!("Service type {from} → {to}: {then}")));
    } else if to == "LoadBalancer" {
        for field in ["loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges"] {
            if before["spec"][field] != after["spec"][field] {
                let text = format!("{field} of the load balancer changes: the address may change");
                notes.push(Note::new(Tone::Warn, text));
            }
        }
    }
    let ports = |object: &Value| -> Vec<u64> {
        object["spec"]["ports"].as_array().into_iter().flatten().filter_map(|p| p["port"].as_u64()).collect()
    };
    let (had, has) = (ports(before), ports(after));
    let closed: Vec<String> = had.iter().filter(|port| !has.contains(port)).map(u64::to_string).collect();
    let opened: Vec<String> = has.iter().filter(|port| !had.contains(port)).map(u64::to_string).collect();
    if !closed.is_empty() {
        let text = format!("Port {} closes: who connects to it is refused", closed.join(", "));
        notes.push(Note::new(Tone::Bad, text));
    }
    if !opened.is_empty() {
        notes.push(Note::new(Tone::Plain, format!("Port {} opens", opened.join(", "))));
    }
    notes
}

fn of_autoscaler(before: &Value, after: &Value) -> Vec<Note> {
    let now = before["status"]["currentReplicas"].as_u64();
    let bound = |field: &str| after["spec"][field].as_u64();
    bounds(now, bound("minReplicas").unwrap_or(1), bound("maxReplicas"))
}

/// What other bounds mean for the pods that there are now.
pub(super) fn bounds(now: Option<u64>, min: u64, max: Option<u64>) -> Vec<Note> {
    match (now, max) {
        (Some(now), _) if now < min => vec![scaled(now, min)],
        (Some(now), Some(max)) if now > max => vec![scaled(now, max)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: Value, after: Value) -> Vec<String> {
        of_object(&before, &after).into_iter().map(|note| note.text).collect()
    }

    #[test]
    fn what_becomes_of_pods_and_addresses_is_told() {
        let workload = |replicas: u64, image: &str| json!({"kind": "Deployment", "spec": {"replicas": replicas, "template": {"image": image}}});
        assert_eq!(told(workload(3, "a"), workload(3, "a")), Vec::<String>::new());
        assert_eq!(
            told(workload(3, "a"), workload(3, "b")),
            ["The pod template changes: 3 pods are replaced: at most 4 run at once, and at least 3 serve"]
        );
        assert_eq!(told(workload(3, "a"), workload(0, "a")), ["3 → 0 pods: nothing serves any more"]);
        let service = |kind: &str, ports: &[u64]| {
            let ports: Vec<Value> = ports.iter().map(|port| json!({"port": port})).collect();
            json!({"kind": "Service", "spec": {"type": kind, "ports": ports}})
        };
        assert_eq!(
            told(service("LoadBalancer", &[80, 443]), service("ClusterIP", &[80, 8080])),
            [
                "Service type LoadBalancer → ClusterIP: the load balancer and its address go; the cluster IP stays",
                "Port 443 closes: who connects to it is refused",
                "Port 8080 opens",
            ]
        );
        let scaler = |max: u64| json!({"kind": "HorizontalPodAutoscaler", "spec": {"maxReplicas": max}, "status": {"currentReplicas": 7}});
        assert_eq!(told(scaler(9), scaler(5)), ["7 → 5 pods: the rest end"]);
    }
}
