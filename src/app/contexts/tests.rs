use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::*;
use crate::app::keymap::Keymap;
use crate::app::{Command, Msg, Settings, update};
use crate::config::Source;
use crate::model::fault::Reason;
use crate::model::snapshot::Snapshot;
use crate::model::table::TableKind;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn group(name: &str, contexts: &[&str]) -> Group {
    let contexts = contexts.iter().map(|glob| Glob::new(*glob)).collect();
    Group { name: name.to_owned(), contexts, source: Source::Default }
}

/// Six contexts, two of which are open.
fn app() -> App {
    let settings =
        Settings { groups: vec![group("prod", &["prod-*"]), group("none", &["x-?"])], ..Settings::default() };
    let open = vec!["prod-eu".into(), "dev-1".into()];
    let mut app = App::new(settings, Keymap::default(), open, TableKind::Gateways, at(100));
    let names = ["prod-eu", "prod-us", "dev-1", "dev-2", "dev-10", "arn:aws/eu"];
    assert!(update(&mut app, Msg::Contexts(names.map(str::to_owned).to_vec())).is_empty());
    app
}

fn known(names: &[&str], entries: &[(&str, Entry)]) -> Msg {
    let entries = entries.iter().map(|(name, entry)| ((*name).into(), *entry)).collect();
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Msg::Kubeconfig(Ok(Known { names, entries, ..Known::default() }))
}

fn said(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    let effects = update(app, Msg::Key(KeyEvent::from(code)));
    app.settle();
    effects
}

fn typed(app: &mut App, text: &str) {
    text.chars().for_each(|c| drop(press(app, KeyCode::Char(c))));
}

fn opens(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|e| if let Effect::OpenContext(name) = e { Some(&**name) } else { None })
        .collect()
}

fn closes(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|e| if let Effect::CloseContext(c) = e { Some(c.as_str()) } else { None })
        .collect()
}

fn rows(app: &App) -> Vec<String> {
    let Some(Overlay::Contexts(list)) = &app.overlay else { return Vec::new() };
    list.rows.iter().map(|row| row.name.clone()).collect()
}

