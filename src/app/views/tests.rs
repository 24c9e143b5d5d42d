use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use super::*;
use crate::app::keymap::{Chord, Keymap};
use crate::app::overlay::Overlay;
use crate::app::screen::{DetailsOf, Tab};
use crate::app::{Msg, Settings, update};
use crate::model::name::ClusterName;
use crate::model::snapshot::Snapshot;
use crate::model::table::TableKind;
use crate::model::testing::{cluster, gateway_objects, joined};
use crate::model::view::ViewChange;

fn now() -> Timestamp {
    "2026-05-03T11:52:00Z".parse().unwrap()
}

fn europe() -> Snapshot {
    joined(cluster("prod-eu", &gateway_objects("istio-egress", 2)))
}

fn app(settings: Settings) -> App {
    let mut app = App::new(settings, Keymap::default(), vec!["prod-eu".into()], TableKind::Gateways, now());
    take(&mut app, Msg::Contexts(vec!["prod-eu".into(), "dev".into()]));
    app
}

/// An app whose cluster has told of itself.
fn ready() -> App {
    let mut app = app(Settings::default());
    take(&mut app, Msg::Snapshot(Arc::new(europe())));
    app
}

fn take(app: &mut App, msg: Msg) -> Vec<Effect> {
    let effects = update(app, msg);
    app.settle();
    effects
}

fn keys(app: &mut App, names: &str) -> Vec<Effect> {
    let press = |name: &str| {
        let chord: Chord = name.parse().unwrap();
        take(app, Msg::Key(KeyEvent::from(chord)))
    };
    names.split(' ').flat_map(press).collect()
}

fn said(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| &notice.text)
}

fn is_open(app: &App) -> Option<(&str, Tab)> {
    match app.screen() {
        Screen::Details(details) => Some((details.of.name(), details.tab)),
        _ => None,
    }
}

#[test]
fn a_view_that_is_kept_comes_back_with_its_tab_filter_and_sort() {
    let mut app = ready();
    let table = app.active_table_mut().unwrap();
    table.filter_by("istio");
    table.sort_by("ready");
    table.sort_reverse();
    table.wide = true;
    app.settle();
    keys(&mut app, "enter 2");
    app.active_table_mut().unwrap().filter_by("egress");
    let view = app.view_here();
    assert_eq!(view.in_words(), "pods of gateway istio-egress in istio-system of prod-eu, filter `egress`");
    let mut other = ready();
    other.kept.views.take(ViewChange::Keep("mine".into(), view.clone()));
    other.run(Command::Bookmarks, "mine");
    other.settle();
    assert_eq!(is_open(&other), Some(("istio-egress", Tab::Pods)));
    assert_eq!(other.view_here(), view);
    keys(&mut other, "esc esc");
    let table = other.active_table().unwrap();
    assert_eq!((table.filter.input.text(), table.sort, table.wide), ("istio", Some(("ready", true)), true));
}

#[test]
fn a_name_that_is_taken_is_asked_about_before_it_is_replaced() {
    let mut app = ready();
    let effects = app.run(Command::Bookmark, "mine");
    assert!(matches!(effects.as_slice(), [Effect::KeepView(ViewChange::Keep(name, _))] if name == "mine"));
    keys(&mut app, "4");
    assert_eq!(app.run(Command::Bookmark, "mine"), []);
    assert_eq!(app.kept.views.bookmarks["mine"].screen, "gateways");
    let effects = keys(&mut app, "enter");
    assert_eq!(effects.len(), 1, "{effects:?}");
    assert_eq!(app.kept.views.bookmarks["mine"].screen, "pods");
    // Typed at the key, it is asked once more.
    keys(&mut app, "z b");
    let Some(Overlay::Views(Front::Naming(naming))) = &mut app.overlay else { panic!("it asks for a name") };
    assert_eq!(naming.input.text(), "pods");
    naming.input.set("mine");
    assert_eq!(keys(&mut app, "enter"), []);
    assert_eq!(keys(&mut app, "enter").len(), 1);
}

