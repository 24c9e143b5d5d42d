//! Errors of the API server and of the way to it, as faults: what happened, to what, in which cluster, what next.

use std::error::Error as StdError;

use kube::core::Status;
use kube::core::response::StatusCause;

use super::credentials::PluginError;
use super::service::Refused;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;

/// Characters of a server's message that are shown; more than that is no message.
const LONGEST: usize = 4_000;

/// What to do about a field that cannot be changed.
const IMMUTABLE: &str =
    "That field is fixed when the object is made: only another object can have another value.";

/// The hint where a person need do nothing.
pub(super) const AGAIN: &str = "egret tries again.";

/// What a request was about: `list pods in istio-system`.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The cluster.
    pub cluster: ClusterName,
    /// Verb and object, in words.
    pub what: String,
}

impl Asked {
    /// A request in words.
    pub fn new(cluster: &ClusterName, what: impl Into<String>) -> Self {
        Self { cluster: cluster.clone(), what: what.into() }
    }

    /// A fault of the request, with why.
    pub(super) fn because(&self, reason: Reason, why: &str, hint: &str) -> Fault {
        Fault::new(reason, format!("{}: {}: {why}", self.cluster, self.what), hint)
    }

    /// The fault that a client error is.
    pub fn fault(&self, error: &kube::Error) -> Fault {
        match error {
            kube::Error::Api(status) => self.refused(status),
            other => self.unreachable(other),
        }
    }

    /// The fault that an answer of the server is.
    pub fn refused(&self, status: &Status) -> Fault {
        let Self { cluster, what } = self;
        let said = if status.message.is_empty() { status.reason.clone() } else { status.message.clone() };
        let said: String = clean(said.trim()).chars().take(LONGEST).collect();
        let (reason, summary, hint) = match status.code {
            401 => (
                Reason::Credentials,
                format!("{cluster}: the server does not accept the credentials of this context"),
                "Log in again, or mend the user in the kubeconfig.".to_owned(),
            ),
            403 if said.contains(ESCALATES) => (
                Reason::Denied,
                format!("{cluster}: {what}: it grants rights that the user of this context does not hold"),
                "The API server lets nobody grant a right that they lack: whoever does this must hold them all, as cluster-admin does.".to_owned(),
            ),
            // Admission says 403 too, and then it is no question of rights.
            400 | 403 if said.contains("admission webhook") => (
                Reason::Invalid,
                format!("{cluster}: {what}: {said}"),
                "That webhook decides over it: do what it says, or ask whoever runs it.".to_owned(),
            ),
            403 if said.contains("exceeded quota") => (
                Reason::Invalid,
                format!("{cluster}: {what}: {said}"),
                "Ask for less, or for a larger ResourceQuota in that namespace.".to_owned(),
            ),
            403 => {
                let user = refused_user(&said);
                let hint = match user {
                    Some("system:anonymous") => {
                        "The context has no user, or one without credentials.".to_owned()
                    }
                    _ => format!("Ask for a Role that allows it: {what}."),
                };
                let who = user.map(|user| format!(" (as {user})")).unwrap_or_default();
                (Reason::Denied, format!("{cluster}: no right to {what}{who}"), hint)
            }
            404 => (Reason::Missing, format!("{cluster}: {what}: it does not exist"), String::new()),
            409 if status.reason == "AlreadyExists" => {
                (Reason::Conflict, format!("{cluster}: {what}: it exists already"), String::new())
            }
            409 => (
                Reason::Conflict,
                format!("{cluster}: {what}: it was changed meanwhile ({said})"),
                "Look at what changed, then try again.".to_owned(),
            ),
            410 => (
                Reason::Server,
                format!("{cluster}: {what}: the server no longer keeps that much history"),
                String::new(),
            ),
            429 => (
                Reason::Server,
                format!("{cluster}: {what}: the server is too busy ({said})"),
                AGAIN.to_owned(),
            ),
            400 | 422 => {
                let hint = if said.contains("field is immutable") { IMMUTABLE } else { "" };
                (Reason::Invalid, format!("{cluster}: {what}: {}", causes(status, &said)), hint.to_owned())
            }
            code => (
                Reason::Server,
                format!("{cluster}: {what}: the server failed with {code}: {said}"),
                AGAIN.to_owned(),
            ),
        };
        let details = status.details.as_ref().map(|d| d.causes.as_slice()).unwrap_or_default();
        let causes = details.iter().filter(|c| !field(c).is_empty());
        let told = |c: &StatusCause| clean(&without_object(&c.message)).into_owned();
        let causes = causes.map(|c| (clean(&c.field).into_owned(), told(c))).collect();
        Fault { causes, ..Fault::new(reason, summary, hint) }
    }

