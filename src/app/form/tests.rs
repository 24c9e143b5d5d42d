//! The form as people use it: by keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use proptest::prelude::*;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::*;
use crate::app::effect::Effect;
use crate::app::keymap::{Chord, Keymap};
use crate::app::review::Wish;
use crate::app::screen::Screen;
use crate::app::{App, Msg, Settings, update};
use crate::model::edit::Change;
use crate::model::fault::{Fault, Reason};
use crate::model::holder::Holder;
use crate::model::knowledge::{Node, Sort, Taint};
use crate::model::parameters;
use crate::model::snapshot::{Keeper, Snapshot};
use crate::model::table::{TableKind, Tone};
use crate::model::testing::{cluster, istio_gateway};

fn home() -> Snapshot {
    let mut home = cluster("prod", &[istio_gateway("taken", json!({}))]);
    home.facts.keeper = Keeper::Egret;
    home.facts.served_versions = ["v1".into()].into();
    home
}

fn app_of(clusters: Vec<Snapshot>) -> App {
    let names = clusters.iter().map(|s| s.cluster.clone()).collect();
    let now = "2026-05-03T11:52:00Z".parse().unwrap();
    let mut app = App::new(Settings::default(), Keymap::default(), names, TableKind::Gateways, now);
    for snapshot in clusters {
        let _ = update(&mut app, Msg::Snapshot(Arc::new(snapshot)));
    }
    app
}

/// A wizard in front.
fn wizard() -> App {
    let mut app = app_of(vec![home(), cluster("other", &[])]);
    let form = Form::new("1".into(), "prod".into(), app.known());
    let _ = app.open_form(form);
    app
}

fn front(app: &App) -> &Form {
    match app.screen() {
        Screen::Form(form) => form,
        other => panic!("no form: {other:?}"),
    }
}

fn press(app: &mut App, name: &str) -> Vec<Effect> {
    let chord: Chord = name.parse().unwrap();
    let effects = update(app, Msg::Key(KeyEvent::from(chord)));
    app.settle();
    effects
}

fn keys(app: &mut App, names: &str) -> Vec<Effect> {
    names.split(' ').flat_map(|name| press(app, name)).collect()
}

fn write(app: &mut App, text: &str) -> Vec<Effect> {
    let name = |c: char| if c == ' ' { "space".to_owned() } else { c.to_string() };
    text.chars().flat_map(|c| press(app, &name(c))).collect()
}

fn field_at(path: &str) -> usize {
    let found = FIELDS.iter().position(|f| f.path_text() == path);
    found.unwrap_or_else(|| panic!("no field sets {path}"))
}

/// Walks to a field from its step's first, with keys alone.
fn walk_to(app: &mut App, field: usize) {
    let step = Step::iter().position(|step| step == FIELDS[field].step).unwrap();
    press(app, &format!("alt-{}", step + 1));
    for _ in 0..200 {
        if front(app).spot.field == field {
            return;
        }
        press(app, "down");
    }
    panic!("{} is never reached", FIELDS[field].label());
}

fn at(app: &App, path: &str) -> Option<Value> {
    front(app).at(path).cloned()
}

#[test]
fn every_parameter_has_a_field_and_every_path_can_be_read() {
    let fields: BTreeSet<&str> = FIELDS.iter().map(|f| f.parameter).collect();
    for name in parameters::names() {
        assert!(fields.contains(name), "no field sets {name}");
    }
    for field in FIELDS {
        let path = field.path_text();
        assert_eq!(path.is_empty(), matches!(field.kind, Kind::Home), "{}", field.label());
        assert!(path.parse::<Path>().is_ok(), "{path}");
        assert!(!field.label().is_empty() && field.help.ends_with('.'), "{}", field.label());
        assert!(field.parameter.is_empty() || parameters::path_of(field.parameter).is_some());
    }
}

