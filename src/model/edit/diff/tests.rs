use proptest::prelude::*;
use serde_json::json;

use super::super::testing::object;
use super::*;

fn words(before: &Value, after: &Value) -> Vec<String> {
    changes(before, after).iter().map(Changed::in_words).collect()
}

#[test]
fn fields_that_differ_are_told_where_they_are() {
    let before =
        json!({"spec": {"resources": {"limits": {"memory": "2G", "cpu": "2"}}, "replicas": 1, "old": "x"}});
    let after =
        json!({"spec": {"replicas": 1, "resources": {"limits": {"cpu": "2", "memory": "4G"}}, "new": ["a"]}});
    assert_eq!(
        words(&before, &after),
        ["spec.resources.limits.memory: 2G → 4G", "spec.old: removed x", "spec.new: added [a]"]
    );
    assert_eq!(words(&before, &before), [""; 0]);
}

#[test]
fn items_with_a_name_are_compared_by_it() {
    let before = json!({"ports": [{"name": "http", "port": 80}, {"name": "tls", "port": 443}]});
    let after = json!({"ports": [{"name": "tls", "port": 8443}, {"name": "tls-2", "port": 4000}]});
    assert_eq!(
        words(&before, &after),
        [
            "ports[0] (http): removed {name: http, port: 80}",
            "ports[0].port: 443 → 8443",
            "ports[1] (tls-2): added {name: tls-2, port: 4000}"
        ]
    );
    let turned = json!({"ports": [{"name": "tls", "port": 443}, {"name": "http", "port": 80}]});
    assert_eq!(words(&before, &turned), ["ports: in another order, http, tls → tls, http"]);
    let unnamed = |ports: &[u16]| json!({"p": ports.iter().map(|p| json!({"port": p})).collect::<Vec<_>>()});
    assert_eq!(words(&unnamed(&[80, 81]), &unnamed(&[81])), ["p[0] (80/TCP): removed {port: 80}"]);
}

#[test]
fn items_without_a_name_go_by_their_place_and_a_list_made_anew_is_one_value() {
    let list = |items: &[&str]| json!({"args": items});
    assert_eq!(words(&list(&["a", "b"]), &list(&["a", "c"])), ["args[1]: b → c"]);
    assert_eq!(words(&list(&["a", "c"]), &list(&["a", "b", "c"])), ["args[1]: added b"]);
    assert_eq!(words(&list(&["a", "b", "c"]), &list(&["x", "c"])), ["args: [a, b, c] → [x, c]"]);
    assert_eq!(words(&list(&["a", "a"]), &list(&["a"])), ["args[1]: removed a"]);
}

#[test]
fn what_a_terminal_would_obey_is_not_in_the_words_and_long_values_are_cut() {
    let hostile = json!({"a\u{1b}[31m": "b\u{1b}]0;x\u{7}\n", "long": "x".repeat(10_000)});
    let told = words(&json!({"z": 1}), &hostile);
    assert!(told.iter().all(|t| !t.chars().any(char::is_control)), "{told:?}");
    assert!(told.iter().all(|t| t.chars().count() < 100), "{told:?}");
}

#[test]
fn the_servers_fields_are_hidden_and_put_back() {
    let object = json!({
        "kind": "Pod",
        "metadata": {
            "name": "p", "uid": "u", "resourceVersion": "1", "generation": 2, "managedFields": [{"manager": "x"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {"a": 1},
        "status": {"phase": "Running"},
    });
    let seen = visible(&object);
    assert_eq!(seen, json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"a": 1}}));
    let mut edited = seen.clone();
    edited["spec"]["a"] = json!(2);
    edited["metadata"]["uid"] = json!("another");
    let mut expected = object.clone();
    expected["spec"]["a"] = json!(2);
    assert_eq!(restore(&object, &edited), expected);
    assert_eq!(visible(&json!({"metadata": {"uid": "u"}})), json!({"metadata": {}}));
    assert_eq!(visible(&json!({"metadata": {}, "a": {}})), json!({"metadata": {}, "a": {}}));
    for (path, made) in
        [("metadata.managedFields[0].manager", true), ("status", true), ("spec.status", false)]
    {
        assert_eq!(is_server_made(&path.parse().unwrap()), made, "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn there_are_changes_where_states_differ_and_only_there(before in object(), after in object()) {
        let all = changes(&before, &after);
        prop_assert_eq!(all.is_empty(), before == after);
        for change in &all {
            prop_assert_ne!(&change.before, &change.after);
            if let Some(is) = &change.after {
                prop_assert_eq!(change.path.get(&after), Some(is));
            } else {
                prop_assert!(change.before.is_some());
            }
            prop_assert!(!change.in_words().is_empty());
        }
    }

    #[test]
    fn what_is_hidden_is_put_back(object in object()) {
        prop_assert_eq!(restore(&object, &visible(&object)), object);
    }
}
