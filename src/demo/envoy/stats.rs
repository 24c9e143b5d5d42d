//! Envoy's own statistics, named and tagged as Istio's bootstrap has it.

use jiff::Timestamp;

use super::expose::{Stat, Worth};
use super::outside::{Spread, Trouble};
use super::route::{self, Host, Mode, UNLIMITED};
use super::tally::{Histogram, Tally};
use super::{Proxy, collect::Collected, istio};

use Worth::{Counter, Gauge};

/// Makes statistics of one scope.
struct Scope<'a> {
    all: &'a mut Vec<Stat>,
    /// What all its names begin with, in whole names: `cluster.outbound|443||host;`.
    whole: String,
    /// The same in exposition text: `envoy_cluster`.
    family: String,
    /// Its tag, rendered.
    tag: String,
}

impl Scope<'_> {
    fn put(&mut self, name: &str, worth: Worth) {
        let family = format!("{}_{}", self.family, name.replace(['.', '-'], "_"));
        self.all.push(Stat::new(
            format!("{}.{name}", self.whole),
            family.into(),
            self.tag.as_str().into(),
            worth,
        ));
    }

    fn counters(&mut self, all: &[(&str, u64)]) {
        all.iter().for_each(|(name, number)| self.put(name, Counter(*number)));
    }

    fn gauges(&mut self, all: &[(&str, u64)]) {
        all.iter().for_each(|(name, number)| self.put(name, Gauge(*number)));
    }

    fn histogram(&mut self, name: &str, of: Histogram) {
        self.put(name, Worth::Histogram(Box::new(of)));
    }

    /// Answers by code and by class: Istio's tags take both out of the name.
    fn answers(&mut self, before: &str, codes: &[(u16, u64)]) {
        let tag = self.tag.clone();
        let family = format!("{}_{before}", self.family);
        let mut put = |suffix: String, key: &str, number: u64| {
            let comma = if tag.is_empty() { "" } else { "," };
            let tags = format!("{tag}{comma}{key}=\"{suffix}\"");
            let name = format!("{}.{before}_{suffix}", self.whole);
            self.all.push(Stat::new(name, family.clone().into(), tags.into(), Counter(number)));
        };
        for class in 2..6_u16 {
            let of_class = codes.iter().filter(|(code, _)| code / 100 == class).map(|(_, n)| n).sum::<u64>();
            if of_class > 0 {
                put(format!("{class}xx"), "response_code_class", of_class);
            }
        }
        codes.iter().for_each(|(code, number)| put(code.to_string(), "response_code", *number));
    }
}