#[test]
fn each_parameter_can_be_edited_by_itself_but_the_name() {
    for name in parameters::names() {
        let path: Path = parameters::path_of(name).unwrap().parse().unwrap();
        let object = istio_gateway("out", json!({}));
        let form = Form::single("1".into(), "prod".into(), object, &path);
        match name {
            "Name" => assert!(form.is_none(), "it would be another object"),
            _ => assert_eq!(form.map(|f| f.spot.row().parameter), Some(name)),
        }
    }
}

/// What is typed into a field, and what is at its path then.
#[rustfmt::skip]
fn cases() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let on = "space"; // unset, then on
    vec![
        ("metadata.name", "!payments", "metadata.name", json!("payments")),
        ("metadata.namespace", "ctrl-u !egress", "metadata.namespace", json!("egress")),
        ("spec.clusterIds", "!a, b", "spec.clusterIds", json!(["a", "b"])),
        ("spec.gatewayType", "i", "spec.gatewayType", json!("ingress")),
        ("spec.replicaCount", "backspace !12", "spec.replicaCount", json!(12)),
        ("spec.resources.limits.cpu", "ctrl-u !500m", "spec.resources.limits.cpu", json!("500m")),
        ("spec.resources.limits.memory", "ctrl-u !1Gi", "spec.resources.limits.memory", json!("1Gi")),
        ("spec.resources.requests.cpu", "ctrl-u", "spec.resources.requests", json!({"memory": "256Mi"})),
        ("spec.resources.requests.memory", "ctrl-u !1", "spec.resources.requests.memory", json!("1")),
        ("spec.ports", "tab ctrl-u !8 tab ctrl-u !http tab ctrl-u", "spec.ports[0]", json!({"port": 8, "targetPort": "http", "protocol": "HTTP"})),
        ("spec.meshExpansionPorts", "enter right tab !15012", "spec.meshExpansionPorts", json!([{"protocol": "HTTP", "port": 15012}])),
        ("spec.autoscaleEnabled", on, "spec.autoscaleEnabled", json!(true)),
        ("spec.cpu.targetAverageUtilization", "!80", "spec.cpu", json!({"targetAverageUtilization": 80})),
        ("spec.memory.targetAverageUtilization", "!70", "spec.memory", json!({"targetAverageUtilization": 70})),
        ("spec.minReplicas", "!2", "spec.minReplicas", json!(2)),
        ("spec.maxReplicas", "!6", "spec.maxReplicas", json!(6)),
        ("metadata.annotations[\"asm.alibabacloud.com/replicas-managed-by-asm\"]", "left", "metadata.annotations", json!({"asm.alibabacloud.com/replicas-managed-by-asm": "false"})),
        ("spec.rollingMaxUnavailable", "ctrl-u !1", "spec.rollingMaxUnavailable", json!("1")),
        ("spec.rollingMaxSurge", "ctrl-u !50%", "spec.rollingMaxSurge", json!("50%")),
        ("metadata.annotations[\"asm.alibabacloud.com/gateway-drain-timeout-seconds\"]", "!60", "metadata.annotations", json!({"asm.alibabacloud.com/gateway-drain-timeout-seconds": "60"})),
        ("spec.affinity.podAntiAffinity", on, "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight", json!(100)),
        ("spec.nodeSelector", "enter !zone tab !a", "spec.nodeSelector", json!({"zone": "a"})),
        ("spec.tolerations", "enter !dedicated tab e right tab !gw tab n tab !60", "spec.tolerations",
            json!([{"key": "dedicated", "operator": "Exists", "value": "gw", "effect": "NoSchedule", "tolerationSeconds": 60}])),
        ("spec.affinity", "!nodeAffinity: enter !  x: 1", "spec.affinity", json!({"nodeAffinity": {"x": 1}})),
        ("spec.serviceType", "l", "spec.serviceType", json!("LoadBalancer")),
        ("spec.externalTrafficPolicy", "l", "spec.externalTrafficPolicy", json!("Local")),
        ("spec.loadBalancerClass", "!nlb", "spec.loadBalancerClass", json!("nlb")),
        ("spec.loadBalancerIP", "!192.0.2.1", "spec.loadBalancerIP", json!("192.0.2.1")),
        ("spec.podLabels[\"security.istio.io/tlsMode\"]", on, "spec.podLabels", json!({"security.istio.io/tlsMode": "istio"})),
        ("spec.serviceAnnotations", "enter !a/b tab !on", "spec.serviceAnnotations", json!({"a/b": "on"})),
        ("spec.serviceLabels", "enter !team", "spec.serviceLabels", json!({"team": ""})),
        ("spec.env", "enter !A tab !x y", "spec.env", json!([{"name": "A", "value": "x y"}])),
        ("spec.podLabels", "!k tab !v", "spec.podLabels", json!({"k": "v"})),
        ("spec.podAnnotations", "enter !k tab !v", "spec.podAnnotations", json!({"k": "v"})),
        ("spec.secretVolumes", "enter !v tab !s tab !/d", "spec.secretVolumes", json!([{"name": "v", "secretName": "s", "mountPath": "/d"}])),
        ("spec.configVolumes", "enter !v tab !m tab !/d", "spec.configVolumes", json!([{"name": "v", "configMapName": "m", "mountPath": "/d"}])),
        ("spec.kernel.enabled", on, "spec.kernel", json!({"enabled": true})),
        ("spec.kernel.parameters", "enter !vm.swappiness tab !10", "spec.kernel.parameters", json!({"vm.swappiness": "10"})),
        ("spec.runAsRoot", on, "spec.runAsRoot", json!(true)),
        ("spec.hostNetwork", "space space", "spec.hostNetwork", json!(false)),
        ("spec.dnsPolicy", "d", "spec.dnsPolicy", json!("Default")),
        ("spec.disableContainerPortExposed", "n", "spec.disableContainerPortExposed", json!(true)),
        ("spec.lifecycle", "!preStop: {exec: {command: [a]}}", "spec.lifecycle.preStop.exec.command", json!(["a"])),
        ("spec.readinessProbe.failureThreshold", "!30", "spec.readinessProbe", json!({"failureThreshold": 30})),
        ("spec.readinessProbe.periodSeconds", "!2", "spec.readinessProbe", json!({"periodSeconds": 2})),
        ("spec.readinessProbe.successThreshold", "!1", "spec.readinessProbe", json!({"successThreshold": 1})),
        ("spec.compression.enabled", on, "spec.compression", json!({"enabled": true})),
        ("spec.compression.min_content_length", "!100", "spec.compression", json!({"min_content_length": 100})),
        ("spec.compression.content_type", "!text/html,a/b", "spec.compression.content_type", json!(["text/html", "a/b"])),
        ("spec.compression.disable_on_etag_header", "l", "spec.compression", json!({"disable_on_etag_header": true})),
        ("spec.compression.remove_accept_encoding_header", "r", "spec.compression", json!({"remove_accept_encoding_header": true})),
        ("spec.compression.gzip", "!window_bits: 9", "spec.compression.gzip", json!({"window_bits": 9})),
        ("spec.autoCreateGatewayYaml", on, "spec.autoCreateGatewayYaml", json!(true)),
        ("spec.requestedNetworkView", "!net1", "spec.requestedNetworkView", json!("net1")),
        ("spec.applicationPorts", "!80,443", "spec.applicationPorts", json!("80,443")),
        ("spec.sds", "!enabled: false", "spec.sds", json!({"enabled": false})),
    ]
}

