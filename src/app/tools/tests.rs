use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use crate::app::effect::Effect;
use crate::app::keymap::Keymap;
use crate::app::overlay::Overlay;
use crate::app::screen::Screen;
use crate::app::{App, Command, Msg, Settings, update};
use crate::model::fault::{Fault, Reason};
use crate::model::forward::{Counts, Local, News};
use crate::model::snapshot::Snapshot;
use crate::model::table::TableKind;
use crate::model::testing::{cluster, gateway_objects, joined, pod, slice, with};
use crate::model::usage::PodUsage;

/// A gateway of so many pods, those of these numbers ready; its Service leads from 443 to 8443.
fn snapshot(pods: usize, ready: &[usize]) -> Snapshot {
    let mut objects: Vec<Value> = gateway_objects("istio-a", 0);
    objects.retain(|object| object["kind"] != "EndpointSlice" && object["kind"] != "Service");
    objects.push(
        json!({"kind": "Service", "metadata": {"name": "istio-a", "namespace": "istio-system", "uid": "s"},
        "spec": {"type": "ClusterIP", "selector": {"app": "istio-a"},
            "ports": [{"name": "https", "port": 443, "targetPort": "tls"}]}}),
    );
    let endpoints: Vec<Value> = (0..pods)
        .map(|n| {
            json!({"addresses": [format!("10.0.0.{n}")], "conditions": {"ready": ready.contains(&n)},
                "targetRef": {"kind": "Pod", "name": format!("istio-a-1-{n}")}})
        })
        .collect();
    let of = with(slice("istio-a", 0), "/endpoints", json!(endpoints));
    objects.push(with(of, "/ports", json!([{"name": "https", "port": 8443}])));
    for n in 0..pods {
        let state = if ready.contains(&n) { "True" } else { "False" };
        let one = with(pod("istio-a", n), "/status/conditions/0/status", json!(state));
        objects.push(with(one, "/spec/nodeName", json!(format!("node-{}", 1 + n % 2))));
    }
    joined(cluster("prod", &objects))
}

fn app(view: TableKind, first: Snapshot) -> App {
    let names = vec!["prod".into()];
    let mut app = App::new(Settings::default(), Keymap::default(), names, view, jiff::Timestamp::UNIX_EPOCH);
    let _ = tell(&mut app, Msg::Snapshot(Arc::new(first)));
    app
}

fn tell(app: &mut App, msg: Msg) -> Vec<Effect> {
    let effects = update(app, msg);
    app.settle();
    effects
}

fn key(app: &mut App, code: char) -> Vec<Effect> {
    tell(app, Msg::Key(KeyEvent::from(KeyCode::Char(code))))
}

