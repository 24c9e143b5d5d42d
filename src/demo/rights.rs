//! Who may do what: the roles and bindings that are stored in the cluster.

use serde_json::{Value, json};

use super::resources::Resource;
use super::state::State;
use super::status::Status;

/// Somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
}

impl User {
    /// One who may do everything.
    pub fn admin(name: &str) -> Self {
        Self { name: name.into(), groups: vec!["system:masters".into(), "system:authenticated".into()] }
    }

    /// One who may do what roles say.
    pub fn plain(name: &str) -> Self {
        Self { name: name.into(), groups: vec!["system:authenticated".into()] }
    }

    fn is_master(&self) -> bool {
        self.groups.iter().any(|g| g == "system:masters")
    }
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed<'a> {
    /// Something with a resource.
    Resource {
        /// `get`, `list`, …
        verb: &'a str,
        /// API group.
        group: &'a str,
        /// Plural, with the subresource behind a slash.
        resource: &'a str,
        /// Namespace; empty: all, or none.
        namespace: &'a str,
        /// Name; empty: any.
        name: &'a str,
    },
    /// Something with a path that is no resource.
    Path {
        /// `get`, …
        verb: &'a str,
        /// The path.
        path: &'a str,
    },
}

/// Paths that everybody may read who is known.
const OPEN: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

/// What everybody may make who is known: questions about themselves.
const QUESTIONS: &[(&str, &str)] = &[
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
];

/// Why a deed is allowed, in RBAC's words; none: it is not.
pub fn allowed(state: &State, user: &User, deed: &Deed<'_>) -> Option<String> {
    if user.is_master() {
        return Some(String::new());
    }
    match deed {
        Deed::Path { verb: "get", path } if OPEN.iter().any(|open| path_fits(open, path)) => {
            let why = "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group \"system:authenticated\"";
            return Some(why.to_owned());
        }
        Deed::Resource { verb: "create", group, resource, .. } if QUESTIONS.contains(&(group, resource)) => {
            let why = "RBAC: allowed by ClusterRoleBinding \"system:basic-user\" of ClusterRole \"system:basic-user\" to Group \"system:authenticated\"";
            return Some(why.to_owned());
        }
        _ => {}
    }
    let namespace = match deed {
        Deed::Resource { namespace, .. } => *namespace,
        Deed::Path { .. } => "",
    };
    bound(state, user, namespace)
        .into_iter()
        .find(|b| b.rules.iter().any(|rule| covers(rule, deed)))
        .map(|b| b.why)
}

/// Rules that hold for somebody somewhere.
struct Bound {
    rules: Vec<Value>,
    why: String,
}

/// The rules of all bindings that name a user: of the cluster, then of a namespace.
fn bound(state: &State, user: &User, namespace: &str) -> Vec<Bound> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let mut all = Vec::new();
    let mut take = |binding: &Value, kind: &str, shown: String| {
        let subjects = binding["subjects"].as_array().into_iter().flatten();
        let own = binding["metadata"]["namespace"].as_str().unwrap_or_default();
        let Some(subject) = subjects.filter_map(|s| named(s, user, own)).next() else { return };
        let role = &binding["roleRef"];
        let (role_kind, name) =
            (role["kind"].as_str().unwrap_or_default(), role["name"].as_str().unwrap_or_default());
        let (plural, of) = if role_kind == "ClusterRole" { ("clusterroles", "") } else { ("roles", own) };
        let Some(found) = state.get(&format!("{plural}.{GROUP}"), of, name) else { return };
        let why = format!("RBAC: allowed by {kind} {shown} of {role_kind} \"{name}\" to {subject}");
        all.push(Bound { rules: found["rules"].as_array().cloned().unwrap_or_default(), why });
    };
    for binding in state.list(&format!("clusterrolebindings.{GROUP}"), None) {
        let name = binding["metadata"]["name"].as_str().unwrap_or_default();
        take(&binding, "ClusterRoleBinding", format!("{name:?}"));
    }
    if !namespace.is_empty() {
        for binding in state.list(&format!("rolebindings.{GROUP}"), Some(namespace)) {
            let name = binding["metadata"]["name"].as_str().unwrap_or_default();
            take(&binding, "RoleBinding", format!("\"{name}/{namespace}\""));
        }
    }
    all
}

/// How a subject names a user, if it does.
fn named(subject: &Value, user: &User, namespace: &str) -> Option<String> {
    let name = subject["name"].as_str()?;
    match subject["kind"].as_str()? {
        "User" if name == user.name => Some(format!("User {name:?}")),
        "Group" if user.groups.iter().any(|g| g == name) => Some(format!("Group {name:?}")),
        "ServiceAccount" => {
            let of = subject["namespace"].as_str().unwrap_or(namespace);
            let is = user.name == format!("system:serviceaccount:{of}:{name}");
            is.then(|| format!("ServiceAccount \"{name}/{of}\""))
        }
        _ => None,
    }
}

