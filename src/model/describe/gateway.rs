//! A gateway at a glance: how it is, what it is set to, what it is made of.

use jiff::Timestamp;
use serde_json::Value;

use super::pod::trouble_words;
use super::read::text;
use super::words::{DASH, count, fact, joined, lasting, moment, one_line};
use super::{conditions, parameters, parts, service};
use crate::model::facts::{Fact, Section};
use crate::model::gateway::{Direction, GatewayRow};
use crate::model::health::HealthState;
use crate::model::name::Kind;
use crate::model::row::{GatewayApiRow, IstioGatewayRow, PodRow, WorkloadRow};
use crate::model::table::Tone;

/// How many pods are told one by one.
const PODS_TOLD: usize = 5;

/// A gateway. `object` gives the whole objects that have arrived; of the others it shows what the row knows.
pub fn gateway_overview<'v>(
    row: &GatewayRow,
    object: &dyn Fn(Kind) -> Option<&'v Value>,
    now: Timestamp,
) -> Vec<Section> {
    let mut sections = vec![Section::new("State", state(row, now))];
    match (&row.cr, &row.api) {
        (Some(cr), _) => {
            sections.extend(parameters::of_cr(cr, row));
            sections.extend(not_understood(cr));
        }
        (None, api) => {
            sections.extend(api.as_ref().map(|api| wished(api, now)));
            sections.extend(parameters::of_objects(row, object));
        }
    }
    sections.push(parts::made_of(row, now));
    sections.push(parts::managers(row, object, now));
    sections
}

fn tone(state: HealthState) -> Tone {
    match state {
        HealthState::Running => Tone::Good,
        HealthState::Progressing | HealthState::Deleting => Tone::Busy,
        HealthState::Pending | HealthState::Degraded => Tone::Warn,
        HealthState::Unknown => Tone::Muted,
        HealthState::Error => Tone::Bad,
    }
}

fn state(row: &GatewayRow, now: Timestamp) -> Vec<Fact> {
    let health = joined([row.health.state.to_string(), one_line(&row.health.reason)], ": ");
    let mut facts = vec![Fact::new("Health", health).tone(tone(row.health.state))];
    match &row.workload {
        Some(workload) => facts.extend(rollout("Replicas", workload, now)),
        None => facts.push(unseen(row)),
    }
    if let Some(canary) = &row.canary {
        facts.extend(rollout("Canary replicas", canary, now));
    }
    facts.extend(troubles(row, now));
    facts.extend(pods(row, now));
    facts.push(address(row));
    facts.extend(row.cr.as_ref().map(|cr| keeper_words(cr)).into_iter().flatten());
    let cr = row.cr.as_ref().map(|cr| &cr.meta);
    let api = row.api.as_ref().map(|api| &api.meta);
    let workload = row.workload.as_ref().map(|workload| &workload.meta);
    let deleted = [cr, api, workload].into_iter().flatten();
    let mut deleted = deleted.filter_map(|meta| Some((meta.deleting?, &meta.finalizers)));
    facts.extend(deleted.next().map(|(since, finalizers)| service::deleting(since, finalizers, now)));
    facts.extend(identity(row, now));
    facts
}

/// What Deployments and ReplicaSets complain of: some troubles have no pod to show them (R7).
fn troubles(row: &GatewayRow, now: Timestamp) -> Vec<Fact> {
    let workloads = row.workload.iter().chain(&row.canary).flat_map(|workload| &workload.conditions);
    let sets = row.replica_sets.iter().take(1).flat_map(|set| &set.conditions);
    let mut told: Vec<Fact> = Vec::new();
    for condition in workloads.chain(sets).filter(|condition| conditions::is_trouble(condition)) {
        let fact = conditions::fact(condition, now);
        // A Deployment repeats what its ReplicaSet says.
        if !told.iter().any(|known| known.label == fact.label && known.value == fact.value) {
            told.push(fact);
        }
    }
    told
}