fn forwarded(effects: &[Effect]) -> (Local, Vec<(String, u16)>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Forward(_, cluster, local, aims) => {
            assert_eq!(cluster.as_str(), "prod");
            Some((*local, aims.iter().map(|aim| (aim.pod.name.to_string(), aim.port)).collect()))
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{effects:?}"))
}

fn aimed(effects: &[Effect]) -> Option<Vec<String>> {
    effects.iter().find_map(|effect| match effect {
        Effect::AimForward(_, aims) => Some(aims.iter().map(|aim| aim.pod.name.to_string()).collect()),
        _ => None,
    })
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

#[test]
fn a_service_leads_to_the_port_of_its_ready_pods() {
    let mut app = app(TableKind::Services, snapshot(3, &[1, 2]));
    // It has one port: nothing is to be asked.
    let (local, aims) = forwarded(&key(&mut app, 'f'));
    assert_eq!(local, Local::Like(443));
    assert_eq!(aims, [("istio-a-1-1".to_owned(), 8443), ("istio-a-1-2".to_owned(), 8443)]);
    assert_eq!(app.run(Command::PortForward, "99"), []);
    assert!(notice(&app).contains("has no port 99: 443"), "{}", notice(&app));
}

#[test]
fn a_gateway_offers_its_services_ports_and_those_of_its_proxy() {
    let mut app = app(TableKind::Gateways, snapshot(2, &[0, 1]));
    assert_eq!(key(&mut app, 'f'), []);
    let Some(Overlay::Palette(palette)) = &app.overlay else { panic!("it asks") };
    let offered: Vec<&str> = palette.entries.iter().map(|entry| entry.line.as_str()).collect();
    assert_eq!(offered[..2], ["port-forward 443", "port-forward 15000"]);
    assert!(palette.entries[1].about.contains("admin") && palette.entries[1].about.contains("prod"));
    for c in "18000:15000".chars() {
        let _ = key(&mut app, c);
    }
    let effects = tell(&mut app, Msg::Key(KeyEvent::from(KeyCode::Enter)));
    let (local, aims) = forwarded(&effects);
    assert_eq!((local, aims[0].1), (Local::Asked(18000), 15000), "what is typed is meant");
    assert_eq!(forwarded(&app.run(Command::PortForward, "443")).1[0].1, 8443, "a port of its Service");
}

#[test]
fn connections_go_to_another_pod_when_the_one_they_went_to_is_gone() {
    let mut app = app(TableKind::Gateways, snapshot(2, &[0, 1]));
    let _ = app.run(Command::PortForward, "15000");
    let ticket = app.forwards[0].ticket;
    let _ = tell(&mut app, Msg::Forward(ticket, News::Listening(15000)));
    assert!(
        notice(&app).starts_with("127.0.0.1:15000 leads to gateway istio-system/istio-a port 15000 in prod")
    );
    let same = tell(&mut app, Msg::Snapshot(Arc::new(snapshot(2, &[0, 1]))));
    assert_eq!(aimed(&same), None, "nothing changed for it");
    let one = tell(&mut app, Msg::Snapshot(Arc::new(snapshot(2, &[1]))));
    assert_eq!(aimed(&one), Some(vec!["istio-a-1-1".to_owned()]));
    // The one that is used stays the first, also where another comes before it.
    let both = tell(&mut app, Msg::Snapshot(Arc::new(snapshot(2, &[0, 1]))));
    assert_eq!(aimed(&both), Some(vec!["istio-a-1-1".to_owned(), "istio-a-1-0".to_owned()]));
    let none = tell(&mut app, Msg::Snapshot(Arc::new(snapshot(2, &[]))));
    assert_eq!(aimed(&none), Some(Vec::new()));
    assert_eq!(app.forward_state(&app.forwards[0]).0, "no ready pod");
    let counts =
        Counts { all: 1, failed: 1, is_failing: true, last: Some("why".into()), ..Counts::default() };
    let _ = tell(&mut app, Msg::Forward(ticket, News::Counted(counts)));
    let _ = tell(&mut app, Msg::Snapshot(Arc::new(snapshot(2, &[0]))));
    assert_eq!(app.forward_state(&app.forwards[0]).0, "failing");
}

#[test]
fn a_forward_to_a_pod_goes_to_no_other() {
    let mut app = app(TableKind::Pods, snapshot(2, &[0, 1]));
    let _ = app.run(Command::PortForward, "15000");
    let ticket = app.forwards[0].ticket;
    let _ = tell(&mut app, Msg::Forward(ticket, News::Listening(15000)));
    let gone = tell(&mut app, Msg::Snapshot(Arc::new(snapshot(0, &[]))));
    assert_eq!(aimed(&gone), Some(Vec::new()));
    assert_eq!(app.forward_state(&app.forwards[0]).0, "pod is gone");
}

#[test]
fn where_nothing_may_be_written_nothing_is_forwarded_and_what_is_open_ends() {
    let mut app = app(TableKind::Gateways, snapshot(1, &[0]));
    let _ = app.run(Command::PortForward, "15000");
    let ticket = app.forwards[0].ticket;
    let effects = app.run(Command::ReadOnly, "");
    assert_eq!(effects, [Effect::Close(ticket), Effect::SetReadOnly(true)]);
    assert!(notice(&app).ends_with("The port-forward was stopped: it can carry writes."));
    assert!(app.forwards.is_empty());
    assert_eq!(app.run(Command::PortForward, "15000"), []);
    assert_eq!(notice(&app), "port-forward: prod is read-only here, and a port-forward can carry writes");
    let _ = app.run(Command::ReadOnly, "");
    let _ = app.run(Command::PortForward, "15000");
    let ticket = app.forwards[0].ticket;
    assert!(tell(&mut app, Msg::Closed("prod".into())).contains(&Effect::Close(ticket)));
    assert!(app.forwards.is_empty());
}

#[test]
fn the_list_copies_and_stops_the_one_that_is_chosen() {
    let mut app = app(TableKind::Gateways, snapshot(1, &[0]));
    for port in ["15000", "15020"] {
        let _ = app.run(Command::PortForward, port);
        let (ticket, port) = (app.forwards.last().unwrap().ticket, port.parse().unwrap());
        let _ = tell(&mut app, Msg::Forward(ticket, News::Listening(port)));
    }
    let _ = key(&mut app, 'z');
    let _ = key(&mut app, 'f');
    let _ = key(&mut app, 'j');
    assert_eq!(key(&mut app, 'c'), [Effect::Copy("127.0.0.1:15020".to_owned())]);
    let second = app.forwards[1].ticket;
    assert_eq!(key(&mut app, 'd'), [Effect::Close(second)]);
    let first = app.forwards[0].ticket;
    assert_eq!(key(&mut app, 'd'), [Effect::Close(first)]);
    assert!(app.overlay.is_none() && app.forwards.is_empty());
}

fn restart(app: &mut App) -> Vec<Effect> {
    tell(app, Msg::Key(KeyEvent::new(KeyCode::Char('k'), KeyModifiers::CONTROL)))
}

#[test]
fn a_pod_that_nobody_makes_again_is_not_restarted() {
    let alone = json!({"kind": "Pod", "metadata": {"name": "alone", "namespace": "n", "uid": "u"},
        "spec": {"containers": [{"name": "c"}]}, "status": {"phase": "Running"}});
    let mut app = app(TableKind::Pods, joined(cluster("prod", &[alone])));
    assert_eq!(restart(&mut app), []);
    assert_eq!(notice(&app), "restart-pod: nothing owns alone: nobody would make it again");
}

#[test]
fn a_restart_is_reviewed_and_that_of_the_last_ready_pod_takes_its_name() {
    for (ready, grave) in [(&[0, 1][..], false), (&[0][..], true)] {
        let mut app = app(TableKind::Pods, snapshot(2, ready));
        let effects = restart(&mut app);
        assert!(matches!(&effects[..], [Effect::Check(..)]), "{effects:?}");
        let Screen::Review(review) = app.screen() else { panic!("it is reviewed") };
        assert_eq!(review.title(), "restart istio-a-1-0?");
        assert_eq!(app.restart_is_grave(&review.items[0].wish.target), grave, "{ready:?}");
        let facts = app.restart_facts(&review.items[0]).unwrap();
        let words: Vec<String> = facts.facts.iter().map(|fact| fact.value.to_string()).collect();
        assert!(words[0].starts_with("ReplicaSet istio-a-1 makes another one at once"), "{words:?}");
        let wanted = if grave {
            "the last ready pod of gateway istio-a"
        } else {
            "1 other pod of gateway istio-a serve"
        };
        assert!(words[1].contains(wanted), "{words:?}");
    }
}

#[test]
fn the_pods_of_a_node_are_shown_with_their_gateways() {
    let mut app = app(TableKind::Pods, snapshot(3, &[0, 1, 2]));
    let _ = key(&mut app, 'g');
    let _ = key(&mut app, 'n');
    assert_eq!(notice(&app), "Only istio-a has pods on node node-1 of prod.");
    let table = app.active_table().unwrap();
    assert_eq!(table.filter.input.text(), "cluster:prod node:node-1");
    let shown: Vec<&str> = table.window.rows.iter().map(|row| &*row.id.name).collect();
    assert_eq!(shown, ["istio-a-1-0", "istio-a-1-2"]);
    assert!(table.items.iter().all(|item| item.beside.as_ref().is_some_and(|b| &*b.gateway == "istio-a")));
}

#[test]
fn what_pods_use_is_read_only_while_a_column_of_it_is_on_the_screen() {
    let mut app = app(TableKind::Pods, snapshot(1, &[0]));
    app.size = (200, 40);
    let read = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::ReadUsage(of) => Some(of.len()),
            _ => None,
        })
    };
    assert_eq!(read(&tell(&mut app, Msg::Minute)), None);
    let wide = tell(&mut app, Msg::Key(KeyEvent::from(KeyCode::Char('w'))));
    assert_eq!(read(&wide), Some(1), "{wide:?}");
    let used = PodUsage {
        namespace: "istio-system".into(),
        name: "istio-a-1-0".into(),
        containers: vec![("istio-proxy".into(), 0.25, 1024.0)],
        at: app.now,
        window: std::time::Duration::ZERO,
    };
    let _ = tell(&mut app, Msg::Usage("prod".into(), Ok([used].into())));
    let cells = |app: &App| {
        let table = app.active_table().unwrap();
        let at = |id| table.window.columns.iter().position(|(n, _)| table.columns()[*n].id == id).unwrap();
        ["cpu", "cpu-pct"].map(|id| table.window.rows[0].cells[at(id)].cell.text.to_string())
    };
    assert_eq!(cells(&app), ["250m", "n/s"]);
    let missing = Fault::new(Reason::Missing, "prod: the cluster serves no metrics.k8s.io", "");
    let _ = tell(&mut app, Msg::Usage("prod".into(), Err(missing)));
    assert_eq!(cells(&app), ["n/a", "n/a"]);
    assert!(app.explanation()[1].ends_with("n/a: the cluster serves no metrics API."));
    let narrow = tell(&mut app, Msg::Key(KeyEvent::from(KeyCode::Char('w'))));
    assert_eq!(read(&narrow), Some(0), "nobody sees it any more");
}

