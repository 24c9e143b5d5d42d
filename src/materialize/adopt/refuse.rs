//! What cannot be taken over, and why.

use serde_json::Value;

use super::Found;
use crate::materialize::Part;
use crate::model::clean::clean;
use crate::model::istio_gateway::names::ASM_PREFIX;

/// Marks of those who keep objects from a repository: a label or annotation that begins so, or a field manager of that
/// name; and who that is.
pub const GITOPS: [(&str, &str); 6] = [
    ("argocd.argoproj.io/", "Argo CD"),
    ("argocd", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/", "Flux"),
    ("helm.toolkit.fluxcd.io/", "Flux"),
    ("kustomize-controller", "Flux"),
    ("helm-controller", "Flux"),
];

/// Why a gateway cannot be taken over; none: it can be. What is refused can only get a second gateway beside it.
pub fn refusals(found: &Found) -> Vec<String> {
    let mut why = Vec::new();
    let Some(deployment) = found.get(&Part::Deployment) else {
        return vec!["it has no Deployment: only that of a Deployment can be kept".to_owned()];
    };
    for (part, object) in found {
        why.extend(kept(*part, object));
    }
    why.extend(selection(deployment, found.get(&Part::Service)));
    let account = deployment["spec"]["template"]["spec"]["serviceAccountName"].as_str().unwrap_or("default");
    if account == "default" {
        why.push(
            "its pods run as ServiceAccount default, which is others' too: it would go with the gateway"
                .to_owned(),
        );
    }
    if let Some(autoscaler) = found.get(&Part::HorizontalPodAutoscaler) {
        let metrics = autoscaler["spec"]["metrics"].as_array().into_iter().flatten();
        let said = |m: &Value| {
            m["type"] == "Resource"
                && m["resource"]["target"]["type"] == "Utilization"
                && (m["resource"]["name"] == "cpu" || m["resource"]["name"] == "memory")
        };
        if metrics.into_iter().any(|metric| !said(metric)) {
            why.push(
                "its autoscaler goes by more than shares of CPU and memory, which an IstioGateway cannot say"
                    .to_owned(),
            );
        }
    }
    why
}

/// Who keeps one of its objects.
fn kept(part: Part, object: &Value) -> Option<String> {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    if let Some(owner) = owners.into_iter().find(|owner| owner["controller"] == true) {
        let text = |field: &str| clean(owner[field].as_str().unwrap_or("?")).into_owned();
        return Some(format!("{part} {name} belongs to {} {}", text("kind"), text("name")));
    }
    let keys = |field: &str| metadata[field].as_object().into_iter().flatten().map(|(key, _)| key.clone());
    let managers = metadata["managedFields"].as_array().into_iter().flatten();
    let managers = managers.filter_map(|entry| entry["manager"].as_str().map(str::to_owned));
    let marks: Vec<String> = keys("labels").chain(keys("annotations")).chain(managers).collect();
    if let Some(mark) = marks.iter().find(|mark| mark.starts_with(ASM_PREFIX)) {
        return Some(format!("{part} {name} is ASM's: it carries {}", clean(mark)));
    }
    let who = GITOPS.iter().find(|(mark, _)| marks.iter().any(|m| m.starts_with(mark)));
    who.map(|(_, who)| {
        format!("{part} {name} is kept by {who}, which would put back what egret changes: change it where {who} reads it")
    })
}

/// Whether the pods can be selected as they are.
fn selection(deployment: &Value, service: Option<&Value>) -> Option<String> {
    let selector = &deployment["spec"]["selector"];
    if selector["matchExpressions"].as_array().is_some_and(|all| !all.is_empty()) {
        return Some(
            "its Deployment selects pods by expressions, and a selector cannot be changed".to_owned(),
        );
    }
    let labels = selector["matchLabels"].as_object().filter(|labels| !labels.is_empty());
    let Some(labels) = labels else { return Some("its Deployment selects no pods by labels".to_owned()) };
    let selected = service.map(|service| service["spec"]["selector"].as_object());
    if selected.is_some_and(|selected| selected != Some(labels)) {
        return Some("its Service selects other pods than its Deployment".to_owned());
    }
    None
}

/// The Helm release that an object is of, and that release's namespace.
pub fn helm_release(object: &Value) -> Option<(&str, &str)> {
    let annotations = &object["metadata"]["annotations"];
    let release = annotations["meta.helm.sh/release-name"].as_str()?;
    let namespace = annotations["meta.helm.sh/release-namespace"].as_str();
    Some((release, namespace.or(object["metadata"]["namespace"].as_str()).unwrap_or_default()))
}