/// Presses keys; what begins with `!` is typed, up to the next key that has a name.
fn script(app: &mut App, script: &str) {
    let named = |word: &str| word.parse::<Chord>().is_ok() && word.chars().count() > 1;
    let mut text: Option<String> = None;
    for word in script.split(' ') {
        match (&mut text, word.strip_prefix('!')) {
            (_, Some(begun)) => {
                if let Some(before) = text.replace(begun.to_owned()) {
                    write(app, &before);
                }
            }
            (Some(typed), None) if !named(word) => {
                typed.push(' ');
                typed.push_str(word);
            }
            _ => {
                if let Some(before) = text.take() {
                    write(app, &before);
                }
                press(app, word);
            }
        }
    }
    if let Some(typed) = text {
        write(app, &typed);
    }
}

#[test]
fn every_field_writes_where_it_says_by_keys_alone() {
    let mut untested: BTreeSet<&str> =
        FIELDS.iter().map(Field::path_text).filter(|p| !p.is_empty()).collect();
    for (field, typed, path, expected) in cases() {
        let mut app = wizard();
        if field == "spec.podLabels" {
            let at = field_at(field);
            walk_to(&mut app, at);
            press(&mut app, "enter");
        } else {
            walk_to(&mut app, field_at(field));
        }
        script(&mut app, typed);
        assert_eq!(at(&app, path), Some(expected), "{field} after {typed}: {}", front(&app).object());
        untested.remove(field);
    }
    assert_eq!(untested, BTreeSet::new());
}

