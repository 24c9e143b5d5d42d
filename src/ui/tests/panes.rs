//! Upstreams, certificates, tiles.

use std::sync::Arc;

use super::*;
use crate::app::Msg;
use crate::app::screen::Screen;
use crate::app::traffic::upstreams::testing::{cluster, endpoint};
use crate::envoy::certs::Certificate;
use crate::envoy::clusters::Cluster;
use crate::envoy::server::ServerInfo;
use crate::envoy::{Answer, Seen};
use crate::model::brief::{Brief, Verdict};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey};
use crate::model::reading::{Reading, Source};
use crate::model::usage::PodUsage;

fn pod(n: usize) -> ObjectKey {
    let name = format!("istio-egressgateway-1-{n}");
    ObjectKey {
        cluster: "prod-eu".into(),
        kind: Kind::Pod,
        namespace: "istio-system".into(),
        name: name.into(),
    }
}

fn told(app: &mut App, n: usize, seconds_ago: i64, answer: Result<Answer, Fault>) {
    let at = fixture::now() - jiff::SignedDuration::from_secs(seconds_ago);
    fixture::take(app, Msg::Admin(Seen { pod: pod(n), at, answer }));
}

/// What one pod says: a host that is out, one near its limit, one whose endpoints differ, one that is well.
fn clusters(n: usize, later: bool) -> Vec<Cluster> {
    let failed = |address: &str, flags: &[&str]| {
        let mut one = endpoint(address, flags, 0);
        one.cx_connect_fail = if later { 52 } else { 12 };
        one.cx_total = one.cx_connect_fail;
        one.rq_error = one.cx_connect_fail;
        one.rq_success = 240;
        one
    };
    let out = ["failed_outlier_check"];
    let stripe = cluster(
        "api.stripe.com",
        443,
        vec![failed("198.51.100.7:443", &out), failed("198.51.100.8:443", &out)],
    );
    let mut slack = cluster("hooks.slack.com", 443, vec![endpoint("203.0.113.9:443", &[], 97 - n as u64)]);
    slack.limits.connections = Some(100);
    let sees: &[&str] = if n == 2 { &[] } else { &["failed_active_hc"] };
    let files = cluster(
        "files.example.com",
        443,
        vec![endpoint("192.0.2.1:443", &[], 4), endpoint("192.0.2.2:443", sees, 1)],
    );
    let plain = cluster(
        "a-very-long-name-of-a-host-that-nobody-remembers.telemetry.example.com",
        8443,
        vec![endpoint("192.0.2.9:8443", &[], 12)],
    );
    let ledger = cluster("ledger.prod.svc.cluster.local", 80, vec![endpoint("10.0.0.9:8080", &[], 2)]);
    let own = Cluster {
        name: "xds-grpc".into(),
        host: "xds-grpc".into(),
        endpoints: vec![endpoint("10.96.0.10:15012", &[], 1)],
        ..Cluster::default()
    };
    vec![own, ledger, plain, files, slack, stripe]
}

fn gateway(size: (u16, u16), tab: &str) -> App {
    let mut app = fixture::fleet(TableKind::Gateways, size);
    fixture::keys(&mut app, tab);
    app
}

/// The upstreams of a gateway whose three pods were read twice.
pub(super) fn upstreams(size: (u16, u16)) -> App {
    let mut app = gateway(size, "u");
    for n in 0..3 {
        told(&mut app, n, 120, Ok(Answer::Clusters(clusters(n, false))));
        told(&mut app, n, 2, Ok(Answer::Clusters(clusters(n, true))));
    }
    app
}

fn unfolded(size: (u16, u16)) -> App {
    let mut app = upstreams(size);
    fixture::keys(&mut app, "enter down");
    app
}

fn certificate(serial: &str, source: &str, names: &[&str], from: &str, until: &str) -> Certificate {
    Certificate {
        is_ca: false,
        source: source.into(),
        serial: serial.into(),
        names: names.iter().map(|name| (*name).into()).collect(),
        not_before: from.parse().ok(),
        not_after: until.parse().ok(),
    }
}

/// The certificates of a gateway: one about to end, one that ended, the mesh's own, an authority.
pub(super) fn certs(size: (u16, u16)) -> App {
    let mut app = gateway(size, "enter 0");
    let spiffe = ["spiffe://cluster.local/ns/istio-system/sa/istio-egressgateway"];
    for n in 0..3 {
        let own = format!("a{n}b7c2d1e0f9");
        let ca = Certificate {
            is_ca: true,
            ..certificate("01", "ROOTCA", &[], "2025-01-01T00:00:00Z", "2035-01-01T00:00:00Z")
        };
        let mut all = vec![
            certificate(&own, "default", &spiffe, "2026-05-03T06:00:00Z", "2026-05-04T06:00:00Z"),
            ca,
            certificate(
                "6f00aa",
                "kubernetes://payments-tls",
                &["pay.example.com", "www.pay.example.com"],
                "2026-02-07T13:00:00Z",
                "2026-05-08T13:00:00Z",
            ),
        ];
        if n == 0 {
            all.push(certificate(
                "0badcafe",
                "/etc/istio/old/tls.crt",
                &["old.example.com"],
                "2025-05-01T00:00:00Z",
                "2026-05-01T00:00:00Z",
            ));
        }
        told(&mut app, n, 2, Ok(Answer::Certs(all)));
    }
    app
}