#[test]
fn contexts_are_opened_and_closed_by_name_by_pattern_and_by_group() {
    for (words, wanted) in [
        ("dev-2", vec!["dev-2"]),
        ("dev-?", vec!["dev-2"]),
        ("dev-*", vec!["dev-10", "dev-2"]),
        ("@prod", vec!["prod-us"]),
        ("@prod dev-2", vec!["prod-us", "dev-2"]),
        ("*", vec!["arn:aws/eu", "dev-10", "dev-2", "prod-us"]),
        ("dev-1", vec![]),
        ("dev-3", vec![]),
        ("@none", vec![]),
        ("@other", vec![]),
    ] {
        let mut app = app();
        assert_eq!(opens(&app.run(Command::OpenContext, words)), wanted, "{words}");
        assert!(!said(&app).is_empty(), "{words}");
    }
    for (words, wanted) in [
        ("dev-1", vec!["dev-1"]),
        ("*", vec!["dev-1", "prod-eu"]),
        ("@prod", vec!["prod-eu"]),
        ("dev-2", vec![]),
    ] {
        assert_eq!(closes(&app().run(Command::CloseContext, words)), wanted, "{words}");
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let mut app = app();
    for (words, wanted) in [
        ("dev-1", "dev-1 is open already."),
        ("dev-3", "open-context: the kubeconfig has no context `dev-3`"),
        ("@none", "open-context: no context of the kubeconfig is in the group none"),
        ("@other", "open-context: there is no group `other`; there are prod, none"),
    ] {
        let _ = app.run(Command::OpenContext, words);
        assert_eq!(said(&app), wanted);
    }
}

#[test]
fn the_last_used_come_first_and_then_the_names() {
    let mut app = app();
    let used = [("dev-2".to_owned(), at(1)), ("prod-us".to_owned(), at(5))];
    let _ = update(&mut app, Msg::Used(used.into_iter().collect()));
    let order = |app: &App| app.all_contexts();
    assert_eq!(order(&app), ["prod-us", "dev-2", "arn:aws/eu", "dev-1", "dev-10", "prod-eu"]);
    assert_eq!(app.context_values(false), ["prod-us", "dev-2", "arn:aws/eu", "dev-10", "@prod"]);
    let _ = app.run(Command::OpenContext, "dev-10");
    assert_eq!(order(&app)[0], "dev-10", "it is opened now");
    // What was remembered before does not make it older.
    let _ = update(&mut app, Msg::Used([("dev-10".to_owned(), at(1))].into_iter().collect()));
    assert_eq!(order(&app)[0], "dev-10");
}

#[test]
fn contexts_that_come_and_go_are_told_and_what_is_open_stays() {
    let mut app = app();
    let _ = update(&mut app, known(&["prod-eu", "dev-1", "dev-2", "dev-10", "arn:aws/eu", "new"], &[]));
    assert_eq!(
        said(&app),
        "New in the kubeconfig: new; z c opens contexts. No longer in the kubeconfig: prod-us."
    );
    let _ = update(&mut app, known(&["dev-1"], &[("prod-eu", Entry::Gone)]));
    assert!(said(&app).contains("prod-eu is no longer in the kubeconfig; it stays open until closed."));
    assert_eq!(app.clusters.len(), 2);
    assert!(app.all_contexts().contains(&"prod-eu".to_owned()), "it can be closed");
    app.notice = None;
    let _ = update(&mut app, known(&["dev-1"], &[("prod-eu", Entry::Gone)]));
    assert_eq!(said(&app), "", "it was said");
}

#[test]
fn an_open_context_whose_entry_changed_says_what_to_do() {
    let mut app = app();
    let names = ["prod-eu", "prod-us", "dev-1", "dev-2", "dev-10", "arn:aws/eu"];
    let _ = update(&mut app, known(&names, &[("prod-eu", Entry::Elsewhere)]));
    assert!(
        said(&app).starts_with("prod-eu: its kubeconfig entry changed: close and open it"),
        "{}",
        said(&app)
    );
    let _ = update(&mut app, known(&names, &[("prod-eu", Entry::Elsewhere), ("dev-1", Entry::Credentials)]));
    assert_eq!(said(&app), "dev-1: its credentials changed: they are used at the next connect.");
    let _ = update(&mut app, Msg::Closed("prod-eu".into()));
    assert!(!app.entries.contains_key(&ClusterName::from("prod-eu")) && app.entries.len() == 1);
}

#[test]
fn a_kubeconfig_that_cannot_be_read_leaves_the_contexts_as_they_were() {
    let mut app = app();
    let fault = Fault::new(Reason::Invalid, "kubeconfig k: broken", "Mend the file.");
    let _ = update(&mut app, Msg::Kubeconfig(Err(fault)));
    assert_eq!(said(&app), "kubeconfig k: broken. The contexts from before stay. Mend the file.");
    assert_eq!(app.contexts.len(), 6);
    let Msg::Kubeconfig(Ok(mut mended)) = known(&["prod-eu"], &[]) else { panic!() };
    mended.names = app.contexts.clone();
    mended.is_mended = true;
    let _ = update(&mut app, Msg::Kubeconfig(Ok(mended)));
    assert_eq!(said(&app), "The kubeconfig can be read again.");
}

#[test]
fn what_the_config_marks_holds_for_contexts_that_come_later() {
    let mut app = app();
    let Msg::Kubeconfig(Ok(mut news)) = known(&["new"], &[]) else { panic!() };
    news.production = vec!["new".into()];
    news.read_only = vec!["new".into()];
    let _ = update(&mut app, Msg::Kubeconfig(Ok(news)));
    assert!(app.is_production(&"new".into()) && app.is_read_only(&"new".into()));
}

#[test]
fn the_list_finds_marks_opens_and_closes() {
    let mut app = app();
    let _ = app.run(Command::Contexts, "");
    assert_eq!(
        rows(&app),
        ["@prod", "@none", "arn:aws/eu", "dev-1", "dev-10", "dev-2", "prod-eu", "prod-us"]
    );
    typed(&mut app, "dev");
    assert_eq!(rows(&app), ["dev-1", "dev-10", "dev-2"]);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Char(' '));
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(opens(&press(&mut app, KeyCode::Enter)), ["dev-10", "dev-2"]);
    assert!(app.overlay.is_none());

    let _ = app.run(Command::Contexts, "");
    typed(&mut app, "dev-1");
    assert_eq!(closes(&press(&mut app, KeyCode::Delete)), ["dev-1"]);
    assert!(app.overlay.is_some(), "the list stays");
}

