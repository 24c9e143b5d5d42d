//! What is printed, in whichever form.

use std::sync::Arc;

use jiff::Timestamp;

use super::session::Session;
use crate::cli::Metrics;
use crate::metrics::view::{By, Of, PodReading, Row, Totals, Window};
use crate::model::gateway::GatewayId;
use crate::model::reading::{Reading, Unit};

/// What was read of a gateway, at one moment.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) id: GatewayId,
    pub(super) now: Timestamp,
    /// When the first proxy was read: no window reaches further back.
    pub(super) since: Option<Timestamp>,
    pub(super) window: Window,
    pub(super) by: By,
    pub(super) totals: Totals,
    pub(super) rows: Vec<Row>,
    pub(super) pods: Vec<PodReading>,
}

impl Report {
    /// What the session knows of a gateway.
    pub(super) fn of(session: &Session, id: &GatewayId, wish: &Metrics) -> Self {
        let (pods, now) = (session.pods(id), session.now());
        let keys: Vec<_> = pods.iter().map(|(key, _)| key.clone()).collect();
        let store = &session.store;
        Self {
            id: id.clone(),
            now,
            since: session.since,
            window: wish.window,
            by: wish.by,
            totals: store.totals(&keys, &Of::All, wish.window, now),
            rows: store.rows(&keys, wish.by, wish.window, now),
            pods: store.readings(&keys),
        }
    }
}

/// A quantity of [`Totals`], in all forms.
pub(super) struct Quantity {
    /// Its name in JSON.
    pub(super) json: &'static str,
    /// Its name in Prometheus, behind `egret_gateway_`.
    pub(super) prometheus: &'static str,
    /// What it is, in a sentence.
    pub(super) help: &'static str,
    /// Its column.
    pub(super) column: &'static str,
    pub(super) unit: Unit,
    pub(super) of: fn(&Totals) -> Reading,
    /// What a number of it is multiplied by for Prometheus, whose durations are in seconds.
    pub(super) scale: f64,
}

const fn quantity(names: [&'static str; 4], unit: Unit, scale: f64, of: fn(&Totals) -> Reading) -> Quantity {
    let [json, prometheus, column, help] = names;
    Quantity { json, prometheus, help, column, unit, of, scale }
}

/// All of them, in the order in which they are printed.
pub(super) const QUANTITIES: [Quantity; 10] = [
    quantity(
        ["requestsPerSecond", "requests_per_second", "REQ/S", "Requests a second."],
        Unit::PerSecond,
        1.0,
        |t| t.requests,
    ),
    quantity(
        ["success", "success_ratio", "SUCCESS %", "Part of the requests that succeeded, 0 to 1."],
        Unit::Percent,
        1.0,
        |t| t.success,
    ),
    quantity(
        ["clientErrorsPerSecond", "client_errors_per_second", "4XX/S", "Answers 4xx a second."],
        Unit::PerSecond,
        1.0,
        |t| t.client_errors,
    ),
    quantity(
        ["p50Milliseconds", "duration_p50_seconds", "P50", "Median of the duration of requests."],
        Unit::Milliseconds,
        0.001,
        |t| t.p50,
    ),
    quantity(
        ["p90Milliseconds", "duration_p90_seconds", "P90", "90th percentile of the duration of requests."],
        Unit::Milliseconds,
        0.001,
        |t| t.p90,
    ),
    quantity(
        ["p99Milliseconds", "duration_p99_seconds", "P99", "99th percentile of the duration of requests."],
        Unit::Milliseconds,
        0.001,
        |t| t.p99,
    ),
    quantity(
        ["activeConnections", "active_connections", "ACTIVE", "Connections that are open."],
        Unit::Count,
        1.0,
        |t| t.active,
    ),
    quantity(
        [
            "connectionsPerSecond",
            "connections_per_second",
            "CONN/S",
            "TCP connections opened a second, of what is passed through.",
        ],
        Unit::PerSecond,
        1.0,
        |t| t.connections,
    ),
    quantity(
        ["bytesOutPerSecond", "bytes_out_per_second", "OUT/S", "Bytes a second to external hosts."],
        Unit::BytesPerSecond,
        1.0,
        |t| t.bytes_out,
    ),
    quantity(
        ["bytesInPerSecond", "bytes_in_per_second", "IN/S", "Bytes a second from external hosts."],
        Unit::BytesPerSecond,
        1.0,
        |t| t.bytes_in,
    ),
];

/// Why there is no plain number; none: there is one.
pub(super) fn state(reading: Reading) -> Option<&'static str> {
    match reading {
        Reading::Value(_) => None,
        Reading::Unknown => Some("unknown"),
        Reading::NotCollected => Some("not-collected"),
        Reading::Nothing => Some("nothing"),
        Reading::Rough(_) => Some("rough"),
        Reading::Above(_) => Some("above"),
    }
}

/// The key of a row with its port: `api.example.com:443`.
pub(super) fn key(row: &Row) -> Arc<str> {
    match row.port {
        0 => row.key.clone(),
        port => format!("{}:{port}", row.key).into(),
    }
}
