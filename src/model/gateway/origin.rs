//! Who made a gateway, whether it is one at all, and which way its traffic flows (R19).

use super::index::GATEWAY_NAME;
use super::{Direction, GatewayRow, Origin};
use crate::model::istio_gateway::GatewayType;
use crate::model::istio_gateway::names::GATEWAY_TYPE_LABEL;
use crate::model::row::WorkloadRow;
use crate::model::snapshot::Snapshot;

/// Which part of Istio a workload is: `EgressGateways`, `IngressGateways`. Charts and istioctl write it.
const COMPONENT: &str = "operator.istio.io/component";
/// Written by istioctl's own install.
const OPERATOR_MANAGED: &str = "operator.istio.io/managed";
/// The IstioOperator behind an install; the charts write `unknown` when there is none.
const OWNING_RESOURCE: &str = "install.operator.istio.io/owning-resource";
/// Chart and version, such as `gateway-1.28.0`.
const CHART: &str = "helm.sh/chart";
/// Which of istiod's controllers made a workload from a Gateway API object.
const MANAGED: &str = "gateway.istio.io/managed";
/// Injection templates of a pod, separated by commas.
const TEMPLATES: &str = "inject.istio.io/templates";

/// What a Gateway API class is to egret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A gateway of Istio's.
    Gateway,
    /// A waypoint: ambient's own, kept apart from gateways.
    Waypoint,
    /// Nothing that runs here: another implementation, or a remote mesh.
    Other,
}

/// Controllers of Istio, and what their classes make.
const CONTROLLERS: [(&str, Class); 4] = [
    ("istio.io/gateway-controller", Class::Gateway),
    ("istio.io/eastwest-controller", Class::Gateway),
    ("istio.io/mesh-controller", Class::Waypoint),
    ("istio.io/unmanaged-gateway", Class::Other),
];

/// The classes Istio makes itself, for when GatewayClasses may not be read.
const CLASSES: [(&str, Class); 4] = [
    ("istio", Class::Gateway),
    ("istio-east-west", Class::Gateway),
    ("istio-waypoint", Class::Waypoint),
    ("istio-remote", Class::Other),
];

fn listed(table: &[(&str, Class)], word: &str) -> Option<Class> {
    table.iter().find(|(name, _)| *name == word).map(|(_, class)| *class)
}

/// What a class name means in this cluster: by its controller, else by the names Istio gives.
pub(super) fn class(snapshot: &Snapshot, name: &str) -> Class {
    match snapshot.gateway_classes.iter().find(|class| &*class.meta.name == name) {
        Some(class) => listed(&CONTROLLERS, &class.controller).unwrap_or(
            // A vendor's build may have controllers of its own under Istio's name.
            if class.controller.starts_with("istio.io/") { Class::Gateway } else { Class::Other },
        ),
        None => listed(&CLASSES, name).unwrap_or(Class::Other),
    }
}

fn label<'w>(workload: &'w WorkloadRow, key: &str) -> Option<&'w str> {
    workload.meta.labels.get(key).or_else(|| workload.pod_labels.get(key))
}

/// Whether the injector gives the pods a gateway's proxy.
fn is_injected_gateway(workload: &WorkloadRow) -> bool {
    let templates = workload.pod_annotations.get(TEMPLATES);
    templates.is_some_and(|all| all.split(',').any(|one| one.trim() == "gateway"))
}

/// Whether the workload is a waypoint.
pub(super) fn is_waypoint(workload: &WorkloadRow) -> bool {
    label(workload, MANAGED) == Some("istio.io-mesh-controller")
        || label(workload, "gateway.istio.io/service-account-type") == Some("waypoint")
}

/// The origin of a workload that no CR and no Gateway API object explains; `None`: it is no gateway.
pub(super) fn origin(workload: &WorkloadRow) -> Option<Origin> {
    let runs_gateway = workload.is_router || is_injected_gateway(workload);
    let component = label(workload, COMPONENT);
    let of_component = component.is_some_and(|name| matches!(name, "EgressGateways" | "IngressGateways"));
    let of_istioctl = label(workload, OPERATOR_MANAGED).is_some()
        || label(workload, OWNING_RESOURCE).is_some_and(|owner| owner != "unknown");
    let chart = label(workload, CHART).unwrap_or_default();
    // The first line that holds names the origin.
    let table = [
        (is_waypoint(workload), None),
        (
            label(workload, GATEWAY_NAME).is_some() && (label(workload, MANAGED).is_some() || runs_gateway),
            Some(Origin::GatewayApi),
        ),
        (of_component && of_istioctl, Some(Origin::Istioctl)),
        (of_component, Some(Origin::LegacyChart)),
        (runs_gateway && chart.starts_with("gateway-"), Some(Origin::GatewayChart)),
        (
            runs_gateway && (chart.starts_with("istio-egress-") || chart.starts_with("istio-ingress-")),
            Some(Origin::LegacyChart),
        ),
        (runs_gateway, Some(Origin::Manifest)),
    ];
    table.into_iter().find(|(holds, _)| *holds).and_then(|(_, origin)| origin)
}

/// Words of marks and what they say.
const MARKS: [(&str, Direction); 6] = [
    ("egress", Direction::Egress),
    ("ingress", Direction::Ingress),
    ("egressgateway", Direction::Egress),
    ("ingressgateway", Direction::Ingress),
    ("EgressGateways", Direction::Egress),
    ("IngressGateways", Direction::Ingress),
];

/// Which way traffic flows, by the first mark that says so: the CR's type, ASM's label, Istio's component, the
/// label `istio`, the legacy chart. A name alone is no mark.
pub(super) fn direction(row: &GatewayRow) -> Direction {
    let workload = row.workload.as_deref();
    let of_workload = |key| workload.and_then(|workload| label(workload, key));
    let cr = row.cr.as_deref();
    let chart = of_workload(CHART).map(|chart| {
        ["egress", "ingress"]
            .into_iter()
            .find(|word| chart.starts_with(&format!("istio-{word}-")))
            .unwrap_or_default()
    });
    let marks = [
        cr.and_then(|cr| cr.gateway.spec.gateway_type.as_ref()).map(GatewayType::as_str),
        cr.and_then(|cr| cr.meta.labels.get(GATEWAY_TYPE_LABEL)),
        of_workload(GATEWAY_TYPE_LABEL),
        of_workload(COMPONENT),
        workload.and_then(|workload| workload.pod_labels.get("istio")),
        chart,
    ];
    let meaning = |mark: &str| MARKS.iter().find(|(word, _)| *word == mark).map(|(_, direction)| *direction);
    marks.into_iter().flatten().find_map(meaning).unwrap_or(Direction::Unknown)
}