use field::Field;

#[test]
fn the_manifest_follows_each_key_and_the_draft_goes_with_it() {
    let mut app = wizard();
    for (typed, name) in [("p", "p"), ("a", "pa"), ("backspace", "p")] {
        let effects = press(&mut app, typed);
        let [Effect::KeepDraft(draft)] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(draft.text.contains(&format!("\n  name: {name}\n")), "{}", draft.text);
        assert_eq!((draft.id.as_str(), draft.cluster.as_str(), draft.changed), ("1", "prod", app.now));
        assert_eq!(draft.of, format!("IstioGateway istio-system/{name}"));
    }
    assert_eq!(press(&mut app, "tab"), [], "moving about changes nothing");
}

#[test]
fn a_text_that_is_no_value_stays_in_its_field_and_the_manifest_keeps_what_it_had() {
    let mut app = wizard();
    walk_to(&mut app, field_at("spec.replicaCount"));
    write(&mut app, "x");
    assert_eq!(at(&app, "spec.replicaCount"), Some(json!(1)));
    keys(&mut app, "down up");
    assert_eq!(front(&app).buffer.text(), "1x");
    let said = front(&app).explain();
    assert!(said[1].contains("\"1x\" is no whole number"), "{said:?}");
    press(&mut app, "ctrl-y");
    assert!(matches!(app.screen(), Screen::Form(_)), "as YAML it would be lost");
    press(&mut app, "backspace");
    assert!(front(&app).pending.is_empty());
    press(&mut app, "ctrl-y");
    assert!(matches!(app.screen(), Screen::Editor(editor) if editor.draft.means == Means::Form));
}

#[test]
fn changes_are_taken_back_one_run_of_typing_at_a_time() {
    let mut app = wizard();
    write(&mut app, "out");
    keys(&mut app, "alt-3 space");
    assert_eq!(at(&app, "spec.autoscaleEnabled"), Some(json!(true)));
    press(&mut app, "ctrl-z");
    assert_eq!(at(&app, "spec.autoscaleEnabled"), None);
    press(&mut app, "ctrl-z");
    assert_eq!((at(&app, "metadata.name"), front(&app).step), (Some(json!("")), Step::Basics));
    keys(&mut app, "ctrl-r ctrl-r");
    assert_eq!(at(&app, "metadata.name"), Some(json!("out")));
    assert_eq!(at(&app, "spec.autoscaleEnabled"), Some(json!(true)));
}

