//! The faults of the demo around the client of a real server.

use egret::demo::fault::{Effect, Faults, Rule, Which};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::client::Body;
use kube::{Api, Client, Error, ResourceExt as _};
use tower::Layer as _;

use crate::support::plane::{shared, unique};

/// A client of the real server with faults on the way, and one without.
async fn clients(faults: &Faults) -> [Api<ConfigMap>; 2] {
    let client = shared().await.admin().await;
    let real = client.clone();
    let sent = tower::service_fn(move |request: http::Request<Body>| {
        let real = real.clone();
        async move { real.send(request).await }
    });
    let faulty = Client::new(faults.layer("real").layer(sent), "default");
    [faulty, client].map(|client| Api::namespaced(client, "default"))
}

fn named(name: &str) -> ConfigMap {
    serde_json::from_value(serde_json::json!({"metadata": {"name": name}})).unwrap()
}

/// The k-th request that fits meets with something.
fn nth(verb: &str, nth: u64, effect: Effect) -> Rule {
    Rule { which: Which { verb: Some(verb.to_owned()), nth: Some(nth), ..Which::default() }, effect }
}

#[tokio::test]
async fn a_write_fails_before_or_after_it_reached_the_real_server() {
    let faults = Faults::default();
    let [faulty, plain] = clients(&faults).await;
    let names = ["before", "after", "refused", "done"].map(unique);
    faults.add(nth("create", 1, Effect::LostBefore));
    faults.add(nth("create", 2, Effect::LostAfter));
    faults.add(nth("create", 3, Effect::Code(409)));
    let mut told = Vec::new();
    for name in &names {
        told.push(faulty.create(&PostParams::default(), &named(name)).await);
    }
    assert!(matches!(told[0], Err(Error::Service(_))), "{:?}", told[0]);
    assert!(matches!(told[1], Err(Error::Service(_))), "{:?}", told[1]);
    assert!(matches!(&told[2], Err(Error::Api(status)) if status.code == 409), "{:?}", told[2]);
    assert_eq!(told[3].as_ref().unwrap().name_any(), names[3]);
    let mut there = Vec::new();
    for name in &names {
        there.push(plain.get_opt(name).await.unwrap().is_some());
    }
    assert_eq!(there, [false, true, false, true]);
    assert_eq!(faults.requests("real"), 4);
    for name in [&names[1], &names[3]] {
        plain.delete(name, &DeleteParams::default()).await.unwrap();
    }
}

#[tokio::test]
async fn a_real_server_is_stale_denied_or_away_for_as_long_as_a_rule_says() {
    let faults = Faults::default();
    let [faulty, plain] = clients(&faults).await;
    let name = unique("stale");
    let mine = ListParams::default().fields(&format!("metadata.name={name}"));
    let count = async || faulty.list(&mine).await.map(|list| list.items.len());
    faults.toggle(&"stale=real".parse().unwrap());
    assert_eq!(count().await.unwrap(), 0);
    plain.create(&PostParams::default(), &named(&name)).await.unwrap();
    assert_eq!(count().await.unwrap(), 0, "what was answered before is answered again");
    faults.toggle(&"stale=real".parse().unwrap());
    assert_eq!(count().await.unwrap(), 1);
    faults.add("deny=list:configmaps".parse().unwrap());
    assert!(matches!(count().await, Err(Error::Api(status)) if status.code == 403));
    faults.clear();
    faults.add("outage=real".parse().unwrap());
    assert!(matches!(count().await, Err(Error::Service(_))));
    faults.clear();
    assert_eq!(count().await.unwrap(), 1);
    plain.delete(&name, &DeleteParams::default()).await.unwrap();
}
