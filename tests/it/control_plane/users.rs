//! Who may what, and who asked for what.

use crate::support::plane::{self, apply_yaml, unique};
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{Api, ListParams, PostParams};
use kube::core::{DynamicObject, GroupVersionKind};
use kube::discovery::ApiResource;
use kube::{Client, ResourceExt as _};
use serde_json::json;

#[tokio::test]
async fn the_narrow_user_may_look_at_gateways_and_nothing_else() {
    let cluster = plane::shared().await;
    let client = cluster.client(&cluster.narrow_kubeconfig()).await;
    let gateways = ("istio.alibabacloud.com", "istiogateways");
    for (verb, (group, resource), namespace, allowed) in [
        ("get", gateways, "istio-system", true),
        ("list", gateways, "istio-system", true),
        ("watch", gateways, "istio-system", true),
        ("patch", gateways, "istio-system", false),
        ("create", gateways, "istio-system", false),
        ("delete", gateways, "istio-system", false),
        ("list", gateways, "", false),
        ("list", gateways, "istio-egress", false),
        ("list", ("", "pods"), "istio-system", false),
        ("list", ("apps", "deployments"), "istio-system", false),
        ("list", ("", "services"), "istio-system", false),
        ("list", ("", "namespaces"), "", false),
        ("list", ("", "nodes"), "", false),
    ] {
        let may = may(&client, verb, group, resource, namespace).await;
        assert_eq!(may, allowed, "{verb} {resource} in {namespace:?}");
    }
    let pods: Api<Pod> = Api::namespaced(client, "istio-system");
    match pods.list(&ListParams::default()).await {
        Err(kube::Error::Api(status)) => assert_eq!(status.code, 403, "{}", status.message),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_user_gets_the_rights_given_in_a_namespace_and_everywhere() {
    let cluster = plane::shared().await;
    let name = unique("anna");
    let rule = |resource: &str| PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: vec!["list".to_owned()],
        ..PolicyRule::default()
    };
    cluster.user(&name, Some("istio-system"), &[rule("pods")]).await.unwrap();
    let kubeconfig = cluster.user(&name, None, &[rule("nodes")]).await.unwrap();
    let client = cluster.client(&kubeconfig).await;
    assert!(may(&client, "list", "", "pods", "istio-system").await);
    assert!(!may(&client, "list", "", "pods", "istio-egress").await);
    assert!(may(&client, "list", "", "nodes", "").await);
    assert!(!may(&client, "delete", "", "nodes", "").await);
}

#[tokio::test]
async fn the_audit_log_tells_who_asked_what_since_a_mark() {
    let cluster = plane::shared().await;
    let name = unique("auditor");
    let kubeconfig = cluster.user(&name, None, &[]).await.unwrap();
    let client = cluster.client(&kubeconfig).await;
    client.apiserver_version().await.unwrap();
    let mark = cluster.mark().await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client, "istio-egress");
    maps.get("nothing").await.unwrap_err();
    maps.create(&PostParams::default(), &named("nothing")).await.unwrap_err();
    let entries = cluster.audit_since(mark).await.unwrap();
    let hers: Vec<_> = entries.iter().filter(|entry| entry.user == name).collect();
    let asked: Vec<_> =
        hers.iter().map(|entry| (entry.verb.as_str(), entry.uri.as_str(), entry.code)).collect();
    assert_eq!(
        asked,
        [
            ("get", "/api/v1/namespaces/istio-egress/configmaps/nothing", 403),
            ("create", "/api/v1/namespaces/istio-egress/configmaps?", 403),
        ]
    );
    assert!(hers.iter().all(|entry| entry.user_agent == "egret-test" && entry.stage == "ResponseComplete"));
    let servers = ["system:kube", "egret-test:control-plane", "system:apiserver"];
    let of_servers = |user: &str| servers.iter().any(|server| user.starts_with(server));
    assert!(!entries.iter().any(|entry| of_servers(&entry.user)), "{entries:#?}");
}

#[tokio::test]
async fn several_documents_of_any_kind_are_applied_in_their_order() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let plural = unique("tests").replace('-', "");
    let text = format!(
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.egret.test}}
spec:
  group: egret.test
  names: {{kind: T{plural}, plural: {plural}}}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
# Nothing here.
---
apiVersion: egret.test/v1
kind: T{plural}
metadata: {{name: first, namespace: istio-egress}}
spec: {{number: 1}}
"
    );
    let applied = apply_yaml(&client, &text).await.unwrap();
    assert_eq!(applied.len(), 2);
    let kind = GroupVersionKind::gvk("egret.test", "v1", &format!("T{plural}"));
    let resource = ApiResource::from_gvk_with_plural(&kind, &plural);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), "istio-egress", &resource);
    assert_eq!(api.get("first").await.unwrap().data["spec"]["number"], 1);
    let again = apply_yaml(&client, &text).await.unwrap();
    assert_eq!(again[1].resource_version(), applied[1].resource_version());
    let why = apply_yaml(&client, "apiVersion: egret.test/v1\nkind: Nonsense\nmetadata: {name: x}\n").await;
    assert!(why.unwrap_err().to_string().starts_with("applying Nonsense x: "));
}

fn named(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}})).unwrap()
}

async fn may(client: &Client, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
    let attributes = json!({"verb": verb, "group": group, "resource": resource, "namespace": namespace});
    let review = serde_json::from_value(json!({"spec": {"resourceAttributes": attributes}})).unwrap();
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}
