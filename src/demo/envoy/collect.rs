//! Which statistics a proxy collects: Istio's short list, and what the pod's annotations add (R14).

use regex::RegexSet;
use serde_json::Value;

use super::Proxy;

/// What Istio includes whatever is said.
const PREFIXES: &[&str] = &[
    "reporter=",
    "cluster_manager",
    "listener_manager",
    "server",
    "cluster.xds-grpc",
    "wasm",
    "component",
    "istio",
];

/// The same by the end of the name.
const SUFFIXES: &[&str] =
    &["rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied", "downstream_cx_active"];

/// Which statistics a proxy collects.
pub(super) struct Collected {
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    patterns: RegexSet,
}

impl Collected {
    /// Of a proxy: an annotation of a kind replaces what ProxyConfig says of that kind.
    pub(super) fn of(proxy: &Proxy<'_>) -> Self {
        let config = proxy
            .annotation("proxy.istio.io/config")
            .and_then(|text| serde_yaml::from_str::<Value>(text).ok());
        let matcher = config.map(|c| c["proxyStatsMatcher"].clone()).unwrap_or_default();
        let listed = |annotation: &str, field: &str| -> Vec<String> {
            match proxy.annotation(annotation) {
                Some(text) => {
                    text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()
                }
                None => {
                    let all = matcher[field].as_array().into_iter().flatten();
                    all.filter_map(|v| v.as_str().map(str::to_owned)).collect()
                }
            }
        };
        let patterns = listed("sidecar.istio.io/statsInclusionRegexps", "inclusionRegexps");
        // Envoy's pattern is of the whole name.
        let whole = patterns.iter().map(|p| format!("^(?:{p})$"));
        Self {
            prefixes: listed("sidecar.istio.io/statsInclusionPrefixes", "inclusionPrefixes"),
            suffixes: listed("sidecar.istio.io/statsInclusionSuffixes", "inclusionSuffixes"),
            patterns: RegexSet::new(whole).unwrap_or_else(|_| RegexSet::empty()),
        }
    }

    /// Whether annotations add anything to the short list.
    pub(super) fn adds(&self) -> bool {
        !(self.prefixes.is_empty() && self.suffixes.is_empty() && self.patterns.is_empty())
    }

    /// Whether a statistic of this whole name is collected.
    pub(super) fn holds(&self, name: &str) -> bool {
        PREFIXES.iter().any(|p| name.starts_with(p))
            || SUFFIXES.iter().any(|s| name.ends_with(s))
            || self.prefixes.iter().any(|p| name.starts_with(p.as_str()))
            || self.suffixes.iter().any(|s| name.ends_with(s.as_str()))
            || self.patterns.is_match(name)
    }
}

/// Whether Istio's own metrics of requests are made: a Telemetry object of the pod may turn them off.
pub(super) fn measures(proxy: &Proxy<'_>) -> bool {
    let labels = &proxy.pod["metadata"]["labels"];
    let off = |telemetry: &Value| {
        let selector = &telemetry["spec"]["selector"]["matchLabels"];
        let fits = selector.as_object().is_none_or(|s| s.iter().all(|(k, v)| labels[k] == *v));
        let metrics = telemetry["spec"]["metrics"].as_array().into_iter().flatten();
        let overrides = metrics.flat_map(|m| m["overrides"].as_array().into_iter().flatten());
        fits && overrides.into_iter().any(|o| o["disabled"] == true && o["match"].is_null())
    };
    let namespace = Some(proxy.namespace());
    !proxy.state.store.list("telemetries.telemetry.istio.io", namespace).any(|(_, telemetry)| off(telemetry))
}
