//! A pod: what `kubectl describe` knows, the trouble first.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{self, list, number, pairs, scalar, text, time};
use super::words::{DASH, count, fact, joined, lasting, lines, listing, moment, one_line};
use super::{conditions, container, saying, volume};
use crate::model::facts::{Fact, Section};
use crate::model::row::{PodRow, Row, Trouble};
use crate::model::table::Tone;

/// A pod, from the whole object.
pub fn pod(pod: &Value, now: Timestamp) -> Vec<Section> {
    let parsed = serde_json::to_vec(pod).and_then(|json| PodRow::parse(&json));
    let row = match parsed {
        Ok(row) => row,
        Err(error) => {
            return saying(
                Tone::Bad,
                &format!("This pod cannot be read: {error}."),
                "Its YAML shows it as it is.",
            );
        }
    };
    let mut sections = vec![Section::new("State", state(pod, &row, now))];
    sections.push(conditions::section(&read::conditions(pod, "/status/conditions"), now));
    sections.extend(containers(pod, now));
    sections.extend(volumes(pod));
    sections.push(Section::new("Placement", placement(pod)));
    sections.extend(listing("Labels", pairs(pod, "/metadata/labels")));
    sections.extend(listing("Annotations", pairs(pod, "/metadata/annotations")));
    sections
}

fn state(pod: &Value, row: &PodRow, now: Timestamp) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Status", or_dash(&row.status)).tone(tone(row))];
    facts.extend(
        row.trouble.as_ref().map(|trouble| Fact::new("Trouble", trouble_words(trouble)).tone(Tone::Bad)),
    );
    if let Some(since) = row.meta.deleting {
        facts.push(ending(pod, row, since, now));
    }
    let (ready, all) = row.ready;
    let short = !row.is_ready && &*row.phase != "Succeeded";
    facts.push(Fact::new("Ready", format!("{ready} of {}", count(all.into(), "container"))).tone(if short {
        Tone::Warn
    } else {
        Tone::Plain
    }));
    let last = row.last_restart.map(|last| format!("last {}", moment(last, now))).unwrap_or_default();
    facts.push(
        Fact::new("Restarts", row.restarts.to_string())
            .tone(if row.restarts > 0 { Tone::Warn } else { Tone::Plain })
            .note(last),
    );
    facts.push(node(pod, row));
    let ips = list(pod, "/status/podIPs").iter().filter_map(|entry| text(entry, "/ip"));
    let ips = joined(ips, ", ");
    let ip = if ips.is_empty() { row.ip.to_string() } else { ips };
    facts.push(fact("Pod IP", (!ip.is_empty()).then(|| one_line(&ip))));
    let owner = row.meta.owner.as_ref().map(|owner| format!("{} {}", owner.kind, owner.name));
    facts.push(match owner {
        Some(owner) => Fact::new("Owner", one_line(&owner)),
        None => Fact::new("Owner", "none: nobody makes it again when it is gone").tone(Tone::Warn),
    });
    facts.push(fact("Service account", text(pod, "/spec/serviceAccountName").map(one_line)));
    facts.push(fact("Quality of service", text(pod, "/status/qosClass").map(quality)));
    facts.extend(
        text(pod, "/spec/priorityClassName").map(|class| Fact::new("Priority class", one_line(class))),
    );
    facts.push(fact("Created", row.meta.created.map(|created| moment(created, now))));
    facts.extend(
        time(pod, "/status/startTime").map(|start| Fact::new("Taken by the node", moment(start, now))),
    );
    facts
}

fn quality(class: &str) -> String {
    let means = match class {
        "Guaranteed" => " (requests equal limits: evicted last)",
        "Burstable" => " (requests below limits)",
        "BestEffort" => " (no requests: evicted first)",
        _ => "",
    };
    format!("{}{means}", one_line(class))
}

fn tone(row: &PodRow) -> Tone {
    match (&*row.status, &row.trouble) {
        ("Running", None) if row.is_ready => Tone::Good,
        ("Completed" | "Succeeded", _) => Tone::Muted,
        (_, Some(_)) => Tone::Bad,
        _ => Tone::Busy,
    }
}

/// `CrashLoopBackOff in istio-proxy: exit 1`.
pub(super) fn trouble_words(trouble: &Trouble) -> String {
    let place =
        if trouble.container.is_empty() { String::new() } else { format!(" in {}", trouble.container) };
    let reason = if trouble.reason.is_empty() { "Not ready" } else { &trouble.reason };
    one_line(&joined([format!("{reason}{place}"), trouble.message.to_string()], ": "))
}

