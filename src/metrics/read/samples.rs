//! A line that was read, as samples; and what is known only when all lines were.

use std::collections::HashMap;
use std::sync::Arc;

use super::host::{Cluster, NOBODY, destination, flags, guess};
use super::labels::{Labels, mix};
use super::line::unmask;
use super::names::{Family, Found, What};
use super::{Inner, MOST_HOSTS, MOST_SAMPLES, Read};
use crate::metrics::series::{Metric, Sample, Series, is_failure};

/// Statuses of gRPC that are failures of the host or of the way to it (R15).
const GRPC_FAILURES: [&str; 6] = ["2", "4", "12", "13", "14", "15"];

/// More days than any certificate lasts: Envoy's way to say that it has none.
const NO_CERTIFICATE: f64 = 100_000.0;

/// Ports on which a gateway serves its own statistics and its readiness: connections to them are no traffic.
const OWN_PORTS: [&str; 3] = ["15020", "15021", "15090"];

impl Inner {
    /// Makes samples of a line. `None`: its labels cannot be read.
    pub(super) fn take(&mut self, found: Found<'_>, labels: &Labels<'_>, value: f64) -> Option<()> {
        if value.is_finite() {
            match found.family {
                Family::Cluster => self.cluster(found, labels, value)?,
                Family::Istio => self.istio(found, labels, value)?,
                Family::Listener => self.listener(found, labels, value),
                Family::Proxy => self.proxy(found.what, value),
            }
        }
        Some(())
    }

    fn push(&mut self, series: Series, value: f64) {
        if self.read.samples.len() < MOST_SAMPLES {
            self.read.samples.push(Sample { series, value });
        } else {
            self.read.dropped += 1;
        }
    }

    fn cluster(&mut self, found: Found<'_>, labels: &Labels<'_>, value: f64) -> Option<()> {
        let (host, port) = match self.cluster_of(labels.cluster, found.leak) {
            Some(Cluster::Host(host, port)) => (host, port),
            Some(Cluster::Plane) => {
                if found.what == What::Plain(Metric::UpstreamActive) {
                    self.streams = Some(self.streams.unwrap_or_default() + value);
                }
                return Some(());
            }
            Some(Cluster::Internal) => return Some(()),
            None => {
                self.read.dropped += 1;
                return Some(());
            }
        };
        let of = |metric| Series::of(metric).host(host.clone(), port).part(labels.part);
        // Istio's tags tell codes and their classes under one name.
        let what =
            if labels.code.is_empty() && !labels.class.is_empty() { What::Classes } else { found.what };
        let series = match what {
            What::Codes => of(Metric::Requests).code(unmask(labels.code).parse().ok()?),
            What::Classes => of(Metric::Requests).code(class(labels.class)?),
            What::Bucket => of(Metric::DurationBucket).le(bound(labels.le)?),
            What::Plain(metric) => of(metric),
            _ => return Some(()),
        };
        self.has_codes |= what == What::Codes;
        self.has_classes |= what == What::Classes;
        self.read.has_envoy |=
            matches!(what, What::Codes | What::Classes) || what == What::Plain(Metric::UpstreamRequests);
        // A bucket that holds nothing is still a bound.
        if value != 0.0 || what == What::Bucket {
            match grade(what) {
                Some(grade) => self.grade(grade, series, value),
                None => self.push(series, value),
            }
        }
        Some(())
    }

    /// Puts aside what is kept only where nothing better tells of requests.
    fn grade(&mut self, grade: Grade, series: Series, value: f64) {
        if self.graded.len() < MOST_SAMPLES {
            self.graded.push((grade, Sample { series, value }));
        } else {
            self.read.dropped += 1;
        }
    }

    fn cluster_of(&mut self, name: &str, leak: &str) -> Option<Cluster> {
        let mut key = std::borrow::Cow::Borrowed(name);
        if !leak.is_empty() {
            self.leaked = true;
            key = format!("{name}\u{1}-{leak}").into();
        }
        if let Some(cluster) = self.clusters.get(&*key) {
            return Some(cluster.clone());
        }
        if self.clusters.len() >= MOST_HOSTS {
            return None;
        }
        let cluster = Cluster::of(&unmask(name), leak);
        self.clusters.insert(key.into(), cluster.clone());
        Some(cluster)
    }

    fn istio(&mut self, found: Found<'_>, labels: &Labels<'_>, value: f64) -> Option<()> {
        if found.what == What::Build {
            self.read.has_istio |= labels.component == "proxy";
            return Some(());
        }
        // A gateway counts as the source of requests. What its own server side counts would be the same ones again.
        if labels.reporter == "destination" {
            return Some(());
        }
        let Some((host, port)) = self.service_of(labels) else {
            self.read.dropped += 1;
            return Some(());
        };
        let of = |metric| Series::of(metric).host(host.clone(), port).part(labels.part);
        if found.what == What::Bucket {
            self.has_durations = true;
            self.push(of(Metric::DurationBucket).le(bound(labels.le)?), value);
            return Some(());
        }
        let code = labels.code.parse().unwrap_or(0);
        let coded = |metric, flags| Series { flags, ..of(metric).code(code) };
        let flags = self.flags_of(labels.flags);
        match found.what {
            What::Requests => {
                self.read.has_istio = true;
                if GRPC_FAILURES.contains(&labels.grpc) && !is_failure(code) {
                    self.push(coded(Metric::GrpcFailures, flags.clone()), value);
                }
                self.push(coded(Metric::Requests, flags), value);
            }
            What::Coded(metric) => self.push(coded(metric, flags), value),
            _ => {}
        }
        Some(())
    }

