mod real;

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::metrics::series::{Metric, Series};

/// The filter of [`QUERY`], as it reads.
const FILTER: &[&str] = &[
    r"istio_(requests_total|request_duration_milliseconds|request_bytes|response_bytes|tcp_|build)",
    r"^cluster\..+\.(upstream_rq_(total|time|active|pending_active|pending_overflow|timeout|per_try_timeout|retry|retry_success|rx_reset|tx_reset|[1-5](xx|[0-9][0-9]))|upstream_cx_(total|active|connect_fail|connect_timeout|overflow|none_healthy|rx_bytes_total|tx_bytes_total)|membership_(healthy|total)|outlier_detection\.ejections_(active|enforced_total)|circuit_breakers\.default\.(cx_open|rq_pending_open|rq_open|rq_retry_open)|ssl\.(handshake|connection_error|fail_verify_[a-z_]+)|update_failure)$",
    r"^listener\..+\.?(downstream_cx_(active|total|overflow)|no_filter_chain_match|ssl\.(connection_error|fail_verify_[a-z_]+))$",
    r"^server\.(uptime|concurrency|memory_allocated|memory_heap_size|days_until_first_cert_expiring)$",
    r"^control_plane\.connected_state$",
];

fn read(text: &str) -> Read {
    Reader::read(text.as_bytes())
}

/// The samples of a text, without what tells parts apart.
fn samples(text: &str) -> Vec<Sample> {
    let whole = |sample: Sample| Sample { series: sample.series.part(0), ..sample };
    read(text).samples.into_iter().map(whole).collect()
}

