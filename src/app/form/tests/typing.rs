//! What is typed, taken back, and never lost.

use super::*;

#[test]
fn the_manifest_follows_each_key_and_the_draft_goes_with_it() {
    let mut app = wizard();
    for (typed, name) in [("p", "p"), ("a", "pa"), ("backspace", "p")] {
        let effects = press(&mut app, typed);
        let [Effect::KeepDraft(draft)] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(draft.text.contains(&format!("\n  name: {name}\n")), "{}", draft.text);
        assert_eq!((draft.id.as_str(), draft.cluster.as_str(), draft.changed), ("1", "prod", app.now));
        assert_eq!(draft.of, format!("IstioGateway istio-system/{name}"));
    }
    assert_eq!(press(&mut app, "tab"), [], "moving about changes nothing");
}

#[test]
fn a_text_that_is_no_value_stays_in_its_field_and_the_manifest_keeps_what_it_had() {
    let mut app = wizard();
    walk_to(&mut app, field_at("spec.replicaCount"));
    write(&mut app, "x");
    assert_eq!(at(&app, "spec.replicaCount"), Some(json!(1)));
    keys(&mut app, "down up");
    assert_eq!(front(&app).buffer.text(), "1x");
    let said = front(&app).explain();
    assert!(said[1].contains("\"1x\" is no whole number"), "{said:?}");
    press(&mut app, "ctrl-y");
    assert!(matches!(app.screen(), Screen::Form(_)), "as YAML it would be lost");
    press(&mut app, "backspace");
    assert!(front(&app).pending.is_empty());
    press(&mut app, "ctrl-y");
    assert!(matches!(app.screen(), Screen::Editor(editor) if editor.draft.means == Means::Form));
}

#[test]
fn changes_are_taken_back_one_run_of_typing_at_a_time() {
    let mut app = wizard();
    write(&mut app, "out");
    keys(&mut app, "alt-3 space");
    assert_eq!(at(&app, "spec.autoscaleEnabled"), Some(json!(true)));
    press(&mut app, "ctrl-z");
    assert_eq!(at(&app, "spec.autoscaleEnabled"), None);
    press(&mut app, "ctrl-z");
    assert_eq!((at(&app, "metadata.name"), front(&app).step), (Some(json!("")), Step::Basics));
    keys(&mut app, "ctrl-r ctrl-r");
    assert_eq!(at(&app, "metadata.name"), Some(json!("out")));
    assert_eq!(at(&app, "spec.autoscaleEnabled"), Some(json!(true)));
}

#[test]
fn rows_are_added_moved_and_removed_and_keep_what_no_field_knows() {
    let object = istio_gateway("out", json!({"ports": [{"port": 1, "mine": true}, {"port": 2}]}));
    let mut app = wizard();
    let path = "spec.ports".parse().unwrap();
    let _ = app.open_form(Form::single("2".into(), "prod".into(), object, &path).unwrap());
    press(&mut app, "alt-down");
    assert_eq!(at(&app, "spec.ports"), Some(json!([{"port": 2}, {"port": 1, "mine": true}])));
    keys(&mut app, "up ctrl-d");
    assert_eq!(at(&app, "spec.ports"), Some(json!([{"port": 1, "mine": true}])));
    keys(&mut app, "ctrl-o tab 8 0");
    assert_eq!(at(&app, "spec.ports"), Some(json!([{"port": 1, "mine": true}, {"port": 80}])));
    keys(&mut app, "ctrl-d up ctrl-d");
    assert_eq!(at(&app, "spec.ports"), None, "an empty list is no list");
}

#[test]
fn a_key_that_is_there_already_is_refused_and_what_is_typed_stays() {
    let object = istio_gateway("out", json!({"podLabels": {"a": "1", "b": "2"}}));
    let mut app = wizard();
    let path = "spec.podLabels".parse().unwrap();
    let _ = app.open_form(Form::single("2".into(), "prod".into(), object, &path).unwrap());
    keys(&mut app, "down backspace a");
    assert_eq!(at(&app, "spec.podLabels"), Some(json!({"a": "1", "": "2"})));
    assert!(front(&app).explain()[1].contains("a is there already"), "{:?}", front(&app).explain());
    write(&mut app, "b");
    assert_eq!(at(&app, "spec.podLabels"), Some(json!({"a": "1", "ab": "2"})));
}

