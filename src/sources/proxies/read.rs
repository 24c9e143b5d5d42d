//! One reading of one proxy: its statistics, and what is wanted of its admin interface.

use std::collections::HashSet;
use std::time::Duration;

use super::fill;
use crate::cluster::clock::Clock;
use crate::cluster::inside::{Inside, Prefer};
use crate::envoy::{Answer, Seen, certs, clusters, secrets, server};
use crate::metrics::read::{QUERY, Read, Reader};
use crate::metrics::series::{Metric, Sample};
use crate::metrics::{Missed, Scrape, Scraped, Want};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ObjectKey;
use crate::model::reading::Source;
use crate::model::way::Way;
use crate::sources::Heard;

/// Whoever wants it faster than this wants a port-forward (R24).
const FAST: Duration = Duration::from_secs(5);

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) want: &'a Want,
    /// Its certificates are due.
    pub(super) certs: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    /// The way that led to its statistics; none: none did, or what they leave out could not be filled in.
    pub(super) way: Option<Way>,
    /// Bytes that came over the network.
    pub(super) wire: u64,
    /// Its certificates were asked for.
    pub(super) certs: bool,
    /// And were not told.
    pub(super) certs_failed: bool,
}

/// Reads a proxy once, and tells each part as soon as it is there.
pub(super) async fn read(
    inside: &Inside,
    clock: &Clock,
    asked: &Asked<'_>,
    tell: impl Fn(Heard) + Send + Sync,
) -> Done {
    let want = asked.want;
    let prefer = if want.every < FAST { Prefer::PortForward } else { Prefer::PodProxy };
    let began = clock.now();
    let mut reader = Reader::default();
    let got = inside.statistics(&want.pod, QUERY, prefer, &mut |bytes| reader.push(bytes)).await;
    let at = clock.now();
    let got = match got {
        Ok(got) => got,
        Err(fault) => {
            let missed = Missed { pod: want.pod.clone(), at, fault };
            tell(Heard::Scraped(Scraped::Missed(Box::new(missed))));
            return Done::default();
        }
    };
    let mut done = Done { way: Some(got.way), wire: got.wire, certs: asked.certs, certs_failed: false };
    let took = clock.since(began);
    let mut read = reader.finish();
    let source = source(&read);
    let mut unfilled = None;
    if source == Source::Admin || want.clusters {
        let clusters = admin(inside, &want.pod, "/clusters?format=json", clusters::parse, &mut done).await;
        match &clusters {
            Ok(clusters) if source == Source::Admin => filled(&mut read.samples, fill::samples(clusters)),
            Err(fault) if source == Source::Admin => unfilled = Some(fault.clone()),
            _ => {}
        }
        if want.clusters {
            let answer = clusters.map(Answer::Clusters);
            tell(Heard::Admin(Seen { pod: want.pod.clone(), at: clock.now(), answer }));
        }
    }
    tell(Heard::Scraped(match unfilled {
        // Without its hosts it would look as if nothing was asked of them.
        Some(fault) => {
            done.way = None;
            Scraped::Missed(Box::new(Missed { pod: want.pod.clone(), at, fault }))
        }
        None => Scraped::Scrape(Box::new(Scrape {
            pod: want.pod.clone(),
            uid: want.uid.clone(),
            at,
            took,
            bytes: got.bytes,
            way: got.way,
            uptime: read.uptime,
            broken: read.broken,
            dropped: read.dropped,
            source,
            samples: read.samples,
        })),
    }));
    if asked.certs {
        let mut answer = admin(inside, &want.pod, "/certs", certs::parse, &mut done).await;
        if let Ok(certificates) = &mut answer
            && certificates.iter().any(|certificate| certificate.source.is_empty())
            // Where the proxy does not say it, they are shown without.
            && let Ok(secrets) = admin(inside, &want.pod, secrets::ADDRESS, secrets::parse, &mut done).await
        {
            secrets::name(certificates, &secrets);
        }
        let answer = answer.map(Answer::Certs);
        let is_there = answer.is_ok();
        done.certs_failed = !is_there;
        tell(Heard::Admin(Seen { pod: want.pod.clone(), at: clock.now(), answer }));
        // One refusal says it for both.
        if is_there {
            let answer = admin(inside, &want.pod, "/server_info", server::parse, &mut done).await;
            let answer = answer.map(Answer::Server);
            tell(Heard::Admin(Seen { pod: want.pod.clone(), at: clock.now(), answer }));
        }
    }
    done
}

/// Where the counters of requests come from (R15).
pub(super) fn source(read: &Read) -> Source {
    match (read.has_istio, read.has_envoy) {
        (true, _) => Source::Istio,
        (false, true) => Source::Envoy,
        (false, false) => Source::Admin,
    }
}

/// Adds what is not there yet: what the proxy collects itself is better.
pub(super) fn filled(samples: &mut Vec<Sample>, more: Vec<Sample>) {
    let told: HashSet<Metric> =
        samples.iter().filter(|s| s.series.host.is_some()).map(|s| s.series.metric).collect();
    samples.extend(more.into_iter().filter(|sample| !told.contains(&sample.series.metric)));
}

async fn admin<T>(
    inside: &Inside,
    pod: &ObjectKey,
    path: &str,
    parse: impl Fn(&[u8]) -> Result<T, String>,
    done: &mut Done,
) -> Result<T, Fault> {
    let (body, got) = inside.admin(pod, path).await?;
    done.wire += got.wire;
    parse(&body).map_err(|why| {
        let cluster = &pod.cluster;
        let summary =
            format!("{cluster}: {path} of pod {}/{} cannot be read: {why}", pod.namespace, pod.name);
        Fault::new(Reason::Server, summary, "Its proxy may be of a version that egret does not know.")
    })
}
