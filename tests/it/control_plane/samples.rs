//! The sample gateways that the example program applies.

use crate::support::plane::{Cluster, Options, put_sample_gateways, table};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::Api;

#[tokio::test]
async fn the_sample_gateways_come_up_as_their_makers_would_leave_them() {
    let options = Options { name: "samples".to_owned(), gateway_api: true, ..Options::default() };
    let cluster = Cluster::start(options).await.unwrap();
    let client = cluster.admin().await;
    put_sample_gateways(&client).await.unwrap();

    let printed = table(&client, "/apis/apps/v1/deployments").await.unwrap();
    let mut rows: Vec<_> = printed.rows().collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            ("istio-egress", "istio-egressgateway"),
            ("istio-egress", "partner-egress-istio"),
            ("istio-egress", "payments-egress"),
            ("istio-system", "istio-egressgateway"),
            ("istio-system", "istio-ingressgateway"),
            ("istio-system", "istiod"),
        ]
    );
    let gateways = table(&client, "/apis/gateway.networking.k8s.io/v1/gateways").await.unwrap();
    assert_eq!(gateways.cell("partner-egress", "Programmed"), "True");
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "istio-egress");
    let owned = deployments.get("partner-egress-istio").await.unwrap();
    let owners = owned.metadata.owner_references.unwrap();
    assert_eq!((owners[0].kind.as_str(), owners[0].name.as_str()), ("Gateway", "partner-egress"));
    let services = table(&client, "/api/v1/namespaces/istio-system/services").await.unwrap();
    assert_eq!(services.cell("istio-ingressgateway", "External-IP"), "<pending>");
}
