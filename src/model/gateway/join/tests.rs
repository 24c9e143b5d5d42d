//! Gateways found and joined.

use serde_json::{Value, json};

use super::*;
use crate::model::gateway::Direction;
use crate::model::health::HealthState;
use crate::model::testing::{
    cluster, deployment, gateway, gateway_objects, istio_gateway, pod, replica_set, selector, service, with,
};

fn found(objects: &[Value]) -> Vec<(String, Origin, Direction)> {
    let snapshot = cluster("c", objects);
    snapshot.gateways.iter().map(|row| (row.id.name.to_string(), row.origin, row.direction)).collect()
}

fn labels(object: Value, labels: Value) -> Value {
    let all = object["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let all: serde_json::Map<_, _> =
        all.into_iter().chain(labels.as_object().cloned().unwrap_or_default()).collect();
    with(object, "/metadata/labels", Value::Object(all))
}

/// A Deployment that runs an application, by default.
fn plain(name: &str) -> Value {
    let object = with(deployment(name, 1), "/spec/template/metadata/annotations", json!({}));
    with(object, "/spec/template/spec/containers", json!([{"name": "app", "image": "app:1"}]))
}

fn running(object: Value, args: Value) -> Value {
    with(
        object,
        "/spec/template/spec/containers",
        json!([{"name": "istio-proxy", "image": "p:1", "args": args}]),
    )
}

#[test]
fn every_origin_is_known_by_its_marks() {
    use Direction::{Egress, Ingress, Unknown};
    let router = || json!(["proxy", "router"]);
    let component = |name: &str, component: &str, more: Value| {
        let object =
            labels(running(plain(name), router()), json!({"operator.istio.io/component": component}));
        labels(object, more)
    };
    let owner = "install.operator.istio.io/owning-resource";
    let unmarked =
        |name: &str| with(deployment(name, 1), "/spec/template/metadata/labels", json!({"app": name}));
    let cases = [
        (
            "chart",
            labels(unmarked("a"), json!({"helm.sh/chart": "gateway-1.28.0"})),
            Some((Origin::GatewayChart, Unknown)),
        ),
        (
            "chart named as Istio names it",
            labels(deployment("istio-egressgateway", 1), json!({"helm.sh/chart": "gateway-1.28.0"})),
            Some((Origin::GatewayChart, Egress)),
        ),
        ("someone else's chart", labels(plain("a"), json!({"helm.sh/chart": "gateway-3.2.1"})), None),
        (
            "egress chart",
            component("a", "EgressGateways", json!({owner: "unknown"})),
            Some((Origin::LegacyChart, Egress)),
        ),
        (
            "egress chart, by its name",
            labels(running(plain("a"), router()), json!({"helm.sh/chart": "istio-egress-1.28.0"})),
            Some((Origin::LegacyChart, Egress)),
        ),
        ("ingress chart", component("a", "IngressGateways", json!({})), Some((Origin::LegacyChart, Ingress))),
        (
            "istioctl",
            component("a", "EgressGateways", json!({owner: "installed-state"})),
            Some((Origin::Istioctl, Egress)),
        ),
        (
            "newer istioctl",
            component(
                "a",
                "IngressGateways",
                json!({owner: "unknown", "operator.istio.io/managed": "Reconcile"}),
            ),
            Some((Origin::Istioctl, Ingress)),
        ),
        ("by hand, injected", unmarked("a"), Some((Origin::Manifest, Unknown))),
        ("by hand, complete", running(plain("a"), router()), Some((Origin::Manifest, Egress))),
        ("application", plain("a"), None),
        ("application with a sidecar", running(plain("a"), json!(["proxy", "sidecar"])), None),
        (
            "application with its templates",
            with(
                plain("a"),
                "/spec/template/metadata/annotations",
                json!({"inject.istio.io/templates": "sidecar,custom"}),
            ),
            None,
        ),
        (
            "two templates",
            with(
                unmarked("a"),
                "/spec/template/metadata/annotations",
                json!({"inject.istio.io/templates": "custom, gateway"}),
            ),
            Some((Origin::Manifest, Unknown)),
        ),
        (
            "waypoint",
            labels(
                running(plain("a"), router()),
                json!({"gateway.istio.io/managed": "istio.io-mesh-controller", "gateway.networking.k8s.io/gateway-name": "a"}),
            ),
            None,
        ),
        (
            "Gateway API, its object unread",
            labels(
                running(plain("a"), router()),
                json!({"gateway.networking.k8s.io/gateway-name": "a", "gateway.istio.io/managed": "istio.io-gateway-controller"}),
            ),
            Some((Origin::GatewayApi, Unknown)),
        ),
        (
            "Gateway API of another",
            labels(plain("a"), json!({"gateway.networking.k8s.io/gateway-name": "a"})),
            None,
        ),
        ("daemon set", with(unmarked("a"), "/kind", json!("DaemonSet")), Some((Origin::Manifest, Unknown))),
    ];
    for (case, object, wanted) in cases {
        // The selector's `istio` label would be a mark; most cases are about others.
        let object = if case == "by hand, complete" {
            with(object, "/spec/template/metadata/labels/istio", json!("egressgateway"))
        } else if case.contains("Istio names") {
            object
        } else {
            with(object, "/spec/template/metadata/labels/istio", json!("a"))
        };
        let seen = found(&[object]).first().map(|(_, origin, direction)| (*origin, *direction));
        assert_eq!(seen, wanted, "{case}");
    }
}

#[test]
fn a_custom_resource_and_its_workload_are_one_row() {
    let mut objects = gateway_objects("istio-egressgateway", 2);
    objects.push(istio_gateway("egressgateway", json!({"gatewayType": "egress", "replicaCount": 2})));
    objects.push(
        json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "istio-system"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "istio-egressgateway"}, "maxReplicas": 5},
        "status": {"currentReplicas": 2}}),
    );
    objects
        .push(json!({"kind": "PodDisruptionBudget", "metadata": {"name": "b", "namespace": "istio-system"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"istio": "egressgateway"}}}}));
    let snapshot = cluster("c", &objects);
    assert_eq!(snapshot.gateways.len(), 1);
    let row = gateway(&snapshot.gateways, "egressgateway");
    assert_eq!(
        (row.origin, row.direction, row.health.state),
        (Origin::IstioGateway, Direction::Egress, HealthState::Running)
    );
    assert_eq!(row.ready, Some((2, 2)));
    assert_eq!((&*row.service_type, &*row.address, &*row.ports), ("ClusterIP", "10.96.0.7", "80,443"));
    assert_eq!((&*row.limits, &*row.autoscaling, &*row.proxy_version), ("2 / 4G", "1–5, now 2", "1.28.0"));
    assert_eq!((row.pods.len(), row.replica_sets.len(), row.endpoint_slices.len()), (2, 1, 1));
    assert!(row.budget.is_some() && !row.mtls_label && row.created.is_some());
    assert_eq!((row.home.as_ref(), row.id.cluster.as_str()), (None, "c"));
}