    fn unreachable(&self, error: &(dyn StdError + 'static)) -> Fault {
        let Self { cluster, what } = self;
        let chain = chain(error);
        if let Some(PluginError(fault)) = chain.iter().find_map(|e| e.downcast_ref::<PluginError>()) {
            return fault.clone();
        }
        if let Some(refused) = chain.iter().find_map(|e| e.downcast_ref::<Refused>()) {
            return Fault::new(
                Reason::ReadOnly,
                format!("{cluster}: {refused}"),
                "Read-only mode refuses every write.",
            );
        }
        let text: Vec<String> = chain.iter().map(ToString::to_string).collect();
        let all = text.join(": ");
        let (why, hint) = SIGNS
            .iter()
            .find(|(sign, _, _)| all.to_lowercase().contains(sign))
            .map_or((last_words(&text), AGAIN), |(_, why, hint)| ((*why).to_owned(), *hint));
        Fault::new(Reason::Unreachable, format!("{cluster}: {what}: {why}"), hint)
    }
}

/// Whether a request has surely not reached the server: it was refused here, or there was no connection to send it on.
pub(super) fn never_left(error: &kube::Error) -> bool {
    chain(error).iter().any(|e| {
        e.is::<Refused>()
            || e.is::<PluginError>()
            || e.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|e| e.is_connect())
    })
}

/// An error and what caused it, outermost first.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    // A cycle of sources must not hold egret up.
    std::iter::successors(Some(error), |e| (*e).source()).take(16).collect()
}

