//! What leads traffic through a gateway, or forbids it, in the few words that tell which gateway it is about.
//!
//! `routing` reads such objects whole, to judge them. Here it is only asked whether a change of one can be seen in a
//! gateway's traffic: what leads to its Service, through a server that it opens, or to a host that such a route leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::clean::clean;
use super::gateway::GatewayRow;
use super::name::Kind;
use super::row::{Row, RowMeta};

/// The kinds that lead traffic or forbid it.
pub const KINDS: [Kind; 6] = [
    Kind::IstioServers,
    Kind::VirtualService,
    Kind::DestinationRule,
    Kind::ServiceEntry,
    Kind::AuthorizationPolicy,
    Kind::EgressTrafficPolicy,
];

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteKind(pub Kind);

impl fmt::Display for RouteKind {
    /// As its documents name it: egret calls Istio's `Gateway` otherwise, for there are two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::IstioServers => f.write_str("Gateway"),
            kind => write!(f, "{kind}"),
        }
    }
}

/// An object that leads traffic or forbids it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteRow {
    /// Its metadata.
    pub meta: RowMeta,
    /// Hosts that it is about, as written: those of servers without their `namespace/`.
    pub hosts: BTreeSet<Box<str>>,
    /// Gateways that it names: `name` or `namespace/name`; of an `ASMEgressTrafficPolicy` the `IstioGateway`.
    pub gateways: BTreeSet<Box<str>>,
    /// Hosts that it leads to.
    pub destinations: BTreeSet<Box<str>>,
    /// Labels of the pods that it is about; none: no pods, or all of its namespace.
    pub selector: BTreeMap<Box<str>, Box<str>>,
    /// Who wrote it last, by its managed fields, and when.
    pub by: Option<(Box<str>, Timestamp)>,
}

/// What happened to one.
#[derive(Clone, Debug, PartialEq)]
pub enum RouteNews {
    /// All of a kind in a namespace, or in all, as they are now: nothing happened.
    Known(Kind, Option<Box<str>>, Vec<Arc<RouteRow>>),
    /// One was made or changed.
    Applied(Kind, Arc<RouteRow>),
    /// One was deleted: its last state.
    Deleted(Kind, Arc<RouteRow>),
}

/// The objects of one cluster that lead traffic, as they are now.
#[derive(Clone, Debug, Default)]
pub struct Routes(BTreeMap<Kind, BTreeMap<Place, Arc<RouteRow>>>);

/// Namespace and name.
type Place = (Arc<str>, Arc<str>);

/// A change of one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteChange {
    /// Its kind.
    pub kind: RouteKind,
    /// `made`, `changed`, `deleted`.
    pub what: &'static str,
    /// The object: as it is now, deleted as it was.
    pub row: Arc<RouteRow>,
}

impl Routes {
    /// Takes news; what changed since the last of the same object, if it is a change of what it asks for.
    pub fn take(&mut self, news: RouteNews) -> Option<RouteChange> {
        match news {
            RouteNews::Known(kind, namespace, rows) => {
                let known = self.0.entry(kind).or_default();
                known.retain(|(of, _), _| namespace.as_deref().is_some_and(|namespace| **of != *namespace));
                known.extend(rows.into_iter().map(|row| (place(&row), row)));
                None
            }
            RouteNews::Applied(kind, row) => {
                let old = self.0.entry(kind).or_default().insert(place(&row), row.clone());
                let what = match old {
                    None => "made",
                    Some(old) if old.meta.uid != row.meta.uid => "made anew",
                    // A status, or a label: no proxy sees that.
                    Some(old) if old.meta.generation == row.meta.generation => return None,
                    Some(_) => "changed",
                };
                Some(RouteChange { kind: RouteKind(kind), what, row })
            }
            RouteNews::Deleted(kind, row) => {
                self.0.entry(kind).or_default().remove(&place(&row));
                Some(RouteChange { kind: RouteKind(kind), what: "deleted", row })
            }
        }
    }

    /// Whether a change can be seen in the traffic of a gateway.
    pub fn concerns(&self, change: &RouteChange, gateway: &GatewayRow) -> bool {
        let about = About::new(self, change, gateway);
        about.is_it(change.kind.0, &change.row)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Arc<RouteRow>> {
        self.0.get(&kind).into_iter().flat_map(BTreeMap::values)
    }
}

fn place(row: &RouteRow) -> Place {
    (row.meta.namespace.clone(), row.meta.name.clone())
}

/// What a gateway's traffic goes by.
struct About<'a> {
    gateway: &'a GatewayRow,
    /// Names of the Istio Gateways whose servers its pods open.
    servers: BTreeSet<Place>,
    /// Hosts that are led through it.
    hosts: BTreeSet<Box<str>>,
}

impl<'a> About<'a> {
    fn new(routes: &Routes, change: &RouteChange, gateway: &'a GatewayRow) -> Self {
        let mut about = Self { gateway, servers: BTreeSet::new(), hosts: BTreeSet::new() };
        // What was deleted led there until now.
        let gone = |kind: Kind| (change.kind.0 == kind).then_some(&change.row);
        for row in routes.of(Kind::IstioServers).chain(gone(Kind::IstioServers)) {
            if about.selects(row) && !row.selector.is_empty() {
                about.servers.insert(place(row));
                about.hosts.extend(row.hosts.iter().cloned());
            }
        }
        for row in routes.of(Kind::VirtualService).chain(gone(Kind::VirtualService)) {
            if about.is_route(row) {
                about.hosts.extend(row.hosts.iter().chain(&row.destinations).cloned());
            }
        }
        about
    }

