//! What became of a gateway, as its status says it (R20): ASM's own fields, conditions beside them, and Events.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::report::{PartState, Place, Readiness, Report};
use super::{Part, Problem};
use crate::model::fault::Fault;

/// Whether a pod that is to stay was not injected.
pub fn is_auto(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
        && pod["spec"]["containers"].as_array().into_iter().flatten().any(|c| c["image"] == "auto")
}

/// What is told of such a pod.
pub fn not_injected(pod: &Value) -> String {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    format!("pod {name} was not injected: its image is still auto")
}

/// The addresses that a Service has; none while a load balancer is awaited.
pub fn addresses(service: &Value) -> Vec<String> {
    if service["spec"]["type"] != "LoadBalancer" {
        let ip = service["spec"]["clusterIP"].as_str().filter(|ip| !ip.is_empty() && *ip != "None");
        return ip.map(str::to_owned).into_iter().collect();
    }
    let ingress = service["status"]["loadBalancer"]["ingress"].as_array().into_iter().flatten();
    let address = |i: &Value| i["ip"].as_str().or(i["hostname"].as_str()).map(str::to_owned);
    ingress.filter_map(address).collect()
}

/// How far a Deployment is: all wanted pods of the present generation ready.
pub fn rolled_out(deployment: &Value) -> Readiness {
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    let (metadata, status) = (&deployment["metadata"], &deployment["status"]);
    let condition = |kind: &str, reason: Option<&str>| {
        let all = status["conditions"].as_array().into_iter().flatten();
        let found = all
            .into_iter()
            .find(|c| c["type"] == kind && reason.is_none_or(|reason| c["reason"] == reason))?;
        Some((found["status"].as_str()? == "True", found["message"].as_str().unwrap_or_default().to_owned()))
    };
    // No pod tells of these: there is none.
    if let Some((true, message)) = condition("ReplicaFailure", None) {
        return Readiness::Failing(message);
    }
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let [updated, ready, all] =
        ["updatedReplicas", "readyReplicas", "replicas"].map(|field| number(&status[field]));
    if number(&status["observedGeneration"]) < number(&metadata["generation"]) {
        return Readiness::Progressing("the change is not taken up yet".to_owned());
    }
    if updated >= wanted && ready >= wanted && all <= updated {
        return Readiness::Ready;
    }
    if let Some((false, message)) = condition("Progressing", Some("ProgressDeadlineExceeded")) {
        return Readiness::Failing(message);
    }
    let old = if all > updated { format!(", {} of the old", all - updated) } else { String::new() };
    Readiness::Progressing(format!("{ready} of {wanted} pods are ready, {updated} of the new{old}"))
}

/// One condition, before it is compared with the one that stands.
struct Condition {
    kind: &'static str,
    is_true: bool,
    reason: &'static str,
    message: String,
}

