//! The CRDs of `assets/crds` on the real API server: what they take, what they keep, and how they refuse.

use std::path::{Path, PathBuf};

use egret::model::crd::{self, KEEPER_LABEL};
use egret::model::istio_gateway::{GROUP, VERSIONS};
use http::Request;
use kube::Client;
use serde_json::{Value, json};

use crate::support::plane::{apply_yaml, shared_with_crds, table, unique};

/// A client of the cluster for CRDs, which has the CRDs, and a namespace of the caller's own.
async fn prepared() -> (Client, String) {
    let cluster = shared_with_crds().await;
    let client = cluster.admin().await;
    for (_, generate) in crd::all() {
        apply_yaml(&client, &generate().unwrap()).await.unwrap();
    }
    let namespace = unique("crd");
    cluster.namespace(&client, &namespace).await.unwrap();
    (client, namespace)
}

/// The kinds: folder of their documents, plural.
const KINDS: [(&str, &str); 2] =
    [("istiogateways", "istiogateways"), ("policies", "asmegresstrafficpolicies")];

/// The YAML files right in a folder of `tests/data`, and their text.
fn documents(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), std::fs::read_to_string(&file).unwrap())).collect()
}

/// What a text means, as an object of `version` in `namespace`.
fn object(text: &str, version: &str, namespace: &str) -> Value {
    let mut object: Value = serde_yaml::from_str(text).unwrap();
    object["apiVersion"] = format!("{GROUP}/{version}").into();
    object["metadata"]["namespace"] = namespace.into();
    object
}

fn path(plural: &str, version: &str, namespace: &str) -> String {
    format!("/apis/{GROUP}/{version}/namespaces/{namespace}/{plural}")
}

/// Creates an object; the error is the API server's message.
async fn create(client: &Client, path: &str, object: &Value, dry_run: bool) -> Result<Value, String> {
    let dry_run = if dry_run { "&dryRun=All" } else { "" };
    let request = Request::post(format!("{path}?fieldValidation=Strict{dry_run}"));
    let request = request.header("content-type", "application/json").body(object.to_string().into_bytes());
    match client.request(request.unwrap()).await {
        Ok(made) => Ok(made),
        Err(kube::Error::Api(status)) => Err(status.message),
        Err(other) => panic!("{path}: {other}"),
    }
}

async fn get(client: &Client, path: &str) -> Value {
    client.request(Request::get(path).body(Vec::new()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn the_crds_are_established_and_make_egret_the_keeper() {
    let (client, _) = prepared().await;
    for (_, plural) in KINDS {
        let crd = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{GROUP}");
        let crd = get(&client, &crd).await;
        let conditions = crd["status"]["conditions"].as_array().unwrap();
        let true_ones: Vec<_> =
            conditions.iter().filter(|c| c["status"] == "True").map(|c| &c["type"]).collect();
        assert!(true_ones.contains(&&json!("Established")), "{conditions:?}");
        assert!(true_ones.contains(&&json!("NamesAccepted")), "{conditions:?}");
        // A schema that is not structural is stored and not enforced.
        assert!(!true_ones.contains(&&json!("NonStructuralSchema")), "{conditions:?}");
        assert_eq!(crd["metadata"]["labels"][KEEPER_LABEL.0], KEEPER_LABEL.1);
        assert_eq!(crd["status"]["storedVersions"], json!(["v1beta1"]));
    }
}

#[tokio::test]
async fn every_example_is_taken_and_kept_whole_in_both_versions() {
    let (client, _) = prepared().await;
    for (folder, plural) in KINDS {
        for written_in in VERSIONS {
            let namespace = unique("crd");
            shared_with_crds().await.namespace(&client, &namespace).await.unwrap();
            for (file, text) in documents(folder) {
                let object = object(&text, written_in, &namespace);
                let made = create(&client, &path(plural, written_in, &namespace), &object, false).await;
                made.unwrap_or_else(|message| panic!("{}: {message}", file.display()));
                for read_in in VERSIONS {
                    let name = object["metadata"]["name"].as_str().unwrap();
                    let read = get(&client, &format!("{}/{name}", path(plural, read_in, &namespace))).await;
                    let what = format!("{} written in {written_in}, read in {read_in}", file.display());
                    assert_eq!(read["spec"], object["spec"], "{what}");
                    assert_eq!(read["apiVersion"], format!("{GROUP}/{read_in}"), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_bad_document_is_refused_with_a_sentence() {
    let (client, namespace) = prepared().await;
    let mut wrong = Vec::new();
    for (folder, plural) in KINDS {
        for (file, text) in documents(&format!("{folder}/bad")) {
            let expected = text.lines().next().unwrap().strip_prefix("# ").unwrap();
            for version in VERSIONS {
                let object = object(&text, version, &namespace);
                let answer = create(&client, &path(plural, version, &namespace), &object, true).await;
                if !answer.as_ref().is_err_and(|message| message.contains(expected)) {
                    let answer = answer.err().unwrap_or_else(|| "taken".to_owned());
                    wrong.push(format!("{} in {version}: {answer}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not refused as expected:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_port_without_a_protocol_is_tcp() {
    let (client, namespace) = prepared().await;
    let bare = json!({"metadata": {"name": "bare"}, "spec": {"ports": [{"port": 80}]}}).to_string();
    let mut object = object(&bare, "v1", &namespace);
    object["kind"] = "IstioGateway".into();
    let made = create(&client, &path("istiogateways", "v1", &namespace), &object, false).await.unwrap();
    assert_eq!(made["spec"]["ports"], json!([{"port": 80, "protocol": "TCP"}]));
}

#[tokio::test]
async fn the_status_is_kept_and_printed() {
    let (client, namespace) = prepared().await;
    let cases = [
        (
            "istiogateways",
            include_str!("../data/istiogateways/egress.yaml"),
            json!({
                "Status": "Available",
                "GatewayAddress": ["10.96.0.7", "10.96.0.8"],
                "ClusterIdGatewayAddressMap": [{"ipAddress": "10.96.0.7", "clusterId": "c1"}],
                "ErrorMessage": "none so far",
            }),
            &[
                ("Type", "egress"),
                ("Service type", "ClusterIP"),
                ("Status", "Available"),
                ("Address", "10.96.0.7"),
                ("Error", "none so far"),
            ][..],
        ),
        (
            "asmegresstrafficpolicies",
            include_str!("../data/policies/allocated-ports.yaml"),
            json!({
                "status": "Available",
                "message": "all is well",
                "autoAllocatedGatewayPorts": {"api.example.com-443": 10001},
            }),
            &[("ByEgressGateway", "egressgateway-c"), ("Status", "all is well")][..],
        ),
    ];
    for (plural, text, status, cells) in cases {
        let object = object(text, "v1beta1", &namespace);
        let list = path(plural, "v1beta1", &namespace);
        create(&client, &list, &object, false).await.unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let patch = Request::patch(format!("{list}/{name}/status?fieldValidation=Strict"))
            .header("content-type", "application/merge-patch+json")
            .body(json!({"status": status}).to_string().into_bytes());
        let patched: Value = client.request(patch.unwrap()).await.unwrap();
        assert_eq!(patched["status"], status);
        for version in VERSIONS {
            let printed = table(&client, &path(plural, version, &namespace)).await.unwrap();
            for (column, cell) in cells {
                assert_eq!(printed.cell(name, column), *cell, "{plural} {version}: {column}");
            }
        }
    }
}