/// Tiles, each with another traffic.
pub(super) fn tiles(size: (u16, u16)) -> App {
    let mut app = fixture::fleet(TableKind::Gateways, size);
    fixture::keys(&mut app, "5");
    let mut items = app.items(TableKind::Gateways);
    let spark: Vec<Option<f32>> =
        (0..40).map(|n| if n == 30 { None } else { Some((20 + n % 13 * 7) as f32) }).collect();
    let live = |n: usize| Brief {
        requests: Reading::Value(412.0 / (n + 1) as f64),
        success: if n == 1 { Reading::Value(0.872) } else { Reading::Value(0.9997) },
        p99: if n == 1 { Reading::Value(2_100.0) } else { Reading::Value(38.0) },
        active: Reading::Value(310.0),
        spark: spark.clone().into(),
        source: Some(Source::Istio),
        verdict: match n {
            1 => Verdict {
                success: Tone::Bad,
                p99: Tone::Plain,
                tone: Tone::Bad,
                words: "success 87.2 % is below 95 %".into(),
                since: Some(fixture::now()),
            },
            _ => Verdict::default(),
        },
        ..Brief::default()
    };
    for (n, item) in items.iter_mut().enumerate() {
        item.live = match n {
            2 => None,
            3 => Some(Arc::new(Brief { requests: Reading::NotCollected, ..Brief::default() })),
            _ => Some(Arc::new(live(n))),
        };
    }
    if let Screen::Fleet(fleet) = app.screen_mut() {
        fleet.set(&items);
        fleet
            .tiles
            .iter_mut()
            .filter(|tile| tile.live.is_some())
            .for_each(|tile| tile.spark.clone_from(&spark));
    }
    app.settle();
    app
}

/// What the pods of a gateway use: one is near its limit.
fn scaling(size: (u16, u16)) -> App {
    let mut app = gateway(size, "enter 4");
    let usage = |n: usize| PodUsage {
        namespace: "istio-system".into(),
        name: (*pod(n).name).into(),
        containers: vec![("istio-proxy".into(), 0.31 * (n + 1) as f64, 4.0e8 + 2.8e8 * n as f64)],
        at: fixture::now(),
        window: std::time::Duration::from_secs(15),
    };
    fixture::take(&mut app, Msg::Usage("prod-eu".into(), Ok((0..3).map(usage).collect())));
    for n in 0..3 {
        told(&mut app, n, 2, Ok(Answer::Clusters(clusters(n, false))));
        let server =
            ServerInfo { version: "1.36.2".into(), state: "LIVE".into(), uptime: 86_400, concurrency: 2 };
        told(&mut app, n, 2, Ok(Answer::Server(server)));
    }
    app
}

pub(super) const PICTURES: &[Situation] = &[
    ("upstreams", upstreams),
    ("upstreams-unfolded", unfolded),
    ("certs", certs),
    ("scaling", scaling),
    ("tiles", tiles),
];

fn denied() -> Fault {
    Fault::new(
        Reason::Denied,
        "denied: no right to get pods/proxy in istio-system of prod-eu, and none to create pods/portforward",
        "Ask for a Role with get on pods/proxy, or get and create on pods/portforward.",
    )
}

/// Situations of which one size tells enough.
pub(super) const ODD: &[Situation] = &[
    ("upstreams-loading", |size| gateway(size, "u")),
    ("upstreams-denied", |size| {
        let mut app = gateway(size, "u");
        for n in 0..3 {
            told(&mut app, n, 1, Err(denied()));
        }
        app
    }),
    ("upstreams-partly", |size| {
        let mut app = upstreams(size);
        for n in 1..3 {
            told(&mut app, n, 0, Err(denied()));
        }
        app
    }),
    ("upstreams-stale", |size| {
        let mut app = gateway(size, "u");
        told(&mut app, 0, 600, Ok(Answer::Clusters(clusters(0, false))));
        app
    }),
    ("upstreams-none", |size| {
        let mut app = gateway(size, "u");
        let own = clusters(0, false).swap_remove(0);
        told(&mut app, 0, 1, Ok(Answer::Clusters(vec![own])));
        app
    }),
    ("certs-unfolded", |size| {
        let mut app = certs(size);
        fixture::keys(&mut app, "down enter down");
        app
    }),
    ("certs-none", |size| {
        let mut app = gateway(size, "enter 0");
        told(&mut app, 0, 1, Ok(Answer::Certs(Vec::new())));
        app
    }),
    ("tiles-none", |size| {
        let mut app = fixture::empty(size);
        fixture::keys(&mut app, "5");
        app
    }),
    ("tiles-stale", |size| {
        let mut app = fixture::stale(size);
        fixture::keys(&mut app, "5 o");
        app
    }),
];

