//! Statistics that Istio's proxies do not keep unless asked (R14): the annotation that asks for them.
//!
//! It goes to the CR's `spec.podAnnotations`, so that it works whoever keeps the gateway. On a pod it *replaces* the list
//! that the mesh's own configuration has, and is split at commas.

use serde_json::Value;

/// The annotation on pods.
pub const ANNOTATION: &str = "sidecar.istio.io/statsInclusionRegexps";

/// The value of [`ANNOTATION`] that asks for `wanted` beside what is asked for already: by the gateway's own annotation,
/// and by the mesh's configuration (`mesh.defaultConfig`), which would else be lost.
///
/// # Errors
/// A pattern with a comma, which the proxy would take for two: the sentence names it.
pub fn inclusion(present: Option<&str>, mesh: &Value, wanted: &[&str]) -> Result<String, String> {
    let of_mesh = mesh["defaultConfig"]["proxyStatsMatcher"]["inclusionRegexps"].as_array();
    let of_mesh = of_mesh.into_iter().flatten().filter_map(Value::as_str);
    let mut patterns: Vec<&str> = Vec::new();
    let present = present.into_iter().flat_map(|text| text.split(',')).map(str::trim);
    for pattern in present.chain(of_mesh).chain(wanted.iter().copied()).filter(|p| !p.is_empty()) {
        if pattern.contains(',') {
            return Err(format!("the pattern {pattern:?} has a comma, at which the proxy would split it"));
        }
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(patterns.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_asked_for_already_stays_and_nothing_is_asked_for_twice() {
        let mesh = json!({"defaultConfig": {"proxyStatsMatcher": {"inclusionRegexps": ["mesh.*", "a.*"]}}});
        let all = inclusion(Some("a.*, own.*"), &mesh, &["upstream_rq.*", "mesh.*"]);
        assert_eq!(all.as_deref(), Ok("a.*,own.*,mesh.*,upstream_rq.*"));
        assert_eq!(inclusion(None, &json!({}), &["x"]).as_deref(), Ok("x"));
        assert_eq!(inclusion(None, &Value::Null, &[]).as_deref(), Ok(""));
    }

    #[test]
    fn a_pattern_with_a_comma_is_refused_wherever_it_is_from() {
        let mesh = json!({"defaultConfig": {"proxyStatsMatcher": {"inclusionRegexps": ["a{1,2}"]}}});
        assert!(inclusion(None, &mesh, &["x"]).unwrap_err().contains("\"a{1,2}\" has a comma"));
        assert!(inclusion(None, &json!({}), &["b{1,}"]).is_err());
    }
}
