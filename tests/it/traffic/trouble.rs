//! What goes wrong shows, and nothing shows that did not happen.

use egret::metrics::view::{By, Of, Quantity, Window};
use egret::model::fault::Reason;
use k8s_openapi::api::rbac::v1::PolicyRule;

use super::site::{Reader, Site};
use crate::support::plane::web::{self, Load};
use crate::support::plane::{Bootstrap, Host, Upstream};

const HOST: &str = "api.example.com";

async fn site(up: &Upstream) -> Site {
    Site::start(&Bootstrap::new(vec![Host::new(HOST, up.port())])).await
}

/// The values of the last minute.
fn line(reader: &Reader) -> Vec<Option<f32>> {
    let of = Of::All;
    reader.store.line(reader.pods(), &of, Quantity::Requests, Window::Minute, reader.last(), 60).values
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_upstream_shows_as_its_response_flag_within_two_scrapes() {
    let mut up = Upstream::start().await.unwrap();
    let site = site(&up).await;
    let mut reader = site.reader().await;
    reader.once_more().await;
    web::send(site.envoy.port(), &[Load::code(HOST, 200, 20)]).await.unwrap();
    reader.once_more().await;
    up.stop().await;
    let codes = web::send(site.envoy.port(), &[Load::code(HOST, 200, 4)]).await.unwrap();
    assert_eq!(codes, [(503, 4)].into());
    let before = reader.scrapes.len();
    reader
        .until("UF shows", |reader| {
            let rows = reader.store.rows(reader.pods(), By::Flag, Window::Minute, reader.last());
            rows.first().is_some_and(|row| &*row.key == "UF")
        })
        .await;
    assert!(reader.scrapes.len() - before <= 2, "{} scrapes", reader.scrapes.len() - before);
    let hosts = reader.store.rows(reader.pods(), By::Host, Window::Minute, reader.last());
    assert_eq!(&*hosts[0].key, HOST);
    let flags: Vec<(&str, f64)> =
        hosts[0].flags.iter().map(|(flag, a_second)| (&**flag, a_second * reader.covered(0))).collect();
    assert!(matches!(flags[..], [("UF", failed)] if (failed - 4.0).abs() < 1e-3), "{flags:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_was_killed_and_counts_anew_is_a_gap_and_never_a_spike() {
    let up = Upstream::start().await.unwrap();
    let mut site = site(&up).await;
    let mut reader = site.reader().await;
    reader.once_more().await;
    web::send(site.envoy.port(), &[Load::code(HOST, 200, 100)]).await.unwrap();
    reader.once_more().await;
    site.envoy.kill().await.unwrap();
    reader.until("a scrape is missed", |reader| !reader.missed.is_empty()).await;
    site.envoy.start_again().await.unwrap();
    reader.once_more().await;
    let again = reader.scrapes.len() - 1;
    web::send(site.envoy.port(), &[Load::code(HOST, 200, 7)]).await.unwrap();
    reader.once_more().await;
    let values = line(&reader);
    let seen: Vec<f32> = values.iter().copied().flatten().collect();
    // All hundred in the shortest time between two scrapes would be the most.
    let moments: Vec<_> = reader.scrapes.iter().map(|scrape| scrape.at).collect();
    let apart = moments.windows(2).map(|two| two[1].duration_since(two[0]).as_secs_f32());
    let most = 101.0 / apart.fold(f32::INFINITY, f32::min);
    assert!(seen.iter().all(|value| (0.0..=most).contains(value)), "{most}: {values:?}");
    // What was counted after the restart is counted once, and what was before it is not lost.
    let counted: f64 = reader.scrapes[again + 1..]
        .iter()
        .zip(&reader.scrapes[again..])
        .map(|(scrape, before)| {
            let requests = |scrape: &egret::metrics::Scrape| -> f64 {
                let is = |sample: &&egret::metrics::series::Sample| {
                    sample.series.metric == egret::metrics::series::Metric::Requests
                };
                scrape.samples.iter().filter(is).map(|sample| sample.value).sum()
            };
            requests(scrape) - requests(before)
        })
        .sum();
    assert!((counted - 7.0).abs() < f64::EPSILON, "{counted}");
    let readings = reader.store.readings(reader.pods());
    assert!(readings[0].restarted.is_some() && readings[0].fault.is_none(), "{readings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_forward_that_is_cut_is_a_gap_with_words_and_is_opened_again() {
    let up = Upstream::start().await.unwrap();
    let mut site = site(&up).await;
    let mut reader = site.reader().await;
    reader.once_more().await;
    web::send(site.envoy.port(), &[Load::code(HOST, 200, 5)]).await.unwrap();
    reader.once_more().await;
    site.between.cut().await;
    reader.until("a scrape is missed", |reader| !reader.missed.is_empty()).await;
    let words = &reader.missed[0].fault.summary;
    assert!(words.contains(&*site.pod.name), "{words}");
    site.between.mend().await;
    reader.once_more().await;
    web::send(site.envoy.port(), &[Load::code(HOST, 200, 3)]).await.unwrap();
    reader.once_more().await;
    // The counters went on: what was counted in the meantime is not lost.
    let total = reader
        .scrapes
        .last()
        .unwrap()
        .samples
        .iter()
        .filter(|sample| sample.series.metric == egret::metrics::series::Metric::Requests);
    assert!((total.map(|sample| sample.value).sum::<f64>() - 8.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_neither_proxy_nor_forward_is_told_which_rights_are_missing() {
    let up = Upstream::start().await.unwrap();
    let site = site(&up).await;
    let rule = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["pods".to_owned()]),
        verbs: ["get", "list", "watch"].map(str::to_owned).to_vec(),
        ..PolicyRule::default()
    };
    let looker = site.cluster.user("looker", Some("istio-system"), &[rule]).await.unwrap();
    let mut reader = site.reader_as(&looker).await;
    reader.until("a scrape is missed", |reader| !reader.missed.is_empty()).await;
    assert!(reader.scrapes.is_empty());
    let fault = &reader.missed[0].fault;
    assert_eq!(fault.reason, Reason::Denied, "{fault:?}");
    let told = format!("{} {}", fault.summary, fault.hint);
    assert!(told.contains("pods/portforward") && told.contains("pods/proxy"), "{told}");
}
