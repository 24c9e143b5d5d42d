//! Traffic from scrapes: against an independent model of Prometheus' rules, and by scenarios in files.

mod model;
mod rules;
mod scenarios;
mod windows;

use std::time::Duration;

use egret::metrics::Scrape;
use egret::metrics::read::{Read, Reader};
use egret::metrics::scrape::Way;
use egret::metrics::series::Sample;
use egret::model::name::{Kind, ObjectKey};
use egret::model::reading::Source;
use jiff::Timestamp;

/// When everything begins: a multiple of all slots.
const BEGIN: i64 = 1_700_000_400;

/// So many seconds after the beginning.
fn moment(seconds: f64) -> Timestamp {
    Timestamp::from_millisecond(BEGIN * 1_000 + (seconds * 1_000.0).round() as i64).unwrap()
}

fn pod(name: &str) -> ObjectKey {
    ObjectKey { cluster: "test".into(), kind: Kind::Pod, namespace: "istio-system".into(), name: name.into() }
}

/// A scrape of a pod; its uid is its name.
fn scrape(name: &str, at: f64, uptime: Option<f64>, source: Source, samples: Vec<Sample>) -> Scrape {
    Scrape {
        pod: pod(name),
        uid: name.into(),
        at: moment(at),
        took: Duration::from_millis(20),
        bytes: 0,
        way: Way::PodProxy(15090),
        uptime,
        broken: 0,
        dropped: 0,
        source,
        samples,
    }
}

/// A scrape of a pod, from what its proxy said.
fn read(name: &str, at: f64, text: &str) -> Scrape {
    let Read { samples, broken, uptime, has_istio, has_envoy, .. } = Reader::read(text.as_bytes());
    let source = match (has_istio, has_envoy) {
        (true, _) => Source::Istio,
        (_, true) => Source::Envoy,
        _ => Source::Admin,
    };
    Scrape { broken, ..scrape(name, at, uptime, source, samples) }
}
