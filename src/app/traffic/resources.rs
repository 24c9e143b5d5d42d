//! What the pods of a gateway use of what they may use: CPU and memory, worker threads, connections.

use std::sync::Arc;

use jiff::Timestamp;

use super::upstreams::{Host, Place};
use crate::envoy::server::ServerInfo;
use crate::metrics::view::PodReading;
use crate::model::age::age;
use crate::model::amount::Amount;
use crate::model::brief::Thresholds;
use crate::model::clean::clean;
use crate::model::columns::clock;
use crate::model::facts::{Fact, Section};
use crate::model::fault::Fault;
use crate::model::gateway::GatewayRow;
use crate::model::reading::{Reading, Unit};
use crate::model::table::Tone;
use crate::model::usage::PodUsage;

/// Pods that are listed, those that use most.
const PODS: usize = 12;
/// Cells of a bar.
const BAR: usize = 8;
/// Seconds after which a measurement is no longer now.
const OLD: i64 = 180;
/// What the number of worker threads is called.
const THREADS: &str = "Worker threads";
/// The container whose limits a gateway has.
const PROXY: &str = "istio-proxy";

/// What is known of the pods of a gateway.
#[derive(Debug)]
pub struct Known<'a> {
    /// The gateway.
    pub row: &'a GatewayRow,
    /// What the metrics API tells of its cluster; none: nothing yet.
    pub usage: Option<&'a Result<Arc<[PodUsage]>, Fault>>,
    /// How reading its proxies goes.
    pub readings: &'a [PodReading],
    /// What its proxies say of themselves: by the name of the pod.
    pub servers: Vec<(Arc<str>, &'a ServerInfo)>,
    /// The hosts behind it.
    pub hosts: &'a [Host],
    /// From where on something is near its limit.
    pub thresholds: Thresholds,
    /// Now.
    pub now: Timestamp,
}

/// What one pod uses; what is not known is not there.
struct Uses {
    pod: Arc<str>,
    cores: Option<f64>,
    bytes: Option<f64>,
    at: Option<Timestamp>,
}

/// What a pod may use, and what it asked for.
#[derive(Clone, Copy)]
struct Bounds {
    limit: Option<f64>,
    request: Option<f64>,
}

/// CPU and memory against what was asked for and what is allowed; threads and connections.
pub fn sections(known: &Known<'_>) -> Vec<Section> {
    if known.row.pods.is_empty() {
        return Vec::new();
    }
    vec![Section::new("CPU and memory", use_facts(known)), Section::new("Proxies", proxy_facts(known))]
}

fn use_facts(known: &Known<'_>) -> Vec<Fact> {
    let (uses, source) = uses(known);
    let [cpu, memory] = bounds(known.row);
    if uses.is_empty() {
        return source.into_iter().collect();
    }
    let mut facts = Vec::new();
    facts.extend(sum("CPU", Unit::Cores, uses.iter().filter_map(|uses| uses.cores), cpu));
    facts.extend(sum("Memory", Unit::Bytes, uses.iter().filter_map(|uses| uses.bytes), memory));
    facts.extend(source);
    let mut pods: Vec<(f64, Fact)> = uses.iter().map(|uses| of_pod(known, uses, cpu, memory)).collect();
    pods.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let hidden = pods.len().saturating_sub(PODS);
    facts.extend(pods.into_iter().take(PODS).map(|(_, fact)| fact));
    if hidden > 0 {
        facts.push(Fact::new("", format!("and {hidden} pods more, which use less")).tone(Tone::Muted));
    }
    facts
}

