//! What a change breaks.

use super::*;

fn broken(before: &[ServerMtls], after: &[ServerMtls]) -> Vec<u16> {
    breaks(before, after).iter().map(|server| server.port).collect()
}

#[test]
fn the_label_breaks_every_server_that_is_not_ready_for_it() {
    let mode = |mode: &str| json!({"mode": mode});
    let servers = [
        (80, "HTTP", Value::Null),
        (443, "HTTPS", mode("ISTIO_MUTUAL")),
        (444, "TLS", mode("PASSTHROUGH")),
        (445, "TLS", mode("AUTO_PASSTHROUGH")),
        (446, "HTTPS", mode("SIMPLE")),
        (447, "TCP", Value::Null),
    ];
    let mesh = mesh(&[gateway(&servers)], &[], &[]);
    let (without, with) = (lines(false, &mesh), lines(true, &mesh));
    assert_eq!(broken(&without, &with), [80, 444, 446, 447]);
    assert_eq!(broken(&with, &without), [443]);
    assert_eq!(broken(&with, &with), Vec::<u16>::new());
    // A server that was not there before counts by itself.
    assert_eq!(broken(&[], &with), [80, 444, 446, 447]);
}

#[test]
fn a_server_that_a_rule_decides_about_is_not_touched_by_the_label() {
    let cases = [
        ("DISABLE", "HTTP", Value::Null),
        ("ISTIO_MUTUAL", "HTTP", Value::Null),
        ("ISTIO_MUTUAL", "HTTPS", json!({"mode": "ISTIO_MUTUAL"})),
    ];
    for (mode, protocol, tls) in cases {
        let mesh = mesh(&[gateway(&[(80, protocol, tls)])], &[says("istio-system/r", HOST, mode)], &[]);
        assert_eq!(broken(&lines(false, &mesh), &lines(true, &mesh)), Vec::<u16>::new(), "{mode} {protocol}");
    }
}

#[test]
fn a_server_already_broken_for_some_is_reported_when_it_breaks_for_others() {
    let mesh =
        mesh(&[gateway(&[(80, "HTTP", Value::Null)])], &[says("default/r", HOST, "ISTIO_MUTUAL")], &[]);
    let (before, after) = (lines(false, &mesh), lines(true, &mesh));
    let expected =
        [("clients in default", "broken: clients send mTLS"), ("clients in other namespaces", "plaintext")];
    assert_eq!(cases(&before[0]), pairs(&expected));
    assert_eq!(broken(&before, &after), [80]);
    assert_eq!(broken(&after, &before), Vec::<u16>::new());
}

#[test]
fn a_rule_that_comes_is_compared_with_what_held_for_its_clients_before() {
    let with = |rules: &[Value]| lines(false, &mesh(&[gateway(&[(80, "HTTP", Value::Null)])], rules, &[]));
    let none = with(&[]);
    let here = with(&[says("default/r", HOST, "ISTIO_MUTUAL")]);
    let all = with(&[says("istio-system/r", HOST, "ISTIO_MUTUAL")]);
    assert_eq!(broken(&none, &here), [80]);
    assert_eq!(broken(&here, &all), [80]);
    assert_eq!(broken(&all, &here), Vec::<u16>::new());
}

#[test]
fn clients_who_had_no_way_before_are_not_compared_with_those_who_had() {
    let subset = |name: &str| {
        rule(
            name,
            HOST,
            json!({"subsets": [{"name": "s", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}]}),
        )
    };
    let with = |rules: &[Value]| {
        let server = gateway(&[(80, "HTTP", Value::Null)]);
        lines(false, &mesh(&[server], rules, &[route("default/v", HOST, Some("s"))]))
    };
    let (few, all) = (with(&[subset("default/r")]), with(&[subset("default/r"), subset("istio-system/r")]));
    assert_eq!(cases(&few[0]), pairs(&[("clients in default", "broken: clients send mTLS")]));
    assert_eq!(broken(&few, &all), [80]);
    assert_eq!(broken(&all, &few), Vec::<u16>::new());
}

#[test]
fn a_server_whose_protocol_changes_is_still_the_same_server() {
    let with = |protocol: &str, tls: Value| lines(true, &mesh(&[gateway(&[(80, protocol, tls)])], &[], &[]));
    let (enforced, plain) = (with("HTTPS", json!({"mode": "ISTIO_MUTUAL"})), with("HTTP", Value::Null));
    assert_eq!(broken(&enforced, &plain), [80]);
    assert_eq!(broken(&plain, &with("TCP", Value::Null)), Vec::<u16>::new());
}
