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
        Reader { tokens: tokens(text), at: 0 }.all().map(Self)
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

/// A piece of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(&'static str),
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Sign(sign) => f.write_str(sign),
            Self::End => Ok(()),
        }
    }
}

const SIGNS: &[&str] = &["!=", "==", "=", "!", "(", ")", ",", ">", "<"];

fn tokens(text: &str) -> Vec<Token> {
    let (mut all, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let sign = SIGNS.iter().find(|s| rest.starts_with(**s));
        let length = match sign {
            Some(sign) => {
                all.push(Token::Sign(sign));
                sign.len()
            }
            None => {
                let end =
                    rest.find(|c: char| c.is_whitespace() || "!=(),><".contains(c)).unwrap_or(rest.len());
                all.push(Token::Word(rest[..end].to_owned()));
                end
            }
        };
        rest = rest[length..].trim_start();
    }
    all.push(Token::End);
    all
}

/// Reads conditions one after the other.
struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Token {
        let token = self.tokens.get(self.at).cloned().unwrap_or(Token::End);
        self.at += 1;
        token
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn all(mut self) -> Result<Vec<Label>, Unreadable> {
        let mut all = Vec::new();
        if *self.peek() == Token::End {
            return Ok(all);
        }
        loop {
            match self.peek() {
                Token::Word(_) | Token::Sign("!") => {
                    all.push(
                        self.condition()
                            .map_err(|why| Unreadable(format!("unable to parse requirement: {why}")))?,
                    );
                }
                other => {
                    return Err(Unreadable(format!(
                        "found '{other}', expected: !, identifier, or 'end of string'"
                    )));
                }
            }
            match self.next() {
                Token::End => return Ok(all),
                Token::Sign(",") => {
                    if !matches!(self.peek(), Token::Word(_) | Token::Sign("!")) {
                        return Err(Unreadable(format!(
                            "found '{}', expected: identifier after ','",
                            self.peek()
                        )));
                    }
                }
                other => {
                    return Err(Unreadable(format!("found '{other}', expected: ',' or 'end of string'")));
                }
            }
        }
    }

    fn condition(&mut self) -> Result<Label, String> {
        let absent = *self.peek() == Token::Sign("!");
        if absent {
            self.at += 1;
        }
        let key = match self.next() {
            Token::Word(word) => word,
            other => return Err(format!("found '{other}', expected: identifier")),
        };
        if let Some(why) = wrong_key(&key) {
            return Err(why);
        }
        if absent {
            return Ok(Label::Missing(key));
        }
        let number = |text: &str| {
            text.parse::<i64>()
                .map_err(|_| format!("for 'Gt', 'Lt' operators, the value must be an integer: {text}"))
        };
        match self.peek().clone() {
            Token::End | Token::Sign(",") => Ok(Label::Exists(key)),
            Token::Sign(sign @ ("=" | "==" | "!=" | ">" | "<")) => {
                self.at += 1;
                let value = self.value(&key)?;
                Ok(match sign {
                    "!=" => Label::NotIn(key, vec![value]),
                    ">" => Label::Greater(key, number(&value)?),
                    "<" => Label::Less(key, number(&value)?),
                    _ => Label::In(key, vec![value]),
                })
            }
            Token::Word(word) if word == "in" || word == "notin" => {
                self.at += 1;
                let values = self.values(&key)?;
                Ok(if word == "in" { Label::In(key, values) } else { Label::NotIn(key, values) })
            }
            other => Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        }
    }

    /// What follows a sign: nothing is the empty text.
    fn value(&mut self, key: &str) -> Result<String, String> {
        match self.peek().clone() {
            Token::Word(word) => {
                self.at += 1;
                wrong_value(key, &word).map_or(Ok(word), Err)
            }
            _ => Ok(String::new()),
        }
    }

    fn values(&mut self, key: &str) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Sign("(") => {}
            other => return Err(format!("found '{other}' expected: '('")),
        }
        let mut values = Vec::new();
        loop {
            match self.peek().clone() {
                Token::Word(word) => {
                    self.at += 1;
                    if let Some(why) = wrong_value(key, &word) {
                        return Err(why);
                    }
                    values.push(word);
                }
                Token::Sign("," | ")") => values.push(String::new()),
                other => return Err(format!("found '{other}', expected: ',', ')' or identifier")),
            }
            match self.next() {
                Token::Sign(")") => return Ok(values),
                Token::Sign(",") => {}
                other => return Err(format!("found '{other}', expected: ',' or ')'")),
            }
        }
    }
}

const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Whether a text may be a label's value, or the name of one.
fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = [text.chars().next(), text.chars().last()];
    text.chars().all(inner) && ends.into_iter().flatten().all(|c| c.is_ascii_alphanumeric())
}

fn wrong_key(key: &str) -> Option<String> {
    let name = key.rsplit('/').next().unwrap_or_default();
    (name.is_empty() || !is_label(name)).then(|| format!("<nil>: Invalid value: {key:?}: {NAME}"))
}

fn wrong_value(key: &str, value: &str) -> Option<String> {
    (!is_label(value)).then(|| format!("values[0][{key}]: Invalid value: {value:?}: {VALUE}"))
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
    pub fn parse(text: &str, resource: &str, custom: bool) -> Result<Self, Unreadable> {
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
                // Kinds with fields of their own have another word for it than those without.
                let own = FIELDS.iter().any(|(of, _, _)| *of == resource) || custom;
                return Err(Unreadable(if own {
                    format!("field label not supported: {field}")
                } else {
                    format!(
                        "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    )
                }));
            }
            if value.contains('=') {
                return Err(Unreadable(
                    "invalid field selector: unescaped character in value: 61".to_owned(),
                ));
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
                Value::Bool(is) => *wanted == if *is { "true" } else { "false" },
                Value::Number(is) => wanted.parse::<serde_json::Number>().is_ok_and(|wanted| wanted == *is),
                Value::Array(_) | Value::Object(_) => false,
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
            assert_eq!(Fields::parse(text, "pods", false).unwrap().fit(&pod), fits, "{text}");
        }
        assert_eq!(
            Fields::parse("spec.x=1", "pods", false),
            Err(Unreadable("field label not supported: spec.x".into()))
        );
        assert_eq!(Fields::parse("metadata.name=a", "things.g.io", true).unwrap().name(), Some("a"));
    }
}