#[test]
fn marks_that_the_filter_hides_are_told_before_a_restart() {
    let mut app = app(TableKind::Pods, snapshot(2, &[0, 1]));
    let _ = app.run(Command::MarkAll, "");
    let _ = app.run(Command::Filter, "istio-a-1-1");
    app.settle();
    assert!(matches!(&restart(&mut app)[..], [Effect::Check(..), Effect::Check(..)]));
    assert_eq!(notice(&app), "1 of these are hidden by the filter: istio-a-1-0");
}

#[test]
fn no_tool_acts_on_a_row_or_in_a_box_that_the_terminal_has_no_room_for() {
    const WHY: &str = "the terminal is too small for it: egret needs 60×14 to show what it is about";
    let mut app = app(TableKind::Pods, snapshot(2, &[0, 1]));
    let _ = app.run(Command::PortForward, "15000");
    app.size = (40, 12);
    for command in [Command::Shell, Command::Exec, Command::PortForward, Command::RestartPod] {
        assert_eq!(app.run(command, ""), [], "{command}");
        assert_eq!(notice(&app), format!("{command}: {WHY}"));
        assert!(app.overlay.is_none() && app.stack.len() == 1, "{command}");
    }
    app.size = (80, 24);
    let _ = app.run(Command::PortForwards, "");
    let _ = tell(&mut app, Msg::Resize(40, 12));
    for code in [KeyCode::Char('d'), KeyCode::Char('c'), KeyCode::Enter] {
        assert_eq!(tell(&mut app, Msg::Key(KeyEvent::from(code))), []);
        assert_eq!(notice(&app), format!("Nothing was done: {WHY}. esc leaves what is in front."));
    }
    assert_eq!(app.forwards.len(), 1);
    let _ = tell(&mut app, Msg::Key(KeyEvent::from(KeyCode::Esc)));
    assert!(app.overlay.is_none());
    let _ = tell(&mut app, Msg::Resize(80, 24));
    assert!(matches!(&restart(&mut app)[..], [Effect::Check(..)]), "with room for it, it is as before");
}
