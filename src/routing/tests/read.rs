//! Objects as they come, odd ones too.

use super::*;
use crate::model::tolerant::Unread;

fn paths(unread: &[Unread]) -> Vec<&str> {
    unread.iter().map(|one| &*one.path).collect()
}

#[test]
fn a_gateway_is_read_as_it_is_written() {
    let object = json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"namespace": "team", "name": "out", "resourceVersion": "7"},
        "spec": {"selector": {"istio": "gw"}, "servers": [
            {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["./a.example", "*"], "bind": "0.0.0.0"},
            {"port": {"number": 443, "protocol": "tls"}, "hosts": ["b.example"], "tls": {"mode": "ISTIO_MUTUAL"}},
            {"port": {"number": 444, "protocol": "TLS"}, "hosts": ["b.example"], "tls": {}}]}});
    let read = read_gateway(&object);
    assert_eq!(paths(&read.unread), Vec::<&str>::new());
    let gateway = read.value.unwrap();
    assert_eq!(gateway.name.to_string(), "team/out");
    let servers: Vec<_> = gateway.servers.iter().map(|s| (s.port, &*s.protocol, s.tls.clone())).collect();
    let expected = [
        (80, "HTTP", None),
        (443, "tls", Some(ServerTls::IstioMutual)),
        (444, "TLS", Some(ServerTls::Passthrough)),
    ];
    assert_eq!(servers, expected);
    assert_eq!(gateway.servers[0].hosts, ["./a.example", "*"]);
}

#[test]
fn a_gateway_that_cannot_be_read_is_reported_and_selects_nothing() {
    let meta = json!({"namespace": "n", "name": "g"});
    let cases = [
        (Value::Null, "", false),
        (json!("text"), "", false),
        (json!([1, 2]), "", false),
        (json!({}), "metadata", false),
        (json!({"metadata": {}}), "metadata.name", false),
        (json!({"metadata": {"name": 7}}), "metadata.name", false),
        (json!({"metadata": {"name": "g", "namespace": []}}), "metadata.namespace", false),
        (json!({"metadata": meta, "spec": 1}), "spec", true),
        // Read as nothing, a selector would select every pod.
        (json!({"metadata": meta, "spec": {"selector": "istio=gw"}}), "spec.selector", false),
        (json!({"metadata": meta, "spec": {"selector": {"istio": 1}}}), "spec.selector.istio", false),
        (json!({"metadata": meta, "spec": {"servers": {}}}), "spec.servers", true),
        (json!({"metadata": meta, "spec": {"servers": [null]}}), "spec.servers[0]", true),
        (json!({"metadata": meta, "spec": {"servers": [{}]}}), "spec.servers[0].port", true),
        (json!({"metadata": meta, "spec": {"servers": [{"port": {}}]}}), "spec.servers[0].port.number", true),
        (
            json!({"metadata": meta, "spec": {"servers": [{"port": {"number": "80"}}]}}),
            "spec.servers[0].port.number",
            true,
        ),
        (
            json!({"metadata": meta, "spec": {"servers": [{"port": {"number": 70000}}]}}),
            "spec.servers[0].port.number",
            true,
        ),
        (
            json!({"metadata": meta, "spec": {"servers": [{"port": {"number": -1}}]}}),
            "spec.servers[0].port.number",
            true,
        ),
        (
            json!({"metadata": meta, "spec": {"servers": [{"port": {"number": 80}, "hosts": [3]}]}}),
            "spec.servers[0].hosts[0]",
            true,
        ),
    ];
    for (object, path, there) in cases {
        let read = read_gateway(&object);
        assert_eq!(paths(&read.unread), [path], "{object}");
        assert_eq!(read.value.is_some(), there, "{object}");
    }
    // Nothing is wrong with one that is empty.
    let read = read_gateway(&json!({"metadata": meta, "spec": null}));
    assert!(read.unread.is_empty() && read.value.is_some());
}

