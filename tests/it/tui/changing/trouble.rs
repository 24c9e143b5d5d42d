//! What goes wrong, each time with all that was typed still there.

use std::path::Path;

use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{Patch, PatchParams};
use kube::{Client, Error};
use serde_json::json;

use super::stage::{NAMESPACE, Stage, applies, edits, gateways, kept, look, served, spec};
use crate::support::plane::{apply_yaml, wait_for};
use crate::support::session::{Session, egret};

/// What the company says of its gateways: longer than a line of the screen.
const POLICY: &str =
    "Gateways of this company have at most six pods: ask the platform team in room 4.711 for more.";

/// Tries a change until the server refuses it, or takes it: there is nothing that tells that a new rule counts.
async fn until(client: &Client, name: &str, refused: bool) {
    let patch = Patch::Merge(json!({"spec": {"replicaCount": 9}}));
    let params = PatchParams { dry_run: true, ..PatchParams::default() };
    let tries = async {
        while matches!(gateways(client).patch(name, &params, &patch).await, Err(Error::Api(_))) != refused {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), tries).await.unwrap();
}

#[tokio::test]
async fn what_egret_or_a_policy_refuses_is_told_whole_and_what_was_typed_stays() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("refused").await;
    let rule = "!object.metadata.name.startsWith('refused') || object.spec.replicaCount <= 6";
    let (group, kind) = ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy");
    let matches = json!({"resourceRules": [{"apiGroups": ["istio.alibabacloud.com"], "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"], "resources": ["istiogateways"]}]});
    let policy = json!({"apiVersion": group, "kind": kind, "metadata": {"name": "small"},
        "spec": {"matchConstraints": matches, "validations": [{"expression": rule, "message": POLICY}]}});
    let binding = json!({"apiVersion": group, "kind": format!("{kind}Binding"), "metadata": {"name": "small"},
        "spec": {"policyName": "small", "validationActions": ["Deny"]}});
    for object in [policy, binding] {
        apply_yaml(&stage.client, &object.to_string()).await.unwrap();
    }
    until(&stage.client, "refused", true).await;

    let session = stage.screen("refused");
    edits(&session, "refused", "x");
    session
        .keys("ctrl-s")
        .sees("Refused")
        .says("spec.replicaCount: invalid type: string \"x\", expected u32");
    session
        .keys("esc")
        .sees("replicaCount: x")
        .fills("end backspace | 9 | ctrl-s")
        .sees("Refused")
        .says(POLICY);
    kept(session.home(), "replicaCount: 9");
    session.keys("esc").sees("replicaCount: 9").fills("end backspace | 6 | ctrl-s");
    applies(&session, "1 → 6", "IstioGateway istio-system/refused is changed");
    assert_eq!(spec(&stage.client, "refused").await["replicaCount"], 6);
    served(session.home());
}

/// What somebody may do with gateways.
fn rules(verbs: &[&str]) -> Vec<PolicyRule> {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let gateways = PolicyRule {
        api_groups: Some(words(&["istio.alibabacloud.com"])),
        resources: Some(words(&["istiogateways"])),
        verbs: words(verbs),
        ..PolicyRule::default()
    };
    vec![gateways]
}

#[tokio::test]
async fn a_right_that_is_taken_away_in_mid_edit_is_named_and_given_back_the_edit_goes_on() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("denied").await;
    let (looks, writes) = (["get", "list", "watch"], ["get", "list", "watch", "patch", "update"]);
    let may =
        async |verbs: &[&str]| stage.cluster.user("editor", Some(NAMESPACE), &rules(verbs)).await.unwrap();
    let kubeconfig = may(&writes).await;
    let own = stage.cluster.client(&kubeconfig).await;
    until(&own, "denied", false).await;
    let session = look(&kubeconfig, "denied");
    edits(&session, "denied", "5");
    may(&looks).await;
    until(&own, "denied", true).await;
    session
        .keys("ctrl-s")
        .sees("Refused")
        .says("no right to change IstioGateway istio-system/denied (as editor)")
        .keys("esc");
    session.sees("replicaCount: 5");
    kept(session.home(), "replicaCount: 5");
    assert_eq!(spec(&stage.client, "denied").await["replicaCount"], 1);
    may(&writes).await;
    until(&own, "denied", false).await;
    session.keys("ctrl-s");
    applies(&session, "1 → 5", "IstioGateway istio-system/denied is changed");
    assert_eq!(spec(&stage.client, "denied").await["replicaCount"], 5);
}

