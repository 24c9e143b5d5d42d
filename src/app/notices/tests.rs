use std::sync::Arc;

use crossterm::event::KeyEvent;
use serde_json::json;

use super::*;
use crate::app::keymap::{Chord, Keymap};
use crate::app::screen::{DetailsOf, Screen};
use crate::app::{Msg, Settings, update};
use crate::model::fault::{Fault, Reason};
use crate::model::snapshot::{Link, Snapshot};
use crate::model::table::TableKind;
use crate::model::testing::{cluster, deployment, gateway_objects, joined, pod, service, with};

fn now() -> Timestamp {
    "2026-05-03T11:52:00Z".parse().unwrap()
}

fn well() -> Snapshot {
    joined(cluster("prod-eu", &gateway_objects("istio-egress", 2)))
}

/// One of two replicas is ready.
fn ill() -> Snapshot {
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
    let failing = with(pod("istio-egress", 0), "/status/conditions/0/status", json!("False"));
    let failing = with(failing, "/status/containerStatuses/0/ready", json!(false));
    let failing = with(failing, "/status/containerStatuses/0/state", waiting);
    let objects = [
        service("istio-egress"),
        with(deployment("istio-egress", 2), "/status/readyReplicas", json!(1)),
        failing,
        pod("istio-egress", 1),
    ];
    joined(cluster("prod-eu", &objects))
}

fn app() -> App {
    let settings = Settings { bell: true, ..Settings::default() };
    App::new(settings, Keymap::default(), vec!["prod-eu".into()], TableKind::Gateways, now())
}

fn take(app: &mut App, msg: Msg) -> Vec<Effect> {
    let effects = update(app, msg);
    app.settle();
    effects
}

fn told(app: &mut App, snapshot: Snapshot) -> Vec<Effect> {
    take(app, Msg::Snapshot(Arc::new(snapshot)))
}

fn keys(app: &mut App, names: &str) -> Vec<Effect> {
    let press = |name: &str| {
        let chord: Chord = name.parse().unwrap();
        take(app, Msg::Key(KeyEvent::from(chord)))
    };
    names.split(' ').flat_map(press).collect()
}

fn texts(app: &App) -> Vec<(Tone, &str)> {
    app.notices.newest_first().map(|h| (h.tone, h.text.as_str())).collect()
}

fn fault() -> Fault {
    Fault::new(Reason::Unreachable, "connection reset", "Try again.")
}

#[test]
fn a_gateway_that_turns_bad_and_well_again_is_told_of_with_its_object() {
    let mut app = app();
    told(&mut app, well());
    assert_eq!(texts(&app), []);
    assert_eq!(told(&mut app, ill()).iter().filter(|e| **e == Effect::Bell).count(), 1);
    let [(tone, text)] = texts(&app)[..] else { panic!("{:?}", texts(&app)) };
    assert_eq!(tone, Tone::Bad);
    assert!(text.starts_with("istio-egress in prod-eu is "), "{text}");
    assert_eq!(app.notices.unread(), 1);
    told(&mut app, well());
    assert_eq!(texts(&app)[0], (Tone::Good, "istio-egress in prod-eu is Running again."));
    keys(&mut app, "z n");
    assert_eq!(app.notices.unread(), 0);
    keys(&mut app, "enter");
    let Screen::Details(details) = app.screen() else { panic!("its gateway was not gone to") };
    assert!(matches!(&details.of, DetailsOf::Gateway(id) if &*id.name == "istio-egress"));
}

#[test]
fn what_was_so_already_when_a_cluster_came_is_no_news() {
    let mut app = app();
    told(&mut app, Snapshot::connecting("prod-eu".into(), now()));
    told(&mut app, ill());
    told(&mut app, ill());
    assert_eq!(texts(&app), []);
    told(&mut app, well());
    assert_eq!(texts(&app).len(), 1, "that it is well again is");
}