#[test]
fn enter_goes_to_what_is_open_and_a_group_opens_what_of_it_is_closed() {
    let mut app = app();
    let _ = app.run(Command::Contexts, "");
    press(&mut app, KeyCode::PageUp);
    assert_eq!(opens(&press(&mut app, KeyCode::Enter)), ["prod-us"], "of @prod one is open");
    let _ = app.run(Command::Contexts, "");
    typed(&mut app, "prod-eu");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(app.active_table().unwrap().filter.input.text(), "cluster:prod-eu");
}

#[test]
fn closing_says_what_would_end_and_the_same_again_closes() {
    let mut app = app();
    let keeping = crate::app::keeping::Keeping {
        state: crate::app::keeping::State::Starting,
        passes: BTreeMap::new(),
        writes: BTreeMap::new(),
    };
    app.keeping.insert("dev-1".into(), keeping);
    assert!(app.run(Command::CloseContext, "dev-1").is_empty());
    assert!(said(&app).contains("dev-1: this screen would keep its gateways no longer"), "{}", said(&app));
    assert!(app.run(Command::CloseContext, "*").is_empty(), "more was not asked about");
    assert_eq!(closes(&app.run(Command::CloseContext, "*")), ["dev-1", "prod-eu"]);
    assert!(app.run(Command::CloseContext, "dev-1").is_empty(), "one yes is for one time");
    app.now = at(100 + 31);
    assert!(app.run(Command::CloseContext, "dev-1").is_empty(), "nobody remembers the question");

    let _ = app.run(Command::Contexts, "");
    typed(&mut app, "dev-1");
    assert!(press(&mut app, KeyCode::Delete).is_empty());
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Up);
    assert!(press(&mut app, KeyCode::Delete).is_empty(), "another key stood between");
    assert_eq!(closes(&press(&mut app, KeyCode::Delete)), ["dev-1"]);
}

#[test]
fn a_table_is_filtered_by_a_group_and_a_context_of_that_name_goes_before() {
    let mut app = app();
    app.settings.groups.push(group("two", &["prod-e?", "arn:aws/*"]));
    app.settings.groups.push(group("dev-1", &["*"]));
    for (argument, wanted) in [
        ("@prod", r"cluster:/^prod\-.*$/"),
        ("@two", r"cluster:/^(prod\-e.|arn:aws\x2f.*)$/"),
        ("@dev-1", "cluster:dev-1"),
        ("@elsewhere", "cluster:elsewhere"),
        ("@prod web", r"cluster:/^prod\-.*$/ web"),
    ] {
        let _ = app.run(Command::Gateways, argument);
        let table = app.active_table().unwrap();
        assert_eq!(table.filter.input.text(), wanted, "{argument}");
        assert_eq!(table.filter.error, None, "{argument}");
    }
    assert_eq!(app.cluster_values(), ["@prod-eu", "@dev-1", "@prod", "@two", "@dev-1"]);
}

#[test]
fn a_group_shows_the_rows_of_its_clusters_and_no_others() {
    let mut app = app();
    for name in ["prod-eu", "dev-1"] {
        let _ = update(&mut app, Msg::Snapshot(Arc::new(Snapshot::connecting(name.into(), at(0)))));
    }
    let _ = app.run(Command::Clusters, "@prod");
    app.settle();
    let table = app.active_table().unwrap();
    let shown: Vec<&str> =
        table.visible.iter().map(|at| table.items[*at as usize].cluster.as_str()).collect();
    assert_eq!(shown, ["prod-eu"]);
}

#[test]
fn a_mark_that_is_not_shown_is_acted_on_by_no_key() {
    let words = |app: &App| match &app.overlay {
        Some(Overlay::Contexts(list)) => list.marks_in_words(),
        _ => None,
    };
    let mut app = app();
    let _ = app.run(Command::Contexts, "");
    typed(&mut app, "prod-eu");
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(words(&app).as_deref(), Some("1 marked"));
    (0.."prod-eu".len()).for_each(|_| drop(press(&mut app, KeyCode::Backspace)));
    typed(&mut app, "dev-1");
    assert_eq!(rows(&app), ["dev-1", "dev-10"]);
    assert_eq!(words(&app).as_deref(), Some("1 marked, 1 hidden"));
    // The row under the cursor is what is seen, and what is closed.
    assert_eq!(closes(&press(&mut app, KeyCode::Delete)), ["dev-1"]);
    assert_eq!(words(&app).as_deref(), Some("1 marked, 1 hidden"), "it stays for when it is shown again");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(words(&app).as_deref(), Some("2 marked, 1 hidden"));
    assert_eq!(opens(&press(&mut app, KeyCode::Enter)), ["dev-10"]);
}
