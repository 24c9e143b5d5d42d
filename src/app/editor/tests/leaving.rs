//! Drafts, refusals, the review.

use serde_json::json;

use super::*;
use crate::app::review::Wish;
use crate::model::edit::Change;
use crate::model::fault::{Fault, Reason};

pub(super) fn object() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "out", "namespace": "istio-system", "uid": "u1", "resourceVersion": "7",
            "managedFields": [{"manager": "kubectl"}]},
        "spec": {"replicas": 2},
        "status": {"replicas": 2},
    })
}

fn edit(object: &Value) -> App {
    app_of(Editor::edit("d1", &"prod-eu".into(), object).unwrap())
}

fn reviewed(app: &App) -> Vec<Wish> {
    match app.screen() {
        Screen::Review(review) => review.wishes(),
        _ => Vec::new(),
    }
}

fn said(app: &App) -> String {
    app.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default()
}

/// The text of the draft that effects keep last.
fn kept(effects: &[Effect]) -> Option<&str> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::KeepDraft(draft) => Some(draft.text.as_str()),
        _ => None,
    })
}

const DROPPED: &str = "d1";

#[test]
fn every_change_is_kept_as_a_draft_and_none_is_when_nothing_is_changed() {
    let mut app = edit(&object());
    let before = text(&app);
    assert!(!before.contains("uid") && !before.contains("status"), "{before}");
    assert_eq!(press(&mut app, "down right"), []);
    let effects = types(&mut app, "x");
    assert_eq!(kept(&effects), Some(text(&app).as_str()));
    assert_eq!(app.drafts.len(), 1);
    assert_eq!((app.drafts[0].of.as_str(), app.drafts[0].changed), ("Deployment istio-system/out", app.now));
    let effects = press(&mut app, "backspace");
    assert_eq!(effects, [Effect::DropDraft(DROPPED.to_owned())]);
    assert_eq!((text(&app), app.drafts.len()), (before, 0));
}

#[test]
fn leaving_keeps_the_draft_and_says_so() {
    let mut app = edit(&object());
    types(&mut app, "# x");
    press(&mut app, "shift-home ctrl-f esc");
    assert!(matches!(app.screen(), Screen::Editor(_)));
    assert_eq!(press(&mut app, "esc"), []);
    assert!(matches!(app.screen(), Screen::Table(_)));
    assert!(said(&app).contains("the draft of Deployment istio-system/out is kept"), "{}", said(&app));
    let again = Editor::of_draft(app.drafts[0].clone());
    assert!(again.is_changed() && again.text().starts_with("# x"));
}

#[test]
fn leaving_asks_and_says_nothing_when_nothing_was_changed() {
    let mut app = edit(&object());
    assert_eq!(press(&mut app, "esc"), []);
    assert_eq!((app.stack.len(), said(&app)), (1, String::new()));
}

#[test]
fn a_draft_is_discarded_when_the_key_is_pressed_twice_in_a_row() {
    let mut app = edit(&object());
    types(&mut app, "# x");
    assert_eq!(press(&mut app, "ctrl-x"), []);
    assert!(said(&app).contains("ctrl-x again"), "{}", said(&app));
    press(&mut app, "left ctrl-x");
    assert!(matches!(app.screen(), Screen::Editor(_)));
    assert_eq!(press(&mut app, "ctrl-x"), [Effect::DropDraft(DROPPED.to_owned())]);
    assert_eq!((app.stack.len(), app.drafts.len()), (1, 0));
}

#[test]
fn an_edit_is_wished_with_what_was_hidden_put_back() {
    let mut app = edit(&object());
    press(&mut app, "ctrl-end ctrl-f");
    types(&mut app, "replicas: 2");
    press(&mut app, "enter end backspace");
    types(&mut app, "5");
    press(&mut app, "ctrl-s");
    let mut after = object();
    after["spec"]["replicas"] = json!(5);
    let wishes = reviewed(&app);
    assert_eq!(wishes.len(), 1);
    assert_eq!(wishes[0].change, Change::Edit { before: object(), after });
    assert_eq!(wishes[0].target.short(), "Deployment istio-system/out");
}

