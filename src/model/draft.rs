//! What was typed and not applied yet: kept on disk until it is applied or discarded, and offered again after a crash.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::yaml::LAST_APPLIED;

/// How a draft was being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// As YAML.
    Yaml,
    /// In the form.
    Form,
}

/// A draft. Never of a Secret (R27).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Tells drafts apart: when it was begun, and a number.
    pub id: String,
    /// The context it is meant for.
    pub cluster: String,
    /// What it is of, for people: `IstioGateway istio-system/out`.
    pub of: String,
    /// The object as it was when the edit was begun; none: it is to be made.
    pub before: Option<Value>,
    /// The text as it is typed: one or several documents.
    pub text: String,
    /// How it was being written.
    pub means: Means,
    /// When it was last changed.
    pub changed: Timestamp,
}

impl Draft {
    /// The draft as it may lie on a disk: without the copy that `kubectl apply` leaves in an object, which nobody edits
    /// and which may repeat what is shown nowhere. Its place stays, so that it is no change when the edit goes on.
    #[must_use]
    pub fn to_disk(&self) -> Self {
        let mut draft = self.clone();
        let annotations =
            draft.before.as_mut().and_then(|before| before["metadata"]["annotations"].as_object_mut());
        if let Some(copy) = annotations.and_then(|all| all.get_mut(LAST_APPLIED)) {
            *copy = Value::from("");
        }
        draft
    }
}

impl Draft {
    /// Whether it is of a Secret, or could be: such a draft is kept nowhere. What cannot be read as YAML is searched for
    /// the words.
    pub fn is_of_a_secret(&self) -> bool {
        let before = self.before.as_ref().is_some_and(holds_a_secret);
        before || self.of.starts_with("Secret ") || speaks_of_a_secret(&self.text)
    }
}

fn speaks_of_a_secret(text: &str) -> bool {
    let mut document = String::new();
    for line in text.lines() {
        if line.starts_with("---") {
            if is_a_secret(&document) {
                return true;
            }
            document.clear();
        } else {
            document.push_str(line);
            document.push('\n');
        }
    }
    is_a_secret(&document) || says_so(text)
}

/// Names may be written with escapes, and behind an anchor: only reading it tells.
fn is_a_secret(document: &str) -> bool {
    serde_yaml::from_str::<Value>(document).is_ok_and(|value| holds_a_secret(&value))
}

fn holds_a_secret(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.get("kind").and_then(Value::as_str) == Some("Secret")
                || fields.values().any(holds_a_secret)
        }
        Value::Array(items) => items.iter().any(holds_a_secret),
        _ => false,
    }
}

/// `kind` and `Secret` with nothing between them but what YAML allows there.
fn says_so(text: &str) -> bool {
    text.match_indices("kind").any(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(['"', '\'']).trim_start();
        let Some(mut rest) = rest.strip_prefix(':').map(str::trim_start) else { return false };
        while rest.starts_with(['!', '&']) {
            rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
        let after = rest.trim_start_matches(['"', '\'']).strip_prefix("Secret");
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft {
            id: "1".into(),
            cluster: "prod".into(),
            of: "objects".into(),
            before: None,
            text: text.into(),
            means: Means::Yaml,
            changed: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_draft_that_holds_a_secret_anywhere_is_seen_even_while_it_cannot_be_read() {
        for text in [
            "kind: Secret\n",
            "apiVersion: v1\nkind: \"Secret\"\ndata: {a: aGk=}",
            "{\"apiVersion\": \"v1\", \"kind\": \"Secret\"}",
            "kind: Service\n---\nkind: 'Secret' # here\n",
            "kind: List\nitems:\n- kind: Secret\n  data: {}\n",
            "kind:\n  Secret\n",
            "kind: !!str Secret\n",
            "kind: &k Secret\n",
            "kind: \"\\u0053ecret\"\n",
            "kind: Secret\ndata: [unclosed",
            "\tkind : Secret\n",
        ] {
            assert!(draft(text).is_of_a_secret(), "{text}");
        }
        let before = Some(serde_json::json!({"kind": "Secret"}));
        assert!(Draft { before, ..draft("a: b") }.is_of_a_secret());
        assert!(Draft { of: "Secret ns/s".into(), ..draft("") }.is_of_a_secret());
    }

    #[test]
    fn other_drafts_are_kept() {
        for text in [
            "kind: Service\nspec: {}\n",
            "kind: SecretStore\n",
            "kind: Deployment\nspec: {volumes: [{secret: {secretName: tls}}]}\n",
            "# a kind of Secret\nkind: Pod\n",
            "kind: Pod\nmetadata: {name: Secret}\nspec: [unclosed",
            "",
        ] {
            assert!(!draft(text).is_of_a_secret(), "{text}");
        }
    }
}