fn ending(pod: &Value, row: &PodRow, since: Timestamp, now: Timestamp) -> Fact {
    let grace =
        number(pod, "/metadata/deletionGracePeriodSeconds").map(|seconds| format!("{seconds} s of grace"));
    let held =
        (!row.meta.finalizers.is_empty()).then(|| format!("waits for {}", row.meta.finalizers.join(", ")));
    let said = joined(grace.into_iter().chain(held), ", ");
    // The server sets the time at which the grace ends.
    let when = if since > now { String::new() } else { format!("overdue {}", lasting(Some(since), now)) };
    let (said, tone) = (
        if said.is_empty() { "yes".to_owned() } else { said },
        if since > now { Tone::Busy } else { Tone::Warn },
    );
    Fact::new("Being deleted", one_line(&said)).tone(tone).note(when)
}

fn node(pod: &Value, row: &PodRow) -> Fact {
    if row.node.is_empty() {
        let wished =
            text(pod, "/status/nominatedNodeName").map(|node| format!(", room is being made on {node}"));
        return Fact::new("Node", format!("none yet{}", wished.unwrap_or_default())).tone(Tone::Busy);
    }
    Fact::new("Node", one_line(&row.node)).note(text(pod, "/status/hostIP").unwrap_or_default())
}

/// Lists of containers in the spec and of their statuses.
const CONTAINERS: [(&str, &str, &str); 3] = [
    ("Init container", "/spec/initContainers", "/status/initContainerStatuses"),
    ("Container", "/spec/containers", "/status/containerStatuses"),
    ("Debug container", "/spec/ephemeralContainers", "/status/ephemeralContainerStatuses"),
];

fn containers(pod: &Value, now: Timestamp) -> Vec<Section> {
    let of = |(role, specs, statuses): (&'static str, &str, &str)| {
        let statuses = list(pod, statuses);
        let section = move |spec: &Value| {
            let name = text(spec, "/name");
            let status = statuses.iter().find(|status| name.is_some() && text(status, "/name") == name);
            // An init container that goes on running is a sidecar.
            let sidecar = role == "Init container" && text(spec, "/restartPolicy") == Some("Always");
            container::section(if sidecar { "Sidecar" } else { role }, spec, status, now)
        };
        list(pod, specs).iter().map(section).collect::<Vec<_>>()
    };
    CONTAINERS.into_iter().flat_map(of).collect()
}

fn volumes(pod: &Value) -> Option<Section> {
    let facts: Vec<Fact> = list(pod, "/spec/volumes")
        .iter()
        .map(|entry| {
            let (name, source) = volume::volume(entry);
            Fact::new(name, source)
        })
        .collect();
    (!facts.is_empty()).then(|| Section::new("Volumes", facts))
}

fn placement(pod: &Value) -> Vec<Fact> {
    let several = |label: &'static str, entries: Vec<String>, none: &'static str| match entries.is_empty() {
        true => Fact::new(label, none).tone(Tone::Muted),
        false => Fact::new(label, lines(&entries)),
    };
    let mut facts = vec![
        several("Node selector", pairs(pod, "/spec/nodeSelector"), "any node"),
        several("Tolerations", list(pod, "/spec/tolerations").iter().map(toleration).collect(), "none"),
    ];
    if pod.pointer("/spec/hostNetwork").and_then(Value::as_bool) == Some(true) {
        facts.push(
            Fact::new("Network", "the node's own: istiod injects nothing into such pods").tone(Tone::Warn),
        );
    }
    facts.extend(
        scalar(pod, "/spec/terminationGracePeriodSeconds")
            .map(|s| Fact::new("Grace at the end", format!("{s} s"))),
    );
    facts.extend(
        scalar(pod, "/spec/restartPolicy").map(|policy| Fact::new("Restarts when", one_line(&policy))),
    );
    facts
}

/// As kubectl writes taints: `dedicated=gateway:NoSchedule`, `node.kubernetes.io/not-ready:NoExecute for 300 s`.
pub(super) fn toleration(toleration: &Value) -> String {
    let mut said = text(toleration, "/key").unwrap_or("any taint").to_owned();
    if let Some(value) = text(toleration, "/value") {
        said = format!("{said}={value}");
    }
    if let Some(effect) = text(toleration, "/effect") {
        said = format!("{said}:{effect}");
    }
    if let Some(seconds) = number(toleration, "/tolerationSeconds") {
        said = format!("{said} for {seconds} s");
    }
    one_line(&said)
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { DASH.to_owned() } else { one_line(text) }
}
