//! The words egret writes on objects, and what the objects of a gateway are called.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Part;
use crate::model::istio_gateway::{IstioGateway, names};

/// Who owns the fields egret applies.
pub const MANAGER: &str = "egret";

/// Who owns the number of replicas once nobody asks for one (R6).
pub const REPLICAS_MANAGER: &str = "egret-replicas";

/// The finalizer on a CR that has objects in other clusters, or is kept from going without them (R2).
pub const FINALIZER: &str = "egret/cleanup";

/// On the CR: `"true"` lets everything be as it is.
pub const PAUSED: &str = "egret/paused";

/// On the CR: uid of each cluster that objects were written to, by id, as JSON (R2).
pub const CLUSTERS: &str = "egret/clusters";

pub use crate::model::istio_gateway::names::ADOPTED;

/// On the CR: `"true"` lets kernel parameters be set that hold for the whole node (R8).
pub const ALLOW_NODE_SYSCTLS: &str = "egret/allow-node-kernel-parameters";

/// On the CR: the pod template is rolled to what egret would build now (R5); its value is of no meaning to egret, a
/// new one rolls again.
pub const ROLL: &str = "egret/roll";

/// On the CR: whoever keeps it looks at it when this changes; its value is of no meaning to egret.
pub const RECONCILE: &str = "egret/reconcile";

/// On the Deployment: what its pod template was built from (R5), as JSON; see [`super::pending`].
pub const TEMPLATE: &str = "egret/template";

/// On the CR: `"true"` lets it go and its objects stay (R12).
pub const RELEASE: &str = "egret/release";

/// On objects in other clusters: uid of the home cluster (R2).
pub const HOME_UID: &str = "egret/home-uid";

/// On objects in other clusters: uid of the CR (R2).
pub const GATEWAY_UID: &str = "egret/gateway-uid";

/// On objects in other clusters: name of the CR.
pub const GATEWAY: &str = "egret/gateway";

/// On a Secret with a kubeconfig: the id of the cluster that it leads to (R2).
pub const CLUSTER_ID: &str = "egret/cluster-id";

/// The label that says who made an object, and egret's value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "egret");

/// What the objects of a gateway are called, and which pods are its own. Fixed at creation (R1), or as adopted (R11).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Names {
    /// Of the Deployment, the autoscaler, the disruption budget and the rest.
    pub deployment: String,
    /// Of the Service.
    pub service: String,
    /// Of the ServiceAccount, and of the Role and its binding.
    pub service_account: String,
    /// Labels that select the pods.
    pub selector: BTreeMap<String, String>,
    /// Uid of each object that was there before the gateway, by kind: these are taken over (R11). A record that was
    /// carried to another cluster, or outlived its objects, takes nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<String, String>,
}

impl Names {
    /// What a gateway of this name is made of when nothing was adopted.
    pub fn of(name: &str) -> Self {
        let generated = names::generated(name);
        let selector = [("app", generated.clone()), ("istio", names::short(name).to_owned())];
        Self {
            deployment: generated.clone(),
            service: generated.clone(),
            service_account: generated,
            selector: selector.map(|(key, value)| (key.to_owned(), value)).into(),
            objects: BTreeMap::new(),
        }
    }

    /// What a gateway is made of: what was adopted, else what its name says. The error is a sentence.
    pub fn read(gateway: &IstioGateway) -> Result<Self, String> {
        match gateway.annotation(ADOPTED) {
            None => Ok(Self::of(gateway.name())),
            Some(text) => serde_json::from_str(text).map_err(|why| format!("cannot be read: {why}")),
        }
    }

    /// What the object of a part is called.
    pub fn of_part(&self, part: Part) -> String {
        match part {
            Part::ServiceAccount | Part::Role | Part::RoleBinding => self.service_account.clone(),
            Part::Service => self.service.clone(),
            Part::EnvoyFilter => format!("{}-compression", self.deployment),
            Part::Deployment | Part::HorizontalPodAutoscaler | Part::PodDisruptionBudget | Part::Gateway => {
                self.deployment.clone()
            }
        }
    }

    /// Whether a live object is on the record of what is taken over.
    pub fn takes(&self, live: &Value) -> bool {
        let uid = live["metadata"]["uid"].as_str();
        uid.is_some()
            && live["kind"].as_str().and_then(|kind| self.objects.get(kind)).map(String::as_str) == uid
    }

    /// The selector as JSON.
    pub(super) fn selector(&self) -> Value {
        json!(self.selector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selector_is_of_two_labels_and_of_the_name_alone() {
        for name in ["egressgateway", "istio-egressgateway"] {
            let names = Names::of(name);
            assert_eq!(names.deployment, "istio-egressgateway");
            assert_eq!(
                names.selector(),
                json!({"app": "istio-egressgateway", "istio": "egressgateway"}),
                "R1 fixes it"
            );
        }
    }

    #[test]
    fn what_was_adopted_keeps_its_names_and_a_record_that_cannot_be_read_is_told() {
        let mut gateway = IstioGateway::default();
        gateway.metadata.name = Some("out".into());
        let adopted = Names {
            deployment: "old".into(),
            service: "old-svc".into(),
            service_account: "old-sa".into(),
            selector: [("istio".to_owned(), "old".to_owned())].into(),
            objects: [("Deployment".to_owned(), "u".to_owned())].into(),
        };
        let live = |kind: &str, uid: &str| json!({"kind": kind, "metadata": {"uid": uid}});
        assert!(adopted.takes(&live("Deployment", "u")));
        assert!(!adopted.takes(&live("Deployment", "v")), "another of that name");
        assert!(!adopted.takes(&live("Service", "u")) && !adopted.takes(&json!({"kind": "Deployment"})));
        let record = serde_json::to_string(&adopted).unwrap();
        gateway.metadata.annotations = Some([(ADOPTED.to_owned(), record)].into());
        assert_eq!(Names::read(&gateway), Ok(adopted));
        gateway.metadata.annotations = Some([(ADOPTED.to_owned(), "{}".to_owned())].into());
        assert!(Names::read(&gateway).unwrap_err().starts_with("cannot be read: missing field"));
    }
}
