use std::time::Duration;

use jiff::Timestamp;

use super::super::{MOST_SERIES, Scrape, Source};
use super::*;
use crate::metrics::scrape::Way;
use crate::metrics::series::{Sample, Series};
use crate::model::name::{Kind, ObjectKey};

fn scrape(second: u64, source: Source, samples: Vec<Sample>) -> Scrape {
    Scrape {
        pod: ObjectKey { cluster: "c".into(), kind: Kind::Pod, namespace: "n".into(), name: "p".into() },
        uid: "p".into(),
        at: Timestamp::from_second(1_700_000_400 + second as i64).unwrap(),
        took: Duration::ZERO,
        bytes: 0,
        way: Way::PodProxy(15090),
        uptime: None,
        broken: 0,
        dropped: 2,
        source,
        samples,
    }
}

fn requests(host: usize, value: f64) -> Sample {
    Series::of(Metric::Requests).host(format!("host-{host}"), 0).code(200).value(value)
}

/// What a series grew by in the last scrape.
fn grown(pod: &Pod, host: &str) -> Option<f32> {
    let kept = pod.series.iter().find(|kept| kept.key.host.as_deref() == Some(host))?;
    kept.scrapes.get(pod.scrape)
}

#[test]
fn what_is_refused_is_counted_and_counts_no_whole_life_when_there_is_room() {
    let all = |value| (0..MOST_SERIES + 3).map(|host| requests(host, value)).collect::<Vec<_>>();
    let mut pod = Pod::default();
    for n in 0..2 {
        pod.ingest(&scrape(n * 10, Source::Istio, all(5_000.0)));
        assert_eq!((pod.series.len(), pod.dropped), (MOST_SERIES, 5));
    }
    // There is room again.
    let last = MOST_SERIES + 1;
    pod.series.truncate(MOST_SERIES - 1);
    let few = |value| vec![Sample { value, ..requests(last, 0.0) }];
    pod.ingest(&scrape(20, Source::Istio, few(5_100.0)));
    let host = format!("host-{last}");
    assert_eq!((pod.dropped, grown(&pod, &host)), (2, None));
    pod.ingest(&scrape(30, Source::Istio, few(5_130.0)));
    assert_eq!(grown(&pod, &host), Some(30.0));
}

#[test]
fn labels_that_change_with_every_scrape_take_no_more_and_more_memory() {
    let mut pod = Pod::default();
    let part = |n: usize| requests(0, 1.0).series.part(n as u32).value(1.0);
    let steady = || Series::of(Metric::Requests).host("steady", 0).code(200);
    for n in 0..9 {
        let churning = (0..30_000).map(|of| part(n * 30_000 + of));
        let samples = churning.chain([steady().value(n as f64)]).collect();
        pod.ingest(&scrape(n as u64 * 10, Source::Istio, samples));
        assert!(pod.raw.len() <= MOST_RAW / 4 * 3, "{n}: {}", pod.raw.len());
        assert_eq!((pod.dropped, pod.series.len()), (2, 2));
    }
    assert_eq!(grown(&pod, "steady"), Some(1.0));
}

#[test]
fn series_that_nobody_told_of_for_a_day_are_forgotten_and_the_others_go_on() {
    let mut pod = Pod::default();
    let buckets = |host: &'static str, count: f64| {
        let of = move |le: f64| Series::of(Metric::DurationBucket).host(host, 0).le(le).value(count);
        [of(10.0), of(f64::INFINITY)]
    };
    let gauge = |host: &'static str| Series::of(Metric::Endpoints).host(host, 443).value(1.0);
    let every = 61;
    for n in 0..FORGET * 3 {
        let mut samples = vec![requests(1, n as f64), gauge("host-1")];
        if n < 20 {
            samples.extend([requests(0, n as f64), gauge("host-0")]);
            samples.splice(0..0, buckets("host-0", n as f64));
        }
        samples.extend(buckets("host-1", n as f64));
        pod.ingest(&scrape(n * every, Source::Istio, samples));
    }
    let hosts: HashSet<_> = pod.series.iter().filter_map(|kept| kept.key.host.as_deref()).collect();
    assert_eq!((hosts, pod.series.len()), (HashSet::from(["host-1"]), 4));
    assert_eq!((pod.raw.len(), pod.by_key.len(), pod.http.len()), (4, 4, 1));
    assert_eq!((pod.histograms.len(), pod.clusters.len(), pod.by_cluster.len()), (1, 1, 1));
    assert_eq!(grown(&pod, "host-1"), Some(1.0));
    assert!(pod.by_key.iter().all(|(key, place)| pod.series[*place].key == *key));
    let kept = pod.series.iter().find(|kept| kept.key.metric == Metric::Endpoints).unwrap();
    assert!(pod.has_cluster(kept) && kept.last == (1.0, pod.scrape));
    let bounds = pod.histograms.values().next().unwrap().bounds.iter();
    assert_eq!(
        bounds.map(|place| pod.series[*place].key.le().unwrap()).collect::<Vec<_>>(),
        [10.0, f64::INFINITY]
    );
}
