//! `/clusters?format=json`: upstream clusters with their endpoints.

use serde::{Deserialize, Serialize};

use super::json::{self, Number, Text, or_default};
use crate::model::upstream::host_and_port;

/// What it answers.
const ADDRESS: &str = "/clusters";

/// What Envoy is told where there is to be no limit, as Istio does.
const NO_LIMIT: u64 = u32::MAX as u64;

/// An upstream cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// Its whole name, `outbound|443||api.example.com`.
    pub name: Box<str>,
    /// The external host that the name tells; the name itself where it tells none.
    pub host: Box<str>,
    /// Its port; 0: none.
    pub port: u16,
    /// Most connections, requests that wait, requests, retries (default priority).
    pub limits: Limits,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// What a circuit breaker allows; none: as many as there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Connections.
    pub connections: Option<u64>,
    /// Requests that wait.
    pub pending: Option<u64>,
    /// Requests.
    pub requests: Option<u64>,
    /// Retries.
    pub retries: Option<u64>,
}

/// One endpoint of a cluster, with what was counted since the proxy started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    /// `192.0.2.7:443`.
    pub address: Box<str>,
    /// Its name, where it was resolved from one.
    pub hostname: Box<str>,
    /// Why it gets no traffic, as Envoy's flags say: `failed_outlier_check`; empty: it is healthy.
    pub unhealthy: Vec<Box<str>>,
    /// Why it gets traffic only when the healthy ones are too few, or what is being waited for: `degraded_eds_health`,
    /// `pending_active_hc`.
    pub degraded: Vec<Box<str>>,
    /// Locality, `region/zone`.
    pub locality: Box<str>,
    /// Its priority: those of 0 are asked first.
    pub priority: u32,
    /// Open connections.
    pub cx_active: u64,
    /// Connections.
    pub cx_total: u64,
    /// Connections that failed.
    pub cx_connect_fail: u64,
    /// Requests under way.
    pub rq_active: u64,
    /// Requests that wait for a connection.
    pub rq_pending: u64,
    /// Requests that succeeded.
    pub rq_success: u64,
    /// Requests that failed; a connection that failed counts here, and not in `rq_total`.
    pub rq_error: u64,
    /// Requests that took too long.
    pub rq_timeout: u64,
    /// Requests.
    pub rq_total: u64,
}

/// Reads the answer.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(bytes: &[u8]) -> Result<Vec<Cluster>, String> {
    let answer: Answer = json::read(bytes, ADDRESS)?;
    match answer.cluster_statuses {
        Some(clusters) => Ok(clusters.into_iter().map(Status::into_cluster).collect()),
        None => json::nothing(bytes, ADDRESS).map(|()| Vec::new()),
    }
}

