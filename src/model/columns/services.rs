//! Columns of the services table: kubectl's words.

use std::fmt::Write;

use jiff::Timestamp;

use super::cells::{age_of, none, own, toned, word};
use crate::model::row::ServiceRow;
use crate::model::table::{Align, Cell, Column, Item, Subject, Told, Tone};

macro_rules! cell {
    (|$item:ident, $s:ident, $now:ident| $body:expr) => {
        Told::Known(|$item: &Item, $now: Timestamp| match &$item.subject {
            Subject::Service($s) => $body,
            _ => none(),
        })
    };
}

/// In their order.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        id: "cluster",
        title: "CLUSTER",
        about: "Its cluster",
        align: Align::Left,
        min: 8,
        max: 30,
        keep: 200,
        wide: false,
        live: false,
        cell: cell!(|item, _s, _now| word(item.cluster.as_str())),
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
        cell: cell!(|_item, s, _now| word(&s.meta.namespace)),
    },
    Column {
        id: "name",
        title: "NAME",
        about: "Its name",
        align: Align::Left,
        min: 16,
        max: 63,
        keep: 255,
        wide: false,
        live: false,
        cell: cell!(|_item, s, _now| word(&s.meta.name)),
    },
    Column {
        id: "type",
        title: "TYPE",
        about: "ClusterIP, NodePort, LoadBalancer or ExternalName",
        align: Align::Left,
        min: 9,
        max: 12,
        keep: 150,
        wide: false,
        live: false,
        cell: cell!(|_item, s, _now| word(&s.service_type)),
    },
    Column {
        id: "cluster-ip",
        title: "CLUSTER-IP",
        about: "Its address in the cluster",
        align: Align::Left,
        min: 10,
        max: 40,
        keep: 140,
        wide: false,
        live: false,
        cell: cell!(|_item, s, _now| cluster_ip(s)),
    },
    Column {
        id: "external-ip",
        title: "EXTERNAL-IP",
        about: "Its addresses outside of it",
        align: Align::Left,
        min: 11,
        max: 50,
        keep: 130,
        wide: false,
        live: false,
        cell: cell!(|_item, s, _now| external(s)),
    },
    Column {
        id: "ports",
        title: "PORT(S)",
        about: "Ports, node ports and protocols",
        align: Align::Left,
        min: 8,
        max: 60,
        keep: 120,
        wide: false,
        live: false,
        cell: cell!(|_item, s, _now| ports(s)),
    },
    Column {
        id: "age",
        title: "AGE",
        about: "When it was made",
        align: Align::Right,
        min: 4,
        max: 8,
        keep: 110,
        wide: false,
        live: false,
        cell: cell!(|_item, s, now| age_of(s.meta.created, now)),
    },
    Column {
        id: "selector",
        title: "SELECTOR",
        about: "The labels of its pods",
        align: Align::Left,
        min: 12,
        max: 80,
        keep: 20,
        wide: true,
        live: false,
        cell: cell!(|_item, s, _now| selector(s)),
    },
];

fn cluster_ip(s: &ServiceRow) -> Cell {
    match &*s.cluster_ip {
        "" => toned("<none>", Tone::Muted),
        "None" => toned("None", Tone::Muted),
        address => word(address),
    }
}

fn external(s: &ServiceRow) -> Cell {
    if !s.external.is_empty() {
        return word(&s.external.join(","));
    }
    if &*s.service_type == "LoadBalancer" {
        own("<pending>".to_owned(), Tone::Warn)
    } else {
        toned("<none>", Tone::Muted)
    }
}

fn ports(s: &ServiceRow) -> Cell {
    let mut text = String::new();
    for port in &s.ports {
        if !text.is_empty() {
            text.push(',');
        }
        let _ = match port.node_port {
            0 => write!(text, "{}/{}", port.port, port.protocol),
            node => write!(text, "{}:{node}/{}", port.port, port.protocol),
        };
    }
    if text.is_empty() { toned("<none>", Tone::Muted) } else { word(&text) }
}

fn selector(s: &ServiceRow) -> Cell {
    let pairs: Vec<String> = s.selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
    if pairs.is_empty() { toned("<none>", Tone::Muted) } else { word(&pairs.join(",")) }
}