#[test]
fn rows_are_added_moved_and_removed_and_keep_what_no_field_knows() {
    let object = istio_gateway("out", json!({"ports": [{"port": 1, "mine": true}, {"port": 2}]}));
    let mut app = wizard();
    let path = "spec.ports".parse().unwrap();
    let _ = app.open_form(Form::single("2".into(), "prod".into(), object, &path).unwrap());
    press(&mut app, "alt-down");
    assert_eq!(at(&app, "spec.ports"), Some(json!([{"port": 2}, {"port": 1, "mine": true}])));
    keys(&mut app, "up ctrl-d");
    assert_eq!(at(&app, "spec.ports"), Some(json!([{"port": 1, "mine": true}])));
    keys(&mut app, "ctrl-o tab 8 0");
    assert_eq!(at(&app, "spec.ports"), Some(json!([{"port": 1, "mine": true}, {"port": 80}])));
    keys(&mut app, "ctrl-d up ctrl-d");
    assert_eq!(at(&app, "spec.ports"), None, "an empty list is no list");
}

#[test]
fn a_key_that_is_there_already_is_refused_and_what_is_typed_stays() {
    let object = istio_gateway("out", json!({"podLabels": {"a": "1", "b": "2"}}));
    let mut app = wizard();
    let path = "spec.podLabels".parse().unwrap();
    let _ = app.open_form(Form::single("2".into(), "prod".into(), object, &path).unwrap());
    keys(&mut app, "down backspace a");
    assert_eq!(at(&app, "spec.podLabels"), Some(json!({"a": "1", "": "2"})));
    assert!(front(&app).explain()[1].contains("a is there already"), "{:?}", front(&app).explain());
    write(&mut app, "b");
    assert_eq!(at(&app, "spec.podLabels"), Some(json!({"a": "1", "ab": "2"})));
}

