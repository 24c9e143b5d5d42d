use super::*;

fn one(status: &str) -> Cluster {
    let answer = format!(r#"{{"cluster_statuses": [{status}]}}"#);
    parse(answer.as_bytes()).unwrap().remove(0)
}

fn endpoint(host: &str) -> Endpoint {
    one(&format!(r#"{{"name": "a", "host_statuses": [{host}]}}"#)).endpoints.remove(0)
}

#[test]
fn a_cluster_is_told_with_host_limits_and_what_its_endpoints_counted() {
    let told = one(
        r#"{"name": "outbound|443||api.example.com", "added_via_api": true, "observability_name": "x",
        "host_statuses": [{
            "address": {"socket_address": {"address": "192.0.2.7", "port_value": 443}},
            "stats": [{"name": "cx_connect_fail", "value": "40"}, {"name": "cx_total", "value": "52"},
                {"name": "rq_error", "value": "41"}, {"name": "rq_success", "value": "1000"}, {"name": "rq_timeout"},
                {"name": "rq_total", "value": "1001"}, {"type": "GAUGE", "name": "cx_active", "value": "12"},
                {"type": "GAUGE", "name": "rq_active", "value": 3}, {"type": "GAUGE", "name": "rq_pending_active", "value": "2"},
                {"name": "rq_of_later", "value": "7"}],
            "health_status": {"eds_health_status": "HEALTHY"}, "weight": 1, "hostname": "api.example.com",
            "locality": {"region": "eu", "zone": "eu-1"}, "priority": 1}],
        "circuit_breakers": {"thresholds": [
            {"priority": "HIGH", "max_connections": 1},
            {"max_connections": 100, "max_pending_requests": 4294967295, "max_requests": "20", "max_retries": 0}]}}"#,
    );
    let endpoint = Endpoint {
        address: "192.0.2.7:443".into(),
        hostname: "api.example.com".into(),
        unhealthy: Vec::new(),
        degraded: Vec::new(),
        locality: "eu/eu-1".into(),
        priority: 1,
        cx_active: 12,
        cx_total: 52,
        cx_connect_fail: 40,
        rq_active: 3,
        rq_pending: 2,
        rq_success: 1000,
        rq_error: 41,
        rq_timeout: 0,
        rq_total: 1001,
    };
    let wanted = Cluster {
        name: "outbound|443||api.example.com".into(),
        host: "api.example.com".into(),
        port: 443,
        limits: Limits { connections: Some(100), pending: None, requests: Some(20), retries: Some(0) },
        endpoints: vec![endpoint],
    };
    assert_eq!(told, wanted);
}

#[test]
fn the_limits_are_those_of_the_default_priority_and_the_greatest_number_is_no_limit() {
    let cases = [
        (r#"[{"priority": "DEFAULT", "max_connections": 5}]"#, Some(5)),
        (r#"[{"priority": "HIGH", "max_connections": 1}, {"max_connections": 7}]"#, Some(7)),
        (r#"[{"priority": "HIGH", "max_connections": 1}]"#, None),
        (r#"[{"max_connections": 4294967295}]"#, None),
        (r#"[{"max_connections": 4294967294}]"#, Some(4_294_967_294)),
        (r"[{}]", None),
        ("[]", None),
        ("null", None),
    ];
    for (thresholds, wanted) in cases {
        let told = one(&format!(r#"{{"circuit_breakers": {{"thresholds": {thresholds}}}}}"#));
        assert_eq!(told.limits.connections, wanted, "{thresholds}");
    }
    assert_eq!(one(r#"{"name": "a", "circuit_breakers": null}"#).limits, Limits::default());
}

#[test]
fn an_address_of_any_kind_is_written_as_one_word() {
    let cases = [
        (r#"{"socket_address": {"address": "2001:db8::7", "port_value": 443}}"#, "[2001:db8::7]:443"),
        (r#"{"socket_address": {"address": "192.0.2.7"}}"#, "192.0.2.7:0"),
        (r#"{"pipe": {"path": "/run/x.sock", "mode": 384}}"#, "/run/x.sock"),
        (
            r#"{"envoy_internal_address": {"server_listener_name": "inner", "endpoint_id": "192.0.2.7:443"}}"#,
            "envoy://inner/192.0.2.7:443",
        ),
        ("{}", ""),
        ("null", ""),
    ];
    for (address, wanted) in cases {
        assert_eq!(&*endpoint(&format!(r#"{{"address": {address}}}"#)).address, wanted, "{address}");
    }
}

#[test]
fn health_flags_say_why_an_endpoint_gets_no_traffic_and_why_it_gets_less() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (r#"{"eds_health_status": "HEALTHY"}"#, &[], &[]),
        (r#"{"eds_health_status": "UNKNOWN"}"#, &[], &[]),
        ("{}", &[], &[]),
        ("null", &[], &[]),
        (r#"{"failed_outlier_check": true, "eds_health_status": "HEALTHY"}"#, &["failed_outlier_check"], &[]),
        (
            r#"{"failed_active_health_check": true, "active_hc_timeout": true}"#,
            &["failed_active_hc", "active_hc_timeout"],
            &[],
        ),
        (r#"{"eds_health_status": "UNHEALTHY"}"#, &["failed_eds_health"], &[]),
        (r#"{"eds_health_status": "TIMEOUT"}"#, &["failed_eds_health"], &[]),
        (r#"{"eds_health_status": "DRAINING"}"#, &["eds_status_draining"], &[]),
        (r#"{"excluded_via_immediate_hc_fail": true}"#, &["excluded_via_immediate_hc_fail"], &[]),
        (r#"{"eds_health_status": "DEGRADED"}"#, &[], &["degraded_eds_health"]),
        (
            r#"{"failed_active_degraded_check": true, "pending_active_hc": true, "pending_dynamic_removal": true}"#,
            &[],
            &["degraded_active_hc", "pending_active_hc", "pending_dynamic_removal"],
        ),
        (r#"{"failed_outlier_check": false}"#, &[], &[]),
    ];
    for (health, unhealthy, degraded) in cases {
        let told = endpoint(&format!(r#"{{"health_status": {health}}}"#));
        assert_eq!(told.unhealthy.iter().map(|flag| &**flag).collect::<Vec<_>>(), *unhealthy, "{health}");
        assert_eq!(told.degraded.iter().map(|flag| &**flag).collect::<Vec<_>>(), *degraded, "{health}");
        assert_eq!(told.is_healthy(), unhealthy.is_empty(), "{health}");
    }
}

#[test]
fn a_cluster_without_a_host_in_its_name_goes_by_its_name() {
    let cases = [
        ("outbound_.8443_.v1_.api.example.com", "api.example.com", 8443),
        ("xds-grpc", "xds-grpc", 0),
        ("BlackHoleCluster", "BlackHoleCluster", 0),
        ("inbound|8080||", "inbound|8080||", 0),
    ];
    for (name, host, port) in cases {
        let told = one(&format!(r#"{{"name": "{name}"}}"#));
        assert_eq!((&*told.host, told.port), (host, port), "{name}");
    }
}

#[test]
fn what_is_left_out_or_odd_costs_no_more_than_itself() {
    let cases = [
        ("{}", Ok(0)),
        (r#"{"cluster_statuses": null}"#, Ok(0)),
        (r#"{"cluster_statuses": []}"#, Ok(0)),
        (r#"{"cluster_statuses": [{}]}"#, Ok(1)),
        (r#"{"cluster_statuses": [{"name": 7, "host_statuses": null, "later": [1]}]}"#, Ok(1)),
        (
            r#"{"cluster_statuses": [{"host_statuses": [{"stats": null, "locality": null, "hostname": null}]}]}"#,
            Ok(1),
        ),
        (r#"{"kind": "Status", "message": "forbidden"}"#, Err(())),
        ("xds-grpc::default_priority::max_connections::1024", Err(())),
        ("", Err(())),
        (r#"{"cluster_statuses": [{"name": "a""#, Err(())),
    ];
    for (answer, wanted) in cases {
        let told = parse(answer.as_bytes());
        assert_eq!(told.as_ref().map(Vec::len).map_err(drop), wanted, "{answer}: {told:?}");
    }
}

#[test]
fn names_that_a_terminal_would_obey_are_cleaned() {
    let told =
        one(r#"{"name": "outbound|443||a\u001b[2J.example.com", "host_statuses": [{"hostname": "b\u0007",
        "locality": {"region": "c\u001b"}, "address": {"pipe": {"path": "/d\u009b"}}}]}"#);
    assert_eq!(&*told.name, "outbound|443||a\u{b7}[2J.example.com");
    assert_eq!(&*told.host, "a\u{b7}[2J.example.com");
    let endpoint = &told.endpoints[0];
    assert_eq!(
        (&*endpoint.hostname, &*endpoint.locality, &*endpoint.address),
        ("b\u{b7}", "c\u{b7}", "/d\u{b7}")
    );
}
