//! Lists and watches as rows: one raw LIST whose items become rows while the body arrives, then a raw watch from its
//! resourceVersion.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::Connection;
use super::error::{AGAIN, Asked};
use super::scan::{Lines, Scanner};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, Resource};
use crate::model::path::Path;
use crate::model::row::Row;

/// Rows are handed on in batches of this size, the first as soon as it is full: it fills a screen.
const BATCH: usize = 64;

/// Where a kind is listed: of one namespace, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The kind.
    pub kind: Kind,
    /// The version that the cluster serves.
    pub version: Box<str>,
    /// The namespace; `None`: all, or a cluster-wide kind.
    pub namespace: Option<Box<str>>,
    /// Field selector; empty: none.
    pub fields: String,
    /// Label selector; empty: none.
    pub labels: String,
    /// What columns ask of each object.
    pub paths: Arc<[Path]>,
}

impl Place {
    /// Path of the collection.
    pub fn path(&self) -> String {
        let Resource { group, plural, .. } = self.kind.resource();
        let version = &self.version;
        let base =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        match &self.namespace {
            Some(namespace) => format!("{base}/namespaces/{namespace}/{plural}"),
            None => format!("{base}/{plural}"),
        }
    }

    /// The selectors, as they stand in a query.
    fn selectors(&self) -> Vec<String> {
        let all = [("fieldSelector", &self.fields), ("labelSelector", &self.labels)];
        all.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("{name}={text}")).collect()
    }

    /// In words, for faults: `list pods in istio-system`.
    pub fn words(&self, verb: &str) -> String {
        let plural = self.kind.resource().plural;
        match &self.namespace {
            Some(namespace) => format!("{verb} {plural} in {namespace}"),
            None if self.kind.resource().namespaced => format!("{verb} {plural} in all namespaces"),
            None => format!("{verb} {plural}"),
        }
    }
}

/// How a list ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where the watch goes on.
    pub resource_version: Box<str>,
    /// Items that could not be read: they cost themselves, never the list. The first, in words.
    pub unread: Option<String>,
}

/// One event of a watch.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<T> {
    /// Added or modified.
    Applied(T),
    /// Deleted: the last state.
    Deleted(T),
    /// An object that cannot be read; what is wrong with it.
    Unread(String),
}

/// Why a watch ended.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEnd {
    /// As the server does after its time: go on from the last resourceVersion.
    Closed,
    /// The history is gone: list again.
    Expired,
    /// It broke.
    Broken(Fault),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(default)]
    resource_version: String,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned {
    metadata: ListMeta,
}

/// Sends a GET and waits for the answer's head, at most for `limit`; `None`: as long as it takes.
pub(super) async fn get(
    c: &Connection,
    path: &str,
    asked: &Asked,
    limit: impl Into<Option<Duration>>,
) -> Result<Response<Body>, Fault> {
    get_as(c, path, "application/json", asked, limit).await
}

/// The same, in a form that is asked for.
pub(super) async fn get_as(
    c: &Connection,
    path: &str,
    accept: &'static str,
    asked: &Asked,
    limit: impl Into<Option<Duration>>,
) -> Result<Response<Body>, Fault> {
    // A credential plugin has its own time: what it takes is not the server's.
    c.authorized().await?;
    let request = Request::get(path).header("accept", accept).body(Body::empty());
    let request = request.map_err(|e| asked.because(Reason::Invalid, &e.to_string(), ""))?;
    let sent = c.client.send(request);
    let answer = match limit.into() {
        None => sent.await,
        Some(limit) => timeout(limit, sent).await.map_err(|_| {
            let why = format!("no answer in {} s", limit.as_secs_f32());
            asked.because(Reason::Unreachable, &why, "Is the VPN up? egret tries again.")
        })?,
    };
    answer.map_err(|e| asked.fault(&e))
}

/// Longest answer that is read as a whole, and longest object: what the API server lets an object be, several times over.
const LARGEST: usize = 32 << 20;

/// Reads a body to its end.
pub(super) async fn whole(c: &Connection, body: Body, asked: &Asked) -> Result<Bytes, Fault> {
    whole_up_to(c, body, LARGEST, asked).await
}

