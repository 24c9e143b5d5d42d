//! Which rule decides, and for whom.

use super::*;

/// The cases of a plain HTTP server of port 80 under some rules, without label.
fn under(rules: &[Value]) -> Vec<(String, String)> {
    cases(&line(false, &mesh(&[gateway(&[(80, "HTTP", Value::Null)])], rules, &[])))
}

/// Whom a case is about, and its state.
type Told<'a> = &'a [(&'a str, &'a str)];

const BROKEN: &str = "broken: clients send mTLS";

#[test]
fn a_rules_host_means_the_service_as_istio_reads_it() {
    let cases = [
        (HOST, true),
        ("istio-gw", true),
        ("*", true),
        ("*.local", true),
        ("*.istio-system.svc.cluster.local", true),
        // Istio completes names without a dot only.
        ("istio-gw.istio-system", false),
        ("istio-gw.istio-system.svc", false),
        ("*.default.svc.cluster.local", false),
        ("istio-gw.default.svc.cluster.local", false),
        ("gw", false),
        ("ISTIO-GW", false),
        ("", false),
        ("*.istio-gw.istio-system.svc.cluster.local", false),
    ];
    for (host, meant) in cases {
        let got = under(&[says("istio-system/r", host, "ISTIO_MUTUAL")]);
        let expected = if meant { BROKEN } else { "plaintext" };
        assert_eq!(got, pairs(&[("all clients", expected)]), "{host}");
    }
    // A bare name is one of the rule's own namespace.
    assert_eq!(
        under(&[says("default/r", "istio-gw", "ISTIO_MUTUAL")]),
        pairs(&[("all clients", "plaintext")])
    );
}

#[test]
fn the_service_may_be_named_as_people_write_it() {
    let mesh =
        mesh(&[gateway(&[(80, "HTTP", Value::Null)])], &[says("istio-system/r", HOST, "ISTIO_MUTUAL")], &[]);
    let cases = [
        ("istio-gw", "istio-system", true),
        ("istio-gw", "default", false),
        ("istio-gw.istio-system", "default", true),
        ("istio-gw.istio-system.svc", "default", true),
        (HOST, "default", true),
        ("istio-gw.istio-system.svc.cluster.local.", "default", true),
        ("istio-gw.istio-system.svc.corp.example", "default", false),
        ("", "", false),
    ];
    for (host, namespace, meant) in cases {
        let got = mtls(&pods(false), host, namespace, &mesh)[0].state();
        assert_eq!(got == MtlsState::BrokenClientsSendMtls, meant, "{host} in {namespace}");
    }
}

#[test]
fn a_port_stands_before_the_general_and_replaces_all_of_it() {
    let entry = |port: u16, mode: Option<&str>| match mode {
        Some(mode) => json!({"port": {"number": port}, "tls": {"mode": mode}}),
        None => json!({"port": {"number": port}}),
    };
    let cases = [
        ("ISTIO_MUTUAL", vec![], false, BROKEN),
        ("ISTIO_MUTUAL", vec![entry(80, Some("DISABLE"))], false, "plaintext"),
        ("DISABLE", vec![entry(80, Some("ISTIO_MUTUAL"))], false, BROKEN),
        ("DISABLE", vec![entry(443, Some("ISTIO_MUTUAL"))], false, "plaintext"),
        // An entry without TLS takes the general one away: auto mTLS decides again.
        ("ISTIO_MUTUAL", vec![entry(80, None)], false, "plaintext"),
        ("DISABLE", vec![entry(80, None)], true, BROKEN),
        ("DISABLE", vec![entry(80, Some("ISTIO_MUTUAL")), entry(80, Some("DISABLE"))], false, BROKEN),
    ];
    for (general, ports, label, expected) in cases {
        let policy = json!({"tls": {"mode": general}, "portLevelSettings": ports});
        let rule = rule("istio-system/r", HOST, json!({"trafficPolicy": policy}));
        let mesh = mesh(&[gateway(&[(80, "HTTP", Value::Null)])], &[rule], &[]);
        assert_eq!(line(label, &mesh).state().to_string(), expected, "{policy}");
    }
}

