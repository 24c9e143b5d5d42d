//! The `IstioGateway` that stands for a gateway somebody else made.

use serde_json::{Value, json};

use super::spec::spec;
use super::{Found, helm_release, refusals};
use crate::materialize::names::{ADOPTED, Names};
use crate::materialize::{Part, Problem, validate};
use crate::model::istio_gateway::{GROUP, IstioGateway, VERSIONS, names};

/// What a gateway would become.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The `IstioGateway`, as it would be created.
    pub gateway: Value,
    /// The names that are kept.
    pub names: Names,
    /// What to know beforehand.
    pub notes: Vec<String>,
}

/// Drafts the `IstioGateway` of a gateway that is there.
///
/// # Errors
/// Why it cannot be taken over: everything at once.
pub fn draft(found: &Found, direction: &str) -> Result<Draft, Vec<String>> {
    let refused = refusals(found);
    let Some(deployment) = found.get(&Part::Deployment).filter(|_| refused.is_empty()) else {
        return Err(refused);
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kept = names(found, deployment);
    let name = names::short(&kept.deployment);
    let gateway = json!({
        "apiVersion": format!("{GROUP}/{}", VERSIONS[0]),
        "kind": "IstioGateway",
        "metadata": {
            "name": name,
            "namespace": text(&deployment["metadata"]["namespace"]),
            "annotations": {ADOPTED: json!(kept).to_string()},
        },
        "spec": spec(found, direction),
    });
    let read = IstioGateway::read(&gateway)
        .map_err(|why| vec![format!("it cannot be written as an IstioGateway: {why}")])?;
    let problems = validate(&read);
    let (wrong, told): (Vec<Problem>, Vec<Problem>) = problems.into_iter().partition(Problem::is_error);
    if !wrong.is_empty() {
        return Err(wrong
            .iter()
            .map(|problem| format!("an IstioGateway cannot say it: {problem}"))
            .collect());
    }
    let mut notes: Vec<String> = helm(found).into_iter().collect();
    notes.extend(told.iter().map(ToString::to_string));
    Ok(Draft { gateway, names: kept, notes })
}

fn names(found: &Found, deployment: &Value) -> Names {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let labels = deployment["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten();
    let account = deployment["spec"]["template"]["spec"]["serviceAccountName"].as_str().unwrap_or_default();
    Names {
        deployment: name(deployment),
        service: found.get(&Part::Service).map_or_else(|| name(deployment), name),
        service_account: account.to_owned(),
        selector: labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
        objects: found
            .iter()
            .filter_map(|(part, object)| {
                Some((part.to_string(), object["metadata"]["uid"].as_str()?.to_owned()))
            })
            .collect(),
    }
}

/// How to end the Helm release that the objects are of: `helm uninstall` would delete what was taken over.
fn helm(found: &Found) -> Option<String> {
    let (release, namespace) = found.values().find_map(helm_release)?;
    Some(format!(
        "It is of the Helm release {release}. End that first, without `helm uninstall`, which would delete the gateway: \
         kubectl -n {namespace} delete secret -l owner=helm,name={release}"
    ))
}
