//! Changes of gateways: what comes of them is told beforehand (R13, R22), and deleting one says what is lost.

use egret::model::edit::Change;
use egret::model::table::Tone;
use serde_json::{Value, json};

use super::stand::{Stand, both, edit};

fn ports() -> Value {
    json!([{"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"}])
}

fn notes(checked: &egret::materialize::change::Checked) -> Vec<&str> {
    checked.notes.iter().map(|note| note.text.as_str()).collect()
}

/// The Deployment of a gateway that somebody keeps.
async fn deployment(stand: &Stand, gateway: &Value, name: &str, replicas: u64) -> Value {
    let labels = json!({"app": format!("istio-{name}"), "istio": name});
    let owner = json!([{
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway", "name": name,
        "uid": gateway["metadata"]["uid"], "controller": true,
    }]);
    let mut object = stand.document(
        "apps/v1",
        "Deployment",
        &format!("istio-{name}"),
        &json!({"spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}},
        }}),
    );
    object["metadata"]["ownerReferences"] = owner;
    stand.make(&object).await
}

#[tokio::test]
async fn what_an_edit_of_a_gateway_does_to_its_pods_is_told_before_it_is_written() {
    for stand in both().await {
        let object =
            stand.gateway("told", &json!({"gatewayType": "egress", "ports": ports(), "replicaCount": 4}));
        let live = stand.make(&object).await;
        deployment(&stand, &live, "told", 4).await;
        let wish = edit(&live, |gateway| {
            gateway["spec"]["replicaCount"] = 5.into();
            gateway["spec"]["resources"] = json!({"limits": {"cpu": "2", "memory": "4G"}});
        });
        let checked = stand.check(&live, wish).await.unwrap();
        let told = notes(&checked).join("\n");
        assert!(
            told.contains(
                "The pod template changes: 4 pods are replaced: at most 5 run at once, and at least 3 serve"
            ),
            "{}: {told}",
            stand.server
        );
        assert!(told.contains("4 → 5 pods"), "{}: {told}", stand.server);
        assert!(checked.grave.is_empty(), "{:?}", checked.grave);
        let wrong = edit(&live, |gateway| gateway["spec"]["ports"] = json!([{"name": "x", "port": 0}]));
        let refusal = stand.check(&live, wrong).await.unwrap_err();
        assert!(
            refusal.fields.iter().any(|(path, _)| path.to_string().starts_with("spec.ports[0]")),
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn an_object_of_a_gateway_is_changed_only_after_its_keeper_was_named() {
    for stand in both().await {
        let object = stand.gateway("kept", &json!({"gatewayType": "egress", "ports": ports()}));
        let live = stand.make(&object).await;
        let deployment = deployment(&stand, &live, "kept", 2).await;
        let checked = stand.check(&deployment, edit(&deployment, |d| d["spec"]["replicas"] = 3.into())).await;
        let checked = checked.unwrap();
        assert_eq!(checked.kept.as_ref().map(|kept| kept.by.as_str()), Some("IstioGateway kept"));
        assert_eq!(checked.grave, ["IstioGateway kept keeps it"], "{}", stand.server);
        let restart = Change::Set {
            uid: deployment["metadata"]["uid"].as_str().unwrap().to_owned(),
            fields: vec![(
                "spec.template.metadata.annotations[\"kubectl.kubernetes.io/restartedAt\"]".parse().unwrap(),
                Some(json!("2026-01-01T00:00:00Z")),
            )],
        };
        let checked = stand.check(&deployment, restart).await.unwrap();
        assert!(
            checked.kept.is_none() && checked.grave.is_empty(),
            "a restart is put back by nobody: {checked:?}"
        );
        assert!(
            notes(&checked).iter().any(|note| note.contains("2 pods are replaced")),
            "{:?}",
            notes(&checked)
        );
    }
}

#[tokio::test]
async fn a_label_that_breaks_a_server_needs_the_typed_name_and_says_the_two_step_way() {
    for stand in both().await {
        let spec = json!({"gatewayType": "egress", "ports": ports()});
        let live = stand.make(&stand.gateway("mutual", &spec)).await;
        let server =
            json!({"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["example.com"]});
        let servers = stand.document(
            "networking.istio.io/v1",
            "Gateway",
            "theirs",
            &json!({"spec": {"selector": {"istio": "mutual"}, "servers": [server]}}),
        );
        stand.make(&servers).await;
        let wish = edit(&live, |gateway| {
            gateway["spec"]["podLabels"] = json!({"security.istio.io/tlsMode": "istio"});
        });
        let checked = stand.check(&live, wish).await.unwrap();
        let told = notes(&checked).join("\n");
        // In the mesh of the real server clients send no mTLS of their own accord, so that the label breaks nothing there.
        if stand.server == "the simulator" {
            assert!(told.contains("broken: clients send mTLS"), "{told}");
            assert!(told.contains("In two steps nothing breaks"), "{told}");
            let wanted = format!("it breaks port 80 of Gateway {}/theirs", stand.namespace);
            assert_eq!(checked.grave, [wanted]);
        } else {
            assert!(checked.grave.is_empty() && !told.contains("broken"), "{told}");
        }
        let harmless = edit(&live, |gateway| gateway["spec"]["podLabels"] = json!({"a": "b"}));
        assert!(stand.check(&live, harmless).await.unwrap().grave.is_empty(), "{}", stand.server);
    }
}

#[tokio::test]
async fn deleting_a_gateway_tells_which_hosts_and_objects_go_with_it() {
    for stand in both().await {
        let live =
            stand.make(&stand.gateway("lost", &json!({"gatewayType": "egress", "ports": ports()}))).await;
        deployment(&stand, &live, "lost", 2).await;
        let server =
            json!({"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["pay.example.com"]});
        stand
            .make(&stand.document(
                "networking.istio.io/v1",
                "Gateway",
                "payments",
                &json!({"spec": {"selector": {"istio": "lost"}, "servers": [server]}}),
            ))
            .await;
        let checked = stand.check(&live, Change::Delete { object: live.clone() }).await.unwrap();
        let bad: Vec<&str> = checked
            .notes
            .iter()
            .filter(|note| note.tone == Tone::Bad)
            .map(|note| note.text.as_str())
            .collect();
        let gateway = format!(
            "Gateway {}/payments has no pods any more: pay.example.com are not served",
            stand.namespace
        );
        assert_eq!(bad, [gateway.as_str()], "{}", stand.server);
        assert!(
            notes(&checked).iter().any(|note| note.starts_with("Deployment istio-lost with")),
            "{:?}",
            notes(&checked)
        );
        let made = stand.carry_out(&checked).await.unwrap();
        assert_eq!(made.after, None);
    }
}
