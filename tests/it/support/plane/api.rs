//! What can be done to the API server of a cluster, and what was asked of it.

use super::{Cluster, Error, Result, While};
use serde::Deserialize;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long the API server may take to end by itself before it is killed.
const GRACE_MS: u32 = 3000;

/// A place in the audit log.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u64);

/// One request to the API server, by anyone but its own control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// `get`, `list`, `watch`, `create`, `patch`, …
    pub verb: String,
    /// Path and query.
    pub uri: String,
    /// What the client called itself.
    pub user_agent: String,
    /// Who the client was: `egret-test:admin`, `narrow`, or a name given to [`Cluster::user`].
    pub user: String,
    /// `ResponseStarted` when a watch opened, `ResponseComplete` when anything was answered or ended.
    pub stage: String,
    /// The status code, 0 when there was none.
    pub code: u16,
}

impl Cluster {
    /// Ends the API server, as its machine's shutdown would: connections close, the port refuses. Waits until it is gone.
    pub async fn stop_api(&self) -> Result<()> {
        match self.api.lock().await.take() {
            Some(mut api) => self.supervisor.stop(&mut api, GRACE_MS).await,
            None => Ok(()),
        }
    }

    /// Starts the API server again on the same port and data, and waits until it is ready.
    pub async fn start_api(&self) -> Result<()> {
        let mut api = self.api.lock().await;
        if api.as_ref().is_none_or(|server| server.ended().is_some()) {
            *api = Some(self.launch_api().await?);
        }
        Ok(())
    }

    /// Freezes the API server: connections stay open and nothing is answered.
    pub async fn pause_api(&self) -> Result<()> {
        self.signal_api("stop").await
    }

    /// Lets a frozen API server go on.
    pub async fn resume_api(&self) -> Result<()> {
        self.signal_api("cont").await
    }

    async fn signal_api(&self, signal: &str) -> Result<()> {
        match self.api.lock().await.as_ref() {
            Some(api) => self.supervisor.signal(api, signal).await,
            None => Err(Error("the API server is stopped".to_owned())),
        }
    }

    /// Marks this moment in the audit log, for [`Cluster::audit_since`].
    pub async fn mark(&self) -> Result<Mark> {
        Ok(Mark(self.marked().await?.1))
    }

    /// The requests that were answered since the mark, and the watches opened or ended since, in the order in which
    /// the log has them.
    pub async fn audit_since(&self, mark: Mark) -> Result<Vec<AuditEntry>> {
        let (end, _) = self.marked().await?;
        let text = self.read_audit(mark.0)?;
        let length = usize::try_from(end.saturating_sub(mark.0)).unwrap_or_default();
        let entries = text.get(..length).unwrap_or(&text).lines().map(|line| {
            let event: Event = serde_json::from_str(line).while_doing("reading the audit log")?;
            Ok(AuditEntry {
                verb: event.verb,
                uri: event.request_uri,
                user_agent: event.user_agent,
                user: event.user.username,
                stage: event.stage,
                code: event.response_status.map_or(0, |status| status.code),
            })
        });
        // Marks of other tests are no requests of anyone.
        let real = |entry: &Result<AuditEntry>| !matches!(entry, Ok(entry) if entry.uri.contains(MARK));
        entries.filter(real).collect()
    }

    /// Makes a request that is known by its path and waits until the log has it: where its line begins and ends.
    async fn marked(&self) -> Result<(u64, u64)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let uri = format!("/version?{MARK}={}.", COUNT.fetch_add(1, Ordering::Relaxed));
        let start = std::fs::metadata(self.audit_file()).map_or(0, |meta| meta.len());
        let request = http::Request::get(&uri).body(Vec::new()).while_doing("marking the audit log")?;
        self.admin().await.request_text(request).await.while_doing("marking the audit log")?;
        let found = async {
            loop {
                let text = self.read_audit(start)?;
                let mut begin = 0;
                for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
                    let end = begin + line.len();
                    if line.contains(&uri) {
                        return Ok((start + begin as u64, start + end as u64));
                    }
                    begin = end;
                }
                // A file tells nothing by itself; the entry is a moment away.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(30), found).await {
            Ok(found) => found,
            Err(_) => Err(Error("a request does not appear in the audit log".to_owned())),
        }
    }

    fn audit_file(&self) -> std::path::PathBuf {
        self.dir().join("audit.log")
    }

    fn read_audit(&self, from: u64) -> Result<String> {
        let what = "reading the audit log";
        let mut file = std::fs::File::open(self.audit_file()).while_doing(what)?;
        file.seek(SeekFrom::Start(from)).while_doing(what)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).while_doing(what)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// What the request of a mark is known by.
const MARK: &str = "egret-test-mark";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    #[serde(default)]
    user_agent: String,
    user: User,
    stage: String,
    #[serde(default)]
    response_status: Option<Status>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
}
