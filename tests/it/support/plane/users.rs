//! Users with few rights.

use super::{Cluster, Result, While};
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::Client;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The name of the narrow user.
pub(super) const NARROW: &str = "narrow";

/// The namespace in which the narrow user may look at gateways.
const NARROW_NAMESPACE: &str = "istio-system";

impl Cluster {
    /// The kubeconfig of a user who may `get`, `list` and `watch` `istiogateways` of `istio.alibabacloud.com` in
    /// `istio-system`, and nothing else: no other kind, no other namespace, no cluster-wide list, no write. What
    /// Kubernetes lets everyone do remains: discovery, `/version`, and asking what they may do.
    pub fn narrow_kubeconfig(&self) -> PathBuf {
        self.dir().join("narrow.kubeconfig")
    }

    /// The kubeconfig of a user with these rights: in one namespace, or everywhere. Called again with the same name,
    /// it adds rights in another place and replaces those in the same one.
    pub async fn user(&self, name: &str, namespace: Option<&str>, rules: &[PolicyRule]) -> Result<PathBuf> {
        allow(&self.admin().await, name, namespace, json!(rules)).await?;
        self.write_kubeconfig(&format!("user-{name}.kubeconfig"), name, None)
    }
}

pub(super) async fn allow_narrow(client: &Client) -> Result<()> {
    let rule = json!({
        "apiGroups": ["istio.alibabacloud.com"],
        "resources": ["istiogateways"],
        "verbs": ["get", "list", "watch"],
    });
    allow(client, NARROW, Some(NARROW_NAMESPACE), json!([rule])).await
}

async fn allow(client: &Client, user: &str, namespace: Option<&str>, rules: Value) -> Result<()> {
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let name = format!("egret-test-{user}");
    let documents = [
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
            "rules": rules,
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": format!("{kind}Binding"),
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        }),
    ];
    for document in documents {
        let what = format!("giving rights to {user}");
        super::objects::apply(client, document).await.while_doing(what)?;
    }
    Ok(())
}
