//! Installing and uninstalling as a person does, on the real control plane.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::discovery::oneshot;
use serde_json::{Value, json};

use super::real::{Controller, canonical, gateways, is_running, names};
use crate::support::plane::{self, Cluster, wait_for, wait_until_gone};
use crate::support::session::shell;

const CRD: &str = "istiogateways.istio.alibabacloud.com";

/// What a verb printed, and its exit code.
async fn egret(cluster: &Cluster, line: &str) -> (Option<i32>, String, String) {
    egret_as(cluster.kubeconfig(), line).await
}

/// The same, as somebody else than the administrator.
async fn egret_as(kubeconfig: &Path, line: &str) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(line.split(' ')).arg("--kubeconfig").arg(kubeconfig);
    command.env_clear().env("HOME", home.path());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Types something else than what a verb asks for on a terminal.
fn refuses(cluster: &Cluster, line: &str, asks: &str, ends: &str) {
    tokio::task::block_in_place(|| {
        let mut session = shell(cluster.kubeconfig(), &format!("$EGRET {line}")).go();
        session.sees(asks);
        session.type_in("y\n");
        session.sees(ends);
        assert_eq!(session.wait_end(std::time::Duration::from_secs(60)).code(), Some(1));
    });
}

/// A kubeconfig of the controller's own account, as its pods would have.
async fn of_the_account(cluster: &Cluster, client: &Client) -> PathBuf {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "istio-system");
    let request = TokenRequest::default();
    let token = accounts.create_token_request("egret-controller", &PostParams::default(), &request).await;
    let token = token.unwrap().status.unwrap().token;
    let admin: Value = serde_yaml::from_str(&std::fs::read_to_string(cluster.kubeconfig()).unwrap()).unwrap();
    let mut config = admin.clone();
    config["users"][0]["user"] = json!({"token": token});
    let file = cluster.dir().join("account.kubeconfig");
    std::fs::write(&file, config.to_string()).unwrap();
    file
}

/// Kind, name and uid of all that runs for a gateway.
async fn uids(client: &Client, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (group, version, kind) in [
        ("", "v1", "ServiceAccount"),
        ("", "v1", "Service"),
        ("", "v1", "Pod"),
        ("apps", "v1", "Deployment"),
        ("apps", "v1", "ReplicaSet"),
        ("policy", "v1", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io", "v1", "Role"),
        ("rbac.authorization.k8s.io", "v1", "RoleBinding"),
    ] {
        let kind = GroupVersionKind::gvk(group, version, kind);
        let (resource, _) = oneshot::pinned_kind(client, &kind).await.unwrap();
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), "istio-system", &resource);
        for object in api.list(&ListParams::default().labels(&format!("istio={name}"))).await.unwrap() {
            let metadata = object.metadata;
            found.insert(format!("{} {} {}", kind.kind, metadata.name.unwrap(), metadata.uid.unwrap()));
        }
    }
    found
}

/// Waits until the garbage collector has seen that a gateway is gone: it takes away what that owned.
async fn collected(client: &Client, canary: &str) {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "istio-system");
    wait_until_gone(maps, canary).await;
}

/// Something that a gateway owns, of which nobody else knows.
async fn put_canary(client: &Client, gateway: &str) -> String {
    let uid = gateways(client).get(gateway).await.unwrap().metadata.uid.unwrap();
    let name = format!("canary-of-{gateway}");
    let canary = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "istio-system",
        "ownerReferences": [{"apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway", "name": gateway, "uid": uid}]}});
    plane::apply_yaml(client, &canary.to_string()).await.unwrap();
    name
}

