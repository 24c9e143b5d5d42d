//! What a cluster is and serves: asked once, and again only when a CRD changes.

use http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::connect::Connection;
use super::error::{AGAIN, Asked};
use super::stream::{Change, Place, WatchEnd, get, refusal, watch};
use crate::model::crd::KEEPER_LABEL;
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::row::{Row, RowMeta};
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
    let body = timeout(c.patience.silence, answer.into_body().collect()).await;
    let body = body.map_err(|_| asked.because(Reason::Unreachable, "the answer stopped", AGAIN))?;
    let body = body.map_err(|e| asked.fault(&e))?.to_bytes();
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
fn has_crd(kind: Kind) -> bool {
    matches!(kind, Kind::IstioGateway | Kind::Gateway | Kind::GatewayClass)
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

/// A CRD, of which only the name and the change matter.
struct Crd(RowMeta);

impl Row for Crd {
    const KIND: Kind = Kind::CustomResourceDefinition;

    fn parse(_: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self(RowMeta::default()))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

/// Waits until the CRD of a kind is there and serves it. Where CRDs may not be watched, or the kind has none, waits for
/// ever: someone asks.
pub async fn appears(c: &Connection, kind: Kind) {
    if !has_crd(kind) {
        return std::future::pending().await;
    }
    loop {
        crd_change(c, kind).await;
        // A CRD is served a moment after it is made; each of its changes says that it is further on.
        if served(c, kind).await.is_ok() {
            return;
        }
    }
}

/// Waits until the CRD of `IstioGateway` changes: its keeper may be another then.
pub async fn changes(c: &Connection) {
    crd_change(c, Kind::IstioGateway).await;
}

/// Waits for one change of a kind's CRD.
async fn crd_change(c: &Connection, kind: Kind) {
    let resource = kind.resource();
    let place = Place {
        kind: Kind::CustomResourceDefinition,
        version: "v1".into(),
        namespace: None,
        fields: format!("metadata.name%3D{}.{}", resource.plural, resource.group),
    };
    // From now on: what is there already has been seen.
    let Ok(listed) = super::stream::list::<Crd>(c, &place, |_| ()).await else {
        return std::future::pending().await;
    };
    let mut version = listed.resource_version;
    let (tell, mut changed) = tokio::sync::mpsc::unbounded_channel();
    let watching = async {
        loop {
            let seen = |change: Change<Crd>| {
                if matches!(change, Change::Applied(_) | Change::Deleted(_)) {
                    // The receiver lives as long as this wait.
                    let _ = tell.send(());
                }
            };
            match watch::<Crd>(c, &place, &mut version, || (), seen).await {
                WatchEnd::Closed => {}
                WatchEnd::Expired | WatchEnd::Broken(_) => return,
            }
        }
    };
    tokio::select! {
        () = watching => std::future::pending().await,
        _ = changed.recv() => {}
    }
}
