//! Edits that meet with edits of others.

use egret::model::edit::merge::Side;
use egret::model::edit::{Change, Path};
use egret::model::fault::Reason;
use serde_json::json;

use super::stand::{both, edit};

#[tokio::test]
async fn an_edit_is_what_the_server_said_beforehand_and_nothing_else_changes() {
    for stand in both().await {
        let map = stand.make(&stand.config("plain", json!({"a": "1", "b": "1"}))).await;
        let wish = edit(&map, |map| map["data"]["a"] = "2".into());
        let checked = stand.check(&map, wish).await.unwrap();
        let words: Vec<String> = checked.changed.iter().map(|changed| changed.in_words()).collect();
        assert_eq!(words, ["data.a: 1 → 2"], "{}", stand.server);
        assert_eq!(stand.now(&map).await.unwrap(), map, "nothing is written by a check");
        let made = stand.carry_out(&checked).await.unwrap();
        assert_eq!(made.before.as_ref(), Some(&map));
        let now = stand.now(&map).await.unwrap();
        assert_eq!(now["data"], json!({"a": "2", "b": "1"}));
        assert_eq!(made.after, Some(now), "{}", stand.server);
    }
}

#[tokio::test]
async fn what_others_changed_elsewhere_in_the_object_is_kept_and_told() {
    for stand in both().await {
        let map = stand.make(&stand.config("apart", json!({"a": "1", "b": "1"}))).await;
        stand.change(&map, &json!({"data": {"b": "theirs", "c": "new"}})).await;
        let wish = edit(&map, |map| map["data"]["a"] = "mine".into());
        let checked = stand.check(&map, wish).await.unwrap();
        let told: Vec<String> = checked.meanwhile.iter().map(|changed| changed.in_words()).collect();
        assert_eq!(told, ["data.b: 1 → theirs", "data.c: added new"], "{}", stand.server);
        stand.carry_out(&checked).await.unwrap();
        let now = stand.now(&map).await.unwrap();
        assert_eq!(now["data"], json!({"a": "mine", "b": "theirs", "c": "new"}), "{}", stand.server);
    }
}

#[tokio::test]
async fn what_both_changed_is_written_only_as_it_was_chosen() {
    for stand in both().await {
        let map = stand.make(&stand.config("both", json!({"a": "1", "b": "1"}))).await;
        stand.change(&map, &json!({"data": {"a": "theirs", "b": "theirs"}})).await;
        let wish = edit(&map, |map| map["data"] = json!({"a": "mine", "b": "mine"}));
        let checked = stand.check(&map, wish).await.unwrap();
        let mut merged = *checked.clashing.expect("both changed the same");
        let places: Vec<String> = merged.clashes.iter().map(|clash| clash.place.clone()).collect();
        assert_eq!(places, ["data.a", "data.b"], "{}", stand.server);
        merged.choose(0, Side::Theirs);
        merged.choose(1, Side::Mine);
        let Change::Edit { before, .. } = checked.change else { panic!("it is an edit") };
        let chosen = Change::Edit { before, after: merged.value };
        let checked = stand.check(&map, chosen).await.unwrap();
        assert!(checked.clashing.is_none() && checked.meanwhile.is_empty(), "{checked:?}");
        stand.carry_out(&checked).await.unwrap();
        assert_eq!(stand.now(&map).await.unwrap()["data"], json!({"a": "theirs", "b": "mine"}));
    }
}

#[tokio::test]
async fn what_changes_between_check_and_write_is_a_conflict_and_writes_nothing() {
    for stand in both().await {
        let map = stand.make(&stand.config("late", json!({"a": "1"}))).await;
        let checked = stand.check(&map, edit(&map, |map| map["data"]["a"] = "mine".into())).await.unwrap();
        let theirs = stand.change(&map, &json!({"data": {"b": "theirs"}})).await;
        let fault = stand.carry_out(&checked).await.unwrap_err();
        assert_eq!(fault.reason, Reason::Conflict, "{}: {fault:?}", stand.server);
        assert_eq!(stand.now(&map).await.unwrap(), theirs);
        let again = stand.check(&map, checked.change.clone()).await.unwrap();
        stand.carry_out(&again).await.unwrap();
        assert_eq!(stand.now(&map).await.unwrap()["data"], json!({"a": "mine", "b": "theirs"}));
    }
}

#[tokio::test]
async fn an_object_that_is_gone_or_another_one_by_now_is_not_touched() {
    for stand in both().await {
        let map = stand.make(&stand.config("again", json!({"a": "1"}))).await;
        stand.delete(&map).await;
        let wish = || edit(&map, |map| map["data"]["a"] = "mine".into());
        let refusal = stand.check(&map, wish()).await.unwrap_err();
        assert_eq!(refusal.fault.reason, Reason::Missing, "{}", stand.server);
        let other = stand.make(&stand.config("again", json!({"a": "1"}))).await;
        let refusal = stand.check(&map, wish()).await.unwrap_err();
        assert!(refusal.fault.summary.contains("another one"), "{}: {refusal:?}", stand.server);
        let set = Change::Set {
            uid: map["metadata"]["uid"].as_str().unwrap().to_owned(),
            fields: vec![("data.a".parse::<Path>().unwrap(), Some(json!("mine")))],
        };
        assert_eq!(stand.check(&map, set).await.unwrap_err().fault.reason, Reason::Missing);
        let delete = Change::Delete { object: map.clone() };
        assert_eq!(stand.check(&map, delete).await.unwrap_err().fault.reason, Reason::Missing);
        assert_eq!(stand.now(&map).await.unwrap(), other, "{}", stand.server);
    }
}

#[tokio::test]
async fn an_edit_of_nothing_sends_nothing_but_reads() {
    for stand in both().await {
        let map = stand.make(&stand.config("idle", json!({"a": "1"}))).await;
        let checked = stand.check(&map, edit(&map, |_| ())).await.unwrap();
        assert!(checked.is_idle() && checked.stored.is_none(), "{}: {checked:?}", stand.server);
    }
}
