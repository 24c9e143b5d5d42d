use std::sync::Arc;

use crossterm::event::KeyEvent;
use serde_json::{Value, json};

use super::*;
use crate::app::effect::Effect;
use crate::app::keymap::{Chord, Keymap};
use crate::app::traffic::markers::{Marker, Markers};
use crate::app::traffic::testing::{flows, scrape};
use crate::app::{Msg, Settings, update};
use crate::metrics::Scraped;
use crate::metrics::view::{Of, Window};
use crate::model::fleet::ClusterIds;
use crate::model::gateway::GatewayId;
use crate::model::name::{Kind, ObjectKey};
use crate::model::route::{RouteNews, RouteRow};
use crate::model::row::Row as _;
use crate::model::table::TableKind;
use crate::model::testing::{cluster, deployment, gateway_objects, istio_gateway, pod, with};
use crate::recording::{Cluster, Header, Past, Recorder, VERSION};

#[test]
fn speeds_go_up_and_down_between_the_slowest_and_the_fastest() {
    let at = |speed| Replay { start: Timestamp::MIN, end: Timestamp::MAX, speed, runs: true, settles: false };
    assert_eq!(
        [0.25, 1.0, 7.0, 300.0, 1000.0].map(|s| at(s).next_speed(true)),
        [0.5, 2.0, 10.0, 300.0, 1000.0]
    );
    assert_eq!([0.1, 0.25, 1.0, 7.0, 1000.0].map(|s| at(s).next_speed(false)), [0.1, 0.25, 0.5, 5.0, 300.0]);
}

fn at(second: i64) -> Timestamp {
    let noon: Timestamp = "2026-05-03T11:00:00Z".parse().unwrap();
    noon.checked_add(SignedDuration::from_secs(second)).unwrap()
}

fn gateway_of(cluster: &str) -> GatewayId {
    GatewayId { cluster: cluster.into(), namespace: "istio-system".into(), name: "out".into() }
}

fn pod_key(number: usize) -> ObjectKey {
    let name = format!("istio-out-1-{number}");
    ObjectKey {
        cluster: "eu".into(),
        kind: Kind::Pod,
        namespace: "istio-system".into(),
        name: name.as_str().into(),
    }
}

/// A route to the gateway's Service.
fn route(generation: i64) -> Value {
    json!({"kind": "VirtualService",
        "metadata": {"name": "x", "namespace": "shop", "uid": "x", "generation": generation,
            "creationTimestamp": "2026-05-01T10:00:00Z"},
        "spec": {"hosts": ["h.example"], "http": [
            {"route": [{"destination": {"host": "istio-out.istio-system.svc.cluster.local"}}]}]}})
}

/// A gateway that is edited, whose route changes and goes, one of whose pods is replaced, and that rolls out.
fn recording() -> Past {
    let cluster = Cluster { name: "eu".into(), uid: None, kubernetes: None };
    let header =
        Header { version: VERSION, egret: String::new(), started: at(0), clusters: vec![cluster.clone()] };
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes, header).unwrap();
    let mut object = |second: i64, object: &Value| {
        let kind = serde_json::from_value(object["kind"].clone()).unwrap();
        recorder.object(at(second), &cluster.name, kind, object).unwrap();
    };
    let edited = |replicas: u32, generation: i64| {
        let gateway = istio_gateway("out", json!({"replicaCount": replicas, "gatewayType": "egress"}));
        with(gateway, "/metadata/generation", json!(generation))
    };
    for one in [edited(2, 1), route(1)].iter().chain(&gateway_objects("istio-out", 2)) {
        object(1, one);
    }
    let revision = |n: &str| json!({"deployment.kubernetes.io/revision": n});
    object(1, &with(deployment("istio-out", 2), "/metadata/annotations", revision("1")));
    object(40, &edited(3, 2));
    // A status alone is no change.
    object(45, &with(edited(3, 2), "/status", json!({"phase": "x"})));
    object(50, &route(2));
    object(60, &pod("istio-out", 2));
    let made = with(route(1), "/metadata/name", json!("new"));
    object(80, &with(made, "/metadata/creationTimestamp", json!(at(79).to_string())));
    let limits = "/spec/template/spec/containers/0/resources/limits/memory";
    let rolled = with(deployment("istio-out", 2), limits, json!("8G"));
    object(111, &with(rolled, "/metadata/annotations", revision("2")));
    recorder.gone(at(60), &pod_key(1)).unwrap();
    let namespace = "shop".into();
    let gone = ObjectKey { kind: Kind::VirtualService, namespace, name: "x".into(), ..pod_key(0) };
    recorder.gone(at(70), &gone).unwrap();
    for second in (2..=140).step_by(4) {
        let pods = if second < 60 { [0, 1] } else { [0, 2] };
        for number in pods {
            let scrape = scrape(&pod_key(number), &flows(None), at(second));
            recorder.scraped(&Scraped::Scrape(Box::new(scrape))).unwrap();
        }
    }
    Past::read(&bytes).unwrap()
}

fn moment(past: &Past, second: i64) -> Moment {
    Moment::of(past, past.until(at(second)), &ClusterIds::default())
}

