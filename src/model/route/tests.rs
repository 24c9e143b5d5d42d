use serde_json::{Value, json};

use super::*;
use crate::model::gateway::{GatewayId, Origin};
use crate::model::row::ServiceRow;

fn row(object: &Value) -> Arc<RouteRow> {
    Arc::new(RouteRow::parse(object.to_string().as_bytes()).unwrap())
}

fn object(namespace: &str, name: &str, generation: i64, spec: Value) -> Value {
    json!({"metadata": {"namespace": namespace, "name": name, "uid": name, "generation": generation,
        "managedFields": [
            {"manager": "kubectl-edit", "time": "2026-01-01T10:00:00Z"},
            {"manager": "istiod", "time": "2026-01-01T11:00:00Z", "subresource": "status"}]},
        "spec": spec})
}

/// The gateway `out`, whose pods carry `istio: out`.
fn gateway() -> GatewayRow {
    let id = GatewayId { cluster: "c".into(), namespace: "istio-system".into(), name: "out".into() };
    let deployment = json!({"metadata": {"namespace": "istio-system", "name": "istio-out"},
        "spec": {"template": {"metadata": {"labels": {"istio": "out", "app": "out"}}}}});
    let deployment = crate::model::row::DeploymentRow::parse(deployment.to_string().as_bytes()).unwrap();
    let service = json!({"metadata": {"namespace": "istio-system", "name": "istio-out"}, "spec": {}});
    let mut row = GatewayRow::new(id, Origin::IstioGateway);
    row.workload = Some(deployment.0);
    row.service = Some(Arc::new(ServiceRow::parse(service.to_string().as_bytes()).unwrap()));
    row
}

/// A server of `out` for two hosts, and a route through it.
fn routes() -> Routes {
    let server = object(
        "istio-system",
        "stripe",
        1,
        json!({"selector": {"istio": "out"}, "servers": [{"hosts": ["*/api.stripe.example", "*.slack.example"]}]}),
    );
    let route = object(
        "shop",
        "stripe",
        1,
        json!({"hosts": ["api.stripe.example"], "gateways": ["mesh", "istio-system/stripe"], "http": [
            {"route": [{"destination": {"host": "backup.stripe.example"}}]}]}),
    );
    let mut routes = Routes::default();
    assert_eq!(routes.take(RouteNews::Known(Kind::IstioServers, None, vec![row(&server)])), None);
    assert_eq!(routes.take(RouteNews::Known(Kind::VirtualService, None, vec![row(&route)])), None);
    routes
}

fn concerns(kind: Kind, namespace: &str, spec: Value) -> bool {
    let mut routes = routes();
    let news = RouteNews::Applied(kind, row(&object(namespace, "new", 1, spec)));
    let change = routes.take(news).unwrap();
    routes.concerns(&change, &gateway())
}

#[test]
fn what_leads_through_a_gateway_concerns_it_and_nothing_else_does() {
    use Kind as K;
    let to = |host: &str| json!({"http": [{"route": [{"destination": {"host": host}}]}]});
    for (kind, namespace, spec, expected) in [
        (K::IstioServers, "a", json!({"selector": {"istio": "out"}}), true),
        (K::IstioServers, "a", json!({"selector": {"istio": "other"}}), false),
        // One without a selector opens its servers everywhere.
        (K::IstioServers, "a", json!({"servers": []}), true),
        (K::VirtualService, "istio-system", json!({"gateways": ["stripe"]}), true),
        (K::VirtualService, "shop", json!({"gateways": ["stripe"]}), false),
        (K::VirtualService, "shop", to("istio-out.istio-system.svc.cluster.local"), true),
        (K::VirtualService, "istio-system", to("istio-out"), true),
        (K::VirtualService, "shop", to("istio-out"), false),
        (K::VirtualService, "shop", to("istio-out.istio-system.example"), false),
        (K::DestinationRule, "shop", json!({"host": "api.stripe.example"}), true),
        (K::DestinationRule, "shop", json!({"host": "backup.stripe.example"}), true),
        (K::DestinationRule, "shop", json!({"host": "*.stripe.example"}), true),
        (K::DestinationRule, "shop", json!({"host": "hooks.slack.example"}), true),
        (K::DestinationRule, "istio-system", json!({"host": "istio-out"}), true),
        (K::DestinationRule, "shop", json!({"host": "api.other.example"}), false),
        (K::DestinationRule, "shop", json!({"host": "*"}), false),
        (K::ServiceEntry, "shop", json!({"hosts": ["api.other.example", "api.stripe.example"]}), true),
        (K::ServiceEntry, "shop", json!({"hosts": ["api.other.example"]}), false),
        (K::AuthorizationPolicy, "istio-system", json!({"selector": {"matchLabels": {"app": "out"}}}), true),
        (K::AuthorizationPolicy, "istio-system", json!({"selector": {"matchLabels": {"app": "in"}}}), false),
        (K::AuthorizationPolicy, "shop", json!({"selector": {"matchLabels": {"app": "out"}}}), false),
        (K::AuthorizationPolicy, "istio-system", json!({"rules": []}), true),
        (K::AuthorizationPolicy, "shop", json!({"rules": []}), false),
        (K::EgressTrafficPolicy, "istio-egress", json!({"byEgressGateway": {"name": "out"}}), true),
        (K::EgressTrafficPolicy, "istio-egress", json!({"byEgressGateway": {"name": "in"}}), false),
    ] {
        assert_eq!(concerns(kind, namespace, spec.clone()), expected, "{kind} in {namespace}: {spec}");
    }
}

#[test]
fn a_change_is_one_of_what_is_asked_for_and_a_status_is_none() {
    let mut routes = routes();
    let applied = |generation, uid: &str| {
        let mut object = object("shop", "stripe", generation, json!({"hosts": ["api.stripe.example"]}));
        object["metadata"]["uid"] = json!(uid);
        RouteNews::Applied(Kind::VirtualService, row(&object))
    };
    assert_eq!(routes.take(applied(1, "stripe")), None, "the same generation");
    let what = |change: Option<RouteChange>| change.map(|change| change.what);
    assert_eq!(what(routes.take(applied(2, "stripe"))), Some("changed"));
    assert_eq!(what(routes.take(applied(1, "another"))), Some("made anew"));
    let gone = object("shop", "stripe", 1, json!({"gateways": ["istio-system/stripe"]}));
    let gone = routes.take(RouteNews::Deleted(Kind::VirtualService, row(&gone))).unwrap();
    assert_eq!((gone.what, gone.kind.to_string()), ("deleted", "VirtualService".to_owned()));
    assert!(routes.concerns(&gone, &gateway()), "it led there until now");
}

#[test]
fn the_last_writer_of_what_is_asked_for_is_told_and_not_that_of_a_status() {
    let row = row(&object("a", "b", 1, json!({})));
    let (by, at) = row.by.clone().unwrap();
    assert_eq!((&*by, at.to_string()), ("kubectl-edit", "2026-01-01T10:00:00Z".to_owned()));
    assert_eq!(RouteKind(Kind::IstioServers).to_string(), "Gateway");
}

#[test]
fn no_text_of_an_object_reaches_the_screen_with_what_a_terminal_obeys() {
    let hostile = object("a", "b", 1, json!({"hosts": ["x\u{1b}[2J"], "servers": "no list", "http": [3]}));
    let row = row(&hostile);
    assert!(row.hosts.iter().all(|host| !host.contains('\u{1b}')), "{:?}", row.hosts);
}
