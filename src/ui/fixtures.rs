//! Apps in situations worth a picture.

pub(super) mod traffic;

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::editor::Editor;
use crate::app::effect::Ticket;
use crate::app::form::Form;
use crate::app::keymap::{Chord, Keymap};
use crate::app::msg::LogLine;
use crate::app::screen::Screen;
use crate::app::{App, Msg, Settings, update};
use crate::model::fault::{Fault, Reason};
use crate::model::holder::{By, Holder};
use crate::model::knowledge::{Knowledge, Node, Taint};
use crate::model::name::{ClusterName, Kind};
use crate::model::schema::of_crd;
use crate::model::snapshot::{Keeper, KindState, Link, Snapshot};
use crate::model::table::TableKind;
use crate::model::testing::{
    cluster, deployment, gateway_objects, istio_gateway, joined, pod, service, with,
};
use crate::model::yaml::read::read_one;

/// The moment of every picture.
pub(super) fn now() -> Timestamp {
    "2026-05-03T11:52:00Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A cluster with a gateway that is well, one that fails and one that is on its way.
fn europe() -> Snapshot {
    let mut objects = vec![istio_gateway(
        "egressgateway",
        json!({"replicaCount": 3, "gatewayType": "egress", "ports": [{"name": "http-0", "port": 80}]}),
    )];
    objects.extend(gateway_objects("istio-egressgateway", 3));
    objects.push(service("istio-egress-payments"));
    objects.push(with(deployment("istio-egress-payments", 3), "/status/readyReplicas", json!(1)));
    objects.extend((0..3).map(|n| {
        if n == 0 { pod("istio-egress-payments", n) } else { crashing("istio-egress-payments", n) }
    }));
    let mut snapshot = cluster("prod-eu", &objects);
    snapshot.facts.kubernetes = Some("v1.34.2".into());
    snapshot.facts.keeper = Keeper::Asm;
    snapshot.facts.server = "https://10.0.0.1:6443".into();
    snapshot
}

fn crashing(gateway: &str, number: usize) -> Value {
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}});
    let pod = with(pod(gateway, number), "/status/conditions/0/status", json!("False"));
    let pod = with(pod, "/status/containerStatuses/0/ready", json!(false));
    let pod = with(pod, "/status/containerStatuses/0/restartCount", json!(17));
    with(pod, "/status/containerStatuses/0/state", waiting)
}

fn america() -> Snapshot {
    let mut objects = gateway_objects("istio-egress", 2);
    objects.extend(gateway_objects("istio-egress-telemetry-collector-with-a-long-name", 1));
    let mut snapshot = cluster("prod-us", &objects);
    snapshot.facts.keeper = Keeper::Egret;
    snapshot.facts.holder = Holder::Held(holder());
    snapshot
}

fn holder() -> By {
    By {
        identity: "ops-1_2041_7c1f09ab".into(),
        version: "0.1.0".into(),
        embedded: false,
        since: Some(at("2026-05-03T09:00:00Z")),
    }
}

/// Clusters that egret keeps, with nobody at work, one who is silent, one who may not be looked at, and a screen.
pub(super) fn kept(size: (u16, u16)) -> App {
    let denied = Fault::new(
        Reason::Denied,
        "denied: no right to list leases in istio-system (as kim)",
        "Ask for a Role that allows it: list leases in istio-system.",
    );
    let clusters = [
        ("nobody", Holder::Nobody),
        ("silent", Holder::Silent { by: holder(), since: at("2026-05-03T11:40:00Z") }),
        ("denied", Holder::Unknown(denied)),
        ("screen", Holder::Held(By { embedded: true, ..holder() })),
    ];
    let cluster = |(name, holder): (&str, Holder)| {
        let mut snapshot = cluster(name, &gateway_objects("istio-egress", 2));
        snapshot.facts.keeper = Keeper::Egret;
        snapshot.facts.holder = holder;
        snapshot
    };
    app(TableKind::Clusters, clusters.into_iter().map(cluster).collect(), size)
}

fn unreachable(name: &str) -> Snapshot {
    let fault = Fault::new(
        Reason::Unreachable,
        format!("no answer from {name}.example:6443 within 10 s"),
        "Is the VPN up?",
    );
    Snapshot {
        link: Link::Unreachable { fault, next_try: Some(at("2026-05-03T11:52:07Z")) },
        ..Snapshot::connecting(ClusterName::from(name), now())
    }
}

/// An app that shows these clusters.
pub(super) fn app(view: TableKind, clusters: Vec<Snapshot>, size: (u16, u16)) -> App {
    let settings = Settings {
        theme: "default".to_owned(),
        themes: vec!["default".to_owned(), "mono".to_owned()],
        shows_colours: true,
        namespaces: vec!["istio-system".to_owned()],
        ..Settings::default()
    };
    let names = clusters.iter().map(|s| s.cluster.clone()).collect();
    let mut app = App::new(settings, Keymap::default(), names, view, now());
    app.size = size;
    for snapshot in clusters {
        take(&mut app, Msg::Snapshot(Arc::new(snapshot)));
    }
    app.settle();
    app
}