/// A label value as the format writes it.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn decoded() -> String {
    let pairs: Vec<_> = QUERY.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    assert_eq!(pairs.first(), Some(&("usedonly", "")));
    let (name, filter) = pairs[1];
    assert_eq!((pairs.len(), name), (2, "filter"));
    let mut out = Vec::new();
    let mut bytes = filter.bytes();
    while let Some(b) = bytes.next() {
        assert!(b.is_ascii_alphanumeric() || b"%-_.~".contains(&b), "{b} is not written for a URL");
        let mut digit = || (bytes.next().unwrap() as char).to_digit(16).unwrap() as u8;
        out.push(if b == b'%' { digit() * 16 + digit() } else { b });
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn the_query_is_the_filter_written_for_a_url() {
    assert_eq!(decoded(), FILTER.join("|"));
}

#[test]
fn the_filter_lets_through_what_is_read_and_little_else() {
    let filter = regex::Regex::new(&decoded()).unwrap();
    for (name, passes) in [
        ("istiocustom.istio_requests_total.reporter.source.source_workload.egress", true),
        ("reporter=.=source;.;source_workload=.=egress;.;_istio_requests_total", true),
        ("istiocustom.istio_request_duration_milliseconds.reporter.source", true),
        ("istiocustom.istio_tcp_sent_bytes_total.reporter.source", true),
        ("istiocustom.istio_build.component.proxy.tag.1.30", true),
        ("istiocustom.istio_request_messages_total.reporter.source", false),
        ("access_logs.acc.istio_requests_total", true),
        ("cluster.outbound|443||api.example.com.upstream_rq_total", true),
        ("cluster.outbound|443||api.example.com;.upstream_rq_503", true),
        ("cluster.outbound|443||api.example.com;.upstream_rq_5xx", true),
        ("cluster.outbound|443||api.example.com;.upstream_rq_time", true),
        ("cluster.outbound|443||api.example.com.upstream_cx_length_ms", false),
        ("cluster.outbound|443||api.example.com.upstream_rq_completed", false),
        ("cluster.outbound|443||api.example.com.circuit_breakers.default.rq_open", true),
        ("cluster.outbound|443||api.example.com.circuit_breakers.high.rq_open", false),
        ("cluster.outbound|443||api.example.com.ssl.handshake", true),
        ("cluster.outbound|443||api.example.com.ssl.ciphers.TLS_AES_128_GCM_SHA256", false),
        ("cluster.outbound|443||api.example.com.update_failure", true),
        ("cluster.xds-grpc.upstream_rq_active", true),
        ("vhost.api.example.com:443.route.default.upstream_rq_total", false),
        ("listener.0.0.0.0_8080.downstream_cx_active", true),
        ("listener.admin.downstream_cx_active", true),
        ("listener.0.0.0.0_8443.ssl.fail_verify_san", true),
        ("listener.0.0.0.0_8080.no_filter_chain_match", true),
        ("listener.0.0.0.0_8080.http.outbound_0.0.0.0_8080.downstream_rq_2xx", false),
        ("http.outbound_0.0.0.0_8080.downstream_cx_active", false),
        ("server.uptime", true),
        ("server.memory_allocated", true),
        ("server.watchdog_miss", false),
        ("control_plane.connected_state", true),
        ("cluster_manager.cds.update_failure", false),
    ] {
        assert_eq!(filter.is_match(name), passes, "{name}");
    }
}

#[test]
fn istio_counts_requests_by_host_code_and_flags() {
    use Metric::*;
    let host = |metric| Series::of(metric).host("api.stripe.com", 0);
    let labels = r#"reporter="source",source_workload="egress",destination_service="api.stripe.com",destination_service_name="api.stripe.com""#;
    for (line, expected) in [
        (
            format!(r#"istio_requests_total{{{labels},request_protocol="http",response_code="503",response_flags="UF,URX",grpc_response_status=""}} 7"#),
            vec![host(Requests).code(503).flags("UF,URX").value(7.0)],
        ),
        // Answered, and still a failure.
        (
            format!(r#"istio_requests_total{{{labels},request_protocol="grpc",response_code="200",response_flags="-",grpc_response_status="14"}} 3"#),
            vec![host(GrpcFailures).code(200).value(3.0), host(Requests).code(200).value(3.0)],
        ),
        (
            format!(r#"istio_requests_total{{{labels},response_code="200",response_flags="-",grpc_response_status="5"}} 3"#),
            vec![host(Requests).code(200).value(3.0)],
        ),
        // One failure, not two.
        (
            format!(r#"istio_requests_total{{{labels},response_code="503",response_flags="-",grpc_response_status="14"}} 3"#),
            vec![host(Requests).code(503).value(3.0)],
        ),
        // The client went away.
        (
            format!(r#"istio_requests_total{{{labels},response_code="0",response_flags="DC"}} 2"#),
            vec![host(Requests).flags("DC").value(2.0)],
        ),
        (
            format!(r#"istio_request_duration_milliseconds_bucket{{{labels},response_code="200",le="+Inf"}} 9"#),
            vec![host(DurationBucket).le(f64::INFINITY).value(9.0)],
        ),
        (format!(r#"istio_request_duration_milliseconds_sum{{{labels}}} 27.003324948680141659451692248695"#), vec![]),
        (format!(r#"istio_request_bytes_sum{{{labels},response_code="200"}} 4096"#), vec![host(RequestBytes).code(200).value(4096.0)]),
        (format!(r#"istio_tcp_connections_opened_total{{{labels},response_flags="-"}} 4"#), vec![host(TcpOpened).value(4.0)]),
        (r#"istio_requests_total{reporter="destination",destination_service="api.stripe.com",response_code="200"} 7"#.into(), vec![]),
        (
            r#"envoy_acc_istio_requests_total{response_code="503",response_flags="UF",authority="dead.example.com:8080"} 5"#.into(),
            vec![Series::of(Requests).host("dead.example.com", 8080).code(503).flags("UF").value(5.0)],
        ),
        (
            r#"istio_requests_total{reporter="source",destination_service="unknown",destination_service_name="BlackHoleCluster",response_code="502",response_flags="NR"} 5"#.into(),
            vec![Series::of(Requests).host("unknown", 0).code(502).flags("NR").value(5.0)],
        ),
    ] {
        assert_eq!(samples(&line), expected, "{line}");
    }
}

#[test]
fn envoy_tells_of_its_clusters_in_two_spellings() {
    let host = |metric| Series::of(metric).host("api.example.com", 443);
    for (line, expected) in [
        (
            r#"envoy_cluster_upstream_cx_active{cluster_name="outbound|443||api.example.com"} 4"#,
            vec![host(Metric::UpstreamConnectionsActive).value(4.0)],
        ),
        (
            r#"envoy_cluster_upstream_cx_active{cluster_name="outbound|443|v1|api.example.com;"} 4"#,
            vec![host(Metric::UpstreamConnectionsActive).value(4.0)],
        ),
        (
            r#"envoy_cluster_example_com_upstream_rq_timeout{envoy_cluster_name="outbound|443||api"} 4"#,
            vec![host(Metric::Timeouts).value(4.0)],
        ),
        (
            r#"envoy_cluster_upstream_rq{envoy_response_code="503",envoy_cluster_name="outbound|443||api",cluster_name="outbound|443||api.example.com"} 4"#,
            vec![host(Metric::Requests).code(503).value(4.0)],
        ),
        (
            r#"envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",cluster_name="outbound|443||api.example.com"} 4"#,
            vec![host(Metric::Requests).code(5).value(4.0)],
        ),
        (
            r#"envoy_cluster_ssl_fail_verify_san{cluster_name="outbound|443||api.example.com"} 4"#,
            vec![host(Metric::TlsVerifyFails).value(4.0)],
        ),
        // Zero is what it is when it is left out.
        (r#"envoy_cluster_upstream_cx_active{cluster_name="outbound|443||api.example.com"} 0"#, vec![]),
        (r#"envoy_cluster_upstream_cx_active{cluster_name="BlackHoleCluster"} 4"#, vec![]),
        (r#"envoy_cluster_upstream_cx_active{cluster_name="prometheus_stats"} 4"#, vec![]),
    ] {
        assert_eq!(samples(line), expected, "{line}");
    }
}

#[test]
fn the_best_that_tells_of_requests_is_kept() {
    let total = r#"envoy_cluster_upstream_rq_total{cluster_name="h"} 9"#;
    let class = r#"envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",cluster_name="h"} 8"#;
    let code = r#"envoy_cluster_upstream_rq{envoy_response_code="200",cluster_name="h"} 7"#;
    let time = r#"envoy_cluster_upstream_rq_time_bucket{cluster_name="h",le="+Inf"} 6"#;
    let istio = r#"istio_requests_total{reporter="source",destination_service="h",response_code="200"} 5"#;
    let slow = r#"istio_request_duration_milliseconds_bucket{destination_service="h",le="+Inf"} 4"#;
    let build = r#"istio_build{component="proxy",tag="1.30"} 1"#;
    for (lines, values, istio, envoy) in [
        (vec![total], vec![9.0], false, true),
        (vec![total, class], vec![8.0], false, true),
        (vec![code, class, total], vec![7.0], false, true),
        (vec![time, class], vec![6.0, 8.0], false, true),
        (vec![istio, time, code, class, total], vec![5.0, 6.0], true, true),
        (vec![istio, time, slow], vec![5.0, 4.0], true, false),
        (vec![total, build], vec![], true, true),
        (vec![], vec![], false, false),
    ] {
        let read = read(&lines.join("\n"));
        let found: Vec<f64> = read.samples.iter().map(|sample| sample.value).collect();
        assert_eq!((found, read.has_istio, read.has_envoy), (values, istio, envoy), "{lines:?}");
    }
}

#[test]
fn a_proxy_tells_of_itself() {
    let text = "# TYPE envoy_server_uptime gauge\r\n\
        envoy_server_uptime{} 3600\r\n\
        envoy_server_concurrency{} 2\r\n\
        envoy_server_memory_allocated{} 5.2e7\r\n\
        envoy_server_days_until_first_cert_expiring{} 4294967295\r\n\
        envoy_cluster_upstream_rq_active{cluster_name=\"xds-grpc\"} 2\r\n\
        envoy_listener_downstream_cx_active{listener_address=\"0.0.0.0_8443\"} 12\r\n\
        envoy_listener_downstream_cx_active{listener_address=\"0.0.0.0_15090\"} 3\r\n\
        envoy_listener_admin_downstream_cx_active{} 1\r\n\
        envoy_listener_no_filter_chain_match{listener_address=\"0.0.0.0_8443\"} 5\r\n\
        # EOF";
    let of = |metric, value| Series::of(metric).value(value);
    let expected = vec![
        of(Metric::Workers, 2.0),
        of(Metric::MemoryAllocated, 5.2e7),
        of(Metric::DownstreamActive, 12.0),
        of(Metric::DownstreamActive, 0.0),
        of(Metric::DownstreamActive, 0.0),
        of(Metric::NoFilterChain, 5.0),
        of(Metric::ControlPlane, 1.0),
    ];
    assert_eq!(samples(text), expected);
    let read = read(text);
    assert_eq!((read.uptime, read.broken, read.has_istio, read.has_envoy), (Some(3600.0), 0, false, false));
    let away = "envoy_cluster_upstream_rq_active{cluster_name=\"xds-grpc\"} 0\n";
    assert_eq!(samples(away), [of(Metric::ControlPlane, 0.0)]);
    let state = "envoy_cluster_upstream_rq_active{cluster_name=\"xds-grpc\"} 2\nenvoy_control_plane_connected_state{} 0\n";
    assert_eq!(samples(state), [of(Metric::ControlPlane, 0.0)]);
}

#[test]
fn empty_buckets_are_bounds_of_a_histogram_that_counts_and_else_nothing() {
    let bucket = |host: &str, le: &str, n: u32| {
        format!("envoy_cluster_upstream_rq_time_bucket{{cluster_name=\"{host}\",le=\"{le}\"}} {n}\n")
    };
    let text: String =
        [("idle", "1", 0), ("idle", "+Inf", 0), ("busy", "1", 0), ("busy", "5", 0), ("busy", "+Inf", 7)]
            .into_iter()
            .chain([("late", "1", 0)])
            .map(|(host, le, n)| bucket(host, le, n))
            .collect();
    let of = |le, n| Series::of(Metric::DurationBucket).host("busy", 0).le(le).value(n);
    assert_eq!(samples(&text), [of(1.0, 0.0), of(5.0, 0.0), of(f64::INFINITY, 7.0)]);
}

#[test]
fn a_broken_line_costs_that_line_and_one_that_is_not_wanted_costs_nothing() {
    let good = r#"istio_requests_total{destination_service="a",response_code="200"} 1"#;
    for (line, broken) in [
        (r#"istio_requests_total{destination_service="b",response_code="200" 1"#, 1),
        (r#"istio_requests_total{destination_service="b} 1"#, 1),
        ("istio_requests_total", 1),
        (r#"istio_request_duration_milliseconds_bucket{destination_service="b"} 1"#, 1),
        (r#"envoy_cluster_upstream_rq{cluster_name="b",envoy_response_code="many"} 1"#, 1),
        ("istio_requests_total{destination_service=\"\u{fffd}\"} one", 1),
        ("istio_unknown{ 1", 0),
        ("<html>403 Forbidden</html>", 0),
        (r#"istio_requests_total{destination_service="b"} NaN"#, 0),
    ] {
        let read = read(&format!("{good}\n{line}\n{good}"));
        assert_eq!((read.samples.len(), read.broken), (2, broken), "{line}");
    }
    let latin = [b"istio_requests_total{destination_service=\"".as_slice(), &[0xe9], b"\"} 1\n"].concat();
    assert_eq!(Reader::read(&latin).broken, 1);
    let long =
        format!("istio_requests_total{{destination_service=\"{}\"}} 1\n{good}\n", "a".repeat(lines::LONGEST));
    let read = read(&long);
    assert_eq!((read.samples.len(), read.broken, read.bytes), (1, 1, long.len() as u64));
}

#[test]
fn hostile_names_of_hosts_are_cleaned_and_too_many_are_dropped() {
    let line = "istio_requests_total{destination_service=\"a\u{1b}]0;b\\nc\",response_code=\"200\"} 1";
    let host = samples(line)[0].series.host.clone();
    assert_eq!(host.as_deref(), Some("a\u{b7}]0;b c"));
    let mut text = String::new();
    for n in 0..MOST_HOSTS + 5 {
        writeln!(text, "envoy_cluster_upstream_cx_total{{cluster_name=\"h{n}\"}} 1").unwrap();
    }
    let read = read(&text);
    assert_eq!((read.samples.len(), read.dropped), (MOST_HOSTS, 5));
}

#[test]
fn lines_that_differ_in_what_is_not_read_are_told_apart() {
    let subsets = "envoy_cluster_upstream_cx_total{cluster_name=\"outbound|443|a|h\"} 1\n\
        envoy_cluster_upstream_cx_total{cluster_name=\"outbound|443|b|h\"} 2\n\
        envoy_cluster_ssl_fail_verify_san{cluster_name=\"outbound|443|a|h\"} 3\n\
        envoy_cluster_ssl_fail_verify_error{cluster_name=\"outbound|443|a|h\"} 4\n";
    let read = read(subsets);
    let parts: std::collections::BTreeSet<u32> =
        read.samples.iter().map(|sample| sample.series.part).collect();
    assert_eq!((read.samples.len(), parts.len()), (4, 4));
    assert_eq!(Reader::read(subsets.as_bytes()), read);
}

#[test]
fn a_name_that_leaked_is_told_in_full_where_another_line_does() {
    let text = "envoy_cluster_my_company_com_upstream_cx_active{envoy_cluster_name=\"outbound|443||api\"} 4\n\
        envoy_acc_istio_requests_total{authority=\"api.my-company.com\",response_code=\"200\"} 1\n";
    let hosts: Vec<_> = samples(text).into_iter().filter_map(|sample| sample.series.host).collect();
    assert_eq!(hosts.iter().map(|host| &**host).collect::<Vec<_>>(), ["api.my-company.com"; 2]);
}

/// A line of a proxy: label values of any text, values of any kind, things around it that the format allows.
fn line() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("istio_requests_total"),
        Just("istio_tcp_sent_bytes_total"),
        Just("envoy_cluster_upstream_rq"),
        Just("envoy_cluster_upstream_cx_total"),
        Just("envoy_cluster_com_upstream_rq_time_bucket"),
        Just("envoy_listener_downstream_cx_active"),
        Just("envoy_server_uptime"),
        Just("other_total"),
    ];
    let label = prop_oneof![
        Just("cluster_name"),
        Just("envoy_cluster_name"),
        Just("destination_service"),
        Just("response_code"),
        Just("envoy_response_code"),
        Just("response_flags"),
        Just("le"),
        Just("x"),
    ];
    let value =
        prop_oneof![".*", "[,=}{\"\\\\a|.\n]{0,12}", "[0-9]{1,3}", Just("outbound|443||h".to_owned())];
    let number =
        prop_oneof![Just("NaN".to_owned()), Just("+Inf".to_owned()), "[0-9]{1,30}(\\.[0-9]{1,30})?", ".*"];
    let end = prop_oneof![Just(""), Just(" 1700000000000"), Just(" # {t=\"}\"} 1 2.5"), Just("\r")];
    let labels = prop::collection::vec((label, value), 0..4);
    (name, labels, number, end).prop_map(|(name, labels, number, end)| {
        let labels: Vec<String> = labels.iter().map(|(l, v)| format!("{l}=\"{}\"", escape(v))).collect();
        format!("{name}{{{}}} {number}{end}\n", labels.join(","))
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let read = Reader::read(&bytes);
        prop_assert_eq!(read.bytes, bytes.len() as u64);
    }

    #[test]
    fn how_the_bytes_come_changes_nothing(
        text in prop::collection::vec(prop_oneof![9 => line(), 1 => ".*\n?"], 0..20),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let text = text.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.push(text.len());
        cuts.sort_unstable();
        let mut reader = Reader::default();
        let mut from = 0;
        for cut in cuts {
            reader.push(&text.as_bytes()[from..cut]);
            from = cut;
        }
        prop_assert_eq!(reader.finish(), Reader::read(text.as_bytes()));
    }

    #[test]
    fn a_sample_that_is_printed_reads_back_the_same(
        host in "[a-z]{1,8}(\\.[a-z,=}{\"\\\\ é-]{1,6}){0,3}\\.com",
        code in prop_oneof![Just(0), 100_u16..600],
        flags in prop::option::of("[A-Z]{2,5}(,[A-Z]{2,3}){0,2}"),
        value in prop_oneof![(0_u64..1 << 50).prop_map(|n| n as f64), 0.0..1e300],
    ) {
        let series = Series { flags: flags.clone().map(Into::into), ..Series::of(Metric::Requests).host(host.as_str(), 0).code(code) };
        let line = format!(
            "istio_requests_total{{response_code=\"{code}\",response_flags=\"{}\",destination_service=\"{}\"}} {value}\n",
            flags.as_deref().unwrap_or("-"),
            escape(&host),
        );
        prop_assert_eq!(samples(&line), vec![series.value(value)]);
    }
}