/// Where it is and where it comes from.
fn identity(row: &GatewayRow, now: Timestamp) -> Vec<Fact> {
    let home = row.home.as_ref().map(|home| format!("its IstioGateway is kept in {home}"));
    let direction = match row.direction {
        Direction::Unknown => {
            let said = "unknown: nothing says whether it is for egress or ingress";
            Fact::new("Direction", said).tone(Tone::Muted)
        }
        known => Fact::new("Direction", known.to_string()),
    };
    vec![
        Fact::new("Cluster", one_line(row.id.cluster.as_str())).note(one_line(&home.unwrap_or_default())),
        Fact::new("Namespace", one_line(&row.id.namespace)),
        Fact::new("Made by", row.origin.to_string()),
        direction,
        proxy(row),
        fact("Created", row.created.map(|created| moment(created, now))),
    ]
}

/// Replicas of a workload that is not there, or not to be seen.
fn unseen(row: &GatewayRow) -> Fact {
    if row.health.state == HealthState::Unknown {
        return Fact::new("Replicas", "unknown").tone(Tone::Muted);
    }
    match row.api.as_ref().is_some_and(|api| !api.bound_to.is_empty()) {
        true => Fact::new("Replicas", "none of its own: it is bound to a Service").tone(Tone::Muted),
        false => Fact::new("Replicas", "none: there is no Deployment").tone(Tone::Bad),
    }
}

fn proxy(row: &GatewayRow) -> Fact {
    match &*row.proxy_version {
        "" => Fact::new("Proxy", DASH).tone(Tone::Muted),
        version if version.contains("auto!") => {
            Fact::new("Proxy", "not injected: the image is still `auto`, so it cannot start").tone(Tone::Bad)
        }
        version => Fact::new("Proxy", one_line(version)),
    }
}

/// `3 wanted, 3 updated, 2 ready, 2 available`.
fn rollout(label: &'static str, workload: &WorkloadRow, now: Timestamp) -> Vec<Fact> {
    let WorkloadRow { wanted, updated, ready, available, .. } = *workload;
    let said = format!("{wanted} wanted, {updated} updated, {ready} ready, {available} available");
    let old = workload.current.saturating_sub(updated);
    let old = (old > 0).then(|| format!("{old} of an older template still there"));
    let complete = updated >= wanted && ready >= wanted && available >= wanted && old.is_none();
    // When it is false, the condition is told by itself.
    let serving = || {
        let available = workload.conditions.iter().find(|condition| &*condition.kind == "Available")?;
        Some(format!("available {}", lasting(Some(available.since.filter(|_| available.is_true())?), now)))
    };
    let tone = match (wanted, complete) {
        (0, _) => Tone::Warn,
        (_, true) => Tone::Good,
        (_, false) => Tone::Busy,
    };
    let mut facts = vec![Fact::new(label, said).tone(tone).note(old.or_else(serving).unwrap_or_default())];
    if workload.paused {
        facts.push(
            Fact::new("Paused", "changes to the pods wait until the rollout is resumed").tone(Tone::Warn),
        );
    }
    if workload.observed_generation < workload.meta.generation {
        facts.push(
            Fact::new(
                "Not seen yet",
                "its controller has not taken up the last change: the numbers are of the one before",
            )
            .tone(Tone::Busy),
        );
    }
    facts
}

/// Pods that are not ready, each with its trouble.
fn pods(row: &GatewayRow, now: Timestamp) -> Vec<Fact> {
    let ending = row.pods.iter().filter(|pod| pod.meta.deleting.is_some()).count();
    let mut waiting: Vec<&PodRow> = row.pods.iter().map(|pod| &**pod).filter(|pod| is_waiting(pod)).collect();
    // Those with a known trouble first: they are what a person can act on.
    waiting.sort_by_key(|pod| pod.trouble.is_none());
    let mut facts: Vec<Fact> = waiting.iter().take(PODS_TOLD).map(|pod| waits(pod, now)).collect();
    let more = waiting.len().saturating_sub(PODS_TOLD);
    if more > 0 {
        facts.push(Fact::new("Pod not ready", format!("and {more} more")).tone(Tone::Warn));
    }
    if ending > 0 {
        facts.push(Fact::new("Pods ending", ending.to_string()).tone(Tone::Busy));
    }
    facts
}

