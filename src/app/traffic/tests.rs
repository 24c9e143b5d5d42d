//! What is read, and what keys do.

mod quiet;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::testing::{flows, id, miss, pods, read, scrape};
use super::view::Plot;
use super::*;
use crate::app::keymap::{Chord, Keymap};
use crate::app::screen::{Details, Screen};
use crate::app::{Effect, Msg, Settings, update};
use crate::metrics::view::By;
use crate::model::fault::{Fault, Reason};
use crate::model::snapshot::{Link, Snapshot};
use crate::model::table::{TableKind, Tone};
use crate::model::testing::{cluster, gateway_objects, istio_gateway, with};

fn at(text: &str) -> Timestamp {
    format!("2026-05-03T{text}Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("11:52:00")
}

fn snapshot(name: &str) -> Snapshot {
    let mut objects = vec![istio_gateway("out", json!({"replicaCount": 2, "gatewayType": "egress"}))];
    objects.extend(gateway_objects("istio-out", 2));
    objects.extend(gateway_objects("istio-other", 1));
    cluster(name, &objects)
}

/// An app with two clusters that have the same gateways, and what it asks for.
fn app() -> (App, Vec<Effect>) {
    let names = vec!["eu".into(), "us".into()];
    let mut app = App::new(Settings::default(), Keymap::default(), names, TableKind::Gateways, now());
    let mut effects = Vec::new();
    for name in ["eu", "us"] {
        effects.extend(update(&mut app, Msg::Snapshot(Arc::new(snapshot(name)))));
    }
    app.settle();
    (app, effects)
}

fn press(app: &mut App, names: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for name in names.split(' ') {
        let chord: Chord = name.parse().unwrap();
        effects.extend(update(app, Msg::Key(KeyEvent::from(chord))));
        app.settle();
    }
    effects
}

/// An app on the Traffic tab of `out` in `eu`, one host of which fails since three minutes.
fn looking() -> App {
    let (mut app, _) = app();
    for name in ["eu", "us"] {
        let pods = pods(&app, name, "out");
        let fails = (name == "eu").then(|| at("11:49:00"));
        read(&mut app, &pods, &flows(fails), at("11:46:00"), now());
    }
    at_traffic(app)
}

/// On the Traffic tab of `out` in `eu`.
fn at_traffic(mut app: App) -> App {
    app.settle();
    let place = |app: &App| app.gateway_here().map(|row| row.id.clone());
    for _ in 0..4 {
        if place(&app) == Some(id(&app, "eu", "out")) {
            break;
        }
        press(&mut app, "down");
    }
    press(&mut app, "t");
    app
}

fn view(app: &App) -> &View {
    match app.screen() {
        Screen::Details(Details { traffic, .. }) => traffic,
        other => panic!("{other:?}"),
    }
}

/// The last wish among effects: of each pod its gateway's name and cluster, and every how many seconds.
fn wish(effects: &[Effect]) -> Option<Vec<(String, u64)>> {
    let wants = effects.iter().rev().find_map(|effect| match effect {
        Effect::Scrape(wants) => Some(wants),
        _ => None,
    })?;
    Some(wants.iter().map(|w| (format!("{}/{}", w.pod.cluster, w.pod.name), w.every.as_secs())).collect())
}

#[test]
fn of_the_gateways_table_the_rows_on_the_screen_are_read_and_the_others_rarely() {
    let (mut app, effects) = app();
    let all = wish(&effects).unwrap();
    assert_eq!(all.len(), 6, "{all:?}");
    assert!(all.iter().all(|(_, every)| *every == 5), "{all:?}");
    // Header, heading, explanation and hints leave two rows.
    let small = update(&mut app, Msg::Resize(80, 7));
    assert_eq!(wish(&small), None, "what is on the screen is known after the frame");
    app.settle();
    let seconds: Vec<u64> = wish(&press(&mut app, "down")).unwrap().into_iter().map(|(_, s)| s).collect();
    assert!(seconds.contains(&5) && seconds.contains(&60), "{seconds:?}");
}

#[test]
fn an_open_gateway_is_read_as_fast_as_allowed_and_nothing_else_is() {
    let mut app = looking();
    let asked = |app: &App| -> Vec<Want> { app.traffic.asked.clone() };
    assert_eq!(asked(&app).len(), 2);
    assert!(asked(&app).iter().all(|w| w.every == Duration::from_secs(1) && w.pod.cluster.as_str() == "eu"));
    press(&mut app, "9");
    assert!(asked(&app).iter().all(|w| w.clusters && !w.certs) && asked(&app).len() == 2);
    press(&mut app, "0");
    assert!(asked(&app).iter().all(|w| w.certs && !w.clusters) && asked(&app).len() == 2);
    press(&mut app, "1");
    assert_eq!(asked(&app), []);
    press(&mut app, "8 l");
    assert_eq!(asked(&app), [], "the logs are in front");
    press(&mut app, "esc");
    assert_eq!(asked(&app).len(), 2);
    press(&mut app, "i");
    assert!(asked(&app).iter().all(|w| w.every == Duration::from_secs(5)));
    press(&mut app, "f");
    assert_eq!(asked(&app), [], "a screen that stands reads nothing");
    press(&mut app, "f x");
    assert_eq!(asked(&app).len(), 4, "the other gateway of two that are compared is read too");
}

#[test]
fn a_cluster_that_does_not_answer_is_not_read() {
    let (mut app, _) = app();
    let fault = Fault::new(Reason::Unreachable, "connection reset", "");
    let link = Link::Stale { since: now(), fault, next_try: None };
    let gone = Snapshot { link, revision: 1, ..snapshot("eu") };
    let wished = wish(&update(&mut app, Msg::Snapshot(Arc::new(gone)))).unwrap();
    assert!(wished.len() == 3 && wished.iter().all(|(pod, _)| pod.starts_with("us/")), "{wished:?}");
}

#[test]
fn the_worst_host_is_selected_and_explained_with_since_when_and_in_how_many_pods() {
    let app = looking();
    let shown = &view(&app).shown;
    assert_eq!(
        shown.rows.iter().filter(|r| r.selected).map(|r| &*r.key).collect::<Vec<_>>(),
        ["api.stripe.com"]
    );
    let [what, next] = app.explanation();
    assert!(
        what.starts_with("api.stripe.com: 88 % of 40/s succeed since 11:49:00 (3m), in 2 of 2 pods. UF "),
        "{what}"
    );
    assert!(next.starts_with("Next: "), "{next}");
    assert_eq!(shown.cards[0].value, "60");
    assert_eq!(shown.cards[1].tone, Tone::Bad);
}

#[test]
fn keys_change_what_is_charted_what_rows_are_and_how_far_back_one_looks() {
    let mut app = looking();
    press(&mut app, "m");
    assert_eq!(view(&app).plot, Plot::Errors);
    press(&mut app, "b");
    assert_eq!((view(&app).by, view(&app).shown.rows.len()), (By::Pod, 2));
    press(&mut app, "b");
    assert_eq!(view(&app).by, By::Code);
    assert!(view(&app).shown.rows.iter().any(|row| &*row.key == "503"));
    press(&mut app, "> > > > > >");
    assert_eq!(app.traffic.window, Window::Day);
    press(&mut app, "< - + + + + + + +");
    assert_eq!(app.traffic.window, Window::Minute);
}

#[test]
fn a_host_is_looked_at_alone_and_esc_leads_back_to_it() {
    let mut app = looking();
    press(&mut app, "down enter");
    assert_eq!(view(&app).host.as_deref(), Some("hooks.slack.com"));
    assert_eq!(view(&app).shown.cards[0].value, "20");
    assert_eq!(view(&app).shown.headings[0].title, "POD");
    press(&mut app, "esc");
    assert_eq!(view(&app).host, None);
    assert_eq!(view(&app).selected.as_deref(), Some("hooks.slack.com"));
    press(&mut app, "esc");
    assert!(matches!(app.screen(), Screen::Table(_)));
}

#[test]
fn a_screen_that_stands_does_not_change_with_what_is_read() {
    let mut app = looking();
    press(&mut app, "f");
    let before = view(&app).shown.cards.clone();
    let all = pods(&app, "eu", "out");
    app.now = at("11:53:00");
    let to = app.now;
    read(&mut app, &all, &flows(None)[1..], at("11:52:05"), to);
    app.settle();
    assert_eq!(view(&app).shown.cards, before);
    assert_eq!(view(&app).shown.pace.1, "FROZEN since 11:52:00");
    press(&mut app, "f");
    assert_ne!(view(&app).shown.cards, before);
}

#[test]
fn two_pods_or_two_clusters_stand_on_one_chart() {
    let mut app = looking();
    let names = |app: &App| -> Vec<String> {
        view(app)
            .shown
            .chart
            .iter()
            .flat_map(|chart| chart.lines.iter().map(|(name, _)| name.clone()))
            .collect()
    };
    assert_eq!(names(&app), [""]);
    press(&mut app, "b space space");
    assert_eq!(names(&app), ["istio-out-1-0", "istio-out-1-1"]);
    assert_eq!(view(&app).shown.rows.iter().filter_map(|row| row.letter).collect::<String>(), "ab");
    press(&mut app, "x");
    assert_eq!(names(&app), ["eu", "us"]);
    press(&mut app, "x");
    assert_eq!(names(&app), [""]);
}

#[test]
fn the_chart_is_read_off_from_the_newest_value_backwards() {
    let mut app = looking();
    press(&mut app, "left");
    let said = |app: &App| view(app).shown.chart.as_ref().unwrap().said.clone();
    assert!(said(&app).starts_with("at 11:51:5") && said(&app).ends_with(": 60"), "{}", said(&app));
    press(&mut app, "left left left left");
    assert!(said(&app).starts_with("at 11:51:4"), "{}", said(&app));
    press(&mut app, "esc");
    assert_eq!(said(&app), "min 60  mean 60  max 60");
}

#[test]
fn what_cannot_be_read_says_why_and_what_to_do() {
    let (mut app, _) = app();
    press(&mut app, "t");
    assert_eq!(view(&app).shown.saying.as_ref().unwrap().1, "Reading its proxy …");
    let of = app.gateway_here().unwrap().id.clone();
    for pod in app.traffic.pods(&of) {
        miss(&mut app, &pod, Reason::Denied, now());
    }
    app.settle();
    let (tone, text, next) = view(&app).shown.saying.clone().unwrap();
    assert_eq!((tone, &*text), (Tone::Warn, "denied: no right to get pods/proxy in istio-system."));
    assert!(next.starts_with("Ask for a Role"), "{next}");
}

#[test]
fn what_a_proxy_says_that_is_not_understood_or_too_much_is_counted_and_told() {
    let mut app = looking();
    let all = pods(&app, "eu", "out");
    let fails = flows(Some(at("11:49:00")));
    let mut told = |time: &str, broken, dropped| {
        let scrape = crate::metrics::Scrape { broken, dropped, ..scrape(&all[0], &fails, at(time)) };
        app.now = at(time);
        let _ = update(&mut app, Msg::Scraped(crate::metrics::Scraped::Scrape(Box::new(scrape))));
        app.settle();
        view(&app).shown.note.clone().map(|(_, words)| words).unwrap_or_default()
    };
    let lines = told("11:52:05", 3, 0);
    assert!(lines.starts_with("3 lines of the last readings could not be understood"), "{lines:?}");
    let more = told("11:52:10", 0, 7);
    assert!(more.starts_with("7 numbers are not shown"), "{more:?}");
}

#[test]
fn a_gateway_that_turns_bad_is_counted_and_rings_once() {
    let (mut app, _) = app();
    app.settings.thresholds.bell = true;
    let all = pods(&app, "eu", "out");
    let fails = flows(Some(at("11:50:00")));
    let rings = |app: &mut App| {
        app.settle();
        update(app, Msg::Minute).iter().filter(|effect| **effect == Effect::Bell).count()
    };
    app.now = at("11:49:30");
    let to = app.now;
    read(&mut app, &all, &fails, at("11:48:00"), to);
    assert_eq!((rings(&mut app), app.bad_gateways()), (0, 0));
    app.now = at("11:51:30");
    let to = app.now;
    read(&mut app, &all, &fails, at("11:49:35"), to);
    assert_eq!((rings(&mut app), app.bad_gateways()), (1, 1));
    app.now = at("11:52:30");
    let to = app.now;
    read(&mut app, &all, &fails, at("11:51:35"), to);
    assert_eq!((rings(&mut app), app.bad_gateways()), (0, 1), "it was bad before");
}

#[test]
fn a_change_of_the_resource_is_marked_with_what_and_who() {
    let (mut app, _) = app();
    let of = id(&app, "eu", "out");
    assert_eq!(app.traffic.markers.of(&of), [], "what is new to egret is no change");
    let changed = |generation: i64, replicas: i64| {
        let object = istio_gateway("out", json!({"replicaCount": replicas, "gatewayType": "egress"}));
        let object = with(object, "/metadata/generation", json!(generation));
        let manager =
            json!([{"manager": "kubectl-edit", "operation": "Update", "time": "2026-05-03T11:51:50Z"}]);
        with(object, "/metadata/managedFields", manager)
    };
    let mut objects = vec![changed(2, 5)];
    objects.extend(gateway_objects("istio-out", 2));
    objects.extend(gateway_objects("istio-other", 1));
    let next = Snapshot { revision: 1, ..cluster("eu", &objects) };
    let _ = update(&mut app, Msg::Snapshot(Arc::new(next)));
    let marks = app.traffic.markers.of(&of);
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert_eq!((marks[0].at, &*marks[0].text), (at("11:51:50"), "replicaCount 5 (kubectl-edit)"));
    // The Deployment follows: that is the same change.
    let scaled = with(gateway_objects("istio-out", 2)[0].clone(), "/spec/replicas", json!(5));
    let scaled = with(scaled, "/metadata/generation", json!(2));
    let mut objects = vec![changed(2, 5), scaled];
    objects.extend(gateway_objects("istio-out", 2).into_iter().skip(1));
    let next = Snapshot { revision: 2, ..cluster("eu", &objects) };
    let _ = update(&mut app, Msg::Snapshot(Arc::new(next)));
    assert_eq!(app.traffic.markers.of(&of).len(), 1);
}

#[test]
fn a_deployment_that_somebody_scales_is_marked() {
    let (mut app, _) = app();
    let of = id(&app, "eu", "istio-other");
    let scaled = with(gateway_objects("istio-other", 1)[0].clone(), "/spec/replicas", json!(4));
    let scaled = with(scaled, "/metadata/generation", json!(2));
    let mut objects = vec![scaled];
    objects.extend(gateway_objects("istio-other", 1).into_iter().skip(1));
    let next = Snapshot { revision: 1, ..cluster("eu", &objects) };
    let _ = update(&mut app, Msg::Snapshot(Arc::new(next)));
    let texts: Vec<&str> = app.traffic.markers.of(&of).iter().map(|mark| &*mark.text).collect();
    assert_eq!(texts, ["scaled 1 → 4"]);
}

#[test]
fn pods_that_are_gone_stay_in_the_lines_of_their_gateway() {
    let (mut app, _) = app();
    let of = id(&app, "eu", "out");
    let before = app.traffic.pods(&of);
    let mut objects = vec![istio_gateway("out", json!({"replicaCount": 1, "gatewayType": "egress"}))];
    objects.extend(gateway_objects("istio-out", 1));
    let next = Snapshot { revision: 1, ..cluster("eu", &objects) };
    let _ = update(&mut app, Msg::Snapshot(Arc::new(next)));
    assert_eq!(app.traffic.pods(&of), before);
    app.now = app.now.checked_add(SignedDuration::from_hours(25)).unwrap();
    let next = Snapshot { revision: 2, ..cluster("eu", &objects) };
    let _ = update(&mut app, Msg::Snapshot(Arc::new(next)));
    assert_eq!(app.traffic.pods(&of).len(), 1, "for a day");
}

#[test]
fn a_table_sorted_by_traffic_keeps_its_order_while_one_reads_and_the_cursor_its_row() {
    let (mut app, _) = app();
    press(&mut app, "W");
    let order = |app: &App| -> Vec<String> {
        let table = app.active_table().unwrap();
        table.visible.iter().map(|n| table.items[*n as usize].id().cluster.to_string()).collect()
    };
    let fails = flows(Some(at("11:50:00")));
    for (name, flows) in [("us", &fails), ("eu", &flows(None))] {
        let all = pods(&app, name, "out");
        read(&mut app, &all, flows, at("11:50:00"), now());
    }
    app.now = at("11:52:06");
    app.settle();
    assert_eq!(order(&app)[0], "us", "what fails comes first");
    let row = app.gateway_here().map(|row| row.id.clone());
    press(&mut app, "W");
    assert_eq!(app.gateway_here().map(|row| row.id.clone()), row);
    assert_eq!(order(&app)[0], "eu", "as they come again");
}