#[test]
fn a_cluster_that_is_lost_and_comes_back_is_told_of_once_each() {
    let mut app = app();
    told(&mut app, well());
    for minute in 0..3 {
        let next_try = Some(now() + SignedDuration::from_mins(minute));
        told(&mut app, Snapshot { link: Link::Stale { since: now(), fault: fault(), next_try }, ..well() });
    }
    told(&mut app, well());
    let wanted =
        [(Tone::Good, "prod-eu answers again."), (Tone::Bad, "prod-eu no longer answers: connection reset.")];
    assert_eq!(texts(&app), wanted);
}

#[test]
fn the_same_within_a_minute_is_counted_and_the_bell_rings_once() {
    let mut app = app();
    let mut bells = 0;
    for n in 0..4 {
        app.now = now() + SignedDuration::from_secs(n);
        bells += take(&mut app, Msg::Notice(fault())).iter().filter(|e| **e == Effect::Bell).count();
    }
    assert_eq!(app.notices.newest_first().map(|h| h.times).collect::<Vec<_>>(), [4]);
    assert_eq!(bells, 1);
    app.now = now() + SignedDuration::from_secs(80);
    assert!(take(&mut app, Msg::Notice(fault())).contains(&Effect::Bell));
    assert_eq!(app.notices.newest_first().map(|h| h.times).collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn an_answer_to_a_key_rings_no_bell_and_is_not_new() {
    let mut app = app();
    told(&mut app, well());
    keys(&mut app, ":");
    for c in "sort nothing".chars() {
        keys(&mut app, if c == ' ' { "space".to_owned() } else { c.to_string() }.as_str());
    }
    let effects = keys(&mut app, "enter");
    assert!(!effects.contains(&Effect::Bell));
    assert_eq!(texts(&app).len(), 1, "{:?}", texts(&app));
    assert_eq!(app.notices.unread(), 0);
    // What only says that a key does nothing here is not kept.
    keys(&mut app, "n");
    assert_eq!(texts(&app).len(), 1);
}

#[test]
fn the_oldest_are_dropped_and_counted() {
    let mut app = app();
    for n in 0..KEPT + 3 {
        let fault = Fault::new(Reason::Server, format!("number {n}"), "");
        take(&mut app, Msg::Notice(fault));
    }
    assert_eq!((app.notices.newest_first().count(), app.notices.dropped), (KEPT, 3));
    assert!(texts(&app)[0].1.starts_with("number 502"), "{:?}", texts(&app)[0]);
}

#[test]
fn what_is_typed_in_the_list_filters_it_and_what_is_about_nothing_goes_nowhere() {
    let mut app = app();
    told(&mut app, well());
    take(&mut app, Msg::Notice(Fault::new(Reason::Server, "alpha", "")));
    take(&mut app, Msg::Notice(Fault::new(Reason::Server, "beta", "")));
    keys(&mut app, "z n a l p");
    let Some(Overlay::Notices(list)) = &app.overlay else { panic!("no list") };
    assert_eq!(app.listed_notices(list).len(), 1);
    keys(&mut app, "enter");
    let Some(Overlay::Notices(list)) = &app.overlay else { panic!("it closed") };
    assert!(list.error.as_ref().is_some_and(|error| error.contains("no one object")));
    keys(&mut app, "esc");
    assert!(app.overlay.is_none());
}

#[test]
fn the_title_says_where_and_how_many_are_bad_and_no_cursor_changes_it() {
    let mut app = app();
    told(&mut app, well());
    assert_eq!(app.title(), "egret · prod-eu");
    told(&mut app, ill());
    assert_eq!(app.title(), "egret · prod-eu · 1 bad");
    let other = joined(cluster("prod-us", &gateway_objects("istio-egress", 2)));
    told(&mut app, other);
    assert_eq!(app.title(), "egret · 2 clusters · 1 bad");
    keys(&mut app, "j");
    assert_eq!(app.title(), "egret · 2 clusters · 1 bad");
}

#[test]
fn a_change_that_fails_after_its_review_was_left_is_kept() {
    let mut app = app();
    told(&mut app, well());
    let ticket = crate::app::effect::Ticket(7);
    take(&mut app, Msg::Made(ticket, Box::new(Err(fault()))));
    assert_eq!(texts(&app), [(Tone::Bad, "connection reset. Try again.")]);
    assert_eq!(app.notices.unread(), 1);
}
