//! Every form over the same lines.

use super::*;
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::{Direction, GatewayId, GatewayRow, Origin};
use crate::model::health::{Health, HealthState};
use crate::model::row::{Owner, PodRow, RowMeta, ServicePort, ServiceRow, Trouble};
use crate::model::snapshot::{Link, Snapshot};
use crate::model::table::{Align, Cell, SortKey, Subject, Told, Tone};
use std::sync::Arc;

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn lines(table: TableKind, items: &[Item], columns: &'static [Column], form: Output) -> String {
    let columns: Vec<&'static Column> = columns.iter().collect();
    let lines = Lines { table, items, columns: &columns, now: moment("2026-05-01T12:00:00Z") };
    let mut out = Vec::new();
    print(form, &lines, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn meta(namespace: &str, name: &str) -> RowMeta {
    RowMeta {
        namespace: namespace.into(),
        name: name.into(),
        created: Some(moment("2026-05-01T10:00:00Z")),
        ..RowMeta::default()
    }
}

fn item(cluster: &str, subject: Subject) -> Item {
    Item { cluster: cluster.into(), stale: false, subject, live: None, beside: None }
}

fn pod(cluster: &str, name: &str) -> Item {
    let row = PodRow {
        meta: RowMeta {
            owner: Some(Owner { kind: "ReplicaSet".into(), name: "gw-1".into(), uid: "u".into() }),
            ..meta("istio-system", name)
        },
        phase: "Running".into(),
        status: "CrashLoopBackOff".into(),
        ready: (1, 2),
        restarts: 7,
        last_restart: Some(moment("2026-05-01T11:55:00Z")),
        trouble: Some(Trouble {
            container: "istio-proxy".into(),
            reason: "CrashLoopBackOff".into(),
            message: "back-off\u{1b}[31m\u{9b}2J\u{202e}".into(),
        }),
        node: "node-1".into(),
        ip: "10.0.0.7".into(),
        proxy_image: "proxyv2:1.28.0".into(),
        ..PodRow::default()
    };
    item(cluster, Subject::Pod(Arc::new(row)))
}

fn cell(text: String) -> Cell {
    Cell { text: text.into(), tone: Tone::Plain, sort: SortKey::Missing }
}

const fn column(id: &'static str, title: &'static str, cell: fn(&Item, Timestamp) -> Cell) -> Column {
    Column {
        id,
        title,
        about: "",
        align: Align::Left,
        min: 1,
        max: 40,
        keep: 255,
        wide: false,
        live: false,
        cell: Told::Known(cell),
    }
}

const COLUMNS: &[Column] = &[
    column("cluster", "Cluster", |i, _| cell(i.cluster.to_string())),
    column("name", "Name", |i, _| cell(i.id().name.to_string())),
    column("node", "Node", |_, _| cell(String::new())),
    column("ready", "Ready", |_, _| cell("1/2".into())),
];

#[test]
fn columns_are_aligned_by_the_width_of_what_is_seen() {
    let items = [pod("集群", "a"), pod("c", "gateway-1")];
    let wanted = "\
CLUSTER   NAME        NODE   READY
集群      a           -      1/2
c         gateway-1   -      1/2
";
    assert_eq!(lines(TableKind::Pods, &items, COLUMNS, Output::Table), wanted);
}

#[test]
fn nothing_is_printed_of_nothing_but_an_empty_list() {
    let cases = [(Output::Table, ""), (Output::Name, ""), (Output::Json, "[]\n"), (Output::Yaml, "[]\n")];
    for (form, wanted) in cases {
        assert_eq!(lines(TableKind::Pods, &[], COLUMNS, form), wanted, "{form:?}");
    }
}

#[test]
fn a_name_is_cluster_namespace_and_name_and_of_a_cluster_its_own() {
    let arn = "arn:aws:eks:eu-1:1:cluster/prod";
    let cluster = Snapshot::connecting(arn.into(), moment("2026-05-01T12:00:00Z"));
    let items = [pod(arn, "gw-1-x"), item(arn, Subject::Cluster(Arc::new(cluster)))];
    let wanted = format!("{arn}/istio-system/gw-1-x\n{arn}\n");
    assert_eq!(lines(TableKind::Pods, &items, COLUMNS, Output::Name), wanted);
}

#[test]
fn a_pod_is_told_with_raw_values() {
    let wanted = r#"[
  {
    "cluster": "c",
    "namespace": "istio-system",
    "name": "gw-1-x",
    "ready": {
      "ready": 1,
      "wanted": 2
    },
    "status": "CrashLoopBackOff",
    "phase": "Running",
    "restarts": 7,
    "lastRestart": "2026-05-01T11:55:00Z",
    "trouble": {
      "container": "istio-proxy",
      "message": "back-off\u001b[31m\u009b2J\u202e",
      "reason": "CrashLoopBackOff"
    },
    "ip": "10.0.0.7",
    "node": "node-1",
    "owner": {
      "kind": "ReplicaSet",
      "name": "gw-1"
    },
    "proxyImage": "proxyv2:1.28.0",
    "serviceAccount": null,
    "created": "2026-05-01T10:00:00Z"
  }
]
"#;
    assert_eq!(lines(TableKind::Pods, &[pod("c", "gw-1-x")], COLUMNS, Output::Json), wanted);
}

fn gateway() -> Item {
    let mut row = GatewayRow::new(
        GatewayId { cluster: "c".into(), namespace: "istio-system".into(), name: "gw".into() },
        Origin::GatewayChart,
    );
    row.direction = Direction::Egress;
    row.health = Health { state: HealthState::Progressing, reason: "2 of 3 ready".into() };
    row.ready = Some((2, 3));
    row.service_type = "ClusterIP".into();
    row.service = Some(Arc::new(service_row()));
    item("c", Subject::Gateway(Arc::new(row)))
}

fn service_row() -> ServiceRow {
    ServiceRow {
        meta: meta("istio-system", "gw"),
        service_type: "ClusterIP".into(),
        cluster_ip: "10.1.0.1".into(),
        ports: Box::new([ServicePort {
            name: "https".into(),
            protocol: "TCP".into(),
            app_protocol: "".into(),
            port: 443,
            target: "8443".into(),
            node_port: 0,
        }]),
        selector: [("istio", "gw")].into_iter().collect(),
        ..ServiceRow::default()
    }
}

fn everything() -> [(TableKind, Item); 4] {
    let mut cluster = Snapshot::connecting("c".into(), moment("2026-05-01T12:00:00Z"));
    cluster.link = Link::Unreachable {
        fault: Fault::new(Reason::Unreachable, "connection refused: \u{9b}31m \"yes\"", ""),
        next_try: None,
    };
    [
        (TableKind::Clusters, item("c", Subject::Cluster(Arc::new(cluster)))),
        (TableKind::Gateways, gateway()),
        (TableKind::Services, item("c", Subject::Service(Arc::new(service_row())))),
        (TableKind::Pods, pod("c", "p")),
    ]
}

#[test]
fn a_gateway_is_told_with_raw_values() {
    let json = lines(TableKind::Gateways, &[gateway()], COLUMNS, Output::Json);
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    let wanted = serde_json::json!([{
        "cluster": "c", "namespace": "istio-system", "name": "gw",
        "home": null, "clusterId": null, "origin": "helm", "direction": "egress",
        "status": "Progressing", "reason": "2 of 3 ready", "ready": {"ready": 2, "wanted": 3},
        "type": "ClusterIP", "address": null,
        "ports": [{
            "name": "https", "port": 443, "protocol": "TCP", "targetPort": "8443",
            "appProtocol": null, "nodePort": null,
        }],
        "limits": null, "autoscaling": null, "mtlsLabel": false, "proxyVersion": null, "created": null,
    }]);
    assert_eq!(told, wanted);
}

#[test]
fn yaml_says_what_json_says_about_every_kind_of_line() {
    for (table, line) in everything() {
        let line = [line];
        let json = lines(table, &line, COLUMNS, Output::Json);
        let yaml = lines(table, &line, COLUMNS, Output::Yaml);
        let from_json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let from_yaml: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
        // The one difference: YAML has no escape for what turns text around.
        let json_without: serde_json::Value =
            serde_json::from_str(&from_json.to_string().replace('\u{202e}', "\u{fffd}")).unwrap();
        assert_eq!(from_yaml, json_without, "{yaml}");
    }
}

#[test]
fn no_form_lets_through_what_a_terminal_would_obey() {
    for (table, line) in everything() {
        for form in [Output::Table, Output::Wide, Output::Json, Output::Yaml, Output::Name] {
            let text = lines(table, std::slice::from_ref(&line), COLUMNS, form);
            let obeyed: Vec<char> =
                text.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
            assert!(obeyed.is_empty(), "{form:?}: {text:?}");
        }
    }
}

#[test]
fn no_two_fields_of_a_record_have_one_name() {
    use strum::IntoEnumIterator as _;
    for table in TableKind::iter() {
        let mut names = fields::names(table);
        names.extend(["cluster", "namespace", "name"]);
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{table}");
    }
}

#[test]
fn a_cluster_tells_scripts_who_holds_the_lease() {
    use crate::model::holder::{By, Holder};
    use crate::model::snapshot::Keeper;
    let by = By {
        identity: "ops-1_2041_7c1f".into(),
        version: "0.1.0".into(),
        embedded: true,
        since: Some(moment("2026-05-01T10:00:00Z")),
    };
    let fault = Fault::new(Reason::Denied, "c: no right", "");
    let told = |holder| {
        let mut snapshot = Snapshot::connecting("c".into(), moment("2026-05-01T10:00:00Z"));
        (snapshot.facts.keeper, snapshot.facts.holder) = (Keeper::Egret, holder);
        let text = lines(
            TableKind::Clusters,
            &[item("c", Subject::Cluster(Arc::new(snapshot)))],
            COLUMNS,
            Output::Json,
        );
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        record.pointer("/0/holder").or_else(|| record.pointer("/holder")).unwrap().clone()
    };
    let nobody = serde_json::json!({"embedded": null, "identity": null, "reason": null, "silentSince": null,
        "since": null, "state": "nobody", "version": null});
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut record = nobody.clone();
        changes.iter().for_each(|(name, value)| record[*name] = value.clone());
        record
    };
    let held = [
        ("state", "held".into()),
        ("identity", "ops-1_2041_7c1f".into()),
        ("version", "0.1.0".into()),
        ("embedded", true.into()),
        ("since", "2026-05-01T10:00:00Z".into()),
    ];
    assert_eq!(told(Holder::Unread), serde_json::Value::Null);
    assert_eq!(told(Holder::Nobody), nobody);
    assert_eq!(
        told(Holder::Unknown(fault)),
        with(&[("state", "unknown".into()), ("reason", "c: no right".into())])
    );
    assert_eq!(told(Holder::Held(by.clone())), with(&held));
    let mut silent = with(&held);
    (silent["state"], silent["silentSince"]) = ("silent".into(), "2026-05-01T11:00:00Z".into());
    assert_eq!(told(Holder::Silent { by, since: moment("2026-05-01T11:00:00Z") }), silent);
}
