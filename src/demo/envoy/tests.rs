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
static FRANKFURT: LazyLock<State> = LazyLock::new(|| story::place(1, "frankfurt").unwrap().state);

/// The pods of a workload whose proxies run.
fn pods(state: &State, workload_name: &str) -> Vec<Arc<Value>> {
    let pods = state.store.list("pods", None).map(|(_, pod)| pod.clone());
    pods.filter(|pod| workload(pod) == workload_name && started(pod).is_some()).collect()
}

fn asked(state: &State, pod: &Value, port: u16, path: &str, at: Timestamp) -> Answer {
    Proxy::of(state, pod, at).unwrap().answer(Request { port, posts: false, path }).unwrap()
}

const ALL: &str = "/stats/prometheus";

fn ago(seconds: u64) -> Timestamp {
    begin() - Duration::from_secs(seconds)
}

/// Series and values of an exposition text.
fn series(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').map(|(name, value)| (name, value.parse().unwrap())).unwrap())
        .collect()
}

/// The sum of the series of a family whose tags hold all of these.
fn sum(text: &str, family: &str, tags: &[&str]) -> f64 {
    let fits = |name: &str| {
        name.split_once('{').is_some_and(|(of, rest)| of == family && tags.iter().all(|t| rest.contains(t)))
    };
    series(text).into_iter().filter(|(name, _)| fits(name)).map(|(_, value)| value).sum()
}

#[test]
fn counters_never_fall_while_a_container_runs() {
    let state = &*FRANKFURT;
    for (workload, port, path) in [
        ("istio-egress-payments", 15_090, "/stats/prometheus?usedonly"),
        ("istio-egress-webhooks", 15_000, "/stats?filter=outbound"),
        ("egress-legacy-erp", 15_020, "/stats/prometheus"),
    ] {
        let pod =
            pods(state, workload).into_iter().max_by_key(|pod| std::cmp::Reverse(started(pod))).unwrap();
        let mut last: BTreeMap<String, f64> = BTreeMap::new();
        // Before its host fails, while it begins to, and since.
        for seconds in [3_000, 700, 421, 420, 419, 200, 100, 93, 92, 91, 5, 1, 0] {
            let text = asked(state, &pod, port, path, ago(seconds)).text;
            let text = text.replace(": ", " ");
            for (name, value) in
                text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.rsplit_once(' '))
            {
                let is_gauge = [
                    "active",
                    "open",
                    "remaining",
                    "membership",
                    "memory",
                    "_days",
                    "total_connections",
                    "cert_expiry",
                    "P",
                ];
                if is_gauge.iter().any(|word| name.contains(word)) {
                    continue;
                }
                let Ok(value) = value.parse::<f64>() else { continue };
                let before = last.insert(name.to_owned(), value).unwrap_or_default();
                assert!(
                    value >= before,
                    "{workload} {seconds} s before: {name} fell from {before} to {value}"
                );
            }
        }
        assert!(last.len() > 20, "{workload}: {last:?}");
    }
}

