//! From a gateway to its objects, for one cluster.
//!
//! The objects hold only what egret has a say in: what the API server or Istio's injector fills in is theirs. The pod
//! is made whole by Istio's gateway injection template (R7); only a pod on the host network, which istiod does not
//! inject, is complete as built.

mod account;
mod deployment;
mod host_network;
mod istio;
mod kernel;
mod pod;
mod proxy_config;
mod scaling;
mod service;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(super) use istio::{LEVELS, STRATEGIES};
pub use pod::REVISION;
pub(super) use pod::{LABELS, TEMPLATES};
pub(super) use proxy_config::{ANNOTATION as PROXY_CONFIG, read as read_proxy_config};
pub(super) use service::service_type;

use super::names::{GATEWAY, GATEWAY_UID, HOME_UID, MANAGED_BY, Names};
use super::objects::{Desired, Objects, Part};
use super::validate::Problem;
use crate::model::istio_gateway::{GROUP, GatewayConfiguration, IstioGateway, Pairs, VERSIONS, names};

/// Where, and for whom, a gateway is built.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Id of the cluster, whose override holds; `None`: what `spec` says.
    pub cluster_id: Option<String>,
    /// Whose the objects are.
    pub owner: Owner,
    /// What they are called.
    pub names: Names,
    /// The mesh's revision to inject where the gateway's own labels name none; `None`: its default. Chosen once, and
    /// kept (R5).
    pub revision: Option<String>,
    /// Image of the proxy, from the injector's own values: for containers that are not injected. `None`: not known.
    pub proxy_image: Option<String>,
}

impl Site {
    /// The cluster that holds the CR, for somebody who only wants to see the objects.
    pub fn of(gateway: &IstioGateway) -> Self {
        Self {
            cluster_id: None,
            owner: Owner::Nobody,
            names: Names::of(gateway.name()),
            revision: None,
            proxy_image: None,
        }
    }
}

/// Whose objects are (R3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's: they are only shown.
    Nobody,
    /// The CR's, in its own cluster: an owner reference says so.
    Gateway {
        /// Uid of the CR.
        uid: String,
    },
    /// The CR's, in another cluster: labels say so (R2).
    Abroad {
        /// Uid of the home cluster.
        home: String,
        /// Uid of the CR.
        uid: String,
    },
}

/// What every builder looks at.
struct Plan<'a> {
    gateway: &'a IstioGateway,
    configuration: &'a GatewayConfiguration,
    site: &'a Site,
}

/// Builds the objects of a gateway that [`validate`](super::validate()) finds nothing wrong with.
///
/// # Errors
/// When a container needs the proxy's image by name and nobody knows it.
pub fn build(gateway: &IstioGateway, site: &Site) -> Result<Objects<Desired>, Problem> {
    let configuration = gateway.spec.effective(site.cluster_id.as_deref());
    let plan = Plan { gateway, configuration: &configuration, site };
    Ok(Objects {
        service_account: account::service_account(&plan),
        role: account::role(&plan),
        role_binding: account::role_binding(&plan),
        service: service::service(&plan),
        deployment: deployment::deployment(&plan)?,
        autoscaler: scaling::autoscaler(&plan),
        disruption_budget: scaling::disruption_budget(&plan),
        compression: istio::compression(&plan),
        gateway: istio::gateway(&plan),
    })
}

/// What of a gateway its pod template is built from: a change here is its owner's wish for new pods (R5).
pub fn template_input(gateway: &IstioGateway, site: &Site) -> Value {
    let configuration = gateway.spec.effective(site.cluster_id.as_deref());
    let plan = Plan { gateway, configuration: &configuration, site };
    pod::input(&plan)
}

/// The revision that a gateway's own labels name.
pub fn own_revision(configuration: &GatewayConfiguration) -> Option<&str> {
    configuration.pod_labels.as_ref()?.get(REVISION).map(String::as_str)
}

impl Plan<'_> {
    /// The revision to inject: the gateway's own wish, else what was chosen.
    fn revision(&self) -> Option<&str> {
        own_revision(self.configuration).or(self.site.revision.as_deref())
    }

    /// The number of replicas that egret keeps, if it keeps one: not while an autoscaler or somebody else does (R6).
    fn replicas(&self) -> Option<u32> {
        let kept = !self.configuration.autoscales() && self.gateway.replicas_managed();
        kept.then(|| self.configuration.replica_count.unwrap_or(1))
    }

    /// Labels that every object and pod has.
    fn labels(&self) -> Pairs {
        let mut labels = self.site.names.selector.clone();
        if let Some(direction) = &self.gateway.spec.gateway_type {
            labels.insert(names::GATEWAY_TYPE_LABEL.into(), direction.to_string());
        }
        labels
    }

    /// An object of the gateway, with what it is for, whose it is, and its body.
    fn object(&self, part: Part, name: &str, body: Value) -> Desired {
        self.labelled(part, name, BTreeMap::new(), BTreeMap::new(), body)
    }

    /// The same with further labels, which may not replace egret's own, and annotations.
    fn labelled(&self, part: Part, name: &str, more: Pairs, annotations: Pairs, body: Value) -> Desired {
        let mut labels = more;
        labels.extend(self.labels());
        labels.insert(MANAGED_BY.0.into(), MANAGED_BY.1.into());
        let mut metadata = json!({"name": name});
        if let Some(namespace) = &self.gateway.metadata.namespace {
            metadata["namespace"] = json!(namespace);
        }
        match &self.site.owner {
            Owner::Nobody => {}
            Owner::Gateway { uid } => {
                metadata["ownerReferences"] = json!([reference(self.gateway.name(), uid)])
            }
            Owner::Abroad { home, uid } => {
                labels.insert(HOME_UID.into(), home.clone());
                labels.insert(GATEWAY_UID.into(), uid.clone());
                labels.insert(GATEWAY.into(), self.gateway.name().to_owned());
            }
        }
        metadata["labels"] = json!(labels);
        if !annotations.is_empty() {
            metadata["annotations"] = json!(annotations);
        }
        let mut object =
            json!({"apiVersion": part.api_version(), "kind": part.to_string(), "metadata": metadata});
        extend(&mut object, body);
        Desired(object)
    }
}

/// What says on an object whose it is, in the cluster of its CR.
pub fn reference(gateway: &str, uid: &str) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/{}", VERSIONS[0]),
        "kind": "IstioGateway",
        "name": gateway,
        "uid": uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Adds the fields of one object to another.
fn extend(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}

/// Sets a field that may not be wanted.
fn set<T: serde::Serialize>(object: &mut Value, field: &str, value: Option<T>) {
    if let Some(value) = value {
        object[field] = json!(value);
    }
}