#[test]
fn a_custom_resource_of_istio_itself_finds_either_name() {
    let one = |workload: &str| {
        let objects = [istio_gateway("istio-egress", json!({})), deployment(workload, 1)];
        cluster("c", &objects).gateways[0].workload.as_ref().map(|row| row.meta.name.to_string())
    };
    assert_eq!(one("istio-egress").as_deref(), Some("istio-egress"));
    assert_eq!(one("istio-istio-egress").as_deref(), Some("istio-istio-egress"));
}

#[test]
fn two_resources_never_share_a_workload() {
    let crs = || [istio_gateway("egress", json!({})), istio_gateway("istio-egress", json!({}))];
    let mut objects = gateway_objects("istio-egress", 1);
    objects.extend(crs());
    let snapshot = cluster("c", &objects);
    assert_eq!(snapshot.gateways.len(), 2);
    assert!(gateway(&snapshot.gateways, "egress").workload.is_some());
    let rival = gateway(&snapshot.gateways, "istio-egress");
    assert!(rival.workload.is_none());
    assert_eq!(rival.health.state, HealthState::Error);
    assert!(
        rival.health.reason.starts_with("IstioGateway egress already has the Deployment"),
        "{}",
        rival.health.reason
    );

    objects.extend(gateway_objects("istio-istio-egress", 1));
    let snapshot = cluster("c", &objects);
    let second = gateway(&snapshot.gateways, "istio-egress");
    assert_eq!(second.workload.as_ref().map(|row| &*row.meta.name), Some("istio-istio-egress"));
}