#[test]
fn endpoints_of_a_host_that_begins_to_fail_keep_what_they_had() {
    let state = &*FRANKFURT;
    let pod = pods(state, "istio-egress-payments").into_iter().min_by_key(|pod| started(pod)).unwrap();
    let at = |seconds| {
        let text = asked(state, &pod, 15_000, "/clusters?format=json", ago(seconds)).text;
        let all: Value = serde_json::from_str(&text).unwrap();
        let clusters = all["cluster_statuses"].as_array().unwrap().clone();
        clusters.into_iter().find(|c| c["name"] == "outbound|443||api.cardpay.example").unwrap()
    };
    let number = |host: &Value, name: &str| -> u64 {
        let stats = host["stats"].as_array().unwrap();
        let value = &stats.iter().find(|s| s["name"] == name).unwrap()["value"];
        value.as_str().map_or(0, |text| text.parse().unwrap())
    };
    let (well, ill, later) = (at(421), at(300), at(0));
    let hosts = |of: &Value| of["host_statuses"].as_array().unwrap().clone();
    assert!(hosts(&well).iter().all(|h| number(h, "cx_connect_fail") == 0));
    assert!(hosts(&well).iter().all(|h| h["health_status"]["failed_outlier_check"].is_null()));
    let ejected = hosts(&ill).iter().filter(|h| h["health_status"]["failed_outlier_check"] == true).count();
    assert_eq!((ejected, hosts(&ill).len()), (1, 4));
    for name in ["cx_total", "rq_error", "rq_success", "rq_total", "cx_connect_fail"] {
        for (before, after) in [(&well, &ill), (&ill, &later)] {
            for (a, b) in hosts(before).iter().zip(&hosts(after)) {
                assert!(number(b, name) >= number(a, name), "{name} of {}", a["address"]);
            }
        }
    }
    let refused: u64 = hosts(&later).iter().map(|h| number(h, "cx_connect_fail")).sum();
    let text = asked(state, &pod, 15_090, ALL, begin()).text;
    let tags = ["destination_service=\"api.cardpay.example\"", "response_flags=\"UF\""];
    assert_eq!(refused as f64, sum(&text, "istio_requests_total", &tags));
}

#[test]
fn buckets_rise_to_the_count_and_the_count_is_that_of_the_requests() {
    let state = &*FRANKFURT;
    let pod = &pods(state, "egress-search")[0];
    let text = asked(state, pod, 15_090, ALL, begin()).text;
    let of = |family: &str| -> BTreeMap<String, Vec<f64>> {
        let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for line in text.lines().filter(|l| l.starts_with(&format!("{family}{{"))) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let tags = name.split(",le=").next().unwrap().trim_end_matches('}');
            let tags = tags.split_once('{').unwrap().1.to_owned();
            all.entry(tags).or_default().push(value.parse().unwrap());
        }
        all
    };
    let requests = of("istio_requests_total");
    assert!(requests.len() >= 4, "{requests:?}");
    for family in ["istio_request_duration_milliseconds", "istio_request_bytes", "istio_response_bytes"] {
        let (buckets, counts) = (of(&format!("{family}_bucket")), of(&format!("{family}_count")));
        assert_eq!(counts, requests, "{family}");
        for (tags, values) in buckets {
            assert!(values.len() == 20 && values.is_sorted(), "{values:?}");
            assert_eq!(values[19], requests[&tags][0]);
        }
    }
}

#[test]
fn what_the_pods_of_a_gateway_count_is_what_its_hosts_were_asked() {
    let state = &*FRANKFURT;
    let demand =
        state.workload.outside.demand(("istio-system", "istio-egress-identity"), "keys.identity.example");
    let all = pods(state, "istio-egress-identity");
    assert_eq!(all.len(), 3);
    let count = |at| -> f64 {
        let one = |pod: &Arc<Value>| {
            let text = asked(state, pod, 15_090, ALL, at).text;
            sum(&text, "istio_requests_total", &["destination_service=\"keys.identity.example\""])
        };
        all.iter().map(one).sum()
    };
    let (from, to) = (rate::seconds(ago(600)), rate::seconds(begin()));
    let wanted: f64 = demand.streams.iter().map(|s| s.between(&demand.curve, from, to)).sum();
    let counted = count(begin()) - count(ago(600));
    assert!((counted - wanted).abs() < 12.0, "{counted} of {wanted}");
    assert!(wanted > 5_000.0, "{wanted}");
}

#[test]
fn a_container_that_started_again_counts_from_zero() {
    let state = &*FRANKFURT;
    let all = pods(state, "istio-egress-currency");
    let (young, old): (Vec<_>, Vec<_>) =
        all.iter().partition(|pod| started(pod).is_some_and(|start| start > ago(900)));
    assert_eq!((young.len(), old.len()), (1, 1));
    assert!(young[0]["status"]["containerStatuses"][0]["restartCount"].as_i64() > Some(0));
    let count = |pod: &Value| sum(&asked(state, pod, 15_090, ALL, begin()).text, "istio_requests_total", &[]);
    let (few, many) = (count(young[0]), count(old[0]));
    assert!(few > 500.0 && few < many / 100.0, "{few} and {many}");
    let uptime = sum(&asked(state, young[0], 15_090, ALL, begin()).text, "envoy_server_uptime", &[]);
    assert!((500.0..900.0).contains(&uptime), "{uptime}");
    assert!(Proxy::of(state, young[0], ago(1_000)).is_none(), "its run had not begun");
}

