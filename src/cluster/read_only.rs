//! Read-only (R23): a layer below the client. What it refuses never leaves the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Request};

/// Whether writes are refused. Shared by the clients of a cluster and whoever may switch it.
#[derive(Clone, Debug)]
pub struct ReadOnly {
    on: Arc<AtomicBool>,
    /// The config says so: it cannot be switched off.
    demanded: Arc<AtomicBool>,
}

impl ReadOnly {
    /// On or off from the start.
    pub fn new(on: bool) -> Self {
        Self { on: Arc::new(AtomicBool::new(on)), demanded: Arc::default() }
    }

    /// On, whatever happens.
    pub fn demanded() -> Self {
        Self { on: Arc::default(), demanded: Arc::new(AtomicBool::new(true)) }
    }

    /// Switches it. Where it is demanded it stays on.
    pub fn set(&self, on: bool) {
        self.on.store(on, Ordering::SeqCst);
    }

    /// Demands it from now on: nothing switches it off any more.
    pub fn demand(&self) {
        self.demanded.store(true, Ordering::SeqCst);
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.demanded.load(Ordering::SeqCst) || self.on.load(Ordering::SeqCst)
    }

    /// Whether a request may leave.
    pub fn allows<B>(&self, request: &Request<B>) -> bool {
        !self.is_on() || is_read(request.method(), request.uri().path())
    }
}

/// Questions that are asked by POST: what may I do? They store nothing.
const QUESTIONS: &[&str] = &[
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
];

/// Whether a request only reads.
fn is_read(method: &Method, path: &str) -> bool {
    match *method {
        Method::GET | Method::HEAD => !carries_commands(path),
        Method::POST => QUESTIONS.contains(&path),
        _ => false,
    }
}

/// Whether a GET opens something that then carries commands: `exec` and `attach` of a pod, and whatever a kubelet
/// offers. An escaped path could hide either.
fn carries_commands(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        ["api", "v1", "namespaces", _, "pods", _, "proxy", ..] => false,
        ["api", "v1", "namespaces", _, "pods", _, "exec" | "attach", ..] => true,
        ["api", "v1", "nodes", _, "proxy", ..] => true,
        _ => path.contains(['%', '\\']) || parts.contains(&".."),
    }
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
            ("POST", "/apis/authorization.k8s.io.evil.example/v1/selfsubjectaccessreviews", false),
            ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", false),
            ("GET", "/api/v1/namespaces/n/pods/p//exec/", false),
            ("GET", "/api/v1/namespaces/n/pods/p/%65xec", false),
            ("GET", "/api/v1/namespaces/n/pods/x/../p/exec", false),
            ("GET", "/api/v1/namespaces/n/pods/p/proxy/config_dump?x=%20", true),
            ("PUT", "/api/v1/namespaces/n/pods/p/proxy/x", false),
            ("GET", "/api/v1/namespaces/n/services/s/proxy/x", true),
            ("DELETE", "/api/v1/namespaces/n/services/s/proxy/x", false),
            ("GET", "/api/v1/nodes/n/proxy/run/ns/p/c", false),
            ("POST", "/api/v1/nodes/n/proxy/run/ns/p/c", false),
            ("GET", "/apis/apps/v1/deployments?watch=1&fieldSelector=metadata.name%3Dx", true),
            ("OPTIONS", "/api/v1/pods", false),
        ];
        let guard = ReadOnly::new(true);
        for (method, path, allowed) in cases {
            let request = Request::builder().method(method).uri(path).body(()).unwrap();
            assert_eq!(guard.allows(&request), allowed, "{method} {path}");
        }
    }

    #[test]
    fn what_the_config_demands_cannot_be_switched_off() {
        let (asked, demanded) = (ReadOnly::new(true), ReadOnly::demanded());
        for guard in [&asked, &demanded] {
            guard.set(false);
        }
        assert!(!asked.is_on());
        assert!(demanded.is_on());
        // A client that was made before sees the switch.
        let client = asked.clone();
        asked.set(true);
        assert!(client.is_on());
    }

    #[test]
    fn what_is_demanded_later_holds_for_clients_that_were_made_before() {
        let guard = ReadOnly::new(false);
        let client = guard.clone();
        guard.demand();
        guard.set(false);
        assert!(client.is_on());
    }

    #[test]
    fn a_dry_run_is_a_write() {
        let request =
            Request::builder().method("POST").uri("/api/v1/namespaces/n/pods?dryRun=All").body(()).unwrap();
        assert!(!ReadOnly::new(true).allows(&request));
        assert!(ReadOnly::new(false).allows(&request));
    }
}
