//! The selected row explains itself: what its state means, and since when.

use jiff::Timestamp;

use super::cells::clock;
use super::link_words;
use crate::model::age::age;
use crate::model::clean::clean;
use crate::model::gateway::GatewayRow;
use crate::model::holder::{advice, kept_by};
use crate::model::row::{PodRow, ServiceRow};
use crate::model::snapshot::{Keeper, KindState, Link, Snapshot};
use crate::model::table::{Item, Subject};

/// Two lines: what it is, then what its state means and since when.
pub fn explain(item: &Item, now: Timestamp) -> [String; 2] {
    let [first, second] = match &item.subject {
        Subject::Cluster(s) => cluster(s, now),
        Subject::Gateway(g) => gateway(item, g, now),
        Subject::Service(s) => service(item, s, now),
        Subject::Pod(p) => pod(item, p, now),
    };
    let second = if item.stale { format!("Stale: this is how it was last seen. {second}") } else { second };
    [clean(&first).into_owned(), clean(&second).into_owned()]
}

/// Joins what there is to say.
fn joined(parts: &[String]) -> String {
    parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" · ")
}

fn cluster(s: &Snapshot, now: Timestamp) -> [String; 2] {
    let keeper = match s.facts.keeper {
        Keeper::Unknown => "who keeps gateways is not known".to_owned(),
        Keeper::Nobody => "nobody keeps IstioGateways: the kind is not served".to_owned(),
        Keeper::Asm => "ASM keeps gateways".to_owned(),
        Keeper::Egret => match s.facts.holder.by() {
            Some(by) if by.since.is_some() => {
                let since = by.since.map(|at| format!(", for {}", age(at, now))).unwrap_or_default();
                format!("kept by {}{since}", kept_by(&s.facts))
            }
            _ => format!("kept by {}", kept_by(&s.facts)),
        },
        Keeper::Other => "another controller keeps gateways".to_owned(),
    };
    let first = joined(&[s.cluster.to_string(), s.facts.server.to_string(), keeper]);
    let denied: Vec<String> = s
        .kinds
        .values()
        .filter_map(|k| match k {
            KindState::Denied(fault) => Some(
                fault.summary.split_once(": ").map_or(fault.summary.clone(), |(_, what)| what.to_owned()),
            ),
            _ => None,
        })
        .collect();
    let second = match (&s.link, link_words(&s.cluster, &s.link)) {
        (
            Link::Stale { fault, .. } | Link::Unreachable { fault, .. } | Link::Denied { fault, .. },
            Some((_, words)),
        ) => {
            format!("{}. {}", capital(&words), fault.hint)
        }
        (Link::Connecting { since }, _) => format!("Connecting since {}.", clock(*since)),
        _ if !denied.is_empty() => format!("It answers, but: {}.", denied.join("; ")),
        _ if !s.complete() => "It answers; lists are under way.".to_owned(),
        _ if !advice(&s.facts).is_empty() => advice(&s.facts),
        _ => match s.facts.round_trip {
            Some((took, at)) => format!(
                "It answers. The last request took {:.0} ms, {} ago.",
                took.as_secs_f64() * 1000.0,
                age(at, now)
            ),
            None => "It answers.".to_owned(),
        },
    };
    [first, second]
}

fn gateway(item: &Item, g: &GatewayRow, now: Timestamp) -> [String; 2] {
    let canary = g.canary.as_ref().map(|c| format!("canary {}", c.meta.name)).unwrap_or_default();
    let mtls = if g.mtls_label { "mTLS label on" } else { "mTLS label off" };
    let proxy = if g.proxy_version.is_empty() { String::new() } else { format!("proxy {}", g.proxy_version) };
    let first = joined(&[
        g.id.name.to_string(),
        g.id.cluster.to_string(),
        g.id.namespace.to_string(),
        g.origin.to_string(),
        mtls.to_owned(),
        proxy,
        canary,
    ]);
    let made = g.created.map(|at| format!(" Made {} ago.", age(at, now))).unwrap_or_default();
    let health = format!("{}: {}.", g.health.state, g.health.reason.trim_end_matches('.'));
    let second = match item.live.as_deref() {
        // What is wrong with its traffic is told before what is known of its pods, and its age not at all.
        Some(live) if !live.verdict.words.is_empty() => {
            let since = live.verdict.since.map(|at| format!(" since {}", clock(at))).unwrap_or_default();
            format!("{}{since}. {health}", capital(&live.verdict.words))
        }
        // That egret cannot look says nothing of the gateway: why is told where its traffic is shown.
        Some(live) if !live.trouble.is_empty() => format!("{health} Its traffic cannot be read."),
        _ => format!("{health}{made}"),
    };
    [first, second]
}

fn service(item: &Item, s: &ServiceRow, now: Timestamp) -> [String; 2] {
    let first = joined(&[
        s.meta.name.to_string(),
        item.cluster.to_string(),
        s.meta.namespace.to_string(),
        s.service_type.to_string(),
    ]);
    let made = s.meta.created.map(|at| format!(" Made {} ago.", age(at, now))).unwrap_or_default();
    let second = if s.meta.deleting.is_some() {
        format!("It is being deleted; it waits for {}.", s.meta.finalizers.join(", "))
    } else if &*s.service_type == "LoadBalancer" && s.external.is_empty() {
        format!("Its load balancer has no address yet: the cloud's controller gives it one.{made}")
    } else if s.selector.is_empty() {
        format!("It selects no pods: its endpoints are made by hand.{made}")
    } else {
        let pairs: Vec<String> = s.selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("It serves pods with {}.{made}", pairs.join(", "))
    };
    [first, second]
}

fn pod(item: &Item, p: &PodRow, now: Timestamp) -> [String; 2] {
    let owner = p.meta.owner.as_ref().map(|o| format!("{} {}", o.kind, o.name)).unwrap_or_default();
    let first =
        joined(&[p.meta.name.to_string(), item.cluster.to_string(), p.meta.namespace.to_string(), owner]);
    let since = p.meta.created.map(|at| format!(" Made {} ago.", age(at, now))).unwrap_or_default();
    let second = match (&p.trouble, p.meta.deleting) {
        (_, Some(at)) => format!("It is being deleted since {}{}.", clock(at), waits(p)),
        (Some(trouble), _) => {
            let place = if trouble.container.is_empty() {
                String::new()
            } else {
                format!(" in {}", trouble.container)
            };
            let message = if trouble.message.is_empty() {
                String::new()
            } else {
                format!(": {}", trouble.message.trim_end_matches('.'))
            };
            format!("{}{place}{message}.{since}", trouble.reason)
        }
        (None, _) if p.is_ready => format!("It is ready and serves.{since}"),
        (None, _) => format!("{}: {} of {} containers are ready.{since}", p.status, p.ready.0, p.ready.1),
    };
    let used = super::beside::sentence(item, p).map(|used| format!(" {used}")).unwrap_or_default();
    [first, format!("{second}{used}")]
}

fn waits(p: &PodRow) -> String {
    if p.meta.finalizers.is_empty() {
        String::new()
    } else {
        format!(", and waits for {}", p.meta.finalizers.join(", "))
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
