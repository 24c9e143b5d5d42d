//! Boxes that were opened for one object, and what becomes of it meanwhile.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::{Value, json};

use crate::app::effect::Effect;
use crate::app::keymap::Keymap;
use crate::app::overlay::Overlay;
use crate::app::{App, Command, Msg, Settings, update};
use crate::model::snapshot::Snapshot;
use crate::model::table::TableKind;
use crate::model::testing::{cluster, joined};

/// Pods that run, each with its uid and two containers.
fn pods(all: &[(&str, &str)]) -> Snapshot {
    let one = |(name, uid): &(&str, &str)| {
        json!({"kind": "Pod", "metadata": {"name": name, "namespace": "n", "uid": uid},
            "spec": {"containers": [{"name": "istio-proxy"}, {"name": "side"}]},
            "status": {"phase": "Running", "containerStatuses": [
                {"name": "istio-proxy", "ready": true, "state": {"running": {}}},
                {"name": "side", "ready": true, "state": {"running": {}}}]}})
    };
    let objects: Vec<Value> = all.iter().map(one).collect();
    joined(cluster("prod-eu", &objects))
}

fn app(all: &[(&str, &str)]) -> App {
    let names = vec!["prod-eu".into()];
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut app = App::new(Settings::default(), Keymap::default(), names, TableKind::Pods, now);
    tell(&mut app, Msg::Snapshot(Arc::new(pods(all))));
    app
}

fn tell(app: &mut App, msg: Msg) -> Vec<Effect> {
    let effects = update(app, msg);
    app.settle();
    effects
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    tell(app, Msg::Key(KeyEvent::from(code)))
}

fn typed(app: &mut App, text: &str) {
    text.chars().for_each(|c| drop(press(app, KeyCode::Char(c))));
}

/// The pod in which something was begun.
fn ran_in(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::Shell(run) | Effect::Exec(_, run) => Some(run.pod.name.to_string()),
        Effect::Forward(_, _, _, aims) => Some(aims[0].pod.name.to_string()),
        _ => None,
    })
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

const BOTH: [(&str, &str); 2] = [("one", "1"), ("two", "2")];

/// A command, and how a box is opened for it and filled in.
type Way = (&'static str, fn(&mut App));

/// The ways in which a box is opened for the pod under the cursor.
const WAYS: [Way; 4] = [
    ("shell", |app| drop(press(app, KeyCode::Char('x')))),
    ("exec", |app| {
        drop(press(app, KeyCode::Char('X')));
        typed(app, "-c side ls");
    }),
    ("port-forward", |app| {
        drop(press(app, KeyCode::Char('f')));
        typed(app, "15000");
    }),
    ("exec", |app| {
        drop(press(app, KeyCode::Char(':')));
        typed(app, "exec -c side ls");
    }),
];

#[test]
fn what_a_box_was_opened_for_is_what_enter_acts_on() {
    for (name, open) in WAYS {
        let mut app = app(&BOTH);
        open(&mut app);
        // The cursor is on the same row by number, and that is another pod now.
        tell(&mut app, Msg::Snapshot(Arc::new(pods(&[("an-earlier-one", "0"), BOTH[0], BOTH[1]]))));
        assert_eq!(ran_in(&press(&mut app, KeyCode::Enter)).as_deref(), Some("one"), "{name}");
    }
}

#[test]
fn what_is_gone_when_enter_is_pressed_is_not_replaced_by_its_neighbour() {
    // Rolled away; and made again by the same name, as a StatefulSet does.
    for after in [vec![BOTH[1]], vec![("one", "another"), BOTH[1]]] {
        for (name, open) in WAYS {
            let mut app = app(&BOTH);
            open(&mut app);
            tell(&mut app, Msg::Snapshot(Arc::new(pods(&after))));
            assert_eq!(press(&mut app, KeyCode::Enter), [], "{name}");
            assert_eq!(notice(&app), format!("{name}: one in prod-eu is gone; nothing was run."));
            assert!(app.overlay.is_none(), "{name}");
        }
    }
}

#[test]
fn a_choice_that_follows_what_was_typed_is_of_the_same_pod() {
    let mut app = app(&BOTH);
    drop(press(&mut app, KeyCode::Char('X')));
    typed(&mut app, "ls");
    tell(&mut app, Msg::Snapshot(Arc::new(pods(&[("an-earlier-one", "0"), BOTH[0], BOTH[1]]))));
    assert_eq!(ran_in(&press(&mut app, KeyCode::Enter)), None);
    let Some(Overlay::Choose(choose)) = &app.overlay else { panic!("it asks in which container") };
    assert_eq!(choose.meant.as_ref().unwrap().place(), ("one".to_owned(), "prod-eu".to_owned()));
    tell(&mut app, Msg::Snapshot(Arc::new(pods(&[BOTH[1]]))));
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert_eq!(notice(&app), "exec: one in prod-eu is gone; nothing was run.");
    // It holds on to nothing any more.
    assert_eq!(app.run(Command::PortForward, "15000").len(), 1);
    assert_eq!(app.forwards[0].target.in_words(), "pod n/two");
}
