//! What JSON and YAML say of each line: a record with stable names and raw values.
//!
//! A record begins with `cluster`, `namespace` and `name` (a cluster only with `name`), and then has a field
//! for every column of the table, whichever columns a screen shows. Numbers are numbers, moments are RFC 3339,
//! what is made of parts is an object, what is not known is null. Fields are added over time and never renamed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::Lines;
use crate::model::gateway::GatewayRow;
use crate::model::holder::Holder;
use crate::model::name::ClusterName;
use crate::model::row::{PodRow, ServicePort, ServiceRow};
use crate::model::snapshot::{IstioRevision, Link, Snapshot};
use crate::model::table::{Item, Subject};

/// One line as a record: fields in the order in which they are told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record(pub(super) Vec<(&'static str, Value)>);

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The records of all lines.
pub(super) fn records(lines: &Lines<'_>) -> Vec<Record> {
    lines.items.iter().map(record).collect()
}

fn record(item: &Item) -> Record {
    let id = item.id();
    let mut fields = vec![("name", json!(*id.name))];
    if !id.namespace.is_empty() {
        fields.insert(0, ("namespace", json!(*id.namespace)));
        fields.insert(0, ("cluster", json!(id.cluster.as_str())));
    }
    fields.extend(match &item.subject {
        Subject::Cluster(s) => told(CLUSTER, s.as_ref()),
        Subject::Gateway(g) => told(GATEWAY, g.as_ref()),
        Subject::Service(s) => told(SERVICE, s.as_ref()),
        Subject::Pod(p) => told(POD, p.as_ref()),
    });
    Record(fields)
}

/// A field: its name, and its value in a row.
type Field<T> = (&'static str, fn(&T) -> Value);

fn told<T>(fields: &[Field<T>], row: &T) -> Vec<(&'static str, Value)> {
    fields.iter().map(|(name, value)| (*name, value(row))).collect()
}

const CLUSTER: &[Field<Snapshot>] = &[
    ("state", |s| json!(link(&s.link).0)),
    ("reason", |s| json!(link(&s.link).1)),
    ("server", |s| text(&s.facts.server)),
    ("uid", |s| json!(s.facts.uid)),
    ("kubernetes", |s| json!(s.facts.kubernetes)),
    ("istio", |s| {
        let one = |i: &IstioRevision| json!({"revision": i.revision, "version": i.version});
        s.facts.istio.iter().map(one).collect()
    }),
    ("keeper", |s| json!(s.facts.keeper.to_string())),
    ("holder", |s| holder(&s.facts.holder)),
    ("gateways", |s| {
        let ready = |g: &&Arc<GatewayRow>| g.ready.is_some_and(|(ready, wanted)| ready >= wanted);
        json!({"ready": s.gateways.iter().filter(ready).count(), "total": s.gateways.len()})
    }),
    ("pods", |s| json!(s.pods.len())),
    ("roundTripMilliseconds", |s| json!(s.facts.round_trip.map(|(took, _)| took.as_secs_f64() * 1e3))),
    ("namespaces", |s| json!(s.facts.namespaces)),
];

const GATEWAY: &[Field<GatewayRow>] = &[
    ("home", |g| json!(g.home.as_ref().map(ClusterName::as_str))),
    ("clusterId", |g| json!(g.cluster_id)),
    ("origin", |g| json!(g.origin.to_string())),
    ("direction", |g| json!(g.direction.to_string())),
    ("status", |g| json!(g.health.state.to_string())),
    ("reason", |g| text(&g.health.reason)),
    ("ready", |g| json!(g.ready.map(|(ready, wanted)| json!({"ready": ready, "wanted": wanted})))),
    ("type", |g| text(&g.service_type)),
    ("address", |g| text(&g.address)),
    ("ports", |g| json!(g.service.as_deref().map(|s| ports(&s.ports)))),
    ("limits", |g| {
        let of = |(cpu, memory): &(Box<str>, Box<str>)| json!({"cpu": text(cpu), "memory": text(memory)});
        json!(g.workload.as_deref().map(|w| of(&w.limits)))
    }),
    ("autoscaling", |g| {
        json!(
            g.autoscaler
                .as_deref()
                .map(|h| { json!({"current": h.current, "desired": h.desired, "max": h.max, "min": h.min}) })
        )
    }),
    ("mtlsLabel", |g| json!(g.mtls_label)),
    ("proxyVersion", |g| text(&g.proxy_version)),
    ("created", |g| moment(g.created)),
];

const SERVICE: &[Field<ServiceRow>] = &[
    ("type", |s| text(&s.service_type)),
    ("clusterIP", |s| text(&s.cluster_ip)),
    ("external", |s| json!(s.external)),
    ("ports", |s| ports(&s.ports)),
    ("selector", |s| s.selector.iter().map(|(k, v)| (k.to_string(), json!(v))).collect()),
    ("externalTrafficPolicy", |s| text(&s.external_traffic_policy)),
    ("created", |s| moment(s.meta.created)),
];

const POD: &[Field<PodRow>] = &[
    ("ready", |p| json!({"ready": p.ready.0, "wanted": p.ready.1})),
    ("status", |p| text(&p.status)),
    ("phase", |p| text(&p.phase)),
    ("restarts", |p| json!(p.restarts)),
    ("lastRestart", |p| moment(p.last_restart)),
    ("trouble", |p| {
        json!(p.trouble.as_ref().map(|t| {
            json!({"container": text(&t.container), "message": text(&t.message), "reason": text(&t.reason)})
        }))
    }),
    ("ip", |p| text(&p.ip)),
    ("node", |p| text(&p.node)),
    ("owner", |p| json!(p.meta.owner.as_ref().map(|o| json!({"kind": o.kind, "name": o.name})))),
    ("proxyImage", |p| text(&p.proxy_image)),
    ("serviceAccount", |p| text(&p.service_account)),
    ("created", |p| moment(p.meta.created)),
];

/// Names of the fields of a table that stand for its columns.
#[cfg(test)]
pub(super) fn names(table: crate::model::table::TableKind) -> Vec<&'static str> {
    use crate::model::table::TableKind;
    fn of<T>(fields: &[Field<T>]) -> Vec<&'static str> {
        fields.iter().map(|(name, _)| *name).collect()
    }
    match table {
        TableKind::Clusters => of(CLUSTER),
        TableKind::Gateways => of(GATEWAY),
        TableKind::Services => of(SERVICE),
        TableKind::Pods => of(POD),
    }
}

