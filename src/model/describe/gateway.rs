//! A gateway at a glance: how it is, what it is set to, what it is made of.

use jiff::Timestamp;
use serde_json::Value;

use super::pod::trouble_words;
use super::read::text;
use super::words::{DASH, count, joined, lasting, moment, one_line};
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
        Some(workload) => facts.extend(rollout("Replicas", workload)),
        None => facts.push(Fact::new("Replicas", unseen(row)).tone(Tone::Muted)),
    }
    if let Some(canary) = &row.canary {
        facts.extend(rollout("Canary replicas", canary));
    }
    let workloads = row.workload.iter().chain(&row.canary);
    let told = workloads
        .flat_map(|workload| &workload.conditions)
        .chain(row.replica_sets.iter().take(1).flat_map(|set| &set.conditions));
    let mut told: Vec<Fact> = told
        .filter(|condition| conditions::is_trouble(condition))
        .map(|condition| conditions::fact(condition, now))
        .collect();
    told.dedup();
    facts.extend(told);
    facts.extend(pods(row, now));
    facts.push(address(row));
    facts.extend(row.cr.as_ref().map(|cr| keeper_words(cr)).into_iter().flatten());
    let deleted = [
        row.cr.as_ref().map(|cr| &cr.meta),
        row.api.as_ref().map(|api| &api.meta),
        row.workload.as_ref().map(|w| &w.meta),
    ];
    facts.extend(
        deleted
            .into_iter()
            .flatten()
            .find_map(|meta| Some(service::deleting(meta.deleting?, &meta.finalizers, now))),
    );
    let home =
        row.home.as_ref().map(|home| format!("its IstioGateway is kept in {home}")).unwrap_or_default();
    facts.push(Fact::new("Cluster", one_line(row.id.cluster.as_str())).note(one_line(&home)));
    facts.push(Fact::new("Namespace", one_line(&row.id.namespace)));
    facts.push(Fact::new("Made by", row.origin.to_string()));
    facts.push(match row.direction {
        Direction::Unknown => {
            Fact::new("Direction", "unknown: nothing says whether it is for egress or ingress")
                .tone(Tone::Muted)
        }
        known => Fact::new("Direction", known.to_string()),
    });
    facts.push(proxy(row));
    facts.push(super::words::fact("Created", row.created.map(|created| moment(created, now))));
    facts
}

fn unseen(row: &GatewayRow) -> &'static str {
    if row.health.state == HealthState::Unknown { "unknown" } else { "none: there is no Deployment" }
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
fn rollout(label: &'static str, workload: &WorkloadRow) -> Vec<Fact> {
    let WorkloadRow { wanted, updated, ready, available, .. } = *workload;
    let said = format!("{wanted} wanted, {updated} updated, {ready} ready, {available} available");
    let old = workload.current.saturating_sub(updated);
    let old = (old > 0).then(|| format!("{old} of an older template still there"));
    let complete = updated >= wanted && ready >= wanted && available >= wanted && old.is_none();
    let tone = match (wanted, complete) {
        (0, _) => Tone::Warn,
        (_, true) => Tone::Good,
        (_, false) => Tone::Busy,
    };
    let mut facts = vec![Fact::new(label, said).tone(tone).note(old.unwrap_or_default())];
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
        (address, _) => Fact::new("Address", one_line(address)).note(one_line(kind)),
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
    if let Some(since) = api.meta.deleting {
        facts.push(Fact::new("Being deleted", "yes").note(lasting(Some(since), now)));
    }
    Section::new("Gateway", facts)
}
