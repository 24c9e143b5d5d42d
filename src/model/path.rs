//! JSON paths of columns: read once, and evaluated where objects become rows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::clean::clean;
use super::columns::intern;
use super::name::Kind;
use super::private;

/// Longest text that a path finds, in characters.
pub const LONGEST: usize = 200;

/// A JSON path (RFC 9535), as it was written: `$.spec.nodeName`, or as kubectl has it, `{.spec.nodeName}`.
#[derive(Clone)]
pub struct Path {
    text: &'static str,
    query: Arc<JpQuery>,
}

/// The paths that are evaluated, by the kinds of objects that they are evaluated on.
pub type Paths = BTreeMap<Kind, Vec<Path>>;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let query = in_full(text).and_then(|full| parse_json_path(&full).ok());
        let query = query.filter(|query| !query.segments.is_empty());
        let query = query.ok_or_else(|| {
            format!(
                "`{text}` is no JSON path; allowed: `$.spec.nodeName`, or `{{.spec.nodeName}}` as in kubectl"
            )
        })?;
        Ok(Self { text: intern(text), query: Arc::new(query) })
    }

    /// As it was written.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// What it finds in an object from which [`private::hide`] took what nobody may see: scalars as they are, all else as
    /// JSON; several joined by commas.
    fn find(&self, object: &Value) -> Box<str> {
        let found = js_path_process(&self.query, object).unwrap_or_default();
        let texts = found.iter().map(|one| match one.val {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let all = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",");
        match all.char_indices().nth(LONGEST) {
            Some((end, _)) => clean(&format!("{}…", &all[..end])).into(),
            None => clean(&all).into(),
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.text)
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Path {}

/// What paths found in an object. Rows without such columns pay for an empty box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found(Box<[(&'static str, Box<str>)]>);

impl Found {
    /// Evaluates paths on the JSON of an object.
    pub fn new(json: &[u8], paths: &[Path]) -> Self {
        // What is no JSON at all is told by whoever reads the row.
        let Ok(mut object) = serde_json::from_slice::<Value>(json) else { return Self::default() };
        private::hide(&mut object);
        let found = paths.iter().map(|path| (path.text, path.find(&object)));
        Self(found.filter(|(_, text)| !text.is_empty()).collect())
    }

    /// What a path found.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(text, _)| *text == path).map(|(_, found)| &**found)
    }
}

/// The path as the RFC has it; `None`: it begins like no path.
fn in_full(text: &str) -> Option<String> {
    if text.starts_with('$') {
        return Some(text.to_owned());
    }
    let inner = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'))?.trim();
    let inner = inner.strip_prefix('$').unwrap_or(inner);
    inner.starts_with(['.', '[']).then(|| format!("${}", quoted(inner)))
}

/// kubectl takes any name behind a dot, with dots behind backslashes; the RFC has such names in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let (mut depth, mut quote) = (0_usize, None);
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(end)) if c == end => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(c),
            ('[', None) => depth += 1,
            (']', None) => depth = depth.saturating_sub(1),
            ('.', None) if depth == 0 => {
                let mut name = String::new();
                while let Some(next) = chars.peek().copied().filter(|next| !matches!(next, '.' | '[')) {
                    chars.next();
                    name.push(if next == '\\' { chars.next().unwrap_or(next) } else { next });
                }
                let is_plain = name.is_empty()
                    || name == "*"
                    || (name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                        && !name.starts_with(|c: char| c.is_ascii_digit()));
                if is_plain {
                    out.push('.');
                    out.push_str(&name);
                } else {
                    // Behind two dots the first is there already: the RFC has `..['name']`.
                    if out.ends_with('.') {
                        out.push('.');
                    }
                    out.push_str(&format!("['{}']", name.replace('\'', "\\'")));
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(object: &Value, path: &str) -> String {
        let path = Path::parse(path).unwrap();
        let found = Found::new(object.to_string().as_bytes(), std::slice::from_ref(&path));
        found.get(path.text()).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_path_finds_scalars_lists_and_objects_in_either_spelling() {
        let object = json!({
            "metadata": {"labels": {"topology.kubernetes.io/zone": "eu-1a", "a-b": "x"}},
            "spec": {"nodeName": "node-1", "n": 3, "on": true, "none": null,
                     "tolerations": [{"key": "a"}, {"key": "b", "n": [1, 2]}]},
        });
        for (path, wanted) in [
            ("$.spec.nodeName", "node-1"),
            ("{.spec.nodeName}", "node-1"),
            (".spec.nodeName", "node-1"),
            ("{$.spec.nodeName}", "node-1"),
            ("$['spec']['nodeName']", "node-1"),
            ("$.spec.n", "3"),
            ("$.spec.on", "true"),
            ("$.spec.none", ""),
            ("$.spec.other", ""),
            ("$.spec.tolerations[*].key", "a,b"),
            (".spec.tolerations[1]", r#"{"key":"b","n":[1,2]}"#),
            ("{.spec.tolerations[?(@.key==\"b\")].n}", "[1,2]"),
            ("$..key", "a,b"),
            (r"{.metadata.labels.topology\.kubernetes\.io/zone}", "eu-1a"),
            ("{.metadata.labels.a-b}", "x"),
            ("$.metadata.labels['topology.kubernetes.io/zone']", "eu-1a"),
        ] {
            assert_eq!(found(&object, path), wanted, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_what_is_allowed() {
        for text in ["", "spec.nodeName", "$", "$.", "$.a[", "{.a", "{range .items[*]}", "label:x"] {
            let why = Path::parse(text).unwrap_err();
            assert_eq!(
                why,
                format!(
                    "`{text}` is no JSON path; allowed: `$.spec.nodeName`, or `{{.spec.nodeName}}` as in kubectl"
                )
            );
        }
    }

    #[test]
    fn a_long_text_is_cut_and_control_characters_are_no_part_of_it() {
        let object = json!({"a": "é".repeat(300), "b": "x\u{1b}[31my\nz"});
        assert_eq!(found(&object, "$.a"), format!("{}…", "é".repeat(200)));
        assert!(!found(&object, "$.b").chars().any(char::is_control));
    }

    #[test]
    fn no_path_shows_what_may_be_secret_however_it_is_asked_for() {
        let container = json!({"name": "c", "args": ["SECRET-1"], "command": ["SECRET-2"],
            "env": [{"name": "KEPT", "value": "SECRET-3"}]});
        let pod = json!({"containers": [container], "initContainers": [container],
            "ephemeralContainers": [container]});
        let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"a\":\"SECRET-4\"}"});
        let metadata = json!({"annotations": annotations, "managedFields": [{"x": "SECRET-5"}]});
        let template = json!({"metadata": metadata, "spec": {"template": {"spec": pod},
            "env": [{"name": "KEPT", "value": "SECRET-6"}], "podEnv": {"KEPT": "SECRET-7"}}});
        for object in [json!({"metadata": metadata, "spec": pod}), template] {
            for path in
                ["$.*", "$..*", "$..value", "$..args", "$..env", "$.spec", "$..command[0]", "$.metadata"]
            {
                let path = Path::parse(path).unwrap();
                let mut shown = object.clone();
                private::hide(&mut shown);
                let all = js_path_process(&path.query, &shown).unwrap();
                let text: String = all.iter().map(|one| one.val.to_string()).collect();
                assert!(!text.contains("SECRET") && !text.is_empty(), "{path:?}: {text}");
            }
        }
        let object = json!({"spec": pod});
        assert_eq!(found(&object, "$.spec.containers[0].env[0].value"), "(hidden)");
        assert_eq!(found(&object, "$.spec.containers[0].env[0].name"), "KEPT");
        assert_eq!(found(&object, "$.spec.containers[*].args[0]"), "(hidden)");
        assert_eq!(found(&object, "$.spec.containers[0].command"), r#"["(hidden)"]"#);
    }
}
