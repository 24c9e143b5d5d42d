//! Columns of the pods table: kubectl's words.

use jiff::Timestamp;

use super::beside;
use super::cells::{age_of, none, number, ready_of, toned, word};
use super::of_pod;
use crate::model::age::age;
use crate::model::row::PodRow;
use crate::model::table::{Align, Cell, Column, Item, Subject, Told, Tone};

macro_rules! cell {
    (|$item:ident, $p:ident, $now:ident| $body:expr) => {
        Told::Known(|$item: &Item, $now: Timestamp| match &$item.subject {
            Subject::Pod($p) => $body,
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
        cell: cell!(|item, _p, _now| word(item.cluster.as_str())),
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
        cell: cell!(|_item, p, _now| word(&p.meta.namespace)),
    },
    Column {
        id: "name",
        title: "NAME",
        about: "Its name",
        align: Align::Left,
        min: 20,
        max: 80,
        keep: 255,
        wide: false,
        live: false,
        cell: cell!(|_item, p, _now| word(&p.meta.name)),
    },
    Column {
        id: "ready",
        title: "READY",
        about: "Ready containers, of all",
        align: Align::Right,
        min: 5,
        max: 7,
        keep: 240,
        wide: false,
        live: false,
        cell: cell!(|_item, p, _now| ready(p)),
    },
    Column {
        id: "status",
        title: "STATUS",
        about: "What kubectl says of it",
        align: Align::Left,
        min: 12,
        max: 28,
        keep: 250,
        wide: false,
        live: false,
        cell: cell!(|_item, p, _now| toned(&p.status, of_pod(&p.status, p.is_ready).1)),
    },
    Column {
        id: "restarts",
        title: "RESTARTS",
        about: "Restarts of its containers, and when the last was",
        align: Align::Right,
        min: 8,
        max: 16,
        keep: 165,
        wide: false,
        live: false,
        cell: cell!(|_item, p, now| restarts(p, now)),
    },
    Column {
        id: "ip",
        title: "IP",
        about: "Its address",
        align: Align::Left,
        min: 10,
        max: 40,
        keep: 90,
        wide: false,
        live: false,
        cell: cell!(|_item, p, _now| or_none(&p.ip)),
    },
    Column {
        id: "node",
        title: "NODE",
        about: "The node it runs on",
        align: Align::Left,
        min: 8,
        max: 50,
        keep: 100,
        wide: false,
        live: false,
        cell: cell!(|_item, p, _now| or_none(&p.node)),
    },
    Column {
        id: "age",
        title: "AGE",
        about: "When it was made",
        align: Align::Right,
        min: 4,
        max: 8,
        keep: 160,
        wide: false,
        live: false,
        cell: cell!(|_item, p, now| age_of(p.meta.created, now)),
    },
    Column {
        id: "gateway",
        title: "GATEWAY",
        about: "The gateway that it serves",
        align: Align::Left,
        min: 8,
        max: 40,
        keep: 170,
        wide: true,
        live: true,
        cell: cell!(|item, _p, _now| beside::gateway(item)),
    },
    Column {
        id: "cpu",
        title: "CPU",
        about: "CPU cores that it uses, by the metrics API",
        align: Align::Right,
        min: 4,
        max: 8,
        keep: 80,
        wide: true,
        live: true,
        cell: cell!(|item, p, _now| beside::cpu(item, p)),
    },
    Column {
        id: "cpu-pct",
        title: "CPU%",
        about: "That, of its CPU limit; of its request (r) where nothing limits it; n/s: neither is set",
        align: Align::Right,
        min: 5,
        max: 7,
        keep: 79,
        wide: true,
        live: true,
        cell: cell!(|item, p, _now| beside::cpu_part(item, p)),
    },
    Column {
        id: "mem",
        title: "MEM",
        about: "Memory that it uses, by the metrics API",
        align: Align::Right,
        min: 5,
        max: 8,
        keep: 78,
        wide: true,
        live: true,
        cell: cell!(|item, p, _now| beside::memory(item, p)),
    },
    Column {
        id: "mem-pct",
        title: "MEM%",
        about: "That, of its memory limit; of its request (r) where nothing limits it; n/s: neither is set",
        align: Align::Right,
        min: 5,
        max: 7,
        keep: 77,
        wide: true,
        live: true,
        cell: cell!(|item, p, _now| beside::memory_part(item, p)),
    },
    Column {
        id: "proxy",
        title: "PROXY",
        about: "Version of its proxy, or of its only container",
        align: Align::Left,
        min: 6,
        max: 24,
        keep: 50,
        wide: true,
        live: false,
        cell: cell!(|_item, p, _now| proxy(&p.proxy_image)),
    },
    Column {
        id: "account",
        title: "ACCOUNT",
        about: "Its service account: the identity that others see",
        align: Align::Left,
        min: 8,
        max: 40,
        keep: 30,
        wide: true,
        live: false,
        cell: cell!(|_item, p, _now| or_none(&p.service_account)),
    },
    Column {
        id: "owner",
        title: "OWNER",
        about: "What controls it",
        align: Align::Left,
        min: 10,
        max: 60,
        keep: 20,
        wide: true,
        live: false,
        cell: cell!(|_item, p, _now| p
            .meta
            .owner
            .as_ref()
            .map_or_else(none, |o| word(&format!("{} {}", o.kind, o.name)))),
    },
];

fn or_none(text: &str) -> Cell {
    if text.is_empty() { toned("<none>", Tone::Muted) } else { word(text) }
}

fn ready(p: &PodRow) -> Cell {
    let (ready, all) = p.ready;
    let cell = ready_of(u32::from(ready), u32::from(all));
    // A pod that has done its work has no ready container, and nothing is wrong with it.
    if &*p.status == "Completed" { Cell { tone: Tone::Muted, ..cell } } else { cell }
}

fn restarts(p: &PodRow, now: Timestamp) -> Cell {
    let text = match p.last_restart {
        Some(at) if p.restarts > 0 => format!("{} ({} ago)", p.restarts, age(at, now)),
        _ => p.restarts.to_string(),
    };
    let tone = if p.restarts > 0 { Tone::Warn } else { Tone::Plain };
    number(text, f64::from(p.restarts), tone)
}

/// The tag of an image.
fn proxy(image: &str) -> Cell {
    match image {
        "" => none(),
        "auto" => toned("auto!", Tone::Bad),
        _ => {
            let name = image.rsplit('/').next().unwrap_or(image);
            let name = name.split('@').next().unwrap_or(name);
            word(name.split_once(':').map_or("latest", |(_, tag)| tag))
        }
    }
}
