//! Names and values as Kubernetes takes them.

use super::Found;
use crate::model::istio_gateway::Pairs;

/// A name of a port, a volume or a namespace (RFC 1123 label).
pub(super) fn is_label_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let edge = |b: Option<&u8>| b.is_some_and(|b| *b != b'-');
    let bytes = text.as_bytes();
    text.len() <= 63 && bytes.iter().all(|b| inner(*b)) && edge(bytes.first()) && edge(bytes.last())
}

/// The name of a port of a container (IANA service name).
pub(super) fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && is_label_name(text)
        && !text.contains("--")
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

/// The name part of a qualified name, and the value of a label that is not empty.
fn is_name_part(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
        && edge(bytes.first())
        && edge(bytes.last())
}

/// The key of a label or an annotation, and the name of a resource: `name` or `domain/name`.
pub(super) fn is_qualified(text: &str) -> bool {
    match text.split_once('/') {
        None => is_name_part(text),
        Some((domain, name)) => {
            domain.len() <= 253 && domain.split('.').all(is_label_name) && is_name_part(name)
        }
    }
}

/// The value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name_part(text)
}

/// The keys and values of labels.
pub(super) fn labels(field: &str, labels: Option<&Pairs>, found: &mut Found) {
    for (key, value) in labels.into_iter().flatten() {
        let path = format!("{field}[{key}]");
        if !is_qualified(key) {
            found.error(&path, format!("{key:?} cannot be the key of a label"), "team, or example.com/team");
        }
        if !is_label_value(value) {
            let why = format!("{value:?} cannot be the value of a label");
            found.error(&path, why, "at most 63 letters, digits, '-', '_' and '.'");
        }
    }
}

/// Keys of annotations, and how much they hold together.
pub(super) fn annotations(field: &str, annotations: Option<&Pairs>, found: &mut Found) {
    /// What an object may carry, all annotations together; the API server's own number.
    const MOST: usize = 256 * 1024;
    let mut size = 0;
    for (key, value) in annotations.into_iter().flatten() {
        size += key.len() + value.len();
        if !is_qualified(key) {
            let why = format!("{key:?} cannot be the key of an annotation");
            found.error(&format!("{field}[{key}]"), why, "owner, or example.com/owner");
        }
    }
    if size > MOST {
        found.error(
            field,
            format!("annotations of {size} bytes are more than an object may carry"),
            "at most 256 KiB",
        );
    }
}
