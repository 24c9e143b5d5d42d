//! Read-only (R23): a layer below the client. What it refuses never leaves the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Request};

/// Whether writes are refused. Shared by the clients of a cluster and whoever may switch it.
#[derive(Clone, Debug, Default)]
pub struct ReadOnly(Arc<AtomicBool>);

impl ReadOnly {
    /// On or off from the start.
    pub fn new(on: bool) -> Self {
        Self(Arc::new(AtomicBool::new(on)))
    }

    /// Switches it.
    pub fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether a request may leave.
    pub fn allows<B>(&self, request: &Request<B>) -> bool {
        !self.is_on() || is_read(request.method(), request.uri().path())
    }
}

/// Questions that are asked by POST: what may I do? They store nothing.
const QUESTIONS: &[&str] = &["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];

/// The groups that answer them.
const ASKED_OF: &[&str] = &["/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/"];

/// Subresources of a pod that a GET opens and that then carry commands.
const COMMANDS: &[&str] = &["exec", "attach"];

/// Whether a request only reads.
fn is_read(method: &Method, path: &str) -> bool {
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    match *method {
        Method::GET | Method::HEAD => !(is_pod_subresource(path) && COMMANDS.contains(&last)),
        Method::POST => ASKED_OF.iter().any(|group| path.starts_with(group)) && QUESTIONS.contains(&last),
        _ => false,
    }
}

/// `/api/v1/namespaces/{ns}/pods/{name}/{subresource}`.
fn is_pod_subresource(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    matches!(parts.as_slice(), ["api", "v1", "namespaces", _, "pods", _, _])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_leave_and_everything_else_is_refused() {
        let cases = [
            ("GET", "/api/v1/namespaces/n/pods", true),
            ("HEAD", "/version", true),
            ("GET", "/api/v1/namespaces/n/pods/p/log", true),
            ("GET", "/api/v1/namespaces/n/pods/p/portforward", true),
            ("GET", "/api/v1/namespaces/n/pods/p/proxy/stats", true),
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", true),
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", true),
            ("GET", "/api/v1/namespaces/n/pods/p/exec", false),
            ("GET", "/api/v1/namespaces/n/pods/p/attach", false),
            ("GET", "/api/v1/namespaces/n/pods/exec", true),
            ("POST", "/api/v1/namespaces/n/pods", false),
            ("POST", "/api/v1/namespaces/n/pods/p/proxy/quitquitquit", false),
            ("POST", "/api/v1/namespaces/n/pods/p/portforward", false),
            ("PUT", "/apis/coordination.k8s.io/v1/namespaces/n/leases/l", false),
            ("PATCH", "/apis/apps/v1/namespaces/n/deployments/d", false),
            ("DELETE", "/api/v1/namespaces/n/pods/p", false),
            ("POST", "/api/v1/namespaces/n/events", false),
            ("POST", "/apis/evil.example/v1/selfsubjectaccessreviews", false),
            ("POST", "/apis/authorization.evil.example/v1/selfsubjectaccessreviews", false),
        ];
        let guard = ReadOnly::new(true);
        for (method, path, allowed) in cases {
            let request = Request::builder().method(method).uri(path).body(()).unwrap();
            assert_eq!(guard.allows(&request), allowed, "{method} {path}");
        }
    }

    #[test]
    fn a_dry_run_is_a_write() {
        let request =
            Request::builder().method("POST").uri("/api/v1/namespaces/n/pods?dryRun=All").body(()).unwrap();
        assert!(!ReadOnly::new(true).allows(&request));
        assert!(ReadOnly::new(false).allows(&request));
    }
}