/// What each pod uses, and what there is to say about where that was learned.
fn uses(known: &Known<'_>) -> (Vec<Uses>, Option<Fact>) {
    let pods = &known.row.pods;
    let api = match known.usage {
        Some(Ok(all)) => Some(all),
        _ => None,
    };
    let measured: Vec<Uses> = pods
        .iter()
        .filter_map(|pod| {
            let of =
                |usage: &&PodUsage| *usage.name == *pod.meta.name && *usage.namespace == *pod.meta.namespace;
            let usage = api?.iter().find(of)?;
            let (cores, bytes) = of_proxy(usage);
            Some(Uses {
                pod: pod.meta.name.clone(),
                cores: Some(cores),
                bytes: Some(bytes),
                at: Some(usage.at),
            })
        })
        .collect();
    if !measured.is_empty() {
        return (measured.iter().map(Uses::copy).collect(), Some(measured_when(&measured, known.now)));
    }
    let own: Vec<Uses> = known
        .readings
        .iter()
        .filter_map(|reading| {
            let bytes = Some(reading.memory.number()?);
            Some(Uses { pod: reading.pod.name.clone(), cores: None, bytes, at: reading.last })
        })
        .collect();
    let why = match known.usage {
        Some(Err(fault)) => format!("{}.", clean(&fault.summary)),
        Some(Ok(_)) => "The metrics API tells nothing of these pods yet.".to_owned(),
        None => String::new(),
    };
    let hint = match known.usage {
        Some(Err(fault)) => clean(&fault.hint).into_owned(),
        _ => String::new(),
    };
    let said = match (own.is_empty(), why.is_empty()) {
        (true, true) => Fact::new("", "Reading …").tone(Tone::Busy),
        (true, false) => Fact::new("", why).tone(Tone::Muted).note(hint),
        (false, _) => {
            Fact::new("", format!("Envoy's own memory, without its agent's; CPU is not known. {why}"))
                .tone(Tone::Muted)
                .note(hint)
        }
    };
    (own, Some(said))
}

impl Uses {
    fn copy(&self) -> Self {
        Self { pod: self.pod.clone(), cores: self.cores, bytes: self.bytes, at: self.at }
    }
}

fn measured_when(uses: &[Uses], now: Timestamp) -> Fact {
    let last = uses.iter().filter_map(|uses| uses.at).max();
    let (words, tone) = match last {
        Some(at) if now.duration_since(at).as_secs() > OLD => {
            (format!("▲ stale: measured {} ago, at {}", age(at, now), clock(at)), Tone::Warn)
        }
        Some(at) => (format!("measured at {} (metrics API)", clock(at)), Tone::Muted),
        None => return Fact::new("", ""),
    };
    Fact::new("", words).tone(tone)
}

/// What the proxy's container uses: the limits are its own. A pod without one of that name is taken as a whole.
fn of_proxy(usage: &PodUsage) -> (f64, f64) {
    let proxy = usage.containers.iter().find(|(name, ..)| &**name == PROXY);
    proxy.map_or((usage.cores(), usage.memory()), |(_, cores, bytes)| (*cores, *bytes))
}

/// Of CPU and of memory.
fn bounds(row: &GatewayRow) -> [Bounds; 2] {
    let read = |text: &str| text.parse::<Amount>().ok().map(|amount| amount.as_f64()).filter(|n| *n > 0.0);
    let Some(workload) = &row.workload else { return [Bounds { limit: None, request: None }; 2] };
    let (limits, requests) = (&workload.limits, &workload.requests);
    [
        Bounds { limit: read(&limits.0), request: read(&requests.0) },
        Bounds { limit: read(&limits.1), request: read(&requests.1) },
    ]
}

/// `1.2 in all, a pod may use 2 and asks for 500m`.
fn sum(name: &'static str, unit: Unit, uses: impl Iterator<Item = f64>, bounds: Bounds) -> Option<Fact> {
    let all: Vec<f64> = uses.collect();
    if all.is_empty() {
        return None;
    }
    let total: f64 = all.iter().sum();
    let limit = match bounds.limit {
        Some(limit) => format!("a pod may use {}", amount(unit, limit)),
        None => "not limited".to_owned(),
    };
    let request = match bounds.request {
        Some(request) => {
            let part = total / (request * all.len() as f64);
            format!("asks for {}, uses {} of that", amount(unit, request), percent(part))
        }
        None => "asks for nothing".to_owned(),
    };
    Some(Fact::new(name, format!("{} in all; {limit}, {request}", amount(unit, total))))
}

fn amount(unit: Unit, n: f64) -> String {
    unit.text(n).into_owned()
}

