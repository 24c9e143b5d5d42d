//! What a cluster is and serves: asked once, and again only when a CRD changes.

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{get, refusal, whole};
use crate::model::crd::KEEPER_LABEL;
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::snapshot::Keeper;

/// What is known of a cluster beside its rows. What could not be read is `None`.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// `gitVersion` of the API server.
    pub kubernetes: Option<Box<str>>,
    /// Uid of `kube-system` (R2).
    pub uid: Option<Box<str>>,
    /// Who keeps gateways, as far as discovery and the CRD tell (R4).
    pub keeper: Option<Keeper>,
    /// Versions in which `istio.alibabacloud.com` is served.
    pub served_versions: Option<Box<[Box<str>]>>,
    /// Something was not answered at all: to be asked again.
    pub unanswered: bool,
}

/// Reads a JSON answer.
///
/// # Errors
/// When the server refuses or does not answer, or the answer is not what it should be.
pub(super) async fn json<T: DeserializeOwned>(c: &Connection, path: &str, what: &str) -> Result<T, Fault> {
    let asked = Asked::new(&c.cluster, what);
    let answer = get(c, path, &asked, c.patience.answer).await?;
    if answer.status() != StatusCode::OK {
        return Err(refusal(c, answer, &asked).await);
    }
    let body = whole(c, answer.into_body(), &asked).await?;
    // Where it cannot be read, not what is there: the parser's own words repeat values.
    serde_json::from_slice(&body).map_err(|e| {
        let why = format!("the answer cannot be read (line {} column {})", e.line(), e.column());
        asked.because(Reason::Server, &why, "")
    })
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: Box<str>,
}

/// The versions of a group, best first; none when it is not served.
async fn versions(c: &Connection, group: &str) -> Result<Vec<Box<str>>, Fault> {
    match json::<Group>(c, &format!("/apis/{group}"), &format!("read the API group {group}")).await {
        Ok(group) => Ok(group.versions.into_iter().map(|v| v.version).collect()),
        Err(fault) if fault.reason == Reason::Missing => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}

/// Whether a kind comes with a CRD, so that it may be missing or served in another version.
pub(super) fn has_crd(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::IstioGateway
            | Kind::Gateway
            | Kind::GatewayClass
            | Kind::IstioServers
            | Kind::VirtualService
            | Kind::DestinationRule
            | Kind::ServiceEntry
            | Kind::AuthorizationPolicy
            | Kind::EgressTrafficPolicy
    )
}

/// The versions in which to try a kind: the one egret knows best first, then as the cluster prefers. A group may be
/// served in a version that this kind of it is not served in.
///
/// # Errors
/// When the group is not served ([`Reason::Missing`]), or the server refuses or does not answer.
pub async fn served(c: &Connection, kind: Kind) -> Result<Vec<Box<str>>, Fault> {
    let resource = kind.resource();
    if !has_crd(kind) {
        return Ok(vec![resource.version.into()]);
    }
    let mut served = versions(c, resource.group).await?;
    if served.is_empty() {
        let summary = format!("{}: {} is not served", c.cluster, resource.plural);
        return Err(Fault::new(Reason::Missing, summary, ""));
    }
    served.sort_by_key(|version| &**version != resource.version);
    Ok(served)
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    git_version: Box<str>,
}

/// Asks what the cluster is. What is not answered or refused stays unknown.
pub async fn facts(c: &Connection) -> Known {
    let (version, namespace, (served_versions, keeper)) = futures::join!(
        json::<Version>(c, "/version", "read the version"),
        json::<Value>(c, "/api/v1/namespaces/kube-system", "get namespace kube-system"),
        keeper(c),
    );
    let unanswered = version.as_ref().is_err_and(Fault::transient)
        || namespace.as_ref().is_err_and(Fault::transient)
        || keeper.is_none();
    Known {
        unanswered,
        kubernetes: version.ok().map(|v| v.git_version),
        uid: namespace.ok().and_then(|n| n["metadata"]["uid"].as_str().map(Into::into)),
        served_versions,
        keeper,
    }
}

/// Who keeps the `IstioGateway`s of a cluster; `None`: it could not be asked.
pub async fn gateway_keeper(c: &Connection) -> Option<Keeper> {
    keeper(c).await.1
}

/// Who keeps `IstioGateway`s, and the versions they are served in. Presence is read from discovery, not from the CRD
/// object: ASM serves kinds that have none. Evidence that cannot be read leaves it unknown, and unknown is never
/// egret (R4: fail closed). Marks on the gateways themselves are for whoever has their rows.
async fn keeper(c: &Connection) -> (Option<Box<[Box<str>]>>, Option<Keeper>) {
    let resource = Kind::IstioGateway.resource();
    let Ok(served) = versions(c, resource.group).await else { return (None, None) };
    if served.is_empty() {
        return (Some(Box::default()), Some(Keeper::Nobody));
    }
    let name = format!("{}.{}", resource.plural, resource.group);
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    let crd: Result<Value, Fault> = json(c, &path, "get the CRD").await;
    let (key, value) = KEEPER_LABEL;
    let keeper = match crd {
        Ok(crd) if crd["metadata"]["labels"][key].as_str() == Some(value) => Some(Keeper::Egret),
        Ok(_) => Some(Keeper::Other),
        // Served, and not by a CRD.
        Err(fault) if fault.reason == Reason::Missing => Some(Keeper::Asm),
        Err(fault) if fault.reason == Reason::Denied => Some(Keeper::Unknown),
        Err(_) => None,
    };
    (Some(served.into()), keeper)
}

#[derive(Deserialize)]
struct Served {
    #[serde(default)]
    resources: Vec<ServedResource>,
}

#[derive(Deserialize)]
struct ServedResource {
    name: String,
}

/// What a group version serves, as the server lists it: `/api/v1`, `/apis/apps/v1`.
///
/// # Errors
/// When it is not served ([`Reason::Missing`]), or the server refuses or does not answer.
pub async fn resources(c: &Connection, path: &str) -> Result<Value, Fault> {
    json(c, path, &format!("read what {path} serves")).await
}

/// The plural names of the kinds of a group that are served, in any version; none when the group is not.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn plurals(c: &Connection, group: &str) -> Result<Vec<String>, Fault> {
    let mut plurals = Vec::new();
    for version in versions(c, group).await? {
        let path = format!("/apis/{group}/{version}");
        let served: Served = json(c, &path, &format!("read the API group {group}")).await?;
        let kinds = served.resources.into_iter().map(|resource| resource.name);
        plurals.extend(kinds.filter(|name| !name.contains('/')));
    }
    plurals.sort();
    plurals.dedup();
    Ok(plurals)
}