impl Proxy<'_> {
    /// All statistics that the proxy collects.
    pub(super) fn collected(&self) -> Vec<Stat> {
        let collected = Collected::of(self);
        let mut all = self.made(collected.adds());
        all.retain(|stat| collected.holds(&stat.name));
        all
    }

    /// The statistics there are; those of hosts only where they are asked for: they are the most, and few collect them.
    pub(super) fn made(&self, of_hosts: bool) -> Vec<Stat> {
        let tallies = self.tallies();
        let mut all = istio::stats(self, &tallies);
        for (host, tally) in tallies.iter().filter(|_| of_hosts) {
            of_cluster(&mut all, host, tally, self.at);
        }
        self.of_listeners(&mut all, &tallies);
        self.of_server(&mut all, &tallies);
        of_istiod(&mut all, self.uptime());
        all
    }

    fn of_listeners(&self, all: &mut Vec<Stat>, tallies: &[(&Host, Tally)]) {
        for port in route::listeners(&self.hosts) {
            let here = || tallies.iter().filter(|(h, _)| h.listener == port);
            let (mut active, mut total) = (0, 0);
            for (_, tally) in here() {
                active += tally.active;
                total += tally.connections;
            }
            let address = format!("0.0.0.0_{port}");
            let mut listener = Scope {
                all: &mut *all,
                whole: format!("listener.{address}"),
                family: "envoy_listener".to_owned(),
                tag: format!("listener_address=\"{address}\""),
            };
            listener.gauges(&[("downstream_cx_active", active), ("downstream_pre_cx_active", 0)]);
            listener.counters(&[
                ("downstream_cx_total", total),
                ("downstream_cx_destroy", total.saturating_sub(active)),
                ("downstream_cx_overflow", 0),
                ("downstream_cx_overload_reject", 0),
                ("downstream_global_cx_overflow", 0),
                ("downstream_pre_cx_timeout", 0),
                ("no_filter_chain_match", 0),
            ]);
            let http: Vec<&(&Host, Tally)> = here().filter(|(h, _)| h.mode != Mode::Passthrough).collect();
            if !http.is_empty() {
                of_manager(all, &address, &http);
            }
        }
        for (port, active) in [(15_021, 0), (15_090, 1)] {
            let address = format!("0.0.0.0_{port}");
            let mut listener = Scope {
                all: &mut *all,
                whole: format!("listener.{address}"),
                family: "envoy_listener".to_owned(),
                tag: format!("listener_address=\"{address}\""),
            };
            listener.gauges(&[("downstream_cx_active", active)]);
        }
    }

    fn of_server(&self, all: &mut Vec<Stat>, tallies: &[(&Host, Tally)]) {
        let connections = tallies.iter().map(|(_, t)| t.active).sum::<u64>();
        let (memory, clusters) = (self.memory(), self.hosts.len() as u64);
        let listeners = route::listeners(&self.hosts).len() as u64 + 2;
        let mut server = plain(all, "server");
        server.counters(&[
            ("debug_assertion_failures", 0),
            ("dropped_stat_flushes", 0),
            ("dynamic_unknown_fields", 0),
            ("envoy_bug_failures", 0),
            ("static_unknown_fields", 0),
            ("wip_protos", 0),
            ("worker_0.watchdog_miss", 0),
        ]);
        server.gauges(&[
            ("concurrency", self.workers()),
            ("days_until_first_cert_expiring", super::certs::days_left(self)),
            ("hot_restart_epoch", 0),
            ("live", 1),
            ("memory_allocated", memory),
            ("memory_heap_size", (memory >> 20 << 20) + (14 << 20)),
            ("memory_physical_size", memory + (22 << 20)),
            ("parent_connections", 0),
            ("state", u64::from(!self.ready) * 2),
            ("stats_recent_lookups", 0),
            ("total_connections", connections),
            ("uptime", self.uptime()),
            ("version", 13_654_291),
        ]);
        let initialized = Histogram::of(1, &Spread { median: 600.0 + clusters as f64 * 9.0, shape: 30.0 });
        server.histogram("initialization_time_ms", initialized);
        let mut manager = plain(all, "cluster_manager");
        manager.counters(&[
            ("cluster_added", clusters + 7),
            ("cluster_modified", 0),
            ("cluster_removed", 0),
            ("cds.update_success", 3 + self.uptime() / 7_200),
            ("cds.update_failure", 0),
            ("cds.update_rejected", 0),
        ]);
        manager.gauges(&[("active_clusters", clusters + 7), ("warming_clusters", 0)]);
        let mut manager = plain(all, "listener_manager");
        manager.counters(&[
            ("listener_added", listeners),
            ("listener_create_failure", 0),
            ("listener_create_success", listeners * self.workers()),
            ("lds.update_success", 2 + self.uptime() / 9_600),
            ("lds.update_rejected", 0),
        ]);
        manager.gauges(&[
            ("total_listeners_active", listeners),
            ("total_listeners_draining", 0),
            ("total_listeners_warming", 0),
            ("workers_started", 1),
        ]);
        plain(all, "control_plane").gauges(&[("connected_state", 1), ("pending_requests", 0)]);
    }
}

/// A scope without a tag.
fn plain<'a>(all: &'a mut Vec<Stat>, whole: &str) -> Scope<'a> {
    Scope { all, whole: whole.to_owned(), family: format!("envoy_{whole}"), tag: String::new() }
}

