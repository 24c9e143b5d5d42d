//! The review by its keys.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use serde_json::{Value, json};

use super::super::*;
use crate::app::keymap::{Chord, Keymap};
use crate::app::{App, Settings};
use crate::app::{Msg, update};
use crate::model::edit::diff::changes;
use crate::model::edit::merge::merge;
use crate::model::table::TableKind;

fn object(replicas: i32, who: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "out", "namespace": "ns", "annotations": {"who": who}},
        "spec": {"replicas": replicas},
    })
}

fn target() -> Target {
    Target {
        cluster: "prod".into(),
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "ns".into(),
        name: "out".into(),
    }
}

/// An app that reviews an edit, with what was found out of it.
fn reviewing(found_out: impl FnOnce(&mut Checked)) -> App {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let clusters = vec!["prod".into()];
    let mut app = App::new(Settings::default(), Keymap::default(), clusters, TableKind::Gateways, now);
    let change = Change::Edit { before: object(2, ""), after: object(5, "") };
    let mut checked = Checked::new(target(), change.clone());
    checked.changed = changes(&object(2, ""), &object(5, ""));
    found_out(&mut checked);
    let asked = app.review(vec![Wish { target: target(), change }], None);
    let ticket = asked.iter().find_map(|effect| match effect {
        Effect::Check(ticket, _) => Some(*ticket),
        _ => None,
    });
    let _ = update(&mut app, Msg::Checked(ticket.unwrap(), Ok(Arc::new(checked))));
    app.settle();
    app
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let key = |name: &str| KeyEvent::from(name.parse::<Chord>().unwrap());
    let effects = keys.split(' ').flat_map(|name| update(app, Msg::Key(key(name)))).collect();
    app.settle();
    effects
}

fn front(app: &App) -> &Review {
    match app.screen() {
        Screen::Review(review) => review,
        _ => panic!("no review"),
    }
}

#[test]
fn a_wrong_word_is_taken_away_as_in_a_shell() {
    let mut app = reviewing(|checked| checked.grave.push("it serves".into()));
    press(&mut app, "y enter");
    assert!(front(&app).mistyped);
    press(&mut app, "ctrl-u");
    assert_eq!((front(&app).input.text(), front(&app).mistyped), ("", false));
    let made = press(&mut app, "o u t enter");
    assert!(made.iter().any(|effect| matches!(effect, Effect::Make(..))), "{made:?}");
}

#[test]
fn what_is_to_be_chosen_is_not_said_to_be_kept() {
    let mut app = reviewing(|checked| {
        let (was, mine, theirs) = (object(2, ""), object(5, ""), object(3, "colleague"));
        checked.meanwhile = changes(&was, &theirs);
        checked.clashing = Some(Box::new(merge(&was, &mine, &theirs)));
    });
    app.make_review(80);
    let text = |line: &crate::app::paint::Line| line.iter().map(|piece| &*piece.text).collect::<String>();
    let lines: Vec<String> = front(&app).lines.iter().map(text).collect();
    let about = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!((about("spec.replicas"), about("2 → 3"), about("colleague")), (1, 0, 1), "{lines:#?}");
}