#[test]
fn several_documents_are_wished_in_their_order() {
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n";
    let mut app =
        app(&format!("---\n{service}---\n# nothing\n---\n{}", service.replace("name: a", "name: b")));
    press(&mut app, "ctrl-s");
    let names: Vec<String> = reviewed(&app).iter().map(|w| w.target.name.clone()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(reviewed(&app).iter().all(|w| matches!(w.change, Change::Create { .. })));
}

#[test]
fn what_cannot_be_applied_is_refused_with_a_sentence_and_the_cursor_goes_there() {
    let whole = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n";
    let cases = [
        ("a: [1", "Line ", None),
        ("", "There is no object", None),
        ("- 1", "This is no object of Kubernetes", Some(0)),
        ("kind: Service\nmetadata:\n  name: x", "ApiVersion is missing", Some(0)),
        ("apiVersion: v1\nkind: Service\nmetadata: {}", "Metadata.name is missing", Some(2)),
        ("apiVersion: v1\nkind: Secret\nmetadata:\n  name: x", "A Secret is not written by egret", Some(1)),
        (&format!("{whole}---\n{whole}"), "Service a is there twice", Some(8)),
    ];
    for (text, why, line) in cases {
        let mut app = app(text);
        press(&mut app, "ctrl-end ctrl-s");
        assert!(said(&app).starts_with(why), "{text:?}: {}", said(&app));
        assert!(matches!(app.screen(), Screen::Editor(_)));
        if let Some(line) = line {
            assert_eq!(at(&app).0, line, "{text:?}");
        }
    }
}

#[test]
fn an_object_that_is_edited_stays_that_object() {
    for (what, from, to) in [
        ("kind", "kind: Deployment", "kind: DaemonSet"),
        ("name", "name: out", "name: in"),
        ("namespace", "namespace: istio-system", "namespace: default"),
    ] {
        let mut app = edit(&object());
        let changed = text(&app).replace(from, to);
        press(&mut app, "ctrl-a");
        paste(&mut app, &changed);
        press(&mut app, "ctrl-s");
        assert!(
            said(&app).contains(&format!("another {what}")) && said(&app).contains("clone"),
            "{}",
            said(&app)
        );
    }
    let mut app = edit(&object());
    press(&mut app, "ctrl-s");
    assert_eq!(said(&app), "Nothing is changed: there is nothing to apply.");
}

#[test]
fn a_secret_is_neither_edited_nor_kept() {
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "dg=="}});
    assert_eq!(Editor::edit("d1", &"prod-eu".into(), &secret).unwrap_err().reason, Reason::Denied);
    for text in [
        "apiVersion: v1\nkind: Secret\nstringData: {a: b}",
        "kind: \"Secret\"\nx: [",
        "{kind: Secret, x: [",
        "  kind: Secret\n  x: [",
        "kind:\n  Secret\nx: [",
        "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  x: 1",
        "kind: List\nitems:\n- kind: Secret\n  x: [",
    ] {
        let mut app = app("a: b");
        press(&mut app, "ctrl-a");
        let effects = paste(&mut app, text);
        assert_eq!(kept(&effects), None, "{text:?}");
        assert_eq!(app.drafts.len(), 0);
    }
    let mut app = app("a: b");
    let effects = paste(&mut app, "spec:\n  certificateRefs:\n  - kind: Secret\n    name: x\n");
    assert!(kept(&effects).is_some(), "a reference to a Secret is none");
}

#[test]
fn what_is_wrong_is_marked_and_told_and_gone_to() {
    let mut app = app("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec: [\n");
    let marks = |app: &App| {
        let rows = editor(app).window.rows.iter().filter(|r| r.mark.is_some());
        rows.map(|r| r.number).collect::<Vec<_>>()
    };
    assert_eq!(marks(&app).len(), 1);
    assert!(editor(&app).window.status.iter().any(|(_, text)| text == "1 problem"));
    assert!(app.explanation()[0].starts_with("line "), "{:?}", app.explanation());
    press(&mut app, "alt-n");
    assert_eq!(at(&app).0 + 1, marks(&app)[0]);
    assert!(!app.explanation()[0].starts_with("line "), "{:?}", app.explanation());
}

#[test]
fn egrets_own_validation_is_marked_at_its_field() {
    let gateway = "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\nmetadata:\n  name: out\n  \
                   namespace: istio-system\nspec:\n  gatewayType: egress\n  ports:\n  - name: a\n    port: 70000\n";
    let mut app = app(gateway);
    press(&mut app, "alt-n");
    assert_eq!(at(&app).0, 9, "{:?}", editor(&app).problems.all);
    assert!(app.explanation()[0].starts_with("spec.ports[0].port: "), "{:?}", app.explanation());
}