/// A text; null when there is none.
fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn moment(moment: Option<Timestamp>) -> Value {
    json!(moment.map(|m| m.to_string()))
}

fn ports(ports: &[ServicePort]) -> Value {
    let one = |p: &ServicePort| {
        json!({
            "appProtocol": text(&p.app_protocol),
            "name": text(&p.name),
            "nodePort": (p.node_port != 0).then_some(p.node_port),
            "port": p.port,
            "protocol": text(&p.protocol),
            "targetPort": text(&p.target),
        })
    };
    ports.iter().map(one).collect()
}

/// Who holds the lease, where egret keeps gateways; null where that was not looked at.
fn holder(holder: &Holder) -> Value {
    let Some(state) = holder.state() else { return Value::Null };
    let reason = match holder {
        Holder::Unknown(fault) => Some(&*fault.summary),
        _ => None,
    };
    let silent = match holder {
        Holder::Silent { since, .. } => Some(*since),
        _ => None,
    };
    let by = holder.by();
    json!({
        "embedded": by.map(|by| by.embedded),
        "identity": by.map(|by| &by.identity),
        "reason": reason,
        "silentSince": moment(silent),
        "since": moment(by.and_then(|by| by.since)),
        "state": state,
        "version": by.map(|by| &by.version),
    })
}

/// How a cluster is connected: one word, and why.
fn link(link: &Link) -> (&'static str, Option<&str>) {
    match link {
        Link::Connecting { .. } => ("connecting", None),
        Link::Ready => ("ready", None),
        Link::Stale { fault, .. } => ("stale", Some(&fault.summary)),
        Link::Unreachable { fault, .. } => ("unreachable", Some(&fault.summary)),
        Link::Denied { fault, .. } => ("denied", Some(&fault.summary)),
    }
}