#[test]
fn an_unreadable_mode_is_never_taken_for_one_that_was_left_out() {
    let cases = [
        (json!({"mode": 5}), Some(ServerTls::Other("5".into())), 1),
        (json!({"mode": ["ISTIO_MUTUAL"]}), Some(ServerTls::Other("[\"ISTIO_MUTUAL\"]".into())), 1),
        (json!({"mode": "istio_mutual"}), Some(ServerTls::Other("istio_mutual".into())), 0),
        (json!({"mode": null}), Some(ServerTls::Passthrough), 0),
        (json!("ISTIO_MUTUAL"), Some(ServerTls::Other("\"ISTIO_MUTUAL\"".into())), 1),
        (Value::Null, None, 0),
    ];
    for (tls, expected, unread) in cases {
        let read = read_gateway(&gateway(&[(443, "TLS", tls.clone())]));
        assert_eq!(read.value.unwrap().servers[0].tls, expected, "{tls}");
        assert_eq!(read.unread.len(), unread, "{tls}");
    }
}

#[test]
fn a_rule_that_cannot_be_read_is_reported_and_governs_nobody() {
    let meta = json!({"namespace": "n", "name": "r"});
    let with = |spec: Value| json!({"metadata": meta, "spec": spec});
    let cases = [
        (json!(7), "", false),
        (json!({"metadata": meta}), "spec", false),
        (with(json!({})), "spec.host", false),
        (with(json!({"host": ["h"]})), "spec.host", false),
        (with(json!({"host": "h", "exportTo": "*"})), "spec.exportTo", false),
        (with(json!({"host": "h", "exportTo": [1]})), "spec.exportTo[0]", false),
        (
            with(json!({"host": "h", "workloadSelector": {"matchLabels": {"a": 1}}})),
            "spec.workloadSelector.matchLabels.a",
            false,
        ),
        (with(json!({"host": "h", "workloadSelector": "a"})), "spec.workloadSelector", false),
        (with(json!({"host": "h", "trafficPolicy": []})), "spec.trafficPolicy", true),
        (
            with(json!({"host": "h", "trafficPolicy": {"tls": {"mode": 1}}})),
            "spec.trafficPolicy.tls.mode",
            true,
        ),
        (
            with(json!({"host": "h", "trafficPolicy": {"portLevelSettings": [{}]}})),
            "spec.trafficPolicy.portLevelSettings[0].port",
            true,
        ),
        (with(json!({"host": "h", "subsets": [{}]})), "spec.subsets[0].name", true),
    ];
    for (object, path, there) in cases {
        let read = read_destination_rule(&object);
        assert_eq!(paths(&read.unread), [path], "{object}");
        assert_eq!(read.value.is_some(), there, "{object}");
    }
}

#[test]
fn a_tls_without_a_mode_is_disable_in_a_rule() {
    let policy = json!({"trafficPolicy": {"tls": {"sni": "x"}}});
    let read = read_destination_rule(&rule("n/r", "h", policy)).value.unwrap();
    let tls = read.policy.unwrap().tls.unwrap();
    assert_eq!((tls.mode, tls.sni.as_deref()), (ClientMode::Disable, Some("x")));
}

#[test]
fn all_ways_of_a_virtual_service_are_found_once() {
    let to = |host: &str, subset: &str| json!({"destination": {"host": host, "subset": subset}});
    let object = json!({"metadata": {"namespace": "n", "name": "v"}, "spec": {
        "http": [
            {"route": [to("a", "s"), to("a", "s"), to("b", "")], "mirror": {"host": "m"}, "mirrors": [to("mm", "s")]},
            {"redirect": {"uri": "/"}},
            {"route": [{}, {"destination": {"host": 1}}, {"destination": {"host": "p", "port": {"number": 80}}}]}],
        "tls": [{"match": [], "route": [to("t", "s")]}],
        "tcp": [{"route": [to("c", "s")]}]}});
    let read = read_virtual_service(&object);
    let found: Vec<_> = read
        .value
        .iter()
        .map(|r| format!("{} {} {}", r.host, r.subset.as_deref().unwrap_or("-"), r.port.unwrap_or(0)))
        .collect();
    assert_eq!(found, ["a s 0", "b - 0", "mm s 0", "m - 0", "p - 80", "t s 0", "c s 0"]);
    assert_eq!(
        paths(&read.unread),
        ["spec.http[2].route[0].destination", "spec.http[2].route[1].destination.host"]
    );
    for odd in [json!(null), json!([]), json!({"metadata": {"name": "v"}, "spec": {"http": 1}})] {
        let read = read_virtual_service(&odd);
        assert_eq!((read.value.len(), read.unread.len()), (0, 1), "{odd}");
    }
}

