//! The bytes of a scrape as they arrive, to samples.
//!
//! A scanner cuts the wanted lines from the stream by a table of names; only these are read. A counter of a cluster that
//! stands at zero is not a sample: a proxy that is asked for `usedonly` leaves it out as well, so that to be absent and to be
//! zero are the same here. A value that is no finite number says nothing and is no sample either.

mod host;
mod labels;
mod line;
mod lines;
mod names;
mod samples;

use std::collections::HashMap;
use std::sync::Arc;

use self::host::Cluster;
use self::labels::Labels;
use self::line::Line;
use self::lines::Lines;
use self::names::{Family, Found, What};
use self::samples::Grade;
use super::series::{Metric, Sample};

/// The query that asks a proxy for no more than is read: `usedonly` and a filter over the names that Envoy itself gives its
/// statistics (RE2, found anywhere in a name), written for a URL. Istio's own counters go through as well. The filter as it
/// reads, and that it lets through what is read, is in the tests.
pub const QUERY: &str = concat!(
    "usedonly&filter=istio_%28requests_total%7Crequest_duration_milliseconds%7Crequest_bytes%7Cresponse_b",
    "ytes%7Ctcp_%7Cbuild%29%7C%5Ecluster%5C..%2B%5C.%28upstream_rq_%28total%7Ctime%7Cactive%7Cpending_act",
    "ive%7Cpending_overflow%7Ctimeout%7Cper_try_timeout%7Cretry%7Cretry_success%7Crx_reset%7Ctx_reset%7C%",
    "5B1-5%5D%28xx%7C%5B0-9%5D%5B0-9%5D%29%29%7Cupstream_cx_%28total%7Cactive%7Cconnect_fail%7Cconnect_ti",
    "meout%7Coverflow%7Cnone_healthy%7Crx_bytes_total%7Ctx_bytes_total%29%7Cmembership_%28healthy%7Ctotal",
    "%29%7Coutlier_detection%5C.ejections_%28active%7Cenforced_total%29%7Ccircuit_breakers%5C.default%5C.",
    "%28cx_open%7Crq_pending_open%7Crq_open%7Crq_retry_open%29%7Cssl%5C.%28handshake%7Cconnection_error%7",
    "Cfail_verify_%5Ba-z_%5D%2B%29%7Cupdate_failure%29%24%7C%5Elistener%5C..%2B%5C.%3F%28downstream_cx_%2",
    "8active%7Ctotal%7Coverflow%29%7Cno_filter_chain_match%7Cssl%5C.%28connection_error%7Cfail_verify_%5B",
    "a-z_%5D%2B%29%29%24%7C%5Eserver%5C.%28uptime%7Cconcurrency%7Cmemory_allocated%7Cmemory_heap_size%7Cd",
    "ays_until_first_cert_expiring%29%24%7C%5Econtrol_plane%5C.connected_state%24",
);

/// Most samples of one scrape; what is above is dropped and counted.
pub const MOST_SAMPLES: usize = 100_000;

/// Most hosts of one scrape.
pub const MOST_HOSTS: usize = 10_000;

/// Most bytes of lines of a histogram that hold nothing.
const MOST_ZEROS: usize = 64 * 1024;

/// Reads an exposition text as it arrives. It holds at most one line that is not complete.
#[derive(Debug, Default)]
pub struct Reader {
    lines: Lines,
    inner: Inner,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Samples.
    pub samples: Vec<Sample>,
    /// Lines that could not be read.
    pub broken: u32,
    /// Samples that were dropped, since there were more than [`MOST_SAMPLES`], or of more than [`MOST_HOSTS`] hosts.
    pub dropped: u32,
    /// Bytes that were looked at.
    pub bytes: u64,
    /// Seconds since the proxy started.
    pub uptime: Option<f64>,
    /// Whether `istio_requests_total` was there, or `istio_build`, with which a proxy says that it would count them.
    pub has_istio: bool,
    /// Whether Envoy's own `upstream_rq_*` of a host were there.
    pub has_envoy: bool,
}

