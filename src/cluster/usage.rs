//! What pods use, as `metrics.k8s.io` tells it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{get, refusal, whole};
use crate::model::amount::Amount;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::usage::PodUsage;

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Meta,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    window: String,
    #[serde(default)]
    containers: Vec<Container>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    namespace: Box<str>,
    name: Box<str>,
}

#[derive(Deserialize)]
struct Container {
    name: String,
    #[serde(default)]
    usage: Usage,
}

#[derive(Default, Deserialize)]
struct Usage {
    #[serde(default)]
    cpu: String,
    #[serde(default)]
    memory: String,
}

/// Reads what the pods of a namespace use.
///
/// # Errors
/// [`Reason::Missing`] where the cluster serves no such API; else when it refuses or does not answer.
pub async fn of_pods(c: &Connection, namespace: &str) -> Result<Vec<PodUsage>, Fault> {
    let asked = Asked::new(&c.cluster, format!("read what pods in {namespace} use"));
    let path = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods");
    let answer = get(c, &path, &asked, c.patience.answer).await?;
    match answer.status().as_u16() {
        200 => {}
        404 => {
            let hint = "CPU and memory need a metrics server; Envoy's own memory is shown instead.";
            return Err(asked.because(Reason::Missing, "the cluster serves no metrics.k8s.io", hint));
        }
        _ => return Err(refusal(c, answer, &asked).await),
    }
    let body = whole(c, answer.into_body(), &asked).await?;
    let list: List = serde_json::from_slice(&body)
        .map_err(|e| asked.because(Reason::Server, &format!("the answer cannot be read: {e}"), ""))?;
    Ok(list.items.into_iter().filter_map(used).collect())
}

/// One pod; none where it says not when it was measured.
fn used(item: Item) -> Option<PodUsage> {
    let amount = |text: &str| text.parse::<Amount>().map(|amount| amount.as_f64()).ok();
    let containers = item.containers.iter().filter_map(|container| {
        let name: Box<str> = clean(&container.name).into();
        Some((name, amount(&container.usage.cpu)?, amount(&container.usage.memory)?))
    });
    Some(PodUsage {
        containers: containers.collect(),
        namespace: item.metadata.namespace,
        name: item.metadata.name,
        at: item.timestamp?,
        window: window(&item.window),
    })
}

/// A duration as Go writes it, of seconds and minutes: `17.5s`, `1m0s`; what is none is 0.
fn window(text: &str) -> Duration {
    let (minutes, seconds) = text.split_once('m').unwrap_or(("0", text));
    let number = |text: &str| text.trim_end_matches('s').parse::<f64>().ok().filter(|n| n.is_finite());
    let seconds = number(minutes).zip(number(seconds)).map(|(minutes, seconds)| minutes * 60.0 + seconds);
    Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_metrics_server_says_is_read() {
        let item = serde_json::json!({
            "metadata": {"name": "istio-egress-0", "namespace": "egress", "labels": {"app": "x"}},
            "timestamp": "2026-06-15T09:00:00Z", "window": "17.5s",
            "containers": [
                {"name": "istio-proxy", "usage": {"cpu": "123456789n", "memory": "65Mi"}},
                {"name": "broken", "usage": {"cpu": "much", "memory": "1"}},
            ],
        });
        let used = used(serde_json::from_value(item).unwrap()).unwrap();
        let containers = [("istio-proxy".into(), 0.123_456_789, 68_157_440.0)];
        assert_eq!((&*used.name, used.containers.as_slice()), ("istio-egress-0", &containers[..]));
        assert_eq!(used.window, Duration::from_millis(17_500));
        assert_eq!(used.at.to_string(), "2026-06-15T09:00:00Z");
    }

    #[test]
    fn windows_are_read_as_go_writes_them() {
        for (text, seconds) in [("30s", 30.0), ("1m0s", 60.0), ("1m1.5s", 61.5), ("", 0.0), ("NaNs", 0.0)] {
            assert_eq!(window(text), Duration::from_secs_f64(seconds), "{text}");
        }
    }
}
