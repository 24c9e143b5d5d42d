use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::app::keymap::Keymap;
use crate::app::rereading::{ConfigNews, Reread};
use crate::app::{Command, Msg, Settings, update};
use crate::config::edit::{Change, edit};
use crate::config::{Vocabulary, parse};
use crate::model::name::Kind;
use crate::model::snapshot::Snapshot;
use crate::model::testing::{cluster, gateway_objects};

fn config(text: &str) -> config::Settings {
    parse(text, &Vocabulary::ANY, config::Settings::default()).unwrap()
}

/// The pods of two clusters, with this config.
fn app(text: &str) -> App {
    let settings = Settings { columns: config(text).column_choices(), ..Settings::default() };
    let clusters = vec!["prod-eu".into(), "dev".into()];
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut app = App::new(settings, Keymap::default(), clusters, TableKind::Pods, now);
    app.size = (160, 40);
    for name in ["prod-eu", "dev"] {
        let snapshot: Snapshot = cluster(name, &gateway_objects("gw", 1));
        drop(update(&mut app, Msg::Snapshot(snapshot.into())));
    }
    app.settle();
    app
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    press_with(app, code, KeyModifiers::NONE)
}

fn press_with(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
    let effects = update(app, Msg::Key(KeyEvent::new(code, modifiers)));
    app.settle();
    effects.into_iter().filter(|e| matches!(e, Effect::SetPaths(_) | Effect::SaveConfig(_))).collect()
}

fn typed(app: &mut App, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| press(app, KeyCode::Char(c))).collect()
}

fn opened(text: &str) -> App {
    let mut app = app(text);
    typed(&mut app, "zw");
    assert!(matches!(app.overlay, Some(Overlay::Columns(_))));
    app
}

fn chooser(app: &App) -> &Chooser {
    let Some(Overlay::Columns(chooser)) = &app.overlay else { panic!("no box") };
    chooser
}

fn lines(app: &App) -> Vec<String> {
    let line = |line: &Line| format!("{}{}", if line.is_shown { "+" } else { "-" }, line.choice.id);
    chooser(app).lines.iter().map(line).collect()
}

/// What the table behind shows: id and width of its columns.
fn shown(app: &App) -> Vec<(&'static str, u16)> {
    let table = app.active_table().unwrap();
    table.window.columns.iter().map(|(at, cells)| (table.columns()[*at].id, *cells)).collect()
}

fn ids(app: &App) -> Vec<&'static str> {
    shown(app).into_iter().map(|(id, _)| id).collect()
}

fn said(app: &App) -> &str {
    chooser(app).said.as_ref().map_or("", |(_, text)| text)
}

const THREE: &str = "[columns]\npods = ['name', 'ready', 'status']\n";

#[test]
fn space_shows_and_hides_and_the_table_behind_follows_at_once() {
    let mut app = opened(THREE);
    assert_eq!(lines(&app)[..4], ["+name", "+ready", "+status", "-cluster"]);
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(
        (ids(&app), said(&app)),
        (vec!["name", "ready", "status"], "This column stays: it says whose line it is.")
    );
    typed(&mut app, "j ");
    assert_eq!(ids(&app), ["name", "status"]);
    assert_eq!(lines(&app)[..3], ["+name", "+status", "-ready"]);
    press(&mut app, KeyCode::End);
    let last = chooser(&app).lines.last().unwrap().choice.id.clone();
    typed(&mut app, " ");
    assert_eq!(ids(&app)[..2], ["name", "status"]);
    assert_eq!(ids(&app)[2], last);
    // What was chosen holds when the box is left, also in a table that is opened anew.
    press(&mut app, KeyCode::Esc);
    assert!(app.overlay.is_none());
    assert_eq!(app.table(TableKind::Pods).chosen.unwrap().len(), 3);
}

#[test]
fn columns_are_moved_among_those_that_are_shown() {
    for (up, down) in [("K", "J"), ("<", ">")] {
        let mut app = opened(THREE);
        typed(&mut app, down);
        assert_eq!(ids(&app), ["ready", "name", "status"]);
        typed(&mut app, &format!("{down}{down}"));
        assert_eq!(ids(&app), ["ready", "status", "name"], "the last place is the end");
        typed(&mut app, up);
        assert_eq!(ids(&app), ["ready", "name", "status"]);
    }
    let mut app = opened(THREE);
    press_with(&mut app, KeyCode::Down, KeyModifiers::SHIFT);
    assert_eq!(ids(&app), ["ready", "name", "status"]);
    press_with(&mut app, KeyCode::Up, KeyModifiers::SHIFT);
    assert_eq!(ids(&app), ["name", "ready", "status"]);
    typed(&mut app, "jjjK");
    assert_eq!(
        (ids(&app), said(&app)),
        (vec!["name", "ready", "status"], "It is not shown; space shows it.")
    );
}

