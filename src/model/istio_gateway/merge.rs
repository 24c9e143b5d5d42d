//! What a gateway is in one cluster: the block of `spec`, overridden by that cluster's own.
//!
//! ASM does not publish how it merges `spec.overrides`. Inferred, and decided here once: labels, annotations and
//! the node selector are merged by key, and every other field of the override replaces the field of `spec` whole
//! (so an override of `resources` that names only limits leaves no requests).

use super::configuration::{GatewayConfiguration, Pairs};

/// Lists every field once; one that is missing here does not compile.
macro_rules! merge_fields {
    ($base:ident, $over:ident; replaced: $($replaced:ident)*; by key: $($by_key:ident)*) => {{
        let GatewayConfiguration { $($replaced,)* $($by_key,)* } = $over.clone();
        GatewayConfiguration {
            $($replaced: $replaced.or_else(|| $base.$replaced.clone()),)*
            $($by_key: by_key($base.$by_key.as_ref(), $by_key),)*
        }
    }};
}

/// `base` with `over` laid over it.
pub(super) fn merge(base: &GatewayConfiguration, over: &GatewayConfiguration) -> GatewayConfiguration {
    merge_fields!(base, over;
        replaced:
            replica_count autoscale_enabled min_replicas max_replicas cpu memory
            service_type load_balancer_class load_balancer_ip external_traffic_policy ports mesh_expansion_ports
            sds resources env affinity tolerations application_ports requested_network_view
            secret_volumes config_volumes rolling_max_surge rolling_max_unavailable kernel compression
            run_as_root lifecycle readiness_probe host_network dns_policy
            auto_create_gateway_yaml disable_container_port_exposed;
        by key:
            service_annotations service_labels pod_annotations pod_labels node_selector)
}

fn by_key(base: Option<&Pairs>, over: Option<Pairs>) -> Option<Pairs> {
    let Some(base) = base else { return over };
    let mut merged = base.clone();
    merged.extend(over.into_iter().flatten());
    Some(merged)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn merged(base: Value, over: Value) -> Value {
        let [base, over] = [base, over].map(|v| serde_json::from_value::<GatewayConfiguration>(v).unwrap());
        serde_json::to_value(merge(&base, &over)).unwrap()
    }

    #[test]
    fn an_override_wins_merges_maps_and_leaves_the_rest() {
        let cases = [
            (json!({}), json!({}), json!({})),
            (json!({"replicaCount": 1}), json!({}), json!({"replicaCount": 1})),
            (json!({"replicaCount": 1}), json!({"replicaCount": 3}), json!({"replicaCount": 3})),
            (json!({}), json!({"podLabels": {"a": "1"}}), json!({"podLabels": {"a": "1"}})),
            (
                json!({"podLabels": {"a": "1", "b": "1"}, "runAsRoot": true}),
                json!({"podLabels": {"b": "2", "c": "3"}}),
                json!({"podLabels": {"a": "1", "b": "2", "c": "3"}, "runAsRoot": true}),
            ),
            (
                json!({"resources": {"limits": {"cpu": 2}, "requests": {"cpu": 1}}}),
                json!({"resources": {"limits": {"cpu": 4}}}),
                json!({"resources": {"limits": {"cpu": 4}}}),
            ),
            (
                json!({"ports": [{"port": 80}, {"port": 443}]}),
                json!({"ports": [{"port": 8080}]}),
                json!({"ports": [{"port": 8080}]}),
            ),
            (json!({"runAsRoot": true}), json!({"runAsRoot": false}), json!({"runAsRoot": false})),
        ];
        for (base, over, expected) in cases {
            assert_eq!(merged(base.clone(), over.clone()), expected, "{base} + {over}");
        }
    }
}
