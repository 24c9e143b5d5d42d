//! Columns of the clusters table.

use jiff::Timestamp;

use super::cells::{NONE, age_of, clock, none, number, own, ready_of, toned, word};
use crate::model::age::age;
use crate::model::health::HealthState;
use crate::model::holder::{Holder, IN_A_SCREEN, kept_by};
use crate::model::snapshot::{ClusterFacts, Keeper, KindState, Link, Snapshot};
use crate::model::table::{Align, Cell, Column, Item, Subject, Told, Tone};

macro_rules! cell {
    (|$s:ident, $now:ident| $body:expr) => {
        Told::Known(|item: &Item, $now: Timestamp| match &item.subject {
            Subject::Cluster($s) => $body,
            _ => none(),
        })
    };
}

/// In their order.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        id: "cluster",
        title: "CLUSTER",
        about: "The context of the kubeconfig",
        align: Align::Left,
        min: 10,
        max: 40,
        keep: 255,
        wide: false,
        live: false,
        cell: cell!(|s, _now| word(s.cluster.as_str())),
    },
    Column {
        id: "state",
        title: "STATE",
        about: "How it is connected, and when egret tries again",
        align: Align::Left,
        min: 12,
        max: 34,
        keep: 250,
        wide: false,
        live: false,
        cell: cell!(|s, _now| state(s)),
    },
    Column {
        id: "kubernetes",
        title: "KUBERNETES",
        about: "Version of the API server",
        align: Align::Left,
        min: 7,
        max: 20,
        keep: 60,
        wide: false,
        live: false,
        cell: cell!(|s, _now| s.facts.kubernetes.as_deref().map_or_else(none, word)),
    },
    Column {
        id: "istio",
        title: "ISTIO",
        about: "Versions and revisions of istiod",
        align: Align::Left,
        min: 6,
        max: 30,
        keep: 90,
        wide: false,
        live: false,
        cell: cell!(|s, _now| istio(s)),
    },
    Column {
        id: "keeper",
        title: "KEEPER",
        about: "Who makes IstioGateways into running gateways, and whether anybody is at work",
        align: Align::Left,
        min: 6,
        max: 48,
        keep: 120,
        wide: false,
        live: false,
        cell: cell!(|s, _now| keeper(&s.facts)),
    },
    Column {
        id: "gateways",
        title: "GATEWAYS",
        about: "Gateways that run, of all",
        align: Align::Right,
        min: 5,
        max: 9,
        keep: 200,
        wide: false,
        live: false,
        cell: cell!(|s, _now| gateways(s)),
    },
    Column {
        id: "pods",
        title: "PODS",
        about: "Pods that are ready, of all in the watched namespaces",
        align: Align::Right,
        min: 5,
        max: 11,
        keep: 110,
        wide: false,
        live: false,
        cell: cell!(|s, _now| pods(s)),
    },
    Column {
        id: "round-trip",
        title: "TRIP",
        about: "How long the last real request took to be answered",
        align: Align::Right,
        min: 5,
        max: 8,
        keep: 80,
        wide: false,
        live: false,
        cell: cell!(|s, _now| trip(s)),
    },
    Column {
        id: "asked",
        title: "ASKED",
        about: "How long ago that request was",
        align: Align::Right,
        min: 4,
        max: 8,
        keep: 50,
        wide: false,
        live: false,
        cell: cell!(|s, now| match s.facts.round_trip {
            Some((_, at)) => number(age(at, now), -(at.as_millisecond() as f64), Tone::Muted),
            None => none(),
        }),
    },
    Column {
        id: "server",
        title: "SERVER",
        about: "URL of the API server",
        align: Align::Left,
        min: 12,
        max: 60,
        keep: 20,
        wide: true,
        live: false,
        cell: cell!(|s, _now| word(&s.facts.server)),
    },
    Column {
        id: "namespaces",
        title: "NAMESPACES",
        about: "Watched namespaces",
        align: Align::Left,
        min: 10,
        max: 40,
        keep: 15,
        wide: true,
        live: false,
        cell: cell!(|s, _now| namespaces(s)),
    },
    Column {
        id: "uid",
        title: "UID",
        about: "What the cluster is: uid of its kube-system namespace",
        align: Align::Left,
        min: 12,
        max: 36,
        keep: 10,
        wide: true,
        live: false,
        cell: cell!(|s, _now| s.facts.uid.as_deref().map_or_else(none, word)),
    },
    Column {
        id: "age",
        title: "SINCE",
        about: "How long it has been in this state, when it does not answer",
        align: Align::Right,
        min: 4,
        max: 8,
        keep: 5,
        wide: true,
        live: false,
        cell: cell!(|s, now| match &s.link {
            Link::Stale { since, .. } | Link::Connecting { since } => age_of(Some(*since), now),
            _ => none(),
        }),
    },
];

