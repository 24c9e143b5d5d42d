use super::*;
use crate::app::deed::Named;
use crate::app::keymap::Keymap;
use crate::app::{Msg, Settings, update};
use crate::model::fault::Reason;
use crate::model::table::TableKind;

fn app() -> App {
    let clusters = vec!["prod".into()];
    App::new(
        Settings::default(),
        Keymap::default(),
        clusters,
        TableKind::Clusters,
        jiff::Timestamp::UNIX_EPOCH,
    )
}

fn named() -> Named {
    Named { namespace: "ns".into(), name: "out".into() }
}

fn deed(what: What) -> Deed {
    Deed { cluster: "prod".into(), what }
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    update(app, Msg::Key(KeyEvent::from(code)))
}

fn write(app: &mut App, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| press(app, KeyCode::Char(c))).collect()
}

/// Asks, and answers with a plan.
fn asked(app: &mut App, what: What) -> Ticket {
    let effects = app.ask(deed(what));
    let [Effect::Plan(ticket, _)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(write(app, "yyy"), [], "what is typed ahead of the plan says yes to nothing");
    let plan = Arc::new(Plan::told(Vec::new()));
    assert_eq!(update(app, Msg::Planned(*ticket, Ok(plan))), []);
    *ticket
}

fn does(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Do(_, deed, _)] if deed.cluster == "prod".into())
}

#[test]
fn only_what_changes_nothing_anybody_would_miss_is_done_without_a_question() {
    let all = [
        What::Pause(named()),
        What::Resume(named()),
        What::Roll(named()),
        What::Release(named()),
        What::Forget(named(), "id".into()),
        What::Adopt { deployment: named(), service: None, direction: "egress" },
        What::Install,
        What::Keep,
        What::StopKeeping,
    ];
    for what in all {
        assert!(matches!(app().ask(deed(what.clone())).as_slice(), [Effect::Plan(..)]), "{what:?}");
    }
    assert!(does(&app().ask(deed(What::ReconcileNow(named())))));
}

#[test]
fn a_yes_counts_once_and_only_after_the_plan() {
    let mut app = app();
    let ticket = asked(&mut app, What::Pause(named()));
    assert_eq!(press(&mut app, KeyCode::Enter), [], "Enter is no yes where nothing is typed");
    assert!(does(&press(&mut app, KeyCode::Char('y'))));
    assert_eq!(press(&mut app, KeyCode::Char('y')), [], "it is being done");
    let fault = Fault::new(Reason::Conflict, "prod: it changed", "Look again.");
    let failed = Msg::Done(ticket, Box::new(deed(What::Pause(named()))), Err(fault));
    assert_eq!(update(&mut app, failed), []);
    assert!(does(&press(&mut app, KeyCode::Char('y'))), "what failed may be tried again");
    let done = Msg::Done(ticket, Box::new(deed(What::Pause(named()))), Ok("done".into()));
    assert_eq!(update(&mut app, done), []);
    assert!(app.overlay.is_none());
}

#[test]
fn a_name_that_has_to_be_typed_is_typed_in_full() {
    let mut app = app();
    asked(&mut app, What::Release(named()));
    assert_eq!(write(&mut app, "ou"), []);
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert_eq!(write(&mut app, "y"), []);
    assert_eq!(press(&mut app, KeyCode::Enter), [], "ouy is another name");
    press(&mut app, KeyCode::Backspace);
    assert_eq!(write(&mut app, "t"), []);
    assert!(does(&press(&mut app, KeyCode::Enter)));
}

fn told(app: &App) -> String {
    let Some(Overlay::Confirm(confirm)) = &app.overlay else { return String::new() };
    let lines = ConfirmPage::new(confirm, app).lines;
    lines.iter().flatten().map(|piece| piece.text.to_string() + " ").collect()
}