#[test]
fn the_client_namespace_comes_before_the_services_and_that_before_the_root() {
    let home = || says("istio-gw-home/r", HOST, "ISTIO_MUTUAL");
    let root = || says("istio-system/r", HOST, "ISTIO_MUTUAL");
    let off = || says("default/off", HOST, "DISABLE");
    let in_home = "istio-gw.istio-gw-home.svc.cluster.local";
    let cases: [(&[Value], Told<'_>); 5] = [
        (&[], &[("all clients", "plaintext")]),
        (&[root()], &[("all clients", BROKEN)]),
        (&[root(), off()], &[("clients in other namespaces", BROKEN), ("clients in default", "plaintext")]),
        // A rule in a namespace that is neither the Service's nor the root is for clients there.
        (&[home()], &[("clients in istio-gw-home", BROKEN), ("clients in other namespaces", "plaintext")]),
        (&[off()], &[("clients in other namespaces", "plaintext"), ("clients in default", "plaintext")]),
    ];
    for (rules, expected) in cases {
        assert_eq!(under(rules), pairs(expected), "{rules:?}");
    }
    // The Service's namespace is not the root here, and its rule wins over the root's.
    let service = says("istio-gw-home/r", "istio-gw", "DISABLE");
    let of_root = says("istio-system/r", "*", "ISTIO_MUTUAL");
    let mesh = mesh(&[gateway(&[(80, "HTTP", Value::Null)])], &[of_root, service], &[]);
    let got = mtls(&pods(false), in_home, "istio-gw-home", &mesh);
    assert_eq!(cases_of(&got[0]), ["all clients: plaintext"]);
}

fn cases_of(line: &ServerMtls) -> Vec<String> {
    cases(line).into_iter().map(|(clients, state)| format!("{clients}: {state}")).collect()
}

#[test]
fn a_rule_without_tls_in_the_way_hides_the_ones_behind_it() {
    let silent = rule("default/lb", HOST, json!({"trafficPolicy": {"loadBalancer": {}}}));
    let got = under(&[silent, says("istio-system/r", HOST, "ISTIO_MUTUAL")]);
    assert_eq!(got, pairs(&[("clients in other namespaces", BROKEN), ("clients in default", "plaintext")]));
}

#[test]
fn rules_are_seen_where_they_are_exported() {
    let exported = |name: &str, scopes: Value| {
        rule(name, HOST, json!({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}, "exportTo": scopes}))
    };
    let all: &[(&str, &str)] = &[("all clients", BROKEN)];
    let none: &[(&str, &str)] = &[("all clients", "plaintext")];
    let of = |namespace: &str| {
        pairs(&[(&*format!("clients in {namespace}"), BROKEN), ("clients in other namespaces", "plaintext")])
    };
    let cases = [
        ("istio-system/r", json!([]), pairs(all)),
        ("istio-system/r", json!(["*"]), pairs(all)),
        ("istio-system/r", json!(["."]), of("istio-system")),
        ("istio-system/r", json!(["istio-system"]), of("istio-system")),
        ("istio-system/r", json!(["a"]), of("a")),
        ("istio-system/r", json!(["~"]), pairs(none)),
        // Its own clients look at home, all others elsewhere.
        ("default/r", json!(["*"]), of("default")),
        ("default/r", json!(["a"]), pairs(none)),
        ("default/r", json!([".", "a"]), of("default")),
    ];
    for (name, scopes, expected) in cases {
        assert_eq!(under(&[exported(name, scopes.clone())]), expected, "{name} {scopes}");
    }
    let mut mesh =
        mesh(&[gateway(&[(80, "HTTP", Value::Null)])], &[exported("istio-system/r", json!([]))], &[]);
    mesh.config.rules_private = true;
    assert_eq!(super::cases(&line(false, &mesh)), of("istio-system"), "private by default");
}