#[tokio::test]
async fn what_others_changed_meanwhile_is_merged_and_told_and_what_both_changed_is_chosen() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("merged").await;
    let session = stage.screen("merged");
    edits(&session, "merged", "5");
    stage.change("merged", json!({"podLabels": {"team": "theirs"}})).await;
    session.keys("ctrl-s").sees("What others changed meanwhile, and is kept").sees("added {team: theirs}");
    applies(&session, "1 → 5", "IstioGateway istio-system/merged is changed");
    session.keys("esc").selects("merged");
    let now = spec(&stage.client, "merged").await;
    assert_eq!((&now["replicaCount"], &now["podLabels"]), (&json!(5), &json!({"team": "theirs"})));

    for (key, kept, said) in [("t", 6, "theirs is taken"), ("m", 7, "yours is kept")] {
        edits(&session, "merged", "7");
        stage.change("merged", json!({"replicaCount": 6, "podLabels": {"key": key}})).await;
        session.keys("ctrl-s").sees("Somebody changed the same while you edited it").sees("to be chosen");
        assert!(!session.screen().contains("5 → 6"), "it is to be chosen, not kept");
        session.sees("! 7").sees("│ 6").keys(key).sees(said).keys("enter");
        match key {
            "t" => session.sees("Nothing would change").keys("esc").sees("replicaCount: 6").keys("esc"),
            _ => session.sees("6 → 7").sees("y to do it").keys("y").sees("merged is changed").keys("esc"),
        };
        session.selects("merged");
        let now = spec(&stage.client, "merged").await;
        assert_eq!((&now["replicaCount"], &now["podLabels"]["key"]), (&json!(kept), &json!(key)));
        stage.change("merged", json!({"replicaCount": 5})).await;
    }
    served(session.home());
}

#[tokio::test]
async fn of_two_egrets_at_once_the_second_is_asked_again_before_anything_of_the_first_is_lost() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("contested").await;
    let (first, second) = (stage.screen("contested"), stage.screen("contested"));
    edits(&first, "contested", "3");
    edits(&second, "contested", "4");
    for session in [&first, &second] {
        session.keys("ctrl-s").sees("y to do it");
    }
    first.keys("y").sees("IstioGateway istio-system/contested is changed");
    second.keys("y").sees("Somebody changed the same while you edited it").sees("│ 3");
    assert_eq!(spec(&stage.client, "contested").await["replicaCount"], 3);
    second.keys("m enter").sees("3 → 4").sees("y to do it").keys("y").sees("contested is changed");
    assert_eq!(spec(&stage.client, "contested").await["replicaCount"], 4);
}

#[tokio::test]
async fn an_edit_outlives_the_server_and_is_applied_when_it_is_back() {
    let (stage, _alone) = Stage::alone().await;
    stage.gateway("outlived").await;
    let session = stage.screen("outlived");
    edits(&session, "outlived", "2");
    session.keys("ctrl-s").sees("1 → 2").sees("y to do it");
    stage.cluster.stop_api().await.unwrap();
    session.keys("y").sees("It failed:");
    kept(session.home(), "replicaCount: 2");
    session
        .keys("esc")
        .sees("replicaCount: 2")
        .keys("ctrl-s")
        .sees("Refused")
        .keys("esc")
        .sees("replicaCount: 2");
    stage.cluster.start_api().await.unwrap();
    session.keys("ctrl-s").sees("1 → 2");
    applies(&session, "1 → 2", "IstioGateway istio-system/outlived is changed");
    assert_eq!(spec(&stage.client, "outlived").await["replicaCount"], 2);
    served(session.home());
}

/// Keys that change something, and what they mean.
const KEYS: [(&str, &str); 11] = [
    ("e", "edit"),
    ("E", "edit-yaml"),
    ("F", "edit-form"),
    ("s", "scale"),
    ("S", "restart"),
    ("d", "delete"),
    ("n", "new"),
    ("N", "new-from-yaml"),
    ("ctrl-n", "clone"),
    ("P", "pause"),
    ("!", "reconcile-now"),
];

#[tokio::test]
async fn read_only_sends_no_write_whatever_is_pressed() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("untouched").await;
    let all = PolicyRule {
        api_groups: Some(vec!["*".to_owned()]),
        resources: Some(vec!["*".to_owned()]),
        verbs: vec!["*".to_owned()],
        ..PolicyRule::default()
    };
    let kubeconfig = stage.cluster.user("reader", None, &[all]).await.unwrap();
    until(&stage.cluster.client(&kubeconfig).await, "untouched", false).await;
    let mark = stage.cluster.mark().await.unwrap();
    let session = read_only(&kubeconfig);
    for (key, command) in KEYS {
        session.keys(key).sees(&format!("{command}: changing is read-only here"));
    }
    session.command("set spec.replicaCount=9").sees("set: changing is read-only here");
    let asked = stage.cluster.audit_since(mark).await.unwrap();
    let own: Vec<_> = asked.iter().filter(|entry| entry.user == "reader").collect();
    assert!(own.iter().any(|entry| entry.verb == "list"), "it was there");
    let writes: Vec<_> =
        own.iter().filter(|entry| !["get", "list", "watch"].contains(&entry.verb.as_str())).collect();
    assert!(writes.is_empty(), "{writes:#?}");
    wait_for(gateways(&stage.client), "untouched", |gateway| gateway.metadata.generation == Some(1)).await;
}

fn read_only(kubeconfig: &Path) -> Session {
    let session = egret(kubeconfig, "--view gateways --read-only").size(80, 24).go();
    session.sees("1/1 clusters").sees("RO").command("gateways name:untouched").selects("untouched");
    session
}
