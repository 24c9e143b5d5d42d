use serde_json::{Value, json};

use super::*;

fn problems(spec: Value) -> Vec<String> {
    of(json!({"metadata": {"name": "out", "namespace": "istio-system"}, "spec": spec}))
}

fn of(object: Value) -> Vec<String> {
    validate(&IstioGateway::read(&object).unwrap()).iter().map(|p| format!("{} {p}", p.severity)).collect()
}

fn told(spec: Value, expected: &[&str]) {
    assert_eq!(problems(spec.clone()), expected, "{spec}");
}

const PORT: &str = "error spec.ports[0]";

#[test]
fn each_wrong_field_is_told_with_its_path_and_what_would_be_right() {
    for (field, expected) in [
        (json!({"replicaCount": 10_001}), "error spec.replicaCount: 10001 is not from 0 to 10000 (10000)"),
        (
            json!({"autoscaleEnabled": true}),
            "error spec.maxReplicas: autoscaling needs the most pods there may be (maxReplicas: 5)",
        ),
        (
            json!({"autoscaleEnabled": true, "minReplicas": 3, "maxReplicas": 2}),
            "error spec.minReplicas: 3 is more than maxReplicas, 2 (2)",
        ),
        (
            json!({"autoscaleEnabled": true, "maxReplicas": 2, "memory": {"targetAverageUtilization": 80},
                   "resources": {"limits": {"cpu": 1}}}),
            "error spec.memory.targetAverageUtilization: a percentage of memory needs a request or limit that it is a \
             percentage of (resources.requests.memory: 256Mi)",
        ),
        (
            json!({"rollingMaxSurge": "0%", "rollingMaxUnavailable": "0"}),
            "error spec.rollingMaxUnavailable: this and rollingMaxSurge are both zero: no pod could ever be replaced \
             (rollingMaxSurge: \"25%\")",
        ),
        (
            json!({"rollingMaxSurge": "many"}),
            "error spec.rollingMaxSurge: \"many\" is neither a number nor a percentage (\"1\" or \"25%\")",
        ),
        (
            json!({"rollingMaxUnavailable": "101%"}),
            "error spec.rollingMaxUnavailable: 101% of all pods are more than there are (\"25%\")",
        ),
        (
            json!({"resources": {"limits": {"cpu": "1x"}}}),
            "error spec.resources.limits.cpu: \"1x\" is not a quantity: the suffix \"x\" is none of n, u, m, k, M, G, \
             T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent (500m, 2, 256Mi)",
        ),
        (
            json!({"resources": {"limits": {"memory": "4G"}, "requests": {"memory": "4Gi"}}}),
            "error spec.resources.requests.memory: a request of 4Gi is more than the limit of 4G (4G)",
        ),
        (
            json!({"serviceType": "ExternalName"}),
            "error spec.serviceType: \"ExternalName\" is none of the known words (one of ClusterIP, NodePort, \
             LoadBalancer)",
        ),
        (
            json!({"externalTrafficPolicy": "Local"}),
            "error spec.externalTrafficPolicy: a Service of type ClusterIP has no traffic from outside (remove it, or \
             serviceType: LoadBalancer)",
        ),
        (
            json!({"podLabels": {"istio": "other"}}),
            "error spec.podLabels[istio]: istio selects the gateway's pods and never changes (another key)",
        ),
        (
            json!({"podLabels": {"sidecar.istio.io/inject": "false"}}),
            "error spec.podLabels[sidecar.istio.io/inject]: a gateway's pods have sidecar.istio.io/inject: \"true\", \
             else Istio does not make them whole (\"true\", or remove it)",
        ),
        (
            json!({"podAnnotations": {"proxy.istio.io/config": "- a"}}),
            "error spec.podAnnotations[proxy.istio.io/config]: this is no YAML of fields and values (concurrency: 2)",
        ),
        (
            json!({"tolerations": [{"operator": "Equal"}]}),
            "error spec.tolerations[0].key: without a key the operator must be Exists (operator: Exists)",
        ),
        (
            json!({"env": [{"name": "A"}, {"name": "A"}]}),
            "error spec.env[1].name: A is set twice (each variable once)",
        ),
        (
            json!({"secretVolumes": [{"name": "istio-token", "secretName": "s", "mountPath": "/s"}]}),
            "error spec.secretVolumes[0].name: Istio's own volume is called istio-token (my-istio-token)",
        ),
        (
            json!({"dnsPolicy": "None"}),
            "error spec.dnsPolicy: None needs name servers, and a gateway has no field for them (ClusterFirst)",
        ),
        (
            json!({"kernel": {"enabled": true, "parameters": {"vm.swappiness": "10"}}}),
            "error spec.kernel.parameters[vm.swappiness]: vm.swappiness holds for the whole node, and for every other \
             pod on it (remove it, or annotate the gateway egret/allow-node-kernel-parameters: \"true\")",
        ),
        (
            json!({"kernel": {"enabled": true, "parameters": {"net.core.somaxconn": "1'; reboot; '"}}}),
            "error spec.kernel.parameters[net.core.somaxconn]: \"1'; reboot; '\" is neither a number nor several (\"4096 \
             87380 16777216\")",
        ),
        (
            json!({"compression": {"gzip": {"window_bits": 16}}}),
            "error spec.compression.gzip.window_bits: 16 is not from 9 to 15 (15)",
        ),
        (
            json!({"gatewayType": "cross-network"}),
            "error spec.gatewayType: \"cross-network\" is none of the known words (one of ingress, egress)",
        ),
        (
            json!({"clusterIds": ["a", "a"]}),
            "error spec.clusterIds[1]: \"a\" is named twice (each cluster once)",
        ),
        (json!({"replicas": 3}), "error spec.replicas: not a field egret knows (remove it or mend it)"),
    ] {
        let mut spec = field.clone();
        spec["ports"] = json!([{"port": 80}]);
        told(spec, &[expected]);
    }
}