#[test]
fn the_mesh_config_is_istios_default_where_it_says_nothing() {
    let usual = MeshConfig::default();
    assert!(usual.auto_mtls && usual.root_namespace == "istio-system");
    let off = MeshConfig { auto_mtls: false, ..usual.clone() };
    let cases: [(&str, MeshConfig, &[&str]); 9] = [
        ("", usual.clone(), &[]),
        ("# nothing\n", usual.clone(), &[]),
        ("enableAutoMtls: false\ntrustDomain: cluster.local\n", off, &[]),
        (
            "enableAutoMtls: true\nrootNamespace: mesh\n",
            MeshConfig { root_namespace: "mesh".into(), ..usual.clone() },
            &[],
        ),
        ("rootNamespace: \"\"\n", usual.clone(), &[]),
        (
            "defaultDestinationRuleExportTo: [\".\"]\ndefaultVirtualServiceExportTo: [\"*\"]\n",
            MeshConfig { rules_private: true, ..usual.clone() },
            &[],
        ),
        (
            "enableAutoMtls: [no]\nrootNamespace: 7\n",
            usual.clone(),
            &["data.mesh.rootNamespace", "data.mesh.enableAutoMtls"],
        ),
        ("- a\n- b\n", usual.clone(), &["data.mesh"]),
        ("a: [", usual.clone(), &["data.mesh"]),
    ];
    for (yaml, expected, unread) in cases {
        let read = mesh_config(&json!({"data": {"mesh": yaml}}));
        assert_eq!(read.value, expected, "{yaml}");
        assert_eq!(paths(&read.unread), unread, "{yaml}");
    }
    for (object, path) in
        [(json!({}), "data"), (json!({"data": {}}), "data.mesh"), (json!({"data": {"mesh": 1}}), "data.mesh")]
    {
        let read = mesh_config(&object);
        assert_eq!((read.value, paths(&read.unread)), (MeshConfig::default(), vec![path]), "{object}");
    }
}

/// The places of an object, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, part)| (key.replace('/', "~1"), part)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, part)| (index.to_string(), part)).collect()
        }
        _ => Vec::new(),
    };
    for (key, part) in parts {
        places(part, &format!("{at}/{key}"), found);
    }
}

#[test]
fn an_odd_value_anywhere_is_no_panic_and_no_text_that_cannot_be_told() {
    let policy = json!({"tls": {"mode": "ISTIO_MUTUAL", "sni": "s"}, "portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "DISABLE"}}]});
    let rest = json!({"trafficPolicy": policy, "subsets": [{"name": "s", "trafficPolicy": policy}],
        "workloadSelector": {"matchLabels": {"a": "b"}}, "exportTo": ["."]});
    let whole = [
        gateway(&[(80, "HTTPS", json!({"mode": "ISTIO_MUTUAL"}))]),
        rule("a/r", HOST, rest),
        route("a/v", HOST, Some("s")),
    ];
    let odd = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("*"),
        json!("\u{1b}[31m."),
        json!([]),
        json!([[]]),
        json!({"a": {}}),
    ];
    for index in 0..whole.len() {
        let mut found = Vec::new();
        places(&whole[index], "", &mut found);
        for (place, odd) in found.iter().flat_map(|place| odd.iter().map(move |odd| (place, odd))) {
            let mut objects = whole.clone();
            *objects[index].pointer_mut(place).unwrap() = odd.clone();
            let mesh = Mesh {
                gateways: read_gateway(&objects[0]).value.into_iter().collect(),
                destination_rules: read_destination_rule(&objects[1]).value.into_iter().collect(),
                routes: read_virtual_service(&objects[2]).value,
                ..Mesh::default()
            };
            for line in [false, true].into_iter().flat_map(|label| lines(label, &mesh)) {
                for case in line.cases() {
                    assert!(
                        !case.why.is_empty() && case.remedy.is_some() == case.state.is_broken(),
                        "{place} {odd}"
                    );
                }
            }
        }
    }
}