#[test]
fn a_gateway_collects_statistics_of_hosts_only_where_it_is_told_to() {
    let state = &*FRANKFURT;
    let text = |workload: &str| asked(state, &pods(state, workload)[0], 15_090, ALL, begin()).text;
    let has = |text: &str| {
        (
            text.contains("istio_requests_total{"),
            text.contains("envoy_cluster_upstream_rq_total{cluster_name=\"outbound|"),
            text.contains("envoy_listener_downstream_cx_active{listener_address=\"0.0.0.0_"),
        )
    };
    assert_eq!(has(&text("istio-egress-webhooks")), (true, true, true));
    assert_eq!(has(&text("istio-egress-crm")), (true, false, true));
    assert_eq!(has(&text("egress-mail")), (false, false, true), "nobody measures its requests");
    let tcp = text("egress-legacy-erp");
    assert!(tcp.contains("istio_tcp_connections_opened_total{") && !tcp.contains("istio_requests_total"));
    // What is passed through is opened, and is no request that succeeds or fails.
    let passed = &pods(state, "egress-legacy-erp")[0];
    let clusters = asked(state, passed, 15_000, "/clusters?format=json", begin()).text;
    let clusters: serde_json::Value = serde_json::from_str(&clusters).unwrap();
    let stats = |name: &str| -> f64 {
        let statuses = clusters["cluster_statuses"].as_array().unwrap().iter();
        let outside = statuses.filter(|c| c["name"].as_str().unwrap().contains("supplier.example"));
        let hosts = outside.flat_map(|c| c["host_statuses"].as_array().unwrap());
        let stats = hosts.flat_map(|host| host["stats"].as_array().unwrap());
        let of_name = stats.filter(|stat| stat["name"] == name);
        of_name.map(|stat| stat["value"].as_str().and_then(|v| v.parse().ok()).unwrap_or(0.0)).sum()
    };
    assert!(stats("rq_total") > 100.0 && stats("cx_total") > 100.0);
    assert_eq!((stats("rq_success"), stats("rq_error")), (0.0, 0.0));
    let none = text("istio-egress-loyalty");
    assert!(!none.contains("istio_requests_total") && none.contains("envoy_server_live{} 1"));
}

#[test]
fn the_query_asks_for_less() {
    let state = &*FRANKFURT;
    let pod = &pods(state, "istio-egress-payments").into_iter().min_by_key(|pod| started(pod)).unwrap();
    let get = |query: &str| asked(state, pod, 15_090, &format!("/stats/prometheus?{query}"), begin());
    let (all, used) = (get("").text, get("usedonly").text);
    assert!(all.contains("upstream_cx_connect_timeout{") && !used.contains("upstream_cx_connect_timeout{"));
    assert!(used.len() < all.len());
    let some = get("usedonly&filter=upstream_rq_%28total%7Cpending%29").text;
    let families: Vec<&str> = some.lines().filter_map(|l| l.strip_prefix("# TYPE ")).collect();
    assert!(families.contains(&"envoy_cluster_upstream_rq_total counter"), "{families:?}");
    assert!(families.iter().all(|f| f.contains("upstream_rq_")), "{families:?}");
    let refused = get("filter=%28");
    assert!(refused.code == 400 && refused.text.starts_with("Invalid re2 regex"), "{refused:?}");
}