/// The connection to istiod, which every proxy tells of.
fn of_istiod(all: &mut Vec<Stat>, uptime: u64) {
    // istiod closes it now and then, so that load spreads.
    let connections = 1 + uptime / 1_800;
    let mut scope = cluster(all, "xds-grpc");
    scope.counters(&[
        ("upstream_cx_total", connections),
        ("upstream_cx_http2_total", connections),
        ("upstream_cx_connect_fail", 0),
        ("upstream_rq_total", connections),
        ("upstream_cx_rx_bytes_total", 48_211 + uptime * 31),
        ("upstream_cx_tx_bytes_total", 9_127 + uptime * 6),
    ]);
    scope.gauges(&[
        ("upstream_cx_active", 1),
        ("upstream_rq_active", 1),
        ("membership_healthy", 1),
        ("membership_total", 1),
    ]);
    scope.answers("upstream_rq", &[(200, connections)]);
}

fn cluster<'a>(all: &'a mut Vec<Stat>, name: &str) -> Scope<'a> {
    Scope {
        all,
        whole: format!("cluster.{name};"),
        family: "envoy_cluster".to_owned(),
        tag: format!("cluster_name=\"{name}\""),
    }
}

/// The connection manager of a port.
fn of_manager(all: &mut Vec<Stat>, address: &str, hosts: &[&(&Host, Tally)]) {
    let sum = |of: &dyn Fn(&Tally) -> u64| hosts.iter().map(|(_, t)| of(t)).sum::<u64>();
    let mut manager = Scope {
        all,
        whole: format!("http.outbound_{address};"),
        family: "envoy_http".to_owned(),
        tag: format!("http_conn_manager_prefix=\"outbound_{address}\""),
    };
    manager.gauges(&[
        ("downstream_cx_active", sum(&|t| t.active)),
        ("downstream_rq_active", sum(&|t| t.running + t.pending)),
    ]);
    manager.counters(&[
        ("downstream_cx_total", sum(&|t| t.connections)),
        ("downstream_rq_total", sum(&|t| t.requests())),
        ("downstream_rq_completed", sum(&|t| t.requests())),
        ("downstream_rq_rx_reset", 0),
        ("downstream_rq_timeout", 0),
        ("downstream_rq_too_large", 0),
        ("no_route", 0),
    ]);
    let took = hosts.iter().flat_map(|(_, t)| &t.ended).fold(Histogram::default(), |sum, e| sum.and(&e.took));
    manager.histogram("downstream_rq_time", took);
}

