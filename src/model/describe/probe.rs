//! Probes and hooks in one line.

use serde_json::Value;

use super::read::{as_written, number, scalar, text, texts};
use super::words::{joined, one_line};

/// `GET /healthz/ready on 15021, every 15 s, after 1 s, within 3 s, gives up after 4 failures`.
///
/// Kubernetes' own defaults are left out where the object leaves them out.
pub(super) fn probe(probe: &Value) -> String {
    let seconds = |path, word: &str| number(probe, path).filter(|n| *n > 0).map(|n| format!("{word} {n} s"));
    let parts = [
        action(probe),
        seconds("/periodSeconds", "every"),
        seconds("/initialDelaySeconds", "first after"),
        seconds("/timeoutSeconds", "answer within"),
        number(probe, "/failureThreshold").map(|n| format!("fails after {n}")),
        number(probe, "/successThreshold").filter(|n| *n > 1).map(|n| format!("good after {n}")),
    ];
    one_line(&joined(parts.into_iter().flatten(), ", "))
}

/// What a probe or a hook does: `GET /ready on 15021`, `connect to 80`, `runs sleep 5`, `sleeps 5 s`.
pub(super) fn action(handler: &Value) -> Option<String> {
    let on = |path: &str| scalar(handler, path).map(|port| format!(" on {port}")).unwrap_or_default();
    if handler.get("httpGet").is_some_and(Value::is_object) {
        let scheme = text(handler, "/httpGet/scheme").filter(|s| *s != "HTTP").map(|s| format!(" by {s}"));
        let path = text(handler, "/httpGet/path").unwrap_or("/");
        return Some(format!("GET {path}{}{}", on("/httpGet/port"), scheme.unwrap_or_default()));
    }
    if handler.get("tcpSocket").is_some_and(Value::is_object) {
        return Some(format!("connect{}", on("/tcpSocket/port")));
    }
    if handler.get("grpc").is_some_and(Value::is_object) {
        return Some(format!("gRPC health{}", on("/grpc/port")));
    }
    if handler.get("exec").is_some_and(Value::is_object) {
        return Some(format!("run {}", texts(handler, "/exec/command").join(" ")));
    }
    handler.pointer("/sleep/seconds").and_then(as_written).map(|seconds| format!("sleep {seconds} s"))
}