/// Reads a body that may be as long as this to its end.
pub(super) async fn whole_up_to(
    c: &Connection,
    body: Body,
    largest: usize,
    asked: &Asked,
) -> Result<Bytes, Fault> {
    let body = timeout(c.patience.silence, Limited::new(body, largest).collect());
    let broke = |why: &str| asked.because(Reason::Unreachable, why, AGAIN);
    let body = body.await.map_err(|_| broke("the answer did not end in time"))?;
    Ok(body.map_err(|_| broke("the answer was cut off"))?.to_bytes())
}

/// No object is this long: what comes is no list and no watch.
fn too_long(held: usize, asked: &Asked) -> Result<(), Fault> {
    if held <= LARGEST {
        return Ok(());
    }
    Err(asked.because(Reason::Server, "an object of the answer has no end", AGAIN))
}

/// Most that is read of a refusal: a proxy may send any page.
const LONGEST_REFUSAL: usize = 1 << 20;

/// Reads the Status that a refusal carries, as a fault.
pub(super) async fn refusal(c: &Connection, answer: Response<Body>, asked: &Asked) -> Fault {
    asked.refused(&status_of(c, answer).await)
}

/// Reads the Status that a refusal carries; without a reason where it is not the API server's own.
pub(super) async fn status_of(c: &Connection, answer: Response<Body>) -> Status {
    let code = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), LONGEST_REFUSAL);
    let body = timeout(c.patience.silence, body.collect()).await;
    let bytes = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut status: Status = serde_json::from_slice(&bytes).unwrap_or_default();
    if status.code == 0 {
        status.code = code;
        // Not the API server's own words: a proxy's, maybe a page. Its first line is enough.
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        status.message = line.chars().take(200).collect();
    }
    status
}

