//! The resources that a cluster serves: the built-in ones of this table, and those of its CRDs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::schema::Schema;

/// One version of one resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// API group; empty: core.
    pub group: Arc<str>,
    /// Version.
    pub version: Arc<str>,
    /// Name in paths.
    pub plural: Arc<str>,
    /// Name of one.
    pub singular: Arc<str>,
    /// Kind of one.
    pub kind: Arc<str>,
    /// Kind of a list.
    pub list_kind: Arc<str>,
    /// Short names.
    pub short_names: Vec<Arc<str>>,
    /// Categories.
    pub categories: Vec<Arc<str>>,
    /// Whether objects are in namespaces.
    pub namespaced: bool,
    /// Whether `/status` is served.
    pub status: bool,
    /// Where `/scale` reads and writes replicas.
    pub scale: Option<ScalePaths>,
    /// Whether it comes from a CRD.
    pub custom: bool,
    /// `apiVersion` that objects are stored with.
    pub stored_as: Arc<str>,
    /// `plural.group`, or `plural`: what objects are stored under.
    pub id: Arc<str>,
    /// Verbs of the resource itself.
    pub verbs: &'static [&'static str],
    /// Structure of its objects; none: that of the built-in kind, which is looked up when it is needed.
    pub schema: Option<Schema>,
}

/// Where a scale subresource finds its numbers: JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePaths {
    /// `spec` replicas.
    pub spec: Arc<str>,
    /// `status` replicas.
    pub status: Arc<str>,
    /// Text of the selector; empty: the kind's own `spec.selector`.
    pub selector: Arc<str>,
}

impl Resource {
    /// One that is not served, to be refused by its name.
    pub(super) fn unknown(group: &str, plural: &str) -> Self {
        built_in(&("", "", "", "", &[], true, false, false, &[])).named(group, plural)
    }

    fn named(self, group: &str, plural: &str) -> Self {
        Self { group: group.into(), plural: plural.into(), id: id(group, plural), ..self }
    }

    /// `deployments.apps`, or `pods`.
    pub fn qualified(&self) -> &str {
        &self.id
    }

    /// `Deployment.apps`, or `Pod`.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_string() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// `apps/v1`, or `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Structure of its objects.
    pub fn schema(&self) -> Schema {
        self.schema
            .clone()
            .or_else(|| Schema::builtin(&self.group, &self.version, &self.kind))
            .unwrap_or_else(Schema::untyped)
    }
}

const ALL: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// The same, in the order in which a definition's are listed.
const CUSTOM: &[&str] = &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const NAMESPACES: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const CREATE: &[&str] = &["create"];

/// Group, version, plural, kind, short names, namespaced, status, scale, verbs.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    bool,
    bool,
    bool,
    &'static [&'static str],
);

/// The built-in resources. What is not here is 404.
#[rustfmt::skip]
const BUILT_IN: &[Row] = &[
    ("", "v1", "configmaps", "ConfigMap", &["cm"], true, false, false, ALL),
    ("", "v1", "events", "Event", &["ev"], true, false, false, ALL),
    ("", "v1", "namespaces", "Namespace", &["ns"], false, true, false, NAMESPACES),
    ("", "v1", "nodes", "Node", &["no"], false, true, false, ALL),
    ("", "v1", "pods", "Pod", &["po"], true, true, false, ALL),
    ("", "v1", "secrets", "Secret", &[], true, false, false, ALL),
    ("", "v1", "serviceaccounts", "ServiceAccount", &["sa"], true, false, false, ALL),
    ("", "v1", "services", "Service", &["svc"], true, true, false, ALL),
    ("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", &[], false, false, false, ALL),
    ("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", &[], false, false, false, ALL),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", &["crd", "crds"], false, true, false, ALL),
    ("apps", "v1", "daemonsets", "DaemonSet", &["ds"], true, true, false, ALL),
    ("apps", "v1", "deployments", "Deployment", &["deploy"], true, true, true, ALL),
    ("apps", "v1", "replicasets", "ReplicaSet", &["rs"], true, true, true, ALL),
    ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", &[], false, false, false, CREATE),
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", &[], false, false, false, CREATE),
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", &[], false, false, false, CREATE),
    ("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", &[], false, false, false, CREATE),
    ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", &["hpa"], true, true, false, ALL),
    ("coordination.k8s.io", "v1", "leases", "Lease", &[], true, false, false, ALL),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", &[], true, false, false, ALL),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", &["pdb"], true, true, false, ALL),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", &[], false, false, false, ALL),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", &[], false, false, false, ALL),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", &[], true, false, false, ALL),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", &[], true, false, false, ALL),
];

/// What a metrics server brings: what runs is measured, and nothing of it is stored.
#[rustfmt::skip]
const MEASURED: &[Row] = &[
    ("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", &[], false, false, false, &["get", "list"]),
    ("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", &[], true, false, false, &["get", "list"]),
];

/// What is in the category `all`.
const IN_ALL: &[&str] =
    &["pods", "services", "deployments", "replicasets", "daemonsets", "horizontalpodautoscalers"];

fn built_in(row: &Row) -> Resource {
    let &(group, version, plural, kind, short, namespaced, status, scale, verbs) = row;
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let categories = match (IN_ALL.contains(&plural), group) {
        (_, "metrics.k8s.io") => Vec::new(),
        (true, _) => vec!["all".into()],
        (_, "apiextensions.k8s.io" | "admissionregistration.k8s.io") => vec!["api-extensions".into()],
        _ => Vec::new(),
    };
    Resource {
        group: group.into(),
        version: version.into(),
        plural: plural.into(),
        // Measures have none.
        singular: if group == "metrics.k8s.io" { "".into() } else { kind.to_lowercase().into() },
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        short_names: short.iter().map(|s| (*s).into()).collect(),
        categories,
        namespaced,
        status,
        scale: scale.then(|| ScalePaths {
            spec: "/spec/replicas".into(),
            status: "/status/replicas".into(),
            selector: "".into(),
        }),
        custom: false,
        stored_as: api_version.into(),
        id: id(group, plural),
        verbs,
        schema: None,
    }
}

