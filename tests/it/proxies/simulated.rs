//! What is read, on a server that answers as the test says.

use egret::envoy::Answer as Admin;
use egret::metrics::series::Metric;
use egret::model::fault::Reason;
use egret::model::reading::Source;
use egret::model::way::Way;
use egret::sources::Heard;

use super::support::api::{Api, Leads, Rules};
use super::support::envoy::{Answer, Envoy, STATISTICS, quiet};
use super::support::{SECOND, Stage};

/// Says nothing of any host: Istio's default.
fn silent(_: &str) -> Answer {
    Answer::Text("envoy_server_uptime{} 7\n".to_owned())
}

#[tokio::test]
async fn a_compressed_answer_is_read_as_what_it_was_by_either_way() {
    let text = STATISTICS.repeat(1000);
    let length = text.len() as u64;
    let envoy = Envoy::start(move |_| Answer::Packed(text.clone())).await;
    for (rules, way) in [
        (Rules::default(), Way::PodProxy(15090)),
        (Rules { proxy: Leads::Denied, ..Rules::default() }, Way::PortForward(15090)),
    ] {
        let api = Api::start(envoy.port, rules).await;
        let mut stage = Stage::new(&api.kubeconfig()).await;
        stage.proxies.read(vec![stage.want("egress", "p", 5 * SECOND)]);
        let scrape = stage.tried().await.unwrap();
        assert_eq!((scrape.bytes, scrape.way, &*scrape.uid), (length, way, "uid"));
    }
}