#[test]
fn spreading_follows_the_name_it_selects_by() {
    let mut app = wizard();
    write(&mut app, "a");
    keys(&mut app, "alt-4 space alt-1 b");
    let text = front(&app).object().to_string();
    assert!(text.contains(r#""matchLabels":{"app":"istio-ab","istio":"ab"}"#), "{text}");
    assert!(!text.contains(r#""istio":"a""#), "{text}");
}

#[test]
fn letters_are_typed_and_never_commands() {
    let mut app = wizard();
    write(&mut app, "q?:n1");
    assert_eq!(at(&app, "metadata.name"), Some(json!("q?:n1")));
    walk_to(&mut app, field_at("spec.runAsRoot"));
    assert_eq!(keys(&mut app, "q ? :"), []);
    assert!(app.overlay.is_none());
    press(&mut app, "f1");
    assert!(app.overlay.is_some());
}

#[test]
fn hostile_texts_of_a_cluster_are_no_cells_and_are_not_lost() {
    let object = json!({"apiVersion": "v1", "kind": "IstioGateway", "metadata": {"name": "a\u{1b}[2J", "namespace": "n"},
        "spec": {"podAnnotations": {"k\u{202e}": "one\ntwo\u{7}"}, "loadBalancerClass": "\u{9b}31m"}});
    let mut app = wizard();
    let _ = app.open_form(Form::edit("2".into(), "prod".into(), object.clone()));
    for step in 1..=7 {
        keys(&mut app, &format!("alt-{step} tab x tab x tab x tab x tab x f3"));
        for row in &front(&app).page().rows {
            for cell in &row.cells {
                assert!(!cell.text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{cell:?}");
            }
        }
    }
    assert_eq!(at(&app, "spec.podAnnotations"), Some(object["spec"]["podAnnotations"].clone()));
}

fn any_key() -> impl Strategy<Value = String> {
    let named = [
        "tab",
        "backtab",
        "up",
        "down",
        "left",
        "right",
        "space",
        "enter",
        "backspace",
        "delete",
        "home",
        "end",
        "ctrl-n",
        "ctrl-p",
        "ctrl-o",
        "ctrl-d",
        "alt-up",
        "alt-down",
        "ctrl-z",
        "ctrl-r",
        "ctrl-t",
        "f3",
        "page-up",
        "page-down",
        "alt-1",
        "alt-2",
        "alt-3",
        "alt-4",
        "alt-5",
        "alt-6",
        "alt-7",
        "ctrl-u",
        "ctrl-k",
    ];
    prop_oneof![
        3 => proptest::sample::select(named.to_vec()).prop_map(str::to_owned),
        2 => proptest::char::ranges(vec!['a'..='e', '0'..='3', ':'..=':', '-'..='-', '{'..='{', 'é'..='é'].into())
            .prop_map(|c| c.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_break_the_form_and_what_it_does_not_know_stays(pressed in prop::collection::vec(any_key(), 1..80)) {
        let object = json!({"apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
            "metadata": {"name": "out", "namespace": "ns", "unknown": 1},
            "spec": {"someday": {"x": [1, {"y": null}]}, "overrides": {"b": {"replicaCount": 1}},
                "resources": {"claims": [{"name": "c"}], "limits": {"nvidia.com/gpu": "1"}},
                "tolerations": "wrong", "podLabels": [1], "env": [{"name": "A", "valueFrom": {"x": 1}}, 7]}});
        let mut app = learned();
        let _ = app.open_form(Form::edit("2".into(), "prod".into(), object.clone()));
        for key in &pressed {
            match key.as_str() {
                "f3" => drop(update(&mut app, Msg::Paste("x: {\n\t1\u{7}".into()))),
                key => drop(press(&mut app, key)),
            }
            app.settle();
            let Screen::Form(form) = app.screen() else { break };
            prop_assert!(form.object().is_object());
            let text: Value = serde_yaml::from_str(&form.draft.text).unwrap();
            prop_assert_eq!(&text, form.object());
            for path in ["/metadata/unknown", "/metadata/name", "/spec/someday", "/spec/overrides", "/spec/resources/claims",
                "/spec/resources/limits/nvidia.com~1gpu"] {
                prop_assert_eq!(form.object().pointer(path), object.pointer(path), "{} after {}", path, key);
            }
            for placed in form.problems() {
                prop_assert!(!placed.problem.why.is_empty());
            }
        }
    }
}