/// Whether a rule allows a deed.
pub fn covers(rule: &Value, deed: &Deed<'_>) -> bool {
    let has = |field: &str, wanted: &str| {
        rule[field].as_array().into_iter().flatten().any(|v| v == "*" || v == wanted)
    };
    match deed {
        Deed::Path { verb, path } => {
            let paths = rule["nonResourceURLs"].as_array().into_iter().flatten();
            has("verbs", verb) && paths.filter_map(Value::as_str).any(|p| path_fits(p, path))
        }
        Deed::Resource { verb, group, resource, name, .. } => {
            let names = rule["resourceNames"].as_array();
            let named = names.is_none_or(|n| n.is_empty() || n.iter().any(|v| v == name));
            let any_sub = resource.split_once('/').is_some_and(|(_, sub)| {
                rule["resources"].as_array().into_iter().flatten().any(|r| *r == format!("*/{sub}"))
            });
            has("verbs", verb) && has("apiGroups", group) && (has("resources", resource) || any_sub) && named
        }
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => pattern == path,
    }
}

/// What a user may do in a namespace, as a rules review lists it: resource rules, then rules of paths.
pub fn rules(state: &State, user: &User, namespace: &str) -> (Vec<Value>, Vec<Value>) {
    let (mut resources, mut paths) = (Vec::new(), Vec::new());
    if user.is_master() {
        resources.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
        paths.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    }
    for rule in bound(state, user, namespace).into_iter().flat_map(|b| b.rules) {
        let mut shown = json!({});
        let is_path = rule["nonResourceURLs"].is_array();
        let fields: &[&str] = if is_path {
            &["verbs", "nonResourceURLs"]
        } else {
            &["verbs", "apiGroups", "resources", "resourceNames"]
        };
        for field in fields.iter().filter(|f| rule[**f].as_array().is_some_and(|a| !a.is_empty())) {
            shown[*field] = rule[*field].clone();
        }
        if is_path { paths.push(shown) } else { resources.push(shown) }
    }
    resources.push(json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}));
    resources.push(json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}));
    paths.push(json!({"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]}));
    paths.push(json!({"verbs": ["get"], "nonResourceURLs": OPEN}));
    (resources, paths)
}

/// The refusal of a deed with a resource.
pub fn refusal(user: &User, resource: &Resource, deed: &Deed<'_>) -> Status {
    let Deed::Resource { verb, group, resource: what, namespace, name } = deed else {
        return Status::nowhere();
    };
    let named = if name.is_empty() { String::new() } else { format!(" {name:?}") };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {namespace:?}")
    };
    let message = format!(
        "{}{named} is forbidden: User {:?} cannot {verb} resource {what:?} in API group {group:?} {place}",
        resource.qualified(),
        user.name
    );
    Status::forbidden(resource, name, message)
}

/// Nobody gives away rights that they do not have.
///
/// # Errors
/// The rights that a role would give beyond its writer's own.
pub fn escalation(
    state: &State,
    user: &User,
    resource: &Resource,
    namespace: &str,
    role: &Value,
) -> Result<(), Status> {
    if !matches!(&*resource.kind, "Role" | "ClusterRole") || user.is_master() {
        return Ok(());
    }
    let own: Vec<Value> = bound(state, user, namespace).into_iter().flat_map(|b| b.rules).collect();
    let texts = |rule: &Value, field: &str| -> Vec<String> {
        rule[field].as_array().into_iter().flatten().filter_map(|v| Some(v.as_str()?.to_owned())).collect()
    };
    let mut beyond = Vec::new();
    for rule in role["rules"].as_array().into_iter().flatten() {
        for group in texts(rule, "apiGroups") {
            for what in texts(rule, "resources") {
                let missing: Vec<String> = texts(rule, "verbs")
                    .into_iter()
                    .filter(|verb| {
                        let deed =
                            Deed::Resource { verb, group: &group, resource: &what, namespace, name: "" };
                        !own.iter().any(|o| covers(o, &deed))
                    })
                    .collect();
                if !missing.is_empty() {
                    let quoted: Vec<String> = missing.iter().map(|v| format!("{v:?}")).collect();
                    let verbs = quoted.join(" ");
                    beyond.push(format!("{{APIGroups:[{group:?}], Resources:[{what:?}], Verbs:[{verbs}]}}"));
                }
            }
        }
    }
    if beyond.is_empty() {
        return Ok(());
    }
    let name = role["metadata"]["name"].as_str().unwrap_or_default();
    let groups: Vec<String> = user.groups.iter().map(|g| format!("{g:?}")).collect();
    let message = format!(
        "{} {name:?} is forbidden: user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        resource.qualified(),
        user.name,
        groups.join(" "),
        beyond.join("\n")
    );
    Err(Status::forbidden(resource, name, message))
}