#[test]
fn a_kept_view_is_deleted_from_the_list() {
    let mut app = ready();
    app.run(Command::Bookmark, "a");
    app.run(Command::Bookmark, "b");
    assert_eq!(keys(&mut app, "g b down d"), [], "once is a slip");
    assert_eq!(keys(&mut app, "up d"), [], "and another row is asked about anew");
    let effects = keys(&mut app, "down d d");
    assert_eq!(effects, [Effect::KeepView(ViewChange::Forget("b".into()))]);
    assert_eq!(app.kept.views.bookmarks.keys().collect::<Vec<_>>(), ["a"]);
    keys(&mut app, "d d");
    assert!(app.overlay.is_none() && said(&app).contains("No view is kept"));
    assert!(app.applies(Command::Bookmarks).is_err());
}

/// The last view of a run that ended on the traffic of a gateway.
fn last() -> Views {
    let mut app = ready();
    keys(&mut app, "t");
    let [Effect::KeepView(change)] = &app.leaving()[..] else { panic!("nothing is kept") };
    let mut views = Views::default();
    views.take(change.clone());
    views
}

#[test]
fn what_was_in_front_at_the_end_is_gone_to_when_its_cluster_tells_of_it() {
    let mut app = app(Settings { restore: true, ..Settings::default() });
    take(&mut app, Msg::Views(last()));
    assert_eq!(is_open(&app), None);
    assert!(said(&app).contains("waiting for prod-eu"), "{}", said(&app));
    take(&mut app, Msg::Snapshot(Arc::new(europe())));
    assert_eq!(is_open(&app), Some(("istio-egress", Tab::Traffic)));
}

#[test]
fn a_key_that_is_pressed_meanwhile_keeps_the_person_where_they_are() {
    let mut app = app(Settings { restore: true, ..Settings::default() });
    take(&mut app, Msg::Views(last()));
    keys(&mut app, "j");
    take(&mut app, Msg::Snapshot(Arc::new(europe())));
    assert_eq!(is_open(&app), None);
    keys(&mut app, "g l");
    assert_eq!(is_open(&app), Some(("istio-egress", Tab::Traffic)));
}

#[test]
fn without_restore_nothing_is_gone_to_unasked_and_what_this_run_keeps_is_not_the_last_view() {
    let mut app = ready();
    take(&mut app, Msg::Views(Views::default()));
    take(&mut app, Msg::Views(last()));
    assert_eq!(is_open(&app), None);
    assert!(app.applies(Command::LastView).is_err());
}

#[test]
fn an_object_that_is_gone_is_told_of_and_its_table_shown() {
    let mut app = ready();
    let mut views = last();
    let view = views.last.as_mut().unwrap();
    view.object.as_mut().unwrap().name = "other".into();
    view.rows.filter = "name:other".into();
    take(&mut app, Msg::Views(views));
    keys(&mut app, "g l");
    assert_eq!(is_open(&app), None);
    assert_eq!(app.active_table().unwrap().filter.input.text(), "name:other");
    assert_eq!(
        said(&app),
        "the last view: gateway other in istio-system of prod-eu is no longer there; gateways are shown instead."
    );
}

#[test]
fn a_cluster_that_is_not_open_is_offered_to_be_opened() {
    let mut app = ready();
    let mut views = last();
    views.last.as_mut().unwrap().object.as_mut().unwrap().cluster = "dev".into();
    take(&mut app, Msg::Views(views));
    assert_eq!(keys(&mut app, "g l"), []);
    let effects = keys(&mut app, "enter");
    assert!(effects.contains(&Effect::OpenContext("dev".into())), "{effects:?}");
    take(&mut app, Msg::Snapshot(Arc::new(Snapshot::connecting("dev".into(), now()))));
    assert_eq!(is_open(&app), None);
    let there = joined(cluster("dev", &gateway_objects("istio-egress", 1)));
    take(&mut app, Msg::Snapshot(Arc::new(there)));
    let Screen::Details(details) = app.screen() else { panic!("it was not gone to") };
    assert!(matches!(&details.of, DetailsOf::Gateway(id) if id.cluster == ClusterName::from("dev")));
}