#[test]
fn a_width_begins_with_what_is_on_the_screen_and_goes_back_to_what_is_needed() {
    let mut app = opened(THREE);
    let before = shown(&app)[0].1;
    typed(&mut app, "++-+");
    assert_eq!(shown(&app)[0], ("name", before + 2));
    typed(&mut app, "=");
    assert_eq!(shown(&app)[0], ("name", before));
    for _ in 0..before + 5 {
        typed(&mut app, "-");
    }
    assert_eq!(shown(&app)[0], ("name", 1));
    assert_eq!(chooser(&app).lines[0].choice.width, Some(1));
}

#[test]
fn a_column_of_a_path_is_asked_for_proposed_an_id_and_listed_anew() {
    let mut app = opened(THREE);
    typed(&mut app, "a$.spec[");
    let error =
        |app: &App| chooser(app).adding.as_ref().and_then(|adding| adding.error.clone()).unwrap_or_default();
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert!(error(&app).starts_with("`$.spec[` is no JSON path"), "{}", error(&app));
    press(&mut app, KeyCode::Backspace);
    assert_eq!(error(&app), "", "what is typed on is no error any more");
    typed(&mut app, ".nodeName");
    press(&mut app, KeyCode::Enter);
    let id = |app: &App| chooser(app).adding.as_ref().unwrap().input.text().to_owned();
    assert_eq!(id(&app), "node-name");
    typed(&mut app, "!");
    press(&mut app, KeyCode::Enter);
    assert!(error(&app).starts_with("`node-name!` is no id"), "{}", error(&app));
    // Back is to the path, which is as it was typed.
    press(&mut app, KeyCode::Esc);
    assert_eq!(id(&app), "$.spec.nodeName");
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::SetPaths(paths)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(paths[&Kind::Pod].iter().map(|path| path.text()).collect::<Vec<_>>(), ["$.spec.nodeName"]);
    assert_eq!(ids(&app), ["name", "ready", "status", "node-name"]);
    // Hidden it is still there, and asked for; removed it is neither.
    assert_eq!(typed(&mut app, " "), []);
    assert_eq!(lines(&app).iter().filter(|line| *line == "-node-name").count(), 1);
    let at = lines(&app).iter().position(|line| line == "-node-name").unwrap();
    press(&mut app, KeyCode::Home);
    typed(&mut app, &"j".repeat(at));
    let effects = typed(&mut app, "d");
    assert_eq!(effects, [Effect::SetPaths(Paths::new())]);
    assert!(!lines(&app).contains(&"-node-name".to_owned()));
    assert_eq!(said(&app), "The column node-name is gone.");
}

#[test]
fn a_column_of_a_label_needs_no_list_and_its_id_must_be_free() {
    let mut app = opened(THREE);
    typed(&mut app, "alabel:topology.kubernetes.io/zone");
    press(&mut app, KeyCode::Enter);
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert_eq!(ids(&app), ["name", "ready", "status", "zone"]);
    typed(&mut app, "alabel:zone");
    press(&mut app, KeyCode::Enter);
    assert_eq!(chooser(&app).adding.as_ref().unwrap().input.text(), "zone-2");
    press(&mut app, KeyCode::Backspace);
    press(&mut app, KeyCode::Backspace);
    press(&mut app, KeyCode::Enter);
    let error = chooser(&app).adding.as_ref().and_then(|adding| adding.error.clone());
    assert_eq!(error.as_deref(), Some("there is a column `zone` already"));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(chooser(&app).adding.is_none());
    press(&mut app, KeyCode::Home);
    typed(&mut app, "d");
    assert_eq!(said(&app), "Only a column of your own can be removed; space hides this one.");
    // It is sorted and filtered by like any other.
    press(&mut app, KeyCode::Esc);
    drop(app.run(Command::Sort, "zone"));
    assert_eq!(app.active_table().unwrap().sort, Some(("zone", false)));
    drop(app.run(Command::Filter, "zone:eu"));
    assert_eq!(app.active_table().unwrap().filter.error, None);
}

#[test]
fn an_id_is_proposed_after_the_last_name() {
    for (text, wanted) in [
        ("label:topology.kubernetes.io/zone", "zone"),
        ("$.metadata.annotations['example.com/tier']", "tier"),
        ("{.spec.containers[*].image}", "image"),
        ("$.status.podIP", "pod-ip"),
        ("$.spec.node_name", "node-name"),
        ("$['1']", "own"),
    ] {
        assert_eq!(adding::proposed(text, |id| id == "x"), wanted, "{text}");
    }
    assert_eq!(adding::proposed("$.name", |id| ["name", "name-2"].contains(&id)), "name-3");
}

/// The file after what `s` saved.
fn saved(effects: &[Effect], file: &str) -> String {
    let [Effect::SaveConfig(changes)] = effects else { panic!("{effects:?}") };
    edit(file, changes, &Vocabulary::ANY).unwrap()
}

