//! Every field, by keys alone.

use super::*;

#[test]
fn every_parameter_has_a_field_and_every_path_can_be_read() {
    let fields: BTreeSet<&str> = FIELDS.iter().map(|f| f.parameter).collect();
    for name in parameters::names() {
        assert!(fields.contains(name), "no field sets {name}");
    }
    for field in FIELDS {
        let path = field.path_text();
        assert_eq!(path.is_empty(), matches!(field.kind, Kind::Home), "{}", field.label());
        assert!(path.parse::<Path>().is_ok(), "{path}");
        assert!(!field.label().is_empty() && field.help.ends_with('.'), "{}", field.label());
        assert!(field.parameter.is_empty() || parameters::path_of(field.parameter).is_some());
    }
}

#[test]
fn each_parameter_can_be_edited_by_itself_but_the_name() {
    for name in parameters::names() {
        let path: Path = parameters::path_of(name).unwrap().parse().unwrap();
        let object = istio_gateway("out", json!({}));
        let form = Form::single("1".into(), "prod".into(), object, &path);
        match name {
            "Name" => assert!(form.is_none(), "it would be another object"),
            _ => assert_eq!(form.map(|f| f.spot.row().parameter), Some(name)),
        }
    }
}

/// What is typed into a field, and what is at its path then.
#[rustfmt::skip]
fn cases() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let on = "space"; // unset, then on
    vec![
        ("metadata.name", "!payments", "metadata.name", json!("payments")),
        ("metadata.namespace", "ctrl-u !egress", "metadata.namespace", json!("egress")),
        ("spec.clusterIds", "!a, b", "spec.clusterIds", json!(["a", "b"])),
        ("spec.gatewayType", "i", "spec.gatewayType", json!("ingress")),
        ("spec.replicaCount", "backspace !12", "spec.replicaCount", json!(12)),
        ("spec.resources.limits.cpu", "ctrl-u !500m", "spec.resources.limits.cpu", json!("500m")),
        ("spec.resources.limits.memory", "ctrl-u !1Gi", "spec.resources.limits.memory", json!("1Gi")),
        ("spec.resources.requests.cpu", "ctrl-u", "spec.resources.requests", json!({"memory": "256Mi"})),
        ("spec.resources.requests.memory", "ctrl-u !1", "spec.resources.requests.memory", json!("1")),
        ("spec.ports", "tab ctrl-u !8 tab ctrl-u !http tab ctrl-u", "spec.ports[0]", json!({"port": 8, "targetPort": "http", "protocol": "HTTP"})),
        ("spec.meshExpansionPorts", "enter right tab !15012", "spec.meshExpansionPorts", json!([{"protocol": "HTTP", "port": 15012}])),
        ("spec.autoscaleEnabled", on, "spec.autoscaleEnabled", json!(true)),
        ("spec.cpu.targetAverageUtilization", "!80", "spec.cpu", json!({"targetAverageUtilization": 80})),
        ("spec.memory.targetAverageUtilization", "!70", "spec.memory", json!({"targetAverageUtilization": 70})),
        ("spec.minReplicas", "!2", "spec.minReplicas", json!(2)),
        ("spec.maxReplicas", "!6", "spec.maxReplicas", json!(6)),
        ("metadata.annotations[\"asm.alibabacloud.com/replicas-managed-by-asm\"]", "left", "metadata.annotations", json!({"asm.alibabacloud.com/replicas-managed-by-asm": "false"})),
        ("spec.rollingMaxUnavailable", "ctrl-u !1", "spec.rollingMaxUnavailable", json!("1")),
        ("spec.rollingMaxSurge", "ctrl-u !50%", "spec.rollingMaxSurge", json!("50%")),
        ("metadata.annotations[\"asm.alibabacloud.com/gateway-drain-timeout-seconds\"]", "!60", "metadata.annotations", json!({"asm.alibabacloud.com/gateway-drain-timeout-seconds": "60"})),
        ("spec.affinity.podAntiAffinity", on, "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight", json!(100)),
        ("spec.nodeSelector", "enter !zone tab !a", "spec.nodeSelector", json!({"zone": "a"})),
        ("spec.tolerations", "enter !dedicated tab e right tab !gw tab n tab !60", "spec.tolerations",
            json!([{"key": "dedicated", "operator": "Exists", "value": "gw", "effect": "NoSchedule", "tolerationSeconds": 60}])),
        ("spec.affinity", "!nodeAffinity: enter !  x: 1", "spec.affinity", json!({"nodeAffinity": {"x": 1}})),
        ("spec.serviceType", "l", "spec.serviceType", json!("LoadBalancer")),
        ("spec.externalTrafficPolicy", "l", "spec.externalTrafficPolicy", json!("Local")),
        ("spec.loadBalancerClass", "!nlb", "spec.loadBalancerClass", json!("nlb")),
        ("spec.loadBalancerIP", "!192.0.2.1", "spec.loadBalancerIP", json!("192.0.2.1")),
        ("spec.podLabels[\"security.istio.io/tlsMode\"]", on, "spec.podLabels", json!({"security.istio.io/tlsMode": "istio"})),
        ("spec.serviceAnnotations", "enter !a/b tab !on", "spec.serviceAnnotations", json!({"a/b": "on"})),
        ("spec.serviceLabels", "enter !team", "spec.serviceLabels", json!({"team": ""})),
        ("spec.env", "enter !A tab !x y", "spec.env", json!([{"name": "A", "value": "x y"}])),
        ("spec.podLabels", "!k tab !v", "spec.podLabels", json!({"k": "v"})),
        ("spec.podAnnotations", "enter !k tab !v", "spec.podAnnotations", json!({"k": "v"})),
        ("spec.secretVolumes", "enter !v tab !s tab !/d", "spec.secretVolumes", json!([{"name": "v", "secretName": "s", "mountPath": "/d"}])),
        ("spec.configVolumes", "enter !v tab !m tab !/d", "spec.configVolumes", json!([{"name": "v", "configMapName": "m", "mountPath": "/d"}])),
        ("spec.kernel.enabled", on, "spec.kernel", json!({"enabled": true})),
        ("spec.kernel.parameters", "enter !vm.swappiness tab !10", "spec.kernel.parameters", json!({"vm.swappiness": "10"})),
        ("spec.runAsRoot", on, "spec.runAsRoot", json!(true)),
        ("spec.hostNetwork", "space space", "spec.hostNetwork", json!(false)),
        ("spec.dnsPolicy", "d", "spec.dnsPolicy", json!("Default")),
        ("spec.disableContainerPortExposed", "n", "spec.disableContainerPortExposed", json!(true)),
        ("spec.lifecycle", "!preStop: {exec: {command: [a]}}", "spec.lifecycle.preStop.exec.command", json!(["a"])),
        ("spec.readinessProbe.failureThreshold", "!30", "spec.readinessProbe", json!({"failureThreshold": 30})),
        ("spec.readinessProbe.periodSeconds", "!2", "spec.readinessProbe", json!({"periodSeconds": 2})),
        ("spec.readinessProbe.successThreshold", "!1", "spec.readinessProbe", json!({"successThreshold": 1})),
        ("spec.compression.enabled", on, "spec.compression", json!({"enabled": true})),
        ("spec.compression.min_content_length", "!100", "spec.compression", json!({"min_content_length": 100})),
        ("spec.compression.content_type", "!text/html,a/b", "spec.compression.content_type", json!(["text/html", "a/b"])),
        ("spec.compression.disable_on_etag_header", "l", "spec.compression", json!({"disable_on_etag_header": true})),
        ("spec.compression.remove_accept_encoding_header", "r", "spec.compression", json!({"remove_accept_encoding_header": true})),
        ("spec.compression.gzip", "!window_bits: 9", "spec.compression.gzip", json!({"window_bits": 9})),
        ("spec.autoCreateGatewayYaml", on, "spec.autoCreateGatewayYaml", json!(true)),
        ("spec.requestedNetworkView", "!net1", "spec.requestedNetworkView", json!("net1")),
        ("spec.applicationPorts", "!80,443", "spec.applicationPorts", json!("80,443")),
        ("spec.sds", "!enabled: false", "spec.sds", json!({"enabled": false})),
    ]
}

