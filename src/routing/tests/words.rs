//! What a person reads.

use super::*;

fn worst(label: bool, server: (u16, &str, Value), rules: &[Value]) -> Case {
    line(label, &mesh(&[gateway(&[server])], rules, &[])).worst
}

#[test]
fn the_sentence_says_what_decides() {
    let istio = json!({"mode": "ISTIO_MUTUAL"});
    let subset = json!({"subsets": [{"name": "s", "trafficPolicy": {"portLevelSettings": [
        {"port": {"number": 80}, "tls": {"mode": "ISTIO_MUTUAL"}}]}}]});
    let cases = [
        (
            worst(true, (80, "HTTP", Value::Null), &[]),
            "Clients send mesh mTLS (the pods carry security.istio.io/tlsMode: istio and no DestinationRule says \
             otherwise), but the server speaks plain HTTP: it cannot read that, and every request fails",
        ),
        (
            worst(false, (443, "HTTPS", istio.clone()), &[says("default/r", "*", "SIMPLE")]),
            "Clients add no TLS (the pods lack security.istio.io/tlsMode: istio and no DestinationRule says \
             otherwise), but the server takes mesh mTLS alone (ISTIO_MUTUAL): the handshake fails, and every \
             connection is refused",
        ),
        (
            worst(false, (80, "HTTP", Value::Null), &[rule("istio-system/r", HOST, subset)]),
            "Clients send mesh mTLS (DestinationRule istio-system/r says ISTIO_MUTUAL for port 80 in subset s), but \
             the server speaks plain HTTP: it cannot read that, and every request fails",
        ),
        (
            worst(true, (80, "HTTP", Value::Null), &[says("istio-system/r", HOST, "DISABLE")]),
            "Clients add no TLS (DestinationRule istio-system/r says DISABLE), and the server speaks plain HTTP: the \
             mesh does not encrypt this hop",
        ),
        (
            worst(true, (443, "TLS", istio), &[]),
            "Clients send mesh mTLS (the pods carry security.istio.io/tlsMode: istio and no DestinationRule says \
             otherwise), and the server takes mesh mTLS alone (ISTIO_MUTUAL): this hop is mesh mTLS",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(case.why, expected);
    }
}

#[test]
fn what_is_broken_comes_with_what_to_do_and_a_new_port_first() {
    let mode = |mode: &str| json!({"mode": mode});
    let steps = "To have mTLS without a gap: open a new port with protocol HTTPS and tls.mode ISTIO_MUTUAL, move the \
                 routes there, then close port 80.";
    let cases = [
        (
            worst(true, (80, "HTTP", Value::Null), &[]),
            format!(
                "At once: take the label off the pods, or write a DestinationRule for {HOST} with tls.mode DISABLE \
                 for port 80. {steps}"
            ),
        ),
        (
            worst(false, (80, "HTTP", Value::Null), &[says("istio-system/r", HOST, "ISTIO_MUTUAL")]),
            format!("At once: let DestinationRule istio-system/r say DISABLE for port 80. {steps}"),
        ),
        (
            worst(false, (443, "TLS", mode("ISTIO_MUTUAL")), &[]),
            format!(
                "Write a DestinationRule for {HOST} with tls.mode ISTIO_MUTUAL for port 443. The label on the pods \
                 would do it for all their servers at once, those that speak plaintext too."
            ),
        ),
        (
            worst(true, (443, "TLS", mode("ISTIO_MUTUAL")), &[says("istio-system/r", HOST, "DISABLE")]),
            "Let DestinationRule istio-system/r say ISTIO_MUTUAL for port 443.".to_owned(),
        ),
    ];
    for (case, expected) in cases {
        assert!(case.state.is_broken());
        assert_eq!(case.remedy.as_deref(), Some(&*expected));
    }
    assert_eq!(worst(false, (80, "HTTP", Value::Null), &[]).remedy, None);
}

#[test]
fn a_server_name_that_no_host_answers_to_is_told() {
    let policy = |sni: &str| json!({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL", "sni": sni}}});
    let says = |sni: &str| vec![rule("istio-system/r", HOST, policy(sni))];
    let own = format!("outbound_.443_._.{HOST}");
    let cases = [
        (json!(["*"]), vec![], None),
        (json!(["ns/*"]), vec![], None),
        (json!(["*.local"]), vec![], None),
        (json!(["a.example"]), vec![], Some(&*own)),
        (json!(["./a.example"]), says("a.example"), None),
        (json!(["*.example"]), says("a.example"), None),
        (json!(["*.example"]), says("example"), Some("example")),
        (json!(["b.example", "a.example"]), says("a.example"), None),
        (json!([]), vec![], None),
    ];
    for (hosts, rules, asked) in cases {
        let mut object = gateway(&[(443, "HTTPS", json!({"mode": "ISTIO_MUTUAL"}))]);
        object["spec"]["servers"][0]["hosts"] = hosts.clone();
        let case = line(true, &mesh(&[object], &rules, &[])).worst;
        assert_eq!(case.state, MtlsState::Enforced, "{hosts}");
        let told = case.cautions.first().map(|caution| caution.split_once(',').unwrap().0.to_owned());
        assert_eq!(told, asked.map(|asked| format!("Clients ask for {asked}")), "{hosts}");
    }
}

#[test]
fn a_rule_that_governs_nothing_and_a_server_that_istio_refuses_are_told() {
    let missed = worst(true, (80, "HTTP", Value::Null), &[says("a/r", "istio-gw.istio-system", "DISABLE")]);
    assert_eq!(
        missed.cautions,
        [format!(
            "DestinationRule a/r is for istio-gw.istio-system, which Istio does not complete: write {HOST}, or it \
             governs nothing."
        )]
    );
    let refused = worst(false, (443, "https", Value::Null), &[]);
    assert_eq!(refused.cautions, ["Istio refuses a server of protocol https without tls."]);
    assert_eq!(worst(false, (80, "HTTP", Value::Null), &[]).cautions, Vec::<String>::new());
}