#[test]
fn panes_and_tiles_have_their_pictures() {
    for (name, situation) in PICTURES {
        for size in SIZES.into_iter().chain([geometry::SMALLEST]) {
            snapshot(name, size, &situation(size));
        }
    }
    for (name, situation) in ODD {
        snapshot(name, NARROW, &situation(NARROW));
    }
}

#[test]
fn the_cursor_of_panes_and_tiles_is_seen_without_colours() {
    // The text of the scaling tab has no cursor.
    for (name, situation) in PICTURES.iter().filter(|(name, _)| *name != "scaling") {
        let app = situation(NARROW);
        let (buffer, _) = painted(&app, &look("default", Depth::None, Glyphs::Unicode));
        let cursor: Vec<&Cell> = buffer.content.iter().filter(|cell| cell.symbol() == "▸").collect();
        let reversed = |cell: &&&Cell| {
            cell.modifier.contains(Modifier::REVERSED) || cell.modifier.contains(Modifier::BOLD)
        };
        assert!(cursor.iter().any(|cell| reversed(&cell)), "{name}");
    }
}

#[test]
fn keys_lead_to_the_tabs_and_the_tiles_and_from_a_tile_to_its_traffic() {
    use crate::app::screen::{Details, Tab};
    let tab = |app: &App| match app.screen() {
        Screen::Details(Details { tab, .. }) => Some(*tab),
        _ => None,
    };
    let mut app = fixture::fleet(TableKind::Gateways, NARROW);
    for (keys, expected) in [
        ("u", Some(Tab::Upstreams)),
        ("0", Some(Tab::Certs)),
        ("u", Some(Tab::Upstreams)),
        ("8 u", Some(Tab::Upstreams)),
        ("esc", None),
        ("5", None),
        ("enter", Some(Tab::Traffic)),
        ("9", Some(Tab::Upstreams)),
        ("esc", None),
    ] {
        fixture::keys(&mut app, keys);
        assert_eq!(tab(&app), expected, "{keys}");
    }
    assert!(matches!(app.screen(), Screen::Fleet(_)), "back on the tiles");
    fixture::keys(&mut app, "2");
    assert!(matches!(app.screen(), Screen::Table(_)));
}

#[test]
fn ten_thousand_endpoints_cost_a_frame_only_the_rows_it_shows() {
    let mut app = gateway(NARROW, "u");
    let endpoints = || (0..10_000).map(|n| endpoint(&format!("10.0.{}.{}:443", n / 250, n % 250), &[], 1));
    for n in 0..3 {
        told(
            &mut app,
            n,
            1,
            Ok(Answer::Clusters(vec![cluster("big.example.com", 443, endpoints().collect())])),
        );
    }
    fixture::keys(&mut app, "enter end up");
    let Screen::Details(details) = app.screen() else { panic!("no details") };
    assert_eq!(details.pane.place(), Some((10_000, 10_001)));
    assert!(details.pane.window.rows.len() <= 24, "{}", details.pane.window.rows.len());
    assert!(picture(&app).contains("10.0.9.98:443"), "{}", picture(&app));
}

#[test]
fn names_that_a_terminal_would_obey_are_cleaned() {
    let mut app = gateway(NARROW, "u");
    let bad = "a\u{1b}]52;c;aGk=\u{7}b\u{202e}c";
    let mut one = endpoint(bad, &["failed_\u{9b}2J"], 1);
    (one.hostname, one.locality) = (bad.into(), bad.into());
    told(&mut app, 0, 1, Ok(Answer::Clusters(vec![cluster(bad, 443, vec![one])])));
    let wrong = Fault::new(Reason::Server, format!("pod {bad}"), bad);
    told(&mut app, 1, 1, Err(wrong));
    let evil = certificate(bad, bad, &[bad, bad], "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z");
    told(&mut app, 0, 1, Ok(Answer::Certs(vec![evil])));
    for keys in ["enter", "down", "0", "enter", "down"] {
        fixture::keys(&mut app, keys);
        let text = picture(&app);
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()) && !text.contains('\u{202e}'), "{text}");
    }
}