/// Takes a message, as the runtime does.
pub(super) fn take(app: &mut App, msg: Msg) {
    let _ = update(app, msg);
    app.settle();
}

/// Presses keys, each named as in the config.
pub(super) fn keys(app: &mut App, names: &str) {
    for name in names.split(' ') {
        let chord: Chord = name.parse().unwrap();
        take(app, Msg::Key(KeyEvent::from(chord)));
    }
}

/// Types a text.
pub(super) fn typed(app: &mut App, text: &str) {
    for c in text.chars() {
        take(app, Msg::Key(KeyEvent::from(crossterm::event::KeyCode::Char(c))));
    }
}

/// Three clusters, one of which does not answer.
pub(super) fn fleet(view: TableKind, size: (u16, u16)) -> App {
    app(view, vec![europe(), america(), unreachable("dev-7")], size)
}

/// One cluster that answered before and no longer does.
pub(super) fn stale(size: (u16, u16)) -> App {
    let fault = Fault::new(Reason::Unreachable, "connection reset", "");
    let link =
        Link::Stale { since: at("2026-05-03T11:50:00Z"), fault, next_try: Some(at("2026-05-03T11:52:07Z")) };
    app(TableKind::Gateways, vec![Snapshot { link, ..europe() }, america()], size)
}

/// Nothing is known yet.
pub(super) fn connecting(size: (u16, u16)) -> App {
    app(TableKind::Gateways, vec![Snapshot::connecting("prod-eu".into(), now())], size)
}

/// A cluster that answers, and has no gateway.
pub(super) fn empty(size: (u16, u16)) -> App {
    app(TableKind::Gateways, vec![cluster("prod-eu", &[])], size)
}

/// A user who may not list pods.
pub(super) fn denied(size: (u16, u16)) -> App {
    let mut snapshot = cluster("prod-eu", &[]);
    let fault = Fault::new(
        Reason::Denied,
        "User \"night-shift\" may not list pods in istio-system",
        "Ask for a Role with list and watch on pods.",
    );
    snapshot.kinds.insert(Kind::Pod, KindState::Denied(fault));
    app(TableKind::Pods, vec![snapshot], size)
}

/// So many pods.
pub(super) fn many(pods: usize, size: (u16, u16)) -> App {
    let objects: Vec<Value> = (0..pods).map(|n| pod("istio-egress-large", n)).collect();
    app(TableKind::Pods, vec![joined(cluster("prod-eu", &objects))], size)
}

/// Names and texts that a terminal would obey.
pub(super) fn hostile(size: (u16, u16)) -> App {
    let bad =
        with(pod("istio-egress", 0), "/metadata/name", json!("a\u{1b}]52;c;aGk=\u{7}b\u{202e}c\u{9b}2J"));
    let bad = with(bad, "/spec/nodeName", json!("node\u{1b}[31m\r\n"));
    let mut app = app(TableKind::Pods, vec![cluster("ev\u{1b}[2Jil", &[bad])], size);
    app.say(crate::model::table::Tone::Bad, "no\u{1b}[2Jtice\u{7}");
    app
}

/// The YAML of a gateway's CR.
pub(super) fn yaml(size: (u16, u16)) -> App {
    let mut app = fleet(TableKind::Gateways, size);
    keys(&mut app, "y");
    let object = json!({
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": "egressgateway", "namespace": "istio-system", "generation": 31,
            "labels": {"team": "payments"}},
        "spec": {"replicaCount": 3, "autoscaleEnabled": true, "resources": {"limits": {"cpu": "2", "memory": "4G"}},
            "ports": [{"name": "http-0", "port": 80, "protocol": "HTTP"}, {"name": "tls-1", "port": 443, "protocol": "TLS"}],
            "podAnnotations": {"note": "a long line that a narrow terminal cannot show whole, so that it has to be cut or wrapped"}},
        "status": {"Status": "Running", "ObservedGeneration": null},
    });
    let tickets: Vec<_> = match app.screen() {
        Screen::Details(details) => details.objects.iter().map(|o| o.ticket).collect(),
        _ => Vec::new(),
    };
    let object = Arc::new(object);
    for ticket in tickets {
        take(&mut app, Msg::Object(ticket, Ok(Some(object.clone()))));
    }
    app
}

