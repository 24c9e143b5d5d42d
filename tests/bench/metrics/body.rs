//! Texts in the shape of a real Envoy's.

use std::fmt::Write as _;

/// Counters and gauges of a cluster, as Envoy 1.40 has them; those with a number are never zero.
const OF_CLUSTER: &[(&str, &str, u32)] = &[
    ("assignment_stale", "counter", 0),
    ("assignment_timeout_received", "counter", 0),
    ("bind_errors", "counter", 0),
    ("circuit_breakers_default_cx_open", "gauge", 0),
    ("circuit_breakers_default_cx_pool_open", "gauge", 0),
    ("circuit_breakers_default_rq_open", "gauge", 0),
    ("circuit_breakers_default_rq_pending_open", "gauge", 0),
    ("circuit_breakers_default_rq_retry_open", "gauge", 0),
    ("circuit_breakers_high_cx_open", "gauge", 0),
    ("circuit_breakers_high_rq_open", "gauge", 0),
    ("circuit_breakers_high_rq_pending_open", "gauge", 0),
    ("default_total_match_count", "counter", 1),
    ("lb_healthy_panic", "counter", 0),
    ("lb_local_cluster_not_ok", "counter", 0),
    ("lb_recalculate_zone_structures", "counter", 0),
    ("lb_subsets_active", "gauge", 0),
    ("lb_subsets_created", "counter", 0),
    ("lb_subsets_fallback", "counter", 0),
    ("lb_zone_cluster_too_small", "counter", 0),
    ("lb_zone_routing_all_directly", "counter", 0),
    ("max_host_weight", "gauge", 1),
    ("membership_change", "counter", 1),
    ("membership_degraded", "gauge", 0),
    ("membership_excluded", "gauge", 0),
    ("membership_healthy", "gauge", 2),
    ("membership_total", "gauge", 2),
    ("original_dst_host_invalid", "counter", 0),
    ("retry_or_shadow_abandoned", "counter", 0),
    ("update_attempt", "counter", 1),
    ("update_empty", "counter", 0),
    ("update_failure", "counter", 0),
    ("update_no_rebuild", "counter", 0),
    ("update_success", "counter", 1),
    ("upstream_cx_active", "gauge", 0),
    ("upstream_cx_close_notify", "counter", 0),
    ("upstream_cx_connect_attempts_exceeded", "counter", 0),
    ("upstream_cx_connect_fail", "counter", 0),
    ("upstream_cx_connect_timeout", "counter", 0),
    ("upstream_cx_connect_with_0_rtt", "counter", 0),
    ("upstream_cx_destroy", "counter", 0),
    ("upstream_cx_destroy_local", "counter", 0),
    ("upstream_cx_destroy_local_with_active_rq", "counter", 0),
    ("upstream_cx_destroy_remote", "counter", 0),
    ("upstream_cx_destroy_remote_with_active_rq", "counter", 0),
    ("upstream_cx_http1_total", "counter", 0),
    ("upstream_cx_http2_total", "counter", 0),
    ("upstream_cx_http3_total", "counter", 0),
    ("upstream_cx_idle_timeout", "counter", 0),
    ("upstream_cx_max_duration_reached", "counter", 0),
    ("upstream_cx_max_requests", "counter", 0),
    ("upstream_cx_none_healthy", "counter", 0),
    ("upstream_cx_overflow", "counter", 0),
    ("upstream_cx_pool_overflow", "counter", 0),
    ("upstream_cx_protocol_error", "counter", 0),
    ("upstream_cx_rx_bytes_buffered", "gauge", 0),
    ("upstream_cx_rx_bytes_total", "counter", 0),
    ("upstream_cx_total", "counter", 0),
    ("upstream_cx_tx_bytes_buffered", "gauge", 0),
    ("upstream_cx_tx_bytes_total", "counter", 0),
    ("upstream_flow_control_backed_up_total", "counter", 0),
    ("upstream_flow_control_drained_total", "counter", 0),
    ("upstream_flow_control_paused_reading_total", "counter", 0),
    ("upstream_flow_control_resumed_reading_total", "counter", 0),
    ("upstream_internal_redirect_failed_total", "counter", 0),
    ("upstream_internal_redirect_succeeded_total", "counter", 0),
    ("upstream_rq_active", "gauge", 0),
    ("upstream_rq_cancelled", "counter", 0),
    ("upstream_rq_completed", "counter", 0),
    ("upstream_rq_maintenance_mode", "counter", 0),
    ("upstream_rq_max_duration_reached", "counter", 0),
    ("upstream_rq_pending_active", "gauge", 0),
    ("upstream_rq_pending_failure_eject", "counter", 0),
    ("upstream_rq_pending_overflow", "counter", 0),
    ("upstream_rq_pending_total", "counter", 0),
    ("upstream_rq_per_try_idle_timeout", "counter", 0),
    ("upstream_rq_per_try_timeout", "counter", 0),
    ("upstream_rq_retry", "counter", 0),
    ("upstream_rq_retry_backoff_exponential", "counter", 0),
    ("upstream_rq_retry_limit_exceeded", "counter", 0),
    ("upstream_rq_retry_overflow", "counter", 0),
    ("upstream_rq_retry_success", "counter", 0),
    ("upstream_rq_rx_reset", "counter", 0),
    ("upstream_rq_timeout", "counter", 0),
    ("upstream_rq_total", "counter", 0),
    ("upstream_rq_tx_reset", "counter", 0),
];

