//! Changes that fail: what is told, and what becomes of the object.

use egret::demo::fault::Effect;
use egret::model::edit::Change;
use egret::model::fault::Reason;
use serde_json::{Value, json};

use super::stand::{Stand, both, edit};

/// An edit that is checked, and then meets with something on its way.
async fn met(stand: &Stand, name: &str, verb: &str, effect: Effect) -> (Value, Result<String, Reason>) {
    let map = stand.make(&stand.config(name, json!({"a": "1"}))).await;
    let checked = stand.check(&map, edit(&map, |map| map["data"]["a"] = "2".into())).await.unwrap();
    stand.next(verb, effect);
    let made = stand.carry_out(&checked).await;
    stand.faults.clear();
    (map, made.map(|made| made.said).map_err(|fault| fault.reason))
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_told_as_done_when_it_was_and_as_failed_when_not() {
    for stand in both().await {
        let (map, made) = met(&stand, "after", "patch", Effect::LostAfter).await;
        let said = made.unwrap();
        assert!(said.contains("though the answer was lost"), "{}: {said}", stand.server);
        assert_eq!(stand.now(&map).await.unwrap()["data"]["a"], "2");
        let (map, made) = met(&stand, "before", "patch", Effect::LostBefore).await;
        assert_eq!(made, Err(Reason::Unreachable), "{}", stand.server);
        assert_eq!(stand.now(&map).await.unwrap()["data"]["a"], "1");
        let (map, made) = met(&stand, "code", "patch", Effect::CodeAfter(504)).await;
        assert!(made.unwrap().contains("is changed"), "{}", stand.server);
        assert_eq!(stand.now(&map).await.unwrap()["data"]["a"], "2");
    }
}

#[tokio::test]
async fn an_object_that_was_made_or_deleted_without_an_answer_is_found_out_about() {
    for stand in both().await {
        let map = stand.config("made", json!({"a": "1"}));
        let checked = stand.check(&map, Change::Create { object: map.clone() }).await.unwrap();
        stand.next("create", Effect::LostAfter);
        let made = stand.carry_out(&checked).await.unwrap();
        stand.faults.clear();
        assert!(made.said.contains("is made, though the answer was lost"), "{}: {}", stand.server, made.said);
        let live = stand.now(&map).await.unwrap();
        let checked = stand.check(&live, Change::Delete { object: live.clone() }).await.unwrap();
        stand.next("delete", Effect::LostAfter);
        let made = stand.carry_out(&checked).await.unwrap();
        stand.faults.clear();
        assert!(made.said.contains("is deleted, though"), "{}: {}", stand.server, made.said);
        assert_eq!(stand.now(&map).await, None);
    }
}

#[tokio::test]
async fn where_nobody_answers_at_all_nothing_is_claimed() {
    for stand in both().await {
        let map = stand.make(&stand.config("silent", json!({"a": "1"}))).await;
        let checked = stand.check(&map, edit(&map, |map| map["data"]["a"] = "2".into())).await.unwrap();
        stand.faults.add("outage=prod".parse().unwrap());
        let fault = stand.carry_out(&checked).await.unwrap_err();
        stand.faults.clear();
        // Whether the write went through cannot be asked either.
        assert!(
            fault.summary.contains("nothing listens") || fault.summary.contains("not known"),
            "{}: {fault:?}",
            stand.server
        );
        assert_eq!(fault.reason, Reason::Unreachable);
        assert_eq!(stand.now(&map).await.unwrap()["data"]["a"], "1");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_told_at_the_fields_it_names() {
    for stand in both().await {
        let service = stand.document(
            "v1",
            "Service",
            "wrong",
            &json!({"spec": {"selector": {"a": "b"}, "ports": [{"name": "a", "port": 80}]}}),
        );
        let live = stand.make(&service).await;
        let wish = edit(&live, |service| service["spec"]["ports"][0]["port"] = 99_999.into());
        let refusal = stand.check(&live, wish).await.unwrap_err();
        assert_eq!(refusal.fault.reason, Reason::Invalid, "{}: {refusal:?}", stand.server);
        let fields: Vec<String> = refusal.fields.iter().map(|(path, _)| path.to_string()).collect();
        assert!(fields.iter().any(|field| field == "spec.ports[0].port"), "{}: {fields:?}", stand.server);
        let unknown = edit(&live, |service| service["spec"]["sessionAffinty"] = "None".into());
        let refusal = stand.check(&live, unknown).await.unwrap_err();
        assert!(refusal.fault.summary.contains("sessionAffinty"), "{}: {refusal:?}", stand.server);
        assert!(refusal.fault.summary.len() < 400, "without the object: {}", refusal.fault.summary);
        let fixed = edit(&live, |service| service["spec"]["clusterIP"] = "10.96.0.99".into());
        let refusal = stand.check(&live, fixed).await.unwrap_err();
        assert!(!refusal.fields.is_empty(), "{}: {refusal:?}", stand.server);
    }
}

#[tokio::test]
async fn a_kind_that_is_not_served_and_a_document_that_says_too_little_are_refused_with_what_to_do() {
    for stand in both().await {
        let strange = stand.document("example.com/v1", "Strange", "a", &json!({}));
        let refusal = stand.check(&strange, Change::Create { object: strange.clone() }).await.unwrap_err();
        assert!(refusal.fault.summary.contains("Strange of example.com/v1 is not served"), "{refusal:?}");
        let mut nameless = stand.config("a", json!({}));
        nameless["metadata"]["name"] = Value::Null;
        let refusal = stand.check(&nameless, Change::Create { object: nameless.clone() }).await.unwrap_err();
        assert!(refusal.fault.summary.contains("no metadata.name"), "{refusal:?}");
        let secret = stand.document("v1", "Secret", "s", &json!({"stringData": {"k": "hush"}}));
        let refusal = stand.check(&secret, Change::Create { object: secret.clone() }).await.unwrap_err();
        assert_eq!(refusal.fault.reason, Reason::Denied);
        assert!(!format!("{refusal:?}").contains("hush"));
        let taken = stand.make(&stand.config("taken", json!({}))).await;
        let again = stand.config("taken", json!({}));
        let refusal = stand.check(&taken, Change::Create { object: again }).await.unwrap_err();
        assert!(refusal.fault.summary.contains("exists already"), "{}: {refusal:?}", stand.server);
    }
}
