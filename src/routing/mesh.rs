//! The mesh as it bears on one question: what istiod's ConfigMap says, and the objects of Istio that were read.

use serde_json::Value;

use super::part::{self, Part};
use super::{DestinationRule, Gateway, Route};
use crate::model::tolerant::{Tolerant, Unread, Why};

/// The namespace of objects that hold for the whole mesh, when the mesh config names none.
const ROOT_NAMESPACE: &str = "istio-system";

/// What Istio's objects say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mesh {
    /// The mesh config.
    pub config: MeshConfig,
    /// `PILOT_SCOPE_GATEWAY_TO_NAMESPACE` of istiod: a Gateway configures pods of its own namespace only.
    pub gateways_scoped: bool,
    /// All Gateways.
    pub gateways: Vec<Gateway>,
    /// All DestinationRules, in any order.
    pub destination_rules: Vec<DestinationRule>,
    /// Where all VirtualServices lead. Without them every subset is taken to be used.
    pub routes: Vec<Route>,
}

/// What the mesh config says, as far as it decides here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshConfig {
    /// Clients choose mesh mTLS by the label of the pods behind a Service, where no rule speaks.
    pub auto_mtls: bool,
    /// The namespace whose objects hold for the whole mesh.
    pub root_namespace: String,
    /// A DestinationRule without `exportTo` stays in its namespace.
    pub rules_private: bool,
    /// A VirtualService without `exportTo` stays in its namespace.
    pub routes_private: bool,
}

impl Default for MeshConfig {
    fn default() -> Self {
        Self {
            auto_mtls: true,
            root_namespace: ROOT_NAMESPACE.to_owned(),
            rules_private: false,
            routes_private: false,
        }
    }
}

/// Reads the mesh config from the ConfigMap `istio` (`istio-{revision}`): the YAML in its `data.mesh`. What is left
/// out or cannot be read is Istio's default; the latter is in `unread`, with a path below `data.mesh`.
pub fn mesh_config(config_map: &Value) -> Tolerant<MeshConfig> {
    let text = part::read(config_map, |object| object.need("data")?.need("mesh")?.text());
    let Some(yaml) = &text.value else {
        return Tolerant { value: MeshConfig::default(), unread: text.unread };
    };
    match serde_yaml::from_str::<Value>(yaml) {
        Ok(Value::Null) => Tolerant::default(),
        Ok(document) => {
            let read = part::read(&document, settings);
            let unread = read.unread.iter().map(|unread| unread.below("data.mesh")).collect();
            Tolerant { value: read.value, unread }
        }
        Err(error) => {
            let why = Why::Type(error.to_string());
            let unread = Unread { path: "data.mesh".to_owned(), value: Value::String(yaml.clone()), why };
            Tolerant { value: MeshConfig::default(), unread: vec![unread] }
        }
    }
}

fn settings(document: &Part<'_>) -> MeshConfig {
    let usual = MeshConfig::default();
    let private = |name: &str| {
        let export_to = document.field(name).and_then(|field| field.texts());
        export_to.is_some_and(|scopes| scopes.iter().any(|scope| scope == "."))
    };
    let root = document.field("rootNamespace").and_then(|field| field.text());
    MeshConfig {
        auto_mtls: document.field("enableAutoMtls").and_then(|field| field.flag()).unwrap_or(usual.auto_mtls),
        root_namespace: root.filter(|root| !root.is_empty()).unwrap_or(usual.root_namespace),
        rules_private: private("defaultDestinationRuleExportTo"),
        routes_private: private("defaultVirtualServiceExportTo"),
    }
}
