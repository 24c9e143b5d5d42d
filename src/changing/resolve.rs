//! From an object as a document names it to where it is served.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::cluster::write::Address;
use crate::model::edit::Target;
use crate::model::fault::{Fault, Reason};
use crate::model::name::Resource;

/// Where an object is, by its kind as the cluster serves it.
///
/// # Errors
/// A Secret (R27); a kind that is not served, or a document that does not say what it is; and when the server does not
/// answer.
pub async fn address(c: &Connection, target: &Target) -> Result<Address, Fault> {
    let Target { api_version, kind, name, .. } = target;
    let wrong =
        |why: String, hint: &str| Err(Fault::new(Reason::Invalid, format!("{}: {why}", c.cluster), hint));
    if kind == "Secret" {
        let fault = format!("{}: egret neither shows nor changes a Secret", c.cluster);
        return Err(Fault::new(Reason::Denied, fault, "kubectl does."));
    }
    for (field, value) in [("apiVersion", api_version), ("kind", kind), ("metadata.name", name)] {
        if value.is_empty() {
            return wrong(format!("the document has no {field}"), "Every object says what it is.");
        }
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let Some(served) = served(c, group, version, kind).await? else {
        let hint = match group {
            "istio.alibabacloud.com" => {
                "`I` on Clusters, or `egret install`, installs the CRD of IstioGateway."
            }
            "networking.istio.io" => "Is Istio installed in this cluster?",
            _ => "Is its CRD installed? Is the version right?",
        };
        return wrong(format!("{kind} of {api_version} is not served"), hint);
    };
    let namespace = match (served.namespaced, target.namespace.as_str()) {
        (false, _) => String::new(),
        (true, "") => {
            return wrong(format!("{kind} {name} has no metadata.namespace"), "Say in which it is to be.");
        }
        (true, namespace) => namespace.to_owned(),
    };
    let resource = Resource {
        group: kept(group),
        version: kept(version),
        plural: kept(&served.plural),
        namespaced: served.namespaced,
    };
    Ok(Address { kind: kind.clone(), resource, namespace, name: name.clone() })
}

/// A kind as a cluster serves it.
struct Served {
    plural: String,
    namespaced: bool,
}

async fn served(c: &Connection, group: &str, version: &str, kind: &str) -> Result<Option<Served>, Fault> {
    let path = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    let list = match discovery::resources(c, &path).await {
        Ok(list) => list,
        Err(fault) if fault.reason == Reason::Missing => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let all = list["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_it = |r: &&Value| r["kind"] == kind && r["name"].as_str().is_some_and(|name| !name.contains('/'));
    Ok(all.iter().find(is_it).map(|r| Served {
        plural: r["name"].as_str().unwrap_or_default().to_owned(),
        namespaced: r["namespaced"] == true,
    }))
}

/// A word for as long as the program runs: kinds are named by such, and a cluster serves a few hundred of them at most.
fn kept(word: &str) -> &'static str {
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    match words.get(word) {
        Some(known) => known,
        None => {
            let known: &'static str = Box::leak(word.to_owned().into_boxed_str());
            words.insert(known);
            known
        }
    }
}
