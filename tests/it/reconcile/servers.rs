//! How clients get along with the servers of a gateway, from the mesh as it is (R13).

use egret::materialize::Part;
use egret::reconcile::mesh;
use egret::routing::MtlsState;
use serde_json::{Value, json};

use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// The state of each server, by port.
async fn states(stage: &Stage, name: &str) -> Vec<(u16, MtlsState)> {
    let deployment = stage.object(HOME, Part::Deployment, &format!("istio-{name}")).unwrap();
    let labels: Value = deployment["spec"]["template"]["metadata"]["labels"].clone();
    let labels = serde_json::from_value(labels).unwrap();
    let c = stage.connection(HOME, &Trouble::none()).await;
    let service = format!("istio-{name}");
    let servers = mesh::servers(&c, NAMESPACE, &service, &labels, None).await.unwrap();
    servers.iter().map(|server| (server.port, server.state())).collect()
}

#[tokio::test]
async fn each_server_is_judged_by_the_pods_label_and_by_what_it_speaks_itself() {
    let stage = Stage::new(&[]);
    let ports = json!([{"name": "http", "port": 80, "targetPort": 80, "protocol": "HTTP"}]);
    stage.put("out", &json!({"ports": ports, "autoCreateGatewayYaml": true}));
    stage.settled("out").await;
    assert_eq!(states(&stage, "out").await, [(80, MtlsState::Plaintext)]);
    stage.edit("out", |gateway| {
        gateway["spec"]["podLabels"] = json!({"security.istio.io/tlsMode": "istio"});
    });
    stage.settled("out").await;
    assert_eq!(states(&stage, "out").await, [(80, MtlsState::Enforced)], "egret's own Gateway goes along");
    stage.edit("out", |gateway| gateway["spec"]["autoCreateGatewayYaml"] = false.into());
    stage.settled("out").await;
    assert_eq!(states(&stage, "out").await, [], "no Gateway selects the pods any more");
    let server = |number: u16, name: &str, protocol: &str, tls: Value| {
        json!({
            "port": {"number": number, "name": name, "protocol": protocol}, "hosts": ["example.com"], "tls": tls,
        })
    };
    let gateway = json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"name": "theirs", "namespace": NAMESPACE},
        "spec": {"selector": {"istio": "out"}, "servers": [
            server(80, "http", "HTTP", Value::Null),
            server(443, "https", "HTTPS", json!({"mode": "ISTIO_MUTUAL"})),
        ]},
    });
    stage.install(HOME, Part::Gateway, &gateway, "kubectl");
    let with_label = [(80, MtlsState::BrokenClientsSendMtls), (443, MtlsState::Enforced)];
    assert_eq!(states(&stage, "out").await, with_label, "the label alone cuts a server of plaintext off");
    stage.edit("out", |gateway| gateway["spec"]["podLabels"] = json!({}));
    stage.settled("out").await;
    let without = [(80, MtlsState::Plaintext), (443, MtlsState::BrokenServerWantsMtls)];
    assert_eq!(states(&stage, "out").await, without);
}
