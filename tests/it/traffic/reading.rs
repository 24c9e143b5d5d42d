//! What was sent is what is found.

use std::collections::BTreeMap;

use egret::envoy::Answer;
use egret::metrics::view::{By, Window};
use egret::model::reading::Source;
use egret::model::way::Way;

use super::site::{Reader, Site};
use crate::support::plane::web::{self, Load};
use crate::support::plane::{Bootstrap, Collected, Host, Upstream};

/// How many requests each row of a table stands for, since this scrape.
fn counts(reader: &Reader, by: By, since: usize) -> BTreeMap<String, f64> {
    let covered = reader.covered(since);
    let rows = reader.store.rows(reader.pods(), by, Window::Minute, reader.last());
    let counted = rows.into_iter().filter_map(|row| {
        let rate = row.totals.requests.number()?;
        // A number of requests is whole; what is beside it is rounding.
        let count = rate * covered;
        // Moments are told to the millisecond, and these scrapes are a fraction of a second apart.
        assert!((count - count.round()).abs() < 0.3, "{}: {count}", row.key);
        Some((row.key.to_string(), count.round()))
    });
    counted.collect()
}

fn wanted(rows: &[(&str, f64)]) -> BTreeMap<String, f64> {
    rows.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_load_is_found_exactly_by_host_code_and_flag() {
    let up = Upstream::start().await.unwrap();
    let hosts = vec![
        Host::new("api.example.com", up.port()),
        Host::new("hooks.example.com", up.port()),
        Host::new("idle.example.com", up.port()),
    ];
    let site = Site::start(&Bootstrap::new(hosts)).await;
    let mut reader = site.reader().await;
    reader.once_more().await;
    let load = [
        Load::code("api.example.com", 200, 120),
        Load::code("api.example.com", 404, 6),
        Load::code("api.example.com", 503, 14),
        Load::code("hooks.example.com", 200, 60),
    ];
    assert_eq!(web::send(site.envoy.port(), &load).await.unwrap(), [(200, 180), (404, 6), (503, 14)].into());
    reader.once_more().await;
    assert_eq!(reader.missed, []);
    assert!(matches!(reader.scrapes[0].way, Way::PortForward(_)), "{:?}", reader.scrapes[0].way);

    assert_eq!(
        counts(&reader, By::Host, 0),
        wanted(&[("api.example.com", 140.0), ("hooks.example.com", 60.0)])
    );
    assert_eq!(counts(&reader, By::Code, 0), wanted(&[("200", 180.0), ("404", 6.0), ("503", 14.0)]));
    assert_eq!(counts(&reader, By::Flag, 0), BTreeMap::new(), "hosts answered all, no flag is set");
    let totals = reader.totals();
    assert_eq!(totals.source, Some(Source::Istio));
    // 14 of 200 failed; 404 is the client's.
    assert!(totals.success.number().is_some_and(|part| (part - 0.93).abs() < 1e-9), "{:?}", totals.success);
    assert!(totals.p99.number().is_some_and(|p99| p99 < 5_000.0), "{:?}", totals.p99);
    let clusters = reader.admin(|answer| match answer {
        Answer::Clusters(clusters) => Some(clusters.clone()),
        _ => None,
    });
    let clusters = clusters.unwrap();
    let api = clusters.iter().find(|cluster| &*cluster.host == "api.example.com").unwrap();
    // For /clusters a success is what is no 5xx.
    let counted = &api.endpoints[0];
    assert_eq!((counted.rq_success, counted.rq_error, counted.rq_total), (126, 14, 140));
    let version = reader.admin(|answer| match answer {
        Answer::Server(server) => Some(server.version.clone()),
        _ => None,
    });
    assert_eq!(version.as_deref(), Some("1.40.0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_istios_counters_the_same_load_is_found_in_envoys_own_and_in_clusters() {
    let up = Upstream::start().await.unwrap();
    let hosts = vec![Host::new("api.example.com", up.port()), Host::new("hooks.example.com", up.port())];
    let all = Bootstrap { istio: false, ..Bootstrap::new(hosts) };
    let default = Bootstrap { collected: Collected::Default, ..all.clone() };
    for (bootstrap, source) in [(all, Source::Envoy), (default, Source::Admin)] {
        let site = Site::start(&bootstrap).await;
        // What was before is not counted.
        web::send(site.envoy.port(), &[Load::code("api.example.com", 200, 3)]).await.unwrap();
        let mut reader = site.reader().await;
        reader.once_more().await;
        let load = [
            Load::code("api.example.com", 200, 30),
            Load::code("api.example.com", 500, 10),
            Load::code("hooks.example.com", 200, 5),
        ];
        web::send(site.envoy.port(), &load).await.unwrap();
        reader.once_more().await;
        assert_eq!(reader.totals().source, Some(source));
        let sent = wanted(&[("api.example.com", 40.0), ("hooks.example.com", 5.0)]);
        assert_eq!(counts(&reader, By::Host, 0), sent, "{source:?}");
        assert_eq!(counts(&reader, By::Flag, 0), BTreeMap::new(), "{source:?} knows no flags");
    }
}
