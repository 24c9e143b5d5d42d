//! What a server says of itself.

use serde_json::{Value, json};

use crate::demo::answer::Answer;
use crate::demo::ask::Ask;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn servers_introduce_themselves_alike() {
    check("discovery", CASES).await;
}

/// The resources that the simulated server has, by group and version.
const SERVED: &[(&str, &[&str])] = &[
    (
        "/api/v1",
        &[
            "configmaps",
            "events",
            "namespaces",
            "namespaces/status",
            "nodes",
            "nodes/status",
            "pods",
            "pods/log",
            "pods/portforward",
            "pods/proxy",
            "pods/status",
            "secrets",
            "serviceaccounts",
            "services",
            "services/status",
        ],
    ),
    (
        "/apis/apps/v1",
        &[
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
        ],
    ),
    ("/apis/autoscaling/v2", &["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
    ("/apis/policy/v1", &["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    ("/apis/discovery.k8s.io/v1", &["endpointslices"]),
    ("/apis/coordination.k8s.io/v1", &["leases"]),
    ("/apis/rbac.authorization.k8s.io/v1", &["clusterrolebindings", "clusterroles", "rolebindings", "roles"]),
    ("/apis/apiextensions.k8s.io/v1", &["customresourcedefinitions", "customresourcedefinitions/status"]),
    (
        "/apis/authorization.k8s.io/v1",
        &["selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"],
    ),
    ("/apis/authentication.k8s.io/v1", &["selfsubjectreviews"]),
    (
        "/apis/admissionregistration.k8s.io/v1",
        &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
    ),
];

/// The resources of a list that the table has.
fn served(answer: &Answer, names: &[&str]) -> Value {
    let all = answer.at("/resources").as_array().unwrap();
    all.iter().filter(|one| one["name"].as_str().is_some_and(|name| names.contains(&name))).cloned().collect()
}

pub(super) const CASES: &[Case] = &[
    case!("the version", |r| {
        let version = r.get("/version").await.is(200);
        assert_eq!(version.at("/major"), "1");
    }),
    case!("it is well, alive and ready", |r| {
        for path in ["/healthz", "/livez", "/readyz"] {
            assert_eq!(r.ask(Ask::get(path).accept("*/*")).await.is(200).body, "ok");
        }
    }),
    case!("the core group", |r| {
        r.get("/api").await.is(200);
    }),
    case!("the resources of each group", |r| {
        for (path, names) in SERVED {
            let list = r.look(path).await.is(200);
            let found = served(&list, names);
            assert_eq!(found.as_array().map(Vec::len), Some(names.len()), "{path}");
            r.note(path, found);
            r.note("kind", json!([list.at("/kind"), list.at("/apiVersion"), list.at("/groupVersion")]));
        }
    }),
    case!("each group has a page of its own and a place among all", |r| {
        let all = r.look("/apis").await.is(200);
        r.note("kind", json!([all.at("/kind"), all.at("/apiVersion")]));
        for (path, _) in SERVED.iter().skip(1) {
            let group = path.split('/').nth(2).unwrap();
            let page = r.look(&format!("/apis/{group}")).await.is(200);
            // The simulated server has one version of each group.
            r.note(
                group,
                json!([
                    page.at("/kind"),
                    page.at("/apiVersion"),
                    page.at("/name"),
                    page.at("/preferredVersion")
                ]),
            );
            let listed = all.at("/groups").as_array().unwrap().iter().any(|g| g["name"] == group);
            r.note("listed", json!(listed));
        }
    }),
    case!("discovery in one piece", |r| {
        let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
        for path in ["/api", "/apis"] {
            let answer = r.hidden(Ask::get(path).accept(accept)).await.is(200);
            r.note(path, json!([answer.content_type, answer.at("/kind"), answer.at("/apiVersion")]));
            for group in answer.items() {
                for version in group["versions"].as_array().into_iter().flatten() {
                    let name = group["metadata"]["name"].as_str();
                    let at = match name {
                        Some(name) => format!("/apis/{name}/{}", version["version"].as_str().unwrap()),
                        None => "/api/v1".to_owned(),
                    };
                    let Some((_, names)) = SERVED.iter().find(|(path, _)| *path == at) else { continue };
                    let whole = |r: &&Value| names.contains(&r["resource"].as_str().unwrap());
                    let mut found: Vec<Value> =
                        version["resources"].as_array().unwrap().iter().filter(whole).cloned().collect();
                    for one in &mut found {
                        let plural = one["resource"].as_str().unwrap().to_owned();
                        if let Some(subs) = one["subresources"].as_array_mut() {
                            subs.retain(|s| {
                                names.contains(&&*format!("{plural}/{}", s["subresource"].as_str().unwrap()))
                            });
                            // All that are left out are none.
                            if subs.is_empty() {
                                one["subresources"] = Value::Null;
                            }
                        }
                    }
                    r.note(&at, json!([found, version["freshness"]]));
                }
            }
        }
    }),
    case!("nodes are there", |r| {
        let nodes = r.look("/api/v1/nodes").await.is(200);
        assert_eq!(nodes.names(), ["node-0", "node-1", "node-2"]);
        for key in ["cpu", "pods"] {
            r.note(key, nodes.at("/items/0/status/allocatable")[key].clone());
        }
        for key in ["kubernetes.io/hostname", "kubernetes.io/os", "topology.kubernetes.io/zone"] {
            r.note(key, nodes.at("/items/0/metadata/labels")[key].clone());
        }
    }),
    case!("the namespaces that every cluster has", |r| {
        let names = ["default", "kube-node-lease", "kube-public", "kube-system"];
        for name in names {
            r.get(&format!("/api/v1/namespaces/{name}")).await.is(200);
        }
    }),
];