#[test]
fn every_family_is_one_group_under_its_type() {
    let state = &*FRANKFURT;
    let text = asked(state, &pods(state, "istio-egress-payments")[1], 15_020, ALL, begin()).text;
    let (mut families, mut kind) = (std::collections::BTreeSet::new(), "");
    for line in text.lines().filter(|l| !l.starts_with("# HELP")) {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            kind = family;
            assert!(families.insert(family), "{family} comes twice");
            continue;
        }
        let (family, kind) = kind.split_once(' ').unwrap();
        let name = line.split(['{', ' ']).next().unwrap();
        let own = match kind {
            "histogram" => ["_bucket", "_sum", "_count"].iter().any(|s| name == format!("{family}{s}")),
            _ => name == family,
        };
        assert!(own, "{name} under {family}");
        assert!(!line.contains("\u{1b}") && !line.is_empty());
    }
    assert!(families.len() > 60, "{}", families.len());
}

#[test]
fn json_of_the_admin_interface_is_json() {
    let state = &*FRANKFURT;
    for workload in
        ["istio-egress-payments", "egress-legacy-erp", "istio-ingressgateway", "partner-egress-istio"]
    {
        let pod = &pods(state, workload)[0];
        for path in [
            "/clusters?format=json",
            "/certs",
            "/listeners?format=json",
            "/config_dump",
            "/server_info",
            "/stats?format=json",
        ] {
            let answer = asked(state, pod, 15_000, path, begin());
            assert_eq!((answer.code, answer.kind), (200, "application/json"), "{workload} {path}");
            let value: Value = serde_json::from_str(&answer.text).unwrap();
            assert!(value.as_object().is_some_and(|o| !o.is_empty()), "{workload} {path}");
        }
    }
}

#[test]
fn a_certificate_is_that_of_the_service_account_and_one_is_about_to_end() {
    let state = &*FRANKFURT;
    let certs = |workload: &str| -> Vec<Value> {
        let text = asked(state, &pods(state, workload)[0], 15_000, "/certs", begin()).text;
        let all: Value = serde_json::from_str(&text).unwrap();
        let chains = all["certificates"].as_array().unwrap().iter();
        chains.flat_map(|c| c["cert_chain"].as_array().unwrap().clone()).collect()
    };
    let own = &certs("istio-egress-payments")[0];
    let name = "spiffe://cluster.local/ns/istio-system/sa/istio-egress-payments";
    assert_eq!(own["subject_alt_names"][0]["uri"], name);
    let all = certs("istio-egress-open-banking-psd2-account-information-service");
    assert_eq!((all.len(), &all[1]["days_until_expiration"]), (2, &Value::from("5")));
}

#[test]
fn a_level_of_logging_is_changed_by_a_post_and_by_nothing_else() {
    let mut state = FRANKFURT.clone();
    let pod = pods(&state, "istio-egress-crm")[0].clone();
    let mut ask = |posts, path| answer_of(&mut state, &pod, Request { port: 15_000, posts, path }).unwrap();
    assert!(ask(true, "/logging").text.contains("  http: warning\n"));
    assert_eq!(ask(false, "/logging?http=debug").code, 405);
    assert!(ask(true, "/logging?http=debug").text.contains("  http: debug\n"));
    assert_eq!(ask(true, "/logging?nobody=debug").code, 400);
    let told = ask(true, "/logging").text;
    assert!(told.contains("  http: debug\n") && told.contains("  http2: warning\n"), "{told}");
}

#[test]
fn one_seed_gives_the_same_bytes_and_another_gives_others() {
    let one = |seed| {
        let state = story::place(seed, "singapore").unwrap().state;
        let pods = gateway_pods(&state);
        let key = Key::new("pods", &pods[0].namespace, &pods[0].name);
        let pod = state.store.get(&key).unwrap().clone();
        asked(&state, &pod, 15_020, ALL, begin()).text
    };
    let first = one(1);
    assert!(first == one(1) && first.contains("istio_requests_total{"));
    assert!(first != one(2));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "prints how long it takes; asserts nothing of it")]
fn a_scrape_tells_how_long_it_takes() {
    let state = &*FRANKFURT;
    for workload in ["istio-egress-payments", "istio-egress-crm", "egress-legacy-erp"] {
        let pod = &pods(state, workload)[1];
        let start = std::time::Instant::now();
        let bytes = asked(state, pod, 15_090, "/stats/prometheus?usedonly", begin()).text.len();
        println!("{workload}: {bytes} bytes in {:?}", start.elapsed());
    }
}
