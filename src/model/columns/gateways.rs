//! Columns of the gateways table.

use jiff::Timestamp;

use super::cells::{age_of, none, own, ready_of, toned, word};
use super::{live, of_health};
use crate::model::gateway::Direction;
use crate::model::table::{Align, Cell, Column, Item, Subject, Told, Tone};

macro_rules! cell {
    (|$g:ident, $now:ident| $body:expr) => {
        Told::Known(|item: &Item, $now: Timestamp| match &item.subject {
            Subject::Gateway($g) => $body,
            _ => none(),
        })
    };
}

/// In their order.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        id: "cluster",
        title: "CLUSTER",
        about: "The cluster its pods run in",
        align: Align::Left,
        min: 8,
        max: 30,
        keep: 240,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(g.id.cluster.as_str())),
    },
    Column {
        id: "namespace",
        title: "NAMESPACE",
        about: "Its namespace",
        align: Align::Left,
        min: 10,
        max: 30,
        keep: 40,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(&g.id.namespace)),
    },
    Column {
        id: "name",
        title: "NAME",
        about: "Its name",
        align: Align::Left,
        min: 14,
        max: 57,
        keep: 255,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(&g.id.name)),
    },
    Column {
        id: "origin",
        title: "ORIGIN",
        about: "Who made it: an IstioGateway, a chart, istioctl, Gateway API",
        align: Align::Left,
        min: 8,
        max: 12,
        keep: 100,
        wide: false,
        live: false,
        cell: cell!(|g, _now| own(g.origin.to_string(), Tone::Plain)),
    },
    Column {
        id: "status",
        title: "STATUS",
        about: "Whether it serves",
        align: Align::Left,
        min: 13,
        max: 13,
        keep: 250,
        wide: false,
        live: false,
        cell: cell!(|g, _now| own(g.health.state.to_string(), of_health(g.health.state).1)),
    },
    Column {
        id: "ready",
        title: "READY",
        about: "Ready replicas, of those wanted",
        align: Align::Right,
        min: 5,
        max: 9,
        keep: 245,
        wide: false,
        live: false,
        cell: cell!(|g, _now| g.ready.map_or_else(none, |(r, w)| ready_of(r, w))),
    },
    Column {
        id: "type",
        title: "TYPE",
        about: "Type of its Service",
        align: Align::Left,
        min: 9,
        max: 12,
        keep: 60,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(&g.service_type)),
    },
    Column {
        id: "address",
        title: "ADDRESS",
        about: "The address that clients use",
        align: Align::Left,
        min: 10,
        max: 40,
        keep: 190,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(&g.address)),
    },
    Column {
        id: "rps",
        title: "RPS",
        about: "Requests a second; of a gateway that only passes TCP through, connections opened a second",
        align: Align::Right,
        min: 5,
        max: 7,
        keep: 236,
        wide: false,
        live: true,
        cell: Told::Known(live::requests),
    },
    Column {
        id: "ok",
        title: "OK%",
        about: "Requests that succeeded, in percent",
        align: Align::Right,
        min: 5,
        max: 6,
        keep: 238,
        wide: false,
        live: true,
        cell: Told::Known(live::success),
    },
    Column {
        id: "p99",
        title: "P99",
        about: "99th percentile of the duration",
        align: Align::Right,
        min: 5,
        max: 7,
        keep: 234,
        wide: false,
        live: true,
        cell: Told::Known(live::p99),
    },
    Column {
        id: "active",
        title: "ACTIVE",
        about: "Connections that are open",
        align: Align::Right,
        min: 6,
        max: 7,
        keep: 105,
        wide: false,
        live: true,
        cell: Told::Known(live::active),
    },
    Column {
        id: "traffic",
        title: "LOAD",
        about: "Requests of the last samples, the newest at the right; a space is a sample that is missing",
        align: Align::Right,
        min: 4,
        max: live::SPARK as u16,
        keep: 210,
        wide: false,
        live: true,
        cell: Told::Known(live::traffic),
    },
    Column {
        id: "ports",
        title: "PORTS",
        about: "Ports of its Service",
        align: Align::Left,
        min: 6,
        max: 24,
        keep: 110,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(&g.ports)),
    },
    Column {
        id: "limits",
        title: "LIMITS",
        about: "CPU and memory limits of a pod",
        align: Align::Left,
        min: 7,
        max: 16,
        keep: 80,
        wide: false,
        live: false,
        cell: cell!(|g, _now| word(&g.limits)),
    },
    Column {
        id: "autoscaling",
        title: "SCALING",
        about: "Least and most replicas, and how many now",
        align: Align::Left,
        min: 5,
        max: 14,
        keep: 90,
        wide: false,
        live: false,
        cell: cell!(|g, _now| scaling(&g.autoscaling)),
    },
    Column {
        id: "mtls",
        title: "MTLS",
        about: "Whether its pods carry the label that makes sidecars speak mTLS to it",
        align: Align::Left,
        min: 4,
        max: 4,
        keep: 70,
        wide: false,
        live: false,
        cell: cell!(|g, _now| mtls(g.mtls_label)),
    },
    Column {
        id: "proxy",
        title: "PROXY",
        about: "Version of the proxy that runs",
        align: Align::Left,
        min: 6,
        max: 24,
        keep: 75,
        wide: false,
        live: false,
        cell: cell!(|g, _now| proxy(&g.proxy_version)),
    },
    Column {
        id: "age",
        title: "AGE",
        about: "When it was made",
        align: Align::Right,
        min: 4,
        max: 7,
        keep: 95,
        wide: false,
        live: false,
        cell: cell!(|g, now| age_of(g.created, now)),
    },
    Column {
        id: "direction",
        title: "DIRECTION",
        about: "Egress, ingress, or unknown",
        align: Align::Left,
        min: 7,
        max: 9,
        keep: 30,
        wide: true,
        live: false,
        cell: cell!(|g, _now| direction(g.direction)),
    },
    Column {
        id: "reason",
        title: "REASON",
        about: "Why the status is what it is",
        align: Align::Left,
        min: 20,
        max: 120,
        keep: 25,
        wide: true,
        live: false,
        cell: cell!(|g, _now| word(&g.health.reason)),
    },
];

fn scaling(text: &str) -> Cell {
    match text {
        "" => none(),
        "off" => toned("off", Tone::Muted),
        other => word(other),
    }
}

fn mtls(on: bool) -> Cell {
    if on { own("on".to_owned(), Tone::Plain) } else { toned("off", Tone::Muted) }
}

fn proxy(version: &str) -> Cell {
    let injected = !version.split(", ").any(|v| v == "auto!");
    toned(version, if injected { Tone::Plain } else { Tone::Bad })
}

fn direction(direction: Direction) -> Cell {
    let tone = if direction == Direction::Unknown { Tone::Muted } else { Tone::Plain };
    own(direction.to_string(), tone)
}
