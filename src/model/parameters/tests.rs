use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::model::crd;

fn example(text: &str) -> IstioGateway {
    let document: Value = serde_yaml::from_str(text).unwrap();
    IstioGateway::read(&document).unwrap()
}

fn everything() -> IstioGateway {
    example(include_str!("../../../tests/data/istiogateways/everything.yaml"))
}

fn with(spec: Value) -> IstioGateway {
    IstioGateway::read(&json!({"metadata": {"name": "egressgateway"}, "spec": spec})).unwrap()
}

fn by_name(gateway: &IstioGateway, cluster: Option<&str>) -> BTreeMap<&'static str, (String, Source)> {
    parameters(gateway, cluster).into_iter().map(|p| (p.name, (p.value, p.source))).collect()
}

#[test]
fn every_parameter_of_the_creation_form_is_there_with_its_value() {
    let found = by_name(&example(include_str!("../../../tests/data/istiogateways/egress.yaml")), None);
    let set = [
        ("Name", "egressgateway"),
        ("Clusters", "c954ae0f1c5fd42f6be6fd1f1d4ab1234"),
        ("Port mapping", "80 HTTP (http-0), 443 HTTPS (https-1)"),
        ("CPU limit", "2"),
        ("Memory limit", "4G"),
        ("CPU request", "200m"),
        ("Memory request", "256Mi"),
        ("Gateway instances", "1"),
        ("Maximum unavailable", "25% (at least 75% of replicas stay)"),
        ("Maximum surge", "25% (at most 125% of replicas)"),
        ("Two-way TLS", "on"),
        ("Service type", "ClusterIP"),
        ("Run as root", "on"),
        ("Host network", "off"),
        ("DNS policy", "ClusterFirst"),
    ];
    for (name, value) in set {
        assert_eq!(found[name], (value.to_owned(), Source::Set), "{name}");
    }
    let default = [
        ("HPA", "off", "ASM"),
        ("CPU threshold", "not watched", "Kubernetes"),
        ("Memory threshold", "not watched", "Kubernetes"),
        ("Minimum replicas", "–", "autoscaling is off"),
        ("Maximum replicas", "–", "autoscaling is off"),
        ("Spread replicas widely", "off", "Kubernetes"),
        ("Node selector", "any node", "Kubernetes"),
        ("Tolerations", "none", "Kubernetes"),
        ("Affinity", "none", "Kubernetes"),
        // `readinessProbe: {}` is there and says nothing (R10).
        ("Readiness", "Istio's own probe, /healthz/ready on 15021", "Istio"),
        ("External traffic policy", "–", "the Service is ClusterIP"),
        ("Load balancer class", "–", "the Service is no load balancer"),
    ];
    for (name, value, whence) in default {
        assert_eq!(found[name], (value.to_owned(), Source::Default(whence)), "{name}");
    }
}

#[test]
fn values_read_as_sentences_do() {
    let found = by_name(&everything(), None);
    let expected = [
        (
            "Port mapping",
            "80 HTTP → 8080 (http-0) on node port 30080, 443 HTTPS (https-1), 50051 GRPC → grpc (grpc-2), \
             53 UDP (dns-3), 53 TCP (dns-4)",
        ),
        ("Gateway instances", "2 (the autoscaler chooses 2–6)"),
        ("CPU threshold", "80% of the request"),
        ("Replicas managed", "off"),
        ("Maximum unavailable", "1 (at most 1 pod fewer)"),
        ("Maximum surge", "50% (at most 150% of replicas)"),
        ("Spread replicas widely", "required: one per zone"),
        ("Tolerations", "dedicated=gateway:NoExecute for 60 s"),
        ("Affinity", "node affinity (1 required), pod anti-affinity (1 required)"),
        ("Environment", "PLAIN=text, LIMIT from limits.cpu, FROM_SECRET from Secret secret, key key"),
        ("Secret volumes", "Secret istio-everything-certs at /etc/istio/certs"),
        ("Config volumes", "ConfigMap lua-libs at /var/lib/lua"),
        ("Drain time", "60 s"),
        ("Lifecycle", "after start: GET /started, before stop: sleep 5"),
        ("Readiness", "every 2 s, not ready after 30 failures, ready after 1 success"),
        ("Compression", "on: from 100 bytes, text/html, application/json, level BEST, not with an ETag"),
        ("Ports on the container", "not declared"),
    ];
    for (name, value) in expected {
        assert_eq!(found[name], (value.to_owned(), Source::Set), "{name}");
    }
    assert!(found["Kernel parameters"].0.contains("vm.swappiness=10"));
}