#[derive(Debug, Default)]
struct Inner {
    read: Read,
    /// Used for every line.
    masked: String,
    /// What Envoy itself tells of requests, kept where nothing better does.
    graded: Vec<(Grade, Sample)>,
    /// Lines of buckets that hold nothing, of one histogram, and what they have in common.
    zeros: Vec<u8>,
    zeros_of: usize,
    clusters: HashMap<Box<str>, Cluster>,
    services: HashMap<Box<str>, (Arc<str>, u16)>,
    flags: HashMap<Box<str>, Option<Arc<str>>>,
    /// Whether the name of a host leaked into the name of a metric.
    leaked: bool,
    /// Whether requests were counted by their codes, and by the classes of these.
    has_codes: bool,
    has_classes: bool,
    /// Whether Istio told durations.
    has_durations: bool,
    /// Streams to the control plane, and whether the proxy itself says that it is connected.
    streams: Option<f64>,
    has_state: bool,
}

impl Reader {
    /// Takes more bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { lines, inner } = self;
        inner.read.bytes += bytes.len() as u64;
        lines.push(bytes, |line| inner.line(line));
    }

    /// There are no more bytes.
    pub fn finish(self) -> Read {
        let Self { lines, mut inner } = self;
        lines.finish(|line| inner.line(line));
        inner.finish()
    }

    /// Reads a text that is there as a whole.
    pub fn read(text: &[u8]) -> Read {
        let mut reader = Self::default();
        reader.push(text);
        reader.finish()
    }
}

impl Inner {
    fn line(&mut self, line: Option<&[u8]>) {
        let Some(line) = line else {
            self.read.broken += 1;
            return;
        };
        // Nothing that is read begins otherwise; comments are turned away too.
        if !matches!(line.first(), Some(b'e' | b'i')) {
            return;
        }
        let end = memchr::memchr3(b'{', b' ', b'\t', line).unwrap_or(line.len());
        let Some(found) = line.get(..end).and_then(names::find) else { return };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if found.family == Family::Cluster && line.ends_with(b" 0") {
            return self.zero(line, found);
        }
        if found.what == What::Bucket {
            self.zeros_before(line, found);
        }
        self.wanted(line, found);
    }

    /// A line of a cluster that says zero. Most of an idle proxy's are such ones, so they are not even read where they say
    /// no more than if they were left out.
    fn zero(&mut self, line: &[u8], found: Found<'_>) {
        let says_more = match found.what {
            What::Bucket => {
                let of = histogram(line);
                if self.zeros.get(..self.zeros_of) != Some(of) {
                    self.zeros.clear();
                    self.zeros_of = of.len();
                }
                if self.zeros.len() < MOST_ZEROS {
                    self.zeros.extend_from_slice(line);
                    self.zeros.push(b'\n');
                }
                false
            }
            // That requests are counted, if only none.
            What::Codes | What::Classes | What::Plain(Metric::UpstreamRequests) => !self.read.has_envoy,
            // That the control plane is away.
            What::Plain(Metric::UpstreamActive) => {
                memchr::memmem::find(line, host::PLANE.as_bytes()).is_some()
            }
            _ => false,
        };
        if says_more {
            self.wanted(line, found);
        }
    }

    /// The bounds of a histogram below the first that counts are those of buckets that hold nothing: they are read once one
    /// does, for they say where the first begins.
    fn zeros_before(&mut self, line: &[u8], found: Found<'_>) {
        if !self.zeros.is_empty() && self.zeros.get(..self.zeros_of) == Some(histogram(line)) {
            let zeros = std::mem::take(&mut self.zeros);
            for zero in zeros.split(|b| *b == b'\n').filter(|zero| !zero.is_empty()) {
                self.wanted(zero, found);
            }
        }
        self.zeros.clear();
    }

    fn wanted(&mut self, line: &[u8], found: Found<'_>) {
        if self.parse(line, found).is_none() {
            self.read.broken += 1;
        }
    }

    /// Reads a line that is wanted. `None`: it is broken.
    fn parse(&mut self, line: &[u8], found: Found<'_>) -> Option<()> {
        let line = std::str::from_utf8(line).ok()?;
        let mut masked = std::mem::take(&mut self.masked);
        let read = Line::read(line, &mut masked, labels::is_wanted).and_then(|line| {
            let labels = Labels::of(&line, labels::mix(0, found.name));
            self.take(found, &labels, line.value)
        });
        self.masked = masked;
        read
    }
}

/// What a line of a bucket says before its bound: whose it is. Envoy writes the bound last.
fn histogram(line: &[u8]) -> &[u8] {
    let end = line.windows(4).rposition(|part| part == b"le=\"").unwrap_or(line.len());
    line.get(..end).unwrap_or(line)
}

#[cfg(test)]
mod tests;
