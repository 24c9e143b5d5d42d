//! Who keeps an object (R22): who would put back, or overwrite, what somebody else changes.

use serde_json::Value;

use crate::materialize::adopt::{GITOPS, helm_release};
use crate::model::clean::clean;

/// Somebody who keeps an object, and where it is rather changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Who: `Argo CD`, `the Helm release mesh`, `IstioGateway out`.
    pub by: String,
    /// What becomes of a change made here.
    pub then: String,
    /// How it is changed where it is kept.
    pub rather: String,
}

impl Kept {
    /// In a sentence.
    pub fn in_words(&self) -> String {
        format!("Kept by {}: {}. {}", self.by, self.then, self.rather)
    }
}

/// Who keeps an object; `None`: whoever changes it. The nearest keeper counts: a Deployment of an `IstioGateway` that Argo
/// CD keeps is the gateway's.
pub fn keeper(object: &Value) -> Option<Kept> {
    of_owner(object).or_else(|| of_gitops(object)).or_else(|| of_helm(object)).or_else(|| of_istioctl(object))
}

fn of_owner(object: &Value) -> Option<Kept> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |field: &str| clean(owner[field].as_str().unwrap_or("?")).into_owned();
    let by = format!("{} {}", text("kind"), text("name"));
    Some(Kept {
        then: "it is put back as soon as the controller looks".to_owned(),
        rather: format!("Change {by} instead."),
        by,
    })
}

fn of_gitops(object: &Value) -> Option<Kept> {
    let metadata = &object["metadata"];
    let keys = |field: &str| metadata[field].as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let managers = metadata["managedFields"].as_array().into_iter().flatten();
    let managers = managers.filter_map(|entry| entry["manager"].as_str());
    let marks: Vec<&str> = keys("labels").chain(keys("annotations")).chain(managers).collect();
    let (_, who) = GITOPS.iter().find(|(mark, _)| marks.iter().any(|m| m.starts_with(mark)))?;
    Some(Kept {
        by: (*who).to_owned(),
        then: format!("{who} puts back what its repository says"),
        rather: "Change it in the repository, or suspend the application first.".to_owned(),
    })
}

fn of_helm(object: &Value) -> Option<Kept> {
    let labelled = object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm";
    let release = helm_release(object);
    if !labelled && release.is_none() {
        return None;
    }
    let (name, namespace) = release.unwrap_or(("RELEASE", "NAMESPACE"));
    let (name, namespace) = (clean(name), clean(namespace));
    Some(Kept {
        by: if release.is_some() { format!("the Helm release {name}") } else { "Helm".to_owned() },
        then: "its next upgrade overwrites what is changed here".to_owned(),
        rather: format!(
            "`helm -n {namespace} upgrade {name} CHART --reuse-values --set …` changes it there."
        ),
    })
}

fn of_istioctl(object: &Value) -> Option<Kept> {
    let labels = &object["metadata"]["labels"];
    let operator = labels["install.operator.istio.io/owning-resource"].as_str().filter(|o| *o != "unknown");
    if operator.is_none() && labels["operator.istio.io/managed"].is_null() {
        return None;
    }
    Some(Kept {
        by: "istioctl".to_owned(),
        then: "the next `istioctl install` overwrites what is changed here".to_owned(),
        rather: "`istioctl install -f IstioOperator.yaml` changes it there.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_keeper_of_an_object_is_named_with_the_way_to_change_it_there() {
        for (metadata, by, rather) in [
            (json!({"name": "a"}), "", ""),
            (json!({"labels": {"app.kubernetes.io/managed-by": "egret"}}), "", ""),
            (
                json!({"ownerReferences": [{"kind": "IstioGateway", "name": "out", "controller": true}],
                    "labels": {"app.kubernetes.io/managed-by": "Helm"}}),
                "IstioGateway out",
                "Change IstioGateway out instead.",
            ),
            (json!({"ownerReferences": [{"kind": "Node", "name": "n"}]}), "", ""),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "x"}}),
                "Argo CD",
                "Change it in the repository, or suspend the application first.",
            ),
            (
                json!({"managedFields": [{"manager": "kustomize-controller"}]}),
                "Flux",
                "Change it in the repository, or suspend the application first.",
            ),
            (
                json!({"annotations": {"meta.helm.sh/release-name": "mesh", "meta.helm.sh/release-namespace": "ns"}}),
                "the Helm release mesh",
                "`helm -n ns upgrade mesh CHART --reuse-values --set …` changes it there.",
            ),
            (
                json!({"labels": {"operator.istio.io/managed": "Reconcile"}}),
                "istioctl",
                "`istioctl install -f IstioOperator.yaml` changes it there.",
            ),
        ] {
            let kept = keeper(&json!({"metadata": metadata}));
            let told = kept.map(|kept| (kept.by, kept.rather)).unwrap_or_default();
            assert_eq!(told, (by.to_owned(), rather.to_owned()));
        }
    }
}
