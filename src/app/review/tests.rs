use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::{Value, json};

use super::*;
use crate::app::keymap::Keymap;
use crate::app::{Msg, Settings, update};
use crate::materialize::change::Note;
use crate::model::edit::diff::changes;
use crate::model::edit::merge::merge;
use crate::model::fault::Reason;
use crate::model::table::{TableKind, Tone};

fn app() -> App {
    let clusters = vec!["prod".into(), "test".into()];
    App::new(
        Settings::default(),
        Keymap::default(),
        clusters,
        TableKind::Gateways,
        jiff::Timestamp::UNIX_EPOCH,
    )
}

fn object(name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "ns", "uid": format!("u-{name}"), "resourceVersion": "1"},
        "spec": {"replicas": replicas},
    })
}

fn wish(cluster: &str, name: &str) -> Wish {
    let change = Change::Edit { before: object(name, 1), after: object(name, 2) };
    Wish { target: Target::of(&cluster.into(), &object(name, 1)), change }
}

fn checked(wish: &Wish) -> Checked {
    let Change::Edit { before, after } = &wish.change else { panic!("{wish:?}") };
    let mut checked = Checked::new(wish.target.clone(), wish.change.clone());
    checked.changed = changes(before, after);
    checked.stored = Some(after.clone());
    checked
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    update(app, Msg::Key(KeyEvent::from(code)))
}

fn write(app: &mut App, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| press(app, KeyCode::Char(c))).collect()
}

fn front(app: &App) -> &Review {
    let Screen::Review(review) = app.screen() else { panic!("no review") };
    review
}

/// Begins a review, and answers each check.
fn asked(app: &mut App, wishes: &[Wish], answer: impl Fn(&Wish) -> Result<Checked, Refusal>) -> Vec<Ticket> {
    let effects = app.review(wishes.to_vec(), None);
    let tickets: Vec<Ticket> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Check(ticket, _) => *ticket,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(write(app, "yy"), [], "what is typed ahead of the check says yes to nothing");
    for (ticket, wish) in tickets.iter().zip(wishes) {
        assert_eq!(update(app, Msg::Checked(*ticket, answer(wish).map(Arc::new))), []);
    }
    tickets
}

fn fine(wish: &Wish) -> Result<Checked, Refusal> {
    Ok(checked(wish))
}

fn made(app: &mut App, ticket: Ticket, result: Result<(), Fault>) -> Vec<Effect> {
    let item = front(app).items.iter().find(|item| item.ticket == ticket).unwrap();
    let Change::Edit { before, after } = item.wish.change.clone() else { panic!() };
    let target = item.wish.target.clone();
    let said = format!("{} is changed.", target.short());
    let made = result.map(|()| Made { target, before: Some(before), after: Some(after), said });
    update(app, Msg::Made(ticket, Box::new(made)))
}

/// The names of what is begun.
fn makes(effects: &[Effect]) -> Vec<&str> {
    fn name(effect: &Effect) -> &str {
        match effect {
            Effect::Make(_, checked) => &checked.target.name,
            other => panic!("{other:?}"),
        }
    }
    effects.iter().map(name).collect()
}

#[test]
fn changes_are_made_one_after_the_other_and_the_first_failure_stops_the_rest() {
    let mut app = app();
    let tickets = asked(&mut app, &[wish("prod", "a"), wish("prod", "b"), wish("test", "c")], fine);
    assert_eq!(makes(&press(&mut app, KeyCode::Char('y'))), ["a"]);
    assert_eq!(press(&mut app, KeyCode::Char('y')), [], "it is being made");
    assert_eq!(press(&mut app, KeyCode::Esc), [], "what is being made is waited for");
    assert_eq!(makes(&made(&mut app, tickets[0], Ok(()))), ["b"]);
    let fault = Fault::new(Reason::Server, "prod: no", "");
    assert_eq!(made(&mut app, tickets[1], Err(fault.clone())), [], "c is not begun");
    assert!(matches!(front(&app).items[2].stage, Stage::Asking(_)));
    // It is tried again, and this time a failure does not stop the rest.
    assert_eq!(press(&mut app, KeyCode::Char('f')), []);
    assert_eq!(makes(&press(&mut app, KeyCode::Char('y'))), ["b"], "a is made already");
    assert_eq!(makes(&made(&mut app, tickets[1], Err(fault))), ["c"]);
    made(&mut app, tickets[2], Ok(()));
    assert_eq!(app.past.len(), 2);
}

#[test]
fn what_is_refused_blocks_the_rest_until_it_is_said_that_it_need_not() {
    let mut app = app();
    let refusal = |wish: &Wish| match wish.target.name.as_str() {
        "bad" => Err(Fault::new(Reason::Invalid, "prod: bad: no", "").into()),
        _ => fine(wish),
    };
    asked(&mut app, &[wish("prod", "good"), wish("prod", "bad")], refusal);
    assert_eq!(front(&app).at, 1, "what needs a person is in front");
    assert_eq!(press(&mut app, KeyCode::Char('y')), []);
    press(&mut app, KeyCode::Char('f'));
    assert_eq!(makes(&press(&mut app, KeyCode::Char('y'))), ["good"]);
}

