//! A watch: its events, one after the other.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

use super::run::Run;
use super::server::Server;

/// How long anything waited for may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// An open watch.
pub(super) struct Watch {
    run: Run,
    events: Events,
    bookmarks: bool,
}

/// The lines of an answer that does not end.
pub(super) struct Events {
    server: Server,
    chunks: std::pin::Pin<Box<dyn Stream<Item = bytes::Bytes> + Send>>,
    rest: Vec<u8>,
}

impl Events {
    pub(super) fn new(server: &Server, body: Body) -> Self {
        let chunks = body.into_data_stream().filter_map(|chunk| async { chunk.ok() });
        Self { server: server.clone(), chunks: Box::pin(chunks), rest: Vec::new() }
    }

    /// The next one; none: the server ended it.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let chunk = self.server.passing(self.chunks.next()).await?;
            self.rest.extend_from_slice(&chunk);
        }
    }
}

impl Server {
    /// Waits; where time is simulated, by letting it pass.
    pub(super) async fn passing<T>(&self, what: impl Future<Output = T>) -> T {
        let mut what = std::pin::pin!(what);
        let waiting = async {
            let Some(advance) = &self.advance else { return what.await };
            loop {
                // What is there already comes before the time moves.
                match tokio::time::timeout(Duration::from_millis(5), &mut what).await {
                    Ok(done) => return done,
                    Err(_) => advance(Duration::from_millis(100)),
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("nothing came")
    }
}

impl Watch {
    pub(super) fn new(run: Run, events: Events) -> Self {
        Self { run, events, bookmarks: false }
    }

    /// With the bookmarks.
    pub(super) fn with_bookmarks(mut self) -> Self {
        self.bookmarks = true;
        self
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            let event = self.events.next().await?;
            if self.bookmarks || event["type"] != "BOOKMARK" {
                return Some(event);
            }
        }
    }

    /// The next events, so many.
    pub(super) async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            match self.next().await {
                Some(event) => events.push(event),
                None => panic!("the watch ended after {events:?}"),
            }
        }
        self.run.note("events", json!(events));
        events
    }

    /// What comes until the server ends it.
    pub(super) async fn rest(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        self.run.note("events to the end", json!(events));
        events
    }
}

/// Type and name of each event.
pub(super) fn brief(events: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events
        .iter()
        .map(|e| format!("{} {}", text(&e["type"]), text(&e["object"]["metadata"]["name"])))
        .collect()
}