fn state(s: &Snapshot) -> Cell {
    let denied = s.kinds.values().filter(|k| matches!(k, KindState::Denied(_))).count();
    let again = |at: &Option<Timestamp>| at.map(|at| format!(", next try {}", clock(at))).unwrap_or_default();
    match &s.link {
        Link::Connecting { .. } => own("connecting".to_owned(), Tone::Busy),
        Link::Ready if !s.complete() => own("loading".to_owned(), Tone::Busy),
        Link::Ready if denied > 0 => own(format!("ready, {denied} kinds denied"), Tone::Warn),
        Link::Ready => own("ready".to_owned(), Tone::Good),
        Link::Stale { next_try, .. } => own(format!("stale{}", again(next_try)), Tone::Warn),
        Link::Unreachable { fault, .. } if fault.reason == crate::model::fault::Reason::NeedsTerminal => {
            own("needs log-in".to_owned(), Tone::Bad)
        }
        Link::Unreachable { next_try, .. } => own(format!("unreachable{}", again(next_try)), Tone::Bad),
        Link::Denied { next_try, .. } => own(format!("denied{}", again(next_try)), Tone::Bad),
    }
}

fn istio(s: &Snapshot) -> Cell {
    let each = s.facts.istio.iter().map(|i| {
        if &*i.revision == "default" {
            i.version.to_string()
        } else {
            format!("{} ({})", i.version, i.revision)
        }
    });
    let text = each.collect::<Vec<_>>().join(", ");
    if text.is_empty() { none() } else { word(&text) }
}

fn keeper(facts: &ClusterFacts) -> Cell {
    let tone = match (facts.keeper, &facts.holder) {
        (Keeper::Unknown | Keeper::Nobody, _) => Tone::Muted,
        (Keeper::Egret, Holder::Nobody) => Tone::Warn,
        (Keeper::Egret, Holder::Silent { .. }) => Tone::Bad,
        _ => Tone::Plain,
    };
    // Where it runs within is told below the table: here it would take the room of other columns.
    let words = kept_by(facts);
    toned(words.strip_suffix(IN_A_SCREEN).unwrap_or(&words), tone)
}

fn gateways(s: &Snapshot) -> Cell {
    let all: Vec<_> =
        s.gateways.iter().filter(|g| g.direction != crate::model::gateway::Direction::Ingress).collect();
    let good = all.iter().filter(|g| g.health.state == HealthState::Running).count();
    known(s, crate::model::name::Kind::Deployment, good, all.len())
}

fn pods(s: &Snapshot) -> Cell {
    let ready = s.pods.iter().filter(|p| p.is_ready).count();
    known(s, crate::model::name::Kind::Pod, ready, s.pods.len())
}

/// A count, unless what it counts is denied or not here yet: never 0/0 for that.
fn known(s: &Snapshot, kind: crate::model::name::Kind, good: usize, all: usize) -> Cell {
    match s.kinds.get(&kind) {
        Some(KindState::Denied(_)) => own("denied".to_owned(), Tone::Warn),
        Some(KindState::Ready | KindState::Absent) => ready_of(good as u32, all as u32),
        _ if all > 0 => ready_of(good as u32, all as u32),
        _ => Cell { text: NONE.into(), ..none() },
    }
}

fn trip(s: &Snapshot) -> Cell {
    let Some((took, _)) = s.facts.round_trip else { return none() };
    let ms = took.as_secs_f64() * 1000.0;
    let text = if ms < 10.0 {
        format!("{ms:.1}ms")
    } else if ms < 10_000.0 {
        format!("{ms:.0}ms")
    } else {
        format!("{:.0}s", ms / 1000.0)
    };
    number(text, ms, if ms > 1000.0 { Tone::Warn } else { Tone::Plain })
}

fn namespaces(s: &Snapshot) -> Cell {
    if s.facts.namespaces.is_empty() {
        own("all".to_owned(), Tone::Plain)
    } else {
        word(&s.facts.namespaces.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::filter::Filter;

    #[test]
    fn who_keeps_the_gateways_is_told_filtered_by_and_toned() {
        let cluster = |keeper, holder| {
            let mut s = Snapshot::connecting("c".into(), Timestamp::UNIX_EPOCH);
            (s.facts.keeper, s.facts.holder) = (keeper, holder);
            Item {
                cluster: "c".into(),
                stale: false,
                subject: Subject::Cluster(Arc::new(s)),
                live: None,
                beside: None,
            }
        };
        let column = COLUMNS.iter().find(|c| c.id == "keeper").unwrap();
        let filter = Filter::parse("keeper:nobody", COLUMNS).unwrap();
        for (keeper, holder, tone, found) in [
            (Keeper::Egret, Holder::Nobody, Tone::Warn, true),
            (
                Keeper::Egret,
                Holder::Silent { by: Default::default(), since: Timestamp::UNIX_EPOCH },
                Tone::Bad,
                false,
            ),
            (Keeper::Egret, Holder::Held(Default::default()), Tone::Plain, false),
            (Keeper::Asm, Holder::Unread, Tone::Plain, false),
            (Keeper::Unknown, Holder::Unread, Tone::Muted, false),
        ] {
            let item = cluster(keeper, holder.clone());
            assert_eq!(column.cell(&item, Timestamp::UNIX_EPOCH).tone, tone, "{holder:?}");
            assert_eq!(filter.matches(&item, COLUMNS, Timestamp::UNIX_EPOCH), found, "{holder:?}");
        }
    }
}
