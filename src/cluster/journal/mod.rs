//! The journal: what this process wrote to clusters, one line a write. It says who, when, to what, which fields and
//! what came of it, never a value: what is in a cluster may be secret.
//!
//! A line is made when the server has answered, or when it is clear that nobody will hear the answer. Files are written
//! by a thread of their own; one that cannot be is told once, and costs no write.

pub mod fields;
pub mod file;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connect::Connection;
use super::write::Address;
use crate::model::fault::Fault;

/// What became of a write that nobody heard the answer to.
pub const UNANSWERED: &str = "no answer: may have been done";

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it was sent.
    pub time: Timestamp,
    /// The context.
    pub context: String,
    /// URL of the API server.
    #[serde(default)]
    pub server: String,
    /// Who ran egret, as the system calls them.
    #[serde(default)]
    pub user: String,
    /// The user of the context; empty: there is none.
    #[serde(default)]
    pub account: String,
    /// What of egret did it: `screen`, `reconciler`, `apply`, …
    #[serde(default)]
    pub by: String,
    /// `apply`, `change`, `create`, `replace` or `delete`.
    pub verb: String,
    /// `apps/v1`.
    #[serde(default)]
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Its namespace; empty when the kind is cluster-wide.
    #[serde(default)]
    pub namespace: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// `status`, `scale`, …; empty: the object itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// The fields that were sent; `*`: all of a new object.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The command line, where a program was run; what was typed and said is never told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Always false: what stores nothing is not told.
    #[serde(default)]
    pub dry_run: bool,
    /// `ok`, `refused`, or [`UNANSWERED`].
    #[serde(default)]
    pub result: String,
    /// The object's version after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// The status of the answer, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it was refused, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What reaches the writer of a journal.
#[derive(Debug)]
pub enum Told {
    /// A write.
    Wrote(Box<Entry>),
    /// Whoever sent this waits until all before it is on disk.
    Flush(Sender<()>),
}

/// Where writes are told. Without anybody who listens nothing is.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    to: Option<Sender<Told>>,
    who: Who,
}

/// Who writes.
#[derive(Clone, Debug)]
struct Who {
    user: Arc<str>,
    account: Arc<str>,
    by: &'static str,
}

impl Default for Who {
    fn default() -> Self {
        Self { user: "".into(), account: "".into(), by: "" }
    }
}

impl Journal {
    /// A journal that somebody listens to.
    pub fn new(user: &str, by: &'static str) -> (Self, Receiver<Told>) {
        let (to, told) = channel();
        (Self { to: Some(to), who: Who { user: user.into(), by, ..Who::default() } }, told)
    }

    /// The same, of another part of egret.
    #[must_use]
    pub fn by(&self, by: &'static str) -> Self {
        Self { who: Who { by, ..self.who.clone() }, to: self.to.clone() }
    }

    /// The same, as this user of a context.
    #[must_use]
    pub(super) fn account(&self, account: &str) -> Self {
        Self { who: Who { account: account.into(), ..self.who.clone() }, to: self.to.clone() }
    }

    /// The user of the context.
    pub(super) fn who(&self) -> &str {
        &self.who.account
    }

    /// A write is about to leave. What is returned tells it, at the latest when it is dropped.
    pub(super) fn begin(&self, c: &Connection, at: &Address, sent: Sent<'_>) -> Begun {
        let Some(to) = self.to.clone().filter(|_| !sent.is_dry_run()) else { return Begun(None) };
        let of = |field: &str| sent.body.and_then(|b| b["metadata"][field].as_str()).unwrap_or_default();
        let name = if at.name.is_empty() { of("name") } else { &at.name };
        let resource = at.resource;
        let api_version = match resource.group {
            "" => resource.version.to_owned(),
            group => format!("{group}/{}", resource.version),
        };
        let entry = Entry {
            time: c.requests.clock().now(),
            context: c.cluster.to_string(),
            server: without_login(&c.server),
            user: self.who.user.to_string(),
            account: self.who.account.to_string(),
            by: self.who.by.to_owned(),
            verb: sent.verb.to_owned(),
            api_version,
            kind: at.kind.clone(),
            namespace: at.namespace.clone(),
            name: name.to_owned(),
            subresource: sent.subresource().to_owned(),
            fields: fields::sent(sent.verb, &at.kind, sent.body),
            command: String::new(),
            dry_run: false,
            result: UNANSWERED.to_owned(),
            resource_version: None,
            status: None,
            reason: None,
        };
        Begun(Some((to, Box::new(entry))))
    }
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) verb: &'a str,
    /// What stands behind the path of the object: its subresource, and the query.
    pub(super) query: &'a str,
    pub(super) body: Option<&'a Value>,
}