    fn service_of(&mut self, labels: &Labels<'_>) -> Option<(Arc<str>, u16)> {
        let (key, hash) = (labels.service, mix(0, labels.service_name));
        // Nearly always the first name says it, and then the second does not matter.
        let short;
        let key = if NOBODY.contains(&key) {
            short = format!("\u{1}-{hash}{}", labels.service_name);
            &short
        } else {
            key
        };
        if let Some(known) = self.services.get(key) {
            return Some(known.clone());
        }
        if self.services.len() >= MOST_HOSTS {
            return None;
        }
        let [service, name] = labels.services();
        let known = destination([&service, &name]);
        self.services.insert(key.into(), known.clone());
        Some(known)
    }

    fn flags_of(&mut self, text: &str) -> Option<Arc<str>> {
        if let Some(known) = self.flags.get(text) {
            return known.clone();
        }
        let known = flags(&unmask(text));
        if self.flags.len() < MOST_HOSTS {
            self.flags.insert(text.into(), known.clone());
        }
        known
    }

    fn listener(&mut self, found: Found<'_>, labels: &Labels<'_>, value: f64) {
        let What::Plain(metric) = found.what else { return };
        let address = unmask(labels.listener);
        let port = address.trim_end_matches(';').rsplit(['_', ':']).next().unwrap_or_default();
        let is_own = address.is_empty() || OWN_PORTS.contains(&port);
        match (is_own, metric) {
            (false, _) => self.push(Series::of(metric).part(labels.part), value),
            // No traffic; but it tells that connections are counted.
            (true, Metric::DownstreamActive) => self.push(Series::of(metric).part(labels.part), 0.0),
            (true, _) => {}
        }
    }

    fn proxy(&mut self, what: What, value: f64) {
        match what {
            What::Uptime => self.read.uptime = Some(value),
            What::Days if value < NO_CERTIFICATE => self.push(Series::of(Metric::CertificateDays), value),
            What::Plain(metric) => {
                self.has_state |= metric == Metric::ControlPlane;
                self.push(Series::of(metric), value);
            }
            _ => {}
        }
    }

    /// Decides what is left to decide when all was read.
    pub(super) fn finish(mut self) -> Read {
        if let Some(streams) = self.streams.filter(|_| !self.has_state) {
            self.push(Series::of(Metric::ControlPlane), streams.min(1.0));
        }
        let best = if self.has_codes {
            Grade::Codes
        } else if self.has_classes {
            Grade::Classes
        } else {
            Grade::Total
        };
        for (grade, sample) in std::mem::take(&mut self.graded) {
            let is_kept = match grade {
                Grade::Durations => !self.has_durations,
                _ => !self.read.has_istio && grade == best,
            };
            if is_kept {
                self.push(sample.series, sample.value);
            }
        }
        if self.leaked {
            self.name_leaked();
        }
        self.read
    }

    /// Gives hosts whose names leaked the names that they have elsewhere in the scrape, where a guess fits them.
    fn name_leaked(&mut self) {
        let whole = self.services.values().map(|(host, _)| host);
        let known: HashMap<String, Arc<str>> = whole.map(|host| (guess(host), host.clone())).collect();
        for sample in &mut self.read.samples {
            let name = sample.series.host.as_deref().and_then(|host| known.get(host));
            if let Some(name) = name {
                sample.series.host = Some(name.clone());
            }
        }
    }
}

/// What Envoy itself tells of requests: codes are better than their classes, these than the mere number. None of it is kept
/// where Istio counts too; durations are where Istio does not tell these, as in the access log of a plain Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Durations,
    Codes,
    Classes,
    Total,
}

fn grade(what: What) -> Option<Grade> {
    match what {
        What::Bucket => Some(Grade::Durations),
        What::Codes => Some(Grade::Codes),
        What::Classes => Some(Grade::Classes),
        What::Plain(Metric::UpstreamRequests) => Some(Grade::Total),
        _ => None,
    }
}

/// The class of codes: `5` or `5xx`.
fn class(text: &str) -> Option<u16> {
    text.strip_suffix("xx").unwrap_or(text).parse().ok().filter(|class| (1..=9).contains(class))
}

/// The bound of a bucket.
fn bound(le: &str) -> Option<f64> {
    le.parse().ok().filter(|le: &f64| !le.is_nan())
}