#[test]
fn spreading_follows_the_name_it_selects_by() {
    let mut app = wizard();
    write(&mut app, "a");
    keys(&mut app, "alt-4 space alt-1 b");
    let text = front(&app).object().to_string();
    assert!(text.contains(r#""matchLabels":{"app":"istio-ab","istio":"ab"}"#), "{text}");
    assert!(!text.contains(r#""istio":"a""#), "{text}");
}

#[test]
fn a_name_that_is_taken_or_no_name_is_said_while_it_is_typed() {
    for (name, said) in [
        ("taken", "prod has a gateway taken in istio-system already"),
        ("a.b", "the name may not contain dots"),
        ("Out", "is no name of an object"),
    ] {
        let mut app = wizard();
        write(&mut app, name);
        let explained = front(&app).explain();
        assert!(explained[1].contains(said), "{name}: {explained:?}");
        press(&mut app, "ctrl-s");
        assert!(matches!(app.screen(), Screen::Form(_)), "{name} is not reviewed");
    }
}

#[test]
fn what_is_filled_in_is_reviewed_as_one_wish_to_make_it() {
    let mut app = wizard();
    write(&mut app, "out");
    press(&mut app, "ctrl-s");
    let Screen::Review(review) = app.screen() else { panic!("{:?}", app.notice) };
    let [Wish { target, change: Change::Create { object } }] = review.wishes.as_slice() else { panic!() };
    assert_eq!(target.to_string(), "IstioGateway istio-system/out in prod");
    assert_eq!(object["apiVersion"], "istio.alibabacloud.com/v1", "the version that is served");
    assert_eq!(object["spec"]["ports"][1]["port"], 443);
}

#[test]
fn one_parameter_is_reviewed_as_an_edit_that_changes_nothing_else() {
    let before = json!({"apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
        "metadata": {"name": "out", "namespace": "istio-system", "resourceVersion": "7", "managedFields": [{}]},
        "spec": {"ports": [{"port": 80}], "someday": {"x": [1]}, "replicaCount": 2}, "status": {"Status": "Running"}});
    let mut app = wizard();
    let path = "spec.replicaCount".parse().unwrap();
    let form = Form::single("2".into(), "prod".into(), before.clone(), &path).unwrap();
    let _ = app.open_form(form);
    press(&mut app, "enter");
    assert_eq!(app.notice.as_ref().unwrap().text, "Nothing is changed yet.");
    keys(&mut app, "backspace 5 enter");
    let Screen::Review(review) = app.screen() else { panic!("{:?}", app.notice) };
    let [Wish { change: Change::Edit { before: was, after }, .. }] = review.wishes.as_slice() else {
        panic!()
    };
    let mut expected = before.clone();
    expected["spec"]["replicaCount"] = json!(5);
    assert_eq!((was, after), (&before, &expected), "an unknown field is no obstacle where it was before");
}

#[test]
fn a_problem_of_the_review_leads_to_its_field() {
    let mut app = wizard();
    keys(&mut app, "alt-6 alt-7 enter");
    assert_eq!(front(&app).spot.row().path_text(), "metadata.name");
}

#[test]
fn letters_are_typed_and_never_commands() {
    let mut app = wizard();
    write(&mut app, "q?:n1");
    assert_eq!(at(&app, "metadata.name"), Some(json!("q?:n1")));
    walk_to(&mut app, field_at("spec.runAsRoot"));
    assert_eq!(keys(&mut app, "q ? :"), []);
    assert!(app.overlay.is_none());
    press(&mut app, "f1");
    assert!(app.overlay.is_some());
}

#[test]
fn a_form_is_left_with_its_draft_and_discarded_only_when_asked_twice() {
    let mut app = wizard();
    let ticket = front(&app).learning;
    assert_eq!(press(&mut app, "esc"), [Effect::Close(ticket)]);
    assert!(app.notice.is_none(), "nothing was typed: {:?}", app.notice);
    let mut app = wizard();
    write(&mut app, "out");
    let ticket = front(&app).learning;
    assert_eq!(press(&mut app, "esc"), [Effect::Close(ticket)]);
    assert_eq!(app.notice.unwrap().text, "What was typed is kept as a draft: IstioGateway istio-system/out.");
    let mut app = wizard();
    write(&mut app, "out");
    keys(&mut app, "ctrl-x left");
    assert_eq!(press(&mut app, "ctrl-x"), [], "another key came between");
    let ticket = front(&app).learning;
    let effects = press(&mut app, "ctrl-x");
    assert_eq!(effects, [Effect::Close(ticket), Effect::DropDraft("1".into())]);
}

#[test]
fn a_draft_goes_on_where_it_was_and_a_broken_one_says_why() {
    let mut app = wizard();
    write(&mut app, "out");
    let draft = front(&app).draft.clone();
    let form = Form::of_draft(draft.clone()).unwrap();
    assert_eq!(form.object(), front(&app).object());
    assert!(Form::of_draft(Draft { text: "a: [".into(), ..draft.clone() }).is_err());
    assert_eq!(
        Form::of_draft(Draft { text: "just text".into(), ..draft }).unwrap_err(),
        "the text is no object"
    );
}

fn knowledge() -> Knowledge {
    let node = |name: &str, zone: &str, tainted: bool| Node {
        name: name.into(),
        labels: [("zone".to_owned(), zone.to_owned())].into(),
        taints: tainted
            .then(|| Taint { key: "dedicated".into(), value: "gw".into(), effect: "NoSchedule".into() })
            .into_iter()
            .collect(),
        ready: true,
        unschedulable: false,
    };
    let denied = Fault::new(Reason::Denied, "prod: no right to list the names of Secrets", "Ask for it.");
    Knowledge {
        nodes: vec![node("a", "eu-1", false), node("b", "eu-2", true), node("c", "eu-2", false)],
        namespaces: vec!["istio-system".into(), "egress".into()],
        secrets: Vec::new(),
        config_maps: vec![("istio-system".into(), "lua".into()), ("egress".into(), "other".into())],
        denied: vec![(Sort::Secrets, denied)],
    }
}

fn learned() -> App {
    let mut app = wizard();
    let ticket = front(&app).learning;
    let _ = update(&mut app, Msg::Learned(ticket, Box::new(knowledge())));
    app
}

#[test]
fn the_cluster_is_looked_at_once_and_again_where_the_gateway_goes_elsewhere() {
    let mut app = app_of(vec![home(), cluster("other", &[])]);
    let form = Form::new("1".into(), "prod".into(), app.known());
    let effects = app.open_form(form);
    let [Effect::Learn(first, cluster, namespace)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((cluster.as_str(), namespace.as_str()), ("prod", "istio-system"));
    let first = *first;
    let effects = keys(&mut app, "down x");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Learn(..))), "not while it is typed: {effects:?}");
    let effects = press(&mut app, "down");
    assert!(
        matches!(effects.as_slice(), [Effect::Close(closed), Effect::Learn(_, c, n)]
        if *closed == first && c.as_str() == "prod" && n == "istio-systemx"),
        "{effects:?}"
    );
    let effects = press(&mut app, "space");
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Learn(_, c, _) if c.as_str() == "other")),
        "{effects:?}"
    );
    assert_eq!((front(&app).cluster.as_str(), front(&app).draft.cluster.as_str()), ("other", "other"));
    let _ = update(&mut app, Msg::Learned(first, Box::new(knowledge())));
    assert!(front(&app).knowledge.is_none(), "an answer about another cluster is no answer");
}

