//! From gateways to their parts, and back.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::Api;

use crate::support::plane::{apply_yaml, delete_now};
use crate::support::session::{egret, with_gateways};

#[tokio::test]
async fn a_gateway_opens_on_its_overview_each_tab_by_its_digit_and_back_is_the_same_row() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-n istio-egress").go();
    session.sees("1/1 clusters").sees("payments-egress").keys("down down").selects("payments-egress");
    session.keys("enter").sees("▸1 overview◂").sees("Running: 3 of 3 ready").sees("Port mapping");
    session.keys("2").sees("▸2 pods◂").sees("payments-egress-");
    session.keys("3").sees("▸3 service◂").sees("Endpoints");
    session.keys("4").sees("▸4 scaling◂").sees("3–5 replicas");
    session.keys("6").sees("▸6 events◂").sees("ScalingReplicaSet");
    session.keys("7").sees("▸7 yaml◂").sees("kind: Deployment");
    session.keys("backtab").sees("▸6 events◂");
    session.keys("0").sees("▸0 certs◂").keys("tab").sees("▸1 overview◂").keys("backtab").sees("▸0 certs◂");
    // Nothing listens in the pods of this cluster: that is said where it is looked for, and goes before nothing else.
    session.keys("8").sees("▸8 traffic◂").sees("a port-forward does not reach it");
    session.keys("esc").sees("3/3 in istio-egress").selects("payments-egress");
    session.says("Running: 3 of 3 ready. Its traffic cannot be read. t tells why.");
}

#[tokio::test]
async fn yaml_is_searched_round_its_ends_and_shows_each_object_of_the_gateway() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-n istio-egress").size(80, 24).go();
    session.sees("1/1 clusters").sees("payments-egress").keys("down down").selects("payments-egress");
    session.keys("y").sees("▸7 yaml◂").sees("Object 1 of").sees("kind: Deployment");
    session.keys("/").sees("find:");
    session.type_in("progressDeadline");
    session.sees("in 1 line").sees("progressDeadlineSeconds").keys("enter");
    session.keys("g g").sees_not("progressDeadlineSeconds").keys("n").sees("progressDeadlineSeconds");
    session.keys("G").sees_not("progressDeadlineSeconds").keys("N").sees("progressDeadlineSeconds");
    session.keys("esc").sees_not("find:");
    session.keys("/");
    session.type_in("(");
    session.sees("find: (").keys("enter esc").sees_not("find:");
    session.keys("g w ]").sees("Object 2 of").sees("kind: Service");
    session.keys("[").sees("Object 1 of").sees("kind: Deployment");
    session.keys("m").sees("managedFields are shown").sees("1–19 of");
    session.keys("/");
    session.type_in("managedFields:");
    session.sees("in 1 line").keys("enter esc m").sees("managedFields are hidden");
}

#[tokio::test]
async fn a_gateway_leads_to_its_pods_and_service_and_a_pod_back_up_to_its_gateway() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-n istio-egress").go();
    session.sees("1/1 clusters").sees("payments-egress").keys("down down").selects("payments-egress");
    session
        .keys("p")
        .sees("▸2 pods◂")
        .sees("1/3")
        .keys("esc")
        .sees_not("▸2 pods◂")
        .selects("payments-egress");
    session.keys("v").sees("▸3 service◂").sees("Service payments-egress");
    session.keys("esc").sees_not("▸3 service◂").keys("4").sees("egret › pods").sees("partner-egress-istio-");
    session.keys("/");
    session.type_in("payments");
    session.sees("3 of").keys("enter enter").sees("▸1 overview◂").sees("Containers");
    session.keys("u").sees("Port mapping").sees("payments-egress · ");
    session
        .keys("esc")
        .sees("Containers")
        .keys("esc")
        .sees("filter: payments")
        .keys("esc")
        .sees_not("filter:");
    session.keys("3").sees("egret › services").sees("payments-egress");
    session.keys("end").selects("payments-egress").keys("p").sees("egret › pods").sees("label:").sees("3 of");
    session
        .keys("esc")
        .sees_not("label:")
        .keys("3")
        .sees("egret › services")
        .keys("end")
        .selects("payments-egress")
        .keys("u")
        .sees("Port mapping");
}

#[tokio::test]
async fn the_details_of_a_deleted_gateway_say_so_and_keep_its_last_state() {
    let cluster = with_gateways().await;
    let client = cluster.admin().await;
    let name = crate::support::plane::unique("doomed");
    cluster.namespace(&client, &name).await.unwrap();
    apply_yaml(
        &client,
        &format!(
            "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: doomed, namespace: {name}, labels: {{app: doomed, istio: egressgateway}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: doomed}}}}
  template:
    metadata:
      labels: {{app: doomed, istio: egressgateway}}
      annotations: {{inject.istio.io/templates: gateway}}
    spec: {{containers: [{{name: istio-proxy, image: 'docker.io/istio/proxyv2:1.28.0', args: [proxy, router]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: doomed, namespace: {name}, labels: {{app: doomed, istio: egressgateway}}}}
spec: {{selector: {{app: doomed}}, ports: [{{name: http, port: 80}}]}}
"
        ),
    )
    .await
    .unwrap();
    let overview = egret(cluster.kubeconfig(), &format!("-n {name}")).go();
    overview.sees("1/1 clusters").sees("Running").keys("enter").sees("▸1 overview◂").sees("1 of 1 ready");
    let yaml = egret(cluster.kubeconfig(), &format!("-n {name}")).go();
    yaml.sees("1/1 clusters").sees("doomed").keys("y").sees("kind: Deployment");
    delete_now(&Api::<Deployment>::namespaced(client.clone(), &name), "doomed").await;
    delete_now(&Api::<Service>::namespaced(client.clone(), &name), "doomed").await;
    for session in [&overview, &yaml] {
        session.sees("It was deleted: this is how it was last seen.");
    }
    assert!(
        overview.screen().contains("Basic") && overview.screen().contains("doomed"),
        "{}",
        overview.screen()
    );
    assert!(yaml.screen().contains("kind: Deployment"), "{}", yaml.screen());
    overview.keys("esc").sees("No egress gateways in");
}

#[tokio::test]
async fn the_details_of_a_deleted_pod_say_so_and_keep_its_last_state() {
    let place = super::Place::new().await;
    place.pod("short-lived", &["main"]).await;
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").sees("Running").keys("enter").sees("▸1 overview◂").sees("Containers");
    delete_now(&place.pods(), "short-lived").await;
    session.sees("It was deleted").sees("Containers").keys("3").sees("kind: Pod").sees("It was deleted");
    session.keys("esc").sees("No pods in");
}

#[tokio::test]
async fn a_closed_cluster_leaves_the_open_yaml_on_the_screen_and_an_opened_one_brings_it_up_to_date() {
    let place = super::Place::new().await;
    place.pod("kept", &["main"]).await;
    let session = egret(place.cluster.kubeconfig(), &place.view("pods")).go();
    session.sees("1/1 clusters").sees("kept").keys("y").sees("kind: Pod");
    session
        .command("close-context shared")
        .sees("0/0 clusters")
        .sees("shared was closed: this is how it was last");
    assert!(session.screen().contains("kind: Pod"), "{}", session.screen());
    let patch =
        kube::api::Patch::Merge(serde_json::json!({"metadata": {"labels": {"meanwhile": "changed"}}}));
    place.pods().patch("kept", &kube::api::PatchParams::default(), &patch).await.unwrap();
    session
        .command("open-context shared")
        .sees("1/1 clusters")
        .sees("meanwhile: changed")
        .sees_not("was closed");
}
