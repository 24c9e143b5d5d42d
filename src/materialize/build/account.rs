//! Who the pods are, and their right to the Secrets of their servers.

use serde_json::json;

use super::Plan;
use crate::materialize::objects::{Desired, Part};

/// The account is the SPIFFE identity that other people's policies name: it is never renamed (R1).
pub(super) fn service_account(plan: &Plan<'_>) -> Desired {
    plan.object(Part::ServiceAccount, &plan.site.names.service_account, json!({}))
}

/// istiod serves a `credentialName` only to a gateway whose account may list Secrets (R10).
pub(super) fn role(plan: &Plan<'_>) -> Desired {
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}]);
    plan.object(Part::Role, &plan.site.names.service_account, json!({"rules": rules}))
}

pub(super) fn role_binding(plan: &Plan<'_>) -> Desired {
    let account = &plan.site.names.service_account;
    let body = json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account},
        "subjects": [{"kind": "ServiceAccount", "name": account}],
    });
    let mut binding = plan.object(Part::RoleBinding, account, body);
    // An account without a namespace is refused; who only looks at the objects may have given none.
    if let Some(namespace) = &plan.gateway.metadata.namespace {
        binding.0["subjects"][0]["namespace"] = json!(namespace);
    }
    binding
}