#[test]
fn an_override_is_named_where_it_decides() {
    let found = by_name(&everything(), Some("cluster-b"));
    let over = Source::Override("cluster-b".to_owned());
    assert_eq!(found["Gateway instances"].1, over);
    assert_eq!(found["Port mapping"], ("8080 HTTP (http-0)".to_owned(), over.clone()));
    assert_eq!(found["Two-way TLS"], ("off (the label says \"disabled\")".to_owned(), over.clone()));
    assert_eq!(
        found["Pod labels"],
        ("security.istio.io/tlsMode=disabled, team=network".to_owned(), over.clone())
    );
    assert_eq!(found["CPU limit"], ("1".to_owned(), over));
    assert_eq!(found["Service type"], ("LoadBalancer".to_owned(), Source::Set));
    // The override replaces `resources` whole, so the requests of `spec` are gone.
    assert_eq!(found["CPU request"], ("1 (the limit)".to_owned(), Source::Default("Kubernetes")));
    assert!(
        by_name(&everything(), Some("cluster-a")).values().all(|(_, s)| !matches!(s, Source::Override(_)))
    );
}

#[test]
fn defaults_follow_the_rest_of_the_gateway() {
    let cases = [
        (json!({}), "Service type", "ClusterIP"),
        (json!({"gatewayType": "egress"}), "Service type", "ClusterIP"),
        (json!({"gatewayType": "ingress"}), "Service type", "LoadBalancer"),
        (json!({"serviceType": "NodePort"}), "External traffic policy", "Cluster"),
        (json!({"serviceType": "NodePort"}), "Load balancer address", "–"),
        (json!({"gatewayType": "ingress"}), "Load balancer address", "chosen by the load balancer"),
        (json!({"autoscaleEnabled": true}), "CPU threshold", "80% of the request"),
        (
            json!({"autoscaleEnabled": true, "memory": {"targetAverageUtilization": 70}}),
            "CPU threshold",
            "not watched",
        ),
        (json!({"autoscaleEnabled": true}), "Minimum replicas", "1"),
        (json!({"autoscaleEnabled": true}), "Maximum replicas", "missing"),
        (json!({}), "Clusters", "the cluster that holds the gateway"),
        (json!({}), "CPU request", "none"),
    ];
    for (spec, name, value) in cases {
        let (found, source) = by_name(&with(spec.clone()), None).remove(name).unwrap();
        assert_eq!(found, value, "{name} of {spec}");
        assert!(matches!(source, Source::Default(_)), "{name} of {spec}");
    }
}

#[test]
fn amounts_that_are_none_are_shown_as_written() {
    let found = by_name(&with(json!({"rollingMaxSurge": "lots", "rollingMaxUnavailable": "2"})), None);
    assert_eq!(found["Maximum surge"].0, "lots (not a number or a percentage)");
    assert_eq!(found["Maximum unavailable"].0, "2 (at most 2 pods fewer)");
}

#[test]
fn every_field_of_the_spec_is_a_parameter_and_every_path_is_a_field() {
    let document: Value = serde_yaml::from_str(&crd::istio_gateway().unwrap()).unwrap();
    let schema = &document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let fields: BTreeSet<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let paths = table::ROWS.iter().filter_map(|row| row.path.strip_prefix("spec."));
    let shown: BTreeSet<&str> = paths.filter_map(|path| path.split(['.', '[']).next()).collect();
    // Overrides are not a parameter but change the others.
    let expected: BTreeSet<&str> = fields.into_iter().filter(|&field| field != "overrides").collect();
    assert_eq!(shown, expected);
}

#[test]
fn parameters_are_grouped_in_the_order_of_the_form_and_named_once() {
    let found = parameters(&with(json!({})), None);
    assert!(found.windows(2).all(|pair| pair[0].group <= pair[1].group));
    assert_eq!(found.iter().map(|p| p.name).collect::<BTreeSet<_>>().len(), found.len());
}

#[test]
fn a_summary_fits_into_a_table() {
    let of = |spec: Value| summary(&with(spec), None);
    let cases = [
        (json!({}), ("–", "off", "", 1, false)),
        (
            json!({
                "resources": {"limits": {"cpu": 2, "memory": "4G"}},
                "autoscaleEnabled": true, "maxReplicas": 5,
                "ports": [{"port": 80}, {"port": 443, "protocol": "HTTPS"}, {"port": 53, "protocol": "UDP"}],
                "replicaCount": 3,
                "podLabels": {"security.istio.io/tlsMode": "istio"},
            }),
            ("2 / 4G", "1–5", "80,443,53/UDP", 3, true),
        ),
        (
            json!({"resources": {"limits": {"memory": "4G"}}, "autoscaleEnabled": true, "minReplicas": 2}),
            ("– / 4G", "2–?", "", 1, false),
        ),
        // Bounds alone do not turn autoscaling on.
        (json!({"minReplicas": 2, "maxReplicas": 2}), ("–", "off", "", 1, false)),
    ];
    for (spec, (limits, autoscaling, ports, replicas, mtls_label)) in cases {
        let found = of(spec.clone());
        assert_eq!(
            (&*found.limits, &*found.autoscaling, &*found.ports, found.replicas, found.mtls_label),
            (limits, autoscaling, ports, replicas, mtls_label),
            "{spec}"
        );
    }
    assert_eq!(summary(&everything(), Some("cluster-b")).limits, "1 / 1Gi");
}