#[test]
fn ports_are_judged_one_by_one_and_in_pairs() {
    for (ports, expected) in [
        (json!([{"name": "a"}]), vec![format!("{PORT}.port: a port needs its number (port: 443)")]),
        (json!([{"port": 80}]), vec![]),
        (
            json!([{"port": 80}, {"port": 81, "name": "b"}]),
            vec![format!("{PORT}.name: every port needs a name where there are several (tcp-80)")],
        ),
        (
            json!([{"port": 80, "name": "a", "protocol": "HTTP"}, {"port": 80, "name": "b"}]),
            vec![
                "error spec.ports[1].port: ports[0] has this number too: all protocols but UDP are TCP in a \
                 Service (another number)"
                    .to_owned(),
            ],
        ),
        (json!([{"port": 53, "name": "a", "protocol": "UDP"}, {"port": 53, "name": "b"}]), vec![]),
        (
            json!([{"port": 80, "protocol": "QUIC"}]),
            vec![format!(
                "{PORT}.protocol: \"QUIC\" is none of the known words (one of HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, \
                 TCP, UDP, MONGO, MYSQL, REDIS)"
            )],
        ),
        (
            json!([{"port": 80, "targetPort": "much-too-long-a-name"}]),
            vec![format!(
                "{PORT}.targetPort: \"much-too-long-a-name\" is no name of a container's port (80, or a name of at \
                 most 15 characters)"
            )],
        ),
        (
            json!([{"port": 80, "name": "a", "targetPort": "web"}, {"port": 81, "name": "b", "targetPort": "web"}]),
            vec![
                "error spec.ports[1].targetPort: ports[0] calls another port of the pods \"web\": a name stands \
                 for one number (a number)"
                    .to_owned(),
            ],
        ),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        told(json!({"ports": ports}), &expected);
    }
}

#[test]
fn the_metadata_is_judged_too() {
    let gateway = |name: &str, key: &str, value: &str| json!({"metadata": {"name": name, "annotations": {key: value}}, "spec": {"ports": [{"port": 80}]}});
    for (object, expected) in [
        (
            gateway("a.b", "x", ""),
            "error metadata.name: the name may not contain dots: a Service is named after it (a-b)",
        ),
        (
            gateway("A", "x", ""),
            "error metadata.name: \"A\" is no name of an object (lower-case letters, digits and '-': egress-a)",
        ),
        // No label value either; nothing was adopted, and nothing is said of it.
        (
            gateway("a\u{1b}[31m", "x", ""),
            "error metadata.name: \"a\\u{1b}[31m\" is no name of an object (lower-case letters, digits and '-': egress-a)",
        ),
        (
            gateway("a", "egret/paused", "yes"),
            "error metadata.annotations[egret/paused]: \"yes\" is neither \"true\" nor \"false\" (\"true\")",
        ),
        (
            gateway("a", "asm.alibabacloud.com/gateway-drain-timeout-seconds", "soon"),
            "error metadata.annotations[asm.alibabacloud.com/gateway-drain-timeout-seconds]: \"soon\" is no number of \
             seconds from 1 to 86400 (\"30\")",
        ),
        (
            gateway(
                "a",
                "egret/adopted",
                r#"{"deployment":"../../nodes/n","service":"s","serviceAccount":"s","selector":{"istio":"a"}}"#,
            ),
            "error metadata.annotations[egret/adopted]: \"../../nodes/n\" is no name of an object (take the record from \
             before the edit)",
        ),
    ] {
        assert_eq!(of(object), [expected]);
    }
    let long = of(gateway(&"x".repeat(58), "x", ""));
    assert_eq!(
        long,
        [
            "error metadata.name: the name has 58 characters, and istio- is put before it (at most 57 characters)"
        ]
    );
}

#[test]
fn an_override_is_judged_as_what_the_gateway_becomes_with_it() {
    told(
        json!({
            "clusterIds": ["a"],
            "ports": [{"port": 80}],
            "minReplicas": 5,
            "overrides": {"a": {"autoscaleEnabled": true, "maxReplicas": 3}, "b": {"replicaCount": 1}},
        }),
        &[
            "error spec.overrides[a].minReplicas: 5 is more than maxReplicas, 3 (3)",
            "note spec.overrides[b]: \"b\" is not in spec.clusterIds, so this has no effect (name the cluster in \
             spec.clusterIds, or remove this)",
        ],
    );
    // What is wrong without it is told once.
    told(
        json!({"clusterIds": ["a"], "ports": [{"port": 80}], "replicaCount": 20_000, "overrides": {"a": {"runAsRoot": true}}}),
        &["error spec.replicaCount: 20000 is not from 0 to 10000 (10000)"],
    );
}

#[test]
fn what_has_no_effect_is_a_note_and_comes_last() {
    told(
        json!({"sds": {"enabled": true}, "loadBalancerIP": "192.0.2.1", "replicaCount": 20_000}),
        &[
            "error spec.replicaCount: 20000 is not from 0 to 10000 (10000)",
            "note spec.loadBalancerIP: a Service of type ClusterIP has no load balancer (serviceType: LoadBalancer)",
            "note spec.ports: without ports nothing can be sent through the gateway (- {name: http-0, port: 80, \
             protocol: HTTP})",
            "note spec.sds.enabled: Istio's proxy fetches certificates itself: no sidecar is made for it (remove it)",
        ],
    );
}
