//! What `egret install` puts into a cluster, and how what is there differs from it.
//!
//! Installing makes egret the keeper of a cluster's gateways (R4): by the CRD alone, when an embedded reconciler is to
//! keep them, or with a controller beside it. [`manifests`] are the objects, [`rights`] what the controller may do, and
//! [`judge`] says what installing one of them would do to what is there.

mod controller;
pub mod rights;

use serde_json::Value;

use super::compare::{Difference, differences};
use super::names::MANAGED_BY;
use crate::model::istio_gateway::names::ASM_PREFIX;
use crate::model::name::Resource;

pub use controller::{NAME, PORT, SELECTOR};

/// The CRD of `IstioGateway`, egret's own.
const CRD: &str = include_str!("../../../assets/crds/istiogateways.yaml");

/// The name of that CRD.
pub const CRD_NAME: &str = "istiogateways.istio.alibabacloud.com";

/// What somebody wants installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The namespace of the gateways, and of the controller.
    pub namespace: String,
    /// Image of the controller; `None`: the CRD alone, since an embedded reconciler will keep the gateways.
    pub image: Option<String>,
    /// Id by which gateways name this cluster; `None`: what its istiod calls it.
    pub cluster_id: Option<String>,
}

/// What installing would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Each object, in the order in which they are applied.
    pub objects: Vec<Planned>,
    /// What whoever installs should know.
    pub notes: Vec<String>,
}

/// One object of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; empty for a cluster-wide kind.
    pub namespace: String,
    /// What becomes of it.
    pub what: What,
    /// The object as it should be.
    pub object: Value,
    /// Uid of the one that is there.
    pub uid: Option<String>,
}

/// What becomes of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It is made.
    Create,
    /// It is changed: these fields differ.
    Change(Vec<Difference>),
    /// It is as it should be.
    Same,
}

impl What {
    /// In a word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change(_) => "change",
            Self::Same => "unchanged",
        }
    }
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_done(&self) -> bool {
        self.objects.iter().all(|object| object.what == What::Same)
    }

    /// The objects as they should be, as `kubectl apply` takes them.
    pub fn manifests(&self) -> Vec<Value> {
        self.objects.iter().map(|planned| planned.object.clone()).collect()
    }
}

impl Planned {
    /// Kind and name, with the namespace where there is one.
    pub fn in_words(&self) -> String {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
    }
}

/// The objects that are wished for, in the order in which they are applied: rights before who uses them.
pub fn manifests(wish: &Wish) -> Vec<Value> {
    let mut objects = vec![crd()];
    if let Some(image) = &wish.image {
        objects.push(controller::service_account(&wish.namespace));
        objects.extend(rights::objects(&wish.namespace));
        objects.push(controller::service(&wish.namespace));
        objects.push(controller::disruption_budget(&wish.namespace));
        objects.push(controller::deployment(&wish.namespace, image, wish.cluster_id.as_deref()));
    }
    objects
}

/// The CRD. It is compiled in, and a test reads it.
pub fn crd() -> Value {
    serde_yaml::from_str(CRD).unwrap_or_default()
}

/// Where objects of a kind that is installed are served; `None`: egret installs none of that kind.
pub fn resource(kind: &str) -> Option<Resource> {
    const RBAC: &str = "rbac.authorization.k8s.io";
    let (group, plural, namespaced) = match kind {
        "CustomResourceDefinition" => ("apiextensions.k8s.io", "customresourcedefinitions", false),
        "ServiceAccount" => ("", "serviceaccounts", true),
        "ClusterRole" => (RBAC, "clusterroles", false),
        "ClusterRoleBinding" => (RBAC, "clusterrolebindings", false),
        "Role" => (RBAC, "roles", true),
        "RoleBinding" => (RBAC, "rolebindings", true),
        "Service" => ("", "services", true),
        "PodDisruptionBudget" => ("policy", "poddisruptionbudgets", true),
        "Deployment" => ("apps", "deployments", true),
        _ => return None,
    };
    Some(Resource { group, version: "v1", plural, namespaced })
}

/// Whether a live object is one that egret installed: only such a one is changed or taken away.
pub fn is_ours(live: &Value) -> bool {
    let labels = &live["metadata"]["labels"];
    let is_crd = live["kind"] == "CustomResourceDefinition";
    labels[MANAGED_BY.0] == MANAGED_BY.1 && (is_crd || labels[SELECTOR] == NAME)
}

/// What installing an object would do; the error is who has its name.
///
/// # Errors
/// When what is there is not egret's.
pub fn judge(object: &Value, live: Option<&Value>) -> Result<What, String> {
    let Some(live) = live else { return Ok(What::Create) };
    if !is_ours(live) {
        let labels = &live["metadata"]["labels"];
        let keeper = labels[MANAGED_BY.0].as_str().map_or("somebody else".to_owned(), str::to_owned);
        return Err(keeper);
    }
    let differ = differences(object, live);
    Ok(if differ.is_empty() { What::Same } else { What::Change(differ) })
}

/// The key by which an object of a gateway says that ASM made it (R4), if there is one. What egret itself made of an
/// `IstioGateway` is not ASM's, whatever keys came along from there.
pub fn asm_mark(object: &Value) -> Option<String> {
    let metadata = &object["metadata"];
    if metadata["labels"][MANAGED_BY.0] == MANAGED_BY.1 {
        return None;
    }
    let keys = ["labels", "annotations"].into_iter();
    let mut keys = keys.flat_map(|field| metadata[field].as_object().into_iter().flatten());
    keys.find(|(key, _)| key.starts_with(ASM_PREFIX)).map(|(key, _)| key.clone())
}

/// What whoever installs should know.
pub fn notes(wish: &Wish) -> Vec<String> {
    let namespace = &wish.namespace;
    if wish.image.is_none() {
        return vec![
            "The CRD alone: gateways are kept while an egret with an embedded reconciler is open.".to_owned(),
        ];
    }
    vec![
        format!(
            "The controller may read all Secrets in {namespace}, Istio's CA key among them if istiod keeps it there: a gateway's own Role has that right, and the API server lets nobody grant a right that they lack."
        ),
        "Whoever installs must hold every right that the controller gets, as cluster-admin does.".to_owned(),
        format!(
            "Other clusters: a Secret in {namespace} with the label {}: ID and the key `kubeconfig`.",
            super::names::CLUSTER_ID
        ),
    ]
}

#[cfg(test)]
mod tests;
