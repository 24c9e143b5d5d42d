//! What a gateway is made of, and who wrote its objects last.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{list, text, time};
use super::scaling::budget_rule;
use super::words::{LOADING, joined, moment, one_line};
use crate::model::age::age;
use crate::model::facts::{Fact, Section};
use crate::model::gateway::GatewayRow;
use crate::model::health::HealthState;
use crate::model::name::Kind;
use crate::model::row::{Manager, RowMeta};
use crate::model::table::Tone;

/// The objects of a gateway, by name; those that are missing, with what that means.
pub(super) fn made_of(row: &GatewayRow, now: Timestamp) -> Section {
    let object = |label: &'static str, meta: &RowMeta| {
        let made = meta.created.map(|made| format!("{} old", age(made, now)));
        let held = meta.deleting.map(|_| "being deleted".to_owned());
        Fact::new(label, one_line(&meta.name)).note(joined(made.into_iter().chain(held), ", "))
    };
    // What cannot be seen is not missing.
    let blind = row.workload.is_none() && row.health.state == HealthState::Unknown;
    let missing = |label: &'static str, means: &'static str, tone| match blind {
        true => Fact::new(label, "unknown").tone(Tone::Muted),
        false => Fact::new(label, means).tone(tone),
    };
    let mut facts = Vec::new();
    if let Some(cr) = &row.cr {
        let home = row.home.as_ref().map(|home| one_line(&format!("in {home}")));
        let fact = object("IstioGateway", &cr.meta);
        let note = joined(home.into_iter().chain([fact.note.clone()]), ", ");
        facts.push(fact.note(note));
    }
    facts.extend(row.api.as_ref().map(|api| object("Gateway", &api.meta)));
    facts.push(match &row.workload {
        Some(workload) if workload.kind == Kind::DaemonSet => object("DaemonSet", &workload.meta),
        Some(workload) => object("Deployment", &workload.meta),
        None => missing("Deployment", "none", Tone::Bad),
    });
    facts.extend(row.canary.as_ref().map(|canary| object("Canary Deployment", &canary.meta)));
    facts.extend(row.replica_sets.first().map(|set| {
        let fact = object("ReplicaSet", &set.meta);
        let older = row.replica_sets.iter().skip(1).filter(|set| set.wanted > 0 || set.ready > 0).count();
        let older = (older > 0).then(|| format!("{older} older with pods"));
        let note = joined([fact.note.clone()].into_iter().chain(older), ", ");
        fact.note(note)
    }));
    facts.push(match &row.service {
        Some(service) => object("Service", &service.meta),
        None => missing("Service", "none: sidecars cannot find the gateway", Tone::Bad),
    });
    facts.push(match &row.autoscaler {
        Some(scaler) => object("Autoscaler", &scaler.meta),
        None => missing("Autoscaler", "none: the number of pods is fixed", Tone::Muted),
    });
    facts.push(match &row.budget {
        Some(budget) => {
            let fact = object("Disruption budget", &budget.meta);
            let note = joined(budget_rule(budget).into_iter().chain([fact.note.clone()]), ", ");
            fact.note(note)
        }
        None => missing("Disruption budget", "none: draining nodes may evict all pods at once", Tone::Muted),
    });
    let account = row.workload.as_ref().map(|workload| match &*workload.service_account {
        "" => "default".to_owned(),
        name => one_line(name),
    });
    facts.push(match account {
        Some(name) => Fact::new("ServiceAccount", name).note("its name is in the gateway's SPIFFE identity"),
        None => missing("ServiceAccount", "none", Tone::Muted),
    });
    facts.extend(keeper(row));
    Section::new("Made of", facts)
}

/// Who keeps the objects, where they say so.
fn keeper(row: &GatewayRow) -> Option<Fact> {
    let workload = row.workload.as_ref()?;
    let release =
        workload.meta.annotations.get("meta.helm.sh/release-name").map(|name| format!("Helm release {name}"));
    let label = || {
        let by = workload.meta.labels.get("app.kubernetes.io/managed-by")?;
        Some(by.to_owned())
    };
    let said = release.or_else(label)?;
    Some(Fact::new("Kept by", one_line(&said)))
}

/// Who wrote the objects last, newest first (R16).
pub(super) fn managers<'v>(
    row: &GatewayRow,
    object: &dyn Fn(Kind) -> Option<&'v Value>,
    now: Timestamp,
) -> Section {
    let mut found: Vec<(Option<Timestamp>, Fact)> = Vec::new();
    let mut waits = Vec::new();
    for (kind, exists) in kinds(row) {
        match (object(kind), &row.cr) {
            _ if !exists => {}
            (Some(whole), _) => found.extend(written(kind, whole, now)),
            (None, Some(cr)) if kind == Kind::IstioGateway => {
                let managers = cr.managers.iter().filter(|manager| &*manager.subresource != "status");
                found.extend(managers.map(|manager| (manager.time, fact(kind, manager, now))));
            }
            (None, _) => waits.push(Fact::new(label(kind), LOADING).tone(Tone::Busy)),
        }
    }
    found.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    let mut facts: Vec<Fact> = found.into_iter().map(|(_, fact)| fact).chain(waits).collect();
    if facts.is_empty() {
        facts.push(Fact::new("", "nobody has signed").tone(Tone::Muted));
    }
    Section::new("Who wrote last", facts)
}

fn kinds(row: &GatewayRow) -> [(Kind, bool); 6] {
    let workload = row.workload.as_ref().map_or(Kind::Deployment, |workload| workload.kind);
    [
        (Kind::IstioGateway, row.cr.is_some()),
        (Kind::Gateway, row.api.is_some()),
        (workload, row.workload.is_some()),
        (Kind::Service, row.service.is_some()),
        (Kind::HorizontalPodAutoscaler, row.autoscaler.is_some()),
        (Kind::PodDisruptionBudget, row.budget.is_some()),
    ]
}

fn label(kind: Kind) -> String {
    match kind {
        Kind::HorizontalPodAutoscaler => "Autoscaler".to_owned(),
        Kind::PodDisruptionBudget => "Disruption budget".to_owned(),
        kind => kind.to_string(),
    }
}

/// Writers of an object. Those of its status only report, and write all the time.
fn written(kind: Kind, object: &Value, now: Timestamp) -> Vec<(Option<Timestamp>, Fact)> {
    let entries = list(object, "/metadata/managedFields").iter();
    let entries = entries.filter(|entry| text(entry, "/subresource") != Some("status"));
    let one = |entry: &Value| {
        let manager = Manager {
            manager: text(entry, "/manager").unwrap_or_default().into(),
            operation: text(entry, "/operation").unwrap_or_default().into(),
            time: time(entry, "/time"),
            subresource: text(entry, "/subresource").unwrap_or_default().into(),
        };
        (manager.time, fact(kind, &manager, now))
    };
    entries.map(one).collect()
}

fn fact(kind: Kind, manager: &Manager, now: Timestamp) -> Fact {
    let name = if manager.manager.is_empty() { "unknown" } else { &manager.manager };
    let how = [&*manager.operation, &*manager.subresource]
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase);
    let how = joined(how, ", ");
    let how = if how.is_empty() { String::new() } else { format!(" ({how})") };
    let when = manager.time.map_or_else(|| "at an unknown time".to_owned(), |then| moment(then, now));
    Fact::new(label(kind), one_line(&format!("{name}{how}"))).note(when)
}
