//! What names, labels and keys may look like, in the server's words.

/// Why a text is no DNS-1123 subdomain.
pub(super) const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
/// Why a text is no DNS-1123 label.
pub(super) const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const KEY: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Lower case letters, digits and hyphens, with a letter or digit at each end.
fn is_dns(text: &str) -> bool {
    let ends = [text.chars().next(), text.chars().last()];
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty() && text.chars().all(|c| outer(c) || c == '-') && ends.into_iter().flatten().all(outer)
}

/// Why a text is no DNS-1123 label; empty: it is one.
pub(super) fn label(text: &str) -> Vec<String> {
    let mut why = Vec::new();
    if text.len() > 63 {
        why.push("must be no more than 63 bytes".to_owned());
    }
    if !is_dns(text) {
        why.push(LABEL.to_owned());
    }
    why
}

/// Why a text is no DNS-1123 subdomain; empty: it is one.
pub(super) fn subdomain(text: &str) -> Vec<String> {
    let mut why = Vec::new();
    if text.len() > 253 {
        why.push("must be no more than 253 characters".to_owned());
    }
    if !text.split('.').all(is_dns) {
        why.push(SUBDOMAIN.to_owned());
    }
    why
}

fn is_name(text: &str) -> bool {
    let ends = [text.chars().next(), text.chars().last()];
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && ends.into_iter().flatten().all(|c| c.is_ascii_alphanumeric())
}

/// Why a text is no qualified name, as keys of labels are; empty: it is one.
pub(super) fn key(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (prefix, name) = match &*parts {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => return vec![KEY.to_owned()],
    };
    let mut why = Vec::new();
    match prefix {
        Some("") => why.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => why.extend(subdomain(prefix).into_iter().map(|w| format!("prefix part {w}"))),
        None => {}
    }
    if name.is_empty() {
        why.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        why.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_name(name) {
        why.push(NAME_PART.to_owned());
    }
    why
}

/// Why a text is no value of a label; empty: it is one.
pub(super) fn value(text: &str) -> Vec<String> {
    let mut why = Vec::new();
    if text.len() > 63 {
        why.push("must be no more than 63 bytes".to_owned());
    }
    if !text.is_empty() && !is_name(text) {
        why.push(VALUE.to_owned());
    }
    why
}