impl Sent<'_> {
    fn is_dry_run(&self) -> bool {
        let query = self.query.split_once('?').map_or("", |(_, query)| query);
        query.split('&').any(|part| part.starts_with("dryRun="))
    }

    fn subresource(&self) -> &str {
        self.query.split('?').next().unwrap_or_default().trim_matches('/')
    }
}

/// A write whose answer is awaited. Dropped without one, it is told as what may have been done.
#[must_use]
pub(super) struct Begun(Option<(Sender<Told>, Box<Entry>)>);

impl Begun {
    /// A read, of which nothing is told.
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// The server has done it. The object is as it was answered, where it was read.
    pub(super) fn done(&mut self, object: Option<&Value>) {
        let Some((_, entry)) = &mut self.0 else { return };
        "ok".clone_into(&mut entry.result);
        let text = |field: &str| object.and_then(|o| o["metadata"][field].as_str()).map(str::to_owned);
        entry.resource_version = text("resourceVersion");
        if entry.name.is_empty() {
            entry.name = text("name").unwrap_or_default();
        }
    }

    /// The server has refused it.
    pub(super) fn refused(&mut self, status: u16, fault: &Fault) {
        let Some((_, entry)) = &mut self.0 else { return };
        "refused".clone_into(&mut entry.result);
        // None: it is no answer of HTTP.
        entry.status = (status > 0).then_some(status);
        entry.reason = Some(fault.reason.to_string());
    }

    /// The program that is run.
    pub(super) fn running(&mut self, command: &str) {
        if let Some((_, entry)) = &mut self.0 {
            command.clone_into(&mut entry.command);
        }
    }

    /// It never left: there is nothing to tell.
    pub(super) fn never_left(&mut self) {
        self.0 = None;
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some((to, entry)) = self.0.take() {
            // Who no longer listens has told that it cannot.
            let _ = to.send(Told::Wrote(entry));
        }
    }
}

/// A URL without the name and password that somebody may have put into it.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Who runs egret, as their environment calls them, else by number.
pub fn user() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(std::env::var_os).find(|name| !name.is_empty());
    named.map_or_else(
        || format!("uid {}", rustix::process::getuid().as_raw()),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Starts the journal of a session in this directory. `trouble` hears, once, why it cannot be written.
pub fn start(
    dir: std::path::PathBuf,
    user: &str,
    by: &'static str,
    trouble: impl FnOnce(Fault) + Send + 'static,
) -> Journal {
    let (journal, told) = Journal::new(user, by);
    file::write_beside(file::Files::new(dir), told, journal.to.clone(), trouble);
    journal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_seen_in_the_query_alone_and_a_subresource_before_it() {
        let sent = |query| Sent { verb: "change", query, body: None };
        assert!(sent("?fieldManager=egret&dryRun=All").is_dry_run());
        assert!(sent("/status?dryRun=All").is_dry_run());
        assert!(!sent("?fieldManager=dryRun=All").is_dry_run());
        assert!(!sent("/dryRun=All").is_dry_run());
        assert_eq!((sent("/status?x=1").subresource(), sent("?x=1").subresource()), ("status", ""));
    }

    #[test]
    fn a_login_in_a_url_is_not_told() {
        for (url, wanted) in [
            ("https://jane:secret@10.0.0.1:6443/k8s/a@b", "https://10.0.0.1:6443/k8s/a@b"),
            ("https://10.0.0.1:6443/", "https://10.0.0.1:6443/"),
            ("in this process", "in this process"),
        ] {
            assert_eq!(without_login(url), wanted);
        }
    }
}