/// What the objects of a resource are stored under.
pub fn id(group: &str, plural: &str) -> Arc<str> {
    if group.is_empty() { plural.into() } else { format!("{plural}.{group}").into() }
}

/// Group, version and plural: the order of discovery.
type Place = (Arc<str>, Arc<str>, Arc<str>);

/// All resources that a cluster serves.
#[derive(Clone, Debug)]
pub struct Resources {
    all: BTreeMap<Place, Arc<Resource>>,
}

impl Default for Resources {
    fn default() -> Self {
        let mut resources = Self { all: BTreeMap::new() };
        BUILT_IN.iter().for_each(|row| resources.add(built_in(row)));
        resources
    }
}

impl Resources {
    fn add(&mut self, resource: Resource) {
        let key = (resource.group.clone(), resource.version.clone(), resource.plural.clone());
        self.all.insert(key, Arc::new(resource));
    }

    /// Serves what a metrics server measures.
    pub fn measure(&mut self) {
        MEASURED.iter().for_each(|row| self.add(built_in(row)));
    }

    /// The one that a path names.
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        // Few enough to look through, and a look-up by three borrowed texts would need owned ones.
        self.all.get(&(group.into(), version.into(), plural.into())).cloned()
    }

    /// Any version of what is stored under an id.
    pub fn stored(&self, id: &str) -> Option<Arc<Resource>> {
        let mut of_id = self.all.values().filter(|r| &*r.id == id);
        let first = of_id.next()?;
        let stored = |r: &&Arc<Resource>| *r.stored_as == r.api_version();
        Some(std::iter::once(first).chain(of_id).find(stored).unwrap_or(first).clone())
    }

    /// The one of an `apiVersion` and a `kind`.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        self.all
            .values()
            .find(|r| &*r.kind == kind && r.api_version() == api_version && r.verbs.len() > 1)
            .cloned()
    }

    /// All, in the order of group, version and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.all.values()
    }

    /// Serves what a CRD defines: what it served before and no longer does goes.
    pub fn define(&mut self, crd: &Value) {
        self.forget(crd);
        let spec = &crd["spec"];
        let text = |value: &Value| Arc::<str>::from(value.as_str().unwrap_or_default());
        let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        let (group, names) = (text(&spec["group"]), &spec["names"]);
        let versions = || spec["versions"].as_array().into_iter().flatten();
        let stored = versions().find(|v| v["storage"] == true).map(|v| text(&v["name"])).unwrap_or_default();
        for version in versions().filter(|v| v["served"] == true) {
            let sub = &version["subresources"];
            let path = |value: &Value| Arc::<str>::from(value.as_str().unwrap_or_default().replace('.', "/"));
            self.add(Resource {
                group: group.clone(),
                version: text(&version["name"]),
                plural: text(&names["plural"]),
                singular: text(&names["singular"]),
                kind: text(&names["kind"]),
                list_kind: text(&names["listKind"]),
                short_names: texts(&names["shortNames"]),
                categories: texts(&names["categories"]),
                namespaced: spec["scope"] == "Namespaced",
                status: sub["status"].is_object(),
                scale: sub["scale"].as_object().map(|scale| ScalePaths {
                    spec: path(&scale["specReplicasPath"]),
                    status: path(&scale["statusReplicasPath"]),
                    selector: scale.get("labelSelectorPath").map(path).unwrap_or_default(),
                }),
                custom: true,
                stored_as: format!("{group}/{stored}").into(),
                id: id(&group, &text(&names["plural"])),
                verbs: CUSTOM,
                schema: Some(
                    Schema::of_crd(&version["schema"]["openAPIV3Schema"])
                        .with_status_apart(sub["status"].is_object()),
                ),
            });
        }
    }

    /// Serves what a CRD defined no longer.
    pub fn forget(&mut self, crd: &Value) {
        let (group, plural) = (crd["spec"]["group"].as_str(), crd["spec"]["names"]["plural"].as_str());
        self.all.retain(|(g, _, p), r| !(r.custom && Some(&**g) == group && Some(&**p) == plural));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_is_served_in_each_of_its_versions_until_it_is_forgotten() {
        let crd = json!({"spec": {"group": "g.io", "scope": "Namespaced",
        "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList", "shortNames": ["th"]},
        "versions": [
            {"name": "v1", "served": true, "storage": false, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v2", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}},
                "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}}},
            {"name": "v3", "served": false, "storage": false, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ]}});
        let mut resources = Resources::default();
        resources.define(&crd);
        let v1 = resources.find("g.io", "v1", "things").unwrap();
        assert_eq!((&*v1.id, &*v1.stored_as, v1.status), ("things.g.io", "g.io/v2", false));
        let v2 = resources.find("g.io", "v2", "things").unwrap();
        assert_eq!(v2.scale.as_ref().map(|s| &*s.spec), Some("/spec/n"));
        assert!(resources.find("g.io", "v3", "things").is_none());
        assert_eq!(resources.stored("things.g.io").map(|r| r.api_version()), Some("g.io/v2".to_owned()));
        resources.forget(&crd);
        assert!(resources.find("g.io", "v1", "things").is_none());
        assert!(resources.find("apps", "v1", "deployments").is_some());
    }
}