    fn is_it(&self, kind: Kind, row: &RouteRow) -> bool {
        match kind {
            Kind::IstioServers => self.selects(row),
            Kind::VirtualService => self.is_route(row),
            Kind::EgressTrafficPolicy => row.gateways.contains(&*self.gateway.id.name),
            Kind::AuthorizationPolicy => {
                // Without a selector it holds for its namespace, in the root namespace for all.
                let here = *row.meta.namespace == *self.gateway.id.namespace;
                if row.selector.is_empty() {
                    here || &*row.meta.namespace == ROOT
                } else {
                    here && self.selects(row)
                }
            }
            _ => row.hosts.iter().any(|host| self.is_service(host, row) || self.is_host(host)),
        }
    }

    fn selects(&self, row: &RouteRow) -> bool {
        let Some(workload) = &self.gateway.workload else { return false };
        row.selector.iter().all(|(key, value)| workload.pod_labels.get(key) == Some(value))
    }

    /// Through one of its servers, or to its Service.
    fn is_route(&self, row: &RouteRow) -> bool {
        let named = |name: &str| {
            let (namespace, name) = name.split_once('/').unwrap_or((&row.meta.namespace, name));
            self.servers.contains(&(namespace.into(), name.into()))
        };
        row.gateways.iter().any(|name| named(name))
            || row.destinations.iter().any(|host| self.is_service(host, row))
    }

    fn is_service(&self, host: &str, row: &RouteRow) -> bool {
        let Some(service) = &self.gateway.service else { return false };
        let mut labels = host.splitn(3, '.');
        let (name, namespace) = (labels.next(), labels.next().unwrap_or(&row.meta.namespace));
        let rest = labels.next().unwrap_or("svc");
        name == Some(&service.meta.name)
            && namespace == &*service.meta.namespace
            && (rest == "svc" || rest.starts_with("svc."))
    }

    fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| covers(host, known) || covers(known, host))
    }
}

/// The namespace whose policies hold for the whole mesh, unless its config says another.
const ROOT: &str = "istio-system";

/// Whether a host as written, perhaps `*.example.com`, covers another. `*` alone says nothing of one gateway.
fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some("") => false,
        Some(end) => host.ends_with(end),
        None => pattern == host,
    }
}

impl Row for RouteRow {
    /// They are of several kinds; where they were read says which.
    const KIND: Kind = Kind::VirtualService;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let object: Value = serde_json::from_slice(json)?;
        let spec = &object["spec"];
        let mut row = Self { meta: meta(&object["metadata"]), by: writer(&object), ..Self::default() };
        row.hosts.extend(texts(&spec["hosts"]));
        row.hosts.extend(text(&spec["host"]));
        for server in items(&spec["servers"]) {
            row.hosts.extend(
                texts(&server["hosts"]).map(|h| h.split_once('/').map_or(h.clone(), |(_, h)| h.into())),
            );
        }
        row.gateways.extend(texts(&spec["gateways"]));
        row.gateways.extend(text(&spec["byEgressGateway"]["name"]));
        for rule in ["http", "tls", "tcp"].iter().flat_map(|protocol| items(&spec[*protocol])) {
            let weighted = items(&rule["route"]).map(|to| &to["destination"]["host"]);
            row.destinations.extend(weighted.filter_map(text));
            let matches = items(&rule["match"]).flat_map(|m| texts(&m["gateways"]));
            row.gateways.extend(matches);
        }
        for rule in items(&spec["egressRules"]).flat_map(|rule| items(&rule["to"])) {
            row.hosts.extend(texts(&rule["hosts"]));
        }
        let labels = [&spec["selector"]["matchLabels"], &spec["selector"]];
        let labels = labels.into_iter().find_map(Value::as_object).into_iter().flatten();
        row.selector = labels.filter_map(|(key, value)| Some((key.as_str().into(), text(value)?))).collect();
        Ok(row)
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<Box<str>> {
    Some(clean(value.as_str()?).into())
}

fn texts(list: &Value) -> impl Iterator<Item = Box<str>> {
    items(list).filter_map(text)
}

fn meta(meta: &Value) -> RowMeta {
    let text = |name: &str| meta[name].as_str().unwrap_or_default();
    RowMeta {
        namespace: text("namespace").into(),
        name: text("name").into(),
        uid: text("uid").into(),
        resource_version: text("resourceVersion").into(),
        generation: meta["generation"].as_i64().unwrap_or_default(),
        ..RowMeta::default()
    }
}

/// Who wrote it last, but for a status.
fn writer(object: &Value) -> Option<(Box<str>, Timestamp)> {
    let entries = items(&object["metadata"]["managedFields"]).filter(|entry| entry["subresource"].is_null());
    let read = |entry: &Value| Some((text(&entry["manager"])?, entry["time"].as_str()?.parse().ok()?));
    entries.filter_map(read).max_by_key(|(_, at): &(_, Timestamp)| *at)
}

#[cfg(test)]
mod tests;
