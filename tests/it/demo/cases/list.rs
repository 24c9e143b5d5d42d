//! Lists: selectors, pages, versions, other forms.

use serde_json::json;

use super::objects::{config_map, labelled, pending_pod};
use crate::demo::ask::Ask;
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn lists_are_answered_alike() {
    check("list", CASES).await;
}

/// Config maps `a` to `e`, of which `d` has the label `l` only without a value, and `e` has none.
async fn five(r: &Run) {
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "")] {
        r.post("configmaps", labelled(name, label)).await.is(201);
    }
    r.post("configmaps", config_map("e", json!({}))).await.is(201);
}

/// Only ours: each namespace has a config map of its own making.
const OURS: &str = "metadata.name!=kube-root-ca.crt";

pub(super) const CASES: &[Case] = &[
    case!("labels select by being equal, in a set, there or not", |r| {
        five(&r).await;
        for (selector, names) in [
            ("l=x", &["a", "c"][..]),
            ("l==y", &["b"]),
            ("l!=x", &["b", "d", "e"]),
            ("l in (x,y)", &["a", "b", "c"]),
            ("l notin (x)", &["b", "d", "e"]),
            ("l", &["a", "b", "c", "d"]),
            ("!l", &["e"]),
            ("l=", &["d"]),
            ("l,l!=x", &["b", "d"]),
            ("l in (x), l in (y)", &[]),
            ("l in (,x)", &["a", "c", "d"]),
        ] {
            let selector = selector.replace('=', "%3D").replace(',', "%2C");
            let path = format!("configmaps?labelSelector={selector}&fieldSelector={OURS}");
            assert_eq!(r.get(&path).await.is(200).names(), names, "{selector}");
        }
    }),
    case!("labels of numbers select by size", |r| {
        for (name, label) in [("a", "3"), ("b", "10"), ("c", "x")] {
            r.post("configmaps", labelled(name, label)).await.is(201);
        }
        assert_eq!(r.get("configmaps?labelSelector=l>5").await.is(200).names(), ["b"]);
        assert_eq!(r.get("configmaps?labelSelector=l<5").await.is(200).names(), ["a"]);
    }),
    case!("a label selector that is none is refused", |r| {
        for selector in ["l in x", "l=x y", "=x", "!", "l in (x", "-l", "l=_x_", ","] {
            r.get(&format!("configmaps?labelSelector={}", selector.replace('=', "%3D"))).await;
        }
    }),
    case!("fields select by name and namespace", |r| {
        five(&r).await;
        assert_eq!(r.get("configmaps?fieldSelector=metadata.name%3Da").await.is(200).names(), ["a"]);
        assert_eq!(r.get("configmaps?fieldSelector=metadata.name==b").await.is(200).names(), ["b"]);
        let path = format!("configmaps?fieldSelector=metadata.name!=a,{OURS}");
        assert_eq!(r.get(&path).await.is(200).names(), ["b", "c", "d", "e"]);
        let path = "/api/v1/configmaps?labelSelector=l%3Dx&fieldSelector=metadata.namespace%3D{ns}";
        assert_eq!(r.get(path).await.is(200).names(), ["a", "c"]);
        let path = "/apis/apps/v1/deployments?fieldSelector=metadata.namespace%3D{ns}";
        assert_eq!(r.get(path).await.is(200).items().len(), 0);
    }),
    case!("fields that a kind does not select by are refused", |r| {
        for path in [
            "configmaps?fieldSelector=data.k%3Dv",
            "deployments.apps?fieldSelector=spec.replicas%3D1",
            "pods?fieldSelector=spec.none%3D1",
            "configmaps?fieldSelector=x",
            "configmaps?fieldSelector=metadata.name%3Da%3Db",
            "configmaps?fieldSelector=metadata.name",
        ] {
            r.get(path).await.is(400);
        }
    }),
    case!("pods are selected by node and phase", |r| {
        r.post("pods", pending_pod("a")).await.is(201);
        let bound = |name: &str| {
            let mut pod = pending_pod(name);
            pod["spec"]["nodeName"] = json!("no-such-node");
            pod
        };
        r.post("pods", bound("b")).await.is(201);
        let names = async |path: &str| r.look(path).await.is(200).names().join(" ");
        assert_eq!(names("pods?fieldSelector=spec.nodeName%3Dno-such-node").await, "b");
        assert_eq!(names("pods?fieldSelector=spec.nodeName%3D").await, "a");
        assert_eq!(names("pods?fieldSelector=status.phase%3DPending").await, "a b");
        assert_eq!(names("pods?fieldSelector=status.phase!%3DPending").await, "");
        assert_eq!(names("pods?fieldSelector=spec.restartPolicy%3DAlways,spec.nodeName!%3D").await, "b");
        for field in [
            "spec.schedulerName%3Ddefault-scheduler",
            "spec.serviceAccountName%3D",
            "status.podIP%3D",
            "spec.hostNetwork%3Dfalse",
            "status.nominatedNodeName%3D",
        ] {
            let names = names(&format!("pods?fieldSelector={field}")).await;
            r.note(field, json!(names));
        }
    }),
    case!("events and secrets are selected by what they are of", |r| {
        let event = |name: &str, of: &str, kind: &str| {
            json!({"metadata": {"name": name}, "involvedObject": {"kind": of, "name": "x", "namespace": r.ns, "uid": "u"},
                "type": kind, "reason": "Because", "message": "so"})
        };
        r.post("events", event("a", "Pod", "Warning")).await.is(201);
        r.post("events", event("b", "Service", "Normal")).await.is(201);
        for (selector, names) in [
            ("type%3DWarning", &["a"][..]),
            ("involvedObject.kind%3DService", &["b"]),
            ("involvedObject.name%3Dx", &["a", "b"]),
            ("reason%3DBecause,involvedObject.uid%3Du", &["a", "b"]),
        ] {
            assert_eq!(r.get(&format!("events?fieldSelector={selector}")).await.is(200).names(), names);
        }
        r.post("secrets", json!({"metadata": {"name": "s"}, "type": "example.com/t"})).await.is(201);
        assert_eq!(r.get("secrets?fieldSelector=type%3Dexample.com/t").await.is(200).names(), ["s"]);
        assert_eq!(r.get("secrets?fieldSelector=type%3DOpaque").await.is(200).names().len(), 0);
    }),
    case!("a list comes in pages", |r| {
        five(&r).await;
        let first = r.get("configmaps?limit=2&labelSelector=l").await.is(200);
        assert_eq!(first.names(), ["a", "b"]);
        r.get(&format!("configmaps?limit=2&fieldSelector={OURS}")).await.is(200);
        let rest = r
            .look(&format!(
                "configmaps?limit=2&labelSelector=l&continue={}",
                first.text("/metadata/continue")
            ))
            .await;
        r.note("the rest", rest.shown());
        assert_eq!(rest.names(), ["c", "d"]);
        assert_eq!(first.at("/metadata/resourceVersion"), rest.at("/metadata/resourceVersion"));
        // What is not selected comes after them, and the server does not look ahead.
        let empty = r
            .look(&format!("configmaps?limit=2&labelSelector=l&continue={}", rest.text("/metadata/continue")))
            .await;
        r.note("the end", empty.shown());
        assert!(empty.names().is_empty() && empty.at("/metadata/continue").is_null());
    }),
    case!("a page says how many remain, if nothing is selected", |r| {
        for name in ["a", "b", "c"] {
            r.post("services", super::objects::service(name)).await.is(201);
        }
        let first = r.get("services?limit=1").await.is(200);
        assert_eq!(first.at("/metadata/remainingItemCount"), 2);
        let token = first.text("/metadata/continue");
        r.post("services", super::objects::service("bb")).await.is(201);
        r.delete("services/c").await.is(200);
        // The pages are all of one moment.
        let rest = r.look(&format!("services?limit=9&continue={token}")).await.is(200);
        assert_eq!(rest.names(), ["b", "c"]);
        r.get("services?limit=3").await.is(200);
    }),
    case!("a continue token that is none is refused", |r| {
        r.get("services?limit=1&continue=abc").await.is(400);
        r.get("services?limit=1&continue=eyJ9").await.is(400);
        r.get("services?limit=x").await;
        for name in ["a", "b"] {
            r.post("services", super::objects::service(name)).await.is(201);
        }
        let token = r.look("services?limit=1").await.text("/metadata/continue");
        let version = r.look("services").await.version();
        r.ask(Ask::get(format!("services?continue={token}&resourceVersion={version}"))).await;
    }),
    case!("a list may be of any version, of one, or not older", |r| {
        r.post("configmaps", labelled("a", "x")).await.is(201);
        let version = r.look("configmaps").await.version();
        r.post("configmaps", labelled("b", "x")).await.is(201);
        r.get("configmaps?labelSelector=l&resourceVersion=0").await.is(200);
        let not_older =
            r.look(&format!("configmaps?labelSelector=l&resourceVersion={version}")).await.is(200);
        assert_eq!(not_older.names(), ["a", "b"]);
        let exact =
            format!("configmaps?labelSelector=l&resourceVersion={version}&resourceVersionMatch=Exact");
        let exact = r.look(&exact).await.is(200);
        assert_eq!((exact.names(), exact.version()), (vec!["a"], version.clone()));
        let limited =
            r.look(&format!("configmaps?labelSelector=l&limit=5&resourceVersion={version}")).await.is(200);
        r.note("a limited list of a version", limited.shown());
        let not_older =
            format!("configmaps?labelSelector=l&resourceVersion={version}&resourceVersionMatch=NotOlderThan");
        assert_eq!(r.look(&not_older).await.is(200).names(), ["a", "b"]);
    }),
    case!("a version that is none is refused", |r| {
        r.get("configmaps?resourceVersion=abc").await;
        r.get("configmaps?resourceVersion=-1").await;
        r.get("configmaps?resourceVersionMatch=Exact").await;
        r.get("configmaps?resourceVersion=0&resourceVersionMatch=Exact").await;
        r.get("configmaps?resourceVersion=1&resourceVersionMatch=Other").await;
        r.get("configmaps/kube-root-ca.crt?resourceVersion=abc").await;
    }),
    case!("an object is read as it is now, whatever version is asked for", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        r.get("configmaps/a?resourceVersion=0").await.is(200);
        let got = r.look(&format!("configmaps/a?resourceVersion={}", made.version())).await.is(200);
        assert_eq!(got.body, made.body);
    }),
    case!("a list without objects is a list", |r| {
        let list = r.get("services").await.is(200);
        assert_eq!(list.at("/items"), &json!([]));
        r.get("horizontalpodautoscalers.autoscaling").await.is(200);
        r.get("roles.rbac").await.is(200);
    }),
    case!("items of a list do not say their kind", |r| {
        r.post("services", super::objects::service("a")).await.is(201);
        let list = r.get("services").await.is(200);
        assert!(list.at("/items/0/kind").is_null());
        assert_eq!(list.at("/kind"), "ServiceList");
    }),
    case!("metadata alone is answered when it is asked for", |r| {
        five(&r).await;
        let one = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let list = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        let got = r.ask(Ask::get("configmaps/a").accept(one)).await.is(200);
        assert_eq!(got.at("/kind"), "PartialObjectMetadata");
        let all = r.ask(Ask::get("configmaps?labelSelector=l%3Dx").accept(list)).await.is(200);
        assert_eq!(all.names(), ["a", "c"]);
        r.ask(Ask::get("configmaps?labelSelector=l%3Dx").accept(one)).await;
        r.ask(Ask::get("configmaps/none").accept(one)).await.is(404);
        let either = format!("{one},application/json");
        r.ask(Ask::get("configmaps/a").accept(&either)).await.is(200);
        r.ask(
            Ask::new("PATCH", "configmaps/a")
                .text("application/merge-patch+json", r#"{"data": {"k": "v"}}"#)
                .accept(one),
        )
        .await
        .is(200);
        r.ask(Ask::new("DELETE", "configmaps/a").accept(one)).await.is(200);
    }),
    case!("a table is answered when it is asked for", |r| {
        r.post("configmaps", labelled("a", "x")).await.is(201);
        let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
        r.ask(Ask::get("configmaps?labelSelector=l").accept(table)).await.is(200);
    }),
    case!("a list of another namespace is apart", |r| {
        r.post("services", super::objects::service("a")).await.is(201);
        let other = r.look("/api/v1/namespaces/default/services").await.is(200);
        assert!(!other.names().contains(&"a"));
        let all = r.look("/api/v1/services?fieldSelector=metadata.name%3Da").await.is(200);
        assert!(all.items().iter().any(|item| item["metadata"]["namespace"] == *r.ns));
    }),
];
