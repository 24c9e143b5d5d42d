//! What is there: the live objects of a gateway, and what of the mesh its pods depend on.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::Value;
use strum::IntoEnumIterator as _;

use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::build::{Owner, REVISION, Site, own_revision};
use crate::materialize::names::Names;
use crate::materialize::{Part, injection, pending};
use crate::model::fault::Fault;
use crate::model::istio_gateway::{GatewayConfiguration, IstioGateway, Pairs};
use crate::model::name::{Kind, Resource};

/// The live objects of a gateway in one cluster, whoever's they are.
pub type Live = BTreeMap<Part, Value>;

/// Where the object of a part is.
pub fn address(part: Part, namespace: &str, names: &Names) -> Address {
    Address {
        kind: part.to_string(),
        resource: part.resource(),
        namespace: namespace.to_owned(),
        name: names.of_part(part),
    }
}

/// All objects of a part's kind in a namespace.
pub(super) fn collection(part: Part, namespace: &str) -> Address {
    Address {
        kind: part.to_string(),
        resource: part.resource(),
        namespace: namespace.to_owned(),
        name: String::new(),
    }
}

/// The live objects.
///
/// # Errors
/// When the server refuses one of them or does not answer. A kind that is not served has no objects.
pub async fn live(c: &Connection, namespace: &str, names: &Names) -> Result<Live, Fault> {
    let each = Part::iter().map(|part| {
        let at = address(part, namespace, names);
        async move { Ok::<_, Fault>((part, write::get(c, &at).await?)) }
    });
    let found = try_join_all(each).await?;
    Ok(found.into_iter().filter_map(|(part, object)| Some((part, object?))).collect())
}

/// What a gateway is built for in a cluster.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn site(
    c: &Connection,
    gateway: &IstioGateway,
    cluster_id: Option<&str>,
    owner: Owner,
    names: Names,
    live: Option<&Value>,
) -> Result<Site, Fault> {
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
    let configuration = gateway.spec.effective(cluster_id);
    let own = own_revision(&configuration);
    // Chosen once (R5): what the pods have, they keep.
    let revision = match (live.and_then(pending::chosen_revision), live) {
        (Some(chosen), _) => chosen,
        (None, Some(live)) => {
            live["spec"]["template"]["metadata"]["labels"][REVISION].as_str().map(str::to_owned)
        }
        (None, None) if own.is_some() => None,
        (None, None) => namespace_labels(c, namespace).await?.get(REVISION).cloned(),
    };
    let injected = own.or(revision.as_deref());
    let proxy_image = if needs_image(&configuration) { proxy_image(c, injected).await? } else { None };
    Ok(Site { cluster_id: cluster_id.map(str::to_owned), owner, names, revision, proxy_image })
}

/// Whether containers must name the proxy's image: those that the injector leaves alone.
fn needs_image(configuration: &GatewayConfiguration) -> bool {
    let kernel = configuration.kernel.as_ref().is_some_and(|kernel| kernel.enabled == Some(true));
    kernel || configuration.host_network == Some(true)
}

fn core(kind: &str, plural: &'static str, namespace: &str, name: &str) -> Address {
    Address {
        kind: kind.to_owned(),
        resource: Resource { group: "", version: "v1", plural, namespaced: !namespace.is_empty() },
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

async fn namespace_labels(c: &Connection, namespace: &str) -> Result<Pairs, Fault> {
    let object = write::get(c, &core("Namespace", "namespaces", "", namespace)).await?;
    let labels = object.map(|mut object| object["metadata"]["labels"].take());
    Ok(labels.and_then(|labels| serde_json::from_value(labels).ok()).unwrap_or_default())
}

/// The proxy's image, as the injector's own values name it; `None` when they do not.
async fn proxy_image(c: &Connection, revision: Option<&str>) -> Result<Option<String>, Fault> {
    let name = match revision {
        None | Some("default") => "istio-sidecar-injector".to_owned(),
        Some(revision) => format!("istio-sidecar-injector-{revision}"),
    };
    let map = write::get(c, &core("ConfigMap", "configmaps", "istio-system", &name)).await?;
    let values = map.as_ref().and_then(|map| map["data"]["values"].as_str()).unwrap_or_default();
    Ok(serde_json::from_str(values).ok().and_then(|values| image_of(&values)))
}

/// `hub/image:tag` of an injector's values; an image that is a whole name stands for itself.
fn image_of(values: &Value) -> Option<String> {
    let global = &values["global"];
    let image = global["proxy"]["image"].as_str()?;
    if image.contains('/') {
        return Some(image.to_owned());
    }
    let tag = match &global["tag"] {
        Value::String(tag) => tag.clone(),
        Value::Number(tag) => tag.to_string(),
        _ => return None,
    };
    let variant = global["variant"].as_str().filter(|v| !v.is_empty()).map(|v| format!("-{v}"));
    Some(format!("{}/{image}:{tag}{}", global["hub"].as_str()?, variant.unwrap_or_default()))
}

/// Whether Istio would make the pods of a template whole (R7).
///
/// # Errors
/// When the webhooks cannot be read.
pub async fn injects(c: &Connection, namespace: &str, template: &Value) -> Result<bool, Fault> {
    let webhooks = Address {
        kind: "MutatingWebhookConfiguration".to_owned(),
        resource: Resource {
            group: "admissionregistration.k8s.io",
            version: "v1",
            plural: "mutatingwebhookconfigurations",
            namespaced: false,
        },
        namespace: String::new(),
        name: String::new(),
    };
    let configurations = write::list(c, &webhooks, "").await?;
    let labels = namespace_labels(c, namespace).await?;
    Ok(injection::injects(&configurations, &labels, template))
}

/// The pods that a Deployment selects.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn pods(c: &Connection, namespace: &str, names: &Names) -> Result<Vec<Value>, Fault> {
    let Resource { group, version, plural, namespaced } = Kind::Pod.resource();
    let at = Address {
        kind: Kind::Pod.to_string(),
        resource: Resource { group, version, plural, namespaced },
        namespace: namespace.to_owned(),
        name: String::new(),
    };
    let selector: Vec<String> = names.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    write::list(c, &at, &selector.join(",")).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_proxys_image_is_put_together_as_the_injector_does() {
        for (values, image) in [
            (
                json!({"global": {"hub": "h", "tag": "1.28.0", "proxy": {"image": "proxyv2"}}}),
                Some("h/proxyv2:1.28.0"),
            ),
            (
                json!({"global": {"hub": "h", "tag": 1, "variant": "distroless", "proxy": {"image": "proxyv2"}}}),
                Some("h/proxyv2:1-distroless"),
            ),
            (json!({"global": {"proxy": {"image": "mirror/p:2"}}}), Some("mirror/p:2")),
            (json!({"global": {"hub": "h"}}), None),
            (json!({}), None),
        ] {
            assert_eq!(image_of(&values).as_deref(), image);
        }
    }
}