fn app() -> App {
    App::new(Settings::default(), Keymap::default(), vec!["eu".into()], TableKind::Gateways, at(0))
}

fn replay(settles: bool) -> Msg {
    Msg::Replaying(Replay { start: at(0), end: at(140), speed: 1.0, runs: true, settles })
}

/// The cluster as it is after so many entries.
fn state(past: &Past, entries: usize) -> Msg {
    let objects: Vec<Value> = past.objects(entries).values().map(|object| Value::clone(object)).collect();
    let mut snapshot = cluster("eu", &objects);
    snapshot.revision = entries as u64;
    Msg::Snapshot(Arc::new(snapshot))
}

/// One who watched it all.
fn played(past: &Past, second: i64) -> App {
    let mut app = app();
    for (n, entry) in past.entries.iter().enumerate().take(past.until(at(second))) {
        app.now = entry.at;
        let last = past.entries.get(n + 1).is_none_or(|next| next.at != entry.at);
        match past.scraped(entry) {
            Some(scraped) => drop(update(&mut app, Msg::Scraped(scraped))),
            None if last => drop(update(&mut app, state(past, n + 1))),
            None => {}
        }
    }
    app.now = at(second);
    app
}

/// One who looked at another moment and went there.
fn jumped(past: &Past, from: i64, to: i64) -> App {
    let mut app = played(past, from);
    app.now = at(to);
    let entries = past.until(at(to));
    let moment = Box::new(moment(past, to));
    let mut states = state(past, entries);
    if let Msg::Snapshot(snapshot) = &mut states {
        Arc::make_mut(snapshot).revision = u64::MAX;
    }
    for msg in [replay(true), Msg::Rewound(moment), states, replay(false), Msg::Settled] {
        let _ = update(&mut app, msg);
    }
    app
}

fn marks(markers: &Markers) -> Vec<(i64, String)> {
    let second = |mark: &Marker| mark.at.duration_since(at(0)).as_secs();
    markers.of(&gateway_of("eu")).iter().map(|mark| (second(mark), mark.text.to_string())).collect()
}

#[test]
fn a_moment_has_the_marks_of_all_that_changed_before_it_and_no_other() {
    let past = recording();
    let all = [
        (40, "replicaCount 3"),
        (50, "VirtualService shop/x changed"),
        (70, "VirtualService shop/x deleted"),
        (80, "VirtualService shop/new made"),
        (111, "rollout: limits.memory 8G"),
    ]
    .map(|(second, text)| (second, text.to_owned()));
    assert_eq!(marks(&moment(&past, 140).markers), all);
    assert_eq!(marks(&moment(&past, 69).markers), all[..2]);
    assert_eq!(marks(&moment(&past, 30).markers), [], "what it begins with was there before");
}

#[test]
fn one_who_jumps_sees_what_one_sees_who_watched_it_all() {
    let past = recording();
    let id = gateway_of("eu");
    for (from, to) in [(10, 135), (135, 55), (135, 100), (65, 62)] {
        let (played, jumped) = (played(&past, to), jumped(&past, from, to));
        let pods = played.traffic.pods(&id);
        assert_eq!(pods.len(), if to < 60 { 2 } else { 3 }, "that are gone are the gateway's: {pods:?}");
        assert_eq!(jumped.traffic.pods(&id), pods, "{from} to {to}");
        let totals = |app: &App| app.traffic.store.totals(&pods, &Of::All, Window::FiveMinutes, app.now);
        assert_eq!(totals(&jumped), totals(&played), "{from} to {to}");
        // Routes are followed only while somebody looks at traffic.
        let own = |app: &App| {
            let mut marks = marks(&app.traffic.markers);
            marks.retain(|(_, text)| !text.contains("Service"));
            marks
        };
        assert_eq!(own(&jumped), own(&played), "{from} to {to}");
    }
}

#[test]
fn what_differs_between_two_moments_is_no_change_of_a_route() {
    let past = recording();
    let mut app = played(&past, 30);
    app.settle();
    let effects = ["t"].map(|key| {
        let chord: Chord = key.parse().unwrap();
        update(&mut app, Msg::Key(KeyEvent::from(chord)))
    });
    let ticket = effects.iter().flatten().find_map(|effect| match effect {
        Effect::OpenRoutes(ticket, ..) => Some(*ticket),
        _ => None,
    });
    let ticket = ticket.expect("its routes are followed");
    let row = |generation| Arc::new(RouteRow::parse(route(generation).to_string().as_bytes()).unwrap());
    let mut tell = |msg: Msg| {
        let _ = update(&mut app, msg);
        marks(&app.traffic.markers).len()
    };
    tell(Msg::Routes(ticket, Ok(RouteNews::Known(Kind::VirtualService, None, vec![row(1)]))));
    tell(replay(true));
    assert_eq!(tell(Msg::Routes(ticket, Ok(RouteNews::Applied(Kind::VirtualService, row(2))))), 0);
    tell(replay(false));
    assert_eq!(tell(Msg::Routes(ticket, Ok(RouteNews::Applied(Kind::VirtualService, row(2))))), 0);
    assert_eq!(tell(Msg::Routes(ticket, Ok(RouteNews::Applied(Kind::VirtualService, row(3))))), 1);
}
