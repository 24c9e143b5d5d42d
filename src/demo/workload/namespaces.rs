//! Namespaces and definitions: what each begins with, and how what is in them goes with them.

use std::collections::BTreeMap;

use serde_json::json;

use super::{pods, set_condition};
use crate::demo::state::State;
use crate::demo::state::delete::CLEANUP;
use crate::demo::state::write::set;
use crate::demo::store::Key;
use crate::demo::strategy;

const WRITER: &str = "kube-controller-manager";

/// What the certificate of every cluster's own CA is said to be for.
const ABOUT_CA: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// Looks at a namespace.
pub(super) fn sync(state: &mut State, key: &Key) {
    let Some(namespace) = state.store.get(key).cloned() else { return };
    if pods::is_going(&namespace) {
        return empty(state, key);
    }
    if state.get("serviceaccounts", &key.name, "default").is_none() {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": &*key.name}});
        let _ = state.make("serviceaccounts", account, WRITER);
    }
    if state.get("configmaps", &key.name, "kube-root-ca.crt").is_none() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "kube-root-ca.crt", "namespace": &*key.name,
                "annotations": {"kubernetes.io/description": ABOUT_CA}},
            "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"}});
        let _ = state.make("configmaps", map, WRITER);
    }
}

/// Deletes what is in a namespace; when nothing is left, the namespace.
fn empty(state: &mut State, key: &Key) {
    let resources: Vec<_> =
        state.resources.iter().filter(|r| r.namespaced && r.verbs.len() > 1).cloned().collect();
    let mut left: Vec<Key> = Vec::new();
    for resource in &resources {
        let inside: Vec<Key> =
            state.store.list(&resource.id, Some(&key.name)).map(|(k, _)| k.clone()).collect();
        for object in inside {
            let _ = state.remove(&object);
            left.extend(state.store.get(&object).is_some().then_some(object));
        }
    }
    left.sort();
    left.dedup();
    let now = state.now;
    let count = left.len();
    let (remaining, holders) = words(state, &left);
    let _ = state.change_status(key, WRITER, |namespace| {
        let status = &mut namespace["status"];
        let fine = [
            (
                "NamespaceDeletionDiscoveryFailure",
                "ResourcesDiscovered",
                "All resources successfully discovered",
            ),
            (
                "NamespaceDeletionGroupVersionParsingFailure",
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed",
            ),
            (
                "NamespaceDeletionContentFailure",
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
            ),
        ];
        for (kind, reason, message) in fine {
            set_condition(status, kind, "False", reason, message, now, false);
        }
        let (is, reason, message) = if count == 0 {
            ("False", "ContentRemoved", "All content successfully removed".to_owned())
        } else {
            ("True", "SomeResourcesRemain", format!("Some resources are remaining: {}", remaining.join(", ")))
        };
        set_condition(status, "NamespaceContentRemaining", is, reason, &message, now, false);
        let (is, reason, message) = if holders.is_empty() {
            ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned())
        } else {
            let all = holders.join(", ");
            (
                "True",
                "SomeFinalizersRemain",
                format!("Some content in the namespace has finalizers remaining: {all}"),
            )
        };
        set_condition(status, "NamespaceFinalizersRemaining", is, reason, &message, now, false);
    });
    if left.is_empty() {
        let _ = state.change(key, WRITER, |namespace| set(&mut namespace["spec"], "finalizers", None));
    } else {
        state.after(std::time::Duration::from_secs(1), super::Work::React(key.clone()));
    }
}

/// How many objects of which resource are left, and how many each finalizer holds, in the controller's words.
fn words(state: &State, left: &[Key]) -> (Vec<String>, Vec<String>) {
    let (mut resources, mut holders) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    for key in left {
        *resources.entry(key.resource.to_string()).or_default() += 1;
        let object = state.store.get(key).cloned().unwrap_or_default();
        for finalizer in object["metadata"]["finalizers"].as_array().into_iter().flatten() {
            *holders.entry(finalizer.as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    let dotted = |name: &str| if name.contains('.') { name.to_owned() } else { format!("{name}.") };
    (
        resources.iter().map(|(name, n)| format!("{} has {n} resource instances", dotted(name))).collect(),
        holders.iter().map(|(name, n)| format!("{name} in {n} resource instances")).collect(),
    )
}

/// Looks at a definition of custom resources.
pub(super) fn definition(state: &mut State, key: &Key) {
    let Some(crd) = state.store.get(key).cloned() else { return };
    if !pods::is_going(&crd) {
        let now = state.now;
        let _ = state.change_status(key, "kube-apiserver", |crd| strategy::establish(crd, now));
        return;
    }
    let id = crd["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let objects: Vec<Key> = state.store.list(&id, None).map(|(k, _)| k.clone()).collect();
    for object in &objects {
        let _ = state.remove(object);
    }
    if objects.iter().any(|k| state.store.get(k).is_some()) {
        state.after(std::time::Duration::from_secs(1), super::Work::React(key.clone()));
    } else {
        let _ = state.release(key, CLEANUP, "kube-apiserver");
    }
}
