//! Sets of fields as `fieldsV1`.

use serde_json::{Map, Value};

use super::fields::{Fields, Node, Step};

/// As JSON.
pub(super) fn encode(fields: &Fields) -> Value {
    let each = fields.0.iter().map(|(step, node)| (name(step), encode_node(node)));
    Value::Object(each.collect())
}

fn encode_node(node: &Node) -> Value {
    let Value::Object(below) = encode(&node.below) else { return Value::Null };
    if !node.member || below.is_empty() {
        return Value::Object(below);
    }
    let itself = (".".to_owned(), Value::Object(Map::new()));
    Value::Object(std::iter::once(itself).chain(below).collect())
}

fn name(step: &Step) -> String {
    match step {
        Step::Field(name) => format!("f:{name}"),
        Step::Value(value) => format!("v:{value}"),
        Step::Key(keys) => {
            let keys: Map<String, Value> = keys.iter().cloned().collect();
            format!("k:{}", Value::Object(keys))
        }
    }
}

/// From JSON; nothing when it is not one.
pub(super) fn decode(value: &Value) -> Option<Fields> {
    let mut fields = Fields::default();
    for (name, inner) in value.as_object()? {
        if name != "." {
            let inner = inner.as_object()?;
            let member = inner.is_empty() || inner.contains_key(".");
            fields.put(step(name)?, member, decode_map(inner)?);
        }
    }
    Some(fields)
}

fn decode_map(map: &Map<String, Value>) -> Option<Fields> {
    let mut fields = Fields::default();
    for (name, inner) in map.iter().filter(|(name, _)| *name != ".") {
        let inner = inner.as_object()?;
        let member = inner.is_empty() || inner.contains_key(".");
        fields.put(step(name)?, member, decode_map(inner)?);
    }
    Some(fields)
}

fn step(name: &str) -> Option<Step> {
    let (kind, rest) = name.split_once(':')?;
    match kind {
        "f" => Some(Step::field(rest)),
        "v" => serde_json::from_str(rest).ok().map(Step::Value),
        "k" => {
            let keys: Map<String, Value> = serde_json::from_str(rest).ok()?;
            let mut keys: Vec<(String, Value)> = keys.into_iter().collect();
            keys.sort_by(|a, b| a.0.cmp(&b.0));
            Some(Step::Key(keys))
        }
        _ => None,
    }
}
