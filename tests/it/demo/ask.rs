//! One request.

use http::Request;
use kube::client::Body;
use serde_json::Value;

/// What a server is asked.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    method: &'static str,
    /// As the case wrote it: `configmaps/a?dryRun=All`, `deployments.apps/a/scale`, or from the root `/version`.
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

/// Groups and versions by the short names that the cases use.
const GROUPS: &[(&str, &str)] = &[
    ("apps", "apps/v1"),
    ("autoscaling", "autoscaling/v2"),
    ("coordination", "coordination.k8s.io/v1"),
    ("discovery", "discovery.k8s.io/v1"),
    ("policy", "policy/v1"),
    ("rbac", "rbac.authorization.k8s.io/v1"),
];

impl Ask {
    /// A request without a body.
    pub(super) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: vec![("accept", "application/json".to_owned()), ("user-agent", "tester/1.0".to_owned())],
            body: None,
        }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// With a body of JSON.
    pub(super) fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    /// With any body.
    pub(super) fn text(self, content_type: &str, body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..self }.header("content-type", content_type)
    }

    /// With a header, which replaces one of that name.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        if name != "impersonate-group" {
            self.headers.retain(|(n, _)| *n != name);
        }
        self.headers.push((name, value.to_owned()));
        self
    }

    /// As somebody else.
    pub(super) fn user(self, name: &str) -> Self {
        self.header("impersonate-user", name)
    }

    /// Wants another form of the answer.
    pub(super) fn accept(self, what: &str) -> Self {
        self.header("accept", what)
    }

    /// How a transcript shows it.
    pub(super) fn shown(&self) -> String {
        let mut text = format!("{} {}", self.method, self.path);
        for (name, value) in &self.headers {
            let usual = matches!(
                (*name, &**value),
                ("accept" | "content-type", "application/json") | ("user-agent", "tester/1.0")
            );
            if !usual {
                text.push_str(&format!("\n{name}: {value}"));
            }
        }
        if let Some(body) = &self.body {
            text.push_str(&format!("\n{body}"));
        }
        text
    }

    /// For the wire; `{ns}` is the namespace.
    pub(super) fn request(&self, ns: &str) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(uri(&self.path, ns));
        for (name, value) in &self.headers {
            request = request.header(*name, value.replace("{ns}", ns));
        }
        let body = self.body.clone().unwrap_or_default().replace("{ns}", ns);
        request.body(Body::from(body.into_bytes())).unwrap()
    }
}

/// The whole path of a short one.
pub(super) fn uri(path: &str, ns: &str) -> String {
    let path = path
        .replace("{ns}", ns)
        .replace(' ', "%20")
        .replace('"', "%22")
        .replace('<', "%3C")
        .replace('>', "%3E");
    if path.starts_with('/') {
        return path;
    }
    let end = path.find(['/', '?']).unwrap_or(path.len());
    let (resource, rest) = path.split_at(end);
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let prefix = match GROUPS.iter().find(|(short, _)| *short == group) {
        _ if group.is_empty() => "/api/v1".to_owned(),
        Some((_, long)) => format!("/apis/{long}"),
        // A kind of the case's own.
        None => format!("/apis/{group}/v1"),
    };
    format!("{prefix}/namespaces/{ns}/{plural}{rest}")
}
