//! What a cluster is and serves: asked once, and again only when a CRD changes.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{Change, Place, WatchEnd, get, list, refusal, watch, whole};
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
    /// Whether every question was answered or refused: asking again would tell no more.
    pub answered: bool,
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
    let body = whole(answer.into_body(), &asked).await?;
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
    let (version, namespace, served) = futures::join!(
        json::<Version>(c, "/version", "read the version"),
        json::<Value>(c, "/api/v1/namespaces/kube-system", "get namespace kube-system"),
        versions(c, Kind::IstioGateway.resource().group),
    );
    let keeper = match &served {
        Ok(served) => keeper(c, served).await,
        Err(fault) => Err(fault.clone()),
    };
    let faults =
        [version.as_ref().err(), namespace.as_ref().err(), served.as_ref().err(), keeper.as_ref().err()];
    let final_one = |fault: &Fault| matches!(fault.reason, Reason::Denied | Reason::Missing);
    let answered = faults.into_iter().flatten().all(final_one);
    Known {
        answered,
        kubernetes: version.ok().map(|v| v.git_version),
        uid: namespace.ok().and_then(|n| n["metadata"]["uid"].as_str().map(Into::into)),
        served_versions: served.unwrap_or_default().into(),
        keeper: keeper.unwrap_or_default(),
    }
}

/// Who keeps `IstioGateway`s. Presence is read from discovery, not from the CRD object: ASM serves kinds that have
/// none. Evidence that cannot be read leaves it unknown, and unknown is never egret (R4: fail closed).
async fn keeper(c: &Connection, served: &[Box<str>]) -> Result<Keeper, Fault> {
    let resource = Kind::IstioGateway.resource();
    let Some(version) = served.first() else { return Ok(Keeper::Nobody) };
    let name = format!("{}.{}", resource.plural, resource.group);
    let crd: Result<Value, Fault> =
        json(c, &format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"), "get the CRD")
            .await;
    let (key, value) = KEEPER_LABEL;
    match crd {
        Ok(crd) if crd["metadata"]["labels"][key].as_str() == Some(value) => Ok(Keeper::Egret),
        Ok(_) if asm_marks(c, version).await == Some(true) => Ok(Keeper::Asm),
        Ok(_) => Ok(Keeper::Other),
        Err(fault) if fault.reason == Reason::Missing => Ok(Keeper::Asm),
        Err(_) if asm_marks(c, version).await == Some(true) => Ok(Keeper::Asm),
        Err(fault) => Err(fault),
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

/// A CRD, of which only its state's number matters.
struct Crd(RowMeta);

impl Row for Crd {
    const KIND: Kind = Kind::CustomResourceDefinition;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata {
            resource_version: Box<str>,
        }
        let Object { metadata: Metadata { resource_version } } = serde_json::from_slice(json)?;
        Ok(Self(RowMeta { resource_version, ..RowMeta::default() }))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

/// What is known of the CRD of a kind, so that a change is seen also when it came while nobody watched.
struct CrdWatch<'a> {
    c: &'a Connection,
    place: Place,
    /// Number of the state seen last; `None`: there is no such CRD.
    seen: Option<Box<str>>,
}

/// Pauses after which a CRD that is there is looked for in discovery, which learns of it a moment later.
const SERVED_AFTER: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// Pause before CRDs are listed again after that failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Waits until the CRD of a kind is there and serves it. Where CRDs may not be watched, waits for ever: someone asks.
pub async fn appears(c: &Connection, kind: Kind) {
    let mut crd = CrdWatch::new(c, kind);
    loop {
        crd.change().await;
        if crd.seen.is_none() {
            continue;
        }
        for pause in SERVED_AFTER {
            tokio::time::sleep(pause).await;
            if version(c, kind).await.is_ok() {
                return;
            }
        }
    }
}

/// Waits until the CRD of `IstioGateway` changes: its keeper may be another then.
pub async fn changes(c: &Connection) {
    let mut crd = CrdWatch::new(c, Kind::IstioGateway);
    // What is there at first has been read by the caller just now.
    crd.look().await;
    crd.change().await;
}

impl<'a> CrdWatch<'a> {
    fn new(c: &'a Connection, kind: Kind) -> Self {
        let resource = kind.resource();
        let place = Place {
            kind: Kind::CustomResourceDefinition,
            version: "v1".into(),
            namespace: None,
            fields: format!("metadata.name%3D{}.{}", resource.plural, resource.group),
        };
        Self { c, place, seen: None }
    }

    /// Takes the CRD as it is. Returns where a watch goes on.
    async fn look(&mut self) -> Box<str> {
        loop {
            let mut found = None;
            let listed = list::<Crd>(self.c, &self.place, |rows| {
                found = rows.into_iter().map(|crd| crd.0.resource_version).next().or(found.take());
            });
            match listed.await {
                Ok(listed) => {
                    self.seen = found;
                    return listed.resource_version;
                }
                Err(fault) if fault.transient() => tokio::time::sleep(PAUSE).await,
                // Not to be seen by this user.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Waits until the CRD is another than the one seen last, or is there, or is gone.
    async fn change(&mut self) {
        loop {
            let before = self.seen.clone();
            let mut from = self.look().await;
            if self.seen != before {
                return;
            }
            loop {
                match self.watch(&mut from).await {
                    (true, _) => return,
                    (false, WatchEnd::Closed) => {}
                    (false, WatchEnd::Expired) => break,
                    (false, WatchEnd::Broken(_)) => {
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                }
            }
        }
    }

    /// Watches until something happens: whether it did, and else how the watch ended.
    async fn watch(&mut self, from: &mut Box<str>) -> (bool, WatchEnd) {
        let (tell, mut changed) = tokio::sync::mpsc::unbounded_channel();
        let seen = |change: Change<Crd>| {
            let now = match change {
                Change::Applied(crd) => Some(crd.0.resource_version),
                Change::Deleted(_) => None,
                Change::Unread(_) => return,
            };
            // The receiver lives as long as this wait.
            let _ = tell.send(now);
        };
        let (state, end) = {
            let watching = watch::<Crd>(self.c, &self.place, from, || (), seen);
            tokio::select! {
                biased;
                state = changed.recv() => (state, WatchEnd::Closed),
                end = watching => (changed.try_recv().ok(), end),
            }
        };
        match state {
            Some(state) => {
                self.seen = state;
                (true, end)
            }
            None => (false, end),
        }
    }
}
