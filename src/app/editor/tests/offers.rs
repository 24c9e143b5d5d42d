//! What may stand at the cursor, and what the schema says is wrong.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::model::edit::Target;
use crate::model::schema::{self, Schema};

/// A kind with a bit of everything.
fn schema() -> Arc<Schema> {
    let spec = json!({
        "type": "object", "required": ["type"],
        "properties": {
            "type": {"type": "string", "enum": ["ClusterIP", "NodePort", "LoadBalancer"], "default": "ClusterIP",
                "description": "How it is reached."},
            "externalName": {"type": "string"},
            "externalTrafficPolicy": {"type": "string", "enum": ["Cluster", "Local"]},
            "ready": {"type": "boolean"},
            "ports": {"type": "array", "items": {"type": "object", "properties": {
                "name": {"type": "string"}, "port": {"type": "integer", "description": "The port."},
                "protocol": {"type": "string", "enum": ["TCP", "UDP"]},
            }}},
        },
    });
    let crd = json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {
    "type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "spec": spec,
    }}}}]}});
    schema::of_crd(&crd, "v1").unwrap()
}

/// An app in whose text `|` is the cursor, and whose kinds all have the schema.
fn at_cursor(text: &str) -> App {
    let place = text.find('|').unwrap();
    let (line, column) =
        (text[..place].matches('\n').count(), place - text[..place].rfind('\n').map_or(0, |n| n + 1));
    let mut app = app("");
    let effects = app.open_editor(Editor::create("d2", &"prod-eu".into(), &text.replace('|', "")));
    app.stack.remove(1);
    for effect in effects {
        if let Effect::ReadSchema(ticket, _) = effect {
            let _ = update(&mut app, Msg::Schema(ticket, Ok(Some(schema()))));
        }
    }
    if let Screen::Editor(editor) = app.screen_mut() {
        editor.leap(Place::new(line, column));
    }
    app.settle();
    app
}

fn offered(app: &App) -> Vec<&str> {
    editor(app).completion.iter().flat_map(|c| c.choices.iter().map(|c| c.text.as_str())).collect()
}

const HEAD: &str = "apiVersion: x.io/v1\nkind: X\n";

#[test]
fn the_schema_of_each_kind_in_the_text_is_asked_for_once() {
    let mut app = app("");
    let text = format!("{HEAD}---\nkind: Y # why\napiVersion: \"v1\"\nx: [\n---\n{HEAD}");
    let effects = app.open_editor(Editor::create("d2", &"prod-eu".into(), &text));
    let asked: Vec<String> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::ReadSchema(_, Target { api_version, kind, .. }) => Some(format!("{api_version} {kind}")),
            _ => None,
        })
        .collect();
    assert_eq!(asked, ["v1 Y", "x.io/v1 X"]);
    let again = press(&mut app, "down enter down");
    assert!(!again.iter().any(|e| matches!(e, Effect::ReadSchema(..))), "{again:?}");
}

#[test]
fn fields_are_offered_where_a_key_may_stand_also_while_the_text_does_not_parse() {
    let cases: &[(&str, &[&str])] = &[
        ("spec:\n  ex|\nx: [", &["externalName", "externalTrafficPolicy"]),
        ("spec:\n  |\n", &["type", "externalName", "externalTrafficPolicy", "ports", "ready"]),
        ("spec:\n  type: NodePort\n  ready: true\n  |", &["externalName", "externalTrafficPolicy", "ports"]),
        ("spec:\n  ports:\n  - |", &["name", "port", "protocol"]),
        ("spec:\n  ports:\n  - name: a\n    po|", &["port"]),
        ("spec:\n  ports:\n    - name: a\n      p|", &["port", "protocol"]),
        ("|", &["metadata", "spec"]),
        ("spec:\n  externalN|: x", &["externalName"]),
        ("spec:\n  type: |", &["ClusterIP", "NodePort", "LoadBalancer"]),
        ("spec:\n  type: no|", &["NodePort"]),
        ("spec:\n  ready: |", &["true", "false"]),
        ("spec:\n  ports:\n  - protocol: |", &["TCP", "UDP"]),
        ("metadata:\n  x|", &[]),
    ];
    for (text, expected) in cases {
        let mut app = at_cursor(&format!("{HEAD}{text}"));
        press(&mut app, "ctrl-space");
        assert_eq!(offered(&app), *expected, "{text:?}");
    }
}

#[test]
fn what_is_chosen_is_written_in_one_step_and_explained_before() {
    let mut app = at_cursor(&format!("{HEAD}spec:\n  ports:\n  - p|"));
    press(&mut app, "ctrl-space");
    assert_eq!(app.explanation()[0], "port: a whole number. The port.");
    types(&mut app, "r");
    assert_eq!(offered(&app), ["protocol"]);
    press(&mut app, "enter");
    assert!(text(&app).ends_with("  - protocol: "), "{}", text(&app));
    press(&mut app, "ctrl-space down enter");
    assert!(text(&app).ends_with("  - protocol: UDP"), "{}", text(&app));
    press(&mut app, "ctrl-z");
    assert!(text(&app).ends_with("  - protocol: "), "{}", text(&app));
}

#[test]
fn tab_completes_a_key_that_is_begun_and_indents_else() {
    let mut app = at_cursor(&format!("{HEAD}spec:\n  rea|"));
    press(&mut app, "tab");
    assert!(text(&app).ends_with("  ready: "), "{}", text(&app));
    let mut app = at_cursor(&format!("{HEAD}spec:\n  ext|"));
    press(&mut app, "tab");
    assert_eq!(offered(&app).len(), 2);
    press(&mut app, "esc tab esc");
    assert!(matches!(app.screen(), Screen::Editor(_)) && editor(&app).completion.is_none());
    let mut app = at_cursor(&format!("{HEAD}spec:\n|"));
    press(&mut app, "tab");
    assert!(text(&app).ends_with("spec:\n  "), "{:?}", text(&app));
}

#[test]
fn what_the_schema_refuses_is_marked_at_its_line() {
    let text = format!("{HEAD}metadata:\n  name: a\nspec:\n  type: Cluster|\n  ready: 1\n  unknown: x\n");
    let app = at_cursor(&text);
    let lines: Vec<usize> = editor(&app).problems.all.iter().map(|p| p.at.line).collect();
    assert_eq!(lines, [5, 6, 7], "{:?}", editor(&app).problems.all);
    assert!(app.explanation()[0].starts_with("spec.type: "), "{:?}", app.explanation());
}

#[test]
fn a_field_without_a_problem_is_explained() {
    let app = at_cursor(&format!("{HEAD}metadata:\n  name: a\nspec:\n  type: Clus|terIP\n"));
    let expected = "spec.type: one of ClusterIP, NodePort, LoadBalancer, required, default ClusterIP. How it is reached.";
    assert_eq!(app.explanation()[0], expected);
}
