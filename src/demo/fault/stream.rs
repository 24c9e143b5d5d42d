//! Streams under way: a fault that begins while one is read breaks it off.
#![allow(clippy::disallowed_methods, reason = "a fault lasts as long as the wall's clock says")]

use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tower::BoxError;

use super::{Faults, Reply, Seen, lost};

/// What may happen to one stream.
pub(super) struct Stream {
    faults: Faults,
    cluster: String,
    request: Seen,
    changed: watch::Receiver<()>,
    end: Option<Instant>,
}

impl Stream {
    /// A stream that breaks off in so long, unless a rule is added that means it sooner.
    pub(super) fn new(faults: &Faults, cluster: &str, request: &Seen, end: Option<Duration>) -> Self {
        Self {
            faults: faults.clone(),
            cluster: cluster.to_owned(),
            request: request.clone(),
            changed: faults.changed(),
            end: end.map(|time| Instant::now() + time),
        }
    }

    /// Its body, until it breaks off.
    pub(super) fn around(self, body: Reply) -> Reply {
        let frames = futures::stream::unfold(Some((self, body)), async |reading| {
            let (mut stream, mut body) = reading?;
            match stream.next(&mut body).await? {
                Ok(frame) => Some((Ok(frame), Some((stream, body)))),
                Err(why) => Some((Err(why), None)),
            }
        });
        StreamBody::new(frames).boxed_unsync()
    }

    async fn next(&mut self, body: &mut Reply) -> Option<Result<Frame<Bytes>, BoxError>> {
        loop {
            let end = async {
                match self.end {
                    Some(end) => sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = end => return Some(Err(lost())),
                Ok(()) = self.changed.changed() => {
                    let cut = self.faults.cuts(&self.cluster, &self.request).map(|time| Instant::now() + time);
                    self.end = [self.end, cut].into_iter().flatten().min();
                }
                frame = body.frame() => return frame,
            }
        }
    }
}
