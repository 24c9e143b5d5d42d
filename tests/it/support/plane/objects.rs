//! Objects: applied from YAML, patched, waited for.

use super::{Error, Result, While};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiResource, Scope, oneshot};
use kube::runtime::wait::{Condition, await_condition, conditions};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

/// How long anything waited for may take on a busy machine. Nothing waits this long unless it fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Applies every document of a YAML text server-side, in their order, whatever their kinds; returns what the server
/// made of them. A namespaced object without a namespace goes to `default`. After a definition of a kind the kind can
/// be used.
pub async fn apply_yaml(client: &Client, text: &str) -> Result<Vec<DynamicObject>> {
    let documents: Vec<Value> = serde_yaml::from_multiple(text).while_doing("reading YAML")?;
    let mut kinds = HashMap::new();
    let mut applied = Vec::new();
    for document in documents.into_iter().filter(|document| !document.is_null()) {
        applied.push(apply_with(client, &mut kinds, document).await?);
    }
    Ok(applied)
}

/// Applies one object.
pub(super) async fn apply(client: &Client, document: Value) -> Result<DynamicObject> {
    apply_with(client, &mut HashMap::new(), document).await
}

type Kinds = HashMap<GroupVersionKind, (ApiResource, Scope)>;

async fn apply_with(client: &Client, kinds: &mut Kinds, document: Value) -> Result<DynamicObject> {
    let object: DynamicObject = serde_json::from_value(document).while_doing("reading an object")?;
    let types =
        object.types.clone().ok_or_else(|| Error("an object without apiVersion and kind".to_owned()))?;
    let name =
        object.metadata.name.clone().ok_or_else(|| Error(format!("a {} without a name", types.kind)))?;
    let what = format!("applying {} {name}", types.kind);
    let kind = GroupVersionKind::try_from(&types).while_doing(&what)?;
    if !kinds.contains_key(&kind) {
        let (resource, capabilities) = oneshot::pinned_kind(client, &kind).await.while_doing(&what)?;
        kinds.insert(kind.clone(), (resource, capabilities.scope));
    }
    let (resource, scope) = &kinds[&kind];
    let api: Api<DynamicObject> = match (scope, &object.metadata.namespace) {
        (Scope::Cluster, _) => Api::all_with(client.clone(), resource),
        (Scope::Namespaced, Some(namespace)) => Api::namespaced_with(client.clone(), namespace, resource),
        (Scope::Namespaced, None) => Api::namespaced_with(client.clone(), "default", resource),
    };
    let params = PatchParams::apply("egret-test").force();
    let applied = api.patch(&name, &params, &Patch::Apply(&object)).await.while_doing(&what)?;
    if kind.kind == "CustomResourceDefinition" {
        let api = Api::<CustomResourceDefinition>::all(client.clone());
        awaited(api, &name, |crd: &CustomResourceDefinition| {
            conditions::is_crd_established().matches_object(Some(crd))
        })
        .await?;
    }
    Ok(applied)
}

/// Merges `status` into the status of an object, as its controller would.
///
/// # Panics
///
/// When the API server refuses.
pub async fn patch_status<K>(api: &Api<K>, name: &str, status: &Value) -> K
where
    K: Clone + DeserializeOwned + Debug,
{
    let patch = serde_json::json!({ "status": status });
    match api.patch_status(name, &PatchParams::default(), &Patch::Merge(&patch)).await {
        Ok(object) => object,
        Err(why) => panic!("patching the status of {name}: {why}"),
    }
}

/// Deletes an object at once: without grace, and past its finalizers.
///
/// # Panics
///
/// When the API server refuses.
pub async fn delete_now<K>(api: &Api<K>, name: &str)
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let free = serde_json::json!({"metadata": {"finalizers": null}});
    let freed = api.patch(name, &PatchParams::default(), &Patch::Merge(&free)).await;
    let deleted = api.delete(name, &DeleteParams::default().grace_period(0)).await;
    for result in [freed.map(drop), deleted.map(drop)] {
        match result {
            Ok(()) => {}
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            Err(why) => panic!("deleting {name}: {why}"),
        }
    }
}

/// Waits by watch events until an object exists and is as wished; returns it.
///
/// # Panics
///
/// When that does not happen; says what the object was like at last.
pub async fn wait_for<K>(api: Api<K>, name: &str, wish: impl Fn(&K) -> bool) -> K
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Default,
{
    match awaited(api, name, wish).await {
        Ok(object) => object,
        Err(why) => panic!("{why}"),
    }
}

/// Waits by watch events until an object is gone.
///
/// # Panics
///
/// When it stays.
pub async fn wait_until_gone<K>(api: Api<K>, name: &str)
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let gone = await_condition(api, name, |object: Option<&K>| object.is_none());
    match tokio::time::timeout(PATIENCE, Box::pin(gone)).await {
        Ok(Ok(_)) => {}
        Ok(Err(why)) => panic!("waiting until {name} is gone: {why}"),
        Err(_) => panic!("{name} is still there after {} s", PATIENCE.as_secs()),
    }
}

pub(super) async fn awaited<K>(api: Api<K>, name: &str, wish: impl Fn(&K) -> bool) -> Result<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let wished = await_condition(api.clone(), name, |object: Option<&K>| object.is_some_and(&wish));
    match tokio::time::timeout(PATIENCE, Box::pin(wished)).await {
        Ok(Ok(Some(object))) => Ok(object),
        Ok(Ok(None)) => Err(Error(format!("{name} was there and is gone"))),
        Ok(Err(why)) => Err(Error::while_doing(format_args!("waiting for {name}"), why)),
        Err(_) => {
            let last = api.get_opt(name).await;
            Err(Error(format!("{name} is not as wished after {} s but {last:#?}", PATIENCE.as_secs())))
        }
    }
}