/// The status that a report makes, and the conditions that turned: what Events tell.
pub fn status(object: &Value, report: &Report, now: Timestamp) -> (Value, Vec<Turn>) {
    let conditions = [accepted(report), programmed(report), ready(report)];
    let generation = &object["metadata"]["generation"];
    let mut turns = Vec::new();
    let written: Vec<Value> = conditions
        .iter()
        .map(|condition| {
            let said = if condition.is_true { "True" } else { "False" };
            let before = object["status"]["conditions"].as_array().into_iter().flatten();
            let before = before.into_iter().find(|c| c["type"] == condition.kind);
            let same = before.is_some_and(|c| c["status"] == said);
            if before.is_none_or(|c| c["status"] != said || c["reason"] != condition.reason) {
                turns.push(Turn {
                    warning: !condition.is_true && condition.reason != "Progressing",
                    reason: condition.reason,
                    message: condition.message.clone(),
                });
            }
            let since = before.filter(|_| same).map(|c| c["lastTransitionTime"].clone());
            json!({
                "type": condition.kind,
                "status": said,
                "reason": condition.reason,
                "message": condition.message,
                "observedGeneration": generation,
                "lastTransitionTime": since.unwrap_or_else(|| json!(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())),
            })
        })
        .collect();
    // Somebody else's conditions are not egret's to take away (R28).
    let ours = |kind: &Value| conditions.iter().any(|condition| *kind == condition.kind);
    let theirs = object["status"]["conditions"].as_array().into_iter().flatten();
    let theirs = theirs.filter(|condition| !ours(&condition["type"])).cloned();
    let written: Vec<Value> = written.into_iter().chain(theirs).collect();
    let mut status = json!({
        "Status": state(&conditions, report),
        "GatewayAddress": report.places.iter().flat_map(own_addresses).collect::<Vec<_>>(),
        "ErrorMessage": error(&conditions),
        "conditions": written,
    });
    let by_cluster = report.places.iter().filter_map(|place| {
        let id = place.cluster_id.as_ref()?;
        Some(json!({"clusterId": id, "ipAddress": own_addresses(place).first().cloned().unwrap_or_default()}))
    });
    status["ClusterIdGatewayAddressMap"] = by_cluster.collect();
    (status, turns)
}

/// A condition that turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether somebody should look.
    pub warning: bool,
    /// The reason of the condition.
    pub reason: &'static str,
    /// What it says.
    pub message: String,
}

/// ASM's own word. `Running` is what its console shows; the others are those of its ancestor.
fn state(conditions: &[Condition; 3], report: &Report) -> &'static str {
    let [accepted, programmed, ready] = conditions;
    match (accepted.is_true && programmed.is_true, ready.is_true) {
        (true, true) => "Running",
        _ if report.paused && ready.is_true => "Running",
        _ if report.paused => "Unmanaged",
        (true, false) if ready.reason == "Progressing" => "Reconciling",
        _ => "ReconcileFailed",
    }
}

/// The first condition that fails, in words.
fn error(conditions: &[Condition; 3]) -> String {
    let failing =
        conditions.iter().find(|c| !c.is_true && !["Progressing", "Paused", "Unknown"].contains(&c.reason));
    failing.map(|c| c.message.clone()).unwrap_or_default()
}

fn accepted(report: &Report) -> Condition {
    let errors: Vec<String> =
        report.problems.iter().filter(|p| p.is_error()).map(Problem::to_string).collect();
    let is_true = errors.is_empty();
    Condition {
        kind: "Accepted",
        is_true,
        reason: if is_true { "Accepted" } else { "Invalid" },
        message: if is_true { "It can be built.".to_owned() } else { limited(errors.join("; ")) },
    }
}

/// Whether every cluster holds what it should.
fn programmed(report: &Report) -> Condition {
    let condition = |is_true, reason, message| Condition {
        kind: "Programmed",
        is_true,
        reason,
        message: limited(message),
    };
    if report.problems.iter().any(Problem::is_error) {
        return condition(false, "Invalid", "Nothing is written before the gateway is mended.".to_owned());
    }
    let conflicts: Vec<String> = report.places.iter().flat_map(conflicts).collect();
    if !conflicts.is_empty() {
        return condition(false, "Conflict", conflicts.join("; "));
    }
    let faults: Vec<String> = report.all_faults().iter().map(|fault| in_words(fault)).collect();
    if !faults.is_empty() {
        return condition(false, "Failed", faults.join("; "));
    }
    if report.paused {
        return condition(false, "Paused", format!("Left as it is. {}", drift(report)).trim_end().to_owned());
    }
    let contested: Vec<String> = report.places.iter().flat_map(contested).collect();
    if !contested.is_empty() {
        return condition(false, "Contested", contested.join("; "));
    }
    let pending: usize = report.places.iter().map(|place| place.pending.len()).sum();
    match pending {
        0 => condition(true, "Programmed", "Every object is as it should be.".to_owned()),
        n => condition(
            true,
            "Pending",
            format!("{n} fields of the pod template wait to be rolled: egret/roll rolls them."),
        ),
    }
}