/// An error with its causes, in one line; a cause that its error has told already is not told again.
pub(super) fn in_words(error: &(dyn StdError + 'static)) -> String {
    let mut words = String::new();
    for text in chain(error).iter().map(ToString::to_string) {
        if words.is_empty() {
            words = text;
        } else if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
    }
    clean(&words).chars().take(500).collect()
}

/// Signs in the texts of lower layers, what they mean, and what to do. The first that fits counts.
const SIGNS: &[(&str, &str, &str)] = &[
    ("proxy authorization required", "the proxy asks for a user and password", PROXY),
    ("tunnel error: unsuccessful", "the proxy does not let it through", PROXY),
    ("tunnel error", "the proxy cannot be used", PROXY),
    ("socks", "the proxy cannot be used", PROXY),
    (
        "connection refused",
        "connection refused: nothing listens there",
        "Is the server up, or the tunnel to it?",
    ),
    ("dns error", "the server's name cannot be resolved", NAME),
    ("failed to lookup address", "the server's name cannot be resolved", NAME),
    ("network is unreachable", "the network is unreachable", "Is the VPN up?"),
    ("no route to host", "there is no route to the server", "Is the VPN up?"),
    ("unknownissuer", "its certificate is of a CA that the kubeconfig does not name", CA),
    ("badsignature", "its certificate is of another CA than the kubeconfig names", CA),
    ("not valid for name", "its certificate is for another name", SERVER),
    ("notvalidforname", "its certificate is for another name", SERVER),
    ("not valid for any name", "its certificate is for another name", SERVER),
    ("certificate expired", "its certificate has expired", "Renew it; is the clock of this machine right?"),
    ("certificate not valid yet", "its certificate is not valid yet", "Is the clock of this machine right?"),
    ("alert: certificateexpired", "the certificate of this context has expired", USER),
    ("alert: certificaterequired", "it asks for a client certificate", USER),
    ("fatal alert", "it does not accept the TLS connection", USER),
    ("invalidcontenttype", "it does not speak TLS", SERVER),
    ("timed out", "no answer in time", "Is the VPN up? egret tries again."),
    ("deadline", "no answer in time", "Is the VPN up? egret tries again."),
    ("connection reset", "the connection was reset", AGAIN),
    ("broken pipe", "the connection was closed", AGAIN),
    ("connection closed", "the connection was closed", AGAIN),
    ("unexpected eof", "the connection was closed", AGAIN),
    ("unexpected end of file", "the connection was closed", AGAIN),
];

const CA: &str = "Mend certificate-authority in the kubeconfig.";
const NAME: &str = "Is the VPN up? Is the name in the kubeconfig right?";
const PROXY: &str = "Mend proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY.";
const SERVER: &str = "Mend server or tls-server-name in the kubeconfig.";
const USER: &str = "Mend the user in the kubeconfig, or log in again.";

/// The innermost words: the outer ones say only that something failed.
fn last_words(texts: &[String]) -> String {
    texts.last().map(|t| clean(t).chars().take(300).collect()).unwrap_or_default()
}

/// How the API server says that a Role holds more than whoever writes it.
const ESCALATES: &str = "is attempting to grant RBAC permissions not currently held";

/// The user that the message of a 403 names; the rest of it repeats the request.
fn refused_user(said: &str) -> Option<&str> {
    let (_, after) = said.split_once("User \"")?;
    after.split('"').next()
}

/// What a server says of a value without the value, where that is the whole object.
fn without_object(message: &str) -> String {
    let Some(value) = message.strip_prefix("Invalid value: ") else { return message.to_owned() };
    let is_object = value.starts_with("\"{") || value.starts_with('{');
    match value.rsplit_once("}\": ").or_else(|| value.rsplit_once("}: ")) {
        Some((_, why)) if is_object => why.to_owned(),
        _ => message.to_owned(),
    }
}

/// The fields that were refused, each with why.
fn causes(status: &Status, said: &str) -> String {
    let causes = status.details.as_ref().map(|d| d.causes.as_slice()).unwrap_or_default();
    if causes.is_empty() {
        return said.to_owned();
    }
    let each = causes
        .iter()
        .map(|c| (c, without_object(&c.message)))
        .map(|(c, said)| if field(c).is_empty() { said } else { format!("{}: {said}", c.field) });
    clean(&each.collect::<Vec<_>>().join("; ")).into_owned()
}

/// The field of the object that a cause is about. A patch as a whole is none.
fn field(cause: &StatusCause) -> &str {
    if cause.field == "patch" { "" } else { &cause.field }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: serde_json::Value) -> (Reason, String, String) {
        let status: Status = serde_json::from_value(status).unwrap();
        let fault = Asked::new(&ClusterName::from("prod"), "list pods in istio-system").refused(&status);
        for (field, _) in &fault.causes {
            assert!(fault.summary.contains(field.as_str()), "{fault:?}");
        }
        (fault.reason, fault.summary, fault.hint)
    }

    #[test]
    fn all_that_was_sent_is_no_field_that_was_refused() {
        let causes = json!([
            {"field": "patch", "message": "Invalid value: \"{all of it}\": unknown field \"a\""},
            {"field": "spec.a", "message": "unknown"},
        ]);
        let status = json!({"code": 422, "message": "long", "details": {"causes": causes}});
        let status: Status = serde_json::from_value(status).unwrap();
        let fault = Asked::new(&ClusterName::from("prod"), "change it").refused(&status);
        assert_eq!(fault.causes, [("spec.a".to_owned(), "unknown".to_owned())]);
    }

    #[test]
    fn each_refusal_says_what_happened_to_what_and_what_to_do() {
        for (status, reason, summary, hint) in [
            (
                json!({"code": 401, "message": "Unauthorized"}),
                Reason::Credentials,
                "prod: the server does not accept the credentials of this context",
                "Log in again, or mend the user in the kubeconfig.",
            ),
            (
                json!({"code": 403, "message": "pods is forbidden: User \"anna\" cannot list resource \"pods\" in API group \"\" in the namespace \"istio-system\""}),
                Reason::Denied,
                "prod: no right to list pods in istio-system (as anna)",
                "Ask for a Role that allows it: list pods in istio-system.",
            ),
            (
                json!({"code": 403, "message": "forbidden: User \"system:anonymous\" cannot get path"}),
                Reason::Denied,
                "prod: no right to list pods in istio-system (as system:anonymous)",
                "The context has no user, or one without credentials.",
            ),
            (
                json!({"code": 403, "message": ""}),
                Reason::Denied,
                "prod: no right to list pods in istio-system",
                "Ask for a Role that allows it: list pods in istio-system.",
            ),
            (
                json!({"code": 403, "message": "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"anna\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"]}"}),
                Reason::Denied,
                "prod: list pods in istio-system: it grants rights that the user of this context does not hold",
                "The API server lets nobody grant a right that they lack: whoever does this must hold them all, as cluster-admin does.",
            ),
            (
                json!({"code": 403, "message": "admission webhook \"v.example.com\" denied the request: no"}),
                Reason::Invalid,
                "prod: list pods in istio-system: admission webhook \"v.example.com\" denied the request: no",
                "That webhook decides over it: do what it says, or ask whoever runs it.",
            ),
            (
                json!({"code": 403, "message": "pods \"a\" is forbidden: exceeded quota: q, requested: cpu=2"}),
                Reason::Invalid,
                "prod: list pods in istio-system: pods \"a\" is forbidden: exceeded quota: q, requested: cpu=2",
                "Ask for less, or for a larger ResourceQuota in that namespace.",
            ),
            (json!({"code": 404}), Reason::Missing, "prod: list pods in istio-system: it does not exist", ""),
            (
                json!({"code": 409, "reason": "AlreadyExists"}),
                Reason::Conflict,
                "prod: list pods in istio-system: it exists already",
                "",
            ),
            (
                json!({"code": 422, "message": "long", "details": {"causes": [
                    {"field": "spec.replicas", "message": "Invalid value: -1"},
                    {"field": "", "message": "and\u{1b}[2J more"},
                ]}}),
                Reason::Invalid,
                "prod: list pods in istio-system: spec.replicas: Invalid value: -1; and·[2J more",
                "",
            ),
            (
                json!({"code": 429, "message": "slow down"}),
                Reason::Server,
                "prod: list pods in istio-system: the server is too busy (slow down)",
                "egret tries again.",
            ),
            (
                json!({"code": 503, "reason": "ServiceUnavailable"}),
                Reason::Server,
                "prod: list pods in istio-system: the server failed with 503: ServiceUnavailable",
                "egret tries again.",
            ),
        ] {
            assert_eq!(told(status), (reason, summary.to_owned(), hint.to_owned()));
        }
    }

    #[test]
    fn a_patch_that_is_refused_is_not_told_with_the_whole_object() {
        let said = r#"Invalid value: "{\"kind\":\"Deployment\"}": strict decoding error: unknown field "metadata.x""#;
        let status = json!({"code": 422, "message": "long", "details": {"causes": [
            {"field": "patch", "message": said}, {"field": "spec.x", "message": said},
        ]}});
        let status: Status = serde_json::from_value(status).unwrap();
        let fault = Asked::new(&ClusterName::from("prod"), "change it").refused(&status);
        let why = "strict decoding error: unknown field \"metadata.x\"";
        assert_eq!(fault.summary, format!("prod: change it: {why}; spec.x: {why}"));
        assert_eq!(fault.causes, [("spec.x".to_owned(), why.to_owned())]);
    }

    #[test]
    fn what_lower_layers_say_is_told_in_words() {
        for (said, why) in [
            (
                "tcp connect error: Connection refused (os error 111)",
                "connection refused: nothing listens there",
            ),
            (
                "invalid peer certificate: UnknownIssuer",
                "its certificate is of a CA that the kubeconfig does not name",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for b",
                "its certificate is for another name",
            ),
            (
                "invalid peer certificate: certificate expired: verification time",
                "its certificate has expired",
            ),
            ("received fatal alert: CertificateExpired", "the certificate of this context has expired"),
            ("tunnel error: unsuccessful", "the proxy does not let it through"),
            ("received corrupt message of type InvalidContentType", "it does not speak TLS"),
            ("something else", "something else"),
        ] {
            let error = kube::Error::Service(Box::new(std::io::Error::other(said)));
            let fault = Asked::new(&ClusterName::from("prod"), "list pods").fault(&error);
            assert_eq!(fault.summary, format!("prod: list pods: {why}"));
            assert_eq!(fault.reason, Reason::Unreachable);
            assert!(!fault.hint.is_empty());
        }
    }
}
