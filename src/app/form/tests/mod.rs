//! The form as people use it: by keys.

mod clusters;
mod fields;
mod leaving;
mod typing;

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use proptest::prelude::*;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::field::Field;
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
use crate::routing::{Case, Clients, MtlsState, ObjectName, Scope, ServerMtls};

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
        home_id: None,
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
