//! Label and field selectors, as queries carry them.

use serde_json::Value;

/// One condition on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Label {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
    Greater(String, i64),
    Less(String, i64),
}

/// Conditions on labels, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<Label>);

/// A selector that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl Labels {
    /// Reads a `labelSelector`.
    ///
    /// # Errors
    /// In the server's words, as far as they are for people.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        split(text).into_iter().map(|part| condition(part.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Reads a `selector` of an object: `matchLabels` and `matchExpressions`, or a plain map.
    pub fn of_object(selector: &Value) -> Self {
        let equal =
            |(key, value): (&String, &Value)| Some(Label::In(key.clone(), vec![value.as_str()?.to_owned()]));
        let is_plain = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
        let map = if is_plain { selector } else { &selector["matchLabels"] };
        let mut all: Vec<Label> = map.as_object().into_iter().flatten().filter_map(equal).collect();
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            let values = expression["values"].as_array().into_iter().flatten();
            let values: Vec<String> = values.filter_map(|v| v.as_str().map(str::to_owned)).collect();
            let number = || values.first().and_then(|v| v.parse().ok()).unwrap_or_default();
            all.push(match expression["operator"].as_str().unwrap_or_default() {
                "NotIn" => Label::NotIn(key, values),
                "Exists" => Label::Exists(key),
                "DoesNotExist" => Label::Missing(key),
                "Gt" => Label::Greater(key, number()),
                "Lt" => Label::Less(key, number()),
                _ => Label::In(key, values),
            });
        }
        Self(all)
    }

    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's labels fit.
    pub fn fit(&self, object: &Value) -> bool {
        self.fit_labels(&object["metadata"]["labels"])
    }

    /// Whether labels fit.
    pub fn fit_labels(&self, labels: &Value) -> bool {
        let of = |key: &str| labels.get(key).and_then(Value::as_str);
        let number = |key: &str| of(key).and_then(|v| v.parse::<i64>().ok());
        self.0.iter().all(|condition| match condition {
            Label::In(key, values) => of(key).is_some_and(|is| values.iter().any(|v| v == is)),
            Label::NotIn(key, values) => of(key).is_none_or(|is| values.iter().all(|v| v != is)),
            Label::Exists(key) => of(key).is_some(),
            Label::Missing(key) => of(key).is_none(),
            Label::Greater(key, than) => number(key).is_some_and(|is| is > *than),
            Label::Less(key, than) => number(key).is_some_and(|is| is < *than),
        })
    }
}