/// Presses keys; what begins with `!` is typed, up to the next key that has a name.
fn script(app: &mut App, script: &str) {
    let named = |word: &str| word.parse::<Chord>().is_ok() && word.chars().count() > 1;
    let mut text: Option<String> = None;
    for word in script.split(' ') {
        match (&mut text, word.strip_prefix('!')) {
            (_, Some(begun)) => {
                if let Some(before) = text.replace(begun.to_owned()) {
                    write(app, &before);
                }
            }
            (Some(typed), None) if !named(word) => {
                typed.push(' ');
                typed.push_str(word);
            }
            _ => {
                if let Some(before) = text.take() {
                    write(app, &before);
                }
                press(app, word);
            }
        }
    }
    if let Some(typed) = text {
        write(app, &typed);
    }
}

#[test]
fn every_field_writes_where_it_says_by_keys_alone() {
    let mut untested: BTreeSet<&str> =
        FIELDS.iter().map(Field::path_text).filter(|p| !p.is_empty()).collect();
    for (field, typed, path, expected) in cases() {
        let mut app = wizard();
        if field == "spec.podLabels" {
            let at = field_at(field);
            walk_to(&mut app, at);
            press(&mut app, "enter");
        } else {
            walk_to(&mut app, field_at(field));
        }
        script(&mut app, typed);
        assert_eq!(at(&app, path), Some(expected), "{field} after {typed}: {}", front(&app).object());
        untested.remove(field);
    }
    assert_eq!(untested, BTreeSet::new());
}