/// Lists a place. Rows are handed on in batches while the body arrives.
///
/// # Errors
/// When the server refuses, does not answer, or stops in the middle.
pub async fn list<R: Row>(
    c: &Connection,
    place: &Place,
    mut rows: impl FnMut(Vec<R>),
) -> Result<Listed, Fault> {
    let asked = Asked::new(&c.cluster, place.words("list"));
    let mut path = place.path();
    let selectors = place.selectors().join("&");
    if !selectors.is_empty() {
        path = format!("{path}?{selectors}");
    }
    let answer = get(c, &path, &asked, c.patience.list).await?;
    if answer.status() != StatusCode::OK {
        return Err(refusal(c, answer, &asked).await);
    }
    let mut body = answer.into_body();
    let mut scanner = Scanner::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut unread = None;
    while let Some(chunk) = next(&mut body, c.patience.silence, &asked).await? {
        scanner.feed(&chunk, |item| match R::read(item, &place.paths) {
            Ok(row) => batch.push(row),
            Err(error) => {
                unread.get_or_insert_with(|| unreadable(place, item, &error));
            }
        });
        too_long(scanner.held(), &asked)?;
        if batch.len() >= BATCH {
            rows(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
    }
    rows(batch);
    let meta = scanner
        .metadata()
        .filter(|_| scanner.is_whole())
        .and_then(|m| serde_json::from_slice::<ListMeta>(m).ok());
    let Some(meta) = meta else {
        return Err(if scanner.is_object() {
            asked.because(Reason::Unreachable, "the answer was cut off", AGAIN)
        } else {
            // A login page, maybe, of a proxy on the way.
            asked.because(Reason::Server, "the server sent something that is no list", AGAIN)
        });
    };
    Ok(Listed { resource_version: meta.resource_version.into(), unread })
}

/// The next chunk of a body; `None` at its end.
async fn next(body: &mut Body, silence: Duration, asked: &Asked) -> Result<Option<Bytes>, Fault> {
    let silent = || {
        let why = format!("the answer stopped for {} s", silence.as_secs_f32());
        asked.because(Reason::Unreachable, &why, AGAIN)
    };
    loop {
        let frame = timeout(silence, body.frame()).await.map_err(|_| silent())?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(asked.fault(&error)),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// An object that cannot be read, by name.
fn unreadable(place: &Place, item: &[u8], error: &serde_json::Error) -> String {
    #[derive(Deserialize)]
    struct Named {
        metadata: Name,
    }
    #[derive(Deserialize)]
    struct Name {
        name: String,
    }
    let name = serde_json::from_slice::<Named>(item).map_or_else(|_| "?".to_owned(), |n| n.metadata.name);
    format!("{} {name} cannot be read: {error}", place.kind)
}

/// Watches a place from a resourceVersion, which moves on with each event, and hands on each change.
pub async fn watch<R: Row>(
    c: &Connection,
    place: &Place,
    version: &mut Box<str>,
    mut opened: impl FnMut(),
    mut change: impl FnMut(Change<R>),
) -> WatchEnd {
    let asked = Asked::new(&c.cluster, place.words("watch"));
    let selectors: String = place.selectors().iter().map(|selector| format!("&{selector}")).collect();
    let lasts = spread(c.patience.watch, (c.chance, c.cluster.as_str(), place.path(), &**version));
    let path = format!(
        "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={version}{selectors}",
        place.path(),
        lasts.as_secs()
    );
    let end = Instant::now() + lasts + c.patience.grace;
    let silent = || {
        let why = format!("the server has been silent for {} s", (lasts + c.patience.grace).as_secs());
        WatchEnd::Broken(asked.because(Reason::Unreachable, &why, AGAIN))
    };
    // The head comes at once, whether there is something to say or not.
    let answer = match get(c, &path, &asked, c.patience.answer).await {
        Err(fault) => return WatchEnd::Broken(fault),
        Ok(answer) => answer,
    };
    if answer.status() == StatusCode::GONE {
        return WatchEnd::Expired;
    }
    if answer.status() != StatusCode::OK {
        return WatchEnd::Broken(refusal(c, answer, &asked).await);
    }
    opened();
    let mut body = answer.into_body();
    let mut lines = Lines::default();
    let mut ended = None;
    loop {
        let chunk = match timeout_at(end, body.frame()).await {
            Err(_) => return silent(),
            Ok(None) => return ended.unwrap_or(WatchEnd::Closed),
            // A server that goes away in the middle is found out by the next request.
            Ok(Some(Err(error))) => return WatchEnd::Broken(asked.fault(&error)),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        lines.feed(&chunk, |line| {
            if let Some(end) = event(line, place, version, &mut change, &asked) {
                ended.get_or_insert(end);
            }
        });
        if let Err(fault) = too_long(lines.held(), &asked) {
            return WatchEnd::Broken(fault);
        }
        if let Some(end) = ended.take() {
            return end;
        }
    }
}

/// A time up to a sixth shorter, so that watches begun together do not end together; whole seconds, as the server
/// takes them. What is watched, and since when, tells how much.
fn spread(whole: Duration, watched: impl Hash) -> Duration {
    let mut hasher = DefaultHasher::new();
    watched.hash(&mut hasher);
    let off = hasher.finish() % (whole.as_secs() / 6).max(1);
    Duration::from_secs((whole.as_secs() - off).max(1))
}

/// Takes one event of a watch.
fn event<R: Row>(
    line: &[u8],
    place: &Place,
    version: &mut Box<str>,
    change: &mut impl FnMut(Change<R>),
    asked: &Asked,
) -> Option<WatchEnd> {
    let Ok(event) = serde_json::from_slice::<Event<'_>>(line) else {
        let fault = asked.because(Reason::Server, "the server sent something that is no event", AGAIN);
        return Some(WatchEnd::Broken(fault));
    };
    let object = event.object.get().as_bytes();
    if event.kind == "ERROR" {
        let status: Status = serde_json::from_slice(object).unwrap_or_default();
        return Some(if status.code == 410 {
            WatchEnd::Expired
        } else {
            WatchEnd::Broken(asked.refused(&status))
        });
    }
    if let Ok(versioned) = serde_json::from_slice::<Versioned>(object)
        && !versioned.metadata.resource_version.is_empty()
    {
        *version = versioned.metadata.resource_version.into();
    }
    match (event.kind, R::read(object, &place.paths)) {
        ("ADDED" | "MODIFIED", Ok(row)) => change(Change::Applied(row)),
        ("DELETED", Ok(row)) => change(Change::Deleted(row)),
        ("ADDED" | "MODIFIED" | "DELETED", Err(error)) => {
            change(Change::Unread(unreadable(place, object, &error)))
        }
        _ => {}
    }
    None
}
