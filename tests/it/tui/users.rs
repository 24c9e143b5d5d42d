//! People with few rights.

use crate::support::plane::{Cluster, Options, apply_yaml};
use crate::support::session::egret;

const GATEWAYS: &str = "
apiVersion: istio.alibabacloud.com/v1beta1
kind: IstioGateway
metadata: {name: allowed-egress, namespace: istio-system}
spec:
  gatewayType: egress
  replicaCount: 1
  ports: [{name: http-0, port: 80, targetPort: 80, protocol: HTTP}]
";

#[tokio::test]
async fn a_narrow_user_sees_what_it_may_and_is_told_what_it_may_not() {
    let cluster = Cluster::start(Options { name: "narrow".to_owned(), ..Options::default() }).await.unwrap();
    let client = cluster.admin().await;
    let crd = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/crds/istiogateways.yaml");
    apply_yaml(&client, &std::fs::read_to_string(crd).unwrap()).await.unwrap();
    apply_yaml(&client, GATEWAYS).await.unwrap();
    let session = egret(&cluster.narrow_kubeconfig(), "").go();
    session.sees("1/1 clusters").sees("allowed-egress");
    session.sees("narrow: no right to list deployments in istio-system (as narrow); nor pods, services");
    session.keys("y").sees("kind: IstioGateway").keys("esc").sees("allowed-egress");
    session.keys("4").sees("egret › pods").sees("no right to list pods");
    session.keys("3").sees("egret › services").sees("no right to list services");
    session.keys("1").sees("egret › clusters").sees("no right to list");
    // What it may not do is there, with the right that is missing, and nothing is tried.
    session.keys("2").sees("allowed-egress").keys(":").sees("command");
    session.type_in("delete");
    session.sees("you may not delete istiogateways in istio-system of narrow (user narrow@narrow)");
    session.keys("esc").sees("allowed-egress").keys("d").sees("delete: you may not delete istiogateways");
}
