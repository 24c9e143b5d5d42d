//! The words of health reasons.

use crate::model::row::{PodRow, Trouble};

/// `1 pod`, `3 pods`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `istio-egress-0`, or with the number of others: `istio-egress-0 and 2 more`.
pub(super) fn named(pods: &[&PodRow]) -> String {
    match pods {
        [] => String::new(),
        [one] => one.meta.name.to_string(),
        [first, rest @ ..] => format!("{} and {} more", first.meta.name, rest.len()),
    }
}

/// The scheduler's message in short: `0/3 nodes: insufficient cpu`, or each cause with its number of nodes.
///
/// It reads `0/3 nodes are available: 3 Insufficient cpu. preemption: …`; other texts stay as they are.
pub(super) fn scheduling(message: &str) -> String {
    let Some((nodes, causes)) = message.split_once(" nodes are available: ") else {
        return first_sentence(message).to_owned();
    };
    let causes = first_sentence(causes);
    let short: Vec<String> = match causes.split_once(' ') {
        // One cause for all nodes needs no number.
        Some((number, cause)) if !causes.contains(", ") && number.parse::<u32>().is_ok() => {
            vec![lower(cause)]
        }
        _ => causes.split(", ").map(numbered).collect(),
    };
    format!("{nodes} nodes: {}", short.join(", "))
}

fn numbered(cause: &str) -> String {
    match cause.split_once(' ') {
        Some((number, cause)) if number.parse::<u32>().is_ok() => format!("{number} {}", lower(cause)),
        _ => cause.to_owned(),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Up to the first stop that ends a sentence.
pub(super) fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").or_else(|| text.find('\n')).unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

/// `CrashLoopBackOff in istio-proxy of POD and 1 more, exit 137 OOMKilled`.
pub(super) fn trouble(trouble: &Trouble, pods: &[&PodRow]) -> String {
    let place =
        if trouble.container.is_empty() { String::new() } else { format!(" in {}", trouble.container) };
    let mut said = format!("{}{place} of {}", trouble.reason, named(pods));
    if !trouble.message.is_empty() {
        said.push_str(", ");
        said.push_str(first_sentence(&trouble.message));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedulers_message_is_shortened() {
        let cases = [
            (
                "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found.",
                "0/3 nodes: insufficient cpu",
            ),
            (
                "0/4 nodes are available: 1 Insufficient memory, 3 node(s) had untolerated taint {gpu: true}.",
                "0/4 nodes: 1 insufficient memory, 3 node(s) had untolerated taint {gpu: true}",
            ),
            ("no nodes available to schedule pods", "no nodes available to schedule pods"),
            ("", ""),
        ];
        for (message, wanted) in cases {
            assert_eq!(scheduling(message), wanted);
        }
    }
}