fn of_cluster(all: &mut Vec<Stat>, host: &Host, tally: &Tally, at: Timestamp) {
    let endpoints = host.endpoints_at(at);
    let of = |fits: &dyn Fn(&route::Endpoint) -> bool| endpoints.iter().filter(|e| fits(e)).count() as u64;
    let (ejected, overflow) = (of(&|e| e.ejected), of(&|e| e.refuses && !e.ejected));
    let http = host.mode != Mode::Passthrough;
    let mut scope = cluster(all, &host.cluster());
    scope.counters(&[
        ("upstream_cx_total", tally.connections + tally.refused),
        ("upstream_cx_http1_total", if http { tally.connections } else { 0 }),
        ("upstream_cx_connect_fail", tally.refused),
        ("upstream_cx_connect_timeout", 0),
        ("upstream_cx_overflow", tally.overflown),
        ("upstream_cx_pool_overflow", 0),
        ("upstream_cx_none_healthy", 0),
        ("upstream_cx_destroy_remote_with_active_rq", 0),
        ("upstream_cx_protocol_error", 0),
        ("upstream_cx_rx_bytes_total", tally.received),
        ("upstream_cx_tx_bytes_total", tally.sent),
        ("update_attempt", 1 + tally.connections / 20),
        ("update_success", 1 + tally.connections / 20),
        ("update_failure", 0),
        ("update_empty", 0),
        ("assignment_stale", 0),
    ]);
    scope.gauges(&[
        ("upstream_cx_active", tally.active),
        ("membership_total", endpoints.len() as u64),
        ("membership_healthy", endpoints.len() as u64 - ejected),
        ("membership_degraded", 0),
        ("membership_excluded", 0),
        ("circuit_breakers.default.cx_open", u64::from(tally.is_open)),
        ("circuit_breakers.default.cx_pool_open", 0),
        ("circuit_breakers.default.rq_open", 0),
        ("circuit_breakers.default.rq_pending_open", u64::from(tally.is_open)),
        ("circuit_breakers.default.rq_retry_open", 0),
        ("circuit_breakers.high.cx_open", 0),
        ("circuit_breakers.high.rq_open", 0),
        ("circuit_breakers.high.rq_pending_open", 0),
    ]);
    if host.limits.connections != UNLIMITED {
        scope.gauges(&[
            ("circuit_breakers.default.remaining_cx", host.limits.connections.saturating_sub(tally.active)),
            ("circuit_breakers.default.remaining_pending", host.limits.pending.saturating_sub(tally.pending)),
        ]);
    }
    if host.ejects {
        let since = match host.demand.trouble {
            Trouble::Refuses(since) => at.duration_since(since).as_secs().max(0).unsigned_abs(),
            _ => 0,
        };
        // Put out for half a minute first, then for longer each time.
        let times = u64::from(ejected > 0) * (1 + (since / 120).min(9));
        scope.counters(&[
            ("outlier_detection.ejections_enforced_total", times),
            ("outlier_detection.ejections_enforced_consecutive_5xx", times),
            ("outlier_detection.ejections_detected_consecutive_5xx", times + overflow * (since / 10)),
            ("outlier_detection.ejections_overflow", overflow * (since / 10)),
        ]);
        scope.gauges(&[("outlier_detection.ejections_active", ejected)]);
    }
    if host.mode == Mode::Originate {
        scope.counters(&[
            ("ssl.handshake", tally.connections),
            ("ssl.session_reused", tally.connections / 3),
            ("ssl.connection_error", 0),
            ("ssl.fail_verify_error", 0),
            ("ssl.fail_verify_san", 0),
            ("ssl.fail_verify_no_cert", 0),
        ]);
    }
    if http {
        of_requests(&mut scope, tally);
    }
}

fn of_requests(scope: &mut Scope<'_>, tally: &Tally) {
    let (all, arrived) = (tally.requests(), tally.arrived());
    scope.counters(&[
        ("upstream_rq_total", arrived),
        ("upstream_rq_completed", all),
        ("upstream_rq_pending_total", tally.connections + tally.refused),
        ("upstream_rq_pending_overflow", tally.overflown),
        ("upstream_rq_pending_failure_eject", tally.refused),
        ("upstream_rq_timeout", 0),
        ("upstream_rq_per_try_timeout", 0),
        ("upstream_rq_retry", 0),
        ("upstream_rq_retry_success", 0),
        ("upstream_rq_retry_limit_exceeded", 0),
        ("upstream_rq_rx_reset", 0),
        ("upstream_rq_tx_reset", 0),
        ("upstream_rq_maintenance_mode", 0),
        ("upstream_rq_max_duration_reached", 0),
    ]);
    scope.gauges(&[("upstream_rq_active", tally.running), ("upstream_rq_pending_active", tally.pending)]);
    let mut codes: Vec<(u16, u64)> = Vec::new();
    for ended in &tally.ended {
        match codes.iter_mut().find(|(code, _)| *code == ended.code) {
            Some((_, number)) => *number += ended.count,
            None => codes.push((ended.code, ended.count)),
        }
    }
    scope.answers("upstream_rq", &codes);
    let of_host = tally.ended.iter().filter(|e| e.arrived);
    scope.histogram("upstream_rq_time", of_host.fold(Histogram::default(), |sum, e| sum.and(&e.took)));
    let connected = Histogram::of(tally.connections, &Spread { median: 11.0, shape: 5.0 });
    scope.histogram("upstream_cx_connect_ms", connected);
    let over = tally.connections.saturating_sub(tally.active.max(8));
    scope.histogram("upstream_cx_length_ms", Histogram::of(over, &Spread { median: 42_000.0, shape: 3.0 }));
}
