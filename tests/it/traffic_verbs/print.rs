//! What is printed.

use std::time::Duration;

use egret::demo::story;
use egret::headless::Outcome;
use serde_json::Value;

use super::support::{End, NEVER, metrics};
use crate::support::demo::run;

fn on_demo(line: &str) -> End {
    run(async { metrics(&story::world(1, 1.0), line, false, NEVER).await })
}

#[test]
fn a_table_shows_each_host_and_all_of_them() {
    let end = on_demo("egress-payments --context frankfurt");
    assert_eq!(end.outcome, Outcome::Done, "{}", end.err);
    let lines: Vec<&str> = end.out.lines().collect();
    assert!(lines[0].starts_with("frankfurt/istio-system/egress-payments   09:00:"), "{}", end.out);
    assert!(lines[0].contains("window 5m   from istio"), "{}", end.out);
    assert!(lines[1].starts_with("HOST ") && lines[1].contains("REQ/S   SUCCESS %"), "{}", end.out);
    assert!(lines.last().unwrap().starts_with("ALL "), "{}", end.out);
    assert!(lines.len() > 3, "a host at least: {}", end.out);
    assert!(end.err.contains("reading twice, 5 s apart"), "{}", end.err);
}

#[test]
fn json_has_a_value_or_a_state_for_each_quantity_and_says_how_pods_were_reached() {
    let end = on_demo("egress-payments --context frankfurt -o json --window 1m");
    assert_eq!((end.outcome, end.out.lines().count()), (Outcome::Done, 1), "{}", end.err);
    let read: Value = serde_json::from_str(&end.out).unwrap();
    assert_eq!(read["gateway"]["name"], "egress-payments");
    assert_eq!(
        (&read["window"], &read["by"], &read["source"]),
        (&"1m".into(), &"host".into(), &"istio".into())
    );
    let requests = read["totals"]["requestsPerSecond"]["value"].as_f64().unwrap();
    assert!(requests > 0.0, "{read}");
    let rows = read["rows"].as_array().unwrap();
    let sum: f64 = rows.iter().filter_map(|r| r["totals"]["requestsPerSecond"]["value"].as_f64()).sum();
    assert!((sum - requests).abs() < 1e-6 * requests, "{sum} is not {requests}");
    for row in rows {
        for (name, reading) in row["totals"].as_object().unwrap() {
            assert!(reading["value"].is_number() || reading["state"].is_string(), "{name}: {row}");
        }
    }
    let pods = read["pods"].as_array().unwrap();
    assert!(pods.iter().any(|pod| pod["way"]["kind"] == "pod-proxy" && pod["fault"].is_null()), "{read}");
}

#[test]
fn rows_are_by_pod_code_and_flag_too() {
    for (by, heading) in [("pod", "POD "), ("code", "CODE "), ("flag", "FLAG ")] {
        let end = on_demo(&format!("egress-payments --context frankfurt --by {by}"));
        assert!(end.out.lines().nth(1).unwrap().starts_with(heading), "{by}: {}", end.out);
    }
}

#[test]
fn prometheus_reads_what_is_printed_for_it() {
    let end = on_demo("egress-payments --context frankfurt -o prometheus");
    let labels = r#"{cluster="frankfurt",namespace="istio-system",gateway="egress-payments",host=""#;
    assert!(end.out.contains(&format!("egret_gateway_requests_per_second{labels}")), "{}", end.out);
    assert!(end.out.contains("# TYPE egret_gateway_requests_per_second gauge\n"), "{}", end.out);
    let text = end.out.lines().map(|line| Ok(line.to_owned()));
    let read = prometheus_parse::Scrape::parse(text).unwrap();
    let lines = end.out.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(read.samples.len(), lines, "each line is a sample");
    let all = read.samples.iter().find(|s| s.metric == "egret_gateway_all_requests_per_second");
    assert!(all.is_some_and(|s| s.labels.get("host").is_none()), "{}", end.out);
}

#[test]
fn a_watch_prints_again_and_ends_with_an_interrupt() {
    run(async {
        let world = story::world(1, 1.0);
        let line = "egress-payments --context frankfurt -o json --watch";
        let end = metrics(&world, line, false, Duration::from_secs(60)).await;
        assert_eq!(end.outcome, Outcome::Done, "{}", end.err);
        assert!((8..=12).contains(&end.out.lines().count()), "{}", end.out.lines().count());
        let times: Vec<String> = end
            .out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["time"].as_str().unwrap().to_owned())
            .collect();
        assert!(times.is_sorted() && times.first() != times.last(), "{times:?}");
    });
}

#[test]
fn a_table_is_drawn_again_in_its_place_only_on_a_terminal() {
    let printed = |redraw| {
        run(async move {
            let line = "egress-payments --context frankfurt --count 2";
            metrics(&story::world(1, 1.0), line, redraw, NEVER).await
        })
    };
    let (terminal, file) = (printed(true), printed(false));
    assert_eq!(file.out.matches("\u{1b}[").count(), 0);
    assert_eq!(file.out.matches("\n\n").count(), 1, "a line between: {}", file.out);
    let lines = file.out.split("\n\n").next().unwrap().lines().count();
    // Up by the rows that it took: on a narrow terminal a line takes several.
    let (_, up) = terminal.out.split_once("\u{1b}[").expect("it goes up");
    let (rows, rest) = up.split_once('A').expect("by so many rows");
    assert!(rows.parse::<usize>().unwrap() >= lines && rest.starts_with("\r\u{1b}[J"), "{:?}", terminal.out);
}

#[test]
fn a_name_that_is_none_or_means_several_is_told_with_what_to_say() {
    let end = on_demo("egress-paymens --context frankfurt");
    assert_eq!((end.outcome, end.out.as_str()), (Outcome::Failed, ""));
    let none = "no gateway is named egress-paymens in cluster frankfurt; did you mean egress-payments?";
    assert!(end.err.contains(none), "{}", end.err);
    let end = on_demo("egress-payments");
    assert_eq!((end.outcome, end.out.as_str()), (Outcome::Failed, ""));
    for said in ["several gateways are named egress-payments", "--context frankfurt -n istio-system"] {
        assert!(end.err.contains(said), "{said}: {}", end.err);
    }
}

#[test]
fn where_no_pod_can_be_read_the_right_that_is_missing_is_named() {
    let end = on_demo("egress-pci --context audit");
    assert_eq!((end.outcome, end.out.as_str()), (Outcome::Failed, ""), "{}", end.err);
    assert!(end.err.contains("pods/proxy"), "{}", end.err);
}

#[test]
fn a_floor_that_is_not_kept_is_an_end_of_its_own() {
    let fail = |rule: &str| on_demo(&format!("egress-payments --context frankfurt --fail-under {rule}"));
    assert_eq!(fail("success=0").outcome, Outcome::Done);
    let end = fail("success=100");
    assert_eq!(end.outcome, Outcome::Under, "{}", end.out);
    assert!(end.err.contains("success is ") && end.err.contains("below 100 %"), "{}", end.err);
}