/// `62 %`: whole, for it may be far above a hundred.
fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// A part as a bar, a percentage, and a word where it is near all: `█████░░░ 62 %`, `████████ 97 % ✕ near its limit`.
pub fn bar(part: f64, thresholds: &Thresholds) -> (String, Tone) {
    let filled = ((part.clamp(0.0, 1.0) * BAR as f64).round() as usize).min(BAR);
    let (warn, bad) = thresholds.saturation;
    let (word, tone) = match part {
        part if part >= 1.0 => (" ✕ at its limit", Tone::Bad),
        part if part >= bad => (" ✕ near its limit", Tone::Bad),
        part if part >= warn => (" ▲ near its limit", Tone::Warn),
        _ => ("", Tone::Plain),
    };
    (format!("{}{} {}{word}", "█".repeat(filled), "░".repeat(BAR - filled), percent(part)), tone)
}

/// How much of what it may use a pod uses, and the words for it.
fn of_pod(known: &Known<'_>, uses: &Uses, cpu: Bounds, memory: Bounds) -> (f64, Fact) {
    let mut most = 0.0_f64;
    let mut tone = Tone::Plain;
    let mut words: Vec<String> = Vec::new();
    for (name, used, bounds, unit) in
        [("CPU", uses.cores, cpu, Unit::Cores), ("memory", uses.bytes, memory, Unit::Bytes)]
    {
        let Some(used) = used else { continue };
        let Some(limit) = bounds.limit else {
            words.push(format!("{name} {}, not limited", amount(unit, used)));
            continue;
        };
        let (bar, of) = bar(used / limit, &known.thresholds);
        most = most.max(used / limit);
        if tone != Tone::Bad && of != Tone::Plain {
            tone = of;
        }
        words.push(format!("{name:<6} {bar}  {} of {}", amount(unit, used), amount(unit, limit)));
    }
    (most, Fact::new(short(known.row, &uses.pod), words.join("\n")).tone(tone))
}

/// The name of a pod without that of its workload.
fn short(row: &GatewayRow, pod: &str) -> String {
    let workload = row.workload.as_ref().map(|workload| workload.meta.name.clone()).unwrap_or_default();
    let rest = pod.strip_prefix(&*workload).and_then(|rest| rest.strip_prefix('-'));
    clean(rest.filter(|rest| !rest.is_empty()).unwrap_or(pod)).into_owned()
}

fn proxy_facts(known: &Known<'_>) -> Vec<Fact> {
    let mut facts = vec![workers(known), version(known)];
    facts.extend(draining(known));
    facts.push(connections(known));
    facts
}

/// `1`, or `1–2 (pods differ)`.
fn span(mut all: Vec<u64>) -> Option<String> {
    all.sort_unstable();
    let (first, last) = (all.first()?, all.last()?);
    Some(if first == last { first.to_string() } else { format!("{first}–{last} (pods differ)") })
}

fn workers(known: &Known<'_>) -> Fact {
    let told = known.servers.iter().map(|(_, server)| u64::from(server.concurrency)).filter(|n| *n > 0);
    let mut all: Vec<u64> = told.collect();
    if all.is_empty() {
        let read = known.readings.iter().filter_map(|reading| reading.workers.number());
        all = read.map(|n| n as u64).collect();
    }
    let most = all.iter().max().copied();
    let Some(words) = span(all) else { return unknown(THREADS, known) };
    let fact = Fact::new(THREADS, format!("{words} in each pod"));
    match (most, bounds(known.row)[0].limit) {
        (Some(most), Some(limit)) if most as f64 > limit.ceil() => fact.note(format!(
            "more than the CPU limit of {}: they wait for each other",
            amount(Unit::Cores, limit)
        )),
        (Some(most), Some(limit)) if (most as f64) < limit.floor() => fact.note(format!(
            "of a CPU limit of {} the proxy uses no more than {most}",
            amount(Unit::Cores, limit)
        )),
        _ => fact,
    }
}