#[test]
fn what_is_grave_or_in_production_is_made_only_after_its_name_was_typed() {
    for production in [false, true] {
        let mut app = app();
        if production {
            app.settings.production.insert("prod".into());
        }
        let grave = |wish: &Wish| {
            let mut checked = checked(wish);
            if !production {
                checked.grave.push("traffic is led through it".to_owned());
            }
            Ok(checked)
        };
        asked(&mut app, &[wish("prod", "yes")], grave);
        assert_eq!(press(&mut app, KeyCode::Char('y')), [], "y is a letter of the name");
        assert_eq!(press(&mut app, KeyCode::Enter), []);
        assert!(front(&app).mistyped, "that it is another word is said");
        assert_eq!(write(&mut app, "es"), []);
        assert_eq!(makes(&press(&mut app, KeyCode::Enter)), ["yes"]);
        let mut several = self::app();
        several.settings.production.insert("prod".into());
        asked(&mut several, &[wish("prod", "a"), wish("prod", "b")], fine);
        assert_eq!(write(&mut several, "2"), []);
        assert_eq!(makes(&press(&mut several, KeyCode::Enter)), ["a"], "of several their number is typed");
    }
}

#[test]
fn what_became_read_only_or_cannot_be_read_is_not_made() {
    let mut app = app();
    asked(&mut app, &[wish("prod", "a")], fine);
    app.size = (40, 12);
    assert_eq!(press(&mut app, KeyCode::Char('y')), []);
    app.size = (80, 24);
    app.settings.read_only = true;
    assert_eq!(press(&mut app, KeyCode::Char('y')), []);
    assert!(app.notice.as_ref().is_some_and(|notice| notice.text.contains("read-only")));
    assert_eq!(app.review(vec![wish("prod", "b")], None), [], "and nothing more is reviewed");
}

#[test]
fn an_object_that_changed_since_it_was_checked_is_checked_again_and_not_written() {
    let mut app = app();
    let tickets = asked(&mut app, &[wish("prod", "a"), wish("prod", "b")], fine);
    press(&mut app, KeyCode::Char('y'));
    let effects = made(&mut app, tickets[0], Err(Fault::new(Reason::Conflict, "prod: it changed", "")));
    assert!(matches!(effects.as_slice(), [Effect::Check(ticket, _)] if *ticket == tickets[0]), "{effects:?}");
    assert!(matches!(front(&app).items[1].stage, Stage::Asking(_)), "b waits for another yes");
    assert_eq!(press(&mut app, KeyCode::Char('y')), [], "not before it is checked");
}

#[test]
fn what_both_changed_is_chosen_by_keys_and_then_checked() {
    let mut app = app();
    let both = |field: &str, value: &str| {
        let mut map = object("a", 1);
        map["spec"][field] = value.into();
        map
    };
    let (before, mut mine, mut theirs) = (object("a", 1), both("x", "mine"), both("x", "theirs"));
    mine["spec"]["y"] = "mine".into();
    theirs["spec"]["y"] = "theirs".into();
    let merged = merge(&before, &mine, &theirs);
    assert_eq!(merged.clashes.len(), 2);
    let clashing = |wish: &Wish| {
        let mut checked = checked(wish);
        checked.change = Change::Edit { before: theirs.clone(), after: merged.value.clone() };
        checked.clashing = Some(Box::new(merged.clone()));
        Ok(checked)
    };
    let tickets = asked(&mut app, &[wish("prod", "a")], clashing);
    assert_eq!(press(&mut app, KeyCode::Char('y')), [], "nothing is made before it is chosen");
    assert_eq!(press(&mut app, KeyCode::Enter), [], "nor goes on");
    press(&mut app, KeyCode::Char('m'));
    press(&mut app, KeyCode::Char('t'));
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Check(ticket, Wish { change: Change::Edit { before, after }, .. })] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!((*ticket, before), (tickets[0], &theirs), "it goes on from what the object is now");
    assert_eq!((&after["spec"]["x"], &after["spec"]["y"]), (&json!("mine"), &json!("theirs")));
}

#[test]
fn a_change_that_was_made_without_anybody_looking_is_told_and_can_be_undone() {
    let mut app = app();
    let target = Target::of(&"prod".into(), &object("a", 1));
    let gone = Made { target, before: Some(object("a", 3)), after: None, said: "prod: a is deleted.".into() };
    assert_eq!(update(&mut app, Msg::Made(Ticket(99), Box::new(Ok(gone)))), []);
    assert_eq!(app.notice.as_ref().unwrap().text, "prod: a is deleted.");
    press(&mut app, KeyCode::Char('U'));
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Check(_, Wish { change: Change::Create { object }, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(object["spec"]["replicas"], 3);
    assert!(object["metadata"]["uid"].is_null() && object["metadata"]["resourceVersion"].is_null());
}

#[test]
fn notes_and_reasons_are_on_the_screen_without_what_a_terminal_obeys() {
    let mut app = app();
    let noted = |wish: &Wish| {
        let mut checked = checked(wish);
        checked.notes.push(Note::new(Tone::Bad, "bad\u{1b}[2J thing"));
        Ok(checked)
    };
    asked(&mut app, &[wish("prod", "a")], noted);
    app.settle();
    let text: Vec<String> = front(&app).lines.iter().map(crate::app::paint::text).collect();
    let text = text.join("\n");
    assert!(text.contains("spec.replicas  1 → 2") && text.contains("thing."), "{text}");
    assert!(text.contains("Change Deployment ns/a in prod") && !text.contains('\u{1b}'), "{text}");
}