/// A Secret that leads to another cluster.
async fn put_secret(client: &Client, id: &str, kubeconfig: &Path) {
    let text = base64::engine::general_purpose::STANDARD.encode(std::fs::read(kubeconfig).unwrap());
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": id, "namespace": "istio-system",
        "labels": {"egret/cluster-id": id}}, "data": {"kubeconfig": text}});
    plane::apply_yaml(client, &secret.to_string()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn egret_is_installed_works_with_its_own_rights_and_leaves_the_traffic_behind() {
    let start = |name: &str| Cluster::start(plane::Options { name: name.to_owned(), ..Default::default() });
    let (own, far) = tokio::try_join!(start("install"), start("install-far")).unwrap();
    own.start_istio().await.unwrap();
    far.start_istio().await.unwrap();
    let (client, abroad) = (own.admin().await, far.admin().await);

    // What would be installed, and nothing written.
    let mark = own.mark().await.unwrap();
    let (code, out, err) = egret(&own, "install --image example/egret:1 --dry-run").await;
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(
        out.contains("create     CustomResourceDefinition istiogateways.istio.alibabacloud.com"),
        "{out}"
    );
    let (code, manifests, err) = egret(&own, "install --image example/egret:1 --dry-run -o yaml").await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let (code, _, err) = egret(&own, "install --image example/egret:1").await;
    assert!(code == Some(2) && err.contains("there is no terminal to ask on"), "{err}");
    let (code, _, err) = egret(&own, "install --image example/egret:1 --yes --read-only").await;
    assert!(code == Some(2) && err.contains("read-only is set"), "{err}");
    refuses(&own, "install --image example/egret:1", "Type yes to go on", "nothing was installed");
    let asked = own.audit_since(mark).await.unwrap();
    let writes = asked.iter().filter(|entry| entry.user_agent.starts_with("egret/"));
    let writes: Vec<_> = writes.filter(|e| !["get", "list", "watch"].contains(&e.verb.as_str())).collect();
    assert!(writes.is_empty(), "{writes:?}");

    // The manifests are what the server takes, strictly.
    let documents: Vec<Value> = serde_yaml::from_multiple(&manifests).unwrap();
    for document in &documents {
        let object: DynamicObject = serde_json::from_value(document.clone()).unwrap();
        let kind = GroupVersionKind::try_from(object.types.as_ref().unwrap()).unwrap();
        let (resource, _) = oneshot::pinned_kind(&client, &kind).await.unwrap();
        let api: Api<DynamicObject> = match &object.metadata.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let mut params = PatchParams::apply("egret-test").dry_run();
        params.field_validation = Some(kube::api::ValidationDirective::Strict);
        let name = object.metadata.name.clone().unwrap();
        api.patch(&name, &params, &Patch::Apply(&object)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
    }

    // Who holds fewer rights than the controller gets cannot give them, and is told so.
    let rule =
        json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch", "create", "patch"]});
    let rules: Vec<PolicyRule> = vec![serde_json::from_value(rule).unwrap()];
    let weak = own.user("weak", None, &rules).await.unwrap();
    let (code, _, err) = egret_as(&weak, "install --image example/egret:1 --yes").await;
    assert!(
        code == Some(1) && err.contains("it grants rights that the user of this context does not hold"),
        "{err}"
    );

    let (code, out, err) = egret(&own, "install --image example/egret:1 --yes").await;
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let (code, out, _) = egret(&own, "install --image example/egret:1 --yes").await;
    assert!(code == Some(0) && out.contains("Nothing is to be done.") && !out.contains("change "), "{out}");

    // With the rights of its account, and the way to the other cluster in a Secret that comes later.
    let kubeconfig = of_the_account(&own, &client).await;
    let controller = Controller::start(&kubeconfig, &["--cluster-id", "home-id"]);
    controller.says("looked at what there is to do");
    controller.says("the lease is ours");
    let gateway = canonical("egressgateway", &["home-id", "far-id"]);
    plane::apply_yaml(&client, &gateway.to_string()).await.unwrap();
    wait_for(gateways(&client), "egressgateway", |gateway| {
        let status = gateway.status.clone().unwrap_or_default();
        status.error_message.as_ref().is_some_and(|why| why.contains("cluster far-id is not known"))
    })
    .await;
    put_secret(&client, "far-id", far.kubeconfig()).await;
    wait_for(gateways(&client), "egressgateway", is_running).await;
    let (code, out, err) = egret(&own, "controller --dry-run --cluster-id home-id --log text").await;
    assert!(code == Some(0) && out.contains("egressgateway: writes nothing"), "{out}{err}");

    // Another one keeps the gateways as long as it runs; then they are let go.
    assert_eq!(controller.stop(), Some(0));
    let canary = put_canary(&client, "egressgateway").await;
    let before = [uids(&client, "egressgateway").await, uids(&abroad, "egressgateway").await];
    assert!(before[0].len() >= 7 && before[1].len() >= 7, "{before:#?}");
    let (code, out, err) = egret(&own, "uninstall --cluster-id home-id --dry-run").await;
    assert!(code == Some(0) && out.contains("stays with all that runs for it"), "{out}{err}");
    let (code, out, err) = egret(&own, "uninstall --cluster-id home-id --yes").await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("1 IstioGateways and all that runs for them"), "{out}");
    let gateway = gateways(&client).get("egressgateway").await.unwrap();
    assert_eq!(gateway.metadata.finalizers.unwrap_or_default(), Vec::<String>::new());
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "istio-system");
    assert!(deployments.get_opt("egret-controller").await.unwrap().is_none());
    // The collector takes what a gateway owns: no more than that.
    gateways(&client).delete("egressgateway", &Default::default()).await.unwrap();
    collected(&client, &canary).await;
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    crds.delete(CRD, &Default::default()).await.unwrap();
    wait_until_gone(crds.clone(), CRD).await;
    assert_eq!([uids(&client, "egressgateway").await, uids(&abroad, "egressgateway").await], before);

    // Installed again, and taken away with everything.
    let (code, out, err) = egret(&own, "install --image example/egret:1 --yes").await;
    assert_eq!(code, Some(0), "{out}{err}");
    let controller = Controller::start(&of_the_account(&own, &client).await, &["--cluster-id", "home-id"]);
    controller.says("the lease is ours");
    plane::apply_yaml(&client, &canonical("second", &["home-id", "far-id"]).to_string()).await.unwrap();
    wait_for(gateways(&client), "second", is_running).await;
    assert_eq!(controller.stop(), Some(0));
    let line = "uninstall --cluster-id home-id --yes --delete-gateways";
    refuses(&own, line, "Type install to go on", "nothing was removed");
    let (code, _, err) = egret(&own, line).await;
    assert!(code == Some(2) && err.contains("--confirm CONTEXT says it beforehand"), "{err}");
    let (code, _, err) = egret(&own, &format!("{line} --confirm other")).await;
    assert!(code == Some(2) && err.contains("the context is install"), "{err}");
    assert!(gateways(&client).get_opt("second").await.unwrap().is_some());
    let (code, out, err) = egret(&own, &format!("{line} --confirm install")).await;
    assert_eq!(code, Some(0), "{out}{err}");
    wait_until_gone(crds, CRD).await;
    for client in [&client, &abroad] {
        let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
        for pod in names(client, "second").await.iter().filter_map(|name| name.strip_prefix("pods/")) {
            wait_until_gone(pods.clone(), pod).await;
        }
        assert_eq!(names(client, "second").await, Vec::<String>::new());
    }
    let services: Api<Service> = Api::namespaced(client.clone(), "istio-system");
    assert!(services.get_opt("egret-controller").await.unwrap().is_none());
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "istio-system");
    assert!(secrets.get_opt("far-id").await.unwrap().is_some(), "what a person put there stays");
}