/// What is not known, and why.
fn unknown(label: &'static str, known: &Known<'_>) -> Fact {
    let fault = known.readings.iter().find_map(|reading| reading.fault.as_ref());
    let not_collected = known.readings.iter().any(|reading| reading.workers == Reading::NotCollected);
    match fault {
        // Why is told once, by the first.
        Some(fault) if label == THREADS => {
            Fact::new(label, "not known").tone(Tone::Muted).note(clean(&fault.summary).into_owned())
        }
        Some(_) => Fact::new(label, "not known").tone(Tone::Muted),
        None if not_collected => Fact::new(label, "n/c: not collected").tone(Tone::Muted),
        None => Fact::new(label, "reading …").tone(Tone::Busy),
    }
}

fn version(known: &Known<'_>) -> Fact {
    let mut all: Vec<&str> = known.servers.iter().map(|(_, server)| &*server.version).collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => unknown("Envoy", known),
        all => {
            let words = clean(&all.join(", ")).into_owned();
            let differ = if all.len() > 1 { "pods differ" } else { "" };
            Fact::new("Envoy", words).note(differ)
        }
    }
}

/// Proxies that are not at work.
fn draining(known: &Known<'_>) -> Vec<Fact> {
    let odd = known.servers.iter().filter(|(_, server)| &*server.state != "LIVE" && !server.state.is_empty());
    odd.map(|(pod, server)| {
        let words = clean(&server.state).to_lowercase().replace('_', " ");
        Fact::new(short(known.row, pod), format!("▲ {words}: it takes no new connections")).tone(Tone::Warn)
    })
    .collect()
}