#[test]
fn what_is_saved_goes_to_where_it_is_said_and_is_the_same_when_read_again() {
    let mut app = opened(THREE);
    typed(&mut app, "alabel:zone");
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Enter);
    typed(&mut app, "+");
    let file = saved(&typed(&mut app, "s"), THREE);
    let again = opened(&file);
    assert_eq!(shown(&again), shown(&app));
    assert_eq!(chooser(&app).target, "`s` saves to [columns] of the config.");
    // What is hidden is said not to be saved.
    typed(&mut app, " s");
    assert_eq!(said(&app), "What is not shown is not saved: zone.");
    // The usual ones again: the file says nothing of them.
    let effects = typed(&mut app, "rs");
    assert_eq!(saved(&effects, THREE), "[columns]\n");
}

#[test]
fn a_rule_that_holds_for_every_open_cluster_is_what_is_shown_and_changed() {
    let rule =
        "[columns]\npods = ['name']\n[[context]]\nmatch = 'prod-*'\ncolumns = { pods = ['name', 'node'] }\n";
    let mut app = opened(rule);
    assert_eq!(ids(&app), ["name"], "dev is open too");
    press(&mut app, KeyCode::Esc);
    // A filter that limits the table to clusters of the rule brings its columns.
    drop(app.run(Command::Filter, "cluster:prod-eu"));
    app.settle();
    assert_eq!(ids(&app), ["name", "node"]);
    typed(&mut app, "zw");
    assert_eq!(chooser(&app).target, "`s` saves to the [[context]] prod-* of the config, which holds here.");
    typed(&mut app, "jJ");
    typed(&mut app, "K");
    let effects = typed(&mut app, "s");
    let file = saved(&effects, rule);
    assert!(file.starts_with("[columns]\npods = ['name']\n"), "{file}");
    assert_eq!(config(&file).rules[0].columns[&TableKind::Pods].len(), 2, "{file}");
    assert!(config(&file).rules[0].columns[&TableKind::Pods][0].id == "node", "{file}");
}

#[test]
fn columns_are_set_by_name_too_and_the_name_stays() {
    let mut app = app("[columns]\npods = ['name', { id = 'zone', label = 'zone', width = 7 }]\n");
    drop(app.run(Command::Columns, "zone,status"));
    app.settle();
    assert_eq!(ids(&app), ["name", "zone", "status"]);
    assert_eq!(shown(&app)[1], ("zone", 7));
    assert_eq!(app.notice.as_ref().unwrap().text, "The column name stays: it says whose line it is.");
    drop(app.run(Command::Columns, "name,nde"));
    assert!(app.notice.as_ref().unwrap().text.starts_with("columns: no column `nde`; there are name, "));
    drop(app.run(Command::Columns, "default"));
    app.settle();
    assert!(app.active_table().unwrap().chosen.is_none());
    // The person's own is still there to be chosen.
    drop(app.run(Command::Columns, "name zone"));
    app.settle();
    assert_eq!(ids(&app), ["name", "zone"]);
    assert_eq!(app.column_values("name,zo").iter().filter(|value| *value == "name,zone").count(), 1);
    assert!(!app.column_values("name,zo").contains(&"name,name".to_owned()));
}

#[test]
fn a_file_that_somebody_else_changed_gives_the_columns_and_what_this_screen_saved_changes_nothing() {
    let reread = |app: &mut App, before: &str, now: &str, own: &[&str]| {
        let news = Reread {
            file: "config.toml".to_owned(),
            before: config(before),
            now: config(now),
            keymap: Keymap::default(),
            own: own.iter().map(ToString::to_string).collect(),
            mended: false,
        };
        let effects = update(app, Msg::Config(Box::new(ConfigNews::Reread(Box::new(news)))));
        app.settle();
        effects.into_iter().filter(|e| matches!(e, Effect::SetPaths(_))).collect::<Vec<_>>()
    };
    let mut app = app(THREE);
    drop(app.run(Command::Columns, "name,node"));
    let now =
        edit(THREE, &[Change::set_in("columns", "pods", vec!["name", "node"])], &Vocabulary::ANY).unwrap();
    assert_eq!(reread(&mut app, THREE, &now, &["columns.pods"]), []);
    assert_eq!(ids(&app), ["name", "node"]);
    // Services are nothing that was chosen for pods.
    let services = format!("{now}services = ['name']\n");
    reread(&mut app, &now, &services, &[]);
    assert_eq!(ids(&app), ["name", "node"]);
    let other = "[columns]\npods = ['name', { id = 'tier', path = '$.a' }]\n";
    let effects = reread(&mut app, &services, other, &[]);
    assert_eq!(ids(&app), ["name", "tier"]);
    assert!(matches!(&effects[..], [Effect::SetPaths(paths)] if paths.len() == 1), "{effects:?}");
}

#[test]
fn a_sort_and_a_filter_by_a_column_that_is_removed_go_with_it() {
    let mut app = app("[columns]\npods = ['name', { id = 'zone', label = 'zone' }]\n");
    drop(app.run(Command::Sort, "zone"));
    drop(app.run(Command::Filter, "zone:x"));
    typed(&mut app, "zwjd");
    press(&mut app, KeyCode::Esc);
    let table = app.active_table().unwrap();
    assert_eq!(table.sort, None);
    assert!(table.filter.error.as_deref().is_some_and(|why| why.starts_with("no column `zone`")));
}