/// A gateway that is being edited.
pub(super) fn editor(size: (u16, u16)) -> App {
    let object = json!({
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": "egressgateway", "namespace": "istio-system", "generation": 31, "uid": "u",
            "labels": {"team": "payments"}},
        "spec": {"gatewayType": "egress", "replicaCount": 3, "autoscaleEnabled": true,
            "resources": {"limits": {"cpu": "2", "memory": "4G"}},
            "ports": [{"name": "http-0", "port": 80, "protocol": "HTTP"}, {"name": "tls-1", "port": 443, "protocol": "TLS"}],
            "podAnnotations": {"note": "a long line that a narrow terminal cannot show whole, so that it has to be moved sideways to be read"},
            "serviceType": "ClusterIP"},
        "status": {"Status": "Running"},
    });
    let mut app = fleet(TableKind::Gateways, size);
    let _ = app.open_editor(Editor::edit("d1", &"prod-eu".into(), &object).unwrap());
    app.settle();
    app
}

/// The schemas that the editor asked for come.
pub(super) fn learn(app: &mut App) {
    let crd: Value = read_one(include_str!("../../assets/crds/istiogateways.yaml")).unwrap();
    let schema = of_crd(&crd, "v1beta1").unwrap();
    // Tickets count from 1.
    for ticket in 1..10 {
        take(app, Msg::Schema(Ticket(ticket), Ok(Some(schema.clone()))));
    }
}

/// New objects that are being written, from this text.
pub(super) fn writing(text: &str, size: (u16, u16)) -> App {
    let mut app = fleet(TableKind::Gateways, size);
    let _ = app.open_editor(Editor::create("d1", &"prod-eu".into(), text));
    app.settle();
    app
}

/// The logs of a gateway with three pods.
pub(super) fn logs(lines: usize, size: (u16, u16)) -> App {
    let mut app = fleet(TableKind::Gateways, size);
    keys(&mut app, "l");
    let Screen::Logs(logs) = app.screen() else { panic!("no logs") };
    let ticket = logs.ticket;
    let line = |n: usize| {
        LogLine {
        source: if n.is_multiple_of(2) { "istio-egress-0" } else { "istio-egress-1" }.into(),
        time: Some(now()),
        text: format!("[2026-05-03T11:{:02}:00Z] \"GET /v1/charges/{n} HTTP/2\" 200 - via_upstream - \"-\" 0 1204 61 60 \"10.0.0.7\"", n % 60).into(),
    }
    };
    if lines > 0 {
        take(&mut app, Msg::LogLines(ticket, (0..lines).map(line).collect()));
    }
    app
}

/// The failing gateway gets one pod back.
pub(super) fn recovered(app: &mut App) {
    let mut snapshot = Snapshot::clone(app.cluster(&"prod-eu".into()).unwrap());
    snapshot.revision += 1;
    let better = with(deployment("istio-egress-payments", 3), "/status/readyReplicas", json!(2));
    let again = cluster(
        "prod-eu",
        &[
            better,
            pod("istio-egress-payments", 0),
            pod("istio-egress-payments", 1),
            crashing("istio-egress-payments", 2),
        ],
    );
    snapshot.pods = snapshot
        .pods
        .iter()
        .map(|p| again.pods.iter().find(|n| n.meta.name == p.meta.name).unwrap_or(p).clone())
        .collect();
    snapshot.deployments = snapshot
        .deployments
        .iter()
        .map(|d| again.deployments.iter().find(|n| n.meta.name == d.meta.name).unwrap_or(d).clone())
        .collect();
    take(app, Msg::Snapshot(Arc::new(joined(snapshot))));
}

/// A wizard in a cluster that ASM keeps.
pub(super) fn wizard(size: (u16, u16)) -> App {
    let mut app = fleet(TableKind::Gateways, size);
    let known = app.known();
    let form = Form::new("2026-05-03-1".to_owned(), "prod-eu".into(), known);
    let _ = app.open_form(form);
    let ticket = match app.screen() {
        Screen::Form(form) => form.learning,
        _ => panic!("no form"),
    };
    take(&mut app, Msg::Learned(ticket, Box::new(knowledge())));
    app
}

/// What a small cluster has to choose from.
pub(super) fn knowledge() -> Knowledge {
    let node = |n: usize, zone: &str| Node {
        name: format!("node-{n}"),
        labels: [("topology.kubernetes.io/zone", zone), ("kubernetes.io/os", "linux")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        taints: match n {
            0 => {
                vec![Taint { key: "dedicated".into(), value: "gateway".into(), effect: "NoSchedule".into() }]
            }
            _ => Vec::new(),
        },
        ready: n != 2,
        unschedulable: false,
    };
    let names = |all: &[&str]| all.iter().map(|n| ("istio-system".to_owned(), (*n).to_owned())).collect();
    Knowledge {
        home_id: None,
        nodes: vec![node(0, "a"), node(1, "a"), node(2, "b")],
        namespaces: ["default", "istio-egress", "istio-system"].map(str::to_owned).to_vec(),
        secrets: names(&["client-credential", "payments-certs"]),
        config_maps: names(&["istio", "lua-libs"]),
        denied: Vec::new(),
    }
}