#[tokio::test]
async fn a_flood_is_refused_in_words() {
    let envoy = Envoy::start(|_| Answer::Flood(70 << 20)).await;
    let api = Api::start(envoy.port, Rules { proxy: Leads::Denied, ..Rules::default() }).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    stage.proxies.read(vec![stage.want("egress", "p", 5 * SECOND)]);
    let (summary, hint) = stage.missed().await;
    assert_eq!(
        summary,
        "fake: read the proxy of pod egress/p: the answer is longer than 64 MiB, and was not read to its end"
    );
    assert!(!hint.is_empty());
    envoy.left().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_gap_and_no_half_of_a_scrape() {
    let envoy = Envoy::start(|_| Answer::Cut(STATISTICS.to_owned())).await;
    let api = Api::start(envoy.port, Rules { proxy: Leads::Denied, ..Rules::default() }).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let want = stage.want("egress", "p", 5 * SECOND);
    stage.proxies.read(vec![want.clone()]);
    assert_eq!(stage.missed().await.0, "fake: read the proxy of pod egress/p: the answer was cut off");
    envoy.now(quiet);
    stage.later(10 * SECOND, &[want]);
    assert!(stage.tried().await.is_ok());
}

#[tokio::test]
async fn a_proxy_that_collects_nothing_of_its_hosts_is_read_from_its_clusters() {
    let clusters = serde_json::json!({"cluster_statuses": [{
        "name": "outbound|443||api.example.com",
        "host_statuses": [{
            "address": {"socket_address": {"address": "192.0.2.7", "port_value": 443}},
            "health_status": {"eds_health_status": "HEALTHY"},
            "stats": [
                {"name": "rq_success", "value": "60"},
                {"name": "rq_error", "value": "40"},
                {"name": "cx_connect_fail", "value": "40"},
            ],
        }],
    }]});
    let envoy = Envoy::start(move |path| match path {
        "/clusters" => Answer::Text(clusters.to_string()),
        _ => silent(path),
    })
    .await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    stage.proxies.read(vec![stage.want("egress", "p", 5 * SECOND)]);
    let scrape = stage.tried().await.unwrap();
    assert_eq!((scrape.source, scrape.way), (Source::Admin, Way::PodProxy(15090)));
    let of = |metric| -> Vec<(u16, f64)> {
        let found = scrape.samples.iter().filter(|s| s.series.metric == metric);
        found.map(|s| (s.series.code, s.value)).collect()
    };
    assert_eq!(of(Metric::Requests), [(2, 60.0), (5, 40.0)]);
    assert_eq!(of(Metric::ConnectFails), [(0, 40.0)]);
    assert!(scrape.samples.iter().any(|s| s.series.host.as_deref() == Some("api.example.com")));
}

#[tokio::test]
async fn a_proxy_of_which_only_its_clusters_would_tell_is_a_gap_while_they_cannot_be_read() {
    let envoy = Envoy::start(|path| match path {
        "/clusters" => Answer::Text("no JSON".to_owned()),
        _ => silent(path),
    })
    .await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let want = stage.want("egress", "p", 5 * SECOND);
    stage.proxies.read(vec![want.clone()]);
    let (summary, _) = stage.missed().await;
    assert!(summary.starts_with("fake: /clusters?format=json of pod egress/p cannot be read: "), "{summary}");
    envoy.now(|path| match path {
        "/clusters" => Answer::Text("{\"cluster_statuses\": []}".to_owned()),
        _ => silent(path),
    });
    stage.later(5 * SECOND, &[want]);
    assert_eq!(stage.tried().await.unwrap().source, Source::Admin);
}

#[tokio::test]
async fn what_is_wanted_of_the_admin_interface_comes_with_it_and_certificates_every_ten_minutes() {
    let envoy = Envoy::start(|path| match path {
        "/clusters" => Answer::Text("{\"cluster_statuses\": []}".to_owned()),
        "/certs" => Answer::Text("{\"certificates\": []}".to_owned()),
        "/server_info" => Answer::Text("{\"version\": \"x/1.40.0/y\", \"state\": \"LIVE\"}".to_owned()),
        path => quiet(path),
    })
    .await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let mut want = stage.want("egress", "p", 5 * SECOND);
    (want.clusters, want.certs) = (true, true);
    let mut seen = Vec::new();
    let steps = [0, 10, 580, 11];
    for (step, by) in steps.into_iter().enumerate() {
        stage.later(by * SECOND, &[want.clone()]);
        let expected = if step % 3 == 0 { 4 } else { 2 };
        let mut kinds = Vec::new();
        for _ in 0..expected {
            kinds.push(match stage.next().await {
                Heard::Admin(seen) => match seen.answer.unwrap() {
                    Admin::Clusters(_) => "clusters",
                    Admin::Certs(_) => "certs",
                    Admin::Server(_) => "server",
                },
                _ => "scrape",
            });
        }
        seen.push(kinds);
    }
    let (all, few) = (vec!["clusters", "scrape", "certs", "server"], vec!["clusters", "scrape"]);
    assert_eq!(seen, [all.clone(), few.clone(), few, all]);
    assert_eq!(api.asked("portforward").len(), 1, "one port-forward for all of it");
    assert!(envoy.asked().iter().all(|line| line.starts_with("GET ")), "{:?}", envoy.asked());
}

#[tokio::test]
async fn what_pods_use_is_read_and_a_cluster_that_does_not_tell_says_so_once() {
    let envoy = Envoy::start(quiet).await;
    let api = Api::start(envoy.port, Rules::default()).await;
    let mut stage = Stage::new(&api.kubeconfig()).await;
    let of = vec![("fake".into(), "egress".to_owned()), ("elsewhere".into(), "egress".to_owned())];
    stage.proxies.read_usage(of.clone());
    let Heard::Usage(cluster, Err(fault)) = stage.next().await else { panic!("it is not served") };
    assert_eq!((cluster.as_str(), fault.reason), ("fake", Reason::Missing));
    assert_eq!(fault.summary, "fake: read what pods in egress use: the cluster serves no metrics.k8s.io");
    stage.later(600 * SECOND, &[]);
    api.now(|rules| {
        rules.usage = Some(serde_json::json!({"items": [{
            "metadata": {"name": "p", "namespace": "egress"},
            "timestamp": "2026-06-15T09:00:00Z", "window": "30s",
            "containers": [{"name": "istio-proxy", "usage": {"cpu": "250m", "memory": "64Mi"}}],
        }]}));
    });
    // What was there already is looked at again; that there was none is not said twice.
    stage.later(600 * SECOND, &[]);
    let Heard::Usage(_, Ok(usage)) = stage.next().await else { panic!("it is served now") };
    assert_eq!((usage[0].cores(), usage[0].memory()), (0.25, 67_108_864.0));
    let before = api.asked("metrics.k8s.io").len();
    stage.proxies.read_usage(Vec::new());
    stage.later(60 * SECOND, &[]);
    stage.nothing().await;
    assert_eq!(api.asked("metrics.k8s.io").len(), before, "nobody looks any more");
}
