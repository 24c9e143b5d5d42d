use serde_json::json;

use super::*;

fn wish(namespace: &str) -> Wish {
    Wish { namespace: namespace.to_owned(), image: Some("egret:1".to_owned()), cluster_id: None }
}

#[test]
fn without_an_image_the_crd_alone_is_installed_and_it_is_egrets_own() {
    let alone = manifests(&Wish { namespace: "istio-system".into(), image: None, cluster_id: None });
    assert_eq!(alone.len(), 1);
    assert_eq!(alone[0]["metadata"]["name"], CRD_NAME);
    assert!(is_ours(&alone[0]));
}

#[test]
fn every_object_has_a_place_and_says_that_it_is_egrets() {
    for namespace in ["istio-system", "edge"] {
        let all = manifests(&wish(namespace));
        for object in &all {
            let kind = object["kind"].as_str().unwrap();
            let place = resource(kind).unwrap_or_else(|| panic!("{kind}"));
            assert_eq!(place.namespaced, object["metadata"]["namespace"].is_string(), "{kind}");
            assert!(is_ours(object), "{kind}");
        }
        // The rights come before the Deployment that uses them.
        assert_eq!(all.last().unwrap()["kind"], "Deployment");
    }
    // Outside Istio's own namespace the controller reads there too.
    assert_eq!(manifests(&wish("edge")).len(), manifests(&wish("istio-system")).len() + 2);
}

#[test]
fn the_controller_is_told_the_id_of_its_cluster_where_there_is_one() {
    let wish = Wish { cluster_id: Some("c1".into()), ..wish("istio-system") };
    let all = manifests(&wish);
    let args = &all.last().unwrap()["spec"]["template"]["spec"]["containers"][0]["args"];
    assert_eq!(args.as_array().unwrap()[5..], [json!("--cluster-id"), json!("c1")]);
}

#[test]
fn only_what_is_egrets_is_changed() {
    let object = &manifests(&wish("istio-system"))[1];
    assert_eq!(judge(object, None), Ok(What::Create));
    assert_eq!(judge(object, Some(object)), Ok(What::Same));
    let mut other = object.clone();
    other["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
    assert_eq!(judge(object, Some(&other)), Err("Helm".to_owned()));
    // An object of a gateway carries egret's label as well.
    other["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "egret"});
    assert_eq!(judge(object, Some(&other)), Err("egret".to_owned()));
}

#[test]
fn what_asm_made_is_known_by_its_keys_and_what_egret_made_is_not_asms() {
    let marked = |labels: Value| json!({"metadata": {"labels": labels, "annotations": {"asm.alibabacloud.com/x": "1"}}});
    assert_eq!(asm_mark(&marked(json!({}))), Some("asm.alibabacloud.com/x".to_owned()));
    assert_eq!(asm_mark(&marked(json!({"app.kubernetes.io/managed-by": "egret"}))), None);
    assert_eq!(asm_mark(&json!({"metadata": {"labels": {"app": "x"}}})), None);
}