#[derive(Deserialize)]
struct Answer {
    cluster_statuses: Option<Vec<Status>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    name: Text,
    #[serde(deserialize_with = "or_default")]
    host_statuses: Vec<Host>,
    #[serde(deserialize_with = "or_default")]
    circuit_breakers: Breakers,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Breakers {
    #[serde(deserialize_with = "or_default")]
    thresholds: Vec<Threshold>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Threshold {
    priority: Text,
    max_connections: Number,
    max_pending_requests: Number,
    max_requests: Number,
    max_retries: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Host {
    #[serde(deserialize_with = "or_default")]
    address: Address,
    #[serde(deserialize_with = "or_default")]
    stats: Vec<Stat>,
    #[serde(deserialize_with = "or_default")]
    health_status: Health,
    hostname: Text,
    #[serde(deserialize_with = "or_default")]
    locality: Locality,
    priority: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    socket_address: Option<Socket>,
    pipe: Option<Pipe>,
    envoy_internal_address: Option<Internal>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Socket {
    address: Text,
    port_value: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pipe {
    path: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Internal {
    server_listener_name: Text,
    endpoint_id: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Stat {
    name: Text,
    value: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Health {
    failed_active_health_check: bool,
    failed_outlier_check: bool,
    failed_active_degraded_check: bool,
    failed_degraded_outlier_detection: bool,
    pending_dynamic_removal: bool,
    pending_active_hc: bool,
    excluded_via_immediate_hc_fail: bool,
    active_hc_timeout: bool,
    eds_health_status: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Locality {
    region: Text,
    zone: Text,
    sub_zone: Text,
}

impl Status {
    fn into_cluster(self) -> Cluster {
        let name = self.name.0;
        let (host, port) = host_and_port(&name).unwrap_or((&name, 0));
        Cluster {
            host: host.into(),
            port,
            limits: self.circuit_breakers.limits(),
            endpoints: self.host_statuses.into_iter().map(Host::into_endpoint).collect(),
            name,
        }
    }
}

impl Breakers {
    /// The limits of the default priority, which is the one that is not named.
    fn limits(&self) -> Limits {
        let default = self.thresholds.iter().find(|t| matches!(&*t.priority.0, "" | "DEFAULT"));
        let limit = |number: Number| number.0.filter(|most| *most < NO_LIMIT);
        default.map_or_else(Limits::default, |t| Limits {
            connections: limit(t.max_connections),
            pending: limit(t.max_pending_requests),
            requests: limit(t.max_requests),
            retries: limit(t.max_retries),
        })
    }
}

impl Host {
    fn into_endpoint(self) -> Endpoint {
        let mut endpoint = Endpoint {
            address: self.address.text(),
            hostname: self.hostname.0,
            unhealthy: self.health_status.unhealthy(),
            degraded: self.health_status.degraded(),
            locality: self.locality.text(),
            priority: u32::try_from(self.priority.or_zero()).unwrap_or(u32::MAX),
            ..Endpoint::default()
        };
        for stat in &self.stats {
            if let Some(field) = endpoint.counted(&stat.name.0) {
                *field = stat.value.or_zero();
            }
        }
        endpoint
    }
}

impl Endpoint {
    /// The field of a statistic.
    fn counted(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "cx_active" => &mut self.cx_active,
            "cx_total" => &mut self.cx_total,
            "cx_connect_fail" => &mut self.cx_connect_fail,
            "rq_active" => &mut self.rq_active,
            "rq_pending_active" => &mut self.rq_pending,
            "rq_success" => &mut self.rq_success,
            "rq_error" => &mut self.rq_error,
            "rq_timeout" => &mut self.rq_timeout,
            "rq_total" => &mut self.rq_total,
            _ => return None,
        })
    }

    /// Whether it gets traffic.
    pub fn is_healthy(&self) -> bool {
        self.unhealthy.is_empty()
    }
}

impl Address {
    fn text(&self) -> Box<str> {
        if let Some(socket) = &self.socket_address {
            let (address, port) = (&socket.address.0, socket.port_value.or_zero());
            // An IPv6 address has colons of its own.
            let text = if address.contains(':') {
                format!("[{address}]:{port}")
            } else {
                format!("{address}:{port}")
            };
            return text.into();
        }
        if let Some(internal) = &self.envoy_internal_address {
            let (listener, id) = (&internal.server_listener_name.0, &internal.endpoint_id.0);
            return format!("envoy://{listener}/{id}").into();
        }
        self.pipe.as_ref().map(|pipe| pipe.path.0.clone()).unwrap_or_default()
    }
}

impl Health {
    /// The flags with which an endpoint gets no traffic, spelled as in Envoy's own text of `/clusters`.
    fn unhealthy(&self) -> Vec<Box<str>> {
        let eds = &*self.eds_health_status.0;
        named([
            (self.failed_active_health_check, "failed_active_hc"),
            (self.active_hc_timeout, "active_hc_timeout"),
            (self.failed_outlier_check, "failed_outlier_check"),
            (matches!(eds, "UNHEALTHY" | "TIMEOUT"), "failed_eds_health"),
            (eds == "DRAINING", "eds_status_draining"),
            (self.excluded_via_immediate_hc_fail, "excluded_via_immediate_hc_fail"),
        ])
    }

    fn degraded(&self) -> Vec<Box<str>> {
        named([
            (self.failed_active_degraded_check, "degraded_active_hc"),
            (self.failed_degraded_outlier_detection, "degraded_outlier_detection"),
            (&*self.eds_health_status.0 == "DEGRADED", "degraded_eds_health"),
            (self.pending_active_hc, "pending_active_hc"),
            (self.pending_dynamic_removal, "pending_dynamic_removal"),
        ])
    }
}

fn named<const N: usize>(flags: [(bool, &str); N]) -> Vec<Box<str>> {
    flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name.into()).collect()
}

impl Locality {
    fn text(&self) -> Box<str> {
        let parts = [&self.region, &self.zone, &self.sub_zone].map(|part| &*part.0);
        let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        known.join("/").into()
    }
}

#[cfg(test)]
mod tests;