#[test]
fn what_is_there_is_offered_as_it_is_typed_and_picked() {
    let mut app = learned();
    walk_to(&mut app, field_at("spec.nodeSelector"));
    keys(&mut app, "enter z");
    assert_eq!(front(&app).popup().map(|p| p.items.clone()), Some(vec!["zone".to_owned()]));
    keys(&mut app, "down enter tab e");
    assert_eq!(front(&app).popup().map(|p| p.items.len()), Some(2), "the values of that label");
    keys(&mut app, "down down tab");
    assert_eq!(at(&app, "spec.nodeSelector"), Some(json!({"zone": "eu-2"})));
    let said: Vec<String> = front(&app).says(front(&app).spot.field).into_iter().map(|(_, s)| s).collect();
    assert_eq!(said, ["2 of 3 nodes have these labels right now."]);
    let said = front(&app).says(field_at("spec.tolerations"));
    assert_eq!(said, [(Tone::Muted, "2 of 3 nodes let the pods on right now.".to_owned())]);
    let said = front(&app).says(field_at("spec.affinity"));
    assert_eq!(said[1].1, "1 of 3 nodes could run a pod, all of this taken together right now.");
    // What is offered is left by esc first, and by moving on.
    walk_to(&mut app, field_at("spec.configVolumes"));
    keys(&mut app, "enter v tab l");
    assert_eq!(
        front(&app).popup().map(|p| p.items.clone()),
        Some(vec!["lua".to_owned()]),
        "of its namespace"
    );
    press(&mut app, "esc");
    assert!(front(&app).popup().is_none());
    keys(&mut app, "f3 tab");
    assert_eq!(at(&app, "spec.configVolumes"), Some(json!([{"name": "v", "configMapName": "l"}])));
}

#[test]
fn what_may_not_be_read_is_only_not_offered_and_the_field_says_so() {
    let mut app = learned();
    walk_to(&mut app, field_at("spec.secretVolumes"));
    keys(&mut app, "enter v tab s");
    assert!(front(&app).popup().is_none());
    keys(&mut app, "tab / x backtab");
    let said = front(&app).explain();
    assert_eq!(said[1], "Nothing is offered here: prod: no right to list the names of Secrets.");
}

#[test]
fn where_nobody_keeps_gateways_the_form_says_so_first_and_nothing_is_made() {
    let mut bare = cluster("bare", &[]);
    bare.facts.keeper = Keeper::Nobody;
    let mut idle = cluster("idle", &[]);
    idle.facts.keeper = Keeper::Egret;
    idle.facts.holder = Holder::Nobody;
    for (snapshot, said, made) in [
        (bare, "`I` on Clusters installs the CRD", false),
        (idle, "Nobody acts on gateways in idle now: this would be stored and stay a wish.", true),
    ] {
        let name = snapshot.cluster.clone();
        let mut app = app_of(vec![snapshot]);
        let _ = app.open_form(Form::new("1".into(), name, app.known()));
        app.settle();
        let rows: Vec<&Row> = front(&app).page().rows.iter().collect();
        let field = rows.iter().position(|row| row.label == "Name").unwrap();
        let text = |row: &Row| row.cells.iter().map(|c| c.text.clone()).collect::<Vec<_>>().join(" ");
        let before: Vec<String> = rows[..field].iter().map(|row| text(row)).collect();
        assert!(before.join(" ").contains(said), "{before:?}");
        write(&mut app, "out");
        press(&mut app, "ctrl-s");
        assert_eq!(matches!(app.screen(), Screen::Review(_)), made, "{:?}", app.notice);
    }
}

