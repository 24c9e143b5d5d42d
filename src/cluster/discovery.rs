//! What a cluster is and serves: asked once, and again only when a CRD changes.

use http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{Change, Place, WatchEnd, get, refusal, watch};
use crate::model::crd::KEEPER_LABEL;
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::row::{Row, RowMeta};
use crate::model::snapshot::Keeper;

/// What is known of a cluster beside its rows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// `gitVersion` of the API server.
    pub kubernetes: Option<Box<str>>,
    /// Uid of `kube-system` (R2).
    pub uid: Option<Box<str>>,
    /// Who keeps gateways (R4).
    pub keeper: Keeper,
    /// Versions in which `istio.alibabacloud.com` is served.
    pub served_versions: Box<[Box<str>]>,
}

/// Reads a JSON answer.
///
/// # Errors
/// When the server refuses or does not answer, or the answer is not what it should be.
pub(super) async fn json<T: DeserializeOwned>(c: &Connection, path: &str, what: &str) -> Result<T, Fault> {
    let asked = Asked::new(&c.cluster, what);
    let answer = get(c, path, &asked).await?;
    if answer.status() != StatusCode::OK {
        return Err(refusal(answer, &asked).await);
    }
    let body = answer.into_body().collect().await.map_err(|e| asked.fault(&e))?.to_bytes();
    serde_json::from_slice(&body).map_err(|e| {
        let at = format!("line {} column {}", e.line(), e.column());
        Fault::new(Reason::Server, format!("{}: {what}: the answer cannot be read ({at})", c.cluster), "")
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

/// The version in which to read a kind: the one egret knows best, else what the cluster prefers. `None`: no choice.
///
/// # Errors
/// When the group is not served ([`Reason::Missing`]), or the server refuses or does not answer.
pub async fn version(c: &Connection, kind: Kind) -> Result<Option<Box<str>>, Fault> {
    if !has_crd(kind) {
        return Ok(None);
    }
    let resource = kind.resource();
    let served = versions(c, resource.group).await?;
    let known = served.iter().find(|v| &***v == resource.version).or_else(|| served.first());
    known.cloned().map(Some).ok_or_else(|| {
        Fault::new(Reason::Missing, format!("{}: {} is not served", c.cluster, resource.plural), "")
    })
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    git_version: Box<str>,
}

/// Asks what the cluster is. What is not answered or refused stays unknown.
pub async fn facts(c: &Connection) -> Known {
    let group = Kind::IstioGateway.resource().group;
    let (version, namespace, served, keeper) = futures::join!(
        json::<Version>(c, "/version", "read the version"),
        json::<Value>(c, "/api/v1/namespaces/kube-system", "get namespace kube-system"),
        versions(c, group),
        keeper(c),
    );
    Known {
        kubernetes: version.ok().map(|v| v.git_version),
        uid: namespace.ok().and_then(|n| n["metadata"]["uid"].as_str().map(Into::into)),
        served_versions: served.unwrap_or_default().into(),
        keeper,
    }
}

/// Who keeps `IstioGateway`s. Presence is read from discovery, not from the CRD object: ASM serves kinds that have
/// none. Evidence that cannot be read leaves it unknown, and unknown is never egret (R4: fail closed).
async fn keeper(c: &Connection) -> Keeper {
    let resource = Kind::IstioGateway.resource();
    let Ok(served) = versions(c, resource.group).await else { return Keeper::Unknown };
    let Some(version) = served.first() else { return Keeper::Nobody };
    let name = format!("{}.{}", resource.plural, resource.group);
    let crd: Result<Value, Fault> =
        json(c, &format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"), "get the CRD")
            .await;
    let (key, value) = KEEPER_LABEL;
    match crd {
        Ok(crd) if crd["metadata"]["labels"][key].as_str() == Some(value) => Keeper::Egret,
        Ok(_) if asm_marks(c, version).await == Some(true) => Keeper::Asm,
        Ok(_) => Keeper::Other,
        Err(fault) if fault.reason == Reason::Missing => Keeper::Asm,
        Err(_) if asm_marks(c, version).await == Some(true) => Keeper::Asm,
        Err(_) => Keeper::Unknown,
    }
}

/// Whether gateway objects carry keys of ASM.
async fn asm_marks(c: &Connection, version: &str) -> Option<bool> {
    let resource = Kind::IstioGateway.resource();
    let path = format!("/apis/{}/{version}/{}?limit=20", resource.group, resource.plural);
    let list: Value = json(c, &path, "list istiogateways").await.ok()?;
    let marked = |object: &Value, field: &str| {
        object["metadata"][field]
            .as_object()
            .is_some_and(|m| m.keys().any(|k| k.starts_with("asm.alibabacloud.com/")))
    };
    Some(list["items"].as_array()?.iter().any(|o| marked(o, "annotations") || marked(o, "labels")))
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

/// Waits until the CRD of a kind is there and serves it. Where CRDs may not be watched, waits for ever: someone asks.
pub async fn appears(c: &Connection, kind: Kind) {
    loop {
        crd_change(c, kind).await;
        // A CRD is served a moment after it is made; each of its changes says that it is further on.
        if version(c, kind).await.is_ok() {
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