#[test]
fn what_the_server_complained_about_is_shown_until_that_line_changes() {
    let mut app = edit(&object());
    if let Screen::Editor(editor) = app.screen_mut() {
        editor.server_problems(0, vec![("spec.replicas".parse().unwrap(), "too \u{1b}many".to_owned())]);
    }
    app.settle();
    assert_eq!(app.explanation()[0], "the server: spec.replicas: too ·many.");
    press(&mut app, "ctrl-home");
    types(&mut app, "# x");
    press(&mut app, "enter");
    assert_eq!(editor(&app).problems.all.len(), 1);
    press(&mut app, "alt-n end");
    types(&mut app, "0");
    assert_eq!(editor(&app).problems.all, []);
}

#[test]
fn the_persons_own_editor_gets_the_text_and_gives_one_step_back() {
    let mut app = edit(&object());
    let before = text(&app);
    let effects = press(&mut app, "ctrl-o");
    assert_eq!(effects, [Effect::EditOutside(before.as_str().into())]);
    let changed = before.replace("replicas: 2", "replicas: 3\n  paused: true");
    let effects = update(&mut app, Msg::EditedOutside(Ok(changed.clone())));
    assert_eq!(kept(&effects), Some(changed.as_str()));
    let fault = Fault::new(Reason::Invalid, "`vi` failed", "The text here is as it was.");
    assert_eq!(update(&mut app, Msg::EditedOutside(Err(fault))), []);
    assert_eq!((text(&app), said(&app)), (changed, "`vi` failed. The text here is as it was.".to_owned()));
    press(&mut app, "ctrl-z");
    assert_eq!(text(&app), before);
}

#[test]
fn a_text_that_is_too_long_goes_to_the_persons_own_editor_and_to_the_review() {
    let long =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n{}", "# x\n".repeat(MOST_LINES));
    let mut app = app(&long);
    assert_eq!(press(&mut app, "ctrl-o"), [Effect::EditOutside(long.as_str().into())]);
    let changed = format!("{long}data: {{}}\n");
    let effects = update(&mut app, Msg::EditedOutside(Ok(changed.clone())));
    assert_eq!(kept(&effects), Some(changed.as_str()));
    press(&mut app, "ctrl-s");
    assert_eq!(reviewed(&app).len(), 1);
}

#[test]
fn what_was_merged_becomes_the_text_in_one_step() {
    let mut app = edit(&object());
    let mut newer = object();
    newer["metadata"]["resourceVersion"] = json!("8");
    newer["spec"]["replicas"] = json!(4);
    let (before, merged) = (text(&app), text(&app).replace("replicas: 2", "replicas: 4\n  paused: true"));
    if let Screen::Editor(editor) = app.screen_mut() {
        editor.rebase(newer.clone(), &merged);
    }
    press(&mut app, "ctrl-s");
    let wishes = reviewed(&app);
    let Change::Edit { before: base, after } = &wishes[0].change else { panic!("{wishes:?}") };
    assert_eq!((base, &after["metadata"]["resourceVersion"]), (&newer, &json!("8")));
    app.stack.pop();
    press(&mut app, "ctrl-z");
    assert_eq!(text(&app), before);
}

#[test]
fn a_field_is_gone_to() {
    let mut app = edit(&object());
    if let Screen::Editor(editor) = app.screen_mut() {
        editor.jump_to(&"spec.replicas".parse().unwrap());
    }
    let line = editor(&app).buffer.line(at(&app).0).to_owned();
    assert_eq!((line.as_str(), at(&app).1), ("  replicas: 2", 12));
}

#[test]
fn drafts_of_an_earlier_run_are_said_when_they_are_found() {
    let mut typed = edit(&object());
    press(&mut typed, "a esc");
    let mut app = edit(&object());
    press(&mut app, "esc");
    let _ = update(&mut app, Msg::Drafts(typed.drafts.clone()));
    assert_eq!(said(&app), "A draft of an earlier run was not applied: D goes on with it.");
    assert_eq!(app.drafts, typed.drafts);
}
