//! The proxies of the story answer as they promise.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::demo::proxy::answer_of;
use crate::demo::story;
use crate::demo::world::begin;

/// Frankfurt at the beginning; played once.
static FRANKFURT: LazyLock<State> = LazyLock::new(|| {
    let places = story::places(1);
    places.into_iter().find(|place| place.name == "frankfurt").map(|place| place.state).unwrap()
});

/// The pods of a workload whose proxies run.
fn pods(state: &State, workload_name: &str) -> Vec<Arc<Value>> {
    let pods = state.store.list("pods", None).map(|(_, pod)| pod.clone());
    pods.filter(|pod| workload(pod) == workload_name && started(pod).is_some()).collect()
}

fn asked(state: &State, pod: &Value, port: u16, path: &str, at: Timestamp) -> Answer {
    Proxy::of(state, pod, at).unwrap().answer(Request { port, posts: false, path }).unwrap()
}

/// Series and values of an exposition text.
fn series(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').map(|(name, value)| (name, value.parse().unwrap())).unwrap())
        .collect()
}

#[test]
fn it_is_to_be_looked_at() {
    let state = &*FRANKFURT;
    let pods = pods(state, "istio-egress-payments");
    for pod in &pods {
        let start = std::time::Instant::now();
        let answer = asked(state, pod, 15090, "/stats/prometheus?usedonly", begin());
        println!("{:?} {}", start.elapsed(), answer.text.len());
        println!("{}", answer.text.lines().filter(|l| !l.contains("_bucket")).collect::<Vec<_>>().join("\n"));
        println!("{}", asked(state, pod, 15000, "/clusters?format=json", begin()).text);
        println!("{}", asked(state, pod, 15000, "/clusters", begin()).text);
        println!("{}", asked(state, pod, 15000, "/certs", begin()).text);
        println!("{}", asked(state, pod, 15000, "/server_info", begin()).text);
        println!("{}", asked(state, pod, 15000, "/listeners", begin()).text);
        println!("{}", asked(state, pod, 15000, "/config_dump", begin()).text.len());
    }
}
