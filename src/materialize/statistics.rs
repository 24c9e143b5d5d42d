//! Statistics that Istio's proxies do not keep unless asked (R14): the annotation that asks for them.
//!
//! It goes to the CR's `spec.podAnnotations`, so that it works whoever keeps the gateway. On a pod it *replaces* the list
//! that the mesh's own configuration has, and is split at commas.

use serde_json::{Value, json};

use super::build::{PROXY_CONFIG, read_proxy_config};
use crate::model::istio_gateway::Pairs;

/// The annotation on pods.
pub const ANNOTATION: &str = "sidecar.istio.io/statsInclusionRegexps";

/// What to ask for to see the traffic of a gateway: requests, connections, breakers, ejections and TLS towards each host,
/// and what comes in.
pub const WANTED: [&str; 4] = [
    r"cluster\..*\.upstream_(cx|rq)_.*",
    r"cluster\..*\.(circuit_breakers|outlier_detection|membership|ssl).*",
    r"listener\..*\.(downstream_cx|ssl).*",
    r"http\..*\.downstream_(cx|rq).*",
];

/// What of a gateway's own annotations and of the mesh's `defaultConfig` asks for statistics already, and what to ask for
/// so that `wanted` comes beside it: the value of [`ANNOTATION`]. `None`: all of it is asked for.
///
/// # Errors
/// A pattern with a comma, which the proxy would take for two: the sentence names it.
pub fn inclusion(annotations: &Pairs, mesh: &Value, wanted: &[&str]) -> Result<Option<String>, String> {
    let own = annotations.get(PROXY_CONFIG).and_then(|text| read_proxy_config(text)).map(Value::Object);
    let present = annotations.get(ANNOTATION).into_iter().flat_map(|text| text.split(',')).map(str::trim);
    let mut patterns: Vec<&str> = present.filter(|pattern| !pattern.is_empty()).collect();
    let asked = patterns.clone();
    // The annotation replaces the list of either: what they have would be lost.
    let own = own.unwrap_or_else(|| json!({}));
    let listed = |config: &'_ Value| {
        config["proxyStatsMatcher"]["inclusionRegexps"].as_array().cloned().unwrap_or_default()
    };
    let lists = [listed(&own), listed(&mesh["defaultConfig"])];
    let listed = lists.iter().flatten().filter_map(Value::as_str);
    for pattern in listed.chain(wanted.iter().copied()).filter(|pattern| !pattern.is_empty()) {
        if pattern.contains(',') {
            return Err(format!("the pattern {pattern:?} has a comma, at which the proxy would split it"));
        }
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    let is_new = wanted.iter().any(|pattern| !asked.contains(pattern));
    Ok(is_new.then(|| patterns.join(",")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pairs(of: &[(&str, &str)]) -> Pairs {
        of.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_asked_for_already_stays_and_nothing_is_asked_for_twice() {
        let mesh = json!({"defaultConfig": {"proxyStatsMatcher": {"inclusionRegexps": ["mesh.*", "a.*"]}}});
        let own = pairs(&[
            (ANNOTATION, "a.*, own.*"),
            (PROXY_CONFIG, "proxyStatsMatcher: {inclusionRegexps: [pod.*]}"),
        ]);
        let all = inclusion(&own, &mesh, &["upstream_rq.*", "mesh.*"]).unwrap();
        assert_eq!(all.as_deref(), Some("a.*,own.*,pod.*,mesh.*,upstream_rq.*"));
        assert_eq!(inclusion(&Pairs::new(), &json!({}), &["x"]).unwrap().as_deref(), Some("x"));
        let done = pairs(&[(ANNOTATION, &WANTED.join(","))]);
        assert_eq!(inclusion(&done, &mesh, &WANTED), Ok(None), "all of it is asked for");
    }

    #[test]
    fn a_pattern_with_a_comma_is_refused_wherever_it_is_from() {
        let mesh = json!({"defaultConfig": {"proxyStatsMatcher": {"inclusionRegexps": ["a{1,2}"]}}});
        assert!(inclusion(&Pairs::new(), &mesh, &["x"]).unwrap_err().contains("\"a{1,2}\" has a comma"));
        assert!(inclusion(&Pairs::new(), &json!({}), &["b{1,}"]).is_err());
        assert!(WANTED.iter().all(|pattern| !pattern.contains(',')));
    }
}
