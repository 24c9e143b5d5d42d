//! What fields a kind has is what its cluster says, on a real server as in the demo.

use std::collections::BTreeSet;

use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::openapi::schema;
use egret::cluster::read_only::ReadOnly;
use egret::demo::story;
use egret::model::edit::path::Path;
use egret::model::name::ClusterName;
use egret::model::schema::Schema;
use egret::runtime::demo;

use super::support::{SOON, connection};
use crate::support::plane::shared_with_crds;

const KINDS: &[(&str, &str)] =
    &[("apps/v1", "Deployment"), ("v1", "Service"), ("istio.alibabacloud.com/v1beta1", "IstioGateway")];

/// The places of all fields.
fn places(at: &Path, schema: &Schema, all: &mut BTreeSet<String>) {
    all.insert(at.to_string());
    for (name, field) in &schema.fields {
        places(&at.field(name), field, all);
    }
    for inner in schema.items.iter().chain(&schema.extra) {
        places(&at.index(0), inner, all);
    }
}

async fn all_places(c: &Connection, api_version: &str, kind: &str) -> BTreeSet<String> {
    // A server tells of the kinds of a new definition a little later than it serves them.
    let schema = tokio::time::timeout(SOON, async {
        loop {
            if let Some(schema) = schema(c, api_version, kind).await.unwrap() {
                return schema;
            }
            tokio::task::yield_now().await;
        }
    });
    let schema = schema.await.unwrap_or_else(|_| panic!("no {kind}"));
    let mut all = BTreeSet::new();
    places(&Path::default(), &schema, &mut all);
    all
}

async fn simulated() -> Connection {
    let world = story::world(1, 0.0);
    let name = ClusterName::from(world.names()[0]);
    let contexts = demo::contexts(&world);
    connect(&contexts, &name, None, ReadOnly::new(true), Patience::default()).await.unwrap()
}

#[tokio::test]
async fn kinds_have_the_same_fields_on_the_real_server_and_in_the_demo() {
    let real = connection(shared_with_crds().await.kubeconfig(), true).await;
    let simulated = simulated().await;
    for (api_version, kind) in KINDS {
        let real = all_places(&real, api_version, kind).await;
        let simulated = all_places(&simulated, api_version, kind).await;
        assert!(real.len() > 40, "{kind}: {} fields", real.len());
        let other: Vec<_> = real.symmetric_difference(&simulated).take(20).collect();
        assert!(other.is_empty(), "{kind}: {other:?}");
    }
    for c in [&real, &simulated] {
        assert_eq!(schema(c, "apps/v1", "Nothing").await, Ok(None));
        assert_eq!(schema(c, "nothing.io/v1", "Thing").await, Ok(None));
        assert_eq!(schema(c, "no version", "Thing").await, Ok(None));
        let service = schema(c, "v1", "Service").await.unwrap().unwrap();
        assert!(service.at(&"spec.ports[0].targetPort".parse().unwrap()).unwrap().int_or_string);
    }
    let deployment = schema(&real, "apps/v1", "Deployment").await.unwrap().unwrap();
    let memory = "spec.template.spec.containers[0].resources.limits.memory";
    assert!(deployment.at(&memory.parse().unwrap()).unwrap().int_or_string);
    assert!(deployment.at(&"spec.replicas".parse().unwrap()).unwrap().description.contains("desired pods"));
}

#[tokio::test]
async fn nothing_that_the_real_server_keeps_is_complained_of() {
    let cluster = shared_with_crds().await;
    let (c, client) = (connection(cluster.kubeconfig(), true).await, cluster.admin().await);
    let mut checked = 0;
    for (path, api_version, kind) in [
        ("/api/v1/namespaces", "v1", "Namespace"),
        ("/api/v1/services", "v1", "Service"),
        ("/api/v1/nodes", "v1", "Node"),
        ("/api/v1/configmaps", "v1", "ConfigMap"),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles", "rbac.authorization.k8s.io/v1", "ClusterRole"),
        (
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
        ),
        ("/apis/coordination.k8s.io/v1/leases", "coordination.k8s.io/v1", "Lease"),
        (
            "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
            "flowcontrol.apiserver.k8s.io/v1",
            "FlowSchema",
        ),
    ] {
        let schema = schema(&c, api_version, kind).await.unwrap().unwrap();
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        let list: serde_json::Value = client.request(request).await.unwrap();
        for item in list["items"].as_array().unwrap() {
            assert_eq!(schema.check(item), [], "{kind} {}", item["metadata"]["name"]);
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
}
