//! The simulated clusters: their pods answer like proxies under Istio.

use egret::demo::story;
use egret::envoy::Answer;
use egret::metrics::series::Metric;
use egret::metrics::{Scrape, Want};
use egret::model::reading::Source;
use egret::model::way::Way;
use egret::sources::Heard;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};

use super::support::{SECOND, Stage};

fn requests(scrape: &Scrape) -> f64 {
    scrape.samples.iter().filter(|s| s.series.metric == Metric::Requests).map(|s| s.value).sum()
}

/// Wishes for all egress gateway pods that are ready.
/// None where the user may not list the pods of all namespaces.
async fn wants(stage: &Stage) -> Vec<Want> {
    let pods = Api::<Pod>::all(stage.connection.client.clone());
    let pods = pods.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default();
    let is_gateway = |pod: &&Pod| {
        let conditions = pod.status.iter().flat_map(|s| s.conditions.iter().flatten());
        let ready = conditions.into_iter().any(|c| c.type_ == "Ready" && c.status == "True");
        let proxied = pod.spec.iter().any(|spec| spec.containers.iter().any(|c| c.name == "istio-proxy"));
        ready && proxied && pod.metadata.name.as_deref().is_some_and(|name| name.contains("egress"))
    };
    let want = |pod: &Pod| {
        let meta = &pod.metadata;
        let (namespace, name) = (meta.namespace.as_deref().unwrap(), meta.name.as_deref().unwrap());
        Want { clusters: true, certs: true, ..stage.want(namespace, name, 5 * SECOND) }
    };
    pods.iter().filter(is_gateway).map(want).collect()
}

#[tokio::test]
async fn every_ready_gateway_pod_is_read_and_goes_on_counting() {
    let world = story::world(7, 0.0);
    let names: Vec<String> = world.names().iter().map(|name| (*name).to_owned()).collect();
    let mut read = 0;
    for name in names {
        let mut stage = Stage::of_world(&world, &name).await;
        let wants = wants(&stage).await;
        let mut counted = [0.0, 0.0];
        for (round, counted) in counted.iter_mut().enumerate() {
            stage.proxies.read(wants.clone());
            let (mut scrapes, mut admin) = (0, 0);
            // In the first round certificates and the server too.
            let answers = if round == 0 { 3 } else { 1 } * wants.len();
            while scrapes < wants.len() || admin < answers {
                match stage.next().await {
                    Heard::Admin(seen) => {
                        admin += 1;
                        match seen.answer.unwrap() {
                            Answer::Clusters(clusters) => assert!(!clusters.is_empty(), "{name}"),
                            Answer::Certs(certs) => assert!(!certs.is_empty(), "{name}"),
                            Answer::Server(server) => assert_eq!(&*server.state, "LIVE"),
                        }
                    }
                    Heard::Scraped(egret::metrics::Scraped::Scrape(scrape)) => {
                        scrapes += 1;
                        assert_eq!((scrape.way, scrape.broken), (Way::PodProxy(15090), 0), "{name}");
                        if scrape.source == Source::Istio {
                            *counted += requests(&scrape);
                        }
                    }
                    other => panic!("{name}: {other:?}"),
                }
            }
            world.advance(30 * SECOND);
        }
        assert!(wants.is_empty() || counted[1] > counted[0], "{name}: {counted:?}");
        read += wants.len();
    }
    assert!(read > 3, "{read} pods");
}