#[test]
fn hostile_texts_of_a_cluster_are_no_cells_and_are_not_lost() {
    let object = json!({"apiVersion": "v1", "kind": "IstioGateway", "metadata": {"name": "a\u{1b}[2J", "namespace": "n"},
        "spec": {"podAnnotations": {"k\u{202e}": "one\ntwo\u{7}"}, "loadBalancerClass": "\u{9b}31m"}});
    let mut app = wizard();
    let _ = app.open_form(Form::edit("2".into(), "prod".into(), object.clone()));
    for step in 1..=7 {
        keys(&mut app, &format!("alt-{step} tab x tab x tab x tab x tab x f3"));
        for row in &front(&app).page().rows {
            for cell in &row.cells {
                assert!(!cell.text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{cell:?}");
            }
        }
    }
    assert_eq!(at(&app, "spec.podAnnotations"), Some(object["spec"]["podAnnotations"].clone()));
}

fn any_key() -> impl Strategy<Value = String> {
    let named = [
        "tab",
        "backtab",
        "up",
        "down",
        "left",
        "right",
        "space",
        "enter",
        "backspace",
        "delete",
        "home",
        "end",
        "ctrl-n",
        "ctrl-p",
        "ctrl-o",
        "ctrl-d",
        "alt-up",
        "alt-down",
        "ctrl-z",
        "ctrl-r",
        "ctrl-t",
        "f3",
        "page-up",
        "page-down",
        "alt-1",
        "alt-2",
        "alt-3",
        "alt-4",
        "alt-5",
        "alt-6",
        "alt-7",
        "ctrl-u",
        "ctrl-k",
    ];
    prop_oneof![
        3 => proptest::sample::select(named.to_vec()).prop_map(str::to_owned),
        2 => proptest::char::ranges(vec!['a'..='e', '0'..='3', ':'..=':', '-'..='-', '{'..='{', 'é'..='é'].into())
            .prop_map(|c| c.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_break_the_form_and_what_it_does_not_know_stays(pressed in prop::collection::vec(any_key(), 1..120)) {
        let object = json!({"apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
            "metadata": {"name": "out", "namespace": "ns", "unknown": 1},
            "spec": {"someday": {"x": [1, {"y": null}]}, "overrides": {"b": {"replicaCount": 1}},
                "resources": {"claims": [{"name": "c"}], "limits": {"nvidia.com/gpu": "1"}},
                "tolerations": "wrong", "podLabels": [1], "env": [{"name": "A", "valueFrom": {"x": 1}}, 7]}});
        let mut app = learned();
        let _ = app.open_form(Form::edit("2".into(), "prod".into(), object.clone()));
        for key in &pressed {
            press(&mut app, key);
            let Screen::Form(form) = app.screen() else { break };
            prop_assert!(form.object().is_object());
            let text: Value = serde_yaml::from_str(&form.draft.text).unwrap();
            prop_assert_eq!(&text, form.object());
            for path in ["/metadata/unknown", "/metadata/name", "/spec/someday", "/spec/overrides", "/spec/resources/claims",
                "/spec/resources/limits/nvidia.com~1gpu"] {
                prop_assert_eq!(form.object().pointer(path), object.pointer(path), "{} after {}", path, key);
            }
            for placed in form.problems() {
                prop_assert!(!placed.problem.why.is_empty());
            }
        }
    }
}
