//! Watches: the history as it is written.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::read::{Selection, check_options, formed, version};
use super::request::Ask;
use crate::demo::cluster::SimulatedCluster;
use crate::demo::schema;
use crate::demo::state::State;
use crate::demo::state::write::shown_as;
use crate::demo::status::Status;
use crate::demo::store::{Change, Object};

/// How long a watch lasts that names no end.
const LONGEST: Duration = Duration::from_secs(1800);

/// How often a bookmark is sent, and how long before the end the last one.
const BOOKMARKS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(2));

/// An open watch.
pub(super) struct Watch {
    cluster: SimulatedCluster,
    revisions: watch::Receiver<u64>,
    ask: Ask,
    selection: Selection,
    /// The last revision that was looked at.
    at: u64,
    ready: VecDeque<Bytes>,
    end: Instant,
    bookmark: Option<Instant>,
    over: bool,
}

#[allow(clippy::disallowed_methods, reason = "a watch lasts as long as the client's own clock says")]
fn now() -> Instant {
    Instant::now()
}

impl Watch {
    /// Opens a watch.
    ///
    /// # Errors
    /// A selector or version that cannot be read.
    pub(super) fn open(state: &State, cluster: &SimulatedCluster, ask: &Ask) -> Result<Self, Status> {
        check_options(ask)?;
        let selection = Selection::of(ask)?;
        let seconds = ask.query.number("timeoutSeconds")?.filter(|n| *n > 0);
        let lasts = seconds.map_or(LONGEST, |n| Duration::from_secs(n.unsigned_abs()));
        let start = now();
        let bookmarks = ask.query.is("allowWatchBookmarks");
        let first = BOOKMARKS.0.min(lasts.saturating_sub(BOOKMARKS.1));
        let mut watch = Self {
            cluster: cluster.clone(),
            revisions: cluster.revisions(),
            ask: ask.clone(),
            selection,
            at: state.store.revision(),
            ready: VecDeque::new(),
            end: start + lasts,
            bookmark: bookmarks.then(|| start + first),
            over: false,
        };
        let initial = ask.query.is("sendInitialEvents");
        // A version that is yet to come is waited for.
        let from = match version(ask, state) {
            Err(late) if late.code == 504 => {
                None.or(ask.query.get("resourceVersion").and_then(|v| v.parse().ok()))
            }
            other => other?,
        };
        match from.filter(|_| !initial) {
            // Before its definition there was nothing of a kind.
            Some(version) if defined_after(state, ask, version) => {
                let message = format!("too old resource version: {version} ({})", state.store.revision());
                watch.ready.push_back(line("ERROR", &Status::expired(message).to_value()));
                watch.over = true;
            }
            Some(version) => {
                watch.at = version;
                watch.catch_up(state);
            }
            None => watch.begin(state, initial),
        }
        Ok(watch)
    }

    /// The objects that are there, as if they were made now.
    fn begin(&mut self, state: &State, marked: bool) {
        let namespace = (!self.ask.namespace.is_empty()).then_some(self.ask.namespace.as_str());
        let here: Vec<Object> =
            state.store.list(&self.ask.resource.id, namespace).map(|(_, o)| o.clone()).collect();
        for object in &here {
            self.say("ADDED", object);
        }
        if marked {
            self.mark(true);
        }
    }

    /// What was written since the last look.
    fn catch_up(&mut self, state: &State) {
        let changes: Vec<Change> = match state.store.since(self.at) {
            Ok(changes) => changes.filter(|c| self.concerns(c)).cloned().collect(),
            Err(_) => {
                let message = format!("too old resource version: {} ({})", self.at, state.store.oldest());
                self.ready.push_back(line("ERROR", &Status::expired(message).to_value()));
                self.over = true;
                return;
            }
        };
        self.at = self.at.max(state.store.revision());
        for change in changes {
            let fits = !change.deleted && self.selection.fits(&change.object);
            let fitted = change.before.as_ref().is_some_and(|b| self.selection.fits(b));
            match (fitted, fits) {
                (false, true) => self.say("ADDED", &change.object),
                (true, true) => self.say("MODIFIED", &change.object),
                (true, false) if change.deleted => self.say("DELETED", &change.object),
                (true, false) => {
                    // As it was when it still fitted, with the revision at which it no longer does.
                    let mut last = change.before.as_deref().cloned().unwrap_or_default();
                    last["metadata"]["resourceVersion"] = change.revision.to_string().into();
                    self.say("DELETED", &last.into());
                }
                (false, false) => {}
            }
        }
    }

    fn concerns(&self, change: &Change) -> bool {
        *change.key.resource == *self.ask.resource.id
            && (self.ask.namespace.is_empty() || *change.key.namespace == *self.ask.namespace)
    }

    fn say(&mut self, kind: &str, object: &Object) {
        let shown = formed(&shown_as(&self.ask.resource, object), self.ask.accept);
        self.ready.push_back(line(kind, &shown));
    }

    /// A bookmark: how far this watch has come.
    fn mark(&mut self, initial: bool) {
        let (kind, version) = (&self.ask.resource.kind, self.ask.resource.api_version());
        let mut metadata = json!({"resourceVersion": self.at.to_string()});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let mut object = json!({"kind": **kind, "apiVersion": version, "metadata": metadata});
        if !self.ask.resource.custom {
            schema::default(&self.ask.resource.schema(), &mut object);
        }
        self.ready.push_back(line("BOOKMARK", &object));
    }

    /// The next line; none: the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            if self.over {
                return None;
            }
            let bookmark = self.bookmark;
            let marked = async {
                match bookmark {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                changed = self.revisions.changed() => match changed {
                    Ok(()) => {
                        let cluster = self.cluster.clone();
                        cluster.with(|state| self.catch_up(state));
                    }
                    Err(_) => return None,
                },
                () = marked => {
                    self.mark(false);
                    let next = (now() + BOOKMARKS.0).min(self.end - BOOKMARKS.1);
                    self.bookmark = Some(next).filter(|at| *at > now());
                }
                () = sleep_until(self.end) => return None,
            }
        }
    }

    /// The lines, for as long as it lasts.
    pub(super) fn stream(self) -> impl Stream<Item = Bytes> {
        futures::stream::unfold(self, async |mut watch| {
            let line = watch.next().await?;
            Some((line, watch))
        })
    }
}

/// Whether a custom kind was defined after a revision.
fn defined_after(state: &State, ask: &Ask, version: u64) -> bool {
    const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";
    let made = |key: &crate::demo::store::Key| {
        let changes = state.store.since(state.store.oldest()).ok()?;
        changes.into_iter().find(|c| c.key == *key && c.before.is_none()).map(|c| c.revision)
    };
    let key = crate::demo::store::Key::new(DEFINITIONS, "", &ask.resource.id);
    ask.resource.custom && made(&key).is_some_and(|at| version < at)
}

fn line(kind: &str, object: &Value) -> Bytes {
    let mut text = format!("{{\"type\":\"{kind}\",\"object\":");
    text.push_str(&object.to_string());
    text.push_str("}\n");
    text.into()
}