#[test]
fn the_most_specific_host_wins_and_the_oldest_of_one_host() {
    let aged = |name: &str, created: &str, mode: &str| {
        let mut object = says(name, HOST, mode);
        object["metadata"]["creationTimestamp"] = created.into();
        object
    };
    let (on, off) = ("ISTIO_MUTUAL", "DISABLE");
    let silent = || rule("istio-system/a", HOST, json!({"subsets": []}));
    let cases = [
        (vec![says("istio-system/a", "*", on), says("istio-system/b", HOST, off)], "plaintext"),
        (vec![says("istio-system/a", "*.local", off), says("istio-system/b", "*.cluster.local", on)], BROKEN),
        (
            vec![
                aged("istio-system/a", "2026-02-02T00:00:00Z", off),
                aged("istio-system/b", "2026-01-01T00:00:00Z", on),
            ],
            BROKEN,
        ),
        (
            vec![
                aged("istio-system/b", "2026-01-01T00:00:00Z", on),
                aged("istio-system/a", "2026-01-01T00:00:00Z", off),
            ],
            "plaintext",
        ),
        // A rule without any policy leaves room for the next.
        (vec![silent(), says("istio-system/b", HOST, on)], BROKEN),
        (
            vec![
                rule("istio-system/a", HOST, json!({"trafficPolicy": {}})),
                says("istio-system/b", HOST, on),
            ],
            "plaintext",
        ),
    ];
    for (rules, expected) in cases {
        assert_eq!(under(&rules), pairs(&[("all clients", expected)]), "{rules:?}");
    }
}

#[test]
fn a_workload_selector_is_for_clients_of_its_own_namespace() {
    let selecting = |name: &str| {
        rule(
            name,
            HOST,
            json!({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}},
            "workloadSelector": {"matchLabels": {"app": "x"}}}),
        )
    };
    let got = under(&[selecting("default/r")]);
    let expected = [
        ("clients in default with app=x", BROKEN),
        ("clients in other namespaces", "plaintext"),
        ("clients in default", "plaintext"),
    ];
    assert_eq!(got, pairs(&expected));
    // In the root namespace too, it is not shared; and it hides the shared ones from those whom it does not pick.
    let got = under(&[selecting("istio-system/r"), says("istio-system/s", HOST, "ISTIO_MUTUAL")]);
    let expected = [
        ("clients in other namespaces", BROKEN),
        ("clients in istio-system", "plaintext"),
        ("clients in istio-system with app=x", BROKEN),
    ];
    assert_eq!(got, pairs(&expected));
    let everyone =
        json!({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}, "workloadSelector": {"matchLabels": {}}});
    assert_eq!(under(&[rule("istio-system/r", HOST, everyone)]), pairs(&[("all clients", BROKEN)]));
}