fn is_waiting(pod: &PodRow) -> bool {
    !pod.is_ready && pod.meta.deleting.is_none() && &*pod.phase != "Succeeded"
}

fn waits(pod: &PodRow, now: Timestamp) -> Fact {
    let why = pod.trouble.as_ref().map_or_else(|| one_line(&pod.status), trouble_words);
    let last = pod.last_restart.map(|last| format!(", last {} ago", crate::model::age::age(last, now)));
    let restarts = (pod.restarts > 0)
        .then(|| format!("{}{}", count(pod.restarts.into(), "restart"), last.unwrap_or_default()));
    let age = pod.meta.created.map(|made| format!("{} old", crate::model::age::age(made, now)));
    let tone = if pod.trouble.is_some() { Tone::Bad } else { Tone::Busy };
    let said = joined([one_line(&pod.meta.name), why], ": ");
    Fact::new("Pod not ready", said).tone(tone).note(joined(restarts.into_iter().chain(age), "; "))
}

fn address(row: &GatewayRow) -> Fact {
    let kind = &*row.service_type;
    match (&*row.address, &row.service) {
        ("", Some(service)) if &*service.cluster_ip == "None" => {
            Fact::new("Address", "none of its own: the Service is headless").note(one_line(kind))
        }
        ("", Some(_)) if kind == "LoadBalancer" => {
            Fact::new("Address", "none yet: the load balancer is pending").tone(Tone::Busy)
        }
        ("", Some(_)) => Fact::new("Address", "none yet").tone(Tone::Busy).note(one_line(kind)),
        ("", None) if row.health.state == HealthState::Unknown => {
            Fact::new("Address", "unknown").tone(Tone::Muted)
        }
        ("", None) => Fact::new("Address", "none: there is no Service").tone(Tone::Bad),
        (address, Some(_)) => Fact::new("Address", one_line(address)).note(one_line(kind)),
        (address, None) => {
            let known = joined([one_line(kind), "as its keeper says".to_owned()], ", ");
            Fact::new("Address", one_line(address)).note(known)
        }
    }
}

/// What the keeper of the CR reports; egret does not take its word for the health.
fn keeper_words(cr: &IstioGatewayRow) -> Vec<Fact> {
    let state = text(&cr.object, "/status/Status");
    let error = text(&cr.object, "/status/ErrorMessage");
    let mut facts = vec![match state {
        Some(state) => Fact::new("Its keeper says", one_line(state)),
        None if error.is_some() => Fact::new("Its keeper says", "an error"),
        None => Fact::new("Its keeper says", "nothing yet").tone(Tone::Muted),
    }];
    facts.extend(error.map(|error| Fact::new("Its keeper's error", one_line(error)).tone(Tone::Bad)));
    facts
}

/// Fields that egret does not understand are still the gateway's (R28).
fn not_understood(cr: &IstioGatewayRow) -> Option<Section> {
    let facts: Vec<Fact> =
        cr.gateway.unread().map(|part| Fact::new("", one_line(&part.to_string())).tone(Tone::Warn)).collect();
    (!facts.is_empty()).then(|| Section::new("Not understood", facts))
}

/// What a Gateway API object asks for.
fn wished(api: &GatewayApiRow, now: Timestamp) -> Section {
    let mut facts = vec![Fact::new("Class", one_line(&api.class))];
    facts.extend(api.listeners.iter().map(|listener| {
        Fact::new(
            "Listener",
            one_line(&format!("{} {} ({})", listener.port, listener.protocol, listener.name)),
        )
    }));
    if !api.bound_to.is_empty() {
        facts.push(
            Fact::new("Bound to", one_line(&api.bound_to.join(", "))).note("it has no pods of its own"),
        );
    }
    facts.push(match api.addresses.is_empty() {
        true => Fact::new("Addresses", "none yet").tone(Tone::Busy),
        false => Fact::new("Addresses", one_line(&api.addresses.join(", "))),
    });
    facts.extend(api.conditions.iter().map(|condition| conditions::fact(condition, now)));
    Section::new("Gateway", facts)
}
