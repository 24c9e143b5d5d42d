//! `Gateway` of `networking.istio.io`: the servers that Envoy opens in the pods it selects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ObjectName;
use super::part::{self, Part};
use crate::model::open_enum::open_enum;
use crate::model::tolerant::Tolerant;

open_enum! {
    /// `tls.mode` of a server. Left out it is PASSTHROUGH, the zero of Istio's enum.
    ServerTls {
        /// TLS goes on unopened, by its server name.
        Passthrough = "PASSTHROUGH",
        /// TLS with a certificate of its own.
        Simple = "SIMPLE",
        /// The same, and clients show a certificate.
        Mutual = "MUTUAL",
        /// TLS goes on unopened to the service that its server name encodes: how meshes of several networks meet.
        AutoPassthrough = "AUTO_PASSTHROUGH",
        /// Mesh mTLS, with certificates that Istio issues.
        IstioMutual = "ISTIO_MUTUAL",
        /// TLS with a certificate of its own; clients may show one.
        OptionalMutual = "OPTIONAL_MUTUAL",
    }
}

/// A `Gateway`: which pods, and what they open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its name.
    pub name: ObjectName,
    /// Labels that the pods carry; none: all gateway pods.
    pub selector: BTreeMap<String, String>,
    /// Its servers, as written.
    pub servers: Vec<Server>,
}

/// One server of a [`Gateway`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The port: the Service's, where a Service has it (istiod finds the pods' port through it).
    pub port: u16,
    /// The protocol as written; Istio reads it in any case. Empty when it is missing.
    pub protocol: String,
    /// The hosts as written, with a leading `namespace/` where there is one.
    pub hosts: Vec<String>,
    /// What it does with TLS; `None` without a `tls`.
    pub tls: Option<ServerTls>,
}

/// Reads a `Gateway` of any version of `networking.istio.io`. Never fails: what cannot be read is in `unread`, and
/// the value is `None` when that is its name or its selector, so that it is unknown what it is about. A server
/// without a readable port is left out, one with another unreadable part is not.
pub fn read_gateway(object: &Value) -> Tolerant<Option<Gateway>> {
    part::read(object, |object| {
        let name = object.object_name()?;
        let Some(spec) = object.field("spec") else {
            return Some(Gateway { name, selector: BTreeMap::new(), servers: Vec::new() });
        };
        let selector = spec.field("selector").map_or_else(|| Some(BTreeMap::new()), |field| field.pairs())?;
        Some(Gateway { name, selector, servers: spec.list("servers").iter().filter_map(server).collect() })
    })
}

fn server(part: &Part<'_>) -> Option<Server> {
    let port = part.need("port")?;
    let hosts = part.list("hosts");
    Some(Server {
        port: port.need("number")?.port()?,
        protocol: port.field("protocol").and_then(|field| field.text()).unwrap_or_default(),
        hosts: hosts.iter().filter_map(Part::text).collect(),
        tls: part.field("tls").map(|tls| ServerTls::from(&*tls.mode("PASSTHROUGH"))),
    })
}

impl Gateway {
    /// Whether it configures the pods that carry `labels`. Mesh-wide: the Gateway's namespace plays no part.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        within(&self.selector, labels)
    }
}

/// Whether `labels` has all of `wanted`.
pub(super) fn within(wanted: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}

impl Server {
    /// Whether its TLS takes clients that ask for `name`: Istio makes a filter chain for the listed hosts alone.
    pub(super) fn answers(&self, name: &str) -> bool {
        let mut hosts = self.hosts.iter().map(|host| host.split_once('/').map_or(&**host, |(_, host)| host));
        hosts.any(|host| host.strip_prefix('*').map_or(host == name, |end| name.ends_with(end)))
    }
}