#[test]
fn a_canary_belongs_to_its_gateway() {
    let mut objects = gateway_objects("istio-egress", 2);
    objects.push(istio_gateway("egress", json!({})));
    let canary = "istio-egress-canary";
    objects.push(with(deployment(canary, 1), "/spec/template/metadata/labels", selector("istio-egress")));
    objects.push(replica_set(canary, 1));
    let mut new = with(pod(canary, 0), "/metadata/labels", selector("istio-egress"));
    new = with(new, "/spec/containers/0/image", json!("istio/proxyv2:1.29.0"));
    objects.push(new);
    let snapshot = cluster("c", &objects);
    assert_eq!(snapshot.gateways.len(), 1);
    let row = &snapshot.gateways[0];
    assert_eq!(row.canary.as_ref().map(|row| &*row.meta.name), Some(canary));
    assert_eq!((row.pods.len(), row.ready), (3, Some((2, 2))));
    assert_eq!(&*row.proxy_version, "1.28.0, 1.29.0");
}

#[test]
fn pods_are_found_by_selector_and_by_owner_and_only_once() {
    let mut objects = gateway_objects("istio-egress", 1);
    // Taken out of the Service by hand, still owned; and one that only the selector finds.
    objects.push(with(pod("istio-egress", 1), "/metadata/labels", json!({"debug": "yes"})));
    objects.push(with(pod("istio-egress", 2), "/metadata/ownerReferences", json!([])));
    let stranger = with(pod("istio-egress", 3), "/metadata/ownerReferences", json!([]));
    objects.push(with(stranger, "/metadata/namespace", json!("elsewhere")));
    objects.push(with(pod("other", 4), "/metadata/labels", json!({"app": "istio-egress"})));
    let snapshot = cluster("c", &objects);
    let row = &snapshot.gateways[0];
    let names: Vec<_> = row.pods.iter().map(|pod| &*pod.meta.name).collect();
    assert_eq!(names, ["istio-egress-1-0", "istio-egress-1-1", "istio-egress-1-2"]);
}

#[test]
fn the_service_in_front_is_chosen_by_name_then_by_address() {
    let of = |name: &str, ip: &str| {
        with(with(service("istio-a"), "/metadata/name", json!(name)), "/spec/clusterIP", json!(ip))
    };
    let cases = [
        (vec![of("zz", "10.0.0.1"), of("istio-a", "10.0.0.2")], "istio-a"),
        (vec![of("aa", "None"), of("zz", "10.0.0.1")], "zz"),
        (vec![of("bb", "10.0.0.1"), of("aa", "10.0.0.1")], "aa"),
        (
            vec![
                with(of("istio-a", "10.0.0.1"), "/spec/selector", json!({"app": "other"})),
                of("zz", "10.0.0.1"),
            ],
            "zz",
        ),
    ];
    for (services, wanted) in cases {
        let objects: Vec<_> = services.into_iter().chain([deployment("istio-a", 1)]).collect();
        let snapshot = cluster("c", &objects);
        assert_eq!(snapshot.gateways[0].service.as_ref().map(|row| &*row.meta.name), Some(wanted));
    }
}

#[test]
fn gateway_api_objects_of_istios_classes_are_gateways() {
    let api = |name: &str, class: &str| {
        json!({"kind": "Gateway", "metadata": {"name": name, "namespace": "istio-system"},
            "spec": {"gatewayClassName": class, "listeners": []}, "status": {"addresses": [{"value": "10.0.0.9"}]}})
    };
    let class = |name: &str, controller: &str| json!({"kind": "GatewayClass", "metadata": {"name": name}, "spec": {"controllerName": controller}});
    let workload = |name: &str, gateway: &str| {
        labels(
            running(plain(name), json!(["proxy", "router"])),
            json!({"gateway.networking.k8s.io/gateway-name": gateway}),
        )
    };
    let bound = with(api("manual", "istio"), "/spec/addresses", json!([{"value": "a.istio-system.svc"}]));
    let objects = [
        api("egress", "istio"),
        workload("egress-istio", "egress"),
        api("unmarked", "istio"),
        plain("unmarked-istio"),
        api("mine", "tenant"),
        class("tenant", "istio.io/gateway-controller"),
        api("way", "istio-waypoint"),
        api("theirs", "nginx"),
        class("nginx", "nginx.org/gateway-controller"),
        api("hidden", "not-istio"),
        class("not-istio", "istio.io/mesh-controller"),
        bound,
    ];
    let snapshot = cluster("c", &objects);
    let names: Vec<_> = snapshot.gateways.iter().map(|row| &*row.id.name).collect();
    assert_eq!(names, ["egress", "mine", "unmarked"]);
    assert!(snapshot.gateways.iter().all(|row| row.origin == Origin::GatewayApi));
    let row = gateway(&snapshot.gateways, "egress");
    assert_eq!(row.workload.as_ref().map(|row| &*row.meta.name), Some("egress-istio"));
    assert!(gateway(&snapshot.gateways, "unmarked").workload.is_some());
    assert_eq!(&*gateway(&snapshot.gateways, "mine").address, "10.0.0.9");
}

