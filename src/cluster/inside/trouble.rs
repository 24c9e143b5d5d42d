//! What can be wrong with a way into a pod, and how it is told.

use std::time::Duration;

use super::body::Cut;
use super::memory::Step;
use crate::cluster::connect::Connection;
use crate::cluster::error::{AGAIN, Asked};
use crate::cluster::stream::{get, refusal, whole};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ObjectKey;

/// Why a GET failed.
pub(super) enum Trouble {
    /// This way does not lead into the pod; another may.
    Way(Wrong),
    /// No other way would do better.
    Ends(Fault),
}

/// What is wrong with a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// These rights are missing; none: nobody knows which.
    Denied(Vec<&'static str>),
    /// Nothing came in this time.
    Silent(Duration),
    /// Whoever carries it does not reach the pod; in its words.
    Unreachable(String),
    /// Nothing listens on this port.
    Refused(u16),
    /// This port answered with this code.
    Odd(u16, u16),
    /// Something else; in words.
    Broken(String),
}

impl Wrong {
    /// Whether it says nothing about the port that was tried, but of the way as a whole.
    pub(super) fn is_of_all_ports(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Silent(_) | Self::Unreachable(_) | Self::Broken(_))
    }

    /// The same without what was said of one pod.
    pub(super) fn without_words(&self) -> Self {
        match self {
            Self::Unreachable(_) => Self::Unreachable(String::new()),
            Self::Broken(_) => Self::Broken(String::new()),
            other => other.clone(),
        }
    }

    fn words(&self, step: Step) -> String {
        let way = if step.is_proxy() { "the pod proxy" } else { "a port-forward" };
        match self {
            Self::Denied(missing) if missing.is_empty() => format!("{way} is refused"),
            Self::Denied(missing) => format!("no right to {}", missing.join(" and to ")),
            Self::Silent(limit) => format!("no answer in {} s by {way}", limit.as_secs_f32()),
            Self::Unreachable(said) | Self::Broken(said) if said.is_empty() => {
                format!("{way} does not reach it")
            }
            Self::Unreachable(said) | Self::Broken(said) => format!("{way} does not reach it ({said})"),
            Self::Refused(port) => format!("nothing listens on its port {port}"),
            Self::Odd(port, code) => format!("its port {port} answers with {code}"),
        }
    }
}

/// What a GET into a pod is about.
pub(super) fn about(c: &Connection, pod: &ObjectKey) -> Asked {
    Asked::new(&c.cluster, format!("read the proxy of pod {}/{}", pod.namespace, pod.name))
}

/// What to do where rights are missing.
const BOTH: &str = "since Kubernetes 1.35 a port-forward needs both get and create on pods/portforward";

/// The fault of a pod that no way led into.
pub(super) async fn fault(c: &Connection, pod: &ObjectKey, wrong: &[(Step, Wrong)]) -> Fault {
    let said = remembered(c, pod, wrong);
    if said.reason == Reason::Denied {
        return said;
    }
    // A pod that does not run has no proxy: whatever the ways say then is beside the point.
    match standing(c, pod).await {
        Ok(Some(why)) => about(c, pod).because(Reason::Missing, &why, AGAIN),
        Err(fault) if fault.reason == Reason::Missing => fault,
        _ => said,
    }
}

/// The same of what is remembered: nothing is asked for it.
pub(super) fn remembered(c: &Connection, pod: &ObjectKey, wrong: &[(Step, Wrong)]) -> Fault {
    let (asked, words) = (about(c, pod), in_words(wrong));
    match rights(pod, wrong) {
        Some(hint) => asked.because(Reason::Denied, &words, &hint),
        None => asked.because(Reason::Unreachable, &words, AGAIN),
    }
}

/// All that is wrong, each once.
fn in_words(wrong: &[(Step, Wrong)]) -> String {
    let mut all: Vec<String> = Vec::new();
    for (step, wrong) in wrong {
        let words = wrong.words(*step);
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all.join("; ")
}

/// What to ask for, where a right would help.
fn rights(pod: &ObjectKey, wrong: &[(Step, Wrong)]) -> Option<String> {
    let denied = |of_proxy: bool| {
        wrong.iter().find_map(|(step, wrong)| match wrong {
            Wrong::Denied(missing) if step.is_proxy() == of_proxy => Some(missing.as_slice()),
            _ => None,
        })
    };
    let place = &pod.namespace;
    match (denied(true), denied(false)) {
        (None, None) => None,
        (Some(_), None) => Some(format!("Ask for a Role that allows it: get pods/proxy in {place}.")),
        (proxy, Some(missing)) => {
            let named = if missing.is_empty() {
                "get and create pods/portforward".to_owned()
            } else {
                missing.join(" and ")
            };
            let or = if proxy.is_some() { "get pods/proxy, or " } else { "" };
            Some(format!("Ask for a Role that allows it: {or}{named} in {place} ({BOTH})."))
        }
    }
}

/// Why a pod has no proxy that could answer; none: it runs.
async fn standing(c: &Connection, pod: &ObjectKey) -> Result<Option<String>, Fault> {
    let asked = about(c, pod);
    let path = format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.name);
    let answer = get(c, &path, &asked, c.patience.inside).await?;
    match answer.status().as_u16() {
        200 => {}
        404 => return Err(asked.because(Reason::Missing, "the pod is gone", "")),
        _ => return Err(refusal(c, answer, &asked).await),
    }
    let body = whole(c, answer.into_body(), &asked).await?;
    let pod: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return Ok(Some("the pod is ending".to_owned()));
    }
    Ok(match pod["status"]["phase"].as_str() {
        Some("Running") | None => None,
        Some(phase) => {
            let phase: String = crate::model::clean::clean(phase).chars().take(40).collect();
            Some(format!("the pod is {phase}"))
        }
    })
}

/// The fault of an answer that did not end as it should.
pub(super) fn cut(asked: &Asked, cut: &Cut) -> Trouble {
    let (reason, why, hint) = match cut {
        Cut::TooLong(most) => (
            Reason::Server,
            format!("the answer is longer than {} MiB, and was not read to its end", most >> 20),
            "The proxy collects more than egret reads: see its statsInclusion annotations.",
        ),
        Cut::TooSlow => (Reason::Unreachable, "the answer did not end in time".to_owned(), AGAIN),
        Cut::Broken => (Reason::Unreachable, "the answer was cut off".to_owned(), AGAIN),
        Cut::Garbled => {
            (Reason::Server, "the answer is compressed in a way that cannot be read".to_owned(), AGAIN)
        }
    };
    Trouble::Ends(asked.because(reason, &why, hint))
}
