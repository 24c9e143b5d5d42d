//! Label × auto mTLS × DestinationRule × server: the whole table, by hand.

use super::*;

/// The columns: what the rule for the host says; `None`: there is no rule.
fn rules() -> [Option<Value>; 7] {
    [
        None,
        Some(json!({"trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}}})),
        Some(json!({"trafficPolicy": {"tls": {"mode": "DISABLE"}}})),
        Some(json!({"trafficPolicy": {"tls": {"mode": "SIMPLE"}}})),
        Some(json!({"trafficPolicy": {"tls": {"mode": "MUTUAL"}}})),
        Some(json!({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}})),
        Some(json!({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL", "sni": "example.org"}}})),
    ]
}

/// Auto mTLS and label, one letter each below.
const CLIENTS: [(bool, bool); 4] = [(true, false), (true, true), (false, false), (false, true)];

fn letter(state: MtlsState) -> char {
    match state {
        MtlsState::Enforced => 'E',
        MtlsState::Plaintext => 'P',
        MtlsState::BrokenClientsSendMtls => 'C',
        MtlsState::BrokenServerWantsMtls => 'S',
        MtlsState::Passthrough => 'T',
    }
}

#[test]
#[rustfmt::skip]
fn what_clients_send_meets_what_the_server_takes() {
    let mode = |mode: &str| json!({"mode": mode});
    let table: [(&str, Value, [&str; 7]); 19] = [
        //                                              no rule  no TLS  DISABLE SIMPLE  MUTUAL  ISTIO_M  with sni
        ("HTTP",     Value::Null,                      ["PCPP", "PCPP", "PPPP", "CCCC", "CCCC", "CCCC", "CCCC"]),
        ("HTTP2",    Value::Null,                      ["PCPP", "PCPP", "PPPP", "CCCC", "CCCC", "CCCC", "CCCC"]),
        ("GRPC",     Value::Null,                      ["PCPP", "PCPP", "PPPP", "CCCC", "CCCC", "CCCC", "CCCC"]),
        ("GRPC-Web", Value::Null,                      ["PCPP", "PCPP", "PPPP", "CCCC", "CCCC", "CCCC", "CCCC"]),
        ("http",     Value::Null,                      ["PCPP", "PCPP", "PPPP", "CCCC", "CCCC", "CCCC", "CCCC"]),
        // `tls` of plain HTTP can only redirect; its mode left out is not passthrough here.
        ("HTTP",     json!({"httpsRedirect": true}),   ["PCPP", "PCPP", "PPPP", "CCCC", "CCCC", "CCCC", "CCCC"]),
        ("TCP",      Value::Null,                      ["PCPP", "PCPP", "PPPP", "TTTT", "TTTT", "CCCC", "CCCC"]),
        ("tcp",      Value::Null,                      ["PCPP", "PCPP", "PPPP", "TTTT", "TTTT", "CCCC", "CCCC"]),
        ("HTTPS",    mode("ISTIO_MUTUAL"),             ["SESS", "SESS", "SSSS", "SSSS", "SSSS", "EEEE", "EEEE"]),
        ("https",    mode("ISTIO_MUTUAL"),             ["SESS", "SESS", "SSSS", "SSSS", "SSSS", "EEEE", "EEEE"]),
        ("TLS",      mode("ISTIO_MUTUAL"),             ["SESS", "SESS", "SSSS", "SSSS", "SSSS", "EEEE", "EEEE"]),
        ("TCP",      mode("ISTIO_MUTUAL"),             ["SESS", "SESS", "SSSS", "SSSS", "SSSS", "EEEE", "EEEE"]),
        ("TLS",      mode("PASSTHROUGH"),              ["TCTT", "TCTT", "TTTT", "TTTT", "TTTT", "CCCC", "TTTT"]),
        ("TLS",      json!({}),                        ["TCTT", "TCTT", "TTTT", "TTTT", "TTTT", "CCCC", "TTTT"]),
        ("TLS",      mode("AUTO_PASSTHROUGH"),         ["TTTT", "TTTT", "TTTT", "TTTT", "TTTT", "TTTT", "TTTT"]),
        ("HTTPS",    mode("SIMPLE"),                   ["TCTT", "TCTT", "TTTT", "TTTT", "TTTT", "CCCC", "CCCC"]),
        ("HTTPS",    mode("OPTIONAL_MUTUAL"),          ["TCTT", "TCTT", "TTTT", "TTTT", "TTTT", "CCCC", "CCCC"]),
        ("HTTPS",    mode("MUTUAL"),                   ["TCTT", "TCTT", "TTTT", "SSSS", "TTTT", "CCCC", "CCCC"]),
        ("HTTPS",    mode("OF_TOMORROW"),              ["TCTT", "TCTT", "TTTT", "TTTT", "TTTT", "CCCC", "CCCC"]),
    ];
    for (protocol, tls, expected) in table {
        for (says, expected) in rules().into_iter().zip(expected) {
            let said = says.clone().map(|says| rule("istio-system/r", HOST, says));
            let got: String = CLIENTS.iter().map(|(auto_mtls, label)| {
                let mut mesh = mesh(&[gateway(&[(80, protocol, tls.clone())])], said.as_slice(), &[]);
                mesh.config.auto_mtls = *auto_mtls;
                letter(line(*label, &mesh).state())
            }).collect();
            assert_eq!(got, expected, "{protocol} {tls} {says:?}");
        }
    }
}

#[test]
fn only_the_exact_label_counts() {
    let mesh = mesh(&[gateway(&[(80, "HTTP", Value::Null)])], &[], &[]);
    let cases = [
        (Some("istio"), MtlsState::BrokenClientsSendMtls),
        (Some("Istio"), MtlsState::Plaintext),
        (Some("disabled"), MtlsState::Plaintext),
        (Some(""), MtlsState::Plaintext),
        (None, MtlsState::Plaintext),
    ];
    for (label, expected) in cases {
        let mut labels = pods(false);
        labels.remove("security.istio.io/tlsMode");
        labels.extend(label.map(|mode| ("security.istio.io/tlsMode".to_owned(), mode.to_owned())));
        let got = mtls(&labels, HOST, "istio-system", &mesh);
        assert_eq!(got[0].state(), expected, "{label:?}");
    }
}

#[test]
fn every_server_of_every_gateway_that_selects_the_pods_has_its_line() {
    let both = gateway(&[(80, "HTTP", Value::Null), (443, "TLS", json!({"mode": "ISTIO_MUTUAL"}))]);
    let selecting = |namespace: &str, selector: Value| {
        let mut object = gateway(&[(80, "HTTP", Value::Null)]);
        object["metadata"] = json!({"namespace": namespace, "name": "x"});
        object["spec"]["selector"] = selector;
        object
    };
    let all = [
        both,
        selecting("team", json!({"istio": "gw"})),
        selecting("team", json!({"istio": "gw", "app": "other"})),
        selecting("team", json!({"istio": "ingress"})),
        selecting("team", Value::Null),
    ];
    let mut mesh = mesh(&all, &[], &[]);
    let ports = |mesh: &Mesh| {
        let lines = lines(false, mesh);
        lines.iter().map(|line| format!("{} {}", line.gateway, line.port)).collect::<Vec<_>>()
    };
    assert_eq!(ports(&mesh), ["istio-system/gw 80", "istio-system/gw 443", "team/x 80", "team/x 80"]);
    mesh.gateways_scoped = true;
    assert_eq!(ports(&mesh), ["istio-system/gw 80", "istio-system/gw 443"]);
}