/// The host that is nearest to its limit of connections.
fn connections(known: &Known<'_>) -> Fact {
    const LABEL: &str = "Connections to hosts";
    let outside = || known.hosts.iter().filter(|host| host.place != Place::Own);
    let limited = outside().filter_map(|host| Some((host, host.connections.part()?)));
    let nearest = limited.max_by(|(_, a), (_, b)| a.total_cmp(b));
    match nearest {
        Some((host, part)) => {
            let (used, limit) = host.connections.nearest.unwrap_or_default();
            let (bar, tone) = bar(part, &known.thresholds);
            let words = format!("{bar}  {used} of {limit} at {}", clean(&host.name));
            Fact::new(LABEL, words).tone(tone).note("of the pod that is nearest to its limit")
        }
        None if known.hosts.is_empty() => unknown(LABEL, known),
        None => {
            let all: u64 = outside().map(|host| host.connections.all).sum();
            Fact::new(LABEL, format!("{all} open; no DestinationRule limits them"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Reason;
    use crate::model::gateway::{GatewayId, Origin};
    use crate::model::row::{PodRow, WorkloadRow};

    fn now() -> Timestamp {
        "2026-05-03T11:52:00Z".parse().unwrap()
    }

    fn gateway(limits: (&str, &str)) -> GatewayRow {
        let id = GatewayId { cluster: "eu".into(), namespace: "ns".into(), name: "out".into() };
        let mut row = GatewayRow::new(id, Origin::Manifest);
        let mut workload =
            WorkloadRow { limits: (limits.0.into(), limits.1.into()), ..WorkloadRow::default() };
        workload.requests = ("500m".into(), "".into());
        workload.meta.name = "out".into();
        row.workload = Some(Arc::new(workload));
        for name in ["out-7d9f-a", "out-7d9f-b"] {
            let mut pod = PodRow::default();
            (pod.meta.name, pod.meta.namespace) = (name.into(), "ns".into());
            row.pods.push(Arc::new(pod));
        }
        row
    }

    fn usage(pod: &str, cores: f64, bytes: f64) -> PodUsage {
        PodUsage {
            namespace: "ns".into(),
            name: pod.into(),
            containers: vec![("istio-proxy".into(), cores, bytes), ("other".into(), 9.0, 9e9)],
            at: now(),
            window: std::time::Duration::from_secs(15),
        }
    }

    fn known<'a>(row: &'a GatewayRow, usage: Option<&'a Result<Arc<[PodUsage]>, Fault>>) -> Known<'a> {
        Known {
            row,
            usage,
            readings: &[],
            servers: Vec::new(),
            hosts: &[],
            thresholds: Thresholds::default(),
            now: now(),
        }
    }

    fn told(known: &Known<'_>) -> Vec<(String, String, Tone)> {
        let all = sections(known);
        all[0].facts.iter().map(|fact| (fact.label.to_string(), fact.value.clone(), fact.tone)).collect()
    }

    #[test]
    fn what_a_pod_uses_stands_against_its_limit_the_fullest_first() {
        let row = gateway(("2", "1G"));
        let all = Ok([usage("out-7d9f-a", 0.62, 3e8), usage("out-7d9f-b", 1.24, 9.7e8)].into());
        let told = told(&known(&row, Some(&all)));
        let expected = [
            ("CPU", "1.9 in all; a pod may use 2, asks for 500m, uses 186 % of that", Tone::Plain),
            ("Memory", "1.3G in all; a pod may use 1G, asks for nothing", Tone::Plain),
            ("", "measured at 11:52:00 (metrics API)", Tone::Muted),
            (
                "7d9f-b",
                "CPU    █████░░░ 62 %  1.2 of 2\nmemory ████████ 97 % ✕ near its limit  970M of 1G",
                Tone::Bad,
            ),
            ("7d9f-a", "CPU    ██░░░░░░ 31 %  620m of 2\nmemory ██░░░░░░ 30 %  300M of 1G", Tone::Plain),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(label, value, tone)| ((*label).to_owned(), (*value).to_owned(), *tone))
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn without_a_limit_no_part_of_it_is_told() {
        let row = gateway(("", ""));
        let all = Ok([usage("out-7d9f-a", 0.62, 3e8)].into());
        let told = told(&known(&row, Some(&all)));
        assert_eq!(told[3].1, "CPU 620m, not limited\nmemory 300M, not limited");
    }

    #[test]
    fn envoys_own_memory_stands_in_and_is_marked_and_why_is_said() {
        let row = gateway(("2", "1G"));
        let fault = Fault::new(Reason::Missing, "eu serves no metrics API", "Install metrics-server.");
        let refused = Err(fault);
        let pod = crate::model::name::ObjectKey {
            cluster: "eu".into(),
            kind: crate::model::name::Kind::Pod,
            namespace: "ns".into(),
            name: "out-7d9f-a".into(),
        };
        let reading = PodReading {
            pod,
            last: Some(now()),
            took: 0.1,
            fault: None,
            broken: 0,
            way: None,
            source: None,
            restarted: None,
            workers: Reading::Value(4.0),
            memory: Reading::Value(8.5e8),
            control_plane: Reading::Unknown,
        };
        let mut known = known(&row, Some(&refused));
        assert_eq!(told(&known)[0].1, "eu serves no metrics API.");
        let readings = [reading];
        known.readings = &readings;
        let told = told(&known);
        assert_eq!(
            told[1].1,
            "Envoy's own memory, without its agent's; CPU is not known. eu serves no metrics API."
        );
        assert_eq!(
            (&*told[2].1, told[2].2),
            ("memory ███████░ 85 % ▲ near its limit  850M of 1G", Tone::Warn)
        );
        let proxies = &sections(&known)[1].facts;
        assert_eq!(proxies[0].value, "4 in each pod");
        assert!(proxies[0].note.starts_with("more than the CPU limit of 2"), "{}", proxies[0].note);
    }

    #[test]
    fn a_proxy_that_drains_is_named() {
        let row = gateway(("2", "1G"));
        let server = |state: &str, version: &str| ServerInfo {
            version: version.into(),
            state: state.into(),
            uptime: 60,
            concurrency: 2,
        };
        let (one, two) = (server("LIVE", "1.36.2"), server("DRAINING", "1.36.2"));
        let mut known = known(&row, None);
        known.servers = vec![("out-7d9f-a".into(), &one), ("out-7d9f-b".into(), &two)];
        let facts = &sections(&known)[1].facts;
        assert_eq!((&*facts[0].value, &*facts[1].value), ("2 in each pod", "1.36.2"));
        assert_eq!(
            (&*facts[2].label, &*facts[2].value),
            ("7d9f-b", "▲ draining: it takes no new connections")
        );
    }
}