#[test]
fn no_key_acts_on_rows_that_are_not_what_is_shown() {
    let mut app = ready();
    let before = app.active_table().unwrap().cursor;
    keys(&mut app, "4");
    keys(&mut app, "Z");
    assert!(app.held.is_some());
    take(&mut app, Msg::Snapshot(Arc::new(Snapshot { revision: 9, ..europe() })));
    assert_eq!(keys(&mut app, "j"), []);
    assert!(app.held.is_none());
    assert_eq!(app.active_table().unwrap().cursor, before);
    assert_eq!(
        said(&app),
        "The screen goes on; the key did nothing else. It stood since 11:52:00; clusters told of a change once meanwhile."
    );
}

#[test]
fn a_screen_that_stands_can_be_written_copied_and_quit() {
    let mut app = ready();
    keys(&mut app, "Z");
    take(&mut app, Msg::Snapshot(Arc::new(Snapshot { revision: 9, ..joined(cluster("prod-eu", &[])) })));
    assert!(matches!(keys(&mut app, "ctrl-s").as_slice(), [Effect::Dump(_)]));
    // The row is gone by now; its name is still to be seen.
    let copy = app.key_of(Command::CopyName);
    assert_eq!(keys(&mut app, &copy), [Effect::Copy("istio-egress".into())]);
    take(&mut app, Msg::Copied(Ok("Copied.".into())));
    assert_eq!(app.held.as_ref().unwrap().said.as_ref().unwrap().text, "Copied.");
    assert!(keys(&mut app, "q").contains(&Effect::Quit));
}

#[test]
fn another_size_lets_the_screen_go_on() {
    let mut app = ready();
    keys(&mut app, "Z");
    take(&mut app, Msg::Resize(100, 30));
    assert!(app.held.is_none() && said(&app).starts_with("The screen goes on"), "{}", said(&app));
}

#[test]
fn a_dump_is_named_by_cluster_and_time_and_the_demo_writes_none_unasked() {
    let mut app = ready();
    let effects = keys(&mut app, "ctrl-s");
    let wanted = Dump { file: None, name: "egret-prod-eu-20260503T115200Z".into() };
    assert_eq!(effects, [Effect::Dump(wanted)]);
    app.demo = Some(crate::app::tour::Demo { faults: Vec::new(), tour: None });
    assert_eq!(keys(&mut app, "ctrl-s"), []);
    assert!(said(&app).contains(":screen-dump FILE"), "{}", said(&app));
    let effects = app.run(Command::ScreenDump, "x.svg");
    assert!(matches!(effects.as_slice(), [Effect::Dump(Dump { file: Some(file), .. })] if file == "x.svg"));
    assert_eq!(app.leaving(), []);
}

#[test]
fn the_screen_is_printed_by_its_own_key_or_where_it_was_wished_for_at_every_end() {
    let mut app = ready();
    keys(&mut app, "q");
    assert_eq!(app.print, None);
    app.run(Command::PrintAndQuit, "svg");
    assert_eq!(app.print, Some(Print::Svg));
    assert_eq!(app.run(Command::PrintAndQuit, "gif"), []);
    let mut app = ready();
    app.settings.print_on_exit = Some(Print::Text);
    keys(&mut app, "q");
    assert_eq!(app.print, Some(Print::Text));
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert!(take(&mut app, Msg::Key(ctrl_c)).contains(&Effect::Quit));
}

#[test]
fn a_last_view_that_is_asked_for_before_it_was_read_is_gone_to_when_it_was() {
    let mut app = ready();
    keys(&mut app, "g l");
    assert!(said(&app).contains("still being read"), "{}", said(&app));
    take(&mut app, Msg::Views(last()));
    assert_eq!(is_open(&app), Some(("istio-egress", Tab::Traffic)));
}

#[test]
fn a_sequence_that_is_begun_while_the_screen_stands_goes_on_as_one() {
    let mut app = ready();
    keys(&mut app, "Z");
    assert!(app.held.is_some());
    let depth = app.stack.len();
    keys(&mut app, "z");
    assert!(app.held.is_none() && app.begun().is_some(), "{}", said(&app));
    // Alone `n` would open the form of a new gateway.
    keys(&mut app, "n");
    assert_eq!(app.stack.len(), depth);
    assert!(app.begun().is_none());
}