#[test]
fn a_wrong_name_is_answered_with_the_right_one_until_something_else_is_typed() {
    let mut app = app();
    asked(&mut app, What::Release(named()));
    assert!(!told(&app).contains("has to be typed"));
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert!(told(&app).contains("out has to be typed here first."), "{}", told(&app));
    assert_eq!(write(&mut app, "oups"), []);
    assert!(!told(&app).contains("has to be typed"));
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert!(told(&app).contains("out has to be typed here, and this is not it."), "{}", told(&app));
}

#[test]
fn in_production_everything_that_changes_something_is_typed_and_nothing_is_done_unasked() {
    let all = [
        (What::ReconcileNow(named()), "out"),
        (What::Pause(named()), "out"),
        (What::Resume(named()), "out"),
        (What::Roll(named()), "out"),
        (What::Statistics(named()), "out"),
        (What::Release(named()), "out"),
        (What::Forget(named(), "id".into()), "id"),
        (What::Adopt { deployment: named(), service: None, direction: "egress" }, "out"),
        (What::Install, "prod"),
        (What::Keep, "prod"),
        (What::StopKeeping, "prod"),
    ];
    for (what, word) in all {
        let mut app = app();
        app.settings.production.insert("prod".into());
        asked(&mut app, what.clone());
        assert!(told(&app).contains("This is production."), "{what:?}");
        assert_eq!(write(&mut app, "y"), [], "{what:?}");
        assert_eq!(press(&mut app, KeyCode::Enter), [], "{what:?}");
        press(&mut app, KeyCode::Backspace);
        assert_eq!(write(&mut app, word), [], "{what:?}");
        assert!(does(&press(&mut app, KeyCode::Enter)), "{what:?}");
    }
}

#[test]
fn a_standing_wish_to_keep_production_is_asked_though_it_would_change_nothing() {
    for (is_production, asks) in [(false, false), (true, true)] {
        let mut app = app();
        if is_production {
            app.settings.production.insert("prod".into());
        }
        let effects = app.ask(deed(What::Keep));
        let [Effect::Plan(ticket, _)] = effects.as_slice() else { panic!("{effects:?}") };
        let Some(Overlay::Confirm(confirm)) = &mut app.overlay else { panic!("it is asked") };
        confirm.is_standing_wish = true;
        let plan = Plan { is_idle: true, ..Plan::told(Vec::new()) };
        let effects = update(&mut app, Msg::Planned(*ticket, Ok(Arc::new(plan))));
        assert_eq!(effects.is_empty(), asks);
        assert!(!told(&app).contains("has to be typed"), "nobody typed anything yet");
    }
}

#[test]
fn nobody_says_yes_to_what_is_not_to_be_read_or_to_what_is_read_only_meanwhile() {
    let mut app = app();
    asked(&mut app, What::Keep);
    app.size = (40, 12);
    assert_eq!(press(&mut app, KeyCode::Char('y')), []);
    app.size = (80, 24);
    app.settings.read_only = true;
    assert_eq!(press(&mut app, KeyCode::Char('y')), []);
    let Some(Overlay::Confirm(confirm)) = &app.overlay else { panic!("it is told") };
    assert!(matches!(&confirm.stage, Stage::Failed(_, fault) if fault.reason == Reason::ReadOnly));
}

#[test]
fn answers_to_a_question_that_was_closed_change_nothing_and_failures_are_still_told() {
    let mut app = app();
    let old = asked(&mut app, What::Install);
    press(&mut app, KeyCode::Esc);
    let new = asked(&mut app, What::Keep);
    assert_ne!(old, new);
    let fault = || Fault::new(Reason::Denied, "prod: no right", "Ask for it.");
    assert_eq!(update(&mut app, Msg::Planned(old, Err(fault()))), []);
    assert!(matches!(&app.overlay, Some(Overlay::Confirm(confirm)) if confirm.waits()));
    assert_eq!(update(&mut app, Msg::Done(old, Box::new(deed(What::Install)), Err(fault()))), []);
    let said = app.notice.unwrap().text;
    assert_eq!(said, "Could not install the CRD of IstioGateway: prod: no right. Ask for it.");
}