/// Whether the plain map of a selector fits an object's labels; an empty one fits nothing. The quick way, for those
/// who ask for every pod.
pub fn map_fits(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    let map = selector.as_object().filter(|map| !map.is_empty());
    map.is_some_and(|map| map.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

/// Parts between commas that are not inside parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|p| !p.trim().is_empty());
    parts
}

fn condition(text: &str) -> Result<Label, Unreadable> {
    let bad = || Unreadable(format!("unable to parse requirement: {text}"));
    let key = |text: &str| {
        let key = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !key.is_empty() && key.chars().all(fits) { Ok(key.to_owned()) } else { Err(bad()) }
    };
    let set = |text: &str| {
        let inner = text.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(bad)?;
        Ok(inner.split(',').map(|v| v.trim().to_owned()).collect::<Vec<_>>())
    };
    if let Some(absent) = text.strip_prefix('!') {
        return key(absent).map(Label::Missing);
    }
    if let Some((name, values)) = text.split_once(" notin") {
        return Ok(Label::NotIn(key(name)?, set(values)?));
    }
    if let Some((name, values)) = text.split_once(" in") {
        return Ok(Label::In(key(name)?, set(values)?));
    }
    for (sign, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((name, value)) = text.split_once(sign) {
            let (name, values) = (key(name)?, vec![value.trim().to_owned()]);
            return Ok(if equal { Label::In(name, values) } else { Label::NotIn(name, values) });
        }
    }
    for (sign, more) in [('>', true), ('<', false)] {
        if let Some((name, value)) = text.split_once(sign) {
            let (name, value) = (key(name)?, value.trim().parse().map_err(|_| bad())?);
            return Ok(if more { Label::Greater(name, value) } else { Label::Less(name, value) });
        }
    }
    key(text).map(Label::Exists)
}

/// Conditions on fields, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, bool, String)>);

/// Fields that can be selected by, beside name and namespace; the second is where they are, when it is not the path.
const FIELDS: &[(&str, &str, &str)] = &[
    ("pods", "spec.nodeName", ""),
    ("pods", "spec.restartPolicy", ""),
    ("pods", "spec.schedulerName", ""),
    ("pods", "spec.serviceAccountName", ""),
    ("pods", "spec.hostNetwork", ""),
    ("pods", "status.phase", ""),
    ("pods", "status.podIP", ""),
    ("pods", "status.nominatedNodeName", ""),
    ("events", "involvedObject.kind", ""),
    ("events", "involvedObject.namespace", ""),
    ("events", "involvedObject.name", ""),
    ("events", "involvedObject.uid", ""),
    ("events", "involvedObject.apiVersion", ""),
    ("events", "involvedObject.resourceVersion", ""),
    ("events", "involvedObject.fieldPath", ""),
    ("events", "reason", ""),
    ("events", "reportingComponent", ""),
    ("events", "source", "source.component"),
    ("events", "type", ""),
    ("nodes", "spec.unschedulable", ""),
    ("namespaces", "status.phase", ""),
    ("secrets", "type", ""),
    ("services", "spec.clusterIP", ""),
    ("services", "spec.type", ""),
    ("replicasets.apps", "status.replicas", ""),
];

impl Fields {
    /// Reads a `fieldSelector` of a resource.
    ///
    /// # Errors
    /// A field by which the resource cannot be selected.
    pub fn parse(text: &str, resource: &str) -> Result<Self, Unreadable> {
        let mut all = Vec::new();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (field, true, value)
            } else {
                return Err(Unreadable(format!("invalid selector: '{text}'; can't understand '{part}'")));
            };
            let known = matches!(field, "metadata.name" | "metadata.namespace")
                || FIELDS.iter().any(|(of, name, _)| *of == resource && *name == field);
            if !known {
                return Err(Unreadable(format!("field label not supported: {field}")));
            }
            let place =
                FIELDS.iter().find(|(of, name, at)| *of == resource && *name == field && !at.is_empty());
            all.push((place.map_or(field, |(_, _, at)| at).to_owned(), equal, value.to_owned()));
        }
        Ok(Self(all))
    }

    /// The name that is asked for, when it is.
    pub fn name(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|(field, equal, _)| *equal && field == "metadata.name")
            .map(|(_, _, name)| name.as_str())
    }

    /// Whether an object's fields fit.
    pub fn fit(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, equal, wanted)| {
            let value = path.split('.').fold(object, |at, step| &at[step]);
            let fits = match value {
                Value::String(is) => is == wanted,
                // What is not set is the empty text, or false.
                Value::Null => wanted.is_empty() || wanted == "false",
                other => other.to_string() == *wanted,
            };
            fits == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_selected_by_every_operator() {
        let object = json!({"metadata": {"labels": {"app": "web", "tier": "2"}}});
        let cases = [
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("app=db", false),
            ("app", true),
            ("!app", false),
            ("!other", true),
            ("other!=x", true),
            ("app in (db, web)", true),
            ("app notin (db)", true),
            ("app in (db),tier", false),
            ("tier>1", true),
            ("tier<2", false),
            ("", true),
            ("app=web,tier in (1,2)", true),
        ];
        for (text, fits) in cases {
            assert_eq!(Labels::parse(text).unwrap().fit(&object), fits, "{text}");
        }
        assert!(Labels::parse("app in web").is_err());
        assert!(Labels::parse("a b=c").is_err());
    }

    #[test]
    fn selectors_of_objects_are_maps_or_expressions() {
        let labels = json!({"app": "web"});
        assert!(Labels::of_object(&json!({"app": "web"})).fit_labels(&labels));
        assert!(!Labels::of_object(&json!({"matchLabels": {"app": "db"}})).fit_labels(&labels));
        let not = json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]});
        assert!(!Labels::of_object(&not).fit_labels(&labels));
        assert!(Labels::of_object(&json!({})).is_empty());
    }

    #[test]
    fn fields_are_only_those_that_the_server_knows() {
        let pod =
            json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}});
        for (text, fits) in [
            ("metadata.name=a", true),
            ("spec.nodeName!=n", false),
            ("status.phase==Running,metadata.name=b", false),
            ("spec.hostNetwork=false", true),
        ] {
            assert_eq!(Fields::parse(text, "pods").unwrap().fit(&pod), fits, "{text}");
        }
        assert_eq!(
            Fields::parse("spec.x=1", "pods"),
            Err(Unreadable("field label not supported: spec.x".into()))
        );
        assert_eq!(Fields::parse("metadata.name=a", "things.g.io").unwrap().name(), Some("a"));
    }
}
