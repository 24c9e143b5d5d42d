//! The proxy that the tests read is a real Envoy, and counts what goes through it.

use crate::support::plane::web::{self, Load};
use crate::support::plane::{Bootstrap, Collected, Envoy, Host, Tags, Upstream};
use std::collections::BTreeMap;

/// The lines of a metric.
fn lines<'a>(text: &'a str, metric: &str) -> Vec<&'a str> {
    let is = |line: &&str| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with('{'));
    text.lines().filter(is).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_envoy_counts_requests_as_istio_does_with_host_code_and_flag() {
    let mut up = Upstream::start().await.unwrap();
    let mut envoy =
        Envoy::start(&Bootstrap::new(vec![Host::new("api.example.com", up.port())])).await.unwrap();
    assert!(envoy.get("/server_info").await.unwrap().contains("/1.40.0/"), "the pinned version");

    let load = [Load::code("api.example.com", 200, 7), Load::code("api.example.com", 404, 2)];
    let codes = web::send(envoy.port(), &load).await.unwrap();
    assert_eq!(codes, BTreeMap::from([(200, 7), (404, 2)]));
    assert_eq!(up.asked(), 9);
    up.stop().await;
    let codes = web::send(envoy.port(), &[Load::code("api.example.com", 200, 3)]).await.unwrap();
    assert_eq!(codes, BTreeMap::from([(503, 3)]));

    let text = envoy.get("/stats/prometheus?usedonly").await.unwrap();
    let counted = lines(&text, "istio_requests_total");
    assert_eq!(counted.len(), 3, "{counted:?}");
    let told = |code: &str, flags: &str, value: &str| {
        counted.iter().any(|line| {
            line.contains(&format!("response_code=\"{code}\""))
                && line.contains(&format!("response_flags=\"{flags}\""))
                && line.contains("destination_service=\"api.example.com\"")
                && line.ends_with(value)
        })
    };
    assert!(told("200", "-", " 7") && told("404", "-", " 2") && told("503", "UF", " 3"), "{counted:?}");
    let own = lines(&text, "envoy_cluster_upstream_rq_total");
    assert_eq!(own, ["envoy_cluster_upstream_rq_total{cluster_name=\"outbound|80||api.example.com\"} 9"]);

    envoy.kill().await.unwrap();
    assert!(envoy.get("/ready").await.is_err());
    envoy.start_again().await.unwrap();
    let text = envoy.get("/stats/prometheus?usedonly").await.unwrap();
    assert_eq!(lines(&text, "istio_requests_total"), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_envoy_can_tell_less_and_in_its_own_spelling() {
    let up = Upstream::start().await.unwrap();
    let hosts = vec![Host::new("api.example.com", up.port())];
    let own = Bootstrap { tags: Tags::Envoy, istio: false, ..Bootstrap::new(hosts.clone()) };
    let less = Bootstrap { collected: Collected::Default, istio: false, ..Bootstrap::new(hosts) };
    let load = [Load::code("api.example.com", 200, 4)];
    let (own, less) = (Envoy::start(&own).await.unwrap(), Envoy::start(&less).await.unwrap());
    for envoy in [&own, &less] {
        assert_eq!(web::send(envoy.port(), &load).await.unwrap(), BTreeMap::from([(200, 4)]));
    }
    let text = own.get("/stats/prometheus?usedonly").await.unwrap();
    let leaked = lines(&text, "envoy_cluster_example_com_upstream_rq_total");
    assert_eq!(
        leaked,
        ["envoy_cluster_example_com_upstream_rq_total{envoy_cluster_name=\"outbound|80||api\"} 4"]
    );
    let text = less.get("/stats/prometheus").await.unwrap();
    assert!(!text.contains("upstream_rq") && text.contains("envoy_server_uptime"), "{text}");
}
