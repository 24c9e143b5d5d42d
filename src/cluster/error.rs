//! Errors of the API server and of the way to it, as faults: what happened, to what, in which cluster, what next.

use std::error::Error as StdError;

use kube::core::Status;

use super::credentials::PluginError;
use super::service::Refused;
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;

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
        let said: String = crate::model::clean::clean(said.trim()).chars().take(500).collect();
        let (reason, summary, hint) = match status.code {
            401 => (
                Reason::Credentials,
                format!("{cluster}: the server does not accept the credentials of this context"),
                "Log in again, or mend the user in the kubeconfig.".to_owned(),
            ),
            403 => {
                let hint = format!("Ask for a Role that allows it: {what}.");
                (Reason::Denied, format!("{cluster}: no right to {what}{}", denied_detail(&said)), hint)
            }
            404 => (Reason::Missing, format!("{cluster}: {what}: it does not exist"), String::new()),
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
                "egret tries again.".to_owned(),
            ),
            400 | 422 => {
                (Reason::Invalid, format!("{cluster}: {what}: {}", causes(status, &said)), String::new())
            }
            code => (
                Reason::Server,
                format!("{cluster}: {what}: the server failed with {code}: {said}"),
                "egret tries again.".to_owned(),
            ),
        };
        Fault::new(reason, summary, hint)
    }

    fn unreachable(&self, error: &(dyn StdError + 'static)) -> Fault {
        let Self { cluster, what } = self;
        let mut chain: Vec<&(dyn StdError + 'static)> = Vec::new();
        let mut at = Some(error);
        while let Some(error) = at {
            // A cycle of sources must not hold egret up.
            if chain.len() > 16 {
                break;
            }
            chain.push(error);
            at = error.source();
        }
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
            .map_or((last_words(&text), "egret tries again."), |(_, why, hint)| ((*why).to_owned(), *hint));
        Fault::new(Reason::Unreachable, format!("{cluster}: {what}: {why}"), hint)
    }
}

/// Signs in the texts of lower layers, what they mean, and what to do. The first that fits counts.
const SIGNS: &[(&str, &str, &str)] = &[
    (
        "connection refused",
        "connection refused: nothing listens there",
        "Is the API server up, or the tunnel to it?",
    ),
    (
        "dns error",
        "the server's name cannot be resolved",
        "Is the VPN up? Is the name in the kubeconfig right?",
    ),
    (
        "failed to lookup address",
        "the server's name cannot be resolved",
        "Is the VPN up? Is the name in the kubeconfig right?",
    ),
    ("network is unreachable", "network is unreachable", "Is the VPN up?"),
    ("no route to host", "no route to the server", "Is the VPN up?"),
    (
        "unknownissuer",
        "its certificate is signed by a CA that the kubeconfig does not name",
        "Mend certificate-authority in the kubeconfig.",
    ),
    (
        "notvalidforname",
        "its certificate is for another name",
        "Mend server or tls-server-name in the kubeconfig.",
    ),
    ("expired", "its certificate, or the one of this context, has expired", "Renew it."),
    ("certificaterequired", "it asks for a client certificate", "Mend the user in the kubeconfig."),
    ("timed out", "no answer in time", "Is the VPN up? egret tries again."),
    ("deadline", "no answer in time", "Is the VPN up? egret tries again."),
    ("connection reset", "the connection was reset", "egret tries again."),
    ("broken pipe", "the connection was closed", "egret tries again."),
    ("connection closed", "the connection was closed", "egret tries again."),
];

/// The innermost words: the outer ones say only that something failed.
fn last_words(texts: &[String]) -> String {
    texts.last().map(|t| crate::model::clean::clean(t).chars().take(300).collect()).unwrap_or_default()
}

/// kube's message of a 403 repeats the request; what stands behind the colon, if anything, is news.
fn denied_detail(said: &str) -> String {
    match said.split_once(": ") {
        Some((_, detail)) if detail.contains("User") => {
            let user = detail.split('"').nth(1).unwrap_or_default();
            format!(" (as {user})")
        }
        _ => String::new(),
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
        .map(|c| if c.field.is_empty() { c.message.clone() } else { format!("{}: {}", c.field, c.message) });
    crate::model::clean::clean(&each.collect::<Vec<_>>().join("; ")).into_owned()
}