#[test]
fn a_stranger_with_the_name_of_a_resource_says_what_it_is() {
    let names: Vec<_> = found(&[istio_gateway("egress", json!({})), deployment("egress", 1)]);
    let names: Vec<_> = names.iter().map(|(name, origin, _)| (name.as_str(), *origin)).collect();
    assert_eq!(names, [("deployment/egress", Origin::Manifest), ("egress", Origin::IstioGateway)]);
}

#[test]
fn the_config_has_the_last_word_on_direction() {
    let snapshot = cluster("c", &[istio_gateway("a", json!({"gatewayType": "ingress"})), deployment("b", 1)]);
    let says = |all: &[(&str, Direction)]| -> Vec<Direction> {
        join(&snapshot, &all.iter().copied().collect()).iter().map(|row| row.direction).collect()
    };
    assert_eq!(says(&[]), [Direction::Ingress, Direction::Unknown]);
    assert_eq!(says(&[("b", Direction::Egress)]), [Direction::Ingress, Direction::Egress]);
    assert_eq!(
        says(&[("b", Direction::Egress), ("istio-system/b", Direction::Ingress), ("a", Direction::Egress)]),
        [Direction::Egress, Direction::Ingress]
    );
}

#[test]
fn a_label_on_the_resource_tells_the_direction_when_its_type_does_not() {
    let with_label = |spec: Value| labels(istio_gateway("a", spec), json!({"asm-gateway-type": "ingress"}));
    assert_eq!(found(&[with_label(json!({}))])[0].2, Direction::Ingress);
    assert_eq!(found(&[with_label(json!({"gatewayType": "egress"}))])[0].2, Direction::Egress);
    assert_eq!(
        found(&[istio_gateway("a", json!({"gatewayType": "cross-network"}))])[0].2,
        Direction::Unknown
    );
}

#[test]
fn what_is_not_made_yet_shows_what_is_wished() {
    let spec = json!({"replicaCount": 3, "serviceType": "NodePort", "resources": {"limits": {"memory": "4G"}},
        "podLabels": {"security.istio.io/tlsMode": "istio"},
        "ports": [{"name": "http-0", "port": 80, "protocol": "HTTP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]});
    let snapshot = cluster("c", &[istio_gateway("a", spec)]);
    let row = &snapshot.gateways[0];
    assert_eq!((row.ready, &*row.service_type, &*row.ports), (Some((0, 3)), "NodePort", "80,53/UDP"));
    assert_eq!((&*row.limits, row.mtls_label, &*row.autoscaling), ("– / 4G", true, "off"));
    assert_eq!(row.health.state, HealthState::Pending);
}

#[test]
fn an_image_that_was_never_injected_is_marked() {
    let mut objects = gateway_objects("istio-a", 2);
    let last = objects.len() - 1;
    objects[last] = with(objects[last].clone(), "/spec/containers/0/image", json!("auto"));
    let row = &cluster("c", &objects).gateways[0];
    assert_eq!(&*row.proxy_version, "1.28.0, auto!");
}

#[test]
fn many_gateways_compare_each_pod_about_once() {
    let (gateways, each) = (500, 10);
    // All share one label, as the gateways of one team do: only the other pairs tell them apart.
    let shared = |object: Value| match object["kind"].as_str() {
        Some("Service") => with(object, "/spec/selector/a-team", json!("x")),
        Some("Pod") => with(object, "/metadata/labels/a-team", json!("x")),
        Some("Deployment") => with(object, "/spec/template/metadata/labels/a-team", json!("x")),
        _ => object,
    };
    let objects: Vec<_> =
        (0..gateways).flat_map(|at| gateway_objects(&format!("istio-g{at}"), each)).map(shared).collect();
    let snapshot = cluster("c", &objects);
    assert_eq!(snapshot.gateways.len(), gateways);
    assert!(snapshot.gateways.iter().all(|row| row.pods.len() == each));
    let pods = Pods::new(
        &snapshot,
        snapshot.services.iter().map(AsRef::as_ref),
        snapshot.deployments.iter().map(AsRef::as_ref),
    );
    for row in snapshot.gateways.iter() {
        pods.of(row.service.as_deref(), &[]);
    }
    assert_eq!(pods.compared(), gateways * each);
}
