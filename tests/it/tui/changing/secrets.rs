//! Secrets: neither shown nor edited, and in no file.

use super::stage::{NAMESPACE, Stage, files, served};
use crate::support::plane::apply_yaml;

/// What nobody is to see.
const VALUE: &str = "hunter2-in-the-cluster";
/// The same, as the server has it.
const ENCODED: &str = "aHVudGVyMi1pbi10aGUtY2x1c3Rlcg==";
/// What somebody pastes.
const PASTED: &str = "hunter2-in-the-clipboard";

#[tokio::test]
async fn a_secret_is_chosen_by_its_name_alone_and_one_that_is_pasted_leaves_nothing_behind() {
    let (stage, _calm) = Stage::calm().await;
    stage.gateway("trusting").await;
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: bank-certs, namespace: {NAMESPACE}}}\nstringData: {{key: {VALUE}}}\n"
    );
    apply_yaml(&stage.client, &secret).await.unwrap();
    let session = stage.screen("trusting");
    // What the cluster has to choose from is there once its nodes are told.
    session
        .keys("F")
        .sees("1 basics")
        .keys("alt-4")
        .sees("1 of 1 nodes")
        .keys("alt-6")
        .sees("Secret volumes");
    session
        .fills("tab tab tab | certs | tab f3")
        .sees("bank-certs")
        .keys("down tab")
        .fills("tab | /etc/certs");
    session
        .keys("ctrl-s")
        .sees("secretName")
        .sees("bank-certs")
        .keys("esc")
        .sees("Secret volumes")
        .keys("ctrl-x ctrl-x");
    session
        .selects("trusting")
        .keys("N")
        .sees("istio-system/NAME")
        .keys("ctrl-a delete")
        .sees("create new objects");
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    assert!(!raw.contains(VALUE) && !raw.contains(ENCODED));

    session.pastes(&secret.replace(VALUE, PASTED).replace("bank-certs", "pasted"));
    session
        .sees("kind: Secret")
        .keys("ctrl-s")
        .says("A Secret is not written by egret, nor kept as a draft: use kubectl.");
    session
        .keys("esc")
        .says("of a Secret no draft is kept")
        .selects("trusting")
        .keys("D")
        .sees("there is no draft");
    served(session.home());
    let all = files(session.home());
    assert!(!all.is_empty(), "the journal and the log are there");
    for (path, text) in all {
        assert!(![VALUE, ENCODED, PASTED].iter().any(|value| text.contains(value)), "{}", path.display());
    }
}