/// The documented way with TLS origination: a subset whose port asks for mesh mTLS (asm-api.md §6.3).
fn by_subset(name: &str) -> Value {
    let policy = json!({"portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "ISTIO_MUTUAL", "sni": "example.org"}}]});
    rule(name, HOST, json!({"subsets": [{"name": "cnn", "trafficPolicy": policy}, {"name": "plain"}]}))
}

#[test]
fn subsets_count_as_far_as_routes_lead_to_them() {
    let server = || gateway(&[(80, "HTTPS", json!({"mode": "ISTIO_MUTUAL"}))]);
    let wants = "broken: server wants mTLS";
    let to = |subset| route("default/v", HOST, subset);
    let cases: [(Vec<Value>, Told<'_>); 6] = [
        (
            vec![],
            &[
                ("all clients by the whole host, subset plain", wants),
                ("all clients by subset cnn", "enforced"),
            ],
        ),
        (vec![to(Some("cnn"))], &[("all clients", "enforced")]),
        (vec![to(Some("plain"))], &[("all clients", wants)]),
        (vec![to(None)], &[("all clients", wants)]),
        (
            vec![to(Some("cnn")), to(None)],
            &[("all clients by the whole host", wants), ("all clients by subset cnn", "enforced")],
        ),
        // Routes that lead nowhere say nothing.
        (
            vec![to(Some("gone"))],
            &[
                ("all clients by the whole host, subset plain", wants),
                ("all clients by subset cnn", "enforced"),
            ],
        ),
    ];
    for (routes, expected) in cases {
        let mesh = mesh(&[server()], &[by_subset("istio-system/r")], &routes);
        assert_eq!(cases_sorted(&line(false, &mesh)), sorted(pairs(expected)), "{routes:?}");
    }
    // Rule and route in the clients' namespace: nobody else can come by that subset.
    let mesh = mesh(&[server()], &[by_subset("default/r")], &[to(Some("cnn"))]);
    assert_eq!(cases_of(&line(false, &mesh)), ["clients in default: enforced"]);
}

fn sorted(mut cases: Vec<(String, String)>) -> Vec<(String, String)> {
    cases.sort();
    cases
}

fn cases_sorted(line: &ServerMtls) -> Vec<(String, String)> {
    sorted(cases(line))
}

#[test]
fn a_subset_stands_before_the_whole_host_as_far_as_it_speaks() {
    let tls = |mode: &str| json!({"tls": {"mode": mode}});
    let port = |mode: Option<&str>| {
        let entry = mode.map_or(
            json!({"port": {"number": 80}}),
            |mode| json!({"port": {"number": 80}, "tls": {"mode": mode}}),
        );
        json!({"portLevelSettings": [entry]})
    };
    let cases = [
        (tls("ISTIO_MUTUAL"), Value::Null, BROKEN),
        (tls("ISTIO_MUTUAL"), json!({"loadBalancer": {}}), BROKEN),
        (tls("ISTIO_MUTUAL"), tls("DISABLE"), "plaintext"),
        (tls("DISABLE"), tls("ISTIO_MUTUAL"), BROKEN),
        (port(Some("ISTIO_MUTUAL")), json!({}), BROKEN),
        (port(Some("ISTIO_MUTUAL")), tls("DISABLE"), "plaintext"),
        (tls("DISABLE"), port(Some("ISTIO_MUTUAL")), BROKEN),
        (tls("ISTIO_MUTUAL"), port(None), "plaintext"),
    ];
    for (general, own, expected) in cases {
        let rest = json!({"trafficPolicy": general, "subsets": [{"name": "s", "trafficPolicy": own}]});
        let mesh = mesh(
            &[gateway(&[(80, "HTTP", Value::Null)])],
            &[rule("istio-system/r", HOST, rest.clone())],
            &[route("default/v", "istio-gw.istio-system.svc.cluster.local", Some("s"))],
        );
        assert_eq!(line(false, &mesh).state().to_string(), expected, "{rest}");
    }
}

#[test]
fn a_route_counts_for_its_port_and_for_those_who_see_it() {
    let server = || gateway(&[(80, "HTTPS", json!({"mode": "ISTIO_MUTUAL"}))]);
    let mut private = route("default/v", HOST, Some("cnn"));
    private["spec"]["exportTo"] = json!(["."]);
    let mut other_port = route("default/v", HOST, Some("cnn"));
    other_port["spec"]["http"][0]["route"][0]["destination"]["port"]["number"] = json!(443);
    let cases = [
        (private, vec!["clients in default: enforced"]),
        (
            other_port,
            vec![
                "all clients by the whole host, subset plain: broken: server wants mTLS",
                "all clients by subset cnn: enforced",
            ],
        ),
    ];
    for (route, expected) in cases {
        let mesh = mesh(&[server()], &[by_subset("istio-system/r")], &[route]);
        assert_eq!(cases_of(&line(false, &mesh)), expected);
    }
}