const HISTOGRAMS: [&str; 3] = ["upstream_cx_connect_ms", "upstream_cx_length_ms", "upstream_rq_time"];

const BOUNDS: [&str; 20] = [
    "0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000",
    "60000", "300000", "600000", "1800000", "3600000", "+Inf",
];

fn cluster(n: usize) -> String {
    format!("outbound|443||service-{n}.team-{}.example.com", n % 17)
}

/// Everything that a proxy with so many clusters tells, of which the first so many are busy.
pub(crate) fn all(clusters: usize, busy: usize) -> String {
    let mut text = String::new();
    for (name, kind, usual) in OF_CLUSTER {
        writeln!(text, "# TYPE envoy_cluster_{name} {kind}").unwrap();
        for n in 0..clusters {
            let value = if n < busy && *usual == 0 { 1_000 + n as u32 } else { *usual };
            writeln!(text, "envoy_cluster_{name}{{cluster_name=\"{}\"}} {value}", cluster(n)).unwrap();
        }
    }
    for class in ["2", "4", "5"] {
        writeln!(text, "# TYPE envoy_cluster_upstream_rq_xx counter").unwrap();
        for n in 0..busy {
            let name = cluster(n);
            writeln!(
                text,
                "envoy_cluster_upstream_rq_xx{{envoy_response_code_class=\"{class}\",cluster_name=\"{name}\"}} {}",
                1_000 + n
            )
            .unwrap();
        }
    }
    for name in HISTOGRAMS {
        writeln!(text, "# TYPE envoy_cluster_{name} histogram").unwrap();
        for n in 0..clusters {
            histogram(
                &mut text,
                &format!("envoy_cluster_{name}"),
                &format!("cluster_name=\"{}\"", cluster(n)),
                n < busy,
                0,
            );
        }
    }
    istio(&mut text, busy, 0);
    text
}

fn histogram(text: &mut String, name: &str, labels: &str, is_busy: bool, round: usize) {
    for (b, le) in BOUNDS.iter().enumerate() {
        let count = if is_busy { (b.min(12) * (90 + round * 10)).saturating_sub(200) } else { 0 };
        writeln!(text, "{name}_bucket{{{labels},le=\"{le}\"}} {count}").unwrap();
    }
    let (sum, count) =
        if is_busy { ("27.003324948680141659451692248695", 880 + round * 120) } else { ("0", 0) };
    writeln!(text, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}").unwrap();
}

/// What Istio's filter counts of so many hosts.
fn istio(text: &mut String, hosts: usize, round: usize) {
    let labels = |n: usize, code: &str, flags: &str| {
        format!(
            "reporter=\"source\",source_workload=\"istio-egressgateway\",source_canonical_service=\"istio-egressgateway\",\
             source_canonical_revision=\"latest\",source_workload_namespace=\"istio-system\",\
             source_principal=\"spiffe://cluster.local/ns/istio-system/sa/egress\",source_app=\"istio-egressgateway\",\
             source_version=\"unknown\",source_cluster=\"Kubernetes\",destination_workload=\"unknown\",\
             destination_workload_namespace=\"unknown\",destination_principal=\"unknown\",destination_app=\"unknown\",\
             destination_version=\"unknown\",destination_service=\"service-{n}.team-{}.example.com\",\
             destination_canonical_service=\"unknown\",destination_canonical_revision=\"latest\",\
             destination_service_name=\"service-{n}.team-{}.example.com\",destination_service_namespace=\"unknown\",\
             destination_cluster=\"unknown\",request_protocol=\"http\",response_code=\"{code}\",\
             grpc_response_status=\"\",response_flags=\"{flags}\",connection_security_policy=\"unknown\"",
            n % 17,
            n % 17,
        )
    };
    writeln!(text, "# TYPE istio_requests_total counter").unwrap();
    for n in 0..hosts {
        for (code, flags) in [("200", "-"), ("404", "-"), ("503", "UF,URX")] {
            writeln!(text, "istio_requests_total{{{}}} {}", labels(n, code, flags), 880 + round * 120)
                .unwrap();
        }
    }
    for name in ["istio_request_duration_milliseconds", "istio_request_bytes", "istio_response_bytes"] {
        writeln!(text, "# TYPE {name} histogram").unwrap();
        for n in 0..hosts {
            histogram(text, name, &labels(n, "200", "-"), true, round);
        }
    }
}

/// What a proxy with so many clusters tells when it is asked for what was used: of idle ones six lines each.
pub(crate) fn used(clusters: usize, busy: usize, round: usize) -> String {
    let mut text = String::new();
    for (name, kind, usual) in OF_CLUSTER.iter().filter(|(_, _, usual)| *usual > 0) {
        writeln!(text, "# TYPE envoy_cluster_{name} {kind}").unwrap();
        for n in 0..clusters {
            writeln!(text, "envoy_cluster_{name}{{cluster_name=\"{}\"}} {usual}", cluster(n)).unwrap();
        }
    }
    istio(&mut text, busy, round);
    text
}
