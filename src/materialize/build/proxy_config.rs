//! The annotation `proxy.istio.io/config`: ProxyConfig of one pod, as YAML.

use serde_json::{Map, Value, json};

use crate::model::istio_gateway::Pairs;
use crate::model::yaml;

/// Its key.
pub(in crate::materialize) const ANNOTATION: &str = "proxy.istio.io/config";

/// Adds the time that connections are given to finish; what its owner wrote there stays, and wins (R14).
pub(super) fn set_drain(annotations: &mut Pairs, seconds: u32) {
    let written = annotations.get(ANNOTATION).map(String::as_str).unwrap_or_default();
    let Some(mut config) = read(written) else { return };
    config.entry("terminationDrainDuration").or_insert_with(|| json!(format!("{seconds}s")));
    if let Ok(text) = yaml::text(&Value::Object(config)) {
        annotations.insert(ANNOTATION.into(), text);
    }
}

/// The fields of such an annotation; `None` for what is no YAML mapping.
pub(in crate::materialize) fn read(text: &str) -> Option<Map<String, Value>> {
    if text.trim().is_empty() {
        return Some(Map::new());
    }
    match serde_yaml::from_str(text) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}