fn place_name(place: &Place) -> String {
    place.cluster_id.as_ref().map(|id| format!("cluster {id}: ")).unwrap_or_default()
}

fn conflicts(place: &Place) -> Vec<String> {
    let theirs = place.parts.iter().filter_map(|part| match &part.state {
        PartState::Conflict(who) => {
            Some(format!("{}{} {} belongs to {who}", place_name(place), part.part, part.name))
        }
        _ => None,
    });
    theirs.collect()
}

/// Whether the object that has this part's name is somebody else's: what it says is not said of the gateway.
fn is_theirs(place: &Place, part: Part) -> bool {
    place.parts.iter().any(|of| of.part == part && matches!(of.state, PartState::Conflict(_)))
}

fn own_addresses(place: &Place) -> &[String] {
    if is_theirs(place, Part::Service) { &[] } else { &place.addresses }
}

fn contested(place: &Place) -> Vec<String> {
    let fields = place.parts.iter().filter_map(|part| match &part.state {
        PartState::Contested(fields) => Some((part, fields)),
        _ => None,
    });
    let each = fields.flat_map(|(part, fields)| {
        fields.iter().map(move |field| {
            format!("{}{} {}: {}", place_name(place), part.part, part.name, field.in_words())
        })
    });
    each.collect()
}

/// What a paused gateway would change.
fn drift(report: &Report) -> String {
    let drifted = |part: &&crate::materialize::report::PartReport| {
        matches!(part.state, PartState::Drifted(_) | PartState::Held | PartState::ToTake)
    };
    let objects: Vec<String> = report
        .places
        .iter()
        .flat_map(|place| {
            place
                .parts
                .iter()
                .filter(drifted)
                .map(|part| format!("{}{} {}", place_name(place), part.part, part.name))
        })
        .collect();
    if objects.is_empty() { String::new() } else { format!("Not as they should be: {}.", objects.join(", ")) }
}

/// Whether all pods are ready and an address is known (R20).
fn ready(report: &Report) -> Condition {
    let condition =
        |is_true, reason, message| Condition { kind: "Ready", is_true, reason, message: limited(message) };
    let (mut failing, mut progressing) = (Vec::new(), Vec::new());
    for place in &report.places {
        let name = place_name(place);
        match &place.readiness {
            _ if is_theirs(place, Part::Deployment) => {
                progressing.push(format!("{name}there are no pods of its own"));
            }
            None if place.faults.is_empty() => progressing.push(format!("{name}there are no pods yet")),
            None => progressing.push(format!("{name}its pods are not known")),
            Some(Readiness::Failing(why)) => failing.push(format!("{name}{why}")),
            Some(Readiness::Progressing(how)) => progressing.push(format!("{name}{how}")),
            Some(Readiness::Ready) if own_addresses(place).is_empty() => {
                progressing.push(format!("{name}the Service has no address yet"));
            }
            Some(Readiness::Ready) => {}
        }
    }
    match (failing.is_empty(), progressing.is_empty()) {
        (false, _) => condition(false, "Failing", failing.join("; ")),
        (true, false) => condition(false, "Progressing", progressing.join("; ")),
        (true, true) if report.places.is_empty() => {
            condition(false, "Unknown", "Nothing was looked at.".to_owned())
        }
        (true, true) => condition(true, "Running", "All wanted pods are ready.".to_owned()),
    }
}

fn in_words(fault: &Fault) -> String {
    if fault.hint.is_empty() { fault.summary.clone() } else { format!("{}. {}", fault.summary, fault.hint) }
}

/// What a condition may say: 32 KiB, by the API's own rule.
fn limited(message: String) -> String {
    const LONGEST: usize = 4096;
    if message.len() <= LONGEST {
        message
    } else {
        format!("{}…", message.chars().take(LONGEST / 4).collect::<String>())
    }
}

#[cfg(test)]
mod tests;
